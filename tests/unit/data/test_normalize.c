/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "data/normalize.h"

#include <math.h>

static int setup(void **state)
{
    return nn_arena_create((nn_arena **)state) == NN_OK ? 0 : -1;
}

static int teardown(void **state)
{
    nn_arena_destroy(*state);
    return 0;
}

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-12 * fmax(1, fabs(b))) {
        fail_msg("%.17g is not %.17g", a, b);
    }
}

static void unit_divides_bytes_by_255_and_leaves_reals(void **state)
{
    const uint8_t bytes[] = {0, 255};
    const float reals[] = {0, 255};
    nn_affine_input input;
    nn_samples samples = {.count = 1, .features = 2, .height = 1, .width = 2, .channels = 1,
                          .image = true, .bytes = bytes};
    assert_int_equal(nn_normalize_fit(NN_NORMALIZE_UNIT, &samples, NULL, 0, *state, &input), NN_OK);
    assert_int_equal(input.count, 1);
    assert_near(input.scale[0], 1.0 / 255);
    assert_near(input.shift[0], 0);
    samples.bytes = NULL;
    samples.reals = reals;
    samples.bits = 32;
    assert_int_equal(nn_normalize_fit(NN_NORMALIZE_UNIT, &samples, NULL, 0, *state, &input), NN_OK);
    assert_near(input.scale[0], 1);
}

/* Two-channel images; the third sample is no part of training and must not count. */
static void standardize_is_per_channel_over_the_training_part_alone(void **state)
{
    const uint8_t bytes[] = {1, 10, 3, 30, 5, 50, 7, 70, 255, 255, 255, 255};
    const uint32_t training[] = {1, 0};
    nn_samples samples = {.count = 3, .features = 4, .height = 1, .width = 2, .channels = 2,
                          .image = true, .bytes = bytes};
    nn_affine_input input;
    assert_int_equal(
        nn_normalize_fit(NN_NORMALIZE_STANDARDIZE, &samples, training, 2, *state, &input), NN_OK);
    assert_int_equal(input.count, 2);
    /* 1, 3, 5, 7: mean 4, deviation sqrt(5); the other channel is ten times that. */
    assert_near(input.scale[0], 1 / sqrt(5));
    assert_near(input.shift[0], -4 / sqrt(5));
    assert_near(input.scale[1], 1 / sqrt(500));
    assert_near(input.shift[1], -40 / sqrt(500));
}

static void standardize_of_vectors_is_per_feature(void **state)
{
    const double reals[] = {1, 5, 3, 5};
    const uint32_t training[] = {0, 1};
    nn_samples samples = {.count = 2, .features = 2, .height = 1, .width = 2, .channels = 1,
                          .reals = reals, .bits = 64};
    nn_affine_input input;
    assert_int_equal(
        nn_normalize_fit(NN_NORMALIZE_STANDARDIZE, &samples, training, 2, *state, &input), NN_OK);
    assert_int_equal(input.count, 2);
    assert_near(input.scale[0], 1);
    assert_near(input.shift[0], -2);
    /* A constant feature becomes 0, not NaN. */
    assert_near(input.scale[1], 1);
    assert_near(input.shift[1], -5);
}

static void none_changes_nothing(void **state)
{
    const uint8_t bytes[] = {7};
    nn_samples samples = {.count = 1, .features = 1, .height = 1, .width = 1, .channels = 1,
                          .bytes = bytes};
    nn_affine_input input;
    assert_int_equal(nn_normalize_fit(NN_NORMALIZE_NONE, &samples, NULL, 0, *state, &input), NN_OK);
    assert_near(input.scale[0], 1);
    assert_near(input.shift[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unit_divides_bytes_by_255_and_leaves_reals, setup, teardown),
        cmocka_unit_test_setup_teardown(standardize_is_per_channel_over_the_training_part_alone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(standardize_of_vectors_is_per_feature, setup, teardown),
        cmocka_unit_test_setup_teardown(none_changes_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
