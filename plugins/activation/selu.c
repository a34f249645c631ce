/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

/* The fixed point of mean 0 and variance 1 for weights of variance 1 / fan-in: eq. 14 there. */
#define ALPHA NN_R(1.6732632423543772848170429916717)
#define LAMBDA NN_R(1.0507009873554804934193349852946)

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = LAMBDA * (z[i] > 0 ? z[i] : ALPHA * nn_expm1(z[i]));
    }
}

/* Left of 0, f' = lambda alpha exp(z) = a + lambda alpha. */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    NN_INDEPENDENT
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i] * (a[i] > 0 ? LAMBDA : a[i] + LAMBDA * ALPHA);
    }
}

static const double kinks[] = {0};

NN_ACTIVATION {
    .name = "selu",
    .summary = "Self-normalising exponential linear unit; start from lecun_normal.",
    .formula = "a = lambda z for z > 0, lambda alpha (exp(z) - 1) otherwise; lambda 1.0507, alpha "
               "1.6733",
    .reference = "Klambauer et al. 2017, Self-normalizing neural networks, eq. 2",
    .flags = NN_ELEMENTWISE | NN_NEEDS_A,
    .forward = forward,
    .backward = backward,
    .kinks = kinks,
    .kink_count = 1,
};
