/*
 * Vaccinations as they are given: a slot of the person's calendar, in its time, so long after the dose before, with the consent that the plan
 * asks for, not against an exemption, and of no lot that was recalled (a trigger of the table holds the last for any statement).
 */

/* A lot that was recalled by that day; one whose GTIN is not known may be any lot of that number, however it is written. */
CREATE OR REPLACE FUNCTION lot_recalled(lot text, package_gtin text, given_on date) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM batch_recall b WHERE lot_folded(b.batch) = lot_folded(lot) AND (package_gtin IS NULL OR b.gtin = package_gtin)
                      AND b.recalled_on <= given_on AND (b.lifted_on IS NULL OR b.lifted_on > given_on))
$$;

/* The last dose in force of a slot's vaccines (`dose` NULL: of any number). */
CREATE OR REPLACE FUNCTION vaccine_dose(subject bigint, names text[], dose integer, OUT given_on date, OUT number integer)
LANGUAGE sql STABLE AS $$
    SELECT i.given_on, i.dose_number FROM immunization i
     WHERE i.patient_id = subject AND i.vaccine = ANY (names) AND (dose IS NULL OR i.dose_number = dose) AND i.superseded_by IS NULL AND i.record_status <> 'entered_in_error'
     ORDER BY i.given_on DESC, i.id DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION record_immunization(viewer text, patient_id bigint, rule_id bigint, vaccine text, lot text, gtin text, given_on date, consent boolean, idempotency_key text, payload_digest text)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := (SELECT p.id FROM patient p WHERE p.id = record_immunization.patient_id FOR NO KEY UPDATE);
    day date := coalesce(given_on, kz_today());
    name text := vaccine;
    batch text := nullif(trimmed(lot), '');
    code text := gtin;
    place record;
    first record;
    rule plan_rule;
    slot record;
    earlier record;
    made bigint;
    o outcome;
BEGIN
    SELECT w.practitioner_id, w.clinic_id INTO place FROM access_place(viewer) w
     WHERE w.role IN ('DOCTOR', 'NURSE') AND access_has(viewer, subject, 'DISTRICT_DOCTOR', 'DISTRICT_NURSE', 'TREATING_DOCTOR', 'TREATING_NURSE', 'BREAK_GLASS');
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a nurse or a doctor who has the person in care records a vaccination.', DETAIL = refusal_about(subject);
    END IF;
    PERFORM not_oneself(viewer, subject);
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    made := first.item_id;
    o.patient_id := subject;
    IF made IS NULL THEN
        SELECT r.* INTO rule FROM plan_rule r WHERE r.id = record_immunization.rule_id AND r.kind = 'vaccination';
        SELECT s.state, s.due_on, s.exception_id INTO slot FROM vaccine_slots(subject, day) s WHERE s.rule_id = rule.id;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such slot in the calendar of this person.', DETAIL = refusal_about(subject);
        ELSIF NOT name = ANY (rule.vaccines) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = format('This slot is filled by one of these vaccines: %s.', array_to_string(rule.vaccines, ', ')), DETAIL = refusal_about(subject);
        ELSIF batch IS NULL OR length(batch) > 100 OR NOT coalesce(gtin_ok(code), true) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A lot is named in 1 to 100 characters, a GTIN by its 14 digits.', DETAIL = refusal_about(subject);
        ELSIF day > kz_today() OR EXISTS (SELECT FROM patient p WHERE p.id = subject AND (day < p.birth_date OR day > p.deceased_on)) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'A vaccine was given on a day of the person''s life, today at the latest.', DETAIL = refusal_about(subject);
        ELSIF rule.every_months IS NULL AND (SELECT d.given_on FROM vaccine_dose(subject, rule.vaccines, rule.dose_number) d) IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This dose was given already.', DETAIL = refusal_about(subject);
        ELSIF slot.state = 'missed' THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'This dose is not given any more at this age.', DETAIL = refusal_about(subject);
        END IF;
        SELECT d.* INTO earlier FROM vaccine_dose(subject, (SELECT array_agg(DISTINCT v) FROM plan_rule s, unnest(s.vaccines) v WHERE s.series = rule.series), CASE WHEN rule.every_months IS NULL THEN rule.dose_number - 1 END) d;
        IF rule.dose_number > 1 AND earlier.given_on IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'The dose before is not on record: it comes first.', DETAIL = refusal_about(subject);
        END IF;
        o.earliest_on := greatest(slot.due_on, earlier.given_on + (SELECT n.days FROM vaccine_interval n WHERE n.code = rule.code));
        o.exception_id := slot.exception_id;
        SELECT w.kind, w.message INTO o.kind, o.message FROM (VALUES
            (1, slot.state = 'exempt', 'vaccine_exempt', 'It must not be given for now, for a medical reason.'),
            (2, (rule.consent OR slot.state = 'refused') AND NOT consent, 'consent_missing', 'The person, or the parents of a child, have to consent.'),
            (3, day < o.earliest_on, 'vaccine_too_early', 'It is too early for this dose.'),
            (4, lot_recalled(batch, code, day), 'lot_recalled', 'This lot was recalled: it must not be given.')) w (rank, broken, kind, message)
         WHERE w.broken ORDER BY w.rank LIMIT 1;
        IF FOUND THEN
            RETURN NEXT o;
            RETURN;
        END IF;
        INSERT INTO immunization AS i (patient_id, clinic_id, recorded_by, given_on, dose_number, vaccine, lot, gtin)
        VALUES (subject, place.clinic_id, place.practitioner_id, day, coalesce(rule.dose_number, earlier.number + 1, 1), name, batch, code) RETURNING i.id INTO made;
        IF slot.state = 'refused' THEN
            PERFORM outbox_put('refused_vaccine_given', subject, 'immunization:' || made, '{}', 'app');
        END IF;
        PERFORM change_done(viewer, 'record_immunization', idempotency_key, subject, 'immunization', made);
    END IF;
    o := NULL;
    o.kind := 'vaccinated';
    o.patient_id := subject;
    o.vaccination_id := made;
    RETURN NEXT o;
END $$;
