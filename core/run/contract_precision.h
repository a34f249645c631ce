/* SPDX-License-Identifier: MIT */
/* What the checks share that look at each of a component's precisions, or hold one against the other. */
#ifndef NN_RUN_CONTRACT_PRECISION_H
#define NN_RUN_CONTRACT_PRECISION_H

#include "run/contract_check.h"

#include <float.h>

/* Each precision the instance has. */
#define NN__EACH_PRECISION(instance, bits)                                                         \
    for (unsigned bits = 32; bits <= 64; bits += 32)                                               \
        if ((instance)->component[nn__slot(bits)] != NULL)

static inline double nn__epsilon(unsigned bits)
{
    return bits == 64 ? DBL_EPSILON : (double)FLT_EPSILON;
}

/* 64 where the instance has that variant. */
static inline unsigned nn__widest(const nn__instance *instance)
{
    return instance->component[nn__slot(64)] != NULL ? 64 : 32;
}

/* Skips the check of a component without float64, which alone is exact enough for differences. */
bool nn__needs_double(nn__subject *subject);

/* Holds `found` against `expected` by nn__check_worst(), relative to numbers beyond 1. */
void nn__compare_reals(nn__subject *subject, double *worst, const nn__reals *found, const nn__reals *expected,
                       double most, const nn__instance *instance, const char *what);

/* Holds float32 against float64 with one set of parameters; *worst goes from set to set. */
typedef void nn__compare(nn__subject *subject, const nn__instance *instance, double *worst);
/* The check `precision` of every kind: each set in turn; skips a component that has one precision alone. */
void nn__compare_precisions(nn__subject *subject, nn__compare *compare);

#endif
