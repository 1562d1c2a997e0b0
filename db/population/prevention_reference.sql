/*
 * Reference data about prevention and figures: rural clinics, who the managers of regions and of the country are, who pays for all and answers calls, and how many people should
 * have a passport in each region. (The country's base is in the migration.)
 */
/* Outpatient clinics are in villages: a quarter of all. */
UPDATE clinic c SET rural = true FROM population.site s WHERE s.kind = 'polyclinic' AND s.id = c.id AND population.u(c.id, 106) >= 0.75;

INSERT INTO health_authority (id, region_id, bin, name_kk, name_ru, name_en)
SELECT r.id, r.id, population.bin(20000 + r.id), r.name_kk || ' денсаулық сақтау басқармасы', 'Управление здравоохранения, ' || r.name_ru, 'Health Department, ' || r.name_en
  FROM population.region r
UNION ALL
SELECT 1000, NULL, population.bin(20000), 'Қазақстан Республикасының Денсаулық сақтау министрлігі', 'Министерство здравоохранения Республики Казахстан', 'Ministry of Healthcare of the Republic of Kazakhstan'
 ORDER BY 1;

INSERT INTO national_office (role, bin, valid_from, name_kk, name_ru, name_en) VALUES
    ('PAYER', population.bin(20900), '2017-07-01', 'Әлеуметтік медициналық сақтандыру қоры', 'Фонд социального медицинского страхования', 'Social Health Insurance Fund'),
    ('CONTACT_CENTRE', population.bin(20901), '2020-01-01', '1414 бірыңғай байланыс орталығы', 'Единый контакт-центр 1414', 'Contact centre 1414');

/* One manager for each, whose number no patient and no practitioner has. */
INSERT INTO health_authority_post (authority_id, iin, valid_from)
SELECT h.id, w.iin, date '2020-01-01'
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS i FROM health_authority) h
  JOIN (SELECT iin, row_number() OVER (ORDER BY n) AS i FROM population.identity(4910 * 4096 + 1, 4911 * 4096)
         WHERE coded_day BETWEEN population.today() - 60 * 365 AND population.today() - 30 * 365) w ON w.i = h.i;

/* As the people are drawn; what rounding leaves over goes to the largest. */
INSERT INTO base_population (region_id, counted_on, people, source)
SELECT s.region_id, b.counted_on, s.people + CASE WHEN row_number() OVER (ORDER BY s.people DESC) = 1 THEN b.people - sum(s.people) OVER () ELSE 0 END,
       'The region''s share of the population, of the country''s base'
  FROM (SELECT region_id, floor(18716355 * count(*) / 10000.0)::bigint AS people FROM population.region_slot GROUP BY 1) s
 CROSS JOIN (SELECT * FROM base_population WHERE region_id IS NULL ORDER BY counted_on LIMIT 1) b;
