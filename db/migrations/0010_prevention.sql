/*
 * Prevention: the rules of the vaccination calendar and of screening, invitations, refusals and exemptions, a child's
 * milestones; and the figures of managers, which are about organisations and never about a person.
 */

/* ---- The rules. What an order may change is a row with validity dates. ---- */

/*
 * A slot of the vaccination calendar, or a kind of screening. A slot is for those who reach `from_months` while the rule is in force; a screening
 * for everybody who is of that age then. Until `to_months` (the month of life before it is the last) it can be caught up with.
 */
CREATE TABLE plan_rule (
    id bigint PRIMARY KEY CHECK (id > 0),
    valid_from date NOT NULL,
    valid_to date,
    from_months integer NOT NULL CHECK (from_months >= 0),
    from_days integer NOT NULL DEFAULT 0 CHECK (from_days >= 0),
    to_months integer NOT NULL CHECK (to_months > from_months),
    late_days integer NOT NULL CHECK (late_days > 0),
    every_months integer CHECK (every_months > 0),
    dose_number integer CHECK (dose_number > 0),
    after_months integer CHECK (after_months > 0),
    rural boolean NOT NULL DEFAULT false,
    consent boolean NOT NULL DEFAULT false,
    kind text NOT NULL CHECK (kind IN ('vaccination', 'screening')),
    code text NOT NULL COLLATE "C" CHECK (code ~ '^[a-z0-9_.]+$'),
    series text COLLATE "C" CHECK (series IN ('hepatitis_b', 'tuberculosis', 'diphtheria_tetanus_pertussis', 'pneumococcus', 'measles_mumps_rubella',
        'polio', 'hepatitis_a', 'papillomavirus')),
    sex text CHECK (sex IN ('female', 'male')),
    vaccines text[] NOT NULL DEFAULT '{}',
    under_care text[] NOT NULL DEFAULT '{}',
    at_risk text[] NOT NULL DEFAULT '{}',
    source text NOT NULL CHECK (source <> ''),
    name_kk text NOT NULL CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> ''),
    CHECK (valid_to > valid_from),
    CHECK (CASE kind WHEN 'vaccination' THEN num_nonnulls(series, coalesce(dose_number, every_months)) = 2 AND vaccines <> '{}'
                     ELSE num_nulls(series, dose_number) = 2 AND every_months IS NOT NULL AND vaccines = '{}' END),
    EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to, '[)') WITH &&)
);
COMMENT ON COLUMN plan_rule.from_months IS 'age at which it is due, with from_days on top';
COMMENT ON COLUMN plan_rule.late_days IS 'days after it became due from which it is overdue';
COMMENT ON COLUMN plan_rule.every_months IS 'due again so long after the last; null for a slot with a dose number';
COMMENT ON COLUMN plan_rule.after_months IS 'not sooner after the dose before';
COMMENT ON COLUMN plan_rule.vaccines IS 'vaccines that fill the slot, as records name them: of now and of earlier editions';
COMMENT ON COLUMN plan_rule.under_care IS 'ICD-10 categories (three characters): not due for who is registered for dispensary care of one';
COMMENT ON COLUMN plan_rule.at_risk IS 'ICD-10 categories: due only for who has such a diagnosis; {} for everybody';
COMMENT ON COLUMN plan_rule.rural IS 'only for people of rural clinics';

ALTER TABLE clinic ADD rural boolean NOT NULL DEFAULT false;

/* Decree 612 of 2020-09-24 and what the editions before it had; the first day is the one from which a vaccine was in the calendar. */
INSERT INTO plan_rule (id, kind, code, series, dose_number, from_months, from_days, to_months, late_days, every_months, sex, consent, valid_from, valid_to, vaccines, source, name_kk, name_ru, name_en)
SELECT v.id, 'vaccination', v.code, v.series, v.dose, v.from_months, v.from_days, v.to_months, v.late_days, v.every_months, v.sex, v.sex IS NOT NULL, v.valid_from::date, v.valid_to::date,
       string_to_array(v.vaccines, '|'), v.source, v.name_kk, v.name_ru, v.name_en
  FROM (VALUES
( 1, 'vaccine.hepatitis_b.1', 'hepatitis_b', 1, 0, 0, 216, 3, NULL::int, NULL::text, '2005-01-01', NULL::text, 'В гепатиті', 'Decree 612 of 2020-09-24',
     'В гепатитіне қарсы, 1-күн', 'Против гепатита B, 1-й день', 'Hepatitis B, day 1'),
( 2, 'vaccine.tuberculosis.1', 'tuberculosis', 1, 0, 1, 84, 7, NULL, NULL, '2005-01-01', NULL, 'БЦЖ', 'Decree 612 of 2020-09-24',
     'Туберкулезге қарсы (БЦЖ), 1–4-күн', 'Против туберкулёза (БЦЖ), 1–4-й день', 'Tuberculosis (BCG), days 1 to 4'),
( 3, 'vaccine.dtp.1', 'diphtheria_tetanus_pertussis', 1, 2, 0, 72, 31, NULL, NULL, '2010-01-01', NULL, 'АбКДС+Hib+ВГВ+ИПВ|АбКДС+Hib+ИПВ|АКДС|АбКДС', 'Decree 612 of 2020-09-24',
     'АбКДС + Hib + ВГВ + ИПВ, 2 ай', 'АбКДС + Hib + ВГВ + ИПВ, 2 месяца', 'DTaP-Hib-HepB-IPV, 2 months'),
( 4, 'vaccine.dtp.2', 'diphtheria_tetanus_pertussis', 2, 3, 0, 72, 31, NULL, NULL, '2010-01-01', NULL, 'АбКДС+Hib+ИПВ|АбКДС+Hib+ВГВ+ИПВ|АКДС|АбКДС', 'Decree 612 of 2020-09-24',
     'АбКДС + Hib + ИПВ, 3 ай', 'АбКДС + Hib + ИПВ, 3 месяца', 'DTaP-Hib-IPV, 3 months'),
( 5, 'vaccine.dtp.3', 'diphtheria_tetanus_pertussis', 3, 4, 0, 72, 31, NULL, NULL, '2010-01-01', NULL, 'АбКДС+Hib+ВГВ+ИПВ|АбКДС+Hib+ИПВ|АКДС|АбКДС', 'Decree 612 of 2020-09-24',
     'АбКДС + Hib + ВГВ + ИПВ, 4 ай', 'АбКДС + Hib + ВГВ + ИПВ, 4 месяца', 'DTaP-Hib-HepB-IPV, 4 months'),
( 6, 'vaccine.dtp.4', 'diphtheria_tetanus_pertussis', 4, 18, 0, 72, 92, NULL, NULL, '2010-01-01', NULL, 'АбКДС+Hib+ИПВ|АбКДС+Hib+ВГВ+ИПВ|АКДС|АбКДС', 'Decree 612 of 2020-09-24',
     'АбКДС + Hib + ИПВ, 18 ай', 'АбКДС + Hib + ИПВ, 18 месяцев', 'DTaP-Hib-IPV, 18 months'),
( 7, 'vaccine.dtp.5', 'diphtheria_tetanus_pertussis', 5, 72, 0, 84, 183, NULL, NULL, '2005-01-01', NULL, 'АбКДС|АКДС|АДС', 'Decree 612 of 2020-09-24',
     'АбКДС, 6 жас', 'АбКДС, 6 лет', 'DTaP, 6 years'),
( 8, 'vaccine.dtp.6', 'diphtheria_tetanus_pertussis', 6, 192, 0, 216, 183, NULL, NULL, '2005-01-01', NULL, 'АДС-М', 'Decree 612 of 2020-09-24',
     'Дифтерия мен сіреспеге қарсы (АДС-М), 16 жас', 'Против дифтерии и столбняка (АДС-М), 16 лет', 'Diphtheria and tetanus (Td), 16 years'),
( 9, 'vaccine.td', 'diphtheria_tetanus_pertussis', NULL, 312, 0, 1800, 365, 120, NULL, '2005-01-01', NULL, 'АДС-М', 'Decree 612 of 2020-09-24',
     'Дифтерия мен сіреспеге қарсы (АДС-М), әр 10 жыл сайын', 'Против дифтерии и столбняка (АДС-М), каждые 10 лет', 'Diphtheria and tetanus (Td), every 10 years'),
(10, 'vaccine.pneumococcus.1', 'pneumococcus', 1, 2, 0, 60, 31, NULL, NULL, '2011-01-01', NULL, 'Пневмококк', 'Decree 612 of 2020-09-24',
     'Пневмококк инфекциясына қарсы, 2 ай', 'Против пневмококковой инфекции, 2 месяца', 'Pneumococcus (PCV), 2 months'),
(11, 'vaccine.pneumococcus.2', 'pneumococcus', 2, 4, 0, 60, 31, NULL, NULL, '2011-01-01', NULL, 'Пневмококк', 'Decree 612 of 2020-09-24',
     'Пневмококк инфекциясына қарсы, 4 ай', 'Против пневмококковой инфекции, 4 месяца', 'Pneumococcus (PCV), 4 months'),
(12, 'vaccine.pneumococcus.3', 'pneumococcus', 3, 12, 0, 60, 122, NULL, NULL, '2011-01-01', NULL, 'Пневмококк', 'Decree 612 of 2020-09-24',
     'Пневмококк инфекциясына қарсы, 12–15 ай', 'Против пневмококковой инфекции, 12–15 месяцев', 'Pneumococcus (PCV), 12 to 15 months'),
(13, 'vaccine.mmr.1', 'measles_mumps_rubella', 1, 12, 0, 216, 122, NULL, NULL, '2005-01-01', NULL, 'ҚҚП', 'Decree 612 of 2020-09-24',
     'Қызылша, қызамық, паротитке қарсы, 12–15 ай', 'Против кори, краснухи и паротита, 12–15 месяцев', 'Measles, mumps, rubella (MMR), 12 to 15 months'),
(14, 'vaccine.mmr.2', 'measles_mumps_rubella', 2, 72, 0, 216, 183, NULL, NULL, '2005-01-01', NULL, 'ҚҚП', 'Decree 612 of 2020-09-24',
     'Қызылша, қызамық, паротитке қарсы, 6 жас', 'Против кори, краснухи и паротита, 6 лет', 'Measles, mumps, rubella (MMR), 6 years'),
(15, 'vaccine.polio.1', 'polio', 1, 12, 0, 216, 122, NULL, NULL, '2005-01-01', NULL, 'ОПВ', 'Decree 612 of 2020-09-24',
     'Полиомиелитке қарсы (ОПВ), 12–15 ай', 'Против полиомиелита (ОПВ), 12–15 месяцев', 'Polio (OPV), 12 to 15 months'),
(16, 'vaccine.hepatitis_a.1', 'hepatitis_a', 1, 24, 0, 216, 183, NULL, NULL, '2013-01-01', NULL, 'А гепатиті', 'Decree 612 of 2020-09-24',
     'А гепатитіне қарсы, 2 жас', 'Против гепатита A, 2 года', 'Hepatitis A, 2 years'),
(17, 'vaccine.hepatitis_a.2', 'hepatitis_a', 2, 30, 0, 216, 183, NULL, NULL, '2013-01-01', NULL, 'А гепатиті', 'Decree 612 of 2020-09-24',
     'А гепатитіне қарсы, 2 жас 6 ай', 'Против гепатита A, 2 года 6 месяцев', 'Hepatitis A, 2 years and 6 months'),
(18, 'vaccine.papillomavirus.1', 'papillomavirus', 1, 132, 0, 180, 365, NULL, 'female', '2024-09-01', NULL, 'АПВ (HPV)', 'Decree 612 of 2020-09-24, edition of September 2024',
     'Адам папилломасы вирусына қарсы, 11 жас', 'Против вируса папилломы человека, 11 лет', 'Human papillomavirus (HPV), 11 years'),
(19, 'vaccine.papillomavirus.2', 'papillomavirus', 2, 138, 0, 180, 365, NULL, 'female', '2024-09-01', NULL, 'АПВ (HPV)', 'Decree 612 of 2020-09-24, edition of September 2024',
     'Адам папилломасы вирусына қарсы, 6 айдан кейін', 'Против вируса папилломы человека, через 6 месяцев', 'Human papillomavirus (HPV), 6 months later'),
(20, 'vaccine.dtp.1', 'diphtheria_tetanus_pertussis', 1, 2, 0, 72, 31, NULL, NULL, '2005-01-01', '2010-01-01', 'АКДС', 'Calendar before 2010', 'АКДС, 2 ай', 'АКДС, 2 месяца', 'DTP, 2 months'),
(21, 'vaccine.dtp.2', 'diphtheria_tetanus_pertussis', 2, 3, 0, 72, 31, NULL, NULL, '2005-01-01', '2010-01-01', 'АКДС|АбКДС+Hib+ИПВ', 'Calendar before 2010', 'АКДС, 3 ай', 'АКДС, 3 месяца', 'DTP, 3 months'),
(22, 'vaccine.dtp.3', 'diphtheria_tetanus_pertussis', 3, 4, 0, 72, 31, NULL, NULL, '2005-01-01', '2010-01-01', 'АКДС|АбКДС+Hib+ВГВ+ИПВ', 'Calendar before 2010', 'АКДС, 4 ай', 'АКДС, 4 месяца', 'DTP, 4 months'),
(23, 'vaccine.dtp.4', 'diphtheria_tetanus_pertussis', 4, 18, 0, 72, 92, NULL, NULL, '2005-01-01', '2010-01-01', 'АКДС|АбКДС+Hib+ИПВ', 'Calendar before 2010', 'АКДС, 18 ай', 'АКДС, 18 месяцев', 'DTP, 18 months'),
(24, 'vaccine.tuberculosis.2', 'tuberculosis', 2, 72, 0, 84, 183, NULL, NULL, '2005-01-01', '2020-09-24', 'БЦЖ', 'Editions before Decree 612 of 2020-09-24',
     'Туберкулезге қарсы (БЦЖ), 6 жас', 'Против туберкулёза (БЦЖ), 6 лет', 'Tuberculosis (BCG), 6 years')
       ) v (id, code, series, dose, from_months, from_days, to_months, late_days, every_months, sex, valid_from, valid_to, vaccines, source, name_kk, name_ru, name_en);
UPDATE plan_rule SET after_months = 6 WHERE code IN ('vaccine.hepatitis_a.2', 'vaccine.papillomavirus.2');

/*
 * Order ҚР ДСМ-174/2020. Where its text could not be had, intervals are the ones that are reported, and the source says so: a row
 * with another valid_from is all that a correction needs.
 */
INSERT INTO plan_rule (id, kind, code, from_months, to_months, late_days, every_months, sex, rural, valid_from, under_care, at_risk, source, name_kk, name_ru, name_en)
SELECT v.id, 'screening', v.code, v.from_years * 12, (v.to_years + 1) * 12, 365, v.every, v.sex, v.rural, v.valid_from::date,
       coalesce(string_to_array(v.under_care, '|'), '{}'), coalesce(string_to_array(v.at_risk, '|'), '{}'), v.source, v.name_kk, v.name_ru, v.name_en
  FROM (VALUES
(101, 'screening.breast', 40, 70, 24, 'female', false, '2020-10-30', 'C50|D05', NULL::text, 'Order ҚР ДСМ-174/2020',
      'Сүт безі обыры: маммография', 'Рак молочной железы: маммография', 'Breast cancer: mammography'),
(102, 'screening.cervix', 30, 70, 48, 'female', false, '2020-10-30', 'C53|D06', NULL, 'Order ҚР ДСМ-174/2020',
      'Жатыр мойны обыры: Пап-тест', 'Рак шейки матки: Пап-тест', 'Cervical cancer: Pap test'),
(103, 'screening.colorectal', 50, 70, 24, NULL, false, '2020-10-30', 'C18|C19|C20', NULL, 'Order ҚР ДСМ-174/2020; interval as reported',
      'Колоректальды обыр: жасырын қанға талдау', 'Колоректальный рак: анализ на скрытую кровь', 'Colorectal cancer: test for occult blood'),
(104, 'screening.hypertension', 40, 70, 24, NULL, false, '2020-10-30', 'I10|I11|I12|I13|I15', NULL, 'Order ҚР ДСМ-174/2020; ages and interval as reported',
      'Артериялық гипертензия', 'Артериальная гипертензия', 'Arterial hypertension'),
(105, 'screening.ischaemic_heart', 40, 70, 24, NULL, false, '2020-10-30', 'I20|I21|I22|I23|I24|I25', NULL, 'Order ҚР ДСМ-174/2020; ages and interval as reported',
      'Жүректің ишемиялық ауруы', 'Ишемическая болезнь сердца', 'Ischaemic heart disease'),
(106, 'screening.diabetes', 40, 70, 24, NULL, false, '2020-10-30', 'E10|E11|E12|E13|E14', NULL, 'Order ҚР ДСМ-174/2020; ages and interval as reported',
      'Қант диабеті', 'Сахарный диабет', 'Diabetes mellitus'),
(107, 'screening.glaucoma', 40, 70, 24, NULL, false, '2020-10-30', 'H40', NULL, 'Order ҚР ДСМ-174/2020; ages and interval as reported',
      'Глаукома', 'Глаукома', 'Glaucoma'),
(108, 'screening.hepatitis', 18, 100, 12, NULL, false, '2020-10-30', 'B18|B16|B17', 'B20|B24|D66|D67|N18|Z94', 'Order ҚР ДСМ-174/2020; risk groups and interval as configured here',
      'В және С гепатиттері: тәуекел топтары', 'Гепатиты B и C: группы риска', 'Hepatitis B and C: risk groups'),
(109, 'screening.stroke', 40, 100, 12, NULL, false, '2023-01-01', 'I60|I61|I63|I64|I69', 'I10|I11|I48|E11', 'Order ҚР ДСМ-174/2020, amended; risk groups and interval as configured here',
      'Инсульт қаупі', 'Риск инсульта', 'Risk of stroke'),
(110, 'screening.rural_young', 18, 29, 24, NULL, true, '2025-08-01', 'I10|I11|E10|E11', NULL, 'Order ҚР ДСМ-174/2020, amended in August 2025; interval as configured here',
      'Ауыл жастарын тексеру (18–29 жас)', 'Осмотр сельской молодёжи (18–29 лет)', 'Check-up of rural young people (18 to 29 years)')
       ) v (id, code, from_years, to_years, every, sex, rural, valid_from, under_care, at_risk, source, name_kk, name_ru, name_en);

/* ---- A person's records. ---- */

/* An invitation to a screening and what came of it. The last that was done is from where the next is counted. */
CREATE TABLE screening_task (
    patient_id bigint NOT NULL REFERENCES patient (id),
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    rule_id bigint NOT NULL REFERENCES plan_rule (id),
    clinic_id bigint REFERENCES clinic (id),
    recorded_by bigint REFERENCES practitioner (id),
    superseded_by bigint,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    invited_on date NOT NULL,
    done_on date CHECK (done_on >= invited_on),
    source_id smallint NOT NULL DEFAULT 1 REFERENCES source_system (id),
    version smallint NOT NULL DEFAULT 1 CHECK (version > 0),
    sens smallint NOT NULL DEFAULT 0 CHECK (sens BETWEEN 0 AND 3),
    record_status text NOT NULL DEFAULT 'active' CHECK (record_status IN ('active', 'entered_in_error', 'disputed')),
    channel text NOT NULL CHECK (channel IN ('sms', 'phone', 'app', 'letter', 'in_person')),
    status text NOT NULL DEFAULT 'invited' CHECK (status IN ('invited', 'done', 'declined', 'missed')),
    outcome text CHECK (outcome IN ('normal', 'follow_up')),
    conclusion text CHECK (conclusion <> ''),
    source_rec text COLLATE "C",
    PRIMARY KEY (patient_id, id),
    UNIQUE (source_id, source_rec),
    CHECK (superseded_by <> id),
    CHECK ((status = 'done') = (done_on IS NOT NULL)),
    CHECK (outcome IS NULL OR status = 'done'),
    FOREIGN KEY (patient_id, superseded_by) REFERENCES screening_task (patient_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX screening_task_list ON screening_task (patient_id, invited_on DESC, id DESC)
    INCLUDE (rule_id, status, channel, done_on, outcome, conclusion, clinic_id) WHERE superseded_by IS NULL;

/* That a series of vaccines is refused, or must not be given for a time. The plan then does not ask for it. */
CREATE TABLE vaccine_exception (
    patient_id bigint NOT NULL REFERENCES patient (id),
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    clinic_id bigint REFERENCES clinic (id),
    recorded_by bigint REFERENCES practitioner (id),
    superseded_by bigint,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    decided_on date NOT NULL,
    valid_to date CHECK (valid_to > decided_on),
    source_id smallint NOT NULL DEFAULT 1 REFERENCES source_system (id),
    version smallint NOT NULL DEFAULT 1 CHECK (version > 0),
    sens smallint NOT NULL DEFAULT 0 CHECK (sens BETWEEN 0 AND 3),
    record_status text NOT NULL DEFAULT 'active' CHECK (record_status IN ('active', 'entered_in_error', 'disputed')),
    kind text NOT NULL CHECK (kind IN ('refusal', 'exemption')),
    series text NOT NULL COLLATE "C" CHECK (series IN ('hepatitis_b', 'tuberculosis', 'diphtheria_tetanus_pertussis', 'pneumococcus', 'measles_mumps_rubella',
        'polio', 'hepatitis_a', 'papillomavirus')),
    reason text NOT NULL CHECK (reason <> '' AND length(reason) <= 1000),
    source_rec text COLLATE "C",
    PRIMARY KEY (patient_id, id),
    UNIQUE (source_id, source_rec),
    CHECK (superseded_by <> id),
    FOREIGN KEY (patient_id, superseded_by) REFERENCES vaccine_exception (patient_id, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON COLUMN vaccine_exception.valid_to IS 'the first day on which it does not hold any more; null: for good, or until it is taken back';
CREATE INDEX vaccine_exception_list ON vaccine_exception (patient_id, decided_on DESC, id DESC)
    INCLUDE (kind, series, reason, valid_to, clinic_id) WHERE superseded_by IS NULL;

/* What a child of that age can do (form 052-2/у). */
CREATE TABLE milestone (
    id bigint PRIMARY KEY CHECK (id > 0),
    from_months integer NOT NULL CHECK (from_months >= 0),
    to_months integer NOT NULL CHECK (to_months > from_months),
    code text NOT NULL COLLATE "C" UNIQUE CHECK (code ~ '^[a-z_]+$'),
    domain text NOT NULL CHECK (domain IN ('movement', 'speech', 'social', 'cognition')),
    name_kk text NOT NULL CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> '')
);
COMMENT ON COLUMN milestone.to_months IS 'age by which nearly all children have reached it; later is for a doctor to look at';
INSERT INTO milestone (id, code, domain, from_months, to_months, name_kk, name_ru, name_en) VALUES
( 1, 'social_smile', 'social', 1, 3, 'Жауап ретінде күлімсірейді', 'Улыбается в ответ', 'Smiles back'),
( 2, 'holds_head', 'movement', 2, 4, 'Басын ұстайды', 'Держит голову', 'Holds the head'),
( 3, 'rolls_over', 'movement', 4, 7, 'Аударылады', 'Переворачивается', 'Rolls over'),
( 4, 'babbles', 'speech', 5, 10, 'Былдырлайды', 'Лепечет', 'Babbles'),
( 5, 'sits_alone', 'movement', 5, 9, 'Тіреусіз отырады', 'Сидит без опоры', 'Sits without support'),
( 6, 'stands_holding', 'movement', 7, 12, 'Тіреніп тұрады', 'Стоит с опорой', 'Stands with support'),
( 7, 'waves', 'social', 8, 13, 'Қош айтып қол бұлғайды', 'Машет рукой на прощание', 'Waves goodbye'),
( 8, 'first_words', 'speech', 10, 16, 'Алғашқы сөздерін айтады', 'Говорит первые слова', 'Says first words'),
( 9, 'walks_alone', 'movement', 9, 18, 'Өздігінен жүреді', 'Ходит самостоятельно', 'Walks alone'),
(10, 'points', 'cognition', 10, 18, 'Қалаған затын көрсетеді', 'Показывает, чего хочет', 'Points at what it wants'),
(11, 'two_words', 'speech', 18, 30, 'Екі сөзден сөйлем құрайды', 'Говорит фразами из двух слов', 'Puts two words together'),
(12, 'runs', 'movement', 14, 24, 'Жүгіреді', 'Бегает', 'Runs'),
(13, 'pretend_play', 'cognition', 18, 36, 'Рөлдік ойын ойнайды', 'Играет понарошку', 'Plays pretend'),
(14, 'sentences', 'speech', 30, 42, 'Сөйлемдермен сөйлейді', 'Говорит предложениями', 'Speaks in sentences'),
(15, 'dresses', 'social', 36, 60, 'Өздігінен киінеді', 'Одевается самостоятельно', 'Dresses without help'),
(16, 'counts_to_ten', 'cognition', 48, 72, 'Онға дейін санайды', 'Считает до десяти', 'Counts to ten');

CREATE TABLE milestone_check (
    patient_id bigint NOT NULL REFERENCES patient (id),
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    milestone_id bigint NOT NULL REFERENCES milestone (id),
    recorded_by bigint REFERENCES practitioner (id),
    superseded_by bigint,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    checked_on date NOT NULL,
    source_id smallint NOT NULL DEFAULT 1 REFERENCES source_system (id),
    version smallint NOT NULL DEFAULT 1 CHECK (version > 0),
    sens smallint NOT NULL DEFAULT 0 CHECK (sens BETWEEN 0 AND 3),
    record_status text NOT NULL DEFAULT 'active' CHECK (record_status IN ('active', 'entered_in_error', 'disputed')),
    result text NOT NULL CHECK (result IN ('reached', 'partly', 'not_yet')),
    note text CHECK (note <> '' AND length(note) <= 1000),
    source_rec text COLLATE "C",
    PRIMARY KEY (patient_id, id),
    UNIQUE (source_id, source_rec),
    CHECK (superseded_by <> id),
    FOREIGN KEY (patient_id, superseded_by) REFERENCES milestone_check (patient_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX milestone_check_list ON milestone_check (patient_id, checked_on DESC, id DESC)
    INCLUDE (milestone_id, result, note) WHERE superseded_by IS NULL;

/* For lists of a district. */
CREATE INDEX attachment_district ON attachment (clinic_id, district_doctor_id, patient_id) WHERE detached_on IS NULL AND superseded_by IS NULL;

/* What functions return: a slot of somebody's calendar, and something that is due. */
CREATE TYPE calendar_slot AS (
    patient_id bigint, rule_id bigint, due_on date, state text, immunization_id bigint, exception_id bigint
);
CREATE TYPE due_item AS (
    patient_id bigint, kind text, due_on date, overdue boolean, rule_id bigint, registration_id bigint, invitation_id bigint
);

/* What can be hidden, beside what could before. */
DO $$
BEGIN
    EXECUTE (SELECT 'ALTER TABLE access_rule DROP CONSTRAINT access_rule_item_table_check, ADD CONSTRAINT access_rule_item_table_check '
                    || replace(pg_get_constraintdef(oid), 'ARRAY[', 'ARRAY[''screening_task'', ''vaccine_exception'', ''milestone_check'', ')
               FROM pg_constraint WHERE conrelid = 'access_rule'::regclass AND conname = 'access_rule_item_table_check');
END $$;

/* ---- Figures. Cells that batches fill by clinic and month; who reads them gets those of ten people or more (figures()). ---- */

/* The ministry and the health departments of regions: a manager who asks for one sees its country or region. */
CREATE TABLE health_authority (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    region_id bigint REFERENCES region (id),
    bin text NOT NULL UNIQUE COLLATE "C" CHECK (national_number_ok(bin)),
    name_kk text NOT NULL CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> '')
);
COMMENT ON COLUMN health_authority.region_id IS 'null: the ministry, for the whole country';

/* Who should have a passport; region_id null: the country. */
CREATE TABLE base_population (
    region_id bigint REFERENCES region (id),
    counted_on date NOT NULL,
    people bigint NOT NULL CHECK (people > 0),
    source text NOT NULL CHECK (source <> ''),
    UNIQUE NULLS NOT DISTINCT (region_id, counted_on)
);
INSERT INTO base_population (region_id, counted_on, people, source) VALUES (NULL, '2025-01-01', 18716355, 'Implied by the beta''s 17,722,517 passports at 94.69 %');

/*
 * One number in a month: of a clinic, of a region (clinic_id null) or of the country (both null). Each is counted by itself and
 * not summed, as somebody can be counted in two clinics.
 */
CREATE TABLE figure_cell (
    region_id bigint REFERENCES region (id),
    clinic_id bigint REFERENCES clinic (id),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    part bigint NOT NULL CHECK (part >= 0),
    whole bigint NOT NULL CHECK (whole >= 0),
    people bigint NOT NULL CHECK (people >= 0),
    part_people bigint CHECK (part_people BETWEEN 0 AND people),
    rest_people bigint CHECK (rest_people BETWEEN 0 AND people),
    measure text NOT NULL COLLATE "C" CHECK (measure IN ('passports', 'appointments_kept', 'appointment_wait', 'laboratory_resulted', 'laboratory_turnaround',
        'screening', 'vaccination', 'flagged_visits')),
    subject text NOT NULL DEFAULT '' COLLATE "C",
    UNIQUE NULLS NOT DISTINCT (month, measure, region_id, clinic_id, subject),
    CHECK (clinic_id IS NULL OR region_id IS NOT NULL)
);
COMMENT ON COLUMN figure_cell.subject IS 'which screening, series of vaccines or rule of flags; else empty';
COMMENT ON COLUMN figure_cell.part IS 'of wait and turnaround the sum of hours, else how many of the whole';
COMMENT ON COLUMN figure_cell.people IS 'distinct persons behind the whole';
COMMENT ON COLUMN figure_cell.part_people IS 'distinct persons behind the part; null where the part is no share of the whole';
COMMENT ON COLUMN figure_cell.rest_people IS 'distinct persons behind what is not in the part';

/* What figures() and capitation() return: numbers are null where they would tell of fewer than ten people, and `withheld` says so. */
CREATE TYPE figure AS (
    measure text, month date, region_id bigint, clinic_id bigint, subject text, rule_id bigint, part integer, whole integer, percent bigint, hours bigint, withheld text
);
CREATE TYPE capitation AS (
    month date, region_id bigint, clinic_id bigint, condition text, percent integer, people integer, paid_heads bigint, withheld text
);
COMMENT ON COLUMN figure.percent IS 'hundredths';
COMMENT ON COLUMN figure.hours IS 'hundredths: mean of wait or turnaround';
COMMENT ON COLUMN capitation.paid_heads IS 'hundredths: people times percent';

/* Payment per head. A rate holds from a day on; which one of two that fit is a row of its own, `both`. */
CREATE TABLE capitation_rate (
    condition text NOT NULL CHECK (condition IN ('full', 'uninsured', 'no_visit', 'both')),
    percent integer NOT NULL CHECK (percent BETWEEN 0 AND 100),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from),
    source text NOT NULL CHECK (source <> ''),
    EXCLUDE USING gist (condition WITH =, daterange(valid_from, valid_to, '[)') WITH &&)
);
COMMENT ON COLUMN capitation_rate.condition IS 'no_visit: none that was confirmed within 12 months; both: uninsured and no visit';
INSERT INTO capitation_rate (condition, percent, valid_from, valid_to, source) VALUES
('full', 100, '2018-01-01', NULL, 'КПН'),
('uninsured', 100, '2018-01-01', '2025-10-01', 'КПН'), ('no_visit', 100, '2018-01-01', '2025-10-01', 'КПН'), ('both', 100, '2018-01-01', '2025-10-01', 'КПН'),
('uninsured', 90, '2025-10-01', NULL, 'КПН, rule of 2025-10-01'),
('no_visit', 80, '2025-10-01', NULL, 'КПН, rule of 2025-10-01'),
('both', 80, '2025-10-01', NULL, 'The rule does not say; the lower single rate');

CREATE TABLE capitation_month (
    clinic_id bigint NOT NULL REFERENCES clinic (id),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    condition text NOT NULL CHECK (condition IN ('full', 'uninsured', 'no_visit', 'both')),
    percent integer NOT NULL CHECK (percent BETWEEN 0 AND 100),
    people bigint NOT NULL CHECK (people >= 0),
    PRIMARY KEY (clinic_id, month, condition)
);
CREATE INDEX capitation_month_of ON capitation_month (month, clinic_id);

/* A visit that may never have been, by which rule, and how likely (1 to 100). Of a person, so nobody reads it through the API; figures count it. */
CREATE TABLE private.visit_flag (
    patient_id bigint NOT NULL,
    encounter_id bigint NOT NULL,
    clinic_id bigint NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    flagged_at timestamptz NOT NULL DEFAULT now(),
    score smallint NOT NULL CHECK (score BETWEEN 1 AND 100),
    rule text NOT NULL COLLATE "C" CHECK (rule IN ('after_death', 'in_hospital', 'two_places', 'crowded_day', 'other_region', 'disputed')),
    PRIMARY KEY (patient_id, encounter_id, rule)
);
CREATE INDEX visit_flag_month ON private.visit_flag (month, clinic_id);

/* What the ministry reports of paper and film. */
CREATE TABLE paper_figure (
    id bigint PRIMARY KEY CHECK (id > 0),
    year integer NOT NULL CHECK (year BETWEEN 2000 AND 2100),
    saved bigint CHECK (saved >= 0),
    count_before integer CHECK (count_before >= 0),
    count_after integer CHECK (count_after >= 0),
    code text NOT NULL COLLATE "C" CHECK (code IN ('document_kinds', 'paper_saved', 'film_saved')),
    source text NOT NULL CHECK (source <> ''),
    name_kk text NOT NULL CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> ''),
    UNIQUE (code, year),
    CHECK (CASE code WHEN 'document_kinds' THEN num_nonnulls(count_before, count_after) = 2 AND saved IS NULL ELSE num_nulls(count_before, count_after) = 2 AND saved IS NOT NULL END)
);
COMMENT ON COLUMN paper_figure.saved IS 'tiyn';
INSERT INTO paper_figure (id, year, code, count_before, count_after, saved, source, name_kk, name_ru, name_en) VALUES
(1, 2018, 'document_kinds', 281, 154, NULL, 'Reported by the ministry; the year is that of its other figures', 'Медициналық құжат түрлері', 'Виды медицинских документов', 'Kinds of medical documents'),
(2, 2018, 'paper_saved', NULL, NULL, 31540000000, 'Reported by the ministry; the year is that of its other figures', 'Қағаздан үнемделгені', 'Экономия на бумаге', 'Saved on paper'),
(3, 2018, 'film_saved', NULL, NULL, 22470000000, 'Reported by the ministry; the year is that of its other figures', 'Пленкадан үнемделгені (флюорография, рентген, маммография)', 'Экономия на плёнке (флюорография, рентген, маммография)', 'Saved on film (fluorography, X-ray, mammography)');
