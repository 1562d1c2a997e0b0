// Medicines through the server: what they cost and where, leaflets, analogues, packages by their DataMatrix, what is left of a
// prescription; search as people type; and names of reference data in three languages.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';

const GS = '\u001d';
const keys = makeKeys();
let database, server;

before(async () => {
  database = await createDatabase();
  server = await startServer({ database, tokens: keys });
});
after(async () => {
  await server?.stop();
  await database?.drop();
  keys.remove();
});

const as = (claims) => ({ headers: keys.bearer(claims) });
/** `[{name}]` of a search: the names. */
const found = async (field, text, cell = 'name', args = '') => (await server.data(`query ($text: String!) { ${field}(text: $text ${args}) { ${cell} } }`, { text }))[field].map((one) => one[cell]);
async function refused(query, variables, message) {
  const { errors, data } = await server.graphql(query, variables);
  assert.equal(errors?.length, 1, JSON.stringify(data));
  assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
  assert.match(errors[0].message, message);
}
const tenge = (tiyn) => (tiyn === null ? null : `${Math.floor(tiyn / 100)}.${String(tiyn % 100).padStart(2, '0')}`);

describe('prices', () => {
  test('Kardiomagnil: cap 1297.73, mean 868.00, cheapest 600.00, by any of its names', async () => {
    for (const name of ['Кардиомагнил', 'кардиом', 'CARDIOMAGNYL', 'Acetylsalicylic acid + magnesium']) {
      const { drugPrices: [drug] } = await server.data('query ($name: String!) { drugPrices(name: $name) { name inn(lang: EN) priceCap meanPrice lowestPrice } }', { name });
      assert.deepEqual(drug, { name: 'Кардиомагнил', inn: 'Acetylsalicylic acid + magnesium hydroxide', priceCap: '1297.73', meanPrice: '868.00', lowestPrice: '600.00' }, name);
    }
  });
  test('what is called exactly so first, then the cheapest; all of an INN; nothing for what nothing is called', async () => {
    // A lower cap begins: what was asked before that is no price any more, for nobody may sell for it.
    const [{ id }] = await database.query(`SELECT id FROM drug d WHERE name = 'Кардиомагнил' AND drug_price_cap(d) = 129773 ORDER BY id LIMIT 1`);
    const asked = async (cap) => (await database.execute(`BEGIN; UPDATE price_cap SET amount = ${cap} WHERE drug_id = ${id} AND kind = 'retail' AND amount = 129773;
      SELECT concat_ws(' ', drug_price_mean(d), drug_price_lowest(d), (SELECT count(*) > 0 FROM pharmacy_offers(d.id, NULL, NULL) o), (SELECT max(o.price) FROM pharmacy_offers(d.id, NULL, NULL) o)) FROM drug d WHERE id = ${id}; ROLLBACK`)).trim();
    assert.match(await asked(129773), /^86800 60000 t /);
    assert.equal(await asked(60000), '60000 60000 t 60000');
    assert.equal(await asked(100), 'f');
    const { drugPrices } = await server.data('{ drugPrices(name: "амлодипин") { name inn lowestPrice } }');
    assert.ok(drugPrices.length >= 3 && drugPrices.every(({ inn }) => inn === 'Амлодипин'));
    const prices = drugPrices.map(({ lowestPrice }) => Number(lowestPrice));
    assert.deepEqual(prices, prices.toSorted((a, b) => a - b));
    assert.deepEqual(await server.data('{ drugPrices(name: "жоқ дәрі") { name } }'), { drugPrices: [] });
    await refused('{ drugPrices(name: " %") { name } }', {}, /at least 2 letters or digits/);
  });
  test('pharmacies: the cheapest of all; of a region; near a place, by their distance; nothing near no place', async () => {
    const ask = (args) => server.data(`{ drugPrices(name: "кардиомагнил") { pharmacies${args} { price seenOn distance pharmacy { id latitude longitude region { kato } } } } }`)
      .then(({ drugPrices: [{ pharmacies }] }) => pharmacies);
    const all = await ask('');
    assert.equal(all.length, 20);
    assert.equal(all[0].price, '600.00');
    assert.ok(all.every((one, i) => one.distance === null && (i === 0 || Number(all[i - 1].price) <= Number(one.price))));
    const almaty = await ask('(region: "750000000")');
    assert.equal(almaty.length, 8);
    assert.ok(almaty.every(({ pharmacy }) => pharmacy.region.kato === '750000000'));
    const near = await ask('(region: "750000000", near: "43.257, 76.945")');
    assert.deepEqual(near.map(({ pharmacy }) => pharmacy.id).sort(), almaty.map(({ pharmacy }) => pharmacy.id).sort());
    const rad = (degrees) => degrees * Math.PI / 180;
    near.forEach(({ distance, pharmacy: { latitude, longitude } }, i) => {
      // The law of cosines, which the function does not use.
      const arc = Math.acos(Math.sin(rad(43.257)) * Math.sin(rad(latitude)) + Math.cos(rad(43.257)) * Math.cos(rad(latitude)) * Math.cos(rad(longitude - 76.945)));
      assert.ok(Math.abs(distance - 6371009 * arc) < 2, `${distance} is ${6371009 * arc}`);
      assert.ok(distance < 8000 && (i === 0 || near[i - 1].distance <= distance));
    });
    for (const near of ['here', '95,200', '1e5,2', '43.2', '43.257,76.945;DROP', '91,0']) {
      assert.deepEqual((await ask(`(region: "750000000", near: "${near}")`)), almaty, near);
    }
    assert.deepEqual(await ask('(region: "000000000")'), []);
  });
  test('the list of prices goes on behind a cursor, cheapest first, and has each pharmacy once', async () => {
    const prices = [], pharmacies = new Set();
    for (let after = null; ;) {
      const { drugPrices: [{ prices: page }] } = await server.data(`query ($after: String) { drugPrices(name: "кардиомагнил") {
        prices(first: 70, after: $after) { nodes { price pharmacy { id } } pageInfo { hasNextPage endCursor } } } }`, { after });
      for (const { price, pharmacy } of page.nodes) prices.push(Number(price)) && pharmacies.add(pharmacy.id);
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    assert.equal(prices.length, 160);
    assert.equal(pharmacies.size, 160);
    assert.deepEqual(prices, prices.toSorted((a, b) => a - b));
    assert.equal(prices.reduce((sum, price) => sum + price, 0) / 160, 868);
  });
  test('a price at the cap is kept, one tiyn above it is refused', async () => {
    const put = (price) => database.execute(`BEGIN; INSERT INTO pharmacy_price SELECT 8, min(f.id), ${price}, kz_today() FROM pharmacy f
      WHERE NOT EXISTS (SELECT FROM pharmacy_price p WHERE p.pharmacy_id = f.id AND p.drug_id = 8); ROLLBACK`);
    await put(129773);
    await assert.rejects(put(129774), /The price 1297.74 is above the retail cap of that day, 1297.73 tenge/);
  });
  test('a closed pharmacy has no price', async () => {
    await database.execute('UPDATE pharmacy SET active = false WHERE id = (SELECT pharmacy_id FROM pharmacy_price WHERE drug_id = 8 AND price = 60000)');
    try {
      const { drugPrices: [drug] } = await server.data('{ drugPrices(name: "кардиомагнил") { lowestPrice pharmacies { price } } }');
      assert.notEqual(drug.lowestPrice, '600.00');
      assert.equal(drug.pharmacies[0].price, drug.lowestPrice);
    } finally {
      await database.execute('UPDATE pharmacy SET active = true WHERE NOT active');
    }
  });
  test('analogues: the same INN, strength and form by others, by the price of a unit', async () => {
    const { searchDrugs: [drug] } = await server.data('{ searchDrugs(text: "глюкофаж") { id inn strength form analogues { id inn strength form packQuantity lowestPrice } } }');
    assert.equal(drug.analogues.length, 5);
    for (const one of drug.analogues) {
      assert.deepEqual([one.inn, one.strength, one.form], [drug.inn, drug.strength, drug.form]);
      assert.notEqual(one.id, drug.id);
    }
    const perUnit = drug.analogues.map(({ lowestPrice, packQuantity }) => Number(lowestPrice) / packQuantity);
    assert.deepEqual(perUnit, perUnit.toSorted((a, b) => a - b));
  });
});

describe('leaflets and names in three languages', () => {
  test('a leaflet says it in each language', async () => {
    const texts = 'atc kk: indications ru: indications(lang: RU) en: indications(lang: EN) not: contraindications(lang: EN) how: howToTake(lang: EN)';
    const { searchDrugs: [drug] } = await server.data(`{ searchDrugs(text: "кардиомагнил") { leaflet { ${texts} } } }`);
    assert.deepEqual(drug.leaflet, { atc: 'B01AC', kk: 'Тамырда қан ұюының, инфаркт пен инсульттің алдын алады.', ru: 'Предупреждает тромбы, инфаркт и инсульт.',
      en: 'Prevents blood clots, heart attack and stroke.', not: 'Stomach ulcer, bleeding, allergy to aspirin.', how: 'Once a day after a meal, with water. Do not stop without your doctor.' });
  });
  test('forms, specialties, clinics, pharmacies, diseases and vaccines', async () => {
    const three = (field) => `kk: ${field} ru: ${field}(lang: RU) en: ${field}(lang: EN)`;
    const answer = await server.data(`{
      searchDrugs(text: "глюкофаж") { ${three('form')} }  searchClinics(text: "алматы емхана 13", kind: POLYCLINIC) { ${three('name')} }
      searchPharmacies(text: "айболит") { ${three('name')} }  searchDiagnoses(text: "E11.9") { code ${three('name')} }
      searchPractitioners(text: "ахмет") { ${three('specialty')} } }`);
    assert.deepEqual(answer.searchDrugs[0], { kk: 'таблетка', ru: 'таблетка', en: 'tablet' });
    assert.deepEqual(answer.searchClinics[0], { kk: 'Алматы қалалық емханасы № 13', ru: 'Алматы, городская поликлиника № 13', en: 'Almaty City Polyclinic No. 13' });
    assert.deepEqual(answer.searchPharmacies[0], { kk: '«Айболит» дәріханасы', ru: 'Аптека «Айболит»', en: '«Айболит» Pharmacy' });
    assert.equal(answer.searchDiagnoses[0].code, 'E11.9');
    assert.match(answer.searchDiagnoses[0].en, /diabetes/i);
    for (const { kk, en } of answer.searchPractitioners) assert.ok(/^[А-ЯӘҒҚҢӨҰҮҺІ]/u.test(kk) && /^[A-Z]/.test(en), `${kk}: ${en}`);
  });
  test('what no list translates is said as it was registered', async () => {
    await database.execute(`INSERT INTO drug (id, inn, name, atc, strength, form, pack_quantity, producer, registration_number) VALUES (900001, 'Жаңа зат', 'Жаңадәрі', 'A01AA01', '1 мг', 'шәрбат', 1, 'П', 'T-900001')`);
    const { searchDrugs: [drug] } = await server.data('{ searchDrugs(text: "жанадари") { name inn(lang: EN) form(lang: RU) leaflet { atc } meanPrice lowestPrice pharmacies { price } analogues { name } } }');
    assert.deepEqual(drug, { name: 'Жаңадәрі', inn: 'Жаңа зат', form: 'шәрбат', leaflet: null, meanPrice: null, lowestPrice: null, pharmacies: [], analogues: [] });
  });
  test('every text of the population that a list should translate is in it', async () => {
    for (const [what, sql] of [['form', 'SELECT DISTINCT form FROM drug WHERE id < 900000 AND form NOT IN (SELECT name_kk FROM dosage_form)'],
      ['specialty', 'SELECT DISTINCT specialty FROM practitioner WHERE specialty NOT IN (SELECT name_kk FROM specialty)'],
      ['vaccine', 'SELECT DISTINCT vaccine FROM immunization WHERE vaccine NOT IN (SELECT code FROM vaccine)']]) {
      assert.deepEqual(await database.query(sql), [], what);
    }
  });
  test('a diagnosis leads to its disease, a vaccination to its vaccine', async () => {
    const [{ iin, code, name, vaccine }] = await database.query(`SELECT p.iin, c.icd10 AS code, i.name_en AS name, v.name_ru AS vaccine FROM patient p
      JOIN condition c ON c.patient_id = p.id JOIN icd10 i ON i.code = c.icd10 JOIN immunization m ON m.patient_id = p.id JOIN vaccine v ON v.code = m.vaccine
      WHERE p.deceased_on IS NULL AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id) ORDER BY p.id, c.id, m.id LIMIT 1`);
    const { me: { patient } } = await server.data('{ me { patient { diagnoses { nodes { icd10 disease { code name(lang: EN) } } } vaccinations(first: 100) { nodes { vaccine calendarVaccine { code name(lang: RU) } } } } } }',
      undefined, as({ role: 'CITIZEN', sub: iin }));
    assert.ok(patient.diagnoses.nodes.every(({ icd10, disease }) => icd10 === disease.code));
    assert.ok(patient.diagnoses.nodes.some(({ disease }) => disease.code === code && disease.name === name));
    assert.ok(patient.vaccinations.nodes.every((one) => one.vaccine === one.calendarVaccine.code));
    assert.ok(patient.vaccinations.nodes.some(({ calendarVaccine }) => calendarVaccine.name === vaccine));
  });
});

describe('search', () => {
  test('Kazakh letters are found by what people type instead, in either case, and Latin ones', async () => {
    await database.execute(`INSERT INTO practitioner (id, full_name, specialty) VALUES (900001, 'Әңғұқөүһіева Үміт Қыздарқызы', 'Хирург')`);
    for (const text of ['Әңғұқөүһіева', 'әңғұқөүһіева', 'ӘҢҒҰҚӨҮҺІЕВА', 'ангукоухиева', 'АНГУКОУХИЕВА', 'angukouhieva', 'Angukoukhiyeva'.replace('iy', 'i'), 'Әңғұқөүһіева'.normalize('NFD'), 'умит әңғ', 'ӘҢҒ ҮМІТ қыздарқызы']) {
      assert.deepEqual(await found('searchPractitioners', text, 'fullName'), ['Әңғұқөүһіева Үміт Қыздарқызы'], text);
    }
    for (const [latin, name] of [['amoxicillin', /Амоксициллин|Флемоксин/], ['Azithromycin', /Азитромицин|Сумамед/], ['xarelto', /Ксарелто/], ['ciprofloxacin', /Ципро/], ['Omeprazole', /Омез|Омепразол/],
      ['paratsetamol', /Панадол|Парацетамол/], ['heparin', /Гепарин/], ['қышқылы', /./], ['кышкылы', /./], ['qyshqyly', /./]]) {
      const names = await found('searchDrugs', latin);
      assert.ok(names.length > 0 && names.some((one) => name.test(one)), `${latin}: ${names}`);
    }
    assert.deepEqual(await found('searchDrugs', 'қышқылы'), await found('searchDrugs', 'КЫШКЫЛЫ'));
    assert.deepEqual(await found('searchClinics', 'shymkent', 'id'), await found('searchClinics', 'Шымкент', 'id'));
    assert.deepEqual(await found('searchClinics', 'өскемен', 'id'), await found('searchClinics', 'оскемен', 'id'));
  });
  test('called exactly so first, then what begins so, then a word that begins so, then inside', async () => {
    await database.execute(`INSERT INTO drug (id, inn, name, atc, strength, form, pack_quantity, producer, registration_number)
      SELECT 900010 + i, 'Сынақ', name, 'A01AA01', '1 мг', 'т', 1, 'П', 'T-' || 900010 + i FROM unnest(ARRAY['Абвгдейка қузма', 'Жоқ-бірақ квузма', 'Бір қузма', 'Қузмагил', 'Қузма', 'Алқузмабар']) WITH ORDINALITY AS n (name, i)`);
    assert.deepEqual(await found('searchDrugs', 'кузма'), ['Қузма', 'Қузмагил', 'Абвгдейка қузма', 'Бір қузма', 'Алқузмабар']);
  });
  test('ICD-10: by code, by the beginning of a code, by a word of any language', async () => {
    assert.deepEqual(await found('searchDiagnoses', 'i10', 'code'), ['I10']);
    assert.ok((await found('searchDiagnoses', 'Е11', 'code')).every((code) => code.startsWith('E11')), 'a Cyrillic Е too');
    for (const text of ['диабет', 'diabetes']) assert.ok((await found('searchDiagnoses', text, 'code')).includes('E11.9'), text);
  });
  test('sort and region narrow; never more than 50', async () => {
    const { searchClinics } = await server.data('{ searchClinics(text: "алматы", kind: HOSPITAL, region: "750000000") { kind region { kato } } }');
    assert.ok(searchClinics.length > 3 && searchClinics.every(({ kind, region }) => kind === 'HOSPITAL' && region.kato === '750000000'));
    assert.equal((await found('searchPharmacies', 'дәріхана', 'id')).length, 50);
    const { searchPharmacies } = await server.data('{ searchPharmacies(text: "аптека", region: "620000000") { region { kato } } }');
    assert.ok(searchPharmacies.length > 3 && searchPharmacies.every(({ region }) => region.kato === '620000000'));
  });
  test('a text that is too short or too long is a clear error', async () => {
    for (const text of ['', 'а', ' ', '%%', '__', '…!?', '\u0301\u0301\u0301', 'ь', '💊💊💊']) {
      await refused('query ($text: String!) { searchDrugs(text: $text) { name } }', { text }, /at least 2 letters or digits/);
    }
    for (const text of ['я'.repeat(201), '%'.repeat(10240), `${'a'.repeat(5000)}${'(a+)+'.repeat(1000)}`]) {
      await refused('query ($text: String!) { searchPharmacies(text: $text) { name } }', { text }, /at most 200 characters/);
    }
  });
  test('patterns, quotes and regular expressions are only text', async () => {
    for (const text of ['%ам%', '_м_ло', 'амл%пин', '.*', '(амл|x)', '[а-я]+', "амл'; DROP TABLE drug; --", '\\\\амл', '$1 амл', '| амл']) {
      const { errors, data } = await server.graphql('query ($text: String!) { searchDrugs(text: $text) { name } drugPrices(name: $text) { name } }', { text });
      for (const error of errors ?? []) assert.equal(error.extensions.code, 'BAD_USER_INPUT');
      // As the letters alone would be found, and never as all medicines are.
      const plain = text.replace(/[%_.*()|\[\];'$\\+-]/g, ' ');
      if (data) assert.deepEqual(data.searchDrugs.map(({ name }) => name), await found('searchDrugs', plain), text);
      else assert.match(plain.replace(/\s/g, ''), /^.?$/u);
    }
    const { errors } = await server.graphql('query ($text: String!) { searchDrugs(text: $text) { name } }', { text: 'амл\u0000одипин' });
    assert.ok(errors[0].extensions.code !== 'INTERNAL_SERVER_ERROR', JSON.stringify(errors));
    assert.deepEqual(await server.data('{ __typename }'), { __typename: 'Query' });
  });
  test('an index stands behind each', async () => {
    for (const table of ['drug', 'clinic', 'pharmacy', 'practitioner', 'icd10']) {
      const plan = await database.execute(`SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT * FROM ${table} WHERE folded LIKE '%amlo%'; RESET enable_seqscan;`);
      assert.match(plan, new RegExp(`Bitmap Index Scan on ${table}_search`), table);
    }
  });
});

describe('packages', () => {
  const CHECK = `query ($code: String!) { checkPackage(code: $code) { state kk: message ru: message(lang: RU) en: message(lang: EN) gtin serial batch expiresOn drug { name }
    path { at kind place pharmacy { id } } } }`;
  const check = (code, claims) => server.data(CHECK, { code }, claims && as(claims)).then((data) => data.checkPackage);
  const GTIN = '04870000002481', BATCH = 'TEST1', SOON = '2099-12-31';
  let pharmacies;
  const code = (serial, { gtin = GTIN, batch = BATCH, expiry = '991231', tail = `${GS}91EE06${GS}92${'k'.repeat(44)}` } = {}) => `01${gtin}21${serial}${GS}17${expiry}10${batch}${tail}`;

  before(async () => {
    pharmacies = await database.query('SELECT id, bin, name FROM pharmacy WHERE id IN (1, 5000) ORDER BY id');
    await database.execute(`INSERT INTO med_package (id, drug_id, pharmacy_id, made_on, expires_on, state, gtin, serial, batch, owner_bin, owner)
      SELECT 900000 + i, 8, 1, '2025-01-01', expires::date, state, '${GTIN}', serial, batch, '${pharmacies[0].bin}', 'Дәріхана'
        FROM (VALUES (1, 'in_circulation', 'FREE', '${BATCH}', '${SOON}'), (2, 'sold', 'SOLD', '${BATCH}', '${SOON}'), (3, 'withdrawn', 'GONE', '${BATCH}', '${SOON}'),
          (4, 'in_circulation', 'OLD', '${BATCH}', '2025-06-30'), (5, 'sold', 'BACK', 'TEST2', '${SOON}'), (6, 'in_circulation', 'a+(b)/c&d', '${BATCH}', '${SOON}')) v (i, state, serial, batch, expires);
      INSERT INTO batch_recall (gtin, batch, recalled_on, order_number, reason) VALUES ('${GTIN}', 'TEST2', '2026-01-01', 'N', 'X');
      INSERT INTO package_event (package_id, seq, at, pharmacy_id, kind, place) VALUES (900002, 1, '2025-01-01T04:00:00Z', NULL, 'produced', 'Такеда'),
        (900002, 2, '2025-01-09T04:00:00Z', 1, 'received', 'Дәріхана'), (900002, 3, '2025-02-03T04:00:00Z', 1, 'sold', 'Дәріхана');`);
  });

  test('each state, with a sentence in three languages', async () => {
    const states = { FREE: 'IN_CIRCULATION', SOLD: 'ALREADY_SOLD', GONE: 'RECALLED', NONE: 'UNKNOWN', 'a+(b)/c&d': 'IN_CIRCULATION' };
    for (const [serial, state] of Object.entries(states)) {
      const answer = await check(code(serial));
      assert.deepEqual([answer.state, answer.gtin, answer.serial, answer.drug], [state, GTIN, serial, { name: 'Кардиомагнил' }], serial);
      assert.equal(new Set([answer.kk, answer.ru, answer.en]).size, 3);
      assert.equal(answer.batch, state === 'UNKNOWN' ? null : BATCH);
      assert.equal(answer.expiresOn, state === 'UNKNOWN' ? null : SOON);
    }
    assert.equal((await check(code('OLD', { expiry: '250600' }))).state, 'EXPIRED'); // day 00 is the month's last
    assert.equal((await check(code('BACK', { batch: 'TEST2' }))).state, 'RECALLED', 'also when it was sold');
    assert.equal((await check(code('FREE', { gtin: '04870000002482' }))).state, 'BAD_GTIN');
    const unknown = await check(code('NONE', { gtin: '04006381333931' }));
    assert.deepEqual([unknown.state, unknown.drug], ['UNKNOWN', null]);
    for (const text of [unknown.kk, unknown.ru, unknown.en]) assert.match(text, /2024-07-01/);
  });
  test('what is printed must be what is registered', async () => {
    for (const other of [{ batch: 'OTHER' }, { expiry: '991230' }, { expiry: '990231' }]) {
      const answer = await check(code('FREE', other));
      assert.deepEqual([answer.state, answer.batch, answer.path], ['UNKNOWN', null, []], JSON.stringify(other));
      assert.match(answer.en, /not the registered one/);
    }
  });
  test('a recall holds from the moment that it is there, until it is lifted', async () => {
    await database.execute(`INSERT INTO batch_recall (gtin, batch, recalled_on, order_number, reason) VALUES ('${GTIN}', '${BATCH}', '2026-01-01', 'N', 'X')`);
    assert.equal((await check(code('FREE'))).state, 'RECALLED');
    await database.execute(`UPDATE batch_recall SET lifted_on = '2026-02-01' WHERE batch = '${BATCH}'`);
    assert.equal((await check(code('FREE'))).state, 'IN_CIRCULATION');
  });
  test('of a pharmacist it is asked whether the package is of his organisation; of nobody else', async () => {
    const { iin } = (await database.query('SELECT iin FROM practitioner WHERE iin IS NOT NULL ORDER BY id LIMIT 1'))[0];
    const pharmacist = (n) => ({ role: 'PHARMACIST', sub: iin, org: pharmacies[n].bin });
    assert.equal((await check(code('FREE'), pharmacist(0))).state, 'IN_CIRCULATION');
    assert.equal((await check(code('FREE'), pharmacist(1))).state, 'OTHER_OWNER');
    assert.equal((await check(code('FREE'), { role: 'PHARMACIST', sub: iin })).state, 'OTHER_OWNER');
    assert.equal((await check(code('FREE'), { role: 'CITIZEN', sub: iin })).state, 'IN_CIRCULATION');
    assert.equal((await check(code('SOLD'), pharmacist(1))).state, 'ALREADY_SOLD');
  });
  test('the path, oldest first; it ends where it was sold, and has no more', async () => {
    assert.deepEqual((await check(code('SOLD'))).path, [
      { at: '2025-01-01T04:00:00Z', kind: 'PRODUCED', place: 'Такеда', pharmacy: null },
      { at: '2025-01-09T04:00:00Z', kind: 'RECEIVED', place: 'Дәріхана', pharmacy: { id: (await check(code('SOLD'))).path[1].pharmacy.id } },
      { at: '2025-02-03T04:00:00Z', kind: 'SOLD', place: 'Дәріхана', pharmacy: { id: (await check(code('SOLD'))).path[1].pharmacy.id } }]);
    assert.deepEqual((await database.query(`SELECT attname FROM pg_attribute WHERE attrelid IN ('med_package'::regclass, 'package_event'::regclass) AND attname ~ 'patient|iin|dispense|prescription'`)), []);
    await assert.rejects(database.execute(`INSERT INTO package_event (package_id, seq, at, pharmacy_id, kind, place) VALUES (900002, 4, now(), 1, 'sold', 'x')`), /package_event_sold_once/);
  });
  test('as scanners give it', async () => {
    for (const [what, text] of Object.entries({ identifier: `]d2${code('FREE')}`, 'leading separator': `${GS}${code('FREE')}`, 'identifier and separator': `]d2${GS}${code('FREE')}`,
      'another order': `17991231${`10${BATCH}`}${GS}21FREE${GS}01${GTIN}`, 'no more than needed': `01${GTIN}21FREE`, 'separator at the end': `${code('FREE')}${GS}`,
      'picture of the separator': code('FREE').replaceAll(GS, '\u241d'), brackets: `(01)${GTIN}(21)FREE(17)991231(10)${BATCH}(91)EE06(92)abc=`, spaces: `  ${code('FREE')}\n` })) {
      assert.equal((await check(text)).state, 'IN_CIRCULATION', what);
    }
    assert.equal((await check(`(01)${GTIN}(21)a+(b)/c&d(17)991231`)).state, 'IN_CIRCULATION');
  });
  test('what is no such code is a clear error', async () => {
    for (const text of ['', 'hello', GTIN, `01${GTIN}`, '21FREE', `01${GTIN.slice(1)}21FREE`, `01${GTIN}21`, `01${GTIN}21${'S'.repeat(21)}`, `01${GTIN}21FREE${GS}17ABCDEF`, `01${GTIN}21FREE${GS}55X`,
      `01${GTIN}21FREE${GS}21FREE`, `01${GTIN}21ӘЛЕМ`, `01${GTIN}21FREE SPACE`, `01${GTIN}21FREE${'x'.repeat(10000)}`, '(01)', `(01)${GTIN}`, "01'; DROP TABLE med_package; --"]) {
      await refused(CHECK, { code: text }, /no DataMatrix of a medicine/);
    }
  });
});

describe('what is left of a prescription', () => {
  test('units, whether it is free, and the most it may cost, as its dispenses and the caps say', async () => {
    const rows = await database.query(`SELECT p.iin, r.number, r.quantity, r.payment, r.issued_on, p.birth_date, d.pack_quantity AS pack,
        (SELECT c.amount FROM price_cap c WHERE c.drug_id = r.drug_id AND c.kind = 'retail' AND c.valid_to IS NULL) AS cap,
        (SELECT json_agg(x.quantity) FROM dispense x WHERE x.patient_id = r.patient_id AND x.prescription_id = r.id) AS given
      FROM prescription r JOIN patient p ON p.id = r.patient_id JOIN drug d ON d.id = r.drug_id WHERE p.deceased_on IS NULL ORDER BY r.id LIMIT 400`);
    const people = Map.groupBy ? Map.groupBy(rows, ({ iin }) => iin) : rows.reduce((all, row) => all.set(row.iin, [...(all.get(row.iin) ?? []), row]), new Map());
    const seen = { left: 0, part: 0, none: 0, free: 0, paid: 0, child: 0 };
    for (const [iin, mine] of people) {
      const { me: { patient } } = await server.data('{ me { patient { prescriptions(first: 100) { nodes { number quantityLeft freeForPatient priceCap } } } } }', undefined, as({ role: 'CITIZEN', sub: iin }));
      for (const row of mine) {
        const node = patient.prescriptions.nodes.find(({ number }) => number === row.number);
        if (!node) continue; // beyond the first hundred
        const left = row.quantity - (row.given ?? []).reduce((sum, one) => sum + one, 0);
        const eighteenth = `${Number(row.birth_date.slice(0, 4)) + 18}${row.birth_date.slice(4)}`;
        const child = row.issued_on < eighteenth;
        const free = row.payment !== 'paid' || child;
        assert.deepEqual(node, { number: row.number, quantityLeft: left, freeForPatient: free, priceCap: tenge(row.cap * Math.ceil(left / row.pack)) });
        seen[left === 0 ? 'none' : left < row.quantity ? 'part' : 'left']++;
        seen[free ? 'free' : 'paid']++;
        if (child) seen.child++;
      }
    }
    for (const [what, n] of Object.entries(seen)) assert.ok(n > 0, `${what} is among them`);
  });
  test('a dispense that should not have been made does not count; one that was corrected counts once', async () => {
    const [{ patient_id: patient, id, iin, number, quantity }] = await database.query(`SELECT r.patient_id, r.id, p.iin, r.number, r.quantity FROM prescription r JOIN patient p ON p.id = r.patient_id
      WHERE p.deceased_on IS NULL AND NOT EXISTS (SELECT FROM dispense d WHERE d.patient_id = r.patient_id AND d.prescription_id = r.id) ORDER BY r.id LIMIT 1`);
    const left = async () => (await server.data('{ me { patient { prescriptions(first: 100) { nodes { number quantityLeft } } } } }', undefined, as({ role: 'CITIZEN', sub: iin })))
      .me.patient.prescriptions.nodes.find((one) => one.number === number).quantityLeft;
    await database.execute(`INSERT INTO dispense (patient_id, id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, dispensed_on, quantity, source_id, record_status, superseded_by)
      SELECT patient_id, 990000 + i, id, 1, drug_id, 0, 0, issued_on, q, 2, said, by FROM prescription, (VALUES (1, 1, 'active', NULL), (2, 2, 'entered_in_error', NULL), (3, 4, 'active', 990001)) v (i, q, said, by)
      WHERE patient_id = ${patient} AND id = ${id}`);
    assert.equal(await database.value(`SELECT prescription_quantity_left(r) FROM prescription r WHERE patient_id = ${patient} AND id = ${id}`), quantity - 1);
    assert.equal(await left(), quantity - 1);
  });
});
