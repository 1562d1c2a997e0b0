// Who sees what: as the schema file's directives say it, and as the table of docs/security.md does.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildASTSchema, getNamedType, isObjectType, parse } from 'graphql';
import { TOP } from './run.mjs';

export const SDL = buildASTSchema(parse(readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8')), { assumeValidSDL: true });

const directive = (node, name) => node.astNode?.directives.find((one) => one.name.value === name);
const argument = (one, name) => one?.arguments.find((each) => each.name.value === name)?.value;
const allow = (node) => {
  const list = argument(directive(node, 'allow'), 'to');
  return list && new Set(list.values.map(({ value }) => value));
};

export const CAPACITIES = SDL.getType('Capacity').getValues().map(({ name }) => name);

/** The types whose rows are about somebody: name -> { name, table, allow (a set of capacities), fields: name -> set }. */
export const PERSONAL = new Map(Object.values(SDL.getTypeMap())
  .filter((type) => isObjectType(type) && (directive(type, 'belongs') || directive(type, 'subject')))
  .map((type) => [type.name, {
    name: type.name,
    table: argument(directive(type, 'table'), 'name').value,
    allow: allow(type) ?? new Set(CAPACITIES),
    fields: new Map(Object.values(type.getFields()).map((field) => [field.name, allow(field)]).filter(([, set]) => set)),
  }]));

/** Whether the server signs or seals something of it, anew for each answer. */
const isIssued = (type) => isObjectType(type) && Object.values(type.getFields()).some((field) => {
  const codec = directive(getNamedType(field.type), 'codec');
  return codec && ['SIGNED', 'LINK'].includes(argument(codec, 'as').value);
});

/** 'Type.field' of what a function makes for each viewer or answer: there is no one truth to compare it with, each has a proof of its own (summary, card
 * and files.test.mjs). */
export const MADE = new Set(Object.values(SDL.getTypeMap()).filter(isObjectType).flatMap((type) => Object.values(type.getFields())
  .filter((field) => argument(directive(field, 'list'), 'viewer')?.value || isIssued(getNamedType(field.type))).map((field) => `${type.name}.${field.name}`)));

/** The same from the directives, as 'Type' or 'Type.field' -> set of capacities; a field only where it is narrower than its type. */
export function bySchema() {
  const all = new Map();
  for (const type of PERSONAL.values()) {
    all.set(type.name, type.allow);
    for (const [name, set] of type.fields) all.set(`${type.name}.${name}`, new Set([...set].filter((capacity) => type.allow.has(capacity))));
  }
  return all;
}

/** The same, from the table under "Who sees what". */
export function byDocument() {
  const text = readFileSync(path.join(TOP, 'docs/security.md'), 'utf8');
  const section = /^## Who sees what\n([^]*?)(?=^## )/m.exec(text)?.[1] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|')).map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim()));
  const at = lines.findIndex(([first]) => first === 'What');
  const heads = lines[at].slice(1).map((head) => head.toUpperCase().replace(/[ -]/g, '_'));
  const all = new Map();
  for (const [what, ...cells] of lines.slice(at + 2)) {
    const [, name] = /^`([A-Za-z0-9.]+)`$/.exec(what) ?? [];
    if (!name || cells.length !== heads.length || cells.some((cell) => !['yes', ''].includes(cell))) throw new Error(`no row of "Who sees what": ${what}`);
    all.set(name, new Set(heads.filter((head, i) => cells[i] === 'yes')));
  }
  return all;
}
