/*
 * Of who has died nothing is written that is for the living: docs/domain.md has what each change does then. Changes of the owner are refused before, since
 * nobody decides on such a passport (access_rights_citizen).
 */
CREATE OR REPLACE FUNCTION has_died(subject bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM patient p WHERE p.id = subject AND p.deceased_on IS NOT NULL);
END $$;
