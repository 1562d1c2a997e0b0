/*
 * Price caps by order of the ministry: all of an order or nothing of it. A cap that is in force ends where the new one begins; none is rewritten. The
 * first day is tomorrow at the earliest, since what was sold today was sold under the cap of today.
 */

/* The first of the medicines for which the order can't be: a later cap is set already, or the last one is younger than half a year. Its columns are those of a refusal. */
CREATE OR REPLACE FUNCTION price_caps_refusal(cap_kind text, medicines bigint[], first_day date, is_urgent boolean) RETURNS SETOF price_outcome
LANGUAGE plpgsql STABLE AS $$
DECLARE
    c price_cap;
    o price_outcome;
BEGIN
    SELECT x.* INTO c FROM price_cap x
     WHERE x.drug_id = ANY (medicines) AND x.kind = cap_kind AND (x.valid_from >= first_day OR NOT is_urgent AND x.valid_from + INTERVAL '6 months' > first_day)
     ORDER BY x.valid_from >= first_day DESC, x.drug_id, x.valid_from DESC LIMIT 1;
    IF FOUND THEN
        o.drug_id := c.drug_id;
        o.number := c.order_number;
        o.cap := c.amount;
        o.cap_from := c.valid_from;
        o.kind := CASE WHEN c.valid_from >= first_day THEN 'price_cap_overlaps' ELSE 'price_cap_too_soon' END;
        o.cap_may_change_on := c.valid_from + INTERVAL '6 months';
        o.message := CASE o.kind WHEN 'price_cap_overlaps' THEN 'A cap that begins then or later is set already.' ELSE 'A cap changes once in half a year, unless the order itself says that it is urgent.' END;
        RETURN NEXT o;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION set_price_caps(viewer text, order_number text, valid_from date, kind text, urgent boolean, caps_drug bigint[], caps_amount bigint[], idempotency_key text, payload_digest text)
RETURNS SETOF price_outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    order_name text := trimmed(order_number);
    first_day date := valid_from;
    cap_kind text := kind;
    first record;
    o price_outcome;
BEGIN
    IF split_part(viewer, '/', 1) <> 'INSPECTOR' OR NOT EXISTS (SELECT FROM health_authority h WHERE h.bin = split_part(viewer, '/', 3) AND h.region_id IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001', MESSAGE = 'Only an inspector of the ministry sets price caps.';
    END IF;
    SELECT * INTO first FROM first_result(viewer, idempotency_key, payload_digest);
    o.price_order_id := first.item_id;
    IF o.price_order_id IS NULL THEN
        IF length(order_name) NOT BETWEEN 1 AND 100 OR first_day <= today OR first_day > today + 366 THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'An order has a number of 1 to 100 characters, and its caps begin tomorrow at the earliest, and within 366 days.';
        ELSIF cardinality(caps_drug) NOT BETWEEN 1 AND 10000 OR (SELECT count(DISTINCT d) FROM unnest(caps_drug) d) < cardinality(caps_drug) OR 0 >= ANY (caps_amount) OR 10000000000 < ANY (caps_amount) THEN
            RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'An order sets caps above 0 and of at most 100,000,000 tenge for 1 to 10000 medicines, each once.';
        END IF;
        /* In one order, so that two orders about the same medicines wait for each other. */
        PERFORM FROM drug d WHERE d.id = ANY (caps_drug) ORDER BY d.id FOR NO KEY UPDATE;
        SELECT * INTO o FROM price_caps_refusal(cap_kind, caps_drug, first_day, set_price_caps.urgent);
        IF FOUND THEN
            RETURN NEXT o;
            RETURN;
        END IF;
        INSERT INTO price_order AS p (valid_from, medicines, urgent, kind, number) VALUES (first_day, cardinality(caps_drug), set_price_caps.urgent, cap_kind, order_name) RETURNING p.id INTO o.price_order_id;
        UPDATE price_cap c SET valid_to = first_day WHERE c.drug_id = ANY (caps_drug) AND c.kind = cap_kind AND c.valid_from < first_day AND (c.valid_to IS NULL OR c.valid_to > first_day);
        INSERT INTO price_cap (drug_id, kind, amount, valid_from, order_number, urgent)
        SELECT c.drug_id, cap_kind, c.amount, first_day, order_name, set_price_caps.urgent FROM unnest(caps_drug, caps_amount) c (drug_id, amount);
        PERFORM change_done(viewer, 'set_price_caps', idempotency_key, NULL, 'price_order', o.price_order_id);
    END IF;
    o.kind := 'price_caps_set';
    RETURN NEXT o;
END $$;

/* The caps of a medicine, the last to begin first. */
CREATE OR REPLACE FUNCTION drug_price_caps(drug bigint) RETURNS SETOF price_cap
LANGUAGE sql STABLE PARALLEL SAFE ROWS 4 AS $$
    SELECT c.* FROM price_cap c WHERE c.drug_id = drug ORDER BY c.valid_from DESC, c.id DESC LIMIT 100
$$;
