/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

struct constant {
    double value;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct constant, value, 0, -INFINITY, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "What every weight starts from."),
    NN_PARAM_END,
};

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    (void)host;
    (void)stream;
    (void)fan_in;
    (void)fan_out;
    const nn_real value = (nn_real)((const struct constant *)self)->value;
    for (size_t i = 0; i < outputs * inputs; i++) {
        w[i] = value;
    }
    return NN_OK;
}

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    (void)fan_in;
    (void)fan_out;
    *mean = ((const struct constant *)self)->value;
    *sd = 0;
}

NN_INITIALIZER {
    .name = "constant",
    .summary = "One value everywhere, for biases.",
    .formula = "w = value",
    .reference = "Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.4",
    .params = params,
    .self_size = sizeof(struct constant),
    .fill = fill,
    .moments = moments,
};
