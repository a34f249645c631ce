/* SPDX-License-Identifier: MIT */
/* The four equations of back-propagation (Nielsen 2015, Neural Networks and Deep Learning, ch. 2):
 *
 *   BP1  dz_L = da_L * f_L'(z_L)                    output_backward()
 *   BP2  dz_l = (dz_{l+1} w_{l+1}) * f_l'(z_l)      layer_backward()
 *   BP3  dC/db_l = mean over samples of dz_l        biases_backward()
 *   BP4  dC/dw_l = dz_l' a_{l-1} / n                weights_backward()
 *
 * dz is each sample's own gradient; the division by n happens where samples are summed.
 */
#include "net/real/network.h"

#include <math.h>
#include <string.h>

/* v - v is 0 for every finite v and NaN for the others. */
bool finite_rows(const nn_real *v, size_t rows, size_t width)
{
    vec sum[PANEL_VECTORS] = {0};
    nn_real rest = 0;
    for (size_t r = 0; r < rows; r++, v += PANEL) {
        if (width == PANEL) {
            for (size_t k = 0; k < PANEL_VECTORS; k++) {
                vec x = vec_load(v + k * LANES);
                sum[k] += x - x;
            }
            continue;
        }
        for (size_t k = 0; k < width; k++) {
            rest += v[k] - v[k];
        }
    }
    for (size_t k = 0; k < PANEL; k++) {
        rest += sum[k / LANES][k % LANES];
    }
    return rest == 0;
}

static bool finite_plain(const nn_real *v, size_t count)
{
    nn_real rest = 0;
    for (size_t k = 0; k < count; k++) {
        rest += v[k] - v[k];
    }
    return rest == 0;
}

static void scale_rows(const nn_real *from, nn_real factor, size_t count, nn_real *to)
{
    for (size_t k = 0; k < count; k++) {
        to[k] = from[k] * factor;
    }
}

/* One chunk of BP1: plain[0] = z, plain[1] = a on entry; plain[2] = dz on return. */
static void chunk_gradient(const network *net, worker *self, size_t count, const nn_real *y,
                           const int32_t *labels)
{
    const layer *last = &net->layers[net->layer_count - 1];
    nn_real *z = self->plain[0], *a = self->plain[1], *da = self->plain[2];
    if (net->linked) {
        net->cost->link_gradient(net->cost_self, count, last->units, a, y, labels, da);
        return;
    }
    net->cost->gradient(net->cost_self, count, last->units, a, y, labels, da);
    last->f->backward(last->f_self, count, last->units, last->needs_z ? z : NULL,
                      last->needs_a ? a : NULL, da, da);
}

void output_backward(network *net, worker *self, const nn_stretch *stretch, const batch *now,
                     size_t r0, size_t r1, bool report)
{
    size_t units = net->outputs;
    for (size_t r = r0; r < r1; r += CHUNK_ROWS) {
        size_t count = r1 - r < CHUNK_ROWS ? r1 - r : CHUNK_ROWS;
        int32_t label_room[CHUNK_ROWS];
        const int32_t *labels;
        const nn_real *y;
        outputs_of(net, self, self->last_z, net->rows, r, count);
        targets_of(net, self, stretch->input, stretch->order, now->first + r, count, label_room,
                   &labels, &y);
        const nn_real *a = self->plain[1];
        if (!finite_plain(a, count * units)) {
            blame_outputs(net, self, now, count);
        }
        if (report) {
            double cost = net->cost->value(net->cost_self, count, units, a, y, labels);
            net->chunk_cost[now->index % 2][r / CHUNK_ROWS] = cost;
            if (!isfinite(cost)) {
                blame_cost(net, self, now, cost);
            }
            if (stretch->input->labels != NULL) {
                self->correct += hits(net, a, count, label_room, NULL);
            }
        }
        chunk_gradient(net, self, count, y, labels);
        if (!finite_plain(self->plain[2], count * units)) {
            blame_gradient(net, self, now, count, y, labels);
        }
        panel_set(self->last_dz, net->rows, units, r, count, self->plain[2]);
        if (now->kind == UPDATE_FOLDED) {
            scale_rows(self->plain[2], now->scale, count * units, self->plain[2]);
            panel_set(self->last_scaled, net->rows, units, r, count, self->plain[2]);
        }
    }
}

static const nn_real *dz_of(const network *net, const worker *self, size_t l)
{
    return l + 1 == net->layer_count ? self->last_dz : net->layers[l].dz;
}

static const nn_real *scaled_of(const network *net, const worker *self, size_t l)
{
    return l + 1 == net->layer_count ? self->last_scaled : net->layers[l].dz_scaled;
}

/* da becomes dz in place, for an activation that needs whole rows. */
static void rows_backward(const network *net, worker *self, const layer *at, const batch *now,
                          part where)
{
    unsigned k = at->twin_out ? now->flip : 0;
    for (size_t r = where.r0; r < where.r1; r += CHUNK_ROWS) {
        size_t count = where.r1 - r < CHUNK_ROWS ? where.r1 - r : CHUNK_ROWS;
        nn_real *z = NULL, *a = NULL, *da = self->plain[2];
        if (at->needs_z) {
            z = self->plain[0];
            panel_get(at->z[k], net->rows, at->units, r, count, z);
        }
        if (at->needs_a) {
            a = self->plain[1];
            panel_get(at->a[k], net->rows, at->units, r, count, a);
        }
        panel_get(at->dz, net->rows, at->units, r, count, da);
        at->f->backward(at->f_self, count, at->units, z, a, da, da);
        panel_set(at->dz, net->rows, at->units, r, count, da);
    }
}

static void panel_backward(const layer *at, unsigned k, size_t from, size_t rows, size_t width)
{
    nn_real *dz = at->dz + from;
    at->f->backward(at->f_self, 1, rows * PANEL, at->needs_z ? at->z[k] + from : NULL,
                    at->needs_a ? at->a[k] + from : NULL, dz, dz);
    for (size_t r = 0; r < rows && width < PANEL;
         r++) { /* nothing comes of columns that are none */
        memset(dz + r * PANEL + width, 0, (PANEL - width) * sizeof *dz);
    }
}

void layer_backward(network *net, worker *self, size_t l, const batch *now, part where)
{
    layer *at = &net->layers[l], *above = &net->layers[l + 1];
    product job = {
        .a = dz_of(net, self, l + 1),
        .b = above->w[above->twin ? now->flip : 0],
        .c = at->dz,
        .a_rows = net->rows,
        .b_rows = above->inputs,
        .depth = above->units,
        .cols = at->units,
    };
    multiply_transposed(&job, where.r0, where.r1, where.p0, where.p1, self->transposed);
    size_t rows = where.r1 - where.r0;
    for (size_t p = where.p0; p < where.p1; p++) {
        size_t from = (p * net->rows + where.r0) * PANEL;
        if (at->mask != NULL && now->dropout) {
            for (size_t k = 0; k < rows * PANEL; k++) {
                at->dz[from + k] *= at->mask[from + k];
            }
        }
        if (at->elementwise) {
            panel_backward(at, at->twin_out ? now->flip : 0, from, rows, panel_width(at->units, p));
        }
    }
    if (!at->elementwise) {
        rows_backward(net, self, at, now, where);
    }
    for (size_t p = where.p0; p < where.p1; p++) {
        size_t from = (p * net->rows + where.r0) * PANEL;
        if (!finite_rows(at->dz + from, rows, PANEL)) {
            blame_backward(net, self, l, now, (part){where.r0, where.r1, p, p + 1});
        }
        if (now->kind == UPDATE_FOLDED) {
            scale_rows(at->dz + from, now->scale, rows * PANEL, at->dz_scaled + from);
        }
    }
}

const nn_real *input_of(const network *net, size_t l, const batch *now)
{
    if (l == 0) {
        return now->in->x;
    }
    const layer *below = &net->layers[l - 1];
    unsigned k = below->twin_out ? now->flip : 0;
    return now->dropout ? below->out[k] : below->a[k];
}

/* What an update will read: on its way while the gradient is computed, where that takes long
 * enough. */
enum { FETCH_ROWS = 32 };

static void fetch_block(const network *net, const layer *at, const nn_real *w, size_t from,
                        size_t count)
{
    enum { LINE = 64 / (int)sizeof(nn_real) };
    for (size_t k = 0; k < count; k += LINE) {
        __builtin_prefetch(w + k, 1, 2);
    }
    for (size_t s = 0; s < net->base.slot_count; s++) {
        for (size_t k = 0; k < count; k += LINE) {
            __builtin_prefetch(at->slot_w[s] + from + k, 1, 2);
        }
    }
}

void weights_backward(network *net, worker *self, size_t l, const batch *now, size_t i0, size_t i1,
                      size_t p)
{
    layer *at = &net->layers[l];
    unsigned flip = at->twin ? now->flip : 0;
    const nn_real *a = input_of(net, l, now);
    size_t from = (p * at->inputs + i0) * PANEL, count = (i1 - i0) * PANEL;
    size_t dz_from = p * net->rows * PANEL;
    const nn_real *w = at->w[flip] + from;
    nn_real *w_next = at->w[!flip] + from;
    if (now->kind == UPDATE_FOLDED) {
        outer(a, net->rows, scaled_of(net, self, l) + dz_from, now->rows, panel_width(at->units, p),
              i0, i1, w, now->decay, w_next);
        return;
    }
    nn_real *g = now->kind == UPDATE_STORED ? at->gw + from : self->block;
    const nn_real *dz = dz_of(net, self, l) + dz_from;
    for (size_t i = i0; i < i1; i += PANEL) {
        size_t end = i1 - i < PANEL ? i1 : i + PANEL, done = (i - i0) * PANEL;
        if (now->rows >= FETCH_ROWS) {
            fetch_block(net, at, w + done, from + done, (end - i) * PANEL);
        }
        outer(a, net->rows, dz, now->rows, PANEL, i, end, NULL, 0, g + done);
    }
    penalise(net->base.topology, now->mean, count, w, g);
    if (now->kind == UPDATE_MEASURED) {
        measure_weights(net, now, l, p, count, g, from);
    } else if (now->kind != UPDATE_STORED) {
        update_apply(net, now, count, w, w_next, g, at->slot_w, from);
    }
}

void biases_backward(network *net, worker *self, size_t l, const batch *now, size_t p)
{
    layer *at = &net->layers[l];
    unsigned flip = at->twin ? now->flip : 0;
    bool folded = now->kind == UPDATE_FOLDED;
    const nn_real *dz = folded ? scaled_of(net, self, l) : dz_of(net, self, l);
    dz += p * net->rows * PANEL;
    vec sum[PANEL_VECTORS] = {0};
    for (size_t r = 0; r < now->rows; r++, dz += PANEL) {
        for (size_t k = 0; k < PANEL_VECTORS; k++) {
            sum[k] += vec_load(dz + k * LANES);
        }
    }
    size_t from = p * PANEL;
    const nn_real *b = at->b[flip] + from;
    nn_real *b_next = at->b[!flip] + from;
    for (size_t k = 0; k < PANEL_VECTORS; k++) {
        if (folded) {
            vec keep = vec_all((nn_real)now->affine.a[0][0]);
            vec_store(b_next + k * LANES, keep * vec_load(b + k * LANES) + sum[k]);
        } else {
            vec_store(self->block + k * LANES, sum[k] * vec_all(now->mean));
        }
    }
    if (now->kind == UPDATE_STORED) {
        memcpy(at->gb + from, self->block, PANEL * sizeof *b);
    } else if (now->kind == UPDATE_MEASURED) {
        measure_biases(net, now, l, p, self->block);
    } else if (!folded) {
        update_apply(net, now, PANEL, b, b_next, self->block, at->slot_b, from);
    }
}

/* Layer 0 where its inputs are lists, SPARSE_PANELS panels at a time: enough that reading a list
 * pays, few enough that weights which decay, or a gradient, are still near when its rows are added
 * to. */
static void inputs_folded(const network *net, worker *self, const batch *now, const sparse *few,
                          size_t p0, size_t p1)
{
    const layer *at = &net->layers[0];
    nn_real *w = at->w[0] + p0 * at->inputs * PANEL;
    if (now->decay != 1) {
        scale_rows(w, now->decay, (p1 - p0) * at->inputs * PANEL, w);
    }
    sparse_outer(few, now->rows, scaled_of(net, self, 0), net->rows, at->units, at->w[0],
                 at->inputs, p0, p1);
}

static void inputs_gradient(const network *net, worker *self, const batch *now, const sparse *few,
                            size_t p0, size_t p1)
{
    const layer *at = &net->layers[0];
    size_t panel_size = at->inputs * PANEL, from = p0 * panel_size;
    bool stored = now->kind == UPDATE_STORED;
    nn_real *g = stored ? at->gw + from : self->columns;
    memset(g, 0, (p1 - p0) * panel_size * sizeof *g);
    sparse_outer(few, now->rows, dz_of(net, self, 0) + p0 * net->rows * PANEL, net->rows,
                 at->units - p0 * PANEL, g, at->inputs, 0, p1 - p0);
    for (size_t p = p0; p < p1; p++) {
        for (size_t done = 0; done < panel_size; done += UPDATE_INPUTS * PANEL) {
            size_t left = panel_size - done,
                   count = left < UPDATE_INPUTS * PANEL ? left : UPDATE_INPUTS * PANEL;
            size_t at_w = p * panel_size + done;
            nn_real *w = at->w[0] + at_w, *hot = g + at_w - from;
            penalise(net->base.topology, now->mean, count, w, hot);
            if (now->kind == UPDATE_MEASURED) {
                measure_weights(net, now, 0, p, count, hot, at_w);
            } else if (!stored) {
                update_apply(net, now, count, w, w, hot, at->slot_w, at_w);
            }
        }
    }
}

void inputs_backward(network *net, worker *self, const batch *now, size_t p0, size_t p1)
{
    sparse few = sparse_of(net, now->in);
    for (size_t p = p0; p < p1; p += SPARSE_PANELS) {
        size_t end = p1 - p < SPARSE_PANELS ? p1 : p + SPARSE_PANELS;
        if (now->kind == UPDATE_FOLDED) {
            inputs_folded(net, self, now, &few, p, end);
        } else {
            inputs_gradient(net, self, now, &few, p, end);
        }
    }
}
