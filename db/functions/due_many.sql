/*
 * What is due in a month for many people at once, the living among those with numbers behind `after` up to `until`: the rules of all_due_items()
 * as joins over what the range has, several times cheaper for whoever asks for everybody than its look-ups person by person. That one stays
 * what the server asks; a test compares the two, item by item. Every table is read by the range and then hashed, whatever the planner knows of it.
 */

/* Who is of the age of a rule, with the day on which its age is reached: for a slot until the month's last day, for a screening at some time in the month. */
CREATE OR REPLACE FUNCTION due_many_of_age(of_kind text, after bigint, until bigint, first_day date, last_day date)
RETURNS TABLE (patient_id bigint, rule_id bigint, from_day date, clinic_id bigint) LANGUAGE sql STABLE PARALLEL SAFE ROWS 2000 AS $$
    SELECT p.id, r.id, f.from_day, p.clinic_id
      FROM (SELECT r.id, r.sex, r.from_months, r.from_days, r.to_months,
                   /* Who was born outside of these days is too young or too old, which is cheaper to see than to reckon: months differ by three days. */
                   (last_day - make_interval(months => r.from_months, days => r.from_days))::date + 3 AS born_until,
                   (first_day - make_interval(months => r.to_months))::date AS born_after,
                   CASE of_kind WHEN 'vaccination' THEN last_day ELSE first_day END AS still_on
              FROM plan_rule r WHERE r.kind = of_kind OFFSET 0) r
      JOIN patient p ON p.birth_date > r.born_after AND p.birth_date <= r.born_until AND (r.sex IS NULL OR r.sex = p.sex)
     CROSS JOIN LATERAL (SELECT (p.birth_date + make_interval(months => r.from_months, days => r.from_days))::date AS from_day OFFSET 0) f
     WHERE p.id > after AND p.id <= until AND p.deceased_on IS NULL AND f.from_day <= last_day
       AND (p.birth_date + make_interval(months => r.to_months))::date > r.still_on
$$;

/* Doses that are due or overdue, and nobody has excepted: all_due_items() has those states of vaccine_slots(). */
CREATE OR REPLACE FUNCTION due_many_vaccinations(after bigint, until bigint, first_day date, last_day date) RETURNS SETOF due_item
LANGUAGE sql STABLE PARALLEL SAFE ROWS 500 AS $$
    WITH counts AS ( /* what fills a slot, and what comes before it */
        SELECT r.id AS rule_id, v.vaccine, r.dose_number, true AS fills FROM plan_rule r, unnest(r.vaccines) v (vaccine)
        UNION ALL
        SELECT r.id, v.vaccine, r.dose_number - 1, false FROM plan_rule r, unnest(r.vaccines) v (vaccine) WHERE r.after_months IS NOT NULL
    ), given AS MATERIALIZED (
        SELECT i.patient_id, c.rule_id, max(i.given_on) FILTER (WHERE c.fills) AS last_on, max(i.given_on) FILTER (WHERE NOT c.fills) AS before_on
          FROM immunization i
          JOIN counts c ON c.vaccine = i.vaccine AND (c.dose_number = i.dose_number OR c.fills AND c.dose_number IS NULL)
         WHERE i.patient_id > after AND i.patient_id <= until AND i.superseded_by IS NULL AND i.record_status <> 'entered_in_error'
         GROUP BY 1, 2
    ), excepted AS MATERIALIZED (
        SELECT x.patient_id, x.series FROM vaccine_exception x
         WHERE x.patient_id > after AND x.patient_id <= until AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error'
           AND x.decided_on <= last_day AND (x.valid_to IS NULL OR x.valid_to > last_day)
    )
    SELECT a.patient_id, 'vaccination', d.due_on, d.due_on < first_day, a.rule_id, NULL::bigint, NULL::bigint
      FROM due_many_of_age('vaccination', after, until, first_day, last_day) a
      JOIN plan_rule r ON r.id = a.rule_id AND r.valid_from <= a.from_day AND (r.valid_to IS NULL OR r.valid_to > a.from_day)
      LEFT JOIN given g ON g.patient_id = a.patient_id AND g.rule_id = a.rule_id
      LEFT JOIN excepted x ON x.patient_id = a.patient_id AND x.series = r.series
     CROSS JOIN LATERAL (SELECT greatest(a.from_day, (g.before_on + make_interval(months => r.after_months))::date,
                                         (g.last_on + make_interval(months => r.every_months))::date) AS due_on OFFSET 0) d
     WHERE (g.last_on IS NULL OR r.every_months IS NOT NULL) AND x.series IS NULL AND d.due_on <= last_day
$$;

CREATE OR REPLACE FUNCTION due_many_screenings(after bigint, until bigint, first_day date, last_day date) RETURNS SETOF due_item
LANGUAGE sql STABLE PARALLEL SAFE ROWS 500 AS $$
    WITH looked_at AS MATERIALIZED (
        SELECT s.patient_id, r.id AS rule_id, max(coalesce(s.done_on, s.invited_on)) FILTER (WHERE s.status IN ('done', 'declined')) AS last_on,
               max(s.id) FILTER (WHERE s.status = 'invited') AS invitation_id
          FROM screening_task s
          JOIN plan_rule o ON o.id = s.rule_id
          JOIN plan_rule r ON r.code = o.code
         WHERE s.patient_id > after AND s.patient_id <= until AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error' AND s.invited_on <= last_day
         GROUP BY 1, 2
    )
    SELECT a.patient_id, 'screening', d.due_on, d.due_on < first_day, a.rule_id, NULL::bigint, t.invitation_id
      FROM due_many_of_age('screening', after, until, first_day, last_day) a
      JOIN plan_rule r ON r.id = a.rule_id AND r.valid_from <= last_day AND (r.valid_to IS NULL OR r.valid_to > last_day)
      LEFT JOIN looked_at t ON t.patient_id = a.patient_id AND t.rule_id = a.rule_id
     CROSS JOIN LATERAL (SELECT coalesce((t.last_on + make_interval(months => r.every_months))::date, greatest(a.from_day, r.valid_from)) AS due_on OFFSET 0) d
     WHERE d.due_on <= last_day
       AND NOT EXISTS (SELECT FROM dispensary_registration c
                        WHERE c.patient_id > after AND c.patient_id <= until AND c.patient_id = a.patient_id
                          AND c.superseded_by IS NULL AND c.removed_on IS NULL AND c.record_status <> 'entered_in_error' AND left(c.icd10, 3) = ANY (r.under_care))
       AND (r.at_risk = '{}' OR EXISTS (SELECT FROM condition c
                                         WHERE c.patient_id = a.patient_id AND c.superseded_by IS NULL AND c.clinical_status = 'active' AND c.record_status <> 'entered_in_error'
                                           AND left(c.icd10, 3) = ANY (r.at_risk)))
       AND (NOT r.rural OR EXISTS (SELECT FROM clinic c WHERE c.id = a.clinic_id AND c.rural))
$$;

CREATE OR REPLACE FUNCTION due_many_items(after bigint, until bigint, of_month date) RETURNS SETOF due_item
LANGUAGE plpgsql STABLE ROWS 1000 SET enable_nestloop = off SET enable_mergejoin = off SET jit = off SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
    first_day date := date_trunc('month', of_month)::date;
    last_day date := (date_trunc('month', of_month) + INTERVAL '1 month - 1 day')::date;
BEGIN
    RETURN QUERY SELECT v.* FROM due_many_vaccinations(after, until, first_day, last_day) v;
    RETURN QUERY SELECT s.* FROM due_many_screenings(after, until, first_day, last_day) s;
    RETURN QUERY SELECT r.patient_id, 'dispensary_visit', r.next_visit_on, r.next_visit_on < first_day, NULL::bigint, r.id, NULL::bigint
      FROM dispensary_registration r
      JOIN patient p ON p.id = r.patient_id AND p.deceased_on IS NULL
     WHERE r.patient_id > after AND r.patient_id <= until AND r.superseded_by IS NULL AND r.removed_on IS NULL AND r.record_status <> 'entered_in_error'
       AND r.next_visit_on <= last_day;
END $$;
