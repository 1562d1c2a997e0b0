/*
 * Vaccines that are not to be given: for a medical reason, as a doctor says (exemption), or because the person does not want them, or a child's
 * guardian (refusal). Both are of a series of the calendar, are never rewritten, and end; what is due and what may be given is asked of them by vaccine_slots().
 */

/* The reason in words, or a refusal to write: nothing is written of who has died, and not without end. */
CREATE OR REPLACE FUNCTION vaccine_exception_reason(subject bigint, words text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF length(trimmed(words)) NOT BETWEEN 3 AND 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The reason is said in 3 to 1000 characters.', DETAIL = refusal_about(subject);
    ELSIF has_died(subject) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.', DETAIL = refusal_about(subject);
    ELSIF (SELECT count(*) FROM vaccine_exception x WHERE x.patient_id = subject AND x.recorded_at > clock_timestamp() - INTERVAL '1 day') >= 50 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ005', MESSAGE = 'There are 50 refusals and exemptions within a day; please try again later.', DETAIL = refusal_about(subject);
    END IF;
    RETURN trimmed(words);
END $$;

/* A doctor says that a series must not be given: until a day, or for good. It takes the place of the exemptions of this series before it that the doctor may know of. */
CREATE OR REPLACE FUNCTION record_vaccine_exemption(viewer text, patient_id bigint, series text, reason text, valid_to date, idempotency_key text, payload_digest text)
RETURNS SETOF vaccine_exception LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    vaccines text := series;
    until date := valid_to;
    place record;
    first record;
    words text;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        words := vaccine_exception_reason(subject, reason);
        IF until <= kz_today() THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'An exemption ends on a day to come, or has no end.', DETAIL = refusal_about(subject);
        END IF;
        UPDATE vaccine_exception x SET valid_to = greatest(kz_today(), x.decided_on)
         WHERE x.patient_id = subject AND x.kind = 'exemption' AND x.series = vaccines AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error'
           AND (x.valid_to IS NULL OR x.valid_to > kz_today()) AND NOT entry_withheld(viewer, subject, 'vaccine_exception', x.id);
        INSERT INTO vaccine_exception AS x (patient_id, clinic_id, recorded_by, decided_on, valid_to, kind, series, reason)
        VALUES (subject, place.clinic_id, place.practitioner_id, kz_today(), until, 'exemption', vaccines, words) RETURNING x.id INTO made;
        PERFORM change_done(viewer, 'record_vaccine_exemption', idempotency_key, subject, 'vaccine_exception', made);
    END IF;
    RETURN QUERY SELECT x.* FROM vaccine_exception x WHERE x.patient_id = subject AND x.id = made;
END $$;

/* The owner, or a child's guardian, does not want a series; a refusal of it that is in force is given back. */
CREATE OR REPLACE FUNCTION refuse_vaccine(viewer text, patient_id bigint, series text, reason text, idempotency_key text, payload_digest text)
RETURNS SETOF vaccine_exception LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    vaccines text := series;
    first record;
    words text;
    made bigint;
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        words := vaccine_exception_reason(subject, reason);
        SELECT x.id INTO made FROM vaccine_exception x
         WHERE x.patient_id = subject AND x.kind = 'refusal' AND x.series = vaccines AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error'
           AND x.decided_on <= kz_today() AND (x.valid_to IS NULL OR x.valid_to > kz_today())
         ORDER BY x.decided_on DESC, x.id DESC LIMIT 1;
        IF NOT FOUND THEN
            INSERT INTO vaccine_exception AS x (patient_id, decided_on, kind, series, reason) VALUES (subject, kz_today(), 'refusal', vaccines, words) RETURNING x.id INTO made;
        END IF;
        PERFORM change_done(viewer, 'refuse_vaccine', idempotency_key, subject, 'vaccine_exception', made);
    END IF;
    RETURN QUERY SELECT x.* FROM vaccine_exception x WHERE x.patient_id = subject AND x.id = made;
END $$;

/* A refusal is taken back by who may refuse, an exemption by a doctor who treats: it ends today. */
CREATE OR REPLACE FUNCTION end_vaccine_exception(viewer text, patient_id bigint, exception_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF vaccine_exception LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := exception_id;
    first record;
    x vaccine_exception;
BEGIN
    IF split_part(viewer, '/', 1) = 'CITIZEN' THEN
        PERFORM access_decider(viewer, subject);
    ELSE
        PERFORM treating_place(viewer, subject);
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        SELECT e.* INTO x FROM vaccine_exception e WHERE e.patient_id = subject AND e.id = entry AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error';
        IF x.id IS NULL OR entry_withheld(viewer, subject, 'vaccine_exception', entry) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such refusal or exemption in this passport.', DETAIL = refusal_about(subject);
        ELSIF (x.kind = 'refusal') <> (split_part(viewer, '/', 1) = 'CITIZEN') THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Who refused takes a refusal back, and a doctor an exemption.', DETAIL = refusal_about(subject);
        ELSIF x.valid_to <= kz_today() THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'It does not hold any more.', DETAIL = refusal_about(subject);
        END IF;
        UPDATE vaccine_exception e SET valid_to = greatest(kz_today(), e.decided_on) WHERE e.patient_id = subject AND e.id = entry;
        PERFORM change_done(viewer, 'end_vaccine_exception', idempotency_key, subject, 'vaccine_exception', entry);
    END IF;
    RETURN QUERY SELECT e.* FROM vaccine_exception e WHERE e.patient_id = subject AND e.id = entry;
END $$;
