/*
 * Changes of persons' records that were made longer than `patience` ago and have no row in access_log of the same request and person: for
 * the server, which adds those rows, since it has the key of the seals (server/audit_unlogged.h). At most a thousand. Who was given some has a
 * minute to add them; until then nobody is given any, so that none gets two rows. Asked every few seconds by each worker, it costs one look
 * at the end of an index when nothing was changed.
 *
 * A number is drawn before its row is seen, so a change could be passed over that is still under way: `patience` is longer than
 * a transaction of the server may last.
 */
CREATE OR REPLACE FUNCTION changes_unlogged(patience interval)
RETURNS TABLE (made_at timestamptz, patient_id bigint, role text, person text, organisation text, client text, capacities text, reason text,
               request_id text, field text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    old_enough timestamptz := clock_timestamp() - patience;
    known private.change_logged;
    looked_to bigint;
    missing private.change_record[];
BEGIN
    SELECT * INTO STRICT known FROM private.change_logged;
    IF NOT EXISTS (SELECT FROM private.change_record c WHERE c.id > known.up_to) THEN
        RETURN;
    END IF;
    SELECT * INTO known FROM private.change_logged FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    WITH recent AS MATERIALIZED (
        SELECT c FROM private.change_record c WHERE c.id > known.up_to ORDER BY c.id LIMIT 5000
    ), young AS (
        SELECT min((r.c).id) AS id FROM recent r WHERE (r.c).at > old_enough
    ), old AS (
        SELECT r.c, (r.c).request_id IS NOT NULL AND (r.c).patient_id IS NOT NULL AND (r.c).role <> ''
                    AND NOT EXISTS (SELECT FROM looks_of((r.c).patient_id, (r.c).at - INTERVAL '10 minutes', 'infinity') l
                                     WHERE l.request_id = (r.c).request_id) AS is_missing
          FROM recent r, young y WHERE y.id IS NULL OR (r.c).id < y.id
    )
    SELECT coalesce(min((o.c).id) FILTER (WHERE o.is_missing) - 1, max((o.c).id), known.up_to), (array_agg(o.c ORDER BY (o.c).id) FILTER (WHERE o.is_missing))[:1000]
      INTO looked_to, missing
      FROM old o;
    IF known.given_at > clock_timestamp() - INTERVAL '1 minute' THEN
        missing := NULL;
    END IF;
    IF looked_to > known.up_to OR missing IS NOT NULL THEN
        UPDATE private.change_logged l
           SET up_to = looked_to,
               given_at = CASE WHEN missing IS NULL THEN l.given_at ELSE clock_timestamp() END;
    END IF;
    RETURN QUERY
        SELECT m.at, m.patient_id, m.role, m.person, m.organisation, m.client, r.capacities, r.reason, m.request_id, m.field
          FROM unnest(missing) m
          LEFT JOIN LATERAL access_rights(concat_ws('/', m.role, m.person, m.organisation), m.patient_id) r ON true
         ORDER BY m.id;
END $$;
