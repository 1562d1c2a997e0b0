// `tolqujat run JOB --month YYYY-MM`: what is done once a month for everybody. Runs that are killed at a known point, interrupted, repeated, begun
// twice at once, or overtaken by changes. (What the figures, the capitation and the flags are, is held by prevention-api.)
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { Session } from './lib/load.mjs';
import { BINARY, TOP, atExit, run, until } from './lib/run.mjs';
import { createDatabase } from './lib/services.mjs';

let database, month, next, past;
before(async () => {
  database = await createDatabase();
  [{ month, next, past }] = await database.query(`SELECT to_char(kz_today(), 'YYYY-MM') AS month, to_char(date_trunc('month', kz_today()) + INTERVAL '1 month', 'YYYY-MM') AS next,
    to_char(date_trunc('month', kz_today()) - INTERVAL '1 month', 'YYYY-MM') AS past`);
});
after(() => database?.drop());

const flags = (name, of, conninfo = database.conninfo) => ['run', name, '--month', of, '--database', conninfo];
const job = (name, of) => run(BINARY, flags(name, of));
/** Until nobody has the job any more: a server notices within a second that a client is gone. */
async function done(name, of) {
  let result;
  await until(async () => { result = await job(name, of); return result.status !== 3; }, `${name} of ${of} is free`);
  assert.equal(result.status, 0, result.stderr);
  return result.stdout;
}

/** One that a test steers: { child, ended: promise of { code, signal, stdout, stderr } }. */
function start(name, of) {
  const child = spawn(BINARY, flags(name, of), { cwd: TOP, stdio: ['ignore', 'pipe', 'pipe'] });
  const forget = atExit(() => child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) child[stream].on('data', (data) => { said[stream] += data; });
  return { child, ended: new Promise((resolve) => { child.once('close', (code, signal) => { forget(); resolve({ code, signal, ...said }); }); }) };
}

/** Runs `body` once the job waits for what `sql` holds, until body calls its argument. */
async function whileWaiting(name, of, sql, body) {
  const session = new Session(database);
  try {
    await session.say(`BEGIN; ${sql};`);
    const one = start(name, of);
    await until(() => database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%job_step%'"), 'the job waits');
    return await body(one, async (more = '') => { await session.say(`${more} COMMIT;`); });
  } finally {
    session.end();
  }
}

const HEADS = 'SELECT clinic_id, condition, percent, people FROM capitation_month WHERE month =';
const heads = (of) => database.query(`${HEADS} '${of}-01' ORDER BY 1, 2`);
const lastRun = async (name, of) => (await database.query(`SELECT snapshot_at, ended_at, rows_written FROM private.job_run WHERE job = '${name}' AND month = '${of}-01'`))[0];
const MESSAGES = "FROM private.outbox WHERE kind = 'due_this_month'";

describe('the command', () => {
  const refused = (what, args, sentence) => test(`refuses ${what}`, async () => {
    const { status, stdout, stderr } = await run(BINARY, ['run', ...args(), '--database', database.conninfo]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, sentence);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.equal(stdout, '');
    assert.equal(await database.value('SELECT count(*) FROM private.job_run'), 0);
  });
  refused('to do nothing', () => [], /it needs a job/);
  refused('a job that there is not', () => ['everything', '--month', past], /There are the jobs capitation/);
  refused('two jobs', () => ['capitation', 'figures', '--month', past], /one argument more/);
  refused('no month', () => ['capitation'], /--month is not given/);
  for (const bad of ['2026-13', '2026-1', '2026-10-01', 'october', "'; DROP TABLE patient; --"]) refused(`the month ${bad}`, () => ['capitation', '--month', bad], /The month is a year/);
  refused('to pay for a month that is not over', () => ['capitation', '--month', month], /not over/);
  refused('figures of such a month', () => ['figures', '--month', month], /not over/);
  refused('to look for visits in a month to come', () => ['visit-monitor', '--month', next], /has not begun/);
  refused('to tell people of what was due', () => ['due-list', '--month', past], /it must be this one/);
  refused('to tell people of what will be', () => ['due-list', '--month', next], /it must be this one/);
  refused('a flag that it does not have', () => ['capitation', '--month', past, '--port', '1'], /there is no flag --port/);

  test('is not for the role of the server', async () => {
    const { status, stderr } = await run(BINARY, flags('capitation', past, database.serverConninfo));
    assert.equal(status, 1);
    assert.match(stderr, /permission denied for function job_claim/);
  });
  test('says where the database is not', async () => {
    const { status, stderr } = await run(BINARY, flags('capitation', past, 'host=/nowhere dbname=x'));
    assert.equal(status, 1);
    assert.match(stderr, /^tolqujat run: no connection to the database/);
  });
  test('has its flags in --help', async () => {
    const { stdout } = await run(BINARY, ['run', '--help']);
    assert.match(stdout, /^tolqujat run \[FLAGS\] JOB\n/);
    assert.match(stdout, /--month YYYY-MM/);
    assert.match((await run(BINARY, ['--help'])).stdout, /tolqujat run/);
  });
});

describe('jobs that count', () => {
  test('capitation, flags and figures are those of the functions, also a second time; and it is on record when they were counted', async () => {
    const tables = { capitation: `${HEADS} '${past}-01'`, 'visit-monitor': `SELECT patient_id, encounter_id, rule, score FROM private.visit_flag WHERE month = '${past}-01'`,
      figures: `SELECT * FROM figure_cell WHERE month = '${past}-01'` };
    const print = (sql) => database.query(`SELECT count(*) AS n, md5(string_agg(t::text, '' ORDER BY t::text)) AS all FROM (${sql}) t`);
    // A false visit for the monitor to find.
    await database.execute(`INSERT INTO encounter (patient_id, id, clinic_id, started_at, kind, confirmed_by) SELECT id, 9001, clinic_id, date_trunc('month', kz_today()) - INTERVAL '3 days', 'visit', 'none'
      FROM patient WHERE clinic_id IS NOT NULL ORDER BY id LIMIT 1; UPDATE patient SET deceased_on = (date_trunc('month', kz_today()) - INTERVAL '9 days')::date WHERE id = (SELECT patient_id FROM encounter WHERE id = 9001)`);
    await database.execute(`SELECT compute_figures('${past}-01')`);
    for (const [name, sql] of Object.entries(tables)) {
      const [expected] = await print(sql);
      assert.ok(expected.n > 0, name);
      for (let i = 0; i < 2; i++) {
        assert.match(await done(name, past), new RegExp(`^${name} ${past}: ${expected.n} rows, as of 20`));
        assert.deepEqual(await print(sql), [expected], name);
      }
      const { snapshot_at: counted, ended_at: ended, rows_written: rows } = await lastRun(name, past);
      assert.ok(counted <= ended && rows === expected.n, name);
    }
    assert.equal(await database.value("SELECT count(*) FROM private.visit_flag WHERE encounter_id = 9001 AND rule = 'after_death'"), 1);
  });

  test('one that is killed has changed nothing', async () => {
    const right = await heads(past), before_ = await lastRun('capitation', past);
    await database.execute('UPDATE capitation_month SET people = people + 1000');
    const wrong = await heads(past);
    await whileWaiting('capitation', past, 'LOCK TABLE insurance_status IN ACCESS EXCLUSIVE MODE', async (one) => {
      one.child.kill('SIGKILL');
      assert.equal((await one.ended).signal, 'SIGKILL');
    });
    assert.deepEqual(await heads(past), wrong);
    assert.deepEqual(await lastRun('capitation', past), before_);
    await done('capitation', past);
    assert.deepEqual(await heads(past), right);
  });

  test('counted again a month is as it is now, one row for each key: attachments changed, many at once, sessions ended in the middle', async () => {
    const last = `('${past}-01'::date + INTERVAL '1 month - 1 day')::date`;
    // Who is attached on the last day and alive then, reckoned apart; and what was counted.
    const attached = () => database.query(`SELECT a.clinic_id, count(*)::int AS people FROM attachment a JOIN patient p ON p.id = a.patient_id
      WHERE a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' AND a.attached_on <= ${last} AND coalesce(a.detached_on, 'infinity') > ${last} AND coalesce(p.deceased_on, 'infinity') > ${last} GROUP BY 1 ORDER BY 1`);
    const counted = () => database.query(`SELECT clinic_id, sum(people)::int AS people FROM capitation_month WHERE month = '${past}-01' GROUP BY 1 ORDER BY 1`);
    const keys = async () => assert.equal(Number(await database.value(`SELECT count(*) - count(DISTINCT (clinic_id, month, condition)) FROM capitation_month`)), 0);
    await done('capitation', past);
    const old = await heads(past), before_ = await attached();
    assert.deepEqual(await counted(), before_);
    // Everybody of one clinic goes to the next on the last day of the month: nothing of the first is left in it.
    const [from, to] = before_.map(({ clinic_id: clinic }) => clinic);
    await database.execute(`BEGIN; CREATE TEMP TABLE gone AS SELECT patient_id FROM attachment WHERE clinic_id = ${from} AND attached_on < ${last} AND detached_on IS NULL AND superseded_by IS NULL;
      UPDATE attachment a SET detached_on = ${last} FROM gone g WHERE a.patient_id = g.patient_id AND a.clinic_id = ${from} AND a.detached_on IS NULL AND a.superseded_by IS NULL;
      INSERT INTO attachment (patient_id, clinic_id, attached_on) SELECT patient_id, ${to}, ${last} FROM gone; COMMIT`);
    const expected = await attached();
    assert.notDeepEqual(expected, before_);
    // Ended by the database in the middle, as a command and as a function: nothing has changed, no lock is left, and the next does it.
    const ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND (query LIKE '%job_step%' OR query LIKE '%compute_capitation%') AND pid <> pg_backend_pid()";
    const run_ = await lastRun('capitation', past);
    await whileWaiting('capitation', past, 'LOCK TABLE insurance_status IN ACCESS EXCLUSIVE MODE', async (one) => {
      const alone = database.execute(`SELECT compute_capitation('${past}-01')`).then(() => null, (error) => error);
      await until(() => database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%compute_capitation%' AND pid <> pg_backend_pid()"), 'the function waits');
      await database.value(ended);
      const { code, stderr } = await one.ended;
      assert.equal(code, 1);
      assert.match(stderr, /terminating connection|connection/);
      assert.match(String((await alone)?.message), /terminating connection|connection/);
    });
    assert.deepEqual([await heads(past), await lastRun('capitation', past)], [old, run_]);
    await done('capitation', past);
    assert.deepEqual(await counted(), expected);
    const right = await heads(past);
    assert.ok(right.every(({ clinic_id: clinic }) => clinic !== from) || before_[0].people !== expected[0].people);
    // Many at once, some ended while they are at it: each leaves the whole month or what was there.
    const many = [...Array(4).keys()].flatMap(() => [job('capitation', past).then(() => {}), ...[1, 2].map(() => database.execute(`SELECT compute_capitation('${past}-15')`).catch((error) => assert.match(error.message, /terminating connection|connection/)))]);
    for (let n = 0; n < 5; n++) await database.value(ended);
    await Promise.all(many);
    await keys();
    assert.deepEqual(await heads(past), right);
    await done('capitation', past);
    assert.deepEqual(await heads(past), right);
    assert.ok(await database.value(`SELECT ended_at IS NOT NULL AND rows_written = ${right.length} FROM private.job_run WHERE job = 'capitation' AND month = '${past}-01'`));
  });

  test('what is changed meanwhile is not counted in part: it is as of one moment', async () => {
    const right = await heads(past), people = right.reduce((sum, each) => sum + each.people, 0);
    await whileWaiting('capitation', past, 'LOCK TABLE insurance_status IN ACCESS EXCLUSIVE MODE', async (one, go) => {
      await database.execute('DELETE FROM attachment WHERE patient_id % 2 = 0');
      await go();
      const { code, stdout, stderr } = await one.ended;
      assert.equal(code, 0, stdout + stderr);
    });
    assert.deepEqual(await heads(past), right);
    await done('capitation', past);
    assert.ok((await heads(past)).reduce((sum, each) => sum + each.people, 0) < people * 0.6);
  });

  test('two at once: one does it, the other is told so; what is written for both is that of one', async () => {
    await whileWaiting('capitation', past, 'LOCK TABLE insurance_status IN ACCESS EXCLUSIVE MODE', async (one, go) => {
      for (const name of ['capitation', 'visit-monitor', 'figures']) { // they write the same
        const { status, stderr } = await job(name, past);
        assert.equal(status, 3, name);
        assert.match(stderr, /another run is at this month/);
      }
      await go();
      assert.equal((await one.ended).code, 0);
    });
    const right = await heads(past);
    const all = await Promise.all([...Array(12).keys()].map((i) => job(i % 3 ? 'capitation' : 'figures', past)));
    assert.ok(all.every(({ status }) => status === 0 || status === 3) && all.some(({ status }) => status === 0), JSON.stringify(all));
    assert.deepEqual(await heads(past), right);
  });
});

describe('the list of what is due', () => {
  const told = () => database.query(`SELECT patient_id AS id, count(*) AS n ${MESSAGES} AND payload ->> 'month' = '${month}' GROUP BY 1 ORDER BY 1`);
  const due = () => database.query(`SELECT p.id FROM patient p WHERE p.deceased_on IS NULL AND EXISTS (SELECT FROM all_due_items(p.id, '${month}-01')) ORDER BY 1`);
  const noticed = () => until(async () => !await database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%job_step%' AND pid <> pg_backend_pid()"), 'the server has noticed');
  const hold = (id) => `INSERT INTO private.due_notice (month, patient_id) VALUES ('${month}-01', ${id})`;

  test('one that is killed or interrupted leaves whole steps, and the next goes on from there: everybody is told once', async () => {
    const expected = await due(), last = expected.at(-1).id;
    assert.ok(expected.length > 200 && last > 500, 'both steps have somebody');
    // Killed in its second step: the first is done.
    await whileWaiting('due-list', month, hold(last), async (one) => {
      one.child.kill('SIGKILL');
      await one.ended;
      await noticed(); // else it would do this one step yet
    });
    const half = await told();
    assert.deepEqual(half.map(({ id }) => id), expected.map(({ id }) => id).filter((id) => id <= half.at(-1).id));
    assert.ok(half.length > 100 && half.length < expected.length);
    assert.equal((await lastRun('due-list', month)).ended_at, null);
    // Interrupted in its first: it ends that step and no other.
    await database.execute(`DELETE FROM private.due_notice; DELETE ${MESSAGES}`);
    await whileWaiting('due-list', month, hold(expected[0].id), async (one, go) => {
      one.child.kill('SIGTERM');
      await go(`DELETE FROM private.due_notice WHERE patient_id = ${expected[0].id};`);
      const { code, stderr } = await one.ended;
      assert.equal(code, 1);
      assert.match(stderr, /interrupted; the same command goes on from there/);
    });
    assert.deepEqual(await told(), half);
    assert.match(await done('due-list', month), new RegExp(`^due-list ${month}: ${expected.length} rows`));
    assert.deepEqual(await told(), expected.map(({ id }) => ({ id, n: 2 })));
  });

  test('what is due for many at once is what is due for each, in months and with birthdays of every length', async () => {
    const months = `SELECT ('2017-01-01'::date + n * INTERVAL '25 months')::date AS month FROM generate_series(0, 5) n`;
    // Half are born so that they come of the age of a rule at the end of such a month, or a day or two beside it; a screening has a new edition; the many are asked for in ranges of uneven size.
    const rows = JSON.parse(await database.execute(`BEGIN;
      UPDATE patient p SET birth_date = (date_trunc('month', m.month - make_interval(months => r.from_months)) + INTERVAL '1 month')::date - 1 - p.id::int / 408
        FROM (SELECT month, row_number() OVER () AS n FROM (${months}) x) m, (SELECT from_months, row_number() OVER (ORDER BY id) AS n FROM plan_rule) r
       WHERE p.deceased_on IS NULL AND p.id % 2 = 0 AND m.n = p.id / 2 % 6 + 1 AND r.n = p.id / 12 % 34 + 1;
      UPDATE plan_rule SET valid_to = '2020-12-01' WHERE id = 101;
      INSERT INTO plan_rule SELECT (jsonb_populate_record(r, '{"id": 901, "valid_from": "2020-12-01", "valid_to": null}')).* FROM plan_rule r WHERE id = 101;
      UPDATE clinic SET rural = id % 2 = 0;
      INSERT INTO vaccine_exception (patient_id, series, kind, reason, decided_on, valid_to, clinic_id)
        SELECT p.id, 'polio', 'refusal', 'of a test', '2019-02-28', CASE WHEN p.id % 3 > 0 THEN '2020-12-31'::date END, p.clinic_id FROM patient p WHERE p.id % 5 = 0 AND p.clinic_id IS NOT NULL;
      CREATE TEMP TABLE each AS SELECT m.month, d.* FROM (${months}) m, patient p, all_due_items(p.id, m.month) d WHERE p.deceased_on IS NULL;
      CREATE TEMP TABLE many AS SELECT m.month, d.* FROM (${months}) m, (VALUES (0, 1), (1, 7), (7, 500), (500, 1000000)) r (after, until), due_many_items(r.after, r.until, m.month + 3) d;
      SELECT json_agg(t) FROM (
        SELECT e.kind, count(*) AS n, count(*) FILTER (WHERE e.overdue) AS overdue, count(DISTINCT e.rule_id) AS rules, count(e.invitation_id) AS invited,
               (SELECT count(*) FROM (TABLE each EXCEPT ALL TABLE many) x) AS missing, (SELECT count(*) FROM (TABLE many EXCEPT ALL TABLE each) x) AS more
          FROM each e GROUP BY 1 ORDER BY 1) t;
      ROLLBACK`));
    assert.deepEqual(rows.map(({ kind }) => kind), ['dispensary_visit', 'screening', 'vaccination']);
    for (const one of rows) assert.ok(one.missing === 0 && one.more === 0 && one.n > 100 && one.overdue > 0 && one.overdue < one.n, JSON.stringify(rows));
    assert.ok(rows[1].rules >= 10 && rows[1].invited > 0 && rows[2].rules > 15, JSON.stringify(rows));
  });

  test('nobody is told twice in a month, also when the message is deleted', async () => {
    const all = await told();
    await database.execute(`DELETE ${MESSAGES} AND patient_id = ${all[0].id}`);
    await Promise.all([1, 2, 3].map(() => job('due-list', month)));
    await done('due-list', month);
    assert.deepEqual(await told(), all.slice(1));
  });

  test('the message names no disease and no examination, and the dead get none', async () => {
    assert.deepEqual(await database.query(`SELECT DISTINCT k FROM private.outbox, jsonb_object_keys(payload) k WHERE kind = 'due_this_month' ORDER BY 1`), [{ k: 'items' }, { k: 'month' }]);
    assert.equal(await database.value("SELECT count(*) FROM private.outbox o JOIN patient p ON p.id = o.patient_id WHERE o.kind = 'due_this_month' AND p.deceased_on IS NOT NULL"), 0);
    const [one] = await database.query(`SELECT patient_id AS id, (payload -> 'items')::int AS n ${MESSAGES} AND payload ->> 'month' = '${month}' LIMIT 1`);
    assert.equal(one.n, await database.value(`SELECT count(*) FROM all_due_items(${one.id}, '${month}-01')`));
  });

  test('shows on a terminal how far it is, and leaves nothing of it behind', async () => {
    const [{ id }] = (await due()).slice(-1);
    await database.execute('DELETE FROM private.due_notice');
    const session = new Session(database);
    try {
      await session.say(`BEGIN; ${hold(id)};`);
      const shown = run('script', ['-qec', `'${BINARY}' run due-list --month ${month} --database '${database.conninfo}'`, '/dev/null']);
      await until(() => database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%job_step%' AND now() - query_start > INTERVAL '300 ms'"), 'it waits in its last step');
      session.end();
      const { status, stdout } = await shown;
      assert.equal(status, 0, stdout);
      assert.match(stdout, new RegExp(`due-list ${month}: 1000 of 1000 people, \\d+/s\\r\\x1b\\[K`));
    } finally {
      session.end();
    }
  });
});
