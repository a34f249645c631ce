/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = nn_sigmoid(z[i]);
    }
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i] * (a[i] * (1 - a[i]));
    }
}

NN_ACTIVATION {
    .name = "sigmoid",
    .summary = "Logistic function, from 0 to 1.",
    .formula = "a = 1 / (1 + exp(-z))",
    .reference = "Nielsen 2015, Neural Networks and Deep Learning, ch. 1, eq. 3",
    .flags = NN_ELEMENTWISE | NN_NEEDS_A | NN_HAS_RANGE | NN_LINK_SIGMOID,
    .forward = forward,
    .backward = backward,
    .least = 0,
    .most = 1,
};
