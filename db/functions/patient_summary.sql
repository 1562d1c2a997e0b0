/*
 * The International Patient Summary (IPS 2.0 over FHIR R4) of a person for one viewer: a document Bundle, in the language asked for, or
 * else in the person's own. Whether the viewer may see it at all the server asks before it gives a row of this away, as of
 * every row; here is decided what of it is left out: what the owner hid from this viewer leaves neither a resource nor a word, and a required
 * section that is empty for it says `withheld`. The diary is never part of it. `viewer` is null where nobody is asked who he is.
 */
CREATE OR REPLACE FUNCTION summary_person(subject bigint, lang text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
               'resourceType', 'Patient', 'id', fhir_id('patient', subject, NULL),
               /* A number that only stands in for an IIN is nobody's outside. */
               'identifier', CASE WHEN NOT iin_is_provisional(p.iin) THEN jsonb_build_array(jsonb_build_object('use', 'official', 'system', fhir_system('iin'), 'value', p.iin)) END,
               'name', jsonb_build_array(jsonb_build_object('use', 'official', 'text', fhir_string(p.full_name),
                           'family', (string_to_array(fhir_string(p.full_name), ' '))[1],
                           'given', nullif(to_jsonb((string_to_array(fhir_string(p.full_name), ' '))[2:]), '[]'))),
               'telecom', CASE WHEN p.phone IS NOT NULL THEN jsonb_build_array(jsonb_build_object('system', 'phone', 'value', p.phone)) END,
               'gender', p.sex, 'birthDate', p.birth_date, 'deceasedDateTime', p.deceased_on,
               'communication', jsonb_build_array(jsonb_build_object('preferred', true,
                   'language', jsonb_build_object('coding', jsonb_build_array(jsonb_build_object('system', 'urn:ietf:bcp:47', 'code', p.language))))),
               'generalPractitioner', CASE WHEN p.district_doctor_id IS NOT NULL THEN jsonb_build_array(fhir_reference('practitioner', NULL, p.district_doctor_id)) END,
               'managingOrganization', fhir_reference('clinic', NULL, p.clinic_id)))
      FROM patient p WHERE p.id = subject
$$;

CREATE OR REPLACE FUNCTION summary_practitioner(who bigint, lang text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('resourceType', 'Practitioner', 'id', fhir_id('practitioner', NULL, who),
               'name', jsonb_build_array(jsonb_build_object('text', fhir_string(m.full_name))),
               'qualification', jsonb_build_array(jsonb_build_object('code', jsonb_build_object('text',
                   CASE lang WHEN 'kk' THEN practitioner_specialty_kk(m) WHEN 'ru' THEN practitioner_specialty_ru(m) ELSE practitioner_specialty_en(m) END))))
      FROM practitioner m WHERE m.id = who
$$;

/* Of an organisation that only an import knows neither number nor country is said. */
CREATE OR REPLACE FUNCTION summary_organization(which bigint, lang text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('resourceType', 'Organization', 'id', fhir_id('clinic', NULL, which),
               'identifier', CASE WHEN NOT bin_is_provisional(c.bin) THEN jsonb_build_array(jsonb_build_object('system', fhir_system('bin'), 'value', c.bin)) END,
               'name', fhir_string(CASE lang WHEN 'kk' THEN clinic_name_kk(c) WHEN 'ru' THEN clinic_name_ru(c) ELSE clinic_name_en(c) END),
               'address', jsonb_build_array(jsonb_build_object('text', fhir_string(c.address), 'country', CASE WHEN NOT bin_is_provisional(c.bin) THEN 'KZ' END))))
      FROM clinic c WHERE c.id = which
$$;

/* One section; null when it has no entries and need not be there. */
CREATE OR REPLACE FUNCTION summary_section(entries summary_entry[], name text, withheld text[], lang text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN s.required OR e.refs IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object(
               'title', document_word(name, lang),
               'code', jsonb_build_object('coding', jsonb_build_array(jsonb_build_object('system', fhir_system('loinc'), 'code', s.loinc, 'display', s.display))),
               'text', fhir_narrative(lang, CASE WHEN e.refs IS NOT NULL
                   THEN '<table><thead>' || fhir_table_row('th', ARRAY(SELECT document_word(h, lang) FROM unnest(s.headings) WITH ORDINALITY AS x (h, n) ORDER BY n))
                        || '</thead><tbody>' || e.lines || '</tbody></table>'
                   ELSE '<p>' || xml_text(document_word(CASE WHEN k.kept THEN 'withheld' ELSE 'none' END, lang)) || '</p>' END),
               'entry', e.refs,
               'emptyReason', CASE WHEN e.refs IS NULL THEN fhir_state('list-empty-reason', CASE WHEN k.kept THEN 'withheld' ELSE 'unavailable' END) END)) END
      FROM summary_sections() s
     CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('reference', x.url) ORDER BY n) AS refs,
                                string_agg(fhir_table_row('td', x.cells), '' ORDER BY n) AS lines
                           FROM unnest(entries) WITH ORDINALITY AS x (section, priority, day, url, resource, cells, practitioners, clinics, n)
                          WHERE x.section = name) e
     CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM unnest(withheld) w WHERE split_part(w, ':', 1) = ANY (s.tables)) AS kept) k
     WHERE s.section = name
$$;

CREATE OR REPLACE FUNCTION patient_summary(subject bigint, viewer text, lang text) RETURNS SETOF summary_document LANGUAGE plpgsql STABLE AS $$
DECLARE
    spoken text := coalesce(lang, (SELECT p.language FROM patient p WHERE p.id = subject));
    withheld text[] := '{}';
    entries summary_entry[];
    home bigint; /* the clinic that the person is attached to, which keeps the document */
    doctor bigint;
    system_url text := fhir_url('system', NULL, 1);
    composition jsonb;
    bundle jsonb;
BEGIN
    IF viewer IS NOT NULL THEN
        /* An ambulance crew sees neither laboratory results nor habits nor plans (@allow of LabResult, Lifestyle, CarePlan, CareGoal, CareTask, CalendarSlot and DueItem). */
        SELECT string_to_array(r.withheld, ' ') || CASE WHEN r.capacities = 'AMBULANCE' THEN '{lab_result,lifestyle,care_plan,vaccine_exception,screening_task}' ELSE '{}' END::text[]
          INTO withheld FROM access_rights(viewer, subject) r;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    SELECT p.clinic_id, p.district_doctor_id INTO home, doctor FROM patient p WHERE p.id = subject;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT array_agg(ROW (e.*)::summary_entry ORDER BY s.place, e.priority, e.day DESC NULLS LAST, e.url) INTO entries
      FROM (SELECT * FROM summary_problems(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_allergies(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_alerts(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_medications(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_immunizations(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_statements(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_results(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_laboratory(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_studies(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_vitals(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_social(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_pregnancy(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_procedures(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_devices(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_plan(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_care_plans(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_doses_due(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_screenings_due(subject, withheld, spoken)
            UNION ALL SELECT * FROM summary_stays(subject, withheld, spoken)) e
      JOIN summary_sections() s ON s.section = e.section;

    composition := jsonb_strip_nulls(jsonb_build_object(
        'resourceType', 'Composition', 'id', fhir_id('summary', subject, NULL), 'language', spoken,
        'status', 'final',
        'type', jsonb_build_object('coding', jsonb_build_array(jsonb_build_object(
            'system', fhir_system('loinc'), 'code', '60591-5', 'display', 'Patient summary Document'))),
        'subject', fhir_reference('patient', subject, NULL),
        'date', fhir_instant(now()),
        'author', jsonb_build_array(jsonb_build_object('reference', system_url)),
        'title', document_word('title', spoken),
        'custodian', fhir_reference('clinic', NULL, home),
        'section', (SELECT jsonb_agg(x.section ORDER BY x.place)
                      FROM (SELECT s.place, summary_section(entries, s.section, withheld, spoken) AS section FROM summary_sections() s) x
                     WHERE x.section IS NOT NULL)));

    SELECT jsonb_build_object(
               'resourceType', 'Bundle', 'language', spoken,
               'identifier', jsonb_build_object('system', 'urn:ietf:rfc:3986',
                   'value', 'urn:uuid:' || overlay(overlay(md5(concat_ws('/', subject, viewer, spoken, now(), pg_backend_pid()))::uuid::text PLACING '8' FROM 15) PLACING 'a' FROM 20)),
               'type', 'document', 'timestamp', fhir_instant(now()),
               'entry', jsonb_build_array(
                            jsonb_build_object('fullUrl', fhir_url('summary', subject, NULL), 'resource', composition),
                            jsonb_build_object('fullUrl', fhir_url('patient', subject, NULL), 'resource', summary_person(subject, spoken)))
                        || coalesce((SELECT jsonb_agg(jsonb_build_object('fullUrl', e.url, 'resource', e.resource) ORDER BY n)
                                       FROM unnest(entries) WITH ORDINALITY AS e (section, priority, day, url, resource, cells, practitioners, clinics, n)), '[]')
                        || coalesce((SELECT jsonb_agg(jsonb_build_object('fullUrl', w.url, 'resource', w.resource) ORDER BY w.url) FROM summary_worn(subject, entries, spoken) w), '[]')
                        || coalesce((SELECT jsonb_agg(jsonb_build_object('fullUrl', fhir_url('practitioner', NULL, w.id), 'resource', summary_practitioner(w.id, spoken)) ORDER BY w.id)
                                       FROM (SELECT unnest(e.practitioners) AS id FROM unnest(entries) e UNION SELECT doctor) w WHERE w.id IS NOT NULL), '[]')
                        || coalesce((SELECT jsonb_agg(jsonb_build_object('fullUrl', fhir_url('clinic', NULL, o.id), 'resource', summary_organization(o.id, spoken)) ORDER BY o.id)
                                       FROM (SELECT unnest(e.clinics) AS id FROM unnest(entries) e UNION SELECT home) o WHERE o.id IS NOT NULL), '[]')
                        || jsonb_build_array(jsonb_build_object('fullUrl', system_url, 'resource', jsonb_build_object(
                               'resourceType', 'Device', 'id', fhir_id('system', NULL, 1),
                               'deviceName', jsonb_build_array(jsonb_build_object('name', 'Tölqujat', 'type', 'user-friendly-name'))))))
      INTO bundle;
    RETURN QUERY SELECT subject, spoken, now(), bundle::text;
END $$;
