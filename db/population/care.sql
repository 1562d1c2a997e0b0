/*
 * Care of people :lo to :hi, in the transaction and with the working tables of people.sql: visits with what they cost, certificates, insurance,
 * plans of chronic-disease management, disputes and ratings. Places as there: a visit for an acute illness has the place of its diagnosis (101 to 104),
 * one under observation that of the chronic disease (1 to 28), 110 is a preventive check, 120 one that never took place. Salts 9400 to 9499.
 */
INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, condition_id, recorded_by, recorded_at, started_at, ended_at, confirmed_at, confirmed_by, source_id, sens,
                       record_status, kind, icd10, reason, cost, paid_by_patient, payer, source_rec)
SELECT v.n, v.n * 256 + v.place, v.clinic_id, v.doctor_id, v.n * 256 + v.condition_place, v.doctor_id, t.at + interval '20 minutes', t.at, t.at + interval '20 minutes',
       CASE WHEN c.by <> 'none' THEN t.at + interval '1 hour' END, c.by, v.source_id, coalesce(i.sens, 0),
       CASE WHEN v.place = 120 AND population.u(v.n, 9450) < 0.4 THEN 'disputed' ELSE 'active' END, v.kind, v.code,
       CASE v.kind WHEN 'preventive' THEN 'Профилактикалық тексеру' ELSE CASE WHEN v.grp IN (1, 3) THEN i.name_ru ELSE i.name_kk END END,
       m.cost, CASE m.payer WHEN 'paid' THEN m.cost ELSE 0 END, m.payer, to_hex(v.n * 256 + v.place)
  FROM (SELECT d.n, d.place, p.clinic_id, p.doctor_id, d.place AS condition_place, d.recorded_on AS day, p.source_id, p.grp, d.code,
               CASE WHEN population.u(d.n, 9401 + d.k) < 0.2 THEN 'home' WHEN population.u(d.n, 9401 + d.k) < 0.3 THEN 'remote' ELSE 'visit' END AS kind
          FROM diagnosis d JOIN person p ON p.n = d.n
         WHERE d.k IS NOT NULL
        UNION ALL
        SELECT d.n, d.place, p.clinic_id, p.doctor_id, d.place, p.last_day - population.pick(d.n, 9410 + d.place, 180), p.source_id, p.grp, d.code, 'visit'
          FROM diagnosis d JOIN person p ON p.n = d.n JOIN population.chronic c ON c.id = d.chronic_id
         WHERE d.recorded_on < p.last_day - 180 AND population.u(d.n, 1600 + d.place) < c.dispensary
        UNION ALL
        /* Of the first 20,000 people in one place of the region, so that the doctor there has enough marks to be shown. */
        SELECT p.n, 110, s.clinic_id, 12700 + s.clinic_id, NULL, p.last_day - population.pick(p.n, 9442, 360), p.source_id, p.grp, NULL, 'preventive'
          FROM person p JOIN population.region_site rs ON rs.region_id = p.region_id,
               LATERAL (SELECT CASE WHEN p.n <= 20000 THEN rs.clinic ELSE p.clinic_id END AS clinic_id) s
         WHERE population.u(p.n, 9441) < 0.3 AND p.birth < p.last_day - 400
        UNION ALL
        SELECT p.n, 120, p.clinic_id, p.doctor_id, NULL, p.last_day - population.pick(p.n, 9444, 200), p.source_id, p.grp, 'J06.9', 'visit'
          FROM person p
         WHERE population.u(p.n, 9443) < 0.005 AND p.birth < p.last_day - 400) v
  LEFT JOIN population.icd10 i ON i.code = v.code,
       LATERAL (SELECT (v.day + time '03:00') AT TIME ZONE 'UTC' + population.pick(v.n, 9445 + v.place, 40) * interval '15 minutes' AS at) t,
       LATERAL (SELECT CASE WHEN v.place = 120 THEN 'none'
                            ELSE (ARRAY['sms', 'sms', 'sms', 'qr', 'egov', 'sms', 'none', 'none'])[1 + population.pick(v.n, 9446 + v.place, 8)] END AS by) c,
       LATERAL (SELECT (CASE v.kind WHEN 'home' THEN 520000 WHEN 'remote' THEN 150000 WHEN 'preventive' THEN 280000 ELSE 350000 END
                        + population.pick(v.n, 9447 + v.place, 200) * 1000)::bigint AS cost,
                       CASE WHEN v.place <> 120 AND population.u(v.n, 9448 + v.place) < 0.05 THEN 'paid' WHEN v.kind = 'preventive' THEN 'osms' ELSE 'gobmp' END AS payer) m
 /* Who lies in hospital comes to no clinic, unless somebody only writes so. */
 WHERE v.place = 120 OR NOT EXISTS (SELECT FROM stay s WHERE s.n = v.n AND s.admitted_on < v.day AND s.leaves_on > v.day)
 ORDER BY v.n, v.place;
/* Nor is anybody in two places at once: who was at the own clinic then has not been to a check elsewhere. */
DELETE FROM encounter e
 WHERE e.patient_id BETWEEN :lo AND :hi AND e.id & 255 = 110
   AND EXISTS (SELECT FROM encounter o WHERE o.patient_id = e.patient_id AND o.clinic_id <> e.clinic_id AND o.id & 255 < 110
                  AND o.started_at BETWEEN e.started_at - interval '30 minutes' AND e.started_at + interval '30 minutes');

/* One in five of those who confirmed gives a mark, mostly a good one. */
INSERT INTO rating (patient_id, id, encounter_id, practitioner_id, clinic_id, made_at, score)
SELECT e.patient_id, e.id, e.id, e.practitioner_id, e.clinic_id, e.confirmed_at + interval '1 hour', (ARRAY[5, 5, 5, 5, 4, 4, 4, 3, 2, 1])[1 + population.pick(e.id, 9451, 10)]
  FROM encounter e
 WHERE e.patient_id BETWEEN :lo AND :hi AND e.confirmed_by <> 'none' AND population.u(e.id, 9452) < 0.2
 ORDER BY 1, 2;

/* Six in ten who find a visit that never was say so; a third of these have their answer. */
INSERT INTO dispute (patient_id, id, clinic_id, item_table, item_id, made_at, number, reason, channel, status, text, answered_at, answer)
SELECT e.patient_id, e.id, e.clinic_id, 'encounter', e.id, t.made_at, 'D' || lpad(e.id::text, 12, '0'), 'not_there', (ARRAY['app', 'app', '1414', '1439', '1406'])[1 + population.pick(e.patient_id, 9453, 5)],
       s.status, 'Мен бұл күні емханаға барған жоқпын', CASE WHEN s.status = 'rejected' THEN t.made_at + interval '9 days' END,
       CASE WHEN s.status = 'rejected' THEN 'Емхана журналында қабылдау расталды' END
  FROM encounter e,
       LATERAL (SELECT CASE WHEN e.record_status <> 'disputed' THEN 'rejected' WHEN population.u(e.patient_id, 9454) < 0.5 THEN 'open' ELSE 'in_work' END AS status) s,
       LATERAL (SELECT e.started_at + interval '2 days' AS made_at) t
 WHERE e.patient_id BETWEEN :lo AND :hi AND e.id & 255 = 120 AND population.u(e.patient_id, 9450) < 0.6 AND t.made_at + interval '9 days' < population.today()
 ORDER BY 1;
/* What was not disputed after all, because it was too lately. */
UPDATE encounter e SET record_status = 'active'
 WHERE e.patient_id BETWEEN :lo AND :hi AND e.record_status = 'disputed' AND NOT EXISTS (SELECT FROM dispute d WHERE d.patient_id = e.patient_id AND d.item_id = e.id);

INSERT INTO certificate (patient_id, id, clinic_id, practitioner_id, recorded_by, recorded_at, issued_on, valid_to, revoked_at, revocation_reason, source_id, type_code, number, qr_token, source_rec)
SELECT p.n, p.n * 256 + 1, p.clinic_id, p.doctor_id, p.doctor_id, (d.issued_on + time '06:00') AT TIME ZONE 'UTC', d.issued_on, d.issued_on + coalesce(t.valid_days, 3 + population.pick(p.n, 9465, 12)),
       CASE WHEN r.revoked THEN (p.last_day + time '06:00') AT TIME ZONE 'UTC' END, CASE WHEN r.revoked THEN 'Қате берілген' END,
       p.source_id, t.code, 'C' || lpad((p.n * 256 + 1)::text, 12, '0'), encode(sha256(convert_to('certificate ' || p.n || ' ' || population.pick(p.n, 9461, 2147483647), 'UTF8')), 'hex'), to_hex(p.n * 256 + 1)
  FROM person p,
       LATERAL (SELECT p.last_day - population.pick(p.n, 9462, 300) AS issued_on) d,
       LATERAL (SELECT population.u(p.n, 9463) < 0.01 AS revoked) r
  JOIN certificate_type t ON true
 WHERE population.u(p.n, 9460) < 0.3 AND p.birth < p.last_day - 700
   AND t.code = CASE WHEN p.age < 6 THEN 'kindergarten' WHEN p.age < 18 THEN (ARRAY['school', 'school', 'pool'])[1 + population.pick(p.n, 9464, 3)]
                     WHEN p.age < 60 THEN (ARRAY['sick_leave', 'sick_leave', 'health_state', 'driver', 'dispensary', 'pool'])[1 + population.pick(p.n, 9464, 6)]
                     ELSE (ARRAY['health_state', 'sanatorium'])[1 + population.pick(p.n, 9464, 2)] END
 ORDER BY p.n;

/* The status of today (place 1); of a tenth of the adults it was another until 2023 (place 0). */
INSERT INTO insurance_status (patient_id, id, recorded_at, valid_from, valid_to, source_id, insured, category, source_rec)
SELECT p.n, p.n * 256 + i, (f.since + time '06:00') AT TIME ZONE 'UTC', f.since, f.until, p.source_id, CASE i WHEN 1 THEN c.category IS NOT NULL ELSE c.category IS NULL END,
       CASE i WHEN 1 THEN c.category ELSE CASE WHEN c.category IS NULL THEN 'employee' END END, to_hex(p.n * 256 + i)
  FROM (SELECT p.*, p.age >= 20 AND p.birth < date '2000-01-01' AND population.u(p.n, 9470) < 0.1 AND p.last_day > date '2023-06-01' AS changed FROM person p) p,
       LATERAL (SELECT CASE WHEN p.age < 18 THEN 'child' WHEN p.age >= 63 THEN 'pensioner'
                            WHEN p.age < 23 AND population.u(p.n, 9471) < 0.5 THEN 'student'
                            WHEN population.u(p.n, 9472) < 0.21 THEN (ARRAY['parent_under_3', 'maternity_leave', 'disabled', 'unemployed', 'large_family', 'social_aid', 'kandas', 'carer_of_disabled'])[1 + population.pick(p.n, 9473, 8)]
                            WHEN population.u(p.n, 9472) < 0.57 THEN 'employee' WHEN population.u(p.n, 9472) < 0.67 THEN (ARRAY['self_employed', 'own_payment'])[1 + population.pick(p.n, 9473, 2)] END AS category) c,
       generate_series(0, 1) i,
       LATERAL (SELECT CASE WHEN i = 1 AND p.changed THEN date '2023-06-01' ELSE greatest(p.birth, date '2020-01-01') END AS since,
                       CASE WHEN i = 0 THEN date '2023-06-01' ELSE p.died + 1 END AS until) f
 WHERE (i = 1 OR p.changed) AND f.since <= p.last_day
 ORDER BY p.n, i;

/* Half of those under observation for hypertension, heart failure or type 2 diabetes take part in the management of their disease. */
CREATE TEMP TABLE managed ON COMMIT DROP AS
SELECT r.patient_id AS n, r.id & 255 AS place, r.id, r.clinic_id, r.practitioner_id AS doctor_id, r.registered_on, r.source_id, left(r.icd10, 2) = 'E1' AS diabetes, r.icd10, r.sens
  FROM dispensary_registration r
 WHERE r.patient_id BETWEEN :lo AND :hi AND r.removed_on IS NULL AND r.icd10 ~ '^(I1[01]|I50|E11)' AND population.u(r.id, 9480) < 0.5;
INSERT INTO care_plan (patient_id, id, clinic_id, practitioner_id, condition_id, recorded_by, recorded_at, started_on, source_id, sens, title, source_rec)
SELECT m.n, m.id, m.clinic_id, m.doctor_id, m.id, m.doctor_id, (m.registered_on + time '07:00') AT TIME ZONE 'UTC', m.registered_on, m.source_id, m.sens,
       CASE WHEN m.diabetes THEN 'Қант диабетін басқару бағдарламасы' WHEN m.icd10 LIKE 'I50%' THEN 'Жүрек жеткіліксіздігін басқару бағдарламасы' ELSE 'Артериялық гипертензияны басқару бағдарламасы' END, to_hex(m.id)
  FROM managed m ORDER BY 1, 2;
INSERT INTO care_participant (patient_id, care_plan_id, practitioner_id, since)
SELECT m.n, m.id, w.id, m.registered_on FROM managed m, LATERAL (VALUES (12700 + m.clinic_id), (14300 + m.clinic_id)) w (id) ORDER BY 1, 2, 3;
INSERT INTO care_goal (patient_id, id, care_plan_id, recorded_by, recorded_at, set_on, due_on, source_id, sens, status, description, source_rec)
SELECT m.n, m.id * 2 + j, m.id, m.doctor_id, (m.registered_on + time '07:00') AT TIME ZONE 'UTC', m.registered_on, m.registered_on + 180 * (j + 1), m.source_id, m.sens,
       CASE WHEN m.registered_on + 180 * (j + 1) < population.today() AND population.u(m.id, 9481 + j) < 0.6 THEN 'reached' ELSE 'active' END,
       CASE WHEN m.diabetes THEN (ARRAY['Гликирленген гемоглобин 7 %-дан төмен', 'Дене салмағын 5 %-ға азайту'])[j + 1]
            ELSE (ARRAY['Қан қысымы 140/90 мм с.б. төмен', 'Темекі шекпеу, тұзды күніне 5 г дейін азайту'])[j + 1] END, to_hex(m.id * 2 + j)
  FROM managed m, generate_series(0, 1) j ORDER BY 1, 2;
INSERT INTO care_task (patient_id, id, care_plan_id, practitioner_id, recorded_by, recorded_at, due_on, done_on, source_id, sens, kind, status, description, source_rec)
SELECT m.n, m.id * 4 + j, m.id, CASE j WHEN 1 THEN 14300 + m.clinic_id WHEN 3 THEN m.doctor_id END, m.doctor_id, (m.registered_on + time '07:00') AT TIME ZONE 'UTC',
       t.due_on, CASE WHEN d.done THEN t.due_on - 1 END, m.source_id, m.sens, (ARRAY['measurement', 'lesson', 'test', 'visit'])[j + 1], CASE WHEN d.done THEN 'done' ELSE 'planned' END,
       CASE j WHEN 0 THEN CASE WHEN m.diabetes THEN 'Қандағы глюкозаны күн сайын өлшеп, күнделікке жазу' ELSE 'Қан қысымын күн сайын өлшеп, күнделікке жазу' END
              WHEN 1 THEN 'Денсаулық мектебінің сабағы' WHEN 2 THEN CASE WHEN m.diabetes THEN 'Гликирленген гемоглобин талдауы' ELSE 'Электрокардиограмма' END ELSE 'Дәрігердің қабылдауы' END, to_hex(m.id * 4 + j)
  FROM managed m, generate_series(0, 3) j,
       LATERAL (SELECT greatest(m.registered_on + 1, population.today() - 60 + 30 * j + population.pick(m.id, 9483 + j, 20)) AS due_on) t,
       LATERAL (SELECT t.due_on < population.today() AND population.u(m.id, 9487 + j) < 0.8 AS done) d
 ORDER BY 1, 2;
