/*
 * What visits and dispensed medicines cost a person and the state, in tiyn: `wanted` is a calendar year in Kazakhstan (UTC+5), NULL all.
 * Entries that should not have been made are left out, and visits whose cost nobody told.
 */
CREATE OR REPLACE FUNCTION spending_entries(subject bigint, wanted integer) RETURNS SETOF spending_line
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    /* A year that no calendar has is a year without entries. */
    WITH y AS (SELECT CASE WHEN wanted BETWEEN 1 AND 9998 THEN wanted ELSE 9998 END AS first)
    SELECT patient_id, spent_on, kind, encounter_id, dispense_id, cost, paid_by_patient, cost - paid_by_patient
      FROM (SELECT e.patient_id, (e.started_at AT TIME ZONE INTERVAL '5 hours')::date AS spent_on, 'visit' AS kind, e.id AS encounter_id, NULL::bigint AS dispense_id,
                   e.cost, e.paid_by_patient
              FROM y, encounter e
             WHERE e.patient_id = subject AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error' AND e.cost IS NOT NULL
               AND (wanted IS NULL OR e.started_at >= make_timestamptz(y.first, 1, 1, 0, 0, 0, '+05') AND e.started_at < make_timestamptz(y.first + 1, 1, 1, 0, 0, 0, '+05'))
            UNION ALL
            SELECT d.patient_id, d.dispensed_on, 'drug', NULL, d.id, d.price, d.paid_by_patient
              FROM y, dispense d
             WHERE d.patient_id = subject AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
               AND (wanted IS NULL OR d.dispensed_on >= make_date(y.first, 1, 1) AND d.dispensed_on < make_date(y.first + 1, 1, 1))) line
$$;

CREATE OR REPLACE FUNCTION patient_spending(subject bigint, wanted integer) RETURNS SETOF spending_year
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT l.patient_id, extract(year FROM l.spent_on)::integer, count(l.encounter_id)::integer, count(l.dispense_id)::integer,
           sum(l.cost)::bigint, sum(l.paid_by_patient)::bigint, sum(l.paid_by_state)::bigint
      FROM spending_entries(subject, wanted) l
     GROUP BY 1, 2
     ORDER BY 2 DESC
$$;

/* The entries of one year: of this one when none is said. */
CREATE OR REPLACE FUNCTION spending_lines(subject bigint, wanted integer) RETURNS SETOF spending_line
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT l.* FROM spending_entries(subject, coalesce(wanted, extract(year FROM now() AT TIME ZONE INTERVAL '5 hours')::integer)) l
     ORDER BY l.spent_on DESC, l.kind DESC, coalesce(l.encounter_id, l.dispense_id) DESC
$$;
