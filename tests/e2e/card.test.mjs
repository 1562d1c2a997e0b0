// The emergency card for a QR code: that it fits, is verified by us and by an independent library without a network, goes through a real QR code, says
// when something is left out, has nothing on it that may not be there; and that nothing else is taken for one.
import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { compactVerify, importJWK } from 'jose';
import jsqr from 'jsqr';
import qrcode from 'qrcode-generator';
import { BINARY, must, run } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { b64, jws, makeKeys, now } from './lib/tokens.mjs';

const PERSONS = 200;
const MOST = 900;
const TYPE = 'tolqujat-card';
const QUERY = 'query ($iin: ID!) { patient(iin: $iin) { emergencyQr { issuedAt expiresAt incomplete payload } } }';

function file(name) { return path.join(dir, name); }
let dir, database, keys, server, people, jwk, privateKey, published;
before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-card-'));
  await must(BINARY, ['card', 'key', file('key.jwk')]);
  jwk = JSON.parse(readFileSync(file('key.jwk')));
  privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  published = JSON.parse(readFileSync(file('key.jwk.jwks')));
  database = await createDatabase();
  keys = makeKeys();
  server = await startServer({ database, tokens: keys, args: ['--card-key', file('key.jwk')] });
  people = await database.query(`SELECT id::text, iin, blood_group FROM patient WHERE deceased_on IS NULL ORDER BY id LIMIT ${PERSONS}`);
});
after(async () => {
  await server?.stop();
  await database?.drop();
  keys?.remove();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const citizen = (iin) => ({ headers: keys.bearer({ role: 'CITIZEN', sub: iin }) });
/** The card that the API gives the person. */
async function cardOf(iin) {
  return (await server.data(QUERY, { iin }, citizen(iin))).patient.emergencyQr;
}
/** What our command says of a payload: { status, stdout, stderr }. Never a network: it is given none. */
const verify = (payload, ...flags) => run(BINARY, ['card', 'verify', '--keys', file('key.jwk.jwks'), ...flags, payload]);
async function read(payload) {
  const { status, stdout, stderr } = await verify(payload, '--json');
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}
const HEADER = () => ({ alg: 'ES256', kid: jwk.kid, typ: TYPE, zip: 'DEF' });
/** A card that was signed with the right key, of any contents. */
const signed = (card, header = HEADER()) => {
  const text = `${b64(JSON.stringify(header))}.${b64(Buffer.isBuffer(card) ? card : deflateRawSync(JSON.stringify(card)))}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const times = (from = 0, to = 3600) => ({ v: 1, iat: now() + from, exp: now() + to });

/** A sick person of one's own: everything of it is planted. */
let planted = 0;
async function plant(sql) {
  const one = people[people.length - 1 - planted++];
  for (const table of ['allergy', 'medication_statement', 'emergency_contact']) await database.execute(`UPDATE ${table} SET record_status = 'entered_in_error' WHERE patient_id = ${one.id}`);
  await database.execute(`UPDATE condition SET record_status = 'entered_in_error' WHERE patient_id = ${one.id}; ${sql(one.id)}`);
  return one;
}
const allergy = (id, values) => `INSERT INTO allergy (patient_id, noted_on, criticality, substance, atc, sens) VALUES ${values.map(([criticality, substance, atc, sens = 0, day = '2026-01-01']) =>
  `(${id}, '${day}', '${criticality}', '${substance}', ${atc ? `'${atc}'` : 'NULL'}, ${sens})`).join(',')};`;
const condition = (id, codes) => `INSERT INTO icd10 (code, name_kk, name_ru, name_en) SELECT c, c, c, c FROM unnest(ARRAY['${codes.join("','")}']) c ON CONFLICT DO NOTHING;
  INSERT INTO condition (patient_id, recorded_on, icd10, name) SELECT ${id}, '2026-01-01', c, 'Diagnosis ' || c FROM unnest(ARRAY['${codes.join("','")}']) c;`;
const medicine = (id, values) => `INSERT INTO medication_statement (patient_id, started_on, origin, atc, name) VALUES ${values.map(([atc, name]) => `(${id}, '2026-01-01', 'reported', ${atc ? `'${atc}'` : 'NULL'}, '${name}')`).join(',')};`;

/** Draws a QR code of `text` as a picture and reads it from the picture. */
function throughQr(text) {
  const code = qrcode(0, 'L'); // the least version that holds it
  code.addData(text, 'Byte');
  code.make();
  const scale = 3, quiet = 4, n = code.getModuleCount(), width = (n + 2 * quiet) * scale;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (let y = 0; y < n * scale; y++) {
    for (let x = 0; x < n * scale; x++) {
      if (code.isDark(Math.floor(y / scale), Math.floor(x / scale))) pixels.fill(0, ((y + quiet * scale) * width + x + quiet * scale) * 4, ((y + quiet * scale) * width + x + quiet * scale) * 4 + 3);
    }
  }
  return jsqr(pixels, width, width)?.data;
}

test('the cards of 200 people fit, are verified by jose, go through a QR code, and say what the records say', async (t) => {
  const key = await importJWK(published.keys[0], 'ES256');
  let longest = '', entries = 0;
  for (const one of people) {
    const card = await cardOf(one.iin);
    assert.ok(card.payload.length <= MOST, `${one.id}: ${card.payload.length}`);
    assert.match(card.payload, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const { payload, protectedHeader } = await compactVerify(card.payload, key, { algorithms: ['ES256'] });
    assert.deepEqual(protectedHeader, HEADER());
    const said = JSON.parse(inflateRawSync(payload));
    assert.equal(said.exp - said.iat, 90 * 86400);
    assert.deepEqual([said.iat, said.exp].map((s) => new Date(s * 1000).toISOString().replace('.000', '')), [card.issuedAt, card.expiresAt]);
    assert.equal(said.blood ?? null, one.blood_group);
    assert.deepEqual((said.incomplete ?? []).map((s) => s.toUpperCase()), card.incomplete);
    for (const section of ['allergies', 'problems', 'medicines']) {
      assert.ok((said[section]?.length ?? 0) <= 8);
      entries += said[section]?.length ?? 0;
    }
    assert.doesNotMatch(JSON.stringify(said), new RegExp(one.iin));
    if (card.payload.length > longest.length) longest = card.payload;
  }
  assert.ok(entries > PERSONS / 2, `${entries} entries: the population has sick people`);
  assert.equal(throughQr(longest), longest);
  t.diagnostic(`${people.length} cards, ${entries} entries, the longest has ${longest.length} bytes`);
});

test('our own command reads them, in three languages, from an argument and from standard input', async () => {
  for (const { iin } of people.slice(0, 10)) {
    const { payload } = await cardOf(iin);
    assert.deepEqual(await read(payload), JSON.parse(inflateRawSync(Buffer.from(payload.split('.')[1], 'base64url'))));
  }
  const one = await plant((id) => allergy(id, [['high', 'Penicillin', 'J01C']]) + condition(id, ['E11']) + medicine(id, [['A10AB05', 'Insulin aspart']]));
  const { payload } = await cardOf(one.iin);
  const words = { kk: [/шынайы карта/, /J01C Penicillin \[АУЫР\]/], ru: [/карта подлинная/, /J01C Penicillin \[ТЯЖЁЛАЯ\]/], en: [/a genuine card/, /J01C Penicillin \[GRAVE\]/] };
  for (const [lang, patterns] of Object.entries(words)) {
    const { status, stdout } = await verify(payload, '--lang', lang);
    assert.equal(status, 0);
    for (const pattern of [...patterns, /E11 Diagnosis E11/, /A10AB05 Insulin aspart/]) assert.match(stdout, pattern);
  }
  const piped = await run(BINARY, ['card', 'verify', '--keys', file('key.jwk.jwks'), '--json', '-'], { input: `${payload}\n` });
  assert.equal(piped.status, 0, piped.stderr);
  assert.deepEqual(JSON.parse(piped.stdout).allergies, ['J01C! Penicillin']);
});

describe('what does not fit', () => {
  const CODES = ['I10', 'K29', 'M05', 'H40', 'J06', 'E03', 'N20', 'L20', 'E11', 'G40', 'I50', 'J45'];
  test('is left out in the order of importance, with a mark; 900 bytes hold for whoever is very ill', async () => {
    const many = Array.from({ length: 30 }, (_, i) => [i === 17 || i === 23 ? 'high' : 'low', `Аллерген ұзақ атауы бар ${i}`, i % 2 ? `J01CA${String(i).padStart(2, '0')}` : null]);
    const one = await plant((id) => allergy(id, many) + condition(id, CODES) + medicine(id, Array.from({ length: 20 }, (_, i) => [i === 9 ? 'B01AA03' : `R05CB${String(i).padStart(2, '0')}`, `Дәрі-дәрмектің өте ұзақ атауы ${i}`]))
      + `INSERT INTO emergency_contact (patient_id, noted_on, relation, name, phone) VALUES (${id}, '2026-01-01', 'spouse', 'name-canary', '+77990000001');`);
    const card = await cardOf(one.iin);
    assert.ok(card.payload.length <= MOST);
    const said = await read(card.payload);
    assert.equal(said.phone, '+77990000001');
    assert.deepEqual(said.allergies.slice(0, 2).sort(), ['J01CA17!', 'J01CA23!'], 'grave allergies first, by their codes alone');
    assert.deepEqual([...said.problems.slice(0, 4)].sort(), ['E11', 'G40', 'I50', 'J45'], 'critical diagnoses first');
    assert.equal(said.medicines[0], 'B01AA03', 'critical medicines first');
    assert.deepEqual(card.incomplete, ['ALLERGIES', 'MEDICINES', 'PROBLEMS']);
    assert.deepEqual(said.incomplete, ['allergies', 'medicines', 'problems']);
    assert.match((await verify(card.payload)).stdout, /not all of it is on the card/);
    assert.equal(throughQr(card.payload), card.payload);
  });

  test('of texts without codes as much as fits, whatever letters they have', async () => {
    const one = await plant((id) => allergy(id, Array.from({ length: 8 }, (_, i) => ['high', `"${'ұ'.repeat(40)}\\${i}`, null])) + medicine(id, Array.from({ length: 8 }, (_, i) => [null, `${'ә\\"'.repeat(20)}${i}`])));
    const card = await cardOf(one.iin);
    const said = await read(card.payload);
    assert.ok(card.payload.length <= MOST && said.allergies.length >= 2 && said.allergies.every((text) => text.endsWith('!')));
    assert.deepEqual(card.incomplete.includes('MEDICINES'), true);
  });

  test('who has nothing has a card that says so, without a mark', async () => {
    const one = await plant(() => '');
    const card = await cardOf(one.iin);
    assert.deepEqual(card.incomplete, []);
    assert.match((await verify(card.payload)).stdout, /Allergies: none on the card/);
  });
});

test('what is hidden from anybody, sensitive or wrong leaves its section marked, and no word', async () => {
  const one = await plant((id) => allergy(id, [['high', 'hidden-canary', null], ['high', 'shown', null], ['low', 'sensitive-canary', null, 3]])
    + condition(id, ['B20', 'I10']) + medicine(id, [['J05AR10', 'kind-canary']])
    + `UPDATE icd10 SET sens = 3 WHERE code = 'B20';
       INSERT INTO allergy (patient_id, noted_on, criticality, substance, record_status) VALUES (${id}, '2026-01-01', 'high', 'wrong-canary', 'entered_in_error');
       INSERT INTO access_rule (patient_id, kind, item_table, item_id, role, made_by) SELECT ${id}, 'hide', 'allergy', id, 'NURSE', '${'581011381944'}' FROM allergy WHERE substance = 'hidden-canary';
       INSERT INTO access_rule (patient_id, kind, item_table, made_by) VALUES (${id}, 'hide', 'medication_statement', '581011381944');`);
  const card = await cardOf(one.iin);
  const said = await read(card.payload);
  assert.deepEqual([said.allergies, said.problems, said.medicines], [['shown!'], ['I10 Diagnosis I10'], undefined]);
  assert.deepEqual(card.incomplete, ['ALLERGIES', 'MEDICINES', 'PROBLEMS']);
});

describe('who is given one', () => {
  test('the person, and nobody else but a guardian', async () => {
    const [one] = people;
    const [doctor] = await database.query(`SELECT m.iin, c.bin FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id WHERE p.id = ${one.id}`);
    const answer = await server.graphql(QUERY, { iin: one.iin }, { headers: keys.bearer({ role: 'DOCTOR', sub: doctor.iin, org: doctor.bin }) });
    assert.deepEqual([answer.data.patient.emergencyQr, answer.errors[0].extensions.code], [null, 'FORBIDDEN']);
    const [child] = await database.query(`SELECT p.iin, g.iin AS parent FROM guardianship s JOIN patient p ON p.id = s.patient_id JOIN patient g ON g.id = s.guardian_id
      WHERE p.birth_date > now() - interval '10 years' AND g.deceased_on IS NULL AND p.deceased_on IS NULL AND s.superseded_by IS NULL ORDER BY p.id LIMIT 1`);
    const given = await server.data(QUERY, { iin: child.iin }, citizen(child.parent));
    assert.ok(await read(given.patient.emergencyQr.payload));
  });

  test('a server without a key says so, and answers the rest', async () => {
    const other = await startServer({ database, tokens: keys });
    try {
      const { data, errors } = await other.graphql('query ($iin: ID!) { patient(iin: $iin) { fullName emergencyQr { payload } } }', { iin: people[0].iin }, citizen(people[0].iin));
      assert.ok(data.patient.fullName && data.patient.emergencyQr === null);
      assert.deepEqual(errors.map((e) => [e.message, e.extensions.code]), [['This server is not set up to give this out.', 'CONFIGURATION']]);
      assert.equal((await other.request('/.well-known/card-keys.json')).status, 404);
    } finally {
      await other.stop();
    }
  });

  test('the keys are published, and only their public halves', async () => {
    const response = await server.request('/.well-known/card-keys.json');
    assert.equal(response.headers['content-type'], 'application/jwk-set+json');
    assert.equal(response.headers['access-control-allow-origin'], '*');
    assert.deepEqual(response.json().keys.map(({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, kid })), [{ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, kid: jwk.kid }]);
    assert.doesNotMatch(response.text, new RegExp(jwk.d));
  });
});

describe('what is no card', () => {
  test('one that was changed in a byte (t-card.c tries all)', async () => {
    const { payload } = await cardOf(people[0].iin);
    const places = Array.from({ length: payload.length }, (_, at) => at).filter((at) => at % 23 === 0);
    await Promise.all([0, 1, 2, 3].map(async () => {
      for (let at = places.pop(); at !== undefined; at = places.pop()) {
        const changed = `${payload.slice(0, at)}${payload[at] === 'A' ? 'B' : 'A'}${payload.slice(at + 1)}`;
        const { status, stdout } = await verify(changed);
        assert.deepEqual([status, stdout], [1, ''], `byte ${at}`);
      }
    }));
  });

  test('each is told why', async () => {
    const good = { ...times(), blood: 'O+' };
    const [head, body, signature] = signed(good).split('.');
    const other = (header) => signed(good, { ...HEADER(), ...header });
    const bomb = deflateRawSync(Buffer.alloc(400_000, 32), { level: 9 });
    assert.ok(bomb.length < 500);
    const cases = [
      ['longer than 900 bytes', `${head}.${body}.${'A'.repeat(900)}`],
      ['longer than 900 bytes', 'x'.repeat(100_000)],
      ['no card: not three parts', ''.padEnd(10, 'x')],
      ['no card: not three parts', `${head}.${body}`],
      ['no card: not three parts', `${head}.${body}.${signature}.`],
      ['no card: not three parts', `${head}=.${body}.${signature}`],
      ['another algorithm', jws({ ...HEADER(), alg: 'none' }, 'x', 'none')],
      ['another algorithm', jws({ ...HEADER(), alg: 'HS256' }, deflateRawSync(JSON.stringify(good)).toString('latin1'), 'HS256', JSON.stringify(published.keys[0]))],
      ['another algorithm', other({ alg: 'ES384' })],
      ['another algorithm', other({ alg: undefined })],
      ['key that it names is none', other({ kid: 'another' })],
      ['its header says', other({ kid: undefined })],
      ['its header says', other({ typ: 'at+jwt' })],
      ['its header says', other({ zip: undefined })],
      ['its header says', other({ crit: ['zip'] })],
      ['signature does not fit', `${head}.${body}.${b64(randomBytes(64))}`],
      ['signature does not fit', `${head}.${body}.${b64(Buffer.alloc(64))}`],
      ['signature does not fit', `${head}.${body}.${b64(Buffer.from(signature, 'base64url').subarray(1))}`],
      ['signature does not fit', `${head}.${b64(deflateRawSync(JSON.stringify({ ...good, blood: 'A+' })))}.${signature}`],
      ["contents can't be read", signed(Buffer.from('not deflated'))],
      ["contents can't be read", signed(Buffer.concat([deflateRawSync(JSON.stringify(good)), Buffer.from('x')]))],
      ["contents can't be read", signed(deflateRawSync(JSON.stringify(good)).subarray(0, 20))],
      ["contents can't be read", signed(bomb)],
      ["contents can't be read", signed([1])],
      ["contents can't be read", signed({ ...good, exp: 'tomorrow' })],
      ["contents can't be read", signed({ ...good, exp: undefined })],
      ["contents can't be read", signed({ ...good, exp: good.iat - 1 })],
      ['from the future', signed({ ...good, ...times(400, 4000) })],
    ];
    for (const [why, payload] of cases) {
      const { status, stdout, stderr } = await run(BINARY, ['card', 'verify', '--keys', file('key.jwk.jwks'), '-'], { input: payload });
      assert.deepEqual([status, stdout], [1, ''], `${why}: ${payload.slice(0, 80)}`);
      assert.ok(stderr.includes(why), `${why}: ${stderr}`);
      assert.doesNotMatch(stderr, /Sanitizer|runtime error/);
    }
  });

  test('what a terminal would obey is not printed, whoever signed it', async () => {
    const { status, stdout } = await verify(signed({ ...times(), blood: 'O\u001b[2J\u009b2J\u007f', allergies: ['J01C! \u202eПенициллин\u2066', 'Мёд\u0085!'] }));
    assert.equal(status, 0);
    assert.match(stdout, /^Blood group: O\?\[2J\?2J\?$/m);
    assert.match(stdout, /^ {2}- J01C \?Пенициллин\? \[GRAVE\]\n {2}- Мёд\? \[GRAVE\]$/m);
  });

  test('one that has expired is shown, as what it is; a clock may be some minutes off', async () => {
    const old = await verify(signed({ ...times(-90_000, -400), blood: 'O+' }));
    assert.equal(old.status, 3);
    assert.match(old.stdout, /^EXPIRED: .*\n[^]*Blood group: O\+/);
    assert.match(old.stderr, /it has expired/);
    assert.equal((await verify(signed(times(-90_000, -200)))).status, 0);
    assert.equal((await verify(signed(times(200, 4000)))).status, 0);
  });

  test('flags and files that are wrong are status 2', async () => {
    const { payload } = await cardOf(people[0].iin);
    writeFileSync(file('bad.jwks'), '{"keys":[{}]}');
    for (const args of [['verify'], ['verify', '--keys', file('bad.jwks'), payload], ['verify', '--keys', file('none'), payload], ['verify', '--keys', file('key.jwk'), payload],
      ['verify', '--keys', file('key.jwk.jwks'), '--lang', 'de', payload], ['verify', '--keys', file('key.jwk.jwks'), payload, payload], ['sign', 'x'], ['key'], ['key', file('key.jwk')]]) {
      const { status, stderr } = await run(BINARY, ['card', ...args]);
      assert.equal(status, 2, `${args.join(' ').slice(0, 100)}: ${stderr}`);
    }
  });
});

test('a server takes no key that others may read, or that is none; a set signs with its first and publishes all', async () => {
  assert.equal(statSync(file('key.jwk')).mode & 0o777, 0o600);
  const starts = async (key) => run(BINARY, ['serve', '--port', '0', '--access', 'open', '--database', 'host=/nonexistent', '--card-key', key], { timeout: 20_000 });
  const bad = { open: JSON.stringify(jwk), public: JSON.stringify(published.keys[0]), text: 'x', empty: '{"keys":[]}', long: JSON.stringify({ ...jwk, kid: 'k'.repeat(44) }), none: JSON.stringify({ ...jwk, kid: undefined }) };
  for (const [name, text] of Object.entries(bad)) {
    writeFileSync(file(name), text, { mode: 0o600 });
    if (name === 'open') chmodSync(file(name), 0o640);
    const { status, stderr } = await starts(file(name));
    assert.equal(status, 2, `${name}: ${stderr}`);
    assert.match(stderr, /--card-key: /, name);
    assert.doesNotMatch(stderr, new RegExp(jwk.d));
  }
  await must(BINARY, ['card', 'key', file('new.jwk')]);
  const fresh = JSON.parse(readFileSync(file('new.jwk')));
  writeFileSync(file('both.jwks'), JSON.stringify({ keys: [fresh, jwk] }), { mode: 0o600 });
  const next = await startServer({ database, tokens: keys, args: ['--card-key', file('both.jwks')] });
  try {
    const all = await next.request('/.well-known/card-keys.json');
    assert.deepEqual(all.json().keys.map((key) => key.kid), [fresh.kid, jwk.kid]);
    writeFileSync(file('all.jwks'), all.text);
    const mine = (await next.data(QUERY, { iin: people[0].iin }, citizen(people[0].iin))).patient.emergencyQr.payload;
    const theirs = (await cardOf(people[0].iin)).payload;
    for (const payload of [mine, theirs]) assert.equal((await run(BINARY, ['card', 'verify', '--keys', file('all.jwks'), payload])).status, 0);
    assert.equal((await verify(mine)).status, 1, 'who has the old key alone');
  } finally {
    await next.stop();
  }
});
