/*
 * Visits that begin, end and are confirmed; allergies that are refuted; bounds of the diary; passports that are registered. Rules as data, so that a fix is an UPDATE.
 */

/* ---- Visits ---- */

/* A visit that goes on. A person is at one, and so is a doctor; nobody confirms it before it ended, and it ends with what it was about. */
ALTER TABLE encounter ADD COLUMN under_way boolean NOT NULL DEFAULT false,
    ADD CHECK (NOT under_way OR ended_at IS NULL AND practitioner_id IS NOT NULL AND confirmed_by = 'none');
COMMENT ON COLUMN encounter.under_way IS 'opened here and not closed yet; what other systems report of visits is never';
CREATE UNIQUE INDEX encounter_one_of_patient ON encounter (patient_id) WHERE under_way AND superseded_by IS NULL;
CREATE UNIQUE INDEX encounter_one_of_doctor ON encounter (practitioner_id) WHERE under_way AND superseded_by IS NULL;
CREATE FUNCTION encounter_under_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        broken := CASE WHEN EXISTS (SELECT FROM patient p WHERE p.id = NEW.patient_id AND p.deceased_on IS NOT NULL) THEN 'encounter_deceased'
                       WHEN EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = NEW.patient_id AND h.clinic_id <> NEW.clinic_id AND h.discharged_on IS NULL
                                       AND h.superseded_by IS NULL AND h.record_status <> 'entered_in_error') THEN 'encounter_elsewhere' END;
    ELSIF NEW.record_status <> 'entered_in_error' AND num_nulls(NEW.ended_at, NEW.icd10) > 0 THEN
        broken := 'encounter_closed_with';
    END IF;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, MESSAGE = 'a visit breaks the rule ' || broken;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER encounter_under_way_new BEFORE INSERT ON encounter FOR EACH ROW WHEN (NEW.under_way) EXECUTE FUNCTION encounter_under_way();
CREATE TRIGGER encounter_under_way_old BEFORE UPDATE OF under_way ON encounter FOR EACH ROW WHEN (OLD.under_way AND NOT NEW.under_way) EXECUTE FUNCTION encounter_under_way();

/* The codes by which a patient confirms a visit where it was: one that came by SMS, one that the application shows. Keyed hashes; five tries for a visit. */
CREATE TABLE private.visit_code (
    patient_id bigint NOT NULL,
    encounter_id bigint NOT NULL,
    valid_to timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    way text COLLATE "C" NOT NULL CHECK (way IN ('sms', 'qr')),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (patient_id, encounter_id, way),
    FOREIGN KEY (patient_id, encounter_id) REFERENCES encounter (patient_id, id)
);
COMMENT ON COLUMN private.visit_code.tries IS 'wrong ones so far, whichever way was meant; a new code begins anew';

/* ---- Allergies ---- */

ALTER TABLE allergy ADD COLUMN refuted_because text CHECK (length(refuted_because) BETWEEN 1 AND 1000),
    ADD CHECK (refuted_because IS NULL OR record_status = 'entered_in_error');
COMMENT ON COLUMN allergy.refuted_because IS 'why a doctor took it back; the version that says so is a new one';

/* ---- The diary ---- */

/* Outside of which the doctor is told. In hundredths, as the diary is; the second value is the diastolic pressure. */
CREATE TABLE diary_limit (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('blood_pressure', 'pulse', 'glucose', 'weight', 'temperature', 'peak_flow')),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    low bigint,
    high bigint CHECK (high > low),
    second_low bigint,
    second_high bigint CHECK (second_high > second_low),
    source text NOT NULL CHECK (source <> ''),
    PRIMARY KEY (kind, valid_from),
    CHECK (num_nonnulls(low, high) > 0),
    CHECK (kind = 'blood_pressure' OR num_nonnulls(second_low, second_high) = 0)
);
INSERT INTO diary_limit (kind, valid_from, low, high, second_low, second_high, source) VALUES
    ('blood_pressure', '2019-01-01', 9000, 18000, 5000, 11000, 'general knowledge'), ('pulse', '2019-01-01', 4500, 13000, NULL, NULL, 'general knowledge'),
    ('glucose', '2019-01-01', 350, 1800, NULL, NULL, 'general knowledge'), ('temperature', '2019-01-01', 3500, 3900, NULL, NULL, 'general knowledge'),
    ('peak_flow', '2019-01-01', 15000, NULL, NULL, NULL, 'general knowledge');

/* ---- Passports ---- */

ALTER TABLE private.attempt DROP CONSTRAINT attempt_kind_check, ADD CHECK (kind IN ('emergency', 'pharmacist', 'prescription', 'package_report', 'register'));
