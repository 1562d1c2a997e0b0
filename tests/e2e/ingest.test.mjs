// ingestBatch: what vendors' systems send by themselves, through the server. Who may, of whom, what becomes of it; late, again, changed, many at once, beside an
// import; readers who had the person in their caches; and the 20 people of a public generator. (What becomes of each kind: import-mapping.)
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertSame, basic, bundle, condition, fingerprint, importFiles, makeFolder, person, readBundle, sums, syntheaFiles, withoutSynthea } from './lib/import.mjs';
import { Session } from './lib/load.mjs';
import { until } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';
import { officeOf } from './lib/tokens.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const POST = `mutation ($bundle: String!, $key: String!) { ingestBatch(bundle: $bundle, idempotencyKey: $key) {
  kept changed unchanged notMapped quarantined bad leftOut { place kind record state reason } } }`;
const DIAGNOSES = '{ me { patient { diagnoses(first: 50) { nodes { name icd10 source { name } } } } } }';
const NOTHING = { kept: 0, changed: 0, unchanged: 0, notMapped: 0, quarantined: 0, bad: 0, leftOut: [] };

let writing, database, people, bins, clinic, doctor;
const vendor = (n) => ({ role: 'INTEGRATION', sub: bins[n], org: bins[n] });
const text = (...resources) => JSON.stringify(bundle(...resources));
const post = (body, { who = vendor(0), key = newKey() } = {}) => writing.data(who, POST, { bundle: body, key }).then((data) => data.ingestBatch);
const refused = (body, code, message, who = vendor(0)) => writing.refused(who, POST, { bundle: body, key: newKey() }, code, message);
const told = (counts) => ({ ...NOTHING, ...counts });
/** One of the population, as a vendor knows him. */
const patient = (n, id = `p-${n}`, more) => person(id, { iin: people[n].iin, birthDate: people[n].born, gender: people[n].sex, ...more });
const asCitizen = (n) => ({ role: 'CITIZEN', sub: people[n].iin });
const codes = async (n) => (await writing.data(asCitizen(n), DIAGNOSES)).me.patient.diagnoses.nodes;
const visit = (id, of, more) => ({ resourceType: 'Encounter', id, status: 'finished', class: { code: 'AMB' }, subject: { reference: `urn:uuid:${of}` },
  period: { start: '2020-02-03T10:00:00+05:00', end: '2020-02-03T10:20:00+05:00' }, reasonCode: [{ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'J06.9' }] }], ...more });
const records = (where) => database.query(`SELECT record_id, state, reason, item_table FROM private.source_record WHERE ${where} ORDER BY record_id`);
const traces = () => database.query('SELECT (SELECT count(*) FROM private.source_record) AS records, (SELECT count(*) FROM condition) AS conditions, (SELECT count(*) FROM private.import_run) AS runs, (SELECT count(*) FROM private.change_record) AS changes');

before(async () => {
  writing = await Writing.start({ args: ['--max-body', '4194304'] });
  database = writing.database;
  people = await database.query(`SELECT id, iin, birth_date::text AS born, sex FROM patient WHERE deceased_on IS NULL AND birth_date < now() - INTERVAL '20 years' ORDER BY id LIMIT 40`);
  bins = (await database.query('SELECT bin FROM clinic ORDER BY id DESC LIMIT 4')).map(({ bin }) => bin); // any BINs
  await database.execute(`INSERT INTO source_system (id, name, vendor, bin) VALUES (50, 'vendor-a', 'Vendor A', '${bins[0]}'), (51, 'vendor-b', 'Vendor B', '${bins[1]}');
    UPDATE source_system SET bin = '${bins[2]}' WHERE name = 'synthea'`);
  [clinic] = await database.query("SELECT id, bin FROM clinic WHERE kind = 'polyclinic' AND active ORDER BY id LIMIT 1");
  [doctor] = await database.query('SELECT iin FROM practitioner WHERE active ORDER BY id LIMIT 1');
});
after(() => writing?.stop());

test('records of one person: what became of each, and nothing twice', async () => {
  const bad = condition('c-2', 'p-0', { onset: '1900-01-01' });
  const body = text(patient(0), condition('c-1', 'p-0'), bad, basic('b-1', { subject: { reference: 'urn:uuid:p-0' } }));
  const key = newKey();
  const first = await post(body, { key });
  assert.deepEqual(first, told({ kept: 2, notMapped: 1, bad: 1, leftOut: [
    { place: 3, kind: 'Condition', record: 'c-2', state: 'BAD', reason: 'it is dated before the birth' },
    { place: 4, kind: 'Basic', record: 'b-1', state: 'NOT_MAPPED', reason: 'this kind has no place here' }] }));
  assert.deepEqual(await post(body, { key }), first, 'the answer that was lost');
  assert.deepEqual(await post(body), told({ unchanged: 2, notMapped: 1, bad: 1, leftOut: first.leftOut }), 'the same under another key');
  assert.deepEqual((await codes(0)).filter(({ source }) => source.name === 'vendor-a').map(({ icd10 }) => icd10), ['I10']);
  const changed = await post(text(patient(0), condition('c-1', 'p-0', { onset: '2019-03-05' })));
  assert.deepEqual(changed, told({ changed: 1, unchanged: 1 }));
  assert.deepEqual(await database.query(`SELECT onset::text, version, superseded_by IS NULL AS newest FROM condition WHERE patient_id = ${people[0].id} AND source_id = 50 ORDER BY version`),
    [{ onset: '2019-03-04', version: 1, newest: false }, { onset: '2019-03-05', version: 2, newest: true }]);
  assert.deepEqual(await database.query(`SELECT operation, role, person, organisation, patient_id FROM private.change_record WHERE item_table = 'ingest' ORDER BY id LIMIT 1`),
    [{ operation: 'ingest_batch', role: 'INTEGRATION', person: bins[0], organisation: bins[0], patient_id: people[0].id }]);
});

test('the owner sees in the record of looks that a system sent records, and which', async () => {
  const look = () => writing.data(asCitizen(0), '{ me { patient { accessLog(first: 20) { nodes { role person outcome parts } } } } }').then(({ me }) => me.patient.accessLog.nodes.find(({ role }) => role === 'INTEGRATION'));
  await until(look, 'the look on record');
  const { person: who, outcome, parts } = await look();
  assert.deepEqual([who, outcome], ['Vendor A', 'GIVEN']);
  assert.match(JSON.stringify(parts), /Ingested\(/);
});

test('who may: a system whose organisation is a source; it sees nothing of the record', async () => {
  const body = text(patient(1), condition('c-1', 'p-1'));
  const was = await traces();
  for (const who of [asCitizen(1), { role: 'DOCTOR', sub: doctor.iin, org: clinic.bin }, { role: 'INTEGRATION', sub: bins[3], org: bins[3] }, { role: 'INTEGRATION', sub: bins[0] }, { ...vendor(0), role: 'PHARMACIST' }]) {
    await refused(body, 'FORBIDDEN', /./, who);
  }
  assert.deepEqual(await traces(), was);
  // Nobody writes as what is entered here.
  await assert.rejects(database.execute(`UPDATE source_system SET bin = '${bins[3]}' WHERE id = 1`), /source_system_not_ours/);
  const { data, errors } = await writing.ask(vendor(0), `{ patient(iin: "${people[0].iin}") { fullName } me { role practitioner { id } patient { id } } }`);
  assert.deepEqual([data, errors], [{ patient: null, me: { role: 'INTEGRATION', practitioner: null, patient: null } }, undefined]);
});

test('a Bundle that is none, or of several people, is refused whole', async () => {
  const was = await traces();
  const no = (body, message) => refused(typeof body === 'string' ? body : JSON.stringify(body), 'BAD_USER_INPUT', message);
  const good = bundle(patient(1), condition('c-1', 'p-1'));
  await no('{\n"resourceType": "Bundle",\n"x": Secret}', /^The Bundle is no JSON that can be read, line 3\.$/);
  await no('{"resourceType": "Bundle", "x": "\\u0000"}', /no JSON that can be read, line 1\.$/);
  await no(`{"x":${'['.repeat(20_000)}`, /no JSON that can be read/);
  await no('[]', /no Bundle/);
  await no({ ...good, type: 'document' }, /neither of the type/);
  await no({ ...good, entry: undefined }, /no entries/);
  await no({ ...good, entry: [] }, /1 to 500/);
  await no({ ...good, entry: Array(501).fill(good.entry[1]) }, /1 to 500/);
  await no(JSON.stringify(good).padEnd((1 << 20) + 1), /at most 1048576 bytes/);
  await no(bundle(patient(1), patient(2)), /more than one Patient/);
  await no(bundle(basic('b-1')), /No record of the Bundle is about a person/);
  await no(bundle(patient(1), condition('c-1', 'p-1'), condition('c-9', 'p-nobody')), /more than one person/);
  await no(bundle(patient(1), condition('c-1', 'p-0')), /more than one person/);
  await no(bundle(person('p-x', { iin: '581011381945' })), /^The Patient can not be anybody: the IIN has a wrong check digit\.$/);
  assert.deepEqual(await traces(), was);
  // A record that was about somebody else.
  await post(text(patient(3), condition('moved', 'p-3')));
  await no(bundle(patient(1), condition('moved', 'p-1')), /entry 2 was about another person/);
  assert.equal((await codes(3)).filter(({ source }) => source.name === 'vendor-a').length, 1);
});

test('entries that are no records are told with their place, and the others kept', async () => {
  const all = bundle(patient(4), condition('c-4', 'p-4'));
  all.entry.push('Secret', { fullUrl: 'urn:uuid:s' }, { resource: { id: 's' } }, { resource: { resourceType: 'Basic' } }, { resource: { resourceType: 'Basic', id: 'a b' } }, { resource: { resourceType: 'no type', id: 's' } },
    { fullUrl: 1, resource: { resourceType: 'Basic', id: 's' } }, ...bundle(condition('c-4', 'p-4', { onset: '2020-01-01' })).entry);
  const { leftOut, ...counts } = await post(JSON.stringify(all));
  assert.deepEqual(counts, { kept: 2, changed: 0, unchanged: 0, notMapped: 0, quarantined: 0, bad: 8 });
  assert.deepEqual(leftOut.map(({ place, reason }) => [place, reason]), [[2, 'the same record comes again further on'], [3, 'it is no JSON object'], [4, 'it has no resource'], [5, 'its resourceType is missing'],
    [6, 'its id is missing'], [7, 'its id is none of FHIR'], [8, 'its resourceType is no name of a type'], [9, 'its fullUrl is no text']]);
  assert.deepEqual(leftOut.filter(({ kind }) => kind).map(({ kind, record, state }) => [kind, record, state]), [['Condition', 'c-4', 'BAD']]);
});

test('what its owner disputes stays disputed when the source corrects it, until that is answered', async () => {
  const mine = async () => (await writing.data(asCitizen(36), '{ me { patient { diagnoses(first: 20) { nodes { id icd10 onset version recordStatus source { name } } } } } }')).me.patient.diagnoses.nodes.find(({ source }) => source.name === 'vendor-a');
  const sent = (onset) => post(text(patient(36), condition('c-36', 'p-36', { onset })));
  await sent('2019-03-04');
  const first = await mine();
  const { disputeRecord } = await writing.data(asCitizen(36), 'mutation ($entry: ID!, $key: String!) { disputeRecord(entry: $entry, reason: WRONG_DIAGNOSIS, idempotencyKey: $key) { id } }', { entry: first.id, key: newKey() });
  for (const [n, onset] of ['2019-03-05', '2019-03-06'].entries()) {
    assert.equal((await sent(onset)).changed, 1);
    const { id, ...now } = await mine();
    assert.deepEqual(now, { icd10: 'I10', onset, version: n + 2, recordStatus: 'DISPUTED', source: { name: 'vendor-a' } });
  }
  await writing.data({ role: 'PAYER', sub: doctor.iin, org: await officeOf(database) }, 'mutation ($dispute: ID!, $key: String!) { answerDispute(dispute: $dispute, upheld: false, answer: "Диагноз расталған", idempotencyKey: $key) { status } }', { dispute: disputeRecord.id, key: newKey() });
  assert.deepEqual([(await mine()).recordStatus, (await mine()).version], ['ACTIVE', 3]);
  await sent('2019-03-07');
  assert.equal((await mine()).recordStatus, 'ACTIVE', 'it was answered');
});

describe('what a table refuses that nobody thought of', () => {
  const RULES = `ALTER TABLE condition ADD CONSTRAINT planted_check CHECK (name <> 'Refused') NOT VALID;
    CREATE UNIQUE INDEX planted_twice ON condition (patient_id, onset) WHERE name = 'Twice';
    CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.name = 'Raised' THEN RAISE EXCEPTION 'Secret of %', NEW.patient_id; ELSIF NEW.name = 'Ours' THEN RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Secret.';
      ELSIF NEW.name = 'Broken' THEN PERFORM 1 / 0; ELSIF NEW.name = 'Lost' THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER planted BEFORE INSERT ON condition FOR EACH ROW EXECUTE FUNCTION planted();
    ALTER TABLE care_plan ADD CONSTRAINT planted_plan CHECK (title <> 'Refused') NOT VALID;
    ALTER TABLE encounter ADD CONSTRAINT planted_visit CHECK (kind <> 'remote') NOT VALID`;
  const named = (id, n, display, more) => condition(id, `p-${n}`, { display, ...more });
  const of = (n) => ({ reference: `urn:uuid:p-${n}` });

  before(() => database.execute(RULES));
  after(() => database.execute(`DROP TRIGGER planted ON condition; DROP FUNCTION planted; DROP INDEX planted_twice; ALTER TABLE condition DROP CONSTRAINT planted_check;
    ALTER TABLE care_plan DROP CONSTRAINT planted_plan; ALTER TABLE encounter DROP CONSTRAINT planted_visit`));

  test('costs that record alone, and is told in words that say nothing of how it is kept', async () => {
    const names = ['Refused', 'Twice', 'Twice', 'Raised', 'Ours', 'Broken'];
    const all = [patient(26), ...names.map((name, i) => named(`t-${i}`, 26, name)), ...Array.from({ length: 40 }, (_, i) => named(`t-good-${i}`, 26, 'Good', { onset: `2018-02-${String(i % 28 + 1).padStart(2, '0')}` }))];
    const body = text(...all);
    const { leftOut, ...counts } = await post(body);
    assert.deepEqual(counts, { kept: 42, changed: 0, unchanged: 0, notMapped: 0, quarantined: 0, bad: 5 }, JSON.stringify(leftOut));
    assert.deepEqual(leftOut.map(({ place, record, state, reason }) => [place, record, state, reason]), [[2, 't-0', 'BAD', 'what it says contradicts itself, or can not be of such an entry'],
      [4, 't-2', 'BAD', 'another entry that is in force stands against it'], [5, 't-3', 'BAD', 'a rule for entries of this kind forbids it'], [6, 't-4', 'BAD', 'a rule for entries of this kind forbids it'],
      [7, 't-5', 'BAD', 'a number, date or text in it is of a form or size that can not be kept']]);
    assert.equal((await codes(26)).filter(({ source }) => source.name === 'vendor-a').length, 41);
    assert.equal((await post(body)).bad, 5, 'the same again');
    // Put right.
    assert.deepEqual(await post(text(patient(26), ...names.map((_, i) => named(`t-${i}`, 26, 'Right')))), told({ kept: 5, changed: 1, unchanged: 1 }));
  });

  test('what refers to it is kept without it; the older version stays in force', async () => {
    const plan = (title, more) => ({ resourceType: 'CarePlan', id: 'plan', subject: of(27), status: 'active', title, period: { start: '2020-01-01' }, goal: [{ reference: 'urn:uuid:goal' }], ...more });
    const goal = (words) => ({ resourceType: 'Goal', id: 'goal', subject: of(27), lifecycleStatus: 'active', startDate: '2020-01-02', description: { text: words } });
    const looks = (kind, more) => visit(`v-${kind}`, 'p-27', { class: { code: kind }, serviceProvider: { reference: `Organization?identifier=https://egov.kz/bin|${clinic.bin}` }, ...more });
    const here = { resourceType: 'Organization', id: 'o-27', name: 'Here', identifier: [{ system: 'https://egov.kz/bin', value: clinic.bin }] };
    const reason = { diagnosis: [{ condition: { reference: 'urn:uuid:why' } }] };
    const state = () => database.query(`SELECT (SELECT json_agg(json_build_array(c.name, c.version, c.record_status, c.superseded_by IS NULL) ORDER BY c.id) FROM condition c WHERE c.patient_id = p.id AND c.source_id = 50) AS conditions,
      (SELECT json_agg(json_build_array(e.kind, c.name) ORDER BY e.id) FROM encounter e LEFT JOIN condition c ON c.patient_id = p.id AND c.id = e.condition_id WHERE e.patient_id = p.id AND e.source_id = 50 AND e.superseded_by IS NULL) AS visits,
      (SELECT json_agg(json_build_array(g.description, l.title) ORDER BY g.id) FROM care_goal g JOIN care_plan l ON l.patient_id = p.id AND l.id = g.care_plan_id WHERE g.patient_id = p.id AND g.source_id = 50 AND g.superseded_by IS NULL AND g.record_status = 'active') AS goals
      FROM patient p WHERE p.id = ${people[27].id}`).then(([one]) => one);
    const first = await post(text(patient(27), here, named('why', 27, 'Refused'), plan('Refused'), goal('Walk'), looks('AMB', reason), looks('VR')));
    assert.deepEqual(first.leftOut.map(({ record, state: what }) => [record, what]), [['why', 'BAD'], ['plan', 'BAD'], ['goal', 'NOT_MAPPED'], ['v-VR', 'BAD']], JSON.stringify(first));
    assert.deepEqual(await state(), { conditions: null, visits: [['visit', null]], goals: null });
    assert.equal((await post(text(patient(27), here, named('why', 27, 'Good'), plan('Good'), goal('Walk'), looks('AMB', { ...reason, status: 'finished', length: { value: 1 } })))).bad, 0);
    const good = { conditions: [['Good', 1, 'active', true]], visits: [['visit', 'Good']], goals: [['Walk', 'Good']] };
    const kept = await state();
    assert.deepEqual({ ...kept, conditions: kept.conditions.map(([name, , status, newest]) => [name, 1, status, newest]) }, good);
    const second = await post(text(patient(27), here, named('why', 27, 'Raised'), plan('Refused'), goal('Run'), looks('AMB', { ...reason, status: 'finished', length: { value: 2 } })));
    assert.deepEqual([second.changed, second.bad], [2, 2], JSON.stringify(second));
    assert.deepEqual(await state(), { ...kept, goals: [['Run', 'Good']] });
  });

  test('what no record is at fault for costs the Bundle, which may be sent again', async () => {
    const body = text(patient(28), named('lost', 28, 'Lost'), named('good', 28, 'Good'));
    const was = await traces();
    const { errors } = await writing.ask(vendor(0), POST, { bundle: body, key: newKey() });
    assert.equal(errors?.length, 1);
    assert.deepEqual(await traces(), was);
  });

  test('an import too', async () => {
    const folder = makeFolder();
    try {
      const file = folder.put('b.json', bundle(patient(29), named('i-0', 29, 'Refused'), ...Array.from({ length: 20 }, (_, i) => named(`i-good-${i}`, 29, 'Good'))));
      const { status, rows } = await importFiles(database, ['vendor-a', file]);
      assert.deepEqual([status, sums(rows)], [3, { kept: 21, bad: 1 }]);
      assert.deepEqual(rows.filter(({ outcome }) => outcome === 'bad').map(({ type, why }) => [type, why]), [['Condition', 'what it says contradicts itself, or can not be of such an entry']]);
    } finally { folder.remove(); }
  });

  test('a Bundle of nothing else is answered all the same', async () => {
    assert.deepEqual((({ kept, bad }) => ({ kept, bad }))(await post(text(patient(30), ...Array.from({ length: 120 }, (_, i) => named(`n-${i}`, 30, 'Refused'))))), { kept: 1, bad: 120 });
  });
});

describe('what endangers life', () => {
  const POTASSIUM = ['2823-3', 'mmol/L'], PULSE = ['8867-4', '/min'];
  const hours = (n) => new Date(Date.now() - n * 3_600_000).toISOString();
  const seen = (id, n, [loinc, unit], value, ago = 1, more) => ({ resourceType: 'Observation', id, status: 'final', subject: { reference: `urn:uuid:p-${n}` }, effectiveDateTime: hours(ago), issued: hours(ago),
    category: [{ coding: [{ code: loinc === PULSE[0] ? 'vital-signs' : 'laboratory' }] }], code: { coding: [{ system: 'http://loinc.org', code: loinc }], text: 'Sought' }, valueQuantity: { value, unit, code: unit }, ...more });
  const ordered = { resourceType: 'Practitioner', id: 'd-orders', identifier: [{ system: 'https://egov.kz/iin', value: '' }] };
  const messages = (n) => database.query(`SELECT kind, channel, practitioner_id::int AS doctor, payload FROM private.outbox WHERE patient_id = ${people[n].id} AND kind IN ('result_critical', 'measurement_critical', 'patient_critical') ORDER BY id`);
  const told2 = (kind) => ['sms', 'app'].map((channel) => ({ kind, channel, doctor: null, payload: {} }));
  const doctorTold = (who) => ({ kind: 'patient_critical', channel: 'app', doctor: who, payload: {} });
  const flags = (n) => writing.data(asCitizen(n), '{ me { patient { labResults(first: 50) { nodes { flag value source { name } } } } } }').then(({ me }) => me.patient.labResults.nodes.filter(({ source }) => source.name === 'vendor-a').map(({ flag, value }) => [flag, value]));
  let orderer, own;

  before(async () => {
    await database.execute(`UPDATE patient p SET clinic_id = a.clinic_id, district_doctor_id = a.district_doctor_id FROM attachment a WHERE a.patient_id = p.id AND a.detached_on IS NULL AND a.superseded_by IS NULL AND p.id IN (${people.map(({ id }) => id)});
      UPDATE hospitalization SET record_status = 'entered_in_error' WHERE discharged_on IS NULL AND patient_id IN (${people.map(({ id }) => id)}); UPDATE care_plan SET status = 'revoked' WHERE status = 'active' AND patient_id IN (${people.map(({ id }) => id)})`);
    [orderer] = await database.query(`SELECT id::int, iin FROM practitioner WHERE active AND iin IS NOT NULL AND id NOT IN (SELECT district_doctor_id FROM patient WHERE district_doctor_id IS NOT NULL) ORDER BY id LIMIT 1`);
    ordered.identifier[0].value = orderer.iin;
    own = await database.query(`SELECT district_doctor_id::int AS id FROM patient WHERE id IN (${people.map(({ id }) => id)}) ORDER BY patient.id`).then((rows) => rows.map(({ id }) => id));
  });

  test('of a result the person is told and who ordered it, else the doctor of the district; once for a Bundle, sent twice once', async () => {
    const by = { performer: [{ reference: 'urn:uuid:d-orders' }] };
    const body = text(patient(31), ordered, seen('k-1', 31, POTASSIUM, 7.1, 2, by), seen('k-2', 31, POTASSIUM, 2.1, 1, by), seen('k-3', 31, POTASSIUM, 4.1, 1, by));
    assert.equal((await post(body)).kept, 5);
    assert.deepEqual((await flags(31)).sort(([, a], [, b]) => a - b), [['CRITICAL_LOW', 2.1], [null, 4.1], ['CRITICAL_HIGH', 7.1]]);
    const all = [...told2('result_critical'), doctorTold(orderer.id)];
    assert.deepEqual(await messages(31), all);
    assert.equal((await post(body)).kept, 0);
    assert.equal((await post(text(patient(31), seen('k-1', 31, POTASSIUM, 7.1, 2, { ...by, note: [{ text: 'x' }] })))).changed, 1, 'a version that says the same');
    assert.deepEqual(await messages(31), all);
    assert.equal((await post(text(patient(31), seen('k-3', 31, POTASSIUM, 6.9)))).changed, 1);
    assert.deepEqual(await messages(31), [...all, ...told2('result_critical'), doctorTold(own[31])], 'one that has become so');
  });

  test('not of what is old, at the bound, that nobody can have, or taken back; what waited for its person is told when that comes', async () => {
    const at = (id, value, ago, more) => seen(id, 32, POTASSIUM, value, ago, more);
    assert.equal((await post(text(patient(32), at('o-1', 7.1, 24 * 7 + 1), at('o-2', 6.2), at('o-3', 71), at('o-4', 7.1, 1, { status: 'entered-in-error' })))).kept, 4);
    assert.deepEqual(await messages(32), []);
    assert.equal(await post(text(seen('w-1', 33, POTASSIUM, 7.1))), null);
    assert.deepEqual(await messages(33), []);
    assert.equal((await post(text(patient(33)))).kept, 1);
    assert.deepEqual(await messages(33), [...told2('result_critical'), doctorTold(own[33])]);
  });

  test('of a result that its source corrected, or took back, who was told is told so; of others of the same Bundle the alarm stands', async () => {
    const by = { performer: [{ reference: 'urn:uuid:d-orders' }] }, at = (id, value, more) => seen(id, 38, POTASSIUM, value, 1, more);
    const off = () => database.query(`SELECT kind, channel, practitioner_id::int AS doctor FROM private.outbox WHERE patient_id = ${people[38].id} AND kind ~ 'result_corrected' ORDER BY id`);
    const once = [...['app', 'sms'].map((channel) => ({ kind: 'result_corrected', channel, doctor: null }))];
    await post(text(patient(38), ordered, at('c-1', 7.1, by), at('c-2', 7.2), at('c-3', 7.3)));
    const left = await database.query(`SELECT kind, channel FROM message_take(1000, 60)`);
    assert.ok(left.some(({ kind, channel }) => kind === 'result_critical' && channel === 'sms'));
    assert.deepEqual(await off(), []);
    await post(text(patient(38), ordered, at('c-1', 4.1, by)));
    assert.deepEqual(await off(), [...once, { kind: 'patient_result_corrected', channel: 'app', doctor: orderer.id }], 'the doctor who ordered it, not the one of the others');
    await post(text(patient(38), at('c-2', 4.2)));
    assert.equal((await off()).filter(({ doctor }) => doctor === own[38]).length, 1);
    await post(text(patient(38), at('c-3', 7.3, { status: 'entered-in-error' })));
    assert.deepEqual([(await off()).filter(({ doctor }) => doctor === null).length, (await off()).filter(({ doctor }) => doctor === own[38]).length], [6, 2]);
  });

  test('of a measurement likewise: once none of that kind and day endangers life, and an alarm anew after that', async () => {
    const at = (id, value, more) => seen(id, 39, PULSE, value, 0, more), post39 = (...records) => post(text(patient(39), ...records));
    const said = () => database.query(`SELECT kind, channel, practitioner_id::int AS doctor FROM private.outbox WHERE patient_id = ${people[39].id} AND kind ~ 'measurement_corrected|_critical' ORDER BY id`);
    const alarm = [...told2('measurement_critical'), doctorTold(own[39])].map(({ payload, ...one }) => one);
    const off = [...['app', 'sms'].map((channel) => ({ kind: 'measurement_corrected', channel, doctor: null })), { kind: 'patient_measurement_corrected', channel: 'app', doctor: own[39] }];
    await post39(at('vm-1', 200), at('vm-2', 201));
    await database.query('SELECT FROM message_take(1000, 60)');
    await post39(at('vm-1', 80));
    assert.deepEqual(await said(), alarm);
    await post39(at('vm-2', 201, { status: 'entered-in-error' }));
    assert.deepEqual(await said(), [...alarm, ...off]);
    await post39(at('vm-1', 199));
    assert.deepEqual(await said(), [...alarm, ...off, ...alarm]);
    await database.query('SELECT FROM message_take(1000, 60)');
    await post39(at('vm-1', 81));
    assert.deepEqual(await said(), [...alarm, ...off, ...alarm, ...off]);
  });

  test('of a measurement too, of the last day, once for a kind and day; of an import nobody', async () => {
    const body = text(patient(34), seen('m-1', 34, PULSE, 200, 0), seen('m-2', 34, PULSE, 201, 0), seen('m-3', 34, PULSE, 202, 25), seen('m-4', 34, PULSE, 80, 0));
    assert.equal((await post(body)).kept, 5);
    assert.equal((await post(body)).kept, 0);
    const all = await messages(34);
    assert.ok(all.length === 3 || all.length === 6, 'two days at midnight');
    assert.deepEqual(all.slice(0, 3), [...told2('measurement_critical'), doctorTold(own[34])]);
    assert.deepEqual(await database.query(`SELECT flag, value::int FROM observation WHERE patient_id = ${people[34].id} AND source_id = 50 ORDER BY value`),
      [{ flag: null, value: 80 }, ...[200, 201, 202].map((value) => ({ flag: 'critical_high', value }))]);
    const folder = makeFolder();
    try {
      const { status, stderr } = await importFiles(database, ['vendor-a', folder.put('b.json', bundle(patient(35), seen('i-1', 35, POTASSIUM, 7.1), seen('i-2', 35, PULSE, 200)))]);
      assert.equal(status, 0, stderr);
    } finally { folder.remove(); }
    assert.deepEqual(await flags(35), [['CRITICAL_HIGH', 7.1]]);
    assert.deepEqual(await messages(35), []);
  });
});

test('a person who is not here, and one who is but not so, are one and the same; what came waits for them', async () => {
  const number = (await database.query("SELECT lpad((b * 10 + national_check_digit(b))::text, 12, '0') AS iin FROM generate_series(85010150001, 85010150099) b WHERE national_check_digit(b) IS NOT NULL LIMIT 1"))[0].iin;
  const born = people[5].born === '1971-02-03' ? '1971-02-04' : '1971-02-03';
  for (const body of [text(person('q-1', { iin: number }), condition('q-c-1', 'q-1')), text(patient(5, 'q-2', { birthDate: born }), condition('q-c-2', 'q-2')), text(condition('q-c-3', 'q-3'))]) assert.equal(await post(body), null);
  assert.deepEqual((await records("record_id LIKE 'q-c-%'")).map(({ state }) => state), ['quarantined', 'quarantined', 'quarantined']);
  await until(() => database.value(`SELECT count(*) FROM access_log WHERE patient_id = ${people[5].id} AND role = 'INTEGRATION'`).then(Number), 'a refused look on record');
  // Put right, and late: the Patient comes after what is about him.
  assert.deepEqual(await post(text(patient(5, 'q-2'))), told({ kept: 1 }));
  assert.deepEqual(await post(text(patient(6, 'q-3'))), told({ kept: 1 }));
  assert.deepEqual((await records("record_id LIKE 'q-c-%'")).map(({ state }) => state), ['quarantined', 'kept', 'kept']);
  for (const n of [5, 6]) assert.equal((await codes(n)).filter(({ source }) => source.name === 'vendor-a').length, 1, `person ${n}`);
});

test('of too many people who are not here within an hour: everything is refused, for this source alone', async () => {
  await database.execute("INSERT INTO private.attempt (kind, who) SELECT 'ingest', '51' FROM generate_series(1, 99)");
  assert.equal(await post(text(person('r-1')), { who: vendor(1) }), null);
  await refused(text(person('r-2')), 'RATE_LIMITED', /100 Bundles/, vendor(1));
  await refused(text(patient(7), condition('r-c', 'p-7')), 'RATE_LIMITED', /100 Bundles/, vendor(1));
  assert.equal((await post(text(patient(7), condition('r-c', 'p-7')))).kept, 2);
  await database.execute("DELETE FROM private.attempt WHERE kind = 'ingest' AND who = '51'");
});

test('organisations and doctors are recognised and never written; a visit waits for its place', async () => {
  const was = await database.query('SELECT (SELECT count(*) FROM clinic) AS clinics, (SELECT count(*) FROM practitioner) AS doctors, (SELECT md5(string_agg(c::text, \'\' ORDER BY id)) FROM clinic c) AS all_clinics');
  const place = { resourceType: 'Organization', id: 'o-here', name: 'Somebody else', identifier: [{ system: 'https://egov.kz/bin', value: clinic.bin }] };
  const strange = { resourceType: 'Organization', id: 'o-strange', name: 'Strange' };
  const who = { resourceType: 'Practitioner', id: 'd-here', name: [{ family: 'Else' }], identifier: [{ system: 'https://egov.kz/iin', value: doctor.iin }] };
  const at = (id) => ({ serviceProvider: { reference: `urn:uuid:${id}` } });
  const by = { participant: [{ individual: { reference: 'urn:uuid:d-here' } }] };
  const { leftOut, ...counts } = await post(text(patient(8), place, strange, who, visit('v-1', 'p-8', { ...at('o-here'), ...by }), visit('v-2', 'p-8', at('o-strange'))));
  assert.deepEqual(counts, { kept: 4, changed: 0, unchanged: 0, notMapped: 0, quarantined: 2, bad: 0 }, JSON.stringify(leftOut));
  assert.deepEqual(leftOut.map(({ place: n, state, reason }) => [n, state, reason]), [[3, 'QUARANTINED', 'it is not registered here'], [6, 'QUARANTINED', 'waits for its Organization, which has not come']]);
  assert.deepEqual(await database.query('SELECT (SELECT count(*) FROM clinic) AS clinics, (SELECT count(*) FROM practitioner) AS doctors, (SELECT md5(string_agg(c::text, \'\' ORDER BY id)) FROM clinic c) AS all_clinics'), was);
  assert.deepEqual(await database.query(`SELECT e.clinic_id, e.confirmed_by, d.iin FROM encounter e JOIN practitioner d ON d.id = e.practitioner_id WHERE e.patient_id = ${people[8].id} AND e.source_id = 50`), [{ clinic_id: clinic.id, confirmed_by: 'none', iin: doctor.iin }]);
  // An import of the same source brings the place, and what waited for it.
  const folder = makeFolder();
  try {
    const { status, stderr } = await importFiles(database, ['vendor-a', folder.put('o.json', bundle(strange))]);
    assert.equal(status, 0, stderr);
  } finally { folder.remove(); }
  assert.deepEqual((await records("record_id = 'v-2'")).map(({ state }) => state), ['kept']);
});

test('what waits of others waits on, whatever comes with somebody else', async () => {
  const place = { resourceType: 'Organization', id: 'o-late', name: 'Late', identifier: [{ system: 'https://egov.kz/bin', value: '240740007000' }] };
  const state = () => records("record_id = 'v-late'").then(([one]) => one.state);
  assert.equal((await post(text(patient(24), place, visit('v-late', 'p-24', { serviceProvider: { reference: 'urn:uuid:o-late' } })))).quarantined, 2);
  await database.execute(`INSERT INTO clinic (region_id, bin, kind, name, address) SELECT region_id, '240740007000', kind, 'Late', address FROM clinic WHERE id = ${clinic.id}`);
  assert.deepEqual(await post(text(patient(25), place)), told({ kept: 2 }));
  assert.equal(await state(), 'quarantined', 'the caches of its person would not know of it');
  assert.deepEqual(await post(text(patient(24))), told({ unchanged: 1 }));
  assert.equal(await state(), 'kept');
});

test('a reader who had the person in the caches sees the record with the very next request', async () => {
  for (let i = 0; i < 20; i++) {
    const n = 10 + i % 5, onset = `20${10 + i % 10}-0${1 + i % 9}-01`;
    for (let k = 0; k < 4; k++) await codes(n);
    const { length } = await codes(n);
    assert.equal((await post(text(patient(n), condition(`s-${i}`, `p-${n}`, { onset })))).bad, 0);
    const all = await Promise.all(Array.from({ length: 8 }, () => codes(n)));
    assert.deepEqual(all.map((one) => one.length), Array(8).fill(length + 1), `round ${i}`);
  }
});

test('at once: the same Bundle 20 times makes its records once; two vendors side by side keep to their own', async () => {
  const body = (n) => text(patient(n), ...Array.from({ length: 30 }, (_, i) => condition(`m-${n}-${i}`, `p-${n}`, { onset: `2019-01-${String(i + 1).padStart(2, '0')}` })));
  const patiently = async (...args) => {
    for (;;) {
      const { data, errors } = await writing.ask(...args);
      if (!['TRY_AGAIN', 'DEADLINE_EXCEEDED'].includes(errors?.[0].extensions.code)) return assert.equal(errors, undefined, JSON.stringify(errors)) ?? data.ingestBatch;
    }
  };
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => patiently(vendor(i % 2), POST, { bundle: body(20), key: newKey() })));
  assert.deepEqual(answers.map(({ kept, unchanged }) => kept + unchanged), Array(40).fill(31));
  assert.equal(answers.filter(({ kept }) => kept > 0).length, 2, 'the first of each');
  assert.deepEqual(await database.query(`SELECT source_id, count(*)::int AS n, count(DISTINCT source_rec)::int AS records FROM condition WHERE patient_id = ${people[20].id} AND source_id IN (50, 51) GROUP BY 1 ORDER BY 1`),
    [{ source_id: 50, n: 30, records: 30 }, { source_id: 51, n: 30, records: 30 }]);
  // What one takes back is its own, under whatever id.
  const was = await fingerprint(database, 'vendor-b');
  assert.equal((await post(text(patient(20), { ...condition('m-20-0', 'p-20'), verificationStatus: { coding: [{ code: 'entered-in-error' }] } }))).notMapped, 1);
  assert.deepEqual(await fingerprint(database, 'vendor-b'), was);
  assert.equal(await database.value(`SELECT count(*)::int AS n FROM condition WHERE patient_id = ${people[20].id} AND source_id = 50 AND record_status = 'entered_in_error'`), 1);
});

test('an import that holds the lock is waited for, not for ever', async () => {
  const holder = new Session(database); // which holds it until the answer is here
  try {
    await holder.say("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('tolqujat import', 0));");
    const { data, errors } = await writing.ask(vendor(0), POST, { bundle: text(patient(21)), key: newKey() });
    assert.deepEqual([data, errors.map(({ extensions }) => extensions.code)], [{ ingestBatch: null }, ['TRY_AGAIN']]);
  } finally {
    await holder.end();
  }
  assert.equal((await post(text(patient(21)))).kept, 1);
});

describe('people of a public generator', { skip: withoutSynthea() }, () => {
  test('all that they have is in the passport or told, and an import of the same files adds what waited', async (t) => {
    const files = syntheaFiles(), sum = {};
    for (const file of files) {
      const all = readBundle(file);
      const answer = await post(JSON.stringify(all), { who: vendor(2) });
      const { leftOut, ...counts } = answer;
      assert.equal(Object.values(counts).reduce((a, b) => a + b), all.entry.length, file);
      assert.equal(leftOut.length, counts.bad + counts.notMapped + counts.quarantined);
      for (const [name, n] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + n;
    }
    t.diagnostic(JSON.stringify(sum));
    assert.ok(sum.kept > 2000 && sum.quarantined > 0 && sum.bad + sum.changed + sum.unchanged === 0, JSON.stringify(sum));
    // An import of the same brings their organisations and doctors, and then what waited for these; all is as if nothing had been posted.
    const { rows, stderr } = await importFiles(database, ['synthea', ...files]);
    const { kept, unchanged, superseded = 0, quarantined = 0 } = sums(rows);
    assert.deepEqual([superseded, quarantined], [0, 0], stderr);
    assert.ok(unchanged >= sum.kept && kept > 0, JSON.stringify(sums(rows)));
    const other = await createDatabase();
    try {
      assert.equal((await importFiles(other, ['synthea', ...files])).status, 0);
      const [found, want] = await Promise.all([database, other].map((one) => fingerprint(one, 'synthea')));
      assertSame(found, want, 'posted and then imported');
    } finally { await other.drop(); }
  });
});
