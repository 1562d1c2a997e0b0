/*
 * What patients think of a doctor, and of an organisation by the visits there, in hundredths of a mark from 1 to 5: the mean of one mark of each
 * person, the last that he gave, so that nobody makes a doctor's name by himself. NULL below ten people, and from there as it was when the last full ten
 * of people had given their first, so that nobody learns whose the marks are: two means between which one mark came would tell it. Only confirmed visits are rated (a trigger
 * holds that).
 */
CREATE OR REPLACE FUNCTION practitioner_rating(p practitioner) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(m.score) * 100)::bigint
      FROM (SELECT DISTINCT ON (r.patient_id) r.score
              FROM (SELECT max(f.id) AS id
                      FROM (SELECT min(r.id) AS id, row_number() OVER (ORDER BY min(r.id)) AS place, count(*) OVER () AS n FROM rating r WHERE r.practitioner_id = p.id AND NOT r.withdrawn GROUP BY r.patient_id) f
                     WHERE f.place <= f.n / 10 * 10) l
              JOIN rating r ON r.practitioner_id = p.id AND NOT r.withdrawn AND r.id <= l.id
             ORDER BY r.patient_id, r.id DESC) m
$$;

CREATE OR REPLACE FUNCTION practitioner_rating_count(p practitioner) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(count(DISTINCT r.patient_id) / 10 * 10, 0)::integer FROM rating r WHERE r.practitioner_id = p.id AND NOT r.withdrawn
$$;

CREATE OR REPLACE FUNCTION clinic_rating(c clinic) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(m.score) * 100)::bigint
      FROM (SELECT DISTINCT ON (r.patient_id) r.score
              FROM (SELECT max(f.id) AS id
                      FROM (SELECT min(r.id) AS id, row_number() OVER (ORDER BY min(r.id)) AS place, count(*) OVER () AS n FROM rating r WHERE r.clinic_id = c.id AND NOT r.withdrawn GROUP BY r.patient_id) f
                     WHERE f.place <= f.n / 10 * 10) l
              JOIN rating r ON r.clinic_id = c.id AND NOT r.withdrawn AND r.id <= l.id
             ORDER BY r.patient_id, r.id DESC) m
$$;

CREATE OR REPLACE FUNCTION clinic_rating_count(c clinic) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(count(DISTINCT r.patient_id) / 10 * 10, 0)::integer FROM rating r WHERE r.clinic_id = c.id AND NOT r.withdrawn
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
