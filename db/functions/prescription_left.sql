/*
 * What of a prescription's quantity was not dispensed yet, in units; what was given out of a version that it corrects, or that corrects it, counts. In PL/pgSQL, which plans
 * it once a session; few are corrected, which one look at an index tells.
 */
CREATE OR REPLACE FUNCTION prescription_quantity_left(r prescription) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    versions bigint[] := ARRAY[r.id];
BEGIN
    IF r.superseded_by IS NOT NULL OR EXISTS (SELECT FROM prescription o WHERE o.patient_id = r.patient_id AND o.superseded_by = r.id) THEN
        versions := ARRAY(SELECT v FROM prescription_all_versions(r.patient_id, r.id) v);
    END IF;
    RETURN (SELECT greatest(0, r.quantity - coalesce(sum(d.quantity), 0))
              FROM dispense d
             WHERE d.patient_id = r.patient_id AND d.prescription_id = ANY (versions) AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error');
END $$;

/*
 * Whether the patient pays nothing: the state or the insurance pays for this prescription, or it was written (since
 * 2020-01-01) for a person under 18.
 */
CREATE OR REPLACE FUNCTION prescription_free(r prescription) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r.payment <> 'paid'
        OR r.issued_on >= '2020-01-01' AND EXISTS (SELECT FROM patient p WHERE p.id = r.patient_id AND r.issued_on < p.birth_date + INTERVAL '18 years')
$$;

/* The most that a pharmacy may ask today for what is left: whole packs at the retail cap in force, in tiyn. NULL: there is no cap. */
CREATE OR REPLACE FUNCTION prescription_price_cap(r prescription) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT drug_price_cap(d) * ((prescription_quantity_left(r) + d.pack_quantity - 1) / d.pack_quantity) FROM drug d WHERE d.id = r.drug_id
$$;
