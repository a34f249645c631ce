/* SPDX-License-Identifier: MIT */
/* The parameter table drives everything: what is written is typed, held against its row, put into self
 * and into the resolved node; what is not written takes the row's default. */
#include "plugin/bind.h"

#include "base/text.h"
#include "plugin/bind_inside.h"
#include "plugin/param.h"
#include "spec/parse.h"

#include <math.h>
#include <string.h>

/* The list's default, parsed as if it were written, but without a place. */
static nn_status default_list(struct nn__binding *binding, const nn_text *text, nn_node **out)
{
    nn_text_source *source;
    NN_TRY(NN_ARENA_ALLOC(binding->arena, &source, 1));
    *source = (nn_text_source){.name = binding->about->name, .base_dir = "", .length = text->length};
    NN_TRY(nn_arena_text(binding->arena, nn_text_view(text), text->length, &source->bytes));
    NN_TRY(nn_parse(binding->arena, source, binding->diagnostics, out));
    nn_node *node = *out;
    if (node != NULL) {
        node->place = (nn_place){0};
        for (size_t i = 0; node->kind == NN_NODE_LIST && i < node->count; i++) {
            node->items[i]->place = (nn_place){0};
        }
    }
    return NN_OK;
}

/* The row's default as a node nobody wrote. */
static nn_status default_node(struct nn__binding *binding, const nn_param *param, const nn_node **out)
{
    nn_text text = {0};
    nn__param_put_default(param, &text);
    nn_status status = nn_text_status(&text);
    nn_node *node = NULL;
    if (status == NN_OK && nn__is_list(param)) {
        status = default_list(binding, &text, &node);
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
    if (nn__is_list(param)) {
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

static bool is_meant(const struct nn__binding *binding, const char *name)
{
    for (size_t i = 0; i < binding->meant_count; i++) {
        if (strcmp(binding->meant[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static nn_status bind_row(struct nn__binding *binding, const nn_param *param)
{
    struct nn__value value = {.param = param, .key = param->name, .field = binding->self + param->offset};
    value.node = nn_node_get(binding->use->node, param->name);
    bool written = value.node != NULL;
    if (!written && (param->flags & NN_REQUIRED) != 0) {
        if (!is_meant(binding, param->name)) {
            nn__complain_missing(binding, param);
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
    NN_TRY(nn__bind_value(binding, &value));
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

static nn_status bind_rows(struct nn__binding *binding)
{
    const nn_node *node = binding->use->node;
    for (size_t i = 0; node != NULL && node->kind == NN_NODE_MAP && i < node->count; i++) {
        const nn_node *key = node->pairs[i].key;
        if (!is_own(key->text) && nn__param_find(binding->about->params, key->text) == NULL) {
            NN_TRY(nn__complain_unknown(binding, key));
        }
    }
    for (const nn_param *param = binding->about->params; param != NULL && param->name != NULL; param++) {
        NN_TRY(bind_row(binding, param));
    }
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
    NN_TRY(nn__find_ops(registry, kind, use, bits, isa, arena, diagnostics, &plugin, &ops));
    if (plugin == NULL) {
        return NN_OK;
    }
    struct nn__binding binding = {.use = use, .about = ops, .arena = arena, .diagnostics = diagnostics};
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
