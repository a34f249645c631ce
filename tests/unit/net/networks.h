/* SPDX-License-Identifier: MIT */
/* Networks and samples for tests of the engine, as a test writes them down. */
#ifndef NN_TESTS_NET_NETWORKS_H
#define NN_TESTS_NET_NETWORKS_H

#include "check.h"
#include "parts.h"

#include "net/engine.h"

#include <stdlib.h>

static struct sgd plain_sgd = {.rate = 0.5};
static nn_component sgd = {.kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &plain_sgd};
static nn_component adam = {.kind = NN_KIND_OPTIMIZER, .ops = &adam_ops};

static const nn_isa isas[] = {NN_ISA_X86_64_V2, NN_ISA_X86_64_V3, NN_ISA_X86_64_V4};

static inline bool runs_here(nn_isa isa)
{
#if defined(__x86_64__)
    switch (isa) {
    case NN_ISA_X86_64_V4:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    case NN_ISA_X86_64_V3:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default:
        return true;
    }
#else
    return isa == NN_ISA_X86_64_V2;
#endif
}

/* A network as a test writes it down. */
struct net {
    size_t inputs, batch;
    size_t units[10], count;
    nn_component *hidden, *last, *cost, *optimizer;
    double dropout, l1, l2, max_norm, clip, rate;
    double shift; /* of the inputs: not 0, and none of them is zero */
    nn_layer layers[10];
    nn_topology topology;
};

static inline const nn_topology *describe(struct net *net, nn_isa isa)
{
    size_t inputs = net->inputs;
    for (net->count = 0; net->units[net->count] > 0; net->count++) {
        net->layers[net->count] = (nn_layer){
            .inputs = inputs,
            .units = net->units[net->count],
            .activation = net->hidden,
            .initializer = &uniform,
            .dropout = net->dropout,
        };
        inputs = net->units[net->count];
    }
    net->layers[net->count - 1].activation = net->last;
    net->layers[net->count - 1].dropout = 0;
    net->topology = (nn_topology){
        .bits = NN_REAL_BITS,
        .isa = isa,
        .seed = 7,
        .batch_size = net->batch,
        .inputs = net->inputs,
        .layers = net->layers,
        .layer_count = net->count,
        .outputs = inputs,
        .classes = true,
        .input_dropout = net->dropout / 2,
        .cost = net->cost,
        .optimizer = net->optimizer,
        .l1 = net->l1,
        .l2 = net->l2,
        .max_norm = net->max_norm,
        .gradient_clip = net->clip,
    };
    return &net->topology;
}

/* Bytes and classes by a fixed rule; many zeros, as in images. */
struct samples {
    size_t count;
    uint8_t *bytes;
    int32_t *labels;
    double *rates;
    double scale, shift;
    nn_input input;
};

static inline struct samples make_samples(size_t count, size_t features, size_t classes, double rate)
{
    struct samples s = {.count = count, .scale = 1.0 / 255};
    s.bytes = malloc(count * features);
    s.labels = malloc(count * sizeof *s.labels);
    s.rates = malloc(count * sizeof *s.rates);
    nn_stream stream = nn_stream_make(3, "test", 0, 0);
    for (size_t i = 0; i < count * features; i++) {
        uint64_t bits = nn_random_bits(&stream, i);
        s.bytes[i] = bits % 3 == 0 ? (uint8_t)(bits >> 8) : 0;
    }
    for (size_t i = 0; i < count; i++) {
        s.labels[i] = (int32_t)((s.bytes[i * features] + i) % classes);
        s.rates[i] = rate;
    }
    return s;
}

static inline const nn_input *view(struct samples *s)
{
    s->input = (nn_input){
        .bytes = s->bytes,
        .scale = &s->scale,
        .shift = &s->shift,
        .scale_count = 1,
        .labels = s->labels,
    };
    return &s->input;
}

static inline void free_samples(struct samples *s)
{
    free(s->bytes);
    free(s->labels);
    free(s->rates);
}

#endif
