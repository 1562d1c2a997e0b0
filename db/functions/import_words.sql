/*
 * Import (docs/domain.md): words of FHIR R4 as others write them. What can't be read is null, never an error: a bad record must not
 * keep its batch from coming in.
 */

/* The day that a date or dateTime begins with, wherever that was written; of a year or month its first. */
CREATE OR REPLACE FUNCTION private.fhir_day_written(t text) RETURNS date LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF t !~ '^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T.*)?)?)?$' THEN
        RETURN NULL;
    END IF;
    IF substr(t, 9, 2) > '28' AND substr(t, 9, 2)::int > extract(day FROM (left(t, 7) || '-01')::date + interval '1 month' - interval '1 day') THEN
        RETURN NULL;
    END IF;
    RETURN left(t || '-01-01', 10)::date;
END $$;

/* The moment of a dateTime or instant; of what is no more than a day, its beginning in Kazakhstan. */
CREATE OR REPLACE FUNCTION private.fhir_moment(t text) RETURNS timestamptz LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF private.fhir_day_written(t) IS NULL THEN
        RETURN NULL;
    END IF;
    IF length(t) <= 10 THEN
        RETURN private.fhir_day_written(t)::timestamp AT TIME ZONE INTERVAL '5 hours';
    END IF;
    IF substr(t, 11) !~ '^T([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)(\.[0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$' THEN
        RETURN NULL;
    END IF;
    RETURN t::timestamptz;
END $$;

/* The day in Kazakhstan on which a dateTime was, whichever zone it was written in; a date is that day. One whose time can't be read is of the day that it begins with. */
CREATE OR REPLACE FUNCTION private.fhir_day(t text) RETURNS date LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF length(t) <= 10 THEN
        RETURN private.fhir_day_written(t);
    END IF;
    RETURN coalesce((private.fhir_moment(t) AT TIME ZONE INTERVAL '5 hours')::date, private.fhir_day_written(t));
END $$;

/* The text of a CodeableConcept: its own words before those of its codes. */
CREATE OR REPLACE FUNCTION private.fhir_words(concept jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(fhir_string(concept ->> 'text'), fhir_string(concept #>> '{coding,0,display}'), fhir_string(concept #>> '{coding,0,code}'))
$$;

/* The value of the identifier of one system; the first, where there are several. */
CREATE OR REPLACE FUNCTION private.fhir_identifier(identifiers jsonb, of_system text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT btrim(i ->> 'value') FROM jsonb_path_query(identifiers, 'lax $[*]') i WHERE i ->> 'system' = of_system LIMIT 1
$$;

/* A HumanName as names are written here: family name first. The official one, else the first. */
CREATE OR REPLACE FUNCTION private.fhir_name(names jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT fhir_string(coalesce(nullif(concat_ws(' ', n ->> 'family', (SELECT string_agg(g, ' ') FROM jsonb_array_elements_text(
                                    CASE jsonb_typeof(n -> 'given') WHEN 'array' THEN n -> 'given' ELSE '[]' END) g)), ''), n ->> 'text'))
      FROM jsonb_path_query(names, 'lax $[*] ? (@.type() == "object")') WITH ORDINALITY AS x (n, place)
     ORDER BY n ->> 'use' = 'official' DESC NULLS LAST, place LIMIT 1
$$;

/* A telephone number with its country, as the tables want it; null for any other. */
CREATE OR REPLACE FUNCTION private.fhir_phone(telecom jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT p FROM jsonb_path_query(telecom, 'lax $[*] ? (@.system == "phone").value') v, translate(v #>> '{}', ' ()-.', '') p
     WHERE p ~ '^\+[0-9]{10,15}$' LIMIT 1
$$;

/* A decimal; of more digits than anything has, null. */
CREATE OR REPLACE FUNCTION private.fhir_decimal(v jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof(v) = 'number' AND length(v #>> '{}') <= 40 THEN (v #>> '{}')::numeric END
$$;
