/*
 * Numbers that stand in for an IIN or BIN which nobody said, for people and organisations that came by an import. They have a check digit, so that they can be
 * typed and asked for like any other, and a date that does not exist, so that they are no number that was ever issued. No
 * document says that one of them is an IIN or BIN.
 */

/*
 * A number for a person whose IIN nobody said: the day of birth plus 40, so that it is no number that was ever issued, 0 for the sex as
 * foreigners have it, and a serial. Null when the 10,000 of a day are used up.
 */
CREATE OR REPLACE FUNCTION private.provisional_iin(birth date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    head bigint := to_char(birth, 'YYMM')::bigint * 1000 + (extract(day FROM birth)::bigint + 40) * 10;
    body bigint;
    number text;
BEGIN
    FOR serial IN 0 .. 9999 LOOP
        body := head * 10000 + serial;
        number := lpad((body * 10 + national_check_digit(body))::text, 12, '0');
        CONTINUE WHEN number IS NULL OR EXISTS (SELECT FROM patient p WHERE p.iin = number);
        RETURN number;
    END LOOP;
    RETURN NULL;
END $$;

/* A number for an organisation whose BIN nobody said: month 13, so that it is none that was ever issued. */
CREATE OR REPLACE FUNCTION private.provisional_bin() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    body bigint;
BEGIN
    LOOP
        body := 130000000 + nextval('private.provisional_bin') % 10000000;
        IF national_check_digit(body) IS NOT NULL THEN
            RETURN lpad((body * 10 + national_check_digit(body))::text, 12, '0');
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION iin_is_provisional(iin text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT substr(iin, 5, 2) > '31'
$$;
CREATE OR REPLACE FUNCTION bin_is_provisional(bin text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT substr(bin, 3, 2) > '12'
$$;
