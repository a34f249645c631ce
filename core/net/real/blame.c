/* SPDX-License-Identifier: MIT */
/* Who gave the first number that is not finite: a component, or nobody (sums that grew too large).
 *
 * Asked only once such a number was seen, so all is computed again from what is still there, one
 * element at a time: an activation that writes a over z takes its z with it. */
#include "net/real/network.h"

#include <math.h>

static void mishap_at(worker *self, mishap bad)
{
    if (bad.batch < self->bad.batch || (bad.batch == self->bad.batch && bad.rank < self->bad.rank)) {
        self->bad = bad;
    }
}

static size_t place(size_t capacity, size_t r, size_t c)
{
    return c / PANEL * capacity * PANEL + r * PANEL + c % PANEL;
}

/* Index of the first of `count` that is not finite; count where there is none. */
static size_t first_bad(const nn_real *v, size_t count)
{
    size_t k = 0;
    while (k < count && isfinite(v[k])) {
        k++;
    }
    return k;
}

/* z of one unit in one row again, and whether its inputs and weights are all finite. */
static double sum_again(const network *net, size_t l, const batch *now, const nn_real *in, const sparse *few,
                        size_t r, size_t unit, bool *inputs_good, bool *weights_good)
{
    const layer *at = &net->layers[l];
    unsigned flip = at->twin ? now->flip : 0;
    const nn_real *w = at->w[flip];
    double sum = (double)at->b[flip][unit];
    *weights_good = isfinite(sum);
    *inputs_good = true;
    for (size_t i = 0; i < at->inputs; i++) {
        *weights_good = *weights_good && isfinite(w[place(at->inputs, i, unit)]);
    }
    size_t pair = r / 2 * 2, count = few != NULL ? few->count[pair] : at->inputs;
    for (size_t k = 0; k < count; k++) {
        size_t i = few != NULL ? few->index[pair * few->stride + k] : k;
        double x = few != NULL ? (double)few->value[r * few->stride + k] : (double)in[place(net->rows, r, i)];
        *inputs_good = *inputs_good && isfinite(x);
        sum += x * (double)w[place(at->inputs, i, unit)];
    }
    return (double)(nn_real)sum;
}

/* What makes z of a row and unit not finite; ACTIVATION where it is. */
static nn_fault fault_of(const network *net, size_t l, const batch *now, const nn_real *in, const sparse *few,
                         size_t r, size_t unit, double *z)
{
    bool inputs_good, weights_good;
    *z = sum_again(net, l, now, in, few, r, unit, &inputs_good, &weights_good);
    if (!weights_good) {
        return NN_FAULT_UPDATE;
    }
    if (!inputs_good) {
        return NN_FAULT_INPUT;
    }
    return isfinite(*z) ? NN_FAULT_ACTIVATION : NN_FAULT_SUM;
}

void blame_forward(const network *net, worker *self, size_t l, const batch *now, const nn_real *in,
                   const sparse *few, const nn_real *a, part where)
{
    const layer *at = &net->layers[l];
    size_t width = panel_width(at->units, where.p0);
    mishap bad = {.batch = now->index, .rank = l};
    for (size_t r = where.r0; r < where.r1; r++) {
        const nn_real *row = a + (where.p0 * net->rows + r) * PANEL;
        size_t k = first_bad(row, width);
        if (k == width) {
            continue;
        }
        bad.value = (double)row[k];
        bad.fault = fault_of(net, l, now, in, few, r, where.p0 * PANEL + k, &bad.given);
        /* Where an output hangs on the whole row, so does the blame. */
        for (size_t u = 0; !at->elementwise && u < at->units && bad.fault == NN_FAULT_ACTIVATION; u++) {
            double z;
            bad.fault = fault_of(net, l, now, in, few, r, u, &z);
        }
        mishap_at(self, bad);
        return;
    }
}

void blame_outputs(const network *net, worker *self, const batch *now, size_t count)
{
    size_t l = net->layer_count - 1, all = count * net->outputs;
    const layer *last = &net->layers[l];
    size_t k = first_bad(self->plain[1], all), row = k / net->outputs * net->outputs;
    mishap bad = {.batch = now->index, .rank = l, .fault = NN_FAULT_ACTIVATION,
                  .given = (double)self->plain[0][k], .value = (double)self->plain[1][k]};
    size_t of = first_bad(self->plain[0] + row, net->outputs);
    if (of < net->outputs) {
        unsigned flip = last->twin ? now->flip : 0;
        bool good = isfinite(last->b[flip][of]);
        for (size_t i = 0; i < last->inputs; i++) {
            good = good && isfinite(last->w[flip][place(last->inputs, i, of)]);
        }
        bad.fault = good ? NN_FAULT_SUM : NN_FAULT_UPDATE;
    }
    mishap_at(self, bad);
}

void blame_cost(const network *net, worker *self, const batch *now, double cost)
{
    mishap_at(self, (mishap){now->index, net->layer_count, NN_FAULT_COST, cost, cost});
}

void blame_gradient(const network *net, worker *self, const batch *now, size_t count, const nn_real *y,
                    const int32_t *labels)
{
    const layer *last = &net->layers[net->layer_count - 1];
    nn_real *da = self->plain[2], *a = self->plain[1];
    size_t all = count * last->units, k = first_bad(da, all);
    mishap bad = {now->index, net->layer_count + 1, NN_FAULT_GRADIENT, (double)da[k], (double)da[k]};
    if (!net->linked) {
        /* Another chunk's dz takes the place of this one's next. */
        nn_real dz = da[k];
        net->cost->gradient(net->cost_self, count, last->units, a, y, labels, da);
        if (first_bad(da, all) == all) {
            bad = (mishap){now->index, net->layer_count + 1, NN_FAULT_DERIVATIVE, (double)da[k], (double)dz};
        }
        last->f->backward(last->f_self, count, last->units, last->needs_z ? self->plain[0] : NULL,
                          last->needs_a ? a : NULL, da, da);
    }
    mishap_at(self, bad);
}

void blame_backward(const network *net, worker *self, size_t l, const batch *now, part where)
{
    const layer *at = &net->layers[l], *above = &net->layers[l + 1];
    const nn_real *w = above->w[above->twin ? now->flip : 0];
    const nn_real *dz_above = l + 2 == net->layer_count ? self->last_dz : above->dz;
    for (size_t r = where.r0; r < where.r1; r++) {
        const nn_real *row = at->dz + (where.p0 * net->rows + r) * PANEL;
        size_t k = first_bad(row, PANEL), i = where.p0 * PANEL + k;
        if (k == PANEL) {
            continue;
        }
        double da = 0;
        for (size_t u = 0; u < above->units && i < at->units; u++) {
            da += (double)dz_above[place(net->rows, r, u)] * (double)w[place(above->inputs, i, u)];
        }
        da = (double)(nn_real)da;
        nn_fault fault = isfinite(da) ? NN_FAULT_DERIVATIVE : NN_FAULT_SUM;
        mishap_at(self, (mishap){now->index, 2 * net->layer_count - l, fault, da, (double)row[k]});
        return;
    }
}

void blame_update(const network *net, worker *self, size_t l, size_t index)
{
    mishap_at(self, (mishap){index, 2 * net->layer_count + 1 + l, NN_FAULT_UPDATE, 0, 0});
}
