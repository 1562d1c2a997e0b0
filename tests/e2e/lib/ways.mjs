// Ways to a field of a person's record, for every field of every type that is about somebody, made from the schema: a
// document for each way, in which every field has an alias of its own, so that one that is refused takes no other with it.
import { getNamedType, getNullableType, isAbstractType, isInterfaceType, isLeafType, isListType, isRequiredArgument } from 'graphql';
import { loinc } from './world-clinical.mjs';
import { MADE } from './who-sees-what.mjs';

// Of fields that need arguments: such that there is something to see (the first person's test).
const GIVEN = { labSeries: `(test: {loinc: "${loinc(0)}"})` };
const DEEP = 3; // of what stands below a field that leads elsewhere
const MOST_SELECTIONS = 400; // of a document, as a selection on an interface counts once for each type that it can be
const MIXED = 10; // types in one list; with those of seven people they are less than the 100 ids that nodes() takes

export class Ways {
  /** `personal`: names of the types that are about somebody. */
  constructor(schema, personal) {
    this.schema = schema;
    this.personal = personal;
    this.patient = schema.getType('Patient');
    // Type -> the list of it that a patient has: its connection, or else a plain list.
    const fields = Object.values(this.patient.getFields());
    this.plain = new Map(fields.filter(({ type }) => isListType(getNullableType(type)) && personal.has(getNamedType(type).name)).map((field) => [getNamedType(field.type).name, field.name]));
    this.lists = new Map([...this.plain, ...fields.flatMap((field) => {
      const rows = getNamedType(field.type).getFields?.().nodes;
      return rows ? [[getNamedType(rows.type).name, field.name]] : [];
    })]);
    const others = [...personal].map((name) => schema.getType(name)).filter((type) => type !== this.patient);
    // Entries, which are found again by their ids; rows that have none and come and go while one asks; what no list of a patient has.
    this.entries = others.filter((type) => type.getFields().id && this.lists.has(type.name));
    this.passing = others.filter((type) => !type.getFields().id && this.lists.has(type.name));
    // Other faces of a patient, each with a field of Query that shows it: type -> that field.
    this.faces = new Map(Object.values(schema.getQueryType().getFields()).flatMap((field) => {
      const type = getNamedType(field.type);
      return type !== this.patient && personal.has(type.name) && field.args.some(({ name }) => name === 'iin') ? [[type, field.name]] : [];
    }));
    // What a mutation answers to who asked for the change, or a queue shows to who works through it, and nothing else leads to: the tests of those
    // have the proof.
    const answers = new Set([schema.getMutationType(), schema.getQueryType()].flatMap((root) => Object.values(root?.getFields() ?? {})).map(({ type }) => getNamedType(type)).flatMap((type) => (isAbstractType(type) ? schema.getPossibleTypes(type) : [type])));
    this.unlisted = others.filter((type) => !this.lists.has(type.name) && !this.faces.has(type) && !answers.has(type));
    this.versioned = this.entries.filter((type) => type.getFields().supersededBy);
    this.types = [this.patient, ...this.entries];
  }

  /** `field` with everything under it that is not somebody's, and of what is somebody's, whose. */
  selection(field, depth = 0) {
    const type = getNamedType(field.type);
    const page = GIVEN[field.name] ?? (field.args.some(({ name }) => name === 'first') ? '(first: 100)' : '');
    if (!GIVEN[field.name] && field.args.some(isRequiredArgument)) throw new Error(`no way to give ${field.name} its arguments`);
    if (isLeafType(type)) return field.name;
    // Many public things below a public thing prove nothing about persons, and every way asks for them again.
    const { nodes, node } = type.getFields?.() ?? {};
    const items = getNamedType((nodes ?? node)?.type ?? type);
    if (depth > 0 && (page || isListType(getNullableType(field.type))) && !this.personal.has(items.name) && !isInterfaceType(items)) return '';
    if (this.personal.has(type.name) || isInterfaceType(type)) return `${field.name}${page} { __typename id }`;
    if (depth === DEEP) return '';
    const below = Object.values(type.getFields()).map((one) => this.selection(one, depth + 1)).filter(Boolean);
    if (below.length === 0) return '';
    return `${field.name}${page} { ${below.join(' ')} }`;
  }

  /** The fields of a type that are the same each time. */
  fields(type) {
    const face = type === this.patient || this.faces.has(type);
    return Object.values(type.getFields()).filter((field) => !MADE.has(`${type.name}.${field.name}`) && !(face && this.passing.includes(this.rows(field))));
  }

  /** The type of the rows that a field lists. */
  rows(field) {
    const type = getNamedType(field.type);
    return getNamedType(type.getFields?.().nodes?.type ?? type);
  }

  /** Documents: `way(type, field text, field name)` in an alias for each field of each type; `fragment` is what it spreads; `times`: how much more it selects than others. */
  documents(types, way, fragment = () => '', times = 1) {
    const aliases = types.flatMap((type) => this.fields(type).map((field) => ({
      text: `${type.name}_${field.name}: ${way(type, this.selection(field), field.name)}`, fragment: fragment(type, this.selection(field), field.name) })));
    const variables = Object.entries(this.variables());
    const documents = [], most = Math.max(1, Math.floor(MOST_SELECTIONS / this.types.length / times));
    for (let at = 0; at < aliases.length; at += most) {
      const part = aliases.slice(at, at + most);
      const body = part.map(({ text }) => text).join('\n  ');
      const used = variables.filter(([name]) => new RegExp(`\\$${name}\\b`).test(body));
      documents.push({ fields: part.length, variables: used.map(([name]) => name),
        text: `query${used.length ? `(${used.map(([name, type]) => `$${name}: ${type}`).join(', ')})` : ''} {\n  ${body}\n}\n${part.map((one) => one.fragment).join('\n')}` });
    }
    return documents;
  }

  variables() {
    return { iin: 'ID!', everybody: '[ID!]!', patient: 'ID!', patients: '[ID!]!', ...Object.fromEntries([...this.faces.keys()].map(({ name }) => [`face${name}`, 'ID!'])), ...Object.fromEntries(this.entries.flatMap(({ name }) =>
      [[`b${name}`, 'ID!'], [`old${name}`, 'ID!'], [`some${name}`, '[ID!]!'], [`after${name}`, 'String'], [`foreign${name}`, 'String']])) };
  }

  /** The list of entries of a type with `inner` in each. */
  list(type, inner, args = '') { return `${this.lists.get(type.name)}(first: 100${args}) { nodes { ${inner} } }`; }

  /** The viewer's own record, every field of it: as all(), to be held against what is told of him by 'direct'. */
  own() {
    return this.documents(this.types, (type, field) => {
      const row = `__typename id ${field}`;
      return `me { patient { ${type === this.patient ? row : `__typename id ${this.list(type, row)}`} } }`;
    });
  }

  /** What a patient's record, or a face of it, has of rows that come and go: a document for each list of them, all fields; `of`: whose list. */
  comeAndGo() {
    const faces = [[this.patient, 'patient'], ...this.faces];
    return faces.flatMap(([face, query]) => Object.values(face.getFields()).filter((field) => this.passing.includes(this.rows(field))).map((field) => {
      const type = this.rows(field), list = field.name;
      const inner = this.fields(type).map((one) => this.selection(one)).join(' ');
      const rows = getNamedType(field.type) === type ? `${list} { ${inner} }` : `${list}(first: 100) { nodes { ${inner} } }`;
      return { type, list, of: face.name, variables: ['iin'], text: `query($iin: ID!) { patient: ${query}(iin: $iin) { ${rows} } }` };
    }));
  }

  /** Everybody's patients and entries in one list, every field of each: a document for some of the types. */
  mixed() {
    const documents = [];
    for (let at = 0; at < this.types.length; at += MIXED) {
      const types = this.types.slice(at, at + MIXED);
      const parts = types.map((type) => `... on ${type.name} { ${this.fields(type).map((field) => `${type.name}_${field.name}: ${this.selection(field)}`).join(' ')} }`);
      documents.push({ name: 'mixed', types, fields: types.reduce((sum, type) => sum + this.fields(type).length, 0), variables: ['everybody'],
        text: `query($everybody: [ID!]!) { nodes(ids: $everybody) { __typename id ${parts.join('\n')} } }` });
    }
    return documents;
  }

  /** All of them: [{ name, key, text, variables: names, fields: how many }]. */
  all() {
    const both = (patient, entry) => (type, field, name) => (type === this.patient ? patient(type, field, name) : entry(type, field, name));
    const each = (way, types = this.types, fragment, times) => this.documents(types, way, fragment, times);
    const row = (inner) => `__typename id ${inner}`;
    const of = (inner) => `patient(iin: $iin) { ${row(inner)} }`;
    const fragment = (type, field, name) => `fragment ${type.name}_${name} on ${type.name} { __typename one: id id first: ${field} second: ${field} }`;
    const named = (type, field, name) => `...${type.name}_${name}`;
    const any = (type, field) => `... on Node { __typename id ... on ${type.name} { ${field} } }`;
    const ways = {
      'direct': each(both((type, field) => of(field), (type, field) => of(this.list(type, row(field))))),
      'by edges': each((type, field) => of(`${this.lists.get(type.name)}(first: 100) { edges { cursor node { ${row(field)} } } }`), this.entries),
      'in named fragments, twice': each(both((type, field, name) => of(named(type, field, name)),
        (type, field, name) => of(this.list(type, row(named(type, field, name))))), this.types, fragment),
      'in fragments on interfaces': each(both((type, field) => of(any(type, field)), (type, field) => of(this.list(type, row(any(type, field)))))),
      'node': each(both((type, field) => `node(id: $patient) { ${any(type, field)} }`, (type, field) => `node(id: $b${type.name}) { ${any(type, field)} }`)),
      'nodes': each(both((type, field) => `nodes(ids: $patients) { ${any(type, field)} }`, (type, field) => `nodes(ids: $some${type.name}) { ${any(type, field)} }`)),
      'there and back': each(both((type, field) => `node(id: $b${this.versioned[0].name}) { __typename id ... on ClinicalRecord { patient { ${row(field)} } } }`,
        (type, field) => `node(id: $b${type.name}) { __typename id ... on ${type.name} { patient { ${row(this.list(type, row(field)))} } } }`), this.types, undefined, 4),
      'a face of the patient': this.documents([...this.faces.keys()], (type, field) => `${this.faces.get(type)}(iin: $iin) { ${row(field)} }`),
      'a face of the patient, by its id': this.documents([...this.faces.keys()], (type, field) => `node(id: $face${type.name}) { __typename id ... on ${type.name} { ${field} } }`),
      'back and there': each((type, field) => of(this.list(this.versioned[0], row(`patient { ${row(field)} }`))), [this.patient]),
      'behind a cursor of another': each((type, field) => of(this.list(type, row(field), `, after: $after${type.name}`)), this.entries),
      'behind a cursor of somebody else’s list': each((type, field) => of(this.list(type, row(field), `, after: $foreign${type.name}`)), this.entries),
      'from the version before': each((type, field) => `node(id: $old${type.name}) { __typename id ... on ClinicalRecord { supersededBy { __typename id ... on ${type.name} { ${field} } } } }`,
        this.versioned),
      'from the version after': each((type, field) => `node(id: $b${type.name}) { __typename id ... on ClinicalRecord { earlierVersions { __typename id ... on ${type.name} { ${field} } } } }`,
        this.versioned),
    };
    // Where one entry leads to another.
    for (const from of this.entries) {
      for (const field of this.fields(from)) {
        const to = getNamedType(field.type);
        if (!this.personal.has(to.name) || to === this.patient || ['supersededBy', 'earlierVersions'].includes(field.name)) continue;
        ways[`by ${from.name}.${field.name}`] = each((type, inner) => `node(id: $b${from.name}) { __typename id ... on ${from.name} { ${field.name} { ${row(inner)} } } }`, [to]);
      }
    }
    return Object.entries(ways).flatMap(([name, documents]) => documents.map((one, i) => ({ name, key: `${name} ${i}`, ...one })));
  }
}
