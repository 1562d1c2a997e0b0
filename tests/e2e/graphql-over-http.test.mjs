// What GraphQL over HTTP adds to the public audit (audit.test.mjs): statuses and media types of what goes wrong, queries by
// GET, and what a page of another origin can bring about.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect, exchange, post } from './lib/http.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const JSON_TYPE = 'application/json; charset=utf-8';
const NEWER_TYPE = 'application/graphql-response+json; charset=utf-8';
const NEWER = { Accept: 'application/graphql-response+json' };
const ALLOWED = 'https://portal.example.kz';

let database, server, open, iin;
before(async () => {
  database = await createDatabase();
  [{ iin }] = await database.query('SELECT iin FROM patient ORDER BY id LIMIT 1 OFFSET 5');
  server = await startServer({ database, args: ['--cors-origin', ALLOWED] });
  open = await startServer({ database, args: ['--cors-origin', ALLOWED, '--get-queries', 'on'] });
});
after(async () => {
  await server?.stop();
  await open?.stop();
  await database?.drop();
});

const send = (body, headers = {}) => server.request('/graphql', {
  method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers },
});
const get = (params, { headers = {}, method = 'GET' } = {}) => open.request(`/graphql?${new URLSearchParams(params)}`, { headers, method });
const raw = (query, headers = {}, method = 'GET') => open.request(`/graphql?${query}`, { headers, method });

function isError(response, status, message, type = JSON_TYPE) {
  assert.equal(response.status, status, response.text);
  assert.equal(response.headers['content-type'], type);
  assert.equal(response.headers['cache-control'], 'no-store');
  const { errors, data } = response.json();
  assert.match(errors[0].message, message);
  assert.equal(data, undefined);
  return errors[0];
}

describe('what goes wrong, in both media types', () => {
  const cases = [
    ['no JSON', 'NONSENSE', 400, 400, /The body is not valid JSON \(line 1, column \d+\)\./],
    ['no query', { qeury: '{ __typename }' }, 400, 400, /"query" is missing/],
    ['variables that are a list', { query: '{ __typename }', variables: [7] }, 400, 400, /"variables" must be an object/],
    ['a member twice', '{"query":"{ __typename }","query":"{ a }"}', 400, 400, /two members of one name \(line 1, column \d+\)/],
    ['a variable twice', '{"query":"{ __typename }","variables":{"a":1,"a":1}}', 400, 400, /two members of one name/],
    ['65 levels of JSON', `{"query":"{ __typename }","variables":${'{"a":'.repeat(64)}1${'}'.repeat(64)}}`, 400, 400, /nested more than 64/],
    ['a batch', [{ query: '{ __typename }' }], 400, 400, /Batches of operations are not supported: send one JSON object\./],
    ['an empty body', '', 400, 400, /body is empty/],
    ['a document that is none', { query: '{' }, 200, 400, /Syntax Error/],
    ['an unknown field', { query: '{ nothing }' }, 200, 400, /Cannot query field "nothing"/],
    ['an unknown operation', { query: '{ __typename }', operationName: 'A' }, 200, 400, /Unknown operation/],
    ['a variable of a wrong type', { query: 'query($n: ID!) { patient(iin: $n) { id } }', variables: { n: null } }, 200, 400, /must not be null/],
  ];
  for (const [name, body, older, newer, message] of cases) {
    test(name, async () => {
      isError(await send(body), older, message);
      isError(await send(body, NEWER), newer, message, NEWER_TYPE);
    });
  }

  test('members that nobody knows are ignored, null is not given', async () => {
    const body = { query: '{ __typename }', variables: null, operationName: null, extensions: null, more: { query: 1 }, '': [] };
    assert.deepEqual((await send(body)).json(), { data: { __typename: 'Query' } });
  });

  test('what HTTP refuses comes in the type that was asked for', async () => {
    const body = { query: '{ __typename }' };
    for (const [headers, type] of [[{}, JSON_TYPE], [NEWER, NEWER_TYPE]]) {
      isError(await send(body, { ...headers, 'Content-Type': 'text/plain' }), 415, /Content-Type/, type);
      isError(await send(body, { ...headers, 'Content-Encoding': 'gzip' }), 415, /encoded/, type);
      const put = await server.request('/graphql', { method: 'PUT', headers });
      isError(put, 405, /method/, type);
      assert.equal(put.headers.allow, 'POST, OPTIONS');
      isError(await server.request('/graphql?query={__typename}', { headers }), 405, /with POST.*queries in URLs are off/, type);
    }
    assert.equal(isError(await send(body, { Accept: 'text/html' }), 406, /Accept/).extensions.code, 'NOT_ACCEPTABLE');
  });

  test('several Accept headers count as one', async () => {
    const request = post({ query: '{ __typename }' }).toString().replace('\r\n\r\n',
      '\r\nAccept: application/json;q=0.5\r\nAccept: application/graphql-response+json;q=0.6\r\n\r\n');
    assert.equal((await exchange(server.port, request)).headers['content-type'], NEWER_TYPE);
  });

  test('an error where the request went wrong has no place in a document', async () => {
    assert.equal(isError(await send('{"a"'), 400, /line 1/).locations, undefined);
  });

  test('data with errors is 294 in the newer type and 200 in the older', async () => {
    const query = 'query($iin: ID!) { patient(iin: $iin) { iin allergies(first: 1) { nodes { id } } } }';
    const broken = await createDatabase();
    const its = await startServer({ database: broken });
    try {
      await broken.execute('ALTER TABLE allergy RENAME TO allergy_away');
      const ask = (headers, document = query) => its.request('/graphql', {
        method: 'POST', body: JSON.stringify({ query: document, variables: { iin } }), headers: { 'Content-Type': 'application/json', ...headers },
      });
      for (const [headers, status, type] of [[{}, 200, JSON_TYPE], [NEWER, 294, NEWER_TYPE]]) {
        const answer = await ask(headers);
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.headers['content-type'], type);
        const { data, errors } = answer.json();
        assert.ok('patient' in data && errors.length === 1, answer.text);
        assert.equal((await ask(headers, 'query($iin: ID!) { patient(iin: $iin) { iin } }')).status, 200);
      }
    } finally {
      await its.stop();
      await broken.drop();
    }
  });
});

describe('queries by GET are off', () => {
  test('GET and HEAD are 405, and where to go is said', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await server.request('/graphql?query=%7B__typename%7D', { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, 'POST, OPTIONS');
    }
  });

  test('a person with a browser is told of the IDE, when there is one', async () => {
    const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
    isError(await server.request('/graphql', { headers: browser }), 405, /\/graphiql/);
    isError(await open.request('/graphql', { headers: browser }), 400, /\/graphiql/);
    const bare = await startServer({ database, args: ['--graphiql', 'off'] });
    try {
      const { message } = isError(await bare.request('/graphql', { headers: browser }), 405, /POST/);
      assert.doesNotMatch(message, /graphiql/);
    } finally {
      await bare.stop();
    }
  });
});

describe('queries by GET', () => {
  const query = 'query One($iin: ID!) { patient(iin: $iin) { iin } } query Two { __typename }';

  test('give what POST gives', async () => {
    const variables = JSON.stringify({ iin });
    const answer = await get({ query, variables, operationName: 'One', extensions: '{}' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], JSON_TYPE);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.deepEqual(answer.json(), { data: { patient: { iin } } });
    assert.equal((await get({ query, variables, operationName: 'One' }, { headers: NEWER })).headers['content-type'], NEWER_TYPE);
    assert.deepEqual((await get({ query, operationName: 'Two' })).json(), { data: { __typename: 'Query' } });
  });

  test('a plus is a space, an empty parameter is not given, unknown ones are ignored', async () => {
    const answer = await raw('query=%7B+__typename%09%7D&operationName=&variables=&extensions=&utm=1&utm=2');
    assert.deepEqual(answer.json(), { data: { __typename: 'Query' } });
    assert.deepEqual((await raw('query=query%20null{__typename}&operationName=null')).json(), { data: { __typename: 'Query' } });
  });

  test('HEAD has the head of GET', async () => {
    const connection = await connect(open.port);
    const request = (method) => `${method} /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: a\r\n\r\n`;
    await connection.send(request('GET') + request('HEAD') + request('GET'));
    const [full, head, again] = [await connection.response(), await connection.response({ head: true }), await connection.response()];
    assert.equal(head.status, 200);
    for (const name of ['content-length', 'content-type', 'cache-control']) assert.equal(head.headers[name], full.headers[name], name);
    assert.deepEqual(again.body, full.body);
    connection.destroy();
  });

  const bad = [
    ['a % and no digits', 'query=%7B__typename%', /Parameter 1 of the URL has a %/],
    ['a % and one digit', 'query={__typename}&variables=%7', /Parameter 2 of the URL has a %/],
    ['bytes that are no UTF-8', 'query=%ff', /not UTF-8/],
    ['a document twice', 'query={__typename}&query={__typename}', /"query" twice/],
    ['variables twice', 'query={__typename}&variables={}&variables={}', /"variables" twice/],
    ['variables that are no JSON', 'query={__typename}&variables={', /"variables" is not valid JSON \(line 1/],
    ['variables that are a list', 'query={__typename}&variables=[]', /"variables" must be an object/],
    ['variables with a member twice', 'query={__typename}&variables={%22a%22:1,%22a%22:2}', /two members/],
    ['extensions that are no object', 'query={__typename}&extensions=1', /"extensions" must be an object/],
    ['65 levels of JSON', `query={__typename}&variables=${'['.repeat(65)}`, /nested more than 64/],
    ['no document', 'variables={}', /"query" is missing/],
  ];
  for (const [name, text, message] of bad) {
    test(`refused: ${name}`, async () => {
      isError(await raw(text), 400, message);
      isError(await raw(text, NEWER), 400, message, NEWER_TYPE);
    });
  }

  test('refused: a URL that is too long', async () => {
    const answer = await exchange(open.port, `GET /graphql?query=%7B${'a'.repeat(9000)}%7D HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(answer.status, 414);
  });

  test('statuses of a document that can not run are those of POST', async () => {
    isError(await get({ query: '{ nothing }' }), 200, /Cannot query field/);
    isError(await get({ query: '{ nothing }' }, { headers: NEWER }), 400, /Cannot query field/, NEWER_TYPE);
    isError(await get({ query: '{' }, { headers: NEWER }), 400, /Syntax Error/, NEWER_TYPE);
    isError(await get({ query: '{ __typename }' }, { headers: { Accept: 'text/html' } }), 406, /Accept/);
  });

  test('never a mutation: 405 with Allow, whether it is valid or not', async () => {
    for (const document of ['mutation { __typename }', 'mutation { nothing }', 'subscription { __typename }']) {
      for (const [headers, type] of [[{}, JSON_TYPE], [NEWER, NEWER_TYPE]]) {
        const answer = await get({ query: document }, { headers });
        isError(answer, 405, /Only a query may come by GET/, type);
        assert.equal(answer.headers.allow, 'POST');
      }
    }
    const both = 'query A { __typename } mutation B { nothing }';
    assert.equal((await get({ query: both, operationName: 'B' })).status, 405);
    assert.notEqual((await get({ query: both, operationName: 'A' })).status, 405);
    assert.equal((await get({ query: 'mutation {' }, { headers: NEWER })).status, 400);
  });

  test('POST does not look at the URL', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    const answer = await open.request('/graphql?query=%ff', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
    assert.deepEqual(answer.json(), { data: { __typename: 'Query' } });
  });

  test('nothing of a URL is in the log', async () => {
    await get({ query: '{ patient(iin: "900101300017") { id } }' });
    await raw('query=%ff900101300017');
    assert.doesNotMatch(open.stderr + open.stdout, /900101300017/);
  });
});

describe('a page of another origin', () => {
  const EVIL = { Origin: 'https://evil.example' };
  const body = JSON.stringify({ query: '{ __typename }' });
  const operations = async (one) => (await one.metric('tolqujat_graphql_operations_total'));

  test('can not ask by a form or any request without a preflight', async () => {
    for (const one of [server, open]) {
      const before_ = await operations(one);
      const types = ['text/plain', 'text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x',
        'text/plain; application/json', undefined];
      for (const type of types) {
        const answer = await exchange(one.port, post(body, { headers: { ...EVIL, 'Content-Type': type } }));
        assert.equal(answer.status, 415, type);
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
      }
      assert.equal(await operations(one), before_, 'nothing was executed');
    }
  });

  test('gets no permission by a preflight; a page on the list gets it for the methods that there are', async () => {
    for (const [one, methods] of [[server, 'POST, OPTIONS'], [open, 'GET, HEAD, POST, OPTIONS']]) {
      const ask = (origin) => one.request('/graphql', { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' } });
      const evil = await ask('https://evil.example');
      assert.deepEqual([evil.status, evil.headers.allow, evil.headers['access-control-allow-methods']], [204, methods, undefined]);
      const good = await ask(ALLOWED);
      assert.deepEqual([good.status, good.headers['access-control-allow-methods'], good.headers['access-control-allow-origin']], [204, methods, ALLOWED]);
    }
  });

  test('can not ask by GET, be it a script, an image, a link or a frame', async () => {
    const before_ = await operations(open);
    for (const headers of [EVIL, { Origin: 'null' }, { ...EVIL, 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }]) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await get({ query: '{ __typename }' }, { headers, method });
        assert.equal(answer.status, 403, JSON.stringify(headers));
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
      }
    }
    assert.equal(await operations(open), before_, 'nothing was executed');
  });

  test('a page of ours, one on the list, an address that was typed and what is no browser may', async () => {
    for (const headers of [{}, { Origin: ALLOWED }, { Origin: ALLOWED, 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }]) {
      const answer = await get({ query: '{ __typename }' }, { headers });
      assert.equal(answer.status, 200, JSON.stringify(headers));
      assert.equal(answer.headers['access-control-allow-origin'], headers.Origin);
    }
  });
});
