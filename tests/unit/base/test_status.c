/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include "check.h"

#include <errno.h>

static nn_status inner(void)
{
    return nn_fail(NN_ERR_SHAPE, "layer %d", 3);
}

static nn_status outer(void)
{
    NN_TRY(inner());
    return NN_OK;
}

static void a_failure_travels_with_its_story(void **state)
{
    (void)state;
    assert_int_equal(outer(), NN_ERR_SHAPE);
    nn_note("while testing %s", "this");
    assert_string_equal(nn_story(), "layer 3\nwhile testing this");
}

static void errno_becomes_a_reason(void **state)
{
    (void)state;
    assert_int_equal(nn_fail_errno(ENOENT, "%s", "x"), NN_ERR_IO);
    assert_string_equal(nn_story(), "x: No such file or directory");
}

static void every_code_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    for (int code = NN_OK; code <= NN_ERR_CHECK; code++) {
        assert_string_not_equal(nn_status_name((nn_status)code), "unknown status");
        assert_string_not_equal(nn_status_sentence((nn_status)code), "unknown status");
    }
}

static void a_story_too_long_is_cut(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        nn_note("a line of thirty characters ......");
    }
    assert_true(strlen(nn_story()) < 16384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_travels_with_its_story),
        cmocka_unit_test(errno_becomes_a_reason),
        cmocka_unit_test(every_code_has_a_name_and_a_sentence),
        cmocka_unit_test(a_story_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
