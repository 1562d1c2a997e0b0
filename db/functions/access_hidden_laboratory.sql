/*
 * What is kept from a laboratory of somebody for whom it has an order: what the owner hid from it (access_hidden), and the results of other
 * laboratories, since it sees those that it was asked for and no others. In PL/pgSQL for the reason that access_hidden has.
 */
CREATE OR REPLACE FUNCTION access_hidden_laboratory(subject bigint, viewer_practitioner bigint, viewer_clinic bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT concat_ws(' ', nullif(access_hidden(subject, 'LABORATORY', viewer_practitioner, viewer_clinic), ''),
                         CASE WHEN count(*) > 1000 THEN 'lab_result' ELSE string_agg('lab_result:' || r.id, ' ') END)
          FROM lab_result r
         WHERE r.patient_id = subject AND r.clinic_id IS DISTINCT FROM viewer_clinic
    );
END $$;
