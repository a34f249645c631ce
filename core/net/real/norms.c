/* SPDX-License-Identifier: MIT */
/* Norms of gradient, weights and next step of each layer, a block of one panel at a time: nothing
 * as large as the weights is copied.  Sums are in double, in the order of the panels. */
#include "net/real/network.h"

#include <math.h>
#include <string.h>

enum { BLOCK_REALS = UPDATE_INPUTS * PANEL };

/* Sum of squares of `rows` rows of a panel, or of their distance from `from`. */
static double squares(const nn_real *v, const nn_real *from, size_t rows, size_t width)
{
    double sum = 0;
    for (size_t r = 0; r < rows; r++) {
        for (size_t k = 0; k < width; k++) {
            double x = (double)v[r * PANEL + k];
            x -= from == NULL ? 0 : (double)from[r * PANEL + k];
            sum += x * x;
        }
    }
    return sum;
}

static void measure(const layer *at, nn_norms *out)
{
    double gradient = 0, weight = 0;
    for (size_t p = 0; p < at->panels; p++) {
        size_t from = p * at->inputs * PANEL, width = panel_width(at->units, p);
        weight += squares(at->w[0] + from, NULL, at->inputs, width);
        gradient += squares(at->gw + from, NULL, at->inputs, width);
        gradient += squares(at->gb + p * PANEL, NULL, 1, width);
    }
    out->gradient = sqrt(gradient);
    out->weight = sqrt(weight);
}

/* The optimizer's step on copies of each block. */
static double step_of(const network *net, const layer *at, const nn_step *step, nn_real clip)
{
    const nn_optimizer *optimizer = net->optimizer;
    nn_real *w = net->norms_room, *g = w + BLOCK_REALS, *slots[NN_SLOTS_MAX] = {NULL};
    double sum = 0;
    for (size_t s = 0; s < net->base.slot_count; s++) {
        slots[s] = g + (s + 1) * BLOCK_REALS;
    }
    for (size_t p = 0; p < at->panels; p++) {
        for (size_t i = 0; i < at->inputs; i += UPDATE_INPUTS) {
            size_t left = at->inputs - i, rows = left < UPDATE_INPUTS ? left : UPDATE_INPUTS;
            size_t from = (p * at->inputs + i) * PANEL, count = rows * PANEL;
            memcpy(w, at->w[0] + from, count * sizeof *w);
            for (size_t k = 0; k < count; k++) {
                g[k] = clip * at->gw[from + k];
            }
            for (size_t s = 0; s < net->base.slot_count; s++) {
                memcpy(slots[s], at->slot_w[s] + from, count * sizeof *w);
            }
            optimizer->update(net->optimizer_self, step, count, w, g, slots);
            sum += squares(w, at->w[0] + from, rows, panel_width(at->units, p));
        }
    }
    return sqrt(sum);
}

static nn_status make_room(network *net)
{
    if (net->norms_room != NULL) {
        return NN_OK;
    }
    return network_reals(net, (2 + net->base.slot_count) * BLOCK_REALS, "norms", &net->norms_room);
}

static nn_real clip_of(const network *net, const nn_norms *norms)
{
    double sum = 0, most = net->base.topology->gradient_clip;
    for (size_t l = 0; l < net->layer_count; l++) {
        sum += norms[l].gradient * norms[l].gradient;
    }
    return most > 0 && sqrt(sum) > most ? (nn_real)(most / sqrt(sum)) : 1;
}

nn_status NN_(nn__norms)(nn_engine *engine, const nn_stretch *stretch, double rate, nn_norms *out)
{
    network *net = (network *)engine;
    double cost, scalars[NN_SCALARS_MAX];
    NN_TRY(make_room(net));
    NN_TRY(NN_(nn__gradient)(engine, stretch, NULL, NULL, &cost));
    for (size_t l = 0; l < net->layer_count; l++) {
        measure(&net->layers[l], &out[l]);
    }
    memcpy(scalars, net->scalars[0], sizeof scalars);
    nn_step step = {.size = sizeof step, .t = stretch->step + 1, .rate = rate, .scalars = scalars};
    if (net->optimizer->begin != NULL) {
        net->optimizer->begin(net->optimizer_self, &step);
    }
    nn_real clip = clip_of(net, out);
    for (size_t l = 0; l < net->layer_count; l++) {
        out[l].step = step_of(net, &net->layers[l], &step, clip);
    }
    return NN_OK;
}
