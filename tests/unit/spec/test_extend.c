/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include "spec/extend.h"

/* The spec `child` over the spec `base`, as one tree. */
static nn_node *extended(desk *d, const char *base, const char *child)
{
    nn_node *root;
    bool whole;
    const nn_text_source *source;
    write_file(d, "base.yaml", base);
    const char *path = write_file(d, "child.yaml", child);
    assert_int_equal(nn_extend(d->arena, path, d->diagnostics, &root, &whole, &source), NN_OK);
    assert_true(whole);
    assert_non_null(root);
    assert_null(nn_node_get(root, "extends"));
    return root;
}

static const nn_node *at(const nn_node *node, const char *a, const char *b, const char *c)
{
    node = nn_node_get(node, a);
    node = b == NULL ? node : nn_node_get(node, b);
    return c == NULL ? node : nn_node_get(node, c);
}

static void mappings_merge_lists_and_scalars_replace(void **state)
{
    desk *d = *state;
    nn_node *root = extended(d, "seed: 1\nplugins: [a, b]\ntraining: {epochs: 3, l2: 1}\n",
                             "extends: base.yaml\nplugins: [c]\ntraining: {epochs: 4, l1: 2}\n");
    assert_string_equal(at(root, "seed", NULL, NULL)->text, "1");
    assert_int_equal(at(root, "plugins", NULL, NULL)->count, 1);
    assert_string_equal(at(root, "training", "epochs", NULL)->text, "4");
    assert_string_equal(at(root, "training", "l2", NULL)->text, "1");
    assert_string_equal(at(root, "training", "l1", NULL)->text, "2");
    assert_holds(at(root, "seed", NULL, NULL)->place.source->name, "/base.yaml");
    assert_holds(at(root, "training", "epochs", NULL)->place.source->name, "/child.yaml");
}

static void another_use_drops_the_old_parameters(void **state)
{
    desk *d = *state;
    nn_node *root = extended(d, "training: {optimizer: {use: sgd, rate: 1, momentum: 0.9}}\n",
                             "extends: base.yaml\ntraining: {optimizer: {use: adam, rate: 2}}\n");
    assert_int_equal(at(root, "training", "optimizer", NULL)->count, 2);
    assert_string_equal(at(root, "training", "optimizer", "rate")->text, "2");
    assert_null(at(root, "training", "optimizer", "momentum"));
}

static void the_same_use_keeps_the_old_parameters(void **state)
{
    desk *d = *state;
    nn_node *root = extended(d, "training: {optimizer: {use: sgd, rate: 1, momentum: 0.9}}\n",
                             "extends: base.yaml\ntraining: {optimizer: {use: sgd, rate: 2}}\n");
    assert_string_equal(at(root, "training", "optimizer", "rate")->text, "2");
    assert_string_equal(at(root, "training", "optimizer", "momentum")->text, "0.9");
}

static void parameters_alone_go_to_the_component_of_the_base(void **state)
{
    desk *d = *state;
    nn_node *root = extended(d, "training: {optimizer: sgd}\ndata: {train: {use: idx, path: x}}\n",
                             "extends: base.yaml\ntraining: {optimizer: {rate: 2}}\n"
                             "data: {train: {limit: 5}}\n");
    assert_string_equal(at(root, "training", "optimizer", "use")->text, "sgd");
    assert_string_equal(at(root, "training", "optimizer", "rate")->text, "2");
    assert_string_equal(at(root, "data", "train", "use")->text, "idx");
    assert_string_equal(at(root, "data", "train", "limit")->text, "5");
}

static void another_kind_of_validation_replaces_the_old_one(void **state)
{
    desk *d = *state;
    nn_node *root = extended(d, "data: {validation: {count: 10}}\n",
                             "extends: base.yaml\ndata: {validation: {fraction: 0.1}}\n");
    assert_int_equal(at(root, "data", "validation", NULL)->count, 1);
    root = extended(d, "data: {validation: {use: idx, path: x}}\n",
                    "extends: base.yaml\ndata: {validation: {count: 4}}\n");
    assert_int_equal(at(root, "data", "validation", NULL)->count, 1);
    root = extended(d, "data: {validation: {count: 4}}\n",
                    "extends: base.yaml\ndata: {validation: {use: idx, path: x}}\n");
    assert_null(at(root, "data", "validation", "count"));
}

static void chains_are_relative_to_the_file_that_writes_them(void **state)
{
    desk *d = *state;
    const char *folder;
    write_file(d, "top.yaml", "seed: 7\n");
    assert_int_equal(nn_path_join(d->arena, d->folder, "sub", &folder), NN_OK);
    assert_int_equal(nn_path_make(folder), NN_OK);
    write_file(d, "sub/middle.yaml", "extends: ../top.yaml\nprecision: float64\n");
    nn_node *root = extended(d, "", "extends: sub/middle.yaml\n");
    assert_string_equal(at(root, "seed", NULL, NULL)->text, "7");
    assert_string_equal(at(root, "precision", NULL, NULL)->text, "float64");
}

static void broken(desk *d, const char *base, const char *child, const char *part)
{
    nn_node *root;
    bool whole;
    const nn_text_source *source;
    write_file(d, "base.yaml", base);
    const char *path = write_file(d, "child.yaml", child);
    assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
    assert_int_equal(nn_extend(d->arena, path, d->diagnostics, &root, &whole, &source), NN_OK);
    assert_false(whole);
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 1);
    assert_holds(printed(d), part);
}

static void a_circle_is_refused_with_the_chain_shown(void **state)
{
    desk *d = *state;
    broken(d, "extends: child.yaml\n", "extends: base.yaml\n", "base.yaml:1:10: error: extends: ");
    assert_holds(printed(d), "child.yaml -> ");
    assert_holds(printed(d), "base.yaml -> ");
    broken(d, "a: 1\n", "extends: ./child.yaml\n", "child.yaml:1:10: error: extends: it goes in a "
                                                   "circle");
}

static void a_base_that_is_not_there_is_told_where_it_is_named(void **state)
{
    desk *d = *state;
    broken(d, "a: 1\n", "seed: 1\nextends: nowhere.yaml\n", "child.yaml:2:10: error: extends: ");
    broken(d, "a: 1\n", "extends: [base.yaml]\n", "child.yaml:1:10: error: extends: a list is not");
    broken(d, "- 1\n", "extends: base.yaml\n", "base.yaml:1:1: error: not a mapping but a list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(mappings_merge_lists_and_scalars_replace),
        DESK_TEST(another_use_drops_the_old_parameters),
        DESK_TEST(the_same_use_keeps_the_old_parameters),
        DESK_TEST(parameters_alone_go_to_the_component_of_the_base),
        DESK_TEST(another_kind_of_validation_replaces_the_old_one),
        DESK_TEST(chains_are_relative_to_the_file_that_writes_them),
        DESK_TEST(a_circle_is_refused_with_the_chain_shown),
        DESK_TEST(a_base_that_is_not_there_is_told_where_it_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
