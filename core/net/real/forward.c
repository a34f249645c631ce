/* SPDX-License-Identifier: MIT */
/* Forward: z_l = a_{l-1} w_l' + b_l,  a_l = f_l(z_l). */
#include "net/real/network.h"

#include "base/random.h"

#include <string.h>

/* What is multiplied is activated before it leaves the second-level cache. */
enum { FORWARD_ROWS = 192 };

/* Share of values other than zero below which lists of them are faster than panels, and how many
 * rows it is measured on. */
static const double sparse_most = 0.4;
enum { SPARSE_SAMPLE = 64, SPARSE_INPUTS_MOST = 65535 };

/* Those other than zero among at most SPARSE_INPUTS_MOST, in as few bits as hold their number. */
static uint16_t others_of_bytes(const uint8_t *row, size_t count)
{
    uint16_t others = 0;
    for (size_t f = 0; f < count; f++) {
        others = (uint16_t)(others + (row[f] != 0));
    }
    return others;
}

static uint16_t others_of_reals(const nn_real *row, size_t count)
{
    uint16_t others = 0;
    for (size_t f = 0; f < count; f++) {
        others = (uint16_t)(others + (row[f] != 0));
    }
    return others;
}

static bool mostly_zero(const network *net, const nn_input *input, const uint32_t *order,
                        size_t count)
{
    size_t rows = count < SPARSE_SAMPLE ? count : SPARSE_SAMPLE, others = 0;
    const nn_real *reals = input->reals;
    for (size_t r = 0; r < rows; r++) {
        size_t at = sample_at(order, r) * net->inputs;
        others += input->bytes != NULL ? others_of_bytes(input->bytes + at, net->inputs)
                                       : others_of_reals(reals + at, net->inputs);
    }
    return (double)others < sparse_most * (double)(rows * net->inputs);
}

static void one_scale(network *net, nn_real scale, nn_real shift)
{
    for (size_t f = 0; f < net->inputs; f++) {
        net->input_scale[f] = scale;
        net->input_shift[f] = shift;
    }
    net->shifted = shift != 0;
    net->even_scale = true;
}

void input_scales(network *net, const nn_input *input)
{
    if (input->scale_count <= 1) {
        bool given = input->scale_count == 1;
        one_scale(net, given ? (nn_real)input->scale[0] : 1, given ? (nn_real)input->shift[0] : 0);
        return;
    }
    net->shifted = false;
    net->even_scale = true;
    size_t at = 0; /* scales repeat: one a channel, or one a feature */
    for (size_t f = 0; f < net->inputs; f++) {
        net->input_scale[f] = (nn_real)input->scale[at];
        net->input_shift[f] = (nn_real)input->shift[at];
        net->shifted = net->shifted || net->input_shift[f] != 0;
        net->even_scale = net->even_scale && net->input_scale[f] == net->input_scale[0];
        at = at + 1 == input->scale_count ? 0 : at + 1;
    }
}

bool input_is_sparse(const network *net, const nn_input *input, const uint32_t *order, size_t count)
{
    return !net->shifted && net->inputs <= SPARSE_INPUTS_MOST
           && net->layers[0].panels >= net->plan.threads && mostly_zero(net, input, order, count);
}

void input_prepare(network *net, const nn_input *input, const uint32_t *order, size_t count,
                   bool dense)
{
    input_scales(net, input);
    net->sparse_inputs = !dense && input_is_sparse(net, input, order, count);
    net->base.skipped_zeros = net->sparse_inputs;
}

static void convert_bytes(const uint8_t *restrict from, const nn_real *restrict scale,
                          const nn_real *restrict shift, size_t count, nn_real *restrict to)
{
    if (count == PANEL) { /* a constant count: straight-line vector code */
        for (size_t k = 0; k < PANEL; k++) {
            to[k] = (nn_real)from[k] * scale[k] + shift[k];
        }
        return;
    }
    for (size_t k = 0; k < count; k++) {
        to[k] = (nn_real)from[k] * scale[k] + shift[k];
    }
    memset(to + count, 0, (PANEL - count) * sizeof *to);
}

static void convert_reals(const nn_real *restrict from, const nn_real *restrict scale,
                          const nn_real *restrict shift, size_t count, nn_real *restrict to)
{
    for (size_t k = 0; k < count; k++) {
        to[k] = from[k] * scale[k] + shift[k];
    }
    memset(to + count, 0, (PANEL - count) * sizeof *to);
}

static void gather_panels(const network *net, const nn_input *input, size_t at, nn_real *x,
                          size_t capacity)
{
    size_t features = net->inputs;
    const nn_real *reals = input->reals;
    for (size_t f = 0; f < features; f += PANEL) {
        nn_real *to = x + f * capacity;
        const nn_real *scale = net->input_scale + f, *shift = net->input_shift + f;
        size_t count = panel_width(features, f / PANEL);
        if (reals != NULL) {
            convert_reals(reals + at + f, scale, shift, count, to);
        } else {
            convert_bytes(input->bytes + at + f, scale, shift, count, to);
        }
    }
}

/* Samples lie anywhere in memory: those of the next batch are asked for in time. */
static void fetch_ahead(const network *net, const nn_input *input, size_t at)
{
    enum { LINE = 64 };
    const char *from = input->bytes != NULL ? (const char *)(input->bytes + at)
                                            : (const char *)((const nn_real *)input->reals + at);
    size_t bytes = net->inputs * (input->bytes != NULL ? 1 : sizeof(nn_real));
    for (size_t k = 0; k < bytes; k += LINE) {
        __builtin_prefetch(from + k, 0, 2);
    }
}

/* The list of rows r and r + 1, which lie at[0] and at[1] reals or bytes into the input; of `rows` 1, of r alone. */
static void gather_list(const network *net, const nn_input *input, const size_t at[2], size_t rows, size_t r,
                        inputs *to)
{
    nn_real *value = to->x + r * net->input_stride;
    const sparse_room room = {to->index + r * net->input_stride, {value, value + net->input_stride}};
    if (input->bytes != NULL) {
        const uint8_t *const pair[] = {input->bytes + at[0], rows == 1 ? NULL : input->bytes + at[1]};
        to->count[r] = sparse_bytes(net->sparse_places, pair, net->inputs, net->input_scale, net->even_scale,
                                    &room);
    } else {
        const nn_real *reals = input->reals;
        const nn_real *const pair[] = {reals + at[0], rows == 1 ? NULL : reals + at[1]};
        to->count[r] = sparse_reals(pair, net->inputs, net->input_scale, &room);
    }
}

void gather(const network *net, const nn_input *input, const uint32_t *order, size_t first,
            size_t r0, size_t r1, inputs *to, size_t capacity, size_t soon, size_t count)
{
    size_t features = net->inputs;
    for (size_t r = r0; r < r1; r++) {
        if (soon + r < count) {
            fetch_ahead(net, input, sample_at(order, soon + r) * features);
        }
        size_t at = sample_at(order, first + r) * features;
        if (!net->sparse_inputs) {
            gather_panels(net, input, at, to->x + r * PANEL, capacity);
        } else if (r % 2 == 0) {
            size_t rows = r + 1 < r1 ? 2 : 1;
            const size_t pair[] = {at, sample_at(order, first + r + rows - 1) * features};
            gather_list(net, input, pair, rows, r, to);
        }
    }
}

/* An activation that needs whole rows: through row-major copies, a chunk at a time. */
static void activate_rows(const layer *at, worker *self, const nn_real *z, nn_real *a,
                          size_t capacity, size_t r0, size_t r1)
{
    for (size_t r = r0; r < r1; r += CHUNK_ROWS) {
        size_t count = r1 - r < CHUNK_ROWS ? r1 - r : CHUNK_ROWS;
        panel_get(z, capacity, at->units, r, count, self->plain[0]);
        at->f->forward(at->f_self, count, at->units, self->plain[0], self->plain[1]);
        panel_set(a, capacity, at->units, r, count, self->plain[1]);
    }
}

void layer_forward(const network *net, worker *self, size_t l, unsigned flip, const nn_real *in,
                   const sparse *few, size_t capacity, nn_real *z, nn_real *a, part where)
{
    const layer *at = &net->layers[l];
    product job = {
        .a = in,
        .b = at->w[flip],
        .start = at->b[flip],
        .c = z,
        .a_rows = capacity,
        .b_rows = at->inputs,
        .depth = at->inputs,
        .cols = at->units,
    };
    bool last = l + 1 == net->layer_count;
    for (size_t r = where.r0; r < where.r1; r += FORWARD_ROWS) {
        size_t end = where.r1 - r < FORWARD_ROWS ? where.r1 : r + FORWARD_ROWS;
        if (few != NULL) {
            sparse_multiply(few, at->w[flip], at->inputs, at->units, at->b[flip], z, capacity, r,
                            end, where.p0, where.p1);
        } else {
            multiply(&job, r, end, where.p0, where.p1);
        }
        if (last) {
            continue;
        }
        if (!at->elementwise) {
            activate_rows(at, self, z, a, capacity, r, end);
            continue;
        }
        for (size_t p = where.p0; p < where.p1; p++) {
            size_t from = (p * capacity + r) * PANEL;
            at->f->forward(at->f_self, 1, (end - r) * PANEL, z + from, a + from);
        }
    }
}

/* Dropout draws 16 bits a unit: share = round(dropout * 65536) of them drop it.  Stream "dropout" of
 * (epoch and layer, position of the sample in the epoch), 64 bits for 4 units. */
static void draw_mask(const nn_stream *stream, double dropout, size_t unit, nn_real *mask)
{
    uint64_t words[(PANEL + 3) / 4];
    nn_random_words(stream, unit / 4, (PANEL + 3) / 4, words);
    uint64_t share_dropped = (uint64_t)(dropout * 65536 + 0.5);
    nn_real kept = (nn_real)(1 / (1 - dropout));
    for (size_t k = 0; k < PANEL; k++) {
        uint64_t bits = words[k / 4] >> (16 * (k % 4)) & 0xffff;
        mask[k] = bits < share_dropped ? 0 : kept;
    }
}

void drop(const network *net, size_t l, const nn_stretch *stretch, size_t first, nn_real *mask,
          const nn_real *from, nn_real *to, part where)
{
    const nn_topology *topology = net->base.topology;
    double dropout = l == 0 ? topology->input_dropout : net->layers[l - 1].dropout;
    nn_real own[PANEL];
    for (size_t r = where.r0; r < where.r1; r++) {
        nn_stream stream = nn_stream_make(topology->seed, "dropout", stretch->epoch << 16 | l,
                                          stretch->position + first + r);
        for (size_t p = where.p0; p < where.p1; p++) {
            size_t at = (p * net->rows + r) * PANEL;
            nn_real *m = mask == NULL ? own : mask + at;
            draw_mask(&stream, dropout, p * PANEL, m);
            for (size_t k = 0; k < PANEL; k++) {
                to[at + k] = from[at + k] * m[k];
            }
        }
    }
}

void outputs_of(const network *net, worker *self, const nn_real *z, size_t capacity, size_t r,
                size_t count)
{
    const layer *last = &net->layers[net->layer_count - 1];
    panel_get(z, capacity, last->units, r, count, self->plain[0]);
    last->f->forward(last->f_self, count, last->units, self->plain[0], self->plain[1]);
}

void targets_of(const network *net, worker *self, const nn_input *input, const uint32_t *order,
                size_t first, size_t count, int32_t *labels, const int32_t **labels_out,
                const nn_real **y_out)
{
    size_t outputs = net->outputs;
    bool by_class = input->labels != NULL && (net->cost->flags & NN_TAKES_CLASSES) != 0;
    nn_real *y = self->plain[3];
    for (size_t r = 0; r < count; r++) {
        size_t at = sample_at(order, first + r);
        if (input->labels == NULL) {
            memcpy(y + r * outputs, (const nn_real *)input->targets + at * outputs,
                   outputs * sizeof *y);
            continue;
        }
        labels[r] = input->labels[at];
        if (!by_class) { /* one-hot */
            memset(y + r * outputs, 0, outputs * sizeof *y);
            y[r * outputs + (size_t)labels[r]] = 1;
        }
    }
    *labels_out = by_class ? labels : NULL;
    *y_out = by_class ? NULL : y;
}

uint64_t hits(const network *net, const nn_real *a, size_t count, const int32_t *labels,
              int32_t *predictions)
{
    uint64_t correct = 0;
    for (size_t r = 0; r < count; r++) {
        const nn_real *row = a + r * net->outputs;
        size_t best = 0;
        for (size_t j = 1; j < net->outputs; j++) {
            best = row[j] > row[best] ? j : best;
        }
        if (labels != NULL) {
            correct += (size_t)labels[r] == best;
        }
        if (predictions != NULL) {
            predictions[r] = (int32_t)best;
        }
    }
    return correct;
}
