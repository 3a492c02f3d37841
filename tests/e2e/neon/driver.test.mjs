// @neondatabase/serverless as people use it.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { NeonDbError, neon, neonConfig } from '@neondatabase/serverless';
import { connectionString, full, gateway, keys, operate, rejection, sql } from './setup.mjs';

test('a template and its values', async () => {
  const name = "Robert'); drop table things;--";
  assert.deepEqual(await sql`select ${name} as name, ${1}::int + ${2n}::int as three`, [{ name, three: 3 }]);
  assert.deepEqual(await sql`select ${null} as a, ${undefined} as b`, [{ a: null, b: null }]);
  const [{ bytes }] = await sql`select ${new Uint8Array([0, 65, 255])} as bytes`;
  assert.deepEqual([...bytes], [0, 65, 255]);
});

test('rows as objects and as arrays, alone and with all there is to know', async () => {
  assert.deepEqual(await sql.query('select 1 as a, 2 as b'), [{ a: 1, b: 2 }]);
  assert.deepEqual(await sql.query('select 1 as a, 2 as b', [], { arrayMode: true }), [[1, 2]]);
  const result = await full.query("select 'xyz' as str");
  assert.deepEqual([result.rows, result.command, result.rowCount, result.rowAsArray], [[{ str: 'xyz' }], 'SELECT', 1, false]);
  assert.deepEqual([result.fields[0].name, result.fields[0].dataTypeID], ['str', 25]);
  const arrays = neon(connectionString(), { arrayMode: true, fullResults: true });
  assert.deepEqual((await arrays`select 1 as a`).rows, [[1]]);
  assert.equal((await arrays`select 1 as a`).rowAsArray, true);
});

test('nothing comes of statements without rows', async () => {
  assert.deepEqual(await sql`update things set name = name where false`, []);
  assert.deepEqual(await sql`do $$ begin null; end $$`, []);
});

test('a connection string may hold what it likes, as long as it holds the key and the db_id', async () => {
  for (const host of ['a.b.c', '127.0.0.1:1', '[::1]:5432']) {
    const other = neon(`postgres://${encodeURIComponent('who@ever')}:${encodeURIComponent(keys.query)}@${host}/main?pgbouncer=true#x`);
    assert.deepEqual(await other`select 1 as one`, [{ one: 1 }]);
  }
  const token = neon('postgresql://nobody@nowhere.invalid/main', { authToken: keys.query });
  assert.deepEqual(await token`select 1 as one`, [{ one: 1 }]);
});

test('a transaction is one', async () => {
  const [[a], [b]] = await sql.transaction([sql`select ${1}::int as number`, sql`select ${'hello'} as text`]);
  assert.deepEqual([a, b], [{ number: 1 }, { text: 'hello' }]);
  const [[before], [after]] = await sql.transaction((txn) => [txn`select txid_current() as id`, txn`select txid_current() as id`]);
  assert.deepEqual(before, after);
  assert.deepEqual(await sql.transaction([]), []);
  assert.deepEqual(await sql.transaction(() => []), []);
});

test('all of a transaction or nothing', async () => {
  const error = await rejection(sql.transaction([
    sql`insert into things(id, name) values (500, 'half')`,
    sql`insert into things(id, name) values (500, 'other half')`,
  ]));
  assert.deepEqual([error.code, error.constraint], ['23505', 'things_pkey']);
  assert.deepEqual(await sql`select * from things where id = 500`, []);
});

test('a statement may use what an earlier one made', async () => {
  const results = await sql.transaction([
    sql`create temporary table brief(a int) on commit drop`,
    sql`insert into brief values (1), (2)`,
    sql`select sum(a)::int as sum from brief`,
  ]);
  assert.deepEqual(results, [[], [], [{ sum: 3 }]]);
});

test('isolation, read only and deferrable', async () => {
  const modes = (options) => sql.transaction((txn) => [
    txn`select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only,
        current_setting('transaction_deferrable') as deferrable`], { arrayMode: true, ...options });
  assert.deepEqual(await modes({}), [[['repeatable read', 'off', 'off']]], "the server's default, as this one is set up");
  for (const [level, name] of [['ReadUncommitted', 'read uncommitted'], ['ReadCommitted', 'read committed'],
    ['RepeatableRead', 'repeatable read'], ['Serializable', 'serializable']]) {
    assert.deepEqual(await modes({ isolationLevel: level }), [[[name, 'off', 'off']]]);
  }
  assert.deepEqual(await modes({ isolationLevel: 'Serializable', readOnly: true, deferrable: true }),
    [[['serializable', 'on', 'on']]]);
  const error = await rejection(sql.transaction([sql`delete from things`], { readOnly: true }));
  assert.equal(error.code, '25006');
});

test('options of queries in a transaction', async () => {
  const [[a], [b]] = await sql.transaction((txn) => [txn`select 1 as a`, txn.query('select 2 as b', [], { arrayMode: true })]);
  assert.deepEqual([a, b], [{ a: 1 }, [2]]);
  const results = await sql.transaction([sql`select 1 as a`], { fullResults: true });
  assert.deepEqual([results[0].rows, results[0].command], [[{ a: 1 }], 'SELECT']);
});

test('a wrong key, no key, an unknown database', async () => {
  const wrong = await rejection(neon(connectionString('wrong-key-0123456789abcdef'))`select 1`);
  assert.ok(wrong instanceof NeonDbError);
  assert.match(wrong.message, /^password authentication failed/);
  assert.equal(wrong.code, '28P01');
  assert.equal((await rejection(neon('postgresql://nobody@nowhere.invalid/main')`select 1`)).code, '28P01');
  const unknown = await rejection(neon(connectionString(keys.query, 'elsewhere'))`select 1`);
  assert.equal(unknown.code, '3D000');
  assert.match(unknown.message, /elsewhere/);
  assert.equal((await rejection(neon(connectionString(keys.query, 'elsewhere')).transaction([]))).code, '3D000');
});

test('an open breaker says so in the text that the driver shows', async () => {
  await operate('breaker', { state: 'forced_open', reason: 'moving disks', for_ms: 60000 });
  try {
    const error = await rejection(sql`select 1`);
    assert.match(error.message, /HTTP status 503.*breaker_open: .*moving disks.*57P03/);
    assert.match((await rejection(sql.transaction([sql`select 1`]))).message, /breaker_open/);
  } finally {
    await operate('breaker', { state: 'auto' });
  }
  assert.deepEqual(await sql`select 1 as one`, [{ one: 1 }]);
});

test('a result above the limit is an error, never a part of it', async () => {
  const error = await rejection(sql`select repeat('x', 1000) from generate_series(1, 300)`);
  assert.match(error.message, /HTTP status 507.*result_too_large/);
  const written = await rejection(sql`insert into things(id, name) select g, repeat('x', 1000) from generate_series(1000, 1299) g returning *`);
  assert.match(written.message, /HTTP status 507.*taken effect/);
  assert.deepEqual(await sql`with gone as (delete from things where id >= 1000 returning 1) select count(*)::int from gone`, [{ count: 300 }]);
});

test('whoever does not wait has the statement cancelled', { timeout: 60000 }, async () => {
  const signal = AbortSignal.timeout(300);
  const error = await rejection(sql.query("select 'given up', pg_sleep(600)", [], { fetchOptions: { signal } }));
  assert.match(String(error), /TimeoutError|aborted/);
  for (;;) {
    const running = await sql`select count(*)::int from pg_stat_activity
      where state = 'active' and query like '%given up%' and pid <> pg_backend_pid()`;
    if (running[0].count === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

/** A way to the gateway that breaks when so many bytes of the answer have passed. */
async function cutAfter(bytes, use) {
  const proxy = http.createServer((request, response) => {
    const onward = http.request(`${gateway}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      let left = bytes;
      answer.on('data', (chunk) => {
        response.write(chunk.subarray(0, left));
        left -= chunk.length;
        if (left <= 0) setTimeout(() => response.destroy(), 50);
      });
      answer.on('end', () => response.end());
    });
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const endpoint = neonConfig.fetchEndpoint;
  neonConfig.fetchEndpoint = `http://127.0.0.1:${proxy.address().port}/sql`;
  try {
    return await use();
  } finally {
    neonConfig.fetchEndpoint = endpoint;
    proxy.close();
    proxy.closeAllConnections();
  }
}

test('an answer that is cut in the middle is an error', async () => {
  const ask = () => sql`select md5(g::text) as x from generate_series(1, 500) g`; // it may come compressed
  assert.equal((await cutAfter(Infinity, ask)).length, 500);
  assert.match(String(await rejection(cutAfter(1000, ask))), /terminated|fetch failed/);
});
