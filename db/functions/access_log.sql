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
