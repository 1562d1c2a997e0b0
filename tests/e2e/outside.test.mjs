// What others write into the database, while two workers have what was there before in their caches: SQL of another session, an import.
// It is seen within a second, and nothing else is forgotten for it; a stream that breaks, hangs or can't be had is never why something old is
// answered for longer. How long it took is printed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Kind, parse, print } from 'graphql';
import { bundle, condition, importFiles, makeFolder, person } from './lib/import.mjs';
import { BINARY, TOP, run, sleep, until } from './lib/run.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { Session } from './lib/load.mjs';
import { Database } from './lib/psql.mjs';
import { withKey } from './lib/ids.mjs';

const AT_ONCE = 8; // requests, each over a connection of its own, so that both workers are among those who answer
const DEADLINE = 15_000; // the promise is a second; a machine that does much else may be slow
let services, admin, database, server, people;

const start = (args = [], follow = database.followConninfo) => startServer({ database, redis: services.redis,
  args: ['--workers', '2', '--follow', follow, '--cache-ttl', '3600', '--idle-seconds', '600', ...args] });

before(async () => {
  services = await sharedServices();
  admin = new Database(services, 'postgres', 'postgres');
  database = await createDatabase();
  people = await database.query(`SELECT p.id, p.iin, p.birth_date AS born, p.sex, r.drug_id AS drug FROM patient p
    JOIN LATERAL (SELECT drug_id FROM prescription r WHERE r.patient_id = p.id AND superseded_by IS NULL ORDER BY issued_on DESC, id DESC LIMIT 1) r ON true
    ORDER BY p.id LIMIT 40`);
  server = await start();
  await followed(server);
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

const followed = (one, is = 2) => until(async () => await one.metric('tolqujat_cache_followed') === is, `followed by ${is} workers`, DEADLINE);

/** All answers of as many requests at once. */
const answers = (query, variables) => Promise.all(Array.from({ length: AT_ONCE }, () => server.data(query, variables)));

const took = {};

/** Runs `write`, and asks until every answer fits; how long that took is kept under `kind`. What was there before was asked for until it is cached. */
async function seen(kind, query, variables, write, fits) {
  for (let i = 0; i < 3; i++) assert.ok((await answers(query, variables)).every((data) => !fits(data)), 'it is not so before');
  await write();
  const from = performance.now();
  await until(async () => (await answers(query, variables)).every(fits), `${kind} to be seen`, DEADLINE);
  (took[kind] ??= []).push(performance.now() - from);
}

const NAME = 'query ($iin: ID!) { patient(iin: $iin) { fullName } }';
const ALLERGIES = 'query ($iin: ID!) { patient(iin: $iin) { fullName allergies(first: 50) { nodes { substance } } } }';
const DRUG = 'query ($iin: ID!) { patient(iin: $iin) { prescriptions(first: 1) { nodes { drug { name priceCap form(lang: RU) } } } } }';
const has = (substance) => ({ patient }) => patient.allergies.nodes.some((one) => one.substance === substance);
/** The id of the system that an allergy of somebody came from. */
async function sourceId() {
  const iin = await database.value('SELECT iin FROM patient WHERE id = (SELECT min(patient_id) FROM allergy WHERE superseded_by IS NULL)');
  const { patient } = await server.data('query ($iin: ID!) { patient(iin: $iin) { allergies(first: 1) { nodes { source { id } } } } }', { iin });
  return patient.allergies.nodes[0].source.id;
}
const drugOf = ({ patient }) => patient.prescriptions.nodes[0].drug;

describe('another session', () => {
  test('a row is changed, and one that was not there is made', async () => {
    for (const one of people.slice(0, 3)) {
      await seen('row changed', NAME, one, () => database.execute(`UPDATE patient SET full_name = 'New ${one.id}' WHERE id = ${one.id}`),
        ({ patient }) => patient.fullName === `New ${one.id}`);
    }
    const iin = await database.value(`SELECT lpad(n::text, 12, '0') FROM generate_series(990101300000, 990101309999) n
      WHERE national_number_ok(lpad(n::text, 12, '0')) AND NOT EXISTS (SELECT FROM patient WHERE iin = lpad(n::text, 12, '0')) LIMIT 1`);
    await seen('absent, then made', NAME, { iin }, () => database.execute(`INSERT INTO patient (iin, full_name, birth_date, sex, region_id)
      SELECT '${iin}', 'Made', birth_date, sex, region_id FROM patient LIMIT 1`), ({ patient }) => patient?.fullName === 'Made');
  });

  test('a list gets a row, one of its rows is changed, one goes', async () => {
    for (const one of people.slice(5, 7)) {
      const id = `(SELECT max(id) FROM allergy WHERE patient_id = ${one.id})`;
      await seen('list row made', ALLERGIES, one, () => database.execute(`INSERT INTO allergy (patient_id, noted_on, criticality, substance) VALUES (${one.id}, '2026-01-01', 'high', 'made outside')`), has('made outside'));
      await seen('list row changed', ALLERGIES, one, () => database.execute(`UPDATE allergy SET substance = 'changed outside' WHERE patient_id = ${one.id} AND id = ${id}`), has('changed outside'));
      await seen('list row gone', ALLERGIES, one, () => database.execute(`DELETE FROM allergy WHERE patient_id = ${one.id} AND id = ${id}`), (data) => !has('changed outside')(data));
    }
  });

  test('a row goes to somebody else: both see it', async () => {
    const [from, to] = people.slice(8, 10);
    await seen('list row made', ALLERGIES, from, () => database.execute(`INSERT INTO allergy (patient_id, noted_on, criticality, substance) VALUES (${from.id}, '2026-01-01', 'high', 'moves')`), has('moves'));
    await seen('list row moved to', ALLERGIES, to, () => database.execute(`UPDATE allergy SET patient_id = ${to.id} WHERE substance = 'moves'`), has('moves'));
    assert.ok((await answers(ALLERGIES, from)).every((data) => !has('moves')(data)));
  });

  test('reference records: changed, computed from others, made, gone', async () => {
    const one = people[10];
    await seen('hot row changed', DRUG, one, () => database.execute(`UPDATE drug SET name = 'Renamed outside' WHERE id = ${one.drug}`), (data) => drugOf(data).name === 'Renamed outside');
    await database.execute(`DELETE FROM price_cap WHERE drug_id = ${one.drug}`);
    await until(async () => (await answers(DRUG, one)).every((data) => drugOf(data).priceCap === null), 'no cap');
    await seen('hot row computed', DRUG, one, () => database.execute(`INSERT INTO price_cap (drug_id, kind, amount, valid_from, order_number) VALUES (${one.drug}, 'retail', 4711, '2026-01-01', 'outside')`),
      (data) => drugOf(data).priceCap === '47.11');
    await seen('hot row computed', DRUG, one, () => database.execute(`UPDATE price_cap SET amount = 4712 WHERE drug_id = ${one.drug}`), (data) => drugOf(data).priceCap === '47.12');
    await seen('hot row computed', DRUG, one, () => database.execute(`UPDATE dosage_form SET name_ru = 'форма' WHERE name_kk = (SELECT form FROM drug WHERE id = ${one.drug})`), (data) => drugOf(data).form === 'форма');
    const SOURCE = 'query ($id: ID!) { node(id: $id) { ... on SourceSystem { name } } }';
    const id = withKey(await sourceId(), 99);
    await seen('hot row made', SOURCE, { id }, () => database.execute(`INSERT INTO source_system (id, name, vendor) VALUES (99, 'Outside', 'x')`), ({ node }) => node?.name === 'Outside');
    await seen('hot row gone', SOURCE, { id }, () => database.execute('DELETE FROM source_system WHERE id = 99'), ({ node }) => node === null);
  });

  test('who is not touched stays cached, and nothing was void as a whole', async () => {
    const [touched, other] = people.slice(12, 14);
    const figure = async (name) => {
      await sleep(1200); // each worker says its own once a second
      return server.metric(`tolqujat_${name}`);
    };
    for (let i = 0; i < 10; i++) await answers(ALLERGIES, other);
    const hitsNow = async () => await server.metric('tolqujat_cache_local_hits_total') + await server.metric('tolqujat_cache_shared_hits_total');
    const hits = await hitsNow(), missed = [];
    do { // a machine that stands still for a second has nothing in its caches then
      const misses = await figure('cache_misses_total');
      for (let i = 0; i < 10; i++) {
        await database.execute(`UPDATE patient SET full_name = 'Often ${i}' WHERE id = ${touched.id}`);
        await answers(ALLERGIES, other);
      }
      missed.push(await figure('cache_misses_total') - misses);
    } while (missed.at(-1) > 2 * AT_ONCE && missed.length < 4);
    assert.ok(missed.at(-1) <= 2 * AT_ONCE, `${missed}: hardly any of it is asked of the database`);
    await until(async () => await hitsNow() - hits >= 10 * AT_ONCE * 2, 'its rows to have come from caches');
    assert.equal(await server.metric('tolqujat_changes_streams_total'), 1);
    assert.equal(await server.metric('tolqujat_changes_voided_total'), 0);
  });

  test('50,000 rows in one transaction: those are new, memory is not', async () => {
    const [heard, bytes] = [await server.metric('tolqujat_changes_heard_total'), await server.metric('tolqujat_process_resident_bytes')];
    const one = people[14];
    await database.execute(`INSERT INTO emergency_contact (patient_id, noted_on, relation, name, phone)
      SELECT p.id, '2026-01-01', 'friend', 'n', '+77010000000' FROM patient p, generate_series(1, 50) ORDER BY p.id`);
    await seen('50,000 rows', NAME, one, () => database.execute(`BEGIN; UPDATE emergency_contact SET name = 'm'; UPDATE patient SET full_name = 'Behind all' WHERE id = ${one.id}; COMMIT;`),
      ({ patient }) => patient.fullName === 'Behind all');
    await until(async () => await server.metric('tolqujat_changes_heard_total') - heard > 100_000, 'all of them, made and changed, in /metrics');
    assert.ok(await server.metric('tolqujat_process_resident_bytes') - bytes < 64 * 1024 * 1024);
    await followed(server);
  });
});

describe('a stream that fails', () => {
  const walsender = () => admin.value(`SELECT pid FROM pg_stat_activity WHERE backend_type = 'walsender' AND datname = '${database.name}'`);
  const streams = () => server.metric('tolqujat_changes_streams_total');

  test('its session is ended, its slot with it: another begins, and what was missed meanwhile is seen', async () => {
    for (const one of people.slice(15, 18)) {
      const before = await streams();
      await seen('stream cut', NAME, one, async () => {
        await admin.execute(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '${database.name}'`);
        await database.execute(`UPDATE patient SET full_name = 'Cut ${one.id}' WHERE id = ${one.id}`);
      }, ({ patient }) => patient.fullName === `Cut ${one.id}`);
      await until(async () => await streams() > before, 'another stream');
      await followed(server);
    }
  });

  test('none can begin while an older transaction is open: what is cached counts for a second until it ends', async () => {
    const one = people[21];
    const session = new Session(new Database(services, database.name));
    try {
      await session.say(`BEGIN; UPDATE patient SET full_name = full_name WHERE id = ${people[30].id};`);
      await admin.execute(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '${database.name}'`);
      await followed(server, 0);
      await seen('no stream', NAME, one, () => database.execute(`UPDATE patient SET full_name = 'Not heard' WHERE id = ${one.id}`), ({ patient }) => patient.fullName === 'Not heard');
      assert.equal(await server.metric('tolqujat_cache_followed'), 0);
    } finally {
      await session.end();
    }
    await followed(server);
  });

  test('it hangs: nothing older than a second is answered, and reference records are asked of the database', async () => {
    const one = people[20];
    const pid = await walsender();
    await answers(DRUG, one);
    process.kill(pid, 'SIGSTOP');
    try {
      await seen('stream hung', DRUG, one, () => database.execute(`UPDATE drug SET name = 'While it hung' WHERE id = ${one.drug}`), (data) => drugOf(data).name === 'While it hung');
      await followed(server, 0);
      await seen('stream hung', NAME, one, () => database.execute(`UPDATE patient SET full_name = 'While it hung' WHERE id = ${one.id}`), ({ patient }) => patient.fullName === 'While it hung');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await followed(server);
  });
});

test('migrate brings the publication to what there is: what somebody added goes, what somebody took out comes back', async () => {
  const published = () => database.value("SELECT json_agg(tablename ORDER BY tablename) FROM pg_publication_tables WHERE pubname = 'tolqujat_changes'");
  const was = await published();
  assert.ok(was.includes('allergy') && was.includes('drug') && !was.includes('access_log'));
  await database.execute(`ALTER PUBLICATION tolqujat_changes ADD TABLE slot; ALTER PUBLICATION tolqujat_changes DROP TABLE implant;
    ALTER PUBLICATION tolqujat_changes DROP TABLE allergy; ALTER PUBLICATION tolqujat_changes ADD TABLE allergy`); // with all its columns
  assert.equal(await database.value('SELECT publish_changes()'), 4);
  assert.deepEqual(await published(), was);
  assert.equal(await database.value('SELECT publish_changes()'), 0);
  const open = await database.query(`SELECT p.tablename, n.name FROM pg_publication_tables p, unnest(attnames) n (name) WHERE pubname = 'tolqujat_changes'
    AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = p.tablename::regclass AND i.indisprimary AND a.attname = n.name)`);
  assert.deepEqual(open, [], 'keys alone');
});

test('a mutation that writes what reference records are made of says so', async () => {
  const { definitions } = parse(readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8'));
  const directive = (node, name) => node.directives.find((one) => one.name.value === name);
  const argument = (found, name) => { const value = found?.arguments.find((one) => one.name.value === name)?.value; return value?.values?.map((one) => one.value) ?? (value ? [value.value] : []); };
  const hot = definitions.filter((one) => one.kind === Kind.OBJECT_TYPE_DEFINITION && directive(one, 'hot'))
    .map((type) => ({ name: type.name.value, tables: [...argument(directive(type, 'table'), 'name'), ...argument(directive(type, 'hot'), 'reads')] }));
  assert.ok(hot.length > 5 && hot.find(({ name }) => name === 'Drug').tables.includes('price_cap'));
  const bodies = new Map((await database.query("SELECT proname AS name, string_agg(prosrc, ' ') AS body FROM pg_proc WHERE pronamespace = 'public'::regnamespace GROUP BY proname")).map(({ name, body }) => [name, body]));
  const written = (name, seenBefore = new Set()) => { // by it, and by the functions that it calls
    if (seenBefore.has(name) || !bodies.has(name)) return [];
    seenBefore.add(name);
    const body = bodies.get(name);
    return [...[...body.matchAll(/\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(?:ONLY\s+)?([a-z_]+)/g)].map(([, table]) => table), ...[...body.matchAll(/\b([a-z_]+)\s*\(/g)].flatMap(([, called]) => written(called, seenBefore))];
  };
  const lacking = (field) => {
    const tables = new Set(written(argument(directive(field, 'procedure'), 'name')[0]));
    const told = [...argument(directive(field, 'changes'), 'types'), print(field.type).replace(/[[\]!]/g, '')];
    return hot.filter(({ name, tables: made }) => made.some((table) => tables.has(table)) && !told.includes(name)).map(({ name }) => `${field.name.value} changes ${name}`);
  };
  const mutations = definitions.find(({ name }) => name?.value === 'Mutation').fields;
  assert.deepEqual(mutations.flatMap(lacking), []);
  bodies.set('made_up', 'SELECT made_up_too();');
  bodies.set('made_up_too', "UPDATE price_cap SET amount = 1");
  const [field] = parse('type Mutation { f: Int @procedure(name: "made_up") }').definitions[0].fields;
  assert.deepEqual(lacking(field), ['f changes Drug'], 'the test would notice');
});

describe('an import', () => {
  test('what it brings is seen while the servers run', async () => {
    const folder = makeFolder();
    try {
      const file = folder.put('one.json', bundle(person('p1', { iin: people[22].iin, birthDate: people[22].born, gender: people[22].sex }), condition('c1', 'p1')));
      const DIAGNOSES = 'query ($iin: ID!) { patient(iin: $iin) { diagnoses(first: 50) { nodes { name } } } }';
      const n = (await server.data(DIAGNOSES, people[22])).patient.diagnoses.nodes.length;
      await seen('import', DIAGNOSES, people[22], async () => {
        const result = await importFiles(database, ['--new-source', 'outside', file]);
        assert.equal(result.status, 0, result.stderr);
      }, ({ patient }) => patient.diagnoses.nodes.length > n);
    } finally {
      folder.remove();
    }
  });
});

describe('a role that may not replicate', () => {
  test('the command that checks says so in one line; the server goes on, and what it answers is no older than a second', async () => {
    const check = (follow) => run(BINARY, ['check', '--database', database.serverConninfo, '--follow', follow]);
    assert.equal((await check(database.followConninfo)).status, 0);
    const refused = await check(database.serverConninfo);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^tolqujat check: changes by others can't be followed: .*replication.*\n$/);
    const other = await start([], database.serverConninfo);
    const first = server;
    server = other;
    try {
      const one = people[23];
      await seen('not followed', NAME, one, () => database.execute(`UPDATE patient SET full_name = 'Unheard' WHERE id = ${one.id}`), ({ patient }) => patient.fullName === 'Unheard');
      await seen('not followed', DRUG, one, () => database.execute(`UPDATE drug SET name = 'Unheard' WHERE id = ${one.drug}`), (data) => drugOf(data).name === 'Unheard');
      assert.equal(await other.metric('tolqujat_cache_followed'), 0);
      assert.match(other.stderr, /warn changes by others can't be followed/i);
    } finally {
      server = first;
      await other.stop();
    }
  });
});

test('how long it took to be seen', (t) => {
  for (const [kind, all] of Object.entries(took)) {
    const sorted = all.map(Math.round).sort((a, b) => a - b);
    t.diagnostic(`${kind}: ${sorted.length} times, median ${sorted[sorted.length >> 1]} ms, longest ${sorted.at(-1)} ms`);
  }
});
