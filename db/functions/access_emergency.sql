/*
 * What emergency access leaves behind. Who broke the glass may treat: prescribe, refer, admit. But what he wrote on the days of that
 * access makes nobody a treating doctor, else a day of emergency access would give itself months of the whole record, and a hospital's
 * doctors with it. It does once the review has found the access justified; until then whoever has to see more opens access himself.
 *
 * The days are those of the entry (issued, referred, admitted), in Kazakhstan, UTC+5. Inlined by the planner.
 */
CREATE OR REPLACE FUNCTION emergency_days(subject bigint, practitioner bigint) RETURNS TABLE (first_day date, last_day date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT (g.valid_from AT TIME ZONE INTERVAL '5 hours')::date, (g.valid_to AT TIME ZONE INTERVAL '5 hours')::date
      FROM emergency_grant g
     WHERE g.patient_id = subject AND g.practitioner_id = practitioner AND g.review <> 'justified'
$$;

/*
 * Whether a stay or a referral came of emergency access: whether its first version did. Whoever corrects it, and on whichever day, changes
 * nothing of that, in neither way. Asked only of somebody for whom there is emergency access that was not found justified.
 */
CREATE OR REPLACE FUNCTION entry_of_emergency(subject bigint, item text, entry bigint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    author bigint;
    day date;
BEGIN
    IF item = 'hospitalization' THEN
        SELECT s.recorded_by, s.admitted_on INTO author, day
          FROM (SELECT x.* FROM hospitalization x WHERE x.patient_id = subject AND x.id = entry UNION ALL SELECT x.* FROM hospitalization_versions(subject, entry) x) s
         ORDER BY s.version, s.id LIMIT 1;
    ELSIF item = 'hospital_referral' THEN
        SELECT f.recorded_by, f.referred_on INTO author, day
          FROM (SELECT x.* FROM hospital_referral x WHERE x.patient_id = subject AND x.id = entry UNION ALL SELECT x.* FROM hospital_referral_versions(subject, entry) x) f
         ORDER BY f.version, f.id LIMIT 1;
    ELSE
        RAISE EXCEPTION 'entry_of_emergency: no relation is a %', item;
    END IF;
    RETURN EXISTS (SELECT FROM emergency_days(subject, author) g WHERE day BETWEEN g.first_day AND g.last_day);
END $$;
