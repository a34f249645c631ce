/* SPDX-License-Identifier: MIT */
/* Filling an array from a stream, shared by the initializers.  Numbers are drawn in double
 * precision whatever the run's, so that float32 starts at the rounded weights of float64. */
#ifndef DRAW_H
#define DRAW_H

#include <nnrun/plugin.h>

enum { DRAW_BLOCK = 512 }; /* a multiple of the pair that normal numbers come in */

typedef void draw_function(const nn_host *host, const nn_stream *stream, uint64_t first,
                           size_t count, double *out);

/* w = offset + scale * number. */
static inline void draw(draw_function *function, const nn_host *host, const nn_stream *stream,
                        size_t count, double offset, double scale, nn_real *w)
{
    double numbers[DRAW_BLOCK];
    for (size_t first = 0; first < count; first += DRAW_BLOCK) {
        const size_t n = count - first < DRAW_BLOCK ? count - first : DRAW_BLOCK;
        function(host, stream, first, n, numbers);
        for (size_t i = 0; i < n; i++) {
            w[first + i] = (nn_real)(offset + scale * numbers[i]);
        }
    }
}

static inline void draw_normal(const nn_host *host, const nn_stream *stream, size_t count,
                               double mean, double sd, nn_real *w)
{
    draw(host->normal, host, stream, count, mean, sd, w);
}

static inline void draw_uniform(const nn_host *host, const nn_stream *stream, size_t count,
                                double least, double most, nn_real *w)
{
    draw(host->uniform, host, stream, count, least, most - least, w);
}

#endif
