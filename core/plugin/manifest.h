/* SPDX-License-Identifier: MIT */
/* From what a shared object claims to tables the host can rely on.
 *
 * Checked in the order of the contract: symbol (library.h), magic, major, size, minor, kind, table.
 * Only fields that the checks so far vouch for are read.  What an older ABI minor does not know
 * becomes zero: everything is copied into host-sized memory. */
#ifndef NN_PLUGIN_MANIFEST_H
#define NN_PLUGIN_MANIFEST_H

#include "base/arena.h"
#include "plugin/library.h"

/* An accepted manifest; all of it in the arena but texts, choices and functions, which are the
 * library's. */
typedef struct nn__accepted {
    nn_manifest manifest;  /* its variants are those below */
    nn_variant *variants;  /* those that were built, host-sized tables, in the plugin's order */
    size_t variant_count;
    const nn_about *about; /* of the first */
} nn__accepted;

/* NN_ERR_PLUGIN: one sentence with the path, what is wrong and the way out. */
nn_status nn__manifest_accept(const nn__library *library, const char *path, nn_arena *arena,
                              nn__accepted *out);

#endif
