/* All IINs of the population, one a line, by person number. */
SELECT iin FROM patient ORDER BY id;
