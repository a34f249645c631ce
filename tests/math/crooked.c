/* SPDX-License-Identifier: MIT */
/* A tanh whose derivative is wrong by one part in a thousand: what gradcheck is there to find. */
#include <nnrun/activation.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = nn_tanh(z[i]);
    }
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i] * (NN_R(1.001) - a[i] * a[i]);
    }
}

NN_ACTIVATION {
    .name = "crooked",
    .summary = "Hyperbolic tangent with a wrong derivative.",
    .formula = "a = tanh(z)",
    .reference = "none: a fault on purpose",
    .flags = NN_ELEMENTWISE | NN_NEEDS_A,
    .forward = forward,
    .backward = backward,
};
