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
    mishap first = {.batch = SIZE_MAX, .rank = SIZE_MAX};
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
    static const char *const whats[] = {
        [NN_FAULT_SUM] = "a sum of products", [NN_FAULT_INPUT] = "an input",
        [NN_FAULT_ACTIVATION] = "what the activation gives", [NN_FAULT_DERIVATIVE] = "the activation's derivative",
        [NN_FAULT_COST] = "the cost", [NN_FAULT_GRADIENT] = "the cost's gradient", [NN_FAULT_UPDATE] = "a weight",
    };
    size_t top = net->layer_count, l = bad.rank;
    if (bad.rank == top) {
        l = top - 1;
    } else if (bad.rank > 2 * top) {
        l = bad.rank - 2 * top - 1;
    } else if (bad.rank > top) {
        l = 2 * top - bad.rank;
    }
    tally->bad_batch = bad.batch;
    tally->bad_layer = l;
    tally->bad_fault = bad.fault;
    tally->bad_given = bad.given;
    tally->bad_value = bad.value;
    return nn_fail(NN_ERR_NUMERIC, "%s of layer %zu is not finite in batch %zu of this stretch", whats[bad.fault],
                   l + 1, bad.batch + 1);
}

/* How the threads get on decides how many go on: a batch in which one of them waits for a core may take longer
 * than with one thread alone, and bits do not depend on it.  Where threads slept at barriers for more than a
 * tenth of the time, one thread trains the next segment alone, and for twice as many each time that a batch was
 * not faster together.  How fast one thread is gets measured again now and then: it may have had a bad moment.
 * A segment in which a thread slept for longer than a whole one should take ends at once. */
enum { SEGMENT_LEAST = 8, SOLO_MOST = 64, TRUSTED_MOST = 8 };
static const double segment_s = 0.02, slept_most = 0.1;

static void look_back(network *net, bool together, double seconds, size_t batches, size_t trained)
{
    double slept = 0;
    if (trained < batches) {
        net->segment = trained > SEGMENT_LEAST ? trained : SEGMENT_LEAST;
    } else if (batches == net->segment && seconds < segment_s / 2) {
        net->segment *= 2;
    } else if (seconds > segment_s * 2 && net->segment > SEGMENT_LEAST) {
        net->segment /= 2;
    }
    double batch_s = seconds / (double)trained;
    if (!together) {
        net->solo_left--;
        net->solo_batch_s = batch_s;
        return;
    }
    for (size_t t = 0; t < net->plan.threads; t++) {
        slept += net->workers[t]->slept_s;
    }
    if (slept <= slept_most * seconds) {
        net->solo_next = 1;
        return;
    }
    if (net->solo_batch_s > 0 && batch_s < net->solo_batch_s) {
        net->solo_next = 1;
        net->solo_left = ++net->trusted % TRUSTED_MOST == 0;
        return;
    }
    net->solo_left = net->solo_next;
    net->solo_next = net->solo_next < SOLO_MOST ? net->solo_next * 2 : SOLO_MOST;
}

/* Batches `first` .. first + *count - 1 of the stretch; *count becomes how many were trained. */
static nn_status train_segment(network *net, const nn_stretch *stretch, size_t first, size_t *count,
                               nn_tally *tally)
{
    bool together = net->plan.threads > 1 && net->solo_left == 0;
    run all = {
        .net = net,
        .how = together ? &net->plan : &net->alone,
        .stretch = stretch,
        .first_batch = first,
        .batches = *count,
        .fate = GRADIENT_USED,
        .dropout = true,
        .patience_s = segment_s,
        .cost = tally->cost, /* one sum, however the stretch is cut */
    };
    atomic_init(&all.stopped, SIZE_MAX);
    atomic_init(&all.end, SIZE_MAX);
    nn_pool *pool = together ? net->base.pool : NULL;
    nn_barrier_init(&all.barrier, pool);
    double begin_s = nn_clock_s();
    NN_TRY(nn_pool_run(pool, run_thread, &all));
    settle(net, all.trained);
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
        /* Weights are read by the batch after the one that wrote them. */
        bad.batch -= bad.fault == NN_FAULT_UPDATE && bad.rank < net->layer_count && bad.batch > 0;
        return tell(net, bad, tally);
    }
    if (net->plan.threads > 1) {
        look_back(net, together, nn_clock_s() - begin_s, *count, all.trained);
    }
    *count = all.trained;
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
        NN_TRY(train_segment(net, stretch, first, &count, tally));
        first += count;
    }
    tally->rows += stretch->count;
    return NN_OK;
}
