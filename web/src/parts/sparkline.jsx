import {calls, troubles} from '../points.js';

const kHeight = 36;

/** Two minutes of calls, and in front of them those that failed. Drawn, and told to no screen reader: the figures stand beside. */
export function Sparkline({points, end, seconds = 120, pick = calls, bad = troubles}) {
  const from = end - seconds;
  const top = Math.max(1e-9, ...points.map(pick));
  const place = (value) => kHeight - 2 - (kHeight - 4) * value / top;
  const line = (of) => points.filter((p) => p[0] >= from)
    .map((p, i, all) => `${i && p[0] - all[i - 1][0] < 4 ? 'L' : 'M'}${p[0] - from} ${place(of(p)).toFixed(2)}`).join('');
  const ticks = bad && points.filter((p) => p[0] >= from && bad(p) > 0)
    .map((p) => `M${p[0] - from} ${kHeight}V${Math.min(place(bad(p)), kHeight - 4).toFixed(2)}`).join('');
  const first = points.find((p) => p[0] >= from);
  const drawn = line(pick);
  const last = points.at(-1);
  return (
    <svg class="sparkline" viewBox={`0 0 ${seconds} ${kHeight}`} preserveAspectRatio="none" aria-hidden="true">
      {drawn && <path class="area" d={`${drawn.replaceAll('M', 'L').replace('L', 'M')}L${last[0] - from} ${kHeight}L${first[0] - from} ${kHeight}z`} />}
      <path class="line" d={drawn} />
      {bad && <path class="bad" d={ticks} />}
    </svg>
  );
}
