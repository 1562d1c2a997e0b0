/*
 * The check rules of national and trade numbers. Tables use them in CHECK constraints, so they live
 * in a migration and may never change what they answer for a given text; a new rule is a new function.
 */
CREATE EXTENSION IF NOT EXISTS btree_gist;

/*
 * Twelfth digit for the eleven digits `body` of an IIN or BIN; NULL when both passes give 10, which
 * means that such a number was never issued. Weights of the first pass are 1 to 11, of the second
 * 3 to 11, 1, 2.
 */
CREATE FUNCTION national_check_digit(body bigint) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    c integer;
BEGIN
    c := (1 * (body / 10000000000 % 10) + 2 * (body / 1000000000 % 10) + 3 * (body / 100000000 % 10)
        + 4 * (body / 10000000 % 10) + 5 * (body / 1000000 % 10) + 6 * (body / 100000 % 10)
        + 7 * (body / 10000 % 10) + 8 * (body / 1000 % 10) + 9 * (body / 100 % 10)
        + 10 * (body / 10 % 10) + 11 * (body % 10)) % 11;
    IF c < 10 THEN
        RETURN c;
    END IF;
    c := (3 * (body / 10000000000 % 10) + 4 * (body / 1000000000 % 10) + 5 * (body / 100000000 % 10)
        + 6 * (body / 10000000 % 10) + 7 * (body / 1000000 % 10) + 8 * (body / 100000 % 10)
        + 9 * (body / 10000 % 10) + 10 * (body / 1000 % 10) + 11 * (body / 100 % 10)
        + 1 * (body / 10 % 10) + 2 * (body % 10)) % 11;
    RETURN nullif(c, 10);
END $$;

/*
 * Whether `number` is an IIN or BIN by form: twelve ASCII digits, the last the check digit. Nothing
 * else is looked at: since 2013 the digits of an IIN need not match the date of birth or the sex.
 */
CREATE FUNCTION national_number_ok(number text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF length(number) <> 12 OR translate(number, '0123456789', '') <> '' THEN
        RETURN false;
    END IF;
    RETURN coalesce(national_check_digit(number::bigint / 10) = number::bigint % 10, false);
END $$;

/* Whether `code` is a GTIN-14: fourteen digits, the last a GS1 check digit (weights 3, 1, 3, ... from the left). */
CREATE FUNCTION gtin_ok(code text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    total integer := 0;
BEGIN
    IF length(code) <> 14 OR translate(code, '0123456789', '') <> '' THEN
        RETURN false;
    END IF;
    FOR i IN 1 .. 13 LOOP
        total := total + substr(code, i, 1)::integer * CASE WHEN i % 2 = 1 THEN 3 ELSE 1 END;
    END LOOP;
    RETURN (10 - total % 10) % 10 = substr(code, 14, 1)::integer;
END $$;
