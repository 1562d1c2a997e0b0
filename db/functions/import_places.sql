/*
 * Import: organisations and doctors. One that has a BIN or IIN which is here is that one, and nothing of it changes. Others become
 * rows of their own that are not active: they are named beside what they made, but nobody finds, books or counts them.
 */

CREATE OR REPLACE FUNCTION private.import_places(source smallint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
    clinic_here bigint;
BEGIN
    FOR one IN SELECT s.n, s.body, s.old_item_id, left(fhir_string(s.body ->> 'name'), 300) AS name, x.bin, c.id AS known
                 FROM import_stage s, LATERAL (SELECT private.fhir_identifier(s.body -> 'identifier', fhir_system('bin')) AS bin) x
                 LEFT JOIN clinic c ON c.bin = x.bin
                WHERE s.resource_type = 'Organization' AND s.state = 'ready' ORDER BY s.n LOOP
        clinic_here := coalesce(one.known, (SELECT c.id FROM clinic c WHERE c.bin = one.bin));
        IF clinic_here IS NULL AND (NOT national_number_ok(one.bin) OR one.name IS NULL) THEN
            UPDATE import_stage s SET state = 'bad', reason = CASE WHEN one.name IS NULL THEN 'the organisation has no name' ELSE 'the BIN has a wrong check digit' END WHERE s.n = one.n;
            CONTINUE;
        END IF;
        IF clinic_here IS NULL AND one.old_item_id IS NOT NULL THEN
            UPDATE clinic c SET name = one.name, address = private.import_address(one.body -> 'address') WHERE c.id = one.old_item_id AND NOT c.active;
            clinic_here := one.old_item_id;
        ELSIF clinic_here IS NULL THEN
            INSERT INTO clinic (region_id, bin, kind, name, address, active)
            SELECT private.import_region(source, one.body -> 'address'), coalesce(one.bin, private.provisional_bin()),
                   CASE WHEN one.name ~* 'hospital|аурухана|больниц|стационар' THEN 'hospital' WHEN one.name ~* 'зертхана|лаборатор|laborator' THEN 'laboratory' ELSE 'polyclinic' END,
                   one.name, private.import_address(one.body -> 'address'), false
            RETURNING id INTO clinic_here;
        END IF;
        UPDATE import_stage s SET state = 'kept', item_table = 'clinic', item_id = clinic_here WHERE s.n = one.n;
    END LOOP;
    PERFORM private.import_doctors();
END $$;

CREATE OR REPLACE FUNCTION private.import_doctors() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
    doctor bigint;
BEGIN
    FOR one IN SELECT s.n, s.old_item_id, x.iin, d.id AS known, left(private.fhir_name(s.body -> 'name'), 300) AS name,
                      coalesce(left(private.fhir_words(s.body #> '{qualification,0,code}'), 300), 'Мамандығы көрсетілмеген') AS specialty
                 FROM import_stage s, LATERAL (SELECT private.fhir_identifier(s.body -> 'identifier', fhir_system('iin')) AS iin) x
                 LEFT JOIN practitioner d ON d.iin = x.iin
                WHERE s.resource_type = 'Practitioner' AND s.state = 'ready' ORDER BY s.n LOOP
        doctor := coalesce(one.known, (SELECT d.id FROM practitioner d WHERE d.iin = one.iin));
        IF doctor IS NULL AND (NOT national_number_ok(one.iin) OR one.name IS NULL) THEN
            UPDATE import_stage s SET state = 'bad', reason = CASE WHEN one.name IS NULL THEN 'the practitioner has no name' ELSE 'the IIN of the practitioner has a wrong check digit' END WHERE s.n = one.n;
            CONTINUE;
        END IF;
        IF doctor IS NULL AND one.old_item_id IS NOT NULL THEN
            UPDATE practitioner d SET full_name = one.name, specialty = one.specialty WHERE d.id = one.old_item_id AND NOT d.active;
            doctor := one.old_item_id;
        ELSIF doctor IS NULL THEN
            INSERT INTO practitioner (iin, full_name, specialty, active) VALUES (one.iin, one.name, one.specialty, false) RETURNING id INTO doctor;
        END IF;
        UPDATE import_stage s SET state = 'kept', item_table = 'practitioner', item_id = doctor WHERE s.n = one.n;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION private.import_address(addresses jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(fhir_string(addresses #>> '{0,text}'),
                    fhir_string(concat_ws(', ', addresses #>> '{0,line,0}', addresses #>> '{0,city}', addresses #>> '{0,state}', addresses #>> '{0,country}')),
                    'мекенжайы көрсетілмеген')
$$;

/* The region that the address names, else where the organisations of the source are, else the first. */
CREATE OR REPLACE FUNCTION private.import_region(source smallint, addresses jsonb) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT r.id FROM region r WHERE addresses #>> '{0,state}' IN (r.name_kk, r.name_ru, r.name_en) LIMIT 1),
                    (SELECT r.id FROM region r WHERE addresses #>> '{0,city}' IN (r.name_kk, r.name_ru, r.name_en) LIMIT 1),
                    (SELECT s.region_id FROM source_system s WHERE s.id = source), (SELECT min(r.id) FROM region r))
$$;
