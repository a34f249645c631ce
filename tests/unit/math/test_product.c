/* SPDX-License-Identifier: MIT */
/* The products against their definition, summed in double; and the promise that no split changes a
 * bit. */
#include "math/real/product.h"
#include "math/real/sparse.h"
#include "math/real/transpose.h"

#include "check.h"
#include "isa.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const nn_real unit_roundoff =
    NN_REAL_BITS == 32 ? (nn_real)(FLT_EPSILON / 2) : (nn_real)(DBL_EPSILON / 2);

/* Numbers that look random and do not depend on anything. */
static nn_real number(size_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (nn_real)((double)(*state >> 40) / (1 << 23) - 1);
}

/* rows x cols of them in panels with room for `capacity` rows; a share of zeros where `sparse`. */
static nn_real *matrix(size_t capacity, size_t rows, size_t cols, size_t seed, bool few)
{
    size_t bytes = panel_reals(capacity, cols) * sizeof(nn_real), state = seed;
    nn_real *m = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(m, 0, bytes);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < cols; c++) {
            nn_real v = number(&state);
            m[c / PANEL * capacity * PANEL + r * PANEL + c % PANEL] =
                few && (r * 7 + c * 3) % 5 != 0 ? 0 : v;
        }
    }
    return m;
}

static nn_real at(const nn_real *m, size_t capacity, size_t r, size_t c)
{
    return m[c / PANEL * capacity * PANEL + r * PANEL + c % PANEL];
}

/* A chain of n multiply-adds is within n + 1 roundings of the sum of the magnitudes (Higham 2002,
 * Accuracy and Stability of Numerical Algorithms, 3.5). */
static void assert_near(nn_real found, double exact, double magnitudes, size_t links)
{
    double bound = ((double)links + 2) * (double)unit_roundoff * magnitudes + DBL_MIN;
    if (!(fabs((double)found - exact) <= bound)) {
        fail_msg("%.17g is not within %.3g of %.17g", (double)found, bound, exact);
    }
}

struct shape {
    size_t rows, depth, cols;
};
static const struct shape shapes[] = {
    {1, 1, 1},      {1, 784, 30},  {2, 33, 100}, {3, 100, 130},  {7, 10, 10},
    {10, 784, 100}, {25, 300, 17}, {32, 64, 64}, {100, 513, 65}, {200, 300, 260},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static void multiply_is_start_plus_the_sum_of_products(void **state)
{
    (void)state;
    for (size_t n = 0; n < SHAPES; n++) {
        struct shape s = shapes[n];
        size_t room = s.rows + 3;
        nn_real *a = matrix(room, s.rows, s.depth, 1, false),
                *b = matrix(s.depth, s.depth, s.cols, 2, false);
        nn_real *start = matrix(1, 1, s.cols, 3, false), *c = matrix(room, 0, s.cols, 4, false);
        product job = {a, b, start, c, room, s.depth, s.depth, s.cols};
        multiply(&job, 0, s.rows, 0, panels_of(s.cols));
        for (size_t r = 0; r < s.rows; r++) {
            for (size_t j = 0; j < s.cols; j++) {
                double sum = (double)at(start, 1, 0, j), size = fabs(sum);
                for (size_t k = 0; k < s.depth; k++) {
                    double link = (double)at(a, room, r, k) * (double)at(b, s.depth, k, j);
                    sum += link;
                    size += fabs(link);
                }
                assert_near(at(c, room, r, j), sum, size, s.depth);
            }
        }
        free(a), free(b), free(start), free(c);
    }
}

static void multiply_transposed_sums_over_columns_of_the_weights(void **state)
{
    (void)state;
    nn_real *scratch = aligned_alloc(64, MULTIPLY_TRANSPOSED_SCRATCH * sizeof(nn_real));
    for (size_t n = 0; n < SHAPES; n++) {
        struct shape s = shapes[n];
        nn_real *a = matrix(s.rows, s.rows, s.depth, 1, false),
                *b = matrix(s.cols, s.cols, s.depth, 2, false);
        nn_real *c = matrix(s.rows, 0, s.cols, 3, false);
        product job = {a, b, NULL, c, s.rows, s.cols, s.depth, s.cols};
        memset(scratch, 0xff,
               MULTIPLY_TRANSPOSED_SCRATCH * sizeof(nn_real)); /* NaN: must not be read */
        multiply_transposed(&job, 0, s.rows, 0, panels_of(s.cols), scratch);
        for (size_t r = 0; r < s.rows; r++) {
            for (size_t j = 0; j < s.cols; j++) {
                double sum = 0, size = 0;
                for (size_t k = 0; k < s.depth; k++) {
                    double link = (double)at(a, s.rows, r, k) * (double)at(b, s.cols, j, k);
                    sum += link;
                    size += fabs(link);
                }
                assert_near(at(c, s.rows, r, j), sum, size, s.depth);
            }
        }
        free(a), free(b), free(c);
    }
    free(scratch);
}

static void outer_adds_products_over_samples_to_what_is_kept(void **state)
{
    (void)state;
    for (size_t n = 0; n < SHAPES; n++) {
        struct shape s = shapes[n]; /* depth: inputs */
        nn_real *a = matrix(s.rows, s.rows, s.depth, 1, false),
                *d = matrix(s.rows, s.rows, s.cols, 2, false);
        nn_real *w = matrix(s.depth, s.depth, s.cols, 3, false),
                *g = matrix(s.depth, 0, s.cols, 4, false);
        for (size_t p = 0; p < panels_of(s.cols); p++) {
            outer(a, s.rows, d + p * s.rows * PANEL, s.rows, panel_width(s.cols, p), 0, s.depth,
                  w + p * s.depth * PANEL, (nn_real)0.5, g + p * s.depth * PANEL);
        }
        for (size_t i = 0; i < s.depth; i++) {
            for (size_t j = 0; j < s.cols; j++) {
                double sum = (double)at(w, s.depth, i, j) / 2, size = fabs(sum);
                for (size_t r = 0; r < s.rows; r++) {
                    double link = (double)at(a, s.rows, r, i) * (double)at(d, s.rows, r, j);
                    sum += link;
                    size += fabs(link);
                }
                assert_near(at(g, s.depth, i, j), sum, size, s.rows + 1);
            }
        }
        free(a), free(d), free(w), free(g);
    }
}

/* Whole, and cut at `row` and `panel`: equal to the last bit. */
static void no_split_changes_a_bit(void **state)
{
    (void)state;
    nn_real *scratch = aligned_alloc(64, MULTIPLY_TRANSPOSED_SCRATCH * sizeof(nn_real));
    for (size_t n = 0; n < SHAPES; n++) {
        struct shape s = shapes[n];
        size_t panels = panels_of(s.cols), row = s.rows / 3, panel = panels / 2;
        size_t bytes = panel_reals(s.rows, s.cols) * sizeof(nn_real);
        nn_real *a = matrix(s.rows, s.rows, s.depth, 1, false),
                *start = matrix(1, 1, s.cols, 3, false);
        nn_real *b = matrix(s.depth, s.depth, s.cols, 2, false),
                *t = matrix(s.cols, s.cols, s.depth, 4, false);
        nn_real *whole = matrix(s.rows, 0, s.cols, 5, false),
                *cut = matrix(s.rows, 0, s.cols, 6, false);
        for (int transposed = 0; transposed < 2; transposed++) {
            for (int split = 0; split < 2; split++) {
                product job = {a,
                               transposed ? t : b,
                               transposed ? NULL : start,
                               split ? cut : whole,
                               s.rows,
                               transposed ? s.cols : s.depth,
                               s.depth,
                               s.cols};
                size_t rows[3] = {0, split ? row : s.rows, s.rows},
                       places[3] = {0, split ? panel : panels, panels};
                for (int i = 0; i < 4; i++) {
                    size_t r = (size_t)i / 2, p = (size_t)i % 2;
                    if (transposed) {
                        multiply_transposed(&job, rows[r], rows[r + 1], places[p], places[p + 1],
                                            scratch);
                    } else {
                        multiply(&job, rows[r], rows[r + 1], places[p], places[p + 1]);
                    }
                }
            }
            for (size_t r = 0; r < s.rows; r++) {
                for (size_t j = 0; j < s.cols; j++) {
                    nn_real one = at(whole, s.rows, r, j), other = at(cut, s.rows, r, j);
                    assert_memory_equal(&one, &other, sizeof one);
                }
            }
            memset(whole, 0, bytes), memset(cut, 0, bytes);
        }
        free(a), free(b), free(start), free(t), free(whole), free(cut);
    }
    free(scratch);
}

/* Lists of the values other than zero give the very numbers of the whole matrix. */
static void sparse_products_equal_the_dense_ones(void **state)
{
    (void)state;
    for (size_t n = 0; n < SHAPES; n++) {
        struct shape s = shapes[n];
        size_t stride = s.depth + SPARSE_SLACK, panels = panels_of(s.cols);
        nn_real *a = matrix(s.rows, s.rows, s.depth, 1, true),
                *b = matrix(s.depth, s.depth, s.cols, 2, false);
        nn_real *start = matrix(1, 1, s.cols, 3, false),
                *d = matrix(s.rows, s.rows, s.cols, 7, false);
        nn_real *dense = matrix(s.rows, 0, s.cols, 4, false),
                *listed = matrix(s.rows, 0, s.cols, 5, false);
        nn_real *g = matrix(s.depth, 0, s.cols, 4, false),
                *gs = matrix(s.depth, 0, s.cols, 5, false);
        uint16_t *index = calloc(s.rows * stride, sizeof *index);
        nn_real *value = calloc(s.rows * stride, sizeof *value),
                *plain = calloc(s.rows * s.depth, sizeof *plain);
        nn_real *scale = calloc(s.depth, sizeof *scale);
        uint32_t *count = calloc(s.rows, sizeof *count);
        for (size_t k = 0; k < s.depth; k++) {
            scale[k] = 1;
        }
        panel_get(a, s.rows, s.depth, 0, s.rows, plain);
        for (size_t r = 0; r < s.rows; r += 2) {
            const nn_real *pair[] = {plain + r * s.depth, r + 1 < s.rows ? plain + (r + 1) * s.depth : NULL};
            sparse_room room = {index + r * stride, {value + r * stride, value + (r + 1) * stride}};
            count[r] = sparse_reals(pair, s.depth, scale, &room);
        }
        sparse lists = {index, value, count, stride};
        product job = {a, b, start, dense, s.rows, s.depth, s.depth, s.cols};
        multiply(&job, 0, s.rows, 0, panels);
        sparse_multiply(&lists, b, s.depth, s.cols, start, listed, s.rows, 0, s.rows, 0, panels);
        sparse_outer(&lists, s.rows, d, s.rows, s.cols, gs, s.depth, 0, panels);
        for (size_t p = 0; p < panels; p++) {
            outer(a, s.rows, d + p * s.rows * PANEL, s.rows, PANEL, 0, s.depth, NULL, 0,
                  g + p * s.depth * PANEL);
        }
        for (size_t j = 0; j < s.cols; j++) {
            for (size_t r = 0; r < s.rows; r++) {
                assert_true(at(dense, s.rows, r, j) == at(listed, s.rows, r, j));
            }
            for (size_t i = 0; i < s.depth; i++) {
                assert_true(at(g, s.depth, i, j) == at(gs, s.depth, i, j));
            }
        }
        free(a), free(b), free(start), free(d), free(dense), free(listed), free(g), free(gs);
        free(index), free(value), free(plain), free(scale), free(count);
    }
}

static void a_square_is_transposed(void **state)
{
    (void)state;
    nn_real from[LANES * LANES] __attribute__((aligned(64))),
        to[LANES * LANES] __attribute__((aligned(64)));
    for (size_t k = 0; k < LANES * LANES; k++) {
        from[k] = (nn_real)k;
    }
    transpose_square(from, LANES, to, LANES);
    for (size_t r = 0; r < LANES; r++) {
        for (size_t c = 0; c < LANES; c++) {
            assert_true(to[c * LANES + r] == from[r * LANES + c]);
        }
    }
}

int main(void)
{
    NN_SKIP_WITHOUT_ISA();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_square_is_transposed),
        cmocka_unit_test(multiply_is_start_plus_the_sum_of_products),
        cmocka_unit_test(multiply_transposed_sums_over_columns_of_the_weights),
        cmocka_unit_test(outer_adds_products_over_samples_to_what_is_kept),
        cmocka_unit_test(no_split_changes_a_bit),
        cmocka_unit_test(sparse_products_equal_the_dense_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
