/*
 * Laboratory: a doctor orders, the laboratory says what came out; or a doctor enters what a person brought from elsewhere. A value is in the
 * unit of its test (a trigger of the table), and is compared with what is usual for the person and with what endangers life (lab_limit).
 */

/* Whether the owner keeps this entry from the viewer. */
CREATE OR REPLACE FUNCTION entry_withheld(viewer text, subject bigint, entry_table text, entry bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT string_to_array(r.withheld, ' ') && ARRAY[entry_table, entry_table || ':' || entry] FROM access_rights(viewer, subject) r), false);
END $$;

/* What is usual of a test for this person, by sex and age at that time. */
CREATE OR REPLACE FUNCTION lab_usual(subject bigint, test bigint, at timestamptz, OUT low numeric, OUT high numeric)
LANGUAGE sql STABLE AS $$
    SELECT g.low, g.high FROM patient p JOIN lab_range g ON g.lab_test_id = test AND coalesce(g.sex, p.sex) = p.sex
     WHERE p.id = subject AND extract(year FROM age((at AT TIME ZONE INTERVAL '5 hours')::date, p.birth_date)) >= g.age_from
       AND extract(year FROM age((at AT TIME ZONE INTERVAL '5 hours')::date, p.birth_date)) < g.age_to
$$;

/* How a value lies to what is usual, and to what endangers life. NULL: nothing to compare it with. In SQL, so that it is inlined where many are looked at. */
CREATE OR REPLACE FUNCTION lab_level(value numeric, low numeric, high numeric, critical_low numeric, critical_high numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value < critical_low AND coalesce(value < low, true) THEN 'critical_low'
                WHEN value > critical_high AND coalesce(value > high, true) THEN 'critical_high'
                WHEN value < low THEN 'low' WHEN value > high THEN 'high'
                WHEN num_nonnulls(low, high) > 0 THEN 'normal' END
$$;

/* The same of a test. */
CREATE OR REPLACE FUNCTION lab_flag(code text, value numeric, low numeric, high numeric) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT lab_level(lab_flag.value, lab_flag.low, lab_flag.high, l.critical_low, l.critical_high) FROM (VALUES (code)) t (loinc) LEFT JOIN lab_limit l USING (loinc));
END $$;

/* Refuses what can't be the result of this test (NULL: of none in the list). */
CREATE OR REPLACE FUNCTION lab_value_check(test lab_test, value numeric, words text, unit text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
    bounds lab_limit;
BEGIN
    IF num_nonnulls(value, words) <> 1 OR (value IS NULL) <> (unit IS NULL) OR length(words) > 500 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A result is a value with its unit, or words, at most 500 characters.';
    ELSIF unit <> test.unit THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = format('Values of this test are in %s.', test.unit);
    END IF;
    SELECT l.* INTO bounds FROM lab_limit l WHERE l.loinc = test.loinc;
    IF value NOT BETWEEN bounds.possible_low AND bounds.possible_high THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = format('Nobody who lives has such a value in %s: look whether the unit is right.', test.unit);
    END IF;
END $$;

/*
 * The patient is told at once of values that endanger life, and the doctor (of all of them, or of those that are `ordered`). The messages name neither test nor value.
 * Of who has died nobody is told.
 */
CREATE OR REPLACE FUNCTION lab_tell(subject bigint, results bigint[], doctor bigint, ordered bigint[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    about text := 'lab_result:' || (SELECT min(r) FROM unnest(results) r);
BEGIN
    IF has_died(subject) THEN
        RETURN;
    END IF;
    INSERT INTO private.outbox (patient_id, kind, channel, key, payload, lab_results)
    SELECT l.*, results FROM outbox_lines('result_critical', subject, about, '{}', ARRAY['sms', 'app']) l
        ON CONFLICT ON CONSTRAINT outbox_key_key DO NOTHING;
    IF doctor IS NOT NULL THEN
        PERFORM outbox_tell_doctor('patient_critical', subject, doctor, about, '{}');
        UPDATE private.outbox o SET lab_results = coalesce(ordered, results)
         WHERE o.patient_id = subject AND o.key = concat_ws('/', 'patient_critical', subject, about, 'practitioner:' || doctor) AND o.lab_results IS NULL;
    END IF;
END $$;

/* Whether one of these results, as it is known now, endangers life. */
CREATE OR REPLACE FUNCTION lab_dangerous(subject bigint, results bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM unnest(results) r, LATERAL (SELECT entry_in_force(subject, 'lab_result', r) AS l OFFSET 0) f
                    WHERE f.l ->> 'flag' IN ('critical_low', 'critical_high') AND f.l ->> 'record_status' <> 'entered_in_error');
END $$;

/*
 * Of results that endangered life and do so no more, since the value was corrected or taken back: who was told is told that, once for a correction. An alarm that
 * waits still is not sent (message_take); in the application it was to be read before, so there its correction is too.
 */
CREATE OR REPLACE FUNCTION lab_call_off(subject bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    IF has_died(subject) THEN
        RETURN;
    END IF;
    FOR one IN SELECT 'lab_result:' || max(a.id) AS about,
                      array_agg(DISTINCT a.channel) FILTER (WHERE a.practitioner_id IS NULL AND (a.channel = 'app' OR a.state = 'sent' OR a.tries > 0)) AS channels,
                      array_agg(DISTINCT a.practitioner_id) FILTER (WHERE a.practitioner_id IS NOT NULL) AS doctors
                 FROM (SELECT o.channel, o.practitioner_id, o.state, o.tries, r AS id, entry_in_force(subject, 'lab_result', r) ->> 'id' AS now
                         FROM private.outbox o, unnest(o.lab_results) r
                        WHERE o.patient_id = subject AND o.lab_results IS NOT NULL AND NOT lab_dangerous(subject, ARRAY[r])) a
                GROUP BY a.now LOOP
        PERFORM outbox_call_off('result_corrected', 'patient_result_corrected', subject, one.about, one.channels, one.doctors);
    END LOOP;
END $$;

/* A doctor asks a laboratory for a test; an order of the same test that it has open already is given back, not made twice. */
CREATE OR REPLACE FUNCTION order_lab_test(viewer text, patient_id bigint, test_id bigint, laboratory_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF lab_result LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    lab bigint := laboratory_id;
    place record;
    first record;
    test lab_test;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT t.* INTO test FROM lab_test t WHERE t.id = test_id;
        IF test.id IS NULL OR NOT EXISTS (SELECT FROM clinic c WHERE c.id = lab AND c.active AND c.kind = 'laboratory') THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such test, or no such laboratory that is open.';
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Nothing is ordered for a person who has died.';
        END IF;
        SELECT r.id INTO made FROM lab_result r
         WHERE r.patient_id = subject AND r.clinic_id = lab AND r.lab_test_id = test.id AND r.status = 'ordered' AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error'
           AND r.ordered_at > now() - (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'lab_result') /* of an older one the laboratory does not know any more */
           AND NOT entry_withheld(viewer, subject, 'lab_result', r.id)
         ORDER BY r.id LIMIT 1;
        IF made IS NULL THEN
            INSERT INTO lab_result AS r (patient_id, lab_test_id, clinic_id, ordered_by, recorded_by, ordered_at, status, specimen, loinc, name, unit, order_number)
            VALUES (subject, test.id, lab, place.practitioner_id, place.practitioner_id, clock_timestamp(), 'ordered', test.specimen, test.loinc, test.name_kk, test.unit,
                    'T' || lpad(nextval('private.lab_order_number')::text, 10, '0'))
            RETURNING r.id INTO made;
        END IF;
        PERFORM change_done(viewer, 'order_lab_test', idempotency_key, subject, 'lab_result', made);
    END IF;
    RETURN QUERY SELECT r.* FROM lab_result r WHERE r.patient_id = subject AND r.id = made;
END $$;

/* The laboratory's result of an order: an open one is filled, a preliminary or final one is corrected by a new version. */
CREATE OR REPLACE FUNCTION add_lab_result(viewer text, patient_id bigint, order_id bigint, value double precision, text text, unit text, preliminary boolean, idempotency_key text, payload_digest text)
RETURNS SETOF lab_result LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := (SELECT p.id FROM patient p WHERE p.id = add_lab_result.patient_id FOR NO KEY UPDATE);
    amount numeric := value;
    words text := nullif(trimmed(text), '');
    measure text := unit;
    stage text := CASE WHEN preliminary THEN 'preliminary' ELSE 'final' END;
    place record;
    first record;
    test lab_test;
    r lab_result;
    alarmed boolean;
    made bigint;
BEGIN
    SELECT w.practitioner_id, w.clinic_id INTO place FROM access_place(viewer) w WHERE w.role = 'LABORATORY' AND access_has(viewer, subject, 'LABORATORY');
    SELECT x.* INTO r FROM lab_result x WHERE x.patient_id = subject AND x.id = order_id AND x.clinic_id = place.clinic_id;
    IF r.id IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only the laboratory that was asked says what came out.', DETAIL = refusal_about(subject);
    END IF;
    PERFORM not_oneself(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT t.* INTO test FROM lab_test t WHERE t.id = r.lab_test_id;
        PERFORM lab_value_check(test, amount, words, measure);
        IF r.superseded_by IS NOT NULL OR r.record_status = 'entered_in_error' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This is not the version in force.';
        ELSIF r.status = 'cancelled' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This order was cancelled.';
        ELSIF r.status = 'final' AND stage = 'preliminary' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A final result does not become preliminary again; correct it by a final one.';
        END IF;
        alarmed := r.flag IN ('critical_low', 'critical_high');
        /* A correction is not a result anew: it came out when it did, and recorded_at says when it was mended. What follows a preliminary one is. */
        r.resulted_at := CASE WHEN r.status = stage THEN r.resulted_at ELSE clock_timestamp() END;
        r.value := amount;
        r.value_text := words;
        r.unit := coalesce(measure, r.unit);
        SELECT u.low, u.high INTO r.low, r.high FROM lab_usual(subject, r.lab_test_id, r.resulted_at) u WHERE amount IS NOT NULL;
        r.flag := lab_flag(r.loinc, amount, r.low, r.high);
        IF r.status = 'ordered' THEN
            made := r.id;
            UPDATE lab_result x SET status = stage, value = r.value, value_text = r.value_text, unit = r.unit, low = r.low, high = r.high, flag = r.flag, resulted_at = r.resulted_at
             WHERE x.patient_id = subject AND x.id = made;
        ELSE
            made := nextval(pg_get_serial_sequence('lab_result', 'id'));
            UPDATE lab_result x SET superseded_by = made WHERE x.patient_id = subject AND x.id = r.id;
            r.id := made;
            r.status := stage;
            r.version := r.version + 1;
            r.record_status := 'active';
            r.source_id := 1;
            r.source_rec := NULL;
            r.recorded_at := clock_timestamp();
            r.recorded_by := place.practitioner_id;
            INSERT INTO lab_result SELECT r.*;
        END IF;
        IF r.flag IN ('critical_low', 'critical_high') THEN
            PERFORM lab_tell(subject, ARRAY[made], r.ordered_by);
        ELSIF alarmed THEN
            PERFORM lab_call_off(subject);
        END IF;
        PERFORM change_done(viewer, 'add_lab_result', idempotency_key, subject, 'lab_result', made);
    END IF;
    RETURN QUERY SELECT x.* FROM lab_result x WHERE x.patient_id = subject AND x.id = made;
END $$;

/* A result that the person brought from a laboratory elsewhere, with what that laboratory calls usual. */
CREATE OR REPLACE FUNCTION add_outside_lab_result(viewer text, patient_id bigint, test_id bigint, value double precision, text text, unit text, low double precision, high double precision, resulted_at timestamptz,
                                                  idempotency_key text, payload_digest text)
RETURNS SETOF lab_result LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    amount numeric := value;
    words text := nullif(trimmed(text), '');
    least_usual numeric := low;
    most_usual numeric := high;
    at timestamptz := resulted_at;
    level text;
    place record;
    first record;
    test lab_test;
    made bigint;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT t.* INTO test FROM lab_test t WHERE t.id = test_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such test.';
        END IF;
        PERFORM lab_value_check(test, amount, words, add_outside_lab_result.unit);
        IF at > clock_timestamp() OR timeline_day(at) < (SELECT p.birth_date FROM patient p WHERE p.id = subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A result is of a time between the birth and now.';
        ELSIF least_usual > most_usual OR words IS NOT NULL AND num_nonnulls(least_usual, most_usual) > 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'What is usual goes from a lower to a higher value, and is said beside a value.';
        END IF;
        level := lab_flag(test.loinc, amount, least_usual, most_usual);
        INSERT INTO lab_result AS r (patient_id, lab_test_id, recorded_by, ordered_at, resulted_at, specimen, loinc, name, value, value_text, unit, low, high, flag)
        VALUES (subject, test.id, place.practitioner_id, at, at, test.specimen, test.loinc, test.name_kk, amount, words, test.unit, least_usual, most_usual, level)
        RETURNING r.id INTO made;
        IF level IN ('critical_low', 'critical_high') THEN
            PERFORM lab_tell(subject, ARRAY[made], NULL);
        END IF;
        PERFORM change_done(viewer, 'add_outside_lab_result', idempotency_key, subject, 'lab_result', made);
    END IF;
    RETURN QUERY SELECT r.* FROM lab_result r WHERE r.patient_id = subject AND r.id = made;
END $$;
