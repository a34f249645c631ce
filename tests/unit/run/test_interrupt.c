/* SPDX-License-Identifier: MIT */
/* A signal while data are read, the validation set or the test set is evaluated: the run stops at once,
 * and resume goes on to the same bits. */
#include "run/session.h"

#include "files.h"
#include "store/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char spec[] =
    "nnrun: 1\n"
    "name: interrupted\n"
    "data:\n"
    "  train: {use: synthetic, task: blobs, samples: 600, features: 4, classes: 3}\n"
    "  test: {use: synthetic, task: blobs, samples: 100, offset: 600, features: 4, classes: 3}\n"
    "network:\n"
    "  layers: [{units: 8, activation: tanh}, {units: classes, activation: softmax}]\n"
    "  cost: categorical_cross_entropy\n"
    "training: {epochs: 2, batch_size: 10, optimizer: sgd}\n";

static volatile sig_atomic_t asked;
static char results[FILES_PATH];

static int setup(void **state)
{
    (void)state;
    files_make(results);
    files_write(files_path(results, "spec.yaml"), spec, sizeof spec - 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_remove(results);
    return 0;
}

/* When the signal comes. */
enum moment { NEVER, TRAINED, EPOCH_DONE };
static enum moment moment;

/* The last batch of epoch 2 is trained: what comes next is its validation. */
static void progress(void *context, const nn_train_state *at, uint64_t rows, uint64_t total,
                     double cost, double accuracy)
{
    (void)context, (void)cost, (void)accuracy;
    asked = asked || (moment == TRAINED && at->epoch == 1 && rows == total);
}

/* The last epoch is complete: what comes next is the test. */
static nn_status epoch(void *context, const nn_train_state *at, const nn_history *history,
                       const nn_record *record)
{
    (void)context, (void)history, (void)record;
    asked = asked || (moment == EPOCH_DONE && at->epoch == 2);
    return NN_OK;
}

static const nn_observer observer = {.progress = progress, .epoch = epoch};
static const char *const validated[] = {"data.validation={count: 200}"};

static nn_session_options options(void)
{
    return (nn_session_options){
        .spec = files_path(results, "spec.yaml"),
        .overrides = validated,
        .override_count = 1,
        .plugins = {.installed = getenv("NNRUN_TEST_PLUGINS")},
        .results = results,
        .interrupt = &asked,
        .observer = &observer,
    };
}

/* Runs or, with a folder, resumes; gives the folder and the cost of the test set. */
static nn_status go(char folder[FILES_PATH], bool resume, double *cost)
{
    nn_session_options how = options();
    nn_session *session;
    how.override_count = resume ? 0 : 1;
    assert_int_equal(resume ? nn_session_create_resumed(&how, folder, &session)
                            : nn_session_create(&how, &session), NN_OK);
    nn_status status = resume ? nn_session_resume(session) : nn_session_run(session);
    const nn_summary *summary = nn_session_summary(session);
    assert_non_null(summary->folder);
    snprintf(folder, FILES_PATH, "%s", summary->folder);
    *cost = summary->test_cost;
    nn_session_destroy(session);
    return status;
}

static void assert_state(const char *folder, const char *wanted)
{
    nn_arena *arena;
    const char *word, *line;
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_run_folder_state(folder, arena, &word, &line), NN_OK);
    assert_string_equal(word, wanted);
    nn_arena_destroy(arena);
}

static void a_signal_while_data_are_read_leaves_a_run_that_resume_begins(void **state)
{
    char folder[FILES_PATH], unbroken[FILES_PATH];
    double cost, wanted;
    (void)state;
    asked = 1;
    assert_int_equal(go(folder, false, &cost), NN_ERR_INTERRUPTED);
    assert_non_null(strstr(nn_story(), "interrupted after 0 of 600 samples were read"));
    assert_state(folder, "interrupted");
    /* And once more, before it has a checkpoint. */
    assert_int_equal(go(folder, true, &cost), NN_ERR_INTERRUPTED);
    asked = 0;
    assert_int_equal(go(folder, true, &cost), NN_OK);
    assert_state(folder, "done");
    assert_int_equal(go(unbroken, false, &wanted), NN_OK);
    assert_string_not_equal(folder, unbroken);
    assert_true(cost == wanted);
}

/* The run stops with `story`, and resumed it has the costs of one that was never stopped. */
static void stops_and_goes_on(enum moment when, const char *story)
{
    char folder[FILES_PATH], unbroken[FILES_PATH];
    double cost, wanted;
    moment = when;
    asked = 0;
    assert_int_equal(go(folder, false, &cost), NN_ERR_INTERRUPTED);
    if (strstr(nn_story(), story) == NULL) {
        fail_msg("\"%s\" is not in: %s", story, nn_story());
    }
    assert_state(folder, "interrupted");
    moment = NEVER;
    asked = 0;
    assert_int_equal(go(folder, true, &cost), NN_OK);
    assert_state(folder, "done");
    assert_int_equal(go(unbroken, false, &wanted), NN_OK);
    assert_true(cost == wanted);
}

static void a_signal_while_the_validation_set_is_evaluated_keeps_the_trained_epoch(void **state)
{
    (void)state;
    stops_and_goes_on(TRAINED, "interrupted in epoch 2 after 400 of 400 samples");
}

static void a_signal_while_the_test_set_is_evaluated_leaves_only_the_test(void **state)
{
    (void)state;
    stops_and_goes_on(EPOCH_DONE, "interrupted while the test set was evaluated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_signal_while_the_validation_set_is_evaluated_keeps_the_trained_epoch, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_signal_while_the_test_set_is_evaluated_leaves_only_the_test, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signal_while_data_are_read_leaves_a_run_that_resume_begins,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
