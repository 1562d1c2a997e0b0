/* tests/unit/t-config.c: where values come from, and which wins. (What is refused: tests/e2e/http-server.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/viewer.h"
#include "query/cost.h"
#include "server/config.h"

static char dir[] = "/tmp/tolqujat-config-XXXXXX", before[4096];

#define DEMO_ENV                                                                                   \
    "# a comment\n\nexport TOLQUJAT_DATABASE='host=/a b dbname=c'\n"                               \
    "TOLQUJAT_REDIS=/demo/redis.sock\nTOLQUJAT_SECRET=/demo/secret\n"

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* A checkout with a demo: the current directory is two folders below its top. */
static int set_up(void **state)
{
    static const char *const clear[] = {
        "TOLQUJAT_DATABASE",    "TOLQUJAT_REDIS",      "TOLQUJAT_PORT",         "TOLQUJAT_SCHEMA",
        "TOLQUJAT_CORS_ORIGIN", "TOLQUJAT_TOKEN_KEYS", "TOLQUJAT_TOKEN_ISSUER", "TOLQUJAT_SECRET"};
    for (size_t i = 0; i < ARRAY_LEN(clear); i++)
        unsetenv(clear[i]);
    assert_non_null(getcwd(before, sizeof before));
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(mkdir("var", 0700) | mkdir("var/demo", 0700) | mkdir("schema", 0700) |
                         mkdir("a", 0700) | mkdir("a/b", 0700),
                     0);
    setenv("TOLQUJAT_ACCESS", "open", 1); /* what tokens need: tests/e2e/http-server */
    put("schema/passport.graphql", "type Query { a: Int }\n");
    put("var/demo/env", DEMO_ENV);
    assert_int_equal(chdir("a/b"), 0);
    return 0;
}

static int tear_down(void **state)
{
    assert_int_equal(chdir(dir), 0);
    unlink("schema/passport.graphql");
    unlink("var/demo/env");
    rmdir("a/b");
    rmdir("a");
    rmdir("schema");
    rmdir("var/demo");
    rmdir("var");
    assert_int_equal(chdir(before), 0);
    return rmdir(dir);
}

/* Reads a command line for `serve`; each argument is one of a NULL-terminated list. */
static int read_line(struct config *c, struct err *err, const char *first, ...)
{
    char *argv[16] = {0};
    va_list ap;
    int n = 0;

    va_start(ap, first);
    for (const char *arg = first; arg; arg = va_arg(ap, const char *))
        argv[n++] = (char *)(uintptr_t)arg; /* never written to */
    va_end(ap);
    *err = (struct err){0};
    return config_read(c, COMMAND_SERVE, n, argv, err);
}

static void test_config__defaults(void **state)
{
    struct config c;
    struct err err;

    assert_int_equal(read_line(&c, &err, NULL), 0);
    assert_string_equal(c.listen, "127.0.0.1");
    assert_int_equal(c.port, 8080);
    assert_int_equal(c.workers, 1);
    assert_int_equal(c.drain_seconds, 10);
    assert_int_equal(c.max_body, 1048576);
    assert_true(c.introspection);
    assert_false(c.get_queries);
    assert_int_equal(c.n_cors_origin, 0);
    assert_null(c.graphiql);
    config_release(&c);
}

static void test_config__demo_above(void **state)
{
    struct config c;
    struct err err;
    char schema[128];

    assert_int_equal(read_line(&c, &err, NULL), 0);
    snprintf(schema, sizeof schema, "%s/schema/passport.graphql", dir);
    assert_string_equal(c.database, "host=/a b dbname=c");
    assert_string_equal(c.redis, "/demo/redis.sock");
    assert_string_equal(c.secret, "/demo/secret");
    assert_string_equal(c.schema, schema);
    config_release(&c);
    assert_int_equal(read_line(&c, &err, "--redis", "off", NULL), 0);
    assert_null(c.redis);
    config_release(&c);
    assert_int_equal(read_line(&c, &err, "--secret", "mine", NULL), 0);
    assert_string_equal(c.secret, "mine");
    config_release(&c);
    /* The demo's Redis and secret belong to the demo's database. */
    assert_int_equal(read_line(&c, &err, "--database=other", NULL), 0);
    assert_string_equal(c.database, "other");
    assert_null(c.redis);
    assert_null(c.secret);
    config_release(&c);
}

static void test_config__demo_has_a_role_for_the_server(void **state)
{
    struct config c;
    struct err err;
    char dir_flag[] = "--dir=db", *argv[] = {dir_flag};

    put("../../var/demo/env",
        "TOLQUJAT_DATABASE='user=owner'\nTOLQUJAT_SERVER_DATABASE='user=server'\n");
    assert_int_equal(read_line(&c, &err, NULL), 0);
    assert_string_equal(c.database, "user=server");
    config_release(&c);
    assert_int_equal(config_read(&c, COMMAND_MIGRATE, 1, argv, &err), 0);
    assert_string_equal(c.database, "user=owner");
    config_release(&c);
    put("../../var/demo/env", DEMO_ENV);
}

static void test_config__environment_and_flags(void **state)
{
    struct config c;
    struct err err;

    setenv("TOLQUJAT_PORT", "81", 1);
    setenv("TOLQUJAT_DATABASE", "of the environment", 1);
    setenv("TOLQUJAT_REDIS", "", 1); /* counts as not set */
    assert_int_equal(read_line(&c, &err, NULL), 0);
    assert_int_equal(c.port, 81);
    assert_string_equal(c.database, "of the environment");
    config_release(&c);
    assert_int_equal(read_line(&c, &err, "--port", "82", NULL), 0);
    assert_int_equal(c.port, 82);
    config_release(&c);
    setenv("TOLQUJAT_PORT", "81x", 1);
    assert_int_equal(read_line(&c, &err, NULL), ERR_CONFIG);
    assert_non_null(strstr(err.message, "TOLQUJAT_PORT"));
    config_release(&c);
    unsetenv("TOLQUJAT_PORT");
    unsetenv("TOLQUJAT_DATABASE");
    unsetenv("TOLQUJAT_REDIS");
}

/* Who may ask: all of it, on a machine that others reach only with tokens. */
static void test_config__one_flag_for_no_cache(void **state)
{
    struct config c;
    struct err err = {0};

    assert_int_equal(read_line(&c, &err, NULL), 0);
    assert_int_equal(c.shared_cache, 256);
    assert_int_equal(c.rights_seconds, 1);
    config_release(&c);
    assert_int_equal(read_line(&c, &err, "--cache-bytes", "0", NULL), 0);
    assert_int_equal(c.shared_cache, 0);
    assert_int_equal(c.rights_seconds, 0);
    config_release(&c);
    assert_int_equal(read_line(&c, &err, "--cache-bytes", "0", "--shared-cache", "2", NULL), 0);
    assert_int_equal(c.shared_cache, 2);
    config_release(&c);
}

static void test_config__access(void **state)
{
    struct config c;
    struct err err;

    assert_int_equal(read_line(&c, &err, "--access", "tokens", "--token-keys", "k",
                               "--token-issuer", "i", "--token-audience", "a", "--listen",
                               "0.0.0.0", "--secret", "s", NULL),
                     0);
    assert_false(c.access_open || c.demo);
    assert_string_equal(c.token_keys, "k");
    assert_string_equal(c.token_issuer, "i");
    assert_string_equal(c.token_audience, "a");
    assert_string_equal(c.secret, "s");
    config_release(&c);
    for (size_t i = 0; i < 5; i++) {
        static const char *const loopback[] = {"127.0.0.1", "127.255.0.9", "::1",
                                               "::ffff:127.0.0.1", "localhost"};
        assert_int_equal(read_line(&c, &err, "--listen", loopback[i], NULL), 0);
        assert_true(c.access_open);
        config_release(&c);
    }
    unsetenv("TOLQUJAT_ACCESS");
    assert_int_equal(read_line(&c, &err, NULL), ERR_CONFIG);
    assert_non_null(strstr(err.message, "--token-keys is not given"));
    assert_false(c.access_open);
    config_release(&c);
    setenv("TOLQUJAT_ACCESS", "open", 1);
}

static void test_config__origins(void **state)
{
    struct config c;
    struct err err;
    char many[1024] = "";

    assert_int_equal(read_line(&c, &err, "--cors-origin=https://a.kz,http://b:81", "--cors-origin",
                               "https://[::1]:443", NULL),
                     0);
    assert_int_equal(c.n_cors_origin, 3);
    assert_string_equal(c.cors_origin[0], "https://a.kz");
    assert_string_equal(c.cors_origin[1], "http://b:81");
    assert_string_equal(c.cors_origin[2], "https://[::1]:443");
    config_release(&c);
    for (int i = 0; i <= CONFIG_ORIGINS_MAX; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "http://h%d,", i);
    assert_int_equal(read_line(&c, &err, "--cors-origin", many, NULL), ERR_CONFIG);
    config_release(&c);
    *strrchr(many, ',') = '\0'; /* the list may end with a comma; one origin fewer fits */
    *(strrchr(many, ',') + 1) = '\0';
    assert_int_equal(read_line(&c, &err, "--cors-origin", many, NULL), 0);
    assert_int_equal(c.n_cors_origin, CONFIG_ORIGINS_MAX);
    config_release(&c);
}

static void test_config__role_limits(void **state)
{
    static const char *const bad[] = {"x",
                                      "DOCTOR",
                                      "DOCTOR:max-cost",
                                      "DOCTOR:max-cost=",
                                      "DOCTOR:max-cost=0",
                                      "DOCTOR:max-cost=-1",
                                      "DOCTOR:max-cost=2147483648",
                                      "DOCTOR:max-cost=99999999999999999999",
                                      "DOCTOR:max-depth=3",
                                      "doctor:max-cost=3",
                                      ":max-cost=3",
                                      "DOCTOR=max-cost:3",
                                      "DOCTOR:max-cost=1;PAYER:max-cost=2"};
    const struct viewer doctor = {VIEWER_KNOWN, .role = STR("DOCTOR")}, nobody = {VIEWER_ANONYMOUS},
                        payer = {VIEWER_KNOWN, .role = STR("PAYER")};
    const struct cost_limits usual = {.max_cost = 5000, .max_page = 100, .max_list = 100};
    struct cost_limits limits;
    struct config c;
    struct err err;

    assert_int_equal(read_line(&c, &err,
                               "--role-limits=DOCTOR:max-cost=2147483647,DOCTOR:max-page-size=7",
                               "--role-limits", "ANONYMOUS:max-list-input=1", NULL),
                     0);
    assert_int_equal(c.role_limits.n, 3);
    limits = usual;
    role_limits_apply(&c.role_limits, &doctor, &limits);
    assert_true(limits.max_cost == INT32_MAX && limits.max_page == 7 && limits.max_list == 100);
    limits = usual;
    role_limits_apply(&c.role_limits, &nobody, &limits);
    assert_true(limits.max_cost == 5000 && limits.max_page == 100 && limits.max_list == 1);
    limits = usual;
    role_limits_apply(&c.role_limits, &payer, &limits);
    assert_memory_equal(&limits, &usual, sizeof usual);
    config_release(&c);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(read_line(&c, &err, "--role-limits", bad[i], NULL), ERR_CONFIG);
        assert_non_null(strstr(err.message, "--role-limits"));
        config_release(&c);
    }
}

static void test_config__bounds(void **state)
{
    static const struct {
        const char *flag, *value;
        int rc;
    } cases[] = {{"--port", "0", 0},
                 {"--port", "65535", 0},
                 {"--port", "65536", ERR_CONFIG},
                 {"--workers", "24", 0},
                 {"--workers", "25", ERR_CONFIG},
                 {"--max-head", "512", 0},
                 {"--max-head", "511", ERR_CONFIG},
                 {"--max-body", "67108864", 0},
                 {"--max-body", "67108865", ERR_CONFIG}};
    struct config c;
    struct err err;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(read_line(&c, &err, cases[i].flag, cases[i].value, NULL), cases[i].rc);
        config_release(&c);
    }
    assert_int_equal(read_line(&c, &err, "--port", "1", "--help", NULL), CONFIG_HELP);
    config_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__defaults),
        cmocka_unit_test(test_config__demo_above),
        cmocka_unit_test(test_config__demo_has_a_role_for_the_server),
        cmocka_unit_test(test_config__environment_and_flags),
        cmocka_unit_test(test_config__one_flag_for_no_cache),
        cmocka_unit_test(test_config__access),
        cmocka_unit_test(test_config__origins),
        cmocka_unit_test(test_config__role_limits),
        cmocka_unit_test(test_config__bounds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
