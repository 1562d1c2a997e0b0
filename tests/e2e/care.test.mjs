// Care and its organisation through the server, beside what SQL says: visits, money, what is free, certificates, booking, plans of
// chronic-disease management, disputes and their queue, marks for doctors; and what the constraints of 0009_care.sql keep out.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys, officeOf } from './lib/tokens.mjs';

const keys = makeKeys();
let db, server;
let fund, centreBin;
let sick, child, doctor, clinic; // a person with a plan, visits and dispenses; a child; the person's district doctor, and where

const as = (claims) => ({ headers: keys.bearer(claims) });
const owner = () => as({ role: 'CITIZEN', sub: sick.iin });
const atWork = () => as({ role: 'DOCTOR', sub: doctor.iin, org: clinic.bin });
const centre = () => as({ role: 'CONTACT_CENTRE', sub: doctor.iin, org: centreBin });
const tenge = (tiyn) => `${Math.floor(tiyn / 100)}.${String(tiyn % 100).padStart(2, '0')}`;
const one = async (sql) => (await db.query(sql))[0];

/** The error of the one field that was asked for. */
async function refused(code, query, variables, options, message = /./) {
  const { errors } = await server.graphql(query, variables, options);
  assert.equal(errors?.length, 1, JSON.stringify(errors));
  assert.equal(errors[0].extensions.code, code);
  assert.match(errors[0].message, message);
}

before(async () => {
  db = await createDatabase();
  [fund, centreBin] = [await officeOf(db), await officeOf(db, 'CONTACT_CENTRE')];
  server = await startServer({ database: db, tokens: keys });
  sick = await one(`SELECT p.* FROM patient p JOIN care_plan c ON c.patient_id = p.id WHERE p.deceased_on IS NULL AND EXISTS (SELECT FROM dispense d WHERE d.patient_id = p.id)
    AND EXISTS (SELECT FROM encounter e WHERE e.patient_id = p.id AND e.cost > 0) ORDER BY p.id LIMIT 1`);
  child = await one(`SELECT * FROM patient WHERE deceased_on IS NULL AND birth_date BETWEEN now() - INTERVAL '12 years' AND now() - INTERVAL '5 years' AND sex = 'male' ORDER BY id LIMIT 1`);
  doctor = await one(`SELECT * FROM practitioner WHERE id = ${sick.district_doctor_id}`);
  clinic = await one(`SELECT * FROM clinic WHERE id = ${sick.clinic_id}`);
});
after(async () => {
  await server?.stop();
  await db?.drop();
  keys.remove();
});

describe('visits', () => {
  const VISITS = `query ($iin: ID!, $by: Confirmation) { patient(iin: $iin) { visits(first: 100, confirmedBy: $by) { nodes {
    startedAt kind confirmedBy icd10 cost paidByPatient payer rating clinic { id } practitioner { fullName } recordStatus } } } }`;
  const asked = async (options, by) => (await server.data(VISITS, { iin: sick.iin, by }, options)).patient.visits.nodes;

  test('all of them, newest first, also those that nobody confirmed', async () => {
    await db.execute(`INSERT INTO encounter (patient_id, clinic_id, started_at, kind, cost, paid_by_patient, payer) VALUES (${sick.id}, ${clinic.id}, '2026-10-01T05:00:00Z', 'home', 123456, 0, 'gobmp')`);
    const rows = await db.query(`SELECT * FROM encounter WHERE patient_id = ${sick.id} AND superseded_by IS NULL ORDER BY started_at DESC, id DESC`);
    const visits = await asked(owner());
    assert.deepEqual(visits.map(({ cost, kind, confirmedBy }) => [cost, kind, confirmedBy]), rows.map((row) => [tenge(row.cost), row.kind.toUpperCase(), row.confirmed_by.toUpperCase()]));
    const unconfirmed = await asked(owner(), 'NONE');
    assert.ok(unconfirmed.length > 0 && unconfirmed.length < visits.length);
    assert.ok(unconfirmed.some(({ cost, practitioner }) => cost === '1234.56' && practitioner === null));
  });
  test('a doctor sees no money, the payer no diagnosis', async () => {
    const query = 'query ($iin: ID!) { patient(iin: $iin) { visits(first: 1) { nodes { kind icd10 cost } } } }';
    for (const [options, hidden] of [[atWork(), 'cost'], [as({ role: 'PAYER', sub: doctor.iin, org: fund }), 'icd10']]) {
      const { data, errors } = await server.graphql(query, { iin: sick.iin }, options);
      assert.deepEqual(errors.map(({ path, extensions }) => [path.at(-1), extensions.code]), [[hidden, 'FORBIDDEN']]);
      assert.ok(data.patient.visits.nodes[0].kind);
    }
  });
  test('calls for an ambulance, with when the crew came and how it ended', async () => {
    const { patient_id: id, iin, number, outcome } = await one(`SELECT c.*, p.iin FROM ambulance_call c JOIN patient p ON p.id = c.patient_id WHERE outcome IS NOT NULL AND p.deceased_on IS NULL ORDER BY received_at LIMIT 1`);
    const { patient } = await server.data('query ($iin: ID!) { patient(iin: $iin) { ambulanceCalls { nodes { number category receivedAt arrivedAt outcome station { kind } } } } }', { iin }, as({ role: 'CITIZEN', sub: iin }));
    const call = patient.ambulanceCalls.nodes.find((each) => each.number === number);
    assert.equal(call.outcome, outcome.toUpperCase(), `of person ${id}`);
    assert.equal(call.station.kind, 'AMBULANCE');
    assert.ok(call.arrivedAt > call.receivedAt);
  });
});

describe('money', () => {
  const SPENDING = 'query ($iin: ID!, $year: Int) { patient(iin: $iin) { spending(year: $year) { year visits drugs cost paidByPatient paidByState } spendingLines(year: $year) { spentOn kind cost paidByPatient paidByState visit { id } dispense { id } } } }';
  const asked = async (year) => (await server.data(SPENDING, { iin: sick.iin, year }, owner())).patient;

  test('a year is the sum of its lines, and of visits and dispenses', async () => {
    const { spending: years } = await asked(null);
    assert.ok(years.length >= 1);
    for (const { year, ...sums } of years) {
      const [visits, drugs] = await db.query(`SELECT count(*)::int AS n, coalesce(sum(cost), 0)::bigint AS cost, coalesce(sum(paid_by_patient), 0)::bigint AS paid FROM encounter
          WHERE patient_id = ${sick.id} AND cost IS NOT NULL AND extract(year FROM started_at AT TIME ZONE 'Etc/GMT-5') = ${year}
        UNION ALL SELECT count(*)::int, coalesce(sum(price), 0), coalesce(sum(paid_by_patient), 0) FROM dispense WHERE patient_id = ${sick.id} AND extract(year FROM dispensed_on) = ${year}`);
      const cost = Number(visits.cost) + Number(drugs.cost), paid = Number(visits.paid) + Number(drugs.paid);
      assert.deepEqual(sums, { visits: visits.n, drugs: drugs.n, cost: tenge(cost), paidByPatient: tenge(paid), paidByState: tenge(cost - paid) });
      const { spending, spendingLines: lines } = await asked(year);
      assert.deepEqual(spending, [{ year, ...sums }]);
      assert.equal(lines.length, visits.n + drugs.n);
      assert.equal(lines.reduce((sum, line) => sum + Math.round(Number(line.cost) * 100), 0), cost);
      assert.deepEqual(lines.map(({ spentOn }) => spentOn), lines.map(({ spentOn }) => spentOn).sort().reverse());
      for (const { kind, visit, dispense } of lines) assert.deepEqual([visit !== null, dispense !== null], kind === 'VISIT' ? [true, false] : [false, true]);
    }
  });
  test('an entry that should not have been made costs nothing; a year that is none has nothing', async () => {
    const before = await asked(2026);
    await db.execute(`UPDATE encounter SET record_status = 'entered_in_error' WHERE patient_id = ${sick.id} AND cost = 123456`);
    const after = await asked(2026);
    assert.equal(Math.round((Number(before.spending[0].cost) - Number(after.spending[0].cost)) * 100), 123456);
    for (const year of [0, -1, 2147483647]) assert.deepEqual(await asked(year), { spending: [], spendingLines: [] });
  });
  test('is for the owner alone', async () => {
    for (const options of [atWork(), as({ role: 'PAYER', sub: doctor.iin, org: fund })]) await refused('FORBIDDEN', 'query ($iin: ID!) { patient(iin: $iin) { spending { year } } }', { iin: sick.iin }, options);
  });
});

describe('what is free for me', () => {
  const free = async (person) => (await server.data('query ($iin: ID!) { patient(iin: $iin) { entitlements { kind name(lang: EN) payer atc icd10 validFrom basis } } }', { iin: person.iin },
    as({ role: 'CITIZEN', sub: person.iin }))).patient.entitlements;
  const names = async (person) => (await free(person)).map(({ name }) => name);

  test('a child’s medicines, since 2020-01-01; no grown woman’s screening', async () => {
    const all = await free(child);
    assert.deepEqual(all.find(({ name }) => /prescribed to a child/.test(name)),
      { kind: 'DRUG', name: 'All medicines prescribed to a child', payer: 'OSMS', atc: null, icd10: null, validFrom: '2020-01-01', basis: 'МӘМС, 2020-01-01' });
    assert.ok(all.every(({ name }) => !/Mammography|Cervical|Colorectal/.test(name)));
    assert.deepEqual(all.map(({ kind }) => kind), all.map(({ kind }) => kind).sort().reverse(), 'services first');
  });
  test('medicines for a disease while it lasts, by its code', async () => {
    const code = await db.value(`SELECT icd10 FROM condition c JOIN care_plan p ON p.patient_id = c.patient_id AND p.condition_id = c.id WHERE c.patient_id = ${sick.id} LIMIT 1`);
    const mine = (await free(sick)).filter(({ icd10 }) => icd10 && code.startsWith(icd10));
    assert.equal(mine.length, 1, code);
    assert.ok(!(await names(sick)).includes('All medicines prescribed to a child'));
    await db.execute(`UPDATE condition SET record_status = 'entered_in_error' WHERE patient_id = ${sick.id} AND icd10 = '${code}'`);
    assert.ok((await free(sick)).every(({ name }) => name !== mine[0].name));
    await db.execute(`UPDATE condition SET record_status = 'active' WHERE patient_id = ${sick.id} AND icd10 = '${code}'`);
  });
  test('what needs insurance goes with it, and a rule with its last day', async () => {
    const needs = /^(Specialists' consultations|Planned hospital care)$/;
    assert.equal((await names(child)).filter((name) => needs.test(name)).length, 2);
    await db.execute(`UPDATE insurance_status SET valid_to = greatest(kz_today() - 1, valid_from + 1) WHERE patient_id = ${child.id} AND valid_to IS NULL`);
    const left = await names(child);
    assert.equal(left.filter((name) => needs.test(name)).length, 0);
    assert.ok(left.includes('Primary care'));
    await db.execute(`UPDATE free_entitlement SET valid_to = kz_today() - 2 WHERE name_en = 'Ambulance'`);
    assert.ok(!(await names(child)).includes('Ambulance'));
  });
  test('insurance with its category', async () => {
    const { category, insured } = await one(`SELECT * FROM insurance_status WHERE patient_id = ${sick.id} AND valid_to IS NULL`);
    const { patient } = await server.data('query ($iin: ID!) { patient(iin: $iin) { insurance(first: 1) { nodes { insured validTo category { code paidByState name(lang: EN) } } } } }', { iin: sick.iin }, owner());
    const [now] = patient.insurance.nodes;
    assert.deepEqual([now.insured, now.validTo, now.category?.code ?? null], [insured, null, category]);
  });
});

describe('certificates', () => {
  test('a token tells whether it is valid, and the kind; nothing else', async () => {
    const token = 'f'.repeat(64);
    await db.execute(`INSERT INTO certificate (patient_id, id, clinic_id, type_code, number, qr_token, issued_on, valid_to) VALUES (${sick.id}, 99, ${clinic.id}, 'driver', 'C-99', '${token}', '2026-01-01', kz_today() + 1)`);
    const check = async (text = token) => (await server.data('query ($token: String!) { verifyCertificate(token: $token) { valid type { code name(lang: EN) } } }', { token: text }, as({ role: 'CITIZEN', sub: child.iin }))).verifyCertificate;
    const type = { code: 'driver', name: 'Certificate of fitness to drive' };
    assert.deepEqual(await check(), { valid: true, type });
    assert.deepEqual(await check('e'.repeat(64)), { valid: false, type: null });
    await db.execute(`UPDATE certificate SET valid_to = kz_today() - 2 WHERE id = 99 AND patient_id = ${sick.id}`);
    assert.deepEqual(await check(), { valid: false, type });
    await db.execute(`UPDATE certificate SET valid_to = NULL, revoked_at = now(), revocation_reason = 'x' WHERE id = 99 AND patient_id = ${sick.id}`);
    assert.deepEqual(await check(), { valid: false, type });
    const { patient } = await server.data('query ($iin: ID!) { patient(iin: $iin) { certificates(type: "driver") { nodes { number valid revocationReason qrToken type { code } } } } }', { iin: sick.iin }, owner());
    assert.deepEqual(patient.certificates.nodes.find(({ number }) => number === 'C-99'), { number: 'C-99', valid: false, revocationReason: 'x', qrToken: token, type: { code: 'driver' } });
  });
});

describe('booking', () => {
  let place;
  before(async () => {
    place = (await server.data('query ($iin: ID!) { patient(iin: $iin) { clinic { id } } }', { iin: sick.iin }, owner())).patient.clinic.id;
    await db.execute(`DELETE FROM slot; INSERT INTO slot (id, practitioner_id, clinic_id, starts_at, minutes, capacity, taken)
      SELECT i, d, ${clinic.id}, date_trunc('hour', now()) + INTERVAL '25 hours' + i * INTERVAL '20 minutes', 20, 2, taken
        FROM (VALUES (3, ${doctor.id}, 0), (2, ${doctor.id}, 1), (1, ${doctor.id}, 2), (4, ${12700 + clinic.id}, 0), (-9999, ${doctor.id}, 0)) v (i, d, taken)`);
  });
  const SLOTS = 'query ($clinic: ID!, $specialty: String, $from: Date, $to: Date) { freeSlots(clinic: $clinic, specialty: $specialty, from: $from, to: $to) { startsAt minutes practitioner { fullName specialty(lang: RU) } } }';
  const free = async (more = {}) => (await server.data(SLOTS, { clinic: place, ...more }, owner())).freeSlots;

  test('those that are to come and not full, earliest first; of one specialty', async () => {
    const all = await free();
    assert.equal(all.length, 3);
    assert.deepEqual(all.map(({ startsAt }) => startsAt), all.map(({ startsAt }) => startsAt).sort());
    const { specialty } = all.at(-1).practitioner;
    assert.deepEqual(await free({ specialty: specialty.toUpperCase() }), all.slice(-1));
    assert.deepEqual(await free({ specialty: 'no such' }), []);
    await db.execute('UPDATE slot SET taken = 2 WHERE id = 3');
    assert.equal((await free()).length, 2, 'at once');
    assert.deepEqual(await free({ from: '2120-01-01', to: '2120-01-05' }), []);
    await refused('BAD_USER_INPUT', SLOTS, { clinic: place, from: '2120-01-01', to: '2120-02-01' }, owner(), /at most 31 days/);
  });
  test('the doctor’s day: own appointments of that day, in order, without cancelled ones', async () => {
    const others = await db.query(`SELECT id FROM patient WHERE id <> ${sick.id} AND deceased_on IS NULL ORDER BY id LIMIT 2`);
    await db.execute(`DELETE FROM appointment WHERE practitioner_id = ${doctor.id};
      INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at, status) VALUES
      (${sick.id}, ${doctor.id}, ${clinic.id}, (kz_today() + 2 + time '06:00') AT TIME ZONE 'UTC', 'booked'), (${others[0].id}, ${doctor.id}, ${clinic.id}, (kz_today() + 2 + time '05:00') AT TIME ZONE 'UTC', 'booked'),
      (${others[1].id}, ${doctor.id}, ${clinic.id}, (kz_today() + 2 + time '07:00') AT TIME ZONE 'UTC', 'cancelled'), (${others[1].id}, ${doctor.id}, ${clinic.id}, (kz_today() + 3 + time '07:00') AT TIME ZONE 'UTC', 'booked')`);
    const date = await db.value('SELECT (kz_today() + 2)::text');
    const { doctorDay } = await server.data('query ($date: Date!) { doctorDay(date: $date) { status patient { fullName diagnoses(first: 1) { nodes { icd10 } } } } }', { date }, atWork());
    const name = async (id) => db.value(`SELECT full_name FROM patient WHERE id = ${id}`);
    assert.deepEqual(doctorDay.map(({ patient }) => patient.fullName), [await name(others[0].id), sick.full_name]);
    await refused('FORBIDDEN', 'query ($date: Date!) { doctorDay(date: $date) { status } }', { date }, owner());
    const { patient } = await server.data('query ($iin: ID!) { patient(iin: $iin) { appointments(status: BOOKED, first: 1) { nodes { startsAt practitioner { fullName } clinic { id } } } } }', { iin: sick.iin }, owner());
    assert.equal(patient.appointments.nodes[0].practitioner.fullName, doctor.full_name);
  });
});

describe('plans of chronic-disease management', () => {
  test('goals, team, tasks with their days', async () => {
    const { patient } = await server.data(`query ($iin: ID!) { patient(iin: $iin) {
      carePlans(first: 5) { nodes { title status diagnosis { icd10 } practitioner { fullName } goals { description status dueOn } team { fullName } tasks { kind dueOn doneOn status plan { title } } } }
      careTasks(status: PLANNED) { nodes { status } } } }`, { iin: sick.iin }, owner());
    const [plan] = patient.carePlans.nodes;
    assert.deepEqual([plan.status, plan.goals.length, plan.team.length, plan.tasks.length], ['ACTIVE', 2, 2, 4]);
    assert.deepEqual(plan.tasks.map(({ dueOn }) => dueOn), plan.tasks.map(({ dueOn }) => dueOn).sort());
    assert.ok(plan.tasks.every(({ status, doneOn, plan: { title } }) => (status === 'DONE') === (doneOn !== null) && title === plan.title));
    assert.equal(plan.practitioner.fullName, doctor.full_name);
    assert.ok(patient.careTasks.nodes.every(({ status }) => status === 'PLANNED'));
  });
});

describe('disputes', () => {
  before(async () => {
    // Not where the doctor works who asks below: the clinic of an entry answers (disputes-mutations.test.mjs).
    const elsewhere = await db.value(`SELECT max(id) FROM clinic WHERE id <> (SELECT clinic_id FROM patient WHERE id = ${sick.id})`);
    await db.execute(`DELETE FROM dispute;
      INSERT INTO dispute (patient_id, clinic_id, item_table, item_id, made_at, number, reason, channel, text) SELECT ${sick.id}, ${elsewhere}, 'encounter', min(id), '2026-01-02T00:00Z', 'D-2', 'not_there', 'app', 'мен болған жоқпын' FROM encounter WHERE patient_id = ${sick.id};
      INSERT INTO dispute (patient_id, clinic_id, item_table, item_id, made_at, number, reason, channel) SELECT ${sick.id}, ${elsewhere}, 'condition', min(id), '2026-01-01T00:00Z', 'D-1', 'wrong_diagnosis', '1414' FROM condition WHERE patient_id = ${sick.id};
      INSERT INTO dispute (patient_id, item_table, item_id, made_at, number, reason, channel, status, answered_at, answer) VALUES (${child.id}, 'immunization', 1, '2025-01-01T00:00Z', 'D-0', 'other', '1439', 'rejected', '2025-01-05T00:00Z', 'жауап')`);
  });
  const QUEUE = 'query ($after: String, $channel: DisputeChannel) { reportQueue(after: $after, channel: $channel) { number entryKind reason text channel status madeAt } }';

  test('the owner sees the entry, the status and the answer; a doctor of another clinic nothing of it', async () => {
    const MINE = 'query ($iin: ID!) { patient(iin: $iin) { disputes { nodes { number status answer entry { __typename ... on Encounter { kind } ... on Diagnosis { icd10 } } } } } }';
    const { patient } = await server.data(MINE, { iin: sick.iin }, owner());
    assert.deepEqual(patient.disputes.nodes.map(({ number, entry }) => [number, entry.__typename]), [['D-2', 'Encounter'], ['D-1', 'Diagnosis']]);
    const other = await server.data(MINE, { iin: child.iin }, as({ role: 'CITIZEN', sub: child.iin }));
    assert.deepEqual(other.patient.disputes.nodes, [{ number: 'D-0', status: 'REJECTED', answer: 'жауап', entry: null }]);
    await refused('FORBIDDEN', MINE, { iin: sick.iin }, atWork());
  });
  test('the queue: what waits, oldest first, page by page, of one channel', async () => {
    const { reportQueue } = await server.data(QUEUE, {}, centre());
    assert.deepEqual(reportQueue, [
      { number: 'D-1', entryKind: 'DIAGNOSIS', reason: 'WRONG_DIAGNOSIS', text: null, channel: 'CALL_1414', status: 'OPEN', madeAt: '2026-01-01T00:00:00Z' },
      { number: 'D-2', entryKind: 'ENCOUNTER', reason: 'NOT_THERE', text: 'мен болған жоқпын', channel: 'APP', status: 'OPEN', madeAt: '2026-01-02T00:00:00Z' }]);
    assert.deepEqual((await server.data(QUEUE, { after: 'D-1' }, centre())).reportQueue, reportQueue.slice(1));
    assert.deepEqual((await server.data(QUEUE, { channel: 'CALL_1414' }, centre())).reportQueue, reportQueue.slice(0, 1));
    await refused('BAD_USER_INPUT', QUEUE, { after: 'D-9' }, centre(), /No report has the number/);
    assert.deepEqual(await db.query(`SELECT DISTINCT l.capacities, l.refused, p.parts FROM access_log l JOIN access_parts p ON p.hash = l.parts JOIN patient o ON o.id = l.patient_id WHERE l.role = 'CONTACT_CENTRE' AND o.iin = '${sick.iin}'`),
      [{ capacities: 'CONTACT_CENTRE', refused: false, parts: 'Report(channel entryKind madeAt number reason status text)' }], 'the words were the person’s own');
  });
  test('is for the contact centre, which sees nobody’s record', async () => {
    for (const options of [owner(), atWork(), as({ role: 'MANAGER', sub: doctor.iin })]) await refused('FORBIDDEN', QUEUE, {}, options, /Only the contact centre/);
    assert.deepEqual(await server.data('query ($iin: ID!) { patient(iin: $iin) { fullName } }', { iin: sick.iin }, centre()), { patient: null });
  });
});

describe('marks for doctors, and for organisations', () => {
  test('shown from ten on, of confirmed visits, without what was withdrawn: one of each person, the last', async () => {
    const people = [sick.id, ...(await db.query(`SELECT id FROM patient WHERE deceased_on IS NULL AND birth_date < '1990-01-01' AND id <> ${sick.id} ORDER BY id LIMIT 19`)).map((row) => row.id)];
    const { id } = await one('SELECT max(id) AS id FROM practitioner');
    const ofClinic = async () => (await server.data('query ($iin: ID!) { patient(iin: $iin) { visits(first: 1, startedAt: { to: "2020-01-01T23:00:00Z" }) { nodes { clinic { rating ratingCount } } } } }', { iin: sick.iin }, owner()))
      .patient.visits.nodes[0].clinic;
    let n = 1000;
    const give = (who, score) => db.execute(`INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at) VALUES (${who}, ${++n}, ${clinic.id}, ${id}, '2020-01-01', 'visit', 'qr', '2020-01-02');
      INSERT INTO rating (patient_id, encounter_id, practitioner_id, score) VALUES (${who}, ${n}, ${id}, ${score})`);
    await db.execute(`DELETE FROM rating WHERE practitioner_id = ${id} OR clinic_id = ${clinic.id}`);
    const shown = async () => (await server.data('query ($iin: ID!) { patient(iin: $iin) { visits(first: 100, startedAt: { to: "2020-01-01T23:00:00Z" }) { nodes { rating practitioner { rating ratingCount } } } } }', { iin: sick.iin }, owner()))
      .patient.visits.nodes.map(({ rating, practitioner }) => [rating, practitioner.rating, practitioner.ratingCount]);
    for (const who of people.slice(0, 9)) await give(who, 5);
    for (const score of [5, 5, 2]) await give(sick.id, score); // twelve marks, of nine people
    assert.deepEqual((await shown())[0].slice(1), [null, null]);
    assert.deepEqual(await ofClinic(), { rating: null, ratingCount: null });
    await give(people[9], 5);
    const ten = await one(`SELECT practitioner_rating(p) AS mean, practitioner_rating_count(p) AS n FROM practitioner p WHERE id = ${id}`);
    assert.deepEqual([Number(ten.mean), ten.n], [470, 10]);
    assert.deepEqual((await shown()).find(([rating]) => rating === 2), [2, '4.70', 10]);
    assert.deepEqual(await ofClinic(), { rating: '4.70', ratingCount: 10 });
    // One more mark moves nothing: it could be reckoned from two means.
    const now = () => one(`SELECT practitioner_rating(p)::integer AS mean, practitioner_rating_count(p) AS n, clinic_rating(c)::integer AS place, clinic_rating_count(c) AS there FROM practitioner p, clinic c WHERE p.id = ${id} AND c.id = ${clinic.id}`);
    for (const who of people.slice(10, 19)) await give(who, 1);
    await give(sick.id, 1);
    assert.deepEqual(await now(), { mean: 470, n: 10, place: 470, there: 10 });
    await give(people[19], 1);
    assert.deepEqual(await now(), { mean: 280, n: 20, place: 280, there: 20 });
    await db.execute(`UPDATE rating SET withdrawn = true WHERE practitioner_id = ${id} AND score = 1`);
    assert.deepEqual(await now(), { mean: 470, n: 10, place: 470, there: 10 });
    await db.execute(`UPDATE rating SET withdrawn = true WHERE practitioner_id = ${id} AND patient_id = ${people[9]}`);
    assert.equal(await db.value(`SELECT practitioner_rating(p) IS NULL FROM practitioner p WHERE id = ${id}`), true);
  });
});

describe('what the tables keep out', () => {
  const refuses = (sql, pattern) => assert.rejects(db.execute(sql), (error) => {
    assert.match(error.message, pattern);
    return true;
  });
  const insert = (table, row) => `INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.values(row).map((value) => (value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : value))})`;
  const lets = (sql) => db.execute(`BEGIN; ${sql}; ROLLBACK;`);

  test('visits', async () => {
    const visit = (more) => insert('encounter', { patient_id: sick.id, id: 2000, clinic_id: clinic.id, practitioner_id: doctor.id, started_at: '2026-01-01T05:00Z', kind: 'visit', ...more });
    await lets(visit({ cost: 100, paid_by_patient: 100, payer: 'paid' }));
    await refuses(visit({ cost: 100, paid_by_patient: 101, payer: 'paid' }), /encounter_check/);
    await refuses(visit({ cost: 100, paid_by_patient: 1, payer: 'osms' }), /encounter_check/);
    await refuses(visit({ cost: 100 }), /encounter_check/);
    await refuses(visit({ confirmed_by: 'sms' }), /encounter_check/);
    await refuses(visit({ ended_at: '2025-12-31T05:00Z' }), /encounter_check/);
    const rating = insert('rating', { patient_id: sick.id, encounter_id: 2000, practitioner_id: doctor.id, score: 5 });
    await refuses(`BEGIN; ${visit({})}; ${rating}`, /was confirmed/);
    const confirmed = visit({ confirmed_by: 'egov', confirmed_at: '2026-01-01T06:00Z' });
    await lets(`${confirmed}; ${rating}`);
    await refuses(`BEGIN; ${confirmed}; ${rating}; ${rating}`, /rating_patient_id_encounter_id_key/);
    await refuses(`BEGIN; ${confirmed}; ${rating.replace(String(doctor.id), String(12700 + clinic.id))}`, /whom it was with/);
    await refuses(`BEGIN; ${confirmed}; ${rating.replace('5)', '6)')}`, /rating_score_check/);
  });
  test('slots, certificates, insurance, tasks, disputes, calls', async () => {
    const slot = (more) => insert('slot', { practitioner_id: doctor.id, clinic_id: clinic.id, starts_at: '2020-01-01T05:00Z', minutes: 15, ...more });
    await refuses(slot({ taken: 2 }), /slot_check/);
    await refuses(`BEGIN; ${slot({})}; ${slot({})}`, /slot_practitioner_id_starts_at_key/);
    const certificate = (more) => insert('certificate', { patient_id: sick.id, clinic_id: clinic.id, type_code: 'pool', number: 'N', qr_token: 'd'.repeat(64), issued_on: '2026-01-01', valid_to: '2026-01-02', ...more });
    await refuses(certificate({ qr_token: 'short' }), /certificate_qr_token_check/);
    await refuses(certificate({ revoked_at: '2026-01-02' }), /certificate_check/);
    await refuses(certificate({ valid_to: '2025-12-31' }), /certificate_check/);
    await refuses(`BEGIN; ${certificate({})}; ${certificate({ qr_token: 'c'.repeat(64) })}`, /certificate_number/);
    await refuses(`BEGIN; ${certificate({})}; ${certificate({ number: 'M' })}`, /certificate_qr_token/);
    await refuses(insert('insurance_status', { patient_id: sick.id, insured: 'true', valid_from: '2010-01-01', valid_to: '2011-01-01' }), /insurance_status_check/);
    await refuses(insert('insurance_status', { patient_id: sick.id, insured: 'false', valid_from: '2010-01-01' }), /insurance_status_one_open/);
    const plan = await db.value(`SELECT min(id) FROM care_plan WHERE patient_id = ${sick.id}`);
    await refuses(insert('care_task', { patient_id: sick.id, care_plan_id: plan, due_on: '2026-01-01', kind: 'test', status: 'done', description: 'x' }), /care_task_check/);
    await refuses(insert('care_task', { patient_id: child.id, care_plan_id: plan, due_on: '2026-01-01', kind: 'test', description: 'x' }), /care_task_patient_id_care_plan_id_fkey/);
    const dispute = (more) => insert('dispute', { patient_id: child.id, item_table: 'allergy', item_id: 1, number: 'X-1', reason: 'other', channel: 'app', ...more });
    await refuses(dispute({ status: 'upheld' }), /dispute_check/);
    await refuses(`BEGIN; ${dispute({})}; ${dispute({ number: 'X-2' })}`, /dispute_one_open/);
    await refuses(`UPDATE ambulance_call SET arrived_at = received_at - INTERVAL '1 minute'`, /ambulance_call_check/);
    await refuses(`UPDATE ambulance_call SET closed_at = NULL, arrived_at = NULL WHERE outcome IS NOT NULL`, /ambulance_call_check/);
    await refuses(insert('free_entitlement', { kind: 'service', atc: 'A10', payer: 'gobmp', valid_from: '2020-01-01', name_kk: 'x', name_ru: 'x', name_en: 'x', basis: 'x' }), /free_entitlement_check/);
  });
});
