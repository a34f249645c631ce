/* SPDX-License-Identifier: MIT */
/* Transforms: one image in [0, 1] to another of the same shape, training samples only.
 * Since ABI 1.1. */
#ifndef NNRUN_TRANSFORM_H
#define NNRUN_TRANSFORM_H

#include <nnrun/plugin.h>

typedef struct nn_transform {
    NN_ABOUT_FIELDS

    /* in, out: height x width x channels, row-major, out is never in.  scratch: what scratch_size()
     * asked for, contents undefined.  Pure in (self, stream, in).  [reader] */
    void (*apply)(const void *self, const nn_host *host, const nn_stream *stream,
                  const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch);

    /* Optional: bytes of scratch memory a call needs. */
    size_t (*scratch_size)(const void *self, const nn_shape *shape);
} nn_transform;

#define NN_TRANSFORM NN_PLUGIN(NN_KIND_TRANSFORM, nn_transform)

#endif
