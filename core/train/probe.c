/* SPDX-License-Identifier: MIT */
#include "train/probe.h"

#include "base/memory.h"

#include <nnrun/activation.h>
#include <nnrun/optimizer.h>

#include <math.h>
#include <string.h>

/* An activation with a smaller slope than this counts as saturated. */
static const double SLOPE_LEAST = 0.01;

struct nn_probe {
    const nn_training *training;
    const nn_topology *topology;
    size_t layer_count, rows, slot_count;
    bool updates;    /* there is an optimizer: update_ratio is measured */
    void **dw, **db; /* a layer each, reals of the engine */
    void *weight, *bias, *before;      /* room for the largest layer */
    void *slots[NN_SLOTS_MAX], *bias_slot;
    void *da, *dz;   /* saturation: rows + 1 and rows, x the most units */
    double *values[NN_PROBE_COUNT];
};

/* Reals of either precision, one by one: the probe has no time to win. */
static double real_get(const void *reals, size_t i, unsigned bits)
{
    return bits == 32 ? (double)((const float *)reals)[i] : ((const double *)reals)[i];
}

static void real_set(void *reals, size_t i, unsigned bits, double value)
{
    if (bits == 32) {
        ((float *)reals)[i] = (float)value;
    } else {
        ((double *)reals)[i] = value;
    }
}

static nn_status probe_init(nn_probe *probe)
{
    const nn_topology *topology = probe->topology;
    size_t real = topology->bits / 8, weights_most = 0, units_most = 0;
    const char *what = "the probe";
    NN_TRY(NN_ALLOC(&probe->dw, probe->layer_count, what));
    NN_TRY(NN_ALLOC(&probe->db, probe->layer_count, what));
    for (size_t l = 0; l < probe->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        size_t weights = layer->inputs * layer->units;
        weights_most = weights > weights_most ? weights : weights_most;
        units_most = layer->units > units_most ? layer->units : units_most;
        NN_TRY(nn_alloc(weights, real, what, &probe->dw[l]));
        NN_TRY(nn_alloc(layer->units, real, what, &probe->db[l]));
    }
    NN_TRY(nn_alloc(weights_most, real, what, &probe->weight));
    NN_TRY(nn_alloc(units_most, real, what, &probe->bias));
    for (size_t k = 0; k < probe->slot_count; k++) {
        NN_TRY(nn_alloc(weights_most, real, what, &probe->slots[k]));
    }
    NN_TRY(nn_alloc(units_most, real, what, &probe->bias_slot));
    NN_TRY(nn_alloc((probe->rows + 1) * units_most, real, what, &probe->da));
    NN_TRY(nn_alloc(probe->rows * units_most, real, what, &probe->dz));
    if (probe->updates) {
        NN_TRY(nn_alloc(weights_most, real, what, &probe->before));
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        NN_TRY(NN_ALLOC(&probe->values[p], probe->layer_count, what));
    }
    return NN_OK;
}

nn_status nn_probe_create(const nn_training *training, nn_probe **out)
{
    nn_probe *probe;
    NN_TRY(NN_ALLOC(&probe, 1, "the probe"));
    probe->training = training;
    probe->topology = nn_engine_topology(training->engine);
    probe->layer_count = probe->topology->layer_count;
    probe->slot_count = nn_engine_slot_count(training->engine);
    probe->updates = probe->topology->optimizer != NULL;
    probe->rows = training->batch_size < training->row_count ? training->batch_size
                                                             : training->row_count;
    nn_status status = probe_init(probe);
    if (status != NN_OK) {
        nn_probe_destroy(probe);
        return status;
    }
    *out = probe;
    return NN_OK;
}

void nn_probe_destroy(nn_probe *probe)
{
    if (probe == NULL) {
        return;
    }
    for (size_t l = 0; l < probe->layer_count; l++) {
        if (probe->dw != NULL) {
            nn_free(probe->dw[l]);
        }
        if (probe->db != NULL) {
            nn_free(probe->db[l]);
        }
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        nn_free(probe->values[p]);
    }
    for (size_t k = 0; k < NN_SLOTS_MAX; k++) {
        nn_free(probe->slots[k]);
    }
    nn_free(probe->dw);
    nn_free(probe->db);
    nn_free(probe->weight);
    nn_free(probe->bias);
    nn_free(probe->before);
    nn_free(probe->bias_slot);
    nn_free(probe->da);
    nn_free(probe->dz);
    nn_free(probe);
}

/* Euclidean norm of an array of reals, or of its distance from another, summed in double from the
 * front. */
static double norm(const void *reals, const void *from, size_t count, unsigned bits)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double v = real_get(reals, i, bits) - (from == NULL ? 0 : real_get(from, i, bits));
        sum += v * v;
    }
    return sqrt(sum);
}

/* What gradient_clip leaves of the whole gradient. */
static double clip_factor(const nn_probe *probe)
{
    double sum = 0, most = probe->topology->gradient_clip;
    for (size_t l = 0; l < probe->layer_count; l++) {
        double layer = probe->values[NN_PROBE_GRADIENT_NORM][l];
        sum += layer * layer;
    }
    return most > 0 && sqrt(sum) > most ? most / sqrt(sum) : 1;
}

/* The optimizer's step on copies: probe->weight holds w on entry, w' on return. */
static double update_ratio(nn_probe *probe, size_t l, const nn_step *step, double clip)
{
    const nn_engine *engine = probe->training->engine;
    const nn_topology *topology = probe->topology;
    const nn_optimizer *optimizer = topology->optimizer->ops;
    size_t count = topology->layers[l].inputs * topology->layers[l].units;
    unsigned bits = topology->bits;
    for (size_t k = 0; k < probe->slot_count; k++) {
        nn_engine_get_slot(engine, k, l, probe->slots[k], probe->bias_slot);
    }
    for (size_t i = 0; clip < 1 && i < count; i++) {
        real_set(probe->dw[l], i, bits, clip * real_get(probe->dw[l], i, bits));
    }
    memcpy(probe->before, probe->weight, count * bits / 8);
    optimizer->update(topology->optimizer->self, step, count, probe->weight, probe->dw[l],
                      (void *)probe->slots);
    double size = norm(probe->before, NULL, count, bits);
    return size > 0 ? norm(probe->weight, probe->before, count, bits) / size : 0;
}

/* dz = f'(z) element by element.  Where an output depends on its whole row (softmax), its own slope
 * da_j/dz_j: the j-th component of the vector-Jacobian product with the j-th unit vector. */
static void slopes(nn_probe *probe, size_t l, const void *z, const void *a)
{
    const nn_layer *layer = &probe->topology->layers[l];
    const nn_activation *f = layer->activation->ops;
    void *self = layer->activation->self;
    unsigned bits = probe->topology->bits;
    size_t units = layer->units, count = probe->rows * units, real = bits / 8;
    z = (f->flags & NN_NEEDS_Z) != 0 ? z : NULL;
    a = (f->flags & NN_NEEDS_A) != 0 ? a : NULL;
    if ((f->flags & NN_ELEMENTWISE) != 0) {
        for (size_t i = 0; i < count; i++) {
            real_set(probe->da, i, bits, 1);
        }
        f->backward(self, 1, count, z, a, probe->da, probe->dz);
        return;
    }
    char *da = probe->da, *row = da + units * real; /* a row of units, and what comes of it */
    for (size_t r = 0; r < probe->rows; r++) {
        const void *row_z = z == NULL ? NULL : (const char *)z + r * units * real;
        const void *row_a = a == NULL ? NULL : (const char *)a + r * units * real;
        for (size_t j = 0; j < units; j++) {
            memset(da, 0, units * real);
            real_set(da, j, bits, 1);
            f->backward(self, 1, units, row_z, row_a, (void *)da, (void *)row);
            real_set(probe->dz, r * units + j, bits, real_get(row, j, bits));
        }
    }
}

static double saturation(nn_probe *probe, size_t l, const nn_trace *trace)
{
    size_t count = probe->rows * probe->topology->layers[l].units, flat = 0;
    slopes(probe, l, trace->z[l], trace->a[l]);
    for (size_t i = 0; i < count; i++) {
        flat += fabs(real_get(probe->dz, i, probe->topology->bits)) < SLOPE_LEAST;
    }
    return (double)flat / (double)count;
}

static void measure_updates(nn_probe *probe, const nn_record *record)
{
    nn_engine *engine = probe->training->engine;
    const nn_component *component = probe->topology->optimizer;
    const nn_optimizer *optimizer = component->ops;
    double scalars[NN_SCALARS_MAX] = {0};
    for (size_t k = 0; k < nn_engine_scalar_count(engine); k++) {
        scalars[k] = nn_engine_scalars(engine)[k];
    }
    nn_step step = {.size = sizeof step, .t = record->step + 1, .rate = record->rate,
                    .scalars = scalars};
    if (optimizer->begin != NULL) {
        optimizer->begin(component->self, &step);
    }
    double clip = clip_factor(probe);
    for (size_t l = 0; l < probe->layer_count; l++) {
        nn_engine_get(engine, l, probe->weight, probe->bias);
        probe->values[NN_PROBE_UPDATE_RATIO][l] = update_ratio(probe, l, &step, clip);
    }
}

nn_status nn_probe_measure(nn_probe *probe, nn_record *record)
{
    const nn_training *t = probe->training;
    unsigned bits = probe->topology->bits;
    nn_stretch stretch = {.input = t->input, .order = t->rows, .count = probe->rows, .step = 0};
    double cost;
    NN_TRY(nn_engine_gradient(t->engine, &stretch, probe->dw, probe->db, &cost));
    for (size_t l = 0; l < probe->layer_count; l++) {
        const nn_layer *layer = &probe->topology->layers[l];
        size_t weights = layer->inputs * layer->units;
        double w = norm(probe->dw[l], NULL, weights, bits);
        double b = norm(probe->db[l], NULL, layer->units, bits);
        nn_engine_get(t->engine, l, probe->weight, probe->bias);
        probe->values[NN_PROBE_GRADIENT_NORM][l] = hypot(w, b);
        probe->values[NN_PROBE_WEIGHT_NORM][l] = norm(probe->weight, NULL, weights, bits);
    }
    if (probe->updates) {
        measure_updates(probe, record);
    }
    nn_trace trace;
    NN_TRY(nn_engine_trace(t->engine, &stretch, false, &trace));
    for (size_t l = 0; l < probe->layer_count; l++) {
        probe->values[NN_PROBE_SATURATION][l] = saturation(probe, l, &trace);
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        bool measured = p != NN_PROBE_UPDATE_RATIO || probe->updates;
        record->probe[p] = measured ? probe->values[p] : NULL;
    }
    return NN_OK;
}
