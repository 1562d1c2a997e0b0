// docs/domain.md promises that all the mission asks for is there, and says where: what it names must be there.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { isEnumType, isInterfaceType, isObjectType } from 'graphql';
import { TOP } from './lib/run.mjs';
import { SDL } from './lib/who-sees-what.mjs';

const read = (...at) => readFileSync(path.join(TOP, ...at), 'utf8');
const SECTION = /^## The mission's checklist\n([^]*?)(?=^## )/m.exec(read('docs/domain.md'))[1];
const ROWS = SECTION.split('\n').filter((line) => /^\| \d/.test(line)).map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim()));
const SQL = ['db/migrations', 'db/functions'].flatMap((folder) => readdirSync(path.join(TOP, folder)).filter((file) => file.endsWith('.sql')).map((file) => read(folder, file))).join('\n');
const named = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

/** Whether the schema has `Type`, `Type.field`, `Enum.VALUE`, or a field of Query or Mutation. */
function inSchema(name) {
  const [first, second] = name.split('.');
  const type = SDL.getType(first);
  if (second) return (isObjectType(type) || isInterfaceType(type)) && second in type.getFields() || isEnumType(type) && Boolean(type.getValue(second));
  return Boolean(type) || [SDL.getQueryType(), SDL.getMutationType()].some((root) => first in root.getFields());
}

/** Titles of a file's tests; of `population` the names of the checks. */
function titles(file) {
  const at = file === 'population' ? ['db/population/check.sql'] : ['tests/e2e', `${file}.test.mjs`];
  assert.ok(existsSync(path.join(TOP, ...at)), `${file}: no such tests`);
  return read(...at).replaceAll("''", "'");
}

test('the rows of the mission are all there, once', () => {
  assert.deepEqual(ROWS.map(([row]) => Number(row)), Array.from({ length: 42 }, (_, i) => i + 1));
});

test('every row of the checklist names fields, tables and tests that are there', () => {
  for (const [row, , api, tables, held] of ROWS) {
    assert.ok(named(api).length, `row ${row} names no field`);
    for (const name of named(api)) assert.ok(inSchema(name), `row ${row}: the schema has no ${name}`);
    if (!tables.startsWith('none')) assert.ok(named(tables).length, `row ${row} names no table`);
    for (const name of named(tables)) assert.match(SQL, new RegExp(`(TABLE|VIEW|FUNCTION|TYPE)( IF NOT EXISTS)? (private\\.)?${name}\\b`), `row ${row}: no table or function ${name}`);
    const tests = held.split('; ').flatMap((part) => {
      const [, file, list] = /^([a-z-]+): (.*)$/.exec(part) ?? assert.fail(`row ${row}: ${part}`);
      return list.split(/\*, \*/).map((title) => [file, title.replaceAll('*', '')]);
    });
    for (const [file, title] of tests) assert.ok(titles(file).includes(title), `row ${row}: ${file} has no test "${title}"`);
  }
  for (const name of named(SECTION.split('The twelve blocks:')[1])) assert.ok(inSchema(name), `the twelve blocks: the schema has no ${name}`);
});
