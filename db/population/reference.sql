/*
 * Reference data: the whole set at every size, so that the same person has the same clinic and doctor whether a
 * thousand people are loaded or all. Runs once; what is there already stays.
 */
INSERT INTO source_system (id, name, vendor, trust) VALUES
    (2, 'mis-1', 'Damumed', 2), (3, 'mis-2', 'Nadezhda', 2), (4, 'mis-3', 'Avicenna', 2), (5, 'mis-4', 'Zhetysu', 2);

INSERT INTO region (id, kato, name_kk, name_ru, name_en, parent_id, valid_from)
SELECT id, kato, name_kk, name_ru, name_en, parent_id, valid_from FROM population.region ORDER BY parent_id NULLS FIRST, id;

/* A public generator of people who do not exist (`tolqujat import synthea`); nobody here has their numbers, so it may register them. */
INSERT INTO source_system (id, name, vendor, trust, registers_people, region_id)
SELECT 100, 'synthea', 'Synthea', 1, true, id FROM region WHERE kato = '710000000';

INSERT INTO icd10 (code, mark, sens, name_kk, name_ru, name_en)
SELECT code, mark, sens, name_kk, name_ru, name_en FROM population.icd10;

/* A BIN that nobody else has: month of registration, resident company, head office, the site's number; the first of a few months with a check digit. */
CREATE FUNCTION population.bin(serial bigint) RETURNS text STABLE
RETURN (SELECT lpad((body * 10 + national_check_digit(body))::text, 12, '0')
          FROM (SELECT (population.pick(serial, 101, 25) * 100 + m)::bigint * 10000000 + 4000000 + serial AS body, m FROM generate_series(1, 12) m) c
         WHERE national_check_digit(body) IS NOT NULL ORDER BY m LIMIT 1);

CREATE FUNCTION population.address(site bigint, city text) RETURNS text STABLE
RETURN (SELECT CASE WHEN population.u(site, 102) < 0.7 THEN city ELSE (SELECT word FROM population.word WHERE kind = 'town' AND i = population.pick(site, 103, 30)) END
               || ' қ., ' || word || ', ' || 1 + population.pick(site, 104, 180) FROM population.word WHERE kind = 'street' AND i = population.pick(site, 105, 32));

INSERT INTO clinic (id, region_id, bin, kind, name, name_ru, name_en, address)
SELECT s.id, s.region_id, population.bin(s.id), s.kind, r.city_kk || n.kk || n.more_kk, t.city_ru || n.ru || n.more_ru, t.city_en || n.en || n.more_en,
       population.address(s.id, r.city_kk)
  FROM (SELECT *, row_number() OVER (PARTITION BY kind, region_id ORDER BY id) AS nth FROM population.site WHERE kind <> 'pharmacy') s
  JOIN population.region r ON r.id = s.region_id
  JOIN population.city t ON t.region_id = s.region_id,
       LATERAL (SELECT * FROM (VALUES
               ('polyclinic', population.u(s.id, 106) < 0.75, ' қалалық емханасы', ', городская поликлиника', ' City Polyclinic', ' № ' || s.nth, ' № ' || s.nth, ' No. ' || s.nth),
               ('polyclinic', population.u(s.id, 106) >= 0.75, ' дәрігерлік амбулаториясы', ', врачебная амбулатория', ' Outpatient Clinic', ' № ' || s.nth, ' № ' || s.nth, ' No. ' || s.nth),
               ('ambulance', true, ' жедел жәрдем станциясы', ', станция скорой помощи', ' Ambulance Station',
                   CASE WHEN s.nth > 1 THEN ', ' || s.nth || '-бөлімше' ELSE '' END, CASE WHEN s.nth > 1 THEN ', отделение № ' || s.nth ELSE '' END, CASE WHEN s.nth > 1 THEN ', Branch ' || s.nth ELSE '' END),
               ('laboratory', true, ' диагностикалық зертханасы', ', диагностическая лаборатория', ' Diagnostic Laboratory', ' № ' || s.nth, ' № ' || s.nth, ' No. ' || s.nth)
               ) v (kind, good, kk, ru, en, more_kk, more_ru, more_en) WHERE v.kind = s.kind AND v.good
        UNION ALL
        SELECT 'hospital', true, ' ' || h.name_kk, ', ' || h.name_ru, ' ' || h.name_en, CASE WHEN s.nth > 9 THEN ' № ' || o.i ELSE '' END,
               CASE WHEN s.nth > 9 THEN ' № ' || o.i ELSE '' END, CASE WHEN s.nth > 9 THEN ' No. ' || o.i ELSE '' END
          FROM population.hospital_kind h, LATERAL (SELECT (s.nth - 1) / 9 + 1 AS i) o
         WHERE s.kind = 'hospital' AND h.i = (s.nth - 1) % 9) n;

/* Within some four kilometres of the centre of the region's first city. */
INSERT INTO pharmacy (id, region_id, bin, licence, name, name_ru, name_en, address, latitude, longitude)
SELECT s.id, s.region_id, population.bin(10000 + s.id / 4), 'ДҚ-' || lpad(s.id::text, 7, '0'),
       '«' || w.word || '» дәріханасы' || coalesce(' № ' || n.nth, ''), 'Аптека «' || w.word || '»' || coalesce(' № ' || n.nth, ''),
       '«' || w.word || '» Pharmacy' || coalesce(' No. ' || n.nth, ''),
       population.address(100000 + s.id, r.city_kk),
       round((t.latitude + (population.u(s.id, 8130) - 0.5) * 0.07)::numeric, 5), round((t.longitude + (population.u(s.id, 8131) - 0.5) * 0.1)::numeric, 5)
  FROM population.site s
  JOIN population.region r ON r.id = s.region_id
  JOIN population.city t ON t.region_id = s.region_id
  JOIN population.word w ON w.kind = 'pharmacy' AND w.i = population.pick(s.id, 109, 32),
       LATERAL (SELECT CASE WHEN population.u(s.id, 107) < 0.4 THEN 1 + population.pick(s.id, 108, 60) END AS nth) n
 WHERE s.kind = 'pharmacy';

/*
 * District doctors: six for each polyclinic, ids (clinic - 1) * 6 + 1 to 6. Hospital doctors: three for each
 * hospital, from 10001. Specialists: one for each polyclinic, from 12701. Nurses: one for each polyclinic, in one of its
 * districts, from 14301. Paramedics: four for each ambulance station, from 16001. Laboratories: one doctor each, from 17001. Managers: one for each
 * polyclinic and hospital, from 18001.
 */
CREATE TABLE population.post AS
SELECT (s.id - 1) * 6 + d AS id, s.id AS clinic_id, 'district_doctor' AS role, d::int AS district,
       (ARRAY['Жалпы практика дәрігері', 'Учаскелік терапевт', 'Жалпы практика дәрігері', 'Учаскелік педиатр', 'Жалпы практика дәрігері', 'Учаскелік терапевт'])[d] AS specialty
  FROM population.site s, generate_series(1, 6) d WHERE s.kind = 'polyclinic'
UNION ALL
SELECT 10000 + (s.id - 2001) * 3 + d, s.id, 'hospital_doctor', NULL, w.word
  FROM population.site s, generate_series(1, 3) d
  JOIN population.word w ON w.kind = 'hospital_specialty'
 WHERE s.kind = 'hospital' AND w.i = (s.id * 3 + d) % 12
UNION ALL
SELECT 12700 + s.id, s.id, 'specialist', NULL, w.word
  FROM population.site s JOIN population.word w ON w.kind = 'clinic_specialty' AND w.i = s.id % 10
 WHERE s.kind = 'polyclinic'
UNION ALL
SELECT 14300 + s.id, s.id, 'nurse', 1 + population.pick(s.id, 113, 6), 'Мейіргер' FROM population.site s WHERE s.kind = 'polyclinic'
UNION ALL
SELECT 16000 + (s.id - 3001) * 4 + d, s.id, 'paramedic', NULL, 'Фельдшер' FROM population.site s, generate_series(1, 4) d WHERE s.kind = 'ambulance'
UNION ALL
SELECT 17000 + s.id - 3100, s.id, 'specialist', NULL, 'Зертханашы дәрігер' FROM population.site s WHERE s.kind = 'laboratory'
UNION ALL
SELECT 18000 + s.id, s.id, 'manager', NULL, 'Бас дәрігер' FROM population.site s WHERE s.kind IN ('polyclinic', 'hospital');

INSERT INTO practitioner (id, iin, full_name, specialty)
SELECT post.id, who.iin, family.name || ' ' || given.name || CASE father.name WHEN '' THEN '' ELSE ' ' || father.name END, post.specialty
  FROM (SELECT id, specialty, row_number() OVER (ORDER BY id) AS i FROM population.post) post
  JOIN (SELECT n, coded_sex AS sex, iin, row_number() OVER (ORDER BY n) AS i,
               CASE WHEN population.u(n, 110) < 0.72 THEN 0 WHEN population.u(n, 110) < 0.86 THEN 1 WHEN population.u(n, 110) < 0.95 THEN 2 ELSE 3 END AS grp
          FROM population.identity(4900 * 4096 + 1, 4910 * 4096)
         WHERE coded_day BETWEEN population.today() - 66 * 365 AND population.today() - 26 * 365) who ON who.i = post.i
  JOIN population.name_slot given ON given.key = (least(who.grp, 4 - who.grp) * 2 + who.sex) * 4096 + population.pick(who.n, 11, 4096)
  JOIN population.name_slot family ON family.key = ((4 + who.grp) * 2 + who.sex) * 4096 + population.pick(who.n, 12, 4096)
  JOIN population.name_slot father ON father.key = ((8 + least(who.grp, 4 - who.grp)) * 2 + who.sex) * 4096 + population.pick(who.n, 13, 4096);

INSERT INTO practitioner_role (id, practitioner_id, clinic_id, role, district_number, valid_from)
SELECT id, id, clinic_id, role, district, date '2015-01-01' + population.pick(id, 111, 3000) FROM population.post;

\ir leaflets.sql
INSERT INTO drug (id, inn, inn_ru, inn_en, name, atc, strength, form, pack_quantity, producer, registration_number, gtin, rx_form, leaflet_id)
SELECT p.id, i.inn, o.name_ru, o.name_en, CASE WHEN p.j = 0 THEN i.name ELSE split_part(i.inn, ' ', 1) || '-' || split_part(w.word, ' ', 1) END,
       i.atc, i.strength, i.form, i.pack, CASE WHEN p.inn_id = 1 THEN 'Такеда' ELSE w.word END,
       'ҚР-ДЗ-5№' || lpad((14000 + p.id)::text, 6, '0'), g.body || (10 - (SELECT sum(substr(g.body, x, 1)::int * CASE x % 2 WHEN 1 THEN 3 ELSE 1 END) FROM generate_series(1, 13) x) % 10) % 10,
       i.rx_form, (SELECT id FROM leaflet l WHERE starts_with(i.atc, l.atc) ORDER BY length(l.atc) DESC LIMIT 1)
  FROM population.product p
  JOIN population.inn i ON i.id = p.inn_id
  JOIN population.inn_name o ON o.inn_id = i.id
  JOIN population.word w ON w.kind = 'producer' AND w.i = (population.pick(p.inn_id, 112, 16) + p.j * 3) % 16,
       LATERAL (SELECT '0487' || lpad((p.id * 31)::text, 9, '0') AS body) g;

/* One cap for each half-year and product; the oldest reaches back to July 2019, when caps began. Kardiomagnil's has stood since. */
INSERT INTO price_cap (drug_id, kind, amount, valid_from, valid_to, order_number)
SELECT c.drug_id, 'retail', c.amount,
       CASE WHEN c.half_year = min(c.half_year) OVER w THEN least('2019-07-01', d.first) ELSE d.first END,
       lead(d.first) OVER (w ORDER BY c.half_year), 'ҚР ДСМ-' || c.half_year % 100 || '/' || c.half_year / 2
  FROM population.cap c,
       LATERAL (SELECT make_date(c.half_year / 2, CASE c.half_year % 2 WHEN 1 THEN 7 ELSE 1 END, 1) AS first) d
 WHERE c.drug_id <> 8
WINDOW w AS (PARTITION BY c.drug_id)
UNION ALL
SELECT 8, 'retail', cap, date '2019-07-01', NULL, 'ҚР ДСМ-104/2019' FROM population.product WHERE id = 8
 ORDER BY 1, 4;
DROP TABLE population.post;

\ir medicines.sql
\ir care_reference.sql
\ir prevention_reference.sql
\ir lab_tests.sql
