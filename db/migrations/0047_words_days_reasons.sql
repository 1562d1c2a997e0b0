/* ---- Recalls: a batch is the same however it is written ---- */

/*
 * A batch or lot as it is compared: in capital letters, without blanks, and with Latin letters for the Cyrillic ones that look the same. An order, a
 * package and a nurse's screen write one number in three ways, and what was recalled was given all the same.
 */
CREATE FUNCTION lot_folded(lot text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT upper(translate(lot, 'АВЕКМНОРСТУХІавекмнорстухі ' || E'\t\n\r\u00a0\u2007\u202f', 'ABEKMHOPCTYXIABEKMHOPCTYXI') COLLATE "C")
$$;
DROP INDEX IF EXISTS batch_recall_batch;
CREATE INDEX batch_recall_batch ON batch_recall (lot_folded(batch));
CREATE INDEX med_package_batch ON med_package (gtin, lot_folded(batch));

/* As before. */
CREATE OR REPLACE FUNCTION package_sale_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'in_circulation' OR NEW.expires_on < (now() AT TIME ZONE INTERVAL '5 hours')::date
       OR EXISTS (SELECT FROM batch_recall b WHERE b.gtin = NEW.gtin AND lot_folded(b.batch) = lot_folded(NEW.batch) AND b.lifted_on IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'package_sale_allowed',
            MESSAGE = 'a package was sold already, expired, withdrawn or recalled';
    END IF;
    RETURN NEW;
END $$;
