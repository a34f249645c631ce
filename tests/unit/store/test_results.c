/* SPDX-License-Identifier: MIT */
#include "store/read.h"

#include "base/memory.h"
#include "base/path.h"
#include "fake_engine.h"
#include "sample.h"
#include "store/checkpoint.h"
#include "store/provenance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[256];
static nn_arena *arena;
static nn_run_folder *folder;
static nn_history *history;
static nn_engine engine;

static const uint64_t confusion[] = {1, 1, 0, 2};
static const int32_t predictions[] = {0, 1, 1, 1};
static const float outputs[] = {0.75f, 0.25f, 0.5f, 0.5f, 0.125f, 0.875f, 0, 1};
static const nn_test_result test = {
    .epoch = 2, .cost = 0.3, .accuracy = 0.75, .has_accuracy = true, .rows = 4, .outputs = 2,
    .class_count = 2, .confusion = confusion, .predictions = predictions, .output_values = outputs,
    .bits = 32,
};

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", sample_folder());
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 0, path, &folder), NN_OK);
    history = sample_history(3, true);
    fake_engine_init(&engine, 32);
    fake_engine_fill(&engine, 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nn_run_folder_close(folder);
    nn_history_destroy(history);
    nn_arena_destroy(arena);
    sample_remove(path);
    return 0;
}

static void facts_read_back_as_they_were(void **state)
{
    (void)state;
    nn_run_facts facts = sample_facts();
    nn_run_data data;
    assert_int_equal(nn_results_write(folder, &facts, history, NULL, NULL, false), NN_OK);
    assert_int_equal(nn_run_read(path, arena, &data), NN_OK);
    assert_string_equal(data.id, nn_run_folder_id(folder));
    assert_string_equal(data.facts.spec_source, facts.spec_source);
    assert_string_equal(data.facts.spec_resolved, facts.spec_resolved);
    assert_string_equal(data.facts.spec_origin, facts.spec_origin);
    assert_int_equal(data.facts.provenance_count, 3);
    assert_string_equal(nn_run_fact(&data, "libraries/hdf5"), "1.10.8");
    assert_string_equal(nn_run_fact(&data, "argv"), "nnrun 'a b'");
    assert_null(nn_run_fact(&data, "nothing"));
    assert_int_equal(data.facts.plugin_count, 2);
    assert_string_equal(data.facts.plugins[1].kind, "cost");
    assert_string_equal(data.facts.plugins[1].name, "quadratic");
    assert_string_equal(data.facts.plugins[1].file, "/x/quadratic.so");
    assert_string_equal(data.facts.plugins[1].sha256, "def");
    assert_string_equal(data.facts.plugins[1].built_with, "gcc 12");
    assert_memory_equal(&data.facts.data.train, &facts.data.train, sizeof facts.data.train);
    assert_memory_equal(&data.facts.data.test, &facts.data.test, sizeof facts.data.test);
    assert_memory_equal(&data.facts.data.validation, &facts.data.validation, sizeof(nn_hash128));
    assert_int_equal(data.facts.data.class_count, 2);
    assert_string_equal(data.facts.data.class_names[1], facts.data.class_names[1]);
    assert_memory_equal(data.facts.data.train_indices, facts.data.train_indices, 12);
    assert_memory_equal(data.facts.data.validation_indices, facts.data.validation_indices, 8);
    assert_int_equal(data.facts.data.skipped, 1);
    assert_int_equal(data.facts.data.height, 5);
    assert_int_equal(data.facts.data.scale_count, 1);
    assert_memory_equal(data.facts.data.scale, facts.data.scale, sizeof(double));
    assert_memory_equal(data.facts.data.shift, facts.data.shift, sizeof(double));
    assert_int_equal(data.history->count, 3);
    assert_false(data.has_test || data.has_model);
    nn_run_data_finish(&data);
}

static void test_and_model_read_back_to_the_same_bits(void **state)
{
    (void)state;
    nn_run_facts facts = sample_facts();
    nn_run_data data;
    nn_stored_model model;
    nn_engine other;
    const double *values;
    const char *weights;
    uint64_t epoch;
    float expected[FAKE_INPUTS * FAKE_HIDDEN], biases[FAKE_HIDDEN];
    assert_int_equal(nn_results_write(folder, &facts, history, &engine, &test, true), NN_OK);
    assert_int_equal(nn_run_read(path, arena, &data), NN_OK);
    assert_true(data.has_test && data.has_model && data.test.has_accuracy);
    assert_int_equal(data.test.epoch, 2);
    assert_true(data.test.cost == test.cost && data.test.accuracy == test.accuracy);
    assert_int_equal(data.test.class_count, 2);
    assert_memory_equal(data.test.confusion, confusion, sizeof confusion);
    assert_memory_equal(data.test.predictions, predictions, sizeof predictions);
    assert_int_equal(nn_run_read_outputs(path, arena, &values), NN_OK);
    assert_true(values[5] == 0.875);
    assert_int_equal(nn_run_weights_path(path, NULL, arena, &weights, &epoch), NN_OK);
    assert_string_equal(nn_path_name(weights), "run.h5");
    assert_int_equal(epoch, 2);
    assert_int_equal(nn_run_read_model(weights, arena, &model), NN_OK);
    assert_int_equal(model.bits, 32);
    assert_int_equal(model.layer_count, FAKE_LAYERS);
    assert_int_equal(model.layers[0].inputs, FAKE_INPUTS);
    assert_string_equal(model.layers[1].activation, "sigmoid");
    nn_engine_get(&engine, 0, expected, biases);
    assert_memory_equal(model.layers[0].weight, expected, sizeof expected);
    assert_memory_equal(model.layers[0].bias, biases, sizeof biases);
    fake_engine_init(&other, 32);
    assert_int_equal(nn_run_read_weights(weights, &other), NN_OK);
    assert_memory_equal(other.weight[0][0], engine.weight[0][0], sizeof other.weight[0][0]);
    nn_run_data_finish(&data);
}

static void weights_of_an_unfinished_run_are_the_best_checkpoint(void **state)
{
    (void)state;
    nn_run_facts facts = sample_facts();
    const char *weights;
    uint64_t epoch;
    nn_train_state two = {.epoch = 2, .has_best = true, .best_epoch = 2};
    nn_train_state three = {.epoch = 3, .has_best = true, .best_epoch = 2};
    assert_int_equal(nn_results_write(folder, &facts, history, NULL, NULL, true), NN_OK);
    assert_int_equal(nn_run_weights_path(path, NULL, arena, &weights, &epoch), NN_ERR_CHECKPOINT);
    assert_int_equal(nn_checkpoint_write(folder, &engine, &two, history, false, arena, NULL), NN_OK);
    assert_int_equal(nn_checkpoint_write(folder, &engine, &three, history, false, arena, NULL), NN_OK);
    assert_int_equal(nn_run_weights_path(path, NULL, arena, &weights, &epoch), NN_OK);
    assert_string_equal(nn_path_name(weights), "epoch-000002.h5");
    assert_int_equal(epoch, 2);
}

static void what_is_not_finite_is_not_written(void **state)
{
    (void)state;
    nn_run_facts facts = sample_facts();
    nn_test_result bad = test;
    char name[300];
    snprintf(name, sizeof name, "%s/run.h5", path);
    bad.cost = INFINITY;
    assert_int_equal(nn_results_write(folder, &facts, history, &engine, &bad, true), NN_ERR_NUMERIC);
    assert_non_null(strstr(nn_story(), "/test/cost"));
    history->records[1].train_cost = NAN;
    assert_int_equal(nn_results_write(folder, &facts, history, NULL, NULL, true), NN_ERR_NUMERIC);
    assert_non_null(strstr(nn_story(), "/metrics/train_cost[1]"));
    assert_false(nn_path_is_file(name));
}

static void run_without_an_epoch_says_what_it_was(void **state)
{
    (void)state;
    nn_run_facts facts = sample_facts();
    nn_run_data data;
    nn_history_cut(history, 0);
    facts.data.class_count = 0;
    facts.data.train_indices = facts.data.validation_indices = NULL;
    facts.plugin_count = 0;
    assert_int_equal(nn_results_write(folder, &facts, history, NULL, NULL, false), NN_OK);
    assert_int_equal(nn_run_read(path, arena, &data), NN_OK);
    assert_int_equal(data.history->count, 0);
    assert_int_equal(data.facts.data.class_count, 0);
    assert_null(data.facts.data.train_indices);
    nn_run_data_finish(&data);
}

static void names_that_are_not_utf8_are_escaped(void **state)
{
    (void)state;
    static const char *const names[] = {"ok", "b\xE4r"};
    nn_run_facts facts = sample_facts();
    nn_run_data data;
    facts.data.class_names = names;
    assert_int_equal(nn_results_write(folder, &facts, history, NULL, NULL, false), NN_OK);
    assert_int_equal(nn_run_read(path, arena, &data), NN_OK);
    assert_string_equal(data.facts.data.class_names[1], "b\\xe4r");
    nn_run_data_finish(&data);
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    nn_run_facts facts = sample_facts();
    nn_run_data data;
    for (long k = 0, failed = 1; failed > 0; k++) {
        nn_memory_fail_after(k, 1);
        nn_status status = nn_results_write(folder, &facts, history, &engine, &test, false);
        nn_memory_fail_after(0, 0);
        assert_true(status == NN_OK || (status == NN_ERR_MEMORY && nn_story()[0] != '\0'));
        failed = status == NN_ERR_MEMORY;
    }
    for (long k = 0, failed = 1; failed > 0; k++) {
        nn_memory_fail_after(k, 1);
        nn_status status = nn_run_read(path, arena, &data);
        nn_memory_fail_after(0, 0);
        assert_true(status == NN_OK || (status == NN_ERR_MEMORY && nn_story()[0] != '\0'));
        failed = status == NN_ERR_MEMORY;
    }
    nn_run_data_finish(&data);
}

static void provenance_names_the_machine_and_quotes_the_command(void **state)
{
    (void)state;
    char program[] = "nnrun", spec[] = "it's.yaml";
    char *argv[] = {program, spec};
    const nn_fact extra[] = {{"libraries/yaml", "0.2.5"}, {"isa", NULL}};
    nn_provenance *provenance;
    nn_run_data data = {0};
    assert_int_equal(nn_provenance_create(2, argv, 7, 3, extra, 2, arena, &provenance), NN_OK);
    data.facts.provenance = nn_provenance_facts(provenance, &data.facts.provenance_count);
    assert_string_equal(nn_run_fact(&data, "argv"), "nnrun 'it'\\''s.yaml'");
    assert_string_equal(nn_run_fact(&data, "seed"), "7");
    assert_string_equal(nn_run_fact(&data, "threads"), "3");
    assert_string_equal(nn_run_fact(&data, "libraries/yaml"), "0.2.5");
    assert_null(nn_run_fact(&data, "isa"));
    assert_non_null(nn_run_fact(&data, "cpu"));
    assert_non_null(nn_run_fact(&data, "libraries/hdf5"));
}

/* The file as another program sees it; h5py is the reader most people have. */
static void h5py_reads_the_layout_the_manual_promises(void **state)
{
    (void)state;
    const char *source = getenv("NNRUN_TEST_SOURCE");
    char command[1024];
    nn_run_facts facts = sample_facts();
    if (source == NULL || system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
        skip();
    }
    assert_int_equal(nn_results_write(folder, &facts, history, &engine, &test, true), NN_OK);
    nn_train_state three = {.epoch = 3, .step = 300, .has_best = true, .best_epoch = 2};
    assert_int_equal(nn_checkpoint_write(folder, &engine, &three, history, false, arena, NULL), NN_OK);
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/unit/store/read_layout.py' '%s'",
             source, path);
    assert_int_equal(system(command), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(facts_read_back_as_they_were),
        CASE(test_and_model_read_back_to_the_same_bits),
        CASE(weights_of_an_unfinished_run_are_the_best_checkpoint),
        CASE(what_is_not_finite_is_not_written),
        CASE(run_without_an_epoch_says_what_it_was),
        CASE(names_that_are_not_utf8_are_escaped),
        CASE(every_failing_allocation_is_told),
        CASE(provenance_names_the_machine_and_quotes_the_command),
        CASE(h5py_reads_the_layout_the_manual_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
