/* SPDX-License-Identifier: MIT */
/* Transformed samples (data/prepare.h), chunk by chunk in the epoch's order.
 *
 *     nn_prefetch_create(&options, &prefetch)
 *     for each epoch
 *         nn_prefetch_begin(prefetch, epoch, order, count, 0)
 *         while (nn_prefetch_next(prefetch, most, &view) == NN_OK && view.count > 0)
 *             train on view.reals, rows 0 .. view.count - 1 in the epoch's order
 *
 * Threads of its own prepare ahead of training, as many as are asked for: where cores are left over.  When
 * training comes for a chunk that is not ready, its threads help to prepare it, so that nobody waits while
 * there is work, and no core has two threads.  The bits depend neither on threads nor on where an epoch was
 * begun.  Nothing is allocated after create.
 */
#ifndef NN_DATA_PREFETCH_H
#define NN_DATA_PREFETCH_H

#include "data/dataset.h"

typedef struct nn_prefetch nn_prefetch;

typedef struct nn_prefetch_options {
    nn_samples samples;               /* images; `input` is their normalisation; borrowed */
    nn_component *const *transforms;  /* created for the samples' shape; borrowed */
    size_t transform_count;
    uint64_t seed;
    size_t batch_size; /* stretches are multiples of it */
    size_t chunk_rows; /* about so many are prepared at a time; 0: as many as some MB hold */
    nn_pool *pool;     /* the threads that train: they help; NULL: the caller alone; borrowed */
    size_t ahead;      /* threads of its own; 0: none */
} nn_prefetch_options;

/* Starts the threads.  NN_ERR_DATA: the samples are no images; NN_ERR_MEMORY, NN_ERR_IO. */
nn_status nn_prefetch_create(const nn_prefetch_options *options, nn_prefetch **out);
void nn_prefetch_destroy(nn_prefetch *prefetch);

/* Begins an epoch at row `position` (a multiple of the batch size) of order[0 .. count - 1]; what was
 * left of the last is dropped.  `order` is borrowed until the epoch's end.  [main] */
nn_status nn_prefetch_begin(nn_prefetch *prefetch, uint64_t epoch, const uint32_t *order,
                            size_t count, size_t position);

/* The next rows: at most `most`, and where that is less than a batch, one batch; a multiple of the batch
 * size but at the end; count 0 when the epoch is over.  Valid until the next call.  [main] */
nn_status nn_prefetch_next(nn_prefetch *prefetch, size_t most, nn_samples *view);

#endif
