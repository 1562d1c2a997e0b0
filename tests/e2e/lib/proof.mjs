// What the proofs of rights share: the world planted in a database, servers over it, and the global ids of everybody's entries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { buildClientSchema, getIntrospectionQuery } from 'graphql';
import { Expectation } from './expectation.mjs';
import { Database } from './psql.mjs';
import { startServer } from './server.mjs';
import { createDatabase, sharedServices } from './services.mjs';
import { makeKeys, now } from './tokens.mjs';
import { Ways } from './ways.mjs';
import { PERSONAL, byDocument } from './who-sees-what.mjs';
import { hiddenFrom, laterSql, letterOf, world, worldSql } from './world.mjs';

// None of the limits is what these tests are about, nor how long a refusal takes.
export const LIMITS = ['--refusal-ms', '0', '--max-cost', '1000000000', '--max-depth', '100', '--max-aliases', '10000', '--max-directives', '10000', '--max-root-fields', '10000', '--max-tokens', '1000000'];
const { people, viewers } = world;

/** The ids and cursors of a person's entries, from a server that shows everything: { id, faces: Type -> id, entries: Type -> [{ id, cursor, letter }] }. */
async function readIds(server, ways, person) {
  const lists = ways.entries.map((type) => `${type.name}: ${ways.lists.get(type.name)}(first: 100) { edges { cursor node { id ${
    ['recordedAt', 'validFrom', 'madeAt'].filter((name) => type.getFields()[name]).slice(0, 1).map((name) => `made: ${name}`)} } } }`);
  const faces = [...ways.faces].map(([type, field]) => `${type.name}: ${field}(iin: $iin) { id }`);
  const { patient, ...shown } = await server.data(`query($iin: ID!) { patient(iin: $iin) { id ${lists.join(' ')} } ${faces.join(' ')} }`, { iin: person.iin });
  return { id: patient.id, faces: Object.fromEntries(Object.entries(shown).map(([type, { id }]) => [type, id])), entries: Object.fromEntries(ways.entries.map(({ name }) => [name, patient[name].edges.map(({ cursor, node }) => ({
    id: node.id, cursor, letter: node.made && letterOf(node.made) }))])) };
}

export class Proof {
  static async start() {
    const proof = new Proof();
    proof.keys = makeKeys();
    proof.redis = (await sharedServices()).redis;
    proof.database = await createDatabase();
    proof.superuser = new Database(proof.database.services, proof.database.name, 'postgres');
    // Access open, with the secret of the others, so that ids mean the same: who may see everything.
    proof.open = () => startServer({ database: proof.database, args: [...LIMITS, '--secret', proof.keys.secret, '--cache-bytes', '0'] });
    await proof.superuser.execute(worldSql());
    const early = await proof.open();
    try {
      proof.schema = buildClientSchema(await early.data(getIntrospectionQuery({ oneOf: true })));
      proof.ways = new Ways(proof.schema, new Set(PERSONAL.keys()));
      proof.ids = Object.fromEntries(await Promise.all(Object.values(people).map(async (person) => [person.name, await readIds(early, proof.ways, person)])));
    } finally {
      await early.stop();
    }
    await proof.superuser.execute(laterSql());
    proof.index();
    return proof;
  }

  server(options = {}) { return startServer({ database: this.database, tokens: this.keys, redis: this.redis, ...options, args: [...LIMITS, ...(options.args ?? [])] }); }

  index() {
    const owners = new Map(), cursors = new Map();
    for (const [person, { id, faces, entries }] of Object.entries(this.ids)) {
      for (const one of [id, ...Object.values(faces)]) owners.set(one, { person, table: 'patient', entry: null });
      for (const [type, list] of Object.entries(entries)) {
        for (const entry of list) {
          owners.set(entry.id, { person, table: PERSONAL.get(type).table, entry: entry.letter ?? entry.id });
          cursors.set(entry.id, entry.cursor);
        }
      }
    }
    this.owners = owners;
    const table = byDocument();
    const may = (capacities, type, field) => capacities.some((one) => table.get(type)?.has(one)) &&
      (!field || capacities.some((one) => (table.get(`${type}.${field}`) ?? table.get(type)).has(one)));
    this.expectation = new Expectation(this.schema, { may, personal: PERSONAL, owner: (id) => {
      assert.ok(owners.has(id), `an id that nobody has: ${id}`);
      return owners.get(id);
    }, cursors });
    this.may = may;
    for (const viewer of viewers) {
      viewer.bearer = viewer.claims ? this.keys.bearer({ exp: now() + 7200, ...viewer.claims }) : {}; // a busy machine takes longer than ten minutes
      viewer.capacities = (person) => viewer.sees[person] ?? [];
      viewer.hidden = (person) => hiddenFrom(viewer, person);
      viewer.withholds = ({ person, table: name }) => [...hiddenFrom(viewer, person)].some((entry) => entry.startsWith(`${name}:`));
    }
  }

  /** The entry of a person with this letter. */
  entry(person, type, letter) { return this.ids[person].entries[type].find((one) => one.letter === letter); }

  /** What a document of a way needs to ask about a person. */
  variables(way, person) {
    const ids = this.ids[person];
    const all = { iin: people[person].iin, patient: ids.id, patients: [ids.id, this.ids.gone.id, ids.id],
      ...Object.fromEntries(Object.entries(ids.faces).map(([type, id]) => [`face${type}`, id])) };
    for (const { name } of this.ways.entries) {
      const one = (letter) => this.entry(person, name, letter).id;
      const stranger = person === 'bolat' ? 'gulnar' : 'bolat';
      Object.assign(all, { [`b${name}`]: one('b'), [`old${name}`]: one('a'), [`some${name}`]: [one('c'), this.entry('gone', name, 'c').id, one('b'), one('d')],
        [`after${name}`]: this.entry(person, name, 'd').cursor, [`foreign${name}`]: this.entry(stranger, name, 'd').cursor });
    }
    all.everybody = ['alia', 'bolat', 'gulnar', 'child', 'teen', 'hider', 'gone'].flatMap((name) =>
      (way.types ?? []).map((type) => (type === this.ways.patient ? this.ids[name].id : this.entry(name, type.name, 'b').id)));
    return Object.fromEntries(way.variables.map((name) => [name, all[name]]));
  }

  async stop() {
    this.keys?.remove();
    await this.database?.drop();
  }
}

/** POST /graphql as `viewer`: { status, headers, text, answer }. `accept`: of a client of today. */
export async function ask(server, viewer, query, variables) {
  const body = JSON.stringify({ query, variables });
  const response = await server.request('/graphql', { method: 'POST', body, headers: { 'Content-Type': 'application/json',
    Accept: 'application/graphql-response+json', 'Content-Length': Buffer.byteLength(body), ...viewer.bearer } });
  return { ...response, answer: response.json() };
}
