import assert from 'node:assert/strict';
import test from 'node:test';
import {columns, foldIntoMinutes, kColumns, pointsOf, recent} from '../src/points.js';

const point = (second, ok = 1) => [second, ok, 0, 0, 0, 0, 1, 2, 3, 1, 1, 10, 0, 'closed'];

test('a ring becomes points, without what nobody saw', () => {
  const ring = {first: 3, ...Object.fromEntries(kColumns.map((name) => [name, [1, null, 2]]))};
  assert.deepEqual(pointsOf(ring, 60).map((p) => p[0]), [180, 300]);
});

test('a chart has a gap where a second is missing', () => {
  const {seconds, column} = columns([point(1), point(3)], 1, 3, 1);
  assert.deepEqual(seconds, [1, 2, 3]);
  assert.deepEqual(column((p) => p[1]), [1, null, 1]);
});

test('recent rates are means', () => {
  assert.equal(recent([point(1, 100), point(9, 2), point(10, 4)], 5)[1], 3);
  assert.equal(recent([], 5), null);
});

test('seconds are folded into minutes', () => {
  const minutes = [];
  for (let second = 60; second < 180; ++second) foldIntoMinutes(minutes, point(second, second < 120 ? 2 : 4));
  assert.deepEqual(minutes.map((m) => [m[0], m[1]]), [[60, 2], [120, 4]]);
});
