/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

static void report(desk *d, const nn_text_source *source, size_t line, size_t column, size_t width,
                   const char *message)
{
    nn_diagnose(d->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC,
                (nn_place){source, line, column, width}, "a.b", "do this", "%s", message);
}

static void the_form_is_place_path_line_and_carets(void **state)
{
    desk *d = *state;
    const char text[] = "x: 1\n  optimizer: {use: sgd, rat: 0.5}\n";
    const nn_text_source *source = source_of(d, "base.yaml", text, strlen(text));
    nn_diagnose(d->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, (nn_place){source, 2, 25, 3},
                "training.optimizer", "did you mean \"rate\"?", "sgd has no parameter \"%s\"", "rat");
    assert_string_equal(printed(d),
                        "base.yaml:2:25: error: training.optimizer: sgd has no parameter \"rat\"\n"
                        "    2 |   optimizer: {use: sgd, rat: 0.5}\n"
                        "      |                         ^~~ did you mean \"rate\"?\n");
}

static void they_come_sorted_and_each_once(void **state)
{
    desk *d = *state;
    const nn_text_source *source = source_of(d, "s", "a\nb\nc\n", 6);
    report(d, source, 3, 1, 1, "third");
    report(d, source, 1, 1, 1, "first");
    report(d, source, 3, 1, 1, "third");
    report(d, source, 2, 1, 1, "second");
    const char *text = printed(d);
    assert_true(strstr(text, "first") < strstr(text, "second"));
    assert_true(strstr(text, "second") < strstr(text, "third"));
    assert_null(strstr(strstr(text, "third") + 1, "third"));
    assert_int_equal(nn_diagnostics_status(d->diagnostics), NN_ERR_SPEC);
    assert_string_equal(nn_story(), "3 errors in s");
}

static void control_bytes_do_not_reach_the_terminal(void **state)
{
    desk *d = *state;
    const char text[] = "k: \x1b[31m\xc2\x9b\xff!\n";
    const nn_text_source *source = source_of(d, "evil\n\x1b.yaml", text, strlen(text));
    nn_diagnose(d->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, (nn_place){source, 1, 4, 1},
                "p\x1b", "h\x07", "m\x08 %s", "\x1b");
    for (const char *s = printed(d); *s != '\0'; s++) {
        assert_true(*s == '\n' || ((unsigned char)*s >= 0x20 && (unsigned char)*s < 0x7F));
    }
    assert_holds(printed(d), "\\x1b[31m\\xc2\\x9b\\xff!");
}

static void the_caret_counts_characters_and_escapes(void **state)
{
    desk *d = *state;
    const char text[] = "\xEF\xBB\xBF\xC3\xA4\t\x01z: 1\r\n";
    const nn_text_source *source = source_of(d, "s", text, strlen(text));
    report(d, source, 1, 4, 1, "m");
    assert_holds(printed(d), "    1 | \xC3\xA4 \\x01z: 1\n      |       ^ do this\n");
}

static void a_long_line_is_shown_around_the_place(void **state)
{
    desk *d = *state;
    static char text[100001];
    memset(text, 'a', 100000);
    text[50000] = 'X';
    const nn_text_source *source = source_of(d, "s", text, 100000);
    report(d, source, 1, 50001, 1, "m");
    const char *out = printed(d);
    assert_true(strlen(out) < 400);
    const char *x = strchr(out, 'X'), *caret = strchr(out, '^');
    const char *line = strstr(out, "    1 | "), *under = strstr(out, "      | ");
    assert_int_equal(x - line, caret - under);
}

static void a_place_behind_the_line_is_shown_behind_it(void **state)
{
    desk *d = *state;
    const nn_text_source *source = source_of(d, "s", "ab", 2);
    report(d, source, 1, 5, 1, "m");
    assert_holds(printed(d), "      |     ^ do this");
}

static void warnings_are_no_errors(void **state)
{
    desk *d = *state;
    nn_diagnose(d->diagnostics, NN_SEVERITY_WARNING, NN_OK, (nn_place){0}, "a", NULL, "odd");
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 0);
    assert_int_equal(nn_diagnostics_warnings(d->diagnostics), 1);
    assert_int_equal(nn_diagnostics_status(d->diagnostics), NN_OK);
    assert_string_equal(printed(d), "warning: a: odd\n");
}

static void the_exit_code_is_that_of_the_first_error(void **state)
{
    desk *d = *state;
    const nn_text_source *source = source_of(d, "s", "a\nb\n", 4);
    nn_diagnose(d->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, (nn_place){source, 2, 1, 1}, "a",
                NULL, "later");
    nn_diagnose(d->diagnostics, NN_SEVERITY_ERROR, NN_ERR_PLUGIN, (nn_place){source, 1, 1, 1}, "a",
                NULL, "sooner");
    assert_int_equal(nn_diagnostics_status(d->diagnostics), NN_ERR_PLUGIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(the_form_is_place_path_line_and_carets),
        DESK_TEST(they_come_sorted_and_each_once),
        DESK_TEST(control_bytes_do_not_reach_the_terminal),
        DESK_TEST(the_caret_counts_characters_and_escapes),
        DESK_TEST(a_long_line_is_shown_around_the_place),
        DESK_TEST(a_place_behind_the_line_is_shown_behind_it),
        DESK_TEST(warnings_are_no_errors),
        DESK_TEST(the_exit_code_is_that_of_the_first_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
