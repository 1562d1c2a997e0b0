/*
 * Figures for managers of health care: of organisations and regions, never of a person. What is asked for is read from cells that
 * compute_figures() has filled. A number that would tell of fewer than ten people is null, and `withheld` says why.
 */

/*
 * What a manager may see figures of: his clinic; or all clinics of a region (its health department); or the country (the
 * ministry), then both are null. The token names the organisation, the post of today there is asked for here. At most one row;
 * none: no manager, or not there. Days are days in Kazakhstan, UTC+5.
 */
CREATE OR REPLACE FUNCTION manager_scope(viewer text)
RETURNS TABLE (clinic_id bigint, region_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT s.clinic_id, s.region_id
      FROM (SELECT split_part(viewer, '/', 2) AS iin, split_part(viewer, '/', 3) AS bin, (now() AT TIME ZONE INTERVAL '5 hours')::date AS today) v
     CROSS JOIN LATERAL (
            SELECT c.id AS clinic_id, c.region_id
              FROM clinic c
              JOIN practitioner m ON m.iin = v.iin AND m.active
              JOIN practitioner_role j ON j.practitioner_id = m.id AND j.clinic_id = c.id AND j.role = 'manager'
             WHERE c.bin = v.bin AND c.active AND j.valid_from <= v.today AND (j.valid_to IS NULL OR j.valid_to > v.today)
            UNION ALL
            SELECT NULL, h.region_id
              FROM health_authority h
              JOIN health_authority_post o ON o.authority_id = h.id AND o.iin = v.iin
             WHERE h.bin = v.bin AND o.valid_from <= v.today AND (o.valid_to IS NULL OR o.valid_to > v.today)) s
     WHERE split_part(viewer, '/', 1) = 'MANAGER'
     LIMIT 1
$$;

/*
 * Is it too few people to be told of? `people` are behind a number, of whom `part` are in the share that it is and `rest` are not (of
 * some both; null where it is no share): of the three none may be few, for two of them tell the third.
 */
CREATE OR REPLACE FUNCTION few_people(people bigint, part bigint, rest bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN people < 10 OR coalesce(part BETWEEN 1 AND 9, false) OR coalesce(rest BETWEEN 1 AND 9, false);

/*
 * One measure in the month of a day: for all that the manager may see together (`total`; of one region where it is named), by region, or
 * by clinic. Where exactly one of the parts of a sum is withheld, the smallest of the others is too: else the sum would give it away.
 */
CREATE OR REPLACE FUNCTION figures(viewer text, measure text, month date, by_level text, region_id bigint, subject text) RETURNS SETOF figure
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
    scope record;
    day date := date_trunc('month', figures.month)::date;
    only_region bigint;
    is_mean boolean := figures.measure IN ('appointment_wait', 'laboratory_turnaround');
BEGIN
    SELECT * INTO scope FROM manager_scope(viewer);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Figures are for managers of a medical organisation or a health authority.';
    END IF;
    only_region := coalesce(figures.region_id, scope.region_id);
    RETURN QUERY
        WITH cell AS (
            SELECT c.*, few_people(c.people, c.part_people, c.rest_people) AS few
              FROM figure_cell c
             WHERE c.month = day AND c.measure = figures.measure
               AND CASE WHEN scope.clinic_id IS NOT NULL THEN c.clinic_id = scope.clinic_id
                        WHEN figures.by_level = 'clinic' THEN c.clinic_id IS NOT NULL
                        WHEN figures.by_level = 'region' THEN c.region_id IS NOT NULL AND c.clinic_id IS NULL
                        ELSE c.region_id IS NOT DISTINCT FROM only_region AND c.clinic_id IS NULL END
               AND (scope.region_id IS NULL OR c.region_id = scope.region_id)
               AND (figures.region_id IS NULL OR c.region_id = figures.region_id)
               AND (figures.subject IS NULL OR c.subject = figures.subject)
        ), guarded AS (
            SELECT c.*, count(*) FILTER (WHERE c.few) OVER (PARTITION BY c.subject, sum_of) AS few_beside,
                   row_number() OVER (PARTITION BY c.subject, sum_of, c.few ORDER BY c.people, c.region_id, c.clinic_id) AS place
              FROM cell c
             CROSS JOIN LATERAL (SELECT CASE WHEN c.clinic_id IS NOT NULL THEN c.region_id END AS sum_of) s
        ), told AS (
            SELECT g.*, CASE WHEN g.few THEN 'few' WHEN g.few_beside = 1 AND g.place = 1 THEN 'beside_few' END AS withheld FROM guarded g
        )
        SELECT figures.measure, day, t.region_id, t.clinic_id, nullif(t.subject, ''),
               (SELECT max(r.id) FROM plan_rule r WHERE r.code = t.subject AND r.valid_from <= day AND (r.valid_to IS NULL OR r.valid_to > day)),
               CASE WHEN t.withheld IS NULL AND NOT is_mean THEN t.part::integer END,
               CASE WHEN t.withheld IS NULL THEN t.whole::integer END,
               CASE WHEN t.withheld IS NULL AND NOT is_mean THEN round(t.part * 10000.0 / nullif(t.whole, 0))::bigint END,
               CASE WHEN t.withheld IS NULL AND is_mean THEN round(t.part * 100.0 / nullif(t.whole, 0))::bigint END,
               t.withheld
          FROM told t
         ORDER BY t.region_id NULLS FIRST, t.clinic_id NULLS FIRST, t.subject;
END $$;

/* Payment per head in the month of a day, by clinic and condition, as far as the manager may see; of the country only a region's. */
CREATE OR REPLACE FUNCTION capitation(viewer text, month date, region_id bigint) RETURNS SETOF capitation
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
    scope record;
    day date := date_trunc('month', capitation.month)::date;
BEGIN
    SELECT * INTO scope FROM manager_scope(viewer);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Figures are for managers of a medical organisation or a health authority.';
    END IF;
    IF scope.region_id IS NULL AND capitation.region_id IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Name the region whose clinics are asked for.';
    END IF;
    RETURN QUERY
        WITH judged AS (
            SELECT c.region_id, m.*, few_people(m.people, NULL, NULL) AND m.people > 0 AS few,
                   count(*) FILTER (WHERE few_people(m.people, NULL, NULL) AND m.people > 0) OVER (PARTITION BY m.clinic_id) AS withheld_beside
              FROM capitation_month m JOIN clinic c ON c.id = m.clinic_id
             WHERE m.month = day
               AND c.region_id = coalesce(scope.region_id, capitation.region_id)
               AND (scope.clinic_id IS NULL OR m.clinic_id = scope.clinic_id)
               AND (capitation.region_id IS NULL OR c.region_id = capitation.region_id)
        ), told AS (
            SELECT j.*, CASE WHEN j.few THEN 'few'
                             WHEN j.withheld_beside = 1 AND row_number() OVER (PARTITION BY j.clinic_id, j.few ORDER BY j.people = 0, j.people, j.condition) = 1 THEN 'beside_few' END AS withheld
              FROM judged j
        )
        SELECT day, t.region_id, t.clinic_id, t.condition, t.percent, CASE WHEN t.withheld IS NULL THEN t.people::integer END,
               CASE WHEN t.withheld IS NULL THEN t.people * t.percent END, t.withheld
          FROM told t
         ORDER BY t.clinic_id, t.condition;
END $$;

/* What the ministry reported of paper and film; for everybody. */
CREATE OR REPLACE FUNCTION paper_figures(viewer text) RETURNS SETOF paper_figure
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM paper_figure ORDER BY year DESC, id
$$;
