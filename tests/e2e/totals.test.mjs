// totalCount: beside what SQL counts; asked for in one statement for everybody's lists, and never when nobody asked. What is hidden does
// not count: hidden.test.mjs, rights.test.mjs and timeline.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Database } from './lib/psql.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const MOST = 10_000;
const PEOPLE = 20;
let database, server, people, rich;

before(async () => {
  database = await createDatabase();
  people = await database.query(`SELECT p.id, p.iin FROM patient p WHERE (SELECT count(*) FROM prescription r WHERE r.patient_id = p.id) > 2 ORDER BY p.id LIMIT ${PEOPLE + 1}`);
  rich = people.pop();
  const root = new Database(database.services, database.name, 'postgres');
  await root.execute(`SET session_replication_role = replica;
    INSERT INTO diary_entry (patient_id, id, noted_at, kind, value) SELECT ${rich.id}, 900000 + j, timestamptz '2026-01-01 00:00Z' + j * interval '1 minute', 'weight', 7000 FROM generate_series(1, ${MOST + 20}) j;
    UPDATE prescription p SET superseded_by = q.id FROM (SELECT patient_id, max(id) AS id FROM prescription GROUP BY patient_id) q WHERE q.patient_id = p.patient_id AND p.id < q.id AND p.id % 2 = 0;
    ANALYZE diary_entry, prescription;`);
  server = await startServer({ database, args: ['--workers', '1', '--max-aliases', '200', '--max-root-fields', '100', '--cache-bytes', '0'] });
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

const everybody = (inner) => `{ ${people.map(({ iin }, i) => `p${i}: patient(iin: "${iin}") { ${inner} }`).join(' ')} }`;

/** How many statements the question needs, once all is known that is read at first. */
async function statements(query) {
  await server.data(query);
  const before = await server.metric('tolqujat_db_statements_total');
  await server.data(query);
  return await server.metric('tolqujat_db_statements_total') - before;
}

test('the whole list counts, with its filters, whatever the page is', async () => {
  const data = await server.data(everybody(`prescriptions(first: 1) { totalCount nodes { id } } active: prescriptions(status: ACTIVE) { totalCount }
    from: prescriptions(issuedOn: {from: "2025-06-01"}) { totalCount } between: prescriptions(issuedOn: {from: "2024-01-01", to: "2025-12-31"}, status: DISPENSED) { totalCount }
    dispenses { totalCount } accessLog { totalCount } none: diagnoses(first: 100) { totalCount nodes { id } }`));
  const truth = await database.query(`SELECT count(*) AS all, count(*) FILTER (WHERE status = 'active') AS active, count(*) FILTER (WHERE issued_on >= '2025-06-01') AS since,
      count(*) FILTER (WHERE issued_on BETWEEN '2024-01-01' AND '2025-12-31' AND status = 'dispensed') AS between,
      (SELECT count(*) FROM dispense d WHERE d.patient_id = p.patient_id AND d.superseded_by IS NULL) AS dispenses
    FROM prescription p WHERE superseded_by IS NULL AND patient_id IN (${people.map(({ id }) => id)}) GROUP BY patient_id ORDER BY patient_id`);
  assert.deepEqual(Object.values(data).map((p) => [p.prescriptions, p.active, p.from, p.between, p.dispenses].map(({ totalCount }) => totalCount)),
    truth.map((row) => [row.all, row.active, row.since, row.between, row.dispenses]));
  for (const { prescriptions, none, accessLog } of Object.values(data)) {
    assert.equal(prescriptions.nodes.length, 1);
    assert.equal(none.totalCount, none.nodes.length);
    assert.equal(accessLog.totalCount, 0);
  }
  assert.ok(new Set(truth.map((row) => row.all)).size > 2 && truth.some(({ active }) => active > 0) && truth.some(({ between }) => between > 0), JSON.stringify(truth));
});

test('each page says the same', async () => {
  const query = 'query ($iin: ID!, $after: String) { patient(iin: $iin) { prescriptions(first: 1, after: $after) { totalCount pageInfo { endCursor hasNextPage } } } }';
  const totals = [];
  for (let after = null, more = true; more;) {
    const { patient: { prescriptions } } = await server.data(query, { iin: people[0].iin, after });
    totals.push(prescriptions.totalCount);
    ({ endCursor: after, hasNextPage: more } = prescriptions.pageInfo);
  }
  assert.deepEqual(totals, totals.map(() => totals.length));
});

test('lists about nobody have one too', async () => {
  const [drug, ...more] = await database.query('SELECT drug_id AS id, count(*) AS n FROM pharmacy_price GROUP BY drug_id ORDER BY n DESC, drug_id LIMIT 2');
  assert.ok(more.length > 0 && drug.n > 1);
  const { drug: { prices } } = await server.data(`{ drug(by: {id: "${drug.id}"}) { prices(first: 1) { totalCount nodes { price } } } }`);
  assert.deepEqual([prices.totalCount, prices.nodes.length], [Math.min(drug.n, MOST), 1]);
});

test('one statement counts for everybody, none where nobody asks, and rows are not read for it', async () => {
  const none = await statements(everybody('iin'));
  const rows = await statements(everybody('prescriptions { nodes { dose } }'));
  assert.equal(rows, none + 1);
  assert.equal(await statements(everybody('prescriptions { totalCount }')), none + 1);
  assert.equal(await statements(everybody('prescriptions { totalCount nodes { dose } }')), none + 2);
  assert.equal(await statements(everybody('prescriptions { edges { cursor } totalCount @skip(if: true) }')), none + 1);
  assert.equal(await statements(everybody('prescriptions { __typename withheld }')), none);
  const before = await server.metric('tolqujat_db_rows_total');
  await server.data(everybody('diagnoses { totalCount }'));
  const read = await server.metric('tolqujat_db_rows_total') - before;
  assert.ok(read <= 2 * PEOPLE, `${read} rows for ${PEOPLE} people and as many numbers`);
});

test('what is counted has an end', async () => {
  const { patient } = await server.data(`{ patient(iin: "${rich.iin}") { diary { totalCount nodes { id } } timeline(kind: DIARY_ENTRY) { totalCount }
    some: timeline(kind: DIARY_ENTRY, from: "2026-01-01T00:01:00Z", to: "2026-01-01T01:00:00Z") { totalCount } } }`);
  assert.deepEqual([patient.diary.totalCount, patient.timeline.totalCount, patient.some.totalCount, patient.diary.nodes.length], [MOST, MOST, 60, 20]);
});

test('it costs 10 for each list, and rows that nobody asked for cost nothing', async () => {
  const cost = async (query) => (await server.request('/graphql', { method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, extensions: { cost: true } }) })).json().extensions.cost.estimate;
  const of = (inner) => cost(`{ patient(iin: "${people[0].iin}") { ${inner} } }`);
  assert.equal(await of('prescriptions(first: 7) { nodes { dose } }'), 8);
  assert.equal(await of('prescriptions(first: 7) { totalCount }'), 11);
  assert.equal(await of('prescriptions(first: 7) { totalCount nodes { patient { prescriptions { totalCount } } } }'), 1 + 10 + 7 + 7 + 70);
  assert.equal(await of('prescriptions(first: 7) { withheld }'), 1);
});
