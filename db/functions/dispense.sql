/*
 * Giving out what was prescribed. All of it is one transaction: what is left of the prescription, the packages, the price, what the patient
 * pays, the messages. Rules that a plain INSERT could break are triggers too (0040), and the prescription's state is theirs: its last time ends it.
 */

/* What a pharmacist reads of a dispensing, and nothing else of the person. */
CREATE OR REPLACE FUNCTION dispensed(subject bigint, dispense_id bigint) RETURNS outcome
LANGUAGE plpgsql STABLE AS $$
DECLARE
    d dispense;
    r prescription;
    o outcome;
BEGIN
    SELECT x.* INTO STRICT d FROM dispense x WHERE x.patient_id = subject AND x.id = dispensed.dispense_id;
    SELECT x.* INTO STRICT r FROM prescription x WHERE x.patient_id = subject AND x.id = d.prescription_id;
    o.kind := 'dispensed';
    o.patient_id := subject;
    o.number := r.number;
    o.drug_id := d.drug_id;
    o.quantity := d.quantity;
    o.quantity_left := prescription_quantity_left(r);
    o.price := d.price;
    o.paid_by_patient := d.paid_by_patient;
    RETURN o;
END $$;

/* Refuses unless a pharmacist of a pharmacy that is open asks (about `subject`); gives the pharmacy. */
CREATE OR REPLACE FUNCTION pharmacist_place(viewer text, subject bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place bigint := (SELECT f.id FROM pharmacy f WHERE split_part(viewer, '/', 1) = 'PHARMACIST' AND f.bin = split_part(viewer, '/', 3) AND f.active ORDER BY f.id LIMIT 1);
BEGIN
    IF place IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a pharmacist of a registered pharmacy gives out medicines.', DETAIL = refusal_about(subject);
    END IF;
    RETURN place;
END $$;

/* The retail cap of a medicine on a day, in tiyn per pack; NULL: there is none. */
CREATE OR REPLACE FUNCTION retail_cap(product bigint, day date) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT c.amount FROM price_cap c WHERE c.drug_id = product AND c.kind = 'retail' AND c.valid_from <= day AND (c.valid_to IS NULL OR c.valid_to > day));
END $$;

/*
 * The first of the packages with which something is wrong: not in circulation, of another pharmacy, named twice, or not the
 * medicine (the same INN, strength and form) that was prescribed. Its columns are those of a refusal; no row: all are fine. They are locked.
 */
CREATE OR REPLACE FUNCTION dispense_package_refusal(viewer text, r prescription, codes text[]) RETURNS SETOF outcome
LANGUAGE plpgsql AS $$
DECLARE
    code text;
    said package_check;
    seen bigint[] := '{}';
    o outcome;
BEGIN
    /* In one order, so that two who name the same ones in different orders wait for each other and don't stop each other. */
    PERFORM FROM med_package m WHERE (m.gtin, m.serial) IN (SELECT f ->> '01', f ->> '21' FROM unnest(codes) c, gs1_fields(left(c, 500)) f) ORDER BY m.id FOR UPDATE;
    FOREACH code IN ARRAY codes LOOP
        SELECT * INTO said FROM check_package(viewer, code);
        o.kind := CASE WHEN said.state <> 'IN_CIRCULATION' THEN 'package_refused'
                       WHEN said.package_id = ANY (seen) THEN 'package_refused'
                       WHEN NOT EXISTS (SELECT FROM drug was, drug is_now WHERE was.id = r.drug_id AND is_now.id = said.drug_id
                                           AND (was.inn, was.strength, was.form) = (is_now.inn, is_now.strength, is_now.form)) THEN 'other_medicine' END;
        IF o.kind IS NOT NULL THEN
            o.patient_id := r.patient_id;
            o.package_state := CASE WHEN said.package_id = ANY (seen) THEN 'ALREADY_SOLD' ELSE said.state END;
            o.gtin := said.gtin;
            o.serial := said.serial;
            o.drug_id := said.drug_id;
            o.other_drug_id := r.drug_id;
            o.message := CASE o.kind WHEN 'other_medicine' THEN 'The package holds another medicine than was prescribed.'
                                     ELSE coalesce(said.message_en, 'The package can''t be sold.') END;
            IF o.package_state = 'ALREADY_SOLD' AND said.state <> 'ALREADY_SOLD' THEN
                o.message := 'The same package was named twice.';
            END IF;
            RETURN NEXT o;
            RETURN;
        END IF;
        seen := seen || said.package_id;
    END LOOP;
END $$;

/* The packages are sold, with the step on their path that says so. */
CREATE OR REPLACE FUNCTION sell_packages(place bigint, codes text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH sold AS (
        UPDATE med_package m SET state = 'sold', pharmacy_id = sell_packages.place
          FROM unnest(codes) c, gs1_fields(c) f WHERE m.gtin = f ->> '01' AND m.serial = f ->> '21'
        RETURNING m.id)
    INSERT INTO package_event (package_id, seq, at, pharmacy_id, kind, place)
    SELECT s.id, coalesce((SELECT max(e.seq) FROM package_event e WHERE e.package_id = s.id), 0) + 1, clock_timestamp(), f.id, 'sold', f.name
      FROM sold s, pharmacy f WHERE f.id = sell_packages.place;
END $$;

/*
 * `quantity` units of the prescription that a patient came with, out of `packages` (what their DataMatrix says), for `price` in all. No row: there is
 * none to be dispensed, or the code is wrong; wrong ones are counted, as prescription_for_dispense() does.
 */
CREATE OR REPLACE FUNCTION dispense(viewer text, number text, code text, quantity integer, price bigint, packages text[], idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := (SELECT r.patient_id FROM prescription r WHERE r.number = dispense.number AND r.superseded_by IS NULL);
    seller bigint := pharmacist_place(viewer, subject);
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    units integer := quantity;
    asked bigint := price;
    given record;
    first record;
    r prescription;
    product drug;
    o outcome;
    remaining integer;
    made bigint;
BEGIN
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NOT NULL THEN
        RETURN NEXT dispensed(first.patient_id, first.item_id);
        RETURN;
    ELSIF units < 1 OR asked < 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A quantity is at least 1, and a price no less than 0.', DETAIL = refusal_about(subject);
    ELSIF cardinality(packages) NOT BETWEEN 1 AND 20 OR array_position(packages, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A medicine is given out with the codes of its packages, 1 to 20 of them.', DETAIL = refusal_about(subject);
    END IF;
    SELECT p.patient_id, p.id INTO given FROM prescription_for_dispense(viewer, number, code) p;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    /* Asked once more behind the lock: somebody else may have been given it meanwhile. */
    SELECT p.* INTO r FROM prescription p WHERE p.patient_id = given.patient_id AND p.id = given.id AND p.status = 'active' AND p.superseded_by IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    SELECT * INTO o FROM dispense_package_refusal(viewer, r, packages);
    IF FOUND THEN
        RETURN NEXT o;
        RETURN;
    END IF;
    remaining := prescription_quantity_left(r);
    SELECT d.* INTO STRICT product FROM drug d WHERE d.id = (SELECT c.drug_id FROM check_package(viewer, packages[1]) c);
    o.patient_id := r.patient_id;
    o.number := r.number;
    IF units > remaining THEN
        o.kind := 'quantity_above_left';
        o.quantity := units;
        o.quantity_left := remaining;
        o.message := format('%s units are left of this prescription.', remaining);
        RETURN NEXT o;
        RETURN;
    ELSIF EXISTS (SELECT FROM unnest(packages) c, check_package(viewer, c) k WHERE k.drug_id <> product.id)
          OR cardinality(packages) <> (units + product.pack_quantity - 1) / product.pack_quantity THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003',
            MESSAGE = format('%s units are %s packages of this medicine, all of one kind.', units, (units + product.pack_quantity - 1) / product.pack_quantity),
            DETAIL = refusal_about(subject);
    ELSIF units < remaining AND units % product.pack_quantity <> 0 THEN
        /* Its whole price is paid, and its code is sold: a tablet at a time a prescription would cost its worth again and again. */
        RAISE EXCEPTION USING ERRCODE = 'TQ003',
            MESSAGE = format('Packages are given out whole: multiples of %s units, or all %s that are left.', product.pack_quantity, remaining), DETAIL = refusal_about(subject);
    END IF;
    o.cap := retail_cap(product.id, today) * cardinality(packages);
    IF asked > o.cap THEN
        o.kind := 'price_above_cap';
        o.price := asked;
        o.drug_id := product.id;
        o.message := format('The price %s is above the retail cap of this day, %s tenge.', round(asked / 100.0, 2), round(o.cap / 100.0, 2));
        RETURN NEXT o;
        RETURN;
    END IF;

    PERFORM sell_packages(seller, packages);
    INSERT INTO dispense AS d (patient_id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, dispensed_on, quantity)
    VALUES (r.patient_id, r.id, seller, product.id, asked, CASE WHEN prescription_free(r) THEN 0 ELSE asked END, today, units)
    RETURNING d.id INTO made;
    PERFORM outbox_put('drug_dispensed', r.patient_id, 'dispense:' || made, jsonb_build_object('number', r.number), 'sms', 'app');
    PERFORM outbox_put('confirm_receipt', r.patient_id, 'dispense:' || made, jsonb_build_object('number', r.number), 'sms', 'app');
    PERFORM change_done(viewer, 'dispense', idempotency_key, r.patient_id, 'dispense', made);
    RETURN NEXT dispensed(r.patient_id, made);
END $$;

/* Refuses unless the dispensing is in the record of a patient for whom the viewer decides; it stays locked. */
CREATE OR REPLACE FUNCTION dispense_of(viewer text, subject bigint, entry bigint) RETURNS dispense
LANGUAGE plpgsql AS $$
DECLARE
    d dispense;
BEGIN
    PERFORM access_decider(viewer, subject);
    SELECT x.* INTO d FROM dispense x WHERE x.patient_id = subject AND x.id = entry AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such dispensing in this passport.';
    END IF;
    RETURN d;
END $$;

/* The patient has it. What was denied before stays denied, and what else is disputed waits: the dispute is answered first. */
CREATE OR REPLACE FUNCTION confirm_receipt(viewer text, patient_id bigint, dispense_id bigint, idempotency_key text, payload_digest text)
RETURNS SETOF dispense LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d dispense := dispense_of(viewer, patient_id, dispense_id);
    first record;
BEGIN
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    IF first.item_id IS NULL THEN
        IF d.receipt = 'denied' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The receipt of this medicine was denied; the dispute has to be answered first.';
        ELSIF d.record_status = 'disputed' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'What was given out is disputed; that has to be answered first.';
        END IF;
        UPDATE dispense x SET receipt = 'confirmed' WHERE x.patient_id = d.patient_id AND x.id = d.id AND x.receipt = 'none';
        PERFORM change_done(viewer, 'confirm_receipt', idempotency_key, d.patient_id, 'dispense', d.id);
    END IF;
    RETURN QUERY SELECT x.* FROM dispense x WHERE x.patient_id = d.patient_id AND x.id = d.id;
END $$;

/*
 * The patient never had it, whichever mutation says so: a dispute, which the payer answers (disputes.sql), and a flag. Once more after that was rejected. Gives
 * the dispute's id.
 */
CREATE OR REPLACE FUNCTION receipt_denied(d dispense, words text) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    IF d.receipt = 'confirmed' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The receipt of this medicine was confirmed.';
    ELSIF d.receipt = 'denied' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The receipt of this medicine was denied already.';
    ELSIF dispute_waits(d.patient_id, 'dispense', d.id) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This entry is disputed already, and waits for an answer.';
    END IF;
    UPDATE dispense x SET receipt = 'denied', record_status = 'disputed' WHERE x.patient_id = d.patient_id AND x.id = d.id;
    INSERT INTO private.dispense_flag (patient_id, dispense_id, rule) VALUES (d.patient_id, d.id, 'receipt_denied') ON CONFLICT DO NOTHING;
    RETURN dispute_open(d.patient_id, 'dispense', d.id, 'not_received', words);
END $$;

CREATE OR REPLACE FUNCTION deny_receipt(viewer text, patient_id bigint, dispense_id bigint, text text, idempotency_key text, payload_digest text)
RETURNS SETOF dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d dispense := dispense_of(viewer, patient_id, dispense_id);
    words text := nullif(trimmed(text), '');
    first record;
    made bigint;
BEGIN
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF length(words) > 2000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'What is wrong is said in at most 2000 characters.';
        END IF;
        made := receipt_denied(d, words);
        PERFORM change_done(viewer, 'deny_receipt', idempotency_key, d.patient_id, 'dispute', made);
    END IF;
    RETURN QUERY SELECT x.* FROM dispute x WHERE x.patient_id = d.patient_id AND x.id = made;
END $$;

/* A dispute that waits for an answer, with a number of its own; its id. */
CREATE OR REPLACE FUNCTION dispute_open(subject bigint, entry_table text, entry bigint, why text, words text) RETURNS bigint
LANGUAGE sql AS $$
    INSERT INTO dispute AS d (patient_id, item_table, item_id, number, reason, channel, text)
    VALUES (subject, entry_table, entry, 'D' || upper(replace(gen_random_uuid()::text, '-', '')), why, 'app', words)
    RETURNING d.id
$$;

/* Somebody found a package that may be forged, or that was sold before: it is written down with what is known of it then. */
CREATE OR REPLACE FUNCTION report_package(viewer text, code text, text text, idempotency_key text, payload_digest text)
RETURNS SETOF package_report LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    words text := nullif(trimmed(text), '');
    first record;
    said package_check;
    made bigint;
BEGIN
    IF split_part(viewer, '/', 2) = '' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'A package is reported by somebody who is known.';
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF length(words) > 2000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'What is wrong is said in at most 2000 characters.';
        END IF;
        PERFORM attempts_bound('package_report', split_part(viewer, '/', 2), 20, 'You reported 20 packages within an hour; please try again later.');
        INSERT INTO private.attempt (kind, who) VALUES ('package_report', split_part(viewer, '/', 2));
        SELECT * INTO STRICT said FROM check_package(viewer, code);
        INSERT INTO private.package_report AS p (package_id, number, gtin, serial, state, role, person, text)
        VALUES (nullif(said.package_id, 0), 'P' || upper(replace(gen_random_uuid()::text, '-', '')), said.gtin, said.serial, said.state,
                split_part(viewer, '/', 1), split_part(viewer, '/', 2), words)
        RETURNING p.id INTO made;
        PERFORM change_done(viewer, 'report_package', idempotency_key, NULL, 'package_report', made);
    END IF;
    RETURN QUERY SELECT p.number, p.made_at, p.state, p.gtin, p.serial FROM private.package_report p WHERE p.id = made;
END $$;

/* From this moment on no package of the batch is sold. For an inspector of the ministry or of a region's health department. */
CREATE OR REPLACE FUNCTION recall_batch(viewer text, gtin text, batch text, order_number text, reason text, idempotency_key text, payload_digest text)
RETURNS SETOF batch_recall LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    item text := gtin;
    lot text := batch;
    order_name text := trimmed(order_number);
    why text := trimmed(reason);
    first record;
    made bigint;
BEGIN
    IF split_part(viewer, '/', 1) <> 'INSPECTOR' OR NOT EXISTS (SELECT FROM health_authority h WHERE h.bin = split_part(viewer, '/', 3)) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only an inspector of a health authority recalls a batch.';
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        IF NOT coalesce(gtin_ok(item), false) OR lot !~ '^[!-~]{1,20}$' OR length(order_name) NOT BETWEEN 1 AND 100 OR length(why) NOT BETWEEN 1 AND 2000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A recall names a GTIN of 14 digits, a batch, its order in 1 to 100 characters and the reason in 1 to 2000.';
        ELSIF EXISTS (SELECT FROM batch_recall b WHERE b.gtin = item AND lot_folded(b.batch) = lot_folded(lot) AND b.lifted_on IS NULL) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This batch is recalled already.';
        END IF;
        /* Behind whoever sells one of them this moment, and before all who come later. */
        PERFORM FROM med_package m WHERE m.gtin = item AND lot_folded(m.batch) = lot_folded(lot) ORDER BY m.id FOR UPDATE;
        INSERT INTO batch_recall AS b (gtin, batch, recalled_on, order_number, reason)
        VALUES (item, lot, kz_today(), order_name, why)
        RETURNING b.id INTO made;
        PERFORM change_done(viewer, 'recall_batch', idempotency_key, NULL, 'batch_recall', made);
    END IF;
    RETURN QUERY SELECT b.* FROM batch_recall b WHERE b.id = made;
END $$;

/* How many packages of the batch are neither sold nor withdrawn: what the recall keeps from being sold. None are registered of a vaccine's lot; or the batch was mistyped. */
CREATE OR REPLACE FUNCTION batch_recall_packages(b batch_recall) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*)::integer FROM med_package m WHERE m.gtin = b.gtin AND lot_folded(m.batch) = lot_folded(b.batch) AND m.state = 'in_circulation'
$$;
