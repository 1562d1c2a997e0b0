/*
 * Prescribing. What warns (an allergy, the same substance twice, an interaction, a dose, a weight that is too old) is told to the doctor as a type of its
 * own, and can be overridden with a reason, which is kept. The numbers are in tables (0017).
 */

/* Who pays for this medicine, prescribed to this person today for this disease (NULL: none said): 'gobmp', 'osms' or 'paid'. Children: everything is free. */
CREATE OR REPLACE FUNCTION prescription_payer(subject bigint, product drug, disease text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(
        (SELECT f.payer FROM patient_entitlements(subject) f
          WHERE f.kind = 'drug' AND (f.atc IS NULL OR starts_with(product.atc, f.atc)) AND (f.icd10 IS NULL OR starts_with(disease, f.icd10))
          ORDER BY f.payer = 'osms' LIMIT 1),
        (SELECT 'osms' FROM patient p WHERE p.id = subject AND (now() AT TIME ZONE INTERVAL '5 hours')::date < p.birth_date + INTERVAL '18 years'),
        'paid');
END $$;

/* The newest weight of a person; all null: never measured. */
CREATE OR REPLACE FUNCTION latest_weight(subject bigint) RETURNS observation
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT w FROM observation w
             WHERE w.patient_id = subject AND w.kind = 'weight' AND w.superseded_by IS NULL AND w.record_status <> 'entered_in_error' AND w.observed_at <= now()
             ORDER BY w.observed_at DESC, w.id DESC LIMIT 1);
END $$;

/* What a person takes today, by prescription or as was said, each with the entry that says so. */
CREATE OR REPLACE FUNCTION taken_now(subject bigint) RETURNS TABLE (kind text, id bigint, drug_id bigint, atc text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
        SELECT 'prescription', r.id, r.drug_id, d.atc FROM prescription r JOIN drug d ON d.id = r.drug_id
         WHERE r.patient_id = subject AND r.status IN ('active', 'dispensed') AND r.valid_to >= kz_today() AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error'
        UNION ALL
        SELECT 'medication_statement', m.id, m.drug_id, coalesce(m.atc, d.atc) FROM medicines_now(subject) m LEFT JOIN drug d ON d.id = m.drug_id;
END $$;

/* Whether medicines of this ATC code act where they are put alone. */
CREATE OR REPLACE FUNCTION acts_locally(code text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM local_atc l WHERE starts_with(code, l.atc));
END $$;

/* By what a medicine of this code with these substances may be meant. Of one that is known by its code alone (no substances): those that medicines of that code have. */
CREATE OR REPLACE FUNCTION drug_kin_of(code text, substances text[]) RETURNS drug_kin
LANGUAGE plpgsql STABLE AS $$
DECLARE
    known text[] := coalesce(substances, ARRAY(SELECT DISTINCT s FROM drug d, unnest(d.substances) s WHERE d.atc = code));
    kin drug_kin;
BEGIN
    SELECT array_agg(DISTINCT d.atc) FILTER (WHERE d.single), array_agg(DISTINCT d.atc), known || array_agg(DISTINCT d.name_folded)
      INTO kin.codes, kin.whole, kin.names FROM drug d WHERE d.substances && known;
    kin.codes := array_remove(kin.codes || code, NULL);
    kin.acts := CASE WHEN acts_locally(code) THEN ARRAY[code] ELSE ARRAY(SELECT c FROM unnest(kin.codes) c WHERE NOT acts_locally(c)) END;
    RETURN kin;
END $$;

/* Rules of interaction that name a medicine by one of these codes, each with what it must not be taken with. */
CREATE OR REPLACE FUNCTION interactions_of(codes text[]) RETURNS TABLE (id bigint, severity text, with_atc text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT i.id, i.severity, i.with_atc FROM drug_interaction i WHERE EXISTS (SELECT FROM unnest(codes) c WHERE starts_with(c, i.atc))
       UNION ALL SELECT i.id, i.severity, i.atc FROM drug_interaction i WHERE EXISTS (SELECT FROM unnest(codes) c WHERE starts_with(c, i.with_atc));
END $$;

/*
 * Milligrams a day that are prescribed already of what this medicine has in it: what can be fetched yet, and what was given out and is not used up, at a unit for each
 * dose. How long a pack of one unit lasts nobody knows (a bottle, a spray): as long as its prescription is valid. What acts where it is put doesn't count.
 */
CREATE OR REPLACE FUNCTION prescribed_a_day(subject bigint, product drug) RETURNS numeric
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(sum(r.dose_mg * r.doses_a_day), 0)
              FROM prescription r
              JOIN drug d ON d.id = r.drug_id
             WHERE r.patient_id = subject AND r.status IN ('active', 'dispensed') AND r.valid_to >= kz_today() AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error'
               AND r.dose_mg IS NOT NULL AND d.substances && product.substances AND NOT acts_locally(d.atc)
               AND (r.status = 'active' OR d.pack_quantity = 1
                    OR coalesce((SELECT max(x.dispensed_on) FROM dispense x WHERE x.patient_id = subject AND x.prescription_id = r.id AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error'), r.issued_on)
                       + ceil(r.quantity::numeric / r.doses_a_day)::integer > kz_today()));
END $$;

/*
 * A warning as this doctor may read it: of a medicine whose every entry is hidden from him not which it is, of a weight that is hidden
 * neither what it was nor when. That there is something he is told all the same, as the person would come to harm.
 */
CREATE OR REPLACE FUNCTION warning_told(viewer text, warning outcome) RETURNS outcome
LANGUAGE plpgsql STABLE AS $$
DECLARE
    subject bigint := (warning).patient_id;
    told outcome := warning;
BEGIN
    IF told.kind = 'interaction_alert'
       AND NOT EXISTS (SELECT FROM taken_now(subject) t WHERE t.drug_id = told.drug_id AND NOT entry_withheld(viewer, subject, t.kind, t.id)) THEN
        told.drug_id := NULL;
    ELSIF told.kind IN ('dose_too_high', 'weight_stale') AND entry_withheld(viewer, subject, 'observation', (latest_weight(subject)).id) THEN
        told.weight := NULL;
        told.measured_on := NULL;
    END IF;
    RETURN told;
END $$;

/* What warns of this dose: none when there is no rule. `a_day` doses of `mg` each; `beside`: milligrams a day that are prescribed already. */
CREATE OR REPLACE FUNCTION dose_warning(subject bigint, product drug, mg numeric, a_day integer, beside numeric) RETURNS SETOF outcome
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    months integer := (SELECT extract(year FROM age(today, p.birth_date)) * 12 + extract(month FROM age(today, p.birth_date)) FROM patient p WHERE p.id = subject);
    rule dose_rule;
    measured observation;
    measured_day date;
    stale boolean;
    days integer := (SELECT w.days FROM weight_rule w WHERE w.from_months <= months ORDER BY w.from_months DESC LIMIT 1);
    most numeric;
    o outcome;
BEGIN
    SELECT r.* INTO rule FROM dose_rule r WHERE r.atc = product.atc AND r.from_months <= months AND (r.below_months IS NULL OR r.below_months > months);
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM dose_rule r WHERE r.atc = product.atc) THEN
            o.patient_id := subject;
            o.drug_id := product.id;
            o.kind := 'dose_too_high';
            o.most_mg := 0;
            o.message := 'This medicine has no dose for a person of this age.';
            RETURN NEXT o;
        END IF;
        RETURN;
    ELSIF mg IS NULL OR a_day IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Doses of this medicine are checked: say how many milligrams a dose is, and how many doses a day.';
    END IF;
    o.patient_id := subject;
    o.drug_id := product.id;
    most := least(rule.dose_mg, greatest(rule.day_mg - beside, 0) / a_day);
    IF rule.dose_mg_kg IS NOT NULL THEN
        measured := latest_weight(subject);
        measured_day := (measured.observed_at AT TIME ZONE INTERVAL '5 hours')::date;
        stale := measured.value IS NULL OR measured_day < today - days;
        IF stale OR NOT measured.confirmed AND weight_unlikely(subject, measured.value, measured.observed_at, measured.id) IS NOT NULL THEN
            o.kind := 'weight_stale';
            o.measured_on := measured_day;
            o.limit_days := days;
            o.message := CASE WHEN stale THEN format('The dose depends on the weight, which has to be measured within %s days.', days)
                              ELSE 'The dose depends on the weight, and the newest one is hardly this person''s: it has to be measured again, or confirmed.' END;
            RETURN NEXT o;
            /* What nobody may have, whatever the weight, warns all the same. */
            o.measured_on := NULL;
            o.limit_days := NULL;
        ELSE
            o.weight := round(measured.value * 100);
            most := least(most, rule.dose_mg_kg * measured.value, greatest(rule.day_mg_kg * measured.value - beside, 0) / a_day);
        END IF;
    END IF;
    IF mg > most THEN
        o.kind := 'dose_too_high';
        o.most_mg := floor(most * 100);
        o.message := format('%s mg %s times a day is more than this person may have%s: at most %s mg each time.',
                            trim_scale(mg), a_day, CASE WHEN beside > 0 THEN ' beside what is prescribed already' END, trim_scale(floor(most * 100) / 100));
        RETURN NEXT o;
    END IF;
END $$;

/*
 * All that warns of prescribing this medicine to this person, the gravest first; or of giving a dose of it (`giving`), for which it is prescribed already.
 */
CREATE OR REPLACE FUNCTION prescription_warnings(subject bigint, product drug, mg numeric, a_day integer, giving boolean) RETURNS SETOF outcome
LANGUAGE plpgsql STABLE AS $$
DECLARE
    kin drug_kin := drug_kin_of(product.atc, product.substances);
    hit record;
    o outcome;
BEGIN
    o.patient_id := subject;
    FOR hit IN
        SELECT a.id FROM allergy a
         WHERE a.patient_id = subject AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error'
           AND allergy_sets_off(a.atc, a.substance, kin)
         ORDER BY a.criticality <> 'high', a.id LIMIT 1 LOOP
        o.kind := 'allergy_alert';
        o.allergy_id := hit.id;
        o.message := 'The person has an allergy that this medicine may set off.';
        RETURN NEXT o;
        o.allergy_id := NULL;
    END LOOP;
    IF giving THEN
        RETURN QUERY SELECT * FROM dose_warning(subject, product, mg, a_day, 0);
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM interactions_of(kin.acts)) THEN
        FOR hit IN
            SELECT i.id, x.drug_id
              FROM (SELECT t.drug_id, drug_kin_of(t.atc, d.substances) AS kin FROM taken_now(subject) t LEFT JOIN drug d ON d.id = t.drug_id OFFSET 0) x
              JOIN interactions_of(kin.acts) i ON EXISTS (SELECT FROM unnest((x.kin).acts) c WHERE starts_with(c, i.with_atc))
             ORDER BY i.severity, i.id LIMIT 1 LOOP
            o.kind := 'interaction_alert';
            o.interaction_id := hit.id;
            o.drug_id := hit.drug_id;
            o.message := 'The person takes a medicine that does harm together with this one.';
            RETURN NEXT o;
            o.interaction_id := NULL;
            o.drug_id := NULL;
        END LOOP;
    END IF;
    /* Of salts and esters the INN differs, and the code says that they are one medicine. */
    FOR hit IN
        SELECT r.id FROM prescription r JOIN drug d ON d.id = r.drug_id
         WHERE r.patient_id = subject AND (d.substances && product.substances OR d.atc = product.atc)
           AND r.status = 'active' AND r.valid_to >= kz_today() AND r.superseded_by IS NULL AND r.record_status <> 'entered_in_error'
         ORDER BY d.inn <> product.inn, r.id DESC LIMIT 1 LOOP
        o.kind := 'duplicate_medicine';
        o.prescription_id := hit.id;
        o.message := 'The same medicine, or another with the same substance, is prescribed already, and was not given out in full.';
        RETURN NEXT o;
    END LOOP;
    RETURN QUERY SELECT * FROM dose_warning(subject, product, mg, a_day, prescribed_a_day(subject, product));
END $$;

CREATE OR REPLACE FUNCTION prescribe(viewer text, patient_id bigint, drug_id bigint, quantity integer, dose text, dose_mg bigint, doses_a_day integer, condition_id bigint,
                                     condition_patient bigint, refills integer, override_reason text, overrides text[], idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    units integer := quantity;
    words text := trimmed(dose);
    mg numeric := dose_mg / 100.0;
    a_day integer := doses_a_day;
    why text := trimmed(override_reason);
    ill bigint := condition_id;
    first record;
    place record;
    product drug;
    disease text;
    course text;
    payer text;
    warned text[];
    passed text[];
    made bigint;
    o outcome;
BEGIN
    PERFORM FROM patient p WHERE p.id = subject FOR NO KEY UPDATE;
    SELECT * INTO place FROM access_place(viewer);
    IF NOT FOUND OR place.role <> 'DOCTOR' OR NOT access_has(viewer, subject, 'DISTRICT_DOCTOR', 'TREATING_DOCTOR', 'BREAK_GLASS') THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a doctor who treats the person prescribes.', DETAIL = refusal_about((SELECT p.id FROM patient p WHERE p.id = subject));
    END IF;
    PERFORM not_oneself(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        SELECT d.* INTO product FROM drug d WHERE d.id = prescribe.drug_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such medicine.';
        ELSIF has_died(subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.';
        ELSIF units NOT BETWEEN 1 AND 10000 OR refills NOT BETWEEN 0 AND 12 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A prescription is of 1 to 10000 units, with 0 to 12 refills.';
        ELSIF words = '' OR length(words) > 500 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'How it is taken is said in 1 to 500 characters.';
        ELSIF (mg IS NULL) <> (a_day IS NULL) OR mg <= 0 OR mg > 100000 OR a_day NOT BETWEEN 1 AND 24 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A dose in milligrams goes with doses a day, 1 to 24, and is above 0.';
        ELSIF length(why) NOT BETWEEN 10 AND 1000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A warning is overridden with a reason of 10 to 1000 characters.';
        ELSIF product.rx_form IN ('controlled', 'narcotic') AND viewer_is_kin(viewer, subject) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Nobody prescribes controlled or narcotic medicines to a child whose guardian one is.', DETAIL = refusal_about(subject);
        ELSIF refills > 0 AND product.rx_form IN ('controlled', 'narcotic') THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'Controlled and narcotic medicines are prescribed without refills.';
        END IF;
        IF ill IS NOT NULL THEN
            SELECT c.icd10, c.clinical_status INTO disease, course FROM condition c
             WHERE c.patient_id = subject AND condition_patient = subject AND c.id = ill AND c.superseded_by IS NULL AND c.record_status <> 'entered_in_error';
            IF NOT FOUND OR entry_withheld(viewer, subject, 'condition', ill) THEN
                RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such diagnosis in this passport.';
            ELSIF course = 'resolved' THEN
                RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This diagnosis is over: a medicine is prescribed for one that goes on, or is in remission.';
            END IF;
        END IF;
        warned := ARRAY(SELECT w.kind FROM prescription_warnings(subject, product, mg, a_day, false) w);
        /* A reason is for what was told: the warnings that it names, or the first. */
        passed := CASE WHEN why IS NULL THEN '{}' ELSE coalesce(overrides, warned[1:1]) END;
        IF NOT warned <@ passed THEN
            RETURN QUERY SELECT t.* FROM prescription_warnings(subject, product, mg, a_day, false) w CROSS JOIN LATERAL warning_told(viewer, w) t WHERE w.kind <> ALL (passed) LIMIT 1;
            RETURN;
        END IF;
        payer := prescription_payer(subject, product, disease);
        INSERT INTO prescription AS r (patient_id, drug_id, prescriber_id, clinic_id, condition_id, recorded_by, issued_on, valid_to, quantity, refills_left, payment, number, dose, dose_mg, doses_a_day)
        VALUES (subject, product.id, place.practitioner_id, place.clinic_id, ill, place.practitioner_id, today,
                today + (SELECT min(v.days) FROM prescription_rule v WHERE v.valid_from <= today AND (v.valid_to IS NULL OR v.valid_to > today) AND (v.rx_form IS NULL OR v.rx_form = product.rx_form)
                            AND (v.atc IS NULL OR starts_with(product.atc, v.atc)) AND (v.free IS NULL OR v.free = (payer <> 'paid'))),
                units, refills, payer, 'E' || lpad(nextval('private.prescription_number')::text, 12, '0'), words, mg, a_day)
        RETURNING r.id INTO made;
        IF cardinality(warned) > 0 THEN
            INSERT INTO private.prescription_override (patient_id, prescription_id, practitioner_id, warnings, reason) VALUES (subject, made, place.practitioner_id, warned, why);
        END IF;
        PERFORM outbox_put(CASE WHEN payer <> 'paid' THEN 'free_drug_prescribed' ELSE 'drug_prescribed' END, subject, 'prescription:' || made, jsonb_build_object('free', payer <> 'paid'), 'sms', 'app');
        PERFORM change_done(viewer, 'prescribe', idempotency_key, subject, 'prescription', made);
    END IF;
    o.kind := 'prescribed';
    o.patient_id := subject;
    o.prescription_id := made;
    RETURN NEXT o;
END $$;
