/* SPDX-License-Identifier: MIT */
/* Who is told how training goes: the store, the progress line, --json. */
#ifndef NN_TRAIN_OBSERVER_H
#define NN_TRAIN_OBSERVER_H

#include "train/record.h"

/* Any entry may be NULL.  All are called on the main thread, between stretches of batches. */
typedef struct nn_observer {
    void *context;
    /* Some batches of an epoch are done: rows of total, running mean cost and accuracy. */
    void (*progress)(void *context, const nn_train_state *state, uint64_t rows, uint64_t total,
                     double cost, double accuracy);
    /* An epoch is complete; `record` is the last of `history`.  A failure ends the run. */
    nn_status (*epoch)(void *context, const nn_train_state *state, const nn_history *history,
                       const nn_record *record);
    /* The run stops inside an epoch by a signal: state holds the position. */
    nn_status (*interrupted)(void *context, const nn_train_state *state, const nn_history *history);
} nn_observer;

#endif
