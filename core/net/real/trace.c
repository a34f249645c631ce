/* SPDX-License-Identifier: MIT */
/* One batch to be looked at: its gradient, or everything between input and gradient.  One thread;
 * weights and slots stay as they are. */
#include "net/real/network.h"

#include <stdint.h>

nn_status one_batch(network *net, const nn_stretch *stretch, bool dense, run *all)
{
    if (net->optimizer == NULL || net->cost == NULL) {
        return nn_fail(NN_ERR_STATE, "a network without cost and optimizer has no gradient");
    }
    if (stretch->count == 0 || stretch->count > net->rows) {
        return nn_fail(NN_ERR_SHAPE, "a batch has 1 to %zu rows, not %zu", net->rows,
                       stretch->count);
    }
    all->net = net;
    all->how = &net->alone;
    all->stretch = stretch;
    all->batches = 1;
    atomic_init(&all->stopped, SIZE_MAX);
    atomic_init(&all->end, SIZE_MAX);
    nn_barrier_init(&all->barrier, NULL);
    dense = dense || net->base.topology->input_dropout > 0;
    input_prepare(net, stretch->input, stretch->order, stretch->count, dense);
    return run_thread(all, 0);
}

nn_status NN_(nn__gradient)(nn_engine *engine, const nn_stretch *stretch, void *const *dw,
                            void *const *db, double *cost)
{
    network *net = (network *)engine;
    run all = {.fate = GRADIENT_STORED, .dropout = true};
    NN_TRY(network_store(net));
    NN_TRY(one_batch(net, stretch, false, &all));
    for (size_t l = 0; l < net->layer_count; l++) {
        const layer *at = &net->layers[l];
        if (dw != NULL) {
            panel_get_transposed(at->gw, at->inputs, 0, at->units, dw[l]);
        }
        if (db != NULL) {
            panel_get(at->gb, 1, at->units, 0, 1, db[l]);
        }
    }
    *cost = all.cost / (double)stretch->count + penalty_of(net);
    return NN_OK;
}

static nn_status make_trace(network *net, size_t rows)
{
    size_t list = net->layer_count * sizeof(nn_real *), widest = 0;
    if (rows <= net->trace_rows) {
        return NN_OK;
    }
    NN_TRY(network_memory(net, list, "a trace", (void **)&net->trace_z));
    NN_TRY(network_memory(net, list, "a trace", (void **)&net->trace_a));
    NN_TRY(network_memory(net, list, "a trace", (void **)&net->trace_dz));
    for (size_t l = 0; l < net->layer_count; l++) {
        size_t units = net->layers[l].units, reals = rows * units;
        widest = units > widest ? units : widest;
        NN_TRY(network_reals(net, reals, "a trace", &net->trace_z[l]));
        NN_TRY(network_reals(net, reals, "a trace", &net->trace_a[l]));
        NN_TRY(network_reals(net, reals, "a trace", &net->trace_dz[l]));
    }
    NN_TRY(network_reals(net, rows * net->inputs, "a trace", &net->trace_x));
    NN_TRY(network_reals(net, panel_reals(net->rows, widest), "a trace", &net->trace_panels));
    net->trace_rows = rows;
    return NN_OK;
}

/* z of layer l again: training may have written a over it. */
static void copy_z(network *net, size_t l, size_t rows, const batch *now)
{
    const layer *at = &net->layers[l];
    nn_real *panels = at->needs_z || l + 1 == net->layer_count ? at->z[0] : net->trace_panels;
    if (panels == net->trace_panels) {
        product job = {
            .a = input_of(net, l, now),
            .b = at->w[0],
            .start = at->b[0],
            .c = panels,
            .a_rows = net->rows,
            .b_rows = at->inputs,
            .depth = at->inputs,
            .cols = at->units,
        };
        multiply(&job, 0, rows, 0, at->panels);
    }
    panel_get(panels, net->rows, at->units, 0, rows, net->trace_z[l]);
}

nn_status NN_(nn__trace)(nn_engine *engine, const nn_stretch *stretch, bool dropout, nn_trace *out)
{
    network *net = (network *)engine;
    run all = {.fate = GRADIENT_LEFT_OUT, .dropout = dropout};
    NN_TRY(make_trace(net, stretch->count));
    NN_TRY(one_batch(net, stretch, true, &all));
    size_t rows = stretch->count;
    batch now = {.in = &net->in[0], .dropout = dropout};
    panel_get(net->in[0].x, net->rows, net->inputs, 0, rows, net->trace_x);
    for (size_t l = 0; l < net->layer_count; l++) {
        const layer *at = &net->layers[l];
        copy_z(net, l, rows, &now);
        if (l + 1 < net->layer_count) {
            panel_get(at->a[0], net->rows, at->units, 0, rows, net->trace_a[l]);
        } else {
            at->f->forward(at->f_self, rows, at->units, net->trace_z[l], net->trace_a[l]);
        }
        panel_get(at->dz, net->rows, at->units, 0, rows, net->trace_dz[l]);
    }
    *out = (nn_trace){
        .z = (const void *const *)net->trace_z,
        .a = (const void *const *)net->trace_a,
        .dz = (const void *const *)net->trace_dz,
        .input = net->trace_x,
        .cost = all.cost / (double)rows,
    };
    return NN_OK;
}
