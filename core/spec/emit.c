/* SPDX-License-Identifier: MIT */
#include "spec/emit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { FLOW_MOST = 76, INDENT = 2 };

typedef struct emitter {
    bool origin;
    nn_text *out;
} emitter;

/* ---- scalars ---- */

/* Whether a text may stand without quotes, in flow style too. */
static bool is_safe_plain(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || text[length - 1] == ' ' || text[length - 1] == ':') {
        return false;
    }
    bool dash = text[0] == '-' && (isalnum((unsigned char)text[1]) || text[1] == '.');
    if (!dash && strchr("-?:,[]{}#&*!|>'\"%@` ", text[0]) != NULL) {
        return false;
    }
    if (strncmp(text, "...", 3) == 0 || strcmp(text, "<<") == 0) {
        return false;
    }
    for (const char *s = text; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20 || c > 0x7E || strchr(",[]{}", c) != NULL
            || (c == ':' && (s[1] == ' ' || strchr("?,[]{}", s[1]) != NULL))
            || (c == '#' && s[-1] == ' ')) {
            return false;
        }
    }
    return true;
}

/* Whether a plain scalar of this text would be taken for something else than a text. */
static bool is_typed(const char *text)
{
    const nn_node plain = {.kind = NN_NODE_SCALAR, .text = text};
    double real;
    bool boolean;
    return nn_node_is_null(&plain) || nn_node_real(&plain, &real)
        || nn_node_boolean(&plain, &boolean);
}

/* Characters that a double-quoted scalar may not hold as they are; returns their bytes, 0: fine. */
static size_t escape(const unsigned char *s, char code[16])
{
    static const struct {
        const char *bytes, *code;
    } rows[] = {
        {"\"", "\\\""},           {"\\", "\\\\"},           {"\n", "\\n"},
        {"\t", "\\t"},            {"\r", "\\r"},            {"\x7F", "\\x7f"},
        {"\xE2\x80\xA8", "\\L"},  {"\xE2\x80\xA9", "\\P"},  {"\xEF\xBB\xBF", "\\uFEFF"},
        {"\xEF\xBF\xBE", "\\uFFFE"}, {"\xEF\xBF\xBF", "\\uFFFF"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(rows[i].bytes);
        if (strncmp((const char *)s, rows[i].bytes, length) == 0) {
            memcpy(code, rows[i].code, strlen(rows[i].code) + 1);
            return length;
        }
    }
    if (s[0] < 0x20) {
        snprintf(code, 16, "\\x%02x", s[0]);
        return 1;
    }
    if (s[0] == 0xC2 && s[1] < 0xA0) {
        snprintf(code, 16, "\\x%02x", s[1]);
        return 2;
    }
    return 0;
}

static void put_quoted(const char *text, nn_text *out)
{
    nn_text_put(out, "\"");
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
        char code[16];
        size_t length = escape(s, code);
        if (length > 0) {
            nn_text_put(out, code);
            s += length;
        } else {
            nn_text_append(out, (const char *)s++, 1);
        }
    }
    nn_text_put(out, "\"");
}

static void put_scalar(const nn_node *node, nn_text *out)
{
    if (is_safe_plain(node->text) && !(node->quoted && is_typed(node->text))) {
        nn_text_put(out, node->text);
    } else if (!node->quoted && nn_node_is_null(node)) {
        nn_text_put(out, "null");
    } else {
        put_quoted(node->text, out);
    }
}

/* ---- flow style ---- */

static bool is_flat(const nn_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        const nn_node *child = node->kind == NN_NODE_LIST ? node->items[i] : node->pairs[i].value;
        if (child->kind != NN_NODE_SCALAR && child->count > 0) {
            return false;
        }
    }
    return true;
}

static void put_flow(const nn_node *node, nn_text *out)
{
    if (node->kind == NN_NODE_SCALAR) {
        put_scalar(node, out);
        return;
    }
    bool list = node->kind == NN_NODE_LIST;
    nn_text_put(out, list ? "[" : "{");
    for (size_t i = 0; i < node->count; i++) {
        nn_text_put(out, i == 0 ? "" : ", ");
        if (!list) {
            put_scalar(node->pairs[i].key, out);
            nn_text_put(out, ": ");
        }
        put_flow(list ? node->items[i] : node->pairs[i].value, out);
    }
    nn_text_put(out, list ? "]" : "}");
}

/* ---- block style ---- */

static void put_origin(const emitter *e, const nn_node *node)
{
    const nn_text_source *source = node->place.source;
    if (!e->origin) {
        return;
    }
    if (source == NULL) {
        nn_text_put(e->out, "  # default");
        return;
    }
    nn_text_put(e->out, "  # ");
    nn_text_escape(e->out, source->name, strlen(source->name));
    if (!source->argument) {
        nn_text_printf(e->out, ":%zu", node->place.line);
    }
}

static void put_block(const emitter *e, const nn_node *node, size_t indent, bool first_inline);

static void put_indent(const emitter *e, size_t indent)
{
    nn_text_printf(e->out, "%*s", (int)indent, "");
}

/* Whether a value goes on the line of its key: a scalar, an empty or a short flat collection. */
static bool put_inline(const emitter *e, const nn_node *node)
{
    if (node->kind != NN_NODE_SCALAR && (!is_flat(node) || (e->origin && node->count > 0))) {
        return false;
    }
    nn_text flow = {0};
    put_flow(node, &flow);
    bool fits = node->kind == NN_NODE_SCALAR || node->count == 0 || flow.length <= FLOW_MOST;
    if (fits) {
        nn_text_put(e->out, nn_text_view(&flow));
        put_origin(e, node);
        nn_text_put(e->out, "\n");
    }
    nn_text_finish_part(&flow, e->out);
    return fits;
}

static void put_value(const emitter *e, const nn_node *node, size_t indent)
{
    size_t before = e->out->length;
    nn_text_put(e->out, " ");
    if (!put_inline(e, node)) {
        e->out->length = before;
        nn_text_put(e->out, "\n");
        put_block(e, node, indent + INDENT, false);
    }
}

static void put_block(const emitter *e, const nn_node *node, size_t indent, bool first_inline)
{
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0 || !first_inline) {
            put_indent(e, indent);
        }
        if (node->kind == NN_NODE_MAP) {
            put_scalar(node->pairs[i].key, e->out);
            nn_text_put(e->out, ":");
            put_value(e, node->pairs[i].value, indent);
            continue;
        }
        nn_text_put(e->out, "- ");
        if (!put_inline(e, node->items[i])) {
            put_block(e, node->items[i], indent + INDENT, true);
        }
    }
}

void nn_emit(const nn_node *root, bool origin, nn_text *out)
{
    const emitter e = {origin, out};
    if (root->kind == NN_NODE_SCALAR || root->count == 0) {
        put_inline(&e, root);
    } else {
        put_block(&e, root, 0, false);
    }
}
