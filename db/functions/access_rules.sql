/*
 * What an owner decides about his passport: hide an entry or a whole kind of entries, show it again, let a practitioner see
 * the passport, end that. Each gives the rule. What is decided already is given back, not made twice.
 */

/* The rule that this very call made before, for somebody who still decides (see first_result). */
CREATE OR REPLACE FUNCTION rule_again(viewer text, subject bigint, idempotency_key text, payload_digest text) RETURNS SETOF access_rule
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_decider(viewer, subject);
    RETURN QUERY SELECT r.* FROM first_result(viewer, idempotency_key, payload_digest) f JOIN access_rule r ON r.patient_id = f.patient_id AND r.id = f.item_id;
END $$;

CREATE OR REPLACE FUNCTION rule_done(viewer text, operation text, idempotency_key text, r access_rule) RETURNS SETOF access_rule
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM change_done(viewer, operation, idempotency_key, r.patient_id, 'access_rule', r.id);
    RETURN NEXT r;
END $$;

/*
 * What hiding means has to be acknowledged. `notice` is what it means in the words of today, which stays with the rule; `refusal` (of no kind when it was) has those words to
 * be shown.
 */
CREATE OR REPLACE FUNCTION hiding_risk(subject bigint, acknowledged boolean, OUT notice bigint, OUT refusal outcome)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    n hiding_notice;
BEGIN
    SELECT h.* INTO STRICT n FROM hiding_notice h WHERE h.valid_from <= kz_today() AND (h.valid_to IS NULL OR h.valid_to > kz_today()) ORDER BY h.valid_from DESC LIMIT 1;
    notice := n.id;
    IF acknowledged IS NOT TRUE THEN
        refusal.kind := 'risk_not_acknowledged';
        refusal.patient_id := subject;
        refusal.message := 'What hiding means was not acknowledged.';
        refusal.notice_kk := n.text_kk;
        refusal.notice_ru := n.text_ru;
        refusal.notice_en := n.text_en;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION rule_hides(r access_rule) RETURNS outcome
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    o outcome;
BEGIN
    o.kind := 'hidden';
    o.patient_id := r.patient_id;
    o.rule_id := r.id;
    RETURN o;
END $$;

CREATE OR REPLACE FUNCTION hide_item(viewer text, subject bigint, hidden_table text, hidden_id bigint, hide_role text, hide_practitioner bigint, hide_clinic bigint, notice bigint)
RETURNS access_rule LANGUAGE plpgsql AS $$
DECLARE
    found_rule access_rule;
BEGIN
    PERFORM access_decider(viewer, subject);
    IF num_nonnulls(hide_role, hide_practitioner, hide_clinic) > 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003',
            MESSAGE = 'Name one of a role, a practitioner and an organisation to hide it from, or none, which hides it from all.';
    END IF;
    IF hide_practitioner IS NOT NULL AND NOT EXISTS (SELECT FROM practitioner m WHERE m.id = hide_practitioner) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such practitioner.';
    ELSIF hide_clinic IS NOT NULL AND NOT EXISTS (SELECT FROM clinic c WHERE c.id = hide_clinic) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such organisation.';
    ELSIF (SELECT count(*) FROM access_rule r WHERE r.patient_id = subject AND r.revoked_at IS NULL) >= 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A passport has at most 1000 rules in force; hide a whole kind of entries instead.';
    END IF;
    INSERT INTO access_rule (patient_id, kind, item_table, item_id, role, practitioner_id, clinic_id, notice_id, made_by)
    VALUES (subject, 'hide', hidden_table, hidden_id, hide_role, hide_practitioner, hide_clinic, notice, split_part(viewer, '/', 2))
    ON CONFLICT DO NOTHING RETURNING * INTO found_rule;
    IF NOT FOUND THEN
        SELECT r.* INTO STRICT found_rule
          FROM access_rule r
         WHERE r.patient_id = subject AND r.kind = 'hide' AND r.revoked_at IS NULL AND r.item_table = hidden_table
           AND (r.item_id, r.role, r.practitioner_id, r.clinic_id) IS NOT DISTINCT FROM (hidden_id, hide_role, hide_practitioner, hide_clinic);
    END IF;
    RETURN found_rule;
END $$;

/* `item_table`, `patient_id` and `item_id` name an entry of the passport. */
CREATE OR REPLACE FUNCTION hide_entry(viewer text, item_table text, patient_id bigint, item_id bigint,
                                      from_role text DEFAULT NULL, from_practitioner bigint DEFAULT NULL, from_clinic bigint DEFAULT NULL, acknowledge_risk boolean DEFAULT false,
                                      idempotency_key text DEFAULT NULL, payload_digest text DEFAULT NULL)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    entry bigint := item_id;
    item text := item_table;
    is_there boolean;
    risk record;
    made access_rule;
BEGIN
    RETURN QUERY SELECT o.* FROM rule_again(viewer, subject, idempotency_key, payload_digest) r, rule_hides(r) o;
    IF FOUND THEN
        RETURN;
    END IF;
    /* Of the kinds that a rule may name, by its table's constraint. */
    IF EXISTS (SELECT FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]+)''', 'g') said
                WHERE c.conrelid = 'access_rule'::regclass AND c.conname = 'access_rule_item_table_check' AND said[1] = item) THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE patient_id = $1 AND id = $2)', item) INTO is_there USING subject, entry;
    END IF;
    IF NOT coalesce(is_there, false) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such entry that can be hidden in this passport.';
    END IF;
    SELECT * INTO risk FROM hiding_risk(subject, acknowledge_risk);
    IF (risk.refusal).kind IS NOT NULL THEN
        RETURN NEXT risk.refusal;
        RETURN;
    END IF;
    made := hide_item(viewer, subject, item, entry, from_role, from_practitioner, from_clinic, risk.notice);
    PERFORM change_done(viewer, 'hide_entry', idempotency_key, subject, 'access_rule', made.id);
    RETURN NEXT rule_hides(made);
END $$;

/* All entries of a kind, those to come too. */
CREATE OR REPLACE FUNCTION hide_kind(viewer text, patient_id bigint, item_table text,
                                     from_role text DEFAULT NULL, from_practitioner bigint DEFAULT NULL, from_clinic bigint DEFAULT NULL, acknowledge_risk boolean DEFAULT false,
                                     idempotency_key text DEFAULT NULL, payload_digest text DEFAULT NULL)
RETURNS SETOF outcome LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    risk record;
    made access_rule;
BEGIN
    RETURN QUERY SELECT o.* FROM rule_again(viewer, subject, idempotency_key, payload_digest) r, rule_hides(r) o;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO risk FROM hiding_risk(subject, acknowledge_risk);
    IF (risk.refusal).kind IS NOT NULL THEN
        RETURN NEXT risk.refusal;
        RETURN;
    END IF;
    made := hide_item(viewer, subject, item_table, NULL, from_role, from_practitioner, from_clinic, risk.notice);
    PERFORM change_done(viewer, 'hide_kind', idempotency_key, subject, 'access_rule', made.id);
    RETURN NEXT rule_hides(made);
END $$;

CREATE OR REPLACE FUNCTION end_rule(viewer text, subject bigint, rule bigint, rule_kind text, missing text)
RETURNS SETOF access_rule LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_decider(viewer, subject);
    /* The clock, not the transaction's begin: the rule may be younger than that. */
    UPDATE access_rule r SET revoked_at = clock_timestamp(), revoked_by = split_part(viewer, '/', 2)
     WHERE r.patient_id = subject AND r.id = rule AND r.kind = rule_kind AND r.revoked_at IS NULL;
    RETURN QUERY SELECT r.* FROM access_rule r WHERE r.patient_id = subject AND r.id = rule AND r.kind = rule_kind;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = missing;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION show_again(viewer text, patient_id bigint, rule_id bigint, idempotency_key text DEFAULT NULL, payload_digest text DEFAULT NULL)
RETURNS SETOF access_rule LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT * FROM rule_again(viewer, patient_id, idempotency_key, payload_digest);
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT d.* FROM end_rule(viewer, patient_id, rule_id, 'hide', 'There is no such rule that hides something in this passport.') h, rule_done(viewer, 'show_again', idempotency_key, h) d;
END $$;

CREATE OR REPLACE FUNCTION revoke_access(viewer text, patient_id bigint, rule_id bigint, idempotency_key text DEFAULT NULL, payload_digest text DEFAULT NULL)
RETURNS SETOF access_rule LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT * FROM rule_again(viewer, patient_id, idempotency_key, payload_digest);
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT d.* FROM end_rule(viewer, patient_id, rule_id, 'grant', 'There is no such grant in this passport.') h, rule_done(viewer, 'revoke_access', idempotency_key, h) d;
END $$;

/* A later grant to the same practitioner takes the place of the earlier one. */
CREATE OR REPLACE FUNCTION grant_access(viewer text, patient_id bigint, practitioner_id bigint, until timestamptz, idempotency_key text DEFAULT NULL, payload_digest text DEFAULT NULL)
RETURNS SETOF access_rule LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    subject bigint := patient_id;
    grantee bigint := practitioner_id;
    decider text := split_part(viewer, '/', 2);
    made access_rule;
BEGIN
    RETURN QUERY SELECT * FROM rule_again(viewer, subject, idempotency_key, payload_digest);
    IF FOUND THEN
        RETURN;
    END IF;
    IF until IS NULL OR until <= clock_timestamp() OR until > clock_timestamp() + INTERVAL '366 days' THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE = 'Access is granted until a time within the next 366 days.';
    ELSIF NOT EXISTS (SELECT FROM practitioner m WHERE m.id = grantee AND m.active) THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ002', MESSAGE = 'There is no such practitioner at work.';
    END IF;
    UPDATE access_rule r SET revoked_at = clock_timestamp(), revoked_by = decider
     WHERE r.patient_id = subject AND r.kind = 'grant' AND r.practitioner_id = grantee AND r.revoked_at IS NULL;
    IF (SELECT count(*) FROM access_rule r WHERE r.patient_id = subject AND r.revoked_at IS NULL) >= 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ004', MESSAGE = 'A passport has at most 1000 rules in force; revoke one first.';
    END IF;
    /* What a guardian grants ends when the child decides himself; that it ends with the guardianship too, grant_stands() sees. */
    INSERT INTO access_rule AS r (patient_id, kind, practitioner_id, valid_to, made_by)
    SELECT subject, 'grant', grantee,
           CASE WHEN p.iin = decider THEN until ELSE least(until, (p.birth_date + INTERVAL '16 years') AT TIME ZONE INTERVAL '5 hours') END, decider
      FROM patient p WHERE p.id = subject RETURNING r.* INTO made;
    RETURN QUERY SELECT * FROM rule_done(viewer, 'grant_access', idempotency_key, made);
END $$;
