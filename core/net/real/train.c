/* SPDX-License-Identifier: MIT */
#include "net/real/network.h"

#include "base/clock.h"

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

/* How the threads get on decides how many go on: a batch in which one of them waits for a core takes
 * longer than one thread alone, and bits do not depend on it.  Where the threads slept at barriers
 * for more than all but one of them could win, one thread trains the next segment alone, then twice
 * as many each time that this does not get better. */
enum { SEGMENT_LEAST = 8, SOLO_MOST = 64 };
static const double segment_s = 0.02;

static void look_back(network *net, bool together, double seconds, size_t batches)
{
    double slept = 0, threads = (double)net->plan.threads;
    if (batches == net->segment && seconds < segment_s / 2) {
        net->segment *= 2;
    } else if (seconds > segment_s * 2 && net->segment > SEGMENT_LEAST) {
        net->segment /= 2;
    }
    if (!together) {
        net->solo_left--;
        return;
    }
    for (size_t t = 0; t < net->plan.threads; t++) {
        slept += net->workers[t]->slept_s;
    }
    if (slept <= seconds * (threads - 1)) {
        net->solo_next = 1;
        return;
    }
    net->solo_left = net->solo_next;
    net->solo_next = net->solo_next < SOLO_MOST ? net->solo_next * 2 : SOLO_MOST;
}

/* Batches `first` .. first + count - 1 of the stretch. */
static nn_status train_segment(network *net, const nn_stretch *stretch, size_t first, size_t count,
                               nn_tally *tally)
{
    bool together = net->plan.threads > 1 && net->solo_left == 0;
    run all = {
        .net = net,
        .how = together ? &net->plan : &net->alone,
        .stretch = stretch,
        .first_batch = first,
        .batches = count,
        .update = true,
        .dropout = true,
        .cost = tally->cost, /* one sum, however the stretch is cut */
    };
    atomic_init(&all.stopped, SIZE_MAX);
    nn_barrier_init(&all.barrier, all.how->threads);
    double begin_s = nn_clock_s();
    NN_TRY(nn_pool_run(together ? net->base.pool : NULL, run_thread, &all));
    settle(net, count);
    tally->cost = all.cost;
    for (size_t t = 0; t < all.how->threads; t++) {
        tally->correct += net->workers[t]->correct;
        for (int phase = 0; stretch->phases != NULL && phase < NN_PHASE_COUNT; phase++) {
            stretch->phases[phase] += net->workers[t]->phase[phase];
        }
    }
    mishap bad = earliest(net, all.how->threads);
    if (bad.batch != SIZE_MAX) {
        bad.batch += first;
        return tell(net, bad, tally);
    }
    if (net->plan.threads > 1) {
        look_back(net, together, nn_clock_s() - begin_s, count);
    }
    return NN_OK;
}

nn_status NN_(nn__train)(nn_engine *engine, const nn_stretch *stretch, nn_tally *tally)
{
    network *net = (network *)engine;
    if (net->optimizer == NULL || net->cost == NULL) {
        return nn_fail(NN_ERR_STATE, "a network without cost and optimizer can't be trained");
    }
    size_t batches = (stretch->count + net->rows - 1) / net->rows;
    input_prepare(net, stretch->input, stretch->order, stretch->count,
                  net->base.topology->input_dropout > 0);
    for (size_t first = 0; first < batches;) {
        size_t left = batches - first, count = left;
        if (net->plan.threads > 1) {
            net->segment = net->segment < SEGMENT_LEAST ? SEGMENT_LEAST : net->segment;
            net->solo_next = net->solo_next == 0 ? 1 : net->solo_next;
            count = left < net->segment ? left : net->segment;
        }
        NN_TRY(train_segment(net, stretch, first, count, tally));
        first += count;
    }
    tally->rows += stretch->count;
    return NN_OK;
}
