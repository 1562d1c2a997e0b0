// What an operation may ask for: each limit one below, at, one above and at INT_MAX; refused before any statement. The
// cost by its definition in docs/api.md. Every Int argument of the live schema with values beyond all bounds.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';

const INT_MAX = 2147483647;
const MANY_FIELDS = ['--max-root-fields', '10000'];
const NEWER = { Accept: 'application/graphql-response+json' };
let database, iin, usual, low, high, tokens, fewTokens;

before(async () => {
  database = await createDatabase();
  [{ iin }] = await database.query('SELECT iin FROM patient ORDER BY id LIMIT 1');
  usual = await startServer({ database });
  tokens = await startServer({ database, args: MANY_FIELDS }); // 2000 tokens are more than 20 fields
  fewTokens = await startServer({ database, args: [...MANY_FIELDS, '--max-tokens', '60'] });
  low = await startServer({ database, args: ['--max-depth', '4', '--max-aliases', '3', '--max-directives', '4', '--max-root-fields', '2',
    '--max-tokens', '60', '--max-cost', '25', '--max-page-size', '10', '--max-list-input', '5'] });
  high = await startServer({ database, args: ['--max-depth', '100', '--max-aliases', '10000', '--max-directives', '10000', '--max-root-fields',
    '10000', '--max-tokens', '1000000', '--max-cost', String(INT_MAX), '--max-page-size', '100000', '--max-list-input', '100000'] });
});
after(async () => {
  for (const server of [usual, low, high, tokens, fewTokens]) await server?.stop();
  await database?.drop();
});

/** The raw text of a request's body, so that numbers are what a test says. */
const send = (server, body, headers = NEWER) => server.request('/graphql', { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } });
const ask = (server, query, variables, extensions) => send(server, JSON.stringify({ query, variables, extensions }));
const statements = (server) => server.metric('tolqujat_db_statements_total');
const times = (n, one) => Array.from({ length: n }, (_, i) => one(i)).join(' ');

/** Runs `work`, in which nothing may reach the database. */
async function withoutStatements(server, work) {
  const [sent, keys] = [await statements(server), await server.metric('tolqujat_db_keys_total')];
  await work();
  assert.deepEqual([await statements(server), await server.metric('tolqujat_db_keys_total')], [sent, keys]);
}

// name, flag's value [usual, low], a document of n, what is said of n + 1
const depth = (n) => `{ ${times(n - 1, () => 'a {')} b ${times(n - 1, () => '}')} }`; // no such fields: the rules come later
const limits = [
  ['tokens', 2000, 60, (n) => `{ ${times(n - 2, () => '__typename')} }`, (n) => `The document has more than ${n} tokens.`],
  ['depth', 12, 4, depth, (n) => `The operation is ${n + 1} fields deep; at most ${n} are allowed.`],
  ['aliases', 30, 3, (n) => `{ patient(iin: "0") { ${times(n, (i) => `a${i}: id`)} } }`, (n) => `The document has ${n + 1} aliases; at most ${n} are allowed.`],
  ['directives', 50, 4, (n) => `{ patient(iin: "0") { ${times(n, () => 'id @skip(if: false)')} } }`, (n) => `The document has ${n + 1} directives; at most ${n} are allowed.`],
  ['root fields', 20, 2, (n) => `{ ${times(n, () => '__typename')} }`, (n) => `The operation has ${n + 1} fields at its root; at most ${n} are allowed.`],
  ['literal lists', 100, 5, (n) => `{ patient(iin: [${times(n, () => '1')}]) { id } }`, (n) => `The list has ${n + 1} items; at most ${n} are allowed.`],
];

describe('limits of a role', () => {
  test('in place of everybody’s, one below, at and one above; a role without any has everybody’s', async () => {
    const keys = makeKeys();
    const server = await startServer({ database, tokens: keys, args: ['--role-limits', 'DOCTOR:max-cost=30,ANONYMOUS:max-cost=3', '--role-limits', 'DOCTOR:max-page-size=25',
      '--max-cost', '20', '--max-page-size', '10'] });
    try {
      const doctor = keys.bearer({ role: 'DOCTOR', org: '960440000220' }), citizen = keys.bearer({ role: 'CITIZEN' });
      const page = (n) => `{ patient(iin: "${iin}") { prescriptions(first: ${n}) { nodes { number } } } }`;
      const regions = (n) => `{ ${times(n, (i) => `a${i}: pharmacy(id: ${i + 1}) { name }`)} }`;
      const codes = async (query, who) => ((await send(server, JSON.stringify({ query }), { ...NEWER, ...who })).json().errors ?? []).map(({ extensions }) => extensions.code);
      for (const [query, who, want] of [
        [page(25), doctor, []], [page(26), doctor, ['BAD_USER_INPUT']], [page(10), citizen, []], [page(11), citizen, ['BAD_USER_INPUT']],
        [regions(20), citizen, []], [regions(20), doctor, []], [regions(2), {}, []], [regions(3), {}, []], [regions(4), {}, ['LIMIT_EXCEEDED']],
      ]) assert.deepEqual(await codes(query, who), want, `${query.slice(0, 60)} ${JSON.stringify(who).length}`);
    } finally {
      await server.stop();
      keys.remove();
    }
  });
});

describe('limits of a document', () => {
  for (const [name, most, least, document, message] of limits) {
    for (const [which, limit] of [['by default', most], ['by flag', least]]) {
      test(`${name} ${which}: ${limit - 1}, ${limit}, ${limit + 1}`, async () => {
        const [byDefault, byFlag] = name === 'tokens' ? [tokens, fewTokens] : [usual, low];
        const server = which === 'by flag' ? byFlag : byDefault;
        for (const n of [limit - 1, limit]) {
          const { errors = [] } = (await ask(server, document(n))).json();
          assert.ok(errors.every(({ extensions }) => extensions.code === 'GRAPHQL_VALIDATION_FAILED'), JSON.stringify(errors));
          assert.equal(errors.length > 0, name === 'depth' || name === 'literal lists', JSON.stringify(errors));
        }
        await withoutStatements(server, async () => {
          const refused = await ask(server, document(limit + 1));
          const [error, ...more] = refused.json().errors;
          assert.equal(refused.status, 400);
          assert.deepEqual([error.message, error.extensions.code, more.length], [message(limit), 'LIMIT_EXCEEDED', 0]);
          assert.ok(error.locations[0].line >= 1);
          assert.equal('data' in refused.json(), false);
        });
      });
    }
  }

  test('depth counts what a fragment holds, not the fragment', async () => {
    const below = (n) => `{ patient(iin: "${iin}") { ...A } } fragment A on Patient { ... { prescriptions { ...B } } }
      fragment B on PrescriptionConnection { ... { nodes { ${n === 4 ? 'id' : 'drug { id }'} } } }`;
    assert.equal((await ask(low, below(4))).status, 200);
    assert.match((await ask(low, below(5))).json().errors[0].message, /is 5 fields deep; at most 4/);
  });

  test('the largest that the flags allow are limits like others', async () => {
    for (const [name, most, , document] of limits) {
      if (name === 'depth') assert.match((await ask(high, depth(101))).json().errors[0].message, /101 fields deep; at most 100/);
      const { errors = [] } = (await ask(high, document(name === 'depth' ? 100 : most * 2))).json();
      assert.ok(errors.every(({ extensions }) => extensions.code === 'GRAPHQL_VALIDATION_FAILED'), JSON.stringify(errors));
    }
  });
});

test('lists among the variables: 99, 100, 101; and by flag', async () => {
  const query = 'query ($b: Boolean!) { __typename @skip(if: $b) }'; // no list is wanted, and size is looked at before type
  for (const [server, limit] of [[usual, 100], [low, 5]]) {
    const first = async (b) => (await ask(server, query, { b })).json().errors[0];
    for (const n of [limit - 1, limit]) assert.equal((await first(Array(n).fill(1))).extensions.code, 'BAD_USER_INPUT');
    for (const b of [Array(limit + 1).fill(1), { x: [Array(limit + 1).fill(1)] }]) {
      const error = await first(b);
      assert.equal(error.message, `Variable "$b" holds a list of ${limit + 1} items; at most ${limit} are allowed.`);
      assert.equal(error.extensions.code, 'LIMIT_EXCEEDED');
      assert.deepEqual(error.locations, [{ line: 1, column: 8 }]);
    }
  }
  const { data } = (await ask(usual, query, { b: false, nobody: Array(1000).fill(1) })).json();
  assert.deepEqual(data, { __typename: 'Query' }); // what nobody declared is ignored, so it costs nothing
});

describe('memory of a request', () => {
  test('what needs more than one may have is told so, and not to come again', async () => {
    const variables = Object.fromEntries(Array.from({ length: 75_000 }, (_, i) => [`k${i}`, 1]));
    const list = `{"query": "query($iin: ID!) { patient(iin: $iin) { iin } }", "variables": {"iin": [${'1,'.repeat(490_000)}1]}}`;
    for (const body of [JSON.stringify({ query: '{ __typename }', variables }), list]) {
      const response = await send(usual, body);
      assert.equal(response.status, 400);
      assert.equal(response.headers['retry-after'], undefined);
      const [error] = response.json().errors;
      assert.equal(error.message, 'The request needs more memory than one may have (8 MB). Send or ask for less.');
      assert.equal(error.extensions.code, 'LIMIT_EXCEEDED');
    }
    assert.equal((await ask(usual, '{ __typename }')).status, 200);
  });
});

describe('page sizes', () => {
  const page = (first) => `{ patient(iin: "${iin}") { prescriptions${first === undefined ? '' : `(first: ${first})`} { nodes { id } } } }`;
  for (const [which, most] of [['by default', 100], ['by flag', 10]]) {
    test(`${which}: 1 to ${most}, never INT_MAX`, async () => {
      const server = which === 'by flag' ? low : usual;
      for (const first of [1, most - 1, most, 'null', undefined]) assert.equal((await ask(server, page(first))).json().errors, undefined, `first: ${first}`);
      await withoutStatements(server, async () => {
        for (const first of [-1, 0, most + 1, INT_MAX, -INT_MAX - 1]) {
          const [error] = (await ask(server, page(first))).json().errors;
          assert.equal(error.message, `Argument "first" of "Patient.prescriptions" must be from 1 to ${most}, not ${first}.`);
          assert.deepEqual(error.locations, [{ line: 1, column: page(first).indexOf('prescriptions') + 1 }]);
        }
      });
    });
  }
  test('a flag does not widen what the schema allows', async () => {
    assert.match((await ask(high, page(101))).json().errors[0].message, /must be from 1 to 100, not 101/);
  });
});

describe('cost', () => {
  /** What docs/api.md says: { name: [page size, { ... }] } */
  const costOf = (tree, above = 1) => Object.values(tree).reduce((sum, [size, below]) => sum + above * size + costOf(below, above * size), 0);
  const cost = async (server, query, variables) => {
    const answer = (await ask(server, query, variables, { cost: true })).json();
    return { ...answer.extensions.cost, errors: answer.errors };
  };

  test('is what the documentation says', async () => {
    const cases = [
      ['{ __typename }', {}],
      [`{ patient(iin: "${iin}") { fullName } }`, { patient: [1, {}] }],
      [`{ patient(iin: "${iin}") { clinic { region { name } } prescriptions(first: 10) { nodes { drug { name } } } } }`,
        { patient: [1, { clinic: [1, { region: [1, {}] }], prescriptions: [10, { drug: [1, {}] }] }] }],
      [`{ patient(iin: "${iin}") { prescriptions { nodes { id } } } }`, { patient: [1, { prescriptions: [20, {}] }] }],
      [`{ patient(iin: "${iin}") { prescriptions(first: 3) { nodes { id } edges { cursor node { number } } pageInfo { hasNextPage } } } }`,
        { patient: [1, { prescriptions: [3, {}] }] }],
      [`{ patient(iin: "${iin}") { dispenses(first: 7) { nodes { pharmacy { region { name } } prescription { drug { name } } } } } }`,
        { patient: [1, { dispenses: [7, { pharmacy: [1, { region: [1, {}] }], prescription: [1, { drug: [1, {}] }] }] }] }],
    ];
    for (const [query, tree] of cases) assert.deepEqual(await cost(usual, query), { estimate: costOf(tree), limit: 5000, errors: undefined }, query);
  });

  test('follows variables, @skip and @include', async () => {
    const query = 'query ($iin: ID!, $n: Int, $all: Boolean!) { patient(iin: $iin) { prescriptions(first: $n) @include(if: $all) { nodes { drug { id } } } } }';
    for (const [n, all, want] of [[5, true, 11], [100, true, 201], [undefined, true, 41], [5, false, 1]]) {
      assert.equal((await cost(usual, query, { iin, n, all })).estimate, want);
    }
  });

  // 24 x (100 + 100) + 2 x 99 + 1: 4999, and a row for each reference more.
  const LISTS = times(24, (i) => `p${i}: prescriptions(first: 100) { nodes { drug { id } } }`);
  const about5000 = (more) => `{ patient(iin: "${iin}") { ${LISTS} prescriptions(first: 99) { nodes { drug { id } } } ${more} } }`;
  test('4999, 5000, 5001', async () => {
    assert.equal((await cost(usual, about5000(''))).estimate, 4999);
    assert.deepEqual(await cost(usual, about5000('clinic { id }')), { estimate: 5000, limit: 5000, errors: undefined });
    await withoutStatements(usual, async () => {
      const query = about5000('clinic { id } districtDoctor { id }');
      const { estimate, errors: [error] } = await cost(usual, query);
      assert.equal(estimate, 5001);
      assert.equal(error.message, 'The operation may return 5001 rows (page sizes multiply); at most 5000 are allowed. Ask for smaller pages.');
      assert.equal(error.extensions.code, 'LIMIT_EXCEEDED');
      assert.deepEqual(error.locations, [{ line: 1, column: query.indexOf('districtDoctor') + 1 }]);
    });
    assert.deepEqual(await cost(high, about5000('clinic { id } districtDoctor { id }')), { estimate: 5001, limit: INT_MAX, errors: undefined });
  });

  test('24, 25, 26 by flag', async () => {
    const lists = (n) => `{ patient(iin: "0") { prescriptions(first: 10) { nodes { id } } dispenses(first: 10) { nodes { id } } diagnoses(first: ${n}) { nodes { id } } } }`;
    assert.deepEqual(await cost(low, lists(3)), { estimate: 24, limit: 25, errors: undefined });
    assert.deepEqual(await cost(low, lists(4)), { estimate: 25, limit: 25, errors: undefined });
    assert.match((await cost(low, lists(5))).errors[0].message, /may return 26 rows .* at most 25/);
  });

  test('is shown only to who asks for it', async () => {
    for (const extensions of [undefined, null, {}, { cost: false }, { cost: null }, { cost: 'yes' }]) {
      assert.deepEqual((await ask(usual, '{ __typename }', undefined, extensions)).json(), { data: { __typename: 'Query' } });
    }
  });

  test('stands at the end of a streamed answer too', async () => {
    const query = '{ __schema { types { name description fields { name description args { name description type { name } } type { name ofType { name } } } } } }';
    const four = `{ ${times(4, (i) => query.slice(1, -1).replace('__schema', `s${i}: __schema`))} }`;
    const answer = await ask(usual, four, undefined, { cost: true });
    assert.equal(answer.headers['transfer-encoding'], 'chunked');
    assert.deepEqual(answer.json().extensions, { cost: { estimate: 0, limit: 5000 } });
    assert.ok(answer.text.endsWith('"extensions":{"cost":{"estimate":0,"limit":5000}}}'));
  });
});

// ---- every Int argument that the schema has ----

const INTROSPECTION = `{ __schema { queryType { name } mutationType { name } types { kind name fields { name
  args { name defaultValue type { ...T } } type { ...T } } } } }
  fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;
const named = (type) => (type.ofType ? named(type.ofType) : type);

/** A way from a root to each type: texts around its selections. */
function ways(schema) {
  const types = new Map(schema.types.map((type) => [type.name, type]));
  const found = new Map();
  const queue = [];
  for (const [kind, root] of [['query', schema.queryType], ['mutation', schema.mutationType]]) {
    if (root) queue.push([root.name, { kind, head: '{ ', tail: ' }' }]);
  }
  while (queue.length) {
    const [name, way] = queue.shift();
    if (found.has(name)) continue;
    found.set(name, way);
    for (const field of types.get(name).fields ?? []) {
      const below = types.get(named(field.type).name);
      if (!below.fields || below.name.startsWith('__')) continue;
      queue.push([below.name, { kind: way.kind, head: `${way.head}${field.name}${args(field)} { `, tail: ` }${way.tail}` }]);
    }
  }
  return { types, found };
}

/** What has to be given, but for argument `but`. */
const SOME = { get ID() { return `"${iin}"`; }, get String() { return `"${iin}"`; }, Date: '"2026-01-01"', DateTime: '"2026-01-01T00:00:00Z"' };
function args(field, but, text) {
  const given = field.args.filter((a) => a.type.kind === 'NON_NULL' && a.defaultValue === null && a.name !== but)
    .map((a) => `${a.name}: ${SOME[named(a.type).name] ?? (named(a.type).kind === 'INPUT_OBJECT' ? '{id: "1"}' : '1')}`);
  if (but) given.push(`${but}: ${text}`);
  return given.length ? `(${given.join(', ')})` : '';
}

test('every Int argument, from -2^63 to 2^63: nothing beyond its bounds is executed', async () => {
  const { __schema: schema } = await usual.data(INTROSPECTION);
  const { types, found } = ways(schema);
  const targets = [...found].flatMap(([name, way]) => types.get(name).fields.flatMap((field) => field.args
    .filter((a) => named(a.type).name === 'Int').map((a) => ({ name, way, field, arg: a }))));
  assert.ok(targets.length >= 9, `${targets.length} Int arguments`);
  const bodies = ({ way, field, arg }, value) => {
    const composite = types.get(named(field.type).name).fields;
    const below = !composite ? '' : composite.some(({ name }) => name === 'nodes') ? '{ nodes { __typename } }' : '{ __typename }';
    const query = (text) => `${way.head}${field.name}${args(field, arg.name, text)} ${below}${way.tail}`;
    const declared = arg.type.kind === 'NON_NULL' ? 'Int!' : 'Int';
    return [JSON.stringify({ query: `${way.kind} ${query(value)}` }),
      `{"query": ${JSON.stringify(`${way.kind} ($v: ${declared}) ${query('$v')}`)}, "variables": {"v": ${value}}}`];
  };
  const isPage = ({ arg }) => arg.name === 'first' || arg.name === 'last';
  const beyond32 = ['2147483648', '4294967295', '4294967296', '9007199254740992', '9007199254740993', '9223372036854775807',
    '9223372036854775808', '-2147483649', '-9223372036854775808', '-9223372036854775809', '18446744073709551615', '1e400'];
  let refused = 0, executed = 0;
  await withoutStatements(usual, async () => {
    for (const target of targets) {
      for (const value of [...beyond32, ...(isPage(target) ? ['-1', '0', '101', '2147483647', '-2147483648'] : [])]) {
        for (const body of bodies(target, value)) {
          const answer = (await send(usual, body)).json();
          assert.equal('data' in answer, false, `${body}: ${JSON.stringify(answer).slice(0, 300)}`);
          assert.ok(answer.errors[0].message.length > 0);
          refused++;
        }
      }
    }
  });
  for (const target of targets.filter((one) => isPage(one) && one.way.kind === 'query')) {
    for (const value of ['1', '100']) {
      for (const body of bodies(target, value)) {
        const answer = (await send(usual, body)).json();
        // A function of Query may refuse for a reason of its own, such as who asks; not for the number.
        const errors = target.name === 'Query' ? (answer.errors ?? []).filter(({ message }) => message.includes(`"${target.arg.name}"`)) : answer.errors ?? [];
        assert.deepEqual(errors, [], `${body}: ${JSON.stringify(answer.errors)}`);
        executed++;
      }
    }
  }
  assert.ok(refused >= targets.length * beyond32.length * 2 && executed >= 36, `${refused} refused, ${executed} executed`);
  console.log(`${targets.length} Int arguments: ${refused} requests refused, ${executed} executed`);
  usual.assertSane();
});
