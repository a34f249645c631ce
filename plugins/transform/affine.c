/* SPDX-License-Identifier: MIT */
#include "sample.h"

/* Each image is turned, sheared, scaled and shifted about its centre by amounts of its own. */
struct affine {
    double rotation, shift, scale, shear, fill;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct affine, rotation, 10, 0, 180, 0, "degrees", "Largest turn, either way."),
    NN_PARAM_REAL(struct affine, shift, 0.1, 0, 1, 0, "of width or height",
                  "Largest shift, either way, in each direction by itself."),
    NN_PARAM_REAL(struct affine, scale, 0.1, 0, 1, NN_OPEN_MAX, "",
                  "Sizes are multiplied by 1 - scale to 1 + scale."),
    NN_PARAM_REAL(struct affine, shear, 0, 0, 80, 0, "degrees", "Largest slant, either way."),
    NN_PARAM_REAL(struct affine, fill, 0, 0, 1, 0, "", "What comes in from outside the image."),
    NN_PARAM_END,
};

static size_t scratch_size(const void *self, const nn_shape *shape)
{
    (void)self;
    return sampler_size(shape);
}

/* Output pixel p shows the input at c + M^-1 (p - c - t) with M = rotation shear scale; all draws
 * are made whatever the parameters, so that changing one leaves the others' numbers alone. */
static void apply(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    static const double degree = 3.14159265358979323846 / 180;
    const struct affine *p = self;
    double u[5];
    host->uniform(host, stream, 0, 5, u);
    for (size_t k = 0; k < 5; k++) {
        u[k] = 2 * u[k] - 1;
    }
    const double h = (double)shape->height, w = (double)shape->width;
    const double angle = p->rotation * degree * u[0], slant = tan(p->shear * degree * u[1]);
    const double size = 1 + p->scale * u[2];
    const double shift_x = p->shift * w * u[3], shift_y = p->shift * h * u[4];
    const double sine = sin(angle), cosine = cos(angle);
    const nn_real xx = (nn_real)((cosine + slant * sine) / size);
    const nn_real xy = (nn_real)((sine - slant * cosine) / size);
    const nn_real yx = (nn_real)(-sine / size), yy = (nn_real)(cosine / size);
    const nn_real centre_x = (nn_real)((w - 1) / 2), centre_y = (nn_real)((h - 1) / 2);
    const nn_real from_x = (nn_real)((w - 1) / 2 + shift_x),
                  from_y = (nn_real)((h - 1) / 2 + shift_y);

    const sampler s = sampler_make(shape, in, (nn_real)p->fill, scratch);
    for (size_t row = 0; row < shape->height; row++) {
        const nn_real dy = (nn_real)row - from_y;
        NN_INDEPENDENT
        for (size_t j = 0; j < s.padded; j++) {
            const nn_real dx = (nn_real)(int32_t)j - from_x;
            s.x[j] = centre_x + xx * dx + xy * dy;
            s.y[j] = centre_y + yx * dx + yy * dy;
        }
        sampler_row(&s, row, out);
    }
}

NN_TRANSFORM {
    .name = "affine",
    .summary = "Turns, shifts, scales and slants each image a little, at random.",
    .formula = "out(p) = in(c + M^-1 (p - c - t)), M = rotation shear scale, bilinear",
    .reference = "Simard, Steinkraus and Platt 2003, Best practices for convolutional neural "
                 "networks applied to visual document analysis, section 2",
    .params = params,
    .self_size = sizeof(struct affine),
    .apply = apply,
    .scratch_size = scratch_size,
};
