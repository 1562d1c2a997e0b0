/*
 * What the rules of prevention (plan_rule) mean for a person: all by index look-ups of that person. Each is one SELECT that the
 * planner can inline, so that a list of people is one plan. Days are days in Kazakhstan, UTC+5.
 */
CREATE OR REPLACE FUNCTION kz_today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
RETURN (now() AT TIME ZONE INTERVAL '5 hours')::date;

/*
 * A person's calendar as it stands on a day, in the order in which doses are due. A slot is for who reached its age while its rule was
 * in force. A dose that is given again and again is due so long after the last; the slot then shows the last while it still holds.
 */
CREATE OR REPLACE FUNCTION vaccine_slots(patient bigint, as_of date) RETURNS SETOF calendar_slot
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT p.id, r.id, d.due_on,
           CASE WHEN g.id IS NOT NULL THEN 'given'
                WHEN e.kind = 'exemption' THEN 'exempt'
                WHEN e.kind = 'refusal' THEN 'refused'
                WHEN p.deceased_on <= as_of OR (p.birth_date + make_interval(months => r.to_months))::date <= as_of THEN 'missed'
                WHEN d.due_on > as_of THEN 'upcoming'
                WHEN d.due_on + r.late_days < as_of THEN 'overdue'
                ELSE 'due' END,
           g.id, CASE WHEN g.id IS NULL THEN e.id END
      FROM patient p
      JOIN plan_rule r ON r.kind = 'vaccination' AND (r.sex IS NULL OR r.sex = p.sex)
     CROSS JOIN LATERAL (SELECT (p.birth_date + make_interval(months => r.from_months, days => r.from_days))::date AS due_on OFFSET 0) f
      LEFT JOIN LATERAL (SELECT i.id, i.given_on FROM immunization i
                          WHERE i.patient_id = p.id AND i.superseded_by IS NULL AND i.record_status <> 'entered_in_error'
                            AND i.vaccine = ANY (r.vaccines) AND (r.dose_number IS NULL OR i.dose_number = r.dose_number)
                          ORDER BY i.given_on DESC, i.id DESC LIMIT 1) i ON true
      LEFT JOIN LATERAL (SELECT max(b.given_on) AS given_on FROM immunization b
                          WHERE r.after_months IS NOT NULL AND b.patient_id = p.id AND b.superseded_by IS NULL AND b.record_status <> 'entered_in_error'
                            AND b.vaccine = ANY (r.vaccines) AND b.dose_number = r.dose_number - 1) b ON true
     CROSS JOIN LATERAL (SELECT greatest(f.due_on, (b.given_on + make_interval(months => r.after_months))::date,
                                         (i.given_on + make_interval(months => r.every_months))::date) AS due_on OFFSET 0) d
     /* What counts as given: of a dose that is repeated, the last while it holds, and only from the age on at which it is repeated. */
      LEFT JOIN LATERAL (SELECT i.id WHERE r.every_months IS NULL OR d.due_on > as_of AND f.due_on <= as_of) g ON true
      LEFT JOIN LATERAL (SELECT x.id, x.kind FROM vaccine_exception x
                          WHERE x.patient_id = p.id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' AND x.series = r.series
                            AND x.decided_on <= as_of AND (x.valid_to IS NULL OR x.valid_to > as_of)
                          ORDER BY x.kind, x.decided_on DESC, x.id DESC LIMIT 1) e ON true /* an exemption before a refusal: no consent lifts it */
     WHERE p.id = patient AND r.valid_from <= f.due_on AND (r.valid_to IS NULL OR r.valid_to > f.due_on)
     ORDER BY f.due_on, r.id
$$;

/* What is kept from a viewer of what one person has, as is_withheld() takes it. */
CREATE OR REPLACE FUNCTION withheld_from(viewer text, subject bigint) RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN coalesce((SELECT string_to_array(a.withheld, ' ') FROM access_rights(viewer, subject) a), '{}');
END $$;

/*
 * The calendar as a viewer may see it. Of a slot whose vaccination, refusal or exemption is kept from him it tells only that: neither that the
 * dose was given nor that it is due, so that nobody gives it again without asking; its day is then the one by age.
 */
CREATE OR REPLACE FUNCTION vaccination_calendar(patient bigint, viewer text) RETURNS SETOF calendar_slot
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT s.patient_id, s.rule_id, CASE WHEN h.hidden THEN h.by_age ELSE s.due_on END, CASE WHEN h.hidden THEN 'withheld' ELSE s.state END,
           CASE WHEN NOT h.hidden THEN s.immunization_id END, CASE WHEN NOT h.hidden THEN s.exception_id END
      FROM (SELECT withheld_from(viewer, patient) AS entries OFFSET 0) w
     CROSS JOIN LATERAL vaccine_slots(patient, kz_today()) WITH ORDINALITY AS s (patient_id, rule_id, due_on, state, immunization_id, exception_id, place)
      JOIN plan_rule r ON r.id = s.rule_id
      JOIN patient p ON p.id = s.patient_id
     /* All vaccinations kept from him: of no slot anything, or those of which nothing is told would be those that were given. */
     CROSS JOIN LATERAL (SELECT coalesce(is_withheld(w.entries, 'immunization', s.immunization_id), false)
                             OR s.exception_id IS NOT NULL AND is_withheld(w.entries, 'vaccine_exception', s.exception_id) AS hidden,
                                (p.birth_date + make_interval(months => r.from_months, days => r.from_days))::date AS by_age OFFSET 0) h
     ORDER BY s.place
$$;

/*
 * Screenings that are due by the last day of a month for a person who is then of the age: by the rule in force on that day. The round
 * begins anew `every_months` after the last was done or declined. An open invitation is the latest that nothing came of yet.
 */
CREATE OR REPLACE FUNCTION screenings_due(patient bigint, first_day date, last_day date) RETURNS SETOF due_item
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 AS $$
    SELECT p.id, 'screening', d.due_on, d.due_on < first_day, r.id, NULL::bigint, t.invitation_id
      FROM patient p
      JOIN plan_rule r ON r.kind = 'screening' AND (r.sex IS NULL OR r.sex = p.sex) AND r.valid_from <= last_day AND (r.valid_to IS NULL OR r.valid_to > last_day)
     CROSS JOIN LATERAL (SELECT (p.birth_date + make_interval(months => r.from_months, days => r.from_days))::date AS from_day,
                                (p.birth_date + make_interval(months => r.to_months))::date AS to_day OFFSET 0) f
     CROSS JOIN LATERAL (SELECT max(coalesce(s.done_on, s.invited_on)) FILTER (WHERE s.status IN ('done', 'declined')) AS last_on,
                                max(s.id) FILTER (WHERE s.status = 'invited') AS invitation_id
                           FROM screening_task s JOIN plan_rule o ON o.id = s.rule_id AND o.code = r.code
                          WHERE s.patient_id = p.id AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error' AND s.invited_on <= last_day) t
     CROSS JOIN LATERAL (SELECT coalesce((t.last_on + make_interval(months => r.every_months))::date, greatest(f.from_day, r.valid_from)) AS due_on OFFSET 0) d
     WHERE p.id = patient AND p.deceased_on IS NULL AND f.from_day <= last_day AND f.to_day > first_day AND d.due_on <= last_day
       AND NOT EXISTS (SELECT FROM dispensary_registration c
                        WHERE c.patient_id = p.id AND c.superseded_by IS NULL AND c.removed_on IS NULL AND c.record_status <> 'entered_in_error'
                          AND left(c.icd10, 3) = ANY (r.under_care))
       AND (r.at_risk = '{}' OR EXISTS (SELECT FROM condition c
                                         WHERE c.patient_id = p.id AND c.superseded_by IS NULL AND c.clinical_status = 'active' AND c.record_status <> 'entered_in_error'
                                           AND left(c.icd10, 3) = ANY (r.at_risk)))
       AND (NOT r.rural OR EXISTS (SELECT FROM clinic c WHERE c.id = p.clinic_id AND c.rural))
$$;

/* What is due for a person in the month of a day (null: this month), what was due before and is not done among it. */
CREATE OR REPLACE FUNCTION all_due_items(patient bigint, month date) RETURNS SETOF due_item
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT d.*
      FROM (SELECT date_trunc('month', coalesce(month, kz_today()))::date AS first_day,
                   (date_trunc('month', coalesce(month, kz_today())) + INTERVAL '1 month - 1 day')::date AS last_day OFFSET 0) m
     CROSS JOIN LATERAL (
            SELECT s.patient_id, 'vaccination' AS kind, s.due_on, s.due_on < m.first_day AS overdue, s.rule_id, NULL::bigint AS registration_id, NULL::bigint AS invitation_id
              FROM vaccine_slots(patient, m.last_day) s
             WHERE s.state IN ('due', 'overdue')
            UNION ALL
            SELECT s.* FROM screenings_due(patient, m.first_day, m.last_day) s
            UNION ALL
            SELECT r.patient_id, 'dispensary_visit', r.next_visit_on, r.next_visit_on < m.first_day, NULL, r.id, NULL
              FROM dispensary_registration r
              JOIN patient p ON p.id = r.patient_id AND p.deceased_on IS NULL
             WHERE r.patient_id = patient AND r.superseded_by IS NULL AND r.removed_on IS NULL AND r.record_status <> 'entered_in_error' AND r.next_visit_on <= m.last_day) d
$$;

/*
 * The same as far as a viewer may know of it, the oldest first: no visit for a registration that is kept from him, and no screening of those at risk
 * when what puts the person at risk is.
 */
CREATE OR REPLACE FUNCTION due_items(patient bigint, viewer text, month date) RETURNS SETOF due_item
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT d.*
      FROM (SELECT withheld_from(viewer, patient) AS entries OFFSET 0) w
     CROSS JOIN LATERAL all_due_items(patient, month) d
      LEFT JOIN plan_rule r ON r.id = d.rule_id
     WHERE w.entries = '{}'
        OR NOT (d.registration_id IS NOT NULL AND is_withheld(w.entries, 'dispensary_registration', d.registration_id))
           AND (d.kind <> 'screening' OR r.at_risk = '{}'
                OR EXISTS (SELECT FROM condition c
                            WHERE c.patient_id = patient AND c.superseded_by IS NULL AND c.clinical_status = 'active' AND c.record_status <> 'entered_in_error'
                              AND left(c.icd10, 3) = ANY (r.at_risk) AND NOT is_withheld(w.entries, 'condition', c.id)))
     ORDER BY d.due_on, d.kind, d.rule_id, d.registration_id
$$;

/*
 * For the doctor or nurse who asks: what is due in a month for the people of his or her own district of the clinic, person by
 * person in the order of their numbers, at most `first` persons (1 to 50) after `after_patient`. Other districts of the same
 * clinic are somebody else's people. Each row is judged once more by access_rights, as any is.
 */
CREATE OR REPLACE FUNCTION due_list(viewer text, clinic_id bigint, month date, kind text, first integer, after_patient bigint) RETURNS SETOF due_item
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    place record;
    doctors bigint[];
BEGIN
    IF coalesce(first, 50) NOT BETWEEN 1 AND 50 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = format('"first" must be 1 to 50, not %s.', first);
    END IF;
    SELECT w.* INTO place FROM access_place(viewer) w WHERE w.clinic_id = due_list.clinic_id AND w.role IN ('DOCTOR', 'NURSE');
    IF place IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'This list is for doctors and nurses of the clinic.';
    END IF;
    doctors := CASE place.role WHEN 'DOCTOR' THEN ARRAY[place.practitioner_id] ELSE ARRAY(
        SELECT d.practitioner_id
          FROM practitioner_role n
          JOIN practitioner_role d ON d.clinic_id = n.clinic_id AND d.district_number = n.district_number AND d.role = 'district_doctor'
         WHERE n.practitioner_id = place.practitioner_id AND n.clinic_id = place.clinic_id AND n.role = 'nurse'
           AND n.valid_from <= kz_today() AND (n.valid_to IS NULL OR n.valid_to > kz_today())
           AND d.valid_from <= kz_today() AND (d.valid_to IS NULL OR d.valid_to > kz_today())) END;
    RETURN QUERY
        SELECT d.*
          FROM (SELECT a.patient_id
                  FROM attachment a
                 WHERE a.clinic_id = place.clinic_id AND a.district_doctor_id = ANY (doctors) AND a.detached_on IS NULL AND a.superseded_by IS NULL
                   AND a.patient_id > coalesce(after_patient, 0)
                   AND EXISTS (SELECT FROM due_items(a.patient_id, viewer, due_list.month) x WHERE due_list.kind IS NULL OR x.kind = due_list.kind)
                 ORDER BY a.patient_id LIMIT coalesce(due_list.first, 50)) p
         CROSS JOIN LATERAL due_items(p.patient_id, viewer, due_list.month) d
         WHERE due_list.kind IS NULL OR d.kind = due_list.kind
         ORDER BY p.patient_id, d.due_on, d.kind, d.rule_id, d.registration_id;
END $$;
