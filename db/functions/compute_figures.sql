/*
 * The batch behind the figures, for whoever owns the tables; it replaces what it said of a month before, in one transaction.
 * It reads everybody, so it is run once a month (`tolqujat run figures`) and never by the server.
 */

/* The cells of one measure: `counted` is a table of one row for each of what is counted, made by compute_figures(). */
CREATE OR REPLACE FUNCTION private.add_cells(of_measure text, of_month date, is_share boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO figure_cell (month, measure, region_id, clinic_id, subject, part, whole, people, part_people, rest_people)
    SELECT of_month, of_measure, l.region_id, n.clinic_id, n.subject, sum(n.part), sum(n.whole), count(DISTINCT n.patient_id),
           CASE WHEN is_share THEN count(DISTINCT n.patient_id) FILTER (WHERE n.part > 0) END,
           CASE WHEN is_share THEN count(DISTINCT n.patient_id) FILTER (WHERE n.part < n.whole) END
      FROM (SELECT o.*, c.region_id AS of_region FROM counted o JOIN clinic c ON c.id = o.clinic_id) n
     CROSS JOIN LATERAL (SELECT n.of_region AS region_id) l
     GROUP BY GROUPING SETS ((l.region_id, n.clinic_id, n.subject), (l.region_id, n.subject), (n.subject));
    TRUNCATE counted;
END $$;

/* All cells of the month of a day, after the flags and the capitation of that month. */
CREATE OR REPLACE FUNCTION compute_figures(of_month date) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    day date := date_trunc('month', of_month)::date;
    last_day date := (day + INTERVAL '1 month - 1 day')::date;
    since timestamptz := day::timestamp AT TIME ZONE INTERVAL '5 hours';
    until timestamptz := (day + INTERVAL '1 month') AT TIME ZONE INTERVAL '5 hours';
BEGIN
    PERFORM job_turn('figures', day), compute_visit_flags(day), compute_capitation(day);
    DELETE FROM figure_cell f WHERE f.month = day;
    CREATE TEMP TABLE IF NOT EXISTS counted (patient_id bigint, clinic_id bigint, subject text NOT NULL DEFAULT '', part bigint, whole bigint NOT NULL DEFAULT 1);

    /* Passports against the people who should have one; the country's base is not the sum of what regions count. */
    INSERT INTO figure_cell (month, measure, region_id, part, whole, people)
    SELECT day, 'passports', p.region_id, p.people, b.people, p.people
      FROM (SELECT region_id, count(*) AS people FROM patient WHERE region_id IS NOT NULL GROUP BY 1 UNION ALL SELECT NULL, count(*) FROM patient) p
     CROSS JOIN LATERAL (SELECT b.people FROM base_population b WHERE b.region_id IS NOT DISTINCT FROM p.region_id AND b.counted_on <= last_day
                          ORDER BY b.counted_on DESC LIMIT 1) b;

    /* Nobody says of what was booked here that it was missed: it was when its day has passed and no visit kept it. Other systems say it themselves. */
    INSERT INTO counted (patient_id, clinic_id, part)
    SELECT a.patient_id, a.clinic_id, (a.status = 'kept')::int FROM appointment a
     WHERE a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' AND a.starts_at >= since AND a.starts_at < until
       AND (a.status IN ('kept', 'missed') OR a.status = 'booked' AND a.source_id = 1 AND a.starts_at < kz_today()::timestamp AT TIME ZONE INTERVAL '5 hours');
    PERFORM private.add_cells('appointments_kept', day, true);

    INSERT INTO counted (patient_id, clinic_id, part)
    SELECT a.patient_id, a.clinic_id, round(extract(epoch FROM a.starts_at - a.recorded_at) / 3600) FROM appointment a
     WHERE a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' AND a.status IN ('booked', 'kept', 'missed') AND a.starts_at >= since AND a.starts_at < until
       AND a.starts_at >= a.recorded_at;
    PERFORM private.add_cells('appointment_wait', day, false);

    INSERT INTO counted (patient_id, clinic_id, part)
    SELECT l.patient_id, l.clinic_id, (l.resulted_at IS NOT NULL)::int FROM lab_result l
     WHERE l.superseded_by IS NULL AND l.record_status <> 'entered_in_error' AND l.clinic_id IS NOT NULL AND l.ordered_at >= since AND l.ordered_at < until;
    PERFORM private.add_cells('laboratory_resulted', day, true);

    INSERT INTO counted (patient_id, clinic_id, part)
    SELECT l.patient_id, l.clinic_id, round(extract(epoch FROM l.resulted_at - l.ordered_at) / 3600) FROM lab_result l
     WHERE l.superseded_by IS NULL AND l.record_status <> 'entered_in_error' AND l.clinic_id IS NOT NULL AND l.ordered_at >= since AND l.ordered_at < until AND l.resulted_at IS NOT NULL;
    PERFORM private.add_cells('laboratory_turnaround', day, false);

    /* Of those of the age, and not under care for the disease, who has been examined within the interval. */
    INSERT INTO counted (patient_id, clinic_id, subject, part)
    SELECT p.id, p.clinic_id, r.code,
           EXISTS (SELECT FROM screening_task s JOIN plan_rule o ON o.id = s.rule_id AND o.code = r.code
                    WHERE s.patient_id = p.id AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error' AND s.status = 'done'
                      AND s.done_on <= last_day AND s.done_on > last_day - make_interval(months => r.every_months))::int
      FROM plan_rule r
      JOIN patient p ON p.clinic_id IS NOT NULL AND p.deceased_on IS NULL AND (r.sex IS NULL OR r.sex = p.sex)
                    AND p.birth_date > last_day - make_interval(months => r.to_months) AND p.birth_date <= last_day - make_interval(months => r.from_months)
     WHERE r.kind = 'screening' AND r.at_risk = '{}' AND NOT r.rural AND r.valid_from <= last_day AND (r.valid_to IS NULL OR r.valid_to > last_day)
       AND NOT EXISTS (SELECT FROM dispensary_registration d WHERE d.patient_id = p.id AND d.superseded_by IS NULL AND d.removed_on IS NULL
                          AND d.record_status <> 'entered_in_error' AND left(d.icd10, 3) = ANY (r.under_care));
    PERFORM private.add_cells('screening', day, true);

    /* Of the children who have reached a slot of a series, who has all doses that were due a while ago. */
    INSERT INTO counted (patient_id, clinic_id, subject, part)
    SELECT p.id, p.clinic_id, r.series, bool_and(s.state IN ('given', 'due'))::int
      FROM patient p
     CROSS JOIN LATERAL vaccine_slots(p.id, last_day) s
      JOIN plan_rule r ON r.id = s.rule_id
     WHERE p.clinic_id IS NOT NULL AND p.deceased_on IS NULL AND p.birth_date > last_day - INTERVAL '18 years' AND p.birth_date <= last_day AND s.state <> 'upcoming'
     GROUP BY 1, 2, 3;
    PERFORM private.add_cells('vaccination', day, true);

    /* Of the free medicines prescribed in the month, those that were received at all, those received whole, and those in part, which nobody is told but which tell whether
     * the difference of the two is of few; of the clinic that wrote them. */
    INSERT INTO counted (patient_id, clinic_id, subject, part)
    SELECT r.patient_id, r.clinic_id, u.what, CASE u.what WHEN 'received' THEN left_over < r.quantity WHEN 'received_whole' THEN left_over = 0 ELSE left_over > 0 AND left_over < r.quantity END::int
      FROM prescription r
     CROSS JOIN LATERAL (SELECT prescription_quantity_left(r) OFFSET 0) l (left_over)
     CROSS JOIN unnest(ARRAY['received', 'received_whole', 'received_partly']) u (what)
     WHERE r.superseded_by IS NULL AND r.record_status <> 'entered_in_error' AND r.status <> 'cancelled' AND r.clinic_id IS NOT NULL
       AND r.issued_on >= day AND r.issued_on <= last_day AND prescription_free(r);
    PERFORM private.add_cells('free_medicines', day, true);

    /* Of a month's visits, those with a flag: by rule, and by any. */
    INSERT INTO counted (patient_id, clinic_id, subject, part)
    SELECT e.patient_id, e.clinic_id, u.rule, EXISTS (SELECT FROM private.visit_flag f WHERE f.patient_id = e.patient_id AND f.encounter_id = e.id
                                                         AND f.month = day AND u.rule IN (f.rule, ''))::int
      FROM encounter e
     CROSS JOIN unnest(ARRAY['', 'after_death', 'in_hospital', 'two_places', 'crowded_day', 'other_region', 'disputed', 'no_trace']) u (rule)
     WHERE e.superseded_by IS NULL AND e.record_status <> 'entered_in_error' AND e.started_at >= since AND e.started_at < until;
    PERFORM private.add_cells('flagged_visits', day, true);

    DROP TABLE counted;
    RETURN (SELECT count(*) FROM figure_cell f WHERE f.month = day);
END $$;
