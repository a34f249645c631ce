/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

enum { BLOCK = 256 }; /* terms are summed a block at a time */

/* sum_k exp(x_k - offset) */
static double sum_of_exp(size_t cols, const nn_real *x, nn_real offset)
{
    nn_real terms[BLOCK];
    double sum = 0;
    for (size_t first = 0; first < cols; first += BLOCK) {
        const size_t n = cols - first < BLOCK ? cols - first : BLOCK;
        for (size_t j = 0; j < n; j++) {
            terms[j] = nn_exp(x[first + j] - offset);
        }
        sum += nn_sum(n, terms);
    }
    return sum;
}

/* With the largest z taken out first the sum lies in [1, cols]. */
static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t row = 0; row < rows; row++, z += cols, a += cols) {
        const nn_real top = nn_largest(cols, z);
        const nn_real log_sum = nn_log((nn_real)sum_of_exp(cols, z, top));
        NN_INDEPENDENT
        for (size_t j = 0; j < cols; j++) {
            a[j] = (z[j] - top) - log_sum;
        }
    }
}

/* da_k/dz_j = [j = k] - exp(a_j), hence dz_j = da_j - exp(a_j) sum_k da_k. */
static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    for (size_t row = 0; row < rows; row++, a += cols, da += cols, dz += cols) {
        const nn_real total = (nn_real)nn_sum(cols, da);
        NN_INDEPENDENT
        for (size_t j = 0; j < cols; j++) {
            dz[j] = da[j] - nn_exp(a[j]) * total;
        }
    }
}

NN_ACTIVATION {
    .name = "log_softmax",
    .summary = "Logarithms of the probabilities over a layer's outputs.",
    .formula = "a_j = z_j - ln sum_k exp(z_k)",
    .reference = "Bishop 2006, Pattern Recognition and Machine Learning, eqs. 4.104 and 4.106",
    .flags = NN_NEEDS_A | NN_HAS_RANGE | NN_LINK_LOG_SOFTMAX,
    .forward = forward,
    .backward = backward,
    .least = -INFINITY,
    .most = 0,
};
