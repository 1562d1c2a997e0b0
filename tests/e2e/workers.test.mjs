// Several workers on one port, under load whose every answer is looked at: one is killed, all are told to end.
// (What signals do to HTTP alone is in http-server.test.mjs.)
import assert from 'node:assert/strict';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { after, before, describe, test } from 'node:test';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { Database } from './lib/psql.mjs';
import { Load, QUERY, Session, activeSessions, askOnce, judge, readPeople } from './lib/load.mjs';
import { connect, post } from './lib/http.mjs';
import { sleep, until } from './lib/run.mjs';

let services, admin, database, people;

before(async () => {
  services = await sharedServices();
  admin = new Database(services, 'postgres', 'postgres');
  database = await createDatabase();
  people = await readPeople(database);
});
after(() => database?.drop());

/** Replies by worker, from any worker's /metrics. */
async function replies(server) {
  const { text } = await server.request('/metrics');
  return [0, 1].map((worker) => [...text.matchAll(new RegExp(`^tolqujat_http_replies_total\\{worker="${worker}",class="2xx"\\} (\\d+)$`, 'gm'))]
    .reduce((sum, [, n]) => sum + Number(n), 0));
}

/** One request over a connection of its own. */
async function askFresh(server, person) {
  const connection = await connect(server.port);
  try {
    await connection.send(post({ query: QUERY, variables: { iin: person.iin } }));
    const response = await connection.response();
    return judge({ ...response, text: response.body.toString(), json: () => JSON.parse(response.body) }, person);
  } finally {
    connection.destroy();
  }
}

/** Both workers answer, each from connections of its own to PostgreSQL. */
async function assertBothAnswer(server) {
  const [a, b] = await replies(server);
  await until(async () => {
    for (const person of people.slice(0, 20)) assert.deepEqual(await askFresh(server, person), { kind: 'good' });
    const [c, d] = await replies(server);
    return c > a && d > b;
  }, 'answers of both workers');
}

describe('two workers', () => {
  test('one killed under load: the other goes on, a new one joins, and what was cached is right', async () => {
    const server = await startServer({ database, redis: services.redis, args: ['--workers', '2'] });
    try {
      await assertBothAnswer(server);
      const load = new Load(server, people.slice(0, 100));
      await load.more(200);
      const kills = []; // { from: when one was killed, to: when another had joined }
      for (let i = 0; i < 4; i++) {
        const pids = server.workers();
        assert.equal(pids.length, 2);
        kills.push({ from: performance.now(), to: Infinity });
        process.kill(pids[i % 2], 'SIGKILL');
        await load.more(100);
        await until(() => server.workers().length === 2 && !server.workers().includes(pids[i % 2]), 'a new worker');
        await server.ready();
        kills.at(-1).to = performance.now();
        await load.more(100);
      }
      await load.stop();
      // Only what stood on a connection of the dead one, 16 at most; who comes back at once may be given to it again, as it is not quite gone.
      const lost = load.of('lost');
      assert.deepEqual(lost.filter(({ from, to }) => !kills.some((kill) => to >= kill.from && from <= kill.to)), []);
      assert.ok(lost.length <= 2 * kills.length * 16, `${lost.length} lost of ${load.n}`);
      assert.deepEqual(load.of('error').filter(({ code }) => code !== 'DATABASE_UNAVAILABLE'), []); // a new one that is not ready
      await assertBothAnswer(server);
      await until(async () => await server.metric('tolqujat_worker_restarts_total') === kills.length, 'the restarts in /metrics');
    } finally {
      await server.stop();
    }
  });
});

for (const workers of ['1', '2']) {
  describe(`told to end, ${workers} worker(s)`, () => {
    /** A server with 20 requests that wait for a lock: body(server, answers, unlock). */
    async function withWaiting(args, body) {
      const server = await startServer({ database, args: ['--workers', workers, '--cache-bytes', '0', ...args] });
      const session = new Session(new Database(services, database.name));
      try {
        await session.say('BEGIN; LOCK TABLE condition IN ACCESS EXCLUSIVE MODE;');
        const connections = await Promise.all(people.slice(0, 20).map(() => connect(server.port)));
        await Promise.all(connections.map((connection, i) => connection.send(post({ query: QUERY, variables: { iin: people[i].iin } }))));
        await until(async () => await activeSessions(admin, database) > 0, 'statements that wait');
        await until(async () => await server.metric('tolqujat_graphql_in_flight') === connections.length, 'all to wait');
        await sleep(200); // what came meanwhile stands no longer behind them
        await body(server, connections, () => session.end());
        connections.forEach((connection) => connection.destroy());
      } finally {
        await session.end();
        if (!server.exit) await server.stop();
      }
    }

    test('SIGTERM under load: what is in flight is answered, then status 0 and a free port', () => withWaiting(['--request-seconds', '20', '--drain-seconds', '20'], async (server, connections, unlock) => {
      const simple = { iin: 'x', patient: null };
      let running = true;
      const results = [];
      const askers = Promise.all(Array.from({ length: 8 }, async () => { // no row of the locked table
        while (running) results.push(await askOnce(server, simple, { query: 'query($iin: ID!) { patient(iin: $iin) { iin } }' }));
      }));
      await until(() => results.length > 100, 'load');
      const told = performance.now();
      server.child.kill('SIGTERM');
      await until(() => connect(server.port).then((one) => { one.destroy(); return false; }, () => true), 'the port to be closed');
      running = false;
      await askers;
      assert.deepEqual(results.filter(({ kind, from }) => kind !== 'good' && (kind !== 'lost' || from < told)).slice(0, 3), []);
      assert.equal(server.exit, null, 'it waits for what is in flight');
      await unlock();
      for (const [i, connection] of connections.entries()) {
        const response = await connection.response();
        assert.deepEqual(judge({ ...response, text: response.body.toString(), json: () => JSON.parse(response.body) }, people[i]), { kind: 'good' });
        assert.equal(response.headers.connection, 'close');
        await connection.close();
      }
      assert.deepEqual(await server.exited, { code: 0, signal: null });
      server.assertSane();
      await new Promise((resolve, reject) => {
        const next = net.createServer().once('error', reject).listen(server.port, '127.0.0.1', () => next.close(resolve));
      });
    }));

    test('a second SIGTERM ends it while it waits', () => withWaiting(['--request-seconds', '60', '--drain-seconds', '60'], async (server) => {
      server.child.kill('SIGTERM');
      await until(() => connect(server.port).then((one) => { one.destroy(); return false; }, () => true), 'the port to be closed');
      assert.equal(server.exit, null);
      server.child.kill('SIGTERM');
      await until(() => server.exit, 'the end');
      assert.deepEqual(server.exit, { code: 1, signal: null });
      server.assertSane();
    }));
  });
}
