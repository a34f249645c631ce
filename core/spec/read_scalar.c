/* SPDX-License-Identifier: MIT */
/* Numbers, words, texts and paths. */
#include "spec/read_inside.h"

#include "base/path.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { NAME_MOST = 100 };

void *nn__field(const nn_key *key, void *into)
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
    memcpy(nn__field(key, into), from, key->bytes);
}

void nn__store_pointer(const nn_key *key, void *into, const void *pointer)
{
    memcpy(nn__field(key, into), &pointer, sizeof pointer);
}

void nn__read_number(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path,
                        void *into)
{
    long long integer = 0;
    double value = 0;
    bool is_integer = key->type == NN_KEY_INTEGER;
    if (is_integer ? !nn_node_integer(node, &integer) : !nn_node_real(node, &value)) {
        nn__wrong_type(reader, key, node, path);
        return;
    }
    value = is_integer ? (double)integer : value;
    bool below = key->flags & NN_KEY_OPEN_MIN ? value <= key->min : value < key->min;
    bool above = key->flags & NN_KEY_OPEN_MAX ? value >= key->max : value > key->max;
    if (node->place.source != NULL && (below || above || !isfinite(value))) {
        nn_text help = {0}, message = {0};
        nn__put_wants(key, &help);
        nn_text_printf(&message, isfinite(value) ? "%.*s is out of range" : "%.*s is not finite",
                       NN__SHOWN_MOST, node->text);
        nn__complain(reader, node->place, path, &help, nn_text_view(&message));
        nn_text_finish(&message);
        return;
    }
    if (is_integer) {
        store_integer(key, into, integer);
    } else {
        memcpy(nn__field(key, into), &value, sizeof value);
    }
}

void nn__read_choice(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path,
                        void *into)
{
    const char *names[NN__KEYS_MOST];
    size_t count = 0;
    for (const nn_word *word = key->choices; word->name != NULL; word++) {
        if (node->kind == NN_NODE_SCALAR && strcmp(node->text, word->name) == 0) {
            if (key->type == NN_KEY_METRIC) {
                nn__store_pointer(key, into, word->name);
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
        nn__wrong_type(reader, key, node, path);
        return;
    }
    nn_text help = {0}, message = {0};
    const char *nearest = nn_text_nearest(node->text, names, count);
    if (nearest != NULL) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    nn__put_wants(key, &help);
    nn_text_printf(&message, key->type == NN_KEY_METRIC ? "there is no metric \"%.*s\" here"
                                                        : "there is no choice \"%.*s\"",
                   NN__SHOWN_MOST, node->text);
    nn__complain(reader, node->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
}

nn_status nn__absolute(nn_reader *reader, const nn_node *node, const char **out)
{
    const char *base = node->place.source == NULL ? NULL : node->place.source->base_dir;
    const char *joined;
    NN_TRY(nn_path_join(reader->arena, base, node->text, &joined));
    return nn_path_absolute(reader->arena, joined, out);
}

static bool is_folder_name(const char *text)
{
    for (const char *s = text; *s != '\0'; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7F || *s == '/' || *s == '\\') {
            return false;
        }
    }
    return text[0] != '.' && text[0] != '-' && strlen(text) <= NAME_MOST;
}

nn_status nn__read_text(nn_reader *reader, const nn_key *key, const nn_node *node,
                           const char *path, void *into)
{
    if (node->kind != NN_NODE_SCALAR) {
        nn__wrong_type(reader, key, node, path);
        return NN_OK;
    }
    const char *text = node->text;
    bool name = key->type == NN_KEY_NAME;
    if (text[0] == '\0' && key->type != NN_KEY_TEXT) {
        nn__complain(reader, node->place, path, NULL, name ? "an empty name" : "an empty path");
        return NN_OK;
    }
    if (name && !is_folder_name(text)) {
        nn_text help = {0};
        nn_text_printf(&help, "a folder of results bears it: at most %d bytes, no slash, no control "
                              "characters, no dot or dash in front", NAME_MOST);
        nn__complain(reader, node->place, path, &help, "no name for an experiment");
        return NN_OK;
    }
    if (key->type == NN_KEY_PATH) {
        NN_TRY(nn__absolute(reader, node, &text));
    }
    nn__store_pointer(key, into, text);
    return NN_OK;
}
