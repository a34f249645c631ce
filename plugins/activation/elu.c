/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

struct elu {
    double alpha;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct elu, alpha, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Where it levels off on the left: -alpha."),
    NN_PARAM_END,
};

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    const nn_real alpha = (nn_real)((const struct elu *)self)->alpha;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i] > 0 ? z[i] : alpha * nn_expm1(z[i]);
    }
}

/* Left of 0, f' = alpha exp(z) = a + alpha. */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    const nn_real alpha = (nn_real)((const struct elu *)self)->alpha;
    (void)z;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = a[i] > 0 ? da[i] : da[i] * (a[i] + alpha);
    }
}

/* With alpha 1 the slopes meet; f'' jumps still, which finite differences notice. */
static const double kinks[] = {0};

NN_ACTIVATION {
    .name = "elu",
    .summary = "Exponential linear unit.",
    .formula = "a = z for z > 0, alpha (exp(z) - 1) otherwise",
    .reference = "Clevert, Unterthiner and Hochreiter 2016, Fast and accurate deep network "
                 "learning by exponential linear units, eq. 8",
    .params = params,
    .self_size = sizeof(struct elu),
    .flags = NN_ELEMENTWISE | NN_NEEDS_A,
    .forward = forward,
    .backward = backward,
    .kinks = kinks,
    .kink_count = 1,
};
