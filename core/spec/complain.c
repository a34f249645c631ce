/* SPDX-License-Identifier: MIT */
/* What reading says is wrong: what was found, what is allowed, what was probably meant. */
#include "spec/read_inside.h"
#include "spec/wants.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* A key that lacks, unless another key was meant to be it. */
struct nn__missing {
    const nn_key *key;
    const nn_node *map;
    nn_place owner;
    const char *path;
    struct nn__missing *next;
};

/* What a key that is none was probably meant to be: a row, in that map (NULL: in any). */
struct nn__meant {
    const nn_key *key;
    const nn_node *map;
    struct nn__meant *next;
};

void nn__complain(nn_reader *reader, nn_place place, const char *path, nn_text *help,
                  const char *message)
{
    nn_diagnose(reader->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, path,
                help == NULL || help->length == 0 ? NULL : nn_text_view(help), "%s", message);
    if (help != NULL) {
        nn_text_finish(help);
    }
}

void nn__put_wants(const nn_key *key, nn_text *help)
{
    nn_text_put(help, "wants ");
    nn_key_wants(key, help);
}

void nn__wrong_type(nn_reader *reader, const nn_key *key, const nn_node *node, const char *path)
{
    nn_text help = {0}, message = {0};
    nn__put_wants(key, &help);
    if (node->kind != NN_NODE_SCALAR) {
        nn_text_printf(&message, "a %s is not %s", node->kind == NN_NODE_LIST ? "list" : "mapping",
                       nn_key_noun(key));
    } else if (node->quoted && (key->type == NN_KEY_INTEGER || key->type == NN_KEY_REAL)) {
        nn_text_printf(&message, "\"%.*s\" in quotes is a text, not %s", NN__SHOWN_MOST, node->text,
                       nn_key_noun(key));
    } else {
        nn_text_printf(&message, "\"%.*s\" is not %s", NN__SHOWN_MOST, node->text, nn_key_noun(key));
    }
    nn__complain(reader, node->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
}

/* ---- unknown keys ---- */

/* Whether a word is one of those that other tools use for a key. */
static bool is_alias(const nn_key *key, const char *word)
{
    size_t length = strlen(word);
    for (const char *s = key->aka; s != NULL && *s != '\0';) {
        size_t one = strcspn(s, " ");
        if (one == length && strncasecmp(s, word, length) == 0) {
            return true;
        }
        s += one + (s[one] == ' ');
    }
    return false;
}

static const nn_key *key_of_alias(const nn_key *keys, const char *word)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        if (is_alias(key, word)) {
            return key;
        }
    }
    return NULL;
}

/* Of equally near ones that which the map lacks. */
const nn_key *nn__nearest_key(const nn_key *keys, const nn_node *map, const char *word)
{
    const nn_key *nearest = key_of_alias(keys, word);
    const char *names[NN__KEYS_MOST];
    size_t count = 0, best = SIZE_MAX;
    if (nearest != NULL) {
        return nearest;
    }
    for (const nn_key *key = keys; key->name != NULL; key++) {
        size_t limit = nn_text_nearness(word), distance = nn_text_distance(word, key->name, limit);
        names[count++] = key->name;
        if (distance > limit) {
            continue;
        }
        size_t rank = 2 * distance + (nn_node_pair(map, key->name) != NULL);
        if (rank < best) {
            best = rank;
            nearest = key;
        }
    }
    if (nearest == NULL) {
        const char *name = nn_text_nearest(word, names, count);
        nearest = name == NULL ? NULL : nn_key_find(keys, name);
    }
    return nearest;
}

/* The key of that name anywhere in the spec, its path to `out`; NULL where there is none. */
static const nn_key *find_elsewhere(const nn_key *keys, const char *name, const char *prefix,
                                    nn_text *out)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        if (strcmp(key->name, name) == 0) {
            nn_text_printf(out, "%s%s", prefix, name);
            return key;
        }
        if (key->keys != NULL) {
            nn_text deeper = {0};
            nn_text_printf(&deeper, "%s%s.%s", prefix, key->name,
                           key->type == NN_KEY_MAPS ? "N." : "");
            const nn_key *found = find_elsewhere(key->keys, name, nn_text_view(&deeper), out);
            nn_text_finish(&deeper);
            if (found != NULL) {
                return found;
            }
        }
    }
    return NULL;
}

static nn_status note_meant(nn_reader *reader, const nn_key *key, const nn_node *map)
{
    struct nn__meant *meant;
    NN_TRY(NN_ARENA_ALLOC(reader->arena, &meant, 1));
    *meant = (struct nn__meant){key, map, reader->meant};
    reader->meant = meant;
    return NN_OK;
}

/* {units:8} is a key without a value.  Whether a word is of that form. */
static nn_status guess_colon(nn_reader *reader, const nn_key *keys, const nn_node *map,
                             const char *word, nn_text *help, bool *found)
{
    const char *colon = strchr(word, ':');
    *found = colon != NULL && colon[1] != '\0';
    if (!*found) {
        return NN_OK;
    }
    const char *name;
    NN_TRY(nn_arena_text(reader->arena, word, (size_t)(colon - word), &name));
    nn_text_printf(help, "a blank belongs behind the colon: %s: %s; ", name, colon + 1);
    const nn_key *key = nn_key_find(keys, name);
    return key == NULL ? NN_OK : note_meant(reader, key, map);
}

/* What was probably meant, said in `help`, and noted so that it is not missing, too. */
static nn_status guess(nn_reader *reader, const nn_key *keys, const nn_node *map, const char *word,
                       nn_text *help)
{
    nn_text elsewhere = {0};
    const nn_key *alias = key_of_alias(keys, word);
    const nn_key *other = alias != NULL ? NULL : find_elsewhere(nn_spec_keys, word, "", &elsewhere);
    const nn_key *nearest = other != NULL ? NULL : nn__nearest_key(keys, map, word);
    nn_status status = NN_OK;
    if (other != NULL) {
        nn_text_printf(help, strchr(nn_text_view(&elsewhere), '.') == NULL
                                 ? "\"%s\" belongs to the whole spec, not indented; "
                                 : "did you mean %s? ", nn_text_view(&elsewhere));
        status = note_meant(reader, other, NULL);
    } else if (nearest != NULL) {
        nn_text_printf(help, "did you mean \"%s\"? ", nearest->name);
        status = note_meant(reader, nearest, map);
    } else {
        nn_text_put(help, "a key of your own begins with x-; ");
    }
    nn_text_finish(&elsewhere);
    return status;
}

nn_status nn__unknown_key(nn_reader *reader, const nn_key *keys, const nn_node *map,
                          const nn_node *word, const char *path)
{
    nn_text help = {0}, message = {0};
    bool colon;
    const char *dot = strrchr(path, '.');
    const char *owner = *path == '\0' ? "a spec" : dot == NULL ? path : dot + 1;
    nn_status status = guess_colon(reader, keys, map, word->text, &help, &colon);
    if (status == NN_OK && !colon) {
        status = guess(reader, keys, map, word->text, &help);
    }
    nn_text_printf(&help, "%s takes: ", isdigit((unsigned char)*owner) ? "it" : owner);
    nn_key_put_names(keys, &help);
    nn_text_printf(&message, "there is no key \"%.*s\"", NN__SHOWN_MOST, word->text);
    nn__complain(reader, word->place, path, &help, nn_text_view(&message));
    nn_text_finish(&message);
    return status;
}

/* ---- missing keys ---- */

nn_status nn__missing_key(nn_reader *reader, const nn_key *key, const nn_node *map, nn_place owner,
                          const char *path)
{
    struct nn__missing *missing, **end = &reader->missing;
    NN_TRY(NN_ARENA_ALLOC(reader->arena, &missing, 1));
    *missing = (struct nn__missing){key, map, owner, path, NULL};
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = missing;
    return NN_OK;
}

static bool is_meant(const nn_reader *reader, const struct nn__missing *missing)
{
    for (const struct nn__meant *meant = reader->meant; meant != NULL; meant = meant->next) {
        if (meant->key == missing->key && (meant->map == NULL || meant->map == missing->map)) {
            return true;
        }
    }
    return false;
}

void nn__tell_missing(nn_reader *reader)
{
    for (const struct nn__missing *missing = reader->missing; missing != NULL && !reader->incomplete;
         missing = missing->next) {
        if (is_meant(reader, missing)) {
            continue;
        }
        nn_text help = {0}, message = {0};
        nn__put_wants(missing->key, &help);
        nn_text_printf(&message, "\"%s\" is missing", missing->key->name);
        nn__complain(reader, missing->owner, missing->path, &help, nn_text_view(&message));
        nn_text_finish(&message);
    }
    reader->missing = NULL;
}
