/*
 * Import: what a table refuses that nobody thought of where it was read or judged (import_judge.sql): a constraint, or a trigger that raises. All is stored under
 * one savepoint, which costs next to nothing; only where that fails it is done again by parts, until what is refused stands alone: some twenty
 * savepoints for one such record among 500, instead of one for each of all the good ones.
 */

/* Why, for who sent it: what he may look for in his record, and nothing of how it is kept here. */
CREATE OR REPLACE FUNCTION private.import_refusal(code text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN code = '23502' THEN 'something is missing that an entry of this kind can not do without'
                WHEN code = '23503' THEN 'it refers to something that is not here'
                WHEN code IN ('23505', '23P01') THEN 'another entry that is in force stands against it'
                WHEN code = '23514' THEN 'what it says contradicts itself, or can not be of such an entry'
                WHEN code LIKE '22%' THEN 'a number, date or text in it is of a form or size that can not be kept'
                WHEN code LIKE '54%' THEN 'it is longer than an entry can be'
                ELSE 'a rule for entries of this kind forbids it' END
$$;

/*
 * Stores all that is decided; or of what is held this part, which is `stored` then. All of it or nothing: then it gives why not. Only what a record can be at fault for;
 * a lost race, a deadline or a fault of ours ends the transaction as ever. (A condition that ends in 000 is its whole class: what triggers here raise.)
 */
CREATE OR REPLACE FUNCTION private.import_try_store(source smallint, part integer[] DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text;
    rule text;
BEGIN
    /* The marks are undone with the rest, so that the stage does not grow with each try. */
    IF part IS NOT NULL THEN
        UPDATE import_stage s SET state = CASE WHEN s.item_table IS NULL THEN 'not_mapped' ELSE 'kept' END WHERE s.n = ANY (part);
    END IF;
    PERFORM private.import_store(source);
    IF part IS NOT NULL THEN
        UPDATE import_stage s SET state = 'stored' WHERE s.n = ANY (part);
    END IF;
    RETURN NULL;
EXCEPTION WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded OR raise_exception OR SQLSTATE 'TQ000' THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, rule = CONSTRAINT_NAME;
    IF cardinality(part) = 1 THEN /* for operators, in PostgreSQL's log: the message itself may have values of the record */
        RAISE LOG 'import: a record of source % was refused: SQLSTATE %, constraint "%"', source, code, rule;
    END IF;
    RETURN private.import_refusal(code);
END $$;

/* A record is not kept. What its older version became stays in force, and is what others now refer to. */
CREATE OR REPLACE FUNCTION private.import_refuse(record integer, why text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    SELECT * INTO STRICT r FROM import_stage s WHERE s.n = record;
    UPDATE import_stage s SET state = 'bad', reason = why, waits_for = NULL, item_table = NULL, item_id = NULL WHERE s.n = record;
    IF r.item_table = 'condition' THEN
        UPDATE import_stage s SET condition_id = CASE WHEN r.old_item_table = 'condition' AND r.old_patient_id = s.patient_id THEN r.old_item_id END
         WHERE s.condition_id = r.item_id AND s.patient_id = r.patient_id;
    ELSIF r.item_table = 'care_plan' THEN
        UPDATE import_stage s SET plan_id = CASE WHEN r.old_item_table = 'care_plan' AND r.old_patient_id = s.patient_id THEN r.old_item_id END
         WHERE s.plan_id = r.item_id AND s.patient_id = r.patient_id;
        UPDATE import_stage s SET reason = 'the CarePlan that names it is not kept', item_table = NULL, item_id = NULL WHERE s.item_table = 'care_goal' AND s.plan_id IS NULL;
    END IF;
END $$;

/* Stores these records, which are held, but for what is refused: four parts of them, and four of each in which something is. */
CREATE OR REPLACE FUNCTION private.import_store_parts(source smallint, records integer[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    quarter integer := (cardinality(records) + 3) / 4;
    part integer[];
    why text;
BEGIN
    FOR i IN 1 .. cardinality(records) BY quarter LOOP
        part := records[i:i + quarter - 1];
        why := private.import_try_store(source, part);
        IF why IS NOT NULL AND cardinality(part) = 1 THEN
            PERFORM private.import_refuse(part[1], why);
        ELSIF why IS NOT NULL THEN
            PERFORM private.import_store_parts(source, part);
        END IF;
    END LOOP;
END $$;

/* Stores all that is decided, but for what is refused. */
CREATE OR REPLACE FUNCTION private.import_store_good(source smallint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    records integer[];
BEGIN
    IF private.import_try_store(source) IS NULL THEN
        RETURN;
    END IF;
    /* What becomes a row, or takes one back; those that others refer to come first. */
    SELECT array_agg(s.n ORDER BY CASE s.item_table WHEN 'condition' THEN 0 WHEN 'care_plan' THEN 1 WHEN 'care_goal' THEN 3 ELSE 2 END, s.item_table, s.n) INTO records
      FROM import_stage s
     WHERE s.state = 'kept' AND s.item_table NOT IN ('patient', 'clinic', 'practitioner') OR s.state = 'not_mapped' AND s.old_item_id IS NOT NULL;
    UPDATE import_stage s SET state = 'held' WHERE s.n = ANY (records);
    PERFORM private.import_store_parts(source, records);
    UPDATE import_stage s SET state = CASE WHEN s.item_table IS NULL THEN 'not_mapped' ELSE 'kept' END WHERE s.state IN ('held', 'stored');
END $$;
