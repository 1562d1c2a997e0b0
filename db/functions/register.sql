/*
 * A passport begins: at the first contact with primary care, of a child from the day of birth on. The doctor or a nurse of a district registers it, and the
 * person is attached there. No row: a passport has this IIN already, or the mother who is named has none, or can't be the mother. That is no error, which
 * would undo the count of attempts: it is a way to learn that somebody is there, so it is bounded, and on record.
 */

/* A woman with a passport who can be the mother of somebody born on that day: twelve to sixty years old then, and not dead before. */
CREATE OR REPLACE FUNCTION mother_of_newborn(number text, born date) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT p.id FROM patient p
     WHERE p.iin = number AND p.sex = 'female' AND born BETWEEN (p.birth_date + INTERVAL '12 years')::date AND (p.birth_date + INTERVAL '61 years - 1 day')::date
       AND (p.deceased_on IS NULL OR p.deceased_on >= born)
$$;

CREATE OR REPLACE FUNCTION register_passport(viewer text, iin text, full_name text, birth_date date, sex text, language text, phone text, mother_iin text, idempotency_key text, payload_digest text)
RETURNS SETOF patient LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    number text := iin;
    words text := regexp_replace(trimmed(full_name), '\s+', ' ', 'g');
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    place record;
    first record;
    mother bigint;
    made bigint;
BEGIN
    SELECT w.practitioner_id, c.id AS clinic_id, c.region_id, d.practitioner_id AS doctor_id INTO place
      FROM access_place(viewer) w
      JOIN clinic c ON c.id = w.clinic_id AND c.kind = 'polyclinic'
      JOIN practitioner_role j ON j.practitioner_id = w.practitioner_id AND j.clinic_id = c.id AND j.role IN ('district_doctor', 'nurse') AND j.valid_from <= today AND (j.valid_to IS NULL OR j.valid_to > today)
      JOIN practitioner_role d ON d.clinic_id = c.id AND d.role = 'district_doctor' AND d.valid_from <= today AND (d.valid_to IS NULL OR d.valid_to > today)
       AND CASE w.role WHEN 'DOCTOR' THEN d.practitioner_id = w.practitioner_id WHEN 'NURSE' THEN d.district_number = j.district_number END
     ORDER BY d.practitioner_id LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only the doctor or a nurse of a district registers a passport.';
    ELSIF number = split_part(viewer, '/', 2) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Nobody registers one''s own passport.';
    END IF;
    /* Nobody is one's own district doctor. */
    IF EXISTS (SELECT FROM practitioner m WHERE m.id = place.doctor_id AND m.iin = number) THEN
        place.doctor_id := attachment_doctor(place.clinic_id, number);
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF NOT national_number_ok(number) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'An IIN has twelve digits, the last of which is a check digit.';
        ELSIF register_passport.birth_date > today OR register_passport.birth_date < today - INTERVAL '130 years' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A birth date is of the last 130 years.';
        ELSIF length(words) NOT BETWEEN 2 AND 200 OR words !~ '^[[:alpha:]][[:alpha:] ''’.-]*$' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A name has 2 to 200 letters, spaces, hyphens and apostrophes.';
        ELSIF register_passport.phone !~ '^\+[0-9]{10,15}$' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A telephone number is written as +77011234567.';
        ELSIF mother_iin IS NOT NULL AND (NOT national_number_ok(mother_iin) OR register_passport.birth_date <= today - INTERVAL '1 year') THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The mother of a child below a year is named, by her IIN of twelve digits.';
        END IF;
        PERFORM attempts_bound('register', place.practitioner_id::text, 60, 'You registered 60 passports within an hour; please try again later.');
        INSERT INTO private.attempt (kind, who) VALUES ('register', place.practitioner_id::text);
        mother := mother_of_newborn(mother_iin, register_passport.birth_date);
        IF mother IS NULL AND mother_iin IS NOT NULL THEN
            PERFORM refusal_noted((SELECT p.id FROM patient p WHERE p.iin = mother_iin));
            RETURN;
        END IF;
        INSERT INTO patient AS p (region_id, birth_date, iin, sex, language, full_name, phone)
        VALUES (place.region_id, register_passport.birth_date, number, register_passport.sex, register_passport.language, words, register_passport.phone)
            ON CONFLICT ON CONSTRAINT patient_iin_key DO NOTHING RETURNING p.id INTO made;
        IF made IS NULL THEN
            PERFORM refusal_noted((SELECT p.id FROM patient p WHERE p.iin = number));
            RETURN;
        END IF;
        INSERT INTO attachment (patient_id, clinic_id, district_doctor_id, recorded_by, attached_on) VALUES (made, place.clinic_id, place.doctor_id, place.practitioner_id, today);
        IF mother IS NOT NULL THEN
            INSERT INTO guardianship (patient_id, guardian_id, recorded_by, valid_from, kind) VALUES (made, mother, place.practitioner_id, register_passport.birth_date, 'mother');
            PERFORM outbox_put('named_as_mother', mother, 'patient:' || made, '{}', 'app');
        END IF;
        PERFORM change_done(viewer, 'register_passport', idempotency_key, made, 'patient', made);
    END IF;
    RETURN QUERY SELECT p.* FROM patient p WHERE p.id = made;
END $$;
