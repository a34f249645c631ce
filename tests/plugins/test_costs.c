/* SPDX-License-Identifier: MIT */
/* Each cost against its formula written with the C library, its gradient against central
 * differences of its value, and its link against the way through the activation. */
#include "component.h"

#include <nnrun/cost.h>

enum { ROWS = 5, COLS = 7, COUNT = ROWS * COLS };

/* One row's cost. */
static double quadratic(const double *a, const double *y, int label)
{
    double sum = 0;
    (void)label;
    for (size_t k = 0; k < COLS; k++) {
        sum += (a[k] - y[k]) * (a[k] - y[k]) / 2;
    }
    return sum;
}

static double binary(const double *a, const double *y, int label)
{
    double sum = 0;
    (void)label;
    for (size_t k = 0; k < COLS; k++) {
        sum -= y[k] * log(a[k]) + (1 - y[k]) * log(1 - a[k]);
    }
    return sum;
}

static double categorical(const double *a, const double *y, int label)
{
    (void)y;
    return -log(a[label]);
}

static double smoothed(const double *a, const double *y, int label)
{
    double sum = -0.8 * log(a[label]);
    (void)y;
    for (size_t k = 0; k < COLS; k++) {
        sum -= 0.2 / COLS * log(a[k]);
    }
    return sum;
}

static double likelihood(const double *a, const double *y, int label)
{
    (void)y;
    return -a[label];
}

static double hinge_of(const double *a, int label, double margin, double power)
{
    double sum = 0;
    for (int k = 0; k < COLS; k++) {
        if (k != label && margin - a[label] + a[k] > 0) {
            sum += pow(margin - a[label] + a[k], power);
        }
    }
    return sum;
}

static double hinge(const double *a, const double *y, int label)
{
    (void)y;
    return hinge_of(a, label, 1, 1);
}

static double hinge_squared(const double *a, const double *y, int label)
{
    (void)y;
    return hinge_of(a, label, 0.5, 2);
}

static double huber_of(const double *a, const double *y, double delta)
{
    double sum = 0;
    for (size_t k = 0; k < COLS; k++) {
        const double d = fabs(a[k] - y[k]);
        sum += d <= delta ? d * d / 2 : delta * (d - delta / 2);
    }
    return sum;
}

static double huber(const double *a, const double *y, int label)
{
    (void)label;
    return huber_of(a, y, 1);
}

static double huber_03(const double *a, const double *y, int label)
{
    (void)label;
    return huber_of(a, y, 0.3);
}

static double absolute(const double *a, const double *y, int label)
{
    double sum = 0;
    (void)label;
    for (size_t k = 0; k < COLS; k++) {
        sum += fabs(a[k] - y[k]);
    }
    return sum;
}

static const struct item {
    const char *name, *settings;
    double (*formula)(const double *a, const double *y, int label);
    double least, most; /* of the outputs to try */
    const char *link;   /* the activation that links, if any */
} items[] = {
    {"quadratic", NULL, quadratic, -2, 2, NULL},
    {"binary_cross_entropy", NULL, binary, 0.01, 0.99, "sigmoid"},
    {"categorical_cross_entropy", NULL, categorical, 0.01, 0.99, "softmax"},
    {"categorical_cross_entropy", "label_smoothing=0.2", smoothed, 0.01, 0.99, "softmax"},
    {"negative_log_likelihood", NULL, likelihood, -5, 0, "log_softmax"},
    {"hinge", NULL, hinge, -2, 2, NULL},
    {"hinge", "margin=0.5 power=2", hinge_squared, -2, 2, NULL},
    {"huber", NULL, huber, -2, 2, NULL},
    {"huber", "delta=0.3", huber_03, -2, 2, NULL},
    {"absolute_error", NULL, absolute, -2, 2, NULL},
};
enum { ITEMS = sizeof items / sizeof *items };

struct example {
    double a[COUNT], y[COUNT];
    int32_t labels[ROWS];
    const double *y_given; /* what the cost is handed: NULL for what it does not take */
    const int32_t *labels_given;
};

/* Outputs and targets of the cost's kind; each seventh target is 0 or 1 exactly. */
static void example_make(const struct item *item, uint64_t flags, uint64_t position,
                         struct example *e)
{
    for (size_t i = 0; i < COUNT; i++) {
        e->a[i] = component_random(&position, item->least, item->most);
        e->y[i] = i % 7 == 0 ? (double)(i % 2) : component_random(&position, 0, 1);
    }
    for (size_t row = 0; row < ROWS; row++) {
        e->labels[row] = (int32_t)component_random(&position, 0, COLS);
    }
    e->y_given = flags & NN_TAKES_REALS ? e->y : NULL;
    e->labels_given = flags & NN_TAKES_REALS ? NULL : e->labels;
}

static void each(void (*check)(const struct item *item, const component *c, const nn_cost *cost))
{
    for (size_t k = 0; k < ITEMS; k++) {
        int tried = 0;
        for (size_t v = 0; v < COMPONENT_ISAS; v++) {
            component c;
            if (component_try(&c, "cost", items[k].name, component_isas[v], items[k].settings)) {
                check(&items[k], &c, c.ops);
                component_close(&c);
                tried++;
            }
        }
        assert_true(tried > 0);
    }
}

static void check_formula(const struct item *item, const component *c, const nn_cost *cost)
{
    struct example e;
    example_make(item, c->about->flags, 0, &e);
    double want = 0;
    for (size_t row = 0; row < ROWS; row++) {
        want += item->formula(e.a + row * COLS, e.y + row * COLS, e.labels[row]);
    }
    const double got = cost->value(c->self, ROWS, COLS, e.a, e.y_given, e.labels_given);
    if (!(fabs(got - want) <= 1e-14 * COUNT * fmax(1, fabs(want)))) {
        fail_msg("%s is %.17g, not %.17g", item->name, got, want);
    }
}

static bool near_kink(const component *c, const nn_cost *cost, const struct example *e, size_t i)
{
    double found[8];
    const size_t count = cost->find_kinks ? cost->find_kinks(c->self, e->y[i], e->labels[i / COLS],
                                                             i % COLS, 8, found)
                                          : 0;
    for (size_t k = 0; k < count; k++) {
        if (fabs(e->a[i] - found[k]) < 1e-3) {
            return true;
        }
    }
    return false;
}

static void check_gradient(const struct item *item, const component *c, const nn_cost *cost)
{
    const double h = 1e-5;
    struct example e;
    double da[COUNT];
    int compared = 0;
    example_make(item, c->about->flags, 1000, &e);
    cost->gradient(c->self, ROWS, COLS, e.a, e.y_given, e.labels_given, da);
    for (size_t i = 0; i < COUNT; i++) {
        const double at = e.a[i];
        if (near_kink(c, cost, &e, i)) {
            continue;
        }
        double value[4];
        const double offset[4] = {-h, -h / 2, h / 2, h};
        for (size_t k = 0; k < 4; k++) {
            e.a[i] = at + offset[k];
            value[k] = cost->value(c->self, ROWS, COLS, e.a, e.y_given, e.labels_given);
        }
        e.a[i] = at;
        const double numeric = (8 * (value[2] - value[1]) - (value[3] - value[0])) / (6 * h);
        if (!(fabs(da[i] - numeric) <= 1e-7 * fmax(1, fabs(da[i])))) {
            fail_msg("%s at %g: gradient gives %.12g, differences %.12g", item->name, at, da[i],
                     numeric);
        }
        compared++;
    }
    assert_true(compared > COUNT / 2);
}

static void check_link(const struct item *item, const component *c, const nn_cost *cost)
{
    const uint64_t links = c->about->flags & (uint64_t)NN_LINKS;
    assert_true((item->link != NULL) == (cost->link_gradient != NULL));
    assert_true((item->link != NULL) == (links != 0));
    if (!item->link) {
        return;
    }
    component activation;
    assert_int_equal(component_open(&activation, "activation", item->link, ISA_PLAINEST, NULL),
                     NN_OK);
    const nn_activation *f = activation.ops;
    assert_true((activation.about->flags & links) != 0);
    struct example e;
    double z[COUNT], da[COUNT], far[COUNT], near[COUNT];
    uint64_t position = 2000;
    example_make(item, c->about->flags, 3000, &e);
    for (size_t i = 0; i < COUNT; i++) {
        z[i] = component_random(&position, -5, 5);
    }
    f->forward(activation.self, ROWS, COLS, z, e.a);
    cost->gradient(c->self, ROWS, COLS, e.a, e.y_given, e.labels_given, da);
    f->backward(activation.self, ROWS, COLS, z, e.a, da, far);
    cost->link_gradient(c->self, ROWS, COLS, e.a, e.y_given, e.labels_given, near);
    for (size_t i = 0; i < COUNT; i++) {
        if (!(fabs(near[i] - far[i]) <= 1e-12)) {
            fail_msg("%s: the link gives %.17g, the long way %.17g", item->name, near[i], far[i]);
        }
    }
    memcpy(da, e.a, sizeof da);
    cost->link_gradient(c->self, ROWS, COLS, da, e.y_given, e.labels_given, da);
    assert_memory_equal(da, near, sizeof near);
    component_close(&activation);
}

static void value_is_the_formula(void **state)
{
    (void)state;
    each(check_formula);
}

static void gradient_is_the_slope_of_value(void **state)
{
    (void)state;
    each(check_gradient);
}

static void links_equal_the_long_way(void **state)
{
    (void)state;
    each(check_link);
}

/* A sure and wrong output costs 100, not infinity, and its gradient is finite. */
static void logarithms_stop_at_minus_100(void **state)
{
    (void)state;
    component c;
    const double a[2] = {0, 1}, y[2] = {1, 0};
    const int32_t label = 0;
    double da[2];
    assert_int_equal(component_open(&c, "cost", "binary_cross_entropy", ISA_PLAINEST, NULL),
                     NN_OK);
    const nn_cost *cost = c.ops;
    assert_true(cost->value(c.self, 1, 2, a, y, NULL) == 200);
    cost->gradient(c.self, 1, 2, a, y, NULL, da);
    assert_true(isfinite(da[0]) && isfinite(da[1]));
    component_close(&c);
    assert_int_equal(
        component_open(&c, "cost", "categorical_cross_entropy", ISA_PLAINEST, NULL), NN_OK);
    cost = c.ops;
    assert_true(cost->value(c.self, 1, 2, a, NULL, &label) == 100);
    cost->gradient(c.self, 1, 2, a, NULL, &label, da);
    assert_true(isfinite(da[0]) && da[0] < 0);
    component_close(&c);
}

/* An output that is not a number must not become a cost that is one. */
static void nan_is_not_hidden(void **state)
{
    (void)state;
    for (size_t k = 0; k < ITEMS; k++) {
        component c;
        assert_int_equal(
            component_open(&c, "cost", items[k].name, ISA_PLAINEST, items[k].settings), NN_OK);
        const nn_cost *cost = c.ops;
        struct example e;
        example_make(&items[k], c.about->flags, 0, &e);
        e.a[e.labels[0]] = NAN;
        assert_true(isnan(cost->value(c.self, ROWS, COLS, e.a, e.y_given, e.labels_given)));
        component_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_is_the_formula),
        cmocka_unit_test(gradient_is_the_slope_of_value),
        cmocka_unit_test(links_equal_the_long_way),
        cmocka_unit_test(logarithms_stop_at_minus_100),
        cmocka_unit_test(nan_is_not_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
