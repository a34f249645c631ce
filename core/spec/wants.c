/* SPDX-License-Identifier: MIT */
#include "spec/wants.h"

#include <math.h>

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

void nn_key_put_names(const nn_key *keys, nn_text *out)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        nn_text_printf(out, "%s%s", key == keys ? "" : ", ", key->name);
    }
}

const char *nn_key_noun(const nn_key *key)
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

const char *nn_key_element_noun(const nn_key *key)
{
    return key->type == NN_KEY_MAPS ? "a mapping" : key->type == NN_KEY_PATHS ? "a path" : "a component";
}

void nn_key_element_wants(const nn_key *key, nn_text *out)
{
    if (key->type == NN_KEY_PATHS) {
        nn_text_put(out, "the path of a file or folder");
    } else if (key->type == NN_KEY_COMPONENTS) {
        nn_text_printf(out, "the name of a %s, or {use: NAME, parameter: value}", key->kind);
    } else {
        nn_text_put(out, "a mapping with ");
        nn_key_put_names(key->keys, out);
    }
}

static void put_exclusive(const nn_key *key, nn_text *out)
{
    for (const nn_key *one = key->keys; one->name != NULL; one++) {
        nn_text_printf(out, "{%s: ...} or ", one->name);
    }
    nn_text_printf(out, "{use: %s, ...}", key->kind);
}

void nn_key_wants(const nn_key *key, nn_text *out)
{
    switch (key->type) {
    case NN_KEY_INTEGER:
    case NN_KEY_REAL:
        if (key->min == key->max) {
            put_number(out, key->min, key->type == NN_KEY_INTEGER);
        } else {
            nn_text_put(out, nn_key_noun(key));
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
        nn_key_put_names(key->keys, out);
        break;
    case NN_KEY_EITHER:
        put_exclusive(key, out);
        break;
    case NN_KEY_PATHS:
        nn_text_put(out, "a list of paths: [FILE, ...]");
        break;
    case NN_KEY_COMPONENTS:
        nn_text_printf(out, "a list of %ss: [{use: NAME, parameter: value}, ...]", key->kind);
        break;
    case NN_KEY_MAPS:
        nn_text_put(out, "a list of mappings with ");
        nn_key_put_names(key->keys, out);
        break;
    default:
        nn_text_put(out, nn_key_noun(key));
        break;
    }
    if (key->word != NULL) {
        nn_text_printf(out, ", or %s", key->word);
    }
}
