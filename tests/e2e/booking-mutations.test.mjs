// Booking through the server: what is refused and why, one winner of many, nobody else held up, lost answers asked for again, and that the next read has it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from './lib/run.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const ON = { // what is selected of each answer
  AppointmentBooked: 'appointment { id status startsAt practitioner { id } }', AppointmentCancelled: 'appointment { id status }', SlotTaken: 'startsAt message',
  AppointmentOverlaps: 'other { id } ... on Refusal { message }', TooLateToCancel: 'until appointment { id } message' };
const of = (...types) => `{ __typename ${types.map((type) => `... on ${type} { ${ON[type]} }`).join(' ')} }`;
const BOOK = `mutation ($patient: ID!, $slot: ID!, $key: String!) { bookAppointment(patient: $patient, slot: $slot, idempotencyKey: $key) ${of('AppointmentBooked', 'SlotTaken', 'AppointmentOverlaps')} }`;
const CANCEL = `mutation ($appointment: ID!, $key: String!) { cancelAppointment(appointment: $appointment, idempotencyKey: $key) ${of('AppointmentCancelled', 'TooLateToCancel')} }`;
const MOVE = `mutation ($appointment: ID!, $slot: ID!, $key: String!) { rescheduleAppointment(appointment: $appointment, slot: $slot, idempotencyKey: $key)
  ${of('AppointmentBooked', 'SlotTaken', 'AppointmentOverlaps', 'TooLateToCancel')} }`;
const LIST = '{ me { patient { appointments(first: 50) { nodes { id status startsAt } } } } }';

let writing, database, clinic, doctors, people, ids, rule;
let hour = 0;

const asCitizen = ({ iin }) => ({ role: 'CITIZEN', sub: iin });
const book = (person, slot, key = newKey()) => writing.data(asCitizen(person), BOOK, { patient: ids.get(person.id), slot, key }).then((data) => data.bookAppointment);
const bounds = (toCome, aDay, ofSpecialty) => database.execute(`UPDATE booking_rule SET most_to_come = ${toCome}, most_a_day = ${aDay}, most_of_specialty = ${ofSpecialty}`);
const taken = (slot) => database.value(`SELECT taken FROM slot WHERE id = ${slot.number}`);

/** A time of a doctor that nobody else has, at the clinic: { id, number, startsAt }. */
async function slot({ doctor = doctors[0], at = null, capacity = 1, minutes = 15, place = clinic.id } = {}) {
  const starts = at ?? `date_trunc('day', now()) + INTERVAL '40 days' + INTERVAL '${++hour} hours'`;
  const number = Number(await database.execute(`INSERT INTO slot (practitioner_id, clinic_id, starts_at, minutes, capacity) VALUES (${doctor}, ${place}, ${starts}, ${minutes}, ${capacity}) RETURNING id`));
  const day = await database.value(`SELECT (starts_at AT TIME ZONE INTERVAL '5 hours')::date::text FROM slot WHERE id = ${number}`);
  const [{ starts_at: startsAt }] = await database.query(`SELECT starts_at FROM slot WHERE id = ${number}`);
  const { freeSlots } = await writing.data(null, 'query ($clinic: ID!, $from: Date, $to: Date) { freeSlots(clinic: $clinic, from: $from, to: $to) { id startsAt practitioner { id } } }',
    { clinic: place === clinic.id ? ids.get('clinic') : ids.get('other'), from: day, to: day });
  const found = freeSlots.filter((one) => Date.parse(one.startsAt) === Date.parse(startsAt));
  return { number, startsAt, id: found.find((one) => one.practitioner.id === ids.get(`doctor ${doctor}`))?.id ?? found[0]?.id };
}

before(async () => {
  writing = await Writing.start({ args: ['--lock-timeout-ms', '20000'] });
  database = writing.database;
  [clinic] = await database.query(`SELECT c.id, c.bin FROM clinic c JOIN patient p ON p.clinic_id = c.id WHERE c.active AND p.deceased_on IS NULL AND p.birth_date < now() - INTERVAL '20 years' GROUP BY 1, 2 ORDER BY count(*) DESC, c.id LIMIT 1`);
  doctors = (await database.query(`SELECT DISTINCT j.practitioner_id AS id FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active
    WHERE j.clinic_id = ${clinic.id} AND j.role IN ('district_doctor', 'specialist') AND j.valid_to IS NULL ORDER BY 1 LIMIT 3`)).map(({ id }) => id);
  people = await database.query(`SELECT p.id, p.iin, m.iin AS doctor FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id WHERE p.clinic_id = ${clinic.id} AND p.deceased_on IS NULL AND p.birth_date < now() - INTERVAL '20 years' ORDER BY p.id LIMIT 5`);
  assert.ok(people.length >= 4 && doctors.length === 3);
  rule = (await database.query('SELECT most_to_come, most_a_day, most_of_specialty FROM booking_rule'))[0];
  await bounds(1000, 1000, 1000); // how many a person may have is for one test
  await database.execute(`DELETE FROM slot WHERE taken = 0 AND id NOT IN (SELECT slot_id FROM appointment WHERE slot_id IS NOT NULL)`);
  const far = await database.value(`SELECT id FROM clinic WHERE id <> ${clinic.id} AND kind = 'polyclinic' ORDER BY id LIMIT 1`);
  ids = new Map();
  for (const person of people) {
    const { me } = await writing.data(asCitizen(person), '{ me { patient { id clinic { id } } } }');
    ids.set(person.id, me.patient.id).set('clinic', me.patient.clinic.id);
  }
  const name = await database.value(`SELECT name FROM clinic WHERE id = ${far}`);
  const { searchClinics } = await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name } }', { text: name });
  ids.set('far', far).set('other', searchClinics.find((one) => one.name === name).id);
});
after(() => writing?.stop());

test('it is booked: the place is taken, the list has it in both workers, the messages wait, it is on record', async () => {
  const [person] = people, time = await slot();
  const booked = await book(person, time.id);
  assert.deepEqual([booked.__typename, booked.appointment.status, Date.parse(booked.appointment.startsAt)], ['AppointmentBooked', 'BOOKED', Date.parse(time.startsAt)]);
  assert.equal(await taken(time), 1);
  for (let i = 0; i < 4; i++) assert.ok((await writing.data(asCitizen(person), LIST)).me.patient.appointments.nodes.some(({ id }) => id === booked.appointment.id));
  assert.deepEqual(await database.query(`SELECT channel FROM private.outbox WHERE kind = 'appointment_booked' AND patient_id = ${person.id} ORDER BY 1`), [{ channel: 'app' }, { channel: 'sms' }]);
  assert.equal(await database.value(`SELECT count(*) FROM private.change_record WHERE operation = 'book_appointment' AND person = '${person.iin}'`), 1);
});

test('a visit keeps it: at the next read of either worker; its place stays taken, and it is cancelled no more', async () => {
  const [person] = people, doctor = { role: 'DOCTOR', sub: person.doctor, org: clinic.bin };
  const OPEN = 'mutation ($patient: ID!, $key: String!) { openEncounter(patient: $patient, kind: VISIT, idempotencyKey: $key) { ... on VisitOpened { visit { id appointment { id status } } } } }';
  const CLOSE = 'mutation ($visit: ID!, $key: String!) { closeEncounter(visit: $visit, icd10: "J45.9", idempotencyKey: $key) { __typename } }';
  await until(() => database.value(`SELECT ((now() + INTERVAL '2 minutes') AT TIME ZONE INTERVAL '5 hours')::date = kz_today()`), 'a day that does not end at once', 130_000);
  await database.execute(`UPDATE hospitalization SET record_status = 'entered_in_error' WHERE patient_id = ${person.id}`);
  const time = await slot({ doctor: await database.value(`SELECT id FROM practitioner WHERE iin = '${person.doctor}'`), at: "now() + INTERVAL '2 minutes'" }), { appointment: { id } } = await book(person, time.id);
  const status = async () => (await writing.data(asCitizen(person), LIST)).me.patient.appointments.nodes.find((one) => one.id === id).status;
  for (let i = 0; i < 4; i++) assert.equal(await status(), 'BOOKED');
  const { openEncounter: { visit } } = await writing.data(doctor, OPEN, { patient: ids.get(person.id), key: newKey() });
  for (let i = 0; i < 4; i++) assert.equal(await status(), 'KEPT');
  assert.deepEqual([visit.appointment, await taken(time)], [{ id, status: 'KEPT' }, 1]);
  await writing.refused(doctor, CANCEL, { appointment: id, key: newKey() }, 'CONFLICT', /not to come/);
  await writing.data(doctor, CLOSE, { visit: visit.id, key: newKey() });
});

test('a day with more times than a page shows is read to its end, page by page, also behind a time that was taken meanwhile', async () => {
  const PAGE = 'query ($clinic: ID!, $on: Date, $after: ID) { freeSlots(clinic: $clinic, from: $on, to: $on, after: $after) { id startsAt } }';
  const on = await database.value(`SELECT (kz_today() + 70)::text`);
  await database.execute(`INSERT INTO slot (practitioner_id, clinic_id, starts_at, minutes) SELECT d, ${clinic.id}, ('${on}'::date + TIME '08:00' + n * INTERVAL '5 minutes')::timestamp AT TIME ZONE INTERVAL '5 hours', 5
    FROM unnest(ARRAY[${doctors.join(', ')}]) d, generate_series(0, 149) n`);
  const page = async (after) => (await writing.data(null, PAGE, { clinic: ids.get('clinic'), on, after })).freeSlots;
  const first = await page(null), second = await page(first.at(-1).id);
  await database.execute(`UPDATE slot SET taken = capacity WHERE clinic_id = ${clinic.id} AND starts_at = '${second.at(-1).startsAt}'`);
  const third = await page(second.at(-1).id), all = [...first, ...second, ...third];
  assert.deepEqual([first.length, second.length], [200, 200]);
  assert.ok(third.length >= 47 && third.length <= 50, `${third.length}`);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  assert.deepEqual(all.map(({ startsAt }) => startsAt), all.map(({ startsAt }) => startsAt).sort());
  assert.equal((await page(third.at(-1).id)).length, 0);
  for (const [place, behind, why] of [['other', first[0].id, /no such time/], ['clinic', ids.get('clinic'), /no id/]]) {
    const { errors: [error] } = await writing.ask(null, PAGE, { clinic: ids.get(place), on, after: behind });
    assert.equal(error.extensions.code, 'BAD_USER_INPUT');
    assert.match(error.message, why);
  }
  await database.execute(`DELETE FROM slot WHERE clinic_id = ${clinic.id} AND minutes = 5 AND starts_at > now() + INTERVAL '65 days'`);
});

test('what can not be booked, and by whom', async () => {
  const [person, other] = people, time = await slot({ minutes: 60 });
  const before = await writing.traces();
  const past = await slot({ at: "now() + INTERVAL '2 hours'" });
  await database.execute(`UPDATE slot SET starts_at = now() - INTERVAL '1 hour' WHERE id = ${past.number}`);
  const far = await slot({ place: ids.get('far'), doctor: await database.value(`SELECT practitioner_id FROM practitioner_role WHERE clinic_id = ${ids.get('far')} AND role = 'specialist' AND valid_to IS NULL LIMIT 1`) });
  const wish = (one, slotId) => ({ patient: ids.get(one.id), slot: slotId, key: newKey() });
  await writing.refused(asCitizen(person), BOOK, wish(person, past.id), 'CONFLICT', /has passed/);
  await writing.refused(asCitizen(person), BOOK, wish(person, far.id), 'CONFLICT', /attached to, or was referred to/);
  for (const who of [asCitizen(other), { role: 'PHARMACIST', sub: other.iin, org: clinic.bin }, { role: 'DOCTOR', sub: person.doctor, org: '000000000000' }]) await writing.refused(who, BOOK, wish(person, time.id), 'FORBIDDEN');
  assert.equal(await writing.traces(), before);
  // A referral to there lets book there, as long as it may come to something.
  const there = await slot({ place: ids.get('far'), doctor: await database.value(`SELECT practitioner_id FROM slot WHERE id = ${far.number}`) });
  const referred = (days) => database.execute(`DELETE FROM hospital_referral WHERE source_rec = 'to book'; INSERT INTO hospital_referral (patient_id, source_rec, from_clinic_id, to_clinic_id, referred_on, icd10, sheet_number)
    SELECT ${person.id}, 'to book', s.clinic_id, s.clinic_id, kz_today() - ${days}, 'I10', 'to-book' FROM slot s WHERE s.id = ${there.number}`);
  await referred(365);
  await writing.refused(asCitizen(person), BOOK, wish(person, there.id), 'CONFLICT', /attached to, or was referred to/);
  await referred(364);
  assert.equal((await book(person, there.id)).__typename, 'AppointmentBooked');
  await database.execute(`DELETE FROM hospital_referral WHERE source_rec = 'to book'`);
  // The district's doctor may send elsewhere.
  const elsewhere = await writing.data({ role: 'DOCTOR', sub: person.doctor, org: clinic.bin }, BOOK, wish(person, far.id));
  assert.equal(elsewhere.bookAppointment.__typename, 'AppointmentBooked');
  // The person, or the doctor, is busy then.
  assert.equal((await book(person, time.id)).__typename, 'AppointmentBooked');
  const meanwhile = await slot({ doctor: doctors[1], at: `'${time.startsAt}'::timestamptz + INTERVAL '45 minutes'` });
  const overlap = await book(person, meanwhile.id);
  assert.deepEqual([overlap.__typename, typeof overlap.other?.id], ['AppointmentOverlaps', 'string']);
  const same = await slot({ at: `'${time.startsAt}'::timestamptz + INTERVAL '30 minutes'` });
  assert.equal((await book(other, same.id)).__typename, 'SlotTaken');
  assert.equal((await book(other, meanwhile.id)).__typename, 'AppointmentBooked');
  const next = await slot({ at: `'${time.startsAt}'::timestamptz + INTERVAL '-15 minutes'` });
  assert.equal((await book(person, next.id)).__typename, 'AppointmentBooked', 'one right before the other');
});

test('nobody takes the times of all: so many to come, on a day and with a specialty; the clinic may book more, and another time is no more', async () => {
  assert.deepEqual(rule, { most_to_come: 10, most_a_day: 3, most_of_specialty: 2 });
  const person = people[3], on = (days, hours, doctor = doctors[0]) => slot({ doctor, at: `date_trunc('day', now()) + INTERVAL '${days} days ${hours} hours'` });
  await database.execute(`UPDATE appointment SET status = 'cancelled' WHERE patient_id = ${person.id} AND status = 'booked'`);
  const full = async (time, sentence) => { await writing.refused(asCitizen(person), BOOK, { patient: ids.get(person.id), slot: time.id, key: newKey() }, 'CONFLICT', sentence); assert.equal(await taken(time), 0); };
  await bounds(10, 3, 2);
  const [first] = [await book(person, (await on(70, 5)).id), await book(person, (await on(71, 5)).id)], third = await on(72, 5);
  await full(third, /2 appointments with doctors of this specialty/);
  assert.equal((await writing.data(asCitizen(person), MOVE, { appointment: first.appointment.id, slot: third.id, key: newKey() })).rescheduleAppointment.__typename, 'AppointmentBooked');
  await bounds(10, 3, 1000);
  for (const hours of [6, 7]) assert.equal((await book(person, (await on(71, hours)).id)).__typename, 'AppointmentBooked');
  await full(await on(71, 8), /3 appointments on that day/);
  await bounds(4, 3, 1000);
  const fifth = await on(73, 5);
  await full(fifth, /4 appointments to come/);
  const { bookAppointment } = await writing.data({ role: 'DOCTOR', sub: person.doctor, org: clinic.bin }, BOOK, { patient: ids.get(person.id), slot: fifth.id, key: newKey() });
  assert.equal(bookAppointment.__typename, 'AppointmentBooked');
  await bounds(1000, 1000, 1000);
});

test('a time is of a doctor who receives there on that day', async () => {
  const [person] = people, time = await slot(), post = (set) => database.execute(`UPDATE practitioner_role SET ${set} WHERE practitioner_id = ${doctors[0]} AND clinic_id = ${clinic.id}`);
  const [was] = await database.query(`SELECT role, valid_from::text, district_number FROM practitioner_role WHERE practitioner_id = ${doctors[0]} AND clinic_id = ${clinic.id}`);
  const day = `(SELECT (starts_at AT TIME ZONE INTERVAL '5 hours')::date FROM slot WHERE id = ${time.number})`;
  for (const set of [`valid_from = ${day} + 1`, `role = 'nurse', valid_from = '${was.valid_from}'`]) {
    await post(set);
    await writing.refused(asCitizen(person), BOOK, { patient: ids.get(person.id), slot: time.id, key: newKey() }, 'CONFLICT', /does not receive there/);
  }
  await post(`role = '${was.role}', valid_from = ${day}`);
  assert.equal((await book(person, time.id)).__typename, 'AppointmentBooked');
  await post(`valid_from = '${was.valid_from}'`);
});

describe('many at once', () => {
  test('two hundred want the last place of one time: one gets it', async () => {
    const time = await slot();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => book(people[i % 4], time.id)));
    const kinds = answers.map(({ __typename }) => __typename);
    assert.equal(kinds.filter((kind) => kind === 'AppointmentBooked').length, 1, JSON.stringify([...new Set(kinds)]));
    assert.ok(kinds.every((kind) => ['AppointmentBooked', 'SlotTaken'].includes(kind)), JSON.stringify([...new Set(kinds)]));
    assert.equal(await taken(time), 1);
    assert.equal(await database.value(`SELECT count(*) FROM appointment WHERE slot_id = ${time.number}`), 1);
  });

  test('as many as there are places', async () => {
    const time = await slot({ capacity: 3 });
    const answers = await Promise.all(people.slice(0, 4).map((person) => book(person, time.id)));
    assert.deepEqual(answers.map(({ __typename }) => __typename).sort(), ['AppointmentBooked', 'AppointmentBooked', 'AppointmentBooked', 'SlotTaken']);
    assert.equal(await taken(time), 3);
  });

  test('times of one doctor that overlap, wanted by two at once: one gets a time', async () => {
    const starts = [];
    for (let round = 0; round < 12; round++) {
      const at = `date_trunc('day', now()) + INTERVAL '60 days' + INTERVAL '${2 * round} hours'`;
      starts.push([await slot({ at, minutes: 60 }), await slot({ at: `${at} + INTERVAL '30 minutes'`, minutes: 30 })]);
    }
    for (const times of starts) {
      const answers = await Promise.all(times.map(({ id }, i) => book(people[i], id)));
      assert.deepEqual(answers.map(({ __typename }) => __typename).sort(), ['AppointmentBooked', 'SlotTaken']);
    }
  });

  test('while a place is fought for readers go on: two hundred reads come back before the first who waits', async () => {
    const time = await slot();
    writing.server.agent.maxSockets = 256; // each who waits has a connection, and so has each who reads
    await database.execute('CREATE TABLE gate (open boolean)');
    const holder = database.execute(`BEGIN; SELECT 'held' FROM slot WHERE id = ${time.number} FOR UPDATE; DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$; COMMIT`);
    await until(() => database.value(`SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %gate%' AND state = 'active' AND pid <> pg_backend_pid()`).then(Boolean), 'who holds the slot');
    let ended = 0;
    const waiting = Array.from({ length: 200 }, (_, i) => writing.ask(asCitizen(people[i % 4]), BOOK, { patient: ids.get(people[i % 4].id), slot: time.id, key: newKey() }).finally(() => { ended++; }));
    await until(() => database.value('SELECT count(*) FROM pg_locks WHERE NOT granted').then(Boolean), 'who waits');
    const reads = await Promise.all(Array.from({ length: 200 }, (_, i) => writing.data(asCitizen(people[i % 4]), LIST)));
    assert.equal(reads.length, 200);
    assert.equal(ended, 0, 'nobody of those who want the place was answered yet');
    await database.execute('INSERT INTO gate VALUES (true)');
    await holder;
    const answers = await Promise.all(waiting);
    assert.equal(answers.filter(({ data }) => data?.bookAppointment?.__typename === 'AppointmentBooked').length, 1);
    assert.equal(await taken(time), 1);
  });
});

test('asked for again with its key: the first answer, and one appointment; another time with that key is refused', async () => {
  const [person] = people, time = await slot(), other = await slot(), key = newKey();
  const answers = await Promise.all(Array.from({ length: 10 }, () => book(person, time.id, key)));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.equal(answers[0].__typename, 'AppointmentBooked');
  assert.equal(await taken(time), 1);
  await writing.refused(asCitizen(person), BOOK, { patient: ids.get(person.id), slot: other.id, key }, 'CONFLICT', /new key/);
  // Who must not book any more is not told either.
  await database.execute(`UPDATE patient SET deceased_on = kz_today() WHERE id = ${person.id}`);
  await writing.refused(asCitizen(person), BOOK, { patient: ids.get(person.id), slot: time.id, key }, 'FORBIDDEN');
  await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${person.id}`);
});

test('cancelled: the place is free again, once; too late is too late, but not for the clinic', async () => {
  const [, person] = people, time = await slot(), { appointment } = await book(person, time.id), key = newKey();
  const cancel = (variables, who = asCitizen(person)) => writing.data(who, CANCEL, { appointment: appointment.id, key: newKey(), ...variables }).then((data) => data.cancelAppointment);
  const [first, ...more] = await Promise.all(Array.from({ length: 5 }, () => cancel({ key })));
  assert.deepEqual(first, { __typename: 'AppointmentCancelled', appointment: { id: appointment.id, status: 'CANCELLED' } });
  for (const one of more) assert.deepEqual(one, first);
  assert.equal(await taken(time), 0);
  await writing.refused(asCitizen(person), CANCEL, { appointment: appointment.id, key: newKey() }, 'CONFLICT', /not to come/);
  assert.equal((await book(people[2], time.id)).__typename, 'AppointmentBooked', 'somebody else can have it');
  await writing.refused(asCitizen(person), CANCEL, { appointment: (await book(people[2], (await slot()).id)).appointment.id, key: newKey() }, 'FORBIDDEN');

  const soon = await slot({ at: "date_trunc('minute', now()) + INTERVAL '90 minutes'" }), late = (await book(person, soon.id)).appointment;
  const refusal = await cancel({ appointment: late.id });
  assert.deepEqual([refusal.__typename, refusal.appointment.id], ['TooLateToCancel', late.id]);
  assert.equal(Date.parse(soon.startsAt) - Date.parse(refusal.until), 7_200_000);
  assert.equal(await taken(soon), 1);
  const told = () => database.query(`SELECT channel FROM private.outbox WHERE patient_id = ${person.id} AND kind = 'appointment_cancelled' ORDER BY id`).then((rows) => rows.map(({ channel }) => channel));
  const own = await told();
  assert.ok(own.every((channel) => channel === 'app'), 'who cancels knows it');
  assert.equal((await cancel({ appointment: late.id }, { role: 'DOCTOR', sub: person.doctor, org: clinic.bin })).__typename, 'AppointmentCancelled');
  assert.deepEqual((await told()).slice(own.length).sort(), ['app', 'sms'], 'the clinic cancels as it told of it');
});

test('another time: both or neither', async () => {
  const [, , person, other] = people, from = await slot(), to = await slot(), full = await slot();
  const { appointment } = await book(person, from.id);
  await book(other, full.id);
  const move = (slotId, key = newKey()) => writing.data(asCitizen(person), MOVE, { appointment: appointment.id, slot: slotId, key }).then((data) => data.rescheduleAppointment);
  assert.equal((await move(full.id)).__typename, 'SlotTaken');
  assert.deepEqual([await taken(from), await taken(full)], [1, 1]);
  const beside = await slot({ at: `'${from.startsAt}'::timestamptz + INTERVAL '5 minutes'` }); // in the way of nothing but what is given up
  const key = newKey(), moved = await move(beside.id, key);
  assert.deepEqual([moved.__typename, Date.parse(moved.appointment.startsAt)], ['AppointmentBooked', Date.parse(beside.startsAt)]);
  assert.deepEqual(await move(beside.id, key), moved);
  assert.deepEqual([await taken(from), await taken(beside)], [0, 1]);
  await writing.refused(asCitizen(person), MOVE, { appointment: appointment.id, slot: to.id, key: newKey() }, 'CONFLICT', /not to come/);
  for (let i = 0; i < 4; i++) {
    const { nodes } = (await writing.data(asCitizen(person), LIST)).me.patient.appointments;
    assert.deepEqual([appointment.id, moved.appointment.id].map((id) => nodes.find((one) => one.id === id)?.status), ['CANCELLED', 'BOOKED']);
  }
});

test('the places of a slot are counted for whoever writes, and no plain INSERT takes more than there are', async () => {
  const time = await slot(), row = (person) => `INSERT INTO appointment (patient_id, practitioner_id, clinic_id, starts_at, slot_id)
    SELECT ${person.id}, practitioner_id, clinic_id, starts_at, id FROM slot WHERE id = ${time.number}`;
  await database.execute(row(people[0]));
  assert.equal(await taken(time), 1);
  await assert.rejects(database.execute(row(people[1])), /slot_check|slot_taken_check/);
  await assert.rejects(database.execute(row(people[1]).replace('starts_at, id', "starts_at + INTERVAL '1 hour', id")), /slot_check|slot_taken_check|time and place of its slot/);
  assert.equal(await taken(time), 1);
});
