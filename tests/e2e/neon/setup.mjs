// What test_neon.py has started, and clients for it.
import { after } from 'node:test';
import { neon, neonConfig } from '@neondatabase/serverless';
import pg from 'pg';

/** Of the gateway, without a slash at the end. */
export const gateway = process.env.SLUICE_URL;
export const keys = { query: process.env.SLUICE_QUERY_KEY, operator: process.env.SLUICE_OPERATOR_KEY };

neonConfig.fetchEndpoint = `${gateway}/sql`;

/** No such user and no such host: nothing of it is looked at but the key and the db_id. */
export const connectionString = (key = keys.query, database = 'main') =>
  `postgresql://nobody:${encodeURIComponent(key)}@nowhere.invalid/${database}?sslmode=require&options=project%3Dx`;

export const sql = neon(connectionString());
export const full = neon(connectionString(), { fullResults: true });

/** The same PostgreSQL, without the gateway. */
export async function direct() {
  const client = new pg.Client({ connectionString: process.env.POSTGRES_URL });
  await client.connect();
  after(() => client.end());
  return client;
}

/** What an operator does to a database. */
export async function operate(verb, body = {}) {
  const answer = await fetch(`${gateway}/admin/databases/main/${verb}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${keys.operator}` },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** The error that a promise is rejected with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not rejected');
}
