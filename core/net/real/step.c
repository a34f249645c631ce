/* SPDX-License-Identifier: MIT */
/* A stretch of mini-batches, single program on all threads.
 *
 * With T threads and L layers a batch meets at L + max(L - 2, 0) barriers where layer 0 stays with
 * its owners, one less where every thread computes the small last layer for itself.  Between two
 * barriers a thread writes only what it owns:
 *
 *   forward 0           own units; then own rows of the next batch's inputs
 *   -- barrier --       (a mishap of an earlier batch stops all threads here)
 *   forward l, barrier  own units or rows of each further layer
 *   cost and BP1        own rows, barrier; or all rows for oneself
 *   BP2 of l, barrier   own units or rows of l = L - 2 .. 0; then BP3, BP4 and update of l + 1
 *   BP3, BP4 of 0       own units
 *
 * The last barrier of the second line is left out for l = 0 where the units of layer 0 are owned:
 * what BP2 reads of layer 1's weights is then exactly what the same thread updates. */
#include "net/real/network.h"

#include "base/clock.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The time since the last mark went to `phase`. */
static void spent(const run *all, worker *self, nn_phase phase)
{
    if (all->stretch->phases != NULL) {
        double now_s = nn_clock_s();
        self->phase[phase] += now_s - self->mark_s;
        self->mark_s = now_s;
    }
}

static void barrier(run *all, worker *self)
{
    self->slept_s += nn_barrier_wait(&all->barrier);
    spent(all, self, NN_PHASE_WAIT);
}

static size_t batch_rows(const run *all, size_t index)
{
    size_t size = all->net->rows, first = (all->first_batch + index) * size;
    return all->stretch->count - first < size ? all->stretch->count - first : size;
}

/* Where this thread finds the inputs of batch `index`. */
static inputs *inputs_at(const run *all, worker *self, size_t index)
{
    return all->how->own_inputs ? &self->own_in[index % 2] : &all->net->in[index % INPUT_BUFFERS];
}

/* Inputs of batch `index`: this thread's pairs of rows, or all where they are its own. */
static void gather_own(run *all, worker *self, size_t index)
{
    network *net = all->net;
    size_t rows = batch_rows(all, index), first = (all->first_batch + index) * net->rows;
    part mine = {.p1 = panels_of(net->inputs)};
    share((rows + 1) / 2, all->how->own_inputs ? 1 : all->how->threads, all->how->own_inputs ? 0 : self->id,
          &mine.r0, &mine.r1);
    mine.r0 *= 2; /* pairs stay together */
    mine.r1 = mine.r1 * 2 < rows ? mine.r1 * 2 : rows;
    inputs *in = inputs_at(all, self, index);
    gather(net, all->stretch->input, all->stretch->order, first, mine.r0, mine.r1, in, net->rows,
           first + net->rows, all->stretch->count);
    if (all->dropout && net->base.topology->input_dropout > 0) {
        drop(net, 0, all->stretch, first, NULL, in->x, in->x, mine);
    }
    spent(all, self, NN_PHASE_GATHER);
}

static void check_forward(const network *net, worker *self, size_t l, const batch *now,
                          const nn_real *in, const sparse *few, const nn_real *a, part where)
{
    const layer *at = &net->layers[l];
    for (size_t p = where.p0; p < where.p1; p++) {
        if (!finite_rows(a + (p * net->rows + where.r0) * PANEL, where.r1 - where.r0,
                         panel_width(at->units, p))) {
            blame_forward(net, self, l, now, in, few, a, (part){where.r0, where.r1, p, p + 1});
        }
    }
}

static void forward_part(run *all, worker *self, size_t l, const batch *now, part where)
{
    network *net = all->net;
    layer *at = &net->layers[l];
    const nn_real *in = input_of(net, l, now);
    unsigned k = at->twin_out ? now->flip : 0;
    sparse lists = sparse_of(net, now->in);
    const sparse *few = l == 0 && net->sparse_inputs ? &lists : NULL;
    if (l + 1 == net->layer_count) {
        layer_forward(net, self, l, at->twin ? now->flip : 0, in, few, net->rows, self->last_z,
                      self->last_z, where);
        return;
    }
    layer_forward(net, self, l, 0, in, few, net->rows, at->z[k], at->a[k], where);
    check_forward(net, self, l, now, in, few, at->a[k], where);
    if (all->dropout && at->dropout > 0) {
        drop(net, l + 1, all->stretch, now->first, at->mask, at->a[k], at->out[k], where);
    }
}

static void forward(run *all, worker *self, size_t l, const batch *now, part where)
{
    forward_part(all, self, l, now, where);
    spent(all, self, NN_PHASE_FORWARD);
}

static void outputs_and_cost(run *all, worker *self, const batch *now)
{
    network *net = all->net;
    const plan *how = all->how;
    size_t last = net->layer_count - 1, panels = net->layers[last].panels;
    if (how->output_by_all) {
        forward(all, self, last, now, (part){0, now->rows, 0, panels});
        bool report = now->index % how->threads == self->id;
        output_backward(net, self, all->stretch, now, 0, now->rows, report);
        spent(all, self, NN_PHASE_COST);
        return;
    }
    if (last > 0) {
        bool by_rows = how->forward_by_rows[last];
        forward(all, self, last, now, part_of(how, self->id, by_rows, now->rows, panels));
        if (!by_rows) {
            barrier(all, self);
        }
    }
    part mine = part_of(how, self->id, true, now->rows, panels);
    output_backward(net, self, all->stretch, now, mine.r0, mine.r1, true);
    spent(all, self, NN_PHASE_COST);
    barrier(all, self);
}

/* Inputs i0 .. i1 - 1 of panels p0 .. p1 - 1. */
static void weights_part(run *all, worker *self, size_t l, const batch *now, size_t i0, size_t i1,
                         size_t p0, size_t p1)
{
    for (size_t i = i0; i < i1; i += UPDATE_INPUTS) {
        size_t end = i1 - i < UPDATE_INPUTS ? i1 : i + UPDATE_INPUTS;
        for (size_t p = p0; p < p1; p++) {
            weights_backward(all->net, self, l, now, i, end, p);
        }
    }
}

/* This thread's share of layer l where any split will do. */
static void update_share(run *all, worker *self, size_t l, const batch *now)
{
    if (all->fate == GRADIENT_LEFT_OUT) {
        return;
    }
    const layer *at = &all->net->layers[l];
    size_t blocks = (at->inputs + UPDATE_INPUTS - 1) / UPDATE_INPUTS, begin, end;
    if (l == 0 && all->net->sparse_inputs) {
        share(at->panels, all->how->threads, self->id, &begin, &end);
        inputs_backward(all->net, self, now, begin, end);
        blocks = 0;
    }
    share(blocks * at->panels, all->how->threads, self->id, &begin, &end);
    for (size_t n = begin; n < end; n++) {
        size_t i = n / at->panels * UPDATE_INPUTS, p = n % at->panels;
        size_t i1 = at->inputs - i < UPDATE_INPUTS ? at->inputs : i + UPDATE_INPUTS;
        weights_backward(all->net, self, l, now, i, i1, p);
    }
    share(at->panels, all->how->threads, all->how->threads - 1 - self->id, &begin, &end);
    for (size_t p = begin; p < end; p++) {
        biases_backward(all->net, self, l, now, p);
    }
}

/* Layers 0 and 1 where the units of layer 0 are owned. */
static void update_owned(run *all, worker *self, const batch *now)
{
    if (all->fate == GRADIENT_LEFT_OUT) {
        return;
    }
    network *net = all->net;
    layer *first = &net->layers[0], *second = &net->layers[1];
    part mine = part_of(all->how, self->id, false, now->rows, first->panels);
    size_t i1 = mine.p1 * PANEL < second->inputs ? mine.p1 * PANEL : second->inputs;
    weights_part(all, self, 1, now, mine.p0 * PANEL, i1, 0, second->panels);
    size_t begin, end;
    share(second->panels, all->how->threads, all->how->threads - 1 - self->id, &begin, &end);
    for (size_t p = begin; p < end; p++) {
        biases_backward(net, self, 1, now, p);
    }
    if (net->sparse_inputs) {
        inputs_backward(net, self, now, mine.p0, mine.p1);
    } else {
        weights_part(all, self, 0, now, 0, first->inputs, mine.p0, mine.p1);
    }
    for (size_t p = mine.p0; p < mine.p1; p++) {
        biases_backward(net, self, 0, now, p);
    }
}

static void backward(run *all, worker *self, const batch *now)
{
    network *net = all->net;
    const plan *how = all->how;
    for (size_t l = net->layer_count - 1; l-- > 0;) {
        bool by_rows = how->backward_by_rows[l];
        layer_backward(net, self, l, now,
                       part_of(how, self->id, by_rows, now->rows, net->layers[l].panels));
        spent(all, self, NN_PHASE_BACKWARD);
        if (l == 0 && how->own_first) {
            update_owned(all, self, now);
            spent(all, self, NN_PHASE_UPDATE);
            return;
        }
        barrier(all, self);
        update_share(all, self, l + 1, now);
        spent(all, self, NN_PHASE_UPDATE);
    }
    update_share(all, self, 0, now);
    spent(all, self, NN_PHASE_UPDATE);
}

/* A block of stored gradient: part of one panel of weights, or one panel of biases. */
typedef struct block {
    size_t number;
    nn_real *w, *g;
    size_t count;
    nn_real *const *slots;
    size_t offset;
} block;

typedef void block_job(network *net, const batch *now, const block *at, nn_real factor);

static void measure_block(network *net, const batch *now, const block *at, nn_real factor)
{
    (void)now;
    (void)factor;
    net->block_norm[at->number] = square_sum(at->g, at->count);
}

static void change_block(network *net, const batch *now, const block *at, nn_real factor)
{
    for (size_t k = 0; factor < 1 && k < at->count; k++) {
        at->g[k] *= factor;
    }
    update_apply(net, now, at->count, at->w, at->w, at->g, at->slots, at->offset);
}

/* This thread's share of all blocks, numbered panel by panel. */
static void each_block(run *all, const worker *self, const batch *now, nn_real factor,
                       block_job *work)
{
    network *net = all->net;
    size_t begin, end;
    share(net->block_count, all->how->threads, self->id, &begin, &end);
    block at = {0};
    for (size_t l = 0; l < net->layer_count; l++) {
        layer *of = &net->layers[l];
        for (size_t p = 0; p < of->panels; p++) {
            for (size_t i = 0; i <= of->inputs; i += UPDATE_INPUTS) {
                size_t left = of->inputs - i;
                at.offset = (p * of->inputs + i) * PANEL;
                at.w = of->w[0] + at.offset;
                at.g = of->gw + at.offset;
                at.slots = of->slot_w;
                at.count = (left < UPDATE_INPUTS ? left : UPDATE_INPUTS) * PANEL;
                if (at.count > 0 && at.number >= begin && at.number < end) {
                    work(net, now, &at, factor);
                }
                at.number += at.count > 0;
            }
            at.offset = p * PANEL;
            at.w = of->b[0] + at.offset;
            at.g = of->gb + at.offset;
            at.slots = of->slot_b;
            at.count = PANEL;
            if (at.number >= begin && at.number < end) {
                work(net, now, &at, factor);
            }
            at.number++;
        }
    }
}

static nn_real clip_factor(const network *net)
{
    double sum = 0, most = net->base.topology->gradient_clip;
    for (size_t k = 0; k < net->block_count; k++) {
        sum += net->block_norm[k];
    }
    return sqrt(sum) > most ? (nn_real)(most / sqrt(sum)) : 1;
}

/* Limits that need to see the whole gradient or whole units; each waits for all before it. */
static void limit(run *all, worker *self, const batch *now)
{
    network *net = all->net;
    const nn_topology *topology = net->base.topology;
    if (topology->gradient_clip > 0) {
        barrier(all, self);
        each_block(all, self, now, 1, measure_block);
        barrier(all, self);
        each_block(all, self, now, clip_factor(net), change_block);
    }
    for (size_t l = 0; topology->max_norm > 0 && l < net->layer_count; l++) {
        size_t begin, end;
        share(net->layers[l].panels, all->how->threads, self->id, &begin, &end);
        if (l == 0) {
            barrier(all, self);
        }
        for (size_t p = begin; p < end; p++) {
            limit_norms(net, l, 0, p);
        }
    }
}

/* One thread alone, before anybody updates: the optimizer's scalars for this step. */
static void begin_step(run *all, const batch *now)
{
    network *net = all->net;
    memcpy(now->step.scalars, net->scalars[now->index % 2], sizeof net->scalars[0]);
    if (net->optimizer->begin != NULL) {
        net->optimizer->begin(net->optimizer_self, &now->step);
    }
}

static void add_cost(run *all, size_t index)
{
    size_t chunks = (batch_rows(all, index) + CHUNK_ROWS - 1) / CHUNK_ROWS;
    for (size_t c = 0; c < chunks; c++) {
        all->cost += all->net->chunk_cost[index % 2][c];
    }
}

static batch batch_at(const run *all, worker *self, size_t index)
{
    network *net = all->net;
    batch now = {
        .index = index,
        .rows = batch_rows(all, index),
        .first = (all->first_batch + index) * net->rows,
        .flip = index % 2,
        .in = inputs_at(all, self, index),
        .dropout = all->dropout,
        .measured = all->measured,
        .step = {.size = sizeof now.step,
                 .t = all->stretch->step + all->first_batch + index + 1,
                 .scalars = net->scalars[(index + 1) % 2]},
    };
    const double *rates = all->stretch->rates;
    now.step.rate = rates == NULL ? 0 : rates[all->first_batch + index];
    return now;
}

/* False: an earlier batch went wrong, and all threads stop here. */
static bool run_batch(run *all, worker *self, size_t index)
{
    network *net = all->net;
    const plan *how = all->how;
    batch now = batch_at(all, self, index);
    if (how->single_input) {
        gather_own(all, self, index);
        barrier(all, self);
    }
    forward(all, self, 0, &now,
            part_of(how, self->id, how->forward_by_rows[0], now.rows, net->layers[0].panels));
    if (!how->single_input && index + 1 < all->batches) {
        gather_own(all, self, index + 1);
    }
    if ((all->fate == GRADIENT_USED || all->fate == GRADIENT_MEASURED) && self->id == 0) {
        begin_step(all, &now);
    }
    barrier(all, self);
    if (atomic_load(&all->stopped) < index) {
        return false;
    }
    if (self->id == 0 && index > 0) {
        add_cost(all, index - 1);
    }
    update_prepare(net, all->fate, &now);
    for (size_t l = 1; l + 1 < net->layer_count; l++) {
        forward(all, self, l, &now,
                part_of(how, self->id, how->forward_by_rows[l], now.rows, net->layers[l].panels));
        barrier(all, self);
    }
    outputs_and_cost(all, self, &now);
    backward(all, self, &now);
    if (all->fate == GRADIENT_USED) {
        limit(all, self, &now);
        spent(all, self, NN_PHASE_UPDATE);
    }
    if (self->bad.batch <= index) {
        size_t none = SIZE_MAX;
        atomic_compare_exchange_strong(&all->stopped, &none, self->bad.batch);
    }
    if (!how->own_first) {
        barrier(all, self);
    }
    return true;
}

/* Weights can still overflow where all gradients were finite. */
static void check_weights(run *all, worker *self, size_t trained)
{
    network *net = all->net;
    for (size_t l = 0; l < net->layer_count; l++) {
        layer *at = &net->layers[l];
        unsigned live = at->twin ? trained % 2 : 0;
        size_t begin, end;
        share(at->panels, all->how->threads, self->id, &begin, &end);
        for (size_t p = begin; p < end; p++) {
            size_t width = panel_width(at->units, p);
            if (!finite_rows(at->w[live] + p * at->inputs * PANEL, at->inputs, width)
                || !finite_rows(at->b[live] + p * PANEL, 1, width)) {
                blame_update(net, self, l, trained - 1);
            }
        }
    }
}

/* Ends the segment after the next batch: its barrier lies between, so that every thread knows in
 * time. */
static void lose_patience(run *all, const worker *self, size_t index)
{
    if (self->slept_s > all->patience_s && all->how->threads > 1) {
        size_t none = SIZE_MAX;
        atomic_compare_exchange_strong(&all->end, &none, index + 2);
    }
}

nn_status run_thread(void *context, size_t thread)
{
    run *all = context;
    network *net = all->net;
    worker *self = net->workers[thread];
    layer *last = &net->layers[net->layer_count - 1];
    bool own = all->how->output_by_all;
    self->last_z = own ? self->own_z : last->z[0];
    self->last_dz = own ? self->own_dz : last->dz;
    self->last_scaled = own ? self->own_scaled : last->dz_scaled;
    self->correct = 0;
    self->slept_s = 0;
    self->bad = (mishap){.batch = SIZE_MAX, .rank = SIZE_MAX};
    memset(self->phase, 0, sizeof self->phase);
    self->mark_s = all->stretch->phases != NULL ? nn_clock_s() : 0;
    if (!all->how->single_input) {
        gather_own(all, self, 0);
        barrier(all, self);
    }
    size_t b = 0;
    for (; b < all->batches && b < atomic_load(&all->end); b++) {
        if (!run_batch(all, self, b)) {
            return NN_OK;
        }
        lose_patience(all, self, b);
    }
    barrier(all, self);
    if (thread == 0) {
        add_cost(all, b - 1);
        all->trained = b;
    }
    if (all->fate == GRADIENT_USED && (all->first_batch + b) * net->rows >= all->stretch->count) {
        check_weights(all, self, b);
    }
    return NN_OK;
}
