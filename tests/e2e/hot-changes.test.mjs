// Reference records that change, in a schema made for it: what mutations say they changed, strictly, while both workers answer from what they hold;
// tables that cannot be told apart; and a PostgreSQL that is restarted under it. (What others change in the passport: outside.)
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { MAPPING } from './lib/mapping.mjs';
import { BINARY, run, until } from './lib/run.mjs';
import { Database } from './lib/psql.mjs';
import { createDatabase, startServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';

const READERS = Array.from({ length: 9 }, (_, i) => `reader${i}`); // of one table, `many`
const SCHEMA = `${MAPPING}
type Query { shelf(id: ID!): Shelf @lookup(column: "id", argument: "id") ${READERS.map((name) => `${name}(id: ID!): R${name} @lookup(column: "id", argument: "id")`).join(' ')} }
${READERS.map((name) => `type R${name} @table(name: "${name}") @hot(reads: ["many"]) { id: ID!  word: String @computed(function: "${name}_word") }`).join('\n')}
type Mutation {
  raise(id: ID!): Place @procedure(name: "raise")
  raiseAll: Int @procedure(name: "raise_all") @changes(types: ["Place"])
  raiseNone: Int @procedure(name: "raise_none") @changes(types: ["Place"])
}
type Place @table(name: "place") @hot(reads: ["word"]) { id: ID!  version: Int!  word: String @computed(function: "place_word") }
type Shelf @table(name: "shelf") @aggregate { id: ID!  place: Place! @reference(columns: ["place_id"])  books: [Book!]! @list(column: "shelf_id", order: "id") }
type Book @table(name: "book") { title: String! }
`;
const FOLLOWED = ['shelf', 'book', 'place', 'word', 'many', ...READERS];
const PLACES = 20;
let services, database, server, folder, schema;

const start = () => startServer({ database, redis: services.redis,
  args: ['--workers', '2', '--schema', schema, '--follow', database.followConninfo, '--cache-ttl', '3600', '--idle-seconds', '600'] });
const followed = () => until(async () => await server.metric('tolqujat_cache_followed') === 2, 'followed', 20_000);

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tolqujat-hot-'));
  schema = path.join(folder, 'schema.graphql');
  writeFileSync(schema, SCHEMA);
  services = await startServices();
  database = await createDatabase({ empty: true, services });
  await database.execute(`
    CREATE TABLE place (id bigint PRIMARY KEY, version integer NOT NULL);
    CREATE TABLE word (code text PRIMARY KEY, text text NOT NULL);
    CREATE TABLE shelf (id bigint PRIMARY KEY, place_id bigint NOT NULL);
    CREATE TABLE book (shelf_id bigint, id bigint, title text NOT NULL, PRIMARY KEY (shelf_id, id));
    CREATE TABLE other (id bigint PRIMARY KEY);
    INSERT INTO word VALUES ('w', 'first');
    INSERT INTO place SELECT n, 1 FROM generate_series(1, ${PLACES}) n;
    INSERT INTO shelf SELECT n, n FROM generate_series(1, ${PLACES}) n;
    CREATE TABLE many (text text PRIMARY KEY);
    INSERT INTO many VALUES ('first');
    ${READERS.map((name) => `CREATE TABLE ${name} (id bigint PRIMARY KEY); INSERT INTO ${name} VALUES (1);
      CREATE FUNCTION ${name}_word(r ${name}) RETURNS text LANGUAGE sql STABLE AS $$ SELECT text FROM many $$;`).join('\n')}
    CREATE FUNCTION place_word(p place) RETURNS text LANGUAGE sql STABLE AS $$ SELECT text FROM word WHERE code = 'w' $$;
    CREATE FUNCTION raise(viewer text, id bigint) RETURNS place LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$ UPDATE place SET version = version + 1 WHERE place.id = $2 RETURNING * $$;
    CREATE FUNCTION raise_all(viewer text) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$ UPDATE place SET version = version + 1; SELECT max(version) FROM place $$;
    CREATE FUNCTION raise_none(viewer text) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Not now.'; END $$;
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO tolqujat_server;
    CREATE PUBLICATION tolqujat_changes FOR TABLE ${FOLLOWED.join(', ')};`);
  server = await start();
  await followed();
});
after(async () => {
  await server?.stop();
  await services?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

const READ = 'query ($id: ID!) { shelf(id: $id) { place { version } } }';
const version = async (id) => (await server.data(READ, { id: String(id) })).shelf.place.version;

/** Readers over many connections for as long as `write` runs: what they saw of the places `ids` may not be older than what was acknowledged before they asked, nor go back. */
async function read(ids, write) {
  const floor = Object.fromEntries(await Promise.all(ids.map(async (id) => [id, await version(id)])));
  let running = true;
  const found = { reads: 0, stale: 0 };
  const readers = Array.from({ length: 12 }, async (_, i) => {
    while (running) {
      const id = ids[i % ids.length], least = floor[id];
      const got = await version(id);
      found.reads++;
      found.stale += got < least;
      floor[id] = Math.max(floor[id], got);
    }
  });
  try {
    await write((id, acknowledged) => { floor[id] = Math.max(floor[id], acknowledged); }, found);
  } finally {
    running = false;
    await Promise.all(readers);
  }
  return found;
}

test('a row that a mutation returns: no read through any worker is older than what was acknowledged', async (t) => {
  const found = await read([1, 2, 3], async (acknowledged, soFar) => {
    for (let i = 0; i < 300 || soFar.reads <= 1000; i++) {
      const id = 1 + i % 3;
      const { raise } = await server.data('mutation ($id: ID!) { raise(id: $id) { version } }', { id: String(id) });
      acknowledged(id, raise.version);
    }
  });
  t.diagnostic(`stale ${found.stale} of ${found.reads} reads, 300 writes at least`);
  assert.equal(found.stale, 0);
  assert.ok(await server.metric('tolqujat_cache_hot_hits_total') > 0);
});

test('rows that a mutation changes without returning them, as @changes says; one that fails changes nothing', async () => {
  const found = await read([4, 5], async (acknowledged) => {
    for (let i = 0; i < 60; i++) {
      await server.data('mutation { raiseAll }');
      acknowledged(4, 2 + i);
      acknowledged(5, 2 + i);
      if (i % 10 === 0) assert.equal((await server.graphql('mutation { raiseNone }')).errors[0].extensions.code, 'CONFLICT');
    }
  });
  assert.equal(found.stale, 0);
});

test('what a computed field reads, a table that leads nowhere, and a truncation', async () => {
  const WORD = '{ shelf(id: "6") { place { word } books { title } } }';
  const all = async () => Promise.all(Array.from({ length: 8 }, () => server.data(WORD)));
  for (let i = 0; i < 3; i++) await all();
  await database.execute("UPDATE word SET text = 'second'");
  await until(async () => (await all()).every(({ shelf }) => shelf.place.word === 'second'), 'the word to be seen');
  const voided = await server.metric('tolqujat_changes_voided_total');
  assert.equal(voided, 0);
  await database.execute("ALTER PUBLICATION tolqujat_changes ADD TABLE other; INSERT INTO book VALUES (6, 1, 'one')");
  await until(async () => (await all()).every(({ shelf }) => shelf.books.length === 1), 'the book to be seen');
  await database.execute('INSERT INTO other SELECT generate_series(1, 100)'); // nobody knows what may be made of it
  await until(async () => await server.metric('tolqujat_changes_voided_total') === 1, 'everything to be void, once');
  await database.execute('TRUNCATE book');
  await until(async () => (await all()).every(({ shelf }) => shelf.books.length === 0), 'no book to be seen');
});

test('a table that more hot tables read than are told apart: all are read again', async () => {
  const WORDS = `{ ${READERS.map((name) => `${name}(id: "1") { word }`).join(' ')} }`;
  const all = async () => (await Promise.all(Array.from({ length: 8 }, () => server.data(WORDS)))).flatMap((data) => Object.values(data).map(({ word }) => word));
  for (let i = 0; i < 3; i++) assert.deepEqual(new Set(await all()), new Set(['first']));
  await database.execute("UPDATE many SET text = 'second'");
  await until(async () => (await all()).every((word) => word === 'second'), 'the word to be seen', 5000);
});

test('a publication without a table that caches rely on: the check names it, and nothing is trusted', async () => {
  const check = () => run(BINARY, ['check', '--database', database.serverConninfo, '--schema', schema, '--follow', database.followConninfo]);
  await database.execute('ALTER PUBLICATION tolqujat_changes DROP TABLE word');
  const { status, stderr } = await check();
  assert.equal(status, 1);
  assert.match(stderr, /^tolqujat check: changes by others can't be followed: the publication tolqujat_changes does not have table word\n$/);
  await database.execute('ALTER PUBLICATION tolqujat_changes ADD TABLE word');
  assert.equal((await check()).status, 0);
});

test('PostgreSQL is killed and comes back: a change that nobody heard of is seen', async () => {
  const { postgres } = await services.pids();
  const was = await version(7);
  await version(7);
  process.kill(postgres, 'SIGKILL');
  await until(async () => !(await services.pids()).postgres, 'its end');
  await services.start();
  const direct = new Database(services, database.name);
  await direct.execute('UPDATE place SET version = version + 100 WHERE id = 7');
  await until(async () => (await Promise.all(Array.from({ length: 8 }, () => version(7).catch(() => 0)))).every((n) => n === was + 100), 'the new version', 20_000);
  await followed();
  await until(async () => await server.metric('tolqujat_changes_streams_total') > 1, 'another stream');
});

test('the worker that follows is killed: the next one does', async () => {
  const before = server.workers();
  process.kill(before[0], 'SIGKILL');
  await until(() => server.workers().length === 2 && server.workers()[0] !== before[0], 'another worker');
  const was = await version(8);
  await database.execute('UPDATE place SET version = version + 1 WHERE id = 8');
  await until(async () => (await Promise.all(Array.from({ length: 8 }, () => version(8).catch(() => 0)))).every((n) => n === was + 1), 'the new version', 20_000);
  await followed();
});
