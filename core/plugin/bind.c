/* SPDX-License-Identifier: MIT */
/* The parameter table drives everything: what is written is typed, held against its row, put into self
 * and into the resolved node; what is not written takes the row's default. */
#include "plugin/bind.h"

#include "base/path.h"
#include "base/text.h"
#include "plugin/kind.h"
#include "plugin/param.h"
#include "spec/parse.h"

#include <math.h>
#include <string.h>

enum { MEANT_MOST = 8 };

/* One component being bound. */
struct binding {
    const nn_use *use;
    const nn_about *about;
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    char *self;
    nn_node *resolved; /* the map {use: name, ...} */
    bool failed;
    const char *meant[MEANT_MOST]; /* by keys that look misspelled: not missing, too */
    size_t meant_count;
};

/* One value on its way from a node to its field. */
struct value {
    const nn_param *param;
    const char *key;     /* "rate", or "sizes.2" for an element of a list */
    const nn_node *node; /* a scalar */
    void *field;
    nn_node *resolved;   /* what the resolved spec says; set with the field */
};

static bool is_list(const nn_param *param)
{
    return (param->type & NN_TYPE_LIST) != 0;
}

/* ---- Complaints ---- */

static void complain(struct binding *binding, nn_place place, const char *key, const char *help,
                     const char *message)
{
    nn_text path = {0};
    nn_text_put(&path, binding->use->path);
    if (key != NULL) {
        nn_text_printf(&path, ".%s", key);
    }
    nn_diagnose(binding->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, nn_text_view(&path),
                help, "%s", message);
    nn_text_finish(&path);
    binding->failed = true;
}

/* "must be a number > 0, not "fast"", with what the parameter means behind the carets. */
static void complain_value(struct binding *binding, const struct value *value, const char *wanted)
{
    nn_text message = {0}, help = {0};
    nn_text_printf(&message, "must be %s", wanted);
    if (nn_node_is_null(value->node)) {
        nn_text_put(&message, ", but it has no value");
    } else if (value->node->kind == NN_NODE_SCALAR) {
        nn_text_printf(&message, ", not %s%s%s", value->node->quoted ? "\"" : "", value->node->text,
                       value->node->quoted ? "\"" : "");
    } else {
        nn_text_printf(&message, ", not a %s", value->node->kind == NN_NODE_LIST ? "list" : "mapping");
    }
    nn_text_printf(&help, "%s: %s", value->param->name, value->param->doc);
    complain(binding, value->node->place, value->key, nn_text_view(&help), nn_text_view(&message));
    nn_text_finish(&message);
    nn_text_finish(&help);
}

/* What a row wants, as the object of "must be". */
static void complain_type(struct binding *binding, const struct value *value, const char *noun)
{
    nn_text wanted = {0}, range = {0};
    nn__param_put_range(value->param, &range);
    nn_text_put(&wanted, noun);
    if (range.length > 0) {
        nn_text_printf(&wanted, " %s", nn_text_view(&range));
    }
    complain_value(binding, value, nn_text_view(&wanted));
    nn_text_finish(&wanted);
    nn_text_finish(&range);
}

static void complain_choice(struct binding *binding, const struct value *value)
{
    nn_text help = {0}, range = {0}, message = {0};
    const char *nearest = nn_text_nearest(value->node->text, value->param->choices,
                                          nn__param_choices(value->param));
    if (nearest != NULL) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    nn__param_put_range(value->param, &range);
    nn_text_printf(&help, "%s is %s", value->param->name, nn_text_view(&range));
    nn_text_printf(&message, "there is no choice \"%s\"", value->node->text);
    complain(binding, value->node->place, value->key, nn_text_view(&help), nn_text_view(&message));
    nn_text_finish(&help);
    nn_text_finish(&range);
    nn_text_finish(&message);
}

/* sgd has no parameter "rat"      did you mean "rate"? sgd takes: rate, momentum, nesterov */
static nn_status complain_unknown(struct binding *binding, const nn_node *key)
{
    size_t count = nn__param_count(binding->about->params), also = 0;
    const char *const *others = binding->use->also;
    const char **names;
    while (others != NULL && others[also] != NULL) {
        also++;
    }
    NN_TRY(NN_ARENA_ALLOC(binding->arena, &names, count + also + 1));
    for (size_t i = 0; i < count; i++) {
        names[i] = binding->about->params[i].name;
    }
    for (size_t i = 0; i < also; i++) {
        names[count + i] = others[i];
    }
    nn_text help = {0}, message = {0};
    const char *colon = strchr(key->text, ':'), *word = key->text;
    if (colon != NULL && colon[1] != '\0') {
        NN_TRY(nn_arena_text(binding->arena, key->text, (size_t)(colon - key->text), &word));
        nn_text_printf(&help, "a blank belongs behind the colon: %s: %s; ", word, colon + 1);
    }
    const char *nearest = nn_text_nearest(word, names, count + also);
    if (nearest != NULL && word == key->text) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    if (nearest != NULL && binding->meant_count < MEANT_MOST) {
        binding->meant[binding->meant_count++] = nearest;
    }
    nn_text_printf(&help, count > 0 ? "%s takes: " : "%s takes no parameters", binding->about->name);
    nn__put_param_names(binding->about->params, &help);
    nn_text_printf(&message, "%s has no parameter \"%s\"", binding->about->name, key->text);
    complain(binding, key->place, NULL, nn_text_view(&help), nn_text_view(&message));
    nn_text_finish(&help);
    nn_text_finish(&message);
    return NN_OK;
}

static void complain_missing(struct binding *binding, const nn_param *param)
{
    nn_text message = {0}, help = {0};
    nn_text_printf(&message, "%s needs \"%s\"", binding->about->name, param->name);
    nn_text_printf(&help, "{use: %s, %s: ...}: %s", binding->about->name, param->name, param->doc);
    complain(binding, binding->use->place, NULL, nn_text_view(&help), nn_text_view(&message));
    nn_text_finish(&message);
    nn_text_finish(&help);
}

/* ---- Scalars ---- */

static nn_status put_scalar(struct binding *binding, struct value *value, const char *text,
                            bool quoted)
{
    NN_TRY(nn_node_scalar(binding->arena, text, value->node->place, &value->resolved));
    value->resolved->quoted = quoted;
    return NN_OK;
}

static nn_status set_real(struct binding *binding, struct value *value)
{
    double number;
    if (!nn_node_real(value->node, &number) || !nn__param_in_range(value->param, number)) {
        complain_type(binding, value, "a number");
        return NN_OK;
    }
    *(double *)value->field = number;
    return put_scalar(binding, value, value->node->text, false);
}

static nn_status set_int(struct binding *binding, struct value *value)
{
    long long number;
    if (!nn_node_integer(value->node, &number)
        || !nn__param_in_range(value->param, (double)number)) {
        complain_type(binding, value, "a whole number");
        return NN_OK;
    }
    *(int64_t *)value->field = (int64_t)number;
    return put_scalar(binding, value, value->node->text, false);
}

static nn_status set_bool(struct binding *binding, struct value *value)
{
    bool yes;
    if (!nn_node_boolean(value->node, &yes)) {
        complain_value(binding, value, "true or false");
        return NN_OK;
    }
    *(bool *)value->field = yes;
    return put_scalar(binding, value, yes ? "true" : "false", false);
}

static nn_status set_choice(struct binding *binding, struct value *value)
{
    for (size_t i = 0; i < nn__param_choices(value->param); i++) {
        if (strcmp(value->param->choices[i], value->node->text) == 0) {
            *(int64_t *)value->field = (int64_t)i;
            return put_scalar(binding, value, value->node->text, value->node->quoted);
        }
    }
    complain_choice(binding, value);
    return NN_OK;
}

static nn_status set_text(struct binding *binding, struct value *value)
{
    const char *text = value->node->text;
    NN_TRY(nn_arena_text(binding->arena, text, strlen(text), (const char **)value->field));
    return put_scalar(binding, value, text, true);
}

/* Relative to the file that wrote it; a default, to the file that wrote the component. */
static nn_status set_path(struct binding *binding, struct value *value)
{
    const nn_text_source *source = value->node->place.source;
    source = source == NULL ? binding->use->place.source : source;
    if (value->node->text[0] == '\0') {
        complain_value(binding, value, "a path");
        return NN_OK;
    }
    const char *path;
    NN_TRY(nn_path_join(binding->arena, source == NULL ? NULL : source->base_dir, value->node->text,
                        &path));
    NN_TRY(nn_path_absolute(binding->arena, path, &path));
    *(const char **)value->field = path;
    return put_scalar(binding, value, path, true);
}

static nn_status set_scalar(struct binding *binding, struct value *value)
{
    static const char *const nouns[] = {
        [NN_TYPE_REAL] = "a number", [NN_TYPE_INT] = "a whole number",
        [NN_TYPE_BOOL] = "true or false", [NN_TYPE_TEXT] = "a text",
        [NN_TYPE_CHOICE] = "a choice", [NN_TYPE_PATH] = "a path",
    };
    uint32_t element = nn__param_element(value->param);
    if (value->node->kind != NN_NODE_SCALAR) {
        complain_value(binding, value, nouns[element]);
        return NN_OK;
    }
    switch (element) {
    case NN_TYPE_REAL:
        return set_real(binding, value);
    case NN_TYPE_INT:
        return set_int(binding, value);
    case NN_TYPE_BOOL:
        return set_bool(binding, value);
    case NN_TYPE_CHOICE:
        return set_choice(binding, value);
    case NN_TYPE_TEXT:
        return set_text(binding, value);
    default:
        return set_path(binding, value);
    }
}

/* ---- Lists ---- */

static void complain_length(struct binding *binding, const struct value *value)
{
    nn_text wanted = {0};
    const nn_param *param = value->param;
    if (param->most == 0) {
        nn_text_printf(&wanted, "a list of at least %zu", param->least);
    } else if (param->least == param->most) {
        nn_text_printf(&wanted, "a list of %zu", param->least);
    } else {
        nn_text_printf(&wanted, "a list of %zu to %zu", param->least, param->most);
    }
    nn_text_printf(&wanted, ", not of %zu", value->node->count);
    nn_text message = {0}, help = {0};
    nn_text_printf(&message, "must be %s", nn_text_view(&wanted));
    nn_text_printf(&help, "%s: %s", param->name, param->doc);
    complain(binding, value->node->place, value->key, nn_text_view(&help), nn_text_view(&message));
    nn_text_finish(&wanted);
    nn_text_finish(&message);
    nn_text_finish(&help);
}

static nn_status set_list(struct binding *binding, struct value *value)
{
    const nn_node *node = value->node;
    const nn_param *param = value->param;
    if (node->kind != NN_NODE_LIST) {
        complain_value(binding, value, "a list, [..., ...]");
        return NN_OK;
    }
    if (node->count < param->least || (param->most != 0 && node->count > param->most)) {
        complain_length(binding, value);
        return NN_OK;
    }
    size_t size = nn__param_element_size(nn__param_element(param));
    void *items;
    NN_TRY(nn_arena_alloc(binding->arena, node->count * size, &items));
    NN_TRY(nn_node_list(binding->arena, node->place, &value->resolved));
    for (size_t i = 0; i < node->count; i++) {
        struct value element = {.param = param, .node = node->items[i], .field = (char *)items + i * size};
        NN_TRY(nn_arena_printf(binding->arena, &element.key, "%s.%zu", param->name, i));
        NN_TRY(set_scalar(binding, &element));
        if (element.resolved != NULL) {
            NN_TRY(nn_node_append(binding->arena, value->resolved, element.resolved));
        }
    }
    *(nn_list *)value->field = (nn_list){items, node->count};
    return NN_OK;
}

/* ---- Rows ---- */

/* The row's default as a node nobody wrote. */
static nn_status default_node(struct binding *binding, const nn_param *param, const nn_node **out)
{
    nn_text text = {0};
    nn__param_put_default(param, &text);
    nn_status status = nn_text_status(&text);
    nn_node *node = NULL;
    if (status == NN_OK && is_list(param)) {
        nn_text_source *source;
        status = NN_ARENA_ALLOC(binding->arena, &source, 1);
        if (status == NN_OK) {
            *source = (nn_text_source){.name = binding->about->name, .base_dir = "",
                                       .length = text.length};
            status = nn_arena_text(binding->arena, nn_text_view(&text), text.length, &source->bytes);
        }
        if (status == NN_OK) {
            status = nn_parse(binding->arena, source, binding->diagnostics, &node);
        }
        if (status == NN_OK && node != NULL) {
            node->place = (nn_place){0};
            for (size_t i = 0; node->kind == NN_NODE_LIST && i < node->count; i++) {
                node->items[i]->place = (nn_place){0};
            }
        }
    } else if (status == NN_OK) {
        const char *plain = nn__param_element(param) == NN_TYPE_TEXT
                                ? (param->def_text == NULL ? "" : param->def_text)
                                : nn_text_view(&text);
        status = nn_node_scalar(binding->arena, plain, (nn_place){0}, &node);
    }
    nn_text_finish(&text);
    if (node == NULL) {
        binding->failed = true;
    }
    *out = node;
    return status;
}

/* A field that may stay out: NaN, INT64_MIN, NULL, an empty list. */
static void set_absent(const nn_param *param, void *field)
{
    if (is_list(param)) {
        return;
    }
    switch (nn__param_element(param)) {
    case NN_TYPE_REAL:
        *(double *)field = NAN;
        break;
    case NN_TYPE_INT:
    case NN_TYPE_CHOICE:
        *(int64_t *)field = INT64_MIN;
        break;
    default:
        break; /* false and NULL are what zeroed memory holds */
    }
}

static bool is_meant(const struct binding *binding, const char *name)
{
    for (size_t i = 0; i < binding->meant_count; i++) {
        if (strcmp(binding->meant[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static nn_status bind_row(struct binding *binding, const nn_param *param)
{
    struct value value = {.param = param, .key = param->name, .field = binding->self + param->offset};
    value.node = nn_node_get(binding->use->node, param->name);
    bool written = value.node != NULL;
    if (!written && (param->flags & NN_REQUIRED) != 0) {
        if (!is_meant(binding, param->name)) {
            complain_missing(binding, param);
        }
        return NN_OK;
    }
    if (!written && (param->flags & NN_OPTIONAL) != 0) {
        set_absent(param, value.field);
        return NN_OK;
    }
    if (written && (param->flags & NN_DEPRECATED) != 0) {
        nn_diagnose(binding->diagnostics, NN_SEVERITY_WARNING, NN_ERR_SPEC, value.node->place,
                    binding->use->path, param->doc, "%s: \"%s\" is deprecated", binding->about->name,
                    param->name);
    }
    if (!written) {
        NN_TRY(default_node(binding, param, &value.node));
        if (value.node == NULL) {
            return NN_OK;
        }
    }
    NN_TRY(is_list(param) ? set_list(binding, &value) : set_scalar(binding, &value));
    /* A deprecated parameter nobody wrote stays unwritten, or a resume would be warned about it. */
    bool shown = written || (param->flags & NN_DEPRECATED) == 0;
    if (value.resolved != NULL && shown) {
        NN_TRY(nn_node_set(binding->arena, binding->resolved, param->name, value.resolved));
    }
    return NN_OK;
}

/* Keys that begin with x- are the user's own, here as everywhere. */
static bool is_own(const char *key)
{
    return strcmp(key, "use") == 0 || strncmp(key, "x-", 2) == 0;
}

static nn_status bind_rows(struct binding *binding)
{
    const nn_node *node = binding->use->node;
    for (size_t i = 0; node != NULL && node->kind == NN_NODE_MAP && i < node->count; i++) {
        const nn_node *key = node->pairs[i].key;
        if (!is_own(key->text) && nn__param_find(binding->about->params, key->text) == NULL) {
            NN_TRY(complain_unknown(binding, key));
        }
    }
    for (const nn_param *param = binding->about->params; param != NULL && param->name != NULL; param++) {
        NN_TRY(bind_row(binding, param));
    }
    return NN_OK;
}

static nn_status diagnose_unknown(nn_registry *registry, nn_kind kind, const nn_use *use,
                                  nn_arena *arena, nn_diagnostics *diagnostics)
{
    const char *const *names;
    size_t count;
    NN_TRY(nn_registry_names(registry, kind, arena, &names, &count));
    const char *nearest = nn_text_nearest(use->name, names, count);
    nn_text help = {0};
    if (nearest == NULL && nn_diagnostics_hold(diagnostics, NN_ERR_PLUGIN, NULL)) {
        return NN_OK; /* it may well lie in the place that was refused */
    }
    if (nearest != NULL) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    nn_text_printf(&help, count > 0 ? "%s: " : "no %s were found; --plugin-path and NNRUN_PLUGIN_PATH "
                   "say where to look", nn__kind_info((uint32_t)kind)->plural);
    for (size_t i = 0; i < count; i++) {
        nn_text_printf(&help, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (count > 0) {
        nn_text_put(&help, "; one of your own: plugins: [FILE] in the spec, or --plugin-path DIR");
    }
    nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, use->place, use->path,
                nn_text_view(&help), "no %s is called \"%s\"", nn_kind_name(kind), use->name);
    nn_text_finish(&help);
    return NN_OK;
}

/* The plugin and its table; *plugin is NULL where that went to the diagnostics. */
static nn_status find_ops(nn_registry *registry, nn_kind kind, const nn_use *use, unsigned bits,
                          nn_isa isa, nn_arena *arena, nn_diagnostics *diagnostics,
                          const nn_plugin **plugin, const void **ops)
{
    *plugin = NULL;
    const nn_plugin *found;
    nn_status status = nn_registry_find(registry, kind, use->name, &found);
    if (status == NN_ERR_NOT_FOUND) {
        nn_story_clear();
        return nn_registry_refused(registry, use->name) ? NN_OK
                                                        : diagnose_unknown(registry, kind, use, arena, diagnostics);
    }
    if (status == NN_OK) {
        status = nn_plugin_ops(found, bits, isa, ops);
    }
    if (status == NN_ERR_MEMORY) {
        return status;
    }
    if (status != NN_OK) {
        const char *story;
        NN_TRY(nn_arena_text(arena, nn_story(), strlen(nn_story()), &story));
        if (!nn_diagnostics_hold(diagnostics, NN_ERR_PLUGIN, story)) { /* of the spec's `plugins` */
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_PLUGIN, use->place, use->path, NULL,
                        "%s", story);
        }
        nn_story_clear();
        return NN_OK;
    }
    *plugin = found;
    return NN_OK;
}

nn_status nn_bind(nn_registry *registry, nn_kind kind, const nn_use *use, unsigned bits, nn_isa isa,
                  const nn_host *host, nn_arena *arena, nn_diagnostics *diagnostics,
                  nn_component **out)
{
    *out = NULL;
    if (use->name == NULL) {
        return NN_OK;
    }
    const nn_plugin *plugin;
    const void *ops = NULL;
    NN_TRY(find_ops(registry, kind, use, bits, isa, arena, diagnostics, &plugin, &ops));
    if (plugin == NULL) {
        return NN_OK;
    }
    struct binding binding = {.use = use, .about = ops, .arena = arena, .diagnostics = diagnostics};
    void *self;
    NN_TRY(nn_arena_alloc(arena, binding.about->self_size, &self));
    binding.self = self;
    nn_node *name;
    NN_TRY(nn_node_scalar(arena, plugin->name, use->place, &name));
    NN_TRY(nn_node_map(arena, use->place, &binding.resolved));
    NN_TRY(nn_node_set(arena, binding.resolved, "use", name));
    NN_TRY(bind_rows(&binding));
    if (binding.failed) {
        return NN_OK;
    }
    nn_component *component;
    NN_TRY(NN_ARENA_ALLOC(arena, &component, 1));
    *component = (nn_component){
        .plugin = plugin,
        .kind = kind,
        .name = plugin->name,
        .ops = ops,
        .about = binding.about,
        .self = self,
        .host = host,
        .resolved = binding.resolved->count == 1 ? name : binding.resolved,
        .use = *use,
    };
    *out = component;
    return NN_OK;
}

nn_status nn_component_create(nn_component *component, const nn_shape *shape)
{
    if (component->created || component->about->create == NULL) {
        component->created = true;
        return NN_OK;
    }
    component->created = true; /* destroy() also ends what create() left half done */
    nn_status status = component->about->create(component->host, component->self, shape);
    if (status == NN_OK) {
        return NN_OK;
    }
    const nn_place *place = &component->use.place;
    if (place->source != NULL) {
        nn_note("%s:%zu:%zu: %s: while preparing %s %s", place->source->name, place->line, place->column,
                component->use.path, nn_kind_name(component->kind), component->name);
    } else {
        nn_note("while preparing %s %s", nn_kind_name(component->kind), component->name);
    }
    return status;
}

void nn_component_finish(nn_component *component)
{
    if (component == NULL || !component->created) {
        return;
    }
    component->created = false;
    if (component->about->destroy != NULL) {
        component->about->destroy(component->host, component->self);
    }
}
