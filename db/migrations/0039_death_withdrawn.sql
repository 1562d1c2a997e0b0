/*
 * What was said of somebody by mistake is called off: a death that a discharge stated, an alarm about a value that was corrected. And the mark of a dispute
 * outlives what a source corrects, whatever kind of entry it is.
 */

/* ---- A death that a discharge stated ---- */

ALTER TABLE hospitalization ADD death_stated_on date, ADD corrected_because text CHECK (length(corrected_because) BETWEEN 10 AND 1000),
    ADD CHECK (death_stated_on IS NULL OR outcome = 'died');
COMMENT ON COLUMN hospitalization.death_stated_on IS 'the day that patient.deceased_on has by this discharge; null: by none, or it was known before';
COMMENT ON COLUMN hospitalization.corrected_because IS 'why this version corrects the one before; null: it does not, or its source did not say';

/* Deaths of before: discharge() set the day on which it ran, unless one was known before. Whether others say the same is looked at when it is withdrawn. */
UPDATE hospitalization s SET death_stated_on = p.deceased_on
  FROM private.change_record c, patient p
 WHERE c.operation = 'discharge' AND c.item_table = 'hospitalization' AND s.patient_id = c.patient_id AND s.id = c.item_id AND s.outcome = 'died'
   AND p.id = s.patient_id AND p.deceased_on = s.discharged_on AND (c.at AT TIME ZONE INTERVAL '5 hours')::date = p.deceased_on;

ALTER TYPE outcome ADD ATTRIBUTE source_id smallint;

INSERT INTO message_template (kind, text_kk, text_ru, text_en) VALUES
    ('death_withdrawn', 'Ауруханадан шығару жазбасында сіз қате қайтыс болған деп көрсетілген еді. Бұл түзетілді, төлқұжатыңыз қайта ашылды. Толығырақ: eGov.',
     'В выписке из больницы по ошибке значилось, что Вы умерли. Это исправлено, Ваш паспорт снова открыт. Подробнее: eGov.',
     'A discharge from hospital said by mistake that you had died. That was corrected, and your passport is open to you again. See eGov.'),
    ('patient_death_withdrawn', 'Пациентіңіз қате қайтыс болған деп көрсетілген еді, бұл түзетілді: төлқұжатты ашыңыз.', 'О смерти Вашего пациента было сообщено по ошибке, это исправлено: откройте паспорт.',
     'The death of a patient of yours was stated by mistake and was withdrawn: open the passport.'),
    ('result_corrected', 'Сізге қауіпті деп хабарланған талдау нәтижесі түзетілді. Толығырақ: eGov.', 'Результат анализа, о котором Вам сообщали как об опасном, исправлен. Подробнее: eGov.',
     'A result that you were told endangers life was corrected. See eGov.'),
    ('patient_result_corrected', 'Пациенттің сізге қауіпті деп хабарланған нәтижесі түзетілді: төлқұжатты ашыңыз.', 'Результат пациента, о котором Вам сообщали как об опасном, исправлен: откройте паспорт.',
     'A result of a patient that you were told endangers life was corrected: open the passport.');

/* ---- Alarms ---- */

ALTER TABLE private.outbox ADD lab_results bigint[] CHECK (cardinality(lab_results) > 0);
COMMENT ON COLUMN private.outbox.lab_results IS 'rows of lab_result that it says endanger life: when none does any more it is not sent, and who was told is told so; null: it is about something else';
CREATE INDEX outbox_lab_results ON private.outbox (patient_id) WHERE lab_results IS NOT NULL;
UPDATE private.outbox o SET lab_results = ARRAY[substring(o.key FROM '/lab_result:([0-9]+)/')::bigint] WHERE o.kind IN ('result_critical', 'patient_critical') AND o.key ~ '/lab_result:[0-9]+/';

/* It takes all results of which it tells. */
DROP FUNCTION IF EXISTS lab_tell(bigint, bigint, bigint);

/* ---- Disputes ---- */

/*
 * What the owner disputes stays disputed in the version that corrects it, until that is answered: where he said that it never was, whoever corrects it; what a source sends
 * once more in any case, since it does not know of the dispute and may have changed something else. Who corrects an entry here sees the mark, so that one of its data is as it
 * is corrected. Whoever corrects names the new version in the old one first (docs/domain.md), so that it is found.
 */
CREATE FUNCTION entry_stays_disputed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    disputed boolean;
BEGIN
    IF EXISTS (SELECT FROM dispute d WHERE d.patient_id = NEW.patient_id AND d.item_table = TG_TABLE_NAME AND d.answered_at IS NULL) THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM dispute d WHERE d.patient_id = $1 AND d.item_table = $2 AND d.answered_at IS NULL AND ($4 OR dispute_of_every_version(d.reason))
                                          AND d.item_id IN (SELECT v.id FROM %I($1, $3) v))', TG_TABLE_NAME || '_versions')
           INTO disputed USING NEW.patient_id, TG_TABLE_NAME, NEW.id, NEW.source_id <> 1;
        IF disputed THEN
            NEW.record_status := 'disputed';
        END IF;
    END IF;
    RETURN NEW;
END $$;
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['attachment', 'condition', 'allergy', 'immunization', 'vaccine_exception', 'prescription', 'dispense', 'medication_statement',
                                'lab_result', 'observation', 'lifestyle', 'pregnancy', 'diagnostic_report', 'ai_finding', 'procedure_done', 'implant',
                                'dispensary_registration', 'hospital_referral', 'hospitalization', 'encounter', 'appointment', 'ambulance_call', 'certificate',
                                'insurance_status', 'care_plan', 'care_goal', 'care_task', 'diary_entry', 'screening_task', 'milestone_check', 'emergency_contact',
                                'guardianship'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON %I FOR EACH ROW WHEN (NEW.version > 1 AND NEW.record_status = ''active'') EXECUTE FUNCTION entry_stays_disputed()',
                       kind || '_stays_disputed', kind);
        /* What a source corrected before there was this. (On a new database nothing is disputed, and there is no such function yet.) */
        IF EXISTS (SELECT FROM dispute d WHERE d.item_table = kind AND d.answered_at IS NULL) THEN
            EXECUTE format('UPDATE %I t SET record_status = ''disputed'' FROM dispute d
                             WHERE d.item_table = %L AND d.answered_at IS NULL AND t.patient_id = d.patient_id AND t.version > 1 AND t.source_id <> 1 AND t.superseded_by IS NULL
                               AND t.record_status = ''active'' AND d.item_id IN (SELECT v.id FROM %I(t.patient_id, t.id) v)', kind, kind, kind || '_versions');
        END IF;
    END LOOP;
END $$;

/* Of a visit, that leaves what the patient confirmed: that it took place, where doctor, clinic and day of the correction are those that were. */
CREATE OR REPLACE FUNCTION encounter_corrects() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said record;
BEGIN
    IF NEW.confirmed_by = 'none' AND NOT NEW.under_way THEN
        SELECT o.confirmed_by, o.confirmed_at INTO said FROM encounter o
         WHERE o.patient_id = NEW.patient_id AND o.superseded_by = NEW.id AND o.record_status <> 'entered_in_error' AND o.confirmed_at >= NEW.started_at AND o.clinic_id = NEW.clinic_id
           AND o.practitioner_id IS NOT DISTINCT FROM NEW.practitioner_id AND (o.started_at AT TIME ZONE INTERVAL '5 hours')::date = (NEW.started_at AT TIME ZONE INTERVAL '5 hours')::date
         ORDER BY o.confirmed_at LIMIT 1;
        IF FOUND THEN
            NEW.confirmed_by := said.confirmed_by;
            NEW.confirmed_at := said.confirmed_at;
        END IF;
    END IF;
    RETURN NEW;
END $$;
