/*
 * Medicines by their substances: whoever bears no aspirin bears no Kardiomagnil either, though code, name and INN differ. A product's substances are the parts of its
 * INN in each language, as search folds them; what shares one is kin. An allergy, an interaction, the same medicine twice and the dose of a day go by that.
 */

/*
 * A substance's name as it is compared: folded as by search, and what search can't fold (letters of other scripts) as it is. Empty: it names nothing, as it has neither letter
 * nor digit. Columns are generated with this and the next, so they may never change what they answer, and have the standard's bodies, as a dump is restored with an empty search_path.
 */
CREATE FUNCTION substance_folded(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN btrim(search_folded(name) || ' ' || lower(regexp_replace(name, '[\u0001-\u024F\u02B0-\u036F\u0400-\u052F\u1680\u1E00-\u1EFF\u2000-\u2BFF\u3000-\u303F\uFE00-\uFE0F\uFEFF\uFF00-\uFF0F]', '', 'g')));

/* The substances that names name, each by itself: "X + Y" is two of them. */
CREATE FUNCTION substance_names(VARIADIC names text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(array_agg(DISTINCT substance_folded(part) ORDER BY substance_folded(part)), '{}')
          FROM unnest(names) n, regexp_split_to_table(n, ' *[+/;&] *|, +| +(?:и|және|мен|and|with) +') part WHERE substance_folded(part) <> '');

ALTER TABLE drug ADD substances text[] COLLATE "C" NOT NULL GENERATED ALWAYS AS (substance_names(inn, inn_ru, inn_en)) STORED,
    ADD single boolean NOT NULL GENERATED ALWAYS AS (cardinality(substance_names(inn)) = 1) STORED,
    ADD name_folded text COLLATE "C" NOT NULL GENERATED ALWAYS AS (substance_folded(name)) STORED;
COMMENT ON COLUMN drug.substances IS 'what is in it, by the folded parts of its INN in each language';
COMMENT ON COLUMN drug.single IS 'it is of one substance';
CREATE INDEX drug_substances ON drug USING gin (substances);
CREATE INDEX drug_atc ON drug (atc);

/* Groups that act where they are put: what their substance does in the whole body is not told of them. */
CREATE TABLE local_atc (
    atc text COLLATE "C" PRIMARY KEY CHECK (atc ~ '^[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?$'),
    source text NOT NULL CHECK (source <> '')
);
INSERT INTO local_atc (atc, source) VALUES ('A01', 'assumed'), ('C05A', 'assumed'), ('D', 'assumed'), ('G01', 'assumed'), ('M02', 'assumed'), ('R01A', 'assumed'), ('R02', 'assumed'), ('S', 'assumed');

/*
 * By what a medicine may be meant: `codes`, its own and those that its substances have alone; `whole`, of all of its kin, for who names a product by its full code;
 * `acts`, those of `codes` by which it acts in the whole body; `names`, of its substances and of the products of its kin.
 */
CREATE TYPE drug_kin AS (codes text[], whole text[], acts text[], names text[]);

/* They compare substances now, and functions of another signature would stay beside the new ones. */
DROP FUNCTION IF EXISTS allergy_sets_off(text, text, drug);
DROP FUNCTION IF EXISTS prescription_warnings(bigint, drug, numeric, integer);
DROP FUNCTION IF EXISTS dose_warning(bigint, drug, numeric, integer);

INSERT INTO drug_interaction (severity, atc, with_atc, effect_kk, effect_ru, effect_en, source)
SELECT 'major', a.atc, a.with_atc, 'Қан кету қаупі', 'Риск кровотечения', 'Risk of bleeding', 'general knowledge'
  FROM (VALUES ('B01AA', 'B01AC'), ('B01AF', 'B01AC'), ('B01AF', 'N02BA')) a (atc, with_atc);

/*
 * ---- Doses given ----
 * Of the time between two doses as prescribed, how much has to pass before the next one, and by how much those of the next day may come early.
 */
CREATE TABLE dose_time_rule (
    valid_from date PRIMARY KEY,
    valid_to date CHECK (valid_to > valid_from),
    apart numeric NOT NULL CHECK (apart BETWEEN 0 AND 1),
    early numeric NOT NULL CHECK (early BETWEEN 0 AND 1),
    source text NOT NULL CHECK (source <> '')
);
COMMENT ON COLUMN dose_time_rule.apart IS 'share of the time between two doses';
INSERT INTO dose_time_rule (valid_from, apart, early, source) VALUES ('2019-01-01', 0.5, 0.25, 'assumed');

/*
 * ---- Weights ----
 * What people of an age weigh, from so many months on, the smallest and the heaviest with them; and how much that changes within so many days. What lies beyond is
 * a slip more often than not (34 for 3.4), and a dose would go by it: who records it says that it was looked at twice.
 */
CREATE TABLE weight_bound (
    from_months integer PRIMARY KEY CHECK (from_months >= 0),
    least_kg numeric NOT NULL CHECK (least_kg > 0),
    most_kg numeric NOT NULL CHECK (most_kg > least_kg),
    change_percent integer NOT NULL CHECK (change_percent > 0),
    change_days integer NOT NULL CHECK (change_days > 0),
    source text NOT NULL CHECK (source <> '')
);
COMMENT ON COLUMN weight_bound.change_percent IS 'by how much the greater of two weights may exceed the less';
INSERT INTO weight_bound (from_months, least_kg, most_kg, change_percent, change_days, source) VALUES
    (0, 0.4, 7, 80, 30, 'assumed'), (1, 0.8, 10, 60, 30, 'assumed'), (3, 1.5, 14, 40, 30, 'assumed'), (6, 3, 18, 30, 30, 'assumed'), (12, 4, 25, 30, 90, 'assumed'),
    (24, 6, 45, 30, 90, 'assumed'), (60, 9, 100, 30, 90, 'assumed'), (120, 14, 220, 30, 90, 'assumed'), (216, 25, 300, 25, 60, 'assumed');
ALTER TABLE observation ADD confirmed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN observation.confirmed IS 'who recorded an unlikely weight said that it is right';

DROP FUNCTION IF EXISTS record_measurement(text, bigint, text, double precision, double precision, timestamptz, text, text);
DROP FUNCTION IF EXISTS correct_measurement(text, bigint, bigint, double precision, double precision, text, text, text);
