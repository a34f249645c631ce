/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i] * nn_sigmoid(z[i]);
    }
}

/* f' = s + z s (1 - s), s the sigmoid of z. */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)a;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        const nn_real s = nn_sigmoid(z[i]);
        dz[i] = da[i] * (s * (1 + z[i] * (1 - s)));
    }
}

NN_ACTIVATION {
    .name = "silu",
    .summary = "Sigmoid linear unit, also called swish.",
    .formula = "a = z / (1 + exp(-z))",
    .reference = "Elfwing, Uchibe and Doya 2018, Sigmoid-weighted linear units for neural network "
                 "function approximation in reinforcement learning, eq. 4",
    .flags = NN_ELEMENTWISE | NN_NEEDS_Z,
    .forward = forward,
    .backward = backward,
};
