/*
 * What was said of one version of an entry holds for the entry: a visit gets one mark, whichever of its versions was given it, and what was given out
 * of a prescription counts for the version that corrects it. And whoever hides an entry says that he knows what that means.
 */

/*
 * A mark hangs on the first version of its visit, which no correction changes, so that the unique key of (patient, visit) is what holds "once". The first mark
 * of a visit that was given several counts on, the others are withdrawn.
 */
COMMENT ON COLUMN rating.encounter_id IS 'the first version of the visit, whichever was given the mark (a trigger)';
CREATE TEMP TABLE visit_of_rating ON COMMIT DROP AS
    WITH RECURSIVE version (patient_id, id, rating_id) AS (
        SELECT r.patient_id, r.encounter_id, r.id FROM rating r
        UNION
        SELECT e.patient_id, e.id, v.rating_id FROM version v JOIN encounter e ON e.patient_id = v.patient_id AND e.superseded_by = v.id)
    SELECT v.patient_id, v.rating_id, min(v.id) AS first_id
      FROM version v
     WHERE NOT EXISTS (SELECT FROM encounter e WHERE e.patient_id = v.patient_id AND e.superseded_by = v.id)
     GROUP BY v.patient_id, v.rating_id;
ALTER TABLE rating DISABLE TRIGGER rating_of_confirmed;
UPDATE rating r SET withdrawn = true
  FROM visit_of_rating v
 WHERE v.patient_id = r.patient_id AND v.rating_id = r.id AND NOT r.withdrawn
   AND EXISTS (SELECT FROM visit_of_rating o WHERE o.patient_id = r.patient_id AND o.first_id = v.first_id AND o.rating_id < r.id);
UPDATE rating r SET encounter_id = v.first_id
  FROM visit_of_rating v
 WHERE v.patient_id = r.patient_id AND v.rating_id = r.id AND r.encounter_id <> v.first_id
   AND NOT EXISTS (SELECT FROM visit_of_rating o WHERE o.patient_id = r.patient_id AND o.first_id = v.first_id AND o.rating_id <> r.id);
DROP TRIGGER rating_of_confirmed ON rating;

/* A visit is rated only when its version in force was confirmed, the mark goes to the doctor whom that names, and a visit has one: of all its versions together. */
CREATE OR REPLACE FUNCTION rating_of_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    versions bigint[] := ARRAY(SELECT v FROM encounter_all_versions(NEW.patient_id, NEW.encounter_id) v);
BEGIN
    SELECT e.clinic_id INTO NEW.clinic_id FROM encounter e
     WHERE e.patient_id = NEW.patient_id AND e.id = ANY (versions) AND e.superseded_by IS NULL AND e.record_status <> 'entered_in_error'
       AND e.practitioner_id = NEW.practitioner_id AND e.confirmed_by <> 'none';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'rating_of_confirmed',
            MESSAGE = 'A rating is of a visit that was confirmed, and of the doctor whom it was with.';
    END IF;
    /* Where one of the versions has a mark already, the same one as that, which the unique key refuses. */
    NEW.encounter_id := coalesce(
        (SELECT min(r.encounter_id) FROM rating r WHERE r.patient_id = NEW.patient_id AND r.encounter_id = ANY (versions) AND r.id <> NEW.id),
        (SELECT min(v) FROM unnest(versions) v WHERE NOT EXISTS (SELECT FROM encounter e WHERE e.patient_id = NEW.patient_id AND e.superseded_by = v)),
        NEW.encounter_id);
    RETURN NEW;
END $$;
CREATE TRIGGER rating_of_confirmed BEFORE INSERT OR UPDATE OF patient_id, encounter_id, practitioner_id, clinic_id ON rating FOR EACH ROW EXECUTE FUNCTION rating_of_confirmed();

/*
 * What was given out of the versions that a prescription corrects counts for it, and of one that was corrected nothing is given out any more. Looked at from each
 * dispensing, not from the prescription: a later version may have less than was given out before it.
 */
CREATE OR REPLACE FUNCTION dispense_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    SELECT CASE
        WHEN d.price > (SELECT c.amount FROM price_cap c WHERE c.drug_id = d.drug_id AND c.kind = 'retail' AND c.valid_from <= d.dispensed_on
                           AND (c.valid_to IS NULL OR c.valid_to > d.dispensed_on)) * ((d.quantity + g.pack_quantity - 1) / g.pack_quantity)
        THEN 'dispense_price_cap'
        WHEN TG_OP = 'INSERT' AND d.version = 1 AND r.superseded_by IS NOT NULL THEN 'dispense_in_force'
        WHEN (SELECT sum(x.quantity) FROM dispense x WHERE x.patient_id = d.patient_id
                 AND x.prescription_id IN (SELECT d.prescription_id UNION ALL SELECT v.id FROM prescription_versions(d.patient_id, d.prescription_id) v)
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

/*
 * What the patient said of a visit holds for the version that corrects it: that it took place, where doctor, clinic and day are those that were confirmed; that it
 * did not, until that is answered. Who corrects a visit names the new version in the old one first (docs/domain.md), so that it is found.
 */
CREATE FUNCTION encounter_corrects() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    versions bigint[] := ARRAY(SELECT v FROM encounter_all_versions(NEW.patient_id, NEW.id) v);
    said record;
BEGIN
    IF NEW.confirmed_by = 'none' AND NOT NEW.under_way THEN
        SELECT o.confirmed_by, o.confirmed_at INTO said FROM encounter o
         WHERE o.patient_id = NEW.patient_id AND o.superseded_by = NEW.id AND o.record_status <> 'entered_in_error' AND o.confirmed_at >= NEW.started_at AND o.clinic_id = NEW.clinic_id
           AND o.practitioner_id IS NOT DISTINCT FROM NEW.practitioner_id AND (o.started_at AT TIME ZONE INTERVAL '5 hours')::date = (NEW.started_at AT TIME ZONE INTERVAL '5 hours')::date
         ORDER BY o.confirmed_at LIMIT 1;
        IF FOUND THEN
            NEW.confirmed_by := said.confirmed_by;
            NEW.confirmed_at := said.confirmed_at;
        END IF;
    END IF;
    IF EXISTS (SELECT FROM dispute d WHERE d.patient_id = NEW.patient_id AND d.item_table = 'encounter' AND d.item_id = ANY (versions) AND d.answered_at IS NULL
                  AND dispute_of_every_version(d.reason)) THEN
        NEW.record_status := 'disputed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER encounter_corrects BEFORE INSERT ON encounter FOR EACH ROW WHEN (NEW.version > 1 AND NEW.record_status = 'active') EXECUTE FUNCTION encounter_corrects();

/*
 * What whoever hides something is shown first, by the day; a rule names the one that was acknowledged. Words are data, so that a fix is an UPDATE.
 */
CREATE TABLE hiding_notice (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    valid_from date NOT NULL UNIQUE,
    valid_to date CHECK (valid_to > valid_from),
    text_kk text NOT NULL CHECK (text_kk <> ''),
    text_ru text NOT NULL CHECK (text_ru <> ''),
    text_en text NOT NULL CHECK (text_en <> ''),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO hiding_notice (valid_from, text_kk, text_ru, text_en, source) VALUES ('2015-01-01',
    'Дәрігер жасырылған жазбаны көрмейді: ол сізге зиян келтіретін дәрі жазуы немесе маңызды нәрсені байқамауы мүмкін. Жазбаны жасаған маман, сондай-ақ шұғыл жағдайда кез келген дәрігер мен жедел жәрдем оны көре алады. Жазбаны кез келген уақытта қайта ашуға болады.',
    'Врач не увидит скрытую запись: он может назначить лекарство, которое вам навредит, или не заметить важного. Запись по-прежнему видят тот, кто её сделал, а в неотложном случае любой врач и скорая помощь. Показать её снова можно в любое время.',
    'A doctor does not see a hidden entry, and may prescribe a medicine that harms you or miss what matters. Whoever made the entry still sees it and, in an emergency, so do any doctor and the ambulance. It can be shown again at any time.',
    'assumed');
ALTER TABLE access_rule ADD COLUMN notice_id bigint REFERENCES hiding_notice (id), ADD CHECK (kind = 'hide' OR notice_id IS NULL);
COMMENT ON COLUMN access_rule.notice_id IS 'what was acknowledged when it was made; null: a grant, or one from before there were notices';
ALTER TYPE outcome ADD ATTRIBUTE rule_id bigint, ADD ATTRIBUTE notice_kk text, ADD ATTRIBUTE notice_ru text, ADD ATTRIBUTE notice_en text;

/* They take the acknowledgement and answer by types of their own now; db/functions has them. */
DROP FUNCTION IF EXISTS hide_entry(text, text, bigint, bigint, text, bigint, bigint, text, text);
DROP FUNCTION IF EXISTS hide_kind(text, bigint, text, text, bigint, bigint, text, text);
DROP FUNCTION IF EXISTS hide_item(text, bigint, text, bigint, text, bigint, bigint);
