/*
 * Whether the owner keeps this prescription from a pharmacist: from all, or from him, where he is a practitioner. To have the medicine the owner shows it
 * again: the number and the code alone do not say that he wants this person to see it.
 */
CREATE OR REPLACE FUNCTION kept_from_pharmacist(viewer text, r prescription) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    known bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM access_rule h WHERE h.patient_id = r.patient_id AND h.kind = 'hide' AND h.revoked_at IS NULL) THEN
        RETURN false;
    END IF;
    known := (SELECT m.id FROM practitioner m WHERE m.iin = split_part(viewer, '/', 2));
    RETURN string_to_array(access_hidden(r.patient_id, 'PHARMACIST', known, NULL), ' ') && ARRAY['prescription', 'prescription:' || r.id];
END $$;

/*
 * The prescription that a patient came with, for a pharmacist of a pharmacy that is open: by its number and the code that the
 * patient shows. No row: there is none, or it can't be dispensed, or it is hidden from this pharmacist, or the code is wrong; which of them is not told. Of wrong ones a
 * pharmacist has 20 an hour, and a number 5, so that six digits can't be tried out. Only who has the code is told that the person has died.
 */
CREATE OR REPLACE FUNCTION prescription_for_dispense(viewer text, number text, code text)
RETURNS SETOF prescription LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    pharmacist text := split_part(viewer, '/', 2);
    said text := left(number, 100);
    hash bytea := pick_code_hash(said, code);
    subject bigint := (SELECT r.patient_id FROM prescription r WHERE r.number = said AND r.superseded_by IS NULL LIMIT 1);
BEGIN
    IF split_part(viewer, '/', 1) <> 'PHARMACIST'
       OR NOT EXISTS (SELECT FROM pharmacy f WHERE f.bin = split_part(viewer, '/', 3) AND f.active) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a pharmacist of a registered pharmacy can look up a prescription by its number.', DETAIL = refusal_about(subject);
    ELSIF said IS NULL OR said = '' OR code IS NULL OR code !~ '^[0-9]{6}$' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A prescription is looked up by its number and a pick-up code of six digits.', DETAIL = refusal_about(subject);
    END IF;
    PERFORM attempts_bound('pharmacist', pharmacist, 20, 'Too many wrong numbers or codes within an hour; please try again later.', subject);
    PERFORM attempts_bound('prescription', said, 5, 'Too many wrong codes for this number within an hour; please try again later.', subject);
    RETURN QUERY
        SELECT r.*
          FROM prescription r
         WHERE r.number = said AND r.superseded_by IS NULL AND r.status = 'active' AND r.record_status <> 'entered_in_error'
           AND r.valid_to >= (now() AT TIME ZONE INTERVAL '5 hours')::date
           AND r.pick_code_hash = hash AND NOT kept_from_pharmacist(viewer, r);
    IF NOT FOUND THEN
        INSERT INTO private.attempt (kind, who) VALUES ('pharmacist', pharmacist), ('prescription', said);
        PERFORM refusal_noted(subject);
    ELSIF has_died(subject) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died: nothing is given out for them any more.', DETAIL = refusal_about(subject);
    END IF;
END $$;
