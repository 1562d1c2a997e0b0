/*
 * What the generator draws measurements from: who is sent for which test, how children grow, what studies find. In the
 * schema `population`. Salts from 20000 on are those of observations.sql.
 */

/* Roughly normal, mean 0, deviation 1, never beyond 3.5. */
CREATE FUNCTION population.bell(n bigint, salt bigint) RETURNS float8 IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(n, salt + :seed::bigint * 4294967296) & 1023) + (hashint8extended(n, salt + :seed::bigint * 4294967296) >> 10 & 1023)
        + (hashint8extended(n, salt + :seed::bigint * 4294967296) >> 20 & 1023) + (hashint8extended(n, salt + :seed::bigint * 4294967296) >> 30 & 1023) - 2046) / 590.0;

/* Which test, for whom, with how many decimals; a disease moves its value by so many half-widths of what is usual. */
CREATE TABLE population.examination (test_id int, whom text, share float8, digits int, moves float8);
INSERT INTO population.examination VALUES
(1, 'all', 1, 0, 0), (2, 'all', 1, 2, 0), (3, 'all', 1, 1, 0), (4, 'all', 0.9, 0, 0), (6, 'all', 0.8, 0, 0),
(9, 'adult', 0.9, 1, 0), (24, 'adult', 0.7, 1, 0), (14, 'adult', 0.5, 0, 0), (11, 'adult', 0.5, 0, 0),
(9, 'diabetes', 1, 1, 3.2), (10, 'diabetes', 1, 1, 2.8), (40, 'diabetes', 0.5, 1, 1.2),
(11, 'kidney', 1, 0, 3.5), (12, 'kidney', 1, 1, 2.2), (20, 'kidney', 0.8, 1, 0.9),
(31, 'thyroid', 1, 2, 1.4), (32, 'thyroid', 0.7, 1, -0.8),
(25, 'heart', 0.9, 1, 1.1), (27, 'heart', 0.8, 1, 0.7), (28, 'heart', 0.2, 2, 3), (37, 'heart', 0.2, 0, 3),
(14, 'liver', 1, 0, 1.6), (15, 'liver', 1, 0, 1.3), (16, 'liver', 0.8, 1, 0.6), (1, 'anaemia', 1, 0, -1.8), (23, 'anaemia', 0.8, 0, -1.1), (34, 'joint', 1, 1, 2);

/* Medians of a child's height (cm) and weight (kg) by month of life: girls, boys. */
CREATE TABLE population.growth (month int PRIMARY KEY, girl_cm float8, boy_cm float8, girl_kg float8, boy_kg float8, head float8);
INSERT INTO population.growth VALUES
(0, 49.1, 49.9, 3.2, 3.3, 34.2), (1, 53.7, 54.7, 4.2, 4.5, 36.9), (3, 59.8, 61.4, 5.8, 6.4, 40), (6, 65.7, 67.6, 7.3, 7.9, 42.8), (9, 70.1, 72, 8.2, 8.9, 44.4), (12, 74, 75.7, 8.9, 9.6, 45.5),
(18, 80.7, 82.3, 10.2, 10.9, 46.8), (24, 86.4, 87.8, 11.5, 12.2, 47.7), (36, 95.1, 96.1, 13.9, 14.3, 49), (48, 102.7, 103.3, 16.1, 16.3, NULL), (60, 109.4, 110, 18.2, 18.3, NULL),
(72, 115.1, 116, 20.2, 20.5, NULL), (84, 120.8, 121.7, 22.4, 22.9, NULL), (96, 126.6, 127.3, 25, 25.4, NULL), (108, 132.5, 132.6, 28.2, 28.1, NULL), (120, 138.6, 137.8, 31.9, 31.2, NULL),
(132, 145, 143.1, 36, 35, NULL), (144, 151.2, 149.1, 40.5, 39.3, NULL), (156, 156.4, 156, 44.8, 44.3, NULL), (168, 159.8, 163.2, 48.4, 49.9, NULL), (180, 161.7, 169, 51.1, 55.6, NULL),
(192, 162.5, 172.9, 52.9, 60.2, NULL), (204, 162.9, 175.2, 54, 63.5, NULL);

/* Studies by age and sex: how often in a year, and what stands under them. */
CREATE TABLE population.study (id int PRIMARY KEY, modality text, loinc text, share float8, from_age int, to_age int, sex int, whom text, name_kk text, name_ru text, site text, usual_kk text, usual_ru text, finding_kk text, finding_ru text);
INSERT INTO population.study VALUES
(1, 'fluorography', '36643-5', 0.55, 15, 110, NULL, NULL, 'Кеуде қуысының флюорографиясы', 'Флюорография органов грудной клетки', 'Кеуде қуысы', 'Өкпе өрістері таза', 'Лёгочные поля чистые', 'Оң жақ өкпенің жоғарғы бөлігінде ошақты көлеңке', 'Очаговая тень в верхней доле правого лёгкого'),
(2, 'mammography', '24606-6', 0.3, 40, 70, 0, NULL, 'Маммография', 'Маммография', 'Сүт бездері', 'Патология анықталмады, BI-RADS 1', 'Патологии не выявлено, BI-RADS 1', 'Сол жақта түйінді түзіліс, BI-RADS 4', 'Узловое образование слева, BI-RADS 4'),
(3, 'ecg', '11524-6', 0.6, 18, 110, NULL, 'heart', 'Электрокардиограмма', 'Электрокардиограмма', NULL, 'Синустық ырғақ', 'Синусовый ритм', 'Сол жақ қарыншаның гипертрофиясы', 'Гипертрофия левого желудочка'),
(4, 'ultrasound', '24558-9', 0.12, 1, 110, NULL, NULL, 'Іш қуысының ультрадыбыстық зерттеуі', 'Ультразвуковое исследование брюшной полости', 'Іш қуысы', 'Ерекшеліксіз', 'Без особенностей', 'Бауыр стеатозының белгілері', 'Признаки стеатоза печени'),
(5, 'xray', '30745-4', 0.06, 3, 110, NULL, NULL, 'Кеуде қуысының рентгенографиясы', 'Рентгенография органов грудной клетки', 'Кеуде қуысы', 'Ошақты және инфильтративті өзгерістер жоқ', 'Очаговых и инфильтративных изменений нет', 'Сол жақта төменгі бөлікте инфильтрация', 'Инфильтрация в нижней доле слева'),
(6, 'ct', '24627-2', 0.03, 18, 110, NULL, NULL, 'Кеуде қуысының компьютерлік томографиясы', 'Компьютерная томография органов грудной клетки', 'Кеуде қуысы', 'Көлемді түзілістер жоқ', 'Объёмных образований нет', 'Өкпе түйіні 6 мм', 'Узел лёгкого 6 мм'),
(7, 'mri', '24590-2', 0.02, 12, 110, NULL, NULL, 'Бас миының магнитті-резонанстық томографиясы', 'Магнитно-резонансная томография головного мозга', 'Бас миы', 'Ошақты өзгерістер жоқ', 'Очаговых изменений нет', 'Созылмалы ишемия ошақтары', 'Очаги хронической ишемии');

/* What is done in hospital for a code, and what of it stays in the body. */
CREATE TABLE population.surgery (code text, id int, share float8, service text, name_kk text, name_ru text, implant text, device text, mri text);
INSERT INTO population.surgery VALUES
('K35.8', 1, 0.95, 'D47.09', 'Аппендэктомия', 'Аппендэктомия', NULL, NULL, NULL), ('K80.2', 2, 0.8, 'D51.23', 'Лапароскопиялық холецистэктомия', 'Лапароскопическая холецистэктомия', NULL, NULL, NULL),
('K40.9', 3, 0.95, 'D53.00', 'Шап жарығын тігу', 'Грыжесечение паховой грыжи', NULL, NULL, NULL), ('H25.1', 4, 0.95, 'D13.41', 'Катаракта факоэмульсификациясы', 'Факоэмульсификация катаракты', 'lens', 'Intraocular lens', 'safe'),
('S82.6', 5, 0.6, 'D79.36', 'Тобық остеосинтезі', 'Остеосинтез лодыжки', 'other', 'Titanium plate', 'conditional'), ('N40', 6, 0.6, 'D60.29', 'Простатаның трансуретралды резекциясы', 'Трансуретральная резекция простаты', NULL, NULL, NULL),
('N20.0', 7, 0.5, 'D56.00', 'Уретроскопия', 'Уретероскопия', NULL, NULL, NULL), ('I25.1', 8, 0.5, 'D36.06', 'Тәж артерияларын стенттеу', 'Стентирование коронарных артерий', 'stent', 'Drug-eluting stent', 'safe'),
('I21.9', 9, 0.8, 'D36.06', 'Тәж артерияларын стенттеу', 'Стентирование коронарных артерий', 'stent', 'Drug-eluting stent', 'safe'), ('I50.0', 10, 0.08, 'D37.82', 'Электрокардиостимулятор орнату', 'Имплантация электрокардиостимулятора', 'pacemaker', 'Dual-chamber pacemaker', 'conditional');
