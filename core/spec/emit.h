/* SPDX-License-Identifier: MIT */
/* Nodes back to YAML that parses to the same nodes. */
#ifndef NN_SPEC_EMIT_H
#define NN_SPEC_EMIT_H

#include "base/text.h"
#include "spec/node.h"

/* Block style; short lists and maps of scalars in flow style.  With `origin`, each scalar is
 * followed by a comment that says where it came from: file:line, argument or default. */
void nn_emit(const nn_node *root, bool origin, nn_text *out);

#endif
