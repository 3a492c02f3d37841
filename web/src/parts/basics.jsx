import {useState} from 'preact/hooks';
import {kConditions, kOutcomes} from '../conditions.js';
import {plural} from '../format.js';
import {Icon, Shape} from './icons.jsx';

/** A state as shape, word and colour. */
export function State({name, children}) {
  const condition = kConditions[name] ?? kConditions.unknown;
  return (
    <span class={`state is-${name}`} title={condition.meaning}>
      <Shape condition={condition} /><b>{condition.word}</b>{children && <span class="state-more">{children}</span>}
    </span>
  );
}

export function Copy({text, label = 'Copy'}) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    } catch { /* no permission: the text can be selected */ }
  };
  return <button class="quiet small" onClick={copy}><Icon name="copy" />{copied ? 'Copied' : label}</button>;
}

export const Code = ({text}) => (
  <div class="code"><pre tabIndex={0}>{text}</pre><Copy text={text} /></div>
);

export const Empty = ({title, children}) => (
  <div class="empty"><h2>{title}</h2>{children}</div>
);

/** What the gateway refused, and what to do about it, in its own words. */
export function Problem({problem, sql}) {
  if (!problem) return null;
  const notes = [
    problem.message && problem.message !== problem.detail ? problem.message : '',
    problem.detail_text, problem.hint && `Hint: ${problem.hint}`,
  ].filter(Boolean);
  return (
    <div class="problem" role="alert">
      <p class="problem-title">
        <b>{problem.title ?? 'It did not work'}</b>
        {problem.status && <code>{problem.status}</code>}
        {problem.code && <code>{problem.code}</code>}
        {problem.sqlstate && <code>SQLSTATE {problem.sqlstate}</code>}
      </p>
      {problem.detail && <p>{problem.detail}</p>}
      {notes.map((note) => <p key={note}>{note}</p>)}
      {sql && problem.position && <Position sql={sql} position={Number(problem.position)} />}
      {problem.errors?.length > 0 && (
        <ul>{problem.errors.map((e) => <li key={e.field + e.message}>{e.field && <code>{e.field}</code>} {e.message}</li>)}</ul>
      )}
      <p class="soft">{[outcomeWords(problem), retryWords(problem), problem.request_id && `request ${problem.request_id}`].filter(Boolean).join(' · ')}</p>
    </div>
  );
}

function Position({sql, position}) {
  const before = [...sql].slice(0, position - 1).join('');
  const line = before.split('\n').length - 1;
  const column = before.length - (before.lastIndexOf('\n') + 1);
  return <pre class="position" tabIndex={0}>{sql.split('\n')[line]}{'\n'}{' '.repeat(column)}▲</pre>;
}

const outcomeWords = (problem) => ({
  not_started: 'nothing was executed', rolled_back: 'everything was undone',
  unknown: 'it may or may not have taken effect',
}[problem.outcome]);

const retryWords = (problem) => (problem.retryable
  ? `may be tried again${problem.retry_after_ms ? ` in ${Math.ceil(problem.retry_after_ms / 1000)} s` : ''}` : '');

/** A route that an older gateway does not have. */
export const Missing = ({what}) => (
  <Empty title={`${what} are not available`}><p>This version of the gateway does not offer them.</p></Empty>
);

export const Skeleton = ({lines = 4}) => (
  <div class="skeleton" role="status" aria-label="Loading">{Array.from({length: lines}, (_, i) => <span key={i} />)}</div>
);

/** Calls by how they ended: letter, word, figure. */
export function Outcomes({values, render, compact}) {
  return (
    <ul class={compact ? 'outcomes compact' : 'outcomes'}>
      {kOutcomes.map((o) => (
        <li key={o.name} class={`${o.name} ${values[o.name] > 0 ? '' : 'none'}`} title={o.meaning}>
          <i aria-hidden="true">{o.letter}</i><span>{compact ? o.short : o.word}</span><b>{render(values[o.name])}</b>
        </li>
      ))}
    </ul>
  );
}

/** Connections: used, being opened, idle, out of all that may be. */
export function Connections({pool}) {
  const most = Math.max(1, pool.max_size + pool.overflow);
  const busy = pool.connecting + pool.cleaning;
  const text = [`${pool.used} used`, `${pool.idle} idle`, busy > 0 && `${busy} opening or closing`].filter(Boolean).join(' · ');
  const width = (n) => ({width: `${Math.min(100, 100 * n / most)}%`});
  return (
    <div class="connections">
      <p><span>Connections</span><span>{text} <em>of {pool.max_size}</em></span></p>
      <div class="bar" role="img" aria-label={`${text}, of ${pool.max_size}`}>
        <i class="used" style={width(pool.used)} /><i class="opening" style={width(busy)} /><i class="idle" style={width(pool.idle)} />
      </div>
      {pool.waiting > 0 && <p class="waiting"><span>{plural(pool.waiting, 'call')} waiting</span><span>the first for {(pool.oldest_wait_ms / 1000).toFixed(1)} s</span></p>}
    </div>
  );
}

export function Choice({label, value, options, onChange}) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([name, text]) => (
        <button key={name} aria-pressed={value === name} onClick={() => onChange(name)}>{text}</button>
      ))}
    </div>
  );
}
