/* SPDX-License-Identifier: MIT */
/* The mathematics of real.h against the C library in the next precision: floats against double,
 * doubles against long double, whose own errors are below a thousandth of the unit counted in
 * here. */
#include "isa.h"
#include "real_table.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TABLE(bits, isa)                                                                           \
    extern const real_table real_functions_f##bits##_##isa __attribute__((weak));
/* clang-format off */
TABLE(32, any) TABLE(32, v2) TABLE(32, v3) TABLE(32, v4)
TABLE(64, any) TABLE(64, v2) TABLE(64, v3) TABLE(64, v4)
/* clang-format on */

static const struct variant {
    const char *name;
    uint32_t isa;
    const real_table *of_float, *of_double;
} variants[] = {
    {"any", NN_ISA_ANY, &real_functions_f32_any, &real_functions_f64_any},
    {"v2", NN_ISA_X86_64_V2, &real_functions_f32_v2, &real_functions_f64_v2},
    {"v3", NN_ISA_X86_64_V3, &real_functions_f32_v3, &real_functions_f64_v3},
    {"v4", NN_ISA_X86_64_V4, &real_functions_f32_v4, &real_functions_f64_v4},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

static bool present(const struct variant *variant)
{
    return variant->of_float && isa_runs(variant->isa);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static long double sigmoidl(long double x)
{
    return 1 / (1 + expl(-x));
}

/* The limits real.h states, in units in the last place: float, double. */
static const struct function {
    const char *name;
    size_t offset;
    double (*with_double)(double);
    long double (*with_long)(long double);
    double limit[2];
} functions[] = {
#define F(name, f, d) {#name, offsetof(real_table, name), name, name##l, {f, d}}
    F(exp, 1.0, 1.0),   F(expm1, 1.6, 2.1),      F(log, 0.9, 0.9),
    F(log1p, 0.9, 0.9), F(tanh, 2.6, 2.6),       F(erf, 1.5, 1.3),
    F(erfc, 4.3, 4.0),  F(sqrt, 0.5001, 0.5001), F(sigmoid, 2.5, 2.5),
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

typedef void map(size_t n, const void *x, void *y);

static map *function_of(const real_table *table, const struct function *function)
{
    map *result;
    memcpy(&result, (const char *)table + function->offset, sizeof result);
    return result;
}

/* |got - want| in units of the last place that `precision` bits have at want; a subnormal's unit is
 * that of the smallest normal number.  Overflow may begin one unit early. */
static double ulp(long double got, long double want, int precision, int least_exponent, double most)
{
    if (isnan(want) || isnan(got)) {
        return isnan(want) && isnan(got) ? 0 : INFINITY;
    }
    if (fabsl(want) > (long double)most) {
        return fabsl(got) >= (long double)most && signbit(got) == signbit(want) ? 0 : INFINITY;
    }
    if (isinf(got)) {
        return fabsl(want) == (long double)most ? 1 : INFINITY;
    }
    int exponent;
    frexpl(want, &exponent);
    if (want == 0 || exponent < least_exponent) {
        exponent = least_exponent;
    }
    return (double)ldexpl(fabsl(got - want), precision - exponent);
}

enum { FLOAT_STRIDE = 4093 }; /* a prime: every exponent, all sorts of mantissas */

static void floats_are_as_exact_as_stated(void **state)
{
    (void)state;
    const size_t n = ((size_t)1 << 32) / FLOAT_STRIDE;
    float *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y);
    double *want = malloc(n * sizeof *want);
    assert_non_null(x);
    assert_non_null(y);
    assert_non_null(want);
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)(i * FLOAT_STRIDE);
        memcpy(&x[i], &bits, sizeof bits);
    }
    for (size_t f = 0; f < FUNCTIONS; f++) {
        for (size_t i = 0; i < n; i++) {
            want[i] = functions[f].with_double((double)x[i]);
        }
        for (size_t v = 0; v < VARIANTS; v++) {
            if (!present(&variants[v])) {
                continue;
            }
            function_of(variants[v].of_float, &functions[f])(n, x, y);
            double worst = 0;
            size_t at = 0;
            for (size_t i = 0; i < n; i++) {
                const double error = ulp((long double)y[i], (long double)want[i], FLT_MANT_DIG,
                                         FLT_MIN_EXP, (double)FLT_MAX);
                if (error > worst) {
                    worst = error;
                    at = i;
                }
            }
            printf("float  %-7s %s: %.3f ulp at %a\n", functions[f].name, variants[v].name, worst,
                   (double)x[at]);
            assert_true(worst <= functions[f].limit[0]);
        }
    }
    free(x);
    free(y);
    free(want);
}

static uint64_t next(uint64_t *seed)
{
    /* splitmix64, Steele, Lea and Flood 2014 */
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Half of them any bit pattern, half spread evenly over ranges where the functions do something. */
static void doubles_are_as_exact_as_stated(void **state)
{
    (void)state;
    static const double ranges[] = {1, 3, 20, 60, 800};
    const size_t n = 200000;
    double *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y);
    long double *want = malloc(n * sizeof *want);
    assert_non_null(x);
    assert_non_null(y);
    assert_non_null(want);
    uint64_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = next(&seed);
        if (i % 2 == 0) {
            memcpy(&x[i], &bits, sizeof bits);
        } else {
            x[i] = ranges[i / 2 % 5] * (2 * ((double)(bits >> 11) * 0x1p-53) - 1);
        }
    }
    for (size_t f = 0; f < FUNCTIONS; f++) {
        for (size_t i = 0; i < n; i++) {
            want[i] = functions[f].with_long((long double)x[i]);
        }
        for (size_t v = 0; v < VARIANTS; v++) {
            if (!present(&variants[v])) {
                continue;
            }
            function_of(variants[v].of_double, &functions[f])(n, x, y);
            double worst = 0;
            size_t at = 0;
            for (size_t i = 0; i < n; i++) {
                const double error =
                    ulp((long double)y[i], want[i], DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX);
                if (error > worst) {
                    worst = error;
                    at = i;
                }
            }
            printf("double %-7s %s: %.3f ulp at %a\n", functions[f].name, variants[v].name, worst,
                   x[at]);
            assert_true(worst <= functions[f].limit[1]);
        }
    }
    free(x);
    free(y);
    free(want);
}

/* Equal but for rounding, NaN equal to NaN, +0 not equal to -0. */
static bool same(double got, double want, double tolerance)
{
    if (isnan(want)) {
        return isnan(got);
    }
    return (got == want || fabs(got - want) <= tolerance * fabs(want))
           && !signbit(got) == !signbit(want);
}

/* What the functions give where a limit, a sign or nothing but NaN is right; NaN stands for
 * itself. */
static void special_numbers_give_what_the_c_library_gives(void **state)
{
    (void)state;
    const double x[] = {0.0,       -0.0,       INFINITY, -INFINITY, NAN,       -1,        1,
                        0x1p-1074, -0x1p-1074, 1e308,    -1e308,    0x1p-1022, -0x1p-1022};
    enum { COUNT = sizeof x / sizeof *x };
    for (size_t v = 0; v < VARIANTS; v++) {
        if (!present(&variants[v])) {
            continue;
        }
        for (size_t f = 0; f < FUNCTIONS; f++) {
            float single[COUNT], got_single[COUNT];
            double got[COUNT];
            for (size_t i = 0; i < COUNT; i++) {
                single[i] = (float)x[i];
            }
            function_of(variants[v].of_double, &functions[f])(COUNT, x, got);
            function_of(variants[v].of_float, &functions[f])(COUNT, single, got_single);
            for (size_t i = 0; i < COUNT; i++) {
                const double want = (double)functions[f].with_long((long double)x[i]);
                const float want_single = (float)functions[f].with_double((double)single[i]);
                assert_true(same(got[i], want, 4 * DBL_EPSILON));
                assert_true(
                    same((double)got_single[i], (double)want_single, 4 * (double)FLT_EPSILON));
            }
        }
    }
}

/* Loop body, tail and any alignment give an element the same bits. */
static void bits_do_not_depend_on_the_place_in_the_array(void **state)
{
    (void)state;
    enum { COUNT = 67, PLACES = 17 };
    double x[COUNT], whole[COUNT], alone[COUNT];
    float x_single[COUNT], whole_single[COUNT], alone_single[COUNT];
    uint64_t seed = 2;
    for (size_t i = 0; i < COUNT; i++) {
        x[i] = 20 * ((double)(next(&seed) >> 11) * 0x1p-53) - 8;
        x_single[i] = (float)x[i];
    }
    for (size_t v = 0; v < VARIANTS; v++) {
        if (!present(&variants[v])) {
            continue;
        }
        for (size_t f = 0; f < FUNCTIONS; f++) {
            map *of_double = function_of(variants[v].of_double, &functions[f]);
            map *of_float = function_of(variants[v].of_float, &functions[f]);
            of_double(COUNT, x, whole);
            of_float(COUNT, x_single, whole_single);
            for (size_t first = 0; first < COUNT; first += PLACES) {
                for (size_t n = 1; first + n <= COUNT; n++) {
                    of_double(n, x + first, alone);
                    of_float(n, x_single + first, alone_single);
                    assert_memory_equal(alone, whole + first, n * sizeof *alone);
                    assert_memory_equal(alone_single, whole_single + first,
                                        n * sizeof *alone_single);
                }
            }
        }
    }
}

static void sums_are_exact_where_they_can_be(void **state)
{
    (void)state;
    float x[1003];
    for (size_t i = 0; i < 1003; i++) {
        x[i] = (float)(i + 1);
    }
    for (size_t v = 0; v < VARIANTS; v++) {
        if (present(&variants[v])) {
            for (size_t n = 0; n <= 1003; n++) {
                assert_true(variants[v].of_float->sum(n, x) == (double)(n * (n + 1) / 2));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_as_exact_as_stated),
        cmocka_unit_test(doubles_are_as_exact_as_stated),
        cmocka_unit_test(special_numbers_give_what_the_c_library_gives),
        cmocka_unit_test(bits_do_not_depend_on_the_place_in_the_array),
        cmocka_unit_test(sums_are_exact_where_they_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
