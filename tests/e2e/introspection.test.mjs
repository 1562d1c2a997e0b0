// What introspection answers, beside the reference implementation of two versions: the whole JSON, for the queries that
// tools send. And what a server says that does not show its schema.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as sixteen from 'graphql';
import * as seventeen from 'graphql17';
import { damage, document, random } from './lib/documents.mjs';
import { BUILD, TOP } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const PASSPORT = fs.readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8');

// What the functions of db/ say to who called one of them ("Only a pharmacist of a registered pharmacy ..."): sentences about
// health care, whose words name fields too. They are the same for everybody and come only after the client named the field that calls it.
const SENTENCES = new Set(fs.readdirSync(path.join(TOP, 'db/functions')).flatMap((name) =>
  [...fs.readFileSync(path.join(TOP, 'db/functions', name), 'utf8').matchAll(/'([A-Z][^'\n]* [^'\n]*\.)'/g)].map(([, text]) => text)));

// Everything that a schema can have.
const ZOO = `"What all\\nanimals \\"share\\"."
schema { query: Root mutation: Change subscription: News }
"""
A block:
  indented, with \\""" quotes
"""
directive @tag(name: String! = "x", old: [Int!] @deprecated(reason: "no"), box: Box = { depth: 2, names: ["a", "b"] })
  repeatable on FIELD | QUERY | OBJECT | VARIABLE_DEFINITION
directive @plain on SCHEMA | INPUT_FIELD_DEFINITION
interface Node { "The id." id: ID! }
interface Named implements Node { id: ID! name(long: Boolean = false, "Gone." old: Kind = DOG @deprecated): String }
interface Pet implements Named & Node { id: ID! name(long: Boolean = false, old: Kind): String owner: [[Pet!]]! }
type Cat implements Pet & Named & Node {
  id: ID! name(long: Boolean = false, old: Kind): String owner: [[Pet!]]! lives: Int! @deprecated(reason: "nine")
}
type Dog implements Pet & Named & Node { id: ID! name(long: Boolean = false, old: Kind): String owner: [[Pet!]]! barks: Float @deprecated }
union Any = Dog | Cat | Root
union One = Cat
enum Kind { "purrs" CAT DOG @deprecated BIRD @deprecated(reason: "flown\\tаway 🐦") }
scalar Day @specifiedBy(url: "https://example.com/day")
"Bare." scalar Bare
input Box { depth: Int! = 3 names: [String!] = ["q\\"uote"] kind: Kind = CAT any: Bare = "s" old: Box @deprecated }
input Choice @oneOf { box: Box day: Day }
type Root { pet(choice: Choice, at: Day, boxes: [Box!]! = [{ depth: 1 }, {}]): Pet any: Any one: One node(id: ID!): Node }
type Change { set(kind: Kind!): Boolean }
type News { fresh: Any }
`;

const OPTIONS = ['descriptions', 'specifiedByUrl', 'directiveIsRepeatable', 'schemaDescription', 'inputValueDeprecation', 'oneOf'];
const combinations = Array.from({ length: 1 << OPTIONS.length }, (_, bits) =>
  sixteen.getIntrospectionQuery(Object.fromEntries(OPTIONS.map((name, i) => [name, Boolean(bits >> i & 1)]))));

// What other tools send (those that print graphql-js's query are above).
const TOOLS = {
  // Apollo's command line and Sandbox, and clients of old: no options, names of types seven wrappers deep, operations first
  old: `query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
    directives { name description locations args { ...InputValue } } } }
    fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue }
      type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue } interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
      ofType { kind name ofType { kind name } } } } } } } }`,
  // code generators that add __typename to every selection
  typenames: `query I { __typename __schema { __typename types { __typename kind name fields(includeDeprecated: true) { __typename name
    args(includeDeprecated: true) { __typename name defaultValue type { __typename kind name } } type { __typename name ofType { name } } }
    enumValues { __typename name } inputFields(includeDeprecated: true) { __typename name isDeprecated deprecationReason } }
    directives { __typename name args { __typename name } } } }`,
  // what can it do? asked before the real query
  probe: `query { a: __type(name: "__Type") { fields { name } } b: __type(name: "__Directive") { fields { name args { name } } }
    c: __type(name: "__Schema") { fields { name } } d: __type(name: "__InputValue") { fields(includeDeprecated: true) { name } }
    e: __type(name: "__DirectiveLocation") { enumValues { name } } f: __type(name: "__Field") { fields { name args { name defaultValue } } } }`,
  none: '{ __type(name: "NoSuchType") { name } empty: __type(name: "") { kind } string: __type(name: "[Int]") { kind } }',
  named: `{ __type(name: "Kind") { enumValues { name } all: enumValues(includeDeprecated: true) { name deprecationReason }
    none: fields { name } } box: __type(name: "Box") { inputFields { name } isOneOf } choice: __type(name: "Choice") { isOneOf }
    cat: __type(name: "Cat") { isOneOf specifiedByURL ofType { name } interfaces { name } fields { name } possibleTypes { name } } }`,
};
const QUERIES = [...combinations, ...Object.values(TOOLS)];

// Version 17.1 shows them ahead of the specification: September 2025 has no deprecated directives.
const AHEAD = {
  __Directive: ['isDeprecated', 'deprecationReason'], __DirectiveLocation: ['FRAGMENT_VARIABLE_DEFINITION', 'DIRECTIVE_DEFINITION'],
};

/**
 * What is a set has no order; the specification's own things are described in words of ours; and where version 17 writes
 * `{ a: 1 }`, 16 and we write `{a: 1}`.
 */
function normal(value) {
  const by = (a, b) => (JSON.stringify(a.name ?? a) < JSON.stringify(b.name ?? b) ? -1 : 1);
  const isOwn = (thing) => /^__|^(Int|Float|String|Boolean|ID|skip|include|deprecated|specifiedBy|oneOf)$/.test(thing.name ?? '');
  return JSON.parse(JSON.stringify(value), function (key, v) {
    if (key === 'locations' && Array.isArray(v)) return v.filter((l) => !AHEAD.__DirectiveLocation.includes(l)).sort(by);
    if (['types', 'directives', 'possibleTypes'].includes(key) && Array.isArray(v)) return v.sort(by);
    if (v?.name === '__Schema' && v.fields)
      for (const field of v.fields) if (field.name === 'directives' && field.args) field.args = [];
    if (key === 'defaultValue' && typeof v === 'string') return v.replace(/\{ +/g, '{').replace(/ +\}/g, '}');
    if ((key === 'b' || key === 'e') && v) v.name = key === 'b' ? '__Directive' : '__DirectiveLocation';
    for (const list of ['fields', 'enumValues'])
      if (AHEAD[v?.name] && v[list]) v[list] = v[list].filter(({ name }) => !AHEAD[v.name].includes(name));
    if (v && typeof v === 'object' && isOwn(v)) return JSON.parse(JSON.stringify(v, (k, x) => (k === 'description' ? undefined : x)));
    return v;
  });
}

/**
 * Version 16 has introspection types of an older edition, and shows the default of an input object after its fields'
 * own defaults went in, not as the schema has it.
 */
function withoutOld(value) {
  return JSON.parse(JSON.stringify(value), (key, v) => (Array.isArray(v)
    ? v.filter((item) => !/^__|^deprecated$/.test(item?.name ?? '')) : key === 'defaultValue' && /\{/.test(v) ? '{...}' : v));
}

/** Compares every answer of ask(query) with the reference's; gives the number of comparisons. */
async function compare(ask, sdl, keep = (schema) => schema) {
  let n = 0;
  for (const [version, js] of [[16, sixteen], [17, seventeen]]) {
    const schema = keep(js.buildSchema(sdl), js);
    for (const query of QUERIES) {
      if (version === 16 && query === TOOLS.probe) continue; // it asks for the specification's own types only
      const want = normal(JSON.parse(JSON.stringify(js.graphqlSync({ schema, source: query }))));
      const have = normal(await ask(query));
      assert.equal(want.errors, undefined, query);
      if (version === 16) assert.deepEqual(withoutOld(have), withoutOld(want), query);
      else assert.deepEqual(have, want, query);
      n++;
    }
  }
  return n;
}

describe('introspection as the reference answers it', () => {
  test('of a schema that has everything', async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tolqujat-introspection-'));
    try {
      fs.writeFileSync(path.join(dir, 'sdl'), ZOO);
      const ask = (query) => {
        fs.writeFileSync(path.join(dir, 'query'), query);
        return JSON.parse(execFileSync(path.join(BUILD, 'tests/ask-schema'), [path.join(dir, 'sdl'), path.join(dir, 'query')]));
      };
      const both = new Map();
      const once = (query) => {
        // `__typename` at the root is the executor's, and ask-schema has none
        const text = query.replace('I { __typename', 'I {');
        if (!both.has(text)) both.set(text, ask(text));
        const answer = both.get(text);
        return text === query ? answer : { data: { __typename: 'Root', ...answer.data } };
      };
      assert.equal(await compare(once, ZOO), 2 * QUERIES.length - 1);
    } finally {
      fs.rmSync(dir, { recursive: true });
    }
  });
});

describe('a server', () => {
  let database;
  before(async () => { database = await createDatabase(); });
  after(() => database?.drop());

  describe('that shows its schema', () => {
    let server;
    before(async () => { server = await startServer({ database }); });
    after(() => server?.stop());

    test('answers as the reference does, the first time and again', async () => {
      const shown = sixteen.buildClientSchema(await server.data(sixteen.getIntrospectionQuery()));
      const hidden = (schema, js) => {
        const config = schema.toConfig();
        return new js.GraphQLSchema({ ...config,
          directives: config.directives.filter(({ name }) => shown.getDirective(name)),
          types: config.types.filter(({ name }) => shown.getType(name)) });
      };
      for (let round = 0; round < 2; round++)
        assert.equal(await compare((query) => server.graphql(query), PASSPORT, hidden), 2 * QUERIES.length - 1);
    });

    test('obeys variables each time', async () => {
      const query = `query ($all: Boolean = false, $name: String!, $with: Boolean!) {
        __type(name: $name) { name fields(includeDeprecated: $all) @include(if: $with) { name } } s: __schema { queryType { name } } }`;
      for (let round = 0; round < 3; round++) {
        for (const name of ['Query', 'Patient', 'Nobody']) {
          for (const variables of [{ name, with: true }, { name, with: false, all: true }]) {
            const { __type: type, s } = await server.data(query, variables);
            assert.equal(s.queryType.name, 'Query');
            if (name === 'Nobody') assert.equal(type, null);
            else assert.deepEqual([type.name, Boolean(type.fields?.length)], [name, variables.with]);
          }
        }
      }
    });
  });

  describe('that does not (--introspection off)', () => {
    let server, schema;
    before(async () => {
      const open = await startServer({ database });
      schema = sixteen.buildClientSchema(await open.data(sixteen.getIntrospectionQuery()));
      await open.stop();
      server = await startServer({ database, args: ['--introspection', 'off', '--max-aliases', '1000'] }); // documents at random may have many
    });
    after(() => server?.stop());

    test('refuses in the words of the reference\'s rule', async () => {
      const rules = [...sixteen.specifiedRules, sixteen.NoSchemaIntrospectionCustomRule];
      for (const query of [
        '{ __schema { queryType { name } } }', '{ a: __type(name: "Query") { name } }', '{ __typename __schema { __typename } }',
        'query I { ...F } fragment F on Query { __schema { types { name fields { name type { name } } } } }',
        '{ patient(iin: "1") { id } __schema { directives { args { name } } } }', TOOLS.old, TOOLS.probe,
      ]) {
        const want = sixteen.validate(schema, sixteen.parse(query), rules).slice(0, 20).map(({ message, locations }) => ({ message, locations }));
        const { data, errors } = await server.graphql(query);
        assert.equal(data, undefined);
        assert.deepEqual(errors.map(({ message, locations }) => ({ message, locations })), want.map(({ message, locations }) =>
          ({ message, locations: locations.map(({ line, column }) => ({ line, column })) })));
      }
    });

    test('answers __typename, and everything else', async () => {
      assert.deepEqual(await server.data('{ __typename p: patient(iin: "000000000000") { __typename id } }'), { __typename: 'Query', p: null });
    });

    test('says no name of the schema that the client did not send', async () => {
      const names = new Set();
      for (const type of Object.values(schema.getTypeMap())) {
        if (type.name.startsWith('__') || sixteen.isSpecifiedScalarType(type)) continue;
        names.add(type.name);
        for (const field of Object.values(type.getFields?.() ?? {})) {
          names.add(field.name);
          for (const argument of field.args ?? []) names.add(argument.name);
        }
        for (const value of type.getValues?.() ?? []) names.add(value.name);
      }
      // Words of the messages themselves, that fields are called, too.
      const WORDS = new Set(['name', 'type', 'value', 'field', 'number', 'first', 'after', 'status', 'code', 'kind', 'id', 'date', 'text', 'at', 'node', 'nodes', 'cursor', 'to', 'from', 'by', 'source', 'version', 'description']);
      const texts = [
        ['{ patient { id } }'], ['{ patient(iin: 1.5) { id } }'], ['{ patient(iin: "1") }'], ['{ patient(iin: "1") { id { x } } }'],
        ['{ patient(iin: "1") { clinic { regio } } }'], ['{ patient(inn: "1") { id } }'], ['query ($x: Boolean) { patient(iin: $x) { id } }'],
        ['query ($x: Languag) { __typename }'], ['{ patient(iin: "1") { clinic { region { name(lang: KZ) } } } }'],
        ['{ patient(iin: "1") { clinic { region { name(lang: "KK") } } } }'], ['{ ...F } fragment F on Patient { id }'],
        ['{ patient(iin: "1") { ... on Clinic { id } } }'], ['{ patient(iin: "1") { x: id x: fullName } }'],
        ['{ patient(iin: "1") { prescriptions(first: -1) { nodes { id } } } }'], ['{ patient(iin: "1") { prescriptions(after: "?") { nodes { id } } } }'],
        ['query ($s: PrescriptionStatus) { patient(iin: "1") { prescriptions(status: $s) { nodes { id } } } }', { s: 'ACTIV' }],
        ['query ($l: Language!) { pharmacy(id: "1") { region { name(lang: $l) } } }', { l: 5 }], ['query ($i: ID!) { patient(iin: $i) { id } }', {}],
        ['query A { __typename } query B { __typename }'], ['mutation { x }'], ['subscription { x }'], ['{ a(b: {c: D}) }'],
      ];
      const rnd = random(20261125);
      while (texts.length < 3000) texts.push([damage(document(schema, rnd), rnd)]);
      let refused = 0, sentences = 0;
      for (let at = 0; at < texts.length; at += 50) {
        const batch = texts.slice(at, at + 50);
        const answers = await Promise.all(batch.map(([text, variables]) => server.graphql(text, variables ?? {})));
        answers.forEach(({ errors = [] }, i) => {
          const sent = new Set(`${batch[i][0]} ${JSON.stringify(batch[i][1] ?? {})}`.match(/[_A-Za-z][_0-9A-Za-z]*/g));
          if (errors.length) refused++;
          for (const { message, path: where } of errors) {
            assert.doesNotMatch(message, /Did you mean/);
            if (where?.length === 1 && SENTENCES.has(message)) {
              sentences++;
              continue;
            }
            const quoted = new Set((message.match(/"[^"]*"/g) ?? []).join(' ').match(/[_A-Za-z][_0-9A-Za-z]*/g) ?? []);
            for (const name of message.match(/[_A-Za-z][_0-9A-Za-z]*/g) ?? [])
              if (names.has(name) && !sent.has(name) && (quoted.has(name) || !WORDS.has(name)))
                assert.fail(`"${name}" in ${JSON.stringify(message)}, but not in ${JSON.stringify(batch[i])}`);
          }
        });
      }
      assert.ok(refused > 1000, `${refused} refused`);
      assert.ok(sentences > 0 && sentences < refused / 10, `${sentences} sentences of functions`);
    });

    test('the same words with the schema shown do name it (this test can fail)', async () => {
      const open = await startServer({ database });
      try {
        assert.match((await open.graphql('{ patient { id } }')).errors[0].message, /"Query.patient\(iin:\)".*"ID!"/);
        assert.equal((await server.graphql('{ patient { id } }')).errors[0].message,
          'Argument "?.patient(?:)" of type "ID!" is required, but it was not provided.');
      } finally {
        await open.stop();
      }
    });
  });
});
