// What deploy/ installs: every flag and variable exists, systemd reads the units, the server starts from its file, and jobs get their month.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { BINARY, TOP, must, run } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { makeKeys } from './lib/tokens.mjs';

const DEPLOY = path.join(TOP, 'deploy'), INSTALLED = '/usr/local/bin/tolqujat';
const COMMAND_OF = { 'serve.env': ['serve'], 'messages.env': ['messages'], 'owner.env': ['run'] };
const text = (name) => readFileSync(path.join(DEPLOY, name), 'utf8');
const units = readdirSync(DEPLOY).filter((name) => /\.(service|timer)$/.test(name));
/** NAME -> value of the lines that count. */
const variables = (name) => Object.fromEntries([...text(name).matchAll(/^(TOLQUJAT_\w+)=("?)(.*)\2$/gm)].map(([, key, , value]) => [key, value]));

let dir, keys;

before(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-deploy.'));
  keys = makeKeys();
});
after(() => {
  keys?.remove();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

test('each variable, those that are commented out too, is one of its command', async () => {
  assert.deepEqual(readdirSync(DEPLOY).filter((name) => name.endsWith('.env')).sort(), Object.keys(COMMAND_OF).sort());
  for (const [name, command] of Object.entries(COMMAND_OF)) {
    const help = await must(BINARY, [...command, '--help']);
    const known = new Set(help.match(/\bTOLQUJAT_\w+/g));
    const used = text(name).match(/^#?TOLQUJAT_\w+(?==)/gm).map((key) => key.replace('#', ''));
    assert.deepEqual(used.filter((key) => !known.has(key)), [], name);
  }
});

test('each flag that docs/operations.md names is one of some command, or of another program', async () => {
  const commands = ['serve', 'migrate', 'check', 'import', 'messages', 'run', 'token', 'card verify', 'card key', 'audit verify'];
  const known = new Set((await Promise.all(commands.map((command) => must(BINARY, [...command.split(' '), '--help'])))).flatMap((help) => help.match(/--[a-z][a-z-]+/g)));
  const others = ['--help', '--version', '--patients', '--port', '--workers', '--detach', '--drop', '--quick', '--long', '--faults', '--fuzz', '--only', '--profile', // scripts/
    '--exit-on-error', '--globals-only', '--analyze-only', // PostgreSQL's
    '--system', '--no-create-home', '--shell', '--now']; // the system's
  const named = readFileSync(path.join(TOP, 'docs/operations.md'), 'utf8').match(/(?<![\w-])--[a-z][a-z-]+/g);
  assert.deepEqual([...new Set(named)].filter((flag) => !known.has(flag) && !others.includes(flag)), []);
});

test('systemd has no remark about a unit', { skip: spawnSync('systemd-analyze', ['--version']).status !== 0 && 'there is no systemd-analyze' }, async () => {
  const place = path.join(dir, 'units');
  mkdirSync(place);
  const binary = path.join(place, 'tolqujat'); // whose path has no blank, as the installed one's
  symlinkSync(BINARY, binary);
  for (const name of units) writeFileSync(path.join(place, name), text(name).replaceAll(INSTALLED, binary));
  const { status, stdout, stderr } = await run('systemd-analyze', ['verify', ...units.filter((name) => !name.includes('@.')).map((name) => path.join(place, name))]);
  assert.deepEqual([status, stdout + stderr], [0, '']);
});

test('the server starts from serve.env, where no database is, and a SIGTERM ends it well', async () => {
  copyFileSync(path.join(TOP, 'schema/documents.graphql'), path.join(dir, 'documents.graphql'));
  copyFileSync(path.join(TOP, 'schema/passport.graphql'), path.join(dir, 'passport.graphql'));
  await must(BINARY, ['card', 'key', path.join(dir, 'card-key.jwk')]);
  const there = {
    TOLQUJAT_SCHEMA: path.join(dir, 'passport.graphql'), TOLQUJAT_TOKEN_KEYS: keys.file, TOLQUJAT_SECRET: keys.secret, TOLQUJAT_CARD_KEY: path.join(dir, 'card-key.jwk'), TOLQUJAT_AUDIT_HEADS: dir };
  const env = variables('serve.env');
  assert.deepEqual(Object.keys(there).filter((key) => !env[key]?.startsWith('/')), []);
  // Flags win over the file where tests have their own: port, database.
  const server = await startServer({ database: `host=${dir} dbname=tolqujat`, env: { ...env, ...there }, args: ['--access', 'tokens'], tokens: { flags: [] }, wait: false });
  try {
    for (let i = 0; i < 200 && !/listening/.test(server.stderr); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal((await server.request('/healthz')).status, 200, server.stderr);
    assert.equal((await server.request('/readyz')).status, 503);
    assert.match(server.stderr, /listening.*workers=4/);
  } finally {
    await server.stop();
  }
});

test('a job is of the month that it is for, in Kazakhstan', () => {
  const [, script] = /^ExecStart=\/bin\/sh -c '(.*)' sh %i$/m.exec(text('tolqujat-run@.service'));
  const shell = script.replaceAll('$$', '$').replaceAll('%%', '%').replace(INSTALLED, '/bin/echo');
  const days = [['2026-12-31T18:59:00Z', '2026-12', '2026-11'], ['2026-12-31T19:01:00Z', '2027-01', '2026-12'], ['2027-03-30T12:00:00Z', '2027-03', '2027-02']];
  for (const [at, now, last] of days) {
    writeFileSync(path.join(dir, 'date'), `#!/bin/sh\n[ "$1" = -d ] && exec /bin/date "$@"\nexec /bin/date -d "${at}" "$@"\n`, { mode: 0o755 });
    for (const [job, month] of [['due-list', now], ['figures', last], ['capitation', last]]) {
      const { stdout } = spawnSync('/bin/sh', ['-c', shell, 'sh', job], { env: { PATH: `${dir}:${process.env.PATH}`, TZ: /^Environment=TZ=(.*)$/m.exec(text('tolqujat-run@.service'))[1] }, encoding: 'utf8' });
      assert.equal(stdout.trim(), `run ${job} --month ${month}`, at);
    }
  }
});
