// README's query gives README's answer: the first thing that a newcomer tries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TOP } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';

const readme = readFileSync(path.join(TOP, 'README.md'), 'utf8');
const block = (language) => readme.match(new RegExp('^```' + language + '\\n([^]*?)^```$', 'm'))[1];
const variables = JSON.parse(readme.match(/^with `(\{.*\})` gives$/m)[1]);

let server;
let database;
before(async () => {
  database = await createDatabase();
  server = await startServer({ database, redis: (await sharedServices()).redis });
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

// The second time from what the first has cached.
for (const time of ['first', 'second', 'third']) {
  test(`the answer, asked for the ${time} time`, async () => {
    assert.deepEqual(await server.graphql(block('graphql'), variables), JSON.parse(block('json')));
  });
}

const sql = (file) => database.execute(readFileSync(path.join(TOP, 'db/population', file), 'utf8'));
const named = async (who) => (await sql('tokens.sql')).split('\n').find((line) => line.startsWith(`${who}|`)).split('|');
test('of the citizen whose token the demo prints', async () => {
  const [, , iin] = await named('citizen');
  assert.equal(iin, variables.iin);
});
test('whom the ambulance doctor may see whose token the demo prints, however old the population is: at each start they call anew', async () => {
  const calls = () => database.query('SELECT patient_id, id, received_at FROM ambulance_call ORDER BY 1, 2');
  const ended = await database.value('SELECT count(*) FROM ambulance_call WHERE closed_at > received_at');
  await database.execute(`UPDATE ambulance_call SET received_at = now() - INTERVAL '40 days', recorded_at = now() - INTERVAL '40 days' WHERE closed_at IS NULL`);
  const first = await named('ambulance'), before = await calls();
  assert.equal(first.at(-1), '');
  await sql('renew.sql');
  const again = await named('ambulance');
  assert.deepEqual(again.slice(0, -1), first.slice(0, -1));
  const seen = again.at(-1).split(',').filter(Boolean).length;
  assert.ok(seen > 10, `${seen} people`);
  assert.deepEqual((await calls()).map(({ received_at: _, ...call }) => call), before.map(({ received_at: _, ...call }) => call), 'no call more or less');
  assert.equal(await database.value(`SELECT count(*) FROM ambulance_call a JOIN patient p ON p.id = a.patient_id WHERE closed_at IS NULL AND deceased_on IS NULL AND received_at NOT BETWEEN now() - INTERVAL '1 hour' AND now()`), 0);
  assert.equal(await database.value('SELECT count(*) FROM ambulance_call WHERE closed_at > received_at'), ended);
});
