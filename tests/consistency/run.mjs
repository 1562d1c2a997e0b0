// One run of the consistency test: a server of two workers under a load of readers and writers while something goes wrong, and what the checker says of it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { atExit, sleep } from '../e2e/lib/run.mjs';
import { freePort, startServer } from '../e2e/lib/server.mjs';
import { findGhosts, findLost, findStale, howSharp } from './checker.mjs';
import { howObliged, makeOutsider } from './outsider.mjs';
import { COLD, HOT, isMark, isOutside } from './world.mjs';

const LOAD = fileURLToPath(new URL('./load.mjs', import.meta.url));
const PROCESSES = 4, READERS = 4; // of each process, beside its writer
const READS_PER_WRITE = 15;

function startLoad(port, number, outside) {
  const child = fork(LOAD, [JSON.stringify({ port, name: `w${number}`, seed: 1000 + number, readers: READERS, hot: HOT, cold: COLD, readsPerWrite: READS_PER_WRITE, outside })]);
  const forget = atExit(() => child.kill('SIGKILL'));
  let ready;
  const said = new Promise((resolve, reject) => {
    ready = new Promise((begun) => child.once('message', () => { child.once('message', resolve); begun(); }));
    child.once('exit', forget);
    child.once('disconnect', () => reject(new Error(`a process of the load ended with ${child.exitCode}, without a word`))); // behind what it said, as its exit need not be
  });
  said.catch(() => {}); // looked at when the load is over
  return { ready: Promise.race([ready, said]), go: () => child.send('go'), stop: () => { child.send('stop'); return said; }, kill: () => child.kill('SIGKILL') };
}

const operation = ([record, write, version, token, invoked, returned]) =>
  ({ record, write, version, token, invoked, returned: returned === 'never' ? Infinity : returned, deletes: isMark(record), promised: isOutside(record) });

/** Hits of all caches, as a share of what was asked of them. A worker that died has taken its numbers along. */
async function hitRatio(server) {
  const read = async (name) => await server.metric(`tolqujat_cache_${name}_total`) ?? 0;
  const hits = await read('local_hits') + await read('remote_hits') + await read('shared_hits');
  return hits / Math.max(1, hits + await read('misses'));
}

async function strikeOn(fault, context) {
  let n = 0;
  while (fault.strike && !context.over) {
    await fault.strike(context);
    n++;
  }
  await fault.end?.(context);
  return n;
}

const SHARED = ['--shared-cache', '64']; // as servers have it: every tier is there

/** { stale, ghost, torn, lost, gaps, reads, writes, deletions, outside, obliged, failed, faults, ratio, overlapped, soon } */
export async function runOnce(world, services, fault, seconds) {
  await world.empty();
  const between = await fault.between?.(world, services);
  const context = { world, services, proxies: between?.proxies, over: false };
  context.start = async (port) => {
    context.server = await startServer({ database: between?.conninfo ?? world.database.serverConninfo, redis: between?.redis ?? services.redis, port,
      args: ['--schema', world.schema, '--workers', '2', ...fault.args ?? SHARED, ...fault.others ? ['--follow', world.database.followConninfo] : []], env: fault.env });
    return context.server;
  };
  const outsider = fault.others && await makeOutsider(world.database);
  let loads = [];
  try {
    const port = await freePort();
    loads = Array.from({ length: PROCESSES }, (_, i) => startLoad(port, i, fault.others)); // on a busy machine they take seconds to begin
    await Promise.all([context.start(port), ...loads.map((load) => load.ready)]);
    for (const load of loads) load.go();
    outsider?.start();
    const striking = strikeOn(fault, context);
    await sleep(seconds * 1000);
    context.over = true;
    const faults = await striking;
    const outside = await outsider?.stop() ?? [];
    const said = await Promise.all(loads.map((load) => load.stop()));
    await context.server.ready(); // its workers may all have just died
    const ratio = await hitRatio(context.server);
    return { ...judge(said, outside, await world.rows()), faults, ratio };
  } finally {
    await outsider?.stop();
    for (const load of loads) load.kill(); // those that a failure left
    await context.server?.stop();
    await between?.stop();
  }
}

function judge(said, outside, rows) {
  const operations = [...said.flatMap(({ operations: list }) => list.map(operation)), ...outside];
  const writes = operations.filter(({ write, version }) => write && version !== null).length;
  return {
    stale: findStale(operations, rows), ghost: findGhosts(operations), torn: said.flatMap(({ torn }) => torn), ...findLost(operations, rows), ...howSharp(operations),
    deletions: operations.filter(({ write, version, deletes }) => write && deletes && version !== null && version % 2 === 0).length,
    outside: outside.length, obliged: howObliged(operations, outside),
    writes, reads: operations.filter(({ write }) => !write).length,
    failed: { reads: said.reduce((sum, { failed }) => sum + failed.reads, 0), writes: said.reduce((sum, { failed }) => sum + failed.writes, 0) },
  };
}

export const line = (r) => `stale ${r.stale.length}, ghost ${r.ghost.length}, torn ${r.torn.length}, dup ${r.lost.length + r.gaps.length} of ${r.reads} reads, ${r.writes} writes (${r.deletions} deletions), `
  + `${r.faults} faults, hit ratio ${r.ratio.toFixed(2)}; ${r.overlapped} reads beside a write of their record, ${r.soon} within 5 ms after one; ${r.failed.reads} reads and ${r.failed.writes} writes failed`
  + (r.outside ? `; ${r.outside} writes by others, ${r.obliged} reads a second behind one` : '');
