// Vaccines refused and exempt, newborns and their mothers, nurses of a ward, measurements that endanger life: each rule through the server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from './lib/run.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const EXCEPTION = 'id kind series reason decidedOn validTo clinic { id } recordedBy { id }';
const EXEMPT = `mutation ($patient: ID!, $series: VaccineSeries = PAPILLOMAVIRUS, $reason: String = "Анафилаксия", $to: Date, $key: String!) {
  recordVaccineExemption(patient: $patient, series: $series, reason: $reason, validTo: $to, idempotencyKey: $key) { ${EXCEPTION} } }`;
const REFUSE = `mutation ($patient: ID!, $series: VaccineSeries = PAPILLOMAVIRUS, $reason: String = "Қаламаймын", $key: String!) {
  refuseVaccine(patient: $patient, series: $series, reason: $reason, idempotencyKey: $key) { ${EXCEPTION} } }`;
const END = `mutation ($exception: ID!, $key: String!) { endVaccineException(exception: $exception, idempotencyKey: $key) { ${EXCEPTION} } }`;
const VACCINATE = `mutation ($patient: ID!, $slot: ID!, $consent: Boolean = false, $key: String!) {
  recordVaccination(patient: $patient, slot: $slot, vaccine: "АПВ (HPV)", lot: "A-1", consent: $consent, idempotencyKey: $key) { __typename
    ... on VaccineExempt { exception { id } } ... on ConsentMissing { exception { id } } ... on Vaccinated { vaccination { id } } } }`;
const MEASURE = `mutation ($patient: ID!, $kind: ObservationKind!, $value: Float!, $second: Float, $at: DateTime, $confirm: Boolean = false, $key: String!) {
  recordMeasurement(patient: $patient, kind: $kind, value: $value, secondValue: $second, observedAt: $at, confirm: $confirm, idempotencyKey: $key) { id kind value secondValue unit flag origin recordedBy { id } clinic { id } } }`;
const CORRECT = `mutation ($measurement: ID!, $value: Float, $second: Float, $reason: String = "Қате терілген", $confirm: Boolean = false, $key: String!) {
  correctMeasurement(measurement: $measurement, value: $value, secondValue: $second, reason: $reason, confirm: $confirm, idempotencyKey: $key) {
    id kind value secondValue unit flag version recordStatus correctedBecause recordedBy { id } earlierVersions { id value recordStatus supersededBy { id } } } }`;
const DIARY = 'mutation ($patient: ID!, $kind: DiaryKind!, $value: Hundredths!, $second: Hundredths, $key: String!) { writeDiary(patient: $patient, kind: $kind, value: $value, secondValue: $second, idempotencyKey: $key) { id } }';
const REGISTER = `mutation ($iin: ID!, $born: Date!, $mother: ID, $key: String!) {
  registerPassport(iin: $iin, fullName: "Сұлтанова Әсел", birthDate: $born, sex: FEMALE, motherIin: $mother, idempotencyKey: $key) { id iin guardians(first: 5) { nodes { kind validFrom guardian { iin } } } } }`;
const GIVE = `mutation ($prescription: ID!, $key: String!) { administerDose(prescription: $prescription, doseMg: "100", idempotencyKey: $key) { __typename ... on DoseGiven { doseMg } } }`;
const PRESCRIBE = `mutation ($patient: ID!, $drug: ID!, $key: String!) {
  prescribe(patient: $patient, drug: $drug, quantity: 30, dose: "x", doseMg: "375", dosesADay: 4, idempotencyKey: $key) { __typename ... on Prescribed { prescription { id } } } }`;

let writing, database, girl, mother, id, doctor, nurse, wardNurse, hospital, today;
const day = (n) => new Date(Date.parse(today) + n * 86_400_000).toISOString().slice(0, 10);
const asCitizen = ({ iin }) => ({ role: 'CITIZEN', sub: iin });
const send = (who, text, variables) => writing.data(who, text, { patient: id, key: newKey(), ...variables }).then((data) => Object.values(data)[0]);
const refused = (who, text, variables, ...more) => writing.refused(who, text, { patient: id, key: newKey(), ...variables }, ...more);
const told = (kind) => database.query(`SELECT patient_id::int AS patient, practitioner_id::int AS practitioner, channel, payload FROM private.outbox WHERE kind = '${kind}' ORDER BY id`);
const passport = (who, what, { iin } = girl) => writing.data(who, `query ($iin: ID!) { patient(iin: $iin) { ${what} } }`, { iin }).then(({ patient }) => patient);
/** Somebody who works there as a nurse from now on. */
async function employ(clinic, district) {
  const [one] = await database.query(`SELECT m.id, m.iin, c.bin FROM practitioner m, clinic c WHERE c.id = ${clinic} AND m.active AND m.iin IS NOT NULL
    AND NOT EXISTS (SELECT FROM practitioner_role j WHERE j.practitioner_id = m.id AND j.role = 'nurse') ORDER BY m.id DESC LIMIT 1`);
  await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, district_number, valid_from) VALUES (${one.id}, ${clinic}, 'nurse', ${district ?? 'NULL'}, '2020-01-01')`);
  return { role: 'NURSE', sub: one.iin, org: one.bin };
}

before(async () => {
  writing = await Writing.start({ args: ['--cache-bytes', '0'], redis: false }); // rows are planted behind the server's back
  database = writing.database;
  today = await database.value('SELECT kz_today()::text');
  [girl] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id, j.district_number, w.iin AS mother, w.id AS mother_id
      FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id JOIN guardianship g ON g.patient_id = p.id AND g.kind = 'mother' JOIN patient w ON w.id = g.guardian_id AND w.deceased_on IS NULL
      JOIN practitioner_role j ON j.practitioner_id = m.id AND j.clinic_id = c.id AND j.role = 'district_doctor' AND j.valid_to IS NULL
    WHERE p.deceased_on IS NULL AND p.sex = 'female' AND p.birth_date BETWEEN now() - INTERVAL '12 years' AND now() - INTERVAL '6 years' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND w.birth_date < now() - INTERVAL '18 years' AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) AND EXISTS (SELECT FROM access_rights('CITIZEN/' || w.iin || '/', p.id)) ORDER BY p.id LIMIT 1`);
  mother = asCitizen({ iin: girl.mother });
  doctor = { role: 'DOCTOR', sub: girl.doctor, org: girl.bin };
  nurse = await employ(girl.clinic_id, girl.district_number);
  hospital = await database.value(`SELECT min(id) FROM clinic WHERE kind = 'hospital' AND active`);
  wardNurse = await employ(hospital);
  // Nothing that warns or was given; old enough for the vaccine against papillomavirus.
  await database.execute(`UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${girl.id} AND status = 'active'; UPDATE prescription SET valid_to = issued_on WHERE patient_id = ${girl.id};
    UPDATE medication_statement SET ended_on = started_on WHERE patient_id = ${girl.id}; UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id};
    UPDATE immunization SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id}; UPDATE vaccine_exception SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id};
    UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id}; UPDATE care_plan SET status = 'revoked' WHERE patient_id = ${girl.id};
    UPDATE observation SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id} AND kind = 'weight'; UPDATE patient SET birth_date = kz_today() - INTERVAL '12 years' WHERE id = ${girl.id}`);
  id = (await passport(doctor, 'id')).id;
});
after(() => writing?.stop());

describe('vaccines that are not to be given', () => {
  let slot;
  const state = async (who = mother) => (await passport(who, 'vaccinationCalendar { rule { code } state }')).vaccinationCalendar.find(({ rule }) => rule.code === 'vaccine.papillomavirus.1').state;
  const isDue = async () => (await passport(mother, 'dueThisMonth { rule { code } }')).dueThisMonth.some(({ rule }) => rule?.code === 'vaccine.papillomavirus.1');
  const vaccinate = (consent) => send(nurse, VACCINATE, { slot, consent });
  const end = (who, exception) => send(who, END, { exception: exception.id });

  before(async () => {
    slot = (await passport(nurse, 'vaccinationCalendar { rule { id code } }')).vaccinationCalendar.find(({ rule }) => rule.code === 'vaccine.papillomavirus.1').rule.id;
  });

  test('a refusal: by the guardian alone, once; nothing is due until it is taken back', async () => {
    assert.deepEqual([await state(), await isDue()], ['DUE', true]);
    for (const who of [doctor, nurse, asCitizen({ iin: '000000000000' })]) await refused(who, REFUSE, {}, 'FORBIDDEN');
    for (const reason of [' x ', 'x'.repeat(1001)]) await refused(mother, REFUSE, { reason }, 'BAD_USER_INPUT');
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(mother, REFUSE)));
    const [refusal] = answers;
    for (const answer of answers) assert.deepEqual(answer, refusal);
    assert.deepEqual(refusal, { id: refusal.id, kind: 'REFUSAL', series: 'PAPILLOMAVIRUS', reason: 'Қаламаймын', decidedOn: today, validTo: null, clinic: null, recordedBy: null });
    assert.deepEqual([await state(), await state(nurse), await isDue()], ['REFUSED', 'REFUSED', false]);
    assert.deepEqual(await vaccinate(false), { __typename: 'ConsentMissing', exception: { id: refusal.id } });
    for (const who of [doctor, nurse]) await refused(who, END, { exception: refusal.id }, 'FORBIDDEN');
    const key = newKey(), ended = await send(mother, END, { exception: refusal.id, key });
    assert.deepEqual([ended.id, ended.validTo], [refusal.id, today], 'taken back on the same day, it held on none');
    assert.deepEqual(await send(mother, END, { exception: refusal.id, key }), ended);
    await refused(mother, END, { exception: refusal.id }, 'CONFLICT', /does not hold/);
    assert.deepEqual([await state(), await isDue()], ['DUE', true]);
  });

  test('an exemption: by a doctor, with a reason, until a day; neither consent nor a refusal lifts it, nor does a plain statement', async () => {
    for (const who of [mother, nurse]) await refused(who, EXEMPT, {}, 'FORBIDDEN');
    for (const wrong of [{ reason: ' x ' }, { reason: 'x'.repeat(1001) }, { to: today }]) await refused(doctor, EXEMPT, wrong, 'BAD_USER_INPUT');
    const key = newKey(), exemption = await send(doctor, EXEMPT, { to: day(40), key });
    assert.deepEqual([exemption.kind, exemption.reason, exemption.decidedOn, exemption.validTo, typeof exemption.clinic.id, typeof exemption.recordedBy.id], ['EXEMPTION', 'Анафилаксия', today, day(40), 'string', 'string']);
    assert.deepEqual(await send(doctor, EXEMPT, { to: day(40), key }), exemption);
    assert.deepEqual([await state(), await isDue()], ['EXEMPT', false]);
    const refusal = await send(mother, REFUSE);
    assert.equal(await state(), 'EXEMPT', 'an exemption before a refusal');
    assert.deepEqual(await vaccinate(true), { __typename: 'VaccineExempt', exception: { id: exemption.id } });
    const insert = (on) => database.execute(`INSERT INTO immunization (patient_id, given_on, dose_number, vaccine) VALUES (${girl.id}, ${on}, 9, 'АПВ (HPV)')`);
    await assert.rejects(insert('kz_today()'), /exempt from this vaccine/);
    await insert('kz_today() - 1');
    const later = await send(doctor, EXEMPT, { to: day(60) });
    const all = (await passport(mother, `vaccineExceptions(first: 50) { nodes { id validTo recordStatus } }`)).vaccineExceptions.nodes.filter(({ recordStatus }) => recordStatus === 'ACTIVE');
    assert.equal(all.find((one) => one.id === exemption.id).validTo, today, 'the later one took its place');
    assert.equal((await vaccinate(true)).exception.id, later.id);
    await refused(mother, END, { exception: later.id }, 'FORBIDDEN', /a doctor an exemption/);
    await refused(doctor, END, { exception: refusal.id }, 'FORBIDDEN', /takes a refusal back/);
    await end(doctor, later);
    assert.equal(await state(), 'REFUSED');
    assert.equal((await told('refused_vaccine_given')).length, 0);
    assert.equal((await vaccinate(true)).__typename, 'Vaccinated', 'with a new consent');
    assert.deepEqual(await told('refused_vaccine_given'), [{ patient: Number(girl.id), practitioner: null, channel: 'app', payload: {} }]);
  });

  test('one that is hidden from a doctor is neither ended by him nor replaced', async () => {
    const [colleague] = await database.query(`SELECT m.id, m.iin FROM practitioner m JOIN practitioner_role j ON j.practitioner_id = m.id AND j.clinic_id = ${girl.clinic_id} AND j.role = 'district_doctor' AND j.valid_to IS NULL
      WHERE m.id <> ${girl.doctor_id} AND m.active ORDER BY m.id LIMIT 1`);
    await database.execute(`INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at) VALUES (${girl.id}, ${colleague.id}, ${girl.clinic_id}, now() + INTERVAL '3 days')`);
    const treating = { role: 'DOCTOR', sub: colleague.iin, org: girl.bin };
    const hidden = await send(doctor, EXEMPT, { series: 'HEPATITIS_A' });
    await writing.data(mother, 'mutation ($entry: ID!) { hideEntry(entry: $entry, fromRole: DOCTOR, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', { entry: hidden.id });
    await refused(treating, END, { exception: hidden.id }, 'NOT_FOUND');
    const short = await send(treating, EXEMPT, { series: 'HEPATITIS_A', to: day(10) });
    await end(treating, short);
    const { nodes } = (await passport(mother, 'vaccineExceptions(first: 50) { nodes { id validTo } }')).vaccineExceptions;
    assert.deepEqual([hidden, short].map(({ id: of }) => nodes.find((one) => one.id === of).validTo), [null, today]);
    await end(doctor, hidden);
    await database.execute(`UPDATE appointment SET status = 'cancelled' WHERE patient_id = ${girl.id}`);
  });

  test('of who has died nothing; of an entry that was taken back nothing; not without end', async () => {
    const exemption = await send(doctor, EXEMPT, { series: 'POLIO' });
    await database.execute(`UPDATE vaccine_exception SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id} AND series = 'polio'`);
    await refused(doctor, END, { exception: exemption.id }, 'NOT_FOUND');
    await database.execute(`INSERT INTO vaccine_exception (patient_id, decided_on, kind, series, reason, record_status) SELECT ${girl.id}, kz_today(), 'refusal', 'polio', 'x', 'entered_in_error' FROM generate_series(1, 50)`);
    await refused(doctor, EXEMPT, {}, 'RATE_LIMITED');
    await refused(mother, REFUSE, {}, 'RATE_LIMITED');
    await database.execute(`UPDATE vaccine_exception SET recorded_at = now() - INTERVAL '25 hours' WHERE patient_id = ${girl.id}; UPDATE patient SET deceased_on = kz_today() WHERE id = ${girl.id}`);
    try {
      await refused(doctor, EXEMPT, {}, 'CONFLICT', /died/);
    } finally {
      await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${girl.id}`);
    }
  });
});

describe('a newborn', () => {
  /** An IIN that nobody has, with its check digit. */
  const freeIin = (n) => database.value(`SELECT min(v) FROM (SELECT '26112${n}6' || lpad(s::text, 4, '0') || d AS v FROM generate_series(0, 99) s, generate_series(0, 9) d) x
    WHERE national_number_ok(v) AND NOT EXISTS (SELECT FROM patient WHERE iin = v)`);
  const register = (variables) => send(doctor, REGISTER, { patient: undefined, born: day(-3), ...variables });

  test('is registered with its mother, who reads the passport from that moment on, and is told', async () => {
    const iin = await freeIin(1), variables = { iin, mother: girl.mother, key: newKey() };
    assert.equal(await passport(mother, 'id', { iin }), null);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => register(i % 2 ? variables : { ...variables, key: newKey() })));
    const made = answers.find(Boolean);
    assert.deepEqual(made.guardians.nodes, [{ kind: 'MOTHER', validFrom: day(-3), guardian: null }], 'the doctor has no right to the mother\'s passport');
    for (const answer of answers.filter(Boolean)) assert.deepEqual(answer, made);
    for (let i = 0; i < 4; i++) assert.deepEqual(await passport(mother, 'iin guardians(first: 5) { nodes { guardian { iin } } }', { iin }), { iin, guardians: { nodes: [{ guardian: { iin: girl.mother } }] } });
    assert.deepEqual(await told('named_as_mother'), [{ patient: Number(girl.mother_id), practitioner: null, channel: 'app', payload: {} }]);
  });

  test('has no mother who can\'t be: nothing is registered, and it is on her record that she was named', async () => {
    const iin = await freeIin(2), [man] = await database.query(`SELECT iin FROM patient WHERE sex = 'male' AND birth_date BETWEEN '1980-01-01' AND '2000-01-01' AND deceased_on IS NULL ORDER BY id LIMIT 1`);
    const age = (years, more = '') => database.execute(`UPDATE patient SET birth_date = (DATE '${day(-3)}' - INTERVAL '${years} years')::date ${more} WHERE id = ${girl.mother_id}`);
    const looks = () => database.value(`SELECT count(*) FROM access_log WHERE patient_id = ${girl.mother_id} AND refused`).then(Number);
    const before = await looks();
    for (const [years, more] of [[11], [61], [30, `, deceased_on = DATE '${day(-4)}'`]]) {
      await age(years, more);
      assert.equal(await register({ iin, mother: girl.mother }), null, `${years}`);
    }
    await age(30, ', deceased_on = NULL');
    for (const nobody of [man.iin, await freeIin(3)]) assert.equal(await register({ iin, mother: nobody }), null);
    for (const wrong of [{ mother: '1' }, { mother: girl.mother, born: day(-366) }]) await refused(doctor, REGISTER, { patient: undefined, iin, born: day(-3), ...wrong }, 'BAD_USER_INPUT', /below a year/);
    assert.equal(await database.value(`SELECT count(*) FROM patient WHERE iin = '${iin}'`), 0);
    await until(async () => await looks() >= before + 3, 'that she was named');
    assert.equal(await looks(), before + 3);
    for (const years of [12, 60]) {
      const child = await freeIin(years === 12 ? 4 : 5);
      await age(years);
      assert.equal((await register({ iin: child, mother: girl.mother })).guardians.nodes.length, 1, `${years}`);
    }
    await age(35);
  });
});

describe('a nurse of the ward', () => {
  const stay = (status) => database.execute(`INSERT INTO hospitalization (patient_id, clinic_id, recorded_by, admitted_on, department, icd10_admission, record_status)
    VALUES (${girl.id}, ${hospital}, ${girl.doctor_id}, kz_today(), 'ward', 'J45.9', '${status}')`);

  test('reads what she needs and gives doses, measures and vaccinates, for the time of the stay', async () => {
    const { searchDrugs } = await writing.data(null, '{ searchDrugs(text: "парацетамол") { id atc } }');
    await send(doctor, MEASURE, { kind: 'WEIGHT', value: 40 });
    const { prescription } = await send(doctor, PRESCRIBE, { drug: searchDrugs.find(({ atc }) => atc === 'N02BE01').id });
    const actions = [[GIVE, { prescription: prescription.id }], [MEASURE, { kind: 'PULSE', value: 80 }]];
    const none = async () => {
      assert.equal(await passport(wardNurse, 'id'), null);
      for (const [text, variables] of actions) await refused(wardNurse, text, variables, 'FORBIDDEN');
    };
    await none();
    await stay('active');
    const seen = await passport(wardNurse, 'fullName prescriptions(first: 1) { nodes { id } } allergies(first: 1) { nodes { id } } administrations { doseMg } hospitalizations(first: 1) { nodes { department } } latestObservations { kind }');
    assert.deepEqual([seen.prescriptions.nodes, seen.hospitalizations.nodes], [[{ id: prescription.id }], [{ department: 'ward' }]]);
    assert.deepEqual(await send(wardNurse, ...actions[0]), { __typename: 'DoseGiven', doseMg: '100.00' });
    assert.equal((await send(wardNurse, ...actions[1])).kind, 'PULSE');
    const { errors } = await writing.ask(wardNurse, 'query ($iin: ID!) { patient(iin: $iin) { visits(first: 1) { nodes { note } } } }', { iin: girl.iin });
    assert.equal(errors[0].extensions.code, 'FORBIDDEN');
    const { errors: none1 } = await writing.ask({ ...wardNurse, org: girl.bin }, GIVE, { prescription: prescription.id, key: newKey() });
    assert.equal(none1[0].extensions.code, 'FORBIDDEN', 'not acting for another organisation');
    await database.execute(`UPDATE hospitalization SET discharged_on = kz_today(), icd10_discharge = 'J45.9', outcome = 'improved' WHERE patient_id = ${girl.id} AND department = 'ward'`);
    await none();
    await database.execute(`UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id} AND department = 'ward'`);
  });

  test('sees who lies there: of her hospital, now, and not what was hidden', async () => {
    const LIST = 'query ($department: String) { inpatients(department: $department) { department dischargedOn patient { iin } } }';
    const list = async (department) => (await writing.data(wardNurse, LIST, { department })).inpatients;
    await database.execute(`INSERT INTO hospitalization (patient_id, clinic_id, admitted_on, department, icd10_admission) SELECT p.id, ${hospital}, kz_today(), 'other', 'J45.9' FROM patient p
      WHERE p.deceased_on IS NULL AND p.id <> ${girl.id} AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id) AND NOT EXISTS (SELECT FROM hospitalization s WHERE s.patient_id = p.id) ORDER BY p.id LIMIT 1`);
    const others = await list();
    assert.ok(others.length && others.every(({ dischargedOn, patient }) => dischargedOn === null && patient.iin !== girl.iin));
    assert.equal(others.length, Math.min(200, Number(await database.value(`SELECT count(*) FROM hospitalization WHERE clinic_id = ${hospital} AND discharged_on IS NULL AND superseded_by IS NULL AND record_status <> 'entered_in_error'`))));
    await stay('active');
    assert.deepEqual([(await list()).length, await list('ward'), await list('x')], [others.length + 1, [{ department: 'ward', dischargedOn: null, patient: { iin: girl.iin } }], []]);
    const { hospitalizations } = await passport(mother, 'hospitalizations(first: 1) { nodes { id } }');
    const { hideEntry: { rule } } = await writing.data(mother, 'mutation ($entry: ID!) { hideEntry(entry: $entry, fromRole: NURSE, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', { entry: hospitalizations.nodes[0].id });
    assert.deepEqual(await list('ward'), []);
    await writing.data(mother, 'mutation ($rule: ID!) { showAgain(rule: $rule) { id } }', { rule: rule.id });
    assert.equal((await list('ward')).length, 1);
    for (const who of [nurse, doctor, mother, { ...wardNurse, role: 'LABORATORY' }]) {
      const { errors } = await writing.ask(who, LIST);
      assert.equal(errors[0].extensions.code, 'FORBIDDEN');
    }
    await database.execute(`UPDATE hospitalization SET discharged_on = kz_today(), icd10_discharge = 'J45.9', outcome = 'improved' WHERE patient_id = ${girl.id} AND department = 'ward' AND discharged_on IS NULL AND record_status = 'active'`);
    assert.deepEqual(await list('ward'), []);
    await database.execute(`UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id} AND department = 'ward'`);
    // One that nobody ended gives its hospital no right after a year (relation_bound): it is there again for who has one, and so can discharge.
    const [resident] = await database.query(`SELECT m.iin AS sub, c.bin AS org, 'DOCTOR' AS role FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL JOIN clinic c ON c.id = j.clinic_id
      WHERE j.clinic_id = ${hospital} AND j.role = 'hospital_doctor' AND j.valid_to IS NULL ORDER BY m.id LIMIT 1`);
    const left = (who) => writing.data(who, LIST, { department: 'left' }).then(({ inpatients }) => inpatients.length);
    const since = (days) => database.execute(`DELETE FROM hospitalization WHERE patient_id = ${girl.id} AND department = 'left';
      INSERT INTO hospitalization (patient_id, source_rec, clinic_id, admitted_on, department, icd10_admission) VALUES (${girl.id}, 'left', ${hospital}, kz_today() - ${days}, 'left', 'J45.9')`);
    await database.execute(`UPDATE observation SET clinic_id = NULL WHERE patient_id = ${girl.id}`);
    await since(364);
    assert.deepEqual([await left(wardNurse), await left(resident)], [1, 1]);
    await since(365);
    assert.deepEqual([await left(wardNurse), await left(resident)], [0, 0]);
    await writing.data(resident, `mutation { openEmergencyAccess(iin: "${girl.iin}", reasonCode: OTHER, reason: "a stay that nobody ended") { id } }`);
    assert.deepEqual([await left(wardNurse), await left(resident)], [0, 1]);
    await database.execute(`DELETE FROM hospitalization WHERE patient_id = ${girl.id} AND department = 'left'`);
  });
});

describe('measurements', () => {
  const measure = (kind, value, second, who = nurse) => send(who, MEASURE, { kind, value, second });

  test('by a nurse or a doctor, as a living person can have them; once for a key', async () => {
    const key = newKey(), made = await send(nurse, MEASURE, { kind: 'BLOOD_PRESSURE', value: 110, second: 70, key });
    assert.deepEqual([made.value, made.secondValue, made.unit, made.flag, made.origin], [110, 70, 'mm[Hg]', null, 'CLINIC']);
    assert.deepEqual(await send(nurse, MEASURE, { kind: 'BLOOD_PRESSURE', value: 110, second: 70, key }), made);
    assert.deepEqual((await passport(mother, 'latestObservations { id kind }')).latestObservations.find(({ kind }) => kind === 'BLOOD_PRESSURE'), { id: made.id, kind: 'BLOOD_PRESSURE' });
    for (const wrong of [{ kind: 'WEIGHT', value: 701 }, { kind: 'PULSE', value: 80, second: 60 }, { kind: 'BLOOD_PRESSURE', value: 120 }, { kind: 'BLOOD_PRESSURE', value: 80, second: 120 },
      { kind: 'PULSE', value: 80, at: '2999-01-01T00:00:00Z' }, { kind: 'PULSE', value: 80, at: `${day(-31)}T00:00:00Z` }]) await refused(nurse, MEASURE, wrong, 'BAD_USER_INPUT');
    for (const who of [mother, wardNurse, { ...nurse, org: '000000000000' }]) await refused(who, MEASURE, { kind: 'PULSE', value: 80 }, 'FORBIDDEN');
    assert.equal((await told('measurement_critical')).length, 0);
  });

  test('that endanger life are told: to the person, and to the doctor who did not measure; by age; limits are rows', async () => {
    await measure('PULSE', 180); // at the bounds nothing is told
    await measure('PULSE', 45);
    assert.equal((await told('measurement_critical')).length, 0);
    assert.equal((await measure('PULSE', 181)).flag, 'CRITICAL_HIGH');
    const person = ['app', 'sms'].map((channel) => ({ patient: Number(girl.id), practitioner: null, channel, payload: {} }));
    assert.deepEqual((await told('measurement_critical')).sort((a, b) => (a.channel < b.channel ? -1 : 1)), person);
    assert.deepEqual(await told('patient_critical'), [{ patient: Number(girl.id), practitioner: Number(girl.doctor_id), channel: 'app', payload: {} }]);
    assert.equal((await measure('BLOOD_PRESSURE', 100, 34)).flag, 'CRITICAL_LOW', 'the diastolic value');
    assert.equal((await told('patient_critical')).length, 2);
    assert.equal((await measure('OXYGEN_SATURATION', 80, undefined, doctor)).flag, 'CRITICAL_LOW');
    assert.deepEqual([(await told('patient_critical')).length, (await told('measurement_critical')).length], [2, 6], 'the doctor knows what he measured');
    await database.execute(`UPDATE patient SET birth_date = kz_today() - INTERVAL '11 months' WHERE id = ${girl.id}`);
    assert.equal((await measure('PULSE', 181)).flag, null, 'a baby\'s heart is quicker');
    await database.execute(`UPDATE patient SET birth_date = kz_today() - INTERVAL '12 years' WHERE id = ${girl.id}; UPDATE vital_limit SET valid_to = kz_today() WHERE kind = 'pulse'`);
    assert.equal((await measure('PULSE', 181)).flag, null);
    await database.execute(`UPDATE vital_limit SET valid_to = NULL WHERE kind = 'pulse'`);
  });

  test('in hospital the doctor who admitted is told, and not the person; what is old is told to nobody', async () => {
    const counts = async () => [(await told('measurement_critical')).length, (await told('patient_critical')).length];
    const [person, doctors] = await counts(), [admitting] = await database.query(`SELECT id::int FROM practitioner WHERE id <> ${girl.doctor_id} ORDER BY id DESC LIMIT 1`);
    assert.equal((await send(nurse, MEASURE, { kind: 'TEMPERATURE', value: 41.5, at: new Date(Date.now() - 25 * 3_600_000).toISOString() })).flag, 'CRITICAL_HIGH');
    assert.deepEqual(await counts(), [person, doctors]);
    await database.execute(`INSERT INTO hospitalization (patient_id, clinic_id, recorded_by, admitted_on, department, icd10_admission) VALUES (${girl.id}, ${hospital}, ${admitting.id}, kz_today(), 'ward', 'J45.9')`);
    assert.equal((await measure('TEMPERATURE', 41.5, undefined, wardNurse)).flag, 'CRITICAL_HIGH');
    await database.execute(`UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id} AND department = 'ward'`);
    assert.deepEqual([await counts(), (await told('patient_critical')).pop().practitioner], [[person, doctors + 1], admitting.id]);
    // A stay that nobody ended, elsewhere, is no hospital to be in: the person is told, and the doctor of the district.
    await database.execute(`DELETE FROM hospitalization WHERE patient_id = ${girl.id} AND department = 'ward'; INSERT INTO hospitalization (patient_id, clinic_id, recorded_by, admitted_on, department, icd10_admission) SELECT ${girl.id}, max(id), ${admitting.id}, kz_today() - 365, 'left', 'J45.9' FROM clinic WHERE kind = 'hospital' AND id <> ${hospital}`);
    for (let i = 0; i < 2; i++) await measure('TEMPERATURE', 41.5);
    assert.deepEqual(await counts(), [person + 2, doctors + 3], 'the person once for a kind and day');
    assert.notEqual((await told('patient_critical')).pop().practitioner, admitting.id);
    await database.execute(`DELETE FROM hospitalization WHERE patient_id = ${girl.id} AND department = 'left'`);
  });

  test('of the person\'s life alone: from the first hour of the day of birth, and none of who has died', async () => {
    const born = (expression) => database.execute(`UPDATE patient SET birth_date = ${expression} WHERE id = ${girl.id}`);
    const at = new Date(Date.parse(`${today}T00:00:00Z`) - 5 * 3_600_000 + 60_000).toISOString(); // a minute past midnight in Kazakhstan
    await born('kz_today()');
    assert.equal((await send(nurse, MEASURE, { kind: 'WEIGHT', value: 3.4, at })).value, 3.4);
    await refused(nurse, MEASURE, { kind: 'WEIGHT', value: 3.4, at: new Date(Date.parse(at) - 120_000).toISOString() }, 'BAD_USER_INPUT');
    await born(`kz_today() - INTERVAL '12 years', deceased_on = kz_today()`);
    try {
      await refused(nurse, MEASURE, { kind: 'WEIGHT', value: 40 }, 'CONFLICT', /died/);
    } finally {
      await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${girl.id}`);
    }
  });

  test('a weight that is hardly this person\'s is refused until it is confirmed; no dose goes by one that nobody confirmed', async () => {
    const born = (expression) => database.execute(`UPDATE patient SET birth_date = ${expression} WHERE id = ${girl.id}`);
    const none = () => database.execute(`UPDATE observation SET record_status = 'entered_in_error' WHERE patient_id = ${girl.id} AND kind = 'weight'; UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${girl.id} AND status = 'active'`);
    const weigh = (value, more) => send(nurse, MEASURE, { kind: 'WEIGHT', value, ...more });
    const no = (value, message) => refused(nurse, MEASURE, { kind: 'WEIGHT', value }, 'BAD_USER_INPUT', message);
    const { searchDrugs } = await writing.data(null, '{ searchDrugs(text: "парацетамол") { id atc } }');
    const prescribed = async () => (await send(doctor, PRESCRIBE, { drug: searchDrugs.find(({ atc }) => atc === 'N02BE01').id })).__typename;
    try {
      await none();
      await born('kz_today()');
      await no(34, /34 kg is hardly the weight of somebody of this age, which is 0.4 to 7 kg.*confirm: true/);
      await weigh(3.4);
      await no(6.9, /far from what the person weighed last/);
      await none();
      await born(`kz_today() - INTERVAL '14 months'`);
      for (const [first, slip] of [[10, 70], [10, 15]]) {
        await weigh(first);
        await no(slip, /confirm: true/);
        await none();
      }
      // One that came from elsewhere is kept, and no dose goes by it.
      for (const kg of [70, 24.5]) {
        await none();
        await database.execute(`INSERT INTO observation (patient_id, kind, value, unit, observed_at) VALUES (${girl.id}, 'weight', 10, 'kg', now() - INTERVAL '20 days'), (${girl.id}, 'weight', ${kg}, 'kg', now() - INTERVAL '1 day')`);
        assert.equal(await prescribed(), 'WeightStale', `${kg} kg`);
      }
      assert.equal((await weigh(25, { confirm: true })).value, 25);
      assert.equal(await prescribed(), 'Prescribed', 'what is confirmed counts');
      await none();
      const entry = await weigh(10);
      const correct = (value, more) => ({ measurement: entry.id, value, key: newKey(), ...more });
      await writing.refused(nurse, CORRECT, correct(100), 'BAD_USER_INPUT', /hardly the weight/);
      assert.equal((await writing.data(nurse, CORRECT, correct(26, { confirm: true }))).correctMeasurement.value, 26);
      await born(`kz_today() - INTERVAL '12 years'`);
      await none();
      await weigh(40);
      assert.equal((await weigh(44)).value, 44, 'children grow');
    } finally {
      await none();
      await born(`kz_today() - INTERVAL '12 years'`);
    }
  });

  describe('that were typed wrong', () => {
    const correct = (measurement, variables, who = nurse) => writing.data(who, CORRECT, { measurement, key: newKey(), ...variables }).then((data) => data.correctMeasurement);
    const no = (measurement, variables, ...more) => writing.refused(nurse, CORRECT, { measurement, value: 40, key: newKey(), ...variables }, ...more);
    const listed = async (kind) => (await passport(mother, `observations(first: 50, kind: ${kind}) { nodes { id value recordStatus } }`)).observations.nodes;

    test('are corrected by a version that says why; the owner reads both; once for a key', async () => {
      const wrong = await send(nurse, MEASURE, { kind: 'WEIGHT', value: 410, confirm: true }), key = newKey();
      const right = await correct(wrong.id, { value: 41, key }, doctor);
      assert.deepEqual({ ...right, recordedBy: right.recordedBy !== null }, { id: right.id, kind: 'WEIGHT', value: 41, secondValue: null, unit: 'kg', flag: null, version: 2, recordStatus: 'ACTIVE', correctedBecause: 'Қате терілген', recordedBy: true,
        earlierVersions: [{ id: wrong.id, value: 410, recordStatus: 'ACTIVE', supersededBy: { id: right.id } }] });
      assert.deepEqual(await correct(wrong.id, { value: 41, key }, doctor), right);
      assert.deepEqual((await listed('WEIGHT')).filter(({ id: one }) => [wrong.id, right.id].includes(one)), [{ id: right.id, value: 41, recordStatus: 'ACTIVE' }]);
      const { latestObservations } = await passport(mother, 'latestObservations { kind value }');
      assert.equal(latestObservations.find(({ kind }) => kind === 'WEIGHT').value, 41);
      await no(wrong.id, {}, 'NOT_FOUND', /in force/);
      const again = await correct(right.id, { value: 42 });
      assert.deepEqual(again.earlierVersions.map(({ value }) => value), [41, 410]);
    });

    test('are taken back without a value, and count nowhere', async () => {
      const good = await measure('HEIGHT', 150), wrong = await measure('HEIGHT', 51);
      const gone = await correct(wrong.id, {});
      assert.deepEqual([gone.recordStatus, gone.value, gone.version, gone.earlierVersions.map(({ id: one }) => one)], ['ENTERED_IN_ERROR', 51, 2, [wrong.id]]);
      assert.equal((await passport(mother, 'latestObservations { id kind }')).latestObservations.find(({ kind }) => kind === 'HEIGHT').id, good.id);
      for (const one of [wrong.id, gone.id]) await no(one, { value: 151 }, 'NOT_FOUND');
    });

    test('one of many at once corrects; what can not be, and by others, is refused', async () => {
      const pressure = await measure('BLOOD_PRESSURE', 110, 70), pulse = await measure('PULSE', 80);
      for (const variables of [{ value: 80 }, { value: 80, second: 120 }, { value: null, second: 60 }, { value: 700, second: 60 }, { value: 120, second: 80, reason: 'x'.repeat(9) }, { value: 120, second: 80, reason: 'x'.repeat(1001) }]) {
        await no(pressure.id, variables, 'BAD_USER_INPUT');
      }
      await no(pulse.id, { value: 80, second: 60 }, 'BAD_USER_INPUT');
      for (const who of [mother, wardNurse, { ...nurse, org: '000000000000' }]) await writing.refused(who, CORRECT, { measurement: pulse.id, value: 81, key: newKey() }, 'FORBIDDEN');
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => writing.ask(i % 2 ? nurse : doctor, CORRECT, { measurement: pulse.id, value: 81 + i, key: newKey() })));
      assert.equal(answers.filter(({ errors }) => errors === undefined).length, 1, JSON.stringify(answers.map(({ errors }) => errors?.[0].extensions.code)));
      assert.equal(await database.value(`SELECT count(*)::int AS n FROM observation WHERE patient_id = ${girl.id} AND kind = 'pulse' AND value >= 81 AND superseded_by IS NULL AND corrected_because IS NOT NULL`), 1);
    });

    test('whose right value endangers life are told; one that was hidden from a doctor is not there for him', async () => {
      const fine = await measure('RESPIRATORY_RATE', 20), count = async (kind) => (await told(kind)).length;
      const [person, doctors] = [await count('measurement_critical'), await count('patient_critical')];
      assert.equal((await correct(fine.id, { value: 60 })).flag, 'CRITICAL_HIGH');
      assert.deepEqual([await count('measurement_critical'), await count('patient_critical')], [person + 2, doctors + 1]);
      const hidden = await measure('RESPIRATORY_RATE', 21);
      const { hideEntry: { rule } } = await writing.data(mother, 'mutation ($entry: ID!) { hideEntry(entry: $entry, fromRole: DOCTOR, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', { entry: hidden.id });
      await writing.refused(doctor, CORRECT, { measurement: hidden.id, value: 22, key: newKey() }, 'NOT_FOUND');
      await writing.data(mother, 'mutation ($rule: ID!) { showAgain(rule: $rule) { id } }', { rule: rule.id });
      assert.equal((await correct(hidden.id, { value: 22 }, doctor)).flag, null);
    });

    test('of which an alarm was told are called off: who was told is told so, once nothing of that alarm endangers life', async () => {
      const said = (kind, channel, who = null) => ({ kind, channel, doctor: who }), treats = Number(girl.doctor_id);
      const written = () => database.query(`SELECT kind, channel, practitioner_id::int AS doctor FROM private.outbox WHERE patient_id = ${girl.id} AND kind ~ '^(patient_)?(critical|measurement_(critical|corrected))$' ORDER BY id`);
      const take = async () => (await database.query('SELECT kind, channel FROM message_take(1000, 60)')).map(({ kind, channel }) => `${kind} ${channel}`).sort();
      const asked = async (...values) => {
        await database.execute('DELETE FROM private.outbox');
        const made = [];
        for (const value of values) {
          if (value === 'sent') await take();
          else if (Array.isArray(value)) made[value[0]] = await correct(made[value[0]].id, { value: value[1] }, value[2]); // [which, what it is]
          else made.push(await measure('PULSE', value));
        }
        return made;
      };
      const person = [said('measurement_critical', 'sms'), said('measurement_critical', 'app')], alarm = [...person, said('patient_critical', 'app', treats)];
      const off = [said('measurement_corrected', 'app'), said('measurement_corrected', 'sms'), said('patient_measurement_corrected', 'app', treats)];

      await asked(190, 'sent', [0, 90]);
      assert.deepEqual(await written(), [...alarm, ...off]);
      assert.deepEqual(await take(), ['measurement_corrected app', 'measurement_corrected sms', 'patient_measurement_corrected app']);
      const words = await database.query("SELECT notice_words(k, l, '{}') AS said FROM unnest(ARRAY['measurement_corrected', 'patient_measurement_corrected']) k, unnest(ARRAY['kk', 'ru', 'en']) l");
      assert.ok(new Set(words.map((one) => one.said)).size === 6 && words.every((one) => one.said.length > 20 && !/pulse|90/.test(one.said)));
      // Corrected once more it is told no more; taken back it is called off too; a doctor who corrects it himself knows.
      await asked(190, 'sent', [0, 90], [0, 91]);
      assert.deepEqual(await written(), [...alarm, ...off]);
      await asked(190, 'sent', [0, null]);
      assert.deepEqual(await written(), [...alarm, ...off]);
      await asked(190, 'sent', [0, 90, doctor]);
      assert.deepEqual(await written(), [...alarm, off[0], off[1]]);
      // One that stays dangerous, and is called off as one; the alarm of a day stands while one of the day's is dangerous, for the doctor each is one.
      await asked(190, 'sent', [0, 191], 'sent', [0, 90]);
      assert.deepEqual(await written(), [...alarm, alarm[2], ...off]);
      const [, second] = await asked(190, 192, 'sent', [0, 90]);
      assert.deepEqual(await written(), [...alarm, alarm[2], off[2]]);
      await correct(second.id, { value: 92 });
      assert.deepEqual(await written(), [...alarm, alarm[2], off[2], ...off]);
      // What endangers life after that is an alarm anew: another of that day, and the same once more.
      await asked(190, 'sent', [0, 90], 193);
      assert.deepEqual(await written(), [...alarm, ...off, ...alarm]);
      await asked(190, 'sent', [0, 90], [0, 194], 'sent', [0, 90]);
      assert.deepEqual(await written(), [...alarm, ...off, ...alarm, ...off]);
      // An alarm that has not left is not sent any more; in the application it could be read.
      await asked(190, [0, 90]);
      assert.deepEqual(await written(), [...alarm, off[0], off[2]]);
      assert.deepEqual(await take(), ['measurement_corrected app', 'patient_measurement_corrected app']);
      assert.deepEqual(await database.query("SELECT DISTINCT error FROM private.outbox WHERE state = 'dead'"), [{ error: 'the value was corrected' }]);
      await database.execute("SELECT message_again(NULL, 'measurement_critical')");
      assert.deepEqual(await take(), [], 'nor by an operator');
      await asked(100, [0, 90]);
      assert.deepEqual(await written(), []);
      // Taken back, by an answer to its owner's dispute.
      const [wrong] = await asked(190, 'sent');
      const { disputeRecord } = await writing.data(mother, 'mutation ($entry: ID!, $key: String!) { disputeRecord(entry: $entry, reason: WRONG_PERSON, idempotencyKey: $key) { id } }', { entry: wrong.id, key: newKey() });
      const [{ clinic_id: place }] = await database.query(`SELECT clinic_id FROM dispute WHERE patient_id = ${girl.id} ORDER BY id DESC LIMIT 1`);
      assert.equal(Number(place), Number(girl.clinic_id));
      await writing.data(doctor, 'mutation ($dispute: ID!, $key: String!) { answerDispute(dispute: $dispute, upheld: true, answer: "Басқа баланың тамыры", idempotencyKey: $key) { status } }', { dispute: disputeRecord.id, key: newKey() });
      assert.deepEqual(await written(), [...alarm, off[0], off[1]]);
    });
  });

  test('of the diary too, once for a kind and day', async () => {
    const before = (await told('measurement_critical')).length;
    await database.execute(`INSERT INTO care_plan (patient_id, practitioner_id, started_on, title) SELECT ${girl.id}, min(id), kz_today(), 'x' FROM practitioner WHERE id <> ${girl.doctor_id}`);
    for (const value of ['45.00', '180.00', '181.00', '190.00']) await send(mother, DIARY, { kind: 'PULSE', value });
    assert.equal((await told('measurement_critical')).length, before + 2);
    const { practitioner } = (await told('patient_critical')).pop();
    assert.equal(practitioner, Number(await database.value(`SELECT min(id) FROM practitioner WHERE id <> ${girl.doctor_id}`)), 'who leads the plan of care');
  });
});
