/*
 * Search by names. Each word of the text has to be in one of a thing's names (search_folded() says which spellings are the same):
 * from its third letter on anywhere in a word, shorter ones where a word begins. First come those that are called exactly so, then
 * those whose name begins so, then those with a word that begins so; at most 50. Nothing of the text reaches a pattern but
 * small letters and digits.
 */
CREATE OR REPLACE FUNCTION search_said(said text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    folded text;
BEGIN
    IF length(said) > 200 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A text to search for has at most 200 characters.';
    END IF;
    folded := search_folded(said);
    IF folded IS NULL OR length(replace(folded, ' ', '')) < 2 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A text to search for has at least 2 letters or digits.';
    END IF;
    RETURN folded;
END $$;

/* A pattern for each word, the longest first, which an index finds best. */
CREATE OR REPLACE FUNCTION search_patterns(folded text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(CASE WHEN length(w) < 3 THEN '% ' ELSE '%' END || w || '%' ORDER BY length(w) DESC, w)
      FROM regexp_split_to_table(folded, ' ') w
$$;

CREATE OR REPLACE FUNCTION search_rank(names text, folded text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN position('| ' || folded || ' |' IN names) > 0 THEN 0 WHEN position('| ' || folded IN names) > 0 THEN 1
                WHEN position(' ' || folded IN names) > 0 THEN 2 ELSE 3 END
$$;

CREATE OR REPLACE FUNCTION search_drugs(viewer text, text text) RETURNS SETOF drug
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text := search_said(text);
    patterns text[] := search_patterns(said);
BEGIN
    RETURN QUERY SELECT d.* FROM drug d WHERE d.folded LIKE patterns[1] AND d.folded LIKE ALL (patterns)
                  ORDER BY search_rank(d.folded, said), d.name, d.id LIMIT 50;
END $$;

CREATE OR REPLACE FUNCTION search_clinics(viewer text, text text, kind text, region text) RETURNS SETOF clinic
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text := search_said(text);
    patterns text[] := search_patterns(said);
BEGIN
    RETURN QUERY SELECT c.* FROM clinic c JOIN region r ON r.id = c.region_id
                  WHERE c.folded LIKE patterns[1] AND c.folded LIKE ALL (patterns) AND c.active
                    AND c.kind = coalesce(search_clinics.kind, c.kind) AND r.kato = coalesce(region, r.kato)
                  ORDER BY search_rank(c.folded, said), c.name, c.id LIMIT 50;
END $$;

CREATE OR REPLACE FUNCTION search_pharmacies(viewer text, text text, region text) RETURNS SETOF pharmacy
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text := search_said(text);
    patterns text[] := search_patterns(said);
BEGIN
    RETURN QUERY SELECT f.* FROM pharmacy f JOIN region r ON r.id = f.region_id
                  WHERE f.folded LIKE patterns[1] AND f.folded LIKE ALL (patterns) AND f.active AND r.kato = coalesce(region, r.kato)
                  ORDER BY search_rank(f.folded, said), f.name, f.id LIMIT 50;
END $$;

CREATE OR REPLACE FUNCTION search_practitioners(viewer text, text text) RETURNS SETOF practitioner
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text := search_said(text);
    patterns text[] := search_patterns(said);
BEGIN
    RETURN QUERY SELECT p.* FROM practitioner p WHERE p.folded LIKE patterns[1] AND p.folded LIKE ALL (patterns) AND p.active
                  ORDER BY search_rank(p.folded, said), p.full_name, p.id LIMIT 50;
END $$;

CREATE OR REPLACE FUNCTION search_diagnoses(viewer text, text text) RETURNS SETOF icd10
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text := search_said(text);
    patterns text[] := search_patterns(said);
BEGIN
    RETURN QUERY SELECT i.* FROM icd10 i WHERE i.folded LIKE patterns[1] AND i.folded LIKE ALL (patterns)
                  ORDER BY search_rank(i.folded, said), i.code LIMIT 50;
END $$;
