// Nobody makes a global id or a cursor but the server: every digit of one counts, and so does the secret.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bare, otherDigits, sealed, sipHash, withKey } from './lib/ids.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';

const REFUSED = 'Argument "after" of "Patient.prescriptions" is not a cursor of this list.';
const PAGE = 'query($iin: ID!, $after: String) { patient(iin: $iin) { fullName prescriptions(first: 2, after: $after) { nodes { id } edges { cursor } } } }';
const SEAL_DIGITS = 11;

const dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-seals-'));
const secrets = Object.fromEntries(['one', 'two'].map((name) => {
  const bytes = randomBytes(name === 'one' ? 32 : 100);
  writeFileSync(path.join(dir, name), bytes, { mode: 0o600 });
  return [name, bytes];
}));

let database, server, redis, people;

const start = (name, more = {}) => startServer({ database, args: name ? ['--secret', path.join(dir, name)] : [], ...more });
const page = (from, iin, cursor = null) => from.graphql(PAGE, { iin, after: cursor });

/** The texts for which `refused` does not hold, asked 32 at a time. */
async function accepted(texts, refused) {
  const wrong = [];
  for (let at = 0; at < texts.length; at += 32) {
    await Promise.all(texts.slice(at, at + 32).map(async (text) => { if (!await refused(text)) wrong.push(text); }));
  }
  return wrong;
}

before(async () => {
  ({ redis } = await sharedServices());
  database = await createDatabase();
  people = (await database.query(`SELECT p.iin FROM patient p JOIN prescription r ON r.patient_id = p.id AND r.superseded_by IS NULL
    GROUP BY p.id HAVING count(*) > 4 ORDER BY p.id LIMIT 2`)).map(({ iin }) => iin);
  assert.equal(people.length, 2);
  server = await start('one');
});
after(async () => {
  await server?.stop();
  await database?.drop();
  rmSync(dir, { recursive: true, force: true });
});

test('the second implementation is SipHash', () => { // vectors_sip64 of the reference implementation: 0 and 15 bytes
  const bytes = Buffer.from([...Array(16).keys()]);
  assert.equal(sipHash(bytes, bytes.subarray(0, 0)).toString('hex'), '310e0edd47db6f72');
  assert.equal(sipHash(bytes, bytes.subarray(0, 15)).toString('hex'), 'e545be4961ca29a1');
});

describe('an id', () => {
  const some = async (from = server) => {
    const { patient } = await from.data('query($iin: ID!) { patient(iin: $iin) { id clinic { id } prescriptions(first: 1) { nodes { id drug { id } } } } }', { iin: people[0] });
    const [{ id, drug }] = patient.prescriptions.nodes;
    return { Patient: patient.id, Clinic: patient.clinic.id, Prescription: id, Drug: drug.id };
  };

  test('is what the secret and the key make of it', async () => {
    for (const id of Object.values(await some())) {
      assert.equal(id.length, id.length > 30 ? 41 : 30);
      assert.equal(withKey(id, bare(id), secrets.one), id);
      assert.notEqual(withKey(id, bare(id)), id);
    }
  });

  test('with any digit another is none, and asks the database for nothing', async () => {
    const ids = Object.values(await some());
    const none = ids.flatMap(otherDigits);
    assert.ok(none.length > 7000, String(none.length));
    const asked = await server.metric('tolqujat_db_statements_total');
    for (let at = 0; at < none.length; at += 100) {
      const { data, errors } = await server.graphql('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: none.slice(at, at + 100) });
      assert.equal(errors, undefined);
      data.nodes.forEach((node, i) => assert.equal(node, null, none[at + i]));
    }
    assert.equal(await server.metric('tolqujat_db_statements_total'), asked);
  });

  test('cut, longer, of another type or put together is none', async () => {
    const { Patient, Prescription, Drug, Clinic } = await some();
    const none = [
      ...[...Prescription].map((_, n) => Prescription.slice(0, n)),
      ...['A', '=', ' ', '0'.repeat(11)].map((more) => Prescription + more), ` ${Prescription}`,
      Prescription.slice(0, 8) + Patient.slice(8), Drug.slice(0, 8) + Clinic.slice(8), // re-typed, with the other's seal
      Patient.slice(0, -SEAL_DIGITS) + Clinic.slice(-SEAL_DIGITS), // another's seal
      Prescription.slice(0, -SEAL_DIGITS), // without one, as ids once were
      withKey(Patient, bare(Patient)), withKey(Drug, bare(Drug)), // of a server without a secret
      sealed(Buffer.from(Patient.slice(0, -SEAL_DIGITS), 'base64url'), secrets.two), // of another secret
    ];
    const absent = await server.graphql('query($id: ID!) { node(id: $id) { id } }', { id: withKey(Drug, 999_999, secrets.one) });
    for (const id of none) assert.deepEqual(await server.graphql('query($id: ID!) { node(id: $id) { id } }', { id }), absent, id);
    assert.deepEqual(absent, { data: { node: null } });
  });

  test('is the same after a restart, in every worker and through Redis, while the secret is', async () => {
    const ids = await some();
    const again = await start('one', { args: ['--secret', path.join(dir, 'one'), '--workers', '2'], redis });
    const other = await start('two');
    const open = await start(null);
    try {
      for (let i = 0; i < 12; i++) assert.deepEqual(await some(again), ids);
      const theirs = [ids, await some(other), await some(open)];
      for (const type of Object.keys(ids)) assert.equal(new Set(theirs.map((them) => them[type])).size, 3, type);
      for (const [i, from] of [server, other, open].entries()) {
        for (const [k, them] of theirs.entries()) {
          const { nodes } = await from.data('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Object.values(them) });
          assert.deepEqual(nodes, Object.values(them).map((id) => (i === k ? { id } : null)));
        }
      }
      for (const id of Object.values(theirs[2])) assert.equal(withKey(id, bare(id)), id); // anybody can make these
    } finally {
      for (const one of [again, other, open]) await one.stop();
    }
  });
});

describe('a cursor', () => {
  const of = async (from, iin) => (await page(from, iin)).data.patient.prescriptions.edges[0].cursor;

  test('of another person is refused where it is used, and the rest of the answer stands', async () => {
    const [mine, other] = people;
    const cursor = await of(server, mine);
    const { data, errors } = await server.graphql(`query($mine: ID!, $other: ID!, $after: String) {
      mine: patient(iin: $mine) { prescriptions(first: 1, after: $after) { nodes { id } } }
      other: patient(iin: $other) { fullName
        prescriptions(first: 1, after: $after) { nodes { id } } } }`, { mine, other, after: cursor });
    assert.deepEqual(data, { mine: { prescriptions: { nodes: [(await page(server, mine)).data.patient.prescriptions.nodes[1]] } }, other: null });
    assert.deepEqual(errors, [{ message: REFUSED, locations: [{ line: 4, column: 9 }], path: ['other', 'prescriptions'], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('is good for one of several parents', async () => {
    const [first, second] = await Promise.all(people.map(async (iin) => (await page(server, iin)).data.patient.prescriptions));
    const { data, errors } = await server.graphql(`query($ids: [ID!]!, $after: String) { nodes(ids: $ids) {
      ... on Prescription { patient { iin prescriptions(first: 1, after: $after) { nodes { id } } } } } }`,
    { ids: [first.nodes[0].id, second.nodes[0].id, first.nodes[1].id], after: second.edges[0].cursor });
    assert.deepEqual(data, { nodes: [null, { patient: { iin: people[1], prescriptions: { nodes: [second.nodes[1]] } } }, null] });
    assert.deepEqual(errors.map(({ message, path: at }) => [message, at]), [0, 2].map((i) => [REFUSED, ['nodes', i, 'patient', 'prescriptions']]));
  });

  test('of nobody’s list is no error', async () => {
    assert.deepEqual(await page(server, '000000000000', await of(server, people[0])), { data: { patient: null } });
  });

  test('with any digit another is refused', async () => {
    const cursor = await of(server, people[0]);
    const made = otherDigits(cursor);
    assert.ok(made.length > 2000, String(made.length));
    assert.deepEqual(await accepted(made, async (text) => {
      const { data, errors } = await page(server, people[0], text);
      return !data?.patient && errors.length === 1 && errors[0].message === REFUSED && errors[0].extensions.code === 'BAD_USER_INPUT' && errors[0].locations.length === 1;
    }), []);
  });

  test('is the server’s own, after a restart too, while the secret is the same', async () => {
    const cursor = await of(server, people[0]);
    const want = await page(server, people[0], cursor);
    assert.equal(want.errors, undefined);
    const again = await start('one');
    const other = await start('two');
    const open = await start(null);
    try {
      assert.deepEqual(await page(again, people[0], cursor), want);
      for (const from of [other, open]) assert.equal((await page(from, people[0], cursor)).errors[0].message, REFUSED);
      assert.equal(new Set([cursor, await of(other, people[0]), await of(open, people[0])]).size, 3);
    } finally {
      for (const one of [again, other, open]) await one.stop();
    }
  });
});

test('the secret is in nothing that is written', async () => {
  const { text } = await server.request('/metrics');
  const written = server.stdout + server.stderr + text;
  for (const form of ['hex', 'base64', 'base64url', 'latin1']) assert.ok(!written.includes(secrets.one.toString(form).slice(0, 16)), form);
});
