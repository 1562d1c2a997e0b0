// What an owner keeps from a doctor is not there for the doctor who writes either: every change that is given such an entry answers as for one that is not there, and what it makes
// is made as if it were not.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

let writing, database, person, doctor, ward, patient, hospital, laboratory, labTest, drug, day;
const asCitizen = () => ({ role: 'CITIZEN', sub: person.iin });
const own = (what) => writing.data(asCitizen(), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);

/** A row of the person that nobody wrote: its number, and the id by which its owner sees it. */
async function plant(table, list, columns, values) {
  const number = Number(await database.execute(`INSERT INTO ${table} (patient_id, ${columns}) VALUES (${person.id}, ${values}) RETURNING id`));
  const before = new Set(list.seen ?? []);
  const { [list.name]: { nodes } } = await own(`${list.name}(first: 50) { nodes { id } }`);
  list.seen = nodes.map(({ id }) => id);
  const fresh = list.seen.filter((id) => !before.has(id));
  assert.equal(fresh.length, 1, `${list.name}: ${fresh.length} are new`);
  return { table, number, id: fresh[0] };
}
/** What the lists have before anything is planted. */
async function listed(name) {
  return { name, seen: (await own(`${name}(first: 50) { nodes { id } }`))[name].nodes.map(({ id }) => id) };
}
const hide = ({ table, number }) => database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, item_id, made_by) VALUES (${person.id}, 'hide', '${table}', ${number}, '${person.iin}')`);
const show = () => database.execute(`UPDATE access_rule SET revoked_at = clock_timestamp(), revoked_by = made_by WHERE patient_id = ${person.id} AND revoked_at IS NULL`);
const remove = ({ table, number }) => database.execute(`DELETE FROM ${table} WHERE patient_id = ${person.id} AND id = ${number}`);

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0', '--rights-seconds', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  day = await database.value("SELECT (kz_today() + 3)::text");
  [person] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND p.birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 1`);
  await database.execute(`DELETE FROM hospitalization WHERE patient_id = ${person.id}; DELETE FROM hospital_referral WHERE patient_id = ${person.id}`);
  doctor = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  [ward] = await database.query(`SELECT c.id, c.bin, c.name, m.iin, m.id AS doctor_id FROM clinic c JOIN practitioner_role j ON j.clinic_id = c.id AND j.role = 'hospital_doctor' AND j.valid_to IS NULL
    JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL WHERE c.active AND c.kind = 'hospital' ORDER BY c.id, m.id LIMIT 1`);
  patient = (await own('id')).id;
  const clinicId = async (name) => (await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name(lang: KK) } }', { text: name })).searchClinics.find((one) => one.name === name).id;
  hospital = await clinicId(ward.name);
  laboratory = await database.query(`SELECT id, name FROM clinic WHERE kind = 'laboratory' AND active ORDER BY id LIMIT 1`).then(([one]) => one);
  laboratory.gid = await clinicId(laboratory.name);
  const [product] = await database.query(`SELECT name, atc FROM drug WHERE atc = 'C08CA01' ORDER BY id LIMIT 1`);
  drug = (await writing.data(null, 'query ($text: String!) { searchDrugs(text: $text) { id atc } }', { text: product.name })).searchDrugs.find(({ atc }) => atc === product.atc).id;
  await database.execute(`UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${person.id}; UPDATE medication_statement SET ended_on = started_on WHERE patient_id = ${person.id};
    UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${person.id}; UPDATE condition SET clinical_status = 'resolved' WHERE patient_id = ${person.id}`);
});
after(() => writing?.stop());

describe('an entry that a change is given', () => {
  const CASES = {
    prescribe: { list: 'diagnoses', row: ['condition', 'recorded_on, icd10, name', "kz_today(), 'I10', 'x'"], who: () => doctor, variables: () => ({ patient, drug }),
      text: 'mutation ($id: ID!, $patient: ID!, $drug: ID!, $key: String!) { prescribe(patient: $patient, drug: $drug, quantity: 10, dose: "x", diagnosis: $id, idempotencyKey: $key) { __typename } }' },
    closeEncounter: { list: 'visits', row: ['encounter', 'clinic_id, started_at, kind', () => `${person.clinic_id}, clock_timestamp(), 'visit'`], who: () => doctor,
      text: 'mutation ($id: ID!, $key: String!) { closeEncounter(visit: $id, icd10: "I10", idempotencyKey: $key) { __typename } }' },
    confirmVisitByCode: { list: 'visits', row: ['encounter', 'clinic_id, started_at, kind', () => `${person.clinic_id}, clock_timestamp(), 'visit'`], who: () => doctor,
      text: 'mutation ($id: ID!, $key: String!) { confirmVisitByCode(visit: $id, code: "123456", idempotencyKey: $key) { id } }' },
    cancelAppointment: { list: 'appointments', row: ['appointment', 'practitioner_id, clinic_id, starts_at', () => `${ward.doctor_id}, ${ward.id}, clock_timestamp() + INTERVAL '40 days'`], who: () => doctor,
      text: 'mutation ($id: ID!, $key: String!) { cancelAppointment(appointment: $id, idempotencyKey: $key) { __typename } }' },
    decideReferral: { list: 'hospitalReferrals', row: ['hospital_referral', 'from_clinic_id, to_clinic_id, referred_on, icd10, sheet_number', () => `${person.clinic_id}, ${person.clinic_id}, kz_today(), 'I20.8', 'WITHHELD' || clock_timestamp()`],
      who: () => ({ role: 'DOCTOR', sub: ward.iin, org: ward.bin }), variables: () => ({ day }),
      text: 'mutation ($id: ID!, $day: Date, $key: String!) { decideReferral(referral: $id, plannedOn: $day, idempotencyKey: $key) { id } }' },
    admit: { list: 'hospitalReferrals', row: ['hospital_referral', 'from_clinic_id, to_clinic_id, referred_on, icd10, sheet_number', () => `${person.clinic_id}, ${person.clinic_id}, kz_today(), 'I20.8', 'WITHHELD' || clock_timestamp()`],
      who: () => ({ role: 'DOCTOR', sub: ward.iin, org: ward.bin }), variables: () => ({ patient }),
      text: 'mutation ($id: ID!, $patient: ID!, $key: String!) { admit(patient: $patient, referral: $id, department: "x", icd10: "I20.8", idempotencyKey: $key) { __typename } }' },
  };
  for (const [name, { list: of, row: [table, columns, values], who, variables = () => ({}), text }] of Object.entries(CASES)) {
    test(`${name}: hidden, it is refused like one that is not there`, async () => {
      const list = await listed(of), row = () => plant(table, list, columns, typeof values === 'function' ? values() : values);
      if (who().sub === ward.iin) { // somebody whom the hospital treats for another reason
        await database.execute(`INSERT INTO hospital_referral (patient_id, from_clinic_id, to_clinic_id, referred_on, icd10, sheet_number) VALUES (${person.id}, ${person.clinic_id}, ${ward.id}, kz_today(), 'K80.2', 'OTHER-${name}')`);
        list.seen = (await listed(of)).seen;
      }
      const hidden = await row(), gone = await row();
      const ask = ({ id }) => writing.ask(who(), text, { id, key: newKey(), ...variables() }).then(({ data, errors }) => [data, errors?.map(({ message, extensions }) => [message, extensions.code])]);
      const open = await ask(hidden);
      await hide(hidden);
      await remove(gone);
      const [answer, absent] = [await ask(hidden), await ask(gone)];
      assert.match(absent[1]?.[0][1] ?? '', /^(NOT_FOUND|FORBIDDEN)$/, JSON.stringify(absent));
      assert.deepEqual(answer, absent);
      assert.notDeepEqual(open, absent, 'the rule is what refuses');
      await show();
    });
  }
});

describe('what is made', () => {
  const counted = (table, where) => database.value(`SELECT count(*) FROM ${table} WHERE patient_id = ${person.id} AND superseded_by IS NULL AND ${where}`);
  const CASES = {
    addDiagnosis: { list: 'diagnoses', row: ['condition', 'recorded_on, icd10, name', "kz_today(), 'J45.9', 'x'"], where: "icd10 = 'J45.9' AND clinical_status = 'active'",
      text: 'mutation ($patient: ID!, $key: String!) { addDiagnosis(patient: $patient, icd10: "J45.9", idempotencyKey: $key) { id } }', variables: () => ({ patient }) },
    recordAllergy: { list: 'allergies', row: ['allergy', 'noted_on, substance, criticality', "kz_today(), 'Бал', 'high'"], where: "substance = 'Бал' AND record_status = 'active'",
      text: 'mutation ($patient: ID!, $key: String!) { recordAllergy(patient: $patient, substance: "Бал", criticality: LOW, idempotencyKey: $key) { id } }', variables: () => ({ patient }) },
    orderLabTest: { list: 'labResults', row: ['lab_result', 'lab_test_id, clinic_id, ordered_at, status, loinc, name, order_number', () => `${labTest.id}, ${laboratory.id}, now(), 'ordered', '${labTest.loinc}', 'x', 'WITHHELD'`], where: "status = 'ordered'",
      text: 'mutation ($patient: ID!, $test: ID!, $laboratory: ID!, $key: String!) { orderLabTest(patient: $patient, test: $test, laboratory: $laboratory, idempotencyKey: $key) { id } }',
      variables: () => ({ patient, test: labTest.gid, laboratory: laboratory.gid }) },
    referToHospital: { list: 'hospitalReferrals', row: ['hospital_referral', 'from_clinic_id, to_clinic_id, referred_on, icd10, sheet_number', () => `${person.clinic_id}, ${ward.id}, kz_today(), 'N20.0', 'WITHHELD'`], where: "icd10 = 'N20.0'",
      text: 'mutation ($patient: ID!, $hospital: ID!, $key: String!) { referToHospital(patient: $patient, hospital: $hospital, icd10: "N20.0", idempotencyKey: $key) { id } }', variables: () => ({ patient, hospital }), again: 'CONFLICT' },
  };
  for (const [name, { list: of, row: [table, columns, values], where, text, variables, again }] of Object.entries(CASES)) {
    test(`${name}: what is hidden stands in no way, and what the doctor made himself does`, async () => {
      if (name === 'orderLabTest') {
        [labTest] = await database.query('SELECT id, loinc, name_kk FROM lab_test ORDER BY id LIMIT 1');
        labTest.gid = (await writing.data(asCitizen(), 'query ($loinc: String!) { labTest(by: { loinc: $loinc }) { id } }', { loinc: labTest.loinc })).labTest.id;
      }
      const old = await plant(table, await listed(of), columns, typeof values === 'function' ? values() : values), before = await counted(table, where);
      const ask = () => writing.ask(doctor, text, { key: newKey(), ...variables() });
      await hide(old);
      const { data: { [name]: made }, errors } = await ask();
      assert.equal(errors, undefined, JSON.stringify(errors));
      assert.ok(made?.id && made.id !== old.id, 'a new one, which the doctor sees');
      assert.equal(await counted(table, where), before + 1);
      const second = await ask();
      if (again) assert.equal(second.errors[0].extensions.code, again);
      else assert.deepEqual(second.data[name], made, 'it is there now');
      assert.equal(await counted(table, where), before + 1);
      await show();
    });
  }
});
