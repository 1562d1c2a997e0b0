/*
 * Who prescribed what an allergy speaks against is told; no visit ends with a manifestation alone; functions that ask who wants to know.
 */
INSERT INTO message_template (kind, text_kk, text_ru, text_en) VALUES
    ('prescribed_to_allergic', 'Сіз жазған дәрі пациентке жақпауы мүмкін: төлқұжатты ашыңыз.', 'Выписанное Вами лекарство может не подойти пациенту: откройте паспорт.', 'A medicine that you prescribed may not suit a patient: open the passport.');

/* They take `viewer` now, and a function of another signature would stay beside the new one. */
DROP FUNCTION IF EXISTS visit_in_force(bigint, bigint);
DROP FUNCTION IF EXISTS appointment_to_come(bigint, bigint);

CREATE OR REPLACE FUNCTION encounter_under_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        broken := CASE WHEN EXISTS (SELECT FROM patient p WHERE p.id = NEW.patient_id AND p.deceased_on IS NOT NULL) THEN 'encounter_deceased'
                       WHEN EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = NEW.patient_id AND h.clinic_id <> NEW.clinic_id AND h.discharged_on IS NULL
                                       AND h.superseded_by IS NULL AND h.record_status <> 'entered_in_error') THEN 'encounter_elsewhere' END;
    ELSIF NEW.record_status <> 'entered_in_error'
          AND (num_nulls(NEW.ended_at, NEW.icd10) > 0 OR EXISTS (SELECT FROM icd10 i WHERE i.code = NEW.icd10 AND i.mark = '*')) THEN
        broken := 'encounter_closed_with';
    END IF;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, MESSAGE = 'a visit breaks the rule ' || broken;
    END IF;
    RETURN NEW;
END $$;
