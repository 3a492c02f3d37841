// What comes through the gateway is what node-postgres gets from the same server, to the last field.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, full, rejection, sql } from './setup.mjs';

const postgres = await direct();
const now = new Date('2026-01-28T12:34:56.789Z');
const asText = { getTypeParser: () => (value) => value };

/** Each driver has a class of its own for intervals. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return value?.constructor?.name === 'PostgresInterval' ? { ...value } : value;
}

/** The parts of a result that both drivers have. */
const parts = ({ command, rowCount, rows, fields, rowAsArray }) => ({
  command, rowCount, rowAsArray, fields: fields.map((field) => ({ ...field })),
  rows: rows.map((row) => (Array.isArray(row) ? plain(row) : Object.fromEntries(Object.entries(row).map(([k, v]) => [k, plain(v)])))),
});

const queries = [
  ['select 123 as num'],
  ['select $1 as untyped', [1]],
  ['select $1::int as int, $2::int8 as big, $3::numeric as exact', [-1, 9007199254740993n, '1.500']],
  ['select $1::int2 as small, $2::oid as oid, $3::real as real, $4::float8 as double', [7, 8, Math.PI, Math.PI]],
  ["select 'NaN'::float8 as nan, '-Infinity'::float4 as infinite, 'NaN'::numeric as exact"],
  ['select $1::bool as yes, $2::bool as no, $3::bool as nothing', [true, false, null]],
  ["select $1 || ' ' || $2 as greeting", ['hello', 'wörld \u{1F600}']],
  ['select $1::text as awkward', ['a"b\\c\n\t\u0001\u2028']],
  ["select null as nothing, $1 as given, 'NULL' as text", [null]],
  ['select $1 as list, $2::text[] as texts, $3::int[] as numbers, $4::int[][] as nested',
    [['a', 'b,"c'], ['x', null, 'NULL', '', 'back\\slash'], [1, 2, 3], [[2], [4]]]],
  ["select '{}'::int[] as empty, '[0:1]={1,2}'::int[] as bounds, array[true,null] as bools"],
  ['select $1 as untyped, $2::json as json, $3::jsonb as jsonb', [{ x: 'y' }, { x: [1, null] }, { x: { y: 'z' } }]],
  ["select 'null'::jsonb as json_null, '1e3'::jsonb as number, '\"t\"'::jsonb as text, array['{\"a\":1}'::jsonb] as list"],
  ['select $1::timestamptz as moment, $1::timestamp as wall, $1::date as day', [now]],
  ['select $1::timestamptz[] as moments, $2::date[] as days', [[now], ['2026-01-01', null]]],
  ["select 'infinity'::timestamptz as never, '0044-03-15 BC'::date as ides, '24:00'::time as midnight, '16:17:18+01'::timetz as zoned"],
  ["select interval '1 year 2 mons -3 days 04:05:06.789' as mixed, interval '-1 day +2 hours' as signs, interval '0' as none"],
  ["select array[interval '1 day 2 hours', null, interval '3 mons'] as list, '{}'::interval[] as empty"],
  ['select $1::bytea as bytes, $2::bytea as view, $3::bytea[] as list',
    [Buffer.from([0, 65, 255]), new Uint8Array([1, 2]), ['\\xdeadbeef', '\\x']]],
  ['select $1::bytea as large', [new Uint8Array(65536).fill(128)]],
  ["select '(2,3)'::point as point, '<(2,3),1>'::circle as circle, array['(2,3)'::point] as points, '(1,1),(0,0)'::box as box"],
  ["select '11:22:33:44:55:66'::macaddr as mac, '10.10.10.0/24'::cidr as net, '::1'::inet as host, '[1,4)'::int4range as range"],
  ["select 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as uuid, b'101' as bits, 'a b'::tsvector as words, 1::money as money"],
  ["select 'calm'::mood as mood, array['calm','wild']::mood[] as moods, row(1,'x')::pair as pair, 5::positive as domain"],
  ['select id, name, price, made from things order by id'],
  ['select t.*, t.tableoid, 1 as id from things t order by t.id limit 1'],
  ['select from things'],
  ['select * from things where false'],
  ['insert into things(id, name, price) values ($1, $2, $3) returning *', [100, 'new', '1.5']],
  ['update things set price = price + 1 where id >= 100 returning id'],
  ['update things set price = price where false'],
  ['delete from things where id >= 100'],
  ['create table scratch as select * from things'],
  ['drop table scratch'],
  ['show server_version'],
  ['explain select 1'],
  ['values (1, $1::text), (2, null)', ['x']],
  ['table things'],
  ['with n as (select 1 as a) select a from n'],
  ['select pg_sleep(0)'],
  ['do $$ begin null; end $$'],
];

/** What statements before have changed is as it was. */
async function restore() {
  await postgres.query('truncate things; insert into things select * from things_as_they_were; drop table if exists scratch');
}

for (const [text, params = []] of queries) {
  test(text, async () => {
    for (const options of [{}, { arrayMode: true }, { types: asText }]) {
      const run = [
        () => postgres.query({ text, values: params, rowMode: options.arrayMode && 'array', types: options.types }),
        () => full.query(text, params, options),
      ];
      const results = [];
      for (const each of run) {
        await restore();
        if (text.startsWith('drop')) await postgres.query('create table scratch(a int)');
        results.push(parts(await each()));
      }
      const [wanted, got] = results;
      assert.deepEqual(got, wanted);
    }
  });
}

test('random intervals look the same', async () => {
  const text = `select make_interval(secs => (random() - 0.5) * 1e6, days => (random() * 40 - 20)::int,
      months => (random() * 50 - 25)::int) as drawn from (select setseed($1)) s, generate_series(1, 500)`;
  const rows = (await postgres.query({ text, values: [0.25], types: asText })).rows;
  assert.equal(rows.length, 500);
  const list = rows.map((row) => row.drawn);
  const got = await sql.query('select unnest($1::interval[]) as drawn', [list], { types: asText });
  assert.deepEqual(got, rows);
  const [{ all }] = await sql.query('select $1::interval[] as all', [list], { types: asText });
  assert.equal(all, (await postgres.query({ text: 'select $1::interval[] as all', values: [list], types: asText })).rows[0].all);
});

const mistakes = [
  ['select 123 where x'],
  ['selec 1'],
  ['select 1/0'],
  ['select $1::int', ['x']],
  ['select $1::json', ['{']],
  ['insert into things(id, name) values (1, $1)', ['twice']],
  ['insert into things(id) values (900)'],
  ['insert into things(id, name, price) values (901, $1, -1)', ['cheap']],
  ["insert into things(id, name, mood) values (902, 'm', 'sad')"],
  ["select 0::positive"],
  ['select deep()'],
  ['select * from nowhere'],
  ['select 1; select 2'],
  ["set role 'nobody at all'"],
];

/** What an error of either driver says; `length` is only known on the wire, `name` differs. */
function facts(error) {
  const keys = ['message', 'severity', 'code', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where',
    'schema', 'table', 'column', 'dataType', 'constraint', 'file', 'line', 'routine'];
  return Object.fromEntries(keys.map((key) => [key, error[key]]));
}

for (const [text, params = []] of mistakes) {
  test(`mistake: ${text}`, async () => {
    const wanted = await rejection(postgres.query({ text, values: params, queryMode: 'extended' }));
    const got = await rejection(sql.query(text, params));
    assert.equal(got.name, 'NeonDbError');
    assert.deepEqual(facts(got), facts(wanted));
    const inBatch = await rejection(sql.transaction([sql`select 1`, sql.query(text, params)]));
    assert.deepEqual(facts(inBatch), facts(wanted));
  });
}

test('a wrong number of parameters', async () => {
  for (const params of [[], [1, 2]]) {
    const error = await rejection(sql.query('select $1', params));
    assert.equal(error.code, (await rejection(postgres.query({ text: 'select $1', values: params, queryMode: 'extended' }))).code);
    assert.match(error.message, new RegExp(`1 parameter, but ${params.length} w`));
  }
});
