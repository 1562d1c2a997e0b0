/*
 * The sections of a patient summary (IPS 2.0): order, LOINC code, which are required, what tables their entries come from, and the
 * headings of their narrative (of the required ones alone the tables matter). A required section stands in every summary, with the reason when it is empty; any other only with entries.
 */
CREATE OR REPLACE FUNCTION summary_sections()
RETURNS TABLE (place integer, section text, loinc text, display text, required boolean, tables text[], headings text[]) LANGUAGE sql IMMUTABLE AS $$
    VALUES (1, 'problems', '11450-4', 'Problem list - Reported', true, '{condition}'::text[], '{code,name,since}'::text[]),
           (2, 'allergies', '48765-2', 'Allergies and adverse reactions Document', true, '{allergy}', '{substance,criticality,reaction}'),
           (3, 'medications', '10160-0', 'History of Medication use Narrative', true, '{prescription,medication_statement}', '{name,dose,since}'),
           (4, 'alerts', '104605-1', 'Alert', false, '{}', '{name,value,since}'),
           (5, 'immunizations', '11369-6', 'History of Immunization Narrative', false, '{}', '{date,name,dose number}'),
           (6, 'results', '30954-2', 'Relevant diagnostic tests/laboratory data Narrative', false, '{}', '{name,value,date}'),
           (7, 'procedures', '47519-4', 'History of Procedures Document', false, '{}', '{date,name,value}'),
           (8, 'devices', '46264-8', 'History of medical device use', false, '{}', '{name,since,mri}'),
           (9, 'past', '11348-0', 'History of Past illness Narrative', false, '{}', '{code,name,since,until}'),
           (10, 'pregnancy', '10162-6', 'History of pregnancies Narrative', false, '{}', '{name,due on,since}'),
           (11, 'vitals', '8716-3', 'Vital signs', false, '{}', '{name,value,date}'),
           (12, 'social', '29762-2', 'Social history Narrative', false, '{}', '{name,value,date}'),
           (13, 'plan', '18776-5', 'Plan of care note', false, '{}', '{code,name,since,next visit}'),
           (14, 'stays', '46240-8', 'History of Hospitalizations+Outpatient visits Narrative', false, '{}', '{since,until,place,code}')
$$;

CREATE OR REPLACE FUNCTION icd10_display(i icd10, lang text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE lang WHEN 'kk' THEN i.name_kk WHEN 'ru' THEN i.name_ru ELSE i.name_en END
$$;

/* Whether an entry is kept from the viewer; `withheld` as access_rights() says it, as an array. */
CREATE OR REPLACE FUNCTION is_withheld(withheld text[], kind text, id bigint) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT kind = ANY (withheld) OR kind || ':' || id = ANY (withheld)
$$;

CREATE OR REPLACE FUNCTION summary_problems(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT CASE c.clinical_status WHEN 'resolved' THEN 'past' ELSE 'problems' END,
           CASE c.clinical_status WHEN 'active' THEN 0 ELSE 1 END, c.recorded_on, fhir_url('condition', subject, c.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Condition', 'id', fhir_id('condition', subject, c.id),
               /* An end and the state "active" exclude each other (con-4); a person of whom the end is known is not ill any more. */
               'clinicalStatus', fhir_state('condition-clinical', CASE c.clinical_status WHEN 'remission' THEN 'remission' WHEN 'resolved' THEN 'resolved' ELSE 'active' END),
               'verificationStatus', fhir_state('condition-ver-status', 'confirmed'),
               'category', jsonb_build_array(fhir_state('condition-category', 'problem-list-item')),
               'code', fhir_concept(fhir_system('icd10'), c.icd10, icd10_display(i, lang), c.name),
               'subject', fhir_reference('patient', subject, NULL),
               'onsetDateTime', c.onset, 'abatementDateTime', c.abated_on, 'recordedDate', c.recorded_on,
               'recorder', fhir_reference('practitioner', NULL, c.recorded_by),
               'note', CASE WHEN c.record_status = 'disputed' THEN fhir_note(document_word('disputed', lang)) END)),
           ARRAY[c.icd10, icd10_display(i, lang), coalesce(c.onset, c.recorded_on)::text]
               || CASE c.clinical_status WHEN 'resolved' THEN ARRAY[c.abated_on::text] END,
           ARRAY[c.recorded_by], NULL::bigint[]
      FROM condition c
      JOIN icd10 i ON i.code = c.icd10
     WHERE c.patient_id = subject AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'condition', c.id)
$$;

CREATE OR REPLACE FUNCTION summary_allergies(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'allergies', CASE a.criticality WHEN 'high' THEN 0 ELSE 1 END, a.noted_on, fhir_url('allergy', subject, a.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'AllergyIntolerance', 'id', fhir_id('allergy', subject, a.id),
               'clinicalStatus', fhir_state('allergyintolerance-clinical', 'active'),
               'verificationStatus', fhir_state('allergyintolerance-verification', CASE WHEN a.verified THEN 'confirmed' ELSE 'unconfirmed' END),
               'category', jsonb_build_array(a.category),
               'criticality', replace(a.criticality, '_', '-'),
               'code', fhir_concept(fhir_system('atc'), a.atc, a.substance),
               'patient', fhir_reference('patient', subject, NULL),
               'recordedDate', a.noted_on,
               'recorder', fhir_reference('practitioner', NULL, a.recorded_by),
               'reaction', CASE WHEN fhir_string(a.reaction) IS NOT NULL
                                THEN jsonb_build_array(jsonb_build_object('manifestation', jsonb_build_array(jsonb_build_object('text', fhir_string(a.reaction))))) END,
               'note', CASE WHEN a.record_status = 'disputed' THEN fhir_note(document_word('disputed', lang)) END)),
           ARRAY[a.substance, document_word(a.criticality, lang), a.reaction], ARRAY[a.recorded_by], NULL::bigint[]
      FROM allergy a
     WHERE a.patient_id = subject AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'allergy', a.id)
$$;

/* What is prescribed and may still be taken: active, or given out and not past its last day. */
CREATE OR REPLACE FUNCTION summary_medications(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'medications', 0, p.issued_on, fhir_url('prescription', subject, p.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'MedicationRequest', 'id', fhir_id('prescription', subject, p.id),
               'status', 'active', 'intent', 'order',
               'medicationCodeableConcept', fhir_concept(fhir_system('atc'), d.atc, n.inn, concat_ws(' ', d.name, d.strength)),
               'subject', fhir_reference('patient', subject, NULL),
               'authoredOn', p.issued_on,
               'requester', fhir_reference('practitioner', NULL, p.prescriber_id),
               'dosageInstruction', CASE WHEN fhir_string(p.dose) IS NOT NULL THEN jsonb_build_array(jsonb_build_object('text', fhir_string(p.dose))) END,
               'dispenseRequest', jsonb_build_object('validityPeriod', fhir_period(p.issued_on, p.valid_to)),
               'note', CASE WHEN p.record_status = 'disputed' THEN fhir_note(document_word('disputed', lang)) END)),
           ARRAY[concat_ws(' ', n.inn, d.strength), p.dose, p.issued_on::text], ARRAY[p.prescriber_id], NULL::bigint[]
      FROM prescription p
      JOIN drug d ON d.id = p.drug_id
     CROSS JOIN LATERAL (SELECT CASE lang WHEN 'kk' THEN drug_inn_kk(d) WHEN 'ru' THEN drug_inn_ru(d) ELSE drug_inn_en(d) END AS inn) n
     WHERE p.patient_id = subject AND p.superseded_by IS NULL AND p.record_status <> 'entered_in_error'
       AND p.status IN ('active', 'dispensed') AND p.valid_to >= (now() AT TIME ZONE INTERVAL '5 hours')::date
       AND NOT is_withheld(withheld, 'prescription', p.id)
$$;

CREATE OR REPLACE FUNCTION summary_immunizations(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'immunizations', 0, m.given_on, fhir_url('immunization', subject, m.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Immunization', 'id', fhir_id('immunization', subject, m.id),
               'status', 'completed',
               'vaccineCode', jsonb_build_object('text', fhir_string(m.vaccine)),
               'patient', fhir_reference('patient', subject, NULL),
               'occurrenceDateTime', m.given_on,
               'lotNumber', fhir_string(m.lot),
               'performer', CASE WHEN m.clinic_id IS NOT NULL
                                 THEN jsonb_build_array(jsonb_build_object('actor', fhir_reference('clinic', NULL, m.clinic_id))) END,
               'protocolApplied', jsonb_build_array(jsonb_build_object('doseNumberPositiveInt', m.dose_number)),
               'note', CASE WHEN m.record_status = 'disputed' THEN fhir_note(document_word('disputed', lang)) END)),
           ARRAY[m.given_on::text, m.vaccine, m.dose_number::text], NULL::bigint[], ARRAY[m.clinic_id]
      FROM immunization m
     WHERE m.patient_id = subject AND m.superseded_by IS NULL AND m.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'immunization', m.id)
$$;

/* The blood group is of the person, not of an entry: nobody says when it was found, or by whom. */
CREATE OR REPLACE FUNCTION summary_results(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'results', 0, NULL::date, fhir_url('blood group', subject, NULL),
           jsonb_build_object(
               'resourceType', 'Observation', 'id', fhir_id('blood group', subject, NULL),
               'status', 'final',
               'category', jsonb_build_array(fhir_state('observation-category', 'laboratory')),
               'code', fhir_concept(fhir_system('loinc'), '882-1', 'ABO and Rh group [Type] in Blood', document_word('blood group', lang)),
               'subject', fhir_reference('patient', subject, NULL),
               '_effectiveDateTime', jsonb_build_object('extension', jsonb_build_array(jsonb_build_object(
                   'url', 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', 'valueCode', 'unknown'))),
               'performer', jsonb_build_array(jsonb_build_object('display', document_word('not recorded', lang))),
               'valueCodeableConcept', jsonb_build_object('text', p.blood_group)),
           ARRAY[document_word('blood group', lang), p.blood_group, NULL], NULL::bigint[], NULL::bigint[]
      FROM patient p
     WHERE p.id = subject AND p.blood_group IS NOT NULL
$$;

CREATE OR REPLACE FUNCTION summary_plan(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'plan', 0, r.registered_on, fhir_url('dispensary_registration', subject, r.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'CarePlan', 'id', fhir_id('dispensary_registration', subject, r.id),
               'status', 'active', 'intent', 'plan',
               'title', document_word('observed', lang),
               'description', concat_ws(' ', r.icd10, icd10_display(i, lang)),
               'subject', fhir_reference('patient', subject, NULL),
               'period', fhir_period(r.registered_on, NULL),
               'created', r.registered_on,
               'author', fhir_reference('practitioner', NULL, r.practitioner_id),
               /* A diagnosis that is kept from the viewer takes its registration with it (access_hidden). */
               'addresses', CASE WHEN c.id IS NOT NULL THEN jsonb_build_array(fhir_reference('condition', subject, c.id)) END,
               'activity', CASE WHEN r.next_visit_on IS NOT NULL
                                THEN jsonb_build_array(jsonb_build_object('detail', jsonb_build_object(
                                         'kind', 'Appointment', 'status', 'scheduled',
                                         'code', jsonb_build_object('text', document_word('next visit', lang)),
                                         'scheduledPeriod', fhir_period(r.next_visit_on, NULL)))) END)),
           ARRAY[r.icd10, icd10_display(i, lang), r.registered_on::text, r.next_visit_on::text], ARRAY[r.practitioner_id], NULL::bigint[]
      FROM dispensary_registration r
      JOIN icd10 i ON i.code = r.icd10
      LEFT JOIN condition c ON c.patient_id = subject AND c.id IN (SELECT v FROM condition_all_versions(subject, r.condition_id) v) AND c.superseded_by IS NULL
                           AND c.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'condition', c.id)
     WHERE r.patient_id = subject AND r.superseded_by IS NULL AND r.removed_on IS NULL AND r.record_status <> 'entered_in_error'
       AND NOT is_withheld(withheld, 'dispensary_registration', r.id)
$$;

CREATE OR REPLACE FUNCTION summary_stays(subject bigint, withheld text[], lang text) RETURNS SETOF summary_entry LANGUAGE sql STABLE AS $$
    SELECT 'stays', 0, h.admitted_on, fhir_url('hospitalization', subject, h.id),
           jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Encounter', 'id', fhir_id('hospitalization', subject, h.id),
               'status', CASE WHEN h.discharged_on IS NULL THEN 'in-progress' ELSE 'finished' END,
               'class', jsonb_build_object('system', 'http://terminology.hl7.org/CodeSystem/v3-ActCode', 'code', 'IMP', 'display', 'inpatient encounter'),
               'subject', fhir_reference('patient', subject, NULL),
               'period', fhir_period(h.admitted_on, h.discharged_on),
               'reasonCode', jsonb_build_array(fhir_concept(fhir_system('icd10'), i.code, icd10_display(i, lang))),
               'serviceProvider', fhir_reference('clinic', NULL, h.clinic_id))),
           ARRAY[h.admitted_on::text, h.discharged_on::text, n.name, concat_ws(' ', i.code, icd10_display(i, lang))], NULL::bigint[], ARRAY[h.clinic_id]
      FROM hospitalization h
      JOIN icd10 i ON i.code = coalesce(h.icd10_discharge, h.icd10_admission)
      JOIN clinic c ON c.id = h.clinic_id
     CROSS JOIN LATERAL (SELECT CASE lang WHEN 'kk' THEN clinic_name_kk(c) WHEN 'ru' THEN clinic_name_ru(c) ELSE clinic_name_en(c) END AS name) n
     WHERE h.patient_id = subject AND h.superseded_by IS NULL AND h.record_status <> 'entered_in_error' AND NOT is_withheld(withheld, 'hospitalization', h.id)
$$;
