/*
 * Which rows change is told to whoever follows (PostgreSQL's logical decoding): the server's caches. Of each table that
 * cached rows are read from the publication has the key alone. Which tables these are is in db/functions/changes.sql, as
 * each migration may bring another one. Nothing is told, and nothing costs more, until wal_level is logical.
 */
CREATE PUBLICATION tolqujat_changes;
COMMENT ON PUBLICATION tolqujat_changes IS 'keys of rows that change, for caches';
