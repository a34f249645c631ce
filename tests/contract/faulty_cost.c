/* SPDX-License-Identifier: MIT */
#include <nnrun/cost.h>

#include "faulty.h"

enum { NONE, DERIVATIVE, LINK, PRECISION, INSTRUCTIONS, FINITE, SPLIT, MEAN, BOUNDS, CONCURRENT,
       GRADIENT, READ_ONLY, UNWRITTEN, LINK_IN_PLACE };
static const char *const faults[] = {
    "none", "derivative", "link_gradient", "precision", "instructions", "finite", "split", "mean", "bounds",
    "concurrent", "gradient", "read_only", "unwritten", "link_in_place", 0,
};
FAULTY_PARAMS(faults);

static volatile unsigned turns; /* what a plugin must not have */

/* Binary cross-entropy, bent by the fault. */
static double value(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                    const int32_t *labels)
{
    (void)labels;
    const int64_t fault = fault_of(self);
    double sum = 0;
    for (size_t i = 0; i < rows * cols; i++) {
        double p = (double)a[i], q = 1 - p, t = (double)y[i];
        double lp = fault == FINITE ? log(p) : fmax(log(p), -100);
        double lq = fault == FINITE ? log(q) : fmax(log(q), -100);
        sum -= t * lp + (1 - t) * lq;
    }
    sum += fault == PRECISION && NN_REAL_BITS == 32 ? 1 : 0;
    return fault == MEAN ? sum / (double)rows : sum;
}

static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    (void)labels;
    const int64_t fault = fault_of(self);
    const unsigned turn = fault == CONCURRENT ? turns++ : 0; /* what a call gives hangs on those before */
    for (size_t i = 0; i < rows * cols; i++) {
        nn_real p = a[i];
        p += fault == CONCURRENT && turn % 3 == 0 ? NN_R(0.01) : 0;
        da[i] = (p - y[i]) / nn_max(fault == GRADIENT ? 0 : NN_R(1e-12), p * (1 - p));
        da[i] *= fault == DERIVATIVE || (fault == INSTRUCTIONS && BETTER_ISA) ? NN_R(1.01) : 1;
        da[i] /= fault == SPLIT ? (nn_real)rows : 1;
        da[i] = fault == UNWRITTEN && i == 5 ? (nn_real)NAN : da[i];
    }
    if (fault == READ_ONLY) {
        ((nn_real *)(uintptr_t)a)[0] += NN_R(0.01);
    }
    if (fault == BOUNDS) {
        da[rows * cols] = 0;
    }
}

static void link_gradient(const void *self, size_t rows, size_t cols, const nn_real *a,
                          const nn_real *y, const int32_t *labels, nn_real *dz)
{
    (void)labels;
    for (size_t i = 0; i < rows * cols; i++) {
        if (fault_of(self) == LINK_IN_PLACE) {
            dz[i] = 0; /* a is gone where it is the same */
        }
        dz[i] = (a[i] - y[i]) * (fault_of(self) == LINK ? NN_R(1.001) : 1);
    }
}

NN_COST {
    FAULTY_ABOUT,
    .flags = NN_TAKES_REALS | NN_LINK_SIGMOID | NN_HAS_RANGE,
    .value = value,
    .gradient = gradient,
    .link_gradient = link_gradient,
    .least = 0,
    .most = 1,
};
