/* SPDX-License-Identifier: MIT */
#include "data/prepare.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

/* Bytes have become [0, 1]: the normalisation of prepared reals is that of bytes times 255. */
static nn_status fit_input(nn__prepare *p)
{
    const nn_affine_input *given = &p->samples.input;
    NN_TRY(NN_ALLOC(&p->scale, given->count, "normalisation"));
    NN_TRY(NN_ALLOC(&p->shift, given->count, "normalisation"));
    double factor = p->samples.bytes != NULL ? 255 : 1;
    for (size_t i = 0; i < given->count; i++) {
        p->scale[i] = given->scale[i] * factor;
        p->shift[i] = given->shift[i];
    }
    p->input = (nn_affine_input){p->scale, p->shift, given->count};
    return NN_OK;
}

static nn_status name_streams(nn__prepare *p, uint64_t seed)
{
    NN_TRY(NN_ALLOC(&p->streams, p->transform_count, "transforms"));
    for (size_t k = 0; k < p->transform_count; k++) {
        char name[32];
        snprintf(name, sizeof name, "transform.%zu", k);
        p->streams[k] = nn_stream_make(seed, name, 0, 0);
    }
    return NN_OK;
}

nn_status nn__prepare_init(nn__prepare *p, const nn_samples *samples, nn_component *const *transforms,
                           size_t transform_count, uint64_t seed)
{
    *p = (nn__prepare){
        .samples = *samples,
        .transforms = transforms,
        .transform_count = transform_count,
        .sample_bytes = samples->features * (samples->bits / 8),
        .shape = {.size = sizeof p->shape, .height = samples->height, .width = samples->width,
                  .channels = samples->channels},
    };
    for (size_t v = 0; v < NN__BYTE_VALUES; v++) {
        p->unit64[v] = (double)v / 255;
        p->unit32[v] = (float)p->unit64[v];
    }
    NN_TRY(fit_input(p));
    return name_streams(p, seed);
}

void nn__prepare_finish(nn__prepare *p)
{
    nn_free(p->streams);
    nn_free(p->scale);
    nn_free(p->shift);
}

static size_t scratch_bytes(const nn__prepare *p)
{
    size_t most = 0;
    for (size_t k = 0; k < p->transform_count; k++) {
        const nn_component *c = p->transforms[k];
        const nn_transform *ops = c->ops;
        size_t bytes = ops->scratch_size == NULL ? 0 : ops->scratch_size(c->self, &p->shape);
        most = bytes > most ? bytes : most;
    }
    return most;
}

nn_status nn__prepare_room_init(nn__prepare_room *room, const nn__prepare *p)
{
    NN_TRY(nn_alloc_raw(scratch_bytes(p), 1, "transforms", &room->scratch));
    for (size_t i = 0; i < 2; i++) {
        NN_TRY(nn_alloc_raw(p->sample_bytes, 1, "transforms", &room->images[i]));
    }
    return NN_OK;
}

void nn__prepare_room_finish(nn__prepare_room *room)
{
    nn_free(room->scratch);
    for (size_t i = 0; i < 2; i++) {
        nn_free(room->images[i]);
    }
}

static void to_unit(const nn__prepare *p, const uint8_t *bytes, void *out)
{
    size_t features = p->samples.features;
    if (p->samples.bits == 32) {
        float *x = out;
        for (size_t f = 0; f < features; f++) {
            x[f] = p->unit32[bytes[f]];
        }
    } else {
        double *x = out;
        for (size_t f = 0; f < features; f++) {
            x[f] = p->unit64[bytes[f]];
        }
    }
}

void nn__prepare_sample(const nn__prepare *p, const nn__prepare_room *room, uint64_t epoch,
                        uint32_t sample, void *out)
{
    size_t steps = p->transform_count;
    void *in = steps == 0 ? out : room->images[0];
    if (p->samples.bytes != NULL) {
        to_unit(p, p->samples.bytes + (size_t)sample * p->samples.features, in);
    } else {
        memcpy(in, (const char *)p->samples.reals + (size_t)sample * p->sample_bytes, p->sample_bytes);
    }
    for (size_t k = 0; k < steps; k++) {
        const nn_component *c = p->transforms[k];
        const nn_transform *ops = c->ops;
        nn_stream stream = p->streams[k];
        stream.counter[0] = epoch;
        stream.counter[1] = sample;
        void *to = k + 1 == steps ? out : room->images[(k + 1) % 2];
        ops->apply(c->self, c->host, &stream, &p->shape, in, to, room->scratch);
        in = to;
    }
}
