// `tolqujat import`: what an operator gives and gets. Records that are bad, late, changed, repeated or about nobody; runs that are killed, interrupted
// or cut off; files larger than the memory that there is; and the 20 people of a public generator. (What becomes of each kind: import-mapping.)
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { assertSummary, resources } from './lib/ips.mjs';
import { IIN_SYSTEM, assertSame, basic, bundle, condition, fingerprint, importFiles, makeFolder, person, readBundle, startImport, sums, syntheaFiles, withoutSynthea } from './lib/import.mjs';
import { BINARY, run, until } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys } from './lib/tokens.mjs';

const NEW = ['--new-source', '--register-people'];
const SANITIZER = /Sanitizer|runtime error/;

let folder;
before(() => { folder = makeFolder(); });
after(() => folder?.remove());

const countOf = (database, where = 'true') => database.value(`SELECT count(*) AS n FROM private.source_record WHERE ${where}`);
/** An import that has to come to a good end. */
async function imported(database, ...args) {
  const result = await importFiles(database, args);
  assert.equal(result.status, 0, result.stderr + result.stdout);
  assert.equal(result.stderr, '');
  return result;
}

describe('the command', () => {
  let database, file;
  before(async () => {
    database = await createDatabase();
    file = folder.put('one.json', bundle(person('p-1')));
  });
  after(() => database?.drop());

  const refused = (what, args, sentence) => test(`refuses ${what}`, async () => {
    const result = await importFiles(database, args(file));
    assert.equal(result.status, 2, result.stderr);
    assert.match(result.stderr, sentence);
    assert.equal(result.said.length, 1, result.stderr);
    assert.equal(result.stdout, '');
    assert.equal(await database.value('SELECT count(*) AS n FROM private.import_run'), 0, 'nothing was begun');
  });
  refused('to do without a source', () => [], /SOURCE FILE/);
  refused('to do without a file', () => ['somebody'], /SOURCE FILE/);
  refused('a source that it does not know', (one) => ['somebody', one], /"somebody".*--new-source/);
  refused('people without a new source', (one) => ['--register-people', 'somebody', one], /--register-people.*--new-source/);
  refused('a file that is not there', (one) => [...NEW, 'somebody', one, `${one}.not`], /one\.json\.not: No such file/);
  refused('a folder', () => [...NEW, 'somebody', folder.dir], /is a folder/);
  refused('standard input twice', () => [...NEW, 'somebody', '-', '-'], /given twice/);
  refused('an empty name', (one) => ['', one], /empty/);
  refused('a batch of nothing', (one) => ['--batch', '0', 'somebody', one], /--batch: "0" is not a number from 1 to 10000/);
  refused('a flag that it does not have', (one) => ['--port', '1', 'somebody', one], /there is no flag --port/);

  test('is not for the role of the server', async () => {
    const result = await importFiles(database, [...NEW, 'somebody', file], { conninfo: database.serverConninfo });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /permission denied for function import_source/);
  });

  test('says where the database is not', async () => {
    const result = await importFiles(database, ['somebody', file], { conninfo: 'host=/nowhere dbname=x' });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /^tolqujat import: no connection to the database/);
  });

  test('has its flags in --help', async () => {
    const { stdout } = await run(BINARY, ['import', '--help']);
    assert.match(stdout, /^tolqujat import \[FLAGS\] SOURCE FILE\.\.\./);
    for (const flag of ['--new-source', '--register-people', '--batch N', '--database']) assert.ok(stdout.includes(flag), flag);
    assert.match((await run(BINARY, ['--help'])).stdout, /tolqujat import/);
  });

  test('shows on a terminal how far it is, and leaves nothing of it behind', async () => {
    const many = folder.put('progress.json', bundle(...[...Array(60).keys()].map((i) => basic(`b-${i}`))));
    const command = `'${BINARY}' import --database '${database.conninfo}' --new-source --batch 1 terminal '${many}'`;
    const { status, stdout } = await run('script', ['-qec', command, '/dev/null']);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /progress\.json: 0\.\d of 0\.0 MB, \d+ records, \d+\/s\r\x1b\[K/);
    assert.match(stdout.replace(/[^\n]*\r\x1b\[K/g, ''), /^type +outcome[^\r]*\r\nBasic +not mapped +60 [^\r]*\r\n60 records in [^\r]*\r\n$/);
  });

  test('a new source is registered once; later it is known', async () => {
    assert.deepEqual(sums((await imported(database, ...NEW, 'clinic', file)).rows), { kept: 1 });
    assert.deepEqual(sums((await imported(database, 'clinic', file)).rows), { unchanged: 1 });
    assert.deepEqual(sums((await imported(database, ...NEW, 'clinic', file)).rows), { unchanged: 1 });
    assert.equal(await database.value("SELECT count(*) AS n FROM source_system WHERE name = 'clinic' AND registers_people"), 1);
  });
});

describe('records', () => {
  let database;
  before(async () => { database = await createDatabase(); });
  after(() => database?.drop());

  test('in Bundles, on lines, from files and standard input: the same records', async () => {
    const all = [person('p-1'), condition('c-1', 'p-1'), basic('b-1'), person('p-2'), condition('c-2', 'p-2')];
    const kept = { kept: 4, 'not mapped': 1 };
    assert.deepEqual(sums((await imported(database, ...NEW, 'bundle', folder.put('all.json', bundle(...all)))).rows), kept);
    // A resource on a line has no fullUrl: it is known by its type and id.
    const lines = JSON.parse(JSON.stringify(all).replaceAll('urn:uuid:p-', 'Patient/p-')).map((one) => JSON.stringify(one)).join('\n');
    assert.deepEqual(sums((await imported(database, ...NEW, 'lines', folder.put('all.ndjson', `${lines}\n`))).rows), kept);
    const piped = await importFiles(database, [...NEW, 'pipe', folder.put('two.json', bundle(...all.slice(3))), '-'], { input: JSON.stringify(bundle(...all.slice(0, 3))) });
    assert.deepEqual([piped.status, sums(piped.rows)], [0, kept]);
    const asPeople = (found) => found.records.map(({ resource_type, record_id, state, has_row, has_patient }) => [resource_type, record_id, state, has_row, has_patient]);
    const first = asPeople(await fingerprint(database, 'bundle'));
    assert.equal(first.length, 5);
    assert.deepEqual(asPeople(await fingerprint(database, 'lines')), first);
    assert.deepEqual(asPeople(await fingerprint(database, 'pipe')), first);
    assert.equal(await database.value("SELECT file || ' ' || place AS x FROM private.source_record r JOIN source_system s ON s.id = r.source_id WHERE s.name = 'pipe' AND record_id = 'c-1'"), 'standard input 2');
  });

  test('the digits of a decimal stay', async () => {
    const text = JSON.stringify(bundle(basic('b-9'))).replace('"invented"', '"invented"},"extension":[{"url":"urn:x","valueDecimal":1.10},{"url":"urn:y","valueDecimal":12345678901234567890.000}],"x":{"y":1');
    await imported(database, '--new-source', 'digits', folder.put('digits.json', text));
    assert.match(await database.value("SELECT body::text AS x FROM private.source_record WHERE record_id = 'b-9'"), /"valueDecimal": 1\.10\}.*"valueDecimal": 12345678901234567890\.000\}/);
  });

  test('a bad one is told with its place and passed over', async () => {
    const good = [person('p-1'), condition('c-1', 'p-1'), condition('c-2', 'p-1', { code: 'E11.9', display: 'Type 2 diabetes mellitus' })];
    const [p, c1, c2] = bundle(...good).entry.map((one) => JSON.stringify(one));
    const file = folder.put('bad.json', ['{"resourceType":"Bundle","type":"transaction","entry":[', `${p},`, `${c1},`, '"Secret",', '{"fullUrl":"urn:uuid:s"},',
      '{"resource":{"id":"secret-1","name":"Secret"}},', '{"resource":{"resourceType":"Patient","name":"Secret"}},', '{"resource":{"resourceType":"Patient",\n"id":"s","birthDate":Secret}},',
      '{"resource":{"resourceType":"Basic","id":"s","x":"\\u0000 Secret"}},', `{"resource":{"resourceType":"Basic","id":"s","x":"Secret ${'x'.repeat(16 << 20)}"}},`,
      '{"resource":{"resourceType":"Basic","id":"s","x":"Secret","x":1}},', c2, ']}'].join('\n'));
    const result = await importFiles(database, [...NEW, 'careless', file]);
    assert.equal(result.status, 3);
    assert.deepEqual(result.said, [
      'bad.json: record 3 (line 4): bad: it is no JSON object',
      'bad.json: record 4 (line 5): bad: it has no resource',
      'bad.json: record 5 (line 6): bad: its resourceType is missing',
      'bad.json: record 6 (line 7): bad: its id is missing',
      'bad.json: record 7 (line 8): bad: it is not JSON (line 9)',
      'bad.json: record 8 (line 10): bad: it holds a NUL (line 10)',
      'bad.json: record 9 (line 11): bad: it is longer than 16 MB',
      'bad.json: record 10 (line 12): bad: it has two members of one name (line 12)',
    ]);
    assert.deepEqual(sums(result.rows), { kept: 3, bad: 8 });
    assert.match(result.summary, /^11 records in .* 8 of them not in$/);
    assert.doesNotMatch(result.stdout + result.stderr, /Secret/i);
    assert.equal(await database.value(`SELECT string_agg(place::text, ' ' ORDER BY place) AS x FROM private.import_fault WHERE file = '${file}'`), '3 4 5 6 7 8 9 10');
    assert.equal(await database.value("SELECT count(*) AS n FROM private.import_fault WHERE reason ~* 'secret'"), 0);
  });

  test('a file that breaks ends there, and the others are read', async () => {
    const whole = bundle(person('p-1'), condition('c-1', 'p-1'));
    const text = JSON.stringify(bundle(person('p-7'), condition('c-7', 'p-7'), basic('b-7')));
    const files = [folder.put('cut.json', text.slice(0, text.indexOf('"b-7"'))), folder.put('empty.json', ''), folder.put('page.json', '<html>Secret</html>'),
      folder.put('list.json', JSON.stringify({ resourceType: 'List', id: 'l-1', entry: [] })), folder.put('wrong.json', '{"resourceType":"Bundle","entry":[{]}]}'), folder.put('whole.json', whole)];
    const result = await importFiles(database, [...NEW, 'broken', ...files]);
    assert.equal(result.status, 1);
    assert.deepEqual(result.said, [
      'cut.json: line 1: the file ends within record 3, which begins on line 1',
      'empty.json: line 1: there is no JSON in it',
      'page.json: line 1: there is something that is no JSON object (a file holds Bundles or resources)',
      'wrong.json: line 1: there is a "]" where a "}" belongs',
    ]);
    assert.deepEqual(sums(result.rows), { kept: 4, 'not mapped': 1 });
  });

  test('one that changed is a new version; one that did not is left alone', async () => {
    const first = folder.put('first.json', bundle(person('p-1'), condition('c-1', 'p-1'), condition('c-2', 'p-1', { code: 'E11.9' })));
    await imported(database, ...NEW, 'versions', first);
    const before = await fingerprint(database, 'versions');
    assert.deepEqual(sums((await imported(database, 'versions', first, first)).rows), { unchanged: 6 });
    assertSame(await fingerprint(database, 'versions'), before, 'versions');
    const second = folder.put('second.json', bundle(person('p-1'), condition('c-1', 'p-1', { onset: '2018-01-02' }), condition('c-2', 'p-1', { code: 'E11.9' })));
    assert.deepEqual(sums((await imported(database, 'versions', second)).rows), { superseded: 1, unchanged: 2 });
    const rows = await database.query("SELECT onset, superseded_by IS NULL AS newest FROM condition c JOIN source_system s ON s.id = c.source_id WHERE s.name = 'versions' AND icd10 = 'I10' ORDER BY 2");
    assert.deepEqual(rows, [{ onset: '2019-03-04', newest: false }, { onset: '2018-01-02', newest: true }]);
  });

  test('any order of records and files comes to the same', async () => {
    const all = [...Array(7).keys()].flatMap((i) => [person(`p-${i}`), condition(`c-${i}`, `p-${i}`), condition(`d-${i}`, `p-${(i + 3) % 7}`, { code: 'E11.9' }), basic(`b-${i}`, { subject: { reference: `urn:uuid:p-${i}` } })]);
    await imported(database, ...NEW, '--batch', '3', 'forwards', folder.put('forwards.json', bundle(...all)));
    const want = await fingerprint(database, 'forwards');
    assert.equal(want.records.filter(({ state }) => state === 'kept').length, 21);
    await imported(database, ...NEW, '--batch', '3', 'backwards', folder.put('backwards.json', bundle(...[...all].reverse())));
    // In one run, though split over files; and each kind in a run of its own, where people come last.
    await imported(database, ...NEW, 'files', ...['Condition', 'Basic', 'Patient'].map((type) => folder.put(`${type}.json`, bundle(...all.filter((one) => one.resourceType === type)))));
    for (const type of ['Condition', 'Basic', 'Patient']) {
      const { status, rows } = await importFiles(database, [...NEW, 'runs', folder.put(`${type}.json`, bundle(...all.filter((one) => one.resourceType === type)))]);
      assert.equal(status, type === 'Condition' ? 3 : 0, JSON.stringify(rows));
      if (type === 'Condition') assert.deepEqual(sums(rows), { quarantined: 14 });
    }
    for (const other of ['backwards', 'files', 'runs']) {
      assertSame(await fingerprint(database, other), want, other);
    }
  });

  test('who can not be matched is in quarantine with the reason, and comes out when the person comes', async () => {
    const [known] = await database.query("SELECT id, iin, birth_date, sex FROM patient WHERE sex = 'female' AND deceased_on IS NULL ORDER BY id LIMIT 1");
    const stranger = folder.put('stranger.json', bundle(person('x-1'), condition('c-1', 'x-1')));
    const match = folder.put('match.json', bundle(person('k-1', { iin: known.iin, birthDate: known.birth_date }), condition('c-2', 'k-1')));
    const result = await importFiles(database, ['--new-source', 'guest', stranger, match]);
    assert.equal(result.status, 3);
    assert.deepEqual(sums(result.rows), { kept: 2, quarantined: 2 });
    assert.deepEqual(result.said.map((line) => line.replace(/line \d+/, 'line N')), [
      'stranger.json: record 1 (line N): quarantined: nobody here has its numbers, and the source may not register people',
      'stranger.json: record 2 (line N): quarantined: its Patient is in quarantine',
    ]);
    assert.equal(await database.value(`SELECT count(*) AS n FROM condition c JOIN source_system s ON s.id = c.source_id WHERE s.name = 'guest' AND c.patient_id = ${known.id}`), 1);
    // Again: nothing has changed. Then another source registers the person, by the same card.
    assert.equal((await importFiles(database, ['guest', stranger, match])).status, 3);
    await imported(database, ...NEW, 'registry', folder.put('registry.json', bundle(person('x-1'))));
    assert.deepEqual(sums((await imported(database, 'guest', stranger)).rows), { kept: 2 });
    const [both] = await database.query(`SELECT count(DISTINCT patient_id) AS people, count(*) AS rows FROM private.source_record WHERE record_id IN ('x-1', 'c-1') AND source_id IN (SELECT id FROM source_system WHERE name IN ('guest', 'registry'))`);
    assert.deepEqual(both, { people: 1, rows: 3 });
  });
});

describe('a run that does not come to its end', () => {
  const BATCH = 10;
  const PEOPLE = 24;
  const all = [...Array(PEOPLE).keys()].flatMap((i) => [person(`p-${i}`), ...[...Array(9).keys()].map((j) => condition(`c-${i}-${j}`, `p-${i}`, { onset: `20${10 + j}-02-03` }))]);
  const text = JSON.stringify(bundle(...all));
  let database, file, want;

  before(async () => {
    database = await createDatabase();
    file = folder.put('many.json', text);
    await imported(database, ...NEW, 'unbroken', file);
    want = await fingerprint(database, 'unbroken');
    assert.equal(want.records.length, all.length);
  });
  after(() => database?.drop());

  const ofSource = (name) => `source_id = (SELECT id FROM source_system WHERE name = '${name}')`;
  /** Begun, and given its file to `part` of it over standard input; some batches are on record. */
  async function begun(name, part) {
    const one = startImport(database, [...NEW, '--batch', String(BATCH), name, '-']);
    one.child.stdin.write(text.slice(0, Math.floor(text.length * part)));
    await until(async () => await countOf(database, ofSource(name)) >= all.length * part - 3 * BATCH, 'batches are on record', 60_000);
    return one;
  }
  /** What was sent before the end is still done or undone by the database. */
  const quiet = () => until(async () => await database.value(`SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tolqujat'`) === 0, 'no import is connected');
  /** Only whole batches, in their order; and the same command again comes to what an unbroken run came to. */
  async function goesOn(name) {
    await quiet();
    const n = await countOf(database, ofSource(name));
    assert.equal(n % BATCH, 0, `${n} records`);
    assert.ok(n > 0 && n < all.length, `${n} records`);
    assert.equal(await countOf(database, `${ofSource(name)} AND place > ${n}`), 0);
    const { rows } = await imported(database, name, file);
    assert.equal(sums(rows).unchanged + sums(rows).kept, all.length);
    assertSame(await fingerprint(database, name), want, name);
  }

  for (const part of [0.2, 0.7]) {
    test(`killed when ${part * 100} per cent were sent: whole batches, and the next run goes on`, async () => {
      const name = `killed-${part}`;
      const one = await begun(name, part);
      one.child.kill('SIGKILL');
      assert.equal((await one.ended).signal, 'SIGKILL');
      await goesOn(name);
    });
  }

  test('killed at any moment of a batch', async () => {
    for (const ms of [50, 150, 300]) {
      const name = `killed-after-${ms}`;
      const one = startImport(database, [...NEW, '--batch', String(BATCH), name, file]);
      await until(async () => await database.value(`SELECT count(*) AS n FROM private.import_run WHERE ${ofSource(name)}`) === 1, 'the run has begun', 60_000);
      setTimeout(() => one.child.kill('SIGKILL'), ms);
      await one.ended;
      await quiet();
      const n = await countOf(database, ofSource(name));
      assert.equal(n % BATCH, 0, `${n} records`);
      await imported(database, name, file);
      assertSame(await fingerprint(database, name), want, name);
    }
  });

  for (const signal of ['SIGINT', 'SIGTERM']) {
    test(`${signal}: the batch is finished, and it says how far it came`, async () => {
      const one = await begun(signal, 0.5);
      one.child.kill(signal);
      assert.deepEqual(await one.ended, { code: 1, signal: null });
      assert.equal(one.stderr, 'tolqujat import: interrupted; the same command goes on from there\n');
      const n = await countOf(database, ofSource(signal));
      assert.match(one.stdout, new RegExp(`^${n} records in `, 'm'));
      const { rows } = await imported(database, signal, file);
      assert.deepEqual(sums(rows), { unchanged: n, kept: all.length - n });
      assertSame(await fingerprint(database, signal), want, signal);
    });
  }

  test('the connection is lost: a sentence, whole batches, and the next run goes on', async () => {
    const one = await begun('lost', 0.5);
    await database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    one.child.stdin.end(text.slice(Math.floor(text.length * 0.5)));
    assert.deepEqual(await one.ended, { code: 1, signal: null });
    assert.match(one.stderr, /^tolqujat import: the connection to the database is lost: [^\n]+\n\d+ records are on record; the same command goes on from there\n$/);
    await goesOn('lost');
  });

  test('two at a time, of the same files, come to the same', async () => {
    const args = [...NEW, '--batch', '17', 'both', file];
    const results = await Promise.all([importFiles(database, args), importFiles(database, args)]);
    assert.deepEqual(results.map(({ status }) => status), [0, 0], results.map(({ stderr }) => stderr).join());
    assertSame(await fingerprint(database, 'both'), want, 'both');
  });
});

test('a file larger than the memory that it may have', async (t) => {
  const MB = 1 << 20;
  const database = await createDatabase();
  const pad = 'x'.repeat(2 * MB);
  // The sanitizer would keep what was freed, and maps its shadow: the kernel's own count of what is resident is looked at instead of a limit.
  const one = startImport(database, [...NEW, '--batch', '2', 'large', '-'], { env: { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=1` } });
  const write = (chunk) => new Promise((resolve) => { if (one.child.stdin.write(chunk)) resolve(); else one.child.stdin.once('drain', resolve); });
  const resident = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${one.child.pid}/status`, 'utf8'))?.[1]) / 1024;
  await write('{"resourceType":"Bundle","type":"transaction","entry":[');
  let early = 0, sent = 0, last;
  for (let i = 0; i < 64; i++) {
    // The same record again and again is looked at, but not kept again.
    const chunk = `${i ? ',' : ''}${JSON.stringify({ resource: basic(`b-${i % 3}`, { pad }) })}`;
    await write(chunk);
    sent += chunk.length;
    if (i === 16) early = resident();
  }
  last = resident();
  one.child.stdin.end(']}');
  assert.deepEqual(await one.ended, { code: 0, signal: null }, one.stderr);
  assert.doesNotMatch(one.stderr, SANITIZER);
  t.diagnostic(`${sent / MB} MB: ${early} MB resident, then ${last} MB`);
  assert.ok(sent > 120 * MB);
  assert.ok(last < 80, `${last} MB resident for ${sent / MB} MB`);
  assert.ok(last < early * 1.3, `${early} MB became ${last} MB`);
  await database.drop();
});

describe('the 20 people of Synthea', { skip: withoutSynthea() }, () => {
  const files = syntheaFiles();
  let database, keys, server, open, first, want, came;

  before(async () => {
    came = {};
    for (const { entry } of files.map(readBundle)) for (const { resource } of entry) came[resource.resourceType] = (came[resource.resourceType] ?? 0) + 1;
    database = await createDatabase();
    first = await imported(database, ...NEW, 'synthea-test', ...files);
    want = await fingerprint(database, 'synthea-test');
    keys = makeKeys();
    server = await startServer({ database, tokens: keys });
    open = await startServer({ database });
  });
  after(async () => {
    await server?.stop();
    await open?.stop();
    await database?.drop();
    keys?.remove();
  });

  test('every resource is kept or listed as not mapped, by kind and count', (t) => {
    assert.equal(files.length, 20);
    assert.deepEqual(sums(first.rows, 'type'), came);
    assert.deepEqual(Object.keys(sums(first.rows)).filter((outcome) => !['kept', 'not mapped', 'unchanged'].includes(outcome)), []);
    for (const row of first.rows) assert.equal(row.why !== '', row.outcome === 'not mapped', JSON.stringify(row));
    assert.equal(sums(first.rows.filter(({ type }) => type === 'Patient')).kept, 20);
    t.diagnostic(`${first.summary}: ${JSON.stringify(sums(first.rows))}`);
  });

  test('a replay changes nothing', async () => {
    const { rows } = await imported(database, 'synthea-test', ...files);
    assert.deepEqual(sums(rows, 'type'), came);
    assert.deepEqual(Object.keys(sums(rows)).sort(), ['not mapped', 'unchanged']);
    assertSame(await fingerprint(database, 'synthea-test'), want, 'synthea-test');
  });

  test('any order comes to the same, and so does a run after one that was killed', async () => {
    const other = await createDatabase();
    const turned = files.map((file, i) => {
      const { entry, ...rest } = readBundle(file);
      return folder.put(`turned-${i}.json`, { ...rest, entry: entry.reverse() });
    }).reverse();
    const killed = startImport(other, [...NEW, '--batch', '200', 'synthea-test', ...turned]);
    await until(async () => await countOf(other) >= 600, 'three batches are on record', 60_000);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const n = await countOf(other);
    assert.ok(n < Object.values(came).reduce((a, b) => a + b), `it was killed too late: ${n} records`);
    const { rows } = await imported(other, 'synthea-test', ...turned);
    assert.deepEqual(sums(rows, 'type'), came);
    assertSame(await fingerprint(other, 'synthea-test'), want, 'synthea-test');
    await other.drop();
  });

  test('each of them has a timeline and a summary that both validators take', async (t) => {
    const people = await database.query(`SELECT id::text, iin, full_name, deceased_on FROM patient WHERE source_id = (SELECT id FROM source_system WHERE name = 'synthea-test') ORDER BY id`);
    assert.equal(people.length, 20);
    const QUERY = 'query ($iin: ID!) { patient(iin: $iin) { fullName timeline(first: 100) { nodes { at kind record { __typename id } } } summaryDocument(lang: EN) { document } } }';
    const count = { entries: 0, timeline: 0, living: 0 };
    for (const { id, iin, full_name: name, deceased_on: died } of people) {
      const { patient: own } = await server.data(QUERY, { iin }, { headers: keys.bearer({ role: 'CITIZEN', sub: iin }) });
      const { patient } = await open.data(QUERY, { iin });
      assert.equal(own === null, died !== null, `person ${id}`); // nobody is the owner of a dead person's passport
      if (own) assert.equal(own.timeline.nodes.length, patient.timeline.nodes.length);
      count.living += own !== null;
      assert.equal(patient.fullName, name);
      assert.ok(patient.timeline.nodes.length > 0, `person ${id} has nothing`);
      const document = JSON.parse(patient.summaryDocument.document);
      assertSummary(document, `person ${id}`);
      assert.ok(!(resources(document, 'Patient')[0].identifier ?? []).some(({ system }) => system === IIN_SYSTEM), 'a number that stands in for an IIN is in a document');
      count.entries += document.entry.length;
      count.timeline += patient.timeline.nodes.length;
    }
    t.diagnostic(JSON.stringify(count));
    assert.ok(count.entries > 5 * people.length && count.timeline > 10 * people.length && count.living >= 10, JSON.stringify(count));
  });
});
