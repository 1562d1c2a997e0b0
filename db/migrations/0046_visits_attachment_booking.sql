/* Visits that nobody closes, people whom nobody treats, and times that one person takes. */

/* ---- Visits ---- */

/*
 * A visit that was not closed in time stands in nobody's way any more: it goes on, and can be closed, and the person and the doctor may have another.
 */
ALTER TABLE encounter ADD COLUMN lapsed_at timestamptz;
COMMENT ON COLUMN encounter.lapsed_at IS 'when another visit began in spite of this one, which had not been closed for longer than relation_bound says; null: none has';
DROP INDEX encounter_one_of_patient;
DROP INDEX encounter_one_of_doctor;
CREATE UNIQUE INDEX encounter_one_of_patient ON encounter (patient_id) WHERE under_way AND lapsed_at IS NULL AND superseded_by IS NULL;
CREATE UNIQUE INDEX encounter_one_of_doctor ON encounter (practitioner_id) WHERE under_way AND lapsed_at IS NULL AND superseded_by IS NULL;

ALTER TABLE relation_bound DROP CONSTRAINT relation_bound_relation_check,
    ADD CHECK (relation IN ('ambulance_call', 'hospital_referral', 'lab_result', 'hospitalization', 'encounter'));
COMMENT ON TABLE relation_bound IS 'how long what nobody ended gives a right (without a row it gives none), or, of a visit, stands in the way of another (without a row until it is closed)';
COMMENT ON COLUMN relation_bound.lasts IS
    'ambulance_call: from when it came; hospital_referral: from the day that is wished for, else of the referral; lab_result: from the order; hospitalization: from the admission, or from when the hospital last measured something; encounter: from when it began';
INSERT INTO relation_bound (relation, lasts, source) VALUES ('encounter', '12 hours', 'assumed');

/* ---- Attachment ---- */

/* Whom no doctor was chosen for when he was attached here gets one, as attachPatient chooses now: who has the fewest people there. */
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT a.patient_id, a.id, a.clinic_id, p.iin FROM attachment a JOIN patient p ON p.id = a.patient_id
                WHERE a.district_doctor_id IS NULL AND a.source_id = 1 AND a.detached_on IS NULL AND a.superseded_by IS NULL AND a.record_status <> 'entered_in_error' ORDER BY a.patient_id LOOP
        UPDATE attachment a SET district_doctor_id = (
            SELECT j.practitioner_id FROM practitioner_role j JOIN practitioner m ON m.id = j.practitioner_id AND m.active AND m.iin IS DISTINCT FROM one.iin
             WHERE j.clinic_id = one.clinic_id AND j.role = 'district_doctor' AND j.valid_from <= (now() AT TIME ZONE INTERVAL '5 hours')::date
               AND (j.valid_to IS NULL OR j.valid_to > (now() AT TIME ZONE INTERVAL '5 hours')::date)
             ORDER BY (SELECT count(*) FROM attachment o WHERE o.clinic_id = one.clinic_id AND o.district_doctor_id = j.practitioner_id AND o.detached_on IS NULL AND o.superseded_by IS NULL),
                      j.practitioner_id LIMIT 1)
         WHERE a.patient_id = one.patient_id AND a.id = one.id;
    END LOOP;
END $$;

/* ---- Booking ---- */

/* How many appointments a person may have that are still to come; none of it is published, so all of it is assumed. The clinic's own people may book more. */
ALTER TABLE booking_rule ADD COLUMN most_to_come integer NOT NULL DEFAULT 10 CHECK (most_to_come > 0),
    ADD COLUMN most_a_day integer NOT NULL DEFAULT 3 CHECK (most_a_day > 0),
    ADD COLUMN most_of_specialty integer NOT NULL DEFAULT 2 CHECK (most_of_specialty > 0);
ALTER TABLE booking_rule ALTER most_to_come DROP DEFAULT, ALTER most_a_day DROP DEFAULT, ALTER most_of_specialty DROP DEFAULT;
COMMENT ON COLUMN booking_rule.most_to_come IS 'appointments of a person that are still to come, with whomever';
COMMENT ON COLUMN booking_rule.most_a_day IS 'of those, on one day in Kazakhstan';
COMMENT ON COLUMN booking_rule.most_of_specialty IS 'of those, with doctors of one specialty';
