// A point as the gateway sends it: [second, ok, failed, timeout, rejected, bad_request, p50, p95, p99,
// used, idle, max_size, waiting, condition].
export const kColumns = ['ok', 'failed', 'timeout', 'rejected', 'bad_request', 'p50_ms', 'p95_ms', 'p99_ms',
  'used', 'idle', 'max_size', 'waiting'];
export const P = {second: 0, ok: 1, failed: 2, timeout: 3, rejected: 4, bad: 5, p50: 6, p95: 7, p99: 8,
  used: 9, idle: 10, max: 11, waiting: 12, condition: 13};

export const calls = (p) => p[1] + p[2] + p[3] + p[4] + p[5];
export const troubles = (p) => p[2] + p[3];

/** A ring's columns as points; seconds nobody saw are left out. */
export function pointsOf(ring, unit) {
  const points = [];
  for (let i = 0; i < ring.ok.length; ++i) {
    if (ring.ok[i] === null) continue;
    points.push([(ring.first + i) * unit, ...kColumns.map((name) => ring[name][i])]);
  }
  return points;
}

/** Mean rates, and the newest of the rest, over the last seconds. */
export function recent(points, seconds) {
  const last = points.at(-1);
  if (!last) return null;
  const some = points.filter((p) => p[0] > last[0] - seconds);
  const mean = [...last];
  for (let column = 1; column <= 5; ++column) {
    mean[column] = some.reduce((sum, p) => sum + p[column], 0) / some.length;
  }
  return mean;
}

/** Columns for a chart: one entry per `step` seconds from `from` to `to`, null where nothing is known. */
export function columns(points, from, to, step) {
  const bySecond = new Map(points.map((p) => [Math.floor(p[0] / step), p]));
  const rows = [];
  for (let n = Math.ceil(from / step); n * step <= to; ++n) rows.push([n * step, bySecond.get(n)]);
  return {
    seconds: rows.map(([second]) => second),
    column: (pick) => rows.map(([, p]) => (p ? pick(p) : null)),
  };
}

/** Adds a second to the minutes, as the gateway does: means of rates, the worst of counts. */
export function foldIntoMinutes(minutes, p) {
  const start = Math.floor(p[0] / 60) * 60;
  const last = minutes.at(-1);
  if (!last || last[0] !== start) {
    minutes.push([start, ...p.slice(1)]);
    minutes.at(-1).seen = 1;
    return;
  }
  const seen = last.seen ?? Math.max(1, p[0] - start);
  for (let c = 1; c <= 5; ++c) last[c] = (last[c] * seen + p[c]) / (seen + 1);
  for (const c of [P.p50, P.p95, P.p99, P.idle, P.max]) last[c] = p[c];
  for (const c of [P.used, P.waiting]) last[c] = Math.max(last[c], p[c]);
  last.seen = seen + 1;
}
