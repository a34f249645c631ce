/* SPDX-License-Identifier: MIT */
/* What may be a plugin: the files of each place, listed when first asked for, and none opened. */
#include "plugin/registry_inside.h"

#include "base/memory.h"
#include "base/path.h"
#include "plugin/builtin.h"
#include "plugin/kind.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

bool nn__is_shared_object(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && name[0] != '.' && strcmp(name + length - 3, ".so") == 0;
}

static nn_status add_candidate(nn_registry *registry, struct nn__place *place, nn_kind kind,
                               const char *path)
{
    if (place->count == place->room) {
        size_t room = place->room * 2 + 16;
        NN_TRY(nn_realloc((void **)&place->candidates, place->count, room, sizeof *place->candidates,
                          "a list of plugins"));
        place->room = room;
    }
    struct nn__candidate candidate = {.kind = kind, .path = path};
    NN_TRY(nn_path_stem(registry->arena, path, &candidate.stem));
    place->candidates[place->count++] = candidate;
    return NN_OK;
}

static nn_status list_folder(nn_registry *registry, struct nn__place *place, nn_kind kind,
                             const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return NN_OK; /* a kind nobody has put anything under */
    }
    nn_status status = NN_OK;
    for (struct dirent *entry; status == NN_OK && (entry = readdir(entries)) != NULL;) {
        const char *path;
        if (!nn__is_shared_object(entry->d_name)) {
            continue;
        }
        status = nn_path_join(registry->arena, folder, entry->d_name, &path);
        if (status == NN_OK && nn_path_is_file(path)) {
            status = add_candidate(registry, place, kind, path);
        }
    }
    closedir(entries);
    return status;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct nn__candidate *)a)->path, ((const struct nn__candidate *)b)->path);
}

static nn_status list_builtins(nn_registry *registry, struct nn__place *place)
{
    for (const nn__builtin *builtin = nn__builtins; builtin->path != NULL; builtin++) {
        NN_TRY(add_candidate(registry, place, builtin->kind, builtin->path));
    }
    return NN_OK;
}

nn_status nn__place_list(nn_registry *registry, struct nn__place *place)
{
    if (place->listed) {
        return NN_OK;
    }
    place->listed = true;
    if (place->file) {
        return add_candidate(registry, place, (nn_kind)0, place->path);
    }
    if (nn_plugin_is_builtin(place->path)) {
        return list_builtins(registry, place);
    }
    NN_TRY(list_folder(registry, place, (nn_kind)0, place->path));
    for (uint32_t kind = 1; kind <= NN__KINDS; kind++) {
        const char *folder;
        NN_TRY(nn_path_join(registry->arena, place->path, nn_kind_name((nn_kind)kind), &folder));
        NN_TRY(list_folder(registry, place, (nn_kind)kind, folder));
    }
    if (place->count > 0) {
        qsort(place->candidates, place->count, sizeof *place->candidates, by_path);
    }
    return NN_OK;
}

nn_status nn__places_list(nn_registry *registry)
{
    for (struct nn__place *place = registry->places; place != NULL; place = place->next) {
        NN_TRY(nn__place_list(registry, place));
    }
    return NN_OK;
}
