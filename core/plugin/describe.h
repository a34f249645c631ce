/* SPDX-License-Identifier: MIT */
/* A plugin described from its own tables: as text for a person, as JSON for a tool, as JSON Schema for an
 * editor.  Each appends to `out`; nn_text_status() says whether memory was enough. */
#ifndef NN_PLUGIN_DESCRIBE_H
#define NN_PLUGIN_DESCRIBE_H

#include "base/text.h"
#include "plugin/registry.h"

/* Formula, reference, parameters (type, default, range, unit, meaning), an example, the file. */
void nn_describe_text(const nn_plugin *plugin, nn_text *out);

/* One object: kind, name, summary, formula, reference, file, sha256, abi, built_with, variants,
 * parameters. */
void nn_describe_json(const nn_plugin *plugin, nn_text *out);

/* The schema of `{use: NAME, parameter: value, ...}`. */
void nn_describe_schema(const nn_plugin *plugin, nn_text *out);

/* The schema of a key that takes a component of this kind: any of its names, or one of the objects
 * above.  Opens every plugin of the kind; refused ones are left out.  `extra`: properties that the key
 * allows beside the parameters, as JSON members; NULL: none. */
nn_status nn_describe_kind_schema(nn_registry *registry, nn_kind kind, const char *extra,
                                  nn_arena *arena, nn_text *out);

/* How a spec uses it: "activation: tanh", "optimizer: {use: sgd, rate: 0.01}". */
void nn_describe_example(const nn_plugin *plugin, nn_text *out);

#endif
