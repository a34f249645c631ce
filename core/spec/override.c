/* SPDX-License-Identifier: MIT */
#include "spec/override.h"

#include "base/path.h"
#include "spec/parse.h"
#include "spec/schema.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_MOST = 16 };

typedef struct override {
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    const nn_text_source *source;
    nn_node *steps[STEPS_MOST]; /* the parts of the key path, each with its place */
    size_t count;
} override;

static void refuse(const override *o, nn_place place, const char *path, const char *help,
                   const char *message)
{
    nn_diagnose(o->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, path, help, "%s", message);
}

/* The key path up to a step, itself left out. */
static nn_status path_before(const override *o, size_t step, const char **out)
{
    size_t length = 0;
    for (size_t i = 0; i < step; i++) {
        length += strlen(o->steps[i]->text) + 1;
    }
    return nn_arena_text(o->arena, o->source->bytes, length == 0 ? 0 : length - 1, out);
}

static size_t characters(const char *s, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += ((unsigned char)s[i] & 0xC0) != 0x80;
    }
    return count;
}

/* Splits the key path at its dots; false where it is none. */
static nn_status split(override *o, size_t length, bool *good)
{
    const char *text = o->source->bytes;
    *good = false;
    for (size_t from = 0; from <= length;) {
        size_t part = 0;
        while (from + part < length && text[from + part] != '.') {
            part++;
        }
        size_t width = characters(text + from, part);
        nn_place place = {o->source, 1, characters(text, from) + 1, width == 0 ? 1 : width};
        if (part == 0 || o->count == STEPS_MOST) {
            refuse(o, place, "", "a key path is written a.b.c=value",
                   part == 0 ? "a part of the key path is empty" : "the key path is too long");
            return NN_OK;
        }
        for (size_t i = 0; i < part; i++) {
            unsigned char c = (unsigned char)text[from + i];
            if (c <= ' ' || c == 0x7F || c == '{' || c == '[' || c == ':') {
                place.column += characters(text + from, i);
                place.width = 1;
                refuse(o, place, "",
                       c == '[' ? "an element of a list is written a.b.0.c=value"
                                : "a key path is written a.b.c=value",
                       "this is no part of a key path");
                return NN_OK;
            }
        }
        const char *step;
        NN_TRY(nn_arena_text(o->arena, text + from, part, &step));
        NN_TRY(nn_node_scalar(o->arena, step, place, &o->steps[o->count++]));
        from += part + 1;
    }
    *good = true;
    return NN_OK;
}

/* The element of a list that a step names, NULL after a complaint. */
static nn_status element(const override *o, size_t step, const nn_node *list, nn_node ***out)
{
    const char *text = o->steps[step]->text, *path;
    size_t length = strlen(text);
    *out = NULL;
    if (length <= 6 && strspn(text, "0123456789") == length) {
        size_t index = strtoul(text, NULL, 10);
        if (index < list->count) {
            *out = &list->items[index];
            return NN_OK;
        }
    }
    nn_text help = {0};
    if (list->count == 0) {
        nn_text_put(&help, "the list is empty; give the whole list");
    } else {
        nn_text_printf(&help, "the list has the elements 0 to %zu; to change their number give the "
                              "whole list", list->count - 1);
    }
    NN_TRY(path_before(o, step, &path));
    nn_diagnose(o->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, o->steps[step]->place, path,
                nn_text_view(&help), "there is no element \"%.60s\"", text);
    nn_text_finish(&help);
    return NN_OK;
}

static bool is_list(const nn_key *key)
{
    return key != NULL
        && (key->type == NN_KEY_COMPONENTS || key->type == NN_KEY_MAPS || key->type == NN_KEY_PATHS);
}

static bool names_component(const nn_key *key)
{
    return key != NULL
        && (key->type == NN_KEY_COMPONENT || key->type == NN_KEY_EITHER
            || key->type == NN_KEY_COMPONENTS);
}

/* Makes `node` a map that the next step can be set in: {} of nothing, {use: name} of a component; an
 * empty list where the key is one.  false where it is a value. */
static nn_status open_up(const override *o, const nn_key *key, nn_place place, nn_node **node,
                         bool *good)
{
    *good = true;
    bool word = *node != NULL && key != NULL && key->word != NULL && (*node)->kind == NN_NODE_SCALAR
             && strcmp((*node)->text, key->word) == 0;
    if (*node == NULL || nn_node_is_null(*node) || word) {
        nn_node *map;
        NN_TRY(is_list(key) ? nn_node_list(o->arena, place, &map) : nn_node_map(o->arena, place, &map));
        const nn_key *def = *node == NULL && names_component(key) && !is_list(key) ? key : NULL;
        if (def != NULL && def->def != NULL && def->word == NULL) {
            nn_node *name;
            NN_TRY(nn_node_scalar(o->arena, def->def, (nn_place){0}, &name));
            NN_TRY(nn_node_set(o->arena, map, "use", name));
        }
        *node = map;
    } else if ((*node)->kind == NN_NODE_SCALAR && names_component(key)) {
        nn_node *map;
        NN_TRY(nn_node_map(o->arena, (*node)->place, &map));
        NN_TRY(nn_node_set(o->arena, map, "use", *node));
        *node = map;
    } else {
        *good = (*node)->kind != NN_NODE_SCALAR;
    }
    return NN_OK;
}

static bool by_argument(const nn_pair *pair)
{
    const nn_text_source *source = pair->key->place.source;
    return source != NULL && source->argument;
}

/* Empties a map but for what other arguments wrote: who gives what does not go together is told, not half
 * obeyed. */
static void empty(nn_node *map)
{
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (by_argument(&map->pairs[i])) {
            map->pairs[kept++] = map->pairs[i];
        }
    }
    map->count = kept;
}

/* Whether `value` is a component's name alone, and other arguments wrote parameters for it into `child`. */
static bool joins_parameters(const nn_key *row, const nn_node *child, const nn_node *value)
{
    if (!names_component(row) || is_list(row) || child == NULL || child->kind != NN_NODE_MAP
        || value->kind != NN_NODE_SCALAR || nn_node_is_null(value)
        || (row->word != NULL && strcmp(value->text, row->word) == 0)) {
        return false;
    }
    for (size_t i = 0; i < child->count; i++) {
        if (by_argument(&child->pairs[i])) {
            return true;
        }
    }
    return false;
}

/* Sets the last step in its map.  Another `use`, and another of the keys that exclude each other, drop
 * what the spec says beside it. */
static nn_status set_last(const override *o, const nn_key *key, nn_node *map, nn_node *value)
{
    nn_node *name = o->steps[o->count - 1];
    const nn_node *before = nn_node_get(map, name->text);
    bool use = strcmp(name->text, "use") == 0;
    bool other = use && names_component(key)
              && (before == NULL || before->kind != NN_NODE_SCALAR || value->kind != NN_NODE_SCALAR
                  || strcmp(before->text, value->text) != 0);
    bool either = key != NULL && key->type == NN_KEY_EITHER
               && nn_key_find(key->keys, name->text) != NULL && nn_node_get(map, "use") == NULL;
    if (other || either) {
        empty(map);
    }
    return nn_node_put(o->arena, map, name, value);
}

/* Where the steps have come to. */
typedef struct cursor {
    nn_node *node;
    const nn_key *key;  /* the row of the node, NULL where it has none */
    const nn_key *keys; /* the rows of its keys or of its elements' keys */
} cursor;

/* A step can't go below a single value. */
static nn_status refuse_below(const override *o, size_t step)
{
    const char *path, *help;
    NN_TRY(path_before(o, step, &path));
    NN_TRY(nn_arena_printf(o->arena, &help, "it takes one value: %s=VALUE", path));
    refuse(o, o->steps[step]->place, path, help, "it is a value without keys");
    return NN_OK;
}

/* Into an element of a list, or sets it; *done where that ended the walk. */
static nn_status step_in_list(const override *o, size_t i, cursor *at, nn_node *value, bool *applied,
                              bool *done)
{
    nn_node **item;
    bool good;
    const nn_key *inside = names_component(at->key) ? at->key : NULL;
    NN_TRY(element(o, i, at->node, &item));
    *done = item == NULL || i + 1 == o->count;
    if (item == NULL) {
        return NN_OK;
    }
    if (*done) {
        *item = value;
        *applied = true;
        return NN_OK;
    }
    NN_TRY(open_up(o, inside, o->steps[i]->place, item, &good));
    *done = !good;
    *at = (cursor){*item, inside, at->key == NULL ? NULL : at->key->keys};
    return good ? NN_OK : refuse_below(o, i + 1);
}

/* Into the value of a key, or sets it; *done where that ended the walk. */
static nn_status step_in_map(const override *o, size_t i, cursor *at, nn_node *value, bool *applied,
                             bool *done)
{
    nn_node *step = o->steps[i];
    const nn_pair *pair = nn_node_pair(at->node, step->text);
    nn_node *child = pair == NULL ? NULL : pair->value;
    const nn_key *row = nn_key_find(at->keys, step->text);
    bool good;
    *done = i + 1 == o->count;
    if (*done) {
        *applied = true;
        if (joins_parameters(row, child, value)) {
            empty(child);
            NN_TRY(nn_node_set(o->arena, child, "use", value));
            value = child;
        }
        return set_last(o, at->key, at->node, value);
    }
    NN_TRY(open_up(o, row, step->place, &child, &good));
    *done = !good;
    if (!good) {
        return refuse_below(o, i + 1);
    }
    NN_TRY(nn_node_put(o->arena, at->node, pair == NULL ? step : pair->key, child));
    *at = (cursor){child, row, row == NULL ? NULL : row->keys};
    return NN_OK;
}

static nn_status set(const override *o, nn_node *root, nn_node *value, bool *applied)
{
    cursor at = {root, NULL, nn_spec_keys};
    bool done = false;
    for (size_t i = 0; i < o->count && !done; i++) {
        NN_TRY(at.node->kind == NN_NODE_LIST ? step_in_list(o, i, &at, value, applied, &done)
                                             : step_in_map(o, i, &at, value, applied, &done));
    }
    return NN_OK;
}

nn_status nn_override(nn_arena *arena, const char *argument, size_t number,
                      nn_diagnostics *diagnostics, nn_node *root, bool *applied)
{
    nn_text_source *source;
    override o = {.arena = arena, .diagnostics = diagnostics};
    *applied = false;
    NN_TRY(NN_ARENA_ALLOC(arena, &source, 1));
    source->argument = true;
    source->number = number;
    source->length = strlen(argument);
    NN_TRY(nn_arena_text(arena, argument, source->length, &source->bytes));
    NN_TRY(nn_arena_printf(arena, &source->name, "argument %zu", number));
    NN_TRY(nn_path_absolute(arena, ".", &source->base_dir));
    o.source = source;

    const char *equals = strchr(source->bytes, '=');
    if (equals == NULL) {
        size_t width = characters(source->bytes, source->length);
        refuse(&o, (nn_place){source, 1, 1, width == 0 ? 1 : width}, "",
               "written training.epochs=3", "not a key=value");
        return NN_OK;
    }
    bool good;
    NN_TRY(split(&o, (size_t)(equals - source->bytes), &good));
    if (!good) {
        return NN_OK;
    }
    const char *path;
    NN_TRY(nn_arena_text(arena, source->bytes, (size_t)(equals - source->bytes), &path));
    if (strcmp(path, "extends") == 0) {
        refuse(&o, o.steps[0]->place, "", "write it into a spec",
               "extends can't be given on the command line");
        return NN_OK;
    }
    nn_node *value;
    NN_TRY(nn_parse_part(arena, source, (size_t)(equals + 1 - source->bytes), path, diagnostics,
                         &value));
    if (value == NULL) {
        return NN_OK;
    }
    /* In a copy: what is refused half way leaves the spec as it was. */
    nn_node *changed;
    NN_TRY(nn_node_copy(arena, root, &changed));
    NN_TRY(set(&o, changed, value, applied));
    if (*applied) {
        *root = *changed;
    }
    return NN_OK;
}
