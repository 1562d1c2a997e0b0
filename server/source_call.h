/* server/source_call.h: calls of SQL functions between query/, cache/ and db/: what a change does to what is cached. */
#ifndef SERVER_SOURCE_CALL_H
#define SERVER_SOURCE_CALL_H

#include <stdbool.h>

#include "base/macros.h"

struct call;
struct row_source;

/* As source->call and source->cancel_call (query/source.h). */
int source_call(struct row_source *s, struct call *c) MUSTCHECK;
void source_cancel_call(struct row_source *s, struct call *c, bool hurry);

#endif
