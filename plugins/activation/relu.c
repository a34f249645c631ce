/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = nn_max(0, z[i]); /* in this order NaN stays NaN */
    }
}

/* f' at 0 is 0, as everywhere. */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        const nn_real d =
            da[i]; /* read in any case: a load under a condition is no vector's work */
        dz[i] = a[i] > 0 ? d : 0;
    }
}

static const double kinks[] = {0};

NN_ACTIVATION {
    .name = "relu",
    .summary = "Rectified linear unit.",
    .formula = "a = max(0, z)",
    .reference = "Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann "
                 "machines",
    .flags = NN_ELEMENTWISE | NN_NEEDS_A,
    .forward = forward,
    .backward = backward,
    .kinks = kinks,
    .kink_count = 1,
};
