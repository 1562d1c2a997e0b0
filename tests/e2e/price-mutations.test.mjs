// Price caps by order of the ministry, through the server: from a day to come on, all of an order or nothing, once in half a year; in both workers at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Writing, newKey } from './lib/writing.mjs';

const SET = `mutation ($order: String = "ҚР ДСМ-7", $from: Date!, $kind: PriceCapKind = RETAIL, $urgent: Boolean = false, $caps: [PriceCapInput!]!, $key: String!) {
  setPriceCaps(orderNumber: $order, validFrom: $from, kind: $kind, urgent: $urgent, caps: $caps, idempotencyKey: $key) { __typename ... on Refusal { message }
    ... on PriceCapsSet { order { number kind validFrom urgent medicines } } ... on PriceCapTooSoon { drug { id } cap capSince mayChangeOn } ... on PriceCapOverlaps { drug { id } cap validFrom orderNumber } } }`;
const DRUG = 'query ($id: ID!) { node(id: $id) { ... on Drug { priceCap priceCaps { kind amount validFrom validTo orderNumber } } } }';

let writing, database, inspector, drugs, today;
const day = (n) => new Date(Date.parse(today) + n * 86_400_000).toISOString().slice(0, 10);
const set = (caps, more = {}) => writing.data(inspector, SET, { from: day(1), caps, key: newKey(), ...more }).then((data) => data.setPriceCaps);
const traces = () => database.query('SELECT (SELECT count(*) FROM price_cap) AS caps, (SELECT count(*) FROM price_order) AS orders, (SELECT count(*) FROM price_cap WHERE valid_to IS NULL) AS open, (SELECT count(*) FROM private.change_record) AS changes');

/** The same with their global ids. */
async function idsOf(rows) {
  const all = [];
  for (let i = 0; i < rows.length; i += 20) {
    const some = rows.slice(i, i + 20);
    const data = await writing.data(null, `{ ${some.map(({ number }, k) => `d${k}: drug(by: {registrationNumber: "${number}"}) { id }`).join(' ')} }`);
    all.push(...some.map((row, k) => ({ ...row, gid: data[`d${k}`].id })));
  }
  return all;
}

before(async () => {
  writing = await Writing.start({ args: ['--role-limits', 'INSPECTOR:max-list-input=10000'] });
  database = writing.database;
  today = await database.value(`SELECT (now() AT TIME ZONE INTERVAL '5 hours')::date`);
  const [ministry] = await database.query('SELECT bin FROM health_authority WHERE region_id IS NULL');
  inspector = { role: 'INSPECTOR', sub: await database.value('SELECT min(iin) FROM practitioner'), org: ministry.bin };
  drugs = await idsOf(await database.query('SELECT id, registration_number AS number FROM drug ORDER BY id OFFSET 20 LIMIT 10'));
  // Their caps have stood for long; the newest of the population may have begun within half a year.
  await database.execute(`DELETE FROM price_cap WHERE kind = 'retail' AND drug_id IN (${drugs.map(({ id }) => id)});
    INSERT INTO price_cap (drug_id, kind, amount, valid_from, order_number) SELECT d, 'retail', 50000, '2020-01-01', 'ҚР ДСМ-1' FROM unnest(ARRAY[${drugs.map(({ id }) => id)}]) d`);
});
after(() => writing?.stop());

test('an order: the cap in force ends where the new one begins, for all its medicines; once for a key; both workers show it', async () => {
  const caps = [{ drug: drugs[0].gid, amount: '612.34' }, { drug: drugs[1].gid, amount: '0.01' }], variables = { from: day(1), caps, key: newKey() };
  const answers = await Promise.all(Array.from({ length: 5 }, () => writing.data(inspector, SET, variables).then((data) => data.setPriceCaps)));
  for (const answer of answers) assert.deepEqual(answer, { __typename: 'PriceCapsSet', order: { number: 'ҚР ДСМ-7', kind: 'RETAIL', validFrom: day(1), urgent: false, medicines: 2 } });
  for (let i = 0; i < 4; i++) {
    const { node } = await writing.data(null, DRUG, { id: drugs[0].gid });
    assert.equal(node.priceCap, '500.00', 'today as before');
    assert.deepEqual(node.priceCaps, [{ kind: 'RETAIL', amount: '612.34', validFrom: day(1), validTo: null, orderNumber: 'ҚР ДСМ-7' },
      { kind: 'RETAIL', amount: '500.00', validFrom: '2020-01-01', validTo: day(1), orderNumber: 'ҚР ДСМ-1' }]);
  }
  assert.deepEqual(await database.query(`SELECT retail_cap(${drugs[0].id}, '${today}') AS today, retail_cap(${drugs[0].id}, '${day(1)}') AS tomorrow, retail_cap(${drugs[1].id}, '${day(400)}') AS later`), [{ today: 50_000, tomorrow: 61_234, later: 1 }]);
  // Other kinds are caps of their own.
  assert.equal((await set([{ drug: drugs[0].gid, amount: '400' }], { kind: 'WHOLESALE' })).__typename, 'PriceCapsSet');
});

test('once in half a year, unless the order is urgent; none that overlaps; one medicine is enough to refuse all', async () => {
  const caps = drugs.slice(2, 5).map(({ gid }) => ({ drug: gid, amount: '700.00' }));
  assert.equal((await set(caps, { from: day(2) })).__typename, 'PriceCapsSet');
  const before1 = await traces();
  const wide = drugs.slice(3, 8).map(({ gid }) => ({ drug: gid, amount: '800.00' }));
  const overlaps = await set(wide, { from: day(1) });
  assert.deepEqual([overlaps.__typename, overlaps.drug.id, overlaps.cap, overlaps.validFrom, overlaps.orderNumber], ['PriceCapOverlaps', drugs[3].gid, '700.00', day(2), 'ҚР ДСМ-7']);
  const soon = await set(wide, { from: day(100) });
  assert.deepEqual([soon.__typename, soon.drug.id, soon.cap, soon.capSince], ['PriceCapTooSoon', drugs[3].gid, '700.00', day(2)]);
  assert.deepEqual(await traces(), before1, 'nothing of an order that was refused');
  const last = new Date(Date.parse(soon.mayChangeOn) - 86_400_000).toISOString().slice(0, 10);
  assert.equal((await set(wide, { from: last })).__typename, 'PriceCapTooSoon', 'a day before half a year');
  assert.equal((await set(wide, { from: day(100), urgent: true })).__typename, 'PriceCapsSet');
  assert.equal((await set([caps[0]], { from: soon.mayChangeOn })).__typename, 'PriceCapsSet', 'half a year later');
  // 20 orders for the same medicines at once: one is in force.
  const at = await Promise.all(Array.from({ length: 20 }, (_, i) => set([...wide.slice(-1), { drug: drugs[8].gid, amount: '9.00' }].reverse(), { from: day(200 + i), order: `X-${i}` })));
  assert.equal(at.filter(({ __typename }) => __typename === 'PriceCapsSet').length, 0, 'the last of the medicines has a cap of day 100');
  const free = await Promise.all(Array.from({ length: 20 }, (_, i) => set([{ drug: drugs[8].gid, amount: '9.00' }, { drug: drugs[9].gid, amount: '9.00' }].sort(() => i % 2 - 0.5), { from: day(20), order: `Y-${i}` })));
  assert.equal(free.filter(({ __typename }) => __typename === 'PriceCapsSet').length, 1);
  assert.ok(free.every(({ __typename }) => ['PriceCapsSet', 'PriceCapOverlaps'].includes(__typename)));
});

test('what is none, and who may not', async () => {
  const caps = [{ drug: drugs[9].gid, amount: '700.00' }];
  for (const wrong of [{ from: today }, { from: day(-1) }, { from: day(400) }, { order: ' ' }, { order: 'x'.repeat(101) }, { caps: [] }, { caps: [...caps, ...caps] }, { caps: [{ ...caps[0], amount: '0.00' }] }, { caps: [{ ...caps[0], amount: '-1.00' }] }, { caps: [{ ...caps[0], amount: '92233720368547758.07' }] }, { order: '\u2003\n' }]) {
    await writing.refused(inspector, SET, { from: day(1), caps, key: newKey(), ...wrong }, 'BAD_USER_INPUT');
  }
  for (const wrong of [[{ drug: 'x', amount: '1' }], [{ ...caps[0], amount: '1.001' }], [{ drug: drugs[0].gid }], [null], 'x']) {
    const { data, errors } = await writing.ask(inspector, SET, { from: day(1), caps: wrong, key: newKey() });
    assert.deepEqual([data ?? null, errors[0].extensions.code], [null, 'BAD_USER_INPUT'], JSON.stringify(wrong));
  }
  const [region] = await database.query('SELECT bin FROM health_authority WHERE region_id IS NOT NULL LIMIT 1');
  for (const who of [{ ...inspector, org: region.bin }, { ...inspector, role: 'MANAGER' }, { role: 'CITIZEN', sub: inspector.sub }]) {
    await writing.refused(who, SET, { from: day(1), caps, key: newKey() }, 'FORBIDDEN', /inspector of the ministry/);
  }
  // One object stands for a list of one, in variables and in the document.
  const one = await set(caps[0], { kind: 'INN' });
  assert.equal(one.order.medicines, 1);
  const literal = await writing.data(inspector, `mutation ($drug: ID!, $key: String!) { setPriceCaps(orderNumber: "L", validFrom: "${day(3)}", kind: WHOLESALE, caps: {drug: $drug, amount: 5}, idempotencyKey: $key) { ... on PriceCapsSet { order { medicines number } } } }`, { drug: drugs[9].gid, key: newKey() });
  assert.deepEqual(literal.setPriceCaps.order, { medicines: 1, number: 'L' });
});

test('an order for all medicines that there are is one change', async () => {
  await database.execute(`DELETE FROM price_cap WHERE kind = 'retail'`);
  const all = await idsOf(await database.query('SELECT id, registration_number AS number FROM drug ORDER BY id'));
  const made = await set(all.map(({ gid }, i) => ({ drug: gid, amount: `${100 + i}.50` })), { from: day(30) });
  assert.ok(all.length > 200 && made.order.medicines === all.length, `${all.length}`);
  assert.deepEqual(await database.query(`SELECT count(*) AS n, count(DISTINCT valid_from) AS days, sum(amount) AS sum FROM price_cap WHERE kind = 'retail'`),
    [{ n: all.length, days: 1, sum: all.reduce((sum, _, i) => sum + 10_050 + i * 100, 0) }]);
});

test('the table keeps out a second change within half a year, whoever writes', async () => {
  const insert = (from, urgent = false, since = '2020-01-01') => database.execute(`BEGIN; DELETE FROM price_cap WHERE drug_id = ${drugs[9].id} AND kind = 'retail'; INSERT INTO price_cap (drug_id, kind, amount, valid_from, valid_to, order_number) VALUES (${drugs[9].id}, 'retail', 1, '${since}', '${since}'::date + 31, 'a');
    INSERT INTO price_cap (drug_id, kind, amount, valid_from, order_number, urgent) VALUES (${drugs[9].id}, 'retail', 1, '${from}', 'b', ${urgent}); ROLLBACK;`);
  await assert.rejects(insert('2020-06-30'), /twice within half a year/);
  await insert('2020-07-01');
  await insert('2020-06-30', true);
  await assert.rejects(insert('2021-02-27', false, '2020-08-31'), /twice within half a year/);
  await insert('2021-02-28', false, '2020-08-31');
});
