// The International Patient Summary: every document is held by two public validators, by the invariants of the IPS, and by what they can't see:
// that each entry stands in its own section, that nothing hidden is left in resource or narrative, that the languages are three.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LOINC, assertSummary, narrative, resources, section } from './lib/ips.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';

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

test('what the tables have is there, each in its section, and no more', async () => {
  const today = "(now() AT TIME ZONE INTERVAL '5 hours')::date";
  const wanted = {
    problems: "condition WHERE clinical_status <> 'resolved' AND record_status <> 'entered_in_error' AND superseded_by IS NULL",
    past: "condition WHERE clinical_status = 'resolved' AND record_status <> 'entered_in_error' AND superseded_by IS NULL",
    allergies: "allergy WHERE record_status <> 'entered_in_error' AND superseded_by IS NULL",
    immunizations: "immunization WHERE record_status <> 'entered_in_error' AND superseded_by IS NULL",
    medications: `prescription WHERE status IN ('active', 'dispensed') AND valid_to >= ${today} AND record_status <> 'entered_in_error' AND superseded_by IS NULL`,
    stays: "hospitalization WHERE record_status <> 'entered_in_error' AND superseded_by IS NULL",
    plan: "dispensary_registration WHERE removed_on IS NULL AND record_status <> 'entered_in_error' AND superseded_by IS NULL",
  };
  const seen = Object.fromEntries(Object.keys(wanted).map((name) => [name, 0]));
  for (const { id, iin } of people.slice(0, 60)) {
    const { bundle } = await summary(iin);
    for (const [name, from] of Object.entries(wanted)) {
      const [{ n }] = await database.query(`SELECT count(*)::int AS n FROM ${from} AND patient_id = ${id}`);
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
    const { data, errors } = await server.graphql(QUERY, { iin: person.iin }, { headers: keys.bearer({ role: 'PAYER' }) });
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
    assert.ok(!resources(bundle, 'CarePlan').some(({ description }) => description.includes(entry.icd10)), document);
    assert.ok(resources(full.bundle, 'CarePlan').some(({ description }) => description.includes(entry.icd10)));
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
