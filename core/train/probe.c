/* SPDX-License-Identifier: MIT */
#include "train/probe.h"

#include "base/memory.h"

#include <nnrun/activation.h>
#include <nnrun/optimizer.h>

#include <math.h>
#include <string.h>

/* An activation with a smaller slope than this counts as saturated. */
static const double SLOPE_LEAST = 0.01;
/* The probe sees no more of a batch: it has room to save, not time to win. */
enum { ROWS_MOST = 128 };

struct nn_probe {
    const nn_training *training;
    const nn_topology *topology;
    size_t layer_count, rows;
    nn_norms *norms; /* a layer each */
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
    size_t real = topology->bits / 8, units_most = 0;
    const char *what = "the probe";
    for (size_t l = 0; l < probe->layer_count; l++) {
        size_t units = topology->layers[l].units;
        units_most = units > units_most ? units : units_most;
    }
    NN_TRY(NN_ALLOC(&probe->norms, probe->layer_count, what));
    NN_TRY(nn_alloc((probe->rows + 1) * units_most, real, what, &probe->da));
    NN_TRY(nn_alloc(probe->rows * units_most, real, what, &probe->dz));
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
    probe->rows = training->batch_size < ROWS_MOST ? training->batch_size : ROWS_MOST;
    probe->rows = probe->rows < training->row_count ? probe->rows : training->row_count;
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
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        nn_free(probe->values[p]);
    }
    nn_free(probe->norms);
    nn_free(probe->da);
    nn_free(probe->dz);
    nn_free(probe);
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

nn_status nn_probe_measure(nn_probe *probe, nn_record *record)
{
    const nn_training *t = probe->training;
    nn_stretch stretch = {
        .input = t->input, .order = t->rows, .count = probe->rows, .step = record->step};
    nn_trace trace;
    NN_TRY(nn_engine_norms(t->engine, &stretch, record->rate, probe->norms));
    NN_TRY(nn_engine_trace(t->engine, &stretch, false, &trace));
    for (size_t l = 0; l < probe->layer_count; l++) {
        const nn_norms *norms = &probe->norms[l];
        probe->values[NN_PROBE_GRADIENT_NORM][l] = norms->gradient;
        probe->values[NN_PROBE_WEIGHT_NORM][l] = norms->weight;
        probe->values[NN_PROBE_UPDATE_RATIO][l] =
            norms->weight > 0 ? norms->step / norms->weight : 0;
        probe->values[NN_PROBE_SATURATION][l] = saturation(probe, l, &trace);
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        record->probe[p] = probe->values[p];
    }
    return NN_OK;
}
