/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "draw.h"

struct uniform {
    double least, most;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct uniform, least, -0.05, -INFINITY, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Lower end."),
    NN_PARAM_REAL(struct uniform, most, 0.05, -INFINITY, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Upper end, not reached."),
    NN_PARAM_END,
};

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    const struct uniform *p = self;
    if (p->least > p->most) {
        return host->fail(host, NN_ERR_PARAM, "uniform: least (%g) is larger than most (%g)",
                          p->least, p->most);
    }
    return NN_OK;
}

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    (void)fan_in;
    (void)fan_out;
    const struct uniform *p = self;
    draw_uniform(host, stream, outputs * inputs, p->least, p->most, w);
    return NN_OK;
}

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    (void)fan_in;
    (void)fan_out;
    const struct uniform *p = self;
    *mean = (p->least + p->most) / 2;
    *sd = (p->most - p->least) / sqrt(12.0);
}

NN_INITIALIZER {
    .name = "uniform",
    .summary = "Uniformly distributed numbers of one width for all layers.",
    .formula = "w ~ U[least, most)",
    .reference = "Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.4",
    .params = params,
    .self_size = sizeof(struct uniform),
    .create = create,
    .fill = fill,
    .moments = moments,
};
