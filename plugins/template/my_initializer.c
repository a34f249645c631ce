/* SPDX-License-Identifier: MIT */
#include <nnrun/initializer.h>

/* The parameters of a spec, filled from the table below. */
struct my_initializer {
    double sd;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct my_initializer, sd, 0.1, 0, INFINITY, NN_OPEN_MAX, "", "Standard deviation."),
    NN_PARAM_END,
};

/* Draws by inversion: with u uniform in (-1/2, 1/2) the number is -b sign(u) ln(1 - 2 |u|), its variance
 * 2 b^2. */
static nn_status fill(const void *self, const nn_host *host, const nn_stream *stream, size_t outputs,
                      size_t inputs, size_t fan_in, size_t fan_out, nn_real *w)
{
    const double b = ((const struct my_initializer *)self)->sd / sqrt(2);
    (void)fan_in;
    (void)fan_out;
    for (size_t i = 0; i < outputs * inputs; i++) {
        double u;
        host->uniform(host, stream, i, 1, &u); /* the same stream and position: the same number */
        u -= 0.5;
        w[i] = (nn_real)(-b * copysign(log1p(-2 * fmin(fabs(u), 0.4999999999999999)), u));
    }
    return NN_OK;
}

/* What the check `moments` compares with. */
static void moments(const void *self, size_t fan_in, size_t fan_out, double *mean, double *sd)
{
    (void)fan_in;
    (void)fan_out;
    *mean = 0;
    *sd = ((const struct my_initializer *)self)->sd;
}

NN_INITIALIZER {
    .name = "my_initializer",
    .summary = "Laplace: most weights near zero, a few large.",
    .formula = "p(w) = exp(-|w| / b) / (2 b),  sd = sqrt(2) b",
    .reference = "Devroye 1986, Non-uniform random variate generation, chapter II.2",
    .params = params,
    .self_size = sizeof(struct my_initializer),
    .fill = fill,
    .moments = moments,
};
