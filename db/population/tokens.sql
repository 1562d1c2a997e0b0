/*
 * For whom the demo makes tokens: who|role|iin|organisation|name|iin,iin,... The last are people whom he may see (at most a
 * thousand). Reads what is loaded; "today" is the database's, so what gives a right is asked of access_rights() itself.
 */
WITH people AS (
    SELECT * FROM (
        (SELECT 'citizen' AS who, 1 AS nr, 'CITIZEN' AS role, p.iin, '' AS bin, p.full_name AS name FROM patient p
          WHERE p.deceased_on IS NULL AND p.birth_date < current_date - 20 * 366
            AND (SELECT count(*) FROM prescription r WHERE r.patient_id = p.id AND r.superseded_by IS NULL) >= 3
            AND EXISTS (SELECT FROM dispense d WHERE d.patient_id = p.id)
          ORDER BY p.id LIMIT 1)
        UNION ALL
        (SELECT 'parent', 2, 'CITIZEN', p.iin, '', p.full_name FROM guardianship g JOIN patient p ON p.id = g.guardian_id JOIN patient c ON c.id = g.patient_id
          WHERE g.superseded_by IS NULL AND g.valid_to IS NULL AND c.birth_date > current_date - 15 * 365 AND c.deceased_on IS NULL
          ORDER BY g.patient_id, g.id LIMIT 1)
        UNION ALL
        (SELECT 'doctor', 3, 'DOCTOR', m.iin, c.bin, m.full_name FROM practitioner_role r JOIN practitioner m ON m.id = r.practitioner_id JOIN clinic c ON c.id = r.clinic_id
          WHERE r.role = 'district_doctor' AND r.valid_to IS NULL
            AND r.practitioner_id = (SELECT p.district_doctor_id FROM patient p WHERE p.district_doctor_id IS NOT NULL AND p.deceased_on IS NULL
                                      GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1) LIMIT 1)
        UNION ALL
        (SELECT 'ambulance', 4, 'AMBULANCE', m.iin, c.bin, m.full_name FROM practitioner_role r JOIN practitioner m ON m.id = r.practitioner_id JOIN clinic c ON c.id = r.clinic_id
          WHERE r.role = 'paramedic' AND r.valid_to IS NULL
            AND r.clinic_id = (SELECT a.clinic_id FROM ambulance_call a WHERE a.closed_at IS NULL AND a.superseded_by IS NULL
                                GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)
          ORDER BY m.id LIMIT 1)
        UNION ALL
        /* Not a practitioner of a clinic: who stands in a pharmacy is for the pharmacy to say. */
        (SELECT 'pharmacist', 5, 'PHARMACIST', p.iin, f.bin, p.full_name FROM patient p, pharmacy f
          WHERE p.deceased_on IS NULL AND p.birth_date BETWEEN current_date - 50 * 365 AND current_date - 30 * 365 AND f.id = 1
          ORDER BY p.id DESC LIMIT 1)
        UNION ALL
        (SELECT 'manager', 6, 'MANAGER', m.iin, c.bin, m.full_name FROM practitioner_role r JOIN practitioner m ON m.id = r.practitioner_id JOIN clinic c ON c.id = r.clinic_id
          WHERE r.role = 'manager' AND c.kind = 'polyclinic'
          ORDER BY (SELECT count(*) FROM patient p WHERE p.clinic_id = c.id) DESC, r.id LIMIT 1)) t
), seen AS (
    SELECT t.who, t.nr, t.role, t.iin, t.bin, t.name, p.id, p.iin AS whose
      FROM people t
      LEFT JOIN LATERAL (
            SELECT p.id, p.iin FROM patient p
             WHERE CASE t.who WHEN 'citizen' THEN p.iin = t.iin
                              WHEN 'parent' THEN p.iin = t.iin OR p.id IN (SELECT g.patient_id FROM guardianship g JOIN patient o ON o.id = g.guardian_id WHERE o.iin = t.iin)
                              WHEN 'doctor' THEN p.district_doctor_id = (SELECT m.id FROM practitioner m WHERE m.iin = t.iin)
                              WHEN 'ambulance' THEN p.id IN (SELECT a.patient_id FROM ambulance_call a JOIN clinic c ON c.id = a.clinic_id WHERE c.bin = t.bin AND a.closed_at IS NULL)
                              ELSE false END
               AND EXISTS (SELECT FROM access_rights(t.role || '/' || t.iin || '/' || t.bin, p.id))
             ORDER BY p.iin <> t.iin, p.id LIMIT 1000) p ON true
)
SELECT who, role, iin, bin, name, coalesce(string_agg(whose, ',' ORDER BY whose <> iin, id), '') FROM seen GROUP BY who, nr, role, iin, bin, name ORDER BY nr;
