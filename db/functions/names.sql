/*
 * What things of the reference data are called in a language: as registered (in Kazakh), or what is known for it in the
 * language asked for, and else as registered. Recorded texts (a form, a specialty) are looked up in the list of their kind.
 */
CREATE OR REPLACE FUNCTION clinic_name_kk(c clinic) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT c.name';
CREATE OR REPLACE FUNCTION clinic_name_ru(c clinic) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT coalesce(c.name_ru, c.name)';
CREATE OR REPLACE FUNCTION clinic_name_en(c clinic) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT coalesce(c.name_en, c.name)';

CREATE OR REPLACE FUNCTION pharmacy_name_kk(p pharmacy) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT p.name';
CREATE OR REPLACE FUNCTION pharmacy_name_ru(p pharmacy) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT coalesce(p.name_ru, p.name)';
CREATE OR REPLACE FUNCTION pharmacy_name_en(p pharmacy) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT coalesce(p.name_en, p.name)';

CREATE OR REPLACE FUNCTION drug_inn_kk(d drug) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT d.inn';
CREATE OR REPLACE FUNCTION drug_inn_ru(d drug) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT coalesce(d.inn_ru, d.inn)';
CREATE OR REPLACE FUNCTION drug_inn_en(d drug) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT coalesce(d.inn_en, d.inn)';

CREATE OR REPLACE FUNCTION drug_form_kk(d drug) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT d.form';
CREATE OR REPLACE FUNCTION drug_form_ru(d drug) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT coalesce((SELECT f.name_ru FROM dosage_form f WHERE f.name_kk = d.form), d.form)';
CREATE OR REPLACE FUNCTION drug_form_en(d drug) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT coalesce((SELECT f.name_en FROM dosage_form f WHERE f.name_kk = d.form), d.form)';

CREATE OR REPLACE FUNCTION practitioner_specialty_kk(p practitioner) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT p.specialty';
CREATE OR REPLACE FUNCTION practitioner_specialty_ru(p practitioner) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT coalesce((SELECT s.name_ru FROM specialty s WHERE s.name_kk = p.specialty), p.specialty)';
CREATE OR REPLACE FUNCTION practitioner_specialty_en(p practitioner) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT coalesce((SELECT s.name_en FROM specialty s WHERE s.name_kk = p.specialty), p.specialty)';
