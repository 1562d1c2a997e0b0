/*
 * What nurses and doctors measure of a person (weight, pressure, pulse and the like). A table's trigger holds that somebody who lives can have such a value
 * (0008); vital_limit says beyond what a value endangers life, of the diary too: then the person is told, and a doctor.
 */

/* Whether a value, in the unit of its kind, endangers a person of that age; the upper bounds first. NULL: it does not, or nothing is known of it. */
CREATE OR REPLACE FUNCTION vital_flag(subject bigint, measured text, day date, first_value numeric, other_value numeric) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT CASE WHEN first_value > l.critical_high OR other_value > l.second_high THEN 'critical_high'
                        WHEN first_value < l.critical_low OR other_value < l.second_low THEN 'critical_low' END
              FROM patient p
             CROSS JOIN LATERAL (SELECT age(day, p.birth_date) AS old OFFSET 0) a
              JOIN vital_limit l ON l.kind = measured AND l.valid_from <= day AND (l.valid_to IS NULL OR l.valid_to > day)
               AND int4range(l.from_months, l.below_months) @> (extract(year FROM a.old) * 12 + extract(month FROM a.old))::integer
             WHERE p.id = subject);
END $$;

/*
 * Whom a dangerous value is told to: in hospital the doctor who admitted, else who leads the person's plan of care, else the doctor of the district.
 */
CREATE OR REPLACE FUNCTION vital_doctor(subject bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT s.recorded_by FROM stay_now(subject) s),
                    (SELECT c.practitioner_id FROM care_plan c
                      WHERE c.patient_id = subject AND c.status = 'active' AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error' AND c.practitioner_id IS NOT NULL
                      ORDER BY c.started_on DESC, c.id DESC LIMIT 1),
                    (SELECT p.district_doctor_id FROM patient p WHERE p.id = subject))
$$;

/*
 * Tells of a value that endangers life: the person once for `about`, unless he lies in hospital, where somebody is with him; and a doctor who did not measure
 * it himself, once for `about_doctor`. The messages name neither the kind nor the value. Nothing is told of what was measured more than a day ago, nor of who has died.
 * `measurements`: the rows of observation of which it tells. An alarm that was told before stands for them too.
 */
CREATE OR REPLACE FUNCTION vital_tell(subject bigint, measured_at timestamptz, about text, about_doctor text, measured_by bigint DEFAULT NULL, measurements bigint[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    doctor bigint := vital_doctor(subject);
BEGIN
    IF measured_at < clock_timestamp() - INTERVAL '1 day' OR has_died(subject) THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM stay_now(subject)) THEN
        PERFORM outbox_put('measurement_critical', subject, about, '{}', 'sms', 'app');
    END IF;
    IF doctor <> coalesce(measured_by, 0) THEN
        PERFORM outbox_tell_doctor('patient_critical', subject, doctor, about_doctor, '{}');
    END IF;
    UPDATE private.outbox o SET measurements = ARRAY(SELECT DISTINCT m FROM unnest(o.measurements || vital_tell.measurements) m ORDER BY m)
     WHERE o.patient_id = subject AND vital_tell.measurements IS NOT NULL
       AND o.key IN (concat_ws('/', 'measurement_critical', subject, about, 'sms'), concat_ws('/', 'measurement_critical', subject, about, 'app'),
                     concat_ws('/', 'patient_critical', subject, about_doctor, 'practitioner:' || doctor));
END $$;

/* Refuses unless a nurse or a doctor asks who has the person in care. Gives who it is. */
CREATE OR REPLACE FUNCTION measuring_place(viewer text, subject bigint, OUT practitioner_id bigint, OUT clinic_id bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT w.practitioner_id, w.clinic_id INTO measuring_place.practitioner_id, measuring_place.clinic_id FROM access_place(viewer) w
     WHERE w.role IN ('DOCTOR', 'NURSE') AND access_has(viewer, subject, 'DISTRICT_DOCTOR', 'DISTRICT_NURSE', 'TREATING_DOCTOR', 'TREATING_NURSE', 'BREAK_GLASS');
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a nurse or a doctor who has the person in care records a measurement.', DETAIL = refusal_about(subject);
    END IF;
    PERFORM not_oneself(viewer, subject);
END $$;

/* Refuses blood pressure without both of its values, and a second value of anything else. */
CREATE OR REPLACE FUNCTION measured_check(subject bigint, measured text, amount numeric, other numeric) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF (measured = 'blood_pressure') <> (other IS NOT NULL) OR other <= 0 OR other >= amount THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Blood pressure has two values, the systolic one above the diastolic one; nothing else has.', DETAIL = refusal_about(subject);
    END IF;
END $$;

/* What people of this person's age weigh on that day; null: before the birth. */
CREATE OR REPLACE FUNCTION weight_bound_of(subject bigint, at timestamptz) RETURNS weight_bound
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT b FROM patient p CROSS JOIN LATERAL (SELECT age((at AT TIME ZONE INTERVAL '5 hours')::date, p.birth_date) AS old OFFSET 0) a
              JOIN weight_bound b ON b.from_months <= extract(year FROM a.old) * 12 + extract(month FROM a.old) AND (at AT TIME ZONE INTERVAL '5 hours')::date >= p.birth_date
             WHERE p.id = subject ORDER BY b.from_months DESC LIMIT 1);
END $$;

/*
 * Why a weight is hardly this person's: nobody of that age weighs so much or so little, or it is far from the one before, which was likely itself. Null: it may well be. The
 * one before is not told, as it may be hidden. `entry`: the measurement itself, where it is on record already.
 */
CREATE OR REPLACE FUNCTION weight_unlikely(subject bigint, kg numeric, at timestamptz, entry bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    bound weight_bound := weight_bound_of(subject, at);
    before numeric;
BEGIN
    IF kg NOT BETWEEN bound.least_kg AND bound.most_kg THEN
        RETURN format('%s kg is hardly the weight of somebody of this age, which is %s to %s kg.', trim_scale(kg), trim_scale(bound.least_kg), trim_scale(bound.most_kg));
    END IF;
    SELECT w.value INTO before
      FROM observation w
     CROSS JOIN LATERAL weight_bound_of(subject, w.observed_at) b
     WHERE w.patient_id = subject AND w.kind = 'weight' AND w.superseded_by IS NULL AND w.record_status <> 'entered_in_error' AND w.id IS DISTINCT FROM entry
       AND w.observed_at <= at AND w.observed_at > at - make_interval(days => bound.change_days) AND (w.confirmed OR w.value BETWEEN b.least_kg AND b.most_kg)
     ORDER BY w.observed_at DESC, w.id DESC LIMIT 1;
    RETURN CASE WHEN greatest(kg, before) > least(kg, before) * (1 + bound.change_percent / 100.0) THEN format('%s kg is far from what the person weighed last.', trim_scale(kg)) END;
END $$;

/* Refuses a weight that is hardly this person's, unless who records it says that it is right. */
CREATE OR REPLACE FUNCTION weight_check(subject bigint, measured text, kg numeric, at timestamptz, confirm boolean) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
    why text := CASE WHEN measured = 'weight' AND confirm IS NOT TRUE THEN weight_unlikely(subject, kg, at, NULL) END;
BEGIN
    IF why IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = why || ' Look again; if it is right, send it with `confirm: true`.', DETAIL = refusal_about(subject);
    END IF;
END $$;

/* A measurement, by a nurse or a doctor who has the person in care. */
CREATE OR REPLACE FUNCTION record_measurement(viewer text, patient_id bigint, kind text, value double precision, second_value double precision, observed_at timestamptz, confirm boolean, idempotency_key text, payload_digest text)
RETURNS SETOF observation LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := (SELECT p.id FROM patient p WHERE p.id = record_measurement.patient_id FOR NO KEY UPDATE);
    measured text := kind;
    amount numeric := value;
    other numeric := second_value;
    at timestamptz := coalesce(observed_at, clock_timestamp());
    day date := (at AT TIME ZONE INTERVAL '5 hours')::date;
    level text;
    place record;
    first record;
    made bigint;
BEGIN
    SELECT * INTO place FROM measuring_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF at > clock_timestamp() + INTERVAL '5 minutes' OR at < clock_timestamp() - INTERVAL '30 days' OR day < (SELECT p.birth_date FROM patient p WHERE p.id = subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A measurement is of the last 30 days, and of the person''s life.', DETAIL = refusal_about(subject);
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.', DETAIL = refusal_about(subject);
        END IF;
        PERFORM measured_check(subject, measured, amount, other);
        PERFORM weight_check(subject, measured, amount, at, confirm);
        level := vital_flag(subject, measured, day, amount, other);
        INSERT INTO observation AS o (patient_id, clinic_id, recorded_by, observed_at, kind, value, second_value, unit, flag, confirmed)
        SELECT subject, place.clinic_id, place.practitioner_id, at, k.kind, amount, other, k.unit, level, confirm IS TRUE AND k.kind = 'weight' FROM observation_kind k WHERE k.kind = measured
        RETURNING o.id INTO made;
        IF level IS NOT NULL THEN
            PERFORM vital_tell(subject, at, concat_ws(':', 'observation', measured, day), 'observation:' || made, place.practitioner_id, ARRAY[made]);
        END IF;
        PERFORM change_done(viewer, 'record_measurement', idempotency_key, subject, 'observation', made);
    END IF;
    RETURN QUERY SELECT o.* FROM observation o WHERE o.patient_id = subject AND o.id = made;
END $$;
