/*
 * The way to a hospital and out of it: a doctor refers, the hospital decides, admits and discharges. What a referral may become, that stays don't
 * overlap and that a planned stay takes its referral with it are triggers (0025); here is who may, and what people are told.
 */

/*
 * Refuses unless a doctor asks who treats the person and works in a hospital (`asked`: in that one; NULL: in any); the
 * person's row stays locked. Gives who it is.
 */
CREATE OR REPLACE FUNCTION hospital_place(viewer text, subject bigint, asked bigint, OUT practitioner_id bigint, OUT clinic_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.practitioner_id, t.clinic_id INTO hospital_place.practitioner_id, hospital_place.clinic_id FROM treating_place(viewer, subject) t;
    IF NOT EXISTS (SELECT FROM clinic c WHERE c.id = hospital_place.clinic_id AND c.kind = 'hospital' AND c.id = coalesce(asked, c.id)) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a doctor of the hospital does that.', DETAIL = refusal_about(subject);
    END IF;
END $$;

/*
 * The stays that go on in the hospital where the doctor or nurse works who asks, of one department or of all, the latest first. Each is judged like any
 * row, so one that its owner hid is left out, and one that nobody ended and that gives no right any more (relation_bound).
 */
CREATE OR REPLACE FUNCTION inpatients(viewer text, department text) RETURNS SETOF hospitalization
LANGUAGE plpgsql STABLE AS $$
DECLARE
    hospital bigint := (SELECT c.id FROM access_place(viewer) w JOIN clinic c ON c.id = w.clinic_id AND c.kind = 'hospital' WHERE w.role IN ('DOCTOR', 'NURSE'));
    ward text := trimmed(department);
BEGIN
    IF hospital IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only who works in a hospital as a doctor or a nurse sees who lies there.';
    END IF;
    RETURN QUERY
        SELECT s.* FROM hospitalization s
         WHERE s.clinic_id = hospital AND s.discharged_on IS NULL AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error' AND (ward IS NULL OR s.department = ward)
         ORDER BY s.admitted_on DESC, s.patient_id LIMIT 200;
END $$;

/* A referral in force that the viewer may know of, or a refusal. */
CREATE OR REPLACE FUNCTION referral_of(viewer text, subject bigint, referral bigint) RETURNS hospital_referral
LANGUAGE plpgsql STABLE AS $$
DECLARE
    r hospital_referral;
BEGIN
    SELECT x.* INTO r FROM hospital_referral x WHERE x.patient_id = subject AND x.id = referral AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
    IF NOT FOUND OR entry_withheld(viewer, subject, 'hospital_referral', referral) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such referral in this passport.', DETAIL = refusal_about(subject);
    END IF;
    RETURN r;
END $$;

/* The hospital that a referral asks; of one that the viewer may not know of none, as of one that is not there. */
CREATE OR REPLACE FUNCTION referral_hospital(viewer text, subject bigint, referral bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT r.to_clinic_id FROM hospital_referral r WHERE r.patient_id = subject AND r.id = referral AND NOT entry_withheld(viewer, subject, 'hospital_referral', referral));
END $$;

/* A doctor who treats the person asks a hospital to admit, by a treatment sheet of its own number. */
CREATE OR REPLACE FUNCTION refer_to_hospital(viewer text, patient_id bigint, clinic_id bigint, icd10 text, planned_on date, idempotency_key text, payload_digest text)
RETURNS SETOF hospital_referral LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    hospital bigint := clinic_id;
    wished date := planned_on;
    today date := kz_today();
    place record;
    first record;
    disease icd10;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        disease := icd10_alone(refer_to_hospital.icd10);
        IF NOT EXISTS (SELECT FROM clinic c WHERE c.id = hospital AND c.active AND c.kind = 'hospital') THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such hospital that is open.', DETAIL = refusal_about(subject);
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.', DETAIL = refusal_about(subject);
        ELSIF wished NOT BETWEEN today AND today + 365 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A day is wished for from today on, within a year.', DETAIL = refusal_about(subject);
        ELSIF EXISTS (SELECT FROM hospital_referral r WHERE r.patient_id = subject AND r.icd10 = disease.code AND referral_waits(r)
                         AND NOT entry_withheld(viewer, subject, 'hospital_referral', r.id)) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person waits for a hospital with this disease already.', DETAIL = refusal_about(subject);
        END IF;
        INSERT INTO hospital_referral AS r (patient_id, from_clinic_id, to_clinic_id, condition_id, recorded_by, referred_on, planned_on, sens, icd10, sheet_number)
        VALUES (subject, place.clinic_id, hospital, diagnosis_of(viewer, subject, disease.code), place.practitioner_id, today, wished, disease.sens, disease.code, 'H' || lpad(nextval('private.treatment_sheet_number')::text, 12, '0'))
        RETURNING r.id INTO made;
        PERFORM outbox_put('hospital_referral', subject, 'hospital_referral:' || made || ':waiting', '{}', 'app');
        PERFORM change_done(viewer, 'refer_to_hospital', idempotency_key, subject, 'hospital_referral', made);
    END IF;
    RETURN QUERY SELECT r.* FROM hospital_referral r WHERE r.patient_id = subject AND r.id = made;
END $$;

/* The hospital that was asked: yes, on that day; or no, and why. One that was accepted can still be refused. Each change is told, also back to a day that was told before. */
CREATE OR REPLACE FUNCTION decide_referral(viewer text, patient_id bigint, referral_id bigint, planned_on date, refusal text, idempotency_key text, payload_digest text)
RETURNS SETOF hospital_referral LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    asked bigint := referral_id;
    day date := planned_on;
    why text := nullif(trimmed(refusal), '');
    said text := CASE WHEN why IS NULL THEN 'accepted' ELSE 'refused' END;
    first record;
    r hospital_referral;
BEGIN
    PERFORM FROM hospital_place(viewer, subject, referral_hospital(viewer, subject, asked));
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    r := referral_of(viewer, subject, asked);
    IF first.item_id IS NULL THEN
        IF num_nonnulls(day, why) <> 1 OR length(why) > 1000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A referral is accepted for a day, or refused with a reason of at most 1000 characters.', DETAIL = refusal_about(subject);
        ELSIF day IS NOT NULL AND has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died: the referral can only be refused.', DETAIL = refusal_about(subject);
        ELSIF day NOT BETWEEN kz_today() AND kz_today() + 365 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A referral is accepted for a day from today on, within a year.', DETAIL = refusal_about(subject);
        ELSIF r.status NOT IN ('waiting', 'accepted') OR r.status = said AND r.planned_on IS NOT DISTINCT FROM day THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This referral was decided already.', DETAIL = refusal_about(subject);
        END IF;
        UPDATE hospital_referral x SET status = said, planned_on = coalesce(day, x.planned_on), refusal = why, refused_at = CASE WHEN why IS NOT NULL THEN clock_timestamp() END WHERE x.patient_id = subject AND x.id = asked;
        PERFORM outbox_put('hospital_referral', subject, concat_ws(':', 'hospital_referral', asked, said, day, extract(epoch FROM clock_timestamp())), jsonb_build_object('status', said, 'on', day), 'sms', 'app');
        PERFORM change_done(viewer, 'decide_referral', idempotency_key, subject, 'hospital_referral', asked);
    END IF;
    RETURN QUERY SELECT x.* FROM hospital_referral x WHERE x.patient_id = subject AND x.id = asked;
END $$;

/* The owner does not want it any more. */
CREATE OR REPLACE FUNCTION withdraw_referral(viewer text, patient_id bigint, referral_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF hospital_referral LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    asked bigint := referral_id;
    first record;
    r hospital_referral;
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    r := referral_of(viewer, subject, asked);
    IF first.item_id IS NULL THEN
        IF r.status NOT IN ('waiting', 'accepted') THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Nobody waits with this referral any more.', DETAIL = refusal_about(subject);
        END IF;
        UPDATE hospital_referral x SET status = 'withdrawn' WHERE x.patient_id = subject AND x.id = asked;
        PERFORM change_done(viewer, 'withdraw_referral', idempotency_key, subject, 'hospital_referral', asked);
    END IF;
    RETURN QUERY SELECT x.* FROM hospital_referral x WHERE x.patient_id = subject AND x.id = asked;
END $$;

/* A doctor of the hospital admits: by a referral that the hospital accepted, or without one where it can't wait. */
CREATE OR REPLACE FUNCTION admit(viewer text, patient_id bigint, referral_patient bigint, referral_id bigint, department text, icd10 text, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    asked bigint := referral_id;
    ward text := trimmed(department);
    place record;
    first record;
    disease icd10;
    r hospital_referral;
    made bigint;
    o outcome;
BEGIN
    SELECT * INTO place FROM hospital_place(viewer, subject, referral_hospital(viewer, subject, asked));
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    o.patient_id := subject;
    IF made IS NULL THEN
        disease := icd10_alone(admit.icd10);
        IF ward = '' OR length(ward) > 200 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A department is named in 1 to 200 characters.', DETAIL = refusal_about(subject);
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.', DETAIL = refusal_about(subject);
        END IF;
        IF asked IS NOT NULL THEN
            r := referral_of(viewer, subject, CASE WHEN referral_patient = subject THEN asked END);
            IF r.status <> 'accepted' THEN
                RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The hospital admits by a referral that it has accepted.', DETAIL = refusal_about(subject);
            END IF;
        END IF;
        SELECT s.id INTO o.hospitalization_id FROM hospitalization s
         WHERE s.patient_id = subject AND s.discharged_on IS NULL AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error';
        IF FOUND THEN
            o.kind := 'already_in_hospital';
            o.message := 'The person is in a hospital, which has to discharge first.';
            RETURN NEXT o;
            RETURN;
        END IF;
        INSERT INTO hospitalization AS s (patient_id, clinic_id, referral_id, recorded_by, admitted_on, sens, department, icd10_admission)
        VALUES (subject, place.clinic_id, asked, place.practitioner_id, kz_today(), greatest(disease.sens, coalesce(r.sens, 0)), ward, disease.code) RETURNING s.id INTO made;
        PERFORM change_done(viewer, 'admit', idempotency_key, subject, 'hospitalization', made);
    END IF;
    o.kind := 'admitted';
    o.hospitalization_id := made;
    RETURN NEXT o;
END $$;

/* A doctor of the hospital ends the stay, with the final diagnosis and how it went. Who died there has died; of who is known to have died it ended on that day. */
CREATE OR REPLACE FUNCTION discharge(viewer text, patient_id bigint, stay_id bigint, icd10 text, outcome text, idempotency_key text, payload_digest text)
RETURNS SETOF hospitalization LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    stay bigint := stay_id;
    ended text := outcome;
    died_on date;
    first record;
    disease icd10;
    s hospitalization;
BEGIN
    PERFORM FROM hospital_place(viewer, subject, (SELECT x.clinic_id FROM hospitalization x WHERE x.patient_id = subject AND x.id = stay AND NOT entry_withheld(viewer, subject, 'hospitalization', stay)));
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        SELECT x.* INTO s FROM hospitalization x WHERE x.patient_id = subject AND x.id = stay AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
        IF NOT FOUND OR entry_withheld(viewer, subject, 'hospitalization', stay) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such stay in this passport.', DETAIL = refusal_about(subject);
        END IF;
        disease := icd10_alone(discharge.icd10);
        SELECT p.deceased_on INTO died_on FROM patient p WHERE p.id = subject;
        IF s.discharged_on IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This stay has ended already.', DETAIL = refusal_about(subject);
        ELSIF ended <> 'died' AND died_on IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died: the stay has ended with that.', DETAIL = refusal_about(subject);
        END IF;
        UPDATE hospitalization x
           SET discharged_on = greatest(coalesce(died_on, kz_today()), x.admitted_on), icd10_discharge = disease.code, outcome = ended,
               death_stated_on = CASE WHEN ended = 'died' AND died_on IS NULL THEN kz_today() END /* only what it states itself can be withdrawn (death_withdrawn.sql) */
         WHERE x.patient_id = subject AND x.id = stay;
        IF ended = 'died' THEN
            UPDATE patient p SET deceased_on = kz_today() WHERE p.id = subject AND p.deceased_on IS NULL;
        ELSE
            PERFORM outbox_put('hospital_discharged', subject, 'hospitalization:' || stay, '{}', 'app');
        END IF;
        PERFORM change_done(viewer, 'discharge', idempotency_key, subject, 'hospitalization', stay);
    END IF;
    RETURN QUERY SELECT x.* FROM hospitalization x WHERE x.patient_id = subject AND x.id = stay;
END $$;
