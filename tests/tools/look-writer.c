/* tests/tools/look-writer.c: looks without a server, for tests of the record of every look (tests/e2e/looks*.test.mjs) and for
 * measuring it.
 *
 *     look-writer CONNINFO SECRET-FILE HEADS-DIR|- LOOKS FLIGHT KIND [PERSON ORGANISATION [CHAINS]]
 *
 * Asks the gate LOOKS times (0: until it is killed), FLIGHT at a time, for patients 1 to 1000 in turn, and prints
 * `REQUEST PATIENT RC` for each that was answered, when it was: what stands there with 0 has left. A look that waits
 * for more than 0.7 s is called off; where their number is given, 20 s, as none of them is to be. KIND `own`: each is the
 * person's own; `mixed`: own, refused and others' in turn; `others`. CHAINS times, each in a chain of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <uv.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/viewer.h"
#include "server/access.h"
#include "server/audit.h"
#include "server/secret.h"

enum {
    FLIGHT_MAX = 4096,
    PATIENTS = 1000,
    DEADLINE_MS = 700,
    PATIENT_MS = 20000,
    TICK_MS = 100
};

struct look {
    struct release release;
    struct viewer viewer;
    struct disclosure disclosure;
    char request[24];
    uint64_t begun_ms;
    bool waits; /* for the gate */
    bool rests; /* it was refused: not at once again */
};

static struct audit *audit;
static uv_loop_t loop;
static uv_idle_t idle;
static uv_timer_t tick;
static struct look looks[FLIGHT_MAX];
static uint64_t wanted, begun, ended, refused;
static unsigned pid;
static const char *kind, *person = "791028302728", *organisation = "140140024187";
static char **arguments;
static unsigned chains = 1;
static bool closing;

static void look_done(struct release *r, int rc);
static void turn(uv_idle_t *handle);
static void audit_closed(void *data);

static void report(const struct look *l, int rc)
{
    printf("%s %lld %d\n", l->request, (long long)l->disclosure.subject, rc);
    ended++;
    refused += rc < 0;
}

/* Asks until one has to wait, or there is no room; true: it waits. */
static void look_begin(struct look *l)
{
    static const char *const parts[] = {"Patient(fullName)", "Patient(birthDate fullName)",
                                        "Patient(fullName) Prescription(issuedOn number)"};
    unsigned n = (unsigned)begun;
    bool mixed = strcmp(kind, "mixed") == 0;
    int rc;

    if (wanted && begun == wanted)
        return;
    begun++;
    snprintf(l->request, sizeof l->request, "%08x%08x", pid, n);
    l->viewer = (struct viewer){.kind = VIEWER_KNOWN,
                                .request_id = str_of(l->request),
                                .role = STR("DOCTOR"),
                                .iin = str_of(person),
                                .organisation = str_of(organisation),
                                .client = n % 7 ? (struct str){0} : STR("clinic-system")};
    l->disclosure = (struct disclosure){.subject = n % PATIENTS + 1,
                                        .own = strcmp(kind, "own") == 0 || (mixed && n % 3 == 0),
                                        .refused = mixed && n % 3 == 1,
                                        .reason = n % 11 ? (struct str){0} : STR("unconscious"),
                                        .parts = str_of(parts[n % 3])};
    if (!l->disclosure.refused)
        l->disclosure.capacities = STR("DISTRICT_DOCTOR");
    l->release = (struct release){.audit = audit,
                                  .viewer = &l->viewer,
                                  .disclosures = &l->disclosure,
                                  .n_disclosures = 1,
                                  .done = look_done};
    l->begun_ms = uv_now(&loop);
    rc = release_request(&l->release);
    l->waits = rc == 0;
    l->rests = rc < 0;
    if (rc != 0)
        report(l, rc < 0 ? rc : 0);
}

static void look_done(struct release *r, int rc)
{
    struct look *l = container_of(r, struct look, release);

    l->waits = false;
    l->rests = rc < 0;
    report(l, rc);
    uv_idle_start(&idle, turn);
}

/* While one waits for nothing: it begins anew. */
static void turn(uv_idle_t *handle)
{
    unsigned flight = *(unsigned *)handle->data, waiting = 0;

    for (unsigned i = 0; i < flight; i++) {
        if (!looks[i].waits && !looks[i].rests)
            look_begin(&looks[i]);
        waiting += looks[i].waits || looks[i].rests;
    }
    if (waiting == flight)
        uv_idle_stop(handle);
    fflush(stdout);
    if (wanted && ended == wanted && !closing) {
        closing = true;
        uv_idle_stop(handle);
        audit_close(audit, 5000, audit_closed, NULL);
    }
}

/* Those that wait for too long are called off; those that were refused ask again. */
static void on_tick(uv_timer_t *timer)
{
    (void)timer;
    for (unsigned i = 0; i < FLIGHT_MAX; i++) {
        looks[i].rests = false;
        if (looks[i].waits &&
            uv_now(&loop) - looks[i].begun_ms > (wanted ? PATIENT_MS : DEADLINE_MS))
            release_cancel(&looks[i].release);
    }
    if (!closing)
        uv_idle_start(&idle, turn);
}

static void note(const char *why)
{
    fprintf(stderr, "%s\n", why);
}

static int open_audit(char **argv, struct err *err)
{
    unsigned char key[SECRET_KEY_BYTES];
    struct secret *secret = NULL;
    struct audit_config cfg = {.conninfo = argv[1],
                               .heads = strcmp(argv[3], "-") == 0 ? NULL : argv[3],
                               .rows = 20000,
                               .bytes = 16 << 20,
                               .note = note};
    int rc = secret_open(&secret, argv[2], err);

    if (rc == 0)
        rc = secret_derive(secret, "audit", key);
    cfg.key = (struct str){(const char *)key, sizeof key};
    if (rc == 0)
        rc = audit_open(&audit, &loop, &cfg, err);
    secret_close(secret);
    return rc;
}

/* Another chain, or the end. */
static void begin_audit(void)
{
    struct err err = {0};

    if (open_audit(arguments, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    closing = false;
    begun = ended = 0;
    uv_idle_start(&idle, turn);
}

static void audit_closed(void *data)
{
    (void)data;
    pid++; /* of the next chain's requests */
    if (--chains) {
        begin_audit();
    } else {
        uv_close((uv_handle_t *)&idle, NULL);
        uv_close((uv_handle_t *)&tick, NULL);
    }
}

int main(int argc, char **argv)
{
    unsigned flight;
    struct rusage usage;

    if (argc < 7 || hash_start() < 0 || uv_loop_init(&loop) < 0)
        return 2;
    arguments = argv;
    kind = argv[6];
    if (argc > 8)
        person = argv[7], organisation = argv[8];
    if (argc > 9)
        chains = (unsigned)strtoul(argv[9], NULL, 10);
    wanted = strtoull(argv[4], NULL, 10);
    flight = (unsigned)MIN(strtoul(argv[5], NULL, 10), (unsigned long)FLIGHT_MAX);
    pid = (unsigned)uv_os_getpid() << 12;
    uv_idle_init(&loop, &idle);
    idle.data = &flight;
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, TICK_MS, TICK_MS);
    begin_audit();
    uv_run(&loop, UV_RUN_DEFAULT);
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "%llu refused, %lld us of CPU\n", (unsigned long long)refused,
            (long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    return uv_loop_close(&loop) == 0 && refused == 0 ? 0 : 1;
}
