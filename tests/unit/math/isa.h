/* SPDX-License-Identifier: MIT */
/* Tests compiled for one instruction set. */
#ifndef NN_TESTS_MATH_ISA_H
#define NN_TESTS_MATH_ISA_H

#include <stdbool.h>
#include <stdio.h>

enum { ISA_IS_MISSING = 77 }; /* what ctest takes for "skipped" */

/* In words that clang 14 knows, too. */
static inline bool machine_has_isa(void)
{
#if defined(__AVX512F__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
           && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#elif defined(__AVX2__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return true;
#endif
}

/* At the start of main(). */
#define NN_SKIP_WITHOUT_ISA()                                    \
    do {                                                         \
        if (!machine_has_isa()) {                                \
            printf("this machine has no %s\n", NN_TEST_ISA); \
            return ISA_IS_MISSING;                               \
        }                                                        \
    } while (0)

#endif
