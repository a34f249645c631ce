/* SPDX-License-Identifier: MIT */
#include <nnrun/transform.h>

/* Squares whose centres fall anywhere in the image; what reaches over its edge is cut off. */
struct cutout {
    int64_t size, count;
    double fill;
};

static const nn_param params[] = {
    NN_PARAM_INT(struct cutout, size, 8, 1, 65536, 0, "pixels", "Side of a square."),
    NN_PARAM_INT(struct cutout, count, 1, 1, 1000, 0, "", "Number of squares."),
    NN_PARAM_REAL(struct cutout, fill, 0, 0, 1, 0, "", "What they are filled with."),
    NN_PARAM_END,
};

/* [*first, *end): `size` places around the one that u in [0, 1) picks out of `extent`. */
static void span(double u, size_t extent, size_t size, size_t *first, size_t *end)
{
    const size_t centre = (size_t)(u * (double)extent);
    *first = centre > size / 2 ? centre - size / 2 : 0;
    *end = centre + (size - size / 2) < extent ? centre + (size - size / 2) : extent;
}

static void apply(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    (void)scratch;
    const struct cutout *p = self;
    const size_t w = shape->width, c = shape->channels;
    const nn_real fill = (nn_real)p->fill;
    memcpy(out, in, shape->height * w * c * sizeof *out);
    for (int64_t k = 0; k < p->count; k++) {
        double u[2];
        size_t top, bottom, left, right;
        host->uniform(host, stream, 2 * (uint64_t)k, 2, u);
        span(u[0], shape->height, (size_t)p->size, &top, &bottom);
        span(u[1], w, (size_t)p->size, &left, &right);
        for (size_t row = top; row < bottom; row++) {
            for (size_t i = (row * w + left) * c; i < (row * w + right) * c; i++) {
                out[i] = fill;
            }
        }
    }
}

NN_TRANSFORM {
    .name = "cutout",
    .summary = "Covers squares of each image.",
    .formula = "out = fill within `count` squares of `size` pixels, in elsewhere",
    .reference = "DeVries and Taylor 2017, Improved regularization of convolutional neural "
                 "networks with cutout, section 3",
    .params = params,
    .self_size = sizeof(struct cutout),
    .apply = apply,
};
