/*
 * A person's whole record for its owner, and nobody else, line by line: what it is, the person, the patient summary, each kind of entry with every
 * version of it, who looked, and a last line, without which it is not whole. Of entries everything that the API shows of them to their owner; not
 * what it shows to nobody (where an image lies, the IIN of somebody else, numbers of source systems), nor a model's score. The kinds are those of
 * ClinicalRecord and what the owner decided. A page is read through the primary keys, so its cost does not grow with the record.
 */
CREATE OR REPLACE FUNCTION record_kinds() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY['attachment', 'condition', 'allergy', 'medication_statement', 'prescription', 'dispense', 'immunization', 'vaccine_exception', 'lab_result', 'observation',
                 'lifestyle', 'pregnancy', 'diagnostic_report', 'ai_finding', 'procedure_done', 'implant', 'dispensary_registration', 'hospital_referral', 'hospitalization',
                 'encounter', 'appointment', 'ambulance_call', 'certificate', 'insurance_status', 'care_plan', 'care_goal', 'care_task', 'diary_entry', 'screening_task',
                 'milestone_check', 'emergency_contact', 'dispute', 'guardianship', 'access_rule', 'emergency_grant']
$$;

/* Where lines stand. Kinds of entries have the places between; a look's place falls as its time rises, so that looks stand newest first and
 * those that come meanwhile lie before where a reader has come to. */
CREATE OR REPLACE FUNCTION record_place(name text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE name WHEN 'archive' THEN 1 WHEN 'person' THEN 2 WHEN 'summary' THEN 3 WHEN 'entries' THEN 10 WHEN 'looks' THEN 10::bigint ^ 18 WHEN 'end' THEN 2 * 10::bigint ^ 18 END::bigint
$$;
CREATE OR REPLACE FUNCTION record_look_place(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT record_place('looks') - (extract(epoch FROM at) * 1000000)::bigint
$$;
CREATE OR REPLACE FUNCTION record_look_at(place bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT timestamptz '1970-01-01 00:00Z' + (record_place('looks') - place) * interval '1 microsecond'
$$;

/* What the keys in an entry lead to, by the key's column; null where none leads to anything. */
CREATE OR REPLACE FUNCTION record_names(entry jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_object_agg(k.key, n.name)
          FROM jsonb_each(entry) k
         CROSS JOIN LATERAL (
            SELECT CASE WHEN k.key IN ('clinic_id', 'from_clinic_id', 'to_clinic_id') THEN (SELECT c.name FROM clinic c WHERE c.id = k.value::bigint)
                        WHEN k.key IN ('practitioner_id', 'recorded_by', 'prescriber_id', 'district_doctor_id', 'ordered_by')
                          OR k.key = 'confirmed_by' AND jsonb_typeof(k.value) = 'number' THEN (SELECT m.full_name FROM practitioner m WHERE m.id = k.value::bigint)
                        WHEN k.key = 'pharmacy_id' THEN (SELECT f.name FROM pharmacy f WHERE f.id = k.value::bigint)
                        WHEN k.key = 'drug_id' THEN (SELECT d.name FROM drug d WHERE d.id = k.value::bigint)
                        WHEN k.key = 'source_id' THEN (SELECT s.name FROM source_system s WHERE s.id = k.value::bigint) END AS name) n
         WHERE n.name IS NOT NULL);
END $$;

/* What stands before the entries, each line alone. */
CREATE OR REPLACE FUNCTION record_heads(subject bigint, viewer text, after_place bigint) RETURNS SETOF record_line LANGUAGE sql STABLE AS $$
    SELECT subject, record_place('archive'), 0::bigint, 0::bigint, 'archive'::text,
           jsonb_build_object('kind', 'archive', 'format', 'tolqujat-record-1', 'madeAt', fhir_instant(now()), 'kinds', record_kinds())::text
     WHERE after_place < record_place('archive')
    UNION ALL
    SELECT p.id, record_place('person'), 0, 0, 'person',
           jsonb_build_object('kind', 'person', 'entry', jsonb_strip_nulls(to_jsonb(p) - ARRAY['id', 'source_id', 'region_id']), 'names', record_names(to_jsonb(p) - 'region_id'))::text
      FROM patient p WHERE p.id = subject AND after_place < record_place('person')
    UNION ALL
    SELECT subject, record_place('summary'), 0, 0, 'summary', jsonb_build_object('kind', 'summary', 'entry', s.document::jsonb)::text
      FROM patient_summary(subject, viewer, NULL) s WHERE after_place < record_place('summary')
$$;

/* Entries of one kind behind `after`, by id. */
CREATE OR REPLACE FUNCTION record_entries(subject bigint, kind text, place bigint, after bigint, lim integer) RETURNS SETOF record_line LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT $1, $2, e.id, 0::bigint, $3, jsonb_strip_nulls(jsonb_build_object(''kind'', $3, ''entry'', e.entry, ''names'', record_names(e.entry)))::text
           FROM (SELECT t.id, jsonb_strip_nulls(to_jsonb(t) - $4) AS entry FROM %I t WHERE t.patient_id = $1 AND t.id > $5 ORDER BY t.id LIMIT $6) e ORDER BY e.id', kind)
      USING subject, place, kind, ARRAY['patient_id', 'image_ref', 'sens', 'source_rec', 'guardian_id', 'guardian_iin', 'made_by', 'revoked_by', 'reviewed_by', 'pick_code_hash', 'score'],
            after, lim;
END $$;

/* Looks, newest first, behind the one with these keys (null: from the newest). */
CREATE OR REPLACE FUNCTION record_looks(subject bigint, before timestamptz, before_chain bigint, before_seq bigint, lim integer) RETURNS SETOF record_line LANGUAGE sql STABLE AS $$
    SELECT l.patient_id, record_look_place(l.at), ~l.chain, ~l.seq, 'access_log',
           jsonb_build_object('kind', 'access_log', 'entry', jsonb_strip_nulls(jsonb_build_object(
               'at', fhir_instant(l.at), 'refused', l.refused, 'byMachine', l.by_machine, 'role', l.role, 'person', access_log_person(l),
               'organisation', (SELECT c.name FROM clinic c WHERE c.bin = l.organisation), 'capacities', l.capacities, 'reason', l.reason, 'seen', access_log_seen(l))))::text
      FROM patient_looks(subject, NULL, NULL, lim, before, before_chain, before_seq) l
     ORDER BY l.at DESC, l.chain DESC, l.seq DESC LIMIT lim
$$;

/*
 * One page: at most `lim` lines behind (after_place, after_id, after_part). Whoever is not the owner gets none.
 */
CREATE OR REPLACE FUNCTION record_lines(subject bigint, viewer text, lim integer, after_place bigint, after_id bigint, after_part bigint) RETURNS SETOF record_line LANGUAGE plpgsql STABLE AS $$
DECLARE
    kinds text[] := record_kinds();
    first bigint := record_place('entries');
    looks bigint := record_place('looks');
    stands bigint;
    n bigint;
    left_over integer := lim;
    behind_looks boolean;
BEGIN
    IF viewer IS NOT NULL AND NOT EXISTS (SELECT FROM access_rights(viewer, subject) r WHERE r.capacities = 'OWNER') THEN
        RETURN;
    END IF;
    IF after_place < first THEN
        RETURN QUERY SELECT h.* FROM record_heads(subject, viewer, after_place) h LIMIT left_over;
        GET DIAGNOSTICS n = ROW_COUNT;
        left_over := left_over - n;
    END IF;
    FOR i IN 1 .. cardinality(kinds) LOOP
        EXIT WHEN left_over <= 0;
        stands := first + i;
        CONTINUE WHEN stands < after_place;
        RETURN QUERY SELECT e.* FROM record_entries(subject, kinds[i], stands, CASE WHEN stands = after_place THEN after_id ELSE -1 END, left_over) e;
        GET DIAGNOSTICS n = ROW_COUNT;
        left_over := left_over - n;
    END LOOP;
    IF left_over > 0 AND after_place < looks THEN
        behind_looks := after_place > first + cardinality(kinds);
        RETURN QUERY SELECT l.* FROM record_looks(subject, CASE WHEN behind_looks THEN record_look_at(after_place) ELSE 'infinity' END,
                                                  CASE WHEN behind_looks THEN ~after_id ELSE 0 END, CASE WHEN behind_looks THEN ~after_part ELSE 0 END, left_over) l;
        GET DIAGNOSTICS n = ROW_COUNT;
        left_over := left_over - n;
    END IF;
    IF left_over > 0 AND after_place < record_place('end') THEN
        RETURN QUERY SELECT subject, record_place('end'), 0::bigint, 0::bigint, 'end'::text, '{"kind": "end"}'::text;
    END IF;
END $$;
