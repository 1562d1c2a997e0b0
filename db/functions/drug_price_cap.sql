/*
 * The retail price cap of a product in force today, in tiyn per pack; NULL when there is none. Today is
 * the day in Kazakhstan, UTC+5 since 2024-03-01 (written as an offset, because old zone tables say +6).
 */
CREATE OR REPLACE FUNCTION drug_price_cap(product drug) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.amount
      FROM price_cap c
     WHERE c.drug_id = product.id
       AND c.kind = 'retail'
       AND c.valid_from <= (now() AT TIME ZONE INTERVAL '5 hours')::date
       AND (c.valid_to IS NULL OR c.valid_to > (now() AT TIME ZONE INTERVAL '5 hours')::date)
     ORDER BY c.valid_from DESC
     LIMIT 1
$$;
