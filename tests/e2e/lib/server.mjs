// The binary under test, built with the sanitizers: started on a free port, ended with SIGTERM, and what it said on
// stderr looked at. A server that does not end with status 0, or a word from a sanitizer, fails the test.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { BINARY, TOP, atExit, sleep } from './run.mjs';

const COMPLAINT = /(Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|runtime error:/;

/** The first to ask has it, of all tests that share these services. */
function takePort(port) {
  const services = process.env.TOLQUJAT_TEST_SERVICES;
  if (!services) return true;
  mkdirSync(path.join(services, 'ports'), { recursive: true });
  try {
    mkdirSync(path.join(services, 'ports', String(port)));
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * A port that nobody listens on, or will: it may be seconds until our server does. Not one that the kernel would choose, as those are
 * given to others meanwhile; and nobody else's of this run, as two servers with SO_REUSEPORT would share it without a word.
 */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (!takePort(port)) continue;
    const free = await new Promise((resolve) => {
      const probe = net.createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** What a process calls itself; nothing when it has ended, reaped or not. */
function nameOf(pid) {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')) ? '' : readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return '';
  }
}

export class Server {
  constructor(child, port) {
    this.child = child;
    this.pid = child.pid;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.stdout = '';
    this.stderr = '';
    this.exit = null; // { code, signal } once it has ended
    child.stdout.on('data', (data) => { this.stdout += data; });
    child.stderr.on('data', (data) => { this.stderr += data; });
    const forget = atExit(() => child.kill('SIGKILL'));
    this.exited = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        forget();
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
    // A connection that is idle for long is not used again: the server would close it in the same moment.
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64, timeout: 15_000 });
  }

  /** The pids of its workers that run, by number. The supervisor has other children for moments (server/owners.c), so a worker is known by its name. */
  workers() {
    const byNumber = [];
    for (const pid of readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').split(' ').filter(Boolean)) {
      const [, number] = /^tolqujat-w(\d+)$/m.exec(nameOf(pid)) ?? [];
      if (number) byNumber.push([Number(number), Number(pid)]);
    }
    return byNumber.sort(([a], [b]) => a - b).map(([, pid]) => pid);
  }

  /** One request; gives { status, headers, text, json() }. */
  request(path, { method = 'GET', headers = {}, body, ms = 30_000 } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request(`${this.url}${path}`, { method, headers, agent: this.agent, timeout: ms }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          resolve({ status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) });
        });
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${ms} ms`)));
      request.on('error', reject);
      request.end(body);
    });
  }

  /** POST /graphql; gives the whole answer ({ data, errors, ... }) whatever the status. */
  async graphql(query, variables, { operationName, headers = {} } = {}) {
    const body = JSON.stringify({ query, variables, operationName });
    const response = await this.request('/graphql', {
      method: 'POST', body, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers },
    });
    return response.json();
  }

  /** As graphql(), but errors fail the test; gives `data`. */
  async data(query, variables, options) {
    const answer = await this.graphql(query, variables, options);
    assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
    return answer.data;
  }

  /** The sum of a metric over its labels, from /metrics; null when there is none. */
  async metric(name) {
    const { text } = await this.request('/metrics');
    const found = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)$`, 'gm'))];
    return found.length === 0 ? null : found.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Such a figure when it has come to rest: each of several workers publishes its own once a second. */
  async settled(name) {
    for (let before = null, now; ; before = now) {
      now = await this.metric(name);
      if (now === before) return now;
      await sleep(2500);
    }
  }

  async ready(ms = 30_000) {
    const end = Date.now() + ms;
    for (;;) {
      if (this.exit) throw new Error(`the server ended (${JSON.stringify(this.exit)}):\n${this.stderr}`);
      const status = await this.request('/readyz', { ms: 2000 }).then((response) => response.status, () => 0);
      if (status === 200) return this;
      if (Date.now() > end) throw new Error(`not ready within ${ms} ms (last status ${status}):\n${this.stderr}`);
      await sleep(30);
    }
  }

  /** SIGTERM, a clean end within `ms`, no complaint of a sanitizer. Call it in `after`, always. */
  async stop({ ms = 20_000, signal = 'SIGTERM' } = {}) {
    this.agent.destroy();
    if (!this.exit) this.child.kill(signal);
    const late = Symbol('late');
    let timer; // ended with the wait: else it would keep the test's process for as long
    const ended = await Promise.race([this.exited, new Promise((resolve) => { timer = setTimeout(resolve, ms, late); })]);
    clearTimeout(timer);
    if (ended === late) {
      this.child.kill('SIGKILL');
      await this.exited;
      assert.fail(`the server did not end within ${ms} ms of ${signal}:\n${this.stderr}`);
    }
    this.assertSane();
    assert.deepEqual(this.exit, { code: 0, signal: null }, this.stderr);
  }

  assertSane() {
    assert.doesNotMatch(this.stderr, COMPLAINT);
  }
}

/**
 * Starts `tolqujat serve` and waits until it is ready. `database`: a Database (psql.mjs) or a conninfo; `redis`: a
 * socket's path or `off`; `tokens`: keys of tokens.mjs whose tokens count (without: `--access open`); `args`: more flags (tests plant rows behind the server's back,
 * so what workers share is off unless `args` say `--shared-cache` or `--follow`, and rights are asked for each time unless they say `--rights-seconds`); `wrap`: a program that starts it (prlimit ...). Only `wait: false` does not wait for /readyz.
 */
export async function startServer({ database, redis = 'off', tokens, args = [], env = {}, wait = true, wrap = [], port: wanted } = {}) {
  const port = wanted ?? await freePort();
  const conninfo = typeof database === 'string' ? database : database.serverConninfo;
  const [file, ...before] = [...wrap, BINARY];
  const shared = ['--shared-cache', '--follow'].some((flag) => args.includes(flag)) ? [] : ['--shared-cache', '0'];
  const rights = args.includes('--rights-seconds') ? [] : ['--rights-seconds', '0'];
  const patience = args.includes('--request-seconds') ? [] : ['--request-seconds', '20']; // tests beside this one have the cores as well; a client here waits for 30 s
  const child = spawn(file, [...before, 'serve', '--listen', '127.0.0.1', '--port', String(port), '--database', conninfo,
    '--redis', redis, ...(tokens ? tokens.flags : ['--access', 'open']), ...shared, ...rights, ...patience, ...args], { cwd: TOP, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const server = new Server(child, port);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  if (wait) {
    try {
      await server.ready();
    } catch (error) {
      child.kill('SIGKILL');
      // Somebody took the port between its choice and now.
      if (!wanted && /address already in use/.test(server.stderr)) return startServer({ database, redis, tokens, args, env, wrap });
      throw error;
    }
  }
  return server;
}
