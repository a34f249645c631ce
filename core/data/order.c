/* SPDX-License-Identifier: MIT */
#include "data/order.h"

#include "base/random.h"

#include <string.h>

void nn_order_shuffle(uint64_t seed, uint64_t epoch, const uint32_t *indices, size_t count,
                      uint32_t *order)
{
    nn_stream stream = nn_stream_make(seed, "shuffle", epoch, 0);
    uint64_t used = 0;
    if (count > 0) {
        memcpy(order, indices, count * sizeof *order);
    }
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)nn_random_below(&stream, i, &used);
        uint32_t last = order[i - 1];
        order[i - 1] = order[j];
        order[j] = last;
    }
}
