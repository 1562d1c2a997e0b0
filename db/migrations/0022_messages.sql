/*
 * Messages out: what they say in three languages, to whom else than the patient they may go, and what only who sends them needs.
 * What a patient is told of emergency access was kept in a table of its own until here.
 */

/* To a doctor about the patient, where it is set; else to the patient. */
ALTER TABLE private.outbox ADD COLUMN practitioner_id bigint REFERENCES practitioner (id);
ALTER TABLE private.outbox ADD CHECK (practitioner_id IS NULL OR channel = 'app');
COMMENT ON COLUMN private.outbox.tries IS 'how often it was handed out to be sent';
COMMENT ON COLUMN private.outbox.error IS 'why it was not taken, last; never what it says';
CREATE INDEX outbox_patient ON private.outbox (patient_id, made_at DESC, id DESC) WHERE practitioner_id IS NULL;
CREATE INDEX outbox_sent ON private.outbox (sent_at) WHERE state = 'sent';
CREATE INDEX outbox_dead ON private.outbox (made_at) WHERE state = 'dead';

/*
 * What a message of a kind says; `{name}` stands for a value of its payload. Short enough for one SMS in Kazakh letters (70) or two. It says
 * that something is there and where to read it, never what: whoever holds the telephone may be somebody else.
 */
CREATE TABLE message_template (
    kind text COLLATE "C" PRIMARY KEY CHECK (kind ~ '^[a-z][a-z_]*$'),
    text_kk text NOT NULL CHECK (length(text_kk) BETWEEN 1 AND 140),
    text_ru text NOT NULL CHECK (length(text_ru) BETWEEN 1 AND 140),
    text_en text NOT NULL CHECK (length(text_en) BETWEEN 1 AND 140)
);
INSERT INTO message_template (kind, text_kk, text_ru, text_en) VALUES
    ('drug_prescribed', 'Сізге рецепт жазылды. Толығырақ: eGov, Медициналық жазбалар.', 'Вам выписан рецепт. Подробнее: eGov, Медицинские записи.', 'A prescription was written for you. See eGov, medical records.'),
    ('free_drug_prescribed', 'Сізге тегін дәрі жазылды. Толығырақ: eGov, Медициналық жазбалар.', 'Вам выписано бесплатное лекарство. Подробнее: eGov, Медицинские записи.', 'A free medicine was prescribed for you. See eGov, medical records.'),
    ('drug_dispensed', 'Рецептіңіз бойынша дәрі берілді. Алмасаңыз, eGov-та хабарлаңыз.', 'По Вашему рецепту выдано лекарство. Если не Вам, сообщите в eGov.', 'A medicine was given out on your prescription. If not to you, say so on eGov.'),
    ('confirm_receipt', 'Дәріні алғаныңызды eGov-та растаңыз.', 'Подтвердите получение лекарства в eGov.', 'Please confirm on eGov that you received the medicine.'),
    ('appointment_booked', 'Дәрігерге {startsAt} жазылдыңыз.', 'Вы записаны к врачу на {startsAt}.', 'You have an appointment at {startsAt}.'),
    ('appointment_cancelled', '{startsAt} уақыттағы қабылдау болмайды.', 'Приём {startsAt} отменён.', 'The appointment at {startsAt} is cancelled.'),
    ('clinic_changed', 'Сіз басқа емханаға тіркелдіңіз. Өтінбесеңіз, 1414-ке хабарласыңыз.', 'Вы прикреплены к другой поликлинике. Если не просили, звоните 1414.', 'You are registered with another clinic. If you did not ask for it, call 1414.'),
    ('allergy_to_prescribed', 'Жазылған дәріңіз сізге жақпауы мүмкін. Дәрігерге хабарласыңыз.', 'Выписанное лекарство может Вам не подойти. Свяжитесь с врачом.', 'A medicine of yours may not suit you. Please call your doctor.'),
    ('result_critical', 'Талдау нәтижесі дайын. Дәрігерге шұғыл хабарласыңыз.', 'Готов результат анализа. Срочно свяжитесь с врачом.', 'A result is there. Please call your doctor at once.'),
    ('visit_recorded', 'Қабылдауыңыз тіркелді. Болмасаңыз, eGov-та хабарлаңыз.', 'Записан Ваш приём у врача. Если Вас там не было, сообщите в eGov.', 'A visit of yours was recorded. If you were not there, say so on eGov.'),
    ('confirm_visit', 'Қабылдауды растау коды: {code}', 'Код подтверждения приёма: {code}', 'The code that confirms your visit: {code}'),
    ('due_this_month', 'Осы айда сізге тексеру немесе екпе жоспарланған: eGov.', 'В этом месяце у Вас осмотр или прививка: см. eGov.', 'A check-up or vaccination of yours is due this month: see eGov.'),
    ('emergency_access', 'Дәрігер шұғыл жағдайда төлқұжатыңызды ашты. Толығырақ: eGov.', 'Врач экстренно открыл Ваш паспорт здоровья. Подробнее: eGov.', 'A doctor opened your health passport in an emergency. See eGov.'),
    ('diary_alert', 'Пациенттің күнделігінде шектен тыс мән бар: төлқұжатты ашыңыз.', 'В дневнике пациента значение вне пределов: откройте паспорт.', 'A value in a patient''s diary is out of bounds: open the passport.'),
    ('hospital_referral', 'Ауруханаға жолдамаңыз жайлы жаңалық бар: eGov.', 'Есть новости о Вашем направлении в больницу: см. eGov.', 'There is news of your referral to hospital: see eGov.'),
    ('dispute_answered', 'Өтінішіңізге жауап берілді: eGov.', 'На Ваше обращение дан ответ: см. eGov.', 'Your report was answered: see eGov.'),
    ('certificate_issued', 'Анықтамаңыз дайын: eGov.', 'Ваша справка готова: см. eGov.', 'Your certificate is ready: see eGov.');

/* What a patient reads of them. */
CREATE TYPE notice AS (patient_id bigint, kind text, channel text, made_at timestamptz, sent_at timestamptz, state text, payload jsonb);

INSERT INTO private.outbox (patient_id, made_at, sent_at, kind, channel, state, key)
SELECT n.patient_id, n.made_at, n.sent_at, n.kind, 'app', CASE WHEN n.sent_at IS NULL THEN 'waiting' ELSE 'sent' END,
       concat_ws('/', n.kind, n.patient_id, 'emergency_grant:' || n.emergency_grant_id, 'app')
  FROM notification n
    ON CONFLICT (key) DO NOTHING;
DROP TABLE notification;
COMMENT ON COLUMN emergency_grant.told_at IS 'when the first message to the patient left; null while it waits in private.outbox';
