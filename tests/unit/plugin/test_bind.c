/* SPDX-License-Identifier: MIT */
/* From a written component to a filled struct, and every way of being wrong. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "plugin/bind.h"
#include "plugin/describe.h"
#include "spec/emit.h"
#include "spec/parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As in every.c. */
struct every {
    double rate, share, maybe;
    int64_t count, mode;
    bool flag;
    const char *label, *file;
    nn_list sizes, names, files, old;
};

struct fixture {
    nn_arena *arena;
    nn_registry *registry;
    nn_diagnostics *diagnostics;
    nn_host *host;
    nn_text said;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char folder[512];
    snprintf(folder, sizeof folder, "%s/test_plugins", getenv("NNRUN_TEST_BUILD"));
    assert_int_equal(nn_arena_create(&fixture->arena), NN_OK);
    assert_int_equal(nn_registry_create(NULL, &fixture->registry), NN_OK);
    assert_int_equal(nn_registry_add(fixture->registry, folder, true), NN_OK);
    assert_int_equal(nn_diagnostics_create(fixture->arena, &fixture->diagnostics), NN_OK);
    assert_int_equal(nn_host_create(fixture->arena, 64, NULL, "/data", &fixture->host), NN_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    nn_text_finish(&fixture->said);
    nn_registry_destroy(fixture->registry);
    nn_arena_destroy(fixture->arena);
    free(fixture);
    return 0;
}

/* Binds what the YAML text says, written in /base/spec.yaml under the key x. */
static nn_component *bind(struct fixture *fixture, const char *yaml)
{
    nn_text_source *source;
    nn_node *node = NULL;
    nn_component *component = NULL;
    assert_int_equal(NN_ARENA_ALLOC(fixture->arena, &source, 1), NN_OK);
    *source = (nn_text_source){.name = "spec.yaml", .base_dir = "/base", .bytes = yaml,
                               .length = strlen(yaml)};
    assert_int_equal(nn_parse(fixture->arena, source, fixture->diagnostics, &node), NN_OK);
    assert_non_null(node);
    const nn_node *value = nn_node_get(node, "x");
    const nn_node *name = value->kind == NN_NODE_MAP ? nn_node_get(value, "use") : value;
    nn_use use = {.name = name->text, .node = value, .place = name->place, .path = "x"};
    assert_int_equal(nn_bind(fixture->registry, NN_KIND_ACTIVATION, &use, 64, NN_ISA_X86_64_V2,
                             fixture->host, fixture->arena, fixture->diagnostics, &component), NN_OK);
    nn_text_finish(&fixture->said);
    nn_diagnostics_print(fixture->diagnostics, &fixture->said);
    return component;
}

static void expect_refusal(struct fixture *fixture, const char *yaml, const char *said)
{
    assert_null(bind(fixture, yaml));
    assert_string_equal(nn_text_view(&fixture->said), said);
}

static void what_is_written_is_bound_and_the_rest_takes_its_default(void **state)
{
    struct fixture *fixture = *state;
    nn_component *component = bind(fixture, "x: {use: every, file: data/a.bin, rate: 1e-3, mode: cosine, "
                                            "sizes: [4, 5, 6], names: [a, 'b c'], files: [u, /v], x-my: 1}");
    assert_string_equal(nn_text_view(&fixture->said), "");
    const struct every *every = component->self;
    assert_true(every->rate == 1e-3 && every->share == 0.5 && isnan(every->maybe));
    assert_true(every->count == 3 && every->mode == 2 && every->flag);
    assert_string_equal(every->label, "plain");
    assert_string_equal(every->file, "/base/data/a.bin");
    assert_int_equal(every->sizes.count, 3);
    assert_int_equal(((const int64_t *)every->sizes.items)[2], 6);
    assert_int_equal(every->names.count, 2);
    assert_string_equal(((const char *const *)every->names.items)[1], "b c");
    assert_string_equal(((const char *const *)every->files.items)[0], "/base/u");
    assert_string_equal(((const char *const *)every->files.items)[1], "/v");
    assert_int_equal(every->old.count, 0);
}

static void defaults_of_lists_come_from_their_text(void **state)
{
    nn_component *component = bind(*state, "x: {use: every, file: a}");
    const struct every *every = component->self;
    assert_int_equal(every->sizes.count, 2);
    assert_int_equal(((const int64_t *)every->sizes.items)[0], 1);
    assert_int_equal(((const int64_t *)every->sizes.items)[1], 2);
    assert_true(every->names.count == 0);
}

static void the_resolved_node_says_everything_and_binds_to_the_same(void **state)
{
    struct fixture *fixture = *state;
    nn_component *component = bind(fixture, "x: {use: every, file: a.bin, rate: 1e-3, label: 'true'}");
    nn_node *map;
    nn_text text = {0};
    assert_int_equal(nn_node_map(fixture->arena, (nn_place){0}, &map), NN_OK);
    nn_node *copy;
    assert_int_equal(nn_node_copy(fixture->arena, component->resolved, &copy), NN_OK);
    assert_int_equal(nn_node_set(fixture->arena, map, "x", copy), NN_OK);
    nn_emit(map, false, &text);
    for (size_t i = 0; i < nn_node_get(map, "x")->count; i++) {
        assert_string_not_equal(nn_node_get(map, "x")->pairs[i].key->text, "maybe");
    }
    nn_component *again = bind(fixture, nn_text_view(&text));
    assert_string_equal(nn_text_view(&fixture->said), "");
    const struct every *a = component->self, *b = again->self;
    assert_true(a->rate == b->rate && a->share == b->share && a->count == b->count);
    assert_true(a->mode == b->mode && a->flag == b->flag && a->sizes.count == b->sizes.count);
    assert_string_equal(a->label, "true");
    assert_string_equal(a->label, b->label);
    assert_string_equal(b->file, "/base/a.bin");
    nn_text_finish(&text);
}

static void unknown_parameters_are_answered_with_the_nearest_and_all(void **state)
{
    expect_refusal(*state, "x: {use: every, file: a, rat: 0.5}",
                   "spec.yaml:1:26: error: x: every has no parameter \"rat\"\n"
                   "    1 | x: {use: every, file: a, rat: 0.5}\n"
                   "      |                          ^~~ did you mean \"rate\"? every takes: rate, share, "
                   "maybe, count, mode, flag, label, file, sizes, names, files, old\n");
}

static void missing_parameters_are_named(void **state)
{
    expect_refusal(*state, "x: every",
                   "spec.yaml:1:4: error: x: every needs \"file\"\n"
                   "    1 | x: every\n"
                   "      |    ^~~~~ {use: every, file: ...}: A file.\n");
}

static void values_of_the_wrong_type_or_out_of_range_are_told_what_is_allowed(void **state)
{
    static const struct {
        const char *value, *message;
    } cases[] = {
        {"rate: 0", "x.rate: must be a number > 0, not 0"},
        {"rate: fast", "x.rate: must be a number > 0, not fast"},
        {"rate: .nan", "x.rate: must be a number > 0, not .nan"},
        {"rate: '1'", "x.rate: must be a number > 0, not \"1\""},
        {"rate: [1]", "x.rate: must be a number, not a list"},
        {"share: 1", "x.share: must be a number in [0, 1), not 1"},
        {"maybe: -1.5", "x.maybe: must be a number in [-1, 1], not -1.5"},
        {"count: 2.5", "x.count: must be a whole number in [1, 10], not 2.5"},
        {"count: 11", "x.count: must be a whole number in [1, 10], not 11"},
        {"mode: cosinus", "x.mode: there is no choice \"cosinus\""},
        {"flag: 1", "x.flag: must be true or false, not 1"},
        {"label: {a: b}", "x.label: must be a text, not a mapping"},
        {"sizes: 4", "x.sizes: must be a list, [..., ...], not 4"},
        {"sizes: []", "x.sizes: must be a list of 1 to 3, not of 0"},
        {"sizes: [1, 2, 3, 4]", "x.sizes: must be a list of 1 to 3, not of 4"},
        {"names: [a]", "x.names: must be a list of at least 2, not of 1"},
        {"files: [a]", "x.files: must be a list of 2, not of 1"},
        {"sizes: [1, 12]", "x.sizes.1: must be a whole number in [0, 9], not 12"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *fixture = *state;
        char yaml[128];
        assert_int_equal(nn_diagnostics_create(fixture->arena, &fixture->diagnostics), NN_OK);
        snprintf(yaml, sizeof yaml, "x: {use: every, file: a, %s}", cases[i].value);
        assert_null(bind(fixture, yaml));
        assert_int_equal(nn_diagnostics_errors(fixture->diagnostics), 1);
        char first[256];
        const char *said = nn_text_view(&fixture->said);
        const char *begin = strstr(said, "error: ");
        assert_non_null(begin);
        snprintf(first, sizeof first, "%.*s", (int)strcspn(begin + 7, "\n"), begin + 7);
        assert_string_equal(first, cases[i].message);
    }
}

static void a_value_that_is_refused_is_told_with_what_its_parameter_is(void **state)
{
    expect_refusal(*state, "x: {use: every, file: a, rate: 0}",
                   "spec.yaml:1:32: error: x.rate: must be a number > 0, not 0\n"
                   "    1 | x: {use: every, file: a, rate: 0}\n"
                   "      |                                ^ rate: Step size.\n");
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
    struct fixture *fixture = *state;
    assert_null(bind(fixture, "x: {use: every, rat: 1, share: 2, count: many}"));
    assert_int_equal(nn_diagnostics_errors(fixture->diagnostics), 4); /* and no file */
}

static void deprecated_parameters_warn_and_work(void **state)
{
    struct fixture *fixture = *state;
    nn_component *component = bind(fixture, "x: {use: every, file: a, old: [0.5]}");
    assert_non_null(component);
    assert_int_equal(nn_diagnostics_warnings(fixture->diagnostics), 1);
    assert_non_null(strstr(nn_text_view(&fixture->said), "every: \"old\" is deprecated"));
}

static void unknown_components_are_answered_with_the_nearest_and_all(void **state)
{
    expect_refusal(*state, "x: evry",
                   "spec.yaml:1:4: error: x: no activation is called \"evry\"\n"
                   "    1 | x: evry\n"
                   "      |    ^~~~ did you mean \"every\"? activations: every; one of your own: "
                   "plugins: [FILE] in the spec, or --plugin-path DIR\n");
}

static void create_and_destroy_are_called_once_and_failure_knows_its_place(void **state)
{
    struct fixture *fixture = *state;
    nn_component *component = bind(fixture, "x: {use: every, file: a}");
    const struct every *every = component->self;
    nn_shape shape = {.size = sizeof shape};
    assert_int_equal(nn_component_create(component, &shape), NN_OK);
    assert_int_equal(nn_component_create(component, &shape), NN_OK);
    assert_int_equal(every->count, 103);
    nn_component_finish(component);
    assert_int_equal(every->count, -1);
    nn_component_finish(component);
    nn_component_finish(NULL);

    component = bind(fixture, "x: {use: every, file: a, rate: 5000}");
    assert_int_equal(nn_component_create(component, &shape), NN_ERR_PARAM);
    assert_string_equal(nn_story(), "a rate of 5000 is too much\n"
                                    "spec.yaml:1:10: x: while preparing activation every");
    nn_component_finish(component);
    assert_int_equal(((const struct every *)component->self)->count, -1);
}

static void the_description_is_made_of_the_tables(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    nn_text text = {0}, json = {0}, schema = {0};
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "every", &plugin), NN_OK);
    nn_describe_text(plugin, &text);
    const char *const lines[] = {
        "activation every: Every type of parameter.\n",
        "  rate   real > 0, default 0.01 (per step)\n         Step size.\n",
        "  maybe  real in [-1, 1], optional\n",
        "  mode   one of: none, linear, cosine, default linear\n",
        "  file   path, required\n",
        "  sizes  list of int in [0, 9], default [1, 2] (pixels)\n",
        "example    activation: {use: every, file: ...}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_non_null(strstr(nn_text_view(&text), lines[i]));
    }
    nn_describe_json(plugin, &json);
    assert_non_null(strstr(nn_text_view(&json),
                           "{\"name\": \"rate\", \"type\": \"real\", \"doc\": \"Step size.\", \"unit\": \"per "
                           "step\", \"required\": false, \"default\": 0.01, \"exclusiveMinimum\": 0, \"log\": "
                           "true}"));
    nn_describe_schema(plugin, &schema);
    assert_non_null(strstr(nn_text_view(&schema), "\"required\": [\"use\", \"file\"]"));
    assert_non_null(strstr(nn_text_view(&schema), "\"mode\": {\"type\": \"string\", \"enum\": [\"none\", "
                                                  "\"linear\", \"cosine\"], \"description\": \"The mode.\", "
                                                  "\"default\": \"linear\"}"));
    nn_text_finish(&text);
    nn_text_finish(&json);
    nn_text_finish(&schema);
}

/* One component from nothing, as a run does it. */
static nn_status bind_once(const char *yaml, nn_component **out)
{
    nn_arena *arena = NULL;
    nn_registry *registry = NULL;
    nn_diagnostics *diagnostics;
    nn_host *host;
    nn_node *node = NULL;
    char folder[512];
    nn_status status;
    nn_text_source source = {.name = "spec.yaml", .base_dir = "/base", .bytes = yaml, .length = strlen(yaml)};
    snprintf(folder, sizeof folder, "%s/test_plugins", getenv("NNRUN_TEST_BUILD"));
    NN_TRY_DONE(nn_arena_create(&arena));
    NN_TRY_DONE(nn_registry_create(NULL, &registry));
    NN_TRY_DONE(nn_registry_add(registry, folder, true));
    NN_TRY_DONE(nn_diagnostics_create(arena, &diagnostics));
    NN_TRY_DONE(nn_host_create(arena, 64, NULL, "", &host));
    NN_TRY_DONE(nn_parse(arena, &source, diagnostics, &node));
    nn_use use = {.name = "every", .node = nn_node_get(node, "x"), .path = "x"};
    NN_TRY_DONE(nn_bind(registry, NN_KIND_ACTIVATION, &use, 64, NN_ISA_X86_64_V2, host, arena, diagnostics, out));
done:
    nn_registry_destroy(registry);
    nn_arena_destroy(arena);
    return status;
}

/* Nothing leaks either: the sanitizer's build says so. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    const char *yaml = "x: {use: every, file: a, sizes: [4, 5], names: [a, b]}";
    long k = 0;
    for (;; k++) {
        nn_component *component = NULL;
        nn_memory_fail_after(k, -1);
        nn_status status = bind_once(yaml, &component);
        nn_memory_fail_after(0, 0);
        if (status == NN_OK && component != NULL) {
            break;
        }
        assert_int_equal(status, NN_ERR_MEMORY);
        assert_true(k < 1000);
    }
    assert_true(k > 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_bound_and_the_rest_takes_its_default),
        TEST(defaults_of_lists_come_from_their_text),
        TEST(the_resolved_node_says_everything_and_binds_to_the_same),
        TEST(unknown_parameters_are_answered_with_the_nearest_and_all),
        TEST(missing_parameters_are_named),
        TEST(values_of_the_wrong_type_or_out_of_range_are_told_what_is_allowed),
        TEST(a_value_that_is_refused_is_told_with_what_its_parameter_is),
        TEST(all_that_is_wrong_is_told_at_once),
        TEST(deprecated_parameters_warn_and_work),
        TEST(unknown_components_are_answered_with_the_nearest_and_all),
        TEST(create_and_destroy_are_called_once_and_failure_knows_its_place),
        TEST(the_description_is_made_of_the_tables),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
