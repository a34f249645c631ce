/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

struct softplus {
    double beta;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct softplus, beta, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "How sharp the bend is; large beta is nearly relu."),
    NN_PARAM_END,
};

/* ln(1 + exp(x)) = max(0, x) + ln(1 + exp(-|x|)), where nothing overflows. */
static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    const nn_real beta = (nn_real)((const struct softplus *)self)->beta;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        const nn_real x = beta * z[i];
        a[i] = (nn_max(0, x) + nn_log1p(nn_exp(-nn_fabs(x)))) / beta;
    }
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    const nn_real beta = (nn_real)((const struct softplus *)self)->beta;
    (void)a;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i] * nn_sigmoid(beta * z[i]);
    }
}

NN_ACTIVATION {
    .name = "softplus",
    .summary = "Smooth rectifier.",
    .formula = "a = ln(1 + exp(beta z)) / beta",
    .reference = "Dugas et al. 2001, Incorporating second-order functional knowledge for better "
                 "option pricing, section 3",
    .params = params,
    .self_size = sizeof(struct softplus),
    .flags = NN_ELEMENTWISE | NN_NEEDS_Z | NN_HAS_RANGE,
    .forward = forward,
    .backward = backward,
    .least = 0,
    .most = INFINITY,
};
