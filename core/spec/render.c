/* SPDX-License-Identifier: MIT */
/* Walks the table of keys, the nodes as written and the experiment side by side. */
#include "spec/render.h"

#include "base/path.h"
#include "spec/read.h"
#include "spec/schema.h"

#include <string.h>

typedef struct renderer {
    nn_arena *arena;
    nn_resolved_component *component;
    void *context;
} renderer;

static nn_status render_keys(const renderer *r, const nn_key *keys, const nn_node *map,
                             const void *from, nn_node *out);

static const void *field(const nn_key *key, const void *from)
{
    return (const unsigned char *)from + key->offset;
}

static nn_status render_path(const renderer *r, const nn_node *node, const char *path,
                             nn_node **out)
{
    NN_TRY(nn_node_scalar(r->arena, path, node->place, out));
    (*out)->quoted = node->quoted;
    return NN_OK;
}

/* A component, and behind its parameters the host's own keys. */
static nn_status render_component(const renderer *r, const nn_key *key, const nn_node *node,
                                  const nn_use *use, const void *from, nn_node **out)
{
    const nn_node *resolved = r->component == NULL ? NULL : r->component(r->context, use);
    const nn_key *keys = key->type == NN_KEY_COMPONENT ? key->keys : NULL;
    NN_TRY(nn_node_copy(r->arena, resolved == NULL ? use->node : resolved, out));
    bool host = false;
    for (const nn_key *one = keys; one != NULL && one->name != NULL; one++) {
        host = host || nn_node_get(node, one->name) != NULL;
    }
    if (!host) {
        return NN_OK;
    }
    if ((*out)->kind == NN_NODE_SCALAR) {
        nn_node *map;
        NN_TRY(nn_node_map(r->arena, (*out)->place, &map));
        NN_TRY(nn_node_set(r->arena, map, "use", *out));
        *out = map;
    }
    return render_keys(r, keys, node, from, *out);
}

static nn_status render_list(const renderer *r, const nn_key *key, const nn_node *node,
                             const void *from, nn_node **out)
{
    const void *elements;
    memcpy(&elements, field(key, from), sizeof elements);
    NN_TRY(nn_node_list(r->arena, node->place, out));
    for (size_t i = 0; i < node->count; i++) {
        nn_node *item;
        if (key->type == NN_KEY_MAPS) {
            NN_TRY(nn_node_map(r->arena, node->items[i]->place, &item));
            NN_TRY(render_keys(r, key->keys, node->items[i],
                               (const unsigned char *)elements + i * key->bytes, item));
        } else if (key->type == NN_KEY_COMPONENTS) {
            NN_TRY(render_component(r, key, node->items[i], (const nn_use *)elements + i, NULL,
                                    &item));
        } else {
            NN_TRY(render_path(r, node->items[i], ((const char *const *)elements)[i], &item));
        }
        NN_TRY(nn_node_append(r->arena, *out, item));
    }
    return NN_OK;
}

static nn_status render_value(const renderer *r, const nn_key *key, const nn_node *node,
                              const void *from, nn_node **out)
{
    const nn_use *use = field(key, from);
    const char *path;
    switch (key->type) {
    case NN_KEY_COMPONENT:
    case NN_KEY_EITHER:
        if (use->name != NULL) {
            return render_component(r, key, node, use, from, out);
        }
        break;
    case NN_KEY_MAP:
        if (node->kind == NN_NODE_MAP) {
            NN_TRY(nn_node_map(r->arena, node->place, out));
            return render_keys(r, key->keys, node, from, *out);
        }
        break;
    case NN_KEY_PATH:
        memcpy(&path, field(key, from), sizeof path);
        return render_path(r, node, path, out);
    case NN_KEY_PATHS:
    case NN_KEY_COMPONENTS:
    case NN_KEY_MAPS:
        return render_list(r, key, node, from, out);
    default:
        break;
    }
    return nn_node_copy(r->arena, node, out);
}

static nn_status render_keys(const renderer *r, const nn_key *keys, const nn_node *map,
                             const void *from, nn_node *out)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        const nn_pair *pair = nn_node_pair(map, key->name);
        nn_node *node = pair == NULL ? NULL : pair->value, *value;
        if (node == NULL && !(key->flags & NN_KEY_SPARSE)) {
            NN_TRY(nn_key_default(r->arena, key, &node));
        }
        if (node == NULL || key->flags & NN_KEY_EARLY) {
            continue;
        }
        NN_TRY(render_value(r, key, node, from, &value));
        NN_TRY(nn_node_set(r->arena, out, key->name, value));
    }
    for (size_t i = 0; i < map->count; i++) {
        nn_node *value;
        if (nn_key_is_free(map->pairs[i].key->text)) {
            NN_TRY(nn_node_copy(r->arena, map->pairs[i].value, &value));
            NN_TRY(nn_node_put(r->arena, out, map->pairs[i].key, value));
        }
    }
    return NN_OK;
}

nn_status nn_render(nn_arena *arena, const nn_experiment *experiment,
                    nn_resolved_component *component, void *context, nn_node **out)
{
    const renderer r = {.arena = arena, .component = component, .context = context};
    nn_node *root, *copy;
    /* A spec read under another file's name must keep its own. */
    NN_TRY(nn_node_copy(arena, experiment->root, &copy));
    if (nn_node_get(copy, "name") == NULL) {
        nn_node *name;
        NN_TRY(nn_node_scalar(arena, experiment->name, (nn_place){0}, &name));
        name->quoted = nn_node_is_null(name);
        NN_TRY(nn_node_set(arena, copy, "name", name));
    }
    NN_TRY(nn_node_map(arena, experiment->root->place, &root));
    NN_TRY(render_keys(&r, nn_spec_keys, copy, experiment, root));
    *out = root;
    return NN_OK;
}
