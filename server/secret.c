/* server/secret.c: see server/secret.h. */
#include "server/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"

enum {
    FILE_BYTES_MIN = 32,
    FILE_BYTES_MAX = 4096
};

static_assert((int)SECRET_KEY_BYTES == SHA256_BYTES && (int)SECRET_KEY_BYTES == SEAL_KEY_BYTES,
              "a key is one HMAC-SHA-256");

struct secret {
    struct seals seals;
    size_t n; /* 0: there is none */
    char bytes[FILE_BYTES_MAX];
};

/* Whether it is a file that the server's user alone can read, of a size that a secret has. */
static int check_file(const char *path, int fd, struct err *reterr)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(reterr, ERR_CONFIG, "--secret: %.160s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(reterr, ERR_CONFIG, "--secret: %.160s is not a file", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return err_set(
            reterr, ERR_CONFIG,
            "--secret: %.140s has mode %04o: others than its owner may have no part in it "
            "(chmod 600)",
            path, (unsigned)st.st_mode & 07777u);
    if (st.st_size < FILE_BYTES_MIN || st.st_size > FILE_BYTES_MAX)
        return err_set(reterr, ERR_CONFIG,
                       "--secret: %.140s has %lld bytes; a secret has from %d to %d", path,
                       (long long)st.st_size, FILE_BYTES_MIN, FILE_BYTES_MAX);
    return 0;
}

/* Straight into its pages: a stream would keep a copy. */
static int read_file(struct secret *s, const char *path, struct err *reterr)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
    ssize_t n;

    if (fd < 0)
        return err_set(reterr, ERR_CONFIG, "--secret: %.160s: %s", path, strerror(errno));
    rc = check_file(path, fd, reterr);
    if (rc == 0) {
        n = read(fd, s->bytes, sizeof s->bytes);
        if (n < FILE_BYTES_MIN)
            rc = err_set(reterr, ERR_CONFIG, "--secret: %.160s can't be read", path);
        else
            s->n = (size_t)n;
    }
    close(fd);
    return rc;
}

int secret_open(struct secret **ret, const char *path, struct err *reterr)
{
    struct secret *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int rc = 0;

    if (s == MAP_FAILED)
        return err_set(reterr, ERR_MEMORY, "no memory for the secret");
    /* Forked workers keep this of it. */
    if (madvise(s, sizeof *s, MADV_DONTDUMP) < 0)
        rc = err_set(reterr, ERR_INTERNAL, "the secret can't be kept out of core dumps: %s",
                     strerror(errno));
    if (rc == 0 && path)
        rc = read_file(s, path, reterr);
    if (rc == 0 && (secret_derive(s, "ids", s->seals.ids.key) < 0 ||
                    secret_derive(s, "cursors", s->seals.cursors.key) < 0))
        rc = err_set(reterr, ERR_INTERNAL, "no keys can be made of the secret");
    if (rc < 0)
        secret_close(s);
    else
        *ret = s;
    return rc;
}

void secret_close(struct secret *s)
{
    if (!s)
        return;
    explicit_bzero(s, sizeof *s);
    munmap(s, sizeof *s);
}

int secret_derive(const struct secret *s, const char *label, unsigned char ret[SECRET_KEY_BYTES])
{
    struct hmac *hmac = NULL;
    struct sha256 key = {0};
    int rc = 0;

    if (s->n > 0) {
        rc = hmac_new(&hmac, (struct str){s->bytes, s->n});
        if (rc == 0)
            rc = hmac_sha256(hmac, str_of(label), &key);
        hmac_free(hmac); /* which wipes its copy */
    }
    if (rc == 0)
        memcpy(ret, key.bytes, SECRET_KEY_BYTES);
    explicit_bzero(&key, sizeof key);
    return rc;
}

const struct seals *secret_seals(const struct secret *s)
{
    return &s->seals;
}
