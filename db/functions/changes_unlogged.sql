/*
 * Changes of persons' records that were made longer than `patience` ago and have no row in access_log of the same request and person: for
 * the server, which adds those rows, since it has the key of the seals (server/audit_unlogged.h). At most a thousand, and what two seconds
 * suffice to look at; the rest is for the next time. Who was given some has a minute to add them; until then nobody is given any, so that none gets two
 * rows. When nothing was changed it costs one look at the end of an index.
 *
 * A number is drawn before its row is seen, so a change could be passed over that is still under way: `patience` is longer than
 * a transaction of the server may last. As what somebody was allowed to is asked now, and null where that is over.
 */
CREATE OR REPLACE FUNCTION changes_unlogged(patience interval)
RETURNS TABLE (made_at timestamptz, patient_id bigint, role text, person text, organisation text, client text, capacities text, reason text,
               request_id text, field text)
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    began timestamptz := clock_timestamp();
    known private.change_logged;
    change private.change_record;
    looked_to bigint;
    given integer := 0;
BEGIN
    SELECT * INTO STRICT known FROM private.change_logged;
    IF NOT EXISTS (SELECT FROM private.change_record c WHERE c.id > known.up_to) THEN
        RETURN;
    END IF;
    SELECT * INTO known FROM private.change_logged FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR known.given_at > began - INTERVAL '1 minute' THEN
        RETURN;
    END IF;
    LOCK TABLE access_log IN ROW EXCLUSIVE MODE; /* while nobody can add rows none of them is missing */
    looked_to := known.up_to;
    FOR change IN SELECT * FROM private.change_record c WHERE c.id > known.up_to ORDER BY c.id LIMIT 5000 LOOP
        EXIT WHEN change.at > began - greatest(patience, '0') OR given = 1000 OR clock_timestamp() > began + INTERVAL '2 seconds';
        IF change.request_id IS NULL OR change.patient_id IS NULL OR change.role = ''
           OR EXISTS (SELECT FROM looks_of(change.patient_id, change.at - INTERVAL '10 minutes', 'infinity') l WHERE l.request_id = change.request_id AND NOT l.refused)
        THEN
            looked_to := CASE WHEN given = 0 THEN change.id ELSE looked_to END;
            CONTINUE;
        END IF;
        given := given + 1;
        SELECT change.at, change.patient_id, change.role, change.person, change.organisation, change.client, r.capacities, r.reason, change.request_id, change.field
          INTO made_at, patient_id, role, person, organisation, client, capacities, reason, request_id, field
          FROM (SELECT) one LEFT JOIN access_rights(concat_ws('/', change.role, change.person, change.organisation), change.patient_id) r ON true;
        RETURN NEXT;
    END LOOP;
    UPDATE private.change_logged l
       SET up_to = looked_to, given_at = CASE WHEN given > 0 THEN clock_timestamp() ELSE l.given_at END
     WHERE looked_to > l.up_to OR given > 0;
END $$;
