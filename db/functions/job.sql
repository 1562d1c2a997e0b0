/*
 * Jobs of a month as `tolqujat run` does them: claim, begin, step by step, end. What a job is, is known here alone; the command is told
 * how many people there are and how far it has come. Counting jobs run in one transaction of one snapshot, so that a run that was killed has
 * changed nothing; due-list commits each step, and goes on where it was.
 */

/* The lock of what a job writes. Jobs that write the same wait for each other: figures make the flags and the capitation, too. */
CREATE OR REPLACE FUNCTION job_lock_key(job text, month date) RETURNS bigint LANGUAGE sql STABLE
RETURN hashtextextended(CASE job WHEN 'due-list' THEN 'job due-list ' ELSE 'job figures ' END || to_char(month, 'YYYY-MM'), 0);

/* For functions that are called without the command: the lock until the end of the transaction, which the job itself has. */
CREATE OR REPLACE FUNCTION job_turn(job text, month date) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(job_lock_key(job, month))
$$;

/*
 * Takes the job for this session, outside of any transaction. `busy`: somebody else has it. `at_once`: to be done in one transaction.
 * Refuses a job or month that can't be.
 */
CREATE OR REPLACE FUNCTION job_claim(job text, of_month text, OUT busy boolean, OUT at_once boolean)
LANGUAGE plpgsql AS $$
DECLARE
    day date;
    this_month date := date_trunc('month', kz_today());
BEGIN
    IF job NOT IN ('capitation', 'visit-monitor', 'figures', 'due-list') THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'There are the jobs capitation, visit-monitor, figures and due-list.';
    END IF;
    IF of_month !~ '^20[0-9]{2}-(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The month is a year since 2000 and a month, as in 2026-10.';
    END IF;
    day := to_date(of_month, 'YYYY-MM');
    IF job = 'due-list' AND day <> this_month THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'People are told in a month of what is due in it, so it must be this one.';
    ELSIF job = 'visit-monitor' AND day > this_month THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'That month has not begun.';
    ELSIF job IN ('capitation', 'figures') AND day >= this_month THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'That month is not over; what is counted is how it ended.';
    END IF;
    busy := NOT pg_try_advisory_lock(job_lock_key(job, day));
    at_once := job <> 'due-list';
END $$;

/* How many people there are to look at; of `figures`, which are one step, 1. */
CREATE OR REPLACE FUNCTION job_begin(job text, of_month text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    day date := to_date(of_month, 'YYYY-MM');
BEGIN
    INSERT INTO private.job_run AS r (job, month, snapshot_at) VALUES (job_begin.job, day, now())
        ON CONFLICT ON CONSTRAINT job_run_pkey DO UPDATE SET snapshot_at = now(), ended_at = NULL, rows_written = NULL;
    CASE job
        WHEN 'capitation' THEN PERFORM capitation_begin();
        WHEN 'visit-monitor' THEN PERFORM visit_flags_begin(day);
        WHEN 'figures' THEN RETURN 1;
        ELSE NULL;
    END CASE;
    RETURN (SELECT count(*) FROM patient);
END $$;

/* The next people behind `after`: the last of them, null when there were none, and how many. */
CREATE OR REPLACE FUNCTION job_step(job text, of_month text, after bigint, OUT until bigint, OUT people bigint)
LANGUAGE plpgsql AS $$
DECLARE
    day date := to_date(of_month, 'YYYY-MM');
    /* Some tenths of a second; a message waits for no longer transaction. */
    slice integer := CASE job WHEN 'due-list' THEN 500 ELSE 10000 END;
BEGIN
    IF job = 'figures' THEN
        IF after = 0 THEN
            PERFORM compute_figures(day);
            until := 1;
            people := 1;
        END IF;
        RETURN;
    END IF;
    SELECT max(n.id), count(*) INTO until, people FROM (SELECT p.id FROM patient p WHERE p.id > after ORDER BY p.id LIMIT slice) n;
    IF until IS NULL THEN
        RETURN;
    END IF;
    CASE job
        WHEN 'capitation' THEN PERFORM capitation_step(day, after, until);
        WHEN 'visit-monitor' THEN PERFORM visit_flags_step(day, after, until);
        WHEN 'due-list' THEN PERFORM due_notices_step(day, after, until);
    END CASE;
END $$;

/* What there is now of the month, and as of when. */
CREATE OR REPLACE FUNCTION job_end(job text, of_month text, OUT rows_written bigint, OUT snapshot_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    day date := to_date(of_month, 'YYYY-MM');
    written bigint;
BEGIN
    written := CASE job WHEN 'capitation' THEN capitation_end(day)
                        WHEN 'visit-monitor' THEN visit_flags_end(day)
                        WHEN 'figures' THEN (SELECT count(*) FROM figure_cell f WHERE f.month = day)
                        ELSE (SELECT count(*) FROM private.due_notice n WHERE n.month = day) END;
    UPDATE private.job_run r SET ended_at = clock_timestamp(), rows_written = written
     WHERE r.job = job_end.job AND r.month = day
    RETURNING r.rows_written, r.snapshot_at INTO job_end.rows_written, job_end.snapshot_at;
END $$;
