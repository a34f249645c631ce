/* SPDX-License-Identifier: MIT */
#include <nnrun/cost.h>

enum { BLOCK = 256 }; /* terms are summed a block at a time */

static double value(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                    const int32_t *labels)
{
    (void)self;
    (void)labels;
    nn_real terms[BLOCK];
    double sum = 0;
    for (size_t first = 0, total = rows * cols; first < total; first += BLOCK) {
        const size_t n = total - first < BLOCK ? total - first : BLOCK;
        for (size_t i = 0; i < n; i++) {
            terms[i] = a[first + i] - y[first + i];
        }
        sum += nn_dot(n, terms, terms);
    }
    return sum / 2;
}

static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    (void)self;
    (void)labels;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        da[i] = a[i] - y[i];
    }
}

NN_COST {
    .name = "quadratic",
    .summary = "Half the squared distance between outputs and targets.",
    .formula = "C = 1/2 sum (a - y)^2",
    .reference = "Nielsen 2015, Neural Networks and Deep Learning, ch. 2, eq. 26",
    .flags = NN_TAKES_REALS,
    .value = value,
    .gradient = gradient,
};
