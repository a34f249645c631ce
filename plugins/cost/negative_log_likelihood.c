/* SPDX-License-Identifier: MIT */
#include <nnrun/cost.h>

/* Outputs are logarithms of probabilities, as log_softmax gives them. */
static double value(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                    const int32_t *labels)
{
    (void)self;
    (void)y;
    double sum = 0;
    for (size_t row = 0; row < rows; row++) {
        sum -= (double)a[row * cols + (size_t)labels[row]];
    }
    return sum;
}

static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    (void)self;
    (void)a;
    (void)y;
    memset(da, 0, rows * cols * sizeof *da);
    for (size_t row = 0; row < rows; row++) {
        da[row * cols + (size_t)labels[row]] = -1;
    }
}

/* Through the log-softmax: exp(a_j) - [j = y]. */
static void link_gradient(const void *self, size_t rows, size_t cols, const nn_real *a,
                          const nn_real *y, const int32_t *labels, nn_real *dz)
{
    (void)self;
    (void)y;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = nn_exp(a[i]);
    }
    for (size_t row = 0; row < rows; row++) {
        dz[row * cols + (size_t)labels[row]] -= 1;
    }
}

NN_COST {
    .name = "negative_log_likelihood",
    .summary = "Minus the log-probability of the right class, in nats; for log_softmax.",
    .formula = "C = -a_y",
    .reference = "Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.108 in logarithms",
    .flags = NN_TAKES_CLASSES | NN_HAS_RANGE | NN_LINK_LOG_SOFTMAX,
    .value = value,
    .gradient = gradient,
    .link_gradient = link_gradient,
    .least = -INFINITY,
    .most = 0,
};
