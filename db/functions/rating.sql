/*
 * What patients think of a doctor, and of an organisation by the visits there, in hundredths of a mark from 1 to 5: NULL below ten
 * marks, so that nobody learns whose they are. Only confirmed visits are rated (a trigger holds that).
 */
CREATE OR REPLACE FUNCTION practitioner_rating(p practitioner) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(r.score) * 100)::bigint FROM rating r WHERE r.practitioner_id = p.id AND NOT r.withdrawn HAVING count(*) >= 10
$$;

CREATE OR REPLACE FUNCTION practitioner_rating_count(p practitioner) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*)::integer FROM rating r WHERE r.practitioner_id = p.id AND NOT r.withdrawn HAVING count(*) >= 10
$$;

CREATE OR REPLACE FUNCTION clinic_rating(c clinic) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(r.score) * 100)::bigint FROM rating r WHERE r.clinic_id = c.id AND NOT r.withdrawn HAVING count(*) >= 10
$$;

CREATE OR REPLACE FUNCTION clinic_rating_count(c clinic) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*)::integer FROM rating r WHERE r.clinic_id = c.id AND NOT r.withdrawn HAVING count(*) >= 10
$$;

/* The mark that the patient gave after this visit. */
CREATE OR REPLACE FUNCTION encounter_rating(e encounter) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r.score::integer FROM rating r WHERE r.patient_id = e.patient_id AND r.encounter_id = e.id AND NOT r.withdrawn
$$;
