/*
 * Of the reference data, what is about medicines beside the register: names in other languages, leaflets, what pharmacies ask,
 * and marked packages. Run by reference.sql, so it is the same at every size. Salts 8100-8199.
 */
INSERT INTO specialty (name_kk, name_ru, name_en) VALUES
('Жалпы практика дәрігері', 'Врач общей практики', 'General practitioner'),
('Учаскелік терапевт', 'Участковый терапевт', 'District physician'),
('Учаскелік педиатр', 'Участковый педиатр', 'District paediatrician'),
('Мейіргер', 'Медицинская сестра', 'Nurse'),
('Фельдшер', 'Фельдшер', 'Paramedic'),
('Бас дәрігер', 'Главный врач', 'Chief physician'),
('Зертханашы дәрігер', 'Врач-лаборант', 'Laboratory doctor'),
('Терапевт', 'Терапевт', 'Internist'),
('Хирург', 'Хирург', 'Surgeon'),
('Кардиолог', 'Кардиолог', 'Cardiologist'),
('Невропатолог', 'Невропатолог', 'Neurologist'),
('Акушер-гинеколог', 'Акушер-гинеколог', 'Obstetrician and gynaecologist'),
('Педиатр', 'Педиатр', 'Paediatrician'),
('Травматолог', 'Травматолог', 'Traumatologist'),
('Анестезиолог-реаниматолог', 'Анестезиолог-реаниматолог', 'Anaesthesiologist'),
('Онколог', 'Онколог', 'Oncologist'),
('Инфекционист', 'Инфекционист', 'Infectious disease specialist'),
('Уролог', 'Уролог', 'Urologist'),
('Пульмонолог', 'Пульмонолог', 'Pulmonologist'),
('Эндокринолог', 'Эндокринолог', 'Endocrinologist'),
('Офтальмолог', 'Офтальмолог', 'Ophthalmologist'),
('Оториноларинголог', 'Оториноларинголог', 'Otorhinolaryngologist'),
('Гастроэнтеролог', 'Гастроэнтеролог', 'Gastroenterologist'),
('Психиатр', 'Психиатр', 'Psychiatrist'),
('Ревматолог', 'Ревматолог', 'Rheumatologist');

INSERT INTO dosage_form (name_kk, name_ru, name_en) VALUES
('таблетка', 'таблетка', 'tablet'),
('көпіршитін таблетка', 'шипучая таблетка', 'effervescent tablet'),
('капсула', 'капсула', 'capsule'),
('инъекцияға арналған ерітінді', 'раствор для инъекций', 'solution for injection'),
('инъекцияға арналған ұнтақ', 'порошок для инъекций', 'powder for injection'),
('картридж', 'картридж', 'cartridge'),
('спрей', 'спрей', 'spray'),
('аэрозоль', 'аэрозоль', 'aerosol'),
('ингаляцияға арналған суспензия', 'суспензия для ингаляций', 'suspension for inhalation'),
('ингаляцияға арналған ұнтақ', 'порошок для ингаляций', 'powder for inhalation'),
('тамшы', 'капли', 'drops');

INSERT INTO vaccine (code, atc, name_kk, name_ru, name_en) VALUES
('БЦЖ', 'J07AN01', 'Туберкулезге қарсы (БЦЖ)', 'Против туберкулёза (БЦЖ)', 'Tuberculosis (BCG)'),
('В гепатиті', 'J07BC01', 'В вирустық гепатитіне қарсы', 'Против вирусного гепатита B', 'Hepatitis B'),
('АбКДС+Hib+ВГВ+ИПВ', 'J07CA09', 'Көкжөтел, күл, сіреспе, гемофильді таяқша, В гепатиті және полиомиелитке қарсы', 'Против коклюша, дифтерии, столбняка, гемофильной инфекции, гепатита B и полиомиелита', 'Diphtheria, tetanus, pertussis, Hib, hepatitis B and poliomyelitis'),
('АбКДС+Hib+ИПВ', 'J07CA06', 'Көкжөтел, күл, сіреспе, гемофильді таяқша және полиомиелитке қарсы', 'Против коклюша, дифтерии, столбняка, гемофильной инфекции и полиомиелита', 'Diphtheria, tetanus, pertussis, Hib and poliomyelitis'),
('АКДС', 'J07AJ51', 'Көкжөтел, күл және сіреспеге қарсы (бүтін жасушалы)', 'Против коклюша, дифтерии и столбняка (цельноклеточная)', 'Diphtheria, tetanus and whole-cell pertussis'),
('АбКДС', 'J07AJ52', 'Көкжөтел, күл және сіреспеге қарсы (жасушасыз)', 'Против коклюша, дифтерии и столбняка (бесклеточная)', 'Diphtheria, tetanus and acellular pertussis'),
('АДС-М', 'J07AM51', 'Күл және сіреспеге қарсы', 'Против дифтерии и столбняка', 'Tetanus and diphtheria'),
('ОПВ', 'J07BF02', 'Полиомиелитке қарсы, ішетін', 'Против полиомиелита, оральная', 'Poliomyelitis, oral'),
('Пневмококк', 'J07AL02', 'Пневмококк инфекциясына қарсы', 'Против пневмококковой инфекции', 'Pneumococcal disease'),
('ҚҚП', 'J07BD52', 'Қызылша, қызамық және паротитке қарсы', 'Против кори, краснухи и паротита', 'Measles, mumps and rubella'),
('А гепатиті', 'J07BC02', 'А вирустық гепатитіне қарсы', 'Против вирусного гепатита A', 'Hepatitis A'),
('АПВ (HPV)', 'J07BM01', 'Адам папилломасы вирусына қарсы', 'Против вируса папилломы человека', 'Human papillomavirus'),
('Тұмау', 'J07BB02', 'Тұмауға қарсы', 'Против гриппа', 'Influenza'),
('COVID-19 (Sputnik V)', 'J07BN02', 'COVID-19 ауруына қарсы', 'Против COVID-19', 'COVID-19');

/*
 * What pharmacies ask: eight in each region for every product, the share of the cap of that day that they ask for it anyway
 * (people.sql). Kardiomagnil's are drawn together so that the published figures come out: 600.00 at the lowest, 868.00 in the mean.
 */
CREATE TABLE population.price AS
SELECT m.id AS drug_id, f.id AS pharmacy_id, s.seen_on, greatest(floor(c.amount * a.share)::bigint, 100) AS price
  FROM population.product m
 CROSS JOIN population.region_site r
 CROSS JOIN generate_series(0, 7) k
 CROSS JOIN LATERAL (SELECT r.pharmacy + k * (r.pharmacies / 8) + population.pick(m.id * 256 + r.region_id, 8100 + k, r.pharmacies / 8) AS id) f
 CROSS JOIN LATERAL (SELECT population.today() - 1 - population.pick(m.id * 65536 + f.id, 8110, 30) AS seen_on) s
  JOIN population.cap c ON c.drug_id = m.id AND c.half_year = population.half_year(s.seen_on)
  JOIN population.price_slot a ON a.slot = population.pick(f.id * 4096 + m.id, 8000, 1024);
UPDATE population.price p SET price = x.price
  FROM (SELECT pharmacy_id, (600 + excess + CASE WHEN place BETWEEN 2 AND 1 + (268 * n - sum(excess) OVER ()) THEN 1 ELSE 0 END) * 100 AS price
          FROM (SELECT pharmacy_id, n, place, floor(more * 268 * n / sum(more) OVER ())::bigint AS excess
                  FROM (SELECT pharmacy_id, count(*) OVER () AS n, row_number() OVER (ORDER BY price, pharmacy_id) AS place,
                               greatest(0, price - min(price) OVER ())::numeric AS more
                          FROM population.price WHERE drug_id = 8) o) e) x
 WHERE p.drug_id = 8 AND p.pharmacy_id = x.pharmacy_id;
INSERT INTO pharmacy_price (drug_id, pharmacy_id, price, seen_on)
SELECT drug_id, pharmacy_id, price, seen_on FROM population.price ORDER BY 1, 2;

/*
 * Marked packages: three batches of six of every product. Of the six three lie in pharmacies, two are sold, one is on its way;
 * a few were withdrawn, and every fortieth batch is recalled. Old batches have run out.
 */
CREATE TABLE population.package AS
SELECT m.id * 18 + b * 6 + k AS id, m.id AS drug_id, d.gtin, d.producer, k,
       upper(left(md5(m.id || '-' || b || '-' || k || '-' || population.pick(m.id * 18 + b * 6 + k, 8120, 1000000)), 13)) AS serial,
       'S' || lpad((m.id * 3 + b)::text, 6, '0') AS batch, t.made_on, t.made_on + (ARRAY[540, 730, 1095])[1 + population.pick(m.id * 3 + b, 8122, 3)] AS expires_on,
       CASE WHEN k = 5 THEN NULL ELSE r.pharmacy + population.pick(m.id * 18 + b * 6 + k, 8123, r.pharmacies) END AS pharmacy_id,
       CASE WHEN k IN (1, 3) THEN 'sold' WHEN k = 4 AND population.u(m.id * 3 + b, 8124) < 0.03 THEN 'withdrawn' ELSE 'in_circulation' END AS state
  FROM population.product m
  JOIN drug d ON d.id = m.id
 CROSS JOIN generate_series(0, 2) b
 CROSS JOIN generate_series(0, 5) k
  JOIN population.region_slot s ON s.slot = population.pick(m.id * 18 + b * 6 + k, 8125, 10000)
  JOIN population.region_site r ON r.region_id = s.region_id,
       LATERAL (SELECT population.today() - 60 - population.pick(m.id * 3 + b, 8121, 620) AS made_on) t;
INSERT INTO med_package (id, drug_id, pharmacy_id, made_on, expires_on, state, gtin, serial, batch, owner_bin, owner)
SELECT p.id, p.drug_id, p.pharmacy_id, p.made_on, p.expires_on, p.state, p.gtin, p.serial, p.batch,
       coalesce(f.bin, population.bin(60001)), coalesce(f.name, '«Ем-Логистика» дистрибьюторы')
  FROM population.package p LEFT JOIN pharmacy f ON f.id = p.pharmacy_id ORDER BY p.id;
INSERT INTO package_event (package_id, seq, at, pharmacy_id, kind, place)
SELECT p.id, e.seq, (e.day + time '04:00') AT TIME ZONE 'UTC', e.pharmacy_id, e.kind, e.place
  FROM population.package p
  LEFT JOIN pharmacy f ON f.id = p.pharmacy_id,
       LATERAL (VALUES (1, p.made_on, NULL::bigint, 'produced', p.producer), (2, p.made_on + 6, NULL, 'shipped', p.producer),
                       (3, p.made_on + 11, NULL, 'received', '«Ем-Логистика» дистрибьюторы'),
                       (4, p.made_on + 17, f.id, 'received', f.name),
                       (5, CASE WHEN p.state <> 'in_circulation' THEN p.made_on + 18 + population.pick(p.id, 8126, 40) END, f.id, p.state, f.name)) e (seq, day, pharmacy_id, kind, place)
 WHERE e.day IS NOT NULL AND (e.seq < 4 OR f.id IS NOT NULL)
 ORDER BY 1, 2;
INSERT INTO batch_recall (id, gtin, batch, recalled_on, order_number, reason)
SELECT row_number() OVER (ORDER BY batch), gtin, batch, population.today() - 20, 'КФ-' || right(batch, 4), 'Сапа талаптарына сәйкес келмейді'
  FROM (SELECT DISTINCT gtin, batch FROM population.package WHERE right(batch, 6)::int % 40 = 0) b;
