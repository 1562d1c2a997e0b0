// docs/api.md and the schema's descriptions are whole: every code of an error, every query, and a sentence for all that clients can see.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'graphql';
import { TOP } from './lib/run.mjs';

const read = (name) => readFileSync(path.join(TOP, name), 'utf8');
const api = read('docs/api.md');
const { definitions } = parse(read('schema/passport.graphql'));

test('every code of an error is in the table, with the status that it has', () => {
  const table = new Map([...api.slice(api.indexOf('### Codes of errors')).matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, status]));
  const ours = [...read('base/err.h').matchAll(/X\([A-Z_]+, (\d+), "([A-Z_]+)", [01]\)/g)].map(([, status, code]) => [code, status]);
  // What no answer of ours has: HTTP's words for 429 and 504 (the codes above are given), and 422.
  const http = [...read('server/http/reply.c').matchAll(/X\((4\d\d|5\d\d), "[^"]+", +"([A-Z_]+)"\)/g)].map(([, status, code]) => [code, status])
    .filter(([code, status]) => !['422', '429', '504'].includes(status) && !ours.some(([other]) => other === code));
  assert.ok(ours.length > 20 && http.length > 5, `${ours.length} ${http.length}`);
  assert.deepEqual([...table].sort(), [...ours, ...http].sort());
});

test('every query is named', () => {
  const { fields } = definitions.find(({ kind, name }) => kind === 'ObjectTypeDefinition' && name.value === 'Query');
  assert.deepEqual(fields.map(({ name }) => name.value).filter((name) => !new RegExp(`\\b${name}\\b`).test(api)), []);
});

test('every type, field, argument and enum value has a description', () => {
  const bare = [];
  const look = (node, name) => {
    if (!node.description?.value.trim()) bare.push(name);
    for (const part of [...node.fields ?? [], ...node.arguments ?? [], ...node.values ?? []]) look(part, `${name}.${part.name.value}`);
  };
  for (const node of definitions) if (/TypeDefinition$/.test(node.kind)) look(node, node.name.value);
  assert.deepEqual(bare, []);
});
