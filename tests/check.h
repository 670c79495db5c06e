/* What every unit test starts with: cmocka and what it wants included before it. */
#ifndef WAX_TESTS_CHECK_H
#define WAX_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A table of rows may end up in one test: say which row failed. */
#define check_row(name, claim)                                                                     \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fail_msg("%s: %s", (name), #claim);                                                    \
        }                                                                                          \
    } while (0)

#endif
