// The International Patient Summary: every document is held by two public validators, by the invariants of the IPS, and by what they can't see:
// that each entry stands in its own section, that nothing hidden is left in resource or narrative, that the languages are three.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { condition, entry, person, runImport, syntheaFiles } from './lib/imports.mjs';
import { LOINC, assertSummary, narrative, resources, section } from './lib/ips.mjs';
import { until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys, officeOf } from './lib/tokens.mjs';
import { PERSONAL } from './lib/who-sees-what.mjs';

const PERSONS = 200;
const AT_ONCE = 8;
const QUERY = 'query ($iin: ID!, $lang: Language) { patient(iin: $iin) { id summaryDocument(lang: $lang) { language madeAt document } } }';

let database, keys, server, people;

before(async () => {
  database = await createDatabase();
  keys = makeKeys();
  server = await startServer({ database, tokens: keys });
  people = await database.query(`SELECT id::text, iin, language, full_name FROM patient WHERE deceased_on IS NULL ORDER BY id LIMIT ${PERSONS}`);
});
after(async () => {
  await server?.stop();
  await database?.drop();
  keys?.remove();
});

const citizen = (iin) => ({ headers: keys.bearer({ role: 'CITIZEN', sub: iin }) });
const clinician = ({ iin, bin }, role = 'DOCTOR') => ({ headers: keys.bearer({ role, sub: iin, org: bin }) });

/** The document that `viewer` is given of the person. */
async function summary(iin, viewer = citizen(iin), lang) {
  const { patient } = await server.data(QUERY, { iin, lang }, viewer);
  return patient?.summaryDocument && { ...patient.summaryDocument, id: patient.id, bundle: JSON.parse(patient.summaryDocument.document) };
}

/** A doctor of the person's district: { iin, bin }. */
async function districtDoctor(id) {
  const [one] = await database.query(`SELECT m.iin, c.bin FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id WHERE p.id = ${id}`);
  return one;
}

test('the summaries of 200 people pass both validators and the invariants of the IPS', async (t) => {
  const left = [...people];
  const count = { documents: 0, entries: 0, bytes: 0 };
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let one = left.pop(); one; one = left.pop()) {
      const { bundle, document, language } = await summary(one.iin);
      assertSummary(bundle, `person ${one.id}`);
      assert.equal(language, one.language.toUpperCase());
      assert.equal(bundle.language, one.language);
      assert.ok(JSON.stringify(bundle).includes(one.iin));
      count.documents++;
      count.entries += bundle.entry.length;
      count.bytes += document.length;
    }
  }));
  t.diagnostic(JSON.stringify(count));
  assert.equal(count.documents, PERSONS);
  assert.ok(count.entries > 10 * PERSONS, `${count.entries} entries`);
});

test('the summaries of people who were imported pass the same, in three languages; no number that only stands in for an IIN leaves', async (t) => {
  const samples = syntheaFiles();
  if (samples.length === 0) console.error('shared/data/synthea-r4 is not beside the project: SKIPPED for its twenty people; one invented person is left');
  const invented = person({ name: [{ text: 'Ким Анна' }], gender: 'female', identifier: [{ system: 'http://vendor.example/mrn', value: '1' }] });
  await runImport(database, { source: 'vendor' }, [entry(invented.resource), entry(condition(invented, 'imported-condition'))]);
  await runImport(database, { source: 'synthea' }, ...samples.map(({ bundle }) => bundle.entry));
  const imported = await database.query(`SELECT p.id, p.iin, p.full_name, p.deceased_on FROM patient p JOIN source_system s ON s.id = p.source_id WHERE s.name IN ('vendor', 'synthea')`);
  assert.equal(imported.length, samples.length + 1);
  let entries = 0;
  for (const one of imported) {
    for (const lang of ['KK', 'RU', 'EN']) {
      // Nobody is left who could ask for that of the dead.
      const { document } = one.deceased_on ? (await database.query(`SELECT document FROM patient_summary(${one.id}, NULL, '${lang.toLowerCase()}')`))[0] : await summary(one.iin, undefined, lang);
      const bundle = JSON.parse(document);
      assertSummary(bundle, `${one.full_name} ${lang}`);
      assert.ok(!document.includes(one.iin), one.iin);
      assert.ok(document.includes(one.full_name));
      entries += bundle.entry.length;
    }
  }
  t.diagnostic(`${imported.length} people, ${entries} entries`);
});

test('what the tables have is there, each in its section, and no more', async () => {
  const today = "(now() AT TIME ZONE INTERVAL '5 hours')::date";
  const prescribed = (p) => `${p}.status IN ('active', 'dispensed') AND ${p}.valid_to >= ${today} AND ${p}.record_status <> 'entered_in_error' AND ${p}.superseded_by IS NULL`;
  const wanted = {
    problems: "condition WHERE clinical_status <> 'resolved' AND record_status <> 'entered_in_error' AND superseded_by IS NULL",
    past: "condition WHERE clinical_status = 'resolved' AND record_status <> 'entered_in_error' AND superseded_by IS NULL",
    allergies: "allergy WHERE record_status <> 'entered_in_error' AND superseded_by IS NULL",
    immunizations: "immunization WHERE record_status <> 'entered_in_error' AND superseded_by IS NULL",
    // What is taken now: what is prescribed, and what the person takes beside it.
    medications: `(SELECT p.patient_id FROM prescription p WHERE ${prescribed('p')} UNION ALL
      SELECT m.patient_id FROM medication_statement m WHERE (m.ended_on IS NULL OR m.ended_on >= ${today}) AND m.record_status <> 'entered_in_error' AND m.superseded_by IS NULL
         AND NOT EXISTS (SELECT FROM prescription p WHERE p.patient_id = m.patient_id AND p.id = m.prescription_id AND ${prescribed('p')})) taken WHERE true`,
    stays: "hospitalization WHERE record_status <> 'entered_in_error' AND superseded_by IS NULL",
    // Registrations and plans that go on, doses and screenings that are due.
    plan: `(SELECT patient_id FROM dispensary_registration WHERE removed_on IS NULL AND record_status <> 'entered_in_error' AND superseded_by IS NULL
      UNION ALL SELECT patient_id FROM care_plan WHERE status = 'active' AND record_status <> 'entered_in_error' AND superseded_by IS NULL
      UNION ALL SELECT d.patient_id FROM patient p CROSS JOIN all_due_items(p.id, ${today}) d WHERE d.kind = 'screening'
      UNION ALL SELECT s.patient_id FROM patient p CROSS JOIN vaccination_calendar(p.id, '') s WHERE s.state IN ('due', 'overdue')) planned WHERE true`,
    devices: `implant WHERE (removed_on IS NULL OR removed_on > ${today}) AND record_status <> 'entered_in_error' AND superseded_by IS NULL`,
    alerts: `(SELECT patient_id FROM allergy WHERE criticality = 'high' AND record_status <> 'entered_in_error' AND superseded_by IS NULL
      UNION ALL SELECT patient_id FROM implant WHERE mri IN ('unsafe', 'conditional') AND (removed_on IS NULL OR removed_on > ${today}) AND record_status <> 'entered_in_error' AND superseded_by IS NULL
      UNION ALL SELECT patient_id FROM vaccine_exception WHERE kind = 'exemption' AND decided_on <= ${today} AND (valid_to IS NULL OR valid_to > ${today}) AND record_status <> 'entered_in_error'
         AND superseded_by IS NULL) alerts WHERE true`,
    social: "(SELECT DISTINCT patient_id, kind FROM lifestyle WHERE record_status <> 'entered_in_error' AND superseded_by IS NULL) habits WHERE true",
  };
  const seen = Object.fromEntries(Object.keys(wanted).map((name) => [name, 0]));
  for (const { id, iin } of people.slice(0, 80)) {
    const { bundle } = await summary(iin);
    const [counts] = await database.query(`SELECT ${Object.entries(wanted).map(([name, from]) => `(SELECT count(*) FROM ${from} AND patient_id = ${id}) AS ${name}`)}`);
    for (const [name, n] of Object.entries(counts)) {
      const have = section(bundle, name)?.entry?.length ?? 0;
      assert.equal(have, n, `${name} of ${id}`);
      seen[name] += n;
    }
  }
  for (const [name, n] of Object.entries(seen)) assert.ok(n > 0, `nobody has ${name}, so nothing was proved: ${JSON.stringify(seen)}`);
});

test('three languages: titles, headings, names of diagnoses; without one the person’s own', async () => {
  const [{ iin }] = await database.query(`SELECT p.iin FROM patient p WHERE p.deceased_on IS NULL AND EXISTS
    (SELECT FROM condition c WHERE c.patient_id = p.id AND c.clinical_status = 'active' AND c.superseded_by IS NULL AND c.record_status = 'active') ORDER BY p.id LIMIT 1`);
  const all = {};
  for (const lang of ['KK', 'RU', 'EN']) {
    const { bundle, language } = await summary(iin, undefined, lang);
    assertSummary(bundle, lang);
    assert.equal(language, lang);
    const [problem] = resources(bundle, 'Condition');
    const [{ name }] = await database.query(`SELECT name_${lang.toLowerCase()} AS name FROM icd10 WHERE code = '${problem.code.coding[0].code}'`);
    assert.equal(problem.code.coding[0].display, name);
    assert.ok(narrative(section(bundle, 'problems')).includes(name));
    all[lang] = section(bundle, 'problems').title;
  }
  assert.deepEqual(all, { KK: 'Денсаулық мәселелері', RU: 'Проблемы со здоровьем', EN: 'Problems' });
});

describe('who sees what', () => {
  let person, doctor, entry;

  before(async () => {
    [person] = await database.query(`SELECT p.id::text, p.iin FROM patient p WHERE p.deceased_on IS NULL AND p.district_doctor_id IS NOT NULL
      AND (SELECT count(*) FROM condition c WHERE c.patient_id = p.id AND c.superseded_by IS NULL AND c.clinical_status = 'active' AND c.record_status = 'active') >= 2
      AND EXISTS (SELECT FROM allergy a WHERE a.patient_id = p.id AND a.superseded_by IS NULL AND a.record_status = 'active') ORDER BY p.id LIMIT 1`);
    doctor = clinician(await districtDoctor(person.id));
    // Of nobody's hand, so that nobody sees it as its author.
    [entry] = await database.query(`SELECT i.code AS icd10 FROM icd10 i
      WHERE NOT EXISTS (SELECT FROM condition c WHERE c.patient_id = ${person.id} AND left(c.icd10, 1) = left(i.code, 1)) ORDER BY i.code LIMIT 1`);
    entry.id = await database.execute(`INSERT INTO condition (patient_id, recorded_on, icd10, name) VALUES (${person.id}, '2024-01-01', '${entry.icd10}', 'condition-canary') RETURNING id`);
    await database.execute(`INSERT INTO dispensary_registration (patient_id, condition_id, registered_on, group_number, icd10) VALUES (${person.id}, ${entry.id}, '2024-01-02', 3, '${entry.icd10}');
      INSERT INTO allergy (patient_id, noted_on, criticality, substance) VALUES (${person.id}, '2024-01-01', 'low', 'substance-canary')`);
    assert.ok(person && doctor && entry);
  });

  test('the doctor of the district sees it, a stranger sees nobody, whoever has a narrower view is refused', async () => {
    assertSummary((await summary(person.iin, doctor)).bundle, 'doctor');
    assert.equal(await summary(person.iin, citizen(people.find(({ iin }) => iin !== person.iin).iin)), undefined);
    const { data, errors } = await server.graphql(QUERY, { iin: person.iin }, { headers: keys.bearer({ role: 'PAYER', org: await officeOf(database) }) });
    assert.equal(data.patient.summaryDocument, null);
    assert.equal(errors[0].extensions.code, 'FORBIDDEN');
  });

  test('an entry that is hidden leaves neither a resource nor a word; the owner sees all', async () => {
    const full = await summary(person.iin);
    assert.ok(resources(full.bundle, 'Condition').some(({ code }) => code.coding[0].code === entry.icd10));
    await database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, item_id, made_by) VALUES (${person.id}, 'hide', 'condition', ${entry.id}, '${person.iin}')`);
    const { bundle, document } = await summary(person.iin, doctor, 'EN');
    assertSummary(bundle, 'hidden');
    const [{ name_en: name }] = await database.query(`SELECT name_en FROM icd10 WHERE code = '${entry.icd10}'`);
    assert.ok(!resources(bundle, 'Condition').some(({ code }) => code.coding[0].code === entry.icd10));
    for (const text of [entry.icd10, name, 'condition-canary']) assert.ok(!section(bundle, 'problems').text.div.includes(text) && !JSON.stringify(section(bundle, 'plan') ?? '').includes(text), text);
    assert.ok(!resources(bundle, 'CarePlan').some(({ description }) => description?.includes(entry.icd10)), document);
    assert.ok(resources(full.bundle, 'CarePlan').some(({ description }) => description?.includes(entry.icd10)));
    const own = await summary(person.iin);
    assert.equal(resources(own.bundle, 'Condition').length, resources(full.bundle, 'Condition').length);
  });

  test('a required section that is hidden as a whole says so in neutral words, and nothing of it is there', async () => {
    await database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, made_by) VALUES (${person.id}, 'hide', 'allergy', '${person.iin}')`);
    await database.execute(`UPDATE allergy SET recorded_by = NULL WHERE patient_id = ${person.id}`);
    const { bundle, document } = await summary(person.iin, doctor, 'EN');
    assertSummary(bundle, 'withheld');
    assert.equal(section(bundle, 'allergies').emptyReason.coding[0].code, 'withheld');
    assert.match(narrative(section(bundle, 'allergies')), /^The information of this section is not provided\.$/);
    assert.ok(!document.includes('substance-canary') && resources(bundle, 'AllergyIntolerance').length === 0);
    assert.ok(section((await summary(person.iin)).bundle, 'allergies').entry.length > 0);
  });

  test('a look at it is on record by its name', async () => {
    await summary(person.iin, doctor);
    const [{ parts }] = await database.query(`SELECT p.parts FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.patient_id = ${person.id} AND l.role = 'DOCTOR' ORDER BY l.at DESC LIMIT 1`);
    assert.match(parts, /Patient\([^)]*summaryDocument/);
  });
});

test('whoever has nothing has the three required sections all the same, and the reason', async () => {
  const [{ id, iin }] = await database.query(`SELECT p.id, p.iin FROM patient p WHERE p.deceased_on IS NULL AND NOT EXISTS (SELECT FROM allergy a WHERE a.patient_id = p.id)
    AND NOT EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id) AND NOT EXISTS (SELECT FROM prescription r WHERE r.patient_id = p.id) ORDER BY p.id LIMIT 1`);
  const { bundle } = await summary(iin, undefined, 'RU');
  assertSummary(bundle, `person ${id}`);
  for (const name of ['problems', 'allergies', 'medications']) {
    assert.equal(section(bundle, name).emptyReason.coding[0].code, 'unavailable');
    assert.equal(narrative(section(bundle, name)), 'Сведений нет.');
  }
  assert.deepEqual(Object.keys(LOINC).filter((name) => ['problems', 'allergies', 'medications'].includes(name)).length, 3);
});

test('words of a record can’t become markup, nor the diary part of a summary', async () => {
  const [{ id, iin }] = await database.query('SELECT id::text, iin FROM patient WHERE deceased_on IS NULL ORDER BY id DESC LIMIT 1');
  await database.execute(`INSERT INTO allergy (patient_id, noted_on, criticality, substance, reaction) VALUES (${id}, '2024-01-01', 'high', '<script>alert(1)</script> & "co"', E' \\x01 \\t');
    INSERT INTO diary_entry (patient_id, noted_at, kind, note) SELECT ${id}, '2024-01-01', 'wellbeing', 'diary-canary'`);
  const { bundle, document } = await summary(iin);
  assertSummary(bundle, `person ${id}`);
  assert.ok(section(bundle, 'allergies').text.div.includes('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;co&quot;'));
  assert.ok(!document.includes('diary-canary'));
});

test('what is measured, taken and done is there too: the latest of each, and nothing of it for whom the tables are closed', async () => {
  const [{ id, iin, clinic, doctor }] = await database.query(`SELECT p.id::text, p.iin, p.clinic_id AS clinic, p.district_doctor_id AS doctor FROM patient p
    WHERE p.deceased_on IS NULL AND p.sex = 'female' AND p.district_doctor_id IS NOT NULL AND p.birth_date BETWEEN '1985-01-01' AND '2000-01-01' ORDER BY p.id DESC LIMIT 1`);
  await database.execute(`
    DELETE FROM pregnancy WHERE patient_id = ${id};
    INSERT INTO lab_result (patient_id, ordered_at, resulted_at, loinc, name, value, unit, low, high, flag) VALUES
      (${id}, now() - interval '3 days', now() - interval '2 days', '99999-9', 'lab-canary', 1.5, 'mmol/L', 2, 3, 'low'), (${id}, '2020-01-01', '2020-01-02', '99999-9', 'lab-old', 2.5, 'mmol/L', 2, 3, 'normal');
    INSERT INTO lab_result (patient_id, ordered_at, resulted_at, name, value_text, status) VALUES (${id}, now(), now(), 'text-canary', 'neg < 1 & "x"', 'preliminary');
    INSERT INTO lab_result (patient_id, ordered_at, name, status) VALUES (${id}, now(), 'ordered-canary', 'ordered');
    INSERT INTO diagnostic_report (patient_id, performed_at, modality, name, conclusion, clinic_id, image_ref) VALUES (${id}, now(), 'xray', 'study-canary', 'clear', ${clinic}, 'image-canary');
    INSERT INTO observation (patient_id, observed_at, kind, value, second_value, unit) SELECT ${id}, now() + interval '1 minute', k.kind, k.least + 1, CASE k.kind WHEN 'blood_pressure' THEN k.least END, k.unit FROM observation_kind k;
    INSERT INTO lifestyle (patient_id, noted_on, kind, level, amount, unit) VALUES (${id}, kz_today() + 1, 'smoking', 'high', 20.0, '/d'), (${id}, kz_today() + 1, 'alcohol', 'none', NULL, NULL);
    INSERT INTO pregnancy (patient_id, noted_on, due_on) VALUES (${id}, kz_today() - 30, kz_today() + 150);
    INSERT INTO procedure_done (patient_id, performed_on, name, result) VALUES (${id}, '2024-02-02', 'procedure-canary', 'fine');
    INSERT INTO medication_statement (patient_id, started_on, origin, name, dose) VALUES (${id}, '2024-02-02', 'reported', 'taken-canary', 'one a day');
    INSERT INTO medication_statement (patient_id, started_on, ended_on, origin, name) VALUES (${id}, '2024-02-02', '2024-02-03', 'reported', 'ended-canary')`);
  const kinds = await database.value('SELECT count(*)::int FROM observation_kind');
  const habits = await database.value(`SELECT count(DISTINCT kind)::int FROM lifestyle WHERE patient_id = ${id}`);
  for (const lang of ['KK', 'RU', 'EN']) {
    const { bundle, document } = await summary(iin, undefined, lang);
    assertSummary(bundle, `measured, ${lang}`);
    for (const word of ['lab-canary', 'text-canary', 'study-canary', 'procedure-canary', 'taken-canary', 'neg &lt; 1 &amp; &quot;x&quot;']) assert.ok(document.includes(JSON.stringify(word).slice(1, -1)), word);
    for (const word of ['lab-old', 'ordered-canary', 'ended-canary', 'image-canary']) assert.ok(!document.includes(word), word);
    assert.equal(section(bundle, 'vitals').entry.length, kinds);
    assert.equal(section(bundle, 'social').entry.length, habits);
    assert.equal(section(bundle, 'pregnancy').entry.length, 1);
  }
  // A crew with an open call sees no laboratory results, no habits.
  const [crew] = await database.query(`SELECT m.iin, c.bin, c.id::text FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id JOIN clinic c ON c.id = j.clinic_id
    WHERE c.kind = 'ambulance' AND c.active AND m.active AND j.role <> 'manager' AND j.valid_to IS NULL AND m.id <> ${doctor} LIMIT 1`);
  await database.execute(`INSERT INTO ambulance_call (patient_id, clinic_id, received_at, category, number) VALUES (${id}, ${crew.id}, now(), 1, 'call-of-the-summary')`);
  const { bundle, document } = await summary(iin, clinician(crew, 'AMBULANCE'));
  assertSummary(bundle, 'ambulance');
  assert.ok(document.includes('study-canary') && document.includes('taken-canary'));
  assert.ok(!document.includes('lab-canary') && !section(bundle, 'social'));
});

test('days are those of Kazakhstan: what was measured half an hour after midnight there is of the new day', async () => {
  const [{ id, iin, day, before }] = await database.query(`SELECT id::text, iin, (kz_today() - 1)::text AS day, (kz_today() - 2)::text AS before FROM patient WHERE deceased_on IS NULL ORDER BY id DESC OFFSET 3 LIMIT 1`);
  const at = `'${day} 00:30+05'`;
  await database.execute(`DELETE FROM observation WHERE patient_id = ${id} AND kind = 'height'; INSERT INTO observation (patient_id, observed_at, kind, value, unit) VALUES (${id}, ${at}, 'height', 151, 'cm');
    INSERT INTO lab_result (patient_id, ordered_at, resulted_at, name, value_text) VALUES (${id}, ${at}, ${at}, 'midnight-test', 'x');
    INSERT INTO diagnostic_report (patient_id, performed_at, modality, name, conclusion) VALUES (${id}, ${at}, 'xray', 'midnight-study', 'x')`);
  const { bundle } = await summary(iin);
  for (const [of, word] of [['vitals', '151 cm'], ['results', 'midnight-test'], ['results', 'midnight-study']]) {
    const row = section(bundle, of).text.div.split('<tr>').find((one) => one.includes(word));
    assert.ok(row.includes(day) && !row.includes(before), row);
  }
});

test('what is worn and what is planned: each word of it, and none of what is hidden', async () => {
  const [{ id, iin, district, condition, icd10 }] = await database.query(`SELECT p.id::text, p.iin, p.district_doctor_id AS district, c.id AS condition, c.icd10 FROM patient p JOIN condition c ON c.patient_id = p.id
    WHERE p.deceased_on IS NULL AND p.district_doctor_id IS NOT NULL AND p.birth_date < '1980-01-01' AND c.clinical_status = 'active' AND c.superseded_by IS NULL AND c.record_status = 'active'
    AND NOT EXISTS (SELECT FROM implant i WHERE i.patient_id = p.id) AND NOT EXISTS (SELECT FROM care_plan x WHERE x.patient_id = p.id) ORDER BY p.id DESC LIMIT 1`);
  const worn = await database.execute(`INSERT INTO implant (patient_id, implanted_on, kind, mri, name, model, lot) VALUES (${id}, '2020-02-02', 'pacemaker', 'unsafe', 'device-canary <1>', 'model-canary', 'lot-canary') RETURNING id`);
  const plan = await database.execute(`INSERT INTO care_plan (patient_id, condition_id, started_on, title) VALUES (${id}, ${condition}, '2024-02-02', 'plan-canary') RETURNING id`);
  const task = await database.execute(`INSERT INTO care_task (patient_id, care_plan_id, due_on, kind, description) VALUES (${id}, ${plan}, '2030-02-02', 'test', 'task-canary') RETURNING id`);
  await database.execute(`INSERT INTO implant (patient_id, implanted_on, removed_on, kind, name) VALUES (${id}, '2010-02-02', '2011-02-02', 'lens', 'removed-canary');
    INSERT INTO care_goal (patient_id, care_plan_id, set_on, description) VALUES (${id}, ${plan}, '2024-02-02', 'goal-canary & more');
    INSERT INTO care_task (patient_id, care_plan_id, due_on, done_on, status, kind, description) VALUES (${id}, ${plan}, '2024-03-02', '2024-03-02', 'done', 'test', 'done-canary');
    INSERT INTO care_plan (patient_id, started_on, ended_on, status, title) VALUES (${id}, '2020-02-02', '2021-02-02', 'completed', 'ended-canary');
    INSERT INTO lifestyle (patient_id, noted_on, kind, level, note) VALUES (${id}, kz_today(), 'occupation', 'unknown', 'note-canary')`);
  const words = ['device-canary', 'model-canary', 'lot-canary', 'plan-canary', 'goal-canary', 'task-canary', 'note-canary'];
  for (const [lang, device, mri] of [['KK', 'Кардиостимулятор', 'болмайды'], ['RU', 'Кардиостимулятор', 'нельзя'], ['EN', 'Pacemaker', 'unsafe']]) {
    const { bundle, document } = await summary(iin, undefined, lang);
    assertSummary(bundle, `planned, ${lang}`);
    for (const word of words) assert.ok(document.includes(word), word);
    for (const word of ['removed-canary', 'done-canary', 'ended-canary']) assert.ok(!document.includes(word), word);
    const [use] = resources(bundle, 'DeviceUseStatement');
    assert.equal(bundle.entry.find(({ fullUrl }) => fullUrl === use.device.reference).resource.deviceName[0].name, 'device-canary <1>');
    assert.match(narrative(section(bundle, 'devices')), new RegExp(`${device}, device-canary &lt;1&gt;, model-canary.*${mri}`));
    const care = resources(bundle, 'CarePlan').find(({ title }) => title === 'plan-canary');
    assert.equal(bundle.entry.find(({ fullUrl }) => fullUrl === care.addresses[0].reference).resource.code.coding[0].code, icd10);
    assert.match(narrative(section(bundle, 'plan')), /plan-canary: goal-canary &amp; more.*2030-02-02/);
  }
  // An ambulance crew sees the device and no plan.
  const [crew] = await database.query(`SELECT m.iin, c.bin, c.id::text FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id JOIN clinic c ON c.id = j.clinic_id
    WHERE c.kind = 'ambulance' AND c.active AND m.active AND j.role <> 'manager' AND j.valid_to IS NULL AND m.id <> ${district} LIMIT 1`);
  await database.execute(`INSERT INTO ambulance_call (patient_id, clinic_id, received_at, category, number) VALUES (${id}, ${crew.id}, now(), 1, 'call-of-the-plan')`);
  const { document: seen, bundle: ofCrew } = await summary(iin, clinician(crew, 'AMBULANCE'));
  assertSummary(ofCrew, 'ambulance');
  assert.ok(seen.includes('device-canary') && !seen.includes('plan-canary') && !seen.includes('note-canary'));
  assert.ok(!resources(ofCrew, 'ImmunizationRecommendation').length && !resources(ofCrew, 'CarePlan').some(({ intent }) => intent === 'proposal'));
  // Hidden from the doctor: the device, a task; and then the disease, which takes its plan with it.
  const doctor = clinician(await districtDoctor(id));
  const hide = (table, item) => database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, item_id, made_by) VALUES (${id}, 'hide', '${table}', ${item}, '${iin}')`);
  await hide('implant', worn);
  await hide('care_task', task);
  const once = await summary(iin, doctor);
  assertSummary(once.bundle, 'hidden device');
  for (const word of ['device-canary', 'model-canary', 'lot-canary', 'task-canary']) assert.ok(!once.document.includes(word), word);
  assert.ok(once.document.includes('goal-canary') && !section(once.bundle, 'devices'));
  await database.execute(`UPDATE condition SET recorded_by = NULL WHERE patient_id = ${id} AND id = ${condition}`); // who wrote it would go on seeing it
  await hide('condition', condition);
  const twice = await summary(iin, doctor);
  assertSummary(twice.bundle, 'hidden disease');
  for (const word of ['plan-canary', 'goal-canary', 'task-canary']) assert.ok(!twice.document.includes(word), word);
  assert.ok(!resources(twice.bundle, 'CarePlan').some(({ intent }) => intent === 'proposal'), 'what is due because of a disease would tell of it');
  assert.ok((await summary(iin)).document.includes('task-canary'));
});

test('alerts: what endangers life, restricts MRI or forbids a vaccine, and nothing of it that is hidden, over, or no danger', async () => {
  const [{ id, iin }] = await database.query(`SELECT p.id::text, p.iin FROM patient p WHERE p.deceased_on IS NULL AND p.district_doctor_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM allergy a WHERE a.patient_id = p.id) AND NOT EXISTS (SELECT FROM implant i WHERE i.patient_id = p.id) AND NOT EXISTS (SELECT FROM vaccine_exception x WHERE x.patient_id = p.id)
    ORDER BY p.id LIMIT 1`);
  assert.equal(section((await summary(iin)).bundle, 'alerts'), undefined);
  const add = (table, columns, values) => database.execute(`INSERT INTO ${table} (patient_id, ${columns}) VALUES (${id}, ${values}) RETURNING id`);
  const allergy = await add('allergy', 'noted_on, criticality, substance', "'2024-01-01', 'high', 'substance-alert'");
  const implant = await add('implant', 'implanted_on, kind, mri, name', "'2024-01-02', 'pacemaker', 'unsafe', 'unsafe-alert'");
  await add('implant', 'implanted_on, kind, mri, name', "'2024-01-03', 'joint', 'conditional', 'conditional-alert'");
  const exemption = await add('vaccine_exception', 'decided_on, kind, series, reason', "'2024-01-04', 'exemption', 'measles_mumps_rubella', 'reason-alert'");
  await add('allergy', 'noted_on, criticality, substance', "'2024-01-05', 'low', 'no-alert'");
  await add('implant', 'implanted_on, kind, mri, name', "'2024-01-06', 'lens', 'safe', 'no-alert'");
  await add('implant', 'implanted_on, removed_on, kind, mri, name', "'2023-01-07', '2024-01-07', 'stent', 'unsafe', 'no-alert'");
  await add('vaccine_exception', 'decided_on, kind, series, reason', "'2024-01-08', 'refusal', 'polio', 'no-alert'");
  await add('vaccine_exception', 'decided_on, valid_to, kind, series, reason', "'2024-01-09', '2024-02-09', 'exemption', 'polio', 'no-alert'");
  const said = {
    KK: ['Өмірге қауіпті аллергия: substance-alert', 'МРТ жасауға болмайды: Кардиостимулятор, unsafe-alert', 'Екпе салуға болмайды: қызылша, қызамық, паротит, reason-alert', 'МРТ шартпен ғана: Буын протезі, conditional-alert'],
    RU: ['Аллергия, опасная для жизни: substance-alert', 'МРТ нельзя: Кардиостимулятор, unsafe-alert', 'Прививка противопоказана: корь, краснуха, паротит, reason-alert', 'МРТ только при условиях: Протез сустава, conditional-alert'],
    EN: ['Allergy that may endanger life: substance-alert', 'No MRI: Pacemaker, unsafe-alert', 'Vaccine not to be given: measles, mumps, rubella, reason-alert', 'MRI under conditions only: Joint prosthesis, conditional-alert'],
  };
  for (const [lang, words] of Object.entries(said)) {
    const { bundle } = await summary(iin, undefined, lang);
    assertSummary(bundle, lang);
    assert.deepEqual(resources(bundle, 'Flag').map(({ code }) => code.text).sort(), [...words].sort());
    const flags = Object.fromEntries(resources(bundle, 'Flag').map((one) => [one.code.text.split(': ').pop(), one]));
    const detail = ({ extension }) => extension.find(({ url }) => url.endsWith('flag-detail'))?.valueReference.reference;
    const of = (flag) => bundle.entry.find(({ fullUrl }) => fullUrl === detail(flag)).resource;
    assert.equal(of(flags['substance-alert']).code.text, 'substance-alert');
    assert.equal(of(flags[words[1].split(': ').pop()]).resourceType, 'DeviceUseStatement');
    const priorities = resources(bundle, 'Flag').map(({ extension }) => extension[0].valueCodeableConcept.coding[0].code);
    assert.deepEqual(priorities, ['PH', 'PH', 'PH', 'PM'], 'the gravest first');
    assert.ok(!narrative(section(bundle, 'alerts')).includes('no-alert'));
  }
  const doctor = clinician(await districtDoctor(id));
  for (const [table, item, word] of [['allergy', allergy, 'substance-alert'], ['implant', implant, 'unsafe-alert'], ['vaccine_exception', exemption, 'reason-alert']]) {
    assert.ok((await summary(iin, doctor)).document.includes(word), word);
    await database.execute(`INSERT INTO access_rule (patient_id, kind, item_table, item_id, made_by) VALUES (${id}, 'hide', '${table}', ${item}, '${iin}')`);
    const { bundle, document } = await summary(iin, doctor);
    assertSummary(bundle, `${word} is hidden`);
    assert.ok(!document.includes(word), word);
  }
  assert.deepEqual(resources((await summary(iin, doctor)).bundle, 'Flag').length, 1);
});

describe('over HTTP', () => {
  let id, iin;
  const get = (path, headers = {}) => server.request(path, { headers });
  const outcome = (response, status, code) => {
    assert.equal(response.status, status, response.text);
    assert.equal(response.headers['content-type'], 'application/fhir+json');
    assert.equal(response.headers['cache-control'], 'no-store');
    const { resourceType, issue } = response.json();
    assert.deepEqual([resourceType, issue[0].severity, issue[0].code], ['OperationOutcome', 'error', code]);
  };

  before(async () => {
    [{ iin }] = people.slice(3);
    ({ patient: { id } } = await server.data('query ($iin: ID!) { patient(iin: $iin) { id } }', { iin }, citizen(iin)));
  });

  test('GET /fhir/Patient/{id}/$summary is the document itself', async () => {
    for (const [query, lang] of [['', null], ['?lang=RU', 'ru'], ['?_format=json&lang=EN', 'en']]) {
      const response = await get(`/fhir/Patient/${id}/$summary${query}`, citizen(iin).headers);
      assert.equal(response.status, 200, response.text);
      assert.equal(response.headers['content-type'], 'application/fhir+json');
      assert.equal(response.headers['cache-control'], 'no-store');
      const bundle = response.json();
      assertSummary(bundle, query);
      if (lang) assert.equal(bundle.language, lang);
      assert.equal(resources(bundle, 'Patient')[0].identifier[0].value, iin);
    }
    assert.equal((await get(`/fhir/Patient/${id}/%24summary`, citizen(iin).headers)).status, 200);
    // One's own looks are written a moment later.
    await until(async () => await database.value(`SELECT count(*)::int FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.person = '${iin}' AND p.parts ~ 'summaryDocument'`) >= 4, 'the looks on record');
  });

  test('who has no right, what is no id and who is not there look the same; errors are OperationOutcomes', async () => {
    const stranger = citizen(people.find((one) => one.iin !== iin).iin).headers;
    const texts = [];
    for (const one of [id, `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`, 'nonsense', '1']) {
      const response = await get(`/fhir/Patient/${one}/$summary`, stranger);
      outcome(response, 404, 'not-found');
      texts.push(response.text);
    }
    assert.equal(new Set(texts).size, 1);
    outcome(await get(`/fhir/Patient/${id}/$summary`), 401, 'login');
    outcome(await get(`/fhir/Patient/${id}/$summary`, { Authorization: 'Bearer nonsense' }), 401, 'login');
    outcome(await get(`/fhir/Patient/${id}/$summary?lang=DE`, citizen(iin).headers), 400, 'invalid');
    outcome(await get(`/fhir/Patient/${id}/$summary?lang=EN&lang=RU`, citizen(iin).headers), 400, 'invalid');
    outcome(await get(`/fhir/Patient/${id}/$summary`, keys.bearer({ role: 'PAYER', org: await officeOf(database) })), 403, 'forbidden');
    assert.equal((await server.request(`/fhir/Patient/${id}/$summary`, { method: 'POST', headers: citizen(iin).headers })).status, 405);
    for (const path of ['/fhir/Patient//$summary', `/fhir/Patient/${id}`, `/fhir/Patient/${id}/$summary/x`, '/fhir/$summary']) assert.equal((await get(path, citizen(iin).headers)).status, 404, path);
    assert.equal((await get(`/fhir/Patient/${id}/$summary`, { ...citizen(iin).headers, Origin: 'https://elsewhere.example' })).status, 403);
  });
});
