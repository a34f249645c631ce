/* SPDX-License-Identifier: MIT */
/* How many threads go on with a stretch (net/real/train.c): seen from an activation, which knows the thread
 * that calls it, and from the system's count of threads that went to sleep. */
#include "parts.h"

#include "net/engine.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

enum { FEATURES = 40, CLASSES = 10, BATCH = 10, BATCHES = 20000, LONG_AGO = 4000 };

static pthread_t main_thread;
static atomic_long calls;      /* of the activation by the other thread */
static atomic_long dawdled_at; /* which of them took its time; 0: none yet */
static atomic_long alone;      /* calls by the main thread since, while the other one made none */
static atomic_long calls_then; /* by the other one until the main thread went on alone; 0: it did not yet */

enum { ALONE_FOR_SURE = 20 };

/* Call LONG_AGO of the other thread takes a fifth of a second. */
static void dawdle_forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    sigmoid_forward(self, rows, cols, z, a);
    if (!pthread_equal(pthread_self(), main_thread)) {
        atomic_store(&alone, 0);
        if (atomic_fetch_add(&calls, 1) + 1 == LONG_AGO) {
            const struct timespec fifth = {.tv_nsec = 200000000};
            nanosleep(&fifth, NULL);
            atomic_store(&dawdled_at, LONG_AGO);
        }
    } else if (atomic_load(&dawdled_at) > 0 && atomic_load(&calls_then) == 0
               && atomic_fetch_add(&alone, 1) + 1 == ALONE_FOR_SURE) {
        atomic_store(&calls_then, atomic_load(&calls));
    }
}

static const nn_activation dawdle_ops = {
    .name = "dawdle",
    .flags = NN_ELEMENTWISE | NN_NEEDS_A | NN_LINK_SIGMOID,
    .forward = dawdle_forward,
    .backward = sigmoid_backward,
};

static nn_component dawdle = {.kind = NN_KIND_ACTIVATION, .ops = &dawdle_ops};
static struct sgd plain_sgd = {.rate = 0.1};
static nn_component sgd = {.kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &plain_sgd};

/* One stretch of BATCHES batches with two threads. */
static void train(nn_component *hidden)
{
    size_t count = (size_t)BATCHES * BATCH;
    uint8_t *bytes = calloc(count, FEATURES);
    int32_t *labels = calloc(count, sizeof *labels);
    double *rates = calloc(BATCHES, sizeof *rates);
    const double scale = 1.0 / 255, shift = -0.5;
    for (size_t i = 0; i < count; i++) {
        bytes[i * FEATURES + i % FEATURES] = (uint8_t)i;
        labels[i] = (int32_t)(i % CLASSES);
    }
    for (size_t b = 0; b < BATCHES; b++) {
        rates[b] = 0.1;
    }
    nn_layer layers[] = {
        {.inputs = FEATURES, .units = 100, .activation = hidden, .initializer = &uniform},
        {.inputs = 100, .units = CLASSES, .activation = &sigmoid, .initializer = &uniform},
    };
    nn_topology topology = {
        .bits = NN_REAL_BITS,
        .isa = NN_ISA_X86_64_V2,
        .seed = 1,
        .batch_size = BATCH,
        .inputs = FEATURES,
        .layers = layers,
        .layer_count = 2,
        .outputs = CLASSES,
        .classes = true,
        .cost = &quadratic,
        .optimizer = &sgd,
    };
    const nn_input input = {
        .bytes = bytes, .scale = &scale, .shift = &shift, .scale_count = 1, .labels = labels};
    nn_stretch stretch = {.input = &input, .count = count, .rates = rates};
    nn_tally tally = {0};
    nn_pool *pool;
    nn_engine *engine;
    assert_int_equal(nn_pool_create(2, &pool), NN_OK);
    assert_int_equal(nn_engine_create(&topology, pool, &engine), NN_OK);
    assert_int_equal(nn_engine_train(engine, &stretch, &tally), NN_OK);
    assert_int_equal(tally.rows, count);
    nn_engine_destroy(engine);
    nn_pool_destroy(pool);
    free(bytes);
    free(labels);
    free(rates);
}

/* It has slept for longer than a segment takes: the segment ends two batches on, not at its end, which would
 * be hundreds of batches away, and the next one is trained by one thread. */
static void a_thread_that_waited_long_ends_the_segment(void **state)
{
    enum { PER_BATCH = 8 }; /* calls of the activation at most: one a panel */
    (void)state;
    main_thread = pthread_self();
    train(&dawdle);
    if (atomic_load(&dawdled_at) == 0) {
        skip(); /* the machine was so busy that two threads hardly ever went together */
    }
    long more = atomic_load(&calls_then) - LONG_AGO;
    assert_true(atomic_load(&calls_then) > 0 && more >= 0);
    assert_true(more <= 3 * PER_BATCH);
}

static long sleeps_in_training(void)
{
    struct rusage from, to;
    getrusage(RUSAGE_SELF, &from);
    train(&sigmoid);
    getrusage(RUSAGE_SELF, &to);
    return to.ru_nvcsw - from.ru_nvcsw;
}

/* Without a look back they sleep once a batch or more.  Others who want the core as well can make them sleep that
 * often in one training, hardly in each of several. */
static void threads_that_share_a_core_do_not_take_turns_in_every_batch(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    long least = LONG_MAX;
    for (int i = 0; i < 5 && least >= BATCHES * 3 / 4; i++) {
        long sleeps = sleeps_in_training();
        least = sleeps < least ? sleeps : least;
    }
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_true(least < BATCHES * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_waited_long_ends_the_segment),
        cmocka_unit_test(threads_that_share_a_core_do_not_take_turns_in_every_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
