/*
 * An organisation answers for an entry if somebody works there who may say that the entry is right, which whoever made it may not. Otherwise
 * a dispute at a place with one doctor could never be rejected.
 */

/*
 * Which organisation answers for an entry: the one that it names, else the one where its author works today. It has to have a doctor or nurse
 * today who did not make the entry, and whom it is not about. Null: there is none, or the entry is of a pharmacy; then the payer answers.
 */
CREATE OR REPLACE FUNCTION dispute_place(subject bigint, item text, entry bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    said jsonb;
BEGIN
    IF item = 'dispense' OR to_regclass(quote_ident(item)) IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE t.patient_id = $1 AND t.id = $2', item) INTO said USING subject, entry;
    RETURN (
        WITH author (rank, id) AS (
            SELECT n, (said ->> k)::bigint FROM unnest(ARRAY['recorded_by', 'prescriber_id', 'ordered_by', 'practitioner_id']) WITH ORDINALITY u (k, n) WHERE said ->> k IS NOT NULL
        ), named (rank, clinic_id) AS (
            SELECT n, (said ->> k)::bigint FROM unnest(ARRAY['clinic_id', 'from_clinic_id']) WITH ORDINALITY u (k, n)
            UNION ALL
            SELECT 10 + a.rank, j.clinic_id
              FROM author a JOIN practitioner_role j ON j.practitioner_id = a.id AND j.valid_from <= today AND (j.valid_to IS NULL OR j.valid_to > today)
        )
        SELECT c.id FROM named n JOIN clinic c ON c.id = n.clinic_id AND c.active
         WHERE EXISTS (SELECT FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active
                        WHERE j.clinic_id = c.id AND j.role IN ('district_doctor', 'specialist', 'hospital_doctor', 'nurse')
                          AND j.valid_from <= today AND (j.valid_to IS NULL OR j.valid_to > today)
                          AND NOT EXISTS (SELECT FROM author a WHERE a.id = m.id)
                          AND m.iin IS DISTINCT FROM (SELECT p.iin FROM patient p WHERE p.id = subject))
         ORDER BY n.rank, c.id LIMIT 1);
END $$;

/* Those that wait already, where nobody else could answer. */
UPDATE dispute d SET clinic_id = dispute_place(d.patient_id, d.item_table, d.item_id)
 WHERE d.answered_at IS NULL AND d.clinic_id IS NOT NULL AND d.clinic_id IS DISTINCT FROM dispute_place(d.patient_id, d.item_table, d.item_id);
