// The language beside the reference implementation: what is refused, with which words and where; which values variables
// take; what introspection shows. Most documents go to the language alone, over a schema that has one of everything; the
// running server, with the passport, shows that nothing is lost on the way.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { breakers } from './lib/breakers.mjs';
import { damage, document, lexical, overlapping, random, variableCase } from './lib/documents.mjs';
import { Language, verdict } from './lib/language.mjs';
import { Reference, sameErrors, v16, withoutValue } from './lib/reference.mjs';
import { TOP } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const { buildClientSchema, buildSchema, getIntrospectionQuery, getNamedType, GraphQLSchema, introspectionFromSchema, lexicographicSortSchema, printSchema } = v16;
const EVERYTHING = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true };
const INTROSPECTION = getIntrospectionQuery(EVERYTHING);
// Seeds that once showed a disagreement stay here; documents are cheap, so there are many of each. A long run by hand:
// LANGUAGE_DOCUMENTS=100000 scripts/test --only language
const SEEDS = [1, 2, 3, 5, 20260101];
const EACH = Math.ceil(Number(process.env.LANGUAGE_DOCUMENTS ?? 3000) / SEEDS.length);
const LIVE = 500;
const BATCH = 100;
const HITS = 24; // of each rule, at least, in a run of the usual length

const list = (n, make) => Array.from({ length: n }, make);
const notExecutable = (text) => text.endsWith(' definition is not executable.');

// The reference misses a nullable variable in a OneOf object where the argument itself is non-null (`by: DrugKey!`): it looks at the type
// with its `!` on. The specification (5.8.5, IsVariableUsageAllowed) has no such exception.
const MISSED = / Variable "\$\w+" is of type "[^"]+" but must be non-nullable to be used for OneOf Input Object "(?:DrugKey|LabTestKey)"\.$/; // those that stand nowhere without a `!`
const ERRORS_MAX = 20;

/** The verdict without what the reference misses. */
function withoutMissed(have, want) {
  const errors = have.errors.filter((text) => !MISSED.test(text));
  if (errors.length === have.errors.length) return [have, want];
  if (have.errors.length === ERRORS_MAX) want = { ...want, errors: want.errors.slice(0, errors.length) };
  return [{ code: errors.length ? have.code : null, errors }, want];
}

/** How a document is judged beside how it should be: 'valid', 'refused', or 'limited' where one of the two gave up. */
function compare(text, have, want) {
  if (have.code === 'LIMIT_EXCEEDED' || !want) return 'limited';
  [have, want] = withoutMissed(have, want);
  const show = () => `${JSON.stringify(text)}\n have ${have.code} ${have.errors.join('\n      ')}\n want ${want.code} ${want.errors.join('\n      ')}`;
  // Beside type system definitions the reference looks into those too; a client is told only that they can't be here.
  const n = want.errors.filter(notExecutable).length;
  const errors = n ? want.errors.slice(0, n) : want.errors;
  assert.ok(sameErrors(n ? have.errors.slice(0, n) : have.errors, errors), show());
  assert.equal(have.code, want.code, show());
  return want.code ? 'refused' : 'valid';
}

async function compareAll(n, make, judge, ask) {
  const count = { valid: 0, refused: 0, limited: 0 };
  for (let at = 0; at < n; at += BATCH) {
    const texts = list(Math.min(BATCH, n - at), make);
    const answers = await ask(texts);
    texts.forEach((text, i) => { count[compare(text, answers[i], judge(text))]++; });
  }
  return count;
}

/** What the server or the fixture says, as far as it is about the document and not about its variables or execution. */
const aboutDocument = ({ code, errors }) => (/^(GRAPHQL_|LIMIT_EXCEEDED)/.test(code ?? '') ? { code, errors } : { code: null, errors: [] });

describe('the language alone', () => {
  const file = 'tests/fixtures/language.graphql';
  const reference = new Reference(fs.readFileSync(path.join(TOP, file), 'utf8'));
  const judge = (text) => reference.judge(text);
  let language;
  const ask = async (texts) => (await language.ask(texts.map((query) => ({ query })))).map(verdict).map(aboutDocument);

  before(() => { language = new Language(file); });
  after(() => language.close());

  for (const seed of SEEDS) {
    test(`documents of seed ${seed}, broken rule by rule, are judged as the reference judges them`, async () => {
      const rnd = random(seed);
      const broken = breakers(reference.v16, rnd);
      const { refused, limited } = await compareAll(EACH, () => broken(document(reference.v16, rnd, true)), judge, ask);
      assert.ok(refused > EACH / 2 && limited < EACH / 20, `${refused} refused, ${limited} limited`);
    });
    test(`fragments of seed ${seed} whose fields meet again and again are merged as the reference merges them`, async () => {
      const rnd = random(seed);
      const about = reference.hits.get('OverlappingFieldsCanBeMerged');
      const { limited } = await compareAll(EACH, () => overlapping(reference.v16, rnd), judge, ask);
      assert.ok(reference.hits.get('OverlappingFieldsCanBeMerged') - about > EACH / 10 && limited < EACH / 100, `${limited} limited`);
    });
    test(`documents of seed ${seed} as they are, and damaged`, async () => {
      const rnd = random(seed);
      const whole = await compareAll(EACH / 5, () => document(reference.v16, rnd), judge, ask);
      assert.ok(whole.valid > EACH / 50 && whole.refused > EACH / 50, `${whole.valid} valid, ${whole.refused} refused`);
      const { refused } = await compareAll(EACH, () => damage(document(reference.v16, rnd), rnd), judge, ask);
      assert.ok(refused > EACH / 2);
    });
    test(`literals of seed ${seed}, put together of pieces of tokens, are read as the reference reads them`, async () => {
      const rnd = random(seed);
      const count = { refused: 0, valid: 0 };
      for (let at = 0; at < EACH; at += BATCH) {
        const texts = list(BATCH, () => lexical(rnd));
        (await language.ask(texts.map((query) => ({ query })))).forEach((answer, i) => {
          const want = judge(texts[i]);
          count[compare(texts[i], aboutDocument(verdict(answer)), want)]++;
          if (!want.code) assert.deepEqual(answer.variables, reference.coerce(texts[i], {}).variables, JSON.stringify(texts[i]));
        });
      }
      assert.ok(count.valid > EACH / 20 && count.refused > EACH / 4, JSON.stringify(count));
    });
    test(`variables of seed ${seed} take the values that the reference gives them`, async () => {
      const rnd = random(seed);
      const count = { taken: 0, refused: 0, several: 0 };
      for (let at = 0; at < EACH; at += BATCH) {
        const cases = list(BATCH, () => variableCase(reference.v16, rnd));
        (await language.ask(cases)).forEach((answer, i) => {
          const { query, variables } = cases[i];
          const want = reference.coerce(query, variables);
          const show = `${JSON.stringify(cases[i])}\n have ${JSON.stringify(answer)}\n want ${JSON.stringify(want)}`;
          if (want.errors) {
            // All are told, up to 20; what a client sent is not repeated.
            assert.ok(answer.errors?.every(({ code }) => code === 'BAD_USER_INPUT'), show);
            assert.deepEqual(verdict(answer).errors.map(withoutValue), want.errors.slice(0, ERRORS_MAX).map(withoutValue), show);
            count.several += want.errors.length > 1;
            count.refused++;
          } else {
            assert.deepEqual(answer.variables, want.variables, show);
            count.taken++;
          }
        });
      }
      assert.ok(count.taken > EACH / 10 && count.refused > EACH / 10 && count.several > EACH / 100, JSON.stringify(count));
    });
  }

  test('a schema of queries alone takes no other operation', async () => {
    const queries = 'tests/fixtures/queries-only.graphql';
    const poor = new Reference(fs.readFileSync(path.join(TOP, queries), 'utf8'));
    const alone = new Language(queries);
    const rnd = random(4);
    const broken = breakers(poor.v16, rnd);
    await compareAll(1000, () => broken(document(poor.v16, rnd, true)), (text) => poor.judge(text),
      async (texts) => (await alone.ask(texts.map((query) => ({ query })))).map(verdict).map(aboutDocument));
    await alone.close();
    reference.hits.set('KnownOperationTypes', poor.hits.get('KnownOperationTypes'));
  });

  test('each rule of the reference has reported something, often', () => {
    for (const [rule, hits] of reference.hits) assert.ok(hits >= HITS, `${rule}: ${hits}`);
    assert.ok(reference.hits.size >= 27);
  });
});

describe('the running server', () => {
  let database, server, reference;

  before(async () => {
    database = await createDatabase();
    server = await startServer({ database });
    reference = new Reference(printSchema(buildClientSchema(await server.data(INTROSPECTION))));
  });
  after(async () => {
    await server?.stop();
    await database?.drop();
  });

  const ask = (texts) => Promise.all(texts.map(async (text) => {
    const { errors = [] } = await server.graphql(text, {});
    const about = errors.filter(({ extensions }) => /^(GRAPHQL_|LIMIT_EXCEEDED)/.test(extensions?.code ?? ''));
    return {
      code: about[0]?.extensions.code ?? null,
      errors: about.map(({ message, locations }) => `${locations.map(({ line, column }) => `${line}:${column}`).join(',')} ${message}`),
    };
  }));

  for (const seed of SEEDS) {
    test(`judges documents of seed ${seed} as the reference judges them`, async () => {
      const rnd = random(seed);
      const broken = breakers(reference.v16, rnd);
      const make = () => [() => document(reference.v16, rnd), () => damage(document(reference.v16, rnd), rnd), () => broken(document(reference.v16, rnd, true))][rnd(3)]();
      const { valid, refused, limited } = await compareAll(LIVE, make, (text) => reference.judge(text), ask);
      assert.ok(valid > LIVE / 20 && refused > LIVE / 4 && limited < LIVE / 2, `${valid} valid, ${refused} refused, ${limited} limited`);
    });
  }

  test('what introspection shows is the schema file without its mapping', async () => {
    const schema = buildClientSchema(await server.data(INTROSPECTION));
    const file = buildSchema(fs.readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8'));
    const mapping = file.getDirectives().filter(({ name }) => !schema.getDirective(name));
    assert.ok(mapping.length >= 10, 'mapping directives are hidden');
    const config = file.toConfig();
    // What only they take is hidden with them; a type that a field uses too comes back with that field.
    const taken = new Set(mapping.flatMap(({ args }) => args.map(({ type }) => getNamedType(type).name)));
    const shown = new GraphQLSchema({
      ...config, directives: config.directives.filter((d) => !mapping.includes(d)), types: config.types.filter(({ name }) => !taken.has(name)),
    });
    assert.equal(printSchema(lexicographicSortSchema(schema)),
      printSchema(lexicographicSortSchema(buildClientSchema(introspectionFromSchema(shown, EVERYTHING)))));
  });

  test('introspection of a tool of today is answered whole, of a nested one refused', async () => {
    assert.ok((await server.data('{ __type(name: "Patient") { fields { name description } } }')).__type.fields.length > 10);
    const { errors } = await server.graphql('{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }');
    assert.equal(errors[0].message, 'Maximum introspection depth exceeded');
  });
});
