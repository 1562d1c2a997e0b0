// The HTTP side alone (tests/fixtures/http-fixture.c) on a free port: limits by name, handlers that a test steers.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { BUILD, TOP } from './run.mjs';
import { Server } from './server.mjs';

/** `limits`: names of server/http/limits.h. `wrap`: a program and its arguments to start it with (prlimit, ...). */
export async function startFixture(limits = {}, { wrap = [] } = {}) {
  const args = Object.entries(limits).map(([name, value]) => `${name}=${value}`);
  const [file, ...rest] = [...wrap, path.join(BUILD, 'server', 'http-fixture'), ...args];
  const child = spawn(file, rest, { cwd: TOP, stdio: ['ignore', 'pipe', 'pipe'] });
  const server = new Server(child, 0);
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error(`the fixture ended: ${server.stderr}`)));
    child.stdout.on('data', () => {
      const match = /^port (\d+)\n/.exec(server.stdout);
      if (!match) return;
      server.port = Number(match[1]);
      server.url = `http://127.0.0.1:${server.port}`;
      resolve();
    });
  });
  return server;
}
