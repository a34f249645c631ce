/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "data/order.h"

enum { MANY = 1000 };

static void fill(uint32_t *indices)
{
    for (uint32_t i = 0; i < MANY; i++) {
        indices[i] = 10 + 3 * i;
    }
}

static void order_is_a_permutation(void **state)
{
    (void)state;
    uint32_t indices[MANY], order[MANY];
    uint8_t seen[MANY] = {0};
    fill(indices);
    nn_order_shuffle(1, 0, indices, MANY, order);
    size_t moved = 0;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal((order[i] - 10) % 3, 0);
        seen[(order[i] - 10) / 3]++;
        moved += order[i] != indices[i];
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_true(moved > MANY / 2);
}

static void order_depends_on_seed_and_epoch_alone(void **state)
{
    (void)state;
    uint32_t indices[MANY], first[MANY], other[MANY];
    fill(indices);
    nn_order_shuffle(1, 7, indices, MANY, first);
    nn_order_shuffle(1, 8, indices, MANY, other);
    assert_memory_not_equal(first, other, sizeof first);
    nn_order_shuffle(2, 7, indices, MANY, other);
    assert_memory_not_equal(first, other, sizeof first);
    nn_order_shuffle(1, 7, indices, MANY, other);
    assert_memory_equal(first, other, sizeof first);
}

/* 6000 shuffles of three: each of the six orders about 1000 times; 200 is more than six deviations
 * (sqrt(6000 * 1/6 * 5/6) = 29). */
static void order_prefers_no_permutation(void **state)
{
    (void)state;
    const uint32_t indices[] = {0, 1, 2};
    size_t counts[27] = {0};
    for (uint64_t epoch = 0; epoch < 6000; epoch++) {
        uint32_t order[3];
        nn_order_shuffle(3, epoch, indices, 3, order);
        counts[9 * order[0] + 3 * order[1] + order[2]]++;
    }
    const size_t permutations[] = {5, 7, 11, 15, 19, 21};
    for (size_t i = 0; i < 6; i++) {
        assert_in_range(counts[permutations[i]], 800, 1200);
    }
}

static void order_of_none_or_one(void **state)
{
    (void)state;
    uint32_t one = 42, order = 0;
    nn_order_shuffle(1, 0, NULL, 0, NULL);
    nn_order_shuffle(1, 0, &one, 1, &order);
    assert_int_equal(order, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_a_permutation),
        cmocka_unit_test(order_depends_on_seed_and_epoch_alone),
        cmocka_unit_test(order_prefers_no_permutation),
        cmocka_unit_test(order_of_none_or_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
