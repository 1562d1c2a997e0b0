// What an operator does with the database as a whole: it is dumped, restored elsewhere and served from there; an index is built anew.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BINARY, must, run } from './lib/run.mjs';
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
