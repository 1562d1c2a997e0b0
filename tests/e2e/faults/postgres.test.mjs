// PostgreSQL hung for long, and killed with SIGKILL, under load. Behind scripts/test --faults.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { after, before, beforeEach, test } from 'node:test';
import { createDatabase, startServices } from '../lib/services.mjs';
import { startServer } from '../lib/server.mjs';
import { Load, readPeople } from '../lib/load.mjs';
import { readFileSync } from 'node:fs';
import { sleep, until } from '../lib/run.mjs';

let services, database, people, server;

before(async () => {
  services = await startServices();
  database = await createDatabase({ services });
  people = await readPeople(database);
});
beforeEach(() => services.start());
after(() => services?.stop());

const children = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

async function withServer(args, body) {
  server = await startServer({ database, args });
  let done = false;
  try {
    await body();
    done = true;
  } finally {
    if (!done) console.error(server.stderr.slice(-4000));
    await server.stop();
  }
}

test('hung for 10 s: every request ends at its deadline, nothing that needs no SQL waits, and it goes on', () => withServer(['--cache-bytes', '0', '--request-seconds', '2'], async () => {
  const load = new Load(server, people);
  await load.more(300);
  const { postgres } = await services.pids();
  const all = [postgres, ...children(postgres)];
  all.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  const hung = performance.now();
  let asked = 0, slowest = 0;
  try {
    while (performance.now() - hung < 10_000) {
      const began = performance.now();
      assert.deepEqual(await server.graphql('{ __typename }'), { data: { __typename: 'Query' } });
      assert.equal((await server.request('/healthz')).status, 200);
      slowest = Math.max(slowest, performance.now() - began);
      asked++;
      await sleep(20);
    }
  } finally {
    all.forEach((pid) => { try { process.kill(pid, 'SIGCONT'); } catch { /* ended meanwhile */ } });
  }
  const back = performance.now();
  await server.ready();
  await load.more(300);
  const good = performance.now();
  await load.more(300);
  await load.stop();
  assert.ok(asked > 100, `${asked} requests without SQL`);
  assert.ok(slowest < 1500, `one of them took ${slowest} ms`);
  assert.deepEqual(load.of('lost'), []);
  const errors = load.of('error');
  assert.ok(errors.length > 16, `${errors.length} errors`);
  for (const { code, from, to } of errors) {
    assert.match(code, /^(DEADLINE_EXCEEDED|DATABASE_UNAVAILABLE)$/);
    assert.ok(to - from < 4000, `an answer after ${to - from} ms`);
  }
  const outside = errors.filter(({ from, to }) => to < hung || from > good);
  assert.deepEqual(outside.slice(0, 3), [], `errors outside; hung ${hung}, back ${back}, good ${good}`);
}));

test('killed with SIGKILL and started again, five times', () => withServer(['--cache-bytes', '0'], async () => {
  const load = new Load(server, people, { headers: { Accept: 'application/graphql-response+json' } });
  const outages = [];
  for (let i = 0; i < 5; i++) {
    await load.more(300);
    const { postgres } = await services.pids();
    const from = performance.now();
    process.kill(postgres, 'SIGKILL');
    if (i % 2) await sleep(2000); // 1 and 3: for longer than questions wait
    // The new one starts when the sessions of the old one have seen that it is gone.
    await until(() => services.start().then(() => true, () => false), 'PostgreSQL to start again', 30_000);
    await server.ready();
    await load.more(1);
    outages.push({ from, to: performance.now() });
  }
  await load.more(300);
  await load.stop();
  assert.deepEqual(load.of('lost'), []);
  const outside = load.of('error').filter(({ from, to }) => !outages.some((outage) => to >= outage.from && from <= outage.to));
  assert.deepEqual(outside.slice(0, 3), [], `${outside.length} errors outside of the outages`);
  assert.ok(load.of('error').length > 0, 'the long ones were noticed');
  assert.ok(load.of('error').every(({ code }) => code === 'DATABASE_UNAVAILABLE'));
}));

test('killed while the process has what is asked for: no request fails', () => withServer(['--cache-ttl', '600'], async () => {
  const load = new Load(server, people.slice(0, 50));
  await load.more(1000);
  process.kill((await services.pids()).postgres, 'SIGKILL');
  await until(async () => (await server.request('/readyz')).status === 503, '/readyz to say 503');
  await load.more(1000);
  await until(() => services.start().then(() => true, () => false), 'PostgreSQL to start again', 30_000);
  await server.ready();
  await load.more(300);
  await load.stop();
  load.assertAllGood(2300);
}));
