/* SPDX-License-Identifier: MIT */
#include <nnrun/optimizer.h>

#include "faulty.h"

enum {
    NONE, SLOTS, DESCENDS, SPLIT, RESUMES, AFFINE, PRECISION, INSTRUCTIONS, FINITE, BOUNDS, READ_ONLY, CONCURRENT,
    RATE, SLOT, SCALAR, TWICE, MANY, MANY_SCALARS, TWO_SLOTS, AGAIN
};
static const char *const faults[] = {
    "none", "slots", "descends", "split", "resumes", "affine", "precision", "instructions", "finite", "bounds",
    "read_only", "concurrent", "rate", "slot", "scalar", "twice", "many", "many_scalars", "two_slots", "again", 0,
};
FAULTY_PARAMS(faults);

static nn_real kept[4096]; /* what a plugin must not have */
static volatile unsigned turns;
static bool destroyed;

static size_t slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    const int64_t fault = fault_of(self);
    names[0] = fault == SLOTS ? "Momentum!" : "momentum";
    names[1] = fault == TWICE ? "momentum" : "another";
    return fault == MANY ? NN_SLOTS_MAX + 1 : fault == TWICE || fault == TWO_SLOTS ? 2 : 1;
}

static size_t scalars(const void *self, const char *names[NN_SCALARS_MAX])
{
    (void)names;
    return fault_of(self) == MANY_SCALARS ? NN_SCALARS_MAX + 1 : 0;
}

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    bool again = fault_of(self) == AGAIN && destroyed;
    return again ? host->fail(host, NN_ERR_PARAM, "it was here before") : NN_OK;
}

static void destroy(const nn_host *host, void *self)
{
    (void)host;
    (void)self;
    destroyed = true;
}

/* Momentum, bent by the fault. */
FAULTY_BARE static void update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                   nn_real *const *slot)
{
    const int64_t fault = fault_of(self);
    const unsigned turn = fault == CONCURRENT ? turns++ : 0; /* what a call gives hangs on those before */
    nn_real *v = slot[0];
    for (size_t i = 0; i < n; i++) {
        nn_real *memory = fault == RESUMES ? &kept[i] : &v[i];
        if (step->t == 1 && fault == RESUMES) {
            kept[i] = 0;
        }
        *memory = NN_R(0.5) * *memory + g[i];
        nn_real d = *memory;
        d += fault == CONCURRENT && turn % 3 == 0 ? NN_R(0.01) : 0;
        d = fault == SPLIT ? d + g[0] : d;
        d *= fault == DESCENDS ? -1 : 1;
        d *= (fault == PRECISION && NN_REAL_BITS == 32) || (fault == INSTRUCTIONS && BETTER_ISA) ? 2 : 1;
        d = fault == FINITE ? d / nn_fabs(g[i]) : d;
        w[i] -= fault == RATE ? NN_R(0.01) * d : (nn_real)step->rate * d;
    }
    if (fault == SLOT) {
        ((volatile nn_real *)slot[1])[0] = 1;
    }
    if (fault == BOUNDS) {
        v[n] = 0;
    }
    if (fault == READ_ONLY) {
        ((nn_real *)(uintptr_t)g)[1] += 1;
    }
}

static void begin(const void *self, const nn_step *step)
{
    if (fault_of(self) == SCALAR) {
        step->scalars[0] = (double)step->t; /* which nobody has named */
    }
}

static double rate(const void *self)
{
    (void)self;
    return 0.01;
}

static bool affine(const void *self, const nn_step *step, nn_affine *out)
{
    double wrong = fault_of(self) == AFFINE ? 1.01 : 1;
    *out = (nn_affine){.a = {{1, -step->rate * 0.5}, {0, 0.5}}, .b = {-step->rate * wrong, 1}};
    return true;
}

NN_OPTIMIZER {
    FAULTY_ABOUT,
    .create = create,
    .destroy = destroy,
    .slots = slots,
    .scalars = scalars,
    .update = update,
    .begin = begin,
    .rate = rate,
    .affine = affine,
};
