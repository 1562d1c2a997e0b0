/* cache/local.c: see cache/local.h. One malloc an entry: the list's node, the value and the name
 * lie together. `bytes` counts those, a malloc header and the place in the map. */
#include "cache/local.h"

#include <stdlib.h>
#include <string.h>

#include "cache/value.h"

enum {
    ENTRY_OVERHEAD = 16 +
                     2 * (int)sizeof(struct map_entry), /* malloc; the map is half full or so */
    SHARE_OF_BUDGET = 8 /* no entry may have more than one part in this many */
};

void local_init(struct local *l, size_t budget_bytes)
{
    *l = (struct local){.budget = budget_bytes};
    map_init(&l->_map, NULL);
    list_init(&l->_lru);
}

void local_release(struct local *l)
{
    list_each (node, &l->_lru)
        free(container_of(node, struct local_entry, _lru));
    map_release(&l->_map);
    local_init(l, l->budget);
}

struct local_entry *local_get(struct local *l, struct str name)
{
    struct local_entry *e = map_get(&l->_map, name);

    if (e) {
        list_remove(&e->_lru);
        list_push_front(&l->_lru, &e->_lru);
    }
    return e;
}

void local_drop(struct local *l, struct local_entry *e)
{
    map_take(&l->_map, e->name);
    list_remove(&e->_lru);
    l->bytes -= e->_charge;
    l->rows -= e->_rows;
    free(e);
}

bool local_put(struct local *l, struct str name, uint64_t epoch, struct str value)
{
    struct local_entry *old = map_get(&l->_map, name);
    size_t charge = sizeof *old + value.len + name.len + ENTRY_OVERHEAD;
    struct local_entry *e;
    char *name_copy;

    if (old)
        local_drop(l, old);
    if (charge > l->budget / SHARE_OF_BUDGET)
        return false;
    while (l->bytes + charge > l->budget)
        local_drop(l, container_of(l->_lru.prev, struct local_entry, _lru));
    e = malloc(sizeof *e + value.len + name.len);
    if (!e)
        return false;
    name_copy = e->value + value.len;
    memcpy(e->value, value.ptr, value.len);
    memcpy(name_copy, name.ptr, name.len);
    e->name = (struct str){name_copy, name.len};
    e->epoch = epoch;
    e->len = value.len;
    e->_charge = charge;
    e->_rows = value_head(e->value)->n_rows;
    if (map_put(&l->_map, e->name, e) < 0) {
        free(e);
        return false;
    }
    list_init(&e->_lru);
    list_push_front(&l->_lru, &e->_lru);
    l->bytes += charge;
    l->rows += e->_rows;
    return true;
}
