/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "check.h"
#include "train/record.h"

static nn_history *history_of(bool accuracy, bool validation, const double *values, size_t count)
{
    nn_history *history;
    assert_ok(nn_history_create(accuracy, validation, 2, &history));
    for (size_t i = 0; i < count; i++) {
        nn_record record = {.epoch = i + 1, .train_cost = -values[i],
                            .validation_accuracy = values[i]};
        assert_ok(nn_history_append(history, &record));
    }
    return history;
}

static void the_best_is_the_earliest_of_equals(void **state)
{
    (void)state;
    const double values[] = {0.1, 0.9, 0.9, 0.3};
    nn_history *history = history_of(true, true, values, 4);
    assert_int_equal(nn_history_best(history, "validation.accuracy"), 1);
    assert_int_equal(nn_history_best(history, "train.cost"), 1);
    nn_history_cut(history, 1);
    assert_int_equal(nn_history_best(history, "validation.accuracy"), 0);
    nn_history_destroy(history);
}

static void a_metric_never_computed_is_absent(void **state)
{
    (void)state;
    const double values[] = {0.5};
    nn_history *history = history_of(false, false, values, 1);
    double value;
    assert_true(nn_record_get(history, history->records, "train.cost", &value));
    assert_false(nn_record_get(history, history->records, "train.accuracy", &value));
    assert_false(nn_record_get(history, history->records, "validation.cost", &value));
    assert_false(nn_record_get(history, history->records, "no.such", &value));
    assert_int_equal(nn_history_best(history, "validation.accuracy"), 1);
    nn_history_destroy(history);
}

static void records_keep_copies_of_their_probes(void **state)
{
    (void)state;
    nn_history *history;
    double norms[2] = {3, 4};
    assert_ok(nn_history_create(true, true, 2, &history));
    nn_record record = {.epoch = 1, .probe = {norms}};
    assert_ok(nn_history_append(history, &record));
    norms[1] = 0;
    assert_true(history->records[0].probe[NN_PROBE_GRADIENT_NORM][1] == 4);
    nn_history_destroy(history);
}

static void a_reserved_history_allocates_no_more(void **state)
{
    (void)state;
    nn_history *history;
    assert_ok(nn_history_create(true, true, 1, &history));
    assert_ok(nn_history_reserve(history, 100));
    unsigned long before = nn_memory_count();
    for (int i = 0; i < 100; i++) {
        nn_record record = {.epoch = 1};
        assert_ok(nn_history_append(history, &record));
    }
    assert_int_equal(nn_memory_count(), before);
    nn_history_destroy(history);
    nn_history_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_is_the_earliest_of_equals),
        cmocka_unit_test(a_metric_never_computed_is_absent),
        cmocka_unit_test(records_keep_copies_of_their_probes),
        cmocka_unit_test(a_reserved_history_allocates_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
