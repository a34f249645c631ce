/* SPDX-License-Identifier: MIT */
/* A recursive descent over libyaml's events.  What is refused unwinds as NN_ERR_SPEC inside this
 * file, after its diagnostic was written, and comes out as a NULL root. */
#include "spec/parse.h"

#include "base/memory.h"
#include "spec/bytes.h"

#include <string.h>
#include <yaml.h>

typedef struct anchor {
    const char *name;
    nn_node *node; /* NULL while it is still being read */
    struct anchor *next;
} anchor;

typedef struct step {
    const char *key; /* NULL: an element of a list */
    size_t index;
} step;

typedef struct parser {
    yaml_parser_t yaml;
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    const nn_text_source *source;
    size_t from;         /* the byte the parsed part begins at */
    size_t first_column; /* characters before it on the first line */
    const char *prefix;  /* key path of the root */
    anchor *anchors;
    size_t nodes, depth;
    step steps[NN_SPEC_DEPTH_MOST];
} parser;

static void put_path(const parser *p, nn_text *path)
{
    nn_text_put(path, p->prefix);
    for (size_t i = 0; i < p->depth; i++) {
        const char *dot = path->length > 0 ? "." : "";
        if (p->steps[i].key != NULL) {
            nn_text_printf(path, "%s%s", dot, p->steps[i].key);
        } else {
            nn_text_printf(path, "%s%zu", dot, p->steps[i].index);
        }
    }
}

static nn_place place_of(const parser *p, const yaml_mark_t *start, const yaml_mark_t *end)
{
    size_t width = end->line == start->line && end->column > start->column
                       ? end->column - start->column
                       : 1;
    size_t before = start->line == 0 ? p->first_column : 0;
    return (nn_place){p->source, start->line + 1, start->column + before + 1, width};
}

static nn_status refuse(parser *p, nn_place place, const char *help, const char *message)
{
    nn_text path = {0};
    put_path(p, &path);
    nn_diagnose(p->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, nn_text_view(&path), help,
                "%s", message);
    nn_text_finish(&path);
    return NN_ERR_SPEC;
}

/* ---- events ---- */

static nn_status yaml_error(parser *p)
{
    if (p->yaml.error == YAML_MEMORY_ERROR) {
        return nn_fail_memory("a spec", p->source->length);
    }
    const char *context = p->yaml.context == NULL ? "" : p->yaml.context;
    const char *problem = p->yaml.problem == NULL ? "it can't be read" : p->yaml.problem;
    nn_place end = nn__end_place(p->source);
    nn_place begun = place_of(p, &p->yaml.context_mark, &p->yaml.context_mark);
    nn_place place = p->yaml.error == YAML_READER_ERROR
                         ? nn__place_at(p->source, p->from + p->yaml.problem_offset)
                         : place_of(p, &p->yaml.problem_mark, &p->yaml.problem_mark);
    place = strstr(context, "quoted scalar") != NULL && strstr(problem, "end of stream") != NULL ? begun
          : place.line > end.line                                                               ? end
                                                                                                : place;
    nn_text hint = {0};
    nn__yaml_hint(p->source, place, problem, &hint);
    if (strstr(context, "parsing a flow") != NULL && begun.line < place.line) {
        nn_text_printf(&hint, "%sit is opened on line %zu", hint.length > 0 ? " " : "", begun.line);
    }
    nn_diagnose(p->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, p->prefix,
                hint.length == 0 ? NULL : nn_text_view(&hint), "not valid YAML: %s%s%s", context,
                *context == '\0' ? "" : ", ", problem);
    nn_text_finish(&hint);
    return NN_ERR_SPEC;
}

static nn_status next_event(parser *p, yaml_event_t *event)
{
    if (!yaml_parser_parse(&p->yaml, event)) {
        return yaml_error(p);
    }
    return NN_OK;
}

static nn_status count_nodes(parser *p, size_t more, nn_place place)
{
    p->nodes += more;
    if (p->nodes > NN_SPEC_NODES_MOST) {
        return refuse(p, place, NULL, "more than 10,000 values (aliases counted): not a spec");
    }
    return NN_OK;
}

static nn_status remember_anchor(parser *p, const yaml_char_t *name, anchor **out)
{
    *out = NULL;
    if (name == NULL) {
        return NN_OK;
    }
    anchor *a;
    NN_TRY(NN_ARENA_ALLOC(p->arena, &a, 1));
    NN_TRY(nn_arena_text(p->arena, (const char *)name, strlen((const char *)name), &a->name));
    a->next = p->anchors;
    p->anchors = a;
    *out = a;
    return NN_OK;
}

/* Number of nodes and depth of a tree. */
static void measure(const nn_node *node, size_t depth, size_t *nodes, size_t *deepest)
{
    (*nodes)++;
    if (node->kind != NN_NODE_SCALAR && depth + 1 > *deepest) {
        *deepest = depth + 1;
    }
    for (size_t i = 0; i < node->count; i++) {
        const nn_node *child = node->kind == NN_NODE_LIST ? node->items[i] : node->pairs[i].value;
        measure(child, depth + (node->kind != NN_NODE_SCALAR), nodes, deepest);
    }
}

static nn_status read_alias(parser *p, const char *name, nn_place place, nn_node **out)
{
    const anchor *a = p->anchors;
    while (a != NULL && strcmp(a->name, name) != 0) {
        a = a->next;
    }
    if (a == NULL) {
        return refuse(p, place, "anchors are written &name, before their aliases",
                      "this alias has no anchor");
    }
    if (a->node == NULL) {
        return refuse(p, place, NULL, "this alias stands within its own anchor");
    }
    size_t nodes = 0, deepest = 0;
    measure(a->node, p->depth, &nodes, &deepest);
    if (deepest > NN_SPEC_DEPTH_MOST) {
        return refuse(p, place, NULL, "nested deeper than 64: not a spec");
    }
    NN_TRY(count_nodes(p, nodes, place));
    return nn_node_copy(p->arena, a->node, out);
}

static nn_status refuse_tag(parser *p, const yaml_char_t *tag, nn_place place)
{
    if (tag == NULL || strcmp((const char *)tag, "!") == 0) {
        return NN_OK;
    }
    return refuse(p, place, "remove it: the key decides the type", "a tag has no meaning in a spec");
}

static nn_status read_node(parser *p, yaml_event_t *event, nn_node **out);

static nn_status read_scalar(parser *p, const yaml_event_t *event, nn_place place, nn_node **out)
{
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length) {
        return refuse(p, place, NULL, "a NUL character in a text");
    }
    NN_TRY(refuse_tag(p, event->data.scalar.tag, place));
    anchor *a;
    NN_TRY(remember_anchor(p, event->data.scalar.anchor, &a));
    nn_node *node;
    NN_TRY(nn_node_scalar(p->arena, text, place, &node));
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (a != NULL) {
        a->node = node;
    }
    *out = node;
    return NN_OK;
}

static nn_status deeper(parser *p, nn_place place)
{
    if (p->depth == NN_SPEC_DEPTH_MOST) {
        return refuse(p, place, NULL, "nested deeper than 64: not a spec");
    }
    p->steps[p->depth++] = (step){NULL, 0};
    return NN_OK;
}

static nn_status read_list(parser *p, const yaml_event_t *event, nn_place place, nn_node **out)
{
    NN_TRY(refuse_tag(p, event->data.sequence_start.tag, place));
    anchor *a;
    NN_TRY(remember_anchor(p, event->data.sequence_start.anchor, &a));
    nn_node *list;
    NN_TRY(nn_node_list(p->arena, place, &list));
    NN_TRY(deeper(p, place));
    for (;;) {
        p->steps[p->depth - 1].index = list->count;
        yaml_event_t item;
        NN_TRY(next_event(p, &item));
        if (item.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&item);
            break;
        }
        nn_node *node;
        NN_TRY(read_node(p, &item, &node));
        NN_TRY(nn_node_append(p->arena, list, node));
    }
    p->depth--;
    if (a != NULL) {
        a->node = list;
    }
    *out = list;
    return NN_OK;
}

static nn_status read_key(parser *p, yaml_event_t *event, nn_node **out)
{
    nn_place place = place_of(p, &event->start_mark, &event->end_mark);
    if (event->type != YAML_SCALAR_EVENT) {
        yaml_event_delete(event);
        return refuse(p, place, NULL, "a key must be a plain word");
    }
    NN_TRY(read_node(p, event, out));
    if (!(*out)->quoted && strcmp((*out)->text, "<<") == 0) {
        return refuse(p, place, "write the keys out, or use extends: FILE",
                      "merge keys are not part of YAML 1.2");
    }
    return NN_OK;
}

static void diagnose_duplicate(parser *p, const nn_pair *first, const nn_node *key)
{
    nn_text help = {0}, path = {0};
    nn_text_printf(&help, "the first one is on line %zu; remove one", first->key->place.line);
    put_path(p, &path);
    nn_diagnose(p->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, key->place, nn_text_view(&path),
                nn_text_view(&help), "the key \"%.80s\" is there twice", key->text);
    nn_text_finish(&path);
    nn_text_finish(&help);
}

static nn_status read_map(parser *p, const yaml_event_t *event, nn_place place, nn_node **out)
{
    NN_TRY(refuse_tag(p, event->data.mapping_start.tag, place));
    anchor *a;
    NN_TRY(remember_anchor(p, event->data.mapping_start.anchor, &a));
    nn_node *map;
    NN_TRY(nn_node_map(p->arena, place, &map));
    NN_TRY(deeper(p, place));
    for (;;) {
        p->steps[p->depth - 1].key = "";
        yaml_event_t item;
        NN_TRY(next_event(p, &item));
        if (item.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&item);
            break;
        }
        nn_node *key, *value;
        p->depth--; /* errors about the key are the map's */
        nn_status status = read_key(p, &item, &key);
        p->depth++;
        NN_TRY(status);
        p->steps[p->depth - 1].key = key->text;
        const nn_pair *first = nn_node_pair(map, key->text);
        if (first != NULL) {
            diagnose_duplicate(p, first, key);
        }
        NN_TRY(next_event(p, &item));
        NN_TRY(read_node(p, &item, &value));
        if (first == NULL) {
            NN_TRY(nn_node_put(p->arena, map, key, value));
        }
    }
    p->depth--;
    if (a != NULL) {
        a->node = map;
    }
    *out = map;
    return NN_OK;
}

/* Takes the event, whatever comes of it. */
static nn_status read_node(parser *p, yaml_event_t *event, nn_node **out)
{
    nn_place place = place_of(p, &event->start_mark, &event->end_mark);
    nn_status status = NN_OK;
    if (event->type == YAML_ALIAS_EVENT) {
        status = read_alias(p, (const char *)event->data.alias.anchor, place, out);
    } else {
        status = count_nodes(p, 1, place);
        if (status == NN_OK && event->type == YAML_SCALAR_EVENT) {
            status = read_scalar(p, event, place, out);
        } else if (status == NN_OK && event->type == YAML_SEQUENCE_START_EVENT) {
            status = read_list(p, event, place, out);
        } else if (status == NN_OK) {
            status = read_map(p, event, place, out);
        }
    }
    yaml_event_delete(event);
    return status;
}

static nn_status read_document(parser *p, nn_node **root)
{
    nn_node *node = NULL;
    for (;;) {
        yaml_event_t event;
        NN_TRY(next_event(p, &event));
        nn_place place = place_of(p, &event.start_mark, &event.end_mark);
        yaml_event_type_t type = event.type;
        if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT
            && type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT) {
            NN_TRY(read_node(p, &event, &node));
            continue;
        }
        yaml_event_delete(&event);
        if (type == YAML_DOCUMENT_START_EVENT && node != NULL) {
            return refuse(p, place, "a spec is one document",
                          "a second document begins here");
        }
        if (type == YAML_STREAM_END_EVENT) {
            break;
        }
    }
    if (node == NULL || (nn_node_is_null(node) && node->text[0] == '\0')) {
        return p->source->argument
                   ? refuse(p, nn__place_at(p->source, p->source->length), "write \"\" for an empty text",
                            "no value behind the =")
                   : refuse(p, (nn_place){p->source, 1, 1, 1}, NULL, "the file is empty");
    }
    *root = node;
    return NN_OK;
}

nn_status nn_parse_part(nn_arena *arena, const nn_text_source *source, size_t offset,
                        const char *path, nn_diagnostics *diagnostics, nn_node **root)
{
    *root = NULL;
    bool bom = source->length - offset >= 3 && memcmp(source->bytes + offset, "\xEF\xBB\xBF", 3) == 0;
    parser *p;
    NN_TRY(NN_ARENA_ALLOC(arena, &p, 1));
    p->arena = arena;
    p->diagnostics = diagnostics;
    p->source = source;
    p->prefix = path;
    p->first_column = nn__place_at(source, offset).column - 1;
    p->from = offset + (bom ? 3 : 0);
    nn__fault fault;
    if (nn__bytes_are_refused(source, p->from, &fault)) {
        (void)refuse(p, fault.place, fault.help, fault.message);
        return NN_OK;
    }
    if (!yaml_parser_initialize(&p->yaml)) {
        return nn_fail_memory("a parser of YAML", sizeof p->yaml);
    }
    yaml_parser_set_encoding(&p->yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p->yaml, (const unsigned char *)source->bytes + p->from,
                                 source->length - p->from);
    nn_node *node = NULL;
    nn_status status = read_document(p, &node);
    yaml_parser_delete(&p->yaml);
    if (status == NN_OK) {
        *root = node;
    }
    return status == NN_ERR_SPEC ? NN_OK : status;
}

nn_status nn_parse(nn_arena *arena, const nn_text_source *source, nn_diagnostics *diagnostics,
                   nn_node **root)
{
    return nn_parse_part(arena, source, 0, "", diagnostics, root);
}

