/* SPDX-License-Identifier: MIT */
/* What is added to the cost, and what limits a step: l1, l2, max_norm and the gradient's norm.
 *
 * C = C0 + l2/2 sum w^2 + l1 sum |w|; biases are left out. */
#include "net/real/network.h"

#include <math.h>

void penalise(const nn_topology *topology, nn_real mean, size_t count, const nn_real *w, nn_real *g)
{
    nn_real l1 = (nn_real)topology->l1, l2 = (nn_real)topology->l2;
    if (l1 > 0) {
        for (size_t k = 0; k < count; k++) {
            nn_real sign = (nn_real)(w[k] > 0) - (nn_real)(w[k] < 0);
            g[k] = g[k] * mean + l2 * w[k] + l1 * sign;
        }
    } else if (l2 > 0) {
        for (size_t k = 0; k < count; k++) {
            g[k] = g[k] * mean + l2 * w[k];
        }
    } else {
        for (size_t k = 0; k < count; k++) {
            g[k] *= mean;
        }
    }
}

double square_sum(const nn_real *v, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        sum += (double)v[k] * (double)v[k];
    }
    return sum;
}

double penalty_of(const network *net)
{
    const nn_topology *topology = net->base.topology;
    double squares = 0, sizes = 0;
    for (size_t l = 0; l < net->layer_count; l++) {
        const layer *at = &net->layers[l];
        for (size_t p = 0; p < at->panels; p++) {
            const nn_real *w = at->w[0] + p * at->inputs * PANEL;
            for (size_t i = 0; i < at->inputs; i++, w += PANEL) {
                for (size_t k = 0; k < panel_width(at->units, p); k++) {
                    squares += (double)w[k] * (double)w[k];
                    sizes += fabs((double)w[k]);
                }
            }
        }
    }
    return topology->l2 / 2 * squares + topology->l1 * sizes;
}

void limit_norms(network *net, size_t l, unsigned flip, size_t p)
{
    layer *at = &net->layers[l];
    nn_real *w = at->w[flip] + p * at->inputs * PANEL;
    double most = net->base.topology->max_norm, squares[PANEL] = {0};
    nn_real factor[PANEL];
    for (size_t i = 0; i < at->inputs; i++) {
        for (size_t k = 0; k < PANEL; k++) {
            squares[k] += (double)w[i * PANEL + k] * (double)w[i * PANEL + k];
        }
    }
    bool any = false;
    for (size_t k = 0; k < PANEL; k++) {
        double norm = sqrt(squares[k]);
        factor[k] = norm > most ? (nn_real)(most / norm) : 1;
        any = any || norm > most;
    }
    for (size_t i = 0; any && i < at->inputs; i++) {
        for (size_t k = 0; k < PANEL; k++) {
            w[i * PANEL + k] *= factor[k];
        }
    }
}
