/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "check.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    double *numbers;
    assert_ok(NN_ALLOC(&numbers, 1000, "numbers"));
    assert_int_equal((uintptr_t)numbers % NN_ALIGNMENT, 0);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(numbers[i] == 0);
    }
    nn_free(numbers);
}

static void an_overflowing_size_is_refused(void **state)
{
    (void)state;
    void *memory = &memory;
    assert_int_equal(nn_alloc(SIZE_MAX / 2, 3, "too much", &memory), NN_ERR_MEMORY);
    assert_null(memory);
    assert_contains(nn_story(), "too much");
}

static void nothing_is_asked_for_nothing(void **state)
{
    (void)state;
    unsigned long before = nn_memory_count();
    int *none;
    assert_ok(NN_ALLOC(&none, 0, "nothing"));
    assert_null(none);
    assert_int_equal(nn_memory_count(), before);
}

static void the_kth_allocation_fails_when_asked_to(void **state)
{
    (void)state;
    char *a, *b, *c;
    nn_memory_fail_after(1, 1);
    assert_ok(NN_ALLOC(&a, 1, "a"));
    assert_int_equal(NN_ALLOC(&b, 1, "b"), NN_ERR_MEMORY);
    assert_ok(NN_ALLOC(&c, 1, "c"));
    nn_memory_fail_after(0, 0);
    nn_free(a);
    nn_free(c);
}

static void growing_keeps_what_was_there(void **state)
{
    (void)state;
    int *numbers;
    assert_ok(NN_ALLOC(&numbers, 3, "numbers"));
    numbers[2] = 7;
    assert_ok(nn_realloc((void **)&numbers, 3, 3000, sizeof *numbers, "numbers"));
    assert_int_equal(numbers[2], 7);
    nn_memory_fail_after(0, 1);
    assert_int_equal(nn_realloc((void **)&numbers, 3000, 6000, sizeof *numbers, "more"),
                     NN_ERR_MEMORY);
    nn_memory_fail_after(0, 0);
    assert_int_equal(numbers[2], 7);
    nn_free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(an_overflowing_size_is_refused),
        cmocka_unit_test(nothing_is_asked_for_nothing),
        cmocka_unit_test(the_kth_allocation_fails_when_asked_to),
        cmocka_unit_test(growing_keeps_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
