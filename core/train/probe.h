/* SPDX-License-Identifier: MIT */
/* The probe: what happens inside each layer, measured on one fixed batch after each epoch.  It only
 * looks; no number of the training depends on it, and it keeps nothing from one epoch to the next,
 * so that a resumed run measures what an unbroken one does.
 *
 *   gradient_norm  |dC/d(w, b)|, penalties included: vanishing gradients are seen here
 *   weight_norm    |w|
 *   update_ratio   |w' - w| / |w|, with w' what the optimizer's next step would make of w if the probe
 *                  batch came next; about 1e-3 is healthy, far less hardly learns
 *   saturation     share of the layer's activations whose slope |da/dz| is below 0.01, so that less
 *                  than a hundredth of the error that reaches them goes on to the layers below
 */
#ifndef NN_TRAIN_PROBE_H
#define NN_TRAIN_PROBE_H

#include "train/loop.h"

typedef struct nn_probe nn_probe;

/* The batch is the first training rows, at most one batch of them and at most 128.  Borrows the training. */
nn_status nn_probe_create(const nn_training *training, nn_probe **out);
void nn_probe_destroy(nn_probe *probe);
/* Fills record->probe with arrays that stay the probe's, valid until the next call.  Reads the
 * record's step and rate. */
nn_status nn_probe_measure(nn_probe *probe, nn_record *record);

#endif
