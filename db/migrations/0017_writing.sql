/*
 * Writing: the keys by which an answer that was lost is asked for again, the record of what was changed by whom, messages on
 * their way out, what mutations answer with, and what a plain INSERT could break of the rules of dispensing and booking.
 */

/* ---- What every mutation does ---- */

/*
 * A key that somebody gave to a change, for a day. It is the SHA-256 of who asked and the key, so nothing of a person is here;
 * `digest` is of what was asked, and the result is where it lies, never what it is: see first_result().
 */
CREATE TABLE private.idempotency (
    id bytea PRIMARY KEY CHECK (length(id) = 32),
    patient_id bigint,
    item_id bigint,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    digest text COLLATE "C" NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$')
);
COMMENT ON COLUMN private.idempotency.item_id IS 'null: it was refused, and may be asked for anew';
CREATE INDEX idempotency_age ON private.idempotency (made_at);

/* Who changed what: written in the transaction of the change, and only added to. */
CREATE TABLE private.change_record (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id bigint,
    item_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    item_table text COLLATE "C" NOT NULL CHECK (item_table <> ''),
    operation text COLLATE "C" NOT NULL CHECK (operation <> ''),
    role text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    organisation text COLLATE "C" NOT NULL
);
CREATE INDEX change_record_patient ON private.change_record (patient_id, at);
CREATE FUNCTION change_record_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record of changes is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER change_record_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON private.change_record FOR EACH STATEMENT EXECUTE FUNCTION change_record_keep();

/*
 * Messages that wait to be sent, written in the transaction of what they tell of. `key` keeps one that is written again from
 * being sent again. The payload has what the text needs and no more: no name, no number of a person, no diagnosis.
 */
CREATE TABLE private.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id bigint NOT NULL REFERENCES patient (id),
    made_at timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz CHECK (sent_at >= made_at),
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    kind text COLLATE "C" NOT NULL CHECK (kind ~ '^[a-z][a-z_]*$'),
    channel text COLLATE "C" NOT NULL CHECK (channel IN ('sms', 'app')),
    state text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
    key text COLLATE "C" NOT NULL UNIQUE CHECK (key <> ''),
    payload jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(payload) = 'object'),
    error text,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX outbox_waiting ON private.outbox (next_try_at, id) WHERE state = 'waiting';

/*
 * What mutations answer that can do several things: `kind` names the type of the schema whose fields are filled. Rows of it are
 * made by functions and kept nowhere. Money is in tiyn.
 */
CREATE TYPE outcome AS (
    kind text, patient_id bigint, message text,
    appointment_id bigint, starts_at timestamptz, until timestamptz,
    number text, drug_id bigint, other_drug_id bigint, quantity integer, quantity_left integer,
    price bigint, paid_by_patient bigint, cap bigint, package_state text, gtin text, serial text,
    prescription_id bigint, allergy_id bigint, interaction_id bigint, measured_on date, limit_days integer, weight bigint, most_mg bigint
);

/* These take an idempotency key too by now; db/functions has them. */
DROP FUNCTION IF EXISTS open_emergency_access(text, text, text, text);
DROP FUNCTION IF EXISTS hide_entry(text, text, bigint, bigint, text, bigint, bigint);
DROP FUNCTION IF EXISTS hide_kind(text, bigint, text, text, bigint, bigint);
DROP FUNCTION IF EXISTS show_again(text, bigint, bigint);
DROP FUNCTION IF EXISTS revoke_access(text, bigint, bigint);
DROP FUNCTION IF EXISTS grant_access(text, bigint, bigint, timestamptz);

/* ---- Dispensing ---- */

/*
 * What dispense() holds, held for whoever writes the table: the cap of the day, what is left of the prescription, and that
 * what is free is free. Of what is entered here (source 1): what other systems report of the past is kept as they report it.
 */
CREATE FUNCTION dispense_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    SELECT CASE
        WHEN d.price > (SELECT c.amount FROM price_cap c WHERE c.drug_id = d.drug_id AND c.kind = 'retail' AND c.valid_from <= d.dispensed_on
                           AND (c.valid_to IS NULL OR c.valid_to > d.dispensed_on)) * ((d.quantity + g.pack_quantity - 1) / g.pack_quantity)
        THEN 'dispense_price_cap'
        WHEN (SELECT sum(x.quantity) FROM dispense x WHERE x.patient_id = d.patient_id AND x.prescription_id = d.prescription_id
                 AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error') > r.quantity
        THEN 'dispense_quantity_left'
        WHEN d.paid_by_patient > 0 AND (r.payment <> 'paid' OR r.issued_on >= '2020-01-01' AND r.issued_on < p.birth_date + INTERVAL '18 years')
        THEN 'dispense_free' END
      INTO broken
      FROM made d
      JOIN drug g ON g.id = d.drug_id
      JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id
      JOIN patient p ON p.id = d.patient_id
     WHERE d.source_id = 1 AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
     ORDER BY 1 LIMIT 1;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, MESSAGE = 'a dispense breaks the rule ' || broken;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dispense_rules_new AFTER INSERT ON dispense REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION dispense_rules();
CREATE TRIGGER dispense_rules_old AFTER UPDATE ON dispense REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION dispense_rules();

/* A package is sold once, and only while nothing is against it. */
CREATE FUNCTION package_sale_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'in_circulation' OR NEW.expires_on < (now() AT TIME ZONE INTERVAL '5 hours')::date
       OR EXISTS (SELECT FROM batch_recall b WHERE b.gtin = NEW.gtin AND b.batch = NEW.batch AND b.lifted_on IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'package_sale_allowed',
            MESSAGE = 'a package was sold already, expired, withdrawn or recalled';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER package_sale_allowed BEFORE UPDATE OF state ON med_package
    FOR EACH ROW WHEN (NEW.state = 'sold') EXECUTE FUNCTION package_sale_allowed();

ALTER TABLE private.attempt DROP CONSTRAINT attempt_kind_check, ADD CHECK (kind IN ('emergency', 'pharmacist', 'prescription', 'package_report'));

/* What somebody reported of a package. The reporter is known to who looks into it, and to nobody else. */
CREATE TABLE private.package_report (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    package_id bigint REFERENCES med_package (id),
    made_at timestamptz NOT NULL DEFAULT now(),
    number text COLLATE "C" NOT NULL UNIQUE CHECK (number <> ''),
    gtin text COLLATE "C" NOT NULL,
    serial text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state <> ''),
    role text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    text text CHECK (text <> '' AND length(text) <= 2000)
);
COMMENT ON COLUMN private.package_report.state IS 'as check_package() said then';
CREATE INDEX package_report_package ON private.package_report (package_id);
CREATE TYPE package_report AS (number text, made_at timestamptz, state text, gtin text, serial text);

/* What the payer has to look into: a medicine that the patient says was never received. */
CREATE TABLE private.dispense_flag (
    patient_id bigint NOT NULL,
    dispense_id bigint NOT NULL,
    flagged_at timestamptz NOT NULL DEFAULT now(),
    rule text COLLATE "C" NOT NULL CHECK (rule IN ('receipt_denied')),
    PRIMARY KEY (patient_id, dispense_id, rule),
    FOREIGN KEY (patient_id, dispense_id) REFERENCES dispense (patient_id, id)
);

/* ---- Booking ---- */

/* How long before it begins an appointment can be cancelled by the patient. */
CREATE TABLE booking_rule (
    valid_from date PRIMARY KEY,
    valid_to date CHECK (valid_to > valid_from),
    cancel_hours integer NOT NULL CHECK (cancel_hours BETWEEN 0 AND 168),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO booking_rule (valid_from, cancel_hours, source) VALUES ('2019-01-01', 2, 'assumed');

/* slot.taken is the number of appointments that hold it: never written by hand, and never above the capacity (a constraint). */
CREATE FUNCTION appointment_takes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held bigint := CASE WHEN TG_OP = 'UPDATE' AND OLD.status IN ('booked', 'kept') AND OLD.superseded_by IS NULL THEN OLD.slot_id END;
    holds bigint := CASE WHEN NEW.status IN ('booked', 'kept') AND NEW.superseded_by IS NULL THEN NEW.slot_id END;
BEGIN
    IF held IS NOT DISTINCT FROM holds THEN
        RETURN NULL;
    END IF;
    UPDATE slot s SET taken = s.taken - 1 WHERE s.id = held;
    UPDATE slot s SET taken = s.taken + 1 WHERE s.id = holds;
    IF NOT EXISTS (SELECT FROM slot s WHERE s.id = holds AND s.practitioner_id = NEW.practitioner_id AND s.clinic_id = NEW.clinic_id AND s.starts_at = NEW.starts_at)
       AND holds IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'appointment_takes', MESSAGE = 'an appointment is not at the time and place of its slot';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER appointment_takes_new AFTER INSERT ON appointment FOR EACH ROW WHEN (NEW.slot_id IS NOT NULL) EXECUTE FUNCTION appointment_takes();
CREATE TRIGGER appointment_takes_old AFTER UPDATE OF status, superseded_by, slot_id ON appointment FOR EACH ROW
    WHEN (NEW.slot_id IS NOT NULL OR OLD.slot_id IS NOT NULL) EXECUTE FUNCTION appointment_takes();

/* ---- Prescribing: rules as data, so that a fix is an UPDATE ---- */

/* How long a prescription is valid: of the rules that fit, the shortest. */
CREATE TABLE prescription_rule (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    days integer NOT NULL CHECK (days BETWEEN 1 AND 366),
    free boolean,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    rx_form text CHECK (rx_form IN ('otc', 'rx', 'controlled', 'narcotic')),
    atc text COLLATE "C" CHECK (atc ~ '^[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?$'),
    source text NOT NULL CHECK (source <> '')
);
COMMENT ON COLUMN prescription_rule.free IS 'true: only what is free for the patient; null asks for nothing, like rx_form and atc';
INSERT INTO prescription_rule (days, free, rx_form, atc, valid_from, source) VALUES
    (90, NULL, NULL, NULL, '2019-04-15', 'ҚР ДСМ-36/2019: three months'),
    (30, true, NULL, NULL, '2019-04-15', 'assumed'),
    (10, NULL, NULL, 'J01', '2019-04-15', 'assumed'),
    (7, NULL, 'controlled', NULL, '2019-04-15', 'assumed'),
    (7, NULL, 'narcotic', NULL, '2019-04-15', 'assumed');

/* Medicines (an ATC code or group on each side) that do harm together. */
CREATE TABLE drug_interaction (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    severity text NOT NULL CHECK (severity IN ('contraindicated', 'major')),
    atc text COLLATE "C" NOT NULL CHECK (atc ~ '^[A-Z][0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?$'),
    with_atc text COLLATE "C" NOT NULL CHECK (with_atc ~ '^[A-Z][0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?$'),
    effect_kk text NOT NULL CHECK (effect_kk <> ''),
    effect_ru text NOT NULL CHECK (effect_ru <> ''),
    effect_en text NOT NULL CHECK (effect_en <> ''),
    source text NOT NULL CHECK (source <> ''),
    UNIQUE (atc, with_atc)
);
INSERT INTO drug_interaction (severity, atc, with_atc, effect_kk, effect_ru, effect_en, source) VALUES
    ('major', 'B01AA03', 'M01A', 'Қан кету қаупі', 'Риск кровотечения', 'Risk of bleeding', 'general knowledge'),
    ('major', 'B01AA03', 'N02BA', 'Қан кету қаупі', 'Риск кровотечения', 'Risk of bleeding', 'general knowledge'),
    ('major', 'B01AF01', 'M01A', 'Қан кету қаупі', 'Риск кровотечения', 'Risk of bleeding', 'general knowledge'),
    ('contraindicated', 'B01AA03', 'B01AF01', 'Екі антикоагулянт: қан кету қаупі', 'Два антикоагулянта: риск кровотечения', 'Two anticoagulants: risk of bleeding', 'general knowledge'),
    ('major', 'C09A', 'C03DA', 'Қандағы калийдің көбеюі', 'Повышение калия в крови', 'Too much potassium in the blood', 'general knowledge'),
    ('major', 'C09C', 'C03DA', 'Қандағы калийдің көбеюі', 'Повышение калия в крови', 'Too much potassium in the blood', 'general knowledge'),
    ('major', 'C01AA05', 'C01BD01', 'Дигоксин мөлшерінің көбеюі', 'Повышение концентрации дигоксина', 'Too much digoxin in the blood', 'general knowledge'),
    ('major', 'N06AB', 'N02AX02', 'Серотонин синдромы', 'Серотониновый синдром', 'Serotonin syndrome', 'general knowledge'),
    ('contraindicated', 'C01DA', 'G04BE', 'Қан қысымының қатты түсуі', 'Резкое падение давления', 'A steep fall of the blood pressure', 'general knowledge');

/* The most of a medicine by age (whole months, from and below), in milligrams: for each kilogram where that counts, and in all. */
CREATE TABLE dose_rule (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    from_months integer NOT NULL CHECK (from_months >= 0),
    below_months integer CHECK (below_months > from_months),
    atc text COLLATE "C" NOT NULL CHECK (atc ~ '^[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}$'),
    dose_mg_kg numeric CHECK (dose_mg_kg > 0),
    day_mg_kg numeric CHECK (day_mg_kg > 0),
    dose_mg numeric NOT NULL CHECK (dose_mg > 0),
    day_mg numeric NOT NULL CHECK (day_mg >= dose_mg),
    source text NOT NULL CHECK (source <> ''),
    CHECK ((dose_mg_kg IS NULL) = (day_mg_kg IS NULL)),
    EXCLUDE USING gist (atc WITH =, int4range(from_months, below_months) WITH &&)
);
INSERT INTO dose_rule (atc, from_months, below_months, dose_mg_kg, day_mg_kg, dose_mg, day_mg, source) VALUES
    ('N02BE01', 0, 216, 15, 60, 1000, 4000, 'general knowledge'), ('N02BE01', 216, NULL, NULL, NULL, 1000, 4000, 'general knowledge'),
    ('M01AE01', 3, 216, 10, 30, 400, 1200, 'general knowledge'), ('M01AE01', 216, NULL, NULL, NULL, 800, 2400, 'general knowledge'),
    ('J01CA04', 0, 216, 45, 90, 1000, 3000, 'general knowledge'), ('J01CA04', 216, NULL, NULL, NULL, 1000, 3000, 'general knowledge');

/* How old a weight may be that a dose is reckoned with, by age. */
CREATE TABLE weight_rule (
    from_months integer PRIMARY KEY CHECK (from_months >= 0),
    days integer NOT NULL CHECK (days > 0),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO weight_rule (from_months, days, source) VALUES (0, 30, 'assumed'), (12, 90, 'assumed'), (60, 180, 'assumed'), (216, 365, 'assumed');

ALTER TABLE prescription ADD dose_mg numeric(12, 3) CHECK (dose_mg > 0), ADD doses_a_day smallint CHECK (doses_a_day BETWEEN 1 AND 24),
    ADD CHECK ((dose_mg IS NULL) = (doses_a_day IS NULL));
COMMENT ON COLUMN prescription.dose_mg IS 'milligrams of one dose, as the check of doses took it; null where none was said';

/* That a doctor prescribed in spite of a warning, and why. Only added to. */
CREATE TABLE private.prescription_override (
    patient_id bigint NOT NULL,
    prescription_id bigint NOT NULL,
    practitioner_id bigint NOT NULL REFERENCES practitioner (id),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    warnings text[] NOT NULL CHECK (cardinality(warnings) > 0),
    reason text NOT NULL CHECK (length(reason) BETWEEN 10 AND 1000),
    PRIMARY KEY (patient_id, prescription_id),
    FOREIGN KEY (patient_id, prescription_id) REFERENCES prescription (patient_id, id)
);
CREATE TRIGGER prescription_override_keep BEFORE UPDATE OR DELETE ON private.prescription_override FOR EACH STATEMENT EXECUTE FUNCTION change_record_keep();

CREATE SEQUENCE private.prescription_number;

/* How often in a calendar year a person may change the clinic. */
CREATE TABLE attachment_rule (
    valid_from date PRIMARY KEY,
    valid_to date CHECK (valid_to > valid_from),
    changes_a_year integer NOT NULL CHECK (changes_a_year BETWEEN 0 AND 100),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO attachment_rule (valid_from, changes_a_year, source) VALUES ('2020-12-01', 2, 'ҚР ДСМ-194/2020');
