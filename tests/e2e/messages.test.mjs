// `tolqujat messages`: what waits in private.outbox reaches a gateway, whatever happens to either, at least once and with the same key.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import http from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { BINARY, atExit, run, sleep, until } from './lib/run.mjs';
import { Database } from './lib/psql.mjs';
import { createDatabase } from './lib/services.mjs';
import { startServer } from './lib/server.mjs';
import { makeKeys } from './lib/tokens.mjs';

let database, folder, conninfo, people;
const file = (name) => path.join(folder, name);

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tolqujat-messages-'));
  database = await createDatabase();
  conninfo = database.conninfo.replace('user=tolqujat', 'user=tolqujat_messages');
  people = await database.query("SELECT id, iin, phone, language FROM patient WHERE deceased_on IS NULL AND phone IS NOT NULL AND birth_date < kz_today() - INTERVAL '18 years' ORDER BY id LIMIT 20");
});
after(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => database.execute('TRUNCATE private.outbox'));

/** Puts `n` messages on their way, one after another for the people. */
const put = (n, kind = 'drug_dispensed', channel = 'sms', payload = '{}') => database.execute(Array.from({ length: n }, (_, i) =>
  `SELECT outbox_put('${kind}', ${people[i % people.length].id}, 'test:${i}', '${payload}', '${channel}')`).join(';'));
const states = () => database.query('SELECT state, count(*)::integer AS n FROM private.outbox GROUP BY 1 ORDER BY 1').then((rows) => Object.fromEntries(rows.map(({ state, n }) => [state, n])));

/** A gateway that answers what `answer(message, times it came)` says: a status, or { status, headers, ms }, or { raw } (these bytes, and the end); null: it cuts the connection. */
async function startGateway(answer) {
  const came = new Map(); // key -> [message]
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', async () => {
      const message = JSON.parse(text);
      came.set(message.key, [...came.get(message.key) ?? [], { ...message, headers: request.headers }]);
      const said = answer(message, came.get(message.key).length);
      if (said === null) return request.socket.destroy();
      if (said.raw) return request.socket.end(said.raw);
      const { status = said, headers = {}, ms = 0 } = typeof said === 'object' ? said : {};
      if (ms) await new Promise((resolve) => { setTimeout(resolve, ms).unref(); }); // who has gone is not waited for
      response.writeHead(status, headers).end('{}');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { came, url: `http://127.0.0.1:${server.address().port}/messages`, stop: () => { server.closeAllConnections(); server.close(); } };
}

const FAST = ['--first-pause-ms', '1', '--lease-seconds', '1'];
const command = (...args) => ['messages', '--database', conninfo, ...args];
const once = (gateway, ...args) => run(BINARY, command('--gateway', gateway, '--until-empty', ...args));

/** A sender that goes on until it is told to end. */
function startSender(gateway, ...args) {
  const child = spawn(BINARY, command('--gateway', gateway, ...FAST, ...args), { stdio: ['ignore', 'ignore', 'pipe'] });
  const forget = atExit(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (data) => { stderr += data; });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => { forget(); resolve({ code, signal, stderr }); }));
  return { child, ended, stop: async () => { child.kill('SIGTERM'); const end = await ended; assert.deepEqual([end.code, end.signal], [0, null], end.stderr); return end; } };
}

describe('a message', () => {
  test('leaves once, with its key, address and words in the language of the person', async () => {
    const gateway = await startGateway(() => 202);
    writeFileSync(file('token'), 'a-secret\n');
    try {
      await put(20);
      const { status, stderr } = await once(gateway.url, '--gateway-token', file('token'));
      assert.deepEqual([status, stderr], [0, '']);
      assert.equal(gateway.came.size, 20);
      const texts = await database.query("SELECT * FROM message_template WHERE kind = 'drug_dispensed'");
      for (const [key, [message, ...more]] of gateway.came) {
        assert.equal(more.length, 0);
        assert.match(key, /^[0-9a-f]{64}$/);
        const person = people.find(({ phone }) => phone === message.to);
        assert.ok(person, 'the telephone number of one of them');
        assert.deepEqual([message.kind, message.channel, message.language, message.text], ['drug_dispensed', 'sms', person.language, texts[0][`text_${person.language}`]]);
        assert.equal(message.headers['idempotency-key'], key);
        assert.equal(message.headers.authorization, 'Bearer a-secret');
        assert.match(message.headers['content-type'], /^application\/json/);
      }
      assert.deepEqual(await states(), { sent: 20 });
      await once(gateway.url);
      assert.equal([...gateway.came.values()].flat().length, 20, 'never again');
    } finally {
      gateway.stop();
    }
  });

  test('says times as in Kazakhstan, and goes to the application by IIN', async () => {
    await put(1, 'appointment_booked', 'app', '{"startsAt": "2026-03-01T05:30:00Z"}');
    await once(`file:${file('times')}`);
    const message = JSON.parse(readFileSync(file('times'), 'utf8').trim());
    assert.match(message.text, /01\.03\.2026 10:30/);
    assert.equal(message.to, people[0].iin);
  });

  test('to a doctor is in the language of the doctor, not of the patient', async () => {
    const [doctor] = await database.query(`SELECT m.id, m.iin FROM practitioner m WHERE m.iin IS NOT NULL AND NOT EXISTS (SELECT FROM patient p WHERE p.iin = m.iin) ORDER BY m.id LIMIT 1`);
    const spoken = async (name) => {
      await database.execute(`TRUNCATE private.outbox; SELECT outbox_tell_doctor('patient_critical', ${people[0].id}, ${doctor.id}, '${name}', '{}')`);
      await once(`file:${file(name)}`);
      return JSON.parse(readFileSync(file(name), 'utf8').trim());
    };
    await database.execute(`BEGIN; ALTER TABLE patient DISABLE TRIGGER USER; UPDATE patient SET language = 'en' WHERE id = ${people[0].id}; ALTER TABLE patient ENABLE TRIGGER USER; COMMIT`);
    const { to, language } = await spoken('doctor-kk');
    assert.deepEqual([to, language], [doctor.iin, 'kk']);
    await database.execute(`UPDATE practitioner SET iin = NULL WHERE id = ${doctor.id}; UPDATE practitioner SET iin = '${people[1].iin}' WHERE id = ${doctor.id}; UPDATE patient SET language = 'ru' WHERE id = ${people[1].id}`);
    assert.equal((await spoken('doctor-ru')).language, 'ru');
    await database.execute(`UPDATE practitioner SET iin = '${doctor.iin}' WHERE id = ${doctor.id}; UPDATE patient SET language = '${people[1].language}' WHERE id = ${people[1].id}; UPDATE patient SET language = '${people[0].language}' WHERE id = ${people[0].id}`);
  });

  test('about a child under 16 goes to a guardian, and from that birthday on to the person', async () => {
    const [child] = await database.query(`SELECT c.id, c.iin, q.phone, q.iin AS guardian, q.language FROM guardianship g JOIN patient c ON c.id = g.patient_id AND c.deceased_on IS NULL AND c.birth_date > kz_today() - INTERVAL '15 years'
      JOIN patient q ON q.id = g.guardian_id AND q.phone IS NOT NULL AND q.deceased_on IS NULL WHERE g.superseded_by IS NULL AND g.record_status <> 'entered_in_error' AND g.valid_to IS NULL
        AND NOT EXISTS (SELECT FROM guardianship o WHERE o.patient_id = g.patient_id AND o.id <> g.id) ORDER BY c.id LIMIT 1`);
    const told = async (name) => {
      await database.execute(`TRUNCATE private.outbox; SELECT outbox_put('result_critical', ${child.id}, 'child:${name}', '{}', 'sms', 'app')`);
      await once(`file:${file(name)}`);
      return readFileSync(file(name), 'utf8').trim().split('\n').map((line) => JSON.parse(line)).map(({ to, channel, language }) => [channel, to, language]).sort();
    };
    assert.deepEqual(await told('child'), [['app', child.guardian, child.language], ['sms', child.phone, child.language]]);
    await database.execute(`BEGIN; ALTER TABLE patient DISABLE TRIGGER USER; UPDATE patient SET birth_date = kz_today() - INTERVAL '16 years', phone = '+77010000001' WHERE id = ${child.id}; ALTER TABLE patient ENABLE TRIGGER USER; COMMIT`);
    assert.deepEqual((await told('grown')).map(([channel, to]) => [channel, to]), [['app', child.iin], ['sms', '+77010000001']]);
  });

  test('for a kind of each there are words in three languages, short enough for two SMS', async () => {
    const kinds = new Set((await run('grep', ['-rhoE', "outbox_(put|tell_doctor)\\('[a-z_]+'|outbox_call_off\\('[a-z_]+', '[a-z_]+'|(THEN|ELSE) '[a-z_]+_prescribed'", 'db/functions'])).stdout.match(/'[a-z_]+'/g).map((word) => word.slice(1, -1)));
    assert.ok(kinds.size >= 8, [...kinds].join());
    const known = (await database.query('SELECT kind FROM message_template')).map(({ kind }) => kind);
    assert.deepEqual([...kinds].filter((kind) => !known.includes(kind)), []);
  });

  test('that can go to nobody is a dead letter, and says why', async () => {
    await put(3);
    await database.execute(`UPDATE private.outbox SET kind = 'unknown_kind' WHERE patient_id = ${people[0].id};
      BEGIN; ALTER TABLE patient DISABLE TRIGGER USER; UPDATE patient SET phone = NULL WHERE id = ${people[1].id}; UPDATE patient SET deceased_on = kz_today() WHERE id = ${people[2].id}; ALTER TABLE patient ENABLE TRIGGER USER; COMMIT`);
    const gateway = await startGateway(() => 200);
    try {
      assert.equal((await once(gateway.url)).status, 0);
      assert.equal(gateway.came.size, 0);
      assert.deepEqual((await database.query('SELECT error FROM message_dead() ORDER BY 1')).map(({ error }) => error), ['no address for this channel', 'no text for this kind', 'the person has died']);
      await database.execute(`ALTER TABLE patient DISABLE TRIGGER USER; UPDATE patient SET phone = '${people[1].phone}' WHERE id = ${people[1].id}; UPDATE patient SET deceased_on = NULL WHERE id = ${people[2].id}; ALTER TABLE patient ENABLE TRIGGER USER`);
      assert.equal(await database.value("SELECT message_again(only_kind => 'drug_dispensed')"), 2);
      assert.equal(await database.value('SELECT message_again()'), 0, 'not all by mistake');
      await once(gateway.url);
      assert.deepEqual(await states(), { dead: 1, sent: 2 });
    } finally {
      gateway.stop();
    }
  });
});

describe('a gateway that does not take it', () => {
  test('what fails is tried again, later and later, and in the end a dead letter; what it refuses is one at once', async () => {
    const script = new Map([['busy', 503], ['slow down', 429], ['cut', null], ['forbidden', 401], ['wrong', 422]]);
    const names = [...script.keys()];
    await put(5, 'confirm_visit', 'sms', '{"code": "x"}');
    await database.execute(names.map((name, i) => `UPDATE private.outbox SET payload = '{"code": "${name}"}' WHERE patient_id = ${people[i].id}`).join(';'));
    const gateway = await startGateway(({ text }) => script.get(names.find((name) => text.endsWith(name))));
    try {
      const waits = [], counts = [];
      for (let i = 0; i < 4; i++) {
        assert.equal((await once(gateway.url, '--first-pause-ms', '60000', '--tries', '4', '--metrics-file', file('tries'))).status, 0);
        counts.push([...readFileSync(file('tries'), 'utf8').matchAll(/^tolqujat_messages_total\{outcome="(again|dead)"\} (\d+)$/gm)].map(([, outcome, n]) => `${outcome} ${n}`).join(', '));
        waits.push(...(await database.query("SELECT extract(epoch FROM next_try_at - now())::float AS wait FROM private.outbox WHERE state = 'waiting' AND payload->>'code' = 'busy'")).map(({ wait }) => wait));
        await database.execute("UPDATE private.outbox SET next_try_at = now() WHERE state = 'waiting'");
      }
      assert.deepEqual(await states(), { dead: 5 });
      assert.deepEqual(counts, ['again 4, dead 1', 'again 4, dead 0', 'again 4, dead 0', 'again 0, dead 4'], 'who ran out of tries too');
      assert.equal(waits.length, 3);
      waits.forEach((wait, i) => assert.ok(wait > 60 * 2 ** i * 0.5 && wait < 60 * 2 ** i * 1.3, `waits ${waits}`));
      const tries = Object.fromEntries([...gateway.came.values()].map((list) => [names.find((name) => list[0].text.endsWith(name)), list.length]));
      assert.deepEqual(tries, { busy: 4, 'slow down': 4, cut: 4, forbidden: 4, wrong: 1 });
      const errors = Object.fromEntries((await database.query("SELECT payload->>'code' AS code, error FROM private.outbox")).map(({ code, error }) => [code, error]));
      assert.deepEqual([errors.busy, errors['slow down'], errors.forbidden, errors.wrong], ['the gateway answered 503', 'the gateway answered 429', 'the gateway answered 401', 'the gateway answered 422']);
      assert.match(errors.cut, /./);
    } finally {
      gateway.stop();
    }
  });

  test('each answer as docs/operations.md has it: taken, tried again or a dead letter, and so counted; what a gateway that keeps keys has taken it takes once', async () => {
    const later = new Date(Date.now() + 1_000_000).toUTCString(); // Retry-After may be a date
    const answers = [
      [200, 'sent'], [202, 'sent'], [204, 'sent'], [400, 'dead'], [410, 'dead'], [413, 'dead'], [302, 'waiting'], [404, 'waiting'], [500, 'waiting'], [503, 'waiting'], [null, 'waiting'],
      [{ status: 429, headers: { 'Retry-After': '1000' } }, 'waiting', 900], [{ status: 503, headers: { 'Retry-After': later } }, 'waiting', 900], [{ status: 429, headers: { 'Retry-After': 'soon' } }, 'waiting'],
      [{ status: 200, ms: 60_000 }, 'waiting'], [{ raw: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'waiting'], [{ raw: 'HTTP/1.1 2' }, 'waiting'], [{ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{' }, 'waiting'],
    ].map(([answer, state, wait = 0], i) => ({ answer, state, wait, person: people[i] }));
    await put(answers.length);
    await database.execute(answers.map(({ person }, i) => `UPDATE private.outbox SET kind = 'confirm_visit', payload = '{"code": "case ${i}."}' WHERE patient_id = ${person.id}`).join(';'));
    const caseOf = ({ text }) => answers[/case (\d+)\./.exec(text)[1]];
    const accepted = new Map(); // key -> how often it was taken
    let repaired = false;
    const gateway = await startGateway((message) => {
      const { answer } = caseOf(message);
      if (repaired || typeof answer === 'number' && answer < 300) accepted.set(message.key, (accepted.get(message.key) ?? 0) + 1);
      return repaired ? 200 : answer;
    });
    const counted = () => {
      const text = readFileSync(file('answers'), 'utf8'), one = (name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      return { sent: one('tolqujat_messages_total{outcome="sent"}'), again: one('tolqujat_messages_total{outcome="again"}'), dead: one('tolqujat_messages_total{outcome="dead"}'),
        waiting: one('tolqujat_messages_waiting{kind="confirm_visit"}'), letters: one('tolqujat_messages_dead{kind="confirm_visit"}') };
    };
    const n = (state) => answers.filter((one) => one.state === state).length;
    try {
      assert.equal((await once(gateway.url, '--gateway-seconds', '4', '--first-pause-ms', '60000', '--metrics-file', file('answers'))).status, 0);
      const rows = await database.query("SELECT patient_id, state, tries, extract(epoch FROM next_try_at - now())::float AS wait FROM private.outbox");
      for (const [i, { state, wait, person }] of answers.entries()) {
        const row = rows.find(({ patient_id: of }) => of === person.id);
        assert.deepEqual([i, row.state, row.tries], [i, state, 1]);
        if (state === 'waiting') assert.ok(wait ? row.wait > wait : row.wait > 30 && row.wait < 100, `case ${i}: ${row.wait} s`);
      }
      assert.deepEqual(counted(), { sent: n('sent'), again: n('waiting'), dead: n('dead'), waiting: n('waiting'), letters: n('dead') });
      repaired = true;
      await database.execute("UPDATE private.outbox SET next_try_at = now() WHERE state = 'waiting'");
      for (let i = 0; i < 2; i++) assert.equal((await once(gateway.url, '--metrics-file', file('answers'))).status, 0);
      assert.deepEqual(await states(), { dead: n('dead'), sent: n('sent') + n('waiting') });
      assert.deepEqual([accepted.size, ...new Set(accepted.values())], [n('sent') + n('waiting'), 1]);
      assert.deepEqual(counted(), { sent: 0, again: 0, dead: 0, waiting: 0, letters: n('dead') }, 'of the second run, which had nothing to do');
      for (const [, list] of gateway.came) {
        const { answer, state } = caseOf(list[0]), times = state === 'waiting' ? 2 : 1;
        assert.ok(list.length === times || (answer === null || answer.raw) && list.length <= times + 5, `${JSON.stringify(answer)}: ${list.length} times`); // what is cut on a connection that was open already libcurl sends again at once
      }
    } finally {
      gateway.stop();
    }
  });

  test('is asked again no sooner than it wishes', async () => {
    await put(1);
    const gateway = await startGateway(() => ({ status: 503, headers: { 'Retry-After': '1000' } }));
    try {
      await once(gateway.url, ...FAST);
      assert.ok(await database.value('SELECT extract(epoch FROM next_try_at - now())::float AS wait FROM private.outbox') > 900);
    } finally {
      gateway.stop();
    }
  });

  test('hangs: the time for one message ends, the others go on', async () => {
    await put(6);
    let first = true;
    const gateway = await startGateway(() => { const hang = first; first = false; return hang ? { status: 200, ms: 60_000 } : 200; });
    try {
      assert.equal((await once(gateway.url, '--gateway-seconds', '4', '--first-pause-ms', '60000')).status, 0);
      assert.deepEqual(await states(), { sent: 5, waiting: 1 });
    } finally {
      gateway.stop();
    }
  });
});

describe('whatever is killed', () => {
  test('the sender, by SIGKILL, twenty times, with two at work: every message arrives, and twice only with the same key', async () => {
    const MANY = 400;
    await put(MANY);
    const gateway = await startGateway(({ key }, times) => ((times === 1 && key[0] === '0') ? 500 : { status: 200, ms: 5 }));
    const sessions = () => new Database(database.services, database.name, 'postgres').value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tolqujat_messages'");
    let senders = [0, 1].map(() => startSender(gateway.url, '--at-once', '10'));
    try {
      for (let i = 0; i < 20; i++) {
        await sleep(60);
        senders[i % 2].child.kill('SIGKILL');
        await senders[i % 2].ended;
        senders[i % 2] = startSender(gateway.url, '--at-once', '10');
      }
      await until(async () => (await states()).sent === MANY, 'all are sent', 60_000);
      await until(async () => await sessions() === senders.length, 'each to heed signals, as the last was started just now');
      for (const sender of senders) await sender.stop();
      senders = [];
      assert.equal(gateway.came.size, MANY);
      const texts = [...gateway.came.values()].every((list) => list.every(({ to, text }) => to === list[0].to && text === list[0].text));
      assert.ok(texts, 'one key is one message');
    } finally {
      for (const sender of senders) sender.child.kill('SIGKILL');
      gateway.stop();
    }
  });

  test('its database session: it goes on by itself, and says so once', async () => {
    const gateway = await startGateway(() => 200);
    const sender = startSender(gateway.url);
    try {
      await put(1);
      await until(async () => (await states()).sent === 1, 'one is sent');
      assert.ok(await new Database(database.services, database.name, 'postgres').value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tolqujat_messages'") > 0);
      await database.execute('TRUNCATE private.outbox');
      await put(3);
      await until(async () => gateway.came.size >= 3, 'more are sent');
    } finally {
      const { stderr } = await sender.stop();
      assert.equal(stderr.match(/messages wait/g)?.length, 1, stderr);
      assert.ok(!people.some(({ iin, phone }) => stderr.includes(iin) || stderr.includes(phone)), 'nobody in its log');
      gateway.stop();
    }
  });
});

describe('beside it', () => {
  test('a file of lines, which two may write to', async () => {
    await put(60);
    const [a, b] = await Promise.all([once(`file:${file('lines')}`, '--at-once', '7'), once(`file:${file('lines')}`, '--at-once', '7')]);
    assert.deepEqual([a.status, b.status], [0, 0]);
    const lines = readFileSync(file('lines'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
    assert.equal(new Set(lines.map(({ key }) => key)).size, 60);
    assert.equal(lines.length, 60);
  });

  test('metrics in a file: what was sent, what waits, how old; and nobody in them', async () => {
    await put(3);
    await put(1, 'visit_recorded');
    await database.execute("UPDATE private.outbox SET next_try_at = now() + INTERVAL '1 hour' WHERE kind = 'visit_recorded'");
    assert.equal((await once(`file:${file('some')}`, '--metrics-file', file('metrics'))).status, 0);
    const text = readFileSync(file('metrics'), 'utf8');
    assert.match(text, /^tolqujat_messages_total\{outcome="sent"\} 3$/m);
    assert.match(text, /^tolqujat_messages_waiting\{kind="visit_recorded"\} 1$/m);
    assert.match(text, /^tolqujat_messages_oldest_seconds\{kind="visit_recorded"\} [0-9.e-]+$/m);
    assert.match(text, /^# TYPE tolqujat_messages_total counter$/m);
  });

  test('what was sent is forgotten in the end', async () => {
    await put(3);
    await once(`file:${file('old')}`);
    await database.execute(`UPDATE private.outbox SET made_at = now() - INTERVAL '101 days', sent_at = now() - INTERVAL '100 days' WHERE patient_id <> ${people[0].id}`);
    await once(`file:${file('old')}`);
    assert.deepEqual(await states(), { sent: 1 });
  });

  test('its role does nothing else', async () => {
    const { status, stdout } = await run(path.join(database.services.pgBin, 'psql'), ['-X', '-At', conninfo, '-c', "SELECT has_table_privilege('private.outbox', 'SELECT'), has_table_privilege('patient', 'SELECT'), has_function_privilege('message_again(bigint, text)', 'EXECUTE')"]);
    assert.ok(status !== 0 || stdout.trim() === 'f|f|f', stdout);
  });

  test('the patient reads what he was told, in three languages, and nobody else does', async () => {
    await put(1, 'emergency_access', 'app');
    await once(`file:${file('told')}`);
    const keys = makeKeys(), server = await startServer({ database, tokens: keys });
    const NOTICES = 'query ($iin: ID!) { patient(iin: $iin) { notices { kind channel state sentAt kk: text(lang: KK) ru: text(lang: RU) en: text(lang: EN) } } }';
    try {
      const { patient: { notices } } = await server.data(NOTICES, { iin: people[0].iin }, { headers: keys.bearer({ role: 'CITIZEN', sub: people[0].iin }) });
      const [{ text_kk: kk, text_ru: ru, text_en: en }] = await database.query("SELECT * FROM message_template WHERE kind = 'emergency_access'");
      assert.deepEqual(notices.map(({ sentAt, ...rest }) => rest), [{ kind: 'emergency_access', channel: 'APP', state: 'SENT', kk, ru, en }]);
      assert.match(notices[0].sentAt, /^2/);
      const other = await server.graphql(NOTICES, { iin: people[0].iin }, { headers: keys.bearer({ role: 'CITIZEN', sub: people[1].iin }) });
      assert.equal(other.data.patient, null);
    } finally {
      await server.stop();
      keys.remove();
    }
  });

  test('what is set wrongly is one line and status 2', async () => {
    for (const [args, word] of [[[], '--gateway'], [['--gateway', 'ftp://x'], 'neither'], [['--gateway', 'file:/no/such/folder/x'], 'No such file'], [['--gateway', 'http://x', '--gateway-token', '/no/such'], '--gateway-token'], [['--gateway', 'http://x', '--tries', '0'], '--tries']]) {
      const { status, stderr } = await run(BINARY, command(...args));
      assert.equal(status, 2, stderr);
      assert.match(stderr, /^tolqujat messages: [^\n]+\n$/);
      assert.ok(stderr.includes(word), stderr);
    }
    const { status } = await run(BINARY, ['messages', '--database', 'host=/no/such/place', '--gateway', `file:${file('x')}`]);
    assert.equal(status, 1);
  });
});
