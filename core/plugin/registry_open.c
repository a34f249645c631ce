/* SPDX-License-Identifier: MIT */
/* Opening: a file once, whatever names lead to it (its device and inode are its identity); it stays open as long as
 * the registry. */
#include "plugin/registry_inside.h"

#include "base/text.h"
#include "plugin/builtin.h"
#include "plugin/manifest.h"

#include <string.h>

/* Keeps the story of a refusal with the file it is about. */
static nn_status keep_refusal(nn_registry *registry, struct nn__opened *opened)
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

static nn_status accept_file(nn_registry *registry, const char *path, struct nn__opened *opened)
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
static struct nn__opened *opened_before(nn_registry *registry, const char *path, const struct stat *file)
{
    for (struct nn__opened *opened = registry->opened; opened != NULL; opened = opened->next) {
        bool same = file == NULL ? strcmp(opened->path, path) == 0
                                 : opened->device == file->st_dev && opened->inode == file->st_ino;
        if (same) {
            return opened;
        }
    }
    return NULL;
}

nn_status nn__file_open(nn_registry *registry, const char *path, struct nn__opened **out)
{
    struct stat stat_ = {0};
    bool there = stat(path, &stat_) == 0, builtin = nn_plugin_is_builtin(path);
    struct nn__opened *opened = there || builtin ? opened_before(registry, path, there ? &stat_ : NULL) : NULL;
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

nn_status nn__candidate_judge(nn_registry *registry, const struct nn__place *place,
                              const struct nn__candidate *candidate, struct nn__opened **out,
                              const char **refused)
{
    NN_TRY(nn__file_open(registry, candidate->path, out));
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
