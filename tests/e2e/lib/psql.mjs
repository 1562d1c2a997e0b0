// SQL through psql: no driver to trust, and what a person would type.
import path from 'node:path';
import { run } from './run.mjs';

export class SqlError extends Error {}

export class Database {
  /** `services` as services.mjs gives them; the role `tolqujat` owns the databases, `postgres` is the superuser. */
  constructor(services, name, user = 'tolqujat') {
    this.services = services;
    this.name = name;
    this.conninfo = `host=${services.pgHost} dbname=${name} user=${user}`;
    this.serverConninfo = `host=${services.pgHost} dbname=${name} user=tolqujat_server`; // what the server connects as
    this.followConninfo = `host=${services.pgHost} dbname=${name} user=tolqujat_follower`; // and hears of changes as
    this.environment = { PGHOST: services.pgHost, PGPORT: '5432', PGDATABASE: name, PGUSER: user };
  }

  /** Runs a script; gives what psql prints (unaligned, no heads). An error throws SqlError with the server's text. */
  async execute(sql) {
    const { status, stdout, stderr } = await run(path.join(this.services.pgBin, 'psql'),
      ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-f', '-'], { input: sql, env: this.environment });
    if (status !== 0) throw new SqlError(stderr.trim());
    return stdout.replace(/\n$/, '');
  }

  /** The rows of one SELECT, as objects. (int8 comes as a number, dates as text: it is JSON.) */
  async query(sql) {
    return JSON.parse(await this.execute(`SELECT coalesce(json_agg(q), '[]') FROM (${sql.replace(/;\s*$/, '')}) q;`));
  }

  /** The one value of the one row. */
  async value(sql) {
    const [row] = await this.query(sql);
    return row && Object.values(row)[0];
  }
}
