/*
 * The record of every look: who saw what of whom, when and by which right; refusals too. The server adds a row for each
 * patient of a request before another person's data leaves (docs/security.md). Nobody changes or deletes one: the
 * server's role may not, triggers refuse it to everybody who has not turned them off, and what is done all the same
 * `tolqujat audit verify` finds.
 */

/* One life of one worker, or one month of it: a chain of rows, each sealed with the one before. `mac` seals the
 * beginning. A chain lies within one month (UTC), so that dropping a partition drops whole chains. */
CREATE TABLE access_chain (
    chain bigint PRIMARY KEY,
    started_at timestamptz NOT NULL,
    mac bytea NOT NULL
);
COMMENT ON COLUMN access_chain.chain IS 'drawn at random by the worker';

/* What was seen, once for all rows that say the same: "Patient(birthDate fullName) Prescription(number)". */
CREATE TABLE access_parts (
    hash bigint PRIMARY KEY,
    parts text COLLATE "C" NOT NULL
);
COMMENT ON COLUMN access_parts.hash IS 'of the text, under a key that the database does not have';

/* Lean, as there are half a thousand million a year: no foreign key, no check, nothing that could refuse a row.
 * The wide columns stand first, so that no byte is lost to alignment. */
CREATE TABLE access_log (
    at timestamptz NOT NULL,
    patient_id bigint NOT NULL,
    chain bigint NOT NULL,
    seq bigint NOT NULL,
    parts bigint NOT NULL,
    refused boolean NOT NULL,
    by_machine boolean GENERATED ALWAYS AS (client IS NOT NULL) STORED,
    role text COLLATE "C",
    person text COLLATE "C",
    organisation text COLLATE "C",
    client text COLLATE "C",
    capacities text COLLATE "C",
    reason text COLLATE "C",
    request_id text COLLATE "C",
    mac bytea NOT NULL,
    PRIMARY KEY (chain, seq, at)
) PARTITION BY RANGE (at);
COMMENT ON COLUMN access_log.seq IS 'place in the chain, from 1 without a gap';
COMMENT ON COLUMN access_log.refused IS 'nothing was shown; parts says what was asked for';
COMMENT ON COLUMN access_log.person IS 'IIN of who asked';
COMMENT ON COLUMN access_log.organisation IS 'BIN of the organisation that the person asked for';
COMMENT ON COLUMN access_log.client IS 'the machine that acted for the person; null: the person himself';
COMMENT ON COLUMN access_log.capacities IS 'as what the person was allowed; null: refused';
COMMENT ON COLUMN access_log.mac IS 'HMAC over the mac of the row before and all of this row';

/* The patient's own reading. */
CREATE INDEX access_log_list ON access_log (patient_id, at DESC, chain DESC, seq DESC);

/* A month without a partition must not cost a row. */
CREATE TABLE access_log_default PARTITION OF access_log DEFAULT;

CREATE FUNCTION access_log_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record of every look is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
/* A row trigger comes with every partition, one of TRUNCATE does not: upkeep() gives it to each. */
CREATE TRIGGER access_log_keep BEFORE UPDATE OR DELETE ON access_log
    FOR EACH ROW EXECUTE FUNCTION access_log_keep();
CREATE TRIGGER access_log_keep_all BEFORE TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION access_log_keep();
CREATE TRIGGER access_log_keep_all BEFORE TRUNCATE ON access_log_default
    FOR EACH STATEMENT EXECUTE FUNCTION access_log_keep();
CREATE TRIGGER access_log_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON access_chain
    FOR EACH STATEMENT EXECUTE FUNCTION access_log_keep();
CREATE TRIGGER access_log_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON access_parts
    FOR EACH STATEMENT EXECUTE FUNCTION access_log_keep();
