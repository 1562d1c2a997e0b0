/*
 * What leaves the server signed or sealed: a person's emergency card for a QR code, and links to images. Nothing of them is kept: functions
 * make them of the tables before (db/functions/emergency_qr.sql, db/functions/image_link.sql), and the server signs what they make.
 */
CREATE TYPE emergency_qr AS (
    patient_id bigint,
    issued_at timestamptz,
    expires_at timestamptz,
    incomplete text[],
    payload text
);
COMMENT ON TYPE emergency_qr IS 'an emergency card that is read without a network';
COMMENT ON COLUMN emergency_qr.incomplete IS 'the sections of which something is not on the card';
COMMENT ON COLUMN emergency_qr.payload IS 'JSON of at most 500 bytes, which the server signs';

CREATE TYPE image_link AS (
    patient_id bigint,
    media_type text,
    expires_at timestamptz,
    url text
);
COMMENT ON TYPE image_link IS 'a link to the image of a study, for whoever was given it';
COMMENT ON COLUMN image_link.url IS 'seconds since 1970 when it ends, media type, path in the store of images; the server seals it';

/* One entry that may go onto a card. */
CREATE TYPE card_item AS (
    section text,
    importance integer,
    coded text,
    worded text
);
COMMENT ON COLUMN card_item.importance IS 'the least goes first';
COMMENT ON COLUMN card_item.coded IS 'its code, where it has one, and "!" where it is grave; else its words, cut';
COMMENT ON COLUMN card_item.worded IS 'the same with words behind the code';
