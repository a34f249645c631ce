/* SPDX-License-Identifier: MIT */
/* The order of samples in an epoch. */
#ifndef NN_DATA_ORDER_H
#define NN_DATA_ORDER_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* order = a permutation of indices[0 .. count - 1] (Fisher and Yates, Knuth's algorithm P), drawn
 * from stream "shuffle" of (seed, epoch) alone: any epoch's order can be had without those before. */
void nn_order_shuffle(uint64_t seed, uint64_t epoch, const uint32_t *indices, size_t count,
                      uint32_t *order);

#endif
