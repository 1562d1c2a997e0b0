// What an answer has to be, worked out from the same document's answer to somebody who may see everything (`truth`): by the
// table of rights and what is hidden, walking the document as the specification of GraphQL completes values.
import { getNamedType, isAbstractType, isLeafType, isListType, isNonNullType, parse } from 'graphql';

const HOLE = Symbol('null where none may be');
const MOST_ERRORS = 20; // of an answer

export class Expectation {
  /**
   * `may(capacities, type, field)`: by the table. `owner(id)`: { person, table, entry } of a global id. `cursors`: id -> cursor.
   */
  constructor(schema, { may, personal, owner, cursors }) {
    Object.assign(this, { schema, may, personal, owner, cursors, documents: new Map() });
  }

  document(text) {
    let known = this.documents.get(text);
    if (!known) {
      const { definitions } = parse(text);
      known = { operation: definitions.find(({ kind }) => kind === 'OperationDefinition'),
        fragments: new Map(definitions.filter(({ kind }) => kind === 'FragmentDefinition').map((one) => [one.name.value, one])) };
      this.documents.set(text, known);
    }
    return known;
  }

  /** { data, errors: [path as text] } for `viewer`: { capacities(person) -> list, hidden(person) -> set of 'table:entry' }. */
  of(text, truth, viewer) {
    this.viewer = viewer;
    this.errors = [];
    const { operation, fragments } = this.document(text);
    this.fragments = fragments;
    const data = this.object(this.schema.getQueryType(), [operation.selectionSet], truth, []);
    return { data: data === HOLE ? null : data, errors: this.errors };
  }

  /** Whether what the truth has at this place is there for the viewer at all. */
  admits(value) {
    if (!this.personal.has(value.__typename)) return true;
    const { person, table, entry } = this.owner(value.id);
    const capacities = this.viewer.capacities(person);
    return capacities.length > 0 && this.may(capacities, value.__typename) && !this.viewer.hidden(person).has(`${table}:${entry}`);
  }

  /** The fields of an object of `type`, in order: response name -> [nodes]. */
  collect(type, sets, into = new Map()) {
    for (const { selections } of sets) {
      for (const one of selections) {
        if (one.kind === 'Field') {
          const name = (one.alias ?? one.name).value;
          if (!into.has(name)) into.set(name, []);
          into.get(name).push(one);
          continue;
        }
        const fragment = one.kind === 'InlineFragment' ? one : this.fragments.get(one.name.value);
        const condition = fragment.typeCondition && this.schema.getType(fragment.typeCondition.name.value);
        if (!condition || condition === type || (isAbstractType(condition) && this.schema.isSubType(condition, type))) {
          this.collect(type, [fragment.selectionSet], into);
        }
      }
    }
    return into;
  }

  object(type, sets, value, path) {
    const out = {};
    const capacities = this.personal.has(type.name) ? this.viewer.capacities(this.owner(value.id).person) : null;
    for (const [name, nodes] of this.collect(type, sets)) {
      const field = nodes[0].name.value;
      const at = [...path, name];
      if (field === '__typename') {
        out[name] = type.name;
        continue;
      }
      const definition = type.getFields()[field];
      let inner;
      if (capacities && !(this.may(capacities, type.name, field) && this.mayReach(capacities, definition))) {
        this.errors.push(at.join('.'));
        inner = isNonNullType(definition.type) ? HOLE : null;
      } else {
        inner = this.complete(definition.type, nodes, this.meta(type, name, field, value), at);
      }
      if (inner === HOLE) return HOLE;
      out[name] = inner;
    }
    return out;
  }

  /** A field that leads to entries of a kind (at once, or by a connection) needs the right to that kind. */
  mayReach(capacities, { type }) {
    const named = getNamedType(type);
    const rows = this.personal.has(named.name) ? named.name : named.getFields?.().nodes && getNamedType(named.getFields().nodes.type).name;
    return !this.personal.has(rows) || this.may(capacities, rows);
  }

  /** What a connection says of its page is about the entries that are left of it. */
  meta(type, name, field, value) {
    if (!type.name.endsWith('Connection')) return value[name];
    const rows = value.nodes ?? [];
    const left = rows.filter((row) => this.admits(row));
    if (field === 'withheld') return rows.length > 0 && this.viewer.withholds(this.owner(rows[0].id));
    if (field === 'totalCount') return value[name] - (rows.length - left.length);
    if (field !== 'pageInfo' || left.length === rows.length) return value[name];
    return { ...value[name], startCursor: left.length ? this.cursors.get(left[0].id) : null, endCursor: left.length ? this.cursors.get(left.at(-1).id) : null };
  }

  complete(type, nodes, value, path) {
    if (isNonNullType(type)) {
      const inner = this.complete(type.ofType, nodes, value, path);
      return inner === null ? HOLE : inner;
    }
    if (value === null || value === undefined) return null;
    if (isListType(type)) return this.list(type, nodes, value, path);
    if (isLeafType(type)) return value;
    if (!this.admits(value)) return null;
    const inner = this.object(this.schema.getType(value.__typename ?? type.name), nodes.map(({ selectionSet }) => selectionSet), value, path);
    return inner === HOLE ? null : inner;
  }

  /** Of a connection the entries that may not be seen are taken out; of nodes(ids) they are null. */
  list(type, nodes, value, path) {
    const kept = isNonNullType(type.ofType) ? value.filter((item) => this.admits(item.node ?? item)) : value;
    const items = [];
    for (const item of kept) {
      const inner = this.complete(type.ofType, nodes, item, [...path, items.length]);
      if (inner === HOLE) return null;
      items.push(inner);
    }
    return items;
  }
}

/** Whether an answer has the errors that it should: all, or 20 of them; each FORBIDDEN. */
export function sameErrors(have = [], want) {
  if (have.length !== Math.min(want.length, MOST_ERRORS)) return false;
  const left = new Set(want);
  return have.every(({ path, extensions }) => extensions.code === 'FORBIDDEN' && left.delete(path.join('.')));
}
