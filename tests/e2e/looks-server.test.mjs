// The record of every look, through the server: who looked at whom is on record before it is shown, whatever is killed; the
// patient reads it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Session } from './lib/load.mjs';
import { Database } from './lib/psql.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase, sharedServices, startServices } from './lib/services.mjs';
import { sleep, until } from './lib/run.mjs';
import { makeKeys } from './lib/tokens.mjs';
import { makeSecret, verify } from './lib/looks.mjs';

const NAME = 'query ($iin: ID!) { patient(iin: $iin) { fullName prescriptions(first: 2) { nodes { number } } } }';
const keys = makeKeys();
after(() => keys.remove());

/** Patients with the doctor of their district: { id, iin, doctor, name, bin, clinic }. */
const patients = (database) => database.query(`SELECT p.id, p.iin, m.iin AS doctor, m.full_name AS name, c.bin, c.name AS clinic FROM patient p
  JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id WHERE p.deceased_on IS NULL ORDER BY p.id`);
const asDoctor = ({ doctor, bin }, claims = {}) => keys.bearer({ role: 'DOCTOR', sub: doctor, org: bin, ...claims });
const asCitizen = ({ iin }) => keys.bearer({ role: 'CITIZEN', sub: iin });
const tell = (database, where) => database.query(`SELECT l.*, p.parts AS seen FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE ${where} ORDER BY at, seq`);
const start = (database, options = {}) => {
  const heads = makeSecret().heads;
  return startServer({ database, tokens: keys, ...options, args: ['--audit-heads', heads, '--request-seconds', '5', ...(options.args ?? [])] }).then((server) => Object.assign(server, { heads }));
};

describe('on record', () => {
  let database, server, people;
  before(async () => {
    database = await createDatabase();
    people = await patients(database);
    server = await start(database, { redis: (await sharedServices()).redis });
  });
  after(async () => {
    await server?.stop();
    await database?.drop();
  });

  test("a doctor's look, with what was shown and by which right", async () => {
    const [one] = people;
    const { patient } = await server.data(NAME, { iin: one.iin }, { headers: asDoctor(one) });
    assert.ok(patient.fullName);
    const [row, ...more] = await tell(database, `patient_id = ${one.id}`);
    assert.deepEqual(more, []);
    assert.deepEqual([row.role, row.person, row.organisation, row.client, row.refused], ['DOCTOR', one.doctor, one.bin, null, false]);
    assert.match(row.capacities, /DISTRICT_DOCTOR/);
    assert.match(row.seen, /Patient\([^)]*fullName/);
    assert.match(row.seen, /Prescription\([^)]*number/);
  });

  test('a look that is refused, and it looks as if nobody were there', async () => {
    const one = people[1];
    const other = people.find(({ doctor }) => doctor !== one.doctor);
    const { patient } = await server.data('query ($iin: ID!) { patient(iin: $iin) { fullName } }', { iin: one.iin }, { headers: asCitizen(other) });
    assert.equal(patient, null);
    const rows = await until(async () => { const all = await tell(database, `patient_id = ${one.id}`); return all.length && all; }, 'its row');
    assert.deepEqual(rows.map(({ role, refused, capacities }) => [role, refused, capacities]), [['CITIZEN', true, null]]);
  });

  test('each look of many, from caches too; one row for a person of a request, however often asked', async () => {
    const a = people.find((one) => people.some((other) => other.id > one.id && other.doctor === one.doctor && other.bin === one.bin));
    const b = people.find((other) => other.id > a.id && other.doctor === a.doctor && other.bin === a.bin);
    const count = async () => database.query(`SELECT patient_id, count(*) AS n FROM access_log WHERE patient_id IN (${a.id}, ${b.id}) GROUP BY 1 ORDER BY 1`);
    const had = new Map((await count()).map(({ patient_id: id, n }) => [id, n]));
    for (let i = 0; i < 5; i++) {
      const data = await server.data('query ($a: ID!, $b: ID!) { a: patient(iin: $a) { fullName } again: patient(iin: $a) { birthDate } b: patient(iin: $b) { fullName } }', { a: a.iin, b: b.iin }, { headers: asDoctor(a) });
      assert.ok(data.a && data.again && data.b);
    }
    for (const { patient_id: id, n } of await count()) assert.equal(n - (had.get(id) ?? 0), 5);
    assert.equal(await database.value('SELECT count(*) FROM (SELECT FROM access_log GROUP BY request_id, patient_id HAVING count(*) > 1) q'), 0);
  });

  test('the patient reads it: newest first, page by page, people apart from machines', async () => {
    const one = people[5];
    await server.data(NAME, { iin: one.iin }, { headers: asDoctor(one) });
    await server.data(NAME, { iin: one.iin }, { headers: asDoctor(one, { act: { sub: 'clinic-system' } }) });
    await server.data(NAME, { iin: one.iin }, { headers: asCitizen(people[6]) });
    await until(async () => await database.value(`SELECT count(*) FROM access_log WHERE patient_id = ${one.id}`) === 3, 'rows');
    const log = async (args) => (await server.data(`{ me { patient { accessLog${args} { nodes { at role person organisation { name } client parts reason outcome } pageInfo { hasNextPage endCursor } } } } }`, {}, { headers: asCitizen(one) })).me.patient.accessLog;
    const { nodes } = await log('(first: 3)');
    assert.deepEqual(nodes.map(({ role, person, organisation, client, outcome }) => [role, person, organisation?.name ?? null, client, outcome]), [
      ['CITIZEN', null, null, null, 'REFUSED'], ['DOCTOR', one.name, one.clinic, 'clinic-system', 'GIVEN'], ['DOCTOR', one.name, one.clinic, null, 'GIVEN']]);
    assert.match(nodes[2].parts, /Prescription\(/);
    assert.ok(Math.abs(Date.parse(nodes[0].at) - Date.now()) < 60_000);
    await until(async () => await database.value(`SELECT count(*) FROM access_log WHERE patient_id = ${one.id}`) === 4, 'the own look');
    assert.deepEqual((await log('(first: 5, byMachine: true)')).nodes.map(({ client }) => client), ['clinic-system']);
    assert.deepEqual((await log('(refused: true)')).nodes.map(({ role, outcome }) => [role, outcome]), [['CITIZEN', 'REFUSED']]);
    const given = (await log('(refused: false)')).nodes;
    assert.ok(given.length >= 3 && given.every(({ outcome }) => outcome === 'GIVEN'), JSON.stringify(given));
    const seen = [];
    for (let after = null; ;) {
      const page = await log(`(first: 2, byMachine: false${after ? `, after: "${after}"` : ''})`);
      seen.push(...page.nodes.map(({ at, person, outcome }) => `${at} ${person} ${outcome}`));
      if (!page.pageInfo.hasNextPage || seen.length > 20) break;
      after = page.pageInfo.endCursor;
    }
    assert.ok(seen.length >= 3, `${seen.length}`); // own looks come on top meanwhile
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(seen, [...seen].sort().reverse());
  });

  test('looks of every role there is can be read, and of one that the schema does not know', async () => {
    const [one, other] = [people[7], people[8]];
    const { __type: { enumValues } } = await server.data('{ __type(name: "Role") { enumValues { name } } }');
    const roles = enumValues.map(({ name }) => name);
    for (const role of [...roles, 'FORTUNE_TELLER']) {
      await server.data('query ($iin: ID!) { patient(iin: $iin) { iin } }', { iin: one.iin }, { headers: keys.bearer({ role, sub: other.iin, org: one.bin }) });
    }
    await until(async () => await database.value(`SELECT count(*) FROM access_log WHERE patient_id = ${one.id}`) === roles.length + 1, 'rows');
    const { me } = await server.data('{ me { patient { accessLog { nodes { role parts } } } } }', {}, { headers: asCitizen(one) });
    assert.deepEqual(me.patient.accessLog.nodes.map(({ role }) => role).sort(), [...roles, null].sort());
  });

  test('nobody else reads it', async () => {
    const one = people[5];
    const answer = await server.graphql('query ($iin: ID!) { patient(iin: $iin) { fullName accessLog(first: 1) { nodes { at } } } }', { iin: one.iin }, { headers: asDoctor(one) });
    assert.equal(answer.errors?.[0].extensions.code, 'FORBIDDEN', JSON.stringify(answer));
  });

  test('rows that nobody waits for go together', async () => {
    const own = people.slice(10, 60);
    await until(async () => await server.metric('tolqujat_audit_waiting') === 0, 'the rows of before');
    const tries = [];
    do { // rows of 100 ms go together: where the requests take seconds it is tried again
      const batches = await server.metric('tolqujat_audit_batches_total'), rows = await server.metric('tolqujat_audit_rows_total');
      await Promise.all(own.map((one) => server.data(NAME, { iin: one.iin }, { headers: asCitizen(one) })));
      await until(async () => await server.metric('tolqujat_audit_rows_total') === rows + own.length, 'all rows');
      tries.push(await server.metric('tolqujat_audit_batches_total') - batches);
    } while (tries.at(-1) >= own.length / 2 && tries.length < 4);
    assert.ok(tries.at(-1) < own.length / 2, `${tries} batches`);
  });

  test('metrics', async () => {
    await until(async () => await server.metric('tolqujat_audit_waiting') === 0, 'the last rows');
    assert.ok(await server.metric('tolqujat_audit_rows_total') >= 12);
    assert.ok(await server.metric('tolqujat_audit_batches_total') > 0);
    for (const name of ['waiting', 'lag_milliseconds', 'refused_total', 'heads_failed_total']) assert.equal(await server.metric(`tolqujat_audit_${name}`), 0, name);
  });

  test('a record that can not be written: nothing is shown, until it can; what was changed all the same is said, and told when it is asked for again', async () => {
    const one = people[8], headers = { headers: asDoctor(one) };
    const { patient: { id } } = await server.data('query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: one.iin }, headers);
    const issue = () => server.graphql('mutation ($patient: ID!, $key: String!) { issueCertificate(patient: $patient, type: "health_state", idempotencyKey: $key) { number } }', { patient: id, key: 'one that is lost' }, headers);
    const certificates = () => database.value(`SELECT count(*)::int FROM certificate WHERE patient_id = ${one.id}`);
    const had = await certificates();
    await database.execute('ALTER TABLE access_log RENAME TO access_log_away');
    try {
      // A refusal of somebody who has a right may tell of the record, and waits as well.
      const answers = await Promise.all([server.graphql(NAME, { iin: one.iin }, headers),
        server.graphql('mutation ($id: ID!) { issueCertificate(patient: $id, type: "health_state", validTo: "2020-01-01", idempotencyKey: "key of a test") { id } }', { id }, headers)]);
      for (const answer of answers) {
        assert.equal(answer.data, undefined);
        assert.equal(answer.errors[0].extensions.code, 'DATABASE_UNAVAILABLE');
        await until(() => server.stderr.includes(`request id=${answer.errors[0].extensions.requestId} code=DATABASE_UNAVAILABLE`), 'the log to know the request');
      }
      const lost = await issue();
      assert.deepEqual([lost.data, lost.errors[0].extensions.code], [undefined, 'OUTCOME_UNKNOWN'], JSON.stringify(lost));
      assert.match(lost.errors[0].message, /took effect/);
      assert.equal(await certificates(), had + 1);
      const ready = await server.request('/readyz');
      assert.equal(ready.status, 503);
      assert.equal(ready.json().waitsFor, 'access log');
    } finally {
      await database.execute('ALTER TABLE access_log_away RENAME TO access_log');
    }
    await server.ready();
    assert.ok((await server.data(NAME, { iin: one.iin }, { headers: asDoctor(one) })).patient.fullName);
    assert.ok((await issue()).data.issueCertificate.number);
    assert.equal(await certificates(), had + 1);
  });
});

test('a session that hangs is given up and its rows are sent again: once it could have gone on, they are there once', async () => {
  const database = await createDatabase();
  const [one] = await patients(database);
  const server = await start(database, { args: ['--workers', '1'] }), lock = new Session(database), admin = new Database(database.services, database.name, 'postgres');
  const sessions = () => admin.query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%INSERT INTO access_log%' AND pid <> pg_backend_pid() ORDER BY pid");
  try {
    await lock.say('BEGIN; LOCK TABLE access_log IN SHARE MODE;');
    const answer = server.graphql(NAME, { iin: one.iin }, { headers: asDoctor(one) });
    const [hangs] = await until(async () => { const all = await sessions(); return all.length && all; }, 'the row to wait');
    assert.equal((await answer).data, undefined);
    // The server gives the connection up after 10 s; PostgreSQL does not notice, as it waits for the lock.
    await until(async () => (await sessions()).every(({ pid }) => pid !== hangs.pid), 'the session to be ended');
    await until(async () => (await sessions()).length === 1, 'the row to wait once more');
    await lock.say('COMMIT;');
    await server.ready();
    assert.ok((await server.data(NAME, { iin: one.iin }, { headers: asDoctor(one) })).patient.fullName);
  } finally {
    await lock.end();
    await server.stop();
  }
  assert.equal((await tell(database, `patient_id = ${one.id}`)).length, 2, 'the one that was sent twice, and the last');
  assert.deepEqual((await verify(database, { secret: keys.secret, heads: server.heads })).findings, []);
  await database.drop();
});

/** Doctors look at their patients, `flight` at a time, until stop() or the end of test `t`: gives what was answered: { request, id, given }. */
function load(t, server, people, flight) {
  const answers = [];
  let going = true;
  const one = async (n) => {
    for (let i = n; going; i += flight) {
      const person = people[i % people.length];
      const body = JSON.stringify({ query: NAME, variables: { iin: person.iin } });
      try {
        const reply = await server.request('/graphql', { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...person.headers }, ms: 10_000 });
        const { data } = reply.json();
        answers.push({ request: reply.headers['x-request-id'], id: person.id, given: Boolean(data?.patient) });
        if (!data?.patient) await sleep(20);
      } catch { // the worker died
        await sleep(20);
      }
    }
  };
  const all = Array.from({ length: flight }, (_, n) => one(n));
  const stop = async () => { going = false; await Promise.all(all); return answers; };
  t.after(stop);
  return { answers, stop };
}

/** Every answer with data has its row; none is there twice; at most `open` rows have no answer. Gives how many answers had data. */
async function agree(database, answers, open) {
  const rows = await database.query('SELECT request_id, patient_id, refused, count(*) AS n FROM access_log GROUP BY 1, 2, 3');
  const known = new Map(rows.map((row) => [`${row.request_id} ${row.patient_id}`, row]));
  const given = answers.filter((answer) => answer.given);
  assert.equal(given.filter(({ request, id }) => known.get(`${request} ${id}`)?.refused !== false).length, 0, 'answers without a row');
  assert.equal(rows.filter(({ n }) => n > 1).length, 0, 'rows that are there twice');
  assert.ok(rows.length - given.length <= open, `${rows.length - given.length} rows without an answer; ${open} were in flight`);
  return given.length;
}

describe('whatever is killed', () => {
  const withTokens = (people) => people.map((one) => ({ ...one, headers: asDoctor(one) }));

  test('workers by SIGKILL, under load: no answer without its row', async (t) => {
    const FLIGHT = 24, ROUNDS = 6;
    const database = await createDatabase();
    const server = await start(database, { args: ['--workers', '2'] });
    const run = load(t, server, withTokens((await patients(database)).slice(0, 200)), FLIGHT);
    for (let round = 0; round < ROUNDS; round++) {
      const had = run.answers.length;
      await until(() => run.answers.length > had + 100, 'answers', 20_000);
      await sleep(round * 7);
      const workers = await until(() => server.workers().length === 2 && server.workers(), 'both workers');
      process.kill(workers[round % 2], 'SIGKILL');
    }
    const had = run.answers.length;
    await until(() => run.answers.length > had + 100, 'answers after the last', 20_000);
    const answers = await run.stop();
    await server.stop();
    assert.ok(await agree(database, answers, ROUNDS * FLIGHT) >= ROUNDS * 100);
    const result = await verify(database, { secret: keys.secret, heads: server.heads });
    assert.deepEqual([result.status, result.findings], [0, []], result.summary);
    await database.drop();
  });

  test('PostgreSQL by SIGKILL, under load: no answer without its row, cached or not', async (t) => {
    const FLIGHT = 16;
    const services = await startServices();
    try {
      const database = await createDatabase({ services });
      const server = await start(database, { redis: services.redis });
      const people = withTokens((await patients(database)).slice(0, 20)), run = load(t, server, people, FLIGHT);
      await until(() => run.answers.length > 300, 'answers');
      process.kill((await services.pids()).postgres, 'SIGKILL');
      // Its sessions end when they next have nothing to do; and who waits for a row does so until the deadline.
      const killed = run.answers.length;
      await until(() => run.answers.slice(killed).some(({ given }) => !given), 'an answer that is refused while it is away');
      await services.start();
      await server.ready();
      const had = run.answers.length;
      await until(() => run.answers.length > had + 200, 'answers after the restart', 20_000);
      const answers = await run.stop();
      await server.stop();
      await agree(database, answers, 3 * FLIGHT);
      assert.deepEqual((await verify(database, { secret: keys.secret, heads: server.heads })).findings, []);
    } finally {
      services.stop();
    }
  });

  test('SIGTERM right behind an own look: its row is written before the end', async () => {
    const database = await createDatabase();
    const [one] = await patients(database);
    const server = await start(database);
    for (let i = 0; i < 10; i++) await server.data('{ me { patient { fullName } } }', {}, { headers: asCitizen(one) });
    await server.stop();
    assert.equal(await database.value(`SELECT count(*) FROM access_log WHERE patient_id = ${one.id} AND capacities = 'OWNER'`), 10);
    assert.match((await verify(database, { secret: keys.secret, heads: server.heads })).summary, /^10 rows in 1 chains, 2 heads/);
    await database.drop();
  });
});
