/* server/static.h: the GraphQL IDE: a fixed list of files, read at start and served from memory.
 *
 * No path of a client's ever reaches the file system. The pages may load from this server only. */
#ifndef SERVER_STATIC_H
#define SERVER_STATIC_H

#include <stdbool.h>

#include "base/macros.h"
#include "base/str.h"

struct err;
struct exchange;
struct static_files;

/* Reads the files below `dir` (web/ of the project: graphiql/ and node_modules/). ERR_CONFIG names the file that
 * is missing. */
int static_open(struct static_files **ret, const char *dir, struct err *reterr) MUSTCHECK;
void static_close(struct static_files *s);

/* True when `path` is one of them; static_handle then answers GET and HEAD. */
bool static_has(const struct static_files *s, struct str path);
void static_handle(const struct static_files *s, struct exchange *x);

#endif
