/*
 * What the owner of a passport hid from one viewer, as access_rights() tells it: '', or `table` and `table:id` separated by
 * spaces. Hidden with an entry is what shows it too: its other versions, the other half of a diagnosis, registrations and
 * referrals for a hidden diagnosis, visits and plans for it with their tasks, what was dispensed on a hidden prescription, the referral that led to a
 * hidden stay, the appointment that was kept by a hidden visit; and whatever names the code of a hidden diagnosis, linked or not: a visit, a referral,
 * a registration, a stay, another diagnosis. Who wrote an entry keeps seeing it.
 * Asked only for a patient who has a rule, so it may read all that he has. In PL/pgSQL, which plans it once a session: as a
 * function in SQL, too large to be inlined, it would be planned in every statement that meets such a patient.
 */
CREATE OR REPLACE FUNCTION access_hidden(subject bigint, viewer_role text, viewer_practitioner bigint, viewer_clinic bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        WITH RECURSIVE rule AS MATERIALIZED (
            SELECT r.item_table, r.item_id
              FROM access_rule r
             WHERE r.patient_id = subject AND r.kind = 'hide' AND r.revoked_at IS NULL
               AND (r.role = viewer_role OR r.practitioner_id = viewer_practitioner OR r.clinic_id = viewer_clinic
                    OR num_nonnulls(r.role, r.practitioner_id, r.clinic_id) = 0)
        ), entry (kind, id, next_id, shown_kind, shown_id, own) AS MATERIALIZED (
            SELECT e.*
              FROM (SELECT WHERE EXISTS (SELECT FROM rule)) one
             CROSS JOIN LATERAL (
                SELECT 'condition', id, superseded_by, 'condition', pair_id, recorded_by = viewer_practitioner FROM condition WHERE patient_id = subject
                UNION ALL SELECT 'allergy', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM allergy WHERE patient_id = subject
                UNION ALL SELECT 'immunization', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM immunization WHERE patient_id = subject
                UNION ALL SELECT 'prescription', id, superseded_by, NULL, NULL, viewer_practitioner IN (recorded_by, prescriber_id) FROM prescription WHERE patient_id = subject
                UNION ALL SELECT 'dispense', id, superseded_by, 'prescription', prescription_id, recorded_by = viewer_practitioner FROM dispense WHERE patient_id = subject
                UNION ALL SELECT 'dispensary_registration', id, superseded_by, 'condition', condition_id, viewer_practitioner IN (recorded_by, practitioner_id)
                            FROM dispensary_registration WHERE patient_id = subject
                UNION ALL SELECT 'hospital_referral', id, superseded_by, 'condition', condition_id, recorded_by = viewer_practitioner FROM hospital_referral WHERE patient_id = subject
                /* Once more, for it is shown by the stay that came of it too; and an appointment by the visit for which it was kept. */
                UNION ALL SELECT 'hospital_referral', f.id, f.superseded_by, 'hospitalization', s.id, f.recorded_by = viewer_practitioner
                            FROM hospitalization s JOIN hospital_referral f ON f.patient_id = subject AND f.id = s.referral_id WHERE s.patient_id = subject
                UNION ALL SELECT 'appointment', a.id, a.superseded_by, 'encounter', v.id, viewer_practitioner IN (a.recorded_by, a.practitioner_id)
                            FROM encounter v JOIN appointment a ON a.patient_id = subject AND a.id = v.appointment_id WHERE v.patient_id = subject
                UNION ALL SELECT 'hospitalization', id, superseded_by, 'hospital_referral', referral_id, recorded_by = viewer_practitioner FROM hospitalization WHERE patient_id = subject
                UNION ALL SELECT 'ambulance_call', id, superseded_by, NULL, NULL, viewer_practitioner IN (recorded_by, practitioner_id) FROM ambulance_call WHERE patient_id = subject
                UNION ALL SELECT 'appointment', id, superseded_by, NULL, NULL, viewer_practitioner IN (recorded_by, practitioner_id) FROM appointment WHERE patient_id = subject
                UNION ALL SELECT 'encounter', id, superseded_by, 'condition', condition_id, viewer_practitioner IN (recorded_by, practitioner_id) FROM encounter WHERE patient_id = subject
                UNION ALL SELECT 'certificate', id, superseded_by, NULL, NULL, viewer_practitioner IN (recorded_by, practitioner_id) FROM certificate WHERE patient_id = subject
                UNION ALL SELECT 'insurance_status', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM insurance_status WHERE patient_id = subject
                UNION ALL SELECT 'care_plan', id, superseded_by, 'condition', condition_id, viewer_practitioner IN (recorded_by, practitioner_id) FROM care_plan WHERE patient_id = subject
                UNION ALL SELECT 'care_goal', id, superseded_by, 'care_plan', care_plan_id, recorded_by = viewer_practitioner FROM care_goal WHERE patient_id = subject
                UNION ALL SELECT 'care_task', id, superseded_by, 'care_plan', care_plan_id, viewer_practitioner IN (recorded_by, practitioner_id) FROM care_task WHERE patient_id = subject
                UNION ALL SELECT 'lab_result', id, superseded_by, NULL, NULL, viewer_practitioner IN (recorded_by, ordered_by) FROM lab_result WHERE patient_id = subject
                UNION ALL SELECT 'observation', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM observation WHERE patient_id = subject
                UNION ALL SELECT 'lifestyle', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM lifestyle WHERE patient_id = subject
                UNION ALL SELECT 'pregnancy', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM pregnancy WHERE patient_id = subject
                UNION ALL SELECT 'diagnostic_report', id, superseded_by, NULL, NULL, viewer_practitioner IN (recorded_by, practitioner_id) FROM diagnostic_report WHERE patient_id = subject
                UNION ALL SELECT 'ai_finding', id, superseded_by, 'diagnostic_report', report_id, viewer_practitioner IN (recorded_by, confirmed_by) FROM ai_finding WHERE patient_id = subject
                /* Once more, for it is shown by the diagnosis that came of it too. */
                UNION ALL SELECT 'ai_finding', id, superseded_by, 'condition', condition_id, viewer_practitioner IN (recorded_by, confirmed_by) FROM ai_finding
                            WHERE patient_id = subject AND condition_id IS NOT NULL
                UNION ALL SELECT 'procedure_done', id, superseded_by, 'condition', condition_id, viewer_practitioner IN (recorded_by, practitioner_id) FROM procedure_done WHERE patient_id = subject
                UNION ALL SELECT 'implant', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM implant WHERE patient_id = subject
                UNION ALL SELECT 'medication_statement', id, superseded_by, 'prescription', prescription_id, recorded_by = viewer_practitioner FROM medication_statement WHERE patient_id = subject
                UNION ALL SELECT 'emergency_contact', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM emergency_contact WHERE patient_id = subject
                UNION ALL SELECT 'diary_entry', id, superseded_by, NULL, NULL, false FROM diary_entry WHERE patient_id = subject
                UNION ALL SELECT 'screening_task', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM screening_task WHERE patient_id = subject
                UNION ALL SELECT 'vaccine_exception', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM vaccine_exception WHERE patient_id = subject
                UNION ALL SELECT 'milestone_check', id, superseded_by, NULL, NULL, recorded_by = viewer_practitioner FROM milestone_check WHERE patient_id = subject) e
        ), coded (kind, id, code) AS MATERIALIZED (
            SELECT 'dispensary_registration', id, icd10 FROM dispensary_registration WHERE patient_id = subject AND EXISTS (SELECT FROM rule)
            UNION ALL SELECT 'hospital_referral', id, icd10 FROM hospital_referral WHERE patient_id = subject AND EXISTS (SELECT FROM rule)
            UNION ALL SELECT 'hospitalization', id, unnest(ARRAY[icd10_admission, icd10_discharge]) FROM hospitalization WHERE patient_id = subject AND EXISTS (SELECT FROM rule)
            UNION ALL SELECT 'condition', id, icd10 FROM condition WHERE patient_id = subject AND EXISTS (SELECT FROM rule)
            UNION ALL SELECT 'encounter', id, icd10 FROM encounter WHERE patient_id = subject AND icd10 IS NOT NULL AND EXISTS (SELECT FROM rule)
        ), hidden (kind, id) AS (
            SELECT e.kind, e.id FROM rule r JOIN entry e ON e.kind = r.item_table AND (r.item_id IS NULL OR e.id = r.item_id)
            UNION
            SELECT n.kind, n.id
              FROM hidden h
              JOIN entry o ON o.kind = h.kind AND o.id = h.id
             CROSS JOIN LATERAL (
                    SELECT e.kind, e.id FROM entry e WHERE e.kind = o.kind AND (e.id = o.next_id OR e.next_id = o.id) OR e.shown_kind = o.kind AND e.shown_id = o.id
                    UNION ALL
                    SELECT c.kind, c.id FROM condition d JOIN coded c ON c.code = d.icd10 WHERE o.kind = 'condition' AND d.patient_id = subject AND d.id = o.id) n
        ), said AS (
            SELECT e.kind, e.id, count(*) OVER (PARTITION BY e.kind) AS n,
                   /* The whole kind, also of entries to come, but where that would take his own from the viewer. */
                   EXISTS (SELECT FROM rule r WHERE r.item_table = e.kind AND r.item_id IS NULL)
                       AND NOT EXISTS (SELECT FROM entry o WHERE o.kind = e.kind AND o.own) AS whole
              FROM hidden h JOIN entry e ON e.kind = h.kind AND e.id = h.id
             WHERE e.own IS NOT TRUE
        )
        SELECT coalesce(string_agg(DISTINCT word, ' '), '')
          FROM (SELECT CASE WHEN whole OR n > 1000 THEN kind ELSE kind || ':' || id END AS word FROM said
                UNION ALL
                /* A kind of which there is no entry yet. */
                SELECT r.item_table FROM rule r WHERE r.item_id IS NULL AND NOT EXISTS (SELECT FROM entry o WHERE o.kind = r.item_table AND o.own)) w
    );
END $$;

/* What stays hidden under emergency access: of the diary, which it never opens, what the owner keeps from this viewer; of all else nothing. */
CREATE OR REPLACE FUNCTION access_hidden_diary(subject bigint, viewer_role text, viewer_practitioner bigint, viewer_clinic bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT coalesce(string_agg(w.word, ' '), '')
              FROM string_to_table(access_hidden(subject, viewer_role, viewer_practitioner, viewer_clinic), ' ') w (word)
             WHERE split_part(w.word, ':', 1) = 'diary_entry');
END $$;
