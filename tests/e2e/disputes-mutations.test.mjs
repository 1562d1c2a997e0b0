// Disputes and their answers, through the server: who answers, once and in time, what an upheld one takes back in every kind of entry, and that it then counts nowhere.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { officeOf } from './lib/tokens.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const DISPUTE = 'mutation ($entry: ID!, $reason: DisputeReason = NOT_THERE, $text: String, $key: String!) { disputeRecord(entry: $entry, reason: $reason, text: $text, idempotencyKey: $key) { id number status dueOn } }';
const ANSWER = 'mutation ($dispute: ID!, $upheld: Boolean!, $answer: String = "Журналда қабылдау жоқ", $key: String!) { answerDispute(dispute: $dispute, upheld: $upheld, answer: $answer, idempotencyKey: $key) { id status answer answeredAt dueOn } }';
const QUEUE = 'query ($after: String) { disputesToAnswer(after: $after) { id number reason text status dueOn entryKind madeAt clinic { id } patient { iin fullName } } }';
const DENY = 'mutation ($dispense: ID!, $key: String!) { denyReceipt(dispense: $dispense, idempotencyKey: $key) { id number } }';
const CONFIRM = 'mutation ($dispense: ID!, $key: String!) { confirmReceipt(dispense: $dispense, idempotencyKey: $key) { receipt } }';

let writing, database, person, author, colleague, nurse, stranger, payer;
const owner = (claims = person) => ({ role: 'CITIZEN', sub: claims.iin });
const own = (what) => writing.data(owner(), `{ me { patient { ${what} } } }`).then(({ me }) => me.patient);
const one = (sql) => database.query(sql).then(([row]) => row);
/** The id that the API gives the entry of this table that was made last. */
async function newest(list, key = 'id') {
  const found = (await own(`${list}(first: 100) { nodes { id recordedAt } }`))[list].nodes.toSorted((a, b) => Date.parse(b.recordedAt) - Date.parse(a.recordedAt));
  return found[0][key];
}
/** A row of this table of the person, made here and now; its number and its id in the API. */
async function plant(table, list, columns) {
  const values = { patient_id: person.id, recorded_at: 'clock_timestamp()', ...columns };
  await database.execute(`INSERT INTO ${table} (${Object.keys(values)}) VALUES (${Object.values(values)})`);
  return { number: Number(await database.value(`SELECT max(id) FROM ${table} WHERE patient_id = ${person.id} AND recorded_at = (SELECT max(recorded_at) FROM ${table} WHERE patient_id = ${person.id})`)), id: await newest(list) };
}
const visit = (minutes, columns = {}) => plant('encounter', 'visits', { clinic_id: person.clinic_id, practitioner_id: person.doctor_id, recorded_by: person.doctor_id, started_at: `now() - INTERVAL '${minutes} minutes'`,
  ended_at: 'now()', kind: "'visit'", confirmed_by: "'sms'", confirmed_at: 'now()', icd10: "'J06.9'", cost: '500000', paid_by_patient: '0', payer: "'osms'", ...columns });
const dispute = async (entry, reason = 'NOT_THERE', who = owner()) => (await writing.data(who, DISPUTE, { entry, reason, text: 'Мен онда болған жоқпын', key: newKey() })).disputeRecord;
const answer = async (who, id, upheld) => (await writing.data(who, ANSWER, { dispute: id, upheld, key: newKey() })).answerDispute;
const inForce = (table, number) => one(`WITH RECURSIVE v AS (SELECT * FROM ${table} WHERE patient_id = ${person.id} AND id = ${number} UNION ALL SELECT t.* FROM v JOIN ${table} t ON t.patient_id = v.patient_id AND t.id = v.superseded_by)
  SELECT * FROM v WHERE superseded_by IS NULL`);

before(async () => {
  writing = await Writing.start({ redis: false, args: ['--cache-bytes', '0'] }); // rows are planted behind the server's back
  database = writing.database;
  person = await one(`SELECT p.id, p.iin, m.iin AS doctor, m.id AS doctor_id, c.bin, c.id AS clinic_id, p.full_name FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND NOT EXISTS (SELECT FROM dispute d WHERE d.patient_id = p.id) AND NOT EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = p.id)
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 1`);
  const [second, other] = await database.query(`SELECT id, iin FROM practitioner WHERE active AND iin IS NOT NULL AND id <> ${person.doctor_id} ORDER BY id DESC LIMIT 2`);
  const elsewhere = await one(`SELECT id, bin FROM clinic WHERE kind = 'polyclinic' AND active AND id <> ${person.clinic_id} ORDER BY id LIMIT 1`);
  await database.execute(`DELETE FROM practitioner_role WHERE practitioner_id IN (${second.id}, ${other.id});
    INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${second.id}, ${person.clinic_id}, 'specialist', '2020-01-01'), (${second.id}, ${person.clinic_id}, 'nurse', '2020-01-01'), (${other.id}, ${elsewhere.id}, 'specialist', '2020-01-01')`);
  author = { role: 'DOCTOR', sub: person.doctor, org: person.bin };
  colleague = { role: 'DOCTOR', sub: second.iin, org: person.bin };
  nurse = { ...colleague, role: 'NURSE' };
  stranger = { role: 'DOCTOR', sub: other.iin, org: elsewhere.bin };
  payer = { role: 'PAYER', sub: other.iin, org: await officeOf(database) };
  Object.assign(person, { colleague_id: second.id, elsewhere_id: elsewhere.id, stranger_id: other.id });
});
after(() => writing?.stop());

describe('who answers', () => {
  test('the clinic of the entry has it in its queue, with the day, and sees whose it is and no more', async () => {
    const { id: entry } = await visit(40), made = await dispute(entry);
    const found = async (who) => (await writing.data(who, QUEUE)).disputesToAnswer.find(({ id }) => id === made.id);
    const today = new Date(Date.now() + 5 * 3600e3), due = new Date(today.getTime() + 10 * 86400e3).toISOString().slice(0, 10);
    assert.equal(made.dueOn, due);
    for (const who of [author, colleague, nurse]) {
      const { madeAt, clinic, ...rest } = await found(who);
      assert.ok(clinic.id && madeAt);
      assert.deepEqual(rest, { id: made.id, number: made.number, reason: 'NOT_THERE', text: 'Мен онда болған жоқпын', status: 'OPEN', dueOn: due, entryKind: 'ENCOUNTER', patient: { iin: person.iin, fullName: person.full_name } });
    }
    for (const who of [stranger, payer]) assert.equal(await found(who), undefined);
    for (const who of [owner(), { ...colleague, role: 'LABORATORY' }, { role: 'MANAGER', sub: person.doctor, org: person.bin }]) assert.deepEqual((await writing.data(who, QUEUE)).disputesToAnswer, []);
    assert.equal((await writing.ask(colleague, QUEUE, { after: 'D404' })).errors[0].extensions.code, 'BAD_USER_INPUT');
    // Nothing else of the person: neither the entry nor other entries.
    assert.deepEqual((await writing.data(colleague, 'query ($id: ID!) { node(id: $id) { ... on Dispute { number entry { id } } } }', { id: made.id })).node, { number: made.number, entry: null });
    for (const [what, node] of [['patient { diagnoses(first: 1) { nodes { id } } }', null], ['patient { bloodGroup }', { patient: { bloodGroup: null } }]]) {
      const { data, errors } = await writing.ask(colleague, `query ($id: ID!) { node(id: $id) { ... on Dispute { ${what} } } }`, { id: made.id });
      assert.deepEqual([data.node, errors?.map(({ extensions }) => extensions.code)], [node, ['FORBIDDEN']], what);
    }
    assert.equal((await writing.ask(stranger, 'query ($id: ID!) { node(id: $id) { id } }', { id: made.id })).data.node, null);

    for (const who of [stranger, payer, owner(), { role: 'CITIZEN', sub: person.doctor }]) await writing.refused(who, ANSWER, { dispute: made.id, upheld: true, key: newKey() }, 'FORBIDDEN');
    for (const short of ['жоқ', 'x'.repeat(4001)]) await writing.refused(colleague, ANSWER, { dispute: made.id, upheld: true, answer: short, key: newKey() }, 'BAD_USER_INPUT');
    await writing.refused(author, ANSWER, { dispute: made.id, upheld: false, key: newKey() }, 'FORBIDDEN', /by somebody else/);
    assert.equal(await database.value(`SELECT record_status FROM encounter WHERE patient_id = ${person.id} ORDER BY recorded_at DESC LIMIT 1`), 'disputed');
    const given = await answer(nurse, made.id, false);
    assert.deepEqual([given.status, given.answer, given.dueOn], ['REJECTED', 'Журналда қабылдау жоқ', due]);
    assert.equal((await found(colleague)), undefined);
    // For a month whoever may answer reads the answer, and then no more.
    const read = () => writing.ask(colleague, 'query ($id: ID!) { node(id: $id) { id } }', { id: made.id }).then(({ data: { node } }) => node?.id ?? null);
    assert.equal(await read(), made.id);
    await database.execute(`ALTER TABLE dispute DISABLE TRIGGER dispute_answered_once; UPDATE dispute SET made_at = now() - INTERVAL '40 days', answered_at = now() - INTERVAL '31 days' WHERE number = '${made.number}'; ALTER TABLE dispute ENABLE TRIGGER dispute_answered_once`);
    assert.equal(await read(), null);
  });

  test('other clinics\' disputes of the same person are not seen', async () => {
    const mine = await dispute((await visit(60)).id);
    const theirs = await dispute((await visit(61, { clinic_id: person.elsewhere_id, practitioner_id: person.stranger_id, recorded_by: person.stranger_id })).id);
    const seen = async (who) => (await writing.data(who, 'query ($id: ID!) { patient(iin: $id) { disputes(first: 100) { nodes { id } totalCount } } }', { id: person.iin })).patient.disputes;
    for (const [who, yes, no] of [[colleague, mine, theirs], [stranger, theirs, mine]]) {
      const { nodes, totalCount } = await seen(who);
      assert.ok(nodes.some(({ id }) => id === yes.id) && !nodes.some(({ id }) => id === no.id));
      assert.equal(totalCount, nodes.length);
      await writing.refused(who, ANSWER, { dispute: no.id, upheld: true, key: newKey() }, 'FORBIDDEN');
      assert.equal((await answer(who, yes.id, true)).status, 'UPHELD');
    }
  });

  test('nobody is the judge of one\'s own record, or of a ward\'s', async () => {
    const made = await dispute((await visit(80)).id);
    const iin = await database.value(`SELECT iin FROM practitioner WHERE id = ${person.colleague_id}`);
    await database.execute(`UPDATE practitioner SET iin = '${person.iin}' WHERE id = ${person.colleague_id}`);
    const self = { ...colleague, sub: person.iin };
    await writing.refused(self, ANSWER, { dispute: made.id, upheld: true, key: newKey() }, 'FORBIDDEN', /one's own record/);
    assert.equal((await writing.data(self, QUEUE)).disputesToAnswer.some(({ id }) => id === made.id), false);
    await database.execute(`UPDATE practitioner SET iin = '${iin}' WHERE id = ${person.colleague_id}`);
    const birth = await database.value(`SELECT birth_date::text FROM patient WHERE id = ${person.id}`);
    await database.execute(`UPDATE patient SET birth_date = kz_today() - 3000 WHERE id = ${person.id};
      INSERT INTO guardianship (patient_id, guardian_iin, kind, valid_from) VALUES (${person.id}, '${iin}', 'mother', '2020-01-01')`);
    await writing.refused(colleague, ANSWER, { dispute: made.id, upheld: true, key: newKey() }, 'FORBIDDEN', /guardian/);
    await database.execute(`UPDATE guardianship SET valid_to = kz_today() - 1 WHERE patient_id = ${person.id}; UPDATE patient SET birth_date = '${birth}' WHERE id = ${person.id}`);
    assert.equal((await answer(colleague, made.id, false)).status, 'REJECTED');
  });

  test('once: one of twenty at the same moment, the same answer for the same key; what was answered stays', async () => {
    const { id: entry, number } = await visit(100), made = await dispute(entry), variables = { dispute: made.id, upheld: true, key: newKey() };
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => writing.ask([colleague, nurse, author][i % 3], ANSWER, { ...variables, key: newKey() })));
    assert.equal(all.filter(({ errors }) => !errors).length, 1);
    assert.deepEqual([...new Set(all.filter(({ errors }) => errors).map(({ errors }) => errors[0].extensions.code))], ['CONFLICT']);
    assert.equal(await database.value(`SELECT count(*) FROM encounter WHERE patient_id = ${person.id} AND record_status = 'entered_in_error' AND version = 2 AND started_at = (SELECT started_at FROM encounter WHERE patient_id = ${person.id} AND id = ${number})`), 1);
    const next = await dispute((await visit(101)).id), same = { dispute: next.id, upheld: true, key: newKey() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => writing.data(colleague, ANSWER, same)));
    for (const given of answers) assert.deepEqual(given, answers[0]);
    await writing.refused(colleague, ANSWER, { ...same, upheld: false }, 'CONFLICT', /new key/);
    await writing.refused(colleague, ANSWER, { ...same, key: newKey() }, 'CONFLICT', /already/);
    await assert.rejects(database.execute(`UPDATE dispute SET status = 'rejected' WHERE number = '${next.number}'`), /stays answered/);
    assert.deepEqual((await database.query(`SELECT channel, count(*)::int FROM private.outbox WHERE kind = 'dispute_answered' AND patient_id = ${person.id} AND key LIKE '%dispute:' || (SELECT id FROM dispute WHERE number = '${next.number}') || '/%' GROUP BY 1 ORDER BY 1`)), [{ channel: 'app', count: 1 }, { channel: 'sms', count: 1 }]);
    assert.equal(await database.value(`SELECT person FROM private.change_record WHERE operation = 'answer_dispute' AND item_id = (SELECT id FROM dispute WHERE number = '${next.number}')`), colleague.sub);
  });

  test('what nobody at the clinic but its author could answer is the payer\'s', async () => {
    const alone = await database.value(`SELECT id FROM clinic WHERE kind = 'polyclinic' AND active AND id NOT IN (${person.clinic_id}, ${person.elsewhere_id}) ORDER BY id LIMIT 1`);
    const worker = await database.value(`SELECT id FROM practitioner WHERE active AND iin IS NOT NULL AND id NOT IN (${person.doctor_id}, ${person.colleague_id}, ${person.stranger_id}) ORDER BY id DESC LIMIT 1`);
    await database.execute(`DELETE FROM practitioner_role WHERE practitioner_id = ${worker} OR clinic_id = ${alone};
      INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${worker}, ${alone}, 'specialist', '2020-01-01'), (${worker}, ${alone}, 'nurse', '2020-01-01')`);
    const own1 = { role: 'DOCTOR', sub: await database.value(`SELECT iin FROM practitioner WHERE id = ${worker}`), org: await database.value(`SELECT bin FROM clinic WHERE id = ${alone}`) };
    const entry = (minutes) => visit(minutes, { clinic_id: alone, practitioner_id: worker, recorded_by: worker }), waits = async (who, made) => (await writing.data(who, QUEUE)).disputesToAnswer.some(({ id }) => id === made.id);
    const made = await dispute((await entry(130)).id);
    assert.deepEqual([await waits(payer, made), await waits(own1, made)], [true, false]);
    await writing.refused(own1, ANSWER, { dispute: made.id, upheld: true, key: newKey() }, 'FORBIDDEN');
    assert.equal((await answer(payer, made.id, false)).status, 'REJECTED');
    // Somebody who works there too, and did not make it: the clinic's again. Not when that is the person whom it is about.
    await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${person.stranger_id}, ${alone}, 'nurse', '2020-01-01')`);
    const next = await dispute((await entry(131)).id);
    assert.deepEqual([await waits(payer, next), await waits(own1, next)], [false, true]);
    assert.equal((await answer({ role: 'NURSE', sub: stranger.sub, org: own1.org }, next.id, false)).status, 'REJECTED');
    await database.execute(`UPDATE practitioner SET iin = '${person.iin}' WHERE id = ${person.stranger_id}`);
    const last = await dispute((await entry(132)).id);
    await database.execute(`UPDATE practitioner SET iin = '${stranger.sub}' WHERE id = ${person.stranger_id}; DELETE FROM practitioner_role WHERE practitioner_id = ${person.stranger_id} AND clinic_id = ${alone}`);
    assert.equal(await waits(payer, last), true);
    assert.equal((await answer(payer, last.id, true)).status, 'UPHELD');
  });

  test('what no clinic can answer is the payer\'s: an entry of a clinic that is closed', async () => {
    const closed = await database.value(`SELECT id FROM clinic WHERE kind = 'polyclinic' AND id NOT IN (${person.clinic_id}, ${person.elsewhere_id}) ORDER BY id DESC LIMIT 1`);
    await database.execute(`UPDATE clinic SET active = false WHERE id = ${closed}`);
    const made = await dispute((await visit(120, { clinic_id: closed, practitioner_id: 'NULL', recorded_by: 'NULL' })).id);
    assert.ok((await writing.data(payer, QUEUE)).disputesToAnswer.some(({ id, clinic }) => id === made.id && clinic === null));
    await writing.refused(colleague, ANSWER, { dispute: made.id, upheld: true, key: newKey() }, 'FORBIDDEN');
    assert.equal((await answer(payer, made.id, true)).status, 'UPHELD');
  });
});

describe('what an answer does', () => {
  test('a visit that never was counts nowhere: mark, spending, capitation, flags', async () => {
    const month = await database.value(`SELECT date_trunc('month', now() AT TIME ZONE INTERVAL '5 hours')::date::text`), year = Number(month.slice(0, 4));
    await database.execute(`DELETE FROM rating WHERE patient_id = ${person.id}; UPDATE encounter SET confirmed_by = 'none', confirmed_at = NULL WHERE patient_id = ${person.id}`);
    const before1 = await own(`spending(year: ${year}) { cost }`);
    const { id: entry, number } = await visit(3);
    await writing.data(owner(), 'mutation ($visit: ID!, $key: String!) { rateDoctor(visit: $visit, score: 1, idempotencyKey: $key) { id } }', { visit: entry, key: newKey() });
    const state = async () => {
      await database.execute(`BEGIN; SELECT compute_capitation('${month}'); SELECT compute_visit_flags('${month}'); COMMIT`);
      return { full: Number(await database.value(`SELECT coalesce(sum(people), 0) FROM capitation_month WHERE clinic_id = ${person.clinic_id} AND month = '${month}' AND condition IN ('full', 'uninsured')`)),
        flags: Number(await database.value(`SELECT count(*) FROM private.visit_flag WHERE patient_id = ${person.id} AND encounter_id >= ${number} AND rule = 'disputed'`)),
        marks: Number(await database.value(`SELECT count(*) FROM rating WHERE patient_id = ${person.id} AND NOT withdrawn`)) };
    };
    const { full } = await state(), made = await dispute(entry);
    assert.deepEqual(await state(), { full, flags: 1, marks: 1 });
    await answer(colleague, made.id, true);
    assert.deepEqual(await state(), { full: full - 1, flags: 0, marks: 0 });
    assert.deepEqual(await own(`spending(year: ${year}) { cost }`), before1);
    const { node: taken } = await writing.data(owner(), 'query ($id: ID!) { node(id: $id) { ... on Encounter { recordStatus version earlierVersions { id recordStatus } } } }', { id: await newest('visits') });
    assert.deepEqual([taken.recordStatus, taken.version, taken.earlierVersions], ['ENTERED_IN_ERROR', 2, [{ id: entry, recordStatus: 'DISPUTED' }]]);
    await writing.refused(owner(), DISPUTE, { entry, key: newKey() }, 'NOT_FOUND');
  });

  test('rejected: in force as before; upheld: nothing of it is rewritten', async () => {
    const { id: entry, number } = await visit(5), made = await dispute(entry);
    await answer(colleague, made.id, false);
    assert.equal((await inForce('encounter', number)).record_status, 'active');
    // It can be disputed again, and is another dispute.
    const again = await dispute(entry), old = await one(`SELECT * FROM encounter WHERE patient_id = ${person.id} AND id = ${number}`);
    await answer(colleague, again.id, true);
    const now = await inForce('encounter', number), { superseded_by: next, ...kept } = await one(`SELECT * FROM encounter WHERE patient_id = ${person.id} AND id = ${number}`);
    assert.deepEqual({ ...kept, superseded_by: null }, { ...kept, ...old });
    assert.deepEqual([now.id, now.cost, now.practitioner_id, now.recorded_by, now.record_status], [next, old.cost, old.practitioner_id, person.colleague_id, 'entered_in_error']);
  });

  test('an appointment was not kept by a visit that never was: missed, or to come still; by one that was told of wrongly it was', async () => {
    const kept = async (starts, reason) => {
      await database.execute(`INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at, status) VALUES (${person.id}, ${person.doctor_id}, ${person.clinic_id}, ${starts}, 'kept')`);
      const number = await database.value(`SELECT max(id) FROM appointment WHERE patient_id = ${person.id}`);
      await answer(colleague, (await dispute((await visit(7, { appointment_id: number })).id, reason)).id, true);
      return database.value(`SELECT status FROM appointment WHERE patient_id = ${person.id} AND id = ${number}`);
    };
    const today = `kz_today()::timestamp AT TIME ZONE INTERVAL '5 hours'`;
    assert.equal(await kept(`${today} - INTERVAL '1 second'`, 'NOT_THERE'), 'missed');
    assert.equal(await kept(`${today} + INTERVAL '1 second'`, 'WRONG_PERSON'), 'booked');
    assert.equal(await kept(`${today} - INTERVAL '2 seconds'`, 'WRONG_DATA'), 'kept');
  });

  test('a visit that goes on ends, and doctor and patient are free', async () => {
    const made = await dispute((await visit(1, { under_way: 'true', ended_at: 'NULL', confirmed_by: "'none'", confirmed_at: 'NULL', icd10: 'NULL' })).id);
    await answer(author, made.id, true);
    assert.equal(await database.value(`SELECT count(*) FROM encounter WHERE patient_id = ${person.id} AND under_way AND superseded_by IS NULL`), 0);
  });

  test('every kind of entry is taken back: what was open stands in nobody\'s way', async () => {
    const at = { clinic_id: person.clinic_id, recorded_by: person.doctor_id };
    await database.execute(`UPDATE dispensary_registration SET removed_on = kz_today(), removal_reason = 'test' WHERE patient_id = ${person.id} AND removed_on IS NULL;
      INSERT INTO slot (practitioner_id, clinic_id, starts_at, minutes) VALUES (${person.doctor_id}, ${person.clinic_id}, date_trunc('hour', now()) + INTERVAL '1000 days 7 minutes', 15)`);
    const slot = await one(`SELECT id, starts_at::text FROM slot ORDER BY starts_at DESC LIMIT 1`);
    const test1 = await one(`SELECT id, loinc FROM lab_test WHERE unit IS NOT NULL ORDER BY id LIMIT 1`);
    const type = await one(`SELECT code FROM certificate_type WHERE valid_days IS NOT NULL AND valid_to IS NULL LIMIT 1`);
    const hospital = await database.value(`SELECT id FROM clinic WHERE kind = 'hospital' AND active ORDER BY id LIMIT 1`);
    await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${person.stranger_id}, ${hospital}, 'hospital_doctor', '2020-01-01')`);
    const inHospital = { ...stranger, org: await database.value(`SELECT bin FROM clinic WHERE id = ${hospital}`) };
    const kinds = [
      ['hospitalization', 'hospitalizations', { recorded_by: person.doctor_id, clinic_id: hospital, admitted_on: 'kz_today()', department: "'ward'", icd10_admission: "'J18.9'" }, (row) => row.discharged_on !== null],
      ['dispensary_registration', 'dispensaryRegistrations', { ...at, practitioner_id: person.doctor_id, registered_on: 'kz_today()', icd10: "'I10'", group_number: 3 }, (row) => row.removed_on !== null],
      ['pregnancy', 'pregnancies', { recorded_by: person.doctor_id, noted_on: 'kz_today()', gravida: 1, para: 0 }, (row) => row.status === 'ended'],
      ['appointment', 'appointments', { recorded_by: person.doctor_id, clinic_id: person.clinic_id, practitioner_id: person.doctor_id, starts_at: `'${slot.starts_at}'`, slot_id: slot.id }, (row) => row.status === 'cancelled'],
      // As another system has it: in a unit of its own, and valid for longer than we know.
      ['lab_result', 'labResults', { ...at, lab_test_id: test1.id, loinc: `'${test1.loinc}'`, ordered_at: 'now()', resulted_at: 'now()', status: "'final'", value: 1, unit: "'furlong'", name: "'test'", source_id: 2, source_rec: "'dispute-lab'" }, (row) => row.source_id === 1],
      ['certificate', 'certificates', { ...at, type_code: `'${type.code}'`, number: "'dispute-1'", qr_token: `'${'q'.repeat(40)}'`, issued_on: 'kz_today()', valid_to: 'kz_today() + 9999', source_id: 2, source_rec: "'dispute-certificate'" }, (row) => row.source_rec === null],
      ['allergy', 'allergies', { recorded_by: person.doctor_id, substance: "'dispute'", criticality: "'low'", noted_on: 'kz_today()' }, () => true],
      ['insurance_status', 'insurance', null, (row) => row.valid_to !== null],
      ['attachment', 'attachments', null, (row) => row.detached_on !== null],
    ];
    for (const [table, list, columns, holds] of kinds) {
      let planted;
      if (columns) planted = await plant(table, list, columns);
      else {
        await database.execute(`UPDATE ${table} SET recorded_by = ${person.doctor_id}, recorded_at = clock_timestamp() WHERE patient_id = ${person.id} AND id = (SELECT id FROM ${table} WHERE patient_id = ${person.id} AND superseded_by IS NULL ORDER BY ${table === 'attachment' ? 'detached_on' : 'valid_to'} DESC NULLS FIRST LIMIT 1)`);
        planted = { number: Number(await database.value(`SELECT id FROM ${table} WHERE patient_id = ${person.id} ORDER BY recorded_at DESC LIMIT 1`)), id: await newest(list) };
      }
      const made = await dispute(planted.id, 'WRONG_PERSON');
      const { reportQueue } = await writing.data({ role: 'CONTACT_CENTRE', sub: person.doctor, org: await officeOf(database, 'CONTACT_CENTRE') }, '{ reportQueue(channel: APP) { number entryKind } }');
      assert.equal(reportQueue.find(({ number }) => number === made.number).entryKind, table.toUpperCase());
      assert.equal((await answer(table === 'hospitalization' ? inHospital : colleague, made.id, true)).status, 'UPHELD', table);
      const row = await inForce(table, planted.number);
      assert.equal(row.record_status, 'entered_in_error', table);
      assert.ok(holds(row), `${table}: ${JSON.stringify(row)}`);
    }
    assert.equal(Number(await database.value(`SELECT taken FROM slot WHERE id = ${slot.id}`)), 0, 'the slot is free');
    assert.equal((await own('clinic { id }')).clinic, null, 'attached nowhere');
    const clinic = (await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name(lang: KK) } }', { text: await database.value(`SELECT name FROM clinic WHERE id = ${person.clinic_id}`) })).searchClinics[0].id;
    const { id: patient } = await own('id');
    assert.ok((await writing.data(owner(), 'mutation ($patient: ID!, $clinic: ID!, $key: String!) { attachPatient(patient: $patient, clinic: $clinic, idempotencyKey: $key) { id } }', { patient, clinic, key: newKey() })).attachPatient.id);
  });

  test('a guardianship that is taken back gives no right, from the answer on', async () => {
    const birth = await database.value(`SELECT birth_date::text FROM patient WHERE id = ${person.id}`);
    const guardian = { role: 'CITIZEN', sub: await database.value(`SELECT iin FROM patient WHERE deceased_on IS NULL AND birth_date < '1990-01-01' AND id <> ${person.id} ORDER BY id LIMIT 1`) };
    await database.execute(`UPDATE patient SET birth_date = current_date - 4000 WHERE id = ${person.id}`);
    const sees = async () => (await writing.data(guardian, 'query ($iin: ID!) { patient(iin: $iin) { fullName } }', { iin: person.iin })).patient !== null;
    assert.equal(await sees(), false);
    const planted = await plant('guardianship', 'guardians', { recorded_by: person.doctor_id, guardian_iin: `'${guardian.sub}'`, kind: "'guardian'", valid_from: 'current_date' });
    assert.equal(await sees(), true);
    const made = await dispute(planted.id, 'WRONG_PERSON', guardian); // the one who is said to be the guardian says that it is not so
    assert.equal(await sees(), true, 'until it is answered');
    await answer(colleague, made.id, true);
    assert.equal(await sees(), false);
    const row = await inForce('guardianship', planted.number);
    assert.deepEqual([row.record_status, row.version, row.guardian_iin, row.valid_to !== null], ['entered_in_error', 2, guardian.sub, true]);
    // In its place the right one may stand, of the same person even.
    await plant('guardianship', 'guardians', { recorded_by: person.doctor_id, guardian_iin: `'${guardian.sub}'`, kind: "'father'", valid_from: 'current_date' });
    assert.equal(await sees(), true);
    await database.execute(`UPDATE guardianship SET valid_to = current_date + 1 WHERE patient_id = ${person.id} AND valid_to IS NULL; UPDATE patient SET birth_date = '${birth}' WHERE id = ${person.id}`);
  });

  test('a call of an ambulance that is taken back is open no longer, and its crew sees nothing', async () => {
    const station = await one(`SELECT c.id, c.bin, m.iin, m.id AS crew FROM clinic c JOIN practitioner_role j ON j.clinic_id = c.id AND j.role <> 'manager' AND j.valid_to IS NULL JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS NOT NULL
      WHERE c.kind = 'ambulance' AND c.active ORDER BY c.id, m.id LIMIT 1`);
    await database.execute(`INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (${person.stranger_id}, ${station.id}, 'specialist', '2020-01-01') ON CONFLICT DO NOTHING`);
    const crew = { role: 'AMBULANCE', sub: station.iin, org: station.bin };
    const sees = async () => (await writing.data(crew, 'query ($iin: ID!) { patient(iin: $iin) { fullName } }', { iin: person.iin })).patient !== null;
    const planted = await plant('ambulance_call', 'ambulanceCalls', { clinic_id: station.id, practitioner_id: station.crew, recorded_by: station.crew, received_at: "now() - INTERVAL '1 hour'", arrived_at: "now() - INTERVAL '30 minutes'", category: 2, number: "'dispute-call'" });
    assert.equal(await sees(), true);
    const made = await dispute(planted.id);
    await answer({ ...stranger, org: station.bin }, made.id, true);
    assert.equal(await sees(), false);
    const row = await inForce('ambulance_call', planted.number);
    assert.deepEqual([row.record_status, row.number, row.closed_at], ['entered_in_error', 'dispute-call', row.arrived_at]);
  });

  test('a care plan is taken back with its goals and tasks, another\'s stay', async () => {
    const at = { recorded_by: person.doctor_id }, plan = (title) => plant('care_plan', 'carePlans', { ...at, clinic_id: person.clinic_id, practitioner_id: person.doctor_id, started_on: 'current_date', title: `'${title}'` });
    const [other, planted] = [await plan('right'), await plan('wrong')], parts = [];
    for (const { number } of [other, planted]) {
      parts.push(await plant('care_goal', 'careGoals', { ...at, care_plan_id: number, set_on: 'current_date', description: "'goal'" }),
        await plant('care_task', 'careTasks', { ...at, care_plan_id: number, due_on: 'current_date + 5', kind: "'diet'", description: "'planned'" }),
        await plant('care_task', 'careTasks', { ...at, care_plan_id: number, due_on: 'current_date', done_on: 'current_date', status: "'done'", kind: "'visit'", description: "'done'" }));
    }
    await answer(colleague, (await dispute(planted.id, 'WRONG_PERSON')).id, true);
    const taken = await inForce('care_plan', planted.number);
    assert.deepEqual([taken.record_status, taken.status, taken.ended_on], ['entered_in_error', 'revoked', taken.started_on]);
    const rows = await Promise.all(parts.map(({ number }, i) => inForce(i % 3 === 0 ? 'care_goal' : 'care_task', number)));
    assert.deepEqual(rows.map(({ record_status: said, status, care_plan_id: of }) => [said, status, of]), [
      ['active', 'active', other.number], ['active', 'planned', other.number], ['active', 'done', other.number],
      ['entered_in_error', 'cancelled', taken.id], ['entered_in_error', 'cancelled', taken.id], ['entered_in_error', 'done', taken.id]]);
    const { carePlans: { nodes } } = await own('carePlans(first: 10) { nodes { title status recordStatus goals { recordStatus status } tasks { recordStatus description } earlierVersions { recordStatus status } } }');
    const error = 'ENTERED_IN_ERROR';
    assert.deepEqual(nodes.filter(({ title }) => title === 'wrong'), [{ title: 'wrong', status: 'REVOKED', recordStatus: error, goals: [{ recordStatus: error, status: 'CANCELLED' }],
      tasks: [{ recordStatus: error, description: 'done' }, { recordStatus: error, description: 'planned' }], earlierVersions: [{ recordStatus: 'DISPUTED', status: 'ACTIVE' }] }]);
    assert.deepEqual(nodes.find(({ title }) => title === 'right').goals, [{ recordStatus: 'ACTIVE', status: 'ACTIVE' }]);
  });

  test('a study is taken back with what a model saw in it', async () => {
    const planted = await plant('diagnostic_report', 'diagnosticReports', { recorded_by: person.doctor_id, practitioner_id: person.doctor_id, clinic_id: person.clinic_id, performed_at: "now() - INTERVAL '1 hour'", modality: "'xray'", status: "'final'", name: "'dispute'", conclusion: "'shadow'" });
    const finding = await plant('ai_finding', 'aiFindings', { recorded_by: person.doctor_id, report_id: planted.number, found_at: 'now()', model: "'eye'", model_version: "'1'", label: "'shadow'", score: 70 });
    await answer(colleague, (await dispute(planted.id, 'WRONG_PERSON')).id, true);
    const [study, seen] = [await inForce('diagnostic_report', planted.number), await inForce('ai_finding', finding.number)];
    assert.deepEqual([study.record_status, study.conclusion, seen.record_status, seen.report_id, seen.status, seen.version], ['entered_in_error', 'shadow', 'entered_in_error', study.id, 'preliminary', 2]);
    const { aiFindings: { nodes } } = await own('aiFindings(first: 100) { nodes { label recordStatus report { recordStatus } } }');
    assert.deepEqual(nodes.filter(({ label }) => label === 'shadow'), [{ label: 'shadow', recordStatus: 'ENTERED_IN_ERROR', report: { recordStatus: 'ENTERED_IN_ERROR' } }]);
  });

  test('a diagnosis is taken back with its other half', async () => {
    const { dagger: first, asterisk } = await one(`SELECT (SELECT min(code) FROM icd10 WHERE mark = '+') AS dagger, (SELECT min(code) FROM icd10 WHERE mark = '*') AS asterisk`);
    await database.execute(`INSERT INTO condition (patient_id, clinic_id, recorded_by, recorded_on, icd10, name) VALUES (${person.id}, ${person.clinic_id}, ${person.doctor_id}, kz_today(), '${first}', 'dagger')`);
    const dagger = await database.value(`SELECT max(id) FROM condition WHERE patient_id = ${person.id} AND name = 'dagger'`);
    const star = await plant('condition', 'diagnoses', { clinic_id: person.clinic_id, recorded_by: person.doctor_id, recorded_on: 'kz_today()', icd10: `'${asterisk}'`, name: "'asterisk'", pair_id: dagger });
    await database.execute(`UPDATE condition SET pair_id = ${star.number} WHERE patient_id = ${person.id} AND id = ${dagger}`);
    await answer(colleague, (await dispute(star.id, 'WRONG_DIAGNOSIS')).id, true);
    const rows = [await inForce('condition', star.number), await inForce('condition', dagger)];
    assert.deepEqual(rows.map(({ record_status: status, pair_id: pair }) => [status, pair]), [['entered_in_error', rows[1].id], ['entered_in_error', rows[0].id]]);
  });

  test('corrected in between: the correction stands, but a visit does not become true by it', async () => {
    for (const [reason, status] of [['WRONG_DATA', 'active'], ['NOT_THERE', 'entered_in_error']]) {
      const { id: entry, number } = await visit(reason === 'NOT_THERE' ? 7 : 8), made = await dispute(entry, reason);
      const next = Number(await database.value(`SELECT nextval(pg_get_serial_sequence('encounter', 'id'))`));
      await database.execute(`BEGIN; UPDATE encounter SET superseded_by = ${next} WHERE patient_id = ${person.id} AND id = ${number};
        INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, started_at, kind, version, record_status) SELECT patient_id, ${next}, clinic_id, practitioner_id, started_at, kind, 2, record_status FROM encounter WHERE patient_id = ${person.id} AND id = ${number}; COMMIT`);
      await answer(colleague, made.id, true);
      assert.equal((await inForce('encounter', number)).record_status, status, reason);
    }
  });

  test('taken back in between: it can only be upheld', async () => {
    const { id: entry, number } = await visit(9), made = await dispute(entry);
    const next = Number(await database.value(`SELECT nextval(pg_get_serial_sequence('encounter', 'id'))`));
    await database.execute(`BEGIN; UPDATE encounter SET superseded_by = ${next} WHERE patient_id = ${person.id} AND id = ${number};
      INSERT INTO encounter (patient_id, id, clinic_id, started_at, kind, version, record_status) SELECT patient_id, ${next}, clinic_id, started_at, kind, 2, 'entered_in_error' FROM encounter WHERE patient_id = ${person.id} AND id = ${number}; COMMIT`);
    await writing.refused(colleague, ANSWER, { dispute: made.id, upheld: false, key: newKey() }, 'CONFLICT', /taken back/);
    assert.equal((await answer(colleague, made.id, true)).status, 'UPHELD');
    assert.equal((await inForce('encounter', number)).id, next);
  });

  test('a medicine that was not received: the payer answers; then it can be confirmed, or given out again', async () => {
    for (const upheld of [false, true]) {
      const given = await one(`SELECT d.patient_id, d.id, d.prescription_id, d.quantity, p.iin FROM dispense d JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id JOIN patient p ON p.id = d.patient_id
        WHERE d.superseded_by IS NULL AND d.receipt = 'none' AND d.record_status = 'active' AND r.status = 'dispensed' AND r.superseded_by IS NULL AND p.deceased_on IS NULL AND p.birth_date < '1990-01-01' AND NOT EXISTS (SELECT FROM dispense l WHERE l.patient_id = d.patient_id AND (l.dispensed_on, l.id) > (d.dispensed_on, d.id))
          AND NOT EXISTS (SELECT FROM dispute x WHERE x.patient_id = p.id) ORDER BY d.patient_id LIMIT 1`);
      await database.execute(`UPDATE prescription SET valid_to = kz_today() + 30 WHERE patient_id = ${given.patient_id} AND id = ${given.prescription_id}`);
      const who = { role: 'CITIZEN', sub: given.iin };
      const left = () => database.value(`SELECT prescription_quantity_left(r) FROM prescription r WHERE r.patient_id = ${given.patient_id} AND r.id = ${given.prescription_id}`).then(Number);
      // The last that was given out, so that it is the first of the list.
      const { me } = await writing.data(who, '{ me { patient { dispenses(first: 1) { nodes { id } } } } }');
      const variables = { dispense: me.patient.dispenses.nodes[0].id };
      const { denyReceipt: made } = await writing.data(who, DENY, { ...variables, key: newKey() });
      await writing.refused(who, CONFIRM, { ...variables, key: newKey() }, 'CONFLICT', /answered first/);
      await writing.refused(colleague, ANSWER, { dispute: made.id, upheld, key: newKey() }, 'FORBIDDEN');
      assert.ok((await writing.data(payer, QUEUE)).disputesToAnswer.some(({ id, entryKind }) => id === made.id && entryKind === 'DISPENSE'));
      const first = await left();
      await answer(payer, made.id, upheld);
      if (upheld) {
        assert.equal(await left(), first + given.quantity);
        assert.equal(await database.value(`SELECT status FROM prescription WHERE patient_id = ${given.patient_id} AND id = ${given.prescription_id}`), 'active');
      } else {
        assert.deepEqual(await one(`SELECT receipt, record_status FROM dispense WHERE patient_id = ${given.patient_id} AND id = ${given.id}`), { receipt: 'none', record_status: 'active' });
        assert.equal((await writing.data(who, CONFIRM, { ...variables, key: newKey() })).confirmReceipt.receipt, 'CONFIRMED');
      }
    }
  });
});
