/* SPDX-License-Identifier: MIT */
#include "run/contract_optimizer_descent.h"

#include <stdio.h>
#include <string.h>

enum { N = NN__WEIGHTS };

nn__descent nn__descent_create(nn__subject *subject, const nn__instance *instance, unsigned bits)
{
    const nn_component *component = instance->component[nn__slot(bits)];
    nn__descent descent = {.ops = component->ops, .self = component->self, .bits = bits};
    static const char *const slot_names[] = {"slot[0]", "slot[1]", "slot[2]", "slot[3]",
                                             "slot[4]", "slot[5]", "slot[6]", "slot[7]"};
    _Static_assert(NN_SLOTS_MAX <= 8, "a name for each slot");
    const char *names[NN_SLOTS_MAX] = {0};
    descent.w = nn__reals_create(subject, bits, N, "w");
    descent.g = nn__reals_create(subject, bits, N, "g");
    nn__scene_call("slots()", NULL);
    descent.slot_count = descent.ops->slots == NULL ? 0 : descent.ops->slots(descent.self, names);
    nn__scene_call("scalars()", NULL);
    descent.scalar_count = descent.ops->scalars == NULL ? 0 : descent.ops->scalars(descent.self, names);
    if (descent.slot_count > NN_SLOTS_MAX || descent.scalar_count > NN_SCALARS_MAX) {
        nn__check_fail(subject, "%s: it names %zu slots and %zu scalars, more than %d", instance->label,
                       descent.slot_count, descent.scalar_count, NN_SLOTS_MAX);
        descent.slot_count = descent.scalar_count = 0;
    }
    if (descent.slot_count == 0) {
        snprintf(descent.absent, sizeof descent.absent, "it names no slots(), so that slot[0] is NULL");
    } else {
        snprintf(descent.absent, sizeof descent.absent, "it has %zu slot%s; slot[%zu] is NULL", descent.slot_count,
                 descent.slot_count == 1 ? "" : "s", descent.slot_count);
    }
    for (size_t k = 0; k < descent.slot_count; k++) {
        descent.slots[k] = nn__reals_create(subject, bits, N, slot_names[k]);
        for (size_t i = 0; i < N; i++) {
            nn__real_set(&descent.slots[k], i, 0);
        }
    }
    nn__scene_call("rate()", NULL);
    descent.step = (nn_step){.size = sizeof descent.step, .rate = descent.ops->rate(descent.self)};
    for (size_t i = 0; i < N; i++) {
        nn__real_set(&descent.w, i, nn__check_uniform(i, -1, 1));
        nn__real_set(&descent.g, i, 0);
    }
    return descent;
}

void nn__descent_begin(nn__descent *descent)
{
    descent->step.t++;
    descent->step.scalars = descent->scalars;
    if (descent->ops->begin != NULL) {
        nn__scene_call("begin()", NULL);
        descent->ops->begin(descent->self, &descent->step);
    }
}

void nn__descent_update(const nn__descent *descent, size_t first, size_t n)
{
    void *slots[NN_SLOTS_MAX] = {0};
    for (size_t k = 0; k < descent->slot_count; k++) {
        slots[k] = nn__real_at(&descent->slots[k], first);
    }
    /* nn_real is the name of the buffer's type, whichever of the two it is. */
    nn_real *typed[NN_SLOTS_MAX];
    for (size_t k = 0; k < NN_SLOTS_MAX; k++) {
        typed[k] = slots[k];
    }
    nn__scene_call("update()", descent->absent);
    descent->ops->update(descent->self, &descent->step, n, nn__real_at(&descent->w, first),
                      nn__real_at(&descent->g, first), typed);
}

void nn__descent_draw(const nn__descent *descent)
{
    for (size_t i = 0; i < N; i++) {
        double g = nn__check_uniform(1000 + descent->step.t * N + i, -1, 1);
        g *= i % 7 == 0 ? 0 : i % 5 == 0 ? 1e-3 : 1;
        nn__real_set(&descent->g, i, (double)(float)g);
    }
}

void nn__descent_steps(nn__descent *descent, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        nn__descent_begin(descent);
        nn__descent_draw(descent);
        nn__descent_update(descent, 0, N);
    }
}

bool nn__descent_same(const nn__descent *a, const nn__descent *b)
{
    bool same = nn__reals_same(&a->w, &b->w)
             && memcmp(a->scalars, b->scalars, a->scalar_count * sizeof a->scalars[0]) == 0;
    for (size_t k = 0; same && k < a->slot_count; k++) {
        same = nn__reals_same(&a->slots[k], &b->slots[k]);
    }
    return same;
}
