/*
 * Messages to those for whom something is due in a month, for whoever owns the tables: what dueThisMonth shows a person is announced once, by a
 * message that names no examination and no disease, only the month and how many things there are.
 * Of the people with numbers behind `after` up to `until`; gives how many were told now.
 */
CREATE OR REPLACE FUNCTION due_notices_step(of_month date, after bigint, until bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    told bigint;
BEGIN
    WITH due AS (
        SELECT p.id, d.items
          FROM patient p
         CROSS JOIN LATERAL (SELECT count(*) AS items FROM all_due_items(p.id, of_month)) d
         WHERE p.id > after AND p.id <= until AND p.deceased_on IS NULL AND d.items > 0
           AND NOT EXISTS (SELECT FROM private.due_notice n WHERE n.month = of_month AND n.patient_id = p.id)
    ), made AS (
        INSERT INTO private.due_notice (month, patient_id) SELECT of_month, d.id FROM due d
            ON CONFLICT DO NOTHING RETURNING patient_id
    )
    SELECT count(*) INTO told
      FROM made m JOIN due d ON d.id = m.patient_id
     CROSS JOIN LATERAL outbox_put('due_this_month', m.patient_id, 'month:' || to_char(of_month, 'YYYY-MM'),
                                   jsonb_build_object('month', to_char(of_month, 'YYYY-MM'), 'items', d.items), 'sms', 'app');
    RETURN told;
END $$;
