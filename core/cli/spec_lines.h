/* SPDX-License-Identifier: MIT */
/* A resolved spec as a list of key paths and texts, to be held against another's. */
#ifndef NN_CLI_SPEC_LINES_H
#define NN_CLI_SPEC_LINES_H

#include "spec/node.h"

typedef struct nn_spec_line {
    const char *path, *text; /* "network.layers.0.units", "100" */
} nn_spec_line;

typedef struct nn_spec_lines {
    nn_spec_line *lines;
    size_t count, room;
} nn_spec_lines;

/* Every scalar of a spec in its order; an empty list or map is "[]" or "{}".  Lives in the arena.
 * spec NULL: none. */
nn_status nn_spec_lines_of(const nn_node *spec, nn_arena *arena, nn_spec_lines *out);
/* The text at a path, NULL where there is none. */
const char *nn_spec_lines_get(const nn_spec_lines *lines, const char *path);

#endif
