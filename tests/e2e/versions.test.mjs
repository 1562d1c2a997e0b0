// What was said of one version of an entry holds for the entry, however often it is corrected: marks, what was given out, disputes, confirmations. Through the server.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TOP } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';
import { officeOf } from './lib/tokens.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const DISPUTE = 'mutation ($entry: ID!, $reason: DisputeReason = NOT_THERE, $key: String!) { disputeRecord(entry: $entry, reason: $reason, idempotencyKey: $key) { id } }';
const RATE = 'mutation ($visit: ID!, $score: Int = 4, $key: String!) { rateDoctor(visit: $visit, score: $score, idempotencyKey: $key) { id rating } }';

let writing, database, person, minutes = 0;
const owner = () => ({ role: 'CITIZEN', sub: person.iin });
const own = (what) => writing.data(owner(), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);
const node = (id, what) => writing.data(owner(), `query ($id: ID!) { node(id: $id) { ${what} } }`, { id }).then((data) => data.node);

const next = (table) => database.value(`SELECT nextval(pg_get_serial_sequence('${table}', 'id'))`).then(Number);
/** A row of this table is corrected as another system does it; the number of the version that does. `changes` are columns with what they become, in SQL. */
async function corrected(table, number, changes = {}) {
  const columns = await database.query(`SELECT attname AS name FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped`);
  const values = columns.map(({ name }) => changes[name] ?? { id: 'made.id', version: 'o.version + 1', source_rec: 'NULL', superseded_by: 'NULL' }[name] ?? `o.${name}`);
  const at = await next(table);
  await database.execute(`BEGIN; UPDATE ${table} SET superseded_by = ${at} WHERE patient_id = ${person.id} AND id = ${number};
    INSERT INTO ${table} (${columns.map(({ name }) => name)}) SELECT ${values} FROM ${table} o, (SELECT ${at}::bigint AS id) made WHERE o.patient_id = ${person.id} AND o.id = ${number}; COMMIT`);
  return at;
}

/** A confirmed visit an hour ago: its number. */
async function visit(columns = {}) {
  const row = { id: await next('encounter'), clinic_id: person.clinic_id, practitioner_id: person.doctor_id, started_at: `now() - INTERVAL '${60 + ++minutes} minutes'`, kind: "'visit'", confirmed_by: "'sms'", confirmed_at: 'now()', ...columns };
  await database.execute(`INSERT INTO encounter (patient_id, ${Object.keys(row)}) VALUES (${person.id}, ${Object.values(row)})`);
  return row.id;
}
/** The id that the API gives a version of a visit, found by its beginning and version. */
async function idOf(number) {
  const [{ at, version }] = await database.query(`SELECT to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, version FROM encounter WHERE patient_id = ${person.id} AND id = ${number}`);
  const { visits } = await own('visits(first: 40) { nodes { id version startedAt earlierVersions { id version startedAt } } }');
  return visits.nodes.flatMap((one) => [one, ...one.earlierVersions]).find((one) => one.version === version && Date.parse(one.startedAt) === Date.parse(at)).id;
}
const rating = (number, score = 3) => `INSERT INTO rating (patient_id, encounter_id, practitioner_id, score) VALUES (${person.id}, ${number}, ${person.doctor_id}, ${score})`;

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  [person] = await database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND birth_date BETWEEN '1950-01-01' AND '1990-01-01' ORDER BY p.id LIMIT 1`);
  await database.execute(`DELETE FROM rating WHERE patient_id = ${person.id}`);
});
after(() => writing?.stop());

describe('a visit has one mark', () => {
  test('whichever version was given it: all show it, and none gets another', async () => {
    const first = await visit(), marked = await corrected('encounter', first), variables = { visit: await idOf(marked), key: newKey() };
    assert.deepEqual((await writing.data(owner(), RATE, variables)).rateDoctor, { id: variables.visit, rating: 4 });
    let last = marked;
    for (let n = 0; n < 3; n++) last = await corrected('encounter', last);
    for (const one of [first, marked, last]) assert.deepEqual(await node(await idOf(one), '... on Encounter { rating }'), { rating: 4 }, String(one));
    await writing.refused(owner(), RATE, { visit: await idOf(last), key: newKey() }, 'CONFLICT', /already/);
    await writing.refused(owner(), RATE, { visit: variables.visit, key: newKey() }, 'NOT_FOUND', /no such visit/);
    // The answer that was lost can be had again, though the visit was corrected meanwhile.
    assert.deepEqual((await writing.data(owner(), RATE, variables)).rateDoctor, { id: variables.visit, rating: 4 });
    for (const one of [first, marked, last]) await assert.rejects(database.execute(rating(one)), /rating_patient_id_encounter_id_key/, String(one));
    assert.equal(await database.value(`SELECT encounter_id FROM rating WHERE patient_id = ${person.id}`), first);
  });

  test('of two that were one after all, either', async () => {
    const [one, other] = [await visit(), await visit()];
    await database.execute(rating(other));
    const both = await corrected('encounter', one);
    await database.execute(`UPDATE encounter SET superseded_by = ${both} WHERE patient_id = ${person.id} AND id = ${other}`);
    const last = await corrected('encounter', both);
    assert.deepEqual(await node(await idOf(last), '... on Encounter { rating }'), { rating: 3 });
    await assert.rejects(database.execute(rating(last)), /rating_patient_id_encounter_id_key/);
  });

  test('of its version in force: confirmed, and of the doctor whom that names', async () => {
    const first = await visit(), now = await corrected('encounter', first, { practitioner_id: 'NULL' });
    for (const number of [first, now]) await assert.rejects(database.execute(rating(number)), /whom it was with/);
    const taken = await corrected('encounter', await visit(), { record_status: "'entered_in_error'" });
    await assert.rejects(database.execute(rating(taken)), /whom it was with/);
  });

  test('of all that are given at once, while it is corrected, one', async () => {
    for (let n = 0; n < 5; n++) {
      const first = await visit(), second = await next('encounter'), asked = await idOf(first);
      const correct = database.execute(`BEGIN; UPDATE encounter SET superseded_by = ${second} WHERE patient_id = ${person.id} AND id = ${first};
        INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at, version)
        SELECT patient_id, ${second}, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at, 2 FROM encounter WHERE patient_id = ${person.id} AND id = ${first}; ${rating(second)}; COMMIT`).then(() => true, () => false);
      const by = [...Array.from({ length: 5 }, () => writing.ask(owner(), RATE, { visit: asked, key: newKey() }).then(({ errors }) => !errors)),
        ...Array.from({ length: 3 }, () => database.execute(`BEGIN ISOLATION LEVEL REPEATABLE READ; ${rating(first)}; COMMIT`).then(() => true, () => false)), correct];
      const won = (await Promise.all(by)).filter(Boolean);
      assert.equal(won.length, 1);
      assert.equal(Number(await database.value(`SELECT count(*) FROM rating WHERE patient_id = ${person.id} AND encounter_id IN (${first}, ${second})`)), 1);
    }
  });
});

test('what was given out of a prescription counts for the version that corrects it', async () => {
  const [{ id: drug, pack }] = await database.query('SELECT id, pack_quantity::int AS pack FROM drug ORDER BY id LIMIT 1'), first = await next('prescription');
  await database.execute(`INSERT INTO prescription (patient_id, id, drug_id, prescriber_id, issued_on, valid_to, quantity, refills_left, number, dose)
    VALUES (${person.id}, ${first}, ${drug}, ${person.doctor_id}, kz_today(), kz_today() + 9, ${3 * pack}, 2, 'VERSIONS-1', 'x')`);
  const give = (prescription, quantity) => database.execute(`INSERT INTO dispense (patient_id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, dispensed_on, quantity)
    SELECT ${person.id}, ${prescription}, min(id), ${drug}, 0, 0, kz_today(), ${quantity} FROM pharmacy`);
  const left = async () => (await own('prescriptions(first: 1) { nodes { number version quantityLeft earlierVersions { quantityLeft } } }')).prescriptions.nodes[0];
  await give(first, 2 * pack);
  const second = await corrected('prescription', first), third = await corrected('prescription', second, { quantity: `${3 * pack + 5}` });
  assert.deepEqual(await left(), { number: 'VERSIONS-1', version: 3, quantityLeft: pack + 5, earlierVersions: [{ quantityLeft: pack }, { quantityLeft: pack }] });
  await assert.rejects(give(third, pack + 6), /dispense_quantity_left/);
  for (const old of [first, second]) await assert.rejects(give(old, 1), /dispense_in_force/);
  await give(third, pack + 5);
  assert.equal((await left()).quantityLeft, 0);
  // Less than was given out: what was, stays, and its receipt can be confirmed.
  const last = await corrected('prescription', third, { quantity: '5' });
  const { dispenses } = await own('dispenses(first: 2) { nodes { id quantity } }'), [large, small] = dispenses.nodes.toSorted((a, b) => b.quantity - a.quantity);
  assert.equal((await writing.data(owner(), 'mutation ($dispense: ID!, $key: String!) { confirmReceipt(dispense: $dispense, idempotencyKey: $key) { receipt } }', { dispense: large.id, key: newKey() })).confirmReceipt.receipt, 'CONFIRMED');
  // What was never received can be given out again, by the version in force.
  const { denyReceipt } = await writing.data(owner(), 'mutation ($dispense: ID!, $key: String!) { denyReceipt(dispense: $dispense, idempotencyKey: $key) { id } }', { dispense: small.id, key: newKey() });
  await writing.data({ role: 'PAYER', sub: person.doctor, org: await officeOf(database) }, 'mutation ($dispute: ID!, $key: String!) { answerDispute(dispute: $dispute, upheld: true, answer: "Дәріхана бермеген", idempotencyKey: $key) { status } }', { dispute: denyReceipt.id, key: newKey() });
  assert.deepEqual(await database.query(`SELECT id::int, status FROM prescription WHERE patient_id = ${person.id} AND number = 'VERSIONS-1' ORDER BY id`),
    [[first, 'active'], [second, 'active'], [third, 'dispensed'], [last, 'active']].map(([id, status]) => ({ id, status })));
});

describe('a visit that is corrected', () => {
  const shown = async (number) => node(await idOf(number), '... on Encounter { recordStatus confirmedBy }');
  const flags = (number) => database.value(`SELECT count(*) FROM private.visit_flag WHERE patient_id = ${person.id} AND encounter_id = ${number} AND rule = 'disputed'`).then(Number);

  test('never was all the same, while that is disputed: marked, flagged, given no mark; not disputed twice', async () => {
    const first = await visit(), entry = await idOf(first);
    await writing.data(owner(), DISPUTE, { entry, key: newKey() });
    let last = first;
    for (let n = 0; n < 2; n++) last = await corrected('encounter', last, { record_status: "'active'" });
    assert.equal((await shown(last)).recordStatus, 'DISPUTED');
    await writing.refused(owner(), DISPUTE, { entry: await idOf(last), key: newKey() }, 'CONFLICT', /already/);
    await writing.refused(owner(), RATE, { visit: await idOf(last), key: newKey() }, 'CONFLICT', /disputed/);
    await database.execute('BEGIN; SELECT compute_visit_flags(kz_today()); COMMIT');
    assert.equal(await flags(last), 1);
  });

  test('is as it is corrected where its data were disputed, and can be disputed anew', async () => {
    const first = await visit();
    await writing.data(owner(), DISPUTE, { entry: await idOf(first), reason: 'WRONG_DATA', key: newKey() });
    const now = await corrected('encounter', first, { record_status: "'active'" });
    assert.equal((await shown(now)).recordStatus, 'ACTIVE');
    await writing.data(owner(), DISPUTE, { entry: await idOf(now), key: newKey() });
  });

  test('took place, as was confirmed: with that doctor, there and on that day; else it is confirmed anew', async () => {
    const none = { confirmed_by: "'none'", confirmed_at: 'NULL' }, other = await database.value(`SELECT min(id) FROM practitioner WHERE id <> ${person.doctor_id}`);
    let last = await visit();
    for (let n = 0; n < 2; n++) last = await corrected('encounter', last, none);
    assert.equal((await shown(last)).confirmedBy, 'SMS');
    for (const change of [{ practitioner_id: other }, { clinic_id: `(SELECT min(id) FROM clinic WHERE id <> ${person.clinic_id})` }, { started_at: "o.started_at - INTERVAL '2 days'" }]) {
      assert.equal((await shown(await corrected('encounter', await visit(), { ...none, ...change }))).confirmedBy, 'NONE', JSON.stringify(change));
    }
    // One that was taken back had nothing to confirm.
    assert.equal((await shown(await corrected('encounter', await visit({ record_status: "'entered_in_error'" }), { ...none, record_status: "'active'" }))).confirmedBy, 'NONE');
  });
});

describe('what is disputed', () => {
  // One entry of each kind that the population has, whosever it is: with a dispute of this reason a new version is made, by a source or here; how that stands.
  const KINDS = `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'superseded_by' WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1`;
  const corrects = async (table, source, reason, { answered = false } = {}) => {
    const columns = (await database.query(`SELECT attname AS name FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped`)).map(({ name }) => name);
    const values = columns.map((name) => ({ id: 'x.made', version: 'o.version + 1', source_rec: 'NULL', superseded_by: 'NULL', source_id: source, record_status: "'active'" }[name] ?? `o.${name}`));
    const at = await next(table);
    return (await database.execute(`BEGIN; CREATE TEMP TABLE x ON COMMIT DROP AS SELECT patient_id, id, ${at}::bigint AS made FROM ${table} WHERE superseded_by IS NULL AND record_status = 'active' LIMIT 1;
      INSERT INTO dispute (patient_id, item_table, item_id, number, reason, channel, status, answered_at, answer) SELECT patient_id, '${table}', id, 'V-${table}-${at}', '${reason}', 'app', ${answered ? "'rejected', now(), 'x'" : "'open', NULL, NULL"} FROM x;
      UPDATE ${table} t SET superseded_by = x.made, record_status = 'disputed' FROM x WHERE t.patient_id = x.patient_id AND t.id = x.id;
      INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${table} o JOIN x USING (patient_id, id); SELECT t.record_status FROM ${table} t JOIN x ON x.patient_id = t.patient_id AND t.id = x.made; ROLLBACK`)).trim();
  };

  test('stays so in the version that its source sends, of every kind and for every reason; in one that is made here where it never was', async () => {
    const seen = [];
    for (const { name: table } of await database.query(KINDS)) {
      const status = await corrects(table, 100, 'wrong_data');
      if (status === '') continue; // nobody has one
      seen.push(table);
      assert.deepEqual([status, await corrects(table, 100, 'not_there'), await corrects(table, 1, 'not_there'), await corrects(table, 1, 'wrong_data'), await corrects(table, 100, 'wrong_data', { answered: true })],
        ['disputed', 'disputed', 'disputed', 'active', 'active'], table);
    }
    assert.ok(seen.length >= 25, seen.join());
    const without = await database.query(`${KINDS.replace('ORDER BY 1', '')} AND NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = c.oid AND p.proname = 'entry_stays_disputed')`);
    assert.deepEqual(without, []);
  });
});

test('what hangs on an entry is there in the version that corrects it', async () => {
  const add = async (table, columns) => {
    const row = { patient_id: person.id, id: await next(table), ...columns };
    await database.execute(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.values(row)})`);
    return row.id;
  };
  const twice = async (table, number, changes) => corrected(table, await corrected(table, number), changes);
  const plan = await add('care_plan', { clinic_id: person.clinic_id, practitioner_id: person.doctor_id, started_on: 'kz_today()', title: "'Версиялар'" });
  await add('care_goal', { care_plan_id: plan, set_on: 'kz_today()', description: "'Мақсат'" });
  await add('care_task', { care_plan_id: plan, due_on: 'kz_today()', kind: "'visit'", description: "'Қабылдау'" });
  await database.execute(`INSERT INTO care_participant (patient_id, care_plan_id, practitioner_id, since) VALUES (${person.id}, ${plan}, ${person.doctor_id}, kz_today())`);
  await twice('care_plan', plan);
  const [seen] = (await own('carePlans(first: 1) { nodes { version goals { description } tasks { description } team { id } } }')).carePlans.nodes;
  assert.deepEqual([seen.version, seen.goals, seen.tasks, seen.team.length], [3, [{ description: 'Мақсат' }], [{ description: 'Қабылдау' }], 1]);
  const study = await add('diagnostic_report', { clinic_id: person.clinic_id, practitioner_id: person.doctor_id, performed_at: 'now()', modality: "'xray'", status: "'final'", name: "'Кеуде'", conclusion: "'Қалыпты'" });
  await add('ai_finding', { report_id: study, found_at: 'now()', score: 90, label: "'Көлеңке'", model: "'m'", model_version: "'1'" });
  await twice('diagnostic_report', study);
  assert.deepEqual((await own('diagnosticReports(first: 1) { nodes { version findings { label } } }')).diagnosticReports.nodes, [{ version: 3, findings: [{ label: 'Көлеңке' }] }]);

  // In the summary, and on the card, from which a medicine for what is sensitive is kept.
  const icd10 = `'${await database.value(`SELECT min(code) FROM icd10 i WHERE mark IS NULL AND sens = 0 AND NOT EXISTS (SELECT FROM dispensary_registration d WHERE d.patient_id = ${person.id} AND left(d.icd10, 3) = left(i.code, 3))`)}'`;
  const ill = await add('condition', { recorded_on: 'kz_today()', icd10, name: "'Гипертензия'" }), drug = await database.value('SELECT min(id) FROM drug');
  await add('dispensary_registration', { clinic_id: person.clinic_id, practitioner_id: person.doctor_id, condition_id: ill, registered_on: 'kz_today()', group_number: 3, icd10 });
  await corrected('care_plan', Number(await database.value(`SELECT max(id) FROM care_plan WHERE patient_id = ${person.id}`)), { condition_id: ill });
  const prescribed = await add('prescription', { drug_id: drug, prescriber_id: person.doctor_id, issued_on: 'kz_today()', valid_to: 'kz_today() + 9', quantity: 30, number: "'VERSIONS-2'", dose: "'x'", condition_id: ill });
  await add('medication_statement', { started_on: 'kz_today()', origin: "'prescription'", name: "'Версия дәрісі'", prescription_id: prescribed });
  const card = () => database.value(`SELECT open FROM card_candidates(${person.id}, '{}') WHERE (item).worded LIKE '%Версия дәрісі%'`);
  assert.equal(await card(), true);
  await twice('prescription', prescribed);
  const named = (of) => database.value(`SELECT json_agg(jsonb_array_length(s.resource -> 'addresses')) FROM ${of}(${person.id}, '{}', 'kk') s WHERE s.day = kz_today()`);
  const other = await twice('condition', ill);
  for (const of of ['summary_plan', 'summary_care_plans']) assert.deepEqual(await named(of), [1], of);
  assert.deepEqual(await database.value(`SELECT json_agg(x.cells[2]) FROM summary_care_plans(${person.id}, '{}', 'kk') x WHERE x.day = kz_today()`), ['Версиялар: Мақсат']);
  assert.equal(Number(await database.value(`SELECT count(*) FROM summary_statements(${person.id}, '{}', 'kk') s WHERE s.cells[1] = 'Версия дәрісі'`)), 0, 'it is there as a prescription');
  assert.equal(await card(), true);
  await corrected('condition', other, { sens: 3 });
  assert.equal(await card(), false);
  // A prescription may be sensitive in itself, for no diagnosis.
  const alone = await add('prescription', { drug_id: drug, prescriber_id: person.doctor_id, issued_on: 'kz_today()', valid_to: 'kz_today() + 9', quantity: 30, number: "'VERSIONS-3'", dose: "'x'", sens: 2 });
  await add('medication_statement', { started_on: 'kz_today()', origin: "'prescription'", name: "'Жеке дәрі'", prescription_id: alone });
  assert.equal(await database.value(`SELECT open FROM card_candidates(${person.id}, '{}') WHERE (item).worded LIKE '%Жеке дәрі%'`), false);
});

/** The migrations whose number is wanted. */
async function migrate(db, wanted) {
  for (const file of readdirSync(path.join(TOP, 'db/migrations')).filter((name) => name.endsWith('.sql') && wanted(name.slice(0, 4))).sort()) {
    await db.execute(`BEGIN;\n${readFileSync(path.join(TOP, 'db/migrations', file), 'utf8')}\nCOMMIT;`);
  }
}

test('marks of before: the first of a visit counts on, others are withdrawn, all that can hang on the first version', async () => {
  const db = await createDatabase({ empty: true });
  try {
    await migrate(db, (number) => number < '0034');
    await db.execute(`INSERT INTO region (id, kato, name_kk, name_ru, name_en) VALUES (75, '750000000', 'А', 'А', 'A');
      INSERT INTO clinic (id, region_id, bin, kind, name, address) VALUES (1, 75, '140140024187', 'polyclinic', 'Емхана', 'Абай, 1');
      INSERT INTO practitioner (id, full_name, specialty) VALUES (1, 'Асанова Әсел', 'Терапевт');
      INSERT INTO patient (id, iin, full_name, birth_date, sex) VALUES (1, '791028302728', 'Сейітов Асхат', '1979-10-28', 'male');
      BEGIN;
      INSERT INTO encounter (patient_id, id, superseded_by, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at)
      SELECT 1, id, later, 1, 1, '2026-01-01', 'visit', 'sms', '2026-01-02' FROM (VALUES (1, 2), (2, 3), (3, NULL), (4, 5), (5, 6), (6, NULL), (7, NULL)) v (id, later);
      INSERT INTO rating (patient_id, id, encounter_id, practitioner_id, score) VALUES (1, 11, 1, 1, 5), (1, 12, 3, 1, 1), (1, 13, 5, 1, 4), (1, 14, 7, 1, 3);
      COMMIT;`);
    await migrate(db, (number) => number === '0034');
    assert.deepEqual(await db.query('SELECT id::int, encounter_id::int AS visit, withdrawn FROM rating ORDER BY id'),
      [[11, 1, false], [12, 3, true], [13, 4, false], [14, 7, false]].map(([id, visit1, withdrawn]) => ({ id, visit: visit1, withdrawn })));
  } finally {
    await db.drop();
  }
});

test('alarms and implants of before: an alarm knows its measurements, an implant that was imported again is one, and disputed as it was', async () => {
  const db = await createDatabase({ empty: true });
  try {
    await migrate(db, (number) => number < '0043');
    const keys = ['measurement_critical/1/observation:pulse:2026-01-02/sms', 'patient_critical/1/observation:3/practitioner:1', 'measurement_critical/1/observation:weight:2026-01-02/app', 'measurement_critical/1/diary:pulse:2026-01-02/sms',
      'patient_critical/1/lab_result:3/practitioner:1'];
    const implants = [[1, '1', 'entered_in_error'], [2, '1/_history/2', 'entered_in_error'], [3, '1/_history/3', 'active'], [4, '2', 'entered_in_error'], [5, '3', 'entered_in_error'], [6, '3/_history/3', 'active'], [7, '4', 'entered_in_error'], [8, '4/_history/2', 'active']];
    await db.execute(`INSERT INTO practitioner (id, full_name, specialty) VALUES (1, 'Асанова Әсел', 'Терапевт');
      INSERT INTO patient (id, iin, full_name, birth_date, sex) VALUES (1, '791028302728', 'Сейітов Асхат', '1979-10-28', 'male');
      INSERT INTO source_system (id, name, vendor) VALUES (50, 'vendor', 'vendor');
      INSERT INTO observation (patient_id, id, observed_at, kind, value, unit, flag) VALUES (1, 1, '2026-01-01T18:59Z', 'pulse', 190, '/min', 'critical_high'), (1, 2, '2026-01-01T19:00Z', 'pulse', 191, '/min', 'critical_high'),
        (1, 3, '2026-01-02T18:59Z', 'pulse', 192, '/min', 'critical_high'), (1, 4, '2026-01-02T18:59Z', 'pulse', 80, '/min', NULL);
      INSERT INTO private.outbox (patient_id, kind, channel, key) VALUES ${keys.map((key) => `(1, '${key.split('/')[0]}', '${key.endsWith('sms') ? 'sms' : 'app'}', '${key}')`)};
      INSERT INTO implant (patient_id, id, source_id, version, source_rec, implanted_on, kind, name, record_status) VALUES ${implants.map(([id, rec, status]) => `(1, ${id}, 50, ${rec.split('/').at(2) ?? 1}, 'Procedure/${rec}#implant', '2026-01-01', 'stent', 'x', '${status}')`)};
      INSERT INTO dispute (patient_id, item_table, item_id, number, reason, channel) VALUES (1, 'implant', 1, 'BEFORE-1', 'wrong_data', 'app')`);
    await migrate(db, (number) => number === '0043');
    assert.deepEqual(await db.query('SELECT key, measurements FROM private.outbox ORDER BY id'), [[2, 3], [3], null, null, null].map((measurements, n) => ({ key: keys[n], measurements })));
    assert.deepEqual(await db.query('SELECT id::int, superseded_by::int AS next, record_status AS said FROM implant ORDER BY id'), [[1, 2, 'disputed'], [2, 3, 'disputed'], [3, null, 'disputed'], [4, null, 'entered_in_error'],
      [5, null, 'entered_in_error'], [6, null, 'active'], [7, 8, 'active'], [8, null, 'active']].map(([id, next, said]) => ({ id, next, said })));
  } finally {
    await db.drop();
  }
});
