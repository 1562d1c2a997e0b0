/*
 * A death that a discharge stated by mistake. The hospital that said so takes it back: the discharge gets a new version, and the passport is the person's again. A
 * death that somebody else stated too, or first, is not the hospital's to withdraw.
 */

/* Who else says that the person has died: another stay, or a source whose Patient says so. No row: nobody. */
CREATE OR REPLACE FUNCTION death_stated_elsewhere(subject bigint, stay bigint) RETURNS TABLE (source_id smallint, hospitalization_id bigint)
LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY
        SELECT x.source_id, x.hospitalization_id
          FROM (SELECT s.source_id, s.id AS hospitalization_id, 1 AS rank FROM hospitalization s
                 WHERE s.patient_id = subject AND s.id <> stay AND s.outcome = 'died' AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error'
                UNION ALL
                SELECT t.source_id, NULL, 2 FROM private.source_record t
                 WHERE t.patient_id = subject AND t.resource_type = 'Patient' AND t.state = 'kept' AND (t.body ? 'deceasedDateTime' OR t.body ->> 'deceasedBoolean' = 'true')) x
         ORDER BY x.rank, x.hospitalization_id, x.source_id LIMIT 1;
END $$;

/*
 * The person lives. What the death kept back comes back: messages that were not sent because of it (but for those whose time is over), and alarms about results that came
 * meanwhile. The person is told, and the doctor of the district. `about` is the stay's version that says how it was. All else that the death ended was
 * looked up in patient.deceased_on, and is as before.
 */
CREATE OR REPLACE FUNCTION death_unsaid(subject bigint, about bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    since date := (SELECT p.deceased_on FROM patient p WHERE p.id = subject);
    doctor bigint := (SELECT p.district_doctor_id FROM patient p WHERE p.id = subject);
    r record;
BEGIN
    UPDATE patient p SET deceased_on = NULL WHERE p.id = subject;
    UPDATE private.outbox o SET state = 'waiting', tries = 0, next_try_at = now(), error = NULL
     WHERE o.patient_id = subject AND o.practitioner_id IS NULL AND o.state = 'dead' AND o.error = 'the person has died'
       AND CASE o.kind WHEN 'confirm_visit' THEN false /* its code has run out, or is at work still; newVisitCode makes another */
                       WHEN 'due_this_month' THEN o.made_at >= date_trunc('month', now() AT TIME ZONE INTERVAL '5 hours') AT TIME ZONE INTERVAL '5 hours'
                       ELSE coalesce((o.payload ->> 'startsAt')::timestamptz > now(), true) END;
    PERFORM outbox_put('death_withdrawn', subject, 'hospitalization:' || about, '{}', 'sms', 'app');
    IF doctor IS NOT NULL THEN
        PERFORM outbox_tell_doctor('patient_death_withdrawn', subject, doctor, 'hospitalization:' || about, '{}');
    END IF;
    /* As ingest_tell(): what is older than a week is history. */
    FOR r IN SELECT l.id, l.ordered_by FROM lab_result l
              WHERE l.patient_id = subject AND l.flag IN ('critical_low', 'critical_high') AND l.superseded_by IS NULL AND l.record_status <> 'entered_in_error'
                AND l.resulted_at > now() - INTERVAL '7 days' AND (l.resulted_at AT TIME ZONE INTERVAL '5 hours')::date >= since LOOP
        PERFORM lab_tell(subject, ARRAY[r.id], r.ordered_by);
    END LOOP;
    PERFORM lab_call_off(subject), vital_call_off(subject);
END $$;

/* Whether the viewer is the person, or the guardian of the child: nobody says of himself, or of his own child, that the death is none. */
CREATE OR REPLACE FUNCTION viewer_is_kin(viewer text, subject bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    number text := split_part(viewer, '/', 2);
BEGIN
    RETURN EXISTS (SELECT FROM patient p WHERE p.id = subject AND p.iin = number)
           OR EXISTS (SELECT FROM guardianship g LEFT JOIN patient o ON o.id = g.guardian_id
                       WHERE g.patient_id = subject AND g.superseded_by IS NULL AND g.record_status <> 'entered_in_error' AND (g.valid_to IS NULL OR g.valid_to > kz_today())
                         AND number IN (g.guardian_iin, o.iin));
END $$;

/*
 * A doctor of the hospital whose discharge stated the death: with `outcome` the stay ended so on that day, without one it goes on. The new version keeps who admitted
 * (recorded_by), who is told of what endangers life then (vital_doctor); who corrected it is in private.change_record.
 */
CREATE OR REPLACE FUNCTION withdraw_death(viewer text, patient_id bigint, stay_id bigint, outcome text, icd10 text, reason text, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    stay bigint := stay_id;
    ended text := outcome;
    words text := trimmed(reason);
    first record;
    disease icd10;
    s hospitalization;
    died_on date;
    made bigint;
    o outcome;
BEGIN
    PERFORM FROM hospital_place(viewer, subject, (SELECT x.clinic_id FROM hospitalization x WHERE x.patient_id = subject AND x.id = stay AND NOT entry_withheld(viewer, subject, 'hospitalization', stay)));
    IF viewer_is_kin(viewer, subject) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Nobody withdraws a death in one''s own record, or in a child''s whose guardian one is.', DETAIL = refusal_about(subject);
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    o.patient_id := subject;
    IF made IS NULL THEN
        SELECT x.* INTO s FROM hospitalization x WHERE x.patient_id = subject AND x.id = stay AND NOT entry_withheld(viewer, subject, 'hospitalization', stay);
        SELECT p.deceased_on INTO died_on FROM patient p WHERE p.id = subject;
        IF s.id IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such stay in this passport.', DETAIL = refusal_about(subject);
        ELSIF length(words) NOT BETWEEN 10 AND 1000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Why a death is withdrawn is said in 10 to 1000 characters.', DETAIL = refusal_about(subject);
        ELSIF ended = 'died' OR ended IS NULL AND icd10 IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The stay ended otherwise, with a final diagnosis, or it goes on and has neither.', DETAIL = refusal_about(subject);
        ELSIF s.superseded_by IS NOT NULL OR s.record_status = 'entered_in_error' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This is not the version of the stay that is in force.', DETAIL = refusal_about(subject);
        ELSIF s.outcome IS DISTINCT FROM 'died' OR died_on IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'By this stay the person has not died.', DETAIL = refusal_about(subject);
        END IF;
        IF icd10 IS NOT NULL THEN
            disease := icd10_alone(withdraw_death.icd10);
        END IF;
        SELECT e.source_id, e.hospitalization_id INTO o.source_id, o.hospitalization_id FROM death_stated_elsewhere(subject, stay) e;
        IF FOUND OR s.death_stated_on IS DISTINCT FROM died_on THEN
            o.kind := 'death_stated_elsewhere';
            o.message := 'That the person has died is said by others too: it can''t be withdrawn by this hospital alone.';
            IF o.hospitalization_id IS NOT NULL AND entry_withheld(viewer, subject, 'hospitalization', o.hospitalization_id) THEN
                o.hospitalization_id := NULL;
                o.source_id := NULL;
            END IF;
            RETURN NEXT o;
            RETURN;
        ELSIF ended IS NULL AND EXISTS (SELECT FROM hospitalization x WHERE x.patient_id = subject AND x.id <> stay AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error'
                                           AND coalesce(x.discharged_on, 'infinity') > s.admitted_on) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person was in a hospital after that, so the stay can''t go on: please say how it ended.', DETAIL = refusal_about(subject);
        END IF;
        made := nextval(pg_get_serial_sequence('hospitalization', 'id'));
        UPDATE hospitalization x SET superseded_by = made WHERE x.patient_id = subject AND x.id = stay;
        s.id := made;
        s.version := s.version + 1;
        s.outcome := ended;
        s.discharged_on := CASE WHEN ended IS NOT NULL THEN s.discharged_on END;
        s.icd10_discharge := CASE WHEN ended IS NOT NULL THEN coalesce(disease.code, s.icd10_discharge) END;
        s.sens := greatest(s.sens, disease.sens);
        s.death_stated_on := NULL;
        s.corrected_because := words;
        s.record_status := 'active';
        s.recorded_at := clock_timestamp();
        INSERT INTO hospitalization SELECT s.*;
        PERFORM death_unsaid(subject, made);
        PERFORM change_done(viewer, 'withdraw_death', idempotency_key, subject, 'hospitalization', made);
    END IF;
    o.kind := 'death_withdrawn';
    o.hospitalization_id := made;
    RETURN NEXT o;
END $$;
