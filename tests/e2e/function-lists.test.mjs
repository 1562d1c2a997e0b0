// Lists that SQL functions return, composite types and views, over a schema made for them, on a real database: what the arguments become,
// the order, the limit, null where none may be; and what the start-up check says when the mapping does not fit. Whose rows are seen by
// whom is held at the end, over the passport itself with such fields added.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MAPPING } from './lib/mapping.mjs';
import { BINARY, TOP, run, sleep, until } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { makeKeys } from './lib/tokens.mjs';

const SCHEMA = `${MAPPING}
scalar Date @codec(as: DATE)
scalar DateTime @codec(as: TIMESTAMP)
enum Mood { CALM WILD @value(name: "gone wild") }
input More { text: String  yes: Boolean }
type Query {
  node(id: ID!): Node @node(argument: "id")
  person(id: ID!): Person @lookup(column: "id", argument: "id")
  upTo(n: Int!, id: ID @parameter(names: ["person"], type: "Person")): [Step!]! @procedure(name: "up_to", limit: 5)
  persons(from: Int): [Person!]! @procedure(name: "persons")
  nothing: [Step!] @procedure(name: "no_steps")
}
interface Node { id: ID! }
type Person implements Node @table(name: "person") @aggregate {
  id: ID!  name: String!
  echo(n: Int, day: Date, at: DateTime, mood: Mood, id: ID @parameter(type: "Person"), more: More, big: ID): [Echo!]! @list(function: "echo")
  steps(n: Int = 3): [Step!]! @list(function: "steps", limit: 4)
  maybe(n: Int = 3): [Step!] @list(function: "steps", limit: 4)
  entries: [Entry!]! @list(column: "person_id", order: "id", limit: 20)
  latest(n: Int!): [Entry!]! @list(function: "latest")
  seen(first: Int = 2, after: String, from: Date @filter(column: "day", compare: AT_LEAST)): SightConnection! @list(column: "person_id", order: "day desc, id desc")
  sights: [Sight!]! @list(column: "person_id", order: "id")
}
type Entry implements Node @table(name: "entry", key: ["person_id", "id"]) { id: ID!  text: String!  twice: [Step!]! @list(function: "entry_steps", limit: 3) }
type Step @table(name: "step", key: []) { n: Int!  word: String  twice: Int! @computed(function: "step_twice")  person: Person @reference(columns: ["person_id"]) }
type Echo @table(name: "echo", key: []) { text: String!  calls: Int! }
type Sight @table(name: "sight", key: []) { day: Date!  text: String!  person: Person! @reference(columns: ["person_id"]) }
type SightConnection { nodes: [Sight!]!  edges: [SightEdge!]!  pageInfo: PageInfo! }
type SightEdge { node: Sight!  cursor: String! }
type PageInfo { hasNextPage: Boolean!  endCursor: String }
`;
const SQL = `
  CREATE TABLE person (id bigint PRIMARY KEY, name text NOT NULL);
  CREATE TABLE entry (person_id bigint NOT NULL REFERENCES person, id integer NOT NULL, text text NOT NULL, PRIMARY KEY (person_id, id));
  CREATE TABLE look (person_id bigint NOT NULL, id integer NOT NULL, day date, text text, PRIMARY KEY (person_id, id));
  CREATE INDEX ON look (person_id, day DESC, id DESC);
  CREATE VIEW sight AS SELECT person_id, id, day, 'seen: ' || text AS text FROM look;
  CREATE TYPE step AS (n integer, word text, person_id bigint);
  CREATE TYPE echo AS (text text, calls integer);
  CREATE FUNCTION step_twice(s step) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT s.n * 2 $$;
  INSERT INTO person SELECT i, 'p' || i FROM generate_series(1, 20) AS i;
  INSERT INTO entry SELECT p, e, 'e' || p || '.' || e FROM generate_series(1, 2) AS p, generate_series(1, 3) AS e;
  INSERT INTO look VALUES (1, 1, '2026-01-01', 'a'), (1, 2, '2026-01-03', 'b'), (1, 3, '2026-01-03', 'c'), (2, 1, '2026-01-01', NULL), (3, 1, '2026-01-01', 'd');
  CREATE SEQUENCE calls;
  GRANT USAGE ON calls TO tolqujat_server;
  CREATE FUNCTION echo(id bigint, n integer, day date, at timestamptz, mood text, other bigint, more text, yes boolean, big bigint) RETURNS SETOF echo LANGUAGE sql STABLE AS $$
    SELECT concat_ws(' ', id, coalesce(n::text, '-'), coalesce(day::text, '-'), coalesce((at AT TIME ZONE 'UTC')::text, '-'), coalesce(mood, '-'), coalesce(other::text, '-'), coalesce(more, '-'),
      coalesce(yes::text, '-'), coalesce(big::text, '-')), 1 $$;
  CREATE FUNCTION steps(id bigint, n integer) RETURNS SETOF step LANGUAGE sql STABLE AS $$
    SELECT g, CASE WHEN g % 2 = 0 THEN 'even' END, id FROM generate_series(1, n) AS g ORDER BY g DESC $$;
  CREATE FUNCTION entry_steps(person bigint, id integer) RETURNS SETOF step LANGUAGE sql STABLE AS $$ SELECT (person * 100 + id)::integer, NULL::text, person UNION ALL SELECT CASE WHEN id = 3 THEN NULL ELSE 0 END, 'x', NULL $$;
  CREATE FUNCTION latest(person bigint, n integer) RETURNS SETOF entry LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN QUERY SELECT e.* FROM entry e WHERE e.person_id = person ORDER BY e.id DESC LIMIT n; END $$;
  CREATE FUNCTION up_to(viewer text, n integer, person bigint) RETURNS SETOF step LANGUAGE sql STABLE AS $$ SELECT g, 'w', person FROM generate_series(1, n) AS g $$;
  CREATE FUNCTION persons(viewer text, "from" integer) RETURNS SETOF person LANGUAGE sql STABLE AS $$ SELECT * FROM person WHERE id >= coalesce("from", 15) ORDER BY id DESC $$;
  CREATE FUNCTION no_steps(viewer text) RETURNS SETOF step LANGUAGE sql STABLE AS $$ SELECT 1, 'w', 1::bigint WHERE false $$;
`;

let folder, database, server, file;

const schemaFile = (name, text) => {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
};

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tolqujat-lists-'));
  file = schemaFile('schema.graphql', SCHEMA);
  database = await createDatabase({ empty: true });
  await database.execute(SQL);
  server = await startServer({ database, args: ['--schema', file] });
});
after(async () => {
  await server?.stop();
  await database?.drop();
  if (folder) rmSync(folder, { recursive: true });
});

test('arguments go by their place, each of its type, null where it is not given', async () => {
  const { person, ...all } = await server.data(`{
    person(id: 1) { id echo { text } }
    two: person(id: 2) { echo(n: -5, day: "2026-02-28", at: "2026-03-31T09:30:00+05:00", mood: WILD, more: { text: "a 'b' \\"c\\"", yes: false }, big: "9007199254740993") { text calls } }
    three: person(id: 3) { echo(n: null, mood: CALM, more: { yes: true }) { text } } }`);
  assert.deepEqual(person.echo, [{ text: '1 - - - - - - - -' }]);
  assert.deepEqual(all.two.echo, [{ text: `2 -5 2026-02-28 2026-03-31 04:30:00 gone wild - a 'b' "c" false 9007199254740993`, calls: 1 }]);
  assert.deepEqual(all.three.echo, [{ text: '3 - - - calm - - true -' }]);
  const { again } = await server.data('query ($id: ID) { again: person(id: 4) { echo(id: $id, n: 1) { text } } }', { id: person.id });
  assert.deepEqual(again.echo, [{ text: '4 1 - - - 1 - - -' }]);
});

test('values that no parameter can have are refused before anything runs', async () => {
  for (const [argument, message] of [['day: "2026-02-30"', /Argument "day" of "Person.echo" is no day/], ['id: "1"', /Argument "id" of "Person.echo" is no id of "Person"\./],
    ['big: "x"', /Argument "big" of "Person.echo" has a value/], ['at: "noon"', /Argument "at" of "Person.echo" is no point of time/]]) {
    const { errors, data } = await server.graphql(`{ person(id: 1) { echo(${argument}) { text } } }`);
    assert.match(errors[0].message, message);
    assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
    assert.equal(data, undefined);
  }
});

test("the function's order is kept, and parents of one level share one statement", async () => {
  const data = await server.data(`{ a: person(id: 1) { steps(n: 4) { n word twice person { name } } }  b: person(id: 2) { steps { n } none: steps(n: 0) { n } } }`);
  assert.deepEqual(data.a.steps, [4, 3, 2, 1].map((n) => ({ n, word: n % 2 ? null : 'even', twice: n * 2, person: { name: 'p1' } })));
  assert.deepEqual(data.b, { steps: [{ n: 3 }, { n: 2 }, { n: 1 }], none: [] });
  const before = await server.metric('tolqujat_db_statements_total');
  const { persons } = await server.data('{ persons(from: 1) { steps(n: 2) { n } } }');
  assert.equal(persons.length, 20);
  assert.ok(persons.every(({ steps }) => steps.length === 2));
  assert.equal(await server.metric('tolqujat_db_statements_total') - before, 1, 'all twenty parents in one');
});

test('a list longer than its limit is an error and never cut', async () => {
  const { data, errors } = await server.graphql('{ person(id: 1) { name maybe(n: 5) { n } ok: maybe(n: 4) { n } } }');
  assert.deepEqual(data.person, { name: 'p1', maybe: null, ok: [4, 3, 2, 1].map((n) => ({ n })) });
  assert.deepEqual(errors.map(({ path: at, extensions }) => [at, extensions.code]), [[['person', 'maybe'], 'LIMIT_EXCEEDED']]);
  const up = await server.graphql('{ upTo(n: 6) { n } }');
  assert.equal(up.data, null);
  assert.equal(up.errors[0].extensions.code, 'LIMIT_EXCEEDED');
});

test('a null where the field is never null is a data error of that key alone', async () => {
  const { data, errors } = await server.graphql('{ person(id: 1) { entries { text twice { n } } } }');
  assert.equal(data.person, null);
  assert.deepEqual(errors.map(({ path: at, extensions }) => [at, extensions.code]), [[['person', 'entries', 2, 'twice'], 'DATA_ERROR']]);
  const some = await server.data('{ person(id: 2) { latest(n: 2) { text } } }');
  assert.deepEqual(some.person.latest, [{ text: 'e2.3' }, { text: 'e2.2' }]);
  const views = await server.graphql('{ a: person(id: 1) { sights { text } }  b: person(id: 2) { sights { text } } }');
  assert.deepEqual(views.data, { a: { sights: ['a', 'b', 'c'].map((text) => ({ text: `seen: ${text}` })) }, b: null });
  assert.deepEqual(views.errors.map(({ path: at, extensions }) => [at, extensions.code]), [[['b', 'sights'], 'DATA_ERROR']]);
  await until(() => /column text is null, but its field \(line \d+ of the schema\) never is/.test(server.stderr), 'the line of the log'); // a pipe may come behind a socket
});

test('a connection over a view has pages', async () => {
  const query = 'query ($after: String, $from: Date) { person(id: 1) { seen(after: $after, from: $from) { nodes { day text person { name } } pageInfo { hasNextPage endCursor } } } }';
  const { person: { seen } } = await server.data(query);
  assert.deepEqual(seen.nodes.map(({ text }) => text), ['seen: c', 'seen: b']);
  assert.equal(seen.pageInfo.hasNextPage, true);
  const next = await server.data(query, { after: seen.pageInfo.endCursor });
  assert.deepEqual(next.person.seen.nodes, [{ day: '2026-01-01', text: 'seen: a', person: { name: 'p1' } }]);
  assert.equal((await server.data(query, { from: '2026-01-02' })).person.seen.nodes.length, 2);
});

test("a query's function lists rows", async () => {
  const data = await server.data('{ persons { name } some: persons(from: 19) { name steps(n: 1) { n } } nothing { n } upTo(n: 2) { n word person { name } } }');
  assert.deepEqual(data.persons.map(({ name }) => name), ['p20', 'p19', 'p18', 'p17', 'p16', 'p15']);
  assert.deepEqual(data.some, [{ name: 'p20', steps: [{ n: 1 }] }, { name: 'p19', steps: [{ n: 1 }] }]);
  assert.deepEqual(data.nothing, []);
  assert.deepEqual(data.upTo, [{ n: 1, word: 'w', person: null }, { n: 2, word: 'w', person: null }]);
});

test('what does not fit is told at the start, with the line', async () => {
  const replace = (from, to) => {
    assert.ok(SCHEMA.includes(from), from);
    return SCHEMA.replace(from, to);
  };
  await database.execute(`
    CREATE FUNCTION one_step(id bigint) RETURNS step LANGUAGE sql STABLE AS $$ SELECT 1, 'x', 1::bigint $$;
    CREATE FUNCTION written(id bigint, n integer) RETURNS SETOF step LANGUAGE sql VOLATILE AS $$ SELECT 1, 'x', 1::bigint $$;
    CREATE FUNCTION others(id bigint, n integer) RETURNS SETOF person LANGUAGE sql STABLE AS $$ SELECT * FROM person $$;
    CREATE FUNCTION hers(id bigint, n integer) RETURNS SETOF step LANGUAGE sql STABLE AS $$ SELECT 1, 'x', 1::bigint $$;
    REVOKE EXECUTE ON FUNCTION hers FROM PUBLIC;
    CREATE VIEW all_looks AS SELECT person_id + 0 AS person_id, id, day, text FROM look;`);
  for (const [text, message] of [
    [replace('@list(function: "steps", limit: 4)', '@list(function: "stepps", limit: 4)'), /:\d+: function stepps does not exist/],
    [replace('@list(function: "entry_steps", limit: 3)', '@list(function: "one_step")'), /:\d+: function one_step must return SETOF step/],
    [replace('@list(function: "steps", limit: 4)', '@list(function: "written")'), /function written is of a query, so it must be STABLE/],
    [replace('@list(function: "steps", limit: 4)', '@list(function: "others")'), /function others must return SETOF step/],
    [replace('@list(function: "steps", limit: 4)', '@list(function: "hers")'), /function hers may not be called by the role that the server connects as/],
    [replace('steps(n: Int = 3)', 'steps(n: Date)'), /argument 2 of function steps is of a type that can't take "n"/],
    [replace('steps(n: Int = 3)', 'steps(n: Int, m: Int)'), /the function can't be called so: function steps\(unknown, unknown, unknown\) does not exist/],
    [replace('  nothing: [Step!] @procedure(name: "no_steps")', '  nothing: [Step!] @procedure(name: "echo")'), /function echo must have "viewer text" as its first parameter/],
    [replace('[Entry!]! @list(column: "person_id", order: "id", limit: 20)', '[Step!]! @list(column: "person_id", order: "n")'), /step is a type without rows of its own: functions alone return them/],
    [replace('name: "sight"', 'name: "all_looks"'), /no index serves a search by person_id/],
    [replace('@table(name: "step", key: [])', '@table(name: "step", key: []) @hot'), /@hot and @aggregate need a key of one column/],
    [replace('n: Int!  word: String  twice', 'n: String!  word: Int  twice'), /step.word is of type text, and Int can't be made of that/],
    [replace('from: Date @filter', 'from: DateTime @filter'), /sight.day is of type date, and can't be compared with what its argument is/],
  ]) {
    const { status, stderr } = await run(BINARY, ['check', '--database', database.serverConninfo, '--schema', schemaFile('bad.graphql', text)]);
    assert.notEqual(status, 0, message);
    assert.match(stderr, message);
  }
});

// The passport with two fields more: what is due for a person, and a list of whom the function finds.
describe('whose rows', () => {
  const DUE = `
extend type Patient {
  testDue(code: String): [TestDue!]! @list(function: "test_due", limit: 20)
  testVaccinations: [Vaccination!]! @list(function: "test_vaccinations")
}
extend type Query {
  testAll(from: ID): [TestDue!]! @procedure(name: "test_all", limit: 50)
  testGiven: [TestDue!]! @procedure(name: "test_given", limit: 50, capacity: PHARMACIST)
  testPrescriptions: [Prescription!]! @procedure(name: "test_prescriptions", capacity: PHARMACIST)
}
"What is due." type TestDue @table(name: "test_due_row", key: []) @belongs @allow(to: [OWNER, DISTRICT_DOCTOR, PHARMACIST]) {
  "Which." code: String!
  "For the owner." secret: String @allow(to: [OWNER])
  "Whose." patient: Patient! @reference(columns: ["patient_id"])
}
`;
  const BIN_OF = `(SELECT bin FROM clinic WHERE id = a.clinic_id)`;
  let keys, passport, guarded, owner, doctor, stranger, people;

  before(async () => {
    keys = makeKeys();
    passport = await createDatabase();
    await passport.execute(`
      CREATE TYPE test_due_row AS (patient_id bigint, code text, secret text);
      CREATE FUNCTION test_due(patient bigint, code text) RETURNS SETOF test_due_row LANGUAGE sql STABLE AS $$
        SELECT patient, coalesce(code, 'A'), 's' UNION ALL SELECT (SELECT min(id) FROM patient p WHERE p.id <> patient), 'other', 's' $$;
      CREATE FUNCTION test_vaccinations(patient bigint) RETURNS SETOF immunization LANGUAGE sql STABLE AS $$
        SELECT * FROM immunization i WHERE i.patient_id = patient AND superseded_by IS NULL ORDER BY id $$;
      CREATE FUNCTION test_all(viewer text, "from" text) RETURNS SETOF test_due_row LANGUAGE sql STABLE AS $$
        SELECT id, 'all', 's' FROM patient WHERE iin IN (SELECT unnest(string_to_array("from", ','))) ORDER BY id $$;
      CREATE FUNCTION test_given(viewer text) RETURNS SETOF test_due_row LANGUAGE sql STABLE AS $$ SELECT id, 'given', 's' FROM patient ORDER BY id LIMIT 3 $$;
      CREATE FUNCTION test_prescriptions(viewer text) RETURNS SETOF prescription LANGUAGE sql STABLE AS $$
        SELECT * FROM prescription WHERE superseded_by IS NULL ORDER BY patient_id, id LIMIT 4 $$;`);
    // A patient with vaccinations and the doctor of its district; another patient.
    [owner] = await passport.query(`SELECT p.id, p.iin, d.iin AS doctor, ${BIN_OF} AS bin FROM patient p JOIN attachment a ON a.patient_id = p.id AND a.detached_on IS NULL
      JOIN practitioner d ON d.id = a.district_doctor_id WHERE p.deceased_on IS NULL AND p.birth_date < '1990-01-01' AND p.id > 5 AND (SELECT count(*) FROM immunization i WHERE i.patient_id = p.id) > 1 LIMIT 1`);
    [stranger] = await passport.query(`SELECT id, iin FROM patient p WHERE p.id <> ${owner.id} AND deceased_on IS NULL AND birth_date < '1990-01-01' AND NOT EXISTS (
      SELECT FROM attachment a JOIN practitioner d ON d.id = a.district_doctor_id WHERE a.patient_id = p.id AND d.iin = '${owner.doctor}') AND NOT EXISTS (
      SELECT FROM guardianship g WHERE g.guardian_id = p.id) LIMIT 1`);
    people = `${owner.iin},${stranger.iin}`;
    doctor = { headers: keys.bearer({ role: 'DOCTOR', sub: owner.doctor, org: owner.bin }) };
    guarded = await startServer({ database: passport, tokens: keys, args: ['--schema', schemaFile('passport.graphql', readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8') + DUE)] });
  });
  after(async () => {
    await guarded?.stop();
    await passport?.drop();
    keys?.remove();
  });
  const as = (iin) => ({ headers: keys.bearer({ role: 'CITIZEN', sub: iin }) });
  const due = 'query ($iin: ID!) { patient(iin: $iin) { testDue(code: "B") { code secret } } }';

  test("the parent's rows are seen as the parent is, and those of others are left out", async () => {
    const own = await guarded.graphql(due, { iin: owner.iin }, as(owner.iin));
    assert.deepEqual(own, { data: { patient: { testDue: [{ code: 'B', secret: 's' }] } } });
    const seen = await guarded.graphql(due, { iin: owner.iin }, doctor);
    assert.deepEqual(seen.data, { patient: { testDue: [{ code: 'B', secret: null }] } });
    assert.deepEqual(seen.errors.map(({ path: at, extensions }) => [at, extensions.code]), [[['patient', 'testDue', 0, 'secret'], 'FORBIDDEN']]);
    assert.deepEqual((await guarded.graphql(due, { iin: owner.iin }, as(stranger.iin))).data, { patient: null });
  });

  test('entries that the owner hid are left out', async () => {
    const query = 'query ($iin: ID!) { patient(iin: $iin) { testVaccinations { id } } }';
    const all = (await guarded.graphql(query, { iin: owner.iin }, as(owner.iin))).data.patient.testVaccinations;
    assert.ok(all.length > 1);
    const hidden = await guarded.graphql('mutation ($id: ID!) { hideEntry(entry: $id, acknowledgeRisk: true) { ... on Hidden { rule { kind } } } }', { id: all[0].id }, as(owner.iin));
    assert.equal(hidden.errors, undefined);
    const seen = await guarded.graphql(query, { iin: owner.iin }, doctor);
    assert.deepEqual(seen.data.patient.testVaccinations, all.slice(1));
    assert.deepEqual((await guarded.graphql(query, { iin: owner.iin }, as(owner.iin))).data.patient.testVaccinations, all);
  });

  test("a query's list holds those whom the viewer may see, and asks for all of their rights at once", async () => {
    const query = 'query ($people: ID) { testAll(from: $people) { code patient { iin } } }';
    assert.deepEqual((await guarded.graphql(query, { people }, as(owner.iin))).data.testAll, [{ code: 'all', patient: { iin: owner.iin } }]);
    const before = await guarded.metric('tolqujat_db_statements_total');
    assert.deepEqual((await guarded.graphql(query, { people }, doctor)).data.testAll, [{ code: 'all', patient: { iin: owner.iin } }]);
    assert.ok(await guarded.metric('tolqujat_db_statements_total') - before <= 2, 'the rights, the patients');
    assert.deepEqual((await guarded.graphql(query, { people: '000000000000' }, doctor)).data.testAll, []);
    const { errors } = await guarded.graphql(query, { people });
    assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
  });

  test('with a capacity the rows are seen in it, and nothing else of the persons', async () => {
    const pharmacist = { headers: keys.bearer({ role: 'PHARMACIST', sub: stranger.iin, org: '070140030344' }) };
    const { data } = await guarded.graphql('{ testGiven { code } }', {}, pharmacist);
    assert.deepEqual(data.testGiven, Array(3).fill({ code: 'given' }));
    const more = await guarded.graphql('{ testGiven { code secret } }', {}, pharmacist);
    assert.deepEqual(more.errors.map(({ extensions }) => extensions.code), Array(3).fill('FORBIDDEN'));
    const beyond = await guarded.graphql('{ testGiven { patient { iin } } }', {}, pharmacist);
    assert.equal(beyond.data, null);
    const apart = await guarded.graphql('{ testPrescriptions { number version source { name } } }', {}, pharmacist);
    assert.equal(apart.data.testPrescriptions.length, 4);
    assert.ok(apart.data.testPrescriptions.every(({ number, version }) => number && version >= 1), JSON.stringify(apart));
  });

  test('each person whose rows were shown has it on record, the others have not', async () => {
    const looks = (id) => passport.value(`SELECT count(*) FROM access_log WHERE patient_id = ${id}`);
    await until(async () => await guarded.metric('tolqujat_audit_waiting') === 0, 'those of before, as refused ones follow their answers');
    const [mine, theirs] = [await looks(owner.id), await looks(stranger.id)];
    await guarded.graphql('query ($people: ID) { testAll(from: $people) { code } }', { people }, doctor);
    assert.equal(await looks(owner.id) - mine, 1);
    assert.equal(await looks(stranger.id) - theirs, 0);
    assert.match(await passport.value(`SELECT access_log_seen(l) FROM access_log l WHERE patient_id = ${owner.id} ORDER BY at DESC LIMIT 1`), /^TestDue\(code\)$/);
  });
});
