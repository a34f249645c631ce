/* SPDX-License-Identifier: MIT */
#include "run/gradcheck.h"

#include "base/random.h"
#include "data/order.h"
#include "run/inside.h"

#include <nnrun/activation.h>
#include <nnrun/cost.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum { SAMPLES_USUAL = 16, KINKS_MOST = 16 };
static const double STEP_USUAL = 1e-4;
/* What rounding may do to a difference: a tenth of what is allowed. */
static const double NOISE_MOST = NN_GRADCHECK_ALLOWED / 10;

struct check {
    nn_arena *arena;
    nn_engine *engine;
    const nn_topology *topology;
    const nn_input *input;
    uint32_t *rows; /* the batch: samples of input */
    nn_stretch stretch;
    double step;
    double **w, **b, **dw, **db; /* a layer each */
    /* On which side of which kinks each z of each layer lies, and each output for the cost. */
    uint8_t **sides, *cost_sides;
    double *layer_kinks; /* layer_count x KINKS_MOST */
    size_t *layer_kink_count;
};

static nn_status reals(struct check *c, size_t count, double **out)
{
    return NN_ARENA_ALLOC(c->arena, out, count);
}

/* --- the batch --------------------------------------------------------------------------------------------- */

/* Targets of `count` samples as the cost takes them. */
static void targets_of(const struct check *c, const uint32_t *rows, size_t count, double *y,
                       int32_t *labels, const double **y_out, const int32_t **labels_out)
{
    const nn_cost *cost = c->topology->cost->ops;
    const nn_input *input = c->input;
    size_t outputs = c->topology->outputs;
    bool by_class = input->labels != NULL && (cost->flags & NN_TAKES_CLASSES) != 0;
    for (size_t r = 0; r < count; r++) {
        if (input->labels == NULL) {
            memcpy(y + r * outputs, (const double *)input->targets + rows[r] * outputs,
                   outputs * sizeof *y);
            continue;
        }
        labels[r] = input->labels[rows[r]];
        memset(y + r * outputs, 0, outputs * sizeof *y);
        y[r * outputs + (size_t)labels[r]] = 1;
    }
    *y_out = by_class ? NULL : y;
    *labels_out = by_class ? labels : NULL;
}

/* How far rounding the outputs of one sample moves a difference of its cost: the cost changes by
 * |da| |a| epsilon where each output changes in its last place. */
static double noise_of(const struct check *c, const double *a, const double *da)
{
    double sum = 0;
    for (size_t j = 0; j < c->topology->outputs; j++) {
        sum += fabs(da[j] * a[j]);
    }
    return sum * DBL_EPSILON / c->step;
}

/* Takes samples of the run's first epoch until the batch is full. */
static nn_status choose_batch(struct check *c, const nn__sources *sources, size_t wanted,
                              nn_gradcheck *out)
{
    const nn_component *cost = c->topology->cost;
    const nn_cost *ops = cost->ops;
    size_t outputs = c->topology->outputs, block = c->topology->batch_size;
    uint32_t *order;
    int32_t *label_room;
    double *y_room, *da;
    NN_TRY(NN_ARENA_ALLOC(c->arena, &order, sources->train_count));
    NN_TRY(NN_ARENA_ALLOC(c->arena, &label_room, block));
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->rows, wanted));
    NN_TRY(reals(c, block * outputs, &y_room));
    NN_TRY(reals(c, block * outputs, &da));
    nn_order_shuffle(c->topology->seed, 0, sources->train_rows, sources->train_count, order);
    out->samples = 0;
    for (size_t at = 0; at < sources->train_count && out->samples < wanted; at += block) {
        size_t left = sources->train_count - at, count = left < block ? left : block;
        nn_stretch stretch = {.input = c->input, .order = order + at, .count = count};
        nn_trace trace;
        const double *y;
        const int32_t *labels;
        NN_TRY(nn_engine_trace(c->engine, &stretch, false, &trace));
        const double *a = trace.a[c->topology->layer_count - 1];
        targets_of(c, order + at, count, y_room, label_room, &y, &labels);
        ops->gradient(cost->self, count, outputs, (const void *)a, (const void *)y, labels,
                      (void *)da);
        for (size_t r = 0; r < count && out->samples < wanted; r++) {
            if (noise_of(c, a + r * outputs, da + r * outputs) <= NOISE_MOST) {
                c->rows[out->samples++] = order[at + r];
            } else {
                out->saturated++;
            }
        }
    }
    if (out->samples == 0) {
        return nn_fail(NN_ERR_CHECK, "the outputs of all %zu training samples are saturated: their "
                       "cost cannot be differentiated by differences; smaller initial weights help",
                       sources->train_count);
    }
    c->stretch = (nn_stretch){.input = c->input, .order = c->rows, .count = out->samples};
    return NN_OK;
}

/* --- kinks ------------------------------------------------------------------------------------------------- */

/* Two for each kink passed, one for one that is met exactly. */
static uint8_t side_of(double value, const double *kinks, size_t count)
{
    unsigned side = 0;
    for (size_t k = 0; k < count; k++) {
        side += (unsigned)(value > kinks[k]) + (unsigned)(value >= kinks[k]);
    }
    return (uint8_t)side;
}

static size_t kinks_of(const nn_component *component, double *kinks)
{
    const nn_activation *f = component->ops;
    if (f->find_kinks != NULL) {
        return f->find_kinks(component->self, KINKS_MOST, kinks);
    }
    size_t count = f->kink_count < KINKS_MOST ? f->kink_count : KINKS_MOST;
    for (size_t k = 0; k < count; k++) {
        kinks[k] = f->kinks[k];
    }
    return count;
}

/* Compares a side with the one remembered, or remembers it. */
static bool side_changes(uint8_t *at, uint8_t side, bool remember)
{
    if (remember) {
        *at = side;
    }
    return *at != side;
}

static bool layers_cross(struct check *c, const nn_trace *trace, bool remember)
{
    bool crossed = false;
    for (size_t l = 0; l < c->topology->layer_count; l++) {
        size_t kinks = c->layer_kink_count[l];
        size_t count = kinks > 0 ? c->stretch.count * c->topology->layers[l].units : 0;
        const double *z = trace->z[l];
        for (size_t i = 0; i < count; i++) {
            uint8_t side = side_of(z[i], c->layer_kinks + l * KINKS_MOST, kinks);
            crossed |= side_changes(&c->sides[l][i], side, remember);
        }
    }
    return crossed;
}

static bool cost_crosses(struct check *c, const nn_trace *trace, bool remember)
{
    const nn_component *component = c->topology->cost;
    const nn_cost *cost = component->ops;
    if (cost->find_kinks == NULL) {
        return false;
    }
    bool crossed = false;
    size_t outputs = c->topology->outputs;
    const double *a = trace->a[c->topology->layer_count - 1];
    for (size_t i = 0; i < c->stretch.count * outputs; i++) {
        size_t sample = c->rows[i / outputs], column = i % outputs;
        int32_t label = c->input->labels == NULL ? 0 : c->input->labels[sample];
        double kinks[KINKS_MOST], y = (size_t)label == column;
        if (c->input->labels == NULL) {
            y = ((const double *)c->input->targets)[sample * outputs + column];
        }
        size_t count = cost->find_kinks(component->self, y, label, column, KINKS_MOST, kinks);
        crossed |= side_changes(&c->cost_sides[i], side_of(a[i], kinks, count), remember);
    }
    return crossed;
}

/* --- differences ------------------------------------------------------------------------------------------- */

static double penalty(const nn_topology *t, double w)
{
    return t->l2 / 2 * w * w + t->l1 * fabs(w);
}

/* The cost with *place changed to `value`; *place is a weight or bias of layer l. */
static nn_status cost_at(struct check *c, size_t l, bool bias, double *place, double value,
                         double *cost, bool *crossed)
{
    double kept = *place;
    nn_trace trace;
    *place = value;
    nn_engine_set(c->engine, l, c->w[l], c->b[l]);
    *place = kept;
    NN_TRY(nn_engine_trace(c->engine, &c->stretch, true, &trace));
    *crossed = *crossed || layers_cross(c, &trace, false) || cost_crosses(c, &trace, false);
    *cost = trace.cost + (bias ? 0 : penalty(c->topology, value));
    return NN_OK;
}

static nn_status difference(struct check *c, size_t l, bool bias, double *place, double *numeric,
                            bool *crossed)
{
    static const double weights[] = {1, -8, 8, -1};
    static const double steps[] = {-2, -1, 1, 2};
    double sum = 0, h = c->step, w = *place;
    *crossed = !bias && c->topology->l1 > 0 && fabs(w) <= 2 * h;
    for (size_t k = 0; k < 4 && !*crossed; k++) {
        double cost;
        NN_TRY(cost_at(c, l, bias, place, w + steps[k] * h, &cost, crossed));
        sum += weights[k] * cost;
    }
    *numeric = sum / (12 * h);
    return NN_OK;
}

/* Point `i` of `points` spread over `count` elements: one from each of as many equal parts. */
static size_t point(const nn_stream *stream, size_t i, size_t points, size_t count)
{
    if (points >= count) {
        return i;
    }
    size_t from = (size_t)((double)count * (double)i / (double)points);
    size_t to = (size_t)((double)count * (double)(i + 1) / (double)points);
    uint64_t position = i;
    return from + (size_t)(nn_random_bits(stream, position) % (uint64_t)(to > from ? to - from : 1));
}

static nn_status check_array(struct check *c, size_t points, nn_gradcheck_array *out)
{
    size_t count = out->outputs * out->inputs, l = out->layer;
    points = points == 0 || points > count ? count : points;
    nn_stream stream = nn_stream_make(c->topology->seed, "gradcheck", l, out->bias);
    for (size_t i = 0; i < points; i++) {
        size_t at = point(&stream, i, points, count);
        double *place = (out->bias ? c->b[l] : c->w[l]) + at, numeric;
        double analytic = (out->bias ? c->db[l] : c->dw[l])[at];
        bool crossed;
        NN_TRY(difference(c, l, out->bias, place, &numeric, &crossed));
        if (crossed) {
            out->kinked++;
            continue;
        }
        double error = fabs(analytic - numeric) / fmax(1, fabs(analytic));
        if (out->checked == 0 || !(error <= out->error)) {
            out->error = error;
            out->row = at / out->inputs;
            out->column = at % out->inputs;
            out->analytic = analytic;
            out->numeric = numeric;
        }
        out->checked++;
    }
    nn_engine_set(c->engine, l, c->w[l], c->b[l]);
    return NN_OK;
}

/* --- all of it --------------------------------------------------------------------------------------------- */

static nn_status copy_layers(struct check *c)
{
    size_t layers = c->topology->layer_count;
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->w, layers));
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->b, layers));
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->dw, layers));
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->db, layers));
    for (size_t l = 0; l < layers; l++) {
        size_t units = c->topology->layers[l].units;
        size_t weights = units * c->topology->layers[l].inputs;
        NN_TRY(reals(c, weights, &c->w[l]));
        NN_TRY(reals(c, units, &c->b[l]));
        NN_TRY(reals(c, weights, &c->dw[l]));
        NN_TRY(reals(c, units, &c->db[l]));
        nn_engine_get(c->engine, l, c->w[l], c->b[l]);
    }
    return NN_OK;
}

static nn_status find_kinks(struct check *c)
{
    size_t layers = c->topology->layer_count, rows = c->stretch.count;
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->sides, layers));
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->layer_kink_count, layers));
    NN_TRY(NN_ARENA_ALLOC(c->arena, &c->cost_sides, rows * c->topology->outputs));
    NN_TRY(reals(c, layers * KINKS_MOST, &c->layer_kinks));
    for (size_t l = 0; l < layers; l++) {
        NN_TRY(NN_ARENA_ALLOC(c->arena, &c->sides[l], rows * c->topology->layers[l].units));
        c->layer_kink_count[l] = kinks_of(c->topology->layers[l].activation,
                                          c->layer_kinks + l * KINKS_MOST);
    }
    return NN_OK;
}

/* The engine's gradient and cost, and what both must agree with. */
static nn_status analytic(struct check *c, nn_gradcheck *out)
{
    nn_trace trace;
    double sum = 0;
    NN_TRY(nn_engine_gradient(c->engine, &c->stretch, (void *const *)c->dw, (void *const *)c->db,
                              &out->cost));
    NN_TRY(nn_engine_trace(c->engine, &c->stretch, true, &trace));
    (void)layers_cross(c, &trace, true);
    (void)cost_crosses(c, &trace, true);
    for (size_t l = 0; l < c->topology->layer_count; l++) {
        size_t weights = c->topology->layers[l].units * c->topology->layers[l].inputs;
        for (size_t i = 0; i < weights; i++) {
            sum += penalty(c->topology, c->w[l][i]);
        }
    }
    out->cost_error = fabs(out->cost - (trace.cost + sum)) / fmax(1, fabs(out->cost));
    return NN_OK;
}

static nn_status check_all(struct check *c, size_t points, nn_gradcheck *out)
{
    out->array_count = 2 * c->topology->layer_count;
    NN_TRY(NN_ARENA_ALLOC(c->arena, &out->arrays, out->array_count));
    out->right = out->cost_error <= NN_GRADCHECK_ALLOWED;
    size_t checked = 0;
    for (size_t i = 0; i < out->array_count; i++) {
        const nn_layer *layer = &c->topology->layers[i / 2];
        bool bias = i % 2 == 1;
        nn_gradcheck_array *array = &out->arrays[i];
        *array = (nn_gradcheck_array){.layer = i / 2, .bias = bias, .outputs = layer->units,
                                      .inputs = bias ? 1 : layer->inputs};
        NN_TRY(check_array(c, points, array));
        out->right = out->right && (array->checked == 0 || array->error <= NN_GRADCHECK_ALLOWED);
        out->worst = !(array->error <= out->arrays[out->worst].error) ? i : out->worst;
        checked += array->checked;
    }
    return checked > 0 ? NN_OK : nn_fail(NN_ERR_CHECK, "every point lies at a kink: no gradient could "
                                         "be checked; a smaller --step or fewer --samples may help");
}

nn_status nn_gradcheck_run(nn_session *s, const nn_gradcheck_options *options, nn_gradcheck *out)
{
    NN_TRY(nn__open_network(s));
    if (s->topology.bits != 64) {
        return nn_fail(NN_ERR_STATE, "gradients are checked in float64");
    }
    struct check c = {
        .arena = s->arena,
        .engine = s->engine,
        .topology = &s->topology,
        .input = &s->sources.train_input,
        .step = options->step > 0 ? options->step : STEP_USUAL,
    };
    size_t wanted = options->samples > 0 ? options->samples : SAMPLES_USUAL;
    wanted = wanted < s->topology.batch_size ? wanted : s->topology.batch_size;
    *out = (nn_gradcheck){.step = c.step};
    NN_TRY(choose_batch(&c, &s->sources, wanted, out));
    NN_TRY(copy_layers(&c));
    NN_TRY(find_kinks(&c));
    NN_TRY(analytic(&c, out));
    return check_all(&c, options->points, out);
}
