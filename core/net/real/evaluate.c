/* SPDX-License-Identifier: MIT */
/* Forward only: blocks of rows, each walked through the whole network by one thread. */
#include "net/real/network.h"

#include <string.h>

enum { FETCHED_AHEAD = 8 }; /* rows whose memory is asked for before they are read */

typedef struct evaluation {
    network *net;
    const nn_input *input;
    const uint32_t *order;
    size_t first, count; /* rows of this wave */
    size_t end;          /* of all rows */
    nn_real *outputs;
    int32_t *predictions;
    bool score;
    atomic_size_t next;
} evaluation;

static const nn_real *forward_block(evaluation *all, worker *self, size_t first, size_t rows)
{
    network *net = all->net;
    inputs *raw = &self->pass_in;
    const nn_real *in = raw->x;
    gather(net, all->input, all->order, first, 0, rows, raw, EVALUATE_ROWS,
           first + FETCHED_AHEAD, all->end);
    sparse lists = sparse_of(net, raw);
    const sparse *few = net->sparse_inputs ? &lists : NULL;
    for (size_t l = 0; l < net->layer_count; l++) {
        layer *at = &net->layers[l];
        nn_real *z = self->pass[l % 2], *a = at->needs_z ? self->pass[2] : z;
        layer_forward(net, self, l, 0, in, few, EVALUATE_ROWS, z, a, (part){0, rows, 0, at->panels});
        if (l + 1 == net->layer_count) {
            return z;
        }
        if (a == self->pass[2]) { /* it is read next; z's place may be written then */
            self->pass[2] = z;
            self->pass[l % 2] = a;
        }
        in = a;
        few = NULL;
    }
    return NULL;
}

static void score_chunk(evaluation *all, worker *self, size_t block, size_t first, size_t count)
{
    network *net = all->net;
    const nn_real *a = self->plain[1], *y;
    if (all->outputs != NULL) {
        memcpy(all->outputs + first * net->outputs, a, count * net->outputs * sizeof *a);
    }
    int32_t *predictions = all->predictions == NULL ? NULL : all->predictions + first;
    if (!all->score) {
        if (predictions != NULL) {
            hits(net, a, count, NULL, predictions);
        }
        return;
    }
    int32_t room[CHUNK_ROWS];
    const int32_t *labels;
    targets_of(net, self, all->input, all->order, first, count, room, &labels, &y);
    net->wave_cost[block] +=
        net->cost->value(net->cost_self, count, net->outputs, a, y, labels);
    const int32_t *classes = all->input->labels == NULL ? NULL : room;
    if (classes != NULL || predictions != NULL) {
        net->wave_correct[block] += hits(net, a, count, classes, predictions);
    }
}

static bool interrupted(const network *net)
{
    return net->base.interrupt != NULL && *net->base.interrupt != 0;
}

static nn_status evaluate_thread(void *context, size_t thread)
{
    evaluation *all = context;
    worker *self = all->net->workers[thread];
    size_t block, blocks = (all->count + EVALUATE_ROWS - 1) / EVALUATE_ROWS;
    while (nn_next(&all->next, blocks, &block)) {
        if (interrupted(all->net)) {
            return nn_fail(NN_ERR_INTERRUPTED, "interrupted while samples were evaluated");
        }
        size_t at = block * EVALUATE_ROWS, first = all->first + at;
        size_t rows = all->count - at < EVALUATE_ROWS ? all->count - at : EVALUATE_ROWS;
        if (all->score) {
            all->net->wave_cost[block] = 0;
            all->net->wave_correct[block] = 0;
        }
        const nn_real *z = forward_block(all, self, first, rows);
        for (size_t r = 0; r < rows; r += CHUNK_ROWS) {
            size_t count = rows - r < CHUNK_ROWS ? rows - r : CHUNK_ROWS;
            outputs_of(all->net, self, z, EVALUATE_ROWS, r, count);
            score_chunk(all, self, block, first + r, count);
        }
    }
    return NN_OK;
}

nn_status NN_(nn__evaluate)(nn_engine *engine, const nn_input *input, const uint32_t *order,
                            size_t count, nn_tally *tally, void *outputs, int32_t *predictions)
{
    network *net = (network *)engine;
    enum { WAVE_ROWS = EVALUATE_WAVE * EVALUATE_ROWS };
    evaluation all = {
        .net = net,
        .input = input,
        .order = order,
        .end = count,
        .outputs = outputs,
        .predictions = predictions,
        .score = tally != NULL && net->cost != NULL
            && (input->labels != NULL || input->targets != NULL),
    };
    input_prepare(net, input, order, count, false);
    for (; all.first < count; all.first += WAVE_ROWS) {
        all.count = count - all.first < WAVE_ROWS ? count - all.first : WAVE_ROWS;
        atomic_init(&all.next, 0);
        /* One block needs nobody else. */
        nn_pool *pool = all.count <= EVALUATE_ROWS ? NULL : engine->pool;
        NN_TRY(nn_pool_run(pool, evaluate_thread, &all));
        size_t blocks = (all.count + EVALUATE_ROWS - 1) / EVALUATE_ROWS;
        for (size_t b = 0; all.score && b < blocks; b++) {
            tally->cost += net->wave_cost[b];
            tally->correct += net->wave_correct[b];
        }
    }
    if (tally != NULL) {
        tally->rows += count;
    }
    return NN_OK;
}

void NN_(nn__forward_begin)(nn_engine *engine, const nn_input *input)
{
    input_scales((network *)engine, input);
}

nn_status NN_(nn__forward)(nn_engine *engine, size_t thread, const nn_input *input, size_t count,
                           void *outputs, int32_t *predictions)
{
    network own =
        *(const network *)engine; /* what is decided for these rows is no other thread's */
    own.sparse_inputs = input_is_sparse(&own, input, NULL, count);
    evaluation all = {
        .net = &own,
        .input = input,
        .count = count,
        .end = count,
        .outputs = outputs,
        .predictions = predictions,
    };
    atomic_init(&all.next, 0);
    return evaluate_thread(&all, thread);
}
