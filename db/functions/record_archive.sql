/*
 * A person's whole record for its owner, and nobody else: the patient summary, each kind of entry with every version of it, the names of whom the
 * entries refer to, and who looked. Of entries everything that the API shows of them; not what it shows to nobody (where an image lies, the
 * IIN of somebody else, numbers of source systems). The kinds are those of ClinicalRecord and what the owner decided.
 */
CREATE OR REPLACE FUNCTION record_kinds() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY['attachment', 'condition', 'allergy', 'medication_statement', 'prescription', 'dispense', 'immunization', 'vaccine_exception', 'lab_result', 'observation',
                 'lifestyle', 'pregnancy', 'diagnostic_report', 'ai_finding', 'procedure_done', 'implant', 'dispensary_registration', 'hospital_referral', 'hospitalization',
                 'encounter', 'appointment', 'ambulance_call', 'certificate', 'insurance_status', 'care_plan', 'care_goal', 'care_task', 'diary_entry', 'screening_task',
                 'milestone_check', 'emergency_contact', 'dispute', 'guardianship', 'access_rule', 'emergency_grant']
$$;

/* Names of what the keys named `key` in the record lead to, by key. */
CREATE OR REPLACE FUNCTION record_names(record jsonb, keys text[], source text, name text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    names jsonb;
BEGIN
    EXECUTE format('SELECT coalesce(jsonb_object_agg(t.id, %s), ''{}'') FROM %I t WHERE t.id IN (
                        SELECT CASE WHEN jsonb_typeof(e.row -> k) = ''number'' THEN (e.row ->> k)::bigint END FROM jsonb_each($1) s (kind, rows) CROSS JOIN LATERAL jsonb_array_elements(s.rows) e (row) CROSS JOIN unnest($2) k)', name, source)
       INTO names USING record, keys;
    RETURN names;
END $$;

CREATE OR REPLACE FUNCTION whole_record(subject bigint, viewer text) RETURNS SETOF record_archive LANGUAGE plpgsql STABLE AS $$
DECLARE
    record jsonb := '{}';
    kind text;
    entries jsonb;
BEGIN
    IF viewer IS NOT NULL AND NOT EXISTS (SELECT FROM access_rights(viewer, subject) r WHERE r.capacities = 'OWNER') THEN
        RETURN;
    END IF;
    FOREACH kind IN ARRAY record_kinds() LOOP
        EXECUTE format('SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(t) - $2) ORDER BY t.id), ''[]'') FROM %I t WHERE t.patient_id = $1', kind)
           INTO entries USING subject, ARRAY['patient_id', 'image_ref', 'sens', 'source_rec', 'guardian_id', 'guardian_iin', 'made_by', 'revoked_by', 'reviewed_by'];
        record := record || jsonb_build_object(kind, entries);
    END LOOP;
    RETURN QUERY
        SELECT subject, now(), jsonb_build_object(
                   'person', (SELECT jsonb_strip_nulls(to_jsonb(p) - ARRAY['id', 'source_id', 'region_id']) FROM patient p WHERE p.id = subject),
                   'summary', (SELECT s.document::jsonb FROM patient_summary(subject, viewer, NULL) s),
                   'entries', record,
                   'names', jsonb_build_object(
                       'clinic', record_names(record, '{clinic_id,from_clinic_id,to_clinic_id}', 'clinic', 't.name'),
                       'practitioner', record_names(record, '{practitioner_id,recorded_by,prescriber_id,district_doctor_id,ordered_by,confirmed_by}', 'practitioner', 't.full_name'),
                       'pharmacy', record_names(record, '{pharmacy_id}', 'pharmacy', 't.name'),
                       'drug', record_names(record, '{drug_id}', 'drug', 't.name'),
                       'source', record_names(record, '{source_id}', 'source_system', 't.name')),
                   'accessLog', coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('at', fhir_instant(l.at), 'refused', l.refused, 'byMachine', l.by_machine, 'role', l.role,
                                                      'person', access_log_person(l), 'organisation', (SELECT c.name FROM clinic c WHERE c.bin = l.organisation),
                                                      'capacities', l.capacities, 'reason', l.reason, 'seen', access_log_seen(l))) ORDER BY l.at DESC)
                                            FROM access_log l WHERE l.patient_id = subject), '[]'))::text;
END $$;
