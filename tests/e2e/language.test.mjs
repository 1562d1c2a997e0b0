// The language of the running server beside the reference implementation: what is refused, with which words and where;
// what introspection shows.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  buildClientSchema, buildSchema, getIntrospectionQuery, GraphQLSchema, introspectionFromSchema, lexicographicSortSchema, parse,
  printSchema, validate,
} from 'graphql';
import { damage, document, random } from './lib/documents.mjs';
import { TOP } from './lib/run.mjs';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

const EVERYTHING = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true };
const INTROSPECTION = getIntrospectionQuery(EVERYTHING);
// Seeds that once showed a disagreement stay here; documents are cheap, so there are many of each.
const SEEDS = [1, 2, 3, 20260101];
const EACH = 1000;
const WHOLE_BYTES = 255; // longer messages are cut, and what they quote may be cut before

let database, server, schema;

before(async () => {
  database = await createDatabase();
  server = await startServer({ database });
  schema = buildClientSchema(await server.data(INTROSPECTION));
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

/** What the reference says: the first 20 errors as "line:column message". */
function oracle(text) {
  const say = ({ message, locations }) => `${locations[0].line}:${locations[0].column} ${message}`;
  let tree;
  try {
    tree = parse(text);
  } catch (error) {
    return { code: 'GRAPHQL_PARSE_FAILED', errors: [say(error)] };
  }
  const errors = validate(schema, tree).slice(0, 20).map(say);
  return { code: errors.length ? 'GRAPHQL_VALIDATION_FAILED' : null, errors };
}

/** What the server says, as far as it is about the document and not about its execution. */
function verdict({ errors = [] }) {
  const about = errors.filter(({ extensions }) => /^(GRAPHQL_|LIMIT_EXCEEDED)/.test(extensions?.code ?? ''));
  return {
    code: about[0]?.extensions.code ?? null,
    errors: about.map(({ message, locations }) => `${locations?.[0].line}:${locations?.[0].column} ${message}`),
  };
}

const same = (have, want) => have.length === want.length && have.every((text, i) => text === want[i] ||
  (Buffer.byteLength(want[i]) > WHOLE_BYTES && want[i].startsWith(text.slice(0, WHOLE_BYTES - 105))));

async function compare(texts) {
  const count = { valid: 0, refused: 0, limited: 0 };
  for (let at = 0; at < texts.length; at += 50) {
    const batch = texts.slice(at, at + 50);
    const answers = await Promise.all(batch.map((text) => server.graphql(text, {})));
    answers.forEach((answer, i) => {
      const want = oracle(batch[i]);
      const have = verdict(answer);
      if (have.code === 'LIMIT_EXCEEDED') count.limited++;
      else if (want.errors.some((text) => text.includes('is not executable'))) assert.equal(have.errors[0], want.errors[0]);
      else {
        assert.ok(same(have.errors, want.errors), `${JSON.stringify(batch[i])}\n have ${have.errors.join('\n      ')}\n want ${want.errors.join('\n      ')}`);
        assert.equal(have.code, want.code);
        if (want.code) count.refused++;
        else count.valid++;
      }
    });
  }
  return count;
}

describe('the language', () => {
  for (const seed of SEEDS) {
    test(`documents of seed ${seed} are judged as the reference judges them`, async () => {
      const rnd = random(seed);
      const { valid, refused, limited } = await compare(Array.from({ length: EACH }, () => document(schema, rnd)));
      assert.ok(valid > EACH / 10 && refused > EACH / 10 && limited < EACH / 2, `${valid} valid, ${refused} refused, ${limited} limited`);
    });
    test(`damaged documents of seed ${seed} as well`, async () => {
      const rnd = random(seed);
      const { refused } = await compare(Array.from({ length: EACH }, () => damage(document(schema, rnd), rnd)));
      assert.ok(refused > EACH / 2);
    });
  }

  test('what introspection shows is the schema file without its mapping', () => {
    const file = buildSchema(fs.readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8'));
    const mapping = file.getDirectives().filter(({ name }) => !schema.getDirective(name));
    assert.ok(mapping.length >= 10, 'mapping directives are hidden');
    const config = file.toConfig();
    const shown = new GraphQLSchema({
      ...config, directives: config.directives.filter((d) => !mapping.includes(d)), types: config.types.filter(({ name }) => name !== 'Codec'),
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
