// Who has a right to whose passport, and what owners and clinicians do about it: db/functions through psql, as the role that the server
// connects with. Each rule once, at its edges; where two may come at once, at once. And that this role changes no row by itself.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Database } from './lib/psql.mjs';
import { BINARY, TOP, must, run } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';

let db; // the owner
let server; // the server's role

const iin = (n) => { // a number with a right check digit for each n
  for (let serial = n; ; serial += 1000) {
    const body = String(80010130000 + serial);
    const sums = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]].map((w) => [...body].reduce((sum, d, i) => sum + d * w[i], 0) % 11);
    const digit = sums[0] < 10 ? sums[0] : sums[1];
    if (digit < 10) return `${body}${digit}`;
  }
};
const [ADULT, OTHER, MOTHER, CHILD, TEEN, GROWN, DEAD] = [1, 2, 3, 4, 5, 6, 7];
const [GP, GP2, NURSE, NURSE2, SURGEON, CREW, CREW2, MANAGER] = [11, 12, 13, 14, 15, 16, 17, 18];
const [POLYCLINIC, HOSPITAL, STATION, STATION2] = ['140140024187', '130140027833', '220140026190', '060140030015'];
const PHARMACY = '070140030344';
const LABORATORY = '990940001232';
const FUND = '160440007161';
const citizen = (id) => `CITIZEN/${iin(id)}/`;
const doctor = (id, at = POLYCLINIC) => `DOCTOR/${iin(id)}/${at}`;
const nurse = (id, at = POLYCLINIC) => `NURSE/${iin(id)}/${at}`;
const crew = (id, at = STATION) => `AMBULANCE/${iin(id)}/${at}`;
const pharmacist = (n = 40, at = PHARMACY) => `PHARMACIST/${iin(n)}/${at}`;
const today = `(now() AT TIME ZONE INTERVAL '5 hours')::date`;

before(async () => {
  db = await createDatabase({ empty: true });
  await must(BINARY, ['migrate', '--dir', path.join(TOP, 'db'), '--database', db.conninfo]);
  server = new Database(db.services, db.name, 'tolqujat_server');
  const patient = (id, birth, more = 'NULL, NULL, NULL') => `(${id}, '${iin(id)}', 'Адам ${id}', ${birth}, 'female', ${more})`;
  const role = (id, clinic, name, district = 'NULL', to = 'NULL') => `(${id}, ${clinic}, '${name}', ${district}, '2020-01-01', ${to})`;
  await db.execute(`
    INSERT INTO region (id, kato, name_kk, name_ru, name_en) VALUES (75, '750000000', 'Алматы', 'Алматы', 'Almaty');
    INSERT INTO clinic (id, region_id, bin, kind, name, address) VALUES (1, 75, '${POLYCLINIC}', 'polyclinic', 'Емхана', 'A'), (2, 75, '${HOSPITAL}', 'hospital', 'Аурухана', 'B'),
      (3, 75, '${STATION}', 'ambulance', 'Станса', 'C'), (4, 75, '${STATION2}', 'ambulance', 'Станса 2', 'D'), (5, 75, '${LABORATORY}', 'laboratory', 'Зертхана', 'F');
    INSERT INTO pharmacy (id, region_id, bin, name, address) VALUES (1, 75, '${PHARMACY}', 'Шипа', 'E');
    INSERT INTO practitioner (id, iin, full_name, specialty) SELECT id, iin, 'Маман', 'Маман' FROM unnest(ARRAY[${[GP, GP2, NURSE, NURSE2, SURGEON, CREW, CREW2, MANAGER]}],
      ARRAY[${[GP, GP2, NURSE, NURSE2, SURGEON, CREW, CREW2, MANAGER].map((id) => `'${iin(id)}'`)}]) t (id, iin);
    INSERT INTO practitioner_role (practitioner_id, clinic_id, role, district_number, valid_from, valid_to) VALUES ${[
    role(GP, 1, 'district_doctor', 1), role(GP2, 1, 'district_doctor', 2), role(NURSE, 1, 'nurse', 1), role(NURSE2, 1, 'nurse', 2), role(SURGEON, 2, 'hospital_doctor'),
    role(CREW, 3, 'paramedic'), role(CREW2, 4, 'paramedic'), role(GP2, 5, 'specialist'), role(MANAGER, 1, 'manager'), role(SURGEON, 1, 'specialist', 'NULL', `'2021-01-01'`)]};
    INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('I10', 'Г', 'Г', 'H');
    INSERT INTO drug (id, inn, name, atc, strength, form, pack_quantity, producer, registration_number) VALUES (1, 'А', 'Н', 'C08CA01', '5 мг', 'т', 30, 'П', 'R-1');
    INSERT INTO patient (id, iin, full_name, birth_date, sex, deceased_on, clinic_id, district_doctor_id) VALUES ${[
    patient(ADULT, `'1980-01-01'`), patient(OTHER, `'1980-01-01'`), patient(MOTHER, `'1985-01-01'`),
    patient(CHILD, `(${today} - INTERVAL '16 years')::date + 1`), patient(TEEN, `(${today} - INTERVAL '16 years')::date`), patient(GROWN, `(${today} - INTERVAL '18 years')::date`),
    patient(DEAD, `'1980-01-01'`, `${today} - 3, NULL, NULL`)]};
    INSERT INTO attachment (patient_id, clinic_id, district_doctor_id, attached_on) VALUES (${ADULT}, 1, ${GP}, '2020-01-01');`);
});
after(() => db?.drop());
// What a test adds goes after it: tables of rights, and what hangs on a patient.
beforeEach(() => db.execute(`TRUNCATE guardianship, ambulance_call, appointment, access_rule, emergency_grant, private.outbox, diary_entry, private.attempt,
  prescription, dispense, condition, dispensary_registration, hospital_referral, hospitalization, allergy, immunization, lab_result, observation CASCADE;
  UPDATE practitioner SET active = true; UPDATE pharmacy SET active = true`));

const rights = async (viewer, subject) => (await server.query(`SELECT * FROM access_rights('${viewer}', ${subject})`))[0];
const capacities = async (viewer, subject) => (await rights(viewer, subject))?.capacities ?? null;
const call = (sql) => server.query(`SELECT * FROM ${sql}`);
/** The rule that hides something, where that was acknowledged. */
const hide = (what, args) => call(`hide_${what}(${args}, acknowledge_risk => true)`).then(([made]) => call(`access_rule WHERE patient_id = ${made.patient_id} AND id = ${made.rule_id}`));
const refuses = (sql, code, pattern) => assert.rejects(server.execute(`\\set VERBOSITY verbose\nSELECT * FROM ${sql};`), (error) => {
  assert.match(error.message, new RegExp(`ERROR:  ${code}: `), error.message);
  assert.match(error.message, pattern);
  return true;
});
const add = (table, row) => db.execute(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.values(row)})`);

describe('who has a right', () => {
  test('nobody by default, whatever he says that he is', async () => {
    for (const viewer of [citizen(OTHER), doctor(GP2), nurse(NURSE2), doctor(SURGEON, HOSPITAL), crew(CREW), pharmacist(), `LABORATORY/${iin(GP)}/${POLYCLINIC}`,
      `CONTACT_CENTRE/${iin(GP)}/`, `MANAGER/${iin(MANAGER)}/${POLYCLINIC}`, `DOCTOR/${iin(MANAGER)}/${POLYCLINIC}`, `doctor/${iin(GP)}/${POLYCLINIC}`, '', '/', '//', 'DOCTOR', `DOCTOR//${POLYCLINIC}`]) {
      assert.equal(await capacities(viewer, ADULT), null, viewer);
    }
    assert.equal(await capacities(citizen(ADULT), 999), null);
    assert.equal(await capacities(doctor(GP), 999), null);
  });
  test('the owner, while he lives', async () => {
    assert.deepEqual(await rights(citizen(ADULT), ADULT), { capacities: 'OWNER', withheld: '', reason: null });
    assert.equal(await capacities(`DOCTOR/${iin(ADULT)}/`, ADULT), null);
    assert.equal(await capacities(citizen(DEAD), DEAD), null);
  });
  test('a guardian: all of a child under 16, less until 18, nothing after', async () => {
    for (const child of [CHILD, TEEN, GROWN]) await add('guardianship', { patient_id: child, guardian_id: MOTHER, kind: `'mother'`, valid_from: `'2010-01-01'` });
    assert.deepEqual(await Promise.all([CHILD, TEEN, GROWN].map((child) => capacities(citizen(MOTHER), child))), ['GUARDIAN', 'GUARDIAN_OF_TEENAGER', null]);
    assert.equal(await capacities(citizen(OTHER), CHILD), null);
    assert.equal(await capacities(citizen(CHILD), MOTHER), null);
    await db.execute(`UPDATE patient SET deceased_on = ${today} WHERE id = ${CHILD}`);
    assert.equal(await capacities(citizen(MOTHER), CHILD), null);
    await db.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${CHILD}; UPDATE guardianship SET valid_to = ${today}`);
    assert.equal(await capacities(citizen(MOTHER), CHILD), null, 'it ended today');
    await db.execute(`UPDATE guardianship SET valid_to = NULL, record_status = 'entered_in_error'`);
    assert.equal(await capacities(citizen(MOTHER), CHILD), null);
    await add('guardianship', { patient_id: CHILD, guardian_iin: `'${iin(50)}'`, kind: `'trustee'`, valid_from: today });
    assert.equal(await capacities(citizen(50), CHILD), 'GUARDIAN', 'without a passport');
  });
  test('the district: its doctor and its nurse, where they work, while they do', async () => {
    assert.equal(await capacities(doctor(GP), ADULT), 'DISTRICT_DOCTOR');
    assert.equal(await capacities(nurse(NURSE), ADULT), 'DISTRICT_NURSE');
    for (const viewer of [doctor(GP, HOSPITAL), doctor(GP, ''), nurse(GP), doctor(NURSE), nurse(NURSE2), doctor(GP2)]) assert.equal(await capacities(viewer, ADULT), null, viewer);
    await db.execute(`UPDATE practitioner SET active = false WHERE id = ${GP}`);
    assert.equal(await capacities(doctor(GP), ADULT), null);
    const after = async (change, viewer) => (await db.execute(`BEGIN; ${change}; SELECT coalesce((SELECT capacities FROM access_rights('${viewer}', ${ADULT})), 'none'); ROLLBACK;`)).split('\n').pop();
    assert.equal(await after(`UPDATE practitioner_role SET valid_to = ${today} WHERE practitioner_id = ${NURSE}`, nurse(NURSE)), 'none');
    assert.equal(await after(`UPDATE practitioner_role SET valid_to = ${today} + 1 WHERE practitioner_id = ${NURSE}`, nurse(NURSE)), 'DISTRICT_NURSE');
    assert.equal(await after(`UPDATE attachment SET detached_on = ${today}`, nurse(NURSE)), 'none');
    assert.equal(await after('UPDATE clinic SET active = false WHERE id = 1', nurse(NURSE)), 'none');
  });
  test('a treating doctor: by appointment, referral, stay, own prescription; each to its last day', async () => {
    const surgeon = doctor(SURGEON, HOSPITAL);
    const cases = [
      ['appointment', { practitioner_id: SURGEON, clinic_id: 2 }, [
        [{ starts_at: `now() + INTERVAL '30 days' - INTERVAL '1 minute'` }, true], [{ starts_at: `now() + INTERVAL '30 days 1 minute'` }, false],
        [{ starts_at: `now() - INTERVAL '30 days' + INTERVAL '1 minute'` }, true], [{ starts_at: `now() - INTERVAL '30 days 1 minute'` }, false],
        [{ starts_at: 'now()', status: `'cancelled'` }, false], [{ starts_at: 'now()', status: `'missed'` }, false], [{ starts_at: 'now()', clinic_id: 1 }, false],
        [{ starts_at: 'now()', practitioner_id: GP2 }, false], [{ starts_at: 'now()', record_status: `'entered_in_error'` }, false]]],
      // Stays and referrals as another system reports them: what is entered here goes its way from the beginning.
      ['hospital_referral', { source_rec: `'S1'`, from_clinic_id: 1, to_clinic_id: 2, icd10: `'I10'`, sheet_number: `'T1'`, referred_on: `${today} - 300` }, [
        [{}, true], [{ status: `'accepted'` }, true], [{ status: `'withdrawn'`, referred_on: today }, false],
        [{ status: `'admitted'`, referred_on: `${today} - 30` }, true], [{ status: `'admitted'`, referred_on: `${today} - 31` }, false], [{ to_clinic_id: 1 }, false], [{ from_clinic_id: 2, to_clinic_id: 1 }, true], [{ record_status: `'entered_in_error'` }, false],
        // A hospital that refused has nothing to do with the person any more, a day for a lost answer apart; who referred still treats.
        [{ status: `'refused'`, refusal: `'Х'`, referred_on: today }, false],
        ...[[23, true], [24, false]].map(([hours, yes]) => [{ status: `'refused'`, refusal: `'Х'`, refused_at: `now() - INTERVAL '${hours} hours'` }, yes]),
        ...[[29, true], [32, false]].map(([days, yes]) => [{ from_clinic_id: 2, to_clinic_id: 1, status: `'refused'`, refusal: `'Х'`, refused_at: `now() - INTERVAL '${days} days'` }, yes]),
        ...[[30, true], [31, false]].map(([days, yes]) => [{ from_clinic_id: 2, to_clinic_id: 1, status: `'refused'`, refusal: `'Х'`, referred_on: `${today} - ${days}` }, yes]),
        // Nobody ended it: a year after the day that is wished for, or else of the referral.
        ...[`'waiting'`, `'accepted'`].flatMap((status) => [[364, true], [365, false]].flatMap(([days, yes]) => [[{ status, referred_on: `${today} - ${days}` }, yes], [{ status, referred_on: `${today} - 700`, planned_on: `${today} - ${days}` }, yes]]))]],
      ['hospitalization', { source_rec: `'S2'`, clinic_id: 2, admitted_on: `${today} - 200`, department: `'Х'`, icd10_admission: `'I10'` }, [
        [{}, true], [{ clinic_id: 1 }, false], [{ admitted_on: `${today} - 364` }, true], [{ admitted_on: `${today} - 365` }, false], ...[[30, true], [31, false]].map(([days, yes]) => [{ discharged_on: `${today} - ${days}`, outcome: `'improved'`, icd10_discharge: `'I10'` }, yes])]],
      ['prescription', { drug_id: 1, prescriber_id: SURGEON, valid_to: `${today} + 30`, quantity: 1, number: `'R1'`, dose: `'1'` }, [
        [{ issued_on: `${today} - 90` }, true], [{ issued_on: `${today} - 91` }, false], [{ issued_on: today, status: `'cancelled'` }, false], [{ issued_on: today, prescriber_id: GP2 }, false]]],
    ];
    for (const [table, base, variants] of cases) {
      for (const [fields, yes] of variants) {
        await add(table, { patient_id: OTHER, ...base, ...fields });
        assert.equal(await capacities(surgeon, OTHER), yes ? 'TREATING_DOCTOR' : null, `${table} ${JSON.stringify(fields)}`);
        assert.equal(await capacities(`NURSE/${iin(SURGEON)}/${HOSPITAL}`, OTHER), null);
        await db.execute(`DELETE FROM ${table}`);
      }
    }
  });
  test('a nurse of the hospital: while the person lies there', async () => {
    const wardNurse = nurse(NURSE2, HOSPITAL), stay = { patient_id: OTHER, source_rec: `'S3'`, clinic_id: 2, admitted_on: `${today} - 2`, department: `'Х'`, icd10_admission: `'I10'` };
    const ended = { discharged_on: today, outcome: `'improved'`, icd10_discharge: `'I10'` };
    await add('practitioner_role', { practitioner_id: NURSE2, clinic_id: 2, role: `'nurse'`, valid_from: `'2020-01-01'` });
    for (const [fields, yes] of [[{}, true], [{ clinic_id: 3 }, false], [ended, false], [{ record_status: `'entered_in_error'` }, false], [{ record_status: `'disputed'` }, true],
      [{ admitted_on: `${today} - 364` }, true], [{ admitted_on: `${today} - 365` }, false]]) {
      await add('hospitalization', { ...stay, ...fields });
      assert.equal(await capacities(wardNurse, OTHER), yes ? 'TREATING_NURSE' : null, JSON.stringify(fields));
      for (const viewer of [nurse(NURSE), nurse(NURSE2), doctor(NURSE2, HOSPITAL)]) assert.equal(await capacities(viewer, OTHER), null, viewer);
      await db.execute('DELETE FROM hospitalization');
    }
    await db.execute(`DELETE FROM practitioner_role WHERE practitioner_id = ${NURSE2} AND clinic_id = 2`);
  });
  test('an ambulance: while a call of its station is open; the call is the reason', async () => {
    await add('ambulance_call', { patient_id: OTHER, clinic_id: 3, received_at: 'now()', category: 1, number: `'A-7'` });
    assert.deepEqual(await rights(crew(CREW), OTHER), { capacities: 'AMBULANCE', withheld: '', reason: 'A-7' });
    assert.equal(await capacities(crew(CREW2, STATION2), OTHER), null);
    assert.equal(await capacities(crew(CREW, STATION2), OTHER), null);
    assert.equal(await capacities(crew(GP, POLYCLINIC), OTHER), null);
    await db.execute(`UPDATE ambulance_call SET closed_at = now()`);
    assert.equal(await capacities(crew(CREW), OTHER), null);
  });
  test('a call that nobody closed gives nothing after two days', async () => {
    await add('ambulance_call', { patient_id: OTHER, clinic_id: 3, received_at: `now() - INTERVAL '47 hours 59 minutes'`, category: 1, number: `'A-8'` });
    assert.equal(await capacities(crew(CREW), OTHER), 'AMBULANCE');
    await db.execute(`UPDATE ambulance_call SET received_at = now() - INTERVAL '48 hours'`);
    assert.equal(await capacities(crew(CREW), OTHER), null);
    await db.execute(`BEGIN; UPDATE relation_bound SET lasts = '3 days' WHERE relation = 'ambulance_call'; COMMIT;`);
    assert.equal(await capacities(crew(CREW), OTHER), 'AMBULANCE', 'the bound is a row');
    await db.execute(`UPDATE relation_bound SET lasts = '48 hours' WHERE relation = 'ambulance_call'`);
  });
  test('a stay that goes on for years gives a right as long as the hospital measures something', async () => {
    const viewers = [doctor(SURGEON, HOSPITAL), nurse(NURSE2, HOSPITAL)], all = () => Promise.all(viewers.map((viewer) => capacities(viewer, OTHER)));
    await add('practitioner_role', { practitioner_id: NURSE2, clinic_id: 2, role: `'nurse'`, valid_from: `'2020-01-01'` });
    await add('hospitalization', { patient_id: OTHER, source_rec: `'S4'`, clinic_id: 2, admitted_on: `${today} - 1500`, department: `'Х'`, icd10_admission: `'I10'` });
    for (const [fields, yes] of [[{}, true], [{ observed_at: `now() - INTERVAL '365 days 1 minute'` }, false], [{ clinic_id: 1 }, false], [{ record_status: `'entered_in_error'` }, false], [{ observed_at: `now() + INTERVAL '1 day'` }, false]]) {
      assert.deepEqual(await all(), [null, null]);
      await add('observation', { patient_id: OTHER, clinic_id: 2, observed_at: `now() - INTERVAL '364 days'`, kind: `'temperature'`, value: 36.6, unit: `'Cel'`, ...fields });
      assert.deepEqual(await all(), yes ? ['TREATING_DOCTOR', 'TREATING_NURSE'] : [null, null], JSON.stringify(fields));
      await db.execute('DELETE FROM observation');
    }
    await db.execute(`DELETE FROM practitioner_role WHERE practitioner_id = ${NURSE2} AND clinic_id = 2`);
  });
  test('a laboratory: while an order waits, at most 90 days, and 30 days after a result', async () => {
    const laboratory = `LABORATORY/${iin(GP2)}/${LABORATORY}`, order = { patient_id: OTHER, clinic_id: 5, name: `'Х'`, ordered_at: 'now()', status: `'ordered'` };
    const resulted = (days) => ({ status: `'final'`, value_text: `'Х'`, ordered_at: `now() - INTERVAL '200 days'`, resulted_at: `now() - INTERVAL '${days} days'` });
    for (const [fields, yes] of [[{}, true], [{ clinic_id: 2 }, false], [{ ordered_at: `now() - INTERVAL '89 days'` }, true], [{ ordered_at: `now() - INTERVAL '90 days'` }, false], [{ status: `'cancelled'` }, false],
      [{ record_status: `'entered_in_error'` }, false], [resulted(29), true], [resulted(31), false], [{ ...resulted(29), status: `'preliminary'` }, true], [{ ...resulted(31), status: `'preliminary'` }, false],
      [{ ...resulted(31), status: `'preliminary'`, ordered_at: `now() - INTERVAL '89 days'` }, true]]) {
      await add('lab_result', { ...order, ...fields });
      assert.equal(await capacities(laboratory, OTHER), yes ? 'LABORATORY' : null, JSON.stringify(fields));
      await db.execute('DELETE FROM lab_result');
    }
    // Whoever wrote the order, under emergency access too: it has to be examined.
    await add('emergency_grant', { patient_id: OTHER, practitioner_id: SURGEON, clinic_id: 2, role: `'DOCTOR'`, valid_to: `now() + INTERVAL '1 hour'`, reason_code: `'unconscious'`, reason: `'brought without a word'` });
    await add('lab_result', { ...order, ordered_by: SURGEON, recorded_by: SURGEON });
    assert.equal(await capacities(laboratory, OTHER), 'LABORATORY');
  });
  test('what was written under emergency access stays so when somebody else corrects it', async () => {
    const surgeon = doctor(SURGEON, HOSPITAL), wardNurse = nurse(NURSE2, HOSPITAL);
    await add('practitioner_role', { practitioner_id: NURSE2, clinic_id: 2, role: `'nurse'`, valid_from: `'2020-01-01'` });
    await add('emergency_grant', { patient_id: OTHER, practitioner_id: SURGEON, clinic_id: 2, role: `'DOCTOR'`, valid_from: `now() - INTERVAL '72 hours'`, valid_to: `now() - INTERVAL '48 hours'`, reason_code: `'unconscious'`, reason: `'brought without a word'` });
    const stay = { patient_id: OTHER, clinic_id: 2, admitted_on: `${today} - 3`, department: `'Х'`, icd10_admission: `'I10'`, source_rec: `'E1'`, id: 1, recorded_by: SURGEON };
    const sheet = { patient_id: OTHER, from_clinic_id: 1, to_clinic_id: 2, icd10: `'I10'`, sheet_number: `'E'`, referred_on: `${today} - 3`, source_rec: `'E1'`, id: 1, recorded_by: SURGEON };
    for (const [table, row, day] of [['hospitalization', stay, 'admitted_on'], ['hospital_referral', sheet, 'referred_on']]) {
      const both = async () => [await capacities(surgeon, OTHER), await capacities(wardNurse, OTHER)];
      const given = ['TREATING_DOCTOR', table === 'hospitalization' ? 'TREATING_NURSE' : null];
      await add(table, row);
      assert.deepEqual(await both(), [null, null], table);
      // Two corrections, by somebody who opened nothing, one of them of the day too.
      for (const [version, more] of [[2, {}], [3, { [day]: `${today} - 1` }]]) {
        await db.execute(`BEGIN; UPDATE ${table} SET superseded_by = ${version} WHERE id = ${version - 1}; INSERT INTO ${table} (${Object.keys({ ...row, version })}) VALUES (${Object.values({ ...row, version, id: version, source_rec: `'E${version}'`, recorded_by: GP, ...more })}); COMMIT;`);
        assert.deepEqual(await both(), [null, null], `${table}, version ${version}`);
      }
      await db.execute(`UPDATE emergency_grant SET review = 'justified', reviewed_at = now(), reviewed_by = ${GP}`);
      assert.deepEqual(await both(), given, `${table}, justified`);
      await db.execute(`UPDATE emergency_grant SET review = 'waiting', reviewed_at = NULL, reviewed_by = NULL; DELETE FROM ${table}`);
      // Written by somebody else, and corrected under emergency access: that takes nothing from it.
      await db.execute(`BEGIN; INSERT INTO ${table} (${Object.keys({ ...row, superseded_by: 2 })}) VALUES (${Object.values({ ...row, recorded_by: GP, superseded_by: 2 })}); INSERT INTO ${table} (${Object.keys({ ...row, version: 2 })}) VALUES (${Object.values({ ...row, version: 2, id: 2, source_rec: `'E2'` })}); COMMIT;`);
      assert.deepEqual(await both(), given, `${table}, of another`);
      await db.execute(`DELETE FROM ${table}`);
    }
    await db.execute(`DELETE FROM practitioner_role WHERE practitioner_id = ${NURSE2} AND clinic_id = 2`);
  });
  test('the payer: everybody, for an organisation that pays, while it does; so the contact centre', async () => {
    const payer = `PAYER/${iin(60)}/${FUND}`, queue = (at) => `report_queue('CONTACT_CENTRE/${iin(60)}/${at}', NULL, NULL)`;
    await db.execute(`INSERT INTO national_office (role, bin, valid_from, name_kk, name_ru, name_en) VALUES ('PAYER', '${FUND}', '2020-01-01', 'Қ', 'Ф', 'F'), ('CONTACT_CENTRE', '${PHARMACY}', '2020-01-01', 'О', 'Ц', 'C')`);
    assert.equal(await capacities(payer, OTHER), 'PAYER');
    assert.equal(await capacities(payer, 999), null);
    for (const at of ['', '000000000000', POLYCLINIC, PHARMACY]) assert.equal(await capacities(`PAYER/${iin(60)}/${at}`, OTHER), null, at);
    assert.deepEqual(await call(queue(PHARMACY)), []);
    for (const at of ['', '000000000000', FUND]) await refuses(queue(at), 'TQ001', /Only the contact centre/);
    await db.execute(`UPDATE national_office SET valid_to = ${today}`);
    assert.equal(await capacities(payer, OTHER), null);
    await refuses(queue(PHARMACY), 'TQ001', /Only the contact centre/);
  });
  test('the dead keep their clinicians', async () => {
    await add('hospitalization', { patient_id: DEAD, clinic_id: 2, admitted_on: `${today} - 9`, department: `'Х'`, icd10_admission: `'I10'`, discharged_on: `${today} - 3`, outcome: `'died'`, icd10_discharge: `'I10'` });
    assert.equal(await capacities(doctor(SURGEON, HOSPITAL), DEAD), 'TREATING_DOCTOR');
  });
  test('who died sees nobody any more: neither a child nor a patient', async () => {
    await add('guardianship', { patient_id: CHILD, guardian_id: DEAD, kind: `'mother'`, valid_from: `'2010-01-01'` });
    await add('guardianship', { patient_id: CHILD, guardian_iin: `'${iin(OTHER)}'`, kind: `'trustee'`, valid_from: `'2010-01-01'` });
    assert.deepEqual([await capacities(citizen(DEAD), CHILD), await capacities(citizen(OTHER), CHILD)], [null, 'GUARDIAN']);
    await add('patient', { id: 90, iin: `'${iin(GP)}'`, full_name: `'Х'`, birth_date: `'1960-01-01'`, sex: `'male'` });
    await add('patient', { id: 91, iin: `'${iin(CREW)}'`, full_name: `'Х'`, birth_date: `'1960-01-01'`, sex: `'male'` });
    await add('patient', { id: 92, iin: `'${iin(MANAGER)}'`, full_name: `'Х'`, birth_date: `'1960-01-01'`, sex: `'male'` });
    await add('ambulance_call', { patient_id: OTHER, clinic_id: 3, received_at: 'now()', category: 1, number: `'A9'` });
    const all = async () => [await capacities(doctor(GP), ADULT), await capacities(crew(CREW), OTHER), await db.value(`SELECT count(*) FROM manager_scope('MANAGER/${iin(MANAGER)}/${POLYCLINIC}')`)];
    try {
      assert.deepEqual(await all(), ['DISTRICT_DOCTOR', 'AMBULANCE', 1]);
      await db.execute(`UPDATE patient SET deceased_on = ${today} WHERE id IN (${OTHER}, 90, 91, 92)`);
      assert.equal(await capacities(citizen(OTHER), CHILD), null);
      assert.deepEqual(await all(), [null, null, 0]);
      await refuses(`open_emergency_access('${doctor(GP)}', '${iin(MOTHER)}', 'other', 'Шұғыл жағдай болды')`, 'TQ001', /Only a doctor/);
    } finally {
      await db.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${OTHER}; DELETE FROM patient WHERE id IN (90, 91, 92)`);
    }
  });
  test('the viewer is data and nothing else', async () => {
    for (const viewer of [`DOCTOR/'' OR true --/x`, `CITIZEN/${iin(ADULT)}/' ; DROP TABLE patient; --`, 'Ж'.repeat(5000)]) {
      assert.ok([null, 'OWNER'].includes(await capacities(viewer.replaceAll(`'`, `''`), ADULT)));
    }
    assert.equal(await db.value('SELECT count(*) FROM patient'), 7);
  });
  test('for many at once it is one plan of index look-ups', async () => {
    for (const [rights, least] of [['access_rights', 12], ['access_rights_ambulance', 6], ['access_rights_citizen', 3]]) {
      const plan = await db.execute(`SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_memoize = off; SET plan_cache_mode = force_generic_plan;
        PREPARE p (text[], bigint[]) AS SELECT k.o, t.* FROM unnest($1, $2) WITH ORDINALITY k (k1, k2, o) CROSS JOIN LATERAL ${rights}(k.k1, k.k2) t;
        EXPLAIN (COSTS OFF) EXECUTE p ('{}', '{}');`);
      assert.doesNotMatch(plan, /Seq Scan|Hash|Sort|Function Scan on access/, plan);
      assert.ok(plan.match(/Index (Only )?Scan/g).length >= least, plan);
    }
  });
});

describe('break-glass', () => {
  const open = (viewer, whom = iin(OTHER), code = 'unconscious', reason = 'Ес-түссіз, туыстары жоқ') => `open_emergency_access('${viewer}', '${whom}', '${code}', '${reason}')`;

  test('opens what the clinician can not see, for a day, tells the patient, waits for review', async () => {
    const [grant] = await call(open(crew(CREW)));
    assert.deepEqual([grant.patient_id, grant.practitioner_id, grant.clinic_id, grant.role, grant.review, grant.told_at], [OTHER, CREW, 3, 'AMBULANCE', 'waiting', null]);
    assert.equal(Date.parse(grant.valid_to) - Date.parse(grant.valid_from), 86_400_000);
    assert.deepEqual(await rights(crew(CREW), OTHER), { capacities: 'BREAK_GLASS', withheld: '', reason: 'unconscious' });
    assert.equal(await db.value(`SELECT count(*) FROM private.outbox WHERE patient_id = ${OTHER} AND key LIKE '%/emergency_grant:${grant.id}/%' AND state = 'waiting'`), 2);
    for (const viewer of [crew(CREW2, STATION2), doctor(CREW, STATION), doctor(GP2)]) assert.equal(await capacities(viewer, OTHER), null, viewer);
    const [again] = await call(open(crew(CREW)));
    assert.equal(again.id, grant.id, 'what is in force is given back');
    await db.execute(`UPDATE emergency_grant SET valid_from = valid_from - INTERVAL '25 hours', valid_to = valid_to - INTERVAL '25 hours'`);
    assert.equal(await capacities(crew(CREW), OTHER), null, 'a day is over');
  });
  test('nobody has this IIN: no row, and it counts', async () => {
    assert.deepEqual(await call(open(doctor(GP2), iin(77))), []);
    assert.equal(await db.value(`SELECT count(*) FROM private.attempt WHERE kind = 'emergency' AND who = '${GP2}'`), 1);
  });
  test('who may not, or says why not', async () => {
    for (const viewer of [citizen(ADULT), pharmacist(), `PAYER/${iin(60)}/`, doctor(GP, HOSPITAL), `DOCTOR/${iin(MANAGER)}/${POLYCLINIC}`]) {
      await refuses(open(viewer), 'TQ001', /Only a doctor, a nurse or an ambulance crew/);
    }
    await refuses(open(doctor(GP), iin(OTHER), 'curious'), 'TQ003', /one of these reasons/);
    await refuses(open(doctor(GP), iin(OTHER), 'other', '   short   '), 'TQ003', /10 to 1000 characters/);
    await refuses(`open_emergency_access('${doctor(GP)}', '${iin(OTHER)}', 'other', NULL)`, 'TQ003', /reason in words/);
    await refuses(open(doctor(GP), '123456789012'), 'TQ003', /no IIN/);
    assert.equal(await db.value('SELECT count(*) FROM emergency_grant'), 0);
  });
  test('ten an hour, also when they come together, and others are not held back', async () => {
    const results = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => call(open(doctor(GP2), i % 2 ? iin(OTHER) : iin(100 + i)))));
    const failed = results.filter(({ status }) => status === 'rejected');
    assert.equal(failed.length, 6);
    for (const { reason } of failed) assert.match(reason.message, /10 times within the last hour/);
    assert.equal(await db.value('SELECT count(*) FROM emergency_grant'), 1);
    assert.equal((await call(open(doctor(GP)))).length, 1);
    await db.execute(`UPDATE private.attempt SET at = at - INTERVAL '61 minutes'`);
    assert.equal((await call(open(doctor(GP2)))).length, 1);
  });
});

describe('what an owner decides', () => {
  const hidden = async (viewer, subject = ADULT) => (await rights(viewer, subject)).withheld.split(' ').filter(Boolean).sort();
  const diagnosis = (id, more = {}) => add('condition', { patient_id: ADULT, id, icd10: `'I10'`, name: `'Г'`, recorded_on: `'2026-01-01'`, ...more });

  test('an entry, from a role, a person, an organisation, from all; and shown again at once', async () => {
    await diagnosis(1);
    for (const [target, doctorSees, nurseSees] of [[`from_role => 'NURSE'`, true, false], [`from_practitioner => ${GP}`, false, true], ['from_clinic => 1', false, false], ['from_role => NULL', false, false]]) {
      const [rule] = await hide('entry', `'${citizen(ADULT)}', 'condition', ${ADULT}, 1, ${target}`);
      assert.deepEqual(await hidden(doctor(GP)), doctorSees ? [] : ['condition:1'], target);
      assert.deepEqual(await hidden(nurse(NURSE)), nurseSees ? [] : ['condition:1'], target);
      assert.deepEqual(await hidden(citizen(ADULT)), []);
      const [same] = await hide('entry', `'${citizen(ADULT)}', 'condition', ${ADULT}, 1, ${target}`);
      assert.equal(same.id, rule.id, 'not made twice');
      const [shown] = await call(`show_again('${citizen(ADULT)}', ${ADULT}, ${rule.id})`);
      assert.ok(shown.revoked_at);
      assert.deepEqual(await hidden(nurse(NURSE)), []);
    }
  });
  test('who wrote it and break-glass still see; a kind is hidden with what is to come', async () => {
    await diagnosis(1, { recorded_by: GP });
    await diagnosis(2);
    await hide('kind', `'${citizen(ADULT)}', ${ADULT}, 'condition'`);
    await hide('kind', `'${citizen(ADULT)}', ${ADULT}, 'diary_entry'`);
    assert.deepEqual(await hidden(nurse(NURSE)), ['condition', 'diary_entry']);
    assert.deepEqual(await hidden(doctor(GP)), ['condition:2', 'diary_entry']);
    await call(`open_emergency_access('${nurse(NURSE)}', '${iin(ADULT)}', 'other', 'Шұғыл жағдай болды')`);
    assert.deepEqual(await hidden(nurse(NURSE)), ['diary_entry'], 'the diary it never opens');
  });
  test('emergency access opens no entry of the diary either that its owner hid', async () => {
    for (const id of [1, 2]) await add('diary_entry', { patient_id: ADULT, id, kind: `'wellbeing'`, noted_at: 'now()', note: `'Х'` });
    await diagnosis(3);
    await hide('entry', `'${citizen(ADULT)}', 'diary_entry', ${ADULT}, 1, from_role => 'DOCTOR'`);
    await hide('entry', `'${citizen(ADULT)}', 'condition', ${ADULT}, 3`);
    assert.deepEqual(await hidden(doctor(GP)), ['condition:3', 'diary_entry:1']);
    for (const viewer of [doctor(GP), nurse(NURSE)]) await call(`open_emergency_access('${viewer}', '${iin(ADULT)}', 'other', 'Шұғыл жағдай болды')`);
    assert.deepEqual([await hidden(doctor(GP)), await hidden(nurse(NURSE))], [['diary_entry:1'], []]);
  });
  test('what shows a hidden entry is hidden with it: later versions, pairs, registrations, dispenses', async () => {
    await db.execute(`BEGIN;
      INSERT INTO condition (patient_id, id, icd10, name, recorded_on, pair_id, superseded_by) VALUES (${ADULT}, 1, 'I10', 'Г', '2026-01-01', NULL, 2), (${ADULT}, 2, 'I10', 'Г', '2026-01-01', 3, NULL), (${ADULT}, 3, 'I10', 'Г', '2026-01-01', 2, NULL), (${ADULT}, 4, 'I10', 'Г', '2026-01-01', NULL, NULL);
      INSERT INTO dispensary_registration (patient_id, id, icd10, registered_on, group_number, condition_id) VALUES (${ADULT}, 5, 'I10', '2026-01-01', 3, 2);
      INSERT INTO prescription (patient_id, id, drug_id, prescriber_id, issued_on, valid_to, quantity, number, dose) VALUES (${ADULT}, 6, 1, ${GP2}, '2026-01-01', '2026-02-01', 1, 'R6', '1'), (${ADULT}, 7, 1, ${GP2}, '2026-01-01', '2026-02-01', 1, 'R7', '1');
      INSERT INTO dispense (patient_id, id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, dispensed_on, quantity) VALUES (${ADULT}, 8, 6, 1, 1, 1, 0, '2026-01-02', 1), (${ADULT}, 9, 7, 1, 1, 1, 0, '2026-01-02', 1);
      COMMIT;`);
    await hide('entry', `'${citizen(ADULT)}', 'condition', ${ADULT}, 1`);
    await hide('entry', `'${citizen(ADULT)}', 'prescription', ${ADULT}, 6`);
    const seen = ['condition:1', 'condition:2', 'condition:3', 'condition:4', 'dispensary_registration:5', 'dispense:8', 'prescription:6'];
    assert.deepEqual(await hidden(nurse(NURSE)), seen, 'the fourth names the same disease');
  });
  test('so are the referral that led to a hidden stay and the appointment kept by a hidden visit, and no other', async () => {
    await db.execute(`INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('J20', 'Б', 'Б', 'B'), ('J45', 'Д', 'Д', 'D') ON CONFLICT DO NOTHING; BEGIN;
      INSERT INTO hospital_referral (patient_id, id, from_clinic_id, to_clinic_id, icd10, sheet_number, referred_on, status, source_rec, superseded_by) VALUES
        (${ADULT}, 1, 1, 2, 'J20', 'E1', ${today} - 9, 'waiting', 'W1', 2), (${ADULT}, 2, 1, 2, 'J20', 'E1', ${today} - 9, 'admitted', 'W2', NULL), (${ADULT}, 3, 1, 2, 'J20', 'E3', ${today} - 99, 'admitted', 'W3', NULL);
      INSERT INTO hospitalization (patient_id, id, clinic_id, admitted_on, department, icd10_admission, referral_id, source_rec) VALUES (${ADULT}, 4, 2, ${today} - 5, 'Х', 'J20', 2, 'W4');
      INSERT INTO appointment (patient_id, id, practitioner_id, clinic_id, starts_at, status) VALUES (${ADULT}, 5, ${GP2}, 1, now() - INTERVAL '7 days', 'kept'), (${ADULT}, 6, ${GP2}, 1, now() - INTERVAL '2 days', 'kept');
      INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, appointment_id, started_at, kind, icd10) VALUES (${ADULT}, 7, 1, ${GP2}, 5, now() - INTERVAL '7 days', 'visit', 'J45');
      COMMIT;`);
    await hide('entry', `'${citizen(ADULT)}', 'hospitalization', ${ADULT}, 4, from_role => 'DOCTOR'`);
    await hide('entry', `'${citizen(ADULT)}', 'encounter', ${ADULT}, 7, from_role => 'DOCTOR'`);
    assert.deepEqual(await hidden(doctor(GP)), ['appointment:5', 'encounter:7', 'hospital_referral:1', 'hospital_referral:2', 'hospitalization:4']);
    assert.deepEqual(await hidden(doctor(GP2)), ['hospital_referral:1', 'hospital_referral:2', 'hospitalization:4'], 'his own he keeps');
    assert.deepEqual(await hidden(nurse(NURSE)), []);
    await db.execute('TRUNCATE encounter CASCADE');
  });
  test('more than a thousand entries are the whole kind', async () => {
    await db.execute(`INSERT INTO condition (patient_id, id, icd10, name, recorded_on, recorded_by) SELECT ${ADULT}, n, 'I10', 'Г', '2026-01-01', CASE n WHEN 1 THEN ${GP} END FROM generate_series(1, 1001) n`);
    await hide('kind', `'${citizen(ADULT)}', ${ADULT}, 'condition'`);
    assert.equal((await hidden(doctor(GP))).length, 1000);
    await diagnosis(1002);
    assert.deepEqual(await hidden(doctor(GP)), ['condition']);
  });
  test('a grant: from now to its end, to one practitioner, in the place of the last one; and revoked', async () => {
    const grant = (until, to = SURGEON, viewer = citizen(ADULT)) => `grant_access('${viewer}', ${ADULT}, ${to}, ${until})`;
    const [first] = await call(grant(`now() + INTERVAL '1 hour'`));
    assert.equal(await capacities(doctor(SURGEON, HOSPITAL), ADULT), 'GRANTEE');
    assert.equal(await capacities(doctor(GP2), ADULT), null);
    await db.execute(`UPDATE access_rule SET valid_from = now() - INTERVAL '2 hours', valid_to = now() - INTERVAL '1 hour'`);
    assert.equal(await capacities(doctor(SURGEON, HOSPITAL), ADULT), null, 'it ended');
    const [second] = await call(grant(`now() + INTERVAL '366 days'`));
    assert.equal(await db.value('SELECT count(*) FROM access_rule WHERE revoked_at IS NULL'), 1);
    assert.notEqual(first.id, second.id);
    await call(`revoke_access('${citizen(ADULT)}', ${ADULT}, ${second.id})`);
    assert.equal(await capacities(doctor(SURGEON, HOSPITAL), ADULT), null);
    for (const until of ['now()', `now() + INTERVAL '367 days'`, 'NULL']) await refuses(grant(until), 'TQ003', /within the next 366 days/);
    await refuses(grant(`now() + INTERVAL '1 hour'`, 999), 'TQ002', /no such practitioner/);
  });
  test('what a guardian granted ends with his power: the guardianship, the sixteenth birthday, a death', async () => {
    const surgeon = () => capacities(doctor(SURGEON, HOSPITAL), CHILD), ambulance = () => capacities(crew(CREW), CHILD);
    const grants = (viewer) => Promise.all([SURGEON, CREW].map((to) => call(`grant_access('${viewer}', ${CHILD}, ${to}, now() + INTERVAL '360 days')`)));
    await add('guardianship', { patient_id: CHILD, guardian_id: MOTHER, kind: `'mother'`, valid_from: `'2010-01-01'` });
    const [[made]] = await grants(citizen(MOTHER));
    assert.equal(Date.parse(made.valid_to), Date.parse(await db.value(`SELECT ((${today} + 1)::timestamp AT TIME ZONE INTERVAL '5 hours')`)), 'he is sixteen tomorrow');
    await db.execute(`UPDATE access_rule SET valid_to = now() + INTERVAL '360 days'`); // one from before that was so
    for (const [change, back] of [[`guardianship SET valid_to = ${today}`, 'guardianship SET valid_to = NULL'], [`guardianship SET record_status = 'entered_in_error'`, `guardianship SET record_status = 'active'`],
      [`patient SET birth_date = birth_date - 1 WHERE id = ${CHILD}`, `patient SET birth_date = birth_date + 1 WHERE id = ${CHILD}`],
      [`patient SET deceased_on = ${today} WHERE id = ${MOTHER}`, `patient SET deceased_on = NULL WHERE id = ${MOTHER}`]]) {
      assert.deepEqual([await surgeon(), await ambulance()], ['GRANTEE', 'GRANTEE'], change);
      await db.execute(`UPDATE ${change}`);
      assert.deepEqual([await surgeon(), await ambulance()], [null, null], change);
      await db.execute(`UPDATE ${back}`);
    }
    // The owner's own go on, of a child too.
    const [[own]] = await grants(citizen(CHILD));
    await db.execute('UPDATE guardianship SET valid_to = ' + today);
    assert.deepEqual([await surgeon(), await ambulance(), Date.parse(own.valid_to) > Date.now() + 359 * 86_400_000], ['GRANTEE', 'GRANTEE', true]);
  });
  test('the owner decides, or the guardian of a child; nobody else, and of nobody else', async () => {
    await diagnosis(1);
    const tries = (viewer, subject) => [`hide_entry('${viewer}', 'condition', ${subject}, 1)`, `hide_kind('${viewer}', ${subject}, 'condition')`, `show_again('${viewer}', ${subject}, 1)`,
      `grant_access('${viewer}', ${subject}, ${SURGEON}, now() + INTERVAL '1 hour')`, `revoke_access('${viewer}', ${subject}, 1)`, `new_pick_code('${viewer}', ${subject}, 1)`];
    await add('guardianship', { patient_id: CHILD, guardian_id: MOTHER, kind: `'mother'`, valid_from: `'2010-01-01'` });
    await add('guardianship', { patient_id: TEEN, guardian_id: MOTHER, kind: `'mother'`, valid_from: `'2010-01-01'` });
    for (const [viewer, subject] of [[citizen(OTHER), ADULT], [doctor(GP), ADULT], [citizen(ADULT), 999], [citizen(MOTHER), TEEN], [citizen(DEAD), DEAD]]) {
      for (const sql of tries(viewer, subject)) await refuses(sql, 'TQ001', /Only the owner of a passport/);
    }
    const [rule] = await hide('kind', `'${citizen(MOTHER)}', ${CHILD}, 'allergy'`);
    assert.equal(rule.made_by, iin(MOTHER));
    await refuses(`hide_entry('${citizen(ADULT)}', 'condition', ${ADULT}, 99)`, 'TQ002', /no such entry/);
    await refuses(`hide_entry('${citizen(ADULT)}', 'patient', ${ADULT}, 1)`, 'TQ002', /no such entry/);
    await refuses(`hide_entry('${citizen(ADULT)}', 'condition', ${ADULT}, 1, 'NURSE', ${GP}, acknowledge_risk => true)`, 'TQ003', /Name one of/);
    await refuses(`show_again('${citizen(ADULT)}', ${ADULT}, ${rule.id})`, 'TQ002', /no such rule/);
    await refuses(`revoke_access('${citizen(MOTHER)}', ${CHILD}, ${rule.id})`, 'TQ002', /no such grant/);
  });
  test('the same rule made by many at once is one', async () => {
    const rules = await Promise.all(Array.from({ length: 8 }, () => hide('kind', `'${citizen(ADULT)}', ${ADULT}, 'allergy'`)));
    assert.equal(new Set(rules.map(([{ id }]) => id)).size, 1);
  });
  test('a thousand rules are enough', async () => {
    await db.execute(`INSERT INTO access_rule (patient_id, kind, item_table, item_id, made_by) SELECT ${ADULT}, 'hide', 'condition', n, '${iin(ADULT)}' FROM generate_series(1, 1000) n`);
    await refuses(`hide_kind('${citizen(ADULT)}', ${ADULT}, 'allergy', acknowledge_risk => true)`, 'TQ004', /at most 1000 rules/);
    await refuses(`grant_access('${citizen(ADULT)}', ${ADULT}, ${SURGEON}, now() + INTERVAL '1 hour')`, 'TQ004', /at most 1000 rules/);
  });
});

describe('at the pharmacy', () => {
  const prescribe = (id, more = {}) => add('prescription', { patient_id: ADULT, id, drug_id: 1, prescriber_id: GP, issued_on: today, valid_to: `${today} + 30`, quantity: 1, number: `'R${id}'`, dose: `'1'`, ...more });
  const code = async (id) => (await server.query(`SELECT new_pick_code('${citizen(ADULT)}', ${ADULT}, ${id}) AS code`))[0].code;
  const fetch = (number, with_, viewer = pharmacist()) => call(`prescription_for_dispense('${viewer}', '${number}', '${with_}')`);
  const wrong = (right) => String((Number(right) + 1) % 1_000_000).padStart(6, '0');

  test('number and code give the prescription; the code is new each time and stands nowhere', async () => {
    await prescribe(1);
    const first = await code(1);
    assert.match(first, /^[0-9]{6}$/);
    assert.deepEqual((await fetch('R1', first)).map(({ id }) => id), [1]);
    const second = await code(1);
    if (second !== first) assert.deepEqual(await fetch('R1', first), []);
    assert.deepEqual((await fetch('R1', second)).map(({ id }) => id), [1]);
    assert.equal(await db.value(`SELECT count(*) FROM prescription p WHERE p::text LIKE '%${second}%'`), 0);
  });
  test('what can not be fetched, an unknown number and a wrong code look the same', async () => {
    await prescribe(1);
    const right = await code(1);
    assert.deepEqual(await fetch('R1', wrong(right)), []);
    assert.deepEqual(await fetch('R99', right), []);
    await prescribe(2);
    assert.deepEqual(await fetch('R2', right), [], 'it has no code');
    for (const change of [`valid_to = ${today} - 1, issued_on = ${today} - 2`, `status = 'cancelled'`, `record_status = 'entered_in_error'`]) {
      await db.execute(`DELETE FROM prescription; DELETE FROM private.attempt`);
      await prescribe(1);
      const one = await code(1);
      await db.execute(`UPDATE prescription SET ${change}`);
      assert.deepEqual(await fetch('R1', one), [], change);
    }
    await prescribe(3);
    const last = await code(3);
    await db.execute(`UPDATE prescription SET valid_to = ${today} WHERE id = 3`);
    assert.equal((await fetch('R3', last)).length, 1, 'its last day');
  });
  test('what is hidden from all, or from this pharmacist, is not there for him; and is again when it is shown', async () => {
    await prescribe(1);
    await prescribe(2);
    const right = await code(1), other = await code(2);
    for (const [target, viewer, sees] of [['NULL', pharmacist(), false], [GP2, pharmacist(GP2), false], [GP2, pharmacist(), true], [GP, pharmacist(GP), true /* he wrote it */]]) {
      const [rule] = await hide('entry', `'${citizen(ADULT)}', 'prescription', ${ADULT}, 1, from_practitioner => ${target}`);
      assert.equal((await fetch('R1', right, viewer)).length, sees ? 1 : 0, `${target} ${viewer}`);
      assert.equal((await fetch('R2', other, viewer)).length, 1);
      await call(`show_again('${citizen(ADULT)}', ${ADULT}, ${rule.id})`);
      assert.equal((await fetch('R1', right, viewer)).length, 1);
    }
    await hide('kind', `'${citizen(ADULT)}', ${ADULT}, 'prescription', from_role => 'DOCTOR'`);
    assert.equal((await fetch('R1', right)).length, 1);
    await hide('kind', `'${citizen(ADULT)}', ${ADULT}, 'prescription'`);
    assert.deepEqual(await fetch('R1', right), []);
    assert.equal(await db.value(`SELECT count(*) FROM private.attempt WHERE kind = 'prescription' AND who = 'R1'`), 3, 'as a wrong code it counts');
  });
  test('five wrong codes for a number, twenty for a pharmacist, in an hour, also at once', async () => {
    await prescribe(1);
    const right = await code(1);
    const results = await Promise.allSettled(Array.from({ length: 9 }, (_, i) => fetch('R1', wrong(right), pharmacist(40 + i))));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 5);
    await refuses(`prescription_for_dispense('${pharmacist(90)}', 'R1', '${right}')`, 'TQ005', /Too many wrong codes for this number/);
    for (let i = 0; i < 20; i++) assert.deepEqual(await fetch(`N${i}`, right, pharmacist(91)), []);
    await refuses(`prescription_for_dispense('${pharmacist(91)}', 'N20', '${right}')`, 'TQ005', /Too many wrong numbers/);
    await db.execute(`UPDATE private.attempt SET at = at - INTERVAL '61 minutes'`);
    assert.equal((await fetch('R1', right, pharmacist(91))).length, 1);
  });
  test('only a pharmacist of a pharmacy, with a code of six digits', async () => {
    for (const viewer of [doctor(GP), citizen(ADULT), pharmacist(40, POLYCLINIC), pharmacist(40, '')]) await refuses(`prescription_for_dispense('${viewer}', 'R1', '123456')`, 'TQ001', /Only a pharmacist/);
    await db.execute('UPDATE pharmacy SET active = false');
    await refuses(`prescription_for_dispense('${pharmacist()}', 'R1', '123456')`, 'TQ001', /Only a pharmacist/);
    await db.execute('UPDATE pharmacy SET active = true');
    for (const bad of ['12345', '1234567', '12345x', '']) await refuses(`prescription_for_dispense('${pharmacist()}', 'R1', '${bad}')`, 'TQ003', /six digits/);
    await refuses(`new_pick_code('${citizen(ADULT)}', ${ADULT}, 99)`, 'TQ002', /no such active prescription/);
  });
});

describe("the server's role", () => {
  test('changes no row, no table and no trigger by itself, and reads no secret', async () => {
    const tables = await db.query(`SELECT c.oid::regclass::text AS t, n.nspname = 'private' AS hidden, (SELECT quote_ident(attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum = 1) AS col
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'private') AND c.relkind IN ('r', 'p')`);
    assert.ok(tables.length > 25, `${tables.length} tables`);
    const log = /^access_(log|parts|chain)/;
    for (const { t, hidden, col } of tables) {
      const tries = [`UPDATE ${t} SET ${col} = ${col}`, `DELETE FROM ${t}`, `TRUNCATE ${t} CASCADE`, `ALTER TABLE ${t} ADD COLUMN more int`, `ALTER TABLE ${t} DISABLE TRIGGER ALL`, `DROP TABLE ${t} CASCADE`,
        `SELECT 1 FROM ${t} FOR UPDATE`, `CREATE TRIGGER bad BEFORE INSERT ON ${t} FOR EACH ROW EXECUTE FUNCTION attachment_follow()`, `CREATE INDEX ON ${t} (${col})`];
      if (!log.test(t)) tries.push(`INSERT INTO ${t} DEFAULT VALUES`);
      if (hidden) tries.push(`SELECT * FROM ${t}`);
      for (const sql of tries) await assert.rejects(server.execute(sql), /permission denied|must be owner/, sql);
      if (!hidden) await server.execute(`SELECT 1 FROM ${t} LIMIT 1`);
    }
  });
  test('is the one that the check of the schema says nothing of', async () => {
    const told = /may change or delete what is about persons.* tables=(\d+) first=/;
    const check = async ({ conninfo }) => {
      const { status, stderr } = await run(BINARY, ['check', '--schema', path.join(TOP, 'schema/passport.graphql'), '--database', conninfo]);
      assert.equal(status, 0, stderr);
      return told.exec(stderr)?.[1];
    };
    assert.equal(await check(server), undefined);
    const before = Number(await check(db));
    assert.ok(before > 30, `${before} tables`);
    await db.execute('GRANT DELETE ON allergy TO tolqujat_server');
    try {
      assert.equal(await check(server), '1');
    } finally {
      await db.execute('REVOKE DELETE ON allergy FROM tolqujat_server');
    }
  });
  test('makes nothing, becomes nobody, turns nothing off', async () => {
    for (const sql of ['CREATE TABLE mine (a int)', 'CREATE TEMP TABLE patient (a int)', 'CREATE SCHEMA mine', `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`, 'CREATE EXTENSION pgcrypto', 'SET ROLE tolqujat',
      'SET SESSION AUTHORIZATION postgres', `SET session_replication_role = replica`, 'GRANT SELECT ON patient TO PUBLIC; SELECT 1/(SELECT count(*)::int FROM pg_class WHERE false)', `ALTER FUNCTION access_rights(text, bigint) OWNER TO tolqujat_server`,
      `CREATE OR REPLACE FUNCTION access_rights(viewer text, subject bigint) RETURNS TABLE (capacities text, withheld text, reason text) LANGUAGE sql AS 'SELECT 1, 2, 3'`, 'ALTER ROLE tolqujat_server SUPERUSER']) {
      await assert.rejects(server.execute(sql), /permission denied|must be|no schema|division by zero/, sql);
    }
    for (const sql of [`hide_item('${citizen(ADULT)}', ${ADULT}, 'condition', NULL, NULL, NULL, NULL, NULL)`, `end_rule('${citizen(ADULT)}', ${ADULT}, 1, 'hide', 'x')`, `attempts_bound('a', 'b', 1, 'c')`, `pick_code_hash('R1', '123456')`]) {
      await assert.rejects(server.execute(`SELECT * FROM ${sql}`), /permission denied/, sql);
    }
  });
  test('nobody else gets in or may call anything; every function of the owner has a fixed path', async () => {
    assert.equal(await db.value(`SELECT count(*) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND proowner = 'tolqujat'::regrole AND has_function_privilege('public', oid, 'EXECUTE')`), 0);
    assert.equal(await db.value(`SELECT count(*) FROM pg_database WHERE datname = current_database() AND has_database_privilege('public', oid, 'CONNECT,TEMP')`), 0);
    assert.equal(await db.value(`SELECT count(*) FROM pg_proc p WHERE prosecdef AND pronamespace = 'public'::regnamespace AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)`), 0);
    assert.ok(await db.value(`SELECT count(*) FROM pg_proc p WHERE prosecdef AND pronamespace = 'public'::regnamespace`) >= 8);
  });
  test('what a later migration makes is readable, and migrate says it again', async () => {
    await db.execute(`CREATE TABLE later (id int); CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    await server.execute('SELECT * FROM later; SELECT later();');
    await db.execute('GRANT ALL ON later, patient TO tolqujat_server; GRANT USAGE ON SCHEMA private TO PUBLIC');
    await must(BINARY, ['migrate', '--dir', path.join(TOP, 'db'), '--database', db.conninfo]);
    for (const sql of ['INSERT INTO later VALUES (1)', 'DELETE FROM patient', 'SELECT * FROM private.secret']) await assert.rejects(server.execute(sql), /permission denied/);
    await db.execute('DROP TABLE later; DROP FUNCTION later()');
  });
});
