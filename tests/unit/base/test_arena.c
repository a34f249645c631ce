/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "check.h"

static void many_pieces_stay_apart(void **state)
{
    (void)state;
    nn_arena *arena;
    assert_ok(nn_arena_create(&arena));
    unsigned char *pieces[500];
    for (size_t i = 0; i < 500; i++) {
        assert_ok(NN_ARENA_ALLOC(arena, &pieces[i], i * 7));
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i & 0xFF), i * 7);
    }
    for (size_t i = 1; i < 500; i++) {
        assert_int_equal(pieces[i][0], i & 0xFF);
        assert_int_equal(pieces[i][i * 7 - 1], i & 0xFF);
    }
    nn_arena_destroy(arena);
}

static void text_is_copied_and_printed(void **state)
{
    (void)state;
    nn_arena *arena;
    const char *copy, *printed;
    assert_ok(nn_arena_create(&arena));
    assert_ok(nn_arena_text(arena, "abcdef", 3, &copy));
    assert_string_equal(copy, "abc");
    assert_ok(nn_arena_printf(arena, &printed, "%s-%d", copy, 5));
    assert_string_equal(printed, "abc-5");
    nn_arena_destroy(arena);
    nn_arena_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_pieces_stay_apart),
        cmocka_unit_test(text_is_copied_and_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
