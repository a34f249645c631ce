/* SPDX-License-Identifier: MIT */
/* Lists of what is not zero, against the rows walked number by number. */
#include "math/real/sparse.h"

#include "check.h"
#include "isa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MOST = 1100, ROOM = COUNT_MOST + SPARSE_SLACK };

/* A pair, and its list. */
struct rows {
    uint8_t bytes[2][COUNT_MOST];
    nn_real reals[2][COUNT_MOST], scale[COUNT_MOST];
    uint16_t index[ROOM];
    nn_real value[2][ROOM];
};

static const size_t counts[] = {0, 1, 7, 8, 15, 16, 17, 31, 64, 100, 784, 1023, 1024, 1025, COUNT_MOST};
enum { COUNTS = sizeof counts / sizeof counts[0] };

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* One in `every` is not zero; 0: none is. */
static void fill(struct rows *rows, unsigned every, bool even)
{
    unsigned state = every * 2 + even;
    memset(rows, 0, sizeof *rows);
    for (size_t f = 0; f < COUNT_MOST; f++) {
        for (int r = 0; r < 2; r++) {
            bool other = every > 0 && next(&state) % every == 0;
            rows->bytes[r][f] = other ? (uint8_t)(next(&state) % 255 + 1) : 0;
            rows->reals[r][f] = other ? (nn_real)next(&state) / 7 - 3000 : 0;
        }
        rows->scale[f] = even ? (nn_real)1 / 255 : (nn_real)(next(&state) % 99 + 1) / 255;
    }
}

/* The list of `pair` rows whose scaled numbers are x; a value that has no partner's is left alone. */
static void assert_list(const struct rows *rows, nn_real (*x)[COUNT_MOST], int pair, size_t count, uint32_t found)
{
    uint32_t n = 0;
    for (size_t f = 0; f < count; f++) {
        if (x[0][f] == 0 && (pair == 1 || x[1][f] == 0)) {
            continue;
        }
        assert_true(n < found);
        assert_int_equal(rows->index[n], f);
        for (int r = 0; r < pair; r++) {
            assert_memory_equal(&rows->value[r][n], &x[r][f], sizeof x[r][f]);
        }
        n++;
    }
    assert_int_equal(n, found);
    assert_true(pair == 2 || rows->value[1][0] == 0);
}

static void check_bytes(struct rows *rows, int pair, size_t count, bool even)
{
    static uint8_t table[SPARSE_TABLE];
    static nn_real x[2][COUNT_MOST];
    const uint8_t *const row[] = {rows->bytes[0], pair == 1 ? NULL : rows->bytes[1]};
    const sparse_room room = {rows->index, {rows->value[0], rows->value[1]}};
    for (size_t f = 0; f < count; f++) {
        x[0][f] = (nn_real)rows->bytes[0][f] * rows->scale[f];
        x[1][f] = (nn_real)rows->bytes[1][f] * rows->scale[f];
    }
    sparse_table(table);
    assert_list(rows, x, pair, count, sparse_bytes(table, row, count, rows->scale, even, &room));
}

static void check_reals(struct rows *rows, int pair, size_t count, bool even)
{
    (void)even;
    static nn_real x[2][COUNT_MOST];
    const nn_real *const row[] = {rows->reals[0], pair == 1 ? NULL : rows->reals[1]};
    const sparse_room room = {rows->index, {rows->value[0], rows->value[1]}};
    for (size_t f = 0; f < count; f++) {
        x[0][f] = rows->reals[0][f] * rows->scale[f];
        x[1][f] = rows->reals[1][f] * rows->scale[f];
    }
    assert_list(rows, x, pair, count, sparse_reals(row, count, rows->scale, &room));
}

static void each(void (*check)(struct rows *rows, int pair, size_t count, bool even))
{
    static const unsigned everies[] = {0, 1, 2, 5, 40};
    struct rows *rows = malloc(sizeof *rows);
    for (size_t e = 0; e < sizeof everies / sizeof everies[0]; e++) {
        for (size_t c = 0; c < COUNTS; c++) {
            for (int kind = 0; kind < 4; kind++) {
                fill(rows, everies[e], kind % 2 != 0);
                check(rows, kind / 2 + 1, counts[c], kind % 2 != 0);
            }
        }
    }
    free(rows);
}

static void bytes_other_than_zero_are_listed_with_their_columns(void **state)
{
    (void)state;
    each(check_bytes);
}

static void reals_other_than_zero_are_listed_with_their_columns(void **state)
{
    (void)state;
    each(check_reals);
}

/* They are no zeros: what a diverged plugin gives must reach the sum. */
static void nan_and_infinity_are_listed(void **state)
{
    (void)state;
    struct rows *rows = malloc(sizeof *rows);
    const nn_real *const row[] = {rows->reals[0], rows->reals[1]};
    const sparse_room room = {rows->index, {rows->value[0], rows->value[1]}};
    fill(rows, 0, true);
    rows->reals[0][3] = (nn_real)NAN;
    rows->reals[1][40] = (nn_real)INFINITY;
    rows->reals[1][99] = (nn_real)NAN;
    assert_int_equal(sparse_reals(row, 100, rows->scale, &room), 3);
    assert_int_equal(rows->index[0], 3);
    assert_int_equal(rows->index[1], 40);
    assert_int_equal(rows->index[2], 99);
    assert_true(isnan(rows->value[0][0]) && rows->value[1][0] == 0);
    assert_true(isinf(rows->value[1][1]) && rows->value[0][1] == 0);
    assert_true(isnan(rows->value[1][2]) && rows->value[0][2] == 0);
    free(rows);
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
