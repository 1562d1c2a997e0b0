/* When a day is on the timeline: its beginning in Kazakhstan, UTC+5. */
CREATE OR REPLACE FUNCTION timeline_at(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT day::timestamp AT TIME ZONE INTERVAL '5 hours'
$$;
/* The day that a point of time is in. */
CREATE OR REPLACE FUNCTION timeline_day(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (at AT TIME ZONE INTERVAL '5 hours')::date
$$;
/* Whether a branch of the timeline is asked for: it is of the kind that was named, and of those that may be seen (null: all). */
CREATE OR REPLACE FUNCTION timeline_wants(item_table text, of_kind text, kinds text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(item_table = of_kind, true) AND coalesce(item_table = ANY (string_to_array(kinds, ',')), true)
$$;
/*
 * One page of a patient's timeline: what is in force of every kind, newest first, by (at, rank, id).
 *   since, until   only what was then; null: no bound
 *   of_kind        only entries of that table; null: of all
 *   code_prefix    only what is coded so, or below it (ICD-10 `I`, `I10`; ATC `C08`); null: all
 *   lim            rows at most
 *   before_...     the place in the order behind which the page lies; infinity: from the head
 *   kinds          tables whose entries the viewer may see, with commas between; null: all
 * Each branch is the head of one table's list, through the index that serves that list: rows that it would have are at most
 * `lim`, so the merge sorts no more than that of each, however long the record is. A branch that is not asked for is not
 * read at all (its first condition says nothing of a row). Days are compared as days, so that the index bounds them, and as
 * points of time once more, which the cursor is. Neither SECURITY DEFINER nor with settings, so that it is inlined into the
 * statement that asks for many patients, and planned once a session. A rank is for ever: cursors hold it.
 */
CREATE OR REPLACE FUNCTION timeline(subject bigint, since timestamptz, until timestamptz, of_kind text, code_prefix text,
                                    lim integer, before_at timestamptz, before_rank integer, before_id bigint, kinds text)
RETURNS SETOF timeline_entry LANGUAGE sql STABLE PARALLEL SAFE AS $$
    (SELECT t.patient_id, timeline_at(t.recorded_on) AS at, 1 AS rank, 'condition' AS item_table, t.id, t.icd10 AS code
      FROM condition t
     WHERE timeline_wants('condition', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.recorded_on >= timeline_day(coalesce(since, '-infinity')) AND t.recorded_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.recorded_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.recorded_on), 1, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(t.icd10, code_prefix))
     ORDER BY t.recorded_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.noted_on) AS at, 2 AS rank, 'allergy' AS item_table, t.id, t.atc AS code
      FROM allergy t
     WHERE timeline_wants('allergy', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.noted_on >= timeline_day(coalesce(since, '-infinity')) AND t.noted_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.noted_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.noted_on), 2, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(t.atc, code_prefix))
     ORDER BY t.noted_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.given_on) AS at, 3 AS rank, 'immunization' AS item_table, t.id, NULL::text AS code
      FROM immunization t
     WHERE timeline_wants('immunization', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.given_on >= timeline_day(coalesce(since, '-infinity')) AND t.given_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.given_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.given_on), 3, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.given_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.issued_on) AS at, 4 AS rank, 'prescription' AS item_table, t.id, (SELECT d.atc FROM drug d WHERE d.id = t.drug_id) AS code
      FROM prescription t
     WHERE timeline_wants('prescription', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.issued_on >= timeline_day(coalesce(since, '-infinity')) AND t.issued_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.issued_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.issued_on), 4, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with((SELECT d.atc FROM drug d WHERE d.id = t.drug_id), code_prefix))
     ORDER BY t.issued_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.dispensed_on) AS at, 5 AS rank, 'dispense' AS item_table, t.id, (SELECT d.atc FROM drug d WHERE d.id = t.drug_id) AS code
      FROM dispense t
     WHERE timeline_wants('dispense', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.dispensed_on >= timeline_day(coalesce(since, '-infinity')) AND t.dispensed_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.dispensed_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.dispensed_on), 5, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with((SELECT d.atc FROM drug d WHERE d.id = t.drug_id), code_prefix))
     ORDER BY t.dispensed_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.registered_on) AS at, 6 AS rank, 'dispensary_registration' AS item_table, t.id, t.icd10 AS code
      FROM dispensary_registration t
     WHERE timeline_wants('dispensary_registration', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.registered_on >= timeline_day(coalesce(since, '-infinity')) AND t.registered_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.registered_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.registered_on), 6, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(t.icd10, code_prefix))
     ORDER BY t.registered_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.referred_on) AS at, 7 AS rank, 'hospital_referral' AS item_table, t.id, t.icd10 AS code
      FROM hospital_referral t
     WHERE timeline_wants('hospital_referral', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.referred_on >= timeline_day(coalesce(since, '-infinity')) AND t.referred_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.referred_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.referred_on), 7, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(t.icd10, code_prefix))
     ORDER BY t.referred_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.admitted_on) AS at, 8 AS rank, 'hospitalization' AS item_table, t.id, coalesce(t.icd10_discharge, t.icd10_admission) AS code
      FROM hospitalization t
     WHERE timeline_wants('hospitalization', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.admitted_on >= timeline_day(coalesce(since, '-infinity')) AND t.admitted_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.admitted_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.admitted_on), 8, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(coalesce(t.icd10_discharge, t.icd10_admission), code_prefix))
     ORDER BY t.admitted_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.noted_at AS at, 9 AS rank, 'diary_entry' AS item_table, t.id, NULL::text AS code
      FROM diary_entry t
     WHERE timeline_wants('diary_entry', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.noted_at >= coalesce(since, '-infinity') AND t.noted_at <= least(until, before_at)
       AND (t.noted_at, 9, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.noted_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.received_at AS at, 10 AS rank, 'ambulance_call' AS item_table, t.id, NULL::text AS code
      FROM ambulance_call t
     WHERE timeline_wants('ambulance_call', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.received_at >= coalesce(since, '-infinity') AND t.received_at <= least(until, before_at)
       AND (t.received_at, 10, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.received_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.starts_at AS at, 11 AS rank, 'appointment' AS item_table, t.id, NULL::text AS code
      FROM appointment t
     WHERE timeline_wants('appointment', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.starts_at >= coalesce(since, '-infinity') AND t.starts_at <= least(until, before_at)
       AND (t.starts_at, 11, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.starts_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.started_at AS at, 12 AS rank, 'encounter' AS item_table, t.id, t.icd10 AS code
      FROM encounter t
     WHERE timeline_wants('encounter', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.started_at >= coalesce(since, '-infinity') AND t.started_at <= least(until, before_at)
       AND (t.started_at, 12, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(t.icd10, code_prefix))
     ORDER BY t.started_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.issued_on) AS at, 13 AS rank, 'certificate' AS item_table, t.id, NULL::text AS code
      FROM certificate t
     WHERE timeline_wants('certificate', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.issued_on >= timeline_day(coalesce(since, '-infinity')) AND t.issued_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.issued_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.issued_on), 13, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.issued_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.valid_from) AS at, 14 AS rank, 'insurance_status' AS item_table, t.id, NULL::text AS code
      FROM insurance_status t
     WHERE timeline_wants('insurance_status', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.valid_from >= timeline_day(coalesce(since, '-infinity')) AND t.valid_from <= timeline_day(least(until, before_at))
       AND timeline_at(t.valid_from) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.valid_from), 14, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.valid_from DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.started_on) AS at, 15 AS rank, 'care_plan' AS item_table, t.id, NULL::text AS code
      FROM care_plan t
     WHERE timeline_wants('care_plan', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.started_on >= timeline_day(coalesce(since, '-infinity')) AND t.started_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.started_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.started_on), 15, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.started_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.due_on) AS at, 16 AS rank, 'care_task' AS item_table, t.id, NULL::text AS code
      FROM care_task t
     WHERE timeline_wants('care_task', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.due_on >= timeline_day(coalesce(since, '-infinity')) AND t.due_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.due_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.due_on), 16, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.due_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.invited_on) AS at, 17 AS rank, 'screening_task' AS item_table, t.id, NULL::text AS code
      FROM screening_task t
     WHERE timeline_wants('screening_task', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.invited_on >= timeline_day(coalesce(since, '-infinity')) AND t.invited_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.invited_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.invited_on), 17, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.invited_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.decided_on) AS at, 18 AS rank, 'vaccine_exception' AS item_table, t.id, NULL::text AS code
      FROM vaccine_exception t
     WHERE timeline_wants('vaccine_exception', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.decided_on >= timeline_day(coalesce(since, '-infinity')) AND t.decided_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.decided_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.decided_on), 18, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.decided_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.checked_on) AS at, 19 AS rank, 'milestone_check' AS item_table, t.id, NULL::text AS code
      FROM milestone_check t
     WHERE timeline_wants('milestone_check', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.checked_on >= timeline_day(coalesce(since, '-infinity')) AND t.checked_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.checked_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.checked_on), 19, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.checked_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.ordered_at AS at, 20 AS rank, 'lab_result' AS item_table, t.id, t.loinc AS code
      FROM lab_result t
     WHERE timeline_wants('lab_result', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.ordered_at >= coalesce(since, '-infinity') AND t.ordered_at <= least(until, before_at)
       AND (t.ordered_at, 20, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(t.loinc, code_prefix))
     ORDER BY t.ordered_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.observed_at AS at, 21 AS rank, 'observation' AS item_table, t.id, NULL::text AS code
      FROM observation t
     WHERE timeline_wants('observation', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.observed_at >= coalesce(since, '-infinity') AND t.observed_at <= least(until, before_at)
       AND (t.observed_at, 21, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.observed_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.noted_on) AS at, 22 AS rank, 'lifestyle' AS item_table, t.id, NULL::text AS code
      FROM lifestyle t
     WHERE timeline_wants('lifestyle', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.noted_on >= timeline_day(coalesce(since, '-infinity')) AND t.noted_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.noted_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.noted_on), 22, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.noted_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.noted_on) AS at, 23 AS rank, 'pregnancy' AS item_table, t.id, NULL::text AS code
      FROM pregnancy t
     WHERE timeline_wants('pregnancy', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.noted_on >= timeline_day(coalesce(since, '-infinity')) AND t.noted_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.noted_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.noted_on), 23, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.noted_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.performed_at AS at, 24 AS rank, 'diagnostic_report' AS item_table, t.id, NULL::text AS code
      FROM diagnostic_report t
     WHERE timeline_wants('diagnostic_report', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.performed_at >= coalesce(since, '-infinity') AND t.performed_at <= least(until, before_at)
       AND (t.performed_at, 24, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.performed_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, t.found_at AS at, 25 AS rank, 'ai_finding' AS item_table, t.id, NULL::text AS code
      FROM ai_finding t
     WHERE timeline_wants('ai_finding', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.found_at >= coalesce(since, '-infinity') AND t.found_at <= least(until, before_at)
       AND (t.found_at, 25, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.found_at DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.performed_on) AS at, 26 AS rank, 'procedure_done' AS item_table, t.id, NULL::text AS code
      FROM procedure_done t
     WHERE timeline_wants('procedure_done', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.performed_on >= timeline_day(coalesce(since, '-infinity')) AND t.performed_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.performed_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.performed_on), 26, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.performed_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.implanted_on) AS at, 27 AS rank, 'implant' AS item_table, t.id, NULL::text AS code
      FROM implant t
     WHERE timeline_wants('implant', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.implanted_on >= timeline_day(coalesce(since, '-infinity')) AND t.implanted_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.implanted_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.implanted_on), 27, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.implanted_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.started_on) AS at, 28 AS rank, 'medication_statement' AS item_table, t.id, t.atc AS code
      FROM medication_statement t
     WHERE timeline_wants('medication_statement', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.started_on >= timeline_day(coalesce(since, '-infinity')) AND t.started_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.started_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.started_on), 28, t.id) < (before_at, before_rank, before_id) AND (code_prefix IS NULL OR starts_with(t.atc, code_prefix))
     ORDER BY t.started_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.noted_on) AS at, 29 AS rank, 'emergency_contact' AS item_table, t.id, NULL::text AS code
      FROM emergency_contact t
     WHERE timeline_wants('emergency_contact', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.noted_on >= timeline_day(coalesce(since, '-infinity')) AND t.noted_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.noted_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.noted_on), 29, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.noted_on DESC, t.id DESC LIMIT lim)
    UNION ALL
    (SELECT t.patient_id, timeline_at(t.set_on) AS at, 30 AS rank, 'care_goal' AS item_table, t.id, NULL::text AS code
      FROM care_goal t
     WHERE timeline_wants('care_goal', of_kind, kinds) AND t.patient_id = subject AND t.superseded_by IS NULL
       AND t.set_on >= timeline_day(coalesce(since, '-infinity')) AND t.set_on <= timeline_day(least(until, before_at))
       AND timeline_at(t.set_on) BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
       AND (timeline_at(t.set_on), 30, t.id) < (before_at, before_rank, before_id) AND code_prefix IS NULL
     ORDER BY t.set_on DESC, t.id DESC LIMIT lim)
     ORDER BY at DESC, rank DESC, id DESC LIMIT lim
$$;
