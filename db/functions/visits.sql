/*
 * Visits: a doctor who treats the person opens one and closes it, and the patient confirms that it took place. Only confirmed visits count.
 * One at a time, for a person and for a doctor: indexes and a trigger hold that (0024), whoever writes. One that nobody closes stands in the way for so
 * long only as relation_bound says (0046).
 */
/* Why this person's visit with this doctor can't begin now, with what goes on instead; no row: it can. */
CREATE OR REPLACE FUNCTION visit_refusal(subject bigint, doctor bigint, clinic bigint) RETURNS SETOF outcome
LANGUAGE plpgsql STABLE AS $$
DECLARE
    o outcome;
BEGIN
    o.patient_id := subject;
    SELECT 'already_in_hospital', 'The person is in hospital elsewhere, which has to discharge first.', h.id INTO o.kind, o.message, o.hospitalization_id FROM hospitalization h
     WHERE h.patient_id = subject AND h.clinic_id <> clinic AND h.discharged_on IS NULL AND h.superseded_by IS NULL AND h.record_status <> 'entered_in_error';
    IF NOT FOUND THEN
        SELECT 'patient_at_visit', 'The person is at another visit, which has to be closed first.', e.id INTO o.kind, o.message, o.encounter_id
          FROM encounter e WHERE e.patient_id = subject AND e.under_way AND e.lapsed_at IS NULL AND e.superseded_by IS NULL;
    END IF;
    IF NOT FOUND THEN
        SELECT 'doctor_at_visit', 'You have another visit under way, which has to be closed first.', e.patient_id, e.id INTO o.kind, o.message, o.other_patient_id, o.encounter_id
          FROM encounter e WHERE e.practitioner_id = doctor AND e.under_way AND e.lapsed_at IS NULL AND e.superseded_by IS NULL;
    END IF;
    IF FOUND THEN
        RETURN NEXT o;
    END IF;
END $$;

/* Visits of the person or the doctor that nobody has closed for too long are in nobody's way from now on; whom they are with may close them yet. */
CREATE OR REPLACE FUNCTION visits_lapse(subject bigint, doctor bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    before timestamptz := clock_timestamp() - (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'encounter');
BEGIN
    /* In one order for everybody: another's visit with this doctor may be closed meanwhile. */
    PERFORM FROM encounter e WHERE (e.patient_id = subject OR e.practitioner_id = doctor) AND e.under_way AND e.lapsed_at IS NULL AND e.superseded_by IS NULL AND e.started_at < before
      ORDER BY e.patient_id, e.id FOR NO KEY UPDATE;
    UPDATE encounter e SET lapsed_at = clock_timestamp()
     WHERE (e.patient_id = subject OR e.practitioner_id = doctor) AND e.under_way AND e.lapsed_at IS NULL AND e.superseded_by IS NULL AND e.started_at < before;
END $$;

/* The appointment that is kept by a visit which begins now: this person's with this doctor there today, the nearest if there are several. */
CREATE OR REPLACE FUNCTION visit_appointment(subject bigint, doctor bigint, clinic bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT a.id FROM appointment a
             WHERE a.patient_id = subject AND a.practitioner_id = doctor AND a.clinic_id = clinic AND a.status = 'booked' AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error'
               AND a.starts_at >= kz_today()::timestamp AT TIME ZONE INTERVAL '5 hours' AND a.starts_at < (kz_today() + 1)::timestamp AT TIME ZONE INTERVAL '5 hours'
             ORDER BY abs(extract(epoch FROM a.starts_at - clock_timestamp())), a.id LIMIT 1);
END $$;

CREATE OR REPLACE FUNCTION open_encounter(viewer text, patient_id bigint, kind text, reason text, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    way text := kind;
    words text := nullif(trimmed(reason), '');
    place record;
    first record;
    made bigint;
    kept bigint;
    o outcome;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        /* The doctor's visits are opened one after the other, so that of two at once the second is told why. */
        PERFORM pg_advisory_xact_lock(hashtextextended('open_encounter ' || place.practitioner_id, 0));
        IF length(words) > 2000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Why the patient came is said in at most 2000 characters.';
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A person who has died has no visits.';
        END IF;
        PERFORM visits_lapse(subject, place.practitioner_id);
        RETURN QUERY SELECT * FROM visit_refusal(subject, place.practitioner_id, place.clinic_id);
        IF FOUND THEN
            RETURN;
        END IF;
        kept := visit_appointment(subject, place.practitioner_id, place.clinic_id);
        UPDATE appointment a SET status = 'kept' WHERE a.patient_id = subject AND a.id = kept;
        INSERT INTO encounter AS e (patient_id, clinic_id, practitioner_id, recorded_by, appointment_id, started_at, kind, reason, under_way)
        VALUES (subject, place.clinic_id, place.practitioner_id, place.practitioner_id, kept, clock_timestamp(), way, words, true) RETURNING e.id INTO made;
        PERFORM change_done(viewer, 'open_encounter', idempotency_key, subject, 'encounter', made);
    END IF;
    o.kind := 'visit_opened';
    o.patient_id := subject;
    o.encounter_id := made;
    RETURN NEXT o;
END $$;

/* A visit in force that the viewer may know of, locked; else it refuses. */
CREATE OR REPLACE FUNCTION visit_in_force(viewer text, subject bigint, visit bigint) RETURNS encounter
LANGUAGE plpgsql AS $$
DECLARE
    e encounter;
BEGIN
    SELECT x.* INTO e FROM encounter x WHERE x.patient_id = subject AND x.id = visit AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' FOR NO KEY UPDATE;
    IF NOT FOUND OR entry_withheld(viewer, subject, 'encounter', visit) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such visit in this passport.';
    END IF;
    RETURN e;
END $$;

/* A code of six digits for this visit; the one before of the same way is void. */
CREATE OR REPLACE FUNCTION visit_code_new(subject bigint, visit bigint, method text, valid interval) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    /* The first 32 bits of a version 4 UUID are random. */
    code text := lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
BEGIN
    INSERT INTO private.visit_code AS c (patient_id, encounter_id, way, valid_to, hash)
    VALUES (subject, visit, method, clock_timestamp() + valid, pick_code_hash(concat_ws('/', 'visit', subject, visit), code))
        ON CONFLICT (patient_id, encounter_id, way) DO UPDATE SET valid_to = excluded.valid_to, hash = excluded.hash, tries = 0;
    RETURN code;
END $$;

/*
 * Refuses unless a doctor asks whom this visit is with, or of a doctor who receives there no more another of the clinic: whether he treats the person any more or
 * not, as a visit that nobody can close locks both. Who treats the person is told when there is none, or it is kept from him. Gives whether he does; the person's row stays locked.
 */
CREATE OR REPLACE FUNCTION visit_closing(viewer text, subject bigint, visit bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    treats boolean;
    place record;
    e encounter;
BEGIN
    PERFORM FROM patient p WHERE p.id = subject FOR NO KEY UPDATE;
    SELECT * INTO place FROM access_place(viewer) w WHERE w.role = 'DOCTOR';
    treats := FOUND AND access_has(viewer, subject, 'DISTRICT_DOCTOR', 'TREATING_DOCTOR', 'BREAK_GLASS');
    SELECT x.* INTO e FROM encounter x WHERE x.patient_id = subject AND x.id = visit;
    IF treats AND (e.id IS NULL OR entry_withheld(viewer, subject, 'encounter', visit)) THEN
        RETURN treats; /* visit_in_force() says that there is none */
    ELSIF e.clinic_id IS DISTINCT FROM place.clinic_id OR num_nulls(place.clinic_id, e.practitioner_id) > 0
          OR e.practitioner_id IS DISTINCT FROM place.practitioner_id AND receives_there(e.practitioner_id, e.clinic_id, kz_today()) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', DETAIL = refusal_about((SELECT p.id FROM patient p WHERE p.id = subject)),
            MESSAGE = 'Only the doctor whom a visit is with closes it, or another of the clinic when that one works there no more.';
    END IF;
    RETURN treats;
END $$;

/*
 * Who pays for a visit that is recorded here: primary care, by the clinic of the attachment, is in the guaranteed volume; what others do for who is
 * insured the insurance pays. Of the rest it is not known (NULL).
 */
CREATE OR REPLACE FUNCTION visit_payer(subject bigint, place bigint, day date) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF EXISTS (SELECT FROM attachment a WHERE a.patient_id = subject AND a.clinic_id = place AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error'
                  AND a.attached_on <= day AND (a.detached_on IS NULL OR a.detached_on >= day)) THEN
        RETURN 'gobmp';
    END IF;
    RETURN (SELECT 'osms' FROM insurance_status i WHERE i.patient_id = subject AND i.superseded_by IS NULL AND i.record_status <> 'entered_in_error' AND i.insured
               AND i.valid_from <= day AND (i.valid_to IS NULL OR i.valid_to > day) LIMIT 1);
END $$;

/* The visit ends, with the code of what it was about. The patient is told of it, and gets the code by which it can be confirmed there. */
CREATE OR REPLACE FUNCTION close_encounter(viewer text, patient_id bigint, encounter_id bigint, icd10 text, note text, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    visit bigint := encounter_id;
    words text := nullif(trimmed(note), '');
    treats boolean;
    first record;
    e encounter;
    disease icd10;
    day date;
    o outcome;
BEGIN
    o.patient_id := patient_id;
    o.encounter_id := encounter_id;
    treats := visit_closing(viewer, subject, visit);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        e := visit_in_force(viewer, subject, visit);
        IF length(words) > 20000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A note has at most 20000 characters.';
        END IF;
        disease := icd10_alone(close_encounter.icd10);
        IF NOT e.under_way THEN
            o.kind := 'visit_not_under_way';
            o.message := 'This visit is not under way.';
            RETURN NEXT o;
            RETURN;
        END IF;
        day := (e.started_at AT TIME ZONE INTERVAL '5 hours')::date;
        UPDATE encounter x SET under_way = false, ended_at = clock_timestamp(), icd10 = disease.code, condition_id = CASE WHEN treats THEN diagnosis_of(viewer, subject, disease.code) END,
               note = words, payer = visit_payer(subject, e.clinic_id, day), sens = greatest(x.sens, disease.sens)
         WHERE x.patient_id = subject AND x.id = visit;
        IF treats THEN
            PERFORM dispensary_visited(viewer, subject, e.clinic_id, disease.code, day);
        END IF;
        PERFORM outbox_put('visit_recorded', subject, 'encounter:' || visit, '{}', 'app');
        PERFORM outbox_put('confirm_visit', subject, 'encounter:' || visit, jsonb_build_object('code', visit_code_new(subject, visit, 'sms', INTERVAL '3 days')), 'sms');
        PERFORM change_done(viewer, 'close_encounter', idempotency_key, subject, 'encounter', visit);
    END IF;
    o.kind := 'visit_closed';
    RETURN NEXT o;
END $$;

/* Refuses what can't be confirmed any more, or not yet, and a doctor who confirms as the patient or a child's guardian what he says he did. */
CREATE OR REPLACE FUNCTION visit_confirmable(viewer text, e encounter) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    most integer;
BEGIN
    IF split_part(viewer, '/', 1) = 'CITIZEN' AND EXISTS (SELECT FROM practitioner m WHERE m.id = e.practitioner_id AND m.iin = split_part(viewer, '/', 2)) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'A visit is not confirmed by whom it was with.', DETAIL = refusal_about(e.patient_id);
    ELSIF has_died(e.patient_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died: nobody can say for them that the visit took place.', DETAIL = refusal_about(e.patient_id);
    ELSIF e.under_way THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A visit is confirmed when it has ended.';
    ELSIF e.record_status = 'disputed' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A visit that is disputed can''t be confirmed.';
    ELSIF e.confirmed_by <> 'none' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This visit was confirmed already.';
    END IF;
    SELECT r.confirm_days INTO most FROM visit_rule r WHERE r.valid_from <= kz_today() AND (r.valid_to IS NULL OR r.valid_to > kz_today()) ORDER BY r.valid_from DESC LIMIT 1;
    IF e.started_at < clock_timestamp() - make_interval(days => most) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = format('A visit can be confirmed for %s days.', most);
    END IF;
END $$;

/* The owner (or a child's guardian) says that it took place. */
CREATE OR REPLACE FUNCTION confirm_visit(viewer text, patient_id bigint, encounter_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF encounter LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    visit bigint := encounter_id;
    first record;
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        PERFORM visit_confirmable(viewer, visit_in_force(viewer, subject, visit));
        UPDATE encounter x SET confirmed_by = 'egov', confirmed_at = clock_timestamp() WHERE x.patient_id = subject AND x.id = visit;
        DELETE FROM private.visit_code c WHERE c.patient_id = subject AND c.encounter_id = visit;
        PERFORM change_done(viewer, 'confirm_visit', idempotency_key, subject, 'encounter', visit);
    END IF;
    RETURN QUERY SELECT x.* FROM encounter x WHERE x.patient_id = subject AND x.id = visit;
END $$;

/* A code for the owner to show at the clinic (as a QR code), for ten minutes. */
CREATE OR REPLACE FUNCTION new_visit_code(viewer text, patient_id bigint, encounter_id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    visit bigint := encounter_id;
BEGIN
    PERFORM access_decider(viewer, subject);
    PERFORM visit_confirmable(viewer, visit_in_force(viewer, subject, visit));
    RETURN visit_code_new(subject, visit, 'qr', INTERVAL '10 minutes');
END $$;

/*
 * The doctor of the visit enters the code that came by SMS, or reads the one that the patient shows. No row: it is wrong, or void, or was tried five
 * times; an error would undo the count.
 */
CREATE OR REPLACE FUNCTION confirm_visit_by_code(viewer text, patient_id bigint, encounter_id bigint, code text, idempotency_key text, payload_digest text)
RETURNS SETOF encounter LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    visit bigint := encounter_id;
    hashed bytea := pick_code_hash(concat_ws('/', 'visit', subject, visit), code);
    place record;
    first record;
    e encounter;
    how text;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        e := visit_in_force(viewer, subject, visit);
        IF e.practitioner_id IS DISTINCT FROM place.practitioner_id OR e.clinic_id <> place.clinic_id THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only the doctor whom a visit was with enters its code.', DETAIL = refusal_about(subject);
        ELSIF code !~ '^[0-9]{6}$' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The code of a visit has six digits.';
        END IF;
        PERFORM visit_confirmable(viewer, e);
        SELECT c.way INTO how FROM private.visit_code c
         WHERE c.patient_id = subject AND c.encounter_id = visit AND c.tries < 5 AND c.valid_to > clock_timestamp() AND c.hash = hashed;
        IF NOT FOUND THEN
            UPDATE private.visit_code c SET tries = c.tries + 1 WHERE c.patient_id = subject AND c.encounter_id = visit AND c.tries < 5;
            PERFORM refusal_noted(subject);
            RETURN;
        END IF;
        UPDATE encounter x SET confirmed_by = how, confirmed_at = clock_timestamp() WHERE x.patient_id = subject AND x.id = visit;
        DELETE FROM private.visit_code c WHERE c.patient_id = subject AND c.encounter_id = visit;
        PERFORM change_done(viewer, 'confirm_visit_by_code', idempotency_key, subject, 'encounter', visit);
    END IF;
    RETURN QUERY SELECT x.* FROM encounter x WHERE x.patient_id = subject AND x.id = visit;
END $$;
