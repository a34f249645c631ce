/* SPDX-License-Identifier: MIT */
/* The sentence of a run that met a number which is not finite: which component gave it, and where. */
#ifndef NN_TRAIN_DIVERGED_H
#define NN_TRAIN_DIVERGED_H

#include "train/loop.h"

/* NN_ERR_NUMERIC with the story: component, layer (the first hidden one is 1), epoch and batch from 1,
 * rate.  `batch` counts from 0 within epoch `epoch`, which counts from 0 too. */
nn_status nn_diverged(const nn_training *training, const nn_tally *tally, uint64_t epoch, size_t batch,
                      double rate);

/* The same where the schedule gives a factor that is not a finite number of at least 0. */
nn_status nn_diverged_rate(const nn_training *training, uint64_t epoch, size_t batch, double rate);

#endif
