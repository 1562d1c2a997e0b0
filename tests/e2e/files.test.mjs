// Images by signed links: who is given one, what it opens and until when, that nothing outside the store is reached, and that memory does not grow with
// the size of a file or the slowness of a reader.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run, sleep, until, BINARY } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';
import { makeKeys, officeOf } from './lib/tokens.mjs';

const MB = 1024 * 1024;
const QUERY = 'query ($iin: ID!) { patient(iin: $iin) { diagnosticReports(first: 100) { nodes { name image { mediaType expiresAt url } } } } }';
const big = randomBytes(20 * MB + 123);

let dir, store, database, keys, server, person, doctor;
before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'tolqujat-files-'));
  store = path.join(dir, 'store');
  mkdirSync(path.join(store, 'a/b'), { recursive: true });
  writeFileSync(path.join(store, 'small.png'), 'small');
  writeFileSync(path.join(store, 'empty.jpg'), '');
  writeFileSync(path.join(store, 'a/b/big'), big);
  writeFileSync(path.join(store, 'huge.dcm'), '');
  truncateSync(path.join(store, 'huge.dcm'), 300 * MB);
  writeFileSync(path.join(dir, 'outside.png'), 'outside-canary');
  symlinkSync(path.join(dir, 'outside.png'), path.join(store, 'link.png'));
  symlinkSync(dir, path.join(store, 'folder'));
  database = await createDatabase();
  keys = makeKeys();
  server = await startServer({ database, tokens: keys, args: ['--images', store] });
  [person] = await database.query('SELECT id::text, iin FROM patient WHERE deceased_on IS NULL AND district_doctor_id IS NOT NULL AND birth_date < now() - interval \'30 years\' ORDER BY id LIMIT 1');
  [doctor] = await database.query(`SELECT m.iin, c.bin FROM patient p JOIN practitioner m ON m.id = p.district_doctor_id JOIN clinic c ON c.id = p.clinic_id WHERE p.id = ${person.id}`);
  const refs = ['small.png', 'empty.jpg', 'a/b/big', 'huge.dcm', 'link.png', 'folder/outside.png', 'a/b', 'not-there.png', '../outside.png', '/etc/passwd', 'a/../../outside.png', '.hidden.png', 'https://pacs.example/1',
    'report.pdf', 'has blank.png', `${'x'.repeat(260)}.png`];
  await database.execute(`UPDATE diagnostic_report SET record_status = 'entered_in_error', superseded_by = NULL, image_ref = NULL WHERE patient_id = ${person.id};
    INSERT INTO diagnostic_report (patient_id, performed_at, modality, name, conclusion, image_ref) SELECT ${person.id}, now(), 'xray', 'ref ' || r, 'as usual', r FROM unnest(ARRAY['${refs.join("','")}']) r`);
});
after(async () => {
  await server?.stop();
  await database?.drop();
  keys?.remove();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const citizen = (iin) => ({ headers: keys.bearer({ role: 'CITIZEN', sub: iin }) });
/** image_ref -> the image that the API gives (or null). */
async function images(viewer = citizen(person.iin), from = server) {
  const { patient } = await from.data(QUERY, { iin: person.iin }, viewer);
  return Object.fromEntries(patient.diagnosticReports.nodes.filter((r) => r.name.startsWith('ref ')).map((r) => [r.name.slice(4), r.image]));
}
/** GET of a path: { status, headers, body }. */
const get = (where, { headers = {}, method = 'GET', from = server } = {}) => new Promise((resolve, reject) => {
  http.request({ port: from.port, path: where, method, headers, agent: false }, (response) => {
    const parts = [];
    response.on('data', (part) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
  }).on('error', reject).end();
});
/** A connection that has asked for `where` and reads nothing. */
const ask = (where) => new Promise((resolve, reject) => {
  const socket = net.connect(server.port, '127.0.0.1', () => {
    socket.pause();
    socket.write(`GET ${where} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, () => resolve(socket));
  });
  socket.on('error', reject);
});
const rss = () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;
const open = () => server.metric('tolqujat_files_open');

describe('a link', () => {
  test('opens its image, without a token, as often as one likes; it names nobody and nothing', async () => {
    const { 'small.png': small, 'empty.jpg': empty, 'a/b/big': plain, 'huge.dcm': huge } = await images();
    assert.deepEqual([small, empty, plain, huge].map((image) => image.mediaType), ['image/png', 'image/jpeg', 'application/dicom', 'application/dicom']);
    const left = (Date.parse(small.expiresAt) - Date.now()) / 1000;
    assert.ok(left > 200 && left <= 301, `${left} s`);
    assert.match(small.url, /^\/files\/[\w-]+$/);
    const bytes = Buffer.from(small.url.slice('/files/'.length), 'base64url').toString('latin1');
    for (const word of [person.iin, 'small', 'image/', 'xray']) assert.ok(!small.url.includes(word) && !bytes.includes(word), word);
    for (const round of [1, 2]) {
      const { status, headers, body } = await get(small.url);
      assert.deepEqual([status, headers['content-type'], headers['content-length'], body.toString()], [200, 'image/png', '5', 'small'], `round ${round}`);
      assert.deepEqual([headers['cache-control'], headers['x-content-type-options'], headers['content-security-policy']], ['no-store', 'nosniff', "default-src 'none'; sandbox"]);
    }
    const none = await get(empty.url);
    assert.deepEqual([none.status, none.headers['content-length'], none.body.length], [200, '0', 0]);
    const whole = await get(plain.url);
    assert.deepEqual([whole.status, whole.body.length], [200, big.length]);
    assert.equal(createHash('sha256').update(whole.body).digest('hex'), createHash('sha256').update(big).digest('hex'));
    const head = await get(huge.url, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, String(300 * MB), 0]);
    assert.equal((await get(small.url, { method: 'POST' })).status, 405);
  });

  test('opens a part, on a connection that goes on', async () => {
    const { 'a/b/big': image } = await images();
    const part = async (range) => get(image.url, { headers: { Range: range } });
    const middle = await part('bytes=1000000-1299999');
    assert.deepEqual([middle.status, middle.headers['content-range'], middle.body.equals(big.subarray(1000000, 1300000))], [206, `bytes 1000000-1299999/${big.length}`, true]);
    assert.ok((await part('bytes=-7')).body.equals(big.subarray(-7)));
    const past = await part(`bytes=${big.length}-`);
    assert.deepEqual([past.status, past.headers['content-range']], [416, `bytes */${big.length}`]);
    assert.equal((await part('bytes=0-1,5-6')).status, 200, 'several parts: all of it');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 5; i++) {
      const body = await new Promise((resolve, reject) => http.get({ port: server.port, path: image.url, agent, headers: { Range: `bytes=${i * 100000}-${i * 100000 + 70000}` } }, (response) => {
        const parts = [];
        response.on('data', (p) => parts.push(p)).on('end', () => resolve(Buffer.concat(parts)));
      }).on('error', reject));
      assert.ok(body.equals(big.subarray(i * 100000, i * 100000 + 70001)));
    }
    agent.destroy();
  });

  test('that was changed, made up, or of another server opens nothing', async () => {
    const { 'small.png': { url } } = await images();
    const forged = await server.metric('tolqujat_files_forged_total');
    const bad = [`${url}A`, url.slice(0, -1), `${url}/x`, '/files/x', `/files/${'A'.repeat(120)}`, `/files/${'A'.repeat(4000)}`, '/files/../etc/passwd', '/files/%2e%2e/etc/passwd'];
    for (let at = '/files/'.length; at < url.length; at += 5) bad.push(`${url.slice(0, at)}${url[at] === 'A' ? 'B' : 'A'}${url.slice(at + 1)}`);
    for (const where of bad) {
      const { status, body } = await get(where);
      assert.equal(status, 403, where);
      assert.equal(JSON.parse(body).errors[0].message, 'this is no link that this server gave out');
    }
    assert.equal(await server.metric('tolqujat_files_forged_total') - forged, bad.length);
    const others = makeKeys(); // and so another secret
    const other = await startServer({ database, tokens: others, args: ['--images', store] });
    try {
      assert.equal((await get(url, { from: other })).status, 403);
    } finally {
      await other.stop().finally(() => others.remove());
    }
  });

  test('that has expired says so', async () => {
    const definition = await database.value("SELECT pg_get_functiondef('diagnostic_report_image'::regproc)");
    await database.execute(definition.replace("'00:05:00'", "'-00:00:01'").replace("'5 minutes'", "'-1 second'"));
    try {
      const { 'small.png': { url } } = await images();
      const { status, body } = await get(url);
      assert.deepEqual([status, JSON.parse(body).errors[0].message], [410, 'this link has expired; ask the API for the record again to get a new one']);
    } finally {
      await database.execute(definition);
    }
  });

  test('leads to nothing outside the store, and to no folder', async () => {
    const all = await images();
    for (const ref of ['../outside.png', '/etc/passwd', 'a/../../outside.png', '.hidden.png', 'https://pacs.example/1', 'report.pdf', 'has blank.png', `${'x'.repeat(260)}.png`]) assert.equal(all[ref], null, ref);
    const missing = await server.metric('tolqujat_files_missing_total');
    for (const ref of ['link.png', 'folder/outside.png', 'a/b', 'not-there.png']) {
      const { status, body } = await get(all[ref].url);
      assert.deepEqual([status, JSON.parse(body).errors[0].message], [404, 'what this link leads to is not in the store'], ref);
    }
    assert.equal(await server.metric('tolqujat_files_missing_total') - missing, 4);
  });
});

describe('who is given one', () => {
  test('who may see the study, and the look is on record', async () => {
    const viewer = { headers: keys.bearer({ role: 'DOCTOR', sub: doctor.iin, org: doctor.bin }) };
    assert.equal((await get((await images(viewer))['small.png'].url)).status, 200);
    const seen = await until(() => database.value(`SELECT p.parts FROM access_log l JOIN access_parts p ON p.hash = l.parts WHERE l.patient_id = ${person.id} AND l.person = '${doctor.iin}' ORDER BY l.at DESC LIMIT 1`), 'a row of the log');
    assert.match(seen, /DiagnosticReport/);
    assert.match(seen, /image/);
  });

  test('nobody else', async () => {
    const [stranger] = await database.query(`SELECT iin FROM patient WHERE id <> ${person.id} AND deceased_on IS NULL ORDER BY id DESC LIMIT 1`);
    assert.equal((await server.data(QUERY, { iin: person.iin }, citizen(stranger.iin))).patient, null);
    const payer = await server.graphql(QUERY, { iin: person.iin }, { headers: keys.bearer({ role: 'PAYER', sub: '581011381944', org: await officeOf(database) }) });
    assert.doesNotMatch(JSON.stringify(payer), /\/files\//);
  });

  test('a server without a store says so', async () => {
    const other = await startServer({ database, tokens: keys });
    try {
      const { data, errors } = await other.graphql(QUERY, { iin: person.iin }, citizen(person.iin));
      assert.ok(data.patient.diagnosticReports.nodes.length > 0);
      assert.equal(errors[0].extensions.code, 'CONFIGURATION');
      assert.equal((await get((await images())['small.png'].url, { from: other })).status, 404);
    } finally {
      await other.stop();
    }
    const { status, stderr } = await run(BINARY, ['serve', '--port', '0', '--access', 'open', '--database', 'host=/nonexistent', '--images', path.join(dir, 'none')], { timeout: 20_000 });
    assert.deepEqual([status, /--images: /.test(stderr)], [2, true]);
  });
});

describe('under strain', () => {
  test('readers that take nothing cost no memory, and hold up nobody', async () => {
    const { 'huge.dcm': huge, 'small.png': small } = await images();
    await get(small.url);
    const before = rss();
    const slow = await Promise.all(Array.from({ length: 40 }, () => ask(huge.url)));
    await until(async () => await open() === slow.length, 'all are being sent');
    assert.equal((await get(small.url)).status, 200);
    const grown = rss() - before;
    assert.ok(grown < 40 * MB, `${(grown / MB).toFixed(1)} MB for ${slow.length} readers of ${300 * slow.length} MB`);
    for (const socket of slow) socket.destroy();
    await until(async () => await open() === 0, 'all are closed');
  });

  test('300 MB go through, whole, within the memory of a piece', async () => {
    const { 'huge.dcm': { url } } = await images();
    const before = rss();
    let most = 0, n = 0;
    await new Promise((resolve, reject) => http.get({ port: server.port, path: url, agent: false }, (response) => {
      response.on('data', (part) => {
        if (Math.floor(n / (30 * MB)) !== Math.floor((n + part.length) / (30 * MB))) most = Math.max(most, rss());
        n += part.length;
      }).on('end', resolve).on('error', reject);
    }).on('error', reject));
    assert.equal(n, 300 * MB);
    assert.ok(most - before < 30 * MB, `${((most - before) / MB).toFixed(1)} MB`);
  });

  test('beyond 64 files at once a client is told to come again', async () => {
    const { 'huge.dcm': huge, 'small.png': small } = await images();
    const slow = await Promise.all(Array.from({ length: 64 }, () => ask(huge.url)));
    await until(async () => await open() === 64, 'all are being sent');
    const { status, headers } = await get(small.url);
    assert.deepEqual([status, headers['retry-after']], [503, '1']);
    slow[0].destroy();
    await until(async () => (await get(small.url)).status === 200, 'one has left');
    for (const socket of slow) socket.destroy();
    await until(async () => await open() === 0, 'all are closed');
  });

  test('clients that go at any moment leave nothing open', async () => {
    const { 'a/b/big': image } = await images();
    const broken = await server.metric('tolqujat_files_broken_total');
    for (let i = 0; i < 60; i++) {
      const socket = await ask(image.url);
      if (i % 3) socket.resume();
      if (i % 2) await sleep(i % 7);
      if (i % 5) socket.destroy(); else socket.resetAndDestroy?.() ?? socket.destroy();
    }
    await until(async () => await open() === 0, 'all are closed');
    assert.ok(await server.metric('tolqujat_files_broken_total') > broken);
    assert.ok((await get(image.url)).body.equals(big));
  });

  test('a file that is cut while it is sent breaks the reply off, where everybody sees it', async () => {
    const { 'huge.dcm': { url } } = await images();
    const socket = await ask(url);
    await until(async () => await open() === 1, 'it is being sent');
    truncateSync(path.join(store, 'huge.dcm'), 10 * MB);
    let n = 0;
    const end = new Promise((resolve) => socket.on('data', (part) => { n += part.length; }).on('error', resolve).on('close', resolve));
    socket.resume();
    await end;
    assert.ok(n < 300 * MB, `${n} bytes came`);
    await until(async () => await open() === 0, 'it is closed');
    truncateSync(path.join(store, 'huge.dcm'), 300 * MB);
  });

  test('a server that is stopped ends what it is sending within its time', async () => {
    const other = await startServer({ database, tokens: keys, args: ['--images', store, '--drain-seconds', '1'] });
    const { 'huge.dcm': { url } } = await images(citizen(person.iin), other);
    const socket = net.connect(other.port, '127.0.0.1');
    socket.on('error', () => {}).pause();
    socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(async () => await other.metric('tolqujat_files_open') === 1, 'it is being sent');
    await other.stop();
    socket.destroy();
  });
});
