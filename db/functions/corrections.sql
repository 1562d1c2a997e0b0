/* What is taken back. The row stays as it was; a new version says that it does not hold, and is what lists show. */
CREATE OR REPLACE FUNCTION refute_allergy(viewer text, patient_id bigint, allergy_id bigint, reason text, idempotency_key text, payload_digest text)
RETURNS SETOF allergy LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := allergy_id;
    words text := trimmed(reason);
    place record;
    first record;
    made bigint;
    changed allergy;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF length(words) NOT BETWEEN 10 AND 1000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Why an allergy is refuted is said in 10 to 1000 characters.';
        END IF;
        SELECT x.* INTO changed FROM allergy x WHERE x.patient_id = subject AND x.id = entry AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
        IF changed.id IS NULL OR entry_withheld(viewer, subject, 'allergy', entry) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such allergy in force in this passport.';
        END IF;
        changed.record_status := 'entered_in_error';
        changed.refuted_because := words;
        made := allergy_version(changed, place.practitioner_id);
        PERFORM change_done(viewer, 'refute_allergy', idempotency_key, subject, 'allergy', made);
    END IF;
    RETURN QUERY SELECT a.* FROM allergy a WHERE a.patient_id = subject AND a.id = made;
END $$;
