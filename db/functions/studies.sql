/*
 * Diagnostic studies and what models saw in them: doctors who treat the person add and describe. What a model saw is no diagnosis until a doctor
 * signs it (a trigger of the table holds that too).
 */

/* A study as it was registered (no conclusion yet) or described. */
CREATE OR REPLACE FUNCTION add_report(viewer text, patient_id bigint, modality text, name text, body_site text, performed_at timestamptz, loinc text, conclusion text, preliminary boolean,
                                      idempotency_key text, payload_digest text)
RETURNS SETOF diagnostic_report LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    words text := nullif(trimmed(conclusion), '');
    title text := nullif(trimmed(name), '');
    part text := nullif(trimmed(body_site), '');
    code text := loinc;
    at timestamptz := performed_at;
    place record;
    first record;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF title IS NULL OR length(title) > 300 OR length(part) > 200 OR length(words) > 10000 OR code !~ '^[0-9]{1,7}-[0-9]$' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A study has a name of 1 to 300 characters, a conclusion of at most 10000, and a LOINC code such as 36643-5 or none.';
        ELSIF at > clock_timestamp() OR timeline_day(at) < (SELECT p.birth_date FROM patient p WHERE p.id = subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A study was performed between the birth and now.';
        END IF;
        INSERT INTO diagnostic_report AS r (patient_id, clinic_id, practitioner_id, recorded_by, performed_at, modality, status, loinc, name, body_site, conclusion)
        VALUES (subject, place.clinic_id, CASE WHEN words IS NOT NULL THEN place.practitioner_id END, place.practitioner_id, at, add_report.modality,
                CASE WHEN words IS NULL THEN 'registered' WHEN preliminary THEN 'preliminary' ELSE 'final' END, code, title, part, words)
        RETURNING r.id INTO made;
        PERFORM change_done(viewer, 'add_report', idempotency_key, subject, 'diagnostic_report', made);
    END IF;
    RETURN QUERY SELECT r.* FROM diagnostic_report r WHERE r.patient_id = subject AND r.id = made;
END $$;

/* What the study shows: the first conclusion in its place, one that follows another as a new version, which what models saw in it follows. Somebody may have acted on a preliminary one. */
CREATE OR REPLACE FUNCTION describe_report(viewer text, patient_id bigint, report_id bigint, conclusion text, preliminary boolean, idempotency_key text, payload_digest text)
RETURNS SETOF diagnostic_report LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    words text := nullif(trimmed(conclusion), '');
    stage text := CASE WHEN preliminary THEN 'preliminary' ELSE 'final' END;
    place record;
    first record;
    r diagnostic_report;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT x.* INTO r FROM diagnostic_report x WHERE x.patient_id = subject AND x.id = report_id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
        IF r.id IS NULL OR entry_withheld(viewer, subject, 'diagnostic_report', r.id) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such study in force in this passport.';
        ELSIF r.clinic_id IS DISTINCT FROM place.clinic_id THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'A study is described where it was performed.', DETAIL = refusal_about(subject);
        ELSIF words IS NULL OR length(words) > 10000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A conclusion has 1 to 10000 characters.';
        ELSIF r.status = 'final' AND stage = 'preliminary' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A final conclusion does not become preliminary again; correct it by a final one.';
        END IF;
        made := r.id;
        IF r.conclusion IS NULL THEN
            UPDATE diagnostic_report x SET status = stage, conclusion = words, practitioner_id = place.practitioner_id WHERE x.patient_id = subject AND x.id = made;
        ELSE
            made := nextval(pg_get_serial_sequence('diagnostic_report', 'id'));
            UPDATE diagnostic_report x SET superseded_by = made WHERE x.patient_id = subject AND x.id = r.id;
            INSERT INTO diagnostic_report (patient_id, id, clinic_id, practitioner_id, recorded_by, performed_at, version, sens, modality, loinc, name, body_site, image_ref, status, conclusion)
            VALUES (subject, made, r.clinic_id, place.practitioner_id, place.practitioner_id, r.performed_at, r.version + 1, r.sens, r.modality, r.loinc, r.name, r.body_site, r.image_ref, stage, words);
            UPDATE ai_finding f SET report_id = made WHERE f.patient_id = subject AND f.report_id = r.id AND f.superseded_by IS NULL;
        END IF;
        PERFORM change_done(viewer, 'describe_report', idempotency_key, subject, 'diagnostic_report', made);
    END IF;
    RETURN QUERY SELECT x.* FROM diagnostic_report x WHERE x.patient_id = subject AND x.id = made;
END $$;

/* What a model saw in a study: preliminary, whoever enters it. */
CREATE OR REPLACE FUNCTION add_ai_finding(viewer text, patient_id bigint, report_id bigint, label text, score integer, model text, model_version text, idempotency_key text, payload_digest text)
RETURNS SETOF ai_finding LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    study bigint := report_id;
    place record;
    first record;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF NOT EXISTS (SELECT FROM diagnostic_report r WHERE r.patient_id = subject AND r.id = study AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error')
           OR entry_withheld(viewer, subject, 'diagnostic_report', study) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such study in force in this passport.';
        ELSIF length(trimmed(label)) NOT BETWEEN 1 AND 500 OR length(trimmed(model)) NOT BETWEEN 1 AND 100 OR length(trimmed(model_version)) NOT BETWEEN 1 AND 100 OR score NOT BETWEEN 0 AND 100 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A finding has a label of 1 to 500 characters, the model and its version in 1 to 100 each, and a score from 0 to 100 or none.';
        ELSIF (SELECT count(*) FROM ai_finding f WHERE f.patient_id = subject AND f.report_id = study AND f.superseded_by IS NULL) >= 100 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A study has at most 100 findings.';
        END IF;
        INSERT INTO ai_finding AS f (patient_id, report_id, recorded_by, found_at, score, label, model, model_version)
        VALUES (subject, study, place.practitioner_id, clock_timestamp(), add_ai_finding.score, trimmed(add_ai_finding.label), trimmed(add_ai_finding.model), trimmed(add_ai_finding.model_version))
        RETURNING f.id INTO made;
        PERFORM change_done(viewer, 'add_ai_finding', idempotency_key, subject, 'ai_finding', made);
    END IF;
    RETURN QUERY SELECT f.* FROM ai_finding f WHERE f.patient_id = subject AND f.id = made;
END $$;

/* Refuses unless the finding is there for the viewer, and still waits for a doctor's word; it stays locked. */
CREATE OR REPLACE FUNCTION finding_unsigned(viewer text, subject bigint, entry bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    f ai_finding;
BEGIN
    SELECT x.* INTO f FROM ai_finding x WHERE x.patient_id = subject AND x.id = entry AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' FOR NO KEY UPDATE;
    IF NOT FOUND OR entry_withheld(viewer, subject, 'ai_finding', entry) OR entry_withheld(viewer, subject, 'diagnostic_report', f.report_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such finding in this passport.';
    ELSIF f.status <> 'preliminary' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A doctor has signed this finding already.';
    END IF;
END $$;

/* A doctor signs what a model saw; `icd10`: the diagnosis that comes of it, where one does. */
CREATE OR REPLACE FUNCTION confirm_ai_finding(viewer text, patient_id bigint, finding_id bigint, icd10 text, idempotency_key text, payload_digest text)
RETURNS SETOF ai_finding LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := finding_id;
    place record;
    first record;
    diagnosis bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        PERFORM finding_unsigned(viewer, subject, entry);
        IF confirm_ai_finding.icd10 IS NOT NULL THEN
            SELECT c.id INTO diagnosis FROM add_condition(viewer, subject, confirm_ai_finding.icd10, NULL, NULL, NULL, NULL, NULL) c;
        END IF;
        UPDATE ai_finding f SET status = 'confirmed', confirmed_by = place.practitioner_id, confirmed_at = clock_timestamp(), condition_id = diagnosis
         WHERE f.patient_id = subject AND f.id = entry;
        PERFORM change_done(viewer, 'confirm_ai_finding', idempotency_key, subject, 'ai_finding', entry);
    END IF;
    RETURN QUERY SELECT f.* FROM ai_finding f WHERE f.patient_id = subject AND f.id = entry;
END $$;

/* A doctor says that it is not so. */
CREATE OR REPLACE FUNCTION reject_ai_finding(viewer text, patient_id bigint, finding_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF ai_finding LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := finding_id;
    place record;
    first record;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        PERFORM finding_unsigned(viewer, subject, entry);
        UPDATE ai_finding f SET status = 'rejected', confirmed_by = place.practitioner_id, confirmed_at = clock_timestamp()
         WHERE f.patient_id = subject AND f.id = entry;
        PERFORM change_done(viewer, 'reject_ai_finding', idempotency_key, subject, 'ai_finding', entry);
    END IF;
    RETURN QUERY SELECT f.* FROM ai_finding f WHERE f.patient_id = subject AND f.id = entry;
END $$;
