/* SPDX-License-Identifier: MIT */
/* Places are listed when first asked; a file is opened once, whatever names lead to it (its device and
 * inode are its identity), and stays open as long as the registry. */
#include "plugin/registry.h"

#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/build.h"
#include "plugin/builtin.h"
#include "plugin/kind.h"
#include "plugin/library.h"
#include "plugin/manifest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One shared object, or component of the program. */
struct opened {
    struct opened *next;
    const char *path;
    dev_t device;
    ino_t inode;
    nn__library library;
    const char *refused; /* NULL: accepted */
    nn_plugin plugin;
};

/* One file that may be a plugin. */
struct candidate {
    nn_kind kind; /* of the folder it lies in; 0 where the place does not tell */
    const char *stem, *path;
};

struct place {
    struct place *next;
    const char *path;
    bool file, listed;
    struct candidate *candidates;
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
    struct place *places, **places_end;
    struct opened *opened;
    struct unusable *unusable;
    char program_sha256[NN_SHA256_TEXT]; /* that of every built-in component, read once */
};

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
    for (struct opened *opened = registry->opened; opened != NULL; opened = opened->next) {
        nn__library_close(&opened->library);
    }
    for (struct place *place = registry->places; place != NULL; place = place->next) {
        nn_free(place->candidates);
    }
    nn_arena_destroy(registry->arena);
    nn_free(registry);
}

/* ---- Listing ---- */

static bool is_shared_object(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && name[0] != '.' && strcmp(name + length - 3, ".so") == 0;
}

static nn_status add_candidate(nn_registry *registry, struct place *place, nn_kind kind,
                               const char *path)
{
    if (place->count == place->room) {
        size_t room = place->room * 2 + 16;
        NN_TRY(nn_realloc((void **)&place->candidates, place->count, room, sizeof *place->candidates,
                          "a list of plugins"));
        place->room = room;
    }
    struct candidate candidate = {.kind = kind, .path = path};
    NN_TRY(nn_path_stem(registry->arena, path, &candidate.stem));
    place->candidates[place->count++] = candidate;
    return NN_OK;
}

static nn_status list_folder(nn_registry *registry, struct place *place, nn_kind kind,
                             const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return NN_OK; /* a kind nobody has put anything under */
    }
    nn_status status = NN_OK;
    for (struct dirent *entry; status == NN_OK && (entry = readdir(entries)) != NULL;) {
        const char *path;
        if (!is_shared_object(entry->d_name)) {
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
    return strcmp(((const struct candidate *)a)->path, ((const struct candidate *)b)->path);
}

static nn_status list_builtins(nn_registry *registry, struct place *place)
{
    for (const nn__builtin *builtin = nn__builtins; builtin->path != NULL; builtin++) {
        NN_TRY(add_candidate(registry, place, builtin->kind, builtin->path));
    }
    return NN_OK;
}

static nn_status list_place(nn_registry *registry, struct place *place)
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

/* ---- Opening ---- */

/* Keeps the story of a refusal with the file it is about. */
static nn_status keep_refusal(nn_registry *registry, struct opened *opened)
{
    const char *story = nn_story();
    NN_TRY(nn_arena_text(registry->arena, story, strlen(story), &opened->refused));
    nn_story_clear();
    return NN_OK;
}

static nn_status take_digest(nn_registry *registry, const char *path, char out[NN_SHA256_TEXT])
{
    if (!nn_plugin_is_builtin(path)) {
        return nn_sha256_file(path, out);
    }
    if (registry->program_sha256[0] == '\0') {
        NN_TRY(nn_sha256_file("/proc/self/exe", registry->program_sha256));
    }
    memcpy(out, registry->program_sha256, NN_SHA256_TEXT);
    return NN_OK;
}

static nn_status accept_file(nn_registry *registry, const char *path, struct opened *opened)
{
    nn__accepted *accepted;
    NN_TRY(NN_ARENA_ALLOC(registry->arena, &accepted, 1));
    NN_TRY(nn__library_open(path, &opened->library));
    NN_TRY(nn__manifest_accept(&opened->library, path, registry->arena, accepted));
    opened->plugin = (nn_plugin){
        .kind = (nn_kind)accepted->manifest.kind,
        .name = accepted->about->name,
        .path = path,
        .manifest = &accepted->manifest,
        .about = accepted->about,
    };
    return take_digest(registry, path, opened->plugin.sha256);
}

/* What was opened before under this path or, where there is a file, under another one; NULL: nothing. */
static struct opened *opened_before(nn_registry *registry, const char *path, const struct stat *file)
{
    for (struct opened *opened = registry->opened; opened != NULL; opened = opened->next) {
        bool same = file == NULL ? strcmp(opened->path, path) == 0
                                 : opened->device == file->st_dev && opened->inode == file->st_ino;
        if (same) {
            return opened;
        }
    }
    return NULL;
}

/* The file of a path, opened now or before.  Fails only for lack of memory; a refusal is kept in
 * (*out)->refused. */
static nn_status open_file(nn_registry *registry, const char *path, struct opened **out)
{
    struct stat stat_ = {0};
    bool there = stat(path, &stat_) == 0, builtin = nn_plugin_is_builtin(path);
    struct opened *opened = there || builtin ? opened_before(registry, path, there ? &stat_ : NULL) : NULL;
    if (opened != NULL) {
        *out = opened;
        return NN_OK;
    }
    NN_TRY(NN_ARENA_ALLOC(registry->arena, &opened, 1));
    opened->path = path;
    opened->device = stat_.st_dev;
    opened->inode = stat_.st_ino;
    nn_status status = accept_file(registry, path, opened);
    if (status == NN_ERR_MEMORY) {
        nn__library_close(&opened->library);
        return status;
    }
    if (status != NN_OK) {
        NN_TRY(keep_refusal(registry, opened));
    }
    if (there || builtin) {
        opened->next = registry->opened;
        registry->opened = opened;
    }
    *out = opened;
    return NN_OK;
}

/* Opens a candidate and says in *refused why it can't serve: as a file, or at the place it lies. */
static nn_status judge(nn_registry *registry, const struct place *place,
                       const struct candidate *candidate, struct opened **out, const char **refused)
{
    NN_TRY(open_file(registry, candidate->path, out));
    const nn_plugin *plugin = &(*out)->plugin;
    *refused = (*out)->refused;
    if (*refused == NULL && candidate->kind != 0 && candidate->kind != plugin->kind) {
        return nn_arena_printf(registry->arena, refused, "%s: lies in %s/ but is of kind %s; move it to "
                               "%s/", candidate->path, nn_kind_name(candidate->kind),
                               nn_kind_name(plugin->kind), nn_kind_name(plugin->kind));
    }
    if (*refused == NULL && !place->file && strcmp(candidate->stem, plugin->name) != 0) {
        return nn_arena_printf(registry->arena, refused, "%s: calls itself \"%s\"; name the file %s.so",
                               candidate->path, plugin->name, plugin->name);
    }
    return NN_OK;
}

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
    *file = !*folder && (nn_path_is_file(*absolute) || is_shared_object(nn_path_name(*absolute)));
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
    struct place *place;
    NN_TRY(NN_ARENA_ALLOC(registry->arena, &place, 1));
    place->path = absolute;
    place->file = file;
    *registry->places_end = place;
    registry->places_end = &place->next;
    if (file) {
        struct opened *opened;
        NN_TRY(open_file(registry, absolute, &opened));
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
static nn_status matches(nn_registry *registry, const struct place *place,
                         const struct candidate *candidate, nn_kind kind, const char *name,
                         struct opened **out, bool *yes)
{
    *yes = false;
    if (!place->file
        && (strcmp(candidate->stem, name) != 0 || (candidate->kind != 0 && candidate->kind != kind))) {
        return NN_OK;
    }
    const char *refused;
    NN_TRY(judge(registry, place, candidate, out, &refused));
    if (refused != NULL) {
        bool meant = strcmp(candidate->stem, name) == 0;
        return meant ? nn_fail(NN_ERR_PLUGIN, "%s", refused) : NN_OK;
    }
    *yes = (*out)->plugin.kind == kind && strcmp((*out)->plugin.name, name) == 0;
    return NN_OK;
}

/* The one plugin of that kind and name in a place, NULL where there is none. */
static nn_status find_in(nn_registry *registry, struct place *place, nn_kind kind, const char *name,
                         struct opened **out)
{
    *out = NULL;
    NN_TRY(list_place(registry, place));
    for (size_t i = 0; i < place->count; i++) {
        struct opened *opened;
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
static void tell_shadowed(nn_registry *registry, const struct place *behind, const nn_plugin *plugin)
{
    for (struct place *place = behind->next; place != NULL; place = place->next) {
        struct opened *opened;
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
    for (struct place *place = registry->places; place != NULL; place = place->next) {
        struct opened *opened;
        NN_TRY(find_in(registry, place, kind, name, &opened));
        if (opened != NULL) {
            tell_shadowed(registry, place, &opened->plugin);
            *out = &opened->plugin;
            return NN_OK;
        }
    }
    return fail_not_found(registry, kind, name);
}

/* ---- Enumerating ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_candidates(const nn_registry *registry)
{
    size_t count = 0;
    for (const struct place *place = registry->places; place != NULL; place = place->next) {
        count += place->count;
    }
    return count;
}

static nn_status list_all(nn_registry *registry)
{
    for (struct place *place = registry->places; place != NULL; place = place->next) {
        NN_TRY(list_place(registry, place));
    }
    return NN_OK;
}

nn_status nn_registry_names(nn_registry *registry, nn_kind kind, nn_arena *arena,
                            const char *const **names, size_t *count)
{
    const char **found;
    size_t n = 0;
    NN_TRY(list_all(registry));
    NN_TRY(NN_ARENA_ALLOC(arena, &found, count_candidates(registry) + 1));
    for (struct place *place = registry->places; place != NULL; place = place->next) {
        for (size_t i = 0; i < place->count; i++) {
            const struct candidate *candidate = &place->candidates[i];
            struct opened *opened;
            const char *refused;
            if (candidate->kind != 0) {
                if (candidate->kind == kind) {
                    found[n++] = candidate->stem;
                }
                continue;
            }
            NN_TRY(judge(registry, place, candidate, &opened, &refused));
            if (refused == NULL && opened->plugin.kind == kind) {
                found[n++] = opened->plugin.name;
            }
        }
    }
    qsort(found, n, sizeof *found, by_text);
    size_t unique = 0;
    for (size_t i = 0; i < n; i++) {
        if (unique == 0 || strcmp(found[unique - 1], found[i]) != 0) {
            found[unique++] = found[i];
        }
    }
    for (size_t i = 0; i < unique; i++) {
        NN_TRY(nn_arena_text(arena, found[i], strlen(found[i]), &found[i]));
    }
    *names = found;
    *count = unique;
    return NN_OK;
}

/* An entry as nn_registry_entries() builds it. */
struct seen {
    const struct opened *opened;
    const struct place *place;
};

static int by_kind_and_name(const void *a, const void *b)
{
    const nn_plugin_entry *x = a, *y = b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    int names = strcmp(x->name, y->name);
    if (names != 0) {
        return names;
    }
    /* The one in use before those in its shadow. */
    int shadows = (x->shadowed_by != NULL) - (y->shadowed_by != NULL);
    return shadows != 0 ? shadows : strcmp(x->path, y->path);
}

/* Fits a good plugin among those already seen: shadowed by one of an earlier place, refused with one of
 * the same place. */
static nn_status compare_with_seen(nn_arena *arena, nn_plugin_entry *entries, const struct seen *seen,
                                   size_t count)
{
    nn_plugin_entry *entry = &entries[count];
    for (size_t i = 0; i < count; i++) {
        if (entries[i].refused != NULL || entries[i].shadowed_by != NULL
            || entries[i].kind != entry->kind || strcmp(entries[i].name, entry->name) != 0) {
            continue;
        }
        if (seen[i].place != seen[count].place) {
            entry->shadowed_by = entries[i].path;
            return NN_OK;
        }
        NN_TRY(nn_arena_printf(arena, &entry->refused, "two %s of the name %s in one place: %s and %s; "
                               "remove one", nn__kind_info((uint32_t)entry->kind)->plural, entry->name,
                               entries[i].path, entry->path));
        entries[i].refused = entry->refused;
        return NN_OK;
    }
    return NN_OK;
}

static nn_status add_entry(nn_registry *registry, nn_arena *arena, const struct place *place,
                           const struct candidate *candidate, nn_plugin_entry *entries,
                           struct seen *seen, size_t *count)
{
    struct opened *opened;
    const char *refused;
    NN_TRY(judge(registry, place, candidate, &opened, &refused));
    for (size_t i = 0; i < *count; i++) {
        if (seen[i].opened == opened) {
            return NN_OK; /* the same file by another name */
        }
    }
    seen[*count] = (struct seen){opened, place};
    entries[*count] = (nn_plugin_entry){
        .kind = opened->refused == NULL ? opened->plugin.kind : candidate->kind,
        .name = opened->refused == NULL ? opened->plugin.name : candidate->stem,
        .path = candidate->path,
        .refused = refused,
    };
    if (refused == NULL) {
        NN_TRY(compare_with_seen(arena, entries, seen, *count));
    }
    (*count)++;
    return NN_OK;
}

nn_status nn_registry_entries(nn_registry *registry, nn_arena *arena, const nn_plugin_entry **entries,
                              size_t *count)
{
    NN_TRY(list_all(registry));
    size_t room = count_candidates(registry) + 1, n = 0;
    nn_plugin_entry *list;
    struct seen *seen;
    NN_TRY(NN_ARENA_ALLOC(arena, &list, room));
    NN_TRY(NN_ARENA_ALLOC(arena, &seen, room));
    for (struct place *place = registry->places; place != NULL; place = place->next) {
        for (size_t i = 0; i < place->count; i++) {
            NN_TRY(add_entry(registry, arena, place, &place->candidates[i], list, seen, &n));
        }
    }
    if (n > 0) {
        qsort(list, n, sizeof *list, by_kind_and_name);
    }
    *entries = list;
    *count = n;
    return NN_OK;
}

/* ---- Choosing a variant ---- */

nn_status nn_plugin_ops(const nn_plugin *plugin, unsigned bits, nn_isa isa, const void **ops)
{
    const nn_variant *best = NULL;
    bool precision = false;
    for (size_t i = 0; i < plugin->manifest->variant_count; i++) {
        const nn_variant *variant = &plugin->manifest->variants[i];
        precision = precision || variant->bits == bits;
        if (variant->bits == bits && variant->isa <= (uint32_t)isa
            && (best == NULL || variant->isa > best->isa)) {
            best = variant;
        }
    }
    if (best == NULL && !precision) {
        return nn_fail(NN_ERR_PLUGIN, "%s %s (%s) has no float%u variant; build it for both precisions, or "
                       "set precision: float%u", nn_kind_name(plugin->kind), plugin->name, plugin->path,
                       bits, bits == 32 ? 64 : 32);
    }
    if (best == NULL) {
        return nn_fail(NN_ERR_PLUGIN, "%s %s (%s) has no variant for %s; build it on this machine",
                       nn_kind_name(plugin->kind), plugin->name, plugin->path, nn_isa_name(isa));
    }
    *ops = best->ops;
    return NN_OK;
}
