/* SPDX-License-Identifier: MIT */
/* An engine that only remembers: weights, slots and scalars as the store sees them, so that the store
 * is tested without the mathematics.  Defines the nn_engine_* functions the store calls. */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include "net/engine.h"

enum { FAKE_LAYERS = 2, FAKE_SLOTS = 2, FAKE_SCALARS = 1, FAKE_INPUTS = 5, FAKE_HIDDEN = 3, FAKE_OUTPUTS = 2 };

struct nn_engine {
    nn_topology topology;
    nn_layer layers[FAKE_LAYERS];
    nn_component components[4];
    double weight[1 + FAKE_SLOTS][FAKE_LAYERS][FAKE_INPUTS * FAKE_HIDDEN];
    double bias[1 + FAKE_SLOTS][FAKE_LAYERS][FAKE_HIDDEN];
    double scalars[FAKE_SCALARS];
};

/* bits: 32 (the values must then be exact floats) or 64. */
void fake_engine_init(nn_engine *engine, unsigned bits);
/* Fills everything from a seed. */
void fake_engine_fill(nn_engine *engine, unsigned seed);
/* Whether weights, slots and scalars are equal bit for bit. */
bool fake_engine_equal(const nn_engine *a, const nn_engine *b);

#endif
