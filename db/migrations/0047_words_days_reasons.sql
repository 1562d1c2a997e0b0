/* ---- Recalls: a batch is the same however it is written ---- */

/*
 * A batch or lot as it is compared: in capital letters, without blanks, and with Latin letters for the Cyrillic ones that look the same. An order, a
 * package and a nurse's screen write one number in three ways, and what was recalled was given all the same.
 */
CREATE FUNCTION lot_folded(lot text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT upper(translate(lot, 'АВЕКМНОРСТУХІавекмнорстухі ' || E'\t\n\r\u00a0\u2007\u202f', 'ABEKMHOPCTYXIABEKMHOPCTYXI') COLLATE "C")
$$;
DROP INDEX IF EXISTS batch_recall_batch;
CREATE INDEX batch_recall_batch ON batch_recall (lot_folded(batch));
CREATE INDEX med_package_batch ON med_package (gtin, lot_folded(batch));

/* As before. */
CREATE OR REPLACE FUNCTION package_sale_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'in_circulation' OR NEW.expires_on < (now() AT TIME ZONE INTERVAL '5 hours')::date
       OR EXISTS (SELECT FROM batch_recall b WHERE b.gtin = NEW.gtin AND lot_folded(b.batch) = lot_folded(NEW.batch) AND b.lifted_on IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'package_sale_allowed',
            MESSAGE = 'a package was sold already, expired, withdrawn or recalled';
    END IF;
    RETURN NEW;
END $$;

/* ---- Disputes: reasons that fit what is disputed ---- */

/* A reason that is only one for entries of these kinds; one that is not here is one for all. */
CREATE TABLE dispute_reason (
    reason text COLLATE "C" NOT NULL CHECK (reason IN ('not_there', 'wrong_diagnosis', 'not_received')),
    item_table text COLLATE "C" NOT NULL CHECK (item_table <> ''),
    PRIMARY KEY (reason, item_table)
);
COMMENT ON TABLE dispute_reason IS 'assumed: not_there is of what takes place, wrong_diagnosis of what names one or rests on one, not_received of what a pharmacy gave out';
INSERT INTO dispute_reason (reason, item_table)
SELECT 'not_received', 'dispense'
UNION ALL SELECT 'not_there', t FROM unnest(ARRAY['encounter', 'appointment', 'hospitalization', 'ambulance_call', 'immunization', 'vaccine_exception', 'lab_result', 'observation', 'diagnostic_report', 'ai_finding',
    'procedure_done', 'implant', 'screening_task', 'milestone_check', 'care_task', 'dispense']) t
UNION ALL SELECT 'wrong_diagnosis', t FROM unnest(ARRAY['condition', 'allergy', 'encounter', 'hospitalization', 'hospital_referral', 'ambulance_call', 'dispensary_registration', 'prescription', 'certificate', 'care_plan',
    'care_goal', 'diagnostic_report', 'ai_finding', 'procedure_done', 'pregnancy', 'vaccine_exception', 'screening_task', 'milestone_check', 'lab_result']) t;

/* What was disputed as not received before was denied by that, too. (Where there is none the triggers of dispense would ask for functions that a new database has not yet.) */
DO $$ BEGIN
    IF EXISTS (SELECT FROM dispute d WHERE d.item_table = 'dispense' AND d.reason = 'not_received' AND d.answered_at IS NULL) THEN
        UPDATE dispense x SET receipt = 'denied'
          FROM dispute d
         WHERE d.patient_id = x.patient_id AND d.item_table = 'dispense' AND d.item_id = x.id AND d.reason = 'not_received' AND d.answered_at IS NULL
           AND x.receipt = 'none' AND x.superseded_by IS NULL AND x.record_status = 'disputed';
    END IF;
END $$;
INSERT INTO private.dispense_flag (patient_id, dispense_id, rule)
SELECT d.patient_id, d.item_id, 'receipt_denied' FROM dispute d
 WHERE d.item_table = 'dispense' AND d.reason = 'not_received' AND d.answered_at IS NULL AND EXISTS (SELECT FROM dispense x WHERE x.patient_id = d.patient_id AND x.id = d.item_id)
    ON CONFLICT DO NOTHING;

/* ---- Bounds: confirming, certificates, caps ---- */

/* For how long a visit can be confirmed: what a month's capitation counts does not change for ever. */
CREATE TABLE visit_rule (
    valid_from date PRIMARY KEY,
    valid_to date CHECK (valid_to > valid_from),
    confirm_days integer NOT NULL CHECK (confirm_days BETWEEN 1 AND 366),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO visit_rule (valid_from, confirm_days, source) VALUES ('2015-01-01', 30, 'assumed');

/* A leave has the end that the doctor says, and the longest that there is (of pregnancy and birth) has 184 days. */
ALTER TABLE certificate_type ADD longest_days integer CHECK (longest_days > 0), ADD CHECK (longest_days IS NULL OR valid_days IS NULL);
COMMENT ON COLUMN certificate_type.longest_days IS 'of kinds whose last day the doctor says each time: how many days on it is at most; assumed';
UPDATE certificate_type SET longest_days = 184 WHERE code = 'sick_leave' AND valid_days IS NULL;
CREATE OR REPLACE FUNCTION certificate_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'certificate_revoked', MESSAGE = 'a certificate that was revoked stays revoked';
    ELSIF NOT EXISTS (SELECT FROM certificate_type t WHERE t.code = NEW.type_code AND t.valid_from <= NEW.issued_on AND (t.valid_to IS NULL OR t.valid_to > NEW.issued_on)
                         AND (coalesce(t.valid_days, t.longest_days) IS NULL OR coalesce(NEW.valid_to <= NEW.issued_on + coalesce(t.valid_days, t.longest_days), false))) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'certificate_validity', MESSAGE = 'a certificate is valid longer than its kind says';
    END IF;
    RETURN NEW;
END $$;

/* A cap times the packs of a prescription stays a number that can be said. */
ALTER TABLE price_cap ADD CONSTRAINT price_cap_possible CHECK (amount <= 10000000000) NOT VALID;
