/*
 * Import: what vendors' systems sent (FHIR R4), kept as it came, with what became of it; and maps from their codes to ours. The raw
 * records are in the schema private: they tell what an owner may have hidden, so the server's role can't read them.
 */

/* Whether a source may register a passport for somebody whom nothing matches, and where its organisations are when their address names no region of ours. */
ALTER TABLE source_system ADD registers_people boolean NOT NULL DEFAULT false, ADD region_id bigint REFERENCES region (id);

/* ---- Codes of the world, and what they are here. ---- */

/*
 * What a code becomes. target_kind says in which list `target` is: icd10; vaccine (the calendar's name); laboratory (LOINC) and observation
 * (observation_kind), where a value in `unit` times `factor` is in target_unit; atc; lifestyle (the level); implant (its kind);
 * pregnancy; none: no place here, and `target` says why. Names are of the target, for lists that lack it: the first import adds it.
 */
CREATE TABLE concept_map (
    system text COLLATE "C" NOT NULL CHECK (system <> ''),
    code text COLLATE "C" NOT NULL CHECK (code <> ''),
    target_kind text COLLATE "C" NOT NULL CHECK (target_kind IN ('icd10', 'vaccine', 'laboratory', 'observation', 'atc', 'lifestyle', 'implant', 'pregnancy', 'none')),
    unit text COLLATE "C" NOT NULL DEFAULT '',
    target text COLLATE "C" NOT NULL CHECK (target <> ''),
    target_unit text COLLATE "C" CHECK (target_unit <> ''),
    factor numeric NOT NULL DEFAULT 1 CHECK (factor > 0),
    name_kk text CHECK (name_kk <> ''),
    name_ru text CHECK (name_ru <> ''),
    name_en text CHECK (name_en <> ''),
    PRIMARY KEY (system, code, target_kind, unit),
    CHECK (num_nulls(name_kk, name_ru, name_en) IN (0, 3))
);
COMMENT ON COLUMN concept_map.unit IS 'UCUM, of the source; empty where nothing is measured';

/* ---- What came, and what became of it. ---- */

CREATE TABLE private.import_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id smallint NOT NULL REFERENCES source_system (id),
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz CHECK (ended_at >= started_at)
);

/* How many came of a run, by what became of them. Those that wait or are in quarantine are not here: what becomes of them is not decided, so they are counted in source_record. */
CREATE TABLE private.import_count (
    run_id bigint NOT NULL REFERENCES private.import_run (id),
    resource_type text COLLATE "C" NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('kept', 'unchanged', 'superseded', 'not mapped', 'bad')),
    reason text NOT NULL,
    n bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (run_id, resource_type, outcome, reason)
);

/* What was no resource at all, by its place. */
CREATE TABLE private.import_fault (
    run_id bigint NOT NULL REFERENCES private.import_run (id),
    file text NOT NULL,
    place bigint NOT NULL,
    reason text NOT NULL CHECK (reason <> '')
);

/*
 * Every resource that came, in its newest version. patient_id: whose it is, once that is known. item_table and item_id: the row that
 * it became; of a record whose newest version is not kept the row of the last one that was. clinic_id and practitioner_id, of a visit: where and with whom it was, for what refers to it.
 */
CREATE TABLE private.source_record (
    source_id smallint NOT NULL REFERENCES source_system (id),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    patient_id bigint REFERENCES patient (id),
    item_id bigint,
    clinic_id bigint,
    practitioner_id bigint,
    first_run bigint NOT NULL,
    last_run bigint NOT NULL,
    place bigint NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    record_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('kept', 'waiting', 'quarantined', 'not_mapped', 'bad')),
    reason text,
    waits_for text COLLATE "C",
    item_table text COLLATE "C",
    url text COLLATE "C",
    file text NOT NULL,
    digest bytea NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (source_id, resource_type, record_id),
    CHECK (state <> 'kept' OR item_id IS NOT NULL),
    CHECK (state <> 'not_mapped' OR item_id IS NULL),
    CHECK ((item_table IS NULL) = (item_id IS NULL)),
    CHECK ((state = 'kept') = (reason IS NULL)),
    CHECK (waits_for IS NULL OR state IN ('waiting', 'quarantined', 'not_mapped'))
);
COMMENT ON COLUMN private.source_record.waits_for IS 'the reference that has to come first, as it was written; of what has no place here that of its patient';
COMMENT ON COLUMN private.source_record.digest IS 'SHA-256 of the body: whether a record that comes again has changed';
COMMENT ON COLUMN private.source_record.url IS 'fullUrl of its entry, by which others of the same Bundle refer to it';
CREATE INDEX source_record_url ON private.source_record (source_id, url) WHERE url IS NOT NULL;
CREATE INDEX source_record_open ON private.source_record (source_id, waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX source_record_waiting ON private.source_record (source_id, state, resource_type) WHERE state IN ('waiting', 'quarantined');
CREATE INDEX source_record_patient ON private.source_record (patient_id, resource_type);

/* Identifiers of people, doctors and organisations, for references of the form Type?identifier=system|value. */
CREATE TABLE private.source_identifier (
    source_id smallint NOT NULL REFERENCES source_system (id),
    resource_type text COLLATE "C" NOT NULL,
    system text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    record_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (source_id, resource_type, system, value)
);

/* By what other systems know a person: the same person is recognised by it, whichever source says it. */
CREATE TABLE private.patient_identifier (
    patient_id bigint NOT NULL REFERENCES patient (id),
    source_id smallint NOT NULL REFERENCES source_system (id),
    system text COLLATE "C" NOT NULL CHECK (system <> ''),
    value text COLLATE "C" NOT NULL CHECK (value <> ''),
    PRIMARY KEY (system, value, source_id)
);
CREATE INDEX patient_identifier_patient ON private.patient_identifier (patient_id);

/* Serials of numbers that stand in for a BIN which nobody gave (see db/functions/import_places.sql). */
CREATE SEQUENCE private.provisional_bin;
