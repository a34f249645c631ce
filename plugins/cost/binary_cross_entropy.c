/* SPDX-License-Identifier: MIT */
#include <nnrun/cost.h>

enum { BLOCK = 256 }; /* terms are summed a block at a time */

/* Logarithms stop at -100, as in PyTorch's BCELoss, so that a sure and wrong output costs 100. */
NN_INLINE nn_real clamped_log(nn_real x)
{
    return nn_max(-100, nn_log(x));
}

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
            const nn_real p = a[first + i];
            const nn_real t = y[first + i];
            terms[i] = t * clamped_log(p) + (1 - t) * clamped_log(1 - p);
        }
        sum -= nn_sum(n, terms);
    }
    return sum;
}

/* (a - y) / (a (1 - a)), the denominator kept from 0. */
static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    (void)self;
    (void)labels;
    const nn_real least = NN_R(1e-12);
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        da[i] = (a[i] - y[i]) / nn_max(least, a[i] * (1 - a[i]));
    }
}

/* a (1 - a), the derivative of the sigmoid, cancels the denominator. */
static void link_gradient(const void *self, size_t rows, size_t cols, const nn_real *a,
                          const nn_real *y, const int32_t *labels, nn_real *dz)
{
    (void)self;
    (void)labels;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = a[i] - y[i];
    }
}

NN_COST {
    .name = "binary_cross_entropy",
    .summary = "Cross-entropy of each output by itself, in nats; outputs in [0, 1].",
    .formula = "C = -sum [y ln a + (1 - y) ln(1 - a)], ln >= -100",
    .reference = "Nielsen 2015, Neural Networks and Deep Learning, ch. 3, eq. 63",
    .flags = NN_TAKES_REALS | NN_HAS_RANGE | NN_LINK_SIGMOID,
    .value = value,
    .gradient = gradient,
    .link_gradient = link_gradient,
    .least = 0,
    .most = 1,
};
