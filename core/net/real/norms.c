/* SPDX-License-Identifier: MIT */
/* Norms of gradient, weights and next step of each layer, a block of one panel at a time and while
 * the block's gradient is hot: nothing as large as the weights is kept.  Sums are in double. */
#include "net/real/network.h"

#include <math.h>
#include <string.h>

enum { BLOCK_REALS = UPDATE_INPUTS * PANEL };

/* Sum of squares of the first `width` columns of `rows` rows, or of their distance from `from`. */
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

/* The optimizer's step on copies of weights and slots. */
void measure_weights(const network *net, const batch *now, size_t l, size_t p, size_t count,
                     nn_real *g, size_t offset)
{
    const layer *at = &net->layers[l];
    const nn_real *w = at->w[0] + offset;
    nn_real *next = net->norms_room, *slots[NN_SLOTS_MAX] = {NULL};
    size_t rows = count / PANEL, width = panel_width(at->units, p);
    nn_norms *sums = &now->measured->sums[l];
    sums->weight += squares(w, NULL, rows, width);
    sums->gradient += squares(g, NULL, rows, width);
    for (size_t k = 0; k < count; k++) {
        g[k] *= now->measured->clip;
    }
    memcpy(next, w, count * sizeof *w);
    for (size_t s = 0; s < net->base.slot_count; s++) {
        slots[s] = next + (s + 1) * BLOCK_REALS;
        memcpy(slots[s], at->slot_w[s] + offset, count * sizeof *w);
    }
    net->optimizer->update(net->optimizer_self, &now->step, count, next, g, slots);
    sums->step += squares(next, w, rows, width);
}

void measure_biases(const network *net, const batch *now, size_t l, size_t p, const nn_real *g)
{
    now->measured->sums[l].gradient += squares(g, NULL, 1, panel_width(net->layers[l].units, p));
}

static nn_status make_room(network *net)
{
    if (net->norms_room != NULL) {
        return NN_OK;
    }
    return network_reals(net, (1 + net->base.slot_count) * BLOCK_REALS, "norms", &net->norms_room);
}

static nn_real clip_of(const network *net, const nn_norms *sums)
{
    double sum = 0, most = net->base.topology->gradient_clip;
    for (size_t l = 0; l < net->layer_count; l++) {
        sum += sums[l].gradient;
    }
    return most > 0 && sqrt(sum) > most ? (nn_real)(most / sqrt(sum)) : 1;
}

/* Sums of squares over one batch. */
static nn_status sum_up(network *net, const nn_stretch *stretch, nn_real clip, nn_norms *sums)
{
    const measured how = {.sums = sums, .clip = clip};
    memset(sums, 0, net->layer_count * sizeof *sums);
    run all = {.fate = GRADIENT_MEASURED, .measured = &how, .dropout = true};
    return one_batch(net, stretch, false, &all);
}

nn_status NN_(nn__norms)(nn_engine *engine, const nn_stretch *stretch, double rate, nn_norms *out)
{
    network *net = (network *)engine;
    nn_stretch probe = *stretch;
    probe.rates = &rate;
    NN_TRY(make_room(net));
    NN_TRY(sum_up(net, &probe, 1, out));
    nn_real clip = clip_of(net, out);
    if (clip != 1) { /* known only when all of the gradient has been seen */
        NN_TRY(sum_up(net, &probe, clip, out));
    }
    for (size_t l = 0; l < net->layer_count; l++) {
        out[l] = (nn_norms){.gradient = sqrt(out[l].gradient),
                            .weight = sqrt(out[l].weight),
                            .step = sqrt(out[l].step)};
    }
    return NN_OK;
}
