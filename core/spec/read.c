/* SPDX-License-Identifier: MIT */
#include "spec/read.h"

#include "base/path.h"
#include "spec/experiment.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SHOWN_MOST = 60, NAME_MOST = 100, KEYS_MOST = 64 };

static nn_status read_value(nn_reader *reader, const nn_key *key, const nn_node *node,
                            nn_place owner, const char *path, void *into);

/* ---- what is wrong ---- */

static void complain(nn_reader *reader, nn_place place, const char *path, nn_text *help,
                     const char *message)
{
    nn_diagnose(reader->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, path,
                help == NULL || help->length == 0 ? NULL : nn_text_view(help), "%s", message);
    if (help != NULL) {
        nn_text_finish(help);
    }
}

static void put_number(nn_text *out, double value, bool integer)
{
    nn_text_printf(out, integer ? "%.0f" : "%.10g", value);
}

static void put_range(const nn_key *key, nn_text *out)
{
    bool integer = key->type == NN_KEY_INTEGER;
    bool least = key->min > -INFINITY, most = key->max < (integer ? 1e9 : INFINITY);
    const char *above = key->flags & NN_KEY_OPEN_MIN ? "above " : least && most ? "from " : "at least ";
    if (least) {
        nn_text_printf(out, " %s", above);
        put_number(out, key->min, integer);
    }
    if (most) {
        bool open = (key->flags & NN_KEY_OPEN_MAX) != 0;
        nn_text_put(out, !least ? open ? " below " : " at most "
                         : key->flags & NN_KEY_OPEN_MIN ? open ? " and below " : " and at most "
                         : open ? " to below "
                                : " to ");
        put_number(out, key->max, integer);
    }
}

static void put_words(const nn_word *words, nn_text *out)
{
    for (const nn_word *word = words; word->name != NULL; word++) {
        nn_text_printf(out, "%s%s", word == words ? "" : ", ", word->name);
    }
}

static void put_names(const nn_key *keys, nn_text *out)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        nn_text_printf(out, "%s%s", key == keys ? "" : ", ", key->name);
    }
}

/* "a whole number", "an optimizer": the type without its range. */
static const char *noun(const nn_key *key)
{
    switch (key->type) {
    case NN_KEY_INTEGER:
        return "a whole number";
    case NN_KEY_REAL:
        return "a number";
    case NN_KEY_TEXT:
        return "a text";
    case NN_KEY_NAME:
        return "a name";
    case NN_KEY_PATH:
        return "a path";
    case NN_KEY_CHOICE:
        return "one of its choices";
    case NN_KEY_METRIC:
        return "a metric";
    case NN_KEY_COMPONENT:
        return "a component";
    case NN_KEY_MAP:
    case NN_KEY_EITHER:
        return "a mapping";
    case NN_KEY_PATHS:
    case NN_KEY_COMPONENTS:
    case NN_KEY_MAPS:
        return "a list";
    }
    return "";
}

void nn_key_wants(const nn_key *key, nn_text *out)
{
    switch (key->type) {
    case NN_KEY_INTEGER:
    case NN_KEY_REAL:
        if (key->min == key->max) {
            put_number(out, key->min, key->type == NN_KEY_INTEGER);
        } else {
            nn_text_put(out, noun(key));
            put_range(key, out);
        }
        break;
    case NN_KEY_CHOICE:
    case NN_KEY_METRIC:
        put_words(key->choices, out);
        break;
    case NN_KEY_COMPONENT:
        nn_text_printf(out, "the name of one %s, or {use: NAME, parameter: value}", key->kind);
        break;
    case NN_KEY_MAP:
        nn_text_put(out, "a mapping with ");
        put_names(key->keys, out);
        break;
    case NN_KEY_EITHER:
        for (const nn_key *one = key->keys; one->name != NULL; one++) {
            nn_text_printf(out, "{%s: ...} or ", one->name);
        }
        nn_text_printf(out, "{use: %s, ...}", key->kind);
        break;
    case NN_KEY_PATHS:
        nn_text_put(out, "a list of paths: [FILE, ...]");
        break;
    case NN_KEY_COMPONENTS:
        nn_text_printf(out, "a list of %ss: [{use: NAME, parameter: value}, ...]", key->kind);
        break;
    case NN_KEY_MAPS:
        nn_text_put(out, "a list of mappings with ");
        put_names(key->keys, out);
        break;
    default:
        nn_text_put(out, noun(key));
        break;
    }
    if (key->word != NULL) {
        nn_text_printf(out, ", or %s", key->word);
    }
}

static void want(const nn_key *key, nn_text *help)
{
    nn_text_put(help, "wants ");
    nn_key_wants(key, help);
}

static void wrong_type(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path)
{
    nn_text help = {0}, message = {0};
    want(key, &help);
    if (node->kind != NN_NODE_SCALAR) {
        nn_text_printf(&message, "a %s is not %s", node->kind == NN_NODE_LIST ? "list" : "mapping",
                       noun(key));
    } else if (node->quoted && (key->type == NN_KEY_INTEGER || key->type == NN_KEY_REAL)) {
        nn_text_printf(&message, "\"%.*s\" in quotes is a text, not %s", SHOWN_MOST, node->text,
                       noun(key));
    } else {
        nn_text_printf(&message, "\"%.*s\" is not %s", SHOWN_MOST, node->text, noun(key));
    }
    complain(reader, node->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
}

/* The nearest row to a word that is no key; of equals one that the map lacks.  A key's path, where
 * it stands elsewhere in the spec, goes to *elsewhere. */
static const nn_key *nearest_key(const nn_key *keys, const nn_node *map, const char *word)
{
    const nn_key *nearest = NULL;
    size_t limit = strlen(word) / 3 > 1 ? strlen(word) / 3 : 1;
    limit = limit > 3 ? 3 : limit;
    size_t best = 2 * limit + 2;
    for (const nn_key *key = keys; key->name != NULL; key++) {
        size_t distance = nn_text_distance(word, key->name, limit);
        size_t rank = 2 * distance + (nn_node_pair(map, key->name) != NULL);
        if (distance <= limit && rank < best) {
            best = rank;
            nearest = key;
        }
    }
    return nearest;
}

/* The path of a key of that name anywhere in the spec; false where there is none. */
static bool find_elsewhere(const nn_key *keys, const char *name, const char *prefix, nn_text *out)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        if (strcmp(key->name, name) == 0) {
            nn_text_printf(out, "%s%s", prefix, name);
            return true;
        }
        if (key->keys != NULL) {
            nn_text deeper = {0};
            nn_text_printf(&deeper, "%s%s.%s", prefix, key->name,
                           key->type == NN_KEY_MAPS ? "N." : "");
            bool found = find_elsewhere(key->keys, name, nn_text_view(&deeper), out);
            nn_text_finish(&deeper);
            if (found) {
                return true;
            }
        }
    }
    return false;
}

static const nn_key *unknown_key(nn_reader *reader, const nn_key *keys, const nn_node *map,
                                 const nn_node *word, const char *path)
{
    nn_text help = {0}, message = {0}, elsewhere = {0};
    const nn_key *nearest = nearest_key(keys, map, word->text);
    const char *dot = strrchr(path, '.');
    const char *owner = *path == '\0' ? "a spec" : dot == NULL ? path : dot + 1;
    bool element = isdigit((unsigned char)*owner);
    if (find_elsewhere(nn_spec_keys, word->text, "", &elsewhere)) {
        nn_text_printf(&help, "did you mean %s? ", nn_text_view(&elsewhere));
        nearest = NULL;
    } else if (nearest != NULL) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest->name);
    }
    nn_text_printf(&help, "%s takes: ", element ? "it" : owner);
    put_names(keys, &help);
    nn_text_printf(&message, "there is no key \"%.*s\"", SHOWN_MOST, word->text);
    complain(reader, word->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
    nn_text_finish(&elsewhere);
    return nearest;
}

static void missing_key(nn_reader *reader, const nn_key *key, nn_place owner, const char *path)
{
    nn_text help = {0}, message = {0};
    if (reader->incomplete) {
        return;
    }
    want(key, &help);
    nn_text_printf(&message, "\"%s\" is missing", key->name);
    complain(reader, owner, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
}

/* ---- storing ---- */

static void *field(const nn_key *key, void *into)
{
    return (unsigned char *)into + key->offset;
}

static void store_integer(const nn_key *key, void *into, long long value)
{
    int8_t small = (int8_t)value;
    int32_t middle = (int32_t)value;
    int64_t large = value;
    const void *from = key->bytes == sizeof small ? (const void *)&small
                     : key->bytes == sizeof middle ? (const void *)&middle
                                                   : (const void *)&large;
    assert(key->bytes == sizeof small || key->bytes == sizeof middle || key->bytes == sizeof large);
    memcpy(field(key, into), from, key->bytes);
}

static void store_pointer(const nn_key *key, void *into, const void *pointer)
{
    memcpy(field(key, into), &pointer, sizeof pointer);
}

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

/* ---- scalars ---- */

static void read_number(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path,
                        void *into)
{
    long long integer = 0;
    double value = 0;
    bool is_integer = key->type == NN_KEY_INTEGER;
    if (is_integer ? !nn_node_integer(node, &integer) : !nn_node_real(node, &value)) {
        wrong_type(reader, key, node, path);
        return;
    }
    value = is_integer ? (double)integer : value;
    bool below = key->flags & NN_KEY_OPEN_MIN ? value <= key->min : value < key->min;
    bool above = key->flags & NN_KEY_OPEN_MAX ? value >= key->max : value > key->max;
    if (node->place.source != NULL && (below || above || !isfinite(value))) {
        nn_text help = {0}, message = {0};
        want(key, &help);
        nn_text_printf(&message, isfinite(value) ? "%.*s is out of range" : "%.*s is not finite",
                       SHOWN_MOST, node->text);
        complain(reader, node->place, path, &help, nn_text_view(&message));
        nn_text_finish(&message);
        return;
    }
    if (is_integer) {
        store_integer(key, into, integer);
    } else {
        memcpy(field(key, into), &value, sizeof value);
    }
}

static void read_choice(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path,
                        void *into)
{
    const char *names[KEYS_MOST];
    size_t count = 0;
    for (const nn_word *word = key->choices; word->name != NULL; word++) {
        if (node->kind == NN_NODE_SCALAR && strcmp(node->text, word->name) == 0) {
            if (key->type == NN_KEY_METRIC) {
                store_pointer(key, into, word->name);
            } else {
                store_integer(key, into, word->value);
            }
            return;
        }
        names[count++] = word->name;
    }
    if (key->word != NULL) {
        names[count++] = key->word;
    }
    if (node->kind != NN_NODE_SCALAR) {
        wrong_type(reader, key, node, path);
        return;
    }
    nn_text help = {0}, message = {0};
    const char *nearest = nn_text_nearest(node->text, names, count);
    if (nearest != NULL) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    want(key, &help);
    nn_text_printf(&message, key->type == NN_KEY_METRIC ? "there is no metric \"%.*s\" here"
                                                        : "there is no choice \"%.*s\"",
                   SHOWN_MOST, node->text);
    complain(reader, node->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
}

static nn_status absolute(nn_reader *reader, const nn_node *node, const char **out)
{
    const char *base = node->place.source == NULL ? NULL : node->place.source->base_dir;
    const char *joined;
    NN_TRY(nn_path_join(reader->arena, base, node->text, &joined));
    return nn_path_absolute(reader->arena, joined, out);
}

static nn_status read_text(nn_reader *reader, const nn_key *key, const nn_node *node,
                           const char *path, void *into)
{
    if (node->kind != NN_NODE_SCALAR) {
        wrong_type(reader, key, node, path);
        return NN_OK;
    }
    const char *text = node->text;
    bool name = key->type == NN_KEY_NAME;
    if (text[0] == '\0' && key->type != NN_KEY_TEXT) {
        complain(reader, node->place, path, NULL, name ? "an empty name" : "an empty path");
        return NN_OK;
    }
    if (name && (text[0] == '.' || text[0] == '-' || strpbrk(text, "/\\\n\t") != NULL
                 || strlen(text) > NAME_MOST)) {
        nn_text help = {0};
        nn_text_printf(&help, "a folder of results bears it: at most %d bytes, no slash, no dot or "
                              "dash in front", NAME_MOST);
        complain(reader, node->place, path, &help, "no name for an experiment");
        return NN_OK;
    }
    if (key->type == NN_KEY_PATH) {
        NN_TRY(absolute(reader, node, &text));
    }
    store_pointer(key, into, text);
    return NN_OK;
}

/* ---- components ---- */

static bool is_component_name(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= NAME_MOST && !isdigit((unsigned char)text[0])
        && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

static void use_missing(nn_reader *reader, const nn_key *key, const nn_node *map, nn_place owner,
                        const char *path)
{
    nn_text help = {0}, message = {0};
    for (size_t i = 0; i < map->count; i++) {
        const nn_node *word = map->pairs[i].key;
        if (nn_text_distance(word->text, "use", 1) <= 1) {
            nn_text_printf(&help, "did you mean \"use\"?");
            nn_text_printf(&message, "there is no key \"%s\"", word->text);
            complain(reader, word->place, path, &help, nn_text_view(&message));
            nn_text_finish(&message);
            return;
        }
    }
    if (!reader->incomplete) {
        want(key, &help);
        complain(reader, owner, path, &help, "\"use\" is missing");
    }
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
            NN_TRY(read_value(reader, key, pair->value, pair->key->place, deeper, into));
        }
    }
    return NN_OK;
}

static nn_status list_names(nn_reader *reader, const nn_key *keys, const char *const **out)
{
    const char **names;
    NN_TRY(NN_ARENA_ALLOC(reader->arena, &names, KEYS_MOST + 1));
    for (size_t i = 0; keys[i].name != NULL; i++) {
        names[i] = keys[i].name;
    }
    *out = names;
    return NN_OK;
}

static nn_status read_component(nn_reader *reader, const nn_key *key, const nn_node *node,
                                nn_place owner, const char *path, nn_use *use, void *into)
{
    const nn_node *name = node->kind == NN_NODE_MAP ? nn_node_get(node, "use") : node;
    const nn_key *keys = key->type == NN_KEY_COMPONENT ? key->keys : NULL;
    if (node->kind == NN_NODE_LIST) {
        wrong_type(reader, key, node, path);
        return NN_OK;
    }
    if (node->kind == NN_NODE_MAP && keys != NULL) {
        NN_TRY(read_host_keys(reader, keys, node, path, into));
        NN_TRY(without_keys(reader, keys, node, &node));
    }
    if (name == NULL) {
        use_missing(reader, key, node, owner, path);
        return NN_OK;
    }
    if (name->kind != NN_NODE_SCALAR || !is_component_name(name->text)) {
        nn_text help = {0}, message = {0};
        want(key, &help);
        if (name->kind == NN_NODE_SCALAR) {
            nn_text_printf(&message, "\"%.*s\" is no name of a component", SHOWN_MOST, name->text);
        } else {
            nn_text_printf(&message, "a %s is no name of a component",
                           name->kind == NN_NODE_LIST ? "list" : "mapping");
        }
        complain(reader, name->place, path, &help, nn_text_view(&message));
        nn_text_finish(&message);
        return NN_OK;
    }
    *use = (nn_use){.name = name->text, .node = node, .place = name->place, .path = path};
    return keys == NULL ? NN_OK : list_names(reader, keys, &use->also);
}

/* ---- maps and lists ---- */

static nn_status read_either(nn_reader *reader, const nn_key *key, const nn_node *node,
                             nn_place owner, const char *path, void *into)
{
    if (node->kind != NN_NODE_MAP || nn_node_get(node, "use") != NULL) {
        return read_component(reader, key, node, owner, path, field(key, into), into);
    }
    const nn_pair *first = NULL;
    bool given = false;
    for (size_t i = 0; i < node->count; i++) {
        const nn_pair *pair = &node->pairs[i];
        if (nn_key_find(key->keys, pair->key->text) == NULL) {
            given = true; /* told as an unknown key: nothing is missing, then */
        } else if (first == NULL) {
            first = pair;
        } else {
            nn_text help = {0}, message = {0};
            want(key, &help);
            nn_text_printf(&message, "\"%s\" and \"%s\" exclude each other", first->key->text,
                           pair->key->text);
            complain(reader, pair->key->place, path, &help, nn_text_view(&message));
            nn_text_finish(&message);
            return NN_OK;
        }
    }
    if (first == NULL && !given) {
        nn_text help = {0};
        want(key, &help);
        complain(reader, owner, path, &help, "an empty mapping");
        return NN_OK;
    }
    return nn_read_keys(reader, key->keys, node, owner, path, into);
}

static nn_status read_element(nn_reader *reader, const nn_key *key, const nn_node *item,
                              const char *path, void *elements, size_t index)
{
    if (key->type == NN_KEY_MAPS) {
        void *element = (unsigned char *)elements + index * key->bytes;
        if (item->kind == NN_NODE_MAP) {
            return nn_read_keys(reader, key->keys, item, item->place, path, element);
        }
    } else if (key->type == NN_KEY_COMPONENTS) {
        return read_component(reader, key, item, item->place, path, (nn_use *)elements + index,
                              NULL);
    } else if (item->kind == NN_NODE_SCALAR && item->text[0] != '\0') {
        return absolute(reader, item, (const char **)elements + index);
    }
    nn_text help = {0}, message = {0};
    want(key, &help);
    nn_text_printf(&message, "%s is not %s",
                   item->kind == NN_NODE_LIST  ? "a list"
                   : item->kind == NN_NODE_MAP ? "a mapping"
                                               : "one value",
                   key->type == NN_KEY_MAPS ? "a mapping" : "a path");
    complain(reader, item->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
    return NN_OK;
}

static nn_status read_list(nn_reader *reader, const nn_key *key, const nn_node *node,
                           const char *path, void *into)
{
    if (node->kind != NN_NODE_LIST) {
        wrong_type(reader, key, node, path);
        return NN_OK;
    }
    if (node->count == 0 && key->flags & NN_KEY_NOT_EMPTY) {
        nn_text help = {0};
        want(key, &help);
        complain(reader, node->place, path, &help, "an empty list");
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
    store_pointer(key, into, elements);
    store_count(key, into, node->count);
    return NN_OK;
}

static nn_status read_value(nn_reader *reader, const nn_key *key, const nn_node *node,
                            nn_place owner, const char *path, void *into)
{
    store_place(key, into, node->place);
    if (nn_node_is_null(node)) {
        nn_text help = {0};
        want(key, &help);
        complain(reader, owner, path, &help, "it has no value");
        return NN_OK;
    }
    if (key->word != NULL && node->kind == NN_NODE_SCALAR && strcmp(node->text, key->word) == 0) {
        return NN_OK; /* fields begin as zero */
    }
    switch (key->type) {
    case NN_KEY_INTEGER:
    case NN_KEY_REAL:
        read_number(reader, key, node, path, into);
        return NN_OK;
    case NN_KEY_CHOICE:
    case NN_KEY_METRIC:
        read_choice(reader, key, node, path, into);
        return NN_OK;
    case NN_KEY_TEXT:
    case NN_KEY_NAME:
    case NN_KEY_PATH:
        return read_text(reader, key, node, path, into);
    case NN_KEY_COMPONENT:
        return read_component(reader, key, node, owner, path, field(key, into), into);
    case NN_KEY_EITHER:
        return read_either(reader, key, node, owner, path, into);
    case NN_KEY_MAP:
        if (node->kind != NN_NODE_MAP) {
            wrong_type(reader, key, node, path);
            return NN_OK;
        }
        return nn_read_keys(reader, key->keys, node, owner, path, into);
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

nn_status nn_read_keys(nn_reader *reader, const nn_key *keys, const nn_node *map, nn_place owner,
                       const char *path, void *into)
{
    const nn_key *excused[KEYS_MOST];
    size_t excused_count = 0;
    for (size_t i = 0; i < map->count; i++) {
        const nn_node *word = map->pairs[i].key;
        if (nn_key_find(keys, word->text) == NULL && !nn_key_is_free(word->text)) {
            const nn_key *meant = unknown_key(reader, keys, map, word, path);
            if (meant != NULL && excused_count < KEYS_MOST) {
                excused[excused_count++] = meant;
            }
        }
    }
    for (const nn_key *key = keys; key->name != NULL; key++) {
        const nn_pair *pair = nn_node_pair(map, key->name);
        const char *deeper;
        if (key->flags & NN_KEY_EARLY) {
            continue;
        }
        NN_TRY(nn_arena_printf(reader->arena, &deeper, "%s%s%s", path, *path == '\0' ? "" : ".",
                               key->name));
        if (pair != NULL) {
            NN_TRY(read_value(reader, key, pair->value, pair->key->place, deeper, into));
            continue;
        }
        bool meant = false;
        for (size_t i = 0; i < excused_count; i++) {
            meant = meant || excused[i] == key;
        }
        if (key->flags & NN_KEY_REQUIRED) {
            if (!meant) {
                missing_key(reader, key, owner, path);
            }
            continue;
        }
        nn_node *def;
        NN_TRY(nn_key_default(reader->arena, key, &def));
        if (def != NULL) {
            NN_TRY(read_value(reader, key, def, owner, deeper, into));
        }
    }
    return NN_OK;
}
