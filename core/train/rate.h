/* SPDX-License-Identifier: MIT */
/* The rate of each step: the optimizer's own times the schedule's factor. */
#ifndef NN_TRAIN_RATE_H
#define NN_TRAIN_RATE_H

#include "train/loop.h"

typedef struct nn_rates nn_rates;

/* Borrows the training.  Makes room for all its epochs. */
nn_status nn_rates_create(const nn_training *training, nn_rates **out);
void nn_rates_destroy(nn_rates *rates);
/* The rate of step `step` (0 is the run's first), with `history` the epochs completed before it. */
double nn_rates_at(nn_rates *rates, const nn_history *history, uint64_t step);

#endif
