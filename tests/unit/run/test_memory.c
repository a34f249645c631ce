/* SPDX-License-Identifier: MIT */
/* Inside an epoch, after its first batch, training allocates nothing: neither core nor the plugins it
 * calls, nor the libraries below.  Counted over whole runs, by standing before the C library's malloc();
 * under a sanitizer, which stands there itself, by core's own count. */
#include "run/session.h"

#include "base/memory.h"
#include "base/path.h"
#include "files.h"
#include "plugin/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
static unsigned long allocations(void)
{
    return nn_memory_count();
}
#else
static atomic_ulong made;

static unsigned long allocations(void)
{
    return atomic_load(&made);
}

/* glibc's own, under the names it keeps for those who stand before them. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes)
{
    atomic_fetch_add(&made, 1);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&made, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t bytes)
{
    atomic_fetch_add(&made, 1);
    return __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    atomic_fetch_add(&made, 1);
    return __libc_memalign(alignment, bytes);
}
#endif

static const char spec[] =
    "nnrun: 1\n"
    "name: memory\n"
    "threads: 2\n"
    "data:\n"
    "  train: {use: synthetic, task: bars, samples: 3000, classes: 4}\n"
    "  validation: {count: 500}\n"
    "  cache: none\n"
    "network:\n"
    "  layers:\n"
    "    - {units: 24, activation: tanh, dropout: 0.2}\n"
    "    - {units: classes, activation: softmax}\n"
    "  cost: categorical_cross_entropy\n"
    "training: {epochs: 3, batch_size: 10, optimizer: sgd, schedule: {use: cosine}, l2: 0.001}\n"
    "checkpoint: {keep: 1}\n";

/* Allocations within epochs: from the first batch of the run, and from the end of each epoch on, until
 * the last batches of the epoch. */
struct count {
    unsigned long last;
    unsigned looks, allocations;
};

static void progress(void *context, const nn_train_state *state, uint64_t rows, uint64_t total,
                     double cost, double accuracy)
{
    struct count *count = context;
    (void)state;
    (void)rows;
    (void)total;
    (void)cost;
    (void)accuracy;
    if (count->looks > 0) {
        count->allocations += (unsigned)(allocations() - count->last);
    }
    count->looks++;
    count->last = allocations();
}

static nn_status end_of_epoch(void *context, const nn_train_state *state, const nn_history *history,
                              const nn_record *record)
{
    struct count *count = context;
    (void)state;
    (void)history;
    (void)record;
    count->last = allocations();
    return NN_OK;
}

static void counts_no_allocation(const char *override)
{
    char folder[FILES_PATH];
    struct count count = {0};
    const nn_observer observer = {.context = &count, .progress = progress, .epoch = end_of_epoch};
    nn_session *session;
    files_make(folder);
    const char *path = files_path(folder, "spec.yaml");
    files_write(path, spec, sizeof spec - 1);
    const nn_session_options options = {
        .spec = path,
        .overrides = &override,
        .override_count = 1,
        .plugins = {.installed = getenv("NNRUN_TEST_PLUGINS")},
        .results = folder,
        .observer = &observer,
    };
    assert_int_equal(nn_session_create(&options, &session), NN_OK);
    nn_status status = nn_session_run(session);
    if (status != NN_OK) {
        nn_text errors = {0};
        nn_session_diagnostics(session, &errors);
        fprintf(stderr, "%s: %s %s\n", override, nn_story(), nn_text_view(&errors));
        nn_text_finish(&errors);
    }
    assert_int_equal(status, NN_OK);
    nn_session_destroy(session);
    files_remove(folder);
    assert_true(count.looks >= 4); /* two in the first epoch */
    if (count.allocations != 0) {
        fail_msg("%s: %u allocations inside an epoch", override, count.allocations);
    }
}

/* Every component of a kind in the place of `format`'s %s; the names lie in files or in the program. */
static void count_kind(nn_kind kind, const char *format)
{
    const nn_log log = {0};
    nn_arena *arena;
    nn_registry *registry;
    const char *const *names;
    size_t count;
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_registry_create(&log, &registry), NN_OK);
    assert_int_equal(nn_registry_add(registry, getenv("NNRUN_TEST_PLUGINS"), true), NN_OK);
    assert_int_equal(nn_registry_names(registry, kind, arena, &names, &count), NN_OK);
    nn_registry_destroy(registry);
    assert_true(count >= 4);
    for (size_t i = 0; i < count; i++) {
        char override[256];
        snprintf(override, sizeof override, format, names[i]);
        counts_no_allocation(override);
    }
    nn_arena_destroy(arena);
}

static void no_optimizer_makes_an_epoch_allocate(void **state)
{
    (void)state;
    count_kind(NN_KIND_OPTIMIZER, "training.optimizer={use: %s, rate: 0.001}");
    counts_no_allocation("training.optimizer={use: sgd, rate: 0.01, momentum: 0.9, nesterov: true}");
}

static void no_activation_makes_an_epoch_allocate(void **state)
{
    (void)state;
    count_kind(NN_KIND_ACTIVATION, "network.layers.0.activation=%s");
}

static void no_schedule_makes_an_epoch_allocate(void **state)
{
    (void)state;
    count_kind(NN_KIND_SCHEDULE, "training.schedule=%s");
}

static void no_transform_makes_an_epoch_allocate(void **state)
{
    (void)state;
    count_kind(NN_KIND_TRANSFORM, "data.transforms=[{use: %s}]");
}

static void no_precision_makes_an_epoch_allocate(void **state)
{
    (void)state;
    counts_no_allocation("precision=float32");
    counts_no_allocation("precision=float64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_optimizer_makes_an_epoch_allocate),
        cmocka_unit_test(no_activation_makes_an_epoch_allocate),
        cmocka_unit_test(no_schedule_makes_an_epoch_allocate),
        cmocka_unit_test(no_transform_makes_an_epoch_allocate),
        cmocka_unit_test(no_precision_makes_an_epoch_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
