/*
 * Ingest: what a vendor's system sends by itself, through the API (db/functions/ingest.sql). Its token names the organisation that it is of; that is
 * one source here, and it writes as that source and no other.
 */

/* Source 1 is what is entered here, under rules that records of others don't have to keep. */
ALTER TABLE source_system ADD bin text COLLATE "C" UNIQUE CHECK (national_number_ok(bin)), ADD CONSTRAINT source_system_not_ours CHECK (bin IS NULL OR id <> 1);
COMMENT ON COLUMN source_system.bin IS 'of the organisation whose tokens (INTEGRATION) send records as this source; null: none may';

ALTER TABLE private.attempt DROP CONSTRAINT attempt_kind_check,
    ADD CONSTRAINT attempt_kind_check CHECK (kind IN ('emergency', 'pharmacist', 'prescription', 'package_report', 'register', 'ingest'));

/*
 * What became of a Bundle that was posted: how many of its records, by what became of each, and what is not in the passport: [{place, kind, record, state, reason}], of which
 * none says anything of the person. It is for the answer, which is asked for again within a day, and is deleted after a month.
 */
CREATE TABLE private.ingest (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES private.import_run (id),
    patient_id bigint NOT NULL REFERENCES patient (id),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kept integer NOT NULL CHECK (kept >= 0),
    changed integer NOT NULL CHECK (changed >= 0),
    unchanged integer NOT NULL CHECK (unchanged >= 0),
    not_mapped integer NOT NULL CHECK (not_mapped >= 0),
    quarantined integer NOT NULL CHECK (quarantined >= 0),
    bad integer NOT NULL CHECK (bad >= 0),
    left_out jsonb NOT NULL CHECK (jsonb_typeof(left_out) = 'array')
);
CREATE INDEX ingest_age ON private.ingest (made_at);

/* What ingestBatch answers: a row of private.ingest, about its person. */
CREATE TYPE ingest_outcome AS (id bigint, patient_id bigint, kept integer, changed integer, unchanged integer, not_mapped integer, quarantined integer, bad integer);
CREATE TYPE left_out AS (place integer, kind text, record text, state text, reason text);
