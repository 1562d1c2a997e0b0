// No right, no byte: everybody who may ask, about everybody who can be asked about, by every way to every field of every type that is
// about somebody. The ways come from the live schema, the people from lib/world.mjs, what each may see from the table in
// docs/security.md, and whole answers are compared, so a field too many and a field too few both show.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { performance } from 'node:perf_hooks';
import { getNamedType } from 'graphql';
import { random } from './lib/documents.mjs';
import { sameErrors } from './lib/expectation.mjs';
import { Proof, ask } from './lib/proof.mjs';
import { TOP } from './lib/run.mjs';
import { CAPACITIES, PERSONAL, byDocument, bySchema } from './lib/who-sees-what.mjs';
import { ENTRIES, world } from './lib/world.mjs';

const LEAST = 10_000; // combinations
// Of those who have no right to somebody one of so many pairs with a way, others in each run; 1: all of them.
const EVERY = Number(process.env.RIGHTS_EVERY ?? 4);
const SEED = Number(process.env.RIGHTS_SEED ?? Date.now() % 1_000_000);
const AT_ONCE = 6; // requests
const TIMES = 200; // each
const FOREIGN_CURSOR = 'behind a cursor of somebody else’s list';
const MOST_RATIO = 2, TRIES = 3; // of two medians: what else the machine does is in them
const { people, viewers } = world;
const PERSONS = Object.keys(people);
// Given by a function (that was called with a number and a code, by a vendor's system, for a review, at the contact centre), never by a relation.
const NO_RELATION = ['PHARMACIST', 'INTEGRATION', 'EMERGENCY_REVIEWER', 'CONTACT_CENTRE'];

const say = (all) => Object.fromEntries([...all].map(([name, set]) => [name, CAPACITIES.filter((one) => set.has(one)).join(' ')]).sort());

test('the table of docs/security.md says what the schema does', () => {
  assert.ok(PERSONAL.size >= 10, `${PERSONAL.size}`);
  assert.deepEqual(say(byDocument()), say(bySchema()));
});

/** Runs `jobs` (functions), a few at a time. */
async function few(jobs) {
  const left = [...jobs];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let job = left.pop(); job; job = left.pop()) await job();
  }));
}

describe('no right, no byte', () => {
  let proof, open, servers, ways;
  const truths = new Map(); // way, person -> what there is to see
  const seen = new Map(); // capacity -> type.field -> 'given' or 'refused'
  const counts = { combinations: 0, requests: 0, given: 0, bytes: 0 };

  before(async () => {
    proof = await Proof.start();
    open = await proof.open();
    servers = [await proof.server({ args: ['--workers', '2'] }), await proof.server({ redis: 'off', args: ['--cache-bytes', '0'] })];
    ways = proof.ways.all();
  });
  after(async () => {
    await open?.stop();
    for (const server of servers ?? []) await server.stop();
    await proof?.stop();
  });

  const note = (capacity, what, how) => {
    if (!seen.has(capacity)) seen.set(capacity, new Map());
    seen.get(capacity).set(what, how);
  };

  /** Nothing of anybody whom the viewer may not see, and nothing that is hidden from the viewer. */
  function assertClean(text, viewer, what) {
    for (const person of PERSONS) {
      if (viewer.capacities(person).length > 0) continue;
      for (const mark of people[person].marks) if (text.includes(mark)) assert.fail(`${what}: ${mark} of ${person} in ${text.slice(0, 2000)}`);
    }
    for (const person of ['hider']) {
      for (const entry of viewer.hidden(person)) {
        const mark = `canary-${person}-${entry.replace(':', '-')}-`;
        assert.ok(!text.includes(mark), `${what}: hidden ${mark}`);
      }
    }
  }

  /** What every answer has to be, whatever was asked. */
  function assertProper(response, viewer, what) {
    counts.requests++;
    counts.bytes += response.text.length;
    assert.equal(response.headers['cache-control'], 'no-store', what);
    assert.equal(response.headers.etag, undefined, what);
    assertClean(response.text, viewer, what);
  }

  function assertAnswer({ data, errors }, want, what) {
    for (const [alias, value] of Object.entries(want.data)) if (!isDeepStrictEqual(data[alias], value)) assert.deepEqual(data[alias], value, `${what}, ${alias}`);
    assert.deepEqual(Object.keys(data), Object.keys(want.data), what);
    assert.ok(sameErrors(errors, want.errors), `${what}: ${JSON.stringify(errors)}, not ${want.errors}`);
  }

  /** A cursor is of one person's list, and no other list takes it, whoever asks. */
  function assertNoCursor({ data, errors }, what) {
    assert.ok(Object.values(data).every((value) => value === null), what);
    for (const { extensions } of errors) assert.ok(['BAD_USER_INPUT', 'FORBIDDEN'].includes(extensions.code), `${what}: ${extensions.code}`);
    assert.ok(errors.length > 0, what);
  }

  test('everything is there to be seen, all of it with canaries', async () => {
    await few(ways.flatMap((way) => PERSONS.filter((person) => person !== 'gone').map((person) => async () => {
      const { answer } = await ask(open, { bearer: {} }, way.text, proof.variables(way, person));
      if (way.name === FOREIGN_CURSOR) assertNoCursor(answer, 'open');
      else assert.equal(answer.errors, undefined, `${way.name} of ${person}: ${JSON.stringify(answer.errors)}`);
      truths.set(`${way.key} ${person}`, answer.data);
    })));
    // Every type has a way, every person four entries of each (one of them corrected), every text of an entry a canary.
    const strings = (type) => Object.values(type.getFields()).filter((field) => getNamedType(field.type).name === 'String' && !/^icd10/.test(field.name));
    for (const person of PERSONS.filter((name) => name !== 'gone')) {
      const text = JSON.stringify(ways.map((way) => truths.get(`${way.key} ${person}`)));
      for (const other of PERSONS) if (other !== person) assert.ok(!text.includes(`canary-${other}-`), `${other} in the record of ${person}`);
      for (const type of proof.ways.entries) {
        const letters = proof.ids[person].entries[type.name].map(({ letter }) => letter).filter((letter) => letter && letter in ENTRIES).sort();
        assert.deepEqual(letters, ['a', 'b', 'c', 'd'], `lib/world.mjs plants no entries of ${type.name}`);
        for (const field of strings(type)) {
          const values = text.match(new RegExp(`"(?:${field.name}|first|second)":"canary-${person}-${PERSONAL.get(type.name).table}-[bcd]-`, 'g'));
          assert.ok(values?.length >= 3, `lib/world.mjs plants no canary in ${type.name}.${field.name}`);
        }
      }
    }
  });

  test('what may be seen is there, and nothing else, by every way', async (t) => {
    const asked = ways.reduce((sum, way) => sum + way.fields, 0);
    const jobs = [], below = random(SEED);
    let turn = 0;
    for (const way of ways) { // one text after another: a server keeps some hundreds of them
      for (const viewer of viewers) {
        let nobody = null; // what this viewer is told of somebody who is not there
        const chosen = PERSONS.filter((name) => name !== 'gone' && (viewer.capacities(name).length > 0 || below(EVERY) === 0));
        jobs.push(async () => {
          for (const person of ['gone', ...chosen]) {
            const what = `${viewer.name}, ${way.name}, ${person}`;
            const response = await ask(servers[turn++ % servers.length], viewer, way.text, proof.variables(way, person));
            assertProper(response, viewer, what);
            counts.combinations += way.fields;
            if (!viewer.claims) {
              assert.equal(response.status, 401, what);
              assert.deepEqual([response.answer.data, response.answer.errors.map(({ extensions }) => extensions.code)], [undefined, ['UNAUTHENTICATED']], what);
              continue;
            }
            if (person === 'gone') nobody = response.text;
            if (viewer.capacities(person).length === 0) {
              assert.equal(response.text, nobody, `${what}: not as if there were nobody`);
              assert.equal(response.answer.errors, undefined, what);
              continue;
            }
            if (way.name === FOREIGN_CURSOR) assertNoCursor(response.answer, what);
            else assertAnswer(response.answer, proof.expectation.of(way.text, truths.get(`${way.key} ${person}`), viewer), what);
            counts.given += way.fields;
            if (way.name === 'direct' && viewer.capacities(person).length === 1 && person !== 'hider') {
              const { data, errors = [] } = response.answer, part = viewer.hidden(person).size > 0; // a laboratory is given its own rows
              for (const [alias, value] of Object.entries(data)) {
                const given = part ? !errors.some((error) => error.path[0] === alias) : isDeepStrictEqual(value, truths.get(`${way.key} ${person}`)[alias]);
                note(viewer.capacities(person)[0], alias.replace('_', '.'), given ? 'given' : 'refused');
              }
            }
          }
        });
      }
    }
    const began = performance.now();
    await few(jobs);
    t.diagnostic(JSON.stringify({ ...counts, ways: ways.length, fieldsByAllWays: asked, viewers: viewers.length, persons: PERSONS.length, seed: SEED, seconds: Math.round((performance.now() - began) / 1000) }));
    assert.ok(counts.combinations > LEAST, `${counts.combinations} combinations`);
    assert.ok(counts.given > LEAST / 10, `${counts.given} of them for somebody who has a right`);
  });

  test('one’s own record, as `me`', async () => {
    let owners = 0;
    await few(viewers.filter(({ claims }) => claims).flatMap((viewer) => proof.ways.own().map((way, i) => async () => {
      const direct = ways.filter(({ name }) => name === 'direct')[i];
      const own = PERSONS.find((person) => people[person].iin === viewer.claims.sub);
      const truth = own && Object.fromEntries(Object.entries(truths.get(`${direct.key} ${own}`)).map(([alias, patient]) => [alias, { patient }]));
      for (const server of servers) {
        const response = await ask(server, viewer, way.text, {});
        assertProper(response, viewer, `${viewer.name}, me`);
        assert.ok(response.answer.data, response.text);
        const nothing = { data: Object.fromEntries(Object.keys(response.answer.data).map((alias) => [alias, { patient: null }])), errors: [] };
        assertAnswer(response.answer, truth ? proof.expectation.of(way.text, truth, viewer) : nothing, `${viewer.name}, me`);
        owners += own && viewer.role === 'CITIZEN' ? 1 : 0;
      }
    })));
    assert.ok(owners > 20, `${owners}`);
  });

  test('rows that come and go are there for whom the table says, and have nothing of others', async () => {
    assert.deepEqual(proof.ways.unlisted.map(({ name }) => name), [], 'types that no list of a patient has, which need a proof of their own');
    await few(viewers.filter(({ claims }) => claims).flatMap((viewer) => proof.ways.comeAndGo().flatMap(({ type, list, of, text }) => PERSONS.map((person, i) => async () => {
      const what = `${viewer.name}, ${of}.${list}, ${person}`;
      const response = await ask(servers[i % servers.length], viewer, text, { iin: people[person].iin });
      assertProper(response, viewer, what);
      const capacities = viewer.capacities(person);
      const { data, errors } = response.answer;
      if (capacities.length === 0 || !proof.may(capacities, of)) { // a face that is not for the viewer is not there
        assert.deepEqual(response.answer, { data: { patient: null } }, what);
      } else if (proof.may(capacities, of, list) && proof.may(capacities, type.name)) {
        assert.ok(errors === undefined && Array.isArray(data.patient[list].nodes ?? data.patient[list]), `${what}: ${JSON.stringify(errors)}`);
      } else {
        assert.ok((data.patient === null || data.patient[list] === null) && errors[0].extensions.code === 'FORBIDDEN', what);
      }
    }))));
  });

  test('everybody’s entries in one list: each viewer is given his part of it', async (t) => {
    let items = 0, fields = 0;
    for (const way of proof.ways.mixed()) {
      const { answer } = await ask(open, { bearer: {} }, way.text, proof.variables(way, 'alia'));
      assert.equal(answer.errors, undefined);
      items += answer.data.nodes.length;
      fields += way.fields;
      await few(viewers.map((viewer, i) => async () => {
        const response = await ask(servers[i % servers.length], viewer, way.text, proof.variables(way, 'alia'));
        assertProper(response, viewer, `${viewer.name}, mixed`);
        if (viewer.claims) assertAnswer(response.answer, proof.expectation.of(way.text, answer.data, viewer), `${viewer.name}, mixed`);
        else assert.equal(response.status, 401);
      }));
    }
    assert.ok(items > 50);
    t.diagnostic(`${items} items of ${fields} fields, ${viewers.length} viewers`);
  });

  test('every capacity that a relation gives was seen with every field, given or refused', () => {
    const all = proof.ways.types.flatMap((type) => proof.ways.fields(type).map(({ name: field }) => [`${type.name}.${field}`, type.name, field]));
    assert.deepEqual([...seen.keys()].sort(), CAPACITIES.filter((one) => !NO_RELATION.includes(one)).sort());
    for (const [capacity, fields] of seen) {
      for (const [what, type, field] of all) {
        if (what === 'Guardianship.guardian') continue; // another person: whoever may see that one too, which the matrix above knows
        const list = proof.ways.lists.get(type); // the way that is looked at here
        const may = (!list || proof.may([capacity], 'Patient', list)) && proof.may([capacity], type, field) && proof.expectation.mayReach([capacity], proof.schema.getType(type).getFields()[field]);
        assert.equal(fields.get(what), may ? 'given' : 'refused', `${capacity}: ${what}`);
      }
    }
  });

  test('a schema that says something else would show', async () => {
    const text = readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8');
    const changes = {
      'a type that all may see': [/(^type Diagnosis .*)@allow\(.*\) \{/m, '$1{', 'payer'],
      'a field that all may see': [/(^ {2}department: .*)@allow\(.*\)/m, '$1', 'payer'],
      'a capacity that is missing': [/(^type Allergy .*)DISTRICT_DOCTOR, /m, '$1', 'district doctor'],
      'rows that are nobody’s': [/(^type Vaccination .*)@belongs @allow\(.*\) \{/m, '$1{', 'stranger, guardian once'],
    };
    for (const [what, [from, to, name]] of Object.entries(changes)) {
      const file = path.join(proof.keys.dir, 'other.graphql');
      writeFileSync(file, text.replace(from, to));
      assert.notEqual(readFileSync(file, 'utf8'), text);
      const viewer = viewers.find((one) => one.name === name);
      const other = await proof.server({ redis: 'off', args: ['--schema', file] });
      try {
        let shown = 0;
        for (const way of ways.filter((one) => ['direct', 'node'].includes(one.name))) {
          const { answer } = await ask(other, viewer, way.text, proof.variables(way, 'alia'));
          const want = proof.expectation.of(way.text, truths.get(`${way.key} alia`), viewer);
          if (!isDeepStrictEqual(answer.data, want.data)) shown++;
        }
        assert.ok(shown > 0, what);
      } finally {
        await other.stop();
      }
    }
  });

  test('somebody who is not there and somebody whom one may not see take the same time', async (t) => {
    const viewer = viewers.find(({ name }) => name === 'doctor of another district');
    const direct = 'query($iin: ID!) { patient(iin: $iin) { fullName prescriptions(first: 5) { nodes { number drug { name } } } diagnoses { nodes { name } } } }';
    const node = 'query($id: ID!) { node(id: $id) { ... on Prescription { number patient { fullName } drug { name } } } }';
    const asked = [
      ['patient', direct, (person) => ({ iin: people[person].iin })],
      ['node', node, (person) => ({ id: proof.entry(person, 'Prescription', 'b').id })],
    ];
    const said = {};
    for (const [server, where] of [[servers[0], 'cached'], [servers[1], 'uncached']]) {
      for (const [name, text, variables] of asked) {
        const statements = {}, ratios = [];
        for (const person of ['alia', 'gone']) {
          const before = await server.metric('tolqujat_db_statements_total');
          for (let i = 0; i < 5; i++) await ask(server, viewer, text, variables(person));
          statements[person] = await server.metric('tolqujat_db_statements_total') - before;
        }
        if (where === 'uncached') assert.equal(statements.alia, statements.gone, name);
        assert.ok(statements.alia >= 5 && statements.gone >= 5, `${name}: ${JSON.stringify(statements)}`);
        const holds = () => ratios.at(-1) < MOST_RATIO && 1 / ratios.at(-1) < MOST_RATIO;
        do { // measured again before it is believed
          const times = { alia: [], gone: [] };
          for (let i = 0; i < 2 * TIMES; i++) { // in turns, so that what else the machine does meets both
            const person = (i + (i >> 1)) % 2 ? 'alia' : 'gone';
            const began = performance.now();
            const response = await ask(server, viewer, text, variables(person));
            times[person].push(performance.now() - began);
            assert.deepEqual(response.answer, { data: { [name]: null } });
          }
          const [foreign, absent] = [times.alia, times.gone].map((all) => all.sort((a, b) => a - b)[TIMES / 2]);
          ratios.push(foreign / absent);
        } while (!holds() && ratios.length < TRIES);
        said[`${name}, ${where}`] = ratios.at(-1).toFixed(3);
        assert.ok(holds(), `${name}, ${where}: ratios ${ratios}`);
      }
    }
    t.diagnostic(`median of foreign / median of absent, ${TIMES} each: ${JSON.stringify(said)}`);
  });
});
