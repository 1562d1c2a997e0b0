// What may still be written of somebody who has died: docs/domain.md has a row for every change, and here each is tried. What was found, done or ordered in life is finished, corrected and
// taken back; nothing is prescribed, given out, booked or begun; and nobody decides for the dead.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TOP } from './lib/run.mjs';
import { SDL } from './lib/who-sees-what.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const DOCS = readFileSync(path.join(TOP, 'docs/domain.md'), 'utf8');
const ROWS = /^### Of somebody who has died\n([^]*?)(?=^##)/m.exec(DOCS)?.[1].split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|').map((cell) => cell.trim())) ?? [];
const names = (then) => ROWS.filter((row) => row[2] === then).flatMap((row) => [...row[1].matchAll(/`(\w+)`/g)].map(([, name]) => name));
const fields = SDL.getMutationType().getFields();

let writing, database, person, doctor, ward, laboratory, day;
const ids = {};
const asCitizen = () => ({ role: 'CITIZEN', sub: person.iin });

/** A change as a document that takes its arguments as they are written in `args` (GraphQL), with a key where it has one. */
const text = (name, args) => {
  const keyed = fields[name].args.some((arg) => arg.name === 'idempotencyKey'), type = fields[name].type.ofType ?? fields[name].type;
  return `mutation { ${name}(${args}${keyed ? `, idempotencyKey: "${newKey()}"` : ''}) ${type.name === 'String' ? '' : type.getTypes ? '{ __typename ... on Refusal { message } }' : '{ __typename }'} }`;
};
const change = async (who, name, args) => {
  const { data, errors } = await writing.ask(who, text(name, args));
  assert.equal(errors, undefined, `${name}: ${JSON.stringify(errors)}`);
  return data[name];
};
const own = (what) => writing.data(asCitizen(), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);
const newest = async (list) => (await own(`${list}(first: 1) { nodes { id } }`))[list].nodes[0].id;
const found = async (query, pick) => pick(await writing.data(null, query));

/** A time of a doctor at the clinic, that can be booked. */
async function slot(hours) {
  const at = `date_trunc('hour', now()) + INTERVAL '10 days' + INTERVAL '${hours} hours'`;
  const number = Number(await database.execute(`INSERT INTO slot (practitioner_id, clinic_id, starts_at, minutes, capacity) VALUES (${person.doctor_id}, ${person.clinic_id}, ${at}, 15, 1) RETURNING id`));
  const [{ on, starts }] = await database.query(`SELECT (starts_at AT TIME ZONE INTERVAL '5 hours')::date::text AS on, starts_at AS starts FROM slot WHERE id = ${number}`);
  const { freeSlots } = await writing.data(null, 'query ($clinic: ID!, $on: Date) { freeSlots(clinic: $clinic, from: $on, to: $on) { id startsAt practitioner { id } } }', { clinic: ids.clinic, on });
  return freeSlots.find((one) => Date.parse(one.startsAt) === Date.parse(starts) && one.practitioner.id === ids.doctor).id;
}

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0', '--rights-seconds', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  day = (n) => database.value(`SELECT (kz_today() + ${n})::text`);
  [person] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND p.birth_date BETWEEN now() - INTERVAL '18 years' AND now() - INTERVAL '16 years' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 1`);
  const { id } = person;
  await database.execute(`DELETE FROM hospitalization WHERE patient_id = ${id}; DELETE FROM hospital_referral WHERE patient_id = ${id}; UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${id};
    UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${id}; UPDATE medication_statement SET ended_on = started_on WHERE patient_id = ${id}; UPDATE immunization SET record_status = 'entered_in_error' WHERE patient_id = ${id};
    UPDATE dispensary_registration SET record_status = 'entered_in_error' WHERE patient_id = ${id}; UPDATE vaccine_exception SET record_status = 'entered_in_error' WHERE patient_id = ${id}; DELETE FROM slot WHERE taken = 0 AND id NOT IN (SELECT slot_id FROM appointment WHERE slot_id IS NOT NULL)`);
  doctor = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  const [hospital] = await database.query(`SELECT c.bin, c.name, m.iin FROM clinic c JOIN practitioner_role j ON j.clinic_id = c.id AND j.role = 'hospital_doctor' AND j.valid_to IS NULL
    JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL WHERE c.active AND c.kind = 'hospital' ORDER BY c.id, m.id LIMIT 1`);
  const [lab] = await database.query(`SELECT c.id, c.bin, c.name FROM clinic c WHERE c.active AND c.kind = 'laboratory' ORDER BY c.id LIMIT 1`);
  const [worker] = await database.query(`SELECT m.id, m.iin FROM practitioner m WHERE m.active AND m.iin IS NOT NULL AND m.id <> ${person.doctor_id} ORDER BY m.id DESC LIMIT 1`);
  await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${worker.id}, ${lab.id}, 'specialist', '2020-01-01')`);
  ward = { role: 'DOCTOR', sub: hospital.iin, org: hospital.bin };
  laboratory = { role: 'LABORATORY', sub: worker.iin, org: lab.bin };
  const { id: patient, clinic, districtDoctor, vaccinationCalendar } = await own('id clinic { id } districtDoctor { id } vaccinationCalendar { rule { id code } }');
  Object.assign(ids, { patient, clinic: clinic.id, doctor: districtDoctor.id });
  const clinicId = (name) => found(`{ searchClinics(text: ${JSON.stringify(name)}) { id name(lang: KK) } }`, ({ searchClinics }) => searchClinics.find((one) => one.name === name).id);
  Object.assign(ids, { hospital: await clinicId(hospital.name), laboratory: await clinicId(lab.name), test: await found('{ labTest(by: {loinc: "2823-3"}) { id } }', (data) => data.labTest.id) });
  const [product] = await database.query("SELECT name, atc FROM drug WHERE atc = 'C08CA01' ORDER BY id LIMIT 1");
  ids.drug = await found(`{ searchDrugs(text: ${JSON.stringify(product.name)}) { id atc } }`, ({ searchDrugs }) => searchDrugs.find(({ atc }) => atc === product.atc).id);
  const [vaccine] = await database.query(`SELECT r.code, r.vaccines[1] AS name FROM vaccine_slots(${id}, kz_today() - 2) s JOIN plan_rule r ON r.id = s.rule_id WHERE s.state IN ('due', 'overdue') AND r.series <> 'papillomavirus' AND coalesce(r.dose_number, 1) = 1 ORDER BY r.code LIMIT 1`);
  Object.assign(ids, { rule: vaccinationCalendar.find(({ rule }) => rule.code === vaccine.code).rule.id, vaccine: vaccine.name });
  // All that a life leaves open.
  await database.execute(`UPDATE condition SET clinical_status = 'resolved' WHERE patient_id = ${id}`);
  const made = async (name, list, who, args) => { await change(who, name, args); ids[name] = await newest(list); };
  await made('addDiagnosis', 'diagnoses', doctor, `patient: "${patient}", icd10: "I10"`);
  await made('prescribe', 'prescriptions', doctor, `patient: "${patient}", drug: "${ids.drug}", quantity: 30, dose: "x"`);
  ids.number = await database.value(`SELECT number FROM prescription WHERE patient_id = ${id} ORDER BY id DESC LIMIT 1`);
  ids.code = await change(asCitizen(), 'newPickCode', `prescription: "${ids.prescribe}"`);
  await made('registerDispensary', 'dispensaryRegistrations', doctor, `diagnosis: "${ids.addDiagnosis}", nextVisitOn: "${await day(30)}"`);
  await made('recordAllergy', 'allergies', doctor, `patient: "${patient}", substance: "Бал", criticality: LOW`);
  await made('orderLabTest', 'labResults', doctor, `patient: "${patient}", test: "${ids.test}", laboratory: "${ids.laboratory}"`);
  await made('addReport', 'diagnosticReports', doctor, `patient: "${patient}", modality: CT, name: "x", performedAt: "${new Date(Date.now() - 60_000).toISOString()}"`);
  for (const finding of ['first', 'second']) { await made('addAiFinding', 'aiFindings', doctor, `report: "${ids.addReport}", label: "${finding}", model: "m", modelVersion: "1"`); ids[finding] = ids.addAiFinding; }
  for (const certificate of ['kept', 'issueCertificate']) { await made('issueCertificate', 'certificates', doctor, `patient: "${patient}", type: "health_state"`); ids[certificate] = ids.issueCertificate; }
  await made('recordVaccineExemption', 'vaccineExceptions', doctor, `patient: "${patient}", series: PAPILLOMAVIRUS, reason: "Анафилаксия"`);
  await made('recordMeasurement', 'observations', doctor, `patient: "${patient}", kind: PULSE, value: 70`);
  Object.assign(ids, { slot: await slot(1), later: await slot(3) });
  await made('bookAppointment', 'appointments', asCitizen(), `patient: "${patient}", slot: "${ids.slot}"`);
  await made('openEncounter', 'visits', doctor, `patient: "${patient}", kind: VISIT`);
  await change(doctor, 'closeEncounter', `visit: "${ids.openEncounter}", icd10: "I10"`);
  ids.closed = ids.openEncounter;
  await made('openEncounter', 'visits', doctor, `patient: "${patient}", kind: VISIT`);
  await made('referToHospital', 'hospitalReferrals', doctor, `patient: "${patient}", hospital: "${ids.hospital}", icd10: "I20.8"`);
  await made('admit', 'hospitalizations', ward, `patient: "${patient}", department: "x", icd10: "I10"`);
  await change(asCitizen(), 'disputeRecord', `entry: "${ids.issueCertificate}", reason: WRONG_DATA`);
  ids.dispute = (await own('disputes(first: 1) { nodes { id } }')).disputes.nodes[0].id;
  ids.rule1 = (await writing.data(asCitizen(), `mutation { hideKind(patient: "${patient}", kind: DIARY_ENTRY, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }`)).hideKind.rule.id;
  await database.execute(`UPDATE hospitalization SET admitted_on = kz_today() - 2 WHERE patient_id = ${id}; UPDATE patient SET deceased_on = kz_today() - 1 WHERE id = ${id}; DELETE FROM private.outbox`);
});
after(() => writing?.stop());

test('docs/domain.md says of every change what becomes of it', () => {
  const said = ROWS.flatMap((row) => [...row[1].matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.deepEqual([...said].sort(), Object.keys(fields).sort());
  for (const row of ROWS) assert.ok(['refused', 'written', 'nobody decides', 'of nobody'].includes(row[2]), row[2]);
});

test('what is refused, in a sentence that says why', async () => {
  const of = `patient: "${ids.patient}"`;
  const cases = {
    prescribe: [doctor, `${of}, drug: "${ids.drug}", quantity: 30, dose: "x", overrideReason: "Басқа дәрі көмектеспейді"`], orderLabTest: [doctor, `${of}, test: "${ids.test}", laboratory: "${ids.laboratory}"`],
    prescriptionForDispense: [{ role: 'PHARMACIST' }, `number: "${ids.number}", code: "${ids.code}"`], dispense: [{ role: 'PHARMACIST' }, `number: "${ids.number}", code: "${ids.code}", quantity: 30, price: "1.00", packages: ["x"]`],
    bookAppointment: [doctor, `${of}, slot: "${ids.later}"`], rescheduleAppointment: [doctor, `appointment: "${ids.bookAppointment}", slot: "${ids.later}"`], issueCertificate: [doctor, `${of}, type: "health_state"`],
    recordAllergy: [doctor, `${of}, substance: "Бал", criticality: HIGH`], openEncounter: [doctor, `${of}, kind: VISIT`], confirmVisitByCode: [doctor, `visit: "${ids.closed}", code: "123456"`],
    referToHospital: [doctor, `${of}, hospital: "${ids.hospital}", icd10: "E11.9"`], admit: [ward, `${of}, department: "x", icd10: "I10"`], registerDispensary: [doctor, `diagnosis: "${ids.addDiagnosis}", nextVisitOn: "${await day(9)}"`],
    administerDose: [doctor, `prescription: "${ids.prescribe}", doseMg: "1"`], allowDose: [doctor, `prescription: "${ids.prescribe}", doseMg: "1", reason: "Қызуы түспейді"`],
    recordVaccineExemption: [doctor, `${of}, series: MEASLES_MUMPS_RUBELLA, reason: "Анафилаксия"`], recordMeasurement: [doctor, `${of}, kind: PULSE, value: 70`],
  };
  const [pharmacy] = await database.query('SELECT f.bin, (SELECT min(iin) FROM practitioner) AS iin FROM pharmacy f WHERE f.active AND f.bin IS NOT NULL ORDER BY f.id LIMIT 1');
  const before = await writing.traces();
  for (const [name, [who, args]] of Object.entries(cases)) {
    await writing.refused(who.role === 'PHARMACIST' ? { ...who, sub: pharmacy.iin, org: pharmacy.bin } : who, text(name, args), {}, 'CONFLICT', /died/);
  }
  // What is written after a death all the same, but not so.
  for (const [who, name, args, code, message] of [[ward, 'decideReferral', `referral: "${ids.referToHospital}", plannedOn: "${await day(3)}"`, 'CONFLICT', /can only be refused/], [ward, 'discharge', `stay: "${ids.admit}", icd10: "I10", outcome: IMPROVED`, 'CONFLICT', /died/],
    [doctor, 'addDiagnosis', `${of}, icd10: "I21.9", onset: "${await day(0)}"`, 'BAD_USER_INPUT', /before the person's death/], [doctor, 'recordVaccination', `${of}, slot: "${ids.rule}", vaccine: "${ids.vaccine}", lot: "A-1", consent: true`, 'BAD_USER_INPUT', /person's life/]]) {
    await writing.refused(who, text(name, args), {}, code, message);
  }
  assert.equal(await writing.traces(), before);
  assert.deepEqual(Object.keys(cases).sort(), names('refused').sort());
});

test('what is written: found, finished, corrected or taken back after the death', async () => {
  await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) SELECT ${person.doctor_id}, id, 'manager', '2020-01-01' FROM clinic WHERE bin = '${ward.org}'`);
  const number = (await database.execute(`INSERT INTO emergency_grant (patient_id, practitioner_id, clinic_id, role, valid_from, valid_to, reason_code, reason)
    SELECT ${person.id}, m.id, c.id, 'DOCTOR', now() - INTERVAL '2 days', now() - INTERVAL '1 day', 'unconscious', 'brought by an ambulance' FROM practitioner m, clinic c WHERE m.iin = '${ward.sub}' AND c.bin = '${ward.org}' RETURNING number`)).trim();
  const of = `patient: "${ids.patient}"`, words = 'reason: "Қате енгізілген екен"', at = new Date(Date.now() - 60_000).toISOString();
  const cases = {
    addDiagnosis: [doctor, `${of}, icd10: "I21.9", onset: "${await day(-1)}"`], closeEncounter: [doctor, `visit: "${ids.openEncounter}", icd10: "I21.9"`], addLabResult: [laboratory, `order: "${ids.orderLabTest}", value: 9.5, unit: "mmol/L"`],
    addOutsideLabResult: [doctor, `${of}, test: "${ids.test}", value: 4.5, unit: "mmol/L", resultedAt: "${at}"`], addReport: [doctor, `${of}, modality: CT, name: "x", performedAt: "${at}"`],
    describeReport: [doctor, `report: "${ids.addReport}", conclusion: "x"`], addAiFinding: [doctor, `report: "${ids.addReport}", label: "third", model: "m", modelVersion: "1"`], confirmAiFinding: [doctor, `finding: "${ids.first}"`], rejectAiFinding: [doctor, `finding: "${ids.second}"`],
    answerDispute: [doctor, `dispute: "${ids.dispute}", upheld: true, answer: "Иә, қате екен"`], refuteAllergy: [doctor, `allergy: "${ids.recordAllergy}", ${words}`], correctMeasurement: [doctor, `measurement: "${ids.recordMeasurement}", value: 300, ${words}`],
    removeDispensary: [doctor, `registration: "${ids.registerDispensary}", ${words}`], endVaccineException: [doctor, `exception: "${ids.recordVaccineExemption}"`], cancelAppointment: [doctor, `appointment: "${ids.bookAppointment}"`],
    recordVaccination: [doctor, `${of}, slot: "${ids.rule}", vaccine: "${ids.vaccine}", lot: "A-1", givenOn: "${await day(-2)}", consent: true`],
    decideReferral: [ward, `referral: "${ids.referToHospital}", refusal: "x"`], discharge: [ward, `stay: "${ids.admit}", icd10: "I21.9", outcome: DIED`],
    openEmergencyAccess: [ward, `iin: "${person.iin}", reasonCode: OTHER, reason: "Өлім себебін анықтау"`],
    revokeCertificate: [doctor, `certificate: "${ids.kept}", ${words}`], reviewEmergencyAccess: [{ ...ward, role: 'MANAGER', sub: person.doctor }, `number: "${number}", justified: true, note: "Реанимацияға жеткізілді"`],
  };
  for (const [name, [who, args]] of Object.entries(cases)) {
    const answer = await change(who, name, args);
    assert.ok(answer && !answer.message, `${name}: ${JSON.stringify(answer)}`);
  }
  assert.deepEqual(await database.query(`SELECT discharged_on = kz_today() - 1 AS then, outcome FROM hospitalization WHERE patient_id = ${person.id}`), [{ then: true, outcome: 'died' }]);
  assert.deepEqual(await database.query(`SELECT DISTINCT kind FROM private.outbox WHERE kind ~ 'critical'`), [], 'no doctor is called to who has died');
  assert.deepEqual([...Object.keys(cases), 'withdrawDeath'].sort(), names('written').sort()); // that one ends what the others are tried in: the last test
});

test('nobody decides for who has died', async () => {
  const of = `patient: "${ids.patient}"`;
  const args = {
    hideEntry: `entry: "${ids.addDiagnosis}", acknowledgeRisk: true`, hideKind: `${of}, kind: ALLERGY, acknowledgeRisk: true`, showAgain: `rule: "${ids.rule1}"`, grantAccess: `${of}, practitioner: "${ids.doctor}", until: "${new Date(Date.now() + 86_400_000).toISOString()}"`,
    newPickCode: `prescription: "${ids.prescribe}"`, disputeRecord: `entry: "${ids.addDiagnosis}", reason: WRONG_DATA`, rateDoctor: `visit: "${ids.closed}", score: 1`, attachPatient: `${of}, clinic: "${ids.clinic}"`,
    writeDiary: `${of}, kind: PULSE, value: "70"`, confirmVisit: `visit: "${ids.closed}"`, newVisitCode: `visit: "${ids.closed}"`, withdrawReferral: `referral: "${ids.referToHospital}"`, refuseVaccine: `${of}, series: MEASLES_MUMPS_RUBELLA, reason: "жоқ"`,
  };
  for (const [name, more] of Object.entries(args)) await writing.refused(asCitizen(), text(name, more), {}, 'FORBIDDEN', /owner of a passport/);
});

test('a plain statement prescribes, books and gives out nothing after the day of the death', async () => {
  const prescription = (on) => database.execute(`INSERT INTO prescription (patient_id, drug_id, prescriber_id, issued_on, valid_to, quantity, number, dose) SELECT ${person.id}, min(id), ${person.doctor_id}, ${on}, ${on} + 9, 10, 'DEAD-' || nextval('private.prescription_number'), 'x' FROM drug`);
  const appointment = (at) => database.execute(`INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at) VALUES (${person.id}, ${person.doctor_id}, ${person.clinic_id}, ${at})`);
  const dispense = (on) => database.execute(`INSERT INTO dispense (patient_id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, dispensed_on, quantity) SELECT patient_id, id, (SELECT min(id) FROM pharmacy), drug_id, 0, 0, ${on}, quantity
    FROM prescription WHERE patient_id = ${person.id} AND number = '${ids.number}'`);
  for (const insert of [prescription, dispense]) {
    await assert.rejects(insert('kz_today()'), /entry_in_life|after a death/);
    await insert('kz_today() - 1');
  }
  await assert.rejects(appointment("now() + INTERVAL '1 day'"), /entry_in_life|after a death/);
  await appointment("now() - INTERVAL '40 hours'");
});

test('a death that a discharge stated is withdrawn by a discharge’s new version, and no other', async () => {
  const withdraw = async () => (await writing.data(ward, `mutation { withdrawDeath(stay: "${ids.admit}", outcome: IMPROVED, reason: "Қате енгізілген екен", idempotencyKey: "${newKey()}") { __typename } }`)).withdrawDeath.__typename;
  assert.equal(await withdraw(), 'DeathStatedElsewhere', 'it was known before the discharge');
  await database.execute(`UPDATE hospitalization SET death_stated_on = discharged_on WHERE patient_id = ${person.id}`);
  assert.equal(await withdraw(), 'DeathWithdrawn');
  assert.equal((await own('id')).id, ids.patient);
});
