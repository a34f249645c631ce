/* SPDX-License-Identifier: MIT */
/* Bytes to nodes: libyaml's events with their positions, and hard limits against hostile input
 * (libyaml has none of its own and is quadratic in depth: they are counted event by event).
 *
 * Beyond the limits a spec is YAML without tags, directives and merge keys, in UTF-8; anchors and
 * aliases work, an alias being a copy.
 */
#ifndef NN_SPEC_PARSE_H
#define NN_SPEC_PARSE_H

#include "spec/diagnostic.h"
#include "spec/node.h"

enum {
    NN_SPEC_BYTES_MOST = 1000000, /* of a file */
    NN_SPEC_DEPTH_MOST = 64,      /* lists and maps within each other */
    NN_SPEC_NODES_MOST = 10000    /* after aliases are expanded */
};

/* Parses a whole text.  *root is NULL where it can't be parsed; why is in `diagnostics`.  A key that
 * is there twice is an error, too, but does not end the parsing (the first one counts).  Only
 * running out of memory is a failing status.  The source must live as long as the nodes. */
nn_status nn_parse(nn_arena *arena, const nn_text_source *source, nn_diagnostics *diagnostics,
                   nn_node **root);

/* The same for the part of a text that begins `offset` bytes into its first line (the value of a
 * key=value argument); messages name the key path `path`. */
nn_status nn_parse_part(nn_arena *arena, const nn_text_source *source, size_t offset,
                        const char *path, nn_diagnostics *diagnostics, nn_node **root);

/* Reads a file ("-": standard input) and parses it.  A file that can't be read is an error at
 * `named_at`, the place that names it, or of the file itself where that has no source. */
nn_status nn_parse_file(nn_arena *arena, const char *path, nn_diagnostics *diagnostics,
                        nn_node **root);
nn_status nn_parse_named_file(nn_arena *arena, const char *path, nn_place named_at,
                              nn_diagnostics *diagnostics, nn_node **root,
                              const nn_text_source **source);

#endif
