/* SPDX-License-Identifier: MIT */
/* What registry.c, registry_places.c, registry_open.c and registry_entries.c share. */
#ifndef NN_PLUGIN_REGISTRY_INSIDE_H
#define NN_PLUGIN_REGISTRY_INSIDE_H

#include "plugin/library.h"
#include "plugin/registry.h"

#include <sys/stat.h>

/* One shared object, or component of the program. */
struct nn__opened {
    struct nn__opened *next;
    const char *path;
    dev_t device;
    ino_t inode;
    nn__library library;
    const char *refused; /* NULL: accepted */
    nn_plugin plugin;
};

/* One file that may be a plugin. */
struct nn__candidate {
    nn_kind kind; /* of the folder it lies in; 0 where the place does not tell */
    const char *stem, *path;
};

struct nn__place {
    struct nn__place *next;
    const char *path;
    bool file, listed;
    struct nn__candidate *candidates;
    size_t count, room;
};

/* The name of a file that was added and can't be used. */
struct unusable {
    struct unusable *next;
    const char *stem;
};

struct nn_registry {
    nn_arena *arena;
    const nn_log *log;
    struct nn__place *places, **places_end;
    struct nn__opened *opened;
    struct unusable *unusable;
    char program_sha256[NN_SHA256_TEXT]; /* that of every built-in component, read once */
};

/* registry_places.c: whether a file of that name may be a plugin. */
bool nn__is_shared_object(const char *name);
/* registry_places.c: fills in the candidates of a place, or of all, where that has not been done. */
nn_status nn__place_list(nn_registry *registry, struct nn__place *place);
nn_status nn__places_list(nn_registry *registry);

/* registry_open.c: the file of a path, opened now or before.  Fails only for lack of memory; a refusal is kept
 * in (*out)->refused. */
nn_status nn__file_open(nn_registry *registry, const char *path, struct nn__opened **out);
/* registry_open.c: opens a candidate and says in *refused why it can't serve: as a file, or at the place it lies. */
nn_status nn__candidate_judge(nn_registry *registry, const struct nn__place *place,
                              const struct nn__candidate *candidate, struct nn__opened **out,
                              const char **refused);

#endif
