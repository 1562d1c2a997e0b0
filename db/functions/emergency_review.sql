/*
 * The review that every emergency access gets, by a manager of the organisation for which it was opened: who opened it, when, why, and what
 * he looked at. Whose passport it is it does not tell: a manager sees no record. What was written under an access that was justified counts
 * as a relation from then on (emergency_days()); one that was not ends at once.
 */

/* A grant as its review sees it. */
CREATE OR REPLACE FUNCTION emergency_task_of(given emergency_grant) RETURNS emergency_task
LANGUAGE plpgsql STABLE AS $$
DECLARE
    asked text := (SELECT m.iin FROM practitioner m WHERE m.id = given.practitioner_id);
    t emergency_task;
BEGIN
    SELECT count(DISTINCT (l.chain, l.seq)), string_agg(DISTINCT kind.name, ' ' ORDER BY kind.name) INTO t.looks, t.seen
      FROM looks_of(given.patient_id, given.valid_from, given.valid_to) l
      LEFT JOIN access_parts p ON p.hash = l.parts
      LEFT JOIN LATERAL (SELECT (regexp_matches(p.parts, '(?:^| )(?!Mutation)([A-Za-z]+)\(', 'g'))[1] AS name) kind ON true
     WHERE NOT l.refused AND l.person = asked AND 'BREAK_GLASS' = ANY (string_to_array(l.capacities, ','));
    t.number := given.number;
    t.practitioner_id := given.practitioner_id;
    t.reason_code := given.reason_code;
    t.reason := given.reason;
    t.opened_at := given.valid_from;
    t.ends_at := given.valid_to;
    t.patient_id := given.patient_id; /* for the record of looks */
    RETURN t;
END $$;

/* The organisation whose accesses this manager reviews, and who he is there; else a refusal. */
CREATE OR REPLACE FUNCTION emergency_reviewer(viewer text, OUT practitioner_id bigint, OUT clinic_id bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT m.id, s.clinic_id INTO emergency_reviewer.practitioner_id, emergency_reviewer.clinic_id
      FROM manager_scope(viewer) s JOIN practitioner m ON m.iin = split_part(viewer, '/', 2) AND m.active WHERE s.clinic_id IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Emergency access is reviewed by a manager of the organisation for which it was opened.';
    END IF;
END $$;

/* What waits for a review, oldest first, behind the one with the number `after_number`. */
CREATE OR REPLACE FUNCTION emergency_reviews(viewer text, after_number text) RETURNS SETOF emergency_task
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place bigint := (SELECT r.clinic_id FROM emergency_reviewer(viewer) r);
    last record;
BEGIN
    SELECT g.valid_from, g.number INTO last FROM emergency_grant g WHERE g.number = after_number AND g.clinic_id = place;
    IF after_number IS NOT NULL AND NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'No emergency access of your organisation has the number behind which the list is asked for.';
    END IF;
    RETURN QUERY
        SELECT t.*
          FROM (SELECT g FROM emergency_grant g
                 WHERE g.clinic_id = place AND g.review = 'waiting' AND (after_number IS NULL OR (g.valid_from, g.number) > (last.valid_from, last.number))
                 ORDER BY g.valid_from, g.number LIMIT 100) w
         CROSS JOIN LATERAL emergency_task_of(w.g) t
         ORDER BY t.opened_at, t.number;
END $$;

/* Justified or not, once, and why; not by the one who opened it. */
CREATE OR REPLACE FUNCTION review_emergency_access(viewer text, number text, justified boolean, note text, idempotency_key text, payload_digest text)
RETURNS SETOF emergency_reviewed LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    place record;
    words text := trimmed(note);
    first record;
    given emergency_grant;
BEGIN
    SELECT * INTO place FROM emergency_reviewer(viewer);
    SELECT g.* INTO given FROM emergency_grant g WHERE g.number = review_emergency_access.number AND g.clinic_id = place.clinic_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'No emergency access of your organisation has this number.';
    END IF;
    PERFORM FROM patient p WHERE p.id = given.patient_id FOR NO KEY UPDATE;
    SELECT g.* INTO given FROM emergency_grant g WHERE g.patient_id = given.patient_id AND g.id = given.id;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        IF given.practitioner_id = place.practitioner_id THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Whoever opened an emergency access does not review it.', DETAIL = refusal_about(given.patient_id);
        ELSIF length(words) NOT BETWEEN 10 AND 1000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A review says why in 10 to 1000 characters.', DETAIL = refusal_about(given.patient_id);
        ELSIF given.review <> 'waiting' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This emergency access was reviewed already.', DETAIL = refusal_about(given.patient_id);
        END IF;
        UPDATE emergency_grant g
           SET review = CASE WHEN justified THEN 'justified' ELSE 'unjustified' END, reviewed_at = clock_timestamp(), reviewed_by = place.practitioner_id, review_note = words,
               valid_to = CASE WHEN justified THEN g.valid_to ELSE least(g.valid_to, clock_timestamp()) END
         WHERE g.patient_id = given.patient_id AND g.id = given.id;
        PERFORM outbox_put('emergency_reviewed', given.patient_id, 'emergency_grant:' || given.id || ':reviewed', '{}', 'sms', 'app');
        PERFORM change_done(viewer, 'review_emergency_access', idempotency_key, given.patient_id, 'emergency_grant', given.id);
    END IF;
    RETURN QUERY SELECT g.patient_id, g.number, g.review, g.valid_to FROM emergency_grant g WHERE g.patient_id = given.patient_id AND g.id = given.id;
END $$;
