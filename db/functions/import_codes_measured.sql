/*
 * Import: what is measured, by LOINC. Of the body: kinds of observation_kind. Of the laboratory: the tests of lab_test. `factor` turns a value of the
 * source's unit into ours; molar masses in g/mol behind it: glucose 180.16, cholesterol 386.65, triglycerides 885.4 (triolein),
 * creatinine 113.12, urea nitrogen 28.01, calcium 40.08, bilirubin 584.66, uric acid 168.11, iron 55.85. Run whenever this text changes.
 */
INSERT INTO concept_map (system, code, target_kind, unit, target, target_unit, factor)
SELECT 'http://loinc.org', v.code, 'observation', v.unit, v.kind, v.target_unit, v.factor
  FROM (VALUES
('29463-7', 'kg', 'weight', 'kg', 1), ('29463-7', 'g', 'weight', 'kg', 0.001), ('29463-7', '[lb_av]', 'weight', 'kg', 0.45359237), ('3141-9', 'kg', 'weight', 'kg', 1),
('8302-2', 'cm', 'height', 'cm', 1), ('8302-2', 'm', 'height', 'cm', 100), ('8302-2', '[in_i]', 'height', 'cm', 2.54),
('39156-5', 'kg/m2', 'bmi', 'kg/m2', 1), ('9843-4', 'cm', 'head_circumference', 'cm', 1), ('8287-5', 'cm', 'head_circumference', 'cm', 1), ('8280-0', 'cm', 'waist', 'cm', 1),
('85354-9', 'mm[Hg]', 'blood_pressure', 'mm[Hg]', 1), ('55284-4', 'mm[Hg]', 'blood_pressure', 'mm[Hg]', 1),
('8867-4', '/min', 'pulse', '/min', 1), ('8867-4', '{beats}/min', 'pulse', '/min', 1), ('9279-1', '/min', 'respiratory_rate', '/min', 1), ('9279-1', '{breaths}/min', 'respiratory_rate', '/min', 1),
('8310-5', 'Cel', 'temperature', 'Cel', 1), ('8331-1', 'Cel', 'temperature', 'Cel', 1),
('59408-5', '%', 'oxygen_saturation', '%', 1), ('2708-6', '%', 'oxygen_saturation', '%', 1), ('19935-6', 'L/min', 'peak_flow', 'L/min', 1)
       ) v (code, unit, kind, target_unit, factor)
ON CONFLICT (system, code, target_kind, unit) DO UPDATE SET target = excluded.target, target_unit = excluded.target_unit, factor = excluded.factor;

INSERT INTO concept_map (system, code, target_kind, unit, target, target_unit, factor)
SELECT 'http://loinc.org', v.code, 'laboratory', v.unit, v.target, v.target_unit, v.factor
  FROM (VALUES
('718-7', 'g/dL', '718-7', 'g/L', 10), ('789-8', '10*6/uL', '789-8', '10*12/L', 1), ('6690-2', '10*3/uL', '6690-2', '10*9/L', 1), ('777-3', '10*3/uL', '777-3', '10*9/L', 1),
('2339-0', 'mg/dL', '15074-8', 'mmol/L', 0.055506), ('2345-7', 'mg/dL', '14749-6', 'mmol/L', 0.055506),
('2160-0', 'mg/dL', '14682-9', 'umol/L', 88.402), ('3094-0', 'mg/dL', '22664-7', 'mmol/L', 0.35702), ('3084-1', 'mg/dL', '14933-6', 'umol/L', 59.485),
('17861-6', 'mg/dL', '2000-8', 'mmol/L', 0.2495), ('2498-4', 'ug/dL', '14798-3', 'umol/L', 0.17905), ('1975-2', 'mg/dL', '14631-6', 'umol/L', 17.104),
('2885-2', 'g/dL', '2885-2', 'g/L', 10), ('1751-7', 'g/dL', '1751-7', 'g/L', 10), ('2951-2', 'meq/L', '2951-2', 'mmol/L', 1), ('2823-3', 'meq/L', '2823-3', 'mmol/L', 1),
('2093-3', 'mg/dL', '14647-2', 'mmol/L', 0.025863), ('2571-8', 'mg/dL', '14927-8', 'mmol/L', 0.011294), ('2085-9', 'mg/dL', '14646-4', 'mmol/L', 0.025863),
('18262-6', 'mg/dL', '22748-8', 'mmol/L', 0.025863), ('13457-7', 'mg/dL', '22748-8', 'mmol/L', 0.025863), ('2089-1', 'mg/dL', '22748-8', 'mmol/L', 0.025863),
('1988-5', 'mg/dL', '1988-5', 'mg/L', 10), ('14959-1', 'mg/g', '14959-1', 'mg/mmol', 0.11312)
       ) v (code, unit, target, target_unit, factor)
ON CONFLICT (system, code, target_kind, unit) DO UPDATE SET target = excluded.target, target_unit = excluded.target_unit, factor = excluded.factor;

/* Smoking: answers of SNOMED CT to LOINC 72166-2. */
INSERT INTO concept_map (system, code, target_kind, target)
SELECT 'http://snomed.info/sct', v.code, 'lifestyle', v.level
  FROM (VALUES ('266919005', 'none'), ('8517006', 'former'), ('428041000124106', 'low'), ('428061000124105', 'low'), ('449868002', 'moderate'), ('428071000124103', 'high'),
               ('77176002', 'unknown'), ('266927001', 'unknown')) v (code, level)
ON CONFLICT (system, code, target_kind, unit) DO UPDATE SET target = excluded.target;

INSERT INTO concept_map (system, code, target_kind, target)
VALUES ('http://loinc.org', '69453-9', 'none', 'a certificate of death has no place here'), ('http://loinc.org', '69409-1', 'none', 'a certificate of death has no place here')
ON CONFLICT (system, code, target_kind, unit) DO UPDATE SET target = excluded.target;
