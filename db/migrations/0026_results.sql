/*
 * What laboratories and doctors add: orders and their results, studies, what models saw in them; certificates; price caps by order.
 * Rules as data, so that a fix is an UPDATE.
 */

/* ---- Laboratory ---- */

/*
 * Of a test, in the unit of lab_test: below and above what a value endangers life at once, so that somebody is told without waiting, and
 * between which bounds a living person can have it, so that a value in another unit is noticed.
 */
CREATE TABLE lab_limit (
    loinc text COLLATE "C" PRIMARY KEY CHECK (loinc ~ '^[0-9]{1,7}-[0-9]$'),
    critical_low numeric,
    critical_high numeric,
    possible_low numeric NOT NULL,
    possible_high numeric NOT NULL,
    source text NOT NULL CHECK (source <> ''),
    CHECK (possible_low < possible_high),
    CHECK (critical_low > possible_low AND critical_high < possible_high),
    CHECK (critical_low < critical_high)
);
COMMENT ON COLUMN lab_limit.critical_low IS 'a value below it endangers life at once; null: none does';
INSERT INTO lab_limit (loinc, critical_low, critical_high, possible_low, possible_high, source) VALUES
    ('718-7', 70, 200, 10, 300, 'general knowledge'), ('6690-2', 1, 50, 0, 1000, 'general knowledge'), ('777-3', 20, 1000, 0, 5000, 'general knowledge'),
    ('14749-6', 2.8, 25, 0.1, 110, 'general knowledge'), ('14682-9', NULL, 650, 1, 4000, 'general knowledge'), ('14631-6', NULL, 300, 0, 1500, 'general knowledge'),
    ('2951-2', 120, 160, 90, 210, 'general knowledge'), ('2823-3', 2.8, 6.2, 1, 12, 'general knowledge'), ('2000-8', 1.65, 3.25, 0.5, 6, 'general knowledge'),
    ('6301-6', NULL, 5, 0.4, 30, 'general knowledge'), ('67151-1', NULL, 52, 0, 100000, 'general knowledge'), ('4548-4', NULL, NULL, 2, 25, 'general knowledge');

CREATE SEQUENCE private.lab_order_number;

/* A value that is entered here (source 1) is in the unit of its test, so that a trend is one of like numbers. */
CREATE FUNCTION lab_result_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.unit IS DISTINCT FROM (SELECT t.unit FROM lab_test t WHERE t.id = NEW.lab_test_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'lab_result_unit', MESSAGE = 'a value is not in the unit of its test';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lab_result_unit BEFORE INSERT OR UPDATE OF value, unit, lab_test_id ON lab_result
    FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.value IS NOT NULL AND NEW.lab_test_id IS NOT NULL) EXECUTE FUNCTION lab_result_unit();

/* What a model saw is preliminary until a doctor signs, and is signed once. */
CREATE FUNCTION ai_finding_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR OLD.status <> 'preliminary'
       OR NOT EXISTS (SELECT FROM practitioner_role j WHERE j.practitioner_id = NEW.confirmed_by AND j.role IN ('district_doctor', 'specialist', 'hospital_doctor')
                         AND j.valid_from <= (now() AT TIME ZONE INTERVAL '5 hours')::date
                         AND (j.valid_to IS NULL OR j.valid_to > (now() AT TIME ZONE INTERVAL '5 hours')::date)) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ai_finding_signed', MESSAGE = 'a finding of a model was not signed by a doctor, or signed twice';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ai_finding_signed_new BEFORE INSERT ON ai_finding
    FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.version = 1 AND NEW.status <> 'preliminary') EXECUTE FUNCTION ai_finding_signed();
CREATE TRIGGER ai_finding_signed_old BEFORE UPDATE OF status, confirmed_by ON ai_finding
    FOR EACH ROW WHEN ((NEW.status, NEW.confirmed_by) IS DISTINCT FROM (OLD.status, OLD.confirmed_by)) EXECUTE FUNCTION ai_finding_signed();

/* Which pharmacy looked, in the owner's record of looks; closed ones too. */
CREATE INDEX pharmacy_of_bin ON pharmacy (bin, id);
