/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "data/split.h"

#include <string.h>

enum { MANY = 1000 };

static void make_labels(int32_t *labels, size_t count)
{
    /* 500 of class 0, 300 of class 1, 195 of class 2, 5 of class 3, mixed. */
    for (size_t i = 0; i < count; i++) {
        size_t k = i * 7 % count;
        labels[i] = k < 500 ? 0 : k < 800 ? 1 : k < 995 ? 2 : 3;
    }
}

static void split_keeps_class_shares(void **state)
{
    (void)state;
    int32_t labels[MANY];
    uint32_t taken[100], rest[900];
    make_labels(labels, MANY);
    assert_int_equal(nn_split(labels, MANY, 4, 100, 1, "split", taken, rest), NN_OK);
    size_t counts[4] = {0};
    for (size_t i = 0; i < 100; i++) {
        counts[labels[taken[i]]]++;
    }
    /* 19.5 and 0.5 have equal remainders: the lower class gets it. */
    assert_int_equal(counts[0], 50);
    assert_int_equal(counts[1], 30);
    assert_int_equal(counts[2], 20);
    assert_int_equal(counts[3], 0);
}

static void split_gives_each_sample_once_ascending(void **state)
{
    (void)state;
    int32_t labels[MANY];
    uint32_t taken[333], rest[MANY - 333];
    uint8_t seen[MANY] = {0};
    make_labels(labels, MANY);
    assert_int_equal(nn_split(labels, MANY, 4, 333, 5, "split", taken, rest), NN_OK);
    for (size_t i = 0; i < 333; i++) {
        seen[taken[i]]++;
        assert_true(i == 0 || taken[i - 1] < taken[i]);
    }
    for (size_t i = 0; i < MANY - 333; i++) {
        seen[rest[i]]++;
        assert_true(i == 0 || rest[i - 1] < rest[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void split_depends_on_seed_and_stream(void **state)
{
    (void)state;
    uint32_t a[200], b[200];
    nn_split(NULL, MANY, 0, 200, 1, "split", a, NULL);
    nn_split(NULL, MANY, 0, 200, 1, "split", b, NULL);
    assert_memory_equal(a, b, sizeof a);
    nn_split(NULL, MANY, 0, 200, 2, "split", b, NULL);
    assert_memory_not_equal(a, b, sizeof a);
    nn_split(NULL, MANY, 0, 200, 1, "limit", b, NULL);
    assert_memory_not_equal(a, b, sizeof a);
}

static void split_takes_none_or_all(void **state)
{
    (void)state;
    int32_t labels[MANY];
    uint32_t indices[MANY];
    make_labels(labels, MANY);
    assert_int_equal(nn_split(labels, MANY, 4, 0, 1, "split", NULL, indices), NN_OK);
    assert_int_equal(indices[MANY - 1], MANY - 1);
    memset(indices, 0, sizeof indices);
    assert_int_equal(nn_split(labels, MANY, 4, MANY, 1, "split", indices, NULL), NN_OK);
    assert_int_equal(indices[MANY - 1], MANY - 1);
}

static void split_refuses_more_than_there_are(void **state)
{
    (void)state;
    assert_int_equal(nn_split(NULL, 10, 0, 11, 1, "split", NULL, NULL), NN_ERR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_keeps_class_shares),
        cmocka_unit_test(split_gives_each_sample_once_ascending),
        cmocka_unit_test(split_depends_on_seed_and_stream),
        cmocka_unit_test(split_takes_none_or_all),
        cmocka_unit_test(split_refuses_more_than_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
