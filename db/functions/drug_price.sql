/*
 * What pharmacies ask for a pack, in tiyn: the mean and the lowest of what was last seen in each of those that are open. What is above the cap of today was seen
 * before that began: nobody may sell for it any more, so it is no price.
 * NULL where no pharmacy is known to have it.
 */
CREATE OR REPLACE FUNCTION drug_price_mean(product drug) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(avg(p.price))::bigint FROM pharmacy_price p JOIN pharmacy f ON f.id = p.pharmacy_id AND f.active
     WHERE p.drug_id = product.id AND (p.price <= (SELECT c.amount FROM price_cap c WHERE c.drug_id = product.id AND c.kind = 'retail' AND c.valid_from <= (now() AT TIME ZONE INTERVAL '5 hours')::date
                                   AND (c.valid_to IS NULL OR c.valid_to > (now() AT TIME ZONE INTERVAL '5 hours')::date))) IS NOT FALSE
$$;

CREATE OR REPLACE FUNCTION drug_price_lowest(product drug) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.price FROM pharmacy_price p JOIN pharmacy f ON f.id = p.pharmacy_id AND f.active
     WHERE p.drug_id = product.id AND (p.price <= (SELECT c.amount FROM price_cap c WHERE c.drug_id = product.id AND c.kind = 'retail' AND c.valid_from <= (now() AT TIME ZONE INTERVAL '5 hours')::date
                                   AND (c.valid_to IS NULL OR c.valid_to > (now() AT TIME ZONE INTERVAL '5 hours')::date))) IS NOT FALSE ORDER BY p.price, p.pharmacy_id LIMIT 1
$$;
