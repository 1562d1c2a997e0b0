/*
 * Laboratory, measurements, habits, pregnancies, studies, procedures, devices, medicines taken and contacts of the people of this chunk: run by
 * people.sql, in its transaction. Places in a list as there: n * 256 + place.
 */

/* Who is watched for what. */
CREATE TEMP TABLE watched ON COMMIT DROP AS
SELECT n, 'all' AS whom FROM person
UNION ALL SELECT n, 'adult' FROM person WHERE age >= 18
UNION SELECT n, CASE WHEN code ~ '^E1' THEN 'diabetes' WHEN code ~ '^N18' THEN 'kidney' WHEN code ~ '^E03' THEN 'thyroid' WHEN code ~ '^I' THEN 'heart'
                     WHEN code ~ '^B18' THEN 'liver' WHEN code ~ '^D50' THEN 'anaemia' ELSE 'joint' END
        FROM diagnosis WHERE code ~ '^(E1|N18|E03|I|B18|D50|M06)';
CREATE INDEX ON watched (n);
ANALYZE watched;

/*
 * Laboratory: up to four samples of two years, the more the more somebody is watched, each result within two days; and a fifth
 * that was ordered in these days (place (sample - 1) * 50 + test). What a person's values are like is the person's; samples scatter around it.
 */
INSERT INTO lab_result (patient_id, id, lab_test_id, clinic_id, ordered_by, recorded_by, recorded_at, ordered_at, resulted_at, status, value, unit, low, high, flag, specimen,
                        loinc, name, order_number, source_id, source_rec)
SELECT r.n, r.n * 256 + (r.k - 1) * 50 + r.test_id, r.test_id, r.laboratory, r.doctor_id, r.doctor_id, r.ordered_at, r.ordered_at, r.resulted_at,
       CASE WHEN r.resulted_at IS NULL THEN 'ordered' ELSE 'final' END, r.value, t.unit, r.low, r.high,
       CASE WHEN r.value IS NULL THEN NULL WHEN r.value > r.high * 2.5 THEN 'critical_high' WHEN r.value > r.high THEN 'high'
            WHEN r.value < r.low * 0.6 THEN 'critical_low' WHEN r.value < r.low THEN 'low' ELSE 'normal' END,
       t.specimen, t.loinc, CASE WHEN r.grp IN (1, 3) THEN t.name_ru ELSE t.name_kk END, 'L' || lpad((r.n * 8 + r.k)::text, 10, '0'), r.source_id, to_hex(r.n * 256 + (r.k - 1) * 50 + r.test_id)
  FROM (SELECT s.*, g.low, g.high, x.test_id,
               CASE WHEN s.resulted_at IS NULL THEN NULL ELSE
               round(greatest(m.mid * 0.1, m.mid + m.half * (x.moves + 0.35 * population.bell(s.n, 20100 + x.test_id) + (0.2 + abs(x.moves) * 0.15) * population.bell(s.n, 20200 + s.k * 50 + x.test_id)))::numeric, x.digits) END AS value
          FROM (SELECT p.n, p.sex, p.grp, p.doctor_id, p.source_id, p.birth, k, l.id AS laboratory, a.ordered_at,
                       CASE WHEN k < 5 THEN a.ordered_at + (4 + population.pick(p.n, 20020 + k, 40)) * interval '1 hour' END AS resulted_at
                  FROM person p
                  LEFT JOIN (SELECT n, count(*) AS causes FROM watched WHERE whom NOT IN ('all', 'adult') GROUP BY n) c ON c.n = p.n
                 CROSS JOIN generate_series(1, 5) k
                 CROSS JOIN LATERAL (SELECT 3101 + population.pick(p.n, 20001, 28) AS id) l
                 CROSS JOIN LATERAL (SELECT ((CASE k WHEN 5 THEN population.today() - 1 - population.pick(p.n, 20011, 2)
                                                     ELSE p.last_day - 3 - (k - 1) * 180 - population.pick(p.n, 20010 + k, 150) END) + time '03:00') AT TIME ZONE 'UTC'
                                            + population.pick(p.n, 20015 + k, 300) * interval '1 minute' AS ordered_at) a
                 WHERE population.u(p.n, 20000 + k) < CASE WHEN k = 5 THEN CASE WHEN p.died IS NULL THEN 0.02 ELSE 0 END
                                                           WHEN c.causes > 0 THEN (ARRAY[0.85, 0.6, 0.35, 0.2])[k]
                                                           WHEN p.age >= 18 THEN (ARRAY[0.35, 0.08, 0, 0])[k] ELSE (ARRAY[0.2, 0, 0, 0])[k] END
                   AND a.ordered_at > p.birth + 1) s
          JOIN LATERAL (SELECT DISTINCT ON (e.test_id) e.test_id, e.digits, e.moves FROM watched w JOIN population.examination e ON e.whom = w.whom
                         WHERE w.n = s.n AND population.u(s.n, 20060 + e.test_id) < e.share ORDER BY e.test_id, abs(e.moves) DESC) x ON true
          JOIN lab_range g ON g.lab_test_id = x.test_id AND coalesce(g.sex, CASE s.sex WHEN 1 THEN 'male' ELSE 'female' END) = CASE s.sex WHEN 1 THEN 'male' ELSE 'female' END
                          AND extract(year FROM age(s.ordered_at::date, s.birth)) >= g.age_from AND extract(year FROM age(s.ordered_at::date, s.birth)) < g.age_to
         CROSS JOIN LATERAL (SELECT (coalesce(g.low, 0) + g.high)::float8 / 2 AS mid, (g.high - coalesce(g.low, 0))::float8 / 2 AS half) m) r
  JOIN lab_test t ON t.id = r.test_id
 ORDER BY r.n, r.k, r.test_id;

/*
 * The body. Children at the ages of the table, in the last five years; adults once or twice in the last two. A child keeps to its
 * own line. (Places occasion * 6 + what: 0 weight, 1 height, 2 head or waist, 3 pressure, 4 pulse, 5 temperature.)
 */
INSERT INTO observation (patient_id, id, clinic_id, recorded_by, recorded_at, observed_at, kind, value, second_value, unit, source_id, source_rec)
SELECT o.n, o.n * 256 + o.place, o.clinic_id, o.doctor_id, o.at, o.at, k.kind, o.value, o.second_value, k.unit, o.source_id, to_hex(o.n * 256 + o.place)
  FROM (SELECT p.n, p.clinic_id, p.doctor_id, p.source_id, v.kind, g.i * 6 + v.what AS place, a.at, v.value::numeric, NULL::numeric AS second_value
          FROM person p
          JOIN (SELECT *, row_number() OVER (ORDER BY month) - 1 AS i FROM population.growth) g ON p.age < 19 AND g.month * 30.44 <= p.last_day - p.birth
         CROSS JOIN LATERAL (SELECT (least(p.last_day, p.birth + ceil(g.month * 30.44)::int + population.pick(p.n, 20300 + g.month, 9)) + time '04:00') AT TIME ZONE 'UTC' AS at) a
         CROSS JOIN LATERAL (SELECT 1 + 0.04 * population.bell(p.n, 20290) AS tall) t
         CROSS JOIN LATERAL (VALUES (0, 'weight', round((CASE p.sex WHEN 1 THEN g.boy_kg ELSE g.girl_kg END * t.tall * (1 + 0.07 * population.bell(p.n, 20291)))::numeric, CASE WHEN g.month < 12 THEN 2 ELSE 1 END)),
                                    (1, 'height', round((CASE p.sex WHEN 1 THEN g.boy_cm ELSE g.girl_cm END * t.tall)::numeric, 1)),
                                    (2, 'head_circumference', round((g.head * (1 + 0.02 * population.bell(p.n, 20292)))::numeric, 1))) v (what, kind, value)
         WHERE v.value IS NOT NULL AND a.at > population.today() - 5 * 365 AND population.u(p.n, 20320 + g.month) < 0.6
        UNION ALL
        SELECT p.n, p.clinic_id, p.doctor_id, p.source_id, v.kind, 150 + j * 6 + v.what, a.at, v.value, v.second_value
          FROM person p
          LEFT JOIN (SELECT n FROM diagnosis WHERE code ~ '^I1[01]' GROUP BY n) h ON h.n = p.n
         CROSS JOIN generate_series(0, 1) j
         CROSS JOIN LATERAL (SELECT (p.last_day - j * 365 - population.pick(p.n, 20330 + j, 300) + time '04:00') AT TIME ZONE 'UTC' AS at) a
         CROSS JOIN LATERAL (SELECT CASE p.sex WHEN 1 THEN 174 + 7 * population.bell(p.n, 20290) ELSE 161 + 6 * population.bell(p.n, 20290) END AS cm,
                                    greatest(16.5, 21.5 + least(p.age, 60) * 0.09 + 3.8 * population.bell(p.n, 20291) + 0.3 * population.bell(p.n, 20334 + j)) AS bmi,
                                    CASE WHEN h.n IS NULL THEN 121 + p.age * 0.1 ELSE 143 END + 8 * population.bell(p.n, 20340 + j) AS systolic) b
         CROSS JOIN LATERAL (VALUES (0, 'weight', round((b.bmi * b.cm * b.cm / 10000)::numeric, 1), NULL::numeric), (1, 'height', round(b.cm::numeric, 0), NULL),
                                    (2, 'waist', CASE WHEN population.u(p.n, 20350) < 0.4 THEN round((b.bmi * 3.4)::numeric, 0) END, NULL),
                                    (3, 'blood_pressure', round(b.systolic::numeric, 0), round((b.systolic * 0.62 + 4 * population.bell(p.n, 20344 + j))::numeric, 0)),
                                    (4, 'pulse', round((73 + 8 * population.bell(p.n, 20346 + j))::numeric, 0), NULL),
                                    (5, 'temperature', CASE WHEN population.u(p.n, 20352 + j) < 0.5 THEN round((36.6 + 0.15 * population.bell(p.n, 20348 + j))::numeric, 1) END, NULL)) v (what, kind, value, second_value)
         WHERE p.age >= 19 AND v.value IS NOT NULL AND population.u(p.n, 20332 + j) < CASE WHEN h.n IS NOT NULL THEN 0.9 ELSE (ARRAY[0.45, 0.15])[j + 1] END AND a.at > p.birth + 1) o
  JOIN observation_kind k ON k.kind = o.kind
 ORDER BY o.n, o.place;

/* Remote monitoring: one in twenty with hypertension or diabetes has a device that sends a value each morning; here, of the last ten days (places 170 on). */
INSERT INTO observation (patient_id, id, recorded_at, observed_at, kind, value, second_value, unit, origin, device)
SELECT d.n, d.n * 256 + 170 + j, t.at, t.at, k.kind, CASE WHEN d.pressure THEN round((138 + 9 * population.bell(d.n, 20370 + j))::numeric, 0) ELSE round((7.4 + 1.5 * population.bell(d.n, 20370 + j))::numeric, 1) END,
       CASE WHEN d.pressure THEN round((85 + 5 * population.bell(d.n, 20380 + j))::numeric, 0) END, k.unit, 'remote_monitoring', 'DEV-' || lpad(d.n::text, 9, '0')
  FROM (SELECT d.n, bool_or(d.code ~ '^I1') AS pressure FROM diagnosis d JOIN person p ON p.n = d.n
         WHERE d.code ~ '^(I1[01]|E1)' AND p.died IS NULL AND p.age >= 18 AND population.u(d.n, 20360) < 0.05 GROUP BY d.n) d
  JOIN observation_kind k ON k.kind = CASE WHEN d.pressure THEN 'blood_pressure' ELSE 'glucose' END,
       generate_series(0, 9) j,
       LATERAL (SELECT (population.today() - 1 - j + time '02:00') AT TIME ZONE 'UTC' + population.pick(d.n, 20390 + j, 90) * interval '1 minute' AS at) t
 ORDER BY d.n, j;

/* Habits, of half of the grown-up people. */
INSERT INTO lifestyle (patient_id, id, recorded_by, recorded_at, noted_on, kind, level, amount, unit, source_id, source_rec)
SELECT p.n, p.n * 256 + v.place, p.doctor_id, (t.noted_on + time '06:00') AT TIME ZONE 'UTC', t.noted_on, v.kind, v.level,
       CASE WHEN v.kind = 'smoking' AND v.level NOT IN ('none', 'former') THEN 3 + population.pick(p.n, 20405, 20) END, CASE WHEN v.kind = 'smoking' AND v.level NOT IN ('none', 'former') THEN '{cigarettes}/d' END,
       p.source_id, to_hex(p.n * 256 + v.place)
  FROM person p,
       LATERAL (SELECT p.last_day - population.pick(p.n, 20400, 700) AS noted_on) t,
       LATERAL (VALUES (1, 'smoking', (ARRAY['none', 'former', 'moderate', 'high'])[width_bucket(population.u(p.n, 20401), ARRAY[0, CASE p.sex WHEN 1 THEN 0.5 ELSE 0.86 END, CASE p.sex WHEN 1 THEN 0.65 ELSE 0.91 END, 0.95]::float8[])]),
                       (2, 'alcohol', (ARRAY['none', 'low', 'moderate', 'high'])[width_bucket(population.u(p.n, 20402), ARRAY[0, 0.55, 0.85, 0.96]::float8[])]),
                       (3, 'activity', (ARRAY['none', 'low', 'moderate', 'high'])[width_bucket(population.u(p.n, 20403), ARRAY[0, 0.2, 0.55, 0.85]::float8[])])) v (place, kind, level)
 WHERE p.age >= 18 AND population.u(p.n, 20404) < 0.5 AND t.noted_on > p.birth + 6575
 ORDER BY p.n, v.place;

/* Pregnancies: one that goes on (place 1; one in fourteen women from 18 to 42), and one that ended in the last years (place 0). */
INSERT INTO pregnancy (patient_id, id, clinic_id, recorded_by, recorded_at, noted_on, due_on, ended_on, gravida, para, risk_group, status, outcome, sens, source_id, source_rec)
SELECT p.n, p.n * 256 + k, p.clinic_id, p.doctor_id, (d.conceived + 60 + time '06:00') AT TIME ZONE 'UTC', d.conceived + 60, d.conceived + 280, CASE k WHEN 0 THEN d.conceived + e.days END,
       1 + r.before + CASE WHEN k = 1 AND population.u(p.n, 20420) < 0.15 THEN 1 ELSE 0 END, r.before, 1 + population.pick(p.n, 20425 + k, 3), CASE k WHEN 0 THEN 'ended' ELSE 'ongoing' END,
       CASE k WHEN 0 THEN CASE WHEN e.days < 200 THEN 'miscarriage' ELSE 'live_birth' END END, 3, p.source_id, to_hex(p.n * 256 + k)
  FROM person p,
       generate_series(0, 1) k,
       LATERAL (SELECT population.today() - 1 - CASE k WHEN 1 THEN 61 + population.pick(p.n, 20421, 200) ELSE 700 + population.pick(p.n, 20422, 1200) END AS conceived) d,
       LATERAL (SELECT CASE WHEN population.u(p.n, 20424) < 0.1 THEN 75 + population.pick(p.n, 20423, 60) ELSE 266 + population.pick(p.n, 20423, 24) END AS days) e,
       LATERAL (SELECT population.pick(p.n, 20428, 4) AS before) r
 WHERE p.sex = 0 AND p.died IS NULL AND p.age BETWEEN 18 AND 42 AND population.u(p.n, 20420 + k * 1000) < CASE k WHEN 1 THEN 0.07 ELSE 0.15 END AND d.conceived > p.birth + 18 * 366
 ORDER BY p.n, k;

/* Studies of the last year, where a model looked at some (place: the study). What it saw is confirmed or rejected of nine in ten; the rest waits for a clinician. */
CREATE TEMP TABLE studied ON COMMIT DROP AS
SELECT p.n, s.*, p.grp, p.doctor_id, p.clinic_id, p.source_id, population.u(p.n, 20510 + s.id) < CASE WHEN p.age > 60 THEN 0.12 ELSE 0.04 END AS found,
       s.modality IN ('fluorography', 'mammography', 'ct', 'xray') AND population.u(p.n, 20520 + s.id) < 0.4 AS looked,
       (p.last_day - population.pick(p.n, 20530 + s.id, 360) + time '05:00') AT TIME ZONE 'UTC' AS at
  FROM person p
  JOIN population.study s ON p.age > s.from_age AND p.age <= s.to_age AND coalesce(s.sex, p.sex) = p.sex
 WHERE population.u(p.n, 20500 + s.id) < s.share AND (s.whom IS NULL OR EXISTS (SELECT FROM watched w WHERE w.n = p.n AND w.whom = s.whom));
INSERT INTO diagnostic_report (patient_id, id, clinic_id, practitioner_id, recorded_by, recorded_at, performed_at, modality, status, loinc, name, body_site, conclusion, image_ref, source_id, source_rec)
SELECT s.n, s.n * 256 + s.id, s.clinic_id, s.doctor_id, s.doctor_id, s.at, s.at, s.modality, 'final', s.loinc, CASE WHEN s.grp IN (1, 3) THEN s.name_ru ELSE s.name_kk END, s.site,
       CASE WHEN s.grp IN (1, 3) THEN CASE WHEN s.found THEN s.finding_ru ELSE s.usual_ru END ELSE CASE WHEN s.found THEN s.finding_kk ELSE s.usual_kk END END,
       CASE WHEN s.modality IN ('xray', 'fluorography', 'mammography', 'ct', 'mri') THEN 'made-up/' || s.modality || '-' || 1 + population.pick(s.n, 20535 + s.id, 4) || '.png' END, s.source_id, to_hex(s.n * 256 + s.id)
  FROM studied s ORDER BY s.n, s.id;
INSERT INTO ai_finding (patient_id, id, report_id, recorded_at, found_at, model, model_version, label, score, status, confirmed_by, confirmed_at, source_id, source_rec)
SELECT s.n, s.n * 256 + s.id, s.n * 256 + s.id, s.at, s.at, 'ChestSight', '2.' || population.pick(s.n, 20540 + s.id, 4), CASE WHEN l.seen THEN CASE WHEN s.grp IN (1, 3) THEN s.finding_ru ELSE s.finding_kk END
            ELSE CASE WHEN s.grp IN (1, 3) THEN s.usual_ru ELSE s.usual_kk END END,
       CASE WHEN l.seen THEN 70 + population.pick(s.n, 20550 + s.id, 30) ELSE 1 + population.pick(s.n, 20550 + s.id, 20) END,
       l.status, CASE WHEN l.status <> 'preliminary' THEN s.doctor_id END, CASE WHEN l.status <> 'preliminary' THEN s.at + interval '3 hours' END, s.source_id, to_hex(s.n * 256 + s.id)
  FROM studied s,
       LATERAL (SELECT q.seen, CASE WHEN population.u(s.n, 20570 + s.id) < 0.1 THEN 'preliminary' WHEN q.seen = s.found THEN 'confirmed' ELSE 'rejected' END AS status
                  FROM (SELECT s.found AND population.u(s.n, 20560 + s.id) < 0.9 OR population.u(s.n, 20565 + s.id) < 0.03 AS seen) q) l
 WHERE s.looked
 ORDER BY s.n, s.id;

/* What was done in the stays that are over, and what of it stayed in the body (place: the stay). */
INSERT INTO procedure_done (patient_id, id, clinic_id, recorded_at, performed_on, code, name, result, source_id, source_rec)
SELECT h.patient_id, h.id, h.clinic_id, (h.admitted_on + time '09:00') AT TIME ZONE 'UTC', h.admitted_on, s.service, CASE WHEN p.grp IN (1, 3) THEN s.name_ru ELSE s.name_kk END,
       CASE WHEN p.grp IN (1, 3) THEN 'Без осложнений' ELSE 'Асқынусыз' END, p.source_id, to_hex(h.id)
  FROM hospitalization h JOIN person p ON p.n = h.patient_id JOIN population.surgery s ON s.code = h.icd10_discharge AND population.u(h.id, 20600) < s.share
 WHERE h.patient_id BETWEEN :lo AND :hi
 ORDER BY 1, 2;
INSERT INTO implant (patient_id, id, clinic_id, recorded_at, implanted_on, kind, mri, name, model, lot, source_id, source_rec)
SELECT h.patient_id, h.id, h.clinic_id, (h.admitted_on + time '09:00') AT TIME ZONE 'UTC', h.admitted_on, s.implant, s.mri, s.device, 'M' || 100 + population.pick(h.id, 20601, 40), 'SN' || to_hex(h.id * 7), p.source_id, to_hex(h.id)
  FROM hospitalization h JOIN person p ON p.n = h.patient_id JOIN population.surgery s ON s.code = h.icd10_discharge AND population.u(h.id, 20600) < s.share
 WHERE h.patient_id BETWEEN :lo AND :hi AND s.implant IS NOT NULL
 ORDER BY 1, 2;

/* Medicines taken: of each chronic treatment the latest course (while it is the time of it it goes on), and what people buy themselves (places 251 on). */
INSERT INTO medication_statement (patient_id, id, drug_id, prescription_id, recorded_at, started_on, ended_on, origin, atc, name, dose, source_id, source_rec)
SELECT o.n, o.n * 256 + o.place, o.drug_id, o.n * 256 + o.place, (o.issued_on + time '06:00') AT TIME ZONE 'UTC', o.issued_on,
       CASE WHEN p.died IS NOT NULL THEN p.died WHEN o.valid_to < population.today() THEN o.valid_to END, 'prescription', d.atc, d.name || ' ' || d.strength, o.dose, p.source_id, to_hex(o.n * 256 + o.place)
  FROM (SELECT DISTINCT ON (n, drug_id) * FROM ordered WHERE payment = 'gobmp' AND fetched > 0 ORDER BY n, drug_id, issued_on DESC) o
  JOIN person p ON p.n = o.n
  JOIN drug d ON d.id = o.drug_id
 ORDER BY o.n, o.place;
INSERT INTO medication_statement (patient_id, id, recorded_by, recorded_at, started_on, ended_on, origin, atc, name, dose, source_id, source_rec)
SELECT p.n, p.n * 256 + 251, p.doctor_id, (t.started_on + time '06:00') AT TIME ZONE 'UTC', t.started_on, p.died, 'reported', v.atc, CASE WHEN p.grp IN (1, 3) THEN v.name_ru ELSE v.name_kk END,
       CASE WHEN p.grp IN (1, 3) THEN 'раз в день' ELSE 'күніне бір рет' END, p.source_id, to_hex(p.n * 256 + 251)
  FROM person p,
       LATERAL (SELECT p.last_day - population.pick(p.n, 20701, 200) AS started_on) t,
       LATERAL (SELECT * FROM (VALUES (0, 'A11CC05', 'D3 дәрумені 2000 ХБ', 'Витамин D3 2000 МЕ'), (1, NULL, 'Омега-3', 'Омега-3'), (2, 'A12CC02', 'Магний', 'Магний')) x (i, atc, name_kk, name_ru)
                 WHERE x.i = population.pick(p.n, 20702, 3)) v
 WHERE p.age >= 18 AND population.u(p.n, 20700) < 0.08 AND t.started_on > p.birth
 ORDER BY p.n;

/* Whom to call: of half of the grown-up people. 799 is nobody's number. */
INSERT INTO emergency_contact (patient_id, id, recorded_at, noted_on, relation, name, phone, source_id, source_rec)
SELECT p.n, p.n * 256 + 1, (t.noted_on + time '06:00') AT TIME ZONE 'UTC', t.noted_on, (ARRAY['spouse', 'child', 'sibling', 'parent', 'friend'])[1 + population.pick(p.n, 20802, 5)],
       family.name || ' ' || given.name, '+7799' || lpad(population.pick(p.n, 20803, 10000000)::text, 7, '0'), p.source_id, to_hex(p.n * 256 + 1)
  FROM person p,
       LATERAL (SELECT greatest(p.birth, p.last_day - population.pick(p.n, 20801, 1500)) AS noted_on, population.pick(p.n, 20804, 2) AS sex) t
  JOIN population.name_slot given ON true
  JOIN population.name_slot family ON true
 WHERE p.age >= 18 AND population.u(p.n, 20800) < 0.5
   AND given.key = (least(p.grp, 4 - p.grp) * 2 + t.sex) * 4096 + population.pick(p.n, 20805, 4096) AND family.key = ((4 + p.grp) * 2 + t.sex) * 4096 + population.pick(p.n, 12, 4096)
 ORDER BY p.n;
