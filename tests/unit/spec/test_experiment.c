/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include <math.h>

static const char FULL[] =
    "nnrun: 1\n"
    "name: full\n"
    "seed: 7\n"
    "precision: float64\n"
    "threads: 2\n"
    "plugins: [mish.so, /abs/x.so]\n"
    "data:\n"
    "  train: {use: jpeg_folder, path: train, limit: 1000}\n"
    "  test: {use: jpeg_folder, path: test}\n"
    "  validation: {fraction: 0.1}\n"
    "  normalize: standardize\n"
    "  transforms: [affine, {use: elastic, alpha: 34}]\n"
    "  cache: none\n"
    "network:\n"
    "  initializer: {use: normal, sd: 1}\n"
    "  bias_initializer: normal\n"
    "  dropout: 0.2\n"
    "  warm_start: runs/a\n"
    "  layers:\n"
    "    - {units: 100, activation: relu, dropout: 0.5, initializer: he_normal}\n"
    "    - {units: classes, activation: softmax, bias_initializer: zeros}\n"
    "  cost: categorical_cross_entropy\n"
    "training:\n"
    "  epochs: 30\n"
    "  batch_size: 1e1\n"
    "  optimizer: {use: adam, rate: 1e-3}\n"
    "  schedule: {use: cosine, warmup: 2}\n"
    "  l1: 1e-5\n"
    "  l2: 1e-4\n"
    "  max_norm: 3\n"
    "  gradient_clip: 1\n"
    "  early_stopping: {metric: validation.accuracy, patience: 10}\n"
    "checkpoint: {every: 5, keep: 2, best: validation.cost}\n"
    "expect:\n"
    "  - {metric: test.accuracy, at: last, min: 0.9, source: someone}\n"
    "  - {metric: train.cost, max: 1}\n";

static void every_key_reaches_its_field(void **state)
{
    desk *d = *state;
    nn_experiment *e = read_spec(d, FULL);
    assert_string_equal(printed(d), "");
    assert_int_equal(e->format, 1);
    assert_string_equal(e->name, "full");
    assert_int_equal(e->seed, 7);
    assert_int_equal(e->precision, 64);
    assert_int_equal(e->threads, 2);
    assert_int_equal(e->plugin_count, 2);
    const char *mish;
    assert_int_equal(nn_path_join(d->arena, d->folder, "mish.so", &mish), NN_OK);
    assert_string_equal(e->plugins[0], mish);
    assert_string_equal(e->plugins[1], "/abs/x.so");

    assert_string_equal(e->data.train.name, "jpeg_folder");
    assert_null(nn_node_get(e->data.train.node, "limit"));
    assert_string_equal(nn_node_get(e->data.train.node, "path")->text, "train");
    assert_int_equal(e->data.train_limit, 1000);
    assert_string_equal(e->data.test.path, "data.test");
    assert_int_equal(e->data.validation, NN_VALIDATION_FRACTION);
    assert_true(e->data.validation_fraction == 0.1);
    assert_int_equal(e->data.train_limit_place.line, 8);
    assert_int_equal(e->data.normalize, NN_NORMALIZE_STANDARDIZE);
    assert_int_equal(e->data.transform_count, 2);
    assert_string_equal(e->data.transforms[0].name, "affine");
    assert_string_equal(e->data.transforms[1].path, "data.transforms.1");
    assert_false(e->data.cache);

    assert_true(e->network.dropout == 0.2);
    assert_holds(e->network.warm_start, "/runs/a");
    assert_int_equal(e->network.layer_count, 2);
    assert_int_equal(e->network.layers[0].units, 100);
    assert_true(e->network.layers[0].dropout == 0.5);
    assert_string_equal(e->network.layers[0].initializer.name, "he_normal");
    assert_string_equal(e->network.layers[0].bias_initializer.name, "normal");
    assert_int_equal(e->network.layers[1].units, 0);
    assert_string_equal(e->network.layers[1].initializer.name, "normal");
    assert_string_equal(e->network.layers[1].path, "network.layers.1");
    assert_int_equal(e->network.layers[1].place.line, 21);
    assert_string_equal(e->network.cost.name, "categorical_cross_entropy");
    assert_int_equal(e->network.cost.place.line, 22);

    assert_int_equal(e->training.epochs, 30);
    assert_int_equal(e->training.batch_size, 10);
    assert_int_equal(e->training.batch_size_place.line, 25);
    assert_string_equal(e->training.optimizer.name, "adam");
    assert_string_equal(e->training.schedule.name, "cosine");
    assert_true(e->training.l1 == 1e-5 && e->training.l2 == 1e-4);
    assert_true(e->training.max_norm == 3 && e->training.gradient_clip == 1);
    assert_string_equal(e->training.early_stopping_metric, "validation.accuracy");
    assert_int_equal(e->training.patience, 10);
    assert_int_equal(e->checkpoint.every, 5);
    assert_int_equal(e->checkpoint.keep, 2);
    assert_string_equal(e->checkpoint.best, "validation.cost");

    assert_int_equal(e->expect_count, 2);
    assert_false(e->expect[0].at_best);
    assert_true(e->expect[0].min == 0.9 && isinf(e->expect[0].max));
    assert_string_equal(e->expect[0].source, "someone");
    assert_true(e->expect[1].at_best);
    assert_true(isinf(e->expect[1].min) && e->expect[1].max == 1);
    assert_string_equal(e->expect[1].path, "expect.1");
}

static void what_is_left_out_takes_its_default(void **state)
{
    desk *d = *state;
    nn_experiment *e = read_file(d, write_file(d, "my run.yaml",
        "nnrun: 1\ndata: {train: {use: idx, path: x}}\n" VALID_NETWORK VALID_TRAINING), 0, NULL);
    assert_string_equal(printed(d), "");
    assert_string_equal(e->name, "my_run");
    assert_int_equal(e->seed, 1);
    assert_int_equal(e->precision, 32);
    assert_int_equal(e->threads, 0);
    assert_int_equal(e->plugin_count, 0);
    assert_null(e->data.test.name);
    assert_int_equal(e->data.validation, NN_VALIDATION_NONE);
    assert_int_equal(e->data.normalize, NN_NORMALIZE_UNIT);
    assert_int_equal(e->data.transform_count, 0);
    assert_true(e->data.cache);
    assert_string_equal(e->network.initializer.name, "scaled_normal");
    assert_null(e->network.initializer.place.source);
    assert_string_equal(e->network.bias_initializer.name, "zeros");
    assert_string_equal(e->training.schedule.name, "constant");
    assert_null(e->training.early_stopping_metric);
    assert_int_equal(e->checkpoint.every, 1);
    assert_int_equal(e->checkpoint.keep, 3);
    assert_null(e->checkpoint.best);
    assert_int_equal(e->expect_count, 0);
}

static void overrides_are_applied_in_order(void **state)
{
    desk *d = *state;
    static const char *const arguments[] = {"training.epochs=5", "training.epochs=6",
                                            "network.layers.0.units=30", "plugins=[rel.so]"};
    nn_experiment *e = read_file(d, write_file(d, "spec.yaml", FULL), 4, arguments);
    assert_string_equal(printed(d), "");
    assert_int_equal(e->training.epochs, 6);
    assert_int_equal(e->network.layers[0].units, 30);
    char here[4096];
    const char *path;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(nn_path_join(d->arena, here, "rel.so", &path), NN_OK);
    assert_string_equal(e->plugins[0], path);
}

static void an_error_in_an_override_points_into_it(void **state)
{
    desk *d = *state;
    static const char *const arguments[] = {"training.epochs=ten", "trainin.epochs=3",
                                            "training.optimizer={use: sgd, rate: [}"};
    read_file(d, write_file(d, "spec.yaml", FULL), 3, arguments);
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 3);
    assert_holds(printed(d), "argument 1:17: error: training.epochs: \"ten\" is not a whole number\n"
                             "    1 | training.epochs=ten\n"
                             "      |                 ^~~ wants");
    assert_holds(printed(d), "argument 2:1: error: there is no key \"trainin\"");
    assert_holds(printed(d), "argument 3:38: error: training.optimizer: not valid YAML");
}

static void another_kind_of_validation_replaces_that_of_the_spec(void **state)
{
    desk *d = *state;
    static const char *const arguments[] = {"data.validation.count=5", "data.validation.count=6"};
    nn_experiment *e = read_file(d, write_file(d, "spec.yaml", FULL), 2, arguments);
    assert_string_equal(printed(d), "");
    assert_int_equal(e->data.validation, NN_VALIDATION_COUNT);
    assert_int_equal(e->data.validation_count, 6);
    assert_true(e->data.validation_fraction == 0);
}

static void two_kinds_of_validation_by_arguments_are_refused(void **state)
{
    desk *d = *state;
    static const char *const arguments[][2] = {
        {"data.validation.count=5", "data.validation.fraction=0.2"},
        {"data.validation.fraction=0.2", "data.validation.count=5"},
        {"data.validation={count: 5}", "data.validation.fraction=0.2"},
    };
    static const char *const said[] = {
        "argument 2:17: error: data.validation: \"count\" and \"fraction\" exclude each other\n",
        "argument 2:17: error: data.validation: \"fraction\" and \"count\" exclude each other\n",
        "argument 2:17: error: data.validation: \"count\" and \"fraction\" exclude each other\n",
    };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
        read_file(d, write_file(d, "spec.yaml", FULL), 2, arguments[i]);
        assert_int_equal(nn_diagnostics_errors(d->diagnostics), 1);
        assert_holds(printed(d), said[i]);
    }
    /* A loader may have a parameter of that name: it is asked. */
    static const char *const loader[] = {"data.validation.count=5", "data.validation.use=idx"};
    nn_experiment *e = read_file(d, write_file(d, "spec.yaml", FULL), 2, loader);
    assert_string_equal(e->data.validation_loader.name, "idx");
    assert_string_equal(nn_node_get(e->data.validation_loader.node, "count")->text, "5");
    assert_null(nn_node_get(e->data.validation_loader.node, "fraction"));
}

static void a_base_keeps_its_own_folder_for_paths(void **state)
{
    desk *d = *state;
    const char *folder;
    write_file(d, "x", "");
    assert_int_equal(nn_path_join(d->arena, d->folder, "base", &folder), NN_OK);
    assert_int_equal(nn_path_make(folder), NN_OK);
    write_file(d, "base/base.yaml", "plugins: [../p.so]\n" VALID_SPEC);
    nn_experiment *e = read_spec(d, "extends: base/base.yaml\n");
    assert_string_equal(printed(d), "");
    assert_int_equal(nn_path_join(d->arena, d->folder, "p.so", &folder), NN_OK);
    assert_string_equal(e->plugins[0], folder);
    assert_int_equal(nn_path_join(d->arena, d->folder, "base", &folder), NN_OK);
    assert_string_equal(e->data.train.place.source->base_dir, folder);
    assert_string_equal(e->name, "spec");
}

static void a_broken_base_gives_no_missing_keys(void **state)
{
    desk *d = *state;
    read_spec(d, "extends: nowhere.yaml\ntraining: {epochs: 0}\n");
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 2);
    assert_holds(printed(d), "epochs: 0 is out of range");
    assert_lacks(printed(d), "missing");
}

static void metrics_need_their_part_of_the_data(void **state)
{
    desk *d = *state;
    read_spec(d, "nnrun: 1\ndata: {train: {use: idx, path: x}}\n" VALID_NETWORK VALID_TRAINING
                 "  early_stopping: {metric: validation.accuracy, patience: 3}\n"
                 "checkpoint: {best: validation.cost}\n"
                 "expect: [{metric: test.accuracy, min: 1}, {metric: train.cost}, "
                 "{metric: train.cost, min: 2, max: 1}]\n");
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 5);
    assert_holds(printed(d), "training.early_stopping.metric: validation.accuracy needs data.validation");
    assert_holds(printed(d), "checkpoint.best: validation.cost needs data.validation");
    assert_holds(printed(d), "expect.0.metric: test.accuracy needs data.test");
    assert_holds(printed(d), "expect.1: neither \"min\" nor \"max\" is given");
    assert_holds(printed(d), "expect.2: max is less than min");
}

static void a_spec_that_cannot_be_read_gives_one_error(void **state)
{
    desk *d = *state;
    nn_experiment *e = read_spec(d, "a: [\n");
    assert_non_null(e->root);
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(every_key_reaches_its_field),
        DESK_TEST(what_is_left_out_takes_its_default),
        DESK_TEST(overrides_are_applied_in_order),
        DESK_TEST(an_error_in_an_override_points_into_it),
        DESK_TEST(another_kind_of_validation_replaces_that_of_the_spec),
        DESK_TEST(two_kinds_of_validation_by_arguments_are_refused),
        DESK_TEST(a_base_keeps_its_own_folder_for_paths),
        DESK_TEST(a_broken_base_gives_no_missing_keys),
        DESK_TEST(metrics_need_their_part_of_the_data),
        DESK_TEST(a_spec_that_cannot_be_read_gives_one_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
