/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "draw.h"

struct glorot_uniform {
    double gain;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct glorot_uniform, gain, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Factor for the activation that follows (5/3 for tanh)."),
    NN_PARAM_END,
};

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    *mean = 0;
    *sd = ((const struct glorot_uniform *)self)->gain * sqrt(2 / (double)(fan_in + fan_out));
}

/* Uniform on [-limit, limit] has sd limit / sqrt(3). */
static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    double mean, sd;
    moments(self, fan_in, fan_out, &mean, &sd);
    draw_uniform(host, stream, outputs * inputs, -sqrt(3.0) * sd, sqrt(3.0) * sd, w);
    return NN_OK;
}

NN_INITIALIZER {
    .name = "glorot_uniform",
    .summary = "Uniformly distributed, as wide as keeps variances alike forwards and backwards.",
    .formula = "w ~ U(-l, l), l = gain sqrt(6 / (fan-in + fan-out))",
    .reference = "Glorot and Bengio 2010, Understanding the difficulty of training deep "
                 "feedforward neural networks, eq. 16",
    .params = params,
    .self_size = sizeof(struct glorot_uniform),
    .fill = fill,
    .moments = moments,
};
