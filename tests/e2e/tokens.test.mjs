// Who asks: what tokens count, that all others get one and the same answer, and that keys can be changed while it runs.
import assert from 'node:assert/strict';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { forgeries, good } from './lib/forgeries.mjs';
import { connect, exchange, post } from './lib/http.mjs';
import { BINARY, TOP, must, run, sleep, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { b64, makeKey, makeKeys } from './lib/tokens.mjs';

const ASK = { query: '{ __typename }' };
let database;
before(async () => { database = await createDatabase(); });
after(() => database?.drop());

/** A server that takes the tokens of fresh keys, for one test. */
async function taking(use, { args = [], list } = {}) {
  const keys = makeKeys();
  if (list) keys.publish({ list });
  const server = await startServer({ database, tokens: keys, args }).catch((error) => { keys.remove(); throw error; });
  try {
    await use(server, keys);
  } finally {
    await server.stop().finally(() => keys.remove());
  }
}

const ask = (server, authorization) => exchange(server.port, post(ASK, { headers: { Authorization: authorization } }));
const askAs = (server, token) => ask(server, `Bearer ${token}`);
const reasons = async (server) => {
  const { text } = await server.request('/metrics');
  const counts = {};
  for (const [, reason, n] of text.matchAll(/^tolqujat_tokens_refused_total\{worker="\d+",reason="(\w+)"\} (\d+)$/gm)) {
    counts[reason] = (counts[reason] ?? 0) + Number(n);
  }
  return counts;
};
/** What a client sees, without what is new in every answer. */
const seen = ({ status, headers, body }) => {
  const { date, 'x-request-id': id, ...rest } = headers;
  assert.match(id, /^[0-9a-f]{16}$/);
  return { status, headers: rest, body: body.toString() };
};
const REFUSED = {
  status: 401,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'content-length': '120',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'www-authenticate': 'Bearer realm="tolqujat", error="invalid_token"',
  },
  body: '{"errors":[{"message":"The token can\'t be taken. Please sign in again.","extensions":{"code":"UNAUTHENTICATED"}}]}',
};
REFUSED.headers['content-length'] = String(REFUSED.body.length);

describe('what counts', () => {
  test('good tokens pass, every forged or stale one gets the same answer, for its own reason', () => taking(async (server, keys) => {
    keys.publish({ list: [...keys.list, makeKey('RS256')] });
    /* RS256 signs the same claims alike: with a jti it is none of the tokens below. */
    await until(async () => (await askAs(server, keys.sign({ jti: 'probe' }, { key: keys.list[1] }))).status === 200, 'the RSA key is known');
    const kinds = forgeries(keys);
    assert.ok(kinds.length >= 60, String(kinds.length));
    assert.equal(new Set(kinds.map(([name]) => name)).size, kinds.length, 'each kind has a name of its own');
    let counts = await reasons(server);
    for (const [name, authorization, reason] of kinds) {
      assert.deepEqual(seen(await ask(server, authorization)), REFUSED, name);
      const next = await reasons(server);
      const risen = Object.keys(next).filter((key) => next[key] !== counts[key]);
      assert.deepEqual([risen, next[reason] - counts[reason]], [[reason], 1], name);
      counts = next;
    }
    const verified = await server.metric('tolqujat_tokens_verified_total');
    const passing = good(keys);
    for (const round of [1, 2]) {
      for (const [name, authorization] of passing) {
        const answer = await ask(server, authorization);
        assert.deepEqual([answer.status, answer.body.toString()], [200, '{"data":{"__typename":"Query"}}'], `${name}, round ${round}`);
      }
    }
    assert.equal(await server.metric('tolqujat_tokens_verified_total') - verified, passing.length, 'each was verified once');
    assert.deepEqual(await reasons(server), counts);
    assert.doesNotMatch(server.stderr, /eyJ|581011381944|Sanitizer/, 'nothing of a token is in the log');
    await until(() => /debug request id=[0-9a-f]{16}: token refused: expired/.test(server.stderr), 'the line of the log'); // a pipe may come behind a socket
  }, { args: ['--log-level', 'debug'] }));

  test('the answer comes in the type that was asked for, before the body is looked at; the connection goes on', () => taking(async (server, keys) => {
    const bad = { Authorization: 'Bearer x' };
    const connection = await connect(server.port);
    try {
      await connection.send(Buffer.concat([
        post('{ no JSON', { headers: bad }),
        post({ query: '{ nope }' }, { headers: { ...bad, Accept: 'application/graphql-response+json' } }),
        post(ASK, { headers: keys.bearer() }),
        post(ASK, { headers: bad }),
        post(ASK),
      ]));
      assert.deepEqual(seen(await connection.response()), REFUSED);
      const typed = seen(await connection.response());
      assert.deepEqual(typed, { ...REFUSED, headers: { ...REFUSED.headers, 'content-type': typed.headers['content-type'] } });
      assert.match(typed.headers['content-type'], /^application\/graphql-response\+json/);
      assert.equal((await connection.response()).status, 200);
      assert.deepEqual(seen(await connection.response()), REFUSED);
      assert.equal((await connection.response()).status, 200); // nobody in particular
    } finally {
      connection.destroy();
    }
  }));

  test('a token is looked for in its header and nowhere else', () => taking(async (server, keys) => {
    const token = keys.sign();
    const places = [
      post(ASK, { path: `/graphql?access_token=${token}` }),
      post({ ...ASK, access_token: token, extensions: { authorization: `Bearer ${token}` } }),
      post(ASK, { headers: { Cookie: `access_token=${token}`, 'X-Authorization': `Bearer ${token}`, 'Proxy-Authorization': `Bearer ${token}` } }),
      post({ query: '{ nope }' }, { path: `/graphql?access_token=x` }),
    ];
    for (const bytes of places) assert.notEqual((await exchange(server.port, bytes)).status, 401);
    assert.equal(await server.metric('tolqujat_tokens_verified_total'), 0);
    assert.equal((await ask(server, `Bearer ${token}`)).status, 200);
    assert.equal(await server.metric('tolqujat_tokens_verified_total'), 1);
  }));

  test('a head that is too long for HTTP is refused there', () => taking(async (server, keys) => {
    const token = keys.sign({ x: 'x'.repeat(75_000) });
    assert.equal((await askAs(server, token)).status, 431);
  }));

  test('an expired one is refused however often it was taken before', () => taking(async (server, keys) => {
    const token = keys.sign({ exp: Math.floor(Date.now() / 1000) - 53 }); // and 60 are allowed
    assert.equal((await askAs(server, token)).status, 200);
    assert.equal((await askAs(server, token)).status, 200);
    await until(async () => (await askAs(server, token)).status === 401, 'it is refused', 15_000);
    assert.equal((await reasons(server)).expired, 1);
    assert.equal(await server.metric('tolqujat_tokens_held'), 0);
  }));
});

/** As a load of requests with one token: [when it was sent, status, when it was answered], until stop() is called. */
function hammer(server, token, { width = 4 } = {}) {
  const seenAt = [];
  let on = true;
  const one = async () => {
    while (on) {
      const at = performance.now();
      const { status } = await server.request('/graphql', {
        method: 'POST', body: JSON.stringify(ASK), headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` } });
      seenAt.push([at, status, performance.now()]);
    }
  };
  const all = Promise.all(Array.from({ length: width }, one));
  return { seenAt, stop: async () => { on = false; await all; return seenAt; } };
}

describe('keys are changed while it runs', () => {
  for (const workers of [1, 2]) {
    test(`under load: old and new, then only new (${workers} workers)`, () => taking(async (server, keys) => {
      const [old] = keys.list;
      const fresh = makeKey('RS256');
      const before_ = hammer(server, keys.sign({}, { key: old }));
      await sleep(300);
      keys.publish({ list: [old, fresh] });
      await sleep(1000);
      const after_ = hammer(server, keys.sign({}, { key: fresh }));
      await sleep(500);
      const removed = performance.now();
      keys.publish({ list: [fresh] });
      await until(() => before_.seenAt.slice(-40).every(([, status]) => status === 401), 'the old one to be refused by each worker', 15_000);
      const gone = performance.now();
      await sleep(1000);
      const [oldSeen, newSeen] = [await before_.stop(), await after_.stop()];
      const early = oldSeen.filter(([, , to]) => to < removed);
      const late = oldSeen.filter(([at]) => at > gone);
      assert.ok(early.length > 20 && late.length > 20 && newSeen.length > 20, `${early.length} ${late.length} ${newSeen.length}`);
      assert.deepEqual(early.filter(([, status]) => status !== 200), []);
      assert.deepEqual(late.filter(([, status]) => status !== 401), []);
      assert.deepEqual(newSeen.filter(([, status]) => status !== 200), []);
    }, { args: ['--workers', String(workers)] }));

    if (workers > 1) {
      test('SIGHUP ends no worker that was started just now', () => taking(async (server, keys) => {
        for (let round = 0; round < 3; round++) {
          const [one] = server.workers();
          process.kill(one, 'SIGKILL');
          for (const began = performance.now(); performance.now() - began < 700; await sleep(1)) server.child.kill('SIGHUP');
          await until(() => server.workers().length === workers && !server.workers().includes(one), 'a new worker');
        }
        assert.deepEqual(server.stderr.match(/.*was killed by signal 1\b.*/g), null);
        assert.equal((await askAs(server, keys.sign({}, { key: keys.list[0] }))).status, 200);
      }, { args: ['--workers', String(workers)] }));
    }

    test(`SIGHUP, and a file that can't be used (${workers} workers)`, () => taking(async (server, keys) => {
      const processes = workers === 1 ? 1 : workers + 1; // with the supervisor, for workers to come
      const told = (pattern, n = processes) => until(() => [...server.stderr.matchAll(pattern)].length >= n, `${pattern}: ${server.stderr}`);
      const [old] = keys.list;
      const works = async (key, status = 200) => {
        const all = await Promise.all(Array.from({ length: 8 }, () => askAs(server, keys.sign({}, { key }))));
        assert.deepEqual(all.map((answer) => answer.status), Array(8).fill(status));
      };
      server.child.kill('SIGHUP');
      await told(/keys of tokens: 1$/gm);
      await works(old);
      keys.publish({ list: keys.list, text: '{"keys":[{' });
      await told(/the keys of tokens stay as they were: .*: line 1: no valid JSON/g);
      await works(old);
      await until(() => server.metric('tolqujat_token_keys_broken'), 'the metric says so');
      const lines = server.stderr.length;
      await sleep(700);
      assert.equal(server.stderr.slice(lines), '', 'it is said once');
      server.child.kill('SIGHUP'); // whoever asks for it is told again
      await told(/the keys of tokens stay as they were/g, 2 * processes);
      rmSync(keys.file);
      await told(/the keys of tokens stay as they were: .*: No such file or directory/g);
      await works(old);
      keys.publish({ list: [makeKey('ES256')] });
      server.child.kill('SIGHUP');
      await told(/keys of tokens: 1$/gm, 2 * processes);
      await works(keys.list[0]);
      await works(old, 401);
      await until(async () => await server.metric('tolqujat_token_keys_broken') === 0, 'the metric says that it is good again');
      keys.publish({ list: [] });
      await told(/the set of keys of tokens is empty/g);
      await works(old, 401);
    }, { args: ['--workers', String(workers)] }));
  }

  test('a worker that is started again does not bring old keys back', () => taking(async (server, keys) => {
    const [old] = keys.list;
    keys.publish({ list: [makeKey('ES256')] });
    await until(() => [...server.stderr.matchAll(/keys of tokens: 1$/gm)].length >= 3, server.stderr);
    keys.publish({ list: keys.list, text: 'broken' });
    await until(() => [...server.stderr.matchAll(/stay as they were/g)].length >= 3, server.stderr);
    const workers = server.workers();
    assert.equal(workers.length, 2);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await until(() => [...server.stderr.matchAll(/listens again/g)].length >= 2, server.stderr);
    await server.ready();
    for (let i = 0; i < 8; i++) {
      assert.equal((await askAs(server, keys.sign({}, { key: old }))).status, 401);
      assert.equal((await askAs(server, keys.sign({}))).status, 200);
    }
  }, { args: ['--workers', '2'] }));

  test('a key that is not known has the file looked at, but not for each request', () => taking(async (server, keys) => {
    const fresh = makeKey('ES256');
    await sleep(400); // the file has settled
    keys.publish({ list: [...keys.list, fresh] });
    assert.equal((await askAs(server, keys.sign({}, { key: fresh }))).status, 200, 'at once');
    await sleep(400);
    const reads = await server.metric('tolqujat_token_key_reads_total');
    const began = performance.now();
    const requests = Buffer.concat(Array.from({ length: 500 }, (_, i) =>
      post(ASK, { headers: { Authorization: `Bearer ${keys.sign({}, { key: fresh, header: { kid: `nobody-${i}` } })}` } })));
    const connections = await Promise.all(Array.from({ length: 20 }, () => connect(server.port)));
    await Promise.all(connections.map(async (connection) => {
      await connection.send(requests);
      for (let i = 0; i < 500; i++) assert.equal((await connection.response({ ms: 30_000 })).status, 401);
      connection.destroy();
    }));
    assert.equal((await reasons(server)).key, 10_000);
    const more = await server.metric('tolqujat_token_key_reads_total') - reads;
    assert.ok(more <= 1 + (performance.now() - began) / 1000, `${more} reads`);
  }));
});

describe('what can be got wrong', () => {
  const keys = makeKeys();
  after(() => keys.remove());
  const serve = (...args) => run(BINARY, ['serve', '--database', 'host=/nowhere', '--port', '99999', ...args]);
  const ec = makeKey('ES256', 'a').jwk;
  const rsa = makeKey('RS256', 'b').jwk;
  const priv = makeKey('ES256', 'a').privateKey.export({ format: 'jwk' });
  const privRsa = makeKey('RS256', 'b').privateKey.export({ format: 'jwk' });
  const cases = [
    ['', /: line \d+: no valid JSON$/],
    ['{"keys":[],"keys":[]}', /no valid JSON/],
    ['[]', /must be a JSON object with a list "keys" \(a JWKS\)/],
    ['{}', /a list "keys"/],
    [ec, /a list "keys"/],
    [[7], /key 1: it is no JSON object/],
    [[ec, { ...rsa, kid: undefined }], /key 2: it needs a "kid"/],
    [[{ ...ec, kid: 'a b' }], /key 1: it needs a "kid"/],
    [[{ ...ec, kid: 'k'.repeat(129) }], /key 1: it needs a "kid"/],
    [[ec, { ...rsa, kid: 'a' }], /key 2 \("a"\): there is another key of that "kid"/],
    [[{ ...priv, kid: 'a' }], /key 1: "d" is secret: only public keys may be here/],
    [[{ ...privRsa, kid: 'a' }], /key 1: "d" is secret/],
    [[{ kty: 'oct', k: 'c2VjcmV0', kid: 'a', alg: 'HS256' }], /key 1: "k" is secret/],
    [[{ ...priv, kid: 'a', use: 'enc' }], /key 1: "d" is secret/],
    [[{ kty: 'OKP', crv: 'Ed25519', x: b64(Buffer.alloc(32)), kid: 'a' }], /key 1 \("a"\): its "kty" must be EC or RSA/],
    [[{ ...makeKey('ES256', 'a', { curve: 'P-384' }).jwk, alg: undefined }], /key 1 \("a"\): the only curve is P-256/],
    [[{ ...ec, x: ec.y, y: ec.x }], /key 1 \("a"\): it is no valid key/],
    [[{ ...ec, x: b64(Buffer.alloc(32)), y: b64(Buffer.alloc(32)) }], /it is no valid key/],
    [[{ ...ec, x: `${ec.x}=` }], /"x" and "y" must be 32 bytes in base64url/],
    [[{ ...ec, alg: 'ES384' }], /key 1 \("a"\): its "alg" must be ES256/],
    [[{ ...rsa, alg: 'PS256' }], /key 1 \("b"\): its "alg" must be RS256/],
    [[{ ...rsa, alg: 'HS256' }], /its "alg" must be RS256/],
    [[{ ...ec, use: 'both' }], /its "use" must be "sig"/],
    [[{ ...ec, key_ops: ['sign'] }], /its "key_ops" must have "verify"/],
    [[makeKey('RS256', 'b', { bits: 1024 }).jwk], /key 1 \("b"\): "n" must be a number of 2048 to 8192 bits/],
    [[{ ...rsa, n: b64(Buffer.alloc(1025, 0xff)) }], /2048 to 8192 bits/],
    [[{ ...rsa, e: b64(Buffer.from([3])) }], /"e" must be odd, from 65537/],
    [[{ ...rsa, e: b64(Buffer.from([1])) }], /"e" must be odd, from 65537/],
    [[{ ...ec, kid: 'demo-1' }], /key 1 \("demo-1"\): a demo's own key, which anybody may have; it counts only with --demo/],
    [Array.from({ length: 65 }, (_, i) => ({ ...ec, kid: `k${i}` })), /more than 64 keys/],
  ];
  const publish = (what) => keys.publish({ list: keys.list, text: typeof what === 'string' ? what : JSON.stringify(Array.isArray(what) ? { keys: what } : what) });

  test(`${cases.length} sets of keys: status 2, one line with the file and the reason`, async () => {
    const start = (...more) => run(BINARY, ['serve', '--database', 'host=/nowhere', '--schema', path.join(TOP, 'schema/passport.graphql'),
      '--listen', '192.0.2.1', ...keys.flags, ...more]);
    for (const [what, pattern] of cases) {
      publish(what);
      const { status, stderr } = await start();
      assert.deepEqual([status, stderr.trim().split('\n').length], [2, 1], stderr);
      assert.match(stderr.trim(), pattern);
      assert.ok(stderr.includes(keys.file.slice(0, 60)), stderr);
      assert.doesNotMatch(stderr, /Sanitizer/);
    }
    /* these are good: it gets as far as the address */
    for (const what of [[ec, rsa], [], [{ ...ec, alg: undefined, use: undefined, key_ops: ['verify'] }], [ec, { ...rsa, use: 'enc', alg: 'RSA-OAEP' }]]) {
      publish(what);
      const { status, stderr } = await start();
      assert.equal(status, 2);
      assert.match(stderr, /can't listen on 192\.0\.2\.1/);
    }
    rmSync(keys.file);
    assert.match((await start()).stderr, /keys\.jwks: No such file or directory/);
    assert.match((await serve(...keys.flags)).stderr, /--port/);
    await must('mkfifo', [keys.file]);
    assert.match((await start()).stderr, /not a file of at most/);
    publish(`{"keys":[]}${' '.repeat(256 * 1024)}`);
    assert.match((await start()).stderr, /not a file of at most 262144 bytes/);
  });
});

describe('tolqujat token', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-token-'));
  const key = path.join(dir, 'key.jwk');
  const token = (...args) => run(BINARY, ['token', ...args], { cwd: dir });
  before(() => must(BINARY, ['token', '--new-key', key]));
  after(() => rmSync(dir, { recursive: true }));

  test('makes a key that only a demo takes, and tokens that say what is asked', async () => {
    assert.equal(statSync(key).mode & 0o777, 0o600);
    const jwks = `${key}.jwks`;
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(jwks, 'utf8')).keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const flags = ['--access', 'tokens', '--token-keys', jwks, '--token-issuer', 'tolqujat-demo', '--token-audience', 'tolqujat',
      '--secret', path.join(dir, 'secret')];
    writeFileSync(path.join(dir, 'secret'), randomBytes(32), { mode: 0o600 });
    const made = (await must(BINARY, ['token', '--key', key, '--role', 'DOCTOR', '--iin', '581011381944', '--org', '123456789012', '--name', 'Әнуар', '--client', 'app', '--ttl', '77'])).trim();
    const claims = JSON.parse(Buffer.from(made.split('.')[1], 'base64url'));
    assert.deepEqual({ ...claims, iat: 0, exp: claims.exp - claims.iat },
      { iss: 'tolqujat-demo', aud: 'tolqujat', iat: 0, exp: 77, sub: '581011381944', role: 'DOCTOR', org: '123456789012', name: 'Әнуар', act: { sub: 'app' } });
    const refused = await run(BINARY, ['serve', '--database', 'host=/nowhere', ...flags]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /a demo's own key, which anybody may have; it counts only with --demo/);
    const server = await startServer({ database, tokens: { flags }, args: ['--demo'] });
    try {
      assert.equal((await askAs(server, made)).status, 200);
      const other = (await must(BINARY, ['token', '--key', key, '--role', 'CITIZEN', '--iin', '581011381944', '--audience', 'else'])).trim();
      assert.equal((await askAs(server, other)).status, 401);
    } finally {
      await server.stop();
    }
  });

  test('what is wrong is said in one line', async () => {
    const good_ = ['--key', key, '--role', 'CITIZEN', '--iin', '581011381944'];
    const cases = [
      [[], /--key is not given, and there is no demo here/],
      [['--key', key], /--role: a role in capitals is needed/],
      [['--key', key, '--role', 'citizen'], /--role/],
      [['--key', key, '--role', 'CITIZEN'], /--iin: an IIN of 12 digits is needed/],
      [['--key', key, '--role', 'CITIZEN', '--iin', '1'], /--iin/],
      [[...good_, '--org', '1'], /--org: a BIN has 12 digits/],
      [[...good_, '--ttl', '0'], /--ttl/],
      [[...good_, '--name', 'a\nb'], /such a token would be refused/],
      [[...good_, '--client', 'x'.repeat(129)], /such a token would be refused/],
      [['--key', '/nowhere', ...good_.slice(2)], /\/nowhere: No such file/],
      [['--key', `${key}.jwks`, ...good_.slice(2)], /it is no JWK with a "kid"/],
      [['--new-key', key], /File exists/],
      [['--new-key', '/nowhere/key'], /No such file/],
      [['--port', '1'], /no flag --port/],
    ];
    for (const [args, pattern] of cases) {
      const { status, stdout, stderr } = await token(...args);
      assert.deepEqual([status, stdout, stderr.trim().split('\n').length], [2, '', 1], stderr);
      assert.match(stderr, pattern);
    }
    const publicKey = JSON.parse(readFileSync(`${key}.jwks`, 'utf8')).keys[0];
    writeFileSync(path.join(dir, 'public.jwk'), JSON.stringify(publicKey));
    const { status, stderr } = await token('--key', path.join(dir, 'public.jwk'), ...good_.slice(2));
    assert.equal(status, 2);
    assert.match(stderr, /^tolqujat token: --key: it is no private key on P-256 with a "kid"\n$/);
  });
});

test('every role that a rule in the database speaks of is one that the API has', async () => {
  const folder = path.join(TOP, 'db/functions'), spoken = new Set();
  for (const file of readdirSync(folder)) {
    const text = readFileSync(path.join(folder, file), 'utf8').replaceAll(/split_part\((?:coalesce\()?viewer(?:, '')?\)?, '\/', 1\)/g, 'role');
    for (const [, list] of text.matchAll(/\brole (?:=|<>|IN|IS DISTINCT FROM|IS NOT DISTINCT FROM|WHEN) ?\(?('[A-Z_]+'(?:, '[A-Z_]+')*)/g)) for (const [, role] of list.matchAll(/'([A-Z_]+)'/g)) spoken.add(role);
  }
  for (const role of ['CITIZEN', 'DOCTOR', 'NURSE', 'AMBULANCE', 'LABORATORY', 'PHARMACIST', 'CONTACT_CENTRE', 'PAYER', 'MANAGER', 'INTEGRATION', 'INSPECTOR']) assert.ok(spoken.has(role), `${role} was found`);
  await taking(async (server, keys) => {
    for (const role of spoken) {
      const { data, errors } = await server.graphql('{ me { role } }', undefined, { headers: keys.bearer({ role, sub: '900101300003', org: '000000000000' }) });
      assert.deepEqual([data, errors], [{ me: { role } }, undefined], role);
    }
  });
});
