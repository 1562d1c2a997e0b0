// The constraints of db/migrations: what they keep out, and what they must let in. Through psql, with no server.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TOP } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';

let db;

before(async () => {
  db = await createDatabase({ empty: true });
  for (const folder of ['db/migrations', 'db/functions']) {
    for (const file of readdirSync(path.join(TOP, folder)).filter((name) => name.endsWith('.sql')).sort()) {
      await db.execute(`BEGIN;\n${readFileSync(path.join(TOP, folder, file), 'utf8')}\nCOMMIT;`);
    }
  }
  await db.execute(`
    INSERT INTO region (id, kato, name_kk, name_ru, name_en) VALUES (75, '750000000', 'Алматы қаласы', 'город Алматы', 'Almaty City');
    INSERT INTO clinic (id, region_id, bin, kind, name, address) VALUES
      (1, 75, '140140024187', 'polyclinic', 'Емхана № 1', 'Абай даңғылы, 1'), (2, 75, '130140027833', 'hospital', 'Аурухана', 'Абай даңғылы, 2');
    INSERT INTO pharmacy (id, region_id, name, address) VALUES (1, 75, 'Шипа', 'Абай даңғылы, 3');
    INSERT INTO practitioner (id, full_name, specialty) VALUES (1, 'Асанова Әсел', 'Терапевт'), (2, 'Серіков Ерлан', 'Терапевт');
    INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('I10', 'Гипертензия', 'Гипертензия', 'Hypertension');
    INSERT INTO drug (id, inn, name, atc, strength, form, pack_quantity, producer, registration_number)
      VALUES (1, 'Амлодипин', 'Норваск', 'C08CA01', '5 мг', 'таблетка', 30, 'Пфайзер', 'R-1');
    INSERT INTO patient (id, iin, full_name, birth_date, sex) VALUES (1, '791028302728', 'Сейітов Асхат', '1979-10-28', 'male');
    SELECT setval(pg_get_serial_sequence(t, 'id'), 100) FROM unnest(ARRAY['clinic', 'pharmacy', 'practitioner', 'drug', 'patient']) t;`);
});
after(() => db?.drop());

/** Refused, and by that constraint or kind of error; nothing of it stays. */
const refuses = (sql, pattern) => assert.rejects(db.execute(sql), (error) => {
  assert.match(error.message, pattern);
  return true;
});
/** Works, and is undone. */
const lets = (sql) => db.execute(`BEGIN; ${sql}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK;`);
const patient = (iin, birth = '1990-05-05', sex = 'female') =>
  `INSERT INTO patient (iin, full_name, birth_date, sex) VALUES ('${iin}', 'Біреу', '${birth}', '${sex}')`;

describe('IIN', () => {
  test('vectors: both passes, and bodies without a check digit', async () => {
    assert.equal(await db.value(`SELECT national_number_ok('791028302728')`), true); // first pass
    assert.equal(await db.value(`SELECT national_number_ok('061211600012')`), true); // second pass
    assert.equal(await db.value('SELECT national_check_digit(06121160001)'), 2);
    assert.equal(await db.value('SELECT national_check_digit(03012659774)'), null);
    for (let digit = 0; digit < 10; digit++) {
      assert.equal(await db.value(`SELECT national_number_ok('03012659774${digit}')`), false);
    }
  });
  test('exactly one last digit is right', async () => {
    assert.deepEqual(await db.query(`SELECT d FROM generate_series(0, 9) d WHERE national_number_ok('79102830272' || d)`), [{ d: 8 }]);
  });
  test('agrees with the rule written down once more, for many bodies', async () => {
    const bodies = Array.from({ length: 2000 }, (_, i) => String((BigInt(i) * 49999991123n) % 100000000000n).padStart(11, '0'));
    const rows = await db.query(`SELECT b, national_check_digit(b::bigint) AS c FROM unnest(ARRAY['${bodies.join("','")}']) b`);
    const weights = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]];
    for (const { b, c } of rows) {
      const sums = weights.map((w) => [...b].reduce((sum, digit, i) => sum + Number(digit) * w[i], 0) % 11);
      assert.equal(c, sums[0] < 10 ? sums[0] : sums[1] < 10 ? sums[1] : null, b);
    }
    assert.equal(rows.length, 2000);
    assert.ok(rows.some(({ c }) => c === null), 'some bodies have no check digit');
  });
  test('a wrong check digit, another length, other characters are refused', async () => {
    for (const iin of ['791028302729', '79102830272', '7910283027288', '79102830272a', '', '７91028302728', ' 91028302728', '-61211600012']) {
      await refuses(patient(iin), /patient_iin_check/);
    }
  });
  test('the digits need not match the birth date or the sex, and leading zeros stay', async () => {
    await lets(patient('061211600012', '1955-01-01', 'male'));
    assert.equal(await db.execute(`BEGIN; ${patient('061211600012')} RETURNING iin; ROLLBACK;`), '061211600012');
  });
  test('two racing inserts of one IIN give one row', async () => {
    const insert = (name) => db.execute(`BEGIN; INSERT INTO patient (iin, full_name, birth_date, sex)
      VALUES ('061211600012', '${name}', '2006-12-11', 'female'); SELECT pg_sleep(0.3); COMMIT;`);
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, i) => insert(`Жарысушы ${i}`)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const { reason } of results.filter(({ status }) => status === 'rejected')) assert.match(reason.message, /patient_iin_key/);
    assert.equal(await db.value(`SELECT count(*) FROM patient WHERE iin = '061211600012'`), 1);
    await db.execute(`DELETE FROM patient WHERE iin = '061211600012'`);
  });
});

describe('reference data', () => {
  const clinic = (bin) => `INSERT INTO clinic (region_id, bin, kind, name, address) VALUES (75, '${bin}', 'polyclinic', 'A', 'B')`;
  const drug = (column, value) => `INSERT INTO drug (inn, name, atc, strength, form, pack_quantity, producer, registration_number, gtin)
    SELECT inn, name, atc, strength, form, pack_quantity, producer, registration_number, gtin FROM (SELECT 'A' AS inn, 'A' AS name,
      ${column === 'atc' ? value : "'C08CA01'"} AS atc, 'A' AS strength, 'A' AS form, ${column === 'pack' ? value : 1} AS pack_quantity, 'A' AS producer,
      ${column === 'number' ? value : "'R-9'"} AS registration_number, ${column === 'gtin' ? value : "'04006381333931'"} AS gtin) x`;
  const cap = (from, to, amount = 100, kind = 'retail') =>
    `INSERT INTO price_cap (drug_id, kind, amount, valid_from, valid_to, order_number) VALUES (1, '${kind}', ${amount}, '${from}', ${to ? `'${to}'` : 'NULL'}, 'N')`;

  test('BIN', async () => {
    await refuses(clinic('140140024188'), /clinic_bin_check/);
    await refuses(clinic('140140024187'), /clinic_bin_key/);
    await lets(clinic('220140026190'));
  });
  test('drugs: ATC, GTIN, pack, registration number', async () => {
    await lets(drug());
    for (const atc of ["'C08CA1'", "'c08CA01'", "'C08CA011'", "''"]) await refuses(drug('atc', atc), /drug_atc_check/);
    for (const gtin of ["'04006381333932'", "'4006381333931'", "'0400638133393x'"]) await refuses(drug('gtin', gtin), /drug_gtin_check/);
    await refuses(drug('pack', 0), /drug_pack_quantity_check/);
    await refuses(drug('number', "'R-1'"), /drug_registration_number_key/);
  });
  test('ICD-10', async () => {
    for (const code of ['I1', 'i10', 'I10.', 'I10.123', '110']) {
      await refuses(`INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('${code}', 'a', 'a', 'a')`, /icd10_code_check/);
    }
    await lets(`INSERT INTO icd10 (code, name_kk, name_ru, name_en) VALUES ('G63.2', 'a', 'a', 'a'), ('U07.1', 'a', 'a', 'a'), ('M54.12', 'a', 'a', 'a')`);
  });
  test('price caps of one kind never overlap', async () => {
    await lets(`${cap('2026-01-01', '2026-07-01')}; ${cap('2026-07-01', null)}; ${cap('2026-01-01', null, 100, 'wholesale')}`);
    await refuses(`BEGIN; ${cap('2026-01-01', '2026-07-01')}; ${cap('2026-06-30', null)};`, /price_cap_drug_id_kind_daterange_excl/);
    await refuses(`BEGIN; ${cap('2026-01-01', null)}; ${cap('2027-01-01', null)};`, /price_cap_drug_id_kind_daterange_excl/);
    await refuses(cap('2026-01-01', '2026-01-01'), /price_cap_check/);
    await refuses(cap('2026-01-01', null, -1), /price_cap_amount_check/);
  });
  test('drug_price_cap is the retail cap in force today', async () => {
    const today = `(now() AT TIME ZONE INTERVAL '5 hours')::date`;
    const at = (rows) => db.execute(`BEGIN; INSERT INTO price_cap (drug_id, kind, amount, valid_from, valid_to, order_number, urgent) VALUES ${rows.replaceAll("'N')", "'N', true)")};
      SELECT coalesce(drug_price_cap(d)::text, 'none') FROM drug d WHERE id = 1; ROLLBACK;`);
    assert.equal(await at(`(1, 'retail', 5, ${today} - 10, ${today}, 'N'), (1, 'retail', 129773, ${today}, ${today} + 1, 'N'), (1, 'retail', 7, ${today} + 1, NULL, 'N'), (1, 'wholesale', 9, ${today} - 1, NULL, 'N')`), '129773');
    assert.equal(await at(`(1, 'retail', 42, ${today} - 10, NULL, 'N')`), '42');
    assert.equal(await at(`(1, 'retail', 5, ${today} - 10, ${today}, 'N'), (1, 'wholesale', 9, ${today} - 1, NULL, 'N')`), 'none');
  });
  test('drug_atc_levels are the groups that an allergy may name', async () => {
    const levels = await db.value('SELECT drug_atc_levels(d) FROM drug d WHERE id = 1');
    const [atc] = levels.slice(-1);
    assert.equal(atc, await db.value('SELECT atc FROM drug WHERE id = 1'));
    assert.deepEqual(levels, [1, 3, 4, 5, 7].map((n) => atc.slice(0, n)));
  });
  test('one doctor for one district', async () => {
    const role = (doctor, number) => `INSERT INTO practitioner_role (practitioner_id, clinic_id, role, district_number, valid_from) VALUES (${doctor}, 1, 'district_doctor', ${number}, '2020-01-01')`;
    await lets(`${role(1, 1)}; ${role(2, 2)}`);
    await refuses(`BEGIN; ${role(1, 1)}; ${role(2, 1)};`, /practitioner_role_district/);
    await refuses(role(1, 'NULL'), /practitioner_role_check/);
  });
});

describe('attachments', () => {
  const attach = (clinic, doctor, from, to) => `INSERT INTO attachment (patient_id, clinic_id, district_doctor_id, attached_on, detached_on)
    VALUES (1, ${clinic}, ${doctor}, '${from}', ${to ? `'${to}'` : 'NULL'})`;
  const now = 'SELECT clinic_id, district_doctor_id FROM patient WHERE id = 1';

  test('at most one open', async () => {
    await lets(`${attach(1, 1, '2015-01-01', '2020-01-01')}; ${attach(2, 2, '2020-01-01')}`);
    await refuses(`BEGIN; ${attach(1, 1, '2015-01-01')}; ${attach(2, 2, '2020-01-01')};`, /attachment_one_open/);
    await refuses(attach(1, 1, '2015-01-01', '2014-12-31'), /attachment_check/);
  });
  test('two racing openings give one', async () => {
    const results = await Promise.allSettled([1, 2].map((clinic) => db.execute(`BEGIN; ${attach(clinic, clinic, '2020-01-01')}; SELECT pg_sleep(0.3); COMMIT;`)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    await db.execute('DELETE FROM attachment');
    assert.equal(await db.execute(now), '|');
  });
  test('the patient follows: opened, moved, closed, corrected', async () => {
    assert.equal(await db.execute(`BEGIN; ${attach(1, 1, '2015-01-01')}; ${now}; ROLLBACK;`), '1|1');
    assert.equal(await db.execute(`BEGIN; ${attach(1, 1, '2015-01-01', '2016-01-01')}; ${now}; ROLLBACK;`), '|');
    assert.equal(await db.execute(`BEGIN; ${attach(1, 1, '2015-01-01')}; UPDATE attachment SET detached_on = '2020-01-01'; ${attach(2, 2, '2020-01-01')}; ${now}; ROLLBACK;`), '2|2');
    assert.equal(await db.execute(`BEGIN; ${attach(1, 1, '2015-01-01')}; UPDATE attachment SET detached_on = '2020-01-01'; ${now}; ROLLBACK;`), '|');
    assert.equal(await db.execute(`BEGIN; ${attach(1, 1, '2015-01-01')}; UPDATE attachment SET superseded_by = 1000000;
      INSERT INTO attachment (patient_id, id, clinic_id, attached_on, version) VALUES (1, 1000000, 2, '2015-01-01', 2); SET CONSTRAINTS ALL IMMEDIATE; ${now}; ROLLBACK;`), '2|');
  });
});

describe('clinical records', () => {
  const prescription = (fields = {}) => {
    const row = { patient_id: 1, drug_id: 1, prescriber_id: 1, issued_on: "'2026-01-01'", valid_to: "'2026-02-01'", quantity: 30, number: "'R1'", dose: "'күніне 1 рет'", ...fields };
    return `INSERT INTO prescription (${Object.keys(row)}) VALUES (${Object.values(row)})`;
  };
  const condition = (fields = {}) => {
    const row = { patient_id: 1, icd10: "'I10'", name: "'Гипертензия'", recorded_on: "'2026-01-01'", ...fields };
    return `INSERT INTO condition (${Object.keys(row)}) VALUES (${Object.values(row)})`;
  };

  test('a prescription and its dispensing', async () => {
    await lets(prescription());
    await refuses(prescription({ valid_to: "'2025-12-31'" }), /prescription_check/);
    await refuses(prescription({ quantity: 0 }), /prescription_quantity_check/);
    await refuses(prescription({ status: "'lost'" }), /prescription_status_check/);
    await refuses(prescription({ status: "'dispensed'" }), /prescription_check/);
    await refuses(prescription({ patient_id: 99 }), /prescription_patient_id_fkey/);
    await refuses(prescription({ dose: `repeat('x', 501)` }), /prescription_dose_check/);
    const given = (fields) => `${prescription({ id: 7 })}; INSERT INTO dispense (patient_id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, dispensed_on, quantity)
      VALUES (1, ${fields.id ?? 7}, 1, 1, ${fields.price ?? 100}, ${fields.paid ?? 100}, '2026-01-02', ${fields.quantity ?? 30})`;
    await lets(given({}));
    await lets(given({ paid: 0 }));
    await refuses(`BEGIN; ${given({ id: 8 })};`, /dispense_patient_id_prescription_id_fkey/);
    await refuses(`BEGIN; ${given({ price: -1, paid: 0 })};`, /dispense_(price_)?check/);
    await refuses(`BEGIN; ${given({ paid: 101 })};`, /dispense_check/);
    await refuses(`BEGIN; ${given({ quantity: 0 })};`, /dispense_quantity_check/);
  });
  test('a number has one version in force; a correction keeps it', async () => {
    await refuses(`BEGIN; ${prescription()}; ${prescription()};`, /prescription_number/);
    await lets(`${prescription({ id: 1 })}; UPDATE prescription SET superseded_by = 2 WHERE id = 1; ${prescription({ id: 2, version: 2, quantity: 60 })}`);
    await refuses(`BEGIN; ${prescription({ id: 1 })}; UPDATE prescription SET superseded_by = 2 WHERE id = 1; COMMIT;`, /prescription_patient_id_superseded_by_fkey/);
    await refuses(`BEGIN; ${prescription({ id: 1 })}; UPDATE prescription SET superseded_by = 1 WHERE id = 1;`, /prescription_check/);
  });
  test('the same record of a source comes once', async () => {
    await refuses(`BEGIN; ${condition({ source_rec: "'a'" })}; ${condition({ source_rec: "'a'" })};`, /condition_source_id_source_rec_key/);
    await lets(`${condition({ source_rec: "'a'" })}; ${condition({ source_rec: "'b'" })}; ${condition()}; ${condition()}`);
  });
  test('diagnoses', async () => {
    await refuses(condition({ icd10: "'Z99'" }), /condition_icd10_fkey/);
    await refuses(condition({ onset: "'2026-01-02'" }), /condition_check/);
    await refuses(condition({ onset: "'2025-01-01'", abated_on: "'2024-01-01'", clinical_status: "'resolved'" }), /condition_check/);
    await refuses(condition({ abated_on: "'2026-01-01'" }), /condition_check/);
    await refuses(condition({ sens: 4 }), /condition_sens_check/);
  });
  test('allergies and vaccinations', async () => {
    const allergy = (criticality, atc) => `INSERT INTO allergy (patient_id, noted_on, criticality, substance, atc) VALUES (1, '2020-01-01', '${criticality}', 'Пенициллин', '${atc}')`;
    for (const atc of ['J', 'J01', 'J01C', 'J01CA', 'J01CA04']) await lets(allergy('high', atc));
    await refuses(allergy('high', 'J0'), /allergy_atc_check/);
    await refuses(allergy('severe', 'J01'), /allergy_criticality_check/);
    await refuses(`INSERT INTO immunization (patient_id, given_on, dose_number, vaccine) VALUES (1, '2020-01-01', 0, 'ҚҚП')`, /immunization_dose_number_check/);
  });
  test('dispensary registration: not twice for one disease', async () => {
    const register = (more = '', values = '') => `INSERT INTO dispensary_registration (patient_id, icd10, registered_on, group_number${more}) VALUES (1, 'I10', '2020-01-01', 3${values})`;
    await refuses(`BEGIN; ${register()}; ${register()};`, /dispensary_registration_one/);
    await lets(`${register(', removed_on, removal_reason', `, '2021-01-01', 'сауықты'`)}; ${register()}`);
    await refuses(register(', removed_on', `, '2021-01-01'`), /dispensary_registration_check/);
  });
  test('referral and stay', async () => {
    const refer = (sheet) => `INSERT INTO hospital_referral (patient_id, from_clinic_id, to_clinic_id, referred_on, icd10, sheet_number) VALUES (1, 1, 2, '2026-01-01', 'I10', '${sheet}')`;
    await refuses(`BEGIN; ${refer('T1')}; ${refer('T1')};`, /hospital_referral_sheet/);
    await lets(`${refer('T1')}; ${refer('T2')}`);
    const stay = (to, from = '2026-01-05') => `INSERT INTO hospitalization (patient_id, clinic_id, admitted_on, department, icd10_admission${to ? ', discharged_on, icd10_discharge, outcome' : ''})
      VALUES (1, 2, '${from}', 'Терапия', 'I10'${to ? `, '${to}', 'I10', 'improved'` : ''})`;
    await lets(`${stay('2026-01-09')}; ${stay(undefined, '2026-01-09')}`);
    await refuses(`BEGIN; ${stay('2026-01-09')}; ${stay(undefined, '2026-01-08')};`, /hospitalization_way|one hospital at a time/);
    await refuses(`BEGIN; ${stay()}; ${stay()};`, /hospitalization_one_open/);
    await refuses(stay('2026-01-04'), /hospitalization_check/);
    await refuses(`BEGIN; ${stay()}; UPDATE hospitalization SET discharged_on = '2026-01-09', outcome = 'improved';`, /hospitalization_check/);
  });
});
