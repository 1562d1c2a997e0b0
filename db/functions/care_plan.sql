/* What hangs on one plan of chronic-disease management. */
CREATE OR REPLACE FUNCTION care_plan_goals(subject bigint, plan bigint) RETURNS SETOF care_goal
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT g.* FROM care_goal g WHERE g.patient_id = subject AND g.care_plan_id = plan ORDER BY g.id
$$;

CREATE OR REPLACE FUNCTION care_plan_team(subject bigint, plan bigint) RETURNS SETOF care_participant
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT m.* FROM care_participant m WHERE m.patient_id = subject AND m.care_plan_id = plan ORDER BY m.since, m.id
$$;

CREATE OR REPLACE FUNCTION care_plan_tasks(subject bigint, plan bigint) RETURNS SETOF care_task
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT t.* FROM care_task t WHERE t.patient_id = subject AND t.care_plan_id = plan AND t.superseded_by IS NULL ORDER BY t.due_on, t.id
$$;
