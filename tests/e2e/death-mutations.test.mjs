// A death that a discharge stated by mistake, withdrawn by the hospital that stated it: the passport is its owner's again, in every worker; whose death it is not to withdraw; what the death
// had kept back comes back.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const REASON = 'Басқа пациенттің карточкасы ашылған';
const ADMIT = 'mutation ($patient: ID!, $key: String!) { admit(patient: $patient, department: "Кардиология", icd10: "I10", idempotencyKey: $key) { __typename ... on Admitted { stay { id } } } }';
const DISCHARGE = `mutation ($stay: ID!, $outcome: HospitalizationOutcome = DIED, $key: String!) { discharge(stay: $stay, icd10: "I21.9", outcome: $outcome, idempotencyKey: $key) { id outcome } }`;
const WITHDRAW = `mutation ($stay: ID!, $outcome: HospitalizationOutcome, $icd10: String, $reason: String = "${REASON}", $key: String!) {
  withdrawDeath(stay: $stay, outcome: $outcome, icd10: $icd10, reason: $reason, idempotencyKey: $key) { __typename
    ... on DeathWithdrawn { stay { id dischargedOn outcome icd10Discharge version recordStatus correctedBecause earlierVersions { id outcome icd10Discharge supersededBy { id } } } }
    ... on DeathStatedElsewhere { message source { name } other { id } } } }`;

let writing, database, people, ward, elsewhere, today;
const asCitizen = ({ iin }) => ({ role: 'CITIZEN', sub: iin });
const doctorOf = ({ doctor, bin }) => ({ role: 'DOCTOR', sub: doctor, org: bin });
const mine = (person) => writing.ask(asCitizen(person), '{ me { patient { id hospitalizations(first: 1) { nodes { id outcome dischargedOn } } } } }');
const send = (text, field) => async (who, variables) => (await writing.data(who, text, { key: newKey(), ...variables }))[field];
const [admit, discharge, withdraw] = [send(ADMIT, 'admit'), send(DISCHARGE, 'discharge'), send(WITHDRAW, 'withdrawDeath')];
const refused = (who, variables, ...more) => writing.refused(who, WITHDRAW, { key: newKey(), outcome: 'IMPROVED', ...variables }, ...more);
const outbox = ({ id }, kind) => database.query(`SELECT channel, practitioner_id::int AS doctor, state FROM private.outbox WHERE patient_id = ${id} AND kind = '${kind}' ORDER BY id`);
const deceased = ({ id }) => database.value(`SELECT deceased_on::text FROM patient WHERE id = ${id}`);
const opened = ({ id }, who, more = '') => database.execute(`INSERT INTO emergency_grant (patient_id, practitioner_id, clinic_id, role, valid_from, valid_to, reason_code, reason)
  SELECT ${id}, m.id, c.id, 'DOCTOR', now() ${more || "- INTERVAL '1 minute'"}, now() ${more || "- INTERVAL '1 minute'"} + INTERVAL '24 hours', 'threat_to_life', 'brought by an ambulance' FROM practitioner m, clinic c WHERE m.iin = '${who.sub}' AND c.bin = '${who.org}'`);

/** Somebody nobody has asked about yet, who lies in the ward: the person, and the stay. */
async function inpatient(more = 'true') {
  const person = people.find((one) => !one.taken && (more === 'true' || one.child));
  person.taken = true;
  await opened(person, ward.who);
  person.gid = (await writing.data(ward.who, 'query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: person.iin })).patient.id;
  const { stay } = await admit(ward.who, { patient: person.gid });
  await database.execute(`UPDATE emergency_grant SET review = 'justified', reviewed_at = now(), reviewed_by = (SELECT min(id) FROM practitioner WHERE id <> ${ward.doctor_id}), review_note = 'Реанимацияға жеткізілді' WHERE patient_id = ${person.id}`);
  return [person, stay.id];
}
/** As if the person's one stay had been so many days ago, and the death at its end. */
const ago = ({ id }, admitted, ended) => database.execute(`BEGIN; ALTER TABLE hospitalization DISABLE TRIGGER USER;
  UPDATE hospitalization SET admitted_on = kz_today() - ${admitted}, discharged_on = kz_today() - ${ended}, death_stated_on = kz_today() - ${ended} WHERE patient_id = ${id};
  ALTER TABLE hospitalization ENABLE TRIGGER USER; UPDATE patient SET deceased_on = kz_today() - ${ended} WHERE id = ${id}; COMMIT`);
/** The same, whom the ward has discharged as dead. */
async function dead(more) {
  const [person, stay] = await inpatient(more);
  assert.equal((await discharge(ward.who, { stay })).outcome, 'DIED');
  return [person, stay];
}

before(async () => {
  writing = await Writing.start();
  database = writing.database;
  today = await database.value('SELECT kz_today()::text');
  people = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id::int AS doctor_id, c.bin, p.birth_date > kz_today() - INTERVAL '15 years' AS child, (SELECT q.iin FROM guardianship g JOIN patient q ON q.id = g.guardian_id WHERE g.patient_id = p.id AND g.valid_to IS NULL ORDER BY g.id LIMIT 1) AS guardian
    FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND p.phone IS NOT NULL AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id) AND NOT EXISTS (SELECT FROM hospitalization s WHERE s.patient_id = p.id)
      AND (p.birth_date BETWEEN '1950-01-01' AND '1990-01-01' OR p.birth_date > kz_today() - INTERVAL '15 years' AND EXISTS (SELECT FROM guardianship g JOIN patient q ON q.id = g.guardian_id AND q.deceased_on IS NULL AND q.phone IS NOT NULL WHERE g.patient_id = p.id AND g.valid_to IS NULL))
    ORDER BY p.birth_date > '1990-01-01', p.id`);
  people = [...people.filter(({ child }) => !child).slice(0, 16), ...people.filter(({ child }) => child).slice(0, 2)];
  const places = await database.query(`SELECT DISTINCT ON (c.id) c.id, c.bin, m.iin, m.id AS doctor_id FROM clinic c JOIN practitioner_role j ON j.clinic_id = c.id AND j.role = 'hospital_doctor' AND j.valid_to IS NULL
    JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL WHERE c.active AND c.kind = 'hospital' ORDER BY c.id, m.id LIMIT 2`);
  for (const place of places) place.who = { role: 'DOCTOR', sub: place.iin, org: place.bin };
  [ward, elsewhere] = places;
});
after(() => writing?.stop());

describe('a death that a discharge stated by mistake', () => {
  test('is withdrawn: the passport is its owner’s again at the next request, the stay has a version that says how it ended', async () => {
    const [person, stay] = await inpatient();
    for (let i = 0; i < 4; i++) assert.equal((await mine(person)).data.me.patient.id, person.gid, 'in the caches of both workers');
    await discharge(ward.who, { stay });
    for (let i = 0; i < 4; i++) assert.equal((await mine(person)).data.me.patient, null);
    const variables = { stay, outcome: 'IMPROVED', icd10: 'I20.8', key: newKey() };
    const answer = await withdraw(ward.who, variables);
    const next = await Promise.all(Array.from({ length: 16 }, () => mine(person)));
    for (const { data } of next) assert.deepEqual(data.me.patient, { id: person.gid, hospitalizations: { nodes: [{ id: answer.stay.id, outcome: 'IMPROVED', dischargedOn: today }] } });
    assert.deepEqual(answer, { __typename: 'DeathWithdrawn', stay: { id: answer.stay.id, dischargedOn: today, outcome: 'IMPROVED', icd10Discharge: 'I20.8', version: 2, recordStatus: 'ACTIVE', correctedBecause: REASON,
      earlierVersions: [{ id: stay, outcome: 'DIED', icd10Discharge: 'I21.9', supersededBy: { id: answer.stay.id } }] } });
    assert.deepEqual(await withdraw(ward.who, variables), answer, 'the same key, the same answer');
    await writing.refused(ward.who, WITHDRAW, { ...variables, outcome: 'WORSE' }, 'CONFLICT', /idempotency key/);
    await refused(ward.who, { stay }, 'CONFLICT', /not the version/);
    await refused(ward.who, { stay: answer.stay.id }, 'CONFLICT', /not died/);
    assert.equal(await deceased(person), null);
    // He decides again, and the history is his to read.
    assert.equal((await writing.data(asCitizen(person), `mutation { hideKind(patient: "${person.gid}", kind: DIARY_ENTRY, acknowledgeRisk: true) { __typename } }`)).hideKind.__typename, 'Hidden');
    const { hospitalizations } = (await writing.data(asCitizen(person), '{ me { patient { hospitalizations(first: 5) { nodes { correctedBecause earlierVersions { outcome } } } } } }')).me.patient;
    assert.deepEqual(hospitalizations.nodes, [{ correctedBecause: REASON, earlierVersions: [{ outcome: 'DIED' }] }]);
    assert.deepEqual((await outbox(person, 'death_withdrawn')).map(({ channel }) => channel), ['sms', 'app']);
    assert.deepEqual(await outbox(person, 'patient_death_withdrawn'), [{ channel: 'app', doctor: person.doctor_id, state: 'waiting' }]);
    assert.deepEqual((await database.query(`SELECT operation, role, person FROM private.change_record WHERE patient_id = ${person.id} ORDER BY id`)).slice(0, 3).map(({ operation }) => operation), ['admit', 'discharge', 'withdraw_death']);
  });

  test('or says that the stay goes on; its end can be stated again, a death too', async () => {
    const [person, stay] = await dead();
    const { stay: open } = await withdraw(ward.who, { stay });
    assert.deepEqual([open.dischargedOn, open.outcome, open.icd10Discharge, open.version], [null, null, null, 2]);
    assert.equal((await writing.data(ward.who, '{ inpatients { id } }')).inpatients.some(({ id }) => id === open.id), true);
    assert.equal((await discharge(ward.who, { stay: open.id })).outcome, 'DIED');
    assert.equal(await deceased(person), today);
    assert.equal((await mine(person)).data.me.patient, null);
    assert.equal((await withdraw(ward.who, { stay: open.id, outcome: 'TRANSFERRED' })).stay.icd10Discharge, 'I21.9', 'as it was said');
    assert.equal((await mine(person)).data.me.patient.id, person.gid);
    assert.equal((await outbox(person, 'death_withdrawn')).length, 4, 'each time');
  });

  test('by the hospital that stated it alone, with a reason, and nobody for himself or his child', async () => {
    const [person, stay] = await dead();
    for (const who of [doctorOf(person), elsewhere.who, { ...ward.who, role: 'NURSE' }, asCitizen(person), { role: 'MANAGER', sub: ward.iin, org: ward.bin }, { role: 'PAYER', sub: ward.iin, org: ward.bin }]) await refused(who, { stay }, 'FORBIDDEN');
    await opened(person, elsewhere.who);
    await refused(elsewhere.who, { stay }, 'FORBIDDEN', /of the hospital/);
    for (const wrong of [{ reason: 'қате' }, { reason: 'x'.repeat(1001) }, { outcome: 'DIED' }, { outcome: null, icd10: 'I10' }, { icd10: 'nonsense' }, { icd10: 'G63.2' }]) await refused(ward.who, { stay, ...wrong }, 'BAD_USER_INPUT');
    const [other, goesOn] = await inpatient();
    await refused(ward.who, { stay: goesOn }, 'CONFLICT', /not died/);
    await discharge(ward.who, { stay: goesOn, outcome: 'WORSE' });
    await refused(ward.who, { stay: goesOn }, 'CONFLICT', /not died/);
    assert.equal(await deceased(other), null);
    // The doctor is the patient, who can ask for nothing as long as that death stands, or the guardian.
    const iin = await database.value(`SELECT iin FROM patient WHERE id = ${person.id}`);
    await database.execute(`UPDATE practitioner SET iin = NULL WHERE iin = '${iin}'; UPDATE practitioner SET iin = '${iin}' WHERE id = ${ward.doctor_id}`);
    await refused({ ...ward.who, sub: iin }, { stay }, 'FORBIDDEN');
    await database.execute(`UPDATE practitioner SET iin = '${ward.iin}' WHERE id = ${ward.doctor_id}`);
    const row = (await database.execute(`INSERT INTO guardianship (patient_id, guardian_iin, kind, valid_from) VALUES (${person.id}, '${ward.iin}', 'guardian', '2020-01-01') RETURNING id`)).trim();
    await refused(ward.who, { stay }, 'FORBIDDEN', /whose guardian/);
    await database.execute(`DELETE FROM guardianship WHERE patient_id = ${person.id} AND id = ${row}`);
    assert.equal(await deceased(person), today);
    assert.equal((await database.query(`SELECT FROM hospitalization WHERE patient_id = ${person.id}`)).length, 1, 'none of them left a version');
    // After 30 days who has to withdraw it breaks the glass, as for any look.
    await ago(person, 50, 40);
    await database.execute(`DELETE FROM emergency_grant WHERE patient_id = ${person.id}`);
    await refused(ward.who, { stay }, 'FORBIDDEN');
    await writing.data(ward.who, `mutation { openEmergencyAccess(iin: "${person.iin}", reasonCode: OTHER, reason: "Қате енгізілген өлім") { patient { id } } }`);
    assert.equal((await withdraw(ward.who, { stay, outcome: 'IMPROVED' })).__typename, 'DeathWithdrawn');
    assert.equal((await mine(person)).data.me.patient.id, person.gid);
  });

  test('not by a colleague from whom the person hid the stay: for that one it is not there', async () => {
    const [person, stay] = await dead();
    const [colleague] = await database.query(`SELECT id, iin FROM practitioner WHERE active AND iin IS NOT NULL AND id NOT IN (SELECT practitioner_id FROM practitioner_role WHERE clinic_id = ${ward.id}) AND id <> ${person.doctor_id} ORDER BY id LIMIT 1`);
    await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${colleague.id}, ${ward.id}, 'hospital_doctor', '2020-01-01');
      INSERT INTO access_rule (patient_id, kind, item_table, item_id, practitioner_id, made_by) SELECT patient_id, 'hide', 'hospitalization', id, ${colleague.id}, '${person.iin}' FROM hospitalization WHERE patient_id = ${person.id}`);
    await refused({ ...ward.who, sub: colleague.iin }, { stay }, 'NOT_FOUND', /no such stay/);
    await database.execute(`UPDATE access_rule SET revoked_at = clock_timestamp(), revoked_by = made_by WHERE patient_id = ${person.id}`);
    assert.equal((await withdraw({ ...ward.who, sub: colleague.iin }, { stay, outcome: 'IMPROVED' })).__typename, 'DeathWithdrawn', 'any doctor of the hospital');
  });

  test('asked for by ten at once is withdrawn once', async () => {
    const [person, stay] = await dead();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => writing.ask(ward.who, WITHDRAW, { stay, outcome: i % 2 ? 'IMPROVED' : null, key: newKey() })));
    assert.equal(answers.filter(({ data }) => data.withdrawDeath?.__typename === 'DeathWithdrawn').length, 1);
    assert.deepEqual(answers.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code), Array(9).fill('CONFLICT'));
    assert.equal((await database.query(`SELECT FROM hospitalization WHERE patient_id = ${person.id}`)).length, 2);
    assert.equal((await outbox(person, 'death_withdrawn')).length, 2);
  });

  test('is not the hospital’s to withdraw where others say it too, or said it first', async () => {
    const stated = async (stay, source, other) => {
      const answer = await withdraw(ward.who, { stay, outcome: 'IMPROVED' });
      assert.deepEqual([answer.__typename, answer.source?.name ?? null, answer.other], ['DeathStatedElsewhere', source, other]);
      assert.match(answer.message, /said by others/);
    };
    // The register had it before, on whichever day.
    for (const day of ['kz_today() - 1', 'kz_today()']) {
      const [person, stay] = await inpatient();
      await database.execute(`UPDATE patient SET deceased_on = ${day} WHERE id = ${person.id}`);
      await discharge(ward.who, { stay });
      await stated(stay, null, null);
      assert.notEqual(await deceased(person), null);
    }
    // A source says so of its own, until it takes that back.
    const [person, stay] = await dead(), name = await database.value('SELECT name FROM source_system WHERE id = 100');
    await database.execute(`INSERT INTO private.source_record (source_id, patient_id, item_id, first_run, last_run, place, resource_type, record_id, state, item_table, file, digest, body)
      VALUES (100, ${person.id}, ${person.id}, 1, 1, 1, 'Patient', 'p-1', 'kept', 'patient', 'x', '\\x00', '{"resourceType": "Patient", "deceasedDateTime": "${today}"}')`);
    await stated(stay, name, null);
    assert.equal((await mine(person)).data.me.patient, null);
    assert.equal(await database.value(`SELECT count(*) FROM private.change_record WHERE patient_id = ${person.id} AND operation = 'withdraw_death'`), 0);
    await database.execute(`UPDATE private.source_record SET body = '{"resourceType": "Patient", "deceasedBoolean": true}' WHERE record_id = 'p-1' AND source_id = 100`);
    await stated(stay, name, null);
    // Another stay ended so.
    const number = (await database.execute(`UPDATE private.source_record SET body = '{"resourceType": "Patient"}' WHERE record_id = 'p-1' AND source_id = 100;
      INSERT INTO hospitalization (patient_id, clinic_id, admitted_on, discharged_on, department, icd10_admission, icd10_discharge, outcome, source_id, source_rec)
      VALUES (${person.id}, ${elsewhere.id}, kz_today() - 9, kz_today() - 8, 'x', 'I10', 'I10', 'died', 100, 'Encounter/e-1') RETURNING id`)).trim();
    const answer = await withdraw(ward.who, { stay, outcome: 'IMPROVED' });
    assert.deepEqual([answer.__typename, answer.source.name, typeof answer.other.id], ['DeathStatedElsewhere', name, 'string']);
    // Hidden from the doctor it is told of by nothing but that others say so. (Who broke the glass sees it all the same.)
    await database.execute(`DELETE FROM emergency_grant WHERE patient_id = ${person.id}; INSERT INTO access_rule (patient_id, kind, item_table, item_id, practitioner_id, made_by) VALUES (${person.id}, 'hide', 'hospitalization', ${number}, ${ward.doctor_id}, '${person.iin}')`);
    await stated(stay, null, null);
    await database.execute(`UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${person.id} AND id = ${number}`);
    assert.equal((await withdraw(ward.who, { stay, outcome: 'IMPROVED' })).__typename, 'DeathWithdrawn');
    assert.equal((await mine(person)).data.me.patient.id, person.gid);
  });

  test('after which the person was in hospital elsewhere: the stay can’t go on, but did end otherwise', async () => {
    const [person, stay] = await dead();
    await ago(person, 5, 3);
    await database.execute(`INSERT INTO hospitalization (patient_id, clinic_id, admitted_on, discharged_on, department, icd10_admission, icd10_discharge, outcome, source_id, source_rec) VALUES (${person.id}, ${elsewhere.id}, kz_today() - 2, kz_today() - 1, 'x', 'I10', 'I10', 'improved', 100, 'Encounter/e-2')`);
    await refused(ward.who, { stay, outcome: null }, 'CONFLICT', /can't go on/);
    assert.equal((await withdraw(ward.who, { stay, outcome: 'UNCHANGED' })).__typename, 'DeathWithdrawn');
  });

  test('gives nobody a right that the stay did not give', async () => {
    const person = people.find((one) => !one.taken);
    person.taken = true;
    const [colleague] = await database.query(`SELECT id, iin FROM practitioner WHERE active AND iin IS NOT NULL AND id NOT IN (SELECT practitioner_id FROM practitioner_role WHERE role = 'hospital_doctor') AND id <> ${person.doctor_id} ORDER BY id DESC LIMIT 1`);
    await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${colleague.id}, ${ward.id}, 'hospital_doctor', '2020-01-01')`);
    const second = { ...ward.who, sub: colleague.iin };
    // Admitted under emergency access that nobody has reviewed, and corrected by a colleague under another.
    await opened(person, ward.who, "- INTERVAL '5 days'");
    await database.execute(`INSERT INTO hospitalization (patient_id, clinic_id, recorded_by, admitted_on, discharged_on, department, icd10_admission, icd10_discharge, outcome, death_stated_on)
      VALUES (${person.id}, ${ward.id}, ${ward.doctor_id}, kz_today() - 5, kz_today(), 'x', 'I10', 'I10', 'died', kz_today()); UPDATE patient SET deceased_on = kz_today() WHERE id = ${person.id}`);
    await opened(person, second);
    const { patient } = await writing.data(second, 'query ($iin: ID!) { patient(iin: $iin) { hospitalizations(first: 1) { nodes { id } } } }', { iin: person.iin });
    const { stay } = await withdraw(second, { stay: patient.hospitalizations.nodes[0].id, outcome: 'IMPROVED' });
    assert.equal(stay.version, 2);
    const rights = (who) => database.value(`SELECT capacities FROM access_rights('DOCTOR/${who.sub}/${who.org}', ${person.id})`);
    assert.deepEqual([await rights(ward.who), await rights(second)], [undefined, 'BREAK_GLASS']);
  });
});

describe('what the death kept back', () => {
  test('messages that were not sent because of it leave, but for those whose time is over', async () => {
    const [person, stay] = await dead();
    await database.execute(`BEGIN; DELETE FROM private.outbox; SELECT outbox_put('dispute_answered', ${person.id}, 'x:1', '{}', 'app'), outbox_put('confirm_visit', ${person.id}, 'x:2', '{"code": "123456"}', 'sms'),
      outbox_put('appointment_booked', ${person.id}, 'x:3', jsonb_build_object('startsAt', now() - INTERVAL '1 hour'), 'app'), outbox_put('appointment_booked', ${person.id}, 'x:4', jsonb_build_object('startsAt', now() + INTERVAL '1 day'), 'app'),
      outbox_put('due_this_month', ${person.id}, 'x:5', '{}', 'app'), outbox_put('due_this_month', ${person.id}, 'x:6', '{}', 'app');
      UPDATE private.outbox SET made_at = now() - INTERVAL '40 days' WHERE key ~ 'x:6'; COMMIT`);
    assert.deepEqual(await database.query('SELECT id FROM message_take(100, 60)'), [], 'nothing leaves to who has died');
    assert.deepEqual(await database.query("SELECT DISTINCT state, error FROM private.outbox"), [{ state: 'dead', error: 'the person has died' }]);
    await withdraw(ward.who, { stay, outcome: 'IMPROVED' });
    const left = await database.query('SELECT kind, channel FROM message_take(100, 60)');
    assert.deepEqual(left.map(({ kind, channel }) => `${kind} ${channel}`).sort(), ['appointment_booked app', 'death_withdrawn app', 'death_withdrawn sms', 'dispute_answered app', 'due_this_month app', 'patient_death_withdrawn app']);
    assert.deepEqual((await database.query("SELECT substring(key from 'x:.') AS about FROM private.outbox WHERE state = 'dead' ORDER BY 1")).map(({ about }) => about), ['x:2', 'x:3', 'x:6']);
  });

  test('of a result that endangers life, and came when nobody was called, they are told', async () => {
    const [person, stay] = await dead(), test1 = (await writing.data(null, '{ labTest(by: {loinc: "2823-3"}) { id } }')).labTest.id;
    const add = (value, hours) => writing.data(ward.who, 'mutation ($patient: ID!, $test: ID!, $value: Float!, $at: DateTime!, $key: String!) { addOutsideLabResult(patient: $patient, test: $test, value: $value, unit: "mmol/L", resultedAt: $at, idempotencyKey: $key) { flag } }',
      { patient: person.gid, test: test1, value, at: new Date(Date.now() - hours * 3_600_000).toISOString(), key: newKey() });
    await add(4, 0);
    assert.equal((await add(7.5, 0)).addOutsideLabResult.flag, 'CRITICAL_HIGH');
    assert.deepEqual(await outbox(person, 'result_critical'), []);
    await withdraw(ward.who, { stay });
    assert.deepEqual((await outbox(person, 'result_critical')).map(({ channel }) => channel), ['sms', 'app']);
  });

  test('a child’s guardian sees the passport again, and is told', async () => {
    const [child, stay] = await dead('child');
    const guardian = { role: 'CITIZEN', sub: child.guardian }, look = async () => (await writing.ask(guardian, 'query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: child.iin })).data.patient;
    for (let i = 0; i < 4; i++) assert.equal(await look(), null);
    await database.execute('DELETE FROM private.outbox');
    await withdraw(ward.who, { stay, outcome: 'RECOVERED' });
    for (const seen of await Promise.all(Array.from({ length: 8 }, look))) assert.deepEqual(seen, { id: child.gid });
    const [{ recipient, said }] = await database.query(`SELECT recipient, said FROM message_take(100, 60) WHERE kind = 'death_withdrawn' AND channel = 'app'`);
    const guardians = (await database.query(`SELECT coalesce(g.guardian_iin, q.iin) AS iin FROM guardianship g LEFT JOIN patient q ON q.id = g.guardian_id WHERE g.patient_id = ${child.id}`)).map(({ iin }) => iin);
    assert.ok(guardians.includes(recipient), 'not to the child');
    assert.ok(said.length > 10 && !said.includes(child.iin));
  });

  test('a dispute of the stay that is upheld takes the death with it', async () => {
    const [person, stay] = await inpatient();
    const { disputeRecord } = await writing.data(asCitizen(person), 'mutation ($entry: ID!, $key: String!) { disputeRecord(entry: $entry, reason: NOT_THERE, idempotencyKey: $key) { id } }', { entry: stay, key: newKey() });
    await discharge(ward.who, { stay });
    assert.equal((await mine(person)).data.me.patient, null);
    const [colleague] = await database.query(`SELECT m.iin FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL WHERE j.clinic_id = ${ward.id} AND j.role IN ('hospital_doctor') AND j.valid_to IS NULL AND m.id <> ${ward.doctor_id} ORDER BY m.id LIMIT 1`);
    const { answerDispute } = await writing.data({ ...ward.who, sub: colleague.iin }, 'mutation ($dispute: ID!, $key: String!) { answerDispute(dispute: $dispute, upheld: true, answer: "Иә, басқа адам жатқан", idempotencyKey: $key) { status } }', { dispute: disputeRecord.id, key: newKey() });
    assert.equal(answerDispute.status, 'UPHELD');
    assert.equal(await deceased(person), null);
    assert.deepEqual((await mine(person)).data.me.patient.id, person.gid);
    assert.equal((await outbox(person, 'death_withdrawn')).length, 2);
  });
});
