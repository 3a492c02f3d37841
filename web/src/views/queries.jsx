import {useState} from 'preact/hooks';
import {cancelQuery} from '../actions.jsx';
import {isMissing} from '../api.js';
import {duration, milliseconds, plural} from '../format.js';
import {Choice, Empty, Missing, Problem, Skeleton} from '../parts/basics.jsx';
import {mayOperate} from '../store.js';
import {usePolled} from '../polling.js';

const kLong = 5000;
const kMeaning = {queued: 'waits for a connection', paused: 'waits for the client to read its result'};

export function Queries() {
  const {answer, reload} = usePolled('/admin/queries', 1000);
  const [phase, setPhase] = useState('all');
  if (!answer) return <Page><Skeleton /></Page>;
  if (isMissing(answer)) return <Page><Missing what="Live queries" /></Page>;
  if (!answer.ok) return <Page><Problem problem={answer.problem} /></Page>;
  const all = answer.data.queries;
  const of = (name) => all.filter((q) => q.phase === name).length;
  const shown = all.filter((q) => phase === 'all' || q.phase === phase);
  return (
    <Page>
      <div class="toolbar">
        <p class="soft grow">{plural(all.length, 'call')} under way</p>
        <Choice label="Phase" value={phase} onChange={setPhase}
          options={[['all', `All ${all.length}`], ['running', `Running ${of('running')}`], ['queued', `Queued ${of('queued')}`], ['paused', `Paused ${of('paused')}`]]} />
      </div>
      {shown.length === 0 ? <Empty title="Nothing is running"><p>Calls show up here as soon as they take longer than a moment. The list is renewed every second.</p></Empty> : (
        <div class="scroll panel flush" tabIndex={0}>
          <table class="rows">
            <caption class="unseen">Calls under way, the oldest first</caption>
            <thead><tr><th scope="col" class="number">For</th><th scope="col">Database</th><th scope="col">Phase</th><th scope="col">Statement</th><th scope="col">Asked by</th><th scope="col"><span class="unseen">Action</span></th></tr></thead>
            <tbody>{shown.map((q) => <Row key={q.id} query={q} reload={reload} />)}</tbody>
          </table>
        </div>
      )}
    </Page>
  );
}

const Page = ({children}) => <><h1>Live queries</h1><p class="lead">What every database is doing now, the oldest first.</p>{children}</>;

function Row({query: q, reload}) {
  return (
    <tr class={q.elapsed_ms > kLong ? 'long' : ''}>
      <td class="number">{q.elapsed_ms < 10_000 ? milliseconds(q.elapsed_ms) : duration(q.elapsed_ms)}</td>
      <td><a href={`#/databases/${encodeURIComponent(q.db_id)}`}>{q.db_id}</a></td>
      <td><span class={`tag ${q.phase}`} title={kMeaning[q.phase]}>{q.phase}</span>{q.read_only && <span class="tag">read only</span>}</td>
      <td class="sql"><code title={q.sql}>{q.sql}</code></td>
      <td>{q.actor}<span class="soft block" title={q.request_id && `request ${q.request_id}`}>{q.client}{q.request_id && ` · ${q.request_id.slice(0, 8)}`}</span></td>
      <td>{mayOperate() && <button class="small danger-text" aria-label={`Cancel query ${q.id} at ${q.db_id}`} onClick={() => cancelQuery(q, reload)}>Cancel</button>}</td>
    </tr>
  );
}
