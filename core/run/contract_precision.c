/* SPDX-License-Identifier: MIT */
#include "run/contract_precision.h"

#include <math.h>

bool nn__needs_double(nn__subject *subject)
{
    if (subject->instances[0].component[nn__slot(64)] == NULL) {
        nn__check_skip(subject, "it has no float64 variant");
        return false;
    }
    return true;
}

void nn__compare_reals(nn__subject *subject, double *worst, const nn__reals *found, const nn__reals *expected,
                       double most, const nn__instance *instance, const char *what)
{
    for (size_t i = 0; i < found->n; i++) {
        double x = nn__real_get(expected, i);
        nn__check_worst(subject, worst, fabs(nn__real_get(found, i) - x) / fmax(1, fabs(x)), most, instance,
                        what, i);
    }
}

void nn__compare_precisions(nn__subject *subject, nn__compare *compare)
{
    double worst = 0;
    nn_component *const *first = subject->instances[0].component;
    if (first[nn__slot(32)] == NULL || first[nn__slot(64)] == NULL) {
        nn__check_skip(subject, "it has one precision alone");
        return;
    }
    NN__EACH_INSTANCE(subject, instance) {
        compare(subject, instance, &worst);
    }
}
