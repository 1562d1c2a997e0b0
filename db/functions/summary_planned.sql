/*
 * Sections of a patient summary from what is worn and what is planned: as in patient_sections.sql, over the rules of prevention.sql.
 */

/* What is in the body today. The device itself is a resource of its own (summary_worn), this says that the person has it. */
CREATE OR REPLACE FUNCTION summary_devices(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'devices', CASE m.mri WHEN 'unsafe' THEN 0 WHEN 'conditional' THEN 1 ELSE 2 END, m.implanted_on, fhir_url('implant use', subject, m.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'DeviceUseStatement', 'id', fhir_id('implant use', subject, m.id),
               'status', 'active',
               'subject', fhir_reference('patient', subject, NULL),
               'timingPeriod', fhir_period(m.implanted_on, m.removed_on),
               'recordedOn', fhir_instant(m.recorded_at),
               'source', fhir_reference('practitioner', NULL, m.recorded_by),
               'device', fhir_reference('implant', subject, m.id),
               'note', CASE WHEN m.record_status = 'disputed' THEN fhir_note(document_word('disputed', lang)) END)),
           ARRAY[concat_ws(', ', document_word('device ' || m.kind, lang), m.name, m.model), m.implanted_on::text, document_word('mri ' || m.mri, lang)],
           ARRAY[m.recorded_by], NULL::bigint[]
      FROM implant m
     WHERE m.patient_id = subject AND m.superseded_by IS NULL AND m.record_status <> 'entered_in_error' AND (m.removed_on IS NULL OR m.removed_on > kz_today())
       AND NOT is_withheld(withheld, 'implant', m.id)
$$;

/* The devices that entries of the section refer to. */
CREATE OR REPLACE FUNCTION summary_worn(subject bigint, entries summary_entry[], lang text) RETURNS TABLE (url text, resource jsonb) LANGUAGE sql STABLE AS $$
    SELECT fhir_url('implant', subject, m.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Device', 'id', fhir_id('implant', subject, m.id),
               'status', 'active',
               'lotNumber', fhir_string(m.lot),
               'deviceName', jsonb_build_array(jsonb_build_object('name', fhir_string(m.name), 'type', 'user-friendly-name')),
               'modelNumber', fhir_string(m.model),
               'type', jsonb_build_object('text', document_word('device ' || m.kind, lang)),
               'patient', fhir_reference('patient', subject, NULL),
               'safety', jsonb_build_array(jsonb_build_object('text', document_word('mri', lang) || ': ' || document_word('mri ' || m.mri, lang)))))
      FROM implant m
     WHERE m.patient_id = subject AND fhir_url('implant use', subject, m.id) IN (SELECT e.url FROM unnest(entries) e WHERE e.section = 'devices')
$$;

/* Plans of chronic-disease management that go on, with their goals in words and the tasks that are still to do. */
CREATE OR REPLACE FUNCTION summary_care_plans(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'plan', 1, c.started_on, fhir_url('care_plan', subject, c.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'CarePlan', 'id', fhir_id('care_plan', subject, c.id),
               'status', 'active', 'intent', 'plan',
               'title', fhir_string(c.title),
               'description', fhir_string(g.words),
               'subject', fhir_reference('patient', subject, NULL),
               'period', fhir_period(c.started_on, NULL),
               'created', c.started_on,
               'author', fhir_reference('practitioner', NULL, c.practitioner_id),
               'addresses', CASE WHEN d.id IS NOT NULL THEN jsonb_build_array(fhir_reference('condition', subject, d.id)) END,
               'activity', t.activities,
               'note', CASE WHEN c.record_status = 'disputed' THEN fhir_note(document_word('disputed', lang)) END)),
           ARRAY[d.icd10, concat_ws(': ', c.title, g.words), c.started_on::text, t.next_on::text], ARRAY[c.practitioner_id], NULL::bigint[]
      FROM care_plan c
      LEFT JOIN condition d ON d.patient_id = subject AND d.id IN (SELECT v FROM condition_all_versions(subject, c.condition_id) v) AND d.superseded_by IS NULL
                           AND d.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'condition', d.id)
     CROSS JOIN LATERAL (SELECT string_agg(x.description, '; ' ORDER BY x.set_on, x.id) AS words FROM care_goal x
                          WHERE x.patient_id = subject AND x.care_plan_id IN (SELECT v FROM care_plan_all_versions(subject, c.id) v) AND x.superseded_by IS NULL AND x.status = 'active' AND x.record_status <> 'entered_in_error'
                            AND NOT is_withheld(withheld, 'care_goal', x.id)) g
     CROSS JOIN LATERAL (SELECT min(x.due_on) AS next_on,
                                jsonb_agg(jsonb_build_object('detail', jsonb_build_object('kind', 'Task', 'status', 'scheduled',
                                              'scheduledPeriod', jsonb_build_object('end', x.due_on), 'description', x.description)) ORDER BY x.due_on, x.id) AS activities
                           FROM care_task x
                          WHERE x.patient_id = subject AND x.care_plan_id IN (SELECT v FROM care_plan_all_versions(subject, c.id) v) AND x.superseded_by IS NULL AND x.status = 'planned' AND x.record_status <> 'entered_in_error'
                            AND NOT is_withheld(withheld, 'care_task', x.id)) t
     WHERE c.patient_id = subject AND c.superseded_by IS NULL AND c.status = 'active' AND c.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'care_plan', c.id)
$$;

/* Whether something of these tables is kept from the viewer. What follows from rules over them would tell of it. */
CREATE OR REPLACE FUNCTION is_any_withheld(withheld text[], kinds text[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM unnest(withheld) w WHERE split_part(w, ':', 1) = ANY (kinds))
$$;

/* Doses of the calendar that are due. */
CREATE OR REPLACE FUNCTION summary_doses_due(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'plan', 2, s.due_on, fhir_url('dose due', subject, s.rule_id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'ImmunizationRecommendation', 'id', fhir_id('dose due', subject, s.rule_id),
               'patient', fhir_reference('patient', subject, NULL),
               'date', fhir_instant(now()),
               'recommendation', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
                   'vaccineCode', jsonb_build_array(jsonb_build_object('text', n.name)),
                   'forecastStatus', fhir_state('immunization-recommendation-status', s.state),
                   'dateCriterion', jsonb_build_array(jsonb_build_object('code', fhir_concept(fhir_system('loinc'), '30980-7', 'Date vaccine due'), 'value', s.due_on)),
                   'doseNumberPositiveInt', r.dose_number))))),
           ARRAY[NULL, n.name, NULL, s.due_on::text], NULL::bigint[], NULL::bigint[]
      FROM vaccine_slots(subject, kz_today()) s
      JOIN plan_rule r ON r.id = s.rule_id
     CROSS JOIN LATERAL (SELECT fhir_string(CASE lang WHEN 'kk' THEN r.name_kk WHEN 'ru' THEN r.name_ru ELSE r.name_en END) AS name) n
     WHERE s.state IN ('due', 'overdue') AND NOT is_any_withheld(withheld, '{immunization,vaccine_exception}')
$$;

/* Screenings that are due this month, or were before. */
CREATE OR REPLACE FUNCTION summary_screenings_due(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'plan', 3, s.due_on, fhir_url('screening due', subject, s.rule_id),
           jsonb_build_object(
               'resourceType', 'CarePlan', 'id', fhir_id('screening due', subject, s.rule_id),
               'status', 'active', 'intent', 'proposal',
               'title', n.name,
               'subject', fhir_reference('patient', subject, NULL),
               'activity', jsonb_build_array(jsonb_build_object('detail', jsonb_build_object(
                   'kind', 'ServiceRequest', 'status', 'not-started', 'code', jsonb_build_object('text', n.name), 'scheduledPeriod', fhir_period(s.due_on, NULL))))),
           ARRAY[NULL, n.name, NULL, s.due_on::text], NULL::bigint[], NULL::bigint[]
      FROM (SELECT date_trunc('month', kz_today())::date AS first_day) m
     CROSS JOIN LATERAL screenings_due(subject, m.first_day, (m.first_day + INTERVAL '1 month - 1 day')::date) s
      JOIN plan_rule r ON r.id = s.rule_id
     CROSS JOIN LATERAL (SELECT fhir_string(CASE lang WHEN 'kk' THEN r.name_kk WHEN 'ru' THEN r.name_ru ELSE r.name_en END) AS name) n
     WHERE NOT is_any_withheld(withheld, '{screening_task,condition,dispensary_registration}')
$$;
