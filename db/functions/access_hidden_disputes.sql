/*
 * Disputes of a person that this clinic (null: the payer) does not answer, or has answered long ago, as access_rights()
 * tells what is withheld. One that is opened between that moment and the reading of the list may be in this one answer.
 */
CREATE OR REPLACE FUNCTION access_hidden_disputes(subject bigint, answering_clinic bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT CASE WHEN count(*) > 1000 THEN 'dispute' ELSE string_agg('dispute:' || d.id, ' ') END
              FROM dispute d
             WHERE d.patient_id = subject AND (d.clinic_id IS DISTINCT FROM answering_clinic OR d.answered_at < now() - INTERVAL '30 days'));
END $$;
