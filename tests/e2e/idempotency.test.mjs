// The frame that all mutations share: each takes a key and keeps to it, or says why it has none; what is asked for again with its key is told again to who may still see it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildASTSchema, isNonNullType, parse } from 'graphql';
import { TOP, until } from './lib/run.mjs';
import { Writing, newKey } from './lib/writing.mjs';

// A code is told once and kept by nobody; and what only looks (and counts wrong codes) has nothing to be told again.
const WITHOUT = ['newPickCode', 'newVisitCode', 'prescriptionForDispense'];
// They were there before keys were, and find by themselves what is decided already.
const OPTIONAL = ['openEmergencyAccess', 'hideEntry', 'hideKind', 'showAgain', 'grantAccess', 'revokeAccess'];

const schema = buildASTSchema(parse(readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8')), { assumeValidSDL: true });
const fields = Object.values(schema.getMutationType().getFields());
const procedure = ({ astNode }) => astNode.directives.find(({ name }) => name.value === 'procedure').arguments.find(({ name }) => name.value === 'name').value.value;

let writing, database, person, doctor;
const asCitizen = () => ({ role: 'CITIZEN', sub: person.iin });

before(async () => {
  writing = await Writing.start();
  database = writing.database;
  [person] = await database.query(`SELECT p.id, p.iin FROM patient p WHERE p.deceased_on IS NULL AND p.birth_date < now() - INTERVAL '30 years' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id) ORDER BY id LIMIT 1`);
  [doctor] = await database.query(`SELECT m.id, m.iin, m.full_name AS name, c.bin FROM practitioner m JOIN practitioner_role j ON j.practitioner_id = m.id JOIN clinic c ON c.id = j.clinic_id
    WHERE EXISTS (SELECT FROM access_place('DOCTOR/' || m.iin || '/' || c.bin)) AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, ${person.id})) ORDER BY m.id LIMIT 1`);
});
after(() => writing?.stop());

test('every mutation takes a key, or is one of those that say why not', () => {
  assert.ok(fields.length >= 16, `${fields.length}`);
  for (const field of fields) {
    const key = field.args.find(({ name }) => name === 'idempotencyKey');
    if (WITHOUT.includes(field.name)) assert.equal(key, undefined, field.name);
    else assert.equal(isNonNullType(key?.type), !OPTIONAL.includes(field.name), `${field.name}: idempotencyKey`);
  }
});

test('every function of a mutation with a key looks for the first result and leaves its own, with who did it', async () => {
  for (const field of fields.filter(({ name }) => !WITHOUT.includes(name))) {
    const [{ args, body, definer }] = await database.query(`SELECT proargnames AS args, prosrc AS body, prosecdef AS definer FROM pg_proc WHERE proname = '${procedure(field)}' AND pronamespace = 'public'::regnamespace`);
    assert.ok(args.includes('idempotency_key') && args.includes('payload_digest') && definer, field.name);
    assert.match(body, /\b(first_result|rule_again)\(viewer, .*payload_digest\)/, field.name);
    assert.match(body, new RegExp(`\\b(change_done|rule_done)\\(viewer, '${procedure(field)}', idempotency_key, `), field.name);
  }
});

test('nobody but those functions reads or writes what they keep', async () => {
  for (const table of ['idempotency', 'change_record', 'outbox', 'package_report', 'dispense_flag']) {
    assert.equal(await database.value(`SELECT has_table_privilege('tolqujat_server', 'private.${table}', 'SELECT, INSERT, UPDATE, DELETE')`), false, table);
  }
  assert.equal(await database.value(`SELECT has_function_privilege('public', 'first_result(text, text, text)', 'EXECUTE')`), false);
});

test('a grant with a key is made once, and told to nobody who may not decide any more', async () => {
  const { me } = await writing.data(asCitizen(), '{ me { patient { id } } }');
  const { searchPractitioners } = await writing.data(null, 'query ($text: String!) { searchPractitioners(text: $text) { id fullName } }', { text: doctor.name });
  const variables = { patient: me.patient.id, practitioner: searchPractitioners.find(({ fullName }) => fullName === doctor.name).id, until: new Date(Date.now() + 86_400_000).toISOString(), key: newKey() };
  const GRANT = 'mutation ($patient: ID!, $practitioner: ID!, $until: DateTime!, $key: String) { grantAccess(patient: $patient, practitioner: $practitioner, until: $until, idempotencyKey: $key) { id revokedAt } }';
  const [first, ...more] = await Promise.all(Array.from({ length: 8 }, () => writing.data(asCitizen(), GRANT, variables).then((data) => data.grantAccess)));
  for (const one of more) assert.deepEqual(one, first);
  assert.equal(await database.value(`SELECT count(*) FROM access_rule WHERE patient_id = ${person.id}`), 1);
  const another = await writing.data({ ...asCitizen(), act: { sub: 'a-bank' } }, GRANT, { ...variables, key: null });
  assert.notEqual(another.grantAccess.id, first.id, 'without a key it is a change of its own');
  assert.notEqual((await writing.data(asCitizen(), GRANT, variables)).grantAccess.revokedAt, null, 'what was made, as it is now');
  assert.deepEqual(await database.query(`SELECT operation, role, person, item_table FROM private.change_record WHERE patient_id = ${person.id} ORDER BY id`),
    Array(2).fill({ operation: 'grant_access', role: 'CITIZEN', person: person.iin, item_table: 'access_rule' }));
  const LOOKS = '(SELECT count(*)::int FROM access_log l WHERE l.patient_id = r.patient_id AND l.request_id = r.request_id AND l.client IS NOT DISTINCT FROM r.client)';
  const recorded = () => database.query(`SELECT client, field, ${LOOKS} AS looks FROM private.change_record r WHERE patient_id = ${person.id} ORDER BY id`);
  await until(async () => (await recorded()).every(({ looks }) => looks > 0), 'their rows of the access log');
  assert.deepEqual(await recorded(), [null, 'a-bank'].map((client) => ({ client, field: 'Mutation(grantAccess)', looks: 1 })));
  await database.execute(`UPDATE patient SET deceased_on = kz_today() WHERE id = ${person.id}`);
  await writing.refused(asCitizen(), GRANT, variables, 'FORBIDDEN');
  await database.execute(`UPDATE patient SET deceased_on = NULL WHERE id = ${person.id}`);
});

test('emergency access with a key counts once', async () => {
  const OPEN = 'mutation ($iin: ID!, $key: String) { openEmergencyAccess(iin: $iin, reasonCode: UNCONSCIOUS, reason: "Ес-түссіз жеткізілді", idempotencyKey: $key) { id validTo } }';
  await database.execute(`UPDATE access_rule SET revoked_at = clock_timestamp(), revoked_by = made_by WHERE patient_id = ${person.id} AND revoked_at IS NULL`);
  const variables = { iin: person.iin, key: newKey() }, who = { role: 'DOCTOR', sub: doctor.iin, org: doctor.bin };
  const first = await writing.data(who, OPEN, variables);
  for (let i = 0; i < 3; i++) assert.deepEqual(await writing.data(who, OPEN, variables), first);
  assert.equal(await database.value(`SELECT count(*) FROM private.attempt WHERE kind = 'emergency' AND who = '${doctor.id}'`), 1);
});

test('a key is its change\'s for a day, then it is free again, and those of yesterday are swept', async () => {
  const REPORT = 'mutation ($code: String!, $key: String!) { reportPackage(code: $code, idempotencyKey: $key) { number } }';
  const gtin = await database.value('SELECT gtin FROM drug WHERE gtin IS NOT NULL ORDER BY id LIMIT 1');
  const viewer = `CITIZEN/${person.iin}/`;
  const hashOf = (key) => createHash('sha256').update(`${viewer}\n${key}`).digest();
  const report = async (serial, key) => (await writing.data(asCitizen(), REPORT, { code: `01${gtin}21${serial}`, key })).reportPackage.number;
  const key = newKey(), first = await report('D1', key);
  const age = (hours) => database.execute(`UPDATE private.idempotency SET made_at = clock_timestamp() - INTERVAL '${hours} hours' WHERE id = '\\x${hashOf(key).toString('hex')}'`);
  await age(23.9);
  assert.equal(await report('D1', key), first);
  await writing.refused(asCitizen(), REPORT, { code: `01${gtin}21D2`, key }, 'CONFLICT');
  await age(24.1);
  assert.notEqual(await report('D2', key), first, 'a change of its own');
  await writing.refused(asCitizen(), REPORT, { code: `01${gtin}21D1`, key }, 'CONFLICT');
  await database.execute(`INSERT INTO private.idempotency (id, digest, made_at) SELECT sha256(convert_to('old' || i, 'UTF8')), repeat('0', 64), clock_timestamp() - INTERVAL '25 hours' FROM generate_series(1, 100) i`);
  const left = () => database.value(`SELECT count(*)::int FROM private.idempotency WHERE digest = repeat('0', 64)`);
  let sweeping = 0;
  for (let i = 0; sweeping < 2; i++) { // by the key's hash, one call in sixteen
    const candidate = `${newKey()}-${i}`;
    if (hashOf(candidate)[0] >= 16) continue;
    const before = await left();
    await report(`S${i}`, candidate);
    sweeping++;
    assert.equal(await left(), Math.max(0, before - 64));
  }
  assert.equal(await left(), 0);
});

test('what was acknowledged is there, once, though the server is killed and everybody asks again', async () => {
  const REPORT = 'mutation ($code: String!, $key: String!) { reportPackage(code: $code, idempotencyKey: $key) { number } }';
  const gtin = await database.value('SELECT gtin FROM drug WHERE gtin IS NOT NULL ORDER BY id LIMIT 1');
  const reporters = await database.query(`SELECT iin FROM patient WHERE deceased_on IS NULL AND id <> ${person.id} ORDER BY id LIMIT 30`);
  const calls = Array.from({ length: 300 }, (_, i) => ({ who: { role: 'CITIZEN', sub: reporters[i % 30].iin }, variables: { code: `01${gtin}21K${i}`, key: newKey() } }));
  const told = new Map();
  const ask = async ({ who, variables }) => {
    const answer = await writing.ask(who, REPORT, variables).catch(() => null);
    const number = answer?.data?.reportPackage?.number;
    if (number && told.has(variables.key)) assert.equal(number, told.get(variables.key));
    if (number) told.set(variables.key, number);
  };
  const running = Promise.all(calls.map(ask));
  await until(() => told.size > 20, 'the first to be told');
  writing.server.child.kill('SIGKILL');
  await running;
  assert.ok(told.size < calls.length, 'not all were answered before');
  writing.server = await writing.start();
  for (let round = 0; round < 2; round++) await Promise.all(calls.map(ask));
  const kept = await database.query(`SELECT serial, count(*) AS n, min(number) AS number FROM private.package_report WHERE serial ~ '^K' GROUP BY 1`);
  assert.ok(kept.every(({ n }) => n === 1));
  assert.deepEqual(kept.map(({ number }) => number).sort(), [...told.values()].sort());
  assert.equal(kept.length, calls.length);
});
