/* SPDX-License-Identifier: MIT */
#include "sample.h"

/* Every pixel is displaced by alpha times a smooth random field: uniform numbers in [-1, 1),
 * blurred by a Gaussian of width sigma.  Outside the image the field counts as 0, as in the common
 * implementations. */
struct elastic {
    double alpha, sigma, fill;
    double *kernel; /* 2 radius + 1 weights that sum to 1 */
    size_t radius;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct elastic, alpha, 34, 0, INFINITY, NN_OPEN_MAX, "pixels",
                  "Strength: displacements before the blur."),
    NN_PARAM_REAL(struct elastic, sigma, 4, 0, 100, NN_OPEN_MIN, "pixels", "Width of the blur."),
    NN_PARAM_REAL(struct elastic, fill, 0, 0, 1, 0, "", "What comes in from outside the image."),
    NN_PARAM_END,
};

enum { REACH = 4, BLOCK = 256 }; /* the kernel ends at REACH sigma; numbers drawn at a time */

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    struct elastic *p = self;
    p->radius = (size_t)ceil(REACH * p->sigma);
    const size_t taps = 2 * p->radius + 1;
    p->kernel = host->alloc(host, taps * sizeof *p->kernel);
    if (!p->kernel) {
        return host->fail(host, NN_ERR_MEMORY, "elastic: no memory for a kernel of %zu numbers",
                          taps);
    }
    double sum = 0;
    for (size_t k = 0; k < taps; k++) {
        const double distance = ((double)k - (double)p->radius) / p->sigma;
        p->kernel[k] = exp(-distance * distance / 2);
        sum += p->kernel[k];
    }
    for (size_t k = 0; k < taps; k++) {
        p->kernel[k] /= sum;
    }
    return NN_OK;
}

static void destroy(const nn_host *host, void *self)
{
    host->free(host, ((struct elastic *)self)->kernel);
}

/* Two fields and one to blur through, a padded row; the sampler behind them. */
static size_t scratch_size(const void *self, const nn_shape *shape)
{
    const struct elastic *p = self;
    const size_t area = shape->height * shape->width;
    return (3 * area + shape->width + 2 * p->radius) * sizeof(nn_real) + sampler_size(shape);
}

/* alpha (2 u - 1) at `count` positions of the stream from `first` on. */
static void draw(const nn_host *host, const nn_stream *stream, uint64_t first, size_t count,
                 double alpha, nn_real *field)
{
    double numbers[BLOCK];
    for (size_t i = 0; i < count; i += BLOCK) {
        const size_t n = count - i < BLOCK ? count - i : BLOCK;
        host->uniform(host, stream, first + i, n, numbers);
        for (size_t k = 0; k < n; k++) {
            field[i + k] = (nn_real)(alpha * (2 * numbers[k] - 1));
        }
    }
}

static void add_scaled(size_t n, double factor_, const nn_real *x, nn_real *y)
{
    const nn_real factor = (nn_real)factor_;
    NN_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        y[i] += factor * x[i];
    }
}

/* field: h x w, blurred in place, along rows and then along columns. */
static void blur(const struct elastic *p, size_t h, size_t w, nn_real *field, nn_real *through,
                 nn_real *padded)
{
    const size_t radius = p->radius, taps = 2 * radius + 1;
    memset(padded, 0, (w + 2 * radius) * sizeof *padded);
    memset(through, 0, h * w * sizeof *through);
    for (size_t row = 0; row < h; row++) {
        memcpy(padded + radius, field + row * w, w * sizeof *padded);
        for (size_t k = 0; k < taps; k++) {
            add_scaled(w, p->kernel[k], padded + k, through + row * w);
        }
    }
    memset(field, 0, h * w * sizeof *field);
    for (size_t row = 0; row < h; row++) {
        for (size_t from = row > radius ? row - radius : 0; from < h && from <= row + radius;
             from++) {
            add_scaled(w, p->kernel[from + radius - row], through + from * w, field + row * w);
        }
    }
}

static void apply(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    const struct elastic *p = self;
    const size_t h = shape->height, w = shape->width, area = h * w;
    nn_real *dx = scratch, *dy = dx + area, *through = dy + area, *padded = through + area;
    draw(host, stream, 0, area, p->alpha, dx);
    draw(host, stream, area, area, p->alpha, dy);
    blur(p, h, w, dx, through, padded);
    blur(p, h, w, dy, through, padded);
    const sampler s = sampler_make(shape, in, (nn_real)p->fill, padded + w + 2 * p->radius);
    for (size_t row = 0; row < h; row++) {
        NN_INDEPENDENT
        for (size_t j = 0; j < w; j++) {
            s.x[j] = (nn_real)(int32_t)j + dx[row * w + j];
            s.y[j] = (nn_real)(int32_t)row + dy[row * w + j];
        }
        sampler_row(&s, out + row * w * shape->channels);
    }
}

NN_TRANSFORM {
    .name = "elastic",
    .summary = "Bends each image as if it were drawn on rubber.",
    .formula = "out(p) = in(p + alpha (G_sigma * U)(p)), U uniform in [-1, 1), bilinear",
    .reference = "Simard, Steinkraus and Platt 2003, Best practices for convolutional neural "
                 "networks applied to visual document analysis, section 2",
    .params = params,
    .self_size = sizeof(struct elastic),
    .create = create,
    .destroy = destroy,
    .apply = apply,
    .scratch_size = scratch_size,
};
