/* server/document_compile.c: see server/document_routes.h: what the operations of documents have to be, known when the server starts. */
#include "base/arena.h"
#include "base/err.h"
#include "query/ast.h"
#include "query/document.h"
#include "query/plan.h"
#include "query/schema.h"
#include "server/document_routes.h"

static int refuse(const struct document_route *route, const char *why, struct err *reterr)
{
    return err_set(reterr, ERR_CONFIG, "documents.graphql:%d: the operation of %.*s %s",
                   route->line, (int)route->path.len, route->path.ptr, why);
}

static const struct plan_field *only_field(const struct plan_object *o)
{
    return o && o->n_fields == 1 ? &o->fields[0] : NULL;
}

/* What the field's object is; of an interface, the one type that something is selected of. NULL: there is no such one. */
static const struct plan_object *object_of(const struct plan_field *f)
{
    const struct plan_object *one = f->object;

    for (uint32_t i = 0; i < f->n_branches; i++) {
        if (f->branches[i].object->n_fields == 0)
            continue;
        if (one)
            return NULL;
        one = f->branches[i].object;
    }
    return one;
}

static bool is_list(const struct plan_field *f)
{
    return (f->resolve == RESOLVE_LIST && !f->field->single) || f->resolve == RESOLVE_CALL_LIST ||
           f->resolve == RESOLVE_BY_IDS;
}

static bool is_string(const struct plan_field *f)
{
    return f && f->resolve == RESOLVE_CELL && f->field->type->kind == TYPE_REF_NAMED &&
           str_is(f->field->type->name, "String");
}

static bool is_named(const struct plan_field *f, enum resolve_kind resolve, const char *name)
{
    return f->resolve == resolve && f->name.len == strlen(name) &&
           memcmp(f->name.ptr, name, f->name.len) == 0;
}

static bool takes_after(const struct ast_operation *operation)
{
    for (const struct ast_variable *v = operation->variables; v; v = v->next)
        if (str_is(v->name, "after"))
            return true;
    return false;
}

/* What tells of the page comes first, under its own name: server/document_text.h reads it as it goes. */
static bool is_page(const struct plan_object *o, const struct ast_operation *operation)
{
    const struct plan_object *info;

    if (o->n_fields != 2 || o->fields[0].resolve != RESOLVE_PAGE_INFO ||
        o->fields[1].resolve != RESOLVE_NODES || !takes_after(operation))
        return false;
    info = o->fields[0].object;
    return info->n_fields == 2 &&
           is_named(&info->fields[0], RESOLVE_HAS_NEXT, "\"hasNextPage\":") &&
           is_named(&info->fields[1], RESOLVE_END_CURSOR, "\"endCursor\":") &&
           is_string(only_field(o->fields[1].object));
}

static int check_shape(struct document_route *route, const struct ast_operation *operation,
                       const struct plan *plan, struct err *reterr)
{
    const struct plan_field *f = only_field(plan->root);

    while (f && !is_string(f)) {
        const struct plan_object *o = object_of(f);

        if (o && f->resolve == RESOLVE_CONNECTION) {
            route->paged = true;
            return is_page(o, operation) ? 0
                                         : refuse(route,
                                                  "must take $after, and select of its connection "
                                                  "pageInfo { hasNextPage "
                                                  "endCursor } and then nodes with one string",
                                                  reterr);
        }
        f = is_list(f) ? NULL : only_field(o);
    }
    return f ? 0 : refuse(route, "must select one string, and nothing beside it", reterr);
}

/* With no variable given, as @skip and @include would leave it. */
static int check_operation(struct document_route *route, struct err *reterr)
{
    const struct ast_operation *operation;
    const struct value **variables;
    const struct plan *plan;
    struct arena scratch;
    int rc = compiled_operation(route->compiled, (struct str){0}, &operation, reterr);

    if (rc < 0 || operation->kind != OPERATION_QUERY)
        return refuse(route, "must be one query, alone", reterr);
    arena_init(&scratch, 0);
    variables = arena_array(&scratch, operation->n_variables + 1, sizeof *variables);
    rc = !variables ? err_set(reterr, ERR_MEMORY, "no memory for the documents")
                    : compiled_plan(route->compiled, operation, variables, &scratch, &plan, reterr);
    if (rc == 0)
        rc = check_shape(route, operation, plan, reterr);
    arena_release(&scratch);
    return rc;
}

static int compile(struct document_route *route, const struct schema *schema, struct err *reterr)
{
    static const struct document_limits none = {.max_fields = UINT32_MAX};
    const struct validate_result *errors;
    int rc = compiled_new(&route->compiled, schema, &none, route->operation);

    if (rc < 0)
        return err_set(reterr, ERR_MEMORY, "no memory for the documents");
    errors = &route->compiled->errors;
    if (errors->n_errors)
        return err_set(reterr, ERR_CONFIG, "documents.graphql:%d: %s",
                       route->line + errors->errors[0].line, errors->errors[0].message);
    return check_operation(route, reterr);
}

int document_routes_compile(struct document_routes *r, const struct schema *schema,
                            struct err *reterr)
{
    int rc = 0;

    for (uint32_t i = 0; i < r->n && rc == 0; i++)
        rc = compile(&r->all[i], schema, reterr);
    return rc;
}

void document_routes_release(struct document_routes *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (r->all[i].compiled)
            compiled_unref(r->all[i].compiled);
    r->n = 0;
}
