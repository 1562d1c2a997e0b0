/*
 * The child's passport (form 052-2/у): what functions tell of milestones. The rest of it is in tables that are there.
 */
CREATE TYPE milestone_state AS (
    patient_id bigint, milestone_id bigint, stage text, check_id bigint
);
COMMENT ON TYPE milestone_state IS 'a milestone as it stands for a child: stage is by age alone, check_id the last look at it';
