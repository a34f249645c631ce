/* SPDX-License-Identifier: MIT */
/* One sample on its way through a network and back: every number of the four equations.
 *
 * For one sample n is 1, so a row of z, a, da and dz is all there is:
 *
 *   forward  z_l = a_{l-1} w_l' + b_l,  a_l = f_l(z_l)
 *   BP1      dz_L = da_L * f_L'(z_L),  da_L = dC/da_L
 *   BP2      dz_l = da_l * f_l'(z_l),  da_l = dz_{l+1} w_{l+1}
 *   BP3      db_l = dz_l
 *   BP4      dw_l = dz_l' a_{l-1}
 *
 * z and a are the engine's.  What follows from them is worked out here, one sum at a time as the
 * equations are written, and held against what the engine computes for whole batches.  All in
 * float64; dropout is off and penalties are left out.
 */
#ifndef NN_RUN_TRACE_H
#define NN_RUN_TRACE_H

#include "run/session.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct nn_layer_trace {
    size_t inputs, units;
    const char *activation;
    const double *input;      /* a_{l-1}, inputs */
    const double *w, *b;      /* units x inputs, units */
    const double *z, *a;      /* units */
    const double *da, *slope; /* units; slope f'(z) is NULL where outputs depend on each other */
    const double *dz;         /* units; it is db too */
    const double *dw;         /* units x inputs */
} nn_layer_trace;

typedef struct nn_sample_trace {
    const char *set;    /* "train" or "test" */
    size_t sample;      /* its number there, from 0 */
    const char *label;  /* name of its class, NULL without */
    const char *guess;  /* the class with the largest output, NULL without */
    uint64_t epoch;     /* whose weights; 0: the initial ones */
    size_t height, width, channels;
    bool image;
    const double *x;    /* a_0: after normalisation */
    size_t features, outputs;
    const double *y;    /* target, one-hot for classes */
    const char *cost_name;
    double cost;
    bool linked;        /* the engine takes dz_L from the cost at once */
    nn_layer_trace *layers;
    size_t layer_count;
    double difference;  /* largest |here - engine| / max(1, |engine|) over dz, and dw where it can be
                           had without dropout and penalties */
} nn_sample_trace;

/* Traces a sample of `set` ("train", "test"; NULL: test where there is one, else train) through the
 * weights of the run in `run`, or the initial ones where that is NULL.  The session must be of
 * precision float64 and fresh; memory is the session's.  NN_ERR_USAGE: no such set or sample. */
nn_status nn_trace_sample(nn_session *session, const char *run, const char *set, size_t sample,
                          nn_sample_trace *out);

/* Everything above as an HDF5 file. */
nn_status nn_trace_write(const nn_sample_trace *trace, const char *path);

#endif
