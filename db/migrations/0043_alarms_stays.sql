/* ---- Alarms ---- */

/* An alarm about a measurement knows of which it tells, so that it is called off when none of them endangers life any more (0039 has the same for results). */
ALTER TABLE private.outbox ADD measurements bigint[] CHECK (cardinality(measurements) > 0), ADD called_off_at timestamptz, ADD CHECK (called_off_at IS NULL OR measurements IS NOT NULL);
COMMENT ON COLUMN private.outbox.measurements IS 'rows of observation that it says endanger life: when none does any more it is not sent, and who was told is told so; null: it is about something else';
COMMENT ON COLUMN private.outbox.called_off_at IS 'when none of its measurements endangered life any more: what does so after that is told of anew; null: the alarm stands';
CREATE INDEX outbox_measurements ON private.outbox (patient_id) WHERE measurements IS NOT NULL AND called_off_at IS NULL;

/* Alarms of before: one of them, or all that were dangerous of its kind and day. */
UPDATE private.outbox o SET measurements = x.ids
  FROM (SELECT a.id, array_agg(m.id ORDER BY m.id) AS ids
          FROM (SELECT o.id, o.patient_id, regexp_match(o.key, '/observation:(?:([0-9]+)|([a-z_]+):([0-9-]{10}))/') AS about
                  FROM private.outbox o WHERE o.kind IN ('measurement_critical', 'patient_critical') AND o.key ~ '/observation:') a
          JOIN observation m ON m.patient_id = a.patient_id AND m.flag IS NOT NULL
           AND (m.id = a.about[1]::bigint OR m.kind = a.about[2] AND (m.observed_at AT TIME ZONE INTERVAL '5 hours')::date = a.about[3]::date)
         GROUP BY a.id) x
 WHERE o.id = x.id;

/* It takes the measurements of which it tells. */
DROP FUNCTION IF EXISTS vital_tell(bigint, timestamptz, text, text, bigint);

INSERT INTO message_template (kind, text_kk, text_ru, text_en) VALUES
    ('measurement_corrected', 'Сізге қауіпті деп хабарланған өлшенген мән түзетілді. Толығырақ: eGov.', 'Измеренное значение, о котором Вам сообщали как об опасном, исправлено. Подробнее: eGov.',
     'A measured value that you were told endangers life was corrected. See eGov.'),
    ('patient_measurement_corrected', 'Пациенттің сізге қауіпті деп хабарланған көрсеткіші түзетілді: төлқұжатты ашыңыз.', 'Показатель пациента, о котором Вам сообщали как об опасном, исправлен: откройте паспорт.',
     'A measured value of a patient that you were told endangers life was corrected: open the passport.');

/* ---- Messages ---- */

/* It says how many ran out of tries. */
DROP FUNCTION IF EXISTS message_settle(bigint[], text[], bigint[], text[], double precision, integer);

/* ---- What never was ---- */

/* A stay or a pregnancy that its source took back is open on no day: one that goes on would stand in the way of the next. */
DROP INDEX hospitalization_one_open;
CREATE UNIQUE INDEX hospitalization_one_open ON hospitalization (patient_id) WHERE discharged_on IS NULL AND superseded_by IS NULL AND record_status <> 'entered_in_error';
DROP INDEX pregnancy_one;
CREATE UNIQUE INDEX pregnancy_one ON pregnancy (patient_id) WHERE status = 'ongoing' AND superseded_by IS NULL AND record_status <> 'entered_in_error';

/*
 * An implant that a procedure's next version has too is a version of the one before, so that what its owner said of that holds: that he disputes it, and from whom
 * it is hidden. Before, the one before was withdrawn, and the next was another.
 */
UPDATE implant o SET superseded_by = n.id,
       record_status = CASE WHEN EXISTS (SELECT FROM dispute d WHERE d.patient_id = o.patient_id AND d.item_table = 'implant' AND d.item_id = o.id AND d.answered_at IS NULL) THEN 'disputed' ELSE 'active' END
  FROM implant n
 WHERE n.patient_id = o.patient_id AND n.source_id = o.source_id AND o.superseded_by IS NULL AND o.record_status = 'entered_in_error'
   AND n.source_rec = regexp_replace(o.source_rec, '(/_history/[0-9]+)?#implant$', '') || '/_history/' || coalesce(substring(o.source_rec FROM '/_history/([0-9]+)#implant$')::bigint, 1) + 1 || '#implant';
WITH RECURSIVE said (patient_id, id) AS (
    SELECT d.patient_id, i.superseded_by FROM dispute d JOIN implant i ON i.patient_id = d.patient_id AND i.id = d.item_id WHERE d.item_table = 'implant' AND d.answered_at IS NULL
    UNION
    SELECT i.patient_id, i.superseded_by FROM said s JOIN implant i ON i.patient_id = s.patient_id AND i.id = s.id
)
UPDATE implant i SET record_status = 'disputed' FROM said s WHERE i.patient_id = s.patient_id AND i.id = s.id AND i.source_id <> 1 AND i.record_status = 'active';
