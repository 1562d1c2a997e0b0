// Imports through SQL alone, as the command makes them (db/functions/import_run.sql): batches, each a transaction, settling, the end, the report.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TOP } from './run.mjs';
import { createDatabase } from './services.mjs';

/** Sample data that a public generator wrote; it stays outside of the repository. */
export const SYNTHEA = path.join(TOP, '../shared/data/synthea-r4');
export const syntheaFiles = () => (existsSync(SYNTHEA) ? readdirSync(SYNTHEA).filter((name) => name.endsWith('.json')).sort() : [])
  .map((name) => ({ name, bundle: JSON.parse(readFileSync(path.join(SYNTHEA, name), 'utf8')) }));

/** The IIN that has these eleven digits; null where there is none. */
export function iinOf(body) {
  const digits = [...body].map(Number);
  for (const shift of [0, 2]) {
    const sum = digits.reduce((all, digit, i) => all + digit * (((i + shift) % 11) + 1), 0) % 11;
    if (sum < 10) return body + sum;
  }
  return null;
}

/** An entry of a transaction Bundle. */
export const entry = (resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource });

const quote = (text) => (text === undefined ? 'NULL' : `'${text.replace(/'/g, "''")}'`);

function batchSql(entries, file, from) {
  const array = (values, type) => `ARRAY[${values.join(',')}]::${type}[]`;
  return `SELECT coalesce(jsonb_agg(b), '[]') FROM import_batch(:run, ${array(entries.map(() => quote(file)), 'text')}, ${array(entries.map((_, i) => from + i), 'bigint')},
    ${array(entries.map(({ fullUrl }) => quote(fullUrl)), 'text')}, ${array(entries.map(({ resource }) => quote(JSON.stringify(resource))), 'jsonb')}) b;`;
}

/**
 * One run: `batches` are lists of entries. Gives { told: what a person is told of, report: rows, outcome(kind): { outcome: n } of one kind of resource }.
 */
export async function runImport(database, { source = 'vendor', registers = true, file = 'bundle.json', end = true }, ...batches) {
  let from = 1;
  const calls = batches.map((entries) => {
    const sql = batchSql(entries, file, from);
    from += entries.length;
    return sql;
  });
  const settle = Array.from({ length: 12 }, () => 'SELECT import_settle(:run) AS settled \\gset\n').join('');
  const out = await database.execute(`SELECT import_source('${source}', true, ${registers}) AS source \\gset
    SELECT import_begin(:source::smallint) AS run \\gset
    ${calls.join('\n')}
    ${end ? `${settle} SELECT :settled; SELECT import_end(:run) AS ended \\gset\n` : ''}
    SELECT coalesce(jsonb_agg(r), '[]') FROM import_report(:run) r;`);
  const lines = out.split('\n').filter((line) => line !== '');
  const report = JSON.parse(lines.pop());
  if (end && lines.pop() !== '0') throw new Error('something was left to settle after twelve times');
  const told = lines.flatMap((line) => JSON.parse(line));
  const outcome = (kind) => Object.fromEntries(Object.entries(report.filter(({ resource_type: type }) => type === kind)
    .reduce((all, { outcome: name, n }) => ({ ...all, [name]: (all[name] ?? 0) + n }), {})));
  return { told, report, outcome };
}

/** Migrated, with two regions, one clinic and two tests of the laboratory. */
export async function importDatabase() {
  const db = await createDatabase({ empty: true });
  for (const folder of ['db/migrations', 'db/functions']) {
    for (const file of readdirSync(path.join(TOP, folder)).filter((name) => name.endsWith('.sql')).sort()) {
      await db.execute(`BEGIN;\n${readFileSync(path.join(TOP, folder, file), 'utf8')}\nCOMMIT;`);
    }
  }
  await db.execute(readFileSync(path.join(TOP, 'db/grants.sql'), 'utf8'));
  await db.execute(`
    INSERT INTO region (id, kato, name_kk, name_ru, name_en) VALUES (71, '710000000', 'Астана қаласы', 'город Астана', 'Astana City'), (75, '750000000', 'Алматы қаласы', 'город Алматы', 'Almaty City');
    INSERT INTO clinic (region_id, bin, kind, name, address) VALUES (75, '140140024187', 'polyclinic', 'Емхана № 1', 'Абай даңғылы, 1');
    INSERT INTO lab_test (loinc, unit, panel, name_kk, name_ru, name_en) VALUES ('718-7', 'g/L', 'haematology', 'Гемоглобин', 'Гемоглобин', 'Haemoglobin'),
      ('6301-6', '{INR}', 'coagulation', 'ХҚҚ', 'МНО', 'INR');`);
  return db;
}

// ---- small invented resources ----

export const IIN = 'https://egov.kz/iin';
export const SNOMED = 'http://snomed.info/sct';
export const coded = (system, code, text) => ({ coding: [{ system, code, display: text }], text });
export const loinc = (code, text) => coded('http://loinc.org', code, text);
export const state = (code) => ({ coding: [{ code }] });
export const category = (code) => [{ coding: [{ code }] }];
export const quantity = (value, unit) => ({ value, unit, code: unit, system: 'http://unitsofmeasure.org' });

let serial = 0;
/** A person nobody else has: { iin, id, resource }. Born on 1979-10-28. */
export function person(more = {}) {
  let iin;
  do iin = iinOf(`79102830${String(serial++).padStart(3, '0')}`); while (!iin);
  const id = `p-${serial}`;
  return { iin, id, resource: { resourceType: 'Patient', id, identifier: [{ system: IIN, value: iin }], name: [{ family: 'Сейітов', given: ['Асхат', 'Болатұлы'] }], gender: 'male',
    birthDate: '1979-10-28', telecom: [{ system: 'phone', value: '+7 (799) 000-00-01' }], communication: [{ language: { coding: [{ code: 'ru-KZ' }] } }], ...more } };
}
export const of = (who) => ({ subject: { reference: `urn:uuid:${who.id}` } });
export const condition = (who, id, more = {}) => ({ resourceType: 'Condition', id, ...of(who), code: coded(SNOMED, '38341003', 'Hypertension'), clinicalStatus: state('active'),
  verificationStatus: state('confirmed'), onsetDateTime: '2020-02-17T07:50:49+00:00', recordedDate: '2020-02-18T07:50:49+00:00', ...more });
export const observation = (who, id, code, value, more = {}) => ({ resourceType: 'Observation', id, status: 'final', ...of(who), category: category('vital-signs'), code: loinc(code, `Test ${code}`),
  effectiveDateTime: '2024-03-01T04:00:00Z', issued: '2024-03-02T04:00:00Z', ...value, ...more });

/** The reasons for which records of a kind were not kept: { reason: outcome }. */
export const reasons = ({ report }, kind) => Object.fromEntries(report.filter((r) => r.resource_type === kind && r.reason).map((r) => [r.reason, r.outcome]));

/** A person's rows in a table, in the order of their ids: rows() all, only() the one that there has to be. */
export function rowsOf(db) {
  const rows = (table, who, columns = '*') => db.query(`SELECT ${columns} FROM ${table} WHERE patient_id = (SELECT id FROM patient WHERE iin = '${who.iin}') ORDER BY id`);
  const only = async (...args) => {
    const all = await rows(...args);
    assert.equal(all.length, 1, JSON.stringify(all));
    return all[0];
  };
  return { rows, only };
}
