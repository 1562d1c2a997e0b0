/* Import: resources into the stage of a batch, and what became of them out of it. */

/*
 * Stages what came. Of a record that is there twice in one batch the later one counts. What is kept already, with the same digest, is
 * counted as unchanged and goes no further; what waited, or had no place, is looked at again, since what it lacked may be there now.
 */
CREATE OR REPLACE FUNCTION private.import_stage_new(run bigint, source smallint, files text[], places bigint[], urls text[], bodies jsonb[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_stage (n, file, place, url, resource_type, record_id, digest, body, patient_ref, encounter_ref, practitioner_ref, clinic_ref, condition_ref)
    SELECT x.n, x.file, x.place, CASE WHEN length(x.url) <= 500 THEN x.url END, x.body ->> 'resourceType', x.body ->> 'id', sha256(convert_to(x.body::text, 'UTF8')), x.body,
           r.patient_ref, r.encounter_ref, r.practitioner_ref, r.clinic_ref, r.condition_ref
      FROM unnest(files, places, urls, bodies) WITH ORDINALITY AS x (file, place, url, body, n), private.import_references(x.body) r;
    /* What has no id by which it could be known again can't be kept. */
    UPDATE import_stage SET state = 'bad', reason = 'its kind or id is none of FHIR' WHERE record_id !~ '^[A-Za-z0-9.-]{1,64}$' OR resource_type !~ '^[A-Z][A-Za-z]{1,63}$';
    UPDATE import_stage s SET state = CASE WHEN later.digest = s.digest THEN 'unchanged' ELSE 'superseded' END
      FROM (SELECT resource_type, record_id, max(n) AS n FROM import_stage GROUP BY 1, 2 HAVING count(*) > 1) last
      JOIN import_stage later USING (n)
     WHERE s.resource_type = last.resource_type AND s.record_id = last.record_id AND s.n < last.n AND s.state = 'ready';
    UPDATE import_stage s
       SET again = true, changed = t.digest <> s.digest, version = t.version + (t.digest <> s.digest)::int,
           old_patient_id = t.patient_id, old_item_table = t.item_table, old_item_id = t.item_id,
           state = CASE WHEN t.digest = s.digest AND t.state = 'kept' THEN 'unchanged' ELSE 'ready' END, url = coalesce(s.url, t.url)
      FROM private.source_record t
     WHERE t.source_id = source AND t.resource_type = s.resource_type AND t.record_id = s.record_id AND s.state = 'ready';
END $$;

/* Stages records that waited. */
CREATE OR REPLACE FUNCTION private.import_stage_again(source smallint, records text[], types text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_stage (n, version, again, changed, old_patient_id, old_item_table, old_item_id, file, place, url, resource_type, record_id, digest, body,
                              patient_ref, encounter_ref, practitioner_ref, clinic_ref, condition_ref)
    SELECT row_number() OVER (), t.version, true, t.item_id IS NOT NULL, t.patient_id, t.item_table, t.item_id, t.file, t.place, t.url, t.resource_type, t.record_id, t.digest, t.body,
           r.patient_ref, r.encounter_ref, r.practitioner_ref, r.clinic_ref, r.condition_ref
      FROM unnest(types, records) x (resource_type, record_id)
      JOIN private.source_record t ON t.source_id = source AND t.resource_type = x.resource_type AND t.record_id = x.record_id,
           private.import_references(t.body) r;
END $$;

/* What a resource refers to, by the elements that kinds of FHIR have for it. */
CREATE OR REPLACE FUNCTION private.import_references(body jsonb, OUT patient_ref text, OUT encounter_ref text, OUT practitioner_ref text, OUT clinic_ref text, OUT condition_ref text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(body #>> '{subject,reference}', body #>> '{patient,reference}'),
           coalesce(body #>> '{encounter,reference}', body #>> '{context,reference}'),
           coalesce(body #>> '{participant,0,individual,reference}', body #>> '{requester,reference}', body #>> '{performer,0,actor,reference}',
                    body #>> '{performer,0,reference}', body #>> '{recorder,reference}', body #>> '{asserter,reference}', body #>> '{author,reference}'),
           coalesce(body #>> '{serviceProvider,reference}', body #>> '{performer,0,onBehalfOf,reference}'),
           coalesce(body #>> '{diagnosis,0,condition,reference}', body #>> '{reasonReference,0,reference}', body #>> '{addresses,0,reference}')
$$;

/* Counts of a run are added to. */
CREATE OR REPLACE FUNCTION private.import_keep(run bigint, source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO private.source_record AS t (source_id, version, patient_id, item_id, clinic_id, practitioner_id, first_run, last_run, place, resource_type, record_id,
                                            state, reason, waits_for, item_table, url, file, digest, body)
    SELECT source, s.version, s.patient_id, s.item_id, CASE s.resource_type WHEN 'Encounter' THEN s.clinic_id END, CASE s.resource_type WHEN 'Encounter' THEN s.practitioner_id END,
           run, run, s.place, s.resource_type, s.record_id, s.state, s.reason, s.waits_for, s.item_table, s.url, s.file, s.digest, s.body
      FROM import_stage s WHERE s.state NOT IN ('unchanged', 'superseded') AND s.reason IS DISTINCT FROM 'its kind or id is none of FHIR'
    ON CONFLICT (source_id, resource_type, record_id) DO UPDATE
       SET version = excluded.version, patient_id = coalesce(excluded.patient_id, t.patient_id), clinic_id = excluded.clinic_id, practitioner_id = excluded.practitioner_id,
           /* What is wrong with a newer version does not undo the row of an older one; what has no place here any more does. */
           item_table = CASE WHEN excluded.state IN ('kept', 'not_mapped') THEN excluded.item_table ELSE t.item_table END,
           item_id = CASE WHEN excluded.state IN ('kept', 'not_mapped') THEN excluded.item_id ELSE t.item_id END,
           last_run = excluded.last_run, place = excluded.place, file = excluded.file, url = excluded.url,
           state = excluded.state, reason = excluded.reason, waits_for = excluded.waits_for, digest = excluded.digest, body = excluded.body
     WHERE excluded.state IN ('waiting', 'quarantined') OR (t.digest, t.state, t.reason, t.waits_for) IS DISTINCT FROM (excluded.digest, excluded.state, excluded.reason, excluded.waits_for);
    INSERT INTO private.source_identifier (source_id, resource_type, system, value, record_id)
    SELECT DISTINCT ON (s.resource_type, i ->> 'system', i ->> 'value') source, s.resource_type, i ->> 'system', i ->> 'value', s.record_id
      FROM import_stage s, jsonb_path_query(s.body, 'lax $.identifier[*]') i
     WHERE s.resource_type IN ('Patient', 'Practitioner', 'Organization', 'Location') AND s.state NOT IN ('unchanged', 'superseded')
       AND i ->> 'system' <> '' AND i ->> 'value' <> '' AND length(i ->> 'system') + length(i ->> 'value') <= 1000
     ORDER BY s.resource_type, i ->> 'system', i ->> 'value', s.n DESC
    ON CONFLICT (source_id, resource_type, system, value) DO UPDATE SET record_id = excluded.record_id;
    PERFORM private.import_add_up(run);
END $$;

CREATE OR REPLACE FUNCTION private.import_add_up(run bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO private.import_count AS c (run_id, resource_type, outcome, reason, n)
    SELECT run, CASE WHEN s.reason = 'its kind or id is none of FHIR' THEN '?' ELSE s.resource_type END, CASE WHEN s.state = 'kept' AND s.changed THEN 'superseded' WHEN s.state = 'not_mapped' THEN 'not mapped' ELSE s.state END,
           coalesce(s.reason, ''), count(*)
      FROM import_stage s WHERE s.state NOT IN ('waiting', 'quarantined') GROUP BY 2, 3, 4
    ON CONFLICT (run_id, resource_type, outcome, reason) DO UPDATE SET n = c.n + excluded.n;
END $$;
