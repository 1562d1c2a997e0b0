// Ids over all types, interfaces, and what narrows a list: over the real path, compared with what SQL says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bare, withByte, withKey } from './lib/ids.mjs';
import { TOP } from './lib/run.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { Database } from './lib/psql.mjs';
import { startServer } from './lib/server.mjs';
import { crowd, laterSql } from './lib/world.mjs';

// Every type with an id, from the schema file: its table, whose entries they are, and the list that holds them.
const SCHEMA = readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8');
const TYPES = [...SCHEMA.matchAll(/^type (\w+) implements Node( & ClinicalRecord)? @table\(name: "(\w+)"/gm)]
  .map(([, name, clinical, table]) => ({ name, clinical: Boolean(clinical), table }));
for (const type of TYPES) type.list = new RegExp(`^ {2}(\\w+)\\([^)]*(?:\\([^)]*\\)[^)]*)*\\): ${type.name}Connection!`, 'm').exec(SCHEMA)?.[1];
const CLINICAL = TYPES.filter((type) => type.clinical);

let database, server, cached, redis, iin;

before(async () => {
  ({ redis } = await sharedServices());
  database = await createDatabase();
  // One person with entries of every kind, one of each corrected.
  const { users: [person], sql } = crowd(1);
  ({ iin } = person);
  const superuser = new Database(database.services, database.name, 'postgres');
  await superuser.execute(sql);
  await superuser.execute(laterSql());
  await database.execute(`UPDATE drug SET gtin = '04600000000008' WHERE id = (SELECT min(id) FROM drug) AND gtin IS NULL AND gtin_ok('04600000000008');
    INSERT INTO source_system (id, name, vendor) VALUES (9, 'a register', 'somebody');
    INSERT INTO allergy (patient_id, noted_on, criticality, substance, recorded_at, recorded_by, source_id, source_rec, record_status)
      SELECT ${person.id}, '2026-01-02', 'low', 'Мысық', '2026-01-03 04:05:06.25+00', min(id), 9, 'x-1', 'disputed' FROM practitioner`);
  server = await startServer({ database });
  cached = await startServer({ database, redis });
});
after(async () => {
  await server?.stop();
  await cached?.stop();
  await database?.drop();
});

/** The newest entries of each kind: list name -> [{ id, __typename, ... }]. */
const entries = async (from, fields = '') => (await from.data(`query($iin: ID!) { patient(iin: $iin) { ${
  CLINICAL.map(({ list }) => `${list}(first: 2) { nodes { __typename id ${fields} } }`).join(' ')} } }`, { iin })).patient;

const node = (from, id, fields = '__typename id') => from.data(`query($id: ID!) { node(id: $id) { ${fields} } }`, { id }).then((data) => data.node);

describe('node', () => {
  test('every type with an id comes back by it', async () => {
    assert.ok(CLINICAL.every(({ list }) => list), JSON.stringify(CLINICAL));
    const seen = new Map(Object.values(await entries(server)).flatMap(({ nodes }) => nodes).map((n) => [n.__typename, n.id]));
    const { patient } = await server.data(`query($iin: ID!) { patient(iin: $iin) { __typename id vaccinations(first: 1) { nodes { clinic { __typename id region { __typename id } } } }
      ${TYPES.filter(({ clinical, list }) => list && !clinical).map(({ list }) => `${list}(first: 1) { nodes { __typename id } }`).join(' ')}
      labResults(first: 1) { nodes { test { __typename id } } } screenings(first: 1) { nodes { rule { __typename id } } } milestoneChecks(first: 1) { nodes { milestone { __typename id } } }
      allergies(first: 1) { nodes { source { __typename id } recordedBy { __typename id } } }
      dispenses(first: 1) { nodes { pharmacy { __typename id } drug { __typename id } } } } }`, { iin });
    const [{ source, recordedBy }] = patient.allergies.nodes, [{ clinic }] = patient.vaccinations.nodes;
    const [{ pharmacy, drug }] = patient.dispenses.nodes;
    for (const { list } of TYPES.filter((type) => type.list && !type.clinical)) seen.set(patient[list].nodes[0].__typename, patient[list].nodes[0].id);
    const [{ place }] = await database.query('SELECT clinic_id AS place FROM slot GROUP BY 1 ORDER BY 1 LIMIT 1');
    await database.execute(`INSERT INTO slot (practitioner_id, clinic_id, starts_at, minutes) SELECT min(practitioner_id), ${place}, date_trunc('minute', now()) + INTERVAL '1 day', 20 FROM slot WHERE clinic_id = ${place}`);
    const { someClinic } = await server.data(`{ someClinic: searchClinics(text: "${await database.value(`SELECT name FROM clinic WHERE id = ${place}`)}") { id } }`);
    const { freeSlots: [slot] } = await server.data('query ($clinic: ID!) { freeSlots(clinic: $clinic) { __typename id } }', { clinic: someClinic.map(({ id }) => id).find((id) => bare(id) === String(place)) });
    for (const one of [patient, clinic, clinic.region, source, recordedBy, pharmacy, drug, slot, patient.labResults.nodes[0].test, patient.screenings.nodes[0].rule, patient.milestoneChecks.nodes[0].milestone]) seen.set(one.__typename, one.id);
    // Other faces of the patient, by the field of Query that shows each.
    for (const [, field, type] of SCHEMA.matchAll(/^ {2}(\w+)\(\n {4}"[^"]*"\n {4}iin: ID!\n {2}\): (\w+) @lookup/gm)) {
      seen.set(type, (await server.data(`query($iin: ID!) { one: ${field}(iin: $iin) { id } }`, { iin })).one.id);
    }
    assert.deepEqual([...seen.keys()].sort(), TYPES.map(({ name }) => name).sort());
    assert.equal(new Set(seen.values()).size, TYPES.length);
    for (const [type, id] of seen) {
      assert.match(id, /^[A-Za-z0-9_-]{30,41}$/);
      for (const from of [server, cached, cached]) assert.deepEqual(await node(from, id), { __typename: type, id });
    }
    const ids = [...seen.values(), 'x', ...seen.values()];
    const { nodes } = await cached.data('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    assert.deepEqual(nodes.map((n) => n?.id ?? null), ids.map((id) => (id === 'x' ? null : id)));
  });

  test('the same object, by its list and by its id', async () => {
    const fields = 'number issuedOn dose drug { id name } prescriber { fullName } version recordedAt patient { iin }';
    const { patient } = await server.data(`query($iin: ID!) { patient(iin: $iin) { prescriptions { nodes { id ${fields} } } } }`, { iin });
    assert.ok(patient.prescriptions.nodes.length > 2);
    for (const want of patient.prescriptions.nodes) {
      assert.deepEqual(await node(server, want.id, `id ... on Prescription { ${fields} }`), want);
      assert.equal(want.patient.iin, iin);
    }
  });

  test('what is no id, or nobody’s, is null without an error and without a statement', async () => {
    const [{ id }] = (await entries(server)).prescriptions.nodes;
    const bytes = Buffer.from(id, 'base64url');
    const changed = (at, value) => withByte(id, at, value); // as who knows the key of the seals could make them
    const none = ['', 'x', '1', '0', '-1', 'Prescription:1', `${id}A`, `${id}=`, ` ${id}`, id.slice(0, -1), id.slice(0, 8), changed(0, 1), changed(3, bytes[3] ^ 1),
      id.toLowerCase(), '\u0000', 'қазақ', "' OR 1=1 --", 'A'.repeat(100_000), btoa('Prescription:1')];
    const before = await server.metric('tolqujat_db_statements_total');
    for (const one of none) assert.deepEqual(await server.graphql('query($id: ID!) { node(id: $id) { id } }', { id: one }), { data: { node: null } }, one.slice(0, 40));
    assert.equal(await server.metric('tolqujat_db_statements_total'), before);
    for (const absent of [changed(6, 0x7f), changed(14, 0xff), changed(21, bytes[21] ^ 0x80)]) {
      assert.deepEqual(await server.graphql('query($id: ID!) { node(id: $id) { id } }', { id: absent }), { data: { node: null } });
    }
    assert.deepEqual(await server.graphql('query($id: ID!) { node(id: $id) { id } }', { id: 7 }), { data: { node: null } });
  });

  test('a look-up by key takes the id of its own type, or the bare number', async () => {
    const number = await database.value('SELECT max(id) FROM pharmacy');
    const { pharmacy } = await server.data(`{ pharmacy(id: ${number}) { id name } }`);
    assert.equal(bare(pharmacy.id), String(number));
    assert.deepEqual((await server.data('query($id: ID!) { pharmacy(id: $id) { id name } }', { id: pharmacy.id })).pharmacy, pharmacy);
    const { drug } = await server.data(`{ drug(by: {id: ${await database.value('SELECT max(id) FROM drug')}}) { id } }`);
    assert.deepEqual(await server.graphql('query($id: ID!) { pharmacy(id: $id) { id } }', { id: drug.id }), { data: { pharmacy: null } });
  });

  test('the id is the same after a restart and from every worker', async () => {
    const query = '{ pharmacy(id: 1) { id } }';
    const other = await startServer({ database, args: ['--workers', '2'] });
    try {
      const ids = await Promise.all(Array.from({ length: 20 }, () => other.data(query)));
      for (const one of ids) assert.deepEqual(one, await server.data(query));
    } finally {
      await other.stop();
    }
  });

  test('costs as one row, and at most 100 at once', async () => {
    const many = await server.graphql('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(101).fill('x') });
    assert.match(many.errors[0].message, /101 items; at most 100 are allowed/);
    assert.equal('data' in many, false);
    assert.equal((await server.data('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(100).fill('x') })).nodes.length, 100);
  });
});

describe('ClinicalRecord', () => {
  const RECORD = `fragment Record on ClinicalRecord { id version recordedAt recordStatus recordedBy { fullName } source { name vendor } patient { iin }
    supersededBy { id __typename } ... on Node { same: id } ... on Prescription { number } ... on Hospitalization { department } }`;

  test('says where each entry comes from, as SQL does', async () => {
    for (const { table, list, name } of CLINICAL) {
      const want = await database.query(`SELECT json_build_object('version', t.version, 'recordedAt', t.recorded_at, 'recordStatus', upper(t.record_status),
          'recordedBy', (SELECT json_build_object('fullName', full_name) FROM practitioner d WHERE d.id = t.recorded_by),
          'source', (SELECT json_build_object('name', s.name, 'vendor', s.vendor) FROM source_system s WHERE s.id = t.source_id),
          'patient', json_build_object('iin', p.iin)) AS json, t.id::text
        FROM ${table} t JOIN patient p ON p.id = t.patient_id WHERE p.iin = '${iin}' AND t.superseded_by IS NULL ORDER BY t.id`);
      const { patient } = await server.data(`query($iin: ID!) { patient(iin: $iin) { list: ${list}(first: 100) { nodes { ...Record } } } } ${RECORD}`, { iin });
      const got = patient.list.nodes.sort((a, b) => Number(bare(a.id)) - Number(bare(b.id)));
      assert.ok(got.length > 0, name);
      assert.equal(got.length, want.length);
      got.forEach((one, i) => {
        assert.equal(bare(one.id), want[i].id);
        assert.equal(one.same, one.id);
        assert.equal(one.supersededBy, null);
        const { json } = want[i];
        assert.equal(new Date(one.recordedAt).getTime(), new Date(json.recordedAt).getTime());
        assert.match(one.recordedAt, /Z$/);
        for (const field of ['version', 'recordStatus', 'recordedBy', 'source', 'patient']) assert.deepEqual(one[field], json[field], `${name}.${field}`);
        assert.equal('number' in one, name === 'Prescription');
        assert.equal('department' in one, name === 'Hospitalization');
      });
    }
  });

  test('a mixed list takes each type’s own selections, in the order of the document', async () => {
    const ids = Object.values(await entries(server)).flatMap(({ nodes }) => nodes);
    const { nodes } = await server.data(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename ...Record
      ... on Vaccination { day: givenOn } ... on Allergy { what: substance } ... on Diagnosis { what: name } } } ${RECORD}`, { ids: ids.map(({ id }) => id) });
    assert.deepEqual(nodes.map(({ __typename }) => __typename), ids.map(({ __typename }) => __typename));
    for (const one of nodes) {
      const own = { Prescription: ['number'], Hospitalization: ['department'], Vaccination: ['day'], Allergy: ['what'], Diagnosis: ['what'] }[one.__typename] ?? [];
      const common = ['__typename', 'id', 'version', 'recordedAt', 'recordStatus', 'recordedBy', 'source', 'patient', 'supersededBy', 'same'];
      assert.deepEqual(Object.keys(one), [...common, ...own]);
    }
    const allergy = nodes.find((one) => one.source.name === 'a register');
    assert.equal(allergy.recordedAt, '2026-01-03T04:05:06.250000Z');
    assert.equal(allergy.recordStatus, 'DISPUTED');
  });

  test('a correction is found from the version that it corrects', async () => {
    const { patient } = await server.data('query($iin: ID!) { patient(iin: $iin) { vaccinations(first: 100) { nodes { id version vaccine } } } }', { iin });
    const next = patient.vaccinations.nodes.find(({ version }) => version === 2);
    assert.equal(next.version, 2);
    const old = withKey(next.id, await database.value(`SELECT id FROM immunization WHERE superseded_by = ${bare(next.id)}`));
    assert.deepEqual(await node(server, old, '... on ClinicalRecord { id version supersededBy { __typename id version supersededBy { id } ... on Vaccination { vaccine } } }'),
      { id: old, version: 1, supersededBy: { __typename: 'Vaccination', id: next.id, version: 2, supersededBy: null, vaccine: next.vaccine } });
  });

  test('a correction has the versions that it corrects, of every kind, newest first, and each of them those before it', async () => {
    const FIELDS = '__typename id version earlierVersions { id version recordedAt supersededBy { id } }';
    const before = async (id) => (await node(server, id, '... on ClinicalRecord { earlierVersions { earlierVersions { id } } }')).earlierVersions.map(({ earlierVersions }) => earlierVersions.map((one) => bare(one.id)));
    for (const { table, list, name } of CLINICAL) {
      // b corrects a; a third version corrects both, one through the other.
      const [b, d] = (await database.query(`SELECT t.id FROM ${table} t JOIN patient p ON p.id = t.patient_id WHERE p.iin = '${iin}' AND t.id BETWEEN 9000002 AND 9000004 AND t.superseded_by IS NULL ORDER BY t.id`)).map(({ id }) => id).filter((id, i, all) => i === 0 || i === all.length - 1);
      const superuser = new Database(database.services, database.name, 'postgres');
      const set = (next, version) => superuser.execute(`SET session_replication_role = replica; UPDATE ${table} t SET superseded_by = ${next ?? 'NULL'} FROM patient p WHERE p.id = t.patient_id AND p.iin = '${iin}' AND t.id = ${b};
        UPDATE ${table} t SET version = ${version} FROM patient p WHERE p.id = t.patient_id AND p.iin = '${iin}' AND t.id = ${d}`);
      const { patient } = await server.data(`query($iin: ID!) { patient(iin: $iin) { list: ${list}(first: 9) { nodes { ${FIELDS} } } } }`, { iin });
      const newest = patient.list.nodes.find(({ id }) => bare(id) === String(b)), alone = patient.list.nodes.find(({ id }) => bare(id) === String(d));
      assert.deepEqual(newest.earlierVersions.map((one) => [bare(one.id), one.version, one.supersededBy.id]), [['9000001', 1, newest.id]], name);
      assert.deepEqual(await before(newest.id), [[]], name);
      assert.deepEqual(alone.earlierVersions, [], name);
      await set(d, 3);
      try {
        const { __typename, version, earlierVersions } = await node(server, alone.id, `... on ClinicalRecord { ${FIELDS} }`);
        assert.deepEqual([__typename, version], [name, 3]);
        assert.deepEqual(earlierVersions.map((one) => [bare(one.id), one.version, one.supersededBy.id]),
          [[String(b), 2, alone.id], ['9000001', 1, newest.id]], name);
        assert.deepEqual(await before(alone.id), [['9000001'], []], name);
      } finally {
        await set(null, 1);
      }
    }
  });

  test('what is seldom asked for costs nothing unless asked for', async () => {
    const statements = async (fields) => {
      const before = await server.metric('tolqujat_db_statements_total');
      await server.data(`query($iin: ID!) { patient(iin: $iin) { prescriptions(first: 5) { nodes { number ${fields} } } } }`, { iin });
      return await server.metric('tolqujat_db_statements_total') - before;
    };
    const plain = await statements('');
    assert.equal(await statements('id version recordedAt recordStatus'), plain + 1);
  });
});

describe('a list narrowed by days', () => {
  const LISTS = [['prescriptions', 'prescription', 'issued_on', 'issuedOn'], ['vaccinations', 'immunization', 'given_on', 'givenOn'],
    ['dispenses', 'dispense', 'dispensed_on', 'dispensedOn'], ['hospitalReferrals', 'hospital_referral', 'referred_on', 'referredOn'],
    ['hospitalizations', 'hospitalization', 'admitted_on', 'admittedOn']];
  const query = (list, field) => `query($iin: ID!, $days: DateRange, $first: Int, $after: String) { patient(iin: $iin) {
    list: ${list}(${field}: $days, first: $first, after: $after) { nodes { id day: ${field} } pageInfo { hasNextPage endCursor } } } }`;

  for (const [list, table, column, field] of LISTS) {
    test(`${list}: both sides, either, none, and pages of it`, async () => {
      const all = (await database.query(`SELECT t.${column}::text AS day, t.id::text FROM ${table} t JOIN patient p ON p.id = t.patient_id
        WHERE p.iin = '${iin}' AND t.superseded_by IS NULL ORDER BY t.${column} DESC, t.id DESC`));
      assert.ok(all.length > 0);
      const { day } = all[Math.floor(all.length / 2)];
      const ranges = [{}, null, { from: day }, { to: day }, { from: day, to: day }, { from: all.at(-1).day, to: all[0].day }, { from: null, to: day },
        { from: '9999-12-31' }, { to: '0001-01-01' }, { from: all[0].day, to: '1900-01-01' }];
      for (const from of [server, cached]) {
        for (const days of ranges) {
          const want = all.filter((one) => one.day >= (days?.from ?? '') && one.day <= (days?.to ?? '9999-99-99')).map(({ id }) => id);
          for (const first of [2, 100]) {
            const got = [];
            let page, cursor = null;
            do {
              page = (await from.data(query(list, field), { iin, days, first, after: cursor })).patient.list;
              got.push(...page.nodes.map(({ id }) => bare(id)));
              cursor = page.pageInfo.endCursor;
            } while (page.pageInfo.hasNextPage);
            assert.deepEqual(got, want, JSON.stringify(days));
          }
        }
      }
    });
  }

  test('together with a status', async () => {
    const text = 'query($iin: ID!) { patient(iin: $iin) { prescriptions(issuedOn: {from: "2000-01-01"}, status: DISPENSED, first: 100) { nodes { status } } } }';
    const { nodes } = (await server.data(text, { iin })).patient.prescriptions;
    assert.equal(nodes.length, await database.value(`SELECT count(*) FROM prescription r JOIN patient p ON p.id = r.patient_id
      WHERE p.iin = '${iin}' AND r.superseded_by IS NULL AND r.status = 'dispensed'`));
    assert.ok(nodes.every(({ status }) => status === 'DISPENSED'));
  });

  test('what is no day is refused, and said', async () => {
    for (const from of ['2026-02-30', '31.12.2025', '', '2026-01-01T00:00:00Z', 5]) {
      const { errors, data } = await server.graphql(query('prescriptions', 'issuedOn'), { iin, days: { from } });
      assert.match(errors[0].message, /Field "from" of argument "issuedOn" of "Patient.prescriptions" is no day: it must be "YYYY-MM-DD"\./);
      assert.equal(data, undefined);
    }
    assert.match((await server.graphql(query('prescriptions', 'issuedOn'), { iin, days: { since: '2026-01-01' } })).errors[0].message, /Field "since" is not defined by type "DateRange"/);
  });
});

describe('a drug by one of its keys', () => {
  const find = (by) => server.graphql('query($by: DrugKey!) { drug(by: $by) { id registrationNumber gtin name } }', { by });

  test('each key finds it', async () => {
    const [row] = await database.query('SELECT id::text, registration_number, gtin, name FROM drug WHERE id = (SELECT min(id) FROM drug)');
    const want = (await find({ id: row.id })).data.drug;
    assert.equal(bare(want.id), row.id);
    assert.deepEqual([want.registrationNumber, want.gtin, want.name], [row.registration_number, row.gtin, row.name]);
    for (const by of [{ id: want.id }, { registrationNumber: row.registration_number }, ...(row.gtin ? [{ gtin: row.gtin }] : [])]) {
      assert.deepEqual(await find(by), { data: { drug: want } });
    }
    for (const by of [{ id: 'x' }, { gtin: '00000000000000' }, { registrationNumber: '' }, { gtin: '\u0000' }]) assert.deepEqual(await find(by), { data: { drug: null } });
  });

  test('exactly one', async () => {
    for (const by of [{}, { id: '1', gtin: '1' }, { id: null }, { id: '1', gtin: null }]) assert.match((await find(by)).errors[0].message, /[Ee]xactly one|must be non-null/);
  });
});
