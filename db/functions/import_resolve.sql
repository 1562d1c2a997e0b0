/*
 * Import: references. A reference is urn:uuid:..., the fullUrl of an entry of the same source; Type/id, with or without a server before it;
 * or Type?identifier=system|value. Each is looked up once a batch, in import_ref.
 */

/* What the references in import_ref mean: first among what is in the stage, then among what came before. */
CREATE OR REPLACE FUNCTION private.import_look_up(source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE import_ref r SET resource_type = m[1], record_id = m[2]
      FROM (SELECT ref, regexp_match(ref, '(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]+)?$') AS m FROM import_ref) x
     WHERE x.ref = r.ref AND m IS NOT NULL;
    UPDATE import_ref r SET resource_type = i.resource_type, record_id = i.record_id
      FROM (SELECT ref, regexp_match(ref, '^([A-Z][A-Za-z]+)\?identifier=([^|]+)\|(.+)$') AS m FROM import_ref WHERE record_id IS NULL) x,
           LATERAL (SELECT s.resource_type, s.record_id FROM import_stage s, jsonb_path_query(s.body, 'lax $.identifier[*]') v
                     WHERE s.resource_type = m[1] AND s.state <> 'superseded' AND v ->> 'system' = m[2] AND v ->> 'value' = m[3]
                    UNION ALL
                    SELECT d.resource_type, d.record_id FROM private.source_identifier d
                     WHERE d.source_id = source AND d.resource_type = m[1] AND d.system = m[2] AND d.value = m[3]
                     LIMIT 1) i
     WHERE x.ref = r.ref AND m IS NOT NULL;
    UPDATE import_ref r SET resource_type = s.resource_type, record_id = s.record_id
      FROM import_stage s WHERE s.url = r.ref AND s.state <> 'superseded' AND r.record_id IS NULL;
    UPDATE import_ref r SET resource_type = t.resource_type, record_id = t.record_id
      FROM private.source_record t WHERE t.source_id = source AND t.url = r.ref AND r.record_id IS NULL;
    UPDATE import_ref r
       SET state = CASE WHEN t.resource_type = 'Encounter' AND t.reason = 'waits for the Condition that it names' THEN 'ready' ELSE t.state END,
           /* A Patient whose newest version is in quarantine is nobody until that is put right. */
           patient_id = CASE WHEN t.resource_type <> 'Patient' OR t.state = 'kept' THEN t.patient_id END, item_table = t.item_table, item_id = t.item_id, clinic_id = t.clinic_id, practitioner_id = t.practitioner_id
      FROM private.source_record t
     WHERE t.source_id = source AND t.resource_type = r.resource_type AND t.record_id = r.record_id;
    UPDATE import_ref r
       SET state = s.state, patient_id = s.patient_id, item_table = s.item_table, item_id = s.item_id
      FROM import_stage s
     WHERE s.resource_type = r.resource_type AND s.record_id = r.record_id AND s.state NOT IN ('unchanged', 'superseded');
END $$;

/* Kinds that have a place here. What has none is kept as it came, with its patient where that is known. */
CREATE OR REPLACE FUNCTION private.import_kinds() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['Patient', 'Practitioner', 'Organization', 'Encounter', 'Condition', 'AllergyIntolerance', 'Immunization', 'MedicationRequest', 'MedicationStatement',
                 'Observation', 'DiagnosticReport', 'ImagingStudy', 'Procedure', 'CarePlan', 'Goal']
$$;

/*
 * Whose everything is, where and by whom it was made. What names somebody or something that is not there yet waits for it; by `force` only
 * for its patient. Diagnoses are decided first, because visits and procedures refer to them.
 */
CREATE OR REPLACE FUNCTION private.import_resolve(source smallint, force boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE import_stage SET state = 'not_mapped', reason = 'this kind has no place here' WHERE state = 'ready' AND resource_type <> ALL (private.import_kinds());
    INSERT INTO import_ref (ref)
    SELECT DISTINCT x.ref FROM import_stage s, unnest(ARRAY[s.patient_ref, s.encounter_ref, s.practitioner_ref, s.clinic_ref, s.condition_ref]) x (ref)
     WHERE s.state = 'ready' AND length(x.ref) <= 1000
    UNION SELECT s.patient_ref FROM import_stage s WHERE s.reason = 'this kind has no place here' AND length(s.patient_ref) <= 1000;
    PERFORM private.import_look_up(source);
    UPDATE import_stage s SET patient_id = r.patient_id, waits_for = CASE WHEN r.patient_id IS NULL THEN r.ref END
      FROM import_ref r WHERE s.state = 'not_mapped' AND r.ref = s.patient_ref AND coalesce(r.resource_type, 'Patient') = 'Patient';
    /* Where a visit was and with whom is asked for by what refers to it, so it is found out first. */
    UPDATE import_ref r
       SET clinic_id = CASE WHEN o.item_table = 'clinic' THEN o.item_id END, practitioner_id = CASE WHEN d.item_table = 'practitioner' THEN d.item_id END,
           state = CASE WHEN NOT force AND (s.clinic_ref IS NOT NULL AND (o.state IN ('kept', 'bad', 'not_mapped')) IS NOT TRUE
                                         OR s.practitioner_ref IS NOT NULL AND (d.state IN ('kept', 'bad', 'not_mapped')) IS NOT TRUE) THEN 'waiting' ELSE 'ready' END
      FROM import_stage s
      LEFT JOIN import_ref o ON o.ref = s.clinic_ref
      LEFT JOIN import_ref d ON d.ref = s.practitioner_ref
     WHERE r.resource_type = 'Encounter' AND s.resource_type = 'Encounter' AND s.record_id = r.record_id AND s.state = 'ready';
    PERFORM private.import_settle_references(true, force);
    UPDATE import_ref r SET state = s.state
      FROM import_stage s WHERE r.resource_type = 'Condition' AND s.resource_type = 'Condition' AND s.record_id = r.record_id AND s.state NOT IN ('unchanged', 'superseded');
    PERFORM private.import_settle_references(false, force);
END $$;

/*
 * There is nothing to wait for in what is kept or on its way, or will never be; nor in a visit that itself waits for nothing but its diagnosis, since where
 * it was is known then. A performer may be an organisation.
 */
CREATE OR REPLACE FUNCTION private.import_settle_references(diagnoses boolean, force boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE import_stage s
       SET patient_id = p.patient_id, birth = w.birth_date, death = w.deceased_on,
           clinic_id = coalesce(CASE WHEN o.item_table = 'clinic' THEN o.item_id END, CASE WHEN d.item_table = 'clinic' THEN d.item_id END, e.clinic_id),
           practitioner_id = coalesce(CASE WHEN d.item_table = 'practitioner' THEN d.item_id END, e.practitioner_id),
           condition_id = CASE WHEN c.item_table = 'condition' AND c.patient_id = p.patient_id THEN c.item_id END,
           state = CASE WHEN s.patient_ref IS NULL OR p.resource_type <> 'Patient' THEN 'bad'
                        WHEN p.patient_id IS NULL THEN CASE p.state WHEN 'quarantined' THEN 'quarantined' ELSE 'waiting' END
                        WHEN m.ref IS NOT NULL THEN 'waiting' ELSE 'ready' END,
           reason = CASE WHEN s.patient_ref IS NULL THEN 'it names no patient' WHEN p.resource_type <> 'Patient' THEN 'it is not about a Patient'
                         WHEN p.patient_id IS NULL THEN CASE p.state WHEN 'quarantined' THEN 'its Patient is in quarantine' ELSE 'waits for its Patient' END
                         WHEN m.ref IS NOT NULL THEN 'waits for ' || m.what END,
           waits_for = CASE WHEN s.patient_ref IS NULL OR p.resource_type <> 'Patient' THEN NULL WHEN p.patient_id IS NULL THEN s.patient_ref ELSE m.ref END
      FROM import_stage x
      LEFT JOIN import_ref p ON p.ref = x.patient_ref
      LEFT JOIN patient w ON w.id = p.patient_id
      LEFT JOIN import_ref e ON e.ref = x.encounter_ref
      LEFT JOIN import_ref d ON d.ref = x.practitioner_ref
      LEFT JOIN import_ref o ON o.ref = x.clinic_ref
      LEFT JOIN import_ref c ON c.ref = x.condition_ref
      LEFT JOIN LATERAL (SELECT v.ref, v.what
                           FROM (VALUES (e.ref, 'its Encounter', e.state IN ('kept', 'bad', 'not_mapped', 'ready')), (d.ref, 'who made it', d.state IN ('kept', 'bad', 'not_mapped', 'ready')),
                                        (o.ref, 'its Organization', o.state IN ('kept', 'bad', 'not_mapped', 'ready')),
                                        (c.ref, 'the Condition that it names', c.state IN ('kept', 'bad', 'not_mapped', 'ready'))) v (ref, what, there)
                          WHERE NOT force AND v.ref IS NOT NULL AND v.there IS NOT TRUE LIMIT 1) m ON true
     WHERE x.n = s.n AND s.state = 'ready' AND s.resource_type NOT IN ('Patient', 'Practitioner', 'Organization') AND (s.resource_type = 'Condition') = diagnoses;
END $$;
