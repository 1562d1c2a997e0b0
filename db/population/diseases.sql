/*
 * ICD-10 codes that the population uses, and how often chronic diseases occur. A row of population.chronic:
 * percent of all people, weights of the ages 0-17, 18-44, 45-59, 60-74, 75+, share of women, how many times
 * more often with hypertension, share under dispensary observation, and how often such a patient comes (days).
 */
CREATE TABLE population.icd10 (code text PRIMARY KEY, mark text, sens smallint, name_kk text, name_ru text, name_en text);
INSERT INTO population.icd10 VALUES
('I10', NULL, 0, 'Эссенциалды (алғашқы) гипертензия', 'Эссенциальная (первичная) гипертензия', 'Essential (primary) hypertension'),
('I11.9', NULL, 0, 'Жүрек функциясының жеткіліксіздігінсіз гипертензиялық жүрек ауруы', 'Гипертензивная болезнь сердца без сердечной недостаточности', 'Hypertensive heart disease without heart failure'),
('I50.0', NULL, 0, 'Жүректің іркілген жеткіліксіздігі', 'Застойная сердечная недостаточность', 'Congestive heart failure'),
('I25.1', NULL, 0, 'Жүректің атеросклероздық ауруы', 'Атеросклеротическая болезнь сердца', 'Atherosclerotic heart disease'),
('I20.8', NULL, 0, 'Стенокардияның басқа түрлері', 'Другие формы стенокардии', 'Other forms of angina pectoris'),
('I21.9', NULL, 0, 'Анықталмаған жедел миокард инфарктісі', 'Острый инфаркт миокарда неуточнённый', 'Acute myocardial infarction, unspecified'),
('I69.3', NULL, 0, 'Ми инфарктісінің салдары', 'Последствия инфаркта мозга', 'Sequelae of cerebral infarction'),
('I63.9', NULL, 0, 'Анықталмаған ми инфарктісі', 'Инфаркт мозга неуточнённый', 'Cerebral infarction, unspecified'),
('E11.9', NULL, 0, '2-типті қант диабеті, асқынусыз', 'Сахарный диабет 2 типа без осложнений', 'Type 2 diabetes mellitus without complications'),
('E11.4', '+', 0, '2-типті қант диабеті, неврологиялық асқынулармен', 'Сахарный диабет 2 типа с неврологическими осложнениями', 'Type 2 diabetes mellitus with neurological complications'),
('E10.9', NULL, 0, '1-типті қант диабеті, асқынусыз', 'Сахарный диабет 1 типа без осложнений', 'Type 1 diabetes mellitus without complications'),
('E10.4', '+', 0, '1-типті қант диабеті, неврологиялық асқынулармен', 'Сахарный диабет 1 типа с неврологическими осложнениями', 'Type 1 diabetes mellitus with neurological complications'),
('G63.2', '*', 0, 'Диабеттік полиневропатия', 'Диабетическая полиневропатия', 'Diabetic polyneuropathy'),
('J45.9', NULL, 0, 'Анықталмаған астма', 'Астма неуточнённая', 'Asthma, unspecified'),
('J44.9', NULL, 0, 'Өкпенің созылмалы обструктивті ауруы', 'Хроническая обструктивная лёгочная болезнь', 'Chronic obstructive pulmonary disease'),
('E03.9', NULL, 0, 'Анықталмаған гипотиреоз', 'Гипотиреоз неуточнённый', 'Hypothyroidism, unspecified'),
('K29.5', NULL, 0, 'Анықталмаған созылмалы гастрит', 'Хронический гастрит неуточнённый', 'Chronic gastritis, unspecified'),
('K25.7', NULL, 0, 'Асқазанның созылмалы ойық жарасы', 'Хроническая язва желудка', 'Chronic gastric ulcer'),
('N18.3', NULL, 0, 'Бүйректің созылмалы ауруы, 3-саты', 'Хроническая болезнь почек, стадия 3', 'Chronic kidney disease, stage 3'),
('M06.9', NULL, 0, 'Анықталмаған ревматоидты артрит', 'Ревматоидный артрит неуточнённый', 'Rheumatoid arthritis, unspecified'),
('G40.9', NULL, 0, 'Анықталмаған эпилепсия', 'Эпилепсия неуточнённая', 'Epilepsy, unspecified'),
('C50.9', NULL, 0, 'Сүт безінің қатерлі ісігі', 'Злокачественное новообразование молочной железы', 'Malignant neoplasm of breast'),
('C18.9', NULL, 0, 'Тоқ ішектің қатерлі ісігі', 'Злокачественное новообразование ободочной кишки', 'Malignant neoplasm of colon'),
('C34.9', NULL, 0, 'Бронхтар мен өкпенің қатерлі ісігі', 'Злокачественное новообразование бронхов и лёгкого', 'Malignant neoplasm of bronchus or lung'),
('B18.1', NULL, 0, 'Созылмалы вирустық В гепатиті', 'Хронический вирусный гепатит B', 'Chronic viral hepatitis B'),
('B18.2', NULL, 0, 'Созылмалы вирустық С гепатиті', 'Хронический вирусный гепатит C', 'Chronic viral hepatitis C'),
('A15.0', NULL, 3, 'Өкпе туберкулезі', 'Туберкулёз лёгких', 'Tuberculosis of lung'),
('B20', NULL, 3, 'АИТВ тудырған ауру', 'Болезнь, вызванная ВИЧ', 'Human immunodeficiency virus disease'),
('F32.1', NULL, 3, 'Орташа депрессиялық эпизод', 'Депрессивный эпизод средней степени', 'Moderate depressive episode'),
('F20.0', NULL, 3, 'Параноидты шизофрения', 'Параноидная шизофрения', 'Paranoid schizophrenia'),
('H40.1', NULL, 0, 'Бастапқы ашық бұрышты глаукома', 'Первичная открытоугольная глаукома', 'Primary open-angle glaucoma'),
('J06.9', NULL, 0, 'Жоғарғы тыныс жолдарының жедел инфекциясы', 'Острая инфекция верхних дыхательных путей', 'Acute upper respiratory infection'),
('J20.9', NULL, 0, 'Жедел бронхит', 'Острый бронхит', 'Acute bronchitis'),
('J03.9', NULL, 0, 'Жедел тонзиллит', 'Острый тонзиллит', 'Acute tonsillitis'),
('J02.9', NULL, 0, 'Жедел фарингит', 'Острый фарингит', 'Acute pharyngitis'),
('J18.9', NULL, 0, 'Анықталмаған пневмония', 'Пневмония неуточнённая', 'Pneumonia, unspecified'),
('J30.1', NULL, 0, 'Тозаңнан туындаған аллергиялық ринит', 'Аллергический ринит, вызванный пыльцой', 'Allergic rhinitis due to pollen'),
('H66.9', NULL, 0, 'Ортаңғы құлақтың қабынуы', 'Средний отит неуточнённый', 'Otitis media, unspecified'),
('A09', NULL, 0, 'Инфекциялық гастроэнтерит', 'Инфекционный гастроэнтерит', 'Infectious gastroenteritis'),
('N30.0', NULL, 0, 'Жедел цистит', 'Острый цистит', 'Acute cystitis'),
('M54.5', NULL, 0, 'Бел аймағының ауыруы', 'Боль внизу спины', 'Low back pain'),
('L20.9', NULL, 0, 'Атопиялық дерматит', 'Атопический дерматит', 'Atopic dermatitis'),
('D50.9', NULL, 0, 'Теміртапшылықты анемия', 'Железодефицитная анемия', 'Iron deficiency anaemia'),
('R51', NULL, 0, 'Бас ауыруы', 'Головная боль', 'Headache'),
('B00.1', NULL, 0, 'Герпестік везикулалық дерматит', 'Герпетический везикулярный дерматит', 'Herpesviral vesicular dermatitis'),
('E55.9', NULL, 0, 'D дәруменінің жетіспеушілігі', 'Недостаточность витамина D', 'Vitamin D deficiency'),
('U07.1', NULL, 0, 'COVID-19, вирус анықталған', 'COVID-19, вирус идентифицирован', 'COVID-19, virus identified'),
('O80.0', NULL, 0, 'Желкемен өздігінен босану', 'Самопроизвольные роды в затылочном предлежании', 'Spontaneous vertex delivery'),
('K35.8', NULL, 0, 'Жедел аппендицит', 'Острый аппендицит', 'Acute appendicitis'),
('K80.2', NULL, 0, 'Өт қабының тас ауруы', 'Камни желчного пузыря', 'Calculus of gallbladder'),
('K40.9', NULL, 0, 'Шап жарығы', 'Паховая грыжа', 'Inguinal hernia'),
('S82.6', NULL, 0, 'Сыртқы тобық сынығы', 'Перелом латеральной лодыжки', 'Fracture of lateral malleolus'),
('S06.0', NULL, 0, 'Ми шайқалуы', 'Сотрясение головного мозга', 'Concussion'),
('N20.0', NULL, 0, 'Бүйрек тастары', 'Камни почки', 'Calculus of kidney'),
('N40', NULL, 0, 'Қуық асты безінің гиперплазиясы', 'Гиперплазия предстательной железы', 'Hyperplasia of prostate'),
('H25.1', NULL, 0, 'Кәрілік ядролық катаракта', 'Старческая ядерная катаракта', 'Senile nuclear cataract'),
('P07.3', NULL, 0, 'Шала туған нәресте', 'Недоношенность', 'Preterm newborn');

CREATE TABLE population.chronic (
    id int PRIMARY KEY, code text, percent float8, w0 float8, w18 float8, w45 float8, w60 float8, w75 float8,
    women float8, with_hypertension float8, dispensary float8, every_days int
);
INSERT INTO population.chronic VALUES
( 1, 'I10',   9.0,  0,   3,  20, 45, 55, 0.62, 1, 0.93, 180),
( 2, 'I11.9', 1.0,  0,   1,  18, 50, 70, 0.62, 1, 0.93, 180),
( 3, 'I50.0', 2.6,  0,  0.8, 10, 45, 80, 0.52, 8, 0.95, 90),
( 4, 'I25.1', 2.0,  0,  0.5, 10, 45, 70, 0.45, 5, 0.95, 180),
( 5, 'I20.8', 1.2,  0,  0.5, 12, 45, 60, 0.45, 5, 0.95, 180),
( 6, 'E11.9', 2.2,  0.1, 2,  20, 45, 35, 0.60, 3, 0.95, 90),
( 7, 'E11.4', 0.3,  0,   1,  15, 45, 45, 0.58, 3, 0.98, 90),
( 8, 'E10.9', 0.12, 8,  10,  6,  4,  2,  0.48, 1, 0.99, 30),
( 9, 'E10.4', 0.03, 1,  10,  10, 8,  4,  0.48, 1, 0.99, 30),
(10, 'J45.9', 0.9,  8,   8,  12, 14, 12, 0.55, 1, 0.90, 180),
(11, 'J44.9', 0.6,  0,   1,  10, 40, 45, 0.30, 1.5, 0.90, 180),
(12, 'E03.9', 1.5,  1,   8,  20, 25, 22, 0.85, 1.2, 0.80, 365),
(13, 'K29.5', 2.4,  2,  12,  18, 20, 16, 0.54, 1.1, 0.30, 365),
(14, 'K25.7', 0.6,  0.2, 8,  15, 20, 16, 0.38, 1.1, 0.70, 365),
(15, 'N18.3', 0.5,  0.2, 1,  10, 35, 50, 0.52, 4, 0.95, 90),
(16, 'I69.3', 0.7,  0,   1,  10, 45, 65, 0.47, 4, 0.90, 180),
(17, 'M06.9', 0.4,  0.3, 5,  18, 25, 20, 0.74, 1, 0.90, 180),
(18, 'G40.9', 0.35, 8,  10,  8,  8,  8,  0.46, 1, 0.90, 180),
(19, 'C50.9', 0.5,  0,   2,  20, 40, 35, 0.99, 1, 1.00, 180),
(20, 'C18.9', 0.3,  0,   1,  10, 40, 50, 0.50, 1, 1.00, 180),
(21, 'C34.9', 0.3,  0,   1,  10, 45, 45, 0.22, 1, 1.00, 180),
(22, 'B18.1', 0.25, 0.3, 8,  15, 12, 8,  0.46, 1, 0.95, 180),
(23, 'B18.2', 0.15, 0.1, 8,  18, 14, 8,  0.45, 1, 0.95, 180),
(24, 'A15.0', 0.06, 2,  12,  12, 8,  5,  0.38, 1, 1.00, 30),
(25, 'B20',   0.17, 0.5, 14, 10, 2,  0.3, 0.39, 1, 1.00, 90),
(26, 'F32.1', 0.6,  2,  12,  15, 12, 10, 0.64, 1.2, 0.60, 90),
(27, 'F20.0', 0.3,  0.3, 10, 14, 10, 6,  0.45, 1, 0.95, 90),
(28, 'H40.1', 0.4,  0,   0.5, 10, 45, 70, 0.58, 1, 0.95, 180);

/* The asterisk code that goes with a dagger. */
CREATE TABLE population.asterisk (chronic_id int PRIMARY KEY, code text);
INSERT INTO population.asterisk VALUES (7, 'G63.2'), (9, 'G63.2');

/* Acute illnesses by weight; 1,000 slots. */
CREATE TABLE population.acute (id int PRIMARY KEY, code text, weight float8, days int);
INSERT INTO population.acute VALUES
(1, 'J06.9', 34, 9), (2, 'J20.9', 9, 16), (3, 'J03.9', 6, 11), (4, 'J02.9', 8, 8), (5, 'J18.9', 2.5, 24),
(6, 'J30.1', 5, 40), (7, 'H66.9', 3.5, 14), (8, 'A09', 4, 7), (9, 'N30.0', 4, 10), (10, 'M54.5', 7, 21),
(11, 'L20.9', 3, 60), (12, 'D50.9', 5, 90), (13, 'R51', 3, 5), (14, 'B00.1', 2, 8), (15, 'E55.9', 3, 90),
(16, 'U07.1', 1, 18);

/* Why people are in hospital when it is not for a chronic disease; sex and ages bound the reason. */
CREATE TABLE population.stay_reason (code text, department text, sex int, from_age int, to_age int, weight float8);
INSERT INTO population.stay_reason VALUES
('O80.0', 'Акушерлік', 0, 18, 44, 40), ('J18.9', 'Пульмонология', NULL, 0, 120, 18), ('K35.8', 'Хирургия', NULL, 5, 60, 12),
('K80.2', 'Хирургия', NULL, 30, 120, 10), ('K40.9', 'Хирургия', 1, 0, 120, 8), ('S82.6', 'Травматология', NULL, 8, 120, 8),
('S06.0', 'Нейрохирургия', NULL, 1, 70, 7), ('N20.0', 'Урология', NULL, 18, 120, 6), ('N40', 'Урология', 1, 55, 120, 12),
('H25.1', 'Офтальмология', NULL, 58, 120, 14), ('A09', 'Инфекциялық', NULL, 0, 17, 20), ('P07.3', 'Неонатология', NULL, 0, 0, 14),
('J20.9', 'Педиатрия', NULL, 0, 14, 18), ('I63.9', 'Неврология', NULL, 50, 120, 9), ('I21.9', 'Кардиология', NULL, 45, 120, 10),
('U07.1', 'Инфекциялық', NULL, 18, 120, 3);

CREATE TABLE population.allergen (id int PRIMARY KEY, substance text, category text, atc text, weight float8, reaction text);
INSERT INTO population.allergen VALUES
(0, 'Пенициллиндер', 'medication', 'J01C', 30, 'Есекжем, Квинке ісінуі'),
(1, 'Қабынуға қарсы стероидты емес дәрілер', 'medication', 'M01A', 15, 'Бронх түйілуі'),
(2, 'Жусан тозаңы', 'environment', NULL, 12, 'Ринит, конъюнктивит'),
(3, 'Қайың тозаңы', 'environment', NULL, 8, 'Ринит'),
(4, 'Жұмыртқа ақуызы', 'food', NULL, 4, 'Бөртпе'),
(5, 'Сиыр сүті', 'food', NULL, 4, 'Бөртпе, іш өту'),
(6, 'Жержаңғақ', 'food', NULL, 3, 'Анафилаксия'),
(7, 'Цитрустар', 'food', NULL, 4, 'Есекжем'),
(8, 'Латекс', 'environment', NULL, 2, 'Жанаспалы дерматит'),
(9, 'Цефалоспориндер', 'medication', 'J01D', 5, 'Есекжем'),
(10, 'Сульфаниламидтер', 'medication', 'J01E', 4, 'Бөртпе'),
(11, 'Үй шаңы', 'environment', NULL, 6, 'Ринит, астма ұстамасы'),
(12, 'Ара уы', 'environment', NULL, 3, 'Анафилаксия');
