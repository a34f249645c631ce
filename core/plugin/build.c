/* SPDX-License-Identifier: MIT */
#include "plugin/build.h"

#include "base/path.h"
#include "base/text.h"
#include "plugin/build_plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static nn_status start_compile(const nn__build_plan *plan, size_t number, nn__job *job, const char **object)
{
    NN_TRY(nn_arena_printf(plan->arena, object, "%s/%zu.o", plan->folder, number));
    NN_TRY(nn__build_words(plan, number, job));
    nn__job_add(job, "-c");
    nn__job_add(job, plan->source);
    nn__job_add(job, "-o");
    nn__job_add(job, *object);
    return nn__job_start(job, plan->folder, number);
}

/* All variants at once: there are no more than a few. */
static nn_status compile_all(const nn__build_plan *plan, const char **objects)
{
    nn__job jobs[NN__BUILD_VARIANTS_MOST];
    nn_status status = NN_OK;
    nn_text said = {0};
    size_t started = 0;
    while (started < nn__build_variants() && status == NN_OK) {
        status = start_compile(plan, started, &jobs[started], &objects[started]);
        started += status == NN_OK;
    }
    bool told = false;
    for (size_t i = 0; i < started; i++) {
        nn_text mine = {0};
        nn__job_finish(&jobs[i], false, &mine);
        /* The variants would say the same again; a failure is what must be heard. */
        if ((jobs[i].failed && status == NN_OK) || (mine.length > 0 && !told)) {
            said.length = 0;
            nn_text_put(&said, nn_text_view(&mine));
            told = true;
        }
        if (jobs[i].failed && status == NN_OK) {
            status = NN_ERR_PLUGIN;
        }
        nn_text_finish(&mine);
    }
    if (told) {
        fputs(nn_text_view(&said), stderr);
    }
    if (status == NN_ERR_PLUGIN && told) {
        status = nn_fail(NN_ERR_PLUGIN, "%s does not compile; the compiler's words are above", plan->build->source);
    }
    nn_text_finish(&said);
    return status;
}

static nn_status link_objects(const nn__build_plan *plan, const char *const *objects, const char *output)
{
    nn__job job;
    nn_text said = {0};
    NN_TRY(nn__build_begin(plan, &job));
    nn__job_add(&job, "-shared");
    for (size_t i = 0; i < nn__build_variants(); i++) {
        nn__job_add(&job, objects[i]);
    }
    for (size_t i = 0; i < plan->build->flag_count; i++) {
        nn__job_add(&job, plan->build->flags[i]);
    }
    nn__job_add(&job, "-lm");
    nn__job_add(&job, "-o");
    nn__job_add(&job, output);
    NN_TRY(nn__job_start(&job, plan->folder, nn__build_variants()));
    nn__job_finish(&job, false, &said);
    fputs(nn_text_view(&said), stderr);
    nn_status status = !job.failed ? NN_OK
                                   : nn_fail(NN_ERR_PLUGIN, "%s does not link; the linker's words are above",
                                             plan->build->source);
    nn_text_finish(&said);
    return status;
}

/* Written aside, in a folder nobody else can have, and renamed: a run that has the old file open keeps it,
 * and of two that build the same each finds a whole one. */
static nn_status link_aside(const nn__build_plan *plan, const char *const *objects, const char *path)
{
    char aside[PATH_MAX];
    const char *written;
    snprintf(aside, sizeof aside, "%s.tmp-XXXXXX", path);
    if (mkdtemp(aside) == NULL) {
        return nn_fail_errno(errno, "%s can't be written", path);
    }
    nn_status status = nn_arena_printf(plan->arena, &written, "%s/plugin.so", aside);
    if (status == NN_OK) {
        status = link_objects(plan, objects, written);
    }
    if (status == NN_OK && rename(written, path) != 0) {
        status = nn_fail_errno(errno, "%s can't be written", path);
    }
    if (status != NN_OK) {
        unlink(written);
    }
    rmdir(aside);
    return status;
}

nn_status nn_plugin_build(const nn_build *build, nn_arena *arena, const char **output)
{
    nn__build_plan plan;
    const char *objects[NN__BUILD_VARIANTS_MOST], *path = build->output;
    NN_TRY(nn__build_plan_make(build, arena, &plan));
    if (path == NULL) {
        const char *here, *name;
        NN_TRY(nn_path_folder(arena, plan.source, &here));
        NN_TRY(nn_arena_printf(arena, &name, "%s.so", plan.stem));
        NN_TRY(nn_path_join(arena, here, name, &path));
    }
    NN_TRY(nn_path_absolute(arena, path, &path));
    NN_TRY(nn__build_plan_open(&plan));
    nn_status status = compile_all(&plan, objects);
    if (status == NN_OK) {
        status = link_aside(&plan, objects, path);
    }
    nn__build_plan_close(&plan);
    if (status == NN_OK) {
        *output = path;
    }
    return status;
}
