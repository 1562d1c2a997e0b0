// PostgreSQL and Redis killed, stopped, absent, hung and slow under load, with the real servers: what clients see is the
// right answer or a clear error, and it ends by itself. Minutes of the same are in faults/.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createDatabase, startServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { Database } from './lib/psql.mjs';
import { Load, QUERY, Session, activeSessions, askOnce, readPeople } from './lib/load.mjs';
import { connect, post } from './lib/http.mjs';
import { performance } from 'node:perf_hooks';
import { sleep, until } from './lib/run.mjs';

let services, admin, database, people;

before(async () => {
  services = await startServices();
  admin = new Database(services, 'postgres', 'postgres');
  database = await createDatabase({ services });
  people = await readPeople(database);
});
beforeEach(() => services.start()); // whatever the test before left
after(() => services?.stop());

// No row of a patient is kept, so that every request asks PostgreSQL.
const UNCACHED = ['--cache-bytes', '0'];

// Needs no row of a table that the tests lock.
const OTHER = 'query($iin: ID!) { patient(iin: $iin) { iin } }';

/** Runs `body` with a server, which is stopped whatever happens. */
async function withServer(options, body) {
  const server = await startServer({ database, ...options });
  let failed = true;
  try {
    await body(server);
    failed = false;
  } finally {
    if (failed) console.error(server.stderr.slice(-4000));
    await server.stop();
  }
}

/** Runs `body` while a table is locked, as by ALTER TABLE; body may unlock it before its end. */
async function withLock(table, body) {
  const session = new Session(new Database(services, database.name));
  const unlock = () => session.end(); // what it did is rolled back
  try {
    await session.say(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE;`);
    await body(unlock);
  } finally {
    await unlock();
  }
}

async function stopPostgres() {
  const { postgres } = await services.pids();
  assert.ok(postgres > 0);
  process.kill(postgres, 'SIGINT'); // "fast": sessions are ended, what they did is rolled back
  await until(async () => !(await services.pids()).postgres, 'the end of PostgreSQL');
}

const readiness = async (server) => {
  const response = await server.request('/readyz');
  return { status: response.status, waitsFor: response.json().waitsFor };
};

describe('PostgreSQL', () => {
  test('sessions that are terminated cost no request', () => withServer({ args: UNCACHED }, async (server) => {
    const load = new Load(server, people);
    await load.more(100);
    let terminated = 0;
    for (let i = 0; i < 8; i++) {
      await until(async () => await admin.value(`SELECT count(*) FROM pg_stat_activity WHERE datname = '${database.name}' AND application_name LIKE 'tolqujat%'`) >= 2, 'sessions');
      terminated += await admin.value(`SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '${database.name}' AND application_name LIKE 'tolqujat%') t`);
      await load.more(50);
      await load.answered(); // a read is asked again once
      await sleep(300);
    }
    await load.stop();
    assert.ok(terminated >= 16, `${terminated} sessions terminated`);
    load.assertAllGood(500);
    assert.ok(await server.metric('tolqujat_db_retries_total') > 0, 'some were asked again');
  }));

  test('stopped and started again: clear errors while it is away, and no longer', () => withServer({ args: UNCACHED }, async (server) => {
    const load = new Load(server, people, { headers: { Accept: 'application/graphql-response+json' } });
    const older = new Load(server, people, { connections: 4 });
    await load.more(100);
    const stopping = performance.now();
    await stopPostgres();
    await until(async () => (await readiness(server)).status === 503, '/readyz to say 503');
    assert.equal((await readiness(server)).waitsFor, 'database');
    assert.equal((await server.request('/healthz')).status, 200);
    assert.deepEqual(await server.graphql('{ __typename }'), { data: { __typename: 'Query' } });
    const executed = () => load.of('error').filter(({ status }) => status === 294).length;
    await until(() => executed() > 200 && older.of('error').length > 50 && older.of('error').some(({ status }) => status === 200), 'errors, quickly given');
    await services.start();
    await server.ready();
    const ready = performance.now();
    await load.more(200);
    await older.more(20);
    await load.stop();
    await older.stop();
    for (const one of [load, older]) {
      assert.deepEqual(one.of('lost'), []);
      const outside = one.of('error').filter(({ from, to }) => to < stopping || from > ready);
      assert.deepEqual(outside.slice(0, 3), [], `${outside.length} errors outside of the outage`);
      assert.ok(one.of('error').every(({ code }) => code === 'DATABASE_UNAVAILABLE'));
    }
    // 294, or 200: executed, but not well; what was refused before it began is 503.
    for (const [one, good] of [[load, 294], [older, 200]]) assert.ok(one.of('error').every(({ status }) => status === good || status === 503));
  }));

  test('absent when the server starts: it listens, waits and goes to work by itself', async () => {
    await stopPostgres();
    await withServer({ wait: false, redis: services.redis }, async (server) => {
      await until(() => server.request('/healthz').then(({ status }) => status === 200, () => false), '/healthz');
      assert.deepEqual(await readiness(server), { status: 503, waitsFor: 'database' });
      const answer = await askOnce(server, people[0]);
      assert.equal(answer.kind, 'error', JSON.stringify(answer));
      assert.equal(answer.status, 503);
      await services.start();
      await server.ready();
      const load = new Load(server, people);
      await load.more(100);
      (await load.stop()).assertAllGood(100);
    });
  });

  test('a table is locked when the server starts: it listens, waits and goes to work by itself', () => withLock('prescription', (unlock) => withServer({ wait: false }, async (server) => {
    await until(() => server.request('/healthz').then(({ status }) => status === 200, () => false), '/healthz');
    assert.deepEqual(await readiness(server), { status: 503, waitsFor: 'database' });
    await unlock();
    await server.ready();
    assert.equal((await askOnce(server, people[0])).kind, 'good');
  })));

  test('a slow statement: its askers are told at the deadline, others go on', () => withServer({ args: ['--request-seconds', '5'] }, async (server) => {
    for (let i = 0; i < 3; i++) assert.equal((await askOnce(server, people[0])).kind, 'good'); // asked for twice it is cached
    await withLock('prescription', async () => {
      const slow = people.slice(100, 120).map((person) => askOnce(server, person));
      const began = performance.now();
      await until(async () => await server.metric('tolqujat_graphql_in_flight') === slow.length, 'all to wait');
      await sleep(300); // nothing stands behind them on a connection any more
      for (let i = 0; performance.now() - began < 3500; i++) {
        assert.equal((await askOnce(server, people[0])).kind, 'good');
        assert.deepEqual(await server.graphql(OTHER, { iin: people[130 + i % 100].iin }), { data: { patient: { iin: people[130 + i % 100].iin } } });
        assert.deepEqual(await server.graphql('{ __typename }'), { data: { __typename: 'Query' } });
      }
      for (const { kind, code, from, to } of await Promise.all(slow)) {
        assert.equal(kind, 'error');
        assert.equal(code, 'DEADLINE_EXCEEDED');
        assert.ok(to - from >= 4900, `told after ${to - from} ms`);
        assert.ok(to - from < 12_000, `told after ${to - from} ms`);
      }
      await until(async () => await activeSessions(admin, database) === 0, 'the statements to be cancelled');
      // The lock is still there, and what needs no row of that table is answered.
      const { patient } = await server.data(OTHER, { iin: people[250].iin });
      assert.equal(patient.iin, people[250].iin);
    });
    const load = new Load(server, people);
    await load.more(300);
    (await load.stop()).assertAllGood(300);
  }));

  test('connections that are lost while a table is locked are made again, for the other tables', () => withServer({ args: UNCACHED }, async (server) => {
    await withLock('prescription', async () => {
      await admin.execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '${database.name}' AND application_name = 'tolqujat'`);
      await until(async () => (await server.graphql(OTHER, { iin: people[0].iin })).data?.patient?.iin === people[0].iin, 'an answer without the locked table');
      await server.ready();
    });
    const load = new Load(server, people);
    await load.more(100);
    (await load.stop()).assertAllGood(100);
  }));

  // A client that only closes its half may still read, so that one is answered; this one is gone.
  test('a client that is gone takes its statement along, unless somebody else waits for it', () => withServer({ args: [...UNCACHED, '--request-seconds', '60'] }, async (server) => {
    const ask = async (person) => {
      const connection = await connect(server.port);
      await connection.send(post({ query: QUERY, variables: { iin: person.iin } }));
      return connection;
    };
    await withLock('prescription', async (unlock) => {
      const alone = await Promise.all(people.slice(0, 10).map(ask));
      await until(async () => await activeSessions(admin, database) > 0, 'statements that wait');
      for (const connection of alone) connection.socket.resetAndDestroy();
      await until(async () => await activeSessions(admin, database) === 0, 'the statements to be cancelled');

      const leaves = await ask(people[20]);
      await until(async () => await activeSessions(admin, database) > 0, 'a statement that waits');
      const stays = askOnce(server, people[20]);
      await sleep(200); // both are in
      leaves.socket.resetAndDestroy();
      await sleep(500);
      assert.ok(await activeSessions(admin, database) > 0, 'somebody still waits');
      await unlock();
      assert.equal((await stays).kind, 'good');
    });
    const load = new Load(server, people);
    await load.more(100);
    (await load.stop()).assertAllGood(100);
  }));
});

describe('Redis', () => {
  const hits = (server) => server.metric('tolqujat_cache_remote_hits_total');

  /** Waits until Redis gives rows (again). */
  const untilHits = async (server, what) => {
    const before = await hits(server);
    await until(async () => await hits(server) > before, `hits in Redis ${what}`, 20_000);
  };

  test('killed, absent, hung, emptied: no request fails', () => withServer({ redis: services.redis, args: UNCACHED }, async (server) => {
    const load = new Load(server, people.slice(0, 100));
    await untilHits(server, 'at first');

    let { redis } = await services.pids();
    process.kill(redis, 'SIGKILL');
    await load.more(300);
    await sleep(1500);
    const away = await hits(server);
    await load.more(100);
    assert.equal(await hits(server), away, 'it is really away');
    assert.match(server.stderr, /warn redis: it can't be reached/);
    await services.start();
    await untilHits(server, 'after it was killed');
    assert.match(server.stderr, /info redis: it answers/);

    ({ redis } = await services.pids());
    process.kill(redis, 'SIGSTOP');
    try {
      await load.more(300);
    } finally {
      process.kill(redis, 'SIGCONT');
    }
    await untilHits(server, 'after it hung');

    for (let i = 0; i < 5; i++) {
      await redisSay('FLUSHALL');
      await load.more(100);
    }
    await untilHits(server, 'after it was emptied');
    await load.stop();
    load.assertAllGood(1500);
  }));

  test('absent from the start to the end', () => withServer({ redis: `${services.redis}.none`, args: UNCACHED }, async (server) => {
    const load = new Load(server, people);
    await load.more(300);
    (await load.stop()).assertAllGood(300);
  }));

  /** One command by hand: no client to trust. */
  async function redisSay(command) {
    const { createConnection } = await import('node:net');
    await new Promise((resolve, reject) => {
      const socket = createConnection(services.redis, () => socket.write(`${command}\r\n`));
      socket.once('error', reject);
      socket.once('data', (data) => {
        socket.destroy();
        if (data.toString().startsWith('+OK')) resolve();
        else reject(new Error(data.toString()));
      });
    });
  }
});
