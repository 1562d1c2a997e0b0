/* db/result.h: a libpq result beside the statement that it answers. Layer: db. */
#ifndef DB_RESULT_H
#define DB_RESULT_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "db/decode.h"
#include "db/statement.h"

/* True when the fields are those that the statement was made for; else the tables have changed. */
bool result_fits(const struct statement *s, const PGresult *res);
/* The values of row `r` for decode_row, one for each cell. Their bytes are the result's. */
void result_row(const struct statement *s, const PGresult *res, int r,
                struct wire values[ACCESS_COLUMN_MAX]);

#endif
