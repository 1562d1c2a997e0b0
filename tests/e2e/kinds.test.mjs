// Interfaces and unions over tables of a schema made for it, on a real database: one table of several types, references whose row
// says the type, cells apart, mutations; and what the start-up check says when the mapping does not fit.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { bare, withKey } from './lib/ids.mjs';
import { MAPPING } from './lib/mapping.mjs';
import { BINARY, run } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';

const SCHEMA = `${MAPPING}
scalar DateTime @codec(as: TIMESTAMP)
type Query { node(id: ID!): Node @node(argument: "id")  person(id: ID!): Person @lookup(column: "id", argument: "id")  code(id: ID!): Code @lookup(column: "code", argument: "id") }
type Mutation { person(id: ID!): Person @lookup(column: "id", argument: "id")  node(id: ID!): Node @node(argument: "id") }
interface Node { id: ID! }
interface Event implements Node @kind(column: "kind") { id: ID!  at: DateTime!  about: Subject }
union Subject = Person | Pet
union Shape @kind(column: "kind") = Round | Square
union Drawing @kind(column: "kind") = Square | Line
type Round @table(name: "shape") { radius: Int! }
type Square @table(name: "shape") { side: Int! }
type Line @table(name: "shape") @value(name: "stroke") { side: Int! }
input Times { from: DateTime @filter(compare: AT_LEAST)  to: DateTime @filter(compare: AT_MOST)  room: Int @filter(column: "room") }
type Person implements Node @table(name: "person") {
  id: ID!  name: String!
  last: Event @reference(columns: ["last_id"])
  shape: Shape @reference(columns: ["shape_id"])
  drawing: Drawing @reference(columns: ["drawing_id"])
  events(when: Times @filter(column: "at")): [Event!]! @list(column: "person_id", order: "at desc, id desc")
  visits: [Visit!]! @list(column: "person_id", order: "at desc, id desc")
}
type Pet implements Node @table(name: "pet") @value(name: "animal") { id: ID!  name: String!  note: String @apart  owner: Person! @reference(columns: ["owner_id"]) @apart }
type Visit implements Node & Event @table(name: "event") {
  id: ID!  at: DateTime!  doctor: Person! @reference(columns: ["doctor_id"])  about: Subject @reference(columns: ["about_id"], kind: "about_kind")
}
type Call implements Node & Event @table(name: "event") {
  id: ID!  at: DateTime!  number: String!  about: Subject @reference(columns: ["about_id"], kind: "about_kind")
}
type Code implements Node @table(name: "code", key: ["code"]) { id: ID!  text: String! }
`;

let database, server, folder;
const schemaFile = (text) => {
  const file = path.join(folder, 'schema.graphql');
  writeFileSync(file, text);
  return file;
};

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tolqujat-kinds-'));
  database = await createDatabase({ empty: true });
  await database.execute(`
    CREATE TABLE person (id bigint PRIMARY KEY, name text NOT NULL, last_id bigint, shape_id bigint, drawing_id bigint);
    CREATE TABLE pet (id bigint PRIMARY KEY, name text NOT NULL, note text, owner_id bigint NOT NULL);
    CREATE TABLE event (id bigint PRIMARY KEY, person_id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, doctor_id bigint, number text,
      about_kind text, about_id bigint, room integer);
    CREATE INDEX ON event (person_id, at DESC, id DESC);
    CREATE TABLE code (code text PRIMARY KEY, text text NOT NULL);
    CREATE TABLE shape (id bigint PRIMARY KEY, kind text NOT NULL, radius integer, side integer);
    INSERT INTO shape VALUES (1, 'round', 5, NULL), (2, 'square', NULL, 6), (3, 'stroke', NULL, 7);
    INSERT INTO person VALUES (1, 'Ann', 12, 1, 3), (2, 'Bob', NULL, 2, 2), (3, 'Cy', 13, 3, 1);
    INSERT INTO pet VALUES (1, 'Rex', 'good', 2);
    INSERT INTO event VALUES (12, 1, 'visit', '2026-01-03 00:00Z', 2, NULL, 'animal', 1, 1), (11, 1, 'call', '2026-01-02 12:00Z', NULL, '77', 'person', 3, 2),
      (10, 1, 'visit', '2026-01-01 00:00Z', 3, NULL, NULL, NULL, 2), (13, 3, 'letter', '2026-01-01 00:00Z', NULL, NULL, NULL, NULL, NULL);
    INSERT INTO code VALUES ('A1', 'one');
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO tolqujat;`);
  server = await startServer({ database, args: ['--schema', schemaFile(SCHEMA)] });
});
after(async () => {
  await server?.stop();
  await database?.drop();
  if (folder) rmSync(folder, { recursive: true });
});

test('unions of one table tell their types by one column; a row of a type that is not of the union is an error', async () => {
  const SHAPES = 'query ($id: ID!) { person(id: $id) { shape { __typename ... on Round { radius } ... on Square { side } } drawing { __typename ... on Square { side } ... on Line { side } } } }';
  assert.deepEqual(await server.data(SHAPES, { id: 1 }), { person: { shape: { __typename: 'Round', radius: 5 }, drawing: { __typename: 'Line', side: 7 } } });
  assert.deepEqual(await server.data(SHAPES, { id: 2 }), { person: { shape: { __typename: 'Square', side: 6 }, drawing: { __typename: 'Square', side: 6 } } });
  const { data, errors } = await server.graphql(SHAPES, { id: 3 });
  assert.deepEqual(data, { person: { shape: null, drawing: null } });
  assert.deepEqual(errors.map(({ path, extensions }) => [path.join('.'), extensions.code]), [['person.shape', 'DATA_ERROR'], ['person.drawing', 'DATA_ERROR']]);
});

test('rows of one table are of the types that they say', async () => {
  const { person } = await server.data(`{ person(id: 1) { last { __typename at } visits { at }
    events { __typename ... on Visit { doctor { name } } ... on Call { number } about { __typename ... on Pet { name note owner { name } } ... on Person { name } } } } }`);
  assert.deepEqual(person, {
    last: { __typename: 'Visit', at: '2026-01-03T00:00:00Z' },
    visits: [{ at: '2026-01-03T00:00:00Z' }, { at: '2026-01-01T00:00:00Z' }],
    events: [
      { __typename: 'Visit', doctor: { name: 'Bob' }, about: { __typename: 'Pet', name: 'Rex', note: 'good', owner: { name: 'Bob' } } },
      { __typename: 'Call', number: '77', about: { __typename: 'Person', name: 'Cy' } },
      { __typename: 'Visit', doctor: { name: 'Cy' }, about: null },
    ],
  });
});

test('a range of times and another column, in one input object', async () => {
  const at = async (when) => (await server.data('query($when: Times) { person(id: 1) { events(when: $when) { at } } }', { when })).person.events.length;
  assert.equal(await at({ from: '2026-01-02T17:00:00+05:00' }), 2);
  assert.equal(await at({ from: '2026-01-02T12:00:00.000001Z' }), 1);
  assert.equal(await at({ to: '2026-01-02T12:00:00Z', room: 2 }), 2);
  assert.equal(await at({ from: '2026-01-02T00:00:00Z', room: 2 }), 1);
  assert.equal(await at(null), 3);
});

test('ids tell types apart that share a table; a text is a key too', async () => {
  const { person, code } = await server.data('{ person(id: 1) { events { id __typename } } code(id: "A1") { id text } }');
  for (const { id, __typename } of person.events) assert.deepEqual((await server.data('query($id: ID!) { node(id: $id) { id __typename } }', { id })).node, { id, __typename });
  const [visit, call] = person.events.map(({ id }) => id);
  const mixed = withKey(call, bare(visit)); // a call with the key of a visit
  assert.deepEqual(await server.graphql('query($id: ID!) { node(id: $id) { id } }', { id: mixed }), { data: { node: null } });
  assert.deepEqual((await server.data('query($id: ID!) { node(id: $id) { ... on Code { text } } code(id: $id) { id text } }', { id: code.id })), { node: { text: 'one' }, code });
});

test('a kind that no type has is an error at its place', async () => {
  const { data, errors } = await server.graphql('{ person(id: 3) { name last { at } } }');
  assert.deepEqual(data, { person: { name: 'Cy', last: null } });
  assert.deepEqual(errors.map(({ path, extensions }) => [path, extensions.code]), [[['person', 'last'], 'DATA_ERROR']]);
});

test('a mutation gives its fields in order', async () => {
  const answer = await server.data('mutation { b: person(id: 2) { name } a: person(id: 1) { last { at } } none: node(id: "x") { id } }');
  assert.deepEqual(Object.entries(answer), [['b', { name: 'Bob' }], ['a', { last: { at: '2026-01-03T00:00:00Z' } }], ['none', null]]);
});

test('the check at start-up names file, line and reason', async () => {
  const bad = [
    ['@kind(column: "kind")', '@kind(column: "sort")', /^interface Event/m, /table event, sort: column t\.sort does not exist/],
    ['kind: "about_kind")\n}\ntype Call', 'kind: "about_sort")\n}\ntype Call', /^.*about_sort/m, /table event, about_sort: column t\.about_sort does not exist/],
    ['note: String @apart', 'note: String! @apart', /^type Pet/m, /column pet\.note may be null, but the field is non-null/],
    ['owner_id"]) @apart', 'holder_id"]) @apart', /^type Pet/m, /table pet, holder_id: column t\.holder_id does not exist/],
    ['@filter(column: "at")', '@filter(column: "kind")', /^ {2}events/m, /event\.kind is of type text, and only integers, dates and times are compared by more than equality/],
    ['@table(name: "pet")', '@table(name: "pets")', /^type Pet/m, /there is no table pets/],
    ['order: "at desc, id desc")\n}', 'order: "at desc, id asc")\n}', /^ {2}visits/m, /must go the same way/],
  ];
  for (const [from, to, where, reason] of bad) {
    const text = SCHEMA.replace(from, to);
    assert.notEqual(text, SCHEMA);
    const file = schemaFile(text);
    const { code, stderr } = await run(BINARY, ['check', '--database', database.conninfo, '--schema', file]);
    assert.notEqual(code, 0);
    assert.match(stderr, reason);
    const line = text.slice(0, where.exec(text).index).split('\n').length;
    assert.ok(stderr.includes(`${file}:${line}:`), `line ${line}, not: ${stderr}`);
  }
  schemaFile(SCHEMA);
});
