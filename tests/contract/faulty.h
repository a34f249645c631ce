/* SPDX-License-Identifier: MIT */
/* Plugins that are good until their parameter `fault` names the way in which they are not: one for each
 * check of core/run/contract*.c. */
#ifndef FAULTY_H
#define FAULTY_H

#include <nnrun/plugin.h>

struct faulty {
    int64_t fault;
    double bend;
};

/* A function whose bad addresses are for the checks to find, not for a sanitizer. */
#define FAULTY_BARE __attribute__((no_sanitize("undefined")))

#define FAULTY_PARAMS(choices_)                                                                    \
    static const nn_param params[] = {                                                             \
        NN_PARAM_CHOICE(struct faulty, fault, choices_, 0, 0, "What is wrong with it."),           \
        NN_PARAM_REAL(struct faulty, bend, 1, 0, 2, NN_OPEN_MAX, "", "What faults at an end look at."), \
        NN_PARAM_END,                                                                              \
    }

static inline int64_t fault_of(const void *self)
{
    return ((const struct faulty *)self)->fault;
}

/* Whether this object was compiled for more than the baseline. */
#ifdef __AVX2__
enum { BETTER_ISA = 1 };
#else
enum { BETTER_ISA = 0 };
#endif

#define FAULTY_ABOUT                                                                               \
    .name = "faulty", .summary = "Wrong on purpose.", .formula = "none", .reference = "none",      \
    .params = params, .self_size = sizeof(struct faulty)

#endif
