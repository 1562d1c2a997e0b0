/*
 * Who died asks for nothing any more: of everybody who asks it is looked up whether he has, so those who did have an index of their own.
 */
CREATE INDEX patient_dead ON patient (iin) WHERE deceased_on IS NOT NULL;

/* What a guardian granted ends when the child decides himself (grant_access). */
UPDATE access_rule r SET valid_to = (p.birth_date + INTERVAL '16 years') AT TIME ZONE INTERVAL '5 hours'
  FROM patient p
 WHERE p.id = r.patient_id AND r.kind = 'grant' AND r.made_by <> p.iin AND r.valid_to > (p.birth_date + INTERVAL '16 years') AT TIME ZONE INTERVAL '5 hours'
   AND r.valid_from < (p.birth_date + INTERVAL '16 years') AT TIME ZONE INTERVAL '5 hours';

/* Who asks for all: a token in one of these roles names one of these organisations. */
CREATE TABLE national_office (
    role text NOT NULL COLLATE "C" CHECK (role IN ('PAYER', 'CONTACT_CENTRE')),
    bin text NOT NULL COLLATE "C" CHECK (national_number_ok(bin)),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    name_kk text NOT NULL CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> ''),
    PRIMARY KEY (role, bin, valid_from)
);
COMMENT ON TABLE national_office IS 'the organisations for which somebody is a payer, or in the contact centre; without a row nobody is';

/* What a review has ended is not opened again at once by the same clinician; there is always another. */
CREATE TABLE emergency_rule (
    valid_from date PRIMARY KEY,
    valid_to date CHECK (valid_to > valid_from),
    wait interval NOT NULL CHECK (wait >= INTERVAL '0'),
    source text NOT NULL CHECK (source <> '')
);
COMMENT ON COLUMN emergency_rule.wait IS 'for how long after a review that found it unjustified a clinician opens no emergency access to the same passport';
INSERT INTO emergency_rule (valid_from, wait, source) VALUES ('2020-01-01', '24 hours', 'assumed');
