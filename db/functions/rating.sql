/*
 * What patients think of a doctor, and of an organisation by the visits there, in hundredths of a mark from 1 to 5: NULL below ten
 * marks, and from there of full tens in the order in which they were given, so that nobody learns whose they are: two means between
 * which one mark came would tell it. Only confirmed visits are rated (a trigger holds that).
 */
CREATE OR REPLACE FUNCTION practitioner_rating(p practitioner) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(m.score) * 100)::bigint
      FROM (SELECT r.score, row_number() OVER (ORDER BY r.id) AS place, count(*) OVER () AS n FROM rating r WHERE r.practitioner_id = p.id AND NOT r.withdrawn) m
     WHERE m.place <= m.n / 10 * 10
$$;

CREATE OR REPLACE FUNCTION practitioner_rating_count(p practitioner) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(count(*) / 10 * 10, 0)::integer FROM rating r WHERE r.practitioner_id = p.id AND NOT r.withdrawn
$$;

CREATE OR REPLACE FUNCTION clinic_rating(c clinic) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(m.score) * 100)::bigint
      FROM (SELECT r.score, row_number() OVER (ORDER BY r.id) AS place, count(*) OVER () AS n FROM rating r WHERE r.clinic_id = c.id AND NOT r.withdrawn) m
     WHERE m.place <= m.n / 10 * 10
$$;

CREATE OR REPLACE FUNCTION clinic_rating_count(c clinic) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(count(*) / 10 * 10, 0)::integer FROM rating r WHERE r.clinic_id = c.id AND NOT r.withdrawn
$$;

/*
 * The mark that the patient gave after this visit, to whichever version of it. Most people gave none, which one look at an index tells. In PL/pgSQL,
 * which plans it once a session: SQL that reads a table for one value would be planned in each statement that asks.
 */
CREATE OR REPLACE FUNCTION encounter_rating(e encounter) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rating r WHERE r.patient_id = e.patient_id) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT r.score FROM encounter_all_versions(e.patient_id, e.id) v JOIN rating r ON r.patient_id = e.patient_id AND r.encounter_id = v WHERE NOT r.withdrawn ORDER BY r.id DESC LIMIT 1);
END $$;
