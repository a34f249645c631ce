/* SPDX-License-Identifier: MIT */
/* Lists of what is not zero, against the row walked number by number. */
#include "math/real/sparse.h"

#include "check.h"
#include "isa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MOST = 1100 };

/* What one test fills and both makers write. */
struct row {
    uint8_t bytes[COUNT_MOST];
    nn_real reals[COUNT_MOST], scale[COUNT_MOST];
    uint16_t index[COUNT_MOST + SPARSE_SLACK];
    nn_real value[COUNT_MOST + SPARSE_SLACK];
};

static const size_t counts[] = {0, 1, 7, 8, 15, 16, 17, 31, 64, 100, 784, 1023, 1024, 1025, COUNT_MOST};
enum { COUNTS = sizeof counts / sizeof counts[0] };

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* One in `every` is not zero; 0: none is. */
static void fill(struct row *row, unsigned every, bool even)
{
    unsigned state = every * 2 + even;
    memset(row, 0, sizeof *row);
    for (size_t f = 0; f < COUNT_MOST; f++) {
        bool other = every > 0 && next(&state) % every == 0;
        row->bytes[f] = other ? (uint8_t)(next(&state) % 255 + 1) : 0;
        row->reals[f] = other ? (nn_real)next(&state) / 7 - 3000 : 0;
        row->scale[f] = even ? (nn_real)1 / 255 : (nn_real)(next(&state) % 99 + 1) / 255;
    }
}

/* The list of a row whose scaled numbers are x[0 .. count - 1]. */
static void assert_list(const struct row *row, const nn_real *x, size_t count, uint32_t found)
{
    uint32_t n = 0;
    for (size_t f = 0; f < count; f++) {
        if (x[f] == 0) {
            continue;
        }
        assert_true(n < found);
        assert_int_equal(row->index[n], f);
        assert_memory_equal(&row->value[n], &x[f], sizeof x[f]);
        n++;
    }
    assert_int_equal(n, found);
}

static void each_row(void (*check)(struct row *row, size_t count, bool even))
{
    static const unsigned everies[] = {0, 1, 2, 5, 40};
    struct row *row = malloc(sizeof *row);
    for (size_t e = 0; e < sizeof everies / sizeof everies[0]; e++) {
        for (size_t c = 0; c < COUNTS; c++) {
            for (int even = 0; even < 2; even++) {
                fill(row, everies[e], even != 0);
                check(row, counts[c], even != 0);
            }
        }
    }
    free(row);
}

static void check_bytes(struct row *row, size_t count, bool even)
{
    static uint8_t table[SPARSE_TABLE];
    nn_real x[COUNT_MOST];
    for (size_t f = 0; f < count; f++) {
        x[f] = (nn_real)row->bytes[f] * row->scale[f];
    }
    sparse_table(table);
    assert_list(row, x, count, sparse_bytes(table, row->bytes, count, row->scale, even, row->index, row->value));
}

static void check_reals(struct row *row, size_t count, bool even)
{
    (void)even;
    nn_real x[COUNT_MOST];
    for (size_t f = 0; f < count; f++) {
        x[f] = row->reals[f] * row->scale[f];
    }
    assert_list(row, x, count, sparse_reals(row->reals, count, row->scale, row->index, row->value));
}

static void bytes_other_than_zero_are_listed_with_their_columns(void **state)
{
    (void)state;
    each_row(check_bytes);
}

static void reals_other_than_zero_are_listed_with_their_columns(void **state)
{
    (void)state;
    each_row(check_reals);
}

/* They are no zeros: what a diverged plugin gives must reach the sum. */
static void nan_and_infinity_are_listed(void **state)
{
    (void)state;
    struct row *row = malloc(sizeof *row);
    fill(row, 0, true);
    row->reals[3] = (nn_real)NAN;
    row->reals[40] = (nn_real)INFINITY;
    row->reals[99] = (nn_real)NAN;
    assert_int_equal(sparse_reals(row->reals, 100, row->scale, row->index, row->value), 3);
    assert_int_equal(row->index[0], 3);
    assert_int_equal(row->index[1], 40);
    assert_int_equal(row->index[2], 99);
    assert_true(isnan(row->value[0]) && isinf(row->value[1]) && isnan(row->value[2]));
    free(row);
}

int main(void)
{
    NN_SKIP_WITHOUT_ISA();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_other_than_zero_are_listed_with_their_columns),
        cmocka_unit_test(reals_other_than_zero_are_listed_with_their_columns),
        cmocka_unit_test(nan_and_infinity_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
