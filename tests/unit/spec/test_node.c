/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include <math.h>

static nn_node plain(const char *text)
{
    return (nn_node){.kind = NN_NODE_SCALAR, .text = text};
}

static void reals_follow_the_core_schema(void **state)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {{"1e-3", 1e-3}, {".5", 0.5},  {"5.", 5},       {"-0.25E+2", -25},
                {"+7", 7},      {"0x1f", 31}, {"-.inf", -INFINITY}, {"0o17", 15}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = 0;
        const nn_node node = plain(rows[i].text);
        assert_true(nn_node_real(&node, &value));
        assert_true(value == rows[i].value);
    }
    const nn_node nan = plain(".nan");
    double value = 0;
    assert_true(nn_node_real(&nan, &value));
    assert_true(isnan(value));
}

static void what_is_no_real_is_not_read_as_one(void **state)
{
    static const char *const texts[] = {"", ".", "1e", "e3", "1e-", "0x", "1_000", "1,5", "inf",
                                        "nan", "0x1p3", " 1", "1 ", "--1", "1.2.3", "ten"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double value = 0;
        const nn_node node = plain(texts[i]);
        assert_false(nn_node_real(&node, &value));
    }
}

static void integers_may_be_whole_reals(void **state)
{
    long long value = 0;
    const nn_node whole = plain("1e3"), half = plain("1.5"), huge = plain("9223372036854775808"),
                  large = plain("9223372036854775807"), hex = plain("0xff"), rough = plain("1e300");
    (void)state;
    assert_true(nn_node_integer(&whole, &value));
    assert_int_equal(value, 1000);
    assert_false(nn_node_integer(&half, &value));
    assert_false(nn_node_integer(&huge, &value));
    assert_false(nn_node_integer(&rough, &value));
    assert_true(nn_node_integer(&large, &value));
    assert_true(value == INT64_MAX);
    assert_true(nn_node_integer(&hex, &value));
    assert_int_equal(value, 255);
}

static void quotes_make_text(void **state)
{
    const nn_node node = {.kind = NN_NODE_SCALAR, .text = "1", .quoted = true};
    long long integer;
    double real;
    bool boolean;
    const nn_node yes = {.kind = NN_NODE_SCALAR, .text = "true", .quoted = true};
    (void)state;
    assert_false(nn_node_integer(&node, &integer));
    assert_false(nn_node_real(&node, &real));
    assert_false(nn_node_boolean(&yes, &boolean));
}

static void maps_keep_their_order_and_drop_keys(void **state)
{
    desk *d = *state;
    nn_node *map;
    assert_int_equal(nn_node_map(d->arena, (nn_place){0}, &map), NN_OK);
    for (size_t i = 0; i < 40; i++) {
        char name[8];
        nn_node *value;
        snprintf(name, sizeof name, "k%zu", i);
        assert_int_equal(nn_node_scalar(d->arena, name + 1, (nn_place){0}, &value), NN_OK);
        assert_int_equal(nn_node_set(d->arena, map, name, value), NN_OK);
    }
    nn_node_drop(map, "k7");
    nn_node_drop(map, "absent");
    assert_int_equal(map->count, 39);
    assert_null(nn_node_get(map, "k7"));
    assert_string_equal(map->pairs[7].key->text, "k8");
    assert_string_equal(nn_node_get(map, "k39")->text, "39");
}

static void a_copy_does_not_change_with_its_original(void **state)
{
    desk *d = *state;
    nn_node *root = parse_text(d, "a: [1, 2]\nb: {c: 3}\n"), *copy;
    assert_int_equal(nn_node_copy(d->arena, root, &copy), NN_OK);
    nn_node_drop(nn_node_get(root, "b"), "c");
    nn_node_get(root, "a")->items[0] = nn_node_get(root, "b");
    assert_string_equal(nn_node_get(copy, "a")->items[0]->text, "1");
    assert_string_equal(nn_node_get(nn_node_get(copy, "b"), "c")->text, "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_follow_the_core_schema),
        cmocka_unit_test(what_is_no_real_is_not_read_as_one),
        cmocka_unit_test(integers_may_be_whole_reals),
        cmocka_unit_test(quotes_make_text),
        DESK_TEST(maps_keep_their_order_and_drop_keys),
        DESK_TEST(a_copy_does_not_change_with_its_original),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
