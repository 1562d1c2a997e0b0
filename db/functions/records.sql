/*
 * What patients say of their record (disputes, marks for doctors, where they are attached), and what clinicians add to it
 * (diagnoses; allergies.sql has allergies). Nothing is deleted or rewritten: columns that may be set are listed in docs/domain.md.
 */

/* Whether a dispute of an entry waits for an answer: of this version, or of an earlier one for what a correction does not mend. */
CREATE OR REPLACE FUNCTION dispute_waits(subject bigint, item text, entry bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    earlier bigint[];
BEGIN
    EXECUTE format('SELECT array_agg(v.id) FROM %I($1, $2) v', item || '_versions') INTO earlier USING subject, entry;
    RETURN EXISTS (SELECT FROM dispute d WHERE d.patient_id = subject AND d.item_table = item AND d.answered_at IS NULL
                      AND (d.item_id = entry OR d.item_id = ANY (earlier) AND dispute_of_every_version(d.reason)));
END $$;

/*
 * An entry is not right, says the owner: it stays visible, marked as disputed, and waits for an answer. A reason fits the kind of the entry (dispute_reason); that a
 * medicine was not received is denied, as denyReceipt does.
 */
CREATE OR REPLACE FUNCTION dispute_record(viewer text, item_table text, patient_id bigint, item_id bigint, reason text, text text, idempotency_key text, payload_digest text)
RETURNS SETOF dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := item_id;
    item text := item_table;
    why text := reason;
    words text := nullif(trimmed(text), '');
    first record;
    said text;
    made bigint;
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF length(words) > 2000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'What is wrong is said in at most 2000 characters.';
        ELSIF EXISTS (SELECT FROM dispute_reason r WHERE r.reason = why) AND NOT EXISTS (SELECT FROM dispute_reason r WHERE r.reason = why AND r.item_table = item) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = CASE why WHEN 'not_received' THEN 'Only a medicine that was given out can have been not received; please choose another reason.'
                WHEN 'not_there' THEN 'Only what takes place, such as a visit, can have been without the person; please choose another reason.'
                ELSE 'There is no diagnosis in an entry of this kind; please choose another reason.' END;
        END IF;
        IF item = 'dispense' AND why = 'not_received' THEN
            made := receipt_denied(dispense_of(viewer, subject, entry), words);
            PERFORM change_done(viewer, 'dispute_record', idempotency_key, subject, 'dispute', made);
            RETURN QUERY SELECT d.* FROM dispute d WHERE d.patient_id = subject AND d.id = made;
            RETURN;
        END IF;
        /* The table's name comes from an id that the server sealed, of a type that is an entry; format() quotes it all the same. */
        EXECUTE format('UPDATE %I SET record_status = ''disputed'' WHERE patient_id = $1 AND id = $2 AND superseded_by IS NULL AND record_status <> ''entered_in_error'' RETURNING record_status', item)
           INTO said USING subject, entry;
        IF said IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such entry in force in this passport.';
        END IF;
        IF dispute_waits(subject, item, entry) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This entry is disputed already, and waits for an answer.';
        END IF;
        made := dispute_open(subject, item, entry, why, words);
        PERFORM change_done(viewer, 'dispute_record', idempotency_key, subject, 'dispute', made);
    END IF;
    RETURN QUERY SELECT d.* FROM dispute d WHERE d.patient_id = subject AND d.id = made;
END $$;

/*
 * A mark for the doctor of a visit: by the patient, or for a child by the guardian; of a visit that was confirmed and that nobody disputes, not
 * of oneself, within 30 days, and once, whichever of its versions was given one. The table holds once, the doctor and confirmed too.
 */
CREATE OR REPLACE FUNCTION rate_doctor(viewer text, patient_id bigint, encounter_id bigint, score integer, text text, idempotency_key text, payload_digest text)
RETURNS SETOF encounter LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    visit bigint := encounter_id;
    mark integer := score;
    words text := nullif(trimmed(text), '');
    first record;
    e encounter;
    versions bigint[];
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        e := visit_in_force(viewer, subject, visit);
        versions := ARRAY(SELECT v FROM encounter_all_versions(subject, visit) v);
        IF mark NOT BETWEEN 1 AND 5 OR length(words) > 2000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A mark is from 1 to 5, with at most 2000 characters of words.';
        ELSIF e.practitioner_id IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'It is not on record which doctor this visit was with.';
        ELSIF e.confirmed_by = 'none' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Only a visit that was confirmed can be given a mark.';
        ELSIF e.record_status = 'disputed' OR EXISTS (SELECT FROM dispute d WHERE d.patient_id = subject AND d.item_table = 'encounter' AND d.item_id = ANY (versions) AND d.answered_at IS NULL) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A visit that is disputed can''t be given a mark.';
        ELSIF e.started_at < clock_timestamp() - INTERVAL '30 days' OR e.started_at > clock_timestamp() THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A visit can be given a mark for 30 days.';
        ELSIF EXISTS (SELECT FROM practitioner m, patient p WHERE m.id = e.practitioner_id AND p.id = subject AND m.iin IN (p.iin, split_part(viewer, '/', 2))) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Nobody gives a mark to himself.';
        ELSIF EXISTS (SELECT FROM rating r WHERE r.patient_id = subject AND r.encounter_id = ANY (versions)) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This visit was given a mark already.';
        END IF;
        INSERT INTO rating (patient_id, encounter_id, practitioner_id, score, text) VALUES (subject, visit, e.practitioner_id, mark, words);
        PERFORM change_done(viewer, 'rate_doctor', idempotency_key, subject, 'encounter', visit);
    END IF;
    RETURN QUERY SELECT x.* FROM encounter x WHERE x.patient_id = subject AND x.id = visit;
END $$;

/*
 * The district doctor of a clinic for somebody who named none: of those who are at work there today who has the fewest people, of as many the first; never the
 * person. NULL: there is none.
 */
CREATE OR REPLACE FUNCTION attachment_doctor(place bigint, owner_iin text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT j.practitioner_id FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS DISTINCT FROM owner_iin
             WHERE j.clinic_id = place AND j.role = 'district_doctor' AND j.valid_from <= kz_today() AND (j.valid_to IS NULL OR j.valid_to > kz_today())
             ORDER BY (SELECT count(*) FROM attachment a WHERE a.clinic_id = place AND a.district_doctor_id = j.practitioner_id AND a.detached_on IS NULL AND a.superseded_by IS NULL),
                      j.practitioner_id LIMIT 1);
END $$;

/* Another clinic: the old attachment ends, the new one begins, at most as often in a year as attachment_rule says. */
CREATE OR REPLACE FUNCTION attach_patient(viewer text, patient_id bigint, clinic_id bigint, doctor_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF attachment LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    place bigint := clinic_id;
    doctor bigint := doctor_id;
    owner_iin text;
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    most integer := (SELECT r.changes_a_year FROM attachment_rule r WHERE r.valid_from <= today AND (r.valid_to IS NULL OR r.valid_to > today) ORDER BY r.valid_from DESC LIMIT 1);
    old attachment;
    first record;
    made bigint;
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT a.* INTO old FROM attachment a WHERE a.patient_id = subject AND a.detached_on IS NULL AND a.superseded_by IS NULL;
        SELECT p.iin INTO owner_iin FROM patient p WHERE p.id = subject;
        IF NOT EXISTS (SELECT FROM clinic c WHERE c.id = place AND c.active AND c.kind = 'polyclinic') THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'One is attached to a polyclinic that is open.';
        ELSIF doctor IS NOT NULL AND NOT EXISTS (SELECT FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active
                                                  WHERE j.practitioner_id = doctor AND j.clinic_id = place AND j.role = 'district_doctor' AND j.valid_from <= today AND (j.valid_to IS NULL OR j.valid_to > today)) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such district doctor at this clinic.';
        ELSIF EXISTS (SELECT FROM practitioner m WHERE m.id = doctor AND m.iin = owner_iin) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Nobody is one''s own district doctor: please name another, or none.';
        ELSIF old.clinic_id = place AND old.district_doctor_id = coalesce(doctor, old.district_doctor_id) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person is attached there already.';
        ELSIF (SELECT count(*) FROM attachment a WHERE a.patient_id = subject AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error'
                  AND a.attached_on >= date_trunc('year', today)
                  /* The first of all is no change. */
                  AND EXISTS (SELECT FROM attachment b WHERE b.patient_id = subject AND b.superseded_by IS NULL AND b.record_status <> 'entered_in_error' AND (b.attached_on, b.id) < (a.attached_on, a.id))) >= most THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = format('The clinic can be changed %s times a year.', most);
        END IF;
        doctor := coalesce(doctor, attachment_doctor(place, owner_iin));
        IF doctor IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'No district doctor works at this clinic now who could have the person; please choose another clinic.';
        END IF;
        UPDATE attachment a SET detached_on = greatest(today, a.attached_on) WHERE a.patient_id = subject AND a.id = old.id;
        INSERT INTO attachment AS a (patient_id, clinic_id, district_doctor_id, attached_on) VALUES (subject, place, doctor, today) RETURNING a.id INTO made;
        PERFORM outbox_put('clinic_changed', subject, 'attachment:' || made, '{}', 'app');
        PERFORM change_done(viewer, 'attach_patient', idempotency_key, subject, 'attachment', made);
    END IF;
    RETURN QUERY SELECT a.* FROM attachment a WHERE a.patient_id = subject AND a.id = made;
END $$;

/* Refuses a clinician who asks to write of himself: of whom he treats somebody else must be able to say that it is so. */
CREATE OR REPLACE FUNCTION not_oneself(viewer text, subject bigint) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF EXISTS (SELECT FROM patient p WHERE p.id = subject AND p.iin = split_part(viewer, '/', 2)) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Nobody treats oneself: to one''s own record another clinician adds.', DETAIL = refusal_about(subject);
    END IF;
END $$;

/* Whether somebody who is active has a doctor's post at this clinic, which is open, on that day. */
CREATE OR REPLACE FUNCTION receives_there(doctor bigint, place bigint, day date) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM practitioner m JOIN practitioner_role j ON j.practitioner_id = m.id JOIN clinic c ON c.id = j.clinic_id AND c.active
                    WHERE m.id = doctor AND m.active AND c.id = place AND j.role IN ('district_doctor', 'specialist', 'hospital_doctor')
                      AND NOT EXISTS (SELECT FROM patient o WHERE o.iin = m.iin AND o.deceased_on IS NOT NULL)
                      AND j.valid_from <= day AND (j.valid_to IS NULL OR j.valid_to > day));
END $$;

/* Refuses unless a doctor who treats the person asks, who is somebody else; the person's row stays locked. Gives who it is. */
CREATE OR REPLACE FUNCTION treating_place(viewer text, subject bigint, OUT practitioner_id bigint, OUT clinic_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM patient p WHERE p.id = subject FOR NO KEY UPDATE;
    SELECT w.practitioner_id, w.clinic_id INTO treating_place.practitioner_id, treating_place.clinic_id FROM access_place(viewer) w
     WHERE w.role = 'DOCTOR' AND access_has(viewer, subject, 'DISTRICT_DOCTOR', 'TREATING_DOCTOR', 'BREAK_GLASS');
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a doctor who treats the person adds to the record.', DETAIL = refusal_about((SELECT p.id FROM patient p WHERE p.id = subject));
    END IF;
    PERFORM not_oneself(viewer, subject);
END $$;

/* Of an ICD-10 code: what it is, or a refusal. */
CREATE OR REPLACE FUNCTION icd10_of(said text) RETURNS icd10
LANGUAGE plpgsql STABLE AS $$
DECLARE
    disease icd10;
BEGIN
    SELECT i.* INTO disease FROM icd10 i WHERE i.code = said;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'There is no such ICD-10 code.';
    END IF;
    RETURN disease;
END $$;

/* The same of a code that stands alone: a manifestation (an asterisk) is told of beside its disease only. */
CREATE OR REPLACE FUNCTION icd10_alone(said text) RETURNS icd10
LANGUAGE plpgsql STABLE AS $$
DECLARE
    disease icd10 := icd10_of(said);
BEGIN
    IF disease.mark = '*' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'This code is of a manifestation (an asterisk): what is meant is the disease behind it, by its own code.';
    END IF;
    RETURN disease;
END $$;

/*
 * The diagnosis of this code that goes on, of those that the viewer may know of: what he writes of the disease is written of it. Of one that is kept from him no
 * link is made, which would tell those who see both that he knew; that what names its code is hidden with it needs none (access_hidden()).
 */
CREATE OR REPLACE FUNCTION diagnosis_of(viewer text, subject bigint, code text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT c.id FROM condition c
             WHERE c.patient_id = subject AND c.icd10 = code AND c.clinical_status = 'active' AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error'
               AND NOT entry_withheld(viewer, subject, 'condition', c.id)
             ORDER BY c.recorded_on DESC, c.id DESC LIMIT 1);
END $$;

/*
 * A diagnosis; a disease with a dagger comes with its manifestation (an asterisk), both at once and leading to each other, and neither without the
 * other. How guarded it is comes from the code. One that is active already is given back, not made twice; one that is kept from the doctor is as if
 * it were not there.
 */
CREATE OR REPLACE FUNCTION add_condition(viewer text, patient_id bigint, icd10 text, manifestation text, name text, onset date, idempotency_key text, payload_digest text)
RETURNS SETOF condition LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    since date := onset;
    words text := nullif(trimmed(name), '');
    place record;
    first record;
    disease icd10;
    shown icd10;
    made bigint;
    pair bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        disease := icd10_of(add_condition.icd10);
        IF manifestation IS NOT NULL THEN
            shown := icd10_of(manifestation);
        END IF;
        IF disease.mark = '*' OR disease.mark = '+' AND shown.mark IS DISTINCT FROM '*' OR shown.code IS NOT NULL AND disease.mark IS DISTINCT FROM '+' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A disease marked with a dagger is said with its manifestation, which is marked with an asterisk, and no other is.';
        ELSIF since > today OR length(words) > 500 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A disease begins today or before, and is named in at most 500 characters.';
        ELSIF EXISTS (SELECT FROM patient p WHERE p.id = subject AND since > p.deceased_on) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A disease begins before the person''s death.', DETAIL = refusal_about(subject);
        ELSIF EXISTS (SELECT FROM patient p WHERE p.id = subject AND since < p.birth_date) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A disease does not begin before the person''s birth.', DETAIL = refusal_about(subject);
        END IF;
        SELECT c.id INTO made FROM condition c LEFT JOIN condition o ON o.patient_id = subject AND o.id = c.pair_id
         WHERE c.patient_id = subject AND c.icd10 = disease.code AND o.icd10 IS NOT DISTINCT FROM shown.code AND c.clinical_status = 'active' AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error'
           AND NOT entry_withheld(viewer, subject, 'condition', c.id)
         ORDER BY c.id LIMIT 1;
        IF made IS NULL THEN
            INSERT INTO condition AS c (patient_id, clinic_id, recorded_by, recorded_on, onset, sens, icd10, name)
            VALUES (subject, place.clinic_id, place.practitioner_id, today, since, greatest(disease.sens, coalesce(shown.sens, 0)), disease.code, coalesce(words, disease.name_kk)) RETURNING c.id INTO made;
            IF shown.code IS NOT NULL THEN
                INSERT INTO condition AS c (patient_id, clinic_id, recorded_by, recorded_on, onset, sens, icd10, name, pair_id)
                VALUES (subject, place.clinic_id, place.practitioner_id, today, since, greatest(disease.sens, shown.sens), shown.code, shown.name_kk, made) RETURNING c.id INTO pair;
                UPDATE condition c SET pair_id = pair WHERE c.patient_id = subject AND c.id = made;
            END IF;
        END IF;
        PERFORM change_done(viewer, 'add_condition', idempotency_key, subject, 'condition', made);
    END IF;
    RETURN QUERY SELECT c.* FROM condition c WHERE c.patient_id = subject AND c.id = made;
END $$;
