/* SPDX-License-Identifier: MIT */
#include "run/contract_precision.h"

#include <nnrun/activation.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = NN__ROWS * NN__COLS, KINKS_MAX = 64, THREADS = 4, ROUNDS = 2000 };

static const double step = 2e-4; /* of the difference quotients */

/* An activation of one precision with the buffers of a layer. */
struct layer {
    const nn_activation *ops;
    const void *self;
    unsigned bits;
    nn__reals z, a, da, dz;
};

static bool elementwise(const struct layer *layer)
{
    return (layer->ops->flags & NN_ELEMENTWISE) != 0;
}

static struct layer make(nn__subject *subject, const nn__instance *instance, unsigned bits)
{
    const nn_component *component = instance->component[nn__slot(bits)];
    struct layer layer = {.ops = component->ops, .self = component->self, .bits = bits};
    layer.z = nn__reals_create(subject, bits, N, "z");
    layer.a = nn__reals_create(subject, bits, N, "a");
    layer.da = nn__reals_create(subject, bits, N, "da");
    layer.dz = nn__reals_create(subject, bits, N, "dz");
    return layer;
}

/* Rows x cols from element `first`; what backward() did not ask for is NULL, as in a run. */
static void forward(const struct layer *layer, size_t first, size_t rows, size_t cols)
{
    nn__scene_call("forward()", NULL);
    layer->ops->forward(layer->self, rows, cols, nn__real_at(&layer->z, first),
                        nn__real_at(&layer->a, first));
}

static void backward(const struct layer *layer, size_t first, size_t rows, size_t cols)
{
    bool z = (layer->ops->flags & NN_NEEDS_Z) != 0, a = (layer->ops->flags & NN_NEEDS_A) != 0;
    nn__scene_call("backward()", !z && !a ? "z and a are NULL here: .flags lack NN_NEEDS_Z and NN_NEEDS_A"
                                 : !z     ? "z is NULL here: .flags lack NN_NEEDS_Z"
                                 : !a     ? "a is NULL here: .flags lack NN_NEEDS_A"
                                          : NULL);
    layer->ops->backward(layer->self, rows, cols, z ? nn__real_at(&layer->z, first) : NULL,
                         a ? nn__real_at(&layer->a, first) : NULL, nn__real_at(&layer->da, first),
                         nn__real_at(&layer->dz, first));
}

/* z in [-span, span] away from the kinks, da in [-1, 1]. */
static void draw(const struct layer *layer, uint64_t seed, double span)
{
    double kinks[KINKS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < layer->ops->kink_count && i < KINKS_MAX; i++) {
        kinks[count++] = layer->ops->kinks[i];
    }
    if (layer->ops->find_kinks != NULL) {
        size_t found = layer->ops->find_kinks(layer->self, KINKS_MAX - count, kinks + count);
        count += found < KINKS_MAX - count ? found : KINKS_MAX - count;
    }
    for (size_t i = 0; i < N; i++) {
        double z = nn__check_uniform(seed * 4 * N + i, -span, span);
        for (size_t k = 0; k < count; k++) {
            if (fabs(z - kinks[k]) < 2e-3) {
                z = (double)(float)(kinks[k] + 4e-3);
            }
        }
        nn__real_set(&layer->z, i, z);
        nn__real_set(&layer->da, i, nn__check_uniform(seed * 4 * N + 2 * N + i, -1, 1));
    }
}

/* ---- Checks ---- */

/* sum over the outputs of da * a, as a function of one z: its derivative is that element of dz. */
static double slope(const struct layer *layer, size_t element)
{
    static const double offsets[] = {-2, -1, 1, 2}, weights[] = {1, -8, 8, -1};
    double z = nn__real_get(&layer->z, element), sum = 0;
    size_t row = element / NN__COLS * NN__COLS;
    for (size_t k = 0; k < 4; k++) {
        nn__real_set(&layer->z, element, z + offsets[k] * step);
        forward(layer, row, 1, NN__COLS);
        for (size_t i = row; i < row + NN__COLS; i++) {
            sum += weights[k] * nn__real_get(&layer->da, i) * nn__real_get(&layer->a, i);
        }
    }
    nn__real_set(&layer->z, element, z);
    forward(layer, row, 1, NN__COLS);
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
        struct layer layer = make(subject, instance, 64);
        draw(&layer, 1, 4);
        forward(&layer, 0, NN__ROWS, NN__COLS);
        backward(&layer, 0, NN__ROWS, NN__COLS);
        struct off off = {0};
        for (size_t i = 0; i < N; i++) {
            double analytic = nn__real_get(&layer.dz, i), numeric = slope(&layer, i);
            double by = fabs(analytic - numeric) / fmax(1, fabs(analytic));
            if (!(by <= off.by)) {
                off = (struct off){by, analytic, numeric, i};
            }
        }
        if (!(off.by <= most)) {
            nn__check_fail(subject, "%s, backward() against central differences is off by %.3g (allowed: "
                           "%.3g): at z = %.9g with da = %.6g it gives dz = %.9g, differences of forward() "
                           "give %.9g", instance->label, off.by, most, nn__real_get(&layer.z, off.at),
                           nn__real_get(&layer.da, off.at), off.analytic, off.numeric);
        }
        nn__check_worst(subject, &worst, off.by, most, instance, "backward() against central differences",
                        off.at);
    }
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    const double most = 64 * (double)FLT_EPSILON;
    for (uint64_t seed = 2; seed < 6; seed++) {
        struct layer narrow = make(subject, instance, 32), wide = make(subject, instance, 64);
        draw(&narrow, seed, seed * 3.0);
        draw(&wide, seed, seed * 3.0);
        forward(&narrow, 0, NN__ROWS, NN__COLS);
        backward(&narrow, 0, NN__ROWS, NN__COLS);
        forward(&wide, 0, NN__ROWS, NN__COLS);
        backward(&wide, 0, NN__ROWS, NN__COLS);
        nn__compare_reals(subject, worst, &narrow.a, &wide.a, most, instance, "forward() in float32");
        nn__compare_reals(subject, worst, &narrow.dz, &wide.dz, most, instance, "backward() in float32");
    }
}

static void precision(nn__subject *subject)
{
    if (nn__needs_double(subject)) {
        nn__compare_precisions(subject, compare_precisions);
    }
}

static void instructions(nn__subject *subject)
{
    double worst = 0;
    size_t compared = 0;
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            const void *base = NULL;
            struct layer first = {0};
            for (int isa = NN_ISA_ANY; isa <= (int)subject->isa; isa++) {
                const void *ops = nn__check_ops(subject, bits, (nn_isa)isa);
                if (ops == NULL) {
                    continue;
                }
                struct layer layer = make(subject, instance, bits);
                layer.ops = ops;
                draw(&layer, 7, 9);
                forward(&layer, 0, NN__ROWS, NN__COLS);
                backward(&layer, 0, NN__ROWS, NN__COLS);
                if (base == NULL) {
                    base = ops;
                    first = layer;
                    continue;
                }
                compared++;
                nn__compare_reals(subject, &worst, &layer.a, &first.a, 64 * nn__epsilon(bits), instance,
                                  "forward() in another instruction set");
                nn__compare_reals(subject, &worst, &layer.dz, &first.dz, 64 * nn__epsilon(bits), instance,
                                  "backward() in another instruction set");
            }
        }
    }
    if (compared == 0) {
        nn__check_skip(subject, "it is built for one instruction set");
    }
}

/* The inputs where formulas break: far out, the zeros, numbers below the normal ones, the edge of exp(). */
static double extreme(unsigned bits, size_t i)
{
    double tiny = bits == 64 ? DBL_MIN / 8 : (double)FLT_MIN / 8;
    const double values[] = {1e4, -1e4, 0.0, -0.0, tiny, -tiny, 88.9, -88.9, 104, -104, 710, -710, 1, -1};
    return values[i % (sizeof values / sizeof values[0])];
}

static void stays_finite(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            struct layer layer = make(subject, instance, bits);
            for (size_t i = 0; i < N; i++) {
                /* The last rows are alike in all columns: all far right, all far left. */
                size_t row = i / NN__COLS;
                nn__real_set(&layer.z, i, extreme(bits, row >= NN__ROWS - 2 ? row - (NN__ROWS - 2) : i));
                nn__real_set(&layer.da, i, i % 2 == 0 ? 1 : -1);
            }
            forward(&layer, 0, NN__ROWS, NN__COLS);
            backward(&layer, 0, NN__ROWS, NN__COLS);
            for (size_t i = 0; i < N; i++) {
                if (!isfinite(nn__real_get(&layer.a, i)) || !isfinite(nn__real_get(&layer.dz, i))) {
                    nn__check_fail(subject, "%s, float%u: at z = %g it gives a = %g and dz = %g",
                                   instance->label, bits, nn__real_get(&layer.z, i),
                                   nn__real_get(&layer.a, i), nn__real_get(&layer.dz, i));
                }
            }
        }
    }
}

static void range(nn__subject *subject)
{
    if ((subject->plugin->about->flags & NN_HAS_RANGE) == 0) {
        nn__check_skip(subject, "it declares no range");
        return;
    }
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            struct layer layer = make(subject, instance, bits);
            for (uint64_t seed = 0; seed < 8; seed++) {
                draw(&layer, 20 + seed, pow(10, (double)seed / 2));
                forward(&layer, 0, NN__ROWS, NN__COLS);
                for (size_t i = 0; i < N; i++) {
                    double a = nn__real_get(&layer.a, i);
                    double slack = 8 * nn__epsilon(bits) * fmax(1, fabs(a));
                    if (!(a >= layer.ops->least - slack && a <= layer.ops->most + slack)) {
                        nn__check_fail(subject, "%s: a = %.9g at z = %.9g lies outside [%g, %g]",
                                       instance->label, a, nn__real_get(&layer.z, i), layer.ops->least,
                                       layer.ops->most);
                    }
                }
            }
        }
    }
}

static void split(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            struct layer whole = make(subject, instance, bits), parts = make(subject, instance, bits);
            draw(&whole, 3, 6);
            draw(&parts, 3, 6);
            forward(&whole, 0, NN__ROWS, NN__COLS);
            backward(&whole, 0, NN__ROWS, NN__COLS);
            size_t unit = elementwise(&whole) ? 1 : NN__COLS;
            for (size_t cut = unit; cut < N; cut += unit) {
                const size_t firsts[] = {0, cut}, lengths[] = {cut, N - cut};
                for (size_t k = 0; k < 2; k++) {
                    size_t rows = lengths[k] / unit;
                    bool line = unit == 1;
                    forward(&parts, firsts[k], line ? 1 : rows, line ? rows : NN__COLS);
                    backward(&parts, firsts[k], line ? 1 : rows, line ? rows : NN__COLS);
                }
                if (!nn__reals_same(&whole.a, &parts.a) || !nn__reals_same(&whole.dz, &parts.dz)) {
                    nn__check_fail(subject, "%s, float%u: cut behind element %zu it gives other bits than "
                                   "whole", instance->label, bits, cut);
                }
            }
        }
    }
}

static void in_place(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            struct layer apart = make(subject, instance, bits), joined = make(subject, instance, bits);
            draw(&apart, 4, 6);
            draw(&joined, 4, 6);
            forward(&apart, 0, NN__ROWS, NN__COLS);
            backward(&apart, 0, NN__ROWS, NN__COLS);
            if ((apart.ops->flags & NN_NEEDS_Z) == 0) {
                joined.a = joined.z;
            }
            joined.dz = joined.da;
            forward(&joined, 0, NN__ROWS, NN__COLS);
            backward(&joined, 0, NN__ROWS, NN__COLS);
            if (!nn__reals_same(&apart.a, &joined.a)) {
                nn__check_fail(subject, "%s: forward() gives other numbers where a is z", instance->label);
            }
            if (!nn__reals_same(&apart.dz, &joined.dz)) {
                nn__check_fail(subject, "%s: backward() gives other numbers where dz is da", instance->label);
            }
        }
    }
}

/* Once with all that lies behind the buffers out of bounds, once what lies before them. */
static void check_bounds(nn__subject *subject, const nn__instance *instance, unsigned bits)
{
    struct layer layer = make(subject, instance, bits), before = make(subject, instance, bits);
    draw(&layer, 5, 6);
    draw(&before, 5, 6);
    forward(&layer, 0, NN__ROWS, NN__COLS);
    nn__reals_copy(&before.a, &layer.a);
    backward(&layer, 0, NN__ROWS, NN__COLS);
    if (!nn__reals_intact(&layer.z) || !nn__reals_intact(&layer.a)
        || !nn__reals_intact(&layer.da) || !nn__reals_intact(&layer.dz)) {
        nn__check_fail(subject, "%s: it writes outside rows * cols elements", instance->label);
    }
    if (!nn__reals_same(&layer.z, &before.z) || !nn__reals_same(&layer.a, &before.a)
        || !nn__reals_same(&layer.da, &before.da)) {
        nn__check_fail(subject, "%s: it changes what it may only read", instance->label);
    }
    for (size_t i = 0; i < N; i++) {
        if (isnan(nn__real_get(&layer.a, i)) || isnan(nn__real_get(&layer.dz, i))) {
            nn__check_fail(subject, "%s: element %zu is left unwritten or not a number",
                           instance->label, i);
        }
    }
}

static void bounds(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            check_bounds(subject, instance, bits);
            subject->low = true;
            check_bounds(subject, instance, bits);
            subject->low = false;
        }
    }
}
struct race {
    struct layer layers[THREADS], expected[THREADS];
    bool wrong[THREADS];
};

static void run_race(void *context, size_t thread)
{
    struct race *race = context;
    for (size_t round = 0; round < ROUNDS && !race->wrong[thread]; round++) {
        forward(&race->layers[thread], 0, NN__ROWS, NN__COLS);
        backward(&race->layers[thread], 0, NN__ROWS, NN__COLS);
        race->wrong[thread] = !nn__reals_same(&race->layers[thread].a, &race->expected[thread].a)
                           || !nn__reals_same(&race->layers[thread].dz, &race->expected[thread].dz);
    }
}

static void concurrent(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct race race = {0};
        unsigned bits = nn__widest(instance);
        for (size_t t = 0; t < THREADS; t++) {
            race.layers[t] = make(subject, instance, bits);
            race.expected[t] = make(subject, instance, bits);
            draw(&race.layers[t], 30 + t, 6);
            draw(&race.expected[t], 30 + t, 6);
            forward(&race.expected[t], 0, NN__ROWS, NN__COLS);
            backward(&race.expected[t], 0, NN__ROWS, NN__COLS);
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

const nn__check *nn__checks_activation(size_t *count)
{
    static const nn__check checks[] = {
        {"derivative", derivative, true,
         "A derivative is right when |analytic - numeric| <= 1e-7 max(1, |analytic|) in float64, at points "
         "1e-3 or more from declared kinks.",
         "forward() backward()"},
        {"precision", precision, true, "Both precisions come from one source and mean the same.",
         "forward() backward()"},
        {"instructions", instructions, true, "Each instruction set gives what the others give, up to "
                                             "rounding.",
         "forward() backward()"},
        {"finite", stays_finite, true, "Finite at +-1e4, +-0 and subnormal numbers.",
         "forward() backward()"},
        {"range", range, true, "An activation may declare its output range, and keeps to it.",
         "forward()"},
        {"split", split, true, "NN_ELEMENTWISE may be split anywhere, others by rows; the bits are the "
                               "same.",
         "forward() backward()"},
        {"in_place", in_place, true, "dz may be da; a may be z only without NN_NEEDS_Z.",
         "forward() backward()"},
        {"bounds", bounds, true, "Buffers are contiguous, row-major, without padding; inputs are read only.",
         "forward() backward()"},
        {"concurrent", concurrent, true, "Called by several threads at once; a plugin keeps no static "
                                         "state.",
         "forward() backward()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
