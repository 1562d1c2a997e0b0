// Visits that begin, end and are confirmed, the diary, allergies taken back and passports registered, through the server: each rule with what it refuses.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const VISIT = 'id kind startedAt endedAt confirmedBy confirmedAt icd10 note reason version recordStatus';
const OPEN = `mutation ($patient: ID!, $kind: EncounterKind = VISIT, $reason: String, $key: String!) { openEncounter(patient: $patient, kind: $kind, reason: $reason, idempotencyKey: $key) { __typename
  ... on Refusal { message } ... on VisitOpened { visit { ${VISIT} appointment { id status } } } ... on PatientAtVisit { other { id } } ... on DoctorAtVisit { other { id } } ... on AlreadyInHospital { other { department } } } }`;
const CLOSE = `mutation ($visit: ID!, $icd10: String = "J45.9", $note: String, $key: String!) { closeEncounter(visit: $visit, icd10: $icd10, note: $note, idempotencyKey: $key) { __typename
  ... on Refusal { message } ... on VisitClosed { visit { ${VISIT} } } ... on VisitNotUnderWay { visit { id endedAt } } } }`;
const CONFIRM = `mutation ($visit: ID!, $key: String!) { confirmVisit(visit: $visit, idempotencyKey: $key) { ${VISIT} } }`;
const CODE = 'mutation ($visit: ID!) { newVisitCode(visit: $visit) }';
const BY_CODE = `mutation ($visit: ID!, $code: String!, $key: String!) { confirmVisitByCode(visit: $visit, code: $code, idempotencyKey: $key) { ${VISIT} } }`;
const RATE = 'mutation ($visit: ID!, $score: Int = 5, $key: String!) { rateDoctor(visit: $visit, score: $score, idempotencyKey: $key) { id rating } }';
const ALLERGY = 'mutation ($patient: ID!, $substance: String!, $atc: String, $key: String!) { recordAllergy(patient: $patient, substance: $substance, atc: $atc, criticality: HIGH, idempotencyKey: $key) { id } }';
const CERTIFICATE = 'mutation ($patient: ID!, $key: String!) { issueCertificate(patient: $patient, type: "health_state", idempotencyKey: $key) { number } }';
const PRESCRIBE = 'mutation ($patient: ID!, $drug: ID!, $key: String!) { prescribe(patient: $patient, drug: $drug, quantity: 10, dose: "x", idempotencyKey: $key) { __typename } }';
const REFUTE = 'mutation ($allergy: ID!, $reason: String = "Сынама теріс болды", $key: String!) { refuteAllergy(allergy: $allergy, reason: $reason, idempotencyKey: $key) { id recordStatus refutedBecause version earlierVersions { id recordStatus } } }';
const DIARY = `mutation ($patient: ID!, $kind: DiaryKind = BLOOD_PRESSURE, $at: DateTime, $value: Hundredths, $second: Hundredths, $note: String, $key: String!) {
  writeDiary(patient: $patient, kind: $kind, notedAt: $at, value: $value, secondValue: $second, note: $note, idempotencyKey: $key) { id kind value secondValue note } }`;
const REGISTER = `mutation ($iin: ID!, $name: String = "Сұлтанова Әсел", $born: Date = "2026-11-20", $phone: String, $key: String!) {
  registerPassport(iin: $iin, fullName: $name, birthDate: $born, sex: FEMALE, phone: $phone, idempotencyKey: $key) { id iin fullName clinic { id } } }`;

let writing, database, person, other, id, otherId, doctor, otherDoctor;
const asCitizen = ({ iin } = person) => ({ role: 'CITIZEN', sub: iin });
const mine = (who, what) => writing.data(asCitizen(who), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);
const told = (kind, channel) => database.query(`SELECT patient_id::int AS patient, practitioner_id::int AS practitioner, channel, payload FROM private.outbox WHERE kind = '${kind}' AND channel = '${channel}' ORDER BY id DESC`);
/** What both workers show, asked for a few times: the same. */
async function everywhere(what, look) {
  for (let i = 0; i < 4; i++) look(await mine(person, what));
}
const opening = (variables) => writing.data(doctor, OPEN, { patient: id, key: newKey(), ...variables }).then((data) => data.openEncounter);
const closing = (visit, variables) => writing.data(doctor, CLOSE, { visit: visit.id, key: newKey(), ...variables }).then((data) => data.closeEncounter);
const open = (variables) => opening(variables).then((answer) => (assert.equal(answer.__typename, 'VisitOpened'), answer.visit));
const close = (visit, variables) => closing(visit, variables).then((answer) => (assert.equal(answer.__typename, 'VisitClosed'), answer.visit));
const closed = async () => close(await open());

/** The id of a medicine of which this is so. */
async function drug(that) {
  const [{ name, atc }] = await database.query(`SELECT name, atc FROM drug WHERE ${that} ORDER BY id LIMIT 1`);
  return (await writing.data(null, 'query ($text: String!) { searchDrugs(text: $text) { id atc } }', { text: name })).searchDrugs.find((one) => one.atc === atc).id;
}
/** What a doctor writes of a patient, each with what it needs beside the patient and a key. */
async function OF_A_PATIENT() {
  await database.execute(`INSERT INTO prescription (patient_id, drug_id, prescriber_id, issued_on, valid_to, quantity, number, dose, dose_mg, doses_a_day) SELECT ${person.id}, min(id), ${other.doctor_id}, kz_today(), kz_today() + 9, 10, 'SELF-1', 'x', 5, 1 FROM drug WHERE atc = 'C08CA01' ON CONFLICT DO NOTHING`);
  const { prescriptions } = await mine(person, 'prescriptions(first: 50) { nodes { id number } }'), prescription = prescriptions.nodes.find(({ number }) => number === 'SELF-1').id;
  return [[OPEN, {}], [ALLERGY, { substance: 'Бал' }], [CERTIFICATE, {}], [PRESCRIBE, { drug: await drug("atc = 'C08CA01'") }],
    ['mutation ($patient: ID!, $key: String!) { addDiagnosis(patient: $patient, icd10: "E11.9", idempotencyKey: $key) { id } }', {}],
    ['mutation ($patient: ID!, $key: String!) { recordMeasurement(patient: $patient, kind: PULSE, value: 70, idempotencyKey: $key) { id } }', {}],
    [`mutation ($key: String!) { administerDose(prescription: "${prescription}", doseMg: "1", idempotencyKey: $key) { __typename } }`, {}]];
}

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  [person, other] = await database.query(`SELECT DISTINCT ON (p.district_doctor_id) p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id
    FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id))
      AND NOT EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = p.id AND h.discharged_on IS NULL) ORDER BY p.district_doctor_id, p.id LIMIT 2`);
  doctor = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  otherDoctor = { role: 'DOCTOR', sub: other.doctor, org: other.bin };
  id = (await mine(person, 'id')).id;
  otherId = (await mine(other, 'id')).id;
});
after(() => writing?.stop());

describe('a visit', () => {
  test('is opened once, closed with what it was about, seen by its owner everywhere', async () => {
    const variables = { reason: 'Жөтел', key: newKey() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => open(variables)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    const [visit] = answers;
    assert.deepEqual([visit.kind, visit.reason, visit.endedAt, visit.icd10, visit.confirmedBy], ['VISIT', 'Жөтел', null, null, 'NONE']);
    assert.deepEqual(await opening(), { __typename: 'PatientAtVisit', message: 'The person is at another visit, which has to be closed first.', other: { id: visit.id } });
    await writing.refused(asCitizen(), CONFIRM, { visit: visit.id, key: newKey() }, 'CONFLICT', /has ended/);
    await writing.refused(doctor, CLOSE, { visit: visit.id, icd10: 'nonsense', key: newKey() }, 'BAD_USER_INPUT', /ICD-10/);
    await writing.refused(doctor, CLOSE, { visit: visit.id, icd10: 'G63.2', key: newKey() }, 'BAD_USER_INPUT', /asterisk/);
    await assert.rejects(database.execute(`UPDATE encounter SET under_way = false, ended_at = now(), icd10 = 'G63.2' WHERE patient_id = ${person.id} AND under_way`), /encounter_closed_with/);
    for (const who of [asCitizen(), otherDoctor, { ...doctor, role: 'NURSE' }]) {
      await writing.refused(who, CLOSE, { visit: visit.id, key: newKey() }, 'FORBIDDEN');
      await writing.refused(who, OPEN, { patient: id, key: newKey() }, 'FORBIDDEN');
    }
    await database.execute(`UPDATE encounter SET practitioner_id = ${other.doctor_id} WHERE patient_id = ${person.id} AND under_way`);
    await writing.refused(doctor, CLOSE, { visit: visit.id, key: newKey() }, 'FORBIDDEN', /whom a visit is with/);
    await database.execute(`UPDATE encounter SET practitioner_id = ${person.doctor_id} WHERE patient_id = ${person.id} AND under_way`);
    const key = newKey(), done = await close(visit, { note: 'Демікпе', key });
    assert.deepEqual([done.id, done.icd10, done.note, done.confirmedBy, typeof done.endedAt], [visit.id, 'J45.9', 'Демікпе', 'NONE', 'string']);
    assert.deepEqual(await close(visit, { note: 'Демікпе', key }), done);
    assert.deepEqual(await closing(visit), { __typename: 'VisitNotUnderWay', message: 'This visit is not under way.', visit: { id: visit.id, endedAt: done.endedAt } });
    await everywhere('visits(first: 1) { nodes { id icd10 } }', ({ visits }) => assert.deepEqual(visits.nodes, [{ id: visit.id, icd10: 'J45.9' }]));
    assert.deepEqual((await told('visit_recorded', 'app')).map(({ patient, payload }) => [patient, payload]), [[Number(person.id), {}]]);
    assert.match((await told('confirm_visit', 'sms'))[0].payload.code, /^\d{6}$/);
  });

  test('is of the diagnosis of its code that goes on, as far as the doctor knows of one; and is hidden with it', async () => {
    /** The diagnosis that the API names of a visit closed now with this code. */
    const about = async (icd10) => { await close(await open(), { icd10 }); return (await mine(person, 'visits(first: 1) { nodes { diagnosis { id } } }')).visits.nodes[0].diagnosis?.id ?? null; };
    const resolve = () => database.execute(`UPDATE condition SET clinical_status = 'resolved' WHERE patient_id = ${person.id} AND icd10 IN ('K29.5', 'M54.5')`);
    const hide = (number, whom) => database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, item_id, ${Object.keys(whom)}, made_by) VALUES (${person.id}, 'hide', 'condition', ${number}, ${Object.values(whom)}, '${person.iin}')`);
    const show = () => database.execute(`UPDATE access_rule SET revoked_at = now(), revoked_by = made_by WHERE patient_id = ${person.id} AND revoked_at IS NULL`);
    await resolve();
    assert.equal(await about('K29.5'), null, 'there is none that goes on');
    const { addDiagnosis: known } = await writing.data(doctor, 'mutation ($patient: ID!, $key: String!) { addDiagnosis(patient: $patient, icd10: "K29.5", idempotencyKey: $key) { id } }', { patient: id, key: newKey() });
    assert.equal(await about('K29.5'), known.id);
    await resolve();
    assert.equal(await about('K29.5'), null, 'it is over');
    // What is kept from the doctor, by whom it was not written, is not linked to.
    await database.execute(`INSERT INTO condition (patient_id, icd10, name, recorded_on) VALUES (${person.id}, 'M54.5', 'x', kz_today())`);
    const back = await database.value(`SELECT max(id) FROM condition WHERE patient_id = ${person.id} AND icd10 = 'M54.5'`);
    await hide(back, { practitioner_id: person.doctor_id });
    assert.equal(await about('M54.5'), null, 'it is kept from the doctor');
    await show();
    assert.notEqual(await about('M54.5'), null);
    // The link takes the visit along, whatever its own code has become.
    await database.execute(`UPDATE encounter SET icd10 = 'K29.5' WHERE patient_id = ${person.id} AND condition_id = ${back}`);
    const visit = await database.value(`SELECT max(id) FROM encounter WHERE patient_id = ${person.id} AND condition_id = ${back}`);
    await hide(back, { role: "'NURSE'" });
    assert.match(await database.value(`SELECT access_hidden(${person.id}, 'NURSE', ${other.doctor_id}, ${person.clinic_id})`), new RegExp(`encounter:${visit}\\b`));
    await show();
  });

  test('is one of twenty at once; nobody is at two', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => writing.ask(doctor, OPEN, { patient: id, key: newKey() })));
    const kinds = answers.map(({ data }) => data.openEncounter.__typename);
    assert.deepEqual([kinds.filter((kind) => kind === 'VisitOpened').length, kinds.filter((kind) => kind === 'PatientAtVisit').length], [1, 19]);
    const { visit } = answers.find(({ data }) => data.openEncounter.__typename === 'VisitOpened').data.openEncounter;
    // The doctor has this visit: so no other person of the same district begins one.
    await database.execute(`UPDATE attachment SET district_doctor_id = ${person.doctor_id}, clinic_id = ${person.clinic_id} WHERE patient_id = ${other.id} AND detached_on IS NULL;
      UPDATE patient SET district_doctor_id = ${person.doctor_id}, clinic_id = ${person.clinic_id} WHERE id = ${other.id}`);
    assert.deepEqual(await opening({ patient: otherId }), { __typename: 'DoctorAtVisit', message: 'You have another visit under way, which has to be closed first.', other: { id: visit.id } });
    const insert = (patient, practitioner) => database.execute(`INSERT INTO encounter (patient_id, clinic_id, practitioner_id, started_at, kind, under_way) VALUES (${patient}, ${person.clinic_id}, ${practitioner}, now(), 'visit', true)`);
    await assert.rejects(insert(person.id, other.doctor_id), /encounter_one_of_patient/);
    await assert.rejects(insert(other.id, person.doctor_id), /encounter_one_of_doctor/);
    await assert.rejects(database.execute(`UPDATE encounter SET under_way = false WHERE patient_id = ${person.id} AND under_way`), /encounter_closed_with/);
    await close(visit);
    await database.execute(`INSERT INTO hospitalization (patient_id, clinic_id, admitted_on, department, icd10_admission) VALUES (${other.id}, (SELECT min(id) FROM clinic WHERE kind = 'hospital'), kz_today(), 'x', 'J45.9')`);
    assert.deepEqual(await opening({ patient: otherId }), { __typename: 'AlreadyInHospital', message: 'The person is in hospital elsewhere, which has to discharge first.', other: { department: 'x' } });
    await assert.rejects(insert(other.id, other.doctor_id), /encounter_elsewhere/);
    await database.execute(`UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${other.id} AND department = 'x'; UPDATE patient SET deceased_on = kz_today() WHERE id = ${other.id}`);
    await writing.refused(doctor, OPEN, { patient: otherId, key: newKey() }, 'CONFLICT', /died/);
    await assert.rejects(insert(other.id, other.doctor_id), /encounter_deceased/);
    await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${other.id}`);
    await writing.refused(doctor, OPEN, { patient: otherId, reason: 'x'.repeat(2001), key: newKey() }, 'BAD_USER_INPUT');
  });

  test('keeps the appointment that it is for: of today, with this doctor there, the nearest; no other, and each by one visit', async () => {
    const book = (when, { doctor: who = person.doctor_id, clinic = person.clinic_id, status = 'booked' } = {}) => database.execute(`INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at, status)
      VALUES (${person.id}, ${who}, ${clinic}, ${when}, '${status}') RETURNING id`).then((out) => Number(out.split('\n')[0]));
    const noon = `(kz_today() + TIME '12:00') AT TIME ZONE INTERVAL '5 hours'`;
    await database.execute(`UPDATE appointment SET status = 'cancelled' WHERE patient_id = ${person.id} AND status = 'booked'`);
    const others = [await book(`${noon} - INTERVAL '1 day'`), await book(`${noon} + INTERVAL '1 day'`), await book(noon, { doctor: other.doctor_id }), await book(`${noon} + INTERVAL '1 minute'`, { status: 'missed' }),
      await book(`${noon} + INTERVAL '2 minutes'`, { clinic: `(SELECT min(id) FROM clinic WHERE id <> ${person.clinic_id})` })];
    const first = await open();
    assert.equal(first.appointment, null);
    await close(first);
    // Two of today: the one that is nearer goes first, and the other with the next visit.
    const far = await book(`kz_today()::timestamp AT TIME ZONE INTERVAL '5 hours' + CASE WHEN now() > ${noon} THEN INTERVAL '1 minute' ELSE INTERVAL '1439 minutes' END`), near = await book('least(now(), (kz_today() + TIME \'23:50\') AT TIME ZONE INTERVAL \'5 hours\')');
    for (const expected of [near, far]) {
      const key = newKey(), visit = await open({ key });
      assert.equal(visit.appointment.status, 'KEPT');
      assert.deepEqual((await opening({ key })).visit, visit, 'the same answer again');
      assert.equal(await database.value(`SELECT id FROM appointment WHERE patient_id = ${person.id} AND status = 'kept' AND id = (SELECT appointment_id FROM encounter WHERE patient_id = ${person.id} AND under_way)`), expected);
      await everywhere('appointments(first: 50) { nodes { id status } }', ({ appointments }) => assert.equal(appointments.nodes.find((one) => one.id === visit.appointment.id).status, 'KEPT'));
      await close(visit);
    }
    assert.equal((await database.query(`SELECT FROM appointment WHERE id IN (${others}) AND status <> 'kept'`)).length, 5);
    await assert.rejects(database.execute(`INSERT INTO encounter (patient_id, clinic_id, started_at, kind, appointment_id) VALUES (${person.id}, ${person.clinic_id}, now(), 'remote', ${near})`), /encounter_of_appointment/);
    await database.execute(`UPDATE appointment SET status = 'cancelled' WHERE patient_id = ${person.id} AND status = 'booked'`);
  });

  test('keeps an appointment that is cancelled at the same moment, or begins without it', async () => {
    const CANCEL = 'mutation ($appointment: ID!, $key: String!) { cancelAppointment(appointment: $appointment, idempotencyKey: $key) { __typename } }';
    for (let round = 0; round < 10; round++) {
      await database.execute(`INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at) VALUES (${person.id}, ${person.doctor_id}, ${person.clinic_id}, kz_today()::timestamp AT TIME ZONE INTERVAL '5 hours' + INTERVAL '${round + 1} seconds')`);
      const { appointments } = await mine(person, 'appointments(first: 50) { nodes { id status } }'), appointment = appointments.nodes.find(({ status }) => status === 'BOOKED').id;
      const tasks = [() => open(), () => writing.ask(doctor, CANCEL, { appointment, key: newKey() })], both = round % 2 ? tasks.reverse() : tasks;
      const [visit, cancelled] = (await Promise.all(both.map((task) => task()))).sort((a, b) => Boolean(b.id) - Boolean(a.id));
      const { nodes } = (await mine(person, 'appointments(first: 50) { nodes { id status } }')).appointments;
      assert.deepEqual([nodes.find(({ id: of }) => of === appointment).status, cancelled.errors?.[0].extensions.code], visit.appointment ? ['KEPT', 'CONFLICT'] : ['CANCELLED', undefined]);
      await close(visit);
    }
  });

  test('is confirmed by its owner, by the code of the SMS, or by one that the owner shows', async () => {
    const first = await closed(), key = newKey();
    const answers = await Promise.all(Array.from({ length: 5 }, () => writing.data(asCitizen(), CONFIRM, { visit: first.id, key })));
    for (const { confirmVisit } of answers) assert.deepEqual([confirmVisit.id, confirmVisit.confirmedBy], [first.id, 'EGOV']);
    await everywhere('visits(first: 1) { nodes { confirmedBy } }', ({ visits }) => assert.equal(visits.nodes[0].confirmedBy, 'EGOV'));
    await writing.refused(asCitizen(), CONFIRM, { visit: first.id, key: newKey() }, 'CONFLICT', /confirmed already/);
    for (const who of [asCitizen(other), doctor]) for (const [text, more] of [[CONFIRM, { key: newKey() }], [CODE, {}]]) await writing.refused(who, text, { visit: first.id, ...more }, 'FORBIDDEN');
    const byCode = (visit, code, who = doctor) => writing.data(who, BY_CODE, { visit: visit.id, code, key: newKey() }).then((data) => data.confirmVisitByCode);
    const second = await closed(), [{ payload: { code } }] = await told('confirm_visit', 'sms');
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    assert.equal(await byCode(second, wrong), null);
    for (const who of [asCitizen(), otherDoctor]) await writing.refused(who, BY_CODE, { visit: second.id, code, key: newKey() }, 'FORBIDDEN');
    await writing.refused(doctor, BY_CODE, { visit: second.id, code: '12345', key: newKey() }, 'BAD_USER_INPUT');
    assert.equal((await byCode(second, code)).confirmedBy, 'SMS');
    await writing.refused(doctor, BY_CODE, { visit: second.id, code, key: newKey() }, 'CONFLICT', /already/);
    const third = await closed(), shown = (await writing.data(asCitizen(), CODE, { visit: third.id })).newVisitCode;
    assert.equal((await byCode(third, shown)).confirmedBy, 'QR');
  });

  test('is confirmed within thirty days: what a month was paid for does not change for ever', async () => {
    const { id: visit } = await closed();
    const back = (days) => database.execute(`UPDATE encounter SET started_at = started_at - INTERVAL '${days} days', ended_at = ended_at - INTERVAL '${days} days' WHERE patient_id = ${person.id} AND id = (SELECT max(id) FROM encounter WHERE patient_id = ${person.id})`);
    await back(31);
    await writing.refused(asCitizen(), CONFIRM, { visit, key: newKey() }, 'CONFLICT', /for 30 days/);
    await writing.refused(asCitizen(), CODE, { visit }, 'CONFLICT', /for 30 days/);
    await back(-2);
    assert.equal((await writing.data(asCitizen(), CONFIRM, { visit, key: newKey() })).confirmVisit.confirmedBy, 'EGOV');
  });

  test('is never one with oneself, nor confirmed by whom it was with', async () => {
    const visit = await closed();
    const own = (iin) => database.execute(`UPDATE practitioner SET iin = '${iin}' WHERE id = ${person.doctor_id}`);
    await own(person.iin); // the doctor is the patient (or, of a child, the guardian)
    try {
      await writing.refused(asCitizen(), CONFIRM, { visit: visit.id, key: newKey() }, 'FORBIDDEN', /whom it was with/);
      await writing.refused(asCitizen(), CODE, { visit: visit.id }, 'FORBIDDEN', /whom it was with/);
      for (const [text, more] of await OF_A_PATIENT()) await writing.refused({ ...doctor, sub: person.iin }, text, { patient: id, key: newKey(), ...more }, 'FORBIDDEN', /treats oneself/);
    } finally {
      await own(person.doctor);
    }
    assert.equal((await writing.data(asCitizen(), CONFIRM, { visit: visit.id, key: newKey() })).confirmVisit.confirmedBy, 'EGOV');
  });

  test('of a child whose guardian one is one may have: without certificates and what is controlled', async () => {
    const narcotic = await drug("rx_form = 'narcotic'");
    await database.execute(`INSERT INTO guardianship (patient_id, guardian_iin, kind, valid_from) VALUES (${person.id}, '${person.doctor}', 'guardian', '2020-01-01')`);
    await writing.refused(doctor, CERTIFICATE, { patient: id, key: newKey() }, 'FORBIDDEN', /whose guardian one is/);
    await writing.refused(doctor, PRESCRIBE, { patient: id, drug: narcotic, key: newKey() }, 'FORBIDDEN', /whose guardian one is/);
    await closed();
    await database.execute(`DELETE FROM guardianship WHERE patient_id = ${person.id} AND guardian_iin = '${person.doctor}'`);
    assert.equal((await writing.data(doctor, CERTIFICATE, { patient: id, key: newKey() })).issueCertificate.number.length, 13);
  });

  test('five wrong codes, at once too, and no code counts any more; an old one neither', async () => {
    const visit = await closed(), [{ payload: { code } }] = await told('confirm_visit', 'sms');
    const codes = Array.from({ length: 5 }, (_, i) => String((Number(code) + 1 + i) % 1_000_000).padStart(6, '0'));
    const answers = await Promise.all(codes.map((one) => writing.data(doctor, BY_CODE, { visit: visit.id, code: one, key: newKey() })));
    for (const { confirmVisitByCode } of answers) assert.equal(confirmVisitByCode, null);
    const right = () => writing.data(doctor, BY_CODE, { visit: visit.id, code, key: newKey() }).then((data) => data.confirmVisitByCode);
    assert.equal(await right(), null);
    await database.execute(`UPDATE private.visit_code SET tries = 0, valid_to = now() WHERE patient_id = ${person.id}`);
    assert.equal(await right(), null, 'too late');
    assert.equal((await writing.data(asCitizen(), CONFIRM, { visit: visit.id, key: newKey() })).confirmVisit.confirmedBy, 'EGOV');
  });
});

describe('a visit under way of which the doctor has lost sight', () => {
  const move = (clinic, who) => database.execute(`UPDATE attachment SET detached_on = kz_today() WHERE patient_id = ${person.id} AND detached_on IS NULL AND superseded_by IS NULL;
    INSERT INTO attachment (patient_id, clinic_id, district_doctor_id, attached_on) VALUES (${person.id}, ${clinic}, ${who}, kz_today())`);
  const row = () => database.query(`SELECT under_way, icd10, payer, note FROM encounter WHERE patient_id = ${person.id} ORDER BY id DESC LIMIT 1`);
  const aged = (hours) => database.execute(`UPDATE encounter SET started_at = clock_timestamp() - INTERVAL '${hours} hours' WHERE under_way AND lapsed_at IS NULL AND superseded_by IS NULL`);
  const colleague = () => ({ role: 'DOCTOR', sub: other.doctor, org: person.bin });
  let elsewhere;
  before(async () => {
    elsewhere = (await database.query(`SELECT j.clinic_id, j.practitioner_id FROM practitioner_role j JOIN clinic c ON c.id = j.clinic_id AND c.active WHERE j.role = 'district_doctor' AND j.valid_to IS NULL AND j.clinic_id <> ${person.clinic_id} ORDER BY 1, 2 LIMIT 1`))[0];
    await database.execute(`UPDATE appointment SET status = 'cancelled' WHERE patient_id = ${person.id}; UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${person.id};
      DELETE FROM hospital_referral WHERE patient_id = ${person.id} AND status IN ('waiting', 'accepted');
      INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${other.doctor_id}, ${person.clinic_id}, 'specialist', '2020-01-01') ON CONFLICT DO NOTHING`);
  });

  test('is closed by that doctor, and by another of the clinic for one who works there no more', async () => {
    const visit = await open(), key = newKey();
    await move(elsewhere.clinic_id, elsewhere.practitioner_id);
    await writing.refused(doctor, OPEN, { patient: id, key: newKey() }, 'FORBIDDEN', /treats/);
    for (const who of [colleague(), { ...doctor, role: 'NURSE' }, otherDoctor]) await writing.refused(who, CLOSE, { visit: visit.id, key: newKey() }, 'FORBIDDEN');
    for (let i = 0; i < 2; i++) assert.equal(await closing(visit, { note: 'Кетті', key }), null, 'the passport is not for this doctor to see any more');
    assert.deepEqual(await row(), [{ under_way: false, icd10: 'J45.9', payer: 'gobmp', note: 'Кетті' }]);
    assert.equal(await closing(visit, { note: 'Тағы' }), null);
    assert.equal((await row())[0].note, 'Кетті', 'once');
    assert.equal((await mine(person, 'visits(first: 1) { nodes { payer icd10 } }')).visits.nodes[0].payer, 'GOBMP');
    await move(person.clinic_id, person.doctor_id);
    const next = await open();
    await move(elsewhere.clinic_id, elsewhere.practitioner_id);
    await database.execute(`UPDATE practitioner_role SET valid_to = kz_today() WHERE practitioner_id = ${person.doctor_id} AND clinic_id = ${person.clinic_id} AND valid_to IS NULL`);
    await writing.refused(doctor, CLOSE, { visit: next.id, key: newKey() }, 'FORBIDDEN', /works there no more/);
    assert.equal((await writing.data(colleague(), CLOSE, { visit: next.id, key: newKey() })).closeEncounter, null);
    assert.equal((await row())[0].under_way, false);
    await database.execute(`UPDATE practitioner_role SET valid_to = NULL WHERE practitioner_id = ${person.doctor_id} AND clinic_id = ${person.clinic_id} AND valid_to = kz_today()`);
    await move(person.clinic_id, person.doctor_id);
  });

  test('stands in nobody\'s way for longer than relation_bound says, and can be closed yet', async () => {
    const visit = await open();
    await aged(11.9);
    assert.equal((await opening()).__typename, 'PatientAtVisit');
    await aged(12.1);
    const next = await open();
    await aged(12.1);
    const third = await opening({ patient: otherId });
    assert.equal(third.__typename, 'VisitOpened', 'the doctor has another patient');
    assert.equal((await opening()).__typename, 'DoctorAtVisit');
    for (const one of [visit, next, third.visit]) assert.equal((await close(one)).icd10, 'J45.9');
  });
});

test('a mark follows the visit: none for a version of one that was marked', async () => {
  const visit = await closed();
  await writing.data(asCitizen(), CONFIRM, { visit: visit.id, key: newKey() });
  await writing.data(asCitizen(), RATE, { visit: visit.id, key: newKey() });
  await database.execute(`WITH old AS (SELECT * FROM encounter WHERE patient_id = ${person.id} ORDER BY id DESC LIMIT 1), made AS (
      INSERT INTO encounter (patient_id, clinic_id, practitioner_id, started_at, ended_at, kind, icd10, confirmed_by, confirmed_at, version)
      SELECT patient_id, clinic_id, practitioner_id, started_at, ended_at, kind, icd10, confirmed_by, confirmed_at, 2 FROM old RETURNING id)
    UPDATE encounter e SET superseded_by = made.id FROM old, made WHERE e.patient_id = old.patient_id AND e.id = old.id`);
  const [now] = (await mine(person, 'visits(first: 1) { nodes { id version } }')).visits.nodes;
  assert.equal(now.version, 2);
  await writing.refused(asCitizen(), RATE, { visit: now.id, key: newKey() }, 'CONFLICT', /already/);
});

test('an allergy is refuted: a version says why, nothing warns of it, and it may be recorded anew', async () => {
  const record = () => writing.data(doctor, ALLERGY, { patient: id, substance: 'Цефтриаксон', atc: 'J01DD04', key: newKey() }).then((data) => data.recordAllergy.id);
  const allergy = await record(), variables = { allergy, key: newKey() };
  for (const who of [asCitizen(), otherDoctor, { ...doctor, role: 'NURSE' }]) await writing.refused(who, REFUTE, { allergy, key: newKey() }, 'FORBIDDEN');
  for (const reason of ['жоқ', '\n'.repeat(10), ' \u00a0\u200b\u2003\ufeff\t\r\n   жоқ   ']) await writing.refused(doctor, REFUTE, { allergy, reason, key: newKey() }, 'BAD_USER_INPUT', /10 to 1000/);
  await writing.refused(doctor, REFUTE, { allergy, key: ' '.repeat(8) }, 'BAD_USER_INPUT', /idempotency key/);
  const answers = await Promise.all(Array.from({ length: 5 }, () => writing.data(doctor, REFUTE, variables).then((data) => data.refuteAllergy)));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  const [made] = answers;
  assert.deepEqual(made, { id: made.id, recordStatus: 'ENTERED_IN_ERROR', refutedBecause: 'Сынама теріс болды', version: 2, earlierVersions: [{ id: allergy, recordStatus: 'ACTIVE' }] });
  await everywhere('allergies(first: 50) { nodes { id recordStatus earlierVersions { id } } }', ({ allergies }) => {
    assert.equal(allergies.nodes.find((one) => one.id === allergy), undefined);
    assert.deepEqual(allergies.nodes.find((one) => one.id === made.id).earlierVersions, [{ id: allergy }]);
  });
  for (const one of [allergy, made.id]) await writing.refused(doctor, REFUTE, { allergy: one, key: newKey() }, 'NOT_FOUND');
  assert.notEqual(await record(), made.id);
});

test('the diary: the owner writes; out of bounds the doctor is told, once for a kind and day', async () => {
  await database.execute(`UPDATE care_plan SET status = 'revoked' WHERE patient_id = ${person.id}`);
  const write = (variables) => writing.data(asCitizen(), DIARY, { patient: id, key: newKey(), ...variables }).then((data) => data.writeDiary);
  const variables = { value: '135.00', second: '85.00', note: 'Таңертең', key: newKey() }, made = await write(variables);
  assert.deepEqual(made, { id: made.id, kind: 'BLOOD_PRESSURE', value: '135.00', secondValue: '85.00', note: 'Таңертең' });
  assert.deepEqual(await write(variables), made);
  await everywhere('diary(first: 1) { nodes { id } }', ({ diary }) => assert.deepEqual(diary.nodes, [{ id: made.id }]));
  // At the bounds nothing is told.
  for (const [value, second] of [['180.00', '110.00'], ['90.00', '50.00']]) await write({ value, second });
  assert.equal((await told('diary_alert', 'app')).length, 0);
  for (const [value, second] of [['180.01', '90.00'], ['190.00', '120.00']]) await write({ value, second });
  assert.deepEqual(await told('diary_alert', 'app'), [{ patient: Number(person.id), practitioner: Number(person.doctor_id), channel: 'app', payload: {} }]);
  await write({ kind: 'GLUCOSE', value: '3.49' });
  await write({ kind: 'WELLBEING', note: 'Шаршадым' });
  assert.equal((await told('diary_alert', 'app')).length, 2);
  await database.execute(`INSERT INTO care_plan (patient_id, practitioner_id, started_on, title) VALUES (${person.id}, ${other.doctor_id}, kz_today(), 'x')`);
  await write({ kind: 'PULSE', value: '140.00' });
  assert.equal((await told('diary_alert', 'app'))[0].practitioner, Number(other.doctor_id), 'who leads the plan of care');
  const long = 'x'.repeat(2001);
  for (const wrong of [{ value: '120.00' }, { value: '80.00', second: '120.00' }, { kind: 'PULSE', value: '60.00', second: '60.00' }, { kind: 'PULSE', note: 'x' }, { kind: 'WELLBEING' }, { kind: 'WELLBEING', note: long },
    { kind: 'PULSE', value: '60.00', at: '2999-01-01T00:00:00Z' }, { kind: 'PULSE', value: '60.00', at: '2020-01-01T00:00:00Z' }, { kind: 'PULSE', value: '-1.00' }, { kind: 'PULSE', value: '10000.01' },
    { value: '350.01', second: '100.00' }, { value: '120.00', second: '0.00' }, { kind: 'WEIGHT', value: '0' }, { kind: 'WEIGHT', value: '700.01' }, { kind: 'TEMPERATURE', value: '19.99' }, { kind: 'WELLBEING', value: '10.01' }]) {
    await writing.refused(asCitizen(), DIARY, { patient: id, key: newKey(), ...wrong }, 'BAD_USER_INPUT');
  }
  await writing.refused(asCitizen(), DIARY, { patient: id, kind: 'WEIGHT', value: '5000', key: newKey() }, 'BAD_USER_INPUT', /^5000\.00 kg is no weight: it is between 0\.20 and 700\.00\./);
  for (const [kind, value] of [['WEIGHT', '0.20'], ['WEIGHT', '700.00'], ['WELLBEING', '1.00'], ['WELLBEING', '10.00']]) await write({ kind, value });
  for (const who of [asCitizen(other), doctor]) await writing.refused(who, DIARY, { patient: id, kind: 'PULSE', value: '60.00', key: newKey() }, 'FORBIDDEN');
  await database.execute(`INSERT INTO diary_entry (patient_id, noted_at, kind, value) SELECT ${person.id}, now() - INTERVAL '1 hour', 'pulse', 6000 FROM generate_series(1, 200)`);
  await writing.refused(asCitizen(), DIARY, { patient: id, kind: 'PULSE', value: '60.00', key: newKey() }, 'RATE_LIMITED');
});

describe('a passport is registered', () => {
  /** An IIN that nobody has, with its check digit. */
  const freeIin = async (n) => {
    for (let serial = 0; ; serial++) {
      const iin = await database.value(`SELECT v FROM (SELECT '2611206' || lpad('${n * 20 + serial}', 4, '0') || d AS v FROM generate_series(0, 9) d) x WHERE national_number_ok(v) AND NOT EXISTS (SELECT FROM patient WHERE iin = v)`);
      if (iin) return iin;
    }
  };
  const register = (variables, who = doctor) => writing.data(who, REGISTER, { key: newKey(), ...variables }).then((data) => data.registerPassport);

  test('by the doctor of a district, once, also of twenty at once; the person is there at once, absent before', async () => {
    const iin = await freeIin(1), look = () => writing.data(doctor, 'query ($iin: ID!) { patient(iin: $iin) { iin } }', { iin }).then(({ patient }) => patient);
    for (let i = 0; i < 4; i++) assert.equal(await look(), null);
    const variables = { iin, phone: '+77011234567', key: newKey() };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => register(i % 2 ? variables : { ...variables, key: newKey() })));
    const made = answers.find(Boolean);
    assert.deepEqual([made.iin, made.fullName, made.clinic.id], [iin, 'Сұлтанова Әсел', (await mine(person, 'clinic { id }')).clinic.id]);
    for (const answer of answers.filter(Boolean)) assert.deepEqual(answer, made);
    assert.equal(await database.value(`SELECT count(*) FROM patient WHERE iin = '${iin}'`), 1);
    for (let i = 0; i < 4; i++) assert.deepEqual(await look(), { iin });
    assert.equal(await register({ iin: other.iin }), null, 'a passport has this IIN');
  });

  test('for nobody else, of nothing that is wrong, and not without end', async () => {
    const iin = await freeIin(2);
    for (const who of [asCitizen(), { ...doctor, org: '000000000000' }, { role: 'CONTACT_CENTRE', sub: person.iin, org: person.bin }]) await writing.refused(who, REGISTER, { iin, key: newKey() }, 'FORBIDDEN');
    await writing.refused(doctor, REGISTER, { iin: doctor.sub, key: newKey() }, 'FORBIDDEN', /one's own passport/);
    assert.notEqual(await database.value(`SELECT attachment_doctor(${person.clinic_id}, '${doctor.sub}')`), Number(person.doctor_id));
    for (const wrong of [{ iin: `${iin.slice(0, 11)}${(Number(iin[11]) + 1) % 10}` }, { iin: '1' }, { born: '2999-01-01' }, { born: '1890-01-01' }, { name: ' ' }, { name: '<b>x</b>' }, { name: 'x'.repeat(201) }, { phone: '8701' }]) {
      await writing.refused(doctor, REGISTER, { iin, key: newKey(), ...wrong }, 'BAD_USER_INPUT');
    }
    await database.execute(`INSERT INTO private.attempt (kind, who) SELECT 'register', '${person.doctor_id}' FROM generate_series(1, 60)`);
    await writing.refused(doctor, REGISTER, { iin, key: newKey() }, 'RATE_LIMITED');
  });
});
