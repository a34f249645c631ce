/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

/* The largest z of a row goes to exp(0) = 1, so that nothing overflows and the sum is at least
 * 1. */
static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t row = 0; row < rows; row++, z += cols, a += cols) {
        const nn_real top = nn_largest(cols, z);
        NN_INDEPENDENT
        for (size_t j = 0; j < cols; j++) {
            a[j] = nn_exp(z[j] - top);
        }
        const nn_real scale = (nn_real)(1 / nn_sum(cols, a));
        NN_INDEPENDENT
        for (size_t j = 0; j < cols; j++) {
            a[j] *= scale;
        }
    }
}

/* da_k/dz_j = a_k ([j = k] - a_j), hence dz_j = a_j (da_j - sum_k da_k a_k). */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    for (size_t row = 0; row < rows; row++, a += cols, da += cols, dz += cols) {
        const nn_real mean = (nn_real)nn_dot(cols, da, a);
        NN_INDEPENDENT
        for (size_t j = 0; j < cols; j++) {
            dz[j] = a[j] * (da[j] - mean);
        }
    }
}

NN_ACTIVATION {
    .name = "softmax",
    .summary = "Probabilities over the outputs of a layer.",
    .formula = "a_j = exp(z_j) / sum_k exp(z_k)",
    .reference = "Bridle 1990, Training stochastic model recognition algorithms, eq. 2",
    .flags = NN_NEEDS_A | NN_HAS_RANGE | NN_LINK_SOFTMAX,
    .forward = forward,
    .backward = backward,
    .least = 0,
    .most = 1,
};
