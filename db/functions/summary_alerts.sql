/*
 * The section of alerts of a patient summary: what a stranger to the record has to know before he gives or does anything. Nothing is said here
 * that is not an entry: each alert is made of one, and leaves with it when that is hidden, taken back or over.
 */
CREATE OR REPLACE FUNCTION summary_flag(kind text, subject bigint, id bigint, high boolean, category text, words text, since date, until date, author bigint, detail jsonb)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Flag', 'id', fhir_id(kind, subject, id),
               'extension', jsonb_build_array(jsonb_build_object(
                                    'url', 'http://hl7.org/fhir/StructureDefinition/flag-priority',
                                    'valueCodeableConcept', jsonb_build_object('coding', jsonb_build_array(jsonb_build_object(
                                        'system', 'http://hl7.org/fhir/flag-priority-code', 'code', CASE WHEN high THEN 'PH' ELSE 'PM' END)))))
                            || CASE WHEN detail IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
                                    'url', 'http://hl7.org/fhir/StructureDefinition/flag-detail', 'valueReference', detail)) ELSE '[]' END,
               'status', 'active',
               'category', jsonb_build_array(fhir_state('flag-category', category)),
               'code', jsonb_build_object('text', words),
               'subject', fhir_reference('patient', subject, NULL),
               'period', fhir_period(since, until),
               'author', fhir_reference('practitioner', NULL, author)))
$$;

/* Allergies that may endanger life, devices that restrict or forbid MRI, and vaccines that must not be given. */
CREATE OR REPLACE FUNCTION summary_alerts(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'alerts', CASE WHEN a.high THEN 0 ELSE 1 END, a.since, fhir_url(a.kind, subject, a.id),
           summary_flag(a.kind, subject, a.id, a.high, a.category, concat_ws(': ', document_word(a.word, lang), a.what), a.since, a.until, a.author, a.detail),
           ARRAY[document_word(a.word, lang), a.what, a.since::text], ARRAY[a.author], NULL::bigint[]
      FROM (SELECT 'allergy alert' AS kind, y.id, true AS high, 'clinical' AS category, 'alert allergy' AS word, fhir_string(y.substance) AS what,
                   y.noted_on AS since, NULL::date AS until, y.recorded_by AS author, fhir_reference('allergy', subject, y.id) AS detail
              FROM allergy y
             WHERE y.patient_id = subject AND y.superseded_by IS NULL AND y.record_status <> 'entered_in_error' AND y.criticality = 'high'
               AND NOT is_withheld(withheld, 'allergy', y.id)
            UNION ALL
            SELECT 'implant alert', m.id, m.mri = 'unsafe', 'safety', 'alert mri ' || m.mri, concat_ws(', ', document_word('device ' || m.kind, lang), fhir_string(m.name)),
                   m.implanted_on, m.removed_on, m.recorded_by, fhir_reference('implant use', subject, m.id)
              FROM implant m
             WHERE m.patient_id = subject AND m.superseded_by IS NULL AND m.record_status <> 'entered_in_error' AND m.mri IN ('unsafe', 'conditional')
               AND (m.removed_on IS NULL OR m.removed_on > kz_today()) AND NOT is_withheld(withheld, 'implant', m.id)
            UNION ALL
            SELECT 'vaccine alert', x.id, true, 'drug', 'alert vaccine', concat_ws(', ', document_word('series ' || x.series, lang), fhir_string(x.reason)),
                   x.decided_on, x.valid_to, x.recorded_by, NULL
              FROM vaccine_exception x
             WHERE x.patient_id = subject AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.kind = 'exemption'
               AND x.decided_on <= kz_today() AND (x.valid_to IS NULL OR x.valid_to > kz_today()) AND NOT is_withheld(withheld, 'vaccine_exception', x.id)) a
$$;
