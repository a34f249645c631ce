/* SPDX-License-Identifier: MIT */
#include <nnrun/transform.h>

struct gaussian_noise {
    double sd;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct gaussian_noise, sd, 0.1, 0, INFINITY, NN_OPEN_MAX, "of white",
                  "Standard deviation of what is added to each value."),
    NN_PARAM_END,
};

enum { BLOCK = 256 }; /* numbers drawn at a time; even, since they come in pairs */

static void apply(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    (void)scratch;
    const nn_real sd = (nn_real)((const struct gaussian_noise *)self)->sd;
    const size_t total = shape->height * shape->width * shape->channels;
    double numbers[BLOCK];
    for (size_t first = 0; first < total; first += BLOCK) {
        const size_t n = total - first < BLOCK ? total - first : BLOCK;
        host->normal(host, stream, first, n, numbers);
        NN_INDEPENDENT
        for (size_t i = 0; i < n; i++) {
            out[first + i] = nn_clamp(in[first + i] + sd * (nn_real)numbers[i], 0, 1);
        }
    }
}

NN_TRANSFORM {
    .name = "gaussian_noise",
    .summary = "Adds a normal number to every value, held within black and white.",
    .formula = "out = max(0, min(1, in + sd N(0, 1)))",
    .reference = "Bishop 1995, Training with noise is equivalent to Tikhonov regularization",
    .params = params,
    .self_size = sizeof(struct gaussian_noise),
    .apply = apply,
};
