/* SPDX-License-Identifier: MIT */
/* `key: name` and `key: {use: name, parameter: value}`; the parameters are plugin/bind.h's. */
#include "spec/read_inside.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MOST = 100 };

static bool is_component_name(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= NAME_MOST && !isdigit((unsigned char)text[0])
        && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

/* Misspelled, or as other tools call it. */
static bool is_use_meant(const char *word)
{
    static const char *const others[] = {"type", "name", "kind", "class"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(word, others[i]) == 0) {
            return true;
        }
    }
    return nn_text_distance(word, "use", 1) <= 1;
}

void nn__use_missing(nn_reader *reader, const nn_key *key, const nn_node *map, nn_place owner,
                        const char *path)
{
    nn_text help = {0}, message = {0};
    for (size_t i = 0; i < map->count; i++) {
        const nn_node *word = map->pairs[i].key;
        if (is_use_meant(word->text)) {
            nn_text_printf(&help, "did you mean \"use\"?");
            nn_text_printf(&message, "there is no key \"%s\"", word->text);
            nn__complain(reader, word->place, path, &help, nn_text_view(&message));
            nn_text_finish(&message);
            return;
        }
    }
    if (reader->incomplete) {
        return;
    }
    nn__put_wants(key, &help);
    nn_text_put(&message, "\"use\" is missing");
    for (const nn_key *one = key->type == NN_KEY_EITHER ? key->keys : NULL;
         one != NULL && one->name != NULL; one++) {
        nn_text_printf(&message, "%s\"%s\"", one == key->keys ? ", or one of " : ", ", one->name);
    }
    nn__complain(reader, owner, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
}

/* The map without the host's own keys: what the plugin is asked to take. */
static nn_status without_keys(nn_reader *reader, const nn_key *keys, const nn_node *map,
                              const nn_node **out)
{
    nn_node *copy;
    NN_TRY(nn_node_copy(reader->arena, map, &copy));
    for (const nn_key *key = keys; key->name != NULL; key++) {
        nn_node_drop(copy, key->name);
    }
    *out = copy;
    return NN_OK;
}

static nn_status read_host_keys(nn_reader *reader, const nn_key *keys, const nn_node *map,
                                const char *path, void *into)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        const nn_pair *pair = nn_node_pair(map, key->name);
        if (pair != NULL) {
            const char *deeper;
            NN_TRY(nn_arena_printf(reader->arena, &deeper, "%s.%s", path, key->name));
            NN_TRY(nn__read_value(reader, key, pair->value, pair->key->place, deeper, into));
        }
    }
    return NN_OK;
}

static nn_status list_names(nn_reader *reader, const nn_key *keys, const char *const **out)
{
    const char **names;
    NN_TRY(NN_ARENA_ALLOC(reader->arena, &names, NN__KEYS_MOST + 1));
    for (size_t i = 0; keys[i].name != NULL; i++) {
        names[i] = keys[i].name;
    }
    *out = names;
    return NN_OK;
}

nn_status nn__read_component(nn_reader *reader, const nn_key *key, const nn_node *node,
                                nn_place owner, const char *path, nn_use *use, void *into)
{
    const nn_node *name = node->kind == NN_NODE_MAP ? nn_node_get(node, "use") : node;
    const nn_key *keys = key->type == NN_KEY_COMPONENT ? key->keys : NULL;
    if (node->kind == NN_NODE_LIST) {
        nn__wrong_type(reader, key, node, path);
        return NN_OK;
    }
    if (node->kind == NN_NODE_MAP && keys != NULL) {
        NN_TRY(read_host_keys(reader, keys, node, path, into));
        NN_TRY(without_keys(reader, keys, node, &node));
    }
    if (name == NULL) {
        nn__use_missing(reader, key, node, owner, path);
        return NN_OK;
    }
    if (name->kind != NN_NODE_SCALAR || !is_component_name(name->text)) {
        nn_text help = {0}, message = {0};
        nn__put_wants(key, &help);
        if (name->kind == NN_NODE_SCALAR) {
            nn_text_printf(&message, "\"%.*s\" is no name of a component", NN__SHOWN_MOST, name->text);
        } else {
            nn_text_printf(&message, "a %s is no name of a component",
                           name->kind == NN_NODE_LIST ? "list" : "mapping");
        }
        nn__complain(reader, name->place, path, &help, nn_text_view(&message));
        nn_text_finish(&message);
        return NN_OK;
    }
    *use = (nn_use){.name = name->text, .node = node, .place = name->place, .path = path};
    return keys == NULL ? NN_OK : list_names(reader, keys, &use->also);
}
