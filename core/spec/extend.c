/* SPDX-License-Identifier: MIT */
#include "spec/extend.h"

#include "base/path.h"
#include "spec/parse.h"

#include <string.h>

enum { CHAIN_MOST = 32 };

/* ---- merging ---- */

static bool names_component(const nn_key *key)
{
    return key != NULL && (key->type == NN_KEY_COMPONENT || key->type == NN_KEY_EITHER);
}

static const char *used_name(const nn_node *node)
{
    const nn_node *use = nn_node_get(node, "use");
    return use == NULL || use->kind != NN_NODE_SCALAR ? NULL : use->text;
}

/* Makes {use: name} of a component written as its name alone. */
static nn_status spell_out(nn_arena *arena, nn_node **node)
{
    nn_node *map;
    NN_TRY(nn_node_map(arena, (*node)->place, &map));
    NN_TRY(nn_node_set(arena, map, "use", *node));
    *node = map;
    return NN_OK;
}

/* Whether nothing of the base survives: another component, or another of the keys that exclude each
 * other. */
static bool replaces(const nn_key *key, const nn_node *base, const nn_node *change)
{
    const char *before = used_name(base), *after = used_name(change);
    if (after != NULL && (before == NULL || strcmp(before, after) != 0)) {
        return names_component(key) || before != NULL;
    }
    if (key == NULL || key->type != NN_KEY_EITHER || after != NULL) {
        return false;
    }
    for (const nn_key *one = key->keys; one->name != NULL; one++) {
        if (nn_node_get(change, one->name) != NULL) {
            return true;
        }
    }
    return false;
}

nn_status nn_merge(nn_arena *arena, const nn_key *key, const nn_key *keys, nn_node **base,
                   nn_node *change)
{
    bool parameters = names_component(key) && change->kind == NN_NODE_MAP
                   && (*base)->kind == NN_NODE_SCALAR && !nn_node_is_null(*base)
                   && used_name(change) == NULL
                   && (key->word == NULL || strcmp((*base)->text, key->word) != 0);
    if (parameters && !replaces(key, *base, change)) {
        NN_TRY(spell_out(arena, base));
    }
    if ((*base)->kind != NN_NODE_MAP || change->kind != NN_NODE_MAP
        || replaces(key, *base, change)) {
        *base = change;
        return NN_OK;
    }
    for (size_t i = 0; i < change->count; i++) {
        const nn_pair *pair = &change->pairs[i];
        const nn_key *row = nn_key_find(keys, pair->key->text);
        nn_node *value = nn_node_get(*base, pair->key->text);
        if (value == NULL) {
            value = pair->value;
        } else {
            NN_TRY(nn_merge(arena, row, row == NULL ? NULL : row->keys, &value, pair->value));
        }
        NN_TRY(nn_node_put(arena, *base, pair->key, value));
    }
    (*base)->place = change->place;
    return NN_OK;
}

/* ---- the chain ---- */

typedef struct link {
    const char *name; /* as messages show it */
    const char *path; /* absolute */
    nn_node *root;
} link;

/* The path a spec extends, *out NULL where it extends none or what it says is wrong. */
static nn_status base_of(nn_arena *arena, const link *from, nn_diagnostics *diagnostics,
                         const char **out, bool *whole)
{
    const nn_node *node = nn_node_get(from->root, "extends");
    *out = NULL;
    if (node == NULL) {
        return NN_OK;
    }
    if (node->kind != NN_NODE_SCALAR || node->text[0] == '\0' || nn_node_is_null(node)) {
        nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, node->place, "extends",
                    "wants the path of another spec", "%s is not a path",
                    node->kind == NN_NODE_LIST  ? "a list"
                    : node->kind == NN_NODE_MAP ? "a mapping"
                                                : "nothing");
        *whole = false;
        return NN_OK;
    }
    const char *folder = NULL;
    if (strchr(from->name, '/') != NULL) {
        NN_TRY(nn_path_folder(arena, from->name, &folder));
    }
    return nn_path_join(arena, folder, node->text, out);
}

static void refuse_circle(const link *chain, size_t count, const char *name, nn_place place,
                          nn_diagnostics *diagnostics)
{
    nn_text text = {0};
    for (size_t i = 0; i < count; i++) {
        nn_text_printf(&text, "%s -> ", chain[i].name);
    }
    nn_text_put(&text, name);
    nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, "extends",
                nn_text_view(&text), "it goes in a circle");
    nn_text_finish(&text);
}

static nn_status read_chain(nn_arena *arena, link chain[CHAIN_MOST], size_t *count,
                            nn_diagnostics *diagnostics, bool *whole)
{
    for (;;) {
        const link *last = &chain[*count - 1];
        const char *name, *path;
        NN_TRY(base_of(arena, last, diagnostics, &name, whole));
        if (name == NULL) {
            return NN_OK;
        }
        nn_place place = nn_node_get(last->root, "extends")->place;
        NN_TRY(nn_path_absolute(arena, name, &path));
        for (size_t i = 0; i < *count; i++) {
            if (strcmp(chain[i].path, path) == 0) {
                refuse_circle(chain, *count, name, place, diagnostics);
                *whole = false;
                return NN_OK;
            }
        }
        if (*count == CHAIN_MOST) {
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, "extends", NULL,
                        "a chain of more than %d specs", CHAIN_MOST);
            *whole = false;
            return NN_OK;
        }
        nn_node *root;
        const nn_text_source *source;
        NN_TRY(nn_parse_named_file(arena, name, place, diagnostics, &root, &source));
        if (root == NULL) {
            *whole = false;
            return NN_OK;
        }
        chain[(*count)++] = (link){.name = name, .path = path, .root = root};
    }
}

nn_status nn_extend(nn_arena *arena, const char *path, nn_diagnostics *diagnostics, nn_node **root,
                    bool *whole, const nn_text_source **source)
{
    link chain[CHAIN_MOST];
    size_t count = 1;
    *whole = true;
    *root = NULL;
    chain[0] = (link){.name = path};
    NN_TRY(nn_path_absolute(arena, path, &chain[0].path));
    NN_TRY(nn_parse_named_file(arena, path, (nn_place){0}, diagnostics, &chain[0].root, source));
    if (chain[0].root == NULL) {
        *whole = false;
        return NN_OK;
    }
    NN_TRY(read_chain(arena, chain, &count, diagnostics, whole));
    nn_node *merged = chain[count - 1].root;
    nn_node_drop(merged, "extends");
    for (size_t i = count - 1; i-- > 0;) {
        nn_node_drop(chain[i].root, "extends");
        NN_TRY(nn_merge(arena, NULL, nn_spec_keys, &merged, chain[i].root));
    }
    *root = merged;
    return NN_OK;
}
