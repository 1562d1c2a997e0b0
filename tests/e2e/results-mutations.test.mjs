// What laboratories, doctors and models find, through the server: orders and results, studies and their conclusions, findings that wait for a doctor; certificates.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from './lib/run.mjs';
import { officeOf } from './lib/tokens.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const RESULT = 'id status value text unit low high flag orderedAt resultedAt orderNumber version laboratory { id } earlierVersions { id value }';
const ORDER = `mutation ($patient: ID!, $test: ID!, $laboratory: ID!, $key: String!) { orderLabTest(patient: $patient, test: $test, laboratory: $laboratory, idempotencyKey: $key) { ${RESULT} } }`;
const ADD = `mutation ($order: ID!, $value: Float, $text: String, $unit: String, $preliminary: Boolean = false, $key: String!) {
  addLabResult(order: $order, value: $value, text: $text, unit: $unit, preliminary: $preliminary, idempotencyKey: $key) { ${RESULT} } }`;
const OUTSIDE = `mutation ($patient: ID!, $test: ID!, $value: Float, $text: String, $unit: String, $low: Float, $high: Float, $at: DateTime!, $key: String!) {
  addOutsideLabResult(patient: $patient, test: $test, value: $value, text: $text, unit: $unit, low: $low, high: $high, resultedAt: $at, idempotencyKey: $key) { ${RESULT} } }`;
const REPORT = `mutation ($patient: ID!, $name: String = "Кеуде қуысының рентгені", $at: DateTime!, $loinc: String, $conclusion: String, $preliminary: Boolean = false, $key: String!) {
  addReport(patient: $patient, modality: XRAY, name: $name, performedAt: $at, loinc: $loinc, conclusion: $conclusion, preliminary: $preliminary, idempotencyKey: $key) { id status conclusion practitioner { id } clinic { id } } }`;
const DESCRIBE = `mutation ($report: ID!, $conclusion: String!, $preliminary: Boolean = false, $key: String!) {
  describeReport(report: $report, conclusion: $conclusion, preliminary: $preliminary, idempotencyKey: $key) { id status conclusion version findings { id } earlierVersions { id conclusion } } }`;
const FINDING = `mutation ($report: ID!, $label: String = "nodule 8 mm", $score: Int = 91, $model: String = "chest-net", $key: String!) {
  addAiFinding(report: $report, label: $label, score: $score, model: $model, modelVersion: "2.1", idempotencyKey: $key) { id status label score confirmedBy { id } } }`;
const CONFIRM = 'mutation ($finding: ID!, $icd10: String, $key: String!) { confirmAiFinding(finding: $finding, icd10: $icd10, idempotencyKey: $key) { id status confirmedAt confirmedBy { id } diagnosis { icd10 } notice(lang: EN) } }';
const REJECT = 'mutation ($finding: ID!, $key: String!) { rejectAiFinding(finding: $finding, idempotencyKey: $key) { id status diagnosis { icd10 } } }';

let writing, database, person, other, id, doctor, lab, elsewhere;
const asCitizen = ({ iin } = person) => ({ role: 'CITIZEN', sub: iin });
const own = (what) => writing.data(asCitizen(), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);
const told = (kind) => database.value(`SELECT count(*) FROM private.outbox WHERE patient_id = ${person.id} AND kind = '${kind}'`);
/** What both workers show, asked for a few times: the same. */
async function everywhere(what, look) {
  for (let i = 0; i < 4; i++) look(await own(what));
}

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  [person, other] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND p.sex = 'female' AND birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 2`);
  doctor = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  // People are at work in two laboratories.
  const places = await database.query(`SELECT c.id, c.bin, c.name FROM clinic c WHERE c.active AND c.kind = 'laboratory' ORDER BY c.id LIMIT 2`);
  const people = await database.query(`SELECT m.id, m.iin FROM practitioner m WHERE m.active AND m.iin IS NOT NULL AND m.id NOT IN (${person.doctor_id}, ${other.doctor_id}) ORDER BY m.id DESC LIMIT 2`);
  for (const [i, place] of places.entries()) {
    await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${people[i].id}, ${place.id}, 'specialist', '2020-01-01')`);
    const { searchClinics } = await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name(lang: KK) } }', { text: place.name });
    Object.assign(place, { gid: searchClinics.find(({ name }) => name === place.name).id, who: { role: 'LABORATORY', sub: people[i].iin, org: place.bin } });
  }
  [lab, elsewhere] = places;
  id = (await own('id')).id;
});
after(() => writing?.stop());

describe('laboratory', () => {
  const tests = {};
  const order = (test = tests.potassium, laboratory = lab.gid, key = newKey()) => writing.data(doctor, ORDER, { patient: id, test, laboratory, key }).then((data) => data.orderLabTest);
  const add = (variables, who = lab.who) => writing.data(who, ADD, { key: newKey(), ...variables }).then((data) => data.addLabResult);

  before(async () => {
    for (const [name, loinc] of [['potassium', '2823-3'], ['glucose', '14749-6'], ['haemoglobin', '718-7'], ['ferritin', '2276-4']]) {
      tests[name] = (await writing.data(null, 'query ($loinc: String!) { labTest(by: {loinc: $loinc}) { id } }', { loinc })).labTest.id;
    }
  });

  test('ordered, once while it is open; done by the laboratory that was asked, in the unit of the test, beside what is usual for the person', async () => {
    const asked = await order();
    assert.deepEqual([asked.status, asked.value, asked.resultedAt, asked.laboratory.id, /^T\d{10}$/.test(asked.orderNumber)], ['ORDERED', null, null, lab.gid, true]);
    assert.equal((await order()).id, asked.id, 'open already');
    assert.ok((await writing.data(lab.who, '{ labOrders { id } }')).labOrders.some((one) => one.id === asked.id));
    for (const who of [doctor, asCitizen(), elsewhere.who, { ...lab.who, org: elsewhere.bin }, { ...lab.who, role: 'NURSE' }]) {
      await writing.refused(who, ADD, { order: asked.id, value: 4.5, unit: 'mmol/L', key: newKey() }, 'FORBIDDEN', /laboratory that was asked/);
    }
    for (const [wrong, message] of [[{ value: 4.5, unit: 'mg/dL' }, /in mmol\/L/], [{ value: 4.5 }, /with its unit/], [{}, /value with its unit, or words/], [{ value: 4.5, text: 'x', unit: 'mmol/L' }, /or words/],
      [{ value: 45, unit: 'mmol/L' }, /Nobody who lives/], [{ text: 'x'.repeat(501) }, /500/]]) {
      await writing.refused(lab.who, ADD, { order: asked.id, key: newKey(), ...wrong }, 'BAD_USER_INPUT', message);
    }
    const variables = { order: asked.id, value: 5.4, unit: 'mmol/L', key: newKey() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => add(variables)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    const [done] = answers;
    assert.deepEqual([done.id, done.status, done.value, done.unit, done.low, done.high, done.flag, done.version], [asked.id, 'FINAL', 5.4, 'mmol/L', 3.5, 5.1, 'HIGH', 1]);
    await everywhere('labResults(first: 50) { nodes { id value } }', ({ labResults }) => assert.equal(labResults.nodes.find((one) => one.id === asked.id).value, 5.4));
    assert.equal(await told('result_critical'), 0, 'high, but no danger');
  });

  test('an order that nobody ended is one no more after 90 days: it is made anew, and the laboratory does not know of it', async () => {
    const left = await order(tests.ferritin);
    const listed = async () => (await writing.data(lab.who, '{ labOrders { id } }')).labOrders.map((one) => one.id);
    const ordered = (days) => database.execute(`UPDATE lab_result SET ordered_at = now() - INTERVAL '${days} days' WHERE patient_id = ${person.id} AND order_number = '${left.orderNumber}'`);
    await ordered(89);
    assert.equal((await order(tests.ferritin)).id, left.id);
    assert.ok((await listed()).includes(left.id));
    await ordered(90);
    const anew = await order(tests.ferritin);
    assert.notEqual(anew.id, left.id);
    const now = await listed();
    assert.deepEqual([now.includes(left.id), now.includes(anew.id)], [false, true]);
    await database.execute(`UPDATE lab_result SET status = 'cancelled' WHERE patient_id = ${person.id} AND order_number IN ('${left.orderNumber}', '${anew.orderNumber}')`);
  });

  test('a result that is wrong is corrected: the new version counts, the old one can be read by its owner', async () => {
    const asked = await order(tests.glucose);
    const first = await add({ order: asked.id, value: 5.1, unit: 'mmol/L', preliminary: true });
    assert.deepEqual([first.id, first.status], [asked.id, 'PRELIMINARY']);
    const final = await add({ order: first.id, value: 7.25, unit: 'mmol/L' });
    assert.notEqual(final.id, first.id);
    assert.deepEqual([final.status, final.value, final.version, final.earlierVersions], ['FINAL', 7.25, 2, [{ id: first.id, value: 5.1 }]]);
    await everywhere('labResults(first: 50) { nodes { id value earlierVersions { value } } }', ({ labResults: { nodes } }) => {
      assert.equal(nodes.find(({ id: one }) => one === first.id), undefined);
      assert.deepEqual(nodes.find(({ id: one }) => one === final.id).earlierVersions, [{ value: 5.1 }]);
    });
    await writing.refused(lab.who, ADD, { order: first.id, value: 6, unit: 'mmol/L', key: newKey() }, 'CONFLICT', /version in force/);
    await writing.refused(lab.who, ADD, { order: final.id, value: 6, unit: 'mmol/L', preliminary: true, key: newKey() }, 'CONFLICT', /preliminary again/);
    const at = await Promise.all(Array.from({ length: 10 }, (_, i) => writing.ask(lab.who, ADD, { order: final.id, value: 6 + i / 10, unit: 'mmol/L', key: newKey() })));
    assert.equal(at.filter(({ errors }) => !errors).length, 1, 'one correction of ten at once');
    assert.equal(await database.value(`SELECT count(*) FROM lab_result WHERE patient_id = ${person.id} AND loinc = '14749-6' AND superseded_by IS NULL AND order_number = '${asked.orderNumber}'`), 1);
    // It came out when the final one did: a month later a correction makes it no slower.
    assert.notEqual(final.resultedAt, first.resultedAt);
    const [corrected] = at.filter(({ errors }) => !errors).map(({ data }) => data.addLabResult);
    assert.equal(corrected.resultedAt, final.resultedAt);
    assert.ok(await database.value(`SELECT recorded_at > resulted_at FROM lab_result WHERE patient_id = ${person.id} AND superseded_by IS NULL AND order_number = '${asked.orderNumber}'`));
  });

  test('a value that endangers life: the patient is told at once, and the doctor who ordered, in messages that name nothing', async () => {
    const before = await told('result_critical');
    const low = await add({ order: (await order(tests.potassium)).id, value: 2.5, unit: 'mmol/L' });
    assert.equal(low.flag, 'CRITICAL_LOW');
    assert.deepEqual(await database.query(`SELECT channel, payload FROM private.outbox WHERE patient_id = ${person.id} AND kind = 'result_critical' ORDER BY id DESC LIMIT 2`),
      [{ channel: 'app', payload: {} }, { channel: 'sms', payload: {} }]);
    assert.deepEqual(await database.query(`SELECT m.iin, o.channel, o.payload FROM private.outbox o JOIN practitioner m ON m.id = o.practitioner_id WHERE o.kind = 'patient_critical'`), [{ iin: doctor.sub, channel: 'app', payload: {} }]);
    const high = await add({ order: (await order(tests.haemoglobin)).id, value: 205.5, unit: 'g/L' });
    assert.equal(high.flag, 'CRITICAL_HIGH');
    assert.equal(await told('result_critical'), before + 4);
    assert.equal((await add({ order: (await order(tests.ferritin)).id, value: 3, unit: 'ug/L' })).flag, 'LOW', 'of this test nothing is critical');
    assert.equal(await told('result_critical'), before + 4);
  });

  test('a value that endangered life and was corrected is called off: who was told is told so', async () => {
    const messages = () => database.query(`SELECT kind, channel, practitioner_id::int AS doctor, state FROM private.outbox WHERE patient_id = ${person.id} AND kind IN ('result_critical', 'patient_critical', 'result_corrected', 'patient_result_corrected') ORDER BY id`);
    const take = async () => (await database.query('SELECT kind, channel FROM message_take(1000, 60)')).map(({ kind, channel }) => `${kind} ${channel}`).sort();
    const asked = async (...values) => {
      await database.execute('DELETE FROM private.outbox');
      let last = await order();
      for (const value of values) last = value === 'sent' ? (await take(), last) : await add({ order: last.id, unit: 'mmol/L', ...value });
      return last;
    };
    const said = (kind, channel, who = null) => ({ kind, channel, doctor: who });
    const written = async () => (await messages()).map(({ state, ...one }) => one);
    const alarm = [said('result_critical', 'sms'), said('result_critical', 'app'), said('patient_critical', 'app', Number(person.doctor_id))];
    const off = [said('result_corrected', 'app'), said('result_corrected', 'sms'), said('patient_result_corrected', 'app', Number(person.doctor_id))];

    assert.equal((await asked({ value: 7.5, preliminary: true }, 'sent', { value: 4.5 })).flag, 'NORMAL');
    assert.deepEqual(await written(), [...alarm, ...off]);
    assert.deepEqual(await take(), ['patient_result_corrected app', 'result_corrected app', 'result_corrected sms']);
    // In words, or a little too high: no danger either. Corrected once more it is told no more.
    assert.equal((await asked({ value: 7.5 }, 'sent', { value: 5.5 }, { value: 5.2 })).flag, 'HIGH');
    assert.deepEqual(await written(), [...alarm, ...off]);
    await asked({ value: 2.1 }, 'sent', { text: 'гемолиз', unit: null });
    assert.deepEqual(await written(), [...alarm, ...off]);
    // One that stays dangerous is an alarm anew; and called off as one.
    await asked({ value: 7.5 }, 'sent', { value: 7.6 }, 'sent', { value: 4.5 });
    assert.deepEqual(await written(), [...alarm, ...alarm, ...off]);
    // An alarm that has not left is not sent any more; in the application it could be read.
    await asked({ value: 7.5 }, { value: 4.5 });
    assert.deepEqual(await written(), [...alarm, off[0], off[2]]);
    assert.deepEqual(await take(), ['patient_result_corrected app', 'result_corrected app']);
    assert.deepEqual(await database.query("SELECT DISTINCT error FROM private.outbox WHERE state = 'dead'"), [{ error: 'the value was corrected' }]);
    await database.execute("SELECT message_again(NULL, 'result_critical')");
    assert.deepEqual(await take(), [], 'nor by an operator');
    // What never was an alarm calls nothing off.
    await asked({ value: 5.5 }, { value: 4.5 });
    assert.deepEqual(await written(), []);
    // Taken back, by an answer to its owner's dispute.
    const wrong = await asked({ value: 7.5 }, 'sent');
    const { disputeRecord } = await writing.data(asCitizen(), 'mutation ($entry: ID!, $key: String!) { disputeRecord(entry: $entry, reason: WRONG_PERSON, idempotencyKey: $key) { id } }', { entry: wrong.id, key: newKey() });
    const [{ clinic_id: place }] = await database.query(`SELECT clinic_id FROM dispute WHERE patient_id = ${person.id} ORDER BY id DESC LIMIT 1`);
    const [answers] = place === null ? [{ role: 'PAYER', sub: doctor.sub, org: await officeOf(database) }] : (await database.query(`SELECT m.iin AS sub, c.bin AS org FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL JOIN clinic c ON c.id = j.clinic_id
      WHERE j.clinic_id = ${place} AND j.role IN ('district_doctor', 'specialist', 'hospital_doctor') AND j.valid_to IS NULL AND m.id <> ${person.doctor_id} ORDER BY m.id LIMIT 1`)).map((who) => ({ role: 'DOCTOR', ...who }));
    await writing.data(answers, 'mutation ($dispute: ID!, $key: String!) { answerDispute(dispute: $dispute, upheld: true, answer: "Басқа адамның қаны", idempotencyKey: $key) { status } }', { dispute: disputeRecord.id, key: newKey() });
    assert.deepEqual(await written(), [...alarm, ...off]);
  });

  test('who may order what, and where', async () => {
    for (const who of [asCitizen(), lab.who, { ...doctor, role: 'NURSE' }, { ...doctor, org: elsewhere.bin }]) await writing.refused(who, ORDER, { patient: id, test: tests.potassium, laboratory: lab.gid, key: newKey() }, 'FORBIDDEN');
    await writing.refused(doctor, ORDER, { patient: id, test: tests.potassium, laboratory: (await own('clinic { id }')).clinic.id, key: newKey() }, 'NOT_FOUND', /no such laboratory/);
    await database.execute(`UPDATE patient SET deceased_on = kz_today() WHERE id = ${person.id}`);
    await writing.refused(doctor, ORDER, { patient: id, test: tests.potassium, laboratory: lab.gid, key: newKey() }, 'CONFLICT', /died/);
    await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${person.id}`);
    // The owner reads of every one: of conflicts and of what was asked badly too, which no function needs to say whose they are about.
    const refusals = (field) => database.query(`SELECT l.role, l.refused, count(*)::int AS n FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.patient_id = ${person.id} AND l.refused AND p.parts = 'Mutation(${field})'
      AND l.role = 'DOCTOR' GROUP BY 1, 2`);
    await until(async () => (await refusals('orderLabTest'))[0]?.n === 3, 'FORBIDDEN (elsewhere), NOT_FOUND and CONFLICT on record');
    await writing.refused(lab.who, ADD, { order: (await order(tests.ferritin)).id, key: newKey() }, 'BAD_USER_INPUT');
    await until(() => database.value(`SELECT count(*) FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.refused AND p.parts = 'Mutation(addLabResult)' AND l.role = 'LABORATORY'`).then((n) => n > 5), 'BAD_USER_INPUT on record');
    const cancelled = await order(tests.potassium);
    await database.execute(`UPDATE lab_result SET status = 'cancelled' WHERE patient_id = ${person.id} AND order_number = '${cancelled.orderNumber}'`);
    await writing.refused(lab.who, ADD, { order: cancelled.id, value: 4, unit: 'mmol/L', key: newKey() }, 'CONFLICT', /cancelled/);
  });

  test('a result from elsewhere, by a doctor: with the range that its paper says', async () => {
    const variables = { patient: id, test: tests.haemoglobin, value: 131.5, unit: 'g/L', low: 120, high: 140, at: '2025-03-01T06:00:00Z', key: newKey() };
    const ask = (more) => writing.data(doctor, OUTSIDE, { ...variables, ...more }).then((data) => data.addOutsideLabResult);
    const made = await ask();
    assert.deepEqual([made.status, made.value, made.low, made.high, made.flag, made.laboratory, made.resultedAt], ['FINAL', 131.5, 120, 140, 'NORMAL', null, '2025-03-01T06:00:00Z']);
    assert.equal((await ask()).id, made.id);
    assert.equal((await ask({ low: null, high: null, key: newKey() })).flag, null, 'nothing to compare it with');
    assert.equal((await ask({ low: null, high: null, value: 60, key: newKey() })).flag, 'CRITICAL_LOW');
    for (const wrong of [{ unit: 'g/dL' }, { low: 150 }, { at: '2999-01-01T00:00:00Z' }, { at: '1900-01-01T00:00:00Z' }, { value: null, unit: null, text: 'теріс' }, { value: null }]) {
      await writing.refused(doctor, OUTSIDE, { ...variables, key: newKey(), ...wrong }, 'BAD_USER_INPUT');
    }
    assert.equal((await ask({ value: null, unit: null, low: null, high: null, text: 'теріс', key: newKey() })).text, 'теріс');
    // The day of birth begins in Kazakhstan, five hours before it does in UTC.
    const [{ born, eve }] = await database.query(`SELECT birth_date::text AS born, (birth_date - 1)::text AS eve FROM patient WHERE id = ${person.id}`);
    await ask({ at: `${born}T00:30:00+05:00`, key: newKey() });
    await writing.refused(doctor, OUTSIDE, { ...variables, at: `${eve}T23:30:00+05:00`, key: newKey() }, 'BAD_USER_INPUT', /birth/);
    await writing.data(doctor, REPORT, { patient: id, at: `${born}T00:30:00+05:00`, key: newKey() });
    await writing.refused(doctor, REPORT, { patient: id, at: `${eve}T23:30:00+05:00`, key: newKey() }, 'BAD_USER_INPUT', /birth/);
    await writing.refused(lab.who, OUTSIDE, { ...variables, key: newKey() }, 'FORBIDDEN');
  });

  test('the table keeps out another unit than the test has, whoever writes', async () => {
    const insert = (unit) => database.execute(`INSERT INTO lab_result (patient_id, lab_test_id, ordered_at, resulted_at, name, value, unit, loinc) SELECT ${person.id}, id, now(), now(), 'x', 4, '${unit}', loinc FROM lab_test WHERE loinc = '2823-3'`);
    await assert.rejects(insert('mg/dL'), /lab_result_unit|not in the unit/);
    await insert('mmol/L');
  });
});

describe('studies and models', () => {
  const at = '2026-01-05T05:00:00Z';
  const report = (variables) => writing.data(doctor, REPORT, { patient: id, at, key: newKey(), ...variables }).then((data) => data.addReport);
  const find = (study, more) => writing.data(doctor, FINDING, { report: study.id, key: newKey(), ...more }).then((data) => data.addAiFinding);

  test('a study is registered, described, and corrected; what models saw follows the version in force', async () => {
    const variables = { key: newKey() }, made = await report(variables);
    assert.deepEqual([made.status, made.conclusion, made.practitioner], ['REGISTERED', null, null]);
    assert.equal((await report(variables)).id, made.id);
    const describe1 = (study, conclusion, more) => writing.data(doctor, DESCRIBE, { report: study.id, conclusion, key: newKey(), ...more }).then((data) => data.describeReport);
    const first = await describe1(made, 'Пневмония', { preliminary: true }), finding = await find(made);
    assert.deepEqual([first.id, first.status, first.version], [made.id, 'PRELIMINARY', 1], 'the first conclusion is the study’s');
    // A preliminary conclusion that somebody may have acted on stays to be read, whatever follows it.
    const key = newKey(), second = await describe1(first, 'Күмәнді', { preliminary: true, key });
    assert.deepEqual(await describe1(first, 'Күмәнді', { preliminary: true, key }), second);
    assert.deepEqual([second.status, second.version, second.earlierVersions, second.findings], ['PRELIMINARY', 2, [{ id: made.id, conclusion: 'Пневмония' }], [{ id: finding.id }]]);
    const ten = await Promise.all(Array.from({ length: 10 }, () => writing.ask(doctor, DESCRIBE, { report: second.id, conclusion: 'Норма', key: newKey() })));
    const [final, ...more] = ten.filter(({ errors }) => !errors).map(({ data }) => data.describeReport);
    assert.equal(more.length, 0, 'one of ten at once');
    const corrected = await describe1(final, 'Оң жақта түйін');
    const history = [{ id: final.id, conclusion: 'Норма' }, { id: second.id, conclusion: 'Күмәнді' }, { id: made.id, conclusion: 'Пневмония' }];
    assert.deepEqual([final.status, corrected.status, corrected.version, corrected.earlierVersions, corrected.findings], ['FINAL', 'FINAL', 4, history, [{ id: finding.id }]]);
    assert.deepEqual((await own('diagnosticReports(first: 20) { nodes { id earlierVersions { id conclusion } } }')).diagnosticReports.nodes.find((one) => one.id === corrected.id).earlierVersions, history, 'the owner reads it');
    await everywhere('diagnosticReports(first: 50) { nodes { id conclusion } } aiFindings(first: 50) { nodes { id report { id } } }', ({ diagnosticReports, aiFindings }) => {
      assert.equal(diagnosticReports.nodes.find((one) => one.id === corrected.id).conclusion, 'Оң жақта түйін');
      assert.equal(diagnosticReports.nodes.find((one) => one.id === made.id), undefined);
      assert.equal(aiFindings.nodes.find((one) => one.id === finding.id).report.id, corrected.id);
    });
    await writing.refused(doctor, DESCRIBE, { report: made.id, conclusion: 'x', key: newKey() }, 'NOT_FOUND', /in force/);
    await writing.refused(doctor, DESCRIBE, { report: corrected.id, conclusion: 'x', preliminary: true, key: newKey() }, 'CONFLICT', /preliminary again/);
    await writing.refused(doctor, DESCRIBE, { report: corrected.id, conclusion: ' ', key: newKey() }, 'BAD_USER_INPUT');
    for (const wrong of [{ name: ' ' }, { loinc: 'x' }, { at: '2999-01-01T00:00:00Z' }, { at: '1900-01-01T00:00:00Z' }, { conclusion: 'x'.repeat(10_001) }]) await writing.refused(doctor, REPORT, { patient: id, at, key: newKey(), ...wrong }, 'BAD_USER_INPUT');
    for (const who of [asCitizen(), lab.who, { ...doctor, role: 'NURSE' }]) {
      await writing.refused(who, REPORT, { patient: id, at, key: newKey() }, 'FORBIDDEN');
      await writing.refused(who, DESCRIBE, { report: corrected.id, conclusion: 'x', key: newKey() }, 'FORBIDDEN');
    }
    await database.execute(`UPDATE diagnostic_report SET clinic_id = ${elsewhere.id} WHERE patient_id = ${person.id} AND conclusion = 'Оң жақта түйін'`);
    await writing.refused(doctor, DESCRIBE, { report: corrected.id, conclusion: 'x', key: newKey() }, 'FORBIDDEN', /where it was performed/);
  });

  test('what a model saw is preliminary until a doctor signs, once; a diagnosis comes of it only then', async () => {
    const study = await report({ conclusion: 'Түйін' });
    const key = newKey(), finding = await find(study, { key });
    assert.deepEqual([finding.status, finding.confirmedBy, finding.score], ['PRELIMINARY', null, 91]);
    assert.equal((await find(study, { key })).id, finding.id);
    await everywhere('aiFindings(first: 50) { nodes { id status notice(lang: EN) } }', ({ aiFindings }) => assert.match(aiFindings.nodes.find((one) => one.id === finding.id).notice, /no diagnosis/));
    for (const who of [asCitizen(), lab.who, { ...doctor, role: 'NURSE' }]) {
      for (const [text, variables] of [[CONFIRM, { finding: finding.id }], [REJECT, { finding: finding.id }], [FINDING, { report: study.id }]]) await writing.refused(who, text, { ...variables, key: newKey() }, 'FORBIDDEN');
    }
    await writing.refused(doctor, CONFIRM, { finding: finding.id, icd10: 'nonsense', key: newKey() }, 'BAD_USER_INPUT', /ICD-10/);
    const at1 = await Promise.all(Array.from({ length: 10 }, (_, i) => writing.ask(doctor, i % 2 ? CONFIRM : REJECT, { finding: finding.id, key: newKey(), ...i % 2 ? { icd10: 'J45.9' } : {} })));
    assert.equal(at1.filter(({ errors }) => !errors).length, 1, 'signed once, of ten at once');
    assert.ok(at1.filter(({ errors }) => errors).every(({ errors }) => errors[0].extensions.code === 'CONFLICT'));
    const second = await find(study, { label: 'fracture' });
    const variables = { finding: second.id, icd10: 'S22.3', key: newKey() };
    await database.execute(`INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('S22.3', 'x', 'x', 'x') ON CONFLICT DO NOTHING`);
    const { confirmAiFinding: signed } = await writing.data(doctor, CONFIRM, variables);
    assert.deepEqual([signed.status, signed.diagnosis.icd10, signed.confirmedBy.id.length > 0, signed.notice], ['CONFIRMED', 'S22.3', true, 'Confirmed by a clinician.']);
    assert.deepEqual((await writing.data(doctor, CONFIRM, variables)).confirmAiFinding, signed);
    await everywhere('diagnoses(first: 50) { nodes { icd10 } } aiFindings(first: 50) { nodes { id status } }', ({ diagnoses, aiFindings }) => {
      assert.ok(diagnoses.nodes.some(({ icd10 }) => icd10 === 'S22.3'));
      assert.equal(aiFindings.nodes.find((one) => one.id === second.id).status, 'CONFIRMED');
    });
    const third = await find(study, { label: 'shadow' });
    assert.deepEqual((await writing.data(doctor, REJECT, { finding: third.id, key: newKey() })).rejectAiFinding, { id: third.id, status: 'REJECTED', diagnosis: null });
    for (const wrong of [{ label: ' ' }, { model: '' }, { score: 101 }, { score: -1 }]) await writing.refused(doctor, FINDING, { report: study.id, key: newKey(), ...wrong }, 'BAD_USER_INPUT');
  });

  test('what the owner hid from the doctor is not there for the doctor', async () => {
    const study = await report({ conclusion: 'Жасырын' }), finding = await find(study);
    // Who made an entry sees it all the same: so these are somebody else's.
    await database.execute(`UPDATE ai_finding SET recorded_by = NULL WHERE patient_id = ${person.id}; UPDATE diagnostic_report SET recorded_by = NULL, practitioner_id = NULL WHERE patient_id = ${person.id}`);
    const HIDE = 'mutation ($entry: ID!) { hideEntry(entry: $entry, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', SHOW = 'mutation ($rule: ID!) { showAgain(rule: $rule) { id } }';
    for (const entry of [finding.id, study.id]) {
      const { hideEntry: { rule } } = await writing.data(asCitizen(), HIDE, { entry });
      for (const text of [CONFIRM, REJECT]) await writing.refused(doctor, text, { finding: finding.id, key: newKey() }, 'NOT_FOUND', /no such finding/);
      if (entry === study.id) {
        await writing.refused(doctor, DESCRIBE, { report: study.id, conclusion: 'x', key: newKey() }, 'NOT_FOUND', /no such study/);
        await writing.refused(doctor, FINDING, { report: study.id, key: newKey() }, 'NOT_FOUND', /no such study/);
      }
      await writing.data(asCitizen(), SHOW, { rule: rule.id });
    }
    assert.equal((await writing.data(doctor, REJECT, { finding: finding.id, key: newKey() })).rejectAiFinding.status, 'REJECTED');
  });

  test('nobody signs a finding of a model by a plain statement, unless a doctor did, once', async () => {
    const [{ report: study }] = await database.query(`SELECT min(id) AS report FROM diagnostic_report WHERE patient_id = ${person.id} AND superseded_by IS NULL`);
    const insert = (status, by) => database.execute(`INSERT INTO ai_finding (patient_id, report_id, found_at, model, model_version, label, status, confirmed_by, confirmed_at)
      VALUES (${person.id}, ${study}, now() - INTERVAL '1 hour', 'm', '1', 'planted', '${status}', ${by}, ${by === 'NULL' ? 'NULL' : 'now()'})`);
    await assert.rejects(insert('confirmed', person.doctor_id), /ai_finding_signed|not signed/);
    await insert('preliminary', 'NULL');
    const sign = (by, status) => database.execute(`UPDATE ai_finding SET status = '${status}', confirmed_by = ${by}, confirmed_at = now() WHERE patient_id = ${person.id} AND label = 'planted'`);
    const nobody = await database.value(`SELECT min(m.id) FROM practitioner m WHERE NOT EXISTS (SELECT FROM practitioner_role j WHERE j.practitioner_id = m.id AND j.role IN ('district_doctor', 'specialist', 'hospital_doctor'))`);
    await assert.rejects(sign(nobody, 'confirmed'), /ai_finding_signed|not signed/);
    await sign(person.doctor_id, 'confirmed');
    await assert.rejects(sign(person.doctor_id, 'rejected'), /ai_finding_signed|signed twice/);
  });
});

describe('certificates', () => {
  const ISSUE = 'mutation ($patient: ID!, $type: String = "health_state", $to: Date, $key: String!) { issueCertificate(patient: $patient, type: $type, validTo: $to, idempotencyKey: $key) { id number issuedOn validTo valid clinic { id } type { code } } }';
  const REVOKE = 'mutation ($certificate: ID!, $reason: String = "Қате берілген", $key: String!) { revokeCertificate(certificate: $certificate, reason: $reason, idempotencyKey: $key) { id valid revokedAt revocationReason } }';
  const VERIFY = 'query ($token: String!) { verifyCertificate(token: $token) { valid type { code } } }';
  const issue = (more) => writing.data(doctor, ISSUE, { patient: id, key: newKey(), ...more }).then((data) => data.issueCertificate);
  const tokenOf = async (one) => (await own('certificates(first: 50) { nodes { id qrToken } }')).certificates.nodes.find((each) => each.id === one.id).qrToken;
  const day = (n) => database.value(`SELECT (now() AT TIME ZONE INTERVAL '5 hours')::date + ${n}`);

  test('issued with a number and a token of its own, valid as its kind says or shorter; anybody with the token learns that and no more', async () => {
    const variables = { key: newKey() }, made = await issue(variables);
    assert.deepEqual([made.issuedOn, made.validTo, made.valid, made.type.code, /^A[0-9]{12}$/.test(made.number)], [await day(0), await day(180), true, 'health_state', true]);
    assert.deepEqual(await issue(variables), made, 'once for a key');
    assert.equal((await issue({ to: await day(10) })).validTo, await day(10));
    const many = await Promise.all(Array.from({ length: 20 }, () => issue()));
    const tokens = await Promise.all([made, ...many].map(tokenOf));
    assert.equal(new Set([made, ...many].map(({ number }) => number)).size + new Set(tokens).size, 42);
    assert.ok(tokens.every((token) => /^[0-9a-f]{64}$/.test(token)));
    assert.deepEqual((await writing.data(null, VERIFY, { token: tokens[0] })).verifyCertificate, { valid: true, type: { code: 'health_state' } });
    for (const [wrong, code] of [[{ to: await day(-1) }, 'BAD_USER_INPUT'], [{ to: await day(181) }, 'BAD_USER_INPUT'], [{ type: 'none' }, 'NOT_FOUND']]) await writing.refused(doctor, ISSUE, { patient: id, key: newKey(), ...wrong }, code);
    for (const who of [asCitizen(), lab.who, { ...doctor, role: 'NURSE' }]) await writing.refused(who, ISSUE, { patient: id, key: newKey() }, 'FORBIDDEN');
    await database.execute(`UPDATE patient SET deceased_on = kz_today() WHERE id = ${person.id}`);
    await writing.refused(doctor, ISSUE, { patient: id, key: newKey() }, 'CONFLICT', /died/);
    await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${person.id}`);
  });

  test('a sick leave ends on a day that is said, within 184 days; the person is told that a certificate is there', async () => {
    const type = 'sick_leave', before = Number(await told('certificate_issued'));
    for (const [to, said] of [[undefined, /has to be said/], ['9999-12-31', /at most 184 days/], [await day(185), /at most 184 days/]]) await writing.refused(doctor, ISSUE, { patient: id, type, to, key: newKey() }, 'BAD_USER_INPUT', said);
    assert.equal((await issue({ type, to: await day(7) })).validTo, await day(7));
    assert.equal(Number(await told('certificate_issued')), before + 1);
  });

  test('revoked where it was issued, once and for good, in both workers at once', async () => {
    const made = await issue(), token = await tokenOf(made), variables = { certificate: made.id, key: newKey() };
    for (const who of [asCitizen(), lab.who, { ...doctor, role: 'NURSE' }]) await writing.refused(who, REVOKE, { ...variables, key: newKey() }, 'FORBIDDEN', /that issued/);
    await writing.refused(doctor, REVOKE, { ...variables, reason: ' x ', key: newKey() }, 'BAD_USER_INPUT');
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => writing.ask(doctor, REVOKE, i < 5 ? variables : { ...variables, key: newKey() })));
    const done = answers.filter(({ errors }) => !errors).map(({ data }) => data.revokeCertificate);
    assert.ok([1, 5].includes(done.length), `${done.length}: one of those at once, with its key as often as it is sent`);
    for (const one of done) assert.deepEqual([one.id, one.valid, one.revocationReason, one.revokedAt], [made.id, false, 'Қате берілген', done[0].revokedAt]);
    for (let i = 0; i < 4; i++) assert.equal((await writing.data(null, VERIFY, { token })).verifyCertificate.valid, false);
    await everywhere('certificates(first: 50) { nodes { id valid } }', ({ certificates }) => assert.equal(certificates.nodes.find((one) => one.id === made.id).valid, false));
    const left = await issue();
    await database.execute(`UPDATE certificate SET clinic_id = ${elsewhere.id} WHERE patient_id = ${person.id} AND number = '${left.number}'`);
    await writing.refused(doctor, REVOKE, { certificate: left.id, key: newKey() }, 'FORBIDDEN', /that issued/);
  });

  test('revoked by a colleague who may see nothing of the person: done, and the owner reads that it was', async () => {
    const made = await issue();
    const colleague = await database.value(`SELECT m.iin FROM practitioner m JOIN practitioner_role j ON j.practitioner_id = m.id AND j.clinic_id = ${person.clinic_id} AND j.role = 'specialist'
      WHERE m.active AND j.valid_to IS NULL AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/${person.bin}', ${person.id})) ORDER BY m.id LIMIT 1`);
    const answer = await writing.ask({ role: 'DOCTOR', sub: colleague, org: person.bin }, REVOKE, { certificate: made.id, key: newKey() });
    assert.deepEqual(answer, { data: { revokeCertificate: null } });
    assert.equal((await own('certificates(first: 50) { nodes { id valid } }')).certificates.nodes.find((one) => one.id === made.id).valid, false);
    const rows = await until(() => database.query(`SELECT l.refused, p.parts FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.patient_id = ${person.id} AND l.person = '${colleague}'`).then((all) => all.length && all), 'its row');
    assert.equal(rows.length, 1);
    assert.equal(rows[0].refused, false);
    assert.match(rows[0].parts, /^Mutation\(revokeCertificate\) !Certificate\(/);
  });

  test('the table keeps out what is valid longer than its kind says, and what was revoked stays revoked', async () => {
    const insert = (days, type = 'health_state') => database.execute(`INSERT INTO certificate (patient_id, clinic_id, issued_on, valid_to, type_code, number, qr_token)
      VALUES (${person.id}, ${person.clinic_id}, kz_today(), ${days === null ? 'NULL' : `kz_today() + ${days}`}, '${type}', gen_random_uuid()::text, gen_random_uuid()::text)`);
    await insert(180);
    for (const days of [181, null]) await assert.rejects(insert(days), /longer than its kind says/);
    await assert.rejects(database.execute(`UPDATE certificate SET revoked_at = NULL, revocation_reason = NULL WHERE patient_id = ${person.id} AND revoked_at IS NOT NULL`), /stays revoked/);
  });
});
