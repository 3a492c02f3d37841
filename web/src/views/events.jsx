import {useState} from 'preact/hooks';
import {isMissing} from '../api.js';
import {clock, dateAndTime} from '../format.js';
import {Choice, Empty, Missing, Problem, Skeleton} from '../parts/basics.jsx';
import {usePolled} from '../polling.js';

const kKinds = [['', 'All'], ['breaker', 'Breakers'], ['operator', 'Operators'], ['config', 'Configuration'], ['database', 'Databases'], ['server', 'Server']];

export function Events() {
  const [kind, setKind] = useState('');
  const {answer} = usePolled(`/admin/events?limit=500${kind ? `&kind=${kind}` : ''}`, 2000);
  return (
    <>
      <h1>Events</h1>
      <p class="lead">What changed, and who changed it. The newest first.</p>
      <div class="toolbar"><Choice label="Kind" value={kind} options={kKinds} onChange={setKind} /></div>
      <Body answer={answer} />
    </>
  );
}

function Body({answer}) {
  if (!answer) return <Skeleton />;
  if (isMissing(answer)) return <Missing what="Events" />;
  if (!answer.ok) return <Problem problem={answer.problem} />;
  const events = [...answer.data.events].reverse();
  if (!events.length) return <Empty title="Nothing has happened yet"><p>Breakers that open and close, what operators do, reloads and databases that come and go are listed here.</p></Empty>;
  return (
    <ol class="events panel">
      {events.map((e) => (
        <li key={e.seq}>
          <time datetime={e.time} title={dateAndTime(e.time)}>{clock(e.time)}</time>
          <span class={`tag kind-${e.kind}`}>{e.kind}</span>
          <p>{e.db_id && <a href={`#/databases/${encodeURIComponent(e.db_id)}`}>{e.db_id}</a>} {e.message}{e.actor && <span class="soft"> — {e.actor}</span>}</p>
        </li>
      ))}
    </ol>
  );
}
