/* SPDX-License-Identifier: MIT */
/* From raw values to inputs: unit (bytes / 255), standardize (zero mean, unit deviation over the
 * training part, per channel for images, per feature for vectors), or none. */
#ifndef NN_DATA_NORMALIZE_H
#define NN_DATA_NORMALIZE_H

#include "base/arena.h"
#include "data/dataset.h"
#include "spec/experiment.h"

/* Fits `method` to the samples at `indices` (the training part).  Result in the arena.  A constant
 * feature keeps scale 1. */
nn_status nn_normalize_fit(nn_normalize method, const nn_samples *samples, const uint32_t *indices,
                           size_t count, nn_arena *arena, nn_affine_input *out);

#endif
