/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include "spec/read.h"

/* Reads a whole spec that must give exactly one error, which holds `part`. */
static void one_error(desk *d, const char *text, const char *part)
{
    assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
    read_spec(d, text);
    if (nn_diagnostics_errors(d->diagnostics) != 1) {
        fail_msg("%zu errors, not 1:\n%s\n%s", nn_diagnostics_errors(d->diagnostics), text,
                 printed(d));
    }
    assert_holds(printed(d), part);
}

static void unknown_keys_are_answered_with_the_nearest(void **state)
{
    desk *d = *state;
    one_error(d, VALID_SPEC "chekpoint: {keep: 2}\n",
              "spec.yaml:13:1: error: there is no key \"chekpoint\"\n");
    assert_holds(printed(d), "^~~~~~~~~ did you mean \"checkpoint\"? a spec takes: nnrun, name, ");
    one_error(d, VALID_SPEC "  l3: 1\n", "error: training: there is no key \"l3\"");
    one_error(d, VALID_SPEC "epochs: 3\n", "did you mean training.epochs?");
}

static void a_misspelled_key_is_not_missing_too(void **state)
{
    desk *d = *state;
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_NETWORK "trainin:\n  epochs: 3\n",
              "did you mean \"training\"?");
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_NETWORK
                 "training:\n  epoch: 3\n  batch_size: 1\n  optimizer: sgd\n",
              "spec.yaml:10:3: error: training: there is no key \"epoch\"");
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_NETWORK
                 "training:\n  epochs: 3\n  batch_size: 1\n  optimizer: {usee: sgd}\n",
              "training.optimizer: there is no key \"usee\"");
}

static void missing_keys_are_told_at_their_map(void **state)
{
    desk *d = *state;
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_NETWORK
                 "training:\n  epochs: 3\n  optimizer: sgd\n",
              "spec.yaml:9:1: error: training: \"batch_size\" is missing\n");
    one_error(d, VALID_DATA VALID_NETWORK VALID_TRAINING,
              "spec.yaml:1:1: error: \"nnrun\" is missing\n");
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_TRAINING
                 "network:\n  cost: quadratic\n  layers:\n    - {activation: sigmoid}\n",
              "spec.yaml:12:7: error: network.layers.0: \"units\" is missing\n");
}

static void wrong_types_and_ranges_say_what_is_allowed(void **state)
{
    desk *d = *state;
    one_error(d, VALID_SPEC "seed: ten\n", "spec.yaml:13:7: error: seed: \"ten\" is not a whole "
                                           "number");
    one_error(d, VALID_SPEC "seed: 1.5\n", "seed: \"1.5\" is not a whole number");
    one_error(d, VALID_SPEC "seed: -1\n", "seed: -1 is out of range");
    assert_holds(printed(d), "wants a whole number at least 0");
    one_error(d, VALID_SPEC "seed: '1'\n", "seed: \"1\" in quotes is a text, not a whole number");
    one_error(d, VALID_SPEC "seed: [1]\n", "seed: a list is not a whole number");
    one_error(d, VALID_SPEC "seed:\n", "spec.yaml:13:1: error: seed: it has no value");
    one_error(d, VALID_SPEC "threads: all\n", "wants a whole number from 1 to 1024, or auto");
    one_error(d, VALID_SPEC "  l2: .nan\n", "training.l2: .nan is not finite");
    one_error(d, VALID_SPEC "  l2: 1e999\n", "training.l2: 1e999 is not finite");
    one_error(d, VALID_SPEC "precision: flaot32\n", "did you mean \"float32\"?");
    one_error(d, VALID_SPEC "precision: [float32]\n", "a list is not one of its choices");
    one_error(d, VALID_SPEC "checkpoint: 3\n", "checkpoint: \"3\" is not a mapping");
    one_error(d, VALID_SPEC "expect: {metric: train.cost}\n", "expect: a mapping is not a list");
    one_error(d, VALID_SPEC "expect: [1]\n", "expect.0: one value is not a mapping");
    one_error(d, VALID_SPEC "plugins: [[a]]\n", "plugins.0: a list is not a path");
    one_error(d, VALID_SPEC "name: ../x\n", "name: no name for an experiment");
    one_error(d, VALID_SPEC "name: \"a\\e[31m\"\n", "name: no name for an experiment");
    one_error(d, VALID_SPEC "name: {a: b}\n", "name: a mapping is not a name");
    one_error(d, VALID_SPEC "nnrun: 2\n", "the key \"nnrun\" is there twice");
    one_error(d, "nnrun: 2\n" VALID_DATA VALID_NETWORK VALID_TRAINING, "nnrun: 2 is out of range");
}

static void components_are_names_or_maps_with_use(void **state)
{
    desk *d = *state;
    one_error(d, VALID_SPEC "  schedule: [step]\n", "training.schedule: a list is not a component");
    one_error(d, VALID_SPEC "  schedule: {gamma: 1}\n", "training.schedule: \"use\" is missing");
    one_error(d, VALID_SPEC "  schedule: ../../evil\n", "\"../../evil\" is no name of a component");
    one_error(d, VALID_SPEC "  schedule: {use: [a]}\n", "a list is no name of a component");
    one_error(d, VALID_SPEC "  schedule: 3\n", "\"3\" is no name of a component");
}

static void validation_is_one_of_its_kinds(void **state)
{
    desk *d = *state;
#define WITH_VALIDATION(text)                                                                      \
    "nnrun: 1\ndata:\n  train: {use: idx, path: train}\n  validation: " text                       \
    "\n" VALID_NETWORK VALID_TRAINING
    one_error(d, WITH_VALIDATION("{count: 1, fraction: 0.1}"), "\"count\" and \"fraction\" exclude");
    one_error(d, WITH_VALIDATION("{}"),
              "data.validation: \"use\" is missing, or one of \"count\", \"fraction\"");
    assert_holds(printed(d), "wants {count: ...} or {fraction: ...} or {use: loader, ...}");
    one_error(d, WITH_VALIDATION("{images: a, labels: b}"),
              "spec.yaml:4:3: error: data.validation: \"use\" is missing, or one of");
    one_error(d, WITH_VALIDATION("{x-why: a}"), "data.validation: \"use\" is missing, or one of");
    one_error(d, WITH_VALIDATION("{usee: idx, images: a, labels: b}"), "did you mean \"use\"?");
    one_error(d, WITH_VALIDATION("{count: 1, images: a}"), "there is no key \"images\"");
    one_error(d, WITH_VALIDATION("{fraction: 1}"), "data.validation.fraction: 1 is out of range");
    assert_holds(printed(d), "a number above 0 and below 1");
    one_error(d, WITH_VALIDATION("{cuont: 1}"), "did you mean \"count\"?");
    one_error(d, WITH_VALIDATION("10000"), "\"10000\" is no name of a component");
}

/* One mistake is one error, with what was meant. */
static void what_was_meant_is_not_missing_too(void **state)
{
    desk *d = *state;
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_TRAINING
                 "network: {layers: [{units: 1, activation: relu}], loss: quadratic}\n",
              "did you mean \"cost\"?");
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_NETWORK "epochs: 3\n"
                 "training: {batch_size: 1, optimizer: sgd}\n",
              "did you mean training.epochs?");
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_TRAINING
                 "network: {layers: [{units:1, activation: relu}], cost: quadratic}\n",
              "a blank belongs behind the colon: units: 1; ");
    one_error(d, "nnrun: 1\n" VALID_DATA VALID_NETWORK
                 "training: {epochs: 1, batch_size: 1, optimizer: {type: sgd, rate: 1}}\n",
              "did you mean \"use\"?");
    one_error(d, VALID_SPEC "  seed: 3\n", "\"seed\" belongs to the whole spec, not indented");
    one_error(d, VALID_SPEC "notes: mine\n", "a key of your own begins with x-");
    /* One layer's typo excuses no other layer. */
    assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
    read_spec(d, "nnrun: 1\n" VALID_DATA VALID_TRAINING
                 "network:\n  cost: quadratic\n  layers:\n    - {unts: 1, activation: relu}\n"
                 "    - {activation: relu}\n");
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 2);
    assert_holds(printed(d), "network.layers.1: \"units\" is missing");
}

static void an_element_of_a_list_is_told_what_it_should_be(void **state)
{
    desk *d = *state;
    one_error(d, VALID_SPEC "plugins: [{a: 1}]\n", "an element is the path of a file or folder");
    one_error(d, "nnrun: 1\ndata: {train: idx, transforms: [[affine]]}\n" VALID_NETWORK VALID_TRAINING,
              "data.transforms.0: a list is not a component");
    assert_holds(printed(d), "an element is the name of a transform, or {use: NAME, parameter: value}");
}

static void an_anchors_mistake_is_told_once(void **state)
{
    desk *d = *state;
    one_error(d, "nnrun: 1\nx-l: &l {unit: 1, activation: relu}\n" VALID_DATA VALID_TRAINING
                 "network: {layers: [*l, *l], cost: quadratic}\n",
              "spec.yaml:2:10: error: network.layers.0: there is no key \"unit\"");
}

static void all_errors_come_in_one_pass(void **state)
{
    desk *d = *state;
    read_spec(d, "nnrun: one\nsead: 1\n" VALID_DATA
                 "network: {layers: [{units: 0, activation: sigmoid}], cost: quadratic}\n"
                 "training: {epochs: 0, batch_size: x, optimizer: sgd}\n");
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 5);
}

static void users_own_keys_are_free(void **state)
{
    desk *d = *state;
    read_spec(d, VALID_SPEC "  x-why: {any: [thing]}\nx-notes: text\n");
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 0);
}

static void a_component_may_be_written_as_a_map_everywhere(void **state)
{
    desk *d = *state;
    nn_experiment *e = read_spec(d, "nnrun: 1\n" VALID_DATA VALID_TRAINING
        "network:\n  cost: {use: quadratic}\n  initializer: {use: normal, sd: 1}\n"
        "  layers: [{units: 1, activation: {use: elu, alpha: 2}}]\n");
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 0);
    assert_string_equal(e->network.layers[0].activation.name, "elu");
    assert_string_equal(e->network.layers[0].activation.path, "network.layers.0.activation");
    assert_string_equal(nn_node_get(e->network.layers[0].activation.node, "alpha")->text, "2");
    assert_string_equal(e->network.layers[0].initializer.name, "normal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(unknown_keys_are_answered_with_the_nearest),
        DESK_TEST(a_misspelled_key_is_not_missing_too),
        DESK_TEST(missing_keys_are_told_at_their_map),
        DESK_TEST(wrong_types_and_ranges_say_what_is_allowed),
        DESK_TEST(components_are_names_or_maps_with_use),
        DESK_TEST(validation_is_one_of_its_kinds),
        DESK_TEST(what_was_meant_is_not_missing_too),
        DESK_TEST(an_element_of_a_list_is_told_what_it_should_be),
        DESK_TEST(an_anchors_mistake_is_told_once),
        DESK_TEST(all_errors_come_in_one_pass),
        DESK_TEST(users_own_keys_are_free),
        DESK_TEST(a_component_may_be_written_as_a_map_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
