/* SPDX-License-Identifier: MIT */
#include "net/engine.h"

#include "net/table.h"

#include <nnrun/optimizer.h>

/* One engine for each precision and instruction set the build compiles real/ for. */
#define ENGINE(bits, isa) nn__engine_table_f##bits##_##isa
#define DECLARE(isa)                                                                               \
    extern const nn__engine_table ENGINE(32, isa);                                                 \
    extern const nn__engine_table ENGINE(64, isa);

#if defined(__x86_64__)
DECLARE(v2)
DECLARE(v3)
DECLARE(v4)

static const nn__engine_table *choose(unsigned bits, nn_isa isa)
{
    switch (isa) {
    case NN_ISA_X86_64_V4:
        return bits == 32 ? &ENGINE(32, v4) : &ENGINE(64, v4);
    case NN_ISA_X86_64_V3:
        return bits == 32 ? &ENGINE(32, v3) : &ENGINE(64, v3);
    default:
        return bits == 32 ? &ENGINE(32, v2) : &ENGINE(64, v2);
    }
}
#else
DECLARE(any)

static const nn__engine_table *choose(unsigned bits, nn_isa isa)
{
    (void)isa;
    return bits == 32 ? &ENGINE(32, any) : &ENGINE(64, any);
}
#endif

static nn_status check_shapes(const nn_topology *topology)
{
    if (topology->layer_count == 0 || topology->inputs == 0 || topology->batch_size == 0) {
        return nn_fail(NN_ERR_SHAPE, "a network needs inputs, layers and a batch size of at least 1");
    }
    if (topology->bits != 32 && topology->bits != 64) {
        return nn_fail(NN_ERR_SHAPE, "reals have 32 or 64 bits, not %u", topology->bits);
    }
    size_t inputs = topology->inputs;
    for (size_t l = 0; l < topology->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        if (layer->inputs != inputs || layer->units == 0) {
            return nn_fail(NN_ERR_SHAPE, "layer %zu takes %zu inputs and has %zu units, but %zu come", l,
                           layer->inputs, layer->units, inputs);
        }
        inputs = layer->units;
    }
    if (topology->outputs != inputs) {
        return nn_fail(NN_ERR_SHAPE, "the last layer has %zu units, but the network %zu outputs",
                       inputs, topology->outputs);
    }
    return NN_OK;
}

nn_status nn_engine_create(const nn_topology *topology, nn_pool *pool, nn_engine **out)
{
    NN_TRY(check_shapes(topology));
    const nn__engine_table *table = choose(topology->bits, topology->isa);
    nn_engine *engine;
    NN_TRY(table->create(topology, pool, &engine));
    engine->table = table;
    *out = engine;
    return NN_OK;
}

void nn_engine_destroy(nn_engine *engine)
{
    if (engine != NULL) {
        engine->table->destroy(engine);
    }
}

nn_status nn_engine_train(nn_engine *engine, const nn_stretch *stretch, nn_tally *tally)
{
    return engine->table->train(engine, stretch, tally);
}

void nn_engine_watch(nn_engine *engine, const volatile sig_atomic_t *interrupt)
{
    engine->interrupt = interrupt;
}

nn_status nn_engine_evaluate(nn_engine *engine, const nn_input *input, const uint32_t *order,
                             size_t count, nn_tally *tally, void *outputs, int32_t *predictions)
{
    return engine->table->evaluate(engine, input, order, count, tally, outputs, predictions);
}

void nn_engine_forward_begin(nn_engine *engine, const nn_input *input)
{
    engine->table->forward_begin(engine, input);
}

nn_status nn_engine_forward(nn_engine *engine, size_t thread, const nn_input *input, size_t count,
                            void *outputs, int32_t *predictions)
{
    return engine->table->forward(engine, thread, input, count, outputs, predictions);
}

nn_status nn_engine_gradient(nn_engine *engine, const nn_stretch *stretch, void *const *dw,
                             void *const *db, double *cost)
{
    return engine->table->gradient(engine, stretch, dw, db, cost);
}

nn_status nn_engine_trace(nn_engine *engine, const nn_stretch *stretch, bool dropout,
                          nn_trace *out)
{
    return engine->table->trace(engine, stretch, dropout, out);
}

nn_status nn_engine_norms(nn_engine *engine, const nn_stretch *stretch, double rate, nn_norms *out)
{
    return engine->table->norms(engine, stretch, rate, out);
}

const nn_topology *nn_engine_topology(const nn_engine *engine)
{
    return engine->topology;
}

size_t nn_engine_memory(const nn_engine *engine)
{
    return engine->bytes;
}

bool nn_engine_skipped_zeros(const nn_engine *engine)
{
    return engine->skipped_zeros;
}

struct peak {
    double (*of_one)(double seconds);
    double seconds, *found;
};

static nn_status measure_peak(void *context, size_t thread)
{
    struct peak *peak = context;
    peak->found[thread] = peak->of_one(peak->seconds);
    return NN_OK;
}

double nn_engine_peak(nn_engine *engine, double seconds)
{
    enum { THREADS_MOST = 1024 };
    double found[THREADS_MOST] = {0}, sum = 0;
    struct peak peak = {engine->table->peak, seconds, found};
    size_t threads = nn_pool_threads(engine->pool);
    if (threads > THREADS_MOST || nn_pool_run(engine->pool, measure_peak, &peak) != NN_OK) {
        return 0;
    }
    for (size_t t = 0; t < threads; t++) {
        sum += found[t];
    }
    return sum;
}

void nn_engine_get(const nn_engine *engine, size_t layer, void *weight, void *bias)
{
    nn_engine_get_units(engine, layer, 0, engine->topology->layers[layer].units, weight, bias);
}

void nn_engine_get_units(const nn_engine *engine, size_t layer, size_t first, size_t count, void *weight,
                         void *bias)
{
    engine->table->get(engine, layer, first, count, weight, bias);
}

void nn_engine_set(nn_engine *engine, size_t layer, const void *weight, const void *bias)
{
    engine->table->set(engine, layer, weight, bias);
}

size_t nn_engine_slot_count(const nn_engine *engine)
{
    return engine->slot_count;
}

const char *nn_engine_slot_name(const nn_engine *engine, size_t slot)
{
    return engine->slot_names[slot];
}

void nn_engine_get_slot_units(const nn_engine *engine, size_t slot, size_t layer, size_t first, size_t count,
                              void *weight, void *bias)
{
    engine->table->get_slot(engine, slot, layer, first, count, weight, bias);
}

void nn_engine_set_slot(nn_engine *engine, size_t slot, size_t layer, const void *weight,
                        const void *bias)
{
    engine->table->set_slot(engine, slot, layer, weight, bias);
}

size_t nn_engine_scalar_count(const nn_engine *engine)
{
    return engine->scalar_count;
}

const char *nn_engine_scalar_name(const nn_engine *engine, size_t scalar)
{
    return engine->scalar_names[scalar];
}

double *nn_engine_scalars(nn_engine *engine)
{
    return engine->scalars;
}
