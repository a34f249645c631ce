/* SPDX-License-Identifier: MIT */
/* A written value, or a default, becomes the field of self and what the resolved spec says of it. */
#include "plugin/bind_inside.h"

#include "base/path.h"
#include "plugin/param.h"

#include <string.h>

static nn_status put_scalar(struct nn__binding *binding, struct nn__value *value, const char *text,
                            bool quoted)
{
    NN_TRY(nn_node_scalar(binding->arena, text, value->node->place, &value->resolved));
    value->resolved->quoted = quoted;
    return NN_OK;
}

static nn_status set_real(struct nn__binding *binding, struct nn__value *value)
{
    double number;
    if (!nn_node_real(value->node, &number) || !nn__param_in_range(value->param, number)) {
        nn__complain_type(binding, value, "a number");
        return NN_OK;
    }
    *(double *)value->field = number;
    return put_scalar(binding, value, value->node->text, false);
}

static nn_status set_int(struct nn__binding *binding, struct nn__value *value)
{
    long long number;
    if (!nn_node_integer(value->node, &number)
        || !nn__param_in_range(value->param, (double)number)) {
        nn__complain_type(binding, value, "a whole number");
        return NN_OK;
    }
    *(int64_t *)value->field = (int64_t)number;
    return put_scalar(binding, value, value->node->text, false);
}

static nn_status set_bool(struct nn__binding *binding, struct nn__value *value)
{
    bool yes;
    if (!nn_node_boolean(value->node, &yes)) {
        nn__complain_value(binding, value, "true or false");
        return NN_OK;
    }
    *(bool *)value->field = yes;
    return put_scalar(binding, value, yes ? "true" : "false", false);
}

static nn_status set_choice(struct nn__binding *binding, struct nn__value *value)
{
    for (size_t i = 0; i < nn__param_choices(value->param); i++) {
        if (strcmp(value->param->choices[i], value->node->text) == 0) {
            *(int64_t *)value->field = (int64_t)i;
            return put_scalar(binding, value, value->node->text, value->node->quoted);
        }
    }
    nn__complain_choice(binding, value);
    return NN_OK;
}

static nn_status set_text(struct nn__binding *binding, struct nn__value *value)
{
    const char *text = value->node->text;
    NN_TRY(nn_arena_text(binding->arena, text, strlen(text), (const char **)value->field));
    return put_scalar(binding, value, text, true);
}

/* Relative to the file that wrote it; a default, to the file that wrote the component. */
static nn_status set_path(struct nn__binding *binding, struct nn__value *value)
{
    const nn_text_source *source = value->node->place.source;
    source = source == NULL ? binding->use->place.source : source;
    if (value->node->text[0] == '\0') {
        nn__complain_value(binding, value, "a path");
        return NN_OK;
    }
    const char *path;
    NN_TRY(nn_path_join(binding->arena, source == NULL ? NULL : source->base_dir, value->node->text,
                        &path));
    NN_TRY(nn_path_absolute(binding->arena, path, &path));
    *(const char **)value->field = path;
    return put_scalar(binding, value, path, true);
}

static nn_status set_scalar(struct nn__binding *binding, struct nn__value *value)
{
    static const char *const nouns[] = {
        [NN_TYPE_REAL] = "a number", [NN_TYPE_INT] = "a whole number",
        [NN_TYPE_BOOL] = "true or false", [NN_TYPE_TEXT] = "a text",
        [NN_TYPE_CHOICE] = "a choice", [NN_TYPE_PATH] = "a path",
    };
    uint32_t element = nn__param_element(value->param);
    if (value->node->kind != NN_NODE_SCALAR) {
        nn__complain_value(binding, value, nouns[element]);
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

static nn_status set_list(struct nn__binding *binding, struct nn__value *value)
{
    const nn_node *node = value->node;
    const nn_param *param = value->param;
    if (node->kind != NN_NODE_LIST) {
        nn__complain_value(binding, value, "a list, [..., ...]");
        return NN_OK;
    }
    if (node->count < param->least || (param->most != 0 && node->count > param->most)) {
        nn__complain_length(binding, value);
        return NN_OK;
    }
    size_t size = nn__param_element_size(nn__param_element(param));
    void *items;
    NN_TRY(nn_arena_alloc(binding->arena, node->count * size, &items));
    NN_TRY(nn_node_list(binding->arena, node->place, &value->resolved));
    for (size_t i = 0; i < node->count; i++) {
        struct nn__value element = {.param = param, .node = node->items[i], .field = (char *)items + i * size};
        NN_TRY(nn_arena_printf(binding->arena, &element.key, "%s.%zu", param->name, i));
        NN_TRY(set_scalar(binding, &element));
        if (element.resolved != NULL) {
            NN_TRY(nn_node_append(binding->arena, value->resolved, element.resolved));
        }
    }
    *(nn_list *)value->field = (nn_list){items, node->count};
    return NN_OK;
}

nn_status nn__bind_value(struct nn__binding *binding, struct nn__value *value)
{
    return nn__is_list(value->param) ? set_list(binding, value) : set_scalar(binding, value);
}
