/* SPDX-License-Identifier: MIT */
/* What a run would be, without running it: `nnrun run --dry-run`. */
#ifndef NN_RUN_PLAN_H
#define NN_RUN_PLAN_H

#include "run/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_plan_layer {
    const char *activation;
    size_t inputs, units;
    uint64_t parameters; /* weights and biases */
    double dropout;
} nn_plan_layer;

/* Lives as long as the session. */
typedef struct nn_plan {
    const char *name, *precision;
    size_t height, width, channels; /* of a sample */
    size_t train, validation, test; /* samples; validation and test 0: none */
    size_t classes;                 /* 0: real targets */
    size_t threads;
    size_t layer_count;
    const nn_plan_layer *layers;
    uint64_t parameters;
    uint64_t epochs, steps_per_epoch, steps;
    size_t batch_size;
    uint64_t data_bytes;    /* samples in memory */
    uint64_t network_bytes; /* weights, gradients, slots and scratch of the engine */
    const char *folder;     /* that the run folder would be made in */
} nn_plan;

/* Looks at the data, makes the network and counts; trains nothing, writes nothing.  The session's
 * own nn_session_check() must have found nothing wrong.  NN_ERR_DATA where the data are not there. */
nn_status nn_session_plan(nn_session *session, const nn_plan **out);

#endif
