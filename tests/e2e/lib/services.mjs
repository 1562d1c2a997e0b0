// PostgreSQL and Redis for tests. scripts/test starts one pair for the whole run (TOLQUJAT_TEST_SERVICES); a test
// file that is run alone starts its own. Each test gets a database of its own, cloned from a template that is
// migrated and populated once. A test that kills or fills servers takes a pair for itself: startServices().
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TOP, BINARY, atExit, must, run, runSync, sleep, until } from './run.mjs';
import { Database } from './psql.mjs';

const SCRIPT = path.join(TOP, 'scripts/services');
export const TEMPLATE = 'template_people';
export const PEOPLE = 1000;
export const SEED = 1;

async function read(dir) {
  const values = {};
  for (const [, name, value] of (await must(SCRIPT, ['env', dir])).matchAll(/^export (\w+)='(.*)'$/gm)) {
    values[name] = value;
  }
  const pids = async () => Object.fromEntries([...(await run(SCRIPT, ['status', dir])).stdout
    .matchAll(/^(\w+) (\d+)$/gm)].map(([, name, pid]) => [name, Number(pid)]));
  const kill = async (name) => {
    const { [name]: pid } = await pids();
    process.kill(pid, 'SIGKILL');
    await until(async () => (await pids())[name] !== pid, `the end of ${name}`); // else start() takes it for one that runs
  };
  return { dir, pgHost: values.PGHOST, pgBin: values.PGBIN, redis: values.TOLQUJAT_REDIS, pids, kill };
}

/**
 * A private pair of servers, in a run of all tests with the template that this run has made: { dir, pgHost, pgBin,
 * redis (its socket), pids() -> {postgres, redis}, kill('postgres' or 'redis'), start(), stop() }. start() brings up again whichever of the two was ended. Ended and deleted with the process.
 */
export async function startServices(...flags) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'tolqujat-e2e.'));
  const ofTheRun = process.env.TOLQUJAT_TEST_SERVICES;
  const start = () => must(SCRIPT, ['start', dir, '--profile', 'test', ...(ofTheRun ? ['--copy-of', ofTheRun] : []), ...flags]);
  const drop = () => {
    runSync(SCRIPT, ['drop', dir]);
    rmSync(dir, { recursive: true, force: true });
  };
  const forget = atExit(drop);
  await start();
  const services = await read(dir);
  return { ...services, start, stop: () => { forget(); drop(); } };
}

let shared;

/** The pair that all test files of a run share. Don't kill it, don't flush it. */
export function sharedServices() {
  const dir = process.env.TOLQUJAT_TEST_SERVICES;
  shared ??= dir ? read(dir) : startServices();
  return shared;
}

/** Migrates and populates `database` the way the demo does. */
export async function populate(database, people = PEOPLE) {
  await must(BINARY, ['migrate', '--database', database.conninfo]);
  const superuser = new Database(database.services, database.name, 'postgres');
  await must(path.join(TOP, 'db/population/load'), ['--patients', String(people), '--seed', String(SEED)],
    { env: superuser.environment, timeout: 600_000 });
}

/** Makes the template unless it is there. */
export async function prepareTemplate(services) {
  const admin = new Database(services, 'postgres', 'postgres');
  const [{ n }] = await admin.query(`SELECT count(*) AS n FROM pg_database WHERE datname = '${TEMPLATE}'`);
  if (n === 1) return;
  const making = `${TEMPLATE}_new`;
  await admin.execute(`DROP DATABASE IF EXISTS ${making}`);
  await admin.execute(`CREATE DATABASE ${making} OWNER tolqujat`);
  await populate(new Database(services, making));
  await admin.execute(`ALTER DATABASE ${making} RENAME TO ${TEMPLATE}`);
}

let made = 0;

/**
 * A database of one's own: a Database (psql.mjs), with the template's people, or `empty`. `drop()` deletes it;
 * else it goes with the cluster.
 */
export async function createDatabase({ empty = false, services } = {}) {
  const ofTheRun = process.env.TOLQUJAT_TEST_SERVICES && await sharedServices(); // scripts/test has made their template
  services ??= await sharedServices();
  if (!empty && services !== ofTheRun) await prepareTemplate(services);
  const admin = new Database(services, 'postgres', 'postgres');
  const name = `t_${process.pid}_${++made}`;
  const source = empty ? 'template0' : TEMPLATE;
  // Only while nobody is connected to the template: another test file may be cloning it this moment.
  for (let tries = 0; ; tries++) {
    try {
      await admin.execute(`CREATE DATABASE ${name} OWNER tolqujat TEMPLATE ${source} STRATEGY FILE_COPY`); // without fsync the quicker one by far
      break;
    } catch (error) {
      if (tries === 50 || !/being accessed by other users/.test(error.message)) throw error;
      await sleep(100);
    }
  }
  const database = new Database(services, name);
  // What db/grants.sql says of a migrated one, for tests that bring tables of their own.
  if (empty) await database.execute('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO tolqujat_server');
  database.drop = () => admin.execute(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return database;
}
