import {useRef, useState} from 'preact/hooks';
import {path, request, save} from '../api.js';
import {csv} from '../csv.js';
import {fewAtOnce} from '../few.js';
import {milliseconds, plural} from '../format.js';
import {Empty, Problem} from '../parts/basics.jsx';
import {Icon} from '../parts/icons.jsx';
import {databases} from '../store.js';

const kMaxRows = 1000;
const kShownAtOnce = 200;
const kAtOnce = 4;  // databases; a browser has six connections to a server, and the page needs two of them
const kNumeric = /^(int2|int4|int8|oid|float4|float8|numeric|money)$/;
// Kept while the page lives, and nowhere else: statements may hold what is nobody's business.
const draft = {sql: '', params: '', write: false, chosen: null};

export function Console({id}) {
  const known = databases().map((d) => d.db_id);
  const [sql, setSql] = useState(draft.sql);
  const [params, setParams] = useState(draft.params);
  const [write, setWrite] = useState(draft.write);
  const [chosen, setChosen] = useState(() => (id ? [id] : draft.chosen ?? known.slice(0, 1)));
  const [run, setRun] = useState(null);  // {sql, results: [{db_id, answer}], busy}
  const abort = useRef(null);
  Object.assign(draft, {sql, params, write, chosen});
  const targets = chosen.filter((c) => known.includes(c));
  const given = parseParams(params);
  const ready = sql.trim() && targets.length && !given.error;

  const execute = async () => {
    if (!ready || abort.current) return;  // one run at a time, however long Ctrl ↵ is held down
    const {signal} = abort.current = new AbortController();
    const body = {sql, params: given.values, read_only: !write, format: 'arrays', numbers: 'string', max_rows: kMaxRows};
    setRun({sql, results: [], busy: targets.length});
    await fewAtOnce(targets, kAtOnce, async (db) => {
      const answer = await request('POST', path('query', db), {body, signal})
        .catch(() => ({ok: false, problem: {title: 'Cancelled', detail: 'The call was given up; the gateway cancels it.'}}));
      setRun((r) => ({...r, busy: r.busy - 1, results: [...r.results, {db_id: db, answer}]}));
    });
    abort.current = null;
  };
  const onKey = (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); execute(); }
  };
  if (!known.length) return <><h1>Console</h1><Empty title="No database is connected yet"><p><a href="#/databases">How to connect one</a></p></Empty></>;
  return (
    <>
      <h1>Console</h1>
      <p class="lead">One statement, at one database or at many.</p>
      <section class="panel console">
        <Targets known={known} chosen={targets} onChange={setChosen} />
        <label class="unseen" for="sql">SQL</label>
        <textarea id="sql" rows={6} spellcheck={false} autocapitalize="off" value={sql} placeholder="SELECT …" onInput={(e) => setSql(e.currentTarget.value)} onKeyDown={onKey} />
        <div class="console-bar">
          <label class="params">Parameters <input id="params" value={params} spellcheck={false} placeholder='["…", 42]' onInput={(e) => setParams(e.currentTarget.value)} aria-invalid={Boolean(given.error)} /></label>
          <label class={write ? 'check write on' : 'check write'}><input type="checkbox" role="switch" checked={write} onChange={(e) => setWrite(e.currentTarget.checked)} />Allow writes</label>
          {run?.busy > 0 ? <button onClick={() => abort.current?.abort()}>Stop</button>
            : <button class={write ? 'danger' : 'primary'} disabled={!ready} onClick={execute}><Icon name="play" />{write ? 'Run, may write' : 'Run read-only'} <kbd>Ctrl ↵</kbd></button>}
        </div>
        {given.error && <p class="hint bad">{given.error}</p>}
      </section>
      <div aria-live="polite">{run && <Results run={run} />}</div>
    </>
  );
}

function parseParams(text) {
  if (!text.trim()) return {values: []};
  try {
    const values = JSON.parse(text);
    return Array.isArray(values) ? {values} : {error: 'Parameters are a JSON array: the first is $1.'};
  } catch {
    return {error: 'Parameters are a JSON array, for instance ["blue", 42]; the first is $1.'};
  }
}

function Targets({known, chosen, onChange}) {
  const toggle = (db) => onChange(chosen.includes(db) ? chosen.filter((c) => c !== db) : [...chosen, db]);
  return (
    <fieldset class="targets">
      <legend>At</legend>
      {known.map((db) => (
        <label key={db} class={chosen.includes(db) ? 'chip on' : 'chip'}><input type="checkbox" checked={chosen.includes(db)} onChange={() => toggle(db)} />{db}</label>
      ))}
      {known.length > 1 && <button class="quiet small" onClick={() => onChange(chosen.length === known.length ? known.slice(0, 1) : known)}>{chosen.length === known.length ? 'Only the first' : 'All'}</button>}
    </fieldset>
  );
}

function Results({run}) {
  const many = run.results.length + run.busy > 1;
  const good = run.results.filter((r) => r.answer.ok);
  return (
    <>
      {many && <div class="toolbar"><p class="soft grow">{run.busy ? `${run.busy} still running` : `${good.length} of ${plural(run.results.length, 'database')} answered`}</p>
        {good.length > 1 && <button class="small" onClick={() => download(good)}><Icon name="download" />All as CSV</button>}</div>}
      {run.busy > 0 && run.results.length === 0 && <p class="soft working" role="status">Running …</p>}
      {run.results.map((r) => <Result key={r.db_id} run={run} result={r} />)}
    </>
  );
}

function Result({run, result: {db_id: db, answer}}) {
  if (!answer.ok) return <section class="panel result"><h2>{db}</h2><Problem problem={answer.problem} sql={run.sql} /></section>;
  const {columns = [], rows = [], count, command, affected, truncated, elapsed_ms: elapsed} = answer.data;
  const words = columns.length ? plural(count, 'row') : affected === null ? command : `${command} ${affected}`;
  return (
    <section class="panel result" aria-label={`Result of ${db}`}>
      <header class="panel-head">
        <h2>{db}</h2>
        <p class="soft grow">{words}{truncated && `, cut off at ${kMaxRows}`} · {milliseconds(elapsed)}<Timing header={answer.timing} /></p>
        {columns.length > 0 && <button class="small" onClick={() => download([{db_id: db, answer}])}><Icon name="download" />CSV</button>}
      </header>
      {columns.length > 0 && <Rows columns={columns} rows={rows} db={db} />}
    </section>
  );
}

/** Server-Timing in words: where the time went. */
function Timing({header}) {
  const stages = header.split(',').map((part) => part.trim().match(/^(\w+);dur=([\d.]+)$/)).filter(Boolean)
    .filter(([, name, time]) => name !== 'auth' && Number(time) > 0.004);
  return stages.map(([, name, time]) => <span key={name}> · {name} {milliseconds(Number(time))}</span>);
}

function Rows({columns, rows, db}) {
  const [all, setAll] = useState(false);
  if (!rows.length) return <p class="soft">No rows.</p>;
  const shown = all ? rows : rows.slice(0, kShownAtOnce);
  return (
    <>
      <div class="scroll" tabIndex={0}>
        <table class="rows data">
          <caption class="unseen">Rows from {db}</caption>
          <thead><tr>{columns.map((c, i) => <th key={i} scope="col" class={kNumeric.test(c.type) ? 'number' : ''}>{c.name}<small>{c.type}</small></th>)}</tr></thead>
          <tbody>{shown.map((row, r) => <tr key={r}>{row.map((value, i) => <Value key={i} value={value} type={columns[i].type} />)}</tr>)}</tbody>
        </table>
      </div>
      {rows.length > shown.length && <p><button class="quiet" onClick={() => setAll(true)}>Show all {rows.length} rows</button></p>}
    </>
  );
}

function Value({value, type}) {
  if (value === null) return <td class="null">NULL</td>;
  if (value === '') return <td class="null" title="an empty text">empty</td>;
  if (typeof value === 'boolean') return <td class="boolean">{value ? 'true' : 'false'}</td>;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return <td class={kNumeric.test(type) ? 'number' : typeof value === 'object' ? 'json' : ''} title={text.length > 60 ? text : undefined}>{text}</td>;
}

function download(results) {
  const many = results.length > 1;
  const {columns} = results[0].answer.data;
  const rows = results.flatMap(({db_id: db, answer}) => answer.data.rows.map((row) => (many ? [db, ...row] : row)));
  const header = [...(many ? ['db_id'] : []), ...columns.map((c) => c.name)];
  save(`${many ? 'sluice' : results[0].db_id}.csv`, 'text/csv;charset=utf-8', csv(header, rows));
}
