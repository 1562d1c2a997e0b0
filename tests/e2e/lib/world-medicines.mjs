// The planted world's rows about medicines: packages and prices. See world.mjs.

/** Tables whose rows have no versions, no source and nobody who recorded them. */
export const PLAIN = [];

/** SQL of reference rows that only this person's record leads to, so that their names are canaries too. `text(what)`: such a name. */
export function references() { return []; }

/**
 * Table -> the columns of entry `k` (number `i`) of a person that are not the same in all: as entryRows() of world.mjs. Tools: `text(table, column)`
 * is a canary, `day(n)` a date of its own, `code` an ICD-10 code of its own, `entry` the number that every kind's entry `k` has, `secondOf(i)` a time.
 */
export function rows() { return {}; }
