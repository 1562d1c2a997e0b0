// Random GraphQL documents that know a schema: mostly valid, or broken in one of the ways that people break them.
// The same seed gives the same documents.
import {
  getNamedType, isCompositeType, isEnumType, isInputObjectType, isInputType, isInterfaceType, isLeafType, isListType, isNonNullType,
  isObjectType, isUnionType, parseType, typeFromAST,
} from 'graphql';

/** Numbers from 0 to n - 1 (mulberry32). */
export function random(seed) {
  let state = seed;
  return (n) => {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const NAMES = ['x', 'y', 'name', 'id'];
const WRONG = ['1', '"s"', 'null', '[1]', '{a: 1}', 'WRONG', 'true', '$v', '1.5'];

class Writer {
  constructor(schema, rnd, broken) {
    Object.assign(this, { schema, rnd, broken, variables: new Map(), fragments: new Map() });
    this.extra = schema.getDirective('again') ? ['@again @again(n: 2)', '@onField(name: "a", level: 3)', '@needs(if: $if, filter: {name: "x"})', '@anywhere'] : [];
    this.composites = Object.values(schema.getTypeMap()).filter((t) => isCompositeType(t) && !t.name.startsWith('__'));
  }

  pick(list) { return list[this.rnd(list.length)]; }
  chance(n) { return this.rnd(n) === 0; }
  wrong(n) { return this.broken && this.chance(n); }

  value(type, depth = 0) {
    if (this.wrong(30)) return this.pick(WRONG);
    if (this.chance(8)) {
      const name = this.pick(['a', 'b', 'c', 'd']);
      if (!this.variables.has(name)) this.variables.set(name, this.wrong(8) ? 'Int' : String(type));
      if (this.variables.get(name) === String(type) || this.wrong(3)) return `$${name}`;
    }
    if (isNonNullType(type)) return this.given(type.ofType, depth);
    return this.chance(12) ? 'null' : this.given(type, depth);
  }

  given(type, depth) {
    if (isListType(type)) {
      return this.chance(5) ? this.value(type.ofType, depth + 1)
        : `[${Array.from({ length: this.rnd(3) }, () => this.value(type.ofType, depth + 1)).join(', ')}]`;
    }
    if (isEnumType(type)) return this.pick(type.getValues()).name;
    if (isInputObjectType(type) && type.isOneOf && !this.wrong(3)) {
      const field = this.pick(Object.values(type.getFields()).slice(0, depth < 3 ? undefined : 2));
      return `{${field.name}: ${this.given(field.type, depth + 1)}}`;
    }
    if (isInputObjectType(type)) {
      return `{${Object.values(type.getFields()).filter((f) => isNonNullType(f.type) || (depth < 3 && this.chance(3)))
        .map((f) => `${f.name}: ${this.value(f.type, depth + 1)}`).join(', ')}}`;
    }
    const literals = { Int: ['1', '20'], Float: ['1', '2.5'], Boolean: ['true', 'false'], ID: ['1', '"x"'] };
    return this.pick(literals[type.name] ?? ['"a"', '"""b"""']);
  }

  directives() {
    if (!this.chance(12)) return '';
    const use = this.pick(['@skip(if: true)', '@include(if: false)', '@include(if: $if)', this.broken ? '@nope(x: 1)' : '@skip(if: false)', ...this.extra]);
    if (use.includes('$if')) this.variables.set('if', 'Boolean!');
    return ` ${use}`;
  }

  fragment(type, depth) {
    if (!this.chance(3)) {
      const on = this.wrong(12) ? this.pick(this.composites) : isObjectType(type) ? this.pick([type, ...type.getInterfaces()])
        : this.pick([type, ...this.schema.getPossibleTypes(type)]);
      return this.chance(4) ? `... ${this.selections(type, depth + 1)}` : `... on ${on.name} ${this.selections(on, depth + 1)}`;
    }
    const name = `F${this.rnd(3)}`;
    if (!this.fragments.has(name) && !(this.inFragment && !this.broken)) this.fragments.set(name, type);
    if (!this.broken && (this.inFragment || this.fragments.get(name) !== type)) return '__typename';
    return `...${name}`;
  }

  field(type, depth) {
    const fields = Object.values(type.getFields()).filter((f) => depth < 5 || isLeafType(getNamedType(f.type)));
    const alias = this.chance(8) ? `${this.pick(NAMES)}: ` : '';
    if (fields.length === 0 || this.chance(12)) return `${alias}__typename`;
    const field = this.pick(fields);
    const named = getNamedType(field.type);
    const args = field.args.filter((a) => (isNonNullType(a.type) ? !this.wrong(12) : this.chance(3)))
      .map((a) => `${this.wrong(30) ? `${a.name}x` : a.name}: ${this.value(a.type)}`);
    const below = isLeafType(named) !== this.wrong(40) ? '' : isLeafType(named) ? ' { a }' : ` ${this.selections(named, depth + 1)}`;
    return `${alias}${field.name}${this.wrong(40) ? 'x' : ''}${args.length ? `(${args.join(', ')})` : ''}${this.directives()}${below}`;
  }

  selections(type, depth) {
    const list = Array.from({ length: 1 + this.rnd(4) }, () => {
      if (depth > 7) return '__typename';
      return this.chance(8) || isUnionType(type) ? this.fragment(type, depth)
        : isObjectType(type) || isInterfaceType(type) ? this.field(type, depth) : '__typename';
    });
    return `{ ${list.join(' ')} }`;
  }

  text() { return this.chance(15) ? this.pick(['"described" ', '"""\n  in a block\n"""\n']) : ''; }

  byDefault(type) {
    if (!this.chance(5)) return '';
    const plain = { Int: '3', String: '"s"', Boolean: 'true', ID: '"i"', Float: '1.5', Color: 'GREEN', '[Int]': '[1, null]', Filter: '{name: "d"}' };
    return plain[type] ? ` = ${plain[type]}` : '';
  }

  document() {
    const kind = this.chance(6) ? this.pick(['mutation', 'query']) : 'query';
    const root = (kind === 'mutation' && this.schema.getMutationType()) || this.schema.getQueryType();
    const body = this.selections(root, 0);
    const done = new Set();
    let fragments = '';
    this.inFragment = true;
    for (let more = true; more;) {
      more = false;
      for (const [name, type] of this.fragments) {
        if (done.has(name)) continue;
        done.add(name);
        more = true;
        fragments += ` fragment ${name} on ${type.name} ${this.selections(type, 3)}`;
      }
    }
    const declared = [...this.variables].map(([name, type]) => `${this.text()}$${name}: ${type}${this.byDefault(type)}${this.chance(20) && this.extra.length ? ' @onVariableDefinition(n: 1)' : ''}`).join(', ');
    const operation = root === this.schema.getQueryType() ? 'query' : 'mutation';
    return `${this.text()}${operation}${this.chance(3) ? ' Q' : ''}${declared ? ` (${declared})` : ''} ${body}${fragments}`;
  }
}

/** `whole`: none that is broken. */
export const document = (schema, rnd, whole = false) => new Writer(schema, rnd, rnd(3) === 0 && !whole).document();

/** Few names, many fragments, sets that meet again and again: whether fields can be merged is all that is asked. */
export function overlapping(schema, rnd) {
  const pick = (list) => list[rnd(list.length)];
  const types = ['Dog', 'Cat', 'Animal', 'Named', 'Person', 'Thing'];
  const values = { Int: ['1', '2'], String: ['"a"', '"b"'], ID: ['1', '"1"'] };
  const parents = Object.values(schema.getTypeMap()).filter((t) => types.includes(t.name));
  const n = 1 + rnd(6);
  const on = Array.from({ length: n }, () => pick(parents));
  const cyclic = rnd(25) === 0;
  const odd = 2 + rnd(40); // how seldom a name is given to something else
  const selections = (type, level, depth) => {
    const list = Array.from({ length: 1 + rnd(3) }, () => {
      const below = on.map((_, i) => i).filter((i) => cyclic || i > level);
      const kind = rnd(6);
      if (kind === 0 && below.length) return `...F${pick(below)}`;
      if (kind === 1 && depth < 5) {
        const t = isObjectType(type) ? type : pick([type, ...schema.getPossibleTypes(type)]);
        return `... on ${t.name} ${selections(t, level, depth + 1)}`;
      }
      const fields = isUnionType(type) ? [] : Object.values(type.getFields()).filter((f) => depth < 5 || isLeafType(getNamedType(f.type)));
      if (fields.length === 0) return '__typename';
      const field = pick(fields);
      const args = field.args.filter((a) => isNonNullType(a.type) || rnd(odd) === 0).map((a) => `${a.name}: ${(values[getNamedType(a.type).name] ?? ['null'])[rnd(odd) ? 0 : 1] ?? '$v'}`);
      const named = getNamedType(field.type);
      const alias = rnd(odd) === 0 ? `${pick(NAMES)}: ` : rnd(2) ? `${field.name}_: ` : '';
      return `${alias}${field.name}${args.length ? `(${args.join(', ')})` : ''}${isLeafType(named) ? '' : ` ${selections(named, level, depth + 1)}`}`;
    });
    return `{ ${list.join(' ')} }`;
  };
  const fragments = on.map((type, i) => ` fragment F${i} on ${type.name} ${selections(type, i, 2)}`);
  return `${selections(schema.getQueryType(), -1, 0)}${fragments.join('')}`;
}

const JSONS = [0, 1, -7, 2147483647, 2147483648, -2147483649, 1.5, 1e21, 123456789012, '', 'text', 'RED', 'red', 'S', '1', true, false, null, [], {}, [1, 'a'], [[1], null], ['RED', 'NOPE'],
  { x: 1 }, { x: 1, y: null }, { number: 1 }, { number: null }, { text: 'a', number: 1 }, { a: 1, b: 'one' }, { a: '1', b: [], c: { a: 2 } }, { zz: 1 }];

/** JSON for a type: mostly right. */
function json(type, rnd, depth = 0) {
  if (rnd(10) === 0) return JSONS[rnd(JSONS.length)];
  if (isNonNullType(type)) return json(type.ofType, rnd, depth);
  if (rnd(10) === 0) return null;
  if (isListType(type)) return rnd(4) === 0 ? json(type.ofType, rnd, depth + 1) : Array.from({ length: rnd(3) }, () => json(type.ofType, rnd, depth + 1));
  if (isEnumType(type)) return type.getValues()[rnd(type.getValues().length)].name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const some = type.isOneOf ? [fields[rnd(fields.length)]] : fields.filter((f) => (isNonNullType(f.type) ? rnd(12) > 0 : depth < 3 && rnd(3) === 0));
    const entries = some.map((f) => [f.name, json(f.type, rnd, depth + 1)]);
    if (rnd(15) === 0) entries.push(['nope', 1]);
    return Object.fromEntries(entries);
  }
  const plain = { Int: [1, 20, -3, 4.0], Float: [1, 2.5, -1e-7], Boolean: [true, false], ID: ['x', 7, -1] };
  const some = plain[type.name] ?? ['a', 'é"\\'];
  return some[rnd(some.length)];
}

/** A valid operation that declares variables, and JSON for them: { query, variables }. */
export function variableCase(schema, rnd) {
  const inputs = Object.values(schema.getTypeMap()).filter((t) => isInputType(t) && !t.name.startsWith('__'));
  const writer = new Writer(schema, rnd, false);
  writer.value = function value(type, depth = 0) { // constants alone
    if (isNonNullType(type)) return this.given(type.ofType, depth);
    return this.chance(12) ? 'null' : this.given(type, depth);
  };
  const declared = [], used = [], variables = {};
  for (let n = 1 + rnd(3), i = 0; i < n; i++) {
    const named = inputs[rnd(inputs.length)];
    const wrapped = ['X', 'X!', '[X]', '[X!]!', '[[X!]]'][rnd(5)].replace('X', named.name);
    const type = typeFromAST(schema, parseType(wrapped));
    declared.push(`$v${i}: ${wrapped}${rnd(3) === 0 ? ` = ${writer.value(type)}` : ''}`);
    used.push(`x${i}: any(value: {v: $v${i}})`);
    if (rnd(4)) variables[`v${i}`] = json(type, rnd);
  }
  return { query: `query (${declared.join(', ')}) { arguments { ${used.join(' ')} } }`, variables };
}

const PIECES = ['0', '00', '-', '-0', '1', '12', '.', '.5', 'e', 'E', '+', '1e3', '1.5', '-1.5E-2', '0x', 'F', '_', 'a', 'on', 'true', 'null', 'fragment', '"', '""', '"""', '\\', '\\"', '\\"""', '\\n', '\\u', '\\u0041', '\\u{1F600}', '\\u{}', '\\u{0}',
  '\\u{110000}', '\\u{D800}', '\\u{00000041}', '\\uD83D', '\\uDE00', '\\uD83D\\uDE00', '\\q', '\\/', '\\b\\f\\r\\t', 'é', '😀', '\u{FEFF}', '\t', '\n', '\r', '\r\n', ' ', '  ', '    ', ',', '#', '# c\n', '[', ']', '{', '}', 'x:', ':', '$', '@', '!', '...', '..', "'", '&', '|', '=', '?', ';',
  '\u0000', '\u0007', '\u007f', '\u00a0', '\u2028'];

/** A document whose one literal is made of pieces of tokens; often a string, plain or block. */
export function lexical(rnd) {
  const pieces = Array.from({ length: 1 + rnd(7) }, () => PIECES[rnd(PIECES.length)]).join('');
  const [before, after] = [['', ''], ['"', '"'], ['"""', '"""'], ['"""\n  ', '\n  """'], ['[', ']'], ['{x: ', '}']][rnd(6)];
  const literal = `${before}${pieces}${after}`;
  return rnd(4) === 0 ? `{ arguments { any(value: ${literal}) } }` : `query ($v: Any = ${literal}) { arguments { any(value: $v) } }`;
}

/** The same text with a token lost, doubled, or replaced by another. */
export function damage(text, rnd) {
  const tokens = text.match(/"""[^]*?"""|"[^"]*"|\.\.\.|[A-Za-z_]\w*|-?\d[\d.]*|\s+|[^]/gu);
  const strange = ['{', '}', '(', ')', '[', '!', '$', '@', ':', '=', '|', '...', '"', '"""', '"\\u{1F600}"', '"\\q"', '01', '1.', 'on',
    'null', 'é', '😀', 'query', 'fragment', '#', '\u{FEFF}', '\r\n', 'subscription', '"text"', 'type', '&'];
  for (let n = 1 + rnd(2); n > 0; n--) {
    const at = rnd(tokens.length);
    const what = rnd(4);
    if (what === 0) tokens.splice(at, 1);
    else if (what === 1) tokens.splice(at, 0, tokens[rnd(tokens.length)]);
    else if (what === 2) tokens[at] = tokens[rnd(tokens.length)];
    else tokens.splice(at, 0, ` ${strange[rnd(strange.length)]} `);
  }
  return tokens.join('');
}
