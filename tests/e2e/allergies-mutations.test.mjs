// Allergies that doctors record: what is graver or says more becomes a version of what stands, what says less gives it back; and who is told where a medicine of today may set it off.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const SHOWN = 'id substance atc criticality reaction verified version';
const ALLERGY = `mutation ($patient: ID!, $substance: String!, $atc: String, $criticality: AllergyCriticality = LOW, $reaction: String, $verified: Boolean = false, $key: String!) {
  recordAllergy(patient: $patient, substance: $substance, atc: $atc, criticality: $criticality, reaction: $reaction, verified: $verified, idempotencyKey: $key) { ${SHOWN} earlierVersions { id } } }`;
const PRESCRIBE = `mutation ($patient: ID!, $drug: ID!, $key: String!) {
  prescribe(patient: $patient, drug: $drug, quantity: 10, dose: "Күніне бір рет", idempotencyKey: $key) { __typename ... on AllergyAlert { allergy { id } } ... on Prescribed { prescription { number } } } }`;

let writing, database, person, doctor, patient;
const asCitizen = () => ({ role: 'CITIZEN', sub: person.iin });
const record = (substance, variables) => writing.data(doctor, ALLERGY, { patient, substance, key: newKey(), ...variables }).then((data) => data.recordAllergy);
const inForce = () => writing.data(asCitizen(), `{ me { patient { allergies(first: 50) { nodes { ${SHOWN} recordStatus } } } } }`)
  .then(({ me }) => me.patient.allergies.nodes.filter(({ recordStatus }) => recordStatus !== 'ENTERED_IN_ERROR'));
const clear = () => database.execute(`UPDATE allergy SET record_status = 'entered_in_error' WHERE patient_id = ${person.id}; UPDATE prescription SET status = 'cancelled', pick_code_hash = NULL WHERE patient_id = ${person.id};
  UPDATE medication_statement SET ended_on = started_on WHERE patient_id = ${person.id}; DELETE FROM private.outbox`);
const told = () => database.query(`SELECT kind, channel, practitioner_id::int AS doctor, payload FROM private.outbox WHERE kind IN ('allergy_to_prescribed', 'prescribed_to_allergic') ORDER BY kind, channel, practitioner_id`);
const toldOf = (...doctors) => [...['app', 'sms'].map((channel) => ({ kind: 'allergy_to_prescribed', channel, doctor: null, payload: {} })),
  ...doctors.map((one) => ({ kind: 'prescribed_to_allergic', channel: 'app', doctor: Number(one), payload: {} }))];
const prescribed = (drug, who = person.doctor_id, more = {}) => database.execute(`INSERT INTO prescription (patient_id, drug_id, prescriber_id, issued_on, valid_to, quantity, number, dose, status, pharmacy_id)
  VALUES (${person.id}, ${drug}, ${who}, kz_today() - 9, kz_today() ${more.over ? '- 1' : '+ 9'}, 10, 'ALLERGY-' || nextval('private.prescription_number'), 'x', '${more.status ?? 'active'}', (SELECT min(id) FROM pharmacy WHERE ${more.status === 'dispensed'}))`);

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0', '--rights-seconds', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  [person] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND p.birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 1`);
  doctor = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  patient = (await writing.data(asCitizen(), '{ me { patient { id } } }')).me.patient.id;
});
after(() => writing?.stop());

test('what is graver, is proven, or names a group becomes the next version; what says less gives back what stands', async () => {
  await clear();
  const first = await record('Пенициллин');
  assert.deepEqual([first.criticality, first.verified, first.atc, first.version, first.earlierVersions], ['LOW', false, null, 1, []]);
  const steps = [[{ criticality: 'UNABLE_TO_ASSESS' }, { criticality: 'UNABLE_TO_ASSESS' }], [{ criticality: 'HIGH' }, { criticality: 'HIGH' }], [{ verified: true }, { verified: true }], [{ atc: 'J01CA' }, { atc: 'J01CA' }], [{ atc: 'J01C' }, { atc: 'J01C' }]];
  let now = first, version = 1;
  for (const [said, becomes] of steps) {
    const next = await record('пенициллин', said);
    assert.deepEqual(next, { ...now, ...becomes, id: next.id, version: ++version, earlierVersions: [{ id: now.id }, ...now.earlierVersions] }, JSON.stringify(said));
    assert.notEqual(next.id, now.id);
    now = next;
    assert.deepEqual((await inForce()).map(({ id, criticality }) => [id, criticality]), [[now.id, now.criticality]], 'one is in force');
  }
  for (const less of [{}, { criticality: 'LOW' }, { criticality: 'UNABLE_TO_ASSESS', verified: true }, { atc: 'J01CA04' }, { criticality: 'HIGH', verified: true, atc: 'J01C' }]) assert.deepEqual(await record('Пенициллин', less), now, JSON.stringify(less));
  assert.deepEqual(await record('Ампициллин', { atc: 'J01C' }), now, 'the same group by another name');
  assert.deepEqual(await database.query(`SELECT recorded_by::int AS by, source_id FROM allergy WHERE patient_id = ${person.id} AND version = ${version}`), [{ by: Number(person.doctor_id), source_id: 1 }]);
  const other = await record('Пенициллин', { atc: 'S01AA' });
  assert.deepEqual([other.version, (await inForce()).length], [1, 2], 'the same name in another group is another entry');
});

test('a reaction that is not on record is added to the others, whatever else is said', async () => {
  await clear();
  await record('Арахис', { reaction: 'Есекжем', criticality: 'HIGH' });
  const both = await record('Арахис', { reaction: 'Анафилаксия' });
  assert.deepEqual([both.reaction, both.criticality, both.version], ['Анафилаксия; Есекжем', 'HIGH', 2]);
  for (const said of [{ reaction: 'есекжем' }, { reaction: 'Анафилаксия' }, {}]) assert.deepEqual(await record('Арахис', said), both);
  assert.equal((await record('Арахис', { reaction: 'x'.repeat(500) })).reaction, 'x'.repeat(500));
});

test('ten at once are one entry, and of ten graver ones one version', async () => {
  await clear();
  for (const criticality of ['LOW', 'HIGH']) {
    const ids = await Promise.all(Array.from({ length: 10 }, () => record('Бал', { criticality }).then(({ id }) => id)));
    assert.equal(new Set(ids).size, 1);
    assert.equal((await inForce()).length, 1);
  }
  assert.equal(await database.value(`SELECT count(*) FROM allergy WHERE patient_id = ${person.id} AND substance = 'Бал'`), 2);
});

test('a disputed entry stays disputed when a doctor finds it graver', async () => {
  await clear();
  await record('Латекс');
  await database.execute(`UPDATE allergy SET record_status = 'disputed' WHERE patient_id = ${person.id} AND substance = 'Латекс'`);
  await record('Латекс', { criticality: 'HIGH' });
  assert.deepEqual((await inForce()).map(({ criticality, recordStatus }) => [criticality, recordStatus]), [['HIGH', 'DISPUTED']]);
});

test('prescribing warns by the same four names and the same groups as recording an allergy tells by', async () => {
  const [drug] = await database.query(`SELECT id, atc, inn, inn_ru, inn_en, name FROM drug d WHERE atc ~ '^(C|A02|R06)' AND inn_ru IS NOT NULL AND inn_en IS NOT NULL
    AND (SELECT count(DISTINCT search_folded(n)) FROM unnest(ARRAY[inn, inn_ru, inn_en, name]) n) >= 3 AND NOT EXISTS (SELECT FROM dose_rule r WHERE r.atc = d.atc) ORDER BY id LIMIT 1`);
  const { searchDrugs } = await writing.data(null, 'query ($text: String!) { searchDrugs(text: $text) { id name atc } }', { text: drug.name });
  const product = searchDrugs.find(({ name, atc }) => name === drug.name && atc === drug.atc).id;
  const ways = [...[drug.inn, drug.inn_ru, drug.inn_en, drug.name].map((name) => [name.toUpperCase(), null]), ...[1, 3, 4, 5, 7].map((length) => ['Топ', drug.atc.slice(0, length)])];
  for (const [substance, atc] of ways) {
    await clear();
    await prescribed(drug.id);
    await record(substance, { atc });
    assert.deepEqual(await told(), toldOf(person.doctor_id), `${substance} ${atc}`);
    await database.execute(`UPDATE prescription SET status = 'cancelled' WHERE patient_id = ${person.id}`);
    assert.equal((await writing.data(doctor, PRESCRIBE, { patient, drug: product, key: newKey() })).prescribe.__typename, 'AllergyAlert', `${substance} ${atc}`);
  }
  await clear();
  await prescribed(drug.id);
  await record('Мысық жүні', { atc: 'V01AA' });
  assert.deepEqual(await told(), [], 'of another substance nobody is told');
});

test('an allergy is to the substance, whatever code, name or language says it, alone or with others', async () => {
  const [aspirin, cardio, both, syrup, mixed, other] = await Promise.all(['N02BA01', 'B01AC06', 'B01AC30', 'J01CA04', 'J01CR02', 'J01FA10'].map((atc) => database.query(`SELECT id, name, inn_en FROM drug WHERE atc = '${atc}' ORDER BY id LIMIT 1`).then(([one]) => one)));
  const product = async ({ name }, atc) => (await writing.data(null, 'query ($text: String!) { searchDrugs(text: $text) { id atc } }', { text: name })).searchDrugs.find((one) => one.atc === atc).id;
  const ids = { B01AC06: await product(cardio, 'B01AC06'), B01AC30: await product(both, 'B01AC30'), J01CR02: await product(mixed, 'J01CR02'), J01FA10: await product(other, 'J01FA10') };
  const ways = [[['Аспирин', 'N02BA01'], cardio, 'B01AC06'], [['Аспирин', 'N02BA01'], both, 'B01AC30'], [['аспирин', null], both, 'B01AC30'], [['Ацетилсалициловая кислота', null], both, 'B01AC30'], [['Acetylsalicylic acid + caffeine', null], cardio, 'B01AC06'],
    [['Кардиомагнил', 'B01AC30'], cardio, 'B01AC06'], [['x', 'N02BA'], both, 'B01AC30'], [['Амоксициллин', 'J01CA04'], mixed, 'J01CR02'], [['x', 'J01CA'], mixed, 'J01CR02'], [['Магния гидроксид', null], both, 'B01AC30']];
  for (const [[substance, atc], drug, code] of ways) {
    await clear();
    await prescribed(drug.id);
    await record(substance, { atc });
    assert.deepEqual(await told(), toldOf(person.doctor_id), `${substance} ${atc} ${code}`);
    await database.execute(`UPDATE prescription SET status = 'cancelled' WHERE patient_id = ${person.id}`);
    assert.equal((await writing.data(doctor, PRESCRIBE, { patient, drug: ids[code], key: newKey() })).prescribe.__typename, 'AllergyAlert', `${substance} ${atc} ${code}`);
  }
  await clear();
  for (const { id } of [aspirin, syrup]) await prescribed(id);
  await record('Клавулановая кислота');
  await record('Азитромицин', { atc: 'J01FA' });
  assert.deepEqual(await told(), [], 'amoxicillin alone has none of them');
  assert.equal((await writing.data(doctor, PRESCRIBE, { patient, drug: ids.J01FA10, key: newKey() })).prescribe.__typename, 'AllergyAlert');
});

test('names that search can not fold are told apart; what has neither letter nor digit names nothing', async () => {
  await clear();
  const [peanut, milk] = [await record('花生'), await record('牛奶', { criticality: 'HIGH' })];
  assert.deepEqual((await inForce()).map(({ substance, criticality }) => [substance, criticality]).sort(), [['牛奶', 'HIGH'], ['花生', 'LOW']]);
  assert.notEqual(peanut.id, milk.id);
  assert.equal((await record('花生')).id, peanut.id);
  assert.notEqual((await record('α-лактоза')).id, (await record('β-лактоза')).id);
  for (const substance of ['\u00a0', '\n', '\u200b', '—', '?!']) await writing.refused(doctor, ALLERGY, { patient, substance, key: newKey() }, 'BAD_USER_INPUT', /letters or digits|1 to 200 characters/);
});

test('each doctor who prescribed it is told, once for a version; not of what is over, cancelled or taken back', async () => {
  await clear();
  const [{ drug, second, third }] = await database.query(`SELECT (SELECT min(id) FROM drug WHERE atc = 'C09AA03') AS drug, min(m.id) AS second, max(m.id) AS third FROM practitioner m WHERE m.id <> ${person.doctor_id}`);
  await prescribed(drug);
  await prescribed(drug);
  await prescribed(drug, second, { status: 'dispensed' });
  await prescribed(drug, third, { status: 'cancelled' });
  await prescribed(drug, third, { over: true });
  await prescribed(drug, third);
  await database.execute(`UPDATE prescription SET record_status = 'entered_in_error' WHERE patient_id = ${person.id} AND prescriber_id = ${third}`);
  const doctors = [person.doctor_id, second].sort((a, b) => a - b);
  await record('Лизиноприл', { atc: 'C09AA' });
  assert.deepEqual(await told(), toldOf(...doctors));
  await record('Лизиноприл', { atc: 'C09AA' });
  assert.equal((await told()).length, 4, 'nothing is new');
  await record('Лизиноприл', { criticality: 'HIGH' });
  assert.equal((await told()).length, 8, 'it is graver now');
  const words = await database.query(`SELECT text_kk, text_ru, text_en FROM message_template WHERE kind IN ('allergy_to_prescribed', 'prescribed_to_allergic')`);
  assert.equal(words.length, 2);
  assert.doesNotMatch(words.flatMap(Object.values).join(), /\{|изиноприл|isinopril/, 'no message names a medicine');
});
