// A second server in a few lines: graphql-js executes over the rows of the same database, read once into memory. What
// lies where is taken from the directives of schema/passport.graphql; one that is not known here fails the test, so
// that this file grows with the schema.
//
// Ids and cursors are opaque: the reference puts a placeholder where one stands, and settle() holds the server to one
// value for each placeholder and one placeholder for each value. What was seen so can be asked with later.
import fs from 'node:fs';
import path from 'node:path';
import {
  execute, getNamedType, getNullableType, GraphQLError, isEnumType, isInputObjectType, isListType, Kind, parse,
  valueFromASTUntyped,
} from 'graphql';
import { FunctionRows } from './function-rows.mjs';
import { TOP } from './run.mjs';

const KNOWN = new Set(['table', 'hot', 'aggregate', 'kind', 'column', 'apart', 'computed', 'reference', 'lookup', 'node', 'list', 'filter',
  'value', 'codec', 'specifiedBy', 'deprecated', 'oneOf',
  'subject', 'belongs', 'allow', 'viewer', // who may see what: nobody is asked here, as with --access open
  'procedure', 'parameter', 'entry', 'negotiated', // a query's: mutations are not executed here
  'changes']); // of mutations alone
const MOST_COUNTED = 10_000; // as base/access.h has it
const snake = (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`).replace(/^_/, '');

/** The file's mapping: { types: name -> { table?, fields: name -> { directives, args } }, values: enum -> name -> stored, codecs }. */
function readMapping() {
  const file = parse(fs.readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8'));
  const defaults = {};
  for (const d of file.definitions.filter(({ kind }) => kind === Kind.DIRECTIVE_DEFINITION)) {
    if (!KNOWN.has(d.name.value)) throw new Error(`@${d.name.value} is not known to the reference (tests/e2e/lib/execution.mjs)`);
    defaults[d.name.value] = Object.fromEntries(d.arguments.filter((a) => a.defaultValue)
      .map((a) => [a.name.value, valueFromASTUntyped(a.defaultValue)]));
  }
  const directives = (node) => Object.fromEntries((node.directives ?? []).map((d) => [d.name.value, {
    ...defaults[d.name.value], ...Object.fromEntries(d.arguments.map((a) => [a.name.value, valueFromASTUntyped(a.value)])),
  }]));
  const named = (nodes, read) => Object.fromEntries((nodes ?? []).map((node) => [node.name.value, read(node)]));
  return named(file.definitions.filter((d) => d.name && d.kind !== Kind.DIRECTIVE_DEFINITION), (d) => ({
    ...directives(d),
    fields: named(d.fields, (f) => ({ name: f.name.value, ...directives(f), args: named(f.arguments, directives) })),
    values: named(d.values, (v) => directives(v).value?.name ?? v.name.value.toLowerCase()),
  }));
}

/** A row as an object of the API. */
class Entry {
  constructor(typeName, row, key) {
    Object.assign(this, { typeName, row, key });
  }
}

/** Opaque texts of the server and what they stand for. */
class Opaque {
  constructor() {
    this.textOf = new Map();
    this.meaningOf = new Map(); // text -> { placeholder, meaning }
    this.meanings = new Map();
  }

  placeholder(name, meaning) {
    const placeholder = `\u0001${name}`;
    this.meanings.set(placeholder, meaning);
    return placeholder;
  }

  settle(placeholder, text) {
    const known = this.textOf.get(placeholder);
    if (known !== undefined) return known;
    if (typeof text !== 'string' || this.meaningOf.has(text)) return placeholder; // which is no equal of anything
    this.textOf.set(placeholder, text);
    this.meaningOf.set(text, this.meanings.get(placeholder));
    return text;
  }
}

export class ReferenceExecution {
  /** `schema`: what the server shows by introspection. */
  constructor(schema) {
    this.schema = schema;
    this.mapping = readMapping();
    // A document that a function makes for one viewer at one moment is no matter of rows: each such field has a test of its own.
    for (const [typeName, { fields }] of Object.entries(this.mapping)) {
      const shown = schema.getType(typeName)?.getFields?.();
      for (const { name, list } of Object.values(fields)) {
        if ((list?.viewer && !isListType(getNullableType(shown[name].type))) || (list?.function && this.isIssued(getNamedType(shown[name].type)))) delete shown[name];
      }
    }
    this.resolved = new Set(); // "Type.field" that had a value to give, since the beginning
    this.forget();
  }

  /** Whether the server signs or seals something of such a row, anew each time. */
  isIssued(type) {
    return Object.values(type.getFields?.() ?? {}).some((field) => ['SIGNED', 'LINK'].includes(this.mapping[getNamedType(field.type).name]?.codec?.as));
  }

  /** Ids and cursors seen so far are forgotten: a seed then does not depend on those before it. */
  forget() {
    this.opaque = new Opaque();
    this.pagesAfter = 0; // pages behind a cursor
    this.foreignCursors = 0; // of another parent's list
  }

  /** Reads every table that a type lives in, and every list in its order. */
  async load(database) {
    this.entries = new Map(); // type -> key -> Entry
    this.lists = new Map(); // "Type.field" -> parent's key -> [Entry]
    const packages = await database.query(`SELECT '01' || gtin || '21' || serial AS code FROM med_package WHERE id % 7 = 0 ORDER BY id LIMIT 40`);
    // What functions of Query are told, by the argument's name.
    this.said = { code: packages.map(({ code }) => code), text: ['кардио', 'емхана', 'нур', 'ди', 'aptek'], name: ['кардиомагнил', 'амло', 'none'] };
    this.calls = new FunctionRows(database);
    await this.calls.load();
    const rowless = new Set((await database.query("SELECT relname FROM pg_class WHERE relkind = 'c'")).map(({ relname }) => relname));
    for (const [name, type] of Object.entries(this.mapping)) {
      if (!type.table || rowless.has(type.table.name)) continue;
      const rows = await database.query(`SELECT ${this.cells(name)} FROM ${type.table.name} t`);
      this.entries.set(name, new Map(rows.map((row) => {
        const entry = this.entry(name, row);
        return [entry.key, entry];
      })));
    }
    for (const [name, type] of Object.entries(this.mapping)) {
      for (const field of Object.values(type.fields).filter((f) => f.list && !f.list.function)) {
        const target = this.elementType(name, field.name);
        const rows = await database.query(`SELECT ${this.cells(target)} FROM ${this.mapping[target].table.name} t
          ${field.list.where ? `WHERE ${field.list.where}` : ''} ORDER BY ${field.list.order}`);
        const byParent = new Map();
        for (const row of rows) {
          const parent = String(row[field.list.column]);
          const entry = this.entry(target, row);
          if (!byParent.has(parent)) byParent.set(parent, []);
          byParent.get(parent).push(entry.key === '' ? entry : this.entries.get(target).get(entry.key));
        }
        this.lists.set(`${name}.${field.name}`, byParent);
      }
    }
  }

  /** What stands between SELECT and FROM for the rows of a type: all columns of t, and what is computed of them. */
  cells(typeName) {
    const computed = Object.values(this.mapping[typeName].fields).flatMap((f) => this.functions(typeName, f));
    return ['t.*', ...new Set(computed.map((name) => `${name}(t) AS "${name}()"`))].join(', ');
  }

  entry(typeName, row) {
    return new Entry(typeName, row, this.mapping[typeName].table.key.map((column) => row[column]).join());
  }

  /** The type of a list's entries, behind its connection if it has one. */
  elementType(typeName, fieldName) {
    const named = getNamedType(this.schema.getType(typeName).getFields()[fieldName].type);
    return this.mapping[named.name].table ? named.name : getNamedType(named.getFields().nodes.type).name;
  }

  isNode(typeName) {
    return this.schema.getType('Node') !== undefined && this.schema.getType(typeName).getInterfaces().some(({ name }) => name === 'Node');
  }

  // ---- execution ----

  /** A promise. What functions return is waited for, and then all is executed once more without waiting: where several fields fail, the first
   * of the document is then the one that takes its parent with it, as it is on the server. */
  async execute(...asked) {
    const { pagesAfter, foreignCursors } = this;
    for (;;) {
      const { unknown } = this.calls;
      const result = this.executeOnce(...asked);
      if (this.calls.unknown === unknown) return result; // a failure behind them may have ended it without them
      await this.calls.pending();
      Object.assign(this, { pagesAfter, foreignCursors });
    }
  }

  /** `language`: what stands for a language that is left open, as the request's Accept-Language header has it. */
  executeOnce(document, variables, operationName, language = 'KK') {
    return execute({
      schema: this.schema,
      document,
      variableValues: variables,
      operationName,
      contextValue: language,
      fieldResolver: (source, args, context, info) => this.resolve(source, args, context, info),
      typeResolver: (value) => value.typeName,
    });
  }

  resolve(source, args, language, info) {
    this.resolved.add(`${info.parentType.name}.${info.fieldName}`);
    const field = this.mapping[info.parentType.name].fields[info.fieldName];
    if (field.procedure) return this.called(field, args, info);
    if (field.viewer) return null; // nobody is known
    if (field.lookup) return this.lookup(field, args[field.lookup.argument], info);
    if (field.node) {
      const asked = args[field.node.argument];
      const find = (id) => this.byId(id, () => true);
      return Array.isArray(asked) ? asked.map(find) : find(asked);
    }
    if (!(source instanceof Entry)) return source[info.fieldName];
    if (field.list?.function) return this.listed(field, source, args, info);
    if (field.list) return this.page(field, source, args, info);
    if (field.reference) return this.reference(field, source, info);
    return this.value(field, source, args, language, info);
  }

  /** The functions of its row that a field stands for: none, one, or one for each value of an argument. */
  functions(typeName, { name, computed, reference }) {
    const pattern = (computed ?? reference)?.function;
    if (!pattern) return [];
    const [braces, argument] = /\{(\w+)\}/.exec(pattern) ?? [];
    if (!braces) return [pattern];
    const { type } = this.schema.getType(typeName).getFields()[name].args.find((a) => a.name === argument);
    return getNamedType(type).getValues().map((value) => pattern.replace(braces, this.stored(getNamedType(type), value.name)));
  }

  value(field, { typeName, row, key }, args, language, info) {
    if (info.fieldName === 'id' && this.isNode(typeName)) return this.opaque.placeholder(`id ${typeName} ${key}`, this.entries.get(typeName).get(key));
    const column = (field.computed ? `${field.computed.function}()` : field.column?.name ?? snake(info.fieldName))
      .replace(/\{(\w+)\}/, (_, name) => {
        const argument = info.parentType.getFields()[info.fieldName].args.find((a) => a.name === name);
        const open = field.args[name].negotiated ? language : argument.defaultValue;
        return this.stored(getNamedType(argument.type), args[name] ?? open); // null asks for nothing else
      });
    if (!(column in row)) throw new Error(`${typeName}.${info.fieldName}: there is no column ${column}`);
    return this.shown(getNamedType(info.returnType), row[column]);
  }

  /** A stored value (of an array, each in it) as the API shows it. */
  shown(type, value) {
    if (value === null) return null;
    if (Array.isArray(value)) return value.map((item) => this.shown(type, item));
    if (isEnumType(type)) return Object.entries(this.mapping[type.name].values).find(([, stored]) => stored === String(value))[0];
    const codec = this.mapping[type.name]?.codec;
    if (codec?.as === 'FIXED') {
      const digits = String(Math.abs(value)).padStart(codec.scale + 1, '0');
      return `${value < 0 ? '-' : ''}${digits.slice(0, -codec.scale)}.${digits.slice(-codec.scale)}`;
    }
    if (codec?.as === 'TIMESTAMP') {
      const [, seconds, fraction, offset] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(value);
      const utc = new Date(`${seconds}${offset}`).toISOString().slice(0, 19);
      return `${utc}${fraction && Number(fraction) ? `.${fraction.padEnd(6, '0')}` : ''}Z`;
    }
    return type.name === 'ID' ? String(value) : value;
  }

  /** An argument's value as it is stored. */
  stored(type, value) {
    return isEnumType(type) ? this.mapping[type.name].values[value] : value;
  }

  byId(id, wanted) {
    const meaning = this.opaque.meaningOf.get(id);
    return meaning instanceof Entry && wanted(meaning) ? meaning : null;
  }

  lookup(field, value, info) {
    const typeName = getNamedType(info.returnType).name;
    const argument = getNamedType(info.parentType.getFields()[info.fieldName].args.find((a) => a.name === field.lookup.argument).type);
    let { column } = field.lookup;
    if (isInputObjectType(argument)) {
      const [[name, inner]] = Object.entries(value);
      column = this.mapping[argument.name].fields[name].column?.name ?? snake(name);
      value = inner;
    }
    if (column === 'id' && this.isNode(typeName)) {
      const entry = this.byId(value, (e) => e.typeName === typeName);
      if (entry) return entry;
    }
    for (const entry of this.entries.get(typeName).values()) if (String(entry.row[column]) === String(value)) return entry;
    return null;
  }

  reference(field, { row }, info) {
    const key = (field.reference.columns ?? [`${field.reference.function}()`]).map((column) => row[column]);
    if (key.includes(null)) return null;
    const named = getNamedType(info.returnType);
    const kind = field.reference.kind && row[field.reference.kind];
    const typeName = kind ? this.schema.getPossibleTypes(named).find(({ name }) => (this.mapping[name].value?.name ?? snake(name)) === kind).name : named.name;
    return this.entries.get(typeName).get(key.join()) ?? null;
  }

  // ---- functions ----

  /** The rows of a list of a function, for the row `source`. */
  listed(field, source, args, info) {
    const target = this.elementType(info.parentType.name, info.fieldName);
    const pages = !isListType(getNullableType(info.returnType));
    const values = [...this.mapping[source.typeName].table.key.map((column) => source.row[column]), ...(field.list.viewer ? [''] : []),
      ...this.parameters(info, args).filter(({ names: [name] }) => !(pages && ['first', 'after'].includes(name)))
        .map(({ value, type }) => (type ? value?.row[this.mapping[type].table.key[0]] : value))];
    if (pages) values.push(null, ...this.order(field).map(({ name, way }) => this.calls.end(this.mapping[target].table.name, name, way)));
    if (pages && this.mapping[target].entry) values.push(null);
    return this.calls.rows(this.cells(target), field.list.function, values, (rows) => (
      pages ? this.page(field, source, args, info, rows.map((row) => this.entry(target, row))) : this.whole(field.list, rows, target)));
  }

  /** What a query's @procedure returns to somebody who is not known. */
  called(field, args, info) {
    if (info.operation.operation !== 'query') throw new Error(`${info.parentType.name}.${info.fieldName}: the reference changes nothing`);
    const given = { viewer: '' };
    for (const { value, names, type } of this.parameters(info, args)) {
      const keys = type ? this.mapping[type].table.key.map((column) => value?.row[column]) : [value];
      names.forEach((name, i) => { given[name] = keys[i]; });
    }
    const target = getNamedType(info.returnType);
    if (!this.mapping[target.name]?.table) return this.calls.rows('t AS value', field.procedure.name, given, (rows) => this.shown(target, rows[0]?.value ?? null));
    return this.calls.rows(this.cells(target.name), field.procedure.name, given, (rows) => {
      if (isListType(getNullableType(info.returnType))) return this.whole(field.procedure, rows, target.name);
      return rows.length === 0 || Object.values(rows[0]).every((v) => v === null) ? null : this.entry(target.name, rows[0]);
    });
  }

  whole({ limit }, rows, typeName) {
    if (rows.length > limit) throw new GraphQLError('The list is longer than this field can show.');
    return rows.map((row) => this.entry(typeName, row));
  }

  /** What a field's arguments become, in the schema's order: { value, names, type }; of an id of `type` the value is its Entry. */
  parameters(info, args) {
    const [typeName, fieldName] = [info.parentType.name, info.fieldName];
    const one = (def, value, { parameter } = {}, name) => ({
      value: parameter?.type ? (value == null ? null : this.byId(value, (e) => e.typeName === parameter.type)) : this.stored(getNamedType(def.type), value),
      names: parameter?.names ?? [name],
      type: parameter?.type,
    });
    return info.parentType.getFields()[fieldName].args.flatMap((def) => {
      const input = getNamedType(def.type);
      if (!isInputObjectType(input)) return one(def, args[def.name], this.mapping[typeName].fields[fieldName].args[def.name], snake(def.name));
      return Object.values(input.getFields()).map((f) => one(f, args[def.name]?.[f.name], this.mapping[input.name].fields[f.name], `${snake(def.name)}_${snake(f.name)}`));
    });
  }

  // ---- lists ----

  order(field) {
    return field.list.order.split(',').map((part) => part.trim().split(' ')).map(([name, way]) => ({ name, way: way === 'desc' ? -1 : 1 }));
  }

  /** `entries`: all of them in their order, where a function has found them. */
  page(field, source, args, info, entries = this.lists.get(`${info.parentType.name}.${info.fieldName}`).get(source.key) ?? []) {
    const coordinate = this.listOf(info.parentType.name, info.fieldName);
    const order = this.order(field);
    for (const [name, { filter }] of Object.entries(field.args)) {
      if (filter && args[name] != null) entries = entries.filter((e) => this.passes(e, filter, info.parentType.getFields()[info.fieldName].args.find((a) => a.name === name).type, args[name]));
    }
    const { limit } = field.list;
    if (isListType(getNullableType(info.returnType))) {
      if (entries.length > limit) throw new GraphQLError('The list is longer than this field can show.');
      return entries;
    }
    const totalCount = Math.min(entries.length, MOST_COUNTED);
    if (args.after != null) {
      const after = this.opaque.meaningOf.get(args.after);
      if (after?.coordinate !== coordinate) throw new Error(`${args.after} is no cursor of ${coordinate} that was seen`);
      if (after.parent !== source.key) {
        this.foreignCursors++;
        throw new GraphQLError(`Argument "after" of "${info.parentType.name}.${info.fieldName}" is not a cursor of this list.`);
      }
      this.pagesAfter++;
      entries = entries.filter(({ row }) => {
        const at = order.findIndex(({ name }, i) => row[name] !== after.position[i]);
        return at >= 0 && (row[order[at].name] > after.position[at] ? 1 : -1) === order[at].way;
      });
    }
    const shown = entries.slice(0, args.first ?? limit);
    const edges = shown.map((node) => {
      const position = order.map(({ name }) => node.row[name]);
      return { node, cursor: this.opaque.placeholder(`cursor ${coordinate} ${source.key} ${position}`, { coordinate, parent: source.key, position }) };
    });
    return {
      nodes: shown,
      edges,
      totalCount,
      withheld: false, // from nobody
      pageInfo: {
        hasNextPage: entries.length > shown.length, hasPreviousPage: args.after != null,
        startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  }

  passes(entry, { column, compare = 'EQUAL' }, type, value) {
    const named = getNamedType(type);
    if (isInputObjectType(named)) {
      return Object.entries(value).every(([name, inner]) => {
        const { filter } = this.mapping[named.name].fields[name];
        return inner == null || this.passes(entry, { column, ...filter }, named.getFields()[name].type, inner);
      });
    }
    const have = entry.row[column];
    if (have === null) return false;
    const want = this.stored(named, value);
    if (compare === 'EQUAL') return String(have) === String(want);
    return compare === 'AT_LEAST' ? have >= want : have <= want;
  }

  // ---- comparing and asking ----

  /** What the reference says, with the server's opaque texts where they are (or become) the right ones. */
  settle(want, have) {
    if (typeof want === 'string') return want.startsWith('\u0001') ? this.opaque.settle(want, have) : want;
    if (want === null || typeof want !== 'object') return want;
    if (Array.isArray(want)) return want.map((value, i) => this.settle(value, have?.[i]));
    return Object.fromEntries(Object.entries(want).map(([name, value]) => [name, this.settle(value, have?.[name])]));
  }

  /** The first field that shows the same list: another face of a row has the same cursors. */
  listOf(typeName, fieldName) {
    this.sameLists ??= new Map();
    const own = `${typeName}.${fieldName}`;
    if (!this.sameLists.has(own)) this.sameLists.set(own, this.firstList(typeName, fieldName));
    return this.sameLists.get(own);
  }

  firstList(typeName, fieldName) {
    const key = (type, name) => {
      const { fields, table } = this.mapping[type], { list, args } = fields[name] ?? {};
      return list && JSON.stringify([table?.name ?? table, list, getNamedType(this.schema.getType(type).getFields()[name].type).name, Object.values(args ?? {}).map(({ filter }) => filter).filter(Boolean)]);
    };
    const wanted = key(typeName, fieldName);
    for (const [type, { fields }] of Object.entries(this.mapping)) {
      for (const name of Object.keys(fields ?? {})) if (this.schema.getType(type)?.getFields?.()[name] && key(type, name) === wanted) return `${type}.${name}`;
    }
    return `${typeName}.${fieldName}`;
  }

  /** Values that find something for an argument (or a field of an input object), for lib/operations.mjs. `people`: IINs, of
   * which the first is asked for most, as a cursor is good for the list of one person alone. */
  values(people) {
    const texts = (wanted) => [...this.opaque.meaningOf].filter(([, meaning]) => wanted(meaning)).slice(-200).map(([text]) => text);
    const column = (typeName, name) => [...this.entries.get(typeName).values()].slice(0, 200).map(({ row }) => row[name]);
    const most = [...this.entries.get('Patient').values()].find(({ row }) => row.iin === people[0]).key;
    const days = ['2015-01-01', '2024-02-29', '2025-06-01', '2026-01-01', '2026-03-31', '2026-09-01'];
    const times = days.map((day, i) => `${day}T0${i}:30:00+05:00`);
    return (coordinate, argument) => {
      const [typeName, fieldName] = coordinate.split('.');
      const type = this.schema.getType(typeName);
      const field = this.mapping[typeName].fields[fieldName];
      if (isInputObjectType(type)) {
        const looked = Object.values(this.schema.getQueryType().getFields()).find((f) => f.args.some((a) => getNamedType(a.type) === type));
        const result = looked && getNamedType(looked.type).name;
        const named = getNamedType(type.getFields()[fieldName].type).name;
        if (field.parameter?.type) return Object.assign(texts((m) => m instanceof Entry && m.typeName === field.parameter.type), { only: true });
        if (result) return column(result, field.column?.name ?? snake(fieldName)).filter((v) => v !== null);
        return { Date: days, DateTime: times }[named];
      }
      if (this.said[argument] && field.procedure) return this.said[argument];
      if (argument === 'first') return [1, 1, 2, 2, 3, 5, 20, 100];
      // Nothing else: what is no such id is refused with the whole request.
      const { parameter } = field.args?.[argument] ?? {};
      if (parameter?.type) return Object.assign(texts((m) => m instanceof Entry && m.typeName === parameter.type), { only: true });
      if (argument === 'after') {
        const coordinate = this.listOf(typeName, fieldName);
        const own = texts((m) => m.coordinate === coordinate && m.parent === most);
        return [null, ...own, ...texts((m) => m.coordinate === coordinate && m.parent !== most).slice(-own.length / 4 - 1)];
      }
      if (field.node) return texts((m) => m instanceof Entry);
      const given = getNamedType(type.getFields()[fieldName].args.find(({ name }) => name === argument).type).name;
      if (given === 'Date') return days;
      if (given === 'DateTime') return times;
      if (argument === 'code') return ['I', 'I10', 'C', 'C08', 'J07BB', ''];
      if (!field.lookup) return undefined;
      const result = getNamedType(type.getFields()[fieldName].type).name;
      if (field.lookup.column === 'iin') return [...people, ...people.flatMap(() => [people[0], people[0], people[0]])];
      return [...column(result, field.lookup.column), ...texts((m) => m instanceof Entry && m.typeName === result)];
    };
  }
}

