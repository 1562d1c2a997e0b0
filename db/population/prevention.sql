/*
 * Prevention of people :lo to :hi, in the transaction and with the working tables of people.sql: refusals and exemptions of vaccines, invitations
 * to screenings and what came of them, milestones of small children, and visits that never were. Salts 22000 to 22999.
 */

/*
 * Who has no dose of a series at all has mostly said so, or has a medical reason. What parents refuse ends when the child is 16 and decides
 * itself. (Place: the series, so at most one for each.)
 */
INSERT INTO vaccine_exception (patient_id, id, clinic_id, recorded_by, recorded_at, decided_on, valid_to, source_id, kind, series, reason, source_rec)
SELECT p.n, p.n * 256 + s.series, p.clinic_id, p.doctor_id, (d.decided_on + time '06:00') AT TIME ZONE 'UTC', d.decided_on,
       CASE WHEN d.kind = 'exemption' THEN CASE WHEN population.u(p.n, 22020 + s.series) >= 0.4 OR s.series = 3 THEN d.decided_on + 90 + population.pick(p.n, 22030 + s.series, 275) END
            WHEN d.decided_on < (p.birth + interval '16 years')::date THEN (p.birth + interval '16 years')::date END,
       p.source_id, d.kind, s.name,
       CASE d.kind WHEN 'refusal' THEN CASE WHEN p.grp IN (1, 3) THEN 'Письменный отказ' ELSE 'Жазбаша бас тарту' END
                   ELSE CASE WHEN p.grp IN (1, 3) THEN 'Медицинский отвод по заключению комиссии' ELSE 'Комиссия қорытындысы бойынша медициналық қарсы көрсетілім' END END,
       to_hex(p.n * 256 + s.series)
  FROM person p
  JOIN population.vaccine_series s ON p.age < 25 AND p.last_day - p.birth >= s.due_days + 40 AND p.birth + s.due_days >= s.since AND (s.sex IS NULL OR s.sex = p.sex),
       LATERAL (SELECT p.birth + s.due_days + population.pick(p.n, 22010 + s.series, 40) AS decided_on,
                       CASE WHEN population.u(p.n, 22000 + s.series) < 0.6 THEN 'refusal' ELSE 'exemption' END AS kind) d
 WHERE population.u(p.n, 4000 + s.series) * 100 >= s.coverage AND population.u(p.n, 22000 + s.series) < 0.85
 ORDER BY p.n, s.series;

/*
 * The last invitation to each screening that is for the person, and of cancers the one before (place (rule - 100) * 4 + round). Of ten who are invited
 * six come in one clinic and nine and a half in another (population.screening_rate()).
 */
INSERT INTO screening_task (patient_id, id, rule_id, clinic_id, recorded_by, recorded_at, invited_on, done_on, source_id, channel, status, outcome, conclusion, source_rec)
SELECT s.n, s.n * 256 + (s.rule_id - 100) * 4 + s.k, s.rule_id, s.clinic_id, 14300 + s.clinic_id, (s.invited_on + time '05:00') AT TIME ZONE 'UTC', s.invited_on,
       CASE o.status WHEN 'done' THEN s.comes_on END, s.source_id, (ARRAY['sms', 'sms', 'sms', 'phone', 'app', 'in_person', 'letter'])[1 + population.pick(s.n, 22300 + s.place, 7)],
       o.status, CASE o.status WHEN 'done' THEN CASE WHEN f.found THEN 'follow_up' ELSE 'normal' END END,
       CASE WHEN o.status = 'done' AND f.found THEN CASE WHEN s.grp IN (1, 3) THEN 'Требуется дообследование' ELSE 'Қосымша тексеру қажет' END END,
       to_hex(s.n * 256 + (s.rule_id - 100) * 4 + s.k)
  FROM (SELECT p.n, p.grp, p.clinic_id, p.source_id, p.last_day, r.id AS rule_id, k, (r.id - 100)::int * 4 + k AS place, i.invited_on,
               i.invited_on + 3 + population.pick(p.n, 22200 + (r.id - 100) * 4 + k, 45) AS comes_on
          FROM person p
          JOIN clinic c ON c.id = p.clinic_id
          LEFT JOIN (SELECT patient_id, array_agg(left(icd10, 3)) AS codes FROM dispensary_registration WHERE patient_id BETWEEN :lo AND :hi GROUP BY 1) w ON w.patient_id = p.n
          LEFT JOIN (SELECT n, array_agg(left(code, 3)) AS codes FROM diagnosis WHERE chronic_id IS NOT NULL GROUP BY 1) d ON d.n = p.n
          JOIN plan_rule r ON r.kind = 'screening' AND r.valid_to IS NULL AND (r.sex IS NULL OR r.sex = CASE p.sex WHEN 1 THEN 'male' ELSE 'female' END)
                          AND (r.under_care && w.codes) IS NOT TRUE AND (r.at_risk = '{}' OR r.at_risk && d.codes) AND (c.rural OR NOT r.rural)
         CROSS JOIN generate_series(0, 1) k
         CROSS JOIN LATERAL (SELECT p.last_day - population.pick(p.n, 22100 + r.id, r.every_months * 30) - k * r.every_months * 30 AS invited_on) i
         WHERE p.age >= 18 AND p.attached AND (k = 0 OR r.id <= 103) AND i.invited_on >= r.valid_from
           AND i.invited_on >= p.birth + make_interval(months => r.from_months) AND i.invited_on < p.birth + make_interval(months => r.to_months)) s,
       LATERAL (SELECT CASE WHEN population.u(s.n, 22400 + s.place) < population.screening_rate(s.clinic_id) THEN CASE WHEN s.comes_on <= s.last_day THEN 'done' ELSE 'invited' END
                            WHEN s.invited_on > s.last_day - 60 THEN 'invited' WHEN population.u(s.n, 22500 + s.place) < 0.2 THEN 'declined' ELSE 'missed' END AS status) o,
       LATERAL (SELECT population.u(s.n, 22600 + s.place) < 0.07 AS found) f
 ORDER BY s.n, s.rule_id, s.k;

/* Milestones: looked for when nearly all children have reached them, and once more, a quarter later, in the few who had not (place milestone * 2 + look). */
INSERT INTO milestone_check (patient_id, id, milestone_id, recorded_by, recorded_at, checked_on, source_id, result, note, source_rec)
SELECT p.n, p.n * 256 + m.id * 2 + j, m.id, p.doctor_id, (t.checked_on + time '06:00') AT TIME ZONE 'UTC', t.checked_on, p.source_id, r.result,
       CASE r.result WHEN 'not_yet' THEN CASE WHEN p.grp IN (1, 3) THEN 'Направлен к неврологу' ELSE 'Неврологқа жіберілді' END END, to_hex(p.n * 256 + m.id * 2 + j)
  FROM person p
  JOIN milestone m ON p.age < 7
 CROSS JOIN generate_series(0, 1) j
 CROSS JOIN LATERAL (SELECT (p.birth + make_interval(months => m.to_months))::date - population.pick(p.n, 22700 + m.id, 30) + j * 91 AS checked_on) t
 CROSS JOIN LATERAL (SELECT population.u(p.n, 22720 + m.id) AS pace) c
 CROSS JOIN LATERAL (SELECT CASE WHEN c.pace < CASE j WHEN 0 THEN 0.93 ELSE 0.995 END THEN 'reached' WHEN c.pace < CASE j WHEN 0 THEN 0.98 ELSE 0.999 END THEN 'partly' ELSE 'not_yet' END AS result) r
 WHERE p.attached AND t.checked_on <= p.last_day AND (j = 0 OR c.pace >= 0.93) AND population.u(p.n, 22740 + m.id) < 0.92
 ORDER BY p.n, m.id, j;

/*
 * Visits that never were, beside those of place 120 (care.sql), of the kinds that a monitor can find without the patient: 121 while the person lay in
 * hospital, 122 a quarter of an hour after a visit elsewhere, 123 in another region. Of true ones, 111 was made on a journey, and of 112 no more is left than
 * of a false one: advice was all. All told three in a thousand visits are false, and their places say which.
 */
INSERT INTO encounter (patient_id, id, clinic_id, practitioner_id, recorded_by, recorded_at, started_at, ended_at, confirmed_at, confirmed_by, source_id, kind, icd10, reason, cost, paid_by_patient, payer, source_rec)
SELECT v.n, v.n * 256 + v.place, v.clinic_id, v.doctor_id, v.doctor_id, v.at + interval '20 minutes', v.at, v.at + interval '20 minutes', CASE WHEN v.confirmed THEN v.at + interval '1 hour' END,
       CASE WHEN v.confirmed THEN 'sms' ELSE 'none' END, v.source_id, 'visit', i.code, CASE WHEN v.grp IN (1, 3) THEN i.name_ru ELSE i.name_kk END,
       350000 + population.pick(v.n, 22840 + v.place, 200) * 1000, 0, 'gobmp', to_hex(v.n * 256 + v.place)
  FROM (SELECT p.n, p.grp, p.source_id, 121 AS place, p.clinic_id, p.doctor_id, false AS confirmed,
               (s.admitted_on + 1 + population.pick(p.n, 22801, s.leaves_on - s.admitted_on - 1) + time '05:00') AT TIME ZONE 'UTC' AS at
          FROM stay s JOIN person p ON p.n = s.n
         WHERE s.k = 1 AND s.leaves_on <= s.last_day AND population.u(p.n, 22800) < 0.008
        UNION ALL
        SELECT p.n, p.grp, p.source_id, 122, o.clinic_id, 12700 + o.clinic_id, false, e.started_at + (10 + population.pick(p.n, 22812, 11)) * interval '1 minute'
          FROM person p
          JOIN population.region_site rs ON rs.region_id = p.region_id
         CROSS JOIN LATERAL (SELECT rs.clinic + population.pick(p.n, 22811, rs.clinics) AS clinic_id) o
         CROSS JOIN LATERAL (SELECT e.started_at FROM encounter e WHERE e.patient_id = p.n AND e.clinic_id = p.clinic_id AND e.kind = 'visit' AND e.id & 255 < 110 ORDER BY e.started_at DESC, e.id DESC LIMIT 1) e
         WHERE population.u(p.n, 22810) < 0.0012 AND o.clinic_id <> p.clinic_id
        UNION ALL
        SELECT p.n, p.grp, p.source_id, w.place, o.clinic_id, 12700 + o.clinic_id, w.place = 111 AND population.u(p.n, 22823) < 0.75,
               (p.last_day - population.pick(p.n, 22820 + w.place, 200) + time '06:00') AT TIME ZONE 'UTC'
          FROM person p
         CROSS JOIN (VALUES (111, 0.0015), (123, 0.0007)) w (place, share)
         CROSS JOIN LATERAL (SELECT 1 + population.pick(p.n, 22830 + w.place, 1560) AS clinic_id) o
          JOIN clinic c ON c.id = o.clinic_id AND c.region_id <> p.region_id
         WHERE p.attached AND population.u(p.n, 22700 + w.place) < w.share AND p.birth < p.last_day - 400
        UNION ALL
        SELECT p.n, p.grp, p.source_id, 112, p.clinic_id, p.doctor_id, population.u(p.n, 22851) < 0.75, (p.last_day - population.pick(p.n, 22852, 200) + time '11:30') AT TIME ZONE 'UTC'
          FROM person p
         WHERE population.u(p.n, 22850) < 0.004 AND p.birth < p.last_day - 400) v
  JOIN population.icd10 i ON i.code = 'J06.9'
 CROSS JOIN LATERAL (SELECT (v.at AT TIME ZONE 'UTC')::date AS day) d
 /* True ones are made neither from a hospital bed nor in two places at once. */
 WHERE v.place NOT IN (111, 112)
    OR NOT EXISTS (SELECT FROM stay s WHERE s.n = v.n AND s.admitted_on < d.day AND s.leaves_on > d.day)
       AND NOT EXISTS (SELECT FROM encounter e WHERE e.patient_id = v.n AND e.id & 255 <> 120 AND e.started_at BETWEEN v.at - interval '30 minutes' AND v.at + interval '30 minutes')
 ORDER BY v.n, v.place;
