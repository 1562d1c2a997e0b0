/*
 * Medicines beside the register: leaflets, what pharmacies ask, marked packages and their path; names of reference data in
 * three languages, and the form of names that search compares. Nothing here is about a person: of a package it is known where
 * it was sold, never to whom.
 */
CREATE EXTENSION IF NOT EXISTS pg_trgm;

/*
 * A name as search compares it: small Latin letters, digits, and single spaces between words. One letter stands for all that
 * people type for one sound: Kazakh letters for their Russian neighbours (ә а, ғ г, қ к, ң н, ө о, ұ ү у, һ х, і и), Cyrillic for
 * Latin, Latin spellings for each other (c k q ts ц; y i; ph f; th t; x ks). It does not ask the database's collation
 * what a letter is, so it folds alike everywhere. Columns are generated with it, so it lives in a migration and may never change what it answers.
 */
CREATE FUNCTION search_folded(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT btrim(regexp_replace(regexp_replace(regexp_replace(
               replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                   translate(regexp_replace(replace(replace(normalize(name, NFKD), 's' || chr(807), 'ш'), 'S' || chr(807), 'ш'), '[' || chr(768) || '-' || chr(879) || ']', '', 'g'),
                             'ABCDEFGHIJKLMNOPQRSTUVWXYZqwyıəƏ' || 'аәбвгғдеёжзийіыкқцлмнңоөпрстуұүфхһчшщэ' || 'АӘБВГҒДЕЁЖЗИЙІЫКҚЦЛМНҢОӨПРСТУҰҮФХҺЧШЩЭ' || 'ЮЯ' || 'ъьЪЬ''ʹ’',
                             'abcdefghijklmnopkrstuvvxizkviiaa' || 'aabvggdeejziiiikkklmnnooprstuuufhhhwwe' || 'aabvggdeejziiiikkklmnnooprstuuufhhhwwe' || 'юя'),
                   'ю', 'iu'), 'я', 'ia'), 'sch', 'w'), 'sh', 'w'), 'zh', 'j'), 'kh', 'h'), 'ch', 'h'), 'ts', 'k'), 'tz', 'k'), 'ph', 'f'), 'th', 't'), 'c', 'k'), 'x', 'ks'),
               '[^a-z0-9]+', ' ', 'g'), '([a-z])\1+', '\1', 'g'), '([a-z]{2}[^aeiou0-9 ])e\M', '\1', 'g'))
$$;

/* Several names of one thing, each between bars and spaces, so that every word begins behind a space: | name | name | */
CREATE FUNCTION search_names(VARIADIC names text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '| ' || coalesce(string_agg(DISTINCT search_folded(n), ' | '), '') || ' |' FROM unnest(names) n WHERE n IS NOT NULL
$$;

/* ---- Names in three languages. Texts of records (`form`, `specialty`, `vaccine`) stay as they were recorded; a list has what they are called elsewhere. ---- */

CREATE TABLE specialty (
    name_kk text PRIMARY KEY CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> '')
);
CREATE TABLE dosage_form (
    name_kk text PRIMARY KEY CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> '')
);
/* The code is how the national calendar, and so a record, names a vaccine. */
CREATE TABLE vaccine (
    code text COLLATE "C" PRIMARY KEY CHECK (code <> ''),
    atc text COLLATE "C" CHECK (atc ~ '^J07[A-Z]{2}([0-9]{2})?$'),
    name_kk text NOT NULL CHECK (name_kk <> ''),
    name_ru text NOT NULL CHECK (name_ru <> ''),
    name_en text NOT NULL CHECK (name_en <> '')
);

/* `name` is as registered, in Kazakh; null is not translated: then `name` stands. */
ALTER TABLE clinic ADD name_ru text CHECK (name_ru <> ''), ADD name_en text CHECK (name_en <> '');
ALTER TABLE pharmacy ADD name_ru text CHECK (name_ru <> ''), ADD name_en text CHECK (name_en <> ''),
    ADD latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    ADD longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD CHECK ((latitude IS NULL) = (longitude IS NULL));
COMMENT ON COLUMN pharmacy.latitude IS 'degrees north, WGS 84';

/* ---- Leaflets: by INN, or by what a group of them has in common. ---- */

CREATE TABLE leaflet (
    id bigint PRIMARY KEY CHECK (id > 0),
    atc text COLLATE "C" NOT NULL UNIQUE CHECK (atc ~ '^[A-Z][0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?$'),
    indications_kk text NOT NULL CHECK (indications_kk <> ''),
    indications_ru text NOT NULL CHECK (indications_ru <> ''),
    indications_en text NOT NULL CHECK (indications_en <> ''),
    contraindications_kk text NOT NULL CHECK (contraindications_kk <> ''),
    contraindications_ru text NOT NULL CHECK (contraindications_ru <> ''),
    contraindications_en text NOT NULL CHECK (contraindications_en <> ''),
    how_to_take_kk text NOT NULL CHECK (how_to_take_kk <> ''),
    how_to_take_ru text NOT NULL CHECK (how_to_take_ru <> ''),
    how_to_take_en text NOT NULL CHECK (how_to_take_en <> '')
);
COMMENT ON COLUMN leaflet.atc IS 'the ATC code or group that the leaflet is for';
ALTER TABLE drug ADD leaflet_id bigint REFERENCES leaflet (id),
    ADD inn_ru text CHECK (inn_ru <> ''), ADD inn_en text CHECK (inn_en <> '');

/* ---- Prices: what a pharmacy asks for a pack, in tiyn, as last seen. ---- */

CREATE TABLE pharmacy_price (
    drug_id bigint NOT NULL REFERENCES drug (id),
    pharmacy_id bigint NOT NULL REFERENCES pharmacy (id),
    price bigint NOT NULL CHECK (price > 0),
    seen_on date NOT NULL,
    PRIMARY KEY (drug_id, pharmacy_id)
);
CREATE INDEX pharmacy_price_list ON pharmacy_price (drug_id, price, pharmacy_id) INCLUDE (seen_on);
CREATE INDEX pharmacy_price_pharmacy ON pharmacy_price (pharmacy_id);

/* A pharmacy can't sell above the cap of the day, so a price above it is no price. */
CREATE FUNCTION pharmacy_price_capped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cap bigint;
BEGIN
    SELECT c.amount INTO cap FROM price_cap c
     WHERE c.drug_id = NEW.drug_id AND c.kind = 'retail' AND c.valid_from <= NEW.seen_on AND (c.valid_to IS NULL OR c.valid_to > NEW.seen_on);
    IF NEW.price > cap THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', CONSTRAINT = 'pharmacy_price_cap', MESSAGE =
            format('The price %s is above the retail cap of that day, %s tenge.', round(NEW.price / 100.0, 2), round(cap / 100.0, 2));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pharmacy_price_cap BEFORE INSERT OR UPDATE ON pharmacy_price FOR EACH ROW EXECUTE FUNCTION pharmacy_price_capped();

/* ---- Marked packages (DataMatrix, mandatory for packs made from 2024-07-01). ---- */

CREATE TABLE med_package (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    drug_id bigint NOT NULL REFERENCES drug (id),
    pharmacy_id bigint REFERENCES pharmacy (id),
    made_on date NOT NULL,
    expires_on date NOT NULL CHECK (expires_on > made_on),
    state text NOT NULL DEFAULT 'in_circulation' CHECK (state IN ('in_circulation', 'sold', 'withdrawn')),
    gtin text COLLATE "C" NOT NULL CHECK (gtin_ok(gtin)),
    serial text COLLATE "C" NOT NULL CHECK (serial ~ '^[!-~]{1,20}$'),
    batch text COLLATE "C" NOT NULL CHECK (batch ~ '^[!-~]{1,20}$'),
    owner_bin text COLLATE "C" CHECK (national_number_ok(owner_bin)),
    owner text NOT NULL CHECK (owner <> ''),
    UNIQUE (gtin, serial),
    CHECK (state <> 'sold' OR pharmacy_id IS NOT NULL)
);
COMMENT ON COLUMN med_package.owner IS 'the organisation that holds it, or (once it is sold) that sold it';
COMMENT ON COLUMN med_package.pharmacy_id IS 'where it lies or was sold; null on its way there';

/* Where a package has been; only added to. */
CREATE TABLE package_event (
    package_id bigint NOT NULL REFERENCES med_package (id),
    seq smallint NOT NULL CHECK (seq > 0),
    at timestamptz NOT NULL,
    pharmacy_id bigint REFERENCES pharmacy (id),
    kind text NOT NULL CHECK (kind IN ('produced', 'shipped', 'received', 'sold', 'withdrawn')),
    place text NOT NULL CHECK (place <> ''),
    CONSTRAINT package_event_list PRIMARY KEY (package_id, seq) INCLUDE (at, kind, place, pharmacy_id),
    CHECK (kind <> 'sold' OR pharmacy_id IS NOT NULL)
);
CREATE UNIQUE INDEX package_event_sold_once ON package_event (package_id) WHERE kind = 'sold';

/* A batch that may not be sold any more, from the moment that the row is there. */
CREATE TABLE batch_recall (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    gtin text COLLATE "C" NOT NULL CHECK (gtin_ok(gtin)),
    batch text COLLATE "C" NOT NULL CHECK (batch <> ''),
    recalled_on date NOT NULL,
    lifted_on date CHECK (lifted_on >= recalled_on),
    order_number text NOT NULL CHECK (order_number <> ''),
    reason text NOT NULL CHECK (reason <> '')
);
CREATE UNIQUE INDEX batch_recall_in_force ON batch_recall (gtin, batch) WHERE lifted_on IS NULL;

/* ---- What functions return. ---- */

/* A pharmacy that has a medicine: the price of a pack in tiyn, and metres as the crow flies where a place was named. */
CREATE TYPE pharmacy_offer AS (pharmacy_id bigint, price bigint, seen_on date, distance integer);

/* What the code on a package says, and what is known of it. package_id is 0 where no such package is registered. */
CREATE TYPE package_check AS (
    package_id bigint, drug_id bigint, state text, gtin text, serial text, batch text, expires_on date,
    message_kk text, message_ru text, message_en text
);

/* ---- Search: one folded column each, and trigrams of it. ---- */

ALTER TABLE drug ADD folded text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_names(name, inn, inn_ru, inn_en)) STORED;
ALTER TABLE clinic ADD folded text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_names(name, name_ru, name_en)) STORED;
ALTER TABLE pharmacy ADD folded text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_names(name, name_ru, name_en)) STORED;
ALTER TABLE practitioner ADD folded text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_names(full_name)) STORED;
ALTER TABLE icd10 ADD folded text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_names(code, name_kk, name_ru, name_en)) STORED;
CREATE INDEX drug_search ON drug USING gin (folded gin_trgm_ops);
CREATE INDEX clinic_search ON clinic USING gin (folded gin_trgm_ops);
CREATE INDEX pharmacy_search ON pharmacy USING gin (folded gin_trgm_ops);
CREATE INDEX practitioner_search ON practitioner USING gin (folded gin_trgm_ops);
CREATE INDEX icd10_search ON icd10 USING gin (folded gin_trgm_ops);
