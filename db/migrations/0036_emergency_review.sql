/*
 * Emergency access is reviewed: by a manager of the organisation for which it was opened, who names it by a number, as it is shown to
 * him without the person.
 */
CREATE SEQUENCE private.emergency_number;
ALTER TABLE emergency_grant
    ADD COLUMN number text COLLATE "C" NOT NULL DEFAULT 'G' || lpad(nextval('private.emergency_number')::text, 12, '0') CHECK (number <> '') UNIQUE,
    ADD COLUMN review_note text CHECK (length(review_note) BETWEEN 10 AND 1000);
COMMENT ON COLUMN emergency_grant.number IS 'by which the organisation names it in its review, which does not see whose passport it is';
COMMENT ON COLUMN emergency_grant.review_note IS 'why the review said so, for the person to read';

/* What a review sees (`looks` and `seen` are of the record of looks), and what comes of it. */
CREATE TYPE emergency_task AS (number text, practitioner_id bigint, reason_code text, reason text, opened_at timestamptz, ends_at timestamptz, looks integer, seen text);
CREATE TYPE emergency_reviewed AS (patient_id bigint, number text, review text, ends_at timestamptz);

INSERT INTO message_template (kind, text_kk, text_ru, text_en) VALUES
    ('emergency_reviewed', 'Төлқұжатыңызды шұғыл ашу тексерілді. Нәтижесі: eGov.', 'Экстренное открытие Вашего паспорта проверено. Итог: см. eGov.',
     'The emergency access to your passport was reviewed. Outcome: eGov.');
