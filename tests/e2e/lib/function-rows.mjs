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
    this.known = new Map(); // SQL -> { rows }, { error }, or { promise } that one of them is there
    this.waiting = []; // { sql, resolve, reject }
    this.unknown = 0; // how often rows were asked for that were not known yet
  }

  /** Reads which columns there are, of tables and composite types. */
  async load() {
    const columns = await this.database.query(`SELECT relname || '.' || attname AS name, atttypid::regtype::text AS type
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind IN ('c', 'r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0`);
    this.types = new Map(columns.map(({ name, type }) => [name, type]));
  }

  /** What lies before every value of a column of a composite type, in an order that goes up (`way` 1) or down (-1). */
  end(table, column, way) {
    const ends = { bigint: ['-9223372036854775808', '9223372036854775807'], integer: ['-2147483648', '2147483647'] }[this.types.get(`${table}.${column}`)] ?? ['-infinity', 'infinity'];
    return ends[way === 1 ? 0 : 1];
  }

  /** What `then` makes of the rows of a call, as `cells` of t: `values` by place, or an object of them by name. A promise, when the rows are not
   * known yet: then the call is asked again once they are. */
  rows(cells, name, values, then) {
    const list = Array.isArray(values) ? values.map(literal) : Object.entries(values).map(([key, value]) => `"${key}" => ${literal(value)}`);
    const sql = `SELECT ${cells} FROM ${name}(${list.join(', ')}) t`;
    const known = this.known.get(sql);
    if (known?.error) throw known.error;
    if (known?.rows) return then(known.rows);
    if (!known) this.known.set(sql, { promise: this.ask(sql).then((rows) => { this.known.set(sql, { rows }); }, (error) => { this.known.set(sql, { error }); }) });
    this.unknown++;
    return new Promise(() => {}); // never kept: whoever waits for the rows asks again (see pending), and nothing comes of what was begun
  }

  /** When all that was asked for is known. */
  pending() { return Promise.all([...this.known.values()].map(({ promise }) => promise)); }

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
