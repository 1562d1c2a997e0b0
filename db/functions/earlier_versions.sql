/*
 * The versions that an entry corrected, newest first: those that name it, those that name these, and so on. An entry of each kind is a row of
 * its own table, so each kind has a function of its own, KIND_versions(), which returns such rows; all are made of one text. In SQL and without
 * settings, so that it is inlined and planned once a session; UNION, so that a circle (which nothing should have made) ends.
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
        EXECUTE format('CREATE OR REPLACE FUNCTION %2$I(subject bigint, entry bigint) RETURNS SETOF %1$I LANGUAGE sql STABLE PARALLEL SAFE AS $f$
                            WITH RECURSIVE earlier (id) AS (
                                SELECT t.id FROM %1$I t WHERE t.patient_id = subject AND t.superseded_by = entry
                                UNION
                                SELECT t.id FROM earlier e JOIN %1$I t ON t.patient_id = subject AND t.superseded_by = e.id)
                            SELECT t.* FROM earlier e JOIN %1$I t ON t.patient_id = subject AND t.id = e.id
                             WHERE t.id <> entry ORDER BY t.version DESC, t.id DESC
                        $f$', kind, kind || '_versions');
    END LOOP;
END $$;
