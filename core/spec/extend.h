/* SPDX-License-Identifier: MIT */
/* `extends`: a spec as changes to another one. */
#ifndef NN_SPEC_EXTEND_H
#define NN_SPEC_EXTEND_H

#include "spec/diagnostic.h"
#include "spec/node.h"
#include "spec/schema.h"

/* Reads a spec ("-": standard input) and what it extends, the whole chain, and merges them: *root has
 * no `extends` key any more.  A chain that closes to a circle is refused with the chain shown.  *whole
 * is false where a file of the chain could not be read or parsed; *root is then what there is, NULL
 * without the first file.  Fails only for lack of memory. */
nn_status nn_extend(nn_arena *arena, const char *path, nn_diagnostics *diagnostics, nn_node **root,
                    bool *whole, const nn_text_source **source);

/* *base becomes base changed by `change`: mappings merge key by key, lists and scalars replace.  For a
 * component (`key` says so, NULL: not known) another `use` drops what the base had beside it, and
 * parameters alone go to the component that the base names.  Of keys that exclude each other (the
 * kinds of data.validation) the changed one stays. */
nn_status nn_merge(nn_arena *arena, const nn_key *key, const nn_key *keys, nn_node **base,
                   nn_node *change);

#endif
