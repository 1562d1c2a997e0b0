/*
 * What a document says in its own words, in Kazakh, Russian or English: titles of sections, headings of columns, sentences. What is not
 * named here is a mistake of the caller's, so it fails.
 */
CREATE OR REPLACE FUNCTION document_word(name text, lang text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text[] := CASE name
        WHEN 'title' THEN ARRAY['Пациенттің халықаралық қысқаша мәліметтері', 'Международная сводка о пациенте', 'International Patient Summary']
        WHEN 'problems' THEN ARRAY['Денсаулық мәселелері', 'Проблемы со здоровьем', 'Problems']
        WHEN 'allergies' THEN ARRAY['Аллергиялар мен көтере алмаушылық', 'Аллергии и непереносимость', 'Allergies and intolerances']
        WHEN 'medications' THEN ARRAY['Дәрілер', 'Лекарства', 'Medication summary']
        WHEN 'immunizations' THEN ARRAY['Екпелер', 'Прививки', 'Immunizations']
        WHEN 'results' THEN ARRAY['Зерттеу нәтижелері', 'Результаты исследований', 'Results']
        WHEN 'procedures' THEN ARRAY['Емшаралар', 'Процедуры', 'History of procedures']
        WHEN 'devices' THEN ARRAY['Медициналық бұйымдар', 'Медицинские изделия', 'Medical devices']
        WHEN 'past' THEN ARRAY['Бұрынғы аурулар', 'Перенесённые заболевания', 'Past problems']
        WHEN 'pregnancy' THEN ARRAY['Жүктілік', 'Беременность', 'Pregnancy']
        WHEN 'plan' THEN ARRAY['Бақылау жоспары', 'План наблюдения', 'Plan of care']
        WHEN 'social' THEN ARRAY['Өмір салты', 'Образ жизни', 'Social history']
        WHEN 'vitals' THEN ARRAY['Өмірлік көрсеткіштер', 'Жизненные показатели', 'Vital signs']
        WHEN 'stays' THEN ARRAY['Ауруханада емделу', 'Госпитализации', 'Hospital stays']
        WHEN 'none' THEN ARRAY['Мәлімет жоқ.', 'Сведений нет.', 'No information is available.']
        WHEN 'withheld' THEN ARRAY['Бұл бөлімнің мәліметтері берілмейді.', 'Сведения этого раздела не предоставляются.', 'The information of this section is not provided.']
        WHEN 'disputed' THEN ARRAY['Пациент бұл жазбамен келіспейді.', 'Пациент оспаривает эту запись.', 'The patient disputes this entry.']
        WHEN 'observed' THEN ARRAY['Диспансерлік бақылау', 'Диспансерное наблюдение', 'Dispensary observation']
        WHEN 'next visit' THEN ARRAY['Келесі қаралу', 'Следующий осмотр', 'Next visit']
        WHEN 'blood group' THEN ARRAY['Қан тобы', 'Группа крови', 'Blood group']
        WHEN 'not recorded' THEN ARRAY['жазылмаған', 'не указано', 'not recorded']
        WHEN 'code' THEN ARRAY['Код', 'Код', 'Code']
        WHEN 'name' THEN ARRAY['Атауы', 'Название', 'Name']
        WHEN 'since' THEN ARRAY['Басталуы', 'Начало', 'Since']
        WHEN 'until' THEN ARRAY['Аяқталуы', 'Окончание', 'Until']
        WHEN 'substance' THEN ARRAY['Зат', 'Вещество', 'Substance']
        WHEN 'criticality' THEN ARRAY['Қауіптілігі', 'Опасность', 'Criticality']
        WHEN 'reaction' THEN ARRAY['Реакция', 'Реакция', 'Reaction']
        WHEN 'dose' THEN ARRAY['Мөлшері', 'Доза', 'Dose']
        WHEN 'date' THEN ARRAY['Күні', 'Дата', 'Date']
        WHEN 'dose number' THEN ARRAY['Доза нөмірі', 'Номер дозы', 'Dose number']
        WHEN 'place' THEN ARRAY['Ұйым', 'Организация', 'Organisation']
        WHEN 'value' THEN ARRAY['Мәні', 'Значение', 'Value']
        WHEN 'pregnant' THEN ARRAY['Жүкті', 'Беременна', 'Pregnant']
        WHEN 'due on' THEN ARRAY['Босану мерзімі', 'Срок родов', 'Due on']
        WHEN 'weight' THEN ARRAY['Салмағы', 'Масса тела', 'Body weight']
        WHEN 'height' THEN ARRAY['Бойы', 'Рост', 'Body height']
        WHEN 'bmi' THEN ARRAY['Дене салмағының индексі', 'Индекс массы тела', 'Body mass index']
        WHEN 'head_circumference' THEN ARRAY['Бас айналымы', 'Окружность головы', 'Head circumference']
        WHEN 'waist' THEN ARRAY['Бел айналымы', 'Окружность талии', 'Waist circumference']
        WHEN 'blood_pressure' THEN ARRAY['Қан қысымы', 'Артериальное давление', 'Blood pressure']
        WHEN 'pulse' THEN ARRAY['Тамыр соғуы', 'Пульс', 'Heart rate']
        WHEN 'respiratory_rate' THEN ARRAY['Тыныс алу жиілігі', 'Частота дыхания', 'Respiratory rate']
        WHEN 'temperature' THEN ARRAY['Дене қызуы', 'Температура тела', 'Body temperature']
        WHEN 'glucose' THEN ARRAY['Глюкоза', 'Глюкоза', 'Glucose']
        WHEN 'oxygen_saturation' THEN ARRAY['Қанның оттегімен қанығуы', 'Насыщение крови кислородом', 'Oxygen saturation']
        WHEN 'peak_flow' THEN ARRAY['Дем шығарудың ең жоғары жылдамдығы', 'Пиковая скорость выдоха', 'Peak expiratory flow']
        WHEN 'smoking' THEN ARRAY['Темекі шегу', 'Курение', 'Tobacco smoking']
        WHEN 'alcohol' THEN ARRAY['Алкоголь', 'Алкоголь', 'Alcohol']
        WHEN 'level none' THEN ARRAY['жоқ', 'нет', 'none']
        WHEN 'level former' THEN ARRAY['бұрын', 'в прошлом', 'former']
        WHEN 'level low' THEN ARRAY['аз', 'мало', 'low']
        WHEN 'level moderate' THEN ARRAY['орташа', 'умеренно', 'moderate']
        WHEN 'level high' THEN ARRAY['көп', 'много', 'high']
        WHEN 'level unknown' THEN ARRAY['белгісіз', 'неизвестно', 'unknown']
        WHEN 'high' THEN ARRAY['жоғары', 'высокая', 'high']
        WHEN 'low' THEN ARRAY['төмен', 'низкая', 'low']
        WHEN 'unable_to_assess' THEN ARRAY['белгісіз', 'не определена', 'unable to assess'] END;
BEGIN
    IF words IS NULL THEN
        RAISE EXCEPTION 'documents have no word for %', name;
    END IF;
    RETURN words[CASE lang WHEN 'kk' THEN 1 WHEN 'ru' THEN 2 ELSE 3 END];
END $$;
