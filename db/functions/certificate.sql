/* Whether a certificate is valid today: in force, right as a record, not run out, not revoked. The day is Kazakhstan's, UTC+5. */
CREATE OR REPLACE FUNCTION certificate_valid(c certificate) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.superseded_by IS NULL AND c.record_status <> 'entered_in_error' AND (c.revoked_at IS NULL OR c.revoked_at > now())
       AND c.issued_on <= (now() AT TIME ZONE INTERVAL '5 hours')::date
       AND (c.valid_to IS NULL OR c.valid_to >= (now() AT TIME ZONE INTERVAL '5 hours')::date)
$$;

/* What a token tells anybody: valid or not, and the kind. The token is random and long; there is nothing to guess. */
CREATE OR REPLACE FUNCTION verify_certificate(viewer text, token text) RETURNS SETOF certificate_check
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(certificate_valid(c), false), c.type_code
      FROM (SELECT) one
      LEFT JOIN certificate c ON c.qr_token = token AND c.superseded_by IS NULL
$$;
