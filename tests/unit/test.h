/* tests/unit/test.h: what every unit test includes: cmocka and the headers that it wants first. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"

/* Compares a view with a literal and shows both when they differ. */
#define check_str(got, want)                                                                       \
    do {                                                                                           \
        struct str got_ = (got), want_ = str_of(want);                                             \
        if (!str_eq(got_, want_))                                                                  \
            fail_msg("got  %.*s\nwant %.*s", STR_FMT(got_), STR_FMT(want_));                       \
    } while (0)

#endif
