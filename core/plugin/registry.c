/* SPDX-License-Identifier: MIT */
/* The registry itself: the places in their order, and who in them has a name. */
#include "plugin/registry_inside.h"

#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/build.h"
#include "plugin/builtin.h"
#include "plugin/kind.h"

#include <string.h>

nn_status nn_registry_create(const nn_log *log, nn_registry **out)
{
    nn_registry *registry;
    NN_TRY(NN_ALLOC(&registry, 1, "the plugin registry"));
    nn_status status = nn_arena_create(&registry->arena);
    if (status != NN_OK) {
        nn_free(registry);
        return status;
    }
    registry->log = log;
    registry->places_end = &registry->places;
    *out = registry;
    return NN_OK;
}

void nn_registry_destroy(nn_registry *registry)
{
    if (registry == NULL) {
        return;
    }
    for (struct nn__opened *opened = registry->opened; opened != NULL; opened = opened->next) {
        nn__library_close(&opened->library);
    }
    for (struct nn__place *place = registry->places; place != NULL; place = place->next) {
        nn_free(place->candidates);
    }
    nn_arena_destroy(registry->arena);
    nn_free(registry);
}

/* ---- Adding ---- */

/* Where a path as a user writes it leads: a folder, a file (a source is compiled first), or neither. */
static nn_status resolve(nn_registry *registry, const char *path, const char **absolute, bool *folder, bool *file)
{
    if (nn_plugin_is_builtin(path)) {
        *folder = strcmp(path, NN_BUILTIN) == 0;
        *file = !*folder;
        return nn_arena_text(registry->arena, path, strlen(path), absolute);
    }
    NN_TRY(nn_path_absolute(registry->arena, path, absolute));
    if (nn_plugin_is_source(*absolute)) {
        NN_TRY(nn_plugin_build_cached(*absolute, registry->arena, absolute));
    }
    *folder = nn_path_is_folder(*absolute);
    *file = !*folder && (nn_path_is_file(*absolute) || nn__is_shared_object(nn_path_name(*absolute)));
    return NN_OK;
}

static nn_status add_place(nn_registry *registry, const char *path, bool required)
{
    const char *absolute;
    bool folder, file;
    NN_TRY(resolve(registry, path, &absolute, &folder, &file));
    if (!folder && !file) {
        return required ? nn_fail(NN_ERR_PLUGIN, "%s: no such folder or plugin", path) : NN_OK;
    }
    struct nn__place *place;
    NN_TRY(NN_ARENA_ALLOC(registry->arena, &place, 1));
    place->path = absolute;
    place->file = file;
    *registry->places_end = place;
    registry->places_end = &place->next;
    if (file) {
        struct nn__opened *opened;
        NN_TRY(nn__file_open(registry, absolute, &opened));
        if (opened->refused != NULL) {
            return nn_fail(NN_ERR_PLUGIN, "%s", opened->refused);
        }
    }
    return NN_OK;
}

nn_status nn_registry_add(nn_registry *registry, const char *path, bool required)
{
    nn_status status = add_place(registry, path, required);
    if (status == NN_ERR_PLUGIN) {
        struct unusable *unusable;
        NN_TRY(NN_ARENA_ALLOC(registry->arena, &unusable, 1));
        NN_TRY(nn_path_stem(registry->arena, path, &unusable->stem));
        unusable->next = registry->unusable;
        registry->unusable = unusable;
    }
    return status;
}

bool nn_registry_refused(const nn_registry *registry, const char *name)
{
    const struct unusable *unusable = registry->unusable;
    while (unusable != NULL && strcmp(unusable->stem, name) != 0) {
        unusable = unusable->next;
    }
    return unusable != NULL;
}

/* ---- Finding ---- */

/* Whether a candidate may be the plugin of that kind and name; its folder and file name decide where
 * they can, so that other files stay closed. */
static nn_status matches(nn_registry *registry, const struct nn__place *place,
                         const struct nn__candidate *candidate, nn_kind kind, const char *name,
                         struct nn__opened **out, bool *yes)
{
    *yes = false;
    if (!place->file
        && (strcmp(candidate->stem, name) != 0 || (candidate->kind != 0 && candidate->kind != kind))) {
        return NN_OK;
    }
    const char *refused;
    NN_TRY(nn__candidate_judge(registry, place, candidate, out, &refused));
    if (refused != NULL) {
        bool meant = strcmp(candidate->stem, name) == 0;
        return meant ? nn_fail(NN_ERR_PLUGIN, "%s", refused) : NN_OK;
    }
    *yes = (*out)->plugin.kind == kind && strcmp((*out)->plugin.name, name) == 0;
    return NN_OK;
}

/* The one plugin of that kind and name in a place, NULL where there is none. */
static nn_status find_in(nn_registry *registry, struct nn__place *place, nn_kind kind, const char *name,
                         struct nn__opened **out)
{
    *out = NULL;
    NN_TRY(nn__place_list(registry, place));
    for (size_t i = 0; i < place->count; i++) {
        struct nn__opened *opened;
        bool yes;
        NN_TRY(matches(registry, place, &place->candidates[i], kind, name, &opened, &yes));
        if (yes && *out != NULL && *out != opened) {
            return nn_fail(NN_ERR_PLUGIN, "two %s of the name %s in one place: %s and %s; remove one",
                           nn__kind_info((uint32_t)kind)->plural, name, (*out)->plugin.path,
                           opened->plugin.path);
        }
        *out = yes ? opened : *out;
    }
    return NN_OK;
}

/* Says which files of later places lie in the shadow of the one in use.  Equal copies are silent. */
static void tell_shadowed(nn_registry *registry, const struct nn__place *behind, const nn_plugin *plugin)
{
    for (struct nn__place *place = behind->next; place != NULL; place = place->next) {
        struct nn__opened *opened;
        if (find_in(registry, place, plugin->kind, plugin->name, &opened) != NN_OK) {
            nn_story_clear();
        } else if (opened != NULL && strcmp(opened->plugin.sha256, plugin->sha256) != 0) {
            nn_log_line(registry->log, NN_WARNING, "%s %s: %s is used and shadows %s",
                        nn_kind_name(plugin->kind), plugin->name, plugin->path, opened->plugin.path);
        }
    }
}

static nn_status fail_not_found(nn_registry *registry, nn_kind kind, const char *name)
{
    const char *const *names;
    size_t count;
    NN_TRY(nn_registry_names(registry, kind, registry->arena, &names, &count));
    const char *nearest = nn_text_nearest(name, names, count);
    const char *kind_name = nn_kind_name(kind);
    if (nearest != NULL) {
        return nn_fail(NN_ERR_NOT_FOUND, "no %s \"%s\"; did you mean \"%s\"?", kind_name, name, nearest);
    }
    return nn_fail(NN_ERR_NOT_FOUND, "no %s \"%s\"; `nnrun plugins %s` lists those there are", kind_name,
                   name, kind_name);
}

nn_status nn_registry_find(nn_registry *registry, nn_kind kind, const char *name,
                           const nn_plugin **out)
{
    if (nn__kind_info((uint32_t)kind) == NULL) {
        return nn_fail(NN_ERR_NOT_FOUND, "no kind of plugin has the number %d", (int)kind);
    }
    for (struct nn__place *place = registry->places; place != NULL; place = place->next) {
        struct nn__opened *opened;
        NN_TRY(find_in(registry, place, kind, name, &opened));
        if (opened != NULL) {
            tell_shadowed(registry, place, &opened->plugin);
            *out = &opened->plugin;
            return NN_OK;
        }
    }
    return fail_not_found(registry, kind, name);
}
