/*
 * After the last chunk: the figures of the last two months that are over, as the monthly batch has them; new rows get ids beyond
 * those of the population; and the generator's schema goes. population_log stays: it says what is loaded.
 */
SELECT compute_figures((date_trunc('month', :'day'::date) - m * interval '1 month')::date) FROM generate_series(1, 2) m \g /dev/null
ANALYZE figure_cell, capitation_month, private.visit_flag;
SELECT setval(pg_get_serial_sequence(c.table_name, 'id'),
              (xpath('/row/n/text()', query_to_xml(format('SELECT coalesce(max(id), 1) AS n FROM %I', c.table_name), false, true, '')))[1]::text::bigint)
  FROM information_schema.columns c
 WHERE c.table_schema = 'public' AND c.column_name = 'id' AND c.is_identity = 'YES' \g /dev/null
/* People who come otherwise get numbers that no person of the population will have, so that it can still grow. */
SELECT setval(pg_get_serial_sequence('patient', 'id'), greatest((SELECT max(id) FROM patient), 20070400)) \g /dev/null
SET client_min_messages = warning;
DROP SCHEMA population CASCADE;
