/* SPDX-License-Identifier: MIT */
#include "net/topology.h"

uint64_t nn_topology_parameters(const nn_topology *topology)
{
    uint64_t count = 0;
    for (size_t l = 0; l < topology->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        count += (uint64_t)layer->units * (layer->inputs + 1);
    }
    return count;
}

double nn_topology_flops(const nn_topology *topology, bool training)
{
    double flops = 0;
    for (size_t l = 0; l < topology->layer_count; l++) {
        const nn_layer *layer = &topology->layers[l];
        /* The inputs need no gradient. */
        double products = !training ? 1 : l == 0 ? 2 : 3;
        flops += 2 * products * (double)layer->units * (double)layer->inputs;
    }
    return flops;
}
