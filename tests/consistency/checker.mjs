// Whether a history of reads and writes could have happened, each at one moment between its call and its answer, on records that have one value at a
// time. PostgreSQL gives the order of writes (the version), so this is exact, and takes n log n.
//
// An operation: { record, write, version, token, invoked, returned }; times of one monotonic clock. A write that was not acknowledged has no version
// (null) and never returned (Infinity). A read of a record that is not there has version 0 and no token. Where writes delete as well, every second one does
// (`deletes: true` on each operation of such a record): then a read of nothing is one of version 0 or of any even version, whichever explains it.
// What is written behind the server's back is promised after a while only, and until then one read may see it and the next one not: `promised: true` on a read
// of such a record, which then has to be as new as the writes before it, and is no measure for other reads.

const WRITE_FIRST = 0.5; // a read of a version stands behind the write that made it

/**
 * Reads and writes that are older than what had been returned before they were called. A read of nothing takes the least version that is not older, of
 * those that were called before it returned: so it holds what comes after it to as little as it may. `rows` has the versions of writes that nobody acknowledged.
 */
export function findStale(operations, rows = []) {
  const made = new Map(rows.map(({ token, version }) => [token, version]));
  const deletions = new Map(); // record -> its deletions, the first version first
  for (const { record, write, deletes, version, token, invoked } of operations) {
    const is = version ?? made.get(token);
    if (write && deletes && is % 2 === 0) deletions.set(record, [...deletions.get(record) ?? [], { version: is, invoked }]);
  }
  for (const list of deletions.values()) list.sort((a, b) => a.version - b.version);
  const leastNothing = ({ record, returned }, floor) => (deletions.get(record) ?? []).find(({ version, invoked }) => invoked <= returned && version + WRITE_FIRST >= floor)?.version;
  const known = operations.filter(({ version }) => version !== null);
  const read = new Map(); // a read of nothing -> the version that it is taken for
  const level = (operation) => (read.get(operation) ?? operation.version) + (operation.write ? 0 : WRITE_FIRST);
  const events = [];
  for (const operation of known) {
    events.push({ at: operation.invoked, called: true, operation });
    if (Number.isFinite(operation.returned) && !operation.promised) events.push({ at: operation.returned, called: false, operation });
  }
  events.sort((a, b) => a.at - b.at || b.called - a.called);
  const highest = new Map(); // record -> the highest level that was ever returned
  const stale = [];
  for (const { called, operation } of events) {
    const floor = highest.get(operation.record) ?? -1;
    if (!called) highest.set(operation.record, Math.max(floor, level(operation)));
    else if (operation.deletes && !operation.write && operation.version === 0 && floor > WRITE_FIRST && leastNothing(operation, floor) !== undefined) read.set(operation, leastNothing(operation, floor));
    else if (level(operation) < floor) stale.push(operation);
  }
  return stale;
}

/** Reads of what nobody had written yet, or ever. */
export function findGhosts(operations) {
  const writes = new Map(operations.filter(({ write }) => write).map((operation) => [operation.token, operation]));
  return operations.filter(({ write, version, token, returned, record }) => {
    if (write || version === 0) return false;
    const source = writes.get(token);
    return !source || source.record !== record || source.invoked > returned || source.version !== null && source.version !== version;
  });
}

/** Acknowledged writes that are not in the table exactly once, and versions of a record that are missing from it. `rows`: { record, version, token }. */
export function findLost(operations, rows) {
  const places = new Map();
  for (const row of rows) places.set(row.token, [...places.get(row.token) ?? [], row]);
  const lost = operations.filter(({ write, version, record, token }) => {
    const found = places.get(token) ?? [];
    return write && (version === null ? found.length > 1 : found.length !== 1 || found[0].record !== record || found[0].version !== version);
  });
  const versions = new Map();
  for (const { record, version } of rows) versions.set(record, [...versions.get(record) ?? [], version]);
  const gaps = [...versions].filter(([, list]) => list.sort((a, b) => a - b).some((version, i) => version !== i + 1)).map(([record]) => record);
  return { lost, gaps };
}

/** How many reads were under way together with a write of their record, and how many were called within 5 ms after one was acknowledged. */
export function howSharp(operations, ms = 5) {
  const writes = new Map();
  for (const operation of operations) if (operation.write) writes.set(operation.record, [...writes.get(operation.record) ?? [], operation]);
  let overlapped = 0, soon = 0;
  for (const { write, record, invoked, returned } of operations) {
    if (write) continue;
    const near = writes.get(record) ?? [];
    overlapped += near.some((one) => one.invoked < returned && one.returned > invoked);
    soon += near.some((one) => one.returned <= invoked && invoked - one.returned < ms);
  }
  return { overlapped, soon };
}
