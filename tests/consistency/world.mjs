// The records of the consistency test: a schema and tables of its own, in which each row says which write it is of. One mutation makes or changes a record
// in one transaction, and lengthens its list of notes by one; so a record and the head of its list always have the same version.
// Beside them some that are reference records, which each worker holds itself; and marks, which every second change deletes and every other makes anew.
// Of both kinds there are some that another system changes, behind the server's back (outsider.mjs): these too are deleted and made anew.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MAPPING } from '../e2e/lib/mapping.mjs';
import { Database } from '../e2e/lib/psql.mjs';
import { createDatabase } from '../e2e/lib/services.mjs';

export const HOT = 8, COLD = 1000;
const REFERENCE = 2000; // reference records have the numbers behind it
export const references = Array.from({ length: HOT }, (_, i) => REFERENCE + 1 + i);
const MARK = 3000; // and marks behind these
export const marks = Array.from({ length: HOT }, (_, i) => MARK + 1 + i);
const OUTSIDE_REFERENCE = 4000, OUTSIDE_MARK = 5000;
/** What an outsider alone changes: reference records, and the entries of lists. */
export const outsideReferences = Array.from({ length: HOT }, (_, i) => OUTSIDE_REFERENCE + 1 + i);
export const outsideMarks = Array.from({ length: HOT }, (_, i) => OUTSIDE_MARK + 1 + i);
const isReference = (record) => record > REFERENCE && record < MARK || record > OUTSIDE_REFERENCE && record < OUTSIDE_MARK;
/** A change of a mark, or of what an outsider changes, with an even version deletes it: whoever reads nothing reads one of these. */
export const isMark = (record) => record > MARK;
export const isOutside = (record) => record > OUTSIDE_REFERENCE;

const SCHEMA = `${MAPPING}
type Query {
  record(id: ID!): Record @lookup(column: "id", argument: "id")
  recordByCode(code: ID!): Record @lookup(column: "code", argument: "code")
  folder(id: ID!): Folder @lookup(column: "id", argument: "id")
  mark(id: ID!): Mark @lookup(column: "id", argument: "id")
  holder(id: ID!): Holder @lookup(column: "id", argument: "id")
}
type Mutation {
  write(id: Int!, token: String!): Record @procedure(name: "write_record")
  writeReference(id: Int!, token: String!): Reference @procedure(name: "write_reference")
  turnMark(id: Int!, token: String!): Mark @procedure(name: "turn_mark")
}
type Record @table(name: "register") @aggregate {
  id: ID!  version: Int!  token: String!  checksum: String!
  notes(first: Int = 5, after: String): NoteConnection! @list(column: "record_id", order: "version desc")
}
type Note @table(name: "note", key: ["record_id", "version"]) { version: Int!  token: String!  checksum: String! }
type NoteConnection { nodes: [Note!]!  edges: [NoteEdge!]!  pageInfo: PageInfo! }
type NoteEdge { cursor: String!  node: Note! }
type PageInfo { hasNextPage: Boolean!  endCursor: String }
type Folder @table(name: "folder") { id: ID!  record: Record @reference(columns: ["record_id"])  reference: Reference @reference(columns: ["record_id"])  mark: Mark @reference(columns: ["record_id"]) }
type Mark @table(name: "mark") @aggregate { id: ID!  version: Int!  token: String!  checksum: String! }
type Holder @table(name: "holder") @aggregate { id: ID!  marks(first: Int = 5, after: String): MarkConnection! @list(column: "holder_id", order: "id desc") }
type MarkConnection { nodes: [Mark!]!  edges: [MarkEdge!]!  pageInfo: PageInfo! }
type MarkEdge { cursor: String!  node: Mark! }
type Reference @table(name: "reference") @hot { id: ID!  version: Int!  token: String!  checksum: String! }
`;

/** Of a row: who wrote what, so that a row made of two, or of another record, is seen. */
export const checksum = (record, version, token) => createHash('md5').update(`${record}|${version}|${token}`).digest('hex');

const SQL = `
  CREATE TABLE register (id bigint PRIMARY KEY, code text NOT NULL UNIQUE, version integer NOT NULL, token text NOT NULL, checksum text NOT NULL);
  CREATE TABLE note (record_id bigint NOT NULL REFERENCES register, version integer NOT NULL, token text NOT NULL, checksum text NOT NULL, PRIMARY KEY (record_id, version));
  CREATE INDEX ON note (token);
  CREATE TABLE folder (id bigint PRIMARY KEY, record_id bigint NOT NULL);
  INSERT INTO folder SELECT i, i FROM generate_series(1, ${HOT + COLD}) i;
  INSERT INTO folder SELECT i, i FROM generate_series(${references[0]}, ${references.at(-1)}) i;
  CREATE TABLE reference (id bigint PRIMARY KEY, version integer NOT NULL, token text NOT NULL, checksum text NOT NULL);
  CREATE TABLE reference_note (record_id bigint NOT NULL, version integer NOT NULL, token text NOT NULL, PRIMARY KEY (record_id, version));
  INSERT INTO folder SELECT i, i FROM generate_series(${marks[0]}, ${marks.at(-1)}) i;
  CREATE TABLE holder (id bigint PRIMARY KEY);
  INSERT INTO holder SELECT i FROM generate_series(${marks[0]}, ${marks.at(-1)}) i;
  INSERT INTO folder SELECT i, i FROM generate_series(${outsideReferences[0]}, ${outsideReferences.at(-1)}) i;
  INSERT INTO folder SELECT i, i FROM generate_series(${outsideMarks[0]}, ${outsideMarks.at(-1)}) i;
  INSERT INTO holder SELECT i FROM generate_series(${outsideMarks[0]}, ${outsideMarks.at(-1)}) i;
  CREATE TABLE mark (id bigint PRIMARY KEY, holder_id bigint NOT NULL REFERENCES holder, version integer NOT NULL, token text NOT NULL, checksum text NOT NULL);
  CREATE INDEX ON mark (holder_id, id DESC);
  CREATE UNIQUE INDEX whose_mark ON mark (id, holder_id);
  ALTER TABLE mark REPLICA IDENTITY USING INDEX whose_mark; -- a deletion says whose it was, as the keys of the passport's tables do
  CREATE TABLE mark_note (record_id bigint NOT NULL, version integer NOT NULL, token text NOT NULL UNIQUE, PRIMARY KEY (record_id, version));
  CREATE FUNCTION turn_mark(viewer text, id integer, token text) RETURNS SETOF mark LANGUAGE plpgsql AS $$
  DECLARE made mark; BEGIN
    PERFORM pg_advisory_xact_lock(turn_mark.id);
    SELECT n.record_id, n.record_id, n.version, n.token, '' INTO made FROM mark_note n WHERE n.token = turn_mark.token;
    IF FOUND THEN RETURN NEXT made; RETURN; END IF;
    made := ROW(turn_mark.id, turn_mark.id, 1 + (SELECT coalesce(max(n.version), 0) FROM mark_note n WHERE n.record_id = turn_mark.id), turn_mark.token, '');
    made.checksum := md5(concat_ws('|', made.id, made.version, made.token));
    IF made.version % 2 = 1 THEN INSERT INTO mark SELECT made.*; ELSE DELETE FROM mark m WHERE m.id = made.id; END IF;
    INSERT INTO mark_note VALUES (made.id, made.version, made.token);
    RETURN NEXT made;
  END $$;
  CREATE FUNCTION turn_reference(id integer, token text) RETURNS integer LANGUAGE plpgsql AS $$
  DECLARE version integer := 1 + (SELECT coalesce(max(n.version), 0) FROM reference_note n WHERE n.record_id = turn_reference.id); BEGIN
    IF version % 2 = 1 THEN INSERT INTO reference VALUES (turn_reference.id, version, turn_reference.token, md5(concat_ws('|', turn_reference.id, version, turn_reference.token)));
    ELSE DELETE FROM reference r WHERE r.id = turn_reference.id; END IF;
    INSERT INTO reference_note VALUES (turn_reference.id, version, turn_reference.token);
    RETURN version;
  END $$;
  CREATE FUNCTION write_reference(viewer text, id integer, token text) RETURNS SETOF reference LANGUAGE plpgsql AS $$
  DECLARE made reference; BEGIN
    INSERT INTO reference AS r VALUES (write_reference.id, 1, write_reference.token, md5(concat_ws('|', write_reference.id, 1, write_reference.token)))
      ON CONFLICT ON CONSTRAINT reference_pkey DO UPDATE SET version = r.version + 1, token = excluded.token, checksum = md5(concat_ws('|', r.id, r.version + 1, excluded.token))
      RETURNING r.* INTO made;
    INSERT INTO reference_note VALUES (made.id, made.version, made.token);
    RETURN NEXT made;
  END $$;
  CREATE FUNCTION write_record(viewer text, id integer, token text) RETURNS SETOF register LANGUAGE plpgsql AS $$
  DECLARE made register; BEGIN
    PERFORM pg_advisory_xact_lock(write_record.id); -- the same write again waits for the first
    SELECT r.id, r.code, n.version, n.token, n.checksum INTO made FROM note n JOIN register r ON r.id = n.record_id WHERE n.token = write_record.token;
    IF FOUND THEN RETURN NEXT made; RETURN; END IF;
    INSERT INTO register AS r VALUES (write_record.id, 'c' || write_record.id, 1, write_record.token, md5(concat_ws('|', write_record.id, 1, write_record.token)))
      ON CONFLICT ON CONSTRAINT register_pkey DO UPDATE SET version = r.version + 1, token = excluded.token, checksum = md5(concat_ws('|', r.id, r.version + 1, excluded.token))
      RETURNING r.* INTO made;
    INSERT INTO note VALUES (made.id, made.version, made.token, made.checksum);
    RETURN NEXT made;
  END $$;
  GRANT SELECT ON ALL TABLES IN SCHEMA public TO tolqujat_server;
  ALTER FUNCTION write_record SECURITY DEFINER SET search_path = public, pg_temp;
  ALTER FUNCTION write_reference SECURITY DEFINER SET search_path = public, pg_temp;
  ALTER FUNCTION turn_mark SECURITY DEFINER SET search_path = public, pg_temp;
  REVOKE ALL ON FUNCTION write_record, write_reference, turn_mark FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION write_record, write_reference, turn_mark TO tolqujat_server;
  CREATE PUBLICATION tolqujat_changes FOR TABLE register (id), note (record_id, version), mark (id, holder_id), holder (id), reference (id);`;

/** What another system says to change one of its records; the script prints the version. */
export const outsideSql = (record, token) => (isReference(record) ? `SELECT turn_reference(${record}, '${token}');` : `SELECT version FROM turn_mark('', ${record}, '${token}');`);

/** { database, schema (the file), rows(), remove() } */
export async function makeWorld(services) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tolqujat-consistency-'));
  const schema = path.join(folder, 'schema.graphql');
  writeFileSync(schema, SCHEMA);
  const database = await createDatabase({ services, empty: true });
  await database.execute(SQL);
  await database.execute(`ALTER DATABASE ${database.name} SET synchronous_commit = on`); // what is acknowledged survives a kill, as it does where it matters
  return {
    database, schema, folder,
    superuser: new Database(database.services, database.name, 'postgres'),
    rows: () => database.query('SELECT record_id AS record, version, token FROM note UNION ALL SELECT record_id, version, token FROM reference_note UNION ALL SELECT record_id, version, token FROM mark_note'),
    empty: () => database.execute('TRUNCATE register, note, reference, reference_note, mark, mark_note'),
    remove: async () => { await database.drop(); rmSync(folder, { recursive: true }); },
  };
}

// ---- reading: each shape in which a record can be cached ----

const ROW = 'version token checksum';
const seen = (row) => (row ? { version: row.version, token: row.token, checksum: row.checksum } : { version: 0 });
const head = (list) => (list ? { ...seen(list.nodes[0]), list: list.nodes.map(seen) } : { version: 0 });

/** name -> { query, read(data) -> rows that were seen, each { version, token, checksum, list } } */
const SHAPES = {
  byId: { query: `query ($id: ID!) { record(id: $id) { ${ROW} } }`, read: ({ record }) => [seen(record)] },
  byCode: { query: `query ($code: ID!) { recordByCode(code: $code) { ${ROW} } }`, read: ({ recordByCode }) => [seen(recordByCode)] },
  nested: { query: `query ($id: ID!) { folder(id: $id) { record { ${ROW} } } }`, read: ({ folder }) => [seen(folder.record)] },
  list: { query: `query ($id: ID!) { record(id: $id) { notes { nodes { ${ROW} } } } }`, read: ({ record }) => [head(record?.notes)] },
  all: {
    query: `query ($id: ID!) { folder(id: $id) { record { ${ROW} notes(first: 3) { nodes { ${ROW} } } } } }`,
    read: ({ folder: { record } }) => (record ? [seen(record), head(record.notes)] : [seen(null)]),
  },
};
export const variablesOf = (record) => ({ id: record, code: `c${record}` });
const REFERENCE_SHAPES = {
  reference: { query: `query ($id: ID!) { folder(id: $id) { reference { ${ROW} } } }`, read: ({ folder }) => [seen(folder.reference)] },
};
const MARK_SHAPES = {
  byId: { query: `query ($id: ID!) { mark(id: $id) { ${ROW} } }`, read: ({ mark }) => [seen(mark)] },
  nested: { query: `query ($id: ID!) { folder(id: $id) { mark { ${ROW} } } }`, read: ({ folder }) => [seen(folder.mark)] },
  list: { query: `query ($id: ID!) { holder(id: $id) { marks { nodes { ${ROW} } } } }`, read: ({ holder }) => [seen(holder.marks.nodes[0])] },
};
export const shapesOf = (record) => Object.values(isReference(record) ? REFERENCE_SHAPES : isMark(record) ? MARK_SHAPES : SHAPES);
const mutationOf = (record) => (isReference(record) ? 'writeReference' : isMark(record) ? 'turnMark' : 'write');
export const writeOf = (record) => `mutation ($id: Int!, $token: String!) { write: ${mutationOf(record)}(id: $id, token: $token) { ${ROW} } }`;
