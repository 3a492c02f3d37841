// kysely with its dialect for Neon.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Kysely } from 'kysely';
import { NeonDialect } from 'kysely-neon';
import { rejection, sql } from './setup.mjs';

const db = new Kysely({ dialect: new NeonDialect({ neon: sql }) });

before(async () => {
  await db.schema.createTable('kysely_pets').addColumn('id', 'serial', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique()).addColumn('born', 'timestamptz').execute();
});

test('inserts, updates, deletes and selects', async () => {
  const born = new Date('2020-02-29T00:00:00Z');
  const pet = await db.insertInto('kysely_pets').values({ name: 'Rex', born }).returningAll().executeTakeFirstOrThrow();
  assert.deepEqual(pet, { id: pet.id, name: 'Rex', born });
  const updated = await db.updateTable('kysely_pets').set({ name: 'Max' }).where('id', '=', pet.id).executeTakeFirst();
  assert.equal(updated.numUpdatedRows, 1n);
  assert.deepEqual(await db.selectFrom('kysely_pets').select('name').execute(), [{ name: 'Max' }]);
  const deleted = await db.deleteFrom('kysely_pets').executeTakeFirst();
  assert.equal(deleted.numDeletedRows, 1n);
});

test('a constraint is told', async () => {
  const twice = db.insertInto('kysely_pets').values([{ name: 'Tom' }, { name: 'Tom' }]).execute();
  assert.equal((await rejection(twice)).code, '23505');
});

test('tables are found', async () => {
  const tables = await db.introspection.getTables();
  assert.ok(tables.some((table) => table.name === 'kysely_pets'));
});
