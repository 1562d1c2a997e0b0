/*
 * What is free for a person today: the rules in force that ask for nothing that the person is not. Services first. It
 * tells of insurance and diagnoses, so the schema shows it to the owner and the guardian of a child alone.
 */
CREATE OR REPLACE FUNCTION patient_entitlements(subject bigint) RETURNS SETOF free_entitlement
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT f.*
      FROM (SELECT p.id, p.sex, extract(year FROM age(d.today, p.birth_date))::int AS years, d.today, coalesce(i.insured, false) AS insured, i.category
              FROM patient p
             CROSS JOIN (SELECT (now() AT TIME ZONE INTERVAL '5 hours')::date AS today) d
              LEFT JOIN LATERAL (SELECT s.insured, s.category FROM insurance_status s
                                  WHERE s.patient_id = p.id AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error'
                                    AND s.valid_from <= d.today AND (s.valid_to IS NULL OR s.valid_to > d.today)
                                  ORDER BY s.valid_from DESC, s.id DESC LIMIT 1) i ON true
             WHERE p.id = subject) who
      JOIN free_entitlement f ON f.valid_from <= who.today AND (f.valid_to IS NULL OR f.valid_to > who.today)
       AND (f.min_age IS NULL OR f.min_age <= who.years) AND (f.max_age IS NULL OR f.max_age >= who.years)
       AND (f.sex IS NULL OR f.sex = who.sex)
       AND (f.insured IS NULL OR f.insured = who.insured)
       AND (f.category IS NULL OR f.category = who.category)
       AND (f.icd10 IS NULL OR EXISTS (SELECT FROM condition c
                                        WHERE c.patient_id = who.id AND c.superseded_by IS NULL AND c.clinical_status <> 'resolved'
                                          AND c.record_status <> 'entered_in_error' AND starts_with(c.icd10, f.icd10)))
     ORDER BY f.kind = 'drug', f.id
$$;
