/*
 * How long what nobody ended goes on (relation_bound): a stay without a discharge, a referral that waits. For the functions that ask of one
 * person; access_rights(), which is one SELECT, has the same bounds in its own words and asks here only what is rarely asked.
 */

/*
 * Whether a hospital still cares for who has been there longer than a stay goes on by itself: it has measured something since. So who lies there
 * for years keeps his doctors and nurses, and a stay that was forgotten ends.
 */
CREATE OR REPLACE FUNCTION stay_attended(subject bigint, hospital bigint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM observation o
                    WHERE o.patient_id = subject AND o.clinic_id = hospital AND o.superseded_by IS NULL AND o.record_status <> 'entered_in_error' AND o.observed_at <= now()
                      AND o.observed_at > now() - (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'hospitalization'));
END $$;

/* The stay that goes on, of a person who lies in a hospital. */
CREATE OR REPLACE FUNCTION stay_now(subject bigint) RETURNS SETOF hospitalization
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
        SELECT s.* FROM hospitalization s
         WHERE s.patient_id = subject AND s.discharged_on IS NULL AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error'
           AND (s.admitted_on + (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'hospitalization') > kz_today() OR stay_attended(subject, s.clinic_id));
END $$;

/* Whether a referral in force still waits for the hospital: to be decided, or for the day. */
CREATE OR REPLACE FUNCTION referral_waits(f hospital_referral) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN f.status IN ('waiting', 'accepted') AND f.superseded_by IS NULL AND f.record_status <> 'entered_in_error'
       AND coalesce(f.planned_on, f.referred_on) + (SELECT b.lasts FROM relation_bound b WHERE b.relation = 'hospital_referral') > kz_today();
END $$;
