// No answer to the wrong person, a million times. CANARY_ANSWERS asks for another number.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Canaries } from '../lib/canaries.mjs';

const ANSWERS = Number(process.env.CANARY_ANSWERS ?? 1_000_000);

let canaries;
before(async () => { canaries = await Canaries.start({ connections: 128 }); });
after(() => canaries?.stop());

test(`64 users, the same text, ${ANSWERS} answers: each has the asker’s canaries or none`, { timeout: 3_600_000 }, async (t) => {
  await canaries.run(ANSWERS, { seed: 7, ms: 1500 });
  const { count } = canaries;
  t.diagnostic(JSON.stringify(count));
  assert.ok(count.good > ANSWERS / 2 && count.disconnects > ANSWERS / 1000, JSON.stringify(count));
  assert.ok(count.terminated > 10 && count.locks > 3 && count.redisKills > 3 && count.errors.DEADLINE_EXCEEDED > 0, JSON.stringify(count));
  t.diagnostic(JSON.stringify(await canaries.assertNoTraces()));
});
