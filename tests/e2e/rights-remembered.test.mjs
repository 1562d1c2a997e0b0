// What somebody may see of a record is remembered for a moment: of whom it is asked again and again the database is not; it is nobody else's, and nobody's of
// another record; a change through the server voids it at once (tests/consistency/rights.test.mjs tries that hard), one made past it and time itself do within the moment.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, until } from './lib/run.mjs';
import { Writing } from './lib/writing.mjs';

const NAME = 'query ($iin: ID!) { patient(iin: $iin) { fullName } }';
let writing, person, doctors;

before(async () => {
  writing = await Writing.start({ args: ['--rights-seconds', '2'] });
  doctors = await writing.database.query(`SELECT p.id, p.iin, c.bin FROM practitioner p JOIN practitioner_role r ON r.practitioner_id = p.id AND r.role = 'specialist' AND r.valid_to IS NULL
    JOIN clinic c ON c.id = r.clinic_id AND c.active WHERE p.active ORDER BY p.id LIMIT 2`);
  [person] = await writing.database.query(`SELECT p.id, p.iin, p.full_name AS name FROM patient p WHERE p.deceased_on IS NULL AND p.birth_date < '2000-01-01'
    AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/${doctors[0].iin}/${doctors[0].bin}', p.id)) AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/${doctors[1].iin}/${doctors[1].bin}', p.id)) ORDER BY p.id LIMIT 1`);
});
after(() => writing?.stop());

const as = ({ iin, bin }) => ({ role: 'DOCTOR', sub: iin, org: bin });
const see = async (doctor) => (await writing.data(as(doctor), NAME, { iin: person.iin })).patient?.fullName ?? null;
const remembered = () => writing.server.metric('tolqujat_rights_remembered_total');

/** A grant that the server does not know of, made past it. */
async function grant(doctor, seconds) {
  await writing.database.execute(`INSERT INTO access_rule (patient_id, kind, practitioner_id, valid_from, valid_to, made_by)
    VALUES (${person.id}, 'grant', ${doctor.id}, now(), now() + INTERVAL '${seconds} seconds', '${person.iin}')`);
}

test('asked again, the database is not; a stranger is still one', async () => {
  const [doctor, stranger] = doctors;
  await grant(doctor, 3600);
  await until(async () => await see(doctor) === person.name, 'the grant to be seen');
  const before = await remembered();
  for (let i = 0; i < 20; i++) {
    assert.equal(await see(doctor), person.name);
    assert.equal(await see(stranger), null);
    assert.equal((await writing.data({ role: 'CITIZEN', sub: stranger.iin }, NAME, { iin: person.iin })).patient, null);
  }
  await until(async () => await remembered() - before >= 20, 'of 60 questions 20 to have been remembered'); // each worker says its figures once a second
  await writing.database.execute(`UPDATE access_rule SET revoked_at = now(), revoked_by = '${person.iin}' WHERE patient_id = ${person.id}`);
  const from = Date.now();
  await until(async () => await see(doctor) === null, 'what was revoked past the server to be gone');
  assert.ok(Date.now() - from < 5000, 'within the moment (of 2 s)');
});

test('a grant that ends is not outlived by more than the moment', async () => {
  const [doctor] = doctors;
  const SECONDS = 6; // for two of them nothing may be seen yet, as is remembered
  await grant(doctor, SECONDS);
  await until(async () => await see(doctor) === person.name, 'the grant to be seen');
  await sleep(SECONDS * 1000);
  const from = Date.now();
  while (await see(doctor) !== null) {
    assert.ok(Date.now() - from < 4000, 'it is over');
    await sleep(20);
  }
});
