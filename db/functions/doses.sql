/*
 * Doses given by a nurse. What warns (an allergy, a weight that is too old, more at once or within a day than the person may have or the doctor prescribed) is not
 * given, unless a doctor has allowed that dose in spite of what warns now, with a reason: for a day, once. The nurse can't allow it. A leave is for what the doctor was
 * told, and for no other warning. The table holds that too (0040).
 */

/* What the prescription leaves to be given now, in hundredths of a milligram: of one dose, as the time between two of them has not passed yet, and of those of a day. Null: it says no dose. */
CREATE OR REPLACE FUNCTION dose_left(subject bigint, prescription bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    r prescription := (SELECT x FROM prescription x WHERE x.patient_id = subject AND x.id = dose_left.prescription);
    rule dose_time_rule := (SELECT t FROM dose_time_rule t WHERE t.valid_from <= kz_today() AND (t.valid_to IS NULL OR t.valid_to > kz_today()) ORDER BY t.valid_from DESC LIMIT 1);
    apart interval := INTERVAL '24 hours' / r.doses_a_day;
    lately numeric;
    a_day numeric;
BEGIN
    SELECT coalesce(sum(g.dose_mg) FILTER (WHERE g.given_at > clock_timestamp() - apart * rule.apart), 0),
           coalesce(sum(g.dose_mg) FILTER (WHERE g.given_at > clock_timestamp() - (INTERVAL '24 hours' - apart * rule.early)), 0)
      INTO lately, a_day
      FROM private.dose_given g
     WHERE g.patient_id = subject AND g.given_at > clock_timestamp() - INTERVAL '24 hours' AND g.prescription_id IN (SELECT v FROM prescription_all_versions(subject, dose_left.prescription) v);
    RETURN CASE WHEN r.dose_mg IS NOT NULL THEN floor(greatest(least(r.dose_mg - lately, r.dose_mg * r.doses_a_day - a_day), 0) * 100) END;
END $$;

/*
 * All that warns of giving so many milligrams of a prescription now, the gravest first; doses with the same substance within 24 hours count. Of several limits the lowest
 * is told; neither an allergy nor an old weight stands for one. Without a dose in milligrams there is none to go by but the rule for the medicine.
 */
CREATE OR REPLACE FUNCTION dose_given_warnings(subject bigint, prescription bigint, mg numeric) RETURNS SETOF outcome
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    product drug := (SELECT d FROM prescription r JOIN drug d ON d.id = r.drug_id WHERE r.patient_id = subject AND r.id = dose_given_warnings.prescription);
    before numeric := (SELECT coalesce(sum(g.dose_mg), 0) FROM private.dose_given g JOIN prescription r ON r.patient_id = g.patient_id AND r.id = g.prescription_id JOIN drug d ON d.id = r.drug_id
                        WHERE g.patient_id = subject AND d.substances && product.substances AND g.given_at > clock_timestamp() - INTERVAL '24 hours');
    months integer := (SELECT extract(year FROM age(kz_today(), p.birth_date)) * 12 + extract(month FROM age(kz_today(), p.birth_date)) FROM patient p WHERE p.id = subject);
    rule dose_rule;
    o outcome;
    high outcome;
    /* Hundredths of a milligram that the day leaves; null: it has no limit, or none is known. */
    most numeric;
    prescribed bigint := dose_left(subject, prescription);
BEGIN
    SELECT r.* INTO rule FROM dose_rule r WHERE r.atc = product.atc AND r.from_months <= months AND (r.below_months IS NULL OR r.below_months > months);
    most := floor((least(rule.day_mg, rule.day_mg_kg * (latest_weight(subject)).value) - before) * 100);
    FOR o IN SELECT * FROM prescription_warnings(subject, product, mg, 1, true) w WHERE w.kind IN ('allergy_alert', 'weight_stale', 'dose_too_high') LOOP
        IF o.kind = 'weight_stale' THEN
            /* By the kilogram nothing can be said; there is a limit for everybody yet. */
            most := floor((rule.day_mg - before) * 100);
        END IF;
        IF o.kind = 'dose_too_high' THEN
            high := o;
        ELSE
            RETURN NEXT o;
        END IF;
    END LOOP;
    o := NULL;
    o.kind := 'dose_too_high';
    o.patient_id := subject;
    o.drug_id := product.id;
    IF mg * 100 > most AND (high.kind IS NULL OR greatest(most, 0) < high.most_mg) THEN
        o.most_mg := greatest(most, 0);
        o.message := format('With what was given within 24 hours (%s mg) this is more than this person may have in a day: at most %s mg now.', trim_scale(before), trim_scale(o.most_mg / 100.0));
        high := o;
    END IF;
    IF mg * 100 > prescribed AND (high.kind IS NULL OR prescribed < high.most_mg) THEN
        o.most_mg := prescribed;
        o.message := format('With what was given already this is more than was prescribed, or too soon after the dose before: at most %s mg now.', trim_scale(prescribed / 100.0));
        high := o;
    ELSIF prescribed IS NULL AND rule.id IS NULL AND high.kind IS NULL THEN
        o.most_mg := 0;
        o.message := 'The prescription says no dose in milligrams, and no limit of this medicine is known: a doctor allows the dose.';
        high := o;
    END IF;
    IF high.kind IS NOT NULL THEN
        RETURN NEXT high;
    END IF;
END $$;

/* Whether a leave passes all that warns of this dose now: warnings of which the doctor was told then, and none graver. */
CREATE OR REPLACE FUNCTION dose_leave_holds(leave private.dose_override, mg numeric) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM dose_given_warnings(leave.patient_id, leave.prescription_id, mg) w
                        WHERE w.kind <> ALL (leave.warnings) OR w.allergy_id <> leave.told_allergy_id OR w.most_mg < leave.told_most_mg);
END $$;

/* A prescription that doses may be given of, with so many milligrams at once; or a refusal. */
CREATE OR REPLACE FUNCTION dose_prescription(viewer text, subject bigint, prescription bigint, mg numeric) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
    r record;
BEGIN
    SELECT x.dose_mg, x.status, x.valid_to INTO r FROM prescription x WHERE x.patient_id = subject AND x.id = prescription AND x.superseded_by IS NULL AND x.record_status <> 'entered_in_error';
    IF NOT FOUND OR entry_withheld(viewer, subject, 'prescription', prescription) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such prescription in this passport.', DETAIL = refusal_about(subject);
    ELSIF mg <= 0 OR mg > 100000 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A dose is above 0 and at most 100000 milligrams.', DETAIL = refusal_about(subject);
    ELSIF r.status NOT IN ('active', 'dispensed') OR r.valid_to < kz_today() THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This prescription is not valid any more.', DETAIL = refusal_about(subject);
    ELSIF mg > r.dose_mg THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = format('The doctor prescribed %s mg at once.', trim_scale(r.dose_mg)), DETAIL = refusal_about(subject);
    ELSIF has_died(subject) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The person has died.', DETAIL = refusal_about(subject);
    END IF;
END $$;

/* A doctor who treats the person allows one dose that warns, until the same time tomorrow. A reason is for what was told: the warnings that `overrides` names, or the first. */
CREATE OR REPLACE FUNCTION allow_dose(viewer text, patient_id bigint, prescription_id bigint, dose_mg bigint, reason text, overrides text[], idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    asked bigint := prescription_id;
    mg numeric := dose_mg / 100.0;
    why text := trimmed(reason);
    place record;
    first record;
    made bigint;
    warned text[];
    passed text[];
    o outcome;
BEGIN
    SELECT * INTO place FROM treating_place(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        PERFORM dose_prescription(viewer, subject, asked, mg);
        IF length(why) NOT BETWEEN 10 AND 1000 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A warning is overridden with a reason of 10 to 1000 characters.', DETAIL = refusal_about(subject);
        END IF;
        warned := ARRAY(SELECT w.kind FROM dose_given_warnings(subject, asked, mg) w);
        IF cardinality(warned) = 0 THEN
            o.kind := 'nothing_warns';
            o.patient_id := subject;
            o.message := 'Nothing warns of this dose: it is given without leave.';
            RETURN NEXT o;
            RETURN;
        END IF;
        passed := coalesce(overrides, warned[1:1]);
        IF NOT warned <@ passed THEN
            RETURN QUERY SELECT t.* FROM dose_given_warnings(subject, asked, mg) w CROSS JOIN LATERAL warning_told(viewer, w) t WHERE w.kind <> ALL (passed) LIMIT 1;
            RETURN;
        END IF;
        INSERT INTO private.dose_override AS v (patient_id, prescription_id, practitioner_id, dose_mg, warnings, reason, told_allergy_id, told_most_mg)
        SELECT subject, asked, place.practitioner_id, mg, warned, why, max(w.allergy_id), min(w.most_mg) FROM dose_given_warnings(subject, asked, mg) w RETURNING v.id INTO made;
        PERFORM change_done(viewer, 'allow_dose', idempotency_key, subject, 'dose_override', made);
    END IF;
    SELECT 'dose_allowed', subject, v.prescription_id, round(v.dose_mg * 100), v.made_at + INTERVAL '1 day'
      INTO o.kind, o.patient_id, o.prescription_id, o.most_mg, o.until FROM private.dose_override v WHERE v.id = made;
    RETURN NEXT o;
END $$;

/* A dose of a prescription is given: by a nurse of the district, of the hospital where the person lies, or who broke the glass, or by a doctor who treats the person. */
CREATE OR REPLACE FUNCTION administer_dose(viewer text, patient_id bigint, prescription_id bigint, dose_mg bigint, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := (SELECT p.id FROM patient p WHERE p.id = administer_dose.patient_id FOR NO KEY UPDATE);
    asked bigint := prescription_id;
    mg numeric := dose_mg / 100.0;
    place record;
    first record;
    made bigint;
    allowed bigint;
    warned text[];
    o outcome;
BEGIN
    SELECT w.practitioner_id, w.clinic_id INTO place FROM access_place(viewer) w
     WHERE w.role IN ('DOCTOR', 'NURSE') AND access_has(viewer, subject, 'DISTRICT_DOCTOR', 'DISTRICT_NURSE', 'TREATING_DOCTOR', 'TREATING_NURSE', 'BREAK_GLASS');
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a nurse or a doctor who has the person in care gives a dose.', DETAIL = refusal_about(subject);
    END IF;
    PERFORM not_oneself(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    IF made IS NULL THEN
        PERFORM dose_prescription(viewer, subject, asked, mg);
        warned := ARRAY(SELECT w.kind FROM dose_given_warnings(subject, asked, mg) w);
        IF cardinality(warned) > 0 THEN
            UPDATE private.dose_override v SET used_at = clock_timestamp()
             WHERE v.id = (SELECT n.id FROM private.dose_override n
                            WHERE n.patient_id = subject AND n.prescription_id = asked AND n.used_at IS NULL AND n.dose_mg >= mg AND dose_leave_holds(n, mg) AND n.made_at > clock_timestamp() - INTERVAL '1 day'
                            ORDER BY n.made_at LIMIT 1)
            RETURNING v.id INTO allowed;
            IF allowed IS NULL THEN
                RETURN QUERY SELECT t.* FROM dose_given_warnings(subject, asked, mg) w CROSS JOIN LATERAL warning_told(viewer, w) t LIMIT 1;
                RETURN;
            END IF;
        END IF;
        INSERT INTO private.dose_given AS g (patient_id, prescription_id, practitioner_id, clinic_id, override_id, dose_mg)
        VALUES (subject, asked, place.practitioner_id, place.clinic_id, allowed, mg) RETURNING g.id INTO made;
        PERFORM change_done(viewer, 'administer_dose', idempotency_key, subject, 'dose_given', made);
    END IF;
    SELECT 'dose_given', subject, g.prescription_id, round(g.dose_mg * 100), g.given_at INTO o.kind, o.patient_id, o.prescription_id, o.given_mg, o.given_at FROM private.dose_given g WHERE g.id = made;
    RETURN NEXT o;
END $$;

/* The doses that a person was given: the latest 100, without those of prescriptions that are kept from the viewer. */
CREATE OR REPLACE FUNCTION patient_administrations(patient bigint, viewer text) RETURNS SETOF medication_administration
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 5 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT g.patient_id, g.prescription_id, g.given_at, round(g.dose_mg * 100)::bigint, g.practitioner_id, g.clinic_id, o.reason
          FROM (SELECT withheld_from(patient_administrations.viewer, patient_administrations.patient) AS entries OFFSET 0) w
          JOIN private.dose_given g ON g.patient_id = patient_administrations.patient AND NOT is_withheld(w.entries, 'prescription', g.prescription_id)
          LEFT JOIN private.dose_override o ON o.id = g.override_id
         ORDER BY g.given_at DESC, g.id DESC LIMIT 100;
END $$;
