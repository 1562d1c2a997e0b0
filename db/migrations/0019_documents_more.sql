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
