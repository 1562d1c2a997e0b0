/* Import: rows into the tables, in the order of their foreign keys. Which column of import_row is what is said where its kind is read. */

/*
 * The row of an earlier version names the new one. Where there is none for it in its table and with its person, the source has taken back
 * what it said: the row stays, as entered in error.
 */
CREATE OR REPLACE FUNCTION private.import_supersede() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tab text;
BEGIN
    FOR tab IN SELECT DISTINCT s.old_item_table FROM import_stage s
                WHERE s.old_item_id IS NOT NULL AND s.state IN ('kept', 'not_mapped') AND s.old_item_table NOT IN ('patient', 'clinic', 'practitioner') LOOP
        EXECUTE format($sql$
            UPDATE %I t SET superseded_by = CASE WHEN x.replaced THEN s.item_id END, record_status = CASE WHEN x.replaced THEN t.record_status ELSE 'entered_in_error' END
              FROM import_stage s, LATERAL (SELECT s.state = 'kept' AND s.item_table = s.old_item_table AND s.patient_id = s.old_patient_id AS replaced) x
             WHERE s.old_item_table = %L AND s.state IN ('kept', 'not_mapped') AND t.patient_id = s.old_patient_id AND t.id = s.old_item_id AND t.superseded_by IS NULL $sql$, tab, tab);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION private.import_store(source smallint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tables text[] := ARRAY(SELECT s.item_table FROM import_stage s WHERE s.state = 'kept'
                           UNION SELECT s.old_item_table FROM import_stage s WHERE s.state IN ('kept', 'not_mapped'));
BEGIN
    PERFORM private.import_supersede();
    IF tables && ARRAY['condition', 'pregnancy', 'allergy'] THEN
        PERFORM private.import_store_diagnoses(source);
    END IF;
    IF tables && ARRAY['encounter', 'hospitalization'] THEN
        PERFORM private.import_store_visits(source);
    END IF;
    IF tables && ARRAY['observation', 'lab_result', 'lifestyle', 'diagnostic_report'] THEN
        PERFORM private.import_store_measured(source);
    END IF;
    IF tables && ARRAY['immunization', 'medication_statement', 'procedure_done', 'care_plan', 'care_goal'] THEN
        PERFORM private.import_store_treatment(source);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION private.import_store_diagnoses(source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO condition (patient_id, id, clinic_id, recorded_by, recorded_at, source_id, version, source_rec, recorded_on, onset, abated_on, clinical_status, icd10, sens, name)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.day, k.first_day, k.last_day, k.status, k.code, i.sens, k.name
      FROM import_kept k JOIN icd10 i ON i.code = k.code WHERE k.item_table = 'condition';
    INSERT INTO pregnancy (patient_id, id, clinic_id, recorded_by, recorded_at, source_id, version, source_rec, noted_on, ended_on, status, outcome, sens)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.day, k.last_day, k.status,
           CASE k.status WHEN 'ended' THEN 'unknown' END, 3
      FROM import_kept k WHERE k.item_table = 'pregnancy';
    INSERT INTO allergy (patient_id, id, recorded_by, recorded_at, source_id, version, source_rec, noted_on, verified, category, criticality, substance, atc, reaction)
    SELECT k.patient_id, k.id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.day, k.yes, k.kind, k.status, k.name, k.code, k.words
      FROM import_kept k WHERE k.item_table = 'allergy';
END $$;

CREATE OR REPLACE FUNCTION private.import_store_visits(source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, condition_id, recorded_by, recorded_at, source_id, version, source_rec, sens, started_at, ended_at, kind, icd10, reason)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.condition_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec,
           greatest(k.sens, i.sens), k.at, k.until, k.kind, k.code, k.words
      FROM import_kept k LEFT JOIN icd10 i ON i.code = k.code WHERE k.item_table = 'encounter';
    INSERT INTO hospitalization (patient_id, id, clinic_id, recorded_by, recorded_at, source_id, version, source_rec, sens, admitted_on, discharged_on, department, icd10_admission, icd10_discharge, outcome)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec,
           greatest(k.sens, i.sens), k.day, k.last_day, k.name, k.code, CASE WHEN k.last_day IS NOT NULL THEN k.code END, k.kind
      FROM import_kept k LEFT JOIN icd10 i ON i.code = k.code WHERE k.item_table = 'hospitalization';
END $$;

CREATE OR REPLACE FUNCTION private.import_store_measured(source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO observation (patient_id, id, clinic_id, recorded_by, recorded_at, source_id, version, source_rec, observed_at, kind, value, second_value, unit, flag)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.at, k.kind, k.value, k.second_value, k.unit, k.status
      FROM import_kept k WHERE k.item_table = 'observation';
    INSERT INTO lab_result (patient_id, id, lab_test_id, clinic_id, ordered_by, recorded_by, recorded_at, source_id, version, source_rec, ordered_at, resulted_at,
                            status, loinc, name, value, unit, value_text, low, high, flag)
    SELECT k.patient_id, k.id, t.id, k.clinic_id, k.practitioner_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.at, greatest(k.at, k.until),
           k.status, k.code, k.name, k.value, k.unit, k.words, k.low, k.high, k.kind
      FROM import_kept k LEFT JOIN lab_test t ON t.loinc = k.code WHERE k.item_table = 'lab_result';
    INSERT INTO lifestyle (patient_id, id, recorded_by, recorded_at, source_id, version, source_rec, noted_on, kind, level, note)
    SELECT k.patient_id, k.id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.day, k.kind, k.status, k.words
      FROM import_kept k WHERE k.item_table = 'lifestyle';
    INSERT INTO diagnostic_report (patient_id, id, clinic_id, practitioner_id, recorded_by, recorded_at, source_id, version, source_rec, sens, performed_at, modality, status, loinc, name, body_site, conclusion)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.sens, k.at, k.kind, k.status, k.code, k.name, k.unit, k.words
      FROM import_kept k WHERE k.item_table = 'diagnostic_report';
END $$;

CREATE OR REPLACE FUNCTION private.import_store_treatment(source smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO immunization (patient_id, id, clinic_id, recorded_by, recorded_at, source_id, version, source_rec, given_on, dose_number, vaccine, lot)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.day, k.value, k.name, k.words
      FROM import_kept k WHERE k.item_table = 'immunization';
    INSERT INTO medication_statement (patient_id, id, recorded_by, recorded_at, source_id, version, source_rec, sens, started_on, ended_on, origin, atc, name, dose)
    SELECT k.patient_id, k.id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.sens, k.day, k.last_day, k.kind, k.code, k.name, k.words
      FROM import_kept k WHERE k.item_table = 'medication_statement';
    INSERT INTO procedure_done (patient_id, id, clinic_id, practitioner_id, condition_id, recorded_by, recorded_at, source_id, version, source_rec, sens, performed_on, code, name, result)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.condition_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.sens, k.day, k.code, k.name, k.words
      FROM import_kept k WHERE k.item_table = 'procedure_done';
    /* What a procedure put into the body is a row beside it: a version of the one beside the version before, which names it first; where it has none now, that one is withdrawn. */
    UPDATE import_row r SET value = nextval(pg_get_serial_sequence('implant', 'id')) FROM import_stage s WHERE s.n = r.n AND s.state = 'kept' AND r.tab = 'procedure_done' AND r.kind IS NOT NULL;
    UPDATE implant i SET superseded_by = k.value, record_status = CASE WHEN k.value IS NULL THEN 'entered_in_error' ELSE i.record_status END
      FROM import_stage s
      JOIN procedure_done p ON p.patient_id = s.old_patient_id AND p.id = s.old_item_id
      LEFT JOIN import_kept k ON k.n = s.n AND k.item_table = 'procedure_done' AND k.patient_id = s.old_patient_id
     WHERE s.old_item_table = 'procedure_done' AND s.state IN ('kept', 'not_mapped') AND i.patient_id = p.patient_id AND i.source_id = source AND i.source_rec = p.source_rec || '#implant'
       AND i.superseded_by IS NULL;
    INSERT INTO implant (patient_id, id, clinic_id, recorded_by, recorded_at, source_id, version, source_rec, implanted_on, kind, name)
    SELECT k.patient_id, k.value, k.clinic_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec || '#implant', k.day, k.kind, k.name
      FROM import_kept k WHERE k.item_table = 'procedure_done' AND k.kind IS NOT NULL;
    INSERT INTO care_plan (patient_id, id, clinic_id, practitioner_id, condition_id, recorded_by, recorded_at, source_id, version, source_rec, sens, started_on, ended_on, status, title)
    SELECT k.patient_id, k.id, k.clinic_id, k.practitioner_id, k.condition_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.sens, k.day, k.last_day, k.status, k.name
      FROM import_kept k WHERE k.item_table = 'care_plan';
    /* Goals go with the newest version of their plan. */
    UPDATE care_goal g SET care_plan_id = s.item_id
      FROM import_stage s WHERE s.state = 'kept' AND s.item_table = 'care_plan' AND s.old_item_table = 'care_plan' AND s.old_patient_id = s.patient_id AND g.patient_id = s.patient_id AND g.care_plan_id = s.old_item_id;
    INSERT INTO care_goal (patient_id, id, care_plan_id, recorded_by, recorded_at, source_id, version, source_rec, set_on, due_on, status, description)
    SELECT k.patient_id, k.id, k.plan_id, k.practitioner_id, k.recorded_at, source, k.version, k.source_rec, k.day, k.last_day, k.status, k.name
      FROM import_kept k WHERE k.item_table = 'care_goal';
END $$;
