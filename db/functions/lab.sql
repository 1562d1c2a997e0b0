/*
 * The laboratory: the trend of a test, how long a result took, and what a laboratory has to do.
 */

/* Results of one test with a value, oldest first, the latest 500 of them; by the id in the list of tests or by LOINC. Days are days in Kazakhstan, UTC+5. */
CREATE OR REPLACE FUNCTION lab_series(patient bigint, test_id bigint, test_loinc text, first_day date, last_day date) RETURNS SETOF lab_result
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT s.*
      FROM (SELECT r.* FROM lab_result r
             WHERE r.patient_id = patient AND r.loinc = coalesce(test_loinc, (SELECT t.loinc FROM lab_test t WHERE t.id = test_id))
               AND r.superseded_by IS NULL AND r.resulted_at IS NOT NULL AND r.value IS NOT NULL AND r.record_status <> 'entered_in_error'
               AND (first_day IS NULL OR r.resulted_at >= first_day::timestamp AT TIME ZONE INTERVAL '5 hours')
               AND (last_day IS NULL OR r.resulted_at < (last_day + 1)::timestamp AT TIME ZONE INTERVAL '5 hours')
             ORDER BY r.resulted_at DESC, r.id DESC LIMIT 500) s
     ORDER BY s.resulted_at, s.id
$$;

/* Whole minutes from the order to the result. NULL: there is none yet. */
CREATE OR REPLACE FUNCTION lab_result_turnaround(r lab_result) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT least(2147483647, floor(extract(epoch FROM r.resulted_at - r.ordered_at) / 60))::integer';

/* Open orders of the laboratory where the viewer works and as which he asks, as long as an order lets it know whose they are (relation_bound). */
CREATE OR REPLACE FUNCTION lab_orders(viewer text) RETURNS SETOF lab_result
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    SELECT r.*
      FROM access_place(viewer) w
      JOIN lab_result r ON r.clinic_id = w.clinic_id
     WHERE w.role = 'LABORATORY' AND r.status = 'ordered' AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error'
       AND r.ordered_at > now() - (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'lab_result')
     ORDER BY r.ordered_at, r.patient_id, r.id LIMIT 500
$$;
