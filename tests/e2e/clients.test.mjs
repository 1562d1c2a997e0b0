// Clients that people use, as they come from npm, over the running server. docs/api.md's section "Clients" is run too.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { GraphQLClient, ClientError, request } from 'graphql-request';
import ts from 'typescript';
import { TOP, must } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const MODULES = path.join(TOP, 'tests/e2e/node_modules');
const PASSPORT = `query Passport($iin: ID!, $first: Int) {
  patient(iin: $iin) {
    id iin fullName birthDate sex
    clinic { id name region { id name } }
    prescriptions(first: $first) { nodes { id number issuedOn status drug { id inn name priceCap } prescriber { id fullName } } }
  }
}`;
const WRONG = '{ patient(iin: "1") { salary } }';
const SAYS = /Cannot query field "salary" on type "Patient"/;

let database, server, url, person, want, dir;

before(async () => {
  database = await createDatabase();
  server = await startServer({ database });
  url = `${server.url}/graphql`;
  // Somebody with several prescriptions, all of them in SQL's words.
  [person] = await database.query(`SELECT p.iin, p.full_name AS name, json_agg(r.number ORDER BY r.issued_on DESC, r.id DESC) AS numbers
    FROM patient p JOIN prescription r ON r.patient_id = p.id AND r.superseded_by IS NULL
    GROUP BY p.id HAVING count(*) BETWEEN 7 AND 20 ORDER BY p.id LIMIT 1`);
  want = await server.data(PASSPORT, { iin: person.iin, first: 5 });
  assert.deepEqual(want.patient.prescriptions.nodes.map(({ number }) => number), person.numbers.slice(0, 5));
  assert.equal(want.patient.fullName, person.name);
  dir = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-clients.'));
  symlinkSync(MODULES, path.join(dir, 'node_modules'));
});
after(async () => {
  if (dir) rmSync(dir, { recursive: true, force: true });
  await server?.stop();
  await database?.drop();
});

/** fetch that keeps what was sent and what came back: [{ method, body, answer }]. */
function watched() {
  const seen = [];
  const watch = async (input, init) => {
    const response = await fetch(input, init);
    seen.push({ method: init.method, body: init.body && JSON.parse(init.body), answer: await response.clone().json() });
    return response;
  };
  return { seen, fetch: watch };
}

const withoutTypenames = (value) => JSON.parse(JSON.stringify(value, (name, inner) => (name === '__typename' ? undefined : inner)));

describe('graphql-request', () => {
  test('gives the data', async () => {
    const client = new GraphQLClient(url);
    assert.deepEqual(await client.request(PASSPORT, { iin: person.iin, first: 5 }), want);
    assert.deepEqual(await request(url, '{ __typename }'), { __typename: 'Query' });
  });

  test('throws what the server says is wrong', async () => {
    await assert.rejects(new GraphQLClient(url).request(WRONG), (error) => {
      assert.ok(error instanceof ClientError);
      assert.match(error.response.errors[0].message, SAYS);
      assert.deepEqual(error.response.errors[0].locations, [{ line: 1, column: 23 }]);
      return true;
    });
  });

  test('is told what went wrong with a variable', async () => {
    await assert.rejects(new GraphQLClient(url).request(PASSPORT, { first: 5 }), /Variable \\?"\$iin\\?" of required type \\?"ID!\\?" was not provided/);
  });
});

describe('Apollo Client', () => {
  const query = gql(PASSPORT);
  const clientOf = (fetcher, links = [], cache = {}) => new ApolloClient({
    link: ApolloLink.from([...links, new HttpLink({ uri: url, fetch: fetcher })]), cache: new InMemoryCache(cache),
  });

  test('gives the data, and keeps each object once', async () => {
    const { seen, fetch: fetcher } = watched();
    const client = clientOf(fetcher);
    const variables = { iin: person.iin, first: 5 };
    assert.deepEqual(withoutTypenames((await client.query({ query, variables })).data), want);
    assert.deepEqual(withoutTypenames((await client.query({ query, variables })).data), want);
    assert.equal(seen.length, 1, 'the second time from its cache');
    const cache = client.cache.extract();
    const { id, clinic, prescriptions } = want.patient;
    assert.equal(cache[`Patient:${id}`].fullName, person.name);
    assert.equal(cache[`Clinic:${clinic.id}`].name, clinic.name);
    for (const { id: each, drug } of prescriptions.nodes) {
      assert.deepEqual(cache[`Prescription:${each}`].drug, { __ref: `Drug:${drug.id}` });
    }
  });

  test('joins pages', async () => {
    const { seen, fetch: fetcher } = watched();
    const client = clientOf(fetcher, [], { typePolicies: { Patient: { fields: { prescriptions: relayStylePagination(['status']) } } } });
    const paged = gql`query ($iin: ID!, $after: String) { patient(iin: $iin) { id
      prescriptions(first: 3, after: $after) { edges { cursor node { id number } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;
    const read = () => client.readQuery({ query: paged, variables: { iin: person.iin } }).patient.prescriptions;
    const ask = (afterCursor) => client.query({ query: paged, variables: { iin: person.iin, after: afterCursor }, fetchPolicy: 'network-only' });
    for (await ask(); read().pageInfo.hasNextPage && seen.length < 20;) await ask(read().pageInfo.endCursor);
    assert.deepEqual(read().edges.map(({ node }) => node.number), person.numbers);
    assert.equal(seen.length, Math.ceil(person.numbers.length / 3));
  });

  test('throws what the server says is wrong', async () => {
    await assert.rejects(clientOf(fetch).query({ query: gql(WRONG) }), (error) => {
      assert.ok(CombinedGraphQLErrors.is(error), String(error));
      assert.match(error.errors[0].message, SAYS);
      assert.equal(error.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
      return true;
    });
  });

  test('sends a text once with its link for persisted queries, and the hash alone from then on', async () => {
    const links = () => [new PersistedQueryLink({ sha256: (text) => createHash('sha256').update(text).digest('hex') })];
    const variables = { iin: person.iin, first: 5 };
    const first = watched();
    assert.deepEqual(withoutTypenames((await clientOf(first.fetch, links()).query({ query, variables })).data), want);
    assert.equal(first.seen.length, 2);
    assert.equal(first.seen[0].body.query, undefined);
    assert.equal(first.seen[0].answer.errors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
    assert.match(first.seen[1].body.query, /query Passport/);
    const hash = first.seen[1].body.extensions.persistedQuery.sha256Hash;
    assert.equal(hash, createHash('sha256').update(first.seen[1].body.query).digest('hex'));

    const other = watched(); // somebody else's browser
    assert.deepEqual(withoutTypenames((await clientOf(other.fetch, links()).query({ query, variables })).data), want);
    assert.equal(other.seen.length, 1);
    assert.equal(other.seen[0].body.query, undefined);
    assert.equal(other.seen[0].body.extensions.persistedQuery.sha256Hash, hash);
  });
});

describe('urql', () => {
  const clientOf = (fetcher) => new Client({ url, fetch: fetcher, preferGetMethod: false, exchanges: [cacheExchange, fetchExchange] });

  test('gives the data, the second time from its cache', async () => {
    const { seen, fetch: fetcher } = watched();
    const client = clientOf(fetcher);
    for (let i = 0; i < 2; i++) {
      const { data, error } = await client.query(PASSPORT, { iin: person.iin, first: 5 }).toPromise();
      assert.equal(error, undefined);
      assert.deepEqual(withoutTypenames(data), want);
    }
    assert.equal(seen.length, 1);
    assert.equal(seen[0].method, 'POST');
  });

  test('gives what the server says is wrong', async () => {
    const { data, error } = await clientOf(fetch).query(WRONG, {}).toPromise();
    assert.equal(data, undefined);
    assert.match(error.graphQLErrors[0].message, SAYS);
  });
});

// ---- docs/api.md ----

const section = readFileSync(path.join(TOP, 'docs/api.md'), 'utf8').split('\n## ').find((text) => text.startsWith('Clients'));
const blocks = (language) => [...section.matchAll(new RegExp('^```' + language + '\\n([^]*?)^```$', 'gm'))].map(([, text]) => text);
const DOCUMENTED = 'http://127.0.0.1:8080/graphql';

describe('what docs/api.md shows', () => {
  const snippets = blocks('js');
  assert.ok(snippets.length >= 4, `${snippets.length} snippets`);
  for (const [i, text] of snippets.entries()) {
    const name = [...text.matchAll(/from '(@?[^']+)'/g)].map(([, from]) => from).find((from) => !from.startsWith('node:'));
    test(`works: ${i + 1}, ${name}`, async () => {
      const iin = /'(\d{12})'/.exec(text)[1];
      const [{ name: fullName }] = await database.query(`SELECT full_name AS name FROM patient WHERE iin = '${iin}'`);
      assert.ok(text.includes(DOCUMENTED));
      const file = path.join(dir, `snippet${i}.mjs`);
      writeFileSync(file, text.replaceAll(DOCUMENTED, url));
      const said = await must(process.execPath, [file]);
      assert.equal(said.trim(), text.includes('edges.length)') ? `${fullName} 2` : fullName);
    });
  }
});

// ---- graphql-codegen and TypeScript ----

const GOOD = `import type { PassportQuery, PassportQueryVariables } from './types';
export const variables: PassportQueryVariables = { iin: '1', first: null };
export function drugs(answer: PassportQuery): string[] {
  return answer.patient?.prescriptions.nodes.map(({ drug, issuedOn, status }) => [drug.inn, issuedOn, status, drug.priceCap ?? ''].join()) ?? [];
}
`;
// Each says what TypeScript must say of it; a program that compiled would prove that the types are any.
const REFUSED = [
  ['a field that the schema does not have', 'export const f = (a: PassportQuery) => a.patient?.salary;', /Property 'salary' does not exist/],
  ['a field that the operation does not select', 'export const f = (a: PassportQuery) => a.patient?.bloodGroup;', /Property 'bloodGroup' does not exist/],
  ['a person who may not be there', 'export const f = (a: PassportQuery) => a.patient.fullName;', /possibly 'null'|possibly 'undefined'/],
  ['a variable that is missing', 'export const v: PassportQueryVariables = { first: 1 };', /Property 'iin' is missing/],
  ['a variable of another type', "export const v: PassportQueryVariables = { iin: '1', first: '2' };", /not assignable to type/],
  ['a status that there is not', "export const f = (a: PassportQuery) => a.patient?.prescriptions.nodes.some((n) => n.status === 'LOST');", /no overlap|not assignable|not comparable/],
  ['money as a number', 'export const f = (a: PassportQuery): number => a.patient!.prescriptions.nodes[0].drug.priceCap!;', /'string' is not assignable to type 'number'/],
];

describe('graphql-codegen', () => {
  before(async () => {
    writeFileSync(path.join(dir, 'codegen.json'), blocks('json')[0].replaceAll(DOCUMENTED, url));
    writeFileSync(path.join(dir, 'passport.graphql'), PASSPORT);
    await must(process.execPath, [path.join(MODULES, '@graphql-codegen/cli/esm/bin.js'), '--config', 'codegen.json'], { cwd: dir });
    writeFileSync(path.join(dir, 'good.ts'), GOOD);
    REFUSED.forEach(([, text], i) => writeFileSync(path.join(dir, `refused${i}.ts`), `import type { PassportQuery, PassportQueryVariables } from './types';\n${text}\n`));
  });

  test('makes types from the running schema that programs are checked by', () => {
    const files = ['types.ts', 'good.ts', ...REFUSED.map((_, i) => `refused${i}.ts`)];
    const program = ts.createProgram(files.map((name) => path.join(dir, name)), { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] });
    const said = (name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path.join(dir, name)))
      .map((d) => ts.flattenDiagnosticMessageText(d.messageText, ' '));
    assert.deepEqual(said('types.ts'), []);
    assert.deepEqual(said('good.ts'), []);
    REFUSED.forEach(([what, , message], i) => assert.match(said(`refused${i}.ts`).join('\n'), message, what));
  });
});
