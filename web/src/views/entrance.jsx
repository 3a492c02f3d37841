// What stands in place of the dashboard while there is nothing to show.
import {useState} from 'preact/hooks';
import {Mark} from '../parts/icons.jsx';
import {key} from '../api.js';
import {poll, signIn, signOut, store} from '../store.js';

const Frame = ({title, children}) => (
  <main class="entrance"><section class="panel"><Mark /><h1>{title}</h1>{children}</section></main>
);

export function SignIn() {
  const [value, setValue] = useState('');
  const refused = key.get() !== '';
  return (
    <Frame title="Sign in to Sluice">
      <p class="soft">This gateway asks for an API key with the role operator or admin.</p>
      <form onSubmit={(e) => { e.preventDefault(); if (value.trim()) signIn(value.trim()); }}>
        <label for="key">API key</label>
        <input id="key" type="password" autocomplete="current-password" required autofocus value={value} onInput={(e) => setValue(e.currentTarget.value)} />
        {refused && <p class="hint bad" role="alert">The gateway does not know this key.</p>}
        <button class="primary">Sign in</button>
      </form>
      <p class="soft small-text">The key stays in this tab and is forgotten when it is closed.</p>
    </Frame>
  );
}

export const Forbidden = () => (
  <Frame title="This key may not look here">
    <p>{store.problem?.detail}</p>
    <p class="soft">The dashboard needs the role operator or admin. A key with the role query runs queries, and reads <code>/metrics</code>.</p>
    <p><button class="primary" onClick={signOut}>Use another key</button></p>
  </Frame>
);

export const Unavailable = () => (
  <Frame title="No answer yet">
    <p>{store.problem?.detail ?? store.problem?.title}</p>
    <p class="soft" role="status">Trying again, {store.failures} {store.failures === 1 ? 'time' : 'times'} so far.</p>
    <p><button onClick={poll}>Try now</button></p>
  </Frame>
);

export const Loading = () => (
  <main class="entrance" role="status" aria-label="Loading"><Mark /></main>
);
