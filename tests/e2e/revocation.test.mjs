// A right that ended is gone with the first request after the COMMIT that ended it, in every worker, and one that was given is there: every
// kind of relation, turned off and on while others read.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { performance } from 'node:perf_hooks';
import { Session } from './lib/load.mjs';
import { Proof, ask } from './lib/proof.mjs';
import { Database } from './lib/psql.mjs';
import { world } from './lib/world.mjs';

const ROUNDS = 30; // of off and on, for each relation
const AT_ONCE = 8; // reads that begin right after an acknowledgement
const READERS = 6; // that never stop
const { people, practitioners, clinics } = world;
const of = (person) => `patient_id = ${people[person].id}`;
const worker = (name) => `practitioner_id = ${practitioners[name].id}`;
const TODAY = "(now() AT TIME ZONE INTERVAL '5 hours')::date";

// [what, who asks, about whom, SQL that ends it, SQL that gives it back]
const RELATIONS = [
  ['a grant', 'grantee', 'alia', `UPDATE access_rule SET revoked_at = clock_timestamp(), revoked_by = made_by WHERE ${of('alia')} AND ${worker('grantee')}`,
    `UPDATE access_rule SET revoked_at = NULL, revoked_by = NULL WHERE ${of('alia')} AND ${worker('grantee')}`],
  ['a call', 'ambulance with a call', 'alia', `UPDATE ambulance_call SET closed_at = clock_timestamp() WHERE ${of('alia')} AND clinic_id = ${clinics.station.id}`,
    `UPDATE ambulance_call SET closed_at = NULL WHERE ${of('alia')} AND clinic_id = ${clinics.station.id}`],
  ['an attachment', 'district doctor', 'alia', `UPDATE attachment SET detached_on = ${TODAY} WHERE ${of('alia')} AND clinic_id = ${clinics.home.id}`,
    `UPDATE attachment SET detached_on = NULL WHERE ${of('alia')} AND clinic_id = ${clinics.home.id}`],
  ['a post', 'district nurse', 'alia', `UPDATE practitioner_role SET valid_to = ${TODAY} WHERE ${worker('districtNurse')}`,
    `UPDATE practitioner_role SET valid_to = NULL WHERE ${worker('districtNurse')}`],
  ['a practitioner', 'district doctor', 'child', `UPDATE practitioner SET active = false WHERE id = ${practitioners.districtDoctor.id}`,
    `UPDATE practitioner SET active = true WHERE id = ${practitioners.districtDoctor.id}`],
  ['an appointment', 'doctor with an appointment', 'alia', `UPDATE appointment SET status = 'cancelled' WHERE ${of('alia')} AND ${worker('booked')}`,
    `UPDATE appointment SET status = 'booked' WHERE ${of('alia')} AND ${worker('booked')}`],
  ['a stay that was no stay', 'doctor of the ward', 'alia', `UPDATE hospitalization SET record_status = 'entered_in_error' WHERE ${of('alia')} AND clinic_id = ${clinics.ward.id}`,
    `UPDATE hospitalization SET record_status = 'active' WHERE ${of('alia')} AND clinic_id = ${clinics.ward.id}`],
  ['the same, for a nurse', 'nurse of the ward', 'alia', `UPDATE hospitalization SET record_status = 'entered_in_error' WHERE ${of('alia')} AND clinic_id = ${clinics.ward.id}`,
    `UPDATE hospitalization SET record_status = 'active' WHERE ${of('alia')} AND clinic_id = ${clinics.ward.id}`],
  ['emergency access', 'break-glass', 'alia', `UPDATE emergency_grant SET valid_to = valid_from + INTERVAL '1 minute' WHERE ${of('alia')} AND ${worker('breakGlass')}`,
    `UPDATE emergency_grant SET valid_to = valid_from + INTERVAL '24 hours' WHERE ${of('alia')} AND ${worker('breakGlass')}`],
  ['guardianship', 'guardian', 'child', `UPDATE guardianship SET valid_to = ${TODAY} WHERE ${of('child')} AND guardian_id = ${people.gulnar.id}`,
    `UPDATE guardianship SET valid_to = NULL WHERE ${of('child')} AND guardian_id = ${people.gulnar.id}`],
  ['what is shown of a kind', 'doctor with an appointment', 'hider', `INSERT INTO access_rule (patient_id, kind, item_table, role, made_by) VALUES (${people.hider.id}, 'hide', 'hospital_referral', 'DOCTOR', '${people.hider.iin}')`,
    `UPDATE access_rule SET revoked_at = clock_timestamp(), revoked_by = made_by WHERE ${of('hider')} AND item_table = 'hospital_referral' AND role = 'DOCTOR'`],
];
const TEXT = 'query($iin: ID!) { patient(iin: $iin) { hospitalReferrals(first: 3) { nodes { sheetNumber } } } }';

let proof, server, writer;
before(async () => {
  proof = await Proof.start();
  server = await proof.server({ args: ['--workers', '2'] });
  writer = new Session(new Database(proof.database.services, proof.database.name, 'postgres'));
});
after(async () => {
  await writer?.end();
  await server?.stop();
  await proof?.stop();
});

describe('what was revoked is gone at once', () => {
  const count = { reads: 0, after: 0, overlapping: 0 };

  for (const [what, name, person, end, give] of RELATIONS) {
    test(what, async () => {
      const viewer = world.viewers.find((one) => one.name === name);
      const changes = []; // { from, to (when it was acknowledged), on }
      const reads = []; // { from, to, on }
      const read = async () => {
        const from = performance.now();
        const { answer } = await ask(server, viewer, TEXT, { iin: people[person].iin });
        assert.equal(answer.errors, undefined);
        reads.push({ from, to: performance.now(), on: JSON.stringify(answer.data).includes(`canary-${person}-`) });
      };
      let running = true;
      const readers = Promise.all(Array.from({ length: READERS }, async () => { while (running) await read(); }));
      try {
        for (let round = 0; round < 2 * ROUNDS; round++) {
          const on = round % 2 === 1;
          const from = performance.now();
          await writer.say(`BEGIN; ${on ? give : end}; COMMIT;`);
          changes.push({ from, to: performance.now(), on });
          await Promise.all(Array.from({ length: AT_ONCE }, read));
        }
      } finally {
        running = false;
        await readers;
      }
      assert.doesNotMatch(writer.out, /ERROR/);
      // A read may be of any state that held at some time between its beginning and its end.
      let wrong = 0;
      for (const one of reads) {
        const before = changes.filter(({ to }) => to <= one.from).at(-1)?.on ?? true;
        const during = changes.filter(({ from, to }) => from < one.to && to > one.from);
        count.reads++;
        if (during.length) count.overlapping++;
        else count.after++;
        if (one.on !== before && !during.some(({ on }) => on === one.on)) wrong++;
      }
      assert.equal(wrong, 0, `${wrong} of ${reads.length} reads`);
      assert.ok(reads.some(({ on }) => on) && reads.some(({ on }) => !on));
      assert.ok(reads.length > 2 * ROUNDS * AT_ONCE);
    });
  }

  test('enough was read', (t) => {
    t.diagnostic(JSON.stringify(count));
    assert.ok(count.after > RELATIONS.length * ROUNDS * AT_ONCE, JSON.stringify(count));
  });
});
