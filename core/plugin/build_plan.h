/* SPDX-License-Identifier: MIT */
/* What building, and fingerprinting what would be built, have in common: the compiler's words. */
#ifndef NN_PLUGIN_BUILD_PLAN_H
#define NN_PLUGIN_BUILD_PLAN_H

#include "plugin/build.h"
#include "plugin/job.h"

enum { NN__BUILD_VARIANTS_MOST = 6 };

typedef struct nn__build_plan {
    const nn_build *build;
    nn_arena *arena;
    const char *include, *source, *stem; /* source: absolute */
    const char *folder;                  /* of the objects and of what programs say */
    bool cxx;
} nn__build_plan;

/* NN_ERR_USAGE, NN_ERR_PLUGIN: no source, or no headers. */
nn_status nn__build_plan_make(const nn_build *build, nn_arena *arena, nn__build_plan *plan);
/* A folder of its own below $TMPDIR, and its end with all that is in it. */
nn_status nn__build_plan_open(nn__build_plan *plan);
void nn__build_plan_close(nn__build_plan *plan);

/* The compiler, the language and where headers are. */
nn_status nn__build_begin(const nn__build_plan *plan, nn__job *job);
/* How many objects make a plugin, and all words that make object `number` of them but "-c SOURCE -o OBJECT". */
size_t nn__build_variants(void);
nn_status nn__build_words(const nn__build_plan *plan, size_t number, nn__job *job);

#endif
