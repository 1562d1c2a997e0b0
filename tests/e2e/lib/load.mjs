// Load whose every answer is held against what SQL says. A request ends in one of four ways:
//   good    the right answer
//   error   a clear one: 503 with Retry-After, or (200, 294) GraphQL errors with a code of ours beside nulls
//   lost    the connection ended without an answer
//   wrong   anything else; no fault of any kind may bring one about
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sleep, until } from './run.mjs';

export const QUERY = `query Load($iin: ID!) { patient(iin: $iin) { iin fullName
  prescriptions(first: 5) { nodes { number dose drug { name } } }
  diagnoses(first: 5) { nodes { icd10 name } } } }`;

/** The people of the template and what QUERY has to say of each: [{ iin, patient }]. */
export async function readPeople(database, n = 300) {
  const people = await database.query(`SELECT p.iin, json_build_object('iin', p.iin, 'fullName', p.full_name,
    'prescriptions', json_build_object('nodes', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT r.number, r.dose, json_build_object('name', m.name) AS drug FROM prescription r JOIN drug m ON m.id = r.drug_id
        WHERE r.patient_id = p.id AND r.superseded_by IS NULL ORDER BY r.issued_on DESC, r.id DESC LIMIT 5) x)),
    'diagnoses', json_build_object('nodes', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT c.icd10, c.name FROM condition c
        WHERE c.patient_id = p.id AND c.superseded_by IS NULL ORDER BY c.recorded_on DESC, c.id DESC LIMIT 5) x))) AS patient
    FROM patient p ORDER BY p.id LIMIT ${n}`);
  assert.equal(people.length, n);
  assert.ok(people.filter(({ patient }) => patient.prescriptions.nodes.length > 1).length > n / 10);
  return people;
}

const CODES = new Set(['DATABASE_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'OVERLOADED', 'SHUTTING_DOWN']);

/** Is `got` the right answer with nothing changed but nulls in place of what could not be fetched? */
function nullsOnly(got, want) {
  if (got === null) return true;
  if (typeof got !== 'object') return got === want;
  if (Array.isArray(got)) return Array.isArray(want) && got.length === want.length && got.every((one, i) => nullsOnly(one, want[i]));
  return isDeepStrictEqual(Object.keys(got), Object.keys(want)) && Object.keys(got).every((key) => nullsOnly(got[key], want[key]));
}

/** { kind, code } of a response to QUERY for `person`. */
export function judge(response, person) {
  let answer;
  try {
    answer = response.json();
  } catch {
    return { kind: 'wrong', code: `no JSON: ${response.text.slice(0, 200)}` };
  }
  const wrong = { kind: 'wrong', code: `${response.status} ${response.text.slice(0, 400)}` };
  const want = { patient: person.patient };
  if (response.status === 200 && !answer.errors) return isDeepStrictEqual(answer, { data: want }) ? { kind: 'good' } : wrong;
  const codes = (answer.errors ?? []).map((error) => error.extensions?.code);
  if (codes.length === 0 || !codes.every((code) => CODES.has(code))) return wrong;
  if (answer.errors.some(({ message }) => !/^[A-Z].*\.$|^[a-z].*[a-z]$/.test(message) || /SQLSTATE|libpq|socket/i.test(message))) return wrong;
  if (response.status === 503 && !response.headers['retry-after']) return { kind: 'wrong', code: '503 without Retry-After' };
  if (response.status !== 503 && response.status !== 294 && response.status !== 200) return wrong;
  if ((response.status === 294) > ('data' in answer)) return wrong;
  if ('data' in answer && !nullsOnly(answer.data, want)) return wrong;
  return { kind: 'error', code: codes[0], status: response.status };
}

/** Asks for one person; gives { kind, code, from, to } (performance.now()). */
export async function askOnce(server, person, { headers = {}, ms = 30_000, query = QUERY } = {}) {
  const body = JSON.stringify({ query, variables: { iin: person.iin } });
  const from = performance.now();
  try {
    const response = await server.request('/graphql', { method: 'POST', body, ms,
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers } });
    return { ...judge(response, person), iin: person.iin, from, to: performance.now() };
  } catch (error) {
    const kind = /no answer within/.test(error.message) ? 'wrong' : 'lost';
    return { kind, code: error.code ?? error.message, iin: person.iin, from, to: performance.now() };
  }
}

/** `connections` askers, each with one request at a time, until stop(). */
export class Load {
  constructor(server, people, { connections = 16, headers = {}, pause = 0 } = {}) {
    this.results = [];
    this.counts = { good: 0, error: 0, lost: 0, wrong: 0 };
    this.running = true;
    this.asked = new Set();
    let next = 0;
    this.askers = Promise.all(Array.from({ length: connections }, async () => {
      while (this.running && !server.exit) {
        const asked = askOnce(server, people[next++ % people.length], { headers });
        this.asked.add(asked);
        const result = await asked;
        this.asked.delete(asked);
        this.counts[result.kind]++;
        this.results.push(result);
        if (result.kind === 'lost') await sleep(20); // a client that is not mad
        else if (pause) await sleep(pause);
      }
    }));
  }

  get n() { return this.results.length; }

  /** Waits until `n` more good answers have come. */
  async more(n, ms = 60_000) {
    const want = this.counts.good + n;
    await until(() => this.counts.good >= want, `${n} more good answers (${JSON.stringify(this.counts)})`, ms);
  }

  /** Waits until whatever is asked now is answered. */
  async answered() { await Promise.all(this.asked); }

  async stop() {
    this.running = false;
    await this.askers;
    const wrong = this.results.filter(({ kind }) => kind === 'wrong');
    assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} wrong answers of ${this.n}`);
    return this;
  }

  /** Everything was answered, and rightly. */
  assertAllGood(least) {
    const bad = this.results.filter(({ kind }) => kind !== 'good');
    assert.deepEqual(bad.slice(0, 3), [], `${bad.length} failed of ${this.n}`);
    assert.ok(this.n >= least, `only ${this.n} requests`);
  }

  of(kind) { return this.results.filter((result) => result.kind === kind); }
}

/** A psql that stays open: say() sends SQL and resolves when it was executed. For locks that have to last. */
export class Session {
  constructor(database) {
    this.child = spawn(path.join(database.services.pgBin, 'psql'), ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1'],
      { env: { ...process.env, ...database.environment, PGAPPNAME: 'test' }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.out = '';
    this.child.stdout.on('data', (data) => { this.out += data; });
    this.child.stderr.on('data', (data) => { this.out += data; });
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => { this.child.on('close', resolve); });
  }

  async say(sql) {
    const mark = `done-${Math.random()}`;
    this.child.stdin.write(`${sql}\n\\echo ${mark}\n`);
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not within 30 s: ${sql}: ${this.out}`)), 30_000);
      const look = () => {
        if (!this.out.includes(mark)) return;
        clearTimeout(timer);
        this.child.stdout.off('data', look);
        resolve();
      };
      this.child.stdout.on('data', look);
    });
  }

  async end() {
    this.child.stdin.end();
    await this.ended;
  }
}

/** How many of the server's sessions run a statement now. */
export const activeSessions = (admin, database) => admin.value(`SELECT count(*) FROM pg_stat_activity
  WHERE datname = '${database.name}' AND application_name = 'tolqujat' AND state = 'active'`);
