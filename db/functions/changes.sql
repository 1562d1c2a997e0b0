/*
 * Brings the publication `tolqujat_changes` to the tables that there are: all that are of a patient (with patient_id in
 * their key, so that a deletion says whose row it was), the patients, and the reference records that the server keeps at hand
 * with what their computed fields read (@hot in schema/passport.graphql; a server that misses one says so when it starts). The access log is
 * in no cache. Of each table the key's columns. db/grants.sql, at the end of each `tolqujat migrate`, calls it. Gives how often a table came or went.
 */
CREATE OR REPLACE FUNCTION publish_changes() RETURNS integer LANGUAGE plpgsql
SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    t record;
    moved integer := 0;
BEGIN
    FOR t IN
        WITH keys AS (
            SELECT c.relname AS name, array_agg(a.attname ORDER BY a.attnum) AS key
              FROM pg_class c
              JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
             GROUP BY c.relname
        ), wanted AS (
            SELECT name, key FROM keys
             WHERE 'patient_id' = ANY (key)
                OR name = ANY (ARRAY['patient', 'drug', 'price_cap', 'dosage_form', 'pharmacy', 'clinic', 'region', 'practitioner', 'specialty',
                                     'source_system', 'plan_rule', 'milestone', 'lab_test'])
        ), there AS (
            SELECT tablename AS name, attnames AS key FROM pg_publication_tables WHERE pubname = 'tolqujat_changes'
        )
        /* One whose columns are others goes and comes back. */
        SELECT coalesce(w.name, p.name) AS name, w.key, p.name IS NULL AS is_new
          FROM wanted w FULL JOIN there p ON p.name = w.name AND p.key = w.key
         WHERE w.name IS NULL OR p.name IS NULL
         ORDER BY is_new
    LOOP
        IF t.is_new THEN
            EXECUTE format('ALTER PUBLICATION tolqujat_changes ADD TABLE ONLY %I (%s)', t.name,
                           (SELECT string_agg(format('%I', k), ', ') FROM unnest(t.key) k));
        ELSE
            EXECUTE format('ALTER PUBLICATION tolqujat_changes DROP TABLE ONLY %I', t.name);
        END IF;
        moved := moved + 1;
    END LOOP;
    RETURN moved;
END $$;
