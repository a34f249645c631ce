/* SPDX-License-Identifier: MIT */
/* Each activation against its formula written with the C library, and its backward pass against
 * central differences of its forward pass. */
#include "component.h"

#include <nnrun/activation.h>

/* clang-format off: a table of formulas */
static double identity(double z) { return z; }
static double sigmoid(double z) { return 1 / (1 + exp(-z)); }
static double relu(double z) { return z > 0 ? z : 0; }
static double leaky_01(double z) { return z > 0 ? z : 0.01 * z; }
static double leaky_3(double z) { return z > 0 ? z : 0.3 * z; }
static double elu_1(double z) { return z > 0 ? z : exp(z) - 1; }
static double elu_2(double z) { return z > 0 ? z : 2 * (exp(z) - 1); }
static double selu(double z)
{
    return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * (exp(z) - 1));
}
static double gelu(double z) { return z * 0.5 * (1 + erf(z / sqrt(2))); }
static double gelu_tanh(double z)
{
    return 0.5 * z * (1 + tanh(sqrt(2 / acos(-1)) * (z + 0.044715 * z * z * z)));
}
static double silu(double z) { return z / (1 + exp(-z)); }
static double softplus(double z) { return log(1 + exp(z)); }
static double softplus_3(double z) { return log(1 + exp(3 * z)) / 3; }
static double hard_sigmoid(double z) { return z <= -3 ? 0 : z >= 3 ? 1 : z / 6 + 0.5; }
/* clang-format on */

static const struct item {
    const char *name, *settings;
    double (*formula)(double z); /* NULL: not elementwise */
} items[] = {
    {"identity", NULL, identity},
    {"sigmoid", NULL, sigmoid},
    {"tanh", NULL, tanh},
    {"relu", NULL, relu},
    {"leaky_relu", NULL, leaky_01},
    {"leaky_relu", "slope=0.3", leaky_3},
    {"elu", NULL, elu_1},
    {"elu", "alpha=2", elu_2},
    {"selu", NULL, selu},
    {"gelu", NULL, gelu},
    {"gelu", "approximate=tanh", gelu_tanh},
    {"silu", NULL, silu},
    {"softplus", NULL, softplus},
    {"softplus", "beta=3", softplus_3},
    {"hard_sigmoid", NULL, hard_sigmoid},
    {"softmax", NULL, NULL},
    {"log_softmax", NULL, NULL},
};
enum { ITEMS = sizeof items / sizeof *items, ROWS = 7, COLS = 11, COUNT = ROWS * COLS };

/* Runs `check` on every item and instruction set. */
static void each(void (*check)(const struct item *item, const component *c, const nn_activation *f))
{
    for (size_t k = 0; k < ITEMS; k++) {
        int tried = 0;
        for (size_t v = 0; v < COMPONENT_ISAS; v++) {
            component c;
            if (component_try(&c, "activation", items[k].name, component_isas[v],
                              items[k].settings)) {
                check(&items[k], &c, c.ops);
                component_close(&c);
                tried++;
            }
        }
        assert_true(tried > 0);
    }
}

static bool near_kink(const component *c, const nn_activation *f, double z)
{
    double found[8];
    const size_t count = f->find_kinks ? f->find_kinks(c->self, 8, found) : 0;
    for (size_t k = 0; k < count; k++) {
        if (fabs(z - found[k]) < 1e-3) {
            return true;
        }
    }
    for (size_t k = 0; k < f->kink_count; k++) {
        if (fabs(z - f->kinks[k]) < 1e-3) {
            return true;
        }
    }
    return false;
}

static void draw(const component *c, const nn_activation *f, uint64_t *position, double *z)
{
    for (size_t i = 0; i < COUNT; i++) {
        do {
            z[i] = component_random(position, -6, 6);
        } while (near_kink(c, f, z[i]));
    }
}

static void check_formula(const struct item *item, const component *c, const nn_activation *f)
{
    double z[COUNT], a[COUNT];
    uint64_t position = 0;
    draw(c, f, &position, z);
    f->forward(c->self, ROWS, COLS, z, a);
    for (size_t row = 0; row < ROWS; row++) {
        double sum = 0;
        for (size_t k = 0; k < COLS; k++) {
            sum += exp(z[row * COLS + k]);
        }
        for (size_t k = 0; k < COLS; k++) {
            const size_t i = row * COLS + k;
            const double want = item->formula ? item->formula(z[i])
                                : strcmp(item->name, "softmax") == 0 ? exp(z[i]) / sum
                                                                     : z[i] - log(sum);
            if (!(fabs(a[i] - want) <= 4e-15 * (1 + fabs(want)))) {
                fail_msg("%s(%.17g) is %.17g, not %.17g", item->name, z[i], a[i], want);
            }
        }
    }
}

/* sum_k da_k a_k as a function of one z: its slope is what backward() must give there. */
static double weighted(const component *c, const nn_activation *f, const double *z,
                       const double *da)
{
    double a[COUNT], sum = 0;
    f->forward(c->self, ROWS, COLS, z, a);
    for (size_t i = 0; i < COUNT; i++) {
        sum += da[i] * a[i];
    }
    return sum;
}

static void backward(const component *c, const nn_activation *f, const double *z, const double *da,
                     double *dz)
{
    double a[COUNT];
    f->forward(c->self, ROWS, COLS, z, a);
    f->backward(c->self, ROWS, COLS, c->about->flags & NN_NEEDS_Z ? z : NULL,
                c->about->flags & NN_NEEDS_A ? a : NULL, da, dz);
}

static void check_derivative(const struct item *item, const component *c, const nn_activation *f)
{
    /* Fourth order: errors of about h^4 f^(5) / 30 and 1e-16 |sum| / h. */
    const double h = 1e-3 / 2;
    double z[COUNT], da[COUNT], dz[COUNT];
    uint64_t position = 1000;
    draw(c, f, &position, z);
    for (size_t i = 0; i < COUNT; i++) {
        da[i] = component_random(&position, -1, 1);
    }
    backward(c, f, z, da, dz);
    for (size_t i = 0; i < COUNT; i++) {
        const double at = z[i];
        double value[4];
        const double offset[4] = {-h, -h / 2, h / 2, h};
        for (size_t k = 0; k < 4; k++) {
            z[i] = at + offset[k];
            value[k] = weighted(c, f, z, da);
        }
        z[i] = at;
        const double numeric = (8 * (value[2] - value[1]) - (value[3] - value[0])) / (6 * h);
        if (!(fabs(dz[i] - numeric) <= 1e-7 * fmax(1, fabs(dz[i])))) {
            fail_msg("%s at %g: backward gives %.12g, differences %.12g", item->name, at, dz[i],
                     numeric);
        }
    }
}

/* Outputs within the declared range, nothing infinite or NaN, where z is large, zero or
 * subnormal. */
static void check_extremes(const struct item *item, const component *c, const nn_activation *f)
{
    static const double extremes[] = {1e4,    -1e4, 0.0,  -0.0, 5e-324, -5e-324,
                                      1e-310, 700,  -700, 30,   -30};
    enum { N = sizeof extremes / sizeof *extremes };
    double z[COUNT], da[COUNT], dz[COUNT], a[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        z[i] = extremes[i % N];
        da[i] = 1;
    }
    f->forward(c->self, ROWS, COLS, z, a);
    backward(c, f, z, da, dz);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(isfinite(a[i]));
        assert_true(isfinite(dz[i]));
        if (c->about->flags & NN_HAS_RANGE) {
            if (a[i] < f->least || a[i] > f->most) {
                fail_msg("%s(%g) is %g, outside its range", item->name, z[i], a[i]);
            }
        }
    }
}

/* What the header allows: dz may be da; a may be z without NN_NEEDS_Z; any split of rows, and of
 * elements where elementwise, gives the same bits. */
static void check_aliases_and_splits(const struct item *item, const component *c,
                                     const nn_activation *f)
{
    (void)item;
    double z[COUNT], a[COUNT], da[COUNT], dz[COUNT], other[COUNT];
    uint64_t position = 5000;
    draw(c, f, &position, z);
    for (size_t i = 0; i < COUNT; i++) {
        da[i] = component_random(&position, -1, 1);
    }
    f->forward(c->self, ROWS, COLS, z, a);
    backward(c, f, z, da, dz);
    const uint64_t flags = c->about->flags;
    memcpy(other, da, sizeof other);
    backward(c, f, z, other, other);
    assert_memory_equal(other, dz, sizeof dz);
    if (!(flags & NN_NEEDS_Z)) {
        memcpy(other, z, sizeof other);
        f->forward(c->self, ROWS, COLS, other, other);
        assert_memory_equal(other, a, sizeof a);
    }
    for (size_t row = 0; row < ROWS; row++) {
        f->forward(c->self, 1, COLS, z + row * COLS, other + row * COLS);
    }
    assert_memory_equal(other, a, sizeof a);
    if (flags & NN_ELEMENTWISE) {
        for (size_t first = 0; first < COUNT; first += 5) {
            const size_t n = COUNT - first < 5 ? COUNT - first : 5;
            f->backward(c->self, 1, n, flags & NN_NEEDS_Z ? z + first : NULL,
                        flags & NN_NEEDS_A ? a + first : NULL, da + first, other + first);
        }
        assert_memory_equal(other, dz, sizeof dz);
    }
}

static void forward_is_the_formula(void **state)
{
    (void)state;
    each(check_formula);
}

static void backward_is_the_slope_of_forward(void **state)
{
    (void)state;
    each(check_derivative);
}

static void extremes_stay_finite_and_in_range(void **state)
{
    (void)state;
    each(check_extremes);
}

static void aliases_and_splits_give_the_same_bits(void **state)
{
    (void)state;
    each(check_aliases_and_splits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_formula),
        cmocka_unit_test(backward_is_the_slope_of_forward),
        cmocka_unit_test(extremes_stay_finite_and_in_range),
        cmocka_unit_test(aliases_and_splits_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
