/* SPDX-License-Identifier: MIT */
/* What is legal but odd is warned about, what is usual is not, and several errors come at once. */
#include "../unit/spec/spec_support.h"

#include "run/plan.h"
#include "run/session.h"
#include "run/trials.h"

enum { OVERRIDES_MOST = 12 };

static const char SPEC[] =
    "nnrun: 1\n"
    "data:\n"
    "  train: {use: synthetic, task: blobs, samples: 600}\n"
    "  validation: {count: 100}\n"
    "network:\n"
    "  layers: [{units: 30, activation: sigmoid}, {units: classes, activation: sigmoid}]\n"
    "  cost: binary_cross_entropy\n"
    "training: {epochs: 5, batch_size: 10, optimizer: {use: sgd, rate: 0.5}}\n";

typedef struct outcome {
    size_t errors, warnings;
    nn_text text;
    char hash[NN_HASH_TEXT];
} outcome;

/* The spec with overrides (NULL-terminated), checked with a look at the data. */
static outcome check(desk *d, const char *const *overrides)
{
    outcome o = {0};
    nn_session *session;
    nn_session_options options = {
        .spec = write_file(d, "spec.yaml", SPEC),
        .overrides = overrides,
        .plugins = {.installed = getenv("NNRUN_TEST_PLUGINS")},
        .results = "results",
    };
    while (overrides[options.override_count] != NULL) {
        options.override_count++;
    }
    assert_int_equal(nn_session_create(&options, &session), NN_OK);
    if (nn_session_check(session, true) == NN_OK) {
        assert_int_equal(nn_session_trial(session, o.hash), NN_OK);
    }
    o.errors = nn_session_error_count(session);
    o.warnings = nn_session_warning_count(session);
    nn_session_diagnostics(session, &o.text);
    nn_session_destroy(session);
    return o;
}

#define CHECK(d, ...) check((d), (const char *const[OVERRIDES_MOST]){__VA_ARGS__, NULL})

static void expect_warning(desk *d, const char *const *overrides, const char *part)
{
    outcome o = check(d, overrides);
    if (o.errors != 0 || o.warnings != 1 || strstr(nn_text_view(&o.text), part) == NULL) {
        fail_msg("not one warning \"%s\" but:\n%s", part, nn_text_view(&o.text));
    }
    nn_text_finish(&o.text);
}

#define WARNS(d, part, ...)                                                                        \
    expect_warning((d), (const char *const[OVERRIDES_MOST]){__VA_ARGS__, NULL}, part)

static void the_usual_gives_no_warning(void **state)
{
    outcome o = CHECK(*state, "seed=2");
    assert_string_equal(nn_text_view(&o.text), "");
    nn_text_finish(&o.text);
}

static void the_odd_gives_one(void **state)
{
    desk *d = *state;
    WARNS(d, "softmax in a hidden layer", "network.layers.0.activation=softmax");
    WARNS(d, "one matrix more, not one layer more", "network.layers.0.activation=identity");
    WARNS(d, "begin saturated (weights of standard deviation 1 over 30 inputs)",
          "network.initializer=normal", "network.cost=quadratic");
    WARNS(d, "drops answers", "network.layers.1.dropout=0.5");
    WARNS(d, "one distribution over the classes", "network.layers.1.activation=softmax");
    WARNS(d, "each a yes or no of its own", "network.cost=categorical_cross_entropy");
    WARNS(d, "a patience of 5 epochs never ends a training of 5",
          "training.early_stopping={metric: validation.cost, patience: 5}");
    WARNS(d, "judged by training samples", "checkpoint.best=train.cost");
    WARNS(d, "a batch of 1000 is larger than the 500 training samples", "training.batch_size=1000");
    WARNS(d, "the test set is the training set",
          "data.test={use: synthetic, task: blobs, samples: 600}");
    WARNS(d, "an accuracy lies between 0 and 1", "expect=[{metric: train.accuracy, min: 97}]");
    WARNS(d, "not checked: whether its weights fit", "network.warm_start=nowhere");
}

static void linked_or_scaled_outputs_do_not_begin_saturated(void **state)
{
    outcome linked = CHECK(*state, "network.initializer=normal");
    outcome scaled = CHECK(*state, "network.cost=quadratic");
    assert_int_equal(linked.warnings + scaled.warnings + linked.errors + scaled.errors, 0);
    nn_text_finish(&linked.text);
    nn_text_finish(&scaled.text);
}

static void errors_of_spec_components_and_data_come_at_once(void **state)
{
    outcome o = CHECK(*state, "sede=3", "training.optimizer.rat=1", "network.layers.1.units=7",
                      "network.layers.1.activation=relu", "plugins=[nowhere.so]",
                      "data.validation.count=600");
    const char *text = nn_text_view(&o.text);
    assert_holds(text, "there is no key \"sede\"");
    assert_holds(text, "sgd has no parameter \"rat\"");
    assert_holds(text, "the last layer has 7 units");
    assert_holds(text, "binary_cross_entropy needs outputs that are");
    assert_holds(text, "plugins: ");
    assert_holds(text, "600 samples are wanted for validation");
    assert_int_equal(o.errors, 6);
    nn_text_finish(&o.text);
}

/* What can't be read is one error and no reason for others. */
static void one_mistake_is_one_error(void **state)
{
    static const struct {
        const char *override, *part;
    } rows[] = {
        {"precision=double", "there is no choice \"double\""},
        {"network.layers.1.units=many", "\"many\" is not a whole number"},
        {"network.layers.1=classes", "one value is not a mapping"},
        {"network.layers.1={activation: sigmoid}", "\"units\" is missing"},
        {"data.train.limit=x", "\"x\" is not a whole number"},
        {"data.validation.count=x", "\"x\" is not a whole number"},
        {"expect=[{metric: validation.acc, min: x}]", "there is no metric"},
        {"training.optimizer.rate=", "no value behind the ="},
        {"training.optimizer={use: sgd, rate: null}", "must be a number > 0, but it has no value"},
        {"training.optimizer={use: sgd, rate:0.5}", "a blank belongs behind the colon: rate: 0.5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        outcome o = CHECK(*state, "data.train.task=regression", "network.cost=quadratic",
                          "network.layers.1={units: 1, activation: identity}", rows[i].override);
        const char *text = nn_text_view(&o.text);
        assert_holds(text, rows[i].part);
        if (o.errors != (strstr(rows[i].override, "expect") != NULL ? 2 : 1)) {
            fail_msg("%s gives %zu errors:\n%s", rows[i].override, o.errors, text);
        }
        nn_text_finish(&o.text);
    }
}

static void a_plugin_that_is_not_there_is_told_once(void **state)
{
    outcome o = CHECK(*state, "plugins=[mish.so]", "network.layers.0.activation=mish");
    assert_holds(nn_text_view(&o.text), "argument 1:10: error: plugins: ");
    assert_int_equal(o.errors, 1);
    nn_text_finish(&o.text);
    o = CHECK(*state, "plugins=[nowhere]", "network.layers.0.activation=mish");
    assert_int_equal(o.errors, 1);
    nn_text_finish(&o.text);
}

static void a_metric_without_classes_is_refused(void **state)
{
    outcome o = CHECK(*state, "data.train={use: synthetic, task: regression, samples: 600}",
                      "network.cost=quadratic", "network.layers.1={units: 1, activation: identity}",
                      "expect=[{metric: validation.accuracy, min: 0.5}]");
    assert_holds(nn_text_view(&o.text), "the data have no classes");
    assert_int_equal(o.errors, 1);
    nn_text_finish(&o.text);
}

static void a_trial_is_what_decides_its_result(void **state)
{
    desk *d = *state;
    outcome a = CHECK(d, "seed=1");
    static const char *const same[] = {"threads=2", "name=other", "expect=[]", "x-note=1",
                                       "checkpoint.every=3", "checkpoint.keep=9", "data.cache=none",
                                       "training.l2=0", "training.optimizer.momentum=0"};
    static const char *const other[] = {"seed=2", "training.epochs=6", "checkpoint.best=train.cost",
                                        "training.optimizer.rate=0.6", "data.train.samples=700",
                                        "network.layers.0.activation=tanh", "precision=float64"};
    assert_int_equal(strlen(a.hash), NN_HASH_TEXT - 1);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        outcome b = CHECK(d, same[i]);
        assert_string_equal(a.hash, b.hash);
        nn_text_finish(&b.text);
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        outcome b = CHECK(d, other[i]);
        assert_int_equal(strlen(b.hash), NN_HASH_TEXT - 1);
        assert_string_not_equal(a.hash, b.hash);
        nn_text_finish(&b.text);
    }
    nn_text_finish(&a.text);
}

static void a_plan_counts_what_a_run_would_do(void **state)
{
    desk *d = *state;
    nn_session *session;
    const nn_plan *plan;
    const char *overrides[] = {"data.train.limit=310"};
    nn_session_options options = {
        .spec = write_file(d, "plan.yaml", SPEC),
        .overrides = overrides,
        .override_count = 1,
        .plugins = {.installed = getenv("NNRUN_TEST_PLUGINS")},
        .results = "there",
        .threads = 3,
    };
    assert_int_equal(nn_session_create(&options, &session), NN_OK);
    assert_int_equal(nn_session_plan(session, &plan), NN_OK);
    assert_int_equal(plan->train, 210);
    assert_int_equal(plan->validation, 100);
    assert_int_equal(plan->test, 0);
    assert_int_equal(plan->steps_per_epoch, 21);
    assert_int_equal(plan->steps, 105);
    assert_int_equal(plan->layer_count, 2);
    assert_int_equal(plan->layers[1].inputs, 30);
    assert_int_equal(plan->layers[1].units, plan->classes);
    assert_int_equal(plan->parameters,
                     30 * (plan->layers[0].inputs + 1) + plan->classes * (30 + 1));
    assert_true(plan->network_bytes >= plan->parameters * sizeof(float));
    assert_int_equal(plan->threads, 3);
    assert_string_equal(plan->folder, "there/plan");
    nn_session_destroy(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(the_usual_gives_no_warning),
        DESK_TEST(the_odd_gives_one),
        DESK_TEST(linked_or_scaled_outputs_do_not_begin_saturated),
        DESK_TEST(errors_of_spec_components_and_data_come_at_once),
        DESK_TEST(one_mistake_is_one_error),
        DESK_TEST(a_plugin_that_is_not_there_is_told_once),
        DESK_TEST(a_metric_without_classes_is_refused),
        DESK_TEST(a_trial_is_what_decides_its_result),
        DESK_TEST(a_plan_counts_what_a_run_would_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
