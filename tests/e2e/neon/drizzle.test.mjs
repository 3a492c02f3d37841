// drizzle-orm with its driver for Neon over HTTP.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { eq, sql as raw } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/neon-http';
import { bigint, boolean, integer, jsonb, numeric, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';
import { rejection, sql } from './setup.mjs';

const orders = pgTable('drizzle_orders', {
  id: serial('id').primaryKey(),
  customer: text('customer').notNull(),
  total: numeric('total', { precision: 10, scale: 2 }),
  large: bigint('large', { mode: 'bigint' }),
  paid: boolean('paid').default(false),
  tags: text('tags').array(),
  details: jsonb('details'),
  placed: timestamp('placed', { withTimezone: true }),
});
const lines = pgTable('drizzle_lines', {
  id: serial('id').primaryKey(),
  orderId: integer('order_id').references(() => orders.id),
  product: text('product'),
});
const db = drizzle(sql, { schema: { orders, lines } });

before(async () => {
  await sql`create table drizzle_orders(id serial primary key, customer text not null, total numeric(10,2), large int8,
      paid bool default false, tags text[], details jsonb, placed timestamptz)`;
  await sql`create table drizzle_lines(id serial primary key, order_id int references drizzle_orders, product text)`;
});

const order = {
  customer: 'Ada', total: '12.50', large: 9007199254740993n, tags: ['a', 'b "c"'], details: { gift: true, notes: [1, 'x'] },
  placed: new Date('2026-01-28T12:34:56.789Z'),
};

test('what is inserted is selected again', async () => {
  const [made] = await db.insert(orders).values(order).returning();
  assert.deepEqual(made, { id: made.id, paid: false, ...order });
  assert.deepEqual(await db.select().from(orders).where(eq(orders.id, made.id)), [made]);
  assert.deepEqual(await db.query.orders.findFirst({ where: eq(orders.id, made.id), columns: { customer: true, details: true } }),
    { customer: 'Ada', details: order.details });
});

test('updates, deletes, joins', async () => {
  const [{ id }] = await db.insert(orders).values({ ...order, customer: 'Grace' }).returning({ id: orders.id });
  await db.insert(lines).values([{ orderId: id, product: 'pen' }, { orderId: id, product: 'ink' }]);
  const joined = await db.select({ customer: orders.customer, product: lines.product }).from(orders)
    .innerJoin(lines, eq(lines.orderId, orders.id)).where(eq(orders.id, id)).orderBy(lines.id);
  assert.deepEqual(joined, [{ customer: 'Grace', product: 'pen' }, { customer: 'Grace', product: 'ink' }]);
  const changed = await db.update(orders).set({ paid: true }).where(eq(orders.id, id));
  assert.equal(changed.rowCount, 1);
  await db.delete(lines).where(eq(lines.orderId, id));
  assert.equal(await db.$count(lines, eq(lines.orderId, id)), 0);
  assert.deepEqual((await db.execute(raw`select ${id}::int as id`)).rows, [{ id }]);
});

test('a batch is a transaction', async () => {
  const [inserted, all] = await db.batch([
    db.insert(orders).values({ ...order, customer: 'Batch' }).returning({ customer: orders.customer }),
    db.select({ customer: orders.customer }).from(orders).where(eq(orders.customer, 'Batch')),
  ]);
  assert.deepEqual([inserted, all], [[{ customer: 'Batch' }], [{ customer: 'Batch' }]]);
  await rejection(db.batch([
    db.insert(orders).values({ ...order, customer: 'Never' }),
    db.insert(lines).values({ orderId: -1, product: 'nothing' }),
  ]));
  assert.deepEqual(await db.select().from(orders).where(eq(orders.customer, 'Never')), []);
});

test('mistakes keep their SQLSTATE', async () => {
  const error = await rejection(db.insert(lines).values({ orderId: -1, product: 'nothing' }));
  assert.deepEqual([error.cause.code, error.cause.constraint], ['23503', 'drizzle_lines_order_id_fkey']);
});
