// A Redis of 2 MB that evicts all the time, one that refuses to store, and one that is killed again and again.
import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { createDatabase, startServices } from '../lib/services.mjs';
import { startServer } from '../lib/server.mjs';
import { Load, readPeople } from '../lib/load.mjs';
import { sleep } from '../lib/run.mjs';

const FLAGS = ['--redis-maxmemory', '2mb'];
let services, database, people;

before(async () => {
  services = await startServices(...FLAGS);
  database = await createDatabase({ services });
  people = await readPeople(database, 1000);
});
beforeEach(() => services.start());
after(() => services?.stop());

/** Commands by hand: no client to trust. */
const say = (command) => new Promise((resolve, reject) => {
  const socket = createConnection(services.redis, () => socket.write(`${command}\r\n`));
  let text = '';
  socket.once('error', reject);
  socket.on('data', (data) => {
    text += data;
    const bulk = /^\$(\d+)\r\n/.exec(text);
    if (bulk && text.length < Number(bulk[1])) return;
    socket.destroy();
    resolve(text);
  });
});

async function withLoad(body) {
  const server = await startServer({ database, redis: services.redis, args: ['--cache-bytes', '0', '--workers', '2'] });
  try {
    const load = new Load(server, people);
    await load.more(2000, 60_000);
    await body(load, server);
    await load.stop();
    load.assertAllGood(4000);
  } finally {
    await server.stop();
  }
}

test('2 MB: what is cached goes again at once, and no request fails', async () => {
  await withLoad(async (load) => {
    await load.more(4000, 120_000);
    const evicted = Number(/evicted_keys:(\d+)/.exec(await say('INFO stats'))[1]);
    assert.ok(evicted > 0, `${evicted} keys evicted`);
  });
});

test('no eviction: every store is refused, and no request fails', async () => {
  assert.match(await say('CONFIG SET maxmemory-policy noeviction'), /^\+OK/);
  assert.match(await say('CONFIG SET maxmemory 1'), /^\+OK/);
  await withLoad(async (load) => {
    await load.more(3000, 120_000);
    assert.ok(Number(/errorstat_OOM:count=(\d+)/.exec(await say('INFO errorstats'))[1]) > 0);
  });
});

test('killed and started again, ten times', async () => {
  await withLoad(async (load) => {
    for (let i = 0; i < 10; i++) {
      process.kill((await services.pids()).redis, 'SIGKILL');
      await load.more(100);
      await sleep(100 * i);
      await services.start();
      await load.more(200);
    }
  });
});
