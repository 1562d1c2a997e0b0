/*
 * Giving out, held for whoever writes the table: packages are given out whole, a prescription as many times as it says, and of two at once the second
 * is held to what the first left. A leave for a dose is for what the doctor was told.
 */

/*
 * As before (0034), and of what a statement gives out anew, of what is entered here: whole packages, or all that is left; and one of the times that the prescription
 * has. The prescription counts them itself: behind its lock, so that no writer has to, and none can forget it. What corrects a dispensing takes no time, and
 * is asked for whole packages where it gives out something else than before.
 */
CREATE OR REPLACE FUNCTION dispense_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
    portions dispense[];
    times dispense[];
    r prescription;
    said record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        times := ARRAY(SELECT d FROM made d
                        WHERE d.source_id = 1 AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
                          AND NOT EXISTS (SELECT FROM dispense o WHERE o.patient_id = d.patient_id AND o.superseded_by = d.id AND o.record_status <> 'entered_in_error'
                                             AND o.prescription_id IN (SELECT v FROM prescription_all_versions(d.patient_id, d.prescription_id) v)));
        portions := ARRAY(SELECT d FROM made d
                           WHERE d.source_id = 1 AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
                             AND NOT EXISTS (SELECT FROM dispense o WHERE o.patient_id = d.patient_id AND o.superseded_by = d.id AND o.record_status <> 'entered_in_error'
                                                AND (o.quantity, o.drug_id) = (d.quantity, d.drug_id)
                                                AND o.prescription_id IN (SELECT v FROM prescription_all_versions(d.patient_id, d.prescription_id) v)));
    ELSE
        times := ARRAY(SELECT d FROM made d
                         LEFT JOIN was o ON o.patient_id = d.patient_id AND o.id = d.id AND o.source_id = 1 AND o.superseded_by IS NULL AND o.record_status <> 'entered_in_error'
                        WHERE d.source_id = 1 AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error' AND o.prescription_id IS DISTINCT FROM d.prescription_id);
        portions := ARRAY(SELECT d FROM made d
                            LEFT JOIN was o ON o.patient_id = d.patient_id AND o.id = d.id AND o.source_id = 1 AND o.superseded_by IS NULL AND o.record_status <> 'entered_in_error'
                           WHERE d.source_id = 1 AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
                             AND (o.prescription_id, o.quantity, o.drug_id) IS DISTINCT FROM (d.prescription_id, d.quantity, d.drug_id));
    END IF;
    /* In one order; what follows sees what the one before has committed. */
    PERFORM FROM prescription p WHERE (p.patient_id, p.id) IN (SELECT d.patient_id, d.prescription_id FROM unnest(portions || times) d) ORDER BY p.patient_id, p.id FOR NO KEY UPDATE;
    SELECT CASE
        WHEN d.price > (SELECT c.amount FROM price_cap c WHERE c.drug_id = d.drug_id AND c.kind = 'retail' AND c.valid_from <= d.dispensed_on
                           AND (c.valid_to IS NULL OR c.valid_to > d.dispensed_on)) * ((d.quantity + g.pack_quantity - 1) / g.pack_quantity)
        THEN 'dispense_price_cap'
        WHEN TG_OP = 'INSERT' AND d.version = 1 AND q.superseded_by IS NOT NULL THEN 'dispense_in_force'
        WHEN (SELECT sum(x.quantity) FROM dispense x WHERE x.patient_id = d.patient_id
                 AND x.prescription_id IN (SELECT d.prescription_id UNION ALL SELECT v.id FROM prescription_versions(d.patient_id, d.prescription_id) v)
                 AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error') > q.quantity
        THEN 'dispense_quantity_left'
        WHEN d.paid_by_patient > 0 AND (q.payment <> 'paid' OR q.issued_on >= '2020-01-01' AND q.issued_on < p.birth_date + INTERVAL '18 years')
        THEN 'dispense_free' END
      INTO broken
      FROM made d
      JOIN drug g ON g.id = d.drug_id
      JOIN prescription q ON q.patient_id = d.patient_id AND q.id = d.prescription_id
      JOIN patient p ON p.id = d.patient_id
     WHERE d.source_id = 1 AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
     ORDER BY 1 LIMIT 1;
    IF broken IS NULL THEN
        FOR r IN SELECT p.* FROM prescription p WHERE (p.patient_id, p.id) IN (SELECT d.patient_id, d.prescription_id FROM unnest(portions || times) d) ORDER BY p.patient_id, p.id LOOP
            SELECT prescription_quantity_left(r) AS units,
                   (SELECT count(*) FROM unnest(portions) d JOIN drug g ON g.id = d.drug_id WHERE (d.patient_id, d.prescription_id) = (r.patient_id, r.id) AND d.quantity % g.pack_quantity <> 0) AS opened,
                   (SELECT count(*) FROM unnest(times) d WHERE (d.patient_id, d.prescription_id) = (r.patient_id, r.id)) AS times,
                   (SELECT max(d.dispensed_on) FROM unnest(times) d WHERE (d.patient_id, d.prescription_id) = (r.patient_id, r.id)) AS on_day,
                   (SELECT d.pharmacy_id FROM unnest(times) d WHERE (d.patient_id, d.prescription_id) = (r.patient_id, r.id) ORDER BY d.dispensed_on DESC, d.id DESC LIMIT 1) AS pharmacy_id
              INTO said;
            broken := CASE WHEN said.opened > CASE said.units WHEN 0 THEN 1 ELSE 0 END THEN 'dispense_whole_packages'
                           WHEN said.times > 0 AND (r.status <> 'active' OR r.superseded_by IS NOT NULL OR said.on_day > r.valid_to) THEN 'dispense_active'
                           WHEN said.times > r.refills_left + 1 THEN 'dispense_refills' END;
            EXIT WHEN broken IS NOT NULL;
            /* The last time ends it, whatever is left: refills_left is how many times there are after the next. */
            UPDATE prescription p
               SET pharmacy_id = said.pharmacy_id,
                   status = CASE WHEN said.units = 0 OR said.times > p.refills_left THEN 'dispensed' ELSE p.status END,
                   refills_left = CASE WHEN said.units = 0 THEN 0 ELSE greatest(p.refills_left - said.times, 0) END,
                   pick_code_hash = CASE WHEN said.units > 0 AND said.times <= p.refills_left THEN p.pick_code_hash END
             WHERE p.patient_id = r.patient_id AND p.id = r.id AND said.times > 0;
        END LOOP;
    END IF;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, MESSAGE = 'a dispense breaks the rule ' || broken;
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER dispense_rules_old ON dispense;
CREATE TRIGGER dispense_rules_old AFTER UPDATE ON dispense REFERENCING OLD TABLE AS was NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION dispense_rules();

/*
 * A leave is for the warnings that the doctor was told when he gave it: for that allergy, and for as much as he was told that the person may have. It is not for
 * another allergy that was recorded since, nor for a limit that has become lower.
 */
ALTER TABLE private.dose_override ADD told_allergy_id bigint, ADD told_most_mg bigint CHECK (told_most_mg >= 0);
COMMENT ON COLUMN private.dose_override.told_allergy_id IS 'null: no allergy warned, or it is from before this was kept';
COMMENT ON COLUMN private.dose_override.told_most_mg IS 'hundredths of a milligram; null: no dose too high warned, or it is from before this was kept';
/* It takes the warnings that it is for; db/functions has it. */
DROP FUNCTION IF EXISTS allow_dose(text, bigint, bigint, bigint, text, text, text);

CREATE OR REPLACE FUNCTION dose_given_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.override_id IS NULL AND EXISTS (SELECT FROM dose_given_warnings(NEW.patient_id, NEW.prescription_id, NEW.dose_mg))
       OR NEW.override_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM private.dose_override o
                           WHERE o.id = NEW.override_id AND o.patient_id = NEW.patient_id AND o.prescription_id = NEW.prescription_id
                             AND o.dose_mg >= NEW.dose_mg AND o.made_at > NEW.given_at - INTERVAL '1 day' AND dose_leave_holds(o, NEW.dose_mg)) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'dose_given_rules', MESSAGE = 'a dose that warns is given without a doctor''s leave';
    END IF;
    RETURN NEW;
END $$;
