/* SPDX-License-Identifier: MIT */
/* From one source file to one .so with the machine's own compiler, as nnrun_add_plugin() does it by CMake:
 * every precision and instruction set compiled, all linked into one file. */
#ifndef NN_PLUGIN_BUILD_H
#define NN_PLUGIN_BUILD_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct nn_build {
    const char *source;       /* .c, .cc, .cpp or .cxx */
    const char *output;       /* the .so; NULL: beside the source, with its stem */
    const char *const *flags; /* more words for the compiler and the linker ("-lpng") */
    size_t flag_count;
    const char *folder;       /* the compiler works there, and its debug information says so; NULL: here */
} nn_build;

/* Builds with $CC (else cc) or $CXX (else c++).  *output is the file written, absolute.  NN_ERR_PLUGIN: the
 * compiler's words are the story. */
nn_status nn_plugin_build(const nn_build *build, nn_arena *arena, const char **output);

/* The same into the user's cache ($XDG_CACHE_HOME/nnrun or ~/.cache/nnrun), named by what the compiler sees
 * of the source in each variant, by the compiler and by nnrun's version, so that an unchanged source is
 * compiled once.  Several processes may share the cache. */
nn_status nn_plugin_build_cached(const char *source, nn_arena *arena, const char **output);

/* Whether a path names a source that can be built. */
bool nn_plugin_is_source(const char *path);

/* The folder of nnrun/plugin.h, and that of the templates (NULL where there is none): of the
 * installation, else of the source tree the binary was built in.  NNRUN_SDK names another prefix. */
nn_status nn_plugin_sdk(nn_arena *arena, const char **include, const char **templates);

#endif
