// Prescribing through the server: who may, what warns and how that is overridden, how long it is valid and who pays; and the whole way of a medicine from the doctor to the patient's receipt.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const PRESCRIBE = `mutation ($patient: ID!, $drug: ID!, $quantity: Int = 30, $dose: String = "Күніне бір рет", $doseMg: Hundredths, $dosesADay: Int, $diagnosis: ID, $refills: Int = 0, $why: String, $overrides: [PrescriptionWarning!], $key: String!) {
  prescribe(patient: $patient, drug: $drug, quantity: $quantity, dose: $dose, doseMg: $doseMg, dosesADay: $dosesADay, diagnosis: $diagnosis, refills: $refills, overrideReason: $why, overrides: $overrides, idempotencyKey: $key) {
    __typename ... on Prescribed { prescription { id number issuedOn validTo status quantity refillsLeft freeForPatient drug { inn } diagnosis { icd10 } } } ... on AllergyAlert { message allergy { substance } }
    ... on InteractionAlert { interaction { severity effect(lang: EN) } with { inn } } ... on DuplicateMedicine { other { number } } ... on DoseTooHigh { mostMg weight message } ... on WeightStale { measuredOn limitDays } } }`;

let writing, database, adult, child, doctor;
const drugs = new Map(), ids = new Map();
const days = ({ issuedOn, validTo }) => (Date.parse(validTo) - Date.parse(issuedOn)) / 86_400_000;
const asDoctor = (patient) => ({ role: 'DOCTOR', sub: patient.doctor, org: patient.bin });
const asCitizen = ({ iin }) => ({ role: 'CITIZEN', sub: iin });
const wish = (patient, atc, more = {}) => ({ patient: ids.get(patient.id), drug: drugs.get(atc), key: newKey(), ...more });
const prescribe = (patient, atc, more) => writing.data(asDoctor(patient), PRESCRIBE, wish(patient, atc, more)).then((data) => data.prescribe);
/** A person who has nothing. */
const clear = ({ id }) => database.execute(`UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${id} AND status = 'active'; UPDATE prescription SET valid_to = issued_on WHERE patient_id = ${id};
  UPDATE medication_statement SET ended_on = started_on WHERE patient_id = ${id}; UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${id};
  UPDATE condition SET clinical_status = 'resolved' WHERE patient_id = ${id}; UPDATE observation SET record_status = 'entered_in_error' WHERE patient_id = ${id} AND kind = 'weight'`);
const weighs = ({ id }, kg, ago) => database.execute(`INSERT INTO observation (patient_id, kind, value, unit, observed_at) VALUES (${id}, 'weight', ${kg}, 'kg', now() - INTERVAL '${ago}')`);

before(async () => {
  writing = await Writing.start();
  database = writing.database;
  const find = async (born) => {
    const [person] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
      WHERE p.deceased_on IS NULL AND birth_date BETWEEN ${born} AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id) AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 1`);
    const { patient } = await writing.data({ role: 'DOCTOR', sub: person.doctor, org: person.bin }, 'query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: person.iin });
    ids.set(person.id, patient.id);
    return person;
  };
  adult = await find("'1960-01-01' AND '1990-01-01'");
  child = await find("now() - INTERVAL '12 years' AND now() - INTERVAL '6 years'");
  doctor = asDoctor(adult);
  for (const { atc, name } of await database.query('SELECT DISTINCT ON (atc) atc, name FROM drug ORDER BY atc, id')) {
    const { searchDrugs } = await writing.data(null, 'query ($text: String!) { searchDrugs(text: $text) { id atc name } }', { text: name });
    drugs.set(atc, searchDrugs.find((one) => one.atc === atc)?.id);
  }
  await clear(adult);
  await clear(child);
});
after(() => writing?.stop());

test('it is prescribed: on the list in both workers, messages wait, it is on record', async () => {
  const { __typename, prescription } = await prescribe(adult, 'C09AA03', { quantity: 60, refills: 2 });
  assert.equal(__typename, 'Prescribed');
  assert.deepEqual([prescription.status, prescription.quantity, prescription.refillsLeft, prescription.freeForPatient, days(prescription)], ['ACTIVE', 60, 2, false, 90]);
  assert.match(prescription.number, /^E[0-9]{12}$/);
  for (let i = 0; i < 4; i++) {
    const { me } = await writing.data(asCitizen(adult), '{ me { patient { prescriptions(first: 3) { nodes { number prescriber { id } } } } } }');
    assert.equal(me.patient.prescriptions.nodes[0].number, prescription.number);
  }
  assert.deepEqual(await database.query(`SELECT channel, payload FROM private.outbox WHERE kind = 'drug_prescribed' AND patient_id = ${adult.id} ORDER BY 1`), [{ channel: 'app', payload: { free: false } }, { channel: 'sms', payload: { free: false } }]);
  assert.deepEqual(await database.query(`SELECT operation, role, person FROM private.change_record WHERE patient_id = ${adult.id}`), [{ operation: 'prescribe', role: 'DOCTOR', person: adult.doctor }]);
});

test('valid by form, and free by entitlement, insurance or age', async () => {
  const valid = async (...args) => { const { prescription } = await prescribe(...args); return [days(prescription), prescription.freeForPatient, await database.value(`SELECT payment FROM prescription WHERE number = '${prescription.number}'`)]; };
  assert.deepEqual(await valid(adult, 'J01FA10'), [10, false, 'paid']);
  assert.deepEqual(await valid(adult, 'N02AA01'), [7, false, 'paid']);
  assert.deepEqual(await valid(child, 'R03AC02'), [30, true, 'osms']);
  await database.execute(`INSERT INTO condition (patient_id, id, recorded_on, icd10, name) VALUES (${adult.id}, 9100001, kz_today(), 'E11.9', 'x')`);
  const { patient } = await writing.data(doctor, 'query ($iin: ID!) { patient(iin: $iin) { diagnoses(first: 1) { nodes { id icd10 } } } }', { iin: adult.iin });
  assert.equal(patient.diagnoses.nodes[0].icd10, 'E11.9');
  assert.deepEqual(await valid(adult, 'A10BA02', { diagnosis: patient.diagnoses.nodes[0].id }), [30, true, 'gobmp']);
  assert.deepEqual(await valid(adult, 'A10BB09'), [90, false, 'paid'], 'without the diagnosis that it is free for');
  await writing.refused(doctor, PRESCRIBE, wish(adult, 'N02AA01', { refills: 1 }), 'CONFLICT', /without refills/);
  await writing.refused(asDoctor(child), PRESCRIBE, wish(child, 'R03AC02', { diagnosis: patient.diagnoses.nodes[0].id }), 'NOT_FOUND', /no such diagnosis/);
});

describe('what warns', () => {
  const WHY = 'Басқа дәрі көмектеспейді';
  const overridden = async (patient, atc, more) => {
    const answer = await prescribe(patient, atc, { ...more, why: WHY });
    assert.equal(answer.__typename, 'Prescribed');
    return database.query(`SELECT o.warnings, o.reason FROM private.prescription_override o JOIN prescription r ON r.patient_id = o.patient_id AND r.id = o.prescription_id WHERE r.number = '${answer.prescription.number}'`);
  };

  test('an allergy: by group, and by name', async () => {
    await clear(adult);
    await database.execute(`INSERT INTO allergy (patient_id, noted_on, substance, atc, criticality) VALUES (${adult.id}, kz_today(), 'Пенициллиндер', 'J01C', 'high'), (${adult.id}, kz_today(), 'КЕТИРИЗИН', NULL, 'low')`);
    const traces = await writing.traces();
    const alert = await prescribe(adult, 'J01CR02');
    assert.deepEqual(alert, { __typename: 'AllergyAlert', message: alert.message, allergy: { substance: 'Пенициллиндер' } });
    assert.ok(!alert.message.includes('Пенициллин'));
    const inn = await database.value("SELECT inn FROM drug WHERE atc = 'R06AE07' LIMIT 1");
    await database.execute(`UPDATE allergy SET substance = upper('${inn}') WHERE patient_id = ${adult.id} AND substance = 'КЕТИРИЗИН'`);
    assert.equal((await prescribe(adult, 'R06AE07')).__typename, 'AllergyAlert');
    assert.equal(await writing.traces(), traces);
    assert.deepEqual(await overridden(adult, 'J01CR02'), [{ warnings: ['allergy_alert'], reason: WHY }]);
    await writing.refused(doctor, PRESCRIBE, wish(adult, 'J01CR02', { why: 'short' }), 'BAD_USER_INPUT', /10 to 1000/);
  });

  test('an interaction, whichever of the two was there first; the same INN twice', async () => {
    await clear(adult);
    const { prescription } = await prescribe(adult, 'B01AA03');
    const harm = { __typename: 'InteractionAlert', interaction: { severity: 'MAJOR', effect: 'Risk of bleeding' }, with: { inn: prescription.drug.inn } };
    assert.deepEqual(await prescribe(adult, 'M01AB05'), harm);
    assert.deepEqual(await prescribe(adult, 'B01AA03'), { __typename: 'DuplicateMedicine', other: { number: prescription.number } });
    await clear(adult);
    await database.execute(`INSERT INTO medication_statement (patient_id, started_on, origin, name, atc) VALUES (${adult.id}, kz_today() - 1, 'reported', 'x', 'M01AB05')`);
    assert.deepEqual(await prescribe(adult, 'B01AA03'), { ...harm, with: null });
    assert.deepEqual(await overridden(adult, 'B01AA03'), [{ warnings: ['interaction_alert'], reason: WHY }]);
  });

  test('the same substance alone or with others, by whatever code: twice, or with what it does harm with', async () => {
    const mg = { doseMg: '500', dosesADay: 3 };
    for (const [first, second, more] of [['J01CA04', 'J01CR02', mg], ['J01CR02', 'J01CA04', mg], ['B01AC30', 'B01AC06'], ['B01AC30', 'N02BA01'], ['N02BA01', 'B01AC30']]) {
      await clear(adult);
      const { prescription } = await prescribe(adult, first, more);
      assert.deepEqual(await prescribe(adult, second, more), { __typename: 'DuplicateMedicine', other: { number: prescription.number } }, `${first} ${second}`);
    }
    for (const [first, second] of [['B01AA03', 'B01AC30'], ['B01AA03', 'B01AC06'], ['B01AA03', 'N02BA01'], ['B01AC30', 'B01AA03'], ['B01AF01', 'N02BA01'], ['B01AC06', 'B01AF01'], ['B01AC04', 'B01AF01']]) {
      await clear(adult);
      await prescribe(adult, first);
      assert.equal((await prescribe(adult, second)).__typename, 'InteractionAlert', `${first} ${second}`);
    }
    await clear(adult);
    await database.execute(`INSERT INTO medication_statement (patient_id, started_on, origin, name, atc) VALUES (${adult.id}, kz_today() - 1, 'reported', 'x', 'B01AC30')`);
    assert.equal((await prescribe(adult, 'B01AA03')).__typename, 'InteractionAlert', 'known by its code alone');
    // A gel is no tablet: what its substance does in the blood is not told of it.
    await clear(adult);
    await database.execute(`INSERT INTO drug (inn, inn_ru, name, atc, strength, form, pack_quantity, producer, registration_number) SELECT inn, inn_ru, 'Ж', 'M02AA15', '1 %', 'гель', 1, 'x', 'GEL-1' FROM drug WHERE atc = 'M01AB05' LIMIT 1;
      INSERT INTO medication_statement (patient_id, started_on, origin, name, drug_id) SELECT ${adult.id}, kz_today() - 1, 'reported', 'x', id FROM drug WHERE registration_number = 'GEL-1'`);
    assert.equal((await prescribe(adult, 'B01AA03')).__typename, 'Prescribed');
  });

  test('the dose of a day is that of all prescriptions of the substance: what can be fetched, and what is not used up yet', async () => {
    await clear(adult);
    const day = { doseMg: '1000', dosesADay: 4 };
    const { prescription } = await prescribe(adult, 'N02BE01', { ...day, dosesADay: 3 });
    const told = await prescribe(adult, 'N02BE01', { ...day, why: WHY });
    assert.deepEqual([told.__typename, told.mostMg], ['DoseTooHigh', '250.00'], 'the first that was told was the duplicate');
    assert.match(told.message, /beside what is prescribed already: at most 250 mg/);
    const given = (ago) => database.execute(`UPDATE prescription SET status = 'dispensed', pharmacy_id = (SELECT min(id) FROM pharmacy), pick_code_hash = NULL, issued_on = kz_today() - ${ago} WHERE number = '${prescription.number}'`);
    await given(9);
    assert.equal((await prescribe(adult, 'N02BE01', day)).mostMg, '250.00', '30 tablets last ten days');
    await given(10);
    assert.equal((await prescribe(adult, 'N02BE01', day)).__typename, 'Prescribed');
  });

  test('a diagnosis that is over is no reason, one in remission is', async () => {
    await clear(adult);
    await database.execute(`INSERT INTO condition (patient_id, id, recorded_on, icd10, name, clinical_status) VALUES (${adult.id}, 9100002, kz_today(), 'J18.9', 'x', 'remission')`);
    const { patient } = await writing.data(doctor, 'query ($iin: ID!) { patient(iin: $iin) { diagnoses(first: 1) { nodes { id icd10 } } } }', { iin: adult.iin });
    const [diagnosis] = patient.diagnoses.nodes;
    assert.equal((await prescribe(adult, 'J01FA10', { diagnosis: diagnosis.id })).prescription.diagnosis.icd10, 'J18.9');
    await clear(adult);
    await writing.refused(doctor, PRESCRIBE, wish(adult, 'J01FA10', { diagnosis: diagnosis.id }), 'CONFLICT', /diagnosis is over/);
  });

  test('a reason is for the warnings that it names, or the first: no other is passed unseen', async () => {
    await clear(adult);
    await database.execute(`INSERT INTO allergy (patient_id, substance, atc, criticality, noted_on) VALUES (${adult.id}, 'Ибупрофен', 'M01AE01', 'low', kz_today())`);
    const much = { doseMg: '90000', dosesADay: 6 };
    assert.equal((await prescribe(adult, 'M01AE01', much)).__typename, 'AllergyAlert');
    assert.equal((await prescribe(adult, 'M01AE01', { ...much, why: WHY })).__typename, 'DoseTooHigh');
    assert.equal((await prescribe(adult, 'M01AE01', { ...much, why: WHY, overrides: ['DOSE_TOO_HIGH'] })).__typename, 'AllergyAlert');
    assert.equal((await prescribe(adult, 'M01AE01', { ...much, why: WHY, overrides: [] })).__typename, 'AllergyAlert');
    assert.equal((await prescribe(adult, 'M01AE01', { ...much, overrides: ['DOSE_TOO_HIGH', 'ALLERGY_ALERT'] })).__typename, 'AllergyAlert', 'without a reason');
    const { __typename, prescription } = await prescribe(adult, 'M01AE01', { ...much, why: WHY, overrides: ['DOSE_TOO_HIGH', 'ALLERGY_ALERT'] });
    assert.equal(__typename, 'Prescribed');
    assert.deepEqual(await database.query(`SELECT o.warnings, o.reason FROM private.prescription_override o JOIN prescription r ON r.patient_id = o.patient_id AND r.id = o.prescription_id WHERE r.number = '${prescription.number}'`),
      [{ warnings: ['allergy_alert', 'dose_too_high'], reason: WHY }]);
  });

  test('of a medicine that is dosed by age only, for an age that has no dose', async () => {
    await clear(child);
    await database.execute(`UPDATE dose_rule SET from_months = 215 WHERE atc = 'M01AE01' AND below_months = 216`);
    await weighs(child, 20, '1 hour');
    for (const more of [{}, { doseMg: '1', dosesADay: 1 }]) {
      const { message, ...told } = await prescribe(child, 'M01AE01', more);
      assert.deepEqual([told, message], [{ __typename: 'DoseTooHigh', mostMg: '0.00', weight: null }, 'This medicine has no dose for a person of this age.']);
    }
    await database.execute(`UPDATE dose_rule SET from_months = 3 WHERE atc = 'M01AE01' AND below_months = 216`);
  });

  test('what is hidden warns, but is not told', async () => {
    await clear(adult);
    await clear(child);
    const hide = ({ id, iin }, table) => database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, role, made_by) VALUES (${id}, 'hide', '${table}', 'DOCTOR', '${iin}')`);
    const show = ({ id }) => database.execute(`UPDATE access_rule SET revoked_at = now(), revoked_by = made_by WHERE patient_id = ${id} AND revoked_at IS NULL`);
    await database.execute(`INSERT INTO medication_statement (patient_id, started_on, origin, name, atc, drug_id) SELECT ${adult.id}, kz_today() - 1, 'reported', 'x', d.atc, d.id FROM drug d WHERE d.atc = 'B01AA03' ORDER BY d.id LIMIT 1`);
    const harm = { __typename: 'InteractionAlert', interaction: { severity: 'MAJOR', effect: 'Risk of bleeding' } };
    const told = await prescribe(adult, 'M01AB05');
    assert.ok(told.with.inn);
    assert.deepEqual(told, { ...harm, with: told.with });
    await hide(adult, 'medication_statement');
    assert.deepEqual(await prescribe(adult, 'M01AB05'), { ...harm, with: null });
    await show(adult);
    await weighs(child, 20, '1 hour');
    const wish = { doseMg: '9999', dosesADay: 4 };
    assert.equal((await prescribe(child, 'N02BE01', wish)).weight, '20.00');
    await hide(child, 'observation');
    assert.deepEqual(await prescribe(child, 'N02BE01', wish), { __typename: 'DoseTooHigh', mostMg: '300.00', weight: null, message: '9999 mg 4 times a day is more than this person may have: at most 300 mg each time.' });
    await clear(child);
    await weighs(child, 20, '400 days');
    assert.deepEqual(await prescribe(child, 'N02BE01', wish), { __typename: 'WeightStale', measuredOn: null, limitDays: 180 });
    await show(child);
    assert.match((await prescribe(child, 'N02BE01', wish)).measuredOn, /^[0-9-]{10}$/);
  });

  test('a dose, by weight and in all; a weight that is too old, or was never taken', async () => {
    await clear(child);
    await clear(adult);
    const dose = (doseMg, dosesADay) => ({ doseMg, dosesADay });
    await writing.refused(asDoctor(child), PRESCRIBE, wish(child, 'N02BE01'), 'BAD_USER_INPUT', /how many milligrams/);
    assert.deepEqual(await prescribe(child, 'N02BE01', dose('250', 4)), { __typename: 'WeightStale', measuredOn: null, limitDays: 180 });
    await weighs(child, 20, '181 days 6 hours');
    assert.equal((await prescribe(child, 'N02BE01', dose('250', 4))).__typename, 'WeightStale');
    await weighs(child, 20, '179 days');
    const high = await prescribe(child, 'N02BE01', dose('300.01', 4));
    assert.deepEqual(high, { __typename: 'DoseTooHigh', mostMg: '300.00', weight: '20.00', message: '300.01 mg 4 times a day is more than this person may have: at most 300 mg each time.' });
    assert.deepEqual((await prescribe(child, 'N02BE01', dose('250', 6))).mostMg, '200.00', '60 mg a kilogram and day');
    assert.deepEqual(await overridden(child, 'N02BE01', dose('300.01', 4)), [{ warnings: ['dose_too_high'], reason: WHY }]);
    await clear(child);
    await weighs(child, 20, '1 hour');
    assert.equal((await prescribe(child, 'N02BE01', dose('300', 4))).__typename, 'Prescribed');
    assert.deepEqual(await prescribe(adult, 'N02BE01', dose('1000.01', 1)), { __typename: 'DoseTooHigh', mostMg: '1000.00', weight: null, message: '1000.01 mg 1 times a day is more than this person may have: at most 1000 mg each time.' });
    assert.equal((await prescribe(adult, 'N02BE01', dose('1000', 4))).__typename, 'Prescribed');
    for (const wrong of [dose('1000', null), dose(null, 3), dose('0', 1), dose('-5', 1), dose('5', 0), dose('5', 25)]) await writing.refused(doctor, PRESCRIBE, wish(adult, 'C09AA03', wrong), 'BAD_USER_INPUT');
  });
});

test('who may not, and what can not be', async () => {
  const nurse = await database.value(`SELECT m.iin FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id WHERE j.clinic_id = ${adult.clinic_id} AND j.role = 'nurse' LIMIT 1`);
  const [stranger] = await database.query(`SELECT m.iin, c.bin FROM practitioner m JOIN practitioner_role j ON j.practitioner_id = m.id JOIN clinic c ON c.id = j.clinic_id WHERE EXISTS (SELECT FROM access_place('DOCTOR/' || m.iin || '/' || c.bin))
    AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, ${adult.id})) LIMIT 1`);
  const traces = await writing.traces();
  for (const who of [asCitizen(adult), { role: 'NURSE', sub: nurse, org: adult.bin }, { role: 'DOCTOR', sub: stranger.iin, org: stranger.bin }, { role: 'PHARMACIST', sub: adult.doctor, org: adult.bin }]) {
    await writing.refused(who, PRESCRIBE, wish(adult, 'C09AA03'), 'FORBIDDEN', /Only a doctor who treats/);
  }
  for (const wrong of [{ quantity: 0 }, { quantity: 10001 }, { refills: 13 }, { refills: -1 }, { dose: '  ' }, { dose: 'x'.repeat(501) }]) await writing.refused(doctor, PRESCRIBE, wish(adult, 'C09AA03', wrong), 'BAD_USER_INPUT');
  assert.equal(await writing.traces(), traces);
});

test('with one key it is prescribed once, ten times at once or later', async () => {
  await clear(adult);
  const variables = wish(adult, 'C08CA01');
  const ask = () => writing.data(doctor, PRESCRIBE, variables).then((data) => data.prescribe);
  const answers = await Promise.all(Array.from({ length: 10 }, ask));
  for (const answer of [...answers, await ask()]) assert.deepEqual(answer, answers[0]);
  assert.equal(answers[0].__typename, 'Prescribed');
  await writing.refused(doctor, PRESCRIBE, { ...variables, quantity: 31 }, 'CONFLICT', /new key/);
  assert.equal(await database.value(`SELECT count(*) FROM prescription r JOIN drug d ON d.id = r.drug_id WHERE r.patient_id = ${adult.id} AND d.atc = 'C08CA01' AND r.status = 'active'`), 1);
});

test('from the doctor to the receipt', async () => {
  await clear(adult);
  const [drug] = await database.query("SELECT id, gtin, atc, pack_quantity AS pack FROM drug WHERE atc = 'C10AA05' AND gtin IS NOT NULL ORDER BY id LIMIT 1");
  const [pharmacy] = await database.query('SELECT id, bin FROM pharmacy WHERE active AND bin IS NOT NULL ORDER BY id LIMIT 1');
  const { prescription } = await prescribe(adult, drug.atc, { quantity: drug.pack });
  await database.execute(`INSERT INTO med_package (drug_id, pharmacy_id, made_on, expires_on, gtin, serial, batch, owner_bin, owner) SELECT drug_id, ${pharmacy.id}, '2025-01-01', '2031-01-01', d.gtin, 'WAY1', 'B', '${pharmacy.bin}', 'x'
    FROM prescription r JOIN drug d ON d.id = r.drug_id WHERE r.number = '${prescription.number}'`);
  const gtin = await database.value(`SELECT gtin FROM med_package WHERE serial = 'WAY1'`);
  const { newPickCode: code } = await writing.data(asCitizen(adult), 'mutation ($id: ID!) { newPickCode(prescription: $id) }', { id: prescription.id });
  const { dispense } = await writing.data({ role: 'PHARMACIST', sub: adult.doctor, org: pharmacy.bin }, `mutation ($number: String!, $code: String!, $quantity: Int!, $packages: [String!]!, $key: String!) {
    dispense(number: $number, code: $code, quantity: $quantity, price: "1", packages: $packages, idempotencyKey: $key) { __typename ... on Dispensed { quantityLeft } } }`,
  { number: prescription.number, code, quantity: drug.pack, packages: [`01${gtin}21WAY1`], key: newKey() });
  assert.deepEqual(dispense, { __typename: 'Dispensed', quantityLeft: 0 });
  const { me } = await writing.data(asCitizen(adult), '{ me { patient { dispenses(first: 1) { nodes { id prescription { number status } } } } } }');
  assert.deepEqual(me.patient.dispenses.nodes[0].prescription, { number: prescription.number, status: 'DISPENSED' });
  const { confirmReceipt } = await writing.data(asCitizen(adult), 'mutation ($id: ID!, $key: String!) { confirmReceipt(dispense: $id, idempotencyKey: $key) { receipt } }', { id: me.patient.dispenses.nodes[0].id, key: newKey() });
  assert.deepEqual(confirmReceipt, { receipt: 'CONFIRMED' });
});
