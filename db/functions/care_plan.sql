/* What hangs on one plan of chronic-disease management, on whichever version of it. A person has few of these, so the index of the person's list serves. */
CREATE OR REPLACE FUNCTION care_plan_goals(subject bigint, plan bigint) RETURNS SETOF care_goal
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT g.* FROM care_goal g WHERE g.patient_id = subject AND g.care_plan_id IN (SELECT v FROM care_plan_all_versions(subject, plan) v) AND g.superseded_by IS NULL ORDER BY g.set_on, g.id
$$;

/* Who works on it today, in Kazakhstan (UTC+5), beside the doctor who leads. */
CREATE OR REPLACE FUNCTION care_plan_team(subject bigint, plan bigint) RETURNS SETOF practitioner
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT w.*
      FROM (SELECT m.practitioner_id, min(m.since) AS since
              FROM care_participant m
             WHERE m.patient_id = subject AND m.care_plan_id IN (SELECT v FROM care_plan_all_versions(subject, plan) v) AND m.since <= (now() AT TIME ZONE INTERVAL '5 hours')::date
               AND (m.until IS NULL OR m.until > (now() AT TIME ZONE INTERVAL '5 hours')::date)
             GROUP BY m.practitioner_id) m
      JOIN practitioner w ON w.id = m.practitioner_id
     ORDER BY m.since, w.id
$$;

CREATE OR REPLACE FUNCTION care_plan_tasks(subject bigint, plan bigint) RETURNS SETOF care_task
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT t.* FROM care_task t WHERE t.patient_id = subject AND t.care_plan_id IN (SELECT v FROM care_plan_all_versions(subject, plan) v) AND t.superseded_by IS NULL ORDER BY t.due_on, t.id
$$;
