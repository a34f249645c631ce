/* SPDX-License-Identifier: MIT */
#include "run/places.h"

#include <string.h>

nn_status nn_places_add(const nn_plugin_places *places, nn_registry *registry, nn_arena *arena)
{
    for (size_t i = 0; i < places->path_count; i++) {
        NN_TRY(nn_registry_add(registry, places->paths[i], true));
    }
    for (size_t i = 0; i < places->spec_count; i++) {
        NN_TRY(nn_registry_add(registry, places->spec[i], true));
    }
    const char *rest = places->environment == NULL ? "" : places->environment;
    while (*rest != '\0') {
        size_t length = strcspn(rest, ":");
        const char *folder;
        NN_TRY(nn_arena_text(arena, rest, length, &folder));
        if (length > 0) {
            NN_TRY(nn_registry_add(registry, folder, false));
        }
        rest += length + (rest[length] == ':');
    }
    return places->installed == NULL ? NN_OK : nn_registry_add(registry, places->installed, false);
}
