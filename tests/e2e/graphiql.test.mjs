// The IDE: the page and everything that it names come from this server, with types a browser takes, and nothing
// names another host.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

let server;
let database;
before(async () => {
  database = await createDatabase();
  server = await startServer({ database });
});
after(async () => {
  await server?.stop();
  await database?.drop();
});

test('the page and its parts', async () => {
  const page = await server.request('/graphiql');
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'], /^text\/html/);
  const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name).filter((name) => !name.startsWith('data:'));
  assert.ok(parts.length >= 6, parts.join(' '));
  for (const part of parts) {
    assert.match(part, /^\/graphiql\//);
    const { status, headers, text } = await server.request(part);
    assert.equal(status, 200, part);
    assert.match(headers['content-type'], part.endsWith('.css') ? /^text\/css/ : /^(text|application)\/javascript/, part);
    assert.equal(headers['x-content-type-options'], 'nosniff', part);
    assert.ok(text.length > 50, part);
  }
  assert.doesNotMatch(page.text, /https?:\/\//);
});

test('the stylesheet loads nothing from elsewhere', async () => {
  const { text } = await server.request('/graphiql/graphiql.min.css');
  const urls = [...text.matchAll(/url\(\s*["']?([^)"']{0,40})/g)].map(([, url]) => url);
  assert.deepEqual(urls.filter((url) => !url.startsWith('data:') && !url.startsWith('#')), []);
  assert.doesNotMatch(text, /@import/);
});

test('nothing but the listed files', async () => {
  for (const path of ['/graphiql/package.json', '/graphiql/../package.json', '/graphiql/%2e%2e/package.json',
    '/graphiql/node_modules/graphiql/package.json', '/graphiql/..%2fpackage.json', '/graphiql//etc/passwd']) {
    assert.equal((await server.request(path)).status, 404, path);
  }
});

test('what GraphiQL asks first makes a schema for graphql-js', async () => {
  const data = await server.data(getIntrospectionQuery({ descriptions: true, specifiedByUrl: true, schemaDescription: true }));
  const sdl = printSchema(buildClientSchema(data));
  assert.match(sdl, /type Patient implements Node \{/);
  assert.match(sdl, /Identifies the person among all objects of every type/);
  assert.doesNotMatch(sdl, /directive @(table|hot|list|column|reference|lookup|node|kind|apart|codec)\b/);
});
