/*
 * What corrects an entry is found from the entry; this is the way back, from a version to those that it corrected. Few rows are
 * superseded, so each index holds next to nothing, and writing an entry does not touch it. Building one reads its table once.
 */
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['attachment', 'condition', 'allergy', 'immunization', 'vaccine_exception', 'prescription', 'dispense', 'medication_statement',
                                'lab_result', 'observation', 'lifestyle', 'pregnancy', 'diagnostic_report', 'ai_finding', 'procedure_done', 'implant',
                                'dispensary_registration', 'hospital_referral', 'hospitalization', 'encounter', 'appointment', 'ambulance_call', 'certificate',
                                'insurance_status', 'care_plan', 'care_goal', 'care_task', 'diary_entry', 'screening_task', 'milestone_check', 'emergency_contact',
                                'guardianship'] LOOP
        EXECUTE format('CREATE INDEX %I ON %I (patient_id, superseded_by) WHERE superseded_by IS NOT NULL', kind || '_versions', kind);
    END LOOP;
END $$;

/*
 * The whole record leaves in lines, page by page (db/functions/record_archive.sql), no longer as one text. A server of before, should it
 * still run, has no archive to give until it is replaced.
 */
DROP FUNCTION IF EXISTS whole_record(bigint, text);
DROP FUNCTION IF EXISTS record_names(jsonb, text[], text, text);
DROP TYPE record_archive;

CREATE TYPE record_line AS (
    patient_id bigint,
    place bigint,
    id bigint,
    part bigint,
    kind text,
    line text
);
COMMENT ON TYPE record_line IS 'a line of a person''s whole record, in the order of (place, id, part)';
COMMENT ON COLUMN record_line.kind IS 'what it is: a table of record_kinds(), or archive, person, summary, access_log, end';
COMMENT ON COLUMN record_line.line IS 'a JSON object without a line end in it';
