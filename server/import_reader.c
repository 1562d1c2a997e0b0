/* server/import_reader.c: see server/import_reader.h.
 *
 * Nothing here calls itself: how deep a value is nested is a number, and the kinds of its open brackets are bits, to a depth
 * that no record may have anyway. What is skipped (members of a Bundle that are not its entries, a record that is too long) is
 * not kept, so it may be of any length. */
#include "server/import_reader.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    CHUNK_BYTES = 256 * 1024,
    KINDS_MAX =
        4096, /* open brackets whose kind is known; deeper ones are only counted (server/import_record.c refuses) */
    NAME_MAX_BYTES = 32 /* of a key or a resourceType that is compared */
};

/* What take() and peek() give instead of a byte. */
enum {
    FILE_ENDS = -1,
    UNREADABLE = -2,
    LINE_ENDS = -3 /* within a value of a file that has one on each line */
};

enum place {
    BETWEEN,  /* objects of the file */
    MEMBERS,  /* of an object of the file */
    ENTRIES,  /* of a Bundle */
    FINISHED, /* as `_rc` says */
};

enum object_kind {
    UNKNOWN, /* its resourceType has not come yet */
    BUNDLE,
    RESOURCE
};

struct name {
    char bytes[NAME_MAX_BYTES];
    size_t len; /* of all of it, which may be more */
};

struct import_reader {
    import_read_fn *read;
    void *data;
    char *chunk;
    size_t at, n;    /* of the chunk */
    uint64_t before; /* bytes of the chunks before it */
    int stopped;     /* FILE_ENDS, UNREADABLE: there are no more chunks */
    int error;       /* errno of UNREADABLE */
    uint64_t line;

    enum place place;
    int rc; /* of FINISHED */
    struct err err;

    enum object_kind kind; /* of the object of the file that is being read */
    bool had_entries;      /* it had an array of them */
    bool first;            /* no member or element of it has come yet */
    bool by_line;          /* one object on each line: a broken one ends with its line */
    uint64_t objects, records;
    uint64_t object_line, record_line;

    bool keep;
    size_t keep_from; /* in the chunk: bytes of the record that are not in `text` yet begin there */
    struct buf text;
    const char *lost; /* why the record could not be kept; NULL: it could */
};

/* ---- bytes ---- */

/* What has been taken of the record goes to its text, before the chunk is overwritten. */
static void keep_taken(struct import_reader *r)
{
    size_t n = r->at - r->keep_from;

    if (!r->keep)
        return;
    buf_add(&r->text, r->chunk + r->keep_from, n);
    r->keep_from = r->at;
    if (!r->text.failed)
        return;
    r->lost = n > IMPORT_RECORD_MAX - r->text.len ? "it is longer than 16 MB"
                                                  : "there is no memory for it";
    r->keep = false;
    buf_clear(&r->text);
}

static_assert(IMPORT_RECORD_MAX == 16 << 20, "the sentence of keep_taken() says so");

static int peek(struct import_reader *r)
{
    ssize_t n;

    if (r->at < r->n)
        return (unsigned char)r->chunk[r->at];
    if (r->stopped)
        return r->stopped;
    keep_taken(r);
    n = r->read(r->data, r->chunk, CHUNK_BYTES);
    if (n > 0) {
        r->before += r->n;
        r->at = r->keep_from = 0;
        r->n = (size_t)n;
        return (unsigned char)r->chunk[0];
    }
    r->stopped = n == 0 ? FILE_ENDS : UNREADABLE;
    r->error = errno;
    return r->stopped;
}

/* The byte that peek() gave is done with. */
static void advance(struct import_reader *r)
{
    r->line += r->chunk[r->at++] == '\n';
}

/* The next byte within a value. */
static int take(struct import_reader *r)
{
    int c = peek(r);

    if (c < 0)
        return c;
    if (c == '\n' && r->by_line && r->kind != BUNDLE && r->place != BETWEEN)
        return LINE_ENDS;
    advance(r);
    return c;
}

static void begin_keeping(struct import_reader *r)
{
    buf_clear(&r->text);
    r->keep = true;
    r->keep_from = r->at;
    r->lost = NULL;
    r->record_line = r->line;
}

static void stop_keeping(struct import_reader *r)
{
    r->keep = false;
    r->lost = NULL;
}

/* ---- values ---- */

/* What is wrong where, unless a line may end the value. */
static int broken(struct import_reader *r, const char *what)
{
    err_set(&r->err, ERR_DATA, "line %llu: %s", (unsigned long long)r->line, what);
    return ERR_DATA;
}

static int ended(struct import_reader *r, int c)
{
    if (c == UNREADABLE) {
        err_set(&r->err, ERR_DATA, "line %llu: it can't be read on: %s",
                (unsigned long long)r->line, strerror(r->error));
        return ERR_DATA;
    }
    if (c == LINE_ENDS)
        return broken(r, "it ends before its JSON does");
    if ((r->keep || r->lost) && (r->place == ENTRIES || r->kind == RESOURCE))
        err_set(&r->err, ERR_DATA,
                "line %llu: the file ends within record %llu, which begins on line %llu",
                (unsigned long long)r->line, (unsigned long long)r->records + 1,
                (unsigned long long)r->record_line);
    else
        err_set(&r->err, ERR_DATA,
                "line %llu: the file ends within the object that begins on line %llu",
                (unsigned long long)r->line, (unsigned long long)r->object_line);
    return ERR_DATA;
}

/* To the first byte that is no white space, which stays; or why there is none (< 0). */
static int skip_space(struct import_reader *r)
{
    for (;;) {
        int c = peek(r);
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return c;
        c = take(r);
        if (c < 0)
            return c;
    }
}

/* Behind its first quote; its bytes as they stand, escapes unread, into `ret` (which may be NULL). */
static int scan_string(struct import_reader *r, struct name *ret)
{
    size_t len = 0;

    for (;;) {
        int c = take(r);
        if (c < 0)
            return ended(r, c);
        if (c == '"')
            break;
        if (ret && len < sizeof ret->bytes)
            ret->bytes[len] = (char)c;
        len++;
        if (c != '\\')
            continue;
        c = take(r); /* whatever it is, it ends nothing */
        if (c < 0)
            return ended(r, c);
        len++;
    }
    if (ret)
        ret->len = len;
    return 0;
}

static bool name_is(const struct name *name, const char *text)
{
    size_t n = strlen(text);
    return name->len == n && memcmp(name->bytes, text, n) == 0;
}

/* Behind its first bracket, `open`, to behind the one that closes it. */
static int scan_nested(struct import_reader *r, int open)
{
    unsigned char kinds[KINDS_MAX / 8] = {0};
    uint64_t depth = 0;
    int c = open, rc;

    for (;;) {
        if (c == '{' || c == '[') {
            if (depth < KINDS_MAX) {
                unsigned char bit = (unsigned char)(1U << depth % 8);
                kinds[depth / 8] =
                    (unsigned char)(c == '{' ? kinds[depth / 8] | bit : kinds[depth / 8] & ~bit);
            }
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
            if (depth < KINDS_MAX && (kinds[depth / 8] >> depth % 8 & 1) != (c == '}'))
                return broken(r, c == '}' ? "there is a \"}\" where a \"]\" belongs"
                                          : "there is a \"]\" where a \"}\" belongs");
            if (depth == 0)
                return 0;
        } else if (c == '"') {
            rc = scan_string(r, NULL);
            if (rc < 0)
                return rc;
        }
        c = take(r);
        if (c < 0)
            return ended(r, c);
    }
}

/* A number, true, false, null, or what somebody wrote in their place. */
static int scan_word(struct import_reader *r)
{
    bool any = false;

    for (;; any = true) {
        int c = peek(r);
        if (c >= 0 && !memchr(" \t\r\n,:{}[]\"", c, 11)) {
            advance(r);
            continue;
        }
        if (c == UNREADABLE)
            return ended(r, c);
        return any ? 0 : broken(r, "a value is missing");
    }
}

/* From its first byte, which is `c`, to behind its last. */
static int scan_value(struct import_reader *r, int c)
{
    if (c < 0)
        return ended(r, c);
    if (c != '"' && c != '{' && c != '[')
        return scan_word(r);
    advance(r);
    return c == '"' ? scan_string(r, NULL) : scan_nested(r, c);
}

/* ---- records ---- */

/* The record that has been kept. */
static int give(struct import_reader *r, struct import_record *ret, bool bare, const char *bad)
{
    keep_taken(r);
    *ret = (struct import_record){
        .number = ++r->records, .line = r->record_line, .bare = bare, .bad = bad ? bad : r->lost};
    if (!ret->bad)
        ret->json = buf_str(&r->text);
    stop_keeping(r);
    return 1;
}

/* One element of a Bundle's entries, or the end of them (0). */
static int next_entry(struct import_reader *r, struct import_record *ret)
{
    int c = skip_space(r), rc;

    if (c == ']') {
        advance(r);
        r->place = MEMBERS;
        r->first = false;
        return 0;
    }
    if (!r->first) {
        if (c != ',')
            return c < 0 ? ended(r, c) : broken(r, "a \",\" is missing between two entries");
        advance(r);
        c = skip_space(r);
    }
    r->first = false;
    if (c < 0)
        return ended(r, c);
    begin_keeping(r);
    rc = scan_value(r, c);
    return rc < 0 ? rc : give(r, ret, false, NULL);
}

/* resourceType says what the object is: the first that has one. */
static int member_type(struct import_reader *r, int c)
{
    struct name type;
    int rc;

    if (c != '"')
        return scan_value(r, c);
    advance(r);
    rc = scan_string(r, &type);
    if (rc < 0 || r->kind != UNKNOWN)
        return rc;
    r->kind = name_is(&type, "Bundle") ? BUNDLE : RESOURCE;
    if (r->had_entries && r->kind == RESOURCE)
        return broken(r, "the object whose entries were read is no Bundle");
    if (r->kind == BUNDLE)
        stop_keeping(r);
    return 0;
}

/* The value of a member of an object of the file. 1: the next thing is an entry. */
static int member_value(struct import_reader *r, const struct name *name)
{
    int c = skip_space(r);

    if (name_is(name, "resourceType"))
        return member_type(r, c);
    if (r->kind == RESOURCE || !name_is(name, "entry"))
        return scan_value(r, c);
    if (c == '[') {
        advance(r);
        stop_keeping(r);
        r->place = ENTRIES;
        r->had_entries = r->first = true;
        return 1;
    }
    return r->kind == BUNDLE && c >= 0 ? broken(r, "the Bundle's \"entry\" is no list")
                                       : scan_value(r, c);
}

/* 1: an object ended that is a record by itself. */
static int end_object(struct import_reader *r, struct import_record *ret)
{
    if (r->had_entries && r->kind != BUNDLE)
        return broken(r, "the object whose entries were read has no resourceType, so it is no "
                         "Bundle");
    advance(r);
    r->place = BETWEEN;
    if (r->kind == BUNDLE)
        return 0;
    if (r->line == r->object_line && (peek(r) == '\n' || peek(r) == '\r'))
        r->by_line = true;
    return give(r, ret, true, NULL);
}

/* Members of an object of the file, until an entry comes (0) or the object has ended (0 or 1, as end_object). */
static int next_member(struct import_reader *r, struct import_record *ret)
{
    for (;;) {
        struct name name;
        int c = skip_space(r), rc;

        if (c == '}')
            return end_object(r, ret);
        if (!r->first) {
            if (c != ',')
                return c < 0 ? ended(r, c) : broken(r, "a \",\" is missing between two members");
            advance(r);
            c = skip_space(r);
        }
        r->first = false;
        if (c != '"')
            return c < 0 ? ended(r, c) : broken(r, "the name of a member is missing");
        advance(r);
        rc = scan_string(r, &name);
        if (rc < 0)
            return rc;
        c = skip_space(r);
        if (c != ':')
            return c < 0 ? ended(r, c) : broken(r, "a \":\" is missing behind a member's name");
        advance(r);
        rc = member_value(r, &name);
        if (rc != 0)
            return MIN(rc, 0);
    }
}

/* Editors of another system put it there. */
static void skip_mark(struct import_reader *r)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};

    for (size_t i = 0; i < sizeof mark && peek(r) == mark[i]; i++)
        advance(r);
}

/* The file's end (0 with FINISHED), or its next object is begun (0). */
static int begin_object(struct import_reader *r)
{
    int c;

    if (import_reader_offset(r) == 0)
        skip_mark(r);
    c = skip_space(r);
    if (c == FILE_ENDS && r->objects > 0) {
        r->place = FINISHED;
        return 0;
    }
    if (c == FILE_ENDS)
        return broken(r, "there is no JSON in it");
    if (c == UNREADABLE)
        return ended(r, c);
    r->objects++;
    r->kind = UNKNOWN;
    r->had_entries = false;
    r->first = true;
    r->place = MEMBERS;
    r->object_line = r->line;
    begin_keeping(r);
    if (c != '{')
        return broken(r, "there is something that is no JSON object (a file holds Bundles or "
                         "resources)");
    advance(r);
    return 0;
}

/* Of a file with an object on each line: what is wrong with this one is told of it, and the next line is the next. */
static int pass_line(struct import_reader *r, struct import_record *ret)
{
    int c;

    r->keep = false;
    while ((c = peek(r)) >= 0 && c != '\n')
        advance(r);
    r->place = BETWEEN;
    return give(r, ret, true, "the line is no JSON object");
}

int import_reader_next(struct import_reader *r, struct import_record *ret, struct err *reterr)
{
    while (r->place != FINISHED) {
        int rc = r->place == BETWEEN   ? begin_object(r)
                 : r->place == MEMBERS ? next_member(r, ret)
                                       : next_entry(r, ret);
        if (rc == ERR_DATA && r->by_line && r->kind != BUNDLE && r->stopped != UNREADABLE)
            rc = pass_line(r, ret);
        if (rc > 0)
            return 1;
        if (rc < 0) {
            r->place = FINISHED;
            r->rc = rc;
        }
    }
    if (r->rc < 0 && reterr)
        *reterr = r->err;
    return r->rc;
}

uint64_t import_reader_offset(const struct import_reader *r)
{
    return r->before + r->at;
}

int import_reader_new(struct import_reader **ret, import_read_fn *read, void *data)
{
    struct import_reader *r = calloc(1, sizeof *r);

    if (!r)
        return ERR_MEMORY;
    r->read = read;
    r->data = data;
    r->line = 1;
    buf_init(&r->text, IMPORT_RECORD_MAX);
    r->chunk = malloc(CHUNK_BYTES);
    if (!r->chunk) {
        import_reader_free(r);
        return ERR_MEMORY;
    }
    *ret = r;
    return 0;
}

void import_reader_free(struct import_reader *r)
{
    if (!r)
        return;
    buf_release(&r->text);
    free(r->chunk);
    free(r);
}
