// No answer to the wrong person: lib/canaries.mjs, for as long as a run of all tests can bear; long/canaries.test.mjs for longer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Canaries } from './lib/canaries.mjs';

const ANSWERS = Number(process.env.CANARY_ANSWERS ?? 20_000);

let canaries;
before(async () => { canaries = await Canaries.start(); });
after(() => canaries?.stop());

test(`64 users, the same text, ${ANSWERS} answers: each has the asker’s canaries or none`, async (t) => {
  await canaries.run(ANSWERS);
  const { count } = canaries;
  t.diagnostic(JSON.stringify(count));
  assert.ok(count.good > ANSWERS / 2 && count.refused > ANSWERS / 50, JSON.stringify(count));
  assert.ok(count.disconnects > ANSWERS / 1000 && count.terminated > 0 && count.locks > 0 && count.redisKills > 0, JSON.stringify(count));
  assert.ok(count.errors.DEADLINE_EXCEEDED > 0, JSON.stringify(count));
});

test('an answer to somebody else would be noticed', async () => {
  const [one, other] = canaries.users;
  const before = canaries.foreign.length;
  canaries.running = true;
  await assert.rejects(canaries.connection(() => 1, { ...one, head: other.head }));
  assert.ok(canaries.foreign.length > before);
});

test('nothing of anybody in the log, in errors, metrics, names of keys and /proc', async (t) => {
  t.diagnostic(JSON.stringify(await canaries.assertNoTraces()));
});
