/*
 * Hospital, dispensary observation, doses given and vaccinations, as they are written here: what mutations answer, rules as data, and
 * triggers for what a plain INSERT could break. They are for what is entered here (source 1, without a number of its own): what
 * other systems report of the past is kept as they report it.
 */

ALTER TYPE outcome ADD ATTRIBUTE referral_id bigint, ADD ATTRIBUTE hospitalization_id bigint, ADD ATTRIBUTE registration_id bigint,
    ADD ATTRIBUTE vaccination_id bigint, ADD ATTRIBUTE exception_id bigint, ADD ATTRIBUTE earliest_on date, ADD ATTRIBUTE given_mg bigint,
    ADD ATTRIBUTE given_at timestamptz;

/* ---- Hospital ---- */

CREATE SEQUENCE private.treatment_sheet_number;

INSERT INTO message_template (kind, text_kk, text_ru, text_en) VALUES
    ('hospital_discharged', 'Сіз ауруханадан шықтыңыз. Толығырақ: eGov.', 'Вы выписаны из больницы. Подробнее: eGov.', 'You were discharged from hospital. See eGov.');

/* The way of a referral: what it may become. What nobody asked the hospital for is never accepted, refused or admitted. */
CREATE FUNCTION hospital_referral_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'waiting' THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'hospital_referral_way', MESSAGE = 'a referral begins as one that waits';
        END IF;
    ELSIF NOT (OLD.status = 'waiting' AND NEW.status IN ('accepted', 'refused', 'withdrawn') OR OLD.status = 'accepted' AND NEW.status IN ('admitted', 'refused', 'withdrawn')) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'hospital_referral_way',
            MESSAGE = format('a referral that is %s does not become %s', OLD.status, NEW.status);
    ELSIF NEW.status = 'accepted' AND NEW.planned_on IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'hospital_referral_way', MESSAGE = 'a referral is accepted for a day';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hospital_referral_way_new BEFORE INSERT ON hospital_referral
    FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.source_rec IS NULL AND NEW.version = 1) EXECUTE FUNCTION hospital_referral_way();
CREATE TRIGGER hospital_referral_way_old BEFORE UPDATE OF status ON hospital_referral
    FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION hospital_referral_way();

/*
 * A stay is at no time another's: a day may be the last of one and the first of the next. It begins open, is closed once, and one that
 * was planned takes its referral with it: accepted by this very hospital before, admitted now.
 */
CREATE FUNCTION hospitalization_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM patient p WHERE p.id = NEW.patient_id FOR NO KEY UPDATE;
    IF TG_OP = 'UPDATE' AND OLD.discharged_on IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'hospitalization_way', MESSAGE = 'a stay ends once';
    ELSIF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM clinic c WHERE c.id = NEW.clinic_id AND c.kind = 'hospital') THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'hospitalization_way', MESSAGE = 'a stay is in a hospital';
    ELSIF EXISTS (SELECT FROM hospitalization s
                   WHERE s.patient_id = NEW.patient_id AND s.id <> NEW.id AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error'
                     AND s.admitted_on < coalesce(NEW.discharged_on, 'infinity') AND coalesce(s.discharged_on, 'infinity') > NEW.admitted_on
                     AND NOT (s.discharged_on IS NULL AND NEW.discharged_on IS NULL)) THEN /* two open ones: an index */
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'hospitalization_way', MESSAGE = 'a person is in one hospital at a time';
    ELSIF TG_OP = 'INSERT' AND NEW.referral_id IS NOT NULL THEN
        UPDATE hospital_referral r SET status = 'admitted'
         WHERE r.patient_id = NEW.patient_id AND r.id = NEW.referral_id AND r.to_clinic_id = NEW.clinic_id AND r.status = 'accepted'
           AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error';
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'hospitalization_way', MESSAGE = 'a planned stay follows a referral that this hospital accepted';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hospitalization_way_new BEFORE INSERT ON hospitalization
    FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.source_rec IS NULL AND NEW.version = 1) EXECUTE FUNCTION hospitalization_way();
CREATE TRIGGER hospitalization_way_old BEFORE UPDATE OF discharged_on ON hospitalization
    FOR EACH ROW WHEN (NEW.discharged_on IS DISTINCT FROM OLD.discharged_on) EXECUTE FUNCTION hospitalization_way();

/* Who lies in a hospital is not at a doctor's elsewhere meanwhile; on the days of admission and discharge he may be. */
CREATE FUNCTION encounter_not_in_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM hospitalization s
                WHERE s.patient_id = NEW.patient_id AND s.superseded_by IS NULL AND s.record_status <> 'entered_in_error' AND s.clinic_id <> NEW.clinic_id
                  AND (NEW.started_at AT TIME ZONE INTERVAL '5 hours')::date > s.admitted_on
                  AND (NEW.started_at AT TIME ZONE INTERVAL '5 hours')::date < coalesce(s.discharged_on, 'infinity')) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'encounter_not_in_stay', MESSAGE = 'the person lies in a hospital at that time';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER encounter_not_in_stay BEFORE INSERT ON encounter
    FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.source_rec IS NULL AND NEW.version = 1 AND NEW.kind IN ('visit', 'home', 'preventive'))
    EXECUTE FUNCTION encounter_not_in_stay();

/* ---- Dispensary observation ---- */

/* Diseases that are observed: an ICD-10 category (three characters), and how long from one visit to the next at most. */
CREATE TABLE dispensary_rule (
    category text COLLATE "C" PRIMARY KEY CHECK (category ~ '^[A-Z][0-9]{2}$'),
    every_days integer NOT NULL CHECK (every_days BETWEEN 1 AND 3660),
    source text NOT NULL CHECK (source <> '')
);
COMMENT ON COLUMN dispensary_rule.every_days IS 'the longest time between two visits';
INSERT INTO dispensary_rule (category, every_days, source)
SELECT c, d, 'chronic diseases of the brief; intervals assumed'
  FROM (VALUES ('I10 I11 I12 I13 I20 I21 I22 I23 I24 I25 J44 J45 N18 I69 M05 M06 G40 B18 H40 K25 K26', 180), ('I50 E11 B20 B21 B22 B23 B24 F20 F32 F33', 90), ('E10 A15 A16 A17 A18 A19', 30),
               ('E03 K27 K28 K29', 365)) v (categories, d), unnest(string_to_array(v.categories, ' ')) c
UNION ALL SELECT 'C' || lpad(n::text, 2, '0'), 180, 'chronic diseases of the brief; intervals assumed' FROM generate_series(0, 97) n;

/* Once for a disease: all codes of a category are one. (Other systems may observe somebody in two registers.) */
CREATE UNIQUE INDEX dispensary_registration_disease ON dispensary_registration (patient_id, left(icd10, 3))
    WHERE removed_on IS NULL AND superseded_by IS NULL AND record_status <> 'entered_in_error' AND source_id = 1 AND source_rec IS NULL;

/* ---- Doses ---- */

/* That a doctor allows one dose that warns, and why: for a day, once. Only added to, but for `used_at`. */
CREATE TABLE private.dose_override (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id bigint NOT NULL,
    prescription_id bigint NOT NULL,
    practitioner_id bigint NOT NULL REFERENCES practitioner (id),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz CHECK (used_at >= made_at),
    dose_mg numeric(12, 3) NOT NULL CHECK (dose_mg > 0),
    warnings text[] NOT NULL CHECK (cardinality(warnings) > 0),
    reason text NOT NULL CHECK (length(reason) BETWEEN 10 AND 1000),
    FOREIGN KEY (patient_id, prescription_id) REFERENCES prescription (patient_id, id)
);
CREATE INDEX dose_override_open ON private.dose_override (patient_id, prescription_id, made_at) WHERE used_at IS NULL;

/* Doses that were given by a nurse or a doctor, of a prescription. Only added to. */
CREATE TABLE private.dose_given (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id bigint NOT NULL,
    prescription_id bigint NOT NULL,
    practitioner_id bigint NOT NULL REFERENCES practitioner (id),
    clinic_id bigint NOT NULL REFERENCES clinic (id),
    override_id bigint UNIQUE REFERENCES private.dose_override (id),
    given_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    dose_mg numeric(12, 3) NOT NULL CHECK (dose_mg > 0),
    FOREIGN KEY (patient_id, prescription_id) REFERENCES prescription (patient_id, id)
);
CREATE INDEX dose_given_day ON private.dose_given (patient_id, given_at) INCLUDE (prescription_id, dose_mg);
CREATE TRIGGER dose_given_keep BEFORE UPDATE OR DELETE ON private.dose_given FOR EACH STATEMENT EXECUTE FUNCTION change_record_keep();

/* What is read of them, with their prescription. The dose is in hundredths of mg. */
CREATE TYPE medication_administration AS (patient_id bigint, prescription_id bigint, given_at timestamptz, dose_mg bigint, practitioner_id bigint, clinic_id bigint, override_reason text);

/* What warns is given only with a doctor's leave for it: see dose_given_warnings() of db/functions. */
CREATE FUNCTION dose_given_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM private.dose_override o
                    WHERE o.id = NEW.override_id AND o.patient_id = NEW.patient_id AND o.prescription_id = NEW.prescription_id
                      AND o.dose_mg >= NEW.dose_mg AND o.made_at > NEW.given_at - INTERVAL '1 day')
       AND (NEW.override_id IS NOT NULL OR EXISTS (SELECT FROM dose_given_warnings(NEW.patient_id, NEW.prescription_id, NEW.dose_mg))) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'dose_given_rules', MESSAGE = 'a dose that warns is given without a doctor''s leave';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dose_given_rules BEFORE INSERT ON private.dose_given FOR EACH ROW EXECUTE FUNCTION dose_given_rules();

/* ---- Vaccinations ---- */

/* Not sooner than so many days after the dose before, by the slot's code; beside plan_rule.after_months. */
CREATE TABLE vaccine_interval (
    code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^vaccine\.[a-z0-9_.]+$'),
    days integer NOT NULL CHECK (days > 0),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO vaccine_interval (code, days, source) VALUES
    ('vaccine.dtp.2', 30, 'general knowledge'), ('vaccine.dtp.3', 30, 'general knowledge'), ('vaccine.dtp.4', 180, 'general knowledge'), ('vaccine.dtp.5', 180, 'general knowledge'),
    ('vaccine.dtp.6', 1095, 'assumed'), ('vaccine.pneumococcus.2', 28, 'general knowledge'), ('vaccine.pneumococcus.3', 56, 'general knowledge'),
    ('vaccine.mmr.2', 28, 'general knowledge'), ('vaccine.hepatitis_a.2', 180, 'general knowledge'), ('vaccine.tuberculosis.2', 1095, 'assumed');

ALTER TABLE immunization ADD gtin text COLLATE "C" CHECK (gtin_ok(gtin));
COMMENT ON COLUMN immunization.gtin IS 'of the package, where it is known: a recall names it with the lot';

CREATE INDEX batch_recall_batch ON batch_recall (batch);
CREATE FUNCTION immunization_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF lot_recalled(NEW.lot, NEW.gtin, NEW.given_on) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'immunization_rules', MESSAGE = 'the lot of a vaccine was recalled';
    ELSIF EXISTS (SELECT FROM patient p WHERE p.id = NEW.patient_id AND (NEW.given_on < p.birth_date OR NEW.given_on > p.deceased_on)) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'immunization_rules', MESSAGE = 'a vaccine is given to a living person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER immunization_rules BEFORE INSERT ON immunization
    FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.source_rec IS NULL AND NEW.version = 1) EXECUTE FUNCTION immunization_rules();
