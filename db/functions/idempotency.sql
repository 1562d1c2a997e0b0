/*
 * What every mutation does beside its own work. A function of a mutation takes `idempotency_key`, which the client chose, and `payload_digest`,
 * which the server makes of all arguments. When it knows that the viewer may ask at all it calls first_result(); when the work
 * is done, change_done(). What it refuses leaves no key: the same key may be used again when the reason is gone.
 */

/*
 * Where the result of this very call lies when it was made before: then the function reads that and does nothing else. Both are
 * null when it was not (or no key was given). Who comes second at the same moment waits here for the first to end. The same key for something else within a day is refused.
 */
CREATE OR REPLACE FUNCTION first_result(viewer text, idempotency_key text, payload_digest text, OUT patient_id bigint, OUT item_id bigint)
LANGUAGE plpgsql AS $$
DECLARE
    key_id bytea := sha256(convert_to(viewer || chr(10) || idempotency_key, 'UTF8'));
    known private.idempotency;
BEGIN
    IF idempotency_key IS NULL THEN
        RETURN;
    ELSIF length(trimmed(idempotency_key)) < 8 OR length(idempotency_key) > 200 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'An idempotency key has 8 to 200 characters, such as a UUID.';
    END IF;
    IF get_byte(key_id, 0) < 16 THEN /* one call in sixteen sweeps for the others */
        DELETE FROM private.idempotency i
         WHERE i.id IN (SELECT o.id FROM private.idempotency o WHERE o.made_at < now() - INTERVAL '24 hours' ORDER BY o.made_at LIMIT 64 FOR UPDATE SKIP LOCKED);
    END IF;
    INSERT INTO private.idempotency AS i (id, digest) VALUES (key_id, payload_digest)
        ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, made_at = excluded.made_at, patient_id = NULL, item_id = NULL
           WHERE i.item_id IS NULL OR i.made_at < now() - INTERVAL '24 hours';
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO STRICT known FROM private.idempotency i WHERE i.id = key_id;
    IF known.digest <> payload_digest THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This idempotency key was given to another change within the last 24 hours; a new change needs a new key.';
    END IF;
    patient_id := known.patient_id;
    item_id := known.item_id;
END $$;

/* The change is made: it is on record who made it, and the key leads to it. `operation` is the mutation's SQL function; the
   server sets tolqujat.request (request, machine, field of the schema, a line each) in the transaction. */
CREATE OR REPLACE FUNCTION change_done(viewer text, operation text, idempotency_key text, subject bigint, changed_table text, changed_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    request text[] := string_to_array(current_setting('tolqujat.request', true), chr(10), '');
BEGIN
    INSERT INTO private.change_record (patient_id, item_table, item_id, operation, role, person, organisation, request_id, client, field)
    VALUES (subject, changed_table, changed_id, operation, split_part(viewer, '/', 1), split_part(viewer, '/', 2), split_part(viewer, '/', 3),
            request[1], request[2], request[3]);
    UPDATE private.idempotency i SET patient_id = subject, item_id = changed_id
     WHERE i.id = sha256(convert_to(viewer || chr(10) || idempotency_key, 'UTF8'));
END $$;

/* Whether the viewer sees this person's record in one of these capacities. */
CREATE OR REPLACE FUNCTION access_has(viewer text, subject bigint, VARIADIC wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM access_rights(viewer, subject) r WHERE string_to_array(r.capacities, ',') && wanted);
END $$;
