/*
 * Names of people: common given names and stems, most frequent first, and what is derived from them by
 * the rules of Kazakh and Russian. Nobody's name was copied: a person's three parts are drawn apart.
 * Result: population.name_slot, 4,096 slots for each list with Zipf weights (rank^-0.9).
 * Groups: 0 Kazakh, 1 Russian, 2 Uzbek, Uyghur, Tatar and other peoples of the south, 3 Ukrainian, German and Korean
 * (family names only; given names and patronymics are those of group 1). Sex: 0 female, 1 male.
 */
CREATE TABLE population.given (grp int, sex int, rank int, name text, PRIMARY KEY (grp, sex, name));

INSERT INTO population.given
SELECT l.grp, l.sex, min(n.ord), n.name
  FROM (VALUES
(0, 1, 'Нұрлан Ерлан Әлихан Мұхаммед Серік Алихан Бекзат Жандос Айдос Бауыржан Дәурен Ержан Азамат Санжар Темірлан Нұрсұлтан Асхат Қанат Марат Бақыт Талғат Арман Дәулет Ислам Рамазан Айсұлтан Ілияс Ерасыл Мирас Диас Олжас Мағжан Әділ Самат Еркебұлан Ғалым Қайрат Мұрат Болат Асылбек Сұлтан Бейбарыс Әмір Нұрислам Ақжол Ернар Жасұлан Шыңғыс Абылай Қуаныш Тимур Медет Дамир Өмірбек Ұлан Үсен Жәнібек Керей Бекарыс Алдияр Хамза Омар Ысқақ Әнуар Мейірхан Рүстем Сәкен Төлеген Ынтымақ Қожахмет Қуандық Өтеген Жұмабек Сағындық Төлеу Ғабит Мәлік Зейін Әлішер Батыр'),
(0, 0, 'Айгүл Айнұр Динара Гүлнар Әсел Жанар Сәуле Мадина Аружан Айша Айзере Раяна Томирис Ботагөз Қарлығаш Меруерт Маржан Назгүл Салтанат Перизат Ұлжан Үміт Шолпан Зере Іңкәр Әлия Бибігүл Жұлдыз Камила Інжу Нұрила Аяулым Асылым Медина Әмина Фатима Сезім Дана Әйгерім Ақерке Ақбота Гүлмира Гүлжан Гүлшат Баян Қымбат Раушан Роза Жібек Зарина Мөлдір Құралай Кәмшат Кенже Ләззат Нұргүл Райхан Сандуғаш Тоғжан Толғанай Шынар Ырысты Әсем Әдемі Бағила Зейнеп Мәншүк Өрік Балжан Ұлпан Үкілай Хадиша Жаңыл Айкүміс Сымбат Балнұр Анар Индира Ғазиза Жәмила'),
(1, 1, 'Александр Сергей Дмитрий Андрей Алексей Владимир Максим Артём Иван Михаил Николай Евгений Денис Роман Павел Даниил Кирилл Виктор Егор Юрий Антон Игорь Илья Олег Константин Никита Василий Виталий Вадим Матвей Тимофей Анатолий Станислав Марк Руслан Арсений Глеб Пётр Валерий Фёдор Семён Степан Вячеслав Лев Григорий Борис Леонид Геннадий Ярослав Данил Богдан Захар Макар Мирон Платон Савелий Артур Эдуард Герман Аркадий Валентин Родион Всеволод Тихон Прохор Ефим Святослав Демид Давид Назар'),
(1, 0, 'Анна Елена Ольга Наталья Татьяна Мария Ирина Светлана Анастасия Екатерина София Юлия Виктория Дарья Алина Полина Галина Людмила Валентина Ксения Елизавета Александра Марина Надежда Вера Любовь Оксана Евгения Варвара Алёна Кристина Вероника Нина Лариса Яна Диана Маргарита Милана Алиса Ева Ульяна Арина Валерия Олеся Лилия Тамара Зинаида Раиса Антонина Инна Эльвира Жанна Кира Василиса Мирослава Злата Таисия Есения Камилла Лидия Снежана Ангелина Агата Карина Амелия Регина Майя Клавдия Эмилия Зоя'),
(2, 1, 'Рустам Тимур Ильдар Фарход Шухрат Бахтияр Рахимжан Абдулазиз Хасан Хусейн Ахмед Ибрагим Юсуф Якуб Махмут Мурат Ришат Рамиль Ринат Айрат Равиль Марсель Джамшид Отабек Санжарбек Улугбек Дильшат Алимжан Турсун Нурмухамет Шавкат Равшан Эльдар Руслан Умар Магомед Аслан Рафик Камол Искандер Бахром Саид Анвар Рашид Азиз Жасур Ойбек Пархат Ялкун Сабит'),
(2, 0, 'Гульнара Дильбар Мавлюда Зульфия Нигора Малика Шахноза Феруза Гульчехра Патигуль Рахиле Зумрат Рукия Саида Лейла Альфия Гузель Рената Эльмира Лилия Земфира Дина Аида Диляра Насиба Барно Наргиза Дилноза Хуршида Зайтуна Минавар Айшам Турсуной Мадина Заира Хава Камила Нодира Умида Сайёра Мохира Гульзия Реян Ферида Хадича')
       ) l (grp, sex, names),
       regexp_split_to_table(l.names, ' ') WITH ORDINALITY n (name, ord)
 GROUP BY l.grp, l.sex, n.name;

/* Kazakh names are often two words grown together; these fill the tail of the list. */
INSERT INTO population.given
SELECT 0, l.sex, 80 + row_number() OVER (PARTITION BY l.sex ORDER BY hashtextextended(p.w || s.w, 7)), p.w || s.w
  FROM (VALUES (1, 'Нұр Ер Бек Жан Ай Бақыт Темір Асыл Ораз Есен Құт Төре Дос Тоқтар Жұма Өмір Қазы Сейіт Әбді Тұр Ел Ақ',
                   'бек жан бол ғали хан болат тай мұрат сұлтан әлі мұхамед'),
               (0, 'Ай Гүл Нұр Жан Ақ Ару Бал Әсем Бибі Ұл Мөлдір Жібек Қыз Таң Күн Зер Сәуле Алтын Дана Маржан',
                   'гүл жан нұр сұлу зат ай шат хан сара мира бике')) l (sex, prefixes, suffixes),
       regexp_split_to_table(l.prefixes, ' ') p (w),
       regexp_split_to_table(l.suffixes, ' ') s (w)
 WHERE right(p.w, 1) <> left(s.w, 1) AND lower(p.w) <> s.w
ON CONFLICT DO NOTHING;

/* Patronymics. Kazakh: name + ұлы or қызы. Russian: by the last letter of the father's name. */
CREATE FUNCTION population.slavic_patronymic(name text, sex int) RETURNS text IMMUTABLE
RETURN CASE
    WHEN name IN ('Лев', 'Павел', 'Пётр', 'Никита', 'Илья', 'Михаил') THEN
        (CASE name WHEN 'Лев' THEN 'Львов' WHEN 'Павел' THEN 'Павлов' WHEN 'Пётр' THEN 'Петров'
                   WHEN 'Никита' THEN 'Никит' WHEN 'Илья' THEN 'Ильи' ELSE 'Михайлов' END)
        || CASE WHEN sex = 1 THEN CASE WHEN name = 'Илья' THEN 'ч' ELSE 'ич' END
                WHEN name = 'Илья' THEN 'нична' WHEN name = 'Никита' THEN 'ична' ELSE 'на' END
    WHEN name IN ('Дмитрий', 'Андрий') THEN regexp_replace(name, 'й$', 'ев') || CASE sex WHEN 1 THEN 'ич' ELSE 'на' END
    WHEN name ~ 'ий$' THEN regexp_replace(name, 'ий$', 'ьев') || CASE sex WHEN 1 THEN 'ич' ELSE 'на' END
    WHEN name ~ '[йь]$' THEN regexp_replace(name, '.$', 'ев') || CASE sex WHEN 1 THEN 'ич' ELSE 'на' END
    WHEN name ~ '[аеиоуыэюяәөүұі]$' THEN name || CASE sex WHEN 1 THEN 'евич' ELSE 'евна' END
    ELSE name || CASE sex WHEN 1 THEN 'ович' ELSE 'овна' END
END;

/* A family name from a man's name: -ов after a consonant, -ев after a vowel or й; women add -а. */
CREATE FUNCTION population.kazakh_surname(stem text, style int, sex int) RETURNS text IMMUTABLE
RETURN CASE style
    WHEN 0 THEN CASE WHEN stem ~ 'й$' THEN regexp_replace(stem, 'й$', 'ев')
                     WHEN stem ~ '[аеиоуыэюяәөүұі]$' THEN stem || 'ев'
                     ELSE stem || 'ов' END || CASE sex WHEN 0 THEN 'а' ELSE '' END
    WHEN 1 THEN stem || CASE sex WHEN 1 THEN 'ұлы' ELSE 'қызы' END
    ELSE stem
END;

CREATE TABLE population.name (kind int, grp int, sex int, name text, weight float8);

INSERT INTO population.name
SELECT 0, grp, sex, name, sum(power(rank, -0.9)) FROM population.given GROUP BY grp, sex, name;

/* Half the Kazakh patronymics are Kazakh, a third Russian in form, and the rest have none. */
INSERT INTO population.name
SELECT 2, g.grp, s.sex,
       CASE WHEN v.style = 0 THEN '' WHEN v.style = 1 THEN g.name || CASE s.sex WHEN 1 THEN 'ұлы' ELSE 'қызы' END
            ELSE population.slavic_patronymic(g.name, s.sex) END,
       power(g.rank, -0.9) * v.share
  FROM population.given g, (VALUES (0), (1)) s (sex),
       (VALUES (0, 0, 0.18), (0, 1, 0.5), (0, 2, 0.32), (1, 2, 1.0), (2, 0, 0.1), (2, 2, 0.9)) v (grp, style, share)
 WHERE g.sex = 1 AND g.grp = v.grp;

INSERT INTO population.name
SELECT 1, 0, s.sex, population.kazakh_surname(st.name, v.style, s.sex), power(st.rank, -0.9) * v.share
  FROM (SELECT name, row_number() OVER (ORDER BY rank, hashtextextended(name, 3)) AS rank
          FROM (SELECT name, rank * 3 AS rank FROM population.given WHERE grp = 0 AND sex = 1
                UNION ALL
                SELECT w, ord FROM regexp_split_to_table('Ахмет Оспан Қасым Сәтбай Жүніс Исабек Ибрай Смағұл Байжан Әбілқас Сейітқали Тілеуберген Мұқан Есім Кенжебай Нұрғазы Әубәкір Сүлеймен Жақсылық Тоқтар Әлжан Байтұрсын Ыбырай Рақым Мұса Омар Ыдырыс Ескен Қалдыбай Құрман Төлебай Әбдірахман Шәріп Бектұр Досмағамбет Жолдас Қойшыбай Мәмбет Нысан Өтеміс Пірім Сыздық Тастан Ұзақ Үмбет Шаймерден Ізбасар Әшім Ғабдол Дүйсен Еспай Жанұзақ Иман Көпжасар Қабдеш Лұқпан Мырзахмет Наурыз Орынбай Рысбай Садық Тұрар', ' ')
                       WITH ORDINALITY w (w, ord)) u (name, rank)) st,
       (VALUES (0), (1)) s (sex),
       (VALUES (0, 0.68), (1, 0.14), (2, 0.18)) v (style, share);

INSERT INTO population.name
SELECT 1, l.grp, s.sex,
       CASE WHEN s.sex = 1 THEN n.name
            WHEN n.name ~ '(ский|цкий)$' THEN regexp_replace(n.name, 'ий$', 'ая')
            WHEN n.name ~ '(ов|ев|ёв|ин|ын)$' THEN n.name || 'а'
            ELSE n.name END,
       power(n.ord, -0.9)
  FROM (VALUES
(1, 'Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв Гусев Киселёв Ильин Максимов Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров Давыдов Беляев Герасимов Богданов Осипов Сидоров Матвеев Титов Марков Миронов Крылов Куликов Карпов Власов Мельников Денисов Гаврилов Тихонов Казаков Афанасьев Данилов Савельев Тимофеев Фомин Чернов Абрамов Мартынов Ефимов Федотов Щербаков Назаров Калинин Исаев Чернышёв Быков Маслов Родионов Коновалов Лазарев Воронин Климов Филатов Пономарёв Голубев Кудрявцев Прохоров Наумов Потапов Журавлёв Овчинников Трофимов Леонов Соболев Ермаков Колесников Гончаров Емельянов Никифоров Грачёв Котов Гришин Ефремов Архипов Громов Кириллов Малышев Панов Моисеев Румянцев Акимов Кондратьев Бирюков Горбунов Анисимов Ерёмин Тихомиров Галкин Лукьянов Михеев Скворцов Юдин Белоусов Нестеров Симонов Прокофьев Харитонов Князев Цветков Левин Митрофанов Воронов Аксёнов Софронов Мальцев Логинов Горшков Савин Краснов Майоров Демидов Елисеев Рыбаков Сафонов Плотников Демин Хохлов Фадеев Молчанов Игнатов Литвинов Ершов Ушаков Дементьев Рябов Мухин Калашников Леонтьев Лобанов Кузин Корнеев Евдокимов Бородин Платонов Некрасов Балашов Бобров Жданов Блинов Игнатьев Коротков Муравьёв Крюков Беляков Богомолов Дроздов Лавров Зуев Вознесенский Троицкий Покровский Островский Левицкий'),
(2, 'Ахмедов Рахимов Юсупов Каримов Абдуллаев Юлдашев Исмаилов Умаров Хасанов Ибрагимов Закиров Хакимов Султанов Алиев Мамедов Валиев Гарипов Сафин Хайруллин Шарипов Гайнутдинов Нургалиев Мирзаев Тургунов Розиев Масимов Розахунов Тохтиев Ушуров Имиров Дудаев Цечоев Эльмурзаев Бузуртанов Оздоев Сатаров Хамраев Назиров Бакиев Тиллаев Джалилов Аскаров Садыков Камалов Латыпов Галеев Фахрутдинов Сабиров Зарипов Турдиев Хамитов Баратов Насыров Сопиев Аюпов Арзиев Мавланов Кадыров Турсунов Эргашев'),
(3, 'Ким Шевченко Цой Шмидт Коваленко Пак Мюллер Бондаренко Ли Ткаченко Вебер Кравченко Олейник Лысенко Шульц Савченко Мельник Бойко Тен Руденко Полищук Вагнер Беккер Гофман Кох Рихтер Клейн Югай Вольф Нейман Браун Кригер Хан Шин Хегай Нам Ан Магай Эм Ногай Мазур Гончар Кравец Приходько Янковский Вишневский Бауэр Фишер Гартман Штайнер Литвиненко Пономаренко Зинченко Гриценко Марченко Тимошенко Сидоренко Кузьменко')
       ) l (grp, names),
       regexp_split_to_table(l.names, ' ') WITH ORDINALITY n (name, ord),
       (VALUES (0), (1)) s (sex);

/* key = ((kind * 4 + grp) * 2 + sex) * 4096 + slot; kinds: 0 given, 1 family, 2 patronymic. */
CREATE TABLE population.name_slot (key int, name text NOT NULL);
INSERT INTO population.name_slot
SELECT ((kind * 4 + grp) * 2 + sex) * 4096 + slot, name
  FROM (SELECT kind, grp, sex, name,
               round(4096 * (coalesce(sum(weight) OVER before, 0)) / sum(weight) OVER whole)::int AS lo,
               round(4096 * sum(weight) OVER upto / sum(weight) OVER whole)::int AS hi
          FROM (SELECT kind, grp, sex, name, sum(weight) AS weight FROM population.name GROUP BY kind, grp, sex, name) n
        WINDOW before AS (PARTITION BY kind, grp, sex ORDER BY weight DESC, name COLLATE "C" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
               upto AS (PARTITION BY kind, grp, sex ORDER BY weight DESC, name COLLATE "C" ROWS UNBOUNDED PRECEDING),
               whole AS (PARTITION BY kind, grp, sex)) c,
       generate_series(c.lo, c.hi - 1) slot;
ALTER TABLE population.name_slot ADD PRIMARY KEY (key);
