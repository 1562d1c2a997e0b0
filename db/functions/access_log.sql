/* What a patient reads of a row of the access log beside its columns. */

/* As what somebody asked, as the other tables write roles. Null of a role that the schema's Role does not have: a token can
   say any word, and whoever asked as it is in the log with a refusal, which must not keep its owner from reading the rest. */
CREATE OR REPLACE FUNCTION access_log_role(l access_log) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT lower(l.role) WHERE l.role IN ('CITIZEN', 'DOCTOR', 'NURSE', 'AMBULANCE', 'PHARMACIST', 'LABORATORY', 'CONTACT_CENTRE', 'PAYER',
                                          'MANAGER', 'INSPECTOR', 'INTEGRATION')
$$;

/* Who looked: a medical worker's full name; of citizens what they are to the patient; of a vendor's system the vendor. Null: not known here. */
CREATE OR REPLACE FUNCTION access_log_person(l access_log) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN l.role = 'CITIZEN' THEN split_part(l.capacities, ',', 1)
                WHEN l.role = 'INTEGRATION' THEN (SELECT s.vendor FROM source_system s WHERE s.bin = l.organisation)
                ELSE (SELECT p.full_name FROM practitioner p WHERE p.iin = l.person) END
$$;

/* The key of the organisation that the person asked for. */
CREATE OR REPLACE FUNCTION access_log_clinic(l access_log) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT c.id FROM clinic c WHERE c.bin = l.organisation
$$;

/* Of a pharmacist, the key of the pharmacy: a company's pharmacies may share its number, then the first that is open. */
CREATE OR REPLACE FUNCTION access_log_pharmacy(l access_log) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT f.id FROM pharmacy f WHERE l.role = 'PHARMACIST' AND f.bin = l.organisation ORDER BY f.active DESC, f.id LIMIT 1
$$;

/* What was seen: types and their fields. */
CREATE OR REPLACE FUNCTION access_log_seen(l access_log) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT p.parts FROM access_parts p WHERE p.hash = l.parts
$$;

/*
 * The looks at a passport between two times. The log's index (0044) has no order and is no B-tree, so sessions that keep to plans of
 * those have to be told, here and in patient_looks().
 */
CREATE OR REPLACE FUNCTION looks_of(subject bigint, since timestamptz, until timestamptz) RETURNS SETOF access_log
LANGUAGE plpgsql STABLE ROWS 100 SET enable_bitmapscan = on SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT l.* FROM access_log l WHERE l.patient_id = subject AND l.at >= since AND l.at <= until;
END $$;

/*
 * One page of them, newest first, behind (before_at, before_chain, before_seq), which are infinity from the head. `machine`: only looks of machines that acted for somebody, or
 * only of people themselves; `turned_away`: only refusals, or only what was shown; null: both. `lim` null: all. Month by month, as partitions are, until the page is full:
 * of a month all of the patient's rows are read and the newest kept.
 */
CREATE OR REPLACE FUNCTION patient_looks(subject bigint, machine boolean, turned_away boolean, lim integer, before_at timestamptz, before_chain bigint, before_seq bigint)
RETURNS SETOF access_log LANGUAGE plpgsql STABLE ROWS 20 SET enable_bitmapscan = on SET enable_seqscan = off AS $$
DECLARE
    first_month timestamp := (SELECT date_trunc('month', greatest(min(c.started_at), '2020-01-01') AT TIME ZONE 'UTC') FROM access_chain c);
    month timestamp := date_trunc('month', least(before_at, clock_timestamp() + INTERVAL '1 day') AT TIME ZONE 'UTC');
    since timestamptz;
    until timestamptz := 'infinity';
    left_over integer := lim;
    found_now integer;
BEGIN
    WHILE coalesce(left_over > 0, true) AND until > '-infinity' LOOP
        since := CASE WHEN month >= first_month THEN month AT TIME ZONE 'UTC' ELSE '-infinity' END; /* before the first chain nothing should be */
        RETURN QUERY
            SELECT l.* FROM access_log l
             WHERE l.patient_id = subject AND l.at >= since AND l.at < until AND l.at <= before_at AND (l.at, l.chain, l.seq) < (before_at, before_chain, before_seq)
               AND (machine IS NULL OR l.by_machine = machine) AND (turned_away IS NULL OR l.refused = turned_away)
             ORDER BY l.at DESC, l.chain DESC, l.seq DESC LIMIT left_over;
        GET DIAGNOSTICS found_now = ROW_COUNT;
        left_over := left_over - found_now;
        until := since;
        month := month - INTERVAL '1 month';
    END LOOP;
END $$;
