/*
 * A change finds its row of the record of every look also where the server was killed between COMMIT and that row: the record of what
 * was changed says of which request it is, for whom a machine asked and by which field (the setting tolqujat.request, which the server
 * makes in the transaction), and how far has been looked is known.
 */
ALTER TABLE private.change_record ADD COLUMN request_id text COLLATE "C", ADD COLUMN client text COLLATE "C", ADD COLUMN field text COLLATE "C";
COMMENT ON COLUMN private.change_record.request_id IS 'null: not by a request to the server';
COMMENT ON COLUMN private.change_record.client IS 'the machine that acted for the person; null: the person himself';
COMMENT ON COLUMN private.change_record.field IS 'of the schema, such as Mutation(prescribe)';

CREATE TABLE private.change_logged (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    up_to bigint NOT NULL,
    given_at timestamptz NOT NULL
);
COMMENT ON TABLE private.change_logged IS 'one row: see changes_unlogged()';
COMMENT ON COLUMN private.change_logged.up_to IS 'all changes with this id or a lesser one have their row in access_log, or need none';
COMMENT ON COLUMN private.change_logged.given_at IS 'when a server was last given some to add';
INSERT INTO private.change_logged (up_to, given_at) SELECT coalesce(max(id), 0), '-infinity' FROM private.change_record;
