// Mutations: fields that call a SQL function, over a schema and functions made for it, on a real database: arguments of every type, what
// comes back, refusals, locks, lost connections, deadlines, clients that leave, and that nobody reads what was before an acknowledgement.
import assert from 'node:assert/strict';
import http from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BINARY, must, run, sleep, until } from './lib/run.mjs';
import { Session } from './lib/load.mjs';
import { MAPPING } from './lib/mapping.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { makeKeys } from './lib/tokens.mjs';

const SCHEMA = `${MAPPING}
scalar Date @codec(as: DATE)
scalar DateTime @codec(as: TIMESTAMP)
scalar Money @codec(as: FIXED, scale: 2)
enum Mood { CALM WILD @value(name: "gone wild") }
type Query {
  node(id: ID!): Node @node(argument: "id")
  person(id: ID!): Person @lookup(column: "id", argument: "id")
  entryByCode(id: Int!, code: String!): Entry @procedure(name: "entry_by_code")
  count(of: Int!): Int! @procedure(name: "count_entries")
  cheat(id: Int!): Int @procedure(name: "cheat")
}
type Mutation {
  echo(text: String, n: Int, small: Int, big: Int, real: Float, exact: Float, yes: Boolean, day: Date, at: DateTime, price: Money, mood: Mood,
    kind: Mood @parameter(names: ["sort"]), id: ID, key: ID, words: [String], days: [Date!], amounts: [Money], given: Int = 7, more: More): Echo @procedure(name: "echo")
  write(person: ID! @parameter(names: ["person"], type: "Person"), text: String!): Entry! @procedure(name: "write")
  rewrite(entry: ID! @parameter(names: ["person", "entry"], type: "Entry"), text: String): Entry @procedure(name: "rewrite")
  touch(node: ID! @parameter(names: ["sort", "a"], type: "Single")): String! @procedure(name: "touch")
  add(id: Int!, n: Int!): Person @procedure(name: "add")
  slowly(id: Int!, n: Int!, seconds: Float!): Person @procedure(name: "slowly")
  late(id: Int!, n: Int!, seconds: Float!): Person @procedure(name: "late")
  refuse(code: String!, text: String!): Person @procedure(name: "refuse")
  nothing(id: Int!): Boolean! @procedure(name: "nothing")
  sum(a: Int!, b: Int!): Int @procedure(name: "sum_of")
  none(id: Int!): Person @procedure(name: "no_row")
  nulls(id: Int!): Person @procedure(name: "nulls")
  two(id: Int!): Person @procedure(name: "two")
  must(id: Int!): Person! @procedure(name: "no_row")
  loses(times: Int!): Int! @procedure(name: "loses")
  cross(first: Int!, second: Int!): Person @procedure(name: "cross_rows")
  digest(text: String, n: Int, words: [String], other: String): String! @procedure(name: "digest")
}
input More { text: String  day: Date  other: Int @parameter(names: ["another"]) }
interface Node { id: ID! }
union Single = Person | Echo
type Person implements Node @table(name: "person") @aggregate {
  id: ID!  name: String!  n: Int!
  entries: [Entry!]! @list(column: "person_id", order: "id")
}
type Entry implements Node @table(name: "entry", key: ["person_id", "id"]) { id: ID!  text: String!  person: Person! @reference(columns: ["person_id"]) }
type Echo implements Node @table(name: "echo") {
  id: ID!  viewer: String  text: String  n: Int  small: Int  big: ID  real: Float  exact: String  yes: Boolean  day: Date  at: DateTime  price: Money  mood: Mood
  kind: Mood @column(name: "sort")  number: ID  key: String  words: String  days: String  amounts: String  given: Int  default: Int @column(name: "by_default")
  moreText: String  moreDay: Date  another: Int
}
`;
const SQL = `
  CREATE TYPE mood AS ENUM ('calm', 'gone wild');
  CREATE TABLE person (id bigint PRIMARY KEY, name text NOT NULL UNIQUE, n integer NOT NULL CHECK (n >= 0));
  CREATE TABLE entry (person_id bigint NOT NULL REFERENCES person, id integer NOT NULL, text varchar(20) NOT NULL, PRIMARY KEY (person_id, id));
  CREATE TABLE echo (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, viewer text, text text, n integer, small smallint, big bigint, real float8, exact numeric, yes boolean,
    day date, at timestamptz, price bigint, mood mood, sort text, number bigint, key text, words text, days text, amounts text, given integer, by_default integer,
    more_text text, more_day date, another integer);
  INSERT INTO person SELECT i, 'p' || i, 0 FROM generate_series(1, 27) AS i;
  INSERT INTO entry VALUES (1, 1, 'one'), (2, 1, 'two');

  CREATE FUNCTION echo(viewer text, text text, n integer, small smallint, big bigint, "real" float8, exact numeric, yes boolean, day date, at timestamptz, price bigint, mood mood,
    sort varchar, id bigint, key text, words text[], days date[], amounts bigint[], given integer, more_text text, more_day date, another integer, by_default integer DEFAULT 42)
  RETURNS echo LANGUAGE sql AS $$
    INSERT INTO echo VALUES (DEFAULT, viewer, text, n, small, big, "real", exact, yes, day, at, price, mood, sort, id, key, words::text, days::text, amounts::text, given, by_default,
      more_text, more_day, another) RETURNING * $$;
  CREATE FUNCTION write(viewer text, person bigint, text text) RETURNS SETOF entry LANGUAGE sql AS $$
    INSERT INTO entry SELECT write.person, coalesce(max(id), 0) + 1, write.text FROM entry WHERE person_id = write.person RETURNING * $$;
  CREATE FUNCTION rewrite(viewer text, person bigint, entry integer, text text) RETURNS SETOF entry LANGUAGE plpgsql AS $$
    BEGIN RETURN QUERY UPDATE entry e SET text = rewrite.text WHERE e.person_id = rewrite.person AND e.id = rewrite.entry RETURNING e.*; END $$;
  CREATE FUNCTION touch(viewer text, sort text, a bigint) RETURNS text LANGUAGE sql AS $$ SELECT sort || ' ' || a $$;
  CREATE FUNCTION add(viewer text, id integer, n integer) RETURNS SETOF person LANGUAGE sql AS $$
    UPDATE person p SET n = p.n + add.n WHERE p.id = add.id RETURNING p.* $$;
  CREATE FUNCTION slowly(viewer text, id integer, n integer, seconds float8) RETURNS SETOF person LANGUAGE plpgsql AS $$
    BEGIN RETURN QUERY UPDATE person p SET n = p.n + slowly.n WHERE p.id = slowly.id RETURNING p.*; PERFORM pg_sleep(seconds); END $$;
  CREATE TABLE lateness (seconds float8);
  CREATE FUNCTION be_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(NEW.seconds); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER be_late AFTER INSERT ON lateness DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION be_late();
  CREATE FUNCTION late(viewer text, id integer, n integer, seconds float8) RETURNS SETOF person LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO lateness VALUES (seconds); RETURN QUERY UPDATE person p SET n = p.n + late.n WHERE p.id = late.id RETURNING p.*; END $$;
  CREATE FUNCTION refuse(viewer text, code text, text text) RETURNS SETOF person LANGUAGE plpgsql AS $$
    BEGIN UPDATE person SET n = n + 1 WHERE id = 1; RAISE EXCEPTION USING ERRCODE = code, MESSAGE = text; END $$;
  CREATE FUNCTION nothing(viewer text, id integer) RETURNS void LANGUAGE sql AS $$ UPDATE echo SET n = n WHERE false $$;
  CREATE FUNCTION sum_of(viewer text, a integer, b integer) RETURNS integer LANGUAGE sql AS $$ SELECT a + b $$;
  CREATE TABLE attempt (id integer);
  CREATE FUNCTION no_row(viewer text, id integer) RETURNS SETOF person LANGUAGE plpgsql AS $$ BEGIN INSERT INTO attempt VALUES (no_row.id); END $$;
  CREATE FUNCTION nulls(viewer text, id integer) RETURNS person LANGUAGE plpgsql AS $$ BEGIN INSERT INTO attempt VALUES (nulls.id); RETURN NULL; END $$;
  CREATE FUNCTION two(viewer text, id integer) RETURNS SETOF person LANGUAGE sql AS $$ UPDATE person p SET n = 99 WHERE p.id IN (two.id, two.id + 1) RETURNING p.* $$;
  CREATE SEQUENCE losses MINVALUE 0;
  CREATE FUNCTION loses(viewer text, times integer) RETURNS integer LANGUAGE plpgsql AS $$
    DECLARE lost integer := nextval('losses') % 100; BEGIN
      IF lost < times THEN RAISE EXCEPTION USING ERRCODE = CASE lost % 2 WHEN 0 THEN '40001' ELSE '40P01' END, MESSAGE = 'lost'; END IF;
      UPDATE person SET n = n + 1 WHERE id = 21; RETURN lost; END $$;
  CREATE FUNCTION cross_rows(viewer text, first integer, second integer) RETURNS SETOF person LANGUAGE plpgsql AS $$
    BEGIN UPDATE person p SET n = p.n + 1 WHERE p.id = first; PERFORM pg_sleep(1.5); RETURN QUERY UPDATE person p SET n = p.n + 1 WHERE p.id = second RETURNING p.*; END $$;
  CREATE FUNCTION digest(viewer text, text text, n integer, words text[], other text, payload_digest text) RETURNS text LANGUAGE sql AS $$ SELECT payload_digest $$;
  CREATE FUNCTION entry_by_code(viewer text, id integer, code text) RETURNS SETOF entry LANGUAGE sql STABLE AS $$
    SELECT e.* FROM entry e WHERE e.person_id = entry_by_code.id AND entry_by_code.code = 'open ' || entry_by_code.viewer || e.id $$;
  CREATE FUNCTION count_entries(viewer text, of integer) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM entry WHERE person_id = count_entries.of $$;
  CREATE FUNCTION cheat(viewer text, id integer) RETURNS integer LANGUAGE plpgsql STABLE AS $$
    BEGIN EXECUTE 'UPDATE person SET n = 77 WHERE id = ' || id; RETURN 1; END $$;`;

let services, database, server, folder, file;

before(async () => {
  services = await sharedServices();
  folder = mkdtempSync(path.join(tmpdir(), 'tolqujat-mutations-'));
  file = path.join(folder, 'schema.graphql');
  writeFileSync(file, SCHEMA);
  database = await createDatabase({ empty: true });
  await must(BINARY, ['migrate', '--database', database.conninfo]); // a server that knows who asks keeps a log of it
  await database.execute(SQL);
  // The server's role writes nothing by itself, and these functions are not SECURITY DEFINER: the owner serves here.
  database.serverConninfo = database.conninfo;
  server = await startServer({ database, args: ['--schema', file, '--lock-timeout-ms', '1000', '--request-seconds', '8'] });
});
after(async () => {
  await server?.stop();
  await database?.drop();
  if (folder) rmSync(folder, { recursive: true });
});

const n = async (id) => database.value(`SELECT n FROM person WHERE id = ${id}`);
const codes = ({ errors }) => errors.map(({ path, extensions, message }) => [path.join('.'), extensions.code, message]);
/** The one error of an answer whose data is that. */
async function refused(text, variables, data) {
  const answer = await server.graphql(text, variables);
  assert.deepEqual(answer.data, data, JSON.stringify(answer));
  assert.equal(answer.errors.length, 1);
  return answer.errors[0];
}
const personId = async (id) => (await server.data(`{ person(id: ${id}) { id } }`)).person.id;
/** Calls of a function that run now. */
const running = (name) => database.value(`SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%"${name}"(%' AND state = 'active' AND pid <> pg_backend_pid()`);
const terminate = (what) => database.value(`SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity WHERE datname = current_database() AND ${what} AND state = 'active' AND pid <> pg_backend_pid()`);

test('arguments of every type arrive as they were given', async () => {
  const { echo } = await server.data(`mutation ($text: String, $words: [String], $at: DateTime, $price: Money, $more: More) { echo(text: $text, n: -5, small: 3, big: 2147483647, real: 0.1, exact: 12.5,
      yes: false, day: "2024-02-29", at: $at, price: $price, mood: WILD, kind: WILD, id: 12345678901234, key: "k", words: $words, days: ["2020-01-01", "2020-01-02"],
      amounts: ["1.5", null, "-0.01", 3], given: 9, more: $more)
    { viewer text n small big real exact yes day at price mood kind number key words days amounts given default moreText moreDay another } }`,
  { text: 'a "quoted" \\ word\n\u{1F600} ә', words: ['a,b', 'c"d\\', null, '', 'NULL', '{}'], at: '2026-03-31T09:30:00.5+05:00', price: '1297.73', more: { text: 't', day: '1999-12-31', other: 4 } });
  assert.deepEqual(echo, {
    viewer: '', text: 'a "quoted" \\ word\n\u{1F600} ә', n: -5, small: 3, big: '2147483647', real: 0.1, exact: '12.5', yes: false, day: '2024-02-29', at: '2026-03-31T04:30:00.500000Z', price: '1297.73',
    mood: 'WILD', kind: 'WILD', number: '12345678901234', key: 'k', words: '{"a,b","c\\"d\\\\",NULL,"","NULL","{}"}', days: '{2020-01-01,2020-01-02}', amounts: '{150,NULL,-1,300}', given: 9, default: 42,
    moreText: 't', moreDay: '1999-12-31', another: 4,
  });
});

test('what is null or not given is null; defaults are the schema\'s; a parameter that no argument names has its own', async () => {
  const NONE = { text: null, n: null, yes: null, day: null, words: null, moreText: null, another: null, default: 42 };
  const fields = '{ text n yes day words moreText another default given }';
  assert.deepEqual((await server.data(`mutation { echo ${fields} }`)).echo, { ...NONE, given: 7 });
  assert.deepEqual((await server.data(`mutation ($t: String, $m: More) { echo(text: $t, n: null, yes: null, day: null, words: null, given: null, more: $m) ${fields} }`, { m: { text: null } })).echo, { ...NONE, given: null });
  assert.deepEqual((await server.data(`mutation { echo(more: null, text: "") ${fields} }`)).echo, { ...NONE, text: '', given: 7 });
});

test('what is no value of its type is refused before anything is done', async () => {
  const before = await database.value('SELECT count(*)::int FROM echo');
  for (const [argument, message] of [['day: "2023-02-29"', /"day" of "Mutation.echo" is no day/], ['at: "yesterday"', /is no point of time/], ['price: "1.234"', /"price" .* is no decimal: it must be a string such as "1297.73", with at most 2 decimals\.$/],
    ['price: "1."', /is no decimal/], ['price: ".5"', /is no decimal/], ['price: "-"', /is no decimal/], ['price: "1e3"', /is no decimal/], ['price: "99999999999999999999"', /is no decimal/],
    ['price: 1.5', /is no decimal/], ['days: ["2023-01-01", "x"]', /"days" .* is no day/], ['more: {day: "x"}', /Field "day" of argument "more" of "Mutation.echo" is no day/], ['text: "a\\u0000b"', /no record can hold/]]) {
    const { data, errors } = await server.graphql(`mutation { ok: echo { id } echo(${argument}) { id } }`);
    assert.equal(data, undefined);
    assert.deepEqual([errors.length, errors[0].extensions.code], [1, 'BAD_USER_INPUT'], argument);
    assert.match(errors[0].message, message);
  }
  assert.equal(await database.value('SELECT count(*)::int FROM echo'), before);
  const { message, extensions } = await refused('mutation { echo(small: 70000) { id } }', {}, { echo: null }); // only PostgreSQL knows that
  assert.deepEqual([message, extensions.code], ['An argument has a value that no record can hold. Nothing was changed.', 'BAD_USER_INPUT']);
  assert.equal((await refused('mutation { echo(id: "x") { id } }', {}, { echo: null })).extensions.code, 'BAD_USER_INPUT');
});

test('a row comes back with all that hangs on it, as it is afterwards; ids are keys', async () => {
  const person = await personId(3);
  const { write } = await server.data('mutation ($person: ID!) { write(person: $person, text: "first") { id text person { name entries { text } } } }', { person });
  assert.deepEqual({ ...write, id: 0 }, { id: 0, text: 'first', person: { name: 'p3', entries: [{ text: 'first' }] } });
  const { rewrite } = await server.data('mutation ($entry: ID!) { rewrite(entry: $entry, text: "again") { id text person { entries { text } } } }', { entry: write.id });
  assert.deepEqual(rewrite, { id: write.id, text: 'again', person: { entries: [{ text: 'again' }] } });
  const { echo } = await server.data('mutation { echo { id } }');
  assert.equal((await server.data('mutation ($id: ID!) { touch(node: $id) }', { id: person })).touch, 'person 3');
  assert.match((await server.data('mutation ($id: ID!) { touch(node: $id) }', { id: echo.id })).touch, /^echo \d+$/);
  for (const id of [write.id, 'x', '3', '']) {
    const { data, errors } = await server.graphql('mutation ($id: ID!) { touch(node: $id) }', { id });
    assert.deepEqual([data, errors[0].extensions.code, errors[0].message], [undefined, 'BAD_USER_INPUT', 'Argument "node" of "Mutation.touch" is no id of "Single".']);
  }
});

test('values come back too; no row is null, and what was done without one is kept', async () => {
  assert.deepEqual(await server.data('mutation { nothing(id: 1) sum(a: 2, b: 3) }'), { nothing: true, sum: 5 });
  assert.deepEqual(await server.data('mutation { none(id: 4) { n } nulls(id: 4) { n } }'), { none: null, nulls: null });
  assert.equal(await database.value('SELECT count(*)::int FROM attempt'), 2);
  const missing = await refused('mutation { must(id: 4) { n } }', {}, null);
  assert.equal(missing.message, 'Cannot return null for non-nullable field Mutation.must.');
  const { extensions, path } = await refused('mutation { two(id: 4) { n } }', {}, { two: null });
  assert.deepEqual([extensions.code, path], ['INTERNAL_SERVER_ERROR', ['two']]);
  assert.equal(await n(4), 0);
  assert.equal(await n(5), 0);
});

test('fields run one after another, each in a transaction of its own', async () => {
  const answer = await server.graphql('mutation { a: add(id: 6, n: 5) { n } b: add(id: 6, n: -9) { n } c: add(id: 6, n: 2) { n } d: add(id: 6, n: 1) { n } none: add(id: 999, n: 1) { n } }');
  assert.deepEqual(answer.data, { a: { n: 5 }, b: null, c: { n: 7 }, d: { n: 8 }, none: null });
  assert.deepEqual(codes(answer), [['b', 'CONFLICT', 'This contradicts a rule that every record obeys. Nothing was changed.']]);
});

test('a refusal is told in the function\'s words, other errors in ours, and none changes anything', async () => {
  const secret = 'detail 581011381944';
  for (const [code, expected, message] of [
    ['TQ001', 'FORBIDDEN', secret], ['TQ002', 'NOT_FOUND', secret], ['TQ003', 'BAD_USER_INPUT', secret], ['TQ004', 'CONFLICT', secret], ['TQ005', 'RATE_LIMITED', secret], ['TQ999', 'CONFLICT', secret],
    ['23505', 'CONFLICT', /^This is on record already/], ['23P01', 'CONFLICT', /^This overlaps/], ['23503', 'CONFLICT', /^This refers to/], ['23514', 'CONFLICT', /^This contradicts a rule/],
    ['40001', 'TRY_AGAIN', /^Others changed/], ['40P01', 'TRY_AGAIN', /^Others changed/], ['55P03', 'TRY_AGAIN', /^Others are changing/], ['57014', 'DEADLINE_EXCEEDED', /^This took longer/],
    ['P0001', 'INTERNAL_SERVER_ERROR', /^Something went wrong/], ['XX000', 'INTERNAL_SERVER_ERROR', /^Something went wrong/], ['42501', 'INTERNAL_SERVER_ERROR', /^Something went wrong/],
  ]) {
    const error = await refused('mutation ($code: String!, $text: String!) { x: refuse(code: $code, text: $text) { n } }', { code, text: secret }, { x: null });
    assert.deepEqual([error.extensions.code, error.path, error.locations], [expected, ['x'], [{ line: 1, column: 45 }]], code);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    if (typeof message !== 'string') assert.ok(!JSON.stringify(error).includes(secret) && /Nothing was changed/.test(error.message), JSON.stringify(error));
  }
  const long = 'ә'.repeat(400); // what is too long is cut between characters
  assert.match((await refused('mutation ($text: String!) { refuse(code: "TQ004", text: $text) { n } }', { text: long }, { refuse: null })).message, /^ә{255}$/);
  assert.equal(await n(1), 0);
  assert.ok(!server.stderr.includes(secret), server.stderr); // all of it: four digits are in some request id sooner or later
});

test('who waits for a lock too long is told; readers and other writers are not held up', async () => {
  const holder = new Session(database);
  await holder.say('BEGIN; SELECT * FROM person WHERE id = 7 FOR UPDATE;');
  const waiting = [1, 2, 3, 4].map(() => refused('mutation { add(id: 7, n: 1) { n } }', {}, { add: null }));
  assert.deepEqual(await server.data('{ person(id: 7) { n } }'), { person: { n: 0 } });
  for (const { extensions, message } of await Promise.all(waiting)) {
    assert.deepEqual([extensions.code, message], ['TRY_AGAIN', 'Others are changing the same records just now. Nothing was changed. Please try again.']);
  }
  assert.deepEqual(await server.data('mutation { add(id: 8, n: 1) { n } }'), { add: { n: 1 } });
  await holder.end();
  assert.deepEqual(await server.data('mutation { add(id: 7, n: 1) { n } }'), { add: { n: 1 } });
});

test('a wait for a lock that PostgreSQL takes for canceled, as the lock came when the time was over, is told as one', async () => {
  const canceled = refused('mutation { slowly(id: 17, n: 1, seconds: 5) { n } }', {}, { slowly: null });
  await until(() => database.value(`SELECT count(*)::int FROM (SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
    AND query LIKE '%"slowly"(%' AND state = 'active' AND pid <> pg_backend_pid() AND now() - query_start > '1.3 s') ended`).then(Boolean), 'the call');
  const { extensions, message } = await canceled;
  assert.deepEqual([extensions.code, message], ['TRY_AGAIN', 'Others are changing the same records just now. Nothing was changed. Please try again.']);
  assert.equal(await n(17), 0);
});

test('two that want the same row at once both get it, one after the other', async () => {
  const all = await Promise.all(Array.from({ length: 30 }, () => server.data('mutation { add(id: 9, n: 1) { n } }')));
  assert.deepEqual(all.map(({ add }) => add.n).sort((a, b) => a - b), Array.from({ length: 30 }, (_, i) => i + 1));
});

test('what lost a race was undone and is begun again, a few times; then the client is told', async () => {
  const again = async () => (await server.metric('tolqujat_db_calls_again_total')) ?? 0;
  const before = await again();
  assert.deepEqual(await server.data('mutation { loses(times: 5) }'), { loses: 5 }); // 0 to 4 were lost
  assert.equal(await again(), before + 5);
  await database.execute("SELECT setval('losses', 99)");
  assert.equal((await refused('mutation { loses(times: 90) }', {}, null)).extensions.code, 'TRY_AGAIN');
  assert.equal(await n(21), 1, 'once, though it was begun six times');
});

test('two that wait for each other both get done, though PostgreSQL ends one of them', async () => {
  const patient = await startServer({ database, args: ['--schema', file, '--lock-timeout-ms', '10000'] }); // PostgreSQL looks for deadlocks after a second
  try {
    await Promise.all([20, 24].map((id) => patient.data(`mutation { slowly(id: ${id}, n: 1, seconds: 0.5) { n } }`))); // both connections are there
    await Promise.all([patient.data('mutation { cross(first: 22, second: 23) { n } }'), patient.data('mutation { cross(first: 23, second: 22) { n } }')]);
    assert.deepEqual([await n(22), await n(23)], [2, 2]);
    assert.ok(await patient.metric('tolqujat_db_calls_again_total') >= 1);
  } finally {
    await patient.stop();
  }
});

test('a digest of what a function is called with: alike for the same values alone', async () => {
  const digest = async (variables) => (await server.data('mutation ($text: String, $n: Int, $words: [String], $other: String) { digest(text: $text, n: $n, words: $words, other: $other) }', variables)).digest;
  const some = [{}, { text: '' }, { text: 'a' }, { other: 'a' }, { text: 'a', n: 1 }, { text: 'a', words: ['b'] }, { text: 'a', words: ['b', 'c'] }, { text: 'a', words: ['b","c'] }, { text: 'a words 3:{b}' }, { n: 11 }, { n: 1, text: '1' }];
  const all = await Promise.all([...some, ...some].map(digest));
  assert.ok(all.every((one, i) => /^[0-9a-f]{64}$/.test(one) && one === all[i % some.length]));
  assert.equal(new Set(all).size, some.length);
});

test('a connection that is lost before COMMIT changed nothing, and the answer says so', async () => {
  const answer = refused('mutation { slowly(id: 10, n: 1, seconds: 6) { n } }', {}, { slowly: null });
  await until(() => running('slowly').then(Boolean), 'the call');
  assert.equal(await terminate(`query LIKE '%"slowly"(%'`), 1);
  const { extensions, message } = await answer;
  assert.deepEqual([extensions.code, message], ['DATABASE_UNAVAILABLE', 'The connection to the database was lost before anything was changed. Please try again.']);
  assert.equal(await n(10), 0);
  assert.deepEqual(await server.data('mutation { add(id: 10, n: 1) { n } }'), { add: { n: 1 } });
});

test('a connection that is lost on COMMIT: nobody knows, the answer says so, and what is read next is right', async () => {
  for (let round = 0; round < 3; round++) {
    const known = await n(11);
    for (let i = 0; i < 3; i++) await server.data('{ person(id: 11) { n } }');
    const answer = refused('mutation { late(id: 11, n: 1, seconds: 6) { n } }', {}, { late: null });
    await until(() => terminate("query = 'COMMIT'").then(Boolean), 'the COMMIT');
    const { extensions, message } = await answer;
    assert.equal(extensions.code, 'OUTCOME_UNKNOWN');
    assert.match(message, /it is not known whether it took effect\. Look before you ask for it again\.$/);
    assert.deepEqual(await server.data('{ person(id: 11) { n } }'), { person: { n: known } });
    assert.deepEqual(await server.data('mutation { add(id: 11, n: 1) { n } }'), { add: { n: known + 1 } });
    assert.deepEqual(await server.data('{ person(id: 11) { n } }'), { person: { n: known + 1 } });
  }
});

test('without memory for what a change touches it is not made: nobody keeps what was before it', async () => {
  const short = await startServer({ database, env: { TOLQUJAT_FAILPOINTS: 'no-memory-for-marks:2' }, // every second time
    args: ['--schema', file, '--follow', 'off', '--request-seconds', '30'] });
  try {
    const LATE = 'mutation { late(id: 25, n: 1, seconds: 1) { n } }', read = async () => (await short.data('{ person(id: 25) { n } }')).person.n;
    assert.deepEqual(await short.data(LATE), { late: { n: 1 } });
    let over = false;
    const refusal = short.graphql(LATE).finally(() => { over = true; });
    while (!over) assert.equal(await read(), 1); // fills caches again, beside the COMMIT if there is one
    const { data, errors } = await refusal;
    assert.equal(await read(), await n(25), 'what is read is what the database has');
    assert.deepEqual([data, errors.map((e) => e.extensions.code)], [{ late: null }, ['OUT_OF_MEMORY']]);
    assert.equal(await n(25), 1);
    assert.deepEqual(await short.data(LATE), { late: { n: 2 } });
    assert.equal(await read(), 2);
  } finally {
    await short.stop();
  }
});

test('a worker that dies on COMMIT: what took effect long after its death is what everybody reads then', async () => {
  const two = await startServer({ database, args: ['--schema', file, '--workers', '2', '--follow', 'off', '--request-seconds', '30'] });
  try {
    const ask = async (query) => { // again where a connection was to the dead one
      for (;;) {
        const data = await two.data(query).catch((error) => (error.code === 'ECONNRESET' ? null : Promise.reject(error)));
        if (data) return data;
      }
    };
    const read = async () => (await ask('{ person(id: 25) { n } }')).person.n;
    const known = await n(25);
    const lost = two.data('mutation { late(id: 25, n: 1, seconds: 8) { n } }').then(() => 'answered', () => 'lost');
    await until(() => database.value("SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT' AND state = 'active'").then(Boolean), 'the COMMIT');
    const worker = Number(await database.value("SELECT split_part(application_name, ' ', 3) FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT' AND state = 'active'"));
    process.kill(worker, 'SIGKILL');
    assert.equal(await lost, 'lost');
    await sleep(1500);
    assert.equal(await read(), known);
    while (await n(25) === known) assert.ok(await read() <= known + 1); // what is kept now would be wrong soon
    for (let i = 0; i < 30; i++) assert.equal(await read(), known + 1);
    assert.deepEqual(await two.data('mutation { add(id: 25, n: 1) { n } }'), { add: { n: known + 2 } });
    for (let i = 0; i < 10; i++) assert.equal(await read(), known + 2);
  } finally {
    await two.stop();
  }
});

test('past the deadline a call is cancelled and undone; what took effect before it is told', async () => {
  const started = Date.now();
  // Who is first, the statement's time or the request's, is a matter of milliseconds.
  const late = await server.graphql('mutation { slowly(id: 12, n: 1, seconds: 30) { n } }');
  assert.deepEqual([late.errors.length, late.errors[0].extensions.code], [1, 'DEADLINE_EXCEEDED']);
  assert.match(late.errors[0].message, late.data ? /^This took longer than it may\. Nothing was changed\. Please try again\.$/ : /^The request took longer than it may\. Please try again\.$/);
  assert.ok(Date.now() - started < 20_000);
  assert.equal(await n(12), 0);
  const partly = await server.graphql('mutation { a: slowly(id: 12, n: 1, seconds: 4) { n } b: slowly(id: 12, n: 10, seconds: 6) { n } c: add(id: 12, n: 100) { n } }');
  assert.deepEqual([partly.data, partly.errors[0].extensions.code], [undefined, 'DEADLINE_EXCEEDED']);
  assert.match(partly.errors[0].message, /some of what it asked for took effect/);
  assert.equal(await n(12), 1);
  assert.deepEqual(await server.data('mutation { add(id: 12, n: 1) { n } }'), { add: { n: 2 } }); // the connections are good
});

test('PostgreSQL hangs: who waits for a function is told at the deadline, and what was told not to be done is not', async () => {
  const short = await startServer({ database, args: ['--schema', file, '--workers', '1', '--follow', 'off', '--request-seconds', '2'] });
  const ask = async (query) => {
    const began = Date.now(), { data, errors } = await short.graphql(query);
    return [data, errors?.map(({ extensions }) => extensions.code), Date.now() - began < 4500];
  };
  const ALL = ['{ count(of: 1) }', 'mutation { add(id: 26, n: 1) { n } }', '{ person(id: 27) { name } }'], stopped = [];
  try {
    await Promise.all([ask(ALL[0]), ask('mutation { add(id: 26, n: 0) { n } }'), ask('{ person(id: 1) { n } }')]); // its connections are there
    for (const { pid } of await database.query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tolqujat%'")) {
      process.kill(pid, 'SIGSTOP');
      stopped.push(pid);
    }
    for (const answer of await Promise.all(ALL.map(ask))) assert.deepEqual(answer, [undefined, ['DEADLINE_EXCEEDED'], true]);
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
  }
  try {
    assert.deepEqual(await short.data('mutation { add(id: 26, n: 10) { n } }'), { add: { n: 10 } });
    assert.deepEqual(await short.data(`{ count(of: 1) person(id: 26) { n } }`), { count: 1, person: { n: 10 } });
  } finally {
    await short.stop();
  }
});

test('past the deadline a COMMIT has a moment: then its outcome is not known, and caches are right when it ends with nobody waiting', async () => {
  const short = await startServer({ database, args: ['--schema', file, '--workers', '2', '--shared-cache', '16', '--follow', 'off', '--request-seconds', '3'] });
  const read = async () => (await short.data('{ person(id: 27) { n } }')).person.n;
  try {
    for (let i = 0; i < 10; i++) assert.equal(await read(), 0);
    const { data, errors } = await short.graphql('mutation { slowly(id: 26, n: 1, seconds: 1.8) { n } late(id: 27, n: 1, seconds: 2.4) { n } }');
    assert.deepEqual([data, errors.map(({ extensions }) => extensions.code)], [undefined, ['OUTCOME_UNKNOWN']]);
    assert.match(errors[0].message, /not known whether all that it asked for took effect\. Look before you ask for it again\.$/);
    assert.equal(await n(27), 0, 'told before its end');
    await until(async () => { await read(); return await n(27) === 1; }, 'the end'); // what is kept now would be wrong soon
    for (let i = 0; i < 30; i++) assert.equal(await read(), 1);
    assert.deepEqual(await short.data('mutation { late(id: 27, n: 1, seconds: 0) { n } }'), { late: { n: 2 } });
    for (let i = 0; i < 10; i++) assert.equal(await read(), 2);
  } finally {
    await short.stop();
  }
});

/** A request whose client resets the connection once `when` is true. */
async function leaves(query, when) {
  const request = http.request(`${server.url}/graphql`, { method: 'POST', headers: { 'Content-Type': 'application/json' } });
  request.on('error', () => {});
  request.end(JSON.stringify({ query }));
  await until(when, 'the moment to leave');
  request.socket.resetAndDestroy();
}

test('a client that leaves: what is under way comes to its end, what waits its turn is withdrawn', async () => {
  await leaves('mutation { slowly(id: 13, n: 1, seconds: 2) { n } add(id: 13, n: 100) { n } }', () => running('slowly').then(Boolean));
  await until(async () => await n(13) === 1, 'the change');
  const busy = [14, 15].map((id) => server.data(`mutation { slowly(id: ${id}, n: 1, seconds: 1.5) { n } }`)); // both connections
  busy.push(server.data('mutation { slowly(id: 22, n: 1, seconds: 0.5) { n } }'));
  const waits = () => server.metric('tolqujat_db_calls_waiting').then((waiting) => waiting > 0);
  await until(waits, 'a full house');
  await leaves('mutation { add(id: 13, n: 1000) { n } }', () => server.metric('tolqujat_db_calls_waiting').then((waiting) => waiting > 1));
  await Promise.all(busy);
  await until(async () => await server.metric('tolqujat_db_calls_waiting') === 0, 'an empty queue');
  assert.deepEqual(await server.data('mutation { add(id: 13, n: 1) { n } }'), { add: { n: 2 } });
});

test('a query\'s function only reads, is never cached, and knows who asks', async () => {
  const ask = (code) => server.data('query ($code: String!) { entryByCode(id: 1, code: $code) { text person { name } } }', { code });
  assert.deepEqual(await ask('open 1'), { entryByCode: { text: 'one', person: { name: 'p1' } } });
  assert.deepEqual(await ask('open 2'), { entryByCode: null });
  const many = await Promise.all(Array.from({ length: 50 }, (_, i) => server.data(`{ a: count(of: 1) b: count(of: 2) c: count(of: ${i + 100}) }`)));
  for (const counts of many) assert.deepEqual(counts, { a: 1, b: 1, c: 0 });
  await database.execute("INSERT INTO entry VALUES (1, 2, 'more')");
  assert.deepEqual(await server.data('{ count(of: 1) }'), { count: 2 });
  await database.execute('DELETE FROM entry WHERE person_id = 1 AND id = 2');
  const cheat = await refused('{ cheat(id: 16) }', {}, { cheat: null });
  assert.notEqual(cheat.extensions.code, undefined);
  assert.equal(await n(16), 0);
});

test('a mutation never comes by GET, and nobody without a token changes or asks anything', async () => {
  const keys = makeKeys();
  const guarded = await startServer({ database, args: ['--schema', file, '--get-queries', 'on'], tokens: keys });
  try {
    const get = await guarded.request(`/graphql?query=${encodeURIComponent('mutation { add(id: 17, n: 1) { n } }')}`);
    assert.equal(get.status, 405);
    for (const query of ['mutation { add(id: 17, n: 1) { n } }', '{ count(of: 1) }']) {
      const response = await guarded.request('/graphql', { method: 'POST', body: JSON.stringify({ query }), headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' } });
      assert.deepEqual([response.status, response.json().data, response.json().errors[0].extensions.code], [401, undefined, 'UNAUTHENTICATED']);
    }
    assert.equal(await n(17), 0);
    const headers = keys.bearer({ role: 'DOCTOR', sub: '581011381944', org: '990440000385' });
    const { echo } = await guarded.data('mutation { echo { viewer } }', {}, { headers });
    assert.equal(echo.viewer, 'DOCTOR/581011381944/990440000385');
  } finally {
    await guarded.stop();
    keys.remove();
  }
});

describe('beside Redis and other workers', () => {
  test('no read through any worker is older than an acknowledged change', async () => {
    const both = await startServer({ database, redis: services.redis, args: ['--schema', file, '--workers', '2', '--shared-cache', '16'] });
    try {
      const ROUNDS = 400;
      const id = await personId(18);
      const ask = (query, variables) => new Promise((resolve, reject) => { // over a connection of its own: to either worker
        const body = JSON.stringify({ query, variables });
        const request = http.request(`${both.url}/graphql`, { method: 'POST', agent: false, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, (response) => {
          let text = '';
          response.on('data', (part) => { text += part; });
          response.on('end', () => resolve(JSON.parse(text)));
        });
        request.on('error', reject);
        request.end(body);
      });
      const READ = '{ person(id: 18) { n entries { text } } }';
      let acknowledged = 0, written = 0, reads = 0, over = false;
      const readers = Array.from({ length: 4 }, async () => {
        while (!over) {
          const [least, entries] = [acknowledged, written];
          const { data } = await ask(READ);
          reads++;
          assert.ok(data.person.n >= least, `read ${data.person.n} after ${least} was acknowledged`);
          assert.ok(data.person.entries.length >= entries);
        }
      });
      for (let i = 1; i <= ROUNDS; i++) {
        const { data } = await ask('mutation { add(id: 18, n: 1) { n entries { text } } }');
        assert.equal(data.add.n, i);
        acknowledged = i;
        const seen = await Promise.all([ask(READ), ask(READ), ask(READ)]);
        for (const one of seen) assert.equal(one.data.person.n, i);
        if (i % 8) continue;
        const answer = await ask('mutation ($id: ID!) { write(person: $id, text: "x") { person { n } } }', { id });
        assert.equal(answer.data.write.person.n, i);
        written++;
        assert.equal((await ask(READ)).data.person.entries.length, written);
      }
      over = true;
      await Promise.all(readers);
      assert.ok(reads > ROUNDS, `${reads} reads`);
      await until(async () => { // each worker says its own once a second
        const hits = await Promise.all(['local', 'shared', 'remote'].map((from) => both.metric(`tolqujat_cache_${from}_hits_total`)));
        return hits.reduce((sum, n) => sum + n) > 100 && hits[1] > 0;
      }, 'reads from the caches, which the test is about', 10_000);
    } finally {
      await both.stop();
    }
  });

  test('without a database a mutation is refused, and works again when it is back', async () => {
    const conninfo = database.conninfo;
    const alone = await startServer({ database: conninfo, args: ['--schema', file, '--write-connections', '1'] });
    try {
      assert.deepEqual(await alone.data('mutation { add(id: 19, n: 1) { n } }'), { add: { n: 1 } });
      await database.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tolqujat'");
      await until(async () => (await alone.graphql('mutation { add(id: 19, n: 1) { n } }')).data?.add, 'a change'); // the lost session is noticed at the latest now
    } finally {
      await alone.stop();
    }
  });
});

test('the check at start-up names file, line and reason', async () => {
  const bad = [
    ['@procedure(name: "add")', '@procedure(name: "adds")', /^ {2}add\(/m, /function adds does not exist/],
    ['add(id: Int!, n: Int!)', 'add(id: Int!, m: Int!)', /^ {2}add\(/m, /function add has no parameter "m"/],
    ['add(id: Int!, n: Int!)', 'add(id: Int!)', /^ {2}add\(/m, /function add needs the parameter "n", which no argument gives/],
    ['add(id: Int!, n: Int!)', 'add(id: Int!, n: Boolean!)', /^ {2}add\(/m, /function add has the parameter "n" of type integer, which can't take this/],
    ['add(id: Int!, n: Int!)', 'add(id: Int!, n: [Int!])', /^ {2}add\(/m, /function add has the parameter "n" of type integer, which can't take this/],
    ['add(id: Int!, n: Int!): Person', 'add(id: Int!, n: Int!): Entry', /^ {2}add\(/m, /function add must return rows of table entry/],
    ['add(id: Int!, n: Int!): Person', 'add(id: Int!, n: Int!): Int', /^ {2}add\(/m, /function add returns a type that the field's can't be made of/],
    ['name: "count_entries"', 'name: "sum_of"', /^ {2}count\(/m, /function sum_of is of a query, so it must be STABLE/],
    ['@procedure(name: "sum_of")', '@procedure(name: "count_entries")', /^ {2}sum\(/m, /function count_entries is of a mutation, so it must be VOLATILE/],
    ['@procedure(name: "nothing")', '@procedure(name: "twice")', /^ {2}nothing\(/m, /function twice exists more than once/],
    ['@procedure(name: "nothing")', '@procedure(name: "definer")', /^ {2}nothing\(/m, /function definer is SECURITY DEFINER and may be called by everybody/],
    ['@procedure(name: "nothing")', '@procedure(name: "pathless")', /^ {2}nothing\(/m, /function pathless is SECURITY DEFINER and needs a search_path/],
    ['@procedure(name: "nothing")', '@procedure(name: "viewerless")', /^ {2}nothing\(/m, /function viewerless must have "viewer text" as its first parameter/],
    ['add(id: Int!, n: Int!)', 'add(id: Int!, viewer: String)', /^ {2}add\(/m, /has the argument "viewer", which is no name for a parameter/],
    ['names: ["person", "entry"], type: "Entry"', 'names: ["person"], type: "Entry"', /^ {2}rewrite\(/m, /does not name one parameter for each column of the key/],
    ['names: ["person", "entry"], type: "Entry"', 'names: ["person", "entry"], type: "Single"', /^ {2}rewrite\(/m, /function rewrite has the parameter "person" of type bigint, which can't take this/],
    ['type: "Single")', 'type: "Node")', /^ {2}touch\(/m, /is to be an id of a type that has none, or not one form of it/],
    ['more: More)', 'more: [More])', /^input More/m, /function echo has the parameter "more_text" of type text, which can't take this/],
    ['two(id: Int!): Person', 'two(id: Int!): [Person!]', /^ {2}two\(/m, /is a list, but a change returns one row/],
    ['n: Int!\n  entries', 'n(id: Int!): Int! @procedure(name: "sum_of")\n  entries', /^ {2}id: ID! {2}name: String! {2}n\(/m, /which only fields of Query and Mutation can have/],
  ];
  await database.execute(`
    CREATE FUNCTION twice(viewer text, id integer) RETURNS void LANGUAGE sql AS ''; CREATE FUNCTION twice(viewer text, id bigint) RETURNS void LANGUAGE sql AS '';
    CREATE FUNCTION definer(viewer text, id integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS ''; GRANT EXECUTE ON FUNCTION definer TO public;
    CREATE FUNCTION pathless(viewer text, id integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS ''; REVOKE ALL ON FUNCTION pathless FROM public;
    CREATE FUNCTION viewerless(id integer, viewer text) RETURNS void LANGUAGE sql AS '';`);
  const other = path.join(folder, 'other.graphql');
  for (const [from, to, where, reason] of bad) {
    const text = SCHEMA.replace(from, to);
    assert.notEqual(text, SCHEMA, from);
    writeFileSync(other, text);
    const { status, stderr } = await run(BINARY, ['check', '--database', database.conninfo, '--schema', other]);
    assert.notEqual(status, 0, to);
    assert.match(stderr, reason);
    const line = text.slice(0, where.exec(text).index).split('\n').length;
    assert.match(stderr, new RegExp(`:${line}(:|,)`), `line ${line}, not: ${stderr}`);
  }
});
