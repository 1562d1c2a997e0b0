/*
 * Where the clinician (or who works in a laboratory) works who asks as `viewer` ("ROLE/IIN/ORG"): a practitioner who is active, at the
 * organisation that he names, in a post of today that fits the role. At most one row; none: no clinician, or not there, or not as that, or dead.
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
       /* Whoever died asks for nothing. No NOT EXISTS, which the planner may answer by a join with all of them. */
       AND (SELECT true FROM patient o WHERE o.iin = split_part(viewer, '/', 2) AND o.deceased_on IS NOT NULL LIMIT 1) IS NULL
       AND j.valid_from <= (now() AT TIME ZONE INTERVAL '5 hours')::date
       AND (j.valid_to IS NULL OR j.valid_to > (now() AT TIME ZONE INTERVAL '5 hours')::date)
       AND CASE split_part(viewer, '/', 1)
           WHEN 'DOCTOR' THEN j.role IN ('district_doctor', 'specialist', 'hospital_doctor')
           WHEN 'NURSE' THEN j.role = 'nurse'
           ELSE j.role <> 'manager' AND c.kind = CASE split_part(viewer, '/', 1) WHEN 'AMBULANCE' THEN 'ambulance' ELSE 'laboratory' END END
     LIMIT 1
$$;

/*
 * Whether somebody asks for an organisation that has to do with everybody: as a payer for one that pays, as the contact centre for the one that is
 * it (national_office). In PL/pgSQL, so that the statement that asks for rights has no part of it to set up: few are payers.
 */
CREATE OR REPLACE FUNCTION office_asks(viewer text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
BEGIN
    RETURN EXISTS (SELECT FROM national_office f
                    WHERE f.role = split_part(viewer, '/', 1) AND f.bin = split_part(viewer, '/', 3) AND f.valid_from <= today AND (f.valid_to IS NULL OR f.valid_to > today))
           AND NOT EXISTS (SELECT FROM patient o WHERE o.iin = split_part(viewer, '/', 2) AND o.deceased_on IS NOT NULL);
END $$;
