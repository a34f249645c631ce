/* SPDX-License-Identifier: MIT */
/* A shared object, opened without trusting it further than needed.
 *
 * What would kill the process at dlopen() (a truncated file) is refused before it, and a pointer
 * of the plugin's tables is followed only where it points into the object itself. */
#ifndef NN_PLUGIN_LIBRARY_H
#define NN_PLUGIN_LIBRARY_H

#include "base/status.h"

#include <nnrun/plugin.h>

#include <stdbool.h>

enum { NN__SEGMENTS_MAX = 16 };

typedef struct nn__library {
    void *handle; /* NULL: it is the program itself */
    const nn_manifest *manifest; /* what nnrun_plugin() gave, nothing of it checked yet */
    struct {
        uintptr_t begin, end;
    } segments[NN__SEGMENTS_MAX]; /* the object's mapped memory */
    size_t segment_count;
} nn__library;

/* NN_ERR_PLUGIN with a sentence: not a shared object, truncated, another machine's, something it
 * needs is missing, no nnrun_plugin().  A path as builtin.h writes it leads to what the program holds. */
nn_status nn__library_open(const char *path, nn__library *out);
void nn__library_close(nn__library *library);

/* Whether `bytes` bytes, or a text with its final 0, lie in the object. */
bool nn__library_holds(const nn__library *library, const void *pointer, size_t bytes);
bool nn__library_holds_text(const nn__library *library, const char *text);

#endif
