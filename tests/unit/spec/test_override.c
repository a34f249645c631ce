/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include "spec/emit.h"
#include "spec/override.h"

/* `text` with one argument applied, as YAML on one line. */
static const char *overridden(desk *d, const char *text, const char *argument)
{
    bool applied;
    nn_text out = {0};
    const char *copy;
    nn_node *root = parse_text(d, text);
    assert_int_equal(nn_override(d->arena, argument, 1, d->diagnostics, root, &applied), NN_OK);
    if (!applied) {
        fail_msg("%s: %s", argument, printed(d));
    }
    nn_emit(root, false, &out);
    assert_int_equal(nn_arena_text(d->arena, nn_text_view(&out), out.length, &copy), NN_OK);
    nn_text_finish(&out);
    return copy;
}

static void a_value_replaces_what_was_there(void **state)
{
    desk *d = *state;
    assert_string_equal(overridden(d, "a: {b: 1, c: 2}\n", "a.b=3"), "a: {b: 3, c: 2}\n");
    assert_string_equal(overridden(d, "a: {b: 1}\n", "a={c: [1, 2]}"), "a:\n  c: [1, 2]\n");
    assert_string_equal(overridden(d, "a: 1\n", "x-note='=, ='"), "a: 1\nx-note: \"=, =\"\n");
}

static void keys_that_are_not_there_are_made(void **state)
{
    desk *d = *state;
    assert_string_equal(overridden(d, "a: 1\n", "checkpoint.keep=5"), "a: 1\ncheckpoint: {keep: 5}\n");
    assert_string_equal(overridden(d, "training: {early_stopping: none}\n",
                                   "training.early_stopping.patience=5"),
                        "training:\n  early_stopping: {patience: 5}\n");
}

static void elements_of_lists_are_reached_by_number(void **state)
{
    desk *d = *state;
    assert_string_equal(overridden(d, "network: {layers: [{units: 1}, {units: 2}]}\n",
                                   "network.layers.1.units=30"),
                        "network:\n  layers:\n    - {units: 1}\n    - {units: 30}\n");
    assert_string_equal(overridden(d, "data: {transforms: [affine]}\n",
                                   "data.transforms.0.rotation=5"),
                        "data:\n  transforms:\n    - {use: affine, rotation: 5}\n");
}

static void components_take_parameters_and_change(void **state)
{
    desk *d = *state;
    assert_string_equal(overridden(d, "training: {optimizer: sgd}\n", "training.optimizer.rate=2"),
                        "training:\n  optimizer: {use: sgd, rate: 2}\n");
    assert_string_equal(overridden(d, "training: {optimizer: {use: sgd, rate: 1}}\n",
                                   "training.optimizer.use=adam"),
                        "training:\n  optimizer: {use: adam}\n");
    assert_string_equal(overridden(d, "training: {optimizer: {use: sgd, rate: 1}}\n",
                                   "training.optimizer.use=sgd"),
                        "training:\n  optimizer: {use: sgd, rate: 1}\n");
    assert_string_equal(overridden(d, "training: {optimizer: sgd}\n",
                                   "training.optimizer={use: adam, rate: 1e-3}"),
                        "training:\n  optimizer: {use: adam, rate: 1e-3}\n");
    assert_string_equal(overridden(d, "network: {layers: []}\n", "network.initializer.gain=2"),
                        "network:\n  layers: []\n  initializer: {use: scaled_normal, gain: 2}\n");
    assert_string_equal(overridden(d, "data: {validation: {count: 3}}\n",
                                   "data.validation.fraction=0.5"),
                        "data:\n  validation: {fraction: 0.5}\n");
}

/* One after the other, each a line of its own. */
static const char *overridden_twice(desk *d, const char *spec, const char *first, const char *second)
{
    bool applied;
    static nn_text out;
    nn_node *root = parse_text(d, spec);
    nn_text_finish(&out);
    assert_int_equal(nn_override(d->arena, first, 1, d->diagnostics, root, &applied), NN_OK);
    assert_true(applied);
    assert_int_equal(nn_override(d->arena, second, 2, d->diagnostics, root, &applied), NN_OK);
    assert_true(applied);
    nn_emit(root, false, &out);
    return nn_text_view(&out);
}

static void parameters_by_arguments_stay_whatever_the_order(void **state)
{
    desk *d = *state;
    static const char spec[] = "training: {optimizer: {use: sgd, rate: 1, momentum: 0.5}}\n";
    static const char wanted[] = "training:\n  optimizer: {use: adam, rate: 2}\n";
    static const char other[] = "training:\n  optimizer: {rate: 2, use: adam}\n";
    assert_string_equal(overridden_twice(d, spec, "training.optimizer.use=adam", "training.optimizer.rate=2"),
                        wanted);
    assert_string_equal(overridden_twice(d, spec, "training.optimizer=adam", "training.optimizer.rate=2"),
                        wanted);
    assert_string_equal(overridden_twice(d, spec, "training.optimizer.rate=2", "training.optimizer.use=adam"),
                        other);
    assert_string_equal(overridden_twice(d, spec, "training.optimizer.rate=2", "training.optimizer=adam"),
                        other);
    assert_string_equal(overridden_twice(d, spec, "training.optimizer.rate=2",
                                         "training.optimizer={use: adam, beta1: 0}"),
                        "training:\n  optimizer: {use: adam, beta1: 0}\n");
    assert_string_equal(overridden_twice(d, "data: {validation: {count: 3}}\n", "data.validation.count=4",
                                         "data.validation=none"),
                        "data: {validation: none}\n");
}

static void refused(desk *d, const char *argument, const char *part)
{
    bool applied = true;
    nn_node *root = parse_text(d, "a: 1\nlist: [1, 2]\nempty: []\n");
    assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
    assert_int_equal(nn_override(d->arena, argument, 2, d->diagnostics, root, &applied), NN_OK);
    assert_false(applied);
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 1);
    assert_holds(printed(d), part);
}

static void what_is_wrong_is_pointed_at_in_the_argument(void **state)
{
    desk *d = *state;
    refused(d, "epochs", "argument 2:1: error: not a key=value\n    1 | epochs\n      | ^~~~~~ ");
    refused(d, "=1", "argument 2:1: error: a part of the key path is empty");
    refused(d, "a..b=1", "argument 2:3: error: a part of the key path is empty");
    refused(d, "a.=1", "argument 2:3: error: a part of the key path is empty");
    refused(d, "a b=1", "argument 2:2: error: this is no part of a key path");
    refused(d, "{a: b}=1", "argument 2:1: error: this is no part of a key path");
    refused(d, "a.b=1", "argument 2:3: error: a: it is a value without keys");
    refused(d, "list[0]=1", "an element of a list is written a.b.0.c=value");
    refused(d, "a.b=1", "it takes one value: a=VALUE");
    refused(d, "data.transforms.0=affine", "the list is empty; give the whole list");
    refused(d, "a=", "argument 2:3: error: a: no value behind the =");
    refused(d, "a=[1", "argument 2:5: error: a: not valid YAML");
    refused(d, "list.2=1", "argument 2:6: error: list: there is no element \"2\"");
    refused(d, "list.x=1", "the list has the elements 0 to 1");
    refused(d, "list.0.y=1", "argument 2:8: error: list.0: it is a value without keys");
    refused(d, "empty.0=1", "the list is empty");
    refused(d, "extends=x", "extends can't be given on the command line");
    refused(d, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1", "the key path is too long");
    refused(d, "a=\xff", "argument 2:3: error: a: invalid UTF-8");
}

static void the_spec_is_untouched_by_what_is_refused(void **state)
{
    desk *d = *state;
    bool applied;
    nn_text out = {0};
    nn_node *root = parse_text(d, "a: 1\n");
    assert_int_equal(nn_override(d->arena, "b.c=[", 1, d->diagnostics, root, &applied), NN_OK);
    assert_int_equal(nn_override(d->arena, "a.c=1", 1, d->diagnostics, root, &applied), NN_OK);
    assert_int_equal(nn_override(d->arena, "training.schedule.use.x=1", 1, d->diagnostics, root,
                                 &applied),
                     NN_OK);
    assert_int_equal(nn_override(d->arena, "plugins.0=x", 1, d->diagnostics, root, &applied), NN_OK);
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 4);
    nn_emit(root, false, &out);
    assert_string_equal(nn_text_view(&out), "a: 1\n");
    nn_text_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(parameters_by_arguments_stay_whatever_the_order),
        DESK_TEST(a_value_replaces_what_was_there),
        DESK_TEST(keys_that_are_not_there_are_made),
        DESK_TEST(elements_of_lists_are_reached_by_number),
        DESK_TEST(components_take_parameters_and_change),
        DESK_TEST(what_is_wrong_is_pointed_at_in_the_argument),
        DESK_TEST(the_spec_is_untouched_by_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
