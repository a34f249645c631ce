/* SPDX-License-Identifier: MIT */
#include "run/contract_precision.h"

#include <nnrun/optimizer.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 61, THREADS = 4, BOWL_STEPS = 2000 };

/* An optimizer at work on N weights. */
struct work {
    const nn_optimizer *ops;
    const void *self;
    unsigned bits;
    nn__reals w, g, slots[NN_SLOTS_MAX];
    size_t slot_count, scalar_count;
    double scalars[NN_SCALARS_MAX];
    nn_step step;
    char absent[64]; /* what is NULL to update() */
};

static struct work make(nn__subject *subject, const nn__instance *instance, unsigned bits)
{
    const nn_component *component = instance->component[nn__slot(bits)];
    struct work work = {.ops = component->ops, .self = component->self, .bits = bits};
    static const char *const slot_names[] = {"slot[0]", "slot[1]", "slot[2]", "slot[3]",
                                             "slot[4]", "slot[5]", "slot[6]", "slot[7]"};
    _Static_assert(NN_SLOTS_MAX <= 8, "a name for each slot");
    const char *names[NN_SLOTS_MAX] = {0};
    work.w = nn__reals_create(subject, bits, N, "w");
    work.g = nn__reals_create(subject, bits, N, "g");
    nn__scene_call("slots()", NULL);
    work.slot_count = work.ops->slots == NULL ? 0 : work.ops->slots(work.self, names);
    nn__scene_call("scalars()", NULL);
    work.scalar_count = work.ops->scalars == NULL ? 0 : work.ops->scalars(work.self, names);
    if (work.slot_count > NN_SLOTS_MAX || work.scalar_count > NN_SCALARS_MAX) {
        nn__check_fail(subject, "%s: it names %zu slots and %zu scalars, more than %d", instance->label,
                       work.slot_count, work.scalar_count, NN_SLOTS_MAX);
        work.slot_count = work.scalar_count = 0;
    }
    if (work.slot_count == 0) {
        snprintf(work.absent, sizeof work.absent, "it names no slots(), so that slot[0] is NULL");
    } else {
        snprintf(work.absent, sizeof work.absent, "it has %zu slot%s; slot[%zu] is NULL", work.slot_count,
                 work.slot_count == 1 ? "" : "s", work.slot_count);
    }
    for (size_t k = 0; k < work.slot_count; k++) {
        work.slots[k] = nn__reals_create(subject, bits, N, slot_names[k]);
        for (size_t i = 0; i < N; i++) {
            nn__real_set(&work.slots[k], i, 0);
        }
    }
    nn__scene_call("rate()", NULL);
    work.step = (nn_step){.size = sizeof work.step, .rate = work.ops->rate(work.self)};
    for (size_t i = 0; i < N; i++) {
        nn__real_set(&work.w, i, nn__check_uniform(i, -1, 1));
        nn__real_set(&work.g, i, 0);
    }
    return work;
}

/* begin() of the next step. */
static void begin(struct work *work)
{
    work->step.t++;
    work->step.scalars = work->scalars;
    if (work->ops->begin != NULL) {
        nn__scene_call("begin()", NULL);
        work->ops->begin(work->self, &work->step);
    }
}

static void update(const struct work *work, size_t first, size_t n)
{
    void *slots[NN_SLOTS_MAX] = {0};
    for (size_t k = 0; k < work->slot_count; k++) {
        slots[k] = nn__real_at(&work->slots[k], first);
    }
    /* nn_real is the name of the buffer's type, whichever of the two it is. */
    nn_real *typed[NN_SLOTS_MAX];
    for (size_t k = 0; k < NN_SLOTS_MAX; k++) {
        typed[k] = slots[k];
    }
    nn__scene_call("update()", work->absent);
    work->ops->update(work->self, &work->step, n, nn__real_at(&work->w, first),
                      nn__real_at(&work->g, first), typed);
}

/* A gradient that depends on the step alone, some of it zero, some of it small. */
static void set_gradient(const struct work *work)
{
    for (size_t i = 0; i < N; i++) {
        double g = nn__check_uniform(1000 + work->step.t * N + i, -1, 1);
        g *= i % 7 == 0 ? 0 : i % 5 == 0 ? 1e-3 : 1;
        nn__real_set(&work->g, i, (double)(float)g);
    }
}

static void take_steps(struct work *work, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        begin(work);
        set_gradient(work);
        update(work, 0, N);
    }
}

static bool same_state(const struct work *a, const struct work *b)
{
    bool same = nn__reals_same(&a->w, &b->w)
             && memcmp(a->scalars, b->scalars, a->scalar_count * sizeof a->scalars[0]) == 0;
    for (size_t k = 0; same && k < a->slot_count; k++) {
        same = nn__reals_same(&a->slots[k], &b->slots[k]);
    }
    return same;
}

/* ---- Checks ---- */

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
static double bowl(const struct work *work, bool set)
{
    double sum = 0;
    for (size_t i = 0; i < N; i++) {
        double k = nn__check_uniform(5000 + i, 0.5, 2), c = nn__check_uniform(6000 + i, -1, 1);
        double d = nn__real_get(&work->w, i) - c;
        sum += k * d * d / 2;
        if (set) {
            nn__real_set(&work->g, i, k * d);
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
            struct work work = make(subject, instance, bits);
            double start = bowl(&work, false);
            for (size_t k = 0; k < BOWL_STEPS; k++) {
                begin(&work);
                bowl(&work, true);
                update(&work, 0, N);
            }
            double share = bowl(&work, false) / start;
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
            struct work once = make(subject, instance, bits), twice = make(subject, instance, bits);
            struct work start = make(subject, instance, bits);
            twice.step.rate *= 2;
            take_steps(&once, 3);
            take_steps(&twice, 3);
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
                struct work whole = make(subject, instance, bits), parts = make(subject, instance, bits);
                for (size_t k = 0; k < 4; k++) {
                    begin(&whole);
                    begin(&parts);
                    set_gradient(&whole);
                    set_gradient(&parts);
                    update(&whole, 0, N);
                    update(&parts, cut, N - cut); /* in whatever order */
                    update(&parts, 0, cut);
                }
                if (!same_state(&whole, &parts)) {
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
            struct work unbroken = make(subject, instance, bits);
            take_steps(&unbroken, 5);
            struct work resumed = make(subject, instance, bits);
            nn__reals_copy(&resumed.w, &unbroken.w);
            for (size_t k = 0; k < resumed.slot_count; k++) {
                nn__reals_copy(&resumed.slots[k], &unbroken.slots[k]);
            }
            memcpy(resumed.scalars, unbroken.scalars, resumed.scalar_count * sizeof resumed.scalars[0]);
            resumed.step.t = unbroken.step.t;
            take_steps(&unbroken, 5);
            /* Another network in between, and another run of the process: whatever is kept elsewhere than in
             * slots and scalars is lost or wrong by now. */
            struct work other = make(subject, instance, bits);
            take_steps(&other, 3);
            nn_component *component = instance->component[nn__slot(bits)];
            nn__scene_call("destroy()", NULL);
            nn_component_finish(component);
            nn__scene_call("create()", NULL);
            if (nn_component_create(component, &subject->shape) != NN_OK) {
                nn__check_fail(subject, "%s: it can't be created a second time", instance->label);
                return;
            }
            take_steps(&resumed, 5);
            if (!same_state(&unbroken, &resumed)) {
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
            struct work work = make(subject, instance, bits);
            for (size_t t = 0; t < 5; t++) {
                double w[N], s[N];
                nn_affine form;
                begin(&work);
                set_gradient(&work);
                nn__scene_call("affine()", NULL);
                if (!work.ops->affine(work.self, &work.step, &form)) {
                    break;
                }
                if (work.slot_count > 1) {
                    nn__check_fail(subject, "%s: affine() holds with at most one slot, it has %zu",
                                   instance->label, work.slot_count);
                    return;
                }
                for (size_t i = 0; i < N; i++) {
                    double w0 = nn__real_get(&work.w, i), g = nn__real_get(&work.g, i);
                    double s0 = work.slot_count == 1 ? nn__real_get(&work.slots[0], i) : 0;
                    w[i] = form.a[0][0] * w0 + form.a[0][1] * s0 + form.b[0] * g;
                    s[i] = form.a[1][0] * w0 + form.a[1][1] * s0 + form.b[1] * g;
                }
                update(&work, 0, N);
                for (size_t i = 0; i < N; i++) {
                    double most = 64 * nn__epsilon(bits), dw = fabs(nn__real_get(&work.w, i) - w[i]);
                    double ds = work.slot_count == 1 ? fabs(nn__real_get(&work.slots[0], i) - s[i]) : 0;
                    nn__check_worst(subject, &worst, fmax(dw, ds), most, instance, "affine() against update()",
                                    i);
                }
            }
        }
    }
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    struct work narrow = make(subject, instance, 32), wide = make(subject, instance, 64);
    take_steps(&narrow, 5);
    take_steps(&wide, 5);
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
            struct work first = {0};
            for (int isa = NN_ISA_ANY; isa <= (int)subject->isa; isa++) {
                const void *ops = nn__check_ops(subject, bits, (nn_isa)isa);
                if (ops == NULL) {
                    continue;
                }
                struct work work = make(subject, instance, bits);
                work.ops = ops;
                take_steps(&work, 5);
                if (first.ops == NULL) {
                    first = work;
                    continue;
                }
                compared++;
                nn__compare_reals(subject, &worst, &work.w, &first.w, 5 * 64 * nn__epsilon(bits), instance,
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
            struct work work = make(subject, instance, bits);
            for (size_t k = 0; k < 5; k++) {
                begin(&work);
                for (size_t i = 0; i < N; i++) {
                    nn__real_set(&work.g, i, gradients[i % 7]);
                }
                update(&work, 0, N);
            }
            for (size_t i = 0; i < N; i++) {
                bool finite_ = isfinite(nn__real_get(&work.w, i));
                for (size_t k = 0; k < work.slot_count; k++) {
                    finite_ = finite_ && isfinite(nn__real_get(&work.slots[k], i));
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
    struct work work = make(subject, instance, bits), before = make(subject, instance, bits);
    for (size_t k = 0; k < 3; k++) {
        begin(&work);
        set_gradient(&work);
        nn__reals_copy(&before.g, &work.g);
        update(&work, 0, N);
    }
    bool intact = nn__reals_intact(&work.w) && nn__reals_intact(&work.g);
    for (size_t k = 0; k < work.slot_count; k++) {
        intact = intact && nn__reals_intact(&work.slots[k]);
    }
    for (size_t k = work.scalar_count; k < NN_SCALARS_MAX; k++) {
        if (work.scalars[k] != 0) {
            nn__check_fail(subject, "%s: it writes scalars[%zu], but scalars() names %zu: what has no name is in no "
                           "checkpoint; set .scalars", instance->label, k, work.scalar_count);
        }
    }
    if (!intact) {
        nn__check_fail(subject, "%s: it writes outside its n elements", instance->label);
    }
    if (!nn__reals_same(&work.g, &before.g)) {
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
    struct work work[THREADS], expected[THREADS];
};

static void run_race(void *context, size_t thread)
{
    take_steps(&((struct race *)context)->work[thread], 100);
}

static void concurrent(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct race race;
        unsigned bits = nn__widest(instance);
        for (size_t t = 0; t < THREADS; t++) {
            race.work[t] = make(subject, instance, bits);
            race.expected[t] = make(subject, instance, bits);
            for (size_t i = 0; i < N; i++) {
                nn__real_set(&race.work[t].w, i, (double)(t + 1));
                nn__real_set(&race.expected[t].w, i, (double)(t + 1));
            }
            take_steps(&race.expected[t], 100);
        }
        nn__check_concurrently(subject, run_race, &race);
        for (size_t t = 0; t < THREADS; t++) {
            if (!same_state(&race.work[t], &race.expected[t])) {
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
