// What an owner hides is out of lists and pages as if it were not there: pages are as full, cursors lead on, and only `withheld` tells. Rules are
// drawn at random and change between rounds; what each viewer may see is worked out here from the rules alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { random } from './lib/documents.mjs';
import { Proof, ask } from './lib/proof.mjs';
import { world } from './lib/world.mjs';

const ROUNDS = 8;
const PAGES = [1, 4, 27, 100];
const MORE = 25; // vaccinations, beside the four of the world (one of them corrected)
const { people: { hider }, practitioners, clinics } = world;
const VIEWERS = ['owner who hides', 'district doctor', 'district nurse', 'doctor with an appointment', 'ambulance with a call', 'grantee', 'break-glass']
  .map((name) => world.viewers.find((viewer) => viewer.name === name));
const SEES_ALL = ['owner who hides', 'break-glass'];
const AUTHOR = { 7: 'districtDoctor', 8: 'booked', 20: 'districtNurse' }; // of some

const LIST = `vaccinations(first: $first, after: $after, givenOn: $days) { withheld totalCount nodes { vaccine } edges { cursor node { vaccine } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
const PAGE = {
  patient: `query($iin: ID!, $first: Int, $after: String, $days: DateRange) { it: patient(iin: $iin) { ${LIST} } }`,
  node: `query($id: ID!, $first: Int, $after: String, $days: DateRange) { it: node(id: $id) { ... on Patient { ${LIST} } } }`,
};

let proof, servers, all; // all: vaccinations in force, in the order of the list

before(async () => {
  proof = await Proof.start();
  await proof.superuser.execute(`UPDATE access_rule SET revoked_at = now(), revoked_by = made_by WHERE patient_id = ${hider.id} AND kind = 'hide' AND revoked_at IS NULL;
    ${Array.from({ length: MORE }, (_, i) => `INSERT INTO immunization (patient_id, id, given_on, dose_number, vaccine, recorded_by)
      VALUES (${hider.id}, ${9_001_000 + i}, DATE '2015-01-01' + ${Math.floor(i / 3)}, ${i + 1}, 'canary-hider-${i}-', ${AUTHOR[i] ? practitioners[AUTHOR[i]].id : 'NULL'});`).join('\n')}`);
  all = await proof.database.query(`SELECT v.id, v.vaccine, v.given_on::text AS day, m.id AS author FROM immunization v LEFT JOIN practitioner m ON m.id = v.recorded_by
    WHERE v.patient_id = ${hider.id} AND v.superseded_by IS NULL ORDER BY v.given_on DESC, v.id DESC`);
  assert.equal(all.length, MORE + 3);
  servers = [await proof.server({ args: ['--workers', '2'] }), await proof.server({ redis: 'off', args: ['--cache-bytes', '0'] })];
});
after(async () => {
  for (const server of servers ?? []) await server.stop();
  await proof?.stop();
});

/** A few rules, drawn: { item (null: the whole kind), role, practitioner, clinic }. */
function draw(rnd) {
  const pick = (list) => list[rnd(list.length)];
  const from = [{}, { role: 'DOCTOR' }, { role: 'NURSE' }, { role: 'AMBULANCE' }, { practitioner: 'booked' }, { practitioner: 'grantee' }, { practitioner: 'districtNurse' },
    { clinic: 'home' }, { clinic: 'station' }, { clinic: 'elsewhere' }];
  const rules = Array.from({ length: rnd(12) }, () => ({ item: pick(all).id, ...pick(from) }));
  if (rnd(3) === 0) rules.push({ item: null, ...pick(from.slice(1)) });
  // A run of neighbours, longer than some pages.
  if (rnd(2) === 0) for (let at = rnd(all.length), n = rnd(9); n > 0 && at < all.length; n--, at++) rules.push({ item: all[at].id, ...from[1] });
  return rules;
}

const put = (rules) => proof.superuser.execute(`BEGIN;
  UPDATE access_rule SET revoked_at = clock_timestamp(), revoked_by = made_by WHERE patient_id = ${hider.id} AND kind = 'hide' AND revoked_at IS NULL;
  ${rules.map(({ item, role, practitioner, clinic }) => `INSERT INTO access_rule (patient_id, kind, item_table, item_id, role, practitioner_id, clinic_id, made_by)
    VALUES (${hider.id}, 'hide', 'immunization', ${item ?? 'NULL'}, ${role ? `'${role}'` : 'NULL'}, ${practitioner ? practitioners[practitioner].id : 'NULL'},
      ${clinic ? clinics[clinic].id : 'NULL'}, '${hider.iin}') ON CONFLICT DO NOTHING;`).join('\n')}
  COMMIT;`);

/** What is left of the list for a viewer. */
function left(viewer, rules) {
  if (SEES_ALL.includes(viewer.name)) return all;
  const own = practitioners[viewer.practitioner].id;
  const mine = rules.filter(({ role, practitioner, clinic }) => (role ? role === viewer.role : practitioner ? practitioner === viewer.practitioner : clinic ? clinic === viewer.clinic : true));
  return all.filter(({ id, author }) => author === own || !mine.some(({ item }) => item === null || item === id));
}

/** Walks the list; every page has to be what it would be if there were nothing but `want`. */
async function walk(server, viewer, want, withheld, { first, by, days = null }) {
  const got = [];
  let after = null, page;
  do {
    const { answer } = await ask(server, viewer, PAGE[by], { ...(by === 'patient' ? { iin: hider.iin } : { id: proof.ids.hider.id }), first, after, days });
    const what = `${viewer.name}, ${first} a page, from ${got.length}`;
    assert.equal(answer.errors, undefined, what);
    page = answer.data.it.vaccinations;
    const names = page.nodes.map(({ vaccine }) => vaccine);
    assert.deepEqual(names, want.slice(got.length, got.length + first).map(({ vaccine }) => vaccine), what);
    assert.deepEqual(page.edges.map(({ node }) => node.vaccine), names, what);
    assert.deepEqual(page.pageInfo, { hasNextPage: got.length + names.length < want.length, hasPreviousPage: after !== null,
      startCursor: page.edges[0]?.cursor ?? null, endCursor: page.edges.at(-1)?.cursor ?? null }, what);
    assert.equal(page.withheld, withheld, what);
    assert.equal(page.totalCount, want.length, what);
    got.push(...names);
    after = page.pageInfo.endCursor;
  } while (page.pageInfo.hasNextPage);
}

describe('hidden entries', () => {
  test(`${ROUNDS} rounds of rules, ${VIEWERS.length} viewers, pages of ${PAGES.join(', ')}`, async (t) => {
    const rnd = random(5);
    const count = { walks: 0, hidden: 0, withheld: 0, empty: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const rules = round === 0 ? [] : draw(rnd);
      await put(rules);
      for (const viewer of VIEWERS) {
        const want = left(viewer, rules);
        const half = { from: '2015-01-04', to: '2015-01-07' };
        const within = want.filter(({ day }) => day >= half.from && day <= half.to);
        const withheld = want.length < all.length;
        count.hidden += all.length - want.length;
        count.withheld += withheld ? 1 : 0;
        count.empty += want.length === 0 ? 1 : 0;
        for (const [i, server] of servers.entries()) {
          await Promise.all(PAGES.map((first, k) => walk(server, viewer, want, withheld, { first, by: (round + i + k) % 2 ? 'node' : 'patient' })));
          await walk(server, viewer, within, withheld, { first: 3, by: 'patient', days: half });
          count.walks += PAGES.length + 1;
        }
      }
    }
    count.hits = await servers[0].metric('tolqujat_cache_local_hits_total') + await servers[0].metric('tolqujat_cache_remote_hits_total');
    t.diagnostic(JSON.stringify(count));
    assert.ok(count.withheld > ROUNDS && count.hidden > 100 && count.withheld < ROUNDS * VIEWERS.length, JSON.stringify(count));
    assert.ok(count.hits > count.walks && await servers[1].metric('tolqujat_cache_local_hits_total') === 0, JSON.stringify(count));
  });

  test('a cursor of an entry that was hidden afterwards leads on from its place', async () => {
    await put([]);
    const [owner, doctor] = VIEWERS;
    const whole = await ask(servers[0], owner, PAGE.patient, { iin: hider.iin, first: 100 });
    const { edges } = whole.answer.data.it.vaccinations;
    await put([{ item: all[5].id, role: 'DOCTOR' }, { item: all[6].id, role: 'DOCTOR' }]);
    for (const server of servers) {
      const { answer } = await ask(server, doctor, PAGE.patient, { iin: hider.iin, first: 3, after: edges[5].cursor });
      assert.deepEqual(answer.data.it.vaccinations.nodes.map(({ vaccine }) => vaccine), all.slice(7, 10).map(({ vaccine }) => vaccine));
    }
  });
});
