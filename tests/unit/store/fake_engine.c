/* SPDX-License-Identifier: MIT */
#include "fake_engine.h"

#include <string.h>

void fake_engine_init(nn_engine *engine, unsigned bits)
{
    static const char *const names[] = {"sigmoid", "scaled_normal", "zeros", "momentum"};
    memset(engine, 0, sizeof *engine);
    for (size_t i = 0; i < 4; i++) {
        engine->components[i].name = names[i];
    }
    for (size_t l = 0; l < FAKE_LAYERS; l++) {
        engine->layers[l] = (nn_layer){
            .inputs = l == 0 ? FAKE_INPUTS : FAKE_HIDDEN,
            .units = l == 0 ? FAKE_HIDDEN : FAKE_OUTPUTS,
            .activation = &engine->components[0],
            .initializer = &engine->components[1],
            .bias_initializer = &engine->components[2],
        };
    }
    engine->topology = (nn_topology){
        .bits = bits, .inputs = FAKE_INPUTS, .layers = engine->layers, .layer_count = FAKE_LAYERS,
        .outputs = FAKE_OUTPUTS, .classes = true, .optimizer = &engine->components[3],
    };
}

void fake_engine_fill(nn_engine *engine, unsigned seed)
{
    double *values = &engine->weight[0][0][0], *biases = &engine->bias[0][0][0];
    for (size_t i = 0; i < sizeof engine->weight / sizeof *values; i++) {
        values[i] = (double)((i * 7 + seed) % 101) / 64 - 0.5;
    }
    for (size_t i = 0; i < sizeof engine->bias / sizeof *biases; i++) {
        biases[i] = (double)((i * 5 + seed) % 103) / 64 - 0.5;
    }
    engine->scalars[0] = 0.1 + seed;
}

/* Layer by layer: the tails of the arrays are room, not network. */
bool fake_engine_equal(const nn_engine *a, const nn_engine *b)
{
    bool equal = memcmp(a->scalars, b->scalars, sizeof a->scalars) == 0;
    for (size_t s = 0; s <= FAKE_SLOTS; s++) {
        for (size_t l = 0; l < FAKE_LAYERS; l++) {
            size_t units = a->layers[l].units, count = units * a->layers[l].inputs;
            equal = equal && memcmp(a->weight[s][l], b->weight[s][l], count * sizeof(double)) == 0
                 && memcmp(a->bias[s][l], b->bias[s][l], units * sizeof(double)) == 0;
        }
    }
    return equal;
}

static void out_of(unsigned bits, const double *from, size_t count, void *to)
{
    for (size_t i = 0; i < count; i++) {
        if (bits == 64) {
            ((double *)to)[i] = from[i];
        } else {
            ((float *)to)[i] = (float)from[i];
        }
    }
}

static void into(unsigned bits, double *to, size_t count, const void *from)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = bits == 64 ? ((const double *)from)[i] : (double)((const float *)from)[i];
    }
}

static void get(const nn_engine *engine, size_t set, size_t layer, size_t first, size_t count, void *weight,
                void *bias)
{
    size_t inputs = engine->layers[layer].inputs;
    out_of(engine->topology.bits, engine->weight[set][layer] + first * inputs, count * inputs, weight);
    out_of(engine->topology.bits, engine->bias[set][layer] + first, count, bias);
}

static void put(nn_engine *engine, size_t set, size_t layer, const void *weight, const void *bias)
{
    const nn_layer *shape = &engine->layers[layer];
    into(engine->topology.bits, engine->weight[set][layer], shape->units * shape->inputs, weight);
    into(engine->topology.bits, engine->bias[set][layer], shape->units, bias);
}

const nn_topology *nn_engine_topology(const nn_engine *engine)
{
    return &engine->topology;
}

void nn_engine_get_units(const nn_engine *engine, size_t layer, size_t first, size_t count, void *weight,
                         void *bias)
{
    get(engine, 0, layer, first, count, weight, bias);
}

void nn_engine_get(const nn_engine *engine, size_t layer, void *weight, void *bias)
{
    get(engine, 0, layer, 0, engine->layers[layer].units, weight, bias);
}

void nn_engine_set(nn_engine *engine, size_t layer, const void *weight, const void *bias)
{
    put(engine, 0, layer, weight, bias);
}

size_t nn_engine_slot_count(const nn_engine *engine)
{
    (void)engine;
    return FAKE_SLOTS;
}

const char *nn_engine_slot_name(const nn_engine *engine, size_t slot)
{
    (void)engine;
    return slot == 0 ? "velocity" : "mean_square";
}

void nn_engine_get_slot_units(const nn_engine *engine, size_t slot, size_t layer, size_t first, size_t count,
                              void *weight, void *bias)
{
    get(engine, 1 + slot, layer, first, count, weight, bias);
}

void nn_engine_set_slot(nn_engine *engine, size_t slot, size_t layer, const void *weight,
                        const void *bias)
{
    put(engine, 1 + slot, layer, weight, bias);
}

size_t nn_engine_scalar_count(const nn_engine *engine)
{
    (void)engine;
    return FAKE_SCALARS;
}

const char *nn_engine_scalar_name(const nn_engine *engine, size_t scalar)
{
    (void)engine;
    (void)scalar;
    return "beta_product";
}

double *nn_engine_scalars(nn_engine *engine)
{
    return engine->scalars;
}

uint64_t nn_topology_parameters(const nn_topology *topology)
{
    uint64_t count = 0;
    for (size_t l = 0; l < topology->layer_count; l++) {
        count += topology->layers[l].units * (topology->layers[l].inputs + 1);
    }
    return count;
}
