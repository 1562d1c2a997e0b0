// The checker, beside trying every order: on small random histories both find the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGhosts, findLost, findStale } from './checker.mjs';

/** Numbers that are the same in each run. */
function randomFrom(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** Is there an order of all that keeps what was before what, and in which each read finds the version last written? */
function isPossible(operations) {
  const rest = new Set(operations);
  const go = (current) => {
    if (rest.size === 0) return true;
    const limit = Math.min(...[...rest].map(({ returned }) => returned));
    for (const one of [...rest]) {
      if (one.invoked > limit) continue; // something ended before it was called
      if (one.write ? one.version !== current + 1 : one.version !== (one.deletes && current % 2 === 0 ? 0 : current)) continue;
      rest.delete(one);
      if (go(one.write ? one.version : current)) return true;
      rest.add(one);
    }
    return false;
  };
  return go(0);
}

test('stale is what no order explains', () => {
  const random = randomFrom(7);
  let bad = 0;
  for (let round = 0; round < 6000; round++) {
    const writes = 1 + random(3), operations = [];
    let at = 0;
    for (let version = 1; version <= writes; version++) {
      const invoked = at + random(4), returned = invoked + random(5);
      operations.push({ record: 'a', write: true, version, token: `t${version}`, invoked, returned });
      at = Math.max(at, invoked); // versions are given in the order of their calls, but may overlap
    }
    for (let i = random(4); i >= 0; i--) {
      const invoked = random(16);
      operations.push({ record: 'a', write: false, version: random(writes + 1), invoked, returned: invoked + random(5) });
    }
    const possible = isPossible(operations), stale = findStale(operations);
    // A read of what nobody has begun to write is a ghost, and not stale: both together are "no order".
    const found = stale.length > 0 || findGhosts(operations.map((one) => (one.write || one.version === 0 ? one : { ...one, token: `t${one.version}` }))).length > 0;
    assert.equal(found, !possible, JSON.stringify(operations));
    bad += !possible;
  }
  assert.ok(bad > 1000 && bad < 5000, `${bad} of 6000 were impossible`);
});

test('where every second write deletes: what no order explains, too', () => {
  const random = randomFrom(11);
  let bad = 0, nothing = 0;
  for (let round = 0; round < 6000; round++) {
    const writes = 1 + random(4), operations = [];
    let at = 0;
    for (let version = 1; version <= writes; version++) {
      const invoked = at + random(3), returned = invoked + random(5);
      operations.push({ record: 'a', write: true, deletes: true, version, token: `t${version}`, invoked, returned });
      at = invoked;
    }
    for (let i = random(4); i >= 0; i--) {
      const invoked = random(16), version = random(writes + 1);
      operations.push({ record: 'a', write: false, deletes: true, version: version % 2 ? version : 0, token: `t${version}`, invoked, returned: invoked + random(5) });
    }
    const possible = isPossible(operations);
    // What nobody acknowledged is known from the rows.
    const last = operations[writes - 1], unsaid = { ...last, version: null, returned: Infinity }, all = operations.with(writes - 1, unsaid);
    const stale = findStale(operations), wrong = (list) => findStale(list, [last]).length > 0 || findGhosts(list).length > 0;
    assert.equal(stale.length > 0 || findGhosts(operations).length > 0, !possible, JSON.stringify(operations));
    if (isPossible(all.with(writes - 1, { ...last, returned: Infinity }))) assert.equal(wrong(all), false, JSON.stringify(all));
    bad += !possible;
    nothing += possible && operations.some(({ write, version, invoked }) => !write && version === 0 && operations.some((one) => one.write && one.returned < invoked));
  }
  assert.ok(bad > 1000 && bad < 5000 && nothing > 100, `${bad} of 6000 were impossible; in ${nothing} nothing was read behind a write`);
});

test('what is promised for later: until then reads go back and forth, from then on they are as new', () => {
  const write = (version, invoked, returned) => ({ record: 1, write: true, deletes: true, version, token: `t${version}`, invoked, returned });
  const read = (version, invoked) => ({ record: 1, write: false, deletes: true, version, token: `t${version}`, invoked, returned: invoked + 1 });
  const promised = (list) => list.map((one) => ({ ...one, promised: true }));
  const writes = [write(1, 0, 10), write(2, 20, 30)], between = [read(0, 21), read(1, 23), read(0, 25), read(1, 27)];
  assert.deepEqual(findStale([...writes, ...promised(between)]), []);
  assert.deepEqual(findStale([...writes, ...between]), [between[1], between[3]]);
  const late = promised([read(1, 31), read(0, 33), read(0, 12)]);
  assert.deepEqual(findStale([...writes, ...late]), [late[2], late[0]], 'nothing is not what there was at 12, and the first is not what there was at 31');
});

test('ghosts, losses and doubles', () => {
  const write = { record: 1, write: true, version: 1, token: 'x', invoked: 5, returned: 9 };
  const unknown = { record: 1, write: true, version: null, token: 'y', invoked: 6, returned: Infinity };
  const read = (token, version, invoked, returned) => ({ record: 1, write: false, version, token, invoked, returned });
  assert.deepEqual(findGhosts([write, unknown, read('x', 1, 6, 7), read('y', 2, 7, 8), read(undefined, 0, 1, 2)]), []);
  for (const ghost of [read('x', 1, 1, 4), read('x', 2, 6, 7), read('z', 1, 6, 7), { ...read('x', 1, 6, 7), record: 2 }]) assert.deepEqual(findGhosts([write, unknown, ghost]), [ghost]);
  const row = (version, token) => ({ record: 1, version, token });
  assert.deepEqual(findLost([write, unknown], [row(1, 'x')]), { lost: [], gaps: [] });
  assert.deepEqual(findLost([write, unknown], [row(1, 'x'), row(2, 'y')]), { lost: [], gaps: [] });
  assert.deepEqual(findLost([write], []), { lost: [write], gaps: [] });
  assert.deepEqual(findLost([write, unknown], [row(1, 'x'), row(2, 'x')]).lost, [write]);
  assert.deepEqual(findLost([write, unknown], [row(1, 'x'), row(2, 'y'), row(3, 'y')]).lost, [unknown]);
  assert.deepEqual(findLost([], [row(1, 'x'), row(3, 'y')]).gaps, [1]);
});
