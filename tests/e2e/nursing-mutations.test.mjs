// What nurses give, through the server: doses by weight and by the day, which a doctor alone can allow when something warns; vaccinations by the calendar, with their intervals, consents, exemptions and recalls.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const PRESCRIBE = `mutation ($patient: ID!, $drug: ID!, $doseMg: Hundredths, $dosesADay: Int, $why: String, $key: String!) {
  prescribe(patient: $patient, drug: $drug, quantity: 30, dose: "x", doseMg: $doseMg, dosesADay: $dosesADay, overrideReason: $why, idempotencyKey: $key) { __typename ... on Prescribed { prescription { id } } } }`;
const GIVE = `mutation ($prescription: ID!, $doseMg: Hundredths!, $key: String!) { administerDose(prescription: $prescription, doseMg: $doseMg, idempotencyKey: $key) { __typename
  ... on DoseGiven { doseMg givenAt prescription { id } } ... on AllergyAlert { allergy { substance } } ... on DoseTooHigh { mostMg weight message } ... on WeightStale { measuredOn limitDays } } }`;
const ALLOW = `mutation ($prescription: ID!, $doseMg: Hundredths!, $reason: String = "Қызуы түспейді, бақылаудамыз", $overrides: [PrescriptionWarning!], $key: String!) {
  allowDose(prescription: $prescription, doseMg: $doseMg, reason: $reason, overrides: $overrides, idempotencyKey: $key) { __typename
    ... on DoseAllowed { doseMg until prescription { id } } ... on AllergyAlert { allergy { substance } } ... on DoseTooHigh { mostMg weight } ... on Refusal { message } } }`;
const VACCINATE = `mutation ($patient: ID!, $slot: ID!, $vaccine: String!, $lot: String = "A-1", $gtin: String, $on: Date, $consent: Boolean = false, $key: String!) {
  recordVaccination(patient: $patient, slot: $slot, vaccine: $vaccine, lot: $lot, gtin: $gtin, givenOn: $on, consent: $consent, idempotencyKey: $key) { __typename
    ... on Vaccinated { vaccination { id vaccine doseNumber givenOn } } ... on VaccineExempt { exception { kind } } ... on ConsentMissing { exception { kind } } ... on VaccineTooEarly { earliestOn } ... on LotRecalled { message } } }`;

let writing, database, child, id, doctor, nurse, today;
const slots = new Map();
const day = (n) => new Date(Date.parse(today) + n * 86_400_000).toISOString().slice(0, 10);
const asCitizen = ({ iin } = child) => ({ role: 'CITIZEN', sub: iin });
const refused = (who, text, variables, ...more) => writing.refused(who, text, { key: newKey(), ...variables }, ...more);
const give = async (prescription, doseMg, who = nurse, key = newKey()) => (await writing.data(who, GIVE, { prescription, doseMg, key })).administerDose;
const allow = async (prescription, doseMg, more) => (await writing.data(doctor, ALLOW, { prescription, doseMg, key: newKey(), ...more })).allowDose;
const weighs = (kg, ago) => database.execute(`UPDATE observation SET record_status = 'entered_in_error' WHERE patient_id = ${child.id} AND kind = 'weight';
  INSERT INTO observation (patient_id, kind, value, unit, observed_at) VALUES (${child.id}, 'weight', ${kg}, 'kg', now() - INTERVAL '${ago}')`);
/** So many hours pass since all doses. */
const pass = (hours) => database.execute(`ALTER TABLE private.dose_given DISABLE TRIGGER dose_given_keep; UPDATE private.dose_given SET given_at = given_at - INTERVAL '${hours} hours'; ALTER TABLE private.dose_given ENABLE TRIGGER dose_given_keep`);
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
  [child] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, c.bin, c.id AS clinic_id, j.district_number FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
      JOIN practitioner_role j ON j.practitioner_id = m.id AND j.clinic_id = c.id AND j.role = 'district_doctor' AND j.valid_to IS NULL
    WHERE p.deceased_on IS NULL AND p.sex = 'female' AND birth_date BETWEEN now() - INTERVAL '12 years' AND now() - INTERVAL '6 years' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 1`);
  doctor = { role: 'DOCTOR', sub: child.doctor, org: child.bin };
  nurse = await employ(child.clinic_id, child.district_number);
  // Nothing that warns; eight years old to the day.
  await database.execute(`UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${child.id} AND status = 'active'; UPDATE prescription SET valid_to = issued_on WHERE patient_id = ${child.id};
    UPDATE medication_statement SET ended_on = started_on WHERE patient_id = ${child.id}; UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${child.id};
    UPDATE immunization SET record_status = 'entered_in_error' WHERE patient_id = ${child.id}; UPDATE vaccine_exception SET record_status = 'entered_in_error' WHERE patient_id = ${child.id};
    UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${child.id}; UPDATE patient SET birth_date = kz_today() - INTERVAL '8 years' WHERE id = ${child.id}`);
  const { patient } = await writing.data(doctor, 'query ($iin: ID!) { patient(iin: $iin) { id vaccinationCalendar { rule { id code } } } }', { iin: child.iin });
  id = patient.id;
  for (const { rule } of patient.vaccinationCalendar) slots.set(rule.code, rule.id);
});
after(() => writing?.stop());

describe('doses', () => {
  let syrup; // paracetamol: 15 mg/kg at once, 60 a day

  before(async () => {
    await weighs(25, '10 days');
    const { searchDrugs } = await writing.data(null, '{ searchDrugs(text: "парацетамол") { id atc } }');
    const { prescribe } = await writing.data(doctor, PRESCRIBE, { patient: id, drug: searchDrugs.find(({ atc }) => atc === 'N02BE01').id, doseMg: '375', dosesADay: 4, key: newKey() });
    syrup = prescribe.prescription.id;
  });

  test('given, by a nurse of the district and by a doctor; once for a key', async () => {
    const key = newKey(), dose = await give(syrup, '375', nurse, key);
    assert.deepEqual([dose.__typename, dose.doseMg, dose.prescription.id], ['DoseGiven', '375.00', syrup]);
    assert.deepEqual(await give(syrup, '375', nurse, key), dose);
    await pass(3);
    assert.equal((await give(syrup, '300', doctor)).__typename, 'DoseGiven');
    assert.deepEqual(await database.query(`SELECT dose_mg::int AS mg, override_id FROM private.dose_given WHERE patient_id = ${child.id} ORDER BY id`), [{ mg: 375, override_id: null }, { mg: 300, override_id: null }]);
    const { patient: { administrations } } = await writing.data({ role: 'CITIZEN', sub: child.iin }, `query ($iin: ID!) { patient(iin: $iin) { administrations { doseMg overrideReason prescription { id } practitioner { fullName } } } }`, { iin: child.iin });
    assert.deepEqual(administrations.map(({ doseMg, overrideReason, prescription }) => [doseMg, overrideReason, prescription.id]), [['300.00', null, syrup], ['375.00', null, syrup]]);
    await assert.rejects(database.execute('UPDATE private.dose_given SET dose_mg = 1'), /only ever added to/);
    for (const doseMg of ['0', '-1', '100001']) await refused(nurse, GIVE, { prescription: syrup, doseMg }, 'BAD_USER_INPUT');
    await refused(nurse, GIVE, { prescription: syrup, doseMg: '376' }, 'CONFLICT', /prescribed 375 mg/);
  });

  test('above the weight, above the day, an old weight: blocked, until a doctor allows that dose, once', async () => {
    await pass(3);
    await weighs(20, '10 days');
    const high = await give(syrup, '375');
    assert.deepEqual([high.__typename, high.mostMg, high.weight], ['DoseTooHigh', '300.00', '20.00']);
    assert.deepEqual(await give(syrup, '375', doctor), high, 'a doctor says so first too');
    for (const who of [nurse, asCitizen(), { ...doctor, org: '000000000000' }]) await refused(who, ALLOW, { prescription: syrup, doseMg: '375' }, 'FORBIDDEN');
    for (const reason of ['short', 'x'.repeat(1001)]) await refused(doctor, ALLOW, { prescription: syrup, doseMg: '375', reason }, 'BAD_USER_INPUT');
    assert.equal((await allow(syrup, '100')).__typename, 'NothingWarns');
    assert.equal((await allow(syrup, '350')).doseMg, '350.00');
    assert.equal((await give(syrup, '375')).__typename, 'DoseTooHigh', 'that dose and no more');
    const given = await Promise.all(Array.from({ length: 20 }, () => give(syrup, '350')));
    assert.equal(given.filter(({ __typename }) => __typename === 'DoseGiven').length, 1, 'once, of twenty at once');
    assert.deepEqual(await database.query(`SELECT o.warnings, o.used_at IS NOT NULL AS used, o.reason FROM private.dose_override o JOIN private.dose_given g ON g.override_id = o.id`),
      [{ warnings: ['dose_too_high'], used: true, reason: 'Қызуы түспейді, бақылаудамыз' }]);
    // 375 + 300 + 350 of 1200 a day.
    await pass(3);
    const left = await give(syrup, '200');
    assert.deepEqual([left.__typename, left.mostMg], ['DoseTooHigh', '175.00']);
    assert.match(left.message, /within 24 hours \(1025 mg\)/);
    assert.equal((await give(syrup, '175')).__typename, 'DoseGiven');
    await pass(3);
    await allow(syrup, '300');
    await database.execute(`UPDATE private.dose_override SET made_at = made_at - INTERVAL '25 hours' WHERE used_at IS NULL`);
    assert.equal((await give(syrup, '300')).__typename, 'DoseTooHigh', 'not a day later');
    await weighs(20, '181 days');
    const stale = await give(syrup, '10');
    assert.deepEqual([stale.__typename, stale.limitDays, stale.measuredOn], ['WeightStale', 180, day(-181)]);
    assert.equal((await allow(syrup, '300')).__typename, 'DoseAllowed');
    await weighs(20, '10 days');
    assert.equal((await give(syrup, '300')).__typename, 'DoseTooHigh', 'a leave is for what warned when it was given');
    await assert.rejects(database.execute(`INSERT INTO private.dose_given (patient_id, prescription_id, practitioner_id, clinic_id, dose_mg)
      SELECT g.patient_id, g.prescription_id, g.practitioner_id, g.clinic_id, 300 FROM private.dose_given g LIMIT 1`), /dose_given_rules|doctor's leave/);
    await assert.rejects(database.execute(`INSERT INTO private.dose_given (patient_id, prescription_id, practitioner_id, clinic_id, dose_mg, override_id)
      SELECT g.patient_id, g.prescription_id, g.practitioner_id, g.clinic_id, 300, o.id FROM private.dose_given g, private.dose_override o WHERE o.used_at IS NULL LIMIT 1`), /dose_given_rules|doctor's leave/);
  });

  test('a leave is for what the doctor was told: no warning is recorded unseen, and none that is graver later is passed', async () => {
    const refresh = () => database.execute('ALTER TABLE private.dose_given DISABLE TRIGGER dose_given_keep; DELETE FROM private.dose_given; ALTER TABLE private.dose_given ENABLE TRIGGER dose_given_keep; DELETE FROM private.dose_override');
    const leaves = () => database.query('SELECT warnings FROM private.dose_override ORDER BY id');
    const allergic = (atc) => database.execute(`INSERT INTO allergy (patient_id, noted_on, criticality, substance, atc) VALUES (${child.id}, '2020-01-01', 'low', '${atc}', '${atc}')`);
    await refresh();
    await weighs(20, '10 days');
    await allergic('N02BE');
    // Two things warn of 350 mg: of neither a leave is kept before both were told.
    assert.deepEqual(await give(syrup, '350', doctor), { __typename: 'AllergyAlert', allergy: { substance: 'N02BE' } });
    for (const [overrides, told] of [[undefined, 'DoseTooHigh'], [['ALLERGY_ALERT'], 'DoseTooHigh'], [['DOSE_TOO_HIGH'], 'AllergyAlert'], [[], 'AllergyAlert'], [['INTERACTION_ALERT', 'WEIGHT_STALE'], 'AllergyAlert']]) {
      assert.equal((await allow(syrup, '350', { overrides })).__typename, told, String(overrides));
    }
    assert.deepEqual(await leaves(), []);
    const { message, ...high } = await allow(syrup, '350', { overrides: ['ALLERGY_ALERT'] });
    assert.deepEqual([high, /at most 300 mg/.test(message)], [{ __typename: 'DoseTooHigh', mostMg: '300.00', weight: '20.00' }, true]);
    assert.equal((await allow(syrup, '350', { overrides: ['DOSE_TOO_HIGH', 'ALLERGY_ALERT', 'WEIGHT_STALE'] })).__typename, 'DoseAllowed');
    assert.deepEqual(await leaves(), [{ warnings: ['allergy_alert', 'dose_too_high'] }], 'nor what did not warn');
    assert.equal((await give(syrup, '350')).__typename, 'DoseGiven');
    // An allergy says nothing of the day: 350 + 300 + 300 of 1200, and 300 more.
    for (let n = 0; n < 2; n++) {
      await pass(3);
      assert.equal((await allow(syrup, '300')).__typename, 'DoseAllowed');
      assert.equal((await give(syrup, '300')).__typename, 'DoseGiven');
    }
    await pass(3);
    assert.deepEqual((await allow(syrup, '300')).mostMg, '250.00');
    // Another allergy that was recorded meanwhile, a lower weight, and what was given meanwhile: the leave is for none of them.
    await refresh();
    await allow(syrup, '200');
    await database.execute(`UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${child.id}`);
    await allergic('N02');
    assert.equal((await give(syrup, '200')).__typename, 'AllergyAlert');
    await database.execute(`UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${child.id}`);
    await allow(syrup, '350');
    await weighs(10, '9 days');
    assert.deepEqual((await give(syrup, '350')).mostMg, '150.00');
    await weighs(20, '10 days');
    for (let n = 0; n < 3; n++, await pass(3)) await give(syrup, '300');
    assert.equal((await give(syrup, '300')).__typename, 'DoseGiven', 'to the limit of the day');
    const late = await give(syrup, '350');
    assert.deepEqual([late.__typename, late.mostMg], ['DoseTooHigh', '0.00']);
    await assert.rejects(database.execute(`INSERT INTO private.dose_given (patient_id, prescription_id, practitioner_id, clinic_id, dose_mg, override_id)
      SELECT g.patient_id, g.prescription_id, g.practitioner_id, g.clinic_id, 350, o.id FROM (SELECT * FROM private.dose_given LIMIT 1) g, private.dose_override o WHERE o.dose_mg = 350 AND o.used_at IS NULL`), /dose_given_rules|doctor's leave/);
    // A weight that is too old: what nobody may have warns all the same.
    await weighs(20, '181 days');
    await refresh();
    await database.execute(`UPDATE dose_rule SET dose_mg = 200 WHERE atc = 'N02BE01' AND below_months = 216`);
    assert.deepEqual([(await give(syrup, '350')).__typename, (await allow(syrup, '350')).mostMg], ['WeightStale', '200.00']);
    await database.execute(`UPDATE dose_rule SET dose_mg = 1000 WHERE atc = 'N02BE01' AND below_months = 216`);
    await weighs(20, '10 days');
  });

  test('not more, nor sooner, than was prescribed; of a prescription without milligrams only by leave', async () => {
    const bearer = async (atc, more) => {
      const { searchDrugs } = await writing.data(null, 'query ($text: String!) { searchDrugs(text: $text) { id atc } }', { text: await database.value(`SELECT min(name) FROM drug WHERE atc = '${atc}'`) });
      return (await writing.data(doctor, PRESCRIBE, { patient: id, drug: searchDrugs.find((one) => one.atc === atc).id, key: newKey(), ...more })).prescribe.prescription.id;
    };
    const told = async (...args) => { const { __typename, mostMg, message } = await give(...args); return [__typename, mostMg, message]; };
    const daily = await bearer('C08CA01', { doseMg: '5', dosesADay: 1 });
    const given = await Promise.all([nurse, doctor, nurse, doctor].map((who) => give(daily, '5', who)));
    assert.deepEqual(given.map(({ __typename }) => __typename).sort(), ['DoseGiven', 'DoseTooHigh', 'DoseTooHigh', 'DoseTooHigh'], 'once, of four who give it at once');
    await pass(17);
    const [kind, most, message] = await told(daily, '5');
    assert.deepEqual([kind, most, /too soon after the dose before: at most 0 mg now/.test(message)], ['DoseTooHigh', '0.00', true]);
    await pass(1.1); // a morning's dose may come a quarter of the day early
    assert.equal((await give(daily, '5')).__typename, 'DoseGiven');
    assert.equal((await allow(daily, '5')).__typename, 'DoseAllowed');
    assert.equal((await give(daily, '5')).__typename, 'DoseGiven');
    const morphine = await bearer('N02AA01', { doseMg: '10', dosesADay: 2 });
    for (const mg of ['4', '6']) assert.equal((await give(morphine, mg)).__typename, 'DoseGiven', 'a dose in two');
    assert.deepEqual((await told(morphine, '1')).slice(0, 2), ['DoseTooHigh', '0.00']);
    await pass(6.1);
    assert.equal((await give(morphine, '10')).__typename, 'DoseGiven');
    await pass(6.1);
    assert.deepEqual((await told(morphine, '10')).slice(0, 2), ['DoseTooHigh', '0.00'], 'twice a day');
    await pass(9);
    assert.equal((await give(morphine, '10')).__typename, 'DoseGiven');
    await assert.rejects(database.execute(`INSERT INTO private.dose_given (patient_id, prescription_id, practitioner_id, clinic_id, dose_mg)
      SELECT g.patient_id, g.prescription_id, g.practitioner_id, g.clinic_id, 10 FROM private.dose_given g ORDER BY g.id DESC LIMIT 1`), /dose_given_rules|doctor's leave/);
    const free = await bearer('N02AX02');
    assert.deepEqual((await told(free, '50')).slice(0, 2), ['DoseTooHigh', '0.00']);
    assert.equal((await allow(free, '50')).__typename, 'DoseAllowed');
    assert.equal((await give(free, '100000')).__typename, 'DoseTooHigh');
    assert.equal((await give(free, '50')).__typename, 'DoseGiven');
  });

  test('an allergy; a prescription that is over; people who have nobody in care', async () => {
    await database.execute(`INSERT INTO allergy (patient_id, noted_on, criticality, substance, atc) VALUES (${child.id}, '2020-01-01', 'high', 'Парацетамол', 'N02BE')`);
    await database.execute('ALTER TABLE private.dose_given DISABLE TRIGGER dose_given_keep; DELETE FROM private.dose_given; ALTER TABLE private.dose_given ENABLE TRIGGER dose_given_keep');
    assert.deepEqual(await give(syrup, '100'), { __typename: 'AllergyAlert', allergy: { substance: 'Парацетамол' } });
    await database.execute(`UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${child.id}`);
    const other = await employ(child.clinic_id, await database.value(`SELECT max(district_number) FROM practitioner_role WHERE clinic_id = ${child.clinic_id} AND role = 'district_doctor' AND district_number <> ${child.district_number}`));
    for (const who of [asCitizen(), other, { ...nurse, role: 'DOCTOR' }]) await refused(who, GIVE, { prescription: syrup, doseMg: '100' }, 'FORBIDDEN');
    await database.execute(`UPDATE prescription SET valid_to = kz_today() - 1, issued_on = kz_today() - 9 WHERE patient_id = ${child.id} AND status = 'active'`);
    await refused(nurse, GIVE, { prescription: syrup, doseMg: '100' }, 'CONFLICT', /not valid any more/);
    await refused(doctor, ALLOW, { prescription: syrup, doseMg: '100' }, 'CONFLICT', /not valid any more/);
  });
});

describe('vaccinations', () => {
  const vaccinate = async (code, vaccine, more, who = nurse) => (await writing.data(who, VACCINATE, { patient: id, slot: slots.get(code), vaccine, key: newKey(), ...more })).recordVaccination;
  const born = (age) => database.execute(`UPDATE patient SET birth_date = kz_today() - INTERVAL '${age}' WHERE id = ${child.id}`);
  const MMR = 'ҚҚП', HEPATITIS = 'А гепатиті', HPV = 'АПВ (HPV)';

  test('a slot in its time: on the list, and given once', async () => {
    const key = newKey(), { vaccination } = await vaccinate('vaccine.mmr.1', MMR, { key, on: day(-27) });
    assert.deepEqual([vaccination.vaccine, vaccination.doseNumber, vaccination.givenOn], [MMR, 1, day(-27)]);
    assert.equal((await vaccinate('vaccine.mmr.1', MMR, { key, on: day(-27) })).vaccination.id, vaccination.id);
    await refused(nurse, VACCINATE, { patient: id, slot: slots.get('vaccine.mmr.1'), vaccine: MMR }, 'CONFLICT', /given already/);
    const { patient } = await writing.data(nurse, 'query ($iin: ID!) { patient(iin: $iin) { vaccinationCalendar { rule { code } state vaccination { id } } } }', { iin: child.iin });
    assert.deepEqual(patient.vaccinationCalendar.find(({ rule }) => rule.code === 'vaccine.mmr.1'), { rule: { code: 'vaccine.mmr.1' }, state: 'GIVEN', vaccination: { id: vaccination.id } });
    assert.deepEqual(await vaccinate('vaccine.mmr.2', MMR), { __typename: 'VaccineTooEarly', earliestOn: day(1) }, 'four weeks after the first');
    await database.execute(`UPDATE immunization SET given_on = kz_today() - 28 WHERE patient_id = ${child.id} AND vaccine = '${MMR}'`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => writing.ask(nurse, VACCINATE, { patient: id, slot: slots.get('vaccine.mmr.2'), vaccine: MMR, key: newKey() })));
    assert.deepEqual([answers.filter(({ errors }) => !errors).length, answers.filter(({ errors }) => errors?.[0].extensions.code === 'CONFLICT').length], [1, 19]);
    for (const wrong of [{ vaccine: 'БЦЖ' }, { lot: ' ' }, { gtin: '123' }, { on: day(1) }, { on: '1990-01-01' }]) await refused(nurse, VACCINATE, { patient: id, slot: slots.get('vaccine.hepatitis_a.1'), vaccine: HEPATITIS, ...wrong }, 'BAD_USER_INPUT');
    await refused(nurse, VACCINATE, { patient: id, slot: slots.get('vaccine.tuberculosis.1'), vaccine: 'БЦЖ' }, 'CONFLICT', /not given any more at this age/);
    for (const who of [asCitizen(), { ...nurse, role: 'DOCTOR' }, { ...nurse, org: '000000000000' }]) await refused(who, VACCINATE, { patient: id, slot: slots.get('vaccine.hepatitis_a.1'), vaccine: HEPATITIS }, 'FORBIDDEN');
  });

  test('not before the dose before, nor too soon after it', async () => {
    await refused(nurse, VACCINATE, { patient: id, slot: slots.get('vaccine.hepatitis_a.2'), vaccine: HEPATITIS }, 'CONFLICT', /dose before/);
    assert.equal((await vaccinate('vaccine.hepatitis_a.1', HEPATITIS, { on: day(-179) })).__typename, 'Vaccinated');
    const { __typename, earliestOn } = await vaccinate('vaccine.hepatitis_a.2', HEPATITIS);
    assert.equal(__typename, 'VaccineTooEarly');
    assert.ok(earliestOn >= day(1), earliestOn);
    await database.execute(`UPDATE immunization SET given_on = kz_today() - 190 WHERE patient_id = ${child.id} AND vaccine = '${HEPATITIS}'`);
    assert.equal((await vaccinate('vaccine.hepatitis_a.2', HEPATITIS)).vaccination.doseNumber, 2);
  });

  test('HPV: from the age on, with consent, half a year apart; a refusal takes consent, an exemption stands', async () => {
    const { patient: young } = await writing.data(nurse, 'query ($iin: ID!) { patient(iin: $iin) { vaccinationCalendar { rule { code } dueOn } } }', { iin: child.iin });
    assert.deepEqual(await vaccinate('vaccine.papillomavirus.1', HPV, { consent: true }),
      { __typename: 'VaccineTooEarly', earliestOn: young.vaccinationCalendar.find(({ rule }) => rule.code === 'vaccine.papillomavirus.1').dueOn });
    await born('11 years 8 months');
    const exception = (kind) => database.execute(`UPDATE vaccine_exception SET record_status = 'entered_in_error' WHERE patient_id = ${child.id};
      INSERT INTO vaccine_exception (patient_id, decided_on, kind, series, reason) VALUES (${child.id}, kz_today() - 30, '${kind}', 'papillomavirus', 'x')`);
    assert.deepEqual(await vaccinate('vaccine.papillomavirus.1', HPV), { __typename: 'ConsentMissing', exception: null });
    await exception('exemption');
    assert.deepEqual(await vaccinate('vaccine.papillomavirus.1', HPV, { consent: true }), { __typename: 'VaccineExempt', exception: { kind: 'EXEMPTION' } });
    await exception('refusal');
    assert.deepEqual(await vaccinate('vaccine.papillomavirus.1', HPV), { __typename: 'ConsentMissing', exception: { kind: 'REFUSAL' } });
    assert.equal((await vaccinate('vaccine.papillomavirus.1', HPV, { consent: true, on: day(-10) })).__typename, 'Vaccinated');
    const { __typename, earliestOn } = await vaccinate('vaccine.papillomavirus.2', HPV, { consent: true });
    assert.equal(__typename, 'VaccineTooEarly');
    assert.equal(earliestOn, await database.value(`SELECT (kz_today() - 10 + INTERVAL '6 months')::date::text`));
  });

  test('a lot that was recalled, by its GTIN or of any; a plain statement can\'t record it either', async () => {
    await born('16 years 1 month');
    const [{ gtin, other }] = await database.query('SELECT min(gtin) AS gtin, max(gtin) AS other FROM drug');
    await database.execute(`INSERT INTO batch_recall (gtin, batch, recalled_on, order_number, reason) VALUES ('${gtin}', 'BAD-1', kz_today() - 1, 'N-1', 'x')`);
    await database.execute(`INSERT INTO immunization (patient_id, given_on, dose_number, vaccine) VALUES (${child.id}, kz_today() - INTERVAL '9 years', 5, 'АбКДС')`);
    const TD = ['vaccine.dtp.6', 'АДС-М'], wanted = await writing.data(nurse, 'query ($iin: ID!) { patient(iin: $iin) { vaccinationCalendar { rule { id code } } } }', { iin: child.iin });
    slots.set(TD[0], wanted.patient.vaccinationCalendar.find(({ rule }) => rule.code === TD[0]).rule.id);
    assert.deepEqual(await vaccinate(...TD, { lot: 'BAD-1' }), { __typename: 'LotRecalled', message: 'This lot was recalled: it must not be given.' });
    // However somebody typed it: in small letters, with a space, in Cyrillic ones that look the same.
    for (const lot of ['bad-1', 'BAD -1', 'ВАD-1', 'ваd-1']) assert.equal((await vaccinate(...TD, { lot, gtin })).__typename, 'LotRecalled', lot);
    assert.equal((await vaccinate(...TD, { lot: 'BAD-1', gtin })).__typename, 'LotRecalled');
    const insert = (lot, of = 'NULL', on = 'kz_today()') => database.execute(`INSERT INTO immunization (patient_id, given_on, dose_number, vaccine, lot, gtin) VALUES (${child.id}, ${on}, 9, 'x', '${lot}', ${of})`);
    for (const lot of ['BAD-1', 'bad-1']) await assert.rejects(insert(lot), /lot of a vaccine was recalled/);
    await assert.rejects(insert('GOOD', 'NULL', "'1990-01-01'"), /a living person/);
    await insert('BAD-1', 'NULL', 'kz_today() - 2');
    assert.equal((await vaccinate(...TD, { lot: 'BAD-1', gtin: other })).vaccination.doseNumber, 6);
  });
});
