/* Import: Immunization, MedicationRequest and MedicationStatement, Procedure, CarePlan and Goal. */
CREATE OR REPLACE FUNCTION private.import_read_treatment(source smallint, force boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM private.import_read_immunizations();
    PERFORM private.import_read_medicines(source, force);
    PERFORM private.import_read_procedures();
    PERFORM private.import_read_plans();
    PERFORM private.import_read_goals(force);
END $$;

/*
 * immunization: day given_on, name vaccine, value dose_number, words lot. A source that does not count doses has them counted: those of the same vaccine that are
 * known by then, and it; of influenza, which is another vaccine each year, each is the first.
 */
CREATE OR REPLACE FUNCTION private.import_read_immunizations() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, day, recorded_at, name, value, words, why)
    SELECT i.n, 'immunization', i.day, i.recorded_at, i.vaccine,
           least(100, coalesce(i.dose, CASE WHEN i.vaccine = 'Тұмау' THEN 1 ELSE
               row_number() OVER (PARTITION BY i.patient_id, i.vaccine, i.dose IS NULL ORDER BY i.day, i.n)
               + (SELECT count(*) FROM immunization v WHERE v.patient_id = i.patient_id AND v.vaccine = i.vaccine AND v.given_on < i.day AND v.superseded_by IS NULL AND v.record_status = 'active') END)),
           i.lot, CASE WHEN i.status = 'not-done' THEN 'a vaccination that was not done' WHEN i.vaccine IS NULL THEN '!it does not say which vaccine' END
      FROM (SELECT s.n, s.patient_id, s.body ->> 'status' AS status, private.fhir_day(coalesce(s.body ->> 'occurrenceDateTime', s.body ->> 'occurrenceString')) AS day,
                   private.fhir_moment(s.body ->> 'recorded') AS recorded_at, fhir_string(s.body ->> 'lotNumber') AS lot,
                   coalesce(private.import_target(s.body -> 'vaccineCode', 'vaccine'), private.fhir_words(s.body -> 'vaccineCode')) AS vaccine,
                   CASE WHEN s.body #>> '{protocolApplied,0,doseNumberPositiveInt}' ~ '^([1-9][0-9]?|100)$' THEN (s.body #>> '{protocolApplied,0,doseNumberPositiveInt}')::integer END AS dose
              FROM import_stage s WHERE s.resource_type = 'Immunization' AND s.state = 'ready') i;
END $$;

/*
 * medication_statement: day started_on, last_day ended_on, kind origin, code ATC, name, words dose. A prescription from abroad can be dispensed by no
 * pharmacy here, so it is a statement of what was prescribed. One that has stopped, nobody says when, is known of one day: its first. The
 * medicine may be a resource of its own: within this one, or a Medication that came, and that is waited for.
 */
CREATE OR REPLACE FUNCTION private.import_read_medicines(source smallint, force boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, day, last_day, recorded_at, kind, code, name, words, why)
    SELECT m.n, 'medication_statement', m.day, CASE WHEN m.status IN ('stopped', 'completed', 'cancelled') THEN coalesce(m.last_day, m.day) WHEN m.statement THEN m.last_day END,
           private.fhir_moment(m.written), CASE WHEN m.statement THEN 'reported' ELSE 'prescription' END, private.import_target(m.concept, 'atc'), private.fhir_words(m.concept), m.dose,
           CASE WHEN m.status IN ('draft', 'cancelled', 'intended', 'not-taken') THEN 'a medicine that was not taken'
                WHEN m.intent IN ('proposal', 'plan') THEN 'a medicine that was only proposed'
                WHEN m.reference THEN 'the Medication that it names has not come'
                WHEN private.fhir_words(m.concept) IS NULL THEN '!it does not say which medicine' END
      FROM (SELECT s.n, s.body ->> 'status' AS status, s.body ->> 'intent' AS intent, s.resource_type = 'MedicationStatement' AS statement,
                   coalesce(s.body ->> 'authoredOn', s.body ->> 'dateAsserted') AS written,
                   private.fhir_day(coalesce(s.body #>> '{effectivePeriod,start}', s.body ->> 'effectiveDateTime', s.body ->> 'authoredOn', s.body ->> 'dateAsserted')) AS day,
                   private.fhir_day(coalesce(s.body #>> '{effectivePeriod,end}', s.body #>> '{dispenseRequest,validityPeriod,end}')) AS last_day, c.concept, s.body ? 'medicationReference' AND c.concept IS NULL AS reference,
                   coalesce(fhir_string(d ->> 'text'),
                            nullif(concat_ws(' ', d #>> '{doseAndRate,0,doseQuantity,value}', d #>> '{doseAndRate,0,doseQuantity,unit}',
                                   CASE WHEN d #> '{timing,repeat,period}' IS NOT NULL THEN format('%s × / %s %s', coalesce(d #>> '{timing,repeat,frequency}', '1'), d #>> '{timing,repeat,period}', d #>> '{timing,repeat,periodUnit}') END), '')) AS dose
              FROM import_stage s,
                   LATERAL (SELECT coalesce(s.body -> 'medicationCodeableConcept',
                                            (SELECT r -> 'code' FROM jsonb_path_query(s.body, 'lax $.contained[*]') r WHERE '#' || (r ->> 'id') = s.body #>> '{medicationReference,reference}' LIMIT 1),
                                            private.import_medicine(source, s.body #>> '{medicationReference,reference}')) AS concept,
                                   coalesce(s.body #> '{dosageInstruction,0}', s.body #> '{dosage,0}') AS d) c
             WHERE s.resource_type IN ('MedicationRequest', 'MedicationStatement') AND s.state = 'ready') m;
    UPDATE import_stage s SET state = 'waiting', reason = 'waits for its Medication', waits_for = s.body #>> '{medicationReference,reference}'
      FROM import_row r WHERE r.n = s.n AND r.why = 'the Medication that it names has not come' AND NOT force AND length(s.body #>> '{medicationReference,reference}') <= 1000;
END $$;

/* What a Medication is, of this batch or of an earlier one; null while it has not come. */
CREATE OR REPLACE FUNCTION private.import_medicine(source smallint, ref text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    named text := substring(ref FROM '(?:^|/)Medication/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]+)?$');
    concept jsonb;
BEGIN
    IF ref IS NULL OR ref LIKE '#%' THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(s.body -> 'code', '{}') INTO concept FROM import_stage s WHERE s.resource_type = 'Medication' AND (s.record_id = named OR s.url = ref) ORDER BY s.n DESC LIMIT 1;
    IF concept IS NULL THEN
        SELECT coalesce(t.body -> 'code', '{}') INTO concept FROM private.source_record t WHERE t.source_id = source AND t.resource_type = 'Medication' AND t.record_id = named;
    END IF;
    IF concept IS NULL THEN
        SELECT coalesce(t.body -> 'code', '{}') INTO concept FROM private.source_record t WHERE t.source_id = source AND t.url = ref AND t.resource_type = 'Medication' LIMIT 1;
    END IF;
    RETURN concept;
END $$;

/* procedure_done: day performed_on, code, name, words result; kind: what it left in the body (implant.kind), whose id is value when it is stored. */
CREATE OR REPLACE FUNCTION private.import_read_procedures() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, day, code, name, words, kind, why)
    SELECT s.n, 'procedure_done', private.fhir_day(coalesce(s.body ->> 'performedDateTime', s.body #>> '{performedPeriod,start}')), left(fhir_string(s.body #>> '{code,coding,0,code}'), 100),
           private.fhir_words(s.body -> 'code'), private.fhir_words(s.body -> 'outcome'), private.import_target(s.body -> 'code', 'implant'),
           CASE WHEN s.body ->> 'status' IN ('preparation', 'not-done') THEN 'a procedure that was not done'
                WHEN private.fhir_words(s.body -> 'code') IS NULL THEN '!it does not say what was done'
                ELSE private.import_target(s.body -> 'code', 'none') END
      FROM import_stage s WHERE s.resource_type = 'Procedure' AND s.state = 'ready';
END $$;

/* care_plan: day started_on, last_day ended_on, status, name title. */
CREATE OR REPLACE FUNCTION private.import_read_plans() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, day, last_day, recorded_at, status, name, why)
    SELECT s.n, 'care_plan', private.fhir_day(coalesce(s.body #>> '{period,start}', s.body ->> 'created')), CASE WHEN x.status IN ('completed', 'revoked') THEN private.fhir_day(s.body #>> '{period,end}') END,
           private.fhir_moment(s.body ->> 'created'), x.status, x.title, CASE WHEN x.title IS NULL THEN '!it does not say what is planned' END
      FROM import_stage s,
           LATERAL (SELECT CASE s.body ->> 'status' WHEN 'draft' THEN 'draft' WHEN 'completed' THEN 'completed' WHEN 'revoked' THEN 'revoked' ELSE 'active' END AS status,
                           coalesce(fhir_string(s.body ->> 'title'), private.fhir_words(s.body #> '{category,0}'), fhir_string(s.body ->> 'description')) AS title) x
     WHERE s.resource_type = 'CarePlan' AND s.state = 'ready';
END $$;

/*
 * care_goal: day set_on, last_day due_on, status, name description; value: its plan in the stage, second_value: or its row. A goal belongs to the plan that names it: one of this batch or
 * one that is kept; until such a plan comes it waits, and in the end has no place. Without a day of its own it was set when the plan began.
 */
CREATE OR REPLACE FUNCTION private.import_read_goals(force boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, day, last_day, status, name, value, second_value, why)
    SELECT s.n, 'care_goal', coalesce(private.fhir_day(s.body ->> 'startDate'), r.day, c.started_on), private.fhir_day(s.body #>> '{target,0,dueDate}'),
           CASE WHEN s.body ->> 'lifecycleStatus' IN ('cancelled', 'rejected') THEN 'cancelled'
                WHEN s.body ->> 'lifecycleStatus' = 'completed' OR s.body #>> '{achievementStatus,coding,0,code}' = 'achieved' THEN 'reached' ELSE 'active' END,
           private.fhir_words(s.body -> 'description'), p.n, p.item_id,
           CASE WHEN private.fhir_words(s.body -> 'description') IS NULL THEN '!it does not say what is to be reached' WHEN num_nonnulls(p.n, p.item_id) = 0 THEN 'no CarePlan names it' END
      FROM import_stage s
      LEFT JOIN LATERAL (SELECT q.n, q.item_id
                           FROM (SELECT g.n, NULL AS item_id, g.body FROM import_stage g WHERE g.resource_type = 'CarePlan' AND g.state = 'ready' AND g.patient_id = s.patient_id
                                 UNION ALL
                                 SELECT NULL, t.item_id, t.body FROM private.source_record t
                                  WHERE t.resource_type = 'CarePlan' AND t.patient_id = s.patient_id AND t.item_table = 'care_plan') q
                          WHERE EXISTS (SELECT FROM jsonb_path_query(q.body, 'lax $.goal[*].reference') v
                                         WHERE v #>> '{}' = s.url OR v #>> '{}' ~ ('(^|/)Goal/' || replace(s.record_id, '.', '\.') || '$'))
                          ORDER BY q.n LIMIT 1) p ON true
      LEFT JOIN import_row r ON r.n = p.n
      LEFT JOIN care_plan c ON c.patient_id = s.patient_id AND c.id = p.item_id
     WHERE s.resource_type = 'Goal' AND s.state = 'ready';
    UPDATE import_stage s SET state = 'waiting', reason = 'waits for the CarePlan that names it'
      FROM import_row r WHERE r.n = s.n AND r.tab = 'care_goal' AND r.why = 'no CarePlan names it' AND NOT force;
END $$;
