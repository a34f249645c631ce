/* SPDX-License-Identifier: MIT */
/* Nodes to typed fields, as a table of keys says (spec/schema.h). */
#ifndef NN_SPEC_READ_H
#define NN_SPEC_READ_H

#include "base/arena.h"
#include "spec/diagnostic.h"
#include "spec/node.h"
#include "spec/schema.h"

#include <stdbool.h>

typedef struct nn_reader {
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    bool incomplete; /* a part of the spec could not be read: keys that lack are no errors */
    struct nn__meant *meant; /* below: the reading's own notes, empty at the start */
    struct nn__missing *missing;
} nn_reader;

/* Fills the fields of `into` from a map, defaults included.  Unknown and missing keys, wrong types and
 * values out of range go to the diagnostics; a key that looks misspelled, or stands at another place of
 * the spec, is not missing, too.  `owner`: the place of what names the map, where missing keys are told.
 * `path`: its key path. */
nn_status nn_read_keys(nn_reader *reader, const nn_key *keys, const nn_node *map, nn_place owner,
                       const char *path, void *into);

/* The node of a row's default, its place without a source; NULL where it has none. */
nn_status nn_key_default(nn_arena *arena, const nn_key *key, nn_node **out);

#endif
