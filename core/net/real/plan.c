/* SPDX-License-Identifier: MIT */
/* Who computes what.  A plan is about speed alone: any other gives the same bits.
 *
 * Layers are split by units (panels) where there are enough of them, so that a thread's weights stay
 * in its cache, else by rows of the batch.  Where layer 0 is split by units in the forward pass, in
 * the backward pass and in the update alike, its owner meets nobody between two batches. */
#include "net/real/network.h"

#include <stdint.h>

enum {
    SMALL_OUTPUT = 32768,        /* multiply-adds of the last layer that cost less than a barrier */
    OWN_INPUTS_THREADS = 4,      /* fewer gather a batch each for itself before they pass lines around */
    SINGLE_INPUT_REALS = 1 << 22 /* from here on three buffers of inputs would cost too much memory */
};

part part_of(const plan *how, size_t t, bool by_rows, size_t rows, size_t panels)
{
    part mine = {.r0 = 0, .r1 = rows, .p0 = 0, .p1 = panels};
    if (by_rows) {
        size_t chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
        share(chunks, how->threads, t, &mine.r0, &mine.r1);
        mine.r0 *= CHUNK_ROWS;
        mine.r1 *= CHUNK_ROWS;
        mine.r0 = mine.r0 < rows ? mine.r0 : rows;
        mine.r1 = mine.r1 < rows ? mine.r1 : rows;
    } else {
        share(panels, how->threads, t, &mine.p0, &mine.p1);
    }
    return mine;
}

/* Share of the whole that the busiest thread has; 1 / threads is the best. */
static double busiest(size_t things, size_t threads)
{
    return (double)((things + threads - 1) / threads) / (double)things;
}

static bool rows_are_better(const network *net, size_t panels, size_t threads)
{
    size_t chunks = (net->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    return busiest(chunks, threads) * 1.2 < busiest(panels, threads);
}

nn_status plan_make(network *net, size_t threads, plan *out)
{
    size_t count = net->layer_count;
    *out = (plan){.threads = threads};
    NN_TRY(network_memory(net, count, "a plan", (void **)&out->forward_by_rows));
    NN_TRY(network_memory(net, count, "a plan", (void **)&out->backward_by_rows));
    for (size_t l = 0; l < count; l++) {
        const layer *at = &net->layers[l];
        out->forward_by_rows[l] = !at->elementwise || rows_are_better(net, at->panels, threads);
        out->backward_by_rows[l] = out->forward_by_rows[l];
    }
    const layer *last = &net->layers[count - 1];
    out->forward_by_rows[count - 1] = rows_are_better(net, last->panels, threads);
    out->single_input = net->rows * net->inputs > SINGLE_INPUT_REALS;
    const nn_topology *topology = net->base.topology;
    bool plain = topology->max_norm <= 0 && topology->gradient_clip <= 0;
    out->own_first = plain && count > 1 && !out->forward_by_rows[0] && !out->single_input;
    out->output_by_all = plain && threads > 1 && count > 1
        && net->rows * last->inputs * last->panels * PANEL <= SMALL_OUTPUT;
    out->own_inputs = out->own_first && out->output_by_all && threads <= OWN_INPUTS_THREADS;
    return NN_OK;
}
