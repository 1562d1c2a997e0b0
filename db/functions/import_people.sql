/*
 * Import: whose passport each Patient is. A person is recognised by the IIN, else by what the source or another one calls the person
 * (private.patient_identifier), and birth date and sex have to agree. Who can't be matched goes to quarantine with the reason, unless the
 * source may register people: then there is a new passport, without an IIN with a number that stands in for it.
 */

CREATE OR REPLACE FUNCTION private.import_people(source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_person (n, iin, birth, died, sex, language, name, phone, identifiers)
    SELECT s.n, private.fhir_identifier(s.body -> 'identifier', fhir_system('iin')),
           CASE WHEN length(s.body ->> 'birthDate') = 10 THEN private.fhir_day(s.body ->> 'birthDate') END,
           private.fhir_day(s.body ->> 'deceasedDateTime'), CASE WHEN s.body ->> 'gender' IN ('female', 'male') THEN s.body ->> 'gender' END,
           (SELECT lang FROM jsonb_path_query(s.body, 'lax $.communication[*].language.coding[*].code') c, left(c #>> '{}', 2) lang WHERE lang IN ('kk', 'ru', 'en') LIMIT 1),
           left(private.fhir_name(s.body -> 'name'), 300), private.fhir_phone(s.body -> 'telecom'),
           (SELECT jsonb_agg(DISTINCT jsonb_build_array(i ->> 'system', i ->> 'value')) FROM jsonb_path_query(s.body, 'lax $.identifier[*]') i
             WHERE i ->> 'system' <> '' AND i ->> 'value' <> '' AND i ->> 'system' <> fhir_system('iin') AND length(i ->> 'system') + length(i ->> 'value') <= 1000)
      FROM import_stage s WHERE s.resource_type = 'Patient' AND s.state = 'ready';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE import_person p SET why = CASE
           WHEN NOT national_number_ok(p.iin) THEN 'the IIN has a wrong check digit'
           WHEN p.birth IS NULL AND p.iin IS NULL THEN 'there is neither an IIN nor a whole birth date'
           WHEN p.birth NOT BETWEEN '1850-01-02' AND (now() AT TIME ZONE INTERVAL '5 hours')::date THEN 'the birth date is no day on which somebody was born who could have a record'
           WHEN p.died < p.birth THEN 'the death is before the birth'
           WHEN s.body ->> 'active' = 'false' AND s.body ? 'link' THEN 'it was merged into another Patient' END
      FROM import_stage s WHERE s.n = p.n;
    PERFORM private.import_match_people();
    PERFORM private.import_register_people(source);
    /* Who contradicts the passport that has the number is nobody, for what comes together with him too. */
    UPDATE import_stage s
       SET state = CASE WHEN p.why IS NULL THEN 'kept' ELSE 'quarantined' END, reason = p.why, patient_id = CASE WHEN p.why IS NULL THEN p.patient_id END,
           item_table = CASE WHEN p.why IS NULL THEN 'patient' END, item_id = CASE WHEN p.why IS NULL THEN p.patient_id END
      FROM import_person p WHERE p.n = s.n;
    INSERT INTO private.patient_identifier (patient_id, source_id, system, value)
    SELECT DISTINCT ON (i ->> 0, i ->> 1) p.patient_id, source, i ->> 0, i ->> 1
      FROM import_person p, jsonb_array_elements(p.identifiers) i WHERE p.why IS NULL
    ON CONFLICT DO NOTHING;
    /* What a source may say of a person is what it registered itself. The IIN takes the place of the number that stood in for it. */
    UPDATE patient w
       SET full_name = coalesce(p.name, w.full_name), phone = coalesce(p.phone, w.phone), language = coalesce(p.language, w.language),
           deceased_on = coalesce(w.deceased_on, p.died), iin = CASE WHEN iin_is_provisional(w.iin) THEN coalesce(p.iin, w.iin) ELSE w.iin END
      FROM import_person p JOIN import_stage s USING (n)
     WHERE w.id = p.patient_id AND w.source_id = source AND s.changed AND p.why IS NULL;
END $$;

/* patient_id of those whom something matches; why, where it contradicts. */
CREATE OR REPLACE FUNCTION private.import_match_people() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE import_person p
       SET patient_id = CASE WHEN m.people = 1 THEN m.id END,
           why = CASE WHEN m.people > 1 THEN 'its numbers belong to different people'
                      WHEN p.birth <> w.birth_date OR p.sex <> w.sex THEN 'the person who has its number has another birth date or sex'
                      WHEN p.iin <> w.iin AND NOT iin_is_provisional(w.iin) THEN 'the person who has its number has another IIN' END
      FROM (SELECT q.n, min(q.id) AS id, count(DISTINCT q.id) AS people
              FROM (SELECT x.n, w.id FROM import_person x JOIN patient w ON w.iin = x.iin WHERE x.why IS NULL
                    UNION
                    SELECT x.n, d.patient_id FROM import_person x, jsonb_array_elements(x.identifiers) i
                      JOIN private.patient_identifier d ON d.system = i ->> 0 AND d.value = i ->> 1 WHERE x.why IS NULL
                    UNION
                    SELECT x.n, s.old_item_id FROM import_person x JOIN import_stage s USING (n) WHERE x.why IS NULL AND s.old_item_table = 'patient') q
             GROUP BY q.n) m
      LEFT JOIN patient w ON w.id = m.id
     WHERE p.n = m.n;
END $$;

/* One after the other, since two records of a batch may be one person. */
CREATE OR REPLACE FUNCTION private.import_register_people(source smallint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    may boolean := (SELECT s.registers_people FROM source_system s WHERE s.id = source);
    one record;
    known bigint;
    number text;
BEGIN
    UPDATE import_person SET why = CASE
           WHEN NOT may THEN 'nobody here has its numbers, and the source may not register people'
           WHEN birth IS NULL THEN 'nobody here has its IIN, and there is no whole birth date to register the person with'
           WHEN sex IS NULL THEN 'nobody here has its numbers, and the sex is neither female nor male'
           WHEN name IS NULL THEN 'nobody here has its numbers, and there is no name' END
     WHERE why IS NULL AND patient_id IS NULL;
    FOR one IN SELECT * FROM import_person p WHERE p.why IS NULL AND p.patient_id IS NULL ORDER BY p.n LOOP
        SELECT min(q.id) INTO known
          FROM (SELECT w.id FROM patient w WHERE w.iin = one.iin
                UNION ALL
                SELECT d.patient_id FROM jsonb_array_elements(one.identifiers) i JOIN private.patient_identifier d ON d.system = i ->> 0 AND d.value = i ->> 1) q;
        IF known IS NOT NULL THEN
            UPDATE import_person p
               SET patient_id = CASE WHEN (w.birth_date, w.sex) = (one.birth, one.sex) THEN known END,
                   why = CASE WHEN (w.birth_date, w.sex) <> (one.birth, one.sex) THEN 'the person who has its number has another birth date or sex' END
              FROM patient w WHERE w.id = known AND p.n = one.n;
            CONTINUE;
        END IF;
        number := coalesce(one.iin, private.provisional_iin(one.birth));
        IF number IS NULL THEN
            UPDATE import_person p SET why = 'there is no number left for a person of that birth date' WHERE p.n = one.n;
            CONTINUE;
        END IF;
        INSERT INTO patient (iin, full_name, birth_date, deceased_on, sex, language, phone, source_id, region_id)
        SELECT number, one.name, one.birth, one.died, one.sex, coalesce(one.language, 'kk'), one.phone, source, s.region_id FROM source_system s WHERE s.id = source
        RETURNING id INTO known;
        UPDATE import_person p SET patient_id = known WHERE p.n = one.n;
        INSERT INTO private.patient_identifier (patient_id, source_id, system, value)
        SELECT known, source, i ->> 0, i ->> 1 FROM jsonb_array_elements(one.identifiers) i
        ON CONFLICT DO NOTHING;
    END LOOP;
END $$;
