// The public audit of GraphQL over HTTP (npm graphql-http), each of its audits a test, against the server as it is shipped
// and with queries by GET.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startServer } from './lib/server.mjs';
import { createDatabase } from './lib/services.mjs';

// What asks by GET. Nothing else may differ, and these differ only in that GET is refused.
const BY_GET = {
  '5A70': 'MAY accept application/x-www-form-urlencoded formatted GET requests',
  D6D5: 'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
  '6A70': 'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
};
const LEAST = 60; // audits that there are, or the package has changed

let database;
before(async () => { database = await createDatabase(); });
after(() => database?.drop());

const settings = [
  ['as shipped', [], BY_GET],
  ['with --get-queries on', ['--get-queries', 'on'], {}],
];
for (const [name, args, differ] of settings) {
  describe(name, () => {
    let server;
    before(async () => { server = await startServer({ database, args }); });
    after(() => server?.stop());

    const audits = serverAudits({ url: async () => `${server.url}/graphql` });
    test(`${audits.length} audits, no fewer than ${LEAST}, and those that may differ`, () => {
      assert.ok(audits.length >= LEAST, `${audits.length}`);
      assert.equal(new Set(audits.map(({ id }) => id)).size, audits.length);
      const found = audits.filter(({ id }) => id in BY_GET).map((audit) => [audit.id, audit.name]);
      assert.deepEqual(Object.fromEntries(found), BY_GET);
    });
    for (const audit of audits) {
      const refused = audit.id in differ;
      test(`${audit.id} ${audit.name}${refused ? ': 405' : ''}`, async () => {
        const result = await audit.fn();
        if (refused) {
          assert.equal(result.status, 'notice'); // neither a MUST nor a SHOULD
          assert.equal(result.response.status, 405);
          assert.match(result.response.headers.get('allow'), /\bPOST\b/);
        } else {
          assert.equal(result.status, 'ok', `${result.reason} (status ${result.response?.status})`);
        }
      });
    }
  });
}
