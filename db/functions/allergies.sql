/*
 * Allergies: what doctors find, and which medicines one may set off. What is on record is never made less grave by what somebody says
 * later; who finds that it does not hold takes it back (corrections.sql).
 */

/*
 * Whether an allergy to this group (an ATC code) or substance may be set off by a medicine, of which `kin` is what drug_kin_of() says: the one place where the two are compared.
 * A group has the medicines whose substance is in it by itself too: amoxicillin with something else is a penicillin of J01CA.
 */
CREATE OR REPLACE FUNCTION allergy_sets_off(class text, substance text, kin drug_kin) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(class = ANY (kin.whole) OR EXISTS (SELECT FROM unnest(kin.codes) c WHERE starts_with(c, class)), false) OR substance_names(substance) || substance_folded(substance) && kin.names;
END $$;

/* Whether an entry is of what a doctor names now: of the same group, or of the same name and no other group. Inlined by the planner. */
CREATE OR REPLACE FUNCTION allergy_is_of(a allergy, class text, substance text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(a.atc = class, false)
           OR substance_folded(a.substance) = substance_folded(allergy_is_of.substance) AND (num_nulls(a.atc, class) > 0 OR starts_with(a.atc, class) OR starts_with(class, a.atc))
$$;

/* An entry with what a doctor found beside it: the graver criticality, the wider group, proof once there is any, and words on a reaction that aren't there yet. The name stays. */
CREATE OR REPLACE FUNCTION allergy_joined(a allergy, class text, gravity text, words text, proven boolean) RETURNS allergy
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    ranks CONSTANT text[] := ARRAY['low', 'unable_to_assess', 'high'];
BEGIN
    IF a.atc IS NULL OR starts_with(a.atc, class) THEN
        a.atc := coalesce(class, a.atc);
    END IF;
    a.criticality := ranks[greatest(array_position(ranks, a.criticality), array_position(ranks, gravity))];
    a.verified := a.verified OR proven;
    IF words IS NOT NULL AND coalesce(position(lower(words) IN lower(a.reaction)) = 0, true) THEN
        a.reaction := left(concat_ws('; ', words, a.reaction), 500); /* the version before has what finds no room */
    END IF;
    RETURN a;
END $$;

/* The next version of an allergy, as `changed` (which begins as the one before) says it; its id. */
CREATE OR REPLACE FUNCTION allergy_version(changed allergy, author bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    made bigint := nextval(pg_get_serial_sequence('allergy', 'id'));
BEGIN
    UPDATE allergy a SET superseded_by = made WHERE a.patient_id = changed.patient_id AND a.id = changed.id;
    changed.id := made;
    changed.version := changed.version + 1;
    changed.source_id := 1;
    changed.source_rec := NULL;
    changed.recorded_at := clock_timestamp();
    changed.recorded_by := author;
    INSERT INTO allergy SELECT changed.*;
    RETURN made;
END $$;

/* Where a medicine of today may set it off, the patient is told, and each doctor who prescribed one. The messages name neither medicine nor allergy. */
CREATE OR REPLACE FUNCTION allergy_tell(subject bigint, entry bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    doctor bigint;
BEGIN
    FOR doctor IN
        SELECT DISTINCT r.prescriber_id
          FROM allergy a
          JOIN prescription r ON r.patient_id = subject AND r.status IN ('active', 'dispensed') AND r.valid_to >= kz_today() AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error'
          JOIN drug d ON d.id = r.drug_id
         WHERE a.patient_id = subject AND a.id = entry AND allergy_sets_off(a.atc, a.substance, drug_kin_of(d.atc, d.substances)) LOOP
        PERFORM outbox_tell_doctor('prescribed_to_allergic', subject, doctor, 'allergy:' || entry, '{}');
    END LOOP;
    IF FOUND THEN
        PERFORM outbox_put('allergy_to_prescribed', subject, 'allergy:' || entry, '{}', 'sms', 'app');
    END IF;
END $$;

/*
 * An allergy. One that is in force and says as much is given back, not made twice; what is graver or says more becomes its next version. One that is kept from
 * the doctor is as if it were not there.
 */
CREATE OR REPLACE FUNCTION record_allergy(viewer text, patient_id bigint, substance text, atc text, criticality text, reaction text, verified boolean, idempotency_key text, payload_digest text)
RETURNS SETOF allergy LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    words text := trimmed(substance);
    class text := atc;
    gravity text := criticality;
    happened text := nullif(trimmed(reaction), '');
    place record;
    first record;
    made bigint;
    known allergy;
    joined allergy;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died: nobody is warned by an allergy any more. What somebody died of is a diagnosis.', DETAIL = refusal_about(subject);
        ELSIF words = '' OR length(words) > 200 OR length(happened) > 500 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A substance is named in 1 to 200 characters, a reaction in at most 500.';
        ELSIF substance_folded(words) = '' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A substance is named with letters or digits.';
        ELSIF class !~ '^[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?$' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A substance''s ATC code is of 1, 3, 4, 5 or 7 characters, such as J01C.';
        END IF;
        SELECT a.* INTO known FROM allergy a
         WHERE a.patient_id = subject AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' AND allergy_is_of(a, class, words) AND NOT entry_withheld(viewer, subject, 'allergy', a.id)
         ORDER BY a.id LIMIT 1;
        joined := allergy_joined(known, class, gravity, happened, record_allergy.verified);
        IF known.id IS NULL THEN
            INSERT INTO allergy AS a (patient_id, recorded_by, noted_on, verified, criticality, substance, atc, reaction)
            VALUES (subject, place.practitioner_id, kz_today(), record_allergy.verified, gravity, words, class, happened) RETURNING a.id INTO made;
        ELSIF joined = known THEN
            made := known.id;
        ELSE
            made := allergy_version(joined, place.practitioner_id);
        END IF;
        IF made IS DISTINCT FROM known.id THEN
            PERFORM allergy_tell(subject, made);
        END IF;
        PERFORM change_done(viewer, 'record_allergy', idempotency_key, subject, 'allergy', made);
    END IF;
    RETURN QUERY SELECT a.* FROM allergy a WHERE a.patient_id = subject AND a.id = made;
END $$;
