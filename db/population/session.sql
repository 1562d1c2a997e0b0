/*
 * For a session that loads people: triggers and foreign keys are not fired row by row where the role may say so (what
 * the generator makes is right by construction, and check.sql looks), and the working tables of a chunk.
 */
SET synchronous_commit = off;
SET work_mem = '64MB';
SET temp_buffers = '64MB';
SET jit = off;
SET client_min_messages = warning;
SELECT set_config('session_replication_role', 'replica', false)
 WHERE has_parameter_privilege('session_replication_role', 'SET') \g /dev/null

CREATE TEMP TABLE person (
    n bigint, iin text, birth date, sex int, band int, age int, died date, last_day date, region_id bigint, grp int,
    doctor_id bigint, clinic_id bigint, attached boolean, hospital_id bigint, pharmacy bigint, pharmacies int, source_id smallint
);
CREATE TEMP TABLE diagnosis (
    n bigint, place int, chronic_id int, acute_id int, pair int, code text, onset date, recorded_on date, abated_on date, k int
);
CREATE TEMP TABLE ordered (
    n bigint, place int, condition_place int, drug_id bigint, issued_on date, valid_to date, total int, dose text, payment text,
    portions int, wait int, fetched int, pharmacy_id bigint
);
CREATE TEMP TABLE stay (
    n bigint, k int, doctor_id bigint, clinic_id bigint, hospital_id bigint, died date, last_day date, source_id smallint,
    admitted_on date, leaves_on date, referred_on date, code text, department text, condition_place int, birth date,
    planned boolean GENERATED ALWAYS AS (k < 3 AND (hashint8extended(n, 9080 + k) & 1023) < 563 AND referred_on >= birth AND code NOT IN ('S06.0', 'I21.9', 'I63.9', 'P07.3')) STORED
);
