/* SPDX-License-Identifier: MIT */
/* Costs: C(a, y), summed over outputs; the host takes the mean over samples.
 *
 * a is rows x cols, row-major.  Targets are class numbers (labels, one a row) or reals
 * (y, rows x cols); a cost says by NN_TAKES_* which it reads, and the other pointer is NULL.  For
 * a cost that takes reals and data that have classes the host makes y one-hot.
 */
#ifndef NNRUN_COST_H
#define NNRUN_COST_H

#include <nnrun/activation.h>

enum {
    NN_TAKES_REALS = 1u << 0,   /* reads y; classes come one-hot */
    NN_TAKES_CLASSES = 1u << 1  /* reads labels; data must have classes */
    /* and the NN_LINK_* of the activations for which link_gradient holds */
};

typedef struct nn_cost {
    NN_ABOUT_FIELDS

    /* Sum over rows and outputs.  Logarithms are clamped at -100.  [worker] */
    double (*value)(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                    const int32_t *labels);

    /* da = dC/da of each row's own cost, without the 1/n.  da is never a.  [worker] */
    void (*gradient)(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da);

    /* Optional, with NN_LINK_* flags: dz = dC/dz directly, where the output activation bears one of
     * these links.  Equal to backward(gradient) in exact arithmetic.  dz may be a.  [worker] */
    void (*link_gradient)(const void *self, size_t rows, size_t cols, const nn_real *a,
                          const nn_real *y, const int32_t *labels, nn_real *dz);

    double least, most; /* the range the outputs must lie in, with NN_HAS_RANGE */

    /* Optional: points of a (for given y) where the gradient jumps: fills at most `room` values
     * of a at which output `col` of a row with target y (or class label) has one. */
    size_t (*find_kinks)(const void *self, double y, int32_t label, size_t col, size_t room,
                         double *kinks);
} nn_cost;

#define NN_COST NN_PLUGIN(NN_KIND_COST, nn_cost)

#endif
