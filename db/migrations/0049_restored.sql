/*
 * A dump is restored with an empty search_path, so what constraints and generated columns call may not lean on one. search_names has
 * the standard's body: its use of search_folded is recorded, and a dump puts search_folded first. What they answer is as before.
 */
CREATE OR REPLACE FUNCTION search_names(VARIADIC names text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT '| ' || coalesce(string_agg(DISTINCT search_folded(n), ' | '), '') || ' |' FROM unnest(names) n WHERE n IS NOT NULL);

CREATE OR REPLACE FUNCTION national_number_ok(number text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF length(number) <> 12 OR translate(number, '0123456789', '') <> '' THEN
        RETURN false;
    END IF;
    RETURN coalesce(public.national_check_digit(number::bigint / 10) = number::bigint % 10, false);
END $$;
