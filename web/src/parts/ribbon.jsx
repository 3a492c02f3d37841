import {kConditions, conditionOf} from '../conditions.js';
import {clock, duration, plural} from '../format.js';
import {usePolled} from '../polling.js';

const kEventsEvery = 5000;
const kTold = 5;            // events in the text of a row
const kTickWidth = 0.4;     // percent: events closer than that share a tick
const kGateway = 'gateway';  // the row of what concerns no single database

/** [[second, condition], …] as pieces of the window, each with its end. */
function pieces(stretches, from, to) {
  return stretches.map(([start, condition], i) => ({start, end: stretches[i + 1]?.[0] ?? to + 1, condition}))
    .filter((p) => p.end > from && p.start <= to && p.condition !== 'unknown')
    .map((p) => ({...p, start: Math.max(p.start, from)}));
}

const strip = (all) => all.map((p) => `${kConditions[p.condition].word} for ${duration((p.end - p.start) * 1000)}`).join(', ');

/** Events of the window, those too close to be told apart in one: [{at, title}, …]. */
function ticks(events, window, zero) {
  const places = new Map();
  for (const e of events) {
    const at = 100 * ((Date.parse(e.time) - zero) / 1000 - window.from) / window.span;
    if (at < 0 || at > 100) continue;
    const place = Math.round(at / kTickWidth) * kTickWidth;
    places.set(place, [...(places.get(place) ?? []), told(e)]);
  }
  return [...places].map(([at, titles]) => ({at, titles}));
}

const told = (e) => `${clock(e.time)} ${e.message}${e.actor ? `, by ${e.actor}` : ''}`;

/** The row in words: what it was, and the latest events. */
function words(name, all, marks) {
  const titles = marks.flatMap((m) => m.titles);
  const more = titles.length - kTold;
  return `${name}: ${strip(all) || 'events'}${titles.length ? `. ${plural(titles.length, 'event')}: ${titles.slice(-kTold).join('; ')}${more > 0 ? `; and ${more} before` : ''}` : ''}`;
}

function Row({name, href, all, events, window, zero}) {
  const {from, span} = window;
  const marks = ticks(events, window, zero);
  return (
    <div class="ribbon-row">
      {href ? <a href={href}>{name}</a> : <span class="soft">{name}</span>}
      <div class={`ribbon-track ${all.length ? '' : 'bare'}`} role="img" aria-label={words(name, all, marks)}>
        <div class="ribbon-strip">
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
        {marks.map((m) => <span key={m.at} class="tick" style={{left: `${m.at}%`}} title={m.titles.join('\n')} />)}
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
  const {answer} = usePolled('/admin/events?limit=1000', kEventsEvery);
  const events = answer?.ok ? answer.data.events.filter((e) => Date.parse(e.time) >= zero + window.from * 1000) : [];
  const general = events.filter((e) => !e.db_id);
  const stretchesOf = (d) => {
    const known = series.get(d.db_id)?.[range === '24h' ? 'ribbon24' : 'ribbon'] ?? [];
    return known.length ? known : [[Math.max(window.from, 0), conditionOf(d)]];
  };
  const seen = new Set(databases.map(conditionOf));
  for (const d of databases) for (const [, condition] of series.get(d.db_id)?.ribbon ?? []) seen.add(condition);
  return (
    <div class="ribbon">
      {databases.map((d) => (
        <Row key={d.db_id} name={d.db_id} href={`#/databases/${encodeURIComponent(d.db_id)}`} all={pieces(stretchesOf(d), window.from, to)}
          events={events.filter((e) => e.db_id === d.db_id)} window={window} zero={zero} />
      ))}
      {general.length > 0 && <Row name={kGateway} all={[]} events={general} window={window} zero={zero} />}
      <div class="ribbon-axis" aria-hidden="true">
        <span />
        <div>{[1, 2 / 3, 1 / 3, 0].map((part) => <time key={part}>{part === 0 ? 'now' : `−${duration(span * part * 1000).replace(/ 0 [ms]$/, '')}`}</time>)}</div>
      </div>
      <ul class="legend">
        {Object.keys(kConditions).filter((name) => seen.has(name) && name !== 'unknown').map((name) => (
          <li key={name} class={`is-${name}`} title={kConditions[name].meaning}><i class={`is-${name}`}>{kConditions[name].letter}</i>{kConditions[name].word}</li>
        ))}
        {events.length > 0 && <li><i class="tick" />Event</li>}
      </ul>
    </div>
  );
}
