// Answers over the real path, compared with what SQL says; and everything a client can get wrong in a body.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { connect, post } from './lib/http.mjs';
import { bare, bareIds } from './lib/ids.mjs';

const PASSPORT = `query Passport($iin: ID!) {
  patient(iin: $iin) {
    id iin fullName birthDate sex bloodGroup
    clinic { id name region { id kato kk: name ru: name(lang: RU) en: name(lang: EN) } }
    districtDoctor { id fullName specialty }
    prescriptions(first: 100) {
      nodes {
        id number issuedOn status dose quantity
        drug { id inn name atc priceCap } prescriber { fullName } pharmacy { name address region { kato } }
        diagnosis { id icd10 name onset }
      }
    }
    diagnoses(first: 100) { nodes { id icd10 name onset } }
    allergies(first: 100) { nodes { id substance criticality } }
    vaccinations(first: 100) { nodes { id vaccine doseNumber givenOn clinic { name } } }
  }
}`;

// The same, said by PostgreSQL alone. Enum values and money are the two places where the API's text differs.
const TRUTH = `
SELECT json_build_object('patient', json_build_object(
  'id', p.id::text, 'iin', p.iin, 'fullName', p.full_name, 'birthDate', p.birth_date, 'sex', upper(p.sex),
  'bloodGroup', replace(replace(p.blood_group, '+', '_POSITIVE'), '-', '_NEGATIVE'),
  'clinic', (SELECT json_build_object('id', c.id::text, 'name', c.name, 'region', json_build_object('id', g.id::text,
      'kato', g.kato, 'kk', g.name_kk, 'ru', g.name_ru, 'en', g.name_en))
    FROM clinic c JOIN region g ON g.id = c.region_id WHERE c.id = p.clinic_id),
  'districtDoctor', (SELECT json_build_object('id', d.id::text, 'fullName', d.full_name, 'specialty', d.specialty)
    FROM practitioner d WHERE d.id = p.district_doctor_id),
  'prescriptions', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object(
      'id', r.id::text, 'number', r.number, 'issuedOn', r.issued_on, 'status', upper(r.status), 'dose', r.dose,
      'quantity', r.quantity,
      'drug', (SELECT json_build_object('id', m.id::text, 'inn', m.inn, 'name', m.name, 'atc', m.atc, 'priceCap',
          to_char(drug_price_cap(m) / 100.0, 'FM999999999990.00')) FROM drug m WHERE m.id = r.drug_id),
      'prescriber', (SELECT json_build_object('fullName', d.full_name) FROM practitioner d WHERE d.id = r.prescriber_id),
      'pharmacy', (SELECT json_build_object('name', h.name, 'address', h.address, 'region', json_build_object('kato', g.kato))
          FROM pharmacy h JOIN region g ON g.id = h.region_id WHERE h.id = r.pharmacy_id),
      'diagnosis', (SELECT json_build_object('id', x.id::text, 'icd10', x.icd10, 'name', x.name, 'onset', x.onset)
          FROM condition x WHERE x.patient_id = r.patient_id AND x.id = r.condition_id))
    ORDER BY r.issued_on DESC, r.id DESC), '[]') FROM prescription r WHERE r.patient_id = p.id AND r.superseded_by IS NULL)),
  'diagnoses', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('id', x.id::text, 'icd10', x.icd10,
      'name', x.name, 'onset', x.onset) ORDER BY x.recorded_on DESC, x.id DESC), '[]')
    FROM condition x WHERE x.patient_id = p.id AND x.superseded_by IS NULL)),
  'allergies', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('id', a.id::text, 'substance',
      a.substance, 'criticality', upper(a.criticality)) ORDER BY a.noted_on DESC, a.id DESC), '[]')
    FROM allergy a WHERE a.patient_id = p.id AND a.superseded_by IS NULL)),
  'vaccinations', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('id', v.id::text, 'vaccine',
      v.vaccine, 'doseNumber', v.dose_number, 'givenOn', v.given_on, 'clinic', (SELECT json_build_object('name', c.name)
          FROM clinic c WHERE c.id = v.clinic_id)) ORDER BY v.given_on DESC, v.id DESC), '[]')
    FROM immunization v WHERE v.patient_id = p.id AND v.superseded_by IS NULL)))) AS passport
FROM patient p`;

let database, server, cached, redis;

before(async () => {
  const services = await sharedServices();
  redis = services.redis;
  database = await createDatabase();
  server = await startServer({ database });
  cached = await startServer({ database, redis });
});
after(async () => {
  await server?.stop();
  await cached?.stop();
  await database?.drop();
});

describe('the nested passport', () => {
  test('is what SQL says, for 200 people at once and again from the caches', async () => {
    const rows = await database.query(`${TRUTH} ORDER BY p.id LIMIT 200`);
    assert.equal(rows.length, 200);
    assert.ok(rows.some(({ passport }) => passport.patient.prescriptions.nodes.length > 3));
    for (const from of [server, cached, cached, cached]) {
      const answers = await Promise.all(rows.map(({ passport }) => from.data(PASSPORT, { iin: passport.patient.iin })));
      answers.forEach((answer, i) => assert.deepEqual(bareIds(answer), rows[i].passport));
    }
  });

  test('merges the keys of requests in flight into few statements', async () => {
    const iins = (await database.query('SELECT iin FROM patient ORDER BY id DESC LIMIT 200')).map(({ iin }) => iin);
    const query = 'query($iin: ID!) { patient(iin: $iin) { fullName prescriptions { nodes { number drug { name } } } } }';
    const statements = await server.metric('tolqujat_db_statements_total');
    await Promise.all(iins.map((iin) => server.data(query, { iin })));
    const each = (await server.metric('tolqujat_db_statements_total') - statements) / iins.length;
    assert.ok(each < 1, `${each} statements a request`); // two steps each: alone it would be 2
  });

  test('an IIN that nobody has, or that is none, is null without an error', async () => {
    for (const iin of ['000000000000', '', 'x', '12345678901234567890', 'қазақ', '\u0000', "' OR 1=1 --"]) {
      assert.deepEqual(await server.graphql('query($iin: ID!) { patient(iin: $iin) { id } }', { iin }), { data: { patient: null } });
    }
  });

  test('leading zeros of an IIN count', async () => {
    const [{ iin }] = await database.query("SELECT iin FROM patient WHERE iin LIKE '0%' ORDER BY id LIMIT 1");
    const { patient } = await server.data('query($iin: ID!) { patient(iin: $iin) { iin } }', { iin });
    assert.equal(patient.iin, iin);
    const without = await server.data('query($iin: ID!) { patient(iin: $iin) { iin } }', { iin: iin.replace(/^0+/, '') });
    assert.equal(without.patient, null);
  });

  test('reference records by id', async () => {
    const [want] = await database.query('SELECT id::text, name, address FROM pharmacy ORDER BY id LIMIT 1 OFFSET 7');
    for (let i = 0; i < 2; i++) {
      const { pharmacy } = await server.data('query($id: ID!) { pharmacy(id: $id) { id name address } }', { id: want.id });
      assert.deepEqual(bareIds(pharmacy), want);
    }
    for (const id of ['999999999', '-1', '0', '9223372036854775807', '9223372036854775808', '1.5', '']) {
      assert.equal((await server.data('query($id: ID!) { pharmacy(id: $id) { id } }', { id })).pharmacy, null, id);
    }
  });
});

describe('pages', () => {
  const PAGE = `query($iin: ID!, $first: Int, $after: String, $status: PrescriptionStatus) {
    patient(iin: $iin) { prescriptions(first: $first, after: $after, status: $status) {
      nodes { id status } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;
  let iin, ids;

  before(async () => {
    const [row] = await database.query(`SELECT p.iin, json_agg(r.id::text ORDER BY r.issued_on DESC, r.id DESC) AS ids
      FROM patient p JOIN prescription r ON r.patient_id = p.id AND r.superseded_by IS NULL
      GROUP BY p.id ORDER BY count(*) DESC, p.id LIMIT 1`);
    ({ iin, ids } = row);
    assert.ok(ids.length >= 10, `${ids.length} prescriptions`);
  });

  async function walk(from, first, status) {
    const seen = [];
    let page, afterCursor = null;
    do {
      page = (await from.data(PAGE, { iin, first, after: afterCursor, status })).patient.prescriptions;
      assert.ok(page.nodes.length <= first);
      assert.deepEqual(page.nodes.map((n) => n.id), page.edges.map((e) => e.node.id));
      assert.equal(page.pageInfo.hasPreviousPage, afterCursor !== null);
      assert.equal(page.pageInfo.startCursor, page.edges[0]?.cursor ?? null);
      assert.equal(page.pageInfo.endCursor, page.edges.at(-1)?.cursor ?? null);
      seen.push(...page.nodes);
      afterCursor = page.pageInfo.endCursor;
    } while (page.pageInfo.hasNextPage);
    return seen;
  }

  test('of any size join to the whole list', async () => {
    for (const from of [server, cached, cached]) {
      for (const first of [1, 2, 3, ids.length - 1, ids.length, 100]) {
        assert.deepEqual((await walk(from, first)).map((n) => bare(n.id)), ids, `first: ${first}`);
      }
    }
  });

  test('a filter narrows them', async () => {
    for (const status of ['ACTIVE', 'DISPENSED', 'EXPIRED', 'CANCELLED']) {
      const want = (await database.query(`SELECT r.id::text FROM prescription r JOIN patient p ON p.id = r.patient_id
        WHERE p.iin = '${iin}' AND r.superseded_by IS NULL AND r.status = '${status.toLowerCase()}'
        ORDER BY r.issued_on DESC, r.id DESC`)).map(({ id }) => id);
      const got = await walk(server, 2, status);
      assert.deepEqual(got.map((n) => bare(n.id)), want, status);
      assert.ok(got.every((n) => n.status === status));
    }
  });

  test('null does not narrow', async () => {
    assert.equal((await walk(server, 100, null)).length, ids.length);
  });

  test('a cursor of another list, or a made-up one, is refused', async () => {
    const { patient } = await server.data(`query($iin: ID!) { patient(iin: $iin) { vaccinations(first: 1) { edges { cursor } } } }`, { iin });
    for (const cursor of ['', 'x', 'ffffffff', '0'.repeat(40), 'A'.repeat(38), 'A'.repeat(100_000), patient.vaccinations.edges[0]?.cursor ?? 'z']) {
      const { errors } = await server.graphql(PAGE, { iin, first: 1, after: cursor });
      assert.match(errors[0].message, /"after" of "Patient.prescriptions" is not a cursor of this list/);
    }
  });
});

describe('variables', () => {
  test('are found among any number of others, whatever is nested in those', async () => {
    const [{ iin }] = await database.query('SELECT iin FROM patient ORDER BY id LIMIT 1');
    const query = 'query($iin: ID!) { patient(iin: $iin) { iin } }';
    for (const n of [1, 2, 10, 100, 1000]) {
      const others = Object.fromEntries(Array.from({ length: n }, (_, i) => [`v${i}`, i % 2 ? [[i], { a: i, b: [] }] : i]));
      assert.equal((await server.data(query, { ...others, iin })).patient.iin, iin, `${n} before`);
      assert.equal((await server.data(query, { iin, ...others })).patient.iin, iin, `${n} behind`);
    }
  });
});

describe('what a client can get wrong', () => {
  const send = (body, headers = {}) => server.request('/graphql', {
    method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers },
  });
  const NEWER = { Accept: 'application/graphql-response+json' };

  const bodies = [
    ['nothing', '', /empty/],
    ['no JSON', 'hello', /not valid JSON \(line 1, column \d+\)/],
    ['half a JSON', '{"query":"{ __typename }"', /not valid JSON/],
    ['two JSONs', '{"query":"{ __typename }"} {}', /not valid JSON/],
    ['a string', '"{ __typename }"', /must be a JSON object/],
    ['a number', '17', /must be a JSON object/],
    ['null', 'null', /must be a JSON object/],
    ['a batch', '[{"query":"{ __typename }"}]', /[Bb]atch/],
    ['no query', '{}', /"query" is missing/],
    ['a null query', '{"query":null}', /"query" is missing/],
    ['a query that is no string', '{"query":5}', /"query" must be a string/],
    ['a name that is no string', '{"query":"{ __typename }","operationName":5}', /"operationName"/],
    ['variables that are no object', '{"query":"{ __typename }","variables":[]}', /"variables"/],
    ['extensions that are no object', '{"query":"{ __typename }","extensions":"x"}', /"extensions"/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /not valid JSON/],
    ['a number beyond 64 bits', '{"query":"{ __typename }","variables":{"a":99999999999999999999}}', /too large/],
    ['65 levels of JSON', `{"query":"{ __typename }","variables":{"a":${'['.repeat(63)}${']'.repeat(63)}}}`, /nested more than 64/],
    ['100,000 levels of JSON', '['.repeat(100_000), /nested more than 64/],
  ];
  for (const [name, body, message] of bodies) {
    test(`body: ${name}`, async () => {
      for (const headers of [{}, NEWER]) {
        const answer = await send(body, headers);
        assert.equal(answer.status, 400);
        assert.match(answer.json().errors[0].message, message);
        assert.equal('data' in answer.json(), false);
      }
    });
  }

  const documents = [
    ['empty', '', 'GRAPHQL_PARSE_FAILED', /Syntax Error: Unexpected <EOF>/],
    ['unclosed', '{ patient', 'GRAPHQL_PARSE_FAILED', /Syntax Error/],
    ['an unknown field', '{ patient(iin: "1") { salary } }', 'GRAPHQL_VALIDATION_FAILED', /Cannot query field "salary" on type "Patient"/],
    ['an unknown argument', '{ patient(iin: "1", x: 2) { id } }', 'GRAPHQL_VALIDATION_FAILED', /Unknown argument "x"/],
    ['a missing argument', '{ patient { id } }', 'GRAPHQL_VALIDATION_FAILED', /Argument "Query.patient\(iin:\)" of type "ID!" is required/],
    ['an object without selection', '{ patient(iin: "1") }', 'GRAPHQL_VALIDATION_FAILED', /must have a selection of subfields/],
    ['a leaf with selection', '{ patient(iin: "1") { id { x } } }', 'GRAPHQL_VALIDATION_FAILED', /must not have a selection/],
    ['a wrong enum value', '{ patient(iin: "1") { prescriptions(status: LOST) { nodes { id } } } }', 'GRAPHQL_VALIDATION_FAILED', /LOST/],
    ['an undefined variable', '{ patient(iin: $x) { id } }', 'GRAPHQL_VALIDATION_FAILED', /Variable "\$x" is not defined/],
    ['a fragment cycle', '{ patient(iin: "1") { ...A } } fragment A on Patient { ...B } fragment B on Patient { ...A }', 'GRAPHQL_VALIDATION_FAILED', /within itself/],
    ['conflicting fields', '{ patient(iin: "1") { id: fullName id } }', 'GRAPHQL_VALIDATION_FAILED', /conflict/],
    ['a mutation that is not there', 'mutation { x }', null, /mutation/i],
  ];
  for (const [name, query, code, message] of documents) {
    test(`document: ${name}`, async () => {
      const older = await send(JSON.stringify({ query }));
      assert.equal(older.status, 200);
      const newer = await send(JSON.stringify({ query }), NEWER);
      assert.equal(newer.status, 400);
      for (const answer of [older, newer]) {
        const [error] = answer.json().errors;
        assert.match(error.message, message);
        if (code) assert.equal(error.extensions.code, code);
        assert.ok(error.locations?.[0]?.line >= 1, JSON.stringify(error));
        assert.equal('data' in answer.json(), false);
      }
    });
  }

  test('a missing or wrong variable says which', async () => {
    const query = 'query($iin: ID!, $first: Int) { patient(iin: $iin) { prescriptions(first: $first) { nodes { id } } } }';
    const message = async (variables) => (await server.graphql(query, variables)).errors[0].message;
    assert.match(await message({}), /Variable "\$iin" of required type "ID!" was not provided/);
    assert.match(await message({ iin: null }), /Variable "\$iin" of non-null type "ID!" must not be null/);
    assert.match(await message({ iin: 'x', first: 'many' }), /Variable "\$first"/);
    assert.match(await message({ iin: 'x', first: 2147483648 }), /Variable "\$first"/);
    assert.match(await message({ iin: 'x', first: 1.5 }), /Variable "\$first"/);
    assert.match(await message({ iin: {}, first: 1 }), /Variable "\$iin"/);
    for (const first of [0, -1, 101, 2147483647]) assert.match(await message({ iin: 'x', first }), /must be from 1 to 100/);
  });

  test('the operation is chosen by name', async () => {
    const query = 'query A { a: __typename } query B { b: __typename }';
    assert.deepEqual(await server.graphql(query, undefined, { operationName: 'B' }), { data: { b: 'Query' } });
    assert.match((await server.graphql(query)).errors[0].message, /Must provide operation name/);
    assert.match((await server.graphql(query, undefined, { operationName: 'C' })).errors[0].message, /Unknown operation named "C"/);
  });

  test('200 kB of { and 100 levels of nesting are refused', async () => {
    const braces = await send(JSON.stringify({ query: '{'.repeat(200_000) }));
    assert.ok(braces.json().errors[0].message.length < 300);
    const deep = await send(JSON.stringify({ query: `{ ${'a { '.repeat(100)} b ${'}'.repeat(100)} }` }), NEWER);
    assert.equal(deep.status, 400);
    assert.equal(deep.json().errors.length <= 20, true);
    assert.deepEqual((await server.graphql('{ __typename }')), { data: { __typename: 'Query' } });
  });

  test('a body of 10 MB is refused before it is read', async () => {
    const connection = await connect(server.port);
    await connection.send('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10485760\r\n\r\n{"query":"');
    const response = await connection.response();
    assert.equal(response.status, 413);
    assert.match(JSON.parse(response.body).errors[0].message, /\d/);
    connection.destroy();
  });

  test('a connection cut at any byte of the request harms nobody', async () => {
    const bytes = post({ query: '{ __typename patient(iin: "000000000000") { id prescriptions { nodes { id } } } }' });
    for (let cut = 1; cut <= bytes.length; cut++) {
      const connection = await connect(server.port);
      await connection.send(bytes.subarray(0, cut));
      connection.destroy();
    }
    assert.deepEqual(await server.graphql('{ __typename }'), { data: { __typename: 'Query' } });
    server.assertSane();
  });

  test('media types', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    assert.equal((await send(body, { 'Content-Type': 'text/plain' })).status, 415);
    assert.equal((await send(body, { 'Content-Type': 'application/json; charset=utf-16' })).status, 415);
    assert.equal((await send(body, { Accept: 'text/html' })).status, 406);
    assert.match((await send(body)).headers['content-type'], /^application\/json; charset=utf-8$/);
    assert.match((await send(body, NEWER)).headers['content-type'], /^application\/graphql-response\+json; charset=utf-8$/);
    const get = await server.request('/graphql?query=%7B__typename%7D');
    assert.equal(get.status, 405);
    assert.match(get.headers.allow, /POST/);
  });

  test('no answer is stored by anybody on the way', async () => {
    const answer = await send(JSON.stringify({ query: '{ __typename }' }));
    assert.match(answer.headers['cache-control'], /no-store/);
    assert.ok(answer.headers['x-request-id']);
  });
});
