/*
 * The child's passport. A childhood ends with the day before the 18th birthday; what was recorded in it stays in the passport of a person who
 * has grown up, and nothing later is added.
 */

/* Measurements of growth in childhood, oldest first; of one kind, or of all. */
CREATE OR REPLACE FUNCTION growth_curve(patient bigint, of_kind text) RETURNS SETOF observation
LANGUAGE sql STABLE PARALLEL SAFE ROWS 40 AS $$
    SELECT o.*
      FROM patient p
      JOIN observation o ON o.patient_id = p.id
     WHERE p.id = patient AND o.superseded_by IS NULL AND o.record_status <> 'entered_in_error'
       AND o.kind IN ('weight', 'height', 'head_circumference', 'bmi') AND (of_kind IS NULL OR o.kind = of_kind)
       AND o.observed_at < (p.birth_date + INTERVAL '18 years') AT TIME ZONE INTERVAL '5 hours'
     ORDER BY o.observed_at, o.id LIMIT 1000
$$;

/*
 * Each milestone with the last time that the child was looked at for it, by the age at which it is expected. Whether it is time is said by
 * age alone: what was found is an entry, which its owner may have hidden from who asks.
 */
CREATE OR REPLACE FUNCTION milestone_states(patient bigint) RETURNS SETOF milestone_state
LANGUAGE sql STABLE PARALLEL SAFE ROWS 16 AS $$
    SELECT p.id, m.id,
           CASE WHEN d.day < (p.birth_date + make_interval(months => m.from_months))::date THEN 'upcoming'
                WHEN d.day < (p.birth_date + make_interval(months => m.to_months))::date THEN 'expected'
                ELSE 'past' END,
           c.id
      FROM patient p
     CROSS JOIN LATERAL (SELECT least(kz_today(), p.deceased_on) AS day OFFSET 0) d
     CROSS JOIN milestone m
      LEFT JOIN LATERAL (SELECT k.id FROM milestone_check k
                          WHERE k.patient_id = p.id AND k.milestone_id = m.id AND k.superseded_by IS NULL AND k.record_status <> 'entered_in_error'
                          ORDER BY k.checked_on DESC, k.id DESC LIMIT 1) c ON true
     WHERE p.id = patient
     ORDER BY m.to_months, m.id
$$;
