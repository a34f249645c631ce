/* SPDX-License-Identifier: MIT */
#include "cli/spec_lines.h"

#include <string.h>

static nn_status add(nn_spec_lines *all, nn_arena *arena, const char *path, const char *text)
{
    if (all->count == all->room) {
        size_t room = all->room == 0 ? 64 : all->room * 2;
        nn_spec_line *lines;
        NN_TRY(NN_ARENA_ALLOC(arena, &lines, room));
        if (all->count > 0) {
            memcpy(lines, all->lines, all->count * sizeof *lines);
        }
        all->lines = lines;
        all->room = room;
    }
    all->lines[all->count++] = (nn_spec_line){path, text};
    return NN_OK;
}

static nn_status below(nn_arena *arena, const char *path, const char *key, const char **out)
{
    return nn_arena_printf(arena, out, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
}

/* The depth of a spec is bounded by the parser. */
static nn_status walk(const nn_node *node, const char *path, nn_arena *arena, nn_spec_lines *all)
{
    const char *deeper, *number;
    if (node->kind == NN_NODE_SCALAR) {
        return add(all, arena, path, node->text);
    }
    if (node->count == 0) {
        return add(all, arena, path, node->kind == NN_NODE_LIST ? "[]" : "{}");
    }
    for (size_t i = 0; i < node->count; i++) {
        bool list = node->kind == NN_NODE_LIST;
        NN_TRY(nn_arena_printf(arena, &number, "%zu", i));
        NN_TRY(below(arena, path, list ? number : node->pairs[i].key->text, &deeper));
        NN_TRY(walk(list ? node->items[i] : node->pairs[i].value, deeper, arena, all));
    }
    return NN_OK;
}

nn_status nn_spec_lines_of(const nn_node *spec, nn_arena *arena, nn_spec_lines *out)
{
    *out = (nn_spec_lines){0};
    return spec == NULL ? NN_OK : walk(spec, "", arena, out);
}

const char *nn_spec_lines_get(const nn_spec_lines *lines, const char *path)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (strcmp(lines->lines[i].path, path) == 0) {
            return lines->lines[i].text;
        }
    }
    return NULL;
}
