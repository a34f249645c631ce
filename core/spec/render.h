/* SPDX-License-Identifier: MIT */
/* The resolved spec: every key with the value that holds, defaults included, paths absolute, each node
 * with the place it was written at (none for a default, so that emit can say "default").  Read again
 * it gives the same experiment. */
#ifndef NN_SPEC_RENDER_H
#define NN_SPEC_RENDER_H

#include "spec/experiment.h"
#include "spec/node.h"

/* The resolved node of a component: {use: name, every parameter: value} or its name, as
 * nn_component.resolved has it; NULL: as it was written. */
typedef const nn_node *nn_resolved_component(void *context, const nn_use *use);

/* `component` may be NULL: all as written.  The experiment must be without errors.  Fails only for
 * lack of memory. */
nn_status nn_render(nn_arena *arena, const nn_experiment *experiment,
                    nn_resolved_component *component, void *context, nn_node **out);

#endif
