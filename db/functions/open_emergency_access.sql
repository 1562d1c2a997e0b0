/*
 * Break-glass: a doctor, a nurse or an ambulance crew opens the passport of a person whom they can't see, for a day, with a
 * reason. The patient is told at once (outbox_put), the grant waits for its review, and 10 an hour are all that one
 * practitioner gets, whether there is such a person or not. Whose access was found unjustified opens none to the same passport for a while
 * (emergency_rule), as it would give back what the review took; somebody else may. Returns the grant, or the one that is in force already.
 * No row: nobody has this IIN; that is the one way to learn it, so it is no error, which would undo the attempt's record.
 */
CREATE OR REPLACE FUNCTION open_emergency_access(viewer text, iin text, reason_code text, reason text, idempotency_key text DEFAULT NULL, payload_digest text DEFAULT NULL)
RETURNS SETOF emergency_grant LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    place record;
    subject bigint;
    given emergency_grant;
    why text := trimmed(reason);
    code text := reason_code;
    first record;
BEGIN
    SELECT * INTO place FROM access_place(viewer);
    SELECT p.id INTO subject FROM patient p WHERE p.iin = open_emergency_access.iin;
    IF place.practitioner_id IS NULL OR place.role = 'LABORATORY' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001',
            MESSAGE = 'Only a doctor, a nurse or an ambulance crew opens emergency access, for the organisation that they work at.',
            DETAIL = refusal_about(subject);
    ELSIF code IS NULL OR code NOT IN ('unconscious', 'threat_to_life', 'no_representative', 'infection', 'other') THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003',
            MESSAGE = 'Emergency access has one of these reasons: unconscious, threat_to_life, no_representative, infection, other.', DETAIL = refusal_about(subject);
    ELSIF why IS NULL OR length(why) NOT BETWEEN 10 AND 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Emergency access needs its reason in words, 10 to 1000 characters.', DETAIL = refusal_about(subject);
    ELSIF NOT coalesce(national_number_ok(iin), false) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'This is no IIN: it has twelve digits, the last a check digit.';
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NOT NULL THEN
        RETURN QUERY SELECT g.* FROM emergency_grant g WHERE g.patient_id = first.patient_id AND g.id = first.item_id;
        RETURN;
    END IF;
    PERFORM attempts_bound('emergency', place.practitioner_id::text, 10, 'Emergency access was opened 10 times within the last hour; more need the head of the organisation.', subject);
    INSERT INTO private.attempt (kind, who) VALUES ('emergency', place.practitioner_id::text);

    IF subject IS NULL THEN
        RETURN;
    END IF;
    SELECT g.* INTO given
      FROM emergency_grant g
     WHERE g.patient_id = subject AND g.practitioner_id = place.practitioner_id AND g.clinic_id = place.clinic_id
       AND g.role = place.role AND g.valid_to > now()
     ORDER BY g.valid_to DESC LIMIT 1;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM emergency_grant g, emergency_rule b
                    WHERE g.patient_id = subject AND g.practitioner_id = place.practitioner_id AND g.review = 'unjustified' AND g.reviewed_at > clock_timestamp() - b.wait
                      AND b.valid_from <= kz_today() AND (b.valid_to IS NULL OR b.valid_to > kz_today())) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', DETAIL = refusal_about(subject),
                MESSAGE = 'Emergency access of yours to this passport was found unjustified a short while ago: if it is needed now, another doctor, nurse or crew opens it.';
        END IF;
        INSERT INTO emergency_grant AS g (patient_id, practitioner_id, clinic_id, role, valid_to, reason_code, reason)
        VALUES (subject, place.practitioner_id, place.clinic_id, place.role, now() + INTERVAL '24 hours', code, why)
        RETURNING g.* INTO given;
        PERFORM outbox_put('emergency_access', subject, 'emergency_grant:' || given.id, '{}', 'sms', 'app');
    END IF;
    PERFORM change_done(viewer, 'open_emergency_access', idempotency_key, subject, 'emergency_grant', given.id);
    RETURN NEXT given;
END $$;
