/* What of a prescription's quantity was not dispensed yet, in units. */
CREATE OR REPLACE FUNCTION prescription_quantity_left(r prescription) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT greatest(0, r.quantity - coalesce(sum(d.quantity), 0))::integer
      FROM dispense d
     WHERE d.patient_id = r.patient_id AND d.prescription_id = r.id AND d.superseded_by IS NULL AND d.record_status <> 'entered_in_error'
$$;

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
