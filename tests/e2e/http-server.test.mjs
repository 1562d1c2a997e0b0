// The binary as an operator has it: flags, environment, commands, workers, signals; and the paths that are not GraphQL.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { chmodSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { connect, exchange, post } from './lib/http.mjs';
import { BINARY, TOP, killLiving, run, sleep, takes, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { makeKeys } from './lib/tokens.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';

let database;
before(async () => { database = await createDatabase(); });
after(() => database?.drop());

/** What belongs to no test must not be there: a demo above, variables of this run. */
const clean = Object.fromEntries(Object.keys(process.env).filter((name) => name.startsWith('TOLQUJAT_')).map((name) => [name, '']));
const tolqujat = (args, options = {}) => run(BINARY, args, { cwd: tmpdir(), ...options, env: { ...clean, ...options.env } });

describe('what can be got wrong', () => {
  const schema = ['--schema', path.join(TOP, 'schema/passport.graphql')];
  const closed = (...args) => ['serve', '--database', 'host=/nowhere', ...schema, ...args];
  const serve = (...args) => closed('--access', 'open', ...args);
  const commands = [['serve', '--access', 'open', ...schema], ['check', ...schema], ['migrate', '--dir', path.join(TOP, 'db')], ['messages', '--gateway', 'file:/nowhere/x'],
    ['import', 'x', BINARY], ['run', 'figures', '--month', '2026-01']];
  const keys = makeKeys();
  const file = (name, bytes, mode) => {
    const where = path.join(keys.dir, name);
    writeFileSync(where, bytes, { mode });
    chmodSync(where, mode);
    return where;
  };
  after(() => keys.remove());
  const cases = [
    [[], /tolqujat serve/],
    [['surf'], /no command "surf"/],
    [['--verbose'], /no command/],
    [['--help', 'x'], /no command/],
    [['serve', 'x'], /argument 1 is not a flag/],
    [['serve', 'password=geheim'], /argument 1 is not a flag/],
    [['serve', '-p', '80'], /argument 1/],
    [['serve', '--'], /argument 1/],
    [['serve', '--nope'], /no flag --nope/],
    [['serve', '--databas=password=geheim'], /no flag --databas /],
    [['serve', '--port'], /--port needs a value/],
    [['serve', '--sql'], /no flag --sql/],
    [['check', '--port', '1'], /no flag --port/],
    [['check', '--sql=1'], /--sql takes no value/],
    [['migrate', '--schema', 'x'], /no flag --schema/],
    [serve('--port', '1', '--port', '2'), /--port is given twice/],
    [serve('--database', 'password=geheim'), /--database is given twice/],
    ...['', ' ', '-1', '65536', '1.5', '0x10', '80 ', ' 80', '+80', '9223372036854775808', '99999999999999999999', 'abc']
      .map((value) => [serve('--port', value), /--port: .* from 0 to 65535/]),
    ...['0', '25', '-1'].map((value) => [serve('--workers', value), /--workers: .* from 1 to 24/]),
    ...['max-connections', 'max-in-flight', 'request-seconds', 'max-body', 'max-head', 'head-seconds', 'body-seconds', 'idle-seconds',
      'database-connections', 'cache-ttl', 'max-depth', 'max-root-fields', 'max-tokens', 'max-cost',
      'max-page-size', 'max-list-input']
      .flatMap((name) => ['0', '-1', '9223372036854775807', ''].map((value) => [serve(`--${name}`, value), new RegExp(`--${name}: `)])),
    ...['drain-seconds', 'cache-bytes', 'shared-cache', 'max-aliases', 'max-directives', 'persisted-queries'].flatMap((name) => ['-1', '9223372036854775807'].map((value) => [serve(`--${name}`, value), new RegExp(`--${name}: `)])),
    ...['rubbish', 'geheim', 'password=geheim nope=1', 'port=x password=geheim', 'port=0', 'port=65536', 'port=1,x', 'port=1 2', 'postgresql://x:geheim:z'].flatMap((value) => [
      ...commands.map((command) => [[...command, '--database', value], /--database: (not a connection string|its port is no number)/]),
      [serve('--follow', value), /--follow: (not a connection string|its port is no number)/]]),
    [serve('--introspection', 'yes'), /--introspection: .* neither on nor off/],
    [serve('--get-queries', 'true'), /--get-queries: .* neither on nor off/],
    [serve('--log-level', 'loud'), /--log-level: "loud"/],
    ...['redis', 'redis:', ':6379', 'redis:0', 'redis:65536', 'redis:6379x'].map((value) => [serve('--redis', value), /--redis: neither a path/]),
    ...['*', 'null', 'example.kz', 'https://', 'https://a/', 'https://a/b', 'https://a b', 'ftp://a', 'https://a,*', 'https://a\r\nX: y']
      .map((value) => [serve('--cors-origin', value), /--cors-origin: .* is not an origin/]),
    [serve('--listen', ''), /--listen: the value is empty/],
    [serve('--redis', ''), /--redis: the value is empty/],
    [serve('--trusted-documents', ''), /--trusted-documents: the value is empty/],
    [serve('--trusted-documents', '/nowhere'), /: --trusted-documents: \/nowhere: No such file/],
    [closed(...keys.flags.map((flag) => (flag === keys.file ? '/nowhere' : flag))), /: --token-keys: \/nowhere: No such file/],
    [serve('--role-limits', 'DOCTOR:max-cost=1,DOKTOR:max-cost=1'), /: --role-limits: there is no role DOKTOR \(/],
    [closed(...keys.flags, '--listen', '256.0.0.1'), /can't listen on 256\.0\.0\.1/],
    [closed(...keys.flags, '--listen', '192.0.2.1'), /can't listen on 192\.0\.2\.1/],
    ...['0.0.0.0', '::', '192.0.2.1', '256.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', 'example.kz', '127.0.0.1.kz'].flatMap((host) => [
      [serve('--listen', host), /^tolqujat serve: --access open: --listen .* must be a loopback address, such as 127\.0\.0\.1$/m],
      [closed(...keys.flags, '--demo', '--listen', host), /--demo: --listen .* must be a loopback address/]]),
    [closed('--access', 'tokens'), /--token-keys is not given, and --access is tokens \(.*--access open\)/],
    [closed(), /--token-keys is not given/],
    [closed('--token-keys', keys.file), /--token-issuer is not given/],
    [closed('--token-keys', keys.file, '--token-issuer', 'x'), /--token-audience is not given/],
    [closed('--token-keys', keys.file, '--token-issuer', 'x', '--token-audience', 'x'), /--secret is not given/],
    [serve('--secret', ''), /--secret: the value is empty/],
    [serve('--secret', '/nowhere'), /--secret: \/nowhere: No such file/],
    [serve('--secret', tmpdir()), /--secret: .* is not a file/],
    [serve('--secret', file('short', randomBytes(31), 0o600)), /--secret: .*short has 31 bytes; a secret has from 32 to 4096/],
    [serve('--secret', file('group', randomBytes(32), 0o640)), /--secret: .*group has mode 0640: others than its owner may have no part in it \(chmod 600\)/],
    [closed(...keys.flags, '--secret', keys.secret), /--secret is given twice/],
    ...['', 'closed', 'Open', 'token'].map((value) => [closed('--access', value), /--access: ".*" is neither tokens nor open/]),
    ...['token-keys', 'token-issuer', 'token-audience'].map((name) => [closed(`--${name}`, ''), new RegExp(`--${name}: the value is empty`)]),
    [closed('--demo=1'), /--demo takes no value/],
    [serve('--graphiql', '/nowhere'), /--graphiql: \/nowhere/],
    [['serve', '--access', 'open', '--database', 'dbname=x', '--schema', '/nowhere'], /: --schema: \/nowhere: No such file/],
    [['serve', '--access', 'open', '--database', 'dbname=x', '--schema', '/'], /^tolqujat serve: --schema: \/: /],
    [['serve', '--database', 'x'], /--schema is not given/],
    [['serve'], /--database is not given/],
    [['migrate', '--database', 'x'], /--dir is not given/],
  ];
  test(`${cases.length} of them: status 2, one line that says what, nothing secret`, async () => {
    for (const [args, pattern] of cases) {
      const { status, stdout, stderr } = await tolqujat(args);
      const what = `${JSON.stringify(args)}: ${stderr}`;
      assert.equal(status, 2, what);
      assert.match(stderr, pattern, what);
      assert.doesNotMatch(stderr, /geheim|Sanitizer/, what);
      assert.equal(stdout, '', what);
      /* the log may come first; what is wrong is the last line */
      if (args.length) assert.match(stderr, /^(\d{4}-.* (warn|info|error) .*\n)*[^\n]+\n$/, what);
    }
  });

  test('variables too, by name; a flag wins over them', async () => {
    const bad = await tolqujat(serve(), { env: { TOLQUJAT_PORT: '80 ' } });
    assert.equal(bad.status, 2);
    assert.match(bad.stderr, /TOLQUJAT_PORT: "80 " is not a number/);
    const other = await tolqujat(serve('--port', '99999'), { env: { TOLQUJAT_PORT: '80 ' } });
    assert.match(other.stderr, /--port: "99999"/);
    const { stderr } = await tolqujat(['serve'], { env: { TOLQUJAT_ACCESS: 'open', TOLQUJAT_DATABASE: 'password=geheim', TOLQUJAT_SCHEMA: '/nowhere' } });
    assert.match(stderr, /\/nowhere/);
    assert.doesNotMatch(stderr, /geheim/);
    const messages = await tolqujat(['messages', '--database', 'host=/nowhere dbname=x'], { env: { TOLQUJAT_GATEWAY: 'file:/nowhere/x' } });
    assert.match(messages.stderr, /--gateway: \/nowhere\/x/);
  });

  test('a schema file with an error: file, line and reason', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-'));
    try {
      writeFileSync(path.join(dir, 'a.graphql'), 'type Query {\n  a: Nope\n}\n');
      for (const command of [['serve', '--access', 'open'], ['check']]) {
        const { status, stderr } = await tolqujat([...command, '--database', 'dbname=x', '--schema', path.join(dir, 'a.graphql')]);
        assert.equal(status, 2, stderr);
        assert.match(stderr, /a\.graphql:2: .*Nope/);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('a port that is taken: status 2, with one worker or several', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => { taken.once('listening', resolve); });
    for (const workers of ['1', '2']) {
      const { status, stderr } = await tolqujat(serve('--port', String(taken.address().port), '--workers', workers));
      assert.equal(status, 2, stderr);
      assert.match(stderr, /can't listen on 127\.0\.0\.1 port \d+: Address already in use/);
    }
    taken.close();
  });
});

describe('commands', () => {
  test('--version, --help, and the help of each command', async () => {
    const version = await tolqujat(['--version']);
    assert.match(version.stdout, /^tolqujat \d+\.\d+\.\d+\n$/);
    for (const args of [['--help'], ['serve', '--help'], ['check', '--help'], ['migrate', '-h'], ['serve', '--port', '1', '--help'], ['card', '--help'], ['audit', '-h'], ['card', 'verify', '--help'], ['card', 'key', '--help']]) {
      const { status, stdout, stderr } = await tolqujat(args);
      assert.deepEqual([status, stderr], [0, ''], args.join(' '));
      assert.match(stdout, /tolqujat/);
    }
    const { stdout } = await tolqujat(['serve', '--help']);
    assert.match(stdout, /--drain-seconds N .*\(10\)\n +TOLQUJAT_DRAIN_SECONDS/);
    assert.match((await tolqujat(['card', 'verify', '--help'])).stdout, /^tolqujat card verify \[FLAGS\] PAYLOAD$/m);
    assert.match((await tolqujat(['card', 'key', '--help'])).stdout, /^tolqujat card key \[FLAGS\] FILE$/m);
  });

  test('check: fits, does not fit, can not be reached', async () => {
    const schema = path.join(TOP, 'schema/passport.graphql');
    const good = await tolqujat(['check', '--database', database.conninfo, '--schema', schema, '--sql']);
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /fits the database/);
    assert.match(good.stdout, /SELECT/i);
    const away = await tolqujat(['check', '--database', 'host=/nowhere', '--schema', schema]);
    assert.equal(away.status, 1);
    assert.equal(away.stderr.trim().split('\n').length, 1, away.stderr);
    await database.execute('ALTER TABLE pharmacy RENAME COLUMN address TO addr');
    try {
      for (const command of [['check'], ['serve', '--access', 'open', '--port', '0']]) {
        const bad = await tolqujat([...command, '--database', database.conninfo, '--schema', schema]);
        assert.equal(bad.status, 1, bad.stderr);
        assert.match(bad.stderr, /passport\.graphql:\d+: .*address/);
      }
    } finally {
      await database.execute('ALTER TABLE pharmacy RENAME COLUMN addr TO address');
    }
  });

  test('the demo of the checkout that one stands in, or below', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-'));
    try {
      mkdirSync(path.join(dir, 'var/demo'), { recursive: true });
      mkdirSync(path.join(dir, 'schema/below'), { recursive: true });
      writeFileSync(path.join(dir, 'schema/passport.graphql'), readFileSync(path.join(TOP, 'schema/passport.graphql')));
      writeFileSync(path.join(dir, 'var/demo/env'), `# of the demo\nTOLQUJAT_REDIS='off'\nexport TOLQUJAT_DATABASE='${database.conninfo}'\n`);
      const { status, stdout, stderr } = await tolqujat(['check'], { cwd: path.join(dir, 'schema/below') });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /fits/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('paths', () => {
  let server;
  before(async () => { server = await startServer({ database, args: ['--cors-origin', 'https://egov.kz', '--cors-origin', 'http://localhost:3000,https://a.kz'] }); });
  after(() => server?.stop());

  test('/healthz, /readyz, 404, 405 with Allow', async () => {
    assert.equal((await server.request('/healthz')).status, 200);
    assert.equal((await server.request('/healthz', { method: 'HEAD' })).status, 200);
    assert.deepEqual((await server.request('/readyz')).json(), { status: 'ready' });
    for (const name of ['/', '/graphql/', '/Graphql', '/graphql%2f', '/favicon.ico']) {
      const response = await server.request(name);
      assert.equal(response.status, 404, name);
      assert.match(response.json().errors[0].message, /POST \/graphql/);
    }
    for (const [method, name, allow] of [['PUT', '/graphql', 'POST, OPTIONS'], ['DELETE', '/graphql', 'POST, OPTIONS'], ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
      ['TRACE', '/metrics', 'GET, HEAD, OPTIONS'], ['PATCH', '/graphiql', 'GET, HEAD, OPTIONS']]) {
      const response = await server.request(name, { method });
      assert.equal(response.status, 405, `${method} ${name}`);
      assert.equal(response.headers.allow, allow);
    }
    assert.equal((await server.request('/graphql', { method: 'OPTIONS' })).headers.allow, 'POST, OPTIONS');
  });

  test('a body that is packed: 415', async () => {
    const response = await server.request('/graphql', { method: 'POST', body: 'x', headers: { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' } });
    assert.equal(response.status, 415);
    assert.equal(response.headers['accept-encoding'], 'identity');
  });

  test('CORS: the listed origins and no other', async () => {
    const ask = (origin, method = 'OPTIONS') => server.request('/graphql', { method, headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' }, body: method === 'POST' ? '{}' : undefined });
    for (const origin of ['https://egov.kz', 'http://localhost:3000', 'https://a.kz']) {
      const { status, headers } = await ask(origin);
      assert.equal(status, 204);
      assert.equal(headers['access-control-allow-origin'], origin);
      assert.equal(headers['access-control-allow-methods'], 'POST, OPTIONS');
      for (const name of ['Content-Type', 'Authorization', 'Apollographql-Client-Name']) {
        assert.ok(headers['access-control-allow-headers'].split(', ').includes(name), name);
      }
      const posted = (await ask(origin, 'POST')).headers;
      assert.equal(posted['access-control-allow-origin'], origin);
      for (const name of ['X-Request-Id', 'Retry-After', 'Content-Range', 'Accept-Ranges']) assert.ok(posted['access-control-expose-headers'].split(', ').includes(name), name);
    }
    for (const origin of ['https://evil.kz', 'https://egov.kz.evil.kz', 'https://egov.k', 'http://egov.kz', 'null', 'HTTPS://EGOV.KZ']) {
      for (const method of ['OPTIONS', 'POST']) {
        const { headers } = await ask(origin, method);
        assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith('access-control')), [], origin);
        assert.equal(headers.vary, 'Origin');
      }
    }
  });

  test('the IDE: types, validators, only this server', async () => {
    const page = await server.request('/graphiql');
    assert.match(page.headers['content-security-policy'], /default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(page.headers['content-security-policy'], /https?:|\*/);
    assert.equal(page.headers['cache-control'], 'no-cache');
    const again = await server.request('/graphiql', { headers: { 'If-None-Match': page.headers.etag } });
    assert.equal(again.status, 304);
    assert.equal(again.text, '');
    const script = await server.request('/graphiql/graphiql.min.js');
    assert.equal(script.text.length > 1_000_000 && script.status, 200);
    assert.match(script.headers['cache-control'], /max-age/);
  });

  test('/metrics: well formed, counts, names nobody', async () => {
    const before_ = await server.metric('tolqujat_http_replies_total');
    await server.request('/healthz');
    await server.request('/nothing-secret-77');
    assert.equal(await server.metric('tolqujat_http_replies_total'), before_ + 3);
    const { text, headers } = await server.request('/metrics');
    assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
    const types = new Map();
    for (const line of text.trimEnd().split('\n')) {
      const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
      if (type) types.set(type[1], type[2]);
      else if (!line.startsWith('# HELP ')) {
        const match = /^(tolqujat_[a-z0-9_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (\d+(\.\d+)?)$/.exec(line);
        assert.ok(match, line);
        assert.ok(types.has(match[1]) || types.has(match[1].replace(/_(bucket|sum|count)$/, '')), line);
      }
    }
    assert.ok(types.size > 40);
    assert.doesNotMatch(text, /nothing-secret/);
    assert.ok(await server.metric('tolqujat_process_resident_bytes') > 1e6);
  });
});

test('introspection can be switched off', async () => {
  const server = await startServer({ database, args: ['--introspection', 'off'] });
  try {
    assert.equal((await server.graphql('{ __typename }')).data.__typename, 'Query');
    for (const query of ['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }']) {
      const { data, errors } = await server.graphql(query);
      assert.equal(data, undefined);
      assert.match(errors[0].message, /introspection has been disabled, .* the field "__(schema|type)"/);
    }
    assert.doesNotMatch((await server.graphql('{ patien(iin: "1") { id } }')).errors[0].message, /Did you mean/);
  } finally {
    await server.stop();
  }
});

test('limits come from flags', async () => {
  const server = await startServer({ database, args: ['--max-body', '100', '--max-head', '600', '--max-connections', '3', '--idle-seconds', '1'] });
  try {
    server.agent.destroy();
    assert.equal((await exchange(server.port, post('x'.repeat(101)))).status, 413);
    assert.equal((await exchange(server.port, `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(600)}\r\n\r\n`)).status, 431);
    const idle = await connect(server.port);
    await idle.send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await idle.response();
    await idle.close({ ms: 15_000 }); // by itself after 30 s
    idle.destroy();
  } finally {
    await server.stop();
  }
});

test('it listens before the database is there, says so, and finds it', async () => {
  const services = await sharedServices();
  const name = `late_${process.pid}`;
  const server = await startServer({ database: `host=${services.pgHost} dbname=${name} user=tolqujat_server`, wait: false });
  try {
    const status = (at) => server.request(at).then((response) => response.status, () => 0);
    await until(async () => await status('/healthz') === 200, 'alive');
    assert.equal(await status('/readyz'), 503);
    const refusal = await server.request('/graphql', { method: 'POST', body: '{"query":"{__typename}"}', headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' } });
    assert.equal(refusal.status, 503);
    assert.match(refusal.headers['content-type'], /^application\/graphql-response\+json/);
    assert.equal(refusal.headers['retry-after'], '1');
    assert.equal(refusal.json().errors[0].extensions.code, 'DATABASE_UNAVAILABLE');
    await run(path.join(services.pgBin, 'psql'), ['-X', '-q', '-h', services.pgHost, '-U', 'postgres', '-d', 'postgres', '-c', `CREATE DATABASE ${name} TEMPLATE ${database.name}`]);
    await server.ready();
    assert.equal((await server.graphql('{ __typename }')).data.__typename, 'Query');
  } finally {
    await server.stop();
    await run(path.join(services.pgBin, 'psql'), ['-X', '-q', '-h', services.pgHost, '-U', 'postgres', '-d', 'postgres', '-c', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]);
  }
});

describe('workers', () => {
  test('one dies and is started again; the others go on; figures of all', async () => {
    const server = await startServer({ database, args: ['--workers', '3'] });
    try {
      await until(() => server.workers().length === 3, 'each to have its name');
      let kills = 0;
      await takes({ most: 1000 }, async () => {
        const pid = server.workers()[kills++]; /* another one each time: who dies again soon is started again later */
        process.kill(pid, 'SIGKILL');
        const began = Date.now();
        await until(() => server.workers().length === 3 && !server.workers().includes(pid), 'a new worker');
        return Date.now() - began;
      }, 3);
      const counts = async () => {
        const { text } = await server.request('/metrics');
        return [0, 1, 2].map((worker) => Number(new RegExp(`replies_total\\{worker="${worker}",class="2xx"\\} (\\d+)`).exec(text)?.[1] ?? 0));
      };
      const sum = (all) => all.reduce((so, n) => so + n);
      await until(async () => { /* the new one listens a little later, and each says its figures once a second */
        assert.equal((await exchange(server.port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).status, 200);
        return (await counts()).every((n) => n > 0);
      }, 'answers of all');
      const before = sum(await counts());
      for (let i = 0; i < 60; i++) assert.equal((await exchange(server.port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')).status, 200);
      await until(async () => sum(await counts()) >= before + 60, 'the figures of all');
      assert.equal(await server.metric('tolqujat_worker_restarts_total'), kills);
      process.kill(server.workers()[1], 'SIGTERM'); /* ended by hand: again at once */
      await until(async () => await server.metric('tolqujat_worker_restarts_total').catch(() => 0) === kills + 1, 'another restart');
    } finally {
      await server.stop();
    }
  });

  test('one that keeps dying is started at a slower pace', async () => {
    const server = await startServer({ database, args: ['--workers', '2'] });
    const killer = setInterval(() => { const [pid] = server.workers(); if (pid) killLiving(pid); }, 5);
    try {
      // By the log's own times, as a busy machine may be slow to kill, but not quick to start again.
      const deaths = () => [...server.stderr.matchAll(/^(\S+) .*was killed by signal 9/gm)].map(([, at]) => Date.parse(at));
      await until(() => deaths().length >= 8, 'eight deaths', 60_000);
      clearInterval(killer);
      const [first, ...more] = deaths();
      assert.ok(more.filter((at) => at - first < 2500).length < 20, `${deaths().length} deaths`);
      assert.ok(more[6] - first > 600, `the eighth after ${more[6] - first} ms`);
      await until(() => server.workers().length === 2, 'both again');
    } finally {
      clearInterval(killer);
      await server.stop();
    }
  });

  test('they end when the supervisor is killed', async () => {
    const server = await startServer({ database, args: ['--workers', '2'] });
    const pids = server.workers();
    server.child.kill('SIGKILL');
    const lives = (pid) => { try { return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')); } catch { return false; } };
    await until(() => !pids.some(lives), 'no worker is left', 15_000);
    server.assertSane();
  });
});

for (const workers of ['1', '2']) {
  describe(`signals, ${workers} worker(s)`, () => {
    const start = (seconds = 2) => startServer({ database, args: ['--workers', workers, '--drain-seconds', String(seconds)] });

    test('SIGTERM: the port is closed, requests that were begun are answered, status 0', async () => {
      const server = await start(20);
      const half = await connect(server.port);
      const bytes = post({ query: '{ __typename }' });
      await half.send(bytes.subarray(0, bytes.length - 5));
      await half.taken();
      server.agent.destroy();
      server.child.kill('SIGTERM');
      // A worker that closes refuses what it had not accepted yet; the port is closed when the other one, which may have `half`, has closed it too.
      const isClosed = () => connect(server.port).then((connection) => { connection.destroy(); return false; }, () => true);
      await until(async () => { for (let i = 0; i < 5; i++, await sleep(20)) if (!await isClosed()) return false; return true; }, 'the port is closed');
      await half.send(bytes.subarray(bytes.length - 5));
      const response = await half.response();
      assert.equal(response.status, 200);
      assert.equal(response.headers.connection, 'close');
      half.destroy();
      await until(() => server.exit, 'it ends'); /* before stop(): a second SIGTERM would mean at once */
      await server.stop();
    });

    test('what does not end within --drain-seconds is cut, status 0', async () => {
      const server = await start();
      const half = await connect(server.port);
      await half.send('POST /graphql HTTP/1.1\r\nHost: a\r\n');
      await half.taken();
      const began = Date.now();
      await server.stop();
      assert.ok(Date.now() - began > 1500, `${Date.now() - began} ms`); // stop() waits for no more than 20 s
      half.destroy();
    });

    test('a second SIGTERM ends it now', async () => {
      const server = await startServer({ database, args: ['--workers', workers, '--drain-seconds', '30'] });
      const half = await connect(server.port);
      await half.send('POST /graphql HTTP/1.1\r\nHost: a\r\n');
      await half.taken();
      server.child.kill('SIGTERM');
      await until(() => connect(server.port).then((connection) => { connection.destroy(); return false; }, () => true), 'the first is heard: the port is closed');
      assert.equal(server.exit, null);
      server.child.kill('SIGTERM');
      const began = Date.now();
      assert.deepEqual(await server.exited, { code: 1, signal: null });
      assert.ok(Date.now() - began < 20_000, 'not after the 30 s');
      half.destroy();
      server.assertSane();
    });

    test('SIGINT ends it as well', async () => {
      const server = await start();
      await server.stop({ signal: 'SIGINT' });
    });
  });
}
