/*
 * The diary of chronic-disease management: what the patient writes. A value out of bounds (diary_limit) is told to who leads the
 * person's plan of care, without a plan to the doctor of the district; once for a kind and day, whatever else is noted on it. One that
 * endangers life (vital_limit) is told to the person too, and to the doctor once more.
 */
CREATE OR REPLACE FUNCTION diary_out_of_bounds(measured text, day date, first_value bigint, other_value bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM diary_limit l
                    WHERE l.kind = measured AND l.valid_from <= day AND (l.valid_to IS NULL OR l.valid_to > day)
                      AND (first_value < l.low OR first_value > l.high OR other_value < l.second_low OR other_value > l.second_high));
END $$;

/* Like what a nurse measures (observation_kind), a value is one that a living person can have; a mark of how somebody feels is from 1 to 10. Values are in hundredths. */
CREATE OR REPLACE FUNCTION diary_possible(measured text, amount bigint, other bigint) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
    k observation_kind;
BEGIN
    SELECT * INTO k FROM observation_kind o WHERE o.kind = measured;
    IF measured = 'wellbeing' AND amount NOT BETWEEN 100 AND 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The mark of how you feel is from 1 to 10.';
    ELSIF amount / 100.0 NOT BETWEEN k.least AND k.most THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = format('%s %s is no %s: it is between %s and %s.', round(amount / 100.0, 2), k.unit, replace(measured, '_', ' '), round(k.least, 2), round(k.most, 2));
    ELSIF other <= 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The diastolic blood pressure is above 0.';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION write_diary(viewer text, patient_id bigint, kind text, noted_at timestamptz, value bigint, second_value bigint, note text, idempotency_key text, payload_digest text)
RETURNS SETOF diary_entry LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    measured text := kind;
    at timestamptz := coalesce(noted_at, clock_timestamp());
    day date := (at AT TIME ZONE INTERVAL '5 hours')::date;
    amount bigint := value;
    other bigint := second_value;
    words text := nullif(trimmed(note), '');
    first record;
    doctor bigint;
    made bigint;
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF at > clock_timestamp() + INTERVAL '5 minutes' OR at < clock_timestamp() - INTERVAL '30 days' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'An entry of the diary is of the last 30 days.';
        ELSIF length(words) > 2000 OR num_nonnulls(amount, words) = 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'An entry of the diary has a value, or words, at most 2000 characters.';
        ELSIF measured = 'blood_pressure' AND coalesce(other >= amount, true) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Blood pressure has two values, the systolic one above the diastolic one.';
        ELSIF measured <> 'blood_pressure' AND other IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Only blood pressure has a second value.';
        ELSIF measured NOT IN ('blood_pressure', 'wellbeing') AND amount IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'What was measured has a value.';
        ELSIF (SELECT d.recorded_at FROM diary_entry d WHERE d.patient_id = subject ORDER BY d.id DESC OFFSET 199 LIMIT 1) > clock_timestamp() - INTERVAL '1 day' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ005', MESSAGE = 'There are 200 entries of the diary within a day; please try again later.', DETAIL = refusal_about(subject);
        END IF;
        PERFORM diary_possible(measured, amount, other);
        INSERT INTO diary_entry AS d (patient_id, kind, noted_at, value, second_value, note) VALUES (subject, measured, at, amount, other, words) RETURNING d.id INTO made;
        IF diary_out_of_bounds(measured, day, amount, other) THEN
            doctor := coalesce((SELECT c.practitioner_id FROM care_plan c WHERE c.patient_id = subject AND c.status = 'active' AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error'
                                   AND c.practitioner_id IS NOT NULL ORDER BY c.started_on DESC, c.id DESC LIMIT 1),
                               (SELECT p.district_doctor_id FROM patient p WHERE p.id = subject));
            IF doctor IS NOT NULL THEN
                PERFORM outbox_tell_doctor('diary_alert', subject, doctor, concat_ws(':', 'diary', measured, day), '{}');
            END IF;
        END IF;
        IF vital_flag(subject, measured, day, amount / 100.0, other / 100.0) IS NOT NULL THEN
            PERFORM vital_tell(subject, at, concat_ws(':', 'diary', measured, day), concat_ws(':', 'diary', measured, day));
        END IF;
        PERFORM change_done(viewer, 'write_diary', idempotency_key, subject, 'diary_entry', made);
    END IF;
    RETURN QUERY SELECT d.* FROM diary_entry d WHERE d.patient_id = subject AND d.id = made;
END $$;
