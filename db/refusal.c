/* db/refusal.c: see db/refusal.h. The first row whose text begins the SQLSTATE decides, so single codes stand before
 * their class. docs/api.md lists them for clients, docs/architecture.md for authors of functions. */
#include "db/refusal.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/macros.h"

#define UNCHANGED " Nothing was changed."

static const struct {
    const char *prefix;
    struct refusal refusal;
} refusals[] = {
    {"TQ001", {ERR_FORBIDDEN, NULL}},
    {"TQ002", {ERR_NOT_FOUND, NULL}},
    {"TQ003", {ERR_VARIABLES, NULL}},
    {"TQ004", {ERR_CONFLICT, NULL}},
    {"TQ005", {ERR_RATE_LIMITED, NULL}},
    {"TQ", {ERR_CONFLICT, NULL}}, /* a rule whose kind has no number yet */
    {"23505", {ERR_CONFLICT, "This is on record already." UNCHANGED}},
    {"23P01", {ERR_CONFLICT, "This overlaps with what is on record." UNCHANGED}},
    {"23503", {ERR_CONFLICT, "This refers to something that is not on record." UNCHANGED}},
    {"23", {ERR_CONFLICT, "This contradicts a rule that every record obeys." UNCHANGED}},
    {"22", {ERR_VARIABLES, "An argument has a value that no record can hold." UNCHANGED}},
    {"40",
     {ERR_TRY_AGAIN,
      "Others changed the same records at this moment." UNCHANGED " Please try again."}},
    {"55P03",
     {ERR_TRY_AGAIN,
      "Others are changing the same records just now." UNCHANGED " Please try again."}},
    {"57014", {ERR_TIMEOUT, "This took longer than it may." UNCHANGED " Please try again."}},
    {"57", {ERR_DATABASE, "The database is being restarted." UNCHANGED " Please try again."}},
    {"53", {ERR_DATABASE, "The database has no room just now." UNCHANGED " Please try again."}},
    {"25006",
     {ERR_DATABASE, "The database takes no changes just now." UNCHANGED " Please try again."}},
    {"26000",
     {ERR_TRY_AGAIN, "The database was changed at this moment." UNCHANGED " Please try again."}},
    {"0A000",
     {ERR_TRY_AGAIN, "The database was changed at this moment." UNCHANGED " Please try again."}},
};

struct refusal refusal_of(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
        if (strncmp(sqlstate, refusals[i].prefix, strlen(refusals[i].prefix)) == 0)
            return refusals[i].refusal;
    return (struct refusal){ERR_INTERNAL, "Something went wrong on our side." UNCHANGED};
}
