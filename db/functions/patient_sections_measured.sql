/*
 * Sections of a patient summary from measurements, studies, habits and what is worn: as in patient_sections.sql. Of what is measured
 * again and again the latest counts: a doctor elsewhere needs where it stands, the record itself has the course.
 */
CREATE OR REPLACE FUNCTION fhir_quantity(value numeric, unit text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value IS NOT NULL
                THEN jsonb_strip_nulls(jsonb_build_object('value', value, 'unit', unit, 'system', CASE WHEN unit IS NOT NULL THEN fhir_system('ucum') END, 'code', unit)) END
$$;
/* Who performed a result; FHIR asks for somebody, so where nobody is named it says so. */
CREATE OR REPLACE FUNCTION fhir_performer(clinic bigint, lang text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_array(coalesce(fhir_reference('clinic', NULL, clinic), jsonb_build_object('display', document_word('not recorded', lang))))
$$;

/* The last result of each test, of the tests that came last. */
CREATE OR REPLACE FUNCTION summary_laboratory(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'results', 1, (r.resulted_at AT TIME ZONE INTERVAL '5 hours')::date, fhir_url('lab_result', subject, r.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Observation', 'id', fhir_id('lab_result', subject, r.id),
               'status', r.status,
               'category', jsonb_build_array(fhir_state('observation-category', 'laboratory')),
               'code', fhir_concept(fhir_system('loinc'), r.loinc, n.name, r.name),
               'subject', fhir_reference('patient', subject, NULL),
               'effectiveDateTime', fhir_instant(r.resulted_at),
               'performer', fhir_performer(r.clinic_id, lang),
               'valueQuantity', fhir_quantity(r.value, r.unit),
               'valueString', CASE WHEN r.value IS NULL THEN fhir_string(r.value_text) END,
               'interpretation', CASE WHEN r.flag IS NOT NULL THEN jsonb_build_array(fhir_state('v3-ObservationInterpretation',
                   CASE r.flag WHEN 'normal' THEN 'N' WHEN 'low' THEN 'L' WHEN 'high' THEN 'H' WHEN 'critical_low' THEN 'LL' WHEN 'critical_high' THEN 'HH' ELSE 'A' END)) END,
               'referenceRange', CASE WHEN num_nonnulls(r.low, r.high) > 0 AND r.value IS NOT NULL
                   THEN jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('low', fhir_quantity(r.low, r.unit), 'high', fhir_quantity(r.high, r.unit)))) END,
               'note', CASE WHEN r.record_status = 'disputed' THEN fhir_note(document_word('disputed', lang)) END)),
           ARRAY[coalesce(n.name, r.name), concat_ws(' ', coalesce(r.value::text, r.value_text), r.unit), (r.resulted_at AT TIME ZONE INTERVAL '5 hours')::date::text], NULL::bigint[], ARRAY[r.clinic_id]
      FROM (SELECT DISTINCT ON (coalesce(x.loinc, x.name)) x.* FROM lab_result x
             WHERE x.patient_id = subject AND x.superseded_by IS NULL AND x.status IN ('preliminary', 'final') AND x.record_status <> 'entered_in_error'
               AND NOT is_withheld(withheld, 'lab_result', x.id)
             ORDER BY coalesce(x.loinc, x.name), x.resulted_at DESC, x.id DESC) r
      LEFT JOIN LATERAL (SELECT CASE lang WHEN 'kk' THEN t.name_kk WHEN 'ru' THEN t.name_ru ELSE t.name_en END AS name FROM lab_test t WHERE t.id = r.lab_test_id) n ON true
     ORDER BY r.resulted_at DESC LIMIT 50
$$;

/* Studies with their conclusions; an image is not part of a summary, nor is what a model saw and nobody confirmed. */
CREATE OR REPLACE FUNCTION summary_studies(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'results', 2, (d.performed_at AT TIME ZONE INTERVAL '5 hours')::date, fhir_url('diagnostic_report', subject, d.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'DiagnosticReport', 'id', fhir_id('diagnostic_report', subject, d.id),
               'status', d.status,
               'category', jsonb_build_array(fhir_concept('http://terminology.hl7.org/CodeSystem/v2-0074', 'RAD', 'Radiology')),
               'code', fhir_concept(fhir_system('loinc'), d.loinc, d.name),
               'subject', fhir_reference('patient', subject, NULL),
               'effectiveDateTime', fhir_instant(d.performed_at),
               'performer', fhir_performer(d.clinic_id, lang),
               'conclusion', fhir_string(d.conclusion))),
           ARRAY[d.name, d.conclusion, (d.performed_at AT TIME ZONE INTERVAL '5 hours')::date::text], NULL::bigint[], ARRAY[d.clinic_id]
      FROM diagnostic_report d
     WHERE d.patient_id = subject AND d.superseded_by IS NULL AND d.status IN ('preliminary', 'final') AND d.record_status <> 'entered_in_error'
       AND NOT is_withheld(withheld, 'diagnostic_report', d.id)
     ORDER BY d.performed_at DESC LIMIT 20
$$;

CREATE OR REPLACE FUNCTION summary_vitals(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'vitals', 0, (o.observed_at AT TIME ZONE INTERVAL '5 hours')::date, fhir_url('observation', subject, o.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Observation', 'id', fhir_id('observation', subject, o.id),
               'status', 'final',
               'category', jsonb_build_array(fhir_state('observation-category', 'vital-signs')),
               'code', fhir_concept(fhir_system('loinc'), k.loinc, document_word(o.kind, lang)),
               'subject', fhir_reference('patient', subject, NULL),
               'effectiveDateTime', fhir_instant(o.observed_at),
               'performer', fhir_performer(o.clinic_id, lang),
               'valueQuantity', CASE WHEN o.second_value IS NULL THEN fhir_quantity(o.value, o.unit) END,
               'component', CASE WHEN o.second_value IS NOT NULL THEN jsonb_build_array(
                   jsonb_build_object('code', fhir_concept(fhir_system('loinc'), '8480-6', 'Systolic blood pressure'), 'valueQuantity', fhir_quantity(o.value, o.unit)),
                   jsonb_build_object('code', fhir_concept(fhir_system('loinc'), '8462-4', 'Diastolic blood pressure'), 'valueQuantity', fhir_quantity(o.second_value, o.unit))) END)),
           ARRAY[document_word(o.kind, lang), concat_ws(' ', concat_ws('/', trim_scale(o.value), trim_scale(o.second_value)), o.unit), (o.observed_at AT TIME ZONE INTERVAL '5 hours')::date::text],
           NULL::bigint[], ARRAY[o.clinic_id]
      FROM (SELECT DISTINCT ON (x.kind) x.* FROM observation x
             WHERE x.patient_id = subject AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'observation', x.id)
             ORDER BY x.kind, x.observed_at DESC, x.id DESC) o
      JOIN observation_kind k ON k.kind = o.kind
$$;

/* Smoking, drinking and a few others have codes of their own in LOINC; the others of habits and risks are said in words. */
CREATE OR REPLACE FUNCTION summary_social(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'social', 0, l.noted_on, fhir_url('lifestyle', subject, l.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Observation', 'id', fhir_id('lifestyle', subject, l.id),
               'status', 'final',
               'category', jsonb_build_array(fhir_state('observation-category', 'social-history')),
               'code', fhir_concept(fhir_system('loinc'), CASE l.kind WHEN 'smoking' THEN '72166-2' WHEN 'alcohol' THEN '74013-4' WHEN 'occupation' THEN '11341-5' WHEN 'drugs' THEN '11343-1' END,
                                    document_word(l.kind, lang)),
               'subject', fhir_reference('patient', subject, NULL),
               'effectiveDateTime', l.noted_on,
               'valueCodeableConcept', jsonb_build_object('text', v.words))),
           ARRAY[document_word(l.kind, lang), v.words, l.noted_on::text], NULL::bigint[], NULL::bigint[]
      FROM (SELECT DISTINCT ON (x.kind) x.* FROM lifestyle x
             WHERE x.patient_id = subject AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error'
               AND NOT is_withheld(withheld, 'lifestyle', x.id)
             ORDER BY x.kind, x.noted_on DESC, x.id DESC) l
     CROSS JOIN LATERAL (SELECT concat_ws(', ', document_word('level ' || l.level, lang), trim_scale(l.amount) || ' ' || l.unit, fhir_string(l.note)) AS words) v
$$;

/* Only one that goes on: what has ended is nobody's concern abroad. */
CREATE OR REPLACE FUNCTION summary_pregnancy(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'pregnancy', 0, p.noted_on, fhir_url('pregnancy', subject, p.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Observation', 'id', fhir_id('pregnancy', subject, p.id),
               'status', 'final',
               'code', fhir_concept(fhir_system('loinc'), '82810-3', document_word('pregnancy', lang)),
               'subject', fhir_reference('patient', subject, NULL),
               'effectiveDateTime', p.noted_on,
               'performer', fhir_performer(p.clinic_id, lang),
               'valueCodeableConcept', fhir_concept(fhir_system('loinc'), 'LA15173-0', document_word('pregnant', lang)),
               'component', CASE WHEN p.due_on IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
                   'code', fhir_concept(fhir_system('loinc'), '11778-8', document_word('due on', lang)), 'valueDateTime', p.due_on)) END)),
           ARRAY[document_word('pregnant', lang), p.due_on::text, p.noted_on::text], NULL::bigint[], ARRAY[p.clinic_id]
      FROM pregnancy p
     WHERE p.patient_id = subject AND p.superseded_by IS NULL AND p.status = 'ongoing' AND p.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'pregnancy', p.id)
$$;

CREATE OR REPLACE FUNCTION summary_procedures(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'procedures', 0, p.performed_on, fhir_url('procedure_done', subject, p.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Procedure', 'id', fhir_id('procedure_done', subject, p.id),
               'status', 'completed',
               'code', jsonb_build_object('text', fhir_string(p.name)),
               'subject', fhir_reference('patient', subject, NULL),
               'performedDateTime', p.performed_on,
               'performer', CASE WHEN p.clinic_id IS NOT NULL THEN jsonb_build_array(jsonb_build_object('actor', fhir_reference('clinic', NULL, p.clinic_id))) END,
               'outcome', CASE WHEN fhir_string(p.result) IS NOT NULL THEN jsonb_build_object('text', fhir_string(p.result)) END)),
           ARRAY[p.performed_on::text, p.name, p.result], NULL::bigint[], ARRAY[p.clinic_id]
      FROM procedure_done p
     WHERE p.patient_id = subject AND p.superseded_by IS NULL AND p.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'procedure_done', p.id)
$$;

/* A medicine that is taken without a prescription that the summary has already. */
CREATE OR REPLACE FUNCTION summary_statements(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'medications', 1, m.started_on, fhir_url('medication_statement', subject, m.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'MedicationStatement', 'id', fhir_id('medication_statement', subject, m.id),
               'status', 'active',
               'medicationCodeableConcept', fhir_concept(fhir_system('atc'), m.atc, m.name),
               'subject', fhir_reference('patient', subject, NULL),
               'effectivePeriod', fhir_period(m.started_on, m.ended_on),
               'dateAsserted', m.started_on,
               'dosage', CASE WHEN fhir_string(m.dose) IS NOT NULL THEN jsonb_build_array(jsonb_build_object('text', fhir_string(m.dose))) END)),
           ARRAY[m.name, m.dose, m.started_on::text], NULL::bigint[], NULL::bigint[]
      FROM medication_statement m
     WHERE m.patient_id = subject AND m.superseded_by IS NULL AND m.record_status <> 'entered_in_error'
       AND (m.ended_on IS NULL OR m.ended_on >= (now() AT TIME ZONE INTERVAL '5 hours')::date) AND NOT is_withheld(withheld, 'medication_statement', m.id)
       AND NOT EXISTS (SELECT FROM prescription p WHERE p.patient_id = subject AND p.id IN (SELECT v FROM prescription_all_versions(subject, m.prescription_id) v) AND p.superseded_by IS NULL
                          AND p.status IN ('active', 'dispensed') AND p.valid_to >= (now() AT TIME ZONE INTERVAL '5 hours')::date AND p.record_status <> 'entered_in_error')
       /* What is prescribed is hidden with its prescription. */
       AND NOT coalesce(is_withheld(withheld, 'prescription', m.prescription_id), false)
$$;
