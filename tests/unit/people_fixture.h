/* tests/unit/people_fixture.h: documents over people, pets and toys. For tests of what runs a document. */
#ifndef TESTS_UNIT_PEOPLE_FIXTURE_H
#define TESTS_UNIT_PEOPLE_FIXTURE_H

#include "tests/unit/execute_fixture.h"
#include "tests/unit/fake_source.h"

/* The cursor of a pet in the list of a person, with its quotes. */
static inline const char *cursor_of(int64_t person, const char *row, char *text, size_t size)
{
    const struct field *pets = type_field(schema_type(schema, STR("Person")), STR("pets"));
    const struct key parent = {.part = {person}};
    struct buf b;

    buf_init(&b, 0);
    cursor_write(&b, &seals.cursors, pets->path, &parent, make_row(&arena, pets->path->table, row));
    snprintf(text, size, "%.*s", STR_FMT(buf_str(&b)));
    buf_release(&b);
    return text;
}

static inline void prepare_people(struct access *access)
{
    for (uint32_t i = 0; i < access->n_paths; i++) {
        access->paths[i].key_is_text = str_is(access->paths[i].column[0], "name");
        for (uint32_t j = 0; j < access->paths[i].n_filter; j++)
            access->paths[i].filter[j].is_text = true;
    }
}

#endif
