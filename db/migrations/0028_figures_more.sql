/*
 * Figures of free medicines (who was prescribed one, who received it, and all of it), and marks by organisation.
 */
ALTER TABLE figure_cell DROP CONSTRAINT figure_cell_measure_check, ADD CHECK (measure IN ('passports', 'appointments_kept', 'appointment_wait',
    'laboratory_resulted', 'laboratory_turnaround', 'screening', 'vaccination', 'flagged_visits', 'free_medicines'));
COMMENT ON COLUMN figure_cell.subject IS 'which screening, series of vaccines or rule of flags, or what became of free medicines; else empty';

/* Where the visit was that a mark is of: the trigger that looks at the visit fills it. */
ALTER TABLE rating ADD COLUMN clinic_id bigint REFERENCES clinic (id);
UPDATE rating r SET clinic_id = e.clinic_id FROM encounter e WHERE e.patient_id = r.patient_id AND e.id = r.encounter_id;
ALTER TABLE rating ALTER COLUMN clinic_id SET NOT NULL;
CREATE INDEX rating_clinic ON rating (clinic_id) INCLUDE (score) WHERE NOT withdrawn;
CREATE OR REPLACE FUNCTION rating_of_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT e.clinic_id INTO NEW.clinic_id FROM encounter e
     WHERE e.patient_id = NEW.patient_id AND e.id = NEW.encounter_id AND e.practitioner_id = NEW.practitioner_id AND e.confirmed_by <> 'none';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'rating_of_confirmed',
            MESSAGE = 'A rating is of a visit that was confirmed, and of the doctor whom it was with.';
    END IF;
    RETURN NEW;
END $$;
