/*
 * What the record of looks is read by, at a third of the price: a row is entered some thousand times for each time that one is read,
 * and its entry in a B-tree, at a place of its own for each patient, cost PostgreSQL as much as all else of the row. A GIN keeps
 * new entries in a list, as they come, and sorts them in by the thousand: the server has that done every few seconds (tidy_looks()); where it does not, who adds
 * to a list of 16 MB does it, some 800,000 entries. It has no order: a patient's rows are sorted when they are read.
 *
 * It can't be unique either. A statement that was sent twice looks for its rows instead (server/audit_batch.c), when the session of the
 * first is gone (db/append.h); `tolqujat audit verify` would find what is there twice.
 */
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX access_log_patient ON access_log USING gin (patient_id) WITH (fastupdate = on, gin_pending_list_limit = 16384);
ALTER TABLE access_log DROP CONSTRAINT access_log_pkey;
CREATE INDEX access_chain_started ON access_chain (started_at);
COMMENT ON COLUMN access_log.capacities IS 'as what the person was allowed; null: refused, or of a change whose row came afterwards, when it could not be told any more';
