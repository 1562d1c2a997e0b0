/*
 * Sorts what was added to the log into its index (0044), which whoever adds more would have to do when there is much, and whoever reads it
 * would read in the meantime. For a server to call every few seconds; how many pages it was.
 */
CREATE OR REPLACE FUNCTION tidy_looks() RETURNS bigint LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
    SELECT coalesce(sum(gin_clean_pending_list(i.indexrelid)), 0)
      FROM pg_inherits h JOIN pg_index i ON i.indrelid = h.inhrelid JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
     WHERE h.inhparent = 'access_log'::regclass AND m.amname = 'gin' AND pg_has_role(c.relowner, 'USAGE')
$$;

/*
 * What has to be done now and then, and may be done at any time: partitions of the access log for this month and the
 * three to come. `tolqujat migrate` calls it at its end, and a worker when it begins a chain. Two at the same moment
 * take turns. A month of which the default partition has rows already is left there. Gives how many were made.
 */
CREATE OR REPLACE FUNCTION upkeep() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    partition text;
    made integer := 0;
BEGIN
    FOR i IN 0 .. 3 LOOP
        partition := 'access_log_' || to_char(month, 'YYYY_MM');
        IF to_regclass(partition) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('access_log', 0));
        END IF;
        IF to_regclass(partition) IS NULL THEN
            BEGIN
                /* Made apart and then attached: the log goes on meanwhile. */
                EXECUTE format('CREATE TABLE %I (LIKE access_log INCLUDING ALL)', partition);
                EXECUTE format('ALTER TABLE access_log ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition,
                    month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
                EXECUTE format('CREATE TRIGGER access_log_keep_all BEFORE TRUNCATE ON %I '
                    'FOR EACH STATEMENT EXECUTE FUNCTION access_log_keep()', partition);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                RAISE NOTICE 'the rows of % stay in access_log_default', partition;
            END;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
