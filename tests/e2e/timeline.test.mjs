// The timeline: all that is in force of a passport in one list. Beside what SQL says is in it; page by page; by date, kind and code; as
// who may see what; and that each branch goes through the index of its own list.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse, valueFromASTUntyped } from 'graphql';
import { Database } from './lib/psql.mjs';
import { BINARY, TOP, must } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { makeKeys, officeOf } from './lib/tokens.mjs';

// Every kind: its table, the column that says when, its code. A kind that has a type of the API is in the timeline.
const KINDS = {
  condition: ['recorded_on', 'icd10'], allergy: ['noted_on', 'atc'], immunization: ['given_on', 'NULL'],
  prescription: ['issued_on', '(SELECT atc FROM drug WHERE drug.id = drug_id)'], dispense: ['dispensed_on', '(SELECT atc FROM drug WHERE drug.id = drug_id)'],
  dispensary_registration: ['registered_on', 'icd10'], hospital_referral: ['referred_on', 'icd10'],
  hospitalization: ['admitted_on', 'coalesce(icd10_discharge, icd10_admission)'], diary_entry: ['noted_at', 'NULL'],
  ambulance_call: ['received_at', 'NULL'], appointment: ['starts_at', 'NULL'], encounter: ['started_at', 'icd10'], certificate: ['issued_on', 'NULL'],
  insurance_status: ['valid_from', 'NULL'], care_plan: ['started_on', 'NULL'], care_goal: ['set_on', 'NULL'], care_task: ['due_on', 'NULL'], screening_task: ['invited_on', 'NULL'],
  lab_result: ['ordered_at', 'loinc'], observation: ['observed_at', 'NULL'], lifestyle: ['noted_on', 'NULL'], pregnancy: ['noted_on', 'NULL'],
  diagnostic_report: ['performed_at', 'NULL'], ai_finding: ['found_at', 'NULL'], procedure_done: ['performed_on', 'NULL'], implant: ['implanted_on', 'NULL'],
  medication_statement: ['started_on', 'atc'], emergency_contact: ['noted_on', 'NULL'],
  vaccine_exception: ['decided_on', 'NULL'], milestone_check: ['checked_on', 'NULL'],
};
const QUERY = `query ($iin: ID!, $first: Int, $after: String, $from: DateTime, $to: DateTime, $kind: EntryKind, $code: String) { patient(iin: $iin) {
  timeline(first: $first, after: $after, from: $from, to: $to, kind: $kind, code: $code) {
    edges { cursor node { at kind code record { __typename id patient { iin } } } } pageInfo { hasNextPage hasPreviousPage endCursor } withheld totalCount } } }`;

const schema = parse(readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8')).definitions;
const directive = (node, name) => Object.fromEntries((node.directives.find((d) => d.name.value === name)?.arguments ?? []).map((a) => [a.name.value, valueFromASTUntyped(a.value)]));
const kindOf = Object.fromEntries(schema.find((d) => d.name?.value === 'EntryKind').values.map((v) => [directive(v, 'value').name ?? v.name.value.toLowerCase(), v.name.value]));
const types = schema.filter((d) => d.kind === 'ObjectTypeDefinition' && d.interfaces.some(({ name }) => name.value === 'ClinicalRecord'));
const typeOf = Object.fromEntries(types.map((d) => [directive(d, 'table').name, d.name.value]));

let database, root, server, keys, patient, nurse;

/** All of a timeline, page by page. */
async function walk(variables, options, first = 7) {
  const all = [];
  for (let cursor = null, total; ;) {
    const { data, errors } = await server.graphql(QUERY, { ...variables, first, after: cursor }, options);
    assert.equal(errors, undefined, JSON.stringify(errors));
    const { edges, pageInfo } = data.patient.timeline;
    assert.equal(pageInfo.hasPreviousPage, cursor !== null);
    all.push(...edges.map(({ node }) => node));
    assert.equal(data.patient.timeline.totalCount, total ??= data.patient.timeline.totalCount, 'every page says the same');
    if (!pageInfo.hasNextPage) {
      assert.equal(total, all.length);
      return all;
    }
    assert.equal(edges.length, first, 'a page that others follow is full');
    cursor = pageInfo.endCursor;
  }
}

/** What SQL says: every list that is in force, together. */
const expected = (id, where = 'true') => database.query(`SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') AS at, kind, code, id FROM (${Object.entries(KINDS)
  .map(([table, [column, code]]) => `SELECT ${column}${!column.endsWith('_at') ? `::timestamp AT TIME ZONE 'Asia/Aqtau'` : ''} AS at, '${table}' AS kind, ${code}::text AS code, id
    FROM ${table} WHERE patient_id = ${id} AND superseded_by IS NULL`).join(' UNION ALL ')}) e WHERE ${where} ORDER BY e.at DESC, kind, id`);
const shown = ({ at, kind, code }) => `${at.slice(0, 19)} ${kind} ${code}`;
const said = ({ at, kind, code }) => `${at} ${kindOf[kind]} ${code}`;
const owner = () => ({ headers: keys.bearer({ role: 'CITIZEN', sub: patient.iin }) });

before(async () => {
  database = await createDatabase();
  root = new Database(database.services, database.name, 'postgres');
  [patient] = await database.query(`SELECT p.id, p.iin, p.birth_date, m.id AS nurse_id, m.iin AS nurse, a.clinic_id, r.district_number, c.bin FROM patient p JOIN attachment a ON a.patient_id = p.id AND a.detached_on IS NULL
    JOIN practitioner_role r ON r.practitioner_id = a.district_doctor_id AND r.clinic_id = a.clinic_id AND r.role = 'district_doctor' AND r.valid_to IS NULL JOIN clinic c ON c.id = a.clinic_id
    JOIN practitioner m ON m.id <> r.practitioner_id AND m.active AND NOT EXISTS (SELECT FROM prescription x WHERE m.id IN (x.prescriber_id, x.recorded_by)) WHERE p.deceased_on IS NULL AND p.birth_date < '1990-01-01'
    AND (SELECT count(*) FROM prescription x WHERE x.patient_id = p.id) > 3 AND EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = p.id) ORDER BY p.id LIMIT 1`);
  // Of everything something, several at one time, some of it corrected since.
  await root.execute(`SET session_replication_role = replica;
    INSERT INTO allergy (patient_id, id, noted_on, criticality, substance, atc) SELECT ${patient.id}, 900000 + j, '2026-03-01', 'low', 'Мысық', CASE WHEN j = 1 THEN 'J01CA' END FROM generate_series(0, 2) j;
    INSERT INTO diary_entry (patient_id, id, noted_at, kind, value) SELECT ${patient.id}, 900000 + j, timestamptz '2026-02-28 19:00Z' + j / 2 * interval '36 hours 0.25 s', 'weight', 7000 FROM generate_series(0, 5) j;
    INSERT INTO practitioner_role (practitioner_id, clinic_id, role, district_number, valid_from) VALUES (${patient.nurse_id}, ${patient.clinic_id}, 'nurse', ${patient.district_number}, '2020-01-01');
    UPDATE allergy SET superseded_by = 900002 WHERE patient_id = ${patient.id} AND id = 900000;`);
  keys = makeKeys();
  nurse = { headers: keys.bearer({ role: 'NURSE', sub: patient.nurse, org: patient.bin }) };
  server = await startServer({ database, tokens: keys });
});
after(async () => {
  await server?.stop();
  await database?.drop();
  keys?.remove();
});

test('every kind of entry that the API has is in the timeline', async () => {
  const tables = Object.keys(typeOf).filter((table) => kindOf[table]).sort();
  assert.deepEqual(Object.keys(KINDS).sort(), tables, 'tests/e2e/timeline.test.mjs: KINDS');
  const body = await database.value(`SELECT prosrc FROM pg_proc WHERE proname = 'timeline'`);
  assert.deepEqual([...body.matchAll(/timeline_wants\('(\w+)'/g)].map(([, table]) => table).sort(), tables, 'db/functions/timeline.sql');
  const ranks = [...body.matchAll(/ (\d+) AS rank/g)].map(([, rank]) => rank);
  assert.equal(new Set(ranks).size, tables.length, 'each has a rank of its own');
});

test('it is what the lists have, newest first, on pages of any size', async () => {
  const want = (await expected(patient.id)).map(said);
  assert.ok(want.length > 20);
  for (const first of [1, 7, 100]) {
    const all = await walk({ iin: patient.iin }, owner(), first);
    assert.deepEqual(all.map(shown).sort(), [...want].sort());
    assert.deepEqual(all.map(({ at }) => at), all.map(({ at }) => at).toSorted().reverse());
    assert.equal(new Set(all.map(({ record }) => record.id)).size, all.length, 'no entry twice');
    assert.ok(all.every(({ record, kind }) => record.patient.iin === patient.iin && typeOf[Object.keys(kindOf).find((k) => kindOf[k] === kind)] === record.__typename));
  }
  const people = await database.query('SELECT id, iin FROM patient WHERE deceased_on IS NULL ORDER BY id LIMIT 20');
  for (const { id, iin } of people) {
    assert.deepEqual((await walk({ iin }, { headers: keys.bearer({ role: 'CITIZEN', sub: iin }) }, 20)).map(shown).sort(), (await expected(id)).map(said).sort());
  }
});

test('it is narrowed by time, kind and code', async () => {
  const [from, to] = ['2026-02-28T19:00:00Z', '2026-03-02T12:00:00Z'];
  for (const [variables, where] of [[{ from }, `e.at >= '${from}'`], [{ to }, `e.at <= '${to}'`], [{ from, to }, `e.at BETWEEN '${from}' AND '${to}'`],
    [{ from: '2026-02-28T19:00:01Z', to }, `e.at BETWEEN '2026-02-28T19:00:01Z' AND '${to}'`],
    [{ kind: 'PRESCRIPTION' }, `kind = 'prescription'`], [{ kind: 'DIARY_ENTRY', from, to }, `kind = 'diary_entry' AND e.at BETWEEN '${from}' AND '${to}'`],
    [{ code: 'C' }, `code LIKE 'C%'`], [{ code: 'J01' }, `code LIKE 'J01%'`], [{ code: 'I', kind: 'DIAGNOSIS' }, `code LIKE 'I%' AND kind = 'condition'`], [{ code: 'none' }, 'false']]) {
    assert.deepEqual((await walk({ iin: patient.iin, ...variables }, owner(), 3)).map(shown).sort(), (await expected(patient.id, where)).map(said).sort(), JSON.stringify(variables));
  }
});

test('each sees the kinds that are for him, on full pages', async () => {
  const all = await walk({ iin: patient.iin }, owner());
  const seen = await walk({ iin: patient.iin }, nurse);
  assert.deepEqual(seen, all.filter(({ kind }) => kind !== 'DIARY_ENTRY'), 'a nurse of the district sees no diary');
  assert.notEqual(seen.length, all.length);
  const { errors } = await server.graphql(QUERY, { iin: patient.iin }, { headers: keys.bearer({ role: 'PAYER', sub: patient.nurse, org: await officeOf(database) }) });
  assert.deepEqual(errors.map(({ path: at, extensions }) => [at, extensions.code]), [[['patient', 'timeline'], 'FORBIDDEN']]);
});

test('what the person hid is left out, one entry or a kind, and pages stay full', async () => {
  const all = await walk({ iin: patient.iin }, nurse);
  const hide = (id) => server.graphql('mutation ($id: ID!) { hideEntry(entry: $id, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', { id }, owner());
  const prescriptions = all.filter(({ kind }) => kind === 'PRESCRIPTION');
  assert.equal((await hide(prescriptions[0].record.id)).errors, undefined);
  const hidden = (await database.value(`SELECT access_hidden(${patient.id}, 'NURSE', (SELECT id FROM practitioner WHERE iin = '${patient.nurse}'), 1)`)).split(' ').length;
  const page = (await server.graphql(QUERY, { iin: patient.iin, first: 3 }, nurse)).data.patient.timeline;
  assert.equal(page.withheld, true);
  assert.equal(page.edges.length, 3);
  const left = await walk({ iin: patient.iin }, nurse);
  assert.equal(left.length, all.length - hidden);
  assert.ok(!left.some(({ record }) => record.id === prescriptions[0].record.id));
  assert.deepEqual(await walk({ iin: patient.iin }, owner()), await walk({ iin: patient.iin }, owner(), 50), 'the owner sees it all the same');
  const patientId = (await server.data('query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: patient.iin }, owner())).patient.id;
  await server.data('mutation ($id: ID!) { hideKind(patient: $id, kind: DIAGNOSIS, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', { id: patientId }, owner());
  const without = await walk({ iin: patient.iin }, nurse);
  assert.deepEqual(without.filter(({ kind }) => kind === 'DIAGNOSIS'), []);
  assert.ok(without.length > 0 && without.length < left.length);
});

test('each branch goes through the index of its own list, and those that are not asked for are not read', async () => {
  const sql = (await must(BINARY, ['check', '--database', database.serverConninfo, '--sql'])).split('\n').find((line) => line.includes('"timeline"('));
  assert.ok(sql, 'the statement is printed');
  const n = Math.max(...[...sql.matchAll(/\$(\d+)/g)].map(([, i]) => Number(i)));
  const settings = 'SET plan_cache_mode = force_generic_plan; SET random_page_cost = 1.1; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_memoize = off; SET max_parallel_workers_per_gather = 0;';
  const values = { 'bigint[]': `{${patient.id}}`, 'integer[]': '{5}' };
  const given = [...sql.matchAll(/\$(\d+)::([a-z]+\[\])/g)].map(([, i, type]) => (i === '1' ? values['bigint[]'] : type === 'integer[]' ? '{2147483647}' : type === 'bigint[]' ? '{9223372036854775807}' : null));
  assert.equal(given.length, n);
  const statement = sql.slice(sql.indexOf('SELECT'));
  const plan = await new Database(database.services, database.name, 'tolqujat_server').execute(`${settings} PREPARE q AS ${statement}; EXPLAIN (COSTS OFF) EXECUTE q (${given.map((v) => (v === null ? 'NULL' : `'${v}'`)).join(', ')});`);
  const lines = plan.split('\n');
  for (const table of Object.keys(KINDS)) {
    const at = lines.findIndex((line) => new RegExp(`Index (Only )?Scan using ${table}_list on ${table} `).test(line));
    assert.ok(at > 0, `${table}:\n${plan}`);
    assert.match(lines[at + 1], new RegExp(`Index Cond: \\(\\(patient_id = k.k1\\) AND \\(${KINDS[table][0]} >= .*\\(${KINDS[table][0]} <= `), table);
    assert.match(lines.slice(at - 3, at).join('\n'), new RegExp(`One-Time Filter: .*'${table}'::text`), 'gated by its kind');
    assert.match(lines.slice(at - 3, at).join('\n'), /Limit/, 'reads no more than a page');
  }
  assert.doesNotMatch(plan, /Seq Scan/);
});
