/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "draw.h"

struct normal {
    double mean, sd;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct normal, mean, 0, -INFINITY, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Mean."),
    NN_PARAM_REAL(struct normal, sd, 1, 0, INFINITY, NN_OPEN_MAX, "", "Standard deviation."),
    NN_PARAM_END,
};

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    (void)fan_in;
    (void)fan_out;
    const struct normal *p = self;
    draw_normal(host, stream, outputs * inputs, p->mean, p->sd, w);
    return NN_OK;
}

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    (void)fan_in;
    (void)fan_out;
    const struct normal *p = self;
    *mean = p->mean;
    *sd = p->sd;
}

NN_INITIALIZER {
    .name = "normal",
    .summary = "Normally distributed numbers of one width for all layers.",
    .formula = "w ~ N(mean, sd^2)",
    .reference = "Nielsen 2015, Neural Networks and Deep Learning, ch. 1: weights and biases from "
                 "N(0, 1)",
    .params = params,
    .self_size = sizeof(struct normal),
    .fill = fill,
    .moments = moments,
};
