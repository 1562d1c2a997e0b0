// Another system that writes into the database while a run goes on, and tells no server of it: it deletes its records and makes them anew, each time in a session of its own.
// What it did counts as acknowledged PROMISE_MS after its COMMIT was told: until then both may be read, afterwards nobody reads what was before.
import { sleep } from '../e2e/lib/run.mjs';
import { outsideMarks, outsideReferences, outsideSql } from './world.mjs';

const PROMISE_MS = 1000; // GENERATIONS_LAG_MS
const AT_ONCE = 2;
const TURN_MS = 1600; // from one change of a record to its next: longer than the promise, so that there are reads to judge
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** An outsider whose records are there; call it before the server is started. { start(), stop() -> its operations (checker.mjs) } */
export async function makeOutsider(database) {
  const operations = [], records = outsideMarks.flatMap((mark, i) => [mark, outsideReferences[i]]);
  let over = false, kept;

  const begun = (record) => {
    operations.push({ record, write: true, deletes: true, version: null, token: `outside-${record}-${operations.length}`, invoked: now(), returned: Infinity });
    return operations.at(-1);
  };

  async function turn(record) {
    const operation = begun(record);
    const version = await database.execute(outsideSql(record, operation.token)).catch(() => null);
    if (version === null) return; // the server of the database is killed just now
    operation.returned = now() + PROMISE_MS;
    operation.version = Number(version);
  }

  async function keep(own) {
    while (!over) {
      for (const record of own) {
        if (over) return;
        const due = sleep(TURN_MS / own.length);
        await turn(record);
        await due;
      }
    }
  }

  await database.execute(records.map((record) => outsideSql(record, begun(record).token)).join('\n'));
  for (const operation of operations) Object.assign(operation, { version: 1, returned: now() });

  const start = () => { kept = Promise.all(Array.from({ length: AT_ONCE }, (_, i) => keep(records.filter((_, place) => Math.floor(place / 2) % AT_ONCE === i)))); };
  return { start, stop: async () => { over = true; await kept; return operations; } };
}

/** How many reads an outsider's change obliged to something: those that were called behind its promise and before its next change of that record. */
export function howObliged(operations, outside) {
  const changes = new Map();
  for (const one of outside) changes.set(one.record, [...changes.get(one.record) ?? [], one]);
  return operations.filter(({ write, record, invoked }) => !write && changes.get(record)?.some((one, i, all) => invoked > one.returned && !(all[i + 1]?.invoked < invoked))).length;
}
