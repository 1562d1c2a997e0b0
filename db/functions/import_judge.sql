/* Import: what is kept of what was read. Whatever a table would refuse is found here or where its kind is read, so that one record stops no batch. */
CREATE OR REPLACE FUNCTION private.import_judge() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    old text;
BEGIN
    UPDATE import_row r SET state = 'bad', why = v.why
      FROM (SELECT x.n, CASE WHEN x.day IS NULL THEN 'it has no date that can be read'
                             WHEN least(x.day, x.first_day) < s.birth THEN 'it is dated before the birth'
                             WHEN x.day > s.death THEN 'it is dated after the death'
                             WHEN x.day > today + 1 THEN 'it is dated in the future'
                             WHEN x.until < x.at OR x.last_day < x.day AND x.first_day IS NULL THEN 'it ends before it begins' END AS why
              FROM import_row x JOIN import_stage s USING (n) WHERE x.why IS NULL) v
     WHERE v.n = r.n AND v.why IS NOT NULL;
    /* A reason that begins with ! says what is wrong with a record, another one what it lacks here. Texts stay within what an index of a list can hold. */
    UPDATE import_row r SET state = 'bad', why = ltrim(r.why, '!') WHERE r.why LIKE '!%';
    UPDATE import_row r SET name = left(r.name, 300), words = left(r.words, 500) WHERE length(r.name) > 300 OR length(r.words) > 500;
    FOR old IN SELECT DISTINCT s.old_item_table FROM import_row r JOIN import_stage s USING (n) WHERE r.why IS NULL AND s.old_item_id IS NOT NULL LOOP
        EXECUTE format('UPDATE import_row r SET state = ''bad'', why = ''its entry was corrected here since''
                          FROM import_stage s JOIN %I t ON t.patient_id = s.old_patient_id AND t.id = s.old_item_id
                         WHERE s.n = r.n AND s.old_item_table = %L AND t.superseded_by IS NOT NULL AND r.why IS NULL', old, old);
    END LOOP;
    /* Or what a procedure put into the body was: it would be there again. */
    UPDATE import_row r SET state = 'bad', why = 'its entry was corrected here since'
      FROM import_stage s JOIN procedure_done p ON p.patient_id = s.old_patient_id AND p.id = s.old_item_id
      JOIN implant i ON i.patient_id = p.patient_id AND i.source_id = p.source_id AND i.source_rec = p.source_rec || '#implant'
     WHERE s.n = r.n AND s.old_item_table = 'procedure_done' AND i.superseded_by IS NOT NULL AND r.why IS NULL;
    UPDATE import_stage s
       SET state = CASE WHEN r.n IS NULL THEN 'not_mapped' WHEN r.why IS NULL THEN 'kept' ELSE coalesce(r.state, 'not_mapped') END,
           reason = CASE WHEN r.n IS NULL THEN 'this kind has no place here' ELSE r.why END,
           item_table = CASE WHEN r.why IS NULL THEN r.tab END,
           item_id = CASE WHEN r.n IS NOT NULL AND r.why IS NULL THEN nextval(q.seq) END
      FROM import_stage x
      LEFT JOIN import_row r USING (n)
      LEFT JOIN (SELECT t.tab, pg_get_serial_sequence(t.tab, 'id')::regclass AS seq FROM (SELECT DISTINCT tab FROM import_row WHERE why IS NULL) t) q ON q.tab = r.tab
     WHERE x.n = s.n AND s.state = 'ready';
    /* A plan of this batch has its id now, and so has a diagnosis. */
    UPDATE import_stage s SET plan_id = coalesce(p.item_id, r.second_value)
      FROM import_row r LEFT JOIN import_stage p ON p.n = r.value AND p.state = 'kept'
     WHERE r.n = s.n AND r.tab = 'care_goal' AND s.state = 'kept';
    UPDATE import_stage SET state = 'not_mapped', reason = 'the CarePlan that names it is not kept', item_table = NULL, item_id = NULL
     WHERE item_table = 'care_goal' AND state = 'kept' AND plan_id IS NULL;
    UPDATE import_stage s SET condition_id = c.item_id
      FROM import_ref r JOIN import_stage c ON c.resource_type = 'Condition' AND c.record_id = r.record_id AND c.state = 'kept' AND c.item_table = 'condition'
     WHERE r.ref = s.condition_ref AND r.resource_type = 'Condition' AND s.state = 'kept' AND s.patient_id = c.patient_id;
END $$;
