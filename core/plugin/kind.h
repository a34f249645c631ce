/* SPDX-License-Identifier: MIT */
/* What the host knows of each kind of plugin: its name, its table's size in each ABI, the operations
 * that must be there. */
#ifndef NN_PLUGIN_KIND_H
#define NN_PLUGIN_KIND_H

#include <nnrun/plugin.h>

enum { NN__OPERATIONS_MAX = 8, NN__KINDS = 7 };

typedef struct nn__operation {
    const char *name;
    size_t offset; /* of the function pointer in the table */
} nn__operation;

typedef struct nn__kind {
    const char *name;
    const char *plural;
    size_t ops_size;                            /* of this host's table */
    size_t ops_least;                           /* of the table in ABI 1.0, or where the kind began */
    nn__operation required[NN__OPERATIONS_MAX]; /* ends with a NULL name */
} nn__kind;

/* NULL where there is no such kind. */
const nn__kind *nn__kind_info(uint32_t kind);

#endif
