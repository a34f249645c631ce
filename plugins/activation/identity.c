/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i];
    }
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    (void)a;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i];
    }
}

NN_ACTIVATION {
    .name = "identity",
    .summary = "The pre-activation itself, for regression.",
    .formula = "a = z",
    .reference = "Bishop 2006, Pattern Recognition and Machine Learning, section 5.1",
    .flags = NN_ELEMENTWISE,
    .forward = forward,
    .backward = backward,
};
