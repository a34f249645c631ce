/* SPDX-License-Identifier: MIT */
/* The table of keys as JSON Schema (draft 2020-12), for editors and validators. */
#ifndef NN_SPEC_JSON_SCHEMA_H
#define NN_SPEC_JSON_SCHEMA_H

#include "base/text.h"

/* Appends the schema of one component of a kind ("optimizer"): a name or {use: name, ...}.  `extra` is
 * properties ("\"limit\": {...}") that the object may hold beside the parameters, NULL: none. */
typedef nn_status nn_kind_schema(void *context, const char *kind, const char *extra, nn_text *out);

/* The whole schema.  Where a spec `extends` another, no key is required of it.  What a schema can't
 * say (a metric needs its part of the data) is left to `nnrun check`. */
nn_status nn_json_schema(nn_kind_schema *component, void *context, nn_text *out);

#endif
