/*
 * What is loaded, and what is missing to have people 1 to :patients: prints "first last" for each chunk to load, or fails
 * where something else is in the tables. Chunks lie on a grid of five thousand, so a load that was cut short goes on, and
 * a larger one adds to a smaller.
 */
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS population_log;
CREATE TABLE IF NOT EXISTS population_log.chunk (
    first_person bigint PRIMARY KEY,
    last_person bigint NOT NULL CHECK (last_person >= first_person),
    seed bigint NOT NULL,
    day date NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);
SELECT coalesce(CASE
    WHEN to_regclass('public.patient') IS NULL THEN 'the tables are not there: run tolqujat migrate first'
    WHEN (SELECT count(*) FROM population_log.chunk WHERE (seed, day) <> (:seed, :'day'::date)) > 0
        THEN 'another population is loaded (another seed or day): load into an empty database'
    WHEN (SELECT max(last_person) FROM population_log.chunk) > :patients
        THEN format('%s people are loaded, more than %s: load into an empty database', (SELECT max(last_person) FROM population_log.chunk), :patients)
    END, '') AS problem \gset
SELECT :'problem' <> '' AS bad \gset
\if :bad
    \warn :problem
    DO $$ BEGIN RAISE EXCEPTION 'nothing was loaded'; END $$;
\endif
SELECT coalesce(done.last + 1, cell.lo), cell.hi
  FROM (SELECT lo, least(lo + 4999, :patients) AS hi FROM generate_series(1, :patients, 5000) lo) cell
  LEFT JOIN LATERAL (SELECT max(last_person) AS last FROM population_log.chunk c WHERE c.first_person BETWEEN cell.lo AND cell.lo + 4999) done ON true
 WHERE coalesce(done.last, 0) < cell.hi
 ORDER BY 1;
