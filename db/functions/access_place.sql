/*
 * Where the clinician (or who works in a laboratory) works who asks as `viewer` ("ROLE/IIN/ORG"): a practitioner who is active, at the
 * organisation that he names, in a post of today that fits the role. At most one row; none: no clinician, or not there, or not as that.
 * Inlined by the planner (see access_rights). Days are days in Kazakhstan, UTC+5.
 */
CREATE OR REPLACE FUNCTION access_place(viewer text)
RETURNS TABLE (practitioner_id bigint, clinic_id bigint, role text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT m.id, c.id, split_part(viewer, '/', 1)
      FROM practitioner m
      JOIN clinic c ON c.bin = split_part(viewer, '/', 3) AND c.active
      JOIN practitioner_role j ON j.practitioner_id = m.id AND j.clinic_id = c.id
     WHERE split_part(viewer, '/', 1) IN ('DOCTOR', 'NURSE', 'AMBULANCE', 'LABORATORY')
       AND m.iin = split_part(viewer, '/', 2) AND m.active
       AND j.valid_from <= (now() AT TIME ZONE INTERVAL '5 hours')::date
       AND (j.valid_to IS NULL OR j.valid_to > (now() AT TIME ZONE INTERVAL '5 hours')::date)
       AND CASE split_part(viewer, '/', 1)
           WHEN 'DOCTOR' THEN j.role IN ('district_doctor', 'specialist', 'hospital_doctor')
           WHEN 'NURSE' THEN j.role = 'nurse'
           ELSE j.role <> 'manager' AND c.kind = CASE split_part(viewer, '/', 1) WHEN 'AMBULANCE' THEN 'ambulance' ELSE 'laboratory' END END
     LIMIT 1
$$;
