/* SPDX-License-Identifier: MIT */
/* What the checks of optimizers are made of: an optimizer on its way with weights, gradient and slots. */
#ifndef NN_RUN_CONTRACT_OPTIMIZER_DESCENT_H
#define NN_RUN_CONTRACT_OPTIMIZER_DESCENT_H

#include "run/contract_check.h"

#include <nnrun/optimizer.h>

enum { NN__WEIGHTS = 61 };

typedef struct nn__descent {
    const nn_optimizer *ops;
    const void *self;
    unsigned bits;
    nn__reals w, g, slots[NN_SLOTS_MAX]; /* NN__WEIGHTS each */
    size_t slot_count, scalar_count;
    double scalars[NN_SCALARS_MAX];
    nn_step step;
    char absent[64]; /* what is NULL to update() */
} nn__descent;

/* Before step 1: the same weights each time, the rest 0. */
nn__descent nn__descent_create(nn__subject *subject, const nn__instance *instance, unsigned bits);

/* begin() of the next step. */
void nn__descent_begin(nn__descent *descent);
/* A gradient that depends on the step alone, some of it zero, some of it small. */
void nn__descent_draw(const nn__descent *descent);
/* update() of n weights from the first. */
void nn__descent_update(const nn__descent *descent, size_t first, size_t n);
/* The three for all weights, `count` times. */
void nn__descent_steps(nn__descent *descent, size_t count);

/* Whether weights, slots and scalars are the same bits. */
bool nn__descent_same(const nn__descent *a, const nn__descent *b);

#endif
