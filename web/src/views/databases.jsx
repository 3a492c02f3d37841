import {useState} from 'preact/hooks';
import {connect} from '../actions.jsx';
import {conditionOf, kOutcomes, urgency} from '../conditions.js';
import {count, duration, milliseconds, percent, plural, rate, sentence} from '../format.js';
import {Choice, Code, Connections, Outcomes, State} from '../parts/basics.jsx';
import {Icon} from '../parts/icons.jsx';
import {Ribbon} from '../parts/ribbon.jsx';
import {Sparkline} from '../parts/sparkline.jsx';
import {calls, P, recent, troubles} from '../points.js';
import {mayAdminister, useStore} from '../store.js';

const kRecent = 10;
const kManyFailures = 0.05;
const kManyCards = 60;
const kAsSlow = 0.5;  // of the slowest: one that is half as slow is shown with it
const kRibbonRows = 40;
const kSorts = {
  attention: ['Attention first', (a, b) => urgency(b) - urgency(a) || a.db_id.localeCompare(b.db_id)],
  name: ['Name', (a, b) => a.db_id.localeCompare(b.db_id)],
  busy: ['Busiest', (a, b, r) => r(b) - r(a)],
  slow: ['Slowest', (a, b) => b.query_ms.p99 - a.query_ms.p99],
  full: ['Fullest pool', (a, b) => b.pool.utilization - a.pool.utilization],
};

export function Databases({settings, set}) {
  const {snapshot, series, total} = useStore();
  const [filter, setFilter] = useState('');
  const [pressed, setPressed] = useState('');
  if (!snapshot.databases.length) return <><Verdict snapshot={snapshot} /><NoDatabases /></>;
  const rateOf = (d) => { const p = recent(series.get(d.db_id)?.points ?? [], kRecent); return p ? calls(p) : 0; };
  const sort = kSorts[settings.sort] ? settings.sort : 'attention';
  const tile = tilesOf(snapshot, series, total.seconds).find((t) => t.name === pressed);
  const shown = snapshot.databases.filter((d) => matches(d, filter) && (!tile || tile.takes(d))).sort((a, b) => kSorts[sort][1](a, b, rateOf));
  const asTable = settings.view === 'table' || shown.length > kManyCards;
  return (
    <>
      <Verdict snapshot={snapshot} />
      <Tiles tiles={tilesOf(snapshot, series, total.seconds)} total={total.seconds} end={snapshot.second} pressed={pressed} press={(name) => setPressed(name === pressed ? '' : name)} />
      <section class="panel" aria-labelledby="ribbon-title">
        <header class="panel-head">
          <h2 id="ribbon-title">State over time</h2>
          <Choice label="Time shown" value={settings.ribbon} options={[['15m', '15 min'], ['24h', '24 h']]} onChange={(ribbon) => set({ribbon})} />
        </header>
        <Ribbon databases={shown.slice(0, kRibbonRows)} series={series} snapshot={snapshot} range={settings.ribbon} />
        {shown.length > kRibbonRows && <p class="soft">The first {kRibbonRows} of {shown.length} are shown.</p>}
      </section>
      <div class="toolbar">
        <h2>{plural(snapshot.counts.registered, 'database')}</h2>
        <label class="search"><Icon name="search" /><span class="unseen">Filter databases by name, label or state</span>
          <input id="filter" type="search" placeholder="Filter" value={filter} onInput={(e) => setFilter(e.currentTarget.value)} /><kbd>/</kbd></label>
        <label class="select"><span class="unseen">Sort by</span>
          <select value={sort} onChange={(e) => set({sort: e.currentTarget.value})}>{Object.entries(kSorts).map(([name, [text]]) => <option key={name} value={name}>{text}</option>)}</select></label>
        <Choice label="Show as" value={asTable ? 'table' : 'cards'} options={[['cards', 'Cards'], ['table', 'Table']]} onChange={(view) => set({view})} />
        {mayAdminister() && <button class="primary" onClick={connect}><Icon name="plus" />Connect</button>}
      </div>
      {tile && <p class="only" role="status">Only {tile.only}: {shown.length} of {snapshot.databases.length}. <button class="link" onClick={() => setPressed('')}>Show all</button></p>}
      {shown.length === 0 && <p class="empty">{filter ? `No database matches “${filter}”` : 'There is none'}.</p>}
      {asTable ? <DatabaseTable databases={shown} series={series} /> : (
        <ul class="cards">{shown.map((d) => <Card key={d.db_id} database={d} points={series.get(d.db_id)?.points ?? []} end={snapshot.second} />)}</ul>
      )}
      <Bounds counts={snapshot.counts} />
    </>
  );
}

const matches = (d, filter) => {
  const text = `${d.db_id} ${d.target} ${conditionOf(d).replace('_', ' ')} ${Object.entries(d.labels).map((l) => l.join(':')).join(' ')}`.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
};

export function Verdict({snapshot}) {
  const {verdict, instance} = snapshot;
  const symbol = {good: '✓', warning: '!', bad: '✕'}[verdict.level];
  return (
    <section class={`verdict ${verdict.level}`} aria-label="Verdict">
      <span class="verdict-sign" aria-hidden="true">{symbol}</span>
      <div><h1>{verdict.text}</h1>
        <p class="soft">sluice {instance.version} · up for {duration(instance.uptime_ms)}</p></div>
    </section>
  );
}

/** What stands on each tile, and which databases it is about. */
function tilesOf(snapshot, series, total) {
  const now = recent(total, kRecent);
  if (!now) return [];
  const sum = (pick) => snapshot.databases.reduce((all, d) => all + pick(d), 0);
  const reached = now[P.ok] + troubles(now);
  const failing = reached ? troubles(now) / reached : 0;
  const waiting = sum((d) => d.pool.waiting);
  const slowest = Math.max(...snapshot.databases.map((d) => d.query_ms.p99));
  const did = (pick) => (d) => pick(recent(series.get(d.db_id)?.points ?? [], kRecent) ?? [0, 0, 0, 0, 0, 0]) > 0;
  return [
    {name: 'calls', label: 'Calls', value: rate(calls(now)), unit: 'a second', pick: calls, only: 'what is called', takes: did(calls)},
    {name: 'failing', label: 'Failing', value: percent(failing), unit: `${rate(troubles(now))} a second`, pick: troubles, level: failing >= kManyFailures && 'bad',
      only: 'what fails', takes: did(troubles)},
    {name: 'rejected', label: 'Rejected', value: rate(now[P.rejected]), unit: 'a second, by us', pick: (p) => p[P.rejected], level: now[P.rejected] > 0 && 'warning',
      only: 'where calls are rejected', takes: did((p) => p[P.rejected])},
    {name: 'slow', label: 'Slowest p99', value: milliseconds(now[P.p99]), unit: 'over a minute', pick: (p) => p[P.p99] ?? 0,
      only: 'the slowest, and what is at least half as slow', takes: (d) => slowest > 0 && d.query_ms.p99 >= kAsSlow * slowest},
    {name: 'connections', label: 'Connections', value: count(sum((d) => d.pool.used)), unit: `in use, of ${count(sum((d) => d.pool.max_size))}`, pick: (p) => p[P.used],
      only: 'what has connections in use', takes: (d) => d.pool.used > 0},
    {name: 'waiting', label: 'Waiting', value: count(waiting), unit: 'for a connection', pick: (p) => p[P.waiting], level: waiting > 0 && 'warning',
      only: 'where calls wait', takes: (d) => d.pool.waiting > 0},
  ];
}

/** Pressed, a tile leaves only the databases that it is about. */
function Tiles({tiles, total, end, pressed, press}) {
  return (
    <ul class="tiles">
      {tiles.map((t) => (
        <li key={t.name}>
          <button class={`tile ${t.level || ''}`} aria-pressed={pressed === t.name} onClick={() => press(t.name)} title={`Show only ${t.only}`}>
            <span class="tile-name">{t.label}</span><b>{t.value}</b><span class="tile-unit">{t.unit}</span>
            <Sparkline points={total} end={end} seconds={300} pick={t.pick} bad={null} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Card({database: d, points, end}) {
  const condition = conditionOf(d);
  const now = recent(points, kRecent);
  const values = Object.fromEntries(kOutcomes.map((o) => [o.name, now ? now[o.column] : 0]));
  const href = `#/databases/${encodeURIComponent(d.db_id)}`;
  return (
    <li class={`card level-${condition === 'idle' ? 'idle' : d.level}`} id={`card-${d.db_id}`}>
      <header>
        <h3><a href={href}>{d.db_id}</a></h3>
        <State name={condition}>{d.breaker.state !== 'closed' && duration(d.breaker.in_state_for_ms)}</State>
      </header>
      <p class="target">{d.target}{d.server_version && <span> · PostgreSQL {d.server_version}</span>}</p>
      {d.level !== 'good' && <p class="why">{sentence(d.attention)}{d.breaker.state === 'open' && d.breaker.next_trial_in_ms > 0 && `. Next trial in ${Math.ceil(d.breaker.next_trial_in_ms / 1000)} s`}.</p>}
      <div class="card-traffic">
        <p class="figure"><b>{now ? rate(calls(now)) : '0'}</b> calls a second</p>
        <Sparkline points={points} end={end} />
      </div>
      {d.last_used ? <Outcomes values={values} render={rate} compact /> : <p class="never">Never called yet. <a href={href}>How to call it</a></p>}
      <Connections pool={d.pool} />
      <dl class="latency">
        {['p50', 'p95', 'p99'].map((p) => <div key={p}><dt>{p}</dt><dd>{d.query_ms.p99 ? milliseconds(d.query_ms[p]) : '–'}</dd></div>)}
        <div><dt>connection, p99</dt><dd>{d.query_ms.p99 ? milliseconds(d.acquire_ms.p99) : '–'}</dd></div>
      </dl>
      <footer>
        <span>{d.last_used ? (d.idleFor > 60_000 ? `Idle for ${duration(d.idleFor)}` : '') : ''}</span>
        {Object.entries(d.labels).length > 0 && <span class="labels">{Object.entries(d.labels).map(([name, value]) => <span key={name}>{name}: {value}</span>)}</span>}
      </footer>
    </li>
  );
}

export function why(d) {
  if (d.breaker.state === 'closed' && d.state === 'active') return d.attention;
  if (d.state !== 'active') return d.state === 'paused' ? 'paused: calls wait until it is resumed' : 'draining: nothing new is taken';
  return d.breaker.explanation;
}

function DatabaseTable({databases, series}) {
  return (
    <div class="scroll panel flush" tabIndex={0}>
      <table class="rows">
        <caption class="unseen">Databases</caption>
        <thead><tr><th scope="col">Database</th><th scope="col">State</th><th scope="col" class="number">Calls/s</th><th scope="col" class="number">Failing</th>
          <th scope="col" class="number">Rejected/s</th><th scope="col" class="number">p50</th><th scope="col" class="number">p99</th><th scope="col" class="number">Used</th><th scope="col" class="number">Waiting</th></tr></thead>
        <tbody>
          {databases.map((d) => {
            const now = recent(series.get(d.db_id)?.points ?? [], kRecent);
            const reached = now ? now[P.ok] + troubles(now) : 0;
            return (
              <tr key={d.db_id}>
                <th scope="row"><a href={`#/databases/${encodeURIComponent(d.db_id)}`}>{d.db_id}</a></th>
                <td><State name={conditionOf(d)}>{d.breaker.state !== 'closed' && duration(d.breaker.in_state_for_ms)}</State></td>
                <td class="number">{rate(now ? calls(now) : 0)}</td><td class="number">{percent(reached ? troubles(now) / reached : 0)}</td>
                <td class="number">{rate(now ? now[P.rejected] : 0)}</td><td class="number">{milliseconds(d.query_ms.p50 || null)}</td><td class="number">{milliseconds(d.query_ms.p99 || null)}</td>
                <td class="number">{d.pool.used} / {d.pool.max_size}</td><td class="number">{d.pool.waiting}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Bounds({counts}) {
  const unseen = counts.registered - counts.watched;
  if (unseen <= 0) return null;
  return <p class="soft">{plural(unseen, 'further database')} not watched: the dashboard looks at the first {counts.watched} by id.</p>;
}

function NoDatabases() {
  const origin = location.origin;
  return (
    <section class="panel first-run">
      <h2>Connect the first one</h2>
      <p class="soft">The gateway runs and has no database yet. Connect one here, or with a request, or in the configuration file.</p>
      {mayAdminister() && <p><button class="primary" onClick={connect}><Icon name="plus" />Connect a database</button></p>}
      <h3>With a request</h3>
      <Code text={`curl ${origin}/databases/connect -H 'Content-Type: application/json' -d '{\n  "host": "127.0.0.1", "port": 5432, "database": "orders",\n  "user": "app", "password": "…", "db_id": "orders"}'`} />
      <h3>In the configuration file</h3>
      <Code text={'databases:\n  orders:\n    host: 127.0.0.1\n    database: orders\n    user: app\n    password: ${ORDERS_PASSWORD}'} />
    </section>
  );
}
