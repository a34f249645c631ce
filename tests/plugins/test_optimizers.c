/* SPDX-License-Identifier: MIT */
/* Each optimizer against its algorithm written down once more, one weight at a time and in the
 * letters of the papers; sgd's affine form against its update. */
#include "component.h"

#include <nnrun/optimizer.h>

enum { N = 37, STEPS = 20 };

/* One weight's whole state, whatever the algorithm. */
typedef struct weight {
    double w, m, v, vmax, other;
} weight;

static void sgd(weight *x, double g, double t, double rate)
{
    (void)t;
    x->w -= rate * g;
}

static void sgd_momentum(weight *x, double g, double t, double rate)
{
    (void)t;
    x->m = 0.9 * x->m + g;
    x->w -= rate * x->m;
}

static void sgd_nesterov(weight *x, double g, double t, double rate)
{
    (void)t;
    x->m = 0.9 * x->m + g;
    x->w -= rate * (g + 0.9 * x->m);
}

static void moments(weight *x, double g)
{
    x->m = 0.9 * x->m + 0.1 * g;
    x->v = 0.999 * x->v + 0.001 * g * g;
}

static void adam(weight *x, double g, double t, double rate)
{
    moments(x, g);
    x->w -= rate * (x->m / (1 - pow(0.9, t))) / (sqrt(x->v / (1 - pow(0.999, t))) + 1e-8);
}

static void adam_amsgrad(weight *x, double g, double t, double rate)
{
    moments(x, g);
    x->vmax = fmax(x->vmax, x->v);
    x->w -= rate * (x->m / (1 - pow(0.9, t))) / (sqrt(x->vmax / (1 - pow(0.999, t))) + 1e-8);
}

static void adamw(weight *x, double g, double t, double rate)
{
    x->w -= rate * 0.1 * x->w;
    adam(x, g, t, rate);
}

static void nadam(weight *x, double g, double t, double rate)
{
    double product = 1;
    for (double k = 1; k <= t; k++) {
        product *= 0.9 * (1 - 0.5 * pow(0.96, k * 0.004));
    }
    const double mu = 0.9 * (1 - 0.5 * pow(0.96, t * 0.004));
    const double next = 0.9 * (1 - 0.5 * pow(0.96, (t + 1) * 0.004));
    moments(x, g);
    const double mhat = next * x->m / (1 - product * next) + (1 - mu) * g / (1 - product);
    x->w -= rate * mhat / (sqrt(x->v / (1 - pow(0.999, t))) + 1e-8);
}

static void rmsprop(weight *x, double g, double t, double rate)
{
    (void)t;
    x->v = 0.99 * x->v + 0.01 * g * g;
    x->w -= rate * g / (sqrt(x->v) + 1e-8);
}

static void rmsprop_full(weight *x, double g, double t, double rate)
{
    (void)t;
    x->v = 0.99 * x->v + 0.01 * g * g;
    x->m = 0.99 * x->m + 0.01 * g;
    x->other = 0.8 * x->other + g / (sqrt(x->v - x->m * x->m) + 1e-8);
    x->w -= rate * x->other;
}

static void rmsprop_centered(weight *x, double g, double t, double rate)
{
    (void)t;
    x->v = 0.99 * x->v + 0.01 * g * g;
    x->m = 0.99 * x->m + 0.01 * g;
    x->w -= rate * g / (sqrt(x->v - x->m * x->m) + 1e-8);
}

static void rmsprop_momentum(weight *x, double g, double t, double rate)
{
    (void)t;
    x->v = 0.99 * x->v + 0.01 * g * g;
    x->other = 0.8 * x->other + g / (sqrt(x->v) + 1e-8);
    x->w -= rate * x->other;
}

static void adagrad(weight *x, double g, double t, double rate)
{
    (void)t;
    x->v += g * g;
    x->w -= rate * g / (sqrt(x->v) + 1e-10);
}

static void adagrad_decay(weight *x, double g, double t, double rate)
{
    x->v = (t == 1 ? 0.5 : x->v) + g * g;
    x->w -= rate / (1 + 0.1 * (t - 1)) * g / (sqrt(x->v) + 1e-10);
}

static void rprop(weight *x, double g, double t, double rate)
{
    (void)rate;
    if (t == 1) {
        x->v = 0.01;
    }
    if (g * x->m > 0) {
        x->v = fmin(x->v * 1.2, 50);
    } else if (g * x->m < 0) {
        x->v = fmax(x->v * 0.5, 1e-6);
        g = 0;
    }
    x->w -= (g > 0 ? 1 : g < 0 ? -1 : 0) * x->v;
    x->m = g;
}

static const struct item {
    const char *name, *settings;
    void (*step)(weight *x, double g, double t, double rate);
    double rate;
    size_t slots;
} items[] = {
    {"sgd", NULL, sgd, 0.01, 0},
    {"sgd", "rate=0.3 momentum=0.9", sgd_momentum, 0.3, 1},
    {"sgd", "rate=0.3 momentum=0.9 nesterov=true", sgd_nesterov, 0.3, 1},
    {"adam", NULL, adam, 1e-3, 2},
    {"adam", "rate=0.02 amsgrad=true", adam_amsgrad, 0.02, 3},
    {"adamw", "decay=0.1", adamw, 1e-3, 2},
    {"nadam", NULL, nadam, 2e-3, 2},
    {"rmsprop", NULL, rmsprop, 0.01, 1},
    {"rmsprop", "centered=true", rmsprop_centered, 0.01, 2},
    {"rmsprop", "momentum=0.8", rmsprop_momentum, 0.01, 2},
    {"rmsprop", "centered=true momentum=0.8", rmsprop_full, 0.01, 3},
    {"adagrad", NULL, adagrad, 0.01, 1},
    {"adagrad", "rate_decay=0.1 initial=0.5", adagrad_decay, 0.01, 1},
    {"rprop", NULL, rprop, 0.01, 2},
};
enum { ITEMS = sizeof items / sizeof *items };

/* What the host keeps: weights, slots zeroed before step 1, scalars. */
typedef struct state {
    double w[N], slots[NN_SLOTS_MAX][N], scalars[NN_SCALARS_MAX];
    size_t slot_count;
} state;

static void state_make(const component *c, const nn_optimizer *o, state *s)
{
    const char *names[NN_SLOTS_MAX];
    uint64_t position = 0;
    memset(s, 0, sizeof *s);
    s->slot_count = o->slots ? o->slots(c->self, names) : 0;
    for (size_t k = 0; k < s->slot_count; k++) {
        assert_true(strlen(names[k]) > 0);
    }
    for (size_t i = 0; i < N; i++) {
        s->w[i] = component_random(&position, -1, 1);
    }
}

/* Step t in `parts` pieces. */
static void state_step(const component *c, const nn_optimizer *o, state *s, uint64_t t, double rate,
                       const double *g, size_t parts)
{
    const nn_step step = {.size = sizeof step, .t = t, .rate = rate, .scalars = s->scalars};
    if (o->begin) {
        o->begin(c->self, &step);
    }
    for (size_t part = 0; part < parts; part++) {
        const size_t first = N * part / parts, end = N * (part + 1) / parts;
        double *slots[NN_SLOTS_MAX];
        for (size_t k = 0; k < s->slot_count; k++) {
            slots[k] = s->slots[k] + first;
        }
        o->update(c->self, &step, end - first, s->w + first, g + first, slots);
    }
}

/* Gradients that change sign now and then, differ in size, and are 0 in places. */
static void gradient(uint64_t t, double *g)
{
    uint64_t position = 1000 * t;
    for (size_t i = 0; i < N; i++) {
        g[i] = component_random(&position, -1, 1.5) * pow(10, (double)(i % 5) - 3);
        if (i % 11 == 0) {
            g[i] = 0;
        }
    }
}

static void each(void (*check)(const struct item *item, const component *c, const nn_optimizer *o))
{
    for (size_t k = 0; k < ITEMS; k++) {
        int tried = 0;
        for (size_t v = 0; v < COMPONENT_ISAS; v++) {
            component c;
            if (component_try(&c, "optimizer", items[k].name, component_isas[v],
                              items[k].settings)) {
                check(&items[k], &c, c.ops);
                component_close(&c);
                tried++;
            }
        }
        assert_true(tried > 0);
    }
}

static void check_algorithm(const struct item *item, const component *c, const nn_optimizer *o)
{
    state s;
    weight x[N];
    double g[N];
    state_make(c, o, &s);
    assert_true(o->rate(c->self) == item->rate);
    assert_int_equal(s.slot_count, item->slots);
    memset(x, 0, sizeof x);
    for (size_t i = 0; i < N; i++) {
        x[i].w = s.w[i];
    }
    for (uint64_t t = 1; t <= STEPS; t++) {
        /* A schedule that halves the rate half way; rprop's first rate is its own. */
        const bool scheduled = strcmp(item->name, "rprop") != 0 && t > STEPS / 2;
        const double rate = item->rate * (scheduled ? 0.5 : 1);
        gradient(t, g);
        state_step(c, o, &s, t, rate, g, 1);
        for (size_t i = 0; i < N; i++) {
            item->step(&x[i], g[i], (double)t, rate);
        }
    }
    for (size_t i = 0; i < N; i++) {
        if (!(fabs(s.w[i] - x[i].w) <= 1e-12)) {
            fail_msg("%s (%s): weight %zu is %.17g, not %.17g", item->name,
                     item->settings ? item->settings : "", i, s.w[i], x[i].w);
        }
    }
}

static void check_split(const struct item *item, const component *c, const nn_optimizer *o)
{
    (void)item;
    state whole, split;
    double g[N];
    state_make(c, o, &whole);
    state_make(c, o, &split);
    for (uint64_t t = 1; t <= STEPS; t++) {
        gradient(t, g);
        state_step(c, o, &whole, t, item->rate, g, 1);
        state_step(c, o, &split, t, item->rate, g, 5);
    }
    assert_memory_equal(&whole, &split, sizeof whole);
}

static void check_affine(const struct item *item, const component *c, const nn_optimizer *o)
{
    state s, other;
    double g[N];
    nn_affine affine;
    const nn_step step = {.size = sizeof step, .t = 2, .rate = item->rate};
    if (!o->affine || !o->affine(c->self, &step, &affine)) {
        return;
    }
    state_make(c, o, &s);
    gradient(1, g);
    state_step(c, o, &s, 1, item->rate, g, 1);
    other = s;
    gradient(2, g);
    state_step(c, o, &s, 2, item->rate, g, 1);
    for (size_t i = 0; i < N; i++) {
        const double w = other.w[i], slot = other.slots[0][i];
        const double new_w = affine.a[0][0] * w + affine.a[0][1] * slot + affine.b[0] * g[i];
        const double new_slot = affine.a[1][0] * w + affine.a[1][1] * slot + affine.b[1] * g[i];
        assert_true(fabs(new_w - s.w[i]) <= 1e-14);
        if (s.slot_count > 0) {
            assert_true(fabs(new_slot - s.slots[0][i]) <= 1e-14);
        }
    }
}

static void updates_are_the_algorithms_of_the_papers(void **unused)
{
    (void)unused;
    each(check_algorithm);
}

static void split_updates_give_the_same_bits(void **unused)
{
    (void)unused;
    each(check_split);
}

static void affine_forms_equal_the_update(void **unused)
{
    (void)unused;
    each(check_affine);
    component c;
    assert_int_equal(component_open(&c, "optimizer", "sgd", ISA_PLAINEST, "momentum=0.9"),
                     NN_OK);
    assert_non_null(((const nn_optimizer *)c.ops)->affine);
    component_close(&c);
}

static void what_contradicts_itself_is_refused(void **unused)
{
    (void)unused;
    component c;
    const nn_shape shape = {.size = sizeof shape};
    assert_int_equal(component_open(&c, "optimizer", "sgd", ISA_PLAINEST, "nesterov=true"),
                     NN_OK);
    assert_int_equal(component_create(&c, &shape), NN_ERR_PARAM);
    assert_non_null(strstr(c.failure, "momentum"));
    component_close(&c);
    assert_int_equal(component_open(&c, "optimizer", "rprop", ISA_PLAINEST, "least=1 most=0.5"),
                     NN_OK);
    assert_int_equal(component_create(&c, &shape), NN_ERR_PARAM);
    component_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_the_algorithms_of_the_papers),
        cmocka_unit_test(split_updates_give_the_same_bits),
        cmocka_unit_test(affine_forms_equal_the_update),
        cmocka_unit_test(what_contradicts_itself_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
