/*
 * Who may see what of whom: the one place where relations between people are decided. The server asks on every request, and remembers an
 * answer until the subject's record changes, --rights-seconds (1) at most. `viewer` is "ROLE/IIN/ORG" of a token that was checked; `subject` is a patient's id. At most one row:
 *   capacities  names of the schema's enum Capacity, separated by commas
 *   withheld    what the owner hid from this viewer: `table` (the whole kind) or `table:id`, separated by spaces; '' for nothing
 *   reason      for the log: what the right rests on where that is one act (a call, a grant); else null
 * No row: no right, or no such patient. A relation that ended or was revoked gives nothing from that moment on, nor does what was written
 * under emergency access (emergency_days(), entry_of_emergency()). What nobody ends ends by itself (relation_bound). A bound is looked up where it is compared: the planner makes
 * of it one look-up of a statement, done when the first row needs it.
 *
 * Citizens and crews of ambulances have functions of their own, which the server asks alone (@subject(roles:)), and the functions of changes that
 * are a citizen's: a plan that holds all that gives a right takes longer to begin than to run, and both ask of one person at a time.
 *
 * One SELECT, neither SECURITY DEFINER nor with settings of its own, so that the planner inlines it into the statement
 * that asks for many subjects: what follows is then index look-ups of one plan that was set up once. Conditions on
 * a role stand before the look-ups that they spare. Of somebody who is not there as much is looked up as of a stranger, so
 * that time does not tell them apart. Days are days in Kazakhstan, UTC+5.
 */

/*
 * What access_rights() says of a crew of an ambulance: by an open call to its station, an emergency grant, or the
 * patient's own grant. All of these are about somebody who is there, so the patient is not looked for. Inlined by the planner.
 */
CREATE OR REPLACE FUNCTION access_rights_ambulance(viewer text, subject bigint)
RETURNS TABLE (capacities text, withheld text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT r.capacities,
           CASE WHEN r.emergency IS NOT NULL THEN '' /* of the diary a crew sees nothing in any case */
                /* No EXISTS: the planner may answer that from a hash of everybody's rules. */
                WHEN (SELECT true FROM access_rule h WHERE h.patient_id = subject AND h.kind = 'hide' AND h.revoked_at IS NULL LIMIT 1)
                THEN access_hidden(subject, 'AMBULANCE', w.practitioner_id, w.clinic_id)
                ELSE '' END,
           coalesce(r.emergency, r.call)
      FROM access_place(viewer) w
     CROSS JOIN LATERAL (
            SELECT (SELECT g.reason_code FROM emergency_grant g
                     WHERE g.patient_id = subject AND g.practitioner_id = w.practitioner_id AND g.clinic_id = w.clinic_id
                       AND g.role = 'AMBULANCE' AND g.valid_from <= now() AND g.valid_to > now()
                     ORDER BY g.valid_to DESC LIMIT 1) AS emergency,
                   (SELECT a.number FROM ambulance_call a
                     WHERE a.patient_id = subject AND a.clinic_id = w.clinic_id AND a.closed_at IS NULL AND a.superseded_by IS NULL
                       AND a.received_at <= now() AND a.received_at > now() - (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'ambulance_call')
                       AND a.record_status <> 'entered_in_error' LIMIT 1) AS call
            OFFSET 0) e
     CROSS JOIN LATERAL (
            SELECT e.emergency, e.call,
                   nullif(concat_ws(',',
                       CASE WHEN e.call IS NOT NULL THEN 'AMBULANCE' END,
                       CASE WHEN e.emergency IS NOT NULL THEN 'BREAK_GLASS' END,
                       CASE WHEN EXISTS (SELECT FROM access_rule g
                                          WHERE g.patient_id = subject AND g.kind = 'grant' AND g.revoked_at IS NULL
                                            AND g.practitioner_id = w.practitioner_id AND g.valid_from <= now() AND g.valid_to > now()
                                            AND grant_stands(subject, g.made_by))
                            THEN 'GRANTEE' END), '') AS capacities
            OFFSET 0) r
     WHERE w.role = 'AMBULANCE' AND r.capacities IS NOT NULL
$$;

/* Of the owner of a passport and of a child's guardian; nothing of the passport of somebody who died, and nothing for a guardian who died. Nobody hides anything from them. Inlined by the planner. */
CREATE OR REPLACE FUNCTION access_rights_citizen(viewer text, subject bigint)
RETURNS TABLE (capacities text, withheld text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT r.capacities, '', NULL::text
      FROM (SELECT split_part(viewer, '/', 1) AS role, split_part(viewer, '/', 2) AS iin,
                   (now() AT TIME ZONE INTERVAL '5 hours')::date AS today OFFSET 0) v
      LEFT JOIN patient p ON p.id = subject
     CROSS JOIN LATERAL (
            SELECT CASE WHEN p.deceased_on IS NOT NULL THEN NULL
                        WHEN p.iin = v.iin THEN 'OWNER'
                        WHEN p.id IS NULL OR p.birth_date + INTERVAL '18 years' <= v.today THEN NULL
                        WHEN EXISTS (SELECT FROM guardianship g
                                      WHERE g.patient_id = subject AND g.superseded_by IS NULL AND g.record_status <> 'entered_in_error'
                                        AND g.valid_from <= v.today AND (g.valid_to IS NULL OR g.valid_to > v.today)
                                        AND (g.guardian_iin = v.iin
                                             OR (SELECT o.iin = v.iin FROM patient o WHERE o.id = g.guardian_id)))
                         AND (SELECT true FROM patient o WHERE o.iin = v.iin AND o.deceased_on IS NOT NULL LIMIT 1) IS NULL
                        THEN CASE WHEN p.birth_date + INTERVAL '16 years' > v.today THEN 'GUARDIAN' ELSE 'GUARDIAN_OF_TEENAGER' END
                   END AS capacities
            OFFSET 0) r
     WHERE v.role = 'CITIZEN' AND r.capacities IS NOT NULL
$$;

/* Of everybody. */
CREATE OR REPLACE FUNCTION access_rights(viewer text, subject bigint)
RETURNS TABLE (capacities text, withheld text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT r.capacities,
           concat_ws(' ',
               nullif(CASE WHEN v.role = 'LABORATORY' THEN access_hidden_laboratory(subject, w.practitioner_id, w.clinic_id)
                           /* No EXISTS: the planner may answer that from a hash of everybody's rules. */
                           WHEN (SELECT true FROM access_rule h WHERE h.patient_id = subject AND h.kind = 'hide' AND h.revoked_at IS NULL LIMIT 1)
                           THEN CASE WHEN r.emergency IS NULL THEN access_hidden(subject, v.role, w.practitioner_id, w.clinic_id)
                                     ELSE access_hidden_diary(subject, v.role, w.practitioner_id, w.clinic_id) END
                           ELSE '' END, ''),
               /* Of the disputes, other clinics'. */
               CASE WHEN r.capacities LIKE '%DISPUTE_ANSWERER' THEN access_hidden_disputes(subject, w.clinic_id) END),
           r.emergency
      FROM (SELECT split_part(viewer, '/', 1) AS role, (now() AT TIME ZONE INTERVAL '5 hours')::date AS today OFFSET 0) v
      LEFT JOIN LATERAL access_place(viewer) w ON true
      LEFT JOIN patient p ON p.id = subject
     CROSS JOIN LATERAL (
            SELECT CASE WHEN w.practitioner_id IS NULL THEN NULL
                        ELSE (SELECT g.reason_code FROM emergency_grant g
                               WHERE g.patient_id = subject AND g.practitioner_id = w.practitioner_id AND g.clinic_id = w.clinic_id
                                 AND g.role = v.role AND g.valid_from <= now() AND g.valid_to > now()
                               ORDER BY g.valid_to DESC LIMIT 1) END AS emergency
            OFFSET 0) e
     CROSS JOIN LATERAL (
            SELECT e.emergency,
                   CASE WHEN v.role = 'PAYER' THEN
                             CASE WHEN office_asks(viewer) THEN
                                  concat_ws(',', 'PAYER', (SELECT 'DISPUTE_ANSWERER' FROM dispute d
                                                            WHERE d.patient_id = subject AND d.clinic_id IS NULL
                                                              AND (d.answered_at IS NULL OR d.answered_at >= now() - INTERVAL '30 days') LIMIT 1)) END
                        WHEN w.practitioner_id IS NULL THEN NULL
                        WHEN v.role = 'LABORATORY' THEN
                             (SELECT 'LABORATORY' FROM lab_result o
                               WHERE o.patient_id = subject AND o.clinic_id = w.clinic_id AND o.superseded_by IS NULL AND o.record_status <> 'entered_in_error'
                                 AND (o.status IN ('ordered', 'preliminary') AND o.ordered_at > now() - (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'lab_result')
                                      OR o.resulted_at >= now() - INTERVAL '30 days') LIMIT 1)
                        ELSE nullif(concat_ws(',',
                             CASE WHEN v.role = 'DOCTOR' AND p.district_doctor_id = w.practitioner_id AND p.clinic_id = w.clinic_id
                                  THEN 'DISTRICT_DOCTOR' END,
                             CASE WHEN v.role = 'NURSE' AND p.clinic_id = w.clinic_id
                                   AND EXISTS (SELECT FROM practitioner_role n, practitioner_role d
                                                WHERE n.practitioner_id = w.practitioner_id AND n.clinic_id = w.clinic_id AND n.role = 'nurse'
                                                  AND n.valid_from <= v.today AND (n.valid_to IS NULL OR n.valid_to > v.today)
                                                  AND d.practitioner_id = p.district_doctor_id AND d.clinic_id = p.clinic_id AND d.role = 'district_doctor'
                                                  AND d.valid_from <= v.today AND (d.valid_to IS NULL OR d.valid_to > v.today)
                                                  AND d.district_number = n.district_number)
                                  THEN 'DISTRICT_NURSE' END,
                             CASE WHEN v.role = 'DOCTOR'
                                   AND (EXISTS (SELECT FROM appointment a
                                                 WHERE a.patient_id = subject AND a.practitioner_id = w.practitioner_id AND a.clinic_id = w.clinic_id
                                                   AND a.status IN ('booked', 'kept') AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error'
                                                   AND a.starts_at BETWEEN now() - INTERVAL '30 days' AND now() + INTERVAL '30 days')
                                     OR EXISTS (SELECT FROM hospitalization s
                                                 WHERE s.patient_id = subject AND s.superseded_by IS NULL AND s.clinic_id = w.clinic_id AND s.record_status <> 'entered_in_error'
                                                   AND (s.discharged_on >= v.today - 30
                                                        OR s.discharged_on IS NULL AND (s.admitted_on + (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'hospitalization') > v.today
                                                                                        OR stay_attended(subject, s.clinic_id)))
                                                   AND ((SELECT true FROM emergency_grant g WHERE g.patient_id = subject AND g.review <> 'justified' LIMIT 1) IS NULL
                                                        OR NOT entry_of_emergency(subject, 'hospitalization', s.id)))
                                     OR EXISTS (SELECT FROM hospital_referral f
                                                 WHERE f.patient_id = subject AND f.superseded_by IS NULL AND w.clinic_id IN (f.from_clinic_id, f.to_clinic_id)
                                                   AND f.record_status <> 'entered_in_error'
                                                   AND CASE WHEN f.status IN ('waiting', 'accepted')
                                                            THEN coalesce(f.planned_on, f.referred_on) + (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'hospital_referral') > v.today
                                                            WHEN f.status = 'admitted' THEN f.referred_on >= v.today - 30
                                                            WHEN f.status = 'refused' AND f.from_clinic_id = w.clinic_id /* goes on treating */
                                                            THEN coalesce((f.refused_at AT TIME ZONE INTERVAL '5 hours')::date, f.referred_on) >= v.today - 30
                                                            /* The hospital has nothing to do with the person then, but may ask again for an answer that was lost. */
                                                            ELSE f.status = 'refused' AND f.refused_at > now() - INTERVAL '24 hours' END
                                                   AND ((SELECT true FROM emergency_grant g WHERE g.patient_id = subject AND g.review <> 'justified' LIMIT 1) IS NULL
                                                        OR NOT entry_of_emergency(subject, 'hospital_referral', f.id)))
                                     OR EXISTS (SELECT FROM prescription x
                                                 WHERE x.patient_id = subject AND x.superseded_by IS NULL AND x.issued_on >= v.today - 90
                                                   AND x.prescriber_id = w.practitioner_id AND x.record_status <> 'entered_in_error' AND x.status <> 'cancelled'
                                                   AND NOT EXISTS (SELECT FROM emergency_days(subject, w.practitioner_id) g WHERE x.issued_on BETWEEN g.first_day AND g.last_day)))
                                  THEN 'TREATING_DOCTOR' END,
                             /* While the person lies there: one look at the index of open stays. */
                             CASE WHEN v.role = 'NURSE'
                                   AND EXISTS (SELECT FROM hospitalization s
                                                WHERE s.patient_id = subject AND s.discharged_on IS NULL AND s.superseded_by IS NULL
                                                  AND s.clinic_id = w.clinic_id AND s.record_status <> 'entered_in_error'
                                                  AND (s.admitted_on + (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'hospitalization') > v.today OR stay_attended(subject, s.clinic_id))
                                                  AND ((SELECT true FROM emergency_grant g WHERE g.patient_id = subject AND g.review <> 'justified' LIMIT 1) IS NULL
                                                       OR NOT entry_of_emergency(subject, 'hospitalization', s.id)))
                                  THEN 'TREATING_NURSE' END,
                             CASE WHEN e.emergency IS NOT NULL THEN 'BREAK_GLASS' END,
                             CASE WHEN EXISTS (SELECT FROM access_rule g
                                                WHERE g.patient_id = subject AND g.kind = 'grant' AND g.revoked_at IS NULL
                                                  AND g.practitioner_id = w.practitioner_id AND g.valid_from <= now() AND g.valid_to > now()
                                                  AND grant_stands(subject, g.made_by))
                                  THEN 'GRANTEE' END,
                             /* Last, see above. */
                             CASE WHEN v.role IN ('DOCTOR', 'NURSE') THEN
                                  (SELECT 'DISPUTE_ANSWERER' FROM dispute d
                                    WHERE d.patient_id = subject AND d.clinic_id = w.clinic_id
                                      AND (d.answered_at IS NULL OR d.answered_at >= now() - INTERVAL '30 days') LIMIT 1) END), '') END AS capacities
            OFFSET 0) r
     WHERE r.capacities IS NOT NULL AND p.id IS NOT NULL AND v.role NOT IN ('CITIZEN', 'AMBULANCE')
    UNION ALL
    SELECT * FROM access_rights_citizen(viewer, subject)
    UNION ALL
    SELECT * FROM access_rights_ambulance(viewer, subject)
$$;
