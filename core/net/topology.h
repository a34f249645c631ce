/* SPDX-License-Identifier: MIT */
/* What a network is made of, before any number is drawn. */
#ifndef NN_NET_TOPOLOGY_H
#define NN_NET_TOPOLOGY_H

#include "plugin/bind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_layer {
    size_t inputs, units;
    nn_component *activation;
    nn_component *initializer, *bias_initializer;
    double dropout; /* share of this layer's outputs dropped in training */
} nn_layer;

typedef struct nn_topology {
    unsigned bits; /* 32 or 64 */
    nn_isa isa;
    uint64_t seed;
    size_t batch_size; /* largest batch trained on */
    size_t inputs;
    nn_layer *layers;
    size_t layer_count;
    size_t outputs;     /* units of the last layer */
    bool classes;       /* targets are classes, else reals */
    double input_dropout;
    nn_component *cost;
    nn_component *optimizer; /* NULL: a network for prediction only */
    double l1, l2;
    double max_norm;      /* of a unit's incoming weights; 0: none */
    double gradient_clip; /* of the whole gradient's norm; 0: none */
    bool blank;           /* weights are zeros until they are set: none are drawn */
    const nn_host *host;
} nn_topology;

/* Weights and biases of the whole network. */
uint64_t nn_topology_parameters(const nn_topology *topology);
/* Operations (a multiply-add is two) of the matrix products of one sample: forward, and with
 * `training` also BP2 and BP4, as if no input were zero. */
double nn_topology_flops(const nn_topology *topology, bool training);

#endif
