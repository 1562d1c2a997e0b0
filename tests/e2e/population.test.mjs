// db/population: the check set, the same person at every size, growing and refusing, and that the indexes of the
// lists cover what schema/passport.graphql maps. Through psql and the loader, with no server.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { IIN, category, condition, entry, observation, person, quantity, runImport } from './lib/imports.mjs';
import { Database } from './lib/psql.mjs';
import { BINARY, TOP, must, run } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';

const LOAD = path.join(TOP, 'db/population/load');
const CHECK = readFileSync(path.join(TOP, 'db/population/check.sql'), 'utf8');
const OWNED = ['attachment', 'condition', 'allergy', 'immunization', 'prescription', 'dispense', 'dispensary_registration', 'hospital_referral', 'hospitalization',
  'guardianship', 'appointment', 'ambulance_call', 'diary_entry', 'access_rule', 'emergency_grant',
  'lab_result', 'observation', 'lifestyle', 'pregnancy', 'diagnostic_report', 'ai_finding', 'procedure_done', 'implant', 'medication_statement', 'emergency_contact',
  'encounter', 'screening_task', 'vaccine_exception', 'milestone_check'];
const REFERENCE = ['source_system', 'region', 'clinic', 'pharmacy', 'practitioner', 'practitioner_role', 'icd10', 'drug', 'price_cap', 'lab_test', 'lab_range', 'health_authority'];
const MEDICINES = { leaflet: 'id', specialty: 'name_kk', dosage_form: 'name_kk', vaccine: 'code', pharmacy_price: 'drug_id, pharmacy_id', med_package: 'id', package_event: 'package_id, seq', batch_recall: 'id' };
const work = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-population.'));
const made = [];

/** A migrated database, and the superuser's way into it, which is how the demo loads. */
async function migrated() {
  const db = await createDatabase({ empty: true });
  made.push(db);
  for (const folder of ['db/migrations', 'db/functions']) {
    for (const file of readdirSync(path.join(TOP, folder)).filter((name) => name.endsWith('.sql')).sort()) {
      await db.execute(`BEGIN;\n${readFileSync(path.join(TOP, folder, file), 'utf8')}\nCOMMIT;`);
    }
  }
  await db.execute(readFileSync(path.join(TOP, 'db/grants.sql'), 'utf8'));
  return new Database(db.services, db.name, 'postgres');
}

const load = (db, people, ...flags) => run(LOAD, ['--patients', String(people), ...flags], { env: db.environment });
async function loaded(db, people, ...flags) {
  const { status, stdout, stderr } = await load(db, people, ...flags);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** One hash per table of the rows of people 1 to n (and of all reference rows), ids and times included. */
async function fingerprint(db, n) {
  // Each database has a key of its own for pick-up codes.
  const hash = (table, key, where = 'true') =>
    `SELECT '${table}' AS t, count(*) AS n, md5(string_agg(md5((to_jsonb(x) - 'pick_code_hash')::text), '' ORDER BY ${key})) AS h FROM ${table} x WHERE ${where}`;
  const rows = await db.query([
    hash('patient', 'id', `id <= ${n}`),
    ...OWNED.map((table) => hash(table, 'patient_id, id', `patient_id <= ${n}`)),
    ...REFERENCE.map((table) => hash(table, table === 'icd10' ? 'code' : 'id')),
    ...Object.entries(MEDICINES).map(([table, key]) => hash(table, key)),
  ].join(' UNION ALL '));
  return rows.sort((a, b) => (a.t < b.t ? -1 : 1));
}

async function failedChecks(db) {
  const rows = await db.query(CHECK.replace(/;\s*$/, ''));
  assert.ok(rows.length > 120, 'the check set is there');
  return rows.filter(({ ok }) => ok !== true);
}

let small;
let large;
before(async () => {
  [small, large] = [await migrated(), await migrated()];
  await loaded(small, 1000, '--jobs', '1');
  await loaded(large, 2000, '--jobs', '2', '--iins', path.join(work, 'iins.txt'));
});
after(async () => {
  for (const db of made) await db.drop();
  rmSync(work, { recursive: true, force: true });
});

describe('population', () => {
  test('the check set holds at 1,000 and at 2,000 people', async () => {
    assert.deepEqual(await failedChecks(small), []);
    assert.deepEqual(await failedChecks(large), []);
  });

  test('the check set notices what is wrong', async () => {
    // Those of prevention together, each in rows of its own: the check set takes a while.
    const prevention = [
      [/^a visit that never was/, `UPDATE encounter SET confirmed_by = 'sms', confirmed_at = started_at WHERE id & 255 = 120`],
      [/^visits that never were lie/, 'UPDATE encounter SET clinic_id = (SELECT p.clinic_id FROM patient p WHERE p.id = encounter.patient_id) WHERE id & 255 = 122'],
      [/^coverage of vaccine.mmr.1/, `DELETE FROM immunization WHERE vaccine = 'ҚҚП' AND patient_id % 5 = 0`],
      [/^screenings that were done, 3/, `UPDATE screening_task SET status = 'missed', done_on = NULL, outcome = NULL WHERE status = 'done' AND patient_id % 4 = 0`],
      [/^screenings are for who/, `UPDATE screening_task SET rule_id = 101 WHERE id = (SELECT min(s.id) FROM screening_task s JOIN patient p ON p.id = s.patient_id WHERE p.sex = 'male')`],
      [/^nobody is invited for/, `INSERT INTO dispensary_registration (patient_id, icd10, registered_on, group_number) SELECT patient_id, 'I10', '2020-01-01', 3 FROM screening_task WHERE rule_id = 104 LIMIT 1`],
      [/^no dose of a series while/, `INSERT INTO vaccine_exception (patient_id, kind, series, decided_on, reason) SELECT patient_id, 'refusal', 'tuberculosis', given_on, 'x' FROM immunization WHERE vaccine = 'БЦЖ' LIMIT 1`],
      [/^milestones are looked for/, 'UPDATE milestone_check SET milestone_id = 16 WHERE id = (SELECT min(id) FROM milestone_check WHERE milestone_id = 1)'],
      [/^milestones reached/, `UPDATE milestone_check SET result = 'partly' WHERE patient_id % 3 = 0`],
      [/^each region has a health/, 'DELETE FROM health_authority_post; DELETE FROM health_authority WHERE region_id = 75'],
      [/^every measure has/, `DELETE FROM figure_cell WHERE measure = 'screening'`],
      [/^passports are counted/, `UPDATE figure_cell SET part = part - 1 WHERE measure = 'passports' AND region_id IS NULL`],
      [/^capitation counts/, 'UPDATE capitation_month SET people = people + 1 WHERE (clinic_id, month, condition) = (SELECT clinic_id, month, condition FROM capitation_month LIMIT 1)'],
      [/^capitation pays/, `UPDATE capitation_month SET percent = 90 WHERE condition = 'no_visit'`],
    ];
    const wrongs = [
      [/^nothing before birth.*vaccination/, `UPDATE immunization i SET given_on = p.birth_date - 1 FROM patient p WHERE p.id = i.patient_id AND i.id = (SELECT min(id) FROM immunization)`],
      [/^no price above the cap/, 'SET session_replication_role = replica; UPDATE dispense SET price = 100000000 WHERE id = (SELECT min(id) FROM dispense)'],
      [/^free is free/, `SET session_replication_role = replica; UPDATE dispense SET paid_by_patient = 1 WHERE id = (SELECT min(d.id) FROM dispense d JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id WHERE r.payment = 'gobmp')`],
      [/^clinic and doctor follow/, 'UPDATE patient SET clinic_id = NULL, district_doctor_id = NULL WHERE id = 1'],
      [/^everybody is there/, 'SET session_replication_role = replica; DELETE FROM patient WHERE id = 7'],
      [/^prescription: FOREIGN KEY \(prescriber_id\)/, 'SET session_replication_role = replica; UPDATE prescription SET prescriber_id = 99999999 WHERE id = (SELECT min(id) FROM prescription)'],
      [/^no pharmacy asks more/, 'SET session_replication_role = replica; UPDATE pharmacy_price SET price = 99999999 WHERE drug_id = 16'],
      [/^Kardiomagnil's mean/, 'UPDATE pharmacy_price SET price = 60100 WHERE drug_id = 8 AND price = 60000'],
      [/^a package is sold once/, `UPDATE med_package SET state = 'sold' WHERE id = (SELECT min(id) FROM med_package WHERE state = 'in_circulation' AND pharmacy_id IS NOT NULL)`],
      [/^a package's path/, 'UPDATE package_event SET at = now() WHERE package_id = (SELECT min(package_id) FROM package_event) AND seq = 1'],
      [prevention.map(([name]) => name), prevention.map(([, sql]) => sql).join('; ')],
      [/^each region has a health/, 'UPDATE base_population SET people = people + 1 WHERE region_id = 75'],
      [/^women$/, `UPDATE patient SET sex = 'male'`],
    ];
    for (const [names, sql] of wrongs) {
      const out = await small.execute(`BEGIN; ${sql}; ${CHECK} ROLLBACK;`);
      const failed = out.split('\n').map((line) => line.split('|')).filter(([, ok]) => ok !== 't').map(([first]) => first);
      for (const name of [names].flat()) assert.ok(failed.some((line) => name.test(line)), `${name} among ${failed}`);
    }
  });

  test('the same person at two sizes', async () => {
    const prints = await fingerprint(small, 1000);
    assert.deepEqual(prints, await fingerprint(large, 1000));
    for (const { t, n } of prints) assert.ok(n > 0, `${t} has rows`);
  });

  test('a population that grows equals one loaded at once, and a finished one is left alone', async () => {
    const grown = await migrated();
    await loaded(grown, 700);
    await loaded(grown, 2000);
    assert.deepEqual(await fingerprint(grown, 2000), await fingerprint(large, 2000));
    const FIGURES = `SELECT 'cells' AS what, count(*)::int AS n, md5(string_agg(c::text, '' ORDER BY month, measure, region_id NULLS FIRST, clinic_id NULLS FIRST, subject)) AS h FROM figure_cell c
      UNION ALL SELECT 'capitation', count(*)::int, md5(string_agg(c::text, '' ORDER BY month, clinic_id, condition)) FROM capitation_month c
      UNION ALL SELECT 'flags', count(*)::int, md5(string_agg(patient_id || rule || encounter_id, '' ORDER BY patient_id, encounter_id, rule)) FROM private.visit_flag`;
    const figures = await grown.query(FIGURES);
    assert.deepEqual(figures, await large.query(FIGURES));
    for (const { what, n } of figures) assert.ok(n > 0, what);
    assert.match(await loaded(grown, 2000), /there already/);
    assert.deepEqual(await fingerprint(grown, 2000), await fingerprint(large, 2000));
  });

  test('another seed is another people', async () => {
    const other = await migrated();
    await loaded(other, 1000, '--seed', '2');
    assert.deepEqual(await failedChecks(other), []);
    const iins = (db) => db.query('SELECT iin FROM patient').then((rows) => rows.map(({ iin }) => iin));
    const first = new Set(await iins(small));
    assert.ok((await iins(other)).filter((iin) => first.has(iin)).length < 10);
  });

  test('without the right to skip foreign keys it loads the same, every one of them checked', async () => {
    const slow = await migrated();
    await loaded(new Database(slow.services, slow.name), 300);
    assert.deepEqual(await fingerprint(slow, 300), await fingerprint(large, 300));
  });

  test('what does not fit is refused, and nothing changes', async () => {
    const before = await fingerprint(large, 2000);
    for (const [people, flags, message] of [[1000, [], /more than 1000/], [2000, ['--seed', '2'], /another seed or day/], [2000, ['--day', '2026-10-01'], /another seed or day/]]) {
      const { status, stderr } = await load(large, people, ...flags);
      assert.equal(status, 1);
      assert.match(stderr, message);
    }
    assert.deepEqual(await fingerprint(large, 2000), before);
    const unmigrated = await createDatabase({ empty: true });
    made.push(unmigrated);
    const { status, stderr } = await load(unmigrated, 1000);
    assert.equal(status, 1);
    assert.match(stderr, /tolqujat migrate/);
  });

  test('bad arguments are one line and status 2', async () => {
    for (const flags of [['--patients', '0'], ['--patients', '17722518'], ['--patients', '1e3'], ['--seed', '-1'], ['--seed', '2147483648'], ['--day', '2026-13-01'],
      ['--day', 'today'], ['--jobs', '0'], ['--patients'], ['--people', '1']]) {
      const { status, stderr } = await run(LOAD, flags, { env: large.environment });
      assert.equal(status, 2, flags.join(' '));
      assert.match(stderr, /^load: [^\n]+\n$/);
    }
  });

  test('all IINs, one a line', async () => {
    const lines = readFileSync(path.join(work, 'iins.txt'), 'utf8').split('\n');
    assert.equal(lines.pop(), '');
    assert.equal(lines.length, 2000);
    assert.ok(lines.every((line) => /^[0-9]{12}$/.test(line)));
    assert.equal(new Set(lines).size, 2000);
    assert.equal(await large.value(`SELECT count(*) FROM patient WHERE iin = ANY (ARRAY['${lines.join("','")}'])`), 2000);
  });

  test('IINs stay unique in blocks far apart, up to the last person and the practitioners', async () => {
    const setup = await migrated();
    const { status, stderr } = await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'seed=1', '-v', 'day=2026-11-01', '-f', path.join(TOP, 'db/population/setup.sql')], { env: setup.environment });
    assert.equal(status, 0, stderr);
    const [row] = await setup.query(`SELECT count(*) AS n, count(DISTINCT iin) AS iins, bool_and(national_number_ok(iin)) AS ok FROM (
      SELECT * FROM population.identity(1, 40000) UNION ALL SELECT * FROM population.identity(9000001, 9040000)
      UNION ALL SELECT * FROM population.identity(17682518, 17722517) UNION ALL SELECT * FROM population.identity(4900 * 4096 + 1, 4910 * 4096)) x`);
    assert.deepEqual(row, { n: 160960, iins: 160960, ok: true });
  });

  test('people who were imported stay beside it: above all of its numbers, and not what its check set looks at', async () => {
    const [who, known] = [person(), { id: 'known' }];
    const [{ iin, birth_date: birthDate, sex: gender }] = await large.query('SELECT iin, birth_date, sex FROM patient WHERE id = 3');
    known.resource = { resourceType: 'Patient', id: known.id, identifier: [{ system: IIN, value: iin }], birthDate, gender };
    const clinic = { resourceType: 'Organization', id: 'o', name: 'Clinic elsewhere' };
    const of = (one, kind, more) => ({ resourceType: kind, id: `${kind}-${one.id}`, status: 'final', subject: { reference: `urn:uuid:${one.id}` }, ...more });
    const resources = [who.resource, known.resource, clinic, ...[who, known].flatMap((one) => [condition(one, `c-${one.id}`), of(one, 'Encounter', { status: 'finished', class: { code: 'AMB' }, serviceProvider: { reference: 'Organization/o' }, period: { start: '2024-03-01' } }),
      observation(one, `l-${one.id}`, '33762-6', { valueQuantity: quantity(90, 'pg/mL') }, { category: category('laboratory') }), of(one, 'CarePlan', { status: 'active', title: 'Plan', period: { start: '2024-03-01' } })])];
    const { report } = await runImport(new Database(large.services, large.name), { source: 'synthea' }, resources.map(entry));
    assert.deepEqual(report.filter(({ outcome }) => outcome !== 'kept'), []);
    const [row] = await large.query(`SELECT id, source_id FROM patient WHERE iin = '${who.iin}'`);
    assert.ok(row.id > 20070400 && row.source_id === 100, JSON.stringify(row));
    assert.deepEqual(await failedChecks(large), []);
  });

  test('new rows get ids beyond the population', async () => {
    const id = await small.execute(`BEGIN; INSERT INTO allergy (patient_id, noted_on, criticality, substance) VALUES (1, '2026-01-01', 'low', 'Мысық') RETURNING id; ROLLBACK;`);
    assert.ok(Number(id) > await small.value('SELECT max(id) FROM allergy'));
    assert.equal(await small.value(`SELECT count(*) FROM pg_namespace WHERE nspname = 'population'`), 0);
  });
});

describe('lists of the API', () => {
  /** type name -> { table, columns }, from the directives of the schema file. */
  const schema = readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8').replace(/#[^\n]*/g, '');
  const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const types = new Map();
  for (const [, name, table, body] of schema.matchAll(/^type (\w+) (?:implements [\w& ]+ )?@table\(name: "(\w+)"[^{]*\{\n([\s\S]*?)\n\}/gm)) {
    const columns = new Set();
    const flat = body.replace(/"(?:[^"\\]|\\.)*"\n/g, '\n').replace(/\([^()]*\n[^()]*(?:\([^()]*\)[^()]*)*\)/g, '');
    for (const [, field, rest] of flat.matchAll(/^ {2}(\w+)(?:\([^)]*\))?: (.*)$/gm)) {
      if (/@(list|computed|lookup|apart)|@reference\(function/.test(rest)) continue;
      const reference = /@reference\(columns: \[([^\]]*)\]/.exec(rest);
      const column = /@column\(name: "([^"]+)"/.exec(rest);
      for (const one of reference ? reference[1].match(/\w+/g) : [column ? column[1] : snake(field)]) columns.add(one);
    }
    types.set(name, { table, columns: [...columns] });
  }
  const lists = [...schema.matchAll(/\): (\w+)Connection! @list\(column: "(\w+)", order: "([^"]+)", where: "([^"]+)"\)/g)];

  test('each comes from its index alone, already in order', async () => {
    assert.ok(lists.length >= 9, 'the lists were found');
    for (const [, type, column, order, where] of lists) {
      const { table, columns } = types.get(type);
      assert.ok(columns.length >= 3, `${type}: ${columns}`);
      for (const page of ['', `AND (${order.replace(/ desc/g, '')}) < (date '2026-01-01', 5)`]) {
        const plan = await large.execute(`SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; -- some have a few rows only
          PREPARE p (bigint[], int[]) AS SELECT k.ord, r.* FROM unnest($1, $2) WITH ORDINALITY k (key, lim, ord)
            CROSS JOIN LATERAL (SELECT ${columns.map((name) => `t.${name}`)} FROM ${table} t
                                 WHERE t.${column} = k.key AND ${where} ${page} ORDER BY ${order} LIMIT k.lim) r;
          EXPLAIN (COSTS OFF) EXECUTE p ('{1}', '{20}');`);
        assert.match(plan, new RegExp(`Index Only Scan using ${table}_list on ${table}`), `${type}\n${plan}`);
        assert.doesNotMatch(plan, /Sort|Seq Scan/, type);
      }
    }
  });

  test('every statement that the server prepares is index scans', async () => {
    const out = await must(BINARY, ['check', '--sql', '--database', large.conninfo, '--schema', path.join(TOP, 'schema/passport.graphql')]);
    const statements = [...out.matchAll(/^-- (.*)\n(SELECT .*)$/gm)];
    assert.ok(statements.length >= 2 * lists.length + 8, `${statements.length} statements`);
    // With the settings that the server's connections have.
    const header = readFileSync(path.join(TOP, 'db/conninfo.h'), 'utf8');
    const settings = [...header.matchAll(/-c (\w+)=([\w.]+)/g)].map(([, name, value]) => `SET ${name} = ${value};`);
    assert.ok(settings.includes('SET enable_seqscan = off;'), settings.join(' '));
    for (const [, name, sql] of statements) {
      const parameters = new Set(sql.match(/\$\d+/g)).size;
      const plan = await large.execute(`${settings.join(' ')} PREPARE p AS ${sql};
        EXPLAIN (COSTS OFF) EXECUTE p (${Array(parameters).fill('NULL')});`);
      if (/FROM "access_rights(_ambulance|_citizen)?"\(/.test(sql)) { // several look-ups, the newest of a few grants among them
        assert.doesNotMatch(plan, /Bitmap|Hash|Seq Scan/, `${name}\n${plan}`);
        continue;
      }
      if (/ FROM "\w+"\(k\.k1/.test(sql)) { // the rows of a function, which may sort what it found and read small tables whole, but no table of patients
        for (const [, table] of plan.matchAll(/Seq Scan on (\w+)/g)) assert.ok(![...OWNED, 'patient', 'pharmacy_price', 'package_event'].includes(table), `${name}\n${plan}`);
        continue;
      }
      assert.doesNotMatch(plan, /Bitmap|-> +(Incremental )?Sort|Hash|Seq Scan/, `${name}\n${plan}`);
      assert.equal(plan.match(/Index (Only )?Scan using/g)?.length, 1, `${name}\n${plan}`);
      if (/ORDER BY/.test(sql)) assert.match(plan, /Index Only Scan using \w+_list/, name);
    }
  });

  test('each table has the columns that its type maps, not null where the field says so', async () => {
    const nullable = new Map((await large.query(`SELECT table_name || '.' || column_name AS c, is_nullable AS n FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL SELECT relname || '.' || attname, 'unknown' FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 WHERE relkind = 'c' AND relnamespace = 'public'::regnamespace`)).map(({ c, n }) => [c, n]));
    // Of composite types and views nothing is NOT NULL: the server looks at each row.
    const views = new Set((await large.query(`SELECT relname AS n FROM pg_class WHERE relkind IN ('c', 'v') AND relnamespace = 'public'::regnamespace`)).map(({ n }) => n));
    for (const [type, { table, columns }] of types) {
      for (const column of columns.flatMap((name) => (name.includes('{') ? ['kk', 'ru', 'en'].map((l) => name.replace(/\{\w+\}/, l)) : [name]))) {
        assert.ok(nullable.has(`${table}.${column}`), `${type}: ${table}.${column}`);
      }
    }
    for (const [, name, table, body] of schema.matchAll(/^type (\w+) (?:implements [\w& ]+ )?@table\(name: "(\w+)"[^{]*\{\n([\s\S]*?)\n\}/gm)) {
      for (const [, field, rest] of body.matchAll(/^ {2}(\w+): (\w+!.*)$/gm)) {
        if (/@computed/.test(rest) || views.has(table)) continue;
        const reference = /@reference\(columns: \[([^\]]*)\]/.exec(rest);
        for (const column of reference ? reference[1].match(/\w+/g) : [/@column\(name: "([^"]+)"/.exec(rest)?.[1] ?? snake(field)]) {
          assert.equal(nullable.get(`${table}.${column}`), 'NO', `${name}.${field}`);
        }
      }
    }
  });
});
