/* Import: what waited, the end of a run, and its report. */

/*
 * Takes up to 1000 records that waited, of this run or an earlier one, and for which that has come; when there is none, those that
 * wait for something which they can do without. How many; 0 when nothing is left to do.
 */
CREATE OR REPLACE FUNCTION import_settle(run bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    source smallint := private.import_lock(import_settle.run);
BEGIN
    RETURN private.import_settle_some(import_settle.run, source, ARRAY(SELECT * FROM private.import_waited_for(source)), NULL);
END $$;

/* The same of what waits for one of these references; with a `subject` only of what is about that person, and by force only what came in this run. */
CREATE OR REPLACE FUNCTION private.import_settle_some(run bigint, source smallint, refs text[], subject bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    types text[];
    records text[];
    force boolean := false;
BEGIN
    INSERT INTO import_ref (ref) SELECT DISTINCT unnest(refs);
    PERFORM private.import_look_up(source);
    SELECT array_agg(x.resource_type), array_agg(x.record_id) INTO types, records
      FROM (SELECT t.resource_type, t.record_id
              FROM import_ref r JOIN private.source_record t ON t.source_id = source AND t.waits_for = r.ref AND t.state IN ('waiting', 'quarantined')
             WHERE CASE r.resource_type WHEN 'Patient' THEN r.state = 'kept' ELSE r.state IN ('kept', 'bad', 'not_mapped', 'ready') END
               AND (subject IS NULL OR coalesce(t.patient_id, r.patient_id) = subject AND (r.resource_type <> 'Patient' OR r.patient_id = subject))
             LIMIT 1000) x;
    IF types IS NULL THEN
        force := true;
        SELECT array_agg(x.resource_type), array_agg(x.record_id) INTO types, records
          FROM (SELECT t.resource_type, t.record_id FROM private.source_record t
                 WHERE t.source_id = source AND t.state = 'waiting' AND t.patient_id IS NOT NULL
                   AND (subject IS NULL OR t.patient_id = subject AND t.last_run = run)
                 ORDER BY t.resource_type = 'Goal' LIMIT 1000) x; /* goals after their plans */
    END IF;
    DELETE FROM import_ref;
    IF types IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM private.import_stage_again(source, records, types);
    PERFORM private.import_map(source, force);
    /* What was waited for is there, so waiting for it once more would never end: it is something else than it should be. By force a visit goes on to wait for its place. */
    UPDATE import_stage s SET state = 'not_mapped', reason = 'what it refers to is something else', waits_for = NULL
      FROM private.source_record t
     WHERE t.source_id = source AND t.resource_type = s.resource_type AND t.record_id = s.record_id AND (s.state = 'waiting' OR s.state = 'quarantined' AND NOT force) AND s.waits_for = t.waits_for;
    PERFORM private.import_keep(run, source);
    RETURN cardinality(types);
END $$;

/* What is waited for, each once: from one to the next through the index, since many may wait for one. */
CREATE OR REPLACE FUNCTION private.import_waited_for(source smallint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE r (ref) AS (
        (SELECT t.waits_for FROM private.source_record t WHERE t.source_id = source AND t.waits_for IS NOT NULL ORDER BY t.waits_for LIMIT 1)
        UNION ALL
        SELECT (SELECT t.waits_for FROM private.source_record t WHERE t.source_id = source AND t.waits_for > r.ref ORDER BY t.waits_for LIMIT 1) FROM r WHERE r.ref IS NOT NULL
    )
    SELECT r.ref FROM r WHERE r.ref IS NOT NULL
$$;

/* Ends a run: what still waits, waits for a person (or a place that it can't do without), and is in quarantine until that comes. */
CREATE OR REPLACE FUNCTION import_end(run bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    source smallint := private.import_lock(import_end.run);
BEGIN
    UPDATE private.source_record t SET state = 'quarantined', reason = t.reason || ', which has not come' WHERE t.source_id = source AND t.state = 'waiting';
    /* Whose that is which has no place here, where the person came later. */
    INSERT INTO import_ref (ref) SELECT * FROM private.import_waited_for(source);
    PERFORM private.import_look_up(source);
    UPDATE private.source_record t SET patient_id = r.patient_id, waits_for = NULL
      FROM import_ref r WHERE t.source_id = source AND t.waits_for = r.ref AND t.state = 'not_mapped' AND r.resource_type = 'Patient' AND r.patient_id IS NOT NULL;
    UPDATE private.import_run r SET ended_at = clock_timestamp() WHERE r.id = import_end.run;
END $$;

/* What became of all that a run read, by kind; resource_type is ? for what was no resource. */
CREATE OR REPLACE FUNCTION import_report(run bigint) RETURNS TABLE (resource_type text, outcome text, reason text, n bigint) LANGUAGE sql STABLE AS $$
    SELECT x.resource_type, x.outcome, nullif(x.reason, ''), x.n
      FROM (SELECT c.resource_type, c.outcome, c.reason, c.n FROM private.import_count c WHERE c.run_id = import_report.run
            UNION ALL
            SELECT t.resource_type, t.state, t.reason, count(*) FROM private.source_record t
             WHERE t.source_id = (SELECT r.source_id FROM private.import_run r WHERE r.id = import_report.run) AND t.state IN ('waiting', 'quarantined') AND t.last_run = import_report.run GROUP BY 1, 2, 3) x
     ORDER BY x.resource_type, array_position(ARRAY['kept', 'superseded', 'unchanged', 'not mapped', 'waiting', 'quarantined', 'bad'], x.outcome), x.reason
$$;
