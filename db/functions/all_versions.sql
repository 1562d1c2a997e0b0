/*
 * All versions of an entry, whichever of them is named, that one included: what was said of one version (a mark, what was given out) is said of the entry.
 * From it to the version in force, and from there back to the first ones. Of the kinds that others hang on a function each, KIND_all_versions(), of one text; it is
 * inlined where it stands in FROM (see earlier_versions.sql).
 */
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['encounter', 'prescription', 'condition', 'care_plan', 'diagnostic_report'] LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION %2$I(subject bigint, entry bigint) RETURNS SETOF bigint LANGUAGE sql STABLE PARALLEL SAFE AS $f$
                            WITH RECURSIVE later (id) AS (
                                SELECT entry
                                UNION
                                SELECT t.superseded_by FROM later l JOIN %1$I t ON t.patient_id = subject AND t.id = l.id WHERE t.superseded_by IS NOT NULL
                            ), every (id) AS (
                                SELECT l.id FROM later l
                                UNION
                                SELECT t.id FROM every e JOIN %1$I t ON t.patient_id = subject AND t.superseded_by = e.id)
                            SELECT e.id FROM every e
                        $f$', kind, kind || '_all_versions');
    END LOOP;
END $$;
