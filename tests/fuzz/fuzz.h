/* SPDX-License-Identifier: MIT */
/* What fuzz targets share.  With NNRUN_FUZZ a target is linked with libFuzzer; without, with
 * replay.c, which runs it over its corpus as an ordinary test. */
#ifndef NN_TEST_FUZZ_H
#define NN_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that holds in every build. */
#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* No control byte but newlines: nothing of the input may steer a terminal. */
static inline void fuzz_require_harmless(const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++) {
        FUZZ_REQUIRE((*s >= 0x20 && *s != 0x7F) || *s == '\n');
        FUZZ_REQUIRE(s[0] != 0xC2 || s[1] >= 0xA0);
    }
}

#endif
