// The same promise for rights, over the passport itself: after a grant was acknowledged its doctor sees the record through any worker, after it was revoked
// nobody has let him see it; and what was hidden is gone, what is shown again is there. What is remembered of rights would last a minute if nobody voided it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, until } from '../e2e/lib/run.mjs';
import { startServer } from '../e2e/lib/server.mjs';
import { Writing, newKey } from '../e2e/lib/writing.mjs';

const SECONDS = Number(process.env.CONSISTENCY_SECONDS ?? 3);
const PEOPLE = 4, READERS = 4;
const now = () => Number(process.hrtime.bigint()) / 1e6;
let writing, doctor, people;

const ARGS = ['--rights-seconds', '60'];

before(async () => {
  writing = await Writing.start({ args: ARGS });
  [doctor] = await writing.database.query(`SELECT p.id, p.iin, p.full_name AS name, c.bin FROM practitioner p JOIN practitioner_role r ON r.practitioner_id = p.id AND r.role = 'specialist' AND r.valid_to IS NULL
    JOIN clinic c ON c.id = r.clinic_id AND c.active WHERE p.active AND NOT EXISTS (SELECT FROM practitioner o WHERE o.full_name = p.full_name AND o.id <> p.id) ORDER BY p.id LIMIT 1`);
  people = await writing.database.query(`SELECT p.id, p.iin FROM patient p WHERE p.deceased_on IS NULL AND p.birth_date < '2000-01-01'
    AND (SELECT count(*) FROM allergy a WHERE a.patient_id = p.id AND a.superseded_by IS NULL) > 0
    AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/${doctor.iin}/${doctor.bin}', p.id)) ORDER BY p.id LIMIT ${PEOPLE}`);
  assert.equal(people.length, PEOPLE);
  const { searchPractitioners: found } = await writing.data(asOwner(people[0]), 'query ($text: String!) { searchPractitioners(text: $text) { id fullName } }', { text: doctor.name });
  doctor.node = found.find(({ fullName }) => fullName === doctor.name).id;
});
after(() => writing?.stop());

const asDoctor = () => ({ role: 'DOCTOR', sub: doctor.iin, org: doctor.bin });
const asOwner = ({ iin }) => ({ role: 'CITIZEN', sub: iin });

/** A switch that one writer turns: odd versions are on. A read has to be what some version from the last acknowledged before it to the last called before its end is. */
class Switch {
  constructor() { this.turns = [{ version: 0, invoked: -Infinity, returned: -Infinity }]; }
  begin() { this.turns.push({ version: this.turns.length, invoked: now(), returned: Infinity }); }
  end() { this.turns.at(-1).returned = now(); }
  explains({ on, invoked, returned }) {
    const from = Math.max(...this.turns.filter((turn) => turn.returned <= invoked).map(({ version }) => version));
    const to = Math.max(...this.turns.filter((turn) => turn.invoked <= returned).map(({ version }) => version));
    for (let version = from; version <= to; version++) if ((version % 2 === 1) === on) return true;
    return false;
  }
}

/** `turn(person, on)` turns, `see(person)` says whether it is on; both again and again, at once. */
async function turnAndLook({ turn, see }) {
  const end = now() + SECONDS * 1000, reads = [];
  await Promise.all(people.flatMap((person) => {
    const state = new Switch();
    const turning = async () => {
      for (let on = true; now() < end || !on; on = !on) { // at the end it is off
        state.begin();
        await turn(person, on);
        state.end();
        await sleep(Math.random() * 10);
      }
    };
    const looking = async () => {
      while (now() < end) {
        const invoked = now(), on = await see(person);
        reads.push({ person, state, on, invoked, returned: now() });
        await sleep(Math.random() * 2);
      }
    };
    return [turning(), ...Array.from({ length: READERS }, looking)];
  }));
  return reads;
}

/** The reads that no order of the changes explains; how many saw something and how many nothing, around how many changes. */
async function wrongReads(t, switchboard) {
  const reads = await turnAndLook(switchboard);
  const wrong = reads.filter((read) => !read.state.explains(read));
  const turns = [...new Set(reads.map(({ state }) => state))].reduce((sum, state) => sum + state.turns.length - 1, 0);
  const on = reads.filter((read) => read.on).length;
  t.diagnostic(`${wrong.length} wrong of ${reads.length} reads (${on} saw something) around ${turns} changes`);
  return { wrong, on, off: reads.length - on, turns };
}

async function holds(t, switchboard) {
  let enough = false;
  for (let tries = 0; !enough && tries < 4; tries++) { // a slow machine needs longer to try enough
    const { wrong, on, off, turns } = await wrongReads(t, switchboard);
    assert.deepEqual(wrong.map(({ person, on: seen }) => [person.id, seen]), []);
    enough = on > 10 && off > 10 && turns > 10;
  }
  assert.ok(enough, 'both were seen, often');
}

/** Grants that are given and revoked, and whether the doctor sees anything. */
async function grants() {
  const ids = new Map(), given = new Map();
  for (const person of people) ids.set(person.id, (await writing.data(asOwner(person), 'query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: person.iin })).patient.id);
  return {
    turn: async (person, on) => {
      if (!on) return writing.data(asOwner(person), 'mutation ($grant: ID!, $key: String) { revokeAccess(grant: $grant, idempotencyKey: $key) { id } }', { grant: given.get(person.id), key: newKey() });
      const { grantAccess } = await writing.data(asOwner(person), `mutation ($patient: ID!, $practitioner: ID!, $until: DateTime!, $key: String) {
        grantAccess(patient: $patient, practitioner: $practitioner, until: $until, idempotencyKey: $key) { id } }`,
      { patient: ids.get(person.id), practitioner: doctor.node, until: new Date(Date.now() + 3_600_000).toISOString(), key: newKey() });
      given.set(person.id, grantAccess.id);
    },
    see: async (person) => (await writing.data(asDoctor(), 'query ($iin: ID!) { patient(iin: $iin) { fullName allergies { nodes { substance } } } }', { iin: person.iin })).patient !== null,
  };
}

test('a grant, given and revoked', async (t) => {
  const switchboard = await grants();
  await holds(t, switchboard);
  await until(async () => {
    await switchboard.see(people[0]);
    return await writing.server.metric('tolqujat_rights_remembered_total') > 100; // said once a second
  }, 'rights to have been remembered');
});

test('it is noticed when a change voids nothing that is remembered', async (t) => {
  await writing.server.stop();
  const honest = writing.server;
  try {
    writing.server = await startServer({ database: writing.database, tokens: writing.keys, args: ['--workers', '2', '--idle-seconds', '600', '--refusal-ms', '0', ...ARGS], env: { TOLQUJAT_FAILPOINTS: 'no-invalidation' } });
    const switchboard = await grants();
    let wrong = 0;
    for (let tries = 0; wrong === 0 && tries < 6; tries++) wrong = (await wrongReads(t, switchboard)).wrong.length;
    assert.ok(wrong > 0, 'reads that are older than what was acknowledged');
  } finally {
    if (writing.server !== honest) await writing.server.stop();
    writing.server = await writing.start();
  }
});

test('a kind of entry, hidden and shown again', async (t) => {
  const ids = new Map(), rules = new Map();
  for (const person of people) {
    const { patient: { id } } = await writing.data(asOwner(person), 'query ($iin: ID!) { patient(iin: $iin) { id } }', { iin: person.iin });
    ids.set(person.id, id);
    await writing.data(asOwner(person), 'mutation ($patient: ID!, $practitioner: ID!, $until: DateTime!) { grantAccess(patient: $patient, practitioner: $practitioner, until: $until) { id } }',
      { patient: id, practitioner: doctor.node, until: new Date(Date.now() + 3_600_000).toISOString() });
  }
  await holds(t, {
    turn: async (person, on) => {
      if (!on) return writing.data(asOwner(person), 'mutation ($rule: ID!, $key: String) { showAgain(rule: $rule, idempotencyKey: $key) { id } }', { rule: rules.get(person.id), key: newKey() });
      const { hideKind } = await writing.data(asOwner(person), 'mutation ($patient: ID!, $key: String) { hideKind(patient: $patient, kind: ALLERGY, idempotencyKey: $key, acknowledgeRisk: true) { ... on Hidden { rule { id } } } }', { patient: ids.get(person.id), key: newKey() });
      rules.set(person.id, hideKind.rule.id);
    },
    see: async (person) => (await writing.data(asDoctor(), 'query ($iin: ID!) { patient(iin: $iin) { allergies { nodes { substance } } } }', { iin: person.iin })).patient.allergies.nodes.length === 0,
  });
});
