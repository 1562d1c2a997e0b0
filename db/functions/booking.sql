/* Slots that can be booked, earliest first, behind the slot `after_slot` (which may have been taken meanwhile). Days are days in Kazakhstan, UTC+5. */
CREATE OR REPLACE FUNCTION free_slots(viewer text, clinic_id bigint, specialty text, first_day date, last_day date, after_slot bigint DEFAULT NULL) RETURNS SETOF slot
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    since date := greatest(coalesce(first_day, today), today);
    until date := coalesce(last_day, since + 13);
    place bigint := clinic_id;
    wanted text := lower(trimmed(specialty));
    last record;
BEGIN
    IF until - since > 30 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Free slots are looked for on at most 31 days at once.';
    END IF;
    SELECT s.starts_at, s.id INTO last FROM slot s WHERE s.id = after_slot AND s.clinic_id = place;
    IF after_slot IS NOT NULL AND NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'The clinic has no such time behind which the list is asked for.';
    END IF;
    RETURN QUERY
        SELECT s.*
          FROM slot s
          JOIN practitioner d ON d.id = s.practitioner_id AND d.active
         WHERE s.clinic_id = place AND s.taken < s.capacity AND s.starts_at > now()
           AND s.starts_at >= greatest(since::timestamp AT TIME ZONE INTERVAL '5 hours', last.starts_at)
           AND s.starts_at < (until + 1)::timestamp AT TIME ZONE INTERVAL '5 hours'
           AND (last.id IS NULL OR (s.starts_at, s.id) > (last.starts_at, last.id))
           AND (wanted IS NULL OR wanted IN (lower(practitioner_specialty_kk(d)), lower(practitioner_specialty_ru(d)), lower(practitioner_specialty_en(d))))
         ORDER BY s.starts_at, s.id
         LIMIT 200;
END $$;

/*
 * The appointments of the doctor who asks on one day, where he works. Each is judged like any row: with an appointment
 * further away than 30 days the doctor does not treat the patient yet (or any more), and the row is left out.
 */
CREATE OR REPLACE FUNCTION doctor_day(viewer text, day date) RETURNS SETOF appointment
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place record;
    wanted date := day;
BEGIN
    SELECT * INTO place FROM access_place(viewer);
    IF NOT FOUND OR place.role <> 'DOCTOR' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only a doctor has a day of appointments, at the organisation that he works at.';
    END IF;
    RETURN QUERY
        SELECT a.*
          FROM appointment a
         WHERE a.practitioner_id = place.practitioner_id AND a.clinic_id = place.clinic_id AND a.superseded_by IS NULL
           AND a.status <> 'cancelled' AND a.record_status <> 'entered_in_error'
           AND a.starts_at >= wanted::timestamp AT TIME ZONE INTERVAL '5 hours' AND a.starts_at < (wanted + 1)::timestamp AT TIME ZONE INTERVAL '5 hours'
         ORDER BY a.starts_at, a.id
         LIMIT 200;
END $$;
