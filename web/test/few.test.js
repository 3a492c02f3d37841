import assert from 'node:assert/strict';
import test from 'node:test';
import {fewAtOnce} from '../src/few.js';

test('each item has its turn, and never more than so many at once', async () => {
  const seen = [];
  let busy = 0;
  let most = 0;
  await fewAtOnce([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++busy);
    seen.push(item);
    await new Promise((resolve) => setTimeout(resolve, 10 - item));
    --busy;
  });
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(most, 3);
});

test('fewer items than that, and none', async () => {
  const seen = [];
  await fewAtOnce([1], 3, async (item) => { seen.push(item); });
  await fewAtOnce([], 3, async (item) => { seen.push(item); });
  assert.deepEqual(seen, [1]);
});
