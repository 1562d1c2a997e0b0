// Giving out medicines through the server: every rule with what it refuses and what it lets pass, in one transaction or not at all; lost answers asked for again;
// many at once; what a plain INSERT can't do either: the table counts times and packages for whoever writes it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SqlError } from './lib/psql.mjs';
import { until } from './lib/run.mjs';
import { officeOf } from './lib/tokens.mjs';
import { Writing, newKey } from './lib/writing.mjs';

const FIELDS = `__typename ... on Dispensed { number quantity quantityLeft price paidByPatient drug { name } } ... on PriceAboveCap { message cap price drug { name } }
  ... on PackageRefused { state gtin serial } ... on OtherMedicine { gtin drug { inn } prescribed { inn } } ... on QuantityAboveLeft { quantity quantityLeft } ... on Refusal { said: message }`;
const DISPENSE = `mutation ($number: String!, $code: String!, $quantity: Int!, $price: Money!, $packages: [String!]!, $key: String!) {
  dispense(number: $number, code: $code, quantity: $quantity, price: $price, packages: $packages, idempotencyKey: $key) { ${FIELDS} } }`;
const CONFIRM = 'mutation ($dispense: ID!, $key: String!) { confirmReceipt(dispense: $dispense, idempotencyKey: $key) { id receipt recordStatus } }';
const DENY = 'mutation ($dispense: ID!, $text: String, $key: String!) { denyReceipt(dispense: $dispense, text: $text, idempotencyKey: $key) { number reason status text } }';
const OWN = '{ me { patient { dispenses(first: 5) { nodes { id quantity price paidByPatient receipt recordStatus drug { name } pharmacy { id } } } prescriptions(first: 100) { nodes { number status quantityLeft } } } } }';
const CODE = '123456';

let writing, database, drug, other, pharmacies, adult, child;
let serial = 0, numbers = 0;

const asPharmacist = (n = 0) => ({ role: 'PHARMACIST', sub: pharmacies[n].iin, org: pharmacies[n].bin });
const asCitizen = ({ iin }) => ({ role: 'CITIZEN', sub: iin });

/** A package that lies in the pharmacy; what its DataMatrix says. */
async function pack({ of = drug, state = 'in_circulation', expires = '2030-01-01', batch = 'B1', owner = pharmacies[0].bin, place = pharmacies[0].id } = {}) {
  const number = `W${++serial}`;
  await database.execute(`INSERT INTO med_package (drug_id, pharmacy_id, made_on, expires_on, state, gtin, serial, batch, owner_bin, owner)
    VALUES (${of.id}, ${place}, '2024-08-01', '${expires}', '${state}', '${of.gtin}', '${number}', '${batch}', '${owner}', 'x');
    INSERT INTO package_event (package_id, seq, at, kind, place) SELECT id, 1, now() - INTERVAL '30 days', 'produced', 'x' FROM med_package WHERE gtin = '${of.gtin}' AND serial = '${number}'`);
  return `01${of.gtin}21${number}`;
}

/** A prescription that can be dispensed with CODE; its number. */
async function prescribed({ patient = adult, quantity = drug.pack * 2, status = 'active', validTo = "now() + INTERVAL '9 days'", payment = 'paid', refills = 1, issued = "now() - INTERVAL '2 days'" } = {}) {
  const number = `TW-${++numbers}`;
  await database.execute(`INSERT INTO prescription (patient_id, drug_id, prescriber_id, issued_on, valid_to, quantity, refills_left, status, payment, number, dose, pharmacy_id, pick_code_hash)
    SELECT ${patient.id}, ${drug.id}, min(id), (${issued})::date, (${validTo})::date, ${quantity}, ${refills}, '${status}', '${payment}', '${number}', 'x', ${status === 'dispensed' ? pharmacies[0].id : 'NULL'},
      pick_code_hash('${number}', '${CODE}') FROM practitioner`);
  return number;
}

const dispense = (variables, who = asPharmacist()) => writing.data(who, DISPENSE, { code: CODE, quantity: drug.pack, price: '1000.00', key: newKey(), ...variables }).then((data) => data.dispense);

before(async () => {
  writing = await Writing.start();
  database = writing.database;
  [drug] = await database.query(`SELECT id, gtin, inn, name, pack_quantity AS pack FROM drug d WHERE name = 'Кардиомагнил' AND drug_price_cap(d) = 129773 AND gtin IS NOT NULL ORDER BY id LIMIT 1`);
  [other] = await database.query(`SELECT id, gtin, inn, name, pack_quantity AS pack FROM drug WHERE inn <> '${drug.inn}' AND gtin IS NOT NULL ORDER BY id LIMIT 1`);
  pharmacies = await database.query(`SELECT DISTINCT ON (f.bin) f.id, f.bin, (SELECT iin FROM practitioner p ORDER BY id OFFSET f.id % 7 LIMIT 1) AS iin FROM pharmacy f WHERE f.active AND f.bin IS NOT NULL ORDER BY f.bin, f.id LIMIT 2`);
  [adult] = await database.query(`SELECT id, iin FROM patient WHERE deceased_on IS NULL AND birth_date < now() - INTERVAL '30 years' ORDER BY id LIMIT 1`);
  [child] = await database.query(`SELECT id, iin FROM patient WHERE deceased_on IS NULL AND birth_date BETWEEN now() - INTERVAL '10 years' AND now() - INTERVAL '2 years' ORDER BY id LIMIT 1`);
});
after(() => writing?.stop());

test('it is given out: prescription, package, price, what is paid, messages and the record, together', async () => {
  const number = await prescribed(), code = await pack();
  const taken = await dispense({ number, packages: [code], price: '1297.73' });
  assert.deepEqual(taken, { __typename: 'Dispensed', number, quantity: drug.pack, quantityLeft: drug.pack, price: '1297.73', paidByPatient: '1297.73', drug: { name: drug.name } });
  const [made] = await database.query(`SELECT d.id, d.price, d.paid_by_patient, d.quantity, r.status, r.refills_left, r.pick_code_hash IS NOT NULL AS code, r.pharmacy_id FROM dispense d
    JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id WHERE r.number = '${number}'`);
  assert.deepEqual(made, { id: made.id, price: 129773, paid_by_patient: 129773, quantity: drug.pack, status: 'active', refills_left: 0, code: true, pharmacy_id: pharmacies[0].id });
  assert.deepEqual(await database.query(`SELECT m.state, array_agg(e.kind ORDER BY seq) AS path FROM med_package m JOIN package_event e ON e.package_id = m.id WHERE m.serial = 'W${serial}' GROUP BY 1`),
    [{ state: 'sold', path: ['produced', 'sold'] }]);
  assert.deepEqual(await database.query(`SELECT kind, channel, state, payload FROM private.outbox WHERE patient_id = ${adult.id} AND key LIKE '%/dispense:${made.id}/%' ORDER BY 1, 2`),
    ['confirm_receipt', 'drug_dispensed'].flatMap((kind) => ['app', 'sms'].map((channel) => ({ kind, channel, state: 'waiting', payload: { number } }))));
  assert.deepEqual(await database.query(`SELECT operation, role, person, organisation, patient_id, item_table FROM private.change_record WHERE item_table = 'dispense' AND item_id = ${made.id}`),
    [{ operation: 'dispense', role: 'PHARMACIST', person: pharmacies[0].iin, organisation: pharmacies[0].bin, patient_id: adult.id, item_table: 'dispense' }]);
  for (let i = 0; i < 4; i++) { // in both workers
    const { patient } = (await writing.data(asCitizen(adult), OWN)).me;
    assert.deepEqual([patient.dispenses.nodes[0].price, patient.dispenses.nodes[0].receipt], ['1297.73', 'NONE']);
    assert.equal(patient.prescriptions.nodes.find((one) => one.number === number).quantityLeft, drug.pack);
  }
  await until(() => database.value(`SELECT count(*) FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.patient_id = ${adult.id} AND l.role = 'PHARMACIST' AND l.capacities = 'PHARMACIST' AND p.parts ~ 'Dispensed\\('`).then(Boolean), 'the look on record');
  // The rest: then it is dispensed, and the code is void.
  assert.deepEqual((await dispense({ number, packages: [await pack()] })).quantityLeft, 0);
  assert.deepEqual(await database.query(`SELECT status, pick_code_hash FROM prescription WHERE number = '${number}'`), [{ status: 'dispensed', pick_code_hash: null }]);
  assert.equal(await dispense({ number, packages: [await pack()] }), null);
});

test('a tiyn above the cap of the day is refused with cap and price; caps are of the day and of each package', async () => {
  const number = await prescribed(), codes = [await pack(), await pack()], before = await writing.traces();
  const one = await dispense({ number, packages: [codes[0]], price: '1297.74' });
  assert.deepEqual(one, { __typename: 'PriceAboveCap', message: 'The price 1297.74 is above the retail cap of this day, 1297.73 tenge.', said: one.message, cap: '1297.73', price: '1297.74', drug: { name: drug.name } });
  const two = await dispense({ number, packages: codes, quantity: 2 * drug.pack, price: '2595.47' });
  assert.deepEqual([two.__typename, two.cap], ['PriceAboveCap', '2595.46']);
  assert.equal(await writing.traces(), before);
  await database.execute(`UPDATE price_cap SET valid_to = (now() AT TIME ZONE INTERVAL '5 hours')::date WHERE drug_id = ${drug.id} AND kind = 'retail' AND valid_to IS NULL;
    INSERT INTO price_cap (drug_id, kind, amount, valid_from, order_number) VALUES (${drug.id}, 'retail', 90000, (now() AT TIME ZONE INTERVAL '5 hours')::date, 'test')`);
  assert.deepEqual((await dispense({ number, packages: [codes[0]], price: '900.01' })).cap, '900.00');
  await database.execute(`DELETE FROM price_cap WHERE order_number = 'test'; UPDATE price_cap SET valid_to = NULL WHERE drug_id = ${drug.id} AND kind = 'retail' AND valid_to = (now() AT TIME ZONE INTERVAL '5 hours')::date`);
  assert.equal((await dispense({ number, packages: codes, quantity: 2 * drug.pack, price: '2595.46' })).__typename, 'Dispensed');
});

test('a package that may not be sold, or holds something else', async () => {
  const number = await prescribed(), good = await pack();
  const recalled = await pack({ batch: 'BAD' });
  await database.execute(`INSERT INTO batch_recall (gtin, batch, recalled_on, order_number, reason) VALUES ('${drug.gtin}', 'BAD', kz_today(), '1', 'x')`);
  const before = await writing.traces();
  const bad = `${drug.gtin.slice(0, 13)}${(Number(drug.gtin[13]) + 1) % 10}`;
  for (const [packages, state] of [[[await pack({ state: 'sold' })], 'ALREADY_SOLD'], [[await pack({ expires: '2025-01-01' })], 'EXPIRED'], [[recalled], 'RECALLED'], [[await pack({ state: 'withdrawn' })], 'RECALLED'],
    [[`01${drug.gtin}21NOBODYS`], 'UNKNOWN'], [[`01${bad}21X1`], 'BAD_GTIN'], [[await pack({ owner: pharmacies[1].bin })], 'OTHER_OWNER'], [[good, good], 'ALREADY_SOLD'], [[good, recalled], 'RECALLED']]) {
    const refusal = await dispense({ number, packages, quantity: packages.length * drug.pack });
    assert.deepEqual([refusal.__typename, refusal.state], ['PackageRefused', state], JSON.stringify(refusal));
    assert.ok(refusal.said.length > 10);
  }
  assert.deepEqual(await dispense({ number, packages: [await pack({ of: other })] }), { __typename: 'OtherMedicine', gtin: other.gtin, drug: { inn: other.inn }, prescribed: { inn: drug.inn }, said: 'The package holds another medicine than was prescribed.' });
  assert.equal(JSON.parse(await writing.traces())[0].sold, JSON.parse(before)[0].sold + 1, 'only the one that was planted as sold');
  assert.equal(JSON.parse(await writing.traces())[0].dispenses, JSON.parse(before)[0].dispenses);
  await writing.refused(asPharmacist(), DISPENSE, { number, code: CODE, quantity: 1, price: '1', packages: ['hello'], key: newKey() }, 'BAD_USER_INPUT', /no DataMatrix/);
  assert.equal((await dispense({ number, packages: [good] })).__typename, 'Dispensed');
});

test('no more than is left, and as many packages as that takes', async () => {
  const number = await prescribed({ quantity: drug.pack + 5 }), codes = [await pack(), await pack()];
  const more = await dispense({ number, packages: codes, quantity: drug.pack + 6 });
  assert.deepEqual(more, { __typename: 'QuantityAboveLeft', quantity: drug.pack + 6, quantityLeft: drug.pack + 5, said: `${drug.pack + 5} units are left of this prescription.` });
  for (const [packages, quantity] of [[[codes[0]], drug.pack + 1], [codes, drug.pack], [[], 1], [codes, 0], [codes, -1]]) {
    await writing.refused(asPharmacist(), DISPENSE, { number, code: CODE, quantity, price: '1', packages, key: newKey() }, 'BAD_USER_INPUT');
  }
  await writing.refused(asPharmacist(), DISPENSE, { number, code: CODE, quantity: 1, price: '-1', packages: codes, key: newKey() }, 'BAD_USER_INPUT');
  await writing.refused(asPharmacist(), DISPENSE, { number, code: CODE, quantity: 1, price: '1', packages: codes.slice(1), key: newKey() }, 'BAD_USER_INPUT', /given out whole/);
  assert.equal((await dispense({ number, packages: codes, quantity: drug.pack + 5 })).quantityLeft, 0);
});

test('children and who is entitled pay nothing', async () => {
  for (const [what, paid] of [[{ patient: child }, '0.00'], [{ payment: 'gobmp' }, '0.00'], [{ payment: 'osms' }, '0.00'], [{}, '1000.00']]) {
    const taken = await dispense({ number: await prescribed(what), packages: [await pack()] });
    assert.deepEqual([taken.price, taken.paidByPatient], ['1000.00', paid], JSON.stringify(what));
  }
});

test('what can not be dispensed looks like a wrong code; wrong ones are counted; who may not', async () => {
  const packages = [await pack()], before = await writing.traces();
  for (const number of [await prescribed({ validTo: "now() - INTERVAL '1 day'" }), await prescribed({ status: 'cancelled' }), await prescribed({ status: 'expired' }), 'TW-0']) {
    assert.equal(await dispense({ number, packages }), null);
  }
  const number = await prescribed();
  assert.equal(await dispense({ number, packages, code: '654321' }), null);
  assert.equal(await database.value(`SELECT count(*) FROM private.attempt WHERE kind = 'prescription' AND who = '${number}'`), 1);
  for (let i = 0; i < 4; i++) assert.equal(await dispense({ number, packages, code: '654321' }, asPharmacist(1)), null);
  await writing.refused(asPharmacist(), DISPENSE, { number, code: CODE, quantity: 1, price: '1', packages, key: newKey() }, 'RATE_LIMITED');
  await database.execute('TRUNCATE private.attempt');
  for (const who of [asCitizen(adult), { ...asPharmacist(), role: 'DOCTOR' }, { ...asPharmacist(), org: '000000000000' }, { ...asPharmacist(), org: undefined }]) {
    await writing.refused(who, DISPENSE, { number, code: CODE, quantity: 1, price: '1', packages, key: newKey() }, 'FORBIDDEN', /^Only a pharmacist/);
  }
  assert.equal(JSON.parse(await writing.traces())[0].dispenses, JSON.parse(before)[0].dispenses);
});

describe('asked for again, and at once', () => {
  test('with its key: the first answer, once done; another payload is refused; another pharmacist’s key is another', async () => {
    const number = await prescribed(), codes = [await pack(), await pack()], variables = { number, packages: [codes[0]], key: newKey() };
    const first = await dispense(variables), before = await writing.traces();
    for (let i = 0; i < 4; i++) assert.deepEqual(await dispense(variables), first);
    await writing.refused(asPharmacist(), DISPENSE, { code: CODE, quantity: drug.pack, price: '1000.01', ...variables }, 'CONFLICT', /new change needs a new key/);
    await writing.refused(asPharmacist(), DISPENSE, { code: CODE, quantity: drug.pack, price: '1', ...variables, key: 'short' }, 'BAD_USER_INPUT', /8 to 200/);
    assert.equal(await writing.traces(), before);
    assert.equal((await dispense({ ...variables }, { ...asPharmacist(), sub: pharmacies[1].iin })).__typename, 'PackageRefused', 'a change of his own, of a package that is sold');
    // A refusal leaves no key behind: when the reason is gone the same key does it.
    const again = { number, packages: [codes[1]], price: '1297.74', key: newKey() };
    assert.equal((await dispense(again)).__typename, 'PriceAboveCap');
    assert.equal((await dispense({ ...again, price: '1297.73' })).__typename, 'Dispensed');
    // A day later the key means nothing any more.
    await database.execute(`UPDATE private.idempotency SET made_at = now() - INTERVAL '25 hours'`);
    assert.equal((await dispense({ ...variables, number: await prescribed() })).__typename, 'PackageRefused');
  });

  test('twenty at once with one key: one is done, all get its answer', async () => {
    const number = await prescribed(), packages = [await pack()], key = newKey();
    const answers = await Promise.all(Array.from({ length: 20 }, () => dispense({ number, packages, key })));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal(answers[0].__typename, 'Dispensed');
    assert.equal(await database.value(`SELECT count(*) FROM dispense d JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id WHERE r.number = '${number}'`), 1);
  });

  test('many who want the same package, or what is left: one gets it', async () => {
    const packages = [await pack()], numbers = await Promise.all(Array.from({ length: 10 }, () => prescribed()));
    const sold = await Promise.all(numbers.map((number) => dispense({ number, packages })));
    assert.deepEqual(sold.map(({ __typename, state }) => state ?? __typename).sort(), [...Array(9).fill('ALREADY_SOLD'), 'Dispensed']);
    const number = await prescribed({ quantity: drug.pack }), many = await Promise.all([1, 2, 3, 4].map(() => pack())); // who comes late counts as who guesses: five are all
    const given = await Promise.all(many.map((code) => dispense({ number, packages: [code] })));
    assert.deepEqual(given.map((one) => one?.__typename ?? null).sort(), ['Dispensed', null, null, null]);
  });
});

describe('receipt', () => {
  const given = async (patient = adult) => {
    const number = await prescribed({ patient });
    await dispense({ number, packages: [await pack()] });
    return (await writing.data(asCitizen(patient), OWN)).me.patient.dispenses.nodes[0].id;
  };

  test('confirmed, once and for all; a lost answer again', async () => {
    const id = await given(), variables = { dispense: id, key: newKey() };
    for (let i = 0; i < 3; i++) assert.deepEqual((await writing.data(asCitizen(adult), CONFIRM, variables)).confirmReceipt, { id, receipt: 'CONFIRMED', recordStatus: 'ACTIVE' });
    assert.equal(await database.value(`SELECT count(*) FROM private.change_record WHERE operation = 'confirm_receipt'`), 1);
    await writing.refused(asCitizen(adult), DENY, { dispense: id, key: newKey() }, 'CONFLICT', /was confirmed/);
    await writing.refused(asCitizen(adult), DENY, { dispense: id, key: variables.key }, 'CONFLICT', /new key/);
  });

  test('denied: a dispute, a flag for the payer, and the entry is marked in both workers', async () => {
    const id = await given(), variables = { dispense: id, text: 'Алған жоқпын', key: newKey() };
    const { denyReceipt: dispute } = await writing.data(asCitizen(adult), DENY, variables);
    assert.deepEqual(dispute, { number: dispute.number, reason: 'NOT_RECEIVED', status: 'OPEN', text: 'Алған жоқпын' });
    assert.deepEqual((await writing.data(asCitizen(adult), DENY, variables)).denyReceipt, dispute);
    for (let i = 0; i < 4; i++) {
      const [entry] = (await writing.data(asCitizen(adult), OWN)).me.patient.dispenses.nodes;
      assert.deepEqual([entry.id, entry.receipt, entry.recordStatus], [id, 'DENIED', 'DISPUTED']);
    }
    assert.equal(await database.value(`SELECT count(*) FROM private.dispense_flag WHERE patient_id = ${adult.id} AND rule = 'receipt_denied'`), 1);
    await writing.refused(asCitizen(adult), CONFIRM, { dispense: id, key: newKey() }, 'CONFLICT', /was denied/);
    await writing.refused(asCitizen(adult), DENY, { dispense: id, key: newKey() }, 'CONFLICT', /denied already/);
  });

  test('disputed as not received: the same; while anything of it is disputed nobody confirms it', async () => {
    const DISPUTE = 'mutation ($entry: ID!, $reason: DisputeReason = NOT_RECEIVED, $text: String, $key: String!) { disputeRecord(entry: $entry, reason: $reason, text: $text, idempotencyKey: $key) { number reason status text } }';
    const flags = () => database.value(`SELECT count(*) FROM private.dispense_flag WHERE patient_id = ${adult.id} AND rule = 'receipt_denied'`).then(Number);
    const id = await given(), before = await flags(), variables = { entry: id, text: 'Алған жоқпын', key: newKey() };
    const { disputeRecord: dispute } = await writing.data(asCitizen(adult), DISPUTE, variables);
    assert.deepEqual(dispute, { number: dispute.number, reason: 'NOT_RECEIVED', status: 'OPEN', text: 'Алған жоқпын' });
    assert.deepEqual((await writing.data(asCitizen(adult), DISPUTE, variables)).disputeRecord, dispute);
    const [entry] = (await writing.data(asCitizen(adult), OWN)).me.patient.dispenses.nodes;
    assert.deepEqual([entry.id, entry.receipt, entry.recordStatus, await flags()], [id, 'DENIED', 'DISPUTED', before + 1]);
    for (const [query, more, said] of [[CONFIRM, { dispense: id }, /was denied/], [DENY, { dispense: id }, /denied already/], [DISPUTE, { entry: id }, /denied already/]]) await writing.refused(asCitizen(adult), query, { ...more, key: newKey() }, 'CONFLICT', said);
    const second = await given();
    await writing.data(asCitizen(adult), DISPUTE, { entry: second, reason: 'WRONG_DATA', key: newKey() });
    await writing.refused(asCitizen(adult), CONFIRM, { dispense: second, key: newKey() }, 'CONFLICT', /is disputed/);
    for (const [query, more] of [[DENY, { dispense: second }], [DISPUTE, { entry: second }]]) await writing.refused(asCitizen(adult), query, { ...more, key: newKey() }, 'CONFLICT', /disputed already/);
    const third = await given();
    await writing.data(asCitizen(adult), CONFIRM, { dispense: third, key: newKey() });
    await writing.refused(asCitizen(adult), DISPUTE, { entry: third, key: newKey() }, 'CONFLICT', /was confirmed/);
    await writing.refused(asCitizen(adult), DISPUTE, { entry: third, reason: 'WRONG_DIAGNOSIS', key: newKey() }, 'BAD_USER_INPUT', /no diagnosis/);
  });

  test('by nobody else', async () => {
    const id = await given();
    for (const who of [asCitizen(child), asPharmacist(), { ...asCitizen(adult), role: 'DOCTOR' }]) {
      await writing.refused(who, CONFIRM, { dispense: id, key: newKey() }, 'FORBIDDEN');
      await writing.refused(who, DENY, { dispense: id, key: newKey() }, 'FORBIDDEN');
    }
  });
});

test('as many times as was prescribed: what is left after the last lapses; a time that was never received is had again', async () => {
  const state = (number) => database.query(`SELECT status, refills_left AS refills, pick_code_hash IS NOT NULL AS code, prescription_quantity_left(r) AS units FROM prescription r WHERE number = '${number}'`).then(([row]) => row);
  const once = await prescribed({ refills: 0 });
  assert.equal((await dispense({ number: once, packages: [await pack()] })).quantityLeft, drug.pack);
  assert.deepEqual(await state(once), { status: 'dispensed', refills: 0, code: false, units: drug.pack });
  assert.equal(await dispense({ number: once, packages: [await pack()] }), null);
  const thrice = await prescribed({ refills: 2, quantity: 5 * drug.pack });
  for (const [n, left] of [[4, { status: 'active', refills: 1, code: true }], [3, { status: 'active', refills: 0, code: true }], [2, { status: 'dispensed', refills: 0, code: false }]]) {
    assert.equal((await dispense({ number: thrice, packages: [await pack()] })).quantityLeft, n * drug.pack);
    assert.deepEqual(await state(thrice), { ...left, units: n * drug.pack });
  }
  assert.equal(await dispense({ number: thrice, packages: [await pack()] }), null);
  // The payer finds that the second and the third were never received: two times are had again, of what they were.
  const payer = { role: 'PAYER', sub: pharmacies[1].iin, org: await officeOf(database) };
  for (const refills of [0, 1]) {
    const { id } = (await writing.data(asCitizen(adult), OWN)).me.patient.dispenses.nodes.find((one) => one.receipt === 'NONE' && one.recordStatus === 'ACTIVE');
    const { denyReceipt: dispute } = await writing.data(asCitizen(adult), 'mutation ($dispense: ID!, $key: String!) { denyReceipt(dispense: $dispense, idempotencyKey: $key) { id } }', { dispense: id, key: newKey() });
    await writing.data(payer, 'mutation ($dispute: ID!, $key: String!) { answerDispute(dispute: $dispute, upheld: true, answer: "Дәріхана бермеген", idempotencyKey: $key) { status } }', { dispute: dispute.id, key: newKey() });
    const { status, refills: left, units } = await state(thrice);
    assert.deepEqual([status, left, units], ['active', refills, (3 + refills) * drug.pack]);
  }
});

describe('packages', () => {
  const REPORT = 'mutation ($code: String!, $text: String, $key: String!) { reportPackage(code: $code, text: $text, idempotencyKey: $key) { number state serial } }';
  const RECALL = 'mutation ($gtin: String!, $batch: String!, $key: String!, $reason: String = "x", $order: String = "ҚР-1") { recallBatch(gtin: $gtin, batch: $batch, orderNumber: $order, reason: $reason, idempotencyKey: $key) { gtin batch orderNumber reason packages } }';

  test('reported with what is known of them then; once for a key; twenty an hour', async () => {
    const variables = { code: `01${drug.gtin}21FORGED`, text: 'Жалған', key: newKey() };
    const { reportPackage: report } = await writing.data(asCitizen(adult), REPORT, variables);
    assert.deepEqual(report, { number: report.number, state: 'UNKNOWN', serial: 'FORGED' });
    assert.deepEqual((await writing.data(asCitizen(adult), REPORT, variables)).reportPackage, report);
    for (let i = 1; i < 20; i++) await writing.data(asCitizen(adult), REPORT, { ...variables, key: newKey() });
    await writing.refused(asCitizen(adult), REPORT, { ...variables, key: newKey() }, 'RATE_LIMITED');
    assert.deepEqual((await writing.data(asCitizen(adult), REPORT, variables)).reportPackage, report, 'what was reported is told again all the same');
    assert.equal((await writing.ask(null, REPORT, { ...variables, key: newKey() })).errors[0].extensions.code, 'UNAUTHENTICATED');
  });

  test('a recalled batch is sold by nobody from that moment on', async () => {
    const { bin } = pharmacies[1];
    await database.execute(`INSERT INTO health_authority (bin, name_kk, name_ru, name_en) VALUES ('${bin}', 'x', 'x', 'x')`);
    const inspector = { role: 'INSPECTOR', sub: pharmacies[1].iin, org: bin };
    const code = await pack({ batch: 'R7' }), number = await prescribed(), variables = { gtin: drug.gtin, batch: 'R7', key: newKey() };
    for (const who of [asPharmacist(), { ...inspector, org: pharmacies[0].bin }, { ...inspector, role: 'PHARMACIST' }]) await writing.refused(who, RECALL, variables, 'FORBIDDEN');
    await writing.refused(inspector, RECALL, { ...variables, gtin: '123' }, 'BAD_USER_INPUT');
    const { recallBatch: recall } = await writing.data(inspector, RECALL, variables);
    assert.deepEqual(recall, { gtin: drug.gtin, batch: 'R7', orderNumber: 'ҚР-1', reason: 'x', packages: 1 });
    assert.equal((await dispense({ number, packages: [code] })).state, 'RECALLED');
    assert.deepEqual((await writing.data(inspector, RECALL, variables)).recallBatch, recall);
    for (const batch of ['R7', 'r7']) await writing.refused(inspector, RECALL, { ...variables, batch, key: newKey() }, 'CONFLICT', /recalled already/);
    // However the order writes the batch: its packages are blocked, for whoever sells, and the answer says how many there are.
    const small = await pack({ batch: 'R8a' }), sold = await pack({ batch: 'R8A', state: 'sold' });
    assert.equal((await writing.data(inspector, RECALL, { ...variables, batch: 'r8A', key: newKey() })).recallBatch.packages, 1);
    for (const one of [small, sold]) assert.equal(await database.value(`SELECT state FROM check_package('', '${one}')`), 'RECALLED');
    assert.equal((await dispense({ number, packages: [small] })).state, 'RECALLED');
    await assert.rejects(database.execute(`UPDATE med_package SET state = 'sold' WHERE batch = 'R8a'`), /package_sale_allowed|recalled/);
    assert.equal((await writing.data(inspector, RECALL, { ...variables, batch: 'OF-NOBODY', key: newKey() })).recallBatch.packages, 0, 'the lot of a vaccine, say, or a slip');
    for (const wrong of [{ reason: 'x'.repeat(2001) }, { order: 'x'.repeat(101) }, { reason: '\n\t ' }, { order: '\u00a0' }]) await writing.refused(inspector, RECALL, { ...variables, batch: 'R9', key: newKey(), ...wrong }, 'BAD_USER_INPUT');
  });
});

describe('no plain INSERT or UPDATE gets round', () => {
  /** Gives out of a prescription as whoever may write the table: one row for each of the quantities. */
  const insert = (number, { price = 1, paid = 0, quantity = drug.pack } = {}, where = database) => where.execute(`INSERT INTO dispense (patient_id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, dispensed_on, quantity)
      SELECT patient_id, id, ${pharmacies[0].id}, drug_id, ${price}, ${paid}, kz_today(), given FROM prescription, unnest(ARRAY[${quantity}]) given WHERE number = '${number}'`);
  const state = (number) => database.query(`SELECT status, refills_left AS refills, pharmacy_id IS NOT NULL AS place, pick_code_hash IS NOT NULL AS code FROM prescription WHERE number = '${number}'`).then(([row]) => row);

  test('the cap, what is left, what is free, whole packages', async () => {
    const number = await prescribed({ payment: 'gobmp', quantity: drug.pack + 10, refills: 2 });
    for (const [change, rule] of [[{ price: 129774 }, 'price_cap'], [{ quantity: drug.pack * 2 }, 'quantity_left'], [{ paid: 1 }, 'free'], [{ quantity: 10 }, 'whole_packages'], [{ quantity: [1, 1, drug.pack] }, 'whole_packages'], [{ quantity: [5, 5, drug.pack] }, 'whole_packages']]) {
      await assert.rejects(insert(number, change), (error) => error instanceof SqlError && error.message.includes(`dispense_${rule}`), rule);
    }
    await insert(number, { price: 129773 });
    await assert.rejects(insert(number, { quantity: 11 }), /dispense_quantity_left/);
    await assert.rejects(insert(number, { quantity: 4 }), /dispense_whole_packages/);
    await insert(number, { quantity: 10 });
    const given = (quantity) => `patient_id = ${adult.id} AND quantity = ${quantity} AND prescription_id = (SELECT id FROM prescription WHERE number = '${number}')`;
    await assert.rejects(database.execute(`UPDATE dispense SET quantity = 11 WHERE ${given(10)}`), /dispense_quantity_left/);
    await assert.rejects(database.execute(`UPDATE dispense SET quantity = 9 WHERE ${given(10)}`), /dispense_whole_packages/);
    // What was given out in part before there was this rule is kept, and its receipt can be confirmed.
    await database.execute(`ALTER TABLE dispense DISABLE TRIGGER dispense_rules_old; UPDATE dispense SET quantity = 9 WHERE ${given(10)}; ALTER TABLE dispense ENABLE TRIGGER dispense_rules_old; UPDATE dispense SET receipt = 'confirmed' WHERE ${given(9)}`);
  });

  test('the times that it has: counted for whoever writes, one after the other', async () => {
    const number = await prescribed({ quantity: 9 * drug.pack, refills: 1 });
    await assert.rejects(insert(number, { quantity: [drug.pack, drug.pack, drug.pack] }), /dispense_refills/);
    await insert(number);
    assert.deepEqual(await state(number), { status: 'active', refills: 0, place: true, code: true });
    await insert(number, { quantity: 2 * drug.pack });
    assert.deepEqual(await state(number), { status: 'dispensed', refills: 0, place: true, code: false });
    await assert.rejects(insert(number), /dispense_active/);
    for (const what of [{ status: 'cancelled' }, { status: 'expired' }, { validTo: "now() - INTERVAL '1 day'" }]) await assert.rejects(insert(await prescribed(what)), /dispense_active/, JSON.stringify(what));
    // Another version of a dispensing takes no time; one that would be given out anew takes one.
    const again = (id, more) => database.execute(`BEGIN; WITH made AS (SELECT nextval(pg_get_serial_sequence('dispense', 'id')) AS id), old AS (UPDATE dispense d SET superseded_by = made.id FROM made WHERE d.patient_id = ${adult.id} AND d.id = ${id} RETURNING d.*)
      SELECT 1 FROM old; INSERT INTO dispense SELECT (jsonb_populate_record(d, jsonb_build_object('id', d.superseded_by, 'version', 2, 'superseded_by', NULL, 'source_rec', NULL) || '${more}')).* FROM dispense d WHERE d.patient_id = ${adult.id} AND d.id = ${id}; COMMIT`);
    const [{ id }] = await database.query(`SELECT max(d.id) AS id FROM dispense d JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id WHERE r.number = '${number}'`);
    await assert.rejects(again(id, '{"quantity": 1}'), /dispense_whole_packages/);
    await again(id, '{"price": 2}');
    const last = await database.value(`SELECT max(id) FROM dispense WHERE patient_id = ${adult.id}`);
    await again(last, '{"record_status": "entered_in_error"}');
    await assert.rejects(database.execute(`UPDATE dispense SET record_status = 'active' WHERE patient_id = ${adult.id} AND id = (SELECT max(id) FROM dispense WHERE patient_id = ${adult.id})`), /dispense_active/);
  });

  test('many at once: no more is given out than is left, nor more often', async () => {
    const count = (number) => database.value(`SELECT count(*) FROM dispense d JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id WHERE r.number = '${number}'`).then(Number);
    for (const isolation of ['READ COMMITTED', 'REPEATABLE READ']) {
      const little = await prescribed({ quantity: 2 * drug.pack, refills: 9 }), seldom = await prescribed({ quantity: 9 * drug.pack, refills: 1 });
      const both = Array.from({ length: 6 }, () => [little, seldom]).flat();
      await Promise.all(both.map((number) => insert(number, {}, { execute: (sql) => database.execute(`BEGIN ISOLATION LEVEL ${isolation}; SELECT pg_sleep(0.05); ${sql}; SELECT pg_sleep(0.05); COMMIT`) }).catch((error) => assert.match(error.message, /dispense_|could not serialize/))));
      const most = isolation === 'READ COMMITTED' ? 2 : 1;
      for (const number of [little, seldom]) assert.ok(await count(number) >= most && await count(number) <= 2, isolation);
    }
  });

  test('what a package may not be, and the record of changes', async () => {
    const code = await pack({ expires: '2025-01-01' });
    await assert.rejects(database.execute(`UPDATE med_package SET state = 'sold' WHERE serial = '${code.split('21').pop()}'`), /sold already, expired/);
    await assert.rejects(database.execute('DELETE FROM private.change_record'), /only ever added to/);
  });
});
