// What is asked for at one moment, over connections of their own and through both workers: with one key once, whoever is first; with two keys each by the rules; and through a server that dies behind COMMIT.
import assert from 'node:assert/strict';
import http from 'node:http';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Session } from './lib/load.mjs';
import { Database } from './lib/psql.mjs';
import { sleep, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const ISSUE = 'mutation ($patient: ID!, $to: Date, $key: String!) { issueCertificate(patient: $patient, type: "health_state", validTo: $to, idempotencyKey: $key) { id number validTo } }';
const REPORT = 'mutation ($code: String!, $key: String!) { reportPackage(code: $code, idempotencyKey: $key) { number } }';
const ATTACH = 'mutation ($patient: ID!, $clinic: ID!, $key: String!) { attachPatient(patient: $patient, clinic: $clinic, idempotencyKey: $key) { id clinic { id } } }';
const REFER = 'mutation ($patient: ID!, $hospital: ID!, $icd10: String!, $key: String!) { referToHospital(patient: $patient, hospital: $hospital, icd10: $icd10, idempotencyKey: $key) { id sheetNumber status } }';
const AGAIN = new Set(['OVERLOADED', 'TRY_AGAIN']); // errors that say: send the same again

let writing, database, person, other, gtin;
const asCitizen = ({ iin } = person) => ({ role: 'CITIZEN', sub: iin });
const asDoctor = ({ doctor, bin } = person) => ({ role: 'DOCTOR', sub: doctor, org: bin });
const count = (what) => database.value(`SELECT count(*)::int FROM ${what}`);
const codeOf = ({ errors }) => errors?.[0].extensions.code;

before(async () => {
  writing = await Writing.start();
  database = writing.database;
  [person, other] = await database.query(`SELECT p.id, p.iin, p.clinic_id, m.iin AS doctor, c.bin FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    WHERE p.deceased_on IS NULL AND p.birth_date BETWEEN '1950-01-01' AND '1990-01-01' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id)) ORDER BY p.id LIMIT 2`);
  gtin = await database.value('SELECT gtin FROM drug WHERE gtin IS NOT NULL ORDER BY id LIMIT 1');
  for (const one of [person, other]) one.node = (await writing.data(asCitizen(one), '{ me { patient { id } } }')).me.patient.id;
});
after(() => writing?.stop());

/** One request over a connection that nobody had before: whichever worker takes it. Gives the whole answer; null when there is none. */
function askApart(who, query, variables) {
  const body = JSON.stringify({ query, variables });
  return new Promise((resolve) => {
    const request = http.request(`${writing.server.url}/graphql`, { method: 'POST', agent: false, timeout: 30_000,
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...writing.keys.bearer(who) } }, (response) => {
      let text = '';
      response.on('data', (part) => { text += part; });
      response.on('error', () => resolve(null));
      response.on('end', () => { try { resolve(JSON.parse(text)); } catch { resolve(null); } });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(null));
    request.end(body);
  });
}

/** The same, until it is said whether it was done: a client that sends again, with its key, what it may. */
const askOn = (who, query, variables) => until(async () => {
  const answer = await askApart(who, query, variables);
  return answer && !AGAIN.has(codeOf(answer)) && answer;
}, 'an answer that is one', 120_000);

/** Runs `ask` while no change can end, as nobody can say who made it: so all of them are under way at once. `waiting`: of those. */
async function allAtOnce(waiting, ask) {
  const session = new Session(database), admin = new Database(database.services, database.name, 'postgres');
  try {
    await session.say('BEGIN; LOCK TABLE private.change_record IN SHARE MODE;');
    const asked = ask();
    await until(async () => await admin.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tolqujat writer%' AND wait_event_type = 'Lock'") >= waiting, `${waiting} to wait`);
    await session.say('COMMIT;');
    return await asked;
  } finally {
    await session.end();
  }
}

describe('one key', () => {
  test('sent four times while the first is under way: done once, and all are told the same', async () => {
    const variables = { patient: person.node, key: newKey() }, before = await count(`certificate WHERE patient_id = ${person.id}`);
    const answers = await allAtOnce(2, () => Promise.all(Array.from({ length: 4 }, () => askOn(asDoctor(), ISSUE, variables))));
    for (const answer of answers) assert.deepEqual(answer, { data: { issueCertificate: answers[0].data.issueCertificate } });
    assert.match(answers[0].data.issueCertificate.number, /^A[0-9]{12}$/);
    assert.equal(await count(`certificate WHERE patient_id = ${person.id}`), before + 1);
    assert.equal(await count(`private.change_record WHERE patient_id = ${person.id} AND operation = 'issue_certificate'`), 1);
  });

  test('for two things at the same moment: one is done, the other is a CONFLICT, whichever came first', async () => {
    const key = newKey(), before = await count('private.package_report');
    const answers = await allAtOnce(2, () => Promise.all(['A1', 'A2'].map((serial) => askOn(asCitizen(), REPORT, { code: `01${gtin}21${serial}`, key }))));
    assert.deepEqual(answers.map(codeOf).sort(), ['CONFLICT', undefined], JSON.stringify(answers));
    assert.equal(await count('private.package_report'), before + 1);
  });

  test('that is past its day, sent twice at the same moment: it is a new change, once', async () => {
    const variables = { code: `01${gtin}21B1`, key: newKey() };
    const [old] = await Promise.all([askOn(asCitizen(), REPORT, variables)]);
    const hash = createHash('sha256').update(`CITIZEN/${person.iin}/\n${variables.key}`).digest('hex');
    await database.execute(`UPDATE private.idempotency SET made_at = made_at - INTERVAL '25 hours' WHERE id = '\\x${hash}'`);
    const answers = await allAtOnce(2, () => Promise.all(Array.from({ length: 4 }, () => askOn(asCitizen(), REPORT, { ...variables, code: `01${gtin}21B2` }))));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.notEqual(answers[0].data.reportPackage.number, old.data.reportPackage.number);
    assert.equal(await count("private.package_report WHERE serial = 'B2'"), 1);
  });

  test('of two people, or of one in two roles: each their own', async () => {
    const variables = { code: `01${gtin}21C1`, key: newKey() }, people = [asCitizen(person), asCitizen(other)];
    const answers = await allAtOnce(2, () => Promise.all(people.map((who) => askOn(who, REPORT, variables))));
    assert.deepEqual(answers.map(codeOf), [undefined, undefined]);
    assert.notEqual(answers[0].data.reportPackage.number, answers[1].data.reportPackage.number);
    const code = `01${gtin}21C2`; // for another thing, too
    assert.equal(codeOf(await askOn({ role: 'CITIZEN', sub: other.iin }, REPORT, { code, key: variables.key })), 'CONFLICT', 'that key was his');
    const [doctor] = await Promise.all([askOn(asDoctor(), ISSUE, { patient: person.node, key: variables.key })]);
    assert.equal(codeOf(doctor), undefined, 'and never the doctor\'s');
  });
});

describe('fifty at once', () => {
  test('other clinics for one person: one attachment is open at any time, and no more are made than the rule has', async () => {
    const clinics = await database.query(`SELECT c.id, c.name FROM clinic c WHERE c.active AND c.kind = 'polyclinic' AND c.id <> ${person.clinic_id} ORDER BY c.id LIMIT 25`);
    const places = [];
    for (const one of clinics) {
      const { searchClinics } = await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name(lang: KK) } }', { text: one.name });
      const found = searchClinics.find(({ name }) => name === one.name);
      if (found) places.push(found.id);
    }
    assert.ok(places.length >= 5, `${places.length} clinics`);
    const open = () => count(`attachment WHERE patient_id = ${person.id} AND detached_on IS NULL AND superseded_by IS NULL`);
    const race = async (most) => {
      await database.execute(`UPDATE attachment_rule SET changes_a_year = ${most}`);
      const before = await count(`attachment WHERE patient_id = ${person.id}`);
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => askOn(asCitizen(), ATTACH, { patient: person.node, clinic: places[i % places.length], key: newKey() })));
      const done = answers.filter((answer) => !answer.errors);
      for (const answer of answers.filter(({ errors }) => errors)) {
        assert.equal(codeOf(answer), 'CONFLICT', JSON.stringify(answer));
        assert.match(answer.errors[0].message, /times a year|attached there already/);
      }
      assert.equal(await count(`attachment WHERE patient_id = ${person.id}`) - before, done.length);
      assert.equal(await open(), 1);
      const { me } = await writing.data(asCitizen(), '{ me { patient { clinic { id } } } }');
      assert.ok(done.some(({ data }) => data.attachPatient.clinic.id === me.patient.clinic.id), 'one that somebody was told of');
      return done.length;
    };
    const made = await database.value(`SELECT count(*)::int FROM attachment WHERE patient_id = ${person.id} AND attached_on >= date_trunc('year', kz_today())`);
    assert.equal(await race(made + 2), 2);
    assert.ok(await race(100) > 10, 'each closes the one before');
  });

  test('treatment sheets and certificates: each number once, and of one disease one sheet that waits', async () => {
    const codes = await database.query("SELECT code FROM icd10 WHERE mark IS DISTINCT FROM '*' AND sens = 0 ORDER BY md5(code) LIMIT 25");
    const { name } = (await database.query("SELECT name FROM clinic c WHERE active AND kind = 'hospital' ORDER BY id LIMIT 1"))[0];
    const hospital = (await writing.data(null, 'query ($text: String!) { searchClinics(text: $text) { id name(lang: KK) } }', { text: name })).searchClinics.find((one) => one.name === name).id;
    const answers = await Promise.all([...codes, ...codes].map(({ code }) => askOn(asDoctor(other), REFER, { patient: other.node, hospital, icd10: code, key: newKey() })));
    const sheets = answers.filter(({ errors }) => !errors).map(({ data }) => data.referToHospital.sheetNumber);
    assert.ok(sheets.length > 10 && new Set(sheets).size === sheets.length, JSON.stringify(answers.filter(({ errors }) => errors).slice(0, 2)));
    assert.deepEqual(new Set(answers.map(codeOf)), new Set([undefined, 'CONFLICT']), JSON.stringify(answers.filter((answer) => codeOf(answer) !== 'CONFLICT' && answer.errors)));
    assert.equal(sheets.length, codes.length, 'one for each disease');
    assert.deepEqual(await database.query(`SELECT icd10, count(*) FROM hospital_referral WHERE patient_id = ${other.id} AND status = 'waiting' AND superseded_by IS NULL GROUP BY 1 HAVING count(*) > 1`), []);

    const certificates = await Promise.all(Array.from({ length: 50 }, (_, i) => askOn(asDoctor(i % 2 ? person : other), ISSUE, { patient: (i % 2 ? person : other).node, key: newKey() })));
    const certificateNumbers = certificates.filter(({ errors }) => !errors).map(({ data }) => data.issueCertificate.number);
    assert.ok(certificateNumbers.length >= 25 && new Set(certificateNumbers).size === certificateNumbers.length, `${certificateNumbers.length} certificates`);
    assert.equal(await count('(SELECT number FROM certificate GROUP BY number HAVING count(*) > 1) x'), 0);
  });
});

test('a server that dies behind COMMIT, before it has answered: with its key what was done is told, once', async () => {
  const honest = writing.server;
  await honest.stop();
  writing.server = await startServer({ database, tokens: writing.keys, args: ['--workers', '1', '--refusal-ms', '0'], env: { TOLQUJAT_FAILPOINTS: 'die-before-invalidation' } });
  const certificate = { patient: other.node, key: newKey() }, before = await count(`certificate WHERE patient_id = ${other.id}`);
  const mine = (id) => database.query(`SELECT l.at, l.role, l.person, l.refused, p.parts FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.request_id = '${id}'`);
  let change;
  try {
    assert.equal(await askApart(asDoctor(other), ISSUE, certificate), null, 'no answer');
    await until(async () => await count(`certificate WHERE patient_id = ${other.id}`) === before + 1, 'it to have been done');
    assert.deepEqual(await writing.server.exited, { code: null, signal: 'SIGKILL' });
    [change] = await database.query(`SELECT at, request_id, field FROM private.change_record WHERE patient_id = ${other.id} AND operation = 'issue_certificate' ORDER BY id DESC LIMIT 1`);
    assert.deepEqual(await mine(change.request_id), [], 'it died before');
  } finally {
    if (!writing.server.exit) writing.server.child.kill('SIGKILL');
    writing.server = await startServer({ database, tokens: writing.keys, args: ['--workers', '2', '--refusal-ms', '0', '--request-seconds', '5'] });
  }
  const answers = await Promise.all(Array.from({ length: 4 }, () => askOn(asDoctor(other), ISSUE, certificate)));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.match(answers[0].data.issueCertificate.number, /^A[0-9]{12}$/);
  assert.equal(await count(`certificate WHERE patient_id = ${other.id}`), before + 1);
  assert.equal(await count(`(SELECT FROM private.change_record WHERE operation = 'issue_certificate' GROUP BY item_id HAVING count(*) > 1) x`), 0);

  // That it was changed is on record all the same, once, and of the time at which it was: whose certificate it is reads who did it.
  assert.equal(change.field, 'Mutation(issueCertificate)');
  const [row] = await until(async () => { const rows = await mine(change.request_id); return rows.length && rows; }, 'the row of the change', 90_000);
  assert.deepEqual(row, { at: change.at, role: 'DOCTOR', person: asDoctor(other).sub, refused: false, parts: 'Mutation(issueCertificate)' });
  const { me } = await writing.data(asCitizen(other), '{ me { patient { accessLog(first: 50) { nodes { at role outcome parts organisation { name } } } } } }');
  const shown = me.patient.accessLog.nodes.filter(({ parts }) => parts === 'Mutation(issueCertificate)');
  assert.deepEqual(shown.map(({ role, outcome }) => [role, outcome]), [['DOCTOR', 'GIVEN']]);
  assert.ok(shown[0].organisation.name);
  await sleep(6_000); // it is looked for once more
  assert.equal((await mine(change.request_id)).length, 1);
});

test('changes whose rows nobody waited for, as the log hung and the answers were late: each has its row in the end, once', async () => {
  const lock = new Session(database), late = await writing.server.metric('tolqujat_audit_unlogged_total');
  const [{ last }] = await database.query('SELECT max(id) AS last FROM private.change_record');
  await lock.say('BEGIN; LOCK TABLE access_log IN SHARE MODE;');
  try { // one row of each worker is on its way and waits for the lock; those behind it are given up with their answers
    const answers = await Promise.all(Array.from({ length: 8 }, () => askApart(asDoctor(other), ISSUE, { patient: other.node, key: newKey() })));
    assert.ok(answers.every((answer) => !answer?.data), JSON.stringify(answers));
  } finally {
    await lock.say('COMMIT;');
    await lock.end();
  }
  const looks = () => database.query(`SELECT (SELECT count(*)::int FROM access_log l WHERE l.patient_id = r.patient_id AND l.request_id = r.request_id) AS n FROM private.change_record r WHERE id > ${last}`);
  assert.equal((await looks()).length, 8, 'all were made');
  await until(async () => (await looks()).every(({ n }) => n > 0), 'their rows', 120_000); // who was given some, as the server of the test before, is given no more for a minute
  assert.deepEqual(await looks(), Array(8).fill({ n: 1 }));
  await until(async () => await writing.server.metric('tolqujat_audit_unlogged_total') > late, 'the count of those that came late');
});
