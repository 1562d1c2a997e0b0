/*
 * What visits and dispensed medicines cost a person and the state, in tiyn: `wanted` is a calendar year in Kazakhstan (UTC+5), NULL all.
 * Entries that should not have been made are left out, and visits whose cost nobody told.
 */
CREATE OR REPLACE FUNCTION spending_lines(subject bigint, wanted integer) RETURNS SETOF spending_line
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT patient_id, spent_on, kind, encounter_id, dispense_id, cost, paid_by_patient, cost - paid_by_patient
      FROM (SELECT e.patient_id, (e.started_at AT TIME ZONE INTERVAL '5 hours')::date AS spent_on, 'visit' AS kind, e.id AS encounter_id, NULL::bigint AS dispense_id,
                   e.cost, e.paid_by_patient
              FROM encounter e
             WHERE e.patient_id = subject AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error' AND e.cost IS NOT NULL
               AND (wanted IS NULL OR e.started_at >= make_timestamptz(wanted, 1, 1, 0, 0, 0, '+05') AND e.started_at < make_timestamptz(wanted + 1, 1, 1, 0, 0, 0, '+05'))
            UNION ALL
            SELECT d.patient_id, d.dispensed_on, 'drug', NULL, d.id, d.price, d.paid_by_patient
              FROM dispense d
             WHERE d.patient_id = subject AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
               AND (wanted IS NULL OR d.dispensed_on >= make_date(wanted, 1, 1) AND d.dispensed_on < make_date(wanted + 1, 1, 1))) line
     /* A year that no calendar has is a year without lines. */
     WHERE wanted IS NULL OR wanted BETWEEN 1 AND 9998
     ORDER BY spent_on DESC, kind DESC, coalesce(encounter_id, dispense_id) DESC
$$;

CREATE OR REPLACE FUNCTION patient_spending(subject bigint, wanted integer) RETURNS SETOF spending_year
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT l.patient_id, extract(year FROM l.spent_on)::integer, count(l.encounter_id)::integer, count(l.dispense_id)::integer,
           sum(l.cost)::bigint, sum(l.paid_by_patient)::bigint, sum(l.paid_by_state)::bigint
      FROM spending_lines(subject, wanted) l
     GROUP BY 1, 2
     ORDER BY 2 DESC
$$;
