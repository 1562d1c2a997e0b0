// What becomes of FHIR resources in the database (db/functions/import_*.sql): each kind with small invented Bundles, through SQL, as the
// command calls it. import-rules.test.mjs has order, repetition and corrections; import.test.mjs the command.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { IIN, SNOMED, category, coded, condition, entry, iinOf, importDatabase, loinc, observation, of, person, quantity, reasons, rowsOf, runImport, state } from './lib/imports.mjs';

let db, rows, only;

before(async () => {
  db = await importDatabase();
  ({ rows, only } = rowsOf(db));
});
after(() => db?.drop());

describe('people', () => {
  test('an IIN that nobody has is registered by a source that may; the fields', async () => {
    const who = person();
    const { outcome, told } = await runImport(db, {}, [entry(who.resource)]);
    assert.deepEqual(outcome('Patient'), { kept: 1 });
    assert.deepEqual(told, []);
    const [row] = await db.query(`SELECT p.full_name, p.birth_date, p.sex, p.phone, p.language, p.deceased_on, p.clinic_id, p.region_id, s.name AS source FROM patient p JOIN source_system s ON s.id = p.source_id WHERE iin = '${who.iin}'`);
    assert.deepEqual(row, { full_name: 'Сейітов Асхат Болатұлы', birth_date: '1979-10-28', sex: 'male', phone: '+77990000001', language: 'ru', deceased_on: null, clinic_id: null, region_id: 71, source: 'vendor' });
  });

  test('who can’t be matched is in quarantine with the reason, and so is what is about the person, until the person comes', async () => {
    const [known, stranger, wrong, other] = [person(), person(), person(), person()];
    await runImport(db, {}, [entry(known.resource)]);
    wrong.resource.identifier[0].value = wrong.iin.slice(0, 11) + ((Number(wrong.iin[11]) + 1) % 10);
    const impostor = { ...other.resource, id: 'impostor', identifier: known.resource.identifier, birthDate: '1979-10-27' };
    const nameless = { resourceType: 'Patient', id: 'nameless', gender: 'female', birthDate: '1990-05' };
    const first = await runImport(db, { source: 'reader', registers: false },
      [stranger.resource, wrong.resource, impostor, nameless, { ...known.resource, id: 'known-elsewhere' }].map(entry), [condition(stranger, 'c-stranger'), condition(wrong, 'c-wrong')].map(entry));
    assert.deepEqual(first.outcome('Patient'), { kept: 1, quarantined: 4 });
    assert.deepEqual(Object.keys(reasons(first, 'Patient')).sort(), ['nobody here has its numbers, and the source may not register people', 'the IIN has a wrong check digit',
      'the person who has its number has another birth date or sex', 'there is neither an IIN nor a whole birth date']);
    assert.deepEqual(reasons(first, 'Condition'), { 'its Patient is in quarantine': 'quarantined' });
    assert.deepEqual(first.told.map(({ file, place, outcome }) => `${file}:${place} ${outcome}`), [1, 2, 3, 4, 6, 7].map((n) => `bundle.json:${n} quarantined`));
    // Somebody else registers the stranger; the same record comes again, and takes the diagnosis with it.
    await runImport(db, {}, [entry(stranger.resource)]);
    const second = await runImport(db, { source: 'reader', registers: false }, [entry(stranger.resource)]);
    assert.deepEqual([second.outcome('Patient'), second.outcome('Condition')], [{ kept: 1 }, { kept: 1 }]);
    assert.equal((await only('condition', stranger)).icd10, 'I10');
  });

  test('without an IIN a number stands in for it, that was never issued; the person is known again by what others call them', async () => {
    const resource = { resourceType: 'Patient', id: 'foreign', name: [{ text: 'Смит Анна' }], gender: 'female', birthDate: '1984-02-29', identifier: [{ system: 'http://hospital.example/mrn', value: '17' }] };
    await runImport(db, {}, [entry(resource), entry({ ...resource, id: 'foreign-2' })]);
    await runImport(db, { source: 'second', registers: true }, [entry({ ...resource, id: 'elsewhere' })]);
    const [row, ...more] = await db.query(`SELECT iin, national_number_ok(iin) AS ok, iin_is_provisional(iin) AS provisional, language FROM patient WHERE birth_date = '1984-02-29'`);
    assert.deepEqual(more, []);
    assert.match(row.iin, /^8402690/);
    assert.deepEqual([row.ok, row.provisional, row.language], [true, true, 'kk']);
    assert.equal(await db.value(`SELECT count(DISTINCT patient_id) FROM private.source_record WHERE record_id IN ('foreign', 'foreign-2', 'elsewhere')`), 1);
    // The IIN is said later, by who registered the person.
    const iin = iinOf('84022940001') ?? iinOf('84022940002');
    await runImport(db, {}, [entry({ ...resource, identifier: [...resource.identifier, { system: IIN, value: iin }] })]);
    assert.deepEqual(await db.query(`SELECT iin FROM patient WHERE birth_date = '1984-02-29'`), [{ iin }]);
    // And then another one is a contradiction.
    const third = await runImport(db, {}, [entry({ ...resource, identifier: [...resource.identifier, { system: IIN, value: iinOf('84022940005') ?? iinOf('84022940006') }] })]);
    assert.deepEqual(Object.keys(reasons(third, 'Patient')), ['the person who has its number has another IIN']);
  });

  test('two records of one batch are one person; numbers of two people are nobody’s', async () => {
    const [one, two] = [person(), person()];
    const both = { ...one.resource, id: 'both', identifier: [...one.resource.identifier, { system: 'http://hospital.example/mrn', value: 'x2' }] };
    two.resource.identifier.push({ system: 'http://hospital.example/mrn', value: 'x2' });
    const run = await runImport(db, {}, [entry(one.resource), entry({ ...one.resource, id: 'again' }), entry(two.resource)], [entry(both)]);
    assert.deepEqual(run.outcome('Patient'), { kept: 3, quarantined: 1 });
    assert.deepEqual(Object.keys(reasons(run, 'Patient')), ['its numbers belong to different people']);
  });

  test('a source that nobody registered is refused with what to do; a run that is over takes nothing', async () => {
    await assert.rejects(db.execute(`SELECT import_source('nobody', false, false)`), /No source is called "nobody".*--new-source/);
    await assert.rejects(db.execute(`SELECT import_source('', true, false)`), /between 1 and 100 characters/);
    const { report } = await runImport(db, {}, []);
    assert.deepEqual(report, []);
    await assert.rejects(db.execute('SELECT * FROM import_batch((SELECT max(id) FROM private.import_run), ARRAY[]::text[], ARRAY[]::bigint[], ARRAY[]::text[], ARRAY[]::jsonb[])'), /is over/);
  });
});

describe('kinds', () => {
  /** Sends what `make(who)` gives, with the person and the place and doctor of the visit; gives the person. */
  async function bring(...resources) {
    const who = person();
    const place = { resourceType: 'Organization', id: `o-${who.id}`, name: 'Aurora Hospital', address: [{ city: 'Almaty City' }] };
    const doctor = { resourceType: 'Practitioner', id: `d-${who.id}`, name: [{ family: 'Әлиева', given: ['Гүлнар'] }] };
    const visit = { resourceType: 'Encounter', id: `e-${who.id}`, status: 'finished', class: { code: 'AMB' }, type: [coded(SNOMED, '185345009', 'Encounter for symptom')], ...of(who),
      participant: [{ individual: { reference: `urn:uuid:${doctor.id}` } }], serviceProvider: { reference: `Organization/${place.id}` }, period: { start: '2024-03-01T04:00:00Z', end: '2024-03-01T04:30:00Z' },
      reasonCode: [coded(SNOMED, '444814009', 'Viral sinusitis (disorder)')] };
    const run = await runImport(db, {}, [who.resource, place, doctor, visit, ...resources.map((make) => ({ encounter: { reference: `urn:uuid:${visit.id}` }, ...make(who) }))].map(entry));
    return { ...who, run, names: `(SELECT name FROM clinic c WHERE c.id = clinic_id) AS clinic, (SELECT full_name FROM practitioner d WHERE d.id = recorded_by) AS doctor, source_rec, version, record_status` };
  }

  test('Encounter: a visit with its place, doctor and reason; a stay only where its diagnosis and outcome are said', async () => {
    const stay = (id, more) => (who) => ({ resourceType: 'Encounter', id: `stay-${id}-${who.id}`, status: 'finished', class: { code: 'IMP' }, ...of(who), serviceProvider: { reference: `Organization/o-${who.id}` },
      period: { start: '2024-04-01T04:00:00Z', end: '2024-04-05T04:30:00Z' }, ...more });
    const reason = { reasonCode: [coded(SNOMED, '233604007', 'Pneumonia')] };
    const who = await bring(stay('a', {}), stay('b', reason), stay('c', { ...reason, hospitalization: { dischargeDisposition: state('exp') } }), stay('d', { class: { code: 'EMER' } }), stay('f', { status: 'cancelled' }));
    assert.deepEqual(reasons(who.run, 'Encounter'), { 'a stay in hospital whose diagnosis is not said in ICD-10 terms': 'not mapped', 'a stay in hospital whose outcome is not said': 'not mapped', 'a visit that did not take place': 'not mapped' });
    const [visit, emergency] = await rows('encounter', who, `kind, icd10, reason, started_at, ended_at, confirmed_by, cost, ${who.names}`);
    assert.deepEqual(visit, { kind: 'visit', icd10: 'J01.9', reason: 'Viral sinusitis (disorder)', started_at: '2024-03-01T04:00:00+00:00', ended_at: '2024-03-01T04:30:00+00:00', confirmed_by: 'none', cost: null,
      clinic: 'Aurora Hospital', doctor: 'Әлиева Гүлнар', source_rec: `Encounter/e-${who.id}`, version: 1, record_status: 'active' });
    assert.equal(emergency.kind, 'emergency');
    const row = await only('hospitalization', who, 'admitted_on, discharged_on, icd10_admission, icd10_discharge, outcome');
    assert.deepEqual(row, { admitted_on: '2024-04-01', discharged_on: '2024-04-05', icd10_admission: 'J18.9', icd10_discharge: 'J18.9', outcome: 'died' });
    const [clinic] = await db.query(`SELECT active, kind, region_id, bin_is_provisional(bin) AS provisional, national_number_ok(bin) AS ok FROM clinic c JOIN private.source_record t ON t.item_table = 'clinic' AND t.item_id = c.id WHERE t.record_id = 'o-${who.id}'`);
    assert.deepEqual(clinic, { active: false, kind: 'hospital', region_id: 75, provisional: true, ok: true });
    assert.equal(await db.value(`SELECT count(*) FROM search_clinics(NULL, 'Aurora Hospital', NULL, NULL)`), 0, 'nobody books at an organisation that only an import knows');
  });

  test('Organization and Practitioner with a BIN or IIN that is here are those', async () => {
    const run = await runImport(db, {}, [entry({ resourceType: 'Organization', id: 'known', name: 'Other name', identifier: [{ system: 'https://egov.kz/bin', value: '140140024187' }] }),
      entry({ resourceType: 'Organization', id: 'wrong', name: 'X', identifier: [{ system: 'https://egov.kz/bin', value: '140140024188' }] })]);
    assert.deepEqual(run.outcome('Organization'), { kept: 1, bad: 1 });
    assert.equal(await db.value(`SELECT c.name FROM clinic c JOIN private.source_record t ON t.item_id = c.id WHERE t.record_id = 'known'`), 'Емхана № 1');
  });

  test('Condition: by SNOMED CT or by its own ICD-10; what nobody can code is listed', async () => {
    const who = await bring((w) => condition(w, `c1-${w.id}`, { clinicalStatus: state('resolved'), abatementDateTime: '2020-02-24' }),
      (w) => condition(w, `c2-${w.id}`, { code: coded('http://hl7.org/fhir/sid/icd-10', 'E11.9', 'Диабет') }), (w) => condition(w, `c3-${w.id}`, { code: coded(SNOMED, '1', 'Unheard of') }),
      (w) => condition(w, `c4-${w.id}`, { verificationStatus: state('refuted') }), (w) => condition(w, `c5-${w.id}`, { onsetDateTime: '2020-03-01' }), (w) => condition(w, `c6-${w.id}`, { code: coded(SNOMED, '192127007', 'ADHD') }));
    const [first, second, third] = await rows('condition', who, `icd10, name, recorded_on, onset, abated_on, clinical_status, sens, ${who.names}`);
    assert.deepEqual(first, { icd10: 'I10', name: 'Hypertension', recorded_on: '2020-02-18', onset: '2020-02-17', abated_on: '2020-02-24', clinical_status: 'resolved', sens: 0, clinic: 'Aurora Hospital', doctor: 'Әлиева Гүлнар',
      source_rec: `Condition/c1-${who.id}`, version: 1, record_status: 'active' });
    assert.deepEqual([second.icd10, second.clinical_status, third.icd10, third.sens], ['E11.9', 'active', 'F90.0', 3]);
    assert.deepEqual(reasons(who.run, 'Condition'), { 'SNOMED CT 1 has no place here': 'not mapped', 'it says that the person does not have it': 'not mapped', 'it begins after it was recorded': 'bad' });
  });

  test('Condition: a pregnancy is one, of a woman, and one at a time', async () => {
    const woman = person({ gender: 'female' });
    const pregnant = (id, more) => condition(woman, `${id}-${woman.id}`, { code: coded(SNOMED, '72892002', 'Normal pregnancy'), recordedDate: undefined, ...more });
    const lately = new Date(Date.now() - 60 * 86400e3).toISOString();
    const run = await runImport(db, {}, [woman.resource, pregnant('g1', { onsetDateTime: '2019-01-01', clinicalStatus: state('resolved'), abatementDateTime: '2019-09-01' }),
      pregnant('g2', { onsetDateTime: lately }), pregnant('g3', { onsetDateTime: lately }), pregnant('g4', { onsetDateTime: '2019-01-01' })].map(entry));
    assert.deepEqual((await rows('pregnancy', woman, 'status, noted_on, ended_on, outcome, sens')).slice(0, 1), [{ status: 'ended', noted_on: '2019-01-01', ended_on: '2019-09-01', outcome: 'unknown', sens: 3 }]);
    assert.deepEqual((await rows('pregnancy', woman, 'status')).map(({ status }) => status), ['ended', 'ongoing']);
    assert.deepEqual(reasons(run, 'Condition'), { 'another pregnancy goes on': 'not mapped', 'a pregnancy that has gone on for longer than one can': 'not mapped' });
    const man = await bring((w) => condition(w, `g-${w.id}`, { code: coded(SNOMED, '72892002', 'Normal pregnancy') }));
    assert.deepEqual(reasons(man.run, 'Condition'), { 'a pregnancy of a man': 'bad' });
  });

  test('AllergyIntolerance: with reaction and group; one that is over, or that nobody has, is listed', async () => {
    const allergy = (id, more) => (w) => ({ resourceType: 'AllergyIntolerance', id: `${id}-${w.id}`, patient: of(w).subject, clinicalStatus: state('active'), verificationStatus: state('confirmed'), category: ['medication'],
      criticality: 'high', code: coded(SNOMED, '91936005', 'Allergy to penicillin'), recordedDate: '2016-01-15', reaction: [{ manifestation: [{ text: 'Бөртпе' }] }], ...more });
    const who = await bring(allergy('a', {}), allergy('b', { clinicalStatus: state('resolved') }), allergy('c', { code: coded(SNOMED, '716186003', 'No known allergy') }), allergy('d', { recordedDate: undefined }));
    assert.deepEqual(await only('allergy', who, 'substance, category, criticality, verified, atc, reaction, noted_on'),
      { substance: 'Allergy to penicillin', category: 'medication', criticality: 'high', verified: true, atc: 'J01C', reaction: 'Бөртпе', noted_on: '2016-01-15' });
    assert.deepEqual(reasons(who.run, 'AllergyIntolerance'), { 'an allergy that is over has no place here': 'not mapped', 'it says that no allergy is known': 'not mapped', 'it has no date that can be read': 'bad' });
  });

  test('Immunization: CVX to the calendar, doses counted; a vaccine that no map knows keeps its name', async () => {
    const dose = (id, code, day, more) => (w) => ({ resourceType: 'Immunization', id: `${id}-${w.id}`, status: 'completed', patient: of(w).subject, vaccineCode: coded('http://hl7.org/fhir/sid/cvx', code, `CVX ${code}`), occurrenceDateTime: day, ...more });
    const who = await bring(dose('a', '03', '2000-06-01T05:00:00Z'), dose('b', '03', '1990-06-01'), dose('c', '140', '2020-10-01'), dose('d', '140', '2021-10-01', { lotNumber: 'L-1' }), dose('e', '999', '2001-01-01', { protocolApplied: [{ doseNumberPositiveInt: 7 }] }),
      dose('f', '03', '2001-01-01', { status: 'not-done' }));
    assert.deepEqual(await rows('immunization', who, 'vaccine, given_on, dose_number, lot'), [{ vaccine: 'ҚҚП', given_on: '2000-06-01', dose_number: 2, lot: null }, { vaccine: 'ҚҚП', given_on: '1990-06-01', dose_number: 1, lot: null },
      { vaccine: 'Тұмау', given_on: '2020-10-01', dose_number: 1, lot: null }, { vaccine: 'Тұмау', given_on: '2021-10-01', dose_number: 1, lot: 'L-1' }, { vaccine: 'CVX 999', given_on: '2001-01-01', dose_number: 7, lot: null }]);
    assert.equal(await db.value(`SELECT name_ru FROM vaccine WHERE code = 'ҚҚП'`), 'Против кори, краснухи и паротита');
  });

  test('MedicationRequest and MedicationStatement: statements, never a prescription that could be dispensed', async () => {
    const medicine = (id, more) => (w) => ({ resourceType: 'MedicationRequest', id: `${id}-${w.id}`, status: 'active', intent: 'order', ...of(w), medicationCodeableConcept: coded('http://www.nlm.nih.gov/research/umls/rxnorm', '197361', 'Amlodipine 5 MG Oral Tablet'),
      authoredOn: '2023-05-01T05:00:00Z', dosageInstruction: [{ timing: { repeat: { frequency: 1, period: 1, periodUnit: 'd' } }, doseAndRate: [{ doseQuantity: { value: 1, unit: 'tablet' } }] }], ...more });
    const contained = { contained: [{ resourceType: 'Medication', id: 'm', code: { text: 'Валериана' } }], medicationReference: { reference: '#m' }, medicationCodeableConcept: undefined };
    const who = await bring(medicine('a', {}), medicine('b', { status: 'stopped' }), medicine('c', { status: 'draft' }), medicine('d', { resourceType: 'MedicationStatement', effectivePeriod: { start: '2024-01-01', end: '2024-02-01' }, dosage: [{ text: 'күніне 1' }], dosageInstruction: undefined, ...contained }),
      medicine('e', { medicationCodeableConcept: undefined, medicationReference: { reference: 'Medication/1' } }));
    assert.deepEqual(await rows('medication_statement', who, 'name, atc, dose, origin, started_on, ended_on'), [
      { name: 'Amlodipine 5 MG Oral Tablet', atc: 'C08CA01', dose: '1 tablet 1 × / 1 d', origin: 'prescription', started_on: '2023-05-01', ended_on: null },
      { name: 'Amlodipine 5 MG Oral Tablet', atc: 'C08CA01', dose: '1 tablet 1 × / 1 d', origin: 'prescription', started_on: '2023-05-01', ended_on: '2023-05-01' },
      { name: 'Валериана', atc: null, dose: 'күніне 1', origin: 'reported', started_on: '2024-01-01', ended_on: '2024-02-01' }]);
    assert.deepEqual(await rows('prescription', who), []);
    assert.deepEqual(reasons(who.run, 'MedicationRequest'), { 'a medicine that was not taken': 'not mapped', 'the Medication that it names has not come': 'not mapped' });
    // A Medication of its own, whichever comes first.
    const [early, late] = [person(), person()];
    const asks = (w) => entry({ ...medicine('m', { medicationCodeableConcept: undefined, medicationReference: { reference: `urn:uuid:med-${w.id}` } })(w), resourceType: 'MedicationRequest' });
    const tells = (w) => entry({ resourceType: 'Medication', id: `med-${w.id}`, code: coded('http://www.nlm.nih.gov/research/umls/rxnorm', '860975', 'Metformin') });
    await runImport(db, {}, [entry(early.resource), tells(early), asks(early)], [entry(late.resource), asks(late)], [tells(late)]);
    for (const one of [early, late]) assert.deepEqual(await only('medication_statement', one, 'name, atc'), { name: 'Metformin', atc: 'A10BA02' });
  });

  test('Observation: measurements in the unit of their kind, within what a living person has', async () => {
    const pressure = (systolic, diastolic) => ({ component: [{ code: loinc('8462-4', 'Diastolic'), valueQuantity: quantity(diastolic, 'mm[Hg]') }, { code: loinc('8480-6', 'Systolic'), valueQuantity: quantity(systolic, 'mm[Hg]') }] });
    const of2 = (id, code, value, more) => (w) => observation(w, `${id}-${w.id}`, code, value, more);
    const who = await bring(of2('a', '8302-2', { valueQuantity: quantity(1.815, 'm') }), of2('b', '29463-7', { valueQuantity: quantity(82.123456789, 'kg') }), of2('c', '55284-4', pressure(128, 82)), of2('d', '8331-1', { valueQuantity: quantity(36.6, 'Cel') }),
      of2('e', '29463-7', { valueQuantity: quantity(8000, 'kg') }), of2('f', '8331-1', { valueQuantity: quantity(98, '[degF]') }), of2('g', '85354-9', pressure(80, 120)), of2('h', '8302-2', {}), of2('i', '72514-3', { valueQuantity: quantity(3, '{score}') }));
    assert.deepEqual(await rows('observation', who, 'kind, value, second_value, unit, observed_at, origin'), [
      { kind: 'height', value: 181.5, second_value: null, unit: 'cm', observed_at: '2024-03-01T04:00:00+00:00', origin: 'clinic' }, { kind: 'weight', value: 82.12, second_value: null, unit: 'kg', observed_at: '2024-03-01T04:00:00+00:00', origin: 'clinic' },
      { kind: 'blood_pressure', value: 128, second_value: 82, unit: 'mm[Hg]', observed_at: '2024-03-01T04:00:00+00:00', origin: 'clinic' }, { kind: 'temperature', value: 36.6, second_value: null, unit: 'Cel', observed_at: '2024-03-01T04:00:00+00:00', origin: 'clinic' }]);
    assert.deepEqual(reasons(who.run, 'Observation'), { 'more that no living person has: weight is measured in kg': 'bad', 'LOINC 8331-1 is not measured in [degF] here': 'not mapped',
      'a blood pressure whose diastolic value is missing, or not below the systolic one': 'bad', 'it has no value': 'bad', 'LOINC 72514-3 has no place here': 'not mapped' });
  });

  test('Observation: laboratory results in our units, flagged by the range that the source gives; smoking', async () => {
    const lab = (id, code, value, more) => (w) => observation(w, `${id}-${w.id}`, code, value, { category: category('laboratory'), ...more });
    const range = { referenceRange: [{ low: quantity(12, 'g/dL'), high: quantity(16, 'g/dL') }] };
    const who = await bring(lab('a', '718-7', { valueQuantity: quantity(11.4, 'g/dL') }, range), lab('b', '2093-3', { valueQuantity: quantity(200, 'mg/dL') }), lab('c', '6206-7', { valueQuantity: quantity(0.35, 'kU/L') }), lab('d', '5195-3', { valueCodeableConcept: { text: 'теріс' } }),
      lab('e', '33762-6', { valueQuantity: { ...quantity(5, 'pg/mL'), comparator: '<' } }), lab('f', '6301-6', { valueQuantity: quantity(1, 's') }), lab('g', '718-7', {}),
      (w) => observation(w, `s-${w.id}`, '72166-2', { valueCodeableConcept: coded(SNOMED, '8517006', 'Former smoker') }, { category: category('survey') }));
    assert.deepEqual(await rows('lab_result', who, 'loinc, name, value, unit, value_text, low, high, flag, status, ordered_at, resulted_at, lab_test_id IS NOT NULL AS listed').then((all) => all.map(({ ordered_at: ordered, resulted_at: resulted, name, ...row }) => {
      assert.deepEqual([ordered, resulted, name.slice(0, 5)], ['2024-03-01T04:00:00+00:00', '2024-03-02T04:00:00+00:00', 'Test ']);
      return row;
    })), [{ loinc: '718-7', value: 114, unit: 'g/L', value_text: null, low: 120, high: 160, flag: 'low', status: 'final', listed: true }, { loinc: '14647-2', value: 5.17, unit: 'mmol/L', value_text: null, low: null, high: null, flag: null, status: 'final', listed: false },
      { loinc: '6206-7', value: 0.35, unit: 'kU/L', value_text: null, low: null, high: null, flag: null, status: 'final', listed: false }, { loinc: '5195-3', value: null, unit: null, value_text: 'теріс', low: null, high: null, flag: null, status: 'final', listed: false },
      { loinc: '33762-6', value: null, unit: null, value_text: '< 5 pg/mL', low: null, high: null, flag: null, status: 'final', listed: false }]);
    assert.deepEqual(reasons(who.run, 'Observation'), { 'LOINC 6301-6 is not measured in s here': 'not mapped', 'it has no value': 'bad' });
    assert.deepEqual(await only('lifestyle', who, 'kind, level, noted_on'), { kind: 'smoking', level: 'former', noted_on: '2024-03-01' });
  });

  test('DiagnosticReport and ImagingStudy: studies; the report of a laboratory is its results', async () => {
    const who = await bring((w) => ({ resourceType: 'DiagnosticReport', id: `r1-${w.id}`, status: 'final', ...of(w), category: category('CT'), code: loinc('24627-2', 'CT Chest'), effectiveDateTime: '2024-03-01T04:00:00Z', conclusion: 'Өзгеріссіз' }),
      (w) => ({ resourceType: 'DiagnosticReport', id: `r2-${w.id}`, status: 'final', ...of(w), category: category('LAB'), code: loinc('58410-2', 'CBC'), effectiveDateTime: '2024-03-01T04:00:00Z' }),
      (w) => ({ resourceType: 'ImagingStudy', id: `i-${w.id}`, status: 'available', ...of(w), started: '2024-03-02T04:00:00Z', series: [{ modality: { code: 'DX', display: 'Digital Radiography' }, bodySite: { code: '40983000', display: 'Arm' } }] }));
    assert.deepEqual(await rows('diagnostic_report', who, 'modality, status, loinc, name, body_site, conclusion'), [{ modality: 'ct', status: 'final', loinc: '24627-2', name: 'CT Chest', body_site: null, conclusion: 'Өзгеріссіз' },
      { modality: 'xray', status: 'registered', loinc: null, name: 'Digital Radiography', body_site: 'Arm', conclusion: null }]);
    assert.deepEqual(reasons(who.run, 'DiagnosticReport'), { 'its results come one by one': 'not mapped' });
  });

  test('Procedure: with the diagnosis that it was for; what it left in the body; what is only written down is none', async () => {
    const done = (id, code, more) => (w) => ({ resourceType: 'Procedure', id: `${id}-${w.id}`, status: 'completed', ...of(w), code: coded(SNOMED, code, `Procedure ${code}`), performedPeriod: { start: '2024-03-01T04:00:00Z' }, ...more });
    const who = await bring((w) => condition(w, `pc-${w.id}`), (w) => done('a', '447365002', { reasonReference: [{ reference: `urn:uuid:pc-${w.id}` }] })(w), done('b', '428191000124101'), done('c', '73761001', { status: 'not-done' }));
    assert.deepEqual(await only('procedure_done', who, 'code, name, performed_on, (SELECT c.icd10 FROM condition c WHERE c.patient_id = procedure_done.patient_id AND c.id = condition_id) AS icd10'), { code: '447365002', name: 'Procedure 447365002', performed_on: '2024-03-01', icd10: 'I10' });
    assert.deepEqual(await only('implant', who, 'kind, implanted_on, mri'), { kind: 'defibrillator', implanted_on: '2024-03-01', mri: 'unknown' });
  });

  test('CarePlan and Goal: a goal belongs to the plan that names it, whichever comes first', async () => {
    const goal = (id, w) => ({ resourceType: 'Goal', id: `${id}-${w.id}`, lifecycleStatus: 'accepted', ...of(w), description: { text: 'Қысым 140/90-нан төмен' } });
    const plan = (w) => ({ resourceType: 'CarePlan', id: `plan-${w.id}`, status: 'completed', intent: 'order', ...of(w), category: [{ text: 'Self management' }], period: { start: '2024-01-01', end: '2024-06-01' }, goal: [{ reference: `urn:uuid:g1-${w.id}` }] });
    const who = person();
    const run = await runImport(db, {}, [entry(who.resource), entry(goal('g1', who)), entry(goal('g2', who))], [entry(plan(who))]);
    assert.deepEqual(await only('care_plan', who, 'title, status, started_on, ended_on'), { title: 'Self management', status: 'completed', started_on: '2024-01-01', ended_on: '2024-06-01' });
    assert.deepEqual(await only('care_goal', who, 'description, status, set_on'), { description: 'Қысым 140/90-нан төмен', status: 'active', set_on: '2024-01-01' });
    assert.deepEqual(reasons(run, 'Goal'), { 'no CarePlan names it': 'not mapped' });
    await runImport(db, {}, [entry({ ...plan(who), category: [{ text: 'Renamed' }] })]);
    assert.deepEqual(await rows('care_plan', who, 'title, version, superseded_by IS NULL AS newest'), [{ title: 'Self management', version: 1, newest: false }, { title: 'Renamed', version: 2, newest: true }]);
    assert.equal(await db.value(`SELECT p.title FROM care_goal g JOIN care_plan p ON p.patient_id = g.patient_id AND p.id = g.care_plan_id WHERE g.source_rec = 'Goal/g1-${who.id}'`), 'Renamed');
  });

  test('a kind that has no place is kept as it came, with its patient', async () => {
    const who = await bring((w) => ({ resourceType: 'Claim', id: `cl-${w.id}`, status: 'active', patient: of(w).subject }), (w) => ({ resourceType: 'Nonsense', id: `n-${w.id}` }));
    assert.deepEqual([who.run.outcome('Claim'), who.run.outcome('Nonsense')], [{ 'not mapped': 1 }, { 'not mapped': 1 }]);
    assert.equal(await db.value(`SELECT p.iin FROM private.source_record t JOIN patient p ON p.id = t.patient_id WHERE t.record_id = 'cl-${who.id}' AND t.body ->> 'status' = 'active'`), who.iin);
    // Also where the person comes in a later run.
    const late = person();
    await runImport(db, {}, [entry({ resourceType: 'Claim', id: `late-${late.id}`, patient: of(late).subject })]);
    await runImport(db, {}, [entry(late.resource)]);
    assert.equal(await db.value(`SELECT p.iin FROM private.source_record t JOIN patient p ON p.id = t.patient_id WHERE t.record_id = 'late-${late.id}'`), late.iin);
  });
});
