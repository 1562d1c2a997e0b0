// Clinical sections through the server, beside what SQL says: the trend of a laboratory test, what a laboratory has to do, what holds now, findings of
// models; and what the constraints of 0008_observations.sql keep out.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';

const keys = makeKeys();
let db, server;
let sick, doctor, clinic; // a person whose glycated haemoglobin was measured more than once; the district doctor, and where

const as = (claims) => ({ headers: keys.bearer(claims) });
const owner = () => as({ role: 'CITIZEN', sub: sick.iin });
const atWork = () => as({ role: 'DOCTOR', sub: doctor.iin, org: clinic.bin });
const one = async (sql) => (await db.query(sql))[0];
const patient = async (fields, options, variables = '') => (await server.data(`query ($iin: ID!${variables}) { patient(iin: $iin) { ${fields} } }`, { iin: sick.iin }, options)).patient;
const refuses = (sql, pattern) => assert.rejects(db.execute(`BEGIN; ${sql}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK;`), (error) => {
  assert.match(error.message, pattern);
  return true;
});
const lets = (sql) => db.execute(`BEGIN; ${sql}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK;`);

before(async () => {
  db = await createDatabase();
  server = await startServer({ database: db, tokens: keys });
  sick = await one(`SELECT p.* FROM patient p WHERE p.deceased_on IS NULL AND p.clinic_id IS NOT NULL
    AND (SELECT count(*) FROM lab_result r WHERE r.patient_id = p.id AND r.loinc = '4548-4' AND r.value IS NOT NULL) > 1 ORDER BY p.id LIMIT 1`);
  doctor = await one(`SELECT * FROM practitioner WHERE id = ${sick.district_doctor_id}`);
  clinic = await one(`SELECT * FROM clinic WHERE id = ${sick.clinic_id}`);
});
after(async () => {
  await server?.stop();
  await db?.drop();
  keys.remove();
});

describe('the laboratory', () => {
  test('the trend of a test, oldest first, by LOINC or by its id, between days', async () => {
    const rows = await db.query(`SELECT value, resulted_at FROM lab_result WHERE patient_id = ${sick.id} AND loinc = '4548-4' AND value IS NOT NULL ORDER BY resulted_at, id`);
    const { labTest } = await server.data('{ labTest(by: {loinc: "4548-4"}) { id name(lang: EN) unit ranges { low high } } }', {}, owner());
    assert.deepEqual({ ...labTest, id: undefined }, { id: undefined, name: 'Glycated haemoglobin (HbA1c)', unit: '%', ranges: [{ low: 4, high: 6 }] });
    const series = (key, days = '') => patient(`labSeries(test: {${key}}${days}) { value unit low high flag }`, owner()).then(({ labSeries }) => labSeries.map(({ value }) => value));
    assert.deepEqual(await series('loinc: "4548-4"'), rows.map(({ value }) => value));
    assert.deepEqual(await series(`id: "${labTest.id}"`), rows.map(({ value }) => value));
    const day = new Date(Date.parse(rows[1].resulted_at) + 5 * 3600e3).toISOString().slice(0, 10); // in Kazakhstan
    assert.deepEqual(await series('loinc: "4548-4"', `, from: "${day}"`), rows.slice(1).map(({ value }) => value));
    assert.ok((await series('loinc: "4548-4"', `, to: "${day}"`)).includes(rows[1].value));
    assert.deepEqual(await series('loinc: "1-8"'), []);
  });

  test('a laboratory sees its own open orders, of a person nothing else; in whatever else it asks, nobody', async () => {
    const laboratory = await one(`SELECT c.*, p.iin, p.id AS worker FROM clinic c JOIN practitioner_role r ON r.clinic_id = c.id JOIN practitioner p ON p.id = r.practitioner_id WHERE c.kind = 'laboratory' ORDER BY c.id LIMIT 1`);
    await db.execute(`DELETE FROM lab_result WHERE clinic_id = ${laboratory.id} AND status = 'ordered';
      INSERT INTO lab_result (patient_id, clinic_id, ordered_at, status, name, loinc) VALUES (${sick.id}, ${laboratory.id}, now() - INTERVAL '1 hour', 'ordered', 'CRP', '1988-5')`);
    const open = '{ labOrders { name status patient { fullName birthDate sex iin } } }';
    const mine = as({ role: 'LABORATORY', sub: laboratory.iin, org: laboratory.bin });
    assert.deepEqual((await server.data(open, {}, mine)).labOrders,
      [{ name: 'CRP', status: 'ORDERED', patient: { fullName: sick.full_name, birthDate: sick.birth_date, sex: sick.sex.toUpperCase(), iin: sick.iin } }]);
    for (const other of [owner(), atWork(), as({ role: 'LABORATORY', sub: doctor.iin, org: laboratory.bin })]) assert.deepEqual((await server.data(open, {}, other)).labOrders, []);
    const { patient: seen } = await server.data('query ($iin: ID!) { patient(iin: $iin) { labResults(first: 100) { nodes { name laboratory { id } } } } }', { iin: sick.iin }, mine);
    const own = await db.query(`SELECT name FROM lab_result WHERE patient_id = ${sick.id} AND clinic_id = ${laboratory.id}`);
    assert.equal(seen.labResults.nodes.length, own.length);
    const refused = await server.graphql('query ($iin: ID!) { patient(iin: $iin) { diagnoses { nodes { name } } } }', { iin: sick.iin }, mine);
    assert.equal(refused.errors[0].extensions.code, 'FORBIDDEN');
    const glass = await server.graphql(`mutation ($iin: ID!) { openEmergencyAccess(iin: $iin, reasonCode: UNCONSCIOUS, reason: "found on the street") { id } }`, { iin: sick.iin }, mine);
    assert.equal(glass.errors[0].extensions.code, 'FORBIDDEN');
  });

  test('an ordered test has no value, a final one has; the flag says where the value lies', async () => {
    const insert = (values) => `INSERT INTO lab_result (patient_id, ordered_at, name, ${Object.keys(values)}) VALUES (${sick.id}, '2026-01-01', 'x', ${Object.values(values).map((v) => (typeof v === 'string' ? `'${v}'` : v))})`;
    const done = { status: 'final', resulted_at: '2026-01-02', unit: 'g/L', low: 10, high: 20 };
    await lets(insert({ ...done, value: 15, flag: 'normal' }));
    await lets(insert({ ...done, value: 25, flag: 'critical_high' }));
    await lets(insert({ status: 'ordered' }));
    for (const wrong of [{ status: 'ordered', value: 1, unit: 'g/L' }, { status: 'final' }, { status: 'final', resulted_at: '2026-01-02' }, { ...done, value: 15, flag: 'high' }, { ...done, value: 5, flag: 'normal' },
      { status: 'final', resulted_at: '2025-12-31', value_text: 'negative' }, { ...done, value: 15, low: 30 }, { status: 'final', resulted_at: '2026-01-02', value: 1 }]) {
      await refuses(insert(wrong), /violates check constraint/);
    }
    await refuses(`INSERT INTO lab_range (lab_test_id, low, age_from, age_to, sex) VALUES (1, 1, 20, 30, 'male')`, /exclusion constraint/);
  });
});

describe('what holds now', () => {
  test('the latest of each kind', async () => {
    const { latestObservations } = await patient('latestObservations { kind value secondValue unit }', owner());
    const rows = await db.query(`SELECT DISTINCT ON (kind) kind, value FROM observation WHERE patient_id = ${sick.id} ORDER BY kind, observed_at DESC, id DESC`);
    assert.ok(rows.length > 3);
    assert.deepEqual(latestObservations.map(({ kind, value }) => [kind, value]), rows.map(({ kind, value }) => [kind.toUpperCase(), value]));
  });

  test('medicines of today, not those that ended or have not begun', async () => {
    await db.execute(`DELETE FROM medication_statement WHERE patient_id = ${sick.id}; INSERT INTO medication_statement (patient_id, origin, name, started_on, ended_on)
      SELECT ${sick.id}, 'reported', n, d.today + a, d.today + b FROM (SELECT (now() AT TIME ZONE INTERVAL '5 hours')::date AS today) d,
        (VALUES ('goes on', -9, NULL::int), ('last day', -10, 0), ('over', -20, -1), ('to come', 1, NULL)) v (n, a, b)`);
    const { medicinesNow } = await patient('medicinesNow { name origin }', owner());
    assert.deepEqual(medicinesNow.map(({ name }) => name), ['goes on', 'last day']);
  });

  test('a measurement has its unit, and a value that somebody can have', async () => {
    const insert = (kind, value, unit, more = {}) => `INSERT INTO observation (patient_id, observed_at, kind, value, unit${Object.keys(more).map((key) => `, ${key}`).join('')})
      VALUES (${sick.id}, now(), '${kind}', ${value}, '${unit}'${Object.values(more).map((v) => `, ${v}`).join('')})`;
    await lets(insert('weight', 70, 'kg'));
    await lets(insert('blood_pressure', 120, 'mm[Hg]', { second_value: 80 }));
    await refuses(insert('weight', 70, 'g'), /it is measured in kg, between/);
    await refuses(insert('weight', 70000, 'kg'), /70000 kg is no weight/);
    await refuses(insert('blood_pressure', 120, 'mm[Hg]'), /check constraint/);
    await refuses(insert('blood_pressure', 120, 'mm[Hg]', { second_value: 130 }), /check constraint/);
    await refuses(insert('pulse', 70, '/min', { origin: `'remote_monitoring'` }), /check constraint/);
  });

  test('one pregnancy goes on at a time; one that ended has an outcome', async () => {
    const insert = (more, values) => `INSERT INTO pregnancy (patient_id, noted_on${more}) VALUES (${sick.id}, '2026-01-01'${values})`;
    await db.execute(`DELETE FROM pregnancy WHERE patient_id = ${sick.id}`);
    await lets(`${insert('', '')}; ${insert(', status, ended_on, outcome', `, 'ended', '2026-02-01', 'miscarriage'`)}`);
    await refuses(`${insert('', '')}; ${insert('', '')}`, /pregnancy_one/);
    await refuses(insert(', status, ended_on', `, 'ended', '2026-02-01'`), /check constraint/);
  });
});

describe('findings of models', () => {
  test('preliminary until a clinician has looked; only a confirmed one has a diagnosis; no score for the patient', async () => {
    const diagnosis = await one(`SELECT id FROM condition WHERE patient_id = ${sick.id} ORDER BY id LIMIT 1`);
    await db.execute(`INSERT INTO diagnostic_report (patient_id, id, performed_at, modality, status, name, image_ref) VALUES (${sick.id}, 77, now(), 'fluorography', 'registered', 'chest', 'secret-image')`);
    // As another system reports them: here a finding is added first and signed later (results-mutations.test.mjs).
    const insert = (more = {}) => `INSERT INTO ai_finding (source_id, patient_id, report_id, found_at, model, model_version, label, score${Object.keys(more).map((key) => `, ${key}`).join('')})
      VALUES (2, ${sick.id}, 77, '2026-10-01', 'm', '1', 'nodule', 91${Object.values(more).map((v) => `, ${v}`).join('')})`;
    const looked = { confirmed_by: doctor.id, confirmed_at: 'now()' };
    await lets(insert({ ...looked, status: `'confirmed'`, condition_id: diagnosis.id }));
    await lets(insert({ ...looked, status: `'rejected'` }));
    for (const wrong of [{ status: `'confirmed'` }, { condition_id: diagnosis.id }, { ...looked, status: `'rejected'`, condition_id: diagnosis.id }, looked, { ...looked, status: `'confirmed'`, confirmed_at: `'2026-09-30'` }]) {
      await refuses(insert(wrong), /check constraint/);
    }
    await db.execute(insert());
    const fields = `diagnosticReports(first: 1) { nodes { name conclusion findings { status label notice(lang: EN) diagnosis { id } SCORE } } }`;
    const { diagnosticReports } = await patient(fields.replace('SCORE', ''), owner());
    assert.deepEqual(diagnosticReports.nodes, [{ name: 'chest', conclusion: null, findings: [{ status: 'PRELIMINARY', label: 'nodule', notice: 'Preliminary: no clinician has confirmed it, this is no diagnosis.', diagnosis: null }] }]);
    assert.equal((await patient(fields.replace('SCORE', 'score'), atWork())).diagnosticReports.nodes[0].findings[0].score, 91);
    const { data, errors } = await server.graphql(`query ($iin: ID!) { patient(iin: $iin) { ${fields.replace('SCORE', 'score')} } }`, { iin: sick.iin }, owner());
    assert.equal(errors[0].extensions.code, 'FORBIDDEN');
    assert.equal(data.patient.diagnosticReports.nodes[0].findings[0].score, null);
  });
});
