/*
 * What `tolqujat messages` asks of private.outbox: which messages to send now, and what became of them. It may call these functions and
 * nothing else (db/grants.sql). A message is handed out for a time; who was to send it and is gone leaves it to the next, so
 * it arrives at least once, each time with the same key.
 */

/* Where messages about a child under 16 go, and in which language: to a guardian who has such an address. No row: to the child. */
CREATE OR REPLACE FUNCTION message_guardian(child patient, channel text) RETURNS TABLE (address text, language text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF child.birth_date + INTERVAL '16 years' <= kz_today() THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT a.address, q.language
          FROM guardianship g
          JOIN patient q ON q.id = coalesce(g.guardian_id, (SELECT o.id FROM patient o WHERE o.iin = g.guardian_iin))
         CROSS JOIN LATERAL (SELECT CASE WHEN message_guardian.channel = 'sms' THEN q.phone ELSE q.iin END AS address) a
         WHERE g.patient_id = child.id AND g.superseded_by IS NULL AND g.record_status <> 'entered_in_error' AND q.deceased_on IS NULL AND a.address IS NOT NULL
           AND g.valid_from <= kz_today() AND (g.valid_to IS NULL OR g.valid_to > kz_today())
         ORDER BY g.valid_from, g.id LIMIT 1;
END $$;

/* The language of a doctor: of his own passport, whatever his patient's is; who has none reads Kazakh. */
CREATE OR REPLACE FUNCTION message_doctor_language(doctor text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT p.language FROM patient p WHERE p.iin = doctor), 'kk');
END $$;

/*
 * Hands out messages that are due, the oldest first, for `lease` seconds. Those that can go to nobody, or are not true any more (lab_call_off, vital_call_off), are dead letters at once. The key that
 * leaves the house is a digest: it tells a gateway what it has had, and nothing of whom it is about.
 */
CREATE OR REPLACE FUNCTION message_take(at_most integer, lease integer)
RETURNS TABLE (id bigint, key text, kind text, channel text, recipient text, language text, said text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT o.id FROM private.outbox o WHERE o.state = 'waiting' AND o.next_try_at <= now()
         ORDER BY o.next_try_at, o.id LIMIT at_most FOR UPDATE SKIP LOCKED
    ), read AS MATERIALIZED (
        SELECT o.id, l.language,
               CASE WHEN o.practitioner_id IS NOT NULL THEN d.iin ELSE coalesce(w.address, CASE WHEN o.channel = 'sms' THEN p.phone ELSE p.iin END) END AS recipient,
               notice_words(o.kind, l.language, o.payload) AS said,
               o.practitioner_id IS NULL AND p.deceased_on IS NOT NULL AS died,
               o.lab_results IS NOT NULL AND NOT lab_dangerous(o.patient_id, o.lab_results)
               OR o.measurements IS NOT NULL AND (o.called_off_at IS NOT NULL OR NOT vital_dangerous(o.patient_id, o.measurements)) AS corrected
          FROM due JOIN private.outbox o ON o.id = due.id
          JOIN patient p ON p.id = o.patient_id
          LEFT JOIN practitioner d ON d.id = o.practitioner_id
          LEFT JOIN LATERAL message_guardian(p, o.channel) w ON o.practitioner_id IS NULL
         CROSS JOIN LATERAL (SELECT CASE WHEN o.practitioner_id IS NULL THEN coalesce(w.language, p.language) ELSE message_doctor_language(d.iin) END AS language) l
    ), judged AS MATERIALIZED (
        SELECT r.*, CASE WHEN r.died THEN 'the person has died' WHEN r.corrected THEN 'the value was corrected' WHEN r.recipient IS NULL THEN 'no address for this channel'
                         WHEN r.said IS NULL THEN 'no text for this kind' END AS problem
          FROM read r
    ), handed AS (
        UPDATE private.outbox o
           SET tries = o.tries + (j.problem IS NULL)::integer, error = coalesce(j.problem, o.error),
               state = CASE WHEN j.problem IS NULL THEN 'waiting' ELSE 'dead' END,
               next_try_at = clock_timestamp() + make_interval(secs => lease)
          FROM judged j WHERE o.id = j.id
        RETURNING o.id, o.key, o.kind, o.channel, o.state
    )
    SELECT h.id, encode(sha256(convert_to(h.key, 'UTF8')), 'hex'), h.kind, h.channel, j.recipient, j.language, j.said
      FROM handed h JOIN judged j ON j.id = h.id
     WHERE h.state = 'waiting'
     ORDER BY h.id;
END $$;

/*
 * What became of messages that were handed out: `sent`, `dead`, or `again`. Again is after twice as long each time, from `first_pause` seconds to
 * an hour, somewhere in the middle half of it so that not all come back at once; later when the gateway asked for that (`pauses`, seconds).
 * After `tries_most` it is a dead letter. What was settled before stays. Gives how many have become dead letters by that.
 */
CREATE OR REPLACE FUNCTION message_settle(ids bigint[], outcomes text[], pauses bigint[], errors text[], first_pause double precision, tries_most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH result AS (
        SELECT u.id, u.error, u.pause, u.outcome AS said, CASE WHEN u.outcome = 'again' AND o.tries >= tries_most THEN 'dead' ELSE u.outcome END AS outcome, o.tries
          FROM unnest(ids, outcomes, pauses, errors) u (id, outcome, pause, error) JOIN private.outbox o ON o.id = u.id
    ), settled AS (
        UPDATE private.outbox o
           SET state = CASE r.outcome WHEN 'again' THEN 'waiting' ELSE r.outcome END,
               sent_at = CASE WHEN r.outcome = 'sent' THEN clock_timestamp() END,
               error = CASE WHEN r.outcome <> 'sent' THEN r.error END,
               next_try_at = clock_timestamp() + make_interval(secs => greatest(least(r.pause, 86400), least(3600, first_pause * 2 ^ least(r.tries - 1, 30)) * (0.75 + random() / 2)))
          FROM result r WHERE o.id = r.id AND o.state = 'waiting'
        RETURNING o.patient_id, o.kind, o.state, o.key, o.sent_at, r.said
    ), told AS (
        UPDATE emergency_grant g SET told_at = s.sent_at
          FROM settled s
         WHERE s.state = 'sent' AND s.kind = 'emergency_access' AND g.patient_id = s.patient_id AND g.told_at IS NULL
           AND split_part(s.key, '/', 3) = 'emergency_grant:' || g.id
    )
    SELECT count(*) FROM settled s WHERE s.state = 'dead' AND s.said = 'again'
$$;

/* What waits, by kind: how many, and how old the oldest that is due is, in seconds; how many are dead letters. */
CREATE OR REPLACE FUNCTION message_backlog() RETURNS TABLE (kind text, waiting bigint, oldest_seconds double precision, dead bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.kind, count(*) FILTER (WHERE o.state = 'waiting'),
           coalesce(extract(epoch FROM now() - min(o.made_at) FILTER (WHERE o.state = 'waiting')), 0)::double precision, count(*) FILTER (WHERE o.state = 'dead')
      FROM private.outbox o WHERE o.state <> 'sent' GROUP BY o.kind ORDER BY o.kind
$$;

/* Forgets messages that were sent more than `days` ago, so many at once. Gives how many. */
CREATE OR REPLACE FUNCTION message_sweep(days integer, at_most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM private.outbox WHERE id IN (SELECT o.id FROM private.outbox o WHERE o.state = 'sent' AND o.sent_at < now() - make_interval(days => days)
                                                 ORDER BY o.sent_at LIMIT at_most FOR UPDATE SKIP LOCKED) RETURNING 1
    ) SELECT count(*) FROM gone
$$;

/* For operators: dead letters without what they say, and one (or all of a kind) put on their way again. */
CREATE OR REPLACE FUNCTION message_dead() RETURNS TABLE (id bigint, kind text, channel text, made_at timestamptz, tries integer, error text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.kind, o.channel, o.made_at, o.tries, o.error FROM private.outbox o WHERE o.state = 'dead' ORDER BY o.made_at, o.id
$$;
CREATE OR REPLACE FUNCTION message_again(only_id bigint DEFAULT NULL, only_kind text DEFAULT NULL) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH back AS (
        UPDATE private.outbox o SET state = 'waiting', tries = 0, next_try_at = now(), error = NULL
         WHERE o.state = 'dead' AND (only_id IS NULL OR o.id = only_id) AND (only_kind IS NULL OR o.kind = only_kind) AND num_nonnulls(only_id, only_kind) > 0 RETURNING 1
    ) SELECT count(*) FROM back
$$;
