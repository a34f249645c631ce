/* SPDX-License-Identifier: MIT */
/* A fixed amount of training, to be counted instruction by instruction: `steps W1|W3 PLUGINS`.
 *
 * One thread, float32, the AVX2 path, plugins from the folder PLUGINS; inputs by a fixed rule, a fifth
 * of them other than zero, as in images of digits.  callgrind counts what happens inside
 * nn_engine_train(). */
#include "base/random.h"
#include "net/engine.h"
#include "plugin/bind.h"
#include "spec/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 784, OUTPUTS = 10, PATTERN = 5 };

struct work {
    const char *name;
    size_t units[4];
    const char *hidden, *last, *cost, *optimizer;
    size_t batch, batches;
    double rate;
};

static const struct work works[] = {
    {"W1", {30, OUTPUTS}, "sigmoid", "sigmoid", "quadratic", "sgd", 10, 40, 3.0},
    {"W3", {512, 512, OUTPUTS}, "relu", "softmax", "categorical_cross_entropy", "adam", 128, 2, 1e-3},
};

struct maker {
    nn_arena *arena;
    nn_registry *registry;
    nn_diagnostics *diagnostics;
    nn_host *host;
};

static void must(nn_status status)
{
    if (status != NN_OK) {
        fprintf(stderr, "steps: %s: %s\n", nn_status_name(status), nn_story());
        exit(1);
    }
}

static nn_component *component(struct maker *m, nn_kind kind, const char *name)
{
    nn_node *node;
    nn_component *made = NULL;
    must(nn_node_scalar(m->arena, name, (nn_place){0}, &node));
    nn_use use = {.name = name, .node = node, .path = "steps"};
    must(nn_bind(m->registry, kind, &use, 32, NN_ISA_X86_64_V3, m->host, m->arena, m->diagnostics,
                 &made));
    if (made == NULL) {
        fprintf(stderr, "steps: there is no %s %s\n", nn_kind_name(kind), name);
        exit(1);
    }
    nn_shape shape = {.size = sizeof shape, .units = OUTPUTS, .batch = 1};
    must(nn_component_create(made, &shape));
    return made;
}

static nn_engine *build(struct maker *m, const struct work *work, nn_topology *topology,
                        nn_layer *layers)
{
    size_t inputs = INPUTS, count = 0;
    for (; work->units[count] > 0; count++) {
        bool last = work->units[count + 1] == 0;
        layers[count] = (nn_layer){
            .inputs = inputs,
            .units = work->units[count],
            .activation = component(m, NN_KIND_ACTIVATION, last ? work->last : work->hidden),
            .initializer = component(m, NN_KIND_INITIALIZER, "scaled_normal"),
        };
        inputs = work->units[count];
    }
    *topology = (nn_topology){
        .bits = 32,
        .isa = NN_ISA_X86_64_V3,
        .seed = 1,
        .batch_size = work->batch,
        .inputs = INPUTS,
        .layers = layers,
        .layer_count = count,
        .outputs = OUTPUTS,
        .classes = true,
        .cost = component(m, NN_KIND_COST, work->cost),
        .optimizer = component(m, NN_KIND_OPTIMIZER, work->optimizer),
        .host = m->host,
    };
    nn_engine *engine;
    must(nn_engine_create(topology, NULL, &engine));
    return engine;
}

int main(int count, char **arguments)
{
    const struct work *work = NULL;
    for (size_t k = 0; count == 3 && k < sizeof works / sizeof works[0]; k++) {
        work = strcmp(works[k].name, arguments[1]) == 0 ? &works[k] : work;
    }
    if (work == NULL) {
        fprintf(stderr, "steps: usage: steps W1|W3 PLUGINS\n");
        return 2;
    }
    struct maker m = {0};
    must(nn_arena_create(&m.arena));
    must(nn_diagnostics_create(m.arena, &m.diagnostics));
    must(nn_registry_create(NULL, &m.registry));
    must(nn_registry_add(m.registry, arguments[2], true));
    must(nn_host_create(m.arena, 32, NULL, ".", &m.host));
    nn_layer layers[4];
    nn_topology topology;
    nn_engine *engine = build(&m, work, &topology, layers);

    size_t rows = work->batch * work->batches;
    uint8_t *bytes = calloc(rows, INPUTS);
    int32_t *labels = calloc(rows, sizeof *labels);
    double *rates = calloc(work->batches, sizeof *rates), scale = 1.0 / 255, shift = 0;
    nn_stream stream = nn_stream_make(1, "steps", 0, 0);
    for (size_t i = 0; i < rows * INPUTS; i++) {
        uint64_t bits = nn_random_bits(&stream, i);
        bytes[i] = bits % PATTERN == 0 ? (uint8_t)(bits >> 8) : 0;
    }
    for (size_t r = 0; r < rows; r++) {
        labels[r] = (int32_t)(r % OUTPUTS);
    }
    for (size_t b = 0; b < work->batches; b++) {
        rates[b] = work->rate;
    }
    nn_input input = {.bytes = bytes, .scale = &scale, .shift = &shift, .scale_count = 1,
                      .labels = labels};
    nn_stretch stretch = {.input = &input, .count = rows, .rates = rates};
    nn_tally tally = {0};
    must(nn_engine_train(engine, &stretch, &tally));
    printf("%s: cost %.6f\n", work->name, tally.cost / (double)tally.rows);
    nn_engine_destroy(engine);
    free(bytes);
    free(labels);
    free(rates);
    nn_registry_destroy(m.registry);
    nn_arena_destroy(m.arena);
    return 0;
}
