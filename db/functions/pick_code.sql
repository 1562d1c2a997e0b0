/*
 * The code that a patient shows at the pharmacy: six digits, of which the database keeps a keyed hash. The key is in the
 * table private.secret, which the server's role can't read, so reading prescriptions gives no code away.
 */
CREATE OR REPLACE FUNCTION pick_code_hash(number text, code text) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT sha256(s.key || sha256(s.key || convert_to(number || '/' || code, 'UTF8'))) FROM private.secret s WHERE s.name = 'pick_code');
END $$;

/* A new code for an active prescription, for its owner or a child's guardian; the one before is void. */
CREATE OR REPLACE FUNCTION new_pick_code(viewer text, patient_id bigint, prescription_id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    /* The first 32 bits of a version 4 UUID are random. */
    code text := lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
BEGIN
    PERFORM access_decider(viewer, subject);
    UPDATE prescription r SET pick_code_hash = pick_code_hash(r.number, code)
     WHERE r.patient_id = subject AND r.id = prescription_id AND r.superseded_by IS NULL AND r.status = 'active' AND r.record_status <> 'entered_in_error';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such active prescription in this passport.';
    END IF;
    RETURN code;
END $$;
