/* SPDX-License-Identifier: MIT */
#include "spec/read.h"

#include "spec/read_inside.h"
#include "spec/wants.h"

#include <string.h>

static void store_count(const nn_key *key, void *into, size_t count)
{
    memcpy((unsigned char *)into + key->count, &count, sizeof count);
}

static void store_place(const nn_key *key, void *into, nn_place place)
{
    if (key->place != 0) {
        memcpy((unsigned char *)into + key->place, &place, sizeof place);
    }
}

static nn_status read_keys(nn_reader *reader, const nn_key *keys, const nn_node *map, nn_place owner,
                           const char *path, void *into);

static nn_status read_either(nn_reader *reader, const nn_key *key, const nn_node *node,
                             nn_place owner, const char *path, void *into)
{
    if (node->kind != NN_NODE_MAP || nn_node_get(node, "use") != NULL) {
        return nn__read_component(reader, key, node, owner, path, nn__field(key, into), into);
    }
    const nn_pair *first = NULL;
    bool meant = false; /* a key that looks like one of them: told as unknown, and nothing is missing */
    for (size_t i = 0; i < node->count; i++) {
        const nn_pair *pair = &node->pairs[i];
        if (nn_key_find(key->keys, pair->key->text) == NULL) {
            meant = meant || nn__nearest_key(key->keys, node, pair->key->text) != NULL;
        } else if (first == NULL) {
            first = pair;
        } else {
            nn_text help = {0}, message = {0};
            nn__put_wants(key, &help);
            nn_text_printf(&message, "\"%s\" and \"%s\" exclude each other", first->key->text,
                           pair->key->text);
            nn__complain(reader, pair->key->place, path, &help, nn_text_view(&message));
            nn_text_finish(&message);
            return NN_OK;
        }
    }
    if (first == NULL && !meant) {
        nn__use_missing(reader, key, node, owner, path);
        return NN_OK;
    }
    return read_keys(reader, key->keys, node, owner, path, into);
}

static void complain_element(nn_reader *reader, const nn_key *key, const nn_node *item,
                             const char *path)
{
    nn_text help = {0}, message = {0};
    nn_text_put(&help, "an element is ");
    nn_key_element_wants(key, &help);
    nn_text_printf(&message, "%s is not %s",
                   item->kind == NN_NODE_LIST  ? "a list"
                   : item->kind == NN_NODE_MAP ? "a mapping"
                                               : "one value",
                   nn_key_element_noun(key));
    nn__complain(reader, item->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
}

static nn_status read_element(nn_reader *reader, const nn_key *key, const nn_node *item,
                              const char *path, void *elements, size_t index)
{
    if (key->type == NN_KEY_MAPS) {
        void *element = (unsigned char *)elements + index * key->bytes;
        if (item->kind == NN_NODE_MAP) {
            return read_keys(reader, key->keys, item, item->place, path, element);
        }
    } else if (key->type == NN_KEY_COMPONENTS && item->kind != NN_NODE_LIST) {
        return nn__read_component(reader, key, item, item->place, path, (nn_use *)elements + index,
                              NULL);
    } else if (key->type == NN_KEY_PATHS && item->kind == NN_NODE_SCALAR && item->text[0] != '\0') {
        return nn__absolute(reader, item, (const char **)elements + index);
    }
    complain_element(reader, key, item, path);
    return NN_OK;
}

static nn_status read_list(nn_reader *reader, const nn_key *key, const nn_node *node,
                           const char *path, void *into)
{
    if (node->kind != NN_NODE_LIST) {
        nn__wrong_type(reader, key, node, path);
        return NN_OK;
    }
    if (node->count == 0 && key->flags & NN_KEY_NOT_EMPTY) {
        nn_text help = {0};
        nn__put_wants(key, &help);
        nn__complain(reader, node->place, path, &help, "an empty list");
    }
    size_t bytes = key->type == NN_KEY_MAPS         ? key->bytes
                 : key->type == NN_KEY_COMPONENTS ? sizeof(nn_use)
                                                    : sizeof(const char *);
    void *elements = NULL;
    if (node->count > 0) {
        NN_TRY(nn_arena_alloc(reader->arena, node->count * bytes, &elements));
    }
    for (size_t i = 0; i < node->count; i++) {
        const char *deeper;
        NN_TRY(nn_arena_printf(reader->arena, &deeper, "%s.%zu", path, i));
        NN_TRY(read_element(reader, key, node->items[i], deeper, elements, i));
    }
    nn__store_pointer(key, into, elements);
    store_count(key, into, node->count);
    return NN_OK;
}

nn_status nn__read_value(nn_reader *reader, const nn_key *key, const nn_node *node,
                            nn_place owner, const char *path, void *into)
{
    store_place(key, into, node->place);
    if (nn_node_is_null(node)) {
        nn_text help = {0};
        nn__put_wants(key, &help);
        nn__complain(reader, owner, path, &help, "it has no value");
        return NN_OK;
    }
    if (key->word != NULL && node->kind == NN_NODE_SCALAR && strcmp(node->text, key->word) == 0) {
        return NN_OK; /* fields begin as zero */
    }
    switch (key->type) {
    case NN_KEY_INTEGER:
    case NN_KEY_REAL:
        nn__read_number(reader, key, node, path, into);
        return NN_OK;
    case NN_KEY_CHOICE:
    case NN_KEY_METRIC:
        nn__read_choice(reader, key, node, path, into);
        return NN_OK;
    case NN_KEY_TEXT:
    case NN_KEY_NAME:
    case NN_KEY_PATH:
        return nn__read_text(reader, key, node, path, into);
    case NN_KEY_COMPONENT:
        return nn__read_component(reader, key, node, owner, path, nn__field(key, into), into);
    case NN_KEY_EITHER:
        return read_either(reader, key, node, owner, path, into);
    case NN_KEY_MAP:
        if (node->kind != NN_NODE_MAP) {
            nn__wrong_type(reader, key, node, path);
            return NN_OK;
        }
        return read_keys(reader, key->keys, node, owner, path, into);
    case NN_KEY_PATHS:
    case NN_KEY_COMPONENTS:
    case NN_KEY_MAPS:
        return read_list(reader, key, node, path, into);
    }
    return NN_OK;
}

nn_status nn_key_default(nn_arena *arena, const nn_key *key, nn_node **out)
{
    const nn_place nowhere = {0};
    *out = NULL;
    if (key->type == NN_KEY_MAP && key->def == NULL) {
        return nn_node_map(arena, nowhere, out);
    }
    if (key->def == NULL) {
        return NN_OK;
    }
    if (strcmp(key->def, "[]") == 0) {
        return nn_node_list(arena, nowhere, out);
    }
    return nn_node_scalar(arena, key->def, nowhere, out);
}

static nn_status read_key(nn_reader *reader, const nn_key *key, const nn_node *map, nn_place owner,
                          const char *path, void *into)
{
    const nn_pair *pair = nn_node_pair(map, key->name);
    const char *deeper;
    nn_node *def;
    NN_TRY(nn_arena_printf(reader->arena, &deeper, "%s%s%s", path, *path == '\0' ? "" : ".",
                           key->name));
    if (pair != NULL) {
        return nn__read_value(reader, key, pair->value, pair->key->place, deeper, into);
    }
    if (key->flags & NN_KEY_REQUIRED) {
        return nn__missing_key(reader, key, map, owner, path);
    }
    NN_TRY(nn_key_default(reader->arena, key, &def));
    return def == NULL ? NN_OK : nn__read_value(reader, key, def, owner, deeper, into);
}

static nn_status read_keys(nn_reader *reader, const nn_key *keys, const nn_node *map, nn_place owner,
                           const char *path, void *into)
{
    for (size_t i = 0; i < map->count; i++) {
        const nn_node *word = map->pairs[i].key;
        if (nn_key_find(keys, word->text) == NULL && !nn_key_is_free(word->text)) {
            NN_TRY(nn__unknown_key(reader, keys, map, word, path));
        }
    }
    for (const nn_key *key = keys; key->name != NULL; key++) {
        if ((key->flags & NN_KEY_EARLY) == 0) {
            NN_TRY(read_key(reader, key, map, owner, path, into));
        }
    }
    return NN_OK;
}

nn_status nn_read_keys(nn_reader *reader, const nn_key *keys, const nn_node *map, nn_place owner,
                       const char *path, void *into)
{
    NN_TRY(read_keys(reader, keys, map, owner, path, into));
    nn__tell_missing(reader);
    return NN_OK;
}
