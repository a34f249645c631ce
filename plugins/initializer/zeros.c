/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream,
                      size_t outputs, size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    (void)self;
    (void)host;
    (void)stream;
    (void)fan_in;
    (void)fan_out;
    memset(w, 0, outputs * inputs * sizeof *w);
    return NN_OK;
}

static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    (void)self;
    (void)fan_in;
    (void)fan_out;
    *mean = 0;
    *sd = 0;
}

NN_INITIALIZER {
    .name = "zeros",
    .summary = "All zero: usual for biases; weights that start equal stay equal.",
    .formula = "w = 0",
    .reference = "Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.4",
    .fill = fill,
    .moments = moments,
};
