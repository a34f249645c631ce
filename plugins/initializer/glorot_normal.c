/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "draw.h"

struct glorot_normal {
    double gain;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct glorot_normal, gain, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Factor for the activation that follows (5/3 for tanh)."),
    NN_PARAM_END,
};

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    *mean = 0;
    *sd = ((const struct glorot_normal *)self)->gain * sqrt(2 / (double)(fan_in + fan_out));
}

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    double mean, sd;
    moments(self, fan_in, fan_out, &mean, &sd);
    draw_normal(host, stream, outputs * inputs, mean, sd, w);
    return NN_OK;
}

NN_INITIALIZER {
    .name = "glorot_normal",
    .summary = "Normally distributed, as wide as keeps variances alike forwards and backwards.",
    .formula = "w ~ N(0, gain^2 2 / (fan-in + fan-out))",
    .reference = "Glorot and Bengio 2010, Understanding the difficulty of training deep "
                 "feedforward neural networks, eq. 12",
    .params = params,
    .self_size = sizeof(struct glorot_normal),
    .fill = fill,
    .moments = moments,
};
