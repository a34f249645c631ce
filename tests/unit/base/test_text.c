/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "base/text.h"
#include "check.h"

#include <math.h>

static void text_grows(void **state)
{
    (void)state;
    nn_text text = {0};
    assert_string_equal(nn_text_view(&text), "");
    for (int i = 0; i < 1000; i++) {
        nn_text_printf(&text, "%d,", i);
    }
    assert_int_equal(text.length, strlen(text.bytes));
    assert_contains(text.bytes, ",998,999,");
    nn_text_finish(&text);
}

static void a_failed_append_is_remembered(void **state)
{
    (void)state;
    nn_text text = {0};
    nn_text_put(&text, "kept");
    nn_memory_fail_after(0, -1);
    nn_text_printf(&text, "%200d", 1);
    nn_memory_fail_after(0, 0);
    assert_int_equal(nn_text_status(&text), NN_ERR_MEMORY);
    assert_string_equal(nn_text_view(&text), "kept");
    nn_text_finish(&text);
}

static void after_a_failed_append_there_are_no_holes(void **state)
{
    (void)state;
    nn_text text = {0}, part = {0}, whole = {0};
    nn_text_put(&text, "kept");
    nn_memory_fail_after(0, 1);
    nn_text_printf(&text, "%200d", 1);
    nn_text_put(&text, "!");
    assert_string_equal(nn_text_view(&text), "kept");
    nn_text_finish(&text);

    nn_memory_fail_after(0, 1);
    nn_text_put(&part, "part");
    nn_text_put(&whole, nn_text_view(&part));
    nn_text_finish_part(&part, &whole);
    assert_int_equal(nn_text_status(&whole), NN_ERR_MEMORY);
    nn_text_finish(&whole);
}

static void nothing_from_outside_steers_the_terminal(void **state)
{
    (void)state;
    static const char input[] = "a\x1b[31m\xc2\x9b\xff\xe2\x80\xae\xc3\xa9\n";
    nn_text text = {0};
    nn_text_escape(&text, input, sizeof input - 1);
    assert_string_equal(text.bytes, "a\\x1b[31m\\xc2\\x9b\\xff\\xe2\\x80\\xae\xc3\xa9\\x0a");
    nn_text_finish(&text);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    nn_text text = {0};
    nn_text_json(&text, "a\"b\\c\n\x01\xff");
    assert_string_equal(text.bytes, "\"a\\\"b\\\\c\\u000a\\u0001\xEF\xBF\xBD\"");
    nn_text_finish(&text);
}

static void a_real_is_as_short_as_reads_back_the_same(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"}, {0.1 + 0.2, "0.30000000000000004"},
                 {-2, "-2"},   {1e300, "1e+300"},               {INFINITY, "null"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nn_text text = {0};
        nn_text_real(&text, cases[i].value);
        assert_string_equal(nn_text_view(&text), cases[i].text);
        nn_text_finish(&text);
    }
}

static void the_nearest_name_is_found(void **state)
{
    (void)state;
    static const char *const names[] = {"rate", "momentum", "nesterov"};
    assert_string_equal(nn_text_nearest("rat", names, 3), "rate");
    assert_string_equal(nn_text_nearest("momemtum", names, 3), "momentum");
    assert_string_equal(nn_text_nearest("NESTEROV", names, 3), "nesterov");
    assert_string_equal(nn_text_nearest("nes", names, 3), "nesterov");
    assert_string_equal(nn_text_nearest("learning_rate", names, 3), "rate");
    assert_null(nn_text_nearest("completely_else", names, 3));
    static const char *const both[] = {"train.accuracy", "test.accuracy"};
    assert_null(nn_text_nearest("accuracy", both, 2));
}

static void distance_counts_a_swap_once(void **state)
{
    (void)state;
    assert_int_equal(nn_text_distance("sigmoid", "sigmiod", 3), 1);
    assert_int_equal(nn_text_distance("abc", "abc", 3), 0);
    assert_int_equal(nn_text_distance("abc", "xyz", 2), 3);
    assert_int_equal(nn_text_distance("", "ab", 3), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows),
        cmocka_unit_test(a_failed_append_is_remembered),
        cmocka_unit_test(after_a_failed_append_there_are_no_holes),
        cmocka_unit_test(nothing_from_outside_steers_the_terminal),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(a_real_is_as_short_as_reads_back_the_same),
        cmocka_unit_test(the_nearest_name_is_found),
        cmocka_unit_test(distance_counts_a_swap_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
