// Running programs, and cleaning up after a test process whatever happens to it.
import { spawnSync, execFile } from 'node:child_process';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const TOP = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BUILD = process.env.TOLQUJAT_BUILD ?? path.join(TOP, 'build-test');
export const BINARY = path.join(BUILD, 'tolqujat');

const execFilePromise = promisify(execFile);

/** Runs a program to its end: { status, stdout, stderr }; a status that is not 0 is no exception here. */
export async function run(file, args, { input, env, timeout = 120_000, cwd = TOP } = {}) {
  const promise = execFilePromise(file, args, {
    cwd,
    env: { ...process.env, ...env },
    timeout,
    maxBuffer: 256 * 1024 * 1024,
  });
  promise.child.stdin.on('error', () => {}); // it ended without reading: its status says so
  promise.child.stdin.end(input ?? '');
  try {
    const { stdout, stderr } = await promise;
    return { status: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code === 'string') throw error; // it could not be run at all
    return { status: error.code ?? -1, signal: error.signal, stdout: error.stdout, stderr: error.stderr };
  }
}

/** As run(), but a status that is not 0 throws what it printed. */
export async function must(file, args, options) {
  const result = await run(file, args, options);
  if (result.status !== 0) {
    throw new Error(`${path.basename(file)} ${args.join(' ')}: status ${result.status}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

const cleanups = new Set();

/** Calls `cleanup` (synchronous) when this process ends, unless the returned function is called before. */
export function atExit(cleanup) {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

process.on('exit', () => {
  for (const cleanup of [...cleanups].reverse()) cleanup();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(1));
}

// A test that fails half way leaves its server and its load running, and they would keep the file from ever ending.
const ENDING = 45_000; // what is done behind the last test, at most
if (process.argv[1]?.endsWith('.test.mjs')) {
  after(() => setTimeout(() => {
    console.error(`${path.basename(process.argv[1])}: something still runs ${ENDING / 1000} s after the last test`);
    process.exit(1);
  }, ENDING).unref());
}

export const runSync = (file, args) => spawnSync(file, args, { cwd: TOP, stdio: 'ignore', timeout: 60_000 });

/** SIGKILL, to a process that may have ended since it was looked for. */
export function killLiving(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Something takes less than `most` ms, and `least` at least. `act` does it and gives how long it took. What took too long is done again before it is
 * believed, as a machine that does much else makes anything long; what was too short is wrong at once.
 */
export async function takes({ least = 0, most }, act, tries = 4) {
  const all = [];
  do {
    all.push(await act());
    if (all.at(-1) < least) throw new Error(`it took ${all.at(-1)} ms: less than ${least}`);
  } while (all.at(-1) >= most && all.length < tries);
  if (all.at(-1) >= most) throw new Error(`it took ${all.join(', ')} ms: never less than ${most}`);
}

/** Asks `probe` every 20 ms until it gives something true; throws `what` after `ms`. */
export async function until(probe, what, ms = 30_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(20);
  }
}
