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
    WITH due AS MATERIALIZED (
        SELECT d.patient_id, count(*) AS items FROM due_many_items(after, until, of_month) d GROUP BY 1
    ), made AS (
        INSERT INTO private.due_notice (month, patient_id) SELECT of_month, d.patient_id FROM due d
            ON CONFLICT DO NOTHING RETURNING patient_id
    ), sent AS (
        INSERT INTO private.outbox (patient_id, kind, channel, key, payload)
        SELECT l.*
          FROM made m JOIN due d ON d.patient_id = m.patient_id
         CROSS JOIN LATERAL outbox_lines('due_this_month', m.patient_id, 'month:' || to_char(of_month, 'YYYY-MM'),
                                         jsonb_build_object('month', to_char(of_month, 'YYYY-MM'), 'items', d.items), ARRAY['sms', 'app']) l
            ON CONFLICT (key) DO NOTHING
    )
    SELECT count(*) INTO told FROM made;
    RETURN told;
END $$;
