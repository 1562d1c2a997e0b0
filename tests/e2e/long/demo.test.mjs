// The first command of README, in a clone at a path with a blank: from nothing to a pasted curl line, the second
// start within 10 s, Ctrl-C and scripts/stop ending everything that was started and nothing else.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TOP, must, run, runSync, until } from '../lib/run.mjs';
import { freePort } from '../lib/server.mjs';

let base;
let clone;
let port;
let secret;

const script = (name, ...args) => run(path.join(clone, 'scripts', name), args, { cwd: clone, timeout: 600_000 });
const demo = (...args) => script('demo', '--port', String(port), ...args);
const services = async () => (await script('services', 'status', path.join(clone, 'var/demo'))).stdout;
const answers = () => fetch(`http://127.0.0.1:${port}/readyz`).then((response) => response.ok, () => false);
const curlLine = (output) => output.match(/^curl .*$/m)[0];

async function assertDown() {
  assert.equal(await answers(), false);
  assert.equal(await services(), 'postgres down\nredis down\n');
}

before(async () => {
  base = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-demo.'));
  runSync('chmod', ['755', base]);
  clone = path.join(base, 'a clone');
  port = await freePort();
  // What is being worked on, committed or not.
  await must('bash', ['-c', 'mkdir "$0" && git ls-files -z -co --exclude-standard | xargs -0 -r ls -d 2>/dev/null | tar -cf - -T - | tar -xf - -C "$0" && git -C "$0" init -q', clone]);
});
after(async () => {
  if (clone) await script('stop', '--drop');
  rmSync(base, { recursive: true, force: true });
});

test('from nothing to an answer', { timeout: 600_000 }, async () => {
  const { status, stdout, stderr } = await demo('--patients', '1000', '--detach');
  assert.equal(status, 0, stdout + stderr);
  assert.ok(stdout.includes(`http://127.0.0.1:${port}/graphiql`), stdout);
  const answer = JSON.parse(await must('bash', ['-c', curlLine(stdout)]));
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  assert.ok(answer.data.patient.prescriptions.nodes.length > 0);

  assert.equal(statSync(path.join(clone, 'var/demo/secret')).mode & 0o777, 0o600);
  secret = readFileSync(path.join(clone, 'var/demo/secret'));
  assert.equal(secret.length, 32);
  assert.equal(statSync(path.join(clone, 'var/demo/token-key.jwk')).mode & 0o777, 0o600);
  const iins = readFileSync(path.join(clone, 'var/demo/iins.txt'), 'utf8').trim().split('\n');
  assert.equal(iins.length, 1000);
  assert.equal(new Set(iins).size, 1000);
  assert.ok(iins.every((iin) => /^\d{12}$/.test(iin)));
  for (const iin of stdout.match(/sample IINs +(.*)/)[1].split(' ')) assert.ok(iins.includes(iin), iin);
});

test('a subcommand without a database uses the demo of its checkout', async () => {
  const { status, stdout, stderr } = await run(path.join(clone, 'build/tolqujat'), ['check'], { cwd: clone });
  assert.equal(status, 0, stdout + stderr);
});

test('a second demo beside it is refused in one line, and harms nothing', async () => {
  const { status, stderr } = await demo();
  assert.equal(status, 1);
  assert.match(stderr, /^demo: [^\n]+\n$/);
  assert.equal(await answers(), true);
});

test('stop ends all of it', async () => {
  assert.equal((await script('stop')).status, 0);
  await assertDown();
  assert.equal((await script('stop')).status, 0);
});

test('the second start takes less than 10 s, and Ctrl-C ends what it started', { timeout: 120_000 }, async () => {
  const began = Date.now();
  const child = spawn('scripts/demo', ['--port', String(port), '--patients', '1000'],
    { cwd: clone, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data) => { output += data; });
  child.stderr.on('data', (data) => { output += data; });
  const exited = new Promise((resolve) => { child.on('close', resolve); });
  await until(() => output.includes('Ctrl-C ends it') || child.exitCode !== null, 'the demo is up', 60_000);
  assert.equal(child.exitCode, null, output);
  assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
  assert.equal(await answers(), true);
  assert.deepEqual(readFileSync(path.join(clone, 'var/demo/secret')), secret);
  process.kill(-child.pid, 'SIGINT');
  assert.equal(await exited, 130, output);
  await assertDown();
});

test('services that ran before are left alone', { timeout: 120_000 }, async () => {
  await must(path.join(clone, 'scripts/services'), ['start', path.join(clone, 'var/demo')]);
  const running = await services();
  const child = spawn('scripts/demo', ['--port', String(port), '--patients', '1000'],
    { cwd: clone, detached: true, stdio: 'ignore' });
  const exited = new Promise((resolve) => { child.on('close', resolve); });
  await until(answers, 'the demo is up', 60_000);
  process.kill(-child.pid, 'SIGINT');
  assert.equal(await exited, 130);
  assert.equal(await services(), running);
});

test('a larger population is added to, a smaller one loaded anew, and both are said', { timeout: 600_000 }, async () => {
  for (const [patients, word] of [['2000', /adding/], ['1000', /loading anew/]]) {
    const { status, stdout, stderr } = await demo('--patients', patients, '--detach');
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, word);
    assert.equal(readFileSync(path.join(clone, 'var/demo/iins.txt'), 'utf8').split('\n').length - 1, Number(patients));
    await script('stop');
  }
});

test('a bad flag behind -- is one line of the server, status 2, and nothing is left running', { timeout: 120_000 }, async () => {
  const { status, stderr } = await demo('--patients', '1000', '--detach', '--', '--idle-seconds', 'never');
  assert.equal(status, 2, stderr);
  assert.match(stderr, /idle-seconds/);
  await assertDown();
});
