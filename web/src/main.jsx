import {render} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {duration} from './format.js';
import {useKeyboard} from './keyboard.js';
import {ask, Dialogs} from './parts/dialog.jsx';
import {Icon, Mark} from './parts/icons.jsx';
import {Announcer, Toasts} from './parts/toasts.jsx';
import {useSettings, useTheme} from './settings.js';
import {age, setFrozen, signOut, start, useStore} from './store.js';
import {key} from './api.js';
import {About} from './views/about.jsx';
import {Configuration} from './views/configuration.jsx';
import {Console} from './views/console.jsx';
import {Database} from './views/database.jsx';
import {Databases} from './views/databases.jsx';
import {Forbidden, Loading, SignIn, Unavailable} from './views/entrance.jsx';
import {Events} from './views/events.jsx';
import {Queries} from './views/queries.jsx';
import {Statements} from './views/statements.jsx';

const kStale = 3000;
const kThemes = {auto: ['light', 'auto'], light: ['dark', 'sun'], dark: ['auto', 'moon']};
const kTabs = [
  ['databases', 'Databases', Databases], ['queries', 'Live queries', Queries], ['statements', 'Statements', Statements],
  ['events', 'Events', Events], ['configuration', 'Configuration', Configuration], ['console', 'Console', Console], ['about', 'About', About],
];
const kShortcuts = [
  ['/', 'filter'], ['j k', 'next, previous database'], ['Enter', 'open it'], ['Esc', 'back'], ['t', 'cards or table'], ['[ ]', 'shorter, longer time'],
  ['p', 'hold still, go on'], ['g d', 'databases'], ['g q', 'live queries'], ['g s', 'statements'], ['g e', 'events'], ['g c', 'configuration'],
  ['g r', 'console'], ['g a', 'about'], ['Ctrl ↵', 'run the statement'], ['?', 'this list'],
];

const help = () => ask({
  title: 'Keyboard', text: 'No single key changes anything at a database.',
  content: <dl class="shortcuts">{kShortcuts.map(([keys, what]) => <div key={keys}><dt>{keys.split(' ').map((k) => <kbd key={k}>{k}</kbd>)}</dt><dd>{what}</dd></div>)}</dl>,
});

function useRoute() {
  const read = () => location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const listener = () => { setRoute(read()); scrollTo(0, 0); document.getElementById('main')?.focus({preventScroll: true}); };
    addEventListener('hashchange', listener);
    return () => removeEventListener('hashchange', listener);
  }, []);
  return route;
}

function App() {
  const state = useStore();
  const [settings, set] = useSettings();
  const theme = useTheme(settings.theme);
  const [tab, id] = useRoute();
  useKeyboard({settings, set, help, freeze: () => state.phase === 'live' && setFrozen(!state.frozen)});
  const [name, title, View] = kTabs.find(([n]) => n === tab) ?? kTabs[0];
  const bad = state.snapshot?.verdict.needing_attention;
  document.title = `${bad ? `(${bad}) ` : ''}${id || title} · Sluice`;
  if (state.phase === 'signed-out') return <SignIn />;
  if (state.phase === 'forbidden') return <Forbidden />;
  if (state.phase === 'unavailable') return <Unavailable />;
  if (!state.snapshot) return <Loading />;
  const props = {id, settings, set, theme};
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main').focus(); }}>Skip to the content</a>
      <Side current={name} settings={settings} set={set} state={state} />
      <div class="page">
        <Banners state={state} />
        <main id="main" tabIndex={-1} class={age() > 5000 && !state.frozen ? 'stale' : ''}>
          {name === 'databases' && id ? <Database key={id} {...props} /> : <View key={name} {...props} />}
        </main>
      </div>
      <Dialogs />
      <Toasts />
      <Announcer />
    </>
  );
}

function Side({current, settings, set, state}) {
  // On a narrow screen the sections are a row that scrolls.
  useEffect(() => document.querySelector('nav [aria-current]')?.scrollIntoView({inline: 'center', block: 'nearest'}), [current]);
  const [next, icon] = kThemes[settings.theme];
  const {caller} = state.snapshot;
  return (
    <header class="side">
      <a class="brand" href="#/databases"><Mark /><span>Sluice</span></a>
      <Live state={state} />
      <nav aria-label="Sections">
        <ul>
          {kTabs.map(([name, title]) => (
            <li key={name}><a href={`#/${name}`} aria-current={current === name ? 'page' : undefined}><Icon name={name} />{title}</a></li>
          ))}
        </ul>
      </nav>
      <div class="side-foot">
        <p class="who" title={`role ${caller.role}`}><b>{caller.name}</b><span>{caller.role}</span></p>
        <div class="tools">
          <button class="tool" onClick={() => set({theme: next})} aria-label={`Theme: ${settings.theme}; change to ${next}`} title={`Theme: ${settings.theme}`}><Icon name={icon} /></button>
          <button class="tool" onClick={help} aria-label="Keyboard shortcuts" title="Keyboard shortcuts"><Icon name="help" /></button>
          {key.get() && <button class="tool" onClick={signOut} aria-label="Sign out" title="Sign out"><Icon name="signout" /></button>}
        </div>
      </div>
    </header>
  );
}

/** Whether what is shown is of now, in a word. */
function Live({state}) {
  const old = age();
  const [name, word] = state.frozen ? ['held', 'Held'] : state.snapshot.instance.draining ? ['draining', 'Draining']
    : old > kStale ? ['stale', `${duration(old)} old`] : ['live', 'Live'];
  return (
    <button class={`live ${name}`} onClick={() => setFrozen(!state.frozen)} aria-pressed={state.frozen} title={state.frozen ? 'Go on' : 'Hold still'}>
      <i aria-hidden="true" /><span>{word}</span>
    </button>
  );
}

function Banners({state}) {
  const old = age();
  return (
    <>
      {old > kStale && !state.frozen && <p class="banner warning" role="status">The gateway does not answer. What is shown is {duration(old)} old; trying again.</p>}
      {state.snapshot.instance.draining && <p class="banner warning" role="status">The gateway is shutting down: what runs is finished, nothing new is taken.</p>}
      {state.restarted && <p class="banner" role="status">The gateway was started anew; its history begins again. <a href="/admin">Load the page again</a> if it was updated.</p>}
      {state.frozen && <p class="banner" role="status">Held still. <button class="link" onClick={() => setFrozen(false)}>Go on</button></p>}
    </>
  );
}

start();
render(<App />, document.getElementById('app'));
