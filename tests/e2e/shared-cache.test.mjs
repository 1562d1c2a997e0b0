// The cache that workers share: what one of two has read the other finds, until a change through either; a worker that is
// killed leaves it as it is. No Redis here, so what a worker finds and has not read itself came from there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect, post } from './lib/http.mjs';
import { Load, QUERY, judge, readPeople } from './lib/load.mjs';
import { sleep, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

let database, people;
before(async () => {
  database = await createDatabase();
  people = await readPeople(database);
});
after(() => database?.drop());

/** Of each worker, by its number: {hits, fills}. */
async function figures(server) {
  const { text } = await server.request('/metrics');
  const of = (name, worker) => Number(text.match(new RegExp(`^tolqujat_${name}\\{worker="${worker}"\\} (\\d+)$`, 'm'))?.[1]);
  return [0, 1].map((worker) => ({
    hits: of('cache_shared_hits_total', worker), fills: of('cache_shared_fills_total', worker)
  }));
}

/** The same when they have come to rest: each worker says its own once a second. */
async function settled(server) {
  for (let before = '', now; ; before = JSON.stringify(now)) {
    now = await figures(server);
    if (JSON.stringify(now) === before) return now;
    await sleep(2500);
  }
}

/** Asks over connections of their own until each worker has answered; the answers are right. */
async function askBoth(server, person) {
  const replies = async () => {
    const { text } = await server.request('/metrics');
    return [0, 1].map((worker) => Number(text.match(new RegExp(`^tolqujat_graphql_operations_total\\{worker="${worker}"\\} (\\d+)$`, 'm'))?.[1]));
  };
  const from = await replies();
  await until(async () => {
    const connection = await connect(server.port);
    try {
      await connection.send(post({ query: QUERY, variables: { iin: person.iin } }));
      const response = await connection.response();
      assert.deepEqual(judge({ ...response, text: response.body.toString(), json: () => JSON.parse(response.body) }, person), { kind: 'good' });
    } finally {
      connection.destroy();
    }
    return (await replies()).every((n, worker) => n > from[worker]);
  }, 'an answer of each worker');
}

async function withServer(args, body) {
  const server = await startServer({ database, args: ['--workers', '2', ...args] });
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}

describe('two workers', () => {
  test('what one read the other finds, also after the one that read it was killed', () => withServer(['--shared-cache', '16'], async (server) => {
    const [person, other] = people;
    await askBoth(server, person);
    const [a, b] = await settled(server);
    assert.ok(a.fills + b.fills > 0, 'what was missed once is kept');
    assert.ok(a.hits > 0 || b.hits > 0, JSON.stringify([a, b]));
    assert.ok(await server.metric('tolqujat_cache_shared_bytes') > 0);
    const load = new Load(server, people.slice(0, 100));
    await load.more(300);
    const [dead] = server.workers();
    process.kill(dead, 'SIGKILL');
    await until(() => server.workers().length === 2 && !server.workers().includes(dead), 'a new worker');
    await server.ready();
    await load.stop();
    const before = await settled(server);
    await askBoth(server, person);
    await askBoth(server, other);
    const after = await settled(server);
    assert.ok(after.some(({ hits }, worker) => hits > before[worker].hits), `the new worker finds what was there: ${JSON.stringify([before, after])}`);
    assert.deepEqual(after.map(({ fills }) => fills), before.map(({ fills }) => fills), 'and need not read it again');
  }));

  test('a ring much smaller than what is asked for: right answers all the same', () => withServer(['--shared-cache', '1', '--cache-bytes', '20000'], async (server) => {
    const load = new Load(server, people);
    await load.more(1500);
    await load.stop();
    assert.deepEqual(load.of('error'), []);
    assert.deepEqual(load.of('wrong'), []);
    await until(async () => await server.metric('tolqujat_cache_shared_hits_total') > 100, 'hits in it');
  }));

  test('--shared-cache 0: there is none', () => withServer(['--shared-cache', '0'], async (server) => {
    await askBoth(server, people[0]);
    await askBoth(server, people[0]);
    assert.equal(await server.metric('tolqujat_cache_shared_fills_total'), 0);
    assert.equal(await server.metric('tolqujat_cache_shared_bytes'), 0);
  }));
});
