// Random operations that are valid and can be executed: arguments that find something, aliases, fragments on whatever
// type applies, selection sets that meet in one object, @skip and @include, variables with and without defaults.
// The same seed and the same `values` give the same operations.
import {
  astFromValue, doTypesOverlap, getNamedType, getNullableType, isAbstractType, isCompositeType, isEnumType, isInputObjectType,
  isLeafType, isListType, isNonNullType, isObjectType, isRequiredArgument, isRequiredInputField, print,
} from 'graphql';

const MOST_FIELDS = 50; // of a document, spread fragments counted once
const MOST_DEPTH = 9;
const MOST_LISTS = 2; // that may lie in each other: rows multiply
const ALIASES = ['a', 'b', 'id', 'name', 'x'];
const ABOUT_TYPES = [
  '__type(name: "Prescription") { name kind fields { name args { name defaultValue } type { kind name ofType { kind name } } } }',
  'languages: __type(name: "Language") { name kind enumValues { name description } }',
  '__schema { queryType { name } directives { name locations isRepeatable } }',
  'none: __type(name: "Nothing") { name }',
];

class Writer {
  /** `values(coordinate, argument)`: values worth asking for, or undefined; `roots`: how often each field of Query is taken. */
  constructor(schema, rnd, values, roots) {
    Object.assign(this, { schema, rnd, values, roots });
    this.left = MOST_FIELDS;
    this.bound = new Map(); // response name -> what it stands for in this document, so that all sets can be merged
    this.fragments = []; // { name, type, lists, text }, finished: one that is being written can't be spread within itself
    this.variables = []; // { name, type, role, default, value }
    this.composites = Object.values(schema.getTypeMap()).filter((t) => isCompositeType(t) && !t.name.startsWith('__'));
  }

  pick(list) { return list[this.rnd(list.length)]; }
  chance(n) { return this.rnd(n) === 0; }
  gap() { return this.chance(6) ? '\n  ' : this.chance(12) ? ' # қазақша\n' : this.chance(8) ? ', ' : ' '; }

  // ---- values ----

  /** A value for a place of `type`, as JSON; undefined: leave it out. */
  any(type, role, suggested) {
    if (isNonNullType(type)) return this.given(type.ofType, role, suggested);
    return this.chance(10) ? null : this.given(type, role, suggested);
  }

  given(type, role, suggested) {
    if (isListType(type)) return Array.from({ length: this.rnd(4) }, () => this.any(type.ofType, role, suggested));
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields());
      const known = (f) => { // an id that has to be of a type: none is known yet
        const below = this.values(`${type.name}.${f.name}`, role);
        return !(below?.only && below.length === 0);
      };
      const one = type.isOneOf ? this.pick(fields.filter(known)) : null;
      const taken = fields.filter((f) => (one ? f === one : isRequiredInputField(f) || this.chance(2)));
      return Object.fromEntries(taken.map((f) => {
        const below = this.values(`${type.name}.${f.name}`, role);
        return [f.name, one ? this.given(getNullableType(f.type), role, below) : this.any(f.type, role, below)];
      }));
    }
    if (suggested?.length && (suggested.only || !(['Int', 'ID'].includes(type.name) && this.chance(15)))) return this.pick(suggested);
    if (isEnumType(type)) return this.pick(type.getValues()).name;
    switch (type.name) {
      case 'Int': return this.rnd(100) + 1;
      case 'Float': return this.rnd(100) / 4;
      case 'Boolean': return this.chance(2);
      case 'ID': return this.chance(2) ? String(this.rnd(1000)) : this.rnd(1000);
      default: return 'none';
    }
  }

  /** A variable of this type and role: one that is there, or a new one. */
  variable(type, role, make) {
    const old = this.variables.filter((v) => v.place === String(type) && v.role === role);
    if (old.length && this.chance(2)) return this.pick(old);
    // What may be null, or has a default, need not be given.
    const nullable = !isNonNullType(type);
    const declared = nullable || !this.chance(4) ? type : type.ofType;
    const v = { name: `v${this.variables.length}`, place: String(type), role, declared: String(declared) };
    const needed = !nullable && declared === type;
    if (declared !== type || this.chance(3)) {
      const value = declared === type ? make() : this.notNull(make);
      if (value !== undefined && (value !== null || nullable)) v.default = print(astFromValue(value, declared));
    }
    if (declared !== type && v.default === undefined) v.declared = String(type);
    if (v.default === undefined ? needed || v.declared.endsWith('!') || !this.chance(5) : this.chance(2)) {
      v.value = nullable ? make() : this.notNull(make);
    }
    this.variables.push(v);
    return v;
  }

  notNull(make) {
    for (;;) {
      const value = make();
      if (value !== null) return value;
    }
  }

  argument(coordinate, arg, lists) {
    const role = `${coordinate}(${arg.name}:)`;
    let suggested = this.values(coordinate, arg.name);
    if (lists > 0 && suggested && !suggested.only) suggested = suggested.filter((v) => typeof v !== 'number' || v <= 3);
    const small = lists > 0 ? `${role} ${lists}` : role;
    const make = () => this.any(arg.type, role, suggested);
    if (this.chance(3)) return `${arg.name}: $${this.variable(arg.type, small, make).name}`;
    return `${arg.name}: ${print(astFromValue(make(), arg.type))}`;
  }

  directives() {
    if (!this.chance(10)) return '';
    const one = (name) => {
      if (this.chance(2)) return ` @${name}(if: ${this.chance(2)})`;
      const type = this.schema.getDirective(name).args[0].type;
      return ` @${name}(if: $${this.variable(type, 'condition', () => this.chance(2)).name})`;
    };
    return this.chance(5) ? one('skip') + one('include') : one(this.pick(['skip', 'include']));
  }

  // ---- selections ----

  /** The response name for what this field gives: its own where that is free in the document, or an alias. */
  named(field, args, alias) {
    const what = `${field.name}(${args}): ${field.type}`;
    for (let i = 0; ; i++) {
      const name = i === 0 ? alias ?? field.name : `${field.name}_${i}`;
      if (!this.bound.has(name)) this.bound.set(name, what);
      if (this.bound.get(name) === what) return name === field.name ? name : `${name}: ${field.name}`;
    }
  }

  field(type, depth, lists, heads) {
    const leaves = [];
    const inner = [];
    for (const f of Object.values(type.getFields())) {
      if (isLeafType(getNamedType(f.type))) leaves.push(f);
      else if (depth < MOST_DEPTH && this.left > 0 && !(this.isList(f) && lists >= MOST_LISTS)) inner.push(f);
    }
    const from = inner.length && (!leaves.length || this.chance(2)) ? inner : leaves;
    if (!from.length) return '__typename';
    const roots = type === this.schema.getQueryType() ? from.flatMap((f) => Array(this.roots[f.name] ?? 1).fill(f)) : from;
    const field = this.pick(roots);
    this.left--;
    const unknown = (a) => { // an id that has to be of a type: none is known yet
      const some = this.values(`${type.name}.${field.name}`, a.name);
      return some?.only && some.length === 0;
    };
    const args = field.args.filter((a) => isRequiredArgument(a) || (!unknown(a) && (!this.chance(3) || (lists > 0 && a.name === 'first'))))
      .map((a) => this.argument(`${type.name}.${field.name}`, a, lists)).join(', ');
    const head = `${this.named(field, args, this.chance(6) ? this.pick(ALIASES) : null)}${args && `(${args})`}`;
    const named = getNamedType(field.type);
    if (isLeafType(named)) return `${head}${this.directives()}`;
    const below = lists + (this.isList(field) ? 1 : 0);
    this.lists = Math.max(this.lists, below);
    heads.push({ head, named, below });
    return `${head}${this.directives()} ${this.selections(named, depth + 1, below)}`;
  }

  /** A field whose rows multiply: a list, or what has pages of one. */
  isList(field) {
    return isListType(getNullableType(field.type)) ? !/^(nodes|edges)$/.test(field.name) || field.args.length > 0 : field.args.some((a) => a.name === 'first');
  }

  fragment(type, depth, lists) {
    if (this.chance(2)) {
      if (this.chance(4)) return `...${this.directives()} ${this.selections(type, depth + 1, lists)}`;
      const on = this.applying(type);
      return `... on ${on.name}${this.directives()} ${this.selections(on, depth + 1, lists)}`;
    }
    const old = this.fragments.filter((f) => doTypesOverlap(this.schema, f.type, type) && lists + f.lists <= MOST_LISTS && depth + f.depth <= MOST_DEPTH);
    if (old.length && this.chance(2)) return `...${this.pick(old).name}${this.directives()}`;
    const on = this.applying(type);
    const outer = [this.lists, this.deepest];
    this.lists = lists;
    this.deepest = depth;
    const text = this.selections(on, depth + 1, lists);
    const fragment = { name: `F${this.fragments.length}`, type: on, lists: this.lists - lists, depth: this.deepest - depth, text };
    this.lists = Math.max(outer[0], this.lists);
    this.deepest = Math.max(outer[1], this.deepest);
    this.fragments.push(fragment);
    return `...${fragment.name}${this.directives()}`;
  }

  applying(type) {
    const types = this.chance(2) && isObjectType(type) ? [type] : this.composites.filter((t) => doTypesOverlap(this.schema, t, type));
    return this.pick(types);
  }

  selections(type, depth, lists) {
    const heads = []; // of this set: one of them may come again, and both sets are then one
    const parts = [];
    this.deepest = Math.max(this.deepest, depth);
    for (let n = 1 + this.rnd(5); n > 0; n--) {
      if (this.chance(10)) parts.push(this.chance(4) ? 'kindOf: __typename' : '__typename');
      else if (depth < MOST_DEPTH && this.left > 0 && this.chance(isAbstractType(type) ? 2 : 5)) parts.push(this.fragment(type, depth, lists));
      else if (heads.length && this.left > 0 && this.chance(3)) {
        const { head, named, below } = this.pick(heads);
        parts.push(`${head}${this.directives()} ${this.selections(named, depth + 1, below)}`);
      } else if (type.getFields) parts.push(this.field(type, depth, lists, heads));
      else parts.push('__typename');
    }
    return `{${this.gap()}${parts.join(this.gap())}${this.gap()}}`;
  }

  operation() {
    this.lists = this.deepest = 0;
    let body = this.selections(this.schema.getQueryType(), 0, 0);
    if (this.chance(20)) body = body.replace('{', `{ ${this.pick(ABOUT_TYPES)} `);
    const fragments = this.fragments.map(({ name, type, text }) => `fragment ${name} on ${type.name} ${text}`);
    const declared = this.variables.map((v) => `$${v.name}: ${v.declared}${v.default === undefined ? '' : ` = ${v.default}`}`).join(', ');
    const named = this.chance(2);
    const several = named && this.chance(4) ? ['query Another { __typename }'] : [];
    const definitions = [...several, `query${named ? ' Asked' : ''}${declared && ` (${declared})`} ${body}`, ...fragments];
    return {
      query: this.chance(3) ? definitions.reverse().join('\n') : definitions.join('\n'),
      variables: Object.fromEntries(this.variables.filter((v) => v.value !== undefined).map((v) => [v.name, v.value])),
      operationName: several.length ? 'Asked' : undefined,
    };
  }
}

export const operation = (schema, rnd, values, roots) => new Writer(schema, rnd, values, roots).operation();
