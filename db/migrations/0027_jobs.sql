/*
 * Jobs of a month (`tolqujat run`): when each was last done and on what it was counted, and who was told of what is due.
 */
CREATE TABLE private.job_run (
    job text NOT NULL COLLATE "C" CHECK (job IN ('capitation', 'visit-monitor', 'figures', 'due-list')),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    snapshot_at timestamptz NOT NULL,
    ended_at timestamptz CHECK (ended_at >= snapshot_at),
    rows_written bigint CHECK (rows_written >= 0),
    PRIMARY KEY (job, month),
    CHECK ((ended_at IS NULL) = (rows_written IS NULL))
);
COMMENT ON TABLE private.job_run IS 'the last run of each job for each month';
COMMENT ON COLUMN private.job_run.snapshot_at IS 'what was committed by then is counted; of due-list, which goes on person by person, when it began';
COMMENT ON COLUMN private.job_run.ended_at IS 'null: it was cut short, which only due-list leaves a trace of; the next run goes on from there';

/* Who was told in a month that something is due: once, however often the job runs, and also when the message itself is deleted by then. */
CREATE TABLE private.due_notice (
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    patient_id bigint NOT NULL REFERENCES patient (id),
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (month, patient_id)
);

/* A visit of which nothing is left but the visit itself. */
ALTER TABLE private.visit_flag DROP CONSTRAINT visit_flag_rule_check,
    ADD CHECK (rule IN ('after_death', 'in_hospital', 'two_places', 'crowded_day', 'other_region', 'disputed', 'no_trace'));
