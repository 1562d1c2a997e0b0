// The rules of prevention against people made by hand: what is due in which month, whom a list and a figure are for. Through psql, with no server.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TOP } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';

let db;
const MONTH = '2026-03-01';

before(async () => {
  db = await createDatabase({ empty: true });
  for (const folder of ['db/migrations', 'db/functions']) {
    for (const file of readdirSync(path.join(TOP, folder)).filter((name) => name.endsWith('.sql')).sort()) {
      await db.execute(`BEGIN;\n${readFileSync(path.join(TOP, folder, file), 'utf8')}\nCOMMIT;`);
    }
  }
  await db.execute(`
    INSERT INTO region (id, kato, name_kk, name_ru, name_en) VALUES (75, '750000000', 'Алматы қаласы', 'город Алматы', 'Almaty City');
    INSERT INTO clinic (id, region_id, bin, kind, name, address) VALUES (1, 75, '140140024187', 'polyclinic', 'Емхана № 1', 'Абай даңғылы, 1');
    INSERT INTO icd10 (code, name_kk, name_ru, name_en) SELECT c, c, c, c FROM unnest(ARRAY['C50', 'I10', 'D66']) c;
    INSERT INTO patient (id, iin, full_name, birth_date, sex) VALUES (1, '791028302728', 'Біреу', '1979-10-28', 'male');`);
});
after(() => db?.drop());

/** What is due in a month for a person who is born and is so, with these records: codes of rules. Nothing stays. */
async function due(birth, sex, records = '', month = MONTH) {
  const out = JSON.parse(await db.execute(`BEGIN; UPDATE patient SET birth_date = '${birth}', sex = '${sex}' WHERE id = 1; ${records}
    SELECT coalesce(json_agg(json_build_object('what', coalesce(r.code, d.kind), 'overdue', d.overdue)), '[]')
      FROM due_items(1, '', '${month}') d LEFT JOIN plan_rule r ON r.id = d.rule_id;
    ROLLBACK;`));
  return out.map(({ what, overdue }) => (overdue ? `${what}!` : what)).sort();
}
const given = (vaccine, dose, on) => `INSERT INTO immunization (patient_id, source_rec, vaccine, dose_number, given_on) VALUES (1, gen_random_uuid()::text, '${vaccine}', ${dose}, '${on}');`; // as another system's: birthdays move
const NEWBORN = given('В гепатиті', 1, '2026-01-15') + given('БЦЖ', 1, '2026-01-17');
const registered = (icd10, next = 'NULL') => `INSERT INTO dispensary_registration (patient_id, icd10, registered_on, group_number, next_visit_on) VALUES (1, '${icd10}', '2025-01-01', 3, ${next});`;
const screened = (code, on) => `INSERT INTO screening_task (patient_id, rule_id, invited_on, done_on, channel, status) SELECT 1, id, '${on}', '${on}', 'sms', 'done' FROM plan_rule WHERE code = '${code}';`;
const ADULT = ['diabetes', 'glaucoma', 'hypertension', 'ischaemic_heart'].map((name) => screened(`screening.${name}`, '2025-06-01')).join('');
const TD = given('АДС-М', 9, '2020-01-01');

test('what is due, case by case', async () => {
  for (const [name, expected, ...how] of [
    ['a newborn has the second month to come', ['vaccine.dtp.1', 'vaccine.pneumococcus.1'], '2026-01-15', 'male', NEWBORN],
    ['not in the month before', [], '2026-01-15', 'male', NEWBORN, '2026-02-01'],
    ['a refusal is not asked again', ['vaccine.dtp.1'], '2026-01-15', 'male',
      `${NEWBORN} INSERT INTO vaccine_exception (patient_id, kind, series, decided_on, reason) VALUES (1, 'refusal', 'pneumococcus', '2026-02-01', 'x');`],
    ['an exemption that has ended is no more', ['vaccine.dtp.1', 'vaccine.pneumococcus.1'], '2026-01-15', 'male',
      `${NEWBORN} INSERT INTO vaccine_exception (patient_id, kind, series, decided_on, valid_to, reason) VALUES (1, 'exemption', 'pneumococcus', '2026-02-01', '2026-03-02', 'x');`],
    ['what was entered in error was not given', ['vaccine.dtp.1', 'vaccine.hepatitis_b.1!', 'vaccine.pneumococcus.1', 'vaccine.tuberculosis.1!'], '2026-01-15', 'male',
      `${NEWBORN} UPDATE immunization SET record_status = 'entered_in_error' WHERE patient_id = 1;`],
    ['a woman of 44 who was never examined', ['screening.breast!', 'screening.cervix!'], '1981-05-05', 'female', ADULT + TD],
    ['a man of 44 has none of these', [], '1981-05-05', 'male', ADULT + TD],
    ['mammography holds two years', ['screening.cervix!'], '1981-05-05', 'female', `${ADULT}${TD}${screened('screening.breast', '2024-04-01')}`],
    ['and no longer', ['screening.breast', 'screening.cervix!'], '1981-05-05', 'female', `${ADULT}${TD}${screened('screening.breast', '2024-03-31')}`],
    ['not under care for the disease', ['screening.cervix!'], '1981-05-05', 'female', ADULT + TD + registered('C50')],
    ['the first at 40', ['screening.breast', 'screening.cervix!'], '1986-03-31', 'female', ADULT + TD],
    ['not a day sooner than the month', ['screening.cervix!'], '1986-04-01', 'female', ADULT + TD],
    ['a visit that is next in the month', ['dispensary_visit'], '1981-05-05', 'male', ADULT + TD + registered('C50', "'2026-03-31'")],
    ['a visit of the month before', ['dispensary_visit!'], '1981-05-05', 'male', ADULT + TD + registered('C50', "'2026-02-28'")],
    ['Td again after ten years', ['vaccine.td'], '1981-05-05', 'male', ADULT + given('АДС-М', 8, '2016-03-20')],
    ['risk groups only', ['screening.hepatitis!'], '1995-05-05', 'male',
      `${TD} INSERT INTO condition (patient_id, icd10, name, recorded_on) VALUES (1, 'D66', 'x', '2025-01-01');`],
    ['the dead need nothing', [], '1981-05-05', 'female', "UPDATE patient SET deceased_on = '2026-01-01' WHERE id = 1;"],
  ]) assert.deepEqual(await due(...how), expected, name);
});

test('what the owner keeps from a viewer is neither told nor to be inferred from the calendar and from what is due', async () => {
  const DOCTOR = 'DOCTOR/800101300016/140140024187';
  const OWNER = 'CITIZEN/791028302728/';
  const grant = `INSERT INTO practitioner (id, iin, full_name, specialty) VALUES (9, '800101300016', 'Дәрігер', 'Дәрігер');
    INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (9, 1, 'specialist', '2020-01-01');
    INSERT INTO access_rule (patient_id, kind, practitioner_id, valid_from, valid_to, made_by) VALUES (1, 'grant', 9, now() - INTERVAL '1 day', now() + INTERVAL '1 day', '791028302728');`;
  const hide = (table, entry = 'NULL') => `INSERT INTO access_rule (patient_id, kind, item_table, item_id, made_by) VALUES (1, 'hide', '${table}', ${entry}, '791028302728');`;
  const refusal = "INSERT INTO vaccine_exception (patient_id, kind, series, decided_on, reason) VALUES (1, 'refusal', 'pneumococcus', '2026-02-01', 'x');";
  const born = "UPDATE patient SET birth_date = kz_today() - 70 WHERE id = 1;"; // both doses of the first days given, those of the second month due
  const calendar = async (viewer, ...records) => Object.fromEntries((await db.execute(`BEGIN; ${born} ${grant} ${NEWBORN} ${records.join('')}
    SELECT r.code || '=' || s.state || CASE WHEN s.due_on <> (SELECT birth_date FROM patient WHERE id = 1) + make_interval(months => r.from_months, days => r.from_days) THEN '*' ELSE '' END
        || CASE WHEN s.immunization_id IS NOT NULL THEN ' i' ELSE '' END || CASE WHEN s.exception_id IS NOT NULL THEN ' e' ELSE '' END
      FROM vaccination_calendar(1, '${viewer}') s JOIN plan_rule r ON r.id = s.rule_id WHERE r.from_months <= 2 ORDER BY r.code; ROLLBACK;`)).split('\n').map((line) => line.split('=')));
  const all = { 'vaccine.hepatitis_b.1': 'given i', 'vaccine.tuberculosis.1': 'given i', 'vaccine.dtp.1': 'due', 'vaccine.pneumococcus.1': 'refused e' };
  const first = "(SELECT id FROM immunization WHERE vaccine = 'БЦЖ')";
  const [REFUSED, NONE] = [{ 'vaccine.pneumococcus.1': 'withheld' }, Object.fromEntries(Object.keys(all).map((code) => [code, 'withheld']))];
  for (const [what, rule, hidden] of [
    ['nothing', '', {}], ['one vaccination', hide('immunization', first), { 'vaccine.tuberculosis.1': 'withheld' }],
    ['all vaccinations', hide('immunization'), NONE], ['all refusals', hide('vaccine_exception'), REFUSED]]) {
    assert.deepEqual(await calendar(DOCTOR, refusal, rule), { ...all, ...hidden }, what);
    assert.deepEqual(await calendar(OWNER, refusal, rule), all, `${what}, for the owner`);
  }
  const dueFor = async (viewer, ...records) => (await db.execute(`BEGIN; UPDATE patient SET birth_date = '1995-05-05', sex = 'male' WHERE id = 1; ${grant} ${TD} ${records.join('')}
    SELECT string_agg(coalesce(r.code, d.kind), ' ' ORDER BY d.kind, r.code) FROM due_items(1, '${viewer}', '${MONTH}') d LEFT JOIN plan_rule r ON r.id = d.rule_id; ROLLBACK;`));
  const risk = "INSERT INTO condition (patient_id, icd10, name, recorded_on) VALUES (1, 'D66', 'x', '2025-01-01');";
  const both = 'dispensary_visit screening.hepatitis';
  for (const [what, rule, left] of [
    ['nothing', '', both], ['the diagnosis', hide('condition', '(SELECT id FROM condition)'), 'dispensary_visit'],
    ['registrations', hide('dispensary_registration'), 'screening.hepatitis'], ['allergies', hide('allergy'), both]]) {
    assert.equal(await dueFor(DOCTOR, risk, registered('C50', "'2026-03-31'"), rule), left, what);
    assert.equal(await dueFor(OWNER, risk, registered('C50', "'2026-03-31'"), rule), both, `${what}, for the owner`);
  }
});

test('ten people: neither the number nor its share nor the rest may be fewer', async () => {
  for (const [people, part, rest, few] of [[9, 'NULL', 'NULL', true], [10, 'NULL', 'NULL', false], [20, 9, 11, true], [20, 11, 9, true], [20, 10, 10, false], [20, 0, 20, false]]) {
    assert.equal(await db.value(`SELECT few_people(${people}, ${part}, ${rest})`), few, `${people} ${part} ${rest}`);
  }
});

test('figures are for managers, of their own organisation', async () => {
  await db.execute(`INSERT INTO practitioner (id, iin, full_name, specialty) VALUES (1, '791028302728', 'Басшы', 'Басшы');
    INSERT INTO practitioner_role (practitioner_id, clinic_id, role, valid_from) VALUES (1, 1, 'manager', '2020-01-01');
    INSERT INTO figure_cell (month, measure, region_id, clinic_id, part, whole, people, part_people, rest_people) VALUES
    ('2026-03-01', 'appointments_kept', 75, 1, 30, 40, 35, 25, 10);`);
  const ask = (viewer) => db.query(`SELECT part, whole, percent, withheld FROM figures('${viewer}', 'appointments_kept', '2026-03-15', 'total', NULL, NULL)`);
  assert.deepEqual(await ask('MANAGER/791028302728/140140024187'), [{ part: 30, whole: 40, percent: 7500, withheld: null }]);
  await assert.rejects(ask('DOCTOR/791028302728/140140024187'), /Figures are for managers/);
  await assert.rejects(ask('MANAGER/791028302728/130140027833'), /Figures are for managers/);
  await db.execute('UPDATE figure_cell SET rest_people = 9');
  assert.deepEqual(await ask('MANAGER/791028302728/140140024187'), [{ part: null, whole: null, percent: null, withheld: 'few' }]);
  await assert.rejects(db.query("SELECT * FROM due_list('MANAGER/791028302728/140140024187', 1, NULL, NULL, NULL, NULL)"), /doctors and nurses of the clinic/);
});

test('a token names the organisation, a post there of today makes the manager', async () => {
  const scope = (viewer) => db.query(`SELECT clinic_id::int, region_id::int FROM manager_scope('${viewer}')`);
  const [CLINIC, DEPARTMENT, MINISTRY] = ['140140024187', '130140027833', '990440000385'];
  await db.execute(`INSERT INTO health_authority (id, region_id, bin, name_kk, name_ru, name_en) VALUES (1, 75, '${DEPARTMENT}', 'x', 'x', 'x'), (2, NULL, '${MINISTRY}', 'y', 'y', 'y');
    INSERT INTO health_authority_post (authority_id, iin, valid_from) SELECT id, '791028302728', '2020-01-01' FROM health_authority`);
  const me = (organisation, role = 'MANAGER', iin = '791028302728') => `${role}/${iin}/${organisation}`;
  assert.deepEqual(await scope(me(CLINIC)), [{ clinic_id: 1, region_id: 75 }]);
  assert.deepEqual(await scope(me(DEPARTMENT)), [{ clinic_id: null, region_id: 75 }]);
  assert.deepEqual(await scope(me(MINISTRY)), [{ clinic_id: null, region_id: null }]);
  for (const viewer of [me(CLINIC, 'DOCTOR'), me(DEPARTMENT, 'NURSE'), me(CLINIC, 'MANAGER', '610623358254'), me(MINISTRY, 'MANAGER', '610623358254'), me(''), 'MANAGER', ''])
    assert.deepEqual(await scope(viewer), [], viewer);
  for (const change of [
    "UPDATE practitioner_role SET role = 'specialist'", "UPDATE practitioner_role SET valid_to = '2026-01-01'", "UPDATE practitioner_role SET valid_from = kz_today() + 2",
    'UPDATE practitioner SET active = false', 'UPDATE clinic SET active = false']) {
    assert.equal(await db.execute(`BEGIN; ${change}; SELECT count(*) FROM manager_scope('${me(CLINIC)}'); ROLLBACK`), '0', change);
  }
  for (const change of ["valid_to = '2026-01-01'", 'valid_from = kz_today() + 2']) {
    assert.equal(await db.execute(`BEGIN; UPDATE health_authority_post SET ${change}; SELECT count(*) FROM manager_scope('${me(DEPARTMENT)}'); ROLLBACK`), '0', change);
  }
});

test('the batches count an empty month', async () => {
  await db.execute("SELECT compute_figures('2026-03-01')");
  assert.equal(await db.value("SELECT count(*)::int FROM figure_cell WHERE measure = 'passports' AND region_id IS NULL AND month = '2026-03-01'"), 1);
});
