/* SPDX-License-Identifier: MIT */
/* Reading an image between its pixels, shared by the transforms that move them.
 *
 * The image is copied once into a frame of `fill`, wide enough that every coordinate, held within
 * the frame, has four neighbours; no pixel then asks whether it lies outside.  What a row needs is
 * worked out for all its pixels first, so that both loops vectorise (the second with gathers). */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <nnrun/transform.h>

enum { FRAME = 3 }; /* 1 before the image, 2 after it */

typedef struct sampler {
    size_t height, width, channels; /* of the image, without its frame */
    nn_real *framed;                /* (height + FRAME) x (width + FRAME) x channels */
    nn_real *x, *y;                 /* width: where each pixel of a row is read */
    nn_real *right, *down;          /* width: how far between two pixels, in [0, 1) */
    int32_t *corner;                /* width: the upper left neighbour in `framed` */
} sampler;

static inline size_t sampler_size(const nn_shape *shape)
{
    const size_t framed = (shape->height + FRAME) * (shape->width + FRAME) * shape->channels;
    return (framed + 4 * shape->width) * sizeof(nn_real) + shape->width * sizeof(int32_t);
}

/* Lays the sampler out in `scratch` (sampler_size() bytes) and copies the image in. */
static inline sampler sampler_make(const nn_shape *shape, const nn_real *in, nn_real fill,
                                   void *scratch)
{
    const size_t h = shape->height, w = shape->width, c = shape->channels;
    const size_t stride = (w + FRAME) * c, framed = (h + FRAME) * stride;
    sampler s = {.height = h, .width = w, .channels = c, .framed = scratch};
    s.x = s.framed + framed;
    s.y = s.x + w;
    s.right = s.y + w;
    s.down = s.right + w;
    s.corner = (int32_t *)(void *)(s.down + w);
    for (size_t i = 0; i < framed; i++) {
        s.framed[i] = fill;
    }
    for (size_t row = 0; row < h; row++) {
        memcpy(s.framed + (row + 1) * stride + c, in + row * w * c, w * c * sizeof *in);
    }
    return s;
}

/* One channel of one row, p and out at that channel of their first pixel. */
static inline void sampler_channel(const sampler *s, const nn_real *p, int32_t per_row,
                                   int32_t per_pixel, nn_real *out)
{
    NN_INDEPENDENT
    for (int32_t j = 0; j < (int32_t)s->width; j++) {
        const int32_t at = s->corner[j];
        const nn_real upper = p[at] + s->right[j] * (p[at + per_pixel] - p[at]);
        const nn_real lower =
            p[at + per_row] + s->right[j] * (p[at + per_row + per_pixel] - p[at + per_row]);
        out[j * per_pixel] = upper + s->down[j] * (lower - upper);
    }
}

/* Bilinear values at (s->x[j], s->y[j]), in pixels from the centre of the upper left one. */
static inline void sampler_row(const sampler *s, nn_real *out)
{
    const size_t w = s->width, c = s->channels;
    const size_t stride = (w + FRAME) * c;
    const nn_real most_x = (nn_real)(w + 1), most_y = (nn_real)(s->height + 1);
    const int32_t per_row = (int32_t)stride, per_pixel = (int32_t)c;
    NN_INDEPENDENT
    for (size_t j = 0; j < w; j++) {
        const nn_real x = nn_clamp(s->x[j] + 1, 0, most_x);
        const nn_real y = nn_clamp(s->y[j] + 1, 0, most_y);
        const int32_t left = (int32_t)x, top = (int32_t)y;
        s->right[j] = x - (nn_real)left;
        s->down[j] = y - (nn_real)top;
        s->corner[j] = top * per_row + left * per_pixel;
    }
    if (c == 1) {
        sampler_channel(s, s->framed, per_row, 1, out); /* with a stride the compiler knows */
        return;
    }
    for (size_t k = 0; k < c; k++) {
        sampler_channel(s, s->framed + k, per_row, per_pixel, out + k);
    }
}

#endif
