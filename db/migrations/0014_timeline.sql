/*
 * The timeline: entries of every kind of one patient, newest first. Nothing is stored: the function timeline()
 * (db/functions/timeline.sql) merges the tables' lists, each through its own index, and returns rows of this type.
 */
CREATE TYPE timeline_entry AS (
    patient_id bigint,
    at timestamptz, /* when it was; of a day its beginning in Kazakhstan */
    rank integer,   /* of its table, where several were at one time */
    item_table text,
    id bigint,
    code text       /* ICD-10, ATC, LOINC: what its kind is coded in; null where there is none */
);
