/*
 * What the generator needs beside the tables: draws, the calendar of births, chances of diseases. All of it is
 * in the schema `population`, which load drops when it is done.
 * psql variables: seed (0 to 2^31-1), day (reference day: the last day on which anything has happened is the one before).
 *
 * A draw is a pure function of (seed, number of the person, salt), so person number n is the same at every
 * size. Salts: 1-99 person, 100-199 organisations, 1000 + disease, 2000 acute, 3000 allergies, 4000 vaccines,
 * 5000-8999 prescriptions, 9000-9099 stays, 9200-9299 relations and what gives a right, 9400-9499 care, 10000 + place pick-up codes,
 * 20000-21999 observations, 22000-22999 prevention.
 */
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS population CASCADE;
CREATE SCHEMA population;

CREATE FUNCTION population.today() RETURNS date IMMUTABLE PARALLEL SAFE RETURN :'day'::date;
/* Uniform in [0, 1). */
CREATE FUNCTION population.u(n bigint, salt bigint) RETURNS float8 IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(n, salt + :seed::bigint * 4294967296) & 2147483647)::float8 / 2147483648;
/* Uniform in 0 .. m-1. */
CREATE FUNCTION population.pick(n bigint, salt bigint, m int) RETURNS int IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(n, salt + :seed::bigint * 4294967296) & 2147483647) % m)::int;

\ir names.sql
\ir places.sql
\ir diseases.sql
\ir vaccines.sql
\ir drugs.sql
\ir observed.sql

/* Ages today: share of the people in percent, share of men. Bands 0-4 are those of the diseases. */
CREATE TABLE population.age (from_age int PRIMARY KEY, to_age int, percent float8, men float8, band int);
INSERT INTO population.age VALUES
(0, 1, 1.9, .514, 0), (1, 5, 8.2, .514, 0), (5, 10, 10.6, .514, 0), (10, 15, 8.9, .514, 0), (15, 18, 4.5, .514, 0),
(18, 25, 8.5, .504, 1), (25, 35, 14.2, .504, 1), (35, 45, 13.9, .504, 1),
(45, 60, 16.2, .474, 2), (60, 65, 4.3, .416, 3), (65, 75, 6.3, .416, 3),
(75, 85, 2.02, .32, 4), (85, 95, .54, .32, 4), (95, 104, .04, .32, 4);

/*
 * Births in 4,096 strata of equal share, as runs of days before the reference day. The runs are disjoint, so that
 * two strata never share a day: that makes the IINs below unique.
 */
CREATE TABLE population.stratum (k int PRIMARY KEY, first_day int NOT NULL, days int NOT NULL CHECK (days > 0), men float8, band int);
INSERT INTO population.stratum
SELECT k, edge, coalesce(lead(edge) OVER (ORDER BY k), (104 * 365.25)::int) - edge, men, band
  FROM (SELECT k, floor(365.25 * (from_age + (to_age - from_age) * (k / 4096.0 - lo) / (hi - lo)))::int AS edge, men, band
          FROM generate_series(0, 4095) k
          JOIN (SELECT from_age, to_age, men, band,
                       (sum(percent) OVER w - percent) / sum(percent) OVER () AS lo,
                       sum(percent) OVER w / sum(percent) OVER () AS hi
                  FROM population.age WINDOW w AS (ORDER BY from_age)) a
            ON k / 4096.0 >= lo AND k / 4096.0 < hi) e;

/*
 * Who person n is on paper: date and sex that the IIN codes, and the IIN. 4,096 neighbours share a serial number and
 * each has a stratum, hence a day, of its own; the next 4,096 have another serial. (Each day and sex turns the serials by
 * a number of its own, which changes nothing in that.) A serial is 0000-4999, or 5000 more: of the two at least one has a check digit, as their first pass differs by 5 * 8 modulo 11 and a second pass
 * is only needed where that leaves 10. Numbers 1 to 20,070,400 are people (blocks 0-4899), beyond are practitioners.
 */
CREATE FUNCTION population.identity(lo bigint, hi bigint)
RETURNS TABLE (n bigint, coded_day date, coded_sex int, band int, iin text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.n, s.day, s.sex, s.band,
           lpad((CASE WHEN c.one IS NOT NULL THEN s.body * 10 + c.one
                      ELSE o.body * 10 + national_check_digit(o.body) END)::text, 12, '0')
      FROM (SELECT d.n, d.day, d.sex, d.band, e.serial,
                   to_char(d.day, 'YYMMDD')::bigint * 100000
                       + (CASE WHEN d.day >= '2000-01-01' THEN 6 ELSE 4 END - d.sex) * 10000
                       + e.serial AS body
              FROM (SELECT p.n, st.band,
                           population.today() - 1 - st.first_day - population.pick(p.n, 1, st.days) AS day,
                           CASE WHEN population.u(p.n, 2) < st.men THEN 1 ELSE 0 END AS sex,
                           (p.block * 1237 + population.pick(0, 3, 5000)) % 5000 AS turn, population.pick(p.n, 4, 2) AS half
                      FROM (SELECT q.n, q.block,
                                   ((q.x # (q.x >> 5)) * 2741 + population.pick(q.block, 5, 4096)) & 4095 AS x
                              FROM (SELECT i AS n, (i - 1) >> 12 AS block,
                                           (((i - 1) & 4095)::int * (2 * population.pick((i - 1) >> 12, 6, 2048) + 1)
                                               + population.pick((i - 1) >> 12, 7, 4096)) & 4095 AS x
                                      FROM generate_series(lo, hi) i) q
                           ) p
                      JOIN population.stratum st ON st.k = (p.x # (p.x >> 7))) d,
                   LATERAL (SELECT (d.turn + population.pick(d.day - date '1900-01-01', 8 + d.sex, 5000)) % 5000
                                       + 5000 * d.half AS serial) e) s,
           LATERAL (SELECT national_check_digit(s.body) AS one OFFSET 0) c,
           LATERAL (SELECT s.body + CASE WHEN s.serial < 5000 THEN 5000 ELSE -5000 END AS body) o
$$;

/*
 * Chances of chronic diseases by band, sex and hypertension, so that the shares of the whole people come out as
 * diseases.sql says. Diseases of one group exclude each other: one draw, neighbouring intervals.
 */
CREATE TABLE population.chance AS
WITH band AS (
    SELECT band, sum(percent) / (SELECT sum(percent) FROM population.age) AS share,
           sum(percent * men) / sum(percent) AS men
      FROM population.age GROUP BY band
), plain AS (
    SELECT c.id, b.band, s.sex, c.with_hypertension AS times,
           CASE WHEN c.id <= 2 THEN 1 WHEN c.id BETWEEN 6 AND 9 THEN 6 ELSE c.id END AS grp,
           c.percent / 100 * w.weights[b.band + 1] *
               CASE s.sex WHEN 0 THEN c.women / t.women ELSE (1 - c.women) / t.men END AS p
      FROM population.chronic c
     CROSS JOIN LATERAL (SELECT ARRAY[w0, w18, w45, w60, w75] AS weights) w
     CROSS JOIN LATERAL (SELECT sum(share * men * w.weights[band + 1]) AS men,
                                sum(share * (1 - men) * w.weights[band + 1]) AS women FROM band) t
     CROSS JOIN band b
     CROSS JOIN (VALUES (0), (1)) s (sex)
), both_cases AS (
    SELECT p.id, p.band, p.sex, p.grp, h.yes,
           CASE WHEN p.id <= 2 THEN p.p
                ELSE least(0.95, CASE WHEN h.yes THEN p.times ELSE 1 END * p.p / (1 + t.total * (p.times - 1))) END AS p
      FROM plain p
      JOIN (SELECT band, sex, sum(p) AS total FROM plain WHERE id <= 2 GROUP BY band, sex) t USING (band, sex)
     CROSS JOIN (VALUES (false), (true)) h (yes)
)
SELECT (band * 2 + sex) * 2 + yes::int AS key, id, grp, (sum(p) OVER w - p)::float8 AS lo, (sum(p) OVER w)::float8 AS hi
  FROM both_cases WINDOW w AS (PARTITION BY band, sex, yes, grp ORDER BY id);
DELETE FROM population.chance WHERE hi <= lo;

/* What of a list is drawn, in 1,000 slots. */
CREATE TABLE population.acute_slot (slot int PRIMARY KEY, acute_id int NOT NULL);
INSERT INTO population.acute_slot
SELECT slot, id FROM (SELECT id, round(1000 * (sum(weight) OVER w - weight) / sum(weight) OVER ())::int AS lo,
                             round(1000 * sum(weight) OVER w / sum(weight) OVER ())::int AS hi
                        FROM population.acute WINDOW w AS (ORDER BY id)) a, generate_series(lo, hi - 1) slot;
CREATE TABLE population.allergen_slot (slot int PRIMARY KEY, allergen_id int NOT NULL);
INSERT INTO population.allergen_slot
SELECT slot, id FROM (SELECT id, round(1000 * (sum(weight) OVER w - weight) / sum(weight) OVER ())::int AS lo,
                             round(1000 * sum(weight) OVER w / sum(weight) OVER ())::int AS hi
                        FROM population.allergen WINDOW w AS (ORDER BY id)) a, generate_series(lo, hi - 1) slot;

/* The share of its cap that a pharmacy asks for a product: Beta(6, 3), mean two thirds, in 1,024 slots. */
CREATE TABLE population.price_slot (slot int PRIMARY KEY, share float8 NOT NULL);
INSERT INTO population.price_slot
SELECT s, (SELECT min(x) FROM (SELECT i / 2000::float8 AS x FROM generate_series(1, 2000) i) g
            WHERE 28 * x ^ 6 * (1 - x) ^ 2 + 8 * x ^ 7 * (1 - x) + x ^ 8 >= (s + 0.5) / 1024)
  FROM generate_series(0, 1023) s;

/* Reasons to be in hospital by sex and age in years, 64 slots each. */
CREATE TABLE population.stay_slot (key int PRIMARY KEY, code text NOT NULL, department text NOT NULL);
INSERT INTO population.stay_slot
SELECT (age * 2 + sex) * 64 + slot, code, department
  FROM (SELECT a.age, s.sex, r.code, r.department,
               round(64 * (sum(weight) OVER w - weight) / sum(weight) OVER v)::int AS lo,
               round(64 * sum(weight) OVER w / sum(weight) OVER v)::int AS hi
          FROM generate_series(0, 110) a (age)
         CROSS JOIN (VALUES (0), (1)) s (sex)
          JOIN population.stay_reason r ON a.age BETWEEN r.from_age AND r.to_age AND coalesce(r.sex, s.sex) = s.sex
        WINDOW w AS (PARTITION BY a.age, s.sex ORDER BY r.code), v AS (PARTITION BY a.age, s.sex)) x,
       generate_series(lo, hi - 1) slot;

/* Retail caps by half-year (year * 2, + 1 from July), for nine of them. */
CREATE FUNCTION population.half_year(d date) RETURNS int IMMUTABLE PARALLEL SAFE
RETURN (extract(year FROM d) * 2 + (extract(month FROM d) >= 7)::int)::int;
CREATE TABLE population.product AS
SELECT i.id * 8 + j AS id, i.id AS inn_id, j, i.pack,
       CASE WHEN j = 0 THEN i.cap ELSE (i.cap * (0.5 + 1.5 * population.u(i.id * 8 + j, 100)))::bigint / 100 * 100 END AS cap
  FROM population.inn i, generate_series(0, i.products - 1) j;
CREATE TABLE population.cap AS
SELECT p.id AS drug_id, h.half_year,
       CASE WHEN p.inn_id = 1 THEN p.cap ELSE round(p.cap * (1 - 0.015 * (population.half_year(population.today()) - h.half_year)))::bigint END AS amount
  FROM population.product p,
       generate_series(population.half_year(population.today()) - 8, population.half_year(population.today())) h (half_year);
ALTER TABLE population.cap ADD PRIMARY KEY (drug_id, half_year);

/* Organisations of a kind are numbered through the regions, so that a region has a run of each. */
CREATE TABLE population.site AS
SELECT k.kind, k.first_id + j AS id, s.region_id, j
  FROM (VALUES ('polyclinic', 1, 1560), ('hospital', 2001, 872), ('ambulance', 3001, 40), ('laboratory', 3101, 28), ('pharmacy', 1, 9000)) k (kind, first_id, number),
       generate_series(0, k.number - 1) j
  JOIN population.region_slot s ON true
 WHERE s.slot = floor((j + 0.5) * 10000 / k.number)::int;
CREATE TABLE population.region_site AS
SELECT region_id,
       min(id) FILTER (WHERE kind = 'polyclinic') AS clinic, (count(*) FILTER (WHERE kind = 'polyclinic'))::int AS clinics,
       min(id) FILTER (WHERE kind = 'hospital') AS hospital, (count(*) FILTER (WHERE kind = 'hospital'))::int AS hospitals,
       min(id) FILTER (WHERE kind = 'pharmacy') AS pharmacy, (count(*) FILTER (WHERE kind = 'pharmacy'))::int AS pharmacies
  FROM population.site GROUP BY region_id;
ANALYZE population.name_slot, population.region_slot, population.stratum, population.chance, population.cap, population.product;
