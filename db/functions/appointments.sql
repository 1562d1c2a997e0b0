/*
 * Booking. Whoever books or cancels locks the patient's row and then the slots, in the order of their ids, so that of many who want the last
 * place one gets it and nobody waits in a circle. slot.taken is counted by a trigger (0017).
 */

/* Refuses unless the viewer may book for this patient, whose row stays locked: the owner, a guardian, or who cares for the district. */
CREATE OR REPLACE FUNCTION booking_right(viewer text, subject bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM patient p WHERE p.id = subject FOR NO KEY UPDATE;
    IF NOT access_has(viewer, subject, 'OWNER', 'GUARDIAN', 'GUARDIAN_OF_TEENAGER', 'DISTRICT_DOCTOR', 'DISTRICT_NURSE') THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only the owner of a passport, a guardian, or the district''s doctor or nurse books an appointment for somebody.', DETAIL = refusal_about((SELECT p.id FROM patient p WHERE p.id = subject));
    END IF;
END $$;

/* An answer that is about an appointment. */
CREATE OR REPLACE FUNCTION booking_outcome(kind text, subject bigint, message text, appointment bigint, starts_at timestamptz, until timestamptz) RETURNS outcome
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    o outcome;
BEGIN
    o.kind := kind;
    o.patient_id := subject;
    o.message := message;
    o.appointment_id := appointment;
    o.starts_at := starts_at;
    o.until := until;
    RETURN o;
END $$;

/*
 * What is said to a person who has as many appointments to come as booking_rule lets, so that nobody takes the times of all; NULL: there is room for one
 * more. The clinic's own people may book more for somebody.
 */
CREATE OR REPLACE FUNCTION booking_too_many(viewer text, subject bigint, s slot, day date, instead_of appointment) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    rule booking_rule;
    has record;
BEGIN
    SELECT r.* INTO rule FROM booking_rule r WHERE r.valid_from <= kz_today() AND (r.valid_to IS NULL OR r.valid_to > kz_today()) ORDER BY r.valid_from DESC LIMIT 1;
    SELECT count(*) AS to_come, count(*) FILTER (WHERE (a.starts_at AT TIME ZONE INTERVAL '5 hours')::date = day) AS a_day, count(*) FILTER (WHERE m.specialty = d.specialty) AS of_specialty
      INTO has
      FROM appointment a JOIN practitioner m ON m.id = a.practitioner_id JOIN practitioner d ON d.id = s.practitioner_id
     WHERE a.patient_id = subject AND a.status = 'booked' AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' AND a.starts_at > clock_timestamp()
       AND a.id IS DISTINCT FROM instead_of.id;
    RETURN CASE WHEN access_has(viewer, subject, 'DISTRICT_DOCTOR', 'DISTRICT_NURSE') THEN NULL
                WHEN has.to_come >= rule.most_to_come THEN format('The person has %s appointments to come, which is as many as one may have: please cancel one first, or call the clinic.', has.to_come)
                WHEN has.a_day >= rule.most_a_day THEN format('The person has %s appointments on that day, which is as many as one may have: please choose another day.', has.a_day)
                WHEN has.of_specialty >= rule.most_of_specialty
                THEN format('The person has %s appointments with doctors of this specialty to come, which is as many as one may have: please cancel one first.', has.of_specialty) END;
END $$;

/*
 * Why this slot, which is locked, can't be booked; no row: it can. `instead_of` is an appointment that is given up for it (or null).
 * Rules that have no type of their own are raised.
 */
CREATE OR REPLACE FUNCTION booking_refusal(viewer text, subject bigint, s slot, instead_of appointment) RETURNS SETOF outcome
LANGUAGE plpgsql AS $$
DECLARE
    ends timestamptz := s.starts_at + s.minutes * INTERVAL '1 minute';
    day date := (s.starts_at AT TIME ZONE INTERVAL '5 hours')::date;
    other appointment;
    full_of text;
BEGIN
    /* Slots of one doctor may overlap, and only this one is locked. */
    PERFORM pg_advisory_xact_lock(hashtextextended('slots of ' || s.practitioner_id, 0));
    IF has_died(subject) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.', DETAIL = refusal_about(subject);
    ELSIF s.starts_at <= clock_timestamp() THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This time has passed.';
    ELSIF NOT receives_there(s.practitioner_id, s.clinic_id, day) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This doctor does not receive there on that day.';
    ELSIF NOT EXISTS (SELECT FROM patient p WHERE p.id = subject
                         AND (p.clinic_id = s.clinic_id OR access_has(viewer, subject, 'DISTRICT_DOCTOR', 'DISTRICT_NURSE')
                              OR EXISTS (SELECT FROM hospital_referral f WHERE f.patient_id = subject AND f.to_clinic_id = s.clinic_id AND referral_waits(f)))) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A doctor is seen at the clinic that the person is attached to, or was referred to.';
    END IF;
    IF s.taken >= s.capacity THEN
        RETURN NEXT booking_outcome('slot_taken', subject, 'This time was just taken by somebody else.', NULL, s.starts_at, NULL);
        RETURN;
    END IF;
    SELECT a.* INTO other
      FROM appointment a LEFT JOIN slot o ON o.id = a.slot_id
     WHERE a.patient_id = subject AND a.status = 'booked' AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' AND a.id IS DISTINCT FROM instead_of.id
       AND a.starts_at < ends AND a.starts_at + coalesce(o.minutes, 15) * INTERVAL '1 minute' > s.starts_at
     ORDER BY a.starts_at LIMIT 1;
    IF FOUND THEN
        RETURN NEXT booking_outcome('appointment_overlaps', subject, 'The person has another appointment at this time.', other.id, other.starts_at, NULL);
    ELSIF EXISTS (SELECT FROM slot o WHERE o.practitioner_id = s.practitioner_id AND o.id <> s.id AND o.taken > (o.id IS NOT DISTINCT FROM instead_of.slot_id)::integer AND o.starts_at < ends
                     AND o.starts_at > s.starts_at - INTERVAL '8 hours' AND o.starts_at + o.minutes * INTERVAL '1 minute' > s.starts_at) THEN
        RETURN NEXT booking_outcome('slot_taken', subject, 'The doctor receives somebody else at this time.', NULL, s.starts_at, NULL);
    ELSE
        full_of := booking_too_many(viewer, subject, s, day, instead_of);
        IF full_of IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = full_of, DETAIL = refusal_about(subject);
        END IF;
    END IF;
END $$;

/* The appointment at this slot is made; its id. */
CREATE OR REPLACE FUNCTION booking_make(viewer text, subject bigint, s slot) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO appointment AS a (patient_id, practitioner_id, clinic_id, starts_at, slot_id, recorded_by)
    VALUES (subject, s.practitioner_id, s.clinic_id, s.starts_at, s.id, (SELECT w.practitioner_id FROM access_place(viewer) w))
    RETURNING a.id INTO made;
    PERFORM outbox_put('appointment_booked', subject, 'appointment:' || made, jsonb_build_object('startsAt', s.starts_at), 'sms', 'app');
    RETURN made;
END $$;

/* What cancelling is refused with when it is too late for it; no row: it is not. The clinic's own people can always. */
CREATE OR REPLACE FUNCTION booking_too_late(viewer text, subject bigint, a appointment) RETURNS SETOF outcome
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    least timestamptz := a.starts_at - (SELECT r.cancel_hours FROM booking_rule r WHERE r.valid_from <= today AND (r.valid_to IS NULL OR r.valid_to > today)
                                         ORDER BY r.valid_from DESC LIMIT 1) * INTERVAL '1 hour';
BEGIN
    IF least < clock_timestamp() AND NOT access_has(viewer, subject, 'DISTRICT_DOCTOR', 'DISTRICT_NURSE') THEN
        RETURN NEXT booking_outcome('too_late_to_cancel', subject, 'It is too late to cancel this appointment; please call the clinic.', a.id, a.starts_at, least);
    END IF;
END $$;

/* An appointment that is still to come and that the viewer may know of, locked; else it refuses. */
CREATE OR REPLACE FUNCTION appointment_to_come(viewer text, subject bigint, entry bigint) RETURNS appointment
LANGUAGE plpgsql AS $$
DECLARE
    a appointment;
BEGIN
    SELECT x.* INTO a FROM appointment x WHERE x.patient_id = subject AND x.id = entry AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' FOR NO KEY UPDATE;
    IF NOT FOUND OR entry_withheld(viewer, subject, 'appointment', entry) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such appointment in this passport.';
    ELSIF a.status <> 'booked' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This appointment is not to come any more.';
    END IF;
    RETURN a;
END $$;

CREATE OR REPLACE FUNCTION book_appointment(viewer text, patient_id bigint, slot_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    wanted bigint := slot_id;
    first record;
    s slot;
    made bigint;
BEGIN
    PERFORM booking_right(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT x.* INTO s FROM slot x WHERE x.id = wanted FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such time to be booked.';
        END IF;
        RETURN QUERY SELECT * FROM booking_refusal(viewer, subject, s, NULL);
        IF FOUND THEN
            RETURN;
        END IF;
        made := booking_make(viewer, subject, s);
        PERFORM change_done(viewer, 'book_appointment', idempotency_key, subject, 'appointment', made);
    END IF;
    RETURN NEXT booking_outcome('appointment_booked', subject, NULL, made, NULL, NULL);
END $$;

CREATE OR REPLACE FUNCTION cancel_appointment(viewer text, patient_id bigint, appointment_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := appointment_id;
    first record;
    a appointment;
BEGIN
    PERFORM booking_right(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        a := appointment_to_come(viewer, subject, entry);
        RETURN QUERY SELECT * FROM booking_too_late(viewer, subject, a);
        IF FOUND THEN
            RETURN;
        END IF;
        UPDATE appointment x SET status = 'cancelled' WHERE x.patient_id = subject AND x.id = entry;
        /* Whoever cancels his own knows it; what the clinic cancels is told as it was when it was booked. */
        PERFORM outbox_put('appointment_cancelled', subject, 'appointment:' || entry, jsonb_build_object('startsAt', a.starts_at),
                           VARIADIC CASE split_part(viewer, '/', 1) WHEN 'CITIZEN' THEN ARRAY['app'] ELSE ARRAY['sms', 'app'] END);
        PERFORM change_done(viewer, 'cancel_appointment', idempotency_key, subject, 'appointment', entry);
    END IF;
    RETURN NEXT booking_outcome('appointment_cancelled', subject, NULL, entry, NULL, NULL);
END $$;

/* Another time for an appointment: both happen or neither. */
CREATE OR REPLACE FUNCTION reschedule_appointment(viewer text, patient_id bigint, appointment_id bigint, slot_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := appointment_id;
    wanted bigint := slot_id;
    first record;
    a appointment;
    s slot;
    made bigint;
BEGIN
    PERFORM booking_right(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        a := appointment_to_come(viewer, subject, entry);
        PERFORM FROM slot x WHERE x.id IN (wanted, a.slot_id) ORDER BY x.id FOR NO KEY UPDATE;
        SELECT x.* INTO s FROM slot x WHERE x.id = wanted;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such time to be booked.';
        ELSIF wanted = a.slot_id THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The appointment is at this time already.';
        END IF;
        RETURN QUERY SELECT * FROM booking_too_late(viewer, subject, a);
        IF FOUND THEN
            RETURN;
        END IF;
        RETURN QUERY SELECT * FROM booking_refusal(viewer, subject, s, a);
        IF FOUND THEN
            RETURN;
        END IF;
        UPDATE appointment x SET status = 'cancelled' WHERE x.patient_id = subject AND x.id = entry;
        made := booking_make(viewer, subject, s);
        PERFORM change_done(viewer, 'reschedule_appointment', idempotency_key, subject, 'appointment', made);
    END IF;
    RETURN NEXT booking_outcome('appointment_booked', subject, NULL, made, NULL, NULL);
END $$;
