/* SPDX-License-Identifier: MIT */
#include "sample.h"

/* Every pixel is displaced by alpha times a smooth random field: uniform numbers in [-1, 1),
 * blurred by a Gaussian of width sigma.  Outside the image the field counts as 0, as in the common
 * implementations.
 *
 * The blur goes down the columns, tile by tile, and writes what it makes transposed; a second pass of the
 * same then blurs along the rows and turns the field back.  A tile's sums stay in registers. */
struct elastic {
    double alpha, sigma, fill;
    nn_real *kernel; /* 2 radius + 1 weights that sum to 1, ROWS - 1 zeros before and behind them */
    size_t radius;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct elastic, alpha, 34, 0, INFINITY, NN_OPEN_MAX, "pixels",
                  "Strength: displacements before the blur."),
    NN_PARAM_REAL(struct elastic, sigma, 4, 0, 100, NN_OPEN_MIN, "pixels", "Width of the blur."),
    NN_PARAM_REAL(struct elastic, fill, 0, 0, 1, 0, "", "What comes in from outside the image."),
    NN_PARAM_END,
};

/* The widest vector of the instruction set this is compiled for, from memory that may lie anyhow. */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif
typedef nn_real vector
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(nn_real)), may_alias));

enum {
    REACH = 4, /* the kernel ends at REACH sigma */
    ROWS = 4,  /* of a tile */
    VECTORS = 2,
    WIDTH = VECTOR_BYTES / sizeof(nn_real),
    FIELD_LANES = 32, /* fields are padded to multiples of it, alike for all instruction sets */
    BLOCK = 256       /* numbers drawn at a time */
};

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    struct elastic *p = self;
    p->radius = (size_t)ceil(REACH * p->sigma);
    const size_t taps = 2 * p->radius + 1, room = taps + 2 * (ROWS - 1);
    p->kernel = host->alloc(host, room * sizeof *p->kernel);
    if (!p->kernel) {
        return host->fail(host, NN_ERR_MEMORY, "elastic: no memory for a kernel of %zu numbers",
                          taps);
    }
    double sum = 0;
    for (size_t k = 0; k < taps; k++) {
        const double distance = ((double)k - (double)p->radius) / p->sigma;
        sum += exp(-distance * distance / 2);
    }
    for (size_t k = 0; k < room; k++) {
        const double distance = ((double)k - (double)(p->radius + ROWS - 1)) / p->sigma;
        const bool inside = k >= ROWS - 1 && k < ROWS - 1 + taps;
        p->kernel[k] = inside ? (nn_real)(exp(-distance * distance / 2) / sum) : 0;
    }
    return NN_OK;
}

static void destroy(const nn_host *host, void *self)
{
    host->free(host, ((struct elastic *)self)->kernel);
}

static size_t padded(size_t length)
{
    return (length + FIELD_LANES - 1) / FIELD_LANES * FIELD_LANES;
}

/* Two fields and one between the passes; the sampler behind them. */
static size_t scratch_size(const void *self, const nn_shape *shape)
{
    (void)self;
    return 3 * padded(shape->height) * padded(shape->width) * sizeof(nn_real)
           + sampler_size(shape);
}

/* alpha U for one row of both fields.  A number's upper 26 bits displace along x, the others along y:
 * as fine as a float, and half as many numbers to draw. */
static void draw(const nn_host *host, const nn_stream *stream, uint64_t first, size_t count,
                 double alpha, nn_real *dx, nn_real *dy)
{
    double numbers[BLOCK];
    for (size_t i = 0; i < count; i += BLOCK) {
        const size_t n = count - i < BLOCK ? count - i : BLOCK;
        host->uniform(host, stream, first + i, n, numbers);
        NN_INDEPENDENT
        for (size_t k = 0; k < n; k++) {
            const double scaled = numbers[k] * 0x1p26;
            const double upper = (double)(int32_t)scaled, lower = scaled - upper;
            dx[i + k] = (nn_real)(alpha * (upper * 0x1p-25 - 1));
            dy[i + k] = (nn_real)(alpha * (2 * lower - 1));
        }
    }
}

/* One tile: out[l][i] = sum over f of kernel[f - (row + i)] in[f][l], f inside 0 .. h - 1. */
static void blur_tile(const struct elastic *p, size_t h, size_t row, const nn_real *in,
                      size_t in_stride, nn_real *out, size_t out_stride)
{
    const size_t from = row > p->radius ? row - p->radius : 0, end = row + ROWS + p->radius;
    const size_t to = end < h ? end : h;
    const nn_real *weight = p->kernel + (from + p->radius + ROWS - 1 - row);
    const nn_real *values = in + from * in_stride;
    vector a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0}, c0 = {0}, c1 = {0}, d0 = {0}, d1 = {0};
    for (size_t f = from; f < to; f++, weight++, values += in_stride) {
        const vector x0 = *(const vector *)values, x1 = *(const vector *)(values + WIDTH);
        a0 += x0 * weight[0];
        a1 += x1 * weight[0];
        b0 += x0 * weight[-1];
        b1 += x1 * weight[-1];
        c0 += x0 * weight[-2];
        c1 += x1 * weight[-2];
        d0 += x0 * weight[-3];
        d1 += x1 * weight[-3];
    }
    for (size_t l = 0; l < WIDTH; l++, out += out_stride) {
        out[0] = a0[l];
        out[1] = b0[l];
        out[2] = c0[l];
        out[3] = d0[l];
        nn_real *right = out + WIDTH * out_stride;
        right[0] = a1[l];
        right[1] = b1[l];
        right[2] = c1[l];
        right[3] = d1[l];
    }
}

/* Down the columns of in (h x w, rows padded), into out, transposed and padded likewise. */
static void blur_columns(const struct elastic *p, size_t h, size_t w, const nn_real *in,
                         nn_real *out)
{
    const size_t in_stride = padded(w), out_stride = padded(h);
    for (size_t column = 0; column < w; column += VECTORS * WIDTH) {
        for (size_t row = 0; row < h; row += ROWS) {
            blur_tile(p, h, row, in + column, in_stride, out + column * out_stride + row,
                      out_stride);
        }
    }
}

static void apply(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    const struct elastic *p = self;
    const size_t h = shape->height, w = shape->width, stride = padded(w), area = padded(h) * stride;
    nn_real *dx = scratch, *dy = dx + area, *turned = dy + area;
    memset(scratch, 0, 3 * area * sizeof *dx);
    for (size_t row = 0; row < h; row++) {
        draw(host, stream, row * stride, w, p->alpha, dx + row * stride, dy + row * stride);
    }
    blur_columns(p, h, w, dx, turned);
    blur_columns(p, w, h, turned, dx);
    blur_columns(p, h, w, dy, turned);
    blur_columns(p, w, h, turned, dy);
    const sampler s = sampler_make(shape, in, (nn_real)p->fill, turned + area);
    for (size_t row = 0; row < h; row++) {
        NN_INDEPENDENT
        for (size_t j = 0; j < s.padded; j++) {
            s.x[j] = (nn_real)(int32_t)j + dx[row * stride + j];
            s.y[j] = (nn_real)(int32_t)row + dy[row * stride + j];
        }
        sampler_row(&s, row, out);
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
