// What goes wrong under a run. Each is { args, env (of the server); between(world, services): what the server is given instead of the services' sockets,
// with stop(); strike(context), called again and again; end(context); loses: requests fail; others: another system writes, and the server follows it; seconds: how long it has to be at least; ratio: the least share of hits }.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { killLiving, sleep } from '../e2e/lib/run.mjs';

const PROXY = fileURLToPath(new URL('./proxy.mjs', import.meta.url));

/** A command of Redis by hand; whatever it answers, or nothing. */
const say = (redis, command) => new Promise((resolve) => {
  const socket = createConnection(redis, () => socket.write(`${command}\r\n`));
  socket.setTimeout(1000, () => socket.destroy());
  socket.once('data', () => socket.destroy());
  socket.once('error', () => {});
  socket.once('close', resolve);
});

async function stopped(pid, ms) {
  try {
    process.kill(pid, 'SIGSTOP');
    await sleep(ms);
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // a session may end by itself
  }
}

async function startProxy(from, to, { delay, share }) {
  const child = fork(PROXY, [from, to, String(delay), String(share)]);
  await new Promise((resolve) => child.once('message', resolve));
  return { say: (word) => child.send(word), stop: () => new Promise((resolve) => { child.once('exit', resolve); child.disconnect(); }) };
}

/** Both servers, or one of them, behind a proxy. */
async function behindProxies(world, services, { redis, postgres }) {
  const folder = path.join(world.folder, 'proxy');
  mkdirSync(folder, { recursive: true });
  const proxies = {};
  if (redis !== undefined) proxies.redis = await startProxy(path.join(folder, 'redis.sock'), services.redis, redis);
  if (postgres !== undefined) proxies.postgres = await startProxy(path.join(folder, '.s.PGSQL.5432'), path.join(services.pgHost, '.s.PGSQL.5432'), postgres);
  return {
    proxies,
    redis: redis === undefined ? services.redis : path.join(folder, 'redis.sock'),
    conninfo: world.database.serverConninfo.replace(services.pgHost, postgres === undefined ? services.pgHost : folder),
    stop: () => Promise.all(Object.values(proxies).map((one) => one.stop())),
  };
}

// What is cached is in Redis alone, and everything is: a value lives too short a time here to be read so often that storing it would pay.
const NO_LOCAL = ['--cache-bytes', '0', '--redis-stores', '100000'];
const late = (share) => (world, services) => behindProxies(world, services, { redis: { delay: 50, share }, postgres: { delay: 50, share } });

export const FAULTS = {
  'nothing': { ratio: 0.5 },
  'nothing, all in Redis': { args: NO_LOCAL, ratio: 0.5 },
  'nothing, all in what workers share': { args: ['--cache-bytes', '1', '--shared-cache', '64'], ratio: 0.5 },
  'Redis killed and started empty': {
    args: NO_LOCAL,
    strike: async ({ services }) => {
      await services.kill('redis');
      await sleep(200);
      await services.start();
      await sleep(600);
    },
  },
  'Redis stands still for three seconds': {
    strike: async ({ services }) => {
      await stopped((await services.pids()).redis, 3000);
      await sleep(1000);
    },
  },
  'Redis emptied': { args: NO_LOCAL, strike: async ({ services }) => { await say(services.redis, 'FLUSHALL'); await sleep(80); } },
  'Redis of 2 MB that evicts': {
    args: NO_LOCAL,
    strike: async ({ services }) => { await say(services.redis, 'CONFIG SET maxmemory 2mb'); await say(services.redis, `SET filler-${Math.random()} ${'x'.repeat(100_000)}`); await sleep(20); },
    end: async ({ services }) => say(services.redis, 'CONFIG SET maxmemory 64mb'),
  },
  'connections to Redis cut': { args: NO_LOCAL, strike: async ({ services }) => { await say(services.redis, 'CLIENT KILL TYPE normal SKIPME yes'); await sleep(300); } },
  'Redis out of reach now and then': {
    args: NO_LOCAL,
    between: (world, services) => behindProxies(world, services, { redis: { delay: 0, share: 0 } }),
    strike: async ({ proxies }) => { proxies.redis.say('hold'); await sleep(60); proxies.redis.say('go'); await sleep(400); },
  },
  'every message up to 50 ms late': { between: late(1) },
  'sessions of PostgreSQL ended': {
    strike: async ({ world }) => {
      await world.superuser.execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'tolqujat%' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2`);
      await sleep(120);
    },
  },
  'PostgreSQL killed': {
    seconds: 6,
    strike: async ({ services }) => {
      await sleep(800);
      await services.kill('postgres');
      await services.start();
      await sleep(1500);
    },
  },
  'the server killed, all of it, and PostgreSQL with it every other time': {
    seconds: 6,
    strike: async (context) => {
      await sleep(800);
      const { server, services } = context;
      const { port, pid } = server;
      const pids = [pid, ...server.workers()];
      context.kills = (context.kills ?? 0) + 1;
      if (context.kills % 2 === 0) killLiving((await services.pids()).postgres);
      for (const one of pids) killLiving(one); // the workers end with the first of them
      await server.exited;
      await services.start();
      await context.start(port);
      await sleep(1200);
    },
  },
  'workers killed between COMMIT and invalidation': { env: { TOLQUJAT_FAILPOINTS: 'die-before-invalidation:40' }, loses: true },
  'no memory for what a write touches': { env: { TOLQUJAT_FAILPOINTS: 'no-memory-for-marks:3' }, between: late(0.3), loses: true },
  'others delete': { others: true, ratio: 0.5 },
  'others delete, while the stream that tells of it is cut, stands still, or dies with its worker': {
    others: true,
    seconds: 5,
    strike: async (context) => {
      const { world, server } = context, which = context.strikes = ((context.strikes ?? 0) + 1) % 3;
      const pid = await world.superuser.value("SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'walsender' AND datname = current_database()");
      const [first] = server.workers();
      if (which === 0 && first) killLiving(first);
      else if (pid && which === 1) await world.superuser.execute(`SELECT pg_terminate_backend(${pid})`);
      else if (pid) await stopped(pid, 1300);
      await sleep(700);
    },
  },
};

/** What is done wrong on purpose: the same test has to notice. Some messages are late, so that there is time for it to go wrong. */
export const SABOTAGE = {
  'no invalidation': { env: { TOLQUJAT_FAILPOINTS: 'no-invalidation' }, deleted: true },
  'invalidation before the commit': { env: { TOLQUJAT_FAILPOINTS: 'early-invalidation' }, between: late(0.3) },
  'what others write is not heard of': { env: { TOLQUJAT_FAILPOINTS: 'deaf-follower' }, others: true, deleted: true },
  'fills that nobody guards': { env: { TOLQUJAT_FAILPOINTS: 'unguarded-fill' }, between: late(0.3) },
};
