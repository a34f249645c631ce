/* SPDX-License-Identifier: MIT */
#include "run/contract_precision.h"

#include <nnrun/schedule.h>

#include <math.h>

enum { EPOCHS = 12, STEPS = 5, MOMENTS = EPOCHS * STEPS, HISTORIES = 3 };

/* What a run may look like to a schedule: with everything, without validation, without classes too. */
static nn_moment moment(size_t number, int history)
{
    static const double cost[EPOCHS] = {2, 1.5, 1.2, 1.2, 1.3, 1.1, 1.1, 1.1, 1.1, 1.2, 1.2, 1.2};
    static const double accuracy[EPOCHS] = {0.1, 0.5, 0.7, 0.7, 0.6, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7};
    size_t epoch = number / STEPS, within = number % STEPS;
    return (nn_moment){
        .size = sizeof(nn_moment),
        .epoch = epoch,
        .epochs = EPOCHS,
        .step = number,
        .steps_per_epoch = STEPS,
        .epoch_fraction = (double)epoch + (double)within / STEPS,
        .history_count = epoch,
        .train_cost = cost,
        .validation_cost = history == 0 ? cost : NULL,
        .train_accuracy = history < 2 ? accuracy : NULL,
        .validation_accuracy = history == 0 ? accuracy : NULL,
    };
}

static double factor(const nn_component *component, size_t number, int history)
{
    nn_moment m = moment(number, history);
    nn__scene_call("factor()",
                   history == 1 ? "validation_cost and validation_accuracy are NULL in a run without validation"
                   : history == 2 ? "a run without validation and classes has train_cost alone; the rest is NULL"
                                  : NULL);
    return ((const nn_schedule *)component->ops)->factor(component->self, &m);
}

static const nn_component *any(const nn__instance *instance)
{
    return instance->component[instance->component[1] != NULL];
}

static void pure(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        for (int history = 0; history < HISTORIES; history++) {
            double forwards[MOMENTS];
            for (size_t i = 0; i < MOMENTS; i++) {
                forwards[i] = factor(any(instance), i, history);
            }
            for (size_t k = 0; k < MOMENTS; k++) {
                size_t i = (MOMENTS - 1 - k) * 37 % MOMENTS; /* neither in order nor backwards */
                double again = factor(any(instance), i, history);
                if (again != forwards[i]) {
                    nn__check_fail(subject, "%s: at step %zu it gives %.9g, and %.9g when asked again in "
                                   "another order", instance->label, i, forwards[i], again);
                }
            }
        }
    }
}

static void stays_finite(nn__subject *subject)
{
    double most = 0;
    NN__EACH_INSTANCE(subject, instance) {
        for (int history = 0; history < HISTORIES; history++) {
            for (size_t i = 0; i < MOMENTS; i++) {
                double f = factor(any(instance), i, history);
                most = fmax(most, f);
                if (!(isfinite(f) && f >= 0)) {
                    nn__check_fail(subject, "%s: at step %zu of %d the factor is %g", instance->label, i,
                                   MOMENTS, f);
                }
            }
        }
    }
    nn__check_figure(subject, "factors up to %.3g", most);
}

/* The host asks once an epoch where NN_PER_STEP is not set. */
static void per_step(nn__subject *subject)
{
    bool promised = (subject->plugin->about->flags & NN_PER_STEP) != 0;
    if (promised) {
        nn__check_skip(subject, "it is asked at every step");
        return;
    }
    NN__EACH_INSTANCE(subject, instance) {
        for (size_t i = 0; i < MOMENTS; i++) {
            if (factor(any(instance), i, 0) != factor(any(instance), i / STEPS * STEPS, 0)) {
                nn__check_fail(subject, "%s: the factor changes within epoch %zu; set NN_PER_STEP",
                               instance->label, i / STEPS);
            }
        }
    }
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    (void)worst; /* a factor that differs fails, by however much */
    for (size_t i = 0; i < MOMENTS; i++) {
        double narrow = factor(instance->component[0], i, 0);
        double wide = factor(instance->component[1], i, 0);
        if (!(fabs(narrow - wide) <= 1e-6 * fmax(1, fabs(wide)))) {
            nn__check_fail(subject, "%s: at step %zu the factor is %.9g in float32 and %.9g in float64",
                           instance->label, i, narrow, wide);
        }
    }
}

static void precision(nn__subject *subject)
{
    nn__compare_precisions(subject, compare_precisions);
}

const nn__check *nn__checks_schedule(size_t *count)
{
    static const nn__check checks[] = {
        {"pure", pure, true, "A schedule has no hidden state: the same moment gives the same factor.",
         "factor()"},
        {"finite", stays_finite, true, "The factor is finite and >= 0, with and without validation and "
                                       "classes.",
         "factor()"},
        {"per_step", per_step, true, "NN_PER_STEP: the factor changes within an epoch.",
         "factor()"},
        {"precision", precision, true, "Both precisions come from one source and mean the same.",
         "factor()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
