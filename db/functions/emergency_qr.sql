/*
 * A person's emergency card for a QR code: what whoever finds the person has to know, in at most 500 bytes of JSON (docs/api.md has its members),
 * for 90 days. The server deflates and signs it: 500 bytes become at most 900 (server/card.h counts). Anybody can read a QR code,
 * so neither IIN nor name is on it, nor what the owner hid from anybody, nor what is sensitive (sens: HIV, tuberculosis, psychiatry, narcology, reproduction);
 * and `incomplete` names the sections of which something is left out, for whatever reason, so that nobody takes silence for health.
 *
 * What goes first when room is short: grave allergies, critical diagnoses, critical medicines, then the other allergies, diagnoses, medicines; of equals the
 * latest. Before an entry is left out, words are: what has a code is then said by its code alone. At most 8 of a section.
 */
CREATE OR REPLACE FUNCTION card_item_of(section text, importance integer, code text, grave boolean, words text) RETURNS card_item LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT section, importance,
           coalesce(code, left(words, 30)) || CASE WHEN grave THEN '!' ELSE '' END,
           concat_ws(' ', code || CASE WHEN grave THEN '!' ELSE '' END,
               CASE WHEN code IS NULL THEN left(words, 30) || CASE WHEN grave THEN '!' ELSE '' END WHEN length(words) <= 30 THEN words END)
$$;

/* What makes a diagnosis or a medicine one that changes what is done in the first hour. */
CREATE OR REPLACE FUNCTION card_is_critical(section text, code text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(CASE section
        /* Bleeding, adrenals, diabetes, epilepsy, heart, stroke, asthma and COPD, kidneys, transplants and devices. */
        WHEN 'problems' THEN code ~ '^(D6[6-9]|E1[0-4]|E27|G4[01]|I2[0-5]|I4[4-9]|I50|I6[0-9]|J4[4-6]|N1[7-9]|Z94|Z95|Z99)'
        /* Insulins and others for diabetes, anticoagulants, digoxin and antiarrhythmics, beta blockers, corticosteroids, immunosuppressants, opioids, antiepileptics. */
        ELSE code ~ '^(A10|B01A|C01A|C01B|C07|H02A|L04|N02A|N03A)' END, false)
$$;

/* What the owner hid from anybody, as access_hidden() says it. */
CREATE OR REPLACE FUNCTION card_hidden(subject bigint) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(DISTINCT word), '{}')
      FROM (SELECT DISTINCT role, practitioner_id, clinic_id FROM access_rule WHERE patient_id = subject AND kind = 'hide' AND revoked_at IS NULL) r
     CROSS JOIN LATERAL unnest(string_to_array(access_hidden(subject, r.role, r.practitioner_id, r.clinic_id), ' ')) word
     WHERE word <> ''
$$;

/* All that could be on it: `open` may, and is among the first 8 of its section. */
CREATE OR REPLACE FUNCTION card_candidates(subject bigint, hidden text[]) RETURNS TABLE (item card_item, open boolean, place bigint) LANGUAGE sql STABLE AS $$
    WITH entry (kind, id, section, code, grave, words, sensitive, day) AS (
        SELECT 'allergy', a.id, 'allergies', a.atc, a.criticality = 'high', a.substance, a.sens > 0, a.noted_on
          FROM allergy a WHERE a.patient_id = subject AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error'
        UNION ALL
        SELECT 'condition', c.id, 'problems', c.icd10, false, c.name, c.sens > 0 OR i.sens > 0, c.recorded_on
          FROM condition c JOIN icd10 i ON i.code = c.icd10
         WHERE c.patient_id = subject AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error' AND c.clinical_status <> 'resolved'
        UNION ALL
        SELECT 'medication_statement', m.id, 'medicines', m.atc, false, m.name,
               m.sens > 0 OR EXISTS (SELECT FROM prescription_all_versions(subject, m.prescription_id) v JOIN prescription r ON r.patient_id = subject AND r.id = v
                                       LEFT JOIN LATERAL condition_all_versions(subject, r.condition_id) w ON true LEFT JOIN condition c ON c.patient_id = subject AND c.id = w
                                       LEFT JOIN icd10 i ON i.code = c.icd10
                                      WHERE r.sens > 0 OR c.sens > 0 OR i.sens > 0), m.started_on
          FROM medicines_now(subject) m
    ), judged AS (
        SELECT e.*, NOT e.sensitive AND NOT e.kind = ANY (hidden) AND NOT e.kind || ':' || e.id = ANY (hidden) AS open,
               CASE WHEN e.section = 'allergies' THEN CASE WHEN e.grave THEN 1 ELSE 4 END
                    ELSE CASE WHEN card_is_critical(e.section, e.code) THEN 2 ELSE 5 END + CASE e.section WHEN 'medicines' THEN 1 ELSE 0 END END AS importance
          FROM entry e
    ), once AS (
        /* The same code twice (two courses of a medicine) is one entry. */
        SELECT DISTINCT ON (j.open, j.section, coalesce(j.code, j.words)) j.* FROM judged j
         ORDER BY j.open, j.section, coalesce(j.code, j.words), j.importance, j.day DESC, j.id DESC
    )
    SELECT card_item_of(o.section, o.importance, o.code, o.grave, o.words), o.open,
           row_number() OVER (PARTITION BY o.open, o.section ORDER BY o.importance, o.day DESC, o.id DESC)
      FROM once o
$$;

CREATE OR REPLACE FUNCTION card_text(head text, items card_item[], with_words boolean, incomplete text[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT '{' || head
           || coalesce((SELECT string_agg(',"' || s.section || '":[' || s.entries || ']', '' ORDER BY s.section)
                          FROM (SELECT i.section, string_agg(to_json(CASE WHEN with_words THEN i.worded ELSE i.coded END)::text, ',' ORDER BY i.n) AS entries
                                  FROM unnest(items) WITH ORDINALITY i (section, importance, coded, worded, n) GROUP BY i.section) s), '')
           || CASE WHEN cardinality(incomplete) > 0 THEN ',"incomplete":' || replace(array_to_json(incomplete)::text, ', ', ',') ELSE '' END || '}'
$$;

CREATE OR REPLACE FUNCTION patient_emergency_qr(subject bigint) RETURNS SETOF emergency_qr LANGUAGE plpgsql STABLE AS $$
DECLARE
    most CONSTANT integer := 500; /* bytes */
    issued timestamptz := date_trunc('second', now());
    expires timestamptz := issued + interval '90 days';
    head text;
    items card_item[];
    short text[]; /* the sections of which something may not be on it, or is beyond the eighth */
    missing text[];
    made text;
    n integer;
BEGIN
    SELECT concat_ws(',', '"v":1', '"iat":' || extract(epoch FROM issued)::bigint, '"exp":' || extract(epoch FROM expires)::bigint,
               '"born":' || extract(year FROM p.birth_date)::integer, '"sex":"' || p.sex || '"', '"blood":"' || p.blood_group || '"',
               '"phone":' || to_json((SELECT c.phone FROM emergency_contact c
                                       WHERE c.patient_id = subject AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error' AND c.ended_on IS NULL AND c.sens = 0
                                         AND NOT (h.hidden && ARRAY['emergency_contact', 'emergency_contact:' || c.id])
                                       ORDER BY c.noted_on DESC, c.id DESC LIMIT 1))::text),
           (SELECT array_agg(c.item ORDER BY (c.item).importance, c.place) FROM card_candidates(subject, h.hidden) c WHERE c.open AND c.place <= 8),
           (SELECT coalesce(array_agg(DISTINCT (c.item).section), '{}') FROM card_candidates(subject, h.hidden) c WHERE NOT c.open OR c.place > 8)
      INTO head, items, short
      FROM patient p CROSS JOIN LATERAL (SELECT card_hidden(subject) AS hidden) h
     WHERE p.id = subject AND p.deceased_on IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    n := cardinality(items);
    made := card_text(head, items, true, short);
    missing := short;
    WHILE octet_length(made) > most LOOP
        /* First all words go, then one entry after another, from the end. */
        SELECT coalesce(array_agg(DISTINCT s ORDER BY s), '{}') INTO missing FROM unnest(short || ARRAY(SELECT i.section FROM unnest(items[n + 1:]) i)) s;
        made := card_text(head, items[:n], false, missing);
        n := n - 1;
    END LOOP;
    RETURN QUERY SELECT subject, issued, expires, missing, made;
END $$;
