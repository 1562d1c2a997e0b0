// What the tests of mutations share: a database with the template's people, two workers beside Redis, people who ask, and what a refusal looks like.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { startServer } from './server.mjs';
import { createDatabase, sharedServices } from './services.mjs';
import { makeKeys } from './tokens.mjs';

export const newKey = () => randomUUID();

export class Writing {
  static async start({ args = [], redis = true } = {}) {
    const writing = new Writing();
    writing.keys = makeKeys();
    writing.database = await createDatabase();
    writing.start = async () => startServer({ database: writing.database, redis: redis ? (await sharedServices()).redis : 'off', tokens: writing.keys,
      args: ['--workers', '2', '--idle-seconds', '600', '--refusal-ms', '0', ...args] });
    writing.server = await writing.start();
    return writing;
  }

  async stop() {
    await this.server?.stop();
    await this.database?.drop();
    this.keys.remove();
  }

  /** What `who` (claims; null: nobody) is answered. */
  async ask(who, query, variables) {
    return this.server.graphql(query, variables, { headers: who ? this.keys.bearer(who) : {} });
  }

  async data(who, query, variables) {
    const answer = await this.ask(who, query, variables);
    assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
    return answer.data;
  }

  /** The only field of the answer is null with an error of this code; gives its message. */
  async refused(who, query, variables, code, message = /./) {
    const { data, errors } = await this.ask(who, query, variables);
    assert.deepEqual([Object.values(data ?? {}), errors?.map(({ extensions }) => extensions.code)], [[null], [code]], JSON.stringify({ data, errors }));
    assert.match(errors[0].message, message);
    return errors[0].message;
  }

  /** How many rows there are of what mutations leave, as one text: two of them differ when something was done between. */
  async traces() {
    return JSON.stringify(await this.database.query(`SELECT (SELECT count(*) FROM dispense) AS dispenses, (SELECT count(*) FROM appointment) AS appointments, (SELECT sum(taken) FROM slot) AS taken,
      (SELECT count(*) FROM package_event) AS events, (SELECT count(*) FROM prescription) AS prescriptions, (SELECT count(*) FROM dispute) AS disputes, (SELECT count(*) FROM private.outbox) AS messages,
      (SELECT count(*) FROM private.change_record) AS changes, (SELECT sum(refills_left) FROM prescription) AS refills, (SELECT count(*) FROM batch_recall) AS recalls,
      (SELECT count(*) FROM private.idempotency WHERE item_id IS NOT NULL) AS keys, (SELECT count(*) FROM med_package WHERE state = 'sold') AS sold`));
  }
}
