/*
 * Import: what the command calls. One batch is one transaction, all or nothing, and imports take turns: a batch holds one lock, so
 * what it reads of people and records is what is there when it writes. How a batch goes:
 *   stage     the resources into import_stage; those that came before and have not changed fall out
 *   people    whose passport each Patient is (import_people.sql), places: organisations, doctors (import_places.sql)
 *   resolve   references to rows; what refers to something that is not there waits (import_resolve.sql)
 *   read      of each kind its fields into import_row (import_read_*.sql)
 *   judge     dates and people; what is kept gets its id (import_judge.sql)
 *   store     rows into the tables (import_store.sql; what they refuse: import_refused.sql), and records into source_record
 */

/*
 * The id of a source, which is registered when `new`. Where its organisations are, as long as nobody says otherwise: in Astana. Numbers
 * below 100 are for sources that are set up by hand.
 */
CREATE OR REPLACE FUNCTION import_source(name text, new boolean, registers_people boolean) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    wanted text := fhir_string(name);
    people boolean := registers_people;
    found smallint;
BEGIN
    SELECT s.id INTO found FROM source_system s WHERE s.name = wanted;
    IF found IS NOT NULL THEN
        RETURN found;
    END IF;
    IF NOT coalesce(new, false) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = format('No source is called "%s". If it is a new one, register it with --new-source.', left(name, 100));
    END IF;
    IF wanted IS NULL OR length(wanted) > 100 OR wanted = 'tolqujat' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The name of a source has between 1 and 100 characters.';
    END IF;
    LOCK TABLE source_system IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO source_system (id, name, vendor, trust, registers_people, region_id)
    SELECT greatest(max(s.id), 99) + 1, wanted, wanted, 1, coalesce(people, false), (SELECT r.id FROM region r WHERE r.kato = '710000000')
      FROM source_system s
    ON CONFLICT DO NOTHING;
    SELECT s.id INTO STRICT found FROM source_system s WHERE s.name = wanted;
    RETURN found;
END $$;

/* What the codes of concept_map become is put into the lists that lack it. */
CREATE OR REPLACE FUNCTION private.import_codes() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO icd10 (code, sens, name_kk, name_ru, name_en)
    SELECT DISTINCT ON (m.target) m.target, private.icd10_sens(m.target), m.name_kk, m.name_ru, m.name_en FROM concept_map m
     WHERE m.target_kind = 'icd10' AND m.name_kk IS NOT NULL
    ON CONFLICT DO NOTHING;
    INSERT INTO vaccine (code, name_kk, name_ru, name_en)
    SELECT DISTINCT ON (m.target) m.target, m.name_kk, m.name_ru, m.name_en FROM concept_map m
     WHERE m.target_kind = 'vaccine' AND m.name_kk IS NOT NULL
    ON CONFLICT DO NOTHING;
END $$;

/* A run of a source. */
CREATE OR REPLACE FUNCTION import_begin(source smallint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    run bigint;
BEGIN
    PERFORM private.import_codes();
    INSERT INTO specialty (name_kk, name_ru, name_en) VALUES ('Мамандығы көрсетілмеген', 'Специальность не указана', 'Specialty not given')
    ON CONFLICT DO NOTHING;
    INSERT INTO private.import_run (source_id) VALUES (source) RETURNING id INTO run;
    RETURN run;
END $$;

/* What is nobody's business without a reason: psychiatry and narcology, HIV, tuberculosis, reproduction. */
CREATE OR REPLACE FUNCTION private.icd10_sens(code text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (CASE WHEN code ~ '^(F(?!0)|B2[0-4]|Z21|A1[5-9]|B90|O|Z3[0-9]|N9[67]|N46|A5[0-9]|A6[0-4])' THEN 3 ELSE 0 END)::smallint
$$;

/* The tables of a batch; of the session, empty after each transaction. */
CREATE OR REPLACE FUNCTION private.import_tables() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('pg_temp.import_stage') IS NOT NULL THEN
        RETURN;
    END IF;
    /*
     * A resource on its way. state: `ready` while nothing is decided; *_ref: references as they were written, *_id: what they
     * are; old_*: the row that an earlier version of it became; again: it was there before, and waited.
     */
    CREATE TEMP TABLE import_stage (
        n integer PRIMARY KEY,
        version integer NOT NULL DEFAULT 1,
        place bigint NOT NULL,
        patient_id bigint,
        item_id bigint,
        clinic_id bigint,
        practitioner_id bigint,
        condition_id bigint,
        plan_id bigint,
        old_patient_id bigint,
        old_item_id bigint,
        birth date,
        death date,
        again boolean NOT NULL DEFAULT false,
        changed boolean NOT NULL DEFAULT false,
        state text COLLATE "C" NOT NULL DEFAULT 'ready',
        reason text,
        waits_for text COLLATE "C",
        item_table text COLLATE "C",
        old_item_table text COLLATE "C",
        resource_type text COLLATE "C" NOT NULL,
        record_id text COLLATE "C" NOT NULL,
        url text COLLATE "C",
        patient_ref text COLLATE "C",
        encounter_ref text COLLATE "C",
        practitioner_ref text COLLATE "C",
        clinic_ref text COLLATE "C",
        condition_ref text COLLATE "C",
        file text NOT NULL,
        digest bytea NOT NULL,
        body jsonb NOT NULL
    ) ON COMMIT DELETE ROWS;
    /* What a reference means. */
    CREATE TEMP TABLE import_ref (
        ref text COLLATE "C" PRIMARY KEY,
        resource_type text COLLATE "C",
        record_id text COLLATE "C",
        state text COLLATE "C",
        patient_id bigint,
        item_table text COLLATE "C",
        item_id bigint,
        clinic_id bigint,
        practitioner_id bigint
    ) ON COMMIT DELETE ROWS;
    /* Who a Patient is. */
    CREATE TEMP TABLE import_person (
        n integer PRIMARY KEY,
        patient_id bigint,
        birth date,
        died date,
        state text,
        why text,
        iin text COLLATE "C",
        sex text,
        language text,
        name text,
        phone text,
        identifiers jsonb
    ) ON COMMIT DELETE ROWS;
    /* The fields of one row to be; what they mean in its table is said where they are read (import_read_*.sql). */
    CREATE TEMP TABLE import_row (
        n integer PRIMARY KEY,
        at timestamptz,
        until timestamptz,
        recorded_at timestamptz,
        day date,
        first_day date,
        last_day date,
        value numeric,
        second_value numeric,
        low numeric,
        high numeric,
        yes boolean,
        tab text COLLATE "C",
        state text,
        why text,
        code text COLLATE "C",
        name text,
        kind text COLLATE "C",
        status text,
        words text,
        unit text
    ) ON COMMIT DELETE ROWS;
    /* The rows to be of what is kept. A row that replaces an older one has the record's own count as its version. */
    CREATE TEMP VIEW import_kept AS
    SELECT s.patient_id, s.item_id AS id, s.item_table, s.clinic_id, s.practitioner_id, s.condition_id, s.plan_id, s.n, s.version AS record_version,
           s.old_patient_id, s.resource_type, s.record_id,
           (CASE WHEN s.old_item_table = s.item_table AND s.old_patient_id = s.patient_id THEN s.version ELSE 1 END)::smallint AS version,
           s.resource_type || '/' || s.record_id || CASE WHEN s.version > 1 THEN '/_history/' || s.version ELSE '' END AS source_rec,
           coalesce(r.recorded_at, now()) AS recorded_at, coalesce(c.sens, 0) AS sens, r.at, r.until, r.day, r.first_day, r.last_day, r.value, r.second_value, r.low, r.high, r.yes,
           r.code, r.name, r.kind, r.status, r.words, r.unit
      FROM import_row r JOIN import_stage s USING (n)
      LEFT JOIN condition c ON c.patient_id = s.patient_id AND c.id = s.condition_id
     WHERE s.state = 'kept';
END $$;

CREATE OR REPLACE FUNCTION import_batch(run bigint, files text[], places bigint[], urls text[], bodies jsonb[])
RETURNS TABLE (file text, place bigint, outcome text, reason text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    source smallint := private.import_lock(import_batch.run);
BEGIN
    PERFORM private.import_stage_new(import_batch.run, source, files, places, urls, bodies);
    PERFORM private.import_map(source, false);
    PERFORM private.import_keep(import_batch.run, source);
    RETURN QUERY
        SELECT s.file, s.place, s.state, s.reason FROM import_stage s WHERE s.state IN ('bad', 'quarantined') ORDER BY s.n;
END $$;

/* Imports take turns; and a run that is over takes nothing more. Its source. */
CREATE OR REPLACE FUNCTION private.import_lock(run bigint) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    source smallint;
BEGIN
    PERFORM private.import_tables();
    PERFORM pg_advisory_xact_lock(hashtextextended('tolqujat import', 0));
    SELECT r.source_id INTO source FROM private.import_run r WHERE r.id = run AND r.ended_at IS NULL;
    IF source IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'This run of an import is over, or never was.';
    END IF;
    RETURN source;
END $$;

/* What becomes of everything in import_stage. `force`: nothing waits for a thing that it can do without. */
CREATE OR REPLACE FUNCTION private.import_map(source smallint, force boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    /* What a source takes back is marked where it was kept, and needs to say nothing more. */
    UPDATE import_stage SET state = 'not_mapped', reason = 'the source has taken it back', patient_id = old_patient_id
     WHERE state = 'ready' AND resource_type = ANY (private.import_kinds())
       AND 'entered-in-error' IN (body ->> 'status', body #>> '{verificationStatus,coding,0,code}', body ->> 'lifecycleStatus');
    PERFORM private.import_people(source);
    PERFORM private.import_places(source);
    PERFORM private.import_resolve(source, force);
    PERFORM private.import_read_diagnoses();
    PERFORM private.import_read_visits();
    PERFORM private.import_read_measured();
    PERFORM private.import_read_treatment(source, force);
    PERFORM private.import_judge();
    PERFORM private.import_store_good(source);
END $$;

/* Places in a file where no resource was. */
CREATE OR REPLACE FUNCTION import_bad(run bigint, files text[], places bigint[], reasons text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM private.import_lock(import_bad.run);
    PERFORM private.import_faults(import_bad.run, files, places, reasons);
END $$;

CREATE OR REPLACE FUNCTION private.import_faults(run bigint, files text[], places bigint[], reasons text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO private.import_fault (run_id, file, place, reason)
    SELECT run, f, p, r FROM unnest(files, places, reasons) x (f, p, r);
    INSERT INTO private.import_count AS c (run_id, resource_type, outcome, reason, n)
    SELECT run, '?', 'bad', r, count(*) FROM unnest(reasons) r GROUP BY r
    ON CONFLICT (run_id, resource_type, outcome, reason) DO UPDATE SET n = c.n + excluded.n;
END $$;
