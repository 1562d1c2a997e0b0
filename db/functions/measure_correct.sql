/* Whether one of these measurements, as it is known now, endangers life. */
CREATE OR REPLACE FUNCTION vital_dangerous(subject bigint, measurements bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM unnest(measurements) m, LATERAL (SELECT entry_in_force(subject, 'observation', m) AS o OFFSET 0) f
                    WHERE f.o ->> 'flag' IS NOT NULL AND f.o ->> 'record_status' <> 'entered_in_error');
END $$;

/*
 * Of alarms whose measurements endanger life no more, since they were corrected or taken back: who was told is told that, once for an alarm, but for the doctor who corrected
 * it himself. As lab_call_off(): an alarm that waits still is not sent (message_take). Its key is free then for what endangers life on that day after all.
 */
CREATE OR REPLACE FUNCTION vital_call_off(subject bigint, corrected_by bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    IF has_died(subject) THEN
        RETURN;
    END IF;
    FOR one IN WITH off AS (
                   UPDATE private.outbox o SET called_off_at = clock_timestamp(), key = concat_ws('/', o.key, 'called off', o.id)
                    WHERE o.patient_id = subject AND o.measurements IS NOT NULL AND o.called_off_at IS NULL AND NOT vital_dangerous(subject, o.measurements)
                   RETURNING o.channel, o.practitioner_id, o.state, o.tries, o.measurements
               )
               SELECT 'observation:' || max(m.id) AS about,
                      array_agg(DISTINCT a.channel) FILTER (WHERE a.practitioner_id IS NULL AND (a.channel = 'app' OR a.state = 'sent' OR a.tries > 0)) AS channels,
                      array_agg(DISTINCT a.practitioner_id) FILTER (WHERE a.practitioner_id <> coalesce(corrected_by, 0)) AS doctors
                 FROM off a, LATERAL (SELECT max(r) AS id, max((entry_in_force(subject, 'observation', r) ->> 'id')::bigint) AS now FROM unnest(a.measurements) r) m
                GROUP BY m.now LOOP
        PERFORM outbox_call_off('measurement_corrected', 'patient_measurement_corrected', subject, one.about, one.channels, one.doctors);
    END LOOP;
END $$;

/*
 * A measurement that was typed wrong: a new version has what was measured, or says that the entry does not hold. The row stays as it was, and is read through
 * earlierVersions. Whoever has the person in care may, since who typed it need not be there when it is seen.
 */
CREATE OR REPLACE FUNCTION correct_measurement(viewer text, patient_id bigint, observation_id bigint, value double precision, second_value double precision, reason text, confirm boolean, idempotency_key text, payload_digest text)
RETURNS SETOF observation LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := (SELECT p.id FROM patient p WHERE p.id = correct_measurement.patient_id FOR NO KEY UPDATE);
    entry bigint := observation_id;
    amount numeric := value;
    other numeric := second_value;
    words text := trimmed(reason);
    day date;
    place record;
    first record;
    made bigint;
    changed observation;
BEGIN
    SELECT * INTO place FROM measuring_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF length(words) NOT BETWEEN 10 AND 1000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Why a measurement is corrected is said in 10 to 1000 characters.', DETAIL = refusal_about(subject);
        ELSIF amount IS NULL AND other IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A measurement is corrected by all of its values, or taken back without any.', DETAIL = refusal_about(subject);
        END IF;
        SELECT x.* INTO changed FROM observation x WHERE x.patient_id = subject AND x.id = entry AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
        IF changed.id IS NULL OR entry_withheld(viewer, subject, 'observation', entry) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such measurement in force in this passport.', DETAIL = refusal_about(subject);
        END IF;
        day := (changed.observed_at AT TIME ZONE INTERVAL '5 hours')::date;
        made := nextval(pg_get_serial_sequence('observation', 'id'));
        UPDATE observation x SET superseded_by = made WHERE x.patient_id = subject AND x.id = entry;
        IF amount IS NULL THEN
            changed.record_status := 'entered_in_error';
        ELSE
            PERFORM measured_check(subject, changed.kind, amount, other);
            PERFORM weight_check(subject, changed.kind, amount, changed.observed_at, confirm);
            changed.value := amount;
            changed.second_value := other;
            changed.confirmed := confirm IS TRUE AND changed.kind = 'weight';
            changed.flag := vital_flag(subject, changed.kind, day, amount, other);
            changed.record_status := 'active';
        END IF;
        changed.id := made;
        changed.version := changed.version + 1;
        changed.corrected_because := words;
        changed.source_id := 1;
        changed.source_rec := NULL;
        changed.recorded_at := clock_timestamp();
        changed.recorded_by := place.practitioner_id;
        INSERT INTO observation SELECT changed.*;
        IF amount IS NOT NULL AND changed.flag IS NOT NULL THEN
            PERFORM vital_tell(subject, changed.observed_at, concat_ws(':', 'observation', changed.kind, day), 'observation:' || made, place.practitioner_id, ARRAY[made]);
        ELSE
            PERFORM vital_call_off(subject, place.practitioner_id);
        END IF;
        PERFORM change_done(viewer, 'correct_measurement', idempotency_key, subject, 'observation', made);
    END IF;
    RETURN QUERY SELECT o.* FROM observation o WHERE o.patient_id = subject AND o.id = made;
END $$;
