// More than the server can take: connections beyond the descriptors, requests beyond the capacity.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { createDatabase, sharedServices } from '../lib/services.mjs';
import { startServer } from '../lib/server.mjs';
import { askOnce, readPeople } from '../lib/load.mjs';
import { connect, post } from '../lib/http.mjs';
import { sleep, until } from '../lib/run.mjs';

let database, people;

before(async () => {
  await sharedServices();
  database = await createDatabase();
  people = await readPeople(database);
});
after(() => database?.drop());

/** Seconds of CPU that a process has used. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test('64 descriptors, 200 connections: no spin, those that are in go on, and it recovers', async () => {
  const server = await startServer({ database, wrap: ['prlimit', '--nofile=64:64'] });
  const many = [];
  try {
    const inside = await connect(server.port);
    await inside.send(post({ query: '{ __typename }' }));
    assert.equal((await inside.response()).status, 200);
    for (let i = 0; i < 200; i++) many.push(await connect(server.port).catch(() => null));
    await sleep(500);
    const [cpu, began] = [cpuSeconds(server.pid), performance.now()];
    let asked = 0;
    while (performance.now() - began < 3000) {
      await inside.send(post({ query: '{ __typename }' }));
      assert.equal((await inside.response()).body.toString(), '{"data":{"__typename":"Query"}}');
      asked++;
      await sleep(50);
    }
    const share = (cpuSeconds(server.pid) - cpu) / ((performance.now() - began) / 1000);
    assert.ok(asked > 10, `${asked} answers for those that are in`);
    assert.ok(share < 0.3, `${share} of a core meanwhile`);
    // Not one of those that stay outside hangs: it was closed, or it is among the few that are in.
    const open = many.filter((one) => one && !one.closed).length;
    assert.ok(open < 64, `${open} are in`);
    many.forEach((one) => one?.destroy());
    await until(() => askOnce(server, people[0]).then(({ kind }) => kind === 'good'), 'the next to be answered');
    for (const person of people.slice(0, 50)) assert.equal((await askOnce(server, person)).kind, 'good');
    inside.destroy();
  } finally {
    many.forEach((one) => one?.destroy());
    await server.stop();
  }
});

test('three times the capacity: what is too much is refused early, the rest is right, and it recovers', async () => {
  const server = await startServer({ database, args: ['--cache-bytes', '0', '--max-in-flight', '32'] });
  server.agent.maxSockets = Infinity;
  try {
    // The capacity, closed loop; then three times that at a fixed pace.
    const until_ = performance.now() + 3000;
    let n = 0;
    await Promise.all(Array.from({ length: 16 }, async () => {
      while (performance.now() < until_) assert.equal((await askOnce(server, people[n++ % people.length])).kind, 'good');
    }));
    const capacity = n / 3;
    const results = [];
    const pending = new Set();
    const began = performance.now();
    const seconds = 10;
    for (let sent = 0; performance.now() - began < seconds * 1000;) {
      const due = Math.floor((performance.now() - began) / 1000 * capacity * 3);
      for (; sent < due; sent++) {
        if (pending.size > 400) continue; // as many clients as there are
        const one = askOnce(server, people[sent % people.length]).then((result) => { pending.delete(one); results.push(result); });
        pending.add(one);
      }
      await sleep(2);
    }
    await Promise.all(pending);
    const of = (kind) => results.filter((result) => result.kind === kind);
    assert.deepEqual(of('wrong').slice(0, 3), []);
    assert.deepEqual(of('lost').slice(0, 3), []);
    assert.ok(of('error').length > 100, `${of('error').length} refused`);
    assert.ok(of('error').every(({ code, status }) => code === 'OVERLOADED' && status === 503), JSON.stringify(of('error').find(({ code }) => code !== 'OVERLOADED')));
    // This process makes the load on the same cores, so less than half of the capacity would say more about it.
    assert.ok(of('good').length / seconds > capacity / 4, `${of('good').length / seconds} of ${capacity} a second`);
    for (const person of people) assert.equal((await askOnce(server, person)).kind, 'good');
  } finally {
    await server.stop();
  }
});
