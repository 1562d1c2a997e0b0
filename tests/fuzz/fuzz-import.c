/* tests/fuzz/fuzz-import.c: any bytes as a file of FHIR, in pieces of a size that the first byte says: the same records come in
 * whatever pieces, and what is said to be a resource is JSON with a resourceType and an id. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "server/import_reader.h"
#include "server/import_record.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct feed {
    const unsigned char *data;
    size_t n, piece;
};

static ssize_t read_feed(void *data, char *to, size_t n)
{
    struct feed *f = data;
    size_t give = MIN(MIN(n, f->n), f->piece);

    if (give > 0)
        memcpy(to, f->data, give);
    f->data += give;
    f->n -= give;
    return (ssize_t)give;
}

static void check_resource(const struct import_resource *resource)
{
    json_t *json =
        json_loadb(resource->body.ptr, resource->body.len, JSON_DECODE_INT_AS_REAL, NULL);

    if (!json_string_value(json_object_get(json, "resourceType")) ||
        !json_string_value(json_object_get(json, "id")))
        abort();
    json_decref(json);
}

/* What came, as one number. */
static uint64_t read_all(struct feed feed)
{
    struct import_reader *r = NULL;
    struct import_record record;
    struct err err = {0};
    uint64_t sum = 0;
    int rc;

    if (import_reader_new(&r, read_feed, &feed) < 0)
        abort();
    while ((rc = import_reader_next(r, &record, &err)) == 1) {
        struct import_resource resource;
        char why[IMPORT_WHY_MAX];
        sum = sum * 31 + record.number + record.line;
        for (size_t i = 0; i < record.json.len; i++)
            sum = sum * 31 + (unsigned char)record.json.ptr[i];
        if (!import_record_check(&record, &resource, why))
            continue;
        check_resource(&resource);
        free(resource.url);
    }
    for (const char *p = rc < 0 ? err.message : ""; *p; p++)
        sum = sum * 31 + (unsigned char)*p;
    import_reader_free(r);
    return sum;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0)
        return 0;
    if (read_all((struct feed){data + 1, size - 1, 1 + data[0]}) !=
        read_all((struct feed){data + 1, size - 1, SIZE_MAX}))
        abort();
    return 0;
}
