/*
 * The fields of a GS1 DataMatrix by their application identifiers, or NULL when it is no such text. `]d2` may stand before it, and the
 * identifiers may be in brackets as people read them. A field of variable length ends at U+001D (or its picture U+241D) or with the text.
 */
CREATE OR REPLACE FUNCTION gs1_fields(code text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    rest text := regexp_replace(regexp_replace(translate(code, chr(9245), chr(29)), '^\s*(\]d2)?', ''), '\s+$', '');
    fields jsonb := '{}';
    ai text;
    size integer;
    value text;
BEGIN
    IF rest ~ '^\((01|17|10|21|9[0-9])\)' THEN
        rest := regexp_replace(substr(rest, 2), '\)', '');
        rest := regexp_replace(regexp_replace(rest, '\((01|11|17|10|21|9[0-9])\)', chr(29) || '\1', 'g'), '^' || chr(29), '');
    END IF;
    WHILE rest <> '' LOOP
        IF left(rest, 1) = chr(29) THEN
            rest := substr(rest, 2);
            CONTINUE;
        END IF;
        ai := left(rest, CASE WHEN left(rest, 2) IN ('24', '71') THEN 3 ELSE 2 END);
        size := CASE WHEN ai = '01' THEN 14 WHEN ai IN ('11', '13', '15', '17') THEN 6 END;
        rest := substr(rest, length(ai) + 1);
        IF size IS NOT NULL THEN
            value := left(rest, size);
            rest := substr(rest, size + 1);
            IF value !~ ('^[0-9]{' || size || '}$') THEN
                RETURN NULL;
            END IF;
        ELSE
            value := split_part(rest, chr(29), 1);
            rest := substr(rest, length(value) + 1);
            IF ai !~ '^(10|21|24[01]|71[0-5]|9[0-9])$' OR value !~ ('^[!-~]{1,' || CASE WHEN ai ~ '^9' THEN 90 ELSE 20 END || '}$') THEN
                RETURN NULL;
            END IF;
        END IF;
        IF fields ? ai THEN
            RETURN NULL;
        END IF;
        fields := fields || jsonb_build_object(ai, value);
    END LOOP;
    RETURN fields;
END $$;

/* The day that YYMMDD means, the month's last where its day is 00; NULL when there is none. */
CREATE OR REPLACE FUNCTION gs1_day(value text) RETURNS date
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    month date;
BEGIN
    IF value !~ '^[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])$' THEN
        RETURN NULL;
    END IF;
    month := make_date(2000 + left(value, 2)::integer, substr(value, 3, 2)::integer, 1);
    RETURN CASE WHEN right(value, 2) = '00' THEN month + INTERVAL '1 month' - INTERVAL '1 day'
                WHEN month + right(value, 2)::integer - 1 < month + INTERVAL '1 month' THEN month + right(value, 2)::integer - 1 END;
END $$;

/* What a state means, in the words of each language. */
CREATE OR REPLACE FUNCTION package_message(said text) RETURNS TABLE (kk text, ru text, en text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT m.kk, m.ru, m.en FROM (VALUES
        ('BAD_GTIN', 'Кодтағы GTIN бақылау саны қате: код дұрыс оқылмаған немесе қолдан жасалған.',
                     'Контрольная цифра GTIN неверна: код считан с ошибкой или подделан.',
                     'The check digit of the GTIN is wrong: the code was misread, or it is forged.'),
        ('UNKNOWN', 'Мұндай қаптама тіркелмеген. 2024-07-01 күніне дейін шығарылған қаптамалар заң бойынша таңбаланбаған; кейінірек шығарылған болса, қолданбаңыз және хабарлаңыз.',
                    'Такая упаковка не зарегистрирована. Упаковки, выпущенные до 2024-07-01, по закону не маркированы; если выпущена позже, не применяйте её и сообщите.',
                    'No such package is registered. Packages made before 2024-07-01 are legally unmarked; if it was made later, do not use it, and report it.'),
        ('DIFFERS', 'Қаптамада басылған серия немесе жарамдылық мерзімі тіркелгеннен басқа: қолданбаңыз және хабарлаңыз. (2024-07-01 күніне дейін шығарылған қаптамалар таңбаланбаған.)',
                    'Серия или срок годности на упаковке не те, что зарегистрированы: не применяйте её и сообщите. (Упаковки, выпущенные до 2024-07-01, не маркированы.)',
                    'The batch or the expiry date on the package is not the registered one: do not use it, and report it. (Packages made before 2024-07-01 are unmarked.)'),
        ('RECALLED', 'Қаптама немесе оның сериясы айналымнан алынған: қолданбаңыз, дәріханаға қайтарыңыз.',
                     'Упаковка или её серия изъята из обращения: не применяйте, верните в аптеку.',
                     'The package or its batch was recalled: do not use it, and take it back to the pharmacy.'),
        ('ALREADY_SOLD', 'Қаптама сатылған. Сіз сатып алмаған болсаңыз, бұл көшірме болуы мүмкін: хабарлаңыз.',
                         'Упаковка уже продана. Если её купили не вы, это может быть копия: сообщите.',
                         'The package was sold already. If it was not you who bought it, it may be a copy: report it.'),
        ('EXPIRED', 'Жарамдылық мерзімі өткен: қолданбаңыз.', 'Срок годности истёк: не применяйте.', 'It has expired: do not use it.'),
        ('OTHER_OWNER', 'Қаптама басқа ұйымның меншігінде тіркелген: сатуға болмайды.', 'Упаковка числится за другой организацией: продавать нельзя.',
                        'The package is registered with another organisation: it may not be sold here.'),
        ('IN_CIRCULATION', 'Қаптама тіркелген және айналымда.', 'Упаковка зарегистрирована и находится в обращении.', 'The package is registered and in circulation.')
    ) m (state, kk, ru, en) WHERE m.state = said
$$;

/*
 * What is known of the package whose DataMatrix says `code`. What endangers comes first: a recalled package is RECALLED even when it was
 * sold. OTHER_OWNER is only for a pharmacist, of whose organisation the package is not. The tail (91, 92) proves itself to the
 * operator of marking alone and is not looked at here.
 */
CREATE OR REPLACE FUNCTION check_package(viewer text, code text) RETURNS SETOF package_check
LANGUAGE plpgsql STABLE AS $$
DECLARE
    fields jsonb := CASE WHEN length(code) <= 500 THEN gs1_fields(code) END;
    today date := (now() AT TIME ZONE INTERVAL '5 hours')::date;
    p med_package;
    said text;
BEGIN
    IF fields IS NULL OR NOT fields ?& ARRAY['01', '21'] THEN
        RAISE EXCEPTION USING ERRCODE = 'TQ003', MESSAGE =
            'That is no DataMatrix of a medicine: it has 01 and a GTIN of 14 digits, 21 and a serial number, and U+001D behind what has no fixed length.';
    END IF;
    SELECT * INTO p FROM med_package m WHERE m.gtin = fields ->> '01' AND m.serial = fields ->> '21';
    said := CASE
        WHEN NOT gtin_ok(fields ->> '01') THEN 'BAD_GTIN'
        WHEN p.id IS NULL THEN 'UNKNOWN'
        WHEN p.batch <> fields ->> '10' OR fields ? '17' AND gs1_day(fields ->> '17') IS DISTINCT FROM p.expires_on THEN 'DIFFERS'
        WHEN p.state = 'withdrawn' OR EXISTS (SELECT FROM batch_recall r WHERE r.gtin = p.gtin AND lot_folded(r.batch) = lot_folded(p.batch) AND r.lifted_on IS NULL) THEN 'RECALLED'
        WHEN p.state = 'sold' THEN 'ALREADY_SOLD'
        WHEN p.expires_on < today THEN 'EXPIRED'
        WHEN split_part(viewer, '/', 1) = 'PHARMACIST' AND p.owner_bin IS DISTINCT FROM split_part(viewer, '/', 3) THEN 'OTHER_OWNER'
        ELSE 'IN_CIRCULATION' END;
    RETURN QUERY
        SELECT CASE WHEN said IN ('UNKNOWN', 'DIFFERS', 'BAD_GTIN') THEN 0 ELSE p.id END, d.id, CASE said WHEN 'DIFFERS' THEN 'UNKNOWN' ELSE said END,
               fields ->> '01', fields ->> '21', CASE WHEN said IN ('UNKNOWN', 'DIFFERS', 'BAD_GTIN') THEN NULL ELSE p.batch END,
               CASE WHEN said IN ('UNKNOWN', 'DIFFERS', 'BAD_GTIN') THEN NULL ELSE p.expires_on END, m.kk, m.ru, m.en
          FROM package_message(said) m LEFT JOIN drug d ON d.gtin = fields ->> '01';
END $$;
