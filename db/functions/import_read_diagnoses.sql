/* Import: Condition and AllergyIntolerance. */

/* What concept_map makes of a concept in the list `kind`: of its first code that it knows. */
CREATE OR REPLACE FUNCTION private.import_target(concept jsonb, kind text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    coding jsonb := concept -> 'coding';
    found text;
BEGIN
    IF jsonb_typeof(coding) = 'array' THEN
        FOR i IN 0 .. jsonb_array_length(coding) - 1 LOOP
            SELECT m.target INTO found FROM concept_map m
             WHERE m.system = coding -> i ->> 'system' AND m.code = coding -> i ->> 'code' AND m.target_kind = kind AND m.unit = '';
            EXIT WHEN found IS NOT NULL;
        END LOOP;
    END IF;
    RETURN found;
END $$;

/* ICD-10 of a concept: its own, where the list has it; else what its code becomes. */
CREATE OR REPLACE FUNCTION private.import_icd10(concept jsonb) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT i.code FROM jsonb_path_query(concept, 'lax $.coding[*]') c JOIN icd10 i ON i.code = c ->> 'code'
                      WHERE c ->> 'system' IN ('http://hl7.org/fhir/sid/icd-10', 'urn:oid:2.16.840.1.113883.6.3') LIMIT 1),
                    (SELECT i.code FROM icd10 i WHERE i.code = private.import_target(concept, 'icd10')))
$$;

/* What a concept without a place is called in the report: by its first code, never by words, which could tell of a person. */
CREATE OR REPLACE FUNCTION private.import_code(concept jsonb) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(private.import_target(concept, 'none'),
                    CASE WHEN concept #>> '{coding,0,code}' IS NULL THEN 'it has no code'
                         ELSE format('%s %s has no place here', CASE concept #>> '{coding,0,system}' WHEN 'http://snomed.info/sct' THEN 'SNOMED CT' WHEN 'http://loinc.org' THEN 'LOINC'
                                                                 WHEN 'http://hl7.org/fhir/sid/cvx' THEN 'CVX' WHEN 'http://www.nlm.nih.gov/research/umls/rxnorm' THEN 'RxNorm' ELSE 'code' END,
                                     left(concept #>> '{coding,0,code}', 40)) END)
$$;

/*
 * Condition: day recorded_on, first_day onset, last_day abated_on, status clinical_status, code ICD-10. One that is a pregnancy goes to
 * that table: day noted_on, last_day ended_on.
 */
CREATE OR REPLACE FUNCTION private.import_read_diagnoses() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
BEGIN
    INSERT INTO import_row (n, tab, day, first_day, last_day, recorded_at, code, name, status, why)
    SELECT c.n, CASE WHEN c.pregnant THEN 'pregnancy' ELSE 'condition' END, CASE WHEN c.pregnant THEN c.onset ELSE coalesce(c.recorded_on, c.onset) END,
           CASE WHEN NOT c.pregnant THEN c.onset END, CASE WHEN c.status <> 'active' THEN c.abated END, c.recorded_at, c.icd10, c.name,
           CASE WHEN NOT c.pregnant THEN c.status WHEN c.status = 'active' THEN 'ongoing' ELSE 'ended' END,
           CASE WHEN c.verification = 'refuted' THEN 'it says that the person does not have it'
                WHEN c.name IS NULL THEN '!it does not say what it is'
                WHEN c.pregnant AND c.onset IS NULL THEN '!it has no date that can be read'
                WHEN c.pregnant AND c.sex <> 'female' THEN '!a pregnancy of a man'
                WHEN c.pregnant AND c.status <> 'active' AND c.abated IS NULL THEN 'a pregnancy that has ended, nobody says when'
                WHEN c.pregnant AND c.status = 'active' AND c.onset < today - 310 THEN 'a pregnancy that has gone on for longer than one can'
                WHEN c.pregnant AND c.status = 'active' AND (c.nth > 1 OR c.goes_on) THEN 'another pregnancy goes on'
                WHEN NOT c.pregnant AND c.icd10 IS NULL THEN private.import_code(c.concept)
                WHEN c.onset > c.recorded_on THEN '!it begins after it was recorded'
                WHEN c.abated < coalesce(c.onset, c.recorded_on) THEN '!it ends before it begins' END
      FROM (SELECT s.n, x.*, w.sex, private.import_target(x.concept, 'pregnancy') IS NOT NULL AS pregnant, private.import_icd10(x.concept) AS icd10,
                   row_number() OVER (PARTITION BY s.patient_id, x.status, private.import_target(x.concept, 'pregnancy') ORDER BY s.n) AS nth,
                   EXISTS (SELECT FROM pregnancy g WHERE g.patient_id = s.patient_id AND g.status = 'ongoing' AND g.superseded_by IS NULL AND g.record_status <> 'entered_in_error'
                            AND g.id IS DISTINCT FROM s.old_item_id) AS goes_on
              FROM import_stage s JOIN patient w ON w.id = s.patient_id,
                   LATERAL (SELECT s.body -> 'code' AS concept, private.fhir_words(s.body -> 'code') AS name, s.body #>> '{verificationStatus,coding,0,code}' AS verification,
                                   private.fhir_day(coalesce(s.body ->> 'onsetDateTime', s.body #>> '{onsetPeriod,start}')) AS onset,
                                   private.fhir_day(coalesce(s.body ->> 'abatementDateTime', s.body #>> '{abatementPeriod,start}')) AS abated,
                                   private.fhir_day(s.body ->> 'recordedDate') AS recorded_on, private.fhir_moment(s.body ->> 'recordedDate') AS recorded_at,
                                   CASE WHEN s.body #>> '{clinicalStatus,coding,0,code}' IN ('inactive', 'resolved') THEN 'resolved'
                                        WHEN s.body #>> '{clinicalStatus,coding,0,code}' = 'remission' THEN 'remission'
                                        WHEN s.body ? 'abatementDateTime' OR s.body ? 'abatementPeriod' THEN 'resolved' ELSE 'active' END AS status) x
             WHERE s.resource_type = 'Condition' AND s.state = 'ready') c;
    PERFORM private.import_read_allergies();
END $$;

/* AllergyIntolerance: day noted_on, yes verified, kind category, status criticality, name substance, code ATC, words reaction. */
CREATE OR REPLACE FUNCTION private.import_read_allergies() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, day, recorded_at, yes, kind, status, name, code, words, why)
    SELECT s.n, 'allergy', private.fhir_day(coalesce(s.body ->> 'onsetDateTime', s.body ->> 'recordedDate')), private.fhir_moment(s.body ->> 'recordedDate'),
           coalesce(x.verification = 'confirmed', false), coalesce(x.category, 'medication'),
           CASE s.body ->> 'criticality' WHEN 'low' THEN 'low' WHEN 'high' THEN 'high' ELSE 'unable_to_assess' END, private.fhir_words(s.body -> 'code'),
           private.import_target(s.body -> 'code', 'atc'), private.fhir_words(s.body #> '{reaction,0,manifestation,0}'),
           CASE WHEN x.verification = 'refuted' THEN 'it says that the person does not have it'
                WHEN s.body #>> '{clinicalStatus,coding,0,code}' IN ('inactive', 'resolved') THEN 'an allergy that is over has no place here'
                WHEN private.fhir_words(s.body -> 'code') IS NULL THEN '!it does not say what it is'
                ELSE private.import_target(s.body -> 'code', 'none') END
      FROM import_stage s,
           LATERAL (SELECT s.body #>> '{verificationStatus,coding,0,code}' AS verification,
                           CASE WHEN s.body #>> '{category,0}' IN ('medication', 'food', 'environment', 'biologic') THEN s.body #>> '{category,0}' END AS category) x
     WHERE s.resource_type = 'AllergyIntolerance' AND s.state = 'ready';
END $$;
