/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "draw.h"

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    (void)self;
    (void)fan_out;
    *mean = 0;
    *sd = 1 / sqrt((double)fan_in);
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
    .name = "lecun_normal",
    .summary = "Normally distributed with variance 1 / fan-in, as selu needs.",
    .formula = "w ~ N(0, 1 / fan-in)",
    .reference = "LeCun et al. 1998, Efficient BackProp, section 4.6; Klambauer et al. 2017, "
                 "Self-normalizing neural networks, section 2",
    .fill = fill,
    .moments = moments,
};
