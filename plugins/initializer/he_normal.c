/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

#include "draw.h"

enum { FAN_IN, FAN_OUT };

struct he_normal {
    double slope;
    int64_t mode;
};

static const char *const modes[] = {"fan_in", "fan_out", NULL};

static const nn_param params[] = {
    NN_PARAM_REAL(struct he_normal, slope, 0, 0, INFINITY, NN_OPEN_MAX, "",
                  "Slope of leaky_relu left of 0; 0 for relu."),
    NN_PARAM_CHOICE(struct he_normal, mode, modes, FAN_IN, 0,
                    "fan_in keeps variances alike forwards, fan_out backwards."),
    NN_PARAM_END,
};

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    const struct he_normal *p = self;
    const double fan = (double)(p->mode == FAN_IN ? fan_in : fan_out);
    *mean = 0;
    *sd = sqrt(2 / ((1 + p->slope * p->slope) * fan));
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
    .name = "he_normal",
    .summary = "Normally distributed, as wide as rectified units need.",
    .formula = "w ~ N(0, 2 / ((1 + slope^2) fan))",
    .reference = "He et al. 2015, Delving deep into rectifiers, eqs. 10, 14 and 15",
    .params = params,
    .self_size = sizeof(struct he_normal),
    .fill = fill,
    .moments = moments,
};
