// Names in the language that the request's Accept-Language header asks for, where the field leaves it open; nobody gets another's
// language out of a cache. How the header is read: tests/unit/t-accept_language.c.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { connect } from './lib/http.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';

const ORIGIN = 'https://portal.example.kz';
const QUERY = 'query Names($iin: ID!) { patient(iin: $iin) { clinic { region { name en: name(lang: EN) } } prescriptions { nodes { drug { inn form } } } } }';
const HEADERS = { KK: [undefined, 'kk-KZ', 'de', ';;q=', 'ru;q=2', `ru,${'x'.repeat(1100)}`], RU: ['ru', 'ru-KZ,kk;q=0.5', 'de,ru;q=0.1'], EN: ['en-US,en;q=0.9,ru;q=0.8', 'kk;q=0,ru;q=0,*'] };

let database, server, iin, truth;
before(async () => {
  const { redis } = await sharedServices();
  database = await createDatabase();
  server = await startServer({ database, redis, args: ['--workers', '1', '--get-queries', 'on', '--cors-origin', ORIGIN] });
  // Somebody whose names differ in all three languages.
  [{ iin }] = await database.query(`SELECT p.iin FROM patient p JOIN clinic c ON c.id = p.clinic_id JOIN region g ON g.id = c.region_id
     WHERE g.name_kk <> g.name_ru AND g.name_ru <> g.name_en AND EXISTS (SELECT FROM prescription r JOIN drug d ON d.id = r.drug_id
       WHERE r.patient_id = p.id AND r.superseded_by IS NULL AND drug_inn_kk(d) <> drug_inn_en(d) AND drug_form_kk(d) <> drug_form_ru(d)) ORDER BY p.id LIMIT 1`);
  truth = {};
  for (const lang of Object.keys(HEADERS)) truth[lang] = await answer({ query: QUERY.replace('{ name en', `{ name(lang: ${lang}) en`).replace('inn form', `inn(lang: ${lang}) form(lang: ${lang})`), variables: { iin } });
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

const send = (body, language, headers = {}) => server.request('/graphql', { method: 'POST', body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json', ...(language !== undefined && { 'Accept-Language': language }), ...headers } });
const answer = async (...asked) => (await send(...asked)).text;

test('each answer is in the language that its request asks for, in any order, also by hash and by GET', async () => {
  assert.equal(new Set(Object.values(truth)).size, 3);
  const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(QUERY).digest('hex') } };
  await answer({ query: QUERY, variables: { iin }, extensions }, 'en');
  const asked = Object.entries(HEADERS).flatMap(([lang, all]) => all.map((header) => [lang, header]));
  for (let round = 0; round < 3; round++) { // what is asked for twice is cached
    const all = await Promise.all(asked.map(async ([lang, header]) => {
      const url = new URLSearchParams({ query: QUERY, variables: JSON.stringify({ iin }) });
      const got = await server.request(`/graphql?${url}`, { headers: { 'Apollo-Require-Preflight': '1', ...(header !== undefined && { 'Accept-Language': header }) } });
      return [lang, header, await answer({ query: QUERY, variables: { iin } }, header), await answer({ variables: { iin }, extensions }, header), got.text];
    }));
    for (const [lang, header, ...texts] of all) assert.deepEqual(texts, Array(3).fill(truth[lang]), header);
    asked.reverse();
  }
});

test('an argument that is given counts; null, and a variable that is not given, leave it open', async () => {
  const query = `query ($iin: ID!, $no: Language, $ru: Language = RU) { patient(iin: $iin) { clinic { region {
    open: name null: name(lang: null) none: name(lang: $no) default: name(lang: $ru) given: name(lang: KK) } } } }`;
  const [{ kk, ru, en }] = await database.query(`SELECT name_kk AS kk, name_ru AS ru, name_en AS en FROM region
     WHERE id = (SELECT region_id FROM clinic WHERE id = (SELECT clinic_id FROM patient WHERE iin = '${iin}'))`);
  const { data } = JSON.parse(await answer({ query, variables: { iin } }, 'en'));
  assert.deepEqual(data.patient.clinic.region, { open: en, null: en, none: en, default: ru, given: kk });
  const given = JSON.parse(await answer({ query, variables: { iin, no: 'RU', ru: null } }, 'en'));
  assert.deepEqual(given.data.patient.clinic.region, { open: en, null: en, none: ru, default: en, given: kk });
});

test('rows of functions, and what is seldom asked for, speak it too', async () => {
  const query = '{ searchDrugs(text: "кардио") { inn leaflet { indications } } }';
  const own = (lang) => query.replace('inn', `inn(lang: ${lang})`).replace('indications', `indications(lang: ${lang})`);
  const all = await Promise.all(['KK', 'RU', 'EN'].map(async (lang) => [await answer({ query: own(lang) }), await answer({ query }, lang.toLowerCase())]));
  for (const [want, have] of all) assert.equal(have, want);
  assert.equal(new Set(all.flat()).size, 3);
});

test('two lines of the header are one list', async () => {
  const body = JSON.stringify({ query: QUERY, variables: { iin } });
  const connection = await connect(server.port);
  try {
    connection.send(`POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept-Language: en;q=0.3\r\nAccept-Language: ru;q=0.4\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    assert.equal((await connection.response()).body.toString(), truth.RU);
  } finally {
    connection.destroy();
  }
});

test('Vary says so, of answers that can differ alone', async () => {
  const vary = async (query, language, headers) => (await send({ query, variables: { iin } }, language, headers)).headers.vary;
  assert.equal(await vary(QUERY), 'Origin, Accept-Language');
  assert.equal(await vary(QUERY, 'en', { Origin: ORIGIN }), 'Origin, Accept-Language');
  assert.equal(await vary('query ($iin: ID!) { patient(iin: $iin) { fullName } }', 'en'), 'Origin');
  // Also of one that leaves in pieces.
  const long = `query ($iin: ID!) { patient(iin: $iin) { clinic { region { ${Array.from({ length: 25 }, (_, i) => `a${i}: name`).join(' ')} } } prescriptions(first: 100) { nodes { drug { inn } } } } }`;
  assert.equal(await vary(long, 'en'), 'Origin, Accept-Language');
});

test('validation and introspection know no default', async () => {
  const { data } = JSON.parse(await answer({ query: '{ __type(name: "Region") { fields { name args { name defaultValue type { name kind } } } } }' }));
  assert.deepEqual(data.__type.fields.find(({ name }) => name === 'name').args, [{ name: 'lang', defaultValue: null, type: { name: 'Language', kind: 'ENUM' } }]);
  const conflict = JSON.parse(await answer({ query: '{ labTest(by: {loinc: "4548-4"}) { name name(lang: KK) } }' }));
  assert.match(conflict.errors[0].message, /Fields "name" conflict because they have differing arguments/);
});
