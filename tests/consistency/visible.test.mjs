// The log of PostgreSQL says that a transaction is committed before other sessions can see it: for a moment, and with a standby that is waited for (synchronous_standby_names)
// for as long as that takes. Who hears of it from the log, and then reads what was before, must not keep it once the change can be seen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, until } from '../e2e/lib/run.mjs';
import { startServer } from '../e2e/lib/server.mjs';
import { startServices } from '../e2e/lib/services.mjs';
import { makeWorld, outsideMarks, outsideReferences, outsideSql, shapesOf, variablesOf } from './world.mjs';

const RECORDS = [...outsideMarks.slice(0, 3), ...outsideReferences.slice(0, 3)];
const AT_ONCE = 8; // requests over connections of their own: both workers answer
let services, world, server, superuser;

before(async () => {
  services = await startServices();
  world = await makeWorld(services);
  superuser = world.superuser;
  await world.empty();
  await world.database.execute(RECORDS.map((record) => outsideSql(record, `first-${record}`)).join('\n'));
  server = await startServer({ database: world.database, redis: services.redis, args: ['--schema', world.schema, '--workers', '2', '--shared-cache', '64', '--cache-ttl', '3600', '--follow', world.database.followConninfo] });
  await until(async () => await server.metric('tolqujat_cache_followed') === 2, 'both workers to be followed');
});
after(async () => {
  await server?.stop();
  await world?.remove();
  services?.stop();
});

/** The versions of all records that are read now, in each shape; 0: nothing. */
async function versions() {
  const seen = new Set();
  for (const record of RECORDS) {
    for (const shape of shapesOf(record)) {
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => server.data(shape.query, variablesOf(record))));
      for (const data of answers) for (const row of shape.read(data)) seen.add(row.version);
    }
  }
  return [...seen].sort();
}

const standby = (name) => superuser.execute(`ALTER SYSTEM SET synchronous_standby_names = '${name}'; SELECT pg_reload_conf();`);
const waiting = () => superuser.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");

test('what is committed for the log, but not for others yet: what they read meanwhile is not kept', async () => {
  for (let i = 0; i < 3; i++) assert.deepEqual(await versions(), [1]);
  const heard = await server.metric('tolqujat_changes_heard_total');
  await standby('nobody');
  const deleted = world.database.execute(`BEGIN; ${RECORDS.map((record) => outsideSql(record, `second-${record}`)).join('\n')} COMMIT;`);
  try {
    await until(waiting, 'the transaction to wait for its standby');
    await until(async () => await server.metric('tolqujat_changes_heard_total') > heard, 'the server to hear of it');
    for (let i = 0; i < 3; i++) assert.deepEqual(await versions(), [1], 'nobody sees it yet');
    await sleep(1500); // longer than anything that was heard of is doubted, unless it is looked at
    for (let i = 0; i < 3; i++) assert.deepEqual(await versions(), [1], 'nor now');
    await until(async () => await server.metric('tolqujat_cache_followed') === 2, 'the stream, which is not held up by it');
  } finally {
    await standby('');
    await deleted;
  }
  await sleep(1000); // the promise
  assert.deepEqual(await versions(), [0], 'what is gone is seen by nobody');
});
