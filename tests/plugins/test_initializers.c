/* SPDX-License-Identifier: MIT */
/* Initializers: stated moments, moments of what they draw, orthogonality, purity. */
#include "component.h"

#include <nnrun/initializer.h>

enum { OUTPUTS = 120, INPUTS = 200, COUNT = OUTPUTS * INPUTS };

static const struct item {
    const char *name, *settings;
    double mean, sd;    /* as the formula in `formula` says, for 200 inputs and 120 outputs */
    double least, most; /* no draw outside */
    bool uniform; /* its fourth moment is that of a uniform distribution, else of a normal one */
} items[] = {
    {"normal", NULL, 0, 1, -INFINITY, INFINITY, false},
    {"normal", "mean=2 sd=0.5", 2, 0.5, -INFINITY, INFINITY, false},
    {"scaled_normal", NULL, 0, 0.070710678118654752, -INFINITY, INFINITY, false},
    {"lecun_normal", NULL, 0, 0.070710678118654752, -INFINITY, INFINITY, false},
    {"he_normal", NULL, 0, 0.1, -INFINITY, INFINITY, false},
    {"he_normal", "slope=1 mode=fan_out", 0, 0.091287092917527686, -INFINITY, INFINITY, false},
    {"glorot_normal", NULL, 0, 0.079056941504209483, -INFINITY, INFINITY, false},
    {"uniform", NULL, 0, 0.028867513459481288, -0.05, 0.05, true},
    {"uniform", "least=1 most=3", 2, 0.57735026918962576, 1, 3, true},
    {"he_uniform", NULL, 0, 0.1, -0.17320508075688774, 0.17320508075688774, true},
    {"glorot_uniform", NULL, 0, 0.079056941504209483, -0.13693063937629154, 0.13693063937629154,
     true},
    {"glorot_uniform", "gain=2", 0, 0.15811388300841897, -0.27386127875258308, 0.27386127875258308,
     true},
};
enum { ITEMS = sizeof items / sizeof *items };

static double w[COUNT], again[COUNT];

static void fill(const component *c, uint64_t layer, size_t outputs, size_t inputs, double *out)
{
    const nn_stream stream = nn_stream_make(11, "init", layer, 0);
    const nn_initializer *f = c->ops;
    assert_int_equal(f->fill(c->self, &c->host, &stream, outputs, inputs, inputs, outputs, out),
                     NN_OK);
}

static void draws_have_the_moments_stated(void **state)
{
    (void)state;
    for (size_t k = 0; k < ITEMS; k++) {
        const struct item *item = &items[k];
        component c;
        double mean, sd, sum = 0, squares = 0;
        assert_int_equal(
            component_open(&c, "initializer", item->name, ISA_PLAINEST, item->settings), NN_OK);
        ((const nn_initializer *)c.ops)->moments(c.self, INPUTS, OUTPUTS, &mean, &sd);
        assert_true(fabs(mean - item->mean) <= 1e-15 && fabs(sd - item->sd) <= 1e-15);
        fill(&c, 0, OUTPUTS, INPUTS, w);
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(w[i] >= item->least && w[i] <= item->most);
            sum += w[i] - mean;
            squares += (w[i] - mean) * (w[i] - mean);
        }
        /* Five standard errors: sd / sqrt(n), and sd^2 sqrt((kurtosis - 1) / n). */
        const double kurtosis = item->uniform ? 1.8 : 3;
        assert_true(fabs(sum / COUNT) < 5 * sd / sqrt(COUNT));
        assert_true(fabs(squares / COUNT / (sd * sd) - 1) < 5 * sqrt((kurtosis - 1) / COUNT));
        component_close(&c);
    }
}

static void fills_are_pure_in_the_stream(void **state)
{
    (void)state;
    for (size_t k = 0; k < ITEMS; k++) {
        component c;
        assert_int_equal(
            component_open(&c, "initializer", items[k].name, ISA_PLAINEST, items[k].settings),
            NN_OK);
        fill(&c, 0, OUTPUTS, INPUTS, w);
        fill(&c, 0, OUTPUTS, INPUTS, again);
        assert_memory_equal(w, again, sizeof w);
        fill(&c, 1, OUTPUTS, INPUTS, again);
        assert_memory_not_equal(w, again, sizeof w);
        component_close(&c);
    }
}

/* Orthonormal rows, or columns where there are more outputs than inputs; sizes about the block of
 * 16. */
static void orthogonal_is_orthogonal(void **state)
{
    (void)state;
    static const size_t shapes[][2] = {{1, 1},   {1, 7},   {7, 1},   {16, 16},
                                       {33, 33}, {17, 40}, {40, 17}, {120, 120}};
    component c;
    assert_int_equal(component_open(&c, "initializer", "orthogonal", ISA_PLAINEST, "gain=2"),
                     NN_OK);
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const size_t outputs = shapes[k][0], inputs = shapes[k][1];
        const bool wide = outputs <= inputs;
        const size_t count = wide ? outputs : inputs, n = wide ? inputs : outputs;
        fill(&c, k, outputs, inputs, w);
        for (size_t a = 0; a < count; a++) {
            for (size_t b = 0; b <= a; b++) {
                double product = 0;
                for (size_t i = 0; i < n; i++) {
                    product += wide ? w[a * inputs + i] * w[b * inputs + i]
                                    : w[i * inputs + a] * w[i * inputs + b];
                }
                assert_true(fabs(product - (a == b ? 4 : 0)) < 1e-13);
            }
        }
    }
    component_close(&c);
}

static void zeros_and_constant_are_flat(void **state)
{
    (void)state;
    component c;
    assert_int_equal(component_open(&c, "initializer", "zeros", ISA_PLAINEST, NULL), NN_OK);
    fill(&c, 0, 3, 5, w);
    component_close(&c);
    assert_int_equal(component_open(&c, "initializer", "constant", ISA_PLAINEST, "value=0.25"),
                     NN_OK);
    fill(&c, 0, 3, 5, again);
    component_close(&c);
    for (size_t i = 0; i < 15; i++) {
        assert_true(w[i] == 0 && again[i] == 0.25);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_have_the_moments_stated),
        cmocka_unit_test(fills_are_pure_in_the_stream),
        cmocka_unit_test(orthogonal_is_orthogonal),
        cmocka_unit_test(zeros_and_constant_are_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
