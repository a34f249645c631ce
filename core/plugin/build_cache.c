/* SPDX-License-Identifier: MIT */
/* Sources named in a spec, compiled once for each content. */
#include "base/hash.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/build.h"
#include "plugin/build_plan.h"

#include <nnrun/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The folder's own failure, and the way out. */
static nn_status cant_keep(void)
{
    char why[512];
    snprintf(why, sizeof why, "%s", nn_story());
    return nn_fail(NN_ERR_PLUGIN, "%s; compiled plugins are kept there: set XDG_CACHE_HOME to a folder you may write to, "
                   "or name the .so that `nnrun plugins build` makes", why);
}

static nn_status cache_folder(nn_arena *arena, const char **out)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache != NULL && cache[0] == '/') {
        NN_TRY(nn_arena_printf(arena, out, "%s/nnrun/plugins", cache));
    } else if (home != NULL && home[0] == '/') {
        NN_TRY(nn_arena_printf(arena, out, "%s/.cache/nnrun/plugins", home));
    } else {
        return nn_fail(NN_ERR_PLUGIN, "no folder to keep compiled plugins in: set HOME or XDG_CACHE_HOME, or build "
                       "with `nnrun plugins build`");
    }
    return nn_path_make(*out) == NN_OK ? NN_OK : cant_keep();
}

/* Appends what the compiler of one variant reads: all that is left by its preprocessor, whose own macros
 * hold its version, and the words that say how it compiles.  What can't be preprocessed can't be compiled
 * either, and the compiler tells it better. */
static nn_status put_seen(nn__job *job, nn_text *seen)
{
    nn_text said = {0};
    nn__job_finish(job, true, &said);
    nn_status status = nn_text_status(&said);
    for (size_t i = 0; i < job->count; i++) {
        nn_text_put(seen, job->words[i]);
        nn_text_put(seen, "\n");
    }
    nn_text_put(seen, nn_text_view(&said));
    nn_text_finish(&said);
    return status;
}

/* 128 bits over what all variants see; each has its own branches of #if. */
static nn_status fingerprint(const nn__build_plan *plan, char out[NN_HASH_TEXT])
{
    nn__job jobs[NN__BUILD_VARIANTS_MOST];
    nn_text seen = {0};
    nn_status status = NN_OK;
    size_t started = 0;
    while (started < nn__build_variants() && status == NN_OK) {
        status = nn__build_words(plan, started, &jobs[started]);
        nn__job_add(&jobs[started], "-E");
        nn__job_add(&jobs[started], "-P");
        nn__job_add(&jobs[started], "-dD");
        nn__job_add(&jobs[started], plan->source);
        status = status == NN_OK ? nn__job_start(&jobs[started], plan->folder, started) : status;
        started += status == NN_OK;
    }
    for (size_t i = 0; i < started; i++) {
        nn_status one = put_seen(&jobs[i], &seen);
        status = status == NN_OK ? one : status;
    }
    nn_text_put(&seen, NNRUN_VERSION);
    status = status == NN_OK ? nn_text_status(&seen) : status;
    if (status == NN_OK) {
        nn_hash_hex(nn_hash_bytes(seen.bytes, seen.length), out);
    }
    nn_text_finish(&seen);
    return status;
}

nn_status nn_plugin_build_cached(const char *source, nn_arena *arena, const char **output)
{
    nn__build_plan plan;
    nn_build build = {.source = source};
    const char *cache, *folder;
    char hash[NN_HASH_TEXT];
    NN_TRY(nn__build_plan_make(&build, arena, &plan));
    /* In the source's folder: the same source gives the same file, wherever nnrun is called. */
    NN_TRY(nn_path_folder(arena, plan.source, &build.folder));
    build.source = plan.source;
    NN_TRY(cache_folder(arena, &cache));
    NN_TRY(nn__build_plan_open(&plan));
    nn_status status = fingerprint(&plan, hash);
    nn__build_plan_close(&plan);
    NN_TRY(status);
    NN_TRY(nn_arena_printf(arena, &folder, "%s/%s", cache, hash));
    NN_TRY(nn_arena_printf(arena, &build.output, "%s/%s.so", folder, plan.stem));
    if (nn_path_is_file(build.output)) {
        *output = build.output;
        return NN_OK;
    }
    if (nn_path_make(folder) != NN_OK) {
        return cant_keep();
    }
    status = nn_plugin_build(&build, arena, output);
    if (status != NN_OK) {
        rmdir(folder); /* unless another has built it meanwhile */
    }
    return status;
}
