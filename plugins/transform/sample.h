/* SPDX-License-Identifier: MIT */
/* Reading an image between its pixels, shared by the transforms that move them.
 *
 * The image is copied once into a frame of `fill`, wide enough that every coordinate, held within
 * the frame, has four neighbours; no pixel then asks whether it lies outside.  A row goes in three
 * loops: where each pixel's neighbours lie, in vectors; the neighbours side by side, one by one,
 * two with each load (a processor's gathers take as long for each value alone); what is between
 * them, in vectors. */
#ifndef SAMPLE_H
#define SAMPLE_H

/* Rows are short: two vectors of 64 bytes wait for each other where four of 32 do not. */
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=256")
#endif

#include <nnrun/transform.h>

enum {
    FRAME = 3, /* 1 before the image, 2 after it */
    LANES = 16 /* rows of numbers are padded to multiples of it: no vector is cut */
};

typedef struct sampler_row_room {
    nn_real *right, *down;  /* padded: how far between two pixels, in [0, 1) */
    nn_real *upper, *lower; /* 2 padded: left and right neighbour of each */
} sampler_row_room;

typedef struct sampler {
    size_t height, width, channels; /* of the image, without its frame */
    size_t padded;                  /* width, rounded up */
    nn_real *framed;                /* (height + FRAME) x (width + FRAME) x channels */
    nn_real *x, *y;                 /* padded: where each pixel of a row is read */
    nn_real *between;               /* padded: what comes out */
    int32_t *corner;                /* padded: the upper left neighbour in `framed` */
    sampler_row_room rows[2];       /* of this row and the one before */
} sampler;

static inline size_t sampler_padded(size_t width)
{
    return (width + LANES - 1) / LANES * LANES;
}

static inline size_t sampler_size(const nn_shape *shape)
{
    const size_t framed = (shape->height + FRAME) * (shape->width + FRAME) * shape->channels;
    const size_t padded = sampler_padded(shape->width);
    return (framed + 15 * padded) * sizeof(nn_real) + padded * sizeof(int32_t);
}

/* Lays the sampler out in `scratch` (sampler_size() bytes) and copies the image in. */
static inline sampler sampler_make(const nn_shape *shape, const nn_real *in, nn_real fill,
                                   void *scratch)
{
    const size_t h = shape->height, w = shape->width, c = shape->channels;
    const size_t stride = (w + FRAME) * c, framed = (h + FRAME) * stride;
    const size_t padded = sampler_padded(w);
    sampler s = {.height = h, .width = w, .channels = c, .padded = padded, .framed = scratch};
    s.x = s.framed + framed;
    s.y = s.x + padded;
    s.between = s.y + padded;
    for (size_t i = 0; i < 2; i++) {
        sampler_row_room *room = &s.rows[i];
        room->right = s.between + (1 + 6 * i) * padded;
        room->down = room->right + padded;
        room->upper = room->down + padded;
        room->lower = room->upper + 2 * padded;
        memset(room->upper, 0, 4 * padded * sizeof *room->upper);
    }
    s.corner = (int32_t *)(void *)(s.between + 13 * padded);
    for (size_t i = 0; i < framed; i++) {
        s.framed[i] = fill;
    }
    for (size_t row = 0; row < h; row++) {
        memcpy(s.framed + (row + 1) * stride + c, in + row * w * c, w * c * sizeof *in);
    }
    return s;
}

/* Where the neighbours of each pixel lie, and how far between them it is. */
static inline void sampler_locate(const sampler *s, const sampler_row_room *room)
{
    const size_t w = s->width, c = s->channels;
    const nn_real most_x = (nn_real)(w + 1), most_y = (nn_real)(s->height + 1);
    const int32_t per_row = (int32_t)((w + FRAME) * c), per_pixel = (int32_t)c;
    NN_INDEPENDENT
    for (size_t j = 0; j < s->padded; j++) {
        s->x[j] = nn_clamp(s->x[j] + 1, 0, most_x);
        s->y[j] = nn_clamp(s->y[j] + 1, 0, most_y);
    }
    NN_INDEPENDENT /* apart, or gcc 12 makes branches of the limits */
        for (size_t j = 0; j < s->padded; j++)
    {
        const nn_real x = s->x[j], y = s->y[j];
        const int32_t left = (int32_t)x, top = (int32_t)y;
        room->right[j] = x - (nn_real)left;
        room->down[j] = y - (nn_real)top;
        s->corner[j] = top * per_row + left * per_pixel;
    }
}

/* The neighbours of each pixel, p at their channel. */
static inline void sampler_fetch(const sampler *s, const sampler_row_room *room, const nn_real *p,
                                 size_t per_pixel)
{
    const size_t per_row = (s->width + FRAME) * per_pixel;
    for (size_t j = 0; j < s->width; j++) {
        const nn_real *left = p + s->corner[j], *below = left + per_row;
        nn_real *upper = room->upper + 2 * j, *lower = room->lower + 2 * j;
        if (per_pixel == 1) {
            memcpy(upper, left, 2 * sizeof *upper);
            memcpy(lower, below, 2 * sizeof *lower);
            continue;
        }
        upper[0] = left[0];
        upper[1] = left[per_pixel];
        lower[0] = below[0];
        lower[1] = below[per_pixel];
    }
}

static inline void sampler_between(const sampler *s, const sampler_row_room *room)
{
    NN_INDEPENDENT
    for (size_t j = 0; j < s->padded; j++) {
        const nn_real left = room->upper[2 * j], below = room->lower[2 * j];
        const nn_real upper = left + room->right[j] * (room->upper[2 * j + 1] - left);
        const nn_real lower = below + room->right[j] * (room->lower[2 * j + 1] - below);
        s->between[j] = upper + room->down[j] * (lower - upper);
    }
}

static inline void sampler_put(const sampler *s, size_t row, nn_real *out)
{
    sampler_between(s, &s->rows[row % 2]);
    memcpy(out + row * s->width, s->between, s->width * sizeof *out);
}

/* Row `row` of the image `out`, rows in order: bilinear values at (s->x[j], s->y[j]), in pixels
 * from the centre of the upper left one; x and y are any numbers for j from width to padded. */
static inline void sampler_row(const sampler *s, size_t row, nn_real *out)
{
    const size_t w = s->width, c = s->channels;
    const sampler_row_room *room = &s->rows[row % 2];
    sampler_locate(s, room);
    if (c == 1) {
        /* One row later: a vector is not loaded while its parts are still being stored. */
        sampler_fetch(s, room, s->framed, 1);
        if (row > 0) {
            sampler_put(s, row - 1, out);
        }
        if (row + 1 == s->height) {
            sampler_put(s, row, out);
        }
        return;
    }
    for (size_t k = 0; k < c; k++) {
        sampler_fetch(s, room, s->framed + k, c);
        sampler_between(s, room);
        for (size_t j = 0; j < w; j++) {
            out[(row * w + j) * c + k] = s->between[j];
        }
    }
}

#endif
