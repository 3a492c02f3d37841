import {useEffect, useRef, useState} from 'preact/hooks';
import uPlot from 'uplot';
import {clock} from '../format.js';

const kHeight = 190;
const kWhole = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];
const cursor = uPlot.sync('all');

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options({series, log, whole, format, width, window}) {
  const grid = {stroke: colour('--grid'), width: 1};
  const axis = {stroke: colour('--muted'), font: '11px Inter, sans-serif', grid, ticks: {show: false}, gap: 6};
  return {
    width, height: kHeight, legend: {show: false}, padding: [8, 8, 0, 0],
    cursor: {sync: {key: cursor.key}, points: {size: 6}, drag: {x: false, y: false}, y: false},
    scales: {
      x: {time: true, range: () => [window.current.from, window.current.to]},
      y: log ? {distr: 3, range: (u, low, high) => [Math.max(0.05, low / 1.5 || 0.1), Math.max(1, high * 1.5 || 10)]}
        : {range: (u, low, high) => [0, Math.max(1, (high ?? 0) * 1.1)]},
    },
    axes: [
      {...axis, size: 26, space: 70, values: (u, ticks) => ticks.map((t) => clock(t * 1000).slice(0, u.scales.x.max - u.scales.x.min > 400 ? 5 : 8))},
      {...axis, size: 54, space: 34, ...(whole && {incrs: kWhole}), values: (u, ticks) => ticks.map((t) => (t === null ? '' : format(t)))},
    ],
    series: [{}, ...series.map((s) => ({
      label: s.label, stroke: colour(s.colour), width: 1.75, dash: s.dash, points: {show: false},
      fill: s.fill ? `${colour(s.colour)}1f` : undefined, paths: s.step ? uPlot.paths.stepped({align: 1}) : undefined,
    }))],
  };
}

/** Lines over time that move with the others' cursors; the same figures as a table on request. */
export function Chart({title, unit, seconds, series, window, log, whole, format, theme}) {
  const host = useRef(null);
  const plot = useRef(null);
  const range = useRef(window);
  range.current = window;
  const [at, setAt] = useState(null);
  const data = [seconds, ...series.map((s) => s.values)];
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = host.current;  // gone from the reference before the watcher is
    const made = new uPlot({
      ...options({series, log, whole, format, width: element.clientWidth, window: range}),
      hooks: {setCursor: [(u) => setAt(u.cursor.idx ?? null)]},
    }, latest.current, element);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({width: element.clientWidth, height: kHeight}));
    watcher.observe(element);
    return () => { watcher.disconnect(); made.destroy(); };
  }, [theme, log]);
  useEffect(() => { plot.current?.setData(data); });

  const index = at === null || at >= seconds.length ? lastKnown(series, seconds.length) : at;
  const empty = series.every((s) => s.values.every((v) => v === null));
  return (
    <figure class="chart panel">
      <figcaption>
        <h3>{title} <span class="soft">{unit}</span></h3>
        <ul>
          {series.map((s) => (
            <li key={s.label}><i class={`swatch ${s.dash ? 'dashed' : ''}`} style={{color: `var(${s.colour})`}} />{s.label} <b>{s.values[index] == null ? '–' : format(s.values[index])}</b></li>
          ))}
        </ul>
      </figcaption>
      <div class="plot" ref={host} aria-hidden="true">{empty && <p class="no-data">Nothing was measured in this time: no calls ended.</p>}</div>
      <details>
        <summary>As a table</summary>
        <Table seconds={seconds} series={series} format={format} title={title} />
      </details>
    </figure>
  );
}

function lastKnown(series, length) {
  for (let i = length - 1; i >= 0; --i) if (series.some((s) => s.values[i] !== null)) return i;
  return length - 1;
}

function Table({seconds, series, format, title}) {
  const every = Math.max(1, Math.ceil(seconds.length / 30));
  const rows = seconds.map((second, i) => [second, i]).filter(([, i]) => (seconds.length - 1 - i) % every === 0).reverse();
  return (
    <div class="scroll" tabIndex={0}>
      <table>
        <caption class="unseen">{title}</caption>
        <thead><tr><th scope="col">Time</th>{series.map((s) => <th key={s.label} scope="col" class="number">{s.label}</th>)}</tr></thead>
        <tbody>
          {rows.map(([second, i]) => (
            <tr key={second}><td>{clock(second * 1000)}</td>{series.map((s) => <td key={s.label} class="number">{s.values[i] == null ? '–' : format(s.values[i])}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
