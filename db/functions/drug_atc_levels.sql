/*
 * The groups of the ATC classification that a product is in, from the anatomical main group down to its own
 * code: A10BA02 is in A, A10, A10B, A10BA and A10BA02. What names a group (an allergy does) is one of them.
 */
CREATE OR REPLACE FUNCTION drug_atc_levels(product drug) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[left(product.atc, 1), left(product.atc, 3), left(product.atc, 4), left(product.atc, 5), product.atc]
$$;
