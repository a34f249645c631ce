/* SPDX-License-Identifier: MIT */
/* One training sample as the transforms make it.
 *
 * A sample becomes reals in [0, 1] (bytes / 255), goes through the transforms one after another, and comes
 * out before normalisation, which `input` still does.  Each transform draws from the stream "transform.<k>"
 * of (seed, epoch, sample), so that the bits depend on nothing else.
 */
#ifndef NN_DATA_PREPARE_H
#define NN_DATA_PREPARE_H

#include "data/dataset.h"

#include <nnrun/transform.h>

enum { NN__BYTE_VALUES = 256 };

typedef struct nn__prepare {
    nn_samples samples;
    nn_component *const *transforms; /* borrowed */
    size_t transform_count;
    size_t sample_bytes;    /* of a prepared sample */
    nn_shape shape;
    nn_stream *streams;     /* one a transform */
    nn_affine_input input;  /* of prepared samples */
    double *scale, *shift;  /* its numbers */
    float unit32[NN__BYTE_VALUES];
    double unit64[NN__BYTE_VALUES];
} nn__prepare;

/* What one thread needs of its own. */
typedef struct nn__prepare_room {
    void *images[2]; /* between transforms */
    void *scratch;
} nn__prepare_room;

nn_status nn__prepare_init(nn__prepare *prepare, const nn_samples *samples,
                           nn_component *const *transforms, size_t transform_count, uint64_t seed);
void nn__prepare_finish(nn__prepare *prepare);
nn_status nn__prepare_room_init(nn__prepare_room *room, const nn__prepare *prepare);
void nn__prepare_room_finish(nn__prepare_room *room);

/* Sample `sample` of `epoch` into `out`, features reals.  [any], each with a room of its own */
void nn__prepare_sample(const nn__prepare *prepare, const nn__prepare_room *room, uint64_t epoch,
                        uint32_t sample, void *out);

#endif
