/*
 * What emergency access leaves behind. Who broke the glass may treat: prescribe, refer, admit. But what he wrote on the days of that
 * access makes nobody a treating doctor, else a day of emergency access would give itself months of the whole record, and a hospital's
 * doctors with it. It does once the review has found the access justified; until then whoever has to see more opens access himself.
 *
 * The days are those of the entry (issued, referred, admitted), which stay when an entry is corrected, in Kazakhstan, UTC+5.
 * Inlined by the planner.
 */
CREATE OR REPLACE FUNCTION emergency_days(subject bigint, practitioner bigint) RETURNS TABLE (first_day date, last_day date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT (g.valid_from AT TIME ZONE INTERVAL '5 hours')::date, (g.valid_to AT TIME ZONE INTERVAL '5 hours')::date
      FROM emergency_grant g
     WHERE g.patient_id = subject AND g.practitioner_id = practitioner AND g.review <> 'justified'
$$;
