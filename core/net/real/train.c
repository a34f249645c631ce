/* SPDX-License-Identifier: MIT */
#include "net/real/network.h"

#include <stdint.h>
#include <string.h>

/* Copies that take turns: the ones in force become the first again. */
static void settle(network *net, size_t batches)
{
    if (batches % 2 == 0) {
        return;
    }
    for (size_t l = 0; l < net->layer_count; l++) {
        layer *at = &net->layers[l];
        nn_real *w = at->w[0], *b = at->b[0];
        at->w[0] = at->w[1];
        at->w[1] = w;
        at->b[0] = at->b[1];
        at->b[1] = b;
    }
    memcpy(net->scalars[0], net->scalars[1], sizeof net->scalars[0]);
}

static mishap earliest(const network *net, size_t threads)
{
    mishap first = {SIZE_MAX, SIZE_MAX};
    for (size_t t = 0; t < threads; t++) {
        mishap bad = net->workers[t]->bad;
        if (bad.batch < first.batch || (bad.batch == first.batch && bad.rank < first.rank)) {
            first = bad;
        }
    }
    return first;
}

static nn_status tell(const network *net, mishap bad, nn_tally *tally)
{
    size_t top = net->layer_count;
    const char *what = "the output";
    size_t l = bad.rank;
    if (bad.rank == top) {
        what = "the cost of the output";
        l = top - 1;
    } else if (bad.rank > 2 * top) {
        what = "a weight";
        l = bad.rank - 2 * top - 1;
    } else if (bad.rank > top) {
        what = "the gradient";
        l = 2 * top - bad.rank;
    }
    tally->bad_batch = bad.batch;
    tally->bad_layer = l;
    return nn_fail(NN_ERR_NUMERIC, "%s of layer %zu is not finite in batch %zu of this stretch", what,
                   l + 1, bad.batch + 1);
}

nn_status NN_(nn__train)(nn_engine *engine, const nn_stretch *stretch, nn_tally *tally)
{
    network *net = (network *)engine;
    if (stretch->count == 0) {
        return NN_OK;
    }
    if (net->optimizer == NULL || net->cost == NULL) {
        return nn_fail(NN_ERR_STATE, "a network without cost and optimizer can't be trained");
    }
    run all = {
        .net = net,
        .how = &net->plan,
        .stretch = stretch,
        .batches = (stretch->count + net->rows - 1) / net->rows,
        .update = true,
        .dropout = true,
        .cost = tally->cost, /* one running sum: where a stretch ends changes no bit */
    };
    atomic_init(&all.stopped, SIZE_MAX);
    nn_barrier_init(&all.barrier, net->plan.threads);
    input_prepare(net, stretch->input, stretch->order, stretch->count,
                  net->base.topology->input_dropout > 0);
    NN_TRY(nn_pool_run(engine->pool, run_thread, &all));
    settle(net, all.batches);
    tally->cost = all.cost;
    tally->rows += stretch->count;
    for (size_t t = 0; t < net->plan.threads; t++) {
        tally->correct += net->workers[t]->correct;
    }
    mishap bad = earliest(net, net->plan.threads);
    return bad.batch == SIZE_MAX ? NN_OK : tell(net, bad, tally);
}
