/*
 * Disputes are answered by a doctor or nurse of the clinic that the entry came from, or by the payer where no clinic can. An entry that is
 * not right is taken back: a new version says that it was made in error, and it counts nowhere. One that is right is in force as before.
 */

/* The last day on which it is to be answered, or was to be. Days are days in Kazakhstan, UTC+5. */
CREATE OR REPLACE FUNCTION dispute_due_on(d dispute) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (d.made_at AT TIME ZONE INTERVAL '5 hours')::date + r.answer_days
      FROM dispute_rule r
     WHERE r.valid_from <= (d.made_at AT TIME ZONE INTERVAL '5 hours')::date AND (r.valid_to IS NULL OR r.valid_to > (d.made_at AT TIME ZONE INTERVAL '5 hours')::date)
     ORDER BY r.valid_from DESC LIMIT 1
$$;

/* What waits for the viewer's clinic (for a payer: what no clinic answers), oldest first, behind the one with the number `after_number`; nobody's own record. */
CREATE OR REPLACE FUNCTION disputes_to_answer(viewer text, after_number text) RETURNS SETOF dispute
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place bigint;
    last record;
BEGIN
    SELECT w.clinic_id INTO place FROM access_place(viewer) w WHERE w.role IN ('DOCTOR', 'NURSE');
    IF NOT FOUND AND (split_part(viewer, '/', 1) IS DISTINCT FROM 'PAYER' OR NOT office_asks(viewer)) THEN
        RETURN;
    END IF;
    SELECT d.made_at, d.number INTO last FROM dispute d WHERE d.number = after_number AND d.clinic_id IS NOT DISTINCT FROM place;
    IF after_number IS NOT NULL AND NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'None of your disputes has the number behind which the list is asked for.';
    END IF;
    RETURN QUERY
        SELECT d.* FROM dispute d JOIN patient p ON p.id = d.patient_id AND p.iin IS DISTINCT FROM split_part(viewer, '/', 2)
         WHERE d.answered_at IS NULL AND (d.clinic_id = place OR place IS NULL AND d.clinic_id IS NULL)
           AND (after_number IS NULL OR (d.made_at, d.number) > (last.made_at, last.number))
         ORDER BY d.made_at, d.number LIMIT 100;
END $$;

/* The dispute, locked, for somebody who may answer it; else it refuses, in the same words for one that is not there. */
CREATE OR REPLACE FUNCTION dispute_to_answer(viewer text, subject bigint, wanted bigint) RETURNS dispute
LANGUAGE plpgsql AS $$
DECLARE
    known bigint;
    d dispute;
    place bigint := (SELECT w.clinic_id FROM access_place(viewer) w);
BEGIN
    SELECT p.id INTO known FROM patient p WHERE p.id = subject FOR NO KEY UPDATE;
    SELECT x.* INTO d FROM dispute x
     WHERE x.patient_id = subject AND x.id = wanted AND x.clinic_id IS NOT DISTINCT FROM place AND access_has(viewer, subject, 'DISPUTE_ANSWERER') FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', DETAIL = refusal_about(known),
            MESSAGE = 'A dispute is answered by a doctor or nurse of the clinic that the entry came from, or by the payer where no clinic can.';
    ELSIF EXISTS (SELECT FROM patient p WHERE p.id = subject AND p.iin = split_part(viewer, '/', 2))
          OR access_has('CITIZEN/' || split_part(viewer, '/', 2) || '/', subject, 'OWNER', 'GUARDIAN', 'GUARDIAN_OF_TEENAGER') THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Nobody answers a dispute of one''s own record, or of a child''s whose guardian one is.', DETAIL = refusal_about(known);
    END IF;
    RETURN d;
END $$;

/* A visit that never was is not made true by being corrected: what is disputed so is disputed in every version. */
CREATE OR REPLACE FUNCTION dispute_of_every_version(reason text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT reason IN ('not_there', 'wrong_person', 'not_received')
$$;

/* The version in force of an entry, as an object of its columns. */
CREATE OR REPLACE FUNCTION entry_in_force(subject bigint, item text, entry bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found jsonb;
    next bigint := entry;
BEGIN
    /* A circle, which nothing should have made, ends too. */
    FOR i IN 1 .. 1000 LOOP
        EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE t.patient_id = $1 AND t.id = $2', item) INTO found USING subject, next;
        next := (found ->> 'superseded_by')::bigint;
        EXIT WHEN next IS NULL;
    END LOOP;
    RETURN found;
END $$;

/*
 * What else differs in the version that takes an entry back: what was open is open no longer, or it would stand in the way of the next (a stay, an
 * attachment), hold a slot, or be a visit that goes on. The version before keeps what was said.
 */
CREATE OR REPLACE FUNCTION entry_ended(item text, entry jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT CASE item
        WHEN 'attachment' THEN jsonb_build_object('detached_on', coalesce(entry ->> 'detached_on', entry ->> 'attached_on'))
        WHEN 'hospitalization' THEN jsonb_build_object('discharged_on', coalesce(entry ->> 'discharged_on', entry ->> 'admitted_on'), 'outcome', coalesce(entry ->> 'outcome', 'unchanged'),
                                                       'icd10_discharge', coalesce(entry ->> 'icd10_discharge', entry ->> 'icd10_admission'))
        WHEN 'dispensary_registration' THEN jsonb_build_object('removed_on', coalesce(entry ->> 'removed_on', entry ->> 'registered_on'), 'removal_reason', coalesce(entry ->> 'removal_reason', 'entered in error'))
        WHEN 'guardianship' THEN jsonb_build_object('valid_to', coalesce(entry ->> 'valid_to', ((entry ->> 'valid_from')::date + 1)::text))
        WHEN 'insurance_status' THEN jsonb_build_object('valid_to', coalesce(entry ->> 'valid_to', ((entry ->> 'valid_from')::date + 1)::text))
        WHEN 'pregnancy' THEN jsonb_build_object('status', 'ended', 'ended_on', coalesce(entry ->> 'ended_on', entry ->> 'noted_on'), 'outcome', coalesce(entry ->> 'outcome', 'unknown'))
        WHEN 'appointment' THEN jsonb_build_object('status', CASE WHEN entry ->> 'status' IN ('booked', 'kept') THEN 'cancelled' ELSE entry ->> 'status' END)
        WHEN 'encounter' THEN jsonb_build_object('under_way', false, 'appointment_id', NULL)
        WHEN 'ambulance_call' THEN jsonb_build_object('closed_at', coalesce(entry ->> 'closed_at', entry ->> 'arrived_at', entry ->> 'received_at'))
        WHEN 'care_plan' THEN CASE WHEN entry ->> 'status' IN ('draft', 'active') THEN jsonb_build_object('status', 'revoked', 'ended_on', entry ->> 'started_on') ELSE '{}' END
        WHEN 'care_goal' THEN jsonb_build_object('status', CASE WHEN entry ->> 'status' = 'active' THEN 'cancelled' ELSE entry ->> 'status' END)
        WHEN 'care_task' THEN jsonb_build_object('status', CASE WHEN entry ->> 'status' = 'planned' THEN 'cancelled' ELSE entry ->> 'status' END)
        ELSE '{}' END
$$;

/* Takes back a version in force; the id of the version that says so. */
CREATE OR REPLACE FUNCTION entry_taken_back(item text, entry jsonb, author bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    made bigint := nextval(pg_get_serial_sequence(item, 'id'));
BEGIN
    EXECUTE format('UPDATE %I SET superseded_by = $3 WHERE patient_id = $1 AND id = $2', item) USING (entry ->> 'patient_id')::bigint, (entry ->> 'id')::bigint, made;
    /* Each kind has its columns; all have these. */
    EXECUTE format('INSERT INTO %1$I SELECT t.* FROM jsonb_populate_record(NULL::%1$I, $1) t', item)
      USING entry || entry_ended(item, entry) || jsonb_build_object('id', made, 'version', (entry ->> 'version')::integer + 1, 'record_status', 'entered_in_error',
                                                                    'source_id', 1, 'source_rec', NULL, 'recorded_at', clock_timestamp(), 'recorded_by', author);
    RETURN made;
END $$;

/* What is nothing without the entry that it is part of goes with it, and names the version that says so: `link` is the column of `part` that names the entry. */
CREATE OR REPLACE FUNCTION parts_taken_back(part text, link text, entry jsonb, made bigint, author bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one jsonb;
BEGIN
    FOR one IN EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE t.patient_id = $1 AND t.%I = $2 AND t.superseded_by IS NULL AND t.record_status <> ''entered_in_error'' ORDER BY t.id', part, link)
                 USING (entry ->> 'patient_id')::bigint, (entry ->> 'id')::bigint LOOP
        PERFORM entry_taken_back(part, one || jsonb_build_object(link, made), author);
    END LOOP;
END $$;

/*
 * The entry is not right. What rests on it goes with it: a diagnosis' other half, a visit's mark, of one that never was what its appointment and the next visit of an observation became by it, goals and tasks of a plan, what models saw in a study, a death that nothing
 * but this stay states, an alarm about a result or a measurement; of a medicine that nobody got, it can be given out again.
 */
CREATE OR REPLACE FUNCTION dispute_upheld(d dispute, entry jsonb, author bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    made bigint := entry_taken_back(d.item_table, entry, author);
    other jsonb;
    pair bigint;
BEGIN
    IF d.item_table = 'condition' AND entry ->> 'pair_id' IS NOT NULL THEN
        other := entry_in_force(d.patient_id, 'condition', (entry ->> 'pair_id')::bigint);
        IF other ->> 'record_status' <> 'entered_in_error' THEN
            pair := entry_taken_back('condition', jsonb_set(other, '{pair_id}', to_jsonb(made)), author);
            UPDATE condition c SET pair_id = pair WHERE c.patient_id = d.patient_id AND c.id = made;
        END IF;
    ELSIF d.item_table = 'encounter' THEN
        UPDATE rating r SET withdrawn = true
         WHERE r.patient_id = d.patient_id AND NOT r.withdrawn AND r.encounter_id IN (SELECT v.id FROM encounter_versions(d.patient_id, made) v);
        IF dispute_of_every_version(d.reason) THEN
            /* Its appointment was not kept: it is missed, or to come still. */
            UPDATE appointment a SET status = CASE WHEN a.starts_at < kz_today()::timestamp AT TIME ZONE INTERVAL '5 hours' THEN 'missed' ELSE 'booked' END
             WHERE a.patient_id = d.patient_id AND a.id = (entry ->> 'appointment_id')::bigint AND a.status = 'kept' AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error';
            PERFORM dispensary_not_visited(d.patient_id, (entry ->> 'clinic_id')::bigint, entry ->> 'icd10', ((entry ->> 'started_at')::timestamptz AT TIME ZONE INTERVAL '5 hours')::date);
        END IF;
    ELSIF d.item_table = 'care_plan' THEN
        PERFORM parts_taken_back('care_goal', 'care_plan_id', entry, made, author), parts_taken_back('care_task', 'care_plan_id', entry, made, author);
    ELSIF d.item_table = 'diagnostic_report' THEN
        PERFORM parts_taken_back('ai_finding', 'report_id', entry, made, author);
    ELSIF d.item_table = 'hospitalization' THEN
        IF (entry ->> 'death_stated_on')::date = (SELECT p.deceased_on FROM patient p WHERE p.id = d.patient_id) AND NOT EXISTS (SELECT FROM death_stated_elsewhere(d.patient_id, made)) THEN
            PERFORM death_unsaid(d.patient_id, made);
        END IF;
    ELSIF d.item_table = 'lab_result' THEN
        PERFORM lab_call_off(d.patient_id);
    ELSIF d.item_table = 'observation' THEN
        PERFORM vital_call_off(d.patient_id, author);
    ELSIF d.item_table = 'dispense' THEN
        /* One time more: of one that had ended the next, else one after it. */
        UPDATE prescription r SET status = 'active', refills_left = CASE WHEN r.status = 'active' AND (entry ->> 'source_id')::smallint = 1 THEN least(r.refills_left + 1, 12) ELSE r.refills_left END
         WHERE r.patient_id = d.patient_id AND r.id IN (SELECT v FROM prescription_all_versions(d.patient_id, (entry ->> 'prescription_id')::bigint) v) AND r.status IN ('active', 'dispensed')
           AND r.superseded_by IS NULL AND r.valid_to >= kz_today();
    END IF;
END $$;

/* The entry stands, if nobody else's dispute of it, or of a version of it, waits. What was denied can be confirmed. */
CREATE OR REPLACE FUNCTION dispute_settled(d dispute, entry jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    versions bigint[];
BEGIN
    EXECUTE format('SELECT array_agg(v.id) FROM %I($1, $2) v', d.item_table || '_versions') INTO versions USING d.patient_id, (entry ->> 'id')::bigint;
    IF EXISTS (SELECT FROM dispute o WHERE o.patient_id = d.patient_id AND o.item_table = d.item_table AND o.id <> d.id AND o.answered_at IS NULL
                  AND o.item_id = ANY (versions || (entry ->> 'id')::bigint)) THEN
        RETURN;
    END IF;
    EXECUTE format('UPDATE %I SET record_status = ''active'' WHERE patient_id = $1 AND id = $2 AND record_status = ''disputed''', d.item_table)
      USING d.patient_id, (entry ->> 'id')::bigint;
    IF d.item_table = 'dispense' THEN
        UPDATE dispense x SET receipt = 'none' WHERE x.patient_id = d.patient_id AND x.id = (entry ->> 'id')::bigint AND x.receipt = 'denied';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION answer_dispute(viewer text, patient_id bigint, dispute_id bigint, upheld boolean, answer text, idempotency_key text, payload_digest text)
RETURNS SETOF dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d dispute := dispute_to_answer(viewer, patient_id, dispute_id);
    author bigint := (SELECT w.practitioner_id FROM access_place(viewer) w);
    words text := trimmed(answer);
    first record;
    entry jsonb;
    corrected boolean;
BEGIN
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        IF length(words) NOT BETWEEN 10 AND 4000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A dispute is answered in 10 to 4000 characters.', DETAIL = refusal_about(d.patient_id);
        ELSIF d.answered_at IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This dispute was answered already.', DETAIL = refusal_about(d.patient_id);
        END IF;
        entry := entry_in_force(d.patient_id, d.item_table, d.item_id);
        corrected := (entry ->> 'id')::bigint <> d.item_id AND NOT dispute_of_every_version(d.reason);
        IF NOT upheld AND entry ->> 'record_status' = 'entered_in_error' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This entry was taken back meanwhile, so the dispute can''t be rejected.', DETAIL = refusal_about(d.patient_id);
        ELSIF NOT upheld AND dispute_is_of(d, entry, author) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Whoever made an entry can take it back; that it is right is said by somebody else.', DETAIL = refusal_about(d.patient_id);
        END IF;
        IF entry ->> 'record_status' <> 'entered_in_error' THEN
            IF upheld AND NOT corrected THEN
                PERFORM dispute_upheld(d, entry, author);
            ELSE
                PERFORM dispute_settled(d, entry);
            END IF;
        END IF;
        UPDATE dispute x SET status = CASE WHEN upheld THEN 'upheld' ELSE 'rejected' END, answered_at = clock_timestamp(), answer = words
         WHERE x.patient_id = d.patient_id AND x.id = d.id;
        PERFORM outbox_put('dispute_answered', d.patient_id, 'dispute:' || d.id, '{}', 'sms', 'app');
        PERFORM change_done(viewer, 'answer_dispute', idempotency_key, d.patient_id, 'dispute', d.id);
    END IF;
    RETURN QUERY SELECT x.* FROM dispute x WHERE x.patient_id = d.patient_id AND x.id = d.id;
END $$;

/* Whether this practitioner made the entry: what was disputed, or the version in force. */
CREATE OR REPLACE FUNCTION dispute_is_of(d dispute, entry jsonb, author bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    disputed jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE t.patient_id = $1 AND t.id = $2', d.item_table) INTO disputed USING d.patient_id, d.item_id;
    RETURN EXISTS (SELECT FROM unnest(ARRAY['recorded_by', 'practitioner_id', 'prescriber_id', 'ordered_by']) k WHERE author IN ((entry ->> k)::bigint, (disputed ->> k)::bigint));
END $$;
