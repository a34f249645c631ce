/* SPDX-License-Identifier: MIT */
/* A file, or standard input, read and parsed. */
#include "spec/parse.h"

#include "base/memory.h"
#include "base/path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static nn_status read_stdin(char **bytes, size_t *length)
{
    char *buffer;
    NN_TRY(NN_ALLOC_RAW(&buffer, NN_SPEC_BYTES_MOST + 2, "standard input"));
    size_t used = 0;
    while (used <= NN_SPEC_BYTES_MOST) {
        ssize_t got = read(STDIN_FILENO, buffer + used, NN_SPEC_BYTES_MOST + 1 - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            nn_free(buffer);
            return nn_fail_errno(errno, "<stdin>: can't be read");
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    buffer[used] = '\0';
    *bytes = buffer;
    *length = used;
    return NN_OK;
}

static nn_status read_source(nn_arena *arena, const char *path, nn_text_source *source)
{
    bool standard = strcmp(path, "-") == 0;
    const char *folder;
    source->name = standard ? "<stdin>" : path;
    NN_TRY(nn_path_folder(arena, standard ? "" : path, &folder));
    NN_TRY(nn_path_absolute(arena, folder, &source->base_dir));
    char *bytes;
    NN_TRY(standard ? read_stdin(&bytes, &source->length)
                    : nn_file_read(path, NN_SPEC_BYTES_MOST, &bytes, &source->length));
    nn_status status = nn_arena_text(arena, bytes, source->length, &source->bytes);
    nn_free(bytes);
    return status;
}

nn_status nn_parse_named_file(nn_arena *arena, const char *path, nn_place named_at,
                              nn_diagnostics *diagnostics, nn_node **root,
                              const nn_text_source **out)
{
    *root = NULL;
    nn_text_source *source;
    NN_TRY(NN_ARENA_ALLOC(arena, &source, 1));
    NN_TRY(nn_arena_text(arena, path, strlen(path), &path));
    nn_status status = read_source(arena, path, source);
    *out = source;
    if (status == NN_ERR_IO) {
        const char *story = nn_story();
        size_t name = strlen(source->name);
        bool named = strncmp(story, source->name, name) == 0 && story[name] == ':';
        nn_place whole = {source, 0, 0, 1};
        if (named_at.source == NULL) {
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, whole, "", NULL, "%.900s",
                        named ? story + name + 2 : story);
        } else {
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, named_at, "extends", NULL,
                        "%.900s", story);
        }
        nn_story_clear();
        return NN_OK;
    }
    NN_TRY(status);
    NN_TRY(nn_parse(arena, source, diagnostics, root));
    if (*root != NULL && (*root)->kind != NN_NODE_MAP) {
        nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, (*root)->place, "",
                    "a spec is keys and values: \"nnrun: 1\", ...",
                    "not a mapping but %s", (*root)->kind == NN_NODE_LIST ? "a list" : "one value");
        *root = NULL;
    }
    return NN_OK;
}

nn_status nn_parse_file(nn_arena *arena, const char *path, nn_diagnostics *diagnostics,
                        nn_node **root)
{
    const nn_text_source *source;
    return nn_parse_named_file(arena, path, (nn_place){0}, diagnostics, root, &source);
}
