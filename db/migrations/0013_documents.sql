/*
 * Documents about one person. Nothing of them is kept: functions make them of the tables before (db/functions/patient_summary.sql).
 */
CREATE TYPE summary_document AS (
    patient_id bigint,
    language text,
    made_at timestamptz,
    document text
);
COMMENT ON TYPE summary_document IS 'an International Patient Summary, as the JSON of a FHIR R4 document Bundle';

/* One entry of a summary: in which section it stands, the resource, and what the section's narrative says of it. */
CREATE TYPE summary_entry AS (
    section text,
    priority integer,
    day date,
    url text,
    resource jsonb,
    cells text[],
    practitioners bigint[],
    clinics bigint[]
);
COMMENT ON COLUMN summary_entry.priority IS 'the least stands first; of equals the latest day';
COMMENT ON COLUMN summary_entry.url IS 'of the resource within the document: urn:uuid:...';
COMMENT ON COLUMN summary_entry.practitioners IS 'whom the resource refers to, by table practitioner; clinics likewise';

CREATE TYPE record_archive AS (
    patient_id bigint,
    made_at timestamptz,
    archive text
);
COMMENT ON TYPE record_archive IS 'a person''s whole record, as JSON';
