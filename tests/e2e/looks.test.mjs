// The record of every look, where it is written: rows equal looks, whatever is killed; nobody changes a row, and
// whoever does it all the same is found. With the program that asks the gate without a server (tests/tools/look-writer.c).
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createDatabase, startServices } from './lib/services.mjs';
import { Database, SqlError } from './lib/psql.mjs';
import { sleep, until } from './lib/run.mjs';
import { COLUMNS, auditKey, makeSecret, readRows, seal, sealBeginning, startWriter, verify } from './lib/looks.mjs';

const superuser = (database) => new Database(database.services, database.name, 'postgres');
const write = async (database, secret, options) => {
  const { status, looks, stderr } = await startWriter(database, secret, options).ended;
  assert.equal(status, 0, stderr);
  return looks;
};

/** Every look that was answered has its row, none has two, and at most `flight` rows have no answer. */
async function agree(database, looks, flight) {
  const rows = await database.query('SELECT request_id, patient_id, count(*) AS n FROM access_log GROUP BY 1, 2');
  const byRequest = new Map(rows.map((row) => [row.request_id, row]));
  const given = looks.filter(({ rc }) => rc === 0);
  const without = given.filter(({ request, patient }) => byRequest.get(request)?.patient_id !== patient);
  assert.equal(without.length, 0, `${without.length} of ${given.length} answers without a row`);
  assert.equal(rows.filter(({ n }) => n !== 1).length, 0, 'rows that are there twice');
  assert.ok(rows.length - given.length <= flight, `${rows.length - given.length} rows without an answer, ${flight} in flight`);
  return given.length;
}

describe('rows', () => {
  let database;
  const secret = makeSecret();
  before(async () => { database = await createDatabase(); });
  after(() => database?.drop());

  test('are the looks: who, whom, as what, by which right, what, and whether', async () => {
    const looks = await write(database, secret, { looks: 600, flight: 20, kind: 'mixed' });
    assert.equal(looks.length, 600);
    assert.ok(looks.every(({ rc }) => rc === 0));
    assert.equal(await agree(database, looks, 0), 600);
    const rows = await readRows(database);
    assert.equal(rows.length, 600);
    for (const row of rows) {
      const n = Number.parseInt(row.request_id.slice(8), 16);
      assert.deepEqual({ ...row, at: 0, chain: 0, mac: 0, seq: 0 }, {
        at: 0, chain: 0, mac: 0, seq: 0, patient_id: String((n % 1000) + 1), refused: n % 3 === 1, role: 'DOCTOR', person: '791028302728', organisation: '140140024187',
        client: n % 7 === 0 ? 'clinic-system' : null, capacities: n % 3 === 1 ? null : 'DISTRICT_DOCTOR', reason: n % 11 === 0 ? 'unconscious' : null, request_id: row.request_id,
        seen: ['Patient(fullName)', 'Patient(birthDate fullName)', 'Patient(fullName) Prescription(issuedOn number)'][n % 3] });
    }
    assert.ok(await database.value("SELECT bool_and(at BETWEEN now() - interval '5 minutes' AND now()) FROM access_log"));
  });

  test('are sealed in a chain, by a second implementation too', async () => {
    const key = auditKey(secret.secret);
    const [chain] = await database.query("SELECT chain::text, (extract(epoch FROM started_at - '2000-01-01 00:00:00+00') * 1000000)::bigint::text AS started, encode(mac, 'hex') AS mac FROM access_chain");
    let mac = sealBeginning(key, chain.chain, chain.started);
    assert.equal(mac.toString('hex'), chain.mac);
    const rows = await readRows(database);
    rows.forEach((row, i) => {
      assert.deepEqual([row.chain, row.seq], [chain.chain, String(i + 1)]);
      mac = seal(key, mac, row);
      assert.ok(mac.equals(row.mac), `row ${i + 1}`);
    });
  });

  test('a month has a partition, and those to come; a time without one is kept all the same', async () => {
    assert.equal(await database.value('SELECT count(*) FROM access_log_default'), 0);
    assert.ok(await database.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'access_log'::regclass") >= 5);
    assert.equal(await database.value('SELECT upkeep()'), 0);
    await database.execute(`BEGIN; INSERT INTO access_log (at, patient_id, chain, seq, parts, refused, mac) VALUES ('2020-01-01', 1, 1, 1, 1, false, '');
      DO $$ BEGIN ASSERT (SELECT count(*) FROM access_log_default) = 1; END $$; ROLLBACK;`);
  });

  test('nobody changes, deletes or empties them', async () => {
    const month = await database.value("SELECT tableoid::regclass::text FROM access_log LIMIT 1");
    for (const sql of ["UPDATE access_log SET person = '061211600012'", 'DELETE FROM access_log', 'TRUNCATE access_log', `DELETE FROM ${month}`, `TRUNCATE ${month}`,
      `UPDATE ${month} SET refused = NOT refused`, 'TRUNCATE access_log_default', "UPDATE access_parts SET parts = ''", 'DELETE FROM access_parts', 'TRUNCATE access_parts',
      'DELETE FROM access_chain', 'UPDATE access_chain SET started_at = now()', 'TRUNCATE access_chain']) {
      await assert.rejects(database.execute(sql), (error) => error instanceof SqlError && /only ever added to/.test(error.message), sql);
    }
    assert.equal(await database.value('SELECT count(*) FROM access_log'), 600);
  });

  test('a listing of one patient comes from the index', async () => {
    const plan = await database.execute(`SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE p (bigint, timestamptz) AS SELECT * FROM access_log WHERE patient_id = $1 AND at <= $2;
      EXPLAIN (COSTS OFF) EXECUTE p (5, 'infinity')`);
    const partitions = await database.value("SELECT count(*)::int FROM pg_inherits WHERE inhparent = 'access_log'::regclass");
    assert.equal(plan.match(/Bitmap Index Scan on access_log_\w+_patient_id_idx\n +Index Cond: \(patient_id = \$1\)/g)?.length, partitions, plan);
    assert.doesNotMatch(plan, /Seq Scan/);
  });
});

describe('whatever is killed', () => {
  test('writers by SIGKILL, again and again: no answer without its row, no row twice', async () => {
    const database = await createDatabase();
    const secret = makeSecret();
    const looks = [];
    const ROUNDS = 6, WRITERS = 2, FLIGHT = 40;
    for (let round = 0; round < ROUNDS; round++) {
      const writers = Array.from({ length: WRITERS }, () => startWriter(database, secret, { flight: FLIGHT }));
      await until(() => writers.every((writer) => writer.answered() > 300), 'looks');
      await sleep(30 * round);
      writers.forEach(({ child }) => child.kill('SIGKILL'));
      for (const { ended } of writers) looks.push(...(await ended).looks);
    }
    assert.ok(await agree(database, looks, ROUNDS * WRITERS * FLIGHT) > ROUNDS * WRITERS * 300);
    const { status, findings, summary } = await verify(database, secret);
    assert.deepEqual(findings, []);
    assert.equal(status, 0, summary);
    await database.drop();
  });

  test('PostgreSQL by SIGKILL under load: what could not be written was refused, the rest has its rows', async () => {
    const services = await startServices();
    try {
      const database = await createDatabase({ services });
      const secret = makeSecret();
      const writer = startWriter(database, secret, { flight: 60 });
      for (let round = 0; round < 2; round++) {
        const had = writer.answered();
        await until(() => writer.answered() > had + 500, 'looks');
        process.kill((await services.pids()).postgres, 'SIGKILL');
        await sleep(1500);
        await services.start();
      }
      const had = writer.answered();
      await until(() => writer.answered() > had + 500, 'looks after the restart', 20_000);
      writer.child.kill('SIGKILL');
      const { looks } = await writer.ended;
      assert.ok(looks.some(({ rc }) => rc < 0), 'while it was away answers were refused');
      await agree(database, looks, 3 * 60); // called off while they were in flight, twice; and the end
      assert.deepEqual((await verify(database, secret)).findings, []);
    } finally {
      services.stop();
    }
  });
});

describe('tampering', () => {
  const CHAINS = 60, ROWS = 20, ROUNDS = 19; // 19 x 54 edits
  const secret = makeSecret();
  let database, root, rows, chains, key;
  let random = 12345;
  const rnd = (n) => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    return Math.floor((random / 2 ** 32) * n);
  };
  const hex = (chain) => BigInt(chain).toString(16).padStart(16, '0');
  const plain = COLUMNS.join(', ');
  const restore = `TRUNCATE access_log, access_chain, access_parts; INSERT INTO access_log (${plain}) SELECT ${plain} FROM saved_log;
    INSERT INTO access_chain SELECT * FROM saved_chain; INSERT INTO access_parts SELECT * FROM saved_parts;`;
  const edit = (sql) => root.execute(`SET session_replication_role = replica; BEGIN; ${restore} ${sql} COMMIT;`);

  before(async () => {
    database = await createDatabase();
    root = superuser(database);
    await write(database, secret, { looks: ROWS, flight: 7, kind: 'mixed', chains: CHAINS });
    await root.execute('CREATE TABLE saved_log AS SELECT * FROM access_log; CREATE TABLE saved_chain AS SELECT * FROM access_chain; CREATE TABLE saved_parts AS SELECT * FROM access_parts; GRANT SELECT ON saved_log, saved_chain, saved_parts TO PUBLIC');
    rows = await readRows(database);
    chains = [...new Set(rows.map(({ chain }) => chain))];
    key = auditKey(secret.secret);
    assert.equal(chains.length, CHAINS);
  });
  after(() => database?.drop());

  const flips = {
    at: 'at + 1000 * (1 << $bit) * interval \'1 microsecond\'', patient_id: 'patient_id # (1::bigint << $bit)', chain: 'chain # (1::bigint << $bit)', seq: 'seq # (1::bigint << $bit)',
    parts: 'parts # (1::bigint << $bit)', refused: 'NOT refused', mac: 'set_bit(mac, $bit * 3, 1 - get_bit(mac, $bit * 3))',
    role: null, person: null, organisation: null, client: null, capacities: null, reason: null, request_id: null };
  const where = (row) => `WHERE chain = ${row.chain} AND seq = ${row.seq}`;
  const insert = (row, changes) => `INSERT INTO access_log (${plain}) SELECT ${COLUMNS.map((name) => changes[name] ?? name)} FROM saved_log ${where(row)};`;

  /** The rows from `from` on sealed anew under `under`, the first with another person. */
  const recompute = (of, from, under) => {
    let mac = from === 0 ? sealBeginning(under, of[0].chain, 0) : of[from - 1].mac;
    return of.slice(from).map((row, i) => {
      const changed = i === 0 ? { ...row, person: '061211600012' } : row;
      mac = seal(under, mac, changed);
      return `UPDATE access_log SET person = '${changed.person}', mac = '\\x${mac.toString('hex')}' ${where(row)};`;
    }).join(' ');
  };

  const kinds = {
    flip: (of) => {
      const row = of[rnd(of.length)];
      const name = COLUMNS[rnd(COLUMNS.length)];
      const bit = rnd(40);
      if (flips[name]) return `UPDATE access_log SET ${name} = ${flips[name].replaceAll('$bit', String(name === 'at' ? bit % 20 : bit))} ${where(row)};`;
      const value = row[name];
      const at = value ? rnd(value.length) : 0;
      const other = value === null ? "''" : `'${value.slice(0, at)}${String.fromCharCode(value.charCodeAt(at) ^ 1)}${value.slice(at + 1)}'`;
      return `UPDATE access_log SET ${name} = ${value !== null && rnd(4) === 0 ? 'NULL' : other} ${where(row)};`;
    },
    remove: (of) => `DELETE FROM access_log ${where(of[rnd(of.length)])};`,
    cut: (of) => `DELETE FROM access_log WHERE chain = ${of[0].chain} AND seq > ${rnd(of.length)};`,
    swap: (of) => {
      const a = of[rnd(of.length - 1)], b = of[Number(a.seq)];
      return `DELETE FROM access_log WHERE chain = ${a.chain} AND seq IN (${a.seq}, ${b.seq}); ${insert(a, { seq: b.seq })} ${insert(b, { seq: a.seq })}`;
    },
    swapSeals: (of) => {
      const a = of[rnd(of.length - 1)], b = of[Number(a.seq)];
      return `DELETE FROM access_log WHERE chain = ${a.chain} AND seq IN (${a.seq}, ${b.seq}); ${insert(a, { seq: b.seq, mac: `'\\x${b.mac.toString('hex')}'` })} ${insert(b, { seq: a.seq, mac: `'\\x${a.mac.toString('hex')}'` })}`;
    },
    twice: (of) => insert(of[rnd(of.length)], { at: `at + ${1 + rnd(1000)} * interval '1 microsecond'` }),
    invented: (of) => insert(of.at(-1), { seq: String(of.length + 1), patient_id: '7' }),
    wrongKey: (of) => recompute(of, rnd(of.length), Buffer.alloc(32, rnd(256))),
    rightKey: (of) => recompute(of, 1 + rnd(of.length - 1), key), // only the heads know
    beginning: (of) => `DELETE FROM access_chain WHERE chain = ${of[0].chain};`,
    started: (of) => `UPDATE access_chain SET started_at = started_at - ${1 + rnd(1000)} * interval '1 millisecond' WHERE chain = ${of[0].chain};`,
    gone: (of) => `DELETE FROM access_log WHERE chain = ${of[0].chain}; DELETE FROM access_chain WHERE chain = ${of[0].chain};`,
  };

  test('1,026 random edits, each in a chain of its own among others: every one is found and named, no other chain is', async () => {
    const byChain = new Map(chains.map((chain) => [chain, rows.filter((row) => row.chain === chain)]));
    const names = Object.keys(kinds);
    let edits = 0, found = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const left = new Set(chains.slice(round, round + 6));
      const hit = chains.filter((chain) => !left.has(chain));
      const did = hit.map((chain, i) => [chain, names[(i + round) % 3 ? rnd(names.length) : 0]]);
      await edit(did.map(([chain, kind]) => kinds[kind](byChain.get(chain))).join('\n'));
      const result = await verify(database, secret);
      assert.equal(result.status, 1);
      for (const [chain, kind] of did) assert.ok(result.chains.has(hex(chain)), `${kind} of ${hex(chain)} was not found\n${result.findings.join('\n')}`);
      for (const chain of left) assert.ok(!result.chains.has(hex(chain)), `${hex(chain)} was left alone`);
      edits += did.length;
      found += did.filter(([chain]) => result.chains.has(hex(chain))).length;
    }
    assert.equal(edits, 1026);
    assert.equal(found, edits);
  });

  test('the first bad row is named, and where it is', async () => {
    const row = rows.find(({ chain, seq }) => chain === chains[3] && seq === '8');
    await edit(`UPDATE access_log SET person = '061211600012' ${where(row)};`);
    const { findings } = await verify(database, secret);
    assert.equal(findings.length, 1);
    assert.match(findings[0], new RegExp(`^chain ${hex(row.chain)} seq 8 at 20\\d\\d-\\d\\d-\\d\\dT[\\d:.]+Z: it does not fit its seal$`));
  });

  test('texts of parts that were exchanged, or are gone', async () => {
    await edit("UPDATE access_parts SET parts = 'Patient(iin)' WHERE parts = 'Patient(fullName)';");
    assert.equal((await verify(database, secret)).chains.size, CHAINS);
    await edit("DELETE FROM access_parts WHERE parts = 'Patient(fullName)';");
    assert.equal((await verify(database, secret)).chains.size, CHAINS);
  });

  test('untouched it is as it was written; without heads a cut end is not seen, which is said', async () => {
    await edit('');
    const whole = await verify(database, secret);
    assert.deepEqual([whole.status, whole.findings], [0, []]);
    assert.match(whole.summary, new RegExp(`^${CHAINS * ROWS} rows in ${CHAINS} chains, ${2 * CHAINS} heads, ${CHAINS} chains expected: as they were written$`));
    await edit(`DELETE FROM access_log WHERE chain = ${chains[0]} AND seq > 5;`);
    assert.equal((await verify(database, { ...secret, heads: undefined })).status, 0);
    assert.equal((await verify(database, secret)).status, 1);
  });

  test('months: only what began in them is asked for', async () => {
    await edit('');
    const month = new Date().toISOString().slice(0, 7);
    assert.match((await verify(database, secret, ['--from', month])).summary, new RegExp(`^${CHAINS * ROWS} rows`));
    const before = await verify(database, secret, ['--to', month]);
    assert.deepEqual([before.status, before.findings], [0, []]);
    assert.match(before.summary, /^0 rows in 0 chains, 0 heads, 0 chains expected/);
    // A month whose partition was dropped: its heads stay, and are asked for unless --from says that it is over.
    await edit('DELETE FROM access_log; DELETE FROM access_chain;');
    assert.equal((await verify(database, secret)).chains.size, CHAINS);
    assert.equal((await verify(database, secret, ['--from', '2999-01'])).status, 0);
  });

  test('heads that were changed, and a line that a dying process left', async () => {
    await edit('');
    const file = path.join(secret.heads, readdirSync(secret.heads)[0]);
    const text = readFileSync(file, 'utf8');
    appendFileSync(file, '1 0123');
    assert.equal((await verify(database, secret)).status, 0);
    writeFileSync(file, text.replace(/ (\d+) (\d+) ([0-9a-f]{32})/, ' $19 $2 $3'));
    const { status, findings } = await verify(database, secret);
    assert.equal(status, 1);
    assert.match(findings.join('\n'), /1 lines are no heads under this secret/);
    writeFileSync(file, text);
    assert.equal((await verify(database, secret)).status, 0);
  });

  test('another secret fits nothing; what is missing or no month is said', async () => {
    await edit('');
    const other = await verify(database, { ...makeSecret(), heads: undefined });
    assert.equal(other.status, 1);
    assert.ok(other.chains.size === CHAINS);
    assert.equal((await verify(database, secret, ['--from', '2026-13'])).status, 2);
    assert.match((await verify(database, secret, ['--from', 'May'])).stderr, /--from: "May" is no month such as 2026-11/);
    assert.equal((await verify(database, { secret: '/nowhere' })).status, 2);
  });
});
