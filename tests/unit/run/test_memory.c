/* SPDX-License-Identifier: MIT */
/* Inside an epoch, after its first batches, training allocates nothing: neither core nor the optimizer
 * and activations it calls.  Counted over whole runs, for every optimizer. */
#include "run/session.h"

#include "base/memory.h"
#include "base/path.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char spec[] =
    "nnrun: 1\n"
    "name: memory\n"
    "threads: 2\n"
    "data:\n"
    "  train: {use: synthetic, task: blobs, samples: 20000, features: 32, classes: 4}\n"
    "  validation: {count: 1000}\n"
    "  cache: none\n"
    "network:\n"
    "  layers:\n"
    "    - {units: 24, activation: tanh, dropout: 0.2}\n"
    "    - {units: classes, activation: softmax}\n"
    "  cost: categorical_cross_entropy\n"
    "training: {epochs: 2, batch_size: 10, optimizer: sgd, schedule: {use: cosine}, l2: 0.001}\n"
    "checkpoint: {keep: 1}\n";

/* Allocations from one progress call to the next within an epoch. */
struct count {
    uint64_t epoch;
    unsigned long last;
    unsigned calls, allocations; /* within epochs */
};

static void progress(void *context, const nn_train_state *state, uint64_t rows, uint64_t total,
                     double cost, double accuracy)
{
    struct count *count = context;
    unsigned long now = nn_memory_count();
    (void)rows;
    (void)total;
    (void)cost;
    (void)accuracy;
    if (count->calls > 0 && count->epoch == state->epoch) {
        count->allocations += (unsigned)(now - count->last);
    }
    count->calls++;
    count->epoch = state->epoch;
    count->last = now;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
    (void)about;
    (void)type;
    (void)walk;
    return remove(path);
}

static void counts_no_allocation(const char *optimizer)
{
    char folder[] = "/tmp/nnrun-memory-XXXXXX", path[64], override[64];
    const char *overrides[] = {override};
    struct count count = {0};
    const nn_observer observer = {.context = &count, .progress = progress};
    nn_session *session;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/spec.yaml", folder);
    snprintf(override, sizeof override, "training.optimizer=%s", optimizer);
    assert_int_equal(nn_file_write(path, spec, sizeof spec - 1, false), NN_OK);
    const nn_session_options options = {
        .spec = path,
        .overrides = overrides,
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
        fprintf(stderr, "%s: %s %s\n", optimizer, nn_story(), nn_text_view(&errors));
        nn_text_finish(&errors);
    }
    assert_int_equal(status, NN_OK);
    nn_session_destroy(session);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_true(count.calls >= 3); /* more than one look an epoch */
    assert_int_equal(count.allocations, 0);
}

static void an_epoch_allocates_nothing_after_its_first_batches(void **state)
{
    static const char *const optimizers[] = {
        "sgd", "{use: sgd, momentum: 0.9, nesterov: true}", "adagrad", "adam", "adamw", "nadam", "rmsprop",
        "rprop",
    };
    (void)state;
    for (size_t i = 0; i < sizeof optimizers / sizeof optimizers[0]; i++) {
        counts_no_allocation(optimizers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_allocates_nothing_after_its_first_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
