/*
 * Words of FHIR R4 that the functions of documents share. A resource has the same id in every document of the person, so that
 * a receiver can tell what it has already; the ids say nothing that a client could ask with.
 */
CREATE OR REPLACE FUNCTION fhir_id(kind text, owner bigint, id bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    /* A UUID of version 8 (RFC 9562). */
    SELECT overlay(overlay(md5(concat_ws('/', 'tolqujat', kind, owner, id))::uuid::text PLACING '8' FROM 15) PLACING 'a' FROM 20)
$$;
CREATE OR REPLACE FUNCTION fhir_url(kind text, owner bigint, id bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 'urn:uuid:' || fhir_id(kind, owner, id)
$$;
/* Null where there is nobody to refer to. */
CREATE OR REPLACE FUNCTION fhir_reference(kind text, owner bigint, id bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN coalesce(id, owner) IS NOT NULL AND (id IS NOT NULL OR kind = 'patient')
                THEN jsonb_build_object('reference', fhir_url(kind, owner, id)) END
$$;

CREATE OR REPLACE FUNCTION fhir_instant(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

/* A string of FHIR: no control characters but tab and line ends, no empty text. */
CREATE OR REPLACE FUNCTION fhir_string(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT nullif(btrim(translate(value, E'\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f', ''), E' \t\r\n'), '')
$$;

CREATE OR REPLACE FUNCTION fhir_system(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE name
           WHEN 'icd10' THEN 'http://hl7.org/fhir/sid/icd-10'
           WHEN 'atc' THEN 'http://www.whocc.no/atc'
           WHEN 'loinc' THEN 'http://loinc.org'
           WHEN 'ucum' THEN 'http://unitsofmeasure.org'
           /* Kazakhstan has published no systems for its two numbers; these are of the portal that issues them. */
           WHEN 'iin' THEN 'https://egov.kz/iin'
           WHEN 'bin' THEN 'https://egov.kz/bin' END
$$;

/* A CodeableConcept: a code of a system, what it is called there, and the text; with no code the text alone. */
CREATE OR REPLACE FUNCTION fhir_concept(system text, code text, display text, words text DEFAULT NULL) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
               'coding', CASE WHEN code IS NOT NULL
                              THEN jsonb_build_array(jsonb_build_object('system', system, 'code', code, 'display', fhir_string(display))) END,
               'text', coalesce(fhir_string(words), fhir_string(display))))
$$;
/* The same of HL7's own code systems for the states of resources. */
CREATE OR REPLACE FUNCTION fhir_state(system text, code text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object('coding', jsonb_build_array(jsonb_build_object(
               'system', 'http://terminology.hl7.org/CodeSystem/' || system, 'code', code)))
$$;

CREATE OR REPLACE FUNCTION fhir_note(words text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN words IS NOT NULL THEN jsonb_build_array(jsonb_build_object('text', words)) END
$$;

/* Null in, null out: an object with nothing in it is no element of FHIR. */
CREATE OR REPLACE FUNCTION fhir_period(from_day date, to_day date) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN num_nonnulls(from_day, to_day) > 0 THEN jsonb_strip_nulls(jsonb_build_object('start', from_day, 'end', to_day)) END
$$;

CREATE OR REPLACE FUNCTION xml_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT replace(replace(replace(replace(coalesce(fhir_string(value), ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')
$$;
/* Narrative of FHIR: `content` is XHTML already. */
CREATE OR REPLACE FUNCTION fhir_narrative(lang text, content text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_build_object('status', 'generated',
               'div', format('<div xmlns="http://www.w3.org/1999/xhtml" lang="%s" xml:lang="%s">%s</div>', lang, lang, content))
$$;
CREATE OR REPLACE FUNCTION fhir_table_row(tag text, cells text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '<tr>' || coalesce(string_agg(format('<%s>%s</%s>', tag, xml_text(c), tag), '' ORDER BY n), '') || '</tr>'
      FROM unnest(cells) WITH ORDINALITY AS x (c, n)
$$;
