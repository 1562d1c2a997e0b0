/* db/result.c: see db/result.h. */
#include "db/result.h"

#include "db/types.h"

/* Statements of paths have ord before their fields, scans have not. */
static int first_field(const struct statement *s)
{
    return s->path ? 1 : 0;
}

bool result_fits(const struct statement *s, const PGresult *res)
{
    int first = first_field(s);

    if (PQnfields(res) != (int)s->n_fields + first || (first && PQftype(res, 0) != OID_INT8))
        return false;
    for (uint32_t i = 0; i < s->cells->n_columns; i++) {
        const struct column *c = &s->cells->columns[i];
        int field = s->field[i] + first;
        if (PQftype(res, field) != pg_type_of_cell(c) || PQfformat(res, field) != 1)
            return false;
    }
    return true;
}

void result_row(const struct statement *s, const PGresult *res, int r,
                struct wire values[ACCESS_COLUMN_MAX])
{
    int first = first_field(s);

    for (uint32_t i = 0; i < s->cells->n_columns; i++) {
        int field = s->field[i] + first;
        values[i].bytes = PQgetisnull(res, r, field) ? NULL : PQgetvalue(res, r, field);
        values[i].len = (uint32_t)PQgetlength(res, r, field);
    }
}
