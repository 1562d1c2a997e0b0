// The record of every look, for tests: the program that writes looks without a server, verification, and the seals
// computed a second time.
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BINARY, BUILD, atExit, run } from './run.mjs';

const WRITER = path.join(BUILD, 'tests/look-writer');

/** A secret and a folder for heads, deleted with the process: { dir, secret, heads }. */
export function makeSecret() {
  const dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-looks.'));
  const heads = mkdtempSync(path.join(dir, 'heads.'));
  const secret = path.join(dir, 'secret');
  writeFileSync(secret, randomBytes(32), { mode: 0o600 });
  atExit(() => rmSync(dir, { recursive: true, force: true }));
  return { dir, secret, heads };
}

/** Looks that were answered: { request, patient, rc } of each whole line. */
const answered = (text) => text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => {
  const [request, patient, rc] = line.split(' ');
  return { request, patient: Number(patient), rc: Number(rc) };
});

/** Starts a writer; { child, ended: promise of { status, signal, looks, stderr } }. `looks` 0: until it is killed. */
export function startWriter(database, { secret, heads }, { looks = 0, flight = 50, kind = 'others', person = '791028302728', organisation = '140140024187', chains = 1 } = {}) {
  const child = spawn(WRITER, [database.conninfo, secret, heads ?? '-', looks, flight, kind, person, organisation, chains].map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => { out.stdout += data; });
  child.stderr.on('data', (data) => { out.stderr += data; });
  const forget = atExit(() => child.kill('SIGKILL'));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      forget();
      resolve({ status, signal, looks: answered(out.stdout), stderr: out.stderr });
    });
  });
  return { child, ended, answered: () => answered(out.stdout).length };
}

/** `tolqujat audit verify`: { status, findings: [line], chains: Set of those named, summary, stderr }. */
export async function verify(database, { secret, heads }, args = []) {
  const { status, stdout, stderr } = await run(BINARY, ['audit', 'verify', '--database', database.conninfo, '--secret', secret,
    ...(heads ? ['--heads', heads] : []), ...args]);
  const lines = stdout.split('\n').filter(Boolean);
  const findings = lines.filter((line) => !/chains expected: |^\(no --heads/.test(line));
  return { status, findings, stderr, chains: new Set(findings.flatMap((line) => /^chain ([0-9a-f]{16})/.exec(line)?.[1] ?? [])), summary: lines.find((line) => /chains expected: /.test(line)) };
}

/** The columns of a row, in the order of the table, as the seals and these tests take them. */
export const COLUMNS = ['at', 'patient_id', 'chain', 'seq', 'parts', 'refused', 'role', 'person', 'organisation', 'client', 'capacities', 'reason', 'request_id', 'mac'];

export const auditKey = (secret) => createHmac('sha256', readFileSync(secret)).update('audit').digest();

const number = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const text = (value) => {
  const length = Buffer.alloc(4, 0xff);
  if (value === null) return length;
  const bytes = Buffer.from(value);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** The seal of a row behind one with the MAC `before`: `row.at` in microseconds since 2000, numbers as text, `row.seen` the text of its parts. */
export function seal(key, before, row) {
  const bytes = [before, number(row.at), number(row.patient_id), number(row.chain), number(row.seq), Buffer.from([row.refused ? 1 : 0]),
    ...[row.role, row.person, row.organisation, row.client, row.capacities, row.reason, row.request_id, row.seen].map(text)];
  return createHmac('sha256', key).update(Buffer.concat(bytes)).digest().subarray(0, 16);
}

/** The MAC that a chain begins with. */
export const sealBeginning = (key, chain, started) => createHmac('sha256', key).update(Buffer.concat([Buffer.from('tolqujat chain 1'), number(chain), number(started)])).digest().subarray(0, 16);

/** All rows, as seal() takes them, with their MACs as Buffers. */
export async function readRows(database, where = 'true') {
  const rows = await database.query(`SELECT (extract(epoch FROM l.at - '2000-01-01 00:00:00+00') * 1000000)::bigint::text AS at, l.patient_id::text, l.chain::text, l.seq::text, l.refused,
    l.role, l.person, l.organisation, l.client, l.capacities, l.reason, l.request_id, (SELECT p.parts FROM access_parts p WHERE p.hash = l.parts) AS seen, encode(l.mac, 'hex') AS mac
    FROM access_log l WHERE ${where} ORDER BY l.chain, l.seq`);
  return rows.map((row) => ({ ...row, mac: Buffer.from(row.mac, 'hex') }));
}
