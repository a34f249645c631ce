/* SPDX-License-Identifier: MIT */
/* What the checks of contract.h are written with; inside the process of one check. */
#ifndef NN_RUN_CONTRACT_CHECK_H
#define NN_RUN_CONTRACT_CHECK_H

#include "base/arena.h"
#include "plugin/bind.h"
#include "run/contract.h"
#include "run/contract_scene.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    NN__ROWS = 6,  /* of the layers checked */
    NN__COLS = 11, /* odd, so that splits are not aligned */
    NN__INSTANCES_MAX = 64
};

/* The component with one set of parameters, for each precision it has. */
typedef struct nn__instance {
    const char *label;             /* "with defaults", "with momentum=0.5" */
    bool at_end;                   /* a number is at the end of its range: a loader may refuse its source */
    bool tuned;                    /* a number was changed, perhaps to one that serves nobody */
    nn_component *component[2];    /* of 32 and 64 bits; NULL: no such variant */
} nn__instance;

typedef struct nn__subject {
    const nn_contract *contract;
    nn_arena *arena;
    nn_registry *registry;
    const nn_plugin *plugin;
    nn_isa isa;                    /* the best of this machine */
    nn_host *host[2];
    nn_shape shape;
    nn__instance instances[NN__INSTANCES_MAX];
    size_t instance_count;

    nn__scene *scene;
    nn__area *areas;               /* buffers of the set at work */
    size_t area_count;             /* ever made */
    bool low;                      /* buffers lie at the start of a page, else at its end */

    nn_verdict verdict;
    char figure[128];
    char reason[1024];
} nn__subject;

typedef struct nn__check {
    const char *name;
    void (*run)(nn__subject *subject);
    bool bound;       /* asks for instances */
    const char *rule; /* the line of the contract it stands for */
    const char *calls; /* functions of the plugin, create() apart: "forward() backward()" */
} nn__check;

/* The checks of a kind, in order; the common ones come before. */
const nn__check *nn__checks_common(size_t *count);
const nn__check *nn__checks_activation(size_t *count);
const nn__check *nn__checks_cost(size_t *count);
const nn__check *nn__checks_optimizer(size_t *count);
const nn__check *nn__checks_loader(size_t *count);
const nn__check *nn__checks_initializer(size_t *count);
const nn__check *nn__checks_schedule(size_t *count);
const nn__check *nn__checks_transform(size_t *count);

/* Records the first failure; later ones change nothing. */
void nn__check_fail(nn__subject *subject, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void nn__check_skip(nn__subject *subject, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void nn__check_figure(nn__subject *subject, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Keeps the largest deviation as the figure and fails beyond `most`. */
void nn__check_worst(nn__subject *subject, double *worst, double deviation, double most,
                     const nn__instance *instance, const char *what, size_t index);
bool nn__check_failed(const nn__subject *subject);

/* Memory of the process; running out ends the check as failed. */
void *nn__check_alloc(nn__subject *subject, size_t bytes);

/* `n` reals of a precision, filled with NaN, called `name` where they are overrun.  They end with a page
 * and behind it nobody may read or write (subject->low: they start with one).  The rest of the page holds
 * numbers that differ from buffer to buffer.  They live as long as their set of parameters is at work. */
typedef struct nn__reals {
    unsigned bits;  /* 0: no reals */
    size_t element; /* bytes */
    size_t n;
    char *page;
    size_t page_bytes;
    size_t number; /* of the buffer */
    void *at;      /* the first real */
} nn__reals;
nn__reals nn__reals_create(nn__subject *subject, unsigned bits, size_t n, const char *name);
/* The same for other elements, filled with 0. */
nn__reals nn__block_create(nn__subject *subject, size_t element, size_t n, const char *name);
double nn__real_get(const nn__reals *reals, size_t i);
void nn__real_set(const nn__reals *reals, size_t i, double value);
/* The address of element i. */
void *nn__real_at(const nn__reals *reals, size_t i);
/* Copies, converting between precisions. */
void nn__reals_copy(const nn__reals *to, const nn__reals *from);
bool nn__reals_same(const nn__reals *a, const nn__reals *b);
/* False where somebody wrote before or behind. */
bool nn__reals_intact(const nn__reals *reals);

/* Numbers from a stream of the checks' own: uniform in [least, most], representable in float. */
double nn__check_uniform(uint64_t position, double least, double most);

/* Index of a precision into component[] and host[]. */
static inline size_t nn__slot(unsigned bits)
{
    return bits == 64;
}
/* The component's table for another instruction set of this machine; NULL where there is none. */
const void *nn__check_ops(const nn__subject *subject, unsigned bits, nn_isa isa);
/* Runs job(context, 0..3) on four threads at once. */
void nn__check_concurrently(nn__subject *subject, void (*job)(void *context, size_t thread),
                            void *context);

/* The set behind `last`, NULL: the first; NULL behind the last or a failure.  Ends the buffers of `last`. */
const nn__instance *nn__check_next(nn__subject *subject, const nn__instance *last);

#define NN__EACH_INSTANCE(subject, instance)                                                       \
    for (const nn__instance *instance = nn__check_next(subject, NULL); instance != NULL;           \
         instance = nn__check_next(subject, instance))

#endif
