// Fields that are lists of scalars and enums, in every nesting of lists and non-null, over arrays of a real database: what is
// answered is what graphql-js makes of the same values. And what the start-up check and the log say when an array does not fit.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildSchema, execute, parse, validate } from 'graphql';
import { random } from './lib/documents.mjs';
import { MAPPING } from './lib/mapping.mjs';
import { BINARY, run, until } from './lib/run.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { Database } from './lib/psql.mjs';
import { startServer } from './lib/server.mjs';

const LIMITS = ['--max-cost', '1000000000', '--max-root-fields', '1000', '--max-aliases', '10000', '--max-tokens', '100000'];
const MOST_ERRORS = 20; // of an answer

// What an array may be of: two values, as SQL has them and as they are answered.
const KINDS = [
  ['smallint', 'Int', '-2', -2, '7', 7],
  ['integer', 'Int', '2147483647', 2147483647, '0', 0],
  ['bigint', 'Int', '-2147483648', -2147483648, '1', 1],
  ['bigint', 'ID', '9007199254740993', '9007199254740993', '1', '1'],
  ['text', 'ID', "'null'", 'null', "'7'", '7'],
  ['real', 'Float', '0.1', 0.1, '-1.5', -1.5],
  ['double precision', 'Float', '0.1', 0.1, '1e100', 1e100],
  ['numeric', 'Float', '2.50', 2.5, '3', 3],
  ['boolean', 'Boolean', 'true', true, 'false', false],
  ['text', 'String', "'null'", 'null', String.raw`E'a"],[\\ қ\n'`, 'a"],[\\ қ\n'],
  ['varchar(9)', 'String', "''", '', "'{x,y}'", '{x,y}'],
  ['char(3)', 'String', "'a'", 'a  ', "'abc'", 'abc'],
  ['uuid', 'String', "'00000000-0000-0000-0000-00000000000a'", '00000000-0000-0000-0000-00000000000a', "'ffffffff-0000-0000-0000-000000000000'", 'ffffffff-0000-0000-0000-000000000000'],
  ['jsonb', 'String', `'{"a": [null]}'`, '{"a": [null]}', "'null'", 'null'],
  ['date', 'Date', "'2026-10-23'", '2026-10-23', "'1999-12-31'", '1999-12-31'],
  ['timestamptz', 'DateTime', "'2026-01-02 03:04:05.5+05'", '2026-01-01T22:04:05.500000Z', "'2000-01-01Z'", '2000-01-01T00:00:00Z'],
  ['bigint', 'Money', '129773', '1297.73', '-1', '-0.01'],
  ['text', 'Pet', "'cat'", 'CAT', "'hound'", 'DOG'],
  ['animal', 'Pet', "'cat'", 'CAT', "'hound'", 'DOG'],
  ['small', 'Int', '5', 5, '6', 6],
].map(([sql, type, a, jsonA, b, jsonB], i) => ({ sql, type, values: { a, b }, json: { a: jsonA, b: jsonB }, name: `k${i}` }));

/** All nestings of a type in `depth` lists: [T] [T!] [T]! [T!]! ... */
const nestings = (type, depth) => {
  const inner = depth === 0 ? [type] : nestings(type, depth - 1).map((t) => `[${t}]`);
  return inner.flatMap((t) => [t, `${t}!`]);
};
const listsOf = (type, depth) => nestings(type, depth - 1).flatMap((t) => [`[${t}]`, `[${t}]!`]);

/** All arrays of these extents with a value or null in every place: nested lists of 'a', 'b' and null. */
function arrays([extent, ...rest]) {
  const items = rest.length ? arrays(rest) : ['ab', null];
  let all = [[]];
  for (let i = 0; i < extent; i++) all = all.flatMap((list) => items.map((item) => [...list, item === 'ab' ? 'ab'[(list.length + i) % 2] : item]));
  return all;
}
const SHAPES = {
  1: [null, [], ...[[1], [2], [3]].flatMap(arrays)],
  2: [null, [], ...[[1, 1], [1, 2], [2, 1], [2, 2]].flatMap(arrays), [['a', 'b', null], ['a', null, 'b'], ['a', 'b', 'a']]],
  3: [null, [], ...[[1, 1, 1], [2, 1, 2], [1, 2, 1]].flatMap(arrays)],
};
const ROWS = Math.max(...Object.values(SHAPES).map((shapes) => shapes.length));
const shape = (depth, row) => SHAPES[depth][row % SHAPES[depth].length];

const sqlItem = (item, kind) => (Array.isArray(item) ? `[${item.map((one) => sqlItem(one, kind)).join(', ')}]` : item === null ? 'NULL' : kind.values[item]);
const sqlArray = (value, kind) => (value === null ? 'NULL' : value.length === 0 ? "'{}'" : `ARRAY${sqlItem(value, kind)}::${kind.sql}[]`);
const jsonOf = (item, kind) => (Array.isArray(item) ? item.map((one) => jsonOf(one, kind)) : item === null ? null : kind.json[item]);

// column: { name, kind, depth }, and a field of each nesting over it
const COLUMNS = KINDS.flatMap((kind) => [1, 2, ...(kind.sql === 'integer' ? [3] : [])].map((depth) => ({ name: `${kind.name}_${depth}`, kind, depth })));
const FIELDS = COLUMNS.flatMap((column) => listsOf(column.kind.type, column.depth).map((type, i) => ({ name: `${column.name}_${i}`, type, column, how: `@column(name: "${column.name}")` })));
const INTEGER = COLUMNS.find(({ kind, depth }) => kind.sql === 'integer' && depth === 2);
for (const [i, type] of listsOf('Int', 2).entries()) {
  FIELDS.push({ name: `made_${i}`, type, column: INTEGER, how: '@computed(function: "made")' });
  FIELDS.push({ name: `aside_${i}`, type, column: INTEGER, how: `@column(name: "${INTEGER.name}") @apart` });
  FIELDS.push({ name: `choice_${i}`, type, column: INTEGER, how: '@column(name: "choice_{lang}")', args: '(lang: Lang = A)' });
}
// A row has 96 cells at most, so a kind has a type of its own.
const GROUPS = [...new Set(FIELDS.map(({ column }) => column.kind))];
const typeOf = (kind) => `Row${kind.name}`;
const fieldsOf = (kind) => FIELDS.filter(({ column }) => column.kind === kind);
const SHELF = `type Shelf @table(name: "shelf") @hot { id: ID!  tags: [String!]!  loose: [String!] @column(name: "tags")  books: [Book!]! @list(column: "shelf_id", order: "id") }
type Book @table(name: "book") { id: ID!  pages: [String!]!  marks: [[Int!]!] }
`;
const SDL = `scalar Date @codec(as: DATE)
scalar DateTime @codec(as: TIMESTAMP)
scalar Money @codec(as: FIXED, scale: 2)
enum Pet { CAT DOG @value(name: "hound") }
enum Lang { A B }
type Query { box(id: ID!): Box @lookup(column: "id", argument: "id")  must(id: ID!): Box! @lookup(column: "id", argument: "id")
  shelf(id: ID!): Shelf @lookup(column: "id", argument: "id") }
type Box @table(name: "box") @aggregate { id: ID!
${GROUPS.map((kind) => `  ${kind.name}: ${typeOf(kind)} @reference(columns: ["id"])
  ${kind.name}List: [${typeOf(kind)}]! @list(column: "box_id", order: "id")
  ${kind.name}Strict: [${typeOf(kind)}!]! @list(column: "box_id", order: "id")`).join('\n')} }
${GROUPS.map((kind) => `type ${typeOf(kind)} @table(name: "${kind.name}") { id: ID!
${fieldsOf(kind).map(({ name, type, how, args }) => `  ${name}${args ?? ''}: ${type} ${how}`).join('\n')} }`).join('\n')}
${SHELF}`;
const reference = buildSchema(MAPPING + SDL);

const TABLES = `CREATE TYPE animal AS ENUM ('cat', 'hound'); CREATE DOMAIN small AS integer CHECK (VALUE < 100);
CREATE TABLE box (id bigint PRIMARY KEY); INSERT INTO box SELECT generate_series(1, ${ROWS});
${GROUPS.map((kind) => {
    const columns = COLUMNS.filter((column) => column.kind === kind);
    const extra = columns.includes(INTEGER) ? [...['a', 'b'].map((lang) => ({ name: `choice_${lang}`, depth: 2 }))] : [];
    return `CREATE TABLE ${kind.name} (id bigint PRIMARY KEY, box_id bigint NOT NULL${[...columns, ...extra].map(({ name }) => `, ${name} ${kind.sql}[] NOT NULL`).join('')});
CREATE INDEX ON ${kind.name} (box_id, id);
${columns.includes(INTEGER) ? `CREATE FUNCTION made(r ${kind.name}) RETURNS integer[] LANGUAGE sql STABLE AS 'SELECT r.${INTEGER.name}';` : ''}`;
  }).join('\n')}
CREATE TABLE shelf (id bigint PRIMARY KEY, tags text[] NOT NULL); INSERT INTO shelf VALUES (1, '{a,b}'), (2, '{a,NULL}'), (3, '[5:6]={a,b}');
CREATE TABLE book (id bigint PRIMARY KEY, shelf_id bigint NOT NULL, pages text[] NOT NULL, marks integer[]); CREATE INDEX ON book (shelf_id, id);
CREATE FUNCTION thickness(b book) RETURNS integer LANGUAGE sql STABLE AS 'SELECT cardinality(b.pages)';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO tolqujat;`;
/** The rows, each in the box of its number. */
const INSERTS = GROUPS.map((kind) => {
  const columns = COLUMNS.filter((column) => column.kind === kind);
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const cells = columns.map(({ depth }) => sqlArray(shape(depth, row), kind));
    if (columns.includes(INTEGER)) cells.push(cells[1], cells[1]);
    return `(${row + 1}, ${row + 1}, ${cells.join(', ')})`;
  });
  const names = [...columns.map(({ name }) => name), ...(columns.includes(INTEGER) ? ['choice_a', 'choice_b'] : [])];
  return `${names.map((name) => `ALTER TABLE ${kind.name} ALTER ${name} DROP NOT NULL;`).join('')}
INSERT INTO ${kind.name} (id, box_id, ${names.join(', ')}) VALUES ${rows.join(',\n')};`;
}).join('\n');

let database, servers, folder;
const schemaFile = (name, text) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tolqujat-lists-'));
  database = await createDatabase({ empty: true });
  await database.execute(TABLES);
  const { redis } = await sharedServices();
  const args = [...LIMITS, '--schema', schemaFile('schema.graphql', MAPPING + SDL)];
  servers = [await startServer({ database, args }), await startServer({ database, redis, args })];
  // A server does not start over columns that may be null where a field may not; they become so behind its back.
  await new Database(database.services, database.name, 'postgres').execute(INSERTS);
});
after(async () => {
  for (const server of servers ?? []) await server.stop();
  await database?.drop();
  if (folder) rmSync(folder, { recursive: true });
});

function resolve(source, args, _context, { fieldName, parentType }) {
  if (parentType.name === 'Query') return { id: Number(args.id) };
  if (fieldName === 'id') return source.id;
  if (parentType.name === 'Box') return /(List|Strict)$/.test(fieldName) ? [source] : source;
  const { column } = FIELDS.find(({ name }) => name === fieldName);
  return jsonOf(shape(column.depth, source.id - 1), column.kind);
}
const comparable = ({ message, path: at, locations }) => ({ message, path: at, locations });

const count = { operations: 0, errors: 0, allNull: 0 };
async function compare(query) {
  const document = parse(query);
  assert.deepEqual(validate(reference, document), []);
  const want = execute({ schema: reference, document, fieldResolver: resolve });
  for (const server of servers) {
    const have = await server.graphql(query);
    assert.equal(JSON.stringify(have.data), JSON.stringify(want.data), query);
    assert.deepEqual((have.errors ?? []).map(comparable), (want.errors ?? []).slice(0, MOST_ERRORS).map((e) => comparable(e.toJSON())), query);
  }
  count.operations++;
  count.errors += want.errors?.length ?? 0;
  count.allNull += want.data === null;
}
async function compareAll(queries) {
  for (let i = 0; i < queries.length; i += 20) await Promise.all(queries.slice(i, i + 20).map(compare));
}

describe('every nesting beside graphql-js', () => {
  for (const kind of GROUPS) {
    test(`${kind.type} of ${kind.sql}[], ${fieldsOf(kind).length} fields, ${ROWS} rows`, async () => {
      const queries = [];
      const fields = fieldsOf(kind);
      for (let row = 1; row <= ROWS; row++) {
        for (let from = 0; from < fields.length; from += 8) {
          queries.push(`{ ${fields.slice(from, from + 8).map(({ name }) => `${name}: box(id: ${row}) { id ${kind.name} { ${name} } }`).join(' ')} }`);
        }
      }
      await compareAll(queries);
    });
  }

  test('many of them in one selection, below lists, up to a root that may not be null', async () => {
    const rnd = random(11);
    const queries = Array.from({ length: 400 }, () => {
      const kind = GROUPS[rnd(GROUPS.length)];
      const fields = fieldsOf(kind);
      const some = Array.from({ length: 1 + rnd(3) }, () => fields[rnd(fields.length)]);
      const way = ['', 'List', 'Strict'][rnd(3)];
      return `{ ${rnd(2) ? 'box' : 'must'}(id: ${1 + rnd(ROWS)}) { id ${kind.name}${way} { id ${some.map(({ name }, i) => `a${i}: ${name}`).join(' ')} } } }`;
    });
    await compareAll(queries);
    assert.ok(count.allNull > 10, JSON.stringify(count));
  });

  test('asked enough', (t) => {
    t.diagnostic(JSON.stringify(count));
    assert.equal(listsOf('T', 1).join(' '), '[T] [T]! [T!] [T!]!');
    assert.equal(listsOf('T', 2).length, 8);
    assert.ok(count.operations > 1000 && count.errors > 1000, JSON.stringify(count));
  });
});

test('reference data: lists are in the process', async () => {
  for (const server of servers) {
    const answer = await server.graphql('{ a: shelf(id: 1) { tags } b: shelf(id: 2) { loose } c: shelf(id: 2) { tags } d: shelf(id: 3) { tags } }');
    assert.deepEqual(answer.data, { a: { tags: ['a', 'b'] }, b: { loose: null }, c: null, d: { tags: ['a', 'b'] } });
    assert.deepEqual(answer.errors.map(({ message, path: at, extensions }) => [message, at, extensions.code]), [
      ['Cannot return null for non-nullable field Shelf.loose.', ['b', 'loose', 1], 'DATA_ERROR'],
      ['Cannot return null for non-nullable field Shelf.tags.', ['c', 'tags', 1], 'DATA_ERROR'],
    ]);
  }
});

test('a null at the end of a long answer takes it back as a whole', async () => {
  const [server] = servers;
  const page = 'x'.repeat(3000);
  await database.execute(`INSERT INTO book SELECT i, 1, ARRAY[repeat('x', 3000), '', CASE WHEN i = 50 THEN NULL ELSE 'z' END] FROM generate_series(1, 50) i;
    INSERT INTO book SELECT i, 3, ARRAY[repeat('x', 3000), ''] FROM generate_series(51, 100) i`);
  const query = '{ shelf(id: 1) { id books { pages } } }';
  const { data, errors } = await server.graphql(query);
  assert.deepEqual(data, { shelf: null });
  assert.deepEqual(errors.map(({ path: at }) => at), [['shelf', 'books', 49, 'pages', 2]]);
  const whole = await server.data('{ shelf(id: 3) { books { pages } } }');
  assert.deepEqual(whole.shelf.books, Array.from({ length: 50 }, () => ({ pages: [page, ''] })));
});

test('another number of dimensions is an error of that row, and a line in the log', async () => {
  const [server] = servers;
  await database.execute(`INSERT INTO book VALUES (101, 2, '{}', '{{1,2},{3,4}}'), (102, 2, '{}', '{1,2}'), (103, 2, '{}', '{{{1}}}'), (104, 2, '{}', '{}'), (105, 2, '{}', NULL)`);
  const { data, errors } = await server.graphql('{ shelf(id: 2) { id books { marks } } }');
  assert.deepEqual(data, { shelf: null }); // books: [Book!]! could not be read as a whole
  assert.deepEqual(errors.map(({ message, path: at, extensions }) => [message, at, extensions.code]), [['A record could not be read.', ['shelf', 'books'], 'DATA_ERROR']]);
  await until(() => /a row of table book can't be read: column marks holds a 1-dimensional array, its field \(line \d+ of the schema\) takes 2 dimensions/.test(server.stderr), 'the line of the log'); // a pipe may come behind a socket
  await database.execute('DELETE FROM book WHERE id IN (102, 103)');
  const { shelf } = await server.data('{ shelf(id: 2) { books { marks } } }');
  assert.deepEqual(shelf.books, [{ marks: [[1, 2], [3, 4]] }, { marks: [] }, { marks: null }]);
});

test('the check at start-up names file, line, column and type', async () => {
  const small = `${MAPPING}
scalar Date @codec(as: DATE)
type Query { shelf(id: ID!): Shelf @lookup(column: "id", argument: "id") }
${SHELF}`;
  const book = /^type Book/m;
  const bad = [
    ['marks: [[Int!]!]', 'marks: Int', book, /book\.marks is of type integer\[\], and the field is no list, so it can't be an array/],
    ['marks: [[Int!]!]', 'marks: String', book, /book\.marks is of type integer\[\], and the field is no list, so it can't be an array/],
    ['marks: [[Int!]!]', 'marks: [Date!]', book, /book\.marks is of type integer\[\], and a list of a date can't be made of that/],
    ['marks: [[Int!]!]', 'marks: [[Int!]!]!', book, /column book\.marks may be null, but the field is non-null/],
    ['marks: [[Int!]!]', 'shelf: [Int!] @column(name: "shelf_id")', book, /book\.shelf_id is of type bigint, and the field is a list, so it has to be an array/],
    ['marks: [[Int!]!]', 'marks: [[[[[[[Int]]]]]]]', book, /Field "Book\.marks" has more lists in lists than an array has dimensions: 6/],
    ['marks: [[Int!]!]', 'none: [Int!]', book, /table book, none: column t\.none does not exist/],
    ['marks: [[Int!]!]', 'thickness: [Int] @computed(function: "thickness")', book, /book\.thickness is of type integer, and the field is a list, so it has to be an array/],
  ];
  for (const [from, to, where, reason] of bad) {
    const text = small.replace(from, to);
    assert.notEqual(text, small);
    const file = schemaFile('bad.graphql', text);
    const { code, stderr } = await run(BINARY, ['check', '--database', database.conninfo, '--schema', file]);
    assert.notEqual(code, 0);
    assert.match(stderr, reason);
    const line = text.slice(0, where.exec(text).index).split('\n').length;
    assert.ok(stderr.includes(`${file}:${line}:`), `line ${line}, not: ${stderr}`);
  }
});
