/* SPDX-License-Identifier: MIT */
/* What the checks of costs are made of: a cost of one precision with a batch of outputs and targets. */
#ifndef NN_RUN_CONTRACT_COST_BATCH_H
#define NN_RUN_CONTRACT_COST_BATCH_H

#include "run/contract_check.h"

#include <nnrun/cost.h>

/* NN__ROWS x NN__COLS; of y and labels the one the cost does not take is NULL to it. */
typedef struct nn__batch {
    const nn_cost *ops;
    const void *self;
    unsigned bits;
    bool classes; /* labels, else y */
    nn__reals a, y, da, label_block;
    int32_t *labels; /* NN__ROWS */
} nn__batch;

nn__batch nn__batch_create(nn__subject *subject, const nn__instance *instance, unsigned bits, bool classes);

/* Targets: in a bounded range one-hot rows and rows of values within it, else values around 0. */
void nn__batch_draw_targets(nn__batch *batch, uint64_t seed);
/* Targets, and outputs well inside the range the cost needs, away from kinks. */
void nn__batch_draw(nn__batch *batch, uint64_t seed);

/* value() of `rows` rows from `row`. */
double nn__batch_value(const nn__batch *batch, size_t row, size_t rows);
/* gradient() of them, into da. */
void nn__batch_gradient(const nn__batch *batch, size_t row, size_t rows);
/* What the cost is not given, for nn__scene_call(). */
const char *nn__batch_absent(const nn__batch *batch);

#endif
