/* SPDX-License-Identifier: MIT */
#include "spec/node.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4 };

nn_pair *nn_node_pair(const nn_node *node, const char *key)
{
    if (node == NULL || node->kind != NN_NODE_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (strcmp(node->pairs[i].key->text, key) == 0) {
            return &node->pairs[i];
        }
    }
    return NULL;
}

nn_node *nn_node_get(const nn_node *node, const char *key)
{
    nn_pair *pair = nn_node_pair(node, key);
    return pair == NULL ? NULL : pair->value;
}

static nn_status create(nn_arena *arena, nn_node_kind kind, nn_place place, nn_node **out)
{
    nn_node *node;
    NN_TRY(NN_ARENA_ALLOC(arena, &node, 1));
    node->kind = kind;
    node->place = place;
    *out = node;
    return NN_OK;
}

nn_status nn_node_scalar(nn_arena *arena, const char *text, nn_place place, nn_node **out)
{
    const char *copy;
    nn_node *node;
    NN_TRY(nn_arena_text(arena, text, strlen(text), &copy));
    NN_TRY(create(arena, NN_NODE_SCALAR, place, &node));
    node->text = copy;
    *out = node;
    return NN_OK;
}

nn_status nn_node_list(nn_arena *arena, nn_place place, nn_node **out)
{
    return create(arena, NN_NODE_LIST, place, out);
}

nn_status nn_node_map(nn_arena *arena, nn_place place, nn_node **out)
{
    return create(arena, NN_NODE_MAP, place, out);
}

/* The room of an array follows from its count: it grows from FIRST_ROOM on by doubling, so it is
 * full exactly where the count is such a number. */
static bool is_full(size_t count)
{
    return count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
}

static nn_status grow(nn_arena *arena, void **array, size_t count, size_t size)
{
    if (!is_full(count)) {
        return NN_OK;
    }
    void *larger;
    NN_TRY(nn_arena_alloc(arena, (count == 0 ? FIRST_ROOM : 2 * count) * size, &larger));
    if (count > 0) {
        memcpy(larger, *array, count * size);
    }
    *array = larger;
    return NN_OK;
}

nn_status nn_node_append(nn_arena *arena, nn_node *list, nn_node *item)
{
    void *items = list->items;
    NN_TRY(grow(arena, &items, list->count, sizeof(nn_node *)));
    list->items = items;
    list->items[list->count++] = item;
    return NN_OK;
}

nn_status nn_node_put(nn_arena *arena, nn_node *map, nn_node *key, nn_node *value)
{
    nn_pair *pair = nn_node_pair(map, key->text);
    if (pair != NULL) {
        *pair = (nn_pair){key, value};
        return NN_OK;
    }
    void *pairs = map->pairs;
    NN_TRY(grow(arena, &pairs, map->count, sizeof(nn_pair)));
    map->pairs = pairs;
    map->pairs[map->count++] = (nn_pair){key, value};
    return NN_OK;
}

nn_status nn_node_set(nn_arena *arena, nn_node *map, const char *key, nn_node *value)
{
    nn_pair *pair = nn_node_pair(map, key);
    if (pair != NULL) {
        pair->value = value;
        return NN_OK;
    }
    nn_node *node;
    NN_TRY(nn_node_scalar(arena, key, value->place, &node));
    return nn_node_put(arena, map, node, value);
}

void nn_node_drop(nn_node *map, const char *key)
{
    nn_pair *pair = nn_node_pair(map, key);
    if (pair == NULL) {
        return;
    }
    /* Compacted into the same array, which the room rule of is_full() must not outgrow: a smaller
     * count only ever makes grow() copy earlier. */
    size_t after = map->count - (size_t)(pair - map->pairs) - 1;
    memmove(pair, pair + 1, after * sizeof *pair);
    map->count--;
}

nn_status nn_node_copy(nn_arena *arena, const nn_node *node, nn_node **out)
{
    nn_node *copy;
    NN_TRY(create(arena, node->kind, node->place, &copy));
    copy->text = node->text;
    copy->quoted = node->quoted;
    for (size_t i = 0; i < node->count; i++) {
        nn_node *child;
        if (node->kind == NN_NODE_LIST) {
            NN_TRY(nn_node_copy(arena, node->items[i], &child));
            NN_TRY(nn_node_append(arena, copy, child));
        } else {
            NN_TRY(nn_node_copy(arena, node->pairs[i].value, &child));
            NN_TRY(nn_node_put(arena, copy, node->pairs[i].key, child));
        }
    }
    *out = copy;
    return NN_OK;
}

bool nn_node_is_null(const nn_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != NN_NODE_SCALAR || node->quoted) {
        return false;
    }
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(node->text, nulls[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_plain(const nn_node *node)
{
    return node != NULL && node->kind == NN_NODE_SCALAR && !node->quoted;
}

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?     YAML 1.2.2, 10.3.2 */
static bool looks_like_real(const char *s)
{
    s += *s == '-' || *s == '+';
    size_t before = digits(s), after = 0;
    s += before;
    if (*s == '.') {
        after = digits(++s);
        s += after;
    }
    if (before + after == 0) {
        return false;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        size_t exponent = digits(s);
        s += exponent;
        if (exponent == 0) {
            return false;
        }
    }
    return *s == '\0';
}

bool nn_node_real(const nn_node *node, double *out)
{
    if (!is_plain(node)) {
        return false;
    }
    static const struct {
        const char *name;
        double value;
    } words[] = {
        {".inf", INFINITY},   {".Inf", INFINITY},   {".INF", INFINITY},   {"+.inf", INFINITY},
        {"+.Inf", INFINITY},  {"+.INF", INFINITY},  {"-.inf", -INFINITY}, {"-.Inf", -INFINITY},
        {"-.INF", -INFINITY}, {".nan", NAN},        {".NaN", NAN},        {".NAN", NAN},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(node->text, words[i].name) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    if (looks_like_real(node->text)) {
        *out = strtod(node->text, NULL);
        return true;
    }
    long long integer; /* 0x1f, 0o17 */
    bool integral = nn_node_integer(node, &integer);
    if (integral) {
        *out = (double)integer;
    }
    return integral;
}

/* 1e3 and 2.0: a real that is whole and exact. */
static bool whole_real(const char *text, long long *out)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    double value = looks_like_real(text) ? strtod(text, NULL) : NAN;
    if (!(fabs(value) <= exact) || value != floor(value)) {
        return false;
    }
    *out = (long long)value;
    return true;
}

bool nn_node_integer(const nn_node *node, long long *out)
{
    if (!is_plain(node)) {
        return false;
    }
    const char *s = node->text;
    int base = 10;
    size_t length;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'o')) {
        base = s[1] == 'x' ? 16 : 8;
        s += 2;
        length = strspn(s, base == 16 ? "0123456789abcdefABCDEF" : "01234567");
        if (length == 0 || s[length] != '\0') {
            return false;
        }
    } else {
        const char *first = s + (*s == '-' || *s == '+');
        length = digits(first);
        if (length == 0 || first[length] != '\0') {
            return whole_real(node->text, out);
        }
    }
    errno = 0;
    long long value = strtoll(s, NULL, base);
    if (errno == ERANGE) {
        return false;
    }
    *out = value;
    return true;
}

bool nn_node_boolean(const nn_node *node, bool *out)
{
    if (!is_plain(node)) {
        return false;
    }
    const char *s = node->text;
    bool yes = strcmp(s, "true") == 0 || strcmp(s, "True") == 0 || strcmp(s, "TRUE") == 0;
    bool no = strcmp(s, "false") == 0 || strcmp(s, "False") == 0 || strcmp(s, "FALSE") == 0;
    if (yes || no) {
        *out = yes;
    }
    return yes || no;
}
