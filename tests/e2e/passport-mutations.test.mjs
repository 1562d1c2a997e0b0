// What owners, clinicians and pharmacists do about rights, through the server: it holds from the next request on, in both workers and without a
// cache; it gives no more than it says; and each leaves its row in the record of every look.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TOP, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';
import { makeSecret, verify } from './lib/looks.mjs';
import { newKey } from './lib/writing.mjs';

const PATIENT = 'query ($iin: ID!) { patient(iin: $iin) { fullName } }';
const OPEN = `mutation ($iin: ID!, $reasonCode: EmergencyReason = UNCONSCIOUS, $reason: String = "Ес-түссіз, туыстары жоқ") {
  openEmergencyAccess(iin: $iin, reasonCode: $reasonCode, reason: $reason) { id reasonCode reason review validFrom validTo practitioner { fullName } clinic { name } patient { fullName bloodGroup } } }`;
const VACCINES = 'query ($iin: ID!) { patient(iin: $iin) { vaccinations(first: 2, givenOn: {from: "2026-01-01"}) { withheld nodes { id vaccine } } allergies { withheld nodes { substance } } } }';
const OWN = '{ me { patient { id vaccinations(first: 3, givenOn: {from: "2026-01-01"}) { withheld nodes { id vaccine } } allergies { withheld nodes { substance } } } } }';
const RULE = '{ id kind entryKind role practitioner { fullName } validTo revokedAt }';
const HIDE = `mutation ($entry: ID!, $fromRole: HiddenFromRole) { hideEntry(entry: $entry, fromRole: $fromRole, acknowledgeRisk: true) { ... on Hidden { rule ${RULE} } } }`;
const HIDE_KIND = `mutation ($patient: ID!, $kind: EntryKind!) { hideKind(patient: $patient, kind: $kind, acknowledgeRisk: true) { ... on Hidden { rule ${RULE} } } }`;
const SHOW = `mutation ($rule: ID!) { showAgain(rule: $rule) ${RULE} }`;
const GRANT = `mutation ($patient: ID!, $practitioner: ID!, $until: DateTime!) { grantAccess(patient: $patient, practitioner: $practitioner, until: $until) ${RULE} }`;
const REVOKE = `mutation ($grant: ID!) { revokeAccess(grant: $grant) ${RULE} }`;
const CODE = 'mutation ($prescription: ID!) { newPickCode(prescription: $prescription) }';
const DISPENSE = 'mutation Dispense ($number: String!, $code: String!) { prescriptionForDispense(number: $number, code: $code) { number dose quantity refillsLeft drug { name } } }';

const keys = makeKeys();
const { heads } = makeSecret();
const agents = [];
let database, server, plain; // plain: keeps nothing
let a, b; // a connection to each worker of `server`
let patient, stranger, other, nurse, doctors, pharmacy;

const asDoctor = ({ iin, bin }) => ({ role: 'DOCTOR', sub: iin, org: bin });
const asCitizen = ({ iin }) => ({ role: 'CITIZEN', sub: iin });
const asPharmacist = (n = 0) => ({ role: 'PHARMACIST', sub: doctors[n].iin, org: pharmacy.bin });

/** The server through one connection that stays. */
const through = (one) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return Object.assign(Object.create(one), { agent });
};

/** What `who` (claims; null: nobody) is answered: { status, request, data, errors }. */
async function ask(connection, who, query, variables, operationName) {
  const reply = await connection.request('/graphql', { method: 'POST', body: JSON.stringify({ query, variables, operationName }),
    headers: { 'Content-Type': 'application/json', ...(who ? keys.bearer(who) : {}) } });
  const { data, errors } = reply.json();
  return { status: reply.status, request: reply.headers['x-request-id'], data, errors };
}
async function data(...args) {
  const answer = await ask(...args);
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

const rowsOf = (request) => database.query(`SELECT l.chain::text, l.patient_id, l.role, l.person, l.organisation, l.capacities, l.reason, l.refused, p.parts AS seen
  FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.request_id = '${request}' ORDER BY l.patient_id`);
/** The one row that a request left, about `whom`, is of this viewer and says this. */
async function logged({ request }, who, { whom = patient, capacities, reason = null, refused = false, seen }) {
  const rows = await until(async () => { const all = await rowsOf(request); return all.length && all; }, 'its row');
  assert.deepEqual(rows.map(({ chain: _, seen: __, ...row }) => row), [{ patient_id: whom.id, role: who.role, person: who.sub, organisation: who.org ?? null, capacities, reason, refused }]);
  assert.match(rows[0].seen, seen);
  return rows[0];
}
let onRecord = 0; // refusals that left their row
const silent = []; // requests that may leave no row: looked at when later rows of both workers are there
function isRefusal(answer, path, code, message = /./) {
  assert.deepEqual([answer.data, answer.errors?.length, answer.errors?.[0].path, answer.errors?.[0].extensions.code], [{ [path]: null }, 1, [path], code], JSON.stringify(answer));
  assert.match(answer.errors[0].message, message);
}
/** `answer` has one error, on field `path`, and nothing of that field; it is about nobody, or says only that the request was wrong. */
function refused(answer, path, code, message) {
  isRefusal(answer, path, code, message);
  silent.push(answer.request);
}
/** The same, of what `who` asked about the patient, who reads of it: what was tried, by whom, and that it was refused. */
async function refusedAndLogged(answer, who, path, code, message) {
  isRefusal(answer, path, code, message);
  const { seen } = await logged(answer, who, { capacities: null, refused: true, seen: /./ });
  assert.equal(seen, `Mutation(${path})`);
  onRecord++;
}

before(async () => {
  database = await createDatabase();
  const { redis } = await sharedServices();
  const people = await database.query(`SELECT p.id, p.iin, p.full_name AS name, m.iin AS doctor_iin, m.id AS doctor_id, c.bin, c.id AS clinic_id, n.iin AS nurse_iin
    FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id
    CROSS JOIN LATERAL (SELECT w.iin FROM practitioner_role j JOIN practitioner w ON w.id = j.practitioner_id WHERE j.clinic_id = c.id AND j.role = 'nurse'
      AND EXISTS (SELECT FROM access_rights('NURSE/' || w.iin || '/' || c.bin, p.id)) LIMIT 1) n
    WHERE p.deceased_on IS NULL AND p.birth_date < now() - INTERVAL '20 years' AND NOT EXISTS (SELECT FROM access_rule r WHERE r.patient_id = p.id)
      AND NOT EXISTS (SELECT FROM emergency_grant g WHERE g.patient_id = p.id) AND EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, p.id))
      AND EXISTS (SELECT FROM condition d WHERE d.patient_id = p.id) ORDER BY p.id LIMIT 2`);
  [patient, other] = people.map((one) => ({ ...one, doctor: { iin: one.doctor_iin, bin: one.bin } }));
  nurse = { role: 'NURSE', sub: patient.nurse_iin, org: patient.bin };
  // Doctors who may see neither of the two.
  doctors = await database.query(`SELECT DISTINCT ON (m.id) m.id, m.iin, m.full_name AS name, c.bin, c.name AS clinic FROM practitioner m
    JOIN practitioner_role j ON j.practitioner_id = m.id JOIN clinic c ON c.id = j.clinic_id
    WHERE EXISTS (SELECT FROM access_place('DOCTOR/' || m.iin || '/' || c.bin))
      AND NOT EXISTS (SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, ${patient.id}) UNION ALL SELECT FROM access_rights('DOCTOR/' || m.iin || '/' || c.bin, ${other.id})) LIMIT 8`);
  assert.equal(doctors.length, 8);
  stranger = doctors[0];
  [pharmacy] = await database.query('SELECT id, bin FROM pharmacy WHERE active AND bin IS NOT NULL ORDER BY id LIMIT 1');
  await database.execute(`DELETE FROM allergy WHERE patient_id = ${patient.id};
    INSERT INTO allergy (patient_id, id, noted_on, substance, criticality) VALUES (${patient.id}, 9000001, '2026-01-01', 'Шаң', 'low');
    ${[1, 2, 3, 4].map((n) => `INSERT INTO immunization (patient_id, id, given_on, dose_number, vaccine) VALUES (${patient.id}, ${9_000_000 + n}, '2026-02-0${n}', ${n}, 'V${n}');`).join('\n')}
    DELETE FROM immunization WHERE patient_id = ${patient.id} AND given_on >= '2026-01-01' AND id < 9000000;
    INSERT INTO prescription (patient_id, id, drug_id, prescriber_id, clinic_id, condition_id, issued_on, valid_to, quantity, refills_left, status, number, dose)
      SELECT ${patient.id}, 9000001, d.id, ${patient.doctor_id}, ${patient.clinic_id}, (SELECT min(id) FROM condition WHERE patient_id = ${patient.id}), (now() - INTERVAL '1 day')::date, (now() + INTERVAL '30 days')::date,
        60, 2, 'active', 'T-900-1', 'Күніне екі рет' FROM drug d ORDER BY d.id LIMIT 1;`);
  const args = ['--audit-heads', heads, '--idle-seconds', '600'];
  server = await startServer({ database, redis, tokens: keys, args: [...args, '--workers', '2'] });
  plain = await startServer({ database, tokens: keys, args: [...args, '--cache-bytes', '0'] });
  const byChain = new Map();
  for (let i = 0; i < 64 && byChain.size < 2; i++) {
    const connection = through(server);
    const answer = await ask(connection, asDoctor(patient.doctor), PATIENT, { iin: patient.iin });
    byChain.set((await rowsOf(answer.request))[0].chain, connection);
  }
  [a, b] = byChain.values();
  assert.ok(b, 'a connection to each worker');
});
after(async () => {
  for (const agent of agents) agent.destroy();
  await server?.stop();
  await plain?.stop();
  await database?.drop();
  keys.remove();
});

describe('break-glass', () => {
  let grant;

  test('what a doctor can not see is open at the very next request, in the other worker; all but the diary; on record', async () => {
    const who = asDoctor(stranger);
    for (const connection of [a, b, plain]) {
      const answer = await ask(connection, who, PATIENT, { iin: patient.iin });
      assert.deepEqual([answer.data, answer.errors], [{ patient: null }, undefined]);
      await logged(answer, who, { capacities: null, refused: true, seen: /^Patient\(fullName\)$/ });
    }
    const opened = await ask(a, who, OPEN, { iin: patient.iin });
    assert.equal(opened.errors, undefined, JSON.stringify(opened));
    grant = opened.data.openEmergencyAccess;
    assert.deepEqual([grant.reasonCode, grant.reason, grant.review, grant.practitioner.fullName, grant.clinic.name, grant.patient.fullName],
      ['UNCONSCIOUS', 'Ес-түссіз, туыстары жоқ', 'WAITING', stranger.name, stranger.clinic, patient.name]);
    assert.equal(Date.parse(grant.validTo) - Date.parse(grant.validFrom), 86_400_000);
    const right = { capacities: 'BREAK_GLASS', reason: 'unconscious' };
    await logged(opened, who, { ...right, seen: /^EmergencyGrant\([^)]*reason[^)]*\) Patient\(bloodGroup fullName\)$/ });
    for (const connection of [b, a, plain]) {
      const seen = await ask(connection, who, 'query ($iin: ID!) { patient(iin: $iin) { fullName bloodGroup diagnoses(first: 1) { nodes { name } } vaccinations(first: 1) { nodes { vaccine } } } }', { iin: patient.iin });
      assert.equal(seen.errors, undefined);
      assert.ok(seen.data.patient.fullName === patient.name && seen.data.patient.diagnoses.nodes[0].name);
      assert.equal(seen.data.patient.vaccinations.nodes.length, 1);
      await logged(seen, who, { ...right, seen: /Diagnosis\(name\)/ });
      const diary = await ask(connection, who, 'query ($iin: ID!) { patient(iin: $iin) { fullName diary(first: 1) { nodes { kind } } } }', { iin: patient.iin });
      assert.deepEqual([diary.data, diary.errors.map(({ path, extensions: { code } }) => [path, code])], [{ patient: null }, [[['patient', 'diary'], 'FORBIDDEN']]]);
      await logged(diary, who, { ...right, seen: /!DiaryEntry\(/ });
    }
    // Neither as something else, nor somebody else of the same place, nor anybody else's passport.
    for (const [viewer, iin] of [[asDoctor(stranger), other.iin], [{ ...who, role: 'CITIZEN' }, patient.iin], [asDoctor(doctors[1]), patient.iin]]) {
      assert.equal((await data(b, viewer, PATIENT, { iin })).patient, null);
    }
  });

  test('the patient is told, and reads who looked, as what and why', async () => {
    assert.deepEqual(await database.query(`SELECT kind, channel, sent_at FROM private.outbox WHERE patient_id = ${patient.id} AND kind = 'emergency_access' ORDER BY channel`), [{ kind: 'emergency_access', channel: 'app', sent_at: null }, { kind: 'emergency_access', channel: 'sms', sent_at: null }]);
    const own = '{ me { patient { emergencyAccess { nodes { id reason reasonCode review practitioner { fullName } } } accessLog(first: 30) { nodes { role person organisation { name } outcome reason parts } } } } }';
    for (const connection of [b, a]) {
      const { me } = await data(connection, asCitizen(patient), own);
      assert.deepEqual(me.patient.emergencyAccess.nodes, [{ id: grant.id, reason: grant.reason, reasonCode: 'UNCONSCIOUS', review: 'WAITING', practitioner: { fullName: stranger.name } }]);
      const looks = me.patient.accessLog.nodes.filter(({ person }) => person === stranger.name);
      assert.equal(looks.filter(({ outcome, reason }) => outcome === 'GIVEN' && reason === 'unconscious').length, 7, JSON.stringify(looks));
      assert.equal(looks.filter(({ outcome }) => outcome === 'REFUSED').length, 3);
      assert.ok(looks.some(({ parts, organisation }) => parts.startsWith('EmergencyGrant(') && organisation.name === stranger.clinic));
    }
    const again = await data(b, asDoctor(stranger), OPEN, { iin: patient.iin, reasonCode: 'OTHER', reason: 'Тағы да сол себеппен' });
    assert.deepEqual(again.openEmergencyAccess, grant, 'what is in force is given back');
    assert.equal(await database.value(`SELECT count(*) FROM private.outbox WHERE patient_id = ${patient.id} AND kind = 'emergency_access'`), 2);
    for (const viewer of [asDoctor(patient.doctor), nurse]) {
      const { errors } = await ask(a, viewer, 'query ($iin: ID!) { patient(iin: $iin) { emergencyAccess { nodes { reason } } } }', { iin: patient.iin });
      assert.equal(errors?.[0].extensions.code, 'FORBIDDEN', 'not for those who have a right anyway');
    }
  });

  test('who may not, and what has to be said', async () => {
    const field = 'openEmergencyAccess';
    for (const who of [asCitizen(other), { ...asDoctor(doctors[2]), org: doctors.find(({ bin }) => bin !== doctors[2].bin).bin }, asPharmacist()]) {
      await refusedAndLogged(await ask(a, who, OPEN, { iin: patient.iin }), who, field, 'FORBIDDEN', /Only a doctor, a nurse or an ambulance crew/);
    }
    await refusedAndLogged(await ask(b, asDoctor(doctors[2]), OPEN, { iin: patient.iin, reason: '   short  ' }), asDoctor(doctors[2]), field, 'BAD_USER_INPUT', /10 to 1000 characters/);
    refused(await ask(b, asDoctor(doctors[2]), OPEN, { iin: '123456789012' }), field, 'BAD_USER_INPUT', /no IIN/);
    const anonymous = await ask(b, null, OPEN, { iin: patient.iin });
    assert.deepEqual([anonymous.status, anonymous.data, anonymous.errors.length, anonymous.errors[0].extensions.code], [401, undefined, 1, 'UNAUTHENTICATED']);
    silent.push(anonymous.request);
    assert.equal(await database.value(`SELECT count(*) FROM emergency_grant WHERE patient_id = ${patient.id}`), 1);
    assert.equal((await data(a, asDoctor(doctors[2]), PATIENT, { iin: patient.iin })).patient, null);
  });

  test('ten an hour, also of nobody; the next is refused in either worker, and others are not held back', async () => {
    const who = asDoctor(doctors[3]);
    const nobody = await database.value(`SELECT n.iin FROM (SELECT (980101300000 + i)::text AS iin FROM generate_series(1, 500) i) n WHERE national_number_ok(n.iin) AND NOT EXISTS (SELECT FROM patient p WHERE p.iin = n.iin) LIMIT 1`);
    for (let i = 0; i < 9; i++) {
      const answer = await ask(i % 2 ? a : b, who, OPEN, { iin: nobody });
      assert.deepEqual([answer.data, answer.errors], [{ openEmergencyAccess: null }, undefined]);
      silent.push(answer.request);
    }
    assert.equal((await data(a, who, OPEN, { iin: other.iin })).openEmergencyAccess.patient.fullName, other.name);
    for (const connection of [b, a, plain]) {
      refused(await ask(connection, who, OPEN, { iin: nobody }), 'openEmergencyAccess', 'RATE_LIMITED');
      await refusedAndLogged(await ask(connection, who, OPEN, { iin: patient.iin }), who, 'openEmergencyAccess', 'RATE_LIMITED');
    }
    assert.equal((await data(b, who, PATIENT, { iin: other.iin })).patient.fullName, other.name, 'what was opened stays so');
    assert.ok((await data(b, asDoctor(doctors[4]), OPEN, { iin: other.iin })).openEmergencyAccess);
  });
});

test('what docs/api.md shows: opened and read in one request; it names every mutation', async () => {
  const text = readFileSync(path.join(TOP, 'docs/api.md'), 'utf8');
  const section = text.split('\n### ').find((part) => part.startsWith('Who sees a passport')), mutations = /\n## Mutations\n([^]*?)\n## /.exec(text)[1];
  const who = asDoctor(doctors[7]);
  const answer = await ask(a, who, /```graphql\n([^]*?)```/.exec(section)[1], { iin: patient.iin });
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  assert.deepEqual(answer.data.openEmergencyAccess.patient.allergies.nodes, [{ substance: 'Шаң', criticality: 'LOW' }]);
  await logged(answer, who, { capacities: 'BREAK_GLASS', reason: 'unconscious', seen: /^EmergencyGrant\(patient validTo\) Patient\([^)]*\) Allergy\(criticality substance\)$/ });
  const { __schema: { mutationType } } = await data(a, who, '{ __schema { mutationType { fields { name } } } }');
  assert.deepEqual(mutationType.fields.map(({ name }) => name).filter((name) => !mutations.includes(`\`${name}\``)), []);
});

describe('hidden by the owner', () => {
  let all, me; // of the owner: entries, newest first; patient's id
  const seenBy = async (connection, who) => {
    const { patient: it } = await data(connection, who, VACCINES, { iin: patient.iin });
    return [it.vaccinations.nodes.map(({ vaccine }) => vaccine).join(' '), it.vaccinations.withheld];
  };
  before(async () => {
    me = (await data(a, asCitizen(patient), OWN)).me.patient;
    all = me.vaccinations.nodes;
    assert.deepEqual(all.map(({ vaccine }) => vaccine), ['V4', 'V3', 'V2']);
  });

  test('an entry, from a role: gone at the next request in each worker, cached or not; others, the owner and break-glass see it; and back', async () => {
    for (let round = 0; round < 5; round++) {
      const [hides, shows] = round % 2 ? [a, b] : [b, a];
      for (const connection of [a, b, plain]) {
        for (const who of [asDoctor(patient.doctor), nurse]) assert.deepEqual(await seenBy(connection, who), ['V4 V3', false]);
      }
      const hidden = await ask(hides, asCitizen(patient), HIDE, { entry: all[1].id, fromRole: 'DOCTOR' });
      assert.equal(hidden.errors, undefined, JSON.stringify(hidden));
      const { rule } = hidden.data.hideEntry;
      assert.deepEqual({ ...rule, id: 0 }, { id: 0, kind: 'HIDE', entryKind: 'VACCINATION', role: 'DOCTOR', practitioner: null, validTo: null, revokedAt: null });
      for (const connection of [shows, hides, plain]) {
        assert.deepEqual(await seenBy(connection, asDoctor(patient.doctor)), ['V4 V2', true], 'a full page');
        assert.deepEqual(await seenBy(connection, nurse), ['V4 V3', false]);
        assert.deepEqual(await seenBy(connection, asDoctor(stranger)), ['V4 V3', false], 'break-glass');
        assert.deepEqual((await data(connection, asCitizen(patient), OWN)).me.patient.vaccinations, { withheld: false, nodes: all });
        const byId = 'query ($id: ID!) { node(id: $id) { ... on Vaccination { vaccine } } }';
        assert.deepEqual(await data(connection, asDoctor(patient.doctor), byId, { id: all[1].id }), { node: null });
        assert.deepEqual(await data(connection, nurse, byId, { id: all[1].id }), { node: { vaccine: 'V3' } });
      }
      await logged(hidden, asCitizen(patient), { capacities: 'OWNER', seen: /^Hidden\(rule\) AccessRule\([^)]*entryKind[^)]*\) Mutation\(hideEntry\)$/ });
      assert.deepEqual((await data(shows, asCitizen(patient), '{ me { patient { accessRules { nodes { id } } } } }')).me.patient.accessRules.nodes, [{ id: rule.id }]);
      const shown = await ask(shows, asCitizen(patient), SHOW, { rule: rule.id });
      assert.ok(shown.data.showAgain.revokedAt, JSON.stringify(shown));
      for (const connection of [hides, shows, plain]) assert.deepEqual(await seenBy(connection, asDoctor(patient.doctor)), ['V4 V3', false]);
      await logged(shown, asCitizen(patient), { capacities: 'OWNER', seen: /^AccessRule\(/ });
      assert.deepEqual((await data(hides, asCitizen(patient), '{ me { patient { accessRules { nodes { id } } } } }')).me.patient.accessRules.nodes, []);
    }
  });

  test('nothing, before what that means is acknowledged: the answer has the words to show, and the rule keeps which they were', async () => {
    const REFUSAL = '... on RiskNotAcknowledged { message kk: notice(lang: KK) ru: notice(lang: RU) en: notice(lang: EN) } ... on Hidden { rule { id } }';
    const tries = [[`mutation ($entry: ID!, $key: String) { made: hideEntry(entry: $entry, idempotencyKey: $key WITH) { __typename ${REFUSAL} } }`, { entry: all[0].id, key: newKey() }],
      [`mutation ($patient: ID!, $key: String) { made: hideKind(patient: $patient, kind: ALLERGY, idempotencyKey: $key WITH) { __typename ${REFUSAL} } }`, { patient: me.id, key: newKey() }]];
    for (const [text, variables] of tries) {
      for (const said of ['', ', acknowledgeRisk: false']) {
        const { made } = await data(a, asCitizen(patient), text.replace(' WITH', said), variables);
        assert.deepEqual([made.__typename, made.message], ['RiskNotAcknowledged', 'What hiding means was not acknowledged.']);
        assert.match(made.kk, /жасырылған/);
        assert.match(made.ru, /скрытую/);
        assert.match(made.en, /hidden entry/);
      }
      for (const connection of [a, b]) assert.deepEqual(await seenBy(connection, nurse), ['V4 V3', false]);
      assert.equal(await database.value(`SELECT count(*) FROM access_rule WHERE patient_id = ${patient.id} AND revoked_at IS NULL`), 0);
      // A key that was refused is free; with it the same thing is hidden once.
      const sure = text.replace(' WITH', ', acknowledgeRisk: true'), { made } = await data(b, asCitizen(patient), sure, variables);
      assert.deepEqual(await data(a, asCitizen(patient), sure, variables), { made });
      assert.equal(await database.value(`SELECT n.text_en ~ 'hidden entry' FROM access_rule r JOIN hiding_notice n ON n.id = r.notice_id WHERE r.patient_id = ${patient.id} AND r.revoked_at IS NULL`), true);
      await data(a, asCitizen(patient), SHOW, { rule: made.rule.id });
    }
  });

  test('a whole kind, from all: entries to come too', async () => {
    const { hideKind: { rule } } = await data(a, asCitizen(patient), HIDE_KIND, { patient: me.id, kind: 'ALLERGY' });
    await database.execute(`INSERT INTO allergy (patient_id, id, noted_on, substance, criticality) VALUES (${patient.id}, 9000002, '2026-03-01', 'Тозаң', 'low')`);
    for (const connection of [b, plain, a]) {
      for (const who of [asDoctor(patient.doctor), nurse]) {
        assert.deepEqual((await data(connection, who, VACCINES, { iin: patient.iin })).patient.allergies, { withheld: true, nodes: [] });
      }
    }
    await data(b, asCitizen(patient), SHOW, { rule: rule.id });
    assert.equal((await data(plain, nurse, VACCINES, { iin: patient.iin })).patient.allergies.nodes.length, 2);
    assert.equal((await data(a, nurse, VACCINES, { iin: patient.iin })).patient.allergies.withheld, false);
  });

  test('nobody else decides, and is not told whether there is such an entry; the owner is', async () => {
    const gone = { entry: all[0].id };
    await database.execute(`DELETE FROM immunization WHERE patient_id = ${patient.id} AND vaccine = 'V4'`);
    for (const who of [asCitizen(other), asDoctor(patient.doctor), asDoctor(stranger), nurse, asPharmacist()]) {
      const answers = [await ask(a, who, HIDE, { entry: all[1].id }), await ask(b, who, HIDE, gone)];
      for (const answer of answers) await refusedAndLogged(answer, who, 'hideEntry', 'FORBIDDEN', /^Only the owner of a passport/);
      assert.deepEqual(answers[0].errors, answers[1].errors);
      await refusedAndLogged(await ask(a, who, HIDE_KIND, { patient: me.id, kind: 'ALLERGY' }), who, 'hideKind', 'FORBIDDEN');
    }
    // Tried again and again in one request it is on record once.
    const again = await ask(a, asCitizen(other), `mutation ($entry: ID!, $patient: ID!) { x: hideEntry(entry: $entry) { __typename } y: hideEntry(entry: $entry) { __typename } z: hideKind(patient: $patient, kind: ALLERGY) { __typename } }`,
      { entry: all[1].id, patient: me.id });
    assert.deepEqual([again.data, again.errors.length], [{ x: null, y: null, z: null }, 3]);
    assert.equal((await logged(again, asCitizen(other), { capacities: null, refused: true, seen: /./ })).seen, 'Mutation(hideEntry) Mutation(hideKind)');
    await refusedAndLogged(await ask(a, asCitizen(patient), HIDE, gone), asCitizen(patient), 'hideEntry', 'NOT_FOUND');
    for (const entry of ['x', '9000001', me.id, stranger.iin]) {
      const { data: none, errors, request } = await ask(a, asCitizen(other), HIDE, { entry });
      assert.deepEqual([none, errors[0].extensions.code], [undefined, 'BAD_USER_INPUT'], entry);
      silent.push(request);
    }
    const both = await ask(b, asCitizen(patient), `mutation ($entry: ID!, $clinic: ID!) { hideEntry(entry: $entry, fromRole: DOCTOR, fromClinic: $clinic, acknowledgeRisk: true) { __typename } }`,
      { entry: all[1].id, clinic: (await data(b, asDoctor(stranger), '{ me { organisation { id } } }')).me.organisation.id });
    await refusedAndLogged(both, asCitizen(patient), 'hideEntry', 'BAD_USER_INPUT', /one of a role, a practitioner and an organisation/);
    const anonymous = await ask(b, null, HIDE, { entry: all[1].id });
    assert.deepEqual([anonymous.status, anonymous.data], [401, undefined]);
    assert.equal(await database.value(`SELECT count(*) FROM access_rule WHERE patient_id = ${patient.id} AND revoked_at IS NULL`), 0);
  });
});

test('an entry of every kind that a rule may name can be hidden by itself', async () => {
  const kinds = (await database.query(`SELECT said[1] AS kind FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]+)''', 'g') said
    WHERE c.conname = 'access_rule_item_table_check' ORDER BY 1`)).map(({ kind }) => kind);
  assert.ok(kinds.length > 25, kinds.join());
  for (const kind of kinds) {
    const [one] = await database.query(`SELECT t.patient_id, t.id, p.iin FROM ${kind} t JOIN patient p ON p.id = t.patient_id WHERE p.deceased_on IS NULL ORDER BY 1, 2 LIMIT 1`);
    if (!one) continue; // the population has none; rights.test.mjs has
    const [table, id] = (await database.execute(`BEGIN; CREATE TEMP TABLE made AS SELECT * FROM hide_entry('CITIZEN/${one.iin}/', '${kind}', ${one.patient_id}, ${one.id}, acknowledge_risk => true);
      SELECT r.item_table, r.item_id FROM made o JOIN access_rule r ON r.patient_id = o.patient_id AND r.id = o.rule_id; ROLLBACK`)).split('|');
    assert.deepEqual([table, Number(id)], [kind, one.id]);
  }
  for (const kind of ['patient', 'access_rule', 'practitioner', 'x', "condition'"]) {
    await assert.rejects(database.execute(`SELECT * FROM hide_entry('CITIZEN/${patient.iin}/', $$${kind}$$, ${patient.id}, 1)`), /no such entry that can be hidden/, kind);
  }
});

describe('a grant', () => {
  const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

  test('opens the passport to one practitioner, at the next request, until the next behind its end', async () => {
    const who = asDoctor(doctors[5]);
    const { practitioner } = (await data(a, who, '{ me { practitioner { id } } }')).me;
    const { id } = (await data(a, asCitizen(patient), OWN)).me.patient;
    for (let round = 0; round < 5; round++) {
      const [first, second] = round % 2 ? [a, b] : [b, a];
      for (const connection of [a, b, plain]) assert.equal((await data(connection, who, PATIENT, { iin: patient.iin })).patient, null);
      const granted = await ask(first, asCitizen(patient), GRANT, { patient: id, practitioner: practitioner.id, until: tomorrow() });
      const rule = granted.data.grantAccess;
      assert.deepEqual([rule.kind, rule.practitioner.fullName, rule.revokedAt], ['GRANT', doctors[5].name, null], JSON.stringify(granted));
      await logged(granted, asCitizen(patient), { capacities: 'OWNER', seen: /^AccessRule\(/ });
      for (const connection of [second, first, plain]) {
        const seen = await ask(connection, who, PATIENT, { iin: patient.iin });
        assert.equal(seen.data.patient.fullName, patient.name);
        await logged(seen, who, { capacities: 'GRANTEE', seen: /^Patient\(fullName\)$/ });
        assert.equal((await data(connection, asDoctor(doctors[6]), PATIENT, { iin: patient.iin })).patient, null);
      }
      await refusedAndLogged(await ask(second, who, REVOKE, { grant: rule.id }), who, 'revokeAccess', 'FORBIDDEN');
      await refusedAndLogged(await ask(second, asCitizen(patient), SHOW, { rule: rule.id }), asCitizen(patient), 'showAgain', 'NOT_FOUND');
      const revoked = await ask(second, asCitizen(patient), REVOKE, { grant: rule.id });
      assert.ok(revoked.data.revokeAccess.revokedAt, JSON.stringify(revoked));
      for (const connection of [first, second, plain]) {
        const answer = await ask(connection, who, PATIENT, { iin: patient.iin });
        assert.deepEqual(answer.data, { patient: null });
        await logged(answer, who, { capacities: null, refused: true, seen: /^Patient\(fullName\)$/ });
      }
      assert.deepEqual((await data(first, asCitizen(patient), REVOKE, { grant: rule.id })).revokeAccess, revoked.data.revokeAccess, 'one that has ended stays as it is');
    }
    await refusedAndLogged(await ask(a, asCitizen(patient), GRANT, { patient: id, practitioner: practitioner.id, until: '2020-01-01T00:00:00Z' }), asCitizen(patient), 'grantAccess', 'BAD_USER_INPUT');
    for (const viewer of [who, asCitizen(other), nurse]) {
      await refusedAndLogged(await ask(b, viewer, GRANT, { patient: id, practitioner: practitioner.id, until: tomorrow() }), viewer, 'grantAccess', 'FORBIDDEN');
    }
  });
});

describe('at the pharmacy', () => {
  const number = 'T-900-1';
  const nothing = { prescriptionForDispense: null };
  const wrong = (code, n = 1) => String((Number(code) + n) % 1_000_000).padStart(6, '0');
  let id, code;

  test('by number and code: the prescription, and nothing else of the person', async () => {
    id = (await data(a, asCitizen(patient), '{ me { patient { prescriptions(first: 1, status: ACTIVE) { nodes { id number } } } } }')).me.patient.prescriptions.nodes[0].id;
    const made = await ask(a, asCitizen(patient), CODE, { prescription: id });
    const old = made.data.newPickCode;
    await logged(made, asCitizen(patient), { capacities: 'OWNER', seen: /^Mutation\(newPickCode\)$/ });
    code = (await data(b, asCitizen(patient), CODE, { prescription: id })).newPickCode;
    assert.match(code, /^[0-9]{6}$/);
    const who = asPharmacist();
    const got = await ask(a, who, DISPENSE, { number, code });
    assert.deepEqual([got.errors, { ...got.data.prescriptionForDispense, drug: 0 }], [undefined, { number, dose: 'Күніне екі рет', quantity: 60, refillsLeft: 2, drug: 0 }], JSON.stringify(got));
    assert.ok(got.data.prescriptionForDispense.drug.name);
    await logged(got, who, { capacities: 'PHARMACIST', seen: /^Prescription\([^)]*dose[^)]*number[^)]*\)$/ });
    if (old !== code) assert.deepEqual(await data(b, who, DISPENSE, { number, code: old }), nothing, 'the one before is void');

    const more = (fields) => `mutation Dispense ($number: String!, $code: String!) { prescriptionForDispense(number: $number, code: $code) { number ${fields} } }
      query Look ($iin: ID!) { patient(iin: $iin) { fullName } } query Node ($id: ID!) { node(id: $id) { __typename } }`;
    const document = more('diagnosis { name }');
    const diagnosis = await ask(b, who, document, { number, code }, 'Dispense');
    assert.deepEqual([diagnosis.data.prescriptionForDispense, diagnosis.errors.map(({ path, extensions }) => [path[1], extensions.code])], [{ number, diagnosis: null }, [['diagnosis', 'FORBIDDEN']]]);
    await logged(diagnosis, who, { capacities: 'PHARMACIST', seen: /^Prescription\([^)]*number[^)]*\) !Diagnosis\(name\)$/ });
    const person = await ask(a, who, more('patient { fullName }'), { number, code }, 'Dispense');
    assert.deepEqual([person.data, person.errors.map(({ path, extensions }) => [path[1], extensions.code])], [nothing, [['patient', 'FORBIDDEN']]]);
    assert.ok(!JSON.stringify(person).includes(patient.name));
    await logged(person, who, { capacities: 'PHARMACIST', seen: /!Patient\(fullName\)/ });
    for (const connection of [a, b, plain]) {
      const look = await ask(connection, who, document, { iin: patient.iin }, 'Look');
      assert.deepEqual([look.data, look.errors], [{ patient: null }, undefined]);
      await logged(look, who, { capacities: null, refused: true, seen: /^Patient\(fullName\)$/ });
      assert.deepEqual(await data(connection, who, document, { id }, 'Node'), { node: null }, 'it was shown once, and is not his to look up');
    }
    // Of the prescription all, also what is read apart from its row.
    const all = await ask(a, who, more('id issuedOn validTo status dose prescriber { fullName } pharmacy { name } recordedAt recordedBy { fullName } source { name } version recordStatus supersededBy { number }'),
      { number, code }, 'Dispense');
    assert.equal(all.errors, undefined, JSON.stringify(all.errors));
    assert.deepEqual([all.data.prescriptionForDispense.id, all.data.prescriptionForDispense.version, all.data.prescriptionForDispense.recordStatus], [id, 1, 'ACTIVE']);
    await logged(all, who, { capacities: 'PHARMACIST', seen: /^Prescription\([^)]*recordedAt[^)]*\)$/ });
    // The patient reads of it.
    const { accessLog } = (await data(b, asCitizen(patient), '{ me { patient { accessLog(first: 20) { nodes { role outcome parts organisation { name } pharmacy { name } } } } } }')).me.patient;
    assert.ok(accessLog.nodes.some(({ role, outcome, parts }) => role === 'PHARMACIST' && outcome === 'GIVEN' && parts.includes('Prescription(')), JSON.stringify(accessLog));
    const [place] = await database.query(`SELECT name FROM pharmacy WHERE bin = '${who.org}' ORDER BY active DESC, id LIMIT 1`);
    for (const { role, pharmacy, organisation } of accessLog.nodes) assert.deepEqual([pharmacy, role === 'PHARMACIST' ? organisation : null], [role === 'PHARMACIST' ? place : null, null], 'which pharmacy looked');
  });

  test('who may not', async () => {
    for (const who of [asDoctor(patient.doctor), asCitizen(patient), { ...asPharmacist(), org: patient.bin }, { ...asPharmacist(), org: undefined }]) {
      await refusedAndLogged(await ask(a, who, DISPENSE, { number, code }), who, 'prescriptionForDispense', 'FORBIDDEN', /^Only a pharmacist/);
    }
    await refusedAndLogged(await ask(b, asPharmacist(), DISPENSE, { number, code: '12345' }), asPharmacist(), 'prescriptionForDispense', 'BAD_USER_INPUT');
    for (const who of [asCitizen(other), asDoctor(patient.doctor), asPharmacist()]) await refusedAndLogged(await ask(b, who, CODE, { prescription: id }), who, 'newPickCode', 'FORBIDDEN');
    const anonymous = await ask(a, null, DISPENSE, { number, code });
    assert.deepEqual([anonymous.status, anonymous.data, anonymous.errors[0].extensions.code], [401, undefined, 'UNAUTHENTICATED']);
  });

  test('a wrong code and an unknown number look alike; five for a number and twenty of a pharmacist are all, in both workers together', async () => {
    await database.execute('TRUNCATE private.attempt');
    for (let i = 0; i < 5; i++) {
      const pair = [await ask(i % 2 ? a : b, asPharmacist(1), DISPENSE, { number, code: wrong(code, i + 1) }), await ask(i % 2 ? b : a, asPharmacist(1), DISPENSE, { number: `T-901-${i}`, code })];
      for (const { data: got, errors, status } of pair) assert.deepEqual([got, errors, status], [nothing, undefined, 200]);
      // The answers are one; the patient learns of the try.
      assert.equal((await logged(pair[0], asPharmacist(1), { capacities: null, refused: true, seen: /./ })).seen, 'Mutation(prescriptionForDispense)');
      onRecord++;
      silent.push(pair[1].request);
    }
    for (const connection of [a, b]) {
      await refusedAndLogged(await ask(connection, asPharmacist(2), DISPENSE, { number, code }), asPharmacist(2), 'prescriptionForDispense', 'RATE_LIMITED', /for this number/);
    }
    for (let i = 0; i < 10; i++) assert.deepEqual(await data(i % 2 ? a : b, asPharmacist(1), DISPENSE, { number: `T-902-${i}`, code }), nothing);
    for (const connection of [a, b]) refused(await ask(connection, asPharmacist(1), DISPENSE, { number: 'T-903', code }), 'prescriptionForDispense', 'RATE_LIMITED');
    await database.execute(`DELETE FROM private.attempt WHERE kind = 'prescription'`);
    const many = await ask(a, asPharmacist(3), `mutation { ${[1, 2, 3, 4, 5, 0].map((n, i) => `t${i}: prescriptionForDispense(number: "${number}", code: "${wrong(code, n)}") { dose }`).join(' ')} }`);
    assert.deepEqual([Object.values(many.data), many.errors.map(({ path, extensions }) => [path[0], extensions.code])], [Array(6).fill(null), [['t5', 'RATE_LIMITED']]], 'one request is no way round');
    assert.equal((await logged(many, asPharmacist(3), { capacities: null, refused: true, seen: /./ })).seen, 'Mutation(prescriptionForDispense)');
    await database.execute(`DELETE FROM private.attempt WHERE kind = 'prescription'`);
    assert.ok((await data(a, asPharmacist(2), DISPENSE, { number, code })).prescriptionForDispense, 'others are not held back');
  });
});

test('what is about nobody, or was wrong in itself, is in nobody\'s record; the record is whole', async () => {
  for (const connection of [a, b, plain]) {
    const own = await ask(connection, asCitizen(other), '{ me { patient { fullName } } }');
    await logged(own, asCitizen(other), { whom: other, capacities: 'OWNER', seen: /^Patient\(fullName\)$/ }); // all before it are there
  }
  assert.ok(silent.length > 20 && onRecord > 50, `${silent.length}, ${onRecord}`);
  assert.deepEqual(await database.query(`SELECT request_id FROM access_log WHERE request_id IN (${silent.map((one) => `'${one}'`)})`), []);
  assert.deepEqual((await verify(database, { secret: keys.secret, heads })).findings, []);
});
