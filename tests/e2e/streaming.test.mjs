// Long answers: in pieces, at the reader's pace, at nobody else's cost.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createDatabase } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { connect, post } from './lib/http.mjs';
import { bare } from './lib/ids.mjs';
import { sleep, until } from './lib/run.mjs';

const PAGES = 20;
let database, server, iin, ids;

// Twenty pages of the same person's prescriptions side by side: 2000 rows, more than a megabyte.
const LONG = `query($iin: ID!) { patient(iin: $iin) { ${Array.from({ length: PAGES }, (_, i) => `
  p${i}: prescriptions(first: 100) { nodes { id number issuedOn status dose quantity validTo
    drug { id inn name atc form producer strength priceCap } prescriber { id fullName specialty }
    pharmacy { id name address } } }`).join('')} } }`;

before(async () => {
  database = await createDatabase();
  [{ iin }] = await database.query('SELECT iin FROM patient ORDER BY id LIMIT 1 OFFSET 17');
  await database.execute(`
    INSERT INTO prescription (patient_id, drug_id, prescriber_id, issued_on, valid_to, quantity, number, dose)
    SELECT p.id, (SELECT min(id) FROM drug), (SELECT min(id) FROM practitioner), date '2020-01-01' + i, date '2020-03-01' + i, 1 + i,
           'LONG-' || i, repeat('таңертең бір таблетка, ', 10)
    FROM patient p, generate_series(1, 150) i WHERE p.iin = '${iin}'`);
  ids = (await database.query(`SELECT r.id::text FROM prescription r JOIN patient p ON p.id = r.patient_id
    WHERE p.iin = '${iin}' AND r.superseded_by IS NULL ORDER BY r.issued_on DESC, r.id DESC LIMIT 100`)).map(({ id }) => id);
  server = await startServer({ database, args: ['--max-aliases', '30', '--max-cost', '10000'] });
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

const request = () => post({ query: LONG, variables: { iin } });

test('more than 64 KB goes chunked, in pieces of 16 to 64 KB and a little', async () => {
  const connection = await connect(server.port);
  await connection.send(request());
  const response = await connection.response({ ms: 30_000 });
  assert.equal(response.status, 200);
  assert.equal(response.headers['transfer-encoding'], 'chunked', response.body.toString().slice(0, 300));
  assert.equal(response.headers['content-length'], undefined);
  const sizes = response.chunks.map((chunk) => chunk.length);
  assert.ok(response.body.length > 1_000_000, `${response.body.length} bytes`);
  assert.ok(sizes.every((size) => size <= 64 * 1024), `chunks of ${sizes}`);
  assert.ok(sizes.slice(0, -1).every((size) => size >= 16 * 1024), `chunks of ${sizes}`);
  const { data, errors } = JSON.parse(response.body);
  assert.equal(errors, undefined);
  for (let i = 0; i < PAGES; i++) assert.deepEqual(data.patient[`p${i}`].nodes.map((n) => bare(n.id)), ids);
  // The connection goes on.
  await connection.send(post({ query: '{ __typename }' }));
  assert.equal((await connection.response()).body.toString(), '{"data":{"__typename":"Query"}}');
  connection.destroy();
});

test('up to 64 KB goes as one reply with Content-Length', async () => {
  const connection = await connect(server.port);
  await connection.send(post({ query: 'query($iin: ID!) { patient(iin: $iin) { prescriptions(first: 20) { nodes { dose } } } }', variables: { iin } }));
  const response = await connection.response();
  assert.equal(Number(response.headers['content-length']), response.body.length);
  connection.destroy();
});

test('introspection, which is long, goes in pieces too', async () => {
  const connection = await connect(server.port);
  const query = '{ __schema { types { name description kind fields(includeDeprecated: true) { name description args { name description type { name kind ofType { name kind } } } type { name kind ofType { name kind ofType { name kind } } } } } } }';
  await connection.send(post({ query: `query { ${['a', 'b', 'c', 'd'].map((a) => query.slice(1, -1).replace('__schema', `${a}: __schema`)).join(' ')} }` }));
  const response = await connection.response();
  assert.equal(response.headers['transfer-encoding'], 'chunked');
  assert.ok(response.chunks.every((chunk) => chunk.length <= 64 * 1024));
  assert.ok(JSON.parse(response.body).data.d.types.some((t) => t.name === 'Patient'));
  connection.destroy();
});

test('introspection that nobody reads is not written, and holds up nobody', async () => {
  const part = '{name description fields{name description args{name description type{name ofType{name ofType{name}}}} type{name kind ofType{name kind ofType{name kind}}}}}';
  const query = `{__schema{${Array.from({ length: 15 }, (_, i) => `a${i}:types{...F}`).join(' ')}}} fragment F on __Type${part}`;
  const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } };
  const { length } = (await server.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, extensions }) })).text;
  assert.ok(length > 4_000_000);
  const memory = () => Math.max(...[server.pid, ...server.workers()].map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])));
  const before = memory();
  const stuck = await Promise.all(Array.from({ length: 8 }, () => connect(server.port)));
  for (const connection of stuck) connection.socket.pause();
  const began = Date.now();
  await Promise.all(stuck.map((connection) => connection.send(Buffer.concat(Array(32).fill(post({ extensions }))))));
  for (const connection of stuck) await connection.taken();
  assert.equal((await server.request('/healthz', { ms: 60_000 })).status, 200);
  assert.ok(Date.now() - began < 4000, `${Date.now() - began} ms`);
  assert.ok(memory() - before < 100_000, `${before} kB, then ${memory()} kB`);
  stuck[0].socket.resume();
  for (let i = 0; i < 3; i++) assert.equal((await stuck[0].response({ ms: 60_000 })).body.toString().length, length);
  stuck.forEach((connection) => connection.destroy());
  await until(async () => await server.metric('tolqujat_http_held_bytes') < 1_000_000, 'what they held to go');
});

test('readers that take nothing hold up neither the others nor a database connection', async () => {
  const slow = await Promise.all(Array.from({ length: 40 }, () => connect(server.port)));
  for (const connection of slow) connection.socket.pause();
  await Promise.all(slow.map((connection) => connection.send(request())));
  for (const connection of slow) await connection.taken();
  await until(async () => await database.value(`SELECT count(*) FROM pg_stat_activity
    WHERE datname = '${database.name}' AND state <> 'idle' AND pid <> pg_backend_pid()`) === 0, 'no connection to be held');
  const answers = await Promise.all(Array.from({ length: 50 }, () => server.data('query($iin: ID!) { patient(iin: $iin) { iin prescriptions(first: 3) { nodes { id } } } }', { iin })));
  for (const { patient } of answers) assert.deepEqual(patient.prescriptions.nodes.map((n) => bare(n.id)), ids.slice(0, 3));
  // They wake up, and nothing is missing.
  for (const connection of slow) connection.socket.resume();
  for (const connection of slow) {
    const { body } = await connection.response({ ms: 60_000 });
    assert.deepEqual(JSON.parse(body).data.patient.p19.nodes.map((n) => bare(n.id)), ids);
    connection.destroy();
  }
});

test('readers that leave in the middle harm nobody', async () => {
  const before = await server.metric('tolqujat_http_connections');
  for (let i = 0; i < 60; i++) {
    const connection = await connect(server.port);
    await connection.send(request());
    if (i % 3 === 0) connection.socket.pause();
    await sleep(i % 7);
    if (i % 2) connection.socket.resetAndDestroy();
    else connection.destroy();
  }
  assert.equal((await server.data('query($iin: ID!) { patient(iin: $iin) { iin } }', { iin })).patient.iin, iin);
  await until(async () => await server.metric('tolqujat_http_connections') <= before, 'connections that were left to close');
  server.assertSane();
});

// A value that is missing where none may be, after the start-up check: behind the first piece, or in it.
describe('a hole in the rows', () => {
  const HOLE = 'LONG-120'; // on the first page
  const fields = 'id number issuedOn quantity validTo drug { id inn name atc form producer strength priceCap } pharmacy { id name address }';
  const page = (name, what) => `${name}: prescriptions(first: 100) { nodes { ${what} } }`;
  const query = (pages) => `query($iin: ID!) { patient(iin: $iin) { ${pages.join(' ')} } }`;
  const late = query([...Array.from({ length: 10 }, (_, i) => page(`p${i}`, fields)), page('last', 'dose')]);
  const early = query([page('first', 'dose'), page('p1', fields)]);
  let its;

  before(async () => {
    its = await startServer({ database, args: ['--cache-bytes', '0'] });
    await database.execute('ALTER TABLE prescription ALTER COLUMN dose DROP NOT NULL');
    await database.execute(`UPDATE prescription SET dose = NULL WHERE number = '${HOLE}'`);
  });
  after(async () => {
    await its?.stop();
    await database.execute(`UPDATE prescription SET dose = 'x' WHERE number = '${HOLE}'`);
    await database.execute('ALTER TABLE prescription ALTER COLUMN dose SET NOT NULL');
  });

  for (const accept of ['application/json', 'application/graphql-response+json']) {
    test(`found when bytes have left: the connection is cut, without a last chunk (${accept})`, async () => {
      const connection = await connect(its.port);
      await connection.send(post({ query: late, variables: { iin } }, { headers: { Accept: accept } }));
      await connection.close();
      const text = connection.bytes.toString('latin1');
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(text, /\r\nTransfer-Encoding: chunked\r\n/);
      assert.ok(text.length > 64 * 1024, `${text.length} bytes`);
      assert.doesNotMatch(text, /\r\n0\r\n\r\n$/);
      await assert.rejects(connection.response(), /closed/);
      connection.destroy();
    });
  }

  test('nor can HTTP/1.0 take it for a whole body: the connection is reset', async () => {
    const connection = await connect(its.port);
    await connection.send(post({ query: late, variables: { iin } }).toString().replace('HTTP/1.1', 'HTTP/1.0'));
    await connection.close();
    assert.ok(connection.wasReset());
    connection.destroy();
  });

  test('what was asked behind it is not answered on that connection, and others go on', async () => {
    const connection = await connect(its.port);
    await connection.send(Buffer.concat([post({ query: '{ a: __typename }' }), post({ query: late, variables: { iin } }), post({ query: '{ b: __typename }' })]));
    assert.equal((await connection.response()).body.toString(), '{"data":{"a":"Query"}}');
    await connection.close();
    assert.doesNotMatch(connection.bytes.toString('latin1'), /"b":"Query"/);
    connection.destroy();
    assert.deepEqual(await its.data('{ __typename }'), { __typename: 'Query' });
    await until(() => /its reply broke off inside the body/.test(its.stderr), 'a line in the log');
    its.assertSane();
  });

  test('found before: a whole answer with null and an error', async () => {
    for (const [accept, status] of [['application/json', 200], ['application/graphql-response+json', 294]]) {
      const connection = await connect(its.port);
      await connection.send(post({ query: early, variables: { iin } }, { headers: { Accept: accept } }));
      const response = await connection.response();
      assert.equal(response.status, status);
      const { data, errors } = JSON.parse(response.body);
      assert.equal(errors.length, 1);
      assert.deepEqual(errors[0].path.slice(0, 3), ['patient', 'first', 'nodes']);
      assert.ok(data.patient === null || data.patient.first === null, 'up to the nearest that may be null');
      connection.destroy();
    }
  });
});
