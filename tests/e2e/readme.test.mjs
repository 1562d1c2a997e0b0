// README's query gives README's answer: the first thing that a newcomer tries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TOP } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase, sharedServices } from './lib/services.mjs';

const readme = readFileSync(path.join(TOP, 'README.md'), 'utf8');
const block = (language) => readme.match(new RegExp('^```' + language + '\\n([^]*?)^```$', 'm'))[1];
const variables = JSON.parse(readme.match(/^with `(\{.*\})` gives$/m)[1]);

let server;
let database;
before(async () => {
  database = await createDatabase();
  server = await startServer({ database, redis: (await sharedServices()).redis });
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

// The second time from what the first has cached.
for (const time of ['first', 'second', 'third']) {
  test(`the answer, asked for the ${time} time`, async () => {
    assert.deepEqual(await server.graphql(block('graphql'), variables), JSON.parse(block('json')));
  });
}

test('of the citizen whose token the demo prints', async () => {
  const people = await database.execute(readFileSync(path.join(TOP, 'db/population/tokens.sql'), 'utf8'));
  const [, , iin] = people.split('\n').find((line) => line.startsWith('citizen|')).split('|');
  assert.equal(iin, variables.iin);
});
