/* SPDX-License-Identifier: MIT */
/* Components that are part of the program, where it is built with NNRUN_STATIC_PLUGINS: for debuggers, fuzzers and
 * coverage, which then see one program.  They go through the same checks as those of files; their paths are
 * "built-in:<kind>/<name>", and "built-in:" is the place where all of them are. */
#ifndef NN_PLUGIN_BUILTIN_H
#define NN_PLUGIN_BUILTIN_H

#include <nnrun/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#define NN_BUILTIN "built-in:"

/* Whether this program holds any. */
bool nn_plugin_has_builtins(void);
/* Whether a path means a component of the program, or all of them. */
bool nn_plugin_is_builtin(const char *path);

typedef struct nn__builtin {
    const char *path;
    nn_kind kind;
    nn_plugin_function *entry;
} nn__builtin;

/* Written by the build (cmake/nnrunStatic.cmake); ends with a NULL path. */
extern const nn__builtin nn__builtins[];

/* NULL where there is none of that path. */
nn_plugin_function *nn__builtin_entry(const char *path);

#endif
