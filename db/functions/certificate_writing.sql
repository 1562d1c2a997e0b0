/* Certificates are issued by doctors who treat the person, and revoked where they were issued. */

/* The QR token is 244 random bits: who has it was shown the certificate. */
CREATE OR REPLACE FUNCTION issue_certificate(viewer text, patient_id bigint, type_code text, valid_to date, idempotency_key text, payload_digest text)
RETURNS SETOF certificate LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    last_day date := valid_to;
    place record;
    first record;
    sort certificate_type;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    IF viewer_is_kin(viewer, subject) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Nobody issues a certificate to a child whose guardian one is.', DETAIL = refusal_about(subject);
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT t.* INTO sort FROM certificate_type t WHERE t.code = issue_certificate.type_code AND t.valid_from <= today AND (t.valid_to IS NULL OR t.valid_to > today);
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such kind of certificate today.';
        ELSIF sort.valid_days IS NULL AND sort.longest_days IS NOT NULL AND last_day IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = format('The last day of a certificate of this kind has to be said: it is valid for at most %s days.', sort.longest_days);
        ELSIF last_day < today OR last_day > today + coalesce(sort.valid_days, sort.longest_days) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003',
                MESSAGE = format('A certificate of this kind is valid for at most %s days, and not to a day that has passed.', coalesce(sort.valid_days::text, sort.longest_days::text, 'any number of'));
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'No certificate is issued to a person who has died.';
        END IF;
        INSERT INTO certificate AS c (patient_id, clinic_id, practitioner_id, recorded_by, issued_on, valid_to, type_code, number, qr_token)
        VALUES (subject, place.clinic_id, place.practitioner_id, place.practitioner_id, today, coalesce(last_day, today + sort.valid_days), sort.code,
                'A' || lpad(nextval('private.certificate_number')::text, 12, '0'), replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))
        RETURNING c.id INTO made;
        PERFORM outbox_put('certificate_issued', subject, 'certificate:' || made, '{}', 'app');
        PERFORM change_done(viewer, 'issue_certificate', idempotency_key, subject, 'certificate', made);
    END IF;
    RETURN QUERY SELECT c.* FROM certificate c WHERE c.patient_id = subject AND c.id = made;
END $$;

/* By a doctor of the organisation that issued it, whether he treats the person any more or not: a wrong certificate does not have to wait. */
CREATE OR REPLACE FUNCTION revoke_certificate(viewer text, patient_id bigint, certificate_id bigint, reason text, idempotency_key text, payload_digest text)
RETURNS SETOF certificate LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := certificate_id;
    why text := trimmed(reason);
    first record;
    c certificate;
BEGIN
    SELECT x.* INTO c FROM certificate x WHERE x.patient_id = subject AND x.id = entry AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM access_place(viewer) w WHERE w.role = 'DOCTOR' AND w.clinic_id = c.clinic_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a doctor of the organisation that issued a certificate revokes it.', DETAIL = refusal_about(subject);
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        IF c.revoked_at IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This certificate is revoked already.';
        ELSIF length(why) NOT BETWEEN 3 AND 500 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'It is said why a certificate is revoked, in 3 to 500 characters.';
        END IF;
        UPDATE certificate x SET revoked_at = clock_timestamp(), revocation_reason = why WHERE x.patient_id = subject AND x.id = entry;
        PERFORM change_done(viewer, 'revoke_certificate', idempotency_key, subject, 'certificate', entry);
    END IF;
    RETURN QUERY SELECT x.* FROM certificate x WHERE x.patient_id = subject AND x.id = entry;
END $$;
