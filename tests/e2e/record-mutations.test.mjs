// What patients say of their record and what doctors add to it, through the server: each rule with what it refuses, once for a key, and there at the next read.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const DISPUTE = 'mutation ($entry: ID!, $reason: DisputeReason = NOT_THERE, $text: String, $key: String!) { disputeRecord(entry: $entry, reason: $reason, text: $text, idempotencyKey: $key) { number reason status text channel } }';
const RATE = 'mutation ($visit: ID!, $score: Int!, $text: String, $key: String!) { rateDoctor(visit: $visit, score: $score, text: $text, idempotencyKey: $key) { id rating } }';
const ATTACH = 'mutation ($patient: ID!, $clinic: ID!, $doctor: ID, $key: String!) { attachPatient(patient: $patient, clinic: $clinic, doctor: $doctor, idempotencyKey: $key) { id attachedOn clinic { name } } }';
const DIAGNOSE = 'mutation ($patient: ID!, $icd10: String!, $manifestation: String, $name: String, $onset: Date, $key: String!) { addDiagnosis(patient: $patient, icd10: $icd10, manifestation: $manifestation, name: $name, onset: $onset, idempotencyKey: $key) { id icd10 name } }';
const ALLERGY = 'mutation ($patient: ID!, $substance: String!, $atc: String, $criticality: AllergyCriticality = HIGH, $reaction: String, $key: String!) { recordAllergy(patient: $patient, substance: $substance, atc: $atc, criticality: $criticality, reaction: $reaction, idempotencyKey: $key) { id substance criticality } }';

let writing, database, person, other, third, id, doctor;
const asCitizen = ({ iin } = person) => ({ role: 'CITIZEN', sub: iin });
const own = (what) => writing.data(asCitizen(), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);

/** A visit that was confirmed, an hour ago; its id. */
async function visit({ confirmed = true, ago = '1 hour', doctor: who = person.doctor_id, status = 'active' } = {}) {
  await database.execute(`INSERT INTO encounter (patient_id, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at, record_status)
    VALUES (${person.id}, ${person.clinic_id}, ${who}, now() - INTERVAL '${ago}', 'visit', '${confirmed ? 'sms' : 'none'}', ${confirmed ? 'now()' : 'NULL'}, '${status}')`);
  const number = await database.value(`SELECT max(id) FROM encounter WHERE patient_id = ${person.id}`);
  await database.execute(`UPDATE encounter SET started_at = started_at + INTERVAL '${number % 1000} milliseconds' WHERE patient_id = ${person.id} AND id = ${number}`);
  const { visits } = await writing.data(asCitizen(), '{ me { patient { visits(first: 50) { nodes { id startedAt } } } } }').then(({ me }) => me.patient);
  const [{ at }] = await database.query(`SELECT started_at AS at FROM encounter WHERE patient_id = ${person.id} AND id = ${number}`);
  return visits.nodes.find((one) => Date.parse(one.startedAt) === Date.parse(at)).id;
}

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  [person, other, third] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND (SELECT count(*) FROM attachment a WHERE a.patient_id = p.id) = 1
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 3`);
  doctor = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  id = (await own('id')).id;
});
after(() => writing?.stop());

describe('"I was not there"', () => {
  test('in one call: the visit is marked in both workers, the dispute is there, once', async () => {
    const entry = await visit(), variables = { entry, text: 'Ауруханада болған жоқпын', key: newKey() };
    const [first, ...more] = await Promise.all(Array.from({ length: 5 }, () => writing.data(asCitizen(), DISPUTE, variables).then((data) => data.disputeRecord)));
    assert.deepEqual(first, { number: first.number, reason: 'NOT_THERE', status: 'OPEN', text: variables.text, channel: 'APP' });
    for (const one of more) assert.deepEqual(one, first);
    for (let i = 0; i < 4; i++) {
      const { visits, disputes } = await own('visits(first: 50) { nodes { id recordStatus } } disputes(first: 50) { nodes { number } }');
      assert.equal(visits.nodes.find((one) => one.id === entry).recordStatus, 'DISPUTED');
      assert.equal(disputes.nodes.filter(({ number }) => number === first.number).length, 1);
    }
    await writing.refused(asCitizen(), DISPUTE, { ...variables, key: newKey() }, 'CONFLICT', /disputed already/);
    await writing.refused(asCitizen(), DISPUTE, { ...variables, text: 'x'.repeat(2001), key: newKey() }, 'BAD_USER_INPUT');
    for (const who of [asCitizen(other), doctor]) await writing.refused(who, DISPUTE, { entry, key: newKey() }, 'FORBIDDEN');
  });

  test('a reason is one that such an entry can have', async () => {
    const visited = await visit(), { diagnoses: { nodes: [{ id: diagnosis }] } } = await own('diagnoses(first: 1) { nodes { id } }');
    for (const [entry, reason] of [[visited, 'NOT_RECEIVED'], [diagnosis, 'NOT_THERE'], [diagnosis, 'NOT_RECEIVED']]) await writing.refused(asCitizen(), DISPUTE, { entry, reason, key: newKey() }, 'BAD_USER_INPUT', /choose another reason/);
  });

  test('any entry: diagnoses, prescriptions, vaccinations', async () => {
    const lists = await own('diagnoses(first: 1) { nodes { id } } prescriptions(first: 1) { nodes { id } } vaccinations(first: 1) { nodes { id } }');
    let n = 0;
    for (const { nodes: [entry] } of Object.values(lists)) {
      if (!entry) continue;
      n++;
      assert.equal((await writing.data(asCitizen(), DISPUTE, { entry: entry.id, reason: 'WRONG_PERSON', key: newKey() })).disputeRecord.reason, 'WRONG_PERSON');
      const { node } = await writing.data(asCitizen(), 'query ($id: ID!) { node(id: $id) { ... on ClinicalRecord { recordStatus } } }', { id: entry.id });
      assert.equal(node.recordStatus, 'DISPUTED');
    }
    assert.ok(n > 0);
    assert.equal((await writing.ask(asCitizen(), DISPUTE, { entry: id, key: newKey() })).errors[0].extensions.code, 'BAD_USER_INPUT', 'a patient is no entry');
  });
});

describe('marks for doctors', () => {
  test('of a confirmed visit, within a month, once; by whom it was', async () => {
    const good = await visit(), variables = { visit: good, score: 5, key: newKey() };
    assert.deepEqual((await writing.data(asCitizen(), RATE, variables)).rateDoctor, { id: good, rating: 5 });
    assert.deepEqual((await writing.data(asCitizen(), RATE, variables)).rateDoctor, { id: good, rating: 5 });
    await writing.refused(asCitizen(), RATE, { ...variables, score: 1, key: newKey() }, 'CONFLICT', /already/);
    await writing.refused(asCitizen(), RATE, { ...variables, score: 1 }, 'CONFLICT', /new key/);
    for (const [visit1, message] of [[await visit({ confirmed: false }), /confirmed/], [await visit({ ago: '31 days' }), /30 days/], [await visit({ status: 'disputed' }), /disputed/], [await visit({ doctor: 'NULL' }), /which doctor/]]) {
      await writing.refused(asCitizen(), RATE, { visit: visit1, score: 5, key: newKey() }, 'CONFLICT', message);
    }
    const next = await visit();
    for (const score of [0, 6, -1]) await writing.refused(asCitizen(), RATE, { visit: next, score, key: newKey() }, 'BAD_USER_INPUT');
    for (const who of [asCitizen(other), doctor]) await writing.refused(who, RATE, { visit: next, score: 5, key: newKey() }, 'FORBIDDEN');
    // A doctor who is the patient, by another number in the register of practitioners.
    const iin = await database.value(`SELECT iin FROM practitioner WHERE id = ${person.doctor_id}`);
    await database.execute(`UPDATE practitioner SET iin = NULL WHERE id = ${person.doctor_id}; UPDATE practitioner SET iin = '${person.iin}' WHERE id = ${person.doctor_id}`);
    await writing.refused(asCitizen(), RATE, { visit: next, score: 5, key: newKey() }, 'CONFLICT', /himself/);
    await database.execute(`UPDATE practitioner SET iin = '${iin}' WHERE id = ${person.doctor_id}`);
    const at = await Promise.all(Array.from({ length: 10 }, () => writing.ask(asCitizen(), RATE, { visit: next, score: 4, key: newKey() })));
    assert.equal(at.filter(({ errors }) => !errors).length, 1, 'one of ten at once');
    assert.equal(await database.value(`SELECT count(*) FROM rating WHERE patient_id = ${person.id}`), 2);
  });
});

test('another clinic: one open attachment, the patient follows, the old doctor sees no more; twice a year', async () => {
  const clinics = await database.query(`SELECT c.id, c.name, c.kind FROM clinic c WHERE c.active AND c.id <> ${person.clinic_id} AND (c.kind = 'polyclinic' OR c.kind = 'hospital') ORDER BY c.kind DESC, c.id`);
  const idOf = async ({ name }) => (await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name(lang: KK) } }', { text: name })).searchClinics.find((one) => one.name === name)?.id;
  const places = [];
  for (const one of clinics.filter(({ kind }) => kind === 'polyclinic').slice(0, 6)) places.push(await idOf(one));
  const [first, second, last] = places.filter(Boolean), hospital = await idOf(clinics.find(({ kind }) => kind === 'hospital'));
  await writing.refused(asCitizen(), ATTACH, { patient: id, clinic: hospital, key: newKey() }, 'CONFLICT', /polyclinic/);
  await writing.refused(asCitizen(), ATTACH, { patient: id, clinic: (await own('clinic { id }')).clinic.id, key: newKey() }, 'CONFLICT', /there already/);
  await writing.refused(asCitizen(), ATTACH, { patient: id, clinic: first, doctor: (await own('districtDoctor { id }')).districtDoctor.id, key: newKey() }, 'NOT_FOUND', /district doctor/);
  for (const who of [asCitizen(other), doctor]) await writing.refused(who, ATTACH, { patient: id, clinic: first, key: newKey() }, 'FORBIDDEN');
  // Nobody is one's own district doctor.
  const here = await own('clinic { id } districtDoctor { id }');
  await database.execute(`UPDATE practitioner SET iin = '${person.iin}' WHERE id = ${person.doctor_id}`);
  await writing.refused(asCitizen(), ATTACH, { patient: id, clinic: here.clinic.id, doctor: here.districtDoctor.id, key: newKey() }, 'CONFLICT', /one's own district doctor/);
  await database.execute(`UPDATE practitioner SET iin = '${person.doctor}' WHERE id = ${person.doctor_id}`);
  // Who names no doctor has the one with the fewest people.
  const target = clinics.filter(({ kind }) => kind === 'polyclinic')[places.indexOf(first)].id;
  const [fewest] = await database.query(`SELECT m.id, m.full_name FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id WHERE j.clinic_id = ${target} AND j.role = 'district_doctor' AND j.valid_to IS NULL
    ORDER BY (SELECT count(*) FROM patient p WHERE p.clinic_id = ${target} AND p.district_doctor_id = m.id), m.id LIMIT 1`);
  const variables = { patient: id, clinic: first, key: newKey() };
  const answers = await Promise.all(Array.from({ length: 5 }, () => writing.data(asCitizen(), ATTACH, variables)));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  for (let i = 0; i < 4; i++) {
    const now = await own('clinic { id } districtDoctor { fullName }');
    assert.deepEqual(now, { clinic: { id: first }, districtDoctor: { fullName: fewest.full_name } });
  }
  assert.equal(await database.value(`SELECT count(*) FROM attachment WHERE patient_id = ${person.id} AND detached_on IS NULL`), 1);
  assert.equal((await writing.data(asCitizen(), ATTACH, { ...variables, clinic: second, key: newKey() })).attachPatient.clinic.name.length > 0, true);
  await writing.refused(asCitizen(), ATTACH, { ...variables, clinic: last, key: newKey() }, 'CONFLICT', /2 times a year/);
  // The first attachment is no change, on whatever day it was.
  await database.execute(`UPDATE attachment SET attached_on = kz_today() WHERE patient_id = ${third.id}`);
  const { me: { patient: another } } = await writing.data(asCitizen(third), '{ me { patient { id clinic { id } } } }'), others = places.filter((place) => place && place !== another.clinic.id);
  for (const place of others.slice(0, 2)) await writing.data(asCitizen(third), ATTACH, { patient: another.id, clinic: place, key: newKey() });
  await writing.refused(asCitizen(third), ATTACH, { patient: another.id, clinic: others[2], key: newKey() }, 'CONFLICT', /2 times a year/);
  // Where no district doctor works nobody would have the person.
  await database.execute(`UPDATE practitioner_role SET valid_to = kz_today() WHERE clinic_id = ${target} AND role = 'district_doctor' AND valid_to IS NULL; DELETE FROM attachment WHERE patient_id = ${third.id} AND attached_on = kz_today() AND detached_on IS NOT NULL`);
  await writing.refused(asCitizen(third), ATTACH, { patient: another.id, clinic: first, key: newKey() }, 'CONFLICT', /No district doctor/);
});

describe('what doctors add', () => {
  const treating = () => ({ role: 'DOCTOR', sub: other.doctor, org: other.bin });
  let patient;
  before(async () => { patient = (await writing.data(asCitizen(other), '{ me { patient { id } } }')).me.patient.id; });

  test('a diagnosis: of a code that there is, once while it is active; a dagger with its asterisk', async () => {
    const [{ dagger, asterisk }] = await database.query(`SELECT (SELECT min(code) FROM icd10 WHERE mark = '+') AS dagger, (SELECT min(code) FROM icd10 WHERE mark = '*') AS asterisk`);
    const ask = (variables, who = treating()) => writing.data(who, DIAGNOSE, { patient, key: newKey(), ...variables }).then((data) => data.addDiagnosis);
    await database.execute(`UPDATE condition SET clinical_status = 'resolved' WHERE patient_id = ${other.id}`);
    const made = await ask({ icd10: 'J45.9', onset: '2020-01-02' });
    assert.equal(made.icd10, 'J45.9');
    assert.ok(made.name.length > 3);
    assert.deepEqual(await ask({ icd10: 'J45.9', name: 'тағы' }), made, 'active already');
    for (let i = 0; i < 4; i++) assert.equal((await writing.data(asCitizen(other), '{ me { patient { diagnoses(first: 1) { nodes { id } } } } }')).me.patient.diagnoses.nodes[0].id, made.id);
    const pair = await ask({ icd10: dagger, manifestation: asterisk });
    assert.deepEqual(await database.query(`SELECT c.icd10, o.icd10 AS pair, o.pair_id = c.id AS back FROM condition c JOIN condition o ON o.patient_id = c.patient_id AND o.id = c.pair_id WHERE c.patient_id = ${other.id} AND c.icd10 = '${dagger}' AND c.clinical_status = 'active'`),
      [{ icd10: dagger, pair: asterisk, back: true }]);
    assert.equal(pair.icd10, dagger);
    for (const wrong of [{ icd10: 'Z99.99' }, { icd10: 'nonsense' }, { icd10: dagger }, { icd10: asterisk }, { icd10: 'J45.9', manifestation: asterisk }, { icd10: dagger, manifestation: 'J45.9' }, { icd10: 'J45.9', onset: '2999-01-01' }, { icd10: 'J45.9', onset: '1800-01-01' }]) {
      await writing.refused(treating(), DIAGNOSE, { patient, key: newKey(), ...wrong }, 'BAD_USER_INPUT');
    }
    for (const who of [asCitizen(other), doctor.sub === other.doctor ? asCitizen() : doctor, { ...treating(), role: 'NURSE' }]) await writing.refused(who, DIAGNOSE, { patient, icd10: 'J45.9', key: newKey() }, 'FORBIDDEN');
  });

  test('an allergy: once for a substance or group; the patient hears of it where a medicine of today may set it off', async () => {
    await database.execute(`UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${other.id}`);
    const ask = (variables) => writing.data(treating(), ALLERGY, { patient, substance: 'Пенициллиндер', atc: 'J01C', key: newKey(), ...variables }).then((data) => data.recordAllergy);
    const made = await ask({ reaction: 'Есекжем' });
    assert.deepEqual(made, { id: made.id, substance: 'Пенициллиндер', criticality: 'HIGH' });
    assert.deepEqual(await ask({ substance: 'пенициллины', criticality: 'LOW' }), made, 'the same group');
    assert.deepEqual(await ask({ substance: 'ПЕНИЦИЛЛИНДЕР', atc: null }), made, 'the same name');
    assert.equal(await database.value(`SELECT count(*) FROM private.outbox WHERE kind = 'allergy_to_prescribed'`), 0);
    await database.execute(`INSERT INTO prescription (patient_id, drug_id, prescriber_id, issued_on, valid_to, quantity, number, dose) SELECT ${other.id}, min(id), ${other.doctor_id}, kz_today(), kz_today() + 9, 10, 'REC-1', 'x' FROM drug WHERE atc = 'C09AA03'`);
    await ask({ substance: 'Лизиноприл', atc: 'C09AA03' });
    assert.equal(await database.value(`SELECT count(*) FROM private.outbox WHERE kind = 'allergy_to_prescribed'`), 2);
    for (const wrong of [{ substance: ' ' }, { atc: 'penicillin' }, { atc: 'J0' }]) await writing.refused(treating(), ALLERGY, { patient, substance: 'x', key: newKey(), ...wrong }, 'BAD_USER_INPUT');
    await writing.refused(asCitizen(other), ALLERGY, { patient, substance: 'x', key: newKey() }, 'FORBIDDEN');
  });
});
