import {useEffect, useState} from 'preact/hooks';
import {changeLimits, disconnect, operate, overrideBreaker, probe, trouble} from '../actions.jsx';
import {path, request} from '../api.js';
import {conditionOf, kConditions} from '../conditions.js';
import {bytes, count, duration, milliseconds, rate, sentence} from '../format.js';
import {Choice, Code, Connections, Copy, Empty, Outcomes, Problem, Skeleton, State} from '../parts/basics.jsx';
import {Chart} from '../parts/chart.jsx';
import {Icon} from '../parts/icons.jsx';
import {Ribbon} from '../parts/ribbon.jsx';
import {columns, P} from '../points.js';
import {database, leaveDetail, loadDetail, mayAdminister, mayOperate, useStore} from '../store.js';
import {why} from './databases.jsx';

const kRanges = {'5m': ['5 min', 300, 1], '15m': ['15 min', 900, 1], '1h': ['1 h', 3600, 60], '24h': ['24 h', 86_400, 60]};

export function Database({id, settings, set, theme}) {
  const {snapshot, series, detail} = useStore();
  useEffect(() => { loadDetail(id); return leaveDetail; }, [id]);
  const d = database(id);
  if (!d) return <Empty title={`There is no database “${id}”`}><p><a href="#/databases">All databases</a></p></Empty>;
  const condition = conditionOf(d);
  return (
    <article class="detail">
      <nav class="crumbs"><a href="#/databases"><Icon name="back" />Databases</a></nav>
      <header class="detail-head">
        <div><h1>{d.db_id}</h1>
          <p class="target">{d.target}{d.server_version && ` · PostgreSQL ${d.server_version}`}</p></div>
        <State name={condition}>{duration(d.breaker.in_state_for_ms)}</State>
      </header>
      <Controls d={d} demo={snapshot.instance.demo} />
      <section class={`panel why-panel level-${d.level}`}>
        <h2>{kConditions[condition].meaning}</h2>
        <p>{sentence(why(d) || d.breaker.explanation)}.</p>
        <p class="soft">Opened {d.breaker.opened_count === 1 ? 'once' : `${d.breaker.opened_count} times`} · {count(d.breaker.rejected)} calls refused by it · {d.breaker.window_failures} of {d.breaker.window_calls} calls failed in the window{d.checked_ms_ago >= 0 && ` · last answer ${duration(d.checked_ms_ago)} ago, in ${milliseconds(d.response_time_ms)}`}</p>
      </section>
      {!d.last_used && <HowToCall id={d.db_id} />}
      <section class="panel"><Ribbon databases={[d]} series={series} snapshot={snapshot} range={settings.range === '24h' || settings.range === '1h' ? '24h' : '15m'} /></section>
      <div class="toolbar"><h2>Over time</h2>
        <Choice label="Time shown" value={settings.range} options={Object.entries(kRanges).map(([name, [text]]) => [name, text])} onChange={(range) => set({range})} />
        <Copy label="Copy history as curl" text={`curl '${location.origin}/admin/snapshot?db_id=${encodeURIComponent(id)}' -H "Authorization: Bearer $SLUICE_KEY"`} />
      </div>
      {detail?.db_id === id ? <Charts detail={detail} snapshot={snapshot} range={settings.range} theme={theme} /> : <Skeleton lines={8} />}
      <div class="columns">
        <Totals d={d} />
        <ServerView d={d} />
      </div>
    </article>
  );
}

function Controls({d, demo}) {
  if (!mayOperate()) return null;
  const id = d.db_id;
  const forced = ['forced_open', 'forced_closed', 'observe_only'].includes(d.breaker.state);
  return (
    <div class="controls" role="group" aria-label={`Operate ${id}`}>
      {d.state !== 'active' ? <button onClick={() => operate('resume', id)}><Icon name="play" />Resume</button>
        : <button onClick={() => operate('pause', id)}><Icon name="pause" />Pause</button>}
      <button onClick={() => overrideBreaker(id, d.breaker.state)}>{forced ? 'Breaker: end override' : 'Breaker'}</button>
      <button onClick={() => probe(id)}>Probe</button>
      <button onClick={() => operate('reconnect', id)}>Reconnect</button>
      {d.state !== 'draining' && <button onClick={() => operate('drain', id)}>Drain</button>}
      {mayAdminister() && <button onClick={() => changeLimits(id)}>Limits</button>}
      {demo && <button class="danger-text" onClick={() => trouble(id)}>Chaos</button>}
      {mayAdminister() && <button class="danger-text" onClick={() => disconnect(id)}>Disconnect</button>}
    </div>
  );
}

function Charts({detail, snapshot, range, theme}) {
  const [, span, step] = kRanges[range];
  const zero = Date.parse(snapshot.instance.started_at) / 1000;
  const from = snapshot.second + 1 - span;
  const {seconds, column} = columns(step === 1 ? detail.seconds : detail.minutes, from, snapshot.second, step);
  const times = seconds.map((s) => zero + s);
  const line = (label, index, name, more = {}) => ({label, colour: `--${name}`, values: column((p) => p[index]), ...more});
  const common = {seconds: times, window: {from: zero + from, to: zero + snapshot.second}, theme: `${theme}${range}`};
  return (
    <div class="charts">
      <Chart {...common} title="Calls" unit="a second" format={rate} series={[
        line('ok', P.ok, 'ok', {fill: true}), line('failed', P.failed, 'failed'), line('timed out', P.timeout, 'timeout', {dash: [6, 3]}),
        line('rejected', P.rejected, 'rejected', {dash: [2, 2]}), line('bad request', P.bad, 'bad_request', {dash: [8, 2, 2, 2]})]} />
      <Chart {...common} title="Latency" unit="of statements, logarithmic" log format={milliseconds} series={[
        line('p50', P.p50, 'ok'), line('p95', P.p95, 'timeout', {dash: [6, 3]}), line('p99', P.p99, 'failed', {dash: [2, 2]})]} />
      <Chart {...common} title="Connections" unit="of the pool" whole format={count} series={[
        line('used', P.used, 'ok', {step: true, fill: true}), line('idle', P.idle, 'bad_request', {step: true, dash: [6, 3]}), line('at most', P.max, 'muted', {step: true, dash: [2, 2]})]} />
      <Chart {...common} title="Waiting" unit="for a connection" whole format={count} series={[line('waiting', P.waiting, 'timeout', {step: true, fill: true})]} />
    </div>
  );
}

function Totals({d}) {
  const errors = Object.entries(d.errors_by_sqlstate).sort((a, b) => b[1] - a[1]);
  const refused = Object.entries(d.refused).sort((a, b) => b[1] - a[1]);
  return (
    <section class="panel">
      <h2>Since it was connected</h2>
      <Outcomes values={d.outcomes} render={count} />
      <Connections pool={d.pool} />
      <Counts title="Errors by SQLSTATE" entries={errors} none="None." />
      <Counts title="Refused" entries={refused} none="Nothing was refused." />
    </section>
  );
}

const Counts = ({title, entries, none}) => (
  <>
    <h3>{title}</h3>
    {entries.length ? <dl class="pairs">{entries.map(([name, n]) => <div key={name}><dt><code>{name}</code></dt><dd>{count(n)}</dd></div>)}</dl> : <p class="soft">{none}</p>}
  </>
);

/** What PostgreSQL says of itself. A call like any other, so it is asked once of a database that serves; everything more is somebody's wish. */
function ServerView({d}) {
  const [answer, setAnswer] = useState(null);
  const condition = conditionOf(d);
  const serving = condition === 'closed';
  const reachable = serving || condition === 'idle';
  const load = async (how) => setAnswer(await request('GET', `${path('metrics', d.db_id)}?server=${how}`));
  useEffect(() => { if (serving) load('true'); }, [serving]);
  return (
    <section class="panel">
      <h2>The server’s own view</h2>
      {!reachable && <p class="soft">It cannot be asked while the database is not serving.</p>}
      {reachable && !answer && (serving ? <Skeleton /> : <p class="soft">Asking would be a call, and the database is idle. <button class="link" onClick={() => load('connect')}>Ask all the same</button></p>)}
      {reachable && answer && <ServerFigures answer={answer} />}
      {reachable && answer && <p><button class="small" onClick={() => load('connect')}>Ask again</button></p>}
      <p class="soft small-text">From <code>pg_stat_activity</code>, when it was asked. Other programs’ connections are counted too. Asking is a call, and opens a connection when there is none.</p>
    </section>
  );
}

function ServerFigures({answer}) {
  if (!answer.ok) return <Problem problem={answer.problem} />;
  const {server} = answer.data;
  if (server.error?.code === 'idle') return <p class="soft">No connection is open; asking would open one.</p>;
  if (server.error) return <p class="soft">It cannot be asked now: {server.error.detail ?? server.error.code}</p>;
  return (
    <dl class="pairs">
      <div><dt>Connections to this database</dt><dd>{server.connections} <em>of {server.max_connections} on the server</em></dd></div>
      <div><dt>Active</dt><dd>{server.active}</dd></div>
      <div><dt>Idle</dt><dd>{server.idle}</dd></div>
      <div><dt>Idle in a transaction</dt><dd>{server.idle_in_transaction}</dd></div>
      <div><dt>Size of the database</dt><dd>{bytes(server.database_size_bytes)}</dd></div>
    </dl>
  );
}

function HowToCall({id}) {
  return (
    <section class="panel">
      <h2>No calls yet</h2>
      <p class="soft">Try this, or the <a href={`#/console/${encodeURIComponent(id)}`}>console</a>:</p>
      <Code text={`curl ${location.origin}/query/${encodeURIComponent(id)} \\\n  -H 'Content-Type: application/json' -d '{"sql": "SELECT now()"}'`} />
    </section>
  );
}
