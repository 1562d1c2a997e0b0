// The language alone (tests/fixtures/language-fixture.c): documents in, verdicts out.
import assert from 'node:assert/strict';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BUILD, TOP, atExit } from './run.mjs';

export class Language {
  constructor(schema) {
    this.child = spawn(path.join(BUILD, 'tests/language-fixture'), [path.join(TOP, schema)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const forget = atExit(() => this.child.kill('SIGKILL'));
    this.ended = new Promise((resolve) => this.child.on('close', (code) => { forget(); resolve(code); }));
    this.child.stdin.on('error', () => {}); // its status says why
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** The answers to requests { query, variables }, in their order. */
  async ask(requests) {
    this.child.stdin.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
    const answers = [];
    for (const { query } of requests) {
      const { value, done } = await this.lines.next();
      assert.ok(!done, `the fixture ended at ${JSON.stringify(query)} or before`);
      answers.push(JSON.parse(value));
    }
    return answers;
  }

  /** Ends it; a word from a sanitizer makes its status another. */
  async close() {
    this.child.stdin.end();
    assert.equal(await this.ended, 0);
  }
}

/** What was said of a document as the reference's judge() says it. */
export function verdict({ errors = [] }) {
  return {
    code: errors[0]?.code ?? null,
    errors: errors.map(({ message, locations }) => `${locations.map((at) => at.join(':')).join(',')} ${message}`),
  };
}
