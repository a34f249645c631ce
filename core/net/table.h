/* SPDX-License-Identifier: MIT */
/* What a compiled engine gives to engine.c: the functions of engine.h for one precision and one
 * instruction set.  Inside this room only. */
#ifndef NN_NET_TABLE_H
#define NN_NET_TABLE_H

#include "net/engine.h"

#include <nnrun/optimizer.h>

typedef struct nn__engine_table {
    nn_status (*create)(const nn_topology *topology, nn_pool *pool, nn_engine **out);
    void (*destroy)(nn_engine *engine);
    nn_status (*train)(nn_engine *engine, const nn_stretch *stretch, nn_tally *tally);
    nn_status (*evaluate)(nn_engine *engine, const nn_input *input, const uint32_t *order,
                          size_t count, nn_tally *tally, void *outputs, int32_t *predictions);
    void (*forward_begin)(nn_engine *engine, const nn_input *input);
    nn_status (*forward)(nn_engine *engine, size_t thread, const nn_input *input, size_t count,
                         void *outputs, int32_t *predictions);
    nn_status (*gradient)(nn_engine *engine, const nn_stretch *stretch, void *const *dw,
                          void *const *db, double *cost);
    nn_status (*trace)(nn_engine *engine, const nn_stretch *stretch, bool dropout, nn_trace *out);
    nn_status (*norms)(nn_engine *engine, const nn_stretch *stretch, double rate, nn_norms *out);
    void (*get)(const nn_engine *engine, size_t layer, size_t first, size_t count, void *weight, void *bias);
    void (*set)(nn_engine *engine, size_t layer, const void *weight, const void *bias);
    void (*get_slot)(const nn_engine *engine, size_t slot, size_t layer, size_t first, size_t count, void *weight,
                     void *bias);
    void (*set_slot)(nn_engine *engine, size_t slot, size_t layer, const void *weight,
                     const void *bias);
    double (*peak)(double seconds); /* of one thread */
} nn__engine_table;

/* The front of every engine; the rest belongs to its precision. */
struct nn_engine {
    const nn__engine_table *table;
    const nn_topology *topology;
    nn_pool *pool;
    const volatile sig_atomic_t *interrupt; /* NULL: nobody interrupts */
    size_t bytes;
    bool skipped_zeros;
    const char *slot_names[NN_SLOTS_MAX];
    size_t slot_count;
    const char *scalar_names[NN_SCALARS_MAX];
    size_t scalar_count;
    double *scalars; /* those in force: one of two sets that take turns */
};

#endif
