/*
 * What holds now, of lists that hold more: the latest measurement of each kind, medicines taken today, what models saw in a study.
 * Days are days in Kazakhstan, UTC+5.
 */
CREATE OR REPLACE FUNCTION latest_observations(patient bigint) RETURNS SETOF observation
LANGUAGE sql STABLE PARALLEL SAFE ROWS 8 AS $$
    SELECT o.*
      FROM observation_kind k
     CROSS JOIN LATERAL (SELECT o.* FROM observation o
                          WHERE o.patient_id = patient AND o.kind = k.kind AND o.superseded_by IS NULL AND o.record_status <> 'entered_in_error'
                          ORDER BY o.observed_at DESC, o.id DESC LIMIT 1) o
     ORDER BY o.kind
$$;

CREATE OR REPLACE FUNCTION medicines_now(patient bigint) RETURNS SETOF medication_statement
LANGUAGE sql STABLE PARALLEL SAFE ROWS 8 AS $$
    SELECT m.* FROM medication_statement m
     WHERE m.patient_id = patient AND m.superseded_by IS NULL AND m.record_status <> 'entered_in_error'
       AND m.started_on <= (now() AT TIME ZONE INTERVAL '5 hours')::date
       AND (m.ended_on IS NULL OR m.ended_on >= (now() AT TIME ZONE INTERVAL '5 hours')::date)
     ORDER BY m.started_on DESC, m.id DESC LIMIT 200
$$;

CREATE OR REPLACE FUNCTION diagnostic_report_findings(patient bigint, report bigint) RETURNS SETOF ai_finding
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
    SELECT f.* FROM ai_finding f
     WHERE f.patient_id = patient AND f.report_id IN (SELECT v FROM diagnostic_report_all_versions(patient, report) v) AND f.superseded_by IS NULL
     ORDER BY f.found_at DESC, f.id DESC LIMIT 100
$$;

/* What a finding of a model is worth, in words: nobody is to take it for a diagnosis before a clinician has looked. */
CREATE OR REPLACE FUNCTION ai_finding_notice_kk(f ai_finding) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE f.status WHEN 'preliminary' THEN 'Алдын ала нәтиже: дәрігер әлі растаған жоқ, бұл диагноз емес.'
                         WHEN 'confirmed' THEN 'Дәрігер растады.' ELSE 'Дәрігер растамады: бұл диагноз емес.' END
$$;
CREATE OR REPLACE FUNCTION ai_finding_notice_ru(f ai_finding) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE f.status WHEN 'preliminary' THEN 'Предварительно: врач ещё не подтвердил, это не диагноз.'
                         WHEN 'confirmed' THEN 'Подтверждено врачом.' ELSE 'Врач не подтвердил: это не диагноз.' END
$$;
CREATE OR REPLACE FUNCTION ai_finding_notice_en(f ai_finding) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE f.status WHEN 'preliminary' THEN 'Preliminary: no clinician has confirmed it, this is no diagnosis.'
                         WHEN 'confirmed' THEN 'Confirmed by a clinician.' ELSE 'Rejected by a clinician: this is no diagnosis.' END
$$;
