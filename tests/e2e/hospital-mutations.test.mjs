// The way to a hospital and out of it, through the server: referred, decided, admitted, discharged; and dispensary observation. What a plain statement could break, and who may not.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from './lib/run.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const FIELDS = 'id sheetNumber status plannedOn icd10 referredBy { id } hospital { id }';
const REFER = `mutation ($patient: ID!, $hospital: ID!, $icd10: String = "I10", $on: Date, $key: String!) { referToHospital(patient: $patient, hospital: $hospital, icd10: $icd10, plannedOn: $on, idempotencyKey: $key) { ${FIELDS} } }`;
const DECIDE = `mutation ($referral: ID!, $on: Date, $refusal: String, $key: String!) { decideReferral(referral: $referral, plannedOn: $on, refusal: $refusal, idempotencyKey: $key) { ${FIELDS} } }`;
const WITHDRAW = 'mutation ($referral: ID!, $key: String!) { withdrawReferral(referral: $referral, idempotencyKey: $key) { id status } }';
const ADMIT = `mutation ($patient: ID!, $referral: ID, $department: String = "Кардиология", $icd10: String = "I10", $key: String!) {
  admit(patient: $patient, referral: $referral, department: $department, icd10: $icd10, idempotencyKey: $key) { __typename
    ... on Admitted { stay { id admittedOn dischargedOn department hospital { id } referral { id status } } } ... on AlreadyInHospital { message other { id } } } }`;
const DISCHARGE = `mutation ($stay: ID!, $icd10: String = "I11.9", $outcome: HospitalizationOutcome = IMPROVED, $key: String!) {
  discharge(stay: $stay, icd10: $icd10, outcome: $outcome, idempotencyKey: $key) { id dischargedOn icd10Discharge outcome } }`;
const OBSERVE = `mutation ($diagnosis: ID!, $next: Date!, $every: Int, $key: String!) { registerDispensary(diagnosis: $diagnosis, nextVisitOn: $next, everyDays: $every, idempotencyKey: $key) { __typename
  ... on Observed { registration { id icd10 registeredOn nextVisitOn removedOn group clinic { id } diagnosis { id } } } ... on AlreadyObserved { message other { id } } } }`;
const END = 'mutation ($registration: ID!, $reason: String = "Ремиссия", $key: String!) { removeDispensary(registration: $registration, reason: $reason, idempotencyKey: $key) { id removedOn nextVisitOn } }';

let writing, database, person, other, id, doctor, ward, elsewhere, today;
const asCitizen = ({ iin } = person) => ({ role: 'CITIZEN', sub: iin });
const own = (what, who = person) => writing.data(asCitizen(who), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);
const day = (n) => new Date(Date.parse(today) + n * 86_400_000).toISOString().slice(0, 10);
const told = (kind, of = person) => database.value(`SELECT count(*) FROM private.outbox WHERE patient_id = ${of.id} AND kind = '${kind}'`);
const send = (text, field) => async (who, variables = {}) => (await writing.data(who, text, { key: newKey(), ...variables }))[field];
const [refer, decide, admit, discharge, observe] = [send(REFER, 'referToHospital'), send(DECIDE, 'decideReferral'), send(ADMIT, 'admit'), send(DISCHARGE, 'discharge'), send(OBSERVE, 'registerDispensary')];
const refused = (who, text, variables, ...more) => writing.refused(who, text, { key: newKey(), ...variables }, ...more);
/** What both workers show, asked for a few times: the same. */
async function everywhere(what, look) {
  for (let i = 0; i < 4; i++) look(await own(what));
}
/** Nobody waits for a hospital, lies in one, or was in one lately. */
const clear = ({ id: of }) => database.execute(`DELETE FROM hospitalization WHERE patient_id = ${of}; DELETE FROM hospital_referral WHERE patient_id = ${of}`);

before(async () => {
  writing = await Writing.start();
  database = writing.database;
  today = await database.value('SELECT kz_today()::text');
  [person, other] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 2`);
  await clear(person);
  await clear(other);
  doctor = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  const places = await database.query(`SELECT DISTINCT ON (c.id) c.id, c.bin, c.name, m.iin, m.id AS doctor_id FROM clinic c JOIN practitioner_role j ON j.clinic_id = c.id AND j.role = 'hospital_doctor' AND j.valid_to IS NULL
    JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL WHERE c.active AND c.kind = 'hospital' ORDER BY c.id, m.id LIMIT 2`);
  for (const place of places) {
    const { searchClinics } = await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name(lang: KK) } }', { text: place.name });
    Object.assign(place, { gid: searchClinics.find(({ name }) => name === place.name).id, who: { role: 'DOCTOR', sub: place.iin, org: place.bin } });
  }
  [ward, elsewhere] = places;
  id = (await own('id')).id;
});
after(() => writing?.stop());

describe('hospital', () => {
  test('the whole way: referred, accepted, admitted, discharged; both workers show each step', async () => {
    const key = newKey(), sheet = await refer(doctor, { patient: id, hospital: ward.gid, key });
    assert.deepEqual([sheet.status, sheet.plannedOn, sheet.icd10, sheet.hospital.id], ['WAITING', null, 'I10', ward.gid]);
    assert.match(sheet.sheetNumber, /^H[0-9]{12}$/);
    assert.deepEqual(await refer(doctor, { patient: id, hospital: ward.gid, key }), sheet, 'the same key, the same sheet');
    await refused(doctor, REFER, { patient: id, hospital: elsewhere.gid }, 'CONFLICT', /waits for a hospital with this disease/);
    await everywhere('hospitalReferrals(first: 5) { nodes { id status } }', ({ hospitalReferrals }) => assert.deepEqual(hospitalReferrals.nodes, [{ id: sheet.id, status: 'WAITING' }]));

    await refused(ward.who, ADMIT, { patient: id, referral: sheet.id }, 'CONFLICT', /that it has accepted/);
    for (const who of [doctor, elsewhere.who, asCitizen()]) await refused(who, DECIDE, { referral: sheet.id, on: day(1) }, 'FORBIDDEN');
    for (const wrong of [{}, { on: day(1), refusal: 'x' }, { on: day(-1) }, { on: day(366) }, { refusal: 'x'.repeat(1001) }]) await refused(ward.who, DECIDE, { referral: sheet.id, ...wrong }, 'BAD_USER_INPUT');
    const accepted = await decide(ward.who, { referral: sheet.id, on: day(3) });
    assert.deepEqual([accepted.status, accepted.plannedOn], ['ACCEPTED', day(3)]);
    await refused(ward.who, DECIDE, { referral: sheet.id, on: day(3) }, 'CONFLICT', /decided already/);
    assert.equal((await decide(ward.who, { referral: sheet.id, on: day(5) })).plannedOn, day(5), 'another day');
    assert.equal(await told('hospital_referral'), 1 + 2 + 2, 'referred, and two days');

    await refused(elsewhere.who, ADMIT, { patient: id, referral: sheet.id }, 'FORBIDDEN');
    await refused(doctor, ADMIT, { patient: id, referral: sheet.id }, 'FORBIDDEN', /doctor of the hospital/);
    for (const wrong of [{ department: ' ' }, { department: 'x'.repeat(201) }, { icd10: 'nonsense' }]) await refused(ward.who, ADMIT, { patient: id, referral: sheet.id, ...wrong }, 'BAD_USER_INPUT');
    const { __typename, stay } = await admit(ward.who, { patient: id, referral: sheet.id });
    assert.deepEqual([__typename, stay.admittedOn, stay.dischargedOn, stay.hospital.id, stay.referral], ['Admitted', today, null, ward.gid, { id: sheet.id, status: 'ADMITTED' }]);
    await everywhere('hospitalReferrals(first: 1) { nodes { status } } hospitalizations(first: 1) { nodes { id dischargedOn } }', ({ hospitalReferrals, hospitalizations }) =>
      assert.deepEqual([hospitalReferrals.nodes[0].status, hospitalizations.nodes[0]], ['ADMITTED', { id: stay.id, dischargedOn: null }]));
    await refused(asCitizen(), WITHDRAW, { referral: sheet.id }, 'CONFLICT');
    assert.deepEqual(await admit(ward.who, { patient: id }), { __typename: 'AlreadyInHospital', message: 'The person is in a hospital, which has to discharge first.', other: { id: stay.id } });

    for (const who of [doctor, asCitizen(), elsewhere.who]) await refused(who, DISCHARGE, { stay: stay.id }, 'FORBIDDEN');
    await refused(ward.who, DISCHARGE, { stay: stay.id, icd10: 'nonsense' }, 'BAD_USER_INPUT', /ICD-10/);
    await refused(ward.who, DISCHARGE, { stay: stay.id, icd10: 'G63.2' }, 'BAD_USER_INPUT', /manifestation/);
    const once = newKey(), left = await discharge(ward.who, { stay: stay.id, key: once });
    assert.deepEqual(left, { id: stay.id, dischargedOn: today, icd10Discharge: 'I11.9', outcome: 'IMPROVED' });
    assert.deepEqual(await discharge(ward.who, { stay: stay.id, key: once }), left);
    await refused(ward.who, DISCHARGE, { stay: stay.id }, 'CONFLICT', /ended already/);
    assert.equal(await told('hospital_discharged'), 1);
    await everywhere('hospitalizations(first: 1) { nodes { dischargedOn outcome } }', ({ hospitalizations }) => assert.deepEqual(hospitalizations.nodes, [{ dischargedOn: today, outcome: 'IMPROVED' }]));
    assert.deepEqual((await database.query(`SELECT operation FROM private.change_record WHERE patient_id = ${person.id} ORDER BY id`)).map(({ operation }) => operation),
      ['refer_to_hospital', 'decide_referral', 'decide_referral', 'admit', 'discharge']);
  });

  test('refused with a reason, taken back by the owner; who refers, and whereto', async () => {
    const sheet = await refer(doctor, { patient: id, hospital: ward.gid, icd10: 'E11.9', on: day(9) });
    const no = await decide(ward.who, { referral: sheet.id, refusal: 'Көрсетілім жоқ' });
    assert.equal(no.status, 'REFUSED');
    await refused(ward.who, DECIDE, { referral: sheet.id, on: day(3) }, 'CONFLICT');
    const second = await refer(doctor, { patient: id, hospital: ward.gid, icd10: 'E11.9' });
    assert.notEqual(second.sheetNumber, sheet.sheetNumber);
    for (const who of [doctor, ward.who]) await refused(who, WITHDRAW, { referral: second.id }, 'FORBIDDEN');
    assert.equal((await writing.data(asCitizen(), WITHDRAW, { referral: second.id, key: newKey() })).withdrawReferral.status, 'WITHDRAWN');
    await refused(ward.who, DECIDE, { referral: second.id, on: day(3) }, 'CONFLICT');

    const { data } = await writing.ask(asCitizen(), '{ me { patient { clinic { id } } } }');
    await refused(doctor, REFER, { patient: id, hospital: data.me.patient.clinic.id }, 'NOT_FOUND', /no such hospital/);
    for (const wrong of [{ icd10: 'nonsense' }, { on: day(-1) }, { on: day(366) }]) await refused(doctor, REFER, { patient: id, hospital: ward.gid, ...wrong }, 'BAD_USER_INPUT');
    for (const who of [asCitizen(), asCitizen(other), { ...doctor, role: 'NURSE' }, { ...doctor, org: ward.bin }]) await refused(who, REFER, { patient: id, hospital: ward.gid }, 'FORBIDDEN');
  });

  test('each change of its day is told, also back to a day that was told before', async () => {
    const sheet = await refer(doctor, { patient: id, hospital: ward.gid, icd10: 'K35.8' }), number = () => database.value(`SELECT count(*) FROM private.outbox WHERE patient_id = ${person.id} AND kind = 'hospital_referral' AND channel = 'sms'`).then(Number);
    const before = await number();
    for (const on of [day(2), day(4), day(2)]) await decide(ward.who, { referral: sheet.id, on });
    assert.equal(await number() - before, 3);
    await decide(ward.who, { referral: sheet.id, refusal: 'Орын жоқ' });
  });

  test('admitted at once by two hospitals of fifty that ask: one stay', async () => {
    const gid = (await own('id', other)).id;
    await database.execute(`INSERT INTO emergency_grant (patient_id, practitioner_id, clinic_id, role, valid_from, valid_to, reason_code, reason)
      SELECT ${other.id}, d, c, 'DOCTOR', now() - INTERVAL '1 minute', now() + INTERVAL '23 hours', 'threat_to_life', 'brought by an ambulance' FROM (VALUES (${ward.doctor_id}, ${ward.id}), (${elsewhere.doctor_id}, ${elsewhere.id})) v (d, c)`);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => admit(i % 2 ? ward.who : elsewhere.who, { patient: gid })));
    assert.equal(answers.filter(({ __typename }) => __typename === 'Admitted').length, 1);
    assert.equal(answers.filter(({ __typename }) => __typename === 'AlreadyInHospital').length, 49);
    assert.equal(await database.value(`SELECT count(*) FROM hospitalization WHERE patient_id = ${other.id}`), 1);
    const won = answers.findIndex(({ __typename }) => __typename === 'Admitted');
    const { stay } = answers[won], place = won % 2 ? ward : elsewhere;
    assert.equal(stay.referral, null);
    assert.equal((await discharge(place.who, { stay: stay.id, outcome: 'DIED' })).outcome, 'DIED');
    assert.equal(await database.value(`SELECT deceased_on::text FROM patient WHERE id = ${other.id}`), today);
    await refused(ward.who, ADMIT, { patient: gid }, 'CONFLICT', /has died/);
    await refused(ward.who, REFER, { patient: gid, hospital: ward.gid }, 'CONFLICT', /has died/);
  });

  test('what is written under emergency access makes nobody a treating doctor, before its review has found it justified', async () => {
    const [third] = await database.query(`SELECT p.id, p.iin FROM patient p WHERE p.deceased_on IS NULL AND p.birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND p.id NOT IN (${person.id}, ${other.id})
      AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/${elsewhere.who.sub}/${elsewhere.bin}', p.id)) AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/${ward.who.sub}/${ward.bin}', p.id)) ORDER BY p.id LIMIT 1`);
    await clear(third);
    const rightsOf = (viewer) => database.value(`SELECT string_agg(capacities, ',') FROM access_rights('${viewer}', ${third.id})`);
    const rights = (who) => rightsOf(`DOCTOR/${who.sub}/${who.org}`);
    const { openEmergencyAccess: opened } = await writing.data(elsewhere.who, `mutation { openEmergencyAccess(iin: "${third.iin}", reasonCode: UNCONSCIOUS, reason: "brought without a word") { patient { id } } }`);
    const gid = opened.patient.id;
    const { searchDrugs: [drug] } = await writing.data(null, 'query ($text: String!) { searchDrugs(text: $text) { id } }', { text: await database.value("SELECT name FROM drug WHERE atc = 'C08CA01' ORDER BY id LIMIT 1") });
    const { prescribe } = await writing.data(elsewhere.who, `mutation ($patient: ID!, $drug: ID!, $key: String!) { prescribe(patient: $patient, drug: $drug, quantity: 1, dose: "1", overrideReason: "there is no time", idempotencyKey: $key) { __typename } }`,
      { patient: gid, drug: drug.id, key: newKey() });
    assert.equal(prescribe.__typename, 'Prescribed');
    const sheet = await refer(elsewhere.who, { patient: gid, hospital: ward.gid });
    assert.equal((await admit(elsewhere.who, { patient: gid })).__typename, 'Admitted');
    assert.deepEqual([await rights(elsewhere.who), await rights(ward.who)], ['BREAK_GLASS', null]);
    const one = 'SELECT m.id, m.iin FROM practitioner m WHERE m.active AND m.iin IS NOT NULL AND m.id NOT IN (SELECT practitioner_id FROM practitioner_role WHERE role = \'hospital_doctor\') ORDER BY m.id LIMIT 1';
    await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) SELECT id, ${elsewhere.id}, 'nurse', '2020-01-01' FROM (${one}) one`);
    const nurse = `NURSE/${await database.value(`SELECT iin FROM (${one}) one`)}/${elsewhere.bin}`;
    const nursed = () => rightsOf(nurse);
    assert.equal(await nursed(), null);

    await database.execute(`UPDATE emergency_grant SET valid_to = valid_from + INTERVAL '1 second' WHERE patient_id = ${third.id}`);
    await until(async () => await rights(elsewhere.who) === null, 'the end of emergency access');
    assert.equal(await rights(ward.who), null);
    await refused(elsewhere.who, REFER, { patient: gid, hospital: ward.gid, icd10: 'E11.9' }, 'FORBIDDEN');
    const review = (said) => database.execute(`UPDATE emergency_grant SET review = '${said}', reviewed_at = now(), reviewed_by = ${ward.doctor_id} WHERE patient_id = ${third.id} AND practitioner_id = ${elsewhere.doctor_id}`);
    await review('unjustified');
    assert.deepEqual([await rights(elsewhere.who), await rights(ward.who), await nursed()], [null, null, null]);
    await review('justified');
    assert.deepEqual([await rights(elsewhere.who), await rights(ward.who)], ['TREATING_DOCTOR', 'TREATING_DOCTOR']);
    assert.equal(await nursed(), 'TREATING_NURSE');
    // What the owner took back gives nothing from then on.
    await writing.data(asCitizen(third), WITHDRAW, { referral: sheet.id, key: newKey() });
    assert.equal(await rights(ward.who), null);
  });

  /** Somebody whom the district doctor may see and neither hospital has to do with. */
  const stranger = async (not) => {
    const [found] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, c.bin FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
      WHERE p.deceased_on IS NULL AND birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND p.id NOT IN (${person.id}, ${other.id}, ${not.map(({ id }) => id).join() || 0}) AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id))
        AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id) AND NOT EXISTS (SELECT FROM emergency_grant g WHERE g.patient_id = p.id) ORDER BY p.id LIMIT 1`);
    await clear(found);
    assert.equal(await database.value(`SELECT count(*) FROM access_rights('DOCTOR/${ward.who.sub}/${ward.bin}', ${found.id})`), 0);
    return { ...found, gid: (await own('id', found)).id, district: { role: 'DOCTOR', sub: found.doctor, org: found.bin } };
  };

  test('a hospital that refused has nothing to do with the person from the next day on; who referred has', async () => {
    const who = await stranger([]);
    const sheet = await refer(who.district, { patient: who.gid, hospital: ward.gid });
    const key = newKey(), no = await decide(ward.who, { referral: sheet.id, refusal: 'Орын жоқ', key });
    assert.equal(no.status, 'REFUSED');
    assert.deepEqual(await decide(ward.who, { referral: sheet.id, refusal: 'Орын жоқ', key }), no, 'an answer that was lost');
    await database.execute(`UPDATE hospital_referral SET refused_at = refused_at - INTERVAL '1 day' WHERE patient_id = ${who.id}`);
    await refused(ward.who, DECIDE, { referral: sheet.id, on: day(3) }, 'FORBIDDEN');
    const sees = ({ sub, org }) => database.value(`SELECT string_agg(capacities, ',') FROM access_rights('DOCTOR/${sub}/${org}', ${who.id})`);
    await until(async () => (await writing.ask(ward.who, 'query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: who.iin })).data.patient === null, 'the end of the right');
    assert.match(await sees(who.district), /TREATING_DOCTOR/);
    assert.equal(await sees(ward.who), null);
  });

  test('what nobody ended: neither an old referral nor an old stay is in the way', async () => {
    const who = await stranger([]);
    const planted = (days) => database.execute(`DELETE FROM hospital_referral WHERE patient_id = ${who.id}; INSERT INTO hospital_referral (patient_id, source_rec, from_clinic_id, to_clinic_id, referred_on, icd10, sheet_number)
      VALUES (${who.id}, 'left', ${person.clinic_id}, ${ward.id}, kz_today() - ${days}, 'I10', 'left-waiting')`);
    await planted(364);
    await refused(who.district, REFER, { patient: who.gid, hospital: ward.gid }, 'CONFLICT', /waits for a hospital with this disease/);
    await planted(365);
    assert.equal((await refer(who.district, { patient: who.gid, hospital: ward.gid })).status, 'WAITING');
    // A stay without an end: its hospital opens emergency access, as it has no other right any more, and discharges.
    await clear(who);
    await database.execute(`INSERT INTO hospitalization (patient_id, source_rec, clinic_id, admitted_on, department, icd10_admission) VALUES (${who.id}, 'left', ${ward.id}, kz_today() - 400, 'x', 'I10')`);
    const { hospitalizations: { nodes: [stay] } } = await own('hospitalizations(first: 1) { nodes { id } }', who);
    await refused(ward.who, DISCHARGE, { stay: stay.id }, 'FORBIDDEN');
    await writing.data(ward.who, `mutation { openEmergencyAccess(iin: "${who.iin}", reasonCode: OTHER, reason: "a stay that nobody ended") { id } }`);
    assert.equal((await discharge(ward.who, { stay: stay.id })).dischargedOn, today);
  });

  test('a hidden diagnosis is not told by what names its code without a link to it', async () => {
    await database.execute(`INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('F20.0', 'x', 'x', 'x') ON CONFLICT DO NOTHING;
      INSERT INTO hospitalization (patient_id, source_rec, clinic_id, admitted_on, discharged_on, icd10_discharge, outcome, department, icd10_admission) VALUES (${person.id}, 'coded', ${ward.id}, '2021-03-01', '2021-03-09', 'F20.0', 'improved', 'x', 'I10');
      INSERT INTO encounter (patient_id, clinic_id, started_at, kind, icd10) VALUES (${person.id}, ${person.clinic_id}, '2021-02-01T05:00:00Z', 'remote', 'F20.0');
      INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at, status) VALUES (${person.id}, ${ward.doctor_id}, ${ward.id}, now() + INTERVAL '1 hour', 'booked')`);
    const { addDiagnosis: { id: found } } = await writing.data(doctor, 'mutation ($patient: ID!, $key: String!) { addDiagnosis(patient: $patient, icd10: "F20.0", idempotencyKey: $key) { id } }', { patient: id, key: newKey() });
    await refer(doctor, { patient: id, hospital: elsewhere.gid, icd10: 'F20.0' });
    const seen = async (who) => JSON.stringify(await writing.data(who, `query ($iin: ID!) { patient(iin: $iin) { diagnoses(first: 100) { nodes { icd10 } } visits(first: 100) { nodes { icd10 disease { code } } }
      hospitalReferrals(first: 100) { nodes { icd10 } } hospitalizations(first: 100) { nodes { icd10Admission icd10Discharge dischargeDisease { code } } } timeline(first: 100, code: "F20") { nodes { at } } } }`, { iin: person.iin }));
    const said = (text) => (text.match(/F20\.0/g) ?? []).length;
    const before = [await seen(ward.who), await seen(doctor)];
    assert.deepEqual(before.map(said), [6, 6], 'a diagnosis, a visit and a stay with their disease, a referral');
    const number = await database.value(`SELECT id FROM condition WHERE patient_id = ${person.id} AND icd10 = 'F20.0'`);
    assert.ok(found && number);
    assert.equal(await database.value(`SELECT condition_id FROM hospital_referral WHERE patient_id = ${person.id} AND icd10 = 'F20.0'`), number, 'the referral is for it');
    await database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, item_id, made_by) VALUES (${person.id}, 'hide', 'condition', ${number}, '${person.iin}')`);
    const after = await seen(ward.who);
    assert.equal(said(after), 0, after);
    assert.deepEqual(JSON.parse(after).patient.timeline.nodes, []);
    assert.equal(said(await seen(doctor)), 2, 'who wrote the diagnosis and the referral sees these, not what others wrote');
    await database.execute(`DELETE FROM access_rule WHERE patient_id = ${person.id}; DELETE FROM appointment WHERE patient_id = ${person.id} AND practitioner_id = ${ward.doctor_id} AND status = 'booked';
      UPDATE hospital_referral SET condition_id = NULL WHERE patient_id = ${person.id} AND icd10 = 'F20.0'; DELETE FROM condition WHERE patient_id = ${person.id} AND icd10 = 'F20.0'; DELETE FROM encounter WHERE patient_id = ${person.id} AND icd10 = 'F20.0'; DELETE FROM hospitalization WHERE source_rec = 'coded'`);
  });

  test('what a plain statement can\'t do either', async () => {
    const of = `patient_id = ${person.id}`;
    const planted = (status) => database.execute(`INSERT INTO hospital_referral (patient_id, from_clinic_id, to_clinic_id, referred_on, planned_on, icd10, sheet_number, status)
      VALUES (${person.id}, ${person.clinic_id}, ${ward.id}, '${today}', '${today}', 'J45.9', 'planted', '${status}')`);
    const set = (status) => database.execute(`UPDATE hospital_referral SET status = '${status}', refusal = ${status === 'refused' ? "'x'" : 'NULL'} WHERE sheet_number = 'planted'`);
    const stay = (from, to, more = ['', ''], clinic = ward.id) => database.execute(`INSERT INTO hospitalization (patient_id, clinic_id, admitted_on, discharged_on, icd10_discharge, outcome, department, icd10_admission${more[0]})
      VALUES (${person.id}, ${clinic}, '${from}', ${to ? `'${to}', 'I10', 'improved'` : 'NULL, NULL, NULL'}, 'x', 'I10'${more[1]})`);
    await assert.rejects(planted('accepted'), /begins as one that waits/);
    await planted('waiting');
    await assert.rejects(set('admitted'), /does not become admitted/);
    const following = [', referral_id', `, (SELECT id FROM hospital_referral WHERE sheet_number = 'planted')`];
    await assert.rejects(stay(day(1), null, following), /that this hospital accepted/);
    await set('accepted');
    await assert.rejects(set('waiting'), /does not become waiting/);
    await assert.rejects(stay(day(1), null, following, elsewhere.id), /that this hospital accepted/);
    await assert.rejects(stay(day(1), null, undefined, person.clinic_id), /a stay is in a hospital/);
    await set('withdrawn');
    await assert.rejects(set('accepted'), /does not become accepted/);
    await stay('2020-03-01', '2020-03-09');
    await stay('2020-03-09', '2020-03-12');
    for (const [from, to] of [['2020-03-02', '2020-03-03'], ['2020-02-01', '2020-03-02'], ['2020-03-11', null], ['2020-02-01', '2021-01-01']]) await assert.rejects(stay(from, to), /one hospital at a time/);
    await assert.rejects(database.execute(`UPDATE hospitalization SET discharged_on = '2020-03-10' WHERE ${of} AND admitted_on = '2020-03-01'`), /a stay ends once/);
    const visit = (at, kind = 'visit', clinic = person.clinic_id) => database.execute(`INSERT INTO encounter (patient_id, clinic_id, started_at, kind) VALUES (${person.id}, ${clinic}, '${at}T05:00:00Z', '${kind}')`);
    for (const kind of ['visit', 'home', 'preventive']) await assert.rejects(visit('2020-03-05', kind), /lies in a hospital/);
    await visit('2020-03-05', 'remote');
    await visit('2020-03-05', 'visit', ward.id);
    for (const at of ['2020-03-01', '2020-03-09', '2020-03-12']) await visit(at);
  });
});

describe('dispensary observation', () => {
  const diagnosed = async (icd10) => (await writing.data(doctor, 'mutation ($patient: ID!, $icd10: String!, $key: String!) { addDiagnosis(patient: $patient, icd10: $icd10, idempotencyKey: $key) { id } }', { patient: id, icd10, key: newKey() })).addDiagnosis;

  test('a chronic disease, by the clinic of the attachment, with the next visit; once; and its end', async () => {
    await database.execute(`UPDATE dispensary_registration SET removed_on = '${today}', removal_reason = 'x' WHERE patient_id = ${person.id} AND removed_on IS NULL`);
    const asthma = await diagnosed('J45.9'), cold = await diagnosed('J06.9');
    const key = newKey(), { __typename, registration } = await observe(doctor, { diagnosis: asthma.id, next: day(180), key });
    assert.deepEqual([__typename, registration.icd10, registration.registeredOn, registration.nextVisitOn, registration.group, registration.diagnosis.id], ['Observed', 'J45.9', today, day(180), 3, asthma.id]);
    assert.equal((await observe(doctor, { diagnosis: asthma.id, next: day(180), key })).registration.id, registration.id);
    await everywhere('dispensaryRegistrations(first: 1) { nodes { id removedOn } }', ({ dispensaryRegistrations }) => assert.deepEqual(dispensaryRegistrations.nodes, [{ id: registration.id, removedOn: null }]));
    const again = await observe(doctor, { diagnosis: asthma.id, next: day(30) });
    assert.deepEqual([again.__typename, again.other.id], ['AlreadyObserved', registration.id]);
    await database.execute(`INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('J45.0', 'x', 'x', 'x') ON CONFLICT DO NOTHING`);
    assert.equal((await observe(doctor, { diagnosis: (await diagnosed('J45.0')).id, next: day(30) })).__typename, 'AlreadyObserved', 'another code of the same disease');
    await assert.rejects(database.execute(`INSERT INTO dispensary_registration (patient_id, icd10, registered_on, group_number) VALUES (${person.id}, 'J45.0', '${today}', 3)`), /dispensary_registration_disease/);

    await refused(doctor, OBSERVE, { diagnosis: cold.id, next: day(30) }, 'CONFLICT', /no chronic disease/);
    const diabetes = await diagnosed('E11.9');
    for (const wrong of [{ next: today }, { next: day(91) }, { next: day(31), every: 30 }, { next: day(30), every: 91 }, { next: day(30), every: 0 }]) await refused(doctor, OBSERVE, { diagnosis: diabetes.id, ...wrong }, 'BAD_USER_INPUT', /every 90 days/);
    for (const who of [asCitizen(), { ...doctor, role: 'NURSE' }, elsewhere.who]) await refused(who, OBSERVE, { diagnosis: diabetes.id, next: day(30) }, 'FORBIDDEN');
    await database.execute(`INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at, status) VALUES (${person.id}, ${ward.doctor_id}, ${ward.id}, now(), 'booked')`);
    await refused(ward.who, OBSERVE, { diagnosis: diabetes.id, next: day(30) }, 'FORBIDDEN', /attached to/);

    await refused(ward.who, END, { registration: registration.id }, 'FORBIDDEN');
    for (const reason of [' ', 'x'.repeat(501)]) await refused(doctor, END, { registration: registration.id, reason }, 'BAD_USER_INPUT');
    const once = newKey(), ended = (await writing.data(doctor, END, { registration: registration.id, key: once })).removeDispensary;
    assert.deepEqual(ended, { id: registration.id, removedOn: today, nextVisitOn: null });
    assert.deepEqual((await writing.data(doctor, END, { registration: registration.id, key: once })).removeDispensary, ended);
    await refused(doctor, END, { registration: registration.id }, 'CONFLICT', /ended already/);
    assert.equal((await observe(doctor, { diagnosis: asthma.id, next: day(30), every: 30 })).__typename, 'Observed', 'and begins anew');
  });

  test('a visit there with the disease moves the next one on; one that never was moves it back', async () => {
    await database.execute(`UPDATE dispensary_registration SET removed_on = '${today}', removal_reason = 'x' WHERE patient_id = ${person.id} AND removed_on IS NULL;
      UPDATE encounter SET icd10 = 'J06.9' WHERE patient_id = ${person.id} AND icd10 LIKE 'I10%'; UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${person.id} AND discharged_on IS NULL`);
    const { registration } = await observe(doctor, { diagnosis: (await diagnosed('I10')).id, next: day(30), every: 60 });
    await database.execute(`UPDATE dispensary_registration SET registered_on = registered_on - 50, next_visit_on = kz_today() - 1 WHERE patient_id = ${person.id} AND removed_on IS NULL`);
    const seen = () => own('dispensaryRegistrations(first: 50) { nodes { id nextVisitOn } } dueThisMonth { kind }').then(({ dispensaryRegistrations: { nodes }, dueThisMonth }) =>
      [nodes.find((one) => one.id === registration.id).nextVisitOn, dueThisMonth.some(({ kind }) => kind === 'DISPENSARY_VISIT')]);
    assert.deepEqual(await seen(), [day(-1), true]);
    const visited = async (icd10) => {
      const { openEncounter: { visit } } = await writing.data(doctor, 'mutation ($patient: ID!, $key: String!) { openEncounter(patient: $patient, kind: VISIT, idempotencyKey: $key) { ... on VisitOpened { visit { id } } } }', { patient: id, key: newKey() });
      await writing.data(doctor, 'mutation ($visit: ID!, $icd10: String!, $key: String!) { closeEncounter(visit: $visit, icd10: $icd10, idempotencyKey: $key) { __typename } }', { visit: visit.id, icd10, key: newKey() });
      return visit.id;
    };
    await visited('J06.9');
    assert.equal((await seen())[0], day(-1), 'for something else');
    const entry = await visited('I10');
    assert.deepEqual(await seen(), [day(60), false]);
    const { disputeRecord } = await writing.data(asCitizen(), 'mutation ($entry: ID!, $key: String!) { disputeRecord(entry: $entry, reason: NOT_THERE, idempotencyKey: $key) { id } }', { entry, key: newKey() });
    await writing.data(doctor, 'mutation ($dispute: ID!, $key: String!) { answerDispute(dispute: $dispute, upheld: true, answer: "Журналда қабылдау жоқ", idempotencyKey: $key) { status } }', { dispute: disputeRecord.id, key: newKey() });
    assert.equal((await seen())[0], day(10), 'so many days after the registration');
  });

  test('forty at once: one registration', async () => {
    const { id: diagnosis } = await diagnosed('H40.1');
    const answers = await Promise.all(Array.from({ length: 40 }, () => observe(doctor, { diagnosis, next: day(30) })));
    assert.equal(answers.filter(({ __typename }) => __typename === 'Observed').length, 1);
    assert.equal(await database.value(`SELECT count(*) FROM dispensary_registration WHERE patient_id = ${person.id} AND icd10 = 'H40.1'`), 1);
  });

  test('what the owner hid from the doctor is not there for the doctor', async () => {
    const { diagnoses } = await own('diagnoses(first: 50) { nodes { id icd10 } }'), entry = diagnoses.nodes.find(({ icd10 }) => icd10 === 'E11.9').id;
    await database.execute(`UPDATE condition SET recorded_by = NULL WHERE patient_id = ${person.id}`);
    const { hideEntry: { rule } } = await writing.data(asCitizen(), 'mutation ($entry: ID!) { hideEntry(entry: $entry, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', { entry });
    await refused(doctor, OBSERVE, { diagnosis: entry, next: day(30) }, 'NOT_FOUND', /no such diagnosis/);
    await writing.data(asCitizen(), 'mutation ($rule: ID!) { showAgain(rule: $rule) { id } }', { rule: rule.id });
    assert.equal((await observe(doctor, { diagnosis: entry, next: day(30) })).__typename, 'Observed');
  });
});
