/* What patients are told, in three languages: the words of a message, and the list of them that a patient reads. */

/* The text of a kind in a language; null: there is none. Times are those of Kazakhstan. */
CREATE OR REPLACE FUNCTION notice_words(message text, language text, payload jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said text;
    one record;
BEGIN
    SELECT CASE language WHEN 'ru' THEN t.text_ru WHEN 'en' THEN t.text_en ELSE t.text_kk END INTO said FROM message_template t WHERE t.kind = message;
    FOR one IN SELECT p.key, p.value FROM jsonb_each_text(payload) p LOOP
        said := replace(said, '{' || one.key || '}', CASE WHEN one.key LIKE '%At' THEN to_char(one.value::timestamptz AT TIME ZONE INTERVAL '5 hours', 'DD.MM.YYYY HH24:MI') ELSE one.value END);
    END LOOP;
    RETURN said;
END $$;

/* What a patient was told, newest first. */
CREATE OR REPLACE FUNCTION patient_notices(patient bigint) RETURNS SETOF notice
LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET search_path = public, pg_temp AS $$
    SELECT o.patient_id, o.kind, o.channel, o.made_at, o.sent_at, o.state, o.payload
      FROM private.outbox o WHERE o.patient_id = patient AND o.practitioner_id IS NULL
     ORDER BY o.made_at DESC, o.id DESC LIMIT 200
$$;

CREATE OR REPLACE FUNCTION notice_text_kk(n notice) RETURNS text LANGUAGE sql STABLE AS $$ SELECT notice_words(n.kind, 'kk', n.payload) $$;
CREATE OR REPLACE FUNCTION notice_text_ru(n notice) RETURNS text LANGUAGE sql STABLE AS $$ SELECT notice_words(n.kind, 'ru', n.payload) $$;
CREATE OR REPLACE FUNCTION notice_text_en(n notice) RETURNS text LANGUAGE sql STABLE AS $$ SELECT notice_words(n.kind, 'en', n.payload) $$;
