import {useState} from 'preact/hooks';
import {isMissing} from '../api.js';
import {clock, count, milliseconds} from '../format.js';
import {Empty, Missing, Problem, Skeleton} from '../parts/basics.jsx';
import {usePolled} from '../polling.js';
import {databases} from '../store.js';

const kOrders = [['total_ms', 'Total time'], ['mean_ms', 'Mean time'], ['calls', 'Calls'], ['errors', 'Errors']];

export function Statements() {
  const [order, setOrder] = useState('total_ms');
  const [only, setOnly] = useState('');
  const {answer} = usePolled(`/admin/statements?order=${order}&limit=100${only ? `&db_id=${encodeURIComponent(only)}` : ''}`, 3000);
  return (
    <>
      <h1>Statements</h1>
      <p class="lead">Where the time goes: statements that were run, without their parameters’ values.</p>
      <div class="toolbar">
        <label class="select">Database <select value={only} onChange={(e) => setOnly(e.currentTarget.value)}><option value="">all</option>{databases().map((d) => <option key={d.db_id}>{d.db_id}</option>)}</select></label>
        <label class="select">Order by <select value={order} onChange={(e) => setOrder(e.currentTarget.value)}>{kOrders.map(([name, text]) => <option key={name} value={name}>{text.toLowerCase()}</option>)}</select></label>
      </div>
      <Body answer={answer} order={order} />
    </>
  );
}

function Body({answer, order}) {
  if (!answer) return <Skeleton />;
  if (isMissing(answer)) return <Missing what="Statements" />;
  if (!answer.ok) return <Problem problem={answer.problem} />;
  const {statements} = answer.data;
  if (!statements.length) return <Empty title="No statement was run yet"><p>As soon as one is, it is listed here.</p></Empty>;
  const most = Math.max(...statements.map((s) => s.total_ms), 1e-9);
  const sorted = (name) => (order === name ? {'aria-sort': 'descending'} : {});
  return (
    <div class="scroll panel flush" tabIndex={0}>
      <table class="rows">
        <caption class="unseen">Statements by {order}</caption>
        <thead><tr><th scope="col">Statement</th><th scope="col">Database</th><th scope="col" class="number" {...sorted('total_ms')}>Total</th><th scope="col" class="number" {...sorted('calls')}>Calls</th>
          <th scope="col" class="number" {...sorted('mean_ms')}>Mean</th><th scope="col" class="number">Longest</th><th scope="col" class="number" {...sorted('errors')}>Errors</th><th scope="col" class="number">Rows</th><th scope="col">Last</th></tr></thead>
        <tbody>
          {statements.map((s) => (
            <tr key={`${s.db_id} ${s.sql}`}>
              <td class="sql"><code title={s.sql}>{s.sql}</code><i class="share" style={{width: `${100 * s.total_ms / most}%`}} /></td>
              <td>{s.db_id}</td><td class="number">{milliseconds(s.total_ms)}</td><td class="number">{count(s.calls)}</td><td class="number">{milliseconds(s.mean_ms)}</td>
              <td class="number">{milliseconds(s.max_ms)}</td><td class={s.errors ? 'number bad' : 'number'}>{count(s.errors)}</td><td class="number">{count(s.rows)}</td><td>{s.last_used ? clock(s.last_used) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
