// The planted world's rows about care and its organisation: visits, certificates, insurance, plans, disputes. See world.mjs.

/** Tables whose rows have no versions, no source and nobody who recorded them. */
export const PLAIN = ['dispute', 'rating'];

/** Tables whose entry `k` is about diagnosis `k`, or about a plan for it: hidden with it. */
export const WITH_CONDITION = ['encounter', 'care_plan', 'care_goal', 'care_task'];

const names = (text) => ({ name_kk: text, name_ru: text, name_en: text });

/** SQL of reference rows that only this person's record leads to, so that their names are canaries too. `text(what)`: such a name. */
export function references({ name }, { row, sql, text }) {
  return [
    row('certificate_type', { code: `canary_${name}`, valid_from: '2001-01-01', ...names(text('certificate-type')) }),
    row('insurance_category', { code: `canary_${name}`, paid_by_state: sql('true'), valid_from: '2001-01-01', ...names(text('insurance-category')) }),
  ];
}

/**
 * Table -> the columns of entry `k` (number `i`) of a person that are not the same in all: as entryRows() of world.mjs. Tools: `text(table, column)`
 * is a canary, `day(n)` a date of its own, `code` an ICD-10 code of its own, `entry` the number that every kind's entry `k` has, `secondOf(i)` a time.
 */
export function rows({ name, n, id }, k, i, { sql, day, text, code, entry, secondOf }) {
  return {
    encounter: { clinic_id: id, practitioner_id: id, condition_id: entry, appointment_id: entry, started_at: day(0), ended_at: day(1), kind: 'home', confirmed_by: 'sms', confirmed_at: day(1), icd10: code,
      reason: text('encounter', 'reason'), note: text('encounter', 'note'), cost: 300_000 + n * 1000 + i, paid_by_patient: 20_000 + n * 1000 + i, payer: 'paid' },
    rating: { encounter_id: entry, practitioner_id: id, score: 1 + i, text: text('rating', 'text') },
    certificate: { clinic_id: id, practitioner_id: id, type_code: `canary_${name}`, number: text('certificate', 'number'), qr_token: text('certificate', 'qr_token'), issued_on: day(0), valid_to: day(9),
      revoked_at: day(5), revocation_reason: text('certificate', 'revocation_reason') },
    insurance_status: { insured: sql('true'), category: `canary_${name}`, valid_from: day(0), valid_to: day(2) },
    care_plan: { clinic_id: id, practitioner_id: id, condition_id: entry, started_on: day(0), ended_on: day(30), status: 'completed', title: text('care_plan', 'title') },
    care_goal: { care_plan_id: entry, set_on: day(0), due_on: day(20), status: 'reached', description: text('care_goal', 'description') },
    care_task: { care_plan_id: entry, practitioner_id: id, due_on: day(10), done_on: day(9), kind: 'test', status: 'done', description: text('care_task', 'description') },
    dispute: { item_table: 'condition', item_id: entry, clinic_id: id, number: text('dispute', 'number'), reason: 'wrong_diagnosis', channel: '1414', status: 'rejected', made_at: secondOf(i), answered_at: secondOf(i + 10),
      text: text('dispute', 'text'), answer: text('dispute', 'answer') },
  };
}
