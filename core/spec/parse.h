/* SPDX-License-Identifier: MIT */
/* Bytes to nodes: libyaml's events with their positions, and hard limits against hostile input
 * (1 MB, nesting 64, 10,000 nodes after aliases, counted by event: libyaml has none of its own). */
#ifndef NN_SPEC_PARSE_H
#define NN_SPEC_PARSE_H

#include "spec/diagnostic.h"
#include "spec/node.h"

/* Parses a whole text.  *root is NULL where it can't be parsed; why is in `diagnostics`.  Only
 * running out of memory is a failing status.  The source must live as long as the nodes. */
nn_status nn_parse(nn_arena *arena, const nn_text_source *source, nn_diagnostics *diagnostics,
                   nn_node **root);

/* Reads a file ("-": standard input) and parses it. */
nn_status nn_parse_file(nn_arena *arena, const char *path, nn_diagnostics *diagnostics,
                        nn_node **root);

#endif
