// Documents by hash: Apollo's automatic persisted queries, and lists of trusted documents.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BINARY, run, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const NEWER = { Accept: 'application/graphql-response+json' };
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const persisted = (hash) => ({ persistedQuery: { version: 1, sha256Hash: hash } });
let database, iin, name, dir;

before(async () => {
  database = await createDatabase();
  [{ iin, name }] = await database.query('SELECT iin, full_name AS name FROM patient ORDER BY id LIMIT 1');
  dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-'));
});
after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await database?.drop();
});

const post = (server, body, headers = {}) => server.request('/graphql', { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
const answer = async (server, body) => (await post(server, body)).json();
const code = async (server, body) => (await answer(server, body)).errors?.[0].extensions.code;
const QUERY = 'query Name($iin: ID!) { patient(iin: $iin) { fullName } }';
const whole = () => ({ data: { patient: { fullName: name } } });

describe('automatic persisted queries', () => {
  let server;
  before(async () => { server = await startServer({ database, args: ['--persisted-queries', '3', '--get-queries', 'on'] }); });
  after(() => server?.stop());

  test('hash, text with hash, hash: Apollo\'s three steps, in both media types', async () => {
    const ask = { variables: { iin }, extensions: persisted(sha256(QUERY)) };
    for (const headers of [{}, NEWER]) {
      const unknown = await post(server, ask, headers);
      assert.equal(unknown.status, 200); // older clients take 4xx for "switch it off", some never read its body
      assert.deepEqual(unknown.json(), { errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }] });
      assert.match(unknown.headers['cache-control'], /no-store/);
    }
    assert.deepEqual(await answer(server, { ...ask, query: QUERY }), whole());
    assert.deepEqual(await answer(server, ask), whole());
    assert.deepEqual(await answer(server, { ...ask, variables: { iin: '000000000000' } }), { data: { patient: null } });
    assert.equal(await server.metric('tolqujat_documents_registered'), 1);
  });

  test('the same by GET, as Apollo\'s link does it with useGETForHashedQueries', async () => {
    const text = `${QUERY} # by GET`;
    const get = (params) => server.request(`/graphql?${new URLSearchParams(Object.entries(params).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]))}`);
    const ask = { operationName: 'Name', variables: { iin }, extensions: persisted(sha256(text)) };
    const unknown = await get(ask);
    assert.deepEqual([unknown.status, unknown.json().errors[0].extensions.code], [200, 'PERSISTED_QUERY_NOT_FOUND']);
    assert.deepEqual((await get({ ...ask, query: text })).json(), whole());
    assert.deepEqual((await get(ask)).json(), whole());
    assert.deepEqual(await answer(server, ask), whole()); // and it is known to POST
    assert.equal((await get({ ...ask, query: '{ __typename }' })).status, 400);
  });

  test('a hash that is not the text\'s: 400, and neither is stored', async () => {
    const [text, other] = ['{ a: __typename }', '{ b: __typename }'];
    for (const headers of [{}, NEWER]) {
      const response = await post(server, { query: text, extensions: persisted(sha256(other)) }, headers);
      assert.equal(response.status, 400);
      assert.deepEqual(response.json(), { errors: [{ message: 'provided sha does not match query', extensions: { code: 'BAD_REQUEST' } }] });
    }
    for (const query of [text, other]) assert.equal(await code(server, { extensions: persisted(sha256(query)) }), 'PERSISTED_QUERY_NOT_FOUND');
  });

  test('a text without hash is not stored', async () => {
    const query = '{ c: __typename }';
    assert.deepEqual(await answer(server, { query }), { data: { c: 'Query' } });
    assert.equal(await code(server, { extensions: persisted(sha256(query)) }), 'PERSISTED_QUERY_NOT_FOUND');
  });

  test('stored only when the document is good and its cost passed', async () => {
    const cases = [
      ['{ nope }', {}, 'GRAPHQL_VALIDATION_FAILED'],
      ['{', {}, 'GRAPHQL_PARSE_FAILED'],
      ['query ($n: Int!) { __typename @skip(if: $n) }', {}, 'GRAPHQL_VALIDATION_FAILED'],
      ['query ($b: Boolean!) { __typename @skip(if: $b) }', {}, 'BAD_USER_INPUT'],
      ['query ($n: Int) { patient(iin: "0") { prescriptions(first: $n) { nodes { id } } } }', { n: 101 }, 'BAD_USER_INPUT'],
      [`{ patient(iin: "0") { ${Array.from({ length: 26 }, (_, i) => `p${i}: prescriptions(first: 100) { nodes { drug { id } } }`).join(' ')} } }`, {}, 'LIMIT_EXCEEDED'],
    ];
    for (const [query, variables, want] of cases) {
      const extensions = persisted(sha256(query));
      assert.equal(await code(server, { query, variables, extensions }), want, query);
      assert.equal(await code(server, { variables, extensions }), 'PERSISTED_QUERY_NOT_FOUND', query);
    }
    // The same document with variables that pass.
    const [query] = cases[4];
    assert.equal(await code(server, { query, variables: { n: 5 }, extensions: persisted(sha256(query)) }), undefined);
    assert.equal(await code(server, { variables: { n: 5 }, extensions: persisted(sha256(query)) }), undefined);
    assert.equal(await code(server, { variables: { n: 101 }, extensions: persisted(sha256(query)) }), 'BAD_USER_INPUT');
  });

  test('bounded, least recently used; what else is asked pushes nothing out', async () => {
    const text = (i) => `{ n${i}: __typename }`;
    const known = async (i) => (await code(server, { extensions: persisted(sha256(text(i))) })) === undefined;
    for (let i = 0; i < 3; i++) await answer(server, { query: text(i), extensions: persisted(sha256(text(i))) });
    for (let i = 0; i < 300; i++) await answer(server, { query: `{ m${i}: __typename nope${i} }` });
    assert.equal(await known(0), true);
    await answer(server, { query: text(3), extensions: persisted(sha256(text(3))) });
    assert.deepEqual([await known(0), await known(1), await known(2), await known(3)], [true, false, true, true]);
    assert.equal(await server.metric('tolqujat_documents_registered'), 3);
  });

  test('16 KB are stored, a byte more runs but is not', async () => {
    for (const [length, want] of [[16383, undefined], [16384, undefined], [16385, 'PERSISTED_QUERY_NOT_FOUND']]) {
      const query = '{ __typename }'.padEnd(length);
      const extensions = persisted(sha256(query));
      assert.deepEqual(await answer(server, { query, extensions }), { data: { __typename: 'Query' } });
      assert.equal(await code(server, { extensions }), want, `${length} bytes`);
    }
  });

  test('what is no such extension is a clear error', async () => {
    const cases = [
      [5, /"extensions.persistedQuery" must be an object/],
      [{}, /Unsupported persisted query version/],
      [{ version: 2, sha256Hash: sha256(QUERY) }, /Unsupported persisted query version/],
      [{ version: '1', sha256Hash: sha256(QUERY) }, /Unsupported persisted query version/],
      [{ version: 1 }, /sha256Hash" must be a string/],
      [{ version: 1, sha256Hash: 5 }, /sha256Hash" must be a string/],
    ];
    for (const [persistedQuery, message] of cases) {
      const response = await post(server, { query: QUERY, variables: { iin }, extensions: { persistedQuery } });
      assert.equal(response.status, 400);
      assert.match(response.json().errors[0].message, message);
    }
    for (const hash of ['', 'x', sha256(QUERY).toUpperCase(), sha256(QUERY).slice(1), `${sha256(QUERY)}0`, '\u0000']) {
      assert.equal(await code(server, { extensions: persisted(hash) }), 'PERSISTED_QUERY_NOT_FOUND', hash);
    }
    const byId = await post(server, { documentId: sha256(QUERY) });
    assert.equal(byId.status, 400);
    assert.match(byId.json().errors[0].message, /no list of trusted documents/);
  });

  test('0 turns it off, whether the text is there or not', async () => {
    const off = await startServer({ database, args: ['--persisted-queries', '0'] });
    try {
      for (const query of [undefined, QUERY]) {
        for (const headers of [{}, NEWER]) {
          const response = await post(off, { query, variables: { iin }, extensions: persisted(sha256(QUERY)) }, headers);
          assert.equal(response.status, 200);
          assert.deepEqual(response.json(), { errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }] });
        }
      }
      assert.deepEqual(await answer(off, { query: QUERY, variables: { iin } }), whole());
    } finally {
      await off.stop();
    }
  });
});

describe('trusted documents', () => {
  const PAGES = 'query Pages($iin: ID!, $n: Int) { patient(iin: $iin) { prescriptions(first: $n) { nodes { id } } } }';
  const file = (manifest) => {
    const where = path.join(dir, `manifest-${Math.random()}.json`);
    writeFileSync(where, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
    return where;
  };
  const UNTRUSTED = { message: 'This document is not in the server\'s list of trusted documents; nothing else may run.', extensions: { code: 'DOCUMENT_NOT_TRUSTED' } };
  const trusting = async (manifest, work, { args = [] } = {}) => {
    const server = await startServer({ database, args: ['--trusted-documents', typeof manifest === 'string' ? manifest : file(manifest), ...args] });
    try {
      await work(server);
    } finally {
      await server.stop();
    }
  };

  test('texts by hash (client-preset, Relay): by every way to name one, and nothing else', async () => {
    const relay = createHash('md5').update(PAGES).digest('hex');
    await trusting({ [sha256(QUERY)]: QUERY, [relay]: PAGES }, async (server) => {
      const ways = [{ documentId: sha256(QUERY) }, { documentId: `sha256:${sha256(QUERY)}` }, { id: sha256(QUERY) }, { doc_id: sha256(QUERY) },
        { extensions: persisted(sha256(QUERY)) }, { query: QUERY }, { query: QUERY, extensions: persisted(sha256(QUERY)) }];
      for (const way of ways) assert.deepEqual(await answer(server, { ...way, variables: { iin } }), whole(), JSON.stringify(way));
      for (const way of [{ id: relay }, { extensions: persisted(relay) }, { documentId: `sha256:${sha256(PAGES)}` }]) {
        assert.equal((await answer(server, { ...way, variables: { iin, n: 2 } })).errors, undefined, JSON.stringify(way));
      }
      const sent = await server.settled('tolqujat_db_statements_total');
      const others = [{ query: `${QUERY} ` }, { query: '{ __typename }' }, { query: '{ __schema { types { name } } }' }, { query: '' }, { query: '{' },
        { documentId: 'nobody' }, { documentId: '' }, { documentId: `sha256:${sha256('{ __typename }')}` }, { id: `sha1:${sha256(QUERY)}` },
        { extensions: persisted(sha256('{ __typename }')) }, { query: '{ __typename }', extensions: persisted(sha256('{ __typename }')) }];
      for (const other of others) {
        const refused = await post(server, { ...other, variables: { iin } }, NEWER);
        assert.equal(refused.status, 403, JSON.stringify(other));
        assert.deepEqual(refused.json(), { errors: [UNTRUSTED] });
        const older = await post(server, { ...other, variables: { iin } });
        assert.deepEqual([older.status, older.json()], [200, { errors: [UNTRUSTED] }]);
      }
      assert.equal(await server.settled('tolqujat_db_statements_total'), sent);
      // What was refused is not stored either.
      assert.equal(await code(server, { extensions: persisted(sha256('{ __typename }')) }), 'DOCUMENT_NOT_TRUSTED');
      assert.match((await answer(server, { query: QUERY, extensions: persisted(relay) })).errors[0].message, /provided sha does not match query/);
    }, { args: ['--workers', '2'] });
  });

  test('Apollo\'s manifest', async () => {
    const operation = (body, operationName) => ({ id: sha256(body), body, name: operationName, type: 'query' });
    await trusting({ format: 'apollo-persisted-query-manifest', version: 1, operations: [operation(QUERY, 'Name'), operation(PAGES, 'Pages')] }, async (server) => {
      assert.deepEqual(await answer(server, { operationName: 'Name', variables: { iin }, extensions: persisted(sha256(QUERY)) }), whole());
      assert.equal(await code(server, { operationName: 'Pages', variables: { iin }, extensions: persisted(sha256(PAGES)) }), undefined);
      assert.equal(await code(server, { query: '{ __typename }' }), 'DOCUMENT_NOT_TRUSTED');
    });
  });

  test('an entry has ceilings of its own, above the server\'s or below', async () => {
    const many = `{ patient(iin: "${'0'.repeat(12)}") { ${Array.from({ length: 26 }, (_, i) => `p${i}: prescriptions(first: 100) { nodes { drug { id } } }`).join(' ')} } }`;
    await trusting({ small: { document: PAGES, maxCost: 11 }, short: { document: `${PAGES} `, maxPageSize: 5 }, large: { document: many, maxCost: 5201, maxDepth: 5, maxAliases: 26 } }, async (server) => {
      const ask = (documentId, n) => answer(server, { documentId, variables: { iin, n }, extensions: { cost: true } });
      assert.deepEqual((await ask('small', 10)).extensions, { cost: { estimate: 11, limit: 11 } });
      const over = await ask('small', 11);
      assert.match(over.errors[0].message, /may return 12 rows .* at most 11/);
      assert.deepEqual(over.extensions, { cost: { estimate: 12, limit: 11 } });
      assert.equal((await ask('short', 5)).errors, undefined);
      assert.match((await ask('short', 6)).errors[0].message, /must be from 1 to 5, not 6/);
      assert.deepEqual(await ask('large'), { data: { patient: null }, extensions: { cost: { estimate: 5201, limit: 5201 } } });
    }, { args: ['--max-depth', '4', '--max-aliases', '3'] });
  });

  test('a bad manifest is an error at the start: file, id, reason; status 2', async () => {
    const cases = [
      ['', /:1: no valid JSON/],
      ['[]', /must be a JSON object/],
      ['{}', /has no documents/],
      [{ abc: '{ salary }' }, /document "abc": Cannot query field "salary" on type "Query"\..* \(line 1, column 3\)$/m],
      [{ abc: '{' }, /document "abc": Syntax Error: .* \(line 1, column 2\)$/m],
      [{ [sha256(QUERY)]: PAGES }, new RegExp(`document "${sha256(QUERY)}": the id is not the SHA-256 of the text`)],
      [{ abc: { document: QUERY, maxDepth: 1 } }, /document "abc": The operation is 2 fields deep; at most 1 are allowed/],
      [{ abc: { document: QUERY, maxcost: 1 } }, /document "abc": there is no ceiling "maxcost"/],
      [{ abc: { document: QUERY, maxCost: -1 } }, /document "abc": maxCost must be a number from 1 to 2147483647/],
      [{ format: 'apollo-persisted-query-manifest', version: 1, operations: [{ id: 'abc' }] }, /operation 1 needs "id" and "body"/],
    ];
    for (const [manifest, pattern] of cases) {
      const where = file(manifest);
      const { status, stderr } = await run(BINARY, ['serve', '--access', 'open', '--database', database.conninfo, '--redis', 'off', '--port', '0', '--trusted-documents', where]);
      assert.equal(status, 2, stderr);
      assert.match(stderr, pattern);
      assert.ok(stderr.includes(where.slice(0, 60)), stderr);
      assert.doesNotMatch(stderr, /Sanitizer/);
    }
    const { status, stderr } = await run(BINARY, ['serve', '--access', 'open', '--database', database.conninfo, '--port', '0', '--trusted-documents', '/nowhere']);
    assert.deepEqual([status, /\/nowhere: No such file/.test(stderr)], [2, true], stderr);
  });

  for (const workers of [1, 2]) {
    test(`SIGHUP reads it again; a bad one changes nothing (${workers} workers)`, async () => {
      const where = file({ one: '{ one: __typename }' });
      const told = (server, pattern, n) => until(() => [...server.stderr.matchAll(pattern)].length >= n, `${pattern}: ${server.stderr}`);
      const all = workers === 1 ? 1 : workers + 1; // the supervisor reads it as well, for workers to come
      await trusting(where, async (server) => {
        const verdicts = async () => Promise.all(['one', 'two'].map(async (documentId) => {
          const codes = await Promise.all(Array.from({ length: 8 }, () => code(server, { documentId })));
          assert.equal(new Set(codes).size, 1, String(codes)); // whichever worker answers
          return codes[0];
        }));
        assert.deepEqual(await verdicts(), [undefined, 'DOCUMENT_NOT_TRUSTED']);
        writeFileSync(where, JSON.stringify({ two: '{ two: nope }' }));
        server.child.kill('SIGHUP');
        await told(server, /the trusted documents stay as they were: .* document "two": Cannot query field "nope"/g, 1);
        assert.deepEqual(await verdicts(), [undefined, 'DOCUMENT_NOT_TRUSTED']);
        writeFileSync(where, JSON.stringify({ two: '{ two: __typename }' }));
        server.child.kill('SIGHUP');
        await told(server, /1 trusted documents/g, all);
        assert.deepEqual(await verdicts(), ['DOCUMENT_NOT_TRUSTED', undefined]);
      }, { args: ['--workers', String(workers)] });
    });
  }
});
