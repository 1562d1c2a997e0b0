// The planted world's rows about prevention: screening, milestones, what is due. See world.mjs.

/** Tables whose rows have no versions, no source and nobody who recorded them. */
export const PLAIN = [];

/** SQL of reference rows that only this person's record leads to, so that their names are canaries too. `text(what)`: such a name. */
export function references({ n, id }, { row, text }) {
  const names = (what) => ({ name_kk: text(what), name_ru: text(what), name_en: text(what) });
  return [
    // A rule long over, so that nothing is due by it.
    row('plan_rule', { id, kind: 'screening', code: `canary.${n}`, from_months: 0, to_months: 1, late_days: 1, every_months: 1, valid_from: '1900-01-01', valid_to: '1901-01-01',
      source: text('plan-source'), ...names('plan') }),
    row('milestone', { id, code: `canary_${'abcdefghij'[Math.floor(n / 10)]}${'abcdefghij'[n % 10]}`, domain: 'social', from_months: n, to_months: n + 1, name_kk: 'x', name_ru: 'x', name_en: 'x' }), // every child's overview has all of them
  ];
}

/**
 * Table -> the columns of entry `k` (number `i`) of a person that are not the same in all: as entryRows() of world.mjs. Tools: `text(table, column)`
 * is a canary, `day(n)` a date of its own, `code` an ICD-10 code of its own, `entry` the number that every kind's entry `k` has, `secondOf(i)` a time.
 */
export function rows({ id }, k, i, { day, text }) {
  return {
    screening_task: { rule_id: id, clinic_id: id, invited_on: day(0), done_on: day(2), channel: 'letter', status: 'done', outcome: 'normal', conclusion: text('screening_task', 'conclusion') },
    vaccine_exception: { clinic_id: id, decided_on: day(0), valid_to: day(100), kind: i % 2 ? 'refusal' : 'exemption', series: 'polio', reason: text('vaccine_exception', 'reason') },
    milestone_check: { milestone_id: id, checked_on: day(0), result: 'partly', note: text('milestone_check', 'note') },
  };
}
