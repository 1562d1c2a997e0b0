// `tolqujat import` as somebody runs it, records that are invented, and those that a public generator wrote (shared/data/synthea-r4,
// beside the project or where TOLQUJAT_SYNTHEA says).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BINARY, TOP, atExit, run } from './run.mjs';

const SYNTHEA = process.env.TOLQUJAT_SYNTHEA ?? path.resolve(TOP, '../shared/data/synthea-r4');
export const IIN_SYSTEM = 'https://egov.kz/iin';

/** Its files; none where the folder is missing. */
export const syntheaFiles = () => (existsSync(SYNTHEA) ? readdirSync(SYNTHEA).filter((name) => name.endsWith('.json')).sort().map((name) => path.join(SYNTHEA, name)) : []);
/** For `skip` of a test: why there is nothing to test with, or false. */
export const withoutSynthea = () => (syntheaFiles().length > 0 ? false : `there are no files of Synthea in ${SYNTHEA} (TOLQUJAT_SYNTHEA names another folder)`);

/** The table of a report: [{ type, outcome, records, why }], and the sentence under it. */
function readReport(stdout) {
  const lines = stdout.trimEnd().split('\n');
  const rows = lines.slice(1, -1).map((line) => {
    const found = /^(\S+) +(kept|superseded|unchanged|waiting|quarantined|not mapped|bad) +(\d+)(?:  (.*))?$/.exec(line);
    if (!found) throw new Error(`this is no line of the report: ${line}`);
    const [, type, outcome, records, why = ''] = found;
    return { type, outcome, records: Number(records), why };
  });
  return { rows, summary: lines.at(-1) };
}

/** { status, rows, summary, said: lines of stderr } of a run that came to its end. */
export async function importFiles(database, args, { input, env, conninfo = database.conninfo } = {}) {
  const { status, stdout, stderr } = await run(BINARY, ['import', '--database', conninfo, ...args], { input, env });
  return { status, stdout, stderr, said: stderr.split('\n').filter(Boolean), ...(stdout ? readReport(stdout) : { rows: [], summary: '' }) };
}

/** Sums of a report by one of its columns: { kept: 3, ... }. */
export function sums(rows, column = 'outcome') {
  const found = {};
  for (const row of rows) found[row[column]] = (found[row[column]] ?? 0) + row.records;
  return found;
}

/** One that a test steers: { child, stdout, stderr, ended: promise of { code, signal } }. */
export function startImport(database, args, { wrap = [], env } = {}) {
  const [file, ...before] = [...wrap, BINARY];
  const child = spawn(file, [...before, 'import', '--database', database.conninfo, ...args], { cwd: TOP, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const one = { child, stdout: '', stderr: '' };
  const forget = atExit(() => child.kill('SIGKILL'));
  child.stdin.on('error', () => {}); // it was ended
  child.stdout.on('data', (data) => { one.stdout += data; });
  child.stderr.on('data', (data) => { one.stderr += data; });
  one.ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => { forget(); resolve({ code, signal }); });
  });
  return one;
}

/** A folder of its own: put(name, text) gives the path. */
export function makeFolder() {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-import.'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  const forget = atExit(remove);
  return {
    dir,
    put(name, content) {
      const file = path.join(dir, name);
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 1));
      return file;
    },
    remove() { forget(); remove(); },
  };
}

export const readBundle = (file) => JSON.parse(readFileSync(file, 'utf8'));

export const bundle = (...resources) => ({
  resourceType: 'Bundle', type: 'transaction',
  entry: resources.map((resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource, request: { method: 'POST', url: resource.resourceType } })),
});

/** Invented people and what is known of them, as another system would write it. */
export const person = (id, { iin, birthDate = '1980-05-17', gender = 'female', ...more } = {}) => ({
  resourceType: 'Patient', id, name: [{ use: 'official', family: 'Ойданшығарова', given: [`Сынама${id.replace(/\D/g, '')}`] }], gender, birthDate,
  identifier: [{ system: 'urn:invented:card', value: `card-${id}` }, ...(iin ? [{ system: IIN_SYSTEM, value: iin }] : [])], ...more,
});
const of = (patient) => ({ reference: `urn:uuid:${patient}` });
export const condition = (id, patient, { code = 'I10', display = 'Essential hypertension', onset = '2019-03-04', ...more } = {}) => ({
  resourceType: 'Condition', id, subject: of(patient), onsetDateTime: onset, recordedDate: onset,
  clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code, display }], text: display }, ...more,
});
/** Of a kind that nobody maps: it is kept as it came. */
export const basic = (id, more) => ({ resourceType: 'Basic', id, code: { text: 'invented' }, ...more });

/** That two fingerprints, or one part of them, are the same; a difference is told by its first rows. */
export function assertSame(found, want, what) {
  for (const part of new Set([...Object.keys(found), ...Object.keys(want)])) {
    const lines = (rows = []) => rows.map((row) => JSON.stringify(row));
    const [a, b] = [lines(found[part]), lines(want[part])];
    const [more, less] = [a.filter((line) => !b.includes(line)), b.filter((line) => !a.includes(line))];
    assert.equal(more.length + less.length + Math.abs(a.length - b.length), 0,
      `${what}: ${part}: ${a.length} rows, not ${b.length}; not wanted: ${more.slice(0, 3).join('\n')}\nnot there: ${less.slice(0, 3).join('\n')}`);
  }
}

/**
 * What a source has brought, so that two databases can be compared whatever came first: of each record what became of it, of each row that it
 * became all but numbers of rows, what stands in for a number that nobody gave, and the time when it was written.
 */
export async function fingerprint(database, source) {
  const tables = await database.query(`
    SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name IN ('source_id', 'source_rec')
     GROUP BY 1 HAVING count(*) = 2 ORDER BY 1`);
  const id = `(SELECT id FROM source_system WHERE name = '${source}')`;
  const bare = `(SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(t)) WHERE key !~ '(^|_)(id|by|iin|bin)$' AND key NOT IN ('recorded_at', 'number'))`;
  const found = {};
  for (const { name } of tables) {
    found[name] = await database.query(`SELECT ${bare} AS row FROM ${name} t WHERE t.source_id = ${id} ORDER BY t.source_rec, 1`);
  }
  found.records = await database.query(`
    SELECT resource_type, record_id, version, state, reason, item_table, item_id IS NOT NULL AS has_row, patient_id IS NOT NULL AS has_patient, digest
      FROM private.source_record WHERE source_id = ${id} ORDER BY 1, 2`);
  found.people = await database.query(`
    SELECT w.full_name, w.birth_date, w.sex, w.deceased_on, i.system, i.value FROM private.patient_identifier i JOIN patient w ON w.id = i.patient_id
     WHERE i.source_id = ${id} ORDER BY i.system, i.value`);
  return found;
}
