/* The messages to a patient that say one thing, one for each channel, as rows of the outbox. `about` names what they tell of (a table and an id). */
CREATE OR REPLACE FUNCTION outbox_lines(message text, subject bigint, about text, payload jsonb, channels text[])
RETURNS TABLE (patient_id bigint, kind text, channel text, key text, payload jsonb) LANGUAGE sql STABLE ROWS 2 AS $$
    SELECT subject, message, c, concat_ws('/', message, subject, about, c), payload FROM unnest(channels) c
$$;

/*
 * Puts a message to a patient on its way, one for each channel, in the transaction of what it tells of. The same message about the same thing is
 * written once. `tolqujat messages` sends them.
 */
CREATE OR REPLACE FUNCTION outbox_put(message text, subject bigint, about text, payload jsonb, VARIADIC channels text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO private.outbox (patient_id, kind, channel, key, payload)
    SELECT l.* FROM outbox_lines(message, subject, about, outbox_put.payload, channels) l
        ON CONFLICT ON CONSTRAINT outbox_key_key DO NOTHING;
END $$;

/* The same to a doctor, about a patient of his: a notice in the application that he works with. */
CREATE OR REPLACE FUNCTION outbox_tell_doctor(message text, subject bigint, doctor bigint, about text, payload jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO private.outbox (patient_id, practitioner_id, kind, channel, key, payload)
    SELECT subject, doctor, message, 'app', concat_ws('/', message, subject, about, 'practitioner:' || doctor), payload
        ON CONFLICT (key) DO NOTHING
$$;

/* An alarm does not hold any more: whom it reached is told so, over these channels (null: nobody), and these doctors in their application (null: none). */
CREATE OR REPLACE FUNCTION outbox_call_off(to_person text, to_doctor text, subject bigint, about text, channels text[], doctors bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    doctor bigint;
BEGIN
    IF channels IS NOT NULL THEN
        PERFORM outbox_put(to_person, subject, about, '{}', VARIADIC channels);
    END IF;
    FOREACH doctor IN ARRAY coalesce(doctors, '{}') LOOP
        PERFORM outbox_tell_doctor(to_doctor, subject, doctor, about, '{}');
    END LOOP;
END $$;
