/* Who works at a health authority: a token names the authority, this says that the person has a post there. */
CREATE TABLE health_authority_post (
    authority_id bigint NOT NULL REFERENCES health_authority (id),
    iin text NOT NULL COLLATE "C" CHECK (national_number_ok(iin)),
    valid_from date NOT NULL,
    valid_to date,
    CHECK (valid_to > valid_from),
    PRIMARY KEY (authority_id, iin, valid_from)
);
COMMENT ON TABLE health_authority_post IS 'managers of a region''s health department or of the ministry, who see figures';

/* They have a parameter more; beside its former self a call would be ambiguous. */
DROP FUNCTION IF EXISTS attempts_bound(text, text, integer, text);
DROP FUNCTION IF EXISTS vaccination_calendar(bigint), due_items(bigint, date);
