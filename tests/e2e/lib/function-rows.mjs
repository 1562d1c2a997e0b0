// Rows that SQL functions return, for the reference: what is asked in one turn of the loop goes to the database together, and the same
// question once, as nothing changes while the reference compares.
import { GraphQLError } from 'graphql';
import { SqlError } from './psql.mjs';

const MOST = 500; // questions of one statement

const literal = (value) => {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return `ARRAY[${value.map(literal)}]`;
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
};

const refusal = (error) => (error instanceof SqlError ? new GraphQLError(/ERROR: {2}(.*)/.exec(error.message)?.[1] ?? error.message) : error);

export class FunctionRows {
  constructor(database) {
    this.database = database;
    this.known = new Map(); // SQL -> promise of rows
    this.waiting = []; // { sql, resolve, reject }
  }

  /** The rows of a call, as `cells` of t: `values` by place, or an object of them by name. */
  rows(cells, name, values) {
    const list = Array.isArray(values) ? values.map(literal) : Object.entries(values).map(([key, value]) => `"${key}" => ${literal(value)}`);
    const sql = `SELECT ${cells} FROM ${name}(${list.join(', ')}) t`;
    if (!this.known.has(sql)) this.known.set(sql, this.ask(sql));
    return this.known.get(sql);
  }

  ask(sql) {
    if (this.waiting.length === 0) setImmediate(() => this.send());
    return new Promise((resolve, reject) => { this.waiting.push({ sql, resolve, reject }); });
  }

  /** One that the function refuses spoils those beside it: then each goes alone. */
  async send() {
    const asked = this.waiting;
    this.waiting = [];
    const alone = ({ sql, resolve, reject }) => this.all([{ sql }]).then(([rows]) => resolve(rows), (error) => reject(refusal(error)));
    try {
      const answers = await this.all(asked);
      asked.forEach(({ resolve }, i) => resolve(answers[i]));
    } catch {
      await Promise.all(asked.map(alone));
    }
  }

  async all(asked) {
    const parts = asked.map(({ sql }, i) => `(SELECT coalesce(json_agg(q), '[]') FROM (${sql}) q) AS r${i}`);
    const answers = [];
    for (let at = 0; at < parts.length; at += MOST) answers.push(...Object.values((await this.database.query(`SELECT ${parts.slice(at, at + MOST).join(', ')}`))[0]));
    return answers;
  }
}
