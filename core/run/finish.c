/* SPDX-License-Identifier: MIT */
/* The end of a run: the test set on the best weights, the final results, the expectations. */
#include "base/memory.h"
#include "run/inside.h"

#include <math.h>
#include <string.h>

static const uint64_t OUTPUT_VALUES_MOST = 16000000;

/* With validation the best weights are tested and kept as the model, else the last. */
static nn_status choose_weights(nn_session *s, uint64_t *epoch)
{
    *epoch = s->state.epoch;
    if (s->training.validation == NULL || !s->state.has_best
        || s->state.best_epoch == s->state.epoch) {
        return NN_OK;
    }
    const char *path;
    NN_TRY(nn_checkpoint_of_epoch(nn_run_folder_path(s->folder), s->state.best_epoch, s->arena,
                                  &path));
    if (path == NULL) {
        return nn_fail(NN_ERR_CHECKPOINT, "%s: the checkpoint of the best epoch, %llu, is gone",
                       nn_run_folder_path(s->folder), (unsigned long long)s->state.best_epoch);
    }
    NN_TRY(nn_checkpoint_read(path, s->engine, NULL, NULL));
    *epoch = s->state.best_epoch;
    return NN_OK;
}

/* Room for what the test set gives. */
struct test {
    int32_t *predictions;
    uint64_t *confusion;
    void *outputs;
};

static nn_status test_alloc(const nn_session *s, struct test *test)
{
    size_t rows = s->sources.test_count, classes = s->sources.about.class_count;
    if (s->topology.classes) {
        NN_TRY(NN_ALLOC(&test->predictions, rows, "predictions"));
        NN_TRY(NN_ALLOC(&test->confusion, classes * classes, "the confusion matrix"));
    }
    if ((uint64_t)rows * s->topology.outputs < OUTPUT_VALUES_MOST) {
        NN_TRY(nn_alloc(rows * s->topology.outputs, s->topology.bits / 8, "test outputs",
                        &test->outputs));
    }
    return NN_OK;
}

static nn_status test_model(nn_session *s, struct test *test, nn_test_result *result)
{
    size_t rows = s->sources.test_count, classes = s->sources.about.class_count;
    NN_TRY(test_alloc(s, test));
    nn_tally tally = {0};
    nn_status status = nn_engine_evaluate(s->engine, &s->sources.test_input, NULL, rows, &tally,
                                          test->outputs, test->predictions);
    if (status == NN_ERR_INTERRUPTED) {
        return nn_fail(status, "interrupted while the test set was evaluated");
    }
    NN_TRY(status);
    for (size_t i = 0; test->confusion != NULL && i < rows; i++) {
        size_t truth = (size_t)s->sources.test_input.labels[i];
        test->confusion[truth * classes + (size_t)test->predictions[i]]++;
    }
    *result = (nn_test_result){
        .epoch = result->epoch,
        .cost = tally.cost / (double)rows,
        .accuracy = (double)tally.correct / (double)rows,
        .has_accuracy = s->topology.classes,
        .rows = rows,
        .outputs = s->topology.outputs,
        .class_count = classes,
        .confusion = test->confusion,
        .predictions = test->predictions,
        .output_values = test->outputs,
        .bits = s->topology.bits,
    };
    nn_summary *summary = &s->summary;
    summary->tested = true;
    summary->test_epoch = result->epoch;
    summary->test_cost = result->cost;
    summary->test_accuracy = result->accuracy;
    summary->test_has_accuracy = result->has_accuracy;
    return isfinite(result->cost) ? NN_OK
                                  : nn_fail(NN_ERR_NUMERIC, "the test cost is not finite");
}

/* A metric as an expectation means it: of the best epoch or the last, or of the test. */
static bool expected_value(const nn_session *s, const nn_spec_expect *expect, double *value)
{
    const nn_summary *summary = &s->summary;
    if (strcmp(expect->metric, "test.cost") == 0 && summary->tested) {
        *value = summary->test_cost;
        return true;
    }
    if (strcmp(expect->metric, "test.accuracy") == 0 && summary->test_has_accuracy) {
        *value = summary->test_accuracy;
        return true;
    }
    size_t index = expect->at_best ? nn_history_best(s->history, s->best_metric)
                                   : s->history->count - 1;
    return index < s->history->count
        && nn_record_get(s->history, &s->history->records[index], expect->metric, value);
}

static nn_status judge(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    nn_expectation *all;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &all, e->expect_count));
    for (size_t i = 0; i < e->expect_count; i++) {
        nn_expectation *x = &all[i];
        x->expect = &e->expect[i];
        x->known = expected_value(s, x->expect, &x->value);
        x->held = x->known && x->value >= x->expect->min && x->value <= x->expect->max;
        s->summary.failed_expectations += !x->held;
    }
    s->summary.expectations = all;
    s->summary.expectation_count = e->expect_count;
    return NN_OK;
}

nn_status nn__finish(nn_session *s)
{
    struct test test = {0};
    nn_test_result result = {0};
    nn_status status = choose_weights(s, &result.epoch);
    bool tested = s->sources.test_count > 0;
    if (status == NN_OK && tested) {
        status = test_model(s, &test, &result);
    }
    if (status == NN_OK) {
        nn_provenance_end(s->provenance);
        status = nn_results_write(s->folder, &s->facts, s->history, s->engine,
                                  tested ? &result : NULL, true);
    }
    if (status == NN_OK) {
        status = judge(s);
    }
    nn_free(test.predictions);
    nn_free(test.confusion);
    nn_free(test.outputs);
    return status;
}
