/*
 * Reference data about care: kinds of certificates, who is insured as whom, what is free for whom, and times that can be booked.
 * What is not published in full is assumed, and says so (`basis`); all of it is data with validity dates, so that to put it right is an UPDATE.
 */
/* The eight kinds that were digitised are not named anywhere: these are what clinics write most. */
INSERT INTO certificate_type (code, valid_days, longest_days, valid_from, name_kk, name_ru, name_en) VALUES
('sick_leave', NULL, 184, '2020-01-01', 'Еңбекке уақытша жарамсыздық туралы анықтама', 'Справка о временной нетрудоспособности', 'Certificate of temporary incapacity for work'),
('health_state', 180, NULL, '2020-01-01', 'Денсаулық жағдайы туралы медициналық анықтама (075/у)', 'Медицинская справка о состоянии здоровья (075/у)', 'Medical certificate of health (075/u)'),
('driver', 730, NULL, '2020-01-01', 'Көлік жүргізуге жарамдылық туралы анықтама', 'Справка о допуске к управлению транспортом', 'Certificate of fitness to drive'),
('kindergarten', 10, NULL, '2020-01-01', 'Балабақшаға арналған эпидемиологиялық орта туралы анықтама', 'Справка об эпидокружении для детского сада', 'Certificate of no contact with infections, for kindergarten'),
('school', 10, NULL, '2020-01-01', 'Мектепке ауырғаннан кейінгі анықтама', 'Справка для школы после болезни', 'Certificate for school after an illness'),
('pool', 180, NULL, '2020-01-01', 'Бассейнге баруға рұқсат анықтамасы', 'Справка для посещения бассейна', 'Certificate for the swimming pool'),
('sanatorium', 365, NULL, '2020-01-01', 'Санаторийлік-курорттық емге анықтама', 'Справка для санаторно-курортного лечения', 'Certificate for treatment in a sanatorium'),
('dispensary', 30, NULL, '2020-01-01', 'Психоневрологиялық және наркологиялық есепте тұрмайтыны туралы анықтама', 'Справка о неучёте в психо- и наркодиспансере', 'Certificate of no psychiatric or narcological registration');

/* The law has sixteen that the state pays for; those after the first five are as generally known. */
INSERT INTO insurance_category (code, paid_by_state, valid_from, name_kk, name_ru, name_en) VALUES
('child', true, '2020-01-01', 'Балалар', 'Дети', 'Children'),
('pregnant', true, '2020-01-01', 'Жұмыс істемейтін жүкті әйелдер', 'Неработающие беременные женщины', 'Pregnant women without work'),
('parent_under_3', true, '2020-01-01', 'Үш жасқа дейінгі баланы тәрбиелеп отырған жұмыссыз ата-ана', 'Неработающий родитель ребёнка до трёх лет', 'Parent without work of a child under three'),
('maternity_leave', true, '2020-01-01', 'Бала күтіміне байланысты демалыстағылар', 'Лица в отпуске по беременности или уходу за ребёнком', 'On maternity or child-care leave'),
('carer_of_disabled_child', true, '2020-01-01', 'Мүгедек баланы күтушілер', 'Ухаживающие за ребёнком с инвалидностью', 'Carers of a disabled child'),
('pensioner', true, '2020-01-01', 'Зейнеткерлер', 'Пенсионеры', 'Pensioners'),
('disabled', true, '2020-01-01', 'Мүгедектігі бар адамдар', 'Лица с инвалидностью', 'Persons with a disability'),
('carer_of_disabled', true, '2020-01-01', 'Бала кезінен мүгедектігі бар адамды күтушілер', 'Ухаживающие за инвалидом с детства', 'Carers of a person disabled since childhood'),
('student', true, '2020-01-01', 'Күндізгі бөлім студенттері', 'Студенты дневного отделения', 'Full-time students'),
('large_family', true, '2020-01-01', 'Көп балалы аналар', 'Многодетные матери', 'Mothers of large families'),
('unemployed', true, '2020-01-01', 'Тіркелген жұмыссыздар', 'Зарегистрированные безработные', 'Registered unemployed'),
('orphan', true, '2020-01-01', 'Жетім балалар мен ата-ана қамқорлығынсыз қалғандар', 'Сироты и оставшиеся без попечения родителей', 'Orphans and those without parental care'),
('prisoner', true, '2020-01-01', 'Сот үкімімен жазасын өтеушілер', 'Отбывающие наказание по приговору суда', 'Persons serving a sentence'),
('detained', true, '2020-01-01', 'Тергеу изоляторындағылар', 'Содержащиеся в следственных изоляторах', 'Persons in pre-trial detention'),
('kandas', true, '2020-01-01', 'Жұмыс істемейтін қандастар', 'Неработающие кандасы', 'Returning ethnic Kazakhs without work'),
('social_aid', true, '2020-01-01', 'Атаулы әлеуметтік көмек алатын жұмыссыздар', 'Неработающие получатели адресной социальной помощи', 'Recipients of targeted social aid without work'),
('employee', false, '2020-01-01', 'Жұмыскерлер', 'Наёмные работники', 'Employees'),
('self_employed', false, '2020-01-01', 'Жеке кәсіпкерлер', 'Индивидуальные предприниматели', 'Sole traders'),
('own_payment', false, '2020-01-01', 'Өз бетінше төлеушілер', 'Самостоятельные плательщики', 'Those who pay for themselves');

INSERT INTO free_entitlement (id, kind, payer, min_age, max_age, sex, insured, category, icd10, atc, valid_from, name_kk, name_ru, name_en, basis) VALUES
(1, 'service', 'gobmp', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2020-01-01', 'Жедел медициналық жәрдем', 'Скорая медицинская помощь', 'Ambulance', 'Кодекс 360-VI, 196-бап'),
(2, 'service', 'gobmp', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2020-01-01', 'Дәрігердің қабылдауы және медициналық-санитариялық алғашқы көмек', 'Первичная медико-санитарная помощь', 'Primary care', 'Кодекс 360-VI, 196-бап'),
(3, 'service', 'gobmp', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2020-01-01', 'Ұлттық күнтізбе бойынша вакцинация', 'Вакцинация по национальному календарю', 'Vaccination by the national calendar', 'Кодекс 360-VI, 196-бап'),
(4, 'service', 'gobmp', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2020-01-01', 'Шұғыл стационарлық көмек', 'Экстренная стационарная помощь', 'Emergency hospital care', 'Кодекс 360-VI, 196-бап'),
(5, 'service', 'osms', NULL, NULL, NULL, true, NULL, NULL, NULL, '2020-01-01', 'Бейінді мамандардың консультациясы', 'Консультации профильных специалистов', 'Specialists'' consultations', 'Кодекс 360-VI, 200-бап'),
(6, 'service', 'osms', NULL, NULL, NULL, true, NULL, NULL, NULL, '2020-01-01', 'Жоспарлы стационарлық көмек', 'Плановая стационарная помощь', 'Planned hospital care', 'Кодекс 360-VI, 200-бап'),
(7, 'service', 'osms', NULL, NULL, NULL, true, NULL, NULL, NULL, '2020-01-01', 'КТ, МРТ және басқа диагностикалық зерттеулер', 'КТ, МРТ и другие диагностические исследования', 'CT, MRI and other diagnostic studies', 'Кодекс 360-VI, 200-бап'),
(8, 'service', 'gobmp', 40, 70, 'female', NULL, NULL, NULL, NULL, '2020-10-30', 'Маммография (скрининг)', 'Маммография (скрининг)', 'Mammography (screening)', 'ҚР ДСМ-174/2020'),
(9, 'service', 'gobmp', 30, 70, 'female', NULL, NULL, NULL, NULL, '2020-10-30', 'Жатыр мойнын тексеру (скрининг)', 'Обследование шейки матки (скрининг)', 'Cervical examination (screening)', 'ҚР ДСМ-174/2020'),
(10, 'service', 'gobmp', 50, 70, NULL, NULL, NULL, NULL, NULL, '2020-10-30', 'Колоректалдық скрининг', 'Колоректальный скрининг', 'Colorectal screening', 'ҚР ДСМ-174/2020'),
(11, 'service', 'gobmp', NULL, 17, NULL, NULL, NULL, NULL, NULL, '2020-01-01', 'Балаларды профилактикалық тексеру', 'Профилактические осмотры детей', 'Preventive checks of children', 'ҚР ДСМ-264/2020 (assumed)'),
(12, 'service', 'osms', NULL, 17, NULL, true, NULL, NULL, NULL, '2020-01-01', 'Балаларға стоматологиялық көмек', 'Стоматологическая помощь детям', 'Dental care for children', 'assumed'),
(20, 'drug', 'osms', NULL, 17, NULL, NULL, NULL, NULL, NULL, '2020-01-01', 'Балаға тағайындалған барлық дәрілер', 'Все лекарства, назначенные ребёнку', 'All medicines prescribed to a child', 'МӘМС, 2020-01-01'),
(21, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'I10', 'C', '2021-08-05', 'Артериялық гипертензияға қарсы дәрілер', 'Лекарства от артериальной гипертензии', 'Medicines for hypertension', 'ҚР ДСМ-75/2021'),
(22, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'I11', 'C', '2021-08-05', 'Гипертензиялық жүрек ауруының дәрілері', 'Лекарства от гипертензивной болезни сердца', 'Medicines for hypertensive heart disease', 'ҚР ДСМ-75/2021'),
(23, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'I50', 'C', '2021-08-05', 'Жүрек жеткіліксіздігінің дәрілері', 'Лекарства от сердечной недостаточности', 'Medicines for heart failure', 'ҚР ДСМ-75/2021'),
(24, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'I2', 'C', '2021-08-05', 'Жүректің ишемиялық ауруының дәрілері', 'Лекарства от ишемической болезни сердца', 'Medicines for ischaemic heart disease', 'ҚР ДСМ-75/2021'),
(25, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'E11', 'A10', '2021-08-05', '2-типті қант диабетінің дәрілері', 'Лекарства от сахарного диабета 2 типа', 'Medicines for type 2 diabetes', 'ҚР ДСМ-75/2021'),
(26, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'E10', 'A10', '2021-08-05', 'Инсулин және 1-типті қант диабетінің дәрілері', 'Инсулин и лекарства от сахарного диабета 1 типа', 'Insulin and medicines for type 1 diabetes', 'ҚР ДСМ-75/2021'),
(27, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'J45', 'R03', '2021-08-05', 'Бронх демікпесінің дәрілері', 'Лекарства от бронхиальной астмы', 'Medicines for asthma', 'ҚР ДСМ-75/2021'),
(28, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'C', NULL, '2021-08-05', 'Онкологиялық аурулардың дәрілері', 'Лекарства при онкологических заболеваниях', 'Medicines for cancer', 'ҚР ДСМ-75/2021'),
(29, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'A15', NULL, '2021-08-05', 'Туберкулездің дәрілері', 'Лекарства от туберкулёза', 'Medicines for tuberculosis', 'ҚР ДСМ-75/2021'),
(30, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'B20', 'J05', '2021-08-05', 'АИТВ дәрілері', 'Лекарства от ВИЧ', 'Medicines for HIV', 'ҚР ДСМ-75/2021'),
(31, 'drug', 'gobmp', NULL, NULL, NULL, NULL, NULL, 'G40', 'N03', '2021-08-05', 'Эпилепсияның дәрілері', 'Лекарства от эпилепсии', 'Medicines for epilepsy', 'ҚР ДСМ-75/2021'),
(32, 'drug', 'osms', NULL, NULL, NULL, true, NULL, 'H40', 'S01', '2021-08-05', 'Глаукоманың дәрілері', 'Лекарства от глаукомы', 'Medicines for glaucoma', 'assumed');

/* The specialist and one district doctor of each polyclinic receive twice a working day; whom nobody has booked yet, for nine weeks on. */
INSERT INTO slot (id, practitioner_id, clinic_id, starts_at, minutes)
SELECT ((s.id * 2 + w) * 64 + d) * 2 + h, CASE w WHEN 0 THEN 12700 + s.id ELSE (s.id - 1) * 6 + 1 END, s.id,
       (population.today() + d + CASE h WHEN 0 THEN time '04:00' ELSE time '10:00' END) AT TIME ZONE 'UTC' + population.pick(s.id * 2 + w, 9400, 12) * interval '15 minutes', 15
  FROM population.site s, generate_series(0, 1) w, generate_series(0, 62) d, generate_series(0, 1) h
 WHERE s.kind = 'polyclinic' AND extract(isodow FROM population.today() + d) < 6
 ORDER BY 1;
