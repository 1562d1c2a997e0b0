/*
 * Dispensary observation of chronic diseases: a doctor of the clinic of the attachment takes somebody in, and out again with a reason. What is
 * observed, and how often at least, is in dispensary_rule; an index of the table holds that a disease is there once.
 */
CREATE OR REPLACE FUNCTION register_dispensary(viewer text, patient_id bigint, condition_id bigint, next_visit_on date, every_days integer, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    ill bigint := condition_id;
    visit date := next_visit_on;
    today date := kz_today();
    place record;
    first record;
    c condition;
    longest integer;
    step integer;
    made bigint;
    o outcome;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    IF NOT EXISTS (SELECT FROM patient p WHERE p.id = subject AND p.clinic_id = place.clinic_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'A disease is observed by the clinic that the person is attached to.', DETAIL = refusal_about(subject);
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    o.patient_id := subject;
    IF made IS NULL THEN
        SELECT x.* INTO c FROM condition x WHERE x.patient_id = subject AND x.id = ill AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
        IF NOT FOUND OR entry_withheld(viewer, subject, 'condition', ill) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such diagnosis in this passport.', DETAIL = refusal_about(subject);
        END IF;
        longest := (SELECT r.every_days FROM dispensary_rule r WHERE r.category = left(c.icd10, 3));
        step := coalesce(register_dispensary.every_days, longest);
        IF longest IS NULL OR c.clinical_status = 'resolved' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This is no chronic disease that is observed, or it is over.', DETAIL = refusal_about(subject);
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.', DETAIL = refusal_about(subject);
        ELSIF step NOT BETWEEN 1 AND longest OR visit NOT BETWEEN today + 1 AND today + step THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = format('With this disease one comes every %s days at least, the first time within as many days.', longest), DETAIL = refusal_about(subject);
        END IF;
        SELECT d.id INTO o.registration_id FROM dispensary_registration d
         WHERE d.patient_id = subject AND left(d.icd10, 3) = left(c.icd10, 3) AND d.removed_on IS NULL AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error' LIMIT 1;
        IF FOUND THEN
            o.kind := 'already_observed';
            o.message := 'The person is under observation with this disease.';
            RETURN NEXT o;
            RETURN;
        END IF;
        INSERT INTO dispensary_registration AS d (patient_id, clinic_id, practitioner_id, condition_id, recorded_by, registered_on, next_visit_on, every_days, group_number, sens, icd10)
        VALUES (subject, place.clinic_id, place.practitioner_id, ill, place.practitioner_id, today, visit, step, 3, c.sens, c.icd10) RETURNING d.id INTO made;
        PERFORM change_done(viewer, 'register_dispensary', idempotency_key, subject, 'dispensary_registration', made);
    END IF;
    o.kind := 'observed';
    o.registration_id := made;
    RETURN NEXT o;
END $$;

/* The person was here on that day with a disease that this clinic observes: the next visit is so many days on, or stays where a later visit put it. One that is kept from who writes stays as it is. */
CREATE OR REPLACE FUNCTION dispensary_visited(viewer text, subject bigint, place bigint, code text, day date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE dispensary_registration d SET next_visit_on = coalesce(d.every_days, r.every_days)
                         + greatest(day, (SELECT max((e.started_at AT TIME ZONE INTERVAL '5 hours')::date) FROM encounter e
                                           WHERE e.patient_id = subject AND e.clinic_id = place AND left(e.icd10, 3) = left(code, 3) AND NOT e.under_way
                                             AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error'))
      FROM dispensary_rule r
     WHERE d.patient_id = subject AND d.clinic_id = place AND left(d.icd10, 3) = left(code, 3) AND r.category = left(code, 3)
       AND d.removed_on IS NULL AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error' AND d.registered_on <= day
       AND NOT entry_withheld(viewer, subject, 'dispensary_registration', d.id);
END $$;

/* A visit never was: what it had moved is due again, so many days after the last that was, or after the registration. */
CREATE OR REPLACE FUNCTION dispensary_not_visited(subject bigint, place bigint, code text, day date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE dispensary_registration d
       SET next_visit_on = coalesce(d.every_days, r.every_days)
                         + greatest(d.registered_on, (SELECT max((e.started_at AT TIME ZONE INTERVAL '5 hours')::date) FROM encounter e
                                                       WHERE e.patient_id = subject AND e.clinic_id = place AND left(e.icd10, 3) = left(code, 3) AND NOT e.under_way
                                                         AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error'))
      FROM dispensary_rule r
     WHERE d.patient_id = subject AND d.clinic_id = place AND left(d.icd10, 3) = left(code, 3) AND r.category = left(code, 3)
       AND d.removed_on IS NULL AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error' AND d.next_visit_on = day + coalesce(d.every_days, r.every_days);
END $$;

/* Observation ends, for a reason that is kept. By a doctor of the clinic that observes. */
CREATE OR REPLACE FUNCTION remove_dispensary(viewer text, patient_id bigint, registration_id bigint, reason text, idempotency_key text, payload_digest text)
RETURNS SETOF dispensary_registration LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := registration_id;
    why text := trimmed(reason);
    place record;
    first record;
    d dispensary_registration;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        SELECT x.* INTO d FROM dispensary_registration x WHERE x.patient_id = subject AND x.id = entry AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
        IF NOT FOUND OR entry_withheld(viewer, subject, 'dispensary_registration', entry) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such registration in this passport.', DETAIL = refusal_about(subject);
        ELSIF d.clinic_id <> place.clinic_id AND NOT EXISTS (SELECT FROM patient p WHERE p.id = subject AND p.clinic_id = place.clinic_id) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Observation is ended by the clinic that observes, or that the person is attached to.', DETAIL = refusal_about(subject);
        ELSIF why = '' OR length(why) > 500 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Why observation ends is said in 1 to 500 characters.', DETAIL = refusal_about(subject);
        ELSIF d.removed_on IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This observation has ended already.', DETAIL = refusal_about(subject);
        END IF;
        UPDATE dispensary_registration x SET removed_on = greatest(kz_today(), x.registered_on), removal_reason = why, next_visit_on = NULL WHERE x.patient_id = subject AND x.id = entry;
        PERFORM change_done(viewer, 'remove_dispensary', idempotency_key, subject, 'dispensary_registration', entry);
    END IF;
    RETURN QUERY SELECT x.* FROM dispensary_registration x WHERE x.patient_id = subject AND x.id = entry;
END $$;
