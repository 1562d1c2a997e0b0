/*
 * Who answers a dispute and by when, and what is taken back: entries of every kind, by a version that says that they were made in error.
 */

/* Within how many days a dispute is to be answered, by the day on which it was made. */
CREATE TABLE dispute_rule (
    valid_from date PRIMARY KEY,
    valid_to date CHECK (valid_to > valid_from),
    answer_days integer NOT NULL CHECK (answer_days BETWEEN 1 AND 90),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO dispute_rule (valid_from, answer_days, source) VALUES ('2015-01-01', 10, 'assumed');

/*
 * Which organisation answers for an entry: the one that it names, else the one where its author works today. It has to have a doctor or nurse
 * today. Null: there is none, or the entry is of a pharmacy.
 */
CREATE FUNCTION dispute_place(subject bigint, item text, entry bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    said jsonb;
BEGIN
    IF item = 'dispense' OR to_regclass(quote_ident(item)) IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE t.patient_id = $1 AND t.id = $2', item) INTO said USING subject, entry;
    RETURN (
        WITH named (rank, clinic_id) AS (
            SELECT n, (said ->> k)::bigint FROM unnest(ARRAY['clinic_id', 'from_clinic_id']) WITH ORDINALITY u (k, n)
            UNION ALL
            SELECT 10 + n, j.clinic_id
              FROM unnest(ARRAY['recorded_by', 'prescriber_id', 'ordered_by', 'practitioner_id']) WITH ORDINALITY u (k, n)
              JOIN practitioner_role j ON j.practitioner_id = (said ->> k)::bigint AND j.valid_from <= today AND (j.valid_to IS NULL OR j.valid_to > today)
        )
        SELECT c.id FROM named n JOIN clinic c ON c.id = n.clinic_id AND c.active
         WHERE EXISTS (SELECT FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active
                        WHERE j.clinic_id = c.id AND j.role IN ('district_doctor', 'specialist', 'hospital_doctor', 'nurse')
                          AND j.valid_from <= today AND (j.valid_to IS NULL OR j.valid_to > today))
         ORDER BY n.rank, c.id LIMIT 1);
END $$;

ALTER TABLE dispute ADD COLUMN clinic_id bigint REFERENCES clinic (id);
COMMENT ON COLUMN dispute.clinic_id IS 'which answers; null: the payer does, for no clinic is known that could';
UPDATE dispute d SET clinic_id = dispute_place(d.patient_id, d.item_table, d.item_id);
CREATE INDEX dispute_right ON dispute (clinic_id, patient_id) INCLUDE (answered_at);
CREATE INDEX dispute_to_answer ON dispute (clinic_id, made_at, number) WHERE answered_at IS NULL;

/* Whoever opens a dispute: it goes to whom it concerns, and what was answered stays answered. */
CREATE FUNCTION dispute_addressed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'dispute_answered_once', MESSAGE = 'a dispute that was answered stays answered';
    END IF;
    NEW.clinic_id := dispute_place(NEW.patient_id, NEW.item_table, NEW.item_id);
    RETURN NEW;
END $$;
CREATE TRIGGER dispute_addressed BEFORE INSERT ON dispute FOR EACH ROW WHEN (NEW.clinic_id IS NULL) EXECUTE FUNCTION dispute_addressed();
CREATE TRIGGER dispute_answered_once BEFORE UPDATE OF status, answered_at, answer ON dispute
    FOR EACH ROW WHEN (OLD.answered_at IS NOT NULL) EXECUTE FUNCTION dispute_addressed();

/* A version that says that an entry does not hold has the values of that entry, whatever its unit is and however long it was to be valid. */
DROP TRIGGER lab_result_unit ON lab_result;
CREATE TRIGGER lab_result_unit BEFORE INSERT OR UPDATE OF value, unit, lab_test_id ON lab_result FOR EACH ROW
    WHEN (NEW.source_id = 1 AND NEW.value IS NOT NULL AND NEW.lab_test_id IS NOT NULL AND NEW.record_status <> 'entered_in_error') EXECUTE FUNCTION lab_result_unit();
DROP TRIGGER certificate_validity ON certificate;
CREATE TRIGGER certificate_validity BEFORE INSERT ON certificate
    FOR EACH ROW WHEN (NEW.source_id = 1 AND NEW.record_status <> 'entered_in_error') EXECUTE FUNCTION certificate_rules();
