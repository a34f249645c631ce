/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include "spec/emit.h"
#include "spec/render.h"

static const char *rendered(desk *d, const nn_experiment *e, nn_resolved_component *component,
                            void *context, bool origin)
{
    nn_node *root;
    nn_text out = {0};
    const char *copy;
    assert_int_equal(nn_render(d->arena, e, component, context, &root), NN_OK);
    nn_emit(root, origin, &out);
    assert_int_equal(nn_arena_text(d->arena, nn_text_view(&out), out.length, &copy), NN_OK);
    nn_text_finish(&out);
    return copy;
}

static void every_key_is_there_defaults_included(void **state)
{
    desk *d = *state;
    nn_experiment *e = read_spec(d, VALID_SPEC);
    assert_string_equal(printed(d), "");
    assert_string_equal(rendered(d, e, NULL, NULL, false),
                        "nnrun: 1\n"
                        "name: spec\n"
                        "seed: 1\n"
                        "precision: float32\n"
                        "threads: auto\n"
                        "plugins: []\n"
                        "data:\n"
                        "  train: {use: idx, path: train}\n"
                        "  test: none\n"
                        "  validation: {count: 10}\n"
                        "  normalize: unit\n"
                        "  transforms: []\n"
                        "  cache: auto\n"
                        "network:\n"
                        "  initializer: scaled_normal\n"
                        "  bias_initializer: zeros\n"
                        "  dropout: 0\n"
                        "  layers:\n"
                        "    - {units: classes, activation: sigmoid, dropout: 0}\n"
                        "  cost: quadratic\n"
                        "training:\n"
                        "  epochs: 3\n"
                        "  batch_size: 10\n"
                        "  optimizer: {use: sgd, rate: 0.5}\n"
                        "  schedule: constant\n"
                        "  l1: 0\n"
                        "  l2: 0\n"
                        "  max_norm: 0\n"
                        "  gradient_clip: 0\n"
                        "  early_stopping: none\n"
                        "checkpoint: {every: 1, keep: 3, best: auto}\n"
                        "expect: []\n");
}

static const char RICH[] = "plugins: [p.so]\nx-note: mine\n"
                           "expect: [{metric: train.cost, max: 2}]\n"
                           "checkpoint: {keep: 7}\n" VALID_SPEC
                           "  early_stopping: {metric: validation.cost, patience: 4}\n";

static void read_again_it_renders_to_the_same(void **state)
{
    desk *d = *state;
    nn_experiment *e = read_spec(d, RICH);
    const char *first = rendered(d, e, NULL, NULL, false);
    nn_experiment *again = read_file(d, write_file(d, "elsewhere.yaml", first), 0, NULL);
    assert_string_equal(printed(d), "");
    assert_string_equal(again->name, "spec");
    assert_string_equal(rendered(d, again, NULL, NULL, false), first);
    assert_holds(first, "x-note: mine\n");
    assert_holds(first, "/p.so]\n");
}

typedef struct binder {
    desk *desk;
    size_t calls;
} binder;

static const nn_node *bound(void *context, const nn_use *use)
{
    binder *b = context;
    b->calls++;
    return strcmp(use->path, "training.optimizer") == 0
             ? parse_text(b->desk, "{use: sgd, rate: 0.5, momentum: 0}\n")
         : strcmp(use->path, "data.train") == 0 ? parse_text(b->desk, "{use: idx, path: /abs}\n")
                                                : NULL;
}

static void components_come_from_the_one_who_knows_them(void **state)
{
    desk *d = *state;
    binder b = {d, 0};
    nn_experiment *e = read_spec(d, "nnrun: 1\ndata: {train: {use: idx, path: a, limit: 5}}\n"
                                 VALID_NETWORK VALID_TRAINING);
    const char *text = rendered(d, e, bound, &b, false);
    assert_holds(text, "  optimizer: {use: sgd, rate: 0.5, momentum: 0}\n");
    assert_holds(text, "  train: {use: idx, path: /abs, limit: 5}\n");
    /* train, two initializers, one activation, cost, optimizer, schedule */
    assert_int_equal(b.calls, 7);
}

static void origins_name_file_argument_or_default(void **state)
{
    desk *d = *state;
    static const char *const arguments[] = {"seed=3"};
    nn_experiment *e = read_file(d, write_file(d, "spec.yaml", VALID_SPEC), 1, arguments);
    const char *text = rendered(d, e, NULL, NULL, true);
    assert_holds(text, "seed: 3  # argument 1\n");
    assert_holds(text, "precision: float32  # default\n");
    assert_holds(text, "spec.yaml:10\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(every_key_is_there_defaults_included),
        DESK_TEST(read_again_it_renders_to_the_same),
        DESK_TEST(components_come_from_the_one_who_knows_them),
        DESK_TEST(origins_name_file_argument_or_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
