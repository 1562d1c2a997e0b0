/*
 * Who may do what, for all that the migrations and functions have made: applied at the end of every `tolqujat migrate`, so that it
 * also holds for a role or a table that came later. The role tolqujat_server, with which the server connects, reads; what
 * it changes, it changes through functions of the owner (SECURITY DEFINER), or it adds to the access log. It
 * can change no row that is there. Making the role takes a right that migrate need not have (docs/operations.md);
 * where there is none, only what everybody could do is taken away.
 */
DO $$
DECLARE
    f regprocedure;
    log text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public, private FROM PUBLIC;
    REVOKE ALL ON ALL TABLES IN SCHEMA public, private FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    /* Those of extensions belong to somebody else. */
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;

    /* Who may hear what: tables that came with this migrate are told of, too. */
    PERFORM publish_changes();
    /* It hears which rows changed (the publication has their keys), and reads none: REPLICATION alone is a right to read all, so it is
     * not the server's role (docs/operations.md). */
    IF to_regrole('tolqujat_follower') IS NOT NULL THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO tolqujat_follower', current_database());
    END IF;

    IF to_regrole('tolqujat_server') IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO tolqujat_server', current_database());
    GRANT USAGE ON SCHEMA public TO tolqujat_server;
    IF to_regrole('tolqujat_messages') IS NOT NULL THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO tolqujat_messages', current_database());
        GRANT USAGE ON SCHEMA public TO tolqujat_messages;
    END IF;
    REVOKE ALL ON ALL TABLES IN SCHEMA public, private FROM tolqujat_server;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public, private FROM tolqujat_server;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO tolqujat_server;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO tolqujat_server;
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tolqujat_server', f);
    END LOOP;
    /* Import and the jobs of a month are for the owner's commands alone. */
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole AND p.proname ~ '^(import|job|compute|capitation|visit_flags|due_notices|due_many)_' LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM tolqujat_server', f);
    END LOOP;
    /* So are messages for who sends them. */
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole AND p.proname LIKE 'message\_%' LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM tolqujat_server', f);
        IF to_regrole('tolqujat_messages') IS NOT NULL AND f::text ~ '^message_(take|settle|backlog|sweep)\(' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tolqujat_messages', f);
        END IF;
    END LOOP;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO tolqujat_server;
    /* The access log is added to; that is all. */
    FOR log IN SELECT t FROM unnest(ARRAY['access_log', 'access_parts', 'access_chain']) t WHERE to_regclass(t) IS NOT NULL LOOP
        EXECUTE format('GRANT INSERT ON %I TO tolqujat_server', log);
    END LOOP;
END $$;
