/* The medicines that are called so, or whose INN is, or a name of which begins so: what they cost, cheapest first. */
CREATE OR REPLACE FUNCTION drug_prices(viewer text, name text) RETURNS SETOF drug
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text := search_said(name);
    patterns text[] := search_patterns(said);
BEGIN
    RETURN QUERY SELECT d.* FROM drug d
                  WHERE d.folded LIKE patterns[1] AND position('| ' || said IN d.folded) > 0
                  ORDER BY search_rank(d.folded, said), drug_price_lowest(d), d.name, d.id LIMIT 20;
END $$;

/* Products of the same INN, strength and form, cheapest first: by the lowest price of a unit, else by its cap. */
CREATE OR REPLACE FUNCTION drug_analogues(product_id bigint) RETURNS SETOF drug
LANGUAGE sql STABLE AS $$
    SELECT d.*
      FROM drug o
      JOIN drug d ON d.inn = o.inn AND d.strength = o.strength AND d.form = o.form AND d.id <> o.id,
           LATERAL (SELECT drug_price_lowest(d) AS lowest, drug_price_cap(d) AS cap) p
     WHERE o.id = product_id
     ORDER BY p.lowest IS NULL, coalesce(p.lowest, p.cap)::numeric / d.pack_quantity, d.name, d.id
     LIMIT 20
$$;

/* Metres between two points on the Earth's surface, as the crow flies. */
CREATE OR REPLACE FUNCTION metres_between(lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT round(12742018 * asin(least(1, sqrt(sind((lat2 - lat1) / 2) ^ 2 + cosd(lat1) * cosd(lat2) * sind((lon2 - lon1) / 2) ^ 2))))::integer
$$;

/*
 * Pharmacies that have a product for no more than the cap of today: of a region (its KATO) or of all, nearest to a place ("latitude,longitude" in degrees) or else cheapest
 * first. Many requests are answered by one statement, so a place that is none must not fail it: then nothing is near.
 */
CREATE OR REPLACE FUNCTION pharmacy_offers(product_id bigint, region text, near text) RETURNS SETOF pharmacy_offer
LANGUAGE sql STABLE AS $$
    SELECT f.id, p.price, p.seen_on, w.metres
      FROM (SELECT CASE WHEN good THEN split_part(near, ',', 1)::float8 END AS lat, CASE WHEN good THEN split_part(near, ',', 2)::float8 END AS lon
              FROM (SELECT near ~ '^ *-?[0-9]{1,2}([.][0-9]{1,15})? *, *-?[0-9]{1,3}([.][0-9]{1,15})? *$' AS good) g) here
      JOIN pharmacy_price p ON p.drug_id = product_id
      JOIN pharmacy f ON f.id = p.pharmacy_id AND f.active,
           LATERAL (SELECT CASE WHEN abs(here.lat) <= 90 AND abs(here.lon) <= 180 THEN metres_between(here.lat, here.lon, f.latitude, f.longitude) END AS metres) w
     WHERE (region IS NULL OR f.region_id = (SELECT r.id FROM region r WHERE r.kato = region))
       AND p.price <= coalesce((SELECT drug_price_cap(d) FROM drug d WHERE d.id = product_id), p.price)
     ORDER BY w.metres, p.price, f.id
     LIMIT 20
$$;
