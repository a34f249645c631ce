/* SPDX-License-Identifier: MIT */
/* How fast does this experiment train here, and where does the time of a step go?
 *
 * The experiment's own data and network are trained for a few seconds from their initial weights:
 * stretches of batches in the order of the first epochs, once without looking (samples a second),
 * once with a clock between the phases (where the time goes).  Nothing is kept.
 */
#ifndef NN_RUN_BENCH_H
#define NN_RUN_BENCH_H

#include "run/session.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct nn_bench_options {
    double seconds; /* of measuring, each of the two times; 0: 3 */
} nn_bench_options;

typedef struct nn_bench_layer {
    size_t inputs, units;
    const char *activation;
} nn_bench_layer;

typedef struct nn_bench {
    nn_bench_layer *layers;
    size_t layer_count, batch_size, threads;
    unsigned bits;
    const char *isa, *cost, *optimizer;
    size_t rows; /* of one timed stretch */
    size_t stretches;
    double rate, least, most;      /* samples a second: median and ends over stretches */
    double phases[NN_PHASE_COUNT]; /* shares of the threads' time, together 1 */
    double batch_s;                /* wall seconds of a batch, at the median */
    double forward_rate;           /* samples a second through the network alone (evaluation) */
    double latency_s;              /* of one sample through the network by itself */
    double flops_sample;           /* of the products of training one sample, zeros counted */
    double peak;                   /* operations a second all threads can do at most */
    bool skipped_zeros;
    size_t engine_bytes;
} nn_bench;

/* For a session that nothing has been run in.  Memory from the session. */
nn_status nn_bench_run(nn_session *session, const nn_bench_options *options, nn_bench *out);

#endif
