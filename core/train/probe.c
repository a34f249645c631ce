/* SPDX-License-Identifier: MIT */
#include "train/probe.h"

#include "base/memory.h"

#include <math.h>

struct nn_probe {
    const nn_training *training;
    const nn_topology *topology;
    size_t layer_count, rows;
    void **dw, **db; /* a layer each, reals of the engine */
    void *weight;    /* room for the largest layer */
    double *values[NN_PROBE_COUNT];
};

static nn_status probe_init(nn_probe *probe)
{
    const nn_topology *topology = probe->topology;
    size_t real = topology->bits / 8, largest = 0;
    NN_TRY(NN_ALLOC(&probe->dw, probe->layer_count, "the probe"));
    NN_TRY(NN_ALLOC(&probe->db, probe->layer_count, "the probe"));
    for (size_t l = 0; l < probe->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        size_t weights = layer->inputs * layer->units;
        largest = weights > largest ? weights : largest;
        NN_TRY(nn_alloc(weights, real, "the probe", &probe->dw[l]));
        NN_TRY(nn_alloc(layer->units, real, "the probe", &probe->db[l]));
    }
    NN_TRY(nn_alloc(largest, real, "the probe", &probe->weight));
    NN_TRY(NN_ALLOC(&probe->values[NN_PROBE_GRADIENT_NORM], probe->layer_count, "the probe"));
    return NN_ALLOC(&probe->values[NN_PROBE_WEIGHT_NORM], probe->layer_count, "the probe");
}

nn_status nn_probe_create(const nn_training *training, nn_probe **out)
{
    nn_probe *probe;
    NN_TRY(NN_ALLOC(&probe, 1, "the probe"));
    probe->training = training;
    probe->topology = nn_engine_topology(training->engine);
    probe->layer_count = probe->topology->layer_count;
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
    nn_free(probe->dw);
    nn_free(probe->db);
    nn_free(probe->weight);
    nn_free(probe);
}

/* Euclidean norm of an array of reals, summed in double from the front. */
static double norm(const void *reals, size_t count, unsigned bits)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double v = bits == 32 ? (double)((const float *)reals)[i] : ((const double *)reals)[i];
        sum += v * v;
    }
    return sqrt(sum);
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
        double w = norm(probe->dw[l], weights, bits), b = norm(probe->db[l], layer->units, bits);
        nn_engine_get(t->engine, l, probe->weight, NULL);
        probe->values[NN_PROBE_GRADIENT_NORM][l] = hypot(w, b);
        probe->values[NN_PROBE_WEIGHT_NORM][l] = norm(probe->weight, weights, bits);
    }
    record->probe[NN_PROBE_GRADIENT_NORM] = probe->values[NN_PROBE_GRADIENT_NORM];
    record->probe[NN_PROBE_WEIGHT_NORM] = probe->values[NN_PROBE_WEIGHT_NORM];
    return NN_OK;
}
