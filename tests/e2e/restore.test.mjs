// What an operator does with the database as a whole: it is dumped, restored elsewhere and served from there; an index is built anew; it is another version than the program.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BINARY, TOP, must, run } from './lib/run.mjs';
import { Database } from './lib/psql.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';

let services, dir;

before(async () => {
  services = await sharedServices();
  dir = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-restore.'));
});
after(() => dir && rmSync(dir, { recursive: true, force: true }));

const superuser = (database) => new Database(services, database.name, 'postgres');
const tool = (name, database, args) => must(path.join(services.pgBin, name), args, { env: superuser(database).environment });
const check = (database) => run(BINARY, ['check', '--database', database.serverConninfo]);

const MIGRATIONS = readdirSync(path.join(TOP, 'db/migrations')).filter((name) => name.endsWith('.sql')).sort();

describe('a database of another version', () => {
  let database;
  const applied = (sql, body) => async () => {
    await database.execute('DROP TABLE IF EXISTS kept; CREATE TABLE kept AS TABLE schema_file');
    try {
      await database.execute(sql);
      await body();
    } finally {
      await database.execute('TRUNCATE schema_file; INSERT INTO schema_file TABLE kept; DROP TABLE kept');
    }
  };
  /** It starts, and says once what is odd. */
  const starts = async (pattern) => {
    const server = await startServer({ database });
    await server.stop();
    assert.equal(server.stderr.split('\n').filter((line) => pattern.test(line)).length, 1, server.stderr);
  };

  before(async () => { database = await createDatabase(); });
  after(() => database?.drop());

  test('older: serve and check refuse it, and say what to do', applied(`DELETE FROM schema_file WHERE name = 'migrations/${MIGRATIONS.at(-1)}'`, async () => {
    const pattern = new RegExp(`: the database is older than this program: migrations/${MIGRATIONS.at(-1)} was not applied \\(run tolqujat migrate\\)$`, 'm');
    const checked = await check(database);
    assert.equal(checked.status, 1);
    assert.match(checked.stderr, pattern);
    const served = await run(BINARY, ['serve', '--port', '0', '--access', 'open', '--database', database.serverConninfo]);
    assert.equal(served.status, 1);
    assert.match(served.stderr, pattern);
  }));
  test('newer, as while servers are replaced: they go on, with a warning; migrate refuses', applied(`INSERT INTO schema_file (name, sha256) VALUES ('migrations/9999_later.sql', 'x');
    UPDATE schema_file SET sha256 = 'y' WHERE name LIKE 'functions/%'`, async () => {
    const pattern = /the database is newer than this program: it has migrations\/9999_later\.sql$/;
    const checked = await check(database);
    assert.equal(checked.status, 0, checked.stderr);
    assert.match(checked.stderr.trim(), pattern);
    await starts(pattern);
    const { status, stderr } = await run(BINARY, ['migrate', '--database', database.conninfo]);
    assert.equal(status, 1);
    assert.match(stderr, /9999_later\.sql was applied to this database, but the file is missing: the database is newer than this program/);
  }));
  test('with other functions: nobody knows which is newer, so check refuses and serve warns', applied(`UPDATE schema_file SET sha256 = 'x' WHERE name = 'functions/booking.sql'`, async () => {
    const pattern = /functions\/booking\.sql has another text in the database than in this program \(run tolqujat migrate, unless the database is the newer one\)/;
    const checked = await check(database);
    assert.equal(checked.status, 1);
    assert.match(checked.stderr, pattern);
    await starts(pattern);
  }));
  test('empty: the first word is of migrate', async () => {
    const empty = await createDatabase({ empty: true });
    try {
      const { status, stderr } = await check(empty);
      assert.equal(status, 1);
      assert.match(stderr, /there is no table \w+ \(has tolqujat migrate been run\?\)/);
    } finally {
      await empty.drop();
    }
  });
});

describe('dump and restore', () => {
  // How many rows each table has, and a digest of what search compares.
  const CONTENTS = `SELECT format('%s %s', c.oid::regclass, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'private')
    UNION ALL SELECT 'folded ' || md5(string_agg(folded, '' ORDER BY id)) FROM drug
    UNION ALL SELECT 'folded ' || md5(string_agg(folded, '' ORDER BY code)) FROM icd10 ORDER BY 1`;
  let original, restored;

  before(async () => {
    original = await createDatabase();
    restored = await createDatabase({ empty: true });
  });
  after(() => Promise.all([original?.drop(), restored?.drop()]));

  test('an index that is built anew and so younger than one as good, is no reason to refuse the database', async () => {
    await original.execute('REINDEX INDEX CONCURRENTLY emergency_grant_right');
    const { status, stderr } = await check(original);
    assert.equal(status, 0, stderr);
  });
  test('every table is there with every row, and the database is served', async () => {
    const file = path.join(dir, 'whole.dump');
    await tool('pg_dump', original, ['-Fc', '-f', file]);
    await tool('pg_restore', restored, ['--exit-on-error', '-d', restored.name, file]);
    assert.deepEqual(await restored.query(CONTENTS), await original.query(CONTENTS));
    assert.match(await must(BINARY, ['migrate', '--database', restored.conninfo]), /^0 applied$/m);
    const { status, stderr } = await check(restored);
    assert.equal(status, 0, stderr);
    const iin = await restored.value('SELECT iin FROM patient ORDER BY id LIMIT 1');
    const server = await startServer({ database: restored });
    try {
      const { patient } = await server.data('query($iin: ID!) { patient(iin: $iin) { iin fullName clinic { name } } }', { iin });
      assert.equal(patient.iin, iin);
    } finally {
      await server.stop();
    }
  });
});
