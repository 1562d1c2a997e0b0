/*
 * A refusal about somebody says who it is about: the patient's id as the error's DETAIL, which no client is told. The server enters it in
 * that person's access log, since what a refused transaction writes is undone with it. '' where it is about nobody who is there.
 */
CREATE OR REPLACE FUNCTION refusal_about(subject bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(subject::text, '')
$$;

/*
 * The same of a refusal that is no error, since what was counted has to stay: the answer is null, and the server enters a refused look.
 * Of somebody who is not there too, so that both take the server the same time.
 */
CREATE OR REPLACE FUNCTION refusal_noted(subject bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE INFO USING ERRCODE = 'TQ002', MESSAGE = 'There is no such thing.', DETAIL = refusal_about(subject);
END $$;

/*
 * Counts attempts of the last hour by `attempt_who`, one transaction at a time for each, so that parallel ones can't slip by.
 * Refuses with `message` when there were `most` already; the refusal is about `subject`. (Read committed: what others have committed counts.)
 */
CREATE OR REPLACE FUNCTION attempts_bound(attempt_kind text, attempt_who text, most integer, message text, subject bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(attempt_kind || ' ' || attempt_who, 0));
    IF (SELECT count(*) FROM private.attempt a WHERE a.kind = attempt_kind AND a.who = attempt_who AND a.at > clock_timestamp() - INTERVAL '1 hour') >= most THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ005', MESSAGE = message, DETAIL = refusal_about(subject);
    END IF;
    DELETE FROM private.attempt a WHERE a.kind = attempt_kind AND a.who = attempt_who AND a.at < clock_timestamp() - INTERVAL '1 day';
END $$;
