/*
 * Visits of a month that may never have been, for whoever owns the tables. Rules and their scores (of 100):
 *   after_death 100   begun on a later day than the one on which the person died
 *   disputed     90   the person says "I was not there", or that it was somebody else's
 *   in_hospital  80   on a day within a stay in another organisation
 *   two_places   60   within 30 minutes of a visit to another organisation, also of the month before or behind; of the two, the one that nobody confirmed when the other was
 *   crowded_day  40   the doctor has more than 60 visits on that day
 *   other_region 30   in another region than the person is attached in, and nobody confirmed it
 *   no_trace     20   for an illness at the cost of the state (of what is entered here: not paid by the patient), nobody confirmed it, and the organisation has recorded nothing else of the
 *                     person then: no diagnosis, no prescription, no test, no study, no referral, no certificate; where the source says for which diagnosis
 *                     it was, that is a trace (of what is entered here the code alone says it)
 *
 * In three steps, so that a run over everybody can say how far it is: begin, then people by people, then end.
 */
CREATE OR REPLACE FUNCTION visit_flags_begin(day date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM private.visit_flag f WHERE f.month = day;
    /* The one rule that is about many people. */
    CREATE TEMP TABLE crowded_day AS
    SELECT e.practitioner_id, d.on_day
      FROM encounter e, LATERAL (SELECT (e.started_at AT TIME ZONE INTERVAL '5 hours')::date AS on_day) d
     WHERE e.superseded_by IS NULL AND e.record_status <> 'entered_in_error' AND e.practitioner_id IS NOT NULL
       AND e.started_at >= day::timestamp AT TIME ZONE INTERVAL '5 hours' AND e.started_at < (day + INTERVAL '1 month') AT TIME ZONE INTERVAL '5 hours'
     GROUP BY 1, 2 HAVING count(*) > 60;
END $$;

/* Of the people with numbers behind `after` up to `until`. */
CREATE OR REPLACE FUNCTION visit_flags_step(day date, after bigint, until bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH near AS MATERIALIZED (
        /* Of the month, and of the half hours beside it. */
        SELECT e.patient_id, e.id, e.source_id, e.clinic_id, e.practitioner_id, e.condition_id, e.kind, e.icd10, e.payer, e.confirmed_by = 'none' AS unconfirmed, e.started_at,
               (e.started_at AT TIME ZONE INTERVAL '5 hours')::date AS on_day
          FROM encounter e
         WHERE e.patient_id > after AND e.patient_id <= until AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error'
           AND e.started_at >= day::timestamp AT TIME ZONE INTERVAL '5 hours' - INTERVAL '30 minutes'
           AND e.started_at < (day + INTERVAL '1 month') AT TIME ZONE INTERVAL '5 hours' + INTERVAL '30 minutes'
    ), visit AS MATERIALIZED (
        SELECT n.* FROM near n WHERE n.on_day >= day AND n.on_day < day + INTERVAL '1 month'
    ), flag AS (
        SELECT v.*, 'after_death' AS rule, 100 AS score
          FROM visit v JOIN patient p ON p.id = v.patient_id WHERE v.on_day > p.deceased_on
        UNION ALL
        SELECT v.*, 'disputed', 90
          FROM visit v WHERE EXISTS (SELECT FROM dispute d WHERE d.patient_id = v.patient_id AND d.item_table = 'encounter'
                                        AND d.item_id IN (SELECT x FROM encounter_all_versions(v.patient_id, v.id) x)
                                        AND d.reason IN ('not_there', 'wrong_person') AND d.status <> 'rejected')
        UNION ALL
        SELECT v.*, 'in_hospital', 80
          FROM visit v WHERE EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = v.patient_id AND h.superseded_by IS NULL AND h.record_status <> 'entered_in_error'
                                        AND h.clinic_id <> v.clinic_id AND h.admitted_on < v.on_day AND (h.discharged_on IS NULL OR h.discharged_on > v.on_day))
        UNION ALL
        SELECT v.*, 'two_places', 60
          FROM visit v WHERE v.kind IN ('visit', 'preventive') AND EXISTS (SELECT FROM near o WHERE o.patient_id = v.patient_id AND o.kind IN ('visit', 'preventive')
                                        AND o.clinic_id <> v.clinic_id AND (v.unconfirmed OR NOT o.unconfirmed)
                                        AND o.started_at BETWEEN v.started_at - INTERVAL '30 minutes' AND v.started_at + INTERVAL '30 minutes')
        UNION ALL
        SELECT v.*, 'crowded_day', 40
          FROM visit v WHERE EXISTS (SELECT FROM crowded_day c WHERE c.practitioner_id = v.practitioner_id AND c.on_day = v.on_day)
        UNION ALL
        SELECT v.*, 'other_region', 30
          FROM visit v
          JOIN patient p ON p.id = v.patient_id
          JOIN clinic own ON own.id = p.clinic_id
          JOIN clinic there ON there.id = v.clinic_id AND there.kind = 'polyclinic' AND there.region_id <> own.region_id
         WHERE v.unconfirmed AND v.kind = 'visit'
        UNION ALL
        SELECT v.*, 'no_trace', 20
          FROM visit v
         WHERE v.unconfirmed AND v.kind = 'visit' AND (v.payer <> 'paid' OR v.payer IS NULL AND v.source_id = 1) AND v.icd10 IS NOT NULL AND (v.condition_id IS NULL OR v.source_id = 1)
           AND NOT EXISTS (SELECT FROM condition x WHERE x.patient_id = v.patient_id AND x.clinic_id = v.clinic_id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.recorded_on BETWEEN v.on_day AND v.on_day + 1)
           AND NOT EXISTS (SELECT FROM prescription x WHERE x.patient_id = v.patient_id AND x.clinic_id = v.clinic_id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.issued_on BETWEEN v.on_day AND v.on_day + 1)
           AND NOT EXISTS (SELECT FROM lab_result x WHERE x.patient_id = v.patient_id AND x.clinic_id = v.clinic_id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.ordered_at BETWEEN v.started_at AND v.started_at + INTERVAL '1 day')
           AND NOT EXISTS (SELECT FROM diagnostic_report x WHERE x.patient_id = v.patient_id AND x.clinic_id = v.clinic_id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.performed_at BETWEEN v.started_at AND v.started_at + INTERVAL '1 day')
           AND NOT EXISTS (SELECT FROM hospital_referral x WHERE x.patient_id = v.patient_id AND x.from_clinic_id = v.clinic_id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.referred_on BETWEEN v.on_day AND v.on_day + 1)
           AND NOT EXISTS (SELECT FROM certificate x WHERE x.patient_id = v.patient_id AND x.clinic_id = v.clinic_id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.issued_on BETWEEN v.on_day AND v.on_day + 1)
    )
    INSERT INTO private.visit_flag (patient_id, encounter_id, clinic_id, month, rule, score)
    SELECT f.patient_id, f.id, f.clinic_id, day, f.rule, f.score FROM flag f;
END $$;

CREATE OR REPLACE FUNCTION visit_flags_end(day date) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE crowded_day;
    RETURN (SELECT count(*) FROM private.visit_flag f WHERE f.month = day);
END $$;

/* The month of a day, at once. */
CREATE OR REPLACE FUNCTION compute_visit_flags(of_month date) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    day date := date_trunc('month', of_month)::date;
BEGIN
    PERFORM job_turn('visit-monitor', day);
    PERFORM visit_flags_begin(day);
    PERFORM visit_flags_step(day, 0, 9223372036854775807);
    RETURN visit_flags_end(day);
END $$;
