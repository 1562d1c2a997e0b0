/*
 * What pharmacies ask for a pack, in tiyn: the mean and the lowest of what was last seen in each of those that are open.
 * NULL where no pharmacy is known to have it.
 */
CREATE OR REPLACE FUNCTION drug_price_mean(product drug) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(p.price))::bigint FROM pharmacy_price p JOIN pharmacy f ON f.id = p.pharmacy_id AND f.active WHERE p.drug_id = product.id
$$;

CREATE OR REPLACE FUNCTION drug_price_lowest(product drug) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.price FROM pharmacy_price p JOIN pharmacy f ON f.id = p.pharmacy_id AND f.active
     WHERE p.drug_id = product.id ORDER BY p.price, p.pharmacy_id LIMIT 1
$$;
