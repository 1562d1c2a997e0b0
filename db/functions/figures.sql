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
       AND NOT EXISTS (SELECT FROM patient o WHERE o.iin = v.iin AND o.deceased_on IS NOT NULL)
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
 * by clinic. The parts of a sum (a country's regions, a region's clinics) that are withheld are hidden together: where they are few in all,
 * the next smallest are withheld too, else the sum would give them away; and where a region's sum is withheld so, one of its clinics is.
 * What is withheld does not depend on what is asked for, else one question would give away what another hides; a manager's own sum is
 * withheld only where it is few.
 *
 * Where subjects are parts of another (rules of visits that are flagged by any, what was received whole of what was received), one that is few could be
 * reckoned from the others: at a manager's own place the next smallest are withheld beside it until all those are ten people, and the rest of the whole
 * tells of no fewer; where parts are compared with sums over places, all parts of a place are withheld with one of them.
 */
CREATE OR REPLACE FUNCTION figures(viewer text, measure text, month date, by_level text, region_id bigint, subject text) RETURNS SETOF figure
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
    scope record;
    day date := date_trunc('month', figures.month)::date;
    only_region bigint;
    is_mean boolean := figures.measure IN ('appointment_wait', 'laboratory_turnaround');
    /* The subject whose parts the others are, together or overlapping; null: each is of its own. */
    whole_of text := CASE figures.measure WHEN 'flagged_visits' THEN '' WHEN 'free_medicines' THEN 'received' END;
BEGIN
    SELECT * INTO scope FROM manager_scope(viewer);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Figures are for managers of a medical organisation or a health authority.';
    END IF;
    only_region := coalesce(figures.region_id, scope.region_id);
    RETURN QUERY
        WITH cell AS (
            SELECT c.*, few_people(c.people, c.part_people, c.rest_people) AS few_itself, s.sum_of, c.subject <> whole_of AS is_part
              FROM figure_cell c
             CROSS JOIN LATERAL (SELECT CASE WHEN c.clinic_id IS NOT NULL THEN c.region_id WHEN c.region_id IS NOT NULL THEN 0 END AS sum_of) s
             WHERE c.month = day AND c.measure = figures.measure
               AND CASE WHEN c.clinic_id IS NULL THEN scope.clinic_id IS NULL
                        WHEN scope.clinic_id IS NOT NULL THEN c.clinic_id = scope.clinic_id
                        ELSE figures.by_level = 'clinic' AND (only_region IS NULL OR c.region_id = only_region) END
        ), beside AS (
            /* Of the parts of a subject at one place, in the order in which they are withheld. */
            SELECT c.*, CASE WHEN whole_of IS NULL THEN c.few_itself ELSE bool_or(c.few_itself) OVER (PARTITION BY c.region_id, c.clinic_id) END AS few_there,
                   count(*) FILTER (WHERE c.few_itself) OVER part AS part_n_few, row_number() OVER parts AS part_place,
                   sum(c.part_people) OVER parts < 10
                       OR coalesce(max(c.part) FILTER (WHERE NOT c.is_part) OVER (PARTITION BY c.region_id, c.clinic_id)
                                   - (sum(c.part) OVER part - sum(c.part) OVER parts) BETWEEN 1 AND 9, false) AS part_few_so_far
              FROM cell c
            WINDOW part AS (PARTITION BY c.region_id, c.clinic_id, c.is_part, c.part > 0), parts AS (part ORDER BY c.few_itself DESC, c.part_people, c.subject ROWS UNBOUNDED PRECEDING)
        ), marked AS (
            SELECT b.*, CASE WHEN b.is_part THEN b.few_there ELSE b.few_itself END AS few,
                   b.is_part AND b.part > 0 AND b.part_n_few > 0
                       AND b.part_place <= coalesce(min(b.part_place) FILTER (WHERE b.part_place >= b.part_n_few AND NOT b.part_few_so_far)
                                                        OVER (PARTITION BY b.region_id, b.clinic_id, b.is_part, b.part > 0), b.part_place) AS part_withheld
              FROM beside b
        ), placed AS (
            SELECT c.*, row_number() OVER smallest AS place, count(*) FILTER (WHERE c.few) OVER (PARTITION BY c.subject, c.sum_of) AS n_few,
                   few_people((sum(c.people) OVER smallest)::bigint, (sum(c.part_people) OVER smallest)::bigint, (sum(c.rest_people) OVER smallest)::bigint) AS few_so_far
              FROM marked c
            WINDOW smallest AS (PARTITION BY c.subject, c.sum_of ORDER BY c.few DESC, c.few_there DESC, c.people, c.region_id, c.clinic_id ROWS UNBOUNDED PRECEDING)
        ), needed AS (
            SELECT p.*, min(p.place) FILTER (WHERE p.place >= p.n_few AND NOT p.few_so_far) OVER (PARTITION BY p.subject, p.sum_of) AS need FROM placed p
        ), judged AS (
            SELECT p.*, p.n_few > 0 AND p.place <= CASE WHEN NOT coalesce(p.is_part, false) THEN coalesce(p.need, p.place)
                                                        /* All parts as far as the one that needs most; one that has not enough: all. */
                                                        WHEN bool_or(p.n_few > 0 AND p.need IS NULL) OVER (PARTITION BY p.sum_of) THEN p.place
                                                        ELSE max(p.need) FILTER (WHERE p.n_few > 0) OVER (PARTITION BY p.sum_of) END AS beside_few
              FROM needed p
        ), told AS (
            SELECT j.*, CASE WHEN j.few_itself THEN 'few'
                             WHEN scope.clinic_id IS NOT NULL OR j.sum_of IS NULL OR (j.clinic_id IS NULL AND j.region_id = scope.region_id) THEN
                                  CASE WHEN j.part_withheld THEN 'beside_few' END
                             WHEN j.beside_few THEN 'beside_few'
                             WHEN j.clinic_id IS NOT NULL AND j.n_few = 0 AND j.place = 1 AND scope.region_id IS NULL
                                  AND EXISTS (SELECT FROM judged r WHERE r.clinic_id IS NULL AND r.region_id = j.region_id AND r.subject = j.subject AND r.beside_few)
                                 THEN 'beside_few' END AS withheld
              FROM judged j
             WHERE j.subject <> 'received_partly' AND (figures.subject IS NULL OR j.subject = figures.subject)
        )
        SELECT figures.measure, day, t.region_id, t.clinic_id, nullif(t.subject, ''),
               (SELECT max(r.id) FROM plan_rule r WHERE r.code = t.subject AND r.valid_from <= day AND (r.valid_to IS NULL OR r.valid_to > day)),
               CASE WHEN t.withheld IS NULL AND NOT is_mean THEN t.part::integer END,
               CASE WHEN t.withheld IS NULL THEN t.whole::integer END,
               CASE WHEN t.withheld IS NULL AND NOT is_mean THEN round(t.part * 10000.0 / nullif(t.whole, 0))::bigint END,
               CASE WHEN t.withheld IS NULL AND is_mean THEN round(t.part * 100.0 / nullif(t.whole, 0))::bigint END,
               t.withheld
          FROM told t
         WHERE CASE WHEN scope.clinic_id IS NOT NULL OR figures.by_level = 'clinic' THEN t.clinic_id IS NOT NULL
                    WHEN figures.by_level = 'region' THEN t.region_id IS NOT NULL AND t.clinic_id IS NULL
                    ELSE t.clinic_id IS NULL AND t.region_id IS NOT DISTINCT FROM only_region END
           AND (scope.region_id IS NULL OR t.region_id = scope.region_id)
           AND (figures.region_id IS NULL OR t.region_id = figures.region_id)
         ORDER BY t.region_id NULLS FIRST, t.clinic_id NULLS FIRST, t.subject;
END $$;

/*
 * Payment per head in the month of a day, by clinic and condition, as far as the manager may see; of the country only a region's. The
 * conditions of a clinic that are withheld are hidden together, as in figures(): where they are few in all, the next smallest are too.
 */
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
        WITH cell AS (
            SELECT c.region_id, m.*, few_people(m.people, NULL, NULL) AND m.people > 0 AS few
              FROM capitation_month m JOIN clinic c ON c.id = m.clinic_id
             WHERE m.month = day
               AND c.region_id = coalesce(scope.region_id, capitation.region_id)
               AND (scope.clinic_id IS NULL OR m.clinic_id = scope.clinic_id)
               AND (capitation.region_id IS NULL OR c.region_id = capitation.region_id)
        ), placed AS (
            SELECT c.*, row_number() OVER smallest AS place, count(*) FILTER (WHERE c.few) OVER (PARTITION BY c.clinic_id) AS n_few,
                   few_people((sum(c.people) OVER smallest)::bigint, NULL, NULL) AS few_so_far
              FROM cell c
            WINDOW smallest AS (PARTITION BY c.clinic_id ORDER BY c.few DESC, c.people = 0, c.people, c.condition ROWS UNBOUNDED PRECEDING)
        ), told AS (
            SELECT p.*, CASE WHEN p.few THEN 'few'
                             WHEN p.n_few > 0 AND p.place <= coalesce(min(p.place) FILTER (WHERE p.place >= p.n_few AND NOT p.few_so_far)
                                                                          OVER (PARTITION BY p.clinic_id), p.place) THEN 'beside_few' END AS withheld
              FROM placed p
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
