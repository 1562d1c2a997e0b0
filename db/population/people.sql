/*
 * People :lo to :hi with all that belongs to them, in one transaction, noted in population_log.chunk. The session
 * has run session.sql first. Ids: person n is patient n; a row of a list is n * 256 + its place in the lists below,
 * so that ids, too, are the same at every size.
 */
BEGIN;
TRUNCATE person, diagnosis, ordered, stay;

INSERT INTO person
SELECT p.n, p.iin, p.birth, p.sex, p.band, greatest(extract(year FROM age(p.last_day, p.birth))::int, 0),
       p.died, coalesce(p.died, population.today() - 1),
       p.region_id,
       CASE WHEN population.u(p.n, 14) < r.russian THEN 1 WHEN population.u(p.n, 14) < r.russian + r.other * 0.65 THEN 2
            WHEN population.u(p.n, 14) < r.russian + r.other THEN 3 ELSE 0 END,
       (p.n_clinic - 1) * 6 + 1 + population.pick(p.n, 17, 6), p.n_clinic,
       population.u(p.n, 18) < 0.97,
       rs.hospital + population.pick(p.n, 19, rs.hospitals),
       rs.pharmacy, rs.pharmacies,
       2 + p.n_clinic % 4
  FROM (SELECT i.*, s.region_id, rs.clinic + population.pick(i.n, 16, rs.clinics) AS n_clinic,
               CASE WHEN i.died_draw < (ARRAY[0.001, 0.002, 0.008, 0.025, 0.09])[i.band + 1]
                    THEN greatest(i.birth, population.today() - 1 - population.pick(i.n, 10, 730)) END AS died,
               CASE WHEN i.died_draw < (ARRAY[0.001, 0.002, 0.008, 0.025, 0.09])[i.band + 1]
                    THEN greatest(i.birth, population.today() - 1 - population.pick(i.n, 10, 730)) ELSE population.today() - 1 END AS last_day
          FROM (SELECT n, iin, band, population.u(n, 9) AS died_draw,
                       /* Of 1.5 % the number says another sex or another day than the register. */
                       CASE WHEN population.pick(n, 20, 1000) < 7 THEN 1 - coded_sex ELSE coded_sex END AS sex,
                       CASE WHEN population.pick(n, 20, 1000) BETWEEN 7 AND 14 THEN coded_day - 1 - population.pick(n, 21, 365) ELSE coded_day END AS birth
                  FROM population.identity(:lo, :hi)) i
          JOIN population.region_slot s ON s.slot = population.pick(i.n, 15, 10000)
          JOIN population.region_site rs ON rs.region_id = s.region_id) p
  JOIN population.region r ON r.id = p.region_id
  JOIN population.region_site rs ON rs.region_id = p.region_id;
ANALYZE person;

INSERT INTO patient (id, region_id, clinic_id, district_doctor_id, recorded_at, birth_date, deceased_on, source_id, iin, sex, language, blood_group, full_name, phone)
SELECT p.n, p.region_id, CASE WHEN p.attached AND p.died IS NULL THEN p.clinic_id END, CASE WHEN p.attached AND p.died IS NULL THEN p.doctor_id END,
       (greatest(p.birth, '2015-06-01') + time '06:00') AT TIME ZONE 'UTC', p.birth, p.died, p.source_id, p.iin,
       CASE p.sex WHEN 1 THEN 'male' ELSE 'female' END,
       CASE WHEN population.u(p.n, 22) < (ARRAY[0.12, 0.97, 0.5, 0.97])[p.grp + 1] THEN 'ru' ELSE 'kk' END,
       (ARRAY['O+', 'A+', 'B+', 'AB+', 'O-', 'A-', 'B-', 'AB-'])[width_bucket(population.u(p.n, 23), ARRAY[0, 0.28, 0.52, 0.71, 0.78, 0.806, 0.828, 0.844, 0.85]::float8[])],
       family.name || ' ' || given.name || CASE father.name WHEN '' THEN '' ELSE ' ' || father.name END,
       /* 799 is nobody's: no message from here can reach a person. */
       CASE WHEN population.u(p.n, 24) < 0.9 AND p.age >= 14 THEN '+7799' || lpad(population.pick(p.n, 25, 10000000)::text, 7, '0') END
  FROM person p
  JOIN population.name_slot given ON given.key = (least(p.grp, 4 - p.grp) * 2 + p.sex) * 4096 + population.pick(p.n, 11, 4096)
  JOIN population.name_slot family ON family.key = ((4 + p.grp) * 2 + p.sex) * 4096 + population.pick(p.n, 12, 4096)
  JOIN population.name_slot father ON father.key = ((8 + least(p.grp, 4 - p.grp)) * 2 + p.sex) * 4096 + population.pick(p.n, 13, 4096)
 ORDER BY p.n;

/* The attachment of today, and for every sixth an earlier one that ended where it began. */
INSERT INTO attachment (patient_id, id, clinic_id, district_doctor_id, recorded_at, attached_on, detached_on, source_id, source_rec)
SELECT a.n, a.n * 256 + a.i, a.clinic_id, a.doctor_id, (a.attached_on + time '06:00') AT TIME ZONE 'UTC', a.attached_on, a.detached_on, a.source_id, to_hex(a.n * 256 + a.i)
  FROM (SELECT p.n, i, p.source_id, CASE i WHEN 1 THEN p.clinic_id ELSE e.clinic_id END AS clinic_id,
               CASE i WHEN 1 THEN p.doctor_id ELSE (e.clinic_id - 1) * 6 + 1 + population.pick(p.n, 27, 6) END AS doctor_id,
               CASE i WHEN 1 THEN s.since ELSE greatest(p.birth, date '2015-02-01') END AS attached_on,
               CASE i WHEN 1 THEN p.died ELSE s.since END AS detached_on
          FROM person p
          JOIN population.region_site rs ON rs.region_id = p.region_id,
               LATERAL (SELECT greatest(p.birth, least(p.last_day - 1, date '2015-03-01' + population.pick(p.n, 26, 4000))) AS since) s,
               LATERAL (SELECT rs.clinic + population.pick(p.n, 28, rs.clinics) AS clinic_id) e,
               generate_series(0, 1) i
         WHERE p.attached
           AND (i = 1 OR population.u(p.n, 29) < 0.17 AND s.since > greatest(p.birth, date '2015-02-01') AND e.clinic_id <> p.clinic_id)) a
 ORDER BY a.n, a.i;

/* Chronic diseases (places 1 to 28), the asterisk half of a pair (40 more), acute illnesses (101 to 104). */
INSERT INTO diagnosis
SELECT p.n, c.id, c.id, NULL, a.chronic_id + 40, d.code, s.onset,
       least(p.last_day, greatest(s.onset + population.pick(p.n, 1100 + c.id, 45), date '2015-01-05' + population.pick(p.n, 1200 + c.id, 700))), NULL, NULL
  FROM (SELECT p.n, p.birth, p.last_day,
               (p.band * 2 + p.sex) * 2 + CASE WHEN population.u(p.n, 1001) < h.hi THEN 1 ELSE 0 END AS key
          FROM person p
          LEFT JOIN (SELECT key / 2 AS who, max(hi) AS hi FROM population.chance WHERE grp = 1 GROUP BY key / 2) h ON h.who = p.band * 2 + p.sex) p
  JOIN population.chance c ON c.key = p.key
  JOIN population.chronic d ON d.id = c.id
  LEFT JOIN population.asterisk a ON a.chronic_id = c.id,
       LATERAL (SELECT p.last_day - floor(population.u(p.n, 1300 + c.id)
                                          * greatest(0, least(p.last_day - p.birth - CASE WHEN d.w0 = 0 THEN 6575 ELSE 40 END, 9000)))::int AS onset) s
 WHERE population.u(p.n, 1000 + c.grp) >= c.lo AND population.u(p.n, 1000 + c.grp) < c.hi;

INSERT INTO diagnosis
SELECT d.n, d.pair, NULL, NULL, d.place, a.code, d.onset, d.recorded_on, NULL, NULL
  FROM diagnosis d JOIN population.asterisk a ON a.chronic_id = d.chronic_id;

INSERT INTO diagnosis
SELECT p.n, 100 + k, NULL, a.id, NULL, a.code, o.onset, r.recorded_on, CASE WHEN o.onset + a.days <= p.last_day THEN o.onset + a.days END, k
  FROM person p,
       generate_series(1, 4) k,
       LATERAL (SELECT p.last_day - population.pick(p.n, 2010 + k, 730) AS recorded_on) r,
       LATERAL (SELECT greatest(p.birth, r.recorded_on - population.pick(p.n, 2020 + k, 4)) AS onset) o,
       population.acute_slot s,
       population.acute a
 WHERE population.u(p.n, 2000 + k) < (ARRAY[0.8, 0.6, 0.35, 0.2])[k]
   AND r.recorded_on >= p.birth
   AND s.slot = population.pick(p.n, 2030 + k, 1000) AND a.id = s.acute_id;
ANALYZE diagnosis;

INSERT INTO condition (patient_id, id, clinic_id, pair_id, recorded_by, recorded_at, recorded_on, onset, abated_on, source_id, sens, clinical_status, icd10, name, source_rec)
SELECT d.n, d.n * 256 + d.place, p.clinic_id, d.n * 256 + d.pair, p.doctor_id, (d.recorded_on + time '06:00') AT TIME ZONE 'UTC',
       d.recorded_on, d.onset, d.abated_on, p.source_id, i.sens, CASE WHEN d.abated_on IS NULL THEN 'active' ELSE 'resolved' END,
       d.code, CASE WHEN p.grp IN (1, 3) THEN i.name_ru ELSE i.name_kk END, to_hex(d.n * 256 + d.place)
  FROM diagnosis d
  JOIN person p ON p.n = d.n
  JOIN population.icd10 i ON i.code = d.code
 ORDER BY d.n, d.place;

/* 8 % of the people have an allergy, a fifth of them a second one. */
INSERT INTO allergy (patient_id, id, recorded_by, recorded_at, noted_on, source_id, verified, category, criticality, substance, atc, reaction, source_rec)
SELECT p.n, p.n * 256 + k, p.doctor_id, (t.noted_on + time '06:00') AT TIME ZONE 'UTC', t.noted_on, p.source_id, population.u(p.n, 3010 + k) < 0.4,
       a.category,
       CASE WHEN population.u(p.n, 3020 + k) < 0.62 THEN 'low' WHEN population.u(p.n, 3020 + k) < 0.9 THEN 'high' ELSE 'unable_to_assess' END,
       a.substance, a.atc, a.reaction, to_hex(p.n * 256 + k)
  FROM person p,
       generate_series(0, 2) k,
       LATERAL (SELECT greatest(p.birth, p.last_day - population.pick(p.n, 3030 + k, 3900)) AS noted_on) t,
       population.allergen_slot s,
       population.allergen a
 WHERE population.u(p.n, 3000) < (ARRAY[0.08, 0.02, 0.004])[k + 1]
   AND s.slot = population.pick(p.n, 3001, 1000)
   AND a.id = (s.allergen_id + k * (1 + population.pick(p.n, 3002, 5))) % 13
 ORDER BY p.n, k;

/* The calendar from birth on, and campaigns. A refusal holds for the series; some miss a dose all the same. */
INSERT INTO immunization (patient_id, id, clinic_id, recorded_at, given_on, dose_number, source_id, vaccine, lot, source_rec)
SELECT v.n, v.n * 256 + v.id, v.clinic_id, (v.given_on + time '06:00') AT TIME ZONE 'UTC', v.given_on, v.dose, v.source_id, v.vaccine,
       'L' || to_hex((v.given_on - date '2000-01-01') / 30 * 64 + v.id), to_hex(v.n * 256 + v.id)
  FROM (SELECT p.n, p.source_id, p.last_day, v.*, p.birth + v.due_days + population.pick(p.n, 4100 + v.id, v.spread_days) AS given_on,
               CASE WHEN v.due_days < 5 THEN p.hospital_id ELSE p.clinic_id END AS clinic_id
          FROM person p
          JOIN population.vaccine v ON p.last_day - p.birth >= v.due_days
                AND p.birth + v.due_days >= v.since AND (v.until IS NULL OR p.birth + v.due_days < v.until)
                AND (v.sex IS NULL OR v.sex = p.sex)
         WHERE population.u(p.n, 4000 + v.series) * 100 < v.coverage) v
 WHERE v.given_on <= v.last_day
 ORDER BY v.n, v.id;

INSERT INTO immunization (patient_id, id, clinic_id, recorded_at, given_on, dose_number, source_id, vaccine, lot, source_rec)
SELECT p.n, p.n * 256 + c.id, p.clinic_id, (t.given_on + time '06:00') AT TIME ZONE 'UTC', t.given_on, c.dose, p.source_id, c.vaccine,
       'L' || to_hex((t.given_on - date '2000-01-01') / 30 * 64 + c.id), to_hex(p.n * 256 + c.id)
  FROM person p
  JOIN population.campaign c ON population.u(p.n, 4000 + c.series) * 100 < c.coverage,
       LATERAL (SELECT c.first_day + population.pick(p.n, 4000 + c.series + 50, c.spread_days) AS given_on) t
 WHERE t.given_on <= p.last_day
   AND p.birth <= t.given_on - c.from_age * 366 AND p.birth > t.given_on - (c.to_age + 1) * 365
 ORDER BY p.n, c.id;

/*
 * Prescriptions of the last year. Chronic: a course each `every_days`, five at most, free of charge, a third of them in
 * three monthly portions (places treatment * 5 + 0 to 4). Acute: one or two remedies (places 246 on), free for
 * children. Four of five are filled; what nobody fetched runs out or is withdrawn when the person has died.
 */
INSERT INTO ordered
SELECT r.n, r.place, r.condition_place, r.inn_id * 8 + population.pick(r.n, r.brand, r.products), r.issued_on, r.valid_to, r.quantity, r.dose, r.payment,
       r.portions, w.wait,
       CASE WHEN population.u(r.n, 7000 + r.place) >= 0.8 OR l.until < r.issued_on + w.wait THEN 0
            ELSE least(r.portions, (l.until - r.issued_on - w.wait) / 30 + 1) END,
       r.pharmacy + population.pick(r.n, CASE WHEN population.u(r.n, 7300 + r.place) < 0.7 THEN 7600 ELSE 7601 + r.place END, r.pharmacies)
  FROM (SELECT d.n, t.id * 5 + j AS place, d.place AS condition_place, t.inn_id, i.products, 5000 + t.id AS brand,
               o.issued_on, o.issued_on + t.every_days AS valid_to, t.quantity, t.dose, 'gobmp' AS payment,
               CASE WHEN t.quantity >= 3 AND population.u(d.n, 5100 + t.id) < 0.33 THEN 3 ELSE 1 END AS portions,
               p.last_day, p.pharmacy, p.pharmacies
          FROM diagnosis d
          JOIN person p ON p.n = d.n
          JOIN population.treatment t ON t.chronic_id = d.chronic_id
          JOIN population.inn i ON i.id = t.inn_id,
               generate_series(0, 4) j,
               LATERAL (SELECT p.last_day - population.pick(d.n, 5300 + t.id, t.every_days) - j * t.every_days - population.pick(d.n, 5400 + t.id * 5 + j, 5) AS issued_on) o
         WHERE population.u(d.n, 5200 + t.id) < t.share AND o.issued_on > p.last_day - 365 AND o.issued_on >= d.recorded_on
        UNION ALL
        SELECT d.n, 244 + d.k * 2 + j, d.place, m.inn_id, i.products, 6100 + d.k * 2 + j,
               d.recorded_on, d.recorded_on + 30, m.quantity, m.dose, CASE WHEN d.recorded_on < (p.birth + interval '18 years')::date THEN 'osms' ELSE 'paid' END, 1,
               p.last_day, p.pharmacy, p.pharmacies
          FROM diagnosis d
          JOIN person p ON p.n = d.n
         CROSS JOIN generate_series(0, 1) j
          JOIN population.remedy m ON m.acute_id = d.acute_id AND m.pick = (population.pick(d.n, 6000 + d.k, 3) + j) % 3
          JOIN population.inn i ON i.id = m.inn_id
         WHERE d.recorded_on > p.last_day - 365
           AND population.u(d.n, 6200 + d.k * 2 + j) < CASE j WHEN 0 THEN 0.9 ELSE 0.45 END) r,
       LATERAL (SELECT population.pick(r.n, 7900 + r.place, 9) AS wait) w,
       LATERAL (SELECT least(r.last_day, r.valid_to) AS until) l;
ANALYZE ordered;

INSERT INTO prescription (patient_id, id, drug_id, prescriber_id, clinic_id, pharmacy_id, condition_id, recorded_by, recorded_at, issued_on, valid_to,
                          quantity, refills_left, source_id, status, payment, number, dose, source_rec, pick_code_hash)
SELECT o.n, o.n * 256 + o.place, o.drug_id, w.doctor_id, p.clinic_id, CASE WHEN o.fetched > 0 THEN o.pharmacy_id END, o.n * 256 + o.condition_place,
       w.doctor_id, (o.issued_on + time '06:00') AT TIME ZONE 'UTC', o.issued_on, o.valid_to, o.total,
       CASE s.status WHEN 'active' THEN greatest(0, o.portions - o.fetched - 1) ELSE 0 END,
       p.source_id, s.status, o.payment, 'R' || lpad((o.n * 256 + o.place)::text, 12, '0'), o.dose, to_hex(o.n * 256 + o.place),
       CASE s.status WHEN 'active' THEN pick_code_hash('R' || lpad((o.n * 256 + o.place)::text, 12, '0'), lpad(population.pick(o.n, 10000 + o.place, 1000000)::text, 6, '0')) END
  FROM ordered o
  JOIN person p ON p.n = o.n,
       LATERAL (SELECT CASE WHEN population.u(o.n, 8200 + o.place) < 0.15 THEN 12700 + p.clinic_id ELSE p.doctor_id END AS doctor_id) w,
       LATERAL (SELECT CASE WHEN o.fetched = o.portions THEN 'dispensed' WHEN o.valid_to < population.today() THEN 'expired'
                            WHEN p.died IS NOT NULL OR o.fetched = 0 AND population.u(o.n, 8500 + o.place) < 0.05 THEN 'cancelled'
                            ELSE 'active' END AS status) s
 ORDER BY o.n, o.place;

/* A pharmacy has one price for a product, below the cap of the day; free is free, else the patient pays. */
INSERT INTO dispense (patient_id, id, prescription_id, pharmacy_id, drug_id, price, paid_by_patient, recorded_at, dispensed_on, quantity, source_id, receipt, source_rec)
SELECT d.n, d.id * 4 + d.j, d.id, d.pharmacy_id, d.drug_id, e.price, CASE d.payment WHEN 'paid' THEN e.price ELSE 0 END,
       (d.dispensed_on + time '08:00') AT TIME ZONE 'UTC', d.dispensed_on, d.quantity, p.source_id,
       CASE WHEN population.u(d.n, 8800 + d.place) < 0.85 THEN 'confirmed' WHEN population.u(d.n, 8800 + d.place) < 0.853 THEN 'denied' ELSE 'none' END,
       to_hex(d.id * 4 + d.j)
  FROM (SELECT o.*, o.n * 256 + o.place AS id, j, o.issued_on + o.wait + 30 * j AS dispensed_on,
               o.total / o.portions + CASE WHEN j = 0 THEN o.total % o.portions ELSE 0 END AS quantity
          FROM ordered o, generate_series(0, o.fetched - 1) j) d
  JOIN person p ON p.n = d.n
  JOIN population.product m ON m.id = d.drug_id
  JOIN population.cap c ON c.drug_id = d.drug_id AND c.half_year = population.half_year(d.dispensed_on)
  JOIN population.price_slot s ON s.slot = population.pick(d.pharmacy_id * 4096 + d.drug_id, 8000, 1024),
       LATERAL (SELECT (d.quantity + m.pack - 1) / m.pack
                       * greatest(floor(c.amount * s.share)::bigint, CASE d.drug_id WHEN 8 THEN 60000 ELSE 0 END) AS price) e
 ORDER BY d.n, d.id, d.j;

INSERT INTO dispensary_registration (patient_id, id, clinic_id, practitioner_id, condition_id, recorded_by, recorded_at, registered_on, removed_on,
                                     next_visit_on, every_days, group_number, source_id, sens, icd10, removal_reason, source_rec)
SELECT d.n, d.n * 256 + d.place, p.clinic_id, p.doctor_id, d.n * 256 + d.place, p.doctor_id, (r.registered_on + time '06:00') AT TIME ZONE 'UTC',
       r.registered_on, p.died, CASE WHEN p.died IS NULL THEN population.today() + population.pick(d.n, 1500 + d.place, c.every_days) END,
       c.every_days, 3, p.source_id, i.sens, d.code, CASE WHEN p.died IS NOT NULL THEN 'Қайтыс болуына байланысты' END, to_hex(d.n * 256 + d.place)
  FROM diagnosis d
  JOIN person p ON p.n = d.n
  JOIN population.chronic c ON c.id = d.chronic_id
  JOIN population.icd10 i ON i.code = d.code,
       LATERAL (SELECT least(p.last_day, d.recorded_on + population.pick(d.n, 1400 + d.place, 60)) AS registered_on) r
 WHERE population.u(d.n, 1600 + d.place) < c.dispensary
 ORDER BY d.n, d.place;

/*
 * Hospital: at most one stay in each of the last two years (places 1, 2), half of them planned, with a referral and
 * its treatment sheet; and who waits now (place 3). Half of those with a chronic disease are in hospital for it.
 */
INSERT INTO stay
SELECT p.n, k, p.doctor_id, p.clinic_id, p.hospital_id, p.died, p.last_day, p.source_id, t.admitted_on, t.admitted_on + 2 + population.pick(p.n, 9010 + k, 12),
       t.admitted_on - 5 - population.pick(p.n, 9020 + k, 40),
       CASE WHEN b.own THEN p.main_code ELSE s.code END,
       CASE WHEN NOT b.own THEN s.department
            ELSE CASE left(p.main_code, 1) WHEN 'I' THEN 'Кардиология' WHEN 'E' THEN 'Эндокринология' WHEN 'J' THEN 'Пульмонология' WHEN 'C' THEN 'Онкология'
                      WHEN 'G' THEN 'Неврология' WHEN 'K' THEN 'Гастроэнтерология' WHEN 'F' THEN 'Психиатрия' WHEN 'A' THEN 'Фтизиатрия' ELSE 'Терапия' END END,
       CASE WHEN b.own THEN p.main_place END, p.birth
  FROM (SELECT p.*, m.place AS main_place, m.code AS main_code, m.recorded_on AS main_from
          FROM person p
          LEFT JOIN (SELECT DISTINCT ON (n) n, place, code, recorded_on FROM diagnosis WHERE chronic_id IS NOT NULL ORDER BY n, place) m ON m.n = p.n) p,
       generate_series(1, 3) k,
       LATERAL (SELECT CASE k WHEN 3 THEN population.today() + population.pick(p.n, 9003, 40)
                              ELSE p.last_day - (k - 1) * 385 - population.pick(p.n, 9000 + k, 345) END AS admitted_on) t,
       LATERAL (SELECT coalesce(population.u(p.n, 9030 + k) < 0.5 AND p.main_from <= t.admitted_on - 60, false) AS own) b,
       population.stay_slot s
 WHERE population.u(p.n, 9040 + k) < CASE k WHEN 3 THEN 0.02 ELSE (ARRAY[0.12, 0.14, 0.17, 0.26, 0.36])[p.band + 1] END
   AND t.admitted_on >= p.birth AND (k < 3 OR p.died IS NULL AND p.birth < population.today() - 60)
   AND s.key = (least(p.age, 110) * 2 + p.sex) * 64 + population.pick(p.n, 9050 + k, 64);

INSERT INTO hospital_referral (patient_id, id, from_clinic_id, to_clinic_id, condition_id, recorded_by, recorded_at, referred_on, planned_on, source_id,
                               status, icd10, sheet_number, refusal, source_rec)
SELECT s.n, s.n * 256 + s.k, s.clinic_id, s.hospital_id, s.n * 256 + s.condition_place, s.doctor_id, (r.referred_on + time '06:00') AT TIME ZONE 'UTC',
       r.referred_on, s.admitted_on, s.source_id, t.status, s.code, 'T' || lpad((s.n * 256 + s.k)::text, 12, '0'),
       CASE WHEN t.status = 'refused' THEN 'Стационарлық емге көрсетілім жоқ' END, to_hex(s.n * 256 + s.k)
  FROM stay s,
       LATERAL (SELECT CASE s.k WHEN 3 THEN s.last_day - population.pick(s.n, 9060, 30) ELSE s.referred_on END AS referred_on) r,
       LATERAL (SELECT CASE WHEN s.k < 3 THEN 'admitted' ELSE (ARRAY['waiting', 'waiting', 'accepted', 'accepted', 'refused'])[1 + population.pick(s.n, 9061, 5)] END AS status) t
 WHERE s.k = 3 OR s.planned
 ORDER BY s.n, s.k;

INSERT INTO hospitalization (patient_id, id, clinic_id, referral_id, recorded_at, admitted_on, discharged_on, source_id, department, icd10_admission, icd10_discharge, outcome, source_rec)
SELECT s.n, s.n * 256 + s.k, s.hospital_id, CASE WHEN s.planned THEN s.n * 256 + s.k END, (s.admitted_on + time '04:00') AT TIME ZONE 'UTC', s.admitted_on,
       d.discharged_on, s.source_id, s.department, s.code, CASE WHEN d.discharged_on IS NOT NULL THEN s.code END,
       CASE WHEN d.discharged_on = s.died THEN 'died'
            WHEN d.discharged_on IS NOT NULL THEN (ARRAY['recovered', 'recovered', 'improved', 'improved', 'improved', 'improved', 'unchanged', 'transferred'])[1 + population.pick(s.n, 9070 + s.k, 8)] END,
       to_hex(s.n * 256 + s.k)
  FROM stay s,
       LATERAL (SELECT CASE WHEN s.leaves_on <= s.last_day THEN s.leaves_on ELSE s.died END AS discharged_on) d
 WHERE s.k < 3
 ORDER BY s.n, s.k;

/*
 * A child's parents are among the people with smaller numbers in the same 250, of an age to be, of the same region
 * where there is one: so that the child has the same parents at every size, and chunks need nothing of each other.
 */
INSERT INTO guardianship (patient_id, id, guardian_id, recorded_at, valid_from, kind, source_id, source_rec)
SELECT c.n, c.n * 256 + k, g.id, (c.birth + time '06:00') AT TIME ZONE 'UTC', c.birth, (ARRAY['mother', 'father'])[k], c.source_id, to_hex(c.n * 256 + k)
  FROM person c,
       generate_series(1, 2) k,
       LATERAL (SELECT p.id FROM patient p
                 WHERE p.id BETWEEN (c.n - 1) / 250 * 250 + 1 AND c.n - 1 AND p.sex = (ARRAY['female', 'male'])[k] AND p.deceased_on IS NULL
                   AND p.birth_date BETWEEN c.birth - 42 * 365 AND c.birth - 18 * 366
                 ORDER BY p.region_id <> c.region_id, hashint8extended(p.id, c.n * 2 + k) LIMIT 1) g
 WHERE c.birth > population.today() - 18 * 365 AND c.died IS NULL AND (k = 1 OR population.u(c.n, 9200) < 0.7)
 ORDER BY c.n, k;

/* A quarter see their doctor within a month before or after the reference day. */
INSERT INTO appointment (patient_id, id, practitioner_id, clinic_id, recorded_at, starts_at, status, source_id, source_rec)
SELECT p.n, p.n * 256 + 1, p.doctor_id, p.clinic_id, t.starts_at - interval '3 days', t.starts_at,
       CASE WHEN t.starts_at >= population.today() THEN 'booked' WHEN population.u(p.n, 9213) < 0.85 THEN 'kept' ELSE 'missed' END, p.source_id, to_hex(p.n * 256 + 1)
  FROM person p,
       LATERAL (SELECT (population.today() - 25 + population.pick(p.n, 9211, 55) + time '03:00') AT TIME ZONE 'UTC'
                       + population.pick(p.n, 9212, 40) * interval '15 minutes' AS starts_at) t
 WHERE p.attached AND p.died IS NULL AND population.u(p.n, 9210) < 0.25 AND t.starts_at > p.birth + 3
 ORDER BY p.n;

/*
 * Calls for an ambulance: a tenth of the people had one in the last year. In Almaty (75), of the first 20,000 people, so
 * many wait for one station's crew that its demo has a thousand to ask about.
 */
INSERT INTO ambulance_call (patient_id, id, clinic_id, practitioner_id, recorded_at, received_at, closed_at, arrived_at, outcome, category, number, source_id, source_rec)
SELECT c.n, c.n * 256 + c.k, s.id, 16000 + (s.id - 3001) * 4 + 1 + population.pick(c.n, 9222, 4), c.received_at, c.received_at,
       CASE c.k WHEN 1 THEN c.received_at + interval '50 minutes' END, CASE c.k WHEN 1 THEN c.received_at + (6 + population.pick(c.n, 9401, 25)) * interval '1 minute' END,
       CASE c.k WHEN 1 THEN (ARRAY['treated', 'treated', 'treated', 'taken_to_hospital', 'refused'])[1 + population.pick(c.n, 9402, 5)] END, 1 + population.pick(c.n, 9223, 4), 'A' || lpad((c.n * 256 + c.k)::text, 12, '0'), c.source_id, to_hex(c.n * 256 + c.k)
  FROM (SELECT p.n, p.region_id, p.source_id, p.birth, k,
               (p.last_day - CASE k WHEN 1 THEN population.pick(p.n, 9221, 365) ELSE 0 END + time '02:00') AT TIME ZONE 'UTC'
                   + population.pick(p.n, 9224 + k, 1080) * interval '1 minute' AS received_at
          FROM person p, generate_series(1, 2) k
         WHERE CASE k WHEN 1 THEN population.u(p.n, 9220) < 0.1
                      ELSE p.n <= 20000 AND p.region_id = 75 AND p.died IS NULL AND population.u(p.n, 9227) < 0.5 END) c
  JOIN LATERAL (SELECT min(s.id) AS id FROM population.site s WHERE s.kind = 'ambulance' AND s.region_id = c.region_id) s ON s.id IS NOT NULL
 WHERE c.received_at > c.birth + 1
 ORDER BY c.n, c.k;

/* A tenth of those with hypertension (1, 2) or diabetes (3, 4) keep a diary. */
INSERT INTO diary_entry (patient_id, id, recorded_at, noted_at, kind, value, second_value, note)
SELECT d.n, d.n * 256 + j, t.noted_at, t.noted_at, CASE WHEN d.pressure THEN 'blood_pressure' ELSE 'glucose' END,
       CASE WHEN d.pressure THEN (120 + population.pick(d.n, 9231 + j, 50)) * 100 ELSE 450 + population.pick(d.n, 9231 + j, 700) END,
       CASE WHEN d.pressure THEN (70 + population.pick(d.n, 9241 + j, 30)) * 100 END,
       CASE WHEN population.u(d.n, 9251 + j) < 0.2 THEN 'Басым ауырады' END
  FROM (SELECT d.n, bool_or(d.code LIKE 'I1%') AS pressure FROM diagnosis d JOIN person p ON p.n = d.n
         WHERE (d.code LIKE 'I1%' OR d.code LIKE 'E1%') AND p.died IS NULL AND population.u(d.n, 9230) < 0.1 GROUP BY d.n) d,
       generate_series(0, 6) j,
       LATERAL (SELECT (population.today() - 1 - 2 * j + time '03:00') AT TIME ZONE 'UTC' + population.pick(d.n, 9261 + j, 60) * interval '1 minute' AS noted_at) t
 ORDER BY d.n, j;

/* Few decide about their passport: one in 200 hides a diagnosis or all of a kind, one in 300 lets the specialist of the clinic in. */
INSERT INTO access_rule (patient_id, id, kind, item_table, item_id, role, practitioner_id, valid_from, valid_to, made_by)
SELECT p.n, p.n * 256 + 1, 'hide', 'condition', d.id, CASE WHEN population.u(p.n, 9271) < 0.3 THEN 'NURSE' END, NULL, (p.last_day + time '05:00') AT TIME ZONE 'UTC', NULL::timestamptz, p.iin
  FROM person p
  LEFT JOIN LATERAL (SELECT min(p.n * 256 + d.place) AS id FROM diagnosis d WHERE d.n = p.n AND population.u(p.n, 9272) < 0.7) d ON true
 WHERE p.died IS NULL AND p.age >= 18 AND population.u(p.n, 9270) < 0.005
UNION ALL
SELECT p.n, p.n * 256 + 2, 'grant', NULL, NULL, NULL, 12700 + p.clinic_id, (p.last_day + time '05:00') AT TIME ZONE 'UTC', (p.last_day + 300 + time '05:00') AT TIME ZONE 'UTC', p.iin
  FROM person p WHERE p.died IS NULL AND p.age >= 18 AND population.u(p.n, 9273) < 0.0033
 ORDER BY 1, 2;

/* One in 500 was opened in an emergency, by a doctor of the hospital; nothing of it is in force any more. */
INSERT INTO emergency_grant (patient_id, id, practitioner_id, clinic_id, role, valid_from, valid_to, told_at, reason_code, reason)
SELECT p.n, p.n * 256 + 1, 10000 + (p.hospital_id - 2001) * 3 + 1, p.hospital_id, 'DOCTOR', t.at, t.at + interval '24 hours', t.at + interval '20 seconds',
       'unconscious', 'Ес-түссіз жеткізілді, туыстары жоқ'
  FROM person p,
       LATERAL (SELECT (p.last_day - 2 - population.pick(p.n, 9281, 300) + time '10:00') AT TIME ZONE 'UTC' AS at) t
 WHERE population.u(p.n, 9280) < 0.002 AND t.at > p.birth + 1
 ORDER BY p.n;
INSERT INTO private.outbox (patient_id, kind, channel, made_at, next_try_at, sent_at, state, tries, key)
SELECT patient_id, 'emergency_access', 'app', valid_from, valid_from, told_at, 'sent', 1, 'emergency_access/' || patient_id || '/emergency_grant:' || id || '/app'
  FROM emergency_grant WHERE patient_id BETWEEN :lo AND :hi ORDER BY 1;

\ir care.sql

\ir prevention.sql

\ir observations.sql
INSERT INTO population_log.chunk (first_person, last_person, seed, day) VALUES (:lo, :hi, :seed, :'day');
COMMIT;
