/*
 * Counts attempts of the last hour by `attempt_who`, one transaction at a time for each, so that parallel ones can't slip by.
 * Refuses with `message` when there were `most` already. (Read committed: what others have committed counts.)
 */
CREATE OR REPLACE FUNCTION attempts_bound(attempt_kind text, attempt_who text, most integer, message text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(attempt_kind || ' ' || attempt_who, 0));
    IF (SELECT count(*) FROM private.attempt a WHERE a.kind = attempt_kind AND a.who = attempt_who AND a.at > clock_timestamp() - INTERVAL '1 hour') >= most THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ005', MESSAGE = message;
    END IF;
    DELETE FROM private.attempt a WHERE a.kind = attempt_kind AND a.who = attempt_who AND a.at < clock_timestamp() - INTERVAL '1 day';
END $$;
