/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/order.h"
#include "data/prefetch.h"

#include <nnrun/transform.h>

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum { COUNT = 1003, FEATURES = 12, BATCH = 10 };

/* Adds one uniform number of the stream to every pixel. */
static void shift_apply(const void *self, const nn_host *host, const nn_stream *stream,
                        const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    (void)self;
    double shift;
    host->uniform(host, stream, 0, 1, &shift);
    /* Scratch memory must be this thread's own. */
    memcpy(scratch, in, sizeof(nn_real) * FEATURES);
    for (size_t i = 0; i < shape->height * shape->width * shape->channels; i++) {
        out[i] = ((const nn_real *)scratch)[i] + (nn_real)shift;
    }
}

static size_t shift_scratch(const void *self, const nn_shape *shape)
{
    (void)self;
    return shape->height * shape->width * shape->channels * sizeof(nn_real);
}

/* Doubles every pixel. */
static void twice_apply(const void *self, const nn_host *host, const nn_stream *stream,
                        const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    (void)self;
    (void)host;
    (void)stream;
    (void)scratch;
    for (size_t i = 0; i < shape->height * shape->width * shape->channels; i++) {
        out[i] = 2 * in[i];
    }
}

/* Late on every thread but the test's own. */
static void late_apply(const void *self, const nn_host *host, const nn_stream *stream,
                       const nn_shape *shape, const nn_real *in, nn_real *out, void *scratch)
{
    const struct timespec pause = {.tv_nsec = 300000};
    const pthread_t *own = self;
    if (!pthread_equal(pthread_self(), *own)) {
        nanosleep(&pause, NULL);
    }
    twice_apply(self, host, stream, shape, in, out, scratch);
}

static const nn_transform shift_ops = {.name = "shift", .apply = shift_apply,
                                       .scratch_size = shift_scratch};
static const nn_transform twice_ops = {.name = "twice", .apply = twice_apply};
static const nn_transform late_ops = {.name = "late", .apply = late_apply};

struct state {
    nn_arena *arena;
    nn_host *host;
    nn_pool *pool;
    nn_component shift, twice;
    nn_component *transforms[3];
    uint8_t bytes[COUNT * FEATURES];
    int32_t labels[COUNT];
    uint32_t indices[COUNT], order[COUNT];
    double scale, offset;
    nn_prefetch_options options;
};

static int setup(void **state)
{
    struct state *s = test_calloc(1, sizeof *s);
    assert_int_equal(nn_arena_create(&s->arena), NN_OK);
    assert_int_equal(nn_host_create(s->arena, 32, NULL, "", &s->host), NN_OK);
    assert_int_equal(nn_pool_create(2, &s->pool), NN_OK);
    s->shift = (nn_component){.ops = &shift_ops, .host = s->host};
    s->twice = (nn_component){.ops = &twice_ops, .host = s->host};
    s->transforms[0] = &s->shift;
    s->transforms[1] = &s->twice;
    s->transforms[2] = &s->shift;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t f = 0; f < FEATURES; f++) {
            s->bytes[i * FEATURES + f] = (uint8_t)(i + 20 * f);
        }
        s->labels[i] = (int32_t)(i % 7);
        s->indices[i] = (uint32_t)i;
    }
    nn_order_shuffle(1, 5, s->indices, COUNT, s->order);
    s->scale = 1.0 / 255;
    s->options = (nn_prefetch_options){
        .samples = {.count = COUNT, .features = FEATURES, .height = 3, .width = 4, .channels = 1,
                    .image = true, .bits = 32, .bytes = s->bytes, .labels = s->labels,
                    .class_count = 7, .input = {&s->scale, &s->offset, 1}},
        .transforms = s->transforms,
        .transform_count = 3,
        .seed = 9,
        .batch_size = BATCH,
        .chunk_rows = 75,
        .pool = s->pool,
        .ahead = 2,
    };
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;
    nn_pool_destroy(s->pool);
    nn_arena_destroy(s->arena);
    test_free(s);
    return 0;
}

static float expected(const struct state *s, uint64_t epoch, uint32_t sample, size_t f)
{
    double shifts[2];
    nn_stream first = nn_stream_make(9, "transform.0", epoch, sample);
    nn_stream last = nn_stream_make(9, "transform.2", epoch, sample);
    nn_random_uniform(&first, 0, 1, &shifts[0]);
    nn_random_uniform(&last, 0, 1, &shifts[1]);
    float x = (float)(s->bytes[sample * FEATURES + f] / 255.0);
    return 2 * (x + (float)shifts[0]) + (float)shifts[1];
}

static void rows_come_in_order_transformed_by_streams_of_their_own(void **state)
{
    struct state *s = *state;
    for (size_t ahead = 0; ahead <= 4; ahead++) {
        nn_prefetch *p;
        s->options.ahead = ahead;
        s->options.pool = ahead == 1 ? NULL : s->pool;
        assert_int_equal(nn_prefetch_create(&s->options, &p), NN_OK);
        for (uint64_t epoch = 0; epoch < 3; epoch++) {
            /* Every epoch is cut differently, and begins elsewhere. */
            size_t at = epoch * 20, most = epoch == 0 ? 1000 : epoch == 1 ? 30 : 1;
            assert_int_equal(nn_prefetch_begin(p, epoch, s->order, COUNT, at), NN_OK);
            nn_samples view;
            while (nn_prefetch_next(p, most, &view) == NN_OK && view.count > 0) {
                assert_true(view.count <= (most < BATCH ? BATCH : most));
                assert_true(view.count % BATCH == 0 || at + view.count == COUNT);
                assert_null(view.bytes);
                assert_true(fabs(view.input.scale[0] - 1) < 1e-15);
                for (size_t i = 0; i < view.count; i++) {
                    uint32_t sample = s->order[at + i];
                    assert_int_equal(view.labels[i], s->labels[sample]);
                    for (size_t f = 0; f < FEATURES; f++) {
                        float x = ((const float *)view.reals)[i * FEATURES + f];
                        assert_true(x == expected(s, epoch, sample, f));
                    }
                }
                at += view.count;
            }
            assert_int_equal(at, COUNT);
        }
        nn_prefetch_destroy(p);
    }
}

static void an_epoch_may_be_left_at_any_row(void **state)
{
    struct state *s = *state;
    nn_prefetch *p;
    for (size_t ahead = 0; ahead <= 3; ahead += 3) {
        s->options.ahead = ahead;
        assert_int_equal(nn_prefetch_create(&s->options, &p), NN_OK);
        for (uint64_t epoch = 0; epoch < 50; epoch++) {
            nn_samples view;
            assert_int_equal(nn_prefetch_begin(p, epoch, s->order, COUNT, 0), NN_OK);
            size_t at = 0;
            for (uint64_t k = 0; k < epoch % 7; k++) {
                assert_int_equal(nn_prefetch_next(p, 100, &view), NN_OK);
                assert_true(((const float *)view.reals)[0] == expected(s, epoch, s->order[at], 0));
                at += view.count;
            }
        }
        nn_prefetch_destroy(p);
    }
}

static void rows_are_handed_out_when_the_last_of_them_is_ready(void **state)
{
    struct state *s = *state;
    nn_prefetch *p;
    pthread_t own = pthread_self();
    nn_component late = {.ops = &late_ops, .host = s->host, .self = &own};
    s->transforms[0] = &late;
    s->options.transform_count = 1;
    for (size_t ahead = 0; ahead <= 2; ahead += 2) {
        nn_samples view;
        size_t at = 0;
        s->options.ahead = ahead;
        assert_int_equal(nn_prefetch_create(&s->options, &p), NN_OK);
        assert_int_equal(nn_prefetch_begin(p, 0, s->order, COUNT, 0), NN_OK);
        while (nn_prefetch_next(p, 1000, &view) == NN_OK && view.count > 0) {
            for (size_t i = 0; i < view.count; i++) {
                float x = (float)(s->bytes[s->order[at + i] * FEATURES] / 255.0);
                assert_true(((const float *)view.reals)[i * FEATURES] == 2 * x);
            }
            at += view.count;
        }
        assert_int_equal(at, COUNT);
        nn_prefetch_destroy(p);
    }
}

static void real_targets_go_with_their_rows(void **state)
{
    struct state *s = *state;
    nn_prefetch *p;
    nn_samples view;
    enum { OUTPUTS = 3 };
    float *targets = test_calloc(COUNT * OUTPUTS, sizeof *targets);
    for (size_t i = 0; i < COUNT * OUTPUTS; i++) {
        targets[i] = (float)i;
    }
    s->options.samples.labels = NULL;
    s->options.samples.class_count = 0;
    s->options.samples.targets = targets;
    s->options.samples.outputs = OUTPUTS;
    assert_int_equal(nn_prefetch_create(&s->options, &p), NN_OK);
    assert_int_equal(nn_prefetch_begin(p, 0, s->order, COUNT, 40), NN_OK);
    size_t at = 40;
    while (nn_prefetch_next(p, 60, &view) == NN_OK && view.count > 0) {
        assert_null(view.labels);
        for (size_t i = 0; i < view.count; i++) {
            assert_memory_equal((const float *)view.targets + i * OUTPUTS, targets + s->order[at + i] * OUTPUTS,
                                OUTPUTS * sizeof *targets);
        }
        at += view.count;
    }
    assert_int_equal(at, COUNT);
    nn_prefetch_destroy(p);
    test_free(targets);
}

static void an_epoch_does_not_begin_behind_its_end(void **state)
{
    struct state *s = *state;
    nn_prefetch *p;
    nn_samples view;
    assert_int_equal(nn_prefetch_create(&s->options, &p), NN_OK);
    assert_int_equal(nn_prefetch_begin(p, 0, s->order, COUNT, COUNT + 1), NN_ERR_STATE);
    assert_int_equal(nn_prefetch_begin(p, 0, s->order, COUNT, COUNT), NN_OK);
    assert_int_equal(nn_prefetch_next(p, 10, &view), NN_OK);
    assert_int_equal(view.count, 0);
    nn_prefetch_destroy(p);
}

static void nothing_is_allocated_after_create(void **state)
{
    struct state *s = *state;
    nn_prefetch *p;
    assert_int_equal(nn_prefetch_create(&s->options, &p), NN_OK);
    unsigned long before = nn_memory_count();
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        nn_samples view;
        nn_prefetch_begin(p, epoch, s->order, COUNT, 0);
        while (nn_prefetch_next(p, 500, &view) == NN_OK && view.count > 0) {
        }
    }
    assert_int_equal(nn_memory_count(), before);
    nn_prefetch_destroy(p);
}

static void every_failed_allocation_is_told(void **state)
{
    struct state *s = *state;
    for (long k = 0;; k++) {
        nn_prefetch *p = NULL;
        nn_memory_fail_after(k, 1);
        nn_status status = nn_prefetch_create(&s->options, &p);
        nn_memory_fail_after(0, 0);
        if (status == NN_OK) {
            nn_prefetch_destroy(p);
            assert_true(k > 10);
            break;
        }
        assert_int_equal(status, NN_ERR_MEMORY);
    }
}

static void vectors_are_refused(void **state)
{
    struct state *s = *state;
    nn_prefetch *p;
    s->options.samples.image = false;
    assert_int_equal(nn_prefetch_create(&s->options, &p), NN_ERR_DATA);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rows_come_in_order_transformed_by_streams_of_their_own),
        CASE(an_epoch_may_be_left_at_any_row),
        CASE(rows_are_handed_out_when_the_last_of_them_is_ready),
        CASE(real_targets_go_with_their_rows),
        CASE(an_epoch_does_not_begin_behind_its_end),
        CASE(nothing_is_allocated_after_create),
        CASE(every_failed_allocation_is_told),
        CASE(vectors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
