/* SPDX-License-Identifier: MIT */
#include "run/contract_cost_batch.h"
#include "run/contract_precision.h"

#include <float.h>
#include <math.h>

enum { N = NN__ROWS * NN__COLS, THREADS = 4, ROUNDS = 2000 };

static const double step = 2e-4; /* of the difference quotients */

/* The kinds of targets the cost takes. */
static bool takes(const nn__subject *subject, bool classes)
{
    return (subject->plugin->about->flags & (classes ? NN_TAKES_CLASSES : NN_TAKES_REALS)) != 0;
}

#define EACH_TARGETS(subject, classes)                                                             \
    for (int classes = 0; classes < 2; classes++)                                                  \
        if (takes(subject, classes))

/* ---- Checks ---- */

static double slope(const nn__batch *batch, size_t element)
{
    static const double offsets[] = {-2, -1, 1, 2}, weights[] = {1, -8, 8, -1};
    double a = nn__real_get(&batch->a, element), sum = 0;
    for (size_t k = 0; k < 4; k++) {
        nn__real_set(&batch->a, element, a + offsets[k] * step);
        sum += weights[k] * nn__batch_value(batch, element / NN__COLS, 1);
    }
    nn__real_set(&batch->a, element, a);
    return sum / (12 * step);
}

/* Where a derivative is farthest from the differences. */
struct off {
    double by, analytic, numeric;
    size_t at;
};

static void derivative(nn__subject *subject)
{
    double worst = 0, most = 1e-7;
    if (!nn__needs_double(subject)) {
        return;
    }
    NN__EACH_INSTANCE(subject, instance) {
        EACH_TARGETS(subject, classes) {
            nn__batch batch = nn__batch_create(subject, instance, 64, classes != 0);
            nn__batch_draw(&batch, 1);
            nn__batch_gradient(&batch, 0, NN__ROWS);
            struct off off = {0};
            for (size_t i = 0; i < N; i++) {
                double analytic = nn__real_get(&batch.da, i), numeric = slope(&batch, i);
                double by = fabs(analytic - numeric) / fmax(1, fabs(analytic));
                if (!(by <= off.by)) {
                    off = (struct off){by, analytic, numeric, i};
                }
            }
            if (!(off.by <= most)) {
                nn__check_fail(subject, "%s, gradient() against central differences of value() is off by %.3g "
                               "(allowed: %.3g): at a = %.9g, output %zu of row %zu, it gives da = %.9g, "
                               "differences of value() give %.9g", instance->label, off.by, most,
                               nn__real_get(&batch.a, off.at), off.at % NN__COLS, off.at / NN__COLS,
                               off.analytic, off.numeric);
            }
            nn__check_worst(subject, &worst, off.by, most, instance,
                            "gradient() against central differences of value()", off.at);
        }
    }
}

/* The activations costs may link with, as mathematics: a from z, dz from da. */
static void link_forward(uint64_t link, const double *z, double *a)
{
    double sum = 0;
    for (size_t i = 0; i < NN__COLS; i++) {
        sum += exp(z[i]);
    }
    for (size_t i = 0; i < NN__COLS; i++) {
        a[i] = link == NN_LINK_SIGMOID ? 1 / (1 + exp(-z[i]))
             : link == NN_LINK_SOFTMAX ? exp(z[i]) / sum
                                       : z[i] - log(sum);
    }
}

static void link_backward(uint64_t link, const double *a, const double *da, double *dz)
{
    double sum = 0;
    for (size_t i = 0; i < NN__COLS; i++) {
        sum += link == NN_LINK_SOFTMAX ? da[i] * a[i] : da[i];
    }
    for (size_t i = 0; i < NN__COLS; i++) {
        dz[i] = link == NN_LINK_SIGMOID ? da[i] * a[i] * (1 - a[i])
              : link == NN_LINK_SOFTMAX ? a[i] * (da[i] - sum)
                                        : da[i] - exp(a[i]) * sum;
    }
}

static void compare_link(nn__subject *subject, const nn__instance *instance, uint64_t link,
                         bool classes, double *worst)
{
    nn__batch batch = nn__batch_create(subject, instance, 64, classes);
    nn__reals direct = nn__reals_create(subject, 64, N, "dz");
    nn__batch_draw_targets(&batch, 3);
    for (size_t row = 0; row < NN__ROWS; row++) {
        double z[NN__COLS], a[NN__COLS];
        for (size_t i = 0; i < NN__COLS; i++) {
            z[i] = nn__check_uniform(900 + row * NN__COLS + i, -3, 3);
        }
        link_forward(link, z, a);
        for (size_t i = 0; i < NN__COLS; i++) {
            nn__real_set(&batch.a, row * NN__COLS + i, a[i]);
        }
    }
    nn__batch_gradient(&batch, 0, NN__ROWS);
    const void *y = classes ? NULL : batch.y.at;
    const int32_t *labels = classes ? batch.labels : NULL;
    nn__scene_call("link_gradient()", nn__batch_absent(&batch));
    batch.ops->link_gradient(batch.self, NN__ROWS, NN__COLS, batch.a.at, y, labels, direct.at);
    for (size_t row = 0; row < NN__ROWS; row++) {
        double a[NN__COLS], da[NN__COLS], dz[NN__COLS];
        for (size_t i = 0; i < NN__COLS; i++) {
            a[i] = nn__real_get(&batch.a, row * NN__COLS + i);
            da[i] = nn__real_get(&batch.da, row * NN__COLS + i);
        }
        link_backward(link, a, da, dz);
        for (size_t i = 0; i < NN__COLS; i++) {
            double found = nn__real_get(&direct, row * NN__COLS + i);
            nn__check_worst(subject, worst, fabs(found - dz[i]) / fmax(1, fabs(dz[i])), 1e-7, instance,
                            "link_gradient() against backward(gradient())", row * NN__COLS + i);
        }
    }
    /* dz may be a. */
    batch.ops->link_gradient(batch.self, NN__ROWS, NN__COLS, batch.a.at, y, labels, batch.a.at);
    if (!nn__reals_same(&batch.a, &direct)) {
        nn__check_fail(subject, "%s: link_gradient() gives other numbers where dz is a", instance->label);
    }
}

static void link(nn__subject *subject)
{
    static const uint64_t links[] = {NN_LINK_SIGMOID, NN_LINK_SOFTMAX, NN_LINK_LOG_SOFTMAX};
    double worst = 0;
    if ((subject->plugin->about->flags & NN_LINKS) == 0) {
        nn__check_skip(subject, "it names no link");
        return;
    }
    if (!nn__needs_double(subject)) {
        return;
    }
    NN__EACH_INSTANCE(subject, instance) {
        for (size_t k = 0; k < 3; k++) {
            EACH_TARGETS(subject, classes) {
                if ((subject->plugin->about->flags & links[k]) != 0) {
                    compare_link(subject, instance, links[k], classes != 0, &worst);
                }
            }
        }
    }
}

static void compare(nn__subject *subject, double *worst, const nn__batch *found,
                    const nn__batch *expected, double most, const nn__instance *instance,
                    const char *what)
{
    double x = nn__batch_value(expected, 0, NN__ROWS);
    nn__check_worst(subject, worst, fabs(nn__batch_value(found, 0, NN__ROWS) - x) / fmax(1, fabs(x)), most,
                    instance, what, 0);
    nn__compare_reals(subject, worst, &found->da, &expected->da, most, instance, what);
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    EACH_TARGETS(subject, classes) {
        for (uint64_t seed = 4; seed < 8; seed++) {
            nn__batch narrow = nn__batch_create(subject, instance, 32, classes != 0);
            nn__batch wide = nn__batch_create(subject, instance, 64, classes != 0);
            nn__batch_draw(&wide, seed);
            nn__batch_draw_targets(&narrow, seed);
            nn__reals_copy(&narrow.a, &wide.a);
            nn__reals_copy(&wide.a, &narrow.a); /* both see what float can hold */
            nn__reals_copy(&narrow.y, &wide.y);
            nn__reals_copy(&wide.y, &narrow.y);
            nn__batch_gradient(&narrow, 0, NN__ROWS);
            nn__batch_gradient(&wide, 0, NN__ROWS);
            compare(subject, worst, &narrow, &wide, 64 * (double)FLT_EPSILON, instance,
                    "float32 against float64");
        }
    }
}

static void precision(nn__subject *subject)
{
    nn__compare_precisions(subject, compare_precisions);
}

static void instructions(nn__subject *subject)
{
    double worst = 0;
    size_t compared = 0;
    NN__EACH_INSTANCE(subject, instance) {
        EACH_TARGETS(subject, classes) {
            NN__EACH_PRECISION(instance, bits) {
                nn__batch first = {0};
                for (int isa = NN_ISA_ANY; isa <= (int)subject->isa; isa++) {
                    const void *ops = nn__check_ops(subject, bits, (nn_isa)isa);
                    if (ops == NULL) {
                        continue;
                    }
                    nn__batch batch = nn__batch_create(subject, instance, bits, classes != 0);
                    batch.ops = ops;
                    nn__batch_draw(&batch, 9);
                    nn__batch_gradient(&batch, 0, NN__ROWS);
                    if (first.ops == NULL) {
                        first = batch;
                        continue;
                    }
                    compared++;
                    compare(subject, &worst, &batch, &first, 64 * nn__epsilon(bits), instance,
                            "another instruction set");
                }
            }
        }
    }
    if (compared == 0) {
        nn__check_skip(subject, "it is built for one instruction set");
    }
}

/* Outputs where formulas break: the ends of the range, or far out where there is none. */
static double extreme(const nn__batch *batch, size_t i)
{
    double tiny = batch->bits == 64 ? DBL_MIN / 8 : (double)FLT_MIN / 8;
    double least = -1e4, most = 1e4;
    if ((batch->ops->flags & NN_HAS_RANGE) != 0) {
        least = isfinite(batch->ops->least) ? batch->ops->least : -1e4;
        most = isfinite(batch->ops->most) ? batch->ops->most : 1e4;
    }
    const double values[] = {least, most, (least + most) / 2, least + (least == 0 ? tiny : 0),
                             most - (most - least) * nn__epsilon(batch->bits), fmin(fmax(-0.0, least), most)};
    return values[i % (sizeof values / sizeof values[0])];
}

static void stays_finite(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        EACH_TARGETS(subject, classes) {
            NN__EACH_PRECISION(instance, bits) {
                nn__batch batch = nn__batch_create(subject, instance, bits, classes != 0);
                nn__batch_draw_targets(&batch, 11);
                for (size_t i = 0; i < N; i++) {
                    nn__real_set(&batch.a, i, extreme(&batch, i + i / NN__COLS));
                }
                double sum = nn__batch_value(&batch, 0, NN__ROWS);
                nn__batch_gradient(&batch, 0, NN__ROWS);
                if (!isfinite(sum)) {
                    nn__check_fail(subject, "%s, float%u: value() is %g at the ends of the range",
                                   instance->label, bits, sum);
                }
                for (size_t i = 0; i < N; i++) {
                    if (!isfinite(nn__real_get(&batch.da, i))) {
                        nn__check_fail(subject, "%s, float%u: at a = %g gradient() gives %g", instance->label,
                                       bits, nn__real_get(&batch.a, i), nn__real_get(&batch.da, i));
                    }
                }
            }
        }
    }
}

static void split(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        EACH_TARGETS(subject, classes) {
            NN__EACH_PRECISION(instance, bits) {
                nn__batch whole = nn__batch_create(subject, instance, bits, classes != 0);
                nn__batch parts = nn__batch_create(subject, instance, bits, classes != 0);
                nn__batch_draw(&whole, 13);
                nn__batch_draw(&parts, 13);
                double all = nn__batch_value(&whole, 0, NN__ROWS), sum = 0;
                nn__batch_gradient(&whole, 0, NN__ROWS);
                for (size_t row = 0; row < NN__ROWS; row++) {
                    sum += nn__batch_value(&parts, row, 1);
                    nn__batch_gradient(&parts, row, 1);
                }
                if (!nn__reals_same(&whole.da, &parts.da)) {
                    nn__check_fail(subject, "%s, float%u: row by row gradient() gives other bits than whole",
                                   instance->label, bits);
                }
                if (!(fabs(all - sum) <= 1e3 * nn__epsilon(bits) * fmax(1, fabs(all)))) {
                    nn__check_fail(subject, "%s, float%u: value() is %.17g whole and %.17g row by row; it "
                                   "sums over rows, the host divides", instance->label, bits, all, sum);
                }
            }
        }
    }
}

/* Once with all that lies behind the buffers out of bounds, once what lies before them. */
static void check_bounds(nn__subject *subject, const nn__instance *instance, unsigned bits, bool classes)
{
    nn__batch batch = nn__batch_create(subject, instance, bits, classes);
    nn__batch before = nn__batch_create(subject, instance, bits, classes);
    nn__batch_draw(&batch, 15);
    nn__batch_draw(&before, 15);
    nn__batch_value(&batch, 0, NN__ROWS);
    nn__batch_gradient(&batch, 0, NN__ROWS);
    if (!nn__reals_intact(&batch.a) || !nn__reals_intact(&batch.y) || !nn__reals_intact(&batch.da)
        || !nn__reals_intact(&batch.label_block)) {
        nn__check_fail(subject, "%s: it writes outside rows * cols elements", instance->label);
    }
    if (!nn__reals_same(&batch.a, &before.a) || !nn__reals_same(&batch.y, &before.y)
        || !nn__reals_same(&batch.label_block, &before.label_block)) {
        nn__check_fail(subject, "%s: it changes what it may only read", instance->label);
    }
    for (size_t i = 0; i < N; i++) {
        if (isnan(nn__real_get(&batch.da, i))) {
            nn__check_fail(subject, "%s: element %zu of the gradient is left unwritten or not a number",
                           instance->label, i);
        }
    }
}

static void bounds(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        EACH_TARGETS(subject, classes) {
            NN__EACH_PRECISION(instance, bits) {
                check_bounds(subject, instance, bits, classes != 0);
                subject->low = true;
                check_bounds(subject, instance, bits, classes != 0);
                subject->low = false;
            }
        }
    }
}

struct race {
    nn__batch batches[THREADS], expected[THREADS];
    double values[THREADS];
    bool wrong[THREADS];
};

static void run_race(void *context, size_t thread)
{
    struct race *race = context;
    for (size_t round = 0; round < ROUNDS && !race->wrong[thread]; round++) {
        double sum = nn__batch_value(&race->batches[thread], 0, NN__ROWS);
        nn__batch_gradient(&race->batches[thread], 0, NN__ROWS);
        race->wrong[thread] = sum != race->values[thread]
                           || !nn__reals_same(&race->batches[thread].da, &race->expected[thread].da);
    }
}

static void concurrent(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        EACH_TARGETS(subject, classes) {
            struct race race = {0};
            unsigned bits = nn__widest(instance);
            for (size_t t = 0; t < THREADS; t++) {
                race.batches[t] = nn__batch_create(subject, instance, bits, classes != 0);
                race.expected[t] = nn__batch_create(subject, instance, bits, classes != 0);
                nn__batch_draw(&race.batches[t], 17 + t);
                nn__batch_draw(&race.expected[t], 17 + t);
                race.values[t] = nn__batch_value(&race.expected[t], 0, NN__ROWS);
                nn__batch_gradient(&race.expected[t], 0, NN__ROWS);
            }
            nn__check_concurrently(subject, run_race, &race);
            for (size_t t = 0; t < THREADS; t++) {
                if (race.wrong[t]) {
                    nn__check_fail(subject, "%s: on several threads it gives other numbers than on one",
                                   instance->label);
                }
            }
        }
    }
}

const nn__check *nn__checks_cost(size_t *count)
{
    static const nn__check checks[] = {
        {"derivative", derivative, true,
         "A derivative is right when |analytic - numeric| <= 1e-7 max(1, |analytic|) in float64; `gradient` "
         "is da without the 1/n.",
         "value() gradient()"},
        {"link_gradient", link, true,
         "Where the activation bears a link flag that the cost names, link_gradient gives dz directly: equal "
         "to backward(gradient); dz may be a.",
         "gradient() link_gradient()"},
        {"precision", precision, true, "Both precisions come from one source and mean the same.",
         "value() gradient()"},
        {"instructions", instructions, true, "Each instruction set gives what the others give, up to "
                                             "rounding.",
         "value() gradient()"},
        {"finite", stays_finite, true, "Logarithms are clamped at -100; finite over the whole range it "
                                       "needs.",
         "value() gradient()"},
        {"split", split, true, "`value` sums over rows and outputs in double, `gradient` is of each row's own "
                               "cost.",
         "value() gradient()"},
        {"bounds", bounds, true, "Buffers are contiguous, row-major, without padding; inputs are read only.",
         "value() gradient()"},
        {"concurrent", concurrent, true, "Called by several threads at once; a plugin keeps no static "
                                         "state.",
         "value() gradient()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
