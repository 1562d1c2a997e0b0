/*
 * Who prescribed what an allergy speaks against is told; no visit ends with a manifestation alone; functions that ask who wants to know; nothing for who has died.
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

/*
 * After the day of a death nothing is prescribed, given out or booked, whatever statement does it. What other systems report may be wrong about the day, and
 * is kept; so is what is taken back.
 */
CREATE FUNCTION entry_in_life() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    day date;
BEGIN
    IF TG_TABLE_NAME = 'prescription' THEN
        day := NEW.issued_on;
    ELSIF TG_TABLE_NAME = 'dispense' THEN
        day := NEW.dispensed_on;
    ELSE
        day := (NEW.starts_at AT TIME ZONE INTERVAL '5 hours')::date;
    END IF;
    IF EXISTS (SELECT FROM patient p WHERE p.id = NEW.patient_id AND p.deceased_on < day) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_in_life', MESSAGE = 'nothing is prescribed, given out or booked after a death';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prescription_in_life BEFORE INSERT ON prescription FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.record_status <> 'entered_in_error') EXECUTE FUNCTION entry_in_life();
CREATE TRIGGER dispense_in_life BEFORE INSERT ON dispense FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.record_status <> 'entered_in_error') EXECUTE FUNCTION entry_in_life();
CREATE TRIGGER appointment_in_life BEFORE INSERT ON appointment FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.record_status <> 'entered_in_error') EXECUTE FUNCTION entry_in_life();
