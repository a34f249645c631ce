/* SPDX-License-Identifier: MIT */
/* `key.path=value` from the command line.
 *
 *     training.epochs=3
 *     network.layers.0.units=30
 *     training.optimizer={use: adam, rate: 1e-3}
 *
 * The value is YAML and replaces what was there.  A parameter of a component that is written as its
 * name alone goes to it.  Another component drops the parameters that the spec gives the old one, and of
 * keys that exclude each other (data.validation.count and .fraction) the argument's drops the spec's.  What
 * arguments gave stays, in whatever order they came: where it does not fit, reading the spec refuses it.
 */
#ifndef NN_SPEC_OVERRIDE_H
#define NN_SPEC_OVERRIDE_H

#include "spec/diagnostic.h"
#include "spec/node.h"

/* Applies one argument to a spec.  `number` counts the arguments from 1, for messages ("argument 2"),
 * which point into its text.  *applied is false where something was wrong with it.  Fails only for
 * lack of memory. */
nn_status nn_override(nn_arena *arena, const char *argument, size_t number,
                      nn_diagnostics *diagnostics, nn_node *root, bool *applied);

#endif
