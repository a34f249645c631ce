/* SPDX-License-Identifier: MIT */
/* Where plugins are looked for: --plugin-path, the spec's own, NNRUN_PLUGIN_PATH, the binary's. */
#ifndef NN_RUN_PLACES_H
#define NN_RUN_PLACES_H

#include "base/arena.h"
#include "plugin/registry.h"

#include <stddef.h>

/* Borrowed as long as it is used. */
typedef struct nn_plugin_places {
    const char *const *paths; /* --plugin-path, first wins */
    size_t path_count;
    const char *const *spec;  /* a spec's `plugins:` */
    size_t spec_count;
    const char *environment;  /* NNRUN_PLUGIN_PATH, colon-separated, or NULL */
    const char *installed;    /* the folder that belongs to the binary, or NULL */
} nn_plugin_places;

/* Adds them to a registry, the first to win first.  NN_ERR_PLUGIN: one that was named is missing. */
nn_status nn_places_add(const nn_plugin_places *places, nn_registry *registry, nn_arena *arena);

#endif
