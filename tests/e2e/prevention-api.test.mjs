// Prevention and figures through the server: what is due, whose list it is, the calendar's states, the child's passport, figures at the edge of ten people,
// capitation at every rate, and the monitor of false visits, rule by rule and over the planted population.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TOP } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';

const keys = makeKeys();
let db, server;
let child, parent, woman, district; // a child of two to six with a parent; a woman of 45 to 60; who works where she is attached
const as = (claims) => ({ headers: keys.bearer(claims) });
const citizen = ({ iin }) => as({ role: 'CITIZEN', sub: iin });
const one = async (sql) => (await db.query(sql))[0];
/** Who manages the organisation with this BIN, as the population has it. */
const manager = async (bin, at = db) => as({ role: 'MANAGER', org: bin, sub: (await at.query(`SELECT o.iin FROM health_authority_post o JOIN health_authority h ON h.id = o.authority_id WHERE h.bin = '${bin}'
  UNION ALL SELECT m.iin FROM practitioner_role r JOIN practitioner m ON m.id = r.practitioner_id JOIN clinic c ON c.id = r.clinic_id WHERE r.role = 'manager' AND c.bin = '${bin}'`))[0].iin });
const TODAY = "(now() AT TIME ZONE INTERVAL '5 hours')::date";

async function refused(code, query, variables, options, message = /./) {
  const { errors } = await server.graphql(query, variables, options);
  assert.equal(errors?.length, 1, JSON.stringify(errors));
  assert.equal(errors[0].extensions.code, code);
  assert.match(errors[0].message, message);
}

before(async () => {
  db = await createDatabase();
  server = await startServer({ database: db, tokens: keys });
  child = await one(`SELECT p.*, (SELECT iin FROM patient g WHERE g.id = (SELECT min(guardian_id) FROM guardianship WHERE patient_id = p.id)) AS guardian, (SELECT bin FROM clinic c WHERE c.id = p.clinic_id) AS bin,
      (SELECT iin FROM practitioner d WHERE d.id = p.district_doctor_id) AS doctor
    FROM patient p WHERE birth_date BETWEEN ${TODAY} - 6 * 365 AND ${TODAY} - 2 * 365 AND deceased_on IS NULL AND clinic_id IS NOT NULL
     AND EXISTS (SELECT FROM guardianship g WHERE g.patient_id = p.id) AND EXISTS (SELECT FROM milestone_check m WHERE m.patient_id = p.id) AND EXISTS (SELECT FROM observation o WHERE o.patient_id = p.id) ORDER BY id LIMIT 1`);
  parent = { iin: child.guardian };
  woman = await one(`SELECT * FROM patient WHERE sex = 'female' AND birth_date BETWEEN ${TODAY} - 60 * 365 AND ${TODAY} - 45 * 365 AND deceased_on IS NULL AND clinic_id IS NOT NULL
     AND NOT EXISTS (SELECT FROM dispensary_registration d WHERE d.patient_id = patient.id) ORDER BY id LIMIT 1`);
  district = await one(`SELECT m.iin, c.bin, c.id FROM practitioner m, clinic c WHERE m.id = ${woman.district_doctor_id} AND c.id = ${woman.clinic_id}`);
});
after(async () => {
  await server?.stop();
  await db?.drop();
  keys.remove();
});

describe('what docs/api.md shows of care and prevention', () => {
  const section = readFileSync(path.join(TOP, 'docs/api.md'), 'utf8').split('\n## ').find((text) => text.startsWith('Care and prevention'));
  const examples = [...section.matchAll(/^```graphql\n(query (\w+)[^]*?)^```$/gm)].map(([, text, name]) => [name, text]);
  // Who asks each, with which variables, and what has to be there.
  const ASKED = {
    Visits: () => [citizen(woman), { iin: woman.iin }, ({ patient }) => patient.visits.nodes.length],
    FreeSlots: async () => [{}, { clinic: await clinicId() }, ({ freeSlots }) => freeSlots.length],
    Day: async () => [as({ role: 'DOCTOR', sub: district.iin, org: district.bin }), { date: await db.value(`SELECT ${TODAY} + 1`) }, ({ doctorDay }) => doctorDay.length],
    Due: () => [citizen(woman), { iin: woman.iin }, ({ patient }) => patient.dueThisMonth.length],
    District: async () => [as({ role: 'DOCTOR', sub: district.iin, org: district.bin }), { clinic: await clinicId() }, ({ dueList }) => dueList.length],
    Child: () => [citizen(parent), { iin: child.iin }, ({ childPassport }) => childPassport.growth.length && childPassport.milestones.length && childPassport.vaccinationCalendar.length],
    Figures: async () => [await manager(await db.value('SELECT bin FROM health_authority WHERE region_id IS NULL')), { month: '2026-10-01' }, ({ figures }) => figures.filter(({ whole }) => whole).length],
    Heads: async () => [await manager(await db.value('SELECT bin FROM health_authority WHERE region_id = 75')), { month: '2026-10-01' }, ({ capitation }) => capitation.length],
  };
  const clinicId = async () => (await server.data('query ($iin: ID!) { patient(iin: $iin) { clinic { id } } }', { iin: woman.iin }, citizen(woman))).patient.clinic.id;

  before(() => db.execute(`INSERT INTO slot (id, practitioner_id, clinic_id, starts_at, minutes) VALUES (9999, ${woman.district_doctor_id}, ${woman.clinic_id}, date_trunc('hour', now()) + INTERVAL '30 hours', 20);
    INSERT INTO appointment (patient_id, id, practitioner_id, clinic_id, recorded_at, starts_at, status) VALUES (${woman.id}, 999, ${woman.district_doctor_id}, ${woman.clinic_id}, now() - INTERVAL '1 day', (${TODAY} + 1 + time '05:00') AT TIME ZONE 'UTC', 'booked');
    INSERT INTO encounter (patient_id, id, clinic_id, started_at, kind) VALUES (${woman.id}, 999, ${woman.clinic_id}, now() - INTERVAL '9 days', 'visit')`));
  test('every example is there', () => assert.deepEqual(examples.map(([name]) => name).sort(), Object.keys(ASKED).sort()));
  for (const [name, text] of examples) {
    test(name, async () => {
      const [options, variables, there] = await ASKED[name]();
      assert.ok(there(await server.data(text, variables, options)) > 0);
    });
  }
});

describe('what is due', () => {
  const DUE = 'query ($iin: ID!, $month: Date) { patient(iin: $iin) { dueThisMonth(month: $month) { kind dueOn overdue rule { code } invitation { channel } registration { icd10 } } } }';
  const due = async (month) => (await server.data(DUE, { iin: woman.iin, month }, citizen(woman))).patient.dueThisMonth;

  test('this month: as SQL says; a screening that is done is not due again, and is with its interval', async () => {
    const rows = await db.query(`SELECT d.kind, d.due_on, r.code FROM due_items(${woman.id}, '', NULL) d LEFT JOIN plan_rule r ON r.id = d.rule_id ORDER BY d.due_on, d.kind, d.rule_id, d.registration_id`);
    assert.deepEqual((await due(null)).map(({ kind, dueOn, rule }) => [kind, dueOn, rule?.code]), rows.map(({ kind, due_on: on, code }) => [kind.toUpperCase(), on, code ?? undefined]));
    await db.execute(`DELETE FROM screening_task WHERE patient_id = ${woman.id}; INSERT INTO screening_task (patient_id, id, rule_id, invited_on, channel) VALUES (${woman.id}, 900, 101, ${TODAY} - 3, 'phone')`);
    const breast = (list) => list.filter(({ rule }) => rule?.code === 'screening.breast');
    assert.deepEqual(breast(await due(null)).map(({ kind, overdue, invitation }) => [kind, overdue, invitation.channel]), [['SCREENING', true, 'PHONE']]);
    await db.execute(`UPDATE screening_task SET status = 'done', done_on = ${TODAY} WHERE patient_id = ${woman.id} AND id = 900`);
    assert.deepEqual(breast(await due(null)), []);
    const later = await db.value(`SELECT (${TODAY} + INTERVAL '24 months')::date`);
    assert.deepEqual(breast(await due(later)).map(({ dueOn, overdue }) => [dueOn, overdue]), [[later, false]]);
  });

  test('a list of the own district is for its doctor and nurse, and for nobody else', async () => {
    const LIST = 'query ($clinic: ID!, $month: Date, $first: Int, $after: ID, $kind: DueKind) { dueList(clinic: $clinic, month: $month, first: $first, after: $after, kind: $kind) { patient { id iin } kind dueOn rule { code } } }';
    const { patient } = await server.data('query ($iin: ID!) { patient(iin: $iin) { clinic { id } } }', { iin: woman.iin }, citizen(woman));
    const clinic = patient.clinic.id;
    // All attached to the clinic: half of them to this doctor, half to another one.
    const other = await db.value(`SELECT practitioner_id FROM practitioner_role WHERE clinic_id = ${district.id} AND role = 'district_doctor' AND practitioner_id <> ${woman.district_doctor_id} ORDER BY 1 LIMIT 1`);
    const people = await db.query(`SELECT id, iin FROM patient WHERE deceased_on IS NULL AND clinic_id IS NOT NULL AND id <> ${woman.id} AND birth_date < ${TODAY} - 50 * 365 ORDER BY id LIMIT 8`);
    await db.execute(people.map(({ id }, i) => `UPDATE attachment SET clinic_id = ${district.id}, district_doctor_id = ${i % 2 ? other : woman.district_doctor_id} WHERE patient_id = ${id} AND detached_on IS NULL AND superseded_by IS NULL`).join(';'));
    const mine = new Set([woman.iin, ...people.filter((_, i) => i % 2 === 0).map(({ iin }) => iin)]);
    const want = await db.query(`SELECT p.iin, d.kind, d.due_on, r.code FROM patient p CROSS JOIN LATERAL due_items(p.id, '', '2026-12-01') d LEFT JOIN plan_rule r ON r.id = d.rule_id
      WHERE p.clinic_id = ${district.id} AND p.district_doctor_id = ${woman.district_doctor_id} ORDER BY p.id, d.due_on, d.kind, d.rule_id, d.registration_id`);
    const doctor = as({ role: 'DOCTOR', sub: district.iin, org: district.bin });
    const ask = async (options, more = {}) => (await server.data(LIST, { clinic, month: '2026-12-15', ...more }, options)).dueList;
    const rows = await ask(doctor);
    assert.deepEqual(rows.map(({ patient: { iin }, kind, dueOn, rule }) => [iin, kind.toLowerCase(), dueOn, rule?.code ?? null]), want.map(({ iin, kind, due_on: on, code }) => [iin, kind, on, code]));
    const seen = new Set(rows.map(({ patient: { iin } }) => iin));
    assert.ok(seen.size >= 4 && [...mine].filter((iin) => seen.has(iin)).length >= 4, `${seen.size} people`);
    assert.ok(people.filter((_, i) => i % 2).every(({ iin }) => !seen.has(iin)), 'another district’s');
    // Person by person, and of one sort.
    const pages = [];
    for (let after = null; ;) {
      const page = await ask(doctor, { first: 1, after });
      if (page.length === 0) break;
      pages.push(...page);
      after = page.at(-1).patient.id;
      assert.equal(new Set(page.map(({ patient: { id } }) => id)).size, 1);
    }
    assert.deepEqual(pages, rows);
    const screenings = await ask(doctor, { kind: 'SCREENING' });
    assert.deepEqual(screenings, rows.filter(({ kind }) => kind === 'SCREENING'));
    assert.ok(screenings.length > 0 && screenings.length < rows.length);
    // The nurse of the district has the same; one of another district has the other's.
    const nurse = await one(`SELECT m.iin, r.practitioner_id AS id FROM practitioner_role r JOIN practitioner m ON m.id = r.practitioner_id WHERE r.clinic_id = ${district.id} AND r.role = 'nurse' LIMIT 1`);
    const inDistrictOf = (id) => db.execute(`UPDATE practitioner_role SET district_number = (SELECT district_number FROM practitioner_role WHERE practitioner_id = ${id} AND clinic_id = ${district.id}) WHERE practitioner_id = ${nurse.id}`);
    const asNurse = as({ role: 'NURSE', sub: nurse.iin, org: district.bin });
    await inDistrictOf(woman.district_doctor_id);
    assert.deepEqual(await ask(asNurse), rows);
    await inDistrictOf(other);
    const others = await ask(asNurse);
    assert.ok(others.length > 0 && others.every(({ patient: { iin } }) => !mine.has(iin)));
    // Who does not work there, or not as that.
    const elsewhere = await one(`SELECT m.iin, c.bin FROM practitioner m JOIN practitioner_role r ON r.practitioner_id = m.id AND r.role = 'district_doctor' JOIN clinic c ON c.id = r.clinic_id WHERE c.id <> ${district.id} ORDER BY m.id LIMIT 1`);
    for (const claims of [{ role: 'DOCTOR', sub: elsewhere.iin, org: elsewhere.bin }, { role: 'DOCTOR', sub: elsewhere.iin, org: district.bin }, { role: 'CITIZEN', sub: woman.iin }, { role: 'MANAGER', sub: district.iin, org: district.bin },
      { role: 'NURSE', sub: district.iin, org: district.bin }, { role: 'PAYER', sub: district.iin }, { role: 'AMBULANCE', sub: district.iin, org: district.bin }]) {
      await refused('FORBIDDEN', LIST, { clinic }, as(claims), /doctors and nurses of the clinic/);
    }
    await refused('BAD_USER_INPUT', LIST, { clinic, first: 51 }, doctor, /1 to 50/);
    assert.equal((await server.graphql(LIST, { clinic })).errors[0].extensions.code, 'UNAUTHENTICATED');
  });
});

describe('a child', () => {
  const PASSPORT = `query ($iin: ID!, $kind: ObservationKind) { childPassport(iin: $iin) { fullName birthDate districtDoctor { fullName } guardians { nodes { kind } }
    growth(kind: $kind) { kind value unit observedAt } vaccinationCalendar { rule { code } state dueOn vaccination { givenOn } exception { kind } } milestones { milestone { code fromMonths toMonths } stage check { result checkedOn } }
    vaccineExceptions { nodes { series } } allergies { substance } problems { icd10 } certificates { nodes { number } } visits { nodes { kind } } dueThisMonth { kind } } }`;
  const passport = async (options = citizen(parent), kind = null, iin = child.iin) => (await server.data(PASSPORT, { iin, kind }, options)).childPassport;

  test('the passport: growth as a curve, the calendar, milestones, for parents and the district', async () => {
    const all = await passport();
    const growth = await db.query(`SELECT kind, value::text, observed_at FROM observation WHERE patient_id = ${child.id} AND kind IN ('weight', 'height', 'head_circumference', 'bmi') AND superseded_by IS NULL ORDER BY observed_at, id`);
    assert.ok(growth.length >= 4);
    assert.deepEqual(all.growth.map(({ kind, value }) => [kind.toLowerCase(), Number(value)]), growth.map(({ kind, value }) => [kind, Number(value)]));
    assert.deepEqual((await passport(citizen(parent), 'WEIGHT')).growth, all.growth.filter(({ kind }) => kind === 'WEIGHT'));
    assert.deepEqual((await passport(citizen(parent), 'PULSE')).growth, []);
    assert.equal(all.milestones.length, 16);
    for (const { milestone, stage, check } of all.milestones) {
      const month = await db.value(`SELECT CASE WHEN ${TODAY} < ('${child.birth_date}'::date + make_interval(months => ${milestone.fromMonths}))::date THEN 'UPCOMING' WHEN ${TODAY} < ('${child.birth_date}'::date + make_interval(months => ${milestone.toMonths}))::date THEN 'EXPECTED' ELSE 'PAST' END`);
      assert.equal(stage, month, milestone.code);
      const last = await one(`SELECT upper(result) AS result, checked_on FROM milestone_check c JOIN milestone m ON m.id = c.milestone_id AND m.code = '${milestone.code}' WHERE patient_id = ${child.id} ORDER BY checked_on DESC, c.id DESC LIMIT 1`);
      assert.deepEqual(check, last ? { result: last.result, checkedOn: last.checked_on } : null);
    }
    assert.ok(all.milestones.some(({ check }) => check?.result === 'REACHED'));
    assert.ok(all.vaccinationCalendar.length > 10 && all.guardians.nodes.length > 0);
    assert.deepEqual(await passport(as({ role: 'DOCTOR', sub: child.doctor, org: child.bin })), all);
  });
  test('nobody’s for who has no right; not for an ambulance; of a grown-up what was recorded in childhood', async () => {
    assert.equal(await passport(citizen(woman)), null);
    await db.execute(`INSERT INTO observation (patient_id, observed_at, kind, value, unit) SELECT ${woman.id}, birth_date + make_interval(years => y), 'weight', 50 + y, 'kg' FROM patient, (VALUES (17), (18), (19)) v (y) WHERE id = ${woman.id}`);
    assert.deepEqual((await passport(citizen(woman), 'WEIGHT', woman.iin)).growth.map(({ value }) => Number(value)), [67]);
    const call = await one(`SELECT a.patient_id, a.clinic_id, p.iin, c.bin, m.iin AS crew FROM ambulance_call a JOIN patient p ON p.id = a.patient_id JOIN clinic c ON c.id = a.clinic_id JOIN practitioner m ON m.id = a.practitioner_id WHERE p.deceased_on IS NULL LIMIT 1`);
    await db.execute(`INSERT INTO ambulance_call (patient_id, clinic_id, received_at, category, number) VALUES (${call.patient_id}, ${call.clinic_id}, now(), 1, 'call-of-the-child')`);
    const crew = await server.data('query ($iin: ID!) { childPassport(iin: $iin) { fullName } emergencyCard(iin: $iin) { fullName } }', { iin: call.iin }, as({ role: 'AMBULANCE', sub: call.crew, org: call.bin }));
    assert.ok(crew.childPassport === null && crew.emergencyCard.fullName);
  });
  test('parents of a child of 16 see the calendar, and of the rest what they see of the record', async () => {
    const was = child.birth_date;
    await db.execute(`UPDATE patient SET birth_date = (${TODAY} - INTERVAL '16 years 5 days')::date WHERE id = ${child.id}`);
    const { data, errors } = await server.graphql('query ($iin: ID!) { childPassport(iin: $iin) { vaccinationCalendar { state } growth { value } problems { icd10 } milestones { stage } visits { nodes { kind } } dueThisMonth { kind } } }', { iin: child.iin }, citizen(parent));
    assert.ok(data.childPassport.vaccinationCalendar.length > 5 && data.childPassport.growth.length > 0);
    assert.deepEqual(errors.map(({ path: [, field], extensions }) => [field, extensions.code]).sort(), ['dueThisMonth', 'milestones', 'problems', 'visits'].map((field) => [field, 'FORBIDDEN']));
    await db.execute(`UPDATE patient SET birth_date = '${was}' WHERE id = ${child.id}`);
  });
  test('every state of the calendar', async () => {
    const slot = async (code) => (await passport()).vaccinationCalendar.find(({ rule }) => rule.code === code);
    const born = (text) => db.execute(`DELETE FROM immunization WHERE patient_id = ${child.id}; DELETE FROM vaccine_exception WHERE patient_id = ${child.id}; UPDATE patient SET birth_date = (${TODAY} - ${text})::date WHERE id = ${child.id}`);
    await born("INTERVAL '2 months 3 days'");
    const states = async (...codes) => Promise.all(codes.map(async (code) => (await slot(code)).state));
    assert.deepEqual(await states('vaccine.dtp.1', 'vaccine.hepatitis_b.1', 'vaccine.mmr.1'), ['DUE', 'OVERDUE', 'UPCOMING']);
    await db.execute(`INSERT INTO immunization (patient_id, vaccine, dose_number, given_on) VALUES (${child.id}, 'Пневмококк', 1, ${TODAY});
      INSERT INTO vaccine_exception (patient_id, kind, series, decided_on, reason) VALUES (${child.id}, 'refusal', 'hepatitis_b', ${TODAY} - 1, 'x'), (${child.id}, 'exemption', 'tuberculosis', ${TODAY} - 1, 'x')`);
    assert.deepEqual(await states('vaccine.pneumococcus.1', 'vaccine.hepatitis_b.1', 'vaccine.tuberculosis.1'), ['GIVEN', 'REFUSED', 'EXEMPT']);
    const given = await slot('vaccine.pneumococcus.1');
    assert.equal(given.vaccination.givenOn, await db.value(`SELECT ${TODAY}`));
    assert.deepEqual([(await slot('vaccine.hepatitis_b.1')).exception.kind, (await slot('vaccine.tuberculosis.1')).exception.kind], ['REFUSAL', 'EXEMPTION']);
    await born("INTERVAL '6 years 2 days'"); // too late for the first dose against diphtheria
    assert.deepEqual(await states('vaccine.dtp.1', 'vaccine.dtp.5'), ['MISSED', 'DUE']);
  });
});

describe('figures', () => {
  const MONTH = '2024-03-01';
  const FIGURES = `query ($measure: FigureMeasure!, $month: Date!, $by: FigureLevel, $region: ID, $subject: String) { figures(measure: $measure, month: $month, by: $by, region: $region, subject: $subject) {
    measure region { id kato } clinic { id } subject rule { code } part whole percent hours withheld } }`;
  const ask = async ({ bin }, measure, more = {}) => (await server.data(FIGURES, { measure, month: MONTH, ...more }, await manager(bin))).figures;
  let ministry, department, clinic, region;
  before(async () => {
    ministry = await one('SELECT * FROM health_authority WHERE region_id IS NULL');
    clinic = await one("SELECT * FROM clinic WHERE kind = 'polyclinic' AND region_id = 75 ORDER BY id LIMIT 1");
    department = await one(`SELECT * FROM health_authority WHERE region_id = ${clinic.region_id}`);
    region = await one(`SELECT * FROM region WHERE id = ${clinic.region_id}`);
  });
  const cells = (measure, rows) => db.execute(`DELETE FROM figure_cell WHERE month = '${MONTH}' AND measure = '${measure}'; INSERT INTO figure_cell (month, measure, region_id, clinic_id, subject, part, whole, people, part_people, rest_people) VALUES ${
    rows.map((row) => `('${MONTH}', '${measure}', ${row.map((value) => (typeof value === 'string' ? `'${value}'` : value ?? 'NULL')).join(', ')})`).join(', ')}`);

  test('94.69 per cent of the people have a passport', async () => {
    await cells('passports', [[null, null, '', 17722517, 18716355, 17722517, null, null]]);
    assert.deepEqual((await ask(ministry, 'PASSPORTS')).map(({ part, whole, percent }) => [part, whole, percent]), [[17722517, 18716355, '94.69']]);
  });
  test('shares and means of every measure, to the manager of each level', async () => {
    const shares = ['passports', 'appointments_kept', 'laboratory_resulted', 'screening', 'vaccination', 'flagged_visits', 'free_medicines'];
    for (const measure of [...shares, 'appointment_wait', 'laboratory_turnaround']) {
      const share = shares.includes(measure), subject = { screening: 'screening.breast', vaccination: 'polio', free_medicines: 'received' }[measure] ?? '';
      const of = [share ? 30 : 120, 40, 40, share ? 30 : null, share ? 10 : null];
      await cells(measure, [[null, null, subject, ...of], [region.id, null, subject, ...of], [region.id, clinic.id, subject, ...of]]);
      for (const [who, by, place] of [[ministry, 'TOTAL', [null, null]], [ministry, 'REGION', [region.kato, null]], [department, 'TOTAL', [region.kato, null]], [department, 'CLINIC', [region.kato, true]], [clinic, 'TOTAL', [region.kato, true]]]) {
        const all = await ask(who, measure.toUpperCase(), { by });
        assert.deepEqual(all.map((each) => [each.region?.kato ?? null, each.clinic && true, each.part, each.whole, each.percent, each.hours, each.withheld, each.subject, each.rule?.code ?? null]),
          [[...place, share ? 30 : null, 40, share ? '75.00' : null, share ? null : '3.00', null, subject || null, measure === 'screening' ? subject : null]], `${measure} ${by}`);
      }
    }
    assert.deepEqual(await ask(ministry, 'SCREENING', { subject: 'screening.cervix' }), []);
    for (const claims of [{ role: 'DOCTOR', sub: district.iin, org: district.bin }, { role: 'CITIZEN', sub: woman.iin }, { role: 'MANAGER', sub: woman.iin, org: ministry.bin }, { role: 'MANAGER', sub: woman.iin, org: await db.value('SELECT bin FROM pharmacy ORDER BY id LIMIT 1') }, { role: 'PAYER', sub: woman.iin, org: ministry.bin }]) {
      await refused('FORBIDDEN', FIGURES, { measure: 'SCREENING', month: MONTH }, as(claims), /for managers/);
    }
  });
  test('nine people are not told of, ten are; nor are their share and its rest', async () => {
    for (const [people, part, rest, told] of [[9, null, null, false], [10, null, null, true], [20, 9, 11, false], [20, 11, 9, false], [20, 10, 10, true]]) {
      await cells('appointments_kept', [[region.id, clinic.id, '', part ?? people, people, people, part, rest]]);
      const [{ whole, withheld }] = await ask(clinic, 'APPOINTMENTS_KEPT');
      assert.deepEqual([whole, withheld], told ? [people, null] : [null, 'FEW'], `${people} ${part} ${rest}`);
    }
    const three = await db.query(`SELECT id FROM clinic WHERE region_id = ${region.id} AND kind = 'polyclinic' ORDER BY id LIMIT 3`);
    await cells('appointments_kept', three.map(({ id }, i) => [region.id, id, '', [9, 30, 40][i], [9, 30, 40][i], [9, 30, 40][i], null, null]));
    assert.deepEqual((await ask(department, 'APPOINTMENTS_KEPT', { by: 'CLINIC' })).map(({ whole, withheld }) => [whole, withheld]), [[null, 'FEW'], [null, 'BESIDE_FEW'], [40, null]]);
  });
  test('a number that is withheld stays so however figures are asked for', async () => {
    const regions = (await db.query(`SELECT id FROM region WHERE id <> ${region.id} ORDER BY id LIMIT 2`)).map(({ id }) => id);
    const [few, next] = regions, clinics = await db.query(`SELECT id FROM clinic WHERE region_id = ${next} ORDER BY id LIMIT 2`);
    const row = (of, at, people) => [of, at, '', people, people, people, null, null];
    await cells('appointments_kept', [row(null, null, 73), row(few, null, 3), row(next, null, 20), row(region.id, null, 50),
      row(next, clinics[0].id, 12), row(next, clinics[1].id, 10)]);
    const told = async (who, more) => (await ask(who, 'APPOINTMENTS_KEPT', more)).map(({ whole, withheld }) => withheld ?? whole);
    const ids = Object.fromEntries((await ask(ministry, 'APPOINTMENTS_KEPT', { by: 'REGION' })).map((each, i) => [[few, next, region.id].sort((a, b) => a - b)[i], each.region.id]));
    assert.deepEqual(await told(ministry, { by: 'REGION' }), [few, next, region.id].sort((a, b) => a - b).map((id) => ({ [few]: 'FEW', [next]: 'BESIDE_FEW', [region.id]: 50 })[id]));
    assert.deepEqual(await told(ministry, {}), [73]);
    for (const by of ['TOTAL', 'REGION']) {
      assert.deepEqual(await told(ministry, { by, region: ids[next] }), ['BESIDE_FEW'], by);
      assert.deepEqual(await told(ministry, { by, region: ids[few] }), ['FEW'], by);
    }
    // Nor do a region's clinics sum up to what is withheld of it.
    for (const more of [{ by: 'CLINIC' }, { by: 'CLINIC', region: ids[next] }]) assert.deepEqual((await told(ministry, more)).sort(), [12, 'BESIDE_FEW'], JSON.stringify(more));
  });
  test('those withheld are ten people together, or all are withheld', async () => {
    const five = await db.query(`SELECT id FROM clinic WHERE region_id = ${region.id} ORDER BY id LIMIT 5`);
    for (const [people, told] of [[[3, 4, 30], ['FEW', 'FEW', 'BESIDE_FEW']], [[3, 8, 30], ['FEW', 'FEW', 30]], [[0, 12, 30], ['FEW', 'BESIDE_FEW', 30]], [[1, 2, 3], ['FEW', 'FEW', 'FEW']], [[10, 11, 12], [10, 11, 12]]]) {
      await cells('appointments_kept', people.map((n, i) => [region.id, five[i].id, '', n, n, n, null, null]));
      assert.deepEqual((await ask(department, 'APPOINTMENTS_KEPT', { by: 'CLINIC' })).map(({ whole, withheld }) => withheld ?? whole), told, String(people));
    }
    // Shares: what is withheld tells of no fewer than ten of the part either.
    await cells('appointments_kept', [[region.id, five[0].id, '', 3, 60, 60, 3, 57], [region.id, five[1].id, '', 0, 70, 70, 0, 70], [region.id, five[2].id, '', 40, 80, 80, 40, 40], [region.id, five[3].id, '', 45, 90, 90, 45, 45]]);
    assert.deepEqual((await ask(department, 'APPOINTMENTS_KEPT', { by: 'CLINIC' })).map(({ whole, withheld }) => withheld ?? whole), ['FEW', 'BESIDE_FEW', 'BESIDE_FEW', 90]);
  });
  test('a part that is few can not be reckoned from the other parts, nor from sums over places', async () => {
    const told = async (who, measure, more) => Object.fromEntries((await ask(who, measure, more)).map(({ subject, part, withheld }) => [subject ?? 'any', withheld ?? part]));
    const at = (of, place, people, parts) => Object.entries(parts).map(([subject, n]) => [of, place, subject === 'any' ? '' : subject, n, people, people, n, people - n]);
    for (const [parts, beside] of [[{ any: 13, after_death: 0, disputed: 11, no_trace: 1, two_places: 1 }, { disputed: 'BESIDE_FEW', no_trace: 'FEW', two_places: 'FEW' }],
      [{ any: 53, disputed: 40, in_hospital: 12, no_trace: 3 }, { in_hospital: 'BESIDE_FEW', no_trace: 'FEW' }],
      [{ any: 43, disputed: 40, in_hospital: 12, no_trace: 3 }, { disputed: 'BESIDE_FEW', in_hospital: 'BESIDE_FEW', no_trace: 'FEW' }], // without the forty three are left
      [{ any: 52, disputed: 40, in_hospital: 12, no_trace: 0 }, {}]]) {
      await cells('flagged_visits', [...at(null, null, 200, parts), ...at(region.id, clinic.id, 200, parts)]);
      for (const who of [ministry, clinic]) assert.deepEqual(await told(who, 'FLAGGED_VISITS'), { ...parts, ...beside });
      if (beside.disputed) assert.deepEqual(await told(ministry, 'FLAGGED_VISITS', { subject: 'disputed' }), { disputed: 'BESIDE_FEW' }, 'asked for alone too');
    }
    const [one, two, three] = await db.query(`SELECT id FROM clinic WHERE region_id = ${region.id} ORDER BY id LIMIT 3`);
    await cells('flagged_visits', [...at(region.id, null, 600, { any: 110, disputed: 62, no_trace: 48 }), ...at(region.id, one.id, 100, { any: 20, disputed: 17, no_trace: 3 }),
      ...at(region.id, two.id, 200, { any: 30, disputed: 30, no_trace: 0 }), ...at(region.id, three.id, 300, { any: 60, disputed: 15, no_trace: 45 })]);
    assert.deepEqual(await told(department, 'FLAGGED_VISITS'), { any: 110, disputed: 62, no_trace: 48 });
    const by = await ask(department, 'FLAGGED_VISITS', { by: 'CLINIC' });
    const of = (i) => by.slice(3 * i, 3 * i + 3).map(({ part, withheld }) => withheld ?? part);
    // Beside the first all parts of the next two: with the second alone what is withheld of `no_trace` would be of three.
    assert.deepEqual([of(0), of(1), of(2)], [[20, 'BESIDE_FEW', 'FEW'], [30, 'BESIDE_FEW', 'BESIDE_FEW'], [60, 'BESIDE_FEW', 'BESIDE_FEW']]);
    await cells('free_medicines', at(region.id, clinic.id, 90, { received: 30, received_whole: 28, received_partly: 2 }));
    assert.deepEqual(await told(clinic, 'FREE_MEDICINES'), { received: 30, received_whole: 'BESIDE_FEW' });
    await cells('free_medicines', at(region.id, clinic.id, 90, { received: 30, received_whole: 20, received_partly: 10 }));
    assert.deepEqual(await told(clinic, 'FREE_MEDICINES'), { received: 30, received_whole: 20 });
  });
  test('nine and ten people counted by the batch', async () => {
    const people = await db.query('SELECT id FROM patient WHERE deceased_on IS NULL ORDER BY id LIMIT 10');
    const appointment = (list) => `INSERT INTO appointment (patient_id, id, practitioner_id, clinic_id, recorded_at, starts_at, status) VALUES ${
      list.map(({ id }) => `(${id}, 777, ${12700 + clinic.id}, ${clinic.id}, '2024-03-04T04:00:00Z', '2024-03-06T04:00:00Z', 'kept')`).join(', ')}; SELECT compute_figures('${MONTH}')`;
    await db.execute(appointment(people.slice(0, 9)));
    assert.deepEqual((await ask(clinic, 'APPOINTMENTS_KEPT')).map(({ whole, withheld }) => [whole, withheld]), [[null, 'FEW']]);
    await db.execute(appointment(people.slice(9)));
    assert.deepEqual((await ask(clinic, 'APPOINTMENTS_KEPT')).map(({ part, whole, percent, withheld }) => [part, whole, percent, withheld]), [[10, 10, '100.00', null]]);
    assert.deepEqual((await ask(clinic, 'APPOINTMENT_WAIT')).map(({ hours }) => hours), ['48.00']);
  });
  test('free medicines: who was prescribed one, who received it, and all of it', async () => {
    const people = await db.query('SELECT id FROM patient WHERE deceased_on IS NULL ORDER BY id LIMIT 40');
    const write = ({ id }, payment, given) => `INSERT INTO prescription (patient_id, id, drug_id, prescriber_id, clinic_id, issued_on, valid_to, quantity, payment, number, dose)
        SELECT ${id}, 778, d.id, ${12700 + clinic.id}, ${clinic.id}, '2024-03-05', '2024-04-05', 2 * d.pack_quantity, '${payment}', 'F-${id}', '1' FROM drug d ORDER BY d.id LIMIT 1;
      INSERT INTO dispense (patient_id, id, prescription_id, pharmacy_id, drug_id, dispensed_on, quantity, price, paid_by_patient, source_id)
        SELECT r.patient_id, 778, r.id, (SELECT min(id) FROM pharmacy), r.drug_id, '2024-03-06', r.quantity * ${given} / 2, 100, 0, 2 FROM prescription r WHERE r.patient_id = ${id} AND r.id = 778 AND ${given} > 0`;
    const adults = await db.query("SELECT id FROM patient WHERE deceased_on IS NULL AND birth_date < '1990-01-01' ORDER BY id LIMIT 10");
    assert.ok(people.length === 40 && adults.length === 10);
    /* Ten received nothing, ten half, twenty all; ten who paid themselves do not count. */
    const paid = adults.filter(({ id }) => !people.some((each) => each.id === id)).map((each) => write(each, 'paid', 0));
    await db.execute([...people.map((each, i) => write(each, 'gobmp', i < 10 ? 0 : i < 20 ? 1 : 2)), ...paid, `SELECT compute_figures('${MONTH}')`].join(';'));
    assert.deepEqual((await ask(clinic, 'FREE_MEDICINES')).map(({ subject, part, whole, percent }) => [subject, part, whole, percent]), [['received', 30, 40, '75.00'], ['received_whole', 20, 40, '50.00']]);
  });
  test('paper and film, for everybody', async () => {
    const { paperFigures } = await server.data('{ paperFigures { code name(lang: EN) year countBefore countAfter saved } }');
    assert.deepEqual(paperFigures.map(({ code, countBefore, countAfter, saved }) => [code, countBefore, countAfter, saved]),
      [['DOCUMENT_KINDS', 281, 154, null], ['PAPER_SAVED', null, null, '315400000.00'], ['FILM_SAVED', null, null, '224700000.00']]);
  });

  test('capitation at 100, 90 and 80 per cent, and at 100 before the rule', async () => {
    const CAPITATION = 'query ($month: Date!, $region: ID) { capitation(month: $month, region: $region) { clinic { id } condition percent people paidHeads withheld } }';
    const mine = await manager(clinic.bin);
    // Twelve people of each sort, all attached here and nobody else.
    const people = await db.query('SELECT id FROM patient WHERE deceased_on IS NULL ORDER BY id LIMIT 48');
    await db.execute(`DELETE FROM rating; DELETE FROM dispute; DELETE FROM encounter; DELETE FROM insurance_status;
      DELETE FROM attachment; ${people.map(({ id }, i) => `INSERT INTO attachment (patient_id, id, clinic_id, district_doctor_id, attached_on) VALUES (${id}, 1, ${clinic.id}, ${(clinic.id - 1) * 6 + 1}, '2016-01-01');
        ${i % 4 < 2 ? `INSERT INTO insurance_status (patient_id, id, insured, category, valid_from) VALUES (${id}, 1, true, 'employee', '2020-01-01');` : ''}
        INSERT INTO encounter (patient_id, id, clinic_id, started_at, kind, confirmed_by, confirmed_at) SELECT ${id}, y, ${clinic.id}, t, 'visit', ${i % 2 ? "'none', NULL" : "'sms', t"}
          FROM (VALUES (1, timestamptz '2024-03-10T05:00:00Z'), (2, '2026-03-10T05:00:00Z')) v (y, t);`).join('\n')}
      SELECT compute_capitation('2024-03-01'), compute_capitation('2026-03-01'), compute_capitation('2027-03-01')`);
    const asked = async (month) => (await server.data(CAPITATION, { month }, mine)).capitation.map(({ condition, percent, people: n, paidHeads }) => [condition, percent, n, paidHeads]);
    assert.deepEqual(await asked('2026-03-31'), [['BOTH', 80, 12, '9.60'], ['FULL', 100, 12, '12.00'], ['NO_VISIT', 80, 12, '9.60'], ['UNINSURED', 90, 12, '10.80']]);
    assert.deepEqual(await asked('2024-03-31'), [['BOTH', 100, 12, '12.00'], ['FULL', 100, 12, '12.00'], ['NO_VISIT', 100, 12, '12.00'], ['UNINSURED', 100, 12, '12.00']]);
    // A year later nobody has come within twelve months.
    assert.deepEqual(await asked('2027-03-01'), [['BOTH', 80, 24, '19.20'], ['NO_VISIT', 80, 24, '19.20']]);
    await db.execute(`UPDATE capitation_month SET people = 9 WHERE month = '2026-03-01' AND condition = 'uninsured'`);
    assert.deepEqual((await server.data(CAPITATION, { month: MONTH.replace('2024', '2026') }, mine)).capitation.map(({ people: n, withheld }) => [n, withheld]), [[null, 'BESIDE_FEW'], [12, null], [12, null], [null, 'FEW']]);
    await db.execute(`UPDATE capitation_month SET people = 4 WHERE month = '2026-03-01' AND condition IN ('uninsured', 'full')`);
    assert.deepEqual((await server.data(CAPITATION, { month: MONTH.replace('2024', '2026') }, mine)).capitation.map(({ people: n, withheld }) => [n, withheld]), [[null, 'BESIDE_FEW'], [null, 'FEW'], [12, null], [null, 'FEW']]);
    await refused('BAD_USER_INPUT', CAPITATION, { month: MONTH }, await manager(ministry.bin), /Name the region/);
    await refused('FORBIDDEN', CAPITATION, { month: MONTH }, as({ role: 'DOCTOR', sub: district.iin, org: district.bin }));
  });
});

describe('the monitor of false visits', () => {
  // A database of its own: the planted population as it was loaded, whose false visits have the places 120 to 123.
  let people;
  before(async () => { people = await createDatabase(); });
  after(() => people?.drop());

  test('precision and recall over the planted population', async (t) => {
    const months = await people.query("SELECT DISTINCT date_trunc('month', started_at AT TIME ZONE INTERVAL '5 hours')::date AS m FROM encounter");
    await people.execute(months.map(({ m }) => `SELECT compute_visit_flags('${m}')`).join(';'));
    const [all] = await people.query(`SELECT count(*)::int AS visits, count(*) FILTER (WHERE planted)::int AS planted, count(*) FILTER (WHERE flagged)::int AS flagged, count(*) FILTER (WHERE planted AND flagged)::int AS found
      FROM (SELECT id & 255 BETWEEN 120 AND 123 AS planted, EXISTS (SELECT FROM private.visit_flag f WHERE f.patient_id = e.patient_id AND f.encounter_id = e.id) AS flagged FROM encounter e) x`);
    const places = await people.query(`SELECT id & 255 AS place, count(*)::int AS n, count(*) FILTER (WHERE EXISTS (SELECT FROM private.visit_flag f WHERE f.patient_id = e.patient_id AND f.encounter_id = e.id AND f.rule = (ARRAY['disputed', 'in_hospital', 'two_places', 'other_region'])[(id & 255) - 119]))::int AS found,
        count(*) FILTER (WHERE id & 255 = 120 AND NOT EXISTS (SELECT FROM dispute d WHERE d.patient_id = e.patient_id AND d.item_id = e.id AND d.status <> 'rejected'))::int AS silent FROM encounter e WHERE id & 255 BETWEEN 120 AND 123 GROUP BY 1 ORDER BY 1`);
    const [strong] = await people.query(`SELECT count(*)::int AS flagged, count(*) FILTER (WHERE encounter_id & 255 BETWEEN 120 AND 123)::int AS found FROM (SELECT DISTINCT encounter_id FROM private.visit_flag WHERE score >= 30) f`);
    t.diagnostic(`scores from 30: precision ${strong.found} of ${strong.flagged}, recall ${strong.found} of ${all.planted}`);
    t.diagnostic(`${all.visits} visits, ${all.planted} false: precision ${all.found} of ${all.flagged} (${Math.round(100 * all.found / all.flagged)} %), recall ${all.found} of ${all.planted} (${Math.round(100 * all.found / all.planted)} %), by place ${JSON.stringify(places)}`);
    assert.ok(all.planted >= 5 && all.found > 0, JSON.stringify(all));
    // Those that leave a trace are all found; of the others, who never said so can't be.
    for (const { place, n, found, silent } of places) assert.equal(found, n - silent, `place ${place}`);
    assert.ok(all.flagged < all.visits / 100, 'true visits are mostly left alone');
  });

  test('one visit for each rule is flagged by that rule, a clean one by none; the figure counts them', async () => {
    const [who, dead] = await people.query('(SELECT id, clinic_id, region_id FROM patient WHERE deceased_on IS NULL AND clinic_id IS NOT NULL ORDER BY id LIMIT 1) UNION ALL (SELECT id, NULL, region_id FROM patient WHERE deceased_on IS NULL ORDER BY id DESC LIMIT 1)');
    const { id, clinic_id: home, region_id: region } = who;
    const [near] = await people.query(`SELECT id FROM clinic WHERE kind = 'polyclinic' AND region_id = ${region} AND id <> ${home} ORDER BY id LIMIT 1`);
    const [far] = await people.query(`SELECT id FROM clinic WHERE kind = 'polyclinic' AND region_id <> ${region} ORDER BY id LIMIT 1`);
    // Of another system: a visit while somebody lies in a hospital elsewhere can't be entered here.
    const doctor = 12700 + home, visit = (of, no, clinic, at, more = `'visit', 'sms', '${at}'`, by = 'NULL') => `INSERT INTO encounter (source_id, patient_id, id, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at) VALUES (2, ${of}, ${no}, ${clinic}, ${by}, '${at}', ${more});`;
    await people.execute(`
      UPDATE patient SET deceased_on = '2023-05-10' WHERE id = ${dead.id};
      INSERT INTO hospitalization (patient_id, id, clinic_id, admitted_on, discharged_on, department, icd10_admission, icd10_discharge, outcome) VALUES (${id}, 777, 2001, '2023-05-02', '2023-05-06', 'x', 'I10', 'I10', 'improved');
      ${visit(id, 701, home, '2023-05-20T05:00:00Z')}
      ${visit(dead.id, 702, home, '2023-05-11T05:00:00Z')}
      ${visit(id, 703, home, '2023-05-04T05:00:00Z')} ${visit(id, 713, home, '2023-05-06T05:00:00Z')}
      ${visit(id, 704, near.id, '2023-05-12T05:30:00Z')} ${visit(id, 714, home, '2023-05-12T05:00:00Z')} ${visit(id, 715, home, '2023-05-12T06:00:01Z')}
      ${visit(id, 724, near.id, '2023-05-13T05:30:00Z', "'visit', 'none', NULL")} ${visit(id, 725, home, '2023-05-13T05:00:00Z')}
      ${visit(id, 706, far.id, '2023-05-15T05:00:00Z', "'visit', 'none', NULL")} ${visit(id, 716, far.id, '2023-05-16T05:00:00Z')}
      ${visit(id, 707, home, '2023-05-18T05:00:00Z')} INSERT INTO dispute (patient_id, id, item_table, item_id, number, reason, channel, text) VALUES (${id}, 777, 'encounter', 707, 'D-1', 'not_there', 'app', 'x');
      ${visit(id, 717, home, '2023-05-19T05:00:00Z')} INSERT INTO dispute (patient_id, id, item_table, item_id, number, reason, channel, text, status, answered_at, answer) VALUES (${id}, 778, 'encounter', 717, 'D-2', 'not_there', 'app', 'x', 'rejected', now(), 'x');
      ${[731, 732, 733, 734, 735, 736, 737].map((no) => visit(id, no, home, `2023-05-${no === 731 ? '09' : no - 706}T05:00:00Z`, "'visit', 'none', NULL")).join(' ')} UPDATE encounter SET icd10 = 'J06.9', payer = 'gobmp', cost = 1, paid_by_patient = 0 WHERE patient_id = ${id} AND id BETWEEN 731 AND 737;
      INSERT INTO condition (patient_id, id, clinic_id, icd10, name, recorded_on) VALUES (${id}, 732, ${home}, 'J06.9', 'x', '2023-05-26'); INSERT INTO certificate (source_id, patient_id, id, clinic_id, practitioner_id, type_code, number, qr_token, issued_on) SELECT 2, ${id}, 733, ${home}, ${doctor}, code, 'C-733', repeat('a', 64), '2023-05-27' FROM certificate_type ORDER BY code LIMIT 1;
      INSERT INTO lab_result (patient_id, id, clinic_id, name, status, ordered_at) VALUES (${id}, 734, ${home}, 'x', 'ordered', '2023-05-28T06:00:00Z');
      UPDATE encounter SET confirmed_by = 'sms', confirmed_at = started_at WHERE patient_id = ${id} AND id = 735; UPDATE encounter SET payer = 'paid' WHERE patient_id = ${id} AND id = 736; UPDATE encounter SET kind = 'remote' WHERE patient_id = ${id} AND id = 737;
      INSERT INTO encounter (source_id, patient_id, id, clinic_id, started_at, kind, icd10, condition_id, payer, cost, paid_by_patient)
        SELECT n - 737, ${id}, n, ${home}, '2023-05-29T07:00:00Z', 'visit', 'J06.9', 732, 'gobmp', 1, 0 FROM generate_series(738, 739) n; -- entered here its code made the link, elsewhere its author
      ${visit(id, 751, home, '2023-05-07T05:00:00Z', "'visit', 'none', NULL")} ${visit(id, 752, home, '2023-05-08T05:00:00Z', "'visit', 'none', NULL")} ${visit(id, 753, home, '2023-05-22T05:00:00Z', "'visit', 'none', NULL")}
      UPDATE encounter SET icd10 = 'J06.9', source_id = CASE id WHEN 752 THEN 2 ELSE 1 END WHERE patient_id = ${id} AND id BETWEEN 751 AND 753; -- who pays is known of none: of what is entered here it counts
      INSERT INTO condition (patient_id, id, clinic_id, icd10, name, recorded_on, record_status) VALUES (${id}, 753, ${home}, 'J06.9', 'x', '2023-05-22', 'entered_in_error');
      ${visit(id, 754, home, '2023-05-24T05:00:00Z')} INSERT INTO dispute (patient_id, id, item_table, item_id, number, reason, channel, text) VALUES (${id}, 779, 'encounter', 754, 'D-3', 'wrong_person', 'app', 'x');
      INSERT INTO appointment (patient_id, id, practitioner_id, clinic_id, starts_at, status, source_id) VALUES (${id}, 781, ${doctor}, ${home}, '2023-05-20T05:00:00Z', 'kept', 1), (${id}, 782, ${doctor}, ${home}, '2023-05-21T05:00:00Z', 'booked', 1),
        (${id}, 783, ${doctor}, ${home}, '2023-05-22T05:00:00Z', 'booked', 2), (${id}, 784, ${doctor}, ${home}, '2023-05-22T06:00:00Z', 'cancelled', 1);
      INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at)
      SELECT p.id, 800, ${home}, ${doctor}, t, 'remote', 'sms', t FROM (SELECT id FROM patient WHERE deceased_on IS NULL AND id <> ${id} ORDER BY id LIMIT 61) p, (VALUES (timestamptz '2023-05-23T05:00:00Z')) v (t);
      INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, started_at, kind, confirmed_by, confirmed_at)
      SELECT p.id, 801, ${home}, ${doctor}, t, 'remote', 'sms', t FROM (SELECT id FROM patient WHERE deceased_on IS NULL AND id <> ${id} ORDER BY id LIMIT 60) p, (VALUES (timestamptz '2023-05-24T05:00:00Z')) v (t);
      SELECT compute_figures('2023-05-01')`);
    const flags = await people.query(`SELECT encounter_id AS visit, rule, score, count(*)::int AS n FROM private.visit_flag WHERE month = '2023-05-01' GROUP BY 1, 2, 3 ORDER BY 1, 2`);
    assert.deepEqual(flags.map(({ visit: no, rule, score, n }) => [no, rule, score, n]), [[702, 'after_death', 100, 1], [703, 'in_hospital', 80, 1], [704, 'two_places', 60, 1], [706, 'other_region', 30, 1], [707, 'disputed', 90, 1],
      [714, 'two_places', 60, 1], [724, 'two_places', 60, 1], [731, 'no_trace', 20, 1], [738, 'no_trace', 20, 1], [751, 'no_trace', 20, 1], [753, 'no_trace', 20, 1], [754, 'disputed', 90, 1], [800, 'crowded_day', 40, 61]]);
    // What was booked here and is over was missed, unless a visit kept it.
    assert.deepEqual(await people.query(`SELECT part::int, whole::int FROM figure_cell WHERE month = '2023-05-01' AND measure = 'appointments_kept' AND clinic_id = ${home}`), [{ part: 1, whole: 2 }]);
    const monitor = await startServer({ database: people, tokens: keys });
    try {
      const [{ bin }] = await people.query(`SELECT bin FROM clinic WHERE id = ${home}`);
      const { figures } = await monitor.data('query { figures(measure: FLAGGED_VISITS, month: "2023-05-01") { subject part whole withheld } }', {}, await manager(bin, people));
      /* Sixty-one of seventy: told beside them, they would tell of the others. */
      assert.deepEqual(figures.filter(({ subject }) => subject === null || subject === 'crowded_day').map(({ part, withheld }) => withheld ?? part), [70, 'BESIDE_FEW'], JSON.stringify(figures));
      assert.ok(figures.filter(({ subject }) => subject === 'disputed').every(({ withheld, part }) => withheld === 'FEW' && part === null));
    } finally {
      await monitor.stop();
    }
  });

  test('two places, one on each side of a midnight between months: each in its month, in whatever order and how often they are counted', async () => {
    const [{ id, home, near }] = await people.query(`SELECT p.id, p.clinic_id AS home, (SELECT min(c.id) FROM clinic c WHERE c.kind = 'polyclinic' AND c.region_id = p.region_id AND c.id <> p.clinic_id) AS near
      FROM patient p WHERE p.deceased_on IS NULL AND p.clinic_id IS NOT NULL ORDER BY p.id OFFSET 3 LIMIT 1`);
    const visit = (no, clinic, at, by = 'sms') => `INSERT INTO encounter (source_id, patient_id, id, clinic_id, started_at, kind, confirmed_by, confirmed_at)
      VALUES (2, ${id}, ${no}, ${clinic}, '${at}+05', 'visit', '${by}', ${by === 'none' ? 'NULL' : `'${at}+05'`});`;
    await people.execute(`${visit(741, home, '2023-07-31 23:50')} ${visit(742, near, '2023-08-01 00:10')} ${visit(743, home, '2023-08-31 23:45', 'none')} ${visit(744, near, '2023-09-01 00:15')}
      ${visit(745, home, '2023-09-30 23:50')} ${visit(746, near, '2023-10-01 00:20:01')} ${visit(747, home, '2023-11-01 00:10')} ${visit(748, home, '2023-10-31 23:50')}`);
    const flags = () => people.query(`SELECT to_char(month, 'MM') AS month, encounter_id::int AS visit, rule FROM private.visit_flag WHERE patient_id = ${id} AND encounter_id BETWEEN 741 AND 748 ORDER BY 2`);
    const two = [['07', 741], ['08', 742], ['08', 743]].map(([month, visit]) => ({ month, visit, rule: 'two_places' })); // of the second pair only that nobody confirmed
    for (const months of [[7, 8, 9, 10, 11], [11, 10, 9, 8, 7, 8]]) {
      for (const month of months) await people.execute(`SELECT compute_visit_flags('2023-${String(month).padStart(2, '0')}-15')`);
      assert.deepEqual(await flags(), two);
    }
  });
});
