/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loader.h"

#include <math.h>

enum { XOR, SPIRALS, BLOBS, REGRESSION };

static int setup(void **state)
{
    loader_fixture *f = test_malloc(sizeof *f);
    loader_setup_bits(f, "synthetic", 64);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    loader_finish(*state);
    test_free(*state);
    return 0;
}

static nn_samples draw(loader_fixture *f, int64_t task)
{
    loader_set_int(f, "task", task);
    if (loader_open(f) != NN_OK) {
        fail_msg("%s", nn_story());
    }
    return nn_dataset_view(f->set);
}

static void xor_has_the_corners_and_their_classes(void **state)
{
    loader_fixture *f = *state;
    loader_set_int(f, "samples", 8);
    loader_set_real(f, "noise", 0);
    nn_samples view = draw(f, XOR);
    const double *x = view.reals;
    assert_int_equal(view.class_count, 2);
    size_t corners = 0;
    for (size_t i = 0; i < 8; i++) {
        assert_true(fabs(x[2 * i]) == 1 && fabs(x[2 * i + 1]) == 1);
        assert_int_equal(view.labels[i], x[2 * i] * x[2 * i + 1] < 0);
        corners |= 1u << (x[2 * i] > 0 ? 1 : 0) << (x[2 * i + 1] > 0 ? 2 : 0);
    }
    assert_int_equal(corners, 1 | 2 | 4 | 8);
}

static void spirals_lie_on_their_arms(void **state)
{
    static const double pi = 3.14159265358979323846;
    loader_fixture *f = *state;
    loader_set_int(f, "classes", 3);
    loader_set_real(f, "noise", 0);
    loader_set_real(f, "turns", 0.75);
    nn_samples view = draw(f, SPIRALS);
    const double *x = view.reals;
    for (size_t i = 0; i < view.count; i++) {
        double radius = hypot(x[2 * i], x[2 * i + 1]);
        double angle = 2 * pi * (0.75 * radius + view.labels[i] / 3.0);
        assert_true(radius <= 1);
        assert_true(fabs(x[2 * i] - radius * cos(angle)) < 1e-12);
        assert_true(fabs(x[2 * i + 1] - radius * sin(angle)) < 1e-12);
    }
}

static void blobs_have_the_noise_as_their_deviation(void **state)
{
    loader_fixture *f = *state;
    loader_set_int(f, "classes", 4);
    loader_set_int(f, "features", 3);
    loader_set_int(f, "samples", 40000);
    loader_set_real(f, "noise", 0.5);
    nn_samples view = draw(f, BLOBS);
    const double *x = view.reals;
    for (int c = 0; c < 4; c++) {
        double sum = 0, squares = 0;
        for (size_t i = (size_t)c; i < view.count; i += 4) {
            assert_int_equal(view.labels[i], c);
            sum += x[3 * i];
            squares += x[3 * i] * x[3 * i];
        }
        double deviation = sqrt(squares / 1e4 - sum / 1e4 * (sum / 1e4));
        /* The deviation of a deviation of 10,000 is 0.5 / sqrt(20000) = 0.0035. */
        assert_true(fabs(deviation - 0.5) < 0.02);
    }
}

static void regression_has_targets_of_sines(void **state)
{
    loader_fixture *f = *state;
    loader_set_int(f, "features", 5);
    loader_set_int(f, "outputs", 2);
    loader_set_real(f, "noise", 0);
    nn_samples view = draw(f, REGRESSION);
    assert_null(view.labels);
    assert_int_equal(view.outputs, 2);
    const double *y = view.targets;
    double squares = 0;
    for (size_t i = 0; i < view.count * 2; i++) {
        assert_true(fabs(y[i]) <= 1);
        squares += y[i] * y[i];
    }
    assert_true(squares > 0.1 * 2 * (double)view.count);
}

static void an_offset_goes_on_where_the_first_part_ends(void **state)
{
    loader_fixture *f = *state;
    double whole[60], part[20];
    loader_set_int(f, "samples", 30);
    memcpy(whole, draw(f, BLOBS).reals, sizeof whole);
    loader_set_int(f, "samples", 10);
    loader_set_int(f, "offset", 20);
    memcpy(part, draw(f, BLOBS).reals, sizeof part);
    assert_memory_equal(part, whole + 40, sizeof part);
    loader_set_int(f, "seed", 2);
    assert_memory_not_equal(part, draw(f, BLOBS).reals, sizeof part);
}

static void both_precisions_have_one_fingerprint(void **state)
{
    loader_fixture *f = *state;
    loader_fixture narrow;
    loader_setup_bits(&narrow, "synthetic", 32);
    draw(f, SPIRALS);
    nn_samples view = draw(&narrow, SPIRALS);
    nn_hash128 a = nn_dataset_describe(f->set)->fingerprint;
    nn_hash128 b = nn_dataset_describe(narrow.set)->fingerprint;
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(((const float *)view.reals)[0] == (float)((const double *)nn_dataset_view(f->set).reals)[0]);
    loader_finish(&narrow);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(xor_has_the_corners_and_their_classes),
        CASE(spirals_lie_on_their_arms),
        CASE(blobs_have_the_noise_as_their_deviation),
        CASE(regression_has_targets_of_sines),
        CASE(an_offset_goes_on_where_the_first_part_ends),
        CASE(both_precisions_have_one_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
