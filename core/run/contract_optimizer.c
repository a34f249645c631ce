/* SPDX-License-Identifier: MIT */
#include "run/contract_optimizer_descent.h"
#include "run/contract_precision.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = NN__WEIGHTS, THREADS = 4, BOWL_STEPS = 2000 };

/* Lower-case names, each once. */
static void names(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        const nn_component *component = instance->component[instance->component[1] != NULL];
        const nn_optimizer *ops = component->ops;
        const char *found[NN_SLOTS_MAX + NN_SCALARS_MAX] = {0};
        nn__scene_call("slots()", NULL);
        size_t slots = ops->slots == NULL ? 0 : ops->slots(component->self, found);
        if (slots > NN_SLOTS_MAX) {
            nn__check_fail(subject, "%s: %zu slots, at most %d are allowed", instance->label, slots,
                           NN_SLOTS_MAX);
            return;
        }
        nn__scene_call("scalars()", NULL);
        size_t scalars = ops->scalars == NULL ? 0 : ops->scalars(component->self, found + slots);
        if (scalars > NN_SCALARS_MAX) {
            nn__check_fail(subject, "%s: %zu scalars, at most %d are allowed", instance->label, scalars,
                           NN_SCALARS_MAX);
            return;
        }
        if (scalars > 0 && ops->begin == NULL) {
            nn__check_fail(subject, "%s: it declares scalars, which begin() alone may write, but has no "
                           "begin()", instance->label);
        }
        for (size_t i = 0; i < slots + scalars; i++) {
            const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
            if (found[i] == NULL || found[i][0] == '\0' || strspn(found[i], allowed) != strlen(found[i])) {
                nn__check_fail(subject, "%s: \"%s\" is no name for a slot", instance->label,
                               found[i] == NULL ? "" : found[i]);
                return;
            }
            for (size_t j = 0; j < i; j++) {
                if (strcmp(found[i], found[j]) == 0) {
                    nn__check_fail(subject, "%s: two slots are called \"%s\"", instance->label, found[i]);
                }
            }
        }
        nn__check_figure(subject, "%zu slots, %zu scalars", slots, scalars);
    }
}

/* f(w) = sum k_i (w_i - c_i)^2 / 2 */
static double bowl(const nn__descent *descent, bool set)
{
    double sum = 0;
    for (size_t i = 0; i < N; i++) {
        double k = nn__check_uniform(5000 + i, 0.5, 2), c = nn__check_uniform(6000 + i, -1, 1);
        double d = nn__real_get(&descent->w, i) - c;
        sum += k * d * d / 2;
        if (set) {
            nn__real_set(&descent->g, i, k * d);
        }
    }
    return sum;
}

static void descends(nn__subject *subject)
{
    double worst = 0;
    NN__EACH_INSTANCE(subject, instance) {
        if (instance->tuned) {
            continue; /* the author vouches for the defaults, not for any step size */
        }
        NN__EACH_PRECISION(instance, bits) {
            nn__descent descent = nn__descent_create(subject, instance, bits);
            double start = bowl(&descent, false);
            for (size_t k = 0; k < BOWL_STEPS; k++) {
                nn__descent_begin(&descent);
                bowl(&descent, true);
                nn__descent_update(&descent, 0, N);
            }
            double share = bowl(&descent, false) / start;
            if (!(share <= worst)) {
                worst = share;
                nn__check_figure(subject, "%.2g of the height is left, at most 0.9", share);
            }
            if (!(share <= 0.9)) {
                nn__check_fail(subject, "%s, float%u: after %d steps down a convex bowl %.3g of the height is "
                               "left", instance->label, bits, BOWL_STEPS, share);
            }
        }
    }
}

/* The host scales step->rate by the schedule: a step of twice the rate is another step. */
static void obeys_rate(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            nn__descent once = nn__descent_create(subject, instance, bits);
            nn__descent twice = nn__descent_create(subject, instance, bits);
            nn__descent start = nn__descent_create(subject, instance, bits);
            twice.step.rate *= 2;
            nn__descent_steps(&once, 3);
            nn__descent_steps(&twice, 3);
            if (!nn__reals_same(&once.w, &start.w) && nn__reals_same(&once.w, &twice.w)) {
                nn__check_fail(subject, "%s, float%u: with step->rate %g and %g update() takes the same steps; "
                               "it must use step->rate, in which the schedule is, not the rate in self",
                               instance->label, bits, once.step.rate, twice.step.rate);
            }
        }
    }
}

static void split(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            for (size_t cut = 1; cut < N; cut += 5) {
                nn__descent whole = nn__descent_create(subject, instance, bits);
                nn__descent parts = nn__descent_create(subject, instance, bits);
                for (size_t k = 0; k < 4; k++) {
                    nn__descent_begin(&whole);
                    nn__descent_begin(&parts);
                    nn__descent_draw(&whole);
                    nn__descent_draw(&parts);
                    nn__descent_update(&whole, 0, N);
                    nn__descent_update(&parts, cut, N - cut); /* in whatever order */
                    nn__descent_update(&parts, 0, cut);
                }
                if (!nn__descent_same(&whole, &parts)) {
                    nn__check_fail(subject, "%s, float%u: cut behind element %zu it gives other bits than "
                                   "whole", instance->label, bits, cut);
                }
            }
        }
    }
}

static void resumes(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            nn__descent unbroken = nn__descent_create(subject, instance, bits);
            nn__descent_steps(&unbroken, 5);
            nn__descent resumed = nn__descent_create(subject, instance, bits);
            nn__reals_copy(&resumed.w, &unbroken.w);
            for (size_t k = 0; k < resumed.slot_count; k++) {
                nn__reals_copy(&resumed.slots[k], &unbroken.slots[k]);
            }
            memcpy(resumed.scalars, unbroken.scalars, resumed.scalar_count * sizeof resumed.scalars[0]);
            resumed.step.t = unbroken.step.t;
            nn__descent_steps(&unbroken, 5);
            /* Another network in between, and another run of the process: whatever is kept elsewhere than in
             * slots and scalars is lost or wrong by now. */
            nn__descent other = nn__descent_create(subject, instance, bits);
            nn__descent_steps(&other, 3);
            nn_component *component = instance->component[nn__slot(bits)];
            nn__scene_call("destroy()", NULL);
            nn_component_finish(component);
            nn__scene_call("create()", NULL);
            if (nn_component_create(component, &subject->shape) != NN_OK) {
                nn__check_fail(subject, "%s: it can't be created a second time", instance->label);
                return;
            }
            nn__descent_steps(&resumed, 5);
            if (!nn__descent_same(&unbroken, &resumed)) {
                nn__check_fail(subject, "%s, float%u: saved and restored after 5 steps it goes on otherwise "
                               "than unbroken", instance->label, bits);
            }
        }
    }
}

static void affine(nn__subject *subject)
{
    double worst = 0;
    const nn_optimizer *first = subject->instances[0].component[subject->instances[0].component[1] != NULL]->ops;
    if (first->affine == NULL) {
        nn__check_skip(subject, "it has no affine()");
        return;
    }
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            nn__descent descent = nn__descent_create(subject, instance, bits);
            for (size_t t = 0; t < 5; t++) {
                double w[N], s[N];
                nn_affine form;
                nn__descent_begin(&descent);
                nn__descent_draw(&descent);
                nn__scene_call("affine()", NULL);
                if (!descent.ops->affine(descent.self, &descent.step, &form)) {
                    break;
                }
                if (descent.slot_count > 1) {
                    nn__check_fail(subject, "%s: affine() holds with at most one slot, it has %zu",
                                   instance->label, descent.slot_count);
                    return;
                }
                for (size_t i = 0; i < N; i++) {
                    double w0 = nn__real_get(&descent.w, i), g = nn__real_get(&descent.g, i);
                    double s0 = descent.slot_count == 1 ? nn__real_get(&descent.slots[0], i) : 0;
                    w[i] = form.a[0][0] * w0 + form.a[0][1] * s0 + form.b[0] * g;
                    s[i] = form.a[1][0] * w0 + form.a[1][1] * s0 + form.b[1] * g;
                }
                nn__descent_update(&descent, 0, N);
                for (size_t i = 0; i < N; i++) {
                    double most = 64 * nn__epsilon(bits), dw = fabs(nn__real_get(&descent.w, i) - w[i]);
                    double ds = descent.slot_count == 1 ? fabs(nn__real_get(&descent.slots[0], i) - s[i]) : 0;
                    nn__check_worst(subject, &worst, fmax(dw, ds), most, instance, "affine() against update()",
                                    i);
                }
            }
        }
    }
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    nn__descent narrow = nn__descent_create(subject, instance, 32);
    nn__descent wide = nn__descent_create(subject, instance, 64);
    nn__descent_steps(&narrow, 5);
    nn__descent_steps(&wide, 5);
    nn__compare_reals(subject, worst, &narrow.w, &wide.w, 5 * 64 * (double)FLT_EPSILON, instance,
                      "float32 against float64 after 5 steps");
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
        NN__EACH_PRECISION(instance, bits) {
            nn__descent first = {0};
            for (int isa = NN_ISA_ANY; isa <= (int)subject->isa; isa++) {
                const void *ops = nn__check_ops(subject, bits, (nn_isa)isa);
                if (ops == NULL) {
                    continue;
                }
                nn__descent descent = nn__descent_create(subject, instance, bits);
                descent.ops = ops;
                nn__descent_steps(&descent, 5);
                if (first.ops == NULL) {
                    first = descent;
                    continue;
                }
                compared++;
                nn__compare_reals(subject, &worst, &descent.w, &first.w, 5 * 64 * nn__epsilon(bits), instance,
                                  "another instruction set after 5 steps");
            }
        }
    }
    if (compared == 0) {
        nn__check_skip(subject, "it is built for one instruction set");
    }
}

static void stays_finite(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            double tiny = bits == 64 ? DBL_MIN / 8 : (double)FLT_MIN / 8;
            const double gradients[] = {0.0, -0.0, tiny, -tiny, 1e4, -1e4, 1};
            nn__descent descent = nn__descent_create(subject, instance, bits);
            for (size_t k = 0; k < 5; k++) {
                nn__descent_begin(&descent);
                for (size_t i = 0; i < N; i++) {
                    nn__real_set(&descent.g, i, gradients[i % 7]);
                }
                nn__descent_update(&descent, 0, N);
            }
            for (size_t i = 0; i < N; i++) {
                bool finite_ = isfinite(nn__real_get(&descent.w, i));
                for (size_t k = 0; k < descent.slot_count; k++) {
                    finite_ = finite_ && isfinite(nn__real_get(&descent.slots[k], i));
                }
                if (!finite_) {
                    nn__check_fail(subject, "%s, float%u: with gradients of %g weights or slots are not finite "
                                   "after 5 steps", instance->label, bits, gradients[i % 7]);
                }
            }
        }
    }
}

/* Once with all that lies behind the buffers out of bounds, once what lies before them. */
static void check_bounds(nn__subject *subject, const nn__instance *instance, unsigned bits)
{
    nn__descent descent = nn__descent_create(subject, instance, bits);
    nn__descent before = nn__descent_create(subject, instance, bits);
    for (size_t k = 0; k < 3; k++) {
        nn__descent_begin(&descent);
        nn__descent_draw(&descent);
        nn__reals_copy(&before.g, &descent.g);
        nn__descent_update(&descent, 0, N);
    }
    bool intact = nn__reals_intact(&descent.w) && nn__reals_intact(&descent.g);
    for (size_t k = 0; k < descent.slot_count; k++) {
        intact = intact && nn__reals_intact(&descent.slots[k]);
    }
    for (size_t k = descent.scalar_count; k < NN_SCALARS_MAX; k++) {
        if (descent.scalars[k] != 0) {
            nn__check_fail(subject, "%s: it writes scalars[%zu], but scalars() names %zu: what has no name is in no "
                           "checkpoint; set .scalars", instance->label, k, descent.scalar_count);
        }
    }
    if (!intact) {
        nn__check_fail(subject, "%s: it writes outside its n elements", instance->label);
    }
    if (!nn__reals_same(&descent.g, &before.g)) {
        nn__check_fail(subject, "%s: it changes the gradient, which it may only read", instance->label);
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
    nn__descent descents[THREADS], expected[THREADS];
};

static void run_race(void *context, size_t thread)
{
    nn__descent_steps(&((struct race *)context)->descents[thread], 100);
}

static void concurrent(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct race race;
        unsigned bits = nn__widest(instance);
        for (size_t t = 0; t < THREADS; t++) {
            race.descents[t] = nn__descent_create(subject, instance, bits);
            race.expected[t] = nn__descent_create(subject, instance, bits);
            for (size_t i = 0; i < N; i++) {
                nn__real_set(&race.descents[t].w, i, (double)(t + 1));
                nn__real_set(&race.expected[t].w, i, (double)(t + 1));
            }
            nn__descent_steps(&race.expected[t], 100);
        }
        nn__check_concurrently(subject, run_race, &race);
        for (size_t t = 0; t < THREADS; t++) {
            if (!nn__descent_same(&race.descents[t], &race.expected[t])) {
                nn__check_fail(subject, "%s: on several threads it gives other numbers than on one",
                               instance->label);
            }
        }
    }
}

const nn__check *nn__checks_optimizer(size_t *count)
{
    static const nn__check checks[] = {
        {"slots", names, true, "An optimizer names its slots, which may depend on its parameters; scalars "
                               "that must survive a resume are declared like slots.",
         "slots() scalars()"},
        {"descends", descends, true, "An optimizer goes down a convex bowl.",
         "slots() scalars() rate() begin() update()"},
        {"rate", obeys_rate, true, "step->rate is rate() times the schedule's factor; update() uses it.",
         "slots() scalars() rate() begin() update()"},
        {"split", split, true, "update(self, step, n, w, g, slot[]) is elementwise.",
         "slots() scalars() rate() begin() update()"},
        {"resumes", resumes, true, "All of the state lives in slots and scalars: saved and restored equals "
                                   "unbroken.",
         "slots() scalars() rate() begin() update()"},
        {"affine", affine, true, "Optional affine(): the update as w', s' = A (w, s) + b g.",
         "slots() scalars() rate() begin() update() affine()"},
        {"precision", precision, true, "Both precisions come from one source and mean the same.",
         "slots() scalars() rate() begin() update()"},
        {"instructions", instructions, true, "Each instruction set gives what the others give, up to "
                                             "rounding.",
         "slots() scalars() rate() begin() update()"},
        {"finite", stays_finite, true, "Finite with gradients of +-1e4, +-0 and subnormal numbers.",
         "slots() scalars() rate() begin() update()"},
        {"bounds", bounds, true, "Buffers are contiguous, without padding; the gradient is read only.",
         "slots() scalars() rate() begin() update()"},
        {"concurrent", concurrent, true, "Called by several threads at once; a plugin keeps no static "
                                         "state.",
         "slots() scalars() rate() begin() update()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
