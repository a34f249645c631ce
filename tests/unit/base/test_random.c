/* SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "check.h"

#include <math.h>

static void philox_gives_its_published_numbers(void **state)
{
    (void)state;
    /* Known answer of Random123's kat_vectors: philox4x64 10 rounds, counter and key zero. */
    const nn_stream zero = {{0, 0}, {0, 0}};
    assert_true(nn_random_bits(&zero, 0) == 0x16554d9eca36314cULL);
    assert_true(nn_random_bits(&zero, 1) == 0xdb20fe9d672d0fdcULL);
    assert_true(nn_random_bits(&zero, 2) == 0xd7e772cee186176bULL);
    assert_true(nn_random_bits(&zero, 3) == 0x7e68b68aec7ba23bULL);
}

static void any_part_of_a_stream_equals_the_whole(void **state)
{
    (void)state;
    nn_stream stream = nn_stream_make(7, "init", 1, 2);
    double whole[37], part[5];
    nn_random_normal(&stream, 0, 37, whole);
    for (size_t first = 0; first + 5 <= 37; first++) {
        nn_random_normal(&stream, first, 5, part);
        assert_memory_equal(part, whole + first, sizeof part);
    }
    nn_random_uniform(&stream, 0, 37, whole);
    nn_random_uniform(&stream, 11, 5, part);
    assert_memory_equal(part, whole + 11, sizeof part);
}

static void streams_differ_by_seed_name_and_counter(void **state)
{
    (void)state;
    nn_stream streams[] = {
        nn_stream_make(1, "init", 0, 0), nn_stream_make(2, "init", 0, 0),
        nn_stream_make(1, "shuffle", 0, 0), nn_stream_make(1, "init", 1, 0),
        nn_stream_make(1, "init", 0, 1),
    };
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_true(nn_random_bits(&streams[i], 0) != nn_random_bits(&streams[j], 0));
        }
    }
}

static void moments_are_those_of_the_distributions(void **state)
{
    (void)state;
    enum { N = 200000 };
    static double x[N];
    nn_stream stream = nn_stream_make(3, "moments", 0, 0);
    double sum = 0, square = 0;
    nn_random_normal(&stream, 0, N, x);
    for (size_t i = 0; i < N; i++) {
        sum += x[i];
        square += x[i] * x[i];
    }
    /* Five standard errors: 1/sqrt(N) of the mean, sqrt(2/N) of the variance. */
    assert_true(fabs(sum / N) < 5 / sqrt(N));
    assert_true(fabs(square / N - 1) < 5 * sqrt(2.0 / N));
    nn_random_uniform(&stream, 0, N, x);
    sum = 0;
    for (size_t i = 0; i < N; i++) {
        assert_true(x[i] >= 0 && x[i] < 1);
        sum += x[i];
    }
    assert_true(fabs(sum / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
}

static void integers_below_are_even(void **state)
{
    (void)state;
    nn_stream stream = nn_stream_make(5, "below", 0, 0);
    uint64_t used = 0, counts[6] = {0};
    for (size_t i = 0; i < 60000; i++) {
        uint64_t k = nn_random_below(&stream, 6, &used);
        assert_true(k < 6);
        counts[k]++;
    }
    double chi2 = 0;
    for (size_t k = 0; k < 6; k++) {
        chi2 += ((double)counts[k] - 10000) * ((double)counts[k] - 10000) / 10000;
    }
    assert_true(chi2 < 25.7); /* the 0.9999 quantile of chi-squared with 5 degrees of freedom */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_its_published_numbers),
        cmocka_unit_test(any_part_of_a_stream_equals_the_whole),
        cmocka_unit_test(streams_differ_by_seed_name_and_counter),
        cmocka_unit_test(moments_are_those_of_the_distributions),
        cmocka_unit_test(integers_below_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
