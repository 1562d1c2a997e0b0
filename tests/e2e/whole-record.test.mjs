// A person's whole record, line by line: all of it and for nobody else; of any size, as the client takes it; each page of it on record; and never
// a part of it that looks like the whole.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertSummary } from './lib/ips.mjs';
import { BINARY, TOP, sleep, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';
import { PERSONAL } from './lib/who-sees-what.mjs';

const PAGE = 200; // lines, as schema/documents.graphql asks
const NOTES = 1500, NOTE = 20_000; // of the long record: letters of two bytes
const QUERY = 'query ($iin: ID!, $first: Int, $after: String) { patient(iin: $iin) { id wholeRecord(first: $first, after: $after) { nodes { kind line } pageInfo { hasNextPage endCursor } } } }';
// What is different each time: when it was made, and what the looks at it add.
const PASSING = ['archive', 'summary', 'access_log'];

let database, keys, server, person, long;

before(async () => {
  database = await createDatabase();
  keys = makeKeys();
  server = await startServer({ database, tokens: keys });
  [person, long] = await database.query(`SELECT p.id::text, p.iin FROM patient p WHERE p.deceased_on IS NULL AND p.district_doctor_id IS NOT NULL
    AND EXISTS (SELECT FROM prescription x WHERE x.patient_id = p.id) AND EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id) ORDER BY p.id DESC LIMIT 2`);
  await database.execute(`INSERT INTO diary_entry (patient_id, noted_at, kind, note) VALUES (${person.id}, '2024-01-01', 'wellbeing', E'diary-of-the-owner: "one"\\n\\ttwo \\\\ \\u04d9 \\U0001F600');
    INSERT INTO diagnostic_report (patient_id, performed_at, modality, name, conclusion, image_ref) VALUES (${person.id}, now(), 'xray', 'study', 'clear', 'image-canary');
    INSERT INTO ai_finding (patient_id, report_id, found_at, model, model_version, label, score) SELECT ${person.id}, max(id), now(), 'm', '1', 'finding', 77 FROM diagnostic_report WHERE patient_id = ${person.id};
    INSERT INTO encounter (patient_id, clinic_id, started_at, kind, note) SELECT ${long.id}, (SELECT min(id) FROM clinic), timestamptz '2024-01-01' + n * interval '1 hour', 'visit', repeat('ә', ${NOTE - 10}) || n FROM generate_series(1, ${NOTES}) n`);
  for (const one of [person, long]) one.path = `/fhir/Patient/${(await server.data(QUERY, { iin: one.iin, first: 1 }, citizen(one.iin))).patient.id}/$whole-record`;
});
after(async () => {
  await server?.stop();
  await database?.drop();
  keys?.remove();
});

const citizen = (iin) => ({ headers: keys.bearer({ role: 'CITIZEN', sub: iin }) });
const lines = (text) => text.trimEnd().split('\n').map((line) => JSON.parse(line));
const of = (all, kind) => all.filter((line) => line.kind === kind);

async function archive(one, from = server) {
  const response = await from.request(one.path, { ...citizen(one.iin), ms: 60_000 });
  assert.equal(response.status, 200, response.text.slice(0, 500));
  assert.equal(response.headers['content-type'], 'application/x-ndjson');
  assert.equal(response.headers['cache-control'], 'no-store');
  assert.ok(response.text.endsWith('\n'));
  return response.text;
}

/** The response as it comes, nothing of it read yet. */
function begin(one, from = server) {
  return new Promise((resolve, reject) => {
    const request = http.get(`${from.url}${one.path}`, { ...citizen(one.iin), agent: false }, (response) => {
      response.pause();
      resolve({ request, response });
    });
    request.on('error', reject);
  });
}

/** All of it: { bytes, whole }. */
const rest = (response) => new Promise((resolve) => {
  const parts = [];
  response.on('data', (part) => parts.push(part));
  response.on('close', () => resolve({ text: Buffer.concat(parts).toString('utf8'), whole: response.complete }));
  response.on('error', () => {});
  response.resume();
});

const looks = () => database.value(`SELECT count(*)::int FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.patient_id = ${long.id} AND p.parts ~ 'RecordLine'`);

/** Nobody reads visits until the promise is called. */
async function holdVisits() {
  const done = database.execute("SET application_name = 'holder'; BEGIN; LOCK TABLE encounter IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60); COMMIT").catch(() => {});
  await until(() => database.value("SELECT count(*)::int FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'encounter' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"), 'the lock');
  return async () => {
    await database.value("SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity WHERE application_name = 'holder'");
    await done;
  };
}

test('its owner has every entry of every kind, and who looked', async () => {
  await archive(person);
  const text = await archive(person), all = lines(text);
  assert.deepEqual([all[0].kind, all[1].kind, all[2].kind, all.at(-1).kind], ['archive', 'person', 'summary', 'end']);
  assert.equal(of(all, 'end').length, 1);
  assert.equal(all[1].entry.iin, person.iin);
  assertSummary(all[2].entry, 'in the archive');
  for (const kind of all[0].kinds) {
    assert.deepEqual(of(all, kind).map(({ entry }) => entry.id), await database.value(`SELECT coalesce(json_agg(id ORDER BY id), '[]') FROM ${kind} WHERE patient_id = ${person.id}`), kind);
  }
  assert.ok(of(all, 'prescription').length > 0);
  for (const { entry, names } of of(all, 'prescription')) {
    const [want] = await database.query(`SELECT m.full_name, d.name FROM practitioner m, drug d WHERE m.id = ${entry.prescriber_id} AND d.id = ${entry.drug_id}`);
    assert.deepEqual([names.prescriber_id, names.drug_id], [want.full_name, want.name]);
  }
  assert.equal(of(all, 'diary_entry').at(-1).entry.note, 'diary-of-the-owner: "one"\n\ttwo \\ ә 😀');
  for (const word of ['image-canary', 'score', 'pick_code', 'source_rec', '"sens"']) assert.ok(!text.includes(word), word);
  const times = of(all, 'access_log').map(({ entry }) => entry.at);
  assert.deepEqual(times, times.toSorted().reverse());
  await until(async () => of(lines(await archive(person)), 'access_log').some(({ entry }) => /RecordLine/.test(entry.seen) && entry.role === 'CITIZEN'), 'a look at it');
});

test('no kind of entry is left out of it', async () => {
  const [{ kinds }] = lines(await archive(person));
  const { __schema: { types } } = await server.data('{ __schema { types { name interfaces { name } } } }', {}, citizen(person.iin));
  const records = types.filter(({ interfaces }) => interfaces?.some(({ name }) => name === 'ClinicalRecord')).map(({ name }) => PERSONAL.get(name).table);
  assert.ok(records.length > 20);
  assert.deepEqual(records.filter((table) => !kinds.includes(table)), []);
});

test('the same by pages of any size, looks too', async () => {
  const lasting = (all) => all.filter(({ kind }) => !PASSING.includes(kind));
  const want = lines(await archive(person));
  for (const first of [1, 7, 100]) {
    const got = [];
    for (let cursor = null, more = true; more;) {
      const { patient: { wholeRecord: { nodes, pageInfo } } } = await server.data(QUERY, { iin: person.iin, first, after: cursor }, citizen(person.iin));
      if (pageInfo.hasNextPage) assert.equal(nodes.length, first);
      for (const { kind, line } of nodes) {
        assert.equal(JSON.parse(line).kind, kind);
        got.push(JSON.parse(line));
      }
      ({ endCursor: cursor, hasNextPage: more } = pageInfo);
    }
    assert.deepEqual(lasting(got), lasting(want), `by ${first}`);
    const seen = of(got, 'access_log').map((line) => JSON.stringify(line));
    assert.ok(seen.length >= of(want, 'access_log').length);
    for (const line of of(want, 'access_log')) assert.ok(seen.includes(JSON.stringify(line)), JSON.stringify(line));
  }
});

test('what is corrected while it leaves is in it as it was, and the correction behind it: no entry is lost, none comes twice', async () => {
  const { iin, id } = person;
  await database.execute(`INSERT INTO allergy (patient_id, noted_on, criticality, substance) SELECT ${id}, '2024-01-01', 'low', 'substance ' || n FROM generate_series(1, 5) n`);
  const seen = [];
  let after = null, corrected;
  do {
    const { patient: { wholeRecord: { nodes, pageInfo } } } = await server.data(QUERY, { iin, first: 3, after }, citizen(iin));
    seen.push(...nodes.map(({ line }) => JSON.parse(line)));
    if (!corrected && of(seen, 'allergy').length > 1) {
      const { entry } = of(seen, 'allergy')[0];
      corrected = [entry.id, Number(await database.execute(`WITH made AS (INSERT INTO allergy (patient_id, noted_on, criticality, substance) VALUES (${id}, '2024-01-01', 'high', 'corrected') RETURNING id)
        UPDATE allergy SET superseded_by = made.id FROM made WHERE patient_id = ${id} AND allergy.id = ${entry.id} RETURNING superseded_by`))];
    }
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);
  const ids = of(seen, 'allergy').map(({ entry }) => entry.id);
  assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
  assert.ok(corrected.every((one) => ids.includes(one)), `${corrected} in ${ids}`);
  assert.equal(of(seen, 'allergy')[0].entry.superseded_by, undefined);
  assert.equal(of(lines(await archive(person)), 'allergy')[0].entry.superseded_by, corrected[1]);
});

test('nobody else has it, however close', async () => {
  const [{ iin, bin }] = await database.query(`SELECT m.iin, c.bin FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id WHERE p.id = ${person.id}`);
  const doctor = { headers: keys.bearer({ role: 'DOCTOR', sub: iin, org: bin }) };
  const { data, errors } = await server.graphql(QUERY, { iin: person.iin, first: 5 }, doctor);
  assert.equal(data.patient, null, 'the list is never null, so its person is');
  assert.equal(errors[0].extensions.code, 'FORBIDDEN');
  const refused = async (options, status, code) => {
    const response = await server.request(person.path, options);
    assert.equal(response.status, status, response.text);
    assert.equal(response.headers['content-type'], 'application/fhir+json');
    assert.equal(response.json().issue[0].code, code);
  };
  await refused(doctor, 403, 'forbidden');
  await refused(citizen(long.iin), 404, 'not-found');
  await refused({}, 401, 'login');
  assert.deepEqual(await database.query(`SELECT * FROM record_lines(${person.id}, 'DOCTOR/${iin}/${bin}', 10, -1, 0, 0)`), []);
});

describe('a long record', () => {
  test(`${NOTES} notes of ${NOTE} letters leave whole, more than a request or a page may hold`, async () => {
    const text = await archive(long), all = lines(text);
    assert.ok(Buffer.byteLength(text) > 56_000_000, `${Buffer.byteLength(text)} bytes`);
    assert.equal(of(all, 'encounter').filter(({ entry }) => entry.note?.length > 19_000).length, NOTES);
    assert.equal(new Set(of(all, 'encounter').map(({ entry }) => entry.id)).size, of(all, 'encounter').length);
    assert.equal(all.at(-1).kind, 'end');
  });

  test('a page is not fetched before the client has taken the one before; each is on record', async () => {
    const looksBefore = await looks(), operations = () => server.metric('tolqujat_graphql_operations_total');
    const before_ = await operations();
    const { response } = await begin(long);
    await sleep(1000);
    const begun = await operations() - before_;
    assert.ok(begun >= 1 && begun < NOTES / PAGE / 2, `${begun} pages for a client that reads nothing`);
    const { text, whole } = await rest(response);
    assert.ok(whole);
    const pages = Math.ceil(lines(text).length / PAGE);
    assert.equal(await operations() - before_, pages);
    // One's own looks are written a moment later.
    await until(async () => await looks() - looksBefore >= pages, 'each page on record');
  });

  test('a client that leaves, also while a page is being fetched, takes nothing with it', async () => {
    for (const wait of [0, 50, 300]) {
      const { request, response } = await begin(long);
      response.on('error', () => {});
      await sleep(wait);
      request.destroy();
    }
    const { request, response } = await begin(long);
    response.on('error', () => {});
    const letGo = await holdVisits();
    try {
      response.resume();
      await sleep(500);
      request.destroy();
      await sleep(200);
    } finally {
      await letGo();
    }
    await until(async () => await server.metric('tolqujat_graphql_in_flight') === 0, 'nothing is in flight');
    assert.equal(lines(await archive(person)).at(-1).kind, 'end');
  });

  test('when a page fails, the connection breaks off: no part looks like the whole', async () => {
    const { response } = await begin(long);
    const letGo = await holdVisits();
    try {
      const { text, whole } = await rest(response);
      assert.equal(whole, false);
      assert.ok(text.length > 0 && !text.includes('{"kind": "end"}'));
    } finally {
      await letGo();
    }
    assert.equal(lines(await archive(person)).at(-1).kind, 'end');
  });

  test('when the right ends between two pages, too', async () => {
    const { response } = await begin(long);
    await database.execute(`UPDATE patient SET deceased_on = '2026-01-01' WHERE id = ${long.id}`);
    try {
      const { text, whole } = await rest(response);
      assert.equal(whole, false);
      assert.ok(text.length > 0 && !text.includes('{"kind": "end"}'));
    } finally {
      await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${long.id}`);
    }
  });

  test('HEAD has the head alone', async () => {
    const head = await server.request(person.path, { method: 'HEAD', ...citizen(person.iin) });
    assert.deepEqual([head.status, head.headers['content-type'], head.text], [200, 'application/x-ndjson', '']);
  });
});

test('an operator’s ceilings for clients don’t cut it', async () => {
  const small = await startServer({ database, tokens: keys, args: ['--max-page-size', '5', '--max-cost', '50', '--max-depth', '3', '--introspection', 'off'] });
  try {
    assert.equal(lines(await archive(person, small)).at(-1).kind, 'end');
  } finally {
    await small.stop();
  }
});

test('documents that don’t fit the schema are found before anybody asks: by check, and by a server that does not start', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-documents-'));
  try {
    copyFileSync(path.join(TOP, 'schema/passport.graphql'), path.join(dir, 'passport.graphql'));
    const good = readFileSync(path.join(TOP, 'schema/documents.graphql'), 'utf8');
    for (const [text, why] of [[good.replace('summaryDocument(', 'summaryDocumen('), /documents\.graphql:\d+: Cannot query field "summaryDocumen"/], [good.replace('document\n', 'document madeAt\n'), /must select one string/]]) {
      writeFileSync(path.join(dir, 'documents.graphql'), text);
      for (const command of [['check'], ['serve', '--access', 'open']]) {
        const { status, stderr } = spawnSync(BINARY, [...command, '--schema', path.join(dir, 'passport.graphql'), '--database', database.serverConninfo], { encoding: 'utf8', timeout: 20_000 });
        assert.notEqual(status, 0);
        assert.match(stderr, why);
      }
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});
