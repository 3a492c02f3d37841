import {useState} from 'preact/hooks';
import {isMissing, request} from '../api.js';
import {dateAndTime} from '../format.js';
import {Empty, Missing, Problem, Skeleton} from '../parts/basics.jsx';
import {ask} from '../parts/dialog.jsx';
import {Icon} from '../parts/icons.jsx';
import {toast} from '../parts/toasts.jsx';
import {mayAdminister} from '../store.js';
import {usePolled} from '../polling.js';

export function Configuration() {
  const {answer, reload} = usePolled('/admin/config', 0);
  const [filter, setFilter] = useState('');
  const [changed, setChanged] = useState(false);
  return (
    <>
      <h1>Configuration</h1>
      <p class="lead">What is in force, and where each value comes from. Secrets are not shown.</p>
      {!answer && <Skeleton lines={8} />}
      {answer && isMissing(answer) && <Missing what="The settings in force" />}
      {answer && !answer.ok && !isMissing(answer) && <Problem problem={answer.problem} />}
      {answer?.ok && (
        <>
          <LastReload config={answer.data} />
          <div class="toolbar">
            <label class="search"><Icon name="search" /><span class="unseen">Filter settings</span><input id="filter" type="search" placeholder="Filter settings" value={filter} onInput={(e) => setFilter(e.currentTarget.value)} /><kbd>/</kbd></label>
            <label class="check"><input type="checkbox" checked={changed} onChange={(e) => setChanged(e.currentTarget.checked)} />only what is not a default</label>
            {mayAdminister() && <button onClick={() => rehearse(reload)}>Reload …</button>}
          </div>
          <Settings settings={answer.data.settings.filter((s) => s.name.includes(filter.trim().toLowerCase()) && !(changed && s.origin === 'default'))} />
        </>
      )}
    </>
  );
}

function LastReload({config}) {
  const last = config.last_reload;
  const failed = last?.errors?.length > 0;
  return (
    <p class={failed ? 'notice' : 'soft'}>
      {config.file ? <>Read from <code>{config.file}</code>. </> : 'No configuration file: defaults and environment. '}
      {last?.time ? `Last reload ${dateAndTime(last.time)}${failed ? ' failed; the configuration before it is in force.' : '.'}` : 'Not reloaded since the start.'}
    </p>
  );
}

function Settings({settings}) {
  if (!settings.length) return <Empty title="No setting matches" />;
  return (
    <div class="scroll panel flush" tabIndex={0}>
      <table class="rows stacked">
        <caption class="unseen">Settings in force</caption>
        <thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">From</th><th scope="col">Change</th></tr></thead>
        <tbody>
          {settings.map((s) => (
            <tr key={s.name}><th scope="row"><code>{s.name}</code></th><td class="value"><code>{text(s.value)}</code></td>
              <td><span class={`tag origin-${s.origin}`}>{s.origin}</span>{s.where && <span class="soft block">{s.where}</span>}</td>
              <td class="soft">{s.reloadable ? 'on reload' : 'needs a restart'}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const text = (value) => (value === null || value === '' ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Shows what would change, then does it. */
async function rehearse(done) {
  const rehearsal = await request('POST', '/admin/reload?dry_run=true', {body: {}});
  if (isMissing(rehearsal)) return toast('This gateway reloads on SIGHUP only.', 'warning');
  if (!rehearsal.ok) {
    return ask({title: 'The configuration is not valid', text: 'Nothing was changed: what was in force stays.', content: <Problem problem={rehearsal.problem} />});
  }
  const {changes} = rehearsal.data;
  if (!changes.length) return toast('The file says what is in force already.');
  ask({
    title: 'Reload the configuration?', confirm: 'Reload', wide: true, content: <Changes changes={changes} />,
    run: () => request('POST', '/admin/reload', {body: {}}),
    done: () => { done(); return 'The configuration was reloaded.'; },
  });
}

const Changes = ({changes}) => (
  <div class="scroll" tabIndex={0}>
    <table class="rows stacked">
      <caption class="unseen">What would change</caption>
      <thead><tr><th scope="col">Setting</th><th scope="col">Now</th><th scope="col">Then</th><th scope="col" /></tr></thead>
      <tbody>{changes.map((c) => <tr key={c.name}><th scope="row"><code>{c.name}</code></th><td><del>{text(c.from)}</del></td><td><ins>{text(c.to)}</ins></td><td class="soft">{c.reloadable ? '' : 'needs a restart'}</td></tr>)}</tbody>
    </table>
  </div>
);
