CREATE OR REPLACE FUNCTION private.import_read_measured() RETURNS void LANGUAGE sql AS $$ SELECT $$;
