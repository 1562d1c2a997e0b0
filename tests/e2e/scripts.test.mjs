// The scripts that a person types: what they refuse, and that private services survive what happens to services.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { TOP, must, run, runSync, until } from './lib/run.mjs';

const DEMO = path.join(TOP, 'scripts/demo');
const SERVICES = path.join(TOP, 'scripts/services');

for (const [args, word] of [
  [['--patients', '0'], '--patients'],
  [['--patients', '17722518'], '17722517'],
  [['--patients', 'many'], "'many'"],
  [['--patients'], '--patients needs a value'],
  [['--port', '65536'], '65535'],
  [['--port', '-1'], "'-1'"],
  [['--workers', '0'], '--workers'],
  [['--workers', '25'], 'from 1 to 24'],
  [['--verbose'], "'--verbose'"],
]) {
  test(`demo ${args.join(' ')}: one line, status 2`, async () => {
    const { status, stdout, stderr } = await run(DEMO, args);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^demo: [^\n]+\n$/);
    assert.ok(stderr.includes(word), stderr);
  });
}

for (const args of [['start'], ['explode', '/tmp'], ['start', '/tmp', '--profile', 'fast'], ['start', '/tmp', '--redis-maxmemory', '1; x']]) {
  test(`services ${args.join(' ')}: status 2, nothing started`, async () => {
    const { status } = await run(SERVICES, args);
    assert.equal(status, 2);
  });
}

// A directory whose path has a blank, and one whose path is too long for a socket.
for (const [what, name] of [['a blank', 'a b'], ['120 characters', 'x'.repeat(120)]]) {
  test(`services in a directory with ${what}`, async (t) => {
    const base = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-scripts.'));
    const dir = path.join(base, name);
    t.after(() => {
      runSync(SERVICES, ['drop', dir]);
      rmSync(base, { recursive: true, force: true });
    });
    runSync('chmod', ['755', base]);
    const start = () => must(SERVICES, ['start', dir, '--shared-buffers', '32MB']); // the demo's profile: durable
    const pids = async () => {
      const { stdout } = await run(SERVICES, ['status', dir]);
      return Object.fromEntries([...stdout.matchAll(/^(\w+) (\d+)$/gm)].map(([, who, pid]) => [who, Number(pid)]));
    };
    const sql = async (text) => (await must('bash',
      ['-c', 'eval "$("$0" env "$1")" && "$PGBIN/psql" -X -qAt -c "$2"', SERVICES, dir, text])).trim();
    await start();
    const first = await pids();
    assert.ok(first.postgres > 0 && first.redis > 0, JSON.stringify(first));
    await sql('CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)');

    await start(); // does nothing
    assert.deepEqual(await pids(), first);

    // A crash: both killed, their files left behind, the pid of Redis now somebody else's, and a process of PostgreSQL that doesn't know yet.
    const BUSY = 'SELECT count(*) FROM generate_series(1, 1000) a, generate_series(1, 1000000) b';
    const busy = sql(BUSY).then(() => 'an answer', () => 'ended');
    await until(async () => await sql(`SELECT pid FROM pg_stat_activity WHERE query = '${BUSY}'`), 'the long query');
    process.kill(first.postgres, 'SIGKILL');
    process.kill(first.redis, 'SIGKILL');
    await until(async () => Object.keys(await pids()).length === 0, 'both are down');
    writeFileSync(path.join(dir, 'redis.pid'), `${process.pid}\n`);
    await start();
    assert.equal(await busy, 'ended');
    const second = await pids();
    assert.ok(second.postgres > 0 && second.redis > 0 && second.redis !== process.pid);
    assert.equal(await sql('SELECT n FROM kept'), '42');

    await must(SERVICES, ['stop', dir]);
    assert.deepEqual(await pids(), {});
    await must(SERVICES, ['drop', dir]);
    assert.throws(() => statSync(path.join(dir, 'postgres')), { code: 'ENOENT' });
  });
}
