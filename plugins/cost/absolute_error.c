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
            terms[i] = nn_fabs(a[first + i] - y[first + i]);
        }
        sum += nn_sum(n, terms);
    }
    return sum;
}

static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    (void)self;
    (void)labels;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        da[i] = nn_sign(a[i] - y[i]);
    }
}

static size_t find_kinks(const void *self, double y, int32_t label, size_t col, size_t room,
                         double *kinks)
{
    (void)self;
    (void)label;
    (void)col;
    if (room < 1) {
        return 0;
    }
    kinks[0] = y;
    return 1;
}

NN_COST {
    .name = "absolute_error",
    .summary = "Sum of distances between outputs and targets.",
    .formula = "C = sum |a - y|",
    .reference = "Bishop 2006, Pattern Recognition and Machine Learning, eq. 1.91 with q = 1",
    .flags = NN_TAKES_REALS,
    .value = value,
    .gradient = gradient,
    .find_kinks = find_kinks,
};
