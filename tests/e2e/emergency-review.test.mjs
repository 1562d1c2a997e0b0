// The review of emergency access through the server: a manager of the organisation sees who opened what and why, not of whom; says whether it was justified; and the person reads that.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const LIST = 'query ($after: String) { emergencyReviews(after: $after) { number practitioner { fullName } reasonCode reason openedAt endsAt looks seen } }';
const REVIEW = `mutation ($number: String!, $justified: Boolean = false, $note: String = "Бөлімшеде мұндай науқас болған жоқ", $key: String!) {
  reviewEmergencyAccess(number: $number, justified: $justified, note: $note, idempotencyKey: $key) { number review endsAt } }`;
const OPEN = 'mutation ($iin: ID!) { openEmergencyAccess(iin: $iin, reasonCode: UNCONSCIOUS, reason: "Ес-түссіз, туыстары жоқ") { validFrom validTo } }';
const LOOK = 'query ($iin: ID!) { patient(iin: $iin) { fullName diagnoses(first: 1) { nodes { name } } } }';

let writing, database, people, doctor, manager, ward;
const list = (who, variables = {}) => writing.data(who, LIST, variables).then(({ emergencyReviews }) => emergencyReviews);
const codeOf = async (who, variables = {}) => (await writing.ask(who, LIST, variables)).errors?.[0].extensions.code;
const review = (variables, who = manager) => writing.data(who, REVIEW, { key: newKey(), ...variables }).then(({ reviewEmergencyAccess }) => reviewEmergencyAccess);
const refused = (who, variables, ...more) => writing.refused(who, REVIEW, { key: newKey(), ...variables }, ...more);
const own = ({ iin }) => writing.data({ role: 'CITIZEN', sub: iin }, '{ me { patient { emergencyAccess(first: 1) { nodes { review reviewNote validTo } } } } }').then(({ me }) => me.patient.emergencyAccess.nodes[0]);
const sees = async ({ iin }) => (await writing.data(doctor, LOOK, { iin })).patient?.fullName ?? null;

before(async () => {
  writing = await Writing.start();
  database = writing.database;
  [ward] = await database.query(`SELECT c.id, c.bin, m.iin, m.id AS doctor_id, m.full_name AS doctor FROM clinic c JOIN practitioner_role j ON j.clinic_id = c.id AND j.role = 'hospital_doctor' AND j.valid_to IS NULL
    JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL WHERE c.active AND c.kind = 'hospital' ORDER BY c.id, m.id LIMIT 1`);
  doctor = { role: 'DOCTOR', sub: ward.iin, org: ward.bin };
  const [other] = await database.query(`SELECT id, iin FROM practitioner WHERE active AND iin IS NOT NULL AND id <> ${ward.doctor_id} ORDER BY id LIMIT 1`);
  manager = { role: 'MANAGER', sub: other.iin, org: ward.bin };
  await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${other.id}, ${ward.id}, 'manager', '2020-01-01'), (${ward.doctor_id}, ${ward.id}, 'manager', '2020-01-01');
    DELETE FROM emergency_grant WHERE clinic_id = ${ward.id}`);
  people = await database.query(`SELECT p.id, p.iin, p.full_name AS name FROM patient p WHERE p.deceased_on IS NULL AND p.birth_date BETWEEN '1950-01-01' AND '1990-01-01'
    AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/${ward.iin}/${ward.bin}', p.id)) ORDER BY p.id LIMIT 2`);
});
after(() => writing?.stop());

test('what waits, oldest first: who, when, why, and what was looked at; nothing of the person', async () => {
  const opened = [];
  for (const person of people) {
    opened.push((await writing.data(doctor, OPEN, { iin: person.iin })).openEmergencyAccess);
    assert.equal(await sees(person), person.name);
  }
  const tasks = await list(manager);
  assert.deepEqual(tasks.map(({ practitioner, reasonCode, reason, openedAt, endsAt }) => [practitioner.fullName, reasonCode, reason, openedAt, endsAt]),
    opened.map(({ validFrom, validTo }) => [ward.doctor, 'UNCONSCIOUS', 'Ес-түссіз, туыстары жоқ', validFrom, validTo]));
  for (const { looks, seen } of tasks) assert.deepEqual([looks, seen], [2, 'Diagnosis EmergencyGrant Patient']);
  for (const { iin, name } of people) assert.ok(!JSON.stringify(tasks).includes(iin) && !JSON.stringify(tasks).includes(name));
  for (const { id } of people) { // who was shown why the passport was opened is on record with its owner
    assert.deepEqual(await database.query(`SELECT DISTINCT l.role, l.person, l.capacities, l.refused, p.parts FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.patient_id = ${id} AND l.role = 'MANAGER'`),
      [{ role: 'MANAGER', person: manager.sub, capacities: 'EMERGENCY_REVIEWER', refused: false, parts: 'EmergencyReviewTask(endsAt looks number openedAt practitioner reason reasonCode seen)' }]);
  }
  assert.deepEqual(await list(manager, { after: tasks[0].number }), tasks.slice(1));
  assert.equal(await codeOf(manager, { after: 'G' }), 'BAD_USER_INPUT');
});

test('whoever is no manager there neither sees nor reviews; whoever opened it does not review it', async () => {
  const [{ number }] = await list(manager);
  const elsewhere = await database.value(`SELECT bin FROM clinic WHERE kind = 'hospital' AND active AND bin <> '${ward.bin}' ORDER BY id LIMIT 1`);
  for (const who of [doctor, { role: 'CITIZEN', sub: people[0].iin }, { ...manager, sub: people[0].iin }, { ...manager, org: elsewhere }, { ...doctor, sub: manager.sub }]) {
    assert.equal(await codeOf(who), 'FORBIDDEN');
    await refused(who, { number }, 'FORBIDDEN');
  }
  await refused({ ...doctor, role: 'MANAGER' }, { number }, 'FORBIDDEN', /does not review it/);
  await refused(manager, { number: 'G0' }, 'NOT_FOUND', /of your organisation/);
  await refused(manager, { number, note: 'short' }, 'BAD_USER_INPUT', /10 to 1000/);
});

test('not justified: it ends at once, in both workers, and the person is told why; once', async () => {
  const [{ number }] = await list(manager), key = newKey();
  const done = await review({ number, key });
  assert.deepEqual([done.number, done.review], [number, 'UNJUSTIFIED']);
  for (let i = 0; i < 4; i++) {
    assert.equal(await sees(people[0]), null);
    assert.deepEqual(await own(people[0]), { review: 'UNJUSTIFIED', reviewNote: 'Бөлімшеде мұндай науқас болған жоқ', validTo: done.endsAt });
  }
  assert.deepEqual(await review({ number, key }), done);
  await refused(manager, { number }, 'CONFLICT', /reviewed already/);
  assert.equal(await database.value(`SELECT count(*) FROM private.outbox WHERE patient_id = ${people[0].id} AND kind = 'emergency_reviewed'`), 2);
  assert.deepEqual(await database.query(`SELECT operation, role, person FROM private.change_record WHERE operation = 'review_emergency_access'`), [{ operation: 'review_emergency_access', role: 'MANAGER', person: manager.sub }]);
});

test('who opened what was not justified opens that passport no more for a day; another does, and he opens others', async () => {
  const [person] = people;
  const colleague = { ...doctor, sub: manager.sub };
  const [outpatient] = await database.query(`SELECT id, bin FROM clinic WHERE active AND kind = 'polyclinic' ORDER BY id LIMIT 1`);
  await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) SELECT m.id, ${ward.id}, 'hospital_doctor', '2020-01-01' FROM practitioner m WHERE m.iin = '${manager.sub}';
    INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${ward.doctor_id}, ${outpatient.id}, 'specialist', '2020-01-01')`);
  for (const org of [doctor.org, outpatient.bin]) {
    await writing.refused({ ...doctor, org }, OPEN, { iin: person.iin }, 'CONFLICT', /another doctor, nurse or crew/);
  }
  assert.equal(await sees(person), null);
  assert.ok((await writing.data(colleague, OPEN, { iin: person.iin })).openEmergencyAccess.validTo);
  assert.ok((await writing.data(doctor, OPEN, { iin: people[1].iin })).openEmergencyAccess.validTo);
  await database.execute(`UPDATE emergency_grant SET valid_from = valid_from - INTERVAL '25 hours', valid_to = valid_to - INTERVAL '25 hours', reviewed_at = reviewed_at - INTERVAL '25 hours' WHERE review = 'unjustified'`);
  assert.ok((await writing.data(doctor, OPEN, { iin: person.iin })).openEmergencyAccess.validTo);
  await database.execute(`DELETE FROM emergency_grant WHERE patient_id = ${person.id}`);
});

test('justified, asked for by ten at once: one says so, and it goes on', async () => {
  const [{ number, endsAt }] = await list(manager);
  const answers = await Promise.all(Array.from({ length: 10 }, () => writing.ask(manager, REVIEW, { number, justified: true, note: 'Есірік жағдайда жеткізілді', key: newKey() })));
  assert.equal(answers.filter(({ data }) => data?.reviewEmergencyAccess?.review === 'JUSTIFIED').length, 1);
  assert.ok(answers.every(({ errors }) => !errors || errors[0].extensions.code === 'CONFLICT'), JSON.stringify(answers));
  assert.equal(await sees(people[1]), people[1].name);
  assert.deepEqual(await own(people[1]), { review: 'JUSTIFIED', reviewNote: 'Есірік жағдайда жеткізілді', validTo: endsAt });
  assert.deepEqual(await list(manager), []);
});
