/* SPDX-License-Identifier: MIT */
/* Activation functions: a = f(z), and how a change of a becomes a change of z.
 *
 * Buffers are rows x cols, row-major, without padding, never NULL where rows * cols > 0.  An
 * NN_ELEMENTWISE activation may be called on any part of a layer as one row; others (softmax) on
 * whole rows.
 */
#ifndef NNRUN_ACTIVATION_H
#define NNRUN_ACTIVATION_H

#include <nnrun/plugin.h>

enum {
    NN_ELEMENTWISE = 1u << 0, /* each a depends on its own z alone */
    NN_NEEDS_Z = 1u << 1,     /* backward reads z */
    NN_NEEDS_A = 1u << 2,     /* backward reads a */
    NN_LINK_SIGMOID = 1u << 8, /* a = 1 / (1 + exp(-z)): costs may link */
    NN_LINK_SOFTMAX = 1u << 9, /* a = exp(z) / sum exp(z): costs may link */
    NN_LINK_LOG_SOFTMAX = 1u << 10,
    NN_HAS_RANGE = 1u << 16   /* least and most below hold */
};
/* The links a cost may name. */
#define NN_LINKS (NN_LINK_SIGMOID | NN_LINK_SOFTMAX | NN_LINK_LOG_SOFTMAX)

typedef struct nn_activation {
    NN_ABOUT_FIELDS

    /* a = f(z).  a may be z only without NN_NEEDS_Z.  [worker] */
    void (*forward)(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a);

    /* Vector-Jacobian product: dz_j = sum_k da_k * da_k/dz_j, for elementwise f: dz = da * f'(z).
     * z is NULL without NN_NEEDS_Z, a without NN_NEEDS_A.  dz may be da.  [worker] */
    void (*backward)(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz);

    double least, most;  /* output range, with NN_HAS_RANGE */
    const double *kinks; /* the z at which f' jumps, kink_count of them; NULL: none */
    size_t kink_count;

    /* Optional: kinks that depend on parameters; fills at most `room`, returns how many. */
    size_t (*find_kinks)(const void *self, size_t room, double *kinks);
} nn_activation;

#define NN_ACTIVATION NN_PLUGIN(NN_KIND_ACTIVATION, nn_activation)

#endif
