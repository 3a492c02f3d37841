import {kConditions, conditionOf} from '../conditions.js';
import {clock, duration} from '../format.js';

/** [[second, condition], …] as pieces of the window, each with its end. */
function pieces(stretches, from, to) {
  return stretches.map(([start, condition], i) => ({start, end: stretches[i + 1]?.[0] ?? to + 1, condition}))
    .filter((p) => p.end > from && p.start <= to && p.condition !== 'unknown')
    .map((p) => ({...p, start: Math.max(p.start, from)}));
}

const strip = (all) => all.map((p) => `${kConditions[p.condition].word} for ${duration((p.end - p.start) * 1000)}`).join(', ');

function Row({database, stretches, window, zero}) {
  const {from, to, span} = window;
  const all = pieces(stretches.length ? stretches : [[Math.max(from, 0), conditionOf(database)]], from, to);
  return (
    <div class="ribbon-row">
      <a href={`#/databases/${encodeURIComponent(database.db_id)}`}>{database.db_id}</a>
      <div class="ribbon-track" role="img" aria-label={`${database.db_id}: ${strip(all)}`}>
        {all.map((p) => {
          const width = 100 * (p.end - p.start) / span;
          const condition = kConditions[p.condition];
          return (
            <i key={p.start} class={`is-${p.condition}`} style={{left: `${100 * (p.start - from) / span}%`, width: `${width}%`}}
              title={`${condition.word} from ${clock(zero + p.start * 1000)} for ${duration((p.end - p.start) * 1000)}`}>
              {width > 2.2 ? condition.letter : ''}
            </i>
          );
        })}
      </div>
    </div>
  );
}

/** What each database was doing over the last 15 minutes or 24 hours. */
export function Ribbon({databases, series, snapshot, range}) {
  const span = range === '24h' ? 86_400 : 900;
  const to = snapshot.second;
  const window = {from: to + 1 - span, to, span};
  const zero = Date.parse(snapshot.instance.started_at);
  const seen = new Set(databases.map(conditionOf));
  for (const d of databases) for (const [, condition] of series.get(d.db_id)?.ribbon ?? []) seen.add(condition);
  return (
    <div class="ribbon">
      {databases.map((d) => (
        <Row key={d.db_id} database={d} window={window} zero={zero}
          stretches={series.get(d.db_id)?.[range === '24h' ? 'ribbon24' : 'ribbon'] ?? []} />
      ))}
      <div class="ribbon-axis" aria-hidden="true">
        <span />
        <div>{[1, 2 / 3, 1 / 3, 0].map((part) => <time key={part}>{part === 0 ? 'now' : `−${duration(span * part * 1000).replace(/ 0 [ms]$/, '')}`}</time>)}</div>
      </div>
      <ul class="legend">
        {Object.keys(kConditions).filter((name) => seen.has(name) && name !== 'unknown').map((name) => (
          <li key={name} class={`is-${name}`} title={kConditions[name].meaning}><i class={`is-${name}`}>{kConditions[name].letter}</i>{kConditions[name].word}</li>
        ))}
      </ul>
    </div>
  );
}
