/*
 * A leave is for what warned when it was given; a reason for prescribing, for the warnings that it names; and half a year is reckoned
 * from the cap before, as the refusal says it.
 */
DROP FUNCTION IF EXISTS prescribe(text, bigint, bigint, integer, text, bigint, integer, bigint, bigint, integer, text, text, text);

CREATE OR REPLACE FUNCTION dose_given_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    warned text[] := ARRAY(SELECT w.kind FROM dose_given_warnings(NEW.patient_id, NEW.prescription_id, NEW.dose_mg) w);
BEGIN
    IF NOT EXISTS (SELECT FROM private.dose_override o
                    WHERE o.id = NEW.override_id AND o.patient_id = NEW.patient_id AND o.prescription_id = NEW.prescription_id
                      AND o.dose_mg >= NEW.dose_mg AND o.warnings @> warned AND o.made_at > NEW.given_at - INTERVAL '1 day')
       AND (NEW.override_id IS NOT NULL OR cardinality(warned) > 0) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'dose_given_rules', MESSAGE = 'a dose that warns is given without a doctor''s leave';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION price_cap_half_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM made m JOIN price_cap c ON c.drug_id = m.drug_id AND c.kind = m.kind AND c.valid_from < m.valid_from AND c.valid_from + INTERVAL '6 months' > m.valid_from
                WHERE NOT m.urgent) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'price_cap_half_year', MESSAGE = 'a price cap changes twice within half a year';
    END IF;
    RETURN NULL;
END $$;
