/* Import: Encounter. A stay in hospital is a row of hospitalization where its diagnosis is known, and its outcome if it is over; everything else is a visit. */

/*
 * encounter: at started_at, until ended_at, code ICD-10, words reason. hospitalization: day admitted_on, last_day discharged_on, name department,
 * code ICD-10, kind outcome. A visit from abroad is confirmed by nobody, so it counts for no capitation and no mark.
 */
CREATE OR REPLACE FUNCTION private.import_read_visits() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, at, until, day, last_day, code, words, name, kind, why)
    SELECT e.n, CASE WHEN e.stay THEN 'hospitalization' ELSE 'encounter' END, e.started_at, CASE WHEN NOT e.stay THEN e.ended_at END, CASE WHEN e.started_at IS NOT NULL THEN e.started_on END,
           CASE WHEN e.stay THEN e.ended_on END, e.icd10, e.reason, coalesce(e.type, 'стационар'),
           CASE WHEN e.stay THEN CASE WHEN e.ended_on IS NOT NULL THEN e.outcome END
                WHEN e.class = 'EMER' THEN 'emergency' WHEN e.class = 'HH' THEN 'home' WHEN e.class = 'VR' THEN 'remote'
                WHEN e.preventive THEN 'preventive' ELSE 'visit' END,
           CASE WHEN e.status IN ('planned', 'cancelled') THEN 'a visit that did not take place'
                WHEN e.none IS NOT NULL THEN e.none
                WHEN e.clinic_id IS NULL THEN '!it does not say at which organisation it was'
                WHEN NOT e.stay THEN NULL
                WHEN e.icd10 IS NULL THEN 'a stay in hospital whose diagnosis is not said in ICD-10 terms'
                WHEN e.ended_on IS NOT NULL AND e.outcome IS NULL THEN 'a stay in hospital whose outcome is not said'
                WHEN e.ended_on IS NULL AND (e.open > 1 OR e.is_in) THEN 'the person is in hospital already' END
      FROM (SELECT s.n, s.clinic_id, x.*,
                   row_number() OVER (PARTITION BY s.patient_id, x.stay, x.ended_on IS NULL ORDER BY s.n) AS open,
                   EXISTS (SELECT FROM hospitalization h WHERE h.patient_id = s.patient_id AND h.discharged_on IS NULL AND h.superseded_by IS NULL AND h.record_status <> 'entered_in_error'
                            AND h.id IS DISTINCT FROM s.old_item_id) AS is_in
              FROM import_stage s,
                   LATERAL (SELECT s.body ->> 'status' AS status, s.body #>> '{class,code}' AS class, s.body #>> '{class,code}' IN ('IMP', 'ACUTE', 'NONAC') IS TRUE AS stay,
                                   private.fhir_moment(s.body #>> '{period,start}') AS started_at, private.fhir_moment(s.body #>> '{period,end}') AS ended_at,
                                   private.fhir_day(s.body #>> '{period,start}') AS started_on, private.fhir_day(s.body #>> '{period,end}') AS ended_on,
                                   private.fhir_words(s.body #> '{type,0}') AS type, s.body #>> '{type,0,coding,0,code}' IN ('185349003', '162673000', '410620009') IS TRUE AS preventive,
                                   private.import_target(s.body #> '{type,0}', 'none') AS none,
                                   coalesce(private.fhir_words(s.body #> '{reasonCode,0}'), private.fhir_words(s.body #> '{type,0}')) AS reason,
                                   private.import_icd10(s.body #> '{reasonCode,0}') AS icd10,
                                   CASE s.body #>> '{hospitalization,dischargeDisposition,coding,0,code}' WHEN 'exp' THEN 'died' WHEN '20' THEN 'died' WHEN 'other-hcf' THEN 'transferred' END AS outcome) x
             WHERE s.resource_type = 'Encounter' AND s.state = 'ready') e;
    /* A visit can't do without its place. */
    UPDATE import_stage s SET state = 'quarantined', reason = 'waits for its Organization, which has not come', waits_for = s.clinic_ref
     WHERE s.resource_type = 'Encounter' AND s.state = 'ready' AND s.clinic_id IS NULL
       AND EXISTS (SELECT FROM import_ref r WHERE r.ref = s.clinic_ref AND (r.state IN ('kept', 'bad', 'not_mapped')) IS NOT TRUE);
END $$;
