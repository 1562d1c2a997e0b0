/*
 * People of each clinic in the month of a day by what is paid for them, for whoever owns the tables: attached on its last day and alive,
 * insured or not on that day, with a confirmed visit within 12 months before or without one. The rates are those of that day.
 * In three steps, so that a run over everybody can say how far it is: begin, then people by people, then end.
 */
CREATE OR REPLACE FUNCTION capitation_begin() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE counted_heads (clinic_id bigint, condition text, percent integer, people bigint);
END $$;

/* Of the people with numbers behind `after` up to `until`. */
CREATE OR REPLACE FUNCTION capitation_step(day date, after bigint, until bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    last_day date := (day + INTERVAL '1 month - 1 day')::date;
BEGIN
    INSERT INTO counted_heads (clinic_id, condition, percent, people)
    SELECT p.clinic_id, r.condition, r.percent, count(*)
      FROM (SELECT a.clinic_id, a.patient_id,
                   EXISTS (SELECT FROM insurance_status i WHERE i.patient_id = a.patient_id AND i.superseded_by IS NULL AND i.record_status <> 'entered_in_error'
                              AND i.insured AND i.valid_from <= last_day AND (i.valid_to IS NULL OR i.valid_to > last_day)) AS insured,
                   EXISTS (SELECT FROM encounter e WHERE e.patient_id = a.patient_id AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error'
                              AND e.confirmed_by <> 'none' AND e.started_at >= (last_day + 1 - INTERVAL '12 months') AT TIME ZONE INTERVAL '5 hours'
                              AND e.started_at < (last_day + 1)::timestamp AT TIME ZONE INTERVAL '5 hours') AS came
              FROM attachment a
              JOIN patient o ON o.id = a.patient_id AND (o.deceased_on IS NULL OR o.deceased_on > last_day)
             WHERE a.patient_id > after AND a.patient_id <= until AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error'
               AND a.attached_on <= last_day AND (a.detached_on IS NULL OR a.detached_on > last_day)) p
      JOIN capitation_rate r ON r.condition = CASE WHEN p.insured AND p.came THEN 'full' WHEN p.came THEN 'uninsured' WHEN p.insured THEN 'no_visit' ELSE 'both' END
                            AND r.valid_from <= last_day AND (r.valid_to IS NULL OR r.valid_to > last_day)
     GROUP BY 1, 2, 3;
END $$;

/* How many rows the month has now. */
CREATE OR REPLACE FUNCTION capitation_end(day date) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
BEGIN
    DELETE FROM capitation_month c WHERE c.month = day;
    INSERT INTO capitation_month (clinic_id, month, condition, percent, people)
    SELECT h.clinic_id, day, h.condition, h.percent, sum(h.people) FROM counted_heads h GROUP BY 1, 3, 4;
    GET DIAGNOSTICS counted = ROW_COUNT;
    DROP TABLE counted_heads;
    RETURN counted;
END $$;

/* The month of a day, at once. */
CREATE OR REPLACE FUNCTION compute_capitation(of_month date) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    day date := date_trunc('month', of_month)::date;
BEGIN
    PERFORM job_turn('capitation', day);
    PERFORM capitation_begin();
    PERFORM capitation_step(day, 0, 9223372036854775807);
    RETURN capitation_end(day);
END $$;
