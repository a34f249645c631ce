/* SPDX-License-Identifier: MIT */
/* The probe: how large gradients and weights of each layer are, on one fixed batch, after each epoch.
 * It only looks; no number of the training depends on it. */
#ifndef NN_TRAIN_PROBE_H
#define NN_TRAIN_PROBE_H

#include "train/loop.h"

typedef struct nn_probe nn_probe;

/* The batch is the first training rows, at most one batch of them.  Borrows the training. */
nn_status nn_probe_create(const nn_training *training, nn_probe **out);
void nn_probe_destroy(nn_probe *probe);
/* Fills record->probe with arrays that stay the probe's, valid until the next call. */
nn_status nn_probe_measure(nn_probe *probe, nn_record *record);

#endif
