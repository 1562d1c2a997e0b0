/*
 * Slots of the national calendar: the age at which a dose is due and how late it comes, coverage (percent),
 * the first day on which it was given, who gets it. A person who refuses a series refuses it as a whole,
 * so `series` seeds the draw. Records go back to 2005.
 */
CREATE TABLE population.vaccine (
    id int PRIMARY KEY, vaccine text, dose int, series int, due_days int, spread_days int,
    coverage float8, since date, until date, sex int
);
INSERT INTO population.vaccine VALUES
( 1, 'БЦЖ',            1,  1,    2,   3, 97, '2005-01-01', NULL, NULL),
( 2, 'В гепатиті',     1,  2,    0,   1, 96, '2005-01-01', NULL, NULL),
( 3, 'АбКДС+Hib+ВГВ+ИПВ', 1, 3, 61,  25, 96, '2010-01-01', NULL, NULL),
( 4, 'АбКДС+Hib+ИПВ',  2,  3,   92,  25, 95, '2010-01-01', NULL, NULL),
( 5, 'АбКДС+Hib+ВГВ+ИПВ', 3, 3, 122, 30, 95, '2010-01-01', NULL, NULL),
( 6, 'АбКДС+Hib+ИПВ',  4,  3,  548,  60, 94, '2010-01-01', NULL, NULL),
( 7, 'АКДС',           1,  3,   61,  25, 95, '2005-01-01', '2010-01-01', NULL),
( 8, 'АКДС',           2,  3,   92,  25, 95, '2005-01-01', '2010-01-01', NULL),
( 9, 'АКДС',           3,  3,  122,  30, 94, '2005-01-01', '2010-01-01', NULL),
(10, 'АКДС',           4,  3,  548,  60, 93, '2005-01-01', '2010-01-01', NULL),
(11, 'ОПВ',            1,  4,  380,  45, 96, '2005-01-01', NULL, NULL),
(12, 'Пневмококк',     1,  5,   61,  25, 95, '2011-01-01', NULL, NULL),
(13, 'Пневмококк',     2,  5,  122,  30, 94, '2011-01-01', NULL, NULL),
(14, 'Пневмококк',     3,  5,  380,  45, 94, '2011-01-01', NULL, NULL),
(15, 'ҚҚП',            1,  6,  380,  45, 96, '2005-01-01', NULL, NULL),
(16, 'ҚҚП',            2,  6, 2220,  90, 96, '2005-01-01', NULL, NULL),
(17, 'БЦЖ',            2,  1, 2230, 120, 93, '2005-01-01', '2020-09-24', NULL),
(18, 'АбКДС',          5,  3, 2225,  90, 95, '2005-01-01', NULL, NULL),
(19, 'А гепатиті',     1,  7,  740,  60, 93, '2013-01-01', NULL, NULL),
(20, 'А гепатиті',     2,  7,  930,  60, 92, '2013-01-01', NULL, NULL),
(21, 'АПВ (HPV)',      1,  8, 4030, 200, 62, '2024-09-01', NULL, 0),
(22, 'АПВ (HPV)',      2,  8, 4240, 200, 55, '2024-12-01', NULL, 0),
(23, 'АДС-М',          6,  9, 5850, 120, 95, '2005-01-01', NULL, NULL),
(24, 'АДС-М',          7,  9, 9500, 200, 92, '2005-01-01', NULL, NULL),
(25, 'АДС-М',          8,  9, 13150, 300, 92, '2005-01-01', NULL, NULL),
(26, 'АДС-М',          9,  9, 16800, 300, 92, '2005-01-01', NULL, NULL),
(27, 'АДС-М',         10,  9, 20450, 300, 92, '2005-01-01', NULL, NULL),
(28, 'АДС-М',         11,  9, 24100, 300, 92, '2005-01-01', NULL, NULL);

/* Campaigns by the calendar and not by age: first day, length, ages. */
CREATE TABLE population.campaign (
    id int PRIMARY KEY, vaccine text, dose int, series int, first_day date, spread_days int,
    coverage float8, from_age int, to_age int
);
INSERT INTO population.campaign VALUES
(41, 'COVID-19 (Sputnik V)', 1, 20, '2021-04-01', 200, 55, 18, 120),
(42, 'COVID-19 (Sputnik V)', 2, 20, '2021-04-22', 200, 52, 18, 120),
(43, 'Тұмау',           1, 21, '2023-09-15', 60, 12, 6, 120),
(44, 'Тұмау',           1, 22, '2024-09-15', 60, 12, 6, 120),
(45, 'Тұмау',           1, 23, '2025-09-15', 60, 12, 6, 120);

/* The series as records of refusals name them: the first dose, and who has none at all. */
CREATE TABLE population.vaccine_series AS
SELECT v.series, n.name, min(v.due_days) AS due_days, max(v.coverage) AS coverage, min(v.since) AS since, max(v.sex) AS sex
  FROM population.vaccine v
  JOIN (VALUES (1, 'tuberculosis'), (2, 'hepatitis_b'), (3, 'diphtheria_tetanus_pertussis'), (4, 'polio'), (5, 'pneumococcus'), (6, 'measles_mumps_rubella'),
               (7, 'hepatitis_a'), (8, 'papillomavirus'), (9, 'diphtheria_tetanus_pertussis')) n (series, name) ON n.series = v.series
 GROUP BY 1, 2;

/* How many of those whom a clinic invites to a screening come: 60 to 95 %. check.sql reckons it likewise. */
CREATE FUNCTION population.screening_rate(clinic bigint) RETURNS float8 IMMUTABLE PARALLEL SAFE
RETURN 0.6 + 0.35 * population.u(clinic, 22900);
