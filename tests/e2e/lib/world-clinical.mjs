// The planted world's rows about observations: laboratory, measurements, images, procedures, devices. See world.mjs.

/** Tables whose rows have no versions, no source and nobody who recorded them. */
export const PLAIN = [];
/** Tables whose entries name a diagnosis, and so are hidden with it. */
export const WITH_CONDITION = ['procedure_done', 'ai_finding'];

/** SQL of reference rows that only this person's record leads to, so that their names are canaries too. `text(what)`: such a name. */
export function references({ n, id }, { row, text }) {
  const name = text('lab-test');
  return [
    row('lab_test', { id, loinc: loinc(n), unit: text('lab-unit'), panel: 'markers', name_kk: name, name_ru: name, name_en: name }),
    row('lab_range', { id, lab_test_id: id, low: 100 + n, high: 300 + n, age_from: n, age_to: n + 1 }),
  ];
}
/** A LOINC code that only this person's tests have. */
export const loinc = (n) => `${9_990_000 + n}-1`;

/**
 * Table -> the columns of entry `k` (number `i`) of a person that are not the same in all: as entryRows() of world.mjs. Tools: `text(table, column)`
 * is a canary, `day(n)` a date of its own, `code` an ICD-10 code of its own, `entry` the number that every kind's entry `k` has, `secondOf(i)` a time.
 */
export function rows({ n, id }, k, i, { day, text, entry }) {
  const phone = `+7701${String(n).padStart(5, '0')}${String(i).padStart(2, '0')}`;
  return {
    lab_result: { lab_test_id: id, clinic_id: id, ordered_by: id, ordered_at: day(0), resulted_at: day(1), value: 200 + n + i / 10, low: 100 + n, high: 300 + n, flag: 'normal', specimen: 'blood',
      loinc: loinc(n), name: text('lab_result', 'name'), unit: text('lab_result', 'unit'), value_text: text('lab_result', 'text'), order_number: text('lab_result', 'order') },
    observation: { clinic_id: id, observed_at: day(0), kind: 'weight', value: 300 + n + i / 10, unit: 'kg', flag: 'critical_high', origin: 'remote_monitoring', device: text('observation', 'device') },
    lifestyle: { noted_on: day(0), kind: 'smoking', level: 'former', amount: 500 + n + i / 10, unit: text('lifestyle', 'unit'), note: text('lifestyle', 'note') },
    pregnancy: { clinic_id: id, noted_on: day(0), due_on: day(200), ended_on: day(201), gravida: 1 + i, para: i, risk_group: 2, status: 'ended', outcome: 'live_birth' },
    diagnostic_report: { clinic_id: id, practitioner_id: id, performed_at: day(0), modality: 'fluorography', loinc: loinc(n), name: text('diagnostic_report', 'name'),
      body_site: text('diagnostic_report', 'site'), conclusion: text('diagnostic_report', 'conclusion'), image_ref: text('diagnostic_report', 'image') },
    ai_finding: { report_id: entry, condition_id: entry, confirmed_by: id, found_at: day(0), confirmed_at: day(1), status: 'confirmed', score: 50 + i, model: text('ai_finding', 'model'),
      model_version: text('ai_finding', 'version'), label: text('ai_finding', 'label') },
    procedure_done: { clinic_id: id, practitioner_id: id, condition_id: entry, performed_on: day(0), code: text('procedure_done', 'code'), name: text('procedure_done', 'name'),
      result: text('procedure_done', 'result') },
    implant: { clinic_id: id, implanted_on: day(0), removed_on: day(30), kind: 'stent', mri: 'conditional', name: text('implant', 'name'), model: text('implant', 'model'), lot: text('implant', 'lot') },
    medication_statement: { drug_id: id, prescription_id: entry, started_on: day(0), ended_on: i % 2 ? null : day(30), origin: 'prescription', atc: 'A01AA01', name: text('medication_statement', 'name'),
      dose: text('medication_statement', 'dose') },
    emergency_contact: { noted_on: day(0), ended_on: null, relation: 'spouse', name: text('emergency_contact', 'name'), phone },
  };
}
