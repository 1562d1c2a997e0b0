/* server/role_limits.c: see server/role_limits.h. */
#include "server/role_limits.h"

#include <string.h>

#include "base/err.h"
#include "base/viewer.h"
#include "query/cost.h"
#include "query/schema.h"

static const char *const names[] = {[CEILING_COST] = "max-cost",
                                    [CEILING_PAGE_SIZE] = "max-page-size",
                                    [CEILING_LIST_INPUT] = "max-list-input"};

static bool read_role(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != '_' && (s.ptr[i] < 'A' || s.ptr[i] > 'Z'))
            return false;
    return s.len > 0;
}

static bool read_value(struct str s, uint32_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || *ret > INT32_MAX / 10)
            return false;
        *ret = *ret * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    return *ret > 0 && *ret <= INT32_MAX;
}

static bool read_ceiling(struct str s, enum role_ceiling *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(s, names[i])) {
            *ret = (enum role_ceiling)i;
            return true;
        }
    return false;
}

/* ROLE:ceiling=N */
static bool read_one(struct str s, struct role_limit *ret)
{
    const char *colon = memchr(s.ptr, ':', s.len), *equals = memchr(s.ptr, '=', s.len);

    if (!colon || !equals || equals < colon)
        return false;
    ret->role = (struct str){s.ptr, (size_t)(colon - s.ptr)};
    return read_role(ret->role) &&
           read_ceiling((struct str){colon + 1, (size_t)(equals - colon - 1)}, &ret->ceiling) &&
           read_value((struct str){equals + 1, s.len - (size_t)(equals + 1 - s.ptr)}, &ret->value);
}

int role_limits_add(struct role_limits *l, const char *where, const char *text, struct err *reterr)
{
    while (*text) {
        struct str one = {text, strcspn(text, ",")};
        if (l->n == ROLE_LIMITS_MAX)
            return err_set(reterr, ERR_CONFIG, "%s: more than %d ceilings", where, ROLE_LIMITS_MAX);
        if (!read_one(one, &l->all[l->n]))
            return err_set(reterr, ERR_CONFIG,
                           "%s: \"%.*s\" is not like CITIZEN:max-cost=2000 (or max-page-size, "
                           "max-list-input; a number from 1)",
                           where, (int)MIN(one.len, (size_t)60), one.ptr);
        l->n++;
        text += one.len + (text[one.len] == ',');
    }
    return 0;
}

int role_limits_check(const struct role_limits *l, const struct schema *schema, struct err *reterr)
{
    const struct type *roles = schema_type(schema, STR("Role"));

    for (unsigned i = 0; roles && roles->kind == TYPE_ENUM && i < l->n; i++) {
        struct str role = l->all[i].role;
        if (!str_is(role, "ANONYMOUS") && !map_get(&roles->value_map, role))
            return err_set(reterr, ERR_CONFIG,
                           "--role-limits: there is no role %.*s (those of the enum Role, and "
                           "ANONYMOUS)",
                           (int)MIN(role.len, (size_t)40), role.ptr);
    }
    return 0;
}

static void apply(const struct role_limit *one, struct cost_limits *limits)
{
    switch (one->ceiling) {
    case CEILING_COST:
        limits->max_cost = one->value;
        break;
    case CEILING_PAGE_SIZE:
        limits->max_page = one->value;
        break;
    case CEILING_LIST_INPUT:
        limits->max_list = one->value;
        break;
    }
}

void role_limits_apply(const struct role_limits *l, const struct viewer *viewer,
                       struct cost_limits *limits)
{
    struct str role = viewer->kind == VIEWER_ANONYMOUS ? STR("ANONYMOUS") : viewer->role;

    for (unsigned i = 0; i < l->n; i++)
        if (str_eq(l->all[i].role, role))
            apply(&l->all[i], limits);
}
