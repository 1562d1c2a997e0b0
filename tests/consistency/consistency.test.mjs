// The promise: after an acknowledged write no read through any worker is older, and reads never go back. Shown for each way in which a record can be
// cached, whatever happens to Redis, PostgreSQL and the workers; and that the same test notices when the server breaks it.
//
// CONSISTENCY_SECONDS: how long each run is (3; scripts/test --long: 60, and then all together 100,000 reads and 5,000 writes at least).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServices } from '../e2e/lib/services.mjs';
import { FAULTS, SABOTAGE } from './faults.mjs';
import { line, runOnce } from './run.mjs';
import { makeWorld } from './world.mjs';

const SECONDS = Number(process.env.CONSISTENCY_SECONDS ?? 3);
const WHOLE = SECONDS >= 60;
const SABOTAGED = Math.min(SECONDS, 10); // to see it once is enough
const total = { reads: 0, writes: 0, deletions: 0, soon: 0, faults: 0, outside: 0, obliged: 0 };
let services, world;

before(async () => {
  services = await startServices();
  world = await makeWorld(services);
});
after(async () => {
  await world?.remove();
  services?.stop();
});

/** What a run did too little of to show anything. */
const lacking = (fault, { reads, writes, soon, faults, failed, ratio, obliged }) => [
  [reads >= 100 && writes >= 5 && soon >= 5, 'enough was tried'],
  [!fault.strike || faults > 0, 'something went wrong'],
  [!fault.loses || failed.writes > 0, 'something went wrong'],
  [!fault.others || obliged >= 10, 'reads that had to see what others wrote a second before'],
  [!fault.ratio || ratio >= fault.ratio, `hit ratio ${ratio}: what is read has to come from caches, which the test is about`],
].filter(([holds]) => !holds).map(([, what]) => what);

describe('no read is older than what was acknowledged', () => {
  for (const [name, fault] of Object.entries(FAULTS)) {
    test(name, async (t) => {
      let lacks = [];
      // A Redis that got no time on a busy machine is left alone for a while, and what was read then did not come from it.
      for (let tries = 0, seconds = Math.max(SECONDS, fault.seconds ?? 0); tries < 3; tries++, seconds *= 2) { // a slow machine needs longer to try enough
        await services.start(); // whatever the one before left
        const result = await runOnce(world, services, fault, seconds);
        t.diagnostic(line(result));
        for (const what of ['stale', 'ghost', 'torn', 'lost', 'gaps']) assert.deepEqual(result[what].slice(0, 3), [], what);
        for (const what of ['reads', 'writes', 'deletions', 'soon', 'faults', 'outside', 'obliged']) total[what] += result[what];
        if (!fault.strike && !fault.loses) assert.deepEqual(result.failed, { reads: 0, writes: 0 });
        lacks = lacking(fault, result);
        if (lacks.length === 0) break;
      }
      assert.deepEqual(lacks, []);
    });
  }
  test('all together', (t) => {
    t.diagnostic(`stale 0, ghost 0, torn 0, dup 0 of ${total.reads} reads, ${total.writes} writes (${total.deletions} deletions), ${total.faults} faults; ${total.soon} reads within 5 ms after a write of their record; ${total.obliged} reads a second behind one of ${total.outside} writes by others`);
    assert.ok(total.deletions > 0, 'something was deleted');
    if (WHOLE) assert.ok(total.reads >= 100_000 && total.writes >= 5_000 && total.soon >= 10_000, JSON.stringify(total));
  });
});

describe('the test notices', () => {
  for (const [name, fault] of Object.entries(SABOTAGE)) {
    test(name, async (t) => {
      await services.start();
      let stale = 0, gone = !fault.deleted;
      for (let tries = 0; (stale === 0 || !gone) && tries < 12; tries++) {
        const result = await runOnce(world, services, fault, SABOTAGED);
        t.diagnostic(line(result));
        stale += result.stale.length;
        gone ||= result.stale.some(({ write, deletes, version }) => !write && deletes && version > 0);
      }
      assert.ok(stale > 0, 'reads that are older than what was acknowledged');
      assert.ok(gone, 'and of what was deleted');
    });
  }
});
