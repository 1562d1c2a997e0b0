/*
 * Puts a message to a patient on its way, one for each channel, in the transaction of what it tells of. `about` names that (a table and an id), so that
 * the same message about the same thing is written once. `tolqujat messages` sends them.
 */
CREATE OR REPLACE FUNCTION outbox_put(message text, subject bigint, about text, payload jsonb, VARIADIC channels text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO private.outbox (patient_id, kind, channel, key, payload)
    SELECT subject, message, c, concat_ws('/', message, subject, about, c), outbox_put.payload FROM unnest(channels) c
        ON CONFLICT ON CONSTRAINT outbox_key_key DO NOTHING;
END $$;

/* The same to a doctor, about a patient of his: a notice in the application that he works with. */
CREATE OR REPLACE FUNCTION outbox_tell_doctor(message text, subject bigint, doctor bigint, about text, payload jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO private.outbox (patient_id, practitioner_id, kind, channel, key, payload)
    SELECT subject, doctor, message, 'app', concat_ws('/', message, subject, about, 'practitioner:' || doctor), payload
        ON CONFLICT (key) DO NOTHING
$$;
