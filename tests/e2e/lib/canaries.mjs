// Users who each own one record full of their canary and ask for it with the same text, pipelined over many connections, while clients vanish
// at any byte, sessions of PostgreSQL and Redis are ended, and statements meet the deadline. Whatever happens, an answer has the asker's canaries or none.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { createConnection } from 'node:net';
import { random } from './documents.mjs';
import { parseResponse } from './http.mjs';
import { Session } from './load.mjs';
import { Database } from './psql.mjs';
import { sleep, until } from './run.mjs';
import { startServer } from './server.mjs';
import { createDatabase, startServices } from './services.mjs';
import { makeKeys } from './tokens.mjs';
import { crowd } from './world.mjs';

const USERS = 64;
const PIPELINED = 8; // most requests on their way on a connection
const FAULTS = 3; // kinds of them
const CUT_EVERY = 5; // of connections, one is cut
const DEADLINE_SECONDS = 3; // longer than a request waits among so many, also where all is slow
const HOURS = 3; // that a token lasts
const CODES = new Set(['DATABASE_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'OVERLOADED']);
const MINE = `{ me { patient { iin fullName prescriptions(first: 3) { nodes { number dose drug { name } pharmacy { name } diagnosis { name } } }
  allergies(first: 3) { nodes { substance recordedBy { fullName } } } hospitalizations(first: 2) { nodes { department } } dispenses(first: 2) { nodes { price } } } } }`;
const THEIRS = 'query($iin: ID!) { patient(iin: $iin) { iin fullName prescriptions(first: 3) { nodes { number dose } } } }';

export class Canaries {
  static async start({ connections = 96 } = {}) {
    const c = new Canaries();
    c.connections = connections;
    c.count = { answers: 0, good: 0, errors: {}, refused: 0, disconnects: 0, lost: 0, terminated: 0, redisKills: 0, locks: 0 };
    c.foreign = [];
    c.errorTexts = new Set();
    c.services = await startServices();
    c.database = await createDatabase({ services: c.services });
    c.admin = new Database(c.services, c.database.name, 'postgres');
    const { users, sql } = crowd(USERS);
    await c.admin.execute(sql);
    c.users = users;
    c.marks = new Map(users.flatMap((user) => [[user.name, user], [user.iin, user]]));
    c.keys = makeKeys();
    // Rows do not stay long in the process, so that Redis and PostgreSQL have their part.
    c.server = await startServer({ database: c.database, redis: c.services.redis, tokens: c.keys,
      args: ['--workers', '2', '--log-level', 'debug', '--request-seconds', String(DEADLINE_SECONDS), '--cache-bytes', '60000'] });
    for (const user of users) {
      const { Authorization } = c.keys.bearer({ sub: user.iin, exp: Math.floor(Date.now() / 1000) + HOURS * 3600 });
      user.head = `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: ${Authorization}\r\nContent-Type: application/json\r\nAccept: application/graphql-response+json\r\n`;
    }
    return c;
  }

  request(user, query, variables) {
    const body = JSON.stringify({ query, variables });
    return Buffer.from(`${user.head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  /** Looks at one answer to `user`, who asked for himself, or for somebody else. */
  judge(user, own, response) {
    const text = response.body.toString();
    this.count.answers++;
    for (const [, name] of text.matchAll(/canary-(u\d\d)-/g)) if (name !== user.name) this.foreign.push(`${user.name} was told of ${name}: ${text.slice(0, 300)}`);
    for (const [iin] of text.matchAll(/9912309\d{5}/g)) if (iin !== user.iin) this.foreign.push(`${user.name} was told the IIN ${iin}`);
    assert.equal(response.headers['cache-control'], 'no-store');
    const { data, errors } = JSON.parse(text);
    if (errors) {
      for (const error of errors) {
        assert.ok(CODES.has(error.extensions.code), text.slice(0, 500));
        this.count.errors[error.extensions.code] = (this.count.errors[error.extensions.code] ?? 0) + 1;
        this.errorTexts.add(JSON.stringify(error.message));
      }
    } else if (own) {
      assert.ok(text.includes(`canary-${user.name}-`) && text.includes(user.iin) && data.me.patient.prescriptions.nodes.length === 3, text.slice(0, 500));
      this.count.good++;
    } else {
      assert.deepEqual(data, { patient: null });
      this.count.refused++;
    }
  }

  /** One connection, until its share is done, it is cut, or the server ends it. */
  async connection(rnd, user) {
    const cut = rnd(CUT_EVERY) === 0;
    const socket = net.connect({ port: this.server.port, host: '127.0.0.1', noDelay: true });
    const waiting = []; // whether each asked for himself
    let bytes = Buffer.alloc(0), left = 20 + rnd(60);
    let cutAfter = cut ? rnd(30_000) : Infinity; // bytes in either direction
    await new Promise((resolve, reject) => {
      const end = () => { socket.destroy(); resolve(); };
      const cutNow = () => { this.count.disconnects++; end(); };
      const send = () => {
        while (waiting.length < PIPELINED && left > 0 && this.running && !socket.destroyed) {
          const own = rnd(10) > 0;
          const request = own ? this.request(user, MINE) : this.request(user, THEIRS, { iin: this.users[(this.users.indexOf(user) + 1 + rnd(USERS - 1)) % USERS].iin });
          left--;
          if (request.length >= cutAfter) {
            socket.write(request.subarray(0, cutAfter), cutNow);
            cutAfter = Infinity;
            return;
          }
          cutAfter -= request.length;
          waiting.push(own);
          socket.write(request);
        }
        if (waiting.length === 0) end();
      };
      socket.on('connect', send);
      socket.on('data', (data) => {
        bytes = bytes.length ? Buffer.concat([bytes, data]) : data;
        try {
          for (let parsed = parseResponse(bytes); parsed; parsed = bytes.length ? parseResponse(bytes) : null) {
            bytes = bytes.subarray(parsed.length);
            this.judge(user, waiting.shift(), parsed.response);
          }
        } catch (error) {
          socket.destroy();
          reject(error);
          return;
        }
        if ((cutAfter -= data.length) <= 0) cutNow();
        else send();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        if (waiting.length && !cut) this.count.lost += waiting.length;
        resolve();
      });
    });
  }

  /** What happens to the server's neighbours, in turn, every `ms`. */
  async faults(ms) {
    const session = new Session(this.admin);
    const kinds = [
      async () => {
        this.count.terminated += await this.admin.value(`SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = '${this.database.name}' AND application_name = 'tolqujat' ORDER BY random() LIMIT 5) t`);
      },
      async () => {
        const { redis } = await this.services.pids();
        process.kill(redis, 'SIGKILL');
        await until(async () => !(await this.services.pids()).redis, 'the end of Redis');
        await sleep(200);
        await this.services.start();
        this.count.redisKills++;
      },
      async () => { // longer than the deadline
        await session.say('BEGIN; LOCK TABLE prescription IN ACCESS EXCLUSIVE MODE;');
        await sleep(DEADLINE_SECONDS * 1000 + 500);
        await session.say('ROLLBACK;');
        this.count.locks++;
      },
    ];
    try {
      for (; this.running; this.turns++) {
        await sleep(ms);
        if (this.running) await kinds[this.turns % kinds.length]();
      }
    } finally {
      await session.end();
    }
  }

  /** Until `answers` have been looked at, and each kind of fault has been. */
  async run(answers, { seed = 1, ms = 300 } = {}) {
    const rnd = random(seed);
    this.running = true;
    this.turns = 0;
    const faults = this.faults(ms);
    faults.catch(() => { this.running = false; }); // it is told below
    try {
      await Promise.all(Array.from({ length: this.connections }, async (_, i) => {
        for (let n = i; this.running && (this.count.answers < answers || this.turns < FAULTS); n += this.connections) await this.connection(rnd, this.users[n % USERS]);
      }));
    } finally {
      this.running = false;
      await faults;
    }
    for (const from of ['cache_local_hits', 'cache_remote_hits', 'cache_misses', 'cache_joined']) this.count[from] = await this.server.metric(`tolqujat_${from}_total`);
    assert.deepEqual(this.foreign.slice(0, 3), [], `${this.foreign.length} of ${this.count.answers} answers`);
  }

  /** Where nothing of anybody may be: the log, errors, metrics, names of keys in Redis, what `ps` shows. Gives what it looked at. */
  async assertNoTraces() {
    const looked = {};
    // Once more without faults, so that Redis has its part of the rows.
    this.running = true;
    await until(async () => {
      await Promise.all(this.users.map((user, i) => this.connection(random(i), user)));
      return (await redisKeys(this.services.redis)).length > USERS;
    }, 'rows in Redis', 20_000);
    const look = (where, text) => {
      looked[where] = text.length;
      const found = /canary-|9912309\d{5}/.exec(text);
      assert.equal(found, null, `${where}: ${text.slice(Math.max(0, (found?.index ?? 0) - 200), (found?.index ?? 0) + 100)}`);
    };
    look('the log', this.server.stderr + this.server.stdout);
    look('errors', [...this.errorTexts].join('\n'));
    look('metrics', (await this.server.request('/metrics')).text);
    const keys = await redisKeys(this.services.redis);
    looked.keys = keys.length;
    look('names of keys', keys.join('\n'));
    const workers = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === this.server.pid);
    assert.ok(workers.length >= 2, `${workers.length} workers`);
    for (const pid of [this.server.pid, ...workers]) for (const file of ['cmdline', 'environ', 'comm']) look(`/proc/${pid}/${file}`, readFileSync(`/proc/${pid}/${file}`, 'latin1'));
    looked.remoteHits = await this.server.metric('tolqujat_cache_remote_hits_total');
    assert.ok(looked.remoteHits > 0);
    return looked;
  }

  async stop() {
    await this.server?.stop();
    this.keys?.remove();
    await this.services?.stop();
  }
}

function parentOf(pid) {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  } catch {
    return 0; // it has ended
  }
}

/** All names of keys, by SCAN. */
async function redisKeys(file) {
  const keys = [];
  let cursor = '0';
  do {
    const [next, page] = await new Promise((resolve, reject) => {
      const socket = createConnection(file, () => socket.write(`SCAN ${cursor} COUNT 1000\r\n`));
      let text = '';
      socket.once('error', reject);
      socket.on('data', (data) => {
        text += data.toString('latin1');
        const lines = text.split('\r\n');
        const count = /^\*(\d+)$/.exec(lines[3]);
        if (!count || lines.length < 4 + 2 * Number(count[1]) + 1) return;
        socket.destroy();
        resolve([lines[2], lines.slice(4).filter((_, i) => i % 2 === 1)]);
      });
    });
    keys.push(...page);
    cursor = next;
  } while (cursor !== '0');
  return keys;
}
