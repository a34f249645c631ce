/* SPDX-License-Identifier: MIT */
/* A component: a plugin with its parameters bound, ready to be called. */
#ifndef NN_PLUGIN_BIND_H
#define NN_PLUGIN_BIND_H

#include "base/arena.h"
#include "base/log.h"
#include "plugin/registry.h"
#include "spec/diagnostic.h"
#include "spec/experiment.h"
#include "spec/node.h"

/* Lives in the arena it was bound in; finish it before the arena and the registry go. */
typedef struct nn_component {
    const nn_plugin *plugin;
    nn_kind kind;
    const char *name;
    const void *ops;       /* nn_activation, nn_cost, ... of the run's precision */
    const nn_about *about; /* the front of ops */
    void *self;
    const nn_host *host;
    const nn_node *resolved; /* {use: name, every parameter: value}, a plain name where it has none */
    nn_use use;
    bool created;
} nn_component;

/* Finds and binds what `use` names.  Unknown names and parameters, wrong types, ranges and missing
 * ones go to `diagnostics` with their places; *out is NULL then.  A use without a name gives NULL.
 * Fails only for lack of memory.  Does not call create(). */
nn_status nn_bind(nn_registry *registry, nn_kind kind, const nn_use *use, unsigned bits, nn_isa isa,
                  const nn_host *host, nn_arena *arena, nn_diagnostics *diagnostics,
                  nn_component **out);

/* create() / destroy() of the component; a component without them is fine.  create's failure is told
 * with the place in the spec. */
nn_status nn_component_create(nn_component *component, const nn_shape *shape);
void nn_component_finish(nn_component *component);

/* The host every component of a run shares. */
nn_status nn_host_create(nn_arena *arena, unsigned bits, const nn_log *log, const char *base_dir,
                         nn_host **out);

#endif
