/* Import: Observation, DiagnosticReport, ImagingStudy. */

/* A value that carries more digits than anything is measured with is rounded; what came is in source_record. */
CREATE OR REPLACE FUNCTION private.import_rounded(v numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN scale(v) > 4 THEN trim_scale(round(v, CASE WHEN abs(v) >= 100 THEN 1 WHEN abs(v) >= 1 THEN 2 ELSE 4 END)) ELSE v END
$$;

/*
 * observation: at, kind, value, second_value, unit, status flag. lab_result: at ordered_at, until resulted_at, code LOINC, name, value, unit, words value_text, low, high,
 * kind flag. lifestyle (smoking): day, kind, status level, words note.
 */
CREATE OR REPLACE FUNCTION private.import_read_measured() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, at, day, until, recorded_at, code, name, kind, status, value, second_value, unit, words, low, high, yes, why)
    SELECT o.n, CASE WHEN o.smoking THEN 'lifestyle' WHEN o.laboratory THEN 'lab_result' ELSE 'observation' END, o.at, CASE WHEN o.at IS NOT NULL THEN o.day END,
           CASE WHEN o.laboratory THEN greatest(o.issued, o.at) END, o.issued,
           CASE WHEN NOT o.smoking THEN CASE WHEN m.target IS NOT NULL AND o.laboratory THEN m.target ELSE o.loinc END END, o.name,
           CASE WHEN o.smoking THEN 'smoking' WHEN NOT o.laboratory THEN m.target END,
           CASE WHEN o.smoking THEN o.smokes WHEN o.laboratory THEN CASE o.status WHEN 'preliminary' THEN 'preliminary' WHEN 'registered' THEN 'preliminary' ELSE 'final' END END,
           CASE WHEN o.comparator IS NULL THEN private.import_rounded(coalesce(o.value, o.systolic) * coalesce(m.factor, 1)) END, private.import_rounded(o.diastolic),
           CASE WHEN coalesce(o.value, o.systolic) IS NOT NULL AND o.comparator IS NULL THEN coalesce(m.target_unit, o.unit, '1') END,
           CASE WHEN o.laboratory THEN CASE WHEN o.value IS NULL THEN o.answer WHEN o.comparator IS NOT NULL THEN concat_ws(' ', o.comparator, o.value, o.unit) END END,
           CASE WHEN o.laboratory AND o.comparator IS NULL THEN private.import_rounded(o.low * coalesce(m.factor, 1)) END,
           CASE WHEN o.laboratory AND o.comparator IS NULL THEN private.import_rounded(o.high * coalesce(m.factor, 1)) END, o.laboratory,
           CASE WHEN o.status = 'cancelled' THEN 'it was cancelled'
                WHEN o.no_place IS NOT NULL THEN o.no_place
                WHEN o.smoking THEN CASE WHEN o.smokes IS NULL THEN 'an answer about smoking that has no place here' END
                WHEN o.laboratory THEN CASE WHEN num_nonnulls(o.value, o.answer) = 0 THEN '!it has no value' WHEN o.name IS NULL THEN '!it does not say what was measured' WHEN o.low > o.high THEN '!its range ends below where it begins'
                                            WHEN t.unit <> coalesce(m.target_unit, o.unit, '1') AND o.value IS NOT NULL THEN format('LOINC %s is not measured in %s here', o.loinc, left(o.unit, 20)) END
                WHEN o.loinc IS NULL THEN 'it has no LOINC code'
                WHEN NOT o.known THEN format('LOINC %s has no place here', o.loinc)
                WHEN coalesce(o.value, o.systolic) IS NULL THEN '!it has no value'
                WHEN o.comparator IS NOT NULL THEN 'a measurement that is only said to be above or below something'
                WHEN m.target IS NULL THEN format('LOINC %s is not measured in %s here', o.loinc, left(coalesce(o.unit, 'no unit'), 20)) END
      FROM private.import_observations() o
      LEFT JOIN concept_map m ON m.system = 'http://loinc.org' AND m.code = o.loinc AND m.target_kind = CASE WHEN o.laboratory THEN 'laboratory' ELSE 'observation' END
           AND m.unit = coalesce(o.unit, '')
      LEFT JOIN lab_test t ON o.laboratory AND t.loinc = coalesce(m.target, o.loinc);
    PERFORM private.import_check_measured();
    PERFORM private.import_read_studies();
END $$;

/* The fields of each Observation. */
CREATE OR REPLACE FUNCTION private.import_observations()
RETURNS TABLE (n integer, status text, loinc text, name text, at timestamptz, day date, issued timestamptz, value numeric, comparator text, unit text, systolic numeric, diastolic numeric,
               answer text, low numeric, high numeric, laboratory boolean, smoking boolean, smokes text, known boolean, no_place text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT s.n, s.body ->> 'status', x.loinc, private.fhir_words(s.body -> 'code'), private.fhir_moment(x.at), private.fhir_day(x.at), private.fhir_moment(s.body ->> 'issued'),
           private.fhir_decimal(q -> 'value'), q ->> 'comparator', coalesce(left(fhir_string(q ->> 'code'), 50), left(fhir_string(q ->> 'unit'), 50), p.unit), p.systolic, p.diastolic,
           coalesce(private.fhir_words(s.body -> 'valueCodeableConcept'), fhir_string(s.body ->> 'valueString')),
           private.fhir_decimal(s.body #> '{referenceRange,0,low,value}'), private.fhir_decimal(s.body #> '{referenceRange,0,high,value}'),
           k.kind IS NULL AND s.body @> '{"category": [{"coding": [{"code": "laboratory"}]}]}', x.loinc IS NOT DISTINCT FROM '72166-2',
           CASE WHEN x.loinc = '72166-2' THEN private.import_target(s.body -> 'valueCodeableConcept', 'lifestyle') END, k.kind IS NOT NULL, d.target
      FROM import_stage s
     CROSS JOIN LATERAL (SELECT jsonb_path_query_first(s.body, 'lax $.code.coding[*] ? (@.system == "http://loinc.org").code ? (@ like_regex "^[0-9]{1,7}-[0-9]$")') #>> '{}' AS loinc,
                                coalesce(s.body ->> 'effectiveDateTime', s.body #>> '{effectivePeriod,start}', s.body ->> 'effectiveInstant', s.body ->> 'issued') AS at) x
     CROSS JOIN LATERAL (SELECT s.body -> 'valueQuantity') v (q)
      LEFT JOIN LATERAL (SELECT c.target AS kind FROM concept_map c WHERE c.system = 'http://loinc.org' AND c.code = x.loinc AND c.target_kind = 'observation' LIMIT 1) k ON true
      LEFT JOIN concept_map d ON d.system = 'http://loinc.org' AND d.code = x.loinc AND d.target_kind = 'none'
      LEFT JOIN LATERAL (SELECT max(private.fhir_decimal(c #> '{valueQuantity,value}')) FILTER (WHERE c @> '{"code": {"coding": [{"code": "8480-6"}]}}') AS systolic,
                                max(private.fhir_decimal(c #> '{valueQuantity,value}')) FILTER (WHERE c @> '{"code": {"coding": [{"code": "8462-4"}]}}') AS diastolic,
                                CASE WHEN count(DISTINCT coalesce(c #>> '{valueQuantity,code}', c #>> '{valueQuantity,unit}')) = 1 THEN min(replace(coalesce(c #>> '{valueQuantity,code}', c #>> '{valueQuantity,unit}'), 'mmHg', 'mm[Hg]')) END AS unit
                           FROM jsonb_path_query(s.body, 'lax $.component[*]') c) p ON k.kind = 'blood_pressure'
     WHERE s.resource_type = 'Observation' AND s.state = 'ready';
END $$;

/* What the tables ask of a measurement; and how a value lies to its range, and to what endangers life: of a result by its own range, of a measurement of the last 30 days by age. */
CREATE OR REPLACE FUNCTION private.import_check_measured() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE import_row r SET state = 'bad', why = CASE
           WHEN r.value NOT BETWEEN k.least AND k.most THEN format('%s that no living person has: %s is measured in %s', CASE WHEN r.value < k.least THEN 'less' ELSE 'more' END, r.kind, k.unit)
           ELSE 'a blood pressure whose diastolic value is missing, or not below the systolic one' END
      FROM observation_kind k
     WHERE r.tab = 'observation' AND r.why IS NULL AND k.kind = r.kind
       AND (r.value NOT BETWEEN k.least AND k.most OR r.kind = 'blood_pressure' AND (r.second_value > 0 AND r.second_value < r.value) IS NOT TRUE);
    UPDATE import_row r SET status = vital_flag(s.patient_id, r.kind, r.day, r.value, r.second_value)
      FROM import_stage s WHERE s.n = r.n AND r.tab = 'observation' AND r.why IS NULL AND r.at > now() - INTERVAL '30 days';
    UPDATE import_row r SET kind = lab_level(r.value, r.low, r.high, l.critical_low, l.critical_high)
      FROM import_row x LEFT JOIN (lab_test t JOIN lab_limit l USING (loinc)) ON t.loinc = x.code AND x.value BETWEEN l.possible_low AND l.possible_high
     WHERE x.n = r.n AND r.tab = 'lab_result' AND r.why IS NULL AND r.value IS NOT NULL AND (num_nonnulls(r.low, r.high) > 0 OR l.loinc IS NOT NULL);
END $$;

/*
 * Studies: at performed_at, kind modality, status, code LOINC, name, unit body_site, words conclusion. The report of a laboratory is made of results, which
 * come one by one. A study without a report is one that is registered.
 */
CREATE OR REPLACE FUNCTION private.import_read_studies() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_row (n, tab, at, day, recorded_at, kind, status, code, name, unit, words, why)
    SELECT s.n, 'diagnostic_report', private.fhir_moment(x.at), CASE WHEN private.fhir_moment(x.at) IS NOT NULL THEN private.fhir_day(x.at) END, private.fhir_moment(s.body ->> 'issued'),
           CASE WHEN x.modality IN ('CR', 'DX', 'RX', 'XR', 'RG') THEN 'xray' WHEN x.modality = 'MG' THEN 'mammography' WHEN x.modality IN ('CT') THEN 'ct' WHEN x.modality IN ('MR', 'NMR') THEN 'mri'
                WHEN x.modality IN ('US', 'RUS', 'CUS', 'VUS', 'OUS') THEN 'ultrasound' WHEN x.modality IN ('ECG', 'EC') THEN 'ecg' WHEN x.modality = 'ES' THEN 'endoscopy' ELSE 'other' END,
           CASE WHEN x.conclusion IS NULL THEN 'registered' WHEN s.body ->> 'status' IN ('preliminary', 'registered', 'partial') THEN 'preliminary' ELSE 'final' END,
           CASE WHEN x.loinc ~ '^[0-9]{1,7}-[0-9]$' THEN x.loinc END, x.name, private.fhir_words(jsonb_build_object('coding', jsonb_build_array(s.body #> '{series,0,bodySite}'))), x.conclusion,
           CASE WHEN s.body ->> 'status' = 'cancelled' THEN 'it was cancelled'
                WHEN x.laboratory THEN coalesce(private.import_target(s.body -> 'code', 'none'), 'its results come one by one')
                WHEN x.name IS NULL THEN '!it does not say what was done' END
      FROM import_stage s,
           LATERAL (SELECT coalesce(s.body ->> 'effectiveDateTime', s.body #>> '{effectivePeriod,start}', s.body ->> 'started', s.body ->> 'issued') AS at,
                           coalesce(s.body #>> '{series,0,modality,code}', s.body #>> '{modality,0,code}', s.body #>> '{category,0,coding,0,code}') AS modality,
                           fhir_string(s.body ->> 'conclusion') AS conclusion, s.resource_type = 'DiagnosticReport' AND jsonb_path_exists(s.body, 'lax $.category[*].coding[*] ? (@.code == "LAB")') AS laboratory,
                           jsonb_path_query_first(s.body, 'lax $.code.coding[*] ? (@.system == "http://loinc.org").code') #>> '{}' AS loinc,
                           coalesce(private.fhir_words(s.body -> 'code'), private.fhir_words(s.body #> '{procedureCode,0}'), fhir_string(s.body ->> 'description'),
                                    fhir_string(s.body #>> '{series,0,modality,display}')) AS name) x
     WHERE s.resource_type IN ('DiagnosticReport', 'ImagingStudy') AND s.state = 'ready';
END $$;
