/*
 * The contact centre's queue: disputes that wait for an answer, oldest first, behind the one with the number `after_number`. Of the
 * person it tells nothing, not even an id (that is for the record of looks): whoever answers knows the number, and so does the person.
 */
CREATE OR REPLACE FUNCTION report_queue(viewer text, after_number text, channel text) RETURNS SETOF report
LANGUAGE plpgsql STABLE AS $$
DECLARE
    way text := channel;
    last record;
BEGIN
    IF split_part(coalesce(viewer, ''), '/', 1) <> 'CONTACT_CENTRE' OR NOT office_asks(viewer) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only the contact centre sees the reports.';
    END IF;
    SELECT d.made_at, d.number INTO last FROM dispute d WHERE d.number = after_number;
    IF after_number IS NOT NULL AND NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'No report has the number behind which the list is asked for.';
    END IF;
    RETURN QUERY
        SELECT d.number, d.item_table, d.reason, d.text, d.channel, d.status, d.made_at, d.patient_id
          FROM dispute d
         WHERE d.answered_at IS NULL AND (way IS NULL OR d.channel = way)
           AND (after_number IS NULL OR (d.made_at, d.number) > (last.made_at, last.number))
         ORDER BY d.made_at, d.number
         LIMIT 100;
END $$;
