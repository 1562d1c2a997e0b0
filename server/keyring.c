/* server/keyring.c: see server/keyring.h.
 *
 * Whether the file has changed is told by its inode, size and times: a look costs one stat. A file that was written
 * within the grain of the clock of the file system may change once more and look the same, so it is read once more. */
#include "server/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "server/token_keys.h"

enum {
    FILE_MAX = 256 * 1024,
    GRAIN_MS = 100
};

/* What a file looked like; all zero: it could not be looked at. */
struct look {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct keyring {
    const char *path;
    bool demo;
    struct token_keys *keys;
    struct look look;
    bool settled;       /* what looks like `look` is what was read */
    struct sha256 text; /* of what was read last, good or bad */
    uint64_t looked_ms; /* for an unknown key; 0: not yet */
    uint64_t reads;
    bool broken; /* the file, as it was read last, can't be used */
};

static struct look look_of(const struct stat *s)
{
    return (struct look){s->st_dev, s->st_ino, s->st_size, s->st_mtim, s->st_ctim};
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_look(const struct look *a, const struct look *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

static bool is_old(const struct look *look)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec - look->changed.tv_sec) * 1000 +
               (now.tv_nsec - look->changed.tv_nsec) / 1000000 >
           GRAIN_MS;
}

/* ---- reading ---- */

/* The whole file, in `text`; its look, also when it can't be used. */
static int read_file(struct keyring *ring, char *text, size_t *ret_n, struct err *reterr)
{
    /* Not waiting for whoever writes into a pipe: the loop would stand still. */
    int fd = open(ring->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t n = 0;
    struct stat s;

    ring->look = (struct look){0};
    if (fd < 0 || fstat(fd, &s) < 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return err_set(reterr, ERR_CONFIG, "--token-keys: %.160s: %s", ring->path, strerror(why));
    }
    ring->look = look_of(&s);
    if (!S_ISREG(s.st_mode) || s.st_size > FILE_MAX) {
        close(fd);
        return err_set(reterr, ERR_CONFIG, "--token-keys: %.160s: not a file of at most %d bytes",
                       ring->path, FILE_MAX);
    }
    while (n <= FILE_MAX) {
        ssize_t got = read(fd, text + n, FILE_MAX + 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(fd);
    *ret_n = n;
    return n <= FILE_MAX
               ? 0
               : err_set(reterr, ERR_CONFIG, "%.160s: more than %d bytes", ring->path, FILE_MAX);
}

/* 1: other keys than before; 0: the same text as before; negative: they stay as they were. */
static int read_keys(struct keyring *ring, struct err *reterr)
{
    struct token_keys *keys = NULL;
    char *text = malloc(FILE_MAX + 1);
    struct err err = {0};
    struct sha256 hash = {0};
    size_t n = 0;
    int rc;

    ring->reads++;
    ring->settled = false;
    if (!text)
        return err_set(reterr, ERR_MEMORY, "no memory for keys");
    rc = read_file(ring, text, &n, reterr);
    if (rc == 0)
        rc = sha256((struct str){text, n}, &hash);
    if (rc == 0 && ring->keys && memcmp(&hash, &ring->text, sizeof hash) == 0) {
        free(text);
        ring->settled = is_old(&ring->look);
        return 0;
    }
    ring->text = hash;
    if (rc == 0) {
        rc = token_keys_parse(&keys, (struct str){text, n}, ring->demo, &err);
        if (rc < 0)
            err_set(reterr, (enum err_code)rc, "%.100s: %s", ring->path, err.message);
    }
    free(text);
    ring->settled = rc == ERR_MEMORY ? false : is_old(&ring->look);
    ring->broken = rc < 0;
    if (rc < 0)
        return rc;
    token_keys_free(ring->keys);
    ring->keys = keys;
    return 1;
}

/* ---- the ring ---- */

int keyring_open(struct keyring **ret, const char *path, bool demo, struct err *reterr)
{
    struct keyring *ring = calloc(1, sizeof *ring);
    int rc;

    if (!ring)
        return err_set(reterr, ERR_MEMORY, "no memory for keys");
    ring->path = path;
    ring->demo = demo;
    rc = read_keys(ring, reterr);
    if (rc < 0) {
        free(ring);
        return rc;
    }
    *ret = ring;
    return 0;
}

void keyring_close(struct keyring *ring)
{
    if (!ring)
        return;
    token_keys_free(ring->keys);
    free(ring);
}

const struct token_keys *keyring_keys(const struct keyring *ring)
{
    return ring->keys;
}

bool keyring_follow(struct keyring *ring, bool again)
{
    struct look look = {0};
    struct err err = {0};
    struct stat s;
    int rc;

    if (stat(ring->path, &s) == 0)
        look = look_of(&s);
    if (!again && ring->settled && same_look(&look, &ring->look))
        return false;
    if (again) /* somebody waits for a word, also when nothing is new */
        ring->text = (struct sha256){0};
    rc = read_keys(ring, &err);
    if (rc < 0)
        log_error("the keys of tokens stay as they were: %s", err.message);
    else if (rc > 0 && token_keys_count(ring->keys) == 0)
        log_warn("the set of keys of tokens is empty: nobody can show a token that counts");
    else if (rc > 0)
        log_info("keys of tokens: %u", token_keys_count(ring->keys));
    return rc > 0;
}

bool keyring_look(struct keyring *ring, uint64_t now_ms)
{
    if (ring->looked_ms && now_ms - ring->looked_ms < KEYRING_LOOK_MS)
        return false;
    ring->looked_ms = now_ms;
    return keyring_follow(ring, false);
}

uint64_t keyring_reads(const struct keyring *ring)
{
    return ring->reads;
}

bool keyring_is_broken(const struct keyring *ring)
{
    return ring->broken;
}
