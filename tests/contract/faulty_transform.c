/* SPDX-License-Identifier: MIT */
#include <nnrun/transform.h>

#include "faulty.h"

enum { NONE, PURE, SCRATCH, BOUNDS, READ_ONLY, FINITE, PRECISION, CONCURRENT };
static const char *const faults[] = {
    "none", "pure", "scratch", "bounds", "read_only", "finite", "precision", "concurrent", 0,
};
FAULTY_PARAMS(faults);

static double calls; /* what a plugin must not have */
static volatile unsigned turns;

static size_t scratch_size(const void *self, const nn_shape *shape)
{
    (void)self;
    (void)shape;
    return 8;
}

/* Darkens by a random amount. */
static void apply(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    const int64_t fault = fault_of(self);
    const unsigned turn = fault == CONCURRENT ? turns++ : 0; /* what a call gives hangs on those before */
    const size_t n = shape->height * shape->width * shape->channels;
    double share;
    host->uniform(host, stream, 0, 1, &share);
    share += fault == PURE ? calls++ : 0;
    share += fault == SCRATCH ? (double)((const unsigned char *)scratch)[0] : 0;
    share += fault == PRECISION && NN_REAL_BITS == 32 ? 0.1 : 0;
    for (size_t i = 0; i < n; i++) {
        nn_real x = in[i];
        x += fault == CONCURRENT && turn % 3 == 0 ? NN_R(0.01) : 0;
        out[i] = (nn_real)share * x;
    }
    if (fault == BOUNDS) {
        out[n] = 0;
    }
    if (fault == READ_ONLY) {
        ((nn_real *)(uintptr_t)in)[0] += 1;
    }
    if (fault == FINITE) {
        out[n - 1] = (nn_real)INFINITY;
    }
}

NN_TRANSFORM {
    FAULTY_ABOUT,
    .apply = apply,
    .scratch_size = scratch_size,
};
