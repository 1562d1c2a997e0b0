CREATE OR REPLACE FUNCTION private.import_read_treatment() RETURNS void LANGUAGE sql AS $$ SELECT $$;
