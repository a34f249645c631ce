/* SPDX-License-Identifier: MIT */
#include "plugin/build_plan.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The instruction sets of nnrunVariants.cmake. */
static const struct variant {
    const char *isa, *flag;
} variants[] = {
#if defined(__x86_64__)
    {"v2", "-march=x86-64-v2"},
    {"v3", "-march=x86-64-v3"},
    {"v4", "-march=x86-64-v4"},
#else
    {"any", NULL},
#endif
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

bool nn_plugin_is_source(const char *path)
{
    static const char *const ends[] = {".c", ".cc", ".cpp", ".cxx"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t length = strlen(path), end = strlen(ends[i]);
        if (length > end && strcmp(path + length - end, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

nn_status nn__build_plan_make(const nn_build *build, nn_arena *arena, nn__build_plan *plan)
{
    const char *templates;
    *plan = (nn__build_plan){.build = build, .arena = arena};
    if (!nn_plugin_is_source(build->source)) {
        return nn_fail(NN_ERR_USAGE, "%s: a plugin's source ends in .c, .cc, .cpp or .cxx", build->source);
    }
    if (!nn_path_is_file(build->source)) {
        return nn_fail(NN_ERR_PLUGIN, "%s: no such file", build->source);
    }
    NN_TRY(nn_path_absolute(arena, build->source, &plan->source));
    NN_TRY(nn_plugin_sdk(arena, &plan->include, &templates));
    NN_TRY(nn_path_stem(arena, build->source, &plan->stem));
    plan->cxx = strcmp(build->source + strlen(build->source) - 2, ".c") != 0;
    return NN_OK;
}

nn_status nn__build_plan_open(nn__build_plan *plan)
{
    const char *base = getenv("TMPDIR"), *name;
    NN_TRY(nn_arena_printf(plan->arena, &name, "%s/nnrun-build-XXXXXX", base != NULL && base[0] != '\0' ? base : "/tmp"));
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", name);
    if (mkdtemp(path) == NULL) {
        return nn_fail_errno(errno, "no folder to build in: %s", path);
    }
    return nn_arena_text(plan->arena, path, strlen(path), &plan->folder);
}

void nn__build_plan_close(nn__build_plan *plan)
{
    DIR *entries = opendir(plan->folder);
    if (entries != NULL) {
        for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
            unlinkat(dirfd(entries), entry->d_name, 0);
        }
        closedir(entries);
    }
    rmdir(plan->folder);
}

nn_status nn__build_begin(const nn__build_plan *plan, nn__job *job)
{
    const char *named = getenv(plan->cxx ? "CXX" : "CC"), *usual = plan->cxx ? "c++" : "cc";
    *job = (nn__job){.said = -1, .folder = plan->build->folder};
    NN_TRY(nn__job_add_words(job, plan->arena, named != NULL && named[0] != '\0' ? named : usual));
    nn__job_add(job, plan->cxx ? "-std=c++20" : "-std=c11");
    nn__job_add(job, "-I");
    nn__job_add(job, plan->include);
    return NN_OK;
}

size_t nn__build_variants(void)
{
    return 2 * VARIANTS;
}

nn_status nn__build_words(const nn__build_plan *plan, size_t number, nn__job *job)
{
    static const char *const flags[] = {
        "-O3", "-g", "-fPIC", "-fvisibility=hidden", "-Wall", "-ffp-contract=off",
        "-fno-math-errno", "-fno-trapping-math",
    };
    const struct variant *variant = &variants[number % VARIANTS];
    const char *bits = number < VARIANTS ? "-DNN_REAL_BITS=32" : "-DNN_REAL_BITS=64", *isa;
    NN_TRY(nn__build_begin(plan, job));
    NN_TRY(nn_arena_printf(plan->arena, &isa, "-DNN_ISA=%s", variant->isa));
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        nn__job_add(job, flags[i]);
    }
    nn__job_add(job, plan->cxx ? NULL : "-Werror=implicit-function-declaration"); /* it would only fail to load */
    nn__job_add(job, variant->flag);
    nn__job_add(job, bits);
    nn__job_add(job, isa);
    nn__job_add(job, number == 0 ? "-DNN_MANIFEST=1" : "-DNN_MANIFEST=0");
    for (size_t i = 0; i < plan->build->flag_count; i++) {
        const char *flag = plan->build->flags[i];
        if (strncmp(flag, "-l", 2) != 0 && strncmp(flag, "-L", 2) != 0) {
            nn__job_add(job, flag);
        }
    }
    return NN_OK;
}
