CREATE OR REPLACE FUNCTION private.import_read_visits() RETURNS void LANGUAGE sql AS $$ SELECT $$;
