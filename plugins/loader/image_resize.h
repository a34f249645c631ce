/* SPDX-License-Identifier: MIT */
/* Part of image.h: the way of decoded rows into a sample, resized on the way where that is wished.
 *
 * Resizing is separable with a triangle filter, widened by the factor of shrinking: bilinear
 * interpolation when growing, a weighted area when shrinking (Heckbert 1989, Fundamentals of texture
 * mapping, section 3.4).  Weights are integers that sum to 2^15, so that every machine and instruction
 * set gives the same bytes and a constant image stays constant.  Rows are added up as they come: no
 * image is ever held whole.
 */
#ifndef NN_LOADER_IMAGE_RESIZE_H
#define NN_LOADER_IMAGE_RESIZE_H

#include "folder_names.h"

#include <math.h>

/* ---- Resampling ---- */

enum { IMAGE_WEIGHT_BITS = 15, IMAGE_ROW_BITS = 7, IMAGE_SUM_BITS = 23 };

/* Output i is the sum of weights[first_weight[i] + k] * input[first[i] + k]. */
struct image_filter {
    size_t in, out;
    size_t *first, *count, *first_weight; /* one block of 3 * out */
    size_t index_room;
    uint32_t *weights;
    size_t weight_room;
};

static inline void image_filter_finish(const nn_host *host, struct image_filter *f)
{
    host->free(host, f->first);
    host->free(host, f->weights);
}

/* The triangle's weights for one output, rounded so that they sum to 2^15 exactly. */
static inline void image_weigh(double center, double width, size_t first, size_t count,
                               uint32_t *weights)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs(((double)(first + k) + 0.5 - center) / width);
        sum += d < 1 ? 1 - d : 0;
    }
    uint32_t given = 0;
    size_t largest = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs(((double)(first + k) + 0.5 - center) / width);
        weights[k] = (uint32_t)((d < 1 ? 1 - d : 0) / sum * (1 << IMAGE_WEIGHT_BITS));
        given += weights[k];
        largest = weights[k] > weights[largest] ? k : largest;
    }
    weights[largest] += (1u << IMAGE_WEIGHT_BITS) - given;
}

static inline nn_status image_filter_make(const nn_host *host, struct image_filter *f, size_t in,
                                          size_t out)
{
    if (f->in == in && f->out == out) {
        return NN_OK;
    }
    f->in = 0;
    double scale = (double)in / (double)out, width = scale > 1 ? scale : 1;
    size_t most = 2 * (size_t)ceil(width) + 2;
    nn_status status = folder_grow(host, (void **)&f->first, 0, &f->index_room, 3 * out,
                                   sizeof *f->first);
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&f->weights, 0, &f->weight_room, most * out,
                             sizeof *f->weights);
    }
    if (status != NN_OK) {
        return status;
    }
    f->count = f->first + out;
    f->first_weight = f->count + out;
    for (size_t i = 0; i < out; i++) {
        double center = ((double)i + 0.5) * scale;
        double low = floor(center - width + 0.5), high = floor(center + width + 0.5);
        size_t first = low > 0 ? (size_t)low : 0;
        size_t end = high < (double)in ? (size_t)high : in;
        f->first[i] = first;
        f->count[i] = end - first;
        f->first_weight[i] = i * most;
        image_weigh(center, width, first, end - first, f->weights + i * most);
    }
    f->in = in;
    f->out = out;
    return NN_OK;
}

/* ---- Rows into a sample ---- */

struct image_sink {
    size_t height, width, channels; /* of the sample */
    uint8_t *out;
    bool resize;
    struct image_filter across, down;
    uint8_t *row; /* one input row */
    size_t row_room;
    uint16_t *thin; /* the row, resized across: 8 bits and 8 behind the point */
    size_t thin_room;
    uint32_t *sums; /* the sample, 8 bits and 23 behind the point */
    size_t sum_room;
    size_t from; /* first output row that may still get something */
};

static inline void image_sink_finish(const nn_host *host, struct image_sink *s)
{
    image_filter_finish(host, &s->across);
    image_filter_finish(host, &s->down);
    host->free(host, s->row);
    host->free(host, s->thin);
    host->free(host, s->sums);
}

/* Begins an image of height x width; s->height, width, channels and out are those of the sample. */
static inline nn_status image_sink_begin(const nn_host *host, struct image_sink *s, size_t height,
                                         size_t width)
{
    s->from = 0;
    s->resize = height != s->height || width != s->width;
    if (!s->resize) {
        return NN_OK;
    }
    size_t cells = s->width * s->channels;
    nn_status status = image_filter_make(host, &s->across, width, s->width);
    if (status == NN_OK) {
        status = image_filter_make(host, &s->down, height, s->height);
    }
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&s->row, 0, &s->row_room, width * s->channels, 1);
    }
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&s->thin, 0, &s->thin_room, cells, sizeof *s->thin);
    }
    if (status == NN_OK) {
        status = folder_grow(host, (void **)&s->sums, 0, &s->sum_room, cells * s->height,
                             sizeof *s->sums);
    }
    if (status == NN_OK) {
        memset(s->sums, 0, cells * s->height * sizeof *s->sums);
    }
    return status;
}

/* Where the decoder writes row y. */
static inline uint8_t *image_row(const struct image_sink *s, size_t y)
{
    return s->resize ? s->row : s->out + y * s->width * s->channels;
}

static inline void image_thin(struct image_sink *s)
{
    size_t channels = s->channels;
    for (size_t i = 0; i < s->width; i++) {
        const uint32_t *w = s->across.weights + s->across.first_weight[i];
        const uint8_t *in = s->row + s->across.first[i] * channels;
        for (size_t c = 0; c < channels; c++) {
            uint32_t sum = 1u << (IMAGE_ROW_BITS - 1);
            for (size_t k = 0; k < s->across.count[i]; k++) {
                sum += w[k] * in[k * channels + c];
            }
            s->thin[i * channels + c] = (uint16_t)(sum >> IMAGE_ROW_BITS);
        }
    }
}

/* Takes row y, which the decoder has written. */
static inline void image_row_done(struct image_sink *s, size_t y)
{
    if (!s->resize) {
        return;
    }
    image_thin(s);
    size_t cells = s->width * s->channels;
    const struct image_filter *down = &s->down;
    while (s->from < s->height && down->first[s->from] + down->count[s->from] <= y) {
        s->from++;
    }
    for (size_t i = s->from; i < s->height && down->first[i] <= y; i++) {
        if (y - down->first[i] < down->count[i]) {
            uint32_t w = down->weights[down->first_weight[i] + y - down->first[i]];
            uint32_t *sums = s->sums + i * cells;
            for (size_t j = 0; j < cells; j++) {
                sums[j] += w * s->thin[j];
            }
        }
    }
}

static inline void image_end(struct image_sink *s)
{
    if (s->resize) {
        size_t cells = s->height * s->width * s->channels;
        for (size_t j = 0; j < cells; j++) {
            s->out[j] = (uint8_t)((s->sums[j] + (1u << (IMAGE_SUM_BITS - 1))) >> IMAGE_SUM_BITS);
        }
    }
}

#endif
