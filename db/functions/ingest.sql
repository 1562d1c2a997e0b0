/*
 * Ingest: a vendor's system posts records of one person, as a Bundle, and they go the way of an import (import_run.sql), in one transaction. What differs:
 *   - it writes as the source whose BIN its token names, about the one person whom the answer names: that is whose caches are void;
 *   - the person and a doctor are told of what endangers life. An import tells nobody: what it brings is history;
 *   - organisations and doctors are only recognised. Everybody reads them, so new ones come by an import, which an operator runs;
 *   - what waited is looked at again where it is about this person, at most 2000 records a post;
 *   - posts of one source take turns, those of several go side by side, and an import that runs is waited for between two of its batches, as long as
 *     lock_timeout allows. A source that registers people is alone, since two might register one person.
 */

/* The entries of a Bundle. */
CREATE OR REPLACE FUNCTION private.ingest_entries(bundle text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    body jsonb;
    wrong text;
BEGIN
    IF octet_length(bundle) > 1048576 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A Bundle has at most 1048576 bytes.';
    END IF;
    BEGIN
        body := bundle::jsonb;
    EXCEPTION WHEN data_exception OR statement_too_complex THEN
        /* PostgreSQL's context quotes the text behind the line's number. */
        GET STACKED DIAGNOSTICS wrong = PG_EXCEPTION_CONTEXT;
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The Bundle is no JSON that can be read' || coalesce(', line ' || substring(wrong FROM '^JSON data, line (\d+)'), '') || '.';
    END;
    wrong := CASE
        WHEN jsonb_typeof(body) <> 'object' OR body ->> 'resourceType' IS DISTINCT FROM 'Bundle' THEN 'This is no Bundle.'
        WHEN (body ->> 'type' IN ('transaction', 'batch')) IS NOT TRUE THEN 'The Bundle is neither of the type transaction nor batch.'
        WHEN jsonb_typeof(body -> 'entry') IS DISTINCT FROM 'array' THEN 'The Bundle has no entries.'
        WHEN jsonb_array_length(body -> 'entry') NOT BETWEEN 1 AND 500 THEN 'A Bundle has 1 to 500 entries.'
        WHEN (SELECT count(DISTINCT e #> '{resource,id}') FROM jsonb_array_elements(body -> 'entry') e WHERE e #>> '{resource,resourceType}' = 'Patient') > 1
        THEN 'The Bundle has more than one Patient. Please send the records of each person in a Bundle of their own.' END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = wrong;
    END IF;
    RETURN body -> 'entry';
END $$;

/* Why an entry can't be kept, whatever it says; else null. */
CREATE OR REPLACE FUNCTION private.ingest_wrong(entry jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_typeof(entry) <> 'object' THEN 'it is no JSON object'
                WHEN jsonb_typeof(entry -> 'resource') IS DISTINCT FROM 'object' THEN 'it has no resource'
                WHEN entry #> '{resource,resourceType}' IS NULL THEN 'its resourceType is missing'
                WHEN jsonb_typeof(entry #> '{resource,resourceType}') <> 'string' OR entry #>> '{resource,resourceType}' !~ '^[A-Z][A-Za-z]{1,63}$' THEN 'its resourceType is no name of a type'
                WHEN entry #> '{resource,id}' IS NULL THEN 'its id is missing'
                WHEN jsonb_typeof(entry #> '{resource,id}') <> 'string' OR entry #>> '{resource,id}' !~ '^[A-Za-z0-9.-]{1,64}$' THEN 'its id is none of FHIR'
                WHEN jsonb_typeof(entry -> 'fullUrl') <> 'string' THEN 'its fullUrl is no text' END
$$;

/* Imports and posts: see above. Whoever names people of whom too many are not here has to wait: that way could tell who is. */
CREATE OR REPLACE FUNCTION private.ingest_lock(source source_system) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF source.registers_people THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('tolqujat import', 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('tolqujat import', 0));
    END IF;
    PERFORM attempts_bound('ingest', source.id::text, 100, 'Of 100 Bundles within an hour nobody here was the person; please try again later.');
END $$;

/* What is told of people who are not here, or not as the Bundle says, is one and the same; these are other faults of a Patient. */
CREATE OR REPLACE FUNCTION private.ingest_faults_of_people() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['the IIN has a wrong check digit', 'there is neither an IIN nor a whole birth date', 'the death is before the birth', 'it was merged into another Patient',
                 'the birth date is no day on which somebody was born who could have a record']
$$;

/* Which organisations and doctors these are. Nothing of them changes, and those that are not here wait until an import brings them. */
CREATE OR REPLACE FUNCTION private.ingest_places() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE import_stage s
       SET state = CASE WHEN x.id IS NULL THEN 'quarantined' ELSE 'kept' END, reason = CASE WHEN x.id IS NULL THEN 'it is not registered here' END,
           item_table = CASE WHEN x.id IS NOT NULL THEN x.tab END, item_id = x.id
      FROM (SELECT o.n, 'clinic' AS tab, coalesce(c.id, o.old_item_id) AS id
              FROM import_stage o LEFT JOIN clinic c ON c.bin = private.fhir_identifier(o.body -> 'identifier', fhir_system('bin')) WHERE o.resource_type = 'Organization'
            UNION ALL
            SELECT o.n, 'practitioner', coalesce(d.id, o.old_item_id)
              FROM import_stage o LEFT JOIN practitioner d ON d.iin = private.fhir_identifier(o.body -> 'identifier', fhir_system('iin')) WHERE o.resource_type = 'Practitioner') x
     WHERE x.n = s.n AND s.state = 'ready';
END $$;

/*
 * Whom the stage is about. Null: somebody who is not here, or not as the Bundle says. Raises where it is about several persons, or none, or where a record was
 * about somebody else before: a change is about one person.
 */
CREATE OR REPLACE FUNCTION private.ingest_subject() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    people bigint[] := ARRAY(SELECT DISTINCT x.id FROM import_stage s, LATERAL (SELECT CASE s.state WHEN 'unchanged' THEN s.old_patient_id ELSE s.patient_id END AS id) x
                              WHERE x.id IS NOT NULL);
    unknown boolean := EXISTS (SELECT FROM import_stage s WHERE s.patient_id IS NULL AND s.state IN ('waiting', 'quarantined') AND s.resource_type NOT IN ('Organization', 'Practitioner'));
    wrong text := (SELECT 'The Patient can not be anybody: ' || p.why || '.' FROM import_person p WHERE p.why = ANY (private.ingest_faults_of_people()));
BEGIN
    wrong := coalesce(wrong, CASE
        WHEN cardinality(people) > 1 OR cardinality(people) = 1 AND unknown THEN 'The records are about more than one person. Please send those of each in a Bundle of their own.'
        WHEN cardinality(people) = 0 AND NOT unknown THEN 'No record of the Bundle is about a person.' END);
    IF wrong IS NULL THEN
        SELECT format('The record of entry %s was about another person before; please take it back first.', s.place) INTO wrong FROM import_stage s
         WHERE s.old_item_table NOT IN ('patient', 'clinic', 'practitioner') AND s.state IN ('kept', 'not_mapped') AND s.old_patient_id IS DISTINCT FROM people[1] ORDER BY s.n LIMIT 1;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = wrong;
    END IF;
    RETURN people[1];
END $$;

/* Stages the entries that can be read, and lists the others. Gives the run. */
CREATE OR REPLACE FUNCTION private.ingest_begin(source smallint, entries jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    run bigint;
    good record;
    faults record;
BEGIN
    PERFORM private.import_tables();
    PERFORM private.import_codes();
    INSERT INTO private.import_run AS r (source_id) VALUES (source) RETURNING r.id INTO run;
    SELECT array_agg('ingestBatch'::text) AS files, array_agg(x.n ORDER BY x.n) AS places, array_agg(x.e ->> 'fullUrl' ORDER BY x.n) AS urls, array_agg(x.e -> 'resource' ORDER BY x.n) AS bodies INTO good
      FROM jsonb_array_elements(entries) WITH ORDINALITY x (e, n) WHERE private.ingest_wrong(x.e) IS NULL;
    SELECT array_agg('ingestBatch'::text) AS files, array_agg(x.n ORDER BY x.n) AS places, array_agg(private.ingest_wrong(x.e) ORDER BY x.n) AS reasons INTO faults
      FROM jsonb_array_elements(entries) WITH ORDINALITY x (e, n) WHERE private.ingest_wrong(x.e) IS NOT NULL;
    PERFORM private.import_stage_new(run, source, good.files, good.places, good.urls, good.bodies);
    PERFORM private.import_faults(run, faults.files, faults.places, faults.reasons);
    RETURN run;
END $$;

/* What waited for this person, or in the person's records for what is here now. `person`: how others refer to the Patient, when the Bundle has it. */
CREATE OR REPLACE FUNCTION private.ingest_settle(run bigint, source smallint, subject bigint, person text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    done bigint := 0;
    n bigint;
BEGIN
    LOOP
        DELETE FROM import_stage;
        DELETE FROM import_ref;
        DELETE FROM import_person;
        DELETE FROM import_row;
        n := private.import_settle_some(run, source, person || ARRAY(SELECT DISTINCT t.waits_for FROM private.source_record t
                                                                         WHERE t.patient_id = subject AND t.source_id = source AND t.state IN ('waiting', 'quarantined') AND t.waits_for IS NOT NULL), subject);
        done := done + n;
        EXIT WHEN n = 0 OR done >= 2000;
    END LOOP;
    UPDATE private.source_record t SET patient_id = subject, waits_for = NULL WHERE t.source_id = source AND t.waits_for = ANY (person) AND t.state = 'not_mapped';
END $$;

/* Ends a run, as import_end() does, without a look at what other runs have waiting. */
CREATE OR REPLACE FUNCTION private.ingest_end(run bigint, source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE private.source_record t SET state = 'quarantined', reason = t.reason || ', which has not come' WHERE t.source_id = source AND t.state = 'waiting' AND t.last_run = run;
    UPDATE private.import_run r SET ended_at = clock_timestamp() WHERE r.id = run;
END $$;

/*
 * Tells of what endangers life among what this run kept, as if it had been entered here: of results of the last week (addLabResult), of measurements of the last
 * day (recordMeasurement). What is older is history, of which a system's first Bundles are full. Of one Bundle the person is told once about its results, and each doctor,
 * since the messages say neither which nor what; and nobody of a new version that says the same. Who was told of what was corrected or taken back meanwhile is told that.
 */
CREATE OR REPLACE FUNCTION private.ingest_tell(run bigint, source smallint, subject bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r record;
    every bigint[];
    doctors bigint[];
BEGIN
    SELECT array_agg(l.id), array_agg(coalesce(d.id, vital_doctor(subject))) INTO every, doctors
      FROM private.source_record t
      JOIN lab_result l ON l.patient_id = subject AND l.id = t.item_id
      LEFT JOIN practitioner d ON d.id = l.ordered_by AND d.active
     WHERE t.patient_id = subject AND t.resource_type = 'Observation' AND t.source_id = source AND t.last_run = run AND t.state = 'kept' AND t.item_table = 'lab_result'
       AND l.flag IN ('critical_low', 'critical_high') AND l.resulted_at > now() - INTERVAL '7 days'
       AND NOT EXISTS (SELECT FROM lab_result o WHERE o.patient_id = subject AND o.superseded_by = l.id AND (o.flag, o.value) = (l.flag, l.value));
    FOR r IN SELECT u.doctor, array_agg(u.id) AS ordered FROM unnest(every, doctors) u (id, doctor) GROUP BY u.doctor LOOP
        PERFORM lab_tell(subject, every, r.doctor, r.ordered);
    END LOOP;
    PERFORM lab_call_off(subject), vital_call_off(subject);
    FOR r IN SELECT concat_ws(':', 'observation', o.kind, (o.observed_at AT TIME ZONE INTERVAL '5 hours')::date) AS about, array_agg(o.id) AS every,
                    max(o.observed_at) AS observed_at, (array_agg(o.recorded_by ORDER BY o.observed_at DESC))[1] AS recorded_by
               FROM private.source_record t JOIN observation o ON o.patient_id = subject AND o.id = t.item_id
              WHERE t.patient_id = subject AND t.resource_type = 'Observation' AND t.source_id = source AND t.last_run = run AND t.state = 'kept' AND t.item_table = 'observation'
                AND o.flag IS NOT NULL AND o.record_status <> 'entered_in_error'
              GROUP BY about ORDER BY about LOOP
        PERFORM vital_tell(subject, r.observed_at, r.about, r.about, r.recorded_by, r.every);
    END LOOP;
END $$;

/* What became of a run, for the answer: of each entry what is true of its record now. `came`: [{place, kind, record, changed, state}], as they were staged. */
CREATE OR REPLACE FUNCTION private.ingest_keep(run bigint, source smallint, subject bigint, came jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    DELETE FROM private.ingest g WHERE g.id IN (SELECT o.id FROM private.ingest o WHERE o.made_at < now() - INTERVAL '30 days' ORDER BY o.made_at LIMIT 4 FOR UPDATE SKIP LOCKED);
    INSERT INTO private.ingest AS g (run_id, patient_id, kept, changed, unchanged, not_mapped, quarantined, bad, left_out)
    SELECT run, subject, count(*) FILTER (WHERE x.state = 'kept' AND NOT x.changed), count(*) FILTER (WHERE x.state = 'kept' AND x.changed), count(*) FILTER (WHERE x.state = 'unchanged'),
           count(*) FILTER (WHERE x.state = 'not_mapped'), count(*) FILTER (WHERE x.state = 'quarantined'), count(*) FILTER (WHERE x.state = 'bad'),
           coalesce(jsonb_agg(jsonb_build_object('place', x.place, 'kind', x.kind, 'record', x.record, 'state', x.state, 'reason', x.reason) ORDER BY x.place)
                    FILTER (WHERE x.state NOT IN ('kept', 'unchanged')), '[]')
      FROM (SELECT c.place, c.kind, c.record, c.changed, CASE c.state WHEN 'unchanged' THEN 'unchanged' WHEN 'superseded' THEN 'bad' ELSE t.state END AS state,
                   CASE c.state WHEN 'superseded' THEN 'the same record comes again further on' ELSE t.reason END AS reason
              FROM jsonb_to_recordset(came) c (place bigint, kind text, record text, changed boolean, state text)
              LEFT JOIN private.source_record t ON t.source_id = source AND t.resource_type = c.kind AND t.record_id = c.record
            UNION ALL
            SELECT f.place, NULL, NULL, false, 'bad', f.reason FROM private.import_fault f WHERE f.run_id = run) x
    RETURNING g.id INTO made;
    RETURN made;
END $$;

CREATE OR REPLACE FUNCTION ingest_batch(viewer text, bundle text, idempotency_key text, payload_digest text)
RETURNS SETOF ingest_outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET jit = off AS $$
DECLARE
    source source_system;
    first record;
    entries jsonb;
    came jsonb;
    person text[];
    run bigint;
    subject bigint;
    made bigint;
BEGIN
    SELECT s.* INTO source FROM source_system s WHERE split_part(viewer, '/', 1) = 'INTEGRATION' AND s.bin = split_part(viewer, '/', 3);
    IF source.id IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a system that is registered here sends records.';
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        entries := private.ingest_entries(bundle);
        PERFORM private.ingest_lock(source);
        run := private.ingest_begin(source.id, entries);
        PERFORM private.ingest_places();
        PERFORM private.import_map(source.id, false);
        subject := private.ingest_subject();
        PERFORM private.import_keep(run, source.id);
        IF subject IS NULL THEN
            PERFORM private.ingest_end(run, source.id);
            INSERT INTO private.attempt (kind, who) VALUES ('ingest', source.id::text);
            PERFORM refusal_noted((SELECT p.id FROM import_person x JOIN patient p ON p.iin = x.iin));
            RETURN;
        END IF;
        came := (SELECT jsonb_agg(jsonb_build_object('place', s.place, 'kind', s.resource_type, 'record', s.record_id, 'changed', s.changed AND s.old_item_id IS NOT NULL, 'state', s.state)) FROM import_stage s);
        person := ARRAY(SELECT x.ref FROM import_stage s, LATERAL (SELECT s.url UNION SELECT 'Patient/' || s.record_id
                                                                   UNION SELECT 'Patient?identifier=' || (i ->> 'system') || '|' || (i ->> 'value') FROM jsonb_path_query(s.body, 'lax $.identifier[*]') i) x (ref)
                         WHERE s.resource_type = 'Patient' AND s.state IN ('kept', 'unchanged') AND length(x.ref) <= 1000);
        PERFORM private.ingest_settle(run, source.id, subject, person);
        PERFORM private.ingest_tell(run, source.id, subject);
        PERFORM private.ingest_end(run, source.id);
        made := private.ingest_keep(run, source.id, subject, came);
        PERFORM change_done(viewer, 'ingest_batch', idempotency_key, subject, 'ingest', made);
    END IF;
    RETURN QUERY SELECT g.id, g.patient_id, g.kept, g.changed, g.unchanged, g.not_mapped, g.quarantined, g.bad FROM private.ingest g WHERE g.id = made;
END $$;

/* Of a Bundle that was posted, what is not in the passport, in its order. */
CREATE OR REPLACE FUNCTION ingest_left_out(ingest bigint) RETURNS SETOF left_out
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 20 AS $$
    SELECT x.* FROM private.ingest g, jsonb_to_recordset(g.left_out) x (place integer, kind text, record text, state text, reason text) WHERE g.id = ingest_left_out.ingest ORDER BY x.place
$$;
