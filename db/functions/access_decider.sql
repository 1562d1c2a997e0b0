/*
 * Refuses unless `viewer` decides on this passport: its owner, or the guardian of a child under 16. The same words for
 * a patient who is not there. The functions that write for an owner call it first; its patient's row stays locked, so
 * that what one passport's rules are is decided by one transaction at a time.
 */
CREATE OR REPLACE FUNCTION access_decider(viewer text, subject bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    known bigint;
BEGIN
    SELECT p.id INTO known FROM patient p WHERE p.id = subject FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM access_rights_citizen(viewer, subject) r WHERE r.capacities IN ('OWNER', 'GUARDIAN')) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ001',
            MESSAGE = 'Only the owner of a passport, or the guardian of a child under 16, decides who sees it.', DETAIL = refusal_about(known);
    END IF;
END $$;

/*
 * Whether a grant still counts, by who made it: the owner's until its day; a guardian's as long as he decides for the child, so not beyond the
 * guardianship, the child's sixteenth birthday, or the death of one of them. Asked only where there is a grant to this viewer.
 */
CREATE OR REPLACE FUNCTION grant_stands(subject bigint, made_by text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM patient p WHERE p.id = subject AND p.iin = made_by)
        OR EXISTS (SELECT FROM access_rights_citizen('CITIZEN/' || made_by || '/', subject) r WHERE r.capacities = 'GUARDIAN');
END $$;
