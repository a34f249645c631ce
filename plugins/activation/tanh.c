/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = nn_tanh(z[i]);
    }
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i] * ((1 - a[i]) * (1 + a[i])); /* 1 - a^2 without its cancellation */
    }
}

NN_ACTIVATION {
    .name = "tanh",
    .summary = "Hyperbolic tangent, from -1 to 1.",
    .formula = "a = tanh(z)",
    .reference = "LeCun et al. 1998, Efficient BackProp, section 4.4",
    .flags = NN_ELEMENTWISE | NN_NEEDS_A | NN_HAS_RANGE,
    .forward = forward,
    .backward = backward,
    .least = -1,
    .most = 1,
};
