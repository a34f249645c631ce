/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "base/random.h"
#include "check.h"

#include <float.h>
#include <math.h>

static void same_as_printf(double value)
{
    char expected[64], found[NN_NUMBER_ROOM];
    snprintf(expected, sizeof expected, "%.9g", value);
    size_t length = nn_number_print(value, found);
    if (strcmp(found, expected) != 0) {
        print_error("%a: %s, but printf writes %s\n", value, found, expected);
    }
    assert_string_equal(found, expected);
    assert_int_equal(length, strlen(expected));
}

static void same_around(double value)
{
    same_as_printf(value);
    same_as_printf(nextafter(value, INFINITY));
    same_as_printf(nextafter(value, -INFINITY));
    same_as_printf((double)nextafterf((float)value, INFINITY));
    same_as_printf((double)nextafterf((float)value, -INFINITY));
}

static void special_numbers_are_printed_as_by_printf(void **state)
{
    (void)state;
    static const double values[] = {0, -0.0, 1, -1, 0.5, 123456789, 1234567890, 1e9, 999999999.5, 0.1, 1e-4,
                                    0.0001234, 0.00001234, DBL_MIN, DBL_TRUE_MIN, DBL_MAX, FLT_MIN,
                                    FLT_TRUE_MIN, FLT_MAX, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        same_as_printf(values[i]);
    }
}

static void powers_and_their_neighbours_are_printed_as_by_printf(void **state)
{
    (void)state;
    for (int power = -1074; power < 1024; power++) {
        same_around(ldexp(1, power));
        same_around(ldexp(3, power - 1));
    }
    for (int power = -320; power < 309; power++) {
        same_around(pow(10, power));
        same_around(9.99999999 * pow(10, power));
        same_around(9.999999995 * pow(10, power));
        same_around(1.234567885 * pow(10, power));
    }
}

/* k + 1/2 of the ninth digit, exactly: a tie goes to the even one. */
static void ties_go_to_the_even_digit(void **state)
{
    (void)state;
    char found[NN_NUMBER_ROOM];
    nn_number_print(100000000.5, found);
    assert_string_equal(found, "100000000");
    nn_number_print(100000001.5, found);
    assert_string_equal(found, "100000002");
    for (int k = 0; k < 10000; k++) {
        same_as_printf(100000000.5 + 77777 * k);
        same_as_printf((1000000 + k) / 1024.0 + 1.0 / 2048);
    }
}

static void random_numbers_are_printed_as_by_printf(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    const nn_stream stream = nn_stream_make(1, "number", 0, 0);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t bits = nn_random_bits(&stream, i);
        uint32_t half = (uint32_t)bits;
        double any, share = (double)(bits >> 11) * 0x1p-53;
        float any_float;
        memcpy(&any, &bits, sizeof any);
        memcpy(&any_float, &half, sizeof any_float);
        same_as_printf(any);
        same_as_printf((double)any_float);
        same_as_printf(share);
        same_as_printf((double)(float)share);
        same_as_printf((double)(float)exp(-40 * share));
        same_as_printf((double)(float)(1 - 0x1p-20 * share));
        same_as_printf(1e9 * share);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_numbers_are_printed_as_by_printf),
        cmocka_unit_test(powers_and_their_neighbours_are_printed_as_by_printf),
        cmocka_unit_test(ties_go_to_the_even_digit),
        cmocka_unit_test(random_numbers_are_printed_as_by_printf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
