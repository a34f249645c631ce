/* SPDX-License-Identifier: MIT */
/* Names to code: where plugins are looked for, and the plugin of a name.
 *
 * A plugin lies in a search folder as <kind>/<name>.so, or as <name>.so directly.  Folders are listed,
 * files opened only when their name is asked for (or all must be shown).  Earlier places shadow
 * later ones, and that is logged; two of one kind and name in one place are an error.
 */
#ifndef NN_PLUGIN_REGISTRY_H
#define NN_PLUGIN_REGISTRY_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"

#include <nnrun/plugin.h>

#include <stdbool.h>

typedef struct nn_registry nn_registry;

/* An opened, accepted plugin.  Lives as long as the registry. */
typedef struct nn_plugin {
    nn_kind kind;
    const char *name;
    const char *path;            /* of the .so, absolute */
    const nn_manifest *manifest; /* its variants built, their tables as large as this host knows them */
    const nn_about *about;       /* of one variant; names, texts, parameters and flags are alike in all */
    char sha256[NN_SHA256_TEXT];
} nn_plugin;

/* "activation", "cost", ...; NULL / 0 where there is none.  nn_kind_of() takes the plural too. */
const char *nn_kind_name(nn_kind kind);
nn_kind nn_kind_of(const char *name);

/* The instruction set in use: the best this machine runs, or NNRUN_ISA=v2|v3|v4 (never one that it
 * can't run: NN_ERR_USAGE). */
nn_status nn_isa_choose(nn_isa *out);
const char *nn_isa_name(nn_isa isa); /* "any", "x86-64-v3" */

nn_status nn_registry_create(const nn_log *log, nn_registry **out);
void nn_registry_destroy(nn_registry *registry);
/* Adds a folder or a .so file behind those added so far.  A file is opened at once: NN_ERR_PLUGIN says
 * why it is missing or refused (it is still listed by nn_registry_entries()).  A source (.c, .cpp) is
 * compiled first, once for each content.  A missing folder is an error where `required`. */
nn_status nn_registry_add(nn_registry *registry, const char *path, bool required);

/* Whether nn_registry_add() failed for a file of that name: nobody has to be told again that it is missing. */
bool nn_registry_refused(const nn_registry *registry, const char *name);

/* Opens and checks (symbol, magic, major, size, minor, kind, table) the plugin of that name.
 * NN_ERR_NOT_FOUND: nobody has it (the story names the nearest); NN_ERR_PLUGIN: it was refused. */
nn_status nn_registry_find(nn_registry *registry, nn_kind kind, const char *name,
                           const nn_plugin **out);

/* All names of a kind found by listing, sorted, each once (earlier places first shadow); no file is
 * opened but those whose kind the place does not tell. */
nn_status nn_registry_names(nn_registry *registry, nn_kind kind, nn_arena *arena,
                            const char *const **names, size_t *count);

/* What listing and opening found, for `nnrun plugins`: accepted, shadowed and refused with reason. */
typedef struct nn_plugin_entry {
    nn_kind kind; /* 0 where it could not be told */
    const char *name, *path;
    const nn_plugin *plugin; /* NULL where it was refused */
    const char *shadowed_by; /* what a name leads to instead, itself in use or refused; NULL: nothing */
    const char *refused;     /* NULL: accepted, else why; two of one name in one place bear the same text */
} nn_plugin_entry;
nn_status nn_registry_entries(nn_registry *registry, nn_arena *arena, const nn_plugin_entry **entries,
                              size_t *count);

/* The table of operations for a precision and the chosen instruction set (the best not above it), or
 * NN_ERR_PLUGIN "activation NAME has no float64 variant". */
nn_status nn_plugin_ops(const nn_plugin *plugin, unsigned bits, nn_isa isa, const void **ops);

#endif
