/* SPDX-License-Identifier: MIT */
/* cmocka with the includes it wants, and a few words of our own. */
#ifndef NN_TESTS_CHECK_H
#define NN_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* A call that must succeed; prints the story where it does not. */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        nn_status assert_status_ = (call);                                                         \
        if (assert_status_ != NN_OK) {                                                             \
            fail_msg("%s: %s", nn_status_name(assert_status_), nn_story());                        \
        }                                                                                          \
    } while (0)

/* A text that must contain another. */
#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (strstr((text), (part)) == NULL) {                                                      \
            fail_msg("\"%s\" does not contain \"%s\"", (text), (part));                            \
        }                                                                                          \
    } while (0)

#endif
