/* SPDX-License-Identifier: MIT */
#include "real_table.h"

#include <nnrun/real.h>

#define REAL_ROW(name)                                                                             \
    static void all_##name(size_t n, const void *x_, void *y_)                                     \
    {                                                                                              \
        const nn_real *x = x_;                                                                     \
        nn_real *y = y_;                                                                           \
        NN_INDEPENDENT                                                                             \
        for (size_t i = 0; i < n; i++) {                                                           \
            y[i] = nn_##name(x[i]);                                                                \
        }                                                                                          \
    }
REAL_FUNCTIONS(REAL_ROW)
#undef REAL_ROW

static double all_sum(size_t n, const void *x)
{
    return nn_sum(n, x);
}

extern const real_table NN_(real_functions);
const real_table NN_(real_functions) = {
#define REAL_ROW(name) all_##name,
    REAL_FUNCTIONS(REAL_ROW)
#undef REAL_ROW
        all_sum,
};
