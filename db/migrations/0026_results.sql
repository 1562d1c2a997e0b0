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

/* ---- Price caps ---- */

/* An order of the ministry that sets caps. `urgent`: it says itself that it changes caps within the half-year. */
CREATE TABLE price_order (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now(),
    valid_from date NOT NULL,
    medicines integer NOT NULL CHECK (medicines > 0),
    urgent boolean NOT NULL,
    kind text NOT NULL CHECK (kind IN ('retail', 'wholesale', 'inn')),
    number text NOT NULL CHECK (length(number) BETWEEN 1 AND 100)
);
COMMENT ON TABLE price_order IS 'orders that set price caps, as they came; the caps are in price_cap';
CREATE TRIGGER price_order_keep BEFORE UPDATE OR DELETE ON price_order FOR EACH STATEMENT EXECUTE FUNCTION change_record_keep();
ALTER TABLE price_cap ADD urgent boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN price_cap.urgent IS 'may begin within half a year of the one before (price_order)';

/* Caps of one medicine and kind begin half a year apart, but for urgent ones. */
CREATE FUNCTION price_cap_half_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM made m JOIN price_cap c ON c.drug_id = m.drug_id AND c.kind = m.kind AND c.valid_from < m.valid_from AND c.valid_from > m.valid_from - INTERVAL '6 months'
                WHERE NOT m.urgent) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'price_cap_half_year', MESSAGE = 'a price cap changes twice within half a year';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER price_cap_half_year AFTER INSERT ON price_cap REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION price_cap_half_year();

/* What setPriceCaps answers, about nobody: as `outcome`. Money is in tiyn. */
CREATE TYPE price_outcome AS (kind text, message text, price_order_id bigint, drug_id bigint, number text, cap bigint, cap_from date, cap_may_change_on date);

/* ---- Certificates ---- */

CREATE SEQUENCE private.certificate_number;

/* What is issued here (source 1) is of a kind that there is that day, and is valid no longer than the kind says; what is revoked stays revoked. */
CREATE FUNCTION certificate_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'certificate_revoked', MESSAGE = 'a certificate that was revoked stays revoked';
    ELSIF NOT EXISTS (SELECT FROM certificate_type t WHERE t.code = NEW.type_code AND t.valid_from <= NEW.issued_on AND (t.valid_to IS NULL OR t.valid_to > NEW.issued_on)
                         AND (t.valid_days IS NULL OR coalesce(NEW.valid_to <= NEW.issued_on + t.valid_days, false))) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'certificate_validity', MESSAGE = 'a certificate is valid longer than its kind says';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificate_validity BEFORE INSERT ON certificate FOR EACH ROW WHEN (NEW.source_id = 1) EXECUTE FUNCTION certificate_rules();
CREATE TRIGGER certificate_revoked BEFORE UPDATE OF revoked_at, revocation_reason ON certificate
    FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL AND (NEW.revoked_at, NEW.revocation_reason) IS DISTINCT FROM (OLD.revoked_at, OLD.revocation_reason)) EXECUTE FUNCTION certificate_rules();
