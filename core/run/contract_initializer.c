/* SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "run/contract_precision.h"

#include <nnrun/initializer.h>

#include <float.h>
#include <math.h>

/* Outputs and inputs of the matrix whose moments are taken. */
enum { OUTPUTS = 200, INPUTS = 400, MANY = OUTPUTS * INPUTS, THREADS = 4 };

struct matrix {
    size_t outputs, inputs;
};

static const struct matrix shapes[] = {{1, 1}, {1, 9}, {9, 1}, {7, 5}, {5, 7}, {30, 20}};

/* Fills a matrix from stream number `stream`. */
static nn__reals fill(nn__subject *subject, const nn__instance *instance, unsigned bits,
                      struct matrix shape, uint64_t stream)
{
    const nn_component *component = instance->component[nn__slot(bits)];
    const nn_initializer *ops = component->ops;
    nn__reals w = nn__reals_create(subject, bits, shape.outputs * shape.inputs, "w");
    nn__scene_call("fill()", NULL);
    nn_stream numbers = nn_stream_make(7, "init", stream, 0);
    if (ops->fill(component->self, component->host, &numbers, shape.outputs, shape.inputs, shape.inputs,
                  shape.outputs, w.at) != NN_OK) {
        nn__check_fail(subject, "%s: fill() of %zu x %zu failed: %s", instance->label, shape.outputs,
                       shape.inputs, nn_story());
    }
    return w;
}

#define EACH_SHAPE(shape)                                                                          \
    for (const struct matrix *shape = shapes; shape < shapes + sizeof shapes / sizeof shapes[0]; shape++)

static void pure(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            EACH_SHAPE(shape) {
                nn__reals first = fill(subject, instance, bits, *shape, 1);
                fill(subject, instance, bits, *shape, 2);
                nn__reals again = fill(subject, instance, bits, *shape, 1);
                if (!nn__reals_same(&first, &again)) {
                    nn__check_fail(subject, "%s: the same stream fills %zu x %zu with other numbers a second "
                                   "time", instance->label, shape->outputs, shape->inputs);
                }
            }
        }
    }
}

static void moments(nn__subject *subject)
{
    const struct matrix shape = {OUTPUTS, INPUTS};
    double worst = 0;
    NN__EACH_INSTANCE(subject, instance) {
        unsigned bits = nn__widest(instance);
        const nn_component *component = instance->component[nn__slot(bits)];
        const nn_initializer *ops = component->ops;
        if (ops->moments == NULL) {
            nn__check_fail(subject, "it states no mean and standard deviation: set .moments");
            return;
        }
        double mean = NAN, sd = NAN, sum = 0, squares = 0;
        nn__scene_call("moments()", NULL);
        ops->moments(component->self, INPUTS, OUTPUTS, &mean, &sd);
        nn__reals w = fill(subject, instance, bits, shape, 3);
        for (size_t i = 0; i < MANY; i++) {
            double d = nn__real_get(&w, i) - mean;
            sum += d;
            squares += d * d;
        }
        /* The mean of n numbers strays by sd / sqrt(n), their standard deviation by less than 1 % here. */
        double slack = 5 * sd / sqrt(MANY) + 1e-6 * fabs(mean);
        if (!(fabs(sum / MANY) <= slack)) {
            nn__check_fail(subject, "%s: the mean is %.6g, stated is %.6g", instance->label, mean + sum / MANY,
                           mean);
        }
        double found = sqrt(squares / MANY);
        double deviation = sd > 0 ? fabs(found / sd - 1) : found > 1e-6 * fabs(mean) ? HUGE_VAL : 0;
        nn__check_worst(subject, &worst, deviation, 0.02, instance,
                        "the standard deviation against the one stated", 0);
    }
}

static void check_weights(nn__subject *subject, const nn__instance *instance, unsigned bits,
                          struct matrix shape)
{
    nn__reals w = fill(subject, instance, bits, shape, 4);
    for (size_t i = 0; i < w.n; i++) {
        if (!isfinite(nn__real_get(&w, i))) {
            nn__check_fail(subject, "%s: weight %zu of %zu x %zu is unwritten or not finite", instance->label,
                           i, shape.outputs, shape.inputs);
        }
    }
    if (!nn__reals_intact(&w)) {
        nn__check_fail(subject, "%s: it writes outside outputs * inputs weights", instance->label);
    }
}

/* Once with all that lies behind the weights out of bounds, once what lies before them. */
static void stays_finite(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            EACH_SHAPE(shape) {
                check_weights(subject, instance, bits, *shape);
                subject->low = true;
                check_weights(subject, instance, bits, *shape);
                subject->low = false;
            }
        }
    }
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    EACH_SHAPE(shape) {
        nn__reals narrow = fill(subject, instance, 32, *shape, 5);
        nn__reals wide = fill(subject, instance, 64, *shape, 5);
        nn__compare_reals(subject, worst, &narrow, &wide, 64 * (double)FLT_EPSILON, instance,
                          "float32 against float64");
    }
}

static void precision(nn__subject *subject)
{
    nn__compare_precisions(subject, compare_precisions);
}

struct race {
    nn__subject *subject;
    const nn__instance *instance;
    unsigned bits;
    nn__reals expected[THREADS], found[THREADS];
    bool wrong[THREADS];
};

static void run_race(void *context, size_t thread)
{
    struct race *race = context;
    const nn_component *component = race->instance->component[nn__slot(race->bits)];
    nn_stream numbers = nn_stream_make(7, "init", 10 + thread, 0);
    for (size_t round = 0; round < 20 && !race->wrong[thread]; round++) {
        ((const nn_initializer *)component->ops)->fill(component->self, component->host, &numbers, 30, 20,
                                                       20, 30, race->found[thread].at);
        race->wrong[thread] = !nn__reals_same(&race->expected[thread], &race->found[thread]);
    }
}

static void concurrent(nn__subject *subject)
{
    const struct matrix shape = {30, 20};
    NN__EACH_INSTANCE(subject, instance) {
        struct race race = {.subject = subject, .instance = instance,
                            .bits = nn__widest(instance)};
        for (size_t t = 0; t < THREADS; t++) {
            race.expected[t] = fill(subject, instance, race.bits, shape, 10 + t);
            race.found[t] = nn__reals_create(subject, race.bits, race.expected[t].n, "w");
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

const nn__check *nn__checks_initializer(size_t *count)
{
    static const nn__check checks[] = {
        {"pure", pure, true, "An initializer is pure in (self, stream, shape).",
         "fill()"},
        {"moments", moments, true, "The weights have the mean and standard deviation that moments() states.",
         "moments() fill()"},
        {"finite", stays_finite, true, "It fills one weight matrix [outputs x inputs], all of it and no "
                                       "more.",
         "fill()"},
        {"precision", precision, true, "Both precisions come from one source and mean the same.",
         "fill()"},
        {"concurrent", concurrent, true, "A plugin keeps no static state.",
         "fill()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
