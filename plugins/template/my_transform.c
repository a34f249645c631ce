/* SPDX-License-Identifier: MIT */
#include <nnrun/transform.h>

/* The parameters of a spec, filled from the table below. */
struct my_transform {
    double amount;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct my_transform, amount, 0.2, 0, 1, 0, "", "Largest change of brightness."),
    NN_PARAM_END,
};

/* in and out: height x width x channels in [0, 1].  The stream belongs to this image and epoch. */
static void apply(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    const double amount = ((const struct my_transform *)self)->amount;
    (void)scratch; /* scratch_size() would ask for it */
    double u;
    host->uniform(host, stream, 0, 1, &u);
    const nn_real change = (nn_real)(amount * (2 * u - 1));
    for (size_t i = 0; i < shape->height * shape->width * shape->channels; i++) {
        out[i] = nn_clamp(in[i] + change, 0, 1);
    }
}

NN_TRANSFORM {
    .name = "my_transform",
    .summary = "Brightness: each image lighter or darker by a random amount.",
    .formula = "out = clamp(in + amount (2 u - 1), 0, 1),  u uniform in [0, 1)",
    .reference = "Krizhevsky et al. 2012, ImageNet classification with deep convolutional neural networks, "
                 "section 4.1",
    .params = params,
    .self_size = sizeof(struct my_transform),
    .apply = apply,
};
