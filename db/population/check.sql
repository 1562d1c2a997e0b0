/*
 * Is what is loaded the population that was promised? One row for each check: name, ok, detail. Shares may differ from
 * their target by chance, so they get 4.5 standard deviations of a sample of that size beside a small fixed tolerance.
 * The reference day comes from population_log.
 */
WITH day AS (SELECT max(day) AS d, sum(last_person - first_person + 1) AS people FROM population_log.chunk),
/* Of tables that an import adds to, what it did not bring: its sources have numbers from 100 (import_source), its organisations and doctors are not active. */
patient AS NOT MATERIALIZED (SELECT * FROM public.patient WHERE source_id < 100),
condition AS NOT MATERIALIZED (SELECT * FROM public.condition WHERE source_id < 100),
allergy AS NOT MATERIALIZED (SELECT * FROM public.allergy WHERE source_id < 100),
immunization AS NOT MATERIALIZED (SELECT * FROM public.immunization WHERE source_id < 100),
encounter AS NOT MATERIALIZED (SELECT * FROM public.encounter WHERE source_id < 100),
hospitalization AS NOT MATERIALIZED (SELECT * FROM public.hospitalization WHERE source_id < 100),
medication_statement AS NOT MATERIALIZED (SELECT * FROM public.medication_statement WHERE source_id < 100),
procedure_done AS NOT MATERIALIZED (SELECT * FROM public.procedure_done WHERE source_id < 100),
implant AS NOT MATERIALIZED (SELECT * FROM public.implant WHERE source_id < 100),
diagnostic_report AS NOT MATERIALIZED (SELECT * FROM public.diagnostic_report WHERE source_id < 100),
observation AS NOT MATERIALIZED (SELECT * FROM public.observation WHERE source_id < 100),
lab_result AS NOT MATERIALIZED (SELECT * FROM public.lab_result WHERE source_id < 100),
lifestyle AS NOT MATERIALIZED (SELECT * FROM public.lifestyle WHERE source_id < 100),
pregnancy AS NOT MATERIALIZED (SELECT * FROM public.pregnancy WHERE source_id < 100),
care_plan AS NOT MATERIALIZED (SELECT * FROM public.care_plan WHERE source_id < 100),
care_goal AS NOT MATERIALIZED (SELECT * FROM public.care_goal WHERE source_id < 100),
clinic AS NOT MATERIALIZED (SELECT * FROM public.clinic WHERE active), practitioner AS NOT MATERIALIZED (SELECT * FROM public.practitioner WHERE active),
people AS (
    SELECT p.*, extract(year FROM age((SELECT d FROM day), p.birth_date))::int AS years, (sex = 'female') AS female FROM patient p
),
/* name, yes, of, target, fixed tolerance */
share (name, yes, total, target, fixed) AS (
    SELECT 'region ' || r.name_kk, count(p.id), (SELECT count(*) FROM people),
           (ARRAY[2.91, 3.83, 4.67, 7.78, 3.50, 3.40, 5.94, 3.37, 5.52, 4.01, 4.16, 3.96, 3.65, 2.51, 10.49, 1.07, 3.52, 7.96, 11.45, 6.30])
               [row_number() OVER (ORDER BY r.id)] / 100, 0.002
      FROM region r LEFT JOIN people p ON p.region_id = r.id GROUP BY r.id
    UNION ALL SELECT 'age 0-17', count(*) FILTER (WHERE years < 18), count(*), 0.341, 0.006 FROM people
    UNION ALL SELECT 'age 18-44', count(*) FILTER (WHERE years BETWEEN 18 AND 44), count(*), 0.366, 0.006 FROM people
    UNION ALL SELECT 'age 45-59', count(*) FILTER (WHERE years BETWEEN 45 AND 59), count(*), 0.162, 0.006 FROM people
    UNION ALL SELECT 'age 60-74', count(*) FILTER (WHERE years BETWEEN 60 AND 74), count(*), 0.106, 0.006 FROM people
    UNION ALL SELECT 'age 75+', count(*) FILTER (WHERE years >= 75), count(*), 0.026, 0.004 FROM people
    UNION ALL SELECT 'women', count(*) FILTER (WHERE female), count(*), 0.511, 0.01 FROM people
    UNION ALL SELECT 'IIN says another day or sex', count(*) FILTER (WHERE to_char(birth_date, 'YYMMDD') <> left(iin, 6)
                     OR female <> (substr(iin, 7, 1)::int % 2 = 0)), count(*), 0.015, 0.002 FROM people
    UNION ALL SELECT 'attached', count(clinic_id), count(*), 0.97, 0.005 FROM people WHERE deceased_on IS NULL
    UNION ALL SELECT 'Russian family names', count(*) FILTER (WHERE full_name ~ '^(Иванов|Смирнов|Кузнецов|Попов|Васильев|Петров)а? '), count(*), 0.043, 0.015 FROM people
    UNION ALL SELECT 'hypertension I10-I13', count(*) FILTER (WHERE EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id AND c.icd10 ~ '^I1[0-3]')), count(*), 0.10, 0.008 FROM people p
    UNION ALL SELECT 'women among them', count(*) FILTER (WHERE female), count(*), 0.62, 0.03 FROM people p
                     WHERE EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id AND c.icd10 ~ '^I1[0-3]')
    UNION ALL SELECT 'diabetes E11', count(*) FILTER (WHERE EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id AND c.icd10 ~ '^E11')), count(*), 0.025, 0.004 FROM people p
    UNION ALL SELECT 'heart failure I50', count(*) FILTER (WHERE EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id AND c.icd10 ~ '^I50')), count(*), 0.026, 0.004 FROM people p
    UNION ALL SELECT 'asthma J45', count(*) FILTER (WHERE EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id AND c.icd10 ~ '^J45')), count(*), 0.009, 0.002 FROM people p
    UNION ALL SELECT 'allergy', count(*) FILTER (WHERE EXISTS (SELECT FROM allergy a WHERE a.patient_id = p.id)), count(*), 0.08, 0.004 FROM people p
    UNION ALL SELECT 'first measles vaccine at 2 to 10 years', count(*) FILTER (WHERE EXISTS (SELECT FROM immunization i WHERE i.patient_id = p.id AND i.vaccine = 'ҚҚП' AND i.dose_number = 1)),
                     count(*), 0.945, 0.025 FROM people p WHERE years BETWEEN 2 AND 9 AND deceased_on IS NULL
    UNION ALL SELECT 'children with a parent', count(*) FILTER (WHERE EXISTS (SELECT FROM guardianship g WHERE g.patient_id = p.id)), count(*), 0.97, 0.02 FROM people p WHERE years < 17 AND deceased_on IS NULL
    UNION ALL SELECT 'insured', count(*) FILTER (WHERE insured), count(*), 0.83, 0.02 FROM insurance_status WHERE valid_to IS NULL
    UNION ALL SELECT 'visits that were confirmed', count(*) FILTER (WHERE confirmed_by <> 'none'), count(*), 0.75, 0.02 FROM encounter
    UNION ALL SELECT 'people with a visit that never was', count(*) FILTER (WHERE EXISTS (SELECT FROM encounter e WHERE e.patient_id = p.id AND e.id = p.id * 256 + 120)), count(*), 0.005, 0.001 FROM people p
    UNION ALL SELECT 'visits that never were', count(*) FILTER (WHERE id & 255 BETWEEN 120 AND 123), count(*), 0.003, 0.0012 FROM encounter
    UNION ALL SELECT 'coverage of ' || r.code, count(s.immunization_id), count(*), 0.945, 0.035 FROM people p CROSS JOIN LATERAL vaccine_slots(p.id, (SELECT d FROM day)) s JOIN plan_rule r ON r.id = s.rule_id
                     WHERE p.years < 18 AND p.deceased_on IS NULL AND r.consent = false AND s.due_on + r.late_days < (SELECT d FROM day) GROUP BY r.code
    UNION ALL SELECT 'screenings that were done, ' || k.third || '. third of clinics', count(*) FILTER (WHERE s.status = 'done'), count(*), 0.6 + 0.35 * (2 * k.third - 1) / 6.0, 0.012
                FROM screening_task s
                JOIN (SELECT c.id, 1 + floor(3 * (hashint8extended(c.id, 22900 + (SELECT max(seed) FROM population_log.chunk) * 4294967296) & 2147483647)::float8 / 2147483648)::int AS third FROM clinic c) k ON k.id = s.clinic_id
               WHERE s.invited_on < (SELECT d FROM day) - 60 AND NOT EXISTS (SELECT FROM patient p WHERE p.id = s.patient_id AND p.deceased_on IS NOT NULL) GROUP BY k.third
    UNION ALL SELECT 'milestones reached when last looked at', count(*) FILTER (WHERE result = 'reached'), count(*), 0.995, 0.003
                FROM (SELECT DISTINCT ON (patient_id, milestone_id) result, checked_on FROM milestone_check ORDER BY patient_id, milestone_id, checked_on DESC) x WHERE checked_on < (SELECT d FROM day) - 100
    UNION ALL SELECT 'prescriptions filled', count(pharmacy_id), count(*), 0.8, 0.04 FROM prescription WHERE issued_on < (SELECT d - 15 FROM day)
),
/* name, how many rows break the rule */
rule (name, broken) AS (
    SELECT 'everybody is there, once', abs(count(*) - (SELECT people FROM day)) + count(*) - count(DISTINCT iin) FROM patient
    UNION ALL SELECT 'numbers run from 1 without a gap', count(*) FROM patient WHERE id NOT BETWEEN 1 AND (SELECT people FROM day)
    UNION ALL SELECT 'IINs have twelve digits and a check digit', count(*) FILTER (WHERE NOT national_number_ok(iin) OR iin !~ '^[0-9]{12}$') FROM patient
    UNION ALL SELECT 'IINs of births from 2000 to 2009 begin with 0', CASE WHEN count(*) FILTER (WHERE iin ~ '^0') > 0 THEN 0 ELSE 1 END FROM patient
    UNION ALL SELECT 'practitioners'' IINs are not patients''', count(*) FROM practitioner JOIN patient USING (iin)
    UNION ALL SELECT 'regions sum to the people', (SELECT count(*) FROM patient) - count(*) FROM patient JOIN region ON region.id = patient.region_id
    UNION ALL SELECT 'clinic and doctor follow the open attachment', count(*) FROM patient p
                 LEFT JOIN attachment a ON a.patient_id = p.id AND a.detached_on IS NULL AND a.superseded_by IS NULL
                WHERE (p.clinic_id, p.district_doctor_id) IS DISTINCT FROM (a.clinic_id, a.district_doctor_id)
    UNION ALL SELECT 'district doctors work where they are named', count(*) FROM attachment a
                WHERE NOT EXISTS (SELECT FROM practitioner_role r WHERE r.practitioner_id = a.district_doctor_id AND r.clinic_id = a.clinic_id AND r.role = 'district_doctor')
    UNION ALL SELECT 'a clinic is in the region of its patient', count(*) FROM patient p JOIN clinic c ON c.id = p.clinic_id WHERE c.region_id <> p.region_id
    UNION ALL SELECT 'nothing before birth, after death or in the future: ' || e.name, count(*) FILTER (WHERE e.at < p.birth_date OR e.at > p.deceased_on OR e.at >= (SELECT d FROM day))
      FROM patient p JOIN (
            SELECT 'attachment' AS name, patient_id, attached_on AS at FROM attachment
            UNION ALL SELECT 'diagnosis', patient_id, recorded_on FROM condition
            UNION ALL SELECT 'onset', patient_id, onset FROM condition
            UNION ALL SELECT 'allergy', patient_id, noted_on FROM allergy
            UNION ALL SELECT 'vaccination', patient_id, given_on FROM immunization
            UNION ALL SELECT 'prescription', patient_id, issued_on FROM prescription
            UNION ALL SELECT 'dispense', patient_id, dispensed_on FROM dispense
            UNION ALL SELECT 'registration', patient_id, registered_on FROM dispensary_registration
            UNION ALL SELECT 'referral', patient_id, referred_on FROM hospital_referral
            UNION ALL SELECT 'guardianship', patient_id, valid_from FROM guardianship
            UNION ALL SELECT 'appointment kept', patient_id, starts_at::date FROM appointment WHERE status = 'kept'
            UNION ALL SELECT 'ambulance', patient_id, received_at::date FROM ambulance_call
            UNION ALL SELECT 'diary', patient_id, noted_at::date FROM diary_entry
            UNION ALL SELECT 'visit', patient_id, started_at::date FROM encounter
            UNION ALL SELECT 'certificate', patient_id, issued_on FROM certificate
            UNION ALL SELECT 'insurance', patient_id, valid_from FROM insurance_status
            UNION ALL SELECT 'plan', patient_id, started_on FROM care_plan
            UNION ALL SELECT 'task done', patient_id, done_on FROM care_task WHERE done_on IS NOT NULL
            UNION ALL SELECT 'dispute', patient_id, made_at::date FROM dispute
            UNION ALL SELECT 'emergency access', patient_id, valid_from::date FROM emergency_grant
            UNION ALL SELECT 'laboratory order', patient_id, ordered_at::date FROM lab_result
            UNION ALL SELECT 'laboratory result', patient_id, resulted_at::date - 2 FROM lab_result WHERE resulted_at IS NOT NULL
            UNION ALL SELECT 'measurement', patient_id, observed_at::date FROM observation
            UNION ALL SELECT 'habit', patient_id, noted_on FROM lifestyle
            UNION ALL SELECT 'pregnancy', patient_id, noted_on FROM pregnancy
            UNION ALL SELECT 'study', patient_id, performed_at::date FROM diagnostic_report
            UNION ALL SELECT 'procedure', patient_id, performed_on FROM procedure_done
            UNION ALL SELECT 'implant', patient_id, implanted_on FROM implant
            UNION ALL SELECT 'medicine taken', patient_id, started_on FROM medication_statement
            UNION ALL SELECT 'contact', patient_id, noted_on FROM emergency_contact
            UNION ALL SELECT 'invitation to a screening', patient_id, invited_on FROM screening_task
            UNION ALL SELECT 'screening', patient_id, done_on FROM screening_task WHERE done_on IS NOT NULL
            UNION ALL SELECT 'refusal of a vaccine', patient_id, decided_on FROM vaccine_exception
            UNION ALL SELECT 'milestone', patient_id, checked_on FROM milestone_check
            UNION ALL SELECT 'admission', patient_id, admitted_on FROM hospitalization
            UNION ALL SELECT 'discharge', patient_id, discharged_on FROM hospitalization WHERE discharged_on IS NOT NULL) e ON e.patient_id = p.id GROUP BY e.name
    UNION ALL SELECT 'doses of a series come in order', count(*) FROM (
                SELECT given_on < lag(given_on) OVER (PARTITION BY patient_id, vaccine ORDER BY dose_number) AS early FROM immunization WHERE vaccine !~ 'Тұмау') x WHERE early
    UNION ALL SELECT 'a dagger has its asterisk, and back', count(*) FROM condition c JOIN icd10 i ON i.code = c.icd10 AND i.mark IS NOT NULL
                 LEFT JOIN condition o ON o.patient_id = c.patient_id AND o.id = c.pair_id AND o.pair_id = c.id
                 LEFT JOIN icd10 m ON m.code = o.icd10 WHERE m.mark IS NULL OR m.mark = i.mark
    UNION ALL SELECT 'sens as the code says', count(*) FROM condition c JOIN icd10 i ON i.code = c.icd10 WHERE c.sens <> i.sens
    UNION ALL SELECT 'a pharmacy exactly where something was dispensed', count(*) FROM prescription r
                WHERE (r.pharmacy_id IS NOT NULL) <> EXISTS (SELECT FROM dispense d WHERE d.patient_id = r.patient_id AND d.prescription_id = r.id AND d.pharmacy_id = r.pharmacy_id)
    UNION ALL SELECT 'dispensed means all of it, and else less', count(*) FROM prescription r
                 LEFT JOIN (SELECT patient_id, prescription_id, sum(quantity) AS quantity FROM dispense GROUP BY 1, 2) d ON d.patient_id = r.patient_id AND d.prescription_id = r.id
                WHERE CASE WHEN r.status = 'dispensed' THEN d.quantity IS DISTINCT FROM r.quantity ELSE d.quantity >= r.quantity END
    UNION ALL SELECT 'an active prescription is still valid', count(*) FROM prescription WHERE (status = 'active') AND valid_to < (SELECT d FROM day)
    UNION ALL SELECT 'dispensed while the prescription was valid', count(*) FROM dispense d JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id
                WHERE d.dispensed_on NOT BETWEEN r.issued_on AND r.valid_to OR d.drug_id <> r.drug_id
    UNION ALL SELECT 'no price above the cap of the day', count(*) FROM dispense d JOIN drug g ON g.id = d.drug_id
                 LEFT JOIN price_cap c ON c.drug_id = d.drug_id AND c.kind = 'retail' AND c.valid_from <= d.dispensed_on AND (c.valid_to IS NULL OR c.valid_to > d.dispensed_on)
                WHERE c.amount IS NULL OR d.price > c.amount * ((d.quantity + g.pack_quantity - 1) / g.pack_quantity)
    UNION ALL SELECT 'free is free, for children too', count(*) FROM dispense d JOIN prescription r ON r.patient_id = d.patient_id AND r.id = d.prescription_id JOIN patient p ON p.id = r.patient_id
                WHERE (r.payment <> 'paid' OR r.issued_on < (p.birth_date + interval '18 years')) AND d.paid_by_patient > 0
    UNION ALL SELECT 'an entered hospital was referred to or an emergency', count(*) FROM hospitalization h JOIN hospital_referral r ON r.patient_id = h.patient_id AND r.id = h.referral_id
                WHERE r.status <> 'admitted' OR r.to_clinic_id <> h.clinic_id OR r.referred_on > h.admitted_on
    UNION ALL SELECT 'stays do not overlap', count(*) FROM (
                SELECT admitted_on < lag(coalesce(discharged_on, 'infinity')) OVER (PARTITION BY patient_id ORDER BY admitted_on) AS early FROM hospitalization) x WHERE early
    UNION ALL SELECT 'Kardiomagnil''s cap is 1297.73 tenge', count(*) - count(*) FILTER (WHERE drug_price_cap(d) = 129773) FROM drug d WHERE name = 'Кардиомагнил'
    UNION ALL SELECT 'Kardiomagnil is sold at 600.00 or more', count(*) FROM dispense d JOIN drug g ON g.id = d.drug_id
                WHERE g.name = 'Кардиомагнил' AND d.price < 60000 * ((d.quantity + 99) / 100)
    UNION ALL SELECT 'Kardiomagnil''s mean is 868.00 and its lowest price 600.00 tenge', count(*) - count(*) FILTER (WHERE drug_price_mean(d) = 86800 AND drug_price_lowest(d) = 60000)
                 FROM drug d WHERE name = 'Кардиомагнил'
    UNION ALL SELECT 'no pharmacy asks more than the cap of the day', count(*) FROM pharmacy_price p
                 LEFT JOIN price_cap c ON c.drug_id = p.drug_id AND c.kind = 'retail' AND c.valid_from <= p.seen_on AND (c.valid_to IS NULL OR c.valid_to > p.seen_on)
                WHERE c.amount IS NULL OR p.price > c.amount OR p.seen_on >= (SELECT d FROM day)
    UNION ALL SELECT 'every product is sold in each region', count(*) FROM drug d CROSS JOIN region r
                WHERE NOT EXISTS (SELECT FROM pharmacy_price p JOIN pharmacy f ON f.id = p.pharmacy_id WHERE p.drug_id = d.id AND f.region_id = r.id)
    UNION ALL SELECT 'a package is sold once at most, and exactly where it says sold', count(*) FROM med_package p
                WHERE (SELECT count(*) FROM package_event e WHERE e.package_id = p.id AND e.kind = 'sold' AND e.pharmacy_id = p.pharmacy_id) <> (p.state = 'sold')::int
                   OR (SELECT count(*) FROM package_event e WHERE e.package_id = p.id AND e.kind = 'sold') > 1
    UNION ALL SELECT 'a package''s path begins where it was made, runs on, and ends before today', count(*) FROM (
                SELECT e.kind, e.seq, e.at, lag(e.at) OVER w AS before, row_number() OVER w AS place FROM package_event e WINDOW w AS (PARTITION BY package_id ORDER BY seq)) x
                WHERE seq <> place OR (kind = 'produced') <> (place = 1) OR at <= before OR at >= (SELECT d FROM day)
    UNION ALL SELECT 'a package is of the product, and its holder is who has it', count(*) FROM med_package p JOIN drug d ON d.id = p.drug_id LEFT JOIN pharmacy f ON f.id = p.pharmacy_id
                WHERE p.gtin <> d.gtin OR f.id IS NOT NULL AND (f.bin, f.name) <> (p.owner_bin, p.owner)
    UNION ALL SELECT 'what is recalled are batches that there are', count(*) FROM batch_recall r WHERE NOT EXISTS (SELECT FROM med_package p WHERE p.gtin = r.gtin AND p.batch = r.batch)
    UNION ALL SELECT 'every product has a leaflet and an INN in three languages', count(*) FROM drug WHERE leaflet_id IS NULL OR inn_ru IS NULL OR inn_en IS NULL
    UNION ALL SELECT 'every clinic and pharmacy has its name in three languages', (SELECT count(*) FROM clinic WHERE name_ru IS NULL OR name_en IS NULL) + (SELECT count(*) FROM pharmacy WHERE name_ru IS NULL OR name_en IS NULL)
    UNION ALL SELECT 'every form, specialty and vaccine is in its list', (SELECT count(*) FROM drug WHERE form NOT IN (SELECT name_kk FROM dosage_form))
                 + (SELECT count(*) FROM practitioner WHERE specialty NOT IN (SELECT name_kk FROM specialty)) + (SELECT count(*) FROM immunization i LEFT JOIN vaccine v ON v.code = i.vaccine WHERE v.code IS NULL)
    UNION ALL SELECT 'every pharmacy is in Kazakhstan', count(*) FROM pharmacy WHERE (latitude BETWEEN 40.5 AND 55.5 AND longitude BETWEEN 46.4 AND 87.4) IS NOT TRUE
    UNION ALL SELECT 'every product has a retail cap today', count(*) FROM drug d WHERE drug_price_cap(d) IS NULL
    UNION ALL SELECT 'parents are of an age to be, alive, and were there before the child', count(*) FROM guardianship g
                 JOIN patient c ON c.id = g.patient_id JOIN patient p ON p.id = g.guardian_id
                WHERE p.birth_date > c.birth_date - 17 * 365 OR p.deceased_on IS NOT NULL OR p.id >= c.id OR (p.sex = 'female') <> (g.kind = 'mother')
    UNION ALL SELECT 'appointments are with a doctor where he works', count(*) FROM appointment a
                WHERE NOT EXISTS (SELECT FROM practitioner_role r WHERE r.practitioner_id = a.practitioner_id AND r.clinic_id = a.clinic_id)
    UNION ALL SELECT 'ambulances come from a station, with its crew', count(*) FROM ambulance_call a JOIN clinic c ON c.id = a.clinic_id
                WHERE c.kind <> 'ambulance' OR NOT EXISTS (SELECT FROM practitioner_role r WHERE r.practitioner_id = a.practitioner_id AND r.clinic_id = a.clinic_id AND r.role = 'paramedic')
    UNION ALL SELECT 'what is hidden is of that patient', count(*) FROM access_rule r
                WHERE r.item_id IS NOT NULL AND NOT EXISTS (SELECT FROM condition c WHERE c.patient_id = r.patient_id AND c.id = r.item_id)
    UNION ALL SELECT 'rules are the owners''', count(*) FROM access_rule r JOIN patient p ON p.id = r.patient_id WHERE r.made_by <> p.iin
    UNION ALL SELECT 'of emergency access the patient was told', count(*) FROM emergency_grant g
                WHERE NOT EXISTS (SELECT FROM private.outbox n WHERE n.patient_id = g.patient_id AND n.key = 'emergency_access/' || g.patient_id || '/emergency_grant:' || g.id || '/app')
    UNION ALL SELECT 'visits are with a doctor where he works', count(*) FROM encounter e
                WHERE NOT EXISTS (SELECT FROM practitioner_role r WHERE r.practitioner_id = e.practitioner_id AND r.clinic_id = e.clinic_id)
    UNION ALL SELECT 'a visit that never was is not confirmed', count(*) FROM encounter WHERE id & 255 BETWEEN 120 AND 123 AND confirmed_by <> 'none'
    UNION ALL SELECT 'visits that never were lie where a monitor can look: 121 in a stay, 122 beside a visit elsewhere, 123 in another region', count(*)
                FROM encounter e CROSS JOIN LATERAL (SELECT (e.started_at AT TIME ZONE INTERVAL '5 hours')::date AS day) t
               WHERE CASE e.id & 255 WHEN 121 THEN NOT EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = e.patient_id AND h.clinic_id <> e.clinic_id AND h.admitted_on < t.day AND h.discharged_on > t.day)
                                     WHEN 122 THEN NOT EXISTS (SELECT FROM encounter o WHERE o.patient_id = e.patient_id AND o.clinic_id <> e.clinic_id AND o.started_at BETWEEN e.started_at - INTERVAL '30 minutes' AND e.started_at)
                                     WHEN 123 THEN NOT EXISTS (SELECT FROM patient p, clinic c WHERE p.id = e.patient_id AND c.id = e.clinic_id AND c.region_id <> p.region_id) END
    UNION ALL SELECT 'a true visit is made by nobody who lies in hospital elsewhere or is at another clinic', count(*)
                FROM encounter e CROSS JOIN LATERAL (SELECT (e.started_at AT TIME ZONE INTERVAL '5 hours')::date AS day) t
               WHERE e.id & 255 NOT BETWEEN 120 AND 123
                 AND (EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = e.patient_id AND h.clinic_id <> e.clinic_id AND h.admitted_on < t.day AND (h.discharged_on IS NULL OR h.discharged_on > t.day))
                      OR EXISTS (SELECT FROM encounter o WHERE o.patient_id = e.patient_id AND o.clinic_id <> e.clinic_id AND o.id & 255 NOT BETWEEN 120 AND 123
                                    AND o.started_at BETWEEN e.started_at - INTERVAL '30 minutes' AND e.started_at + INTERVAL '30 minutes'))
    UNION ALL SELECT 'screenings are for who is of the sex and age, while the rule is in force', count(*) FROM screening_task s JOIN plan_rule r ON r.id = s.rule_id JOIN patient p ON p.id = s.patient_id
                WHERE r.kind <> 'screening' OR r.sex <> p.sex OR s.invited_on < r.valid_from OR s.invited_on >= r.valid_to
                   OR s.invited_on < p.birth_date + make_interval(months => r.from_months) OR s.invited_on >= p.birth_date + make_interval(months => r.to_months)
    UNION ALL SELECT 'nobody is invited for a disease for which he is under care', count(*) FROM screening_task s JOIN plan_rule r ON r.id = s.rule_id
                WHERE EXISTS (SELECT FROM dispensary_registration d WHERE d.patient_id = s.patient_id AND d.superseded_by IS NULL AND left(d.icd10, 3) = ANY (r.under_care))
    UNION ALL SELECT 'no dose of a series while it is refused or exempt', count(*) FROM vaccine_exception x JOIN immunization i ON i.patient_id = x.patient_id AND i.given_on >= x.decided_on
                 AND (x.valid_to IS NULL OR i.given_on < x.valid_to) WHERE EXISTS (SELECT FROM plan_rule r WHERE r.series = x.series AND i.vaccine = ANY (r.vaccines))
    UNION ALL SELECT 'milestones are looked for in small children, not too soon', count(*) FROM milestone_check c JOIN milestone m ON m.id = c.milestone_id JOIN patient p ON p.id = c.patient_id
                WHERE c.checked_on < p.birth_date + make_interval(months => m.from_months) OR c.checked_on >= p.birth_date + INTERVAL '7 years'
    UNION ALL SELECT 'each region has a health authority and a base, and the bases are the country''s', (SELECT count(*) FROM region r WHERE r.valid_to IS NULL AND NOT EXISTS (SELECT FROM health_authority h WHERE h.region_id = r.id))
                 + (SELECT abs(count(*) - 1) FROM health_authority WHERE region_id IS NULL)
                 + (SELECT abs(sum(people) FILTER (WHERE region_id IS NULL) - sum(people) FILTER (WHERE region_id IS NOT NULL)) + abs(sum(people) FILTER (WHERE region_id IS NULL) - 18716355) FROM base_population)
    UNION ALL SELECT 'every measure has figures for each of the last two months', count(*) FROM generate_series(1, 2) m, unnest(ARRAY['passports', 'screening', 'vaccination', 'flagged_visits', 'free_medicines']) k
                WHERE NOT EXISTS (SELECT FROM figure_cell c WHERE c.measure = k AND c.month = date_trunc('month', (SELECT d FROM day)) - m * INTERVAL '1 month' AND c.region_id IS NULL)
    UNION ALL SELECT 'passports are counted of all people', count(*) FROM figure_cell c WHERE c.measure = 'passports' AND c.region_id IS NULL AND (c.part <> (SELECT count(*) FROM patient) OR c.whole <> 18716355)
    UNION ALL SELECT 'capitation counts everybody who was attached then, once', abs(coalesce(sum(n.people), 0) - coalesce(sum(n.attached), 0))
                FROM (SELECT sum(c.people) AS people, (SELECT count(*) FROM attachment a JOIN patient p ON p.id = a.patient_id
                         WHERE a.attached_on < c.month + INTERVAL '1 month' AND (a.detached_on IS NULL OR a.detached_on >= c.month + INTERVAL '1 month') AND (p.deceased_on IS NULL OR p.deceased_on >= c.month + INTERVAL '1 month')) AS attached
                        FROM capitation_month c GROUP BY c.month) n
    UNION ALL SELECT 'capitation pays 100, 90 or 80 per cent', count(*) FROM capitation_month WHERE percent IS DISTINCT FROM
                     CASE WHEN month < '2025-10-01' OR condition = 'full' THEN 100 WHEN condition = 'uninsured' THEN 90 ELSE 80 END
    UNION ALL SELECT 'ratings are of confirmed visits, for their doctor', count(*) FROM rating r
                 LEFT JOIN encounter e ON e.patient_id = r.patient_id AND e.id = r.encounter_id AND e.practitioner_id = r.practitioner_id AND e.confirmed_by <> 'none' WHERE e.id IS NULL
    UNION ALL SELECT 'a disputed visit has a dispute without an answer, and back', count(*) FROM encounter e
                 FULL JOIN (SELECT * FROM dispute WHERE answered_at IS NULL) d ON d.patient_id = e.patient_id AND d.item_table = 'encounter' AND d.item_id = e.id
                WHERE (e.record_status = 'disputed') IS DISTINCT FROM (d.id IS NOT NULL)
    UNION ALL SELECT 'certificates run out as their kind says', count(*) FROM certificate c JOIN certificate_type t ON t.code = c.type_code WHERE c.valid_to IS NULL OR c.valid_to <> c.issued_on + t.valid_days OR c.valid_to > c.issued_on + t.longest_days
    UNION ALL SELECT 'one insurance status at a time, without a gap', count(*) FROM (
                SELECT valid_from, lag(valid_to) OVER (PARTITION BY patient_id ORDER BY valid_from) AS before, lag(id) OVER (PARTITION BY patient_id ORDER BY valid_from) AS other FROM insurance_status) x
                WHERE other IS NOT NULL AND valid_from IS DISTINCT FROM before
    UNION ALL SELECT 'children and pensioners are insured', count(*) FROM insurance_status s JOIN people p ON p.id = s.patient_id
                WHERE s.valid_to IS NULL AND p.deceased_on IS NULL AND (p.years < 18 AND s.category IS DISTINCT FROM 'child' OR p.years >= 64 AND s.category IS DISTINCT FROM 'pensioner')
    UNION ALL SELECT 'plans are for a disease under observation', count(*) FROM care_plan c
                WHERE NOT EXISTS (SELECT FROM dispensary_registration r WHERE r.patient_id = c.patient_id AND r.condition_id = c.condition_id AND r.removed_on IS NULL)
    UNION ALL SELECT 'tasks and goals lie in the time of their plan', count(*) FROM care_plan p
                 JOIN (SELECT patient_id, care_plan_id, due_on FROM care_task UNION ALL SELECT patient_id, care_plan_id, due_on FROM care_goal) t ON t.patient_id = p.patient_id AND t.care_plan_id = p.id
                WHERE t.due_on < p.started_on
    UNION ALL SELECT 'taken places of a slot are its appointments', count(*) FROM slot s WHERE s.taken > 0 AND s.taken <> (SELECT count(*) FROM appointment a WHERE a.slot_id = s.id AND a.status IN ('booked', 'kept'))
    UNION ALL SELECT 'active prescriptions have a code, no others', count(*) FROM prescription WHERE (status = 'active') <> (pick_code_hash IS NOT NULL)
    UNION ALL SELECT 'results lie in the range that is for this sex and age', count(*) FROM lab_result r JOIN patient p ON p.id = r.patient_id
                WHERE NOT EXISTS (SELECT FROM lab_range g WHERE g.lab_test_id = r.lab_test_id AND coalesce(g.sex, p.sex) = p.sex AND g.low IS NOT DISTINCT FROM r.low AND g.high = r.high
                                     AND extract(year FROM age(r.ordered_at::date, p.birth_date)) >= g.age_from AND extract(year FROM age(r.ordered_at::date, p.birth_date)) < g.age_to)
    UNION ALL SELECT 'results are flagged as the range says', count(*) FROM lab_result WHERE value IS NOT NULL AND flag IS DISTINCT FROM
                     CASE WHEN value > high THEN regexp_replace(flag, 'low', 'high') WHEN value < low THEN regexp_replace(flag, 'high', 'low') ELSE 'normal' END
    UNION ALL SELECT 'measurements are in their unit, within what people have', count(*) FROM observation o JOIN observation_kind k USING (kind)
                WHERE o.unit <> k.unit OR o.value NOT BETWEEN k.least AND k.most
    UNION ALL SELECT 'women of an age to be are pregnant', count(*) FROM pregnancy g JOIN patient p ON p.id = g.patient_id
                WHERE p.sex <> 'female' OR g.noted_on < p.birth_date + 17 * 365 OR g.noted_on > p.birth_date + 45 * 366
    UNION ALL SELECT 'of what a model saw only a clinician makes more', count(*) FROM ai_finding WHERE (status = 'preliminary') <> (confirmed_by IS NULL)
    UNION ALL SELECT 'a device was put in by a procedure of that day', count(*) FROM implant i
                WHERE NOT EXISTS (SELECT FROM procedure_done q WHERE q.patient_id = i.patient_id AND q.performed_on = i.implanted_on)
    UNION ALL SELECT 'medicines taken by prescription are those prescribed', count(*) FROM medication_statement m JOIN prescription r ON r.patient_id = m.patient_id AND r.id = m.prescription_id
                WHERE m.drug_id <> r.drug_id OR m.started_on <> r.issued_on
    /* Every foreign key of the schema, since a fast load does not fire them. */
    UNION ALL
    SELECT format('%s: %s', c.conrelid::regclass, pg_get_constraintdef(c.oid)),
           (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s a WHERE %s AND NOT EXISTS (SELECT FROM %s b WHERE %s)', c.conrelid::regclass,
                string_agg(format('a.%I IS NOT NULL', k.attname), ' AND '), c.confrelid::regclass,
                string_agg(format('a.%I = b.%I', k.attname, f.attname), ' AND ')), false, true, '')))[1]::text::bigint
      FROM pg_constraint c, unnest(c.conkey, c.confkey) u (own, other), pg_attribute k, pg_attribute f
     WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
       AND k.attrelid = c.conrelid AND k.attnum = u.own AND f.attrelid = c.confrelid AND f.attnum = u.other
     GROUP BY c.oid, c.conrelid, c.confrelid
),
/* name, figure, least, most */
figure (name, value, least, most) AS (
    SELECT 'prescriptions per person and year', count(*)::numeric / (SELECT people FROM day), 2.2, 3.2 FROM prescription
    UNION ALL SELECT 'diagnoses per person', count(*)::numeric / (SELECT people FROM day), 1.9, 2.5 FROM condition
    UNION ALL SELECT 'stays in hospital per person and year', count(*) / 2.0 / (SELECT people FROM day), 0.12, 0.2 FROM hospitalization
    UNION ALL SELECT 'times more diabetes with hypertension, 45 to 74 years',
                     (avg(e::int) FILTER (WHERE i) / nullif(avg(e::int) FILTER (WHERE NOT i), 0))::numeric, 1.5, 6
      FROM (SELECT EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id AND c.icd10 ~ '^E11') AS e,
                   EXISTS (SELECT FROM condition c WHERE c.patient_id = p.id AND c.icd10 ~ '^I1[01]') AS i
              FROM people p WHERE years BETWEEN 45 AND 74) x
    UNION ALL SELECT 'Kardiomagnil''s mean price for a pack, tenge', avg(price::numeric / quantity), 780, 950
      FROM dispense d JOIN drug g ON g.id = d.drug_id WHERE g.name = 'Кардиомагнил' AND quantity = 100
    UNION ALL SELECT 'open calls of the busiest station, of the first 20,000 people', max(n), 1000, 1300 FROM (SELECT count(*) AS n FROM ambulance_call
                     WHERE closed_at IS NULL GROUP BY clinic_id) x HAVING (SELECT people FROM day) >= 20000
    UNION ALL SELECT 'visits per person and year', count(*) / 2.0 / (SELECT people FROM day), 0.9, 1.6 FROM encounter
    UNION ALL SELECT 'what a visit costs, tenge', avg(cost) / 100, 3000, 6000 FROM encounter
    UNION ALL SELECT 'doctors with ten marks or more, of the first 20,000 people', count(practitioner_rating(p)), 20, 40 FROM public.practitioner p WHERE p.id BETWEEN 12700 AND 14300 HAVING (SELECT people FROM day) BETWEEN 20000 AND 100000
    UNION ALL SELECT 'kinds of certificates', count(*), 8, 8 FROM certificate_type
    UNION ALL SELECT 'categories that the state pays for', count(*), 16, 16 FROM insurance_category WHERE paid_by_state
    UNION ALL SELECT 'glycated haemoglobin of diabetics, %, above that of others', avg(value), 6, 11 FROM lab_result WHERE loinc = '4548-4'
    UNION ALL SELECT 'laboratory results out of range, percent', 100.0 * count(*) FILTER (WHERE flag <> 'normal') / count(value), 5, 30 FROM lab_result
    UNION ALL SELECT 'laboratory results per person', count(*)::numeric / (SELECT people FROM day), 2, 7 FROM lab_result
    UNION ALL SELECT 'height of grown men, cm', avg(o.value), 172, 176 FROM observation o JOIN patient p ON p.id = o.patient_id
                     WHERE o.kind = 'height' AND p.sex = 'male' AND o.observed_at > p.birth_date + interval '20 years'
    UNION ALL SELECT 'weight at one year, kg', avg(o.value), 8, 10.5 FROM observation o JOIN patient p ON p.id = o.patient_id
                     WHERE o.kind = 'weight' AND o.observed_at BETWEEN p.birth_date + interval '355 days' AND p.birth_date + interval '390 days'
    UNION ALL SELECT 'pregnant women of a thousand people', 1000.0 * count(*) / (SELECT people FROM day), 4, 25 FROM pregnancy WHERE status = 'ongoing'
    UNION ALL SELECT 'findings that wait for a clinician, percent', 100.0 * count(*) FILTER (WHERE status = 'preliminary') / nullif(count(*), 0), 2, 20 FROM ai_finding
    UNION ALL SELECT 'products', count(*), 200, 400 FROM drug
    UNION ALL SELECT 'international names', count(DISTINCT inn), 60, 80 FROM drug
    UNION ALL SELECT 'coverage of the base, percent', round(count(*) * 100.0 / (SELECT people FROM base_population WHERE region_id IS NULL ORDER BY counted_on DESC LIMIT 1), 2), 94.69, 94.69 FROM patient HAVING count(*) = 17722517
)
SELECT name, abs(yes::numeric / nullif(total, 0) - target) <= fixed + 4.5 * sqrt(target * (1 - target) / nullif(total, 0)) AS ok,
       format('%s of %s: %s %%, target %s %%', yes, total, round(100.0 * yes / nullif(total, 0), 2), round(100 * target, 2)) AS detail FROM share
UNION ALL SELECT name, broken = 0, format('%s rows break it', broken) FROM rule
UNION ALL SELECT name, value BETWEEN least AND most, format('%s, expected %s to %s', round(value, 3), least, most) FROM figure
ORDER BY ok, name;
